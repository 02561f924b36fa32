/* Runs children that can do nothing but answer what they are asked, within bounds of memory and time. */
#include "assess/crew.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assess/confine_int.h"
#include "priv/sandbox.h"

/* How a child ends; no library uses these. */
enum { END_MEMORY = 101, END_RIGHTS = 102 };
/* Descriptors: its socket, the standard ones, and what giving up rights takes. */
enum { FILES_MAX = 16 };

/* Precedes a question; an answer is preceded by its length alone. Both go between a program and its own child: the machine's form. */
struct ask {
	uint64_t path_n, bytes_n;
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

static bool give(int fd, const void *bytes, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t put = write(fd, (const char *)bytes + at, n - at);

		if (put <= 0 && !(put < 0 && errno == EINTR))
			return false;
		at += put > 0 ? (size_t)put : 0;
	}
	return true;
}

static _Noreturn void child_main(const struct crew *crew, int fd)
{
	struct confine confine = {.memory_max = crew->memory_max, .files = FILES_MAX, .folder = -1};
	char           path[CREW_PATH_MAX + 1];
	struct ask     ask;
	const char    *why = "";

	/* The parent decides what an interruption ends; this process ends with its socket. */
	signal(SIGINT, SIG_IGN);
	if (!confine_enter(&confine, &why))
		_exit(END_RIGHTS);
	while (take(fd, &ask, sizeof(ask)) && ask.path_n <= CREW_PATH_MAX && ask.bytes_n <= crew->question_max && take(fd, path, ask.path_n)) {
		char    *bytes = malloc(ask.bytes_n + 1), *answer;
		size_t   answer_n = 0;
		uint64_t length;

		if (!bytes)
			_exit(END_MEMORY);
		if (!take(fd, bytes, ask.bytes_n))
			break;
		path[ask.path_n] = bytes[ask.bytes_n] = '\0';
		answer = crew->work(crew->data, path, bytes, ask.bytes_n, &answer_n);
		free(bytes);
		if (!answer)
			_exit(END_MEMORY);
		length = answer_n;
		if (!give(fd, &length, sizeof(length)) || !give(fd, answer, answer_n))
			break;
		free(answer);
	}
	_exit(0);
}

unsigned crew_size(unsigned most)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 1 ? 1 : cores > (long)most ? most : (unsigned)cores;
}

bool crew_start(const struct crew *crew, struct crew_child *child)
{
	int   pair[2];
	pid_t pid;

	*child = (struct crew_child){0, -1};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	fflush(NULL);
	json_object_seed(0); /* it opens /dev/urandom when it is first needed: children cannot */
	pid = fork();
	if (pid == 0) {
		sandbox_keep_fds(&pair[1], 1);
		child_main(crew, pair[1]);
	}
	close(pair[1]);
	if (pid < 0)
		close(pair[0]);
	else
		*child = (struct crew_child){pid, pair[0]};
	return pid > 0;
}

static bool send_all(int fd, const void *bytes, size_t n, uint64_t deadline)
{
	for (size_t at = 0; at < n;) {
		ssize_t put = send(fd, (const char *)bytes + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (put < 0 && errno == EAGAIN && deadline_wait(fd, POLLOUT, deadline))
			continue;
		if (put < 0 && errno != EINTR)
			return false;
		at += put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* errno is 0 when the child ended it. */
static bool receive_all(int fd, void *out, size_t n, uint64_t deadline)
{
	for (size_t at = 0; at < n;) {
		ssize_t got;

		if (!deadline_wait(fd, POLLIN, deadline))
			return false;
		got = recv(fd, (char *)out + at, n - at, MSG_DONTWAIT);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0) {
			errno = 0;
			return false;
		}
		at += (size_t)got;
	}
	return true;
}

/* Ends it; what became of it, as waitpid says. */
static int ended(struct crew_child *child, bool kill_it)
{
	int status = 0;

	close(child->fd);
	if (kill_it)
		kill(child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	*child = (struct crew_child){0, -1};
	return status;
}

void crew_end(struct crew_child *child)
{
	if (child->pid)
		ended(child, false);
}

int crew_wait(const int *fds, size_t count, int ms)
{
	struct pollfd all[CREW_MAX];

	count = count < CREW_MAX ? count : CREW_MAX;
	for (size_t i = 0; i < count; i++)
		all[i] = (struct pollfd){fds[i], POLLIN, 0};
	if (poll(all, count, ms) > 0)
		for (size_t i = 0; i < count; i++)
			if (all[i].revents)
				return (int)i;
	return -1;
}

bool crew_ask(const struct crew *crew, struct crew_child *child, const char *path, const char *bytes, size_t n)
{
	uint64_t   deadline = deadline_in(crew->seconds);
	size_t     path_n = strnlen(path, CREW_PATH_MAX);
	struct ask ask = {path_n, n};

	if (child->pid && send_all(child->fd, &ask, sizeof(ask), deadline) && send_all(child->fd, path, path_n, deadline) &&
	    send_all(child->fd, bytes, n, deadline))
		return true;
	if (child->pid)
		ended(child, true);
	return false;
}

char *crew_answer(const struct crew *crew, struct crew_child *child, size_t *out_n, char *why, size_t size)
{
	uint64_t deadline = deadline_in(crew->seconds), length = 0;
	char    *answer = NULL;
	bool     whole = receive_all(child->fd, &length, sizeof(length), deadline), large = whole && length > crew->answer_max, late;
	int      status;

	if (whole && !large && (answer = malloc(length + 1)) && receive_all(child->fd, answer, length, deadline)) {
		answer[length] = '\0';
		*out_n = length;
		return answer;
	}
	late = errno == ETIMEDOUT;
	free(answer);
	status = ended(child, large || late || (whole && !answer));
	if (large)
		snprintf(why, size, "its answer has more than %zu MB, which no answer has", crew->answer_max >> 20);
	else if (late)
		snprintf(why, size, "it could not be read in %u seconds", crew->seconds);
	else if (whole && !answer)
		snprintf(why, size, "there is no memory for its answer");
	else if (WIFSIGNALED(status))
		snprintf(why, size, "its reader was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(why, size, "its reader ended%s", WEXITSTATUS(status) == END_MEMORY ? ", as it needs more memory than it may have" :
			WEXITSTATUS(status) == END_RIGHTS ? ", as it could not give up its rights" : " without an answer");
	return NULL;
}
