/* Contract tables and gathers: a flow's state beyond its fixed struct, from the worker's bounded pools. */
#include <stdlib.h>
#include <string.h>

#include "proto/driver_int.h"

enum { FIRST_BUCKETS = 256 };

static struct driver_private *private_of(const struct cx *cx)
{
	return cx->flow->env->private;
}

static uint32_t hash_of(const struct flow *f, uint8_t table, uint64_t key)
{
	/* The flow's address makes each flow's keys its own; the hash key keeps a peer from choosing buckets. */
	return (uint32_t)hash_pair(&f->env->key, (uint64_t)(uintptr_t)f ^ table, key);
}

static struct entry **bucket_of(const struct driver_private *p, uint32_t hash)
{
	return &p->bucket[hash & (p->buckets - 1)];
}

static struct entry *find(const struct cx *cx, uint8_t table, uint64_t key)
{
	if (!cx->flow->count[table])
		return NULL;
	for (struct entry *e = *bucket_of(private_of(cx), hash_of(cx->flow, table, key)); e; e = e->bucket_next)
		if (e->flow == cx->flow && e->table == table && e->key == key)
			return e;
	return NULL;
}

static size_t entry_bytes(const struct flow *f, uint8_t table)
{
	return sizeof(struct entry) + f->r->table[table].entry_size;
}

/* Twice the buckets when entries outnumber them; staying small is only slower. */
static void grow_buckets(struct driver_private *p)
{
	size_t         buckets = p->buckets ? p->buckets * 2 : FIRST_BUCKETS;
	struct entry **bucket = slots_take(&p->slots, buckets * sizeof(struct entry *));
	size_t         old = p->buckets;
	void          *gone = p->bucket;

	if (!bucket)
		return;
	for (size_t i = 0; i < old; i++)
		for (struct entry *e = p->bucket[i], *next; e; e = next) {
			struct entry **head = &bucket[e->hash & (buckets - 1)];

			next = e->bucket_next;
			e->bucket_next = *head;
			*head = e;
		}
	p->buckets = buckets;
	p->bucket = bucket;
	slots_give(&p->slots, &gone, old * sizeof(struct entry *));
}

const void *table_get(const struct cx *cx, uint8_t table, uint64_t key)
{
	const struct entry *e = find(cx, table, key);

	return e ? e->data : NULL;
}

uint8_t *cx_scratch(struct cx *cx, size_t n)
{
	uint8_t *room = cx->scratch + cx->scratch_used;

	if (n > SCRATCH_MAX - (size_t)cx->scratch_used)
		return NULL;
	cx->scratch_used = (uint16_t)(cx->scratch_used + n);
	return room;
}

uint32_t table_count(const struct cx *cx, uint8_t table)
{
	return cx->flow->count[table];
}

void driver_unreserve(struct driver_private *p)
{
	while (p->reservations) {
		struct reserved *r = &p->reserved[--p->reservations];

		slots_give(&p->slots, &r->slot, r->size);
	}
}

static bool reserve(struct driver_private *p, uint8_t use, uint64_t key, size_t size)
{
	struct reserved *r = &p->reserved[p->reservations];

	if (p->reservations == RESERVED_MAX)
		return false;
	*r = (struct reserved){.slot = slots_take(&p->slots, size), .size = size, .key = key, .use = use};
	if (r->slot)
		p->reservations++;
	return r->slot != NULL;
}

/* The slot that was reserved for this; whoever adds without having asked for room is our own bug. */
static void *reserved_take(struct driver_private *p, uint8_t use, uint64_t key, size_t size)
{
	for (unsigned i = 0; i < p->reservations; i++)
		if (p->reserved[i].use == use && p->reserved[i].key == key && p->reserved[i].size == size) {
			void *slot = p->reserved[i].slot;

			p->reserved[i] = p->reserved[--p->reservations];
			return slot;
		}
	abort();
}

static unsigned reserved_count(const struct driver_private *p, uint8_t use)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->reservations; i++)
		n += p->reserved[i].use == use;
	return n;
}

bool table_room(struct cx *cx, uint8_t table)
{
	struct driver_private *p = private_of(cx);
	const struct flow     *f = cx->flow;

	if (f->count[table] + reserved_count(p, table) >= cx->limit[f->r->table[table].limit])
		return false;
	if (p->entries >= p->buckets)
		grow_buckets(p);
	return p->buckets && reserve(p, table, 0, entry_bytes(f, table));
}

void *table_edit(struct cx *cx, uint8_t table, uint64_t key)
{
	struct entry *e = find(cx, table, key);

	if (cx->pure)
		abort();
	cx->flow->changes++;
	return e ? e->data : NULL;
}

void *table_add(struct cx *cx, uint8_t table, uint64_t key)
{
	struct driver_private *p = private_of(cx);
	struct flow           *f = cx->flow;
	struct entry          *e, **head;

	if (cx->pure)
		abort();
#ifdef SALLYPORT_CHECKED
	if (find(cx, table, key))
		abort();
#endif
	e = reserved_take(p, table, 0, entry_bytes(f, table));
	e->flow = f;
	e->key = key;
	e->hash = hash_of(f, table, key);
	e->table = table;
	head = bucket_of(p, e->hash);
	e->bucket_next = *head;
	*head = e;
	e->flow_next = f->entries[table];
	if (e->flow_next)
		e->flow_next->flow_prev = e;
	f->entries[table] = e;
	f->count[table]++;
	f->changes++;
	p->entries++;
	return e->data;
}

static void entry_free(struct flow *f, struct entry *e)
{
	struct driver_private *p = f->env->private;
	struct entry         **link = bucket_of(p, e->hash);
	void                  *slot = e;

	while (*link != e)
		link = &(*link)->bucket_next;
	*link = e->bucket_next;
	if (e->flow_next)
		e->flow_next->flow_prev = e->flow_prev;
	if (e->flow_prev)
		e->flow_prev->flow_next = e->flow_next;
	else
		f->entries[e->table] = e->flow_next;
	f->count[e->table]--;
	f->changes++;
	p->entries--;
	slots_give(&p->slots, &slot, entry_bytes(f, e->table));
}

void table_del(struct cx *cx, uint8_t table, uint64_t key)
{
	struct entry *e = find(cx, table, key);

	if (cx->pure)
		abort();
	if (e)
		entry_free(cx->flow, e);
}

void tables_free(struct flow *f)
{
	for (uint8_t t = 0; t < f->r->tables; t++)
		while (f->entries[t])
			entry_free(f, f->entries[t]);
}

static struct gather **gather_find(struct flow *f, uint64_t key)
{
	struct gather **link = &f->gathers;

	while (*link && (*link)->key != key)
		link = &(*link)->next;
	return link;
}

/* A gather of this key with room for n bytes more than it holds; NULL where a larger slot must be taken for that. */
static struct gather *gather_with_room(struct gather *g, size_t n)
{
	return g && n <= g->cap - g->len ? g : NULL;
}

/* Bytes of the slot for a gather of this length. */
static size_t gather_bytes(size_t len)
{
	return slots_size(sizeof(struct gather) + len);
}

/* May the flow hold a gather of this length, in place of the one it has? */
static bool gather_fits(const struct flow *f, const struct gather *g, size_t len)
{
	size_t now = g ? sizeof(*g) + g->cap : 0;

	return (g || f->gather_count < GATHERS_MAX) && f->gathered - now + gather_bytes(len) <= GATHERED_MAX;
}

const uint8_t *gather_view(struct cx *cx, uint64_t key, const uint8_t *piece, size_t n, size_t cap, size_t *total)
{
	struct driver_private *p = private_of(cx);
	struct gather         *g = *gather_find(cx->flow, key), *shown = gather_with_room(g, n);
	size_t                 held = g ? g->len : 0;

	*total = 0;
	if (cap > GATHER_MAX)
		cap = GATHER_MAX;
	if (held > cap || n > cap - held ||
	    (!shown && (!gather_fits(cx->flow, g, held + n) || !reserve(p, RESERVED_GATHER, key, gather_bytes(held + n)))))
		return NULL;
	*total = held + n;
	if (!held)
		return piece;
	if (!shown) {
		shown = p->reserved[p->reservations - 1].slot;
		memcpy(shown->bytes, g->bytes, held);
	}
	/* Behind what the gather holds: nobody sees it there before gather_add says that it counts. */
	memcpy(shown->bytes + held, piece, n);
	return shown->bytes;
}

void gather_add(struct cx *cx, uint64_t key, const uint8_t *piece, size_t n)
{
	struct driver_private *p = private_of(cx);
	struct gather        **link = gather_find(cx->flow, key);
	struct gather         *g = *link, *grown = gather_with_room(g, n);
	size_t                 held = g ? g->len : 0, size = gather_bytes(held + n);
	void                  *gone = g;

	if (cx->pure)
		abort();
	if (!grown) {
		grown = reserved_take(p, RESERVED_GATHER, key, size);
		grown->key = key;
		grown->cap = size - sizeof(*grown);
		*link = grown;
		cx->flow->gathered += size;
		cx->flow->gather_count += !g;
		if (g) {
			cx->flow->gathered -= sizeof(*g) + g->cap;
			grown->next = g->next;
			memcpy(grown->bytes, g->bytes, held);
			slots_give(&p->slots, &gone, sizeof(*g) + g->cap);
		}
	}
	memcpy(grown->bytes + held, piece, n);
	grown->len = held + n;
	cx->flow->changes++;
}

void gather_drop(struct cx *cx, uint64_t key)
{
	struct gather **link = gather_find(cx->flow, key);
	struct gather  *g = *link;
	void           *gone = g;

	if (cx->pure)
		abort();
	if (!g)
		return;
	cx->flow->changes++;
	cx->flow->gathered -= sizeof(*g) + g->cap;
	cx->flow->gather_count--;
	*link = g->next;
	slots_give(&private_of(cx)->slots, &gone, sizeof(*g) + g->cap);
}

void gathers_free(struct flow *f)
{
	while (f->gathers) {
		struct gather *g = f->gathers;
		void          *gone = g;

		f->gathers = g->next;
		f->gathered -= sizeof(*g) + g->cap;
		f->gather_count--;
		slots_give(&f->env->private->slots, &gone, sizeof(*g) + g->cap);
	}
}
