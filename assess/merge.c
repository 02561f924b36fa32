/* Brings what several pieces of evidence say of one machine together; what they disagree about becomes a note. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "assess/evidence.h"

static void disagree(struct host *host, const char *what, struct origin from, const char *ours, const char *theirs)
{
	host_add_note(host, "merge.contradiction", from, "The %s is %.80s here and %.80s elsewhere; the first is kept.", what, theirs, ours);
}

static const char *number(char text[16], int n)
{
	snprintf(text, 16, "%d", n);
	return text;
}

static void numbers(struct host *host, const char *what, struct origin from, int none, int *ours, int theirs)
{
	char a[16], b[16];

	if (*ours == none)
		*ours = theirs;
	else if (theirs != none && theirs != *ours)
		disagree(host, what, from, number(a, *ours), number(b, theirs));
}

static void system_merge(struct host *host, const struct host_system *theirs)
{
	static const char *const roles[] = {"unknown", "workstation", "server", "domain controller"};
	struct host_system      *ours = &host->system;

	if (!ours->family)
		ours->family = theirs->family;
	else if (theirs->family && theirs->family != ours->family)
		disagree(host, "system", theirs->from, family_name(ours->family), family_name(theirs->family));
	/* A listing that says "server" does not know of domains. */
	if (!ours->role || (ours->role == ROLE_SERVER && theirs->role == ROLE_DOMAIN_CONTROLLER))
		ours->role = theirs->role;
	else if (theirs->role && theirs->role != ours->role && !(ours->role == ROLE_DOMAIN_CONTROLLER && theirs->role == ROLE_SERVER))
		disagree(host, "role", theirs->from, roles[ours->role], roles[theirs->role]);
	if (!*ours->language)
		memcpy(ours->language, theirs->language, sizeof(ours->language));
	else if (*theirs->language && strcmp(ours->language, theirs->language) != 0)
		disagree(host, "language", theirs->from, ours->language, theirs->language);
	numbers(host, "service pack", theirs->from, -1, &ours->pack, theirs->pack);
	ours->arch = ours->arch ? ours->arch : theirs->arch;
	ours->edition |= theirs->edition;
	if (!ours->version[0])
		memcpy(ours->version, theirs->version, sizeof(ours->version));
	if (!*ours->product && *theirs->product)
		ours->product = host_text(host, theirs->product);
	if (!ours->from.file && theirs->from.file) {
		ours->from = theirs->from;
		ours->from.file = host_text(host, theirs->from.file);
	}
}

static void files_merge(struct host *host, const struct host *other)
{
	for (uint32_t i = 0; i < other->file_n; i++) {
		const struct host_file *theirs = &other->files[i];
		struct host_file       *ours = host_add_file(host, theirs->path, theirs->from);
		struct host_file        kept;

		if (!ours)
			return;
		kept = *ours; /* its texts and its origin are in our store */
		*ours = *theirs;
		ours->path = kept.path;
		ours->name = kept.name;
		ours->from = kept.from;
	}
}

static void keys_merge(struct host *host, const struct host *other)
{
	for (uint32_t i = 0; i < other->key_n; i++) {
		const struct host_key *theirs = &other->keys[i];
		struct host_key       *ours = host_add_key(host, theirs->path, theirs->from);

		if (!ours)
			return;
		ours->seen = theirs->seen;
		ours->values_known = theirs->values_known;
		for (uint32_t j = 0; j < theirs->value_n; j++) {
			struct host_value *value = host_add_value(host, ours, theirs->values[j].name);

			if (!value)
				return;
			value->type = theirs->values[j].type;
			value->text = host_text(host, theirs->values[j].text);
			value->number = theirs->values[j].number;
		}
	}
}

static void updates_merge(struct host *host, const struct host *other)
{
	for (uint32_t i = 0; i < other->update_n; i++) {
		struct host_update *update = host_add_update(host, other->updates[i].id, other->updates[i].from);

		if (!update)
			return;
		update->under = host_text(host, other->updates[i].under);
		update->day = other->updates[i].day;
	}
}

static void programs_merge(struct host *host, const struct host *other)
{
	for (uint32_t i = 0; i < other->service_n; i++) {
		struct host_service *service = host_add_service(host, other->services[i].name, other->services[i].from);

		if (!service)
			return;
		service->display = host_text(host, other->services[i].display);
		service->start = other->services[i].start;
		service->state = other->services[i].state;
	}
	for (uint32_t i = 0; i < other->software_n; i++) {
		struct host_software *software = host_add_software(host, other->software[i].name, other->software[i].from);

		if (!software)
			return;
		software->version = host_text(host, other->software[i].version);
		software->target = other->software[i].target;
		software->seen = other->software[i].seen;
	}
}

/* Bits of the kinds of evidence that facts are from. */
static unsigned kinds(const struct host *host)
{
	unsigned bits = host->system.from.file ? 1u << host->system.from.kind : 0;

	for (uint32_t i = 0; i < host->update_n; i++)
		bits |= 1u << host->updates[i].from.kind;
	for (uint32_t i = 0; i < host->file_n; i++)
		bits |= 1u << host->files[i].from.kind;
	for (uint32_t i = 0; i < host->key_n; i++)
		bits |= 1u << host->keys[i].from.kind;
	for (uint32_t i = 0; i < host->service_n; i++)
		bits |= 1u << host->services[i].from.kind;
	for (uint32_t i = 0; i < host->software_n; i++)
		bits |= 1u << host->software[i].from.kind;
	return bits;
}

bool host_apart(const struct host *host, const struct host *other)
{
	return (kinds(host) & kinds(other)) != 0;
}

bool host_merge(struct host *host, const struct host *other)
{
	bool listed = false;

	/* A stand-in is no name. */
	if (strcmp(host->name, host->source) == 0 && strcmp(other->name, other->source) != 0)
		host->name = host_text(host, other->name);
	else if (strcmp(other->name, other->source) != 0 && strcasecmp(host->name, other->name) != 0)
		disagree(host, "name", (struct origin){EVIDENCE_INVENTORY, other->source, 0}, host->name, other->name);
	system_merge(host, &other->system);
	updates_merge(host, other);
	files_merge(host, other);
	keys_merge(host, other);
	programs_merge(host, other);
	for (uint32_t i = 0; i < other->scope_n; i++)
		host_add_scope(host, other->scopes[i].kind, other->scopes[i].prefix, other->scopes[i].from);
	for (uint32_t i = 0; i < other->note_n; i++)
		host_add_note(host, other->notes[i].what, other->notes[i].from, "%s", other->notes[i].text);
	/* A list that ends early beside one that is known to be whole is no gap. */
	for (uint32_t i = 0; i < host->scope_n; i++)
		listed |= host->scopes[i].kind == SCOPE_UPDATES;
	host->updates_truncated = (host->updates_truncated || other->updates_truncated) && !listed;
	return !host->full;
}
