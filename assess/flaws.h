/* Reviewed knowledge of single flaws: which file holds the fix, which role and workaround matter, what a gateway can do. */
#ifndef SALLYPORT_ASSESS_FLAWS_H
#define SALLYPORT_ASSESS_FLAWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assess/host.h"
#include "assess/product.h"

/* What of the host shows a workaround. All conditions of one workaround must hold. */
enum check_kind {
	CHECK_END = 0,
	CHECK_FILE_READ_ONLY, /* `path` is there and read-only */
	CHECK_FILE_ABSENT,
	CHECK_KEY_ABSENT,
	CHECK_KEY_PRESENT,
	CHECK_VALUE_NUMBER, /* value `name` of key `path` is `number` */
	CHECK_VALUE_TEXT, /* ... is `text`, letter case aside */
	CHECK_SERVICE_DISABLED, /* service `path` */
};

struct check {
	enum check_kind kind;
	const char     *path, *name, *text;
	uint64_t        number;
};

enum { CHECKS_MAX = 4, WORKAROUNDS_MAX = 4, FLAW_FILES_MAX = 4, SHIELDS_MAX = 4 };

struct flaw_workaround {
	const char  *title; /* "dcpromo.log is there and read-only" */
	unsigned     families; /* bit 1 << FAMILY_; 0: all */
	uint32_t     packs; /* service packs it is enough for, as in struct target; 0: all */
	struct check checks[CHECKS_MAX];
};

/* The least version that has the fix, in a branch: packs as of struct target. */
struct flaw_file {
	const char *name; /* NULL: as the bulletin's table says */
	enum family family;
	uint32_t    packs;
	unsigned    arch;
	uint16_t    version[4]; /* all 0: take it from the bulletin's table */
};

/* How policy shields it: the protocol, the server's ports, and the reasons are what `sallyport shields` says of the flaw. */
struct flaw_shield {
	const char *protocol; /* as policies say it ("smb", "ldap"), NULL behind the last */
	uint16_t    port;
	bool        udp;
};

struct flaw_rule {
	const char            *cve, *bulletin;
	unsigned               families; /* 1 << FAMILY_ that are affected; 0: the flaw is of a program */
	const char            *software; /* id as in struct target, or NULL */
	unsigned               roles; /* 1 << ROLE_; 0: any */
	uint32_t               fixed_pack[FAMILIES]; /* the service pack that has the fix; 0: none */
	const char            *files[FLAW_FILES_MAX]; /* whose versions decide; NULL behind the last; none: every file of the bulletin's table */
	struct flaw_workaround workarounds[WORKAROUNDS_MAX]; /* title NULL behind the last */
	struct flaw_shield     shields[SHIELDS_MAX];
	bool                   local_only; /* needs a logon or a program at the machine: no gateway helps */
	const char            *not_shieldable; /* the sentence why, when there is no shield, or NULL */
	const char            *side_effect; /* of the shield or workaround, as a comment in policies; NULL: none known */
};

/* NULL: there is no reviewed row. CAN- and CVE- are one. A flaw without CVE goes by its bulletin's id. */
const struct flaw_rule *flaw_rule_find(const char *cve);
const struct flaw_rule *flaw_rule_at(size_t i); /* NULL behind the last */

/*
 * The folder that Windows has a deciding file in, as the end of a path ("\\system32"); NULL: where its program was installed, which may be
 * anywhere. That a file is not somewhere else says nothing.
 */
const char *flaw_file_folder(const char *name);

/* SEEN_PRESENT: all checks hold; SEEN_ABSENT: one is known not to; SEEN_UNKNOWN: otherwise. *out is the check that decided. */
enum seen workaround_seen(const struct host *host, const struct flaw_workaround *work, const struct check **out);

#endif
