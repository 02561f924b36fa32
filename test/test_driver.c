/* The driver: bytes behind a unit that waits cost nothing, and what is being dialled waits for nothing else. */
#include "proto/driver.h"
#include "test/tap.h"
#include "test/toys/toys.h"

/*
 * A toy that counts how often it is asked. request = "r", dialled once the server has said "!"; "d", dialled and then waiting; or "w", which
 * waits for a minute. answer = any byte; with "s" its twin begins.
 */
static unsigned asked;

struct lock_state {
	bool open;
};

struct lock_unit {
	uint8_t op;
};

static struct step lock_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const struct lock_state *s = state;

	asked += in->from == SIDE_CLIENT;
	if (!in->len)
		return step_more(1);
	((struct lock_unit *)unit)->op = in->bytes[0];
	if (in->from == SIDE_SERVER && in->bytes[0] == 's')
		return (struct step){.verb = STEP_SWITCH, .flags = STEP_ANSWER, .proto = PROTO_TOYS + 1, .n = 1};
	if (in->from == SIDE_SERVER)
		return step_unit(1, STEP_ANSWER);
	if (in->bytes[0] == 'w' || (in->bytes[0] == 'd' ? in->event != EVENT_NONE : !s->open))
		return (struct step){.verb = STEP_WAIT, .ms = 60000, .why = T_PACE, .n = 1};
	cx->route = (struct route){.port = 1};
	return in->event == EVENT_NONE ? (struct step){.verb = STEP_ROUTE, .n = 1} : step_unit(1, 0);
}

static void lock_commit(void *state, const void *unit, struct cx *cx)
{
	const struct lock_unit *u = unit;

	(void)cx;
	if (u->op == '!')
		((struct lock_state *)state)->open = true;
}

static bool denied_whole; /* the last denial had a unit */

static bool lock_deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)cx;
	denied_whole = unit != NULL;
	return false;
}

static const struct recogniser lock = {
	.name = "lock",
	.id = PROTO_TOYS,
	.short_why = T_SHORT,
	.state_size = sizeof(struct lock_state),
	.unit_size = sizeof(struct lock_unit),
	.next = lock_next,
	.commit = lock_commit,
	.deny = lock_deny,
};

static const struct recogniser relock = {
	.name = "relock",
	.id = PROTO_TOYS + 1,
	.short_why = T_SHORT,
	.state_size = sizeof(struct lock_state),
	.unit_size = sizeof(struct lock_unit),
	.next = lock_next,
	.commit = lock_commit,
	.deny = lock_deny,
};

/* Both directions' bytes, and what came of them. */
struct ends {
	const char *held[2];
	unsigned    dialled, refused, passed, judged, ended;
	uint16_t    why; /* of the end */
};

static const uint8_t *on_peek(void *user, enum side from, size_t *len, bool *fin)
{
	const struct ends *e = user;
	const void        *bytes = e->held[from];

	*len = strlen(e->held[from]);
	*fin = false;
	return bytes;
}

static void on_drop(void *user, enum side from, size_t n)
{
	((struct ends *)user)->held[from] += n;
}

static void on_emit(void *user, enum side from, const uint8_t *bytes, size_t n)
{
	(void)from, (void)bytes;
	((struct ends *)user)->passed += (unsigned)n;
}

static enum verdict on_judge(void *user, enum side from, const struct step *step, const struct cx *cx, uint16_t *why)
{
	(void)from, (void)step, (void)cx, (void)why;
	((struct ends *)user)->judged++;
	return VERDICT_PASS;
}

static bool on_watch(void *user, const struct report *report)
{
	(void)user, (void)report;
	return false;
}

static void on_report(void *user, const struct report *report)
{
	((struct ends *)user)->refused += report->kind == REPORT_REFUSED;
}

static void on_dial(void *user, const struct route *route)
{
	((struct ends *)user)->dialled += route->port;
}

static void on_end(void *user, const struct ending *ending)
{
	struct ends *e = user;

	e->ended++;
	e->why = ending->why;
}

static const struct recogniser *const recognisers[] = {&lock, &relock, NULL};
static const struct driver_ops        ops = {.peek = on_peek, .drop = on_drop, .emit = on_emit, .judge = on_judge, .watch = on_watch,
					     .report = on_report, .dial = on_dial, .end = on_end};
static struct clock                   now;

static void bytes_behind_a_wait(struct driver_env *env)
{
	struct ends  e = {.held = {"w", ""}};
	struct flow *f = driver_open(env, PROTO_TOYS, NULL, &e);
	unsigned     once;

	driver_turn(f, SIDE_CLIENT);
	once = asked;
	for (unsigned i = 0; i < 100; i++) {
		e.held[SIDE_CLIENT] = "wwwwww";
		driver_turn(f, SIDE_CLIENT);
	}
	tap_number(asked, once, "what waits is not read again for the bytes that come behind it");
	e.held[SIDE_SERVER] = "....";
	driver_turn(f, SIDE_SERVER);
	tap_ok(asked == once && e.passed == 4, "nor for messages of the other direction that change nothing");
	tap_number(driver_deadline(f), now.now_ms + 60000, "its clock runs from the first WAIT");
	e.held[SIDE_SERVER] = "!";
	driver_turn(f, SIDE_SERVER);
	tap_ok(asked > once && e.passed == 5, "it is read again when one changes something");
	now.now_ms += 60000;
	driver_turn(f, SIDE_CLIENT);
	tap_number(e.refused, 1, "and when its time is over, whoever calls");
	driver_close(&f);
}

static void wait_then_dial(struct driver_env *env)
{
	struct ends  e = {.held = {"r", ""}};
	struct flow *f = driver_open(env, PROTO_TOYS, NULL, &e);

	driver_turn(f, SIDE_CLIENT);
	tap_number(driver_deadline(f), now.now_ms + 60000, "a request that waits has a deadline");
	e.held[SIDE_SERVER] = "!";
	driver_turn(f, SIDE_SERVER);
	tap_number(e.dialled, 1, "then it is dialled");
	tap_number(driver_deadline(f), UINT64_MAX, "while it is dialled no deadline of the wait is left: nothing could be done at it");
	driver_dialed(f, true);
	tap_number(e.passed, 2, "then it passes");
	driver_close(&f);
}

static void dial_then_switch(struct driver_env *env)
{
	struct ends  e = {.held = {"d", ""}};
	struct flow *f = driver_open(env, PROTO_TOYS, NULL, &e);

	driver_turn(f, SIDE_CLIENT);
	driver_dialed(f, true);
	tap_ok(e.dialled == 1 && !e.passed, "a request that was dialled waits");
	e.held[SIDE_SERVER] = "s";
	driver_turn(f, SIDE_SERVER);
	tap_ok(e.dialled == 2 && e.judged == 2, "behind a switch it is judged and dialled anew: what was allowed was another protocol's");
	driver_close(&f);
}

/* The gate itself ends a flow: the recogniser says goodbye with no unit, once, whatever waits. */
static void the_gate_ends_it(struct driver_env *env)
{
	struct ends  e = {.held = {"w", ""}};
	struct flow *f = driver_open(env, PROTO_TOYS, NULL, &e);

	driver_turn(f, SIDE_CLIENT);
	tap_ok(driver_waiting(f, SIDE_CLIENT) && driver_between(f), "a unit waits, the server stands between messages");
	denied_whole = true;
	driver_abort(f, R_GATE_IDLE);
	tap_ok(e.ended == 1 && e.why == R_GATE_IDLE && !denied_whole && !e.passed, "the flow ends with the gate's reason; deny has no unit");
	driver_abort(f, R_GATE_AGE);
	tap_ok(e.ended == 1 && driver_turn(f, SIDE_CLIENT) == TURN_ENDED, "and only once");
	driver_close(&f);
}

int main(void)
{
	struct driver_env env = {.recognisers = recognisers, .ops = &ops, .clock = &now};

	if (!driver_env_open(&env))
		return 1;
	bytes_behind_a_wait(&env);
	wait_then_dial(&env);
	dial_then_switch(&env);
	the_gate_ends_it(&env);
	driver_env_close(&env);
	return tap_done();
}
