/* Looks for an update on a host: keys that verify it, lists that name it, service packs that hold it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assess/judge_int.h"

enum { PATH_MOST = 512 };

/* The part of the path before `end` is a system's: below "Internet Explorer 6" and "Windows Media Player 9" stand service packs of those. */
static bool of_system(const char *path, const char *end)
{
	static const char *const systems[] = {"Windows 2000", "Windows XP", "Windows Server", "Windows NT", "Windows Vista"};
	const char              *start = end;

	while (start > path && start[-1] != '\\')
		start--;
	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
		if (strncasecmp(start, systems[i], strlen(systems[i])) == 0)
			return true;
	return false;
}

/* "...\Windows 2000\SP5\KB835732": the service pack of the system that first holds it; 0: the path says none, or one of a program. */
static int path_pack(const char *path)
{
	const char *at = path;

	while ((at = strcasestr(at, "\\SP"))) {
		if (at[3] >= '1' && at[3] <= '9' && at[4] == '\\')
			return of_system(path, at) ? at[3] - '0' : 0;
		at += 3;
	}
	return 0;
}

/* The article that the last parts of the path name. */
uint32_t key_article(const char *path)
{
	uint32_t kb = 0;

	for (const char *at = path; (at = strchr(at, '\\'));) {
		uint32_t found = update_article(++at);

		if (found)
			kb = found;
	}
	return kb;
}

/* The key itself, or the update's above its "Filelist" or "File 1". */
static enum seen key_look(const struct host *host, const char *path, const struct host_key **out)
{
	char        above[PATH_MOST];
	enum seen   seen = host_key_at(host, path, out), upper;
	const char *last = strrchr(path, '\\');
	size_t      n = last ? (size_t)(last - path) : 0;

	if (seen == SEEN_PRESENT || !last || n >= sizeof(above) || (strncasecmp(last, "\\File", 5) != 0))
		return seen;
	memcpy(above, path, n);
	above[n] = '\0';
	upper = host_key_at(host, above, out);
	return upper == SEEN_UNKNOWN ? seen : upper;
}

/* A key below a service pack that the host already has was made before it was installed, and says nothing of what that brought. */
static bool left_behind(const struct judging *j, const struct fit *fit, const char *path)
{
	int pack = path_pack(path);

	return pack && fit->on.kind == TARGET_SYSTEM && j->host->system.pack >= pack;
}

static void look_at_key(const struct judging *j, const struct fit *fit, const struct key *row, const char *path, struct update_state *s)
{
	const struct host_key *key;
	enum seen              seen = key_look(j->host, path, &key);
	bool                   behind = seen == SEEN_PRESENT && left_behind(j, fit, path);

	if (seen == SEEN_PRESENT && (s->key != SEEN_PRESENT || s->of_older_pack)) {
		s->key = seen;
		s->key_row = row;
		s->key_found = key;
		s->of_older_pack = behind;
	} else if (seen == SEEN_UNKNOWN && s->key == SEEN_ABSENT) {
		s->key = SEEN_UNKNOWN;
	}
}

/* The entry of the list was made below a service pack that the host has since left. */
static bool entry_behind(const struct judging *j, const struct fit *fit, const struct host_update *update)
{
	char       path[PATH_MOST];
	struct str text = str_over(path, sizeof(path));

	str_fmt(&text, "\\%s\\", update->under);
	return left_behind(j, fit, path);
}

/* An update is entered below its product and once more without ("HotFix"): where the former was left behind, the latter was too. */
static void look_in_list(const struct judging *j, uint32_t kb, const struct fit *fit, struct update_state *s)
{
	uint32_t                  count;
	const struct host_update *update = host_updates_of(j->host, kb, &count);

	for (uint32_t i = 0; i < count && !s->behind; i++)
		if (entry_behind(j, fit, &update[i]))
			s->behind = &update[i];
	for (uint32_t i = 0; i < count; i++) {
		if (s->behind && (!update[i].under[0] || entry_behind(j, fit, &update[i])))
			continue;
		s->listed = SEEN_PRESENT;
		s->update = &update[i];
		return;
	}
}

/* Where updates of systems before Vista enter themselves, whatever their bulletin says. */
static void look_at_hotfix(const struct judging *j, uint32_t kb, struct update_state *s)
{
	static const char *const letters[] = {"KB", "Q"};

	for (size_t i = 0; kb && i < sizeof(letters) / sizeof(letters[0]); i++) {
		char                   path[PATH_MOST];
		struct str             text = str_over(path, sizeof(path));
		const struct host_key *key;

		str_fmt(&text, "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\HotFix\\%s%u", letters[i], kb);
		if (host_key_at(j->host, path, &key) != SEEN_PRESENT || s->key == SEEN_PRESENT)
			continue;
		s->key = SEEN_PRESENT;
		s->key_found = key;
		s->of_older_pack = s->behind != NULL;
	}
}

static void note_pack(struct update_state *s, uint32_t packs, uint32_t line)
{
	for (int pack = 31; pack > s->fixed_pack; pack--)
		if (packs >> pack & 1) {
			s->fixed_pack = pack;
			s->fixed_line = line;
		}
}

/* The target is the fit's program in its version; a service pack of another version says nothing. */
static bool same_program(const struct target *target, const struct fit *fit)
{
	const uint16_t *version = fit->on.version[0] == 0xffff && fit->software ? fit->software->target.version : fit->on.version;

	return target->kind == TARGET_SOFTWARE && strcmp(target->software, fit->on.software) == 0 && target->version[0] == version[0] &&
		(target->version[1] == version[1] || target->version[1] == 0xffff || version[1] == 0xffff);
}

/* The service packs that the target names of what the fit is. Beside one of a system that of a program is the one that has the flaw, or runs there. */
static uint32_t packs_of(const struct judging *j, const struct target *target, const struct fit *fit)
{
	struct target plain = *target;
	bool          unsure = false;

	if (fit->on.kind == TARGET_SOFTWARE)
		return same_program(target, fit) && !target->packs ? target->software_packs : 0;
	plain.packs = 0;
	plain.editions = 0;
	return target->kind == TARGET_SYSTEM && plain.family && target_system_covers(&plain, &j->system, &unsure) && target->packs != ~0u ? target->packs : 0;
}

/* The service pack that will hold it, by the statement "will be in Windows XP Service Pack 2". */
static void look_at_future(const struct judging *j, const struct reading *r, const struct fit *fit, struct update_state *s)
{
	for (uint32_t i = 0; i < r->future_n; i++) {
		const struct name *said = &j->catalog->names[r->futures[i].name];

		for (uint32_t t = 0; t < said->target_n; t++)
			note_pack(s, packs_of(j, &said->targets[t], fit), r->futures[i].line);
	}
}

/* The article is that of another row of the lists: a key of the system's shows the update of one of its programs, and says nothing of the others (MS12-035). */
static bool of_other_row(const struct bulletin *b, const struct fit *fit, uint32_t kb, uint32_t own)
{
	bool other = false;

	if (!kb || !own || kb == own || !fit->row || !fit->row->kb || !fit->row->kb[0])
		return false;
	for (uint32_t i = 0; i < b->product_n && !other; i++)
		other = b->products[i].affected && b->products[i].kb && b->products[i].kb[0] && strtoul(b->products[i].kb + strcspn(b->products[i].kb, "0123456789"), NULL, 10) == kb;
	return other;
}

static void look_at_keys(const struct judging *j, const struct reading *r, const struct fit *fit, struct update_state *s)
{
	for (uint32_t i = 0; i < r->bulletin->key_n; i++) {
		const struct key *key = &r->bulletin->keys[i];

		if (!key->verify || !key->path || !name_covers(&j->catalog->names[r->keys[i]], &fit->on))
			continue;
		/* Beside other updates for the same only the key of this one speaks of it. */
		if ((fit->one_of && key_article(key->path) && key_article(key->path) != s->kb) || of_other_row(r->bulletin, fit, key_article(key->path), s->kb))
			continue;
		if (s->key == SEEN_UNKNOWN && !s->key_row) {
			s->key = SEEN_ABSENT; /* until one is not known */
			s->key_row = key;
		}
		look_at_key(j, fit, key, key->path, s);
		look_in_list(j, key_article(key->path), fit, s);
		if (fit->on.kind == TARGET_SYSTEM && path_pack(key->path) > s->fixed_pack) {
			s->fixed_pack = path_pack(key->path);
			s->fixed_line = key->from.line;
		}
	}
}

void update_look(const struct judging *j, const struct entry *entry, const struct fit *fit, struct update_state *out)
{
	bool complete = host_scope(j->host, SCOPE_UPDATES, "") && !j->host->updates_truncated;

	*out = (struct update_state){.kb = entry_article(&entry->entry, fit->row)};
	for (uint32_t i = 0; i < entry->reading_n; i++) {
		look_at_keys(j, &entry->readings[i], fit, out);
		look_at_future(j, &entry->readings[i], fit, out);
	}
	look_in_list(j, out->kb, fit, out);
	look_at_hotfix(j, out->kb, out);
	/* No list of Windows shows updates of programs. */
	if (out->listed == SEEN_UNKNOWN && out->kb && complete && !out->behind && fit->on.kind == TARGET_SYSTEM)
		out->listed = SEEN_ABSENT;
}
