/* One vector on the bench: setting up, running in pieces, keeping the whole run. */
#include "test/vector_bench.h"

#include <stdlib.h>
#include <string.h>

#include "test/tap.h"

void bench_broken(struct bench *b, const char *format, ...)
{
	char    text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tap_note("%s: %s", b->v->source, text);
	b->ok = false;
}

static void set_limits(struct bench *b)
{
	for (uint8_t i = 0; i < b->r->limits; i++)
		b->limit[i] = b->r->limit[i].safe;
	for (uint16_t k = 0; k < b->v->limits; k++) {
		const struct vector_limit *want = &b->v->limit[k];
		uint8_t                    i = 0;

		while (i < b->r->limits && strcmp(b->r->limit[i].name, want->name) != 0)
			i++;
		if (i == b->r->limits)
			bench_broken(b, "%s has no limit %s", b->r->name, want->name);
		else if (want->value < b->r->limit[i].least || want->value > b->r->limit[i].most)
			bench_broken(b, "no policy may set %s to %llu", want->name, (unsigned long long)want->value);
		else
			b->limit[i] = want->value;
	}
}

static void set_profile(struct bench *b)
{
	b->profile = (struct profile){.limit = b->limit, .wanted = (uint32_t)((UINT64_C(1) << b->r->facts) - 1)};
	set_limits(b);
	for (uint16_t k = 0; k < b->v->tolerances; k++) {
		uint8_t i = 0;

		while (i < b->r->tolerances && strcmp(b->r->tolerance[i].name, b->v->tolerance[k]) != 0)
			i++;
		if (i == b->r->tolerances)
			bench_broken(b, "%s has no tolerance %s", b->r->name, b->v->tolerance[k]);
		else
			b->profile.tolerate |= UINT32_C(1) << i;
	}
	if (b->v->datagram != b->r->datagram)
		bench_broken(b, "%s speaks %s", b->r->name, b->r->datagram ? "datagrams" : "a stream");
}

/* Write the messages out, one stream for each side. */
static void write_streams(struct bench *b)
{
	const struct vector_step *last = &b->v->step[b->v->steps - 1];

	b->size[0] = b->size[1] = 0;
	for (uint16_t i = 0; i < b->v->steps; i++)
		b->size[b->v->step[i].side] += b->v->step[i].len;
	for (int side = 0; side < 2; side++)
		b->stream[side] = calloc(1, b->size[side] + 1);
	b->size[0] = b->size[1] = 0;
	for (uint16_t i = 0; i < b->v->steps; i++) {
		const struct vector_step *s = &b->v->step[i];

		vector_step_bytes(s, b->stream[s->side] + b->size[s->side]);
		b->size[s->side] += s->len;
	}
	b->side = (enum side)last->side;
	b->len = last->len;
	b->start = b->size[b->side] - b->len;
}

/* How many messages arrive before the last piece. */
static uint16_t steps_before(const struct bench *b)
{
	uint16_t n = (uint16_t)(b->v->steps - 1);

	while (b->merge && n && b->v->step[n - 1].side == b->side)
		n--;
	return n;
}

/* Everything before the last message (or what is merged with it), each message whole; where its side's stream stands. */
static size_t feed_before(struct bench *b)
{
	size_t   at[2] = {0, 0};
	uint16_t steps = steps_before(b);

	peers_start(&b->peers, b->r->id, &b->profile);
	for (uint16_t i = 0; i < steps; i++) {
		const struct vector_step *s = &b->v->step[i];

		peers_send(&b->peers, (enum side)s->side, b->stream[s->side] + at[s->side], s->len);
		at[s->side] += s->len;
	}
	return at[b->side];
}

struct outcome bench_run(struct bench *b, const size_t *cut, size_t cuts, size_t len)
{
	struct outcome             o = {0};
	const struct peers_report *report;
	size_t                     at;

	b->runs++;
	at = feed_before(b);
	for (size_t i = 0; i <= cuts; i++) {
		size_t to = b->start + (i < cuts && cut[i] < len ? cut[i] : len);

		if (to > at || b->v->datagram)
			peers_send(&b->peers, b->side, b->stream[b->side] + at, to - at);
		at = to;
	}
	if (len >= b->len && !peers_refusal(&b->peers) && b->peers.lane[b->side].held)
		peers_expire(&b->peers);
	report = peers_refusal(&b->peers);
	if (report) {
		o.refused = true;
		o.report = *report;
	}
	o.held = b->peers.lane[b->side].held;
	o.ended = b->peers.ended;
	o.units = b->peers.units;
	o.answer_len = b->peers.answer.len;
	for (unsigned i = 0; i < o.units && i < PEERS_UNITS_MAX; i++)
		o.facts = o.facts * 31 + b->peers.unit[i].facts;
	for (int side = 0; side < 2; side++)
		o.out_len[side] = b->peers.lane[side].out.len;
	return o;
}

void bench_run_full(struct bench *b)
{
	b->full = bench_run(b, NULL, 0, b->len);
	if (b->peers.overrun)
		bench_broken(b, "more units or reports than the harness keeps");
	memcpy(b->unit, b->peers.unit, sizeof(b->unit));
	for (unsigned i = 0; i < b->full.units && i < PEERS_UNITS_MAX; i++) {
		b->patched |= b->unit[i].patches != 0;
		b->streams |= b->unit[i].verb == STEP_SEEN;
	}
	for (int side = 0; side < 2; side++) {
		b->out[side] = malloc(b->full.out_len[side] + 1);
		if (b->full.out_len[side])
			memcpy(b->out[side], b->peers.lane[side].out.p, b->full.out_len[side]);
	}
	b->answer = malloc(b->full.answer_len + 1);
	if (b->full.answer_len)
		memcpy(b->answer, b->peers.answer.p, b->full.answer_len);
}

static void add_position(struct bench *b, size_t at)
{
	if (at > 0 && at < b->len && b->positions < POSITIONS_MAX)
		b->position[b->positions++] = at;
}

static int by_size(const void *a, const void *b)
{
	size_t p = *(const size_t *)a, q = *(const size_t *)b;

	return (p > q) - (p < q);
}

void bench_choose_positions(struct bench *b)
{
	const struct vector_step *s = &b->v->step[b->v->steps - 1];
	size_t                    ends = b->len > LARGE_MESSAGE ? 12 : 64, at = 0, kept = 0;
	uint32_t                  dice = 12345;

	b->positions = 0;
	for (size_t i = 1; b->len <= SMALL_MESSAGE && i < b->len; i++)
		add_position(b, i);
	for (size_t i = 1; b->len > SMALL_MESSAGE && i <= ends; i++) {
		add_position(b, i);
		add_position(b, b->len - i);
		dice = dice * 1664525 + 1013904223;
		add_position(b, (size_t)((uint64_t)dice * b->len >> 32));
	}
	for (uint16_t i = 0; b->len > SMALL_MESSAGE && i + 1 < s->segments && i < 16; i++) {
		at += (size_t)s->segment[i].len * s->segment[i].times;
		add_position(b, at - 1);
		add_position(b, at);
		add_position(b, at + 1);
	}
	qsort(b->position, b->positions, sizeof(b->position[0]), by_size);
	for (size_t i = 0; i < b->positions; i++)
		if (!kept || b->position[kept - 1] != b->position[i])
			b->position[kept++] = b->position[i];
	b->positions = kept;
}

bool bench_load(struct bench *b, const struct vector *v, const struct recogniser *r)
{
	b->v = v;
	b->r = r;
	b->ok = true;
	b->patched = b->streams = false;
	write_streams(b);
	set_profile(b);
	return b->ok;
}

void bench_unload(struct bench *b)
{
	for (int side = 0; side < 2; side++) {
		free(b->stream[side]);
		free(b->out[side]);
		b->stream[side] = b->out[side] = NULL;
	}
	free(b->answer);
	b->answer = NULL;
}
