/* Looks for workarounds on a host: those of reviewed rows, and registry values that a bulletin itself gives in full. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assess/judge_int.h"

/* Where on the host the deciding check was seen. */
static void check_origin(const struct host *host, const struct check *check, struct origin *out)
{
	const struct host_file    *file = NULL;
	const struct host_key     *key = NULL;
	const struct host_service *service = NULL;

	*out = (struct origin){0};
	if (check->kind == CHECK_FILE_READ_ONLY || check->kind == CHECK_FILE_ABSENT)
		host_file_at(host, check->path, &file);
	else if (check->kind == CHECK_SERVICE_DISABLED)
		host_service_at(host, check->path, &service);
	else
		host_key_at(host, check->path, &key);
	if (file)
		*out = file->from;
	if (service)
		*out = service->from;
	if (key)
		*out = key->from;
}

static void check_piece(const struct host *host, const struct check *check, struct finding *f)
{
	struct origin from;

	check_origin(host, check, &from);
	switch (check->kind) {
	case CHECK_FILE_READ_ONLY: piece_add(f, &from, 0, "%s is there and read-only", check->path); break;
	case CHECK_FILE_ABSENT: piece_add(f, &from, 0, "%s is not there", check->path); break;
	case CHECK_KEY_ABSENT: piece_add(f, &from, 0, "%s is not there", check->path); break;
	case CHECK_KEY_PRESENT: piece_add(f, &from, 0, "%s is there", check->path); break;
	case CHECK_VALUE_NUMBER: piece_add(f, &from, 0, "%s\\%s is %llu", check->path, check->name, (unsigned long long)check->number); break;
	case CHECK_VALUE_TEXT: piece_add(f, &from, 0, "%s\\%s is \"%s\"", check->path, check->name, check->text); break;
	case CHECK_SERVICE_DISABLED: piece_add(f, &from, 0, "service %s is disabled", check->path); break;
	default: break;
	}
}

static bool reviewed(const struct judging *j, const struct flaw_rule *flaw, struct finding *f, const char **title)
{
	for (size_t i = 0; i < WORKAROUNDS_MAX && flaw->workarounds[i].title; i++) {
		const struct flaw_workaround *work = &flaw->workarounds[i];
		const struct check           *check;

		if (workaround_seen(j->host, work, &check) != SEEN_PRESENT)
			continue;
		for (size_t k = 0; k < CHECKS_MAX && work->checks[k].kind != CHECK_END; k++)
			check_piece(j->host, &work->checks[k], f);
		*title = work->title;
		return true;
	}
	return false;
}

/* The number that "dword:00000400", "0x400", "00000000" or "1" writes; false when it is a text. */
static bool data_number(const char *data, uint64_t *out)
{
	char *end;
	bool  dword = strncasecmp(data, "dword:", 6) == 0;

	data += dword ? 6 : 0;
	if (!*data)
		return false;
	*out = strtoull(data, &end, dword || strncasecmp(data, "0x", 2) == 0 ? 16 : 10);
	return *end == '\0';
}

/* The value stands on the host as the workaround sets it. Of "Compatibility Flags" the kill bit decides, whatever else is set. */
static bool value_set(const struct judging *j, const struct key *key, struct finding *f)
{
	const struct host_value *value;
	const struct host_key   *at;
	const char              *data = key->data;
	uint64_t                 number;
	size_t                   n;

	if (host_value_at(j->host, key->path, key->value, &value) != SEEN_PRESENT)
		return false;
	if (value->type == VALUE_NUMBER) {
		if (!data_number(data, &number))
			return false;
		if (strcasecmp(key->value, "Compatibility Flags") == 0 ? !(value->number & 0x400) || !(number & 0x400) : value->number != number)
			return false;
	} else {
		n = strlen(data);
		if (n >= 2 && data[0] == '"' && data[n - 1] == '"') {
			data++;
			n -= 2;
		}
		if (!value->text || strlen(value->text) != n || strncasecmp(value->text, data, n) != 0)
			return false;
	}
	host_key_at(j->host, key->path, &at);
	piece_add(f, at ? &at->from : NULL, key->from.line, "%.100s\\%.40s is %.40s", key->path, key->value, key->data);
	return true;
}

static bool of_work(const struct key *key, uint32_t number)
{
	return !key->verify && key->workaround == number;
}

/* An earlier fact of the workaround sets the same value: what follows is how to undo it. */
static bool set_before(const struct bulletin *b, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (of_work(&b->keys[k], b->keys[i].workaround) && strcasecmp(b->keys[k].path, b->keys[i].path) == 0 && strcasecmp(b->keys[k].value, b->keys[i].value) == 0)
			return true;
	return false;
}

/* A key named alone is the one that a value of the workaround is set in; otherwise something is done to it that is not known. */
static bool has_value(const struct bulletin *b, uint32_t i)
{
	for (uint32_t k = 0; k < b->key_n; k++)
		if (of_work(&b->keys[k], b->keys[i].workaround) && b->keys[k].value[0] && strcasecmp(b->keys[k].path, b->keys[i].path) == 0)
			return true;
	return false;
}

/* The value that the fact sets; false when the fact cannot be used: undoing alone, a place for an id of the reader's. */
static bool usable(const struct workaround *work, const struct key *key)
{
	return key->from.sure > SURE_LOW && key->data[0] && !strcasestr(key->path, "{XXXX") && !strcasestr(key->path, "{ XXXX") &&
		!(strstr(work->undo, key->value) && !strstr(work->text, key->value));
}

/* All values of one workaround stand on the host; one whose facts are not complete proves nothing. */
static bool all_values(const struct judging *j, const struct bulletin *b, uint32_t number, struct finding *f)
{
	const struct workaround *work = &b->workarounds[number - 1];
	uint32_t                 set = 0, before = f->piece_n;
	bool                     all = true;

	for (uint32_t i = 0; i < b->key_n && all; i++) {
		const struct key *key = &b->keys[i];

		if (!of_work(key, number) || (key->value[0] && set_before(b, i)))
			continue;
		if (!key->value[0]) {
			all = has_value(b, i) || (work->kinds & WORK_KILLBIT);
			continue;
		}
		all = usable(work, key) && value_set(j, key, f);
		set++;
	}
	if (all && set)
		return true;
	f->piece_n = before;
	return false;
}

bool work_look(const struct judging *j, const struct entry *entry, const struct flaw_rule *flaw, const char *cve, struct finding *f, const char **title, uint32_t *line)
{
	*line = 0;
	if (flaw)
		return reviewed(j, flaw, f, title);
	if (!j->host->key_n)
		return false;
	for (uint32_t i = 0; i < entry->reading_n; i++) {
		const struct bulletin *b = entry->readings[i].bulletin;

		for (uint32_t w = 0; w < b->workaround_n; w++) {
			const struct workaround *work = &b->workarounds[w];

			if (!(work->kinds & (WORK_REGISTRY | WORK_KILLBIT | WORK_SERVICE)) || (work->cve[0] && strcmp(work->cve, cve) != 0) || !all_values(j, b, w + 1, f))
				continue;
			*title = work->title;
			*line = work->from.line;
			return true;
		}
	}
	return false;
}
