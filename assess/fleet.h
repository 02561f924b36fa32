/* Assesses many hosts: workers read and judge one each at a time, what did not change is passed over, what is bad costs one row. */
#ifndef SALLYPORT_ASSESS_FLEET_H
#define SALLYPORT_ASSESS_FLEET_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assess/results.h"
#include "assess/verdict.h"

/* Octets of memory for a worker beyond what it shares with its parent, seconds for one host. */
enum { FLEET_MEMORY_MAX = 1 << 30, FLEET_SECONDS = 120, FLEET_WORKERS_MAX = 64 };

/*
 * Fills an open host from the bytes of its evidence, in a worker; false with a sentence when it is none. The path is for origins
 * only: a worker cannot open it.
 */
typedef bool fleet_read(struct host *host, const char *path, const char *bytes, size_t n, const char **why);
/* What is more than a file's bytes: a folder that is one host (a Windows tree), not a folder of hosts; a file that a child of its own reads. */
typedef bool fleet_is_host(const char *path);
/* Its evidence as bytes that fleet_read takes, from malloc; NULL with a sentence. Runs in the parent: what is hostile is its business. */
typedef char *fleet_bytes(const struct catalog *catalog, const char *path, size_t *out_n, char *why, size_t size);

/* The three for all evidence that there is (assess/evidence.h): inventories and listings; Windows trees and hives, read by evidence_read. */
fleet_read    evidence_of_bytes;
fleet_is_host evidence_is_host;
fleet_bytes   evidence_bytes;

/* A host's result, in the order in which they are done; it lives until this returns. False stops. */
typedef bool fleet_got(void *data, const struct host_result *host);
typedef void fleet_progress(void *data, size_t done, size_t total);

struct fleet_wish {
	const struct catalog        *catalog;
	fleet_read                  *read;
	fleet_is_host               *is_host; /* or NULL: folders are folders of hosts */
	fleet_bytes                 *bytes; /* for files and folders that `is_host` says yes to; NULL when that is NULL */
	unsigned                     workers; /* 0: as many as there are processors */
	struct results              *results; /* where they are kept, or NULL */
	const char                  *program; /* its version, for results */
	int64_t                      now; /* seconds since 1970, for results */
	fleet_got                   *got; /* or NULL; not called for hosts that are unchanged */
	fleet_progress              *progress; /* or NULL */
	const volatile sig_atomic_t *stop; /* true: no more hosts are begun; or NULL */
	void                        *data;
};

struct fleet_done {
	struct results_done done; /* with results: what is stored, also when something failed */
	size_t              total, left; /* hosts found, and how many of them were not looked at */
	bool                stopped; /* by `stop` */
};

/*
 * A folder stands for every file in it and below, hidden ones aside. A host that cannot be read is a result with its fault. Hosts are
 * known by their absolute paths. False, with a sentence: the results cannot be written, `got` stopped, or no worker can be had.
 */
bool fleet_assess(const char *const *paths, size_t count, const struct fleet_wish *wish, struct fleet_done *out, char *why, size_t size);

#endif
