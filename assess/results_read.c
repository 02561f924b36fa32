/* Answers from the results: hosts, the worst flaws, what changed, and one host's findings. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "assess/results_int.h"

/* Rows as objects: the names of the fields stand beside the query, in the order of its columns. */
struct listing {
	json_t            *list;
	const char *const *fields;
	bool               full;
};

static bool listing_row(void *data, const struct db_value *row, unsigned columns)
{
	struct listing *l = data;
	json_t         *one = json_object();
	char            mended[4096];

	for (unsigned i = 0; i < columns && i < DB_COLUMNS_MAX && l->fields[i]; i++) {
		json_t *value = row[i].text ? json_string(row[i].text) : json_integer(row[i].number);

		if (!value && row[i].text) /* another program wrote it, and not as UTF-8 */
			value = json_string(results_text(row[i].text, mended, sizeof(mended)));
		if (row[i].null)
			json_decref(value);
		else if (json_object_set_new(one, l->fields[i], value) < 0)
			l->full = true;
	}
	if (json_array_append_new(l->list, one) < 0)
		l->full = true;
	return !l->full;
}

static json_t *listing(struct results *r, const char *sql, const struct db_value *values, unsigned count, const char *const *fields)
{
	struct listing l = {json_array(), fields, false};

	if (l.list && db_query(&r->db, sql, values, count, listing_row, &l) && !l.full)
		return l.list;
	if (l.full || !l.list)
		snprintf(r->db.why, sizeof(r->db.why), "there is no memory for the answer");
	json_decref(l.list);
	return NULL;
}

json_t *results_hosts(struct results *r)
{
	static const char *const fields[] = {"host", "system", "source", "state", "fault", "missing", "cannot-tell", "mitigated", "fixed", "not-affected", "assessed", "first_seen", "since", NULL};

	return listing(r,
		"SELECT h.name, h.system, h.source, w.name, CASE WHEN h.state = 1 THEN h.fault END, h.missing, h.cannot_tell, h.mitigated, h.fixed, h.not_affected,"
		" r.started, f.started, s.started FROM hosts h JOIN words w ON w.kind = 'state' AND w.id = h.state JOIN runs r ON r.id = h.run"
		" JOIN runs f ON f.id = h.first_run JOIN runs s ON s.id = h.state_run ORDER BY h.state, h.missing DESC, h.cannot_tell DESC, h.name, h.source",
		NULL, 0, fields);
}

json_t *results_worst(struct results *r, uint32_t most)
{
	static const char *const fields[] = {"bulletin", "cve", "severity", "missing", "cannot-tell", "mitigated", "fixed", "since", NULL};

	/* A flaw is as severe as on the host where it is worst; of hosts that are gone nothing is counted. */
	return listing(r,
		"SELECT b.name, l.cve, w.name, x.missing, x.untold, x.mitigated, x.fixed, s.started FROM (SELECT f.flaw AS flaw, max(f.severity) AS severity,"
		" min(CASE WHEN v.name = 'missing' THEN f.changed_run END) AS since,"
		" sum(CASE WHEN v.name = 'missing' THEN 1 ELSE 0 END) AS missing, sum(CASE WHEN v.name = 'cannot-tell' THEN 1 ELSE 0 END) AS untold,"
		" sum(CASE WHEN v.name = 'mitigated' THEN 1 ELSE 0 END) AS mitigated, sum(CASE WHEN v.name = 'fixed' THEN 1 ELSE 0 END) AS fixed"
		" FROM findings f JOIN words v ON v.kind = 'verdict' AND v.id = f.verdict JOIN hosts h ON h.id = f.host WHERE h.state <> 2 GROUP BY f.flaw) x"
		" JOIN flaws l ON l.id = x.flaw JOIN bulletins b ON b.id = l.bulletin JOIN words w ON w.kind = 'severity' AND w.id = x.severity"
		" JOIN runs s ON s.id = x.since WHERE x.missing > 0 ORDER BY x.missing DESC, x.severity DESC, b.name DESC, l.cve LIMIT $1",
		&DB_N(most), 1, fields);
}

json_t *results_changes(struct results *r, int64_t since)
{
	static const char *const verdicts[] = {"at", "host", "source", "bulletin", "cve", "was", "became", "sentence", NULL},
				 *const states[] = {"at", "host", "source", "state", "fault", NULL};
	json_t                   *of_verdicts, *of_hosts;

	of_verdicts = listing(r,
		"SELECT r.started, h.name, h.source, b.name, l.cve, w.name, n.name, CASE WHEN f.changed_run = c.run THEN t.text END FROM changes c"
		" JOIN runs r ON r.id = c.run JOIN hosts h ON h.id = c.host JOIN flaws l ON l.id = c.flaw JOIN bulletins b ON b.id = l.bulletin"
		" LEFT JOIN words w ON w.kind = 'verdict' AND w.id = c.was LEFT JOIN words n ON n.kind = 'verdict' AND n.id = c.became"
		" LEFT JOIN findings f ON f.host = c.host AND f.flaw = c.flaw LEFT JOIN texts t ON t.id = f.text"
		" WHERE r.started >= $1 ORDER BY c.run, h.name, h.source, b.name, l.cve",
		&DB_N(since), 1, verdicts);
	of_hosts = of_verdicts ? listing(r,
		"SELECT s.started, h.name, h.source, CASE WHEN h.state = 0 AND h.first_run = h.state_run THEN 'new' ELSE w.name END,"
		" CASE WHEN h.state = 1 THEN h.fault END FROM hosts h JOIN words w ON w.kind = 'state' AND w.id = h.state JOIN runs s ON s.id = h.state_run"
		" WHERE s.started >= $1 ORDER BY s.id, h.name, h.source",
		&DB_N(since), 1, states) : NULL;
	if (!of_hosts) {
		json_decref(of_verdicts);
		return NULL;
	}
	return json_pack("{s:o,s:o}", "hosts", of_hosts, "verdicts", of_verdicts);
}

json_t *results_host(struct results *r, const char *name)
{
	static const char *const fields[] = {"host", "source", "bulletin", "cve", "verdict", "rule", "severity", "sentence", "first_seen", "since", NULL};
	char                     text[4096], source[4096];

	return listing(r,
		"SELECT h.name, h.source, b.name, l.cve, v.name, u.name, w.name, t.text, a.started, c.started FROM hosts h JOIN findings f ON f.host = h.id"
		" JOIN flaws l ON l.id = f.flaw JOIN bulletins b ON b.id = l.bulletin JOIN words v ON v.kind = 'verdict' AND v.id = f.verdict"
		" JOIN words u ON u.kind = 'rule' AND u.id = f.rule JOIN words w ON w.kind = 'severity' AND w.id = f.severity JOIN texts t ON t.id = f.text"
		" JOIN runs a ON a.id = f.first_run JOIN runs c ON c.id = f.changed_run WHERE lower(h.name) = lower($1) OR h.source = $2"
		" ORDER BY h.source, f.verdict DESC, f.severity DESC, b.name, l.cve",
		(struct db_value[]){DB_T(results_text(name, text, sizeof(text))), DB_T(results_source(name, source, sizeof(source)))}, 2, fields);
}

json_t *results_runs(struct results *r)
{
	static const char *const fields[] = {"run", "started", "complete", "program", "catalogue", "assessed", "unchanged", "unreadable", "gone", NULL};

	return listing(r, "SELECT id, started, CASE WHEN ended IS NULL THEN 0 ELSE 1 END, program, catalogue, assessed, unchanged, unreadable, gone FROM runs ORDER BY id", NULL, 0, fields);
}
