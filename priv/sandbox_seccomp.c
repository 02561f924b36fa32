/* The system call filter of a role, made from its table and loaded for good. */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "priv/sandbox_int.h"

/*
 * A forbidden call ends the process instead of failing: it is a takeover or our own bug, either must not try the next thing, and the
 * keeper sees it as the crash it is. Checked builds say first which call it was.
 */
#ifdef SALLYPORT_CHECKED
#define FORBIDDEN SCMP_ACT_TRAP
#else
#define FORBIDDEN SCMP_ACT_KILL_PROCESS
#endif

#ifdef SALLYPORT_CHECKED
static void say_and_die(int sig, siginfo_t *info, void *context)
{
	char       text[64];
	struct str s = str_over(text, sizeof(text));

	(void)context;
	str_fmt(&s, "sandbox: forbidden system call %d\n", info->si_syscall);
	if (write(2, text, s.len) < 0)
		_exit(1);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_forbidden(void)
{
	struct sigaction action = {.sa_sigaction = say_and_die, .sa_flags = SA_SIGINFO | SA_NODEFER};

	sigaction(SIGSYS, &action, NULL);
}
#else
static void catch_forbidden(void)
{
}
#endif

/* Does this row belong to the role's filter? */
static bool is_for(const struct call *c, const struct sandbox_wish *wish)
{
	enum party role = wish->role;
	static const uint8_t bits[] = {
		[PARTY_KEEPER] = ROLE_KEEPER,
		[PARTY_COMPILER] = ROLE_COMPILER,
		[PARTY_WORKER] = ROLE_WORKER,
		[PARTY_SCRIBE] = ROLE_SCRIBE,
		[PARTY_READER] = ROLE_READER,
	};

	if (c->roles == ROLE_PINHOLES)
		return wish->pinholes;
	if (role == PARTY_READER && c->roles & (wish->folder >= 0 ? ROLE_READER_FILES : ROLE_READER_BLIND))
		return true;
	/* A child has its parent's filter and its own: what the one does not let through the other cannot give. */
	return c->roles & bits[role] || (role == PARTY_KEEPER && !c->refuse && c->roles & ROLE_GATE);
}

static bool add(scmp_filter_ctx filter, const struct call *c)
{
	struct scmp_arg_cmp when[3];
	unsigned            n = 0;
	int                 done;

	for (; n < 3 && c->when[n].mask; n++)
		when[n] = SCMP_CMP64(c->when[n].arg, SCMP_CMP_MASKED_EQ, c->when[n].mask, c->when[n].value);
	done = seccomp_rule_add_array(filter, c->refuse ? SCMP_ACT_ERRNO(c->refuse) : SCMP_ACT_ALLOW, c->number, n, when);
	return done == 0 || done == -EEXIST; /* wider rows cover narrower ones */
}

static bool fill(scmp_filter_ctx filter, const struct sandbox_wish *wish)
{
	/* abort(): a signal to oneself. */
	struct call self = {SCMP_SYS(tgkill), 0, 0, {{0, 0xffffffffu, (uint32_t)getpid()}}};

	if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) < 0 || (wish->role != PARTY_KEEPER && !add(filter, &self)))
		return false;
	/* A tree instead of a list, where the library can; the worker's calls are its data path. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; i < sandbox_call_count; i++)
		if (is_for(&sandbox_calls[i], wish) && !add(filter, &sandbox_calls[i]))
			return false;
	return true;
}

bool sandbox_seccomp(const struct sandbox_wish *wish, struct sandbox_got *got, const char **error)
{
	uint32_t        wanted = SECCOMP_RET_KILL_PROCESS;
	scmp_filter_ctx filter;
	bool            loaded;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &wanted) < 0)
		return true;
	filter = seccomp_init(FORBIDDEN);
	if (!filter || !fill(filter, wish)) {
		seccomp_release(filter);
		*error = "the filter of system calls cannot be built";
		return false;
	}
	catch_forbidden();
	loaded = seccomp_load(filter) == 0;
	seccomp_release(filter);
	if (!loaded)
		*error = "the kernel refuses the filter of system calls";
	return got->seccomp = loaded;
}
