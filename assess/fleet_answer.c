/* Judges one host in a worker, and brings what was found to the parent as bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assess/fleet_int.h"
#include "base/wire.h"

enum { GOOD = 1, FAULTY = 2, SHORT = 1, VALUE, TRAILS, ROOM = 16 << 10, TEXT_MAX = 4096 };

/*
 * The form: u8 GOOD or FAULTY, name, system, fault, 5 x u32 counts, u32 findings, and each: u32 number in the catalogue, cve, u8
 * verdict, u8 rule, u8 severity, sentence. Numbers are little-endian; a text is u16 octets and the text with its zero.
 */
struct letter {
	char  *bytes;
	size_t n, room;
	bool   full;
};

static void add(struct letter *a, const void *bytes, size_t n)
{
	if (!n)
		return;
	if (a->full || n > FLEET_ANSWER_MAX - a->n) {
		a->full = true;
		return;
	}
	if (a->n + n > a->room) {
		size_t wanted = (a->n + n) * 2 > ROOM ? (a->n + n) * 2 : ROOM;
		char  *grown = realloc(a->bytes, wanted);

		if (!grown) {
			a->full = true;
			return;
		}
		a->bytes = grown;
		a->room = wanted;
	}
	memcpy(a->bytes + a->n, bytes, n);
	a->n += n;
}

static void add_number(struct letter *a, uint32_t number, unsigned octets)
{
	uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)};

	add(a, bytes, octets);
}

static void add_text(struct letter *a, const char *text)
{
	size_t n = strnlen(text, TEXT_MAX - 1);

	add_number(a, (uint32_t)n + 1, 2);
	add(a, text, n);
	add_number(a, 0, 1);
}

struct judged {
	struct letter body;
	uint32_t      counts[VERDICTS], findings;
};

static bool found(void *data, const struct finding *f)
{
	struct judged *j = data;

	j->counts[f->verdict]++;
	if (f->verdict == VERDICT_NOT_AFFECTED)
		return true;
	if (j->findings == FLEET_FINDINGS_MAX)
		j->body.full = true;
	j->findings++;
	add_number(&j->body, f->entry->number, 4);
	add_text(&j->body, f->cve);
	add_number(&j->body, f->verdict, 1);
	add_number(&j->body, f->rule, 1);
	add_number(&j->body, f->severity, 1);
	add_text(&j->body, f->sentence);
	return !j->body.full;
}

static const char *edition(const struct host *host, char *out, size_t size)
{
	struct target target = {.kind = TARGET_SYSTEM, .family = host->system.family, .editions = host->system.edition, .arch = host->system.arch,
		.packs = host->system.pack >= 0 && host->system.pack < 32 ? 1u << host->system.pack : 0};

	if (host->system.family == FAMILY_UNKNOWN)
		snprintf(out, size, "%s", host->system.product ? host->system.product : "");
	else if (!target_os_name(&target, out, size))
		snprintf(out, size, host->system.pack > 0 ? "%s SP%d" : "%s", family_name(host->system.family), host->system.pack);
	return out;
}

char *fleet_work(void *data, const char *path, const char *bytes, size_t n, size_t *out_n)
{
	const struct fleet_wish *wish = data;
	struct letter            a = {0};
	struct judged            j = {0};
	struct host              host;
	const char              *why = "there is no memory for it";
	char                     system[256];
	bool                     good = host_open(&host, path) && wish->read(&host, path, bytes, n, &why);

	if (good) {
		if (!host.sealed)
			host_seal(&host);
		good = assess_host(wish->catalog, &host, false, found, &j);
		why = "its flaws could not be judged: there is no memory";
	}
	add_number(&a, good ? GOOD : FAULTY, 1);
	add_text(&a, host.name && host.name[0] ? host.name : path);
	add_text(&a, good ? edition(&host, system, sizeof(system)) : "");
	add_text(&a, good ? "" : why ? why : "it cannot be read");
	for (int i = 0; i < VERDICTS; i++)
		add_number(&a, good ? j.counts[i] : 0, 4);
	add_number(&a, good ? j.findings : 0, 4);
	if (good)
		add(&a, j.body.bytes, j.body.n);
	free(j.body.bytes);
	host_close(&host);
	if (a.full || j.body.full) {
		free(a.bytes);
		return NULL;
	}
	*out_n = a.n;
	return a.bytes;
}

static const char *text(struct wire *w, const char *field)
{
	uint16_t    n = wire_le16_range(w, 1, TEXT_MAX, VALUE, field);
	const char *at = (const char *)wire_take(w, n, field); /* UNSAFE: octets as characters */

	if (at && memchr(at, '\0', n) != at + n - 1)
		wire_fail(w, wire_offset(w), VALUE, field);
	return at && !w->fault->why ? at : "";
}

static uint8_t below(struct wire *w, unsigned limit, const char *field)
{
	uint8_t value = wire_u8(w, field);

	if (value >= limit)
		wire_fail(w, wire_offset(w), VALUE, field);
	return value < limit ? value : 0;
}

bool fleet_answer(const struct catalog *catalog, const char *answer, size_t n, struct host_result *out)
{
	struct fault           fault = {0};
	struct wire            w = wire_over(answer, n, &fault, SHORT);
	uint8_t                kind = wire_u8(&w, "kind");
	struct finding_result *findings = NULL;
	uint32_t               count;

	out->name = text(&w, "name");
	out->system = text(&w, "system");
	out->fault = text(&w, "fault");
	for (int i = 0; i < VERDICTS; i++)
		out->counts[i] = wire_le32(&w, "count");
	count = wire_le32_range(&w, 0, FLEET_FINDINGS_MAX, VALUE, "findings");
	if (kind != GOOD && kind != FAULTY)
		wire_fail(&w, 0, VALUE, "kind");
	if (kind == GOOD)
		out->fault = NULL;
	out->findings = NULL;
	out->finding_n = 0;
	/* The least a finding has is 13 octets: a count that is more than can be there allocates nothing. */
	if (!fault.why && count && count <= wire_left(&w) / 13)
		findings = calloc(count, sizeof(*findings));
	for (uint32_t i = 0; i < count && findings && !fault.why; i++) {
		uint32_t number = wire_le32(&w, "number");

		findings[i] = (struct finding_result){.entry = number < catalog_count(catalog) ? catalog_at(catalog, number) : NULL, .cve = text(&w, "cve")};
		findings[i].verdict = (enum verdict)below(&w, VERDICTS, "verdict");
		findings[i].rule = (enum rule)below(&w, RULES, "rule");
		findings[i].severity = (enum severity)below(&w, SEVERITIES, "severity");
		findings[i].sentence = text(&w, "sentence");
		if (!findings[i].entry || findings[i].verdict == VERDICT_NOT_AFFECTED)
			wire_fail(&w, wire_offset(&w), VALUE, "finding");
	}
	if ((count && !findings) || !wire_end(&w, TRAILS, "answer")) {
		free(findings);
		return false;
	}
	out->findings = findings;
	out->finding_n = count;
	return true;
}
