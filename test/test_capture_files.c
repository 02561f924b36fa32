/* Tests of capture files as such: limits on captured length, blocks that are wrong, byte orders, files that come in pieces. */
#include "test/capture_trial.h"

#include <sys/wait.h>
#include <unistd.h>

#define BUFFER (256u << 10) /* as in capture/source.c */
#define RAW 101 /* LINKTYPE_RAW */

/* A file under construction. */
struct ng {
	FILE *out;
	bool  big;
};

static void put16(struct ng *g, uint32_t v)
{
	fputc((int)(g->big ? v >> 8 : v) & 255, g->out);
	fputc((int)(g->big ? v : v >> 8) & 255, g->out);
}

static void put32(struct ng *g, uint32_t v)
{
	put16(g, g->big ? v >> 16 : v & 0xffff);
	put16(g, g->big ? v & 0xffff : v >> 16);
}

static void section(struct ng *g)
{
	const uint32_t words[] = {0x0a0d0d0a, 28, 0x1a2b3c4d};

	for (size_t i = 0; i < 3; i++)
		put32(g, words[i]);
	put16(g, 1);
	put16(g, 0);
	put32(g, UINT32_MAX);
	put32(g, UINT32_MAX);
	put32(g, 28);
}

static void interface(struct ng *g, uint32_t link, uint32_t snaplen)
{
	put32(g, 1);
	put32(g, 20);
	put16(g, link);
	put16(g, 0);
	put32(g, snaplen);
	put32(g, 20);
}

/* n captured bytes, padded; claims `length` more than it is. */
static void body(struct ng *g, const uint8_t *bytes, uint32_t n, uint32_t total)
{
	static const uint8_t zero[4];

	CHECK(fwrite(bytes, 1, n, g->out) == n);
	CHECK(fwrite(zero, 1, -n & 3, g->out) == (-n & 3));
	put32(g, total);
}

static void enhanced(struct ng *g, uint32_t number, const uint8_t *bytes, uint32_t n, uint32_t original)
{
	uint32_t       total = 32 + ((n + 3) & ~3u);
	const uint32_t words[] = {6, total, number, 0, 5, n, original};

	for (size_t i = 0; i < 7; i++)
		put32(g, words[i]);
	body(g, bytes, n, total);
}

static void simple(struct ng *g, const uint8_t *bytes, uint32_t n, uint32_t original)
{
	uint32_t total = 16 + ((n + 3) & ~3u);

	put32(g, 3);
	put32(g, total);
	put32(g, original);
	body(g, bytes, n, total);
}

/* A block nobody knows, of any length from 12 on. */
static void unknown(struct ng *g, uint32_t total)
{
	put32(g, 0x7777);
	put32(g, total);
	for (uint32_t i = 12; i < total; i++)
		fputc(1, g->out);
	put32(g, total);
}

static struct ng ng_begin(struct trial *t, bool big)
{
	t->out = open_memstream(&t->file, &t->n);
	t->f = synth_flow4(0x0a000001, 40000, 0x0a000002, 80);
	return (struct ng){.out = t->out, .big = big};
}

/* Reads the file; a test that fails shows what was said of it. */
static void ng_finish(struct trial *t)
{
	fclose(t->out);
	read_back(t);
	if (!trial_ok)
		tap_note("%s", t->note);
}

/* A datagram of n bytes "a" in `frame`: its length. */
static uint32_t datagram(const struct trial *t, size_t n, uint8_t *frame, size_t size)
{
	static uint8_t udp[66000];

	memcpy(udp, (const uint8_t[]){40000 >> 8, 40000 & 255, 0, 80, (uint8_t)((n + 8) >> 8), (uint8_t)(n + 8), 0, 0}, 8);
	memset(udp + 8, 'a', n);
	return (uint32_t)synth_ip(&t->f, CLIENT, 17, udp, n + 8, frame, size);
}

static void interfaces_may_declare_different_limits(void)
{
	static const uint32_t limits[][3] = {{65535, 8192, 0}, {8192, 262144, 65535}, {0, 96, 1}, {UINT32_MAX, 96, 0x80000000}};

	for (size_t i = 0; i < 2 * sizeof(limits) / sizeof(limits[0]); i++) {
		struct trial t = {.used = 0};
		struct ng    g = ng_begin(&t, i % 2);
		uint8_t      frame[200];
		uint32_t     n = datagram(&t, 3, frame, sizeof(frame));

		for (int section_number = 0; section_number < 2; section_number++) {
			section(&g);
			for (uint32_t k = 0; k < 3; k++)
				interface(&g, RAW, limits[i / 2][k]);
			for (uint32_t k = 0; k < 3; k++)
				enhanced(&g, k, frame, n, n);
		}
		ng_finish(&t);
		CHECK(t.end == CAPTURE_WHOLE);
		expect(&t, "open 40000>80\ndata c \"aaa\" #1\ndata c \"aaa\" #2\ndata c \"aaa\" #3\ndata c \"aaa\" #4\n"
			   "data c \"aaa\" #5\ndata c \"aaa\" #6\nclose\n");
	}
}

/* Each packet is read by the type of its own interface, whichever came first, also where one section follows another. */
static void interfaces_may_be_of_different_types(void)
{
	enum { ETHERNET = 1, BLUETOOTH = 187 };
	static const uint16_t orders[][3] = {{RAW, ETHERNET, BLUETOOTH}, {ETHERNET, BLUETOOTH, RAW}, {BLUETOOTH, RAW, ETHERNET}};

	for (size_t i = 0; i < 2 * sizeof(orders) / sizeof(orders[0]); i++) {
		struct trial t = {.used = 0};
		struct ng    g = ng_begin(&t, i % 2);
		uint8_t      frame[200] = {[12] = 8};
		uint32_t     n = datagram(&t, 3, frame + 14, sizeof(frame) - 14);

		for (int turn = 0; turn < 2; turn++) {
			section(&g);
			for (int k = 0; k < 3; k++)
				interface(&g, orders[i / 2][turn ? 2 - k : k], 65535);
			for (uint32_t k = 0; k < 6; k++) {
				uint16_t link = orders[i / 2][turn ? 2 - k % 3 : k % 3];

				enhanced(&g, k % 3, link == RAW ? frame + 14 : frame, link == RAW ? n : n + 14, link == RAW ? n : n + 14);
			}
		}
		ng_finish(&t);
		CHECK(t.end == CAPTURE_WHOLE && t.counts.packets == 12 && t.counts.udp == 8 && t.counts.other == 4);
		CHECK(t.counts.other_kinds == 1 && t.counts.other_kind[0].what == BLUETOOTH && !t.counts.malformed);
		free(t.file);
	}
}

static void packets_may_be_longer_than_declared(void)
{
	static uint8_t frame[66000];

	for (int big = 0; big < 2; big++) {
		struct trial t = {.big = true};
		struct ng    g = ng_begin(&t, big);
		uint32_t     n = datagram(&t, 60000, frame, sizeof(frame));

		section(&g);
		interface(&g, RAW, 96);
		enhanced(&g, 0, frame, n, n);
		ng_finish(&t);
		CHECK(t.end == CAPTURE_WHOLE && !t.counts.cut);
		expect(&t, "open 40000>80\ndata c 60000 #1\nclose\n");
	}
}

/* The same in a pcap file of each kind: order, unit of time, and the variant whose packet headers have 8 bytes more. */
static void pcap_of_each_kind(void)
{
	static const uint32_t magic[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};
	static uint8_t        frame[66000];

	for (size_t i = 0; i < 6; i++) {
		struct trial   t = {.big = true};
		struct ng      g = ng_begin(&t, i % 2);
		uint32_t       n = datagram(&t, 5000, frame, sizeof(frame));
		const uint32_t words[] = {0, 0, 96, RAW, 1, 5, n, n, 0, 0};

		put32(&g, magic[i / 2]);
		put16(&g, 2);
		put16(&g, 4);
		for (size_t k = 0; k < (i / 2 == 2 ? 10 : 8); k++)
			put32(&g, words[k]);
		CHECK(fwrite(frame, 1, n, t.out) == n);
		ng_finish(&t);
		CHECK(t.end == CAPTURE_WHOLE && !t.counts.cut);
		expect(&t, "open 40000>80\ndata c 5000 #1\nclose\n");
	}
}

/* Simple packet blocks: only the limit of the section's first interface says how much of them was captured. */
static void simple_packets_keep_their_limit(void)
{
	static const struct {
		uint32_t    limit, n, original; /* of "aaa": 31 bytes */
		const char *calls;
		uint64_t    cut;
	} cases[] = {
		{31, 31, 31, "data c \"aaa\" #2\n", 0},  {0, 31, 31, "data c \"aaa\" #2\n", 0},  {30, 30, 31, "gap c 1 #2\n", 1},
		{29, 29, 31, "gap c 2 #2\n", 1},         {28, 28, 31, "gap c 3 #2\n", 1},        {20, 31, 31, "data c \"aaa\" #2\n", 0},
	};

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = {.used = 0};
		struct ng    g = ng_begin(&t, i % 2);
		uint8_t      frame[200];
		uint32_t     n = datagram(&t, 3, frame, sizeof(frame));
		char         calls[200];

		CHECK(n == 31);
		section(&g);
		interface(&g, RAW, cases[i / 2].limit);
		interface(&g, RAW, 5);
		enhanced(&g, 0, frame, n, n);
		simple(&g, frame, cases[i / 2].n, cases[i / 2].original);
		enhanced(&g, 0, frame, n, n);
		ng_finish(&t);
		CHECK(t.end == CAPTURE_WHOLE && t.counts.cut == cases[i / 2].cut);
		snprintf(calls, sizeof(calls), "open 40000>80\ndata c \"aaa\" #1\n%sdata c \"aaa\" #3\nclose\n", cases[i / 2].calls);
		expect(&t, calls);
	}
}

/* What is wrong is refused in libpcap's words; what came before is read. */
static void wrong_blocks_are_refused(void)
{
	static const struct {
		const char *name;
		uint32_t    words[6], n; /* instead of a second packet */
		const char *says;
		bool        lawful; /* libpcap has no objection */
	} cases[] = {
		{"length 0", {6, 0, 0, 0}, 4, "has a length of 0 <", false},
		{"length 8", {6, 8, 8}, 3, "has a length of 8 <", false},
		{"no room for fields", {6, 16, 0, 16}, 4, "too short", false},
		{"no multiple of four", {0x7777, 13, 0, 13}, 4, "not a multiple of 4", false},
		{"length of 4 GiB", {6, 0xfffffffc, 0, 0}, 4, "block size 4294967292 > maximum", false},
		{"length of 17 MiB", {0x7777, 17 << 20, 0, 0}, 4, "> maximum", false},
		{"two lengths", {0x7777, 16, 0, 20}, 4, "header and trailer", false},
		{"an interface without room for its limit", {1, 16, RAW, 16}, 4, "too short", false},
		{"an interface that is only a block", {1, 12, 12}, 3, "too short", false},
		{"a simple packet that is only a block", {3, 12, 12}, 3, "too short", false},
		{"a simple packet without bytes", {3, 16, 70000, 16}, 4, "too short", false},
		{"a section that is only a block", {0x0a0d0d0a, 12, 12}, 3, "too short", false},
		{"an interface of another link type", {1, 20, 1, 96, 20}, 5, "", true},
		{"an interface cut by the file's end", {1, 20, RAW}, 3, "cut short after packet 1", false},
		{"a block cut in its head", {1}, 1, "cut short after packet 1", false},
		{"an empty block", {0x7777, 12, 12}, 3, "", true},
	};

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = {.used = 0};
		struct ng    g = ng_begin(&t, i % 2);
		uint8_t      frame[200];
		uint32_t     n = datagram(&t, 3, frame, sizeof(frame));

		section(&g);
		interface(&g, RAW, 65535);
		enhanced(&g, 0, frame, n, n);
		for (uint32_t k = 0; k < cases[i / 2].n; k++) {
			bool link = cases[i / 2].words[0] == 1 && k == 2 && cases[i / 2].words[1] > 12;

			if (link)
				put16(&g, cases[i / 2].words[k]), put16(&g, 0);
			else
				put32(&g, cases[i / 2].words[k]);
		}
		ng_finish(&t);
		if (!strstr(t.note, cases[i / 2].says) || (t.end == CAPTURE_WHOLE) != cases[i / 2].lawful)
			FAIL("%s: %s", cases[i / 2].name, t.note);
		expect(&t, "open 40000>80\ndata c \"aaa\" #1\nclose\n");
	}
}

/* Blocks whose first bytes lie on both sides of a buffer's end. */
static void blocks_lie_across_buffers(void)
{
	for (uint32_t before = 0; before <= 40; before += 4)
		for (int simple_too = 0; simple_too < 2; simple_too++) {
			struct trial t = {.used = 0};
			struct ng    g = ng_begin(&t, before % 8);
			uint8_t      frame[200];
			uint32_t     n = datagram(&t, 3, frame, sizeof(frame));

			section(&g);
			interface(&g, RAW, 30);
			unknown(&g, BUFFER - 48 - before);
			if (simple_too)
				simple(&g, frame, 30, n);
			interface(&g, RAW, 96);
			enhanced(&g, 1, frame, n, n);
			ng_finish(&t);
			CHECK(t.end == CAPTURE_WHOLE);
			expect(&t, simple_too ? "open 40000>80\ngap c 1 #1\ndata c \"aaa\" #2\nclose\n" : "open 40000>80\ndata c \"aaa\" #1\nclose\n");
		}
}

/* Many packets that go alone, over more than one buffer: each has its own length, none another's. */
static void many_simple_packets(void)
{
	struct trial         t = {.used = 0};
	struct ng            g = ng_begin(&t, false);
	struct capture_check check = {.ignore_every = 0};
	uint8_t              frame[200];
	uint32_t             n = datagram(&t, 3, frame, sizeof(frame));

	section(&g);
	interface(&g, RAW, 30);
	for (int i = 0; i < 20000; i++) {
		simple(&g, frame, 30, n);
		enhanced(&g, 0, frame, n, n);
	}
	fclose(t.out);
	capture_check_run(&check, t.file, t.n, NULL, 100);
	CHECK(check.end == CAPTURE_WHOLE);
	CHECK(check.counts.packets == 40000 && check.counts.cut == 20000 && check.counts.gaps == 20000);
	CHECK(check.counts.gap_bytes == 20000 && check.fed == 60000);
	free(t.file);
}

/* The file in pieces of `piece` bytes from another process, as standard input may be. */
static void write_pieces(int fd, const char *bytes, size_t n, size_t piece)
{
	for (size_t at = 0; at < n; at += piece)
		if (write(fd, bytes + at, n - at < piece ? n - at : piece) < 0)
			_exit(1);
	_exit(0);
}

static void a_pipe_is_read_in_pieces(void)
{
	static const size_t pieces[] = {1, 5, 13, 4096};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct trial        t = {.used = 0};
		struct ng           g = ng_begin(&t, false);
		struct capture_sink sink = recorder;
		struct capture     *c;
		uint8_t             frame[200];
		uint32_t            n = datagram(&t, 3, frame, sizeof(frame));
		char                err[300];
		int                 ends[2];
		pid_t               child;

		section(&g);
		interface(&g, RAW, 30);
		interface(&g, RAW, 8192);
		enhanced(&g, 1, frame, n, n);
		simple(&g, frame, 30, n);
		fclose(t.out);
		CHECK(pipe(ends) == 0);
		child = fork();
		if (!child)
			write_pieces(ends[1], t.file, t.n, pieces[i]);
		close(ends[1]);
		sink.ctx = &t;
		c = capture_open(fdopen(ends[0], "rb"), NULL, &sink, err, sizeof(err));
		CHECK(c);
		while (capture_run(c, 1) == CAPTURE_MORE)
			;
		CHECK(capture_run(c, 1) == CAPTURE_WHOLE);
		CHECK(capture_bytes_read(c) == t.n);
		capture_close(&c);
		CHECK(waitpid(child, NULL, 0) == child);
		expect(&t, "open 40000>80\ndata c \"aaa\" #1\ngap c 1 #2\nclose\n");
	}
}

static void ignored_bytes_are_counted(void)
{
	struct trial t = {.ignore = true};
	struct trial u = {.ignore = true};

	begin(&t, SYNTH_RAW);
	synth_tcp_open(t.s, &t.f);
	send_text(&t, CLIENT, "four");
	send_text(&t, SERVER, "seven..");
	synth_tcp_close(t.s, &t.f);
	finish(&t);
	CHECK(t.counts.ignored_bytes == 11);
	expect(&t, "open 40000>80\ndata c \"four\" #4\nclose\n");
	begin(&u, SYNTH_RAW);
	synth_udp(u.s, &u.f, CLIENT, "ask", 3);
	synth_udp(u.s, &u.f, SERVER, "reply", 5);
	finish(&u);
	CHECK(u.counts.ignored_bytes == 8);
	expect(&u, "open 40000>80\ndata c \"ask\" #1\nclose\n");
}

int main(void)
{
	RUN(interfaces_may_declare_different_limits);
	RUN(interfaces_may_be_of_different_types);
	RUN(packets_may_be_longer_than_declared);
	RUN(pcap_of_each_kind);
	RUN(simple_packets_keep_their_limit);
	RUN(wrong_blocks_are_refused);
	RUN(blocks_lie_across_buffers);
	RUN(many_simple_packets);
	RUN(a_pipe_is_read_in_pieces);
	RUN(ignored_bytes_are_counted);
	return tap_done();
}
