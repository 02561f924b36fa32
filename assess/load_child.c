/* Reads hostile Markdown in a child that can do nothing else, and asks it over a socket pair. */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "advise/doc.h"
#include "assess/load.h"
#include "assess/load_int.h"
#include "priv/sandbox.h"

enum { PATH_MOST = 4096, MEMORY_MAX = 1 << 30, PIECE = 64 << 10 };

/* What precedes a bulletin: it goes from one program to its own child, so in the machine's form. */
struct ask {
	uint32_t path_n, bytes_n;
};

static bool take(int fd, void *out, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, (char *)out + at, n - at);

		if (got <= 0 && !(got < 0 && errno == EINTR))
			return false;
		at += got > 0 ? (size_t)got : 0;
	}
	return true;
}

static bool give(int fd, const char *bytes, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t put = write(fd, bytes + at, n - at);

		if (put <= 0 && !(put < 0 && errno == EINTR))
			return false;
		at += put > 0 ? (size_t)put : 0;
	}
	return true;
}

static json_t *answer_to(const struct packs *packs, const char *path, const char *bytes, size_t n)
{
	const struct pack *pack = packs_for(packs, bytes, n);
	const char        *why = "its head does not say its language; --language does";
	struct bulletin    b = {0};
	json_t            *answer = NULL;

	if (pack && bulletin_read(pack, path, bytes, n, &b, &why))
		answer = bulletin_json(&b);
	else
		answer = json_pack("{s:s}", "error", why);
	bulletin_close(&b);
	return answer;
}

/* Whoever takes this process over can use what memory it has, and the socket. */
static void give_up_rights(void)
{
	struct rlimit none = {0, 0}, memory = {MEMORY_MAX, MEMORY_MAX};

	setrlimit(RLIMIT_NOFILE, &none);
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_FSIZE, &none);
#ifndef SALLYPORT_CHECKED /* sanitizers map the whole address space */
	setrlimit(RLIMIT_AS, &memory);
#else
	(void)memory;
#endif
}

static _Noreturn void child_main(int fd, const struct packs *packs)
{
	char      *path = malloc(PATH_MOST + 1), *bytes = malloc(DOC_BYTES_MAX + 1);
	struct ask ask;

	/* The parent decides what an interruption ends; this process ends with its socket. */
	signal(SIGINT, SIG_IGN);
	give_up_rights();
	while (path && bytes && take(fd, &ask, sizeof(ask)) && ask.path_n <= PATH_MOST && ask.bytes_n <= DOC_BYTES_MAX + 1 && take(fd, path, ask.path_n) &&
	       take(fd, bytes, ask.bytes_n)) {
		json_t *answer;
		char   *text;

		path[ask.path_n] = '\0';
		answer = answer_to(packs, path, bytes, ask.bytes_n);
		text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
		json_decref(answer);
		if (!text)
			_exit(ENOMEM);
		if (!give(fd, text, strlen(text)) || !give(fd, "\n", 1))
			_exit(0);
		free(text);
	}
	_exit(0);
}

bool load_child_start(struct load_child *child, const struct packs *packs)
{
	int   pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int keep[] = {pair[1]};

		sandbox_keep_fds(keep, 1);
		child_main(pair[1], packs);
	}
	close(pair[1]);
	if (pid < 0)
		close(pair[0]);
	*child = pid < 0 ? (struct load_child){0, -1} : (struct load_child){pid, pair[0]};
	return pid > 0;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Something can be read or written before the deadline. */
static bool ready(int fd, short events, uint64_t deadline)
{
	for (;;) {
		struct pollfd one = {fd, events, 0};
		uint64_t      now = now_ms();
		int           got = now < deadline ? poll(&one, 1, (int)(deadline - now)) : 0;

		if (got > 0)
			return true;
		if (got == 0 || errno != EINTR) {
			errno = ETIMEDOUT;
			return false;
		}
	}
}

static bool send_all(int fd, const void *bytes, size_t n, uint64_t deadline)
{
	for (size_t at = 0; at < n;) {
		ssize_t put = send(fd, (const char *)bytes + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (put < 0 && errno == EAGAIN && ready(fd, POLLOUT, deadline))
			continue;
		if (put < 0 && errno != EINTR)
			return false;
		at += put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* Ends it; what became of it, as waitpid says. */
static int ended(struct load_child *child, bool kill_it)
{
	int status = 0;

	close(child->fd);
	if (kill_it)
		kill(child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	*child = (struct load_child){0, -1};
	return status;
}

void load_child_end(struct load_child *child)
{
	if (child->pid)
		ended(child, false);
}

bool load_child_ask(struct load_child *child, const char *path, const char *bytes, size_t n)
{
	uint64_t   deadline = now_ms() + LOAD_SECONDS * 1000;
	size_t     path_n = strnlen(path, PATH_MOST);
	struct ask ask = {(uint32_t)path_n, (uint32_t)n};

	if (child->pid && send_all(child->fd, &ask, sizeof(ask), deadline) && send_all(child->fd, path, path_n, deadline) &&
	    send_all(child->fd, bytes, n, deadline))
		return true;
	if (child->pid)
		ended(child, true);
	return false;
}

/* The line, or NULL: *out_n is then what there was of it. */
static char *line_of(int fd, size_t *out_n)
{
	uint64_t deadline = now_ms() + LOAD_SECONDS * 1000;
	size_t   n = 0, room = PIECE;
	char    *line = malloc(room);

	while (line && n < LOAD_JSON_MAX && ready(fd, POLLIN, deadline)) {
		ssize_t got = recv(fd, line + n, room - n, MSG_DONTWAIT);

		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0) {
			errno = 0;
			break;
		}
		n += (size_t)got;
		*out_n = n;
		if (line[n - 1] == '\n') {
			line[--*out_n] = '\0';
			return line;
		}
		if (n == room) {
			char *grown = realloc(line, room * 2);

			if (!grown)
				break;
			line = grown;
			room *= 2;
		}
	}
	free(line);
	*out_n = n;
	return NULL;
}

char *load_child_answer(struct load_child *child, size_t *out_n, char *why, size_t size)
{
	char *line;
	int   status, error;

	*out_n = 0;
	errno = 0;
	line = line_of(child->fd, out_n);
	error = errno;
	if (line)
		return line;
	status = ended(child, error == ETIMEDOUT || *out_n >= LOAD_JSON_MAX);
	if (error == ETIMEDOUT)
		snprintf(why, size, "it could not be read in %d seconds", LOAD_SECONDS);
	else if (*out_n >= LOAD_JSON_MAX)
		snprintf(why, size, "it says more than %d MB, which no bulletin does", LOAD_JSON_MAX >> 20);
	else if (WIFSIGNALED(status))
		snprintf(why, size, "its reader was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(why, size, "its reader ended%s", WEXITSTATUS(status) == ENOMEM ? ", as it needs more memory than a bulletin does" : " without an answer");
	return NULL;
}
