/* The worker's end of the control socket: lists sessions, and lends the gate's real path to probes. Input from: the operator's commands. */
#include "gate/control_msg.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "gate/worker_int.h"

/* A command that is connected. */
struct client {
	struct worker  *w;
	struct channel  channel; /* fd -1 = free */
	struct session *list; /* the next session to be listed */
	uint32_t        listed;
	bool            listing;
};

/* A probe that was announced, until its flow has ended. */
struct probe {
	bool             used;
	struct client   *client; /* whose it is; the flow does not outlive it */
	struct probe_ask ask;
	uint32_t         service;
	int              sink; /* -1 once the flow has it */
	bool             taken;
};

/* A place from which a probe's datagrams came: what is still on its way from there is no client's. */
struct former {
	struct address source;
	uint64_t       until_ms;
};

struct control {
	int               fd;
	struct client     client[CLIENTS_MAX];
	struct probe      probe[PROBES_MAX];
	struct former     former[FORMER_PROBES];
	unsigned          next_former;
	struct message_in in;
};

bool control_open(struct worker *w, int fd)
{
	/* Edge-triggered: one that cannot be taken for want of descriptors must not keep the loop busy. */
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = ABOUT_CONTROL};

	w->control = calloc(1, sizeof(*w->control));
	if (!w->control)
		return false;
	w->control->fd = fd;
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		w->control->client[i].channel.fd = -1;
	for (unsigned i = 0; i < PROBES_MAX; i++)
		w->control->probe[i].sink = -1;
	return fd < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* ---- Probes ---- */

static void probe_free(struct probe *p)
{
	if (p->sink >= 0)
		close(p->sink);
	*p = (struct probe){.sink = -1};
}

static void say(struct client *c, const struct probe_said *said)
{
	uint8_t        bytes[1024];
	struct payload payload = payload_over(bytes, sizeof(bytes));

	probe_said_write(said, &payload);
	/* A command that does not listen has its probe's flow all the same; it sees at the sink what it needs to. */
	channel_send(&c->channel, MSG_PROBE_SAYS, bytes, payload.len, -1);
}

static void deny(struct client *c, enum probe_says what, const char *text)
{
	struct probe_said said = {.what = (uint8_t)what};

	memcpy(said.text, text, strlen(text));
	say(c, &said);
}

/* The listener of the service that a probe should come to. */
static const struct listener *listener_of(const struct worker *w, uint32_t service, uint8_t transport)
{
	for (uint32_t i = 0; i < w->listeners; i++)
		if (w->listener[i].said.service == service && w->listener[i].said.transport == transport && w->listener[i].fd >= 0)
			return &w->listener[i];
	return NULL;
}

static bool is_local_socket(int fd)
{
	int       domain = 0;
	socklen_t n = sizeof(domain);

	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_UNIX;
}

static struct probe *probe_room(struct control *control)
{
	for (unsigned i = 0; i < PROBES_MAX; i++)
		if (!control->probe[i].used)
			return &control->probe[i];
	return NULL;
}

/* A probe's flow ends when its command has seen enough: units that wait, and associations, would stay for their time. */
static void end_flows(struct client *c)
{
	for (int i = 0; i < PROBES_MAX; i++) {
		struct probe *p = &c->w->control->probe[i];

		if (!p->used || p->client != c)
			continue;
		if (!p->taken)
			probe_free(p);
		else if (p->ask.transport == POLICY_UDP)
			datagrams_end_probe(c->w, i);
		else
			sessions_end_probe(c->w, i);
	}
}

static void expect(struct client *c, struct message_in *in)
{
	struct worker         *w = c->w;
	struct probe          *p = probe_room(w->control);
	struct probe_said      said = {.what = PROBE_EXPECTED};
	struct probe_ask       ask;
	const struct listener *l;
	uint32_t               service;

	if (!probe_ask_read(in, &ask) || !is_local_socket(in->fd)) {
		deny(c, PROBE_DENIED, "the probe's announcement is not well formed");
		return;
	}
	service = policy_service_by_name(&w->policy, ask.service);
	l = service == UINT32_MAX ? NULL : listener_of(w, service, ask.transport);
	if (!l) {
		deny(c, PROBE_NOT_HERE, "");
		return;
	}
	if (!p) {
		deny(c, PROBE_DENIED, "too many probes run at once");
		return;
	}
	*p = (struct probe){.used = true, .client = c, .ask = ask, .service = service, .sink = in->fd};
	in->fd = -1;
	said.at = l->said.at;
	said.proto = l->said.proto;
	say(c, &said);
}

static bool same_source(const struct address *a, const struct address *b)
{
	return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

int probe_match(struct worker *w, const struct address *source, uint32_t service, uint8_t transport)
{
	for (int i = 0; i < PROBES_MAX; i++) {
		struct probe *p = &w->control->probe[i];

		if (p->client && !p->taken && p->service == service && p->ask.transport == transport && same_source(&p->ask.source, source)) {
			p->taken = true;
			return i;
		}
	}
	return -1;
}

bool probe_was(const struct worker *w, const struct address *source)
{
	for (unsigned i = 0; i < PROBES_MAX; i++)
		if (w->control->probe[i].used && !w->control->probe[i].taken && same_source(&w->control->probe[i].ask.source, source))
			return false; /* the next one has come to the same port */
	for (unsigned i = 0; i < FORMER_PROBES; i++) {
		const struct former *f = &w->control->former[i];

		if (f->until_ms > w->clock.now_ms && same_source(&f->source, source))
			return true;
	}
	return false;
}

static void remember(struct worker *w, const struct probe *p)
{
	struct former *f = &w->control->former[w->control->next_former++ % FORMER_PROBES];

	*f = (struct former){.source = p->ask.source, .until_ms = w->clock.now_ms + FORMER_MS};
}

void probe_arrival(struct worker *w, int probe, struct policy_arrival *arrival)
{
	const struct probe_ask *ask = &w->control->probe[probe].ask;

	if (ask->as.family)
		arrival->source = ask->as;
}

int probe_take_sink(struct worker *w, int probe)
{
	int fd = w->control->probe[probe].sink;

	w->control->probe[probe].sink = -1;
	return fd;
}

void probe_says_taken(struct worker *w, int probe, uint64_t flow_id)
{
	struct probe_said said = {.what = PROBE_TAKEN, .flow_id = flow_id};

	if (w->control->probe[probe].client)
		say(w->control->probe[probe].client, &said);
}

void probe_says_report(struct worker *w, int probe, const struct report *report)
{
	struct probe_said said = {.what = PROBE_REPORT,
				  .why = report->fault->why,
				  .report = (uint8_t)report->kind,
				  .from = (uint8_t)report->from,
				  .offset = report->fault->at};

	fault_path(report->fault, said.text, sizeof(said.text));
	if (w->control->probe[probe].client)
		say(w->control->probe[probe].client, &said);
}

void probe_says_turn(const struct conversation *c)
{
	struct probe_said said = {.what = PROBE_TURN};
	struct client    *client = c->w->control->probe[c->probe].client;

	for (int i = 0; i < 2; i++) {
		said.received[i] = c->bytes[i];
		said.taken[i] = driver_offset(c->flow, (enum side)i);
		said.forwarded[i] = c->forwarded[i];
	}
	if (client)
		say(client, &said);
}

void probe_says_ended(struct worker *w, int probe, uint16_t why)
{
	struct probe_said said = {.what = PROBE_ENDED, .why = why};
	struct probe     *p = &w->control->probe[probe];

	if (p->client)
		say(p->client, &said);
	if (p->ask.transport == POLICY_UDP)
		remember(w, p);
	probe_free(p);
}

/* ---- Sessions ---- */

static uint8_t phase_shown(const struct session *s)
{
	static const uint8_t shown[] = {[PHASE_FIRST] = SHOWN_FIRST, [PHASE_CONNECT] = SHOWN_CONNECT, [PHASE_IDLE] = SHOWN_OPEN,
					[PHASE_LINGER] = SHOWN_CLOSING};

	return shown[s->phase];
}

static bool send_row(struct client *c, const struct session *s)
{
	struct policy_text name = c->w->service[s->c.policy.arrival.service].said.name;
	uint8_t            bytes[1024];
	struct payload     payload = payload_over(bytes, sizeof(bytes));
	struct session_row row = {.id = s->c.id,
				  .ip_protocol = IPPROTO_TCP,
				  .proto = driver_protocol(s->c.flow)->id,
				  .client = s->c.source,
				  .server = conversation_server(&s->c),
				  .age_ms = c->w->wall_us > s->c.began_us ? (c->w->wall_us - s->c.began_us) / 1000 : 0, /* the clock may have been set back */
				  .bytes = {s->c.bytes[0], s->c.bytes[1]},
				  .units = {s->c.units[0], s->c.units[1]},
				  .refusals = s->c.refusals,
				  .held = s->side[0].hold_len + s->side[1].hold_len + s->side[0].out_len + s->side[1].out_len,
				  .phase = phase_shown(s),
				  .probe = s->c.probe >= 0};

	memcpy(row.service, name.text, name.len < CONTROL_NAME_MAX ? name.len : CONTROL_NAME_MAX);
	session_row_write(&row, &payload);
	return channel_send(&c->channel, MSG_SESSION, bytes, payload.len, -1) == CHANNEL_SENT;
}

/* As many rows as the client takes now. */
static void list_on(struct client *c)
{
	uint8_t        bytes[4];
	struct payload payload = payload_over(bytes, sizeof(bytes));

	while (c->list && send_row(c, c->list)) {
		c->listed++;
		c->list = c->list->next;
	}
	if (c->list)
		return;
	payload_le32(&payload, c->listed);
	if (channel_send(&c->channel, MSG_LIST_END, bytes, payload.len, -1) == CHANNEL_SENT)
		c->listing = false;
}

void control_forget(struct worker *w, const struct session *s)
{
	for (unsigned i = 0; w->control && i < CLIENTS_MAX; i++)
		if (w->control->client[i].list == s)
			w->control->client[i].list = s->next;
}

/* ---- Connections ---- */

static void client_close(struct client *c)
{
	end_flows(c);
	channel_close(&c->channel);
	c->list = NULL;
	c->listing = false;
}

static void greet(struct client *c)
{
	uint8_t        bytes[64];
	struct payload payload = payload_over(bytes, sizeof(bytes));

	payload_text(&payload, "sallyport 1", 11, 32);
	payload_u8(&payload, PARTY_WORKER);
	payload_u8(&payload, (uint8_t)c->w->config->group);
	if (channel_send(&c->channel, MSG_HELLO, bytes, payload.len, -1) != CHANNEL_SENT)
		client_close(c);
}

static struct client *client_room(struct control *control)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (control->client[i].channel.fd < 0)
			return &control->client[i];
	return NULL;
}

static void accept_client(struct worker *w, int fd)
{
	struct client     *c = client_room(w->control);
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};

	if (!c) {
		close(fd);
		return;
	}
	*c = (struct client){.w = w, .channel = {.fd = fd, .self = PARTY_WORKER, .peer = PARTY_CLIENT}};
	event.data.u64 = (uint64_t)(uintptr_t)c | ABOUT_CONTROL_CLIENT;
	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		client_close(c);
	else
		greet(c);
}

static void accept_clients(struct worker *w)
{
	int fd;

	while ((fd = accept4(w->control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		accept_client(w, fd);
}

static void client_event(struct client *c)
{
	struct message_in *in = &c->w->control->in;
	enum channel_got   got = CHANNEL_MESSAGE;

	while (c->channel.fd >= 0 && (got = channel_recv(&c->channel, in)) == CHANNEL_MESSAGE) {
		if (in->type == MSG_LIST) {
			c->list = c->w->sessions;
			c->listed = 0;
			c->listing = true;
		} else if (in->type == MSG_PROBE) {
			end_flows(c);
			expect(c, in);
		}
		if (in->fd >= 0)
			close(in->fd);
	}
	if (got != CHANNEL_AGAIN)
		client_close(c);
	else if (c->listing)
		list_on(c);
}

void control_event(struct worker *w, enum about about, void *what)
{
	if (about == ABOUT_CONTROL)
		accept_clients(w);
	else
		client_event(what);
}

void control_close(struct worker *w)
{
	for (unsigned i = 0; w->control && i < CLIENTS_MAX; i++)
		if (w->control->client[i].channel.fd >= 0)
			client_close(&w->control->client[i]);
	for (unsigned i = 0; w->control && i < PROBES_MAX; i++)
		if (w->control->probe[i].sink >= 0)
			probe_free(&w->control->probe[i]);
	free(w->control);
	w->control = NULL;
}
