/* What is known of one host, and where each fact was seen: the one form that every kind of evidence is brought into. */
#ifndef SALLYPORT_ASSESS_HOST_H
#define SALLYPORT_ASSESS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assess/product.h"

/*
 * A thing that was not found is absent only where somebody looked: that is what scopes are for. Without one it is unknown, and no
 * verdict may rest on its absence.
 */
enum seen { SEEN_UNKNOWN = 0, SEEN_ABSENT, SEEN_PRESENT };

enum evidence_kind { EVIDENCE_INVENTORY = 0, EVIDENCE_SYSTEMINFO, EVIDENCE_QFE, EVIDENCE_HIVE, EVIDENCE_TREE };

/* Where a fact was read. */
struct origin {
	enum evidence_kind kind;
	const char        *file; /* of the operator's, or of the image */
	uint32_t           line; /* from 1; 0: no line */
};

enum role { ROLE_UNKNOWN = 0, ROLE_WORKSTATION, ROLE_SERVER, ROLE_DOMAIN_CONTROLLER };

struct host_system {
	enum family   family; /* FAMILY_UNKNOWN: nothing can be told */
	unsigned      edition; /* EDITION_ bits; 0: not known */
	int           pack; /* service pack; 0: none, -1: not known */
	unsigned      arch; /* one ARCH_ bit; 0: not known */
	enum role     role;
	char          language[8]; /* of the installed system: "ja", "pt-br"; "": not known */
	uint16_t      version[4]; /* 5.0.2195.0 */
	const char   *product; /* as the evidence writes it */
	struct origin from;
};

struct host_update {
	uint32_t      kb; /* 835732 of "KB835732", "Q835732", "kb835732-v2"; 0: the id is none of an article */
	const char   *id; /* as written */
	const char   *under; /* the product's word in the registry ("Windows 2000\SP5"), or "" */
	uint32_t      day; /* 20040414; 0: not known */
	struct origin from;
};

enum { FILE_READ_ONLY = 1, FILE_HIDDEN = 2, FILE_SYSTEM = 4 };

struct host_file {
	const char   *path; /* lower case, "%systemroot%\system32\lsasrv.dll", "c:\program files\..." */
	const char   *name; /* its last part */
	enum seen     seen; /* SEEN_ABSENT: looked for by name and not there */
	bool          versioned; /* `version` is that of its version resource */
	uint16_t      version[4];
	uint64_t      size; /* octets; UINT64_MAX: not known */
	uint32_t      day; /* last written, UTC; 0: not known */
	uint16_t      language; /* of the resource: 1041; 0: neutral or not known */
	bool          attributes_known;
	unsigned      attributes;
	struct origin from;
};

enum value_type { VALUE_OTHER = 0, VALUE_TEXT, VALUE_NUMBER, VALUE_TEXTS };

struct host_value {
	const char     *name; /* "" is the default value */
	enum value_type type;
	const char     *text; /* of VALUE_TEXTS: joined by '\n' */
	uint64_t        number;
};

struct host_key {
	const char        *path; /* "HKLM\SOFTWARE\...", as written; CurrentControlSet already resolved, Wow6432Node kept */
	enum seen          seen;
	bool               values_known; /* all of its values are there; otherwise a value that is not there is unknown */
	struct host_value *values;
	uint32_t           value_n, value_room;
	struct origin      from;
};

enum service_start { START_UNKNOWN = 0, START_BOOT, START_SYSTEM, START_AUTO, START_MANUAL, START_DISABLED };
enum service_state { STATE_UNKNOWN = 0, STATE_RUNNING, STATE_STOPPED };

struct host_service {
	const char        *name; /* the key below Services: "NetMan" */
	const char        *display; /* or "" */
	enum service_start start;
	enum service_state state;
	struct origin      from;
};

/* An installed program that bulletins may name: ISA Server 2000, Windows Media Services, Internet Explorer. */
struct host_software {
	const char   *name; /* as written, or as its registry key says it */
	const char   *version; /* or "" */
	struct target target; /* TARGET_UNKNOWN: no name that bulletins use is known for it */
	enum seen     seen;
	struct origin from;
};

enum scope_kind {
	SCOPE_FILES = 0, /* every file below this folder was listed */
	SCOPE_KEYS, /* every key below this key, with its values */
	SCOPE_SERVICES, /* every service; no prefix */
	SCOPE_UPDATES, /* every update that the system itself lists; no prefix */
	SCOPE_SOFTWARE, /* every program that target.h names; no prefix */
};

struct scope {
	enum scope_kind kind;
	const char     *prefix; /* canonical, or "" */
	struct origin   from;
};

/* Something the reader wants told: a list that ends early, a value it could not read, a merged second source. */
struct host_note {
	const char   *what; /* "updates.truncated", "encoding.mixed", "hive.damaged", ... (doc/inventory.md) */
	const char   *text; /* one sentence */
	struct origin from;
};

enum { HOST_FACTS_MAX = 1 << 18, HOST_TEXT_MAX = 64 << 20 };

struct store;

struct host {
	const char        *name; /* "DC1"; never empty: the file's name stands in */
	const char        *source; /* what the operator named */
	struct host_system system;
	bool               updates_truncated; /* the list of updates is known to end early */

	struct host_update   *updates;
	struct host_file     *files;
	struct host_key      *keys;
	struct host_service  *services;
	struct host_software *software;
	struct scope         *scopes;
	struct host_note     *notes;
	uint32_t update_n, file_n, key_n, service_n, software_n, scope_n, note_n;
	uint32_t update_room, file_room, key_room, service_room, software_room, scope_room, note_room;

	struct store *store; /* of every text above */
	bool          full; /* memory or a bound was out: facts are missing */
	bool          sealed;
};

/* host_close is right after either. */
bool host_open(struct host *host, const char *source);
void host_close(struct host *host);

/* Each copies its texts and returns the new fact, zeroed but for what is given; NULL when there is no room, and host->full is set. Not after host_seal. */
struct host_update   *host_add_update(struct host *host, const char *id, struct origin from);
struct host_file     *host_add_file(struct host *host, const char *path, struct origin from);
struct host_key      *host_add_key(struct host *host, const char *path, struct origin from);
struct host_value    *host_add_value(struct host *host, struct host_key *key, const char *name);
struct host_service  *host_add_service(struct host *host, const char *name, struct origin from);
struct host_software *host_add_software(struct host *host, const char *name, struct origin from);
bool                  host_add_scope(struct host *host, enum scope_kind kind, const char *prefix, struct origin from);
bool                  host_add_note(struct host *host, const char *what, struct origin from, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A copy that lives as long as the host; "" when there is no room. */
const char *host_text(struct host *host, const char *text);

/* Sorts, so that what follows is quick. Once, behind the last addition. */
void host_seal(struct host *host);

/* The updates of this article: the first, and how many follow it. */
const struct host_update *host_updates_of(const struct host *host, uint32_t kb, uint32_t *out_count);
/* All files of that name (letter case does not count), wherever they are. */
const struct host_file *host_files_named(const struct host *host, const char *name, uint32_t *out_count);
/* The file at that path, or whether its absence is known. *out is NULL unless present. */
enum seen host_file_at(const struct host *host, const char *path, const struct host_file **out);
/* Roots may be written long or short; `path` may name the tree CurrentControlSet. */
enum seen host_key_at(const struct host *host, const char *path, const struct host_key **out);
/* SEEN_ABSENT also where the key itself is known to be absent. */
enum seen host_value_at(const struct host *host, const char *path, const char *name, const struct host_value **out);
enum seen host_service_at(const struct host *host, const char *name, const struct host_service **out);
/* Whether an installed program fits. *out is NULL unless present. */
enum seen host_software_of(const struct host *host, const struct target *target, const struct host_software **out);
/* That kind of thing was looked for everywhere, or below something that holds `path`. */
bool host_scope(const struct host *host, enum scope_kind kind, const char *path);

/* "HKEY_LOCAL_MACHINE\Software\X\" as "HKLM\Software\X"; false when it is no path of the registry or longer than size. */
bool key_path_canonical(const char *path, char *out, size_t size);
/* "C:\WINNT\System32\X.DLL" as "%systemroot%\system32\x.dll" when `root` is "c:\winnt" (NULL: not known); always lower case. */
bool file_path_canonical(const char *path, const char *root, char *out, size_t size);
/* 835732 of "KB835732", "Q835732", "kb835732-v2", "M835732", and of "835732" alone, as lists of Windows Vista have it; 0 for none. */
uint32_t update_article(const char *id);
/* "5.00.2195.6902", "4.0.1381.7263 (x)"; false when the text does not begin with two to four numbers. */
bool version_parse(const char *text, uint16_t out[4]);
/* Below 0, 0, above 0. */
int version_compare(const uint16_t a[4], const uint16_t b[4]);

#endif
