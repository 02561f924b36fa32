/* The byte cursor: borrowed views that share one sticky fault, read in the order of the specification. */
#include "base/wire.h"

#include <stdio.h>

struct wire wire_over(const void *bytes, size_t n, struct fault *fault, uint16_t short_why)
{
	static const uint8_t none[1];
	/* A view of nothing still points somewhere: even NULL + 0 is undefined. */
	const uint8_t *p = bytes ? bytes : none;

	return (struct wire){.p = p,
			     .end = p + (bytes ? n : 0),
			     .origin = p,
			     .fault = fault,
			     .short_why = short_why,
			     .node = WIRE_NO_NODE};
}

size_t wire_left(const struct wire *w)
{
	return w->fault->why ? 0 : (size_t)(w->end - w->p);
}

uint32_t wire_offset(const struct wire *w)
{
	return (uint32_t)(w->p - w->origin);
}

bool wire_more(const struct wire *w)
{
	return !w->fault->why && w->p < w->end;
}

/* Which element of its view a fault stands in, when somebody traces. */
static void fault_place(const struct wire *w)
{
	struct fault *f = w->fault;

	f->node = w->node;
	f->ordinal = UINT32_MAX;
	if (f->trace && w->node != WIRE_NO_NODE && f->trace->node[w->node].elements)
		f->ordinal = f->trace->node[w->node].elements - 1;
}

bool wire_fail(const struct wire *w, uint32_t at, uint16_t why, const char *field)
{
	struct fault *f = w->fault;

	if (f->why)
		return false;
	f->why = why;
	f->at = at;
	f->field = field;
	fault_place(w);
	return false;
}

bool wire_fail_numbers(const struct wire *w, uint32_t at, uint16_t why, const char *field, uint64_t expected, uint64_t got)
{
	if (w->fault->why)
		return false;
	wire_fail(w, at, why, field);
	w->fault->expected = expected;
	w->fault->got = got;
	w->fault->has_numbers = true;
	return false;
}

const uint8_t *wire_take(struct wire *w, size_t n, const char *field)
{
	const uint8_t *p = w->p;

	if (w->fault->why)
		return NULL;
	if (n > (size_t)(w->end - p)) {
		wire_fail_numbers(w, wire_offset(w), w->short_why, field, (uint64_t)(w->end - p), n);
		return NULL;
	}
	w->p = p + n;
	return p;
}

uint8_t wire_peek(const struct wire *w)
{
	return wire_more(w) ? *w->p : 0;
}

uint8_t wire_u8(struct wire *w, const char *field)
{
	const uint8_t *p = wire_take(w, 1, field);

	return p ? *p : 0;
}

/* n bytes as a number, most significant first. */
static uint64_t read_be(struct wire *w, size_t n, const char *field)
{
	const uint8_t *p = wire_take(w, n, field);
	uint64_t       v = 0;

	for (size_t i = 0; p && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* n bytes as a number, least significant first. */
static uint64_t read_le(struct wire *w, size_t n, const char *field)
{
	const uint8_t *p = wire_take(w, n, field);
	uint64_t       v = 0;

	for (size_t i = 0; p && i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint16_t wire_be16(struct wire *w, const char *field)
{
	return (uint16_t)read_be(w, 2, field);
}

uint32_t wire_be32(struct wire *w, const char *field)
{
	return (uint32_t)read_be(w, 4, field);
}

uint64_t wire_be64(struct wire *w, const char *field)
{
	return read_be(w, 8, field);
}

uint16_t wire_le16(struct wire *w, const char *field)
{
	return (uint16_t)read_le(w, 2, field);
}

uint32_t wire_le32(struct wire *w, const char *field)
{
	return (uint32_t)read_le(w, 4, field);
}

uint64_t wire_le64(struct wire *w, const char *field)
{
	return read_le(w, 8, field);
}

/* v if it lies in the range; otherwise the fault, at the offset the field began, and 0. */
static uint64_t in_range(struct wire *w, uint32_t at, uint64_t v, uint64_t min, uint64_t max, uint16_t why, const char *field)
{
	if (v < min || v > max)
		wire_fail_numbers(w, at, why, field, v < min ? min : max, v);
	return w->fault->why ? 0 : v;
}

void wire_want_u8(struct wire *w, uint8_t want, uint16_t why, const char *field)
{
	uint32_t at = wire_offset(w);

	in_range(w, at, read_be(w, 1, field), want, want, why, field);
}

void wire_want_le16(struct wire *w, uint16_t want, uint16_t why, const char *field)
{
	wire_le16_range(w, want, want, why, field);
}

void wire_want_be16(struct wire *w, uint16_t want, uint16_t why, const char *field)
{
	wire_be16_range(w, want, want, why, field);
}

void wire_want_le32(struct wire *w, uint32_t want, uint16_t why, const char *field)
{
	wire_le32_range(w, want, want, why, field);
}

uint16_t wire_le16_range(struct wire *w, uint16_t min, uint16_t max, uint16_t why, const char *field)
{
	uint32_t at = wire_offset(w);

	return (uint16_t)in_range(w, at, read_le(w, 2, field), min, max, why, field);
}

uint16_t wire_be16_range(struct wire *w, uint16_t min, uint16_t max, uint16_t why, const char *field)
{
	uint32_t at = wire_offset(w);

	return (uint16_t)in_range(w, at, read_be(w, 2, field), min, max, why, field);
}

uint32_t wire_le32_range(struct wire *w, uint32_t min, uint32_t max, uint16_t why, const char *field)
{
	uint32_t at = wire_offset(w);

	return (uint32_t)in_range(w, at, read_le(w, 4, field), min, max, why, field);
}

uint32_t wire_be32_range(struct wire *w, uint32_t min, uint32_t max, uint16_t why, const char *field)
{
	uint32_t at = wire_offset(w);

	return (uint32_t)in_range(w, at, read_be(w, 4, field), min, max, why, field);
}

/* A new level of the trace under the view's own; the view's own again when nobody traces or the trace is full. */
static uint16_t trace_open(const struct wire *w, const char *field)
{
	struct trace *t = w->fault->trace;

	if (!t || !field || t->used == TRACE_NODES)
		return w->node;
	t->node[t->used] = (struct trace_node){.field = field, .parent = w->node, .ordinal = UINT32_MAX};
	if (w->node != WIRE_NO_NODE && t->node[w->node].elements)
		t->node[t->used].ordinal = t->node[w->node].elements - 1;
	return t->used++;
}

/* A view of n bytes at p inside w's bytes, p + n already checked; an empty one after a fault (p is NULL). */
static struct wire view_child(const struct wire *w, const uint8_t *p, size_t n, const char *field)
{
	struct wire child = *w;

	child.p = p ? p : w->end;
	child.end = child.p + (p ? n : 0);
	child.node = trace_open(w, field);
	return child;
}

struct wire wire_sub(struct wire *w, size_t n, const char *field)
{
	const uint8_t *p = wire_take(w, n, field);

	return view_child(w, p, n, field);
}

struct wire wire_at(const struct wire *whole, size_t off, size_t n, const char *field)
{
	struct wire    w = *whole;
	const uint8_t *p;

	wire_take(&w, off, field);
	p = wire_take(&w, n, field);
	return view_child(whole, p, n, field);
}

bool wire_end(struct wire *w, uint16_t trailing_why, const char *field)
{
	if (wire_more(w))
		wire_fail_numbers(w, wire_offset(w), trailing_why, field, 0, wire_left(w));
	return !w->fault->why;
}

void wire_list(struct wire *w)
{
	if (w->fault->trace && w->node != WIRE_NO_NODE)
		w->fault->trace->node[w->node].list = true;
}

void wire_element(struct wire *w)
{
	if (w->fault->trace && w->node != WIRE_NO_NODE)
		w->fault->trace->node[w->node].elements++;
}

void wire_name(struct wire *w, const char *field)
{
	w->node = trace_open(w, field);
}

/* Append one segment, truncating at the buffer's end. An empty name is a level that its list's number already tells. */
static size_t path_add(char *out, size_t size, size_t used, const char *name, bool indexed, uint32_t ordinal)
{
	int n;

	if (used >= size || !name[0])
		return used;
	if (indexed)
		n = snprintf(out + used, size - used, "%s%s[%u]", used ? "/" : "", name, ordinal);
	else
		n = snprintf(out + used, size - used, "%s%s", used ? "/" : "", name);
	return used + (size_t)(n > 0 ? n : 0);
}

/* Deeper paths lose their head; no limit of a recogniser allows that many levels. */
enum { PATH_LEVELS = 192 };

size_t fault_path(const struct fault *fault, char *out, size_t size)
{
	const struct trace *t = fault->trace;
	uint16_t            chain[PATH_LEVELS], n = 0;
	size_t              used = 0;

	if (!size)
		return 0;
	out[0] = '\0';
	if (t)
		for (uint16_t at = fault->node; at != WIRE_NO_NODE && n < PATH_LEVELS; at = t->node[at].parent)
			chain[n++] = at;
	while (n--) {
		const struct trace_node *level = &t->node[chain[n]];
		uint32_t ordinal = n ? t->node[chain[n - 1]].ordinal : fault->ordinal;
		bool     indexed = level->list && ordinal != UINT32_MAX && (n || fault->field);

		used = path_add(out, size, used, level->field, indexed, ordinal);
	}
	if (fault->field)
		used = path_add(out, size, used, fault->field, false, 0);
	return used < size ? used : size - 1;
}
