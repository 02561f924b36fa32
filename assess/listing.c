/* Listings of what a host has installed: tells `systeminfo` from `wmic qfe`, reads either, and says how the text was read. */
#include "assess/evidence.h"

#include <string.h>
#include <strings.h>

#include "assess/listing_int.h"

enum { HEAD_BYTES = 32 << 10 /* enough to tell what a file is */ };

static bool digits(struct listing_span s, size_t from, size_t least)
{
	size_t n = 0;

	while (from + n < s.n && s.text[from + n] >= '0' && s.text[from + n] <= '9')
		n++;
	return n >= least;
}

bool update_is_file(struct listing_span id)
{
	return span_begins(id, "File ") && digits(id, 5, 1) && id.n <= 9;
}

/* A bare number of six or seven digits is an article: Vista writes some so. */
static bool bare(struct listing_span id)
{
	return (id.n == 6 || id.n == 7) && digits(id, 0, id.n);
}

bool update_named(struct listing_span id)
{
	if (id.n > 100)
		return false;
	if (span_begins(id, "KB"))
		return digits(id, 2, 5);
	if (span_begins(id, "Q") || span_begins(id, "M"))
		return digits(id, 1, 5);
	return bare(id) || (id.n >= 38 && id.text[0] == '{' && id.text[37] == '}');
}

/* "KB893803v2 - Update": behind the id stands its kind, in the language of the update. */
static struct listing_span without_kind(struct listing_span id)
{
	for (size_t i = 0; i + 2 < id.n; i++)
		if (memcmp(id.text + i, " - ", 3) == 0)
			return span_of(id.text, i);
	return id;
}

struct host_update *listing_update(struct host *host, const struct listing *l, const struct listing_line *line, struct listing_span id, uint32_t first)
{
	id = without_kind(id);
	if (!update_named(id))
		return NULL;
	for (uint32_t i = first; i < host->update_n; i++)
		if (span_is(id, host->updates[i].id))
			return &host->updates[i];
	return host_add_update(host, span_kept(host, id), listing_from(l, line));
}

void listing_scope(struct host *host, const struct listing *l, const struct listing_line *line, bool registry)
{
	if (host->updates_truncated)
		return;
	if (registry)
		host_add_scope(host, SCOPE_UPDATES, "", listing_from(l, line));
	else
		host_add_note(host, "updates.replaced", listing_from(l, line), "This system takes an update off its list when a later one replaces it: that one is not listed does not say that it is missing.");
}

static void tell_encoding(struct host *host, const struct listing *l)
{
	struct origin from = listing_from(l, NULL);

	host_add_note(host, l->mixed ? "encoding.mixed" : "encoding.read", from, "The text is read as %s.", l->encoding);
	if (l->guessed)
		host_add_note(host, "encoding.guessed", from, "No word of the text is known in any code page: which one it is in is a guess.");
	if (l->replaced)
		host_add_note(host, "encoding.damaged", from, "The text has octets that are none in its encoding.");
}

bool listing_is(const uint8_t *bytes, size_t n)
{
	struct listing l;
	const char    *why;
	bool           is;

	is = listing_open(&l, "", bytes, n < HEAD_BYTES ? n : HEAD_BYTES, &why) && (qfe_is(&l) || info_is(&l));
	listing_close(&l);
	return is;
}

bool listing_read(struct host *host, const char *file, const uint8_t *bytes, size_t n, const char **why)
{
	struct listing l;
	bool           good = listing_open(&l, file, bytes, n, why);

	if (good && qfe_is(&l)) {
		l.kind = EVIDENCE_QFE;
		good = qfe_read(host, &l, why);
	} else if (good && info_is(&l)) {
		l.kind = EVIDENCE_SYSTEMINFO;
		good = info_read(host, &l, why);
	} else if (good) {
		good = false;
		*why = "it is neither a listing of systeminfo nor of wmic qfe";
	}
	if (good) {
		if (host->system.product)
			system_from_name(&host->system);
		tell_encoding(host, &l);
	}
	if (good && host->full) {
		good = false;
		*why = "the listing has more facts than a host may have, or memory is out";
	}
	listing_close(&l);
	return good;
}
