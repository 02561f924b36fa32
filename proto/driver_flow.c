/* Flows and groups: opening, joining, switching protocol, ending. */
#include <stdlib.h>
#include <string.h>

#include "proto/driver_int.h"

enum { DEFAULT_MEMORY = 256 * 1024 * 1024 };

/* The safe limits of one recogniser as the array that cx->limit shows; false without memory. */
static bool defaults_make(struct driver_private *p, const struct recogniser *r, unsigned place)
{
	uint64_t *limit;

	if (!r->limits)
		return true;
	limit = slots_take(&p->slots, r->limits * sizeof(uint64_t));
	for (uint8_t i = 0; limit && i < r->limits; i++)
		limit[i] = r->limit[i].safe;
	p->defaults[place] = limit;
	return limit != NULL;
}

bool driver_env_open(struct driver_env *env)
{
	/* The private part stands in a slot of its own pool. */
	struct slots           slots;
	struct driver_private *p;

	slots_open(&slots, env->memory_cap ? env->memory_cap : DEFAULT_MEMORY);
	p = slots_take(&slots, sizeof(*p));
	if (!p)
		return false;
	p->slots = slots;
	env->private = p;
	for (unsigned i = 0; env->recognisers[i]; i++) {
		if (env->recognisers[i]->state_size > p->state_most[env->recognisers[i]->datagram])
			p->state_most[env->recognisers[i]->datagram] = env->recognisers[i]->state_size;
		if (i == RECOGNISERS_MAX || !defaults_make(p, env->recognisers[i], i)) {
			driver_env_close(env);
			return false;
		}
	}
	return true;
}

void driver_env_close(struct driver_env *env)
{
	struct driver_private *p = env->private;
	struct slots           slots;
	void                  *gone;

	if (!p)
		return;
	for (unsigned i = 0; i < RECOGNISERS_MAX && env->recognisers[i]; i++) {
		gone = p->defaults[i];
		slots_give(&p->slots, &gone, env->recognisers[i]->limits * sizeof(uint64_t));
	}
	gone = p->bucket;
	slots_give(&p->slots, &gone, p->buckets * sizeof(struct entry *));
	arena_close(&p->cut);
	slots = p->slots;
	gone = p;
	slots_give(&slots, &gone, sizeof(*p));
	slots_close(&slots);
	env->private = NULL;
}

/* Where a protocol stands in env->recognisers; -1 = nowhere. */
static int place_of(const struct driver_env *env, uint16_t proto)
{
	for (int i = 0; i < RECOGNISERS_MAX && env->recognisers[i]; i++)
		if (env->recognisers[i]->id == proto)
			return i;
	return -1;
}

const struct recogniser *driver_find(const struct driver_env *env, uint16_t proto)
{
	int place = place_of(env, proto);

	return place < 0 ? NULL : env->recognisers[place];
}

static void group_join(struct flow *f, struct group *group)
{
	f->group = group;
	f->group_next = group->first;
	group->first = f;
}

struct group *driver_group(struct flow *f)
{
	struct group *group = f->group;

	if (group)
		return group;
	group = slots_take(&f->env->private->slots, sizeof(*group));
	if (!group)
		return NULL;
	group->owner = f;
	group_join(f, group);
	return group;
}

/* A group lives as long as one flow does. */
static void group_leave(struct flow *f)
{
	struct group *group = f->group;
	void         *gone = group;

	if (!group)
		return;
	for (struct flow **link = &group->first; *link; link = &(*link)->group_next)
		if (*link == f) {
			*link = f->group_next;
			break;
		}
	if (group->owner == f)
		group->owner = NULL;
	f->group = NULL;
	if (!group->first)
		slots_give(&f->env->private->slots, &gone, sizeof(*group));
}

/* From now on the recogniser at `place` reads this flow, with the settings its owner gives. */
static void speak(struct flow *f, int place)
{
	const struct driver_ops *ops = f->env->ops;
	const struct recogniser *r = f->env->recognisers[place];
	const struct profile    *profile = ops->profile ? ops->profile(f->user, r->id) : NULL;

	f->r = r;
	f->limit = profile && profile->limit ? profile->limit : f->env->private->defaults[place];
	f->tolerate = profile ? profile->tolerate : 0;
	f->wanted = profile ? profile->wanted : 0;
	f->interfaces = profile ? profile->interfaces : NULL;
}

/* A stream may switch to any protocol of streams: its state is as large as the largest of them. */
static size_t flow_size(const struct driver_env *env, bool datagram)
{
	return sizeof(struct flow) + env->private->state_most[datagram];
}

struct flow *driver_open(struct driver_env *env, uint16_t proto, struct group *group, void *user)
{
	int          place = place_of(env, proto);
	struct flow *f = place < 0 ? NULL : slots_take(&env->private->slots, flow_size(env, env->recognisers[place]->datagram));

	if (!f)
		return NULL;
	f->env = env;
	f->user = user;
	speak(f, place);
	if (group)
		group_join(f, group);
	return f;
}

void driver_look_again(struct flow *f)
{
	for (int side = 0; side < 2; side++) {
		f->lane[side].need = f->lane[side].seen = 0;
		f->lane[side].waiting = false;
		f->lane[side].stirred = true;
	}
}

void driver_switch(struct flow *f, uint16_t proto)
{
	int place = place_of(f->env, proto);

	if (place < 0 || f->env->recognisers[place]->datagram != f->r->datagram)
		abort();
	tables_free(f);
	gathers_free(f);
	speak(f, place);
	memset(f->state, 0, f->env->private->state_most[f->r->datagram]);
	/* What the old protocol had judged and dialled is not the new one's. */
	for (int side = 0; side < 2; side++) {
		f->lane[side].routed = false;
		f->lane[side].event = EVENT_NONE;
	}
	driver_look_again(f);
}

/* Whether the server stands in the middle of what the client sends. */
static bool server_inside(const struct flow *f)
{
	const struct lane *client = &f->lane[SIDE_CLIENT];

	return client->inside || (client->opaque && client->opaque != OPAQUE_MAX);
}

static void end_one(struct flow *f, uint16_t why)
{
	struct ending ending = {.why = why, .server_inside = server_inside(f)};

	if (f->ended)
		return;
	driver_drop_answers(f, "the connection ended first");
	f->ended = true;
	f->env->ops->end(f->user, &ending);
}

void driver_end(struct flow *f, uint16_t why)
{
	struct group *group = f->group;

	end_one(f, why);
	if (!group || group->owner != f)
		return;
	for (struct flow *leg = group->first; leg; leg = leg->group_next)
		end_one(leg, R_GROUP_ENDED);
}

void driver_close(struct flow **flow)
{
	struct flow *f = *flow;
	void        *gone = f;

	if (!f)
		return;
	if (f->group && f->group->owner == f)
		for (struct flow *leg = f->group->first; leg; leg = leg->group_next)
			if (leg != f)
				end_one(leg, R_GROUP_ENDED);
	driver_drop_answers(f, "the connection ended first");
	driver_unreserve(f->env->private);
	tables_free(f);
	gathers_free(f);
	group_leave(f);
	slots_give(&f->env->private->slots, &gone, flow_size(f->env, f->r->datagram));
	*flow = NULL;
}

/* Lanes that wait are to be run again; whether there are any. */
static bool stir(struct flow *f)
{
	bool any = false;

	for (int side = 0; side < 2; side++)
		if (f->lane[side].waiting)
			any = f->lane[side].stirred = true;
	return any;
}

void driver_stir(struct flow *f)
{
	stir(f);
	if (!f->group)
		return;
	for (struct flow *leg = f->group->first; leg; leg = leg->group_next)
		if (leg != f && !leg->ended && stir(leg))
			f->env->ops->wake(leg->user);
}

uint64_t driver_deadline(const struct flow *f)
{
	uint64_t due = UINT64_MAX;

	for (int side = 0; side < 2 && !f->ended; side++)
		if (f->lane[side].waiting && f->lane[side].deadline < due)
			due = f->lane[side].deadline;
	return due;
}

void driver_abort(struct flow *f, uint16_t why)
{
	struct cx *cx = driver_cx(f, SIDE_CLIENT);

	if (f->ended)
		return;
	driver_unreserve(f->env->private);
	cx->fault = (struct fault){.why = why, .node = WIRE_NO_NODE};
	f->r->deny(f->state, NULL, cx);
	/* Nobody asked, so there is no question that an answer could outgrow: a datagram gets none. */
	driver_give_answer(f, SIDE_CLIENT, 0);
	driver_end(f, why);
}

uint64_t driver_need(const struct flow *flow, enum side from)
{
	return flow->lane[from].need;
}

bool driver_waiting(const struct flow *flow, enum side from)
{
	return flow->lane[from].waiting;
}

bool driver_between(const struct flow *flow)
{
	return !server_inside(flow);
}

uint64_t driver_opaque_left(const struct flow *flow, enum side from)
{
	return flow->lane[from].opaque;
}

uint64_t driver_offset(const struct flow *flow, enum side from)
{
	return flow->lane[from].offset;
}

const struct recogniser *driver_protocol(const struct flow *flow)
{
	return flow->r;
}

bool driver_tainted(const struct flow *flow)
{
	return flow->tainted;
}
