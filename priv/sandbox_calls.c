/* The system calls of each role: what stands here may be made, all else ends the process. */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "priv/sandbox_int.h"

/*
 * Not here, each on purpose: execve, open and openat, ptrace, io_uring, bpf, mount, keyctl, namespaces, threads, raw
 * and netlink sockets. Kernel arguments behind pointers cannot be seen: openat2 and paths are Landlock's business.
 */

#define K ROLE_KEEPER
#define C ROLE_COMPILER
#define W ROLE_WORKER
#define S ROLE_SCRIBE
#define P ROLE_PINHOLES
#define F ROLE_READER_FILES
#define WORD 0xffffffffu /* int arguments: the upper half of the register is not defined */

#define CALL(name, roles)         {SCMP_SYS(name), roles, 0, {{0, 0, 0}}}
#define CALL_IF(name, roles, ...) {SCMP_SYS(name), roles, 0, {__VA_ARGS__}}
#define REFUSE(name, roles, why)  {SCMP_SYS(name), roles, why, {{0, 0, 0}}}
#define IS(arg, v)                {arg, WORD, v}
#define LACKS(arg, bits)          {arg, bits, 0}
/* A kind of socket, whatever its flags. Protocols by name: Landlock's TCP rules do not see MPTCP or SCTP. */
#define SOCKET(domain, type, protocol) \
	CALL_IF(socket, W, IS(0, domain), {1, WORD & ~(uint32_t)(SOCK_NONBLOCK | SOCK_CLOEXEC), type}, IS(2, protocol))
#define OPTION(roles, level, name) CALL_IF(setsockopt, roles, IS(1, level), IS(2, name))

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

const struct call sandbox_calls[] = {
	/* Memory, time, signals, the end: what the C library does by itself. */
	CALL(brk, ROLE_ALL),
	CALL_IF(mmap, ROLE_ALL, LACKS(2, PROT_EXEC)),
	CALL_IF(mprotect, ROLE_ALL, LACKS(2, PROT_EXEC)),
	CALL(munmap, ROLE_ALL),
	CALL(mremap, ROLE_ALL),
	CALL(madvise, ROLE_ALL),
	CALL(futex, ROLE_ALL),
	CALL(clock_gettime, ROLE_ALL),
	CALL(clock_nanosleep, ROLE_ALL),
	CALL(nanosleep, ROLE_ALL),
	CALL(gettimeofday, ROLE_ALL),
	CALL(time, ROLE_ALL),
	CALL(getrandom, ROLE_ALL),
	CALL(rt_sigaction, ROLE_ALL),
	CALL(rt_sigprocmask, ROLE_ALL),
	CALL(rt_sigreturn, ROLE_ALL),
	CALL(restart_syscall, ROLE_ALL),
	CALL(sched_yield, ROLE_ALL),
	CALL(sched_getaffinity, ROLE_ALL),
	CALL(set_robust_list, ROLE_ALL),
	CALL(rseq, ROLE_ALL),
	CALL(sysinfo, ROLE_ALL), /* qsort asks how much memory there is */
	CALL(getrusage, ROLE_ALL),
	CALL(getpid, ROLE_ALL),
	CALL(gettid, ROLE_ALL),
	CALL(getppid, ROLE_ALL),
	CALL(getuid, ROLE_ALL),
	CALL(geteuid, ROLE_ALL),
	CALL(getgid, ROLE_ALL),
	CALL(getegid, ROLE_ALL),
	CALL_IF(prctl, ROLE_ALL, IS(0, PR_SET_NAME)),
	CALL_IF(prctl, ROLE_ALL, IS(0, PR_SET_PDEATHSIG)),
	CALL_IF(prctl, ROLE_ALL, IS(0, PR_GET_DUMPABLE)),
	CALL(exit, ROLE_ALL),
	CALL(exit_group, ROLE_ALL),

	/* Descriptors one has, and messages on channels. */
	CALL(read, ROLE_ALL),
	CALL(readv, ROLE_ALL),
	CALL(pread64, ROLE_ALL),
	CALL(write, ROLE_ALL),
	CALL(writev, ROLE_ALL),
	CALL(lseek, ROLE_ALL),
	CALL(close, ROLE_ALL),
	CALL(close_range, ROLE_ALL),
	CALL(dup, ROLE_ALL),
	CALL(dup2, ROLE_ALL),
	CALL(dup3, ROLE_ALL),
	CALL(fstat, ROLE_ALL),
	CALL_IF(newfstatat, ROLE_ALL, IS(3, AT_EMPTY_PATH)), /* which is how fstat is done */
	CALL(poll, ROLE_ALL),
	CALL(ppoll, ROLE_ALL),
	CALL(recvmsg, ROLE_ALL),
	/* Without fast open: it connects, and Landlock does not look. */
	CALL_IF(sendmsg, ROLE_ALL, LACKS(2, MSG_FASTOPEN)),
	CALL_IF(fcntl, ROLE_ALL, IS(1, F_GETFD)),
	CALL_IF(fcntl, ROLE_ALL, IS(1, F_SETFD)),
	CALL_IF(fcntl, ROLE_ALL, IS(1, F_GETFL)),
	CALL_IF(fcntl, ROLE_ALL, IS(1, F_SETFL)),
	CALL_IF(fcntl, ROLE_ALL, IS(1, F_DUPFD)),
	CALL_IF(fcntl, ROLE_ALL, IS(1, F_DUPFD_CLOEXEC)),
	CALL_IF(fcntl, ROLE_ALL, IS(1, F_GET_SEALS)),
	CALL_IF(ioctl, ROLE_ALL, IS(1, TCGETS)), /* is it a terminal? */

	/* The compiler: read beneath its folder, make one sealed blob. */
	CALL(openat2, C | F),
	CALL(getdents64, C | F),
	CALL(newfstatat, C | F),
	CALL(statx, C | F),
	CALL(faccessat, C),
	CALL(faccessat2, C),
	CALL(memfd_create, C),
	CALL(ftruncate, C),
	CALL(pwrite64, C),
	CALL_IF(fcntl, C, IS(1, F_ADD_SEALS)),

	/* The reader with a folder: libhivex opens by name what stands beneath it. Nothing is opened for writing, which Landlock says too. */
	CALL_IF(openat, F, LACKS(2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)),
	CALL(fgetxattr, F),
	CALL(fstatfs, F),

	/* The scribe: write to what is open, serve its control socket. */
	CALL(accept4, S | W),
	CALL(recvfrom, S | W),
	CALL_IF(sendto, S | W, LACKS(3, MSG_FASTOPEN)),
	CALL(getsockopt, S | W),
	CALL(shutdown, S | W),
	CALL(fdatasync, S),
	CALL(fsync, S),

	/* The worker: the data path. */
	SOCKET(AF_INET, SOCK_STREAM, 0),
	SOCKET(AF_INET, SOCK_STREAM, IPPROTO_TCP),
	SOCKET(AF_INET, SOCK_DGRAM, 0),
	SOCKET(AF_INET, SOCK_DGRAM, IPPROTO_UDP),
	SOCKET(AF_INET6, SOCK_STREAM, 0),
	SOCKET(AF_INET6, SOCK_STREAM, IPPROTO_TCP),
	SOCKET(AF_INET6, SOCK_DGRAM, 0),
	SOCKET(AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
	CALL(connect, W),
	CALL(getsockname, W),
	CALL(getpeername, W),
	CALL(recvmmsg, W),
	CALL_IF(sendmmsg, W, LACKS(3, MSG_FASTOPEN)),
	CALL(epoll_create1, W),
	CALL(epoll_ctl, W),
	CALL(epoll_wait, W),
	CALL(epoll_pwait, W),
	CALL(epoll_pwait2, W),
	CALL(splice, W),
	CALL(pipe2, W),
	CALL_IF(fcntl, W, IS(1, F_SETPIPE_SZ)),
	CALL_IF(fcntl, W, IS(1, F_GETPIPE_SZ)),
	CALL_IF(ioctl, W, IS(1, FIONREAD)),
	CALL_IF(ioctl, W, IS(1, TIOCOUTQ)),
	/* Options by name: others load filters, change the protocol under a socket, or reach code nobody here has a use for. */
	OPTION(W | S, SOL_SOCKET, SO_SNDBUF),
	OPTION(W | S, SOL_SOCKET, SO_RCVBUF),
	OPTION(W, SOL_SOCKET, SO_KEEPALIVE),
	OPTION(W, SOL_SOCKET, SO_LINGER),
	OPTION(W, SOL_SOCKET, SO_OOBINLINE),
	OPTION(W, SOL_SOCKET, SO_RCVLOWAT),
	OPTION(W, SOL_SOCKET, SO_REUSEADDR),
	OPTION(W, IPPROTO_TCP, TCP_NODELAY),
	OPTION(W, IPPROTO_TCP, TCP_CORK),
	OPTION(W, IPPROTO_TCP, TCP_QUICKACK),
	OPTION(W, IPPROTO_TCP, TCP_KEEPIDLE),
	OPTION(W, IPPROTO_TCP, TCP_KEEPINTVL),
	OPTION(W, IPPROTO_TCP, TCP_KEEPCNT),
	OPTION(W, IPPROTO_TCP, TCP_SYNCNT),
	OPTION(W, IPPROTO_TCP, TCP_USER_TIMEOUT),
	OPTION(W, IPPROTO_TCP, TCP_NOTSENT_LOWAT),
	OPTION(W, IPPROTO_IP, IP_TOS),
	OPTION(W, IPPROTO_IP, IP_PKTINFO),
	OPTION(W, IPPROTO_IP, IP_RECVERR),
	OPTION(W, IPPROTO_IP, IP_MTU_DISCOVER),
	OPTION(W, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
	OPTION(W, IPPROTO_IPV6, IPV6_TCLASS),
	OPTION(W, IPPROTO_IPV6, IPV6_V6ONLY),
	OPTION(W, IPPROTO_IPV6, IPV6_RECVPKTINFO),
	OPTION(W, IPPROTO_IPV6, IPV6_RECVERR),
	OPTION(W, IPPROTO_IPV6, IPV6_MTU_DISCOVER),

	/* Workers whose servers announce ports, and the keeper they are forked from; which ports is Landlock's business. */
	CALL(bind, P),
	CALL(listen, P),

	/* The keeper: children by fork only, and what a child needs until it has its own filter. */
	CALL_IF(clone, K, IS(0, SIGCHLD)),
	CALL_IF(clone, K, IS(0, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD)),
	REFUSE(clone3, K, ENOSYS), /* its flags cannot be seen; the C library then takes clone */
	CALL(wait4, K),
	CALL(waitid, K),
	CALL(kill, K),
	CALL(tgkill, K), /* the others only to themselves, see sandbox_seccomp.c */
	CALL(pidfd_open, K),
	CALL(pidfd_send_signal, K),
	CALL_IF(socketpair, K, IS(0, AF_UNIX)),
	CALL(signalfd4, K),
	CALL(timerfd_create, K),
	CALL(timerfd_settime, K),
	CALL(unlinkat, K),
	CALL_IF(prlimit64, K, IS(0, 0)),
	CALL(getgroups, K),
	CALL(setgroups, K),
	CALL(setresgid, K),
	CALL(setresuid, K),
	CALL(getresgid, K),
	CALL(getresuid, K),
	CALL(capget, K),
	CALL(capset, K),
	CALL_IF(prctl, K, IS(0, PR_SET_DUMPABLE), IS(1, 0)),
	CALL_IF(prctl, K, IS(0, PR_SET_KEEPCAPS)),
	CALL_IF(prctl, K, IS(0, PR_SET_NO_NEW_PRIVS)),
	CALL_IF(prctl, K, IS(0, PR_GET_NO_NEW_PRIVS)),
	CALL_IF(prctl, K, IS(0, PR_CAPBSET_READ)),
	CALL_IF(prctl, K, IS(0, PR_CAPBSET_DROP)),
	CALL_IF(prctl, K, IS(0, PR_CAP_AMBIENT)),
	CALL_IF(prctl, K, IS(0, PR_GET_SECCOMP)),
	CALL_IF(prctl, K, IS(0, PR_SET_SECCOMP)),
	CALL(seccomp, K),
	CALL(landlock_create_ruleset, K),
	CALL(landlock_add_rule, K),
	CALL(landlock_restrict_self, K),

#if SANDBOX_SANITIZED
	/* A sanitizer's run time: it looks after itself, and its report must come out even without names. */
	CALL(sigaltstack, ROLE_ALL),
	CALL(getrlimit, ROLE_ALL),
	CALL_IF(prlimit64, ROLE_ALL, IS(0, 0)),
	CALL_IF(prctl, ROLE_ALL, IS(0, 0x53564d41 /* PR_SET_VMA */)),
	REFUSE(open, ROLE_ALL, EACCES),
	REFUSE(stat, ROLE_ALL, EACCES),
	REFUSE(access, ROLE_ALL, EACCES),
	REFUSE(openat, ROLE_GATE | ROLE_READER_BLIND, EACCES),
	REFUSE(readlink, ROLE_ALL, EACCES),
	REFUSE(readlinkat, ROLE_ALL, EACCES),
	REFUSE(process_vm_readv, ROLE_ALL, EPERM),
	REFUSE(fork, ROLE_ALL, EPERM),
	REFUSE(clone, C | W | S | ROLE_READER, EPERM),
#endif
};

const size_t sandbox_call_count = sizeof(sandbox_calls) / sizeof(sandbox_calls[0]);
