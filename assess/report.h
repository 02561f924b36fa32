/* Everything that was found on some hosts, kept for the outputs: table, JSON, CSV, HTML, VEX, plan and shield. */
#ifndef SALLYPORT_ASSESS_REPORT_H
#define SALLYPORT_ASSESS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "assess/flaws.h"
#include "assess/verdict.h"

struct json_t;
struct store;

/* Hosts of one report, and octets of their texts. Fleets beyond that are what assess/results.h is for. */
enum { REPORT_HOSTS_MAX = 4096, REPORT_TEXT_MAX = 1 << 30, REPORT_SCHEMA = 1 };

struct report_piece {
	const char        *text, *file; /* file NULL: nothing of the host */
	enum evidence_kind kind;
	uint32_t           line, bulletin_line; /* 0: none */
};

/* A struct finding with the texts it has. */
struct report_finding {
	const struct catalog_entry *entry, *by; /* by: RULE_SUPERSEDED */
	const char                 *cve, *sentence, *wanted; /* wanted NULL: nothing */
	enum verdict                verdict;
	enum rule                   rule;
	enum severity               severity;
	const struct product       *product; /* or NULL */
	const struct flaw_rule     *flaw; /* or NULL */
	struct report_piece        *pieces;
	uint32_t                    piece_n;
};

struct report_note {
	const char *what, *text;
};

struct report_host {
	const char            *name, *source, *fault; /* fault NULL: it was read */
	const char            *warning; /* what of the evidence could not be read, or NULL */
	struct host_system     system;
	struct target          target; /* what it is, as products are compared */
	uint32_t               counts[VERDICTS]; /* flaws */
	struct report_finding *findings; /* worst first: verdict, severity, bulletin, flaw */
	size_t                 finding_n, finding_room;
	struct report_note    *notes;
	size_t                 note_n;
};

struct report {
	const struct catalog *catalog; /* must outlive the report */
	struct report_host   *hosts;
	size_t                host_n, host_room;
	struct store         *store;
	bool                  all; /* findings that are not-affected are kept too */
	bool                  full; /* memory was out: something is missing */
	const char           *program; /* "0.1.0" */
	int64_t               now; /* seconds since 1970 */
};

bool report_open(struct report *report, const struct catalog *catalog, bool all);
void report_close(struct report *report);
/*
 * Judges a host and keeps what is found; the host may be closed then. `warning` (or NULL) says what of its evidence could not be read.
 * False when there is no room for it.
 */
bool report_add(struct report *report, const struct host *host, const char *warning);
/* A host of which nothing could be told. */
bool report_fault(struct report *report, const char *source, const char *sentence);

/* "Windows 2000 Server SP4", as well as it is known. */
void report_system(const struct report_host *host, char *out, size_t size);
/* Another host has its name. */
bool report_has_twin(const struct report *report, const struct report_host *host);
/* The worst verdict of any flaw of the bulletin on the host, and one finding that has it; false when there is none. */
bool report_cell(const struct report_host *host, const struct catalog_entry *entry, const struct report_finding **out);
/* A bulletin's title in the best language there is, and a severity in words ("critical", "not rated"). */
const char *report_title(const struct catalog_entry *entry);
const char *report_severity(enum severity severity);
/* "835732" of the update for the finding's product, or 0. */
uint32_t report_article(const struct report_finding *finding);

/* A set of verdicts as bits 1 << VERDICT_ that outputs show. */
struct json_t *report_json(const struct report *report, unsigned verdicts);
/* False when it cannot be written. */
bool report_csv(const struct report *report, unsigned verdicts, FILE *file);
bool report_html(const struct report *report, unsigned verdicts, FILE *file);
/* CSAF 2.0, profile VEX. NULL when memory is out. `publisher` is who assessed (or NULL), `name_space` their URL (or NULL). */
struct json_t *report_vex(const struct report *report, const char *publisher, const char *name_space);

#endif
