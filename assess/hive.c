/* Reads registry hives of Windows: what verdicts ask for from SYSTEM and SOFTWARE, in the terms of a host. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assess/evidence.h"
#include "assess/hive_int.h"
#include "base/str.h"

/*
 * Input from: the disk of a host that may be hostile, through libhivex, which was not written for that: evidence_read calls this in a
 * child. Limits: hive_int.h. Not done: transaction logs (.LOG) are not played back; hives of users.
 */

/* What verdicts ask for: below these everything is kept, and what is not there is known to be absent. */
static const char *const of_verdicts[] = {
	"HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL",
	"HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa",
	"HKLM\\SYSTEM\\CurrentControlSet\\Control\\ProductOptions",
	"HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment",
	"HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management",
	"HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters",
	"HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanWorkstation\\Parameters",
	"HKLM\\SYSTEM\\CurrentControlSet\\Services\\W3SVC\\Parameters",
	"HKLM\\SYSTEM\\CurrentControlSet\\Services\\DNS\\Parameters",
	"HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters",
	"HKLM\\SYSTEM\\CurrentControlSet\\Services\\NTDS\\Parameters",
	"HKLM\\SOFTWARE\\Microsoft\\Updates",
	"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\HotFix",
	"HKLM\\SOFTWARE\\Microsoft\\Fpc",
	"HKLM\\SOFTWARE\\Microsoft\\Internet Explorer",
	"HKLM\\SOFTWARE\\Microsoft\\Active Setup\\Installed Components",
	"HKLM\\SOFTWARE\\Microsoft\\InetStp",
	"HKLM\\SOFTWARE\\Microsoft\\NetShow",
	"HKLM\\SOFTWARE\\Microsoft\\MediaPlayer",
	"HKLM\\SOFTWARE\\Microsoft\\DataAccess",
	"HKLM\\SOFTWARE\\Microsoft\\NET Framework Setup",
	"HKLM\\SOFTWARE\\Microsoft\\Office",
	"HKLM\\SOFTWARE\\Microsoft\\Exchange",
	"HKLM\\SOFTWARE\\Microsoft\\Microsoft SQL Server",
	"HKLM\\SOFTWARE\\Microsoft\\MSSQLServer",
	"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall",
	"HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings",
	"HKLM\\SOFTWARE\\Classes\\HCP",
	"HKCR\\HCP",
	NULL,
};

/* Part of a path below the root where the hive hangs; NULL: another hive's. */
static const char *inside(const char *root, const char *path)
{
	size_t n = strlen(root);

	if (strncasecmp(path, root, n) == 0 && path[n] == '\\')
		return path + n + 1;
	if (strncasecmp(root, "HKLM\\SOFTWARE", n) == 0 && n == 13 && strncasecmp(path, "HKCR\\", 5) == 0)
		return path;
	return NULL;
}

/* Where a path of the host's stands in the hive: classes are part of SOFTWARE, and the control set in use has a number. */
static hive_node_h found(struct hive *hive, hive_node_h root, hive_node_h set, const char *path)
{
	static const char current[] = "CurrentControlSet\\", classes[] = "HKCR\\";

	if (strncasecmp(path, classes, sizeof(classes) - 1) == 0)
		return hive_below(hive, hive_below(hive, root, "Classes"), path + sizeof(classes) - 1);
	if (strncasecmp(path, current, sizeof(current) - 1) == 0)
		return hive_below(hive, set, path + sizeof(current) - 1);
	return hive_below(hive, root, path);
}

/* One prefix: its keys; and that all of them are there, unless something could not be read. */
static void keep_prefix(struct hive *hive, hive_node_h root, hive_node_h set, const char *root_path, const char *prefix)
{
	const char *path = inside(root_path, prefix);
	bool        before = hive->damaged;
	hive_node_h node;

	if (!path)
		return;
	hive->damaged = false;
	node = found(hive, root, set, path);
	if (node)
		hive_keep(hive, node, prefix, 0);
	if (!hive->damaged && !hive->host->full)
		host_add_scope(hive->host, SCOPE_KEYS, prefix, hive->from);
	else
		host_add_note(hive->host, "hive.damaged", hive->from, "Not all of %.300s can be read: what is not there may have been.", prefix);
	hive->damaged |= before;
}

/* The control set in use, as Select says; 0: there is none. */
static hive_node_h control_set(struct hive *hive, hive_node_h root)
{
	hive_node_h select = hive_below(hive, root, "Select");
	uint64_t    number = 1;
	char        name[32];

	hive_number(hive, select, "Current", &number);
	snprintf(name, sizeof(name), "ControlSet%03u", (unsigned)(number % 1000));
	return hive_below(hive, root, name);
}

/* Which hive it is, by what only it has. */
static const char *root_of(struct hive *hive, hive_node_h root)
{
	if (hive_below(hive, root, "Select") && control_set(hive, root))
		return "HKLM\\SYSTEM";
	return hive_below(hive, root, "Microsoft") || hive_below(hive, root, "Classes") ? "HKLM\\SOFTWARE" : NULL;
}

static bool hive_told(struct hive *hive, const char *root_path, const char *const *wanted, const char **why)
{
	hive_node_h root = hivex_root(hive->h), set;

	if (!root) {
		*why = "the hive has no root key";
		return false;
	}
	root_path = root_path ? root_path : root_of(hive, root);
	if (!root_path) {
		*why = "the hive is neither SYSTEM nor SOFTWARE of a Windows system";
		return false;
	}
	set = strcasecmp(root_path, "HKLM\\SYSTEM") == 0 ? control_set(hive, root) : 0;
	if (set)
		hive_system(hive, set);
	else if (strcasecmp(root_path, "HKLM\\SOFTWARE") == 0)
		hive_software(hive, root);
	for (wanted = wanted ? wanted : of_verdicts; *wanted; wanted++)
		keep_prefix(hive, root, set, root_path, *wanted);
	if (hive->host->full)
		*why = "the hive has more than is kept of one host";
	return !hive->host->full;
}

bool hive_read(struct host *host, const char *file, int fd, const char *root, const char *const *wanted, const char **why)
{
	struct hive hive = {.host = host, .from = {EVIDENCE_HIVE, file, 0}};
	char        path[32];
	bool        good;

	/* libhivex knows files by name alone. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	hive.h = hivex_open(path, 0);
	if (!hive.h) {
		*why = errno == ENOMEM          ? "there is no memory for the hive"
			: errno == EACCES || errno == ENOENT ? "the hive cannot be opened"
						: "the hive is damaged, cut off, or none";
		return false;
	}
	good = hive_told(&hive, root, wanted, why);
	hivex_close(hive.h);
	return good;
}
