/* Compares products, and knows their names: families by version, systems as policies call them, languages of Windows. */
#include <string.h>

#include "assess/host.h"
#include "assess/product_int.h"
#include "base/str.h"

static const struct {
	const char *name, *policy; /* policy: as policy/os.h calls it, NULL where it depends on the edition or is not known */
	uint8_t     packs; /* most service packs there were */
} families[FAMILIES] = {
	[FAMILY_UNKNOWN] = {"an unknown system", NULL, 0},
	[FAMILY_95] = {"Windows 95", NULL, 0},
	[FAMILY_98] = {"Windows 98", "Windows 98", 1},
	[FAMILY_98SE] = {"Windows 98 Second Edition", "Windows 98 Second Edition", 0},
	[FAMILY_ME] = {"Windows Me", "Windows Millennium Edition", 0},
	[FAMILY_NT4] = {"Windows NT 4.0", NULL, 6},
	[FAMILY_NT4_TERMINAL] = {"Windows NT 4.0 Terminal Server Edition", "Windows NT 4.0 Terminal Server", 6},
	[FAMILY_2000] = {"Windows 2000", NULL, 4},
	[FAMILY_XP] = {"Windows XP", NULL, 3},
	[FAMILY_2003] = {"Windows Server 2003", NULL, 2},
	[FAMILY_VISTA] = {"Windows Vista", "Windows Vista", 2},
	[FAMILY_2008] = {"Windows Server 2008", "Windows Server 2008", 2},
	[FAMILY_7] = {"Windows 7", "Windows 7", 1},
	[FAMILY_2008R2] = {"Windows Server 2008 R2", "Windows Server 2008 R2", 1},
	[FAMILY_8] = {"Windows 8", NULL, 0},
	[FAMILY_2012] = {"Windows Server 2012", "Windows Server 2012", 0},
	[FAMILY_81] = {"Windows 8.1", "Windows 8.1", 0},
	[FAMILY_2012R2] = {"Windows Server 2012 R2", "Windows Server 2012 R2", 0},
	[FAMILY_RT] = {"Windows RT", NULL, 0},
	[FAMILY_10] = {"Windows 10", "Windows 10", 0},
	[FAMILY_2016] = {"Windows Server 2016", "Windows Server 2016", 0},
	[FAMILY_2019] = {"Windows Server 2019", "Windows Server 2019", 0},
	[FAMILY_LATER] = {"a later Windows", NULL, 0},
};

const char *family_name(enum family family)
{
	return families[(unsigned)family < FAMILIES ? family : FAMILY_UNKNOWN].name;
}

enum family family_of_version(uint16_t major, uint16_t minor, uint16_t build, bool server)
{
	static const struct {
		uint8_t     major, minor;
		enum family client, server;
	} lines[] = {
		{4, 10, FAMILY_98, FAMILY_98}, {4, 90, FAMILY_ME, FAMILY_ME}, {5, 0, FAMILY_2000, FAMILY_2000}, {5, 1, FAMILY_XP, FAMILY_XP},
		{5, 2, FAMILY_2003, FAMILY_2003}, {6, 0, FAMILY_VISTA, FAMILY_2008}, {6, 1, FAMILY_7, FAMILY_2008R2}, {6, 2, FAMILY_8, FAMILY_2012},
		{6, 3, FAMILY_81, FAMILY_2012R2},
	};

	if (major == 4 && minor == 0)
		return build < 1381 ? FAMILY_95 : FAMILY_NT4;
	if (major == 4 && minor == 10 && build >= 2222)
		return FAMILY_98SE;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i].major == major && lines[i].minor == minor)
			return server ? lines[i].server : lines[i].client;
	if (major == 10 && !server)
		return build < 22000 ? FAMILY_10 : FAMILY_LATER;
	if (major == 10)
		return build <= 14393 ? FAMILY_2016 : build <= 17763 ? FAMILY_2019 : FAMILY_LATER;
	return major > 10 ? FAMILY_LATER : FAMILY_UNKNOWN;
}

/* Bits of b that a must share one of. Nothing said by b: fits. Nothing said by a: fits, but not for sure. */
static bool bits_fit(unsigned b, unsigned a, bool *unsure)
{
	if (!b)
		return true;
	if (!a) {
		*unsure = true;
		return true;
	}
	return (a & b) != 0;
}

/* "Windows 2000 Server" means every kind of server; the other editions of Windows XP are made of Professional, with what Home has not. */
static unsigned editions_meant(unsigned editions)
{
	if (editions & EDITION_SERVER)
		editions |= EDITION_ADVANCED | EDITION_DATACENTER | EDITION_WEB | EDITION_SMALL_BUSINESS;
	if (editions & EDITION_PROFESSIONAL)
		editions |= EDITION_MEDIA_CENTER | EDITION_TABLET | EDITION_EMBEDDED;
	return editions & ~(unsigned)EDITION_R2;
}

bool target_system_covers(const struct target *b, const struct target *a, bool *out_unsure)
{
	unsigned wanted = editions_meant(b->editions);

	if (b->family == FAMILY_UNKNOWN)
		return true;
	if (a->family == FAMILY_UNKNOWN) {
		*out_unsure = true;
		return true;
	}
	if (a->family != b->family)
		return false;
	/* XP x64 is of the line of Server 2003, but a product of its own. */
	if (a->family == FAMILY_2003 && ((a->editions ^ b->editions) & EDITION_PROFESSIONAL) && (a->editions || (b->editions & EDITION_PROFESSIONAL)) &&
	    (b->editions || (a->editions & EDITION_PROFESSIONAL)))
		return false;
	if (b->build && a->build && a->build != b->build)
		return false;
	*out_unsure = *out_unsure || (b->build && !a->build);
	return bits_fit(b->packs, a->packs, out_unsure) && bits_fit(b->arch, a->arch, out_unsure) && bits_fit(wanted, a->editions, out_unsure);
}

static bool program_covers(const struct target *b, const struct target *a, bool *unsure)
{
	if (!a->software || strcmp(a->software, b->software) != 0)
		return false;
	for (size_t i = 0; i < 2; i++) {
		if (b->version[i] == 0xffff)
			break;
		if (a->version[i] == 0xffff) {
			*unsure = true;
			break;
		}
		if (a->version[i] != b->version[i])
			return false;
	}
	return bits_fit(b->software_packs, a->software_packs, unsure);
}

bool target_covers(const struct target *b, const struct target *a, bool *out_unsure)
{
	*out_unsure = false;
	if (b->kind == TARGET_UNKNOWN || a->kind == TARGET_UNKNOWN)
		return false;
	if (b->kind == TARGET_SOFTWARE && (a->kind != TARGET_SOFTWARE || !program_covers(b, a, out_unsure)))
		return false;
	return target_system_covers(b, a, out_unsure);
}

/* The name without service packs, by edition. */
static const char *policy_name(const struct target *t)
{
	unsigned e = t->editions;

	switch (t->family) {
	case FAMILY_NT4: return e & EDITION_SERVER ? "Windows NT 4.0 Server" : "Windows NT 4.0 Workstation";
	case FAMILY_2000:
		return e & EDITION_DATACENTER ? "Windows 2000 Datacenter Server" : e & EDITION_ADVANCED ? "Windows 2000 Advanced Server" :
			e & (EDITION_SERVER | EDITION_SMALL_BUSINESS) ? "Windows 2000 Server" : e & EDITION_PROFESSIONAL ? "Windows 2000 Professional" : "Windows 2000";
	case FAMILY_XP:
		return t->arch & ARCH_IA64 ? "Windows XP 64-Bit Edition" : e & EDITION_EMBEDDED ? "Windows XP Embedded" : e & EDITION_HOME ? "Windows XP Home" :
			e & EDITION_PROFESSIONAL ? "Windows XP Professional" : "Windows XP";
	case FAMILY_2003: return e & EDITION_R2 ? "Windows Server 2003 R2" : "Windows Server 2003";
	default: return families[(unsigned)t->family < FAMILIES ? t->family : FAMILY_UNKNOWN].policy;
	}
}

bool target_os_name(const struct target *target, char *out, size_t size)
{
	const char *name = policy_name(target);
	struct str  s = str_over(out, size);

	if (!name)
		return false;
	str_add(&s, name);
	for (unsigned pack = families[target->family].packs; pack; pack--)
		if (target->packs >> pack & 1) {
			str_fmt(&s, " SP%u", pack);
			break;
		}
	return !s.cut;
}

const char *language_of(uint16_t lcid)
{
	static const struct {
		uint16_t    primary, whole; /* whole: of that very number; 0: of the primary language */
		const char *name;
	} languages[] = {
		{0, 0x0804, "zh-cn"}, {0, 0x1004, "zh-cn"}, {0, 0x0404, "zh-tw"}, {0, 0x0c04, "zh-hk"}, {0, 0x0416, "pt-br"}, {0, 0x0816, "pt"}, {0x01, 0, "ar"}, {0x02, 0, "bg"},
		{0x03, 0, "ca"}, {0x05, 0, "cs"}, {0x06, 0, "da"}, {0x07, 0, "de"}, {0x08, 0, "el"}, {0x09, 0, "en"}, {0x0a, 0, "es"}, {0x0b, 0, "fi"}, {0x0c, 0, "fr"},
		{0x0d, 0, "he"}, {0x0e, 0, "hu"}, {0x10, 0, "it"}, {0x11, 0, "ja"}, {0x12, 0, "ko"}, {0x13, 0, "nl"}, {0x14, 0, "no"}, {0x15, 0, "pl"}, {0x18, 0, "ro"},
		{0x19, 0, "ru"}, {0x1a, 0, "hr"}, {0x1b, 0, "sk"}, {0x1d, 0, "sv"}, {0x1e, 0, "th"}, {0x1f, 0, "tr"}, {0x22, 0, "uk"}, {0x24, 0, "sl"}, {0x25, 0, "et"},
		{0x26, 0, "lv"}, {0x27, 0, "lt"}, {0x2d, 0, "eu"},
	};

	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if (languages[i].whole ? languages[i].whole == lcid : languages[i].primary == (lcid & 0x3ff))
			return languages[i].name;
	return NULL;
}
