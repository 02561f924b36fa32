/* The compiler process: reads the policy's texts beneath one descriptor, without rights, and hands the keeper a sealed blob. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/day.h"
#include "gate/keeper_int.h"
#include "policy/build.h"

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

/* ---- The compiler ---- */

static bool write_whole(int fd, const uint8_t *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(fd, bytes, n);

		if (done <= 0)
			return false;
		/* UNSAFE: write takes no more than it was given. */
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

static int sealed(const uint8_t *blob, size_t n)
{
	int fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && write_whole(fd, blob, n) && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
		return fd;
	dprintf(STDERR_FILENO, "sallyport: no memory could be made for the policy: %s\n", strerror(errno));
	return -1;
}

static void send_errors(const struct channel *keeper, size_t errors)
{
	uint8_t        bytes[4];
	struct payload p = payload_over(bytes, sizeof(bytes));

	payload_le32(&p, (uint32_t)errors);
	channel_send(keeper, MSG_UNCOMPILED, bytes, p.len, -1);
}

static void send_blob(const struct channel *keeper, const uint8_t *blob, size_t n)
{
	int fd = sealed(blob, n);

	if (fd < 0 || channel_send(keeper, MSG_BLOB, NULL, 0, fd) != CHANNEL_SENT)
		send_errors(keeper, 1);
}

static _Noreturn void compiler_main(const struct keeper *k, struct channel *keeper)
{
	struct policy_files  files = policy_files_beneath;
	struct policy_world  world = {.registry = k->options->registry, .today = day_of((uint64_t)time(NULL)), .folder = k->folder_name};
	struct sandbox_wish  wish = {.role = PARTY_COMPILER, .folder = k->folder, .run = -1};
	int                  folder = k->folder;
	const int            fds[] = {keeper->fd, folder};
	struct policy_build *b;
	size_t               errors = 1, unshown, n;
	const uint8_t       *blob = NULL;

	child_begin(k, "sp-compiler", fds, 2);
	child_confine(k, &wish);
	files.user = &folder;
	b = policy_build(&files, k->policy_name, &world);
	if (b) {
		policy_diags(b, &errors, &unshown);
		policy_diags_print(b, stderr);
		blob = policy_build_blob(b, &n);
	}
	if (blob)
		send_blob(keeper, blob, n);
	else
		send_errors(keeper, errors);
	policy_build_free(&b);
	_exit(0);
}

/* ---- The keeper's side ---- */

/* Sealed memory cannot change under us, whoever still holds it. */
static bool accept_blob(struct keeper *k, int fd)
{
	struct stat st;
	const char *error = "it is not sealed memory";
	void       *bytes;

	if (fcntl(fd, F_GET_SEALS) == SEALS && fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= POLICY_SIZE_MAX) {
		error = "it cannot be mapped";
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
		if (bytes != MAP_FAILED && policy_open(&k->policy, bytes, (size_t)st.st_size, NULL, &error)) {
			k->blob = fd;
			return true;
		}
	}
	keeper_complain("what the policy's compiler made cannot be used: %s", error);
	close(fd);
	return false;
}

static enum gate_exit take_result(struct keeper *k, struct channel *c)
{
	static struct message_in in;
	enum channel_got         got = channel_recv(c, &in);
	struct fault             fault = {0};
	struct wire              w;
	uint32_t                 errors;

	if (got == CHANNEL_MESSAGE && in.type == MSG_BLOB)
		return accept_blob(k, in.fd) ? GATE_OK : GATE_FAILED;
	if (got == CHANNEL_MESSAGE && in.type == MSG_UNCOMPILED) {
		w = payload_read(&in, &fault);
		errors = wire_le32(&w, "errors");
		keeper_complain("%s: %u error%s; the gate does not start", k->options->policy, errors, errors == 1 ? "" : "s");
		return GATE_BAD_POLICY;
	}
	keeper_complain("the policy's compiler %s", got == CHANNEL_BAD ? "sent what it may not send" : "ended without a result");
	return GATE_FAILED;
}

enum gate_exit keeper_compile(struct keeper *k)
{
	struct channel mine, its;
	struct pollfd  wait;
	enum gate_exit result = GATE_FAILED;
	pid_t          pid;

	if (!channel_pair(PARTY_KEEPER, PARTY_COMPILER, &mine, &its)) {
		keeper_complain("no channel to the policy's compiler: %s", strerror(errno));
		return GATE_FAILED;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		compiler_main(k, &its);
	channel_close(&its);
	wait = (struct pollfd){.fd = mine.fd, .events = POLLIN};
	if (pid < 0)
		keeper_complain("no process for the policy's compiler: %s", strerror(errno));
	else if (poll(&wait, 1, COMPILE_MS) == 1)
		result = take_result(k, &mine);
	else
		keeper_complain("the policy's compiler took too long");
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	channel_close(&mine);
	return result;
}
