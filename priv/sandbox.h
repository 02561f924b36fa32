/* Giving rights up for good: ids, no_new_privs, Landlock, seccomp; one profile per process of the map. */
#ifndef SALLYPORT_PRIV_SANDBOX_H
#define SALLYPORT_PRIV_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "priv/channel.h"

/*
 * What each process may still do after sandbox_enter:
 *   keeper    fork, kill and wait for its children, pass descriptors, remove its sockets from the run folder. No execve, no bind (but for its `pinholes`), no
 *             signal to anyone but its children. Because they are forked inside its sandbox it also may what they may (doc/decisions.md,
 *             15). As root it keeps only the capabilities it needs to drop ids in a child and to kill it.
 *   compiler  read files beneath the policy folder's descriptor (openat2), memfd_create and seal, send one descriptor. No socket at all.
 *   worker    socket() for AF_INET and AF_INET6 only, connect (TCP to the ports given), accept, epoll, send and receive,
 *             splice, pipes. No bind, no file, no execve, no socketpair. One whose servers announce ports to their clients (`pinholes`)
 *             also has bind and listen: for TCP ports from 1024 on, where the kernel has Landlock's rules for ports.
 *   reader    (of evidence; no child of the keeper's) read and write what it has open. One that is given a `folder` - which may be a single file
 *             too - also opens files beneath it for reading, and asks for their attributes. No socket(), no execve, no fork.
 *   scribe    write to what it has open, accept on its control socket. No socket(), no file, no execve.
 * None may ptrace, mount, load, change ids again, map memory executable, or make a namespace. What is forbidden ends the process
 * (SIGSYS); what Landlock alone forbids (a port, a file) fails with EACCES or EPERM. The lists are sandbox_calls.c.
 *
 * The keeper enters before it forks a child that is to live: one from before is outside its scope and cannot be signalled.
 */

struct sandbox_wish {
	enum party      role; /* not PARTY_CLIENT */
	bool            drop_ids; /* we are root: become uid and gid, without supplementary groups (children; the keeper stays) */
	uid_t           uid;
	gid_t           gid;
	int             folder; /* compiler, and keeper for it: the policy folder; reader: what it may read; else -1 */
	int             run; /* keeper: the folder whose sockets it removes in the end; else -1 */
	const uint16_t *ports; /* worker: TCP ports it may connect to; keeper: all of them, or NULL to leave that to each worker */
	size_t          port_count;
	bool            pinholes; /* worker: it may also listen on TCP ports from 1024 on, and connect to them; keeper: one of its children may */
};

/* What was taken (`ids`: as root only). What could not be is for the keeper to say aloud. */
struct sandbox_got {
	bool        ids, no_new_privs, seccomp, landlock_files, landlock_net, landlock_scope;
	const char *missing; /* one clause for people on what is not there and why, or NULL; it stays */
};

/*
 * Irrevocable, for the calling process (single-threaded). False: a protection that this kernel has could not be taken, *error is
 * a static sentence; the process must exit. A kernel without Landlock or seccomp is no failure but told in `got`.
 */
bool sandbox_enter(const struct sandbox_wish *wish, struct sandbox_got *got, const char **error);

/* Close every descriptor from 3 on except these (-1 = none); aborts when it cannot. Before or after sandbox_enter. */
void sandbox_keep_fds(const int *fds, size_t n);

#endif
