/* Readers of evidence: each fills a host from bytes or a folder, and all that comes from outside is read in a child without rights. */
#ifndef SALLYPORT_ASSESS_EVIDENCE_H
#define SALLYPORT_ASSESS_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assess/host.h"

struct json_t;

enum { EVIDENCE_BYTES_MAX = 64 << 20 }; /* the largest file read whole: hives of software reach 50 MB */

/* Sentences for *why are static or live in the host. host must be open, and stays good: what was read before a fault is in it. */

/* Plain text of `systeminfo` or `wmic qfe` in any language and encoding; which of them it is, is found out. */
bool listing_read(struct host *host, const char *file, const uint8_t *bytes, size_t n, const char **why);
/* It looks like one of them. */
bool listing_is(const uint8_t *bytes, size_t n);
/* Loads the tables of code pages, which the C library reads from files: once, before a process gives up its right to open any. */
void listing_prepare(void);

/* Our own document (doc/inventory.md): reading, and writing a host as it. */
bool           inventory_read(struct host *host, const char *file, const char *bytes, size_t n, const char **why);
struct json_t *inventory_json(const struct host *host);

/* The version resource of a PE file. `read` fetches n octets at an offset, or false. */
typedef bool pe_fetch(void *data, uint64_t offset, void *out, size_t n);
struct pe_version {
	bool     versioned;
	uint16_t version[4]; /* of the file, not of the product */
	uint16_t language; /* of the resource */
	uint16_t machine; /* IMAGE_FILE_MACHINE_ */
};
/* False, with a sentence, when it is no PE file or is damaged; a PE file without the resource is true and not versioned. */
bool pe_read(pe_fetch *fetch, void *data, uint64_t size, struct pe_version *out, const char **why);

/* A registry hive; `root` is where it hangs ("HKLM\SYSTEM"). Only keys below `wanted` prefixes (ends with NULL; NULL: what verdicts need) are kept. */
bool hive_read(struct host *host, const char *file, int fd, const char *root, const char *const *wanted, const char **why);

/*
 * A Windows tree or mounted image below a folder: hives, then files whose name `want` asks for (NULL: all that have a version). Paths
 * are found without letter case. No link is followed out of the tree.
 */
typedef bool tree_want(void *data, const char *name);
bool tree_read(struct host *host, int folder, const char *path, tree_want *want, void *data, const char **why);
/* The folder holds a Windows tree. */
bool tree_is(int folder);

/* What the product's name says where the evidence did not say it itself. */
void system_from_name(struct host_system *system);
/* An inventory or a listing, whole, in this process: *why when it is neither, or is damaged. */
bool evidence_text(struct host *host, const char *path, const uint8_t *bytes, size_t n, const char **why);
/*
 * Reads what stands at `path` (a file of one of these kinds, or a tree) in a child that can read that alone, may use bounded memory
 * and time, and answers with an inventory. A child that dies is a sentence in *why; the caller's process is untouched.
 */
bool evidence_read(struct host *host, const char *path, tree_want *want, void *data, const char **why);
/*
 * Both have facts of one kind of evidence: two listings of systeminfo, two inventories. Then they are two hosts even where their names are
 * one: whoever writes a name could otherwise give a host updates that it has not.
 */
bool host_apart(const struct host *host, const struct host *other);
/* Facts of `other` into `host`, which are of one machine; contradictions become notes. */
bool host_merge(struct host *host, const struct host *other);

#endif
