/* The updates that a SOFTWARE hive lists: below Updates and HotFix, and from Windows Vista on as packages of the system's parts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assess/hive_int.h"
#include "base/day.h"
#include "base/str.h"

/* Updates stand at any depth below their product: "Windows 2000\SP5\KB835732", "DataAccess\Q832483". */
struct listing {
	const char *under;
	unsigned    depth;
};

/* "4/14/2004" as the registry has it; 0 for what is no day. */
static uint32_t day_in(const char *text)
{
	unsigned month, day, year;
	char     end;

	if (sscanf(text, "%2u/%2u/%4u%c", &month, &day, &year, &end) != 3 || month < 1 || month > 12 || day < 1 || day > 31 || year < 1990)
		return 0;
	return year * 10000 + month * 100 + day;
}

static bool update(struct hive *hive, hive_node_h node, const char *name, void *data)
{
	const struct listing *in = data;
	char                  under[256];
	struct str            s = str_over(under, sizeof(under));
	struct listing        below = {under, in->depth + 1};

	if (update_article(name)) {
		struct host_update *added = host_add_update(hive->host, name, hive->from);

		if (added) {
			added->under = host_text(hive->host, in->under);
			added->day = day_in(hive_text(hive, node, "InstalledDate"));
		}
		return added != NULL;
	}
	str_fmt(&s, "%s%s%s", in->under, *in->under ? "\\" : "", name);
	if (in->depth < 4 && !s.cut)
		hive_each(hive, node, update, &below);
	return !hive->host->full;
}

/*
 * Packages are named "Package_for_KB4012212~31bf3856ad364e35~amd64~~6.1.1.0", or "Package_2_for_KB947821~..." where an update has several.
 * Those of cumulative updates name no article.
 */
struct packages {
	uint32_t last; /* the article told last: packages of one stand together */
	bool     nameless;
};

/* Superseded, installed, permanent: what the package brought, or what replaced it, is in use. The others are on their way in or out. */
static bool in_use(uint64_t state)
{
	return state == 0x50 || state == 0x70 || state == 0x80;
}

/* Of a FILETIME, in halves; 0: there is none. */
static uint32_t package_day(struct hive *hive, hive_node_h node)
{
	static const uint64_t epoch = 11644473600; /* seconds from 1601 to 1970 */
	uint64_t              high, low, seconds;

	if (!hive_number(hive, node, "InstallTimeHigh", &high) || !hive_number(hive, node, "InstallTimeLow", &low) || high > UINT32_MAX || low > UINT32_MAX)
		return 0;
	seconds = (high << 32 | low) / 10000000;
	return seconds > epoch && seconds - epoch < 4102444800 ? day_of(seconds - epoch) : 0;
}

static bool package(struct hive *hive, hive_node_h node, const char *name, void *data)
{
	struct packages    *in = data;
	const char         *at = strncasecmp(name, "Package_", 8) == 0 ? strcasestr(name, "for_") : NULL;
	char                id[16];
	uint64_t            state;
	uint32_t            kb;
	struct host_update *added;

	if (!at || !hive_number(hive, node, "CurrentState", &state) || !in_use(state))
		return true;
	at += 4;
	snprintf(id, sizeof(id), "%.*s", (int)strcspn(at, "~_"), at);
	kb = update_article(id);
	in->nameless |= !kb && strncasecmp(at, "RollupFix", 9) == 0;
	if (!kb || kb == in->last)
		return true;
	added = host_add_update(hive->host, id, hive->from);
	if (added)
		added->day = package_day(hive, node);
	in->last = kb;
	return added != NULL;
}

/* False: what updates this system has is not known from here. */
static bool packages_told(struct hive *hive, hive_node_h root)
{
	struct packages in = {0};
	hive_node_h     list = hive_below(hive, root, "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages");

	if (list)
		hive_each(hive, list, package, &in);
	if (in.nameless)
		host_add_note(hive->host, "updates.nameless", hive->from, "Cumulative updates are installed whose articles the hive does not name.");
	return list && !in.nameless;
}

void hive_updates(struct hive *hive, hive_node_h root)
{
	static const char *const lists[] = {"Microsoft\\Updates", "Microsoft\\Windows NT\\CurrentVersion\\HotFix", "Wow6432Node\\Microsoft\\Updates"};
	bool                     whole = true;

	hive->damaged = false;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct listing in = {"", 0};
		hive_node_h    list = hive_below(hive, root, lists[i]);

		if (list)
			hive_each(hive, list, update, &in);
	}
	if (hive->host->system.version[0] >= 6)
		whole = packages_told(hive, root);
	else if (!hive->host->system.version[0])
		whole = false; /* who knows where this system lists them */
	if (whole && !hive->damaged && !hive->dirty && !hive->host->full)
		host_add_scope(hive->host, SCOPE_UPDATES, "", hive->from);
	else
		hive->host->updates_truncated = true;
}

