/* Tests of reading captures: link types, IP headers, fragments, datagrams, files that end badly; and the corpus. */
#include "test/capture_trial.h"

#include <ftw.h>
#include <unistd.h>

static void datagrams_are_fed_one_by_one(void)
{
	struct trial t = {.used = 0};

	begin(&t, SYNTH_ETHERNET);
	synth_udp(t.s, &t.f, CLIENT, "ask", 3);
	synth_udp(t.s, &t.f, CLIENT, "ask", 3);
	synth_udp(t.s, &t.f, SERVER, "", 0);
	finish(&t);
	CHECK(t.counts.udp == 3);
	expect(&t, "open 40000>80\ndata c \"ask\" #1\ndata c \"ask\" #2\ndata s \"\" #3\nclose\n");
}

/* Headers of UDP: the length field against the bytes that are there. */
static void udp_lengths(void)
{
	static const struct {
		uint8_t     length, captured, original;
		const char *calls;
		uint64_t    malformed;
	} cases[] = {
		{10, 10, 10, "open 40000>80\ndata c \"hi\" #1\nclose\n", 0}, {9, 10, 10, "open 40000>80\ndata c \"h\" #1\nclose\n", 0},
		{0, 10, 10, "open 40000>80\ndata c \"hi\" #1\nclose\n", 0},  {10, 9, 10, "open 40000>80\ngap c 1 #1\nclose\n", 0},
		{11, 10, 10, "", 1}, {7, 10, 10, "", 1}, {10, 7, 7, "", 1}, {10, 7, 10, "", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial  t = {.used = 0};
		const uint8_t udp[10] = {40000 >> 8, 40000 & 255, 0, 80, 0, cases[i].length, 0, 0, 'h', 'i'};
		uint8_t       frame[64];

		begin(&t, SYNTH_RAW);
		synth_ip(&t.f, CLIENT, 17, udp, cases[i].original, frame, sizeof(frame));
		synth_frame(t.s, frame, 20u + cases[i].captured, 20u + cases[i].original);
		finish(&t);
		CHECK(t.counts.malformed == cases[i].malformed);
		expect(&t, cases[i].calls);
	}
}

/* Every link type: a header before a packet with "hi". */
static void link_headers(void)
{
	static const struct {
		uint8_t  link, n, version;
		uint8_t  header[40];
		bool     read;
		uint64_t malformed;
	} cases[] = {
		{1, 14, 4, {[12] = 8, 0}, true, 0},
		{1, 14, 6, {[12] = 0x86, 0xdd}, true, 0},
		{1, 18, 4, {[12] = 0x81, 0, 0, 5, 8, 0}, true, 0},
		{1, 30, 4, {[12] = 0x88, 0xa8, 0, 5, 0x91, 0, 0, 5, 0x81, 0, 0, 5, 0x81, 0, 0, 5, 8, 0}, true, 0},
		{1, 34, 4, {[12] = 0x81, 0, 0, 5, 0x81, 0, 0, 5, 0x81, 0, 0, 5, 0x81, 0, 0, 5, 0x81, 0, 0, 5, 8, 0}, false, 0},
		{1, 14, 4, {[12] = 8, 6}, false, 0},
		{113, 16, 4, {[14] = 8, 0}, true, 0},
		{0, 4, 4, {2, 0, 0, 0}, true, 0},
		{0, 4, 6, {0, 0, 0, 30}, true, 0},
		{0, 4, 6, {24, 0, 0, 0}, true, 0},
		{0, 4, 4, {7, 0, 0, 0}, false, 0},
		{108, 4, 4, {0, 0, 0, 2}, true, 0},
		{101, 0, 6, {0}, true, 0},
		{228, 0, 4, {0}, true, 0},
		{229, 0, 6, {0}, true, 0},
		{105, 0, 4, {0}, false, 0},
	};
	static const uint8_t six[2][16] = {{0xfd, [15] = 1}, {0xfd, [15] = 2}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = {.used = 0};
		uint8_t      frame[200];
		size_t       n;

		begin(&t, SYNTH_RAW);
		if (cases[i].version == 6)
			t.f = synth_flow6(six[0], 40000, six[1], 80);
		memcpy(frame, cases[i].header, cases[i].n);
		n = cases[i].n + hi_packet(&t.f, frame + cases[i].n, sizeof(frame) - cases[i].n);
		synth_frame(t.s, frame, n, n);
		/* Cut and whole-but-short headers are never fed; the last is counted. */
		synth_frame(t.s, frame, cases[i].n ? cases[i].n - 1u : 0, n);
		synth_frame(t.s, frame, cases[i].n ? cases[i].n - 1u : 0, cases[i].n ? cases[i].n - 1u : 0);
		CHECK(synth_close(&t.s));
		fclose(t.out);
		memset(t.file + 20, 0, 4);
		t.file[20] = (char)cases[i].link;
		read_back(&t);
		CHECK(t.counts.packets == 3);
		if (cases[i].read)
			CHECK(t.counts.malformed == 1);
		else
			CHECK(t.counts.other >= 1 && t.counts.other_kinds >= 1);
		expect(&t, cases[i].read ? HI : "");
	}
}

static void cooked_version_two(void)
{
	struct trial t = {.used = 0};
	uint8_t      frame[200] = {8, 0};
	size_t       n;

	begin(&t, SYNTH_RAW);
	n = 20 + hi_packet(&t.f, frame + 20, sizeof(frame) - 20);
	synth_frame(t.s, frame, n, n);
	CHECK(synth_close(&t.s));
	fclose(t.out);
	t.file[20] = 276 & 255;
	t.file[21] = 276 >> 8;
	read_back(&t);
	expect(&t, HI);
}

static void other_kinds_are_counted_by_kind(void)
{
	struct trial t = {.used = 0};
	uint8_t      frame[60] = {0};

	begin(&t, SYNTH_ETHERNET);
	for (uint8_t i = 0; i < 20; i++) {
		frame[13] = i;
		synth_frame(t.s, frame, sizeof(frame), sizeof(frame));
		synth_frame(t.s, frame, sizeof(frame), sizeof(frame));
	}
	finish(&t);
	CHECK(t.counts.other == 40);
	CHECK(t.counts.other_kinds == CAPTURE_OTHER_MAX);
	CHECK(t.counts.other_kind[3].what == 3);
	CHECK(t.counts.other_kind[3].packets == 2);
	expect(&t, "");
}

/* One change of a byte of "hi" in IPv4 (20 bytes IP, 20 bytes TCP, 2 bytes data), with padding behind it. */
static void ip4_headers(void)
{
	static const struct {
		const char *name;
		uint8_t     at, value;
		uint8_t     captured, original;
		const char *calls;
		uint64_t    malformed;
	} cases[] = {
		{"as it is", 0, 0x45, 42, 42, HI, 0},
		{"padding is not data", 0, 0x45, 60, 60, HI, 0},
		{"total length 0 is the rest", 3, 0, 42, 42, HI, 0},
		{"cut data is a gap", 0, 0x45, 41, 42, "open 40000>80 mid\ndata c \"h\" #1\ngap c 1 #1\nclose\n", 0},
		{"all data cut is a gap", 0, 0x45, 40, 42, "open 40000>80 mid\ngap c 2 #1\nclose\n", 0},
		{"cut inside the TCP header", 0, 0x45, 39, 42, "", 0},
		{"cut inside the IP header", 0, 0x45, 19, 42, "", 0},
		{"cut inside IP options", 0, 0x4f, 30, 62, "", 0},
		{"short packet", 0, 0x45, 19, 19, "", 1},
		{"header length too small", 0, 0x44, 42, 42, "", 1},
		{"header length beyond the packet", 0, 0x4f, 42, 42, "", 1},
		{"total length beyond the packet", 3, 43, 42, 42, "", 1},
		{"total length inside the header", 3, 19, 42, 42, "", 1},
		{"no such version", 0, 0x55, 42, 42, "", 1},
		{"TCP header length too small", 32, 0x40, 42, 42, "", 1},
		{"TCP header length beyond the packet", 32, 0xf0, 42, 42, "", 1},
		{"TCP header cut in its options", 32, 0x60, 42, 62, "", 0},
		{"another protocol", 9, 47, 42, 42, "", 0},
		{"empty", 0, 0x45, 0, 0, "", 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = {.used = 0};
		uint8_t      frame[200] = {0};

		begin(&t, SYNTH_RAW);
		hi_packet(&t.f, frame, sizeof(frame));
		frame[cases[i].at] = cases[i].value;
		if (cases[i].original > 60)
			frame[3] = cases[i].original;
		synth_frame(t.s, frame, cases[i].captured, cases[i].original);
		finish(&t);
		if (strcmp(t.calls, cases[i].calls) != 0 || t.counts.malformed != cases[i].malformed)
			FAIL("%s: %u malformed, got:\n%s", cases[i].name, (unsigned)t.counts.malformed, t.calls);
		CHECK(t.counts.other_protocol[47] == (cases[i].value == 47));
		free(t.file);
	}
}

/* "hi" behind extension headers. */
static void ip6_extension_headers(void)
{
	static const uint8_t six[2][16] = {{0xfd, [15] = 1}, {0xfd, [15] = 2}};
	static const struct {
		const char *name;
		uint8_t     first, n;
		uint8_t     bytes[80];
		const char *calls;
		uint64_t    malformed, fragments;
	} cases[] = {
		{"none", 6, 0, {0}, HI, 0, 0},
		{"hop by hop, routing, options", 0, 24, {43, 0, [8] = 60, 0, [16] = 6, 0}, HI, 0, 0},
		{"a long one", 60, 16, {6, 1}, HI, 0, 0},
		{"authentication", 51, 12, {6, 1}, HI, 0, 0},
		{"a fragment that is whole", 44, 8, {6, 0, 0, 0}, HI, 0, 0},
		{"two fragment headers", 44, 16, {44, 0, 0, 0, [8] = 6}, "", 1, 0},
		{"too many", 60, 72, {60, 0, [8] = 60, 0, [16] = 60, 0, [24] = 60, 0, [32] = 60, 0, [40] = 60, 0, [48] = 60, 0, [56] = 60, 0, [64] = 6, 0}, "", 1, 0},
		{"one beyond the packet", 60, 8, {6, 200}, "", 1, 0},
		{"nothing behind", 59, 0, {0}, "", 0, 0},
		{"a first fragment", 44, 8, {6, 0, 0, 1}, "", 1, 1}, /* 22 bytes are no multiple of 8 */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = {.used = 0};
		uint8_t      frame[200], body[200];
		size_t       n;

		begin(&t, SYNTH_RAW);
		t.f = synth_flow6(six[0], 40000, six[1], 80);
		n = hi_packet(&t.f, frame, sizeof(frame)) - 40;
		memcpy(body, cases[i].bytes, cases[i].n);
		memcpy(body + cases[i].n, frame + 40, n);
		n = synth_ip(&t.f, CLIENT, cases[i].first, body, cases[i].n + n, frame, sizeof(frame));
		synth_frame(t.s, frame, n, n);
		frame[5]++; /* longer than the packet */
		synth_frame(t.s, frame, n, n);
		synth_frame(t.s, frame, 39, 39);
		synth_frame(t.s, frame, 39, n);
		finish(&t);
		if (strcmp(t.calls, cases[i].calls) != 0 || t.counts.malformed != cases[i].malformed + 2 ||
		    t.counts.fragments != cases[i].fragments)
			FAIL("%s: %u malformed, got:\n%s", cases[i].name, (unsigned)t.counts.malformed, t.calls);
		free(t.file);
	}
}

/* A piece of a UDP datagram of 8 + 24 bytes, "abcdefghijklmnopqrstuvwx". */
struct piece {
	uint8_t     offset, n; /* in units of 8 bytes; n 0: end of list */
	bool        more;
	uint8_t     id;
	const char *other; /* instead of the true bytes */
	uint32_t    wait_s; /* before it */
};

#define WHOLE_DATAGRAM "open 40000>80\ndata c \"abcdefghijklmnopqrstuvwx\" #%d\nclose\n"

/* protocol: what an IPv6 fragment says the datagram is. */
static void write_piece(struct trial *t, const struct piece *p, int version, uint8_t protocol)
{
	static uint64_t now;
	uint8_t         all[32] = {40000 >> 8, 40000 & 255, 0, 80, 0, 32, 0, 0}, body[64], frame[200];
	size_t          n, header = version == 6 ? 8 : 0;

	now = p->wait_s ? now + p->wait_s * 1000000ull : 1000000;
	synth_set_time(t->s, now);
	memcpy(all + 8, "abcdefghijklmnopqrstuvwx", 24);
	memset(body, 0, sizeof(body));
	body[0] = protocol;
	body[2] = 0;
	body[3] = (uint8_t)(p->offset * 8 | p->more);
	body[7] = p->id;
	memcpy(body + header, p->other ? (const uint8_t *)p->other : all + p->offset * 8, p->n * 8u);
	n = synth_ip(&t->f, CLIENT, version == 6 ? 44 : 17, body, header + p->n * 8u, frame, sizeof(frame));
	if (version == 4) {
		frame[5] = p->id;
		frame[6] = p->more ? 0x20 : 0;
		frame[7] = p->offset;
	}
	synth_frame(t->s, frame, n, n);
}

static void fragments_are_put_together(void)
{
	static const uint8_t six[2][16] = {{0xfd, [15] = 1}, {0xfd, [15] = 2}};
	static const struct {
		const char *name;
		struct piece piece[7];
		int         complete; /* packet that completes it; 0: never */
		uint64_t    dropped, ambiguous;
		struct capture_options options;
	} cases[] = {
		{"in order", {{0, 2, true, 1, NULL, 0}, {2, 2, false, 1, NULL, 0}}, 2, 0, 0, {0}},
		{"last first", {{3, 1, false, 1, NULL, 0}, {1, 2, true, 1, NULL, 0}, {0, 1, true, 1, NULL, 0}}, 3, 0, 0, {0}},
		{"twice the same", {{0, 2, true, 1, NULL, 0}, {0, 2, true, 1, NULL, 0}, {1, 3, false, 1, NULL, 0}}, 3, 0, 0, {0}},
		{"other bytes", {{0, 2, true, 1, NULL, 0}, {1, 1, true, 1, "ABCDEFGH", 0}, {2, 2, false, 1, NULL, 0}}, 0, 3, 1, {0}},
		{"two ends", {{0, 1, true, 1, NULL, 0}, {2, 1, false, 1, NULL, 0}, {3, 1, false, 1, NULL, 0}}, 0, 3, 1, {0}},
		{"beyond the end", {{1, 1, false, 1, NULL, 0}, {2, 1, true, 1, NULL, 0}}, 0, 2, 1, {0}},
		{"end before what came", {{2, 1, true, 1, NULL, 0}, {1, 1, false, 1, NULL, 0}}, 0, 2, 1, {0}},
		{"two datagrams", {{0, 2, true, 2, NULL, 0}, {0, 2, true, 1, NULL, 0}, {2, 2, false, 1, NULL, 0}}, 3, 1, 0, {0}},
		{"too late", {{0, 2, true, 1, NULL, 0}, {2, 2, false, 1, NULL, 40}}, 0, 2, 0, {0}},
		{"just in time", {{0, 2, true, 1, NULL, 0}, {2, 2, false, 1, NULL, 20}}, 2, 0, 0, {0}},
		{"pushed out", {{0, 2, true, 1, NULL, 0}, {0, 2, true, 2, NULL, 0}, {2, 2, false, 1, NULL, 0}}, 0, 3, 0, {.max_datagrams = 1}},
		{"no room", {{0, 2, true, 1, NULL, 0}, {2, 2, false, 1, NULL, 0}}, 0, 2, 0, {.max_fragment_bytes = 100}},
		{"no room for bytes", {{0, 2, true, 1, NULL, 0}, {2, 2, false, 1, NULL, 0}}, 0, 2, 0, {.max_fragment_bytes = 2500}},
	};

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = {.options = cases[i / 2].options};
		char         calls[100] = "";

		begin(&t, SYNTH_RAW);
		if (i % 2)
			t.f = synth_flow6(six[0], 40000, six[1], 80);
		for (const struct piece *p = cases[i / 2].piece; p->n; p++)
			write_piece(&t, p, i % 2 ? 6 : 4, 17);
		finish(&t);
		if (cases[i / 2].complete)
			snprintf(calls, sizeof(calls), WHOLE_DATAGRAM, cases[i / 2].complete);
		if (strcmp(t.calls, calls) != 0 || t.counts.fragments_dropped != cases[i / 2].dropped ||
		    t.counts.datagrams_ambiguous != cases[i / 2].ambiguous)
			FAIL("%s (%zu): dropped %u ambiguous %u, got:\n%s", cases[i / 2].name, i % 2, (unsigned)t.counts.fragments_dropped, (unsigned)t.counts.datagrams_ambiguous, t.calls);
		free(t.file);
	}
}

/* First fragments that name different protocols: nobody knows which of them the receiver keeps. */
static void fragments_of_two_protocols(void)
{
	static const uint8_t      six[2][16] = {{0xfd, [15] = 1}, {0xfd, [15] = 2}};
	static const struct piece first = {.n = 2, .more = true, .id = 1}, last = {.offset = 2, .n = 2, .id = 1};

	for (int turned = 0; turned < 2; turned++) {
		struct trial t = {.options = {0}};

		begin(&t, SYNTH_RAW);
		t.f = synth_flow6(six[0], 40000, six[1], 80);
		write_piece(&t, &first, 6, turned ? 132 : 17);
		write_piece(&t, &first, 6, turned ? 17 : 132);
		write_piece(&t, &last, 6, 17);
		finish(&t);
		if (t.calls[0] || t.counts.datagrams_ambiguous != 1 || t.counts.other_protocol[132])
			FAIL("turned %d: ambiguous %u, got:\n%s", turned, (unsigned)t.counts.datagrams_ambiguous, t.calls);
		free(t.file);
	}
}

static void put_le32(FILE *f, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};

	CHECK(fwrite(b, 4, 1, f) == 1);
}

/* A section, an interface with raw IP, one enhanced packet block. */
static void pcapng_is_read(void)
{
	struct trial t = {.used = 0};
	uint8_t      frame[200] = {0};
	uint32_t     n, padded;

	t.f = synth_flow4(0x0a000001, 40000, 0x0a000002, 80);
	n = (uint32_t)hi_packet(&t.f, frame, sizeof(frame));
	padded = (n + 3) & ~3u;
	t.out = open_memstream(&t.file, &t.n);
	const uint32_t head[] = {0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28, 1, 20, 101, 65535, 20, 6, 32 + padded, 0, 0, 5, n, n};

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		put_le32(t.out, head[i]);
	CHECK(fwrite(frame, padded, 1, t.out) == 1);
	put_le32(t.out, 32 + padded);
	fclose(t.out);
	read_back(&t);
	expect(&t, HI);
}

static void file_cut_short_is_read_to_the_cut(void)
{
	struct trial t = {.used = 0};

	begin(&t, SYNTH_ETHERNET);
	synth_tcp_open(t.s, &t.f);
	send_text(&t, CLIENT, "one");
	send_text(&t, CLIENT, "two");
	finish_as(&t, 0, 5);
	CHECK(t.end == CAPTURE_CUT);
	CHECK(strcmp(t.note, "the file was cut short after packet 4") == 0);
	expect(&t, "open 40000>80\ndata c \"one\" #4\nclose\n");
}

static void damaged_file_is_read_to_the_damage(void)
{
	struct trial t = {.used = 0};

	begin(&t, SYNTH_RAW);
	send_text(&t, CLIENT, "one");
	synth_frame(t.s, NULL, 0, 0);
	CHECK(synth_close(&t.s));
	fclose(t.out);
	memset(t.file + t.n - 8, 0x7f, 4);
	read_back(&t);
	CHECK(t.end == CAPTURE_DAMAGED);
	CHECK(strstr(t.note, "cannot be read after packet 1"));
	expect(&t, "open 40000>80 mid\ndata c \"one\" #1\nclose\n");
}

static void what_is_no_capture_is_refused_with_a_reason(void)
{
	static const struct {
		const char *bytes, *says;
	} cases[] = {
		{"this is a text, not a capture, and long enough to have a head", "not a readable capture: "},
		{"\x1f\x8b\x08 and so on and so on and so on", "unpack it first"},
		{"x", "not a readable capture: "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *file = fmemopen((void *)(uintptr_t)cases[i].bytes, strlen(cases[i].bytes), "rb");
		char  err[300] = "";

		CHECK(file);
		CHECK(!capture_open(file, NULL, &recorder, err, sizeof(err)));
		CHECK(strstr(err, cases[i].says));
		fclose(file);
	}
}

static void closing_early_closes_flows_without_data(void)
{
	struct trial        t = {.used = 0};
	struct capture_sink sink = recorder;
	struct capture     *c;
	FILE               *file;
	char                err[300];

	begin(&t, SYNTH_RAW);
	synth_tcp_open(t.s, &t.f);
	at(&t, CLIENT, 0, 0, "abc", 0);
	at(&t, CLIENT, 9, 0, "xyz", 0);
	at(&t, CLIENT, 3, 0, "def", 0);
	CHECK(synth_close(&t.s));
	fclose(t.out);
	file = fmemopen(t.file, t.n, "rb");
	sink.ctx = &t;
	c = capture_open(file, NULL, &sink, err, sizeof(err));
	CHECK(c);
	CHECK(capture_run(c, 5) == CAPTURE_MORE);
	CHECK(capture_bytes_read(c) > 24);
	CHECK(strcmp(capture_link_name(c), "RAW") == 0);
	CHECK(strcmp(capture_note(c), "") == 0);
	capture_close(&c);
	capture_close(&c);
	expect(&t, "open 40000>80\ndata c \"abc\" #4\nclose\n");
}

static void synth_reports_what_cannot_be_written(void)
{
	static uint8_t    big[70000];
	struct synth_flow f = synth_flow4(1, 2, 3, 4);
	uint8_t           small[30];

	for (int i = 0; i < 3; i++) {
		struct trial t = {.used = 0};

		begin(&t, SYNTH_RAW);
		t.f.mss = i ? 0 : 65535;
		if (i < 2)
			synth_tcp_send(t.s, &t.f, CLIENT, big, sizeof(big));
		else
			synth_udp(t.s, &t.f, CLIENT, big, sizeof(big));
		CHECK(!synth_close(&t.s));
		CHECK(!synth_close(&t.s));
		fclose(t.out);
		free(t.file);
	}
	CHECK(synth_ip(&f, CLIENT, 17, big, 11, small, sizeof(small)) == 0);
	CHECK(synth_ip(&f, CLIENT, 17, big, 10, small, sizeof(small)) == 30);
	CHECK((small[10] << 8 | small[11]) == 0x7acc);
}

/* Where the shared corpus is, or "". */
static const char *shared(void)
{
	static char path[4096];
	const char *from = getenv("SHARED");

	snprintf(path, sizeof(path), "%s/corpus", from ? from : "../shared");
	return access(path, R_OK) ? "" : path;
}

static unsigned corpus_files, corpus_readable;

/* Each real file keeps the laws, twice the same, with and without limits. */
static int corpus_file(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	static const struct capture_options tight = {.max_flows = 8, .max_held_flow = 2000, .patience_packets = 4, .max_history = 4096};
	struct capture_check                a = {.ignore_every = 0}, b = a, c = {.ignore_every = 3};
	FILE                               *file;
	char                               *bytes;

	(void)where;
	if (kind != FTW_F || !strstr(path, ".pcap") || !about->st_size)
		return 0;
	bytes = malloc((size_t)about->st_size);
	file = fopen(path, "rb");
	CHECK(bytes && file);
	CHECK(fread(bytes, (size_t)about->st_size, 1, file) == 1);
	fclose(file);
	capture_check_run(&a, bytes, (size_t)about->st_size, NULL, 100);
	capture_check_run(&b, bytes, (size_t)about->st_size, NULL, UINT64_MAX);
	capture_check_run(&c, bytes, (size_t)about->st_size, &tight, UINT64_MAX);
	CHECK(a.digest == b.digest);
	corpus_files++;
	corpus_readable += a.readable;
	free(bytes);
	return 0;
}

static void corpus_keeps_the_laws(void)
{
	if (!*shared()) {
		if (getenv("SHARED_REQUIRED"))
			tap_ok(false, "SHARED_REQUIRED is set and there is no corpus");
		else
			tap_skip("no captures in $SHARED or ../shared");
		return;
	}
	trial_ok = true;
	CHECK(nftw(shared(), corpus_file, 16, FTW_PHYS) == 0);
	tap_ok(trial_ok && corpus_readable > 0, "%u captures keep the laws, %u readable", corpus_files, corpus_readable);
}

int main(void)
{
	RUN(datagrams_are_fed_one_by_one);
	RUN(udp_lengths);
	RUN(link_headers);
	RUN(cooked_version_two);
	RUN(other_kinds_are_counted_by_kind);
	RUN(ip4_headers);
	RUN(ip6_extension_headers);
	RUN(fragments_are_put_together);
	RUN(fragments_of_two_protocols);
	RUN(pcapng_is_read);
	RUN(file_cut_short_is_read_to_the_cut);
	RUN(damaged_file_is_read_to_the_damage);
	RUN(what_is_no_capture_is_refused_with_a_reason);
	RUN(closing_early_closes_flows_without_data);
	RUN(synth_reports_what_cannot_be_written);
	corpus_keeps_the_laws();
	return tap_done();
}
