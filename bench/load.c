/* The load of the bench: LDAP searches, short connections, idle connections, bulk. Usage: bench_load MODE PORT COUNT MILLISECONDS [copy] */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/net.h"

/*
 * search  COUNT connections, one search of 64 bytes out on each; the time of every answer is kept
 * turns   COUNT connections at once, each for one search; the server closes
 * idle    COUNT connections, one search on each, then nothing until the input ends
 * bulk    one connection, units of COUNT bytes behind a length of four octets
 * Prints "ready" when all is connected, begins when a line comes in, prints one line of JSON at the end.
 */

enum { CONNECTIONS_MAX = 16384, TIMES_MAX = 1 << 20, CHUNK = 65536, BATCH = 64, BULK_FILE = 1 << 20, UNIT_LENGTH = 4 };

/* (uid=userNNN) below the suffix, cn wanted: 64 bytes. */
static const uint8_t search[] =
	"\x30\x3e\x02\x02\x01\x00\x63\x38\x04\x11" "dc=example,dc=org\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00"
	"\xa3\x0e\x04\x03uid\x04\x07user000\x30\x04\x04\x02" "cn";
enum { SEARCH_LEN = sizeof(search) - 1, SEARCH_NAME = 55, PEOPLE = 1000 };

struct connection {
	int      fd;
	uint32_t asked; /* searches so far */
	uint64_t since_ns;
	bool     answered; /* the one search of a short connection */
};

struct load {
	uint16_t           port;
	unsigned           count;
	uint64_t           until_ns;
	int                epoll;
	struct connection *connection;
	uint64_t           done, entries, bytes;
	uint32_t          *times; /* of the first TIMES_MAX answers, in ns */
};

static uint8_t buffer[CHUNK];

static void ask(struct connection *c)
{
	uint8_t  m[SEARCH_LEN];
	unsigned id = LDAP_ID_FIRST + c->asked % (LDAP_ID_LAST - LDAP_ID_FIRST), who = (c->asked * 7 + (unsigned)c->fd) % PEOPLE;

	memcpy(m, search, SEARCH_LEN);
	m[LDAP_ID] = (uint8_t)(id >> 8);
	m[LDAP_ID + 1] = (uint8_t)id;
	m[SEARCH_NAME] = (uint8_t)('0' + who / 100);
	m[SEARCH_NAME + 1] = (uint8_t)('0' + who / 10 % 10);
	m[SEARCH_NAME + 2] = (uint8_t)('0' + who % 10);
	c->asked++;
	c->since_ns = now_ns();
	net_send(c->fd, m, SEARCH_LEN);
}

/* One answer's worth of messages: how many SearchResultDone were among n bytes. A message in pieces ends the bench. */
static unsigned count_answers(struct load *l, const uint8_t *p, size_t n)
{
	unsigned done = 0;
	size_t   op_at = 0, size;

	for (; n; p += size, n -= size) {
		size = ldap_frame(p, n, &op_at);
		if (!size || size > n)
			die("an answer came in pieces");
		if (p[op_at] == OP_ENTRY)
			l->entries++;
		else if (p[op_at] != OP_DONE || size < op_at + 5 || p[op_at + 4])
			die("not the answer of a search that succeeded");
		else
			done++;
	}
	return done;
}

static void note(struct load *l, const struct connection *c)
{
	if (l->done < TIMES_MAX)
		l->times[l->done] = (uint32_t)(now_ns() - c->since_ns);
	l->done++;
}

/* Waits until its search is done: the entry may come before the rest. */
static void await(struct load *l, struct connection *c)
{
	unsigned done = 0;

	while (!done) {
		ssize_t n = recv(c->fd, buffer, sizeof(buffer), 0);

		errno = n ? errno : 0;
		if (n <= 0)
			die("recv: the connection ended");
		done = count_answers(l, buffer, (size_t)n);
	}
	note(l, c);
}

static void register_for(const struct load *l, struct connection *c)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e))
		die("epoll_ctl");
}

static void connect_all(struct load *l)
{
	for (unsigned i = 0; i < l->count; i++) {
		l->connection[i].fd = net_connect(l->port);
		ask(&l->connection[i]);
		await(l, &l->connection[i]);
		register_for(l, &l->connection[i]);
	}
	l->done = l->entries = 0;
}

static void run_search(struct load *l)
{
	struct epoll_event events[BATCH];

	for (unsigned i = 0; i < l->count; i++)
		ask(&l->connection[i]);
	while (now_ns() < l->until_ns) {
		int n = l->count == 1 ? 1 : epoll_wait(l->epoll, events, BATCH, 1000);

		for (int i = 0; i < n; i++) {
			struct connection *c = l->count == 1 ? l->connection : events[i].data.ptr;

			await(l, c);
			ask(c);
		}
	}
	for (unsigned i = 0; i < l->count; i++)
		await(l, &l->connection[i]);
}

static void open_turn(struct load *l, struct connection *c)
{
	c->fd = net_connect(l->port);
	c->answered = false;
	ask(c);
	register_for(l, c);
}

/* False: nothing more comes, the turn is over. */
static bool follow_turn(struct load *l, struct connection *c)
{
	ssize_t n = recv(c->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (n > 0 && count_answers(l, buffer, (size_t)n))
		c->answered = true;
	if (n > 0 || (n < 0 && errno == EAGAIN))
		return true;
	errno = n ? errno : 0;
	if (n || !c->answered)
		die("a connection ended without its answer");
	close(c->fd);
	note(l, c);
	return false;
}

static void run_turns(struct load *l)
{
	struct epoll_event events[BATCH];
	unsigned           open = l->count;

	for (unsigned i = 0; i < l->count; i++)
		open_turn(l, &l->connection[i]);
	while (open) {
		int n = epoll_wait(l->epoll, events, BATCH, 1000);

		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (follow_turn(l, c))
				continue;
			if (now_ns() < l->until_ns)
				open_turn(l, c);
			else
				open--;
		}
	}
}

/* A file in memory of whole units, its length in *size. */
static int unit_file(const struct load *l, size_t *size)
{
	size_t   unit = l->count + UNIT_LENGTH, units = unit < BULK_FILE ? BULK_FILE / unit : 1;
	int      fd = memfd_create("units", MFD_CLOEXEC);
	uint8_t *bytes = calloc(units, unit);

	for (size_t i = 0; bytes && i < units; i++)
		for (unsigned k = 0; k < UNIT_LENGTH; k++)
			bytes[i * unit + k] = (uint8_t)(l->count >> (24 - 8 * k));
	if (fd < 0 || !bytes || write(fd, bytes, units * unit) != (ssize_t)(units * unit))
		die("units");
	free(bytes);
	*size = units * unit;
	return fd;
}

/* The file of units over and over: by sendfile, or copied from memory as most senders do. Ends behind a whole unit. */
static void run_bulk(struct load *l, bool copy)
{
	size_t   size = 0;
	int      file = unit_file(l, &size), fd = l->connection[0].fd;
	uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);

	if (bytes == MAP_FAILED)
		die("mmap");
	while (now_ns() < l->until_ns)
		for (off_t at = 0; at < (off_t)size;) {
			size_t  left = size - (size_t)at;
			ssize_t n = copy ? send(fd, bytes + at, left < (1 << 20) ? left : 1 << 20, MSG_NOSIGNAL) : sendfile(fd, file, &at, left);

			if (n <= 0)
				die("send");
			at += copy ? n : 0;
			l->bytes += (uint64_t)n;
		}
	shutdown(fd, SHUT_WR);
	if (recv(fd, buffer, 1, 0)) /* the sink closes when it has everything */
		die("the sink did not get everything");
	l->done = l->bytes / (l->count + UNIT_LENGTH);
}

static int ascending(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void show(struct load *l, uint64_t began_ns, double began_cpu)
{
	double   seconds = (double)(now_ns() - began_ns) / 1e9, cpu = cpu_s() - began_cpu;
	uint64_t n = l->done < TIMES_MAX ? l->done : TIMES_MAX;

	if (!l->bytes)
		qsort(l->times, n, sizeof(*l->times), ascending);
	printf("{\"done\": %llu, \"entries\": %llu, \"bytes\": %llu, \"seconds\": %.6f, \"cpu\": %.6f, \"p50_us\": %.2f, \"p99_us\": %.2f}\n",
		(unsigned long long)l->done, (unsigned long long)l->entries, (unsigned long long)l->bytes, seconds, cpu,
		n ? l->times[n / 2] / 1e3 : 0, n ? l->times[n * 99 / 100] / 1e3 : 0);
}

/* Says that all is connected and waits for the word to begin. */
static void await_start(void)
{
	puts("ready");
	fflush(stdout);
	if (read(STDIN_FILENO, buffer, 1) != 1)
		exit(0);
}

static void run(struct load *l, const char *mode, double seconds, bool copy)
{
	double   cpu;
	uint64_t began;

	if (!strcmp(mode, "search") || !strcmp(mode, "idle"))
		connect_all(l);
	if (!strcmp(mode, "bulk"))
		l->connection[0].fd = net_connect(l->port);
	await_start();
	cpu = cpu_s();
	began = now_ns();
	l->until_ns = began + (uint64_t)(seconds * 1e9);
	if (!strcmp(mode, "search"))
		run_search(l);
	else if (!strcmp(mode, "turns"))
		run_turns(l);
	else if (!strcmp(mode, "bulk"))
		run_bulk(l, copy);
	show(l, began, cpu);
}

int main(int argc, char **argv)
{
	static const char *const modes[] = {"search", "turns", "idle", "bulk"};
	static struct load       l;
	bool                     known = false;

	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(*modes); i++)
		known |= !strcmp(argv[1], modes[i]);
	if (!known || argc < 5 || argc > 6)
		die("usage: bench_load search|turns|idle|bulk PORT COUNT MILLISECONDS [copy]");
	l.port = (uint16_t)number(argv[2], 1, 65535);
	l.count = (unsigned)number(argv[3], 1, strcmp(argv[1], "bulk") ? CONNECTIONS_MAX : 64 << 20);
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.connection = calloc(CONNECTIONS_MAX, sizeof(*l.connection));
	l.times = calloc(TIMES_MAX, sizeof(*l.times));
	if (l.epoll < 0 || !l.connection || !l.times)
		die("memory");
	run(&l, argv[1], (double)number(argv[4], 0, 60000) / 1e3, argc == 6 && !strcmp(argv[5], "copy"));
	return 0;
}
