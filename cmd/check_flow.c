/* Carries the bytes of captured flows to the driver, and counts what never gets there. */
#include <string.h>

#include "base/hash.h"
#include "cmd/check.h"
#include "policy/policy.h"

/* Flow ids are names, not a table's keys: the same file gives the same ids. */
static const struct hash_key id_key = {0x73616c6c79706f72, 0x742d666c6f772d31};
#define FLOW_ID_MASK ((UINT64_C(1) << 53) - 1)

static struct address address_of(const struct capture_key *key, bool client)
{
	struct address a = {.family = key->version == 6 ? 6 : 4, .port = client ? key->client_port : key->server_port};

	memcpy(a.ip, client ? key->client : key->server, sizeof(a.ip));
	return a;
}

static enum side side_of(const struct check_flow *f, enum capture_side from)
{
	return (from == CAPTURE_CLIENT) != f->swapped ? SIDE_CLIENT : SIDE_SERVER;
}

/* Nothing more of this flow is read; what it holds and all that follows is unseen. */
static void flow_stop(struct check_flow *f, enum unseen why)
{
	if (f->stop)
		return;
	f->stop = (uint8_t)why;
	for (int i = 0; i < 2; i++) {
		size_t len;

		bytes_peek(&f->side[i], &len);
		f->after_stop += len;
		f->side[i].accounted += len;
		bytes_free(f->check, &f->side[i]);
	}
	driver_close(&f->driver);
}

/* Nothing is known of what was said before the first byte here. */
static bool begins_blind(const struct capture_flow *cf, bool datagram, enum side from)
{
	return datagram ? from == SIDE_SERVER : capture_flow_began_midway(cf);
}

/* `arrival` is NULL for a flow to no service of the policy. */
static struct check_flow *flow_new(struct check *check, const struct capture_key *key, struct guess guess, const struct policy_arrival *arrival)
{
	int                place = protocol_place(guess.proto);
	struct check_flow *f = place < 0 ? NULL : slots_take(&check->slots, sizeof(*f));
	void              *gone = f;

	if (!f)
		return NULL;
	f->check = check;
	f->driver = !arrival || policy_flow_take(f, arrival) ? driver_open(&check->env, guess.proto, NULL, f) : NULL;
	if (!f->driver) {
		policy_flow_give(f);
		slots_give(&check->slots, &gone, sizeof(*f));
		return NULL;
	}
	f->r = driver_protocol(f->driver);
	f->tally = &check->totals.tally[place];
	f->tally->flows++;
	f->swapped = guess.swapped;
	f->client = address_of(key, !guess.swapped);
	f->server = address_of(key, guess.swapped);
	f->ip_protocol = key->protocol;
	f->datagram = f->r->datagram;
	f->first_us = check->packet.ts_us;
	f->first_packet = check->packet.number;
	f->id = hash_pair(&id_key, hash_bytes(&id_key, key, sizeof(*key)), check->packet.number + (check->file_number << 40)) &
		FLOW_ID_MASK;
	return f;
}

/* A flow that nobody here can read. */
static void flow_refuse(struct check *check, struct capture_flow *cf, bool known)
{
	const struct capture_key *key = capture_flow_key(cf);

	capture_flow_ignore(cf);
	if (known) {
		check->totals.unseen_flows[UNSEEN_MEMORY]++;
		return;
	}
	check->totals.uncovered++;
	check->totals.uncovered_port[key->protocol == 17][key->server_port]++;
}

/* A service that the flow goes to says what is spoken. Where nobody knows who began, either end may be its server. */
static bool policy_claims(struct check *check, const struct capture_key *key, bool midway, struct guess *guess, struct policy_arrival *arrival)
{
	bool udp = key->protocol == 17;

	for (int turned = 0; turned <= (udp || midway); turned++) {
		bool           swapped = guess->swapped != (turned != 0);
		struct address client = address_of(key, !swapped), server = address_of(key, swapped);

		if (!policy_finds(check, &client, &server, udp, guess->proto, arrival))
			continue;
		*guess = (struct guess){arrival->proto, swapped};
		return true;
	}
	return false;
}

static struct check_flow *flow_begin(struct check *check, struct capture_flow *cf, enum capture_side from, const uint8_t *bytes,
				     size_t n)
{
	const struct capture_key *key = capture_flow_key(cf);
	enum side                 side = from == CAPTURE_CLIENT ? SIDE_CLIENT : SIDE_SERVER;
	bool                      midway = capture_flow_began_midway(cf);
	struct guess              guess = guess_protocol(check, key, midway, side, bytes, n);
	struct policy_arrival     arrival;
	bool                      claimed = policy_claims(check, key, midway, &guess, &arrival);
	const struct recogniser  *r = driver_find(&check->env, guess.proto);
	struct check_flow        *f = NULL;

	if (r && (r->datagram == (key->protocol == 17) || r->id == PROTO_OPAQUE_TLS))
		f = flow_new(check, key, guess, claimed ? &arrival : NULL);
	if (!f) {
		flow_refuse(check, cf, r != NULL);
		return NULL;
	}
	f->midway = f->blind = begins_blind(cf, f->datagram, side_of(f, from));
	check->totals.midway += f->midway;
	policy_flow_count(check, f);
	capture_flow_set_user(cf, f);
	return f;
}

static void flow_turn(struct check_flow *f, enum side side)
{
	enum turn turn;

	if (driver_deadline(f->driver) <= f->check->clock.now_ms)
		driver_expire(f->driver);
	do {
		turn = driver_turn(f->driver, side);
		while (f->dialing && turn != TURN_ENDED) {
			f->dialing = false;
			turn = driver_dialed(f->driver, true);
		}
	} while (turn == TURN_AGAIN);
}

/* Time and packet of what is happening now. */
static void note_packet(struct check *check, const struct capture_packet *packet)
{
	uint64_t now = packet->ts_us / 1000;

	check->packet = *packet;
	if (now > check->clock.now_ms)
		check->clock.now_ms = now;
}

/* A side that began before the capture is read only from the start of a message on. */
static bool begins_inside(struct check_flow *f, enum side side, const uint8_t *bytes, size_t n)
{
	bool first = !f->side[side].started;

	f->side[side].started = true;
	return first && f->midway && !f->datagram && !guess_is_boundary(f->r->id, side, bytes, n);
}

static void flow_data(struct check_flow *f, enum side from, const uint8_t *bytes, size_t n)
{
	struct side_bytes *side = &f->side[from];

	f->last_us = f->check->packet.ts_us;
	f->last_packet = f->check->packet.number;
	if (!f->stop && begins_inside(f, from, bytes, n)) {
		flow_stop(f, UNSEEN_MIDWAY);
		f->check->totals.midway--;
	}
	if (f->stop) {
		side->fed += n;
		side->accounted += n;
		f->after_stop += n;
		return;
	}
	if (!bytes_feed(f->check, side, bytes, n)) {
		side->accounted += n;
		f->after_stop += n;
		flow_stop(f, UNSEEN_MEMORY);
		return;
	}
	flow_turn(f, from);
	if (f->ended)
		flow_stop(f, UNSEEN_ENDED);
	else if (f->datagram)
		bytes_free(f->check, side);
	else if (!bytes_keep(f->check, side))
		flow_stop(f, UNSEEN_MEMORY);
}

/* The flow of an event; begun with its first one. NULL: nobody here reads it. */
static struct check_flow *flow_at(struct check *check, struct capture_flow *cf, enum capture_side from, const uint8_t *bytes,
				  size_t n, const struct capture_packet *packet)
{
	struct check_flow *f = capture_flow_user(cf);

	note_packet(check, packet);
	return f ? f : flow_begin(check, cf, from, bytes, n);
}

static void on_open(void *ctx, struct capture_flow *cf)
{
	(void)ctx, (void)cf; /* the first bytes decide */
}

static void on_data(void *ctx, struct capture_flow *cf, enum capture_side from, const uint8_t *bytes, size_t n,
		    const struct capture_packet *packet)
{
	struct check_flow *f = flow_at(ctx, cf, from, bytes, n, packet);

	if (f && n)
		flow_data(f, side_of(f, from), bytes, n);
}

/* A stream is not read behind a gap: where the next message begins is not guessed. */
static void on_gap(void *ctx, struct capture_flow *cf, enum capture_side from, uint64_t missing, const struct capture_packet *packet)
{
	struct check_flow *f = flow_at(ctx, cf, from, NULL, 0, packet);

	if (!f)
		return;
	if (f->datagram) {
		f->blind = true;
		f->datagrams_cut_bytes += missing;
		return;
	}
	flow_stop(f, UNSEEN_GAP);
	f->after_stop += missing;
}

static void on_ambiguous(void *ctx, struct capture_flow *cf, enum capture_side from, const struct capture_packet *packet)
{
	struct check_flow *f = flow_at(ctx, cf, from, NULL, 0, packet);

	if (!f)
		return;
	print_capture_refusal(f, R_CAPTURE_AMBIGUOUS, side_of(f, from));
	flow_stop(f, UNSEEN_AMBIGUOUS);
}

static void on_fin(void *ctx, struct capture_flow *cf, enum capture_side from, const struct capture_packet *packet)
{
	struct check      *check = ctx;
	struct check_flow *f = capture_flow_user(cf);

	note_packet(check, packet);
	if (!f || f->stop)
		return;
	f->side[side_of(f, from)].fin = true;
	flow_turn(f, side_of(f, from));
	if (f->ended)
		flow_stop(f, UNSEEN_ENDED);
}

/* Bytes of a kind, and that this flow had some. */
static void add_unseen(struct totals *t, enum unseen kind, uint64_t bytes)
{
	t->unseen_bytes[kind] += bytes;
	t->unseen_flows[kind]++;
}

static void flow_count(struct check_flow *f)
{
	struct totals *t = &f->check->totals;
	uint64_t       tail = 0, opaque = 0;

	for (int i = 0; i < 2; i++) {
		const struct side_bytes *side = &f->side[i];

		tail += side->hold_len;
		if (side->fed > side->accounted + side->hold_len)
			opaque += side->fed - side->accounted - side->hold_len;
		/* Payload that was announced and is not in the capture. */
		if (side->accounted > side->fed)
			f->payload -= side->accounted - side->fed < f->payload ? side->accounted - side->fed : f->payload;
	}
	if (tail)
		add_unseen(t, UNSEEN_TAIL, tail);
	if (opaque)
		add_unseen(t, f->opaque ? f->opaque : UNSEEN_SEALED, opaque);
	if (f->unread)
		add_unseen(t, UNSEEN_UNREAD, f->unread);
	t->payload += f->payload;
	t->payload_flows += f->payload > 0;
	if (f->datagrams_cut_bytes)
		add_unseen(t, UNSEEN_DATAGRAM, f->datagrams_cut_bytes);
	if (f->after_stop || (f->stop && f->stop != UNSEEN_ENDED))
		add_unseen(t, f->stop, f->after_stop);
}

static void on_close(void *ctx, struct capture_flow *cf, bool reset)
{
	struct check      *check = ctx;
	struct check_flow *f = capture_flow_user(cf);
	void              *gone = f;

	if (!f)
		return;
	capture_flow_set_user(cf, NULL);
	flow_count(f);
	check->totals.reset += reset;
	if (check->options.flows)
		print_flow_end(f, reset);
	for (int i = 0; i < 2; i++)
		bytes_free(check, &f->side[i]);
	driver_close(&f->driver);
	policy_flow_give(f);
	slots_give(&check->slots, &gone, sizeof(*f));
}

struct capture_sink check_sink(struct check *check)
{
	return (struct capture_sink){
		.ctx = check,
		.open = on_open,
		.data = on_data,
		.gap = on_gap,
		.ambiguous = on_ambiguous,
		.fin = on_fin,
		.close = on_close,
	};
}
