/* The scribe as a process: records in, lines out to people, a file and those who watch; liars, slow readers, and the end. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event/journal.h"
#include "event/scribe.h"
#include "priv/sandbox.h"
#include "proto/protocols.h"
#include "test/tap.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

/* One running scribe and our ends of everything. */
struct run {
	pid_t              pid;
	struct channel     keeper;
	int                out, events, error; /* read from these; -1 = none */
	struct sockaddr_un where; /* its control socket */
};

enum { WITH_OUT = 1, WITH_EVENTS = 2, JSON_OUT = 4, WITH_CONTROL = 8 };

static struct message_in in;
static char              text[8 << 20];

static int temporary(void)
{
	char name[] = "/tmp/sallyport-scribe-XXXXXX";
	int  fd = mkostemp(name, O_APPEND | O_CLOEXEC);

	unlink(name);
	return fd;
}

/* An abstract address: there is no file to leave behind. */
static int listener(struct sockaddr_un *where)
{
	static int number;
	int        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*where = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(where->sun_path + 1, sizeof(where->sun_path) - 1, "sallyport-test-%d-%d", (int)getpid(), number++);
	if (fd < 0 || bind(fd, (struct sockaddr *)where, sizeof(*where)) < 0 || listen(fd, 32) < 0)
		abort();
	return fd;
}

/* As the gate starts it; the sanitizers need more than the sandbox lets anyone do. */
static int child(const struct scribe_config *config)
{
#ifndef SANITIZED
	struct sandbox_wish wish = {.role = PARTY_SCRIBE, .drop_ids = geteuid() == 0, .uid = 65534, .gid = 65534, .folder = -1, .run = -1};
	struct sandbox_got  got;
	const char         *error;

	scribe_prepare(protocols);
	if (!sandbox_enter(&wish, &got, &error)) {
		fprintf(stderr, "%s\n", error);
		return 99;
	}
#endif
	return scribe_main(config);
}

static struct run start(int flags)
{
	struct run           r = {.out = -1, .events = -1};
	struct scribe_config config = {.protocols = protocols, .control = -1, .out = -1, .events = -1, .json = flags & JSON_OUT};
	int                  out[2] = {-1, -1}, error[2];

	if (!channel_pair(PARTY_KEEPER, PARTY_SCRIBE, &r.keeper, &config.keeper) || pipe2(error, O_CLOEXEC) < 0)
		abort();
	if (flags & WITH_OUT && pipe2(out, O_CLOEXEC) < 0)
		abort();
	if (flags & WITH_EVENTS)
		r.events = temporary();
	if (flags & WITH_CONTROL)
		config.control = listener(&r.where);
	config.out = out[1];
	config.events = r.events;
	r.pid = fork();
	if (r.pid == 0) {
		channel_close(&r.keeper);
		close(out[0]);
		dup2(error[1], 2);
		_exit(child(&config));
	}
	channel_close(&config.keeper);
	close(out[1]);
	close(error[1]);
	close(config.control);
	r.out = out[0];
	r.error = error[0];
	return r;
}

static bool gone(struct run *r, int want)
{
	int status = 0;

	channel_close(&r->keeper);
	if (waitpid(r->pid, &status, 0) != r->pid)
		return false;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != want)
		tap_note("status %d", status);
	return WIFEXITED(status) && WEXITSTATUS(status) == want;
}

static void forget(struct run *r)
{
	close(r->out);
	close(r->events);
	close(r->error);
}

/* All there is, to the end, as text. */
static const char *rest_of(int fd, bool file)
{
	size_t  have = 0;
	ssize_t n;

	if (file)
		lseek(fd, 0, SEEK_SET);
	while (have < sizeof(text) - 1 && (n = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += (size_t)n;
	text[have] = '\0';
	return text;
}

static unsigned lines_in(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

/* Each line is JSON; how many have this event type. */
static int json_lines(const char *s, const char *type)
{
	int n = 0;

	for (const char *end; (end = strchr(s, '\n')); s = end + 1) {
		json_t *e = json_loadb(s, (size_t)(end - s), 0, NULL);

		if (!e)
			return -1;
		n += strcmp(json_string_value(json_object_get(e, "event_type")), type) == 0;
		json_decref(e);
	}
	return *s ? -1 : n;
}

static struct record flow(void)
{
	return (struct record){.kind = RECORD_FLOW, .ts_us = 1795168140123456, .flow_id = 9, .proto = PROTO_LDAP, .ip_protocol = 6,
			       .client = {.family = 4, .ip = {10, 1, 2, 3}, .port = 1000}, .listener = {.family = 4, .ip = {10, 0, 0, 1}, .port = 389}, .server = {.family = 4, .ip = {10, 9, 0, 10}, .port = 389}};
}

static struct record gate(enum record_gate what)
{
	return (struct record){.kind = RECORD_GATE, .gate = (uint8_t)what, .service = UINT32_MAX, .ts_us = 1795168140123456};
}

static void say(const struct channel *c, const struct record *r)
{
	uint8_t       bytes[RECORD_MAX];
	struct pollfd p = {.fd = c->fd, .events = POLLOUT};

	while (channel_send(c, MSG_RECORDS, bytes, record_write(r, bytes, sizeof(bytes)), -1) == CHANNEL_FULL)
		poll(&p, 1, -1);
}

/* A worker's channel, handed over by the keeper. */
static struct channel worker(struct run *r, uint32_t group)
{
	struct channel mine, its;
	uint8_t        bytes[4];
	struct payload p = payload_over(bytes, sizeof(bytes));

	payload_le32(&p, group);
	if (!channel_pair(PARTY_WORKER, PARTY_SCRIBE, &mine, &its) ||
	    channel_send(&r->keeper, MSG_SOURCE, bytes, p.len, its.fd) != CHANNEL_SENT)
		abort();
	channel_close(&its);
	return mine;
}

static void test_plain(void)
{
	struct run     r = start(WITH_OUT | WITH_EVENTS);
	struct record  started = gate(GATE_STARTED), ended = flow();
	struct channel w = worker(&r, 1);
	const char    *s;

	say(&r.keeper, &started);
	say(&w, &ended);
	channel_close(&w);
	tap_ok(gone(&r, 0), "the scribe ends when the keeper's channel does");
	s = rest_of(r.out, false);
	tap_ok(lines_in(s) == 2 && strstr(s, "started: the gate started\n"), "people read what the keeper said");
	tap_ok(strstr(s, "10.1.2.3:1000 -> 10.9.0.10:389 via service 0: closed after ") != NULL, "and what a worker said");
	s = rest_of(r.events, true);
	tap_ok(lines_in(s) == 2 && json_lines(s, "flow") == 1 && json_lines(s, "sallyport") == 1, "machines read both as JSON");
	tap_text(rest_of(r.error, false), "", "and nothing was complained of");
	forget(&r);
	r = start(WITH_OUT | JSON_OUT);
	say(&r.keeper, &started);
	tap_ok(gone(&r, 0) && json_lines(rest_of(r.out, false), "sallyport") == 1, "JSON for people who want it");
	forget(&r);
}

/* What was sent before everyone left is written, whoever leaves first. */
static void test_drain(void)
{
	struct run     r = start(WITH_EVENTS);
	struct record  one = flow();
	struct channel w[4];

	for (uint32_t i = 0; i < 4; i++)
		w[i] = worker(&r, i);
	for (int i = 0; i < 5000; i++)
		say(&w[i % 4], &one);
	channel_close(&w[0]);
	channel_close(&r.keeper);
	for (int i = 1; i < 4; i++)
		channel_close(&w[i]);
	tap_ok(gone(&r, 0), "the keeper and all workers leave");
	tap_number((uint64_t)json_lines(rest_of(r.events, true), "flow"), 5000, "and every record of theirs is written");
	forget(&r);
}

static void liar(void (*lie)(const struct channel *), const char *what)
{
	struct run     r = start(WITH_OUT);
	struct record  one = flow();
	struct channel bad = worker(&r, 7), good = worker(&r, 8);
	struct pollfd  p = {.fd = bad.fd, .events = 0};
	const char    *s;

	say(&bad, &one);
	lie(&bad);
	poll(&p, 1, -1); /* until the scribe has hung up */
	say(&good, &one);
	channel_close(&good);
	channel_close(&bad);
	tap_ok(gone(&r, 0), "%s: the scribe lives on", what);
	s = rest_of(r.out, false);
	tap_ok(strstr(s, "liar: the sender of events of group 7 broke the rules") && lines_in(s) == 3,
	       "%s: it is said of whom, and others are heard", what);
	forget(&r);
}

static void lie_bytes(const struct channel *c)
{
	channel_send(c, MSG_RECORDS, "not a record", 12, -1);
}

static void lie_packet(const struct channel *c)
{
	send(c->fd, "nonsense", 8, MSG_NOSIGNAL);
}

static void lie_rank(const struct channel *c)
{
	struct record r = gate(GATE_STOPPED);

	say(c, &r);
}

static void test_keeper_lies(void)
{
	struct run r = start(WITH_OUT);

	channel_send(&r.keeper, MSG_RECORDS, "x", 1, -1);
	tap_ok(gone(&r, 1), "a keeper that sends nonsense is an error of our own");
	forget(&r);
}

/* A watcher, greeted. */
static struct channel watcher(struct run *r)
{
	int           fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (fd < 0 || connect(fd, (struct sockaddr *)&r->where, sizeof(r->where)) < 0)
		abort();
	poll(&p, 1, -1);
	return channel_over(fd, PARTY_CLIENT, PARTY_SCRIBE);
}

static enum channel_got next(struct channel *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	poll(&p, 1, -1);
	return channel_recv(c, &in);
}

static bool greeted(struct channel *c)
{
	static const uint8_t hello[] = {11, 0, 's', 'a', 'l', 'l', 'y', 'p', 'o', 'r', 't', ' ', '1', PARTY_SCRIBE, 0};

	return next(c) == CHANNEL_MESSAGE && in.type == MSG_HELLO && in.len == sizeof(hello) && memcmp(in.bytes, hello, sizeof(hello)) == 0;
}

/* Asks, and sees that the scribe has heard: only then a record is said. */
static void ask(struct channel *c, uint8_t form)
{
	channel_send(c, MSG_TAIL, &form, 1, -1);
}

/* Records are told only to those who asked before; so say some until the first line comes. How many. */
static unsigned until_heard(struct run *r, struct channel *c, const struct record *record)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	unsigned      said = 0;

	do
		say(&r->keeper, record);
	while (said++, poll(&p, 1, 10) == 0);
	return said;
}

static void test_watch(void)
{
	struct run     r = start(WITH_CONTROL);
	struct record  one = flow(), started = gate(GATE_STARTED);
	struct channel people = watcher(&r), machine = watcher(&r);

	tap_ok(greeted(&people) && greeted(&machine), "who connects is greeted");
	ask(&people, 0);
	until_heard(&r, &people, &one);
	tap_ok(next(&people) == CHANNEL_MESSAGE && in.type == MSG_LINE &&
		       strncmp((char *)in.bytes, "2026-11-20 09:49:00 10.1.2.3:1000 -> ", 37) == 0 && !memchr(in.bytes, '\n', in.len),
	       "sentences come with their time");
	ask(&machine, 1);
	until_heard(&r, &machine, &started);
	json_t *e = next(&machine) == CHANNEL_MESSAGE ? json_loadb((char *)in.bytes, in.len, 0, NULL) : NULL;
	tap_ok(e != NULL, "JSON lines are JSON");
	json_decref(e);
	tap_ok(gone(&r, 0), "the scribe ends with watchers connected");
	enum channel_got got;
	while ((got = next(&people)) == CHANNEL_MESSAGE)
		;
	tap_ok(got == CHANNEL_ENDED, "who see the end");
	channel_close(&people);
	channel_close(&machine);
	forget(&r);
}

static void test_watch_badly(void)
{
	struct run     r = start(WITH_CONTROL);
	struct channel w = watcher(&r), many[SCRIBE_CLIENTS + 1];
	uint8_t        form = 2;

	greeted(&w);
	channel_send(&w, MSG_TAIL, &form, 1, -1);
	tap_ok(next(&w) == CHANNEL_ENDED, "an unknown form is no form");
	channel_close(&w);
	w = watcher(&r);
	greeted(&w);
	send(w.fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL);
	tap_ok(next(&w) == CHANNEL_ENDED, "nor is another protocol");
	channel_close(&w);
	for (int i = 0; i <= SCRIBE_CLIENTS; i++) {
		many[i] = watcher(&r);
		greeted(&many[i]);
	}
	tap_ok(next(&many[0]) == CHANNEL_ENDED, "the first who never asked gives way to the seventeenth");
	tap_ok(gone(&r, 0), "and the scribe lives on");
	for (int i = 0; i <= SCRIBE_CLIENTS; i++)
		channel_close(&many[i]);
	forget(&r);
}

/* Everything the keeper said before is done: a worker it hands over after that has already lied, and is hung up on. */
static void settle(struct run *r)
{
	struct channel mine, its;
	uint8_t        group[4] = {0};

	channel_pair(PARTY_WORKER, PARTY_SCRIBE, &mine, &its);
	lie_packet(&mine);
	for (struct pollfd p = {.fd = r->keeper.fd, .events = POLLOUT}; channel_send(&r->keeper, MSG_SOURCE, group, 4, its.fd) == CHANNEL_FULL;)
		poll(&p, 1, -1);
	channel_close(&its);
	poll(&(struct pollfd){.fd = mine.fd}, 1, -1);
	channel_close(&mine);
}

/* A line that says how many are missing: how many; else 0. */
static unsigned missing_in(void)
{
	unsigned    thousands, ones;
	const char *s;

	in.bytes[in.len] = '\0';
	s = strstr((char *)in.bytes, "unwritten: ");
	if (!s)
		return 0;
	return sscanf(s, "unwritten: %u,%u", &thousands, &ones) == 2 ? thousands * 1000 + ones : thousands;
}

/* Reads late: sees the first lines, how many are missing, then later ones; nothing twice. */
static void test_slow_watcher(void)
{
	struct run     r = start(WITH_CONTROL | WITH_EVENTS);
	struct record  one = flow();
	struct channel slow = watcher(&r);
	unsigned       lines = 0, missing = 0, early, said, unheard;

	greeted(&slow);
	ask(&slow, 0);
	said = until_heard(&r, &slow, &one);
	for (int i = 0; i < 3000; i++)
		say(&r.keeper, &one);
	settle(&r);
	while (channel_recv(&slow, &in) == CHANNEL_MESSAGE)
		lines++;
	early = lines;
	say(&r.keeper, &one);
	tap_ok(next(&slow) == CHANNEL_MESSAGE && (missing = missing_in()) > 1000, "a slow watcher is told how many lines are missing");
	tap_ok(gone(&r, 0), "and holds up nobody");
	while (channel_recv(&slow, &in) == CHANNEL_MESSAGE)
		lines++;
	tap_ok(early > 10 && lines == early + 1, "it saw the first and the last");
	/* What was said before it was heard is in the file only. */
	unheard = lines_in(rest_of(r.events, true)) - (lines + missing);
	tap_ok(unheard < said, "what it saw and what it missed is all there was");
	channel_close(&slow);
	forget(&r);
}

/* People's output is stuck: the file gets everything, and stderr says what people did not see. */
static void test_stuck_out(void)
{
	struct run    r = start(WITH_OUT | WITH_EVENTS);
	struct record one = flow();
	unsigned      seen, lost = 0;

	for (int i = 0; i < 6000; i++)
		say(&r.keeper, &one);
	tap_ok(gone(&r, 0), "an output nobody reads holds up nobody");
	tap_ok(json_lines(rest_of(r.events, true), "flow") == 6000, "the file has all");
	seen = lines_in(rest_of(r.out, false));
	for (const char *s = rest_of(r.error, false); (s = strstr(s, "sallyport: ")); s++)
		lost += (unsigned)strtoul(s + 11, NULL, 10);
	tap_ok(lost > 0 && lost + seen >= 6000 && lost + seen <= 6001, "stderr says how many lines people did not see (%u + %u)", seen, lost);
	forget(&r);
}

int main(void)
{
	test_plain();
	test_drain();
	liar(lie_bytes, "no record");
	liar(lie_packet, "no message");
	liar(lie_rank, "a word above its station");
	test_keeper_lies();
	test_watch();
	test_watch_badly();
	test_slow_watcher();
	test_stuck_out();
	return tap_done();
}
