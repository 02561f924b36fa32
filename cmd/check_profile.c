/* The limits and tolerances `check` reads with: the safe defaults, changed by name on the command line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check.h"
#include "cmd/cmd.h"

enum { NAMES_MAX = 512 };

int protocol_place(uint16_t proto)
{
	for (int i = 0; protocols[i] && i < TALLIES_MAX; i++)
		if (protocols[i]->id == proto)
			return i;
	return -1;
}

bool profile_open(struct check *check)
{
	for (size_t i = 0; protocols[i]; i++) {
		const struct recogniser *r = protocols[i];

		if (i == TALLIES_MAX)
			abort();
		check->limits[i] = calloc(r->limits ? r->limits : 1, sizeof(uint64_t));
		if (!check->limits[i])
			return false;
		for (size_t k = 0; k < r->limits; k++)
			check->limits[i][k] = r->limit[k].safe;
		check->profile[i].limit = check->limits[i];
	}
	return true;
}

void profile_want(struct check *check)
{
	for (size_t i = 0; protocols[i]; i++)
		check->profile[i].wanted = check->options.units ? UINT32_MAX : 0;
}

void profile_close(struct check *check)
{
	for (size_t i = 0; protocols[i]; i++)
		free(check->limits[i]);
}

/* Every limit's or every tolerance's name, for "did you mean". */
static const char *nearest(const char *name, bool limits)
{
	const char *names[NAMES_MAX];
	size_t      count = 0;

	for (size_t i = 0; protocols[i]; i++)
		for (size_t k = 0; k < (limits ? protocols[i]->limits : protocols[i]->tolerances) && count < NAMES_MAX; k++)
			names[count++] = limits ? protocols[i]->limit[k].name : protocols[i]->tolerance[k].name;
	return suggest(name, names, count, sizeof(names[0]));
}

static bool number(const char *text, uint64_t *out)
{
	char              *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	*out = value;
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno;
}

static bool limit_fits(const struct limit_def *def, uint64_t value)
{
	if (value >= def->least && value <= def->most)
		return true;
	complain("%s may be %llu to %llu %s, not %llu (%s)", def->name, (unsigned long long)def->least,
		 (unsigned long long)def->most, def->unit, (unsigned long long)value, def->source);
	return false;
}

bool profile_set_limit(struct check *check, const char *text)
{
	size_t   n = strcspn(text, "=");
	char     name[128];
	uint64_t value;
	bool     found = false;

	snprintf(name, sizeof(name), "%.*s", (int)(n < sizeof(name) ? n : sizeof(name) - 1), text);
	if (!text[n] || !number(text + n + 1, &value)) {
		complain("--limit wants NAME=NUMBER, for example --limit ldap.filter.depth=16");
		return false;
	}
	for (size_t i = 0; protocols[i]; i++)
		for (size_t k = 0; k < protocols[i]->limits; k++) {
			if (strcmp(protocols[i]->limit[k].name, name) != 0)
				continue;
			if (!limit_fits(&protocols[i]->limit[k], value))
				return false;
			check->limits[i][k] = value;
			found = true;
		}
	if (!found)
		complain_unknown("limit", name, nearest(name, true), "protocols");
	return found;
}

bool profile_tolerate(struct check *check, const char *name)
{
	bool found = false;

	for (size_t i = 0; protocols[i]; i++)
		for (size_t k = 0; k < protocols[i]->tolerances; k++)
			if (strcmp(protocols[i]->tolerance[k].name, name) == 0) {
				check->profile[i].tolerate |= UINT32_C(1) << k;
				found = true;
			}
	if (!found)
		complain_unknown("tolerance", name, nearest(name, false), "protocols");
	return found;
}
