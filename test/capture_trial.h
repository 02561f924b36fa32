/* One scripted capture and the calls it gave, as text; for the tests of the capture reader.
 *
 *   open C>S [mid]  data c "text" #packet  gap s 10 #packet  ambiguous c #packet  fin s #packet  close [reset]
 */
#ifndef SALLYPORT_TEST_CAPTURE_TRIAL_H
#define SALLYPORT_TEST_CAPTURE_TRIAL_H

#include "capture/capture_check.h"
#include "capture/synth.h"
#include "test/tap.h"

#include <stdlib.h>
#include <string.h>

/* What one test found; RUN makes it a line of TAP. */
__attribute__((unused)) static bool trial_ok;

#define FAIL(...) (trial_ok = false, tap_note(__VA_ARGS__))
#define CHECK(holds) ((holds) ? (void)0 : FAIL("%s:%d: %s", __FILE__, __LINE__, #holds))
#define RUN(test) (trial_ok = true, test(), tap_ok(trial_ok, #test))

#define CLIENT CAPTURE_CLIENT
#define SERVER CAPTURE_SERVER

/* One case's file and calls. */
struct trial {
	char                  *file;
	size_t                 n;
	FILE                  *out;
	struct synth          *s;
	struct synth_flow      f;
	struct capture_options options;
	char                   calls[8192];
	size_t                 used;
	bool                   ignore; /* every flow is ignored in its first data */
	bool                   big; /* lengths instead of bytes */
	struct capture_counts  counts;
	enum capture_end       end;
	char                   note[400];
};

static inline void say(struct trial *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void say(struct trial *t, const char *format, ...)
{
	va_list args;
	int     n;

	va_start(args, format);
	n = vsnprintf(t->calls + t->used, sizeof(t->calls) - t->used, format, args);
	va_end(args);
	CHECK(n >= 0 && (size_t)n < sizeof(t->calls) - t->used);
	t->used += (size_t)n;
}

static inline void on_open(void *ctx, struct capture_flow *flow)
{
	say(ctx, "open %u>%u%s\n", capture_flow_key(flow)->client_port, capture_flow_key(flow)->server_port,
	    capture_flow_began_midway(flow) ? " mid" : "");
	capture_flow_set_user(flow, ctx);
}

static inline void on_data(void *ctx, struct capture_flow *flow, enum capture_side from, const uint8_t *bytes, size_t n,
		    const struct capture_packet *packet)
{
	struct trial *t = ctx;

	CHECK(capture_flow_user(flow) == ctx);
	if (t->big)
		say(t, "data %c %zu #%u\n", from ? 's' : 'c', n, (unsigned)packet->number);
	else
		say(t, "data %c \"%.*s\" #%u\n", from ? 's' : 'c', (int)n, (const char *)bytes, (unsigned)packet->number);
	if (t->ignore)
		capture_flow_ignore(flow);
}

static inline void on_gap(void *ctx, struct capture_flow *flow, enum capture_side from, uint64_t missing, const struct capture_packet *packet)
{
	(void)flow;
	say(ctx, "gap %c %u #%u\n", from ? 's' : 'c', (unsigned)missing, (unsigned)packet->number);
}

static inline void on_ambiguous(void *ctx, struct capture_flow *flow, enum capture_side from, const struct capture_packet *packet)
{
	(void)flow;
	say(ctx, "ambiguous %c #%u\n", from ? 's' : 'c', (unsigned)packet->number);
}

static inline void on_fin(void *ctx, struct capture_flow *flow, enum capture_side from, const struct capture_packet *packet)
{
	(void)flow;
	say(ctx, "fin %c #%u\n", from ? 's' : 'c', (unsigned)packet->number);
}

static inline void on_close(void *ctx, struct capture_flow *flow, bool reset)
{
	(void)flow;
	say(ctx, "close%s\n", reset ? " reset" : "");
}

__attribute__((unused)) static const struct capture_sink recorder = {.open = on_open, .data = on_data, .gap = on_gap, .ambiguous = on_ambiguous,
					     .fin = on_fin, .close = on_close};

static inline void begin(struct trial *t, enum synth_link link)
{
	t->out = open_memstream(&t->file, &t->n);
	CHECK(t->out);
	t->s = synth_open(t->out, link, 1000000, 10);
	CHECK(t->s);
	t->f = synth_flow4(0x0a000001, 40000, 0x0a000002, 80);
}

/* Reads t->file and records the calls. */
static inline void read_back(struct trial *t)
{
	struct capture_sink sink = recorder;
	FILE               *file = fmemopen(t->file, t->n, "rb");
	char                err[400];
	struct capture     *c;

	sink.ctx = t;
	CHECK(file);
	c = capture_open(file, &t->options, &sink, err, sizeof(err));
	if (!c)
		FAIL("%s", err);
	while ((t->end = capture_run(c, 3)) == CAPTURE_MORE)
		;
	CHECK(capture_run(c, 1) == t->end);
	t->counts = *capture_counts_of(c);
	snprintf(t->note, sizeof(t->note), "%s", capture_note(c));
	capture_close(&c);
	CHECK(!c);
}

/* Ends the file, gives it another link type (as in a file's head) and cuts n bytes off. */
static inline void finish_as(struct trial *t, uint8_t link, size_t cut)
{
	CHECK(synth_close(&t->s));
	CHECK(!t->s);
	fclose(t->out);
	if (link)
		t->file[20] = (char)link;
	t->n -= cut;
	read_back(t);
}

static inline void finish(struct trial *t)
{
	finish_as(t, 0, 0);
}

static inline void expect(struct trial *t, const char *calls)
{
	if (strcmp(t->calls, calls) != 0)
		FAIL("expected:\n%sgot:\n%s", calls, t->calls);
	free(t->file);
	t->file = NULL;
}

static inline void send_text(struct trial *t, enum capture_side from, const char *text)
{
	synth_tcp_send(t->s, &t->f, from, text, strlen(text));
}

/* A data segment by hand: offsets count from the first byte after the handshake. */
static inline void at(struct trial *t, enum capture_side from, uint32_t seq, uint32_t ack, const char *text, uint8_t flags)
{
	static const uint32_t start[2] = {1001, 5001};
	struct synth_segment  g = {from, start[from] + seq, start[!from] + ack, flags | SYNTH_ACK, (const uint8_t *)text, strlen(text)};

	synth_tcp_segment(t->s, &t->f, &g);
}

/* One TCP segment "hi" from the client inside IP, in `out`: its length. */
static inline size_t hi_packet(const struct synth_flow *f, uint8_t *out, size_t size)
{
	uint8_t              tcp[64];
	struct synth_segment g = {CLIENT, 1, 1, SYNTH_ACK, (const uint8_t *)"hi", 2};
	size_t               n = synth_tcp_bytes(f, &g, tcp, sizeof(tcp));

	CHECK(n == 22);
	n = synth_ip(f, CLIENT, 6, tcp, n, out, size);
	CHECK(n);
	return n;
}

#define HI "open 40000>80 mid\ndata c \"hi\" #1\nclose\n"

#endif
