/* Giving rights up: ids and capabilities first, then Landlock, then the system call filter that forbids all of this. */
#include "priv/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "priv/sandbox_int.h"

#if SANDBOX_SANITIZED
/* Leaks are looked for with ptrace, which a process in its sandbox cannot use; the run time asks here. */
static bool entered;
int         __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return entered;
}
#endif

/*
 * What a compiler of a gate that root started needs: policies are files of root's, most often readable by nobody else. It reads beneath the
 * policy's folder only (Landlock), and opens nothing for writing (seccomp). The same for a reader of evidence that root started: disks are
 * root's to mount.
 */
static const uint64_t reading_capabilities = 1u << CAP_DAC_READ_SEARCH;
/* What a keeper that is root needs: ids for its children, and their end. */
static const uint64_t keeper_capabilities = 1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_KILL;

/*
 * The bounding set counts only when a program is executed. It goes first, while there is the right to change it; without that right
 * no_new_privs does the same.
 */
static bool no_bounding_set(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EPERM)
			return false;
	return true;
}

/* Exactly these, of those one has; none can come back. */
static bool capabilities_only(uint64_t keep)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct   data[2] = {{0}};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return false;
	if (syscall(SYS_capget, &head, data) < 0)
		return false;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, data) == 0;
}

static bool ids_are(uid_t uid, gid_t gid)
{
	uid_t u[3];
	gid_t g[3];

	return getresuid(&u[0], &u[1], &u[2]) == 0 && getresgid(&g[0], &g[1], &g[2]) == 0 && u[0] == uid && u[1] == uid && u[2] == uid &&
	       g[0] == gid && g[1] == gid && g[2] == gid && getgroups(0, NULL) == 0;
}

/* Another user for good: that there is no way back is tried, not believed. */
static bool become(uid_t uid, gid_t gid)
{
	return uid && gid && setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0 && ids_are(uid, gid) &&
	       setresuid(0, 0, 0) < 0 && setresuid((uid_t)-1, 0, (uid_t)-1) < 0 && setresgid(0, 0, 0) < 0 && setgroups(0, NULL) < 0;
}

static bool drop_rights(const struct sandbox_wish *wish, struct sandbox_got *got, const char **error)
{
	bool     root = geteuid() == 0, keeper = wish->role == PARTY_KEEPER;
	bool     reads_files = wish->role == PARTY_COMPILER || (wish->role == PARTY_READER && wish->folder >= 0);
	uint64_t keep = 0;

	if (root && !keeper && !wish->drop_ids) {
		*error = "only the keeper may stay root";
		return false;
	}
	if (!no_bounding_set()) {
		*error = "capabilities of later programs cannot be given up";
		return false;
	}
	if (root && reads_files && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) {
		*error = "the right to read files of others cannot be kept";
		return false;
	}
	if (root && wish->drop_ids && !become(wish->uid, wish->gid)) {
		*error = "the rights of root cannot be given up";
		return false;
	}
	if (root && keeper && !wish->drop_ids)
		keep = keeper_capabilities;
	else if (root && reads_files)
		keep = reading_capabilities;
	if (!capabilities_only(keep) || (keep && !keeper && prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)) {
		*error = "capabilities cannot be given up";
		return false;
	}
	/* After the ids: changing them sets it again. Without it another process of the same user could look into this one. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		*error = "the process cannot be made undumpable";
		return false;
	}
	got->ids = root;
	return true;
}

/* One sentence's worth of what this process does without. It lives as long as the process, which enters once. */
static const char *missing(const struct sandbox_got *got)
{
	static char text[400];
	struct str  s = str_over(text, sizeof(text));

	if (!got->ids)
		str_add(&s, "no user of its own for each process, as it was not started by root");
	if (!got->seccomp)
		str_fmt(&s, "%sno filter of system calls, as the kernel has no seccomp", s.len ? "; " : "");
	if (!got->landlock_files)
		str_fmt(&s, "%sno fence around files and ports, as the kernel has no Landlock", s.len ? "; " : "");
	else if (!got->landlock_net)
		str_fmt(&s, "%sno fence around ports and signals, as the kernel's Landlock is older than 6.7", s.len ? "; " : "");
	else if (!got->landlock_scope)
		str_fmt(&s, "%sno fence around signals, as the kernel's Landlock is older than 6.12", s.len ? "; " : "");
	return s.len ? text : NULL;
}

bool sandbox_enter(const struct sandbox_wish *wish, struct sandbox_got *got, const char **error)
{
	*got = (struct sandbox_got){0};
	*error = NULL;
	if ((unsigned)wish->role >= PARTY_CLIENT)
		abort();
	if (!drop_rights(wish, got, error))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		*error = "no_new_privs cannot be set";
		return false;
	}
	got->no_new_privs = true;
#if SANDBOX_SANITIZED
	entered = true;
#endif
	if (!sandbox_landlock(wish, got, error) || !sandbox_seccomp(wish, got, error))
		return false;
	got->missing = missing(got);
	return true;
}

void sandbox_keep_fds(const int *fds, size_t n)
{
	unsigned from = 3;

	/* The gaps between what stays, in rising order: the smallest not yet passed, each time. */
	for (;;) {
		unsigned next = ~0u;

		for (size_t i = 0; i < n; i++)
			if (fds[i] >= 0 && (unsigned)fds[i] >= from && (unsigned)fds[i] < next)
				next = (unsigned)fds[i];
		if (next > from && close_range(from, next == ~0u ? ~0u : next - 1, 0) < 0)
			abort();
		if (next == ~0u)
			return;
		from = next + 1;
	}
}
