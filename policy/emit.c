/* Writes a checked policy as a blob: sections filled, laid out, hashed, and opened once as any worker would. */
#include <stdlib.h>
#include <string.h>

#include "policy/emit_int.h"

enum { SETS_COMPARED = 512 };

void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

uint8_t *emit_entry(struct emit *e, enum section section, uint32_t *at)
{
	*at = e->section[section].count;
	return vec_add(&e->b->pool, &e->section[section], blob_entry_size[section]);
}

uint32_t emit_count(const struct emit *e, enum section section)
{
	return e->section[section].count;
}

uint64_t emit_string(struct emit *e, const char *text, size_t n)
{
	uint32_t first = emit_count(e, S_STRINGS), at;

	for (size_t i = 0; i < n; i++)
		*emit_entry(e, S_STRINGS, &at) = (uint8_t)text[i];
	return first | (uint64_t)n << 32;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool same_set(struct emit *e, uint32_t i, const struct address_set *set)
{
	const uint8_t *s = vec_at(&e->section[S_SETS], i, 16);
	uint32_t       v4 = get32(s + SET_V4), v4s = get32(s + SET_V4_COUNT), v6 = get32(s + SET_V6), v6s = get32(s + SET_V6_COUNT);

	if (v4s + v6s != set->count)
		return false;
	for (uint32_t k = 0; k < set->count; k++) {
		const struct range *r = &set->range[k];
		const uint8_t      *p;

		if ((r->family == 4) != (k < v4s))
			return false;
		p = k < v4s ? vec_at(&e->section[S_V4], v4 + k, 8) : vec_at(&e->section[S_V6], v6 + k - v4s, 32);
		if (k < v4s ? get32(p) != be32(r->lo) || get32(p + 4) != be32(r->hi) :
			      memcmp(p, r->lo, 16) != 0 || memcmp(p + 16, r->hi, 16) != 0)
			return false;
	}
	return true;
}

uint32_t emit_set(struct emit *e, const struct address_set *set)
{
	uint32_t at, ignored, count = emit_count(e, S_SETS), v4 = emit_count(e, S_V4), v6 = emit_count(e, S_V6);
	uint8_t *p;

	if (set->any)
		return UINT32_MAX;
	for (uint32_t i = count > SETS_COMPARED ? count - SETS_COMPARED : 0; i < count; i++)
		if (same_set(e, i, set))
			return i;
	for (uint32_t i = 0; i < set->count; i++) {
		const struct range *r = &set->range[i];

		p = emit_entry(e, r->family == 4 ? S_V4 : S_V6, &ignored);
		if (r->family == 4) {
			put32(p, be32(r->lo));
			put32(p + 4, be32(r->hi));
		} else {
			memcpy(p, r->lo, 16);
			memcpy(p + 16, r->hi, 16);
		}
	}
	p = emit_entry(e, S_SETS, &at);
	put32(p + SET_V4, v4);
	put32(p + SET_V4_COUNT, emit_count(e, S_V4) - v4);
	put32(p + SET_V6, v6);
	put32(p + SET_V6_COUNT, emit_count(e, S_V6) - v6);
	return at;
}

static void registry(struct emit *e)
{
	for (unsigned i = 0; i < e->b->recognisers; i++) {
		const struct recogniser *r = e->b->registry[i];
		uint64_t                 name = emit_string(e, r->name, strlen(r->name));
		uint32_t                 at;
		uint8_t                 *p = emit_entry(e, S_REGISTRY, &at);

		put16(p + REG_ID, r->id);
		p[REG_LIMITS] = r->limits;
		p[REG_FACTS] = r->facts;
		p[REG_TOLERANCES] = r->tolerances;
		p[REG_DATAGRAM] = r->datagram;
		put64(p + REG_PRINT, recogniser_print(r));
		put64(p + REG_NAME, name);
	}
}

static void host(struct emit *e, const struct host *h)
{
	uint8_t  p[32] = {0}, *q;
	uint32_t at;

	put64(p + HOST_NAME, emit_string(e, h->name.text, h->name.len));
	put64(p + HOST_OS, h->has_os ? emit_string(e, h->os.text, h->os.len) : 0);
	put32(p + HOST_ADDR, emit_count(e, S_ADDRESSES));
	for (const struct words *w = h->address; w; w = w->next) {
		q = emit_entry(e, S_ADDRESSES, &at);
		q[ADDR_FAMILY] = w->range.family;
		memcpy(q + ADDR_IP, w->range.lo, 16);
	}
	put32(p + HOST_ADDR_COUNT, emit_count(e, S_ADDRESSES) - get32(p + HOST_ADDR));
	put32(p + HOST_NAMES, emit_count(e, S_TEXTS));
	for (const struct words *w = h->names; w; w = w->next) {
		uint64_t run = emit_string(e, w->word.text, w->word.len);

		put64(emit_entry(e, S_TEXTS, &at), run);
	}
	put32(p + HOST_NAMES_COUNT, emit_count(e, S_TEXTS) - get32(p + HOST_NAMES));
	memcpy(emit_entry(e, S_HOSTS, &at), p, sizeof(p));
}

/* Which program a service's listener runs: those of its policy stand in the order of the registry. */
static uint32_t program_of(const struct service *s, uint32_t first, uint32_t protocol)
{
	return first + (uint32_t)__builtin_popcountll(s->policy->protocols & ((1ull << protocol) - 1));
}

static void listeners(struct emit *e, const struct service *s, uint32_t programs)
{
	for (const struct listen *l = s->listen; l; l = l->next) {
		uint32_t at;
		uint8_t *p = emit_entry(e, S_LISTENERS, &at);

		put32(p + LST_SERVICE, s->number);
		put32(p + LST_PROGRAM, program_of(s, programs, l->protocol));
		put16(p + LST_PORT, l->address.port);
		p[LST_FAMILY] = l->address.family;
		p[LST_TRANSPORT] = l->transport;
		put16(p + LST_PROTO, e->b->registry[l->protocol]->id);
		memcpy(p + LST_IP, l->address.ip, 16);
	}
}

static void service(struct emit *e, const struct service *s, const uint32_t *first_program)
{
	uint8_t  p[96] = {0};
	uint32_t at, programs = first_program[s->policy->number];

	put64(p + SVC_NAME, emit_string(e, s->name.text, s->name.len));
	put64(p + SVC_POLICY, emit_string(e, s->policy->name.text, s->policy->name.len));
	put32(p + SVC_HOSTS, emit_count(e, S_SERVICE_HOSTS));
	for (const struct words *w = s->to; w; w = w->next)
		put32(emit_entry(e, S_SERVICE_HOSTS, &at), w->host->number);
	put32(p + SVC_HOST_COUNT, emit_count(e, S_SERVICE_HOSTS) - get32(p + SVC_HOSTS));
	put32(p + SVC_PROGRAMS, programs);
	put32(p + SVC_PROGRAM_COUNT, (uint32_t)__builtin_popcountll(s->policy->protocols));
	put32(p + SVC_TO_PORT, s->to_port);
	for (unsigned i = 0; i < POLICY_SETTINGS; i++)
		put64(p + SVC_SETTINGS + 8 * i, s->setting[i]);
	memcpy(emit_entry(e, S_SERVICES, &at), p, sizeof(p));
	listeners(e, s, programs);
}

/* Sections behind one another, the header in front. */
static void lay_out(struct emit *e)
{
	size_t   size = BLOB_HEADER, at[POLICY_SECTIONS];
	uint8_t *blob;

	for (unsigned i = 0; i < POLICY_SECTIONS; i++) {
		size = (size + BLOB_ALIGN - 1) / BLOB_ALIGN * BLOB_ALIGN;
		at[i] = size;
		size += (size_t)e->section[i].count * blob_entry_size[i];
	}
	blob = size <= POLICY_SIZE_MAX ? calloc(1, size) : NULL;
	if (!blob)
		longjmp(*e->b->pool.full, 1);
	e->b->blob = blob;
	e->b->blob_len = size;
	memcpy(blob, BLOB_MAGIC, 8);
	put32(blob + 8, BLOB_VERSION);
	put32(blob + 12, (uint32_t)size);
	for (unsigned i = 0; i < POLICY_SECTIONS; i++) {
		put32(blob + BLOB_HASHED_FROM + 8 * i, (uint32_t)at[i]);
		put32(blob + BLOB_HASHED_FROM + 8 * i + 4, e->section[i].count);
		if (e->section[i].count)
			memcpy(blob + at[i], e->section[i].items, (size_t)e->section[i].count * blob_entry_size[i]);
	}
	put64(blob + 16, blob_hash(blob, size));
}

void emit_blob(struct policy_build *b)
{
	struct emit e = {.b = b};
	uint32_t   *first_program = pool_take(&b->pool, (b->policy_count + 1) * sizeof(uint32_t));
	const char *why;

	registry(&e);
	for (const struct host *h = b->hosts; h; h = h->next)
		host(&e, h);
	for (const struct policy_text_ast *p = b->policies; p; p = p->next) {
		first_program[p->number] = emit_count(&e, S_PROGRAMS);
		emit_programs(&e, p);
	}
	for (const struct service *s = b->services; s; s = s->next)
		service(&e, s, first_program);
	lay_out(&e);
	/* What we write, we must be able to open. */
	if (!policy_open(&b->opened, b->blob, b->blob_len, b->registry, &why))
		abort();
}
