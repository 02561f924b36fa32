/* The attempts to get out of a sandbox, each of which must fail in its own way. */
#include "test/sandbox_forbidden.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ACT(name) static long name(const struct ground *g __attribute__((unused)))

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int connect_to(uint16_t port)
{
	struct sockaddr_in to = loopback(port);
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -1 : fd;
}

static long open_as(int folder, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = flags & O_CREAT ? 0600 : 0, .resolve = resolve};

	return syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

ACT(execve_program) { return execve("/bin/true", (char *[]){(char[]){"true"}, NULL}, (char *[]){NULL}); }
ACT(execveat_descriptor) { return syscall(SYS_execveat, g->self_exe, "", (char *[]){(char[]){"t"}, NULL}, NULL, AT_EMPTY_PATH); }
#ifdef SYS_open
ACT(open_old) { return syscall(SYS_open, "/etc/passwd", O_RDONLY); }
#endif
ACT(openat_file) { return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0); }
ACT(openat_creates) { return syscall(SYS_openat, AT_FDCWD, "/tmp/sallyport-test", O_WRONLY | O_CREAT, 0600); }
ACT(openat2_file) { return open_as(AT_FDCWD, "/etc/passwd", O_RDONLY, 0); }
ACT(openat2_folder_file) { return open_as(g->folder, "a.policy", O_RDONLY, 0); }
ACT(openat2_climbs) { return open_as(g->folder, "../../etc/passwd", O_RDONLY, 0); }
ACT(openat2_follows) { return open_as(g->folder, "out", O_RDONLY, 0); }
ACT(openat2_beneath_follows) { return open_as(g->folder, "out", O_RDONLY, RESOLVE_BENEATH); }
ACT(openat2_beneath_climbs) { return open_as(g->folder, "../x", O_RDONLY, RESOLVE_BENEATH); }
ACT(openat2_writes) { return open_as(g->folder, "a.policy", O_WRONLY, 0); }
ACT(openat2_creates) { return open_as(g->folder, "new", O_WRONLY | O_CREAT, 0); }
ACT(openat2_truncates) { return open_as(g->folder, "a.policy", O_RDONLY | O_TRUNC, 0); }
ACT(openat2_proc) { return open_as(AT_FDCWD, "/proc/self/mem", O_RDWR, 0); }
ACT(unlinkat_file) { return unlinkat(g->folder, "a.policy", 0); }
ACT(renameat_file) { return syscall(SYS_renameat2, g->folder, "a.policy", g->folder, "b.policy", 0); }
ACT(chmod_file) { return fchmodat(g->folder, "a.policy", 0777, 0); }
ACT(socket_unix) { return socket(AF_UNIX, SOCK_STREAM, 0); }
ACT(socket_netlink) { return socket(AF_NETLINK, SOCK_RAW, 0); }
ACT(socket_packet) { return socket(AF_PACKET, SOCK_RAW, 0); }
ACT(socket_raw) { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
ACT(socket_ping) { return socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP); }
ACT(socket_mptcp) { return socket(AF_INET, SOCK_STREAM, 262); }
ACT(socket_vsock) { return socket(AF_VSOCK, SOCK_STREAM, 0); }
ACT(socket_alg) { return socket(AF_ALG, SOCK_SEQPACKET, 0); }
ACT(socket_inet) { return socket(AF_INET, SOCK_STREAM, 0); }
ACT(socket_inet6) { return socket(AF_INET6, SOCK_DGRAM, 0); }
ACT(socketpair_unix)
{
	int fds[2];

	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds);
}
ACT(bind_port)
{
	struct sockaddr_in any = loopback(0);

	return bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&any, sizeof(any));
}
ACT(bind_datagrams)
{
	struct sockaddr_in any = loopback(0);

	return bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&any, sizeof(any));
}
ACT(listen_unbound) { return listen(socket(AF_INET, SOCK_STREAM, 0), 1); }
ACT(connect_elsewhere) { return connect_to(g->other_port); }
ACT(fast_open_elsewhere)
{
	struct sockaddr_in to = loopback(g->other_port);

	return sendto(socket(AF_INET, SOCK_STREAM, 0), "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof(to));
}
ACT(fast_open_by_message)
{
	struct sockaddr_in to = loopback(g->other_port);
	struct iovec       part = {(char[]){"x"}, 1};
	struct msghdr      m = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1};

	return sendmsg(socket(AF_INET, SOCK_STREAM, 0), &m, MSG_FASTOPEN);
}
ACT(attach_filter)
{
	struct sock_filter accept_all = {BPF_RET | BPF_K, 0, 0, 0xffffffffu};
	struct sock_fprog  program = {1, &accept_all};

	return setsockopt(g->given, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}
ACT(change_tcp_protocol) { return setsockopt(g->given, IPPROTO_TCP, TCP_ULP, "tls", 3); }
ACT(trace_me) { return ptrace(PTRACE_TRACEME, 0, NULL, NULL); }
ACT(trace_parent) { return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL); }
ACT(read_parent)
{
	char         byte;
	struct iovec here = {&byte, 1}, there = {&byte, 1};

	return process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}
ACT(map_executable) { return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0; }
ACT(make_executable)
{
	return mprotect(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096, PROT_READ | PROT_EXEC);
}
ACT(read_implies_exec) { return personality(READ_IMPLIES_EXEC); }
ACT(become_root) { return syscall(SYS_setuid, 0); }
ACT(become_root_again) { return syscall(SYS_setresuid, 0, 0, 0); }
ACT(join_groups) { return syscall(SYS_setgroups, 1, &(gid_t){0}); }
ACT(new_user_namespace) { return unshare(CLONE_NEWUSER); }
ACT(new_network) { return unshare(CLONE_NEWNET); }
/* The child of an attempt that worked must not run on. */
ACT(clone_namespace)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		_exit(0);
	return pid;
}
ACT(clone_tracked)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		_exit(0);
	return pid;
}
ACT(clone3_child)
{
	uint64_t args[11] = {0, 0, 0, 0, SIGCHLD};
	long     pid = syscall(SYS_clone3, args, sizeof(args));

	if (!pid)
		_exit(0);
	return pid;
}
ACT(fork_child)
{
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		_exit(0);
	return pid;
}
ACT(signal_parent) { return kill(getppid(), 0); }
ACT(signal_parent_thread) { return syscall(SYS_tgkill, getppid(), getppid(), 0); }
ACT(own_by_descriptor) { return fcntl(g->given, F_SETOWN, getppid()); }
ACT(dumpable_again) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
ACT(io_uring) { return syscall(SYS_io_uring_setup, 1, (char[256]){0}); }
ACT(bpf) { return syscall(SYS_bpf, 0, NULL, 0); }
ACT(keyctl) { return syscall(SYS_keyctl, 0, 0, 0); }
ACT(mount) { return syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL); }
ACT(perf) { return syscall(SYS_perf_event_open, NULL, 0, 0, -1, 0); }
ACT(userfaultfd) { return syscall(SYS_userfaultfd, 0); }
ACT(memfd) { return memfd_create("x", 0); }
ACT(terminal_input) { return syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x"); }
#ifdef __x86_64__
ACT(x32_call) { return syscall(0x40000000 | SYS_getpid); }
ACT(call_of_32_bits)
{
	long result = 20; /* getpid there, writev here */

	/* A kernel without such calls ends it the other way; no report of that. */
	signal(SIGSEGV, SIG_DFL);

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return result;
}
#endif

#define CHILDREN (FOR_COMPILER | FOR_WORKER | FOR_SCRIBE | FOR_READER | FOR_BLIND_READER)
#define FILELESS (FOR_WORKER | FOR_SCRIBE | FOR_BLIND_READER)
#define READERS  (FOR_KEEPER | FOR_COMPILER | FOR_READER)

const struct attempt attempts[] = {
	{"execve", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, execve_program},
	{"execveat of a descriptor", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, execveat_descriptor},
#ifdef SYS_open
	{"open", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, open_old},
#endif
	{"openat", FOR_ALL & ~FOR_READER, FATE_KILLED, NEEDS_SECCOMP, openat_file},
	{"openat of /etc/passwd", FOR_READER, FATE_REFUSED, NEEDS_FILES, openat_file},
	{"openat to write", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, openat_creates},
	{"openat2", FILELESS, FATE_KILLED, NEEDS_SECCOMP, openat2_file},
	{"openat2 in the policy folder", FILELESS, FATE_KILLED, NEEDS_SECCOMP, openat2_folder_file},
	{"openat2 of /etc/passwd", READERS, FATE_REFUSED, NEEDS_FILES, openat2_file},
	{"openat2 with ..", READERS, FATE_REFUSED, NEEDS_FILES, openat2_climbs},
	{"openat2 through a link", READERS, FATE_REFUSED, NEEDS_FILES, openat2_follows},
	{"openat2 beneath through a link", READERS, FATE_OUTSIDE, 0, openat2_beneath_follows},
	{"openat2 beneath with ..", READERS, FATE_OUTSIDE, 0, openat2_beneath_climbs},
	{"openat2 to write", READERS, FATE_REFUSED, NEEDS_FILES, openat2_writes},
	{"openat2 to create", READERS, FATE_REFUSED, NEEDS_FILES, openat2_creates},
	{"openat2 to truncate", READERS, FATE_REFUSED, NEEDS_FILES, openat2_truncates},
	{"openat2 of its own memory", READERS, FATE_REFUSED, NEEDS_FILES, openat2_proc},
	{"unlinkat", CHILDREN, FATE_KILLED, NEEDS_SECCOMP, unlinkat_file},
	{"unlinkat in the policy folder", FOR_KEEPER, FATE_REFUSED, NEEDS_FILES, unlinkat_file},
	{"rename", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, renameat_file},
	{"chmod", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, chmod_file},
	{"socket(AF_UNIX)", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, socket_unix},
	{"socket(AF_NETLINK)", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, socket_netlink},
	{"socket(AF_PACKET)", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, socket_packet},
	{"socket(AF_VSOCK)", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, socket_vsock},
	{"socket(AF_ALG)", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, socket_alg},
	{"a raw socket", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, socket_raw},
	{"a ping socket", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, socket_ping},
	{"an MPTCP socket", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, socket_mptcp},
	{"socket(AF_INET)", FOR_COMPILER | FOR_SCRIBE | FOR_READER | FOR_BLIND_READER, FATE_KILLED, NEEDS_SECCOMP, socket_inet},
	{"socket(AF_INET6)", FOR_COMPILER | FOR_SCRIBE | FOR_READER | FOR_BLIND_READER, FATE_KILLED, NEEDS_SECCOMP, socket_inet6},
	{"socketpair", CHILDREN, FATE_KILLED, NEEDS_SECCOMP, socketpair_unix},
	{"bind", FOR_WORKER | FOR_KEEPER, FATE_KILLED, NEEDS_SECCOMP, bind_port},
	{"bind for datagrams", FOR_WORKER | FOR_KEEPER, FATE_KILLED, NEEDS_SECCOMP, bind_datagrams},
	{"listen", FOR_WORKER | FOR_KEEPER, FATE_KILLED, NEEDS_SECCOMP, listen_unbound},
	{"connect to a port not given", FOR_WORKER | FOR_KEEPER, FATE_REFUSED, NEEDS_NET, connect_elsewhere},
	{"fast open by sendto", FOR_WORKER | FOR_KEEPER, FATE_KILLED, NEEDS_SECCOMP, fast_open_elsewhere},
	{"fast open by sendmsg", FOR_WORKER | FOR_KEEPER, FATE_KILLED, NEEDS_SECCOMP, fast_open_by_message},
	{"a socket filter", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, attach_filter},
	{"another protocol over TCP", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, change_tcp_protocol},
	{"ptrace of itself", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, trace_me},
	{"ptrace of its parent", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, trace_parent},
	{"reading its parent's memory", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, read_parent},
	{"mmap executable", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, map_executable},
	{"mprotect executable", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, make_executable},
	{"personality", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, read_implies_exec},
	{"setuid(0)", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, become_root},
	{"setresuid(0, 0, 0)", CHILDREN, FATE_KILLED, NEEDS_SECCOMP, become_root_again},
	{"setgroups", CHILDREN, FATE_KILLED, NEEDS_SECCOMP, join_groups},
	{"a user namespace", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, new_user_namespace},
	{"a network namespace", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, new_network},
	{"clone into a namespace", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, clone_namespace},
	{"clone of a sibling", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, clone_tracked},
	{"clone3", CHILDREN, FATE_KILLED, NEEDS_SECCOMP, clone3_child},
	{"clone3 by the keeper", FOR_KEEPER, FATE_MISSING, NEEDS_SECCOMP, clone3_child},
	{"fork", CHILDREN, FATE_KILLED, NEEDS_SECCOMP, fork_child},
	{"kill", CHILDREN, FATE_KILLED, NEEDS_SECCOMP, signal_parent},
	{"tgkill of another", CHILDREN, FATE_KILLED, NEEDS_SECCOMP, signal_parent_thread},
	{"kill of a stranger", FOR_KEEPER, FATE_REFUSED, NEEDS_SCOPE, signal_parent},
	{"tgkill of a stranger", FOR_KEEPER, FATE_REFUSED, NEEDS_SCOPE, signal_parent_thread},
	{"signals by a descriptor's owner", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, own_by_descriptor},
	{"becoming dumpable", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, dumpable_again},
	{"io_uring", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, io_uring},
	{"bpf", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, bpf},
	{"keyctl", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, keyctl},
	{"mount", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, mount},
	{"perf_event_open", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, perf},
	{"userfaultfd", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, userfaultfd},
	{"memfd_create", FILELESS | FOR_READER, FATE_KILLED, NEEDS_SECCOMP, memfd},
	{"input for a terminal", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, terminal_input},
#ifdef __x86_64__
	{"an x32 call", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, x32_call},
	{"a call of 32 bits", FOR_ALL, FATE_KILLED, NEEDS_SECCOMP, call_of_32_bits},
#endif
};

const unsigned attempt_count = sizeof(attempts) / sizeof(attempts[0]);
