/* Moves payload that nobody looks at through the kernel, by pipes from a small pool. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "gate/worker_int.h"

static struct pipe *pipe_take(struct worker *w)
{
	struct pipe *p = w->pipes;
	int          size;

	if (p) {
		w->pipes = p->next;
		return p;
	}
	if (w->pipe_count == PIPES_MAX)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	if (pipe2(p->fd, O_NONBLOCK | O_CLOEXEC) != 0) {
		free(p);
		return NULL;
	}
	/* Beyond its share of pages a user gets small pipes: they work, only slower. */
	size = fcntl(p->fd[1], F_SETPIPE_SZ, PIPE_SIZE);
	if (size < 0)
		size = fcntl(p->fd[1], F_GETPIPE_SZ);
	p->size = size > 0 ? (uint32_t)size : 4096;
	w->pipe_count++;
	return p;
}

static void pipe_free(struct worker *w, struct pipe *p)
{
	close(p->fd[0]);
	close(p->fd[1]);
	free(p);
	w->pipe_count--;
}

void pipe_drop(struct session *s, enum side from)
{
	struct pipe *p = s->side[from].pipe;

	if (!p)
		return;
	s->side[from].pipe = NULL;
	if (p->held) {
		/* Bytes of a flow that is over must not reach the next one. */
		pipe_free(s->c.w, p);
		return;
	}
	p->next = s->c.w->pipes;
	s->c.w->pipes = p;
}

void pipes_close(struct worker *w)
{
	while (w->pipes) {
		struct pipe *p = w->pipes;

		w->pipes = p->next;
		pipe_free(w, p);
	}
}

/* From the socket into the pipe. */
static bool fill(struct session *s, enum side from)
{
	struct half *h = &s->side[from];
	struct pipe *p = h->pipe;
	uint64_t     left = driver_opaque_left(s->c.flow, from) - p->held;
	size_t       room = p->size - p->held;
	ssize_t      n;

	if (!h->readable || h->fin_seen || !left || !room)
		return false;
	n = splice(h->fd, NULL, p->fd[1], NULL, left < room ? (size_t)left : room, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n > 0) {
		p->held += (uint32_t)n;
		s->c.bytes[from] += (uint64_t)n;
		return true;
	}
	if (n == 0)
		h->fin_seen = true;
	else if (errno != EAGAIN && errno != EINTR)
		h->reset = true;
	else if (errno == EAGAIN && !p->held)
		h->readable = false; /* with bytes in the pipe it may be the pipe that is full */
	return false;
}

/* From the pipe to the other side's socket. */
static bool empty(struct session *s, enum side from, size_t *moved)
{
	struct half *to = &s->side[other_side(from)];
	struct pipe *p = s->side[from].pipe;
	ssize_t      n;

	if (!p->held || !to->writable || to->out_len || to->connecting)
		return false;
	n = splice(p->fd[0], NULL, to->fd, NULL, p->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n > 0) {
		p->held -= (uint32_t)n;
		*moved += (size_t)n;
		s->c.forwarded[from] += (uint64_t)n;
		driver_opaque_done(s->c.flow, from, (uint64_t)n);
		return true;
	}
	if (errno == EAGAIN)
		to->writable = false;
	else if (errno != EINTR)
		to->broken = true;
	return false;
}

bool splice_some(struct session *s, enum side from, size_t *moved)
{
	struct half *h = &s->side[from];
	bool         more = true;

	if (!h->pipe)
		h->pipe = pipe_take(s->c.w);
	if (!h->pipe)
		return false;
	while (more && *moved < SPLICE_TURN && !h->reset) {
		more = fill(s, from);
		more |= empty(s, from, moved);
	}
	if (!h->pipe->held)
		pipe_drop(s, from);
	return true;
}
