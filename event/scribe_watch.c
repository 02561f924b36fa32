/* Those who watch the scribe's lines over its control socket: greeted, asked for the form they want, told what they missed. */
#include <errno.h>
#include <sys/socket.h>

#include "event/scribe_int.h"

/*
 * Input from: whoever may connect to the control socket. One message of one byte is all they may send.
 * Limits: SCRIBE_CLIENTS at once; one that never asks gives way to the next that comes.
 */

enum { ACCEPT_AT_ONCE = 4, ACCEPT_REST_MS = 1000 };

static struct watcher *free_place(struct scribe *s)
{
	struct watcher *mute = NULL;

	for (int i = 0; i < SCRIBE_CLIENTS; i++) {
		struct watcher *w = &s->watcher[i];

		if (w->channel.fd < 0)
			return w;
		if (!w->tailing && (!mute || w->since_ms < mute->since_ms))
			mute = w;
	}
	if (mute)
		channel_close(&mute->channel);
	return mute;
}

static void greet(struct watcher *w)
{
	uint8_t        bytes[32];
	struct payload p = payload_over(bytes, sizeof(bytes));

	payload_text(&p, "sallyport 1", 11, 11);
	payload_u8(&p, PARTY_SCRIBE);
	payload_u8(&p, 0);
	if (channel_send(&w->channel, MSG_HELLO, bytes, p.len, -1) != CHANNEL_SENT)
		channel_close(&w->channel);
}

void watch_accept(struct scribe *s)
{
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		int             fd = accept4(s->config->control, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct channel  channel = channel_over(fd, PARTY_SCRIBE, PARTY_CLIENT);
		struct watcher *w;

		if (fd < 0) {
			/* No descriptors: the one who waits would wake us at once and again. */
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				s->control_ms = s->now_ms + ACCEPT_REST_MS;
			return;
		}
		w = free_place(s);
		if (!w) {
			channel_close(&channel);
			continue;
		}
		*w = (struct watcher){.channel = channel, .since_ms = s->now_ms};
		greet(w);
	}
}

void watch_read(struct scribe *s, struct watcher *w)
{
	struct fault      f;
	struct wire       p;
	enum channel_got  got = channel_recv(&w->channel, &s->in);
	uint8_t           form;

	if (got == CHANNEL_AGAIN)
		return;
	if (got != CHANNEL_MESSAGE || s->in.type != MSG_TAIL) {
		channel_close(&w->channel);
		return;
	}
	p = payload_read(&s->in, &f);
	form = wire_u8(&p, "form");
	if (!wire_end(&p, PAYLOAD_TRAILS, "tail") || form > 1) {
		channel_close(&w->channel);
		return;
	}
	w->tailing = true;
	w->json = form == 1;
}

/* "3 lines could not be written to this reader": true when there is nothing (more) to tell. */
static bool tell_missed(struct scribe *s, struct watcher *w, uint64_t ts_us)
{
	struct record r = {.kind = RECORD_GATE, .gate = GATE_UNWRITTEN, .ts_us = ts_us, .service = UINT32_MAX, .a = w->lost,
			   .text = {"this reader, who is too slow", 28}};
	char          buffer[EVE_LINE_MAX];
	struct str    line = str_over(buffer, sizeof(buffer));
	size_t        n;

	if (!w->lost)
		return true;
	if (w->json) {
		n = eve_line(render_json(&s->render, &r), buffer);
		n -= n > 0;
	} else {
		render_time(&r, &line);
		render_line(&s->render, &r, &(struct line_style){.colour = false}, &line);
		n = line.len;
	}
	if (!n || channel_send(&w->channel, MSG_LINE, buffer, n, -1) != CHANNEL_SENT)
		return false;
	w->lost = 0;
	return true;
}

void watch_send(struct scribe *s, struct watcher *w, const char *line, size_t n, uint64_t ts_us)
{
	enum channel_sent sent = CHANNEL_FULL;

	if (n && tell_missed(s, w, ts_us))
		sent = channel_send(&w->channel, MSG_LINE, line, n, -1);
	if (sent == CHANNEL_FULL)
		w->lost++;
	if (sent == CHANNEL_GONE)
		channel_close(&w->channel);
}
