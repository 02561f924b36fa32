/* The pretend gate: flows come and go, bytes arrive, and everything woken runs until nothing moves. */
#include "test/fake_gate.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/driver_int.h"
#include "proto/reasons.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif
#ifdef SANITIZED
#include <sanitizer/asan_interface.h>
#endif

enum { SETTLE_MAX = 1000000 };

static const char *reason_id(uint16_t number)
{
	return reason_of(number)->id;
}

bool fake_gate_open(struct fake_gate *gate)
{
	gate->env.ops = &fake_gate_ops;
	gate->env.clock = &gate->clock;
	gate->env.key = (struct hash_key){1, 2};
	if (!gate->reason_name)
		gate->reason_name = reason_id;
	if (!gate->env.private && !driver_env_open(&gate->env))
		return false;
	gate->used = gate->env.private->slots.used;
	gate->buckets = gate->env.private->buckets;
	return true;
}

static void side_free(struct fake_side *s)
{
	for (struct chunk *c = s->head, *next; c; c = next) {
		next = c->next;
		fake_chunk_free(c);
	}
	s->head = NULL;
}

bool fake_gate_empty(struct fake_gate *gate)
{
	const struct driver_private *p = gate->env.private;

	for (unsigned i = 0; i < gate->flows; i++) {
		struct fake_flow *f = &gate->flow[i];

		if (f->flow)
			driver_close(&f->flow);
		side_free(&f->side[SIDE_CLIENT]);
		side_free(&f->side[SIDE_SERVER]);
		growing_free(&f->to_server);
		growing_free(&f->to_client);
		growing_free(&f->marks);
		growing_free(&f->notes);
		free(f->limit);
	}
	gate->flows = 0;
	/* The buckets of the tables grow and stay. */
	return p->entries == 0 && (p->slots.used == gate->used || p->buckets != gate->buckets);
}

void fake_gate_close(struct fake_gate *gate)
{
	if (!fake_gate_empty(gate))
		abort();
	driver_env_close(&gate->env);
}

/* The recogniser's safe limits, to be changed by fake_flow_limit before the first byte. */
static bool limits_make(struct fake_flow *f, const struct recogniser *r)
{
	f->limit = calloc(r->limits + 1u, sizeof(uint64_t));
	for (unsigned i = 0; f->limit && i < r->limits; i++)
		f->limit[i] = r->limit[i].safe;
	f->profile = (struct profile){.limit = f->limit, .wanted = UINT32_MAX, .tolerate = f->gate->tolerate};
	return f->limit != NULL;
}

struct fake_flow *fake_flow_open(struct fake_gate *gate, const char *name, uint16_t proto, struct fake_flow *joins)
{
	struct fake_flow        *f = &gate->flow[gate->flows];
	const struct recogniser *r = driver_find(&gate->env, proto);

	if (gate->flows == FAKE_FLOWS || !r || (joins && (!joins->group || !joins->flow)))
		return NULL;
	*f = (struct fake_flow){.gate = gate, .proto = proto, .group = joins ? joins->group : NULL};
	snprintf(f->name, sizeof(f->name), "%s", name);
	if (!limits_make(f, r))
		return NULL;
	gate->flows++;
	f->flow = driver_open(&gate->env, proto, f->group, f);
	return f->flow ? f : NULL;
}

bool fake_flow_limit(struct fake_flow *f, const char *name, uint64_t value)
{
	const struct recogniser *r = driver_protocol(f->flow);

	for (unsigned i = 0; i < r->limits; i++)
		if (strcmp(r->limit[i].name, name) == 0) {
			f->limit[i] = value;
			return true;
		}
	return false;
}

/* Nothing that left is unaccounted for, and no byte was lost. */
static void check_books(struct fake_flow *f)
{
	for (int i = 0; i < 2; i++) {
		struct fake_side *s = &f->side[i];
		uint64_t          held = 0;

		for (struct chunk *c = s->head; c; c = c->next)
			held += c->len;
		fake_law(f, !s->loose, "what left was committed or watched");
		fake_law(f, s->came == s->dropped + held, "bytes are dropped once");
		fake_law(f, !f->flow || driver_offset(f->flow, (enum side)i) == s->dropped + s->spliced, "the offset is what was dropped");
	}
}

static void turn(struct fake_flow *f, enum side from)
{
	for (unsigned i = 0; f->flow && driver_turn(f->flow, from) == TURN_AGAIN; i++)
		assert(i < SETTLE_MAX);
}

/* Until no flow wants to be woken. */
static void settle(struct fake_gate *gate)
{
	unsigned rounds = 0;

	for (unsigned i = 0; i < gate->flows; i++) {
		struct fake_flow *f = &gate->flow[i];

		if (!f->woken)
			continue;
		f->woken = false;
		turn(f, SIDE_CLIENT);
		turn(f, SIDE_SERVER);
		i = UINT32_MAX; /* from the first again */
		assert(rounds++ < SETTLE_MAX);
	}
	for (unsigned i = 0; i < gate->flows; i++)
		check_books(&gate->flow[i]);
}

/* Tells the sanitizer, where one runs, whether these bytes may be read. */
static void readable(const uint8_t *bytes, size_t n, bool yes)
{
#ifdef SANITIZED
	if (yes)
		__asan_unpoison_memory_region(bytes, n);
	else
		__asan_poison_memory_region(bytes, n);
#else
	(void)bytes;
	(void)n;
	(void)yes;
#endif
}

static struct chunk *chunk_new(const void *bytes, size_t n)
{
	struct chunk *c = calloc(1, sizeof(*c));

	assert(c);
	c->bytes = malloc(n);
	assert(c->bytes || !n);
	c->len = c->room = n;
	if (n)
		memcpy(c->bytes, bytes, n);
	return c;
}

/* Room is doubled, so that many small arrivals cost no more than their bytes; a read behind the last is still seen. */
static void chunk_grow(struct chunk *c, const void *bytes, size_t n)
{
	if (c->len + n > c->room) {
		c->room = 2 * (c->len + n);
		c->bytes = realloc(c->bytes, c->room);
		assert(c->bytes);
	}
	readable(c->bytes, c->room, true);
	memcpy(c->bytes + c->len, bytes, n);
	c->len += n;
	readable(c->bytes + c->len, c->room - c->len, false);
}

void fake_push(struct fake_flow *f, enum side from, const void *bytes, size_t n)
{
	struct fake_side *s = &f->side[from];
	struct chunk    **last = &s->head;

	if (!n || !f->flow)
		return;
	s->came += n;
	while (*last)
		last = &(*last)->next;
	if (driver_protocol(f->flow)->datagram || !s->head) {
		*last = chunk_new(bytes, n);
		return;
	}
	chunk_grow(s->head, bytes, n);
}

void fake_turn(struct fake_flow *f, enum side from)
{
	turn(f, from);
	settle(f->gate);
}

void fake_dialed(struct fake_flow *f, bool ok)
{
	if (!f->flow)
		return;
	f->dialing = false;
	if (driver_dialed(f->flow, ok) == TURN_AGAIN) {
		turn(f, SIDE_CLIENT);
		turn(f, SIDE_SERVER);
	}
	settle(f->gate);
}

void fake_clock(struct fake_gate *gate, uint64_t ms)
{
	gate->clock.now_ms += ms;
	for (unsigned i = 0; i < gate->flows; i++) {
		struct fake_flow *f = &gate->flow[i];

		if (f->flow && driver_deadline(f->flow) <= gate->clock.now_ms && driver_expire(f->flow) == TURN_AGAIN) {
			turn(f, SIDE_CLIENT);
			turn(f, SIDE_SERVER);
		}
	}
	settle(gate);
}

void fake_splice(struct fake_flow *f, enum side from, uint64_t n)
{
	if (!f->flow)
		return;
	fake_law(f, driver_opaque_left(f->flow, from) >= n, "only opaque bytes are spliced");
	f->side[from].spliced += n;
	driver_opaque_done(f->flow, from, n);
	fake_turn(f, from);
}

void fake_flow_close(struct fake_flow *f)
{
	if (f->flow)
		driver_close(&f->flow);
	settle(f->gate);
}

void fake_gate_story(const struct fake_gate *gate, struct growing *out)
{
	for (unsigned i = 0; i < gate->flows; i++) {
		const struct fake_flow *f = &gate->flow[i];

		growing_text(out, "flow %s\nto-server ", f->name);
		growing_quote(out, f->to_server.bytes, f->to_server.len);
		growing_text(out, "\nto-client ");
		growing_quote(out, f->to_client.bytes, f->to_client.len);
		growing_text(out, "\nmarks ");
		growing_add(out, f->marks.bytes, f->marks.len);
		growing_text(out, "\n");
		growing_add(out, f->notes.bytes, f->notes.len);
		growing_text(out, "facts %" PRIx64 " %" PRIx64 "\n", f->side[0].facts, f->side[1].facts);
		growing_text(out, "tainted %d due %" PRIu64 "\n", f->flow && driver_tainted(f->flow),
			     f->flow ? driver_deadline(f->flow) : UINT64_MAX);
	}
}

void fake_memory_left(struct fake_gate *gate, size_t bytes)
{
	gate->env.private->slots.cap = gate->env.private->slots.used + bytes;
}
