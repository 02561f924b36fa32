/* Keeps what was found on hosts in SQLite or PostgreSQL: what did not change is not assessed again, what changed is kept with its day. */
#ifndef SALLYPORT_ASSESS_RESULTS_H
#define SALLYPORT_ASSESS_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assess/verdict.h"

/* What is kept of a finding. */
struct finding_result {
	const struct catalog_entry *entry;
	const char                 *cve;
	enum verdict                verdict;
	enum rule                   rule;
	enum severity               severity;
	const char                 *sentence;
};

/* What is kept of a host. Texts and findings belong to who gives them. */
struct host_result {
	const char                  *source; /* the evidence's absolute path: what a host is known by */
	const char                  *name, *system; /* as in struct host; "" when it could not be read */
	char                         digest[65]; /* of the evidence, 64 hex digits */
	const char                  *fault; /* why nothing could be told of it, or NULL */
	uint32_t                     counts[VERDICTS]; /* flaws; not-affected ones are only counted */
	const struct finding_result *findings; /* those that are not VERDICT_NOT_AFFECTED */
	size_t                       finding_n;
};

struct results_done {
	uint32_t assessed, unchanged, unreadable, gone; /* hosts */
	uint32_t changes; /* of verdicts */
};

struct results;

/*
 * `where` is a file of SQLite's, or for PostgreSQL an address ("postgresql://...") or words ("host=/run/postgresql dbname=x").
 * `make`: to be written, and made when it is not there. NULL, with a sentence, when that cannot be.
 */
struct results *results_open(const char *where, bool make, char *why, size_t size);
/* What was not committed is not kept. */
void results_close(struct results **results);
/* Why the last call was false. A sentence that stays until the next call. */
const char *results_why(const struct results *results);

/* A run begins: verdicts of this program over this catalogue (catalog_digest), at a moment in seconds since 1970. */
bool results_begin(struct results *results, const char *program, const char *catalogue, int64_t now);
/* *out: it was assessed by this program and catalogue from the same evidence, and is marked as seen. */
bool results_unchanged(struct results *results, const char *source, const char *digest, bool *out);
/* Hosts are committed in batches. After false nothing of the batch is kept, and nothing more can be put. */
bool results_put(struct results *results, const struct host_result *host);
bool results_commit(struct results *results);
/*
 * The run ends. `complete`: everything below these roots (absolute paths of files and folders) was looked at, so hosts from there
 * that were not seen are gone; they are marked, and keep what was known. *out is what was committed, also after false.
 */
bool results_end(struct results *results, const char *const *roots, size_t root_n, bool complete, struct results_done *out);

/* Reading. Each gives JSON: a list of objects (doc/results.md), or NULL and results_why. Times are seconds since 1970. */
struct json_t *results_hosts(struct results *results);
/* Flaws by how many hosts miss an update. */
struct json_t *results_worst(struct results *results, uint32_t most);
/* Verdicts that changed at or behind `since`, hosts that came and went. */
struct json_t *results_changes(struct results *results, int64_t since);
/* All findings of hosts of this name or source. */
struct json_t *results_host(struct results *results, const char *name);
struct json_t *results_runs(struct results *results);

#endif
