/* Landlock: no files but what a role's folder gives, no TCP but the ports given, no signals out of the family. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "priv/sandbox_int.h"

/* Headers are older than kernels: the numbers of the system calls and of the structures are ours to name (linux/landlock.h). */
enum {
	CREATE_RULESET = 444,
	ADD_RULE = 445,
	RESTRICT_SELF = 446,
	CREATE_VERSION = 1,
	RULE_PATH_BENEATH = 1,
	RULE_NET_PORT = 2,
};

enum { FS_READ_FILE = 1 << 2, FS_READ_DIR = 1 << 3, FS_REMOVE_FILE = 1 << 5 };
enum { NET_BIND_TCP = 1, NET_CONNECT_TCP = 2 };
enum { SCOPE_ABSTRACT_UNIX = 1, SCOPE_SIGNAL = 2 };

struct ruleset {
	uint64_t handled_access_fs, handled_access_net, scoped;
};

struct path_beneath {
	uint64_t allowed_access;
	int32_t  parent_fd;
} __attribute__((packed));

struct net_port {
	uint64_t allowed_access, port;
};

/* Everything a kernel of this ABI can restrict about files: 1 knew 13 rights, 2 added refer, 3 truncate, 5 ioctl on devices. */
static uint64_t all_files(long abi)
{
	unsigned rights = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;

	return ((uint64_t)1 << rights) - 1;
}

static bool beneath(int ruleset, int folder, uint64_t access)
{
	struct path_beneath rule = {access, folder};

	return folder < 0 || syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
}

/* The kernel takes no rule for a file that gives rights of folders. */
static bool is_folder(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool rules(int ruleset, const struct sandbox_wish *wish, uint64_t net)
{
	bool has_folder = wish->role == PARTY_COMPILER || wish->role == PARTY_KEEPER;

	if (wish->role == PARTY_READER && wish->folder >= 0 && !beneath(ruleset, wish->folder, FS_READ_FILE | (is_folder(wish->folder) ? FS_READ_DIR : 0)))
		return false;
	if (has_folder && !beneath(ruleset, wish->folder, FS_READ_FILE | FS_READ_DIR))
		return false;
	if (wish->role == PARTY_KEEPER && !beneath(ruleset, wish->run, FS_REMOVE_FILE))
		return false;
	for (size_t i = 0; net & NET_CONNECT_TCP && i < wish->port_count; i++) {
		struct net_port rule = {NET_CONNECT_TCP, wish->ports[i]};

		if (syscall(ADD_RULE, ruleset, RULE_NET_PORT, &rule, 0) < 0)
			return false;
	}
	return true;
}

/* What a server may announce: any port that needs no rights. The kernel has no ranges, so that is a rule for each. */
static bool announced_ports(int ruleset, uint64_t net)
{
	for (uint32_t port = 1024; net && port <= UINT16_MAX; port++) {
		struct net_port rule = {net, port};

		if (syscall(ADD_RULE, ruleset, RULE_NET_PORT, &rule, 0) < 0)
			return false;
	}
	return true;
}

bool sandbox_landlock(const struct sandbox_wish *wish, struct sandbox_got *got, const char **error)
{
	long           abi = syscall(CREATE_RULESET, NULL, 0, CREATE_VERSION);
	struct ruleset want = {0};
	int            ruleset;
	bool           done, keeper = wish->role == PARTY_KEEPER;

	if (abi < 1) {
		if (errno == ENOSYS || errno == EOPNOTSUPP)
			return true;
		*error = "Landlock does not say what it can do";
		return false;
	}
	want.handled_access_fs = all_files(abi);
	/* The keeper's children connect where a later policy says; a keeper that is not told where leaves that to them. */
	if (abi >= 4)
		want.handled_access_net = (keeper && wish->pinholes ? 0 : NET_BIND_TCP) | (keeper && !wish->ports ? 0 : NET_CONNECT_TCP);
	/* A scope has its own children inside: the keeper may end them, and nobody else. */
	if (abi >= 6)
		want.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	ruleset = (int)syscall(CREATE_RULESET, &want, sizeof(want), 0);
	if (ruleset < 0) {
		*error = "Landlock gives no rule set";
		return false;
	}
	done = rules(ruleset, wish, want.handled_access_net) &&
	       (keeper || !wish->pinholes || announced_ports(ruleset, want.handled_access_net)) && syscall(RESTRICT_SELF, ruleset, 0) == 0;
	close(ruleset);
	if (!done)
		*error = "Landlock refuses the rules";
	got->landlock_files = done;
	got->landlock_net = done && abi >= 4;
	got->landlock_scope = done && abi >= 6;
	return done;
}
