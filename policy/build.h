/* The policy compiler: texts in, every complaint at once, and a blob when there is none. */
#ifndef SALLYPORT_POLICY_BUILD_H
#define SALLYPORT_POLICY_BUILD_H

#include <stdio.h>

#include "base/str.h"
#include "policy/policy.h"

/* Where texts come from. Paths are relative to the policy's folder, with '/', never upward. */
struct policy_files {
	void *user;
	/* At most `room` bytes of a file; the count, or -1 with errno set. */
	long (*read)(void *user, const char *path, char *out, size_t room);
	/* Each name in a folder ("" is the policy's own); false with errno set. Order does not matter. */
	bool (*list)(void *user, const char *folder, void (*each)(void *arg, const char *name), void *arg);
};

/* Files beneath a directory descriptor (openat2, RESOLVE_BENEATH, no magic links): `user` points to the int. */
extern const struct policy_files policy_files_beneath;

/* What the compiler may know. */
struct policy_world {
	const struct recogniser *const *registry; /* NULL-terminated, at most 64 */
	uint32_t                        today; /* 20270131 */
	size_t                          memory_cap; /* bytes; 0 = 256 MiB */
	const char                     *folder; /* written before paths in complaints, as "conf/"; NULL = nothing */
};

enum {
	POLICY_FILES_MAX = 64,
	POLICY_FILE_MAX = 32 * 1024 * 1024, /* bytes of one file: shields of a fleet say much in comments */
	POLICY_TEXT_MAX = 64 * 1024 * 1024, /* bytes of all files */
	POLICY_INCLUDES_DEEP = 8,
	POLICY_DIAGS_MAX = 50,
	POLICY_COMPARISONS_MAX = 64, /* of one condition */
	POLICY_NESTING_MAX = 12, /* parentheses and `not` in a condition */
	POLICY_PREFIXES_MAX = 16384, /* of one set of addresses */
	POLICY_SENTENCES_MAX = 1024, /* of one policy */
	POLICY_NAMES_MAX = 4096, /* zones, hosts, policies: of each */
};

struct policy_build;

/* Compile `path`. NULL only without memory. */
struct policy_build *policy_build(const struct policy_files *files, const char *path, const struct policy_world *world);
void                 policy_build_free(struct policy_build **build);
/* The blob, aligned to 8, borrowed; NULL when there was an error. */
const uint8_t *policy_build_blob(const struct policy_build *build, size_t *len);

struct policy_place {
	const char *file;
	uint32_t    line, col, end; /* from 1; columns in characters, end inclusive */
};

struct policy_diag {
	bool                warning;
	struct policy_place at;
	const char         *text;
	const char         *note; /* NULL = none */
	struct policy_place note_at;
};

/* In the order of their places. */
size_t                    policy_diags(const struct policy_build *build, size_t *errors, size_t *unshown);
const struct policy_diag *policy_diag_at(const struct policy_build *build, size_t i);
/* file:line:col-col, the text, the line and what is meant in it. */
void policy_diag_print(const struct policy_build *build, size_t i, struct str *out);
/* All of them, and how many more there are. */
void policy_diags_print(const struct policy_build *build, FILE *out);

/*
 * The canonical text of one file; false when it does not parse (then `build` has the diagnostics of a
 * plain policy_build of it). `out` is malloc'ed, terminated.
 */
bool policy_format(const char *text, size_t n, char **out);

/* One question to `explain`. */
struct policy_question {
	const char *service;
	const char *from, *to; /* addresses; to may be NULL */
	bool        udp;
	const char *const *facts; /* "name=value", "name=none", "name=unknown"; what is not named is unknown */
	size_t             fact_count;
	const char        *opaque; /* a reason id: the unit's content cannot be seen; or NULL */
};

/* Which rule decides, and why each earlier one did not, as text. False: *out says what the question lacks. */
bool policy_explain(const struct policy_build *build, const struct policy_question *question, struct str *out,
		    struct policy_ruling *ruling);

#endif
