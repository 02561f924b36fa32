/* Knows operating systems by name, and which founding flaws an unpatched one can have. */
#include "policy/os.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	uint8_t     family, packs; /* service packs there ever were */
	bool        server;
} systems[] = {
	{"Windows 98", OS_WINDOWS_9X, 1, false},
	{"Windows 98 Second Edition", OS_WINDOWS_9X, 0, false},
	{"Windows Millennium Edition", OS_WINDOWS_9X, 0, false},
	{"Windows NT 4.0 Workstation", OS_WINDOWS_NT4, 6, false},
	{"Windows NT 4.0 Server", OS_WINDOWS_NT4, 6, true},
	{"Windows NT 4.0 Terminal Server", OS_WINDOWS_NT4, 6, true},
	{"Windows 2000", OS_WINDOWS_2000, 4, true},
	{"Windows 2000 Professional", OS_WINDOWS_2000, 4, false},
	{"Windows 2000 Server", OS_WINDOWS_2000, 4, true},
	{"Windows 2000 Advanced Server", OS_WINDOWS_2000, 4, true},
	{"Windows 2000 Datacenter Server", OS_WINDOWS_2000, 4, true},
	{"Windows XP", OS_WINDOWS_XP, 3, false},
	{"Windows XP Home", OS_WINDOWS_XP, 3, false},
	{"Windows XP Professional", OS_WINDOWS_XP, 3, false},
	{"Windows XP Embedded", OS_WINDOWS_XP, 3, false},
	{"Windows XP 64-Bit Edition", OS_WINDOWS_XP, 1, false},
	{"Windows Server 2003", OS_WINDOWS_2003, 2, true},
	{"Windows Server 2003 R2", OS_WINDOWS_2003, 2, true},
	{"Windows Vista", OS_OTHER, 2, false},
	{"Windows 7", OS_OTHER, 1, false},
	{"Windows 8.1", OS_OTHER, 0, false},
	{"Windows 10", OS_OTHER, 0, false},
	{"Windows 11", OS_OTHER, 0, false},
	{"Windows Server 2008", OS_OTHER, 2, true},
	{"Windows Server 2008 R2", OS_OTHER, 1, true},
	{"Windows Server 2012", OS_OTHER, 0, true},
	{"Windows Server 2012 R2", OS_OTHER, 0, true},
	{"Windows Server 2016", OS_OTHER, 0, true},
	{"Windows Server 2019", OS_OTHER, 0, true},
	{"Windows Server 2022", OS_OTHER, 0, true},
	{"Windows Server 2025", OS_OTHER, 0, true},
	{"Linux", OS_OTHER, 0, true},
	{"FreeBSD", OS_OTHER, 0, true},
	{"OpenBSD", OS_OTHER, 0, true},
	{"NetBSD", OS_OTHER, 0, true},
	{"macOS", OS_OTHER, 0, false},
	{"Solaris", OS_OTHER, 0, true},
	{"AIX", OS_OTHER, 0, true},
	{"HP-UX", OS_OTHER, 0, true},
	{"device", OS_OTHER, 0, true}, /* an appliance whose system nobody knows */
};

enum { SYSTEMS = sizeof(systems) / sizeof(systems[0]) };

#define NT4   (1u << OS_WINDOWS_NT4)
#define W2000 (1u << OS_WINDOWS_2000)
#define XP    (1u << OS_WINDOWS_XP)
#define W2003 (1u << OS_WINDOWS_2003)

/*
 * The bulletins' tables of affected software. `cured` is the service pack that brought the fix: XP SP2 and
 * Server 2003 SP1 hold all of MS04-007 and MS04-011. A product of its own (ISA Server, Media Services) counts wherever it could run.
 */
static const struct {
	const char *flaw, *bulletin;
	unsigned    families;
	bool        servers_only;
	uint8_t     cured_2000; /* service pack of Windows 2000; 0 = never */
} affected[] = {
	{"2000-0211", "MS00-013", NT4 | W2000, true, 1},
	{"2003-0110", "MS03-012", NT4 | W2000 | W2003, true, 0},
	{"2003-0345", "MS03-024", NT4 | W2000 | XP, false, 4},
	{"2003-0819", "MS04-001", W2000 | W2003, true, 0},
	{"2003-0818", "MS04-007", NT4 | W2000 | XP | W2003, false, 0},
	{"2003-0533", "MS04-011", W2000 | XP | W2003, false, 0},
	{"2003-0663", "MS04-011", W2000, true, 0},
	{"2003-0719", "MS04-011", NT4 | W2000 | XP | W2003, false, 0},
	{"2003-0806", "MS04-011", NT4 | W2000 | XP, false, 0},
	{"2003-0906", "MS04-011", NT4 | W2000 | XP, false, 0},
	{"2003-0907", "MS04-011", XP | W2003, false, 0},
	{"2003-0908", "MS04-011", W2000, false, 0},
	{"2003-0909", "MS04-011", XP, false, 0},
	{"2003-0910", "MS04-011", NT4 | W2000, false, 0},
	{"2004-0117", "MS04-011", W2000 | XP | W2003, false, 0},
	{"2004-0118", "MS04-011", NT4 | W2000, false, 0},
	{"2004-0119", "MS04-011", W2000 | XP | W2003, false, 0},
	{"2004-0120", "MS04-011", W2000 | XP | W2003, false, 0},
	{"2004-0123", "MS04-011", NT4 | W2000 | XP | W2003, false, 0},
};

enum { AFFECTED = sizeof(affected) / sizeof(affected[0]) };

/* " SP4" behind a name, or nothing. */
static bool pack_of(const char *rest, uint8_t most, uint8_t *out)
{
	*out = 0;
	if (!*rest)
		return true;
	if (strncasecmp(rest, " SP", 3) != 0 || rest[3] < '1' || rest[3] > '9')
		return false;
	*out = (uint8_t)(rest[3] - '0');
	/* NT 4.0 had a "SP6a". */
	return *out <= most && (!rest[4] || (*out == 6 && strcasecmp(rest + 4, "a") == 0));
}

bool os_parse(const char *name, struct os *out)
{
	for (size_t i = 0; i < SYSTEMS; i++) {
		size_t n = strlen(systems[i].name);

		if (strncasecmp(name, systems[i].name, n) == 0 && pack_of(name + n, systems[i].packs, &out->service_pack)) {
			out->family = systems[i].family;
			out->server = systems[i].server;
			return true;
		}
	}
	return false;
}

const char *os_name(size_t i)
{
	return i < SYSTEMS ? systems[i].name : NULL;
}

/* Is this row about the flaw or bulletin of this name? CAN- and CVE- are one. */
static bool row_is(size_t row, const char *id, size_t n)
{
	if (n > 4 && (strncmp(id, "CAN-", 4) == 0 || strncmp(id, "CVE-", 4) == 0))
		return strlen(affected[row].flaw) == n - 4 && strncmp(id + 4, affected[row].flaw, n - 4) == 0;
	return strlen(affected[row].bulletin) == n && strncmp(id, affected[row].bulletin, n) == 0;
}

static bool has(const struct os *os, size_t row)
{
	if (!(affected[row].families >> os->family & 1) || os->family == OS_OTHER || (affected[row].servers_only && !os->server))
		return false;
	if (os->family == OS_WINDOWS_XP)
		return os->service_pack < 2;
	if (os->family == OS_WINDOWS_2003)
		return os->service_pack < 1 || affected[row].servers_only;
	return os->family != OS_WINDOWS_2000 || !affected[row].cured_2000 || os->service_pack < affected[row].cured_2000;
}

const char *os_flaw(const struct os *os, const char *flaws)
{
	for (const char *p = flaws; *p;) {
		size_t n = strcspn(p, " ");

		for (size_t row = 0; row < AFFECTED; row++)
			if (row_is(row, p, n) && has(os, row))
				return p;
		p += n;
		p += strspn(p, " ");
	}
	return NULL;
}
