/* Fuzzes the reader of listings: any octets give a host whose facts are within bounds, or a sentence, and the same when read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assess/evidence.h"

static void must(bool truth)
{
	if (!truth)
		abort();
}

static void same_text(const char *a, const char *b)
{
	must(a && b && strcmp(a, b) == 0);
}

static void check_system(const struct host_system *s)
{
	must(s->pack >= -1 && s->pack <= 9);
	must((s->arch & (s->arch - 1)) == 0);
	must(s->family >= FAMILY_UNKNOWN && s->family < FAMILIES);
	must(memchr(s->language, '\0', sizeof(s->language)) != NULL);
}

static void check_update(const struct host_update *u)
{
	must(u->kb <= 9999999 && *u->id && u->under);
	must(!u->day || (u->day >= 19700101 && u->day <= 99991231));
}

/* A scope says that the list is complete, so both cannot be. */
static void check_host(const struct host *host)
{
	must(*host->name && !(host->scope_n && host->updates_truncated));
	must(host->note_n >= 1 && host->scope_n <= 1 && !host->file_n && !host->key_n);
	check_system(&host->system);
	for (uint32_t i = 0; i < host->update_n; i++)
		check_update(&host->updates[i]);
}

static void check_same(const struct host *a, const struct host *b)
{
	same_text(a->name, b->name);
	same_text(a->system.product, b->system.product);
	same_text(a->system.language, b->system.language);
	must(a->system.family == b->system.family && a->system.pack == b->system.pack && a->system.role == b->system.role);
	must(a->update_n == b->update_n && a->note_n == b->note_n && a->scope_n == b->scope_n && a->updates_truncated == b->updates_truncated);
	for (uint32_t i = 0; i < a->update_n; i++) {
		same_text(a->updates[i].id, b->updates[i].id);
		must(a->updates[i].day == b->updates[i].day);
	}
	for (uint32_t i = 0; i < a->note_n; i++)
		same_text(a->notes[i].text, b->notes[i].text);
}

/* Reading again costs as much as reading: some inputs must do. */
static void again(const struct host *first, bool read, const char *why, const uint8_t *bytes, size_t size)
{
	struct host host;
	const char *said;

	must(host_open(&host, "fuzz"));
	must(listing_read(&host, "fuzz", bytes, size, &said) == read);
	if (read)
		check_same(first, &host);
	else
		same_text(why, said);
	must(!read || listing_is(bytes, size) || size > 32 << 10);
	host_close(&host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t    *exact = malloc(size ? size : 1); /* ASan sees one octet too far */
	struct host host;
	const char *why;
	bool        read;

	if (!exact)
		return 0;
	if (size)
		memcpy(exact, data, size);
	must(host_open(&host, "fuzz"));
	read = listing_read(&host, "fuzz", exact, size, &why);
	must(read == !why);
	if (read)
		check_host(&host);
	if (size % 8 == 0)
		again(&host, read, why, exact, size);
	host_seal(&host);
	host_close(&host);
	free(exact);
	return 0;
}
