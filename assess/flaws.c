/* Finds reviewed rows, and whether a host shows one of their workarounds. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "assess/flaws_int.h"

/* "CAN-" and "CVE-" are two names of one list. */
static const char *number_of(const char *cve)
{
	return strncmp(cve, "CAN-", 4) == 0 || strncmp(cve, "CVE-", 4) == 0 ? cve + 4 : cve;
}

const struct flaw_rule *flaw_rule_at(size_t i)
{
	return i < flaw_rule_count ? &flaw_rules[i] : NULL;
}

const struct flaw_rule *flaw_rule_find(const char *cve)
{
	for (size_t i = 0; i < flaw_rule_count; i++)
		if (strcmp(number_of(cve), number_of(flaw_rules[i].cve)) == 0)
			return &flaw_rules[i];
	/* Before 2001 bulletins name no flaw: theirs goes by their own id. */
	for (size_t i = 0; i < flaw_rule_count; i++)
		if (strncmp(flaw_rules[i].bulletin, "MS00", 4) == 0 && strcmp(cve, flaw_rules[i].bulletin) == 0)
			return &flaw_rules[i];
	return NULL;
}

const char *flaw_file_folder(const char *name)
{
	static const struct {
		const char *name, *folder;
	} elsewhere[] = {
		{"helpctr.exe", "\\pchealth\\helpctr\\binaries"}, {"callcont.dll", "\\netmeeting"}, {"nmcom.dll", "\\netmeeting"}, {"evtgprov.dll", "\\system32\\wbem"},
		{"nsum.exe", NULL}, {"wspsrv.exe", NULL}, {"w3proxy.exe", NULL}, {"w3proxy.dll", NULL}, {"w3pcache.dll", NULL}, {"mspadmin.exe", NULL}, {"h323fltr.dll", NULL},
		{"h323asn1.dll", NULL}, {"gksvc.dll", NULL},
	};

	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (strcasecmp(name, elsewhere[i].name) == 0)
			return elsewhere[i].folder;
	return "\\system32";
}

/* HKCR is a view: hives and exports have it as Classes of the machine. */
static enum seen key_seen(const struct host *host, const char *path, const struct host_key **out)
{
	enum seen seen = host_key_at(host, path, out);
	char      classes[512];

	if (seen != SEEN_UNKNOWN || strncasecmp(path, "HKCR\\", 5) != 0)
		return seen;
	snprintf(classes, sizeof(classes), "HKLM\\SOFTWARE\\Classes\\%s", path + 5);
	return host_key_at(host, classes, out);
}

static enum seen holds(bool does)
{
	return does ? SEEN_PRESENT : SEEN_ABSENT;
}

static enum seen check_value(const struct host *host, const struct check *check)
{
	const struct host_value *value;
	enum seen                seen = host_value_at(host, check->path, check->name, &value);

	if (seen != SEEN_PRESENT)
		return seen;
	if (check->kind == CHECK_VALUE_NUMBER)
		return value->type == VALUE_NUMBER ? holds(value->number == check->number) : SEEN_ABSENT;
	return value->type == VALUE_NUMBER || value->type == VALUE_OTHER ? SEEN_ABSENT : holds(strcasecmp(value->text, check->text) == 0);
}

/* Does the condition hold? SEEN_ABSENT: it is known not to. */
static enum seen check_seen(const struct host *host, const struct check *check)
{
	const struct host_file    *file;
	const struct host_key     *key;
	const struct host_service *service;
	enum seen                  seen;

	switch (check->kind) {
	case CHECK_FILE_READ_ONLY:
		seen = host_file_at(host, check->path, &file);
		if (seen != SEEN_PRESENT)
			return seen;
		return file->attributes_known ? holds(file->attributes & FILE_READ_ONLY) : SEEN_UNKNOWN;
	case CHECK_FILE_ABSENT:
		seen = host_file_at(host, check->path, &file);
		return seen == SEEN_UNKNOWN ? seen : holds(seen == SEEN_ABSENT);
	case CHECK_KEY_ABSENT:
		seen = key_seen(host, check->path, &key);
		return seen == SEEN_UNKNOWN ? seen : holds(seen == SEEN_ABSENT);
	case CHECK_KEY_PRESENT:
		return key_seen(host, check->path, &key);
	case CHECK_VALUE_NUMBER:
	case CHECK_VALUE_TEXT:
		return check_value(host, check);
	case CHECK_SERVICE_DISABLED:
		seen = host_service_at(host, check->path, &service);
		if (seen != SEEN_PRESENT)
			return seen == SEEN_ABSENT ? SEEN_ABSENT : SEEN_UNKNOWN;
		return service->start == START_UNKNOWN ? SEEN_UNKNOWN : holds(service->start == START_DISABLED);
	default:
		return SEEN_UNKNOWN;
	}
}

enum seen workaround_seen(const struct host *host, const struct flaw_workaround *work, const struct check **out)
{
	enum seen all = SEEN_PRESENT;

	*out = NULL;
	if ((work->families && !(work->families >> host->system.family & 1)) || work->checks[0].kind == CHECK_END)
		return SEEN_ABSENT;
	if (work->packs && host->system.pack >= 0 && host->system.pack < 32 && !(work->packs >> host->system.pack & 1))
		return SEEN_ABSENT;
	for (size_t i = 0; i < CHECKS_MAX && work->checks[i].kind != CHECK_END; i++) {
		enum seen seen = check_seen(host, &work->checks[i]);

		if (seen == SEEN_PRESENT && all == SEEN_PRESENT)
			*out = &work->checks[i];
		if (seen == SEEN_UNKNOWN && all == SEEN_PRESENT) {
			all = SEEN_UNKNOWN;
			*out = &work->checks[i];
		}
		if (seen == SEEN_ABSENT) {
			*out = &work->checks[i];
			return SEEN_ABSENT;
		}
	}
	/* Of a service pack that is not known, only that it may be enough. */
	return all == SEEN_PRESENT && work->packs && host->system.pack < 0 ? SEEN_UNKNOWN : all;
}
