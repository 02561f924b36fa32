/* Gives hosts to workers, takes their answers as they come, and keeps them. */
#include "assess/fleet.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assess/crew.h"
#include "assess/evidence.h"
#include "assess/fleet_int.h"
#include "assess/walk.h"

enum { WHY = 512, PATIENCE_MS = 1000 };

/* A worker, and the host it has. */
struct slot {
	struct crew_child child;
	bool              used; /* it has had another host before */
	const char       *path; /* NULL: it has none */
	char              digest[65];
};

struct fleet {
	const struct fleet_wish *wish;
	struct fleet_done       *done;
	struct walk              walk;
	struct crew              crew;
	struct slot              slots[FLEET_WORKERS_MAX];
	size_t                   slot_n, finished;
	char                     why[WHY]; /* what ends everything, or "" */
};

/* False: the whole must end, and fleet->why says why. */
static bool put(struct fleet *fleet, const struct host_result *host)
{
	if (!fleet->wish->results) {
		fleet->done->done.unreadable += host->fault != NULL;
		fleet->done->done.assessed += !host->fault;
	} else if (!results_put(fleet->wish->results, host)) {
		snprintf(fleet->why, sizeof(fleet->why), "%s", results_why(fleet->wish->results));
		return false;
	}
	if (fleet->wish->got && !fleet->wish->got(fleet->wish->data, host)) {
		snprintf(fleet->why, sizeof(fleet->why), "it was stopped");
		return false;
	}
	return true;
}

static bool put_fault(struct fleet *fleet, const char *path, const char *digest, const char *sentence)
{
	const char        *name = strrchr(path, '/');
	struct host_result host = {.source = path, .name = name && name[1] ? name + 1 : path, .system = "", .fault = sentence};

	snprintf(host.digest, sizeof(host.digest), "%s", digest);
	return put(fleet, &host);
}

/* What the walk could not look at is a host that cannot be read. */
static void said(void *data, const char *path, const char *sentence)
{
	struct fleet *fleet = data;

	if (!fleet->why[0])
		put_fault(fleet, path, "", sentence);
}

static enum walk_take want(void *data, const char *path, const char *name, bool folder)
{
	const struct fleet *fleet = data;

	(void)name;
	return folder && !(fleet->wish->is_host && fleet->wish->is_host(path)) ? WALK_ENTER : WALK_TAKE;
}

static bool digest_of(const char *bytes, size_t n, char out[65])
{
	unsigned char sum[EVP_MAX_MD_SIZE];

	if (EVP_Digest(bytes, n, sum, NULL, EVP_sha256(), NULL) != 1)
		return false;
	for (int i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
	return true;
}

static void counted(struct fleet *fleet)
{
	fleet->finished++;
	if (fleet->wish->progress)
		fleet->wish->progress(fleet->wish->data, fleet->finished, fleet->walk.count);
}

static char *bytes_of(struct fleet *fleet, const char *path, size_t *out_n, char *why, size_t size)
{
	if (fleet->wish->is_host && fleet->wish->is_host(path))
		return fleet->wish->bytes(fleet->wish->catalog, path, out_n, why, size);
	return walk_bytes(path, EVIDENCE_BYTES_MAX, out_n, why, size);
}

/* Gives the slot's worker a host. True: it has it; otherwise `why` says why the host cannot be read. */
static bool asked(struct fleet *fleet, struct slot *slot, const char *path, const char *bytes, size_t n, char *why, size_t size)
{
	for (int tries = 0; tries < 2; tries++) {
		slot->used = slot->child.pid != 0;
		if ((slot->used || crew_start(&fleet->crew, &slot->child)) && crew_ask(&fleet->crew, &slot->child, path, bytes, n)) {
			slot->path = path;
			return true;
		}
	}
	snprintf(why, size, "no process could be started to read it: %s", strerror(errno));
	return false;
}

/* Begins with a host, or is done with it at once. False: everything must end. */
static bool begin(struct fleet *fleet, struct slot *slot, const char *path)
{
	char   why[WHY];
	size_t n;
	char  *bytes = bytes_of(fleet, path, &n, why, sizeof(why));
	bool   same = false, good = true;

	slot->path = NULL;
	slot->digest[0] = '\0';
	if (bytes && !digest_of(bytes, n, slot->digest))
		slot->digest[0] = '\0';
	if (bytes && slot->digest[0] && fleet->wish->results)
		good = results_unchanged(fleet->wish->results, path, slot->digest, &same);
	if (!good)
		snprintf(fleet->why, sizeof(fleet->why), "%s", results_why(fleet->wish->results));
	else if (!bytes || (!same && !asked(fleet, slot, path, bytes, n, why, sizeof(why))))
		good = put_fault(fleet, path, slot->digest, why);
	free(bytes);
	if (!slot->path)
		counted(fleet);
	return good;
}

/* The answer of the slot's worker is there, or its end. */
static bool finish(struct fleet *fleet, struct slot *slot)
{
	char               why[WHY], *answer;
	size_t             n;
	struct host_result host = {.source = slot->path};
	const char        *path = slot->path;
	bool               good;

	memcpy(host.digest, slot->digest, sizeof(host.digest));
	answer = crew_answer(&fleet->crew, &slot->child, &n, why, sizeof(why));
	/* A worker that has judged others may die of those: then a new one decides. */
	if (!answer && slot->used)
		return begin(fleet, slot, path);
	slot->path = NULL;
	if (!answer) {
		good = put_fault(fleet, path, slot->digest, why);
	} else if (!fleet_answer(fleet->wish->catalog, answer, n, &host)) {
		good = put_fault(fleet, path, slot->digest, "its reader gave an answer that is none");
		crew_end(&slot->child);
	} else {
		good = put(fleet, &host);
		free((void *)(uintptr_t)host.findings);
	}
	free(answer);
	counted(fleet);
	return good;
}

/* Waits for one of the workers that have a host. */
static bool wait_for_one(struct fleet *fleet)
{
	int    fds[FLEET_WORKERS_MAX], ready;
	size_t which[FLEET_WORKERS_MAX], count = 0;

	for (size_t i = 0; i < fleet->slot_n; i++)
		if (fleet->slots[i].path) {
			fds[count] = fleet->slots[i].child.fd;
			which[count++] = i;
		}
	if (!count)
		return true;
	ready = crew_wait(fds, count, PATIENCE_MS);
	/* While a slow host is judged nobody else is kept from writing. */
	if (ready < 0 && fleet->wish->results && !results_commit(fleet->wish->results)) {
		snprintf(fleet->why, sizeof(fleet->why), "%s", results_why(fleet->wish->results));
		return false;
	}
	if (ready < 0)
		ready = crew_wait(fds, count, FLEET_SECONDS * 1000);
	/* Nobody has said a word in all that time: the first is asked for its answer, and told that it is late. */
	return finish(fleet, &fleet->slots[which[ready < 0 ? 0 : ready]]);
}

static bool stopped(const struct fleet *fleet)
{
	return fleet->wish->stop && *fleet->wish->stop;
}

static bool all(struct fleet *fleet)
{
	unsigned wanted = fleet->wish->workers;
	size_t   next = 0, busy;

	fleet->slot_n = !wanted || wanted > FLEET_WORKERS_MAX ? crew_size(FLEET_WORKERS_MAX) : wanted;
	do {
		busy = 0;
		for (size_t i = 0; i < fleet->slot_n; i++) {
			while (!fleet->slots[i].path && next < fleet->walk.count && !stopped(fleet))
				if (!begin(fleet, &fleet->slots[i], fleet->walk.files[next++]))
					return false;
			busy += fleet->slots[i].path != NULL;
		}
		if (!wait_for_one(fleet))
			return false;
	} while (busy);
	return true;
}

/* The paths, absolute and without links: the same host has the same name in the next run. What is not there stays as it is. */
static char **absolute(const char *const *paths, size_t count)
{
	char **out = calloc(count + 1, sizeof(*out));

	for (size_t i = 0; i < count && out; i++) {
		out[i] = realpath(paths[i], NULL);
		if (!out[i])
			out[i] = strdup(paths[i]);
		if (!out[i]) {
			while (i)
				free(out[--i]);
			free(out);
			return NULL;
		}
	}
	return out;
}

static bool run(struct fleet *fleet, const char *const *roots, size_t count)
{
	struct results *results = fleet->wish->results;
	char            digest[65];
	bool            good = true, ended;

	if (results) {
		catalog_digest(fleet->wish->catalog, digest);
		good = results_begin(results, fleet->wish->program, digest, fleet->wish->now);
		if (!good)
			snprintf(fleet->why, sizeof(fleet->why), "%s", results_why(results));
	}
	if (good)
		walk_find(&fleet->walk, roots, count);
	good = good && !fleet->why[0] && all(fleet);
	for (size_t i = 0; i < fleet->slot_n; i++)
		crew_end(&fleet->slots[i].child);
	fleet->done->stopped = stopped(fleet);
	fleet->done->total = fleet->walk.count;
	fleet->done->left = fleet->walk.count - fleet->finished;
	if (results) {
		ended = results_end(results, roots, count, good && !fleet->done->left, &fleet->done->done);
		if (!ended && good)
			snprintf(fleet->why, sizeof(fleet->why), "%s", results_why(results));
		good = good && ended;
	}
	return good;
}

bool fleet_assess(const char *const *paths, size_t count, const struct fleet_wish *wish, struct fleet_done *out, char *why, size_t size)
{
	struct fleet *fleet = calloc(1, sizeof(*fleet));
	char        **roots = absolute(paths, count);
	bool          good = false;

	*out = (struct fleet_done){0};
	snprintf(why, size, "there is no memory for it");
	listing_prepare();
	if (fleet && roots) {
		*fleet = (struct fleet){.wish = wish, .done = out, .walk = {.want = want, .said = said, .data = fleet}};
		fleet->crew = (struct crew){fleet_work, (void *)(uintptr_t)wish, EVIDENCE_BYTES_MAX, FLEET_ANSWER_MAX, FLEET_MEMORY_MAX, FLEET_SECONDS};
		good = run(fleet, (const char *const *)roots, count);
		snprintf(why, size, "%s", fleet->why);
		walk_close(&fleet->walk);
	}
	for (size_t i = 0; roots && i < count; i++)
		free(roots[i]);
	free(roots);
	free(fleet);
	return good;
}
