/* Sandboxes of each role, as root and as a user: what is forbidden fails, what is needed works, also beneath a keeper's own sandbox. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "priv/channel.h"
#include "priv/sandbox.h"
#include "priv/sandbox_int.h"
#include "test/sandbox_forbidden.h"
#include "test/tap.h"

enum { NOBODY = 65534 };
/* How a forked child ends when the sandbox itself could not be had; others are its own. */
enum { EXIT_NO_SANDBOX = 99 };

static const char *const role_names[] = {"keeper", "compiler", "worker", "scribe", "reader"};

static struct message_in in;
static bool              pinholes, blind; /* of what enters next: a worker, a reader */

/* One process's sandbox, as the daemon would ask for it. */
static bool enter(enum party role, const struct ground *g, struct sandbox_got *got)
{
	bool                has_folder = role == PARTY_COMPILER || role == PARTY_KEEPER || (role == PARTY_READER && !blind), has_ports = role == PARTY_WORKER || (role == PARTY_KEEPER && !pinholes);
	struct sandbox_wish wish = {
		.role = role,
		.drop_ids = geteuid() == 0 && role != PARTY_KEEPER,
		.uid = NOBODY,
		.gid = NOBODY,
		.folder = has_folder ? g->folder : -1,
		.run = role == PARTY_KEEPER ? g->run : -1,
		.ports = has_ports ? &g->given_port : NULL,
		.port_count = has_ports ? 1 : 0,
		.pinholes = pinholes,
	};
	const char *error;

	if (sandbox_enter(&wish, got, &error))
		return true;
	fprintf(stderr, "# %s: %s\n", role_names[role], error);
	return false;
}

/* Forks; the child enters the role's sandbox, does its work and ends with what that returned. */
static int in_sandbox(enum party role, const struct ground *g, int (*work)(const struct ground *g, const struct sandbox_got *got))
{
	int   status = -1;
	pid_t pid = fork();

	if (!pid) {
		struct sandbox_got got;

		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		_exit(enter(role, g, &got) ? work(g, &got) : EXIT_NO_SANDBOX);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static unsigned has(const struct sandbox_got *got)
{
	return (got->seccomp ? NEEDS_SECCOMP : 0) | (got->landlock_files ? NEEDS_FILES : 0) | (got->landlock_net ? NEEDS_NET : 0) |
	       (got->landlock_scope ? NEEDS_SCOPE : 0);
}

/* Set before the fork: in_sandbox carries functions, not what they are about. */
static const struct attempt *current;

enum { EXIT_CANNOT_TELL = 98, EXIT_WORKED = 97 };

static int try_it(const struct ground *g, const struct sandbox_got *got)
{
	if ((has(got) & current->needs) != current->needs)
		return EXIT_CANNOT_TELL;
	errno = 0;
	return current->act(g) >= 0 ? EXIT_WORKED : errno;
}

static bool ended_as(enum fate fate, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	switch (fate) {
	case FATE_KILLED:
		/* A call of 32 bits on a kernel without them is the wrong instruction. */
		return (WIFSIGNALED(status) && (WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV)) ||
		       (SANDBOX_SANITIZED && (code == EACCES || code == EPERM));
	case FATE_REFUSED:
		return code == EACCES || code == EPERM;
	case FATE_OUTSIDE:
		return code == EXDEV;
	case FATE_MISSING:
		return code == ENOSYS;
	}
	return false;
}

static void nobody_gets_out(enum party role, const struct ground *g, const char *who)
{
	unsigned tried = 0, untold = 0, bad = 0;

	for (unsigned i = 0; i < attempt_count; i++) {
		if (!(attempts[i].roles & (role == PARTY_READER && blind ? FOR_BLIND_READER : 1u << role)))
			continue;
		current = &attempts[i];
		int status = in_sandbox(role, g, try_it);

		tried++;
		if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CANNOT_TELL) {
			untold++;
		} else if (!ended_as(attempts[i].fate, status)) {
			bad++;
			if (WIFSIGNALED(status))
				tap_note("%s: signal %d", attempts[i].name, WTERMSIG(status));
			else
				tap_note("%s: %s", attempts[i].name, WEXITSTATUS(status) == EXIT_WORKED ? "worked" : strerror(WEXITSTATUS(status)));
		}
	}
	tap_number(bad, 0, "nothing gets out");
	tap_note("%s, %s: %u attempts", role_names[role], who, tried);
	if (untold)
		tap_skip("%u attempts, as this kernel lacks what stops them", untold);
}

/* The work of the roles: 0, or the line on which it failed (modulo what an exit code holds). */
#define MUST(held)                                                                     \
	do {                                                                           \
		if (!(held)) {                                                         \
			fprintf(stderr, "# line %d: %s\n", __LINE__, strerror(errno)); \
			return 1;                                                      \
		}                                                                      \
	} while (0)

/* Bytes from one TCP connection to another through a pipe, in the kernel. */
static int splice_over(int from, int to)
{
	int  pipe_fds[2];
	char text[8] = {0};

	MUST(pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC) == 0 && fcntl(pipe_fds[1], F_SETPIPE_SZ, 1 << 16) > 0);
	MUST(send(to, "through", 7, MSG_NOSIGNAL) == 7);
	MUST(poll(&(struct pollfd){from, POLLIN, 0}, 1, 5000) == 1);
	MUST(splice(from, NULL, pipe_fds[1], NULL, 7, SPLICE_F_MOVE | SPLICE_F_NONBLOCK) == 7);
	MUST(splice(pipe_fds[0], NULL, from, NULL, 7, SPLICE_F_MOVE) == 7);
	MUST(poll(&(struct pollfd){to, POLLIN, 0}, 1, 5000) == 1 && recv(to, text, sizeof(text), 0) == 7 && strcmp(text, "through") == 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return 0;
}

static int worker_datagrams(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct iovec       part = {(char[]){"x"}, 1};
	struct mmsghdr     m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
	int                fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	MUST(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && sendmmsg(fd, &m, 1, MSG_NOSIGNAL) == 1);
	MUST(recvmmsg(fd, &m, 1, MSG_DONTWAIT, NULL) <= 1 && close(fd) == 0);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	MUST((fd >= 0 && close(fd) == 0) || errno == EAFNOSUPPORT);
	return 0;
}

static int worker_work(const struct ground *g, const struct sandbox_got *got)
{
	int                epfd = epoll_create1(EPOLL_CLOEXEC), client, accepted, error = -1;
	socklen_t          n = sizeof(error);
	struct sockaddr_in peer;
	socklen_t          peer_len = sizeof(peer);
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};

	MUST(!got->seccomp || got->no_new_privs);
	MUST(epfd >= 0 && epoll_ctl(epfd, EPOLL_CTL_ADD, g->given, &event) == 0);
	client = connect_to(g->given_port);
	MUST(client >= 0 && epoll_wait(epfd, &event, 1, 5000) == 1);
	accepted = accept4(g->given, (struct sockaddr *)&peer, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	MUST(accepted >= 0 && getsockname(accepted, (struct sockaddr *)&peer, &peer_len) == 0);
	MUST(setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) == 0);
	MUST(setsockopt(accepted, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)) == 0);
	MUST(getsockopt(accepted, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0);
	MUST(fcntl(client, F_SETFL, fcntl(client, F_GETFL) | O_NONBLOCK) == 0);
	if (splice_over(client, accepted) || worker_datagrams())
		return 1;
	MUST(shutdown(client, SHUT_WR) == 0 && close(client) == 0 && close(accepted) == 0 && close(epfd) == 0);
	/* Memory of every size, and a sort large enough to ask how much there is. */
	void *big = malloc(8 << 20), *more = realloc(big, 16 << 20);
	MUST(more);
	free(more);
	MUST(getpid() > 0 && dprintf(2, "%s", "") == 0);
	return 0;
}

static int compiler_work(const struct ground *g, const struct sandbox_got *got)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	char            text[16] = {0};
	struct stat     st;
	struct dirent  *entry;
	unsigned        entries = 0;
	int             file = (int)syscall(SYS_openat2, g->folder, "a.policy", &how, sizeof(how)), blob, seals;

	(void)got;
	MUST(file >= 0 && fstat(file, &st) == 0 && st.st_size == 6 && read(file, text, 6) == 6 && strcmp(text, "policy") == 0);
	MUST(close(file) == 0 && syscall(SYS_openat2, g->folder, "sub/b.policy", &how, sizeof(how)) >= 0);
	how.flags |= O_DIRECTORY;
	DIR *dir = fdopendir((int)syscall(SYS_openat2, g->folder, ".", &how, sizeof(how)));
	MUST(dir);
	while ((entry = readdir(dir)))
		entries++;
	MUST(entries == 5 && closedir(dir) == 0 && fstatat(g->folder, "a.policy", &st, 0) == 0);
	blob = memfd_create("blob", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	MUST(blob >= 0 && ftruncate(blob, 6) == 0 && pwrite(blob, text, 6, 0) == 6);
	seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	MUST(fcntl(blob, F_ADD_SEALS, seals) == 0 && fcntl(blob, F_GET_SEALS) == seals);
	/* The channel stands at a number both know. */
	struct channel keeper = channel_over(g->other, PARTY_COMPILER, PARTY_KEEPER);
	MUST(channel_send(&keeper, MSG_BLOB, NULL, 0, blob) == CHANNEL_SENT);
	return 0;
}

/* It opens beneath its folder in both ways, and by the name of a descriptor; a file that is given alone is its whole world. */
static int reader_work(const struct ground *g, const struct sandbox_got *got)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	char            name[32];
	struct stat     st;
	int             file = (int)syscall(SYS_openat2, g->folder, "sub/b.policy", &how, sizeof(how)), again;

	MUST(file >= 0 && fstatat(g->folder, "sub", &st, AT_SYMLINK_NOFOLLOW) == 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	again = openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
	MUST(again >= 0 && read(again, name, 6) == 6 && memcmp(name, "policy", 6) == 0);
	MUST(!got->landlock_files || (openat(g->folder, "out", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES));
	return 0;
}

static int scribe_work(const struct ground *g, const struct sandbox_got *got)
{
	struct iovec parts[2] = {{(char[]){"li"}, 2}, {(char[]){"ne"}, 2}};
	int          client;

	(void)got;
	MUST(write(g->self_exe, "line", 4) == 4 && writev(g->self_exe, parts, 2) == 4 && fdatasync(g->self_exe) == 0);
	MUST(poll(&(struct pollfd){g->other, POLLIN, 0}, 1, 5000) == 1);
	client = accept4(g->other, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	MUST(client >= 0);
	struct channel c = channel_over(client, PARTY_SCRIBE, PARTY_CLIENT);
	MUST(channel_send(&c, MSG_HELLO, "hello", 5, -1) == CHANNEL_SENT && channel_send(&c, MSG_LINE, "line", 4, -1) == CHANNEL_SENT);
	MUST(channel_recv(&c, &in) == CHANNEL_AGAIN);
	channel_close(&c);
	return 0;
}

/* Ground for a compiler: `other` is its channel; what it sends must arrive sealed and mappable. */
static int run_compiler(const struct ground *g)
{
	struct ground  mine = *g;
	struct channel keeper, compiler;
	int            status;
	void          *map;

	if (!channel_pair(PARTY_KEEPER, PARTY_COMPILER, &keeper, &compiler))
		return -1;
	mine.other = compiler.fd;
	status = in_sandbox(PARTY_COMPILER, &mine, compiler_work);
	channel_close(&compiler);
	if (!status && channel_recv(&keeper, &in) == CHANNEL_MESSAGE && in.type == MSG_BLOB) {
		map = mmap(NULL, 6, PROT_READ, MAP_SHARED, in.fd, 0);
		status = map != MAP_FAILED && fcntl(in.fd, F_GET_SEALS) & F_SEAL_WRITE && memcmp(map, "policy", 6) == 0 ? 0 : -1;
		close(in.fd);
	} else {
		status = status ? status : -1;
	}
	channel_close(&keeper);
	return status;
}

/* Ends only with a signal. */
static int worker_waits(const struct ground *g, const struct sandbox_got *got)
{
	(void)g;
	(void)got;
	while (poll(NULL, 0, 10000) == 0)
		;
	return 1;
}

/* A child that lives in its own sandbox; the keeper ends it, by number or by descriptor. */
static int keeper_ends_a_child(const struct ground *g, bool by_descriptor)
{
	int            status = -1, pidfd;
	struct channel mine, theirs;
	pid_t          pid;

	MUST(channel_pair(PARTY_KEEPER, PARTY_WORKER, &mine, &theirs));
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		struct sandbox_got got;

		sandbox_keep_fds((int[]){theirs.fd}, 1);
		if (!enter(PARTY_WORKER, g, &got) || channel_send(&theirs, MSG_READY, NULL, 0, -1) != CHANNEL_SENT)
			_exit(1);
		_exit(worker_waits(g, &got));
	}
	channel_close(&theirs);
	MUST(poll(&(struct pollfd){mine.fd, POLLIN, 0}, 1, 10000) == 1 && channel_recv(&mine, &in) == CHANNEL_MESSAGE && in.type == MSG_READY);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	MUST(pidfd >= 0);
	MUST((by_descriptor ? (int)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) : kill(pid, SIGKILL)) == 0);
	MUST(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	MUST(channel_recv(&mine, &in) == CHANNEL_ENDED);
	channel_close(&mine);
	close(pidfd);
	return 0;
}

static int keeper_work(const struct ground *g, const struct sandbox_got *got)
{
	sigset_t set;
	int      sfd;
	void    *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	MUST(shared != MAP_FAILED && got->no_new_privs);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sfd = sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC) : -1;
	MUST(sfd >= 0 && raise(SIGTERM) == 0 && poll(&(struct pollfd){sfd, POLLIN, 0}, 1, 5000) == 1);
	if (keeper_ends_a_child(g, false) || keeper_ends_a_child(g, true))
		return 1;
	MUST(run_compiler(g) == 0);
	MUST(in_sandbox(PARTY_WORKER, g, worker_work) == 0);
	MUST(unlinkat(g->run, "socket", 0) == 0 || errno == ENOENT || errno == EACCES);
	MUST(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0);
	return 0;
}

/* A worker whose servers announce ports: it listens on one, and reaches one, from 1024 on; no other. */
static int pinhole_work(const struct ground *g, const struct sandbox_got *got)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int                fd = socket(AF_INET, SOCK_STREAM, 0), done = -1;
	uint16_t           port = 0;

	(void)g;
	for (unsigned i = 0; i < 100 && done < 0; i++) {
		port = (uint16_t)(20000 + ((unsigned)getpid() * 7 + i * 131) % 40000);
		at.sin_port = htons(port);
		done = bind(fd, (struct sockaddr *)&at, sizeof(at));
	}
	MUST(done == 0 && listen(fd, 4) == 0);
	MUST(connect_to(port) >= 0 && accept4(fd, NULL, NULL, SOCK_CLOEXEC) >= 0);
	if (got->landlock_net) {
		MUST(connect_to(7) < 0 && errno == EACCES);
		at.sin_port = htons(1023);
		MUST(bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof(at)) < 0 && errno == EACCES);
	}
	return 0;
}

static int keeper_of_pinholes(const struct ground *g, const struct sandbox_got *got)
{
	(void)got;
	MUST(in_sandbox(PARTY_WORKER, g, pinhole_work) == 0);
	return 0;
}

static void test_pinholes(const struct ground *g)
{
	int worker, beneath;

	pinholes = true;
	worker = in_sandbox(PARTY_WORKER, g, pinhole_work);
	beneath = in_sandbox(PARTY_KEEPER, g, keeper_of_pinholes);
	pinholes = false;
	if (!tap_ok(worker == 0 && beneath == 0, "a worker whose servers announce ports listens from 1024 on, also beneath its keeper's sandbox"))
		tap_note("worker: %#x, beneath a keeper: %#x", (unsigned)worker, (unsigned)beneath);
}

static int abort_itself(const struct ground *g, const struct sandbox_got *got)
{
	(void)g;
	(void)got;
	abort();
}

/* Ids and capabilities as the kernel shows them. */
static int shows_its_rights(enum party role, const struct ground *g, const struct sandbox_got *got)
{
	/* A compiler or reader that root started may read what only root can: the sandbox says where. */
	const char *caps = geteuid() == 0 ? "00000000000000e0" : got->ids && (role == PARTY_COMPILER || role == PARTY_READER) ? "0000000000000004" : "0000000000000000";
	char text[4096] = {0}, wanted[64];
	int  fd = g->self_exe;

	MUST(pread(fd, text, sizeof(text) - 1, 0) > 0);
	bool is_root = geteuid() == 0;
	snprintf(wanted, sizeof(wanted), "CapPrm:\t%s\nCapEff:\t%s\n", caps, caps);
	MUST(strstr(text, wanted));
	MUST(strstr(text, "CapInh:\t0000000000000000") && strstr(text, "CapAmb:\t0000000000000000") && strstr(text, "NoNewPrivs:\t1"));
	MUST(!got->ids || strstr(text, "CapBnd:\t0000000000000000"));
	MUST(is_root || !got->ids || (strstr(text, "Uid:\t65534\t65534\t65534\t65534") && strstr(text, "Gid:\t65534\t65534\t65534\t65534")));
	MUST(!got->seccomp || strstr(text, "Seccomp:\t2"));
	MUST(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	MUST(!got->ids || is_root || strstr(text, "Groups:\t \n") || strstr(text, "Groups:\t\n"));
	return 0;
}

static int run_scribe(const struct ground *g)
{
	struct ground      mine = *g;
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int                status, client;

	/* An abstract name chosen by the kernel; the client waits in the queue. */
	socklen_t n = sizeof(name);
	mine.other = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (bind(mine.other, (struct sockaddr *)&name, sizeof(sa_family_t)) < 0 || listen(mine.other, 4) < 0 ||
	    getsockname(mine.other, (struct sockaddr *)&name, &n) < 0 || connect(client, (struct sockaddr *)&name, n) < 0)
		return -1;
	mine.self_exe = memfd_create("log", MFD_CLOEXEC);
	status = in_sandbox(PARTY_SCRIBE, &mine, scribe_work);
	close(mine.self_exe);
	close(mine.other);
	struct channel c = channel_over(client, PARTY_CLIENT, PARTY_SCRIBE);
	if (!status && (channel_recv(&c, &in) != CHANNEL_MESSAGE || in.type != MSG_HELLO || channel_recv(&c, &in) != CHANNEL_MESSAGE))
		status = -1;
	channel_close(&c);
	return status;
}

/* Rights that only look away: groups, and capabilities for later programs. Root alone has any. */
static void have_more_rights(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct   data[2];

	if (geteuid() != 0)
		return;
	if (syscall(SYS_capget, &head, data) < 0 || setgroups(2, (gid_t[]){4, 24}) < 0)
		_exit(2);
	data[0].inheritable = data[0].permitted;
	if (syscall(SYS_capset, &head, data) < 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) < 0)
		_exit(2);
}

/* /proc/self/status of the child is opened by the child: before it enters. */
static int rights_of(enum party role, const struct ground *g)
{
	int   status = -1;
	pid_t pid = fork();

	if (!pid) {
		struct sandbox_got got;
		struct ground      mine = *g;

		have_more_rights();
		mine.self_exe = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
		_exit(enter(role, &mine, &got) ? shows_its_rights(role, &mine, &got) : EXIT_NO_SANDBOX);
	}
	waitpid(pid, &status, 0);
	return status;
}

static int says_what_is_missing(const struct ground *g, const struct sandbox_got *got)
{
	bool all = got->ids && got->no_new_privs && has(got) == (NEEDS_SECCOMP | NEEDS_FILES | NEEDS_NET | NEEDS_SCOPE);

	(void)g;
	if (got->missing)
		printf("# %s\n", got->missing);
	fflush(stdout);
	return all == !got->missing ? 0 : 1;
}

static void everyone(const struct ground *g, const char *who)
{
	for (enum party role = PARTY_KEEPER; role <= PARTY_READER; role++) {
		tap_ok(in_sandbox(role, g, says_what_is_missing) == 0, "%s, %s: what is missing is said", role_names[role], who);
		tap_ok(rights_of(role, g) == 0, "%s, %s: ids and capabilities are given up", role_names[role], who);
		nobody_gets_out(role, g, who);
		int status = in_sandbox(role, g, abort_itself);
		tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "%s, %s: abort() is SIGABRT", role_names[role], who);
	}
	tap_ok(in_sandbox(PARTY_READER, g, reader_work) == 0, "%s: a reader can do its work", who);
	blind = true;
	nobody_gets_out(PARTY_READER, g, who);
	blind = false;
	tap_ok(in_sandbox(PARTY_WORKER, g, worker_work) == 0, "%s: a worker can do its work", who);
	test_pinholes(g);
	tap_ok(run_compiler(g) == 0, "%s: a compiler can do its work", who);
	tap_ok(run_scribe(g) == 0, "%s: a scribe can do its work", who);
	tap_ok(in_sandbox(PARTY_KEEPER, g, keeper_work) == 0, "%s: a keeper can do its work, and children in its sandbox theirs", who);
}

/* Unusual wishes, as root. */
static void root_is_given_up_or_nothing_is(const struct ground *g)
{
	struct sandbox_wish wishes[] = {
		{.role = PARTY_WORKER, .folder = -1, .run = -1},
		{.role = PARTY_WORKER, .drop_ids = true, .uid = 0, .gid = NOBODY, .folder = -1, .run = -1},
		{.role = PARTY_WORKER, .drop_ids = true, .uid = NOBODY, .gid = 0, .folder = -1, .run = -1},
		{.role = PARTY_COMPILER, .drop_ids = true, .uid = NOBODY, .gid = NOBODY, .folder = 12345, .run = -1},
	};
	unsigned refused = 0;

	(void)g;
	for (size_t i = 0; i < 4; i++) {
		int   status;
		pid_t pid = fork();

		if (!pid) {
			struct sandbox_got got;
			const char        *error;

			_exit(!sandbox_enter(&wishes[i], &got, &error) && error ? 0 : 1);
		}
		waitpid(pid, &status, 0);
		refused += status == 0;
	}
	tap_number(refused, 4, "a child that would stay root, or whose folder is none, is refused with a sentence");
}

static void only_the_kept_descriptors_stay(void)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		int keep[] = {30, -1, 7, 7, 31};

		for (int fd = 3; fd < 40; fd++)
			dup2(1, fd);
		sandbox_keep_fds(keep, 5);
		for (int fd = 0; fd < 45; fd++)
			if ((fcntl(fd, F_GETFD) >= 0) != (fd < 3 || fd == 7 || fd == 30 || fd == 31))
				_exit(1);
		sandbox_keep_fds(NULL, 0);
		_exit(fcntl(7, F_GETFD) >= 0 || fcntl(2, F_GETFD) < 0);
	}
	waitpid(pid, &status, 0);
	tap_number((unsigned)status, 0, "all descriptors but the kept ones and 0 to 2 are closed");
}

static int listener(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t          n = sizeof(at);
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, n) < 0 || listen(fd, 8) < 0 || getsockname(fd, (struct sockaddr *)&at, &n) < 0)
		exit(2);
	*port = ntohs(at.sin_port);
	return fd;
}

static void write_file(int folder, const char *name)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, "policy", 6) != 6 || close(fd) < 0)
		exit(2);
}

static void lay_out(struct ground *g)
{
	snprintf(g->path, sizeof(g->path), "/tmp/sallyport-sandbox-XXXXXX");
	if (!mkdtemp(g->path) || chmod(g->path, 0755) < 0)
		exit(2);
	g->folder = open(g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_file(g->folder, "a.policy");
	if (mkdirat(g->folder, "sub", 0755) < 0 || symlinkat("/etc/passwd", g->folder, "out") < 0)
		exit(2);
	write_file(g->folder, "sub/b.policy");
	g->run = openat(g->folder, "sub", O_PATH | O_DIRECTORY | O_CLOEXEC);
	g->self_exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	g->given = listener(&g->given_port);
	g->other = listener(&g->other_port);
}

static void clean_up(const struct ground *g)
{
	unlinkat(g->folder, "sub/b.policy", 0);
	unlinkat(g->folder, "sub", AT_REMOVEDIR);
	unlinkat(g->folder, "out", 0);
	unlinkat(g->folder, "a.policy", 0);
	rmdir(g->path);
}

/* All of it once more by an ordinary user, in a child that hands its counters back. */
static void as_a_user(const struct ground *g)
{
	struct tap *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int         status = -1;
	pid_t       pid;

	fflush(stdout);
	pid = shared == MAP_FAILED ? -1 : fork();
	if (!pid) {
		if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(1);
		everyone(g, "as a user");
		*shared = tap_state;
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (!status)
		tap_state = *shared;
	else
		tap_ok(false, "the tests of an ordinary user run to their end");
}

int main(void)
{
	struct ground g = {0};

	lay_out(&g);
	only_the_kept_descriptors_stay();
	if (geteuid() == 0) {
		root_is_given_up_or_nothing_is(&g);
		everyone(&g, "as root");
		as_a_user(&g);
	} else {
		tap_skip("everything as root: these tests run as a user");
		everyone(&g, "as a user");
	}
	clean_up(&g);
	return tap_done();
}
