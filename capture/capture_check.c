/* A sink that aborts when a call breaks the reader's promises, and folds all calls into one number.
 *
 * Input from: the reader under test. Limits: those of the reader.
 */
#include "capture/capture_check.h"

#include <stdlib.h>
#include <string.h>

struct checked_flow {
	bool ended[2]; /* fin or ambiguous was called */
	bool ignored;
};

/* Our own promise is broken: the process ends here. */
static void must(bool good)
{
	if (!good)
		abort();
}

static void fold(struct capture_check *check, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		check->digest = (check->digest ^ p[i]) * 0x100000001b3u;
}

/* One call with its number; the flow's key stands for the flow. */
static void fold_call(struct capture_check *check, const struct capture_flow *flow, uint64_t call, uint64_t number)
{
	uint64_t all[2] = {call, number};

	fold(check, all, sizeof(all));
	fold(check, capture_flow_key(flow), sizeof(struct capture_key));
}

static struct checked_flow *expect(struct capture_check *check, struct capture_flow *flow, enum capture_side from, uint64_t call,
				   const struct capture_packet *packet)
{
	struct checked_flow *f = capture_flow_user(flow);

	must(f && !f->ignored && (from == CAPTURE_CLIENT || from == CAPTURE_SERVER));
	must(packet->number > 0);
	must(!f->ended[from]);
	fold_call(check, flow, call * 2 + from, packet->number);
	return f;
}

static void on_open(void *ctx, struct capture_flow *flow)
{
	struct capture_check *check = ctx;
	struct checked_flow  *f = calloc(1, sizeof(*f));

	must(!capture_flow_user(flow) && f);
	check->opened++;
	fold_call(check, flow, 1, capture_flow_began_midway(flow));
	if (check->ignore_every && check->opened % check->ignore_every == 0) {
		f->ignored = true;
		capture_flow_ignore(flow);
	}
	capture_flow_set_user(flow, f);
}

static void on_data(void *ctx, struct capture_flow *flow, enum capture_side from, const uint8_t *bytes, size_t n,
		    const struct capture_packet *packet)
{
	struct capture_check *check = ctx;

	expect(check, flow, from, 2, packet);
	must(n || capture_flow_key(flow)->protocol == 17);
	fold(check, bytes, n);
	check->fed += n;
}

static void on_gap(void *ctx, struct capture_flow *flow, enum capture_side from, uint64_t missing, const struct capture_packet *packet)
{
	struct capture_check *check = ctx;

	expect(check, flow, from, 3, packet);
	must(missing > 0 && missing < (uint64_t)1 << 31);
	fold(check, &missing, sizeof(missing));
}

static void on_ambiguous(void *ctx, struct capture_flow *flow, enum capture_side from, const struct capture_packet *packet)
{
	expect(ctx, flow, from, 4, packet)->ended[from] = true;
}

static void on_fin(void *ctx, struct capture_flow *flow, enum capture_side from, const struct capture_packet *packet)
{
	must(capture_flow_key(flow)->protocol == 6);
	expect(ctx, flow, from, 5, packet)->ended[from] = true;
}

static void on_close(void *ctx, struct capture_flow *flow, bool reset)
{
	struct capture_check *check = ctx;

	must(capture_flow_user(flow));
	fold_call(check, flow, 6, reset);
	check->closed++;
	free(capture_flow_user(flow));
}

void capture_check_run(struct capture_check *check, const void *bytes, size_t n, const struct capture_options *options, uint64_t batch)
{
	const struct capture_sink sink = {.ctx = check, .open = on_open, .data = on_data, .gap = on_gap,
					  .ambiguous = on_ambiguous, .fin = on_fin, .close = on_close};
	FILE           *file = fmemopen((void *)(uintptr_t)bytes, n, "rb");
	struct capture *c;
	char            err[300];

	check->digest = 0xcbf29ce484222325u;
	must(file);
	c = capture_open(file, options, &sink, err, sizeof(err));
	check->readable = c;
	if (!c) {
		must(err[0]);
		fclose(file);
		return;
	}
	while ((check->end = capture_run(c, batch)) == CAPTURE_MORE)
		;
	must(check->opened == check->closed);
	must((check->end == CAPTURE_WHOLE) == !capture_note(c)[0]);
	check->counts = *capture_counts_of(c);
	must(check->counts.flows == check->opened + check->counts.flows_silent);
	capture_close(&c);
}
