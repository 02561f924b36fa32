/* Runs the reading of one piece of evidence in a child without rights, and takes its answer, an inventory, within bounds. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assess/child_int.h"
#include "assess/confine_int.h"
#include "base/str.h"
#include "priv/sandbox.h"

/*
 * An answer: one octet, 1 when all was read; u32 length of a sentence in the machine's form, the sentence; then the inventory to its end.
 * The child may be anybody's once it has read hostile bytes: its answer is read as an inventory of a stranger is.
 */
enum { HEAD = 5 };
/* How a child ends that could not begin or answer. */
enum { END_SANDBOX = 3, END_MEMORY = 4, END_ANSWER = 5 };

/* The document comes in small pieces: they are written together. */
struct put {
	int    fd;
	size_t left; /* octets that may still be written */
	size_t n;
	char   bytes[1 << 16];
};

static void put_out(struct put *put)
{
	for (size_t at = 0; at < put->n;) {
		ssize_t done = write(put->fd, put->bytes + at, put->n - at);

		if (done < 0 && errno != EINTR)
			_exit(END_ANSWER);
		at += done > 0 ? (size_t)done : 0;
	}
	put->n = 0;
}

static int put_some(const char *bytes, size_t n, void *data)
{
	struct put *put = data;

	if (n > put->left)
		_exit(END_ANSWER);
	put->left -= n;
	while (n) {
		size_t room = sizeof(put->bytes) - put->n, some = n < room ? n : room;

		memcpy(put->bytes + put->n, bytes, some);
		put->n += some;
		bytes += some;
		n -= some;
		if (put->n == sizeof(put->bytes))
			put_out(put);
	}
	return 0;
}

static _Noreturn void child_main(int fd, int answer, const char *path, child_work *work, void *data, const struct child_bounds *bounds)
{
	struct confine confine = {bounds->memory_max, bounds->seconds, CHILD_FILES_MAX, fd};
	static struct put put = {0};
	struct host    host;
	const char    *why = "";
	char           head[HEAD];
	uint32_t       n;
	json_t        *document;

	put.fd = answer;
	put.left = bounds->answer_max;
	/* The parent decides what an interruption ends; this process ends when nobody takes its answer. */
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_IGN); /* where messages go to a file, none are written */
	if (!confine_enter(&confine, &why)) {
		dprintf(2, "sallyport: evidence is not read: %s\n", why);
		_exit(END_SANDBOX);
	}
	if (!host_open(&host, path))
		_exit(END_MEMORY);
	head[0] = work(&host, fd, path, data, &why);
	why = why ? why : "";
	n = (uint32_t)strnlen(why, CHILD_WHY_MAX);
	memcpy(head + 1, &n, sizeof(n));
	document = inventory_json(&host);
	if (!document)
		_exit(END_MEMORY);
	put_some(head, sizeof(head), &put);
	put_some(why, n, &put);
	if (json_dump_callback(document, put_some, &put, JSON_COMPACT) != 0)
		_exit(END_MEMORY);
	put_out(&put);
	_exit(0);
}

struct taken {
	char  *bytes;
	size_t n, room;
};

/* All that comes until the end. NULL, or what was wrong with that. */
static const char *take(int fd, const struct child_bounds *bounds, struct taken *out)
{
	uint64_t deadline = deadline_in(bounds->seconds);

	for (;;) {
		ssize_t got;

		if (!deadline_wait(fd, POLLIN, deadline))
			return "reading it took too long";
		if (out->n == out->room) {
			size_t room = out->room ? out->room * 2 : 1 << 16;
			char  *larger = out->n > bounds->answer_max ? NULL : realloc(out->bytes, room);

			if (!larger)
				return out->n > bounds->answer_max ? "its reader told more than is kept of one host" : "there is no memory for what its reader told";
			out->bytes = larger;
			out->room = room;
		}
		got = read(fd, out->bytes + out->n, out->room - out->n);
		if (got == 0)
			return NULL;
		if (got < 0 && errno != EINTR)
			return "its reader cannot be heard";
		out->n += got > 0 ? (size_t)got : 0;
	}
}

/* What the end of the child says; NULL: all is well. */
static const char *end_of(struct host *host, int status)
{
	char text[96];

	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
		return "reading it took too much time or memory";
	if (WIFSIGNALED(status)) {
		snprintf(text, sizeof(text), "its reader died (signal %d)", WTERMSIG(status));
		return host_text(host, text);
	}
	switch (WEXITSTATUS(status)) {
	case 0:
		return NULL;
	case END_SANDBOX:
		return "its reader could not give up its rights";
	case END_MEMORY:
		return "reading it takes more memory than one host may use";
	case END_ANSWER:
		return "its reader told more than is kept of one host";
	default:
		return "its reader failed";
	}
}

/* Words of a child, for people: one line, nothing that a terminal does not show. */
static const char *sentence(struct host *host, const char *bytes, size_t n)
{
	char       text[CHILD_WHY_MAX * 3 + 1];
	struct str s = str_over(text, sizeof(text));

	for (size_t i = 0; i < n;) {
		uint32_t point;
		size_t   one = utf8_one((const uint8_t *)bytes + i, n - i, &point);

		if (one && utf8_shows(point))
			str_bytes(&s, bytes + i, one);
		else
			str_char(&s, '?');
		i += one ? one : 1;
	}
	return host_text(host, text);
}

static bool answer_read(struct host *host, const char *path, const struct taken *taken, const char **why)
{
	uint32_t    n;
	const char *wrong = "";

	if (taken->n < HEAD || (taken->bytes[0] != 0 && taken->bytes[0] != 1)) {
		*why = "its reader did not answer as it should";
		return false;
	}
	memcpy(&n, taken->bytes + 1, sizeof(n));
	if (n > CHILD_WHY_MAX || n > taken->n - HEAD || !inventory_read(host, path, taken->bytes + HEAD + n, taken->n - HEAD - n, &wrong)) {
		*why = "its reader did not answer as it should";
		return false;
	}
	if (!taken->bytes[0])
		*why = n ? sentence(host, taken->bytes + HEAD, n) : "it cannot be read";
	return taken->bytes[0];
}

bool child_run(struct host *host, int fd, const char *path, child_work *work, void *data, const struct child_bounds *bounds, const char **why)
{
	struct taken taken = {0};
	int          ends[2], status = 0;
	const char  *wrong, *ended;
	bool         good = false;
	pid_t        pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		*why = "there is no pipe for its reader";
		return false;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int keep[] = {fd, ends[1]};

		sandbox_keep_fds(keep, 2);
		child_main(fd, ends[1], path, work, data, bounds);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		*why = "there is no process for its reader";
		return false;
	}
	wrong = take(ends[0], bounds, &taken);
	close(ends[0]);
	if (wrong)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ended = wrong ? wrong : end_of(host, status);
	if (ended)
		*why = ended;
	else
		good = answer_read(host, path, &taken, why);
	free(taken.bytes);
	return good;
}
