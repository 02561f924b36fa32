/* The gate's small parts: timers, the counts of sources, the line for memory, addresses, and the messages of the control socket. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "gate/control_msg.h"
#include "gate/worker_int.h"
#include "test/tap.h"

/* ---- Timers: the sessions here are real, but everything else of the gate stays away from them ---- */

enum { SESSIONS = 8 };

static struct worker  w;
static struct session s[SESSIONS];

static void timers_begin(void)
{
	free(w.queue);
	memset(&w, 0, sizeof(w));
	memset(s, 0, sizeof(s));
	for (unsigned i = 0; i < SESSIONS; i++)
		s[i].c.w = &w;
}

static void test_queues(void)
{
	struct timer_queue *a, *b, *c;

	timers_begin();
	tap_ok(timers_wait(&w) == -1, "without queues there is nothing to wait for");
	a = timer_queue_for(&w, TIMER_PHASE, 100);
	b = timer_queue_for(&w, TIMER_PHASE, 200);
	c = timer_queue_for(&w, TIMER_AGE, 100);
	tap_ok(a && b && c && a != b && a != c, "one queue per duration and kind");
	tap_ok(timer_queue_for(&w, TIMER_PHASE, 100) == a && timer_queue_for(&w, TIMER_AGE, 100) == c, "asked for again it is the same");
	timer_set(&w, &s[0].timer[TIMER_AGE], timer_queue_for(&w, TIMER_AGE, UINT64_C(365) * 86400000));
	tap_ok(s[0].timer[TIMER_AGE].due_ms == UINT64_C(365) * 86400000, "a year, the longest that a policy may say, is a year");
	timer_clear(&s[0].timer[TIMER_AGE]);
	for (uint64_t ms = 1000; timer_queue_for(&w, TIMER_PHASE, ms); ms++)
		;
	tap_ok(w.queues == POLICY_SERVICES_MAX * 6 + 8, "as many as all services need, then no more");
	tap_ok(timers_wait(&w) == -1, "and still there is nothing to wait for");
}

static void test_order(void)
{
	struct timer_queue *a, *b;

	timers_begin();
	a = timer_queue_for(&w, TIMER_PHASE, 100);
	b = timer_queue_for(&w, TIMER_PHASE, 30);
	w.clock.now_ms = 1000;
	timer_set(&w, &s[0].timer[TIMER_PHASE], a);
	w.clock.now_ms = 1010;
	timer_set(&w, &s[1].timer[TIMER_PHASE], a);
	tap_ok(a->head.next == &s[0].timer[TIMER_PHASE] && a->head.prev == &s[1].timer[TIMER_PHASE], "first in, first due");
	tap_number((uint64_t)timers_wait(&w), 90, "the wait is the first one's rest");
	timer_set(&w, &s[2].timer[TIMER_PHASE], b);
	tap_number((uint64_t)timers_wait(&w), 30, "a shorter duration, set later, is due before");
	timer_set(&w, &s[0].timer[TIMER_PHASE], a);
	tap_ok(a->head.next == &s[1].timer[TIMER_PHASE] && a->head.prev == &s[0].timer[TIMER_PHASE], "set again it stands last");
	timer_set(&w, &s[1].timer[TIMER_PHASE], b);
	tap_ok(a->head.next == &s[0].timer[TIMER_PHASE] && b->head.prev == &s[1].timer[TIMER_PHASE], "set for another duration it changes the queue");
	timer_clear(&s[2].timer[TIMER_PHASE]);
	timer_clear(&s[2].timer[TIMER_PHASE]);
	tap_ok(b->head.next == &s[1].timer[TIMER_PHASE] && !s[2].timer[TIMER_PHASE].next, "cleared twice it is gone once");
	w.clock.now_ms = 5000;
	tap_number((uint64_t)timers_wait(&w), 0, "what is overdue waits for nothing");
	timer_clear(&s[0].timer[TIMER_PHASE]);
	timer_clear(&s[1].timer[TIMER_PHASE]);
	tap_ok(timers_wait(&w) == -1, "and then there is none");
	w.clock.now_ms = 0;
	timer_set(&w, &s[0].timer[TIMER_PHASE], timer_queue_for(&w, TIMER_PHASE, 3600000));
	tap_number((uint64_t)timers_wait(&w), 60000, "a wait is at most a minute");
}

/* A dead session's timer does nothing but leave its queue: session_timer of an ended one is inert. */
static void test_firing(void)
{
	struct timer_queue *tick;
	unsigned            left = 0;

	timers_begin();
	tick = timer_queue_for(&w, TIMER_TICK, 250);
	for (unsigned i = 0; i < SESSIONS; i++) {
		s[i].ended = s[i].dead = true;
		timer_set(&w, &s[i].timer[TIMER_TICK], tick);
	}
	w.clock.now_ms = 249;
	timers_run(&w, 100);
	tap_ok(tick->head.next == &s[0].timer[TIMER_TICK], "not a moment too early");
	w.clock.now_ms = 250;
	timers_run(&w, 3);
	tap_ok(tick->head.next == &s[3].timer[TIMER_TICK] && !s[2].timer[TIMER_TICK].next, "at most as many as asked for, in their order");
	timer_clear(&s[4].timer[TIMER_TICK]);
	timers_run(&w, 100);
	for (unsigned i = 0; i < SESSIONS; i++)
		left += s[i].timer[TIMER_TICK].next != NULL;
	tap_ok(!left && tick->head.next == &tick->head && tick->head.prev == &tick->head, "with one cleared in between, all the others have fired");
}

/* ---- Sources ---- */

static struct address ip(const char *text)
{
	struct address a = {.family = strchr(text, ':') ? 6 : 4, .port = 1};

	inet_pton(a.family == 6 ? AF_INET6 : AF_INET, text, a.ip);
	return a;
}

static bool add(struct sources *sources, const char *text, uint32_t service, uint64_t most)
{
	struct address a = ip(text);

	return sources_add(sources, &a, POLICY_TCP, service, most);
}

static void take(struct sources *sources, const char *text, uint32_t service)
{
	struct address a = ip(text);

	sources_remove(sources, &a, POLICY_TCP, service);
}

static void test_sources(void)
{
	struct hash_key key = {0};
	struct sources *c = sources_open(&key);
	struct address  datagrams;

	tap_ok(add(c, "10.0.0.1", 0, 2) && add(c, "10.0.0.1", 0, 2) && !add(c, "10.0.0.1", 0, 2), "as many as it may, and no more");
	tap_ok(add(c, "10.0.0.2", 0, 2) && add(c, "10.0.0.1", 1, 2), "another source and another service are counted apart");
	datagrams = ip("10.0.0.1");
	tap_ok(sources_add(c, &datagrams, POLICY_UDP, 0, 1) && !sources_add(c, &datagrams, POLICY_UDP, 0, 1), "and so are datagrams");
	take(c, "10.0.0.1", 0);
	tap_ok(add(c, "10.0.0.1", 0, 2) && !add(c, "10.0.0.1", 0, 2), "one that has ended makes room for one");
	tap_ok(add(c, "2001:db8:0:1::1", 0, 2) && add(c, "2001:db8:0:1:ffff::2", 0, 2) && !add(c, "2001:db8:0:1::3", 0, 2), "IPv6 is counted by /64");
	tap_ok(add(c, "2001:db8:0:2::1", 0, 2), "the next /64 is another source");
	take(c, "2001:db8:0:1::77", 0);
	tap_ok(add(c, "2001:db8:0:1::88", 0, 2), "and any address of a /64 stands for it");
	/* 10.0.0.1 and a00:1:: have the same first bytes. */
	tap_ok(add(c, "10.9.8.7", 5, 1) && add(c, "a09:807::", 5, 1), "an IPv4 address is no IPv6 one with the same bytes");
	take(c, "192.0.2.1", 0);
	tap_ok(!add(c, "192.0.2.1", 0, 0) && add(c, "192.0.2.1", 0, 1), "nobody's end changes nothing");
	for (unsigned i = 0; i < 20000; i++) {
		struct address a = {.family = 4, .ip = {172, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};

		sources_add(c, &a, POLICY_TCP, 9, 1);
	}
	tap_ok(!add(c, "172.0.0.9", 9, 1) && !add(c, "172.0.78.31", 9, 1) && add(c, "172.0.78.32", 9, 1), "more sources than buckets");
	sources_close(&c);
	tap_ok(!c, "all of it is given back");
}

/* ---- Memory for large units ---- */

static void reserve_begin(size_t cap)
{
	timers_begin();
	w.reserve_last = &w.reserve_first;
	w.reserve_cap = cap;
}

static void test_reserve(void)
{
	reserve_begin(100);
	tap_ok(reserve_ask(&s[0], SIDE_CLIENT, 60) && w.reserved == 60, "who asks first has it");
	tap_ok(!reserve_ask(&s[1], SIDE_CLIENT, 60) && s[1].side[SIDE_CLIENT].reserving && w.reserve_first == &s[1], "the second waits");
	tap_ok(!reserve_ask(&s[2], SIDE_SERVER, 30) && w.reserve_first == &s[1], "a smaller one does not overtake it, though there is room");
	tap_ok(!reserve_ask(&s[1], SIDE_SERVER, 50) && w.reserve_first == &s[1] && s[1].reserve_next == &s[2], "who waits already does not stand there twice");
	reserve_release(&w, 60);
	tap_ok(w.run == &s[1] && !s[1].side[SIDE_CLIENT].reserving && w.reserved == 0, "room: the first is called");
	tap_ok(!reserve_ask(&s[2], SIDE_SERVER, 30), "not the second, even now");
	tap_ok(reserve_ask(&s[1], SIDE_CLIENT, 60) && w.reserve_first == &s[2] && s[2].queued, "it takes its share, and the next is called");
	tap_ok(reserve_ask(&s[2], SIDE_SERVER, 30) && !w.reserve_first && w.reserve_last == &w.reserve_first, "who takes its share");
	tap_number(w.reserved, 90, "all of it is counted");
	reserve_ask(&s[3], SIDE_CLIENT, 50);
	reserve_ask(&s[4], SIDE_CLIENT, 5);
	reserve_ask(&s[5], SIDE_CLIENT, 5);
	reserve_leave(&s[4]);
	reserve_leave(&s[4]);
	tap_ok(w.reserve_first == &s[3] && s[3].reserve_next == &s[5] && w.reserve_last == &s[5].reserve_next, "one in the middle leaves");
	reserve_leave(&s[5]);
	tap_ok(w.reserve_last == &s[3].reserve_next, "the last leaves");
	reserve_ask(&s[6], SIDE_CLIENT, 5);
	reserve_leave(&s[3]);
	tap_ok(w.reserve_first == &s[6] && s[6].queued && reserve_ask(&s[6], SIDE_CLIENT, 5), "the first leaves, and the one behind it is called");
	reserve_force(&w, 50);
	tap_ok(w.reserved == 145 && !reserve_ask(&s[7], SIDE_CLIENT, 1), "what is there already is counted, and others wait for it");
	reserve_leave(&s[7]);
	tap_ok(!w.reserve_first && w.reserve_last == &w.reserve_first, "and nobody waits");
}

/* ---- Addresses ---- */

static void test_address(void)
{
	struct sockaddr_storage at;
	struct address          a = ip("192.0.2.7"), b;
	struct address          wide = ip("2001:db8::7");
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct msghdr           msg = {.msg_control = control};

	tap_number(address_to(&a, &at), sizeof(struct sockaddr_in), "IPv4");
	b = address_of(&at);
	tap_ok(memcmp(&a, &b, sizeof(a)) == 0, "there and back");
	tap_number(address_to(&wide, &at), sizeof(struct sockaddr_in6), "IPv6");
	b = address_of(&at);
	tap_ok(memcmp(&wide, &b, sizeof(b)) == 0, "there and back");
	tap_ok(address_for(&a, 6, &at) == sizeof(struct sockaddr_in6) && at.ss_family == AF_INET6, "IPv4 for a socket of IPv6 is written in IPv6");
	b = address_of(&at);
	tap_ok(memcmp(&a, &b, sizeof(a)) == 0, "and comes back as IPv4");
	tap_ok(address_for(&a, 4, &at) == sizeof(struct sockaddr_in) && address_for(&wide, 6, &at) == sizeof(struct sockaddr_in6), "else as it is");
	at.ss_family = AF_UNIX;
	tap_ok(address_of(&at).family == 0, "anything else is no address");
	for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2)) {
		struct address *local = family == 4 ? &a : &wide;

		memset(control, 0xee, sizeof(control));
		msg.msg_controllen = local_write(local, family, control);
		/* Written it says where to send from, read where it came to: in IPv4 these are two fields. */
		if (family == 4)
			memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)) + offsetof(struct in_pktinfo, ipi_addr), a.ip, 4);
		b = local_read(&msg);
		tap_ok(msg.msg_controllen <= sizeof(control) && b.family == family && memcmp(b.ip, local->ip, 16) == 0, "a datagram's own address, IPv%u", family);
	}
	msg.msg_controllen = 0;
	tap_ok(local_read(&msg).family == 0, "without a control message it is not known");
}

/* ---- The control socket ---- */

static struct message_in in;

static void arrive(const struct payload *p)
{
	memset(&in, 0, sizeof(in));
	memcpy(in.bytes, p->bytes, p->len);
	in.len = p->len;
}

/* Each of the three: written and read back, every shorter and one longer form refused. */
#define EACH_LENGTH(read, out) \
	for (size_t n = in.len, k = 0; k <= n + 1; k++) { \
		in.len = k; \
		good += read(&in, out) == (k == n); \
		in.len = n; \
	}

static void test_row(void)
{
	struct session_row row = {.id = UINT64_C(0x1122334455667788), .service = "directory", .ip_protocol = 17, .proto = 77, .age_ms = 5,
				  .bytes = {1, 2}, .units = {3, UINT64_MAX}, .refusals = 6, .held = 7, .phase = SHOWN_CLOSING, .probe = true};
	struct session_row got, ignored;
	uint8_t            bytes[1024];
	struct payload     p = payload_over(bytes, sizeof(bytes));
	size_t             good = 0;

	row.client = ip("10.1.2.3");
	row.server = ip("2001:db8::9");
	session_row_write(&row, &p);
	arrive(&p);
	memset(&got, 0xaa, sizeof(got));
	tap_ok(!p.over && session_row_read(&in, &got), "a session is read back");
	tap_ok(got.id == row.id && strcmp(got.service, row.service) == 0 && got.units[1] == UINT64_MAX && got.held == 7 && got.probe && got.phase == SHOWN_CLOSING &&
		       got.ip_protocol == 17 && memcmp(&got.client, &row.client, sizeof(row.client)) == 0 && memcmp(&got.server, &row.server, sizeof(row.server)) == 0,
	       "as it was written");
	EACH_LENGTH(session_row_read, &ignored)
	tap_number(good, p.len + 2, "no other length is read");
	in.bytes[p.len - 1] = 2;
	tap_ok(!session_row_read(&in, &got), "a flag is 0 or 1");
	in.bytes[p.len - 1] = 1;
	in.bytes[p.len - 2] = SHOWN_PHASES;
	tap_ok(!session_row_read(&in, &got), "a phase is one of those there are");
	in.bytes[p.len - 2] = 0;
	in.bytes[8 + 2 + 9 + 1 + 2] = 5;
	tap_ok(!session_row_read(&in, &got), "an address is of a family there is");
}

static void test_ask(void)
{
	struct probe_ask ask = {.transport = POLICY_UDP}, got;
	uint8_t          bytes[1024];
	struct payload   p = payload_over(bytes, sizeof(bytes));
	size_t           good = 0;

	memset(ask.service, 's', CONTROL_NAME_MAX);
	ask.source = ip("127.0.0.1");
	ask.as = ip("2001:db8::1");
	probe_ask_write(&ask, &p);
	arrive(&p);
	tap_ok(!p.over && probe_ask_read(&in, &got) && memcmp(&got, &ask, sizeof(ask)) == 0, "a probe's announcement with the longest name is read back");
	EACH_LENGTH(probe_ask_read, &got)
	tap_number(good, p.len + 2, "no other length is read");
	ask.source.port = 0;
	p.len = 0;
	probe_ask_write(&ask, &p);
	arrive(&p);
	tap_ok(!probe_ask_read(&in, &got), "one from no port is not");
	in.bytes[2 + CONTROL_NAME_MAX] = 2;
	tap_ok(!probe_ask_read(&in, &got), "nor over a transport there is not");
	arrive(&p);
	in.bytes[0] = 0;
	in.bytes[1] = 1; /* a name of 256 bytes */
	tap_ok(!probe_ask_read(&in, &got), "nor with a longer name");
}

static void test_said(void)
{
	struct probe_said said = {.what = PROBE_REPORT, .proto = 9, .flow_id = UINT64_C(1) << 52, .why = 300, .report = REPORT_UNANSWERED, .from = SIDE_SERVER,
				  .offset = 17, .received = {1, 2}, .taken = {3, 4}, .forwarded = {5, 6}};
	struct probe_said got;
	uint8_t           bytes[1024];
	struct payload    p = payload_over(bytes, sizeof(bytes));
	size_t            good = 0;

	memset(said.text, 't', CONTROL_TEXT_MAX);
	said.at = ip("10.0.0.1");
	probe_said_write(&said, &p);
	arrive(&p);
	tap_ok(!p.over && probe_said_read(&in, &got) && strcmp(got.text, said.text) == 0 && got.forwarded[1] == 6 && got.taken[0] == 3 && got.report == REPORT_UNANSWERED &&
		       got.flow_id == said.flow_id && got.why == 300 && got.offset == 17 && memcmp(&got.at, &said.at, sizeof(said.at)) == 0,
	       "what is said of a probe is read back");
	EACH_LENGTH(probe_said_read, &got)
	tap_number(good, p.len + 2, "no other length is read");
	in.bytes[0] = PROBE_SAYINGS;
	tap_ok(!probe_said_read(&in, &got), "nothing is said that there is no word for");
	in.bytes[0] = PROBE_TURN;
	memset(in.bytes + p.len - 3, 0, 1);
	tap_ok(probe_said_read(&in, &got) && !got.text[0], "a text with a zero in it is no text");
}

int main(void)
{
	test_queues();
	test_order();
	test_firing();
	test_sources();
	test_reserve();
	test_address();
	test_row();
	test_ask();
	test_said();
	free(w.queue);
	return tap_done();
}
