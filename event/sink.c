/* Writes whole lines to a file, pipe or terminal without ever waiting for it, and counts those it had to give up. */
#include "event/sink.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a pipe takes without blocking once poll says it is writable. */
enum { AT_ONCE = 4096 };

void sink_open(struct sink *s, int fd, const char *name)
{
	struct stat st;

	s->fd = fd;
	s->name = name;
	s->waits = fd >= 0 && !(fstat(fd, &st) == 0 && S_ISREG(st.st_mode));
	s->torn = false;
	s->len = s->at = 0;
	s->lost = 0;
	s->error = s->last_error = 0;
	s->retry_ms = 0;
}

/* Where the line begins that the byte at `at` belongs to. */
static size_t line_start(const struct sink *s, size_t at)
{
	while (at && s->bytes[at - 1] != '\n')
		at--;
	return at;
}

/* Forget what was written, but for the line it stands in: that may have to be written again. */
static void compact(struct sink *s)
{
	size_t done = line_start(s, s->at);

	if (!done)
		return;
	memmove(s->bytes, s->bytes + done, s->len - done); /* UNSAFE: done <= at <= len */
	s->len -= done;
	s->at -= done;
}

bool sink_put(struct sink *s, const char *line, size_t n)
{
	if (s->fd < 0)
		return true;
	if (n > sizeof(s->bytes) - s->len)
		compact(s);
	if (!n || n > sizeof(s->bytes) - s->len) {
		s->lost++;
		return false;
	}
	memcpy(s->bytes + s->len, line, n); /* UNSAFE: n is at most what is left */
	s->len += n;
	return true;
}

static bool would_block(const struct sink *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLOUT};

	return s->waits && (poll(&p, 1, 0) <= 0 || !(p.revents & (POLLOUT | POLLERR | POLLHUP)));
}

static void failed(struct sink *s, int error, uint64_t now_ms)
{
	size_t start = line_start(s, s->at);

	s->error = s->last_error = error;
	if (error == EPIPE || error == EBADF || error == ECONNRESET) {
		sink_abandon(s);
		s->fd = -1;
		return;
	}
	s->torn = s->torn || start < s->at;
	s->at = start;
	s->retry_ms = now_ms + SINK_RETRY_MS;
}

/* One write; false when it must wait. */
static bool write_some(struct sink *s, uint64_t now_ms)
{
	const char *from = s->torn ? "\n" : s->bytes + s->at; /* UNSAFE: at < len */
	size_t      left = s->torn ? 1 : s->len - s->at;
	ssize_t     n = write(s->fd, from, s->waits && left > AT_ONCE ? AT_ONCE : left);

	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		failed(s, n ? errno : ENOSPC, now_ms);
		return false;
	}
	s->error = 0;
	if (s->torn)
		s->torn = false;
	else
		s->at += (size_t)n;
	return true;
}

void sink_write(struct sink *s, uint64_t now_ms)
{
	if (s->error && now_ms < s->retry_ms)
		return;
	while (s->fd >= 0 && s->at < s->len && !would_block(s) && write_some(s, now_ms))
		;
	if (s->at == s->len)
		s->at = s->len = 0;
}

bool sink_pending(const struct sink *s)
{
	return s->fd >= 0 && s->at < s->len;
}

bool sink_polls(const struct sink *s)
{
	return sink_pending(s) && s->waits && !s->error;
}

void sink_abandon(struct sink *s)
{
	for (size_t i = line_start(s, s->at); i < s->len; i++)
		s->lost += s->bytes[i] == '\n';
	s->at = s->len = 0;
}
