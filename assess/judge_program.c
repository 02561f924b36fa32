/* Meets a row's program with the programs that the host has: the very same, another version or service pack of it, or none. */
#include <string.h>

#include "assess/judge_int.h"

enum { ANY_VERSION = 0xffff };

/* What came with a family, by the first number of its version (bit 1 << number; 0: whatever version): its service packs hold the fixes of it. */
static const struct {
	const char *program;
	enum family family; /* FAMILY_UNKNOWN: all */
	unsigned    versions;
} parts[] = {
	{"ie", FAMILY_2000, 1u << 5}, {"ie", FAMILY_XP, 1u << 6}, {"ie", FAMILY_2003, 1u << 6}, {"ie", FAMILY_VISTA, 1u << 7}, {"ie", FAMILY_2008, 1u << 7},
	{"ie", FAMILY_7, 1u << 8}, {"ie", FAMILY_2008R2, 1u << 8}, {"ie", FAMILY_NT4, 1u << 2},
	{"wmp", FAMILY_2000, 1u << 6}, {"wmp", FAMILY_XP, 1u << 6 | 1u << 8 | 1u << 9}, {"wmp", FAMILY_2003, 1u << 6 | 1u << 9 | 1u << 10}, {"wmp", FAMILY_VISTA, 1u << 11},
	{"wmp", FAMILY_2008, 1u << 11}, {"wmp", FAMILY_7, 1u << 12}, {"wmp", FAMILY_2008R2, 1u << 12},
	{"wmf-runtime", FAMILY_XP, 1u << 8 | 1u << 9}, {"wmf-runtime", FAMILY_2003, 1u << 9}, {"wmf-runtime", FAMILY_VISTA, 1u << 11},
	{"dotnet", FAMILY_2003, 1u << 1}, {"dotnet", FAMILY_VISTA, 1u << 2 | 1u << 3}, {"dotnet", FAMILY_2008, 1u << 2 | 1u << 3}, {"dotnet", FAMILY_7, 1u << 2 | 1u << 3},
	{"dotnet", FAMILY_2008R2, 1u << 2 | 1u << 3}, {"msxml", FAMILY_UNKNOWN, 1u << 3}, {"msxml", FAMILY_VISTA, 1u << 6}, {"msxml", FAMILY_2008, 1u << 6},
	{"msxml", FAMILY_7, 1u << 6}, {"msxml", FAMILY_2008R2, 1u << 6},
	{"outlook-express", FAMILY_UNKNOWN, 0}, {"iis", FAMILY_UNKNOWN, 0}, {"netmeeting", FAMILY_UNKNOWN, 0}, {"mdac", FAMILY_UNKNOWN, 0}, {"directx", FAMILY_UNKNOWN, 0},
	{"active-directory", FAMILY_UNKNOWN, 0},
};

/* Script engines came with Windows up to 5.7, and 5.8 with Internet Explorer 8. */
static bool is_own_script(const struct target *row, enum family family)
{
	if (strcmp(row->software, "vbscript") != 0 && strcmp(row->software, "jscript") != 0)
		return false;
	return row->version[0] == ANY_VERSION || row->version[1] != 8 || family >= FAMILY_7;
}

bool program_in_pack(const struct target *row, enum family family)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		bool named = strcmp(parts[i].program, row->software) == 0 && (!parts[i].family || parts[i].family == family);

		if (named && (!parts[i].versions || row->version[0] == ANY_VERSION || (row->version[0] < 32 && parts[i].versions >> row->version[0] & 1)))
			return true;
	}
	return is_own_script(row, family);
}

/* Programs that came with every Windows since Windows 98, or with these: not to have heard of them does not make them absent. */
static bool comes_with_windows(const char *program, enum family family)
{
	if (strcmp(program, "edge") == 0)
		return family >= FAMILY_10;
	if (strcmp(program, "movie-maker") == 0)
		return family == FAMILY_XP || family == FAMILY_VISTA;
	return family >= FAMILY_98 && family != FAMILY_NT4 && family != FAMILY_NT4_TERMINAL && strcmp(program, "ie") == 0;
}

/* Whether the host has the row's program. */
static enum seen program_seen(const struct host *host, const struct target *row, const struct host_software **out)
{
	struct target program = *row;

	program.family = FAMILY_UNKNOWN;
	program.packs = program.arch = program.editions = 0;
	program.build = 0;
	return host_software_of(host, &program, out);
}

static bool one_only(const char *program)
{
	static const char *const single[] = {"ie", "wmp", "outlook-express", "isa-server", "wms", "proxy-server", "iis", "exchange"};

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (strcmp(single[i], program) == 0)
			return true;
	return false;
}

/* Below 0: a is of an earlier version; numbers that are not said are equal. */
static int version_order(const uint16_t a[2], const uint16_t b[2])
{
	for (size_t i = 0; i < 2; i++) {
		if (a[i] == ANY_VERSION || b[i] == ANY_VERSION)
			return 0;
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}

/* The host has the row's version with another service pack than the row names, or with one that is not known. */
static void other_pack(const struct target *row, const struct host_software *have, struct fit *out)
{
	out->installed = SEEN_PRESENT;
	out->software = have;
	if (!have->target.software_packs) {
		out->any_pack = true;
		return;
	}
	out->by_program = true;
	if (packs_last(have->target.software_packs) < packs_last(row->software_packs)) {
		out->kind = FIT_PACK_OLDER;
	} else if (out->kind == FIT_AFFECTED) {
		out->kind = FIT_PACK_NEWER;
		out->most_pack = packs_last(row->software_packs);
	}
}

/* What the host has of the program is not what the row names. */
static void program_other(const struct host *host, const struct target *row, struct fit *out)
{
	bool explorer = strcmp(row->software, "ie") == 0;

	for (uint32_t i = 0; i < host->software_n; i++) {
		const struct host_software *have = &host->software[i];
		int                         order;

		if (have->seen != SEEN_PRESENT || have->target.kind != TARGET_SOFTWARE || strcmp(have->target.software, row->software) != 0 ||
		    have->target.version[0] == ANY_VERSION)
			continue;
		order = version_order(have->target.version, row->version);
		/* Internet Explorer 6 without a service pack is that of Windows XP, and no earlier one of Service Pack 1. */
		if (order == 0 && row->version[0] != ANY_VERSION && row->software_packs && (have->target.software_packs || !explorer)) {
			other_pack(row, have, out);
			return;
		}
		if (!one_only(row->software))
			continue;
		out->other = have;
		out->installed = SEEN_ABSENT;
		if (order < 0) {
			out->installed = SEEN_PRESENT;
			out->kind = FIT_PACK_OLDER;
			out->by_program = true;
			return;
		}
	}
}

bool program_fit(const struct judging *j, const struct target *row, bool affected, struct fit *out)
{
	enum family family = j->system.family;

	out->anywhere = row->family == FAMILY_UNKNOWN;
	out->on.kind = TARGET_SOFTWARE;
	out->on.software = row->software;
	memcpy(out->on.version, row->version, sizeof(row->version));
	out->on.software_packs = row->software_packs;
	if (out->kind == FIT_PACK_NEWER && !program_in_pack(row, family)) {
		out->kind = FIT_PACK_OLDER;
		out->beside = true;
	}
	out->installed = program_seen(j->host, row, &out->software);
	if (out->installed != SEEN_PRESENT && affected)
		program_other(j->host, row, out);
	if (out->installed == SEEN_UNKNOWN && comes_with_windows(row->software, family)) {
		out->installed = SEEN_PRESENT;
		out->any_version = true;
	}
	out->pack_named = out->software && affected && (row->software_packs & out->software->target.software_packs);
	if (out->software && out->software->target.software_packs)
		out->on.software_packs = out->software->target.software_packs;
	return affected || (out->installed == SEEN_PRESENT && !out->any_version);
}
