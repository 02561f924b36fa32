/* Products as bulletins and hosts write them, in one form that can be compared: family, edition, service packs, architecture. */
#ifndef SALLYPORT_ASSESS_PRODUCT_H
#define SALLYPORT_ASSESS_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Systems by what updates are made for: one update of Windows 2000 is for Professional and Server alike. */
enum family {
	FAMILY_UNKNOWN = 0,
	FAMILY_95, FAMILY_98, FAMILY_98SE, FAMILY_ME, FAMILY_NT4, FAMILY_NT4_TERMINAL, FAMILY_2000, FAMILY_XP, FAMILY_2003, FAMILY_VISTA, FAMILY_2008,
	FAMILY_7, FAMILY_2008R2, FAMILY_8, FAMILY_2012, FAMILY_81, FAMILY_2012R2, FAMILY_RT, FAMILY_10, FAMILY_2016, FAMILY_2019, FAMILY_LATER,
	FAMILIES,
};

enum { ARCH_X86 = 1, ARCH_X64 = 2, ARCH_IA64 = 4, ARCH_ALPHA = 8, ARCH_PC98 = 16, ARCH_ARM = 32 };

enum {
	EDITION_HOME = 1, EDITION_PROFESSIONAL = 2, EDITION_SERVER = 4, EDITION_ADVANCED = 8, EDITION_DATACENTER = 16, EDITION_WEB = 32, EDITION_SMALL_BUSINESS = 64,
	EDITION_EMBEDDED = 128, EDITION_MEDIA_CENTER = 256, EDITION_TABLET = 512, EDITION_CORE = 1024, EDITION_R2 = 2048, EDITION_WORKSTATION = 4096,
};

enum target_kind { TARGET_UNKNOWN = 0, TARGET_SYSTEM, TARGET_SOFTWARE };

/* One product. Software on a system ("Internet Explorer 6 on Windows 2000") has both a name and a family. */
struct target {
	enum target_kind kind;
	enum family      family; /* FAMILY_UNKNOWN: any */
	uint32_t         packs; /* bit n: service pack n, bit 0: none; 0: not said */
	unsigned         arch, editions; /* 0: not said */
	uint16_t         build; /* of Windows 10: 1507, 1607; 0: not said */
	const char      *software; /* id of a known program ("isa-server", "ie", "wms"), static; NULL for a system */
	uint16_t         version[2]; /* of the program: 5.01 as {5, 1}; 0xffff: not said */
	uint32_t         software_packs; /* as packs, of the program */
	unsigned         role; /* bit of enum role that the name asks for (domain controller); 0: any */
};

enum { TARGETS_MAX = 32 };

/*
 * Takes a product's name apart: "Windows XP and Windows XP Service Pack 1 (all versions)" is two. Words that join names are those of
 * the languages that advise/packs has. Returns how many stand in out; 0 when nothing of it is known.
 */
size_t targets_parse(const char *name, struct target out[TARGETS_MAX]);
/* One of `a` would be one of `b`: everything that b says holds of a. What a does not say is not held against it, but sets *out_unsure. */
bool target_covers(const struct target *b, const struct target *a, bool *out_unsure);
/* The highest service pack of a set as in `packs`; -1: it has none. */
int packs_last(uint32_t packs);
const char *family_name(enum family family);
/* The family of a version and kind: 5.1 workstation is Windows XP, 5.1 of ARCH_X64 none; 5.2 x64 workstation is XP x64 (FAMILY_2003). */
enum family family_of_version(uint16_t major, uint16_t minor, uint16_t build, bool server);
/* "Windows 2000 Server SP4" as policies write it (policy/os.h), or false when policies do not know it. */
bool target_os_name(const struct target *target, char *out, size_t size);
/* Languages of Windows by number: 1041 is "ja". NULL: not known. */
const char *language_of(uint16_t lcid);

#endif
