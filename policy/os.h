/* The operating systems a policy may name, and which founding flaws each can have: shared with the assessor. */
#ifndef SALLYPORT_POLICY_OS_H
#define SALLYPORT_POLICY_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "Windows 2000 Server SP4" taken apart. */
struct os {
	uint8_t family; /* enum os_family */
	uint8_t service_pack; /* 0 = none */
	bool    server;
};

enum os_family {
	OS_OTHER = 0, /* known by name, no founding flaw */
	OS_WINDOWS_9X,
	OS_WINDOWS_NT4,
	OS_WINDOWS_2000,
	OS_WINDOWS_XP,
	OS_WINDOWS_2003,
};

/* False when no system is called so. Letter case does not count. */
bool os_parse(const char *name, struct os *out);
/* The i-th name, without service packs; NULL behind the last. */
const char *os_name(size_t i);
/* Can an unpatched host of this kind have one of these flaws (ids of CVEs or bulletins, separated by blanks)? The first such, or NULL. */
const char *os_flaw(const struct os *os, const char *flaws);

#endif
