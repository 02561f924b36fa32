/* Counts, by era, the bulletins that gave each kind of fact. */
#include "advise/yields.h"

#include <string.h>

const char *const yield_names[YIELDS] = {
	"cve", "affected", "severity", "ratings", "says-replaces", "replaced", "files", "verify-key", "workaround-section", "workaround", "ports", "workaround-registry", "restart", "revisions", "title",
};
const char *const era_names[ERAS] = {"1999-2000", "2001-2003", "2004-2007", "2008-2010", "2011-2013", "2014", "2015-2017"};

static unsigned era_of(unsigned year)
{
	static const unsigned last[ERAS] = {2000, 2003, 2007, 2010, 2013, 2014, 9999};
	unsigned              era = 0;

	while (year > last[era])
		era++;
	return era;
}

static uint32_t affected(const struct bulletin *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->product_n; i++)
		n += b->products[i].affected;
	return n;
}

static uint32_t keys(const struct bulletin *b, bool verify)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->key_n; i++)
		n += b->keys[i].verify == verify;
	return n;
}

static uint32_t replaced(const struct bulletin *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->replacement_n; i++)
		n += b->replacements[i].holds;
	return n;
}

static uint32_t ports(const struct bulletin *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->workaround_n; i++)
		n += b->workarounds[i].port_n;
	return n;
}

static uint32_t restarts(const struct bulletin *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->statement_n; i++)
		n += b->statements[i].topic == TOPIC_RESTART && b->statements[i].answer != ANSWER_UNKNOWN;
	return n;
}

void yields_add(struct yields *y, const struct bulletin *b)
{
	unsigned       era = era_of(bulletin_year(b));
	const uint32_t n[YIELDS] = {
		b->cve_n, affected(b), b->maximum > SEVERITY_NONE || b->computed > SEVERITY_NONE || b->title_severity > SEVERITY_NONE, b->rating_n, b->says_replaces, replaced(b),
		b->file_n, keys(b, true), b->says_workaround, b->workaround_n, ports(b), keys(b, false), restarts(b), b->revision_n + (b->published != 0), b->title[0] != '\0',
	};

	y->bulletins[era]++;
	for (int i = 0; i < YIELDS; i++) {
		y->have[era][i] += n[i] > 0;
		y->facts[era][i] += n[i];
	}
}
