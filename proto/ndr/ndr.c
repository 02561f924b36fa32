/* Reads the arguments of an RPC operation by its const table, without recursion and without memory of its own. */
/*
 * Spec: C706 chapter 14; MS-RPCE 2.2.4; MS-DTYP 2.3.10.
 * Input from: the client (stub data of requests).
 * Limits: dcerpc.string; pointees that wait at once and aliased referents (types.h); depth is the tables' own.
 * Not done: NDR64; pipes; answers; floating point, which no table has.
 *
 * One construction at a time is read flat: its members in order, pointers noted as they pass. When it ends, its
 * pointees come in the order of their pointers, each with all its own pointees before the next (C706 14.3.12.3): a
 * stack of what waits, on which each construction's new entries are put in reverse.
 */
#include "proto/ndr/ndr_int.h"

const struct ndr_type ndr_nothing = {.kind = NDR_KIND_OCTETS, .align = 1};

void ndr_align(struct ndr_walk *w, uint8_t octets)
{
	uint32_t at = wire_offset(&w->wire) - w->start; /* ours: how far we have read */

	wire_take(&w->wire, -at & (octets - 1u), "padding");
}

static uint64_t number(struct ndr_walk *w, uint8_t width, const char *field)
{
	ndr_align(w, width);
	if (width == 1)
		return wire_u8(&w->wire, field);
	if (width == 2)
		return w->big ? wire_be16(&w->wire, field) : wire_le16(&w->wire, field);
	if (width == 4)
		return w->big ? wire_be32(&w->wire, field) : wire_le32(&w->wire, field);
	return w->big ? wire_be64(&w->wire, field) : wire_le64(&w->wire, field);
}

uint32_t ndr_u16(struct ndr_walk *w, const char *field)
{
	return (uint32_t)number(w, 2, field);
}

uint32_t ndr_u32(struct ndr_walk *w, const char *field)
{
	return (uint32_t)number(w, 4, field);
}

/* A number that others are counted by: it must be what the array or union in front of it had, else it is kept. */
static void slot_number(struct ndr_walk *w, uint32_t at, const struct ndr_type *t, uint64_t v)
{
	if (w->state[t->slot] == SLOT_AWAITED && w->slot[t->slot] != v)
		wire_fail_numbers(&w->wire, at, R_NDR_COUNT, t->name, w->slot[t->slot], v);
	w->slot[t->slot] = (uint32_t)v;
	w->state[t->slot] = SLOT_SAVED;
}

/* The other side of the relation. */
static void slot_match(struct ndr_walk *w, uint32_t at, uint8_t slot, uint32_t v, uint16_t why, const char *field)
{
	if (!slot)
		return;
	if (w->state[slot] == SLOT_SAVED && w->slot[slot] != v) {
		wire_fail_numbers(&w->wire, at, why, field, w->slot[slot], v);
	} else if (w->state[slot] != SLOT_SAVED) {
		w->slot[slot] = v;
		w->state[slot] = SLOT_AWAITED;
	}
}

static void read_number(struct ndr_walk *w, const struct ndr_type *t)
{
	uint32_t at;
	uint64_t v;

	ndr_align(w, t->width);
	at = wire_offset(&w->wire);
	v = number(w, t->width, t->name);
	if (t->max && (v < t->min || v > t->max))
		wire_fail_numbers(&w->wire, at, t->why ? t->why : R_NDR_RANGE, t->name, v < t->min ? t->min : t->max, v);
	if (t->slot)
		slot_number(w, at, t, v);
}

struct ndr_pending *ndr_defer(struct ndr_walk *w, uint32_t at, const struct ndr_type *type)
{
	struct ndr_pending *p = &w->pending[w->pendings];

	if (w->pendings == NDR_POINTERS_MAX) {
		wire_fail_numbers(&w->wire, at, R_NDR_POINTERS, "referent", NDR_POINTERS_MAX, NDR_POINTERS_MAX + 1);
		return NULL;
	}
	w->pendings++;
	*p = (struct ndr_pending){.type = type, .node = w->wire.node};
	if (type && type->kind == NDR_KIND_ARRAY && w->state[type->slot] == SLOT_SAVED) {
		p->slot = w->slot[type->slot];
		p->saved = true;
	}
	return p;
}

/* An aliased referent that was seen before: its pointee stands where it was seen first. */
static bool seen_before(struct ndr_walk *w, uint32_t at, uint32_t referent)
{
	for (uint16_t i = 0; i < w->referents; i++)
		if (w->referent[i] == referent)
			return true;
	if (w->referents == NDR_REFERENTS_MAX)
		wire_fail_numbers(&w->wire, at, R_NDR_POINTERS, "referent", NDR_REFERENTS_MAX, NDR_REFERENTS_MAX + 1);
	else
		w->referent[w->referents++] = referent;
	return false;
}

static void read_pointer(struct ndr_walk *w, const struct ndr_type *t)
{
	uint32_t at, referent;

	ndr_align(w, 4);
	at = wire_offset(&w->wire);
	referent = ndr_u32(w, "referent");
	if (!referent && t->flags & NDR_NON_NULL)
		wire_fail(&w->wire, at, R_NDR_REFERENT, "referent");
	if (referent && !(t->flags & NDR_ALIASED && seen_before(w, at, referent)))
		ndr_defer(w, at, t->of);
}

static void push(struct ndr_walk *w, const struct ndr_type *t, uint32_t count, uint16_t node)
{
	if (w->depth == NDR_DEPTH)
		wire_fail(&w->wire, wire_offset(&w->wire), R_NDR_POINTERS, t->name); /* no table is that deep: test/test_ndr.c */
	else
		w->frame[w->depth++] = (struct ndr_frame){.type = t, .count = count, .node = node};
}

/* How many elements there are; the counts that stand in front of them are read and compared. */
static uint32_t array_count(struct ndr_walk *w, const struct ndr_type *t)
{
	uint32_t at, count = t->max;

	if (t->flags & NDR_CONFORMANT) {
		ndr_align(w, w->hoisted ? 1 : 4);
		at = wire_offset(&w->wire);
		count = w->hoisted ? w->maximum : ndr_u32(w, "max_count");
		w->hoisted = false;
		if (t->max && count > t->max)
			wire_fail_numbers(&w->wire, at, t->why ? t->why : R_NDR_ELEMENTS, "max_count", t->max, count);
		slot_match(w, at, t->slot, count, R_NDR_COUNT, "max_count");
	}
	if (t->flags & NDR_VARYING) {
		uint32_t maximum = count;

		ndr_align(w, 4);
		at = wire_offset(&w->wire);
		if (ndr_u32(w, "offset"))
			wire_fail(&w->wire, at, R_NDR_OFFSET, "offset");
		at = wire_offset(&w->wire);
		count = ndr_u32(w, "actual_count");
		if (count > maximum)
			wire_fail_numbers(&w->wire, at, R_NDR_ACTUAL, "actual_count", maximum, count);
		slot_match(w, at, t->length, count, R_NDR_COUNT, "actual_count");
	}
	return count;
}

static void read_array(struct ndr_walk *w, const struct ndr_type *t, uint16_t node)
{
	uint32_t count = array_count(w, t);

	wire_list(&w->wire);
	if (t->of->kind == NDR_KIND_NUMBER && t->of->width == 1 && !t->of->max) {
		struct wire octets = wire_sub(&w->wire, count, "octets");

		if (t->check == NDR_CHECK_ACTIVATION)
			ndr_activation(&octets, w->limits);
		w->wire.node = node;
		return;
	}
	/* Every element takes at least one octet: a count beyond what is left fails before it is walked. */
	if (count > wire_left(&w->wire))
		wire_take(&w->wire, count, "elements");
	push(w, t, count, node);
}

/* The arm that the discriminant names becomes the frame's only member. */
static void read_union(struct ndr_walk *w, const struct ndr_type *t, uint16_t node)
{
	const struct ndr_type *arm = t->of;
	uint32_t               at, tag;
	bool                   known = t->of;

	ndr_align(w, t->width);
	at = wire_offset(&w->wire);
	tag = (uint32_t)number(w, t->width, "discriminant");
	slot_match(w, at, t->slot, tag, R_NDR_UNION, "discriminant");
	for (uint8_t i = 0; i < t->arms; i++)
		if (t->arm[i].value == tag) {
			arm = t->arm[i].type;
			known = true;
		}
	if (!known)
		wire_fail_numbers(&w->wire, at, R_NDR_UNION, "discriminant", t->arm[0].value, tag);
	if (arm)
		push(w, arm, UINT32_MAX, node);
	else
		w->wire.node = node;
}

/* Read a node: all of it, or its head, with a frame for what is inside. */
static void enter(struct ndr_walk *w, const struct ndr_type *t)
{
	uint16_t node = w->wire.node;

	if (t->kind == NDR_KIND_NUMBER) {
		read_number(w, t);
		return;
	}
	if (t->name)
		wire_name(&w->wire, t->name);
	switch (t->kind) {
	case NDR_KIND_STRUCT:
		ndr_align(w, t->align);
		push(w, t, 0, node);
		return;
	case NDR_KIND_ARRAY:
		read_array(w, t, node);
		return;
	case NDR_KIND_UNION:
		read_union(w, t, node);
		return;
	case NDR_KIND_OCTETS:
		ndr_octets(w, t);
		break;
	case NDR_KIND_STRING:
		ndr_string(w, t);
		break;
	case NDR_KIND_COUNTED:
		ndr_counted(w, t);
		break;
	case NDR_KIND_POINTER:
		read_pointer(w, t);
		break;
	default:
		wire_take(&w->wire, wire_left(&w->wire), "rest");
		break;
	}
	w->wire.node = node;
}

/* The next part of the construction on top, or its end. */
static void advance(struct ndr_walk *w)
{
	struct ndr_frame      *f = &w->frame[w->depth - 1];
	const struct ndr_type *next = NULL;

	if (f->count == UINT32_MAX) { /* a union's frame holds its arm */
		if (!f->at)
			next = f->type;
	} else if (f->type->kind == NDR_KIND_STRUCT) {
		next = f->type->member[f->at];
	} else if (f->at < f->count) {
		next = f->type->of;
		wire_element(&w->wire);
	}
	f->at++;
	if (next) {
		enter(w, next);
		return;
	}
	w->wire.node = f->node;
	w->depth--;
}

/* One construction without its pointees; those wait, the first on top. */
static void flat(struct ndr_walk *w, const struct ndr_type *t)
{
	uint16_t first = w->pendings;

	w->hoisted = false;
	if (t->kind == NDR_KIND_STRUCT && t->flags & NDR_CONFORMANT) {
		w->maximum = ndr_u32(w, "max_count");
		w->hoisted = true;
	}
	enter(w, t);
	while (w->depth && !w->wire.fault->why)
		advance(w);
	for (uint16_t a = first, b = w->pendings; a + 1 < b; a++) {
		struct ndr_pending one = w->pending[--b];

		w->pending[b] = w->pending[a];
		w->pending[a] = one;
	}
}

/* An argument with everything it points to. */
static void argument(struct ndr_walk *w, const struct ndr_type *t)
{
	uint16_t node = w->wire.node;

	flat(w, t);
	while (w->pendings && !w->wire.fault->why) {
		struct ndr_pending p = w->pending[--w->pendings];

		w->wire.node = p.node;
		if (p.saved) {
			w->slot[p.type->slot] = p.slot;
			w->state[p.type->slot] = SLOT_SAVED;
		}
		if (p.counted)
			ndr_counted_buffer(w, &p);
		else
			flat(w, p.type);
	}
	w->wire.node = node;
}

bool ndr_read(struct wire *stub, bool big_endian, const struct ndr_type *const *arguments, const struct ndr_limits *limits)
{
	struct ndr_walk w;

	/* The arrays behind are written before they are read: clearing ten kilobytes for each request would cost. */
	w.wire = *stub;
	w.wire.short_why = R_NDR_SHORT;
	w.start = wire_offset(stub);
	w.big = big_endian;
	w.limits = limits;
	w.depth = 0;
	w.pendings = w.referents = 0;
	w.hoisted = false;
	for (uint8_t i = 0; i < NDR_SLOTS; i++)
		w.state[i] = SLOT_EMPTY;
	for (; *arguments && !w.wire.fault->why; arguments++)
		argument(&w, *arguments);
	ndr_end(&w);
	wire_take(stub, wire_left(stub), "stub");
	return !w.wire.fault->why;
}
