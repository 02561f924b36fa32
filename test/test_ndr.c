/* The tables of interfaces keep their own laws, and the interpreter reads each in both byte orders, cut anywhere. */
#include <stdlib.h>

#include "proto/dcerpc/interface_int.h"
#include "proto/ndr/ndr.h"
#include "test/guard.h"
#include "test/tap.h"

enum { STUB_MAX = 8192, NEST_MAX = 40 };

static const struct ndr_limits limits = {.string = 1024};

/* A writer of the smallest stub a table allows, or of one in which every pointer points and every text is full. */
struct out {
	uint8_t bytes[STUB_MAX];
	size_t  n;
	bool    big, full;
	const struct ndr_type *wait[256];
	size_t  waits;
	uint32_t slot[NDR_SLOTS];
};

static void out_align(struct out *o, size_t to)
{
	while (o->n % to)
		o->bytes[o->n++] = 0xee;
}

static void out_number(struct out *o, size_t width, uint64_t v)
{
	out_align(o, width);
	for (size_t i = 0; i < width; i++)
		o->bytes[o->n++] = (uint8_t)(v >> 8 * (o->big ? width - 1 - i : i));
}

static uint32_t text_length(const struct out *o, const struct ndr_type *t)
{
	if (t->check == NDR_CHECK_DRIVE)
		return o->full ? 2 : 0;
	if (t->kind == NDR_KIND_COUNTED)
		return o->full ? 3 : 0;
	return !o->full ? 0 : t->max ? t->max : limits.string;
}

static void out_characters(struct out *o, const struct ndr_type *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out_number(o, t->kind == NDR_KIND_STRING ? t->width : 2, t->check == NDR_CHECK_DRIVE && i ? ':' : 'A');
}

static void out_head(struct out *o, const struct ndr_type *t, uint32_t length)
{
	out_number(o, 4, length);
	out_number(o, 4, 0);
	out_number(o, 4, length);
	out_characters(o, t, t->kind == NDR_KIND_STRING ? length - 1 : length);
	if (t->kind == NDR_KIND_STRING)
		out_number(o, t->width, 0);
}

static bool conformant(const struct ndr_type *t)
{
	return t->kind == NDR_KIND_STRUCT && t->flags & NDR_CONFORMANT;
}

/* How many elements the writer gives an array: its slot's when a number went before, else one in a full stub. */
static uint32_t elements(const struct out *o, const struct ndr_type *t)
{
	return t->slot ? o->slot[t->slot] : o->full;
}

static void out_flat(struct out *o, const struct ndr_type *t, bool hoisted);

static void out_array(struct out *o, const struct ndr_type *t, bool hoisted)
{
	uint32_t n = t->flags & NDR_CONFORMANT ? elements(o, t) : t->max;

	if (t->flags & NDR_CONFORMANT && !hoisted)
		out_number(o, 4, n);
	if (t->flags & NDR_VARYING) {
		out_number(o, 4, 0);
		out_number(o, 4, n);
	}
	for (uint32_t i = 0; i < n; i++)
		out_flat(o, t->of, false);
}

/* What holds an activation is left out: a row of one octet is none, and vectors show it. */
static bool left_out(const struct ndr_type *t)
{
	return t->kind == NDR_KIND_STRUCT && t->member[0] && t->member[1] && t->member[1]->check == NDR_CHECK_ACTIVATION;
}

static void out_flat(struct out *o, const struct ndr_type *t, bool hoisted)
{
	uint32_t n;

	switch (t->kind) {
	case NDR_KIND_NUMBER:
		if (t->slot)
			o->slot[t->slot] = o->full ? 1 : t->min;
		out_number(o, t->width, t->slot ? o->slot[t->slot] : o->full && t->max ? t->max : t->min);
		break;
	case NDR_KIND_OCTETS:
		out_align(o, t->align);
		for (uint32_t i = 0; i < t->max; i++)
			o->bytes[o->n++] = (uint8_t)(i + 1);
		break;
	case NDR_KIND_STRING:
		out_head(o, t, text_length(o, t) + 1);
		break;
	case NDR_KIND_COUNTED:
		n = text_length(o, t);
		out_align(o, 4);
		out_number(o, 2, n * 2);
		out_number(o, 2, n * 2);
		out_number(o, 4, o->full);
		if (o->full)
			o->wait[o->waits++] = t;
		break;
	case NDR_KIND_POINTER:
		n = (o->full && !left_out(t->of)) || t->flags & NDR_NON_NULL;
		out_number(o, 4, n ? 0x20000u + (uint32_t)o->n : 0);
		if (n)
			o->wait[o->waits++] = t->of;
		break;
	case NDR_KIND_STRUCT:
		out_align(o, t->align);
		for (size_t i = 0; t->member[i]; i++)
			out_flat(o, t->member[i], hoisted);
		break;
	case NDR_KIND_ARRAY:
		out_array(o, t, hoisted);
		break;
	case NDR_KIND_UNION:
		out_number(o, t->width, t->arm[0].value);
		if (t->arm[0].type)
			out_flat(o, t->arm[0].type, false);
		break;
	default:
		break;
	}
}

/* One construction with its pointees, depth first, by recursion: not as the interpreter does it. */
static void out_whole(struct out *o, const struct ndr_type *t)
{
	size_t first = o->waits;

	if (t->kind == NDR_KIND_COUNTED && o->full && first == SIZE_MAX)
		return;
	if (conformant(t)) {
		const struct ndr_type *last = NULL;

		for (size_t i = 0; t->member[i]; i++)
			last = t->member[i];
		for (size_t i = 0; t->member[i]; i++)
			if (t->member[i]->slot && t->member[i]->slot == last->slot)
				o->slot[last->slot] = o->full;
		out_number(o, 4, elements(o, last));
	}
	out_flat(o, t, conformant(t));
	for (size_t i = first, end = o->waits; i < end; i++) {
		if (o->wait[i]->kind == NDR_KIND_COUNTED) {
			out_head(o, o->wait[i], text_length(o, o->wait[i]));
			continue;
		}
		out_whole(o, o->wait[i]);
	}
	o->waits = first;
}

/* The value each union's tag has in these stubs is its first arm's: numbers with its slot say so too. */
static void set_tags(struct out *o, const struct ndr_type *t, int depth, bool *tagged)
{
	if (!t || depth > NEST_MAX)
		return;
	if (t->kind == NDR_KIND_UNION && t->slot) {
		o->slot[t->slot] = t->arm[0].value;
		tagged[t->slot] = true;
	}
	set_tags(o, t->of, depth + 1, tagged);
	for (size_t i = 0; t->member && t->member[i]; i++)
		set_tags(o, t->member[i], depth + 1, tagged);
}

static void patch_tags(struct out *o, const struct ndr_type *const *arguments);

static void write_stub(struct out *o, const struct ndr_type *const *arguments, bool big, bool full)
{
	*o = (struct out){.big = big, .full = full};
	patch_tags(o, arguments);
}

/* Numbers that name a union's arm are written as that arm's value. */
static void patch_tags(struct out *o, const struct ndr_type *const *arguments)
{
	bool            tagged[NDR_SLOTS] = {false};
	uint32_t        tag[NDR_SLOTS];
	struct ndr_type copy;

	for (size_t i = 0; arguments[i]; i++)
		set_tags(o, arguments[i], 0, tagged);
	for (size_t i = 0; i < NDR_SLOTS; i++)
		tag[i] = o->slot[i];
	for (size_t i = 0; arguments[i]; i++) {
		const struct ndr_type *t = arguments[i];

		if (t->kind == NDR_KIND_NUMBER && t->slot && tagged[t->slot]) {
			out_number(o, t->width, tag[t->slot]);
		} else if (t->kind == NDR_KIND_STRUCT && t->member[0]->kind == NDR_KIND_NUMBER && t->member[0]->slot && tagged[t->member[0]->slot]) {
			copy = *t; /* a container: its level, then its union */
			copy.member++;
			out_number(o, t->member[0]->width, tag[t->member[0]->slot]);
			out_whole(o, &copy);
		} else {
			out_whole(o, t);
		}
	}
}

static bool reads(struct guard *g, const uint8_t *bytes, size_t n, bool big, const struct ndr_type *const *in, struct fault *fault)
{
	struct wire w;

	*fault = (struct fault){0};
	w = wire_over(guard_place(g, bytes, n), n, fault, R_NDR_SHORT);
	return ndr_read(&w, big, in, &limits);
}

static bool has_rest(const struct ndr_type *const *in)
{
	for (size_t i = 0; in[i]; i++)
		if (in[i]->kind == NDR_KIND_REST)
			return true;
	return false;
}

static const struct rpc_interface *each(size_t *i, size_t *row, const struct rpc_operation **out)
{
	const struct rpc_interface *f;

	while ((f = rpc_interface_at(*i))) {
		while (*row < f->rows) {
			*out = &f->operation[(*row)++];
			if ((*out)->in)
				return f;
		}
		(*i)++;
		*row = 0;
	}
	return NULL;
}

/* Each table, smallest and full, both byte orders, whole and cut at every octet. */
static void test_tables_read(struct guard *g)
{
	static struct out           o;
	const struct rpc_operation *op;
	const struct rpc_interface *f;
	size_t                      tables = 0, bad = 0;

	for (size_t i = 0, row = 0; (f = each(&i, &row, &op));)
		for (int form = 0; form < 4; form++, tables++) {
			struct fault fault;
			size_t       cut = 0;

			write_stub(&o, op->in, form & 1, form & 2);
			if (!reads(g, o.bytes, o.n, form & 1, op->in, &fault)) {
				tap_note("%s %s form %d: %s at %u (%s) of %zu", f->name, op->name, form, reason_of(fault.why)->id, fault.at,
					 fault.field ? fault.field : "", o.n);
				bad++;
				continue;
			}
			while (cut < o.n && !reads(g, o.bytes, cut, form & 1, op->in, &fault))
				cut++;
			if (cut != o.n && !has_rest(op->in)) {
				tap_note("%s %s form %d passes when cut at %zu of %zu", f->name, op->name, form, cut, o.n);
				bad++;
			}
			bad += !reads(g, o.bytes, o.n + NDR_TRAILING_MAX, form & 1, op->in, &fault);
			bad += reads(g, o.bytes, o.n + NDR_TRAILING_MAX + 1, form & 1, op->in, &fault) && !has_rest(op->in);
		}
	tap_ok(!bad && tables > 100, "%zu stubs of tables are read, and none of their beginnings is", tables);
}

static uint8_t alignment(const struct ndr_type *t)
{
	uint8_t most = 1, one;

	if (t->kind == NDR_KIND_UNION) {
		most = t->width;
		for (uint8_t i = 0; i < t->arms; i++) {
			one = t->arm[i].type ? alignment(t->arm[i].type) : 1;
			most = one > most ? one : most;
		}
		return most;
	}
	if (t->kind != NDR_KIND_STRUCT)
		return t->kind == NDR_KIND_ARRAY && !(t->flags & (NDR_CONFORMANT | NDR_VARYING)) ? alignment(t->of) : t->align;
	for (size_t i = 0; t->member[i]; i++) {
		const struct ndr_type *m = t->member[i];

		/* A conformant array's elements count, its maximum stands elsewhere. */
		one = m->kind == NDR_KIND_ARRAY && t->flags & NDR_CONFORMANT && !t->member[i + 1] ? alignment(m->of) : alignment(m);
		most = one > most ? one : most;
	}
	return most;
}

/* Laws of one node and all below it; `depth` counts frames since the last pointer. */
static const char *node_law(const struct ndr_type *t, int depth, int nest)
{
	const char *wrong = NULL;

	if (depth > NDR_DEPTH)
		return "too deep";
	if (nest > NEST_MAX || t->kind == NDR_KIND_REST)
		return NULL;
	if (t->slot >= NDR_SLOTS || t->length >= NDR_SLOTS)
		return "slot";
	if (!t->align || t->align & (t->align - 1))
		return "alignment";
	if ((t->kind == NDR_KIND_STRUCT || t->kind == NDR_KIND_UNION) && t->align != alignment(t))
		return "alignment is not what the members have";
	if (t->check && !t->why_check)
		return "a check without its reason";
	if ((t->kind == NDR_KIND_POINTER || t->kind == NDR_KIND_ARRAY) && !t->of)
		return "of what?";
	if (t->kind == NDR_KIND_ARRAY && t->of->kind == NDR_KIND_OCTETS && !t->of->max)
		return "elements without octets";
	for (size_t i = 0; !wrong && t->member && t->member[i]; i++)
		wrong = node_law(t->member[i], depth + 1, nest + 1);
	for (uint8_t i = 0; !wrong && i < t->arms; i++)
		wrong = t->arm[i].type ? node_law(t->arm[i].type, depth + 1, nest + 1) : NULL;
	if (!wrong && t->of)
		wrong = node_law(t->of, t->kind == NDR_KIND_POINTER ? 0 : depth + 1, nest + 1);
	return wrong;
}

static void test_table_laws(void)
{
	const struct rpc_operation *op;
	const struct rpc_interface *f;
	size_t                      bad = 0, seen = 0;

	for (size_t i = 0, row = 0; (f = each(&i, &row, &op)); seen++)
		for (size_t a = 0; op->in[a]; a++) {
			const char *wrong = node_law(op->in[a], 1, 0);

			if (wrong)
				tap_note("%s %s %s: %s", f->name, op->name, op->in[a]->name ? op->in[a]->name : "?", wrong);
			bad += wrong != NULL;
		}
	tap_ok(!bad && seen, "%zu tables of arguments keep their laws", seen);
}

static void test_interfaces(void)
{
	static bool                 used[RPC_INTERFACE_COUNT];
	const struct rpc_interface *f;
	size_t                      i, bad = 0;

	for (i = 0; (f = rpc_interface_at(i)); i++) {
		bool ok = f->id && f->id < RPC_INTERFACE_COUNT && !used[f->id] && strcmp(rpc_interface_words[f->id], f->name) == 0;

		ok = ok && rpc_interface_of(f->uuid, f->major, f->minor) == f && rpc_interface_by_id(f->id) == f;
		for (size_t r = 0; ok && r < f->rows; r++) {
			const struct rpc_operation *op = &f->operation[r];

			ok = (!r || op[-1].opnum < op->opnum) && (!f->operations || op->opnum < f->operations) && op->name &&
			     rpc_operation_of(f, op->opnum) == op && (!op->why || op->tolerance == RPC_NEVER || op->tolerance < RPC_TOLERANCES);
		}
		if (!ok)
			tap_note("%s is not as it should be", f->name);
		bad += !ok;
		if (f->id < RPC_INTERFACE_COUNT)
			used[f->id] = true;
	}
	tap_ok(!bad && i == RPC_INTERFACE_COUNT - 1, "%zu interfaces are found by UUID and by id, their operations in order", i);
}

/* File scope: only there are the nodes constants. */
static const struct ndr_type *const type_two[] = {NDR_FULL("a", NDR_U32(NULL)), NDR_FULL("b", NDR_U32(NULL)), NULL};
static const struct ndr_type *const type_many[] = {NDR_SIZED("m", NDR_FULL(NULL, NDR_U8(NULL)), 0, 0), NULL};
static const struct ndr_type *const type_ref[] = {NDR_STRUCT("r", 4, NDR_REF("p", NDR_U32(NULL))), NULL};
static const struct ndr_type *const type_before[] = {NDR_SAVED("n", 4, 0, 1), NDR_SIZED("a", NDR_U8(NULL), 0, 1), NULL};
static const struct ndr_type *const type_behind[] = {NDR_SIZED("a", NDR_U8(NULL), 0, 1), NDR_SAVED("n", 4, 0, 1), NULL};

/* Two [ptr] arguments with one referent have one pointee; too many referents are refused; a [ref] inside must point. */
static void test_pointers(struct guard *g)
{
	static const uint8_t                same[] = {7, 0, 0, 0, 1, 1, 1, 1, 7, 0, 0, 0}, none[4] = {0};
	uint8_t                             list[4 + 5 * (NDR_REFERENTS_MAX + 1)] = {0};
	struct fault                        fault;

	tap_ok(reads(g, same, sizeof(same), false, type_two, &fault), "an aliased pointee stands once");
	for (uint8_t n = NDR_REFERENTS_MAX; n <= NDR_REFERENTS_MAX + 1; n++) {
		list[0] = n;
		for (uint8_t i = 0; i < n; i++)
			list[4 + 4 * i] = i + 1;
		tap_ok(reads(g, list, 4u + 5u * n, false, type_many, &fault) == (n == NDR_REFERENTS_MAX), "%u referents", n);
	}
	tap_ok(fault.why == R_NDR_POINTERS, "too many have their reason");
	tap_ok(!reads(g, none, sizeof(none), false, type_ref, &fault) && fault.why == R_NDR_REFERENT, "a [ref] that does not point is refused");
}

/* A count may stand before its array or behind it. */
static void test_relations(struct guard *g)
{
	uint8_t                             stub[] = {0, 0, 0, 2, 0, 0, 0, 2, 1, 2}, back[] = {0, 0, 0, 2, 1, 2, 9, 9, 0, 0, 0, 2};
	struct fault                        fault;

	tap_ok(reads(g, stub, sizeof(stub), true, type_before, &fault) && reads(g, back, sizeof(back), true, type_behind, &fault), "counts agree");
	stub[7] = 1;
	tap_ok(!reads(g, stub, sizeof(stub), true, type_before, &fault) && fault.why == R_NDR_COUNT && fault.at == 4, "an array behind its count");
	back[11] = 1;
	tap_ok(!reads(g, back, sizeof(back), true, type_behind, &fault) && fault.why == R_NDR_COUNT && fault.at == 8, "an array before its count");
}

static void test_uuid(void)
{
	char                        text[RPC_UUID_TEXT];
	const struct rpc_interface *f = rpc_interface_by_id(RPC_INTERFACE_DSSETUP);

	rpc_uuid_text(f->uuid, text);
	tap_ok(strcmp(text, "3919286a-b10c-11d0-9ba8-00c04fd92ef5") == 0, "a UUID is written as everybody writes it");
	tap_ok(rpc_interface_of(f->uuid, 7, 0) == f, "no version of an interface with rules leads around them");
	tap_ok(!rpc_interface_of((const uint8_t[16]){1}, 0, 0) && !rpc_operation_of(f, 99), "what is not there is not found");
}

int main(void)
{
	struct guard g;

	guard_open(&g, STUB_MAX + 64);
	test_interfaces();
	test_uuid();
	test_table_laws();
	test_tables_read(&g);
	test_pointers(&g);
	test_relations(&g);
	guard_close(&g);
	return tap_done();
}
