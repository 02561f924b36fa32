/* One vector on the bench: its bytes, its profile, runs of it in pieces, and what the whole run came to. */
#ifndef SALLYPORT_TEST_VECTOR_BENCH_H
#define SALLYPORT_TEST_VECTOR_BENCH_H

#include "proto/vector.h"
#include "test/peers.h"

enum { LIMITS_MAX = 256, SMALL_MESSAGE = 2048, LARGE_MESSAGE = 256 * 1024, POSITIONS_MAX = 4096 };

/* What a run came to. */
struct outcome {
	bool                refused, ended;
	size_t              held, out_len[2], answer_len;
	unsigned            units;
	uint64_t            facts; /* a sum over the facts of all units */
	struct peers_report report;
};

struct bench {
	const struct vector     *v;
	const struct recogniser *r;
	struct peers             peers;
	struct profile           profile;
	uint64_t                 limit[LIMITS_MAX];
	uint8_t                 *stream[2]; /* all a side says, one spare byte behind */
	size_t                   size[2];
	enum side                side; /* of the last message */
	size_t                   start, len; /* of the last message in its side's stream */
	bool                     patched, streams; /* some unit was patched; some was stream content */
	struct outcome           full;
	struct peers_unit        unit[PEERS_UNITS_MAX]; /* of the full run */
	uint8_t                 *out[2], *answer;
	size_t                   position[POSITIONS_MAX], positions;
	bool                     merge; /* the messages of the last side right before the last one arrive with it, in one piece */
	unsigned long            runs;
	bool                     ok;
};

/* Say what is wrong; the vector fails. */
__attribute__((format(printf, 2, 3))) void bench_broken(struct bench *b, const char *format, ...);
/* Write the messages out, one stream for each side; limits and tolerances by name. False: the vector cannot run. */
bool bench_load(struct bench *b, const struct vector *v, const struct recogniser *r);
void bench_unload(struct bench *b);
/* The last message up to `len` bytes of it, in pieces that end at the cuts; all before it whole. */
struct outcome bench_run(struct bench *b, const size_t *cut, size_t cuts, size_t len);
/* The whole conversation once; what it came to is kept, to compare with. */
void bench_run_full(struct bench *b);
/* Where to cut: everywhere in a small message; at both ends, around runs and here and there in a large one. */
void bench_choose_positions(struct bench *b);

#endif
