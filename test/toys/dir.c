/*
 * A directory: requests by id in a contract table, results with a long opaque entry.
 * request = op id      op: S search, M modify, B (its denial is 4000 bytes long); id: any byte; A id abandons (no slot, no answer)
 * answer  = "e" id length(1 byte) entry | "d" id (done) | "t" id (sealed from here on)     our own: "x" id
 */
#include "test/toys/toys.h"

#include <string.h>

struct dir_unit {
	uint8_t from, op, id;
};

struct dir_entry {
	uint8_t op;
};

enum { DIR_OUTSTANDING = 0 };

static struct step request(const struct dir_unit *u, const struct in *in, struct cx *cx)
{
	toy_fact(cx, 0, u->op);
	if (u->op == 'A')
		return step_unit(2, 0);
	if (u->op != 'S' && u->op != 'M' && u->op != 'B')
		return toy_refuse(cx, in, T_OP, 0, 2, "op");
	if (table_get(cx, DIR_OUTSTANDING, u->id))
		return toy_refuse(cx, in, T_TWICE, 1, 2, "id");
	if (!table_room(cx, DIR_OUTSTANDING)) {
		if (table_count(cx, DIR_OUTSTANDING) < cx->limit[0])
			return toy_refuse(cx, in, R_LIMIT_MEMORY, 0, 2, "op");
		return (struct step){.verb = STEP_WAIT, .ms = 1000, .why = T_FULL, .n = 2};
	}
	return step_unit(2, 0);
}

static struct step dir_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	struct dir_unit *u = unit;

	(void)state;
	u->from = (uint8_t)in->from;
	if (in->len < 2)
		return step_more(2);
	*u = (struct dir_unit){.from = (uint8_t)in->from, .op = in->bytes[0], .id = in->bytes[1]};
	if (in->from == SIDE_CLIENT)
		return request(u, in, cx);
	if (u->op != 'e' && u->op != 'd' && u->op != 't')
		return toy_refuse(cx, in, T_FRAME, 0, 0, "op");
	if (!table_get(cx, DIR_OUTSTANDING, u->id))
		return toy_refuse(cx, in, T_UNASKED, 1, u->op == 'd' ? 2 : 0, "id");
	if (u->op == 'd')
		return step_unit(2, STEP_ANSWER);
	if (u->op == 't')
		return (struct step){.verb = STEP_SWITCH, .flags = STEP_ANSWER, .n = 2, .proto = TOY_SEALED};
	if (in->len < 3)
		return step_more(3);
	return (struct step){.verb = STEP_UNIT, .flags = STEP_ANSWER, .n = 3, .opaque = in->bytes[2]};
}

static void dir_commit(void *state, const void *unit, struct cx *cx)
{
	const struct dir_unit *u = unit;

	(void)state;
	if (u->op == 'd')
		table_del(cx, DIR_OUTSTANDING, u->id);
	else if (u->from == SIDE_CLIENT && u->op != 'A')
		((struct dir_entry *)table_add(cx, DIR_OUTSTANDING, u->id))->op = u->op;
}

static bool dir_deny(void *state, const void *unit, struct cx *cx)
{
	const struct dir_unit *u = unit;
	char                   answer[4000];
	size_t                 n = u && u->op == 'B' ? sizeof(answer) : 2;

	(void)state;
	if (!u)
		return true; /* the driver knows better: framing is lost */
	if (u->from == SIDE_SERVER)
		return false;
	memset(answer, u->id, n);
	answer[0] = 'x';
	if (u->op != 'A')
		toy_answer(cx, answer, n);
	return true;
}

static const struct fact_def  facts[] = {{.name = "dir.op", .scope = FACT_OF_REQUEST}};
static const struct limit_def limits[] = {
	{.name = "dir.outstanding", .unit = "requests", .safe = 4, .least = 1, .most = 100000, .source = "made up"},
};
static const struct table_def tables[] = {{.name = "outstanding", .entry_size = sizeof(struct dir_entry), .limit = 0}};

const struct recogniser toy_dir = {
	.name = "dir",
	.id = TOY_DIR,
	.short_why = T_SHORT,
	.unit_size = sizeof(struct dir_unit),
	.tables = 1,
	.limits = 1,
	.facts = 1,
	.table = tables,
	.limit = limits,
	.fact = facts,
	.next = dir_next,
	.commit = dir_commit,
	.deny = dir_deny,
};
