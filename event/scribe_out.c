/* Where the scribe's lines go: rendered once per form, to people, to the events file and to those who watch. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event/scribe_int.h"
#include "event/text.h"

enum { FINISH_MS = 1000 };

static const struct line_style no_colour = {.colour = false};

static bool watched(const struct scribe *s, bool json)
{
	for (int i = 0; i < SCRIBE_CLIENTS; i++)
		if (s->watcher[i].channel.fd >= 0 && s->watcher[i].tailing && s->watcher[i].json == json)
			return true;
	return false;
}

/* With its newline, which always finds room; 0 = nobody wants it. */
static size_t sentence_for_out(struct scribe *s, const struct record *record)
{
	struct line_style style = {.colour = s->config->colour};
	struct str        line = str_over(s->line, sizeof(s->line) - 1);

	if (s->out.sink.fd < 0 || s->config->json)
		return 0;
	if (s->config->time)
		render_time(record, &line);
	render_line(&s->render, record, &style, &line);
	s->line[line.len] = '\n'; /* UNSAFE: one byte was kept for it */
	return line.len + 1;
}

static void to_watchers(struct scribe *s, const struct record *record, size_t json)
{
	struct str line = str_over(s->plain, sizeof(s->plain));

	if (watched(s, false)) {
		render_time(record, &line);
		render_line(&s->render, record, &no_colour, &line);
	}
	for (int i = 0; i < SCRIBE_CLIENTS; i++) {
		struct watcher *w = &s->watcher[i];

		if (w->channel.fd < 0 || !w->tailing)
			continue;
		if (w->json)
			watch_send(s, w, s->json, json ? json - 1 : 0, record->ts_us);
		else
			watch_send(s, w, s->plain, line.len, record->ts_us);
	}
}

/* What waits is written when the next line would find no room, or a burst of records would be lost to a file that takes all of them. */
static void put(const struct scribe *s, struct sink *sink, const char *line, size_t n)
{
	if (n > sizeof(sink->bytes) - sink->len)
		sink_write(sink, s->now_ms);
	sink_put(sink, line, n);
}

void scribe_publish(struct scribe *s, const struct record *record)
{
	bool   json_out = s->out.sink.fd >= 0 && s->config->json;
	size_t json = 0, sentence = sentence_for_out(s, record);

	/* A line that there is no memory for has length 0 and is counted as lost like any other. */
	if (json_out || s->events.sink.fd >= 0 || watched(s, true))
		json = eve_line(render_json(&s->render, record), s->json);
	put(s, &s->events.sink, s->json, json);
	if (json_out)
		put(s, &s->out.sink, s->json, json);
	else
		put(s, &s->out.sink, s->line, sentence);
	to_watchers(s, record, json);
}

static uint64_t time_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void scribe_note(struct scribe *s, enum record_gate what, uint64_t a, uint64_t b, const char *text)
{
	struct record r = {
		.kind = RECORD_GATE,
		.gate = (uint8_t)what,
		.ts_us = time_us(),
		.policy_rev = s->render.policy ? s->render.policy->revision : 0,
		.service = UINT32_MAX,
		.a = a,
		.b = b,
		.text = {text, (uint16_t)strlen(text)},
	};

	scribe_publish(s, &r);
}

/* At most once a minute: whoever reads stderr has other things to read. */
static void tell_stderr(struct scribe *s, struct output *o, bool now)
{
	uint64_t lost = o->sink.lost - o->told;

	if (!lost || (!now && s->now_ms < o->tell_ms))
		return;
	fprintf(stderr, "sallyport: %llu line%s of events could not be written to %s%s%s\n", (unsigned long long)lost, lost == 1 ? "" : "s",
		o->sink.name, o->sink.last_error ? ": " : "", o->sink.last_error ? strerror(o->sink.last_error) : "");
	o->told = o->sink.lost;
	o->tell_ms = s->now_ms + SCRIBE_TELL_MS;
}

static void write_output(struct scribe *s, struct output *o)
{
	uint64_t lost;

	sink_write(&o->sink, s->now_ms);
	tell_stderr(s, o, false);
	lost = o->sink.lost - o->noted;
	if (!lost || sink_pending(&o->sink))
		return;
	/* Lines can be written again (or never: then the other places are told). */
	o->noted = o->sink.lost;
	scribe_note(s, GATE_UNWRITTEN, lost, (uint64_t)o->sink.last_error, o->sink.name);
	o->sink.last_error = 0;
	sink_write(&o->sink, s->now_ms);
}

void scribe_write(struct scribe *s)
{
	write_output(s, &s->events);
	write_output(s, &s->out);
}

static void finish_output(struct scribe *s, struct output *o, uint64_t until_ms)
{
	o->sink.retry_ms = 0;
	write_output(s, o);
	while (sink_polls(&o->sink) && (s->now_ms = scribe_clock_ms()) < until_ms) {
		struct pollfd p = {.fd = o->sink.fd, .events = POLLOUT};

		poll(&p, 1, (int)(until_ms - s->now_ms));
		write_output(s, o);
	}
}

void scribe_finish(struct scribe *s)
{
	uint64_t until_ms = scribe_clock_ms() + FINISH_MS;

	finish_output(s, &s->events, until_ms);
	finish_output(s, &s->out, until_ms);
	sink_abandon(&s->events.sink);
	sink_abandon(&s->out.sink);
	tell_stderr(s, &s->events, true);
	tell_stderr(s, &s->out, true);
}
