/* The worker's side of records: a batch with quotas, and summaries of what repeats; one non-blocking send per loop turn. */
#ifndef SALLYPORT_EVENT_JOURNAL_H
#define SALLYPORT_EVENT_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "event/record.h"
#include "priv/channel.h"

/*
 * Use, in a loop turn: journal_add for what happened (after a journal_flush where it is crowded), journal_tick, journal_flush. Time is injected: milliseconds that never go back.
 * Nothing is allocated. What finds no room is counted and told in a RECORD_GATE of GATE_LOST ahead of the next batch.
 *
 * Quotas: each class has bytes of the batch that no other can take; what is left over is for whoever comes first. So a
 * flood of flows cannot displace a refusal, nor a flood of refusals the gate's own words.
 *
 * Repeats: of the same (source, reason) JOURNAL_TOLD refusals in JOURNAL_WINDOW_MS are told one by one; the rest of
 * the window is one RECORD_REPEATED at its end. A source is an address, in IPv6 its /64; what was watched and what was blocked, probes and
 * real flows are counted apart. Rules and flows are never summed up.
 */

enum {
	JOURNAL_BYTES = 60 * 1024, /* one MSG_RECORDS */
	JOURNAL_TOLD = 5,
	JOURNAL_WINDOW_MS = 10000,
	JOURNAL_RETRY_MS = 1000, /* a summary that found no room */
	JOURNAL_WAYS = 8, /* entries in which a (source, reason) may stand; the oldest gives way */
	JOURNAL_SETS = 32,
};

enum journal_class { JOURNAL_FLOWS = 0, JOURNAL_REFUSALS, JOURNAL_RULES, JOURNAL_GATE, JOURNAL_CLASSES };

/* One (source, reason) in its window. */
struct journal_repeat {
	bool           used;
	uint16_t       why;
	struct address source; /* no port; IPv6 without the lower half */
	uint64_t       begun_ms, due_ms;
	uint32_t       told, more; /* one by one; only counted */
	struct record  last; /* the last of those counted, without its texts */
};

struct journal {
	struct hash_key       key;
	size_t                used, used_by[JOURNAL_CLASSES]; /* bytes of the batch */
	uint64_t              lost[JOURNAL_CLASSES]; /* not told yet */
	struct record         lost_last; /* when and under which policy */
	bool                  lost_told; /* this batch tells of losses */
	uint64_t              due_ms; /* no summary is due before this */
	struct journal_repeat repeat[JOURNAL_SETS][JOURNAL_WAYS];
	uint8_t               bytes[JOURNAL_BYTES];
};

void journal_open(struct journal *journal, const struct hash_key *key);
/* One more record of this kind may find no room: flush first. */
bool journal_crowded(const struct journal *journal, enum record_kind kind);
/* False: there was no room; it is counted. */
bool journal_add(struct journal *journal, const struct record *record, uint64_t now_ms);
/* Put the summaries whose window is over into the batch. */
void journal_tick(struct journal *journal, uint64_t now_ms);
/* When journal_tick has something to do; UINT64_MAX = never. */
uint64_t journal_deadline(const struct journal *journal);
/* The worker stops: every summary now, over or not. */
void journal_stop(struct journal *journal);
/*
 * Send the batch, if there is one. FULL and GONE (also for a channel that is closed) keep it: try again in the next
 * turn, or on the next channel.
 */
enum channel_sent journal_flush(struct journal *journal, const struct channel *channel);
/* Is anything left to send? */
bool journal_pending(const struct journal *journal);

#endif
