/* Inside the keeper: what it has open, and the children it watches. */
#ifndef SALLYPORT_GATE_KEEPER_INT_H
#define SALLYPORT_GATE_KEEPER_INT_H

#include "gate/gate.h"
#include "gate/heart.h"
#include "policy/policy.h"
#include "priv/channel.h"
#include "priv/sandbox.h"

enum {
	GROUPS_MAX = 16,
	LISTENERS_MAX = POLICY_SERVICES_MAX * 4, /* descriptors the keeper opens */
	COMPILE_MS = 30000, /* a compiler that takes longer is ended */
	READY_MS = 10000, /* a worker that has not proved its policy by then is ended */
	HANG_MS = 2000, /* a loop that stands still so long, and does not wait, hangs */
	SAMPLE_MS = 250,
	BACKOFF_MS = 100, /* before a restart; doubles up to ... */
	BACKOFF_MOST_MS = 10000,
	HEALTHY_MS = 60000, /* ... and begins anew for who has lived so long */
	STOP_MS = 4000, /* how long children may take to end */
};

/* A group of services with a worker of its own: a hole in one family of protocols reads nothing of another. */
struct group_of {
	const char    *family; /* static */
	struct heart  *heart; /* shared with the worker */
	struct channel channel; /* to the worker; fd -1 = it is not there */
	pid_t          pid; /* 0 = none */
	int            control; /* its listening control socket */
	bool           ready, pinholes; /* pinholes: it opens ports that its servers announce */
	bool           served; /* one of its workers has been ready */
	uint64_t       born_ms, again_ms, died_ms; /* again: when it is started anew */
	uint32_t       backoff_ms, deaths;
	uint64_t       turns, still_ms; /* the counter as last seen, and since when it stands */
	bool           hung;
};

struct keeper {
	const struct gate_options *options;
	int                        run_dir, lock, folder, events, signals, blob, null;
	const char                *policy_name; /* in `folder` */
	char                       folder_name[4096];
	struct policy              policy; /* the listener table is all that is read of it */
	int                        listener[LISTENERS_MAX];
	uint8_t                    group_of[LISTENERS_MAX];
	uint32_t                   listeners;
	struct group_of            group[GROUPS_MAX];
	unsigned                   groups;
	int                        scribe_control;
	struct channel             scribe;
	pid_t                      scribe_pid;
	uint64_t                   scribe_born_ms, scribe_again_ms;
	uint32_t                   scribe_backoff_ms, scribe_deaths;
	int                        signal; /* that ended it; 0 = none did */
	uint64_t                   files; /* descriptors a process may have; 0 = not known */
	bool                       drop_ids, sandboxed, stopping, failed;
	uid_t                      uid;
	gid_t                      gid;
	struct sandbox_got         got; /* what the keeper itself could take */
};

uint64_t keeper_now_ms(void);
/* A line to the user: on stdout, or on stderr where stdout is for JSON. */
void keeper_say(const struct keeper *k, const char *format, ...) __attribute__((format(printf, 2, 3)));
void keeper_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* open.c: folders, files, the lock, who the children become, control sockets */
bool keeper_open(struct keeper *k);
bool keeper_open_controls(struct keeper *k);
void keeper_close(struct keeper *k);

/* listen.c: the listeners of the blob's table, and the groups they fall into */
bool keeper_listen(struct keeper *k);

/* compile.c: the policy as sealed memory, made by a child without rights */
enum gate_exit keeper_compile(struct keeper *k);

/* spawn.c: children */
bool keeper_spawn_scribe(struct keeper *k);
bool keeper_spawn_worker(struct keeper *k, unsigned group);
/* In the child: no descriptor but these and stderr, and a name. */
void child_begin(const struct keeper *k, const char *name, const int *fds, size_t n);
/* In the child: no rights but the role's. Ends the process when that fails. */
void child_confine(const struct keeper *k, struct sandbox_wish *wish);

#endif
