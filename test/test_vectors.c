/* Every vector through the real driver: its outcome, and the laws that splitting, cutting, gluing and repeating must keep. */
#include <string.h>

#include "proto/protocols.h"
#include "proto/reasons.h"
#include "test/tap.h"
#include "test/vector_bench.h"

static const char *reason_id(uint16_t number)
{
	return reason_of(number)->id;
}

/* "..." at the end of a wanted path stands for the rest. */
static bool path_is(const char *got, const char *want)
{
	size_t n = strlen(want);

	if (n >= 3 && strcmp(want + n - 3, "...") == 0)
		return strncmp(got, want, n - 3) == 0;
	return strcmp(got, want) == 0;
}

static void check_refusal(struct bench *b)
{
	const struct vector       *v = b->v;
	const struct peers_report *r = &b->full.report;
	uint64_t                   at = r->unit_at + r->at - b->start;
	size_t                     out = b->full.out_len[b->side];

	if (!b->full.refused) {
		bench_broken(b, "is not refused; %zu bytes are held", b->full.held);
		return;
	}
	if (r->why != v->refuse)
		bench_broken(b, "refused as %s, not %s, at %lld in %s", reason_id(r->why), reason_id(v->refuse), (long long)at, r->path);
	if (r->from != b->side || r->unit_at < b->start)
		bench_broken(b, "an earlier message is refused: %s at %u in %s", reason_id(r->why), r->at, r->path);
	if (v->at != VECTOR_NO_AT && at != v->at)
		bench_broken(b, "refused at %lld, not %u, in %s", (long long)at, v->at, r->path);
	if (v->path && !path_is(r->path, v->path))
		bench_broken(b, "the field path is %s, not %s", r->path, v->path);
	if (b->patched)
		return;
	if (out < r->unit_at || (out > r->unit_at && (!r->unit_len || r->unit_at + r->unit_len >= b->size[b->side])))
		bench_broken(b, "%zu bytes were sent on, the refused unit begins at %llu", out, (unsigned long long)r->unit_at);
	else if (memcmp(b->out[b->side], b->stream[b->side], r->unit_at) != 0)
		bench_broken(b, "what was sent on before the refused unit is not what came in");
}

static void check_pass(struct bench *b)
{
	const struct peers_report *r = &b->full.report;

	if (b->full.refused) {
		bench_broken(b, "refused as %s at %u in %s", reason_id(r->why), r->at, r->path);
		return;
	}
	if (b->full.held)
		bench_broken(b, "%zu bytes of it are still held", b->full.held);
	for (int side = 0; side < 2 && !b->patched; side++)
		if (b->full.out_len[side] != b->size[side] || memcmp(b->out[side], b->stream[side], b->size[side]) != 0)
			bench_broken(b, "%s: %zu bytes came in, %zu were sent on, or others", side ? "server" : "client", b->size[side],
			       b->full.out_len[side]);
}

/* Whether what was sent on and answered so far begins like the full run's. */
static bool sent_like_full(const struct bench *b, const struct outcome *o, bool exactly)
{
	for (int side = 0; side < 2; side++)
		if (o->out_len[side] > b->full.out_len[side] || (exactly && o->out_len[side] != b->full.out_len[side]) ||
		    (o->out_len[side] && memcmp(b->out[side], b->peers.lane[side].out.p, o->out_len[side]) != 0))
			return false;
	return !exactly || (o->answer_len == b->full.answer_len &&
			    (!o->answer_len || memcmp(b->answer, b->peers.answer.p, o->answer_len) == 0));
}

static bool same_refusal(const struct outcome *a, const struct outcome *b)
{
	const struct peers_report *p = &a->report, *q = &b->report;

	return a->refused == b->refused && p->why == q->why && p->at == q->at && p->unit_at == q->unit_at &&
	       p->from == q->from && p->kind == q->kind && strcmp(p->path, q->path) == 0;
}

/* A whole run must come to the same as the full one. */
static void compare(struct bench *b, const struct outcome *o, const char *how, size_t where)
{
	if (!same_refusal(o, &b->full))
		bench_broken(b, "%s %zu: %s at %u in %s instead of %s at %u in %s", how, where, reason_id(o->report.why), o->report.at,
		       o->report.path, reason_id(b->full.report.why), b->full.report.at, b->full.report.path);
	if (o->ended != b->full.ended || (!o->refused && o->held != b->full.held))
		bench_broken(b, "%s %zu: the flow stands elsewhere (%zu bytes held)", how, where, o->held);
	if (!sent_like_full(b, o, true))
		bench_broken(b, "%s %zu: other bytes were sent on", how, where);
	if (!b->streams && (o->units != b->full.units || o->facts != b->full.facts))
		bench_broken(b, "%s %zu: other units or other facts", how, where);
}

static void check_splits(struct bench *b)
{
	struct outcome o;

	for (size_t i = 0; i < b->positions && b->ok; i++) {
		o = bench_run(b, &b->position[i], 1, b->len);
		compare(b, &o, "split at", b->position[i]);
	}
	o = bench_run(b, b->position, b->positions, b->len);
	compare(b, &o, "pieces:", b->positions + 1);
	b->merge = true;
	o = bench_run(b, NULL, 0, b->len);
	b->merge = false;
	compare(b, &o, "merged with what its side said before,", 0);
}

/* How much may have been sent on when the stream of the last side ends at `end`: whole units and their payload. */
static uint64_t may_send(const struct bench *b, uint64_t end)
{
	uint64_t may = b->start;

	for (unsigned i = 0; i < b->full.units && i < PEERS_UNITS_MAX; i++) {
		const struct peers_unit *u = &b->unit[i];
		uint64_t                 to = u->at + u->n;

		if (u->side == b->side && to <= end)
			may = to + (u->opaque < end - to ? u->opaque : end - to);
	}
	return may;
}

static void check_prefix(struct bench *b, size_t len)
{
	struct outcome o = bench_run(b, NULL, 0, len);
	uint64_t       may = may_send(b, b->start + len);

	if (b->v->datagram) {
		/* Of a refused datagram (two glued messages), a part may be lawful: then all of that part passes. */
		if (!o.refused && (!b->full.refused || (!b->patched && o.out_len[b->side] != b->start + len)))
			bench_broken(b, "the first %zu bytes pass as a datagram", len);
		if (o.refused && o.out_len[b->side] != b->start)
			bench_broken(b, "the first %zu bytes are refused as a datagram, and %zu were sent on", len, o.out_len[b->side] - b->start);
		return;
	}
	if (o.refused && !same_refusal(&o, &b->full))
		bench_broken(b, "the first %zu bytes are refused as %s at %u, the whole as %s at %u", len, reason_id(o.report.why),
		       o.report.at, reason_id(b->full.report.why), b->full.report.at);
	if (!sent_like_full(b, &o, false))
		bench_broken(b, "the first %zu bytes: what is sent on is no prefix", len);
	if (!b->patched && !b->streams && o.out_len[b->side] > may)
		bench_broken(b, "the first %zu bytes: %zu bytes were sent on, %llu may", len, o.out_len[b->side], (unsigned long long)may);
}

/* One more byte is the next message's business on a stream, and never allowed in a datagram. */
static void check_appended(struct bench *b, uint8_t extra)
{
	struct outcome o;

	b->stream[b->side][b->start + b->len] = extra;
	o = bench_run(b, NULL, 0, b->len + 1);
	if (b->v->datagram) {
		if (!b->v->tolerances && (!o.refused || o.out_len[b->side] != b->start))
			bench_broken(b, "passes with a byte %02x behind it", extra);
		return;
	}
	if (b->full.refused && !same_refusal(&o, &b->full))
		bench_broken(b, "with a byte %02x behind it: %s at %u instead of %s at %u", extra, reason_id(o.report.why), o.report.at,
		       reason_id(b->full.report.why), b->full.report.at);
	if (!b->full.refused && o.refused && o.report.unit_at < b->start + b->len)
		bench_broken(b, "with a byte %02x behind it refused as %s at %u", extra, reason_id(o.report.why), o.report.at);
	if (o.out_len[b->side] < b->full.out_len[b->side] ||
	    (b->full.out_len[b->side] && memcmp(b->out[b->side], b->peers.lane[b->side].out.p, b->full.out_len[b->side]) != 0))
		bench_broken(b, "with a byte %02x behind it other bytes were sent on", extra);
}

/* Again, and once with nobody asking for facts; and no tolerance may open what is unsafe. */
static void check_again(struct bench *b)
{
	struct outcome o = bench_run(b, NULL, 0, b->len);
	uint32_t       wanted = b->profile.wanted, tolerate = b->profile.tolerate;

	compare(b, &o, "a second time", 0);
	b->profile.wanted = 0;
	o = bench_run(b, NULL, 0, b->len);
	o.facts = b->full.facts;
	compare(b, &o, "with no facts wanted", 0);
	b->profile.wanted = wanted;
	if (!b->full.refused || reason_of(b->v->refuse)->class != CLASS_UNSAFE)
		return;
	b->profile.tolerate = UINT32_MAX;
	o = bench_run(b, NULL, 0, b->len);
	b->profile.tolerate = tolerate;
	if (!o.refused)
		bench_broken(b, "passes when everything is tolerated");
}

static void check_laws(struct bench *b)
{
	if (b->v->refuse)
		check_refusal(b);
	else
		check_pass(b);
	if (!b->ok)
		return;
	check_again(b);
	bench_choose_positions(b);
	if (!b->v->datagram)
		check_splits(b);
	for (size_t i = 0; i < b->positions && b->ok; i++)
		check_prefix(b, b->position[i]);
	check_appended(b, 0x00);
	check_appended(b, 0x30);
}

static void check_vector(struct bench *b, const struct vector *v)
{
	const struct recogniser *r = protocol_by_name(v->protocol);

	if (!r) {
		tap_ok(false, "%s: this build has no protocol %s", v->name, v->protocol);
		return;
	}
	/* Out before anything runs: a crash at the guard page then has a name. */
	printf("# %s\n", v->name);
	fflush(stdout);
	if (bench_load(b, v, r)) {
		bench_run_full(b);
		check_laws(b);
	}
	if (v->refuse)
		tap_ok(b->ok, "%s is refused as %s", v->name, reason_id(v->refuse));
	else
		tap_ok(b->ok, "%s passes", v->name);
	bench_unload(b);
}

/* test_vectors [NAME]: all of them, or those whose name holds NAME. */
int main(int argc, char **argv)
{
	static struct bench  b;
	size_t               count, most = 0;
	const struct vector *v = vectors_all(&count);

	for (size_t i = 0; i < count; i++) {
		size_t total = 1;

		for (uint16_t k = 0; k < v[i].steps; k++)
			total += v[i].step[k].len;
		most = total > most ? total : most;
	}
	peers_open(&b.peers, protocols, most);
	for (size_t i = 0; i < count; i++)
		if (argc < 2 || strstr(v[i].name, argv[1]))
			check_vector(&b, &v[i]);
	peers_close(&b.peers);
	if (!tap_state.count)
		tap_skip("there are no vectors%s", argc < 2 ? "" : " of this name");
	tap_note("%zu vectors, %lu runs", count, b.runs);
	return tap_done();
}
