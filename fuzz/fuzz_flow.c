/* Runs one conversation three times, cut differently, and aborts when anything the laws forbid happens. */
#include "fuzz/fuzz_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "test/fake_gate.h"

enum { POLICY_DENY = 1, POLICY_WATCH = 2, POLICY_LAX = 4 };
enum event_kind { EV_NONE = 0, EV_SOON, EV_LATE, EV_DIALED, EV_DIAL_FAILED, EV_SPLICE, EV_LEG, EV_PINHOLES };
enum way { AS_GIVEN = 0, CUT, MERGED };

struct record {
	enum side      side;
	bool           fin;
	uint8_t        event, spare;
	const uint8_t *bytes;
	size_t         n;
};

/* The records still to come. */
struct records {
	const uint8_t *p, *end;
};

/* One run of the conversation. */
struct play {
	enum way         way;
	uint64_t         seed; /* of the cuts and of policy: the same for all three runs */
	uint64_t         arrivals, bytes;
	bool             alone; /* no leg joined: flows of one call run one after another, and a cut moves that order */
	struct fake_gate gate;
};

/* Opening one costs more than a short conversation; each process fuzzes one registry. */
static struct driver_env kept;

static const struct hash_key fuzz_key = {0x73616c6c79, 0x706f7274};

static bool next_record(struct records *r, struct record *out)
{
	size_t n;

	if (r->end - r->p < 3)
		return false;
	*out = (struct record){.side = r->p[0] & 1 ? SIDE_SERVER : SIDE_CLIENT,
			       .fin = r->p[0] & 2,
			       .event = r->p[0] >> 2 & 7,
			       .spare = (uint8_t)(r->p[0] >> 5)};
	n = (size_t)r->p[1] << 8 | r->p[2];
	r->p += 3;
	out->n = n < (size_t)(r->end - r->p) ? n : (size_t)(r->end - r->p);
	out->bytes = r->p;
	r->p += out->n;
	return true;
}

/* A verdict that depends on the unit's own bytes and on nothing that a cut changes. */
static enum verdict judge(struct fake_flow *f, enum side from, const struct step *step, const struct cx *cx, uint16_t *why)
{
	const struct chunk *held = f->side[from].head;
	size_t              n = held && step->n < held->len ? (size_t)step->n : held ? held->len : 0;

	(void)cx;
	(void)why; /* the driver's own, policy.denied */
	return n && hash_bytes(&fuzz_key, held->bytes, n) % 8 == 0 ? VERDICT_DENY : VERDICT_PASS;
}

static bool watch(struct fake_flow *f, const struct report *report)
{
	(void)f;
	return hash_pair(&fuzz_key, report->fault->why, report->unit_at) % 2 == 0;
}

/* By number: toys have no rows. */
static const char *reason_number(uint16_t number)
{
	static char text[8];

	snprintf(text, sizeof(text), "%u", number);
	return text;
}

/* The event of a record, before its bytes. */
static void event(struct play *p, struct fake_flow *f, const struct record *r)
{
	uint64_t left = f->flow ? driver_opaque_left(f->flow, r->side) : 0;

	switch (r->event) {
	case EV_SOON:
	case EV_LATE:
		fake_clock(&p->gate, r->event == EV_SOON ? 100 : 10000);
		break;
	case EV_DIALED:
	case EV_DIAL_FAILED:
		if (f->dialing)
			fake_dialed(f, r->event == EV_DIALED);
		break;
	case EV_SPLICE:
		if (left && !f->ended && !f->side[r->side].head)
			fake_splice(f, r->side, left < 1000 ? left : 1000);
		break;
	case EV_LEG:
		/* The protocol after the flow's own, as tests register a call and its leg. */
		if (p->gate.flow[0].group && !p->gate.flow[0].ended)
			fake_flow_open(&p->gate, "leg", (uint16_t)(driver_protocol(p->gate.flow[0].flow)->id + 1), &p->gate.flow[0]);
		break;
	case EV_PINHOLES:
		p->gate.no_pinholes = !p->gate.no_pinholes;
		break;
	default:
		break;
	}
}

/* How many of the n bytes left of an arrival come at once. */
static size_t cut_of(const struct play *p, size_t n, uint64_t at)
{
	uint64_t h = hash_pair(&fuzz_key, p->seed, at);

	if (p->way != CUT || n < 2 || h % 8 == 0)
		return n;
	return h % 8 < 4 ? 1 : 1 + (size_t)((h >> 8) % n);
}

/* The same flow's same side goes on with no event between. */
static bool goes_on(struct records rest, const struct record *r, const struct play *p)
{
	struct record next;

	return p->way == MERGED && next_record(&rest, &next) && next.side == r->side && !next.event && !r->fin &&
	       (p->gate.flows < 2 || next.spare % p->gate.flows == r->spare % p->gate.flows);
}

static void arrive(struct play *p, struct fake_flow *f, const struct record *r, bool goes)
{
	bool           whole = f->flow && driver_protocol(f->flow)->datagram;
	const uint8_t *bytes = r->bytes;
	size_t         n = f->side[r->side].fin ? 0 : r->n;

	p->bytes += n;
	p->arrivals++;
	while (n) {
		size_t part = whole ? n : cut_of(p, n, p->bytes - n);

		fake_push(f, r->side, bytes, part);
		bytes += part;
		n -= part;
		if (n) {
			p->arrivals++;
			fake_turn(f, r->side);
		}
	}
	if (r->fin && p->way == CUT)
		fake_turn(f, r->side);
	f->side[r->side].fin |= r->fin;
	if (!goes)
		fake_turn(f, r->side);
}

/* Every look is paid for by a byte, an arrival, or something that moved in one of the flows. */
static bool bounded(const struct play *p)
{
	return p->gate.peeks <= 64 * (p->bytes + p->arrivals + 16);
}

static void play(struct play *p, const struct recogniser *const *registry, uint16_t proto, struct records rest,
		 struct growing *story)
{
	struct record    r;
	uint8_t          policy = rest.p < rest.end ? rest.p[0] >> 5 : 0;
	bool             tight = rest.p < rest.end && (rest.p[0] >> 2 & 7) == EV_PINHOLES;
	struct fake_flow *f;

	p->gate.env = tight ? (struct driver_env){0} : kept;
	p->gate.env.recognisers = registry;
	p->gate.env.watch_unsafe = policy & POLICY_LAX;
	p->gate.env.turn_units = p->way == CUT ? 1 + (unsigned)(p->seed % 3) : 0;
	p->gate.reason_name = reason_number;
	p->gate.judge = policy & POLICY_DENY ? judge : NULL;
	p->gate.watch = policy & POLICY_WATCH ? watch : NULL;
	p->gate.tolerate = policy & POLICY_LAX ? UINT32_MAX : 0;
	if (!fake_gate_open(&p->gate) || !fake_flow_open(&p->gate, "first", proto, NULL))
		abort();
	if (tight)
		fake_memory_left(&p->gate, 2048 + p->seed % 8192);
	for (bool first = true; next_record(&rest, &r); first = false) {
		if (first)
			r.spare = 0;
		f = &p->gate.flow[r.spare % p->gate.flows];
		event(p, f, &r);
		arrive(p, f, &r, goes_on(rest, &r, p));
	}
	fake_gate_story(&p->gate, story);
	p->alone = p->gate.flows == 1;
	if (p->gate.broken || !bounded(p)) {
		fprintf(stderr, "broken: %s\n%.*s\n", p->gate.broken ? p->gate.broken : "work is bounded by the input", (int)story->len,
			(const char *)story->bytes);
		abort();
	}
	if (!tight && !fake_gate_empty(&p->gate))
		abort();
	if (tight)
		fake_gate_close(&p->gate);
	else
		kept = p->gate.env;
}

static void must_be_same(const struct growing *a, const struct growing *b, enum way way)
{
	if (a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0)
		return;
	fprintf(stderr, "%s differs\n--- as given\n%.*s\n--- now\n%.*s\n", way == CUT ? "cut" : "merged", (int)a->len,
		(const char *)a->bytes, (int)b->len, (const char *)b->bytes);
	abort();
}

int fuzz_flow(const struct recogniser *const *registry, uint16_t proto, const uint8_t *data, size_t n)
{
	static struct play p; /* large */
	struct growing     story[3] = {{0}};

	for (enum way way = AS_GIVEN; way <= MERGED; way++) {
		memset(&p, 0, sizeof(p));
		p.way = way;
		p.seed = hash_bytes(&fuzz_key, data, n);
		play(&p, registry, proto, (struct records){data, data + n}, &story[way]);
		if (p.alone)
			must_be_same(&story[0], &story[way], way);
	}
	for (int i = 0; i < 3; i++)
		growing_free(&story[i]);
	return 0;
}
