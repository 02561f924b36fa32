/* What is true of a flaw on a host, by which rule, resting on what: the catalogue of bulletins, and the judge. */
#ifndef SALLYPORT_ASSESS_VERDICT_H
#define SALLYPORT_ASSESS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "advise/bulletin.h"
#include "assess/host.h"
#include "assess/product.h"

enum verdict { VERDICT_NOT_AFFECTED = 0, VERDICT_FIXED, VERDICT_MITIGATED, VERDICT_CANNOT_TELL, VERDICT_MISSING, VERDICTS };

enum rule {
	RULE_OTHER_PRODUCT = 0, /* not-affected: the bulletin is not about this system or program */
	RULE_SAID_UNAFFECTED, /* the bulletin says so */
	RULE_NOT_RATED, /* its table rates this flaw "none" here */
	RULE_ROLE, /* the host has not the role that the flaw needs */
	RULE_NOT_INSTALLED, /* the program or file is known to be absent */
	RULE_KEY, /* fixed: the key that verifies the update is there */
	RULE_LISTED, /* the update is in the list of updates */
	RULE_FILE, /* every file is at least the one of the update, in its branch */
	RULE_SUPERSEDED, /* an update that replaces it is there */
	RULE_SERVICE_PACK, /* the service pack has it */
	RULE_WORKAROUND, /* mitigated */
	RULE_FILE_OLDER, /* missing: a file is older */
	RULE_NOT_LISTED, /* neither key nor list nor replacing update, and where to look is known in full */
	RULE_NO_EVIDENCE, /* cannot-tell: what is missing is in `wanted` */
	RULE_OTHER_BRANCH, /* cannot-tell: the host's file is of a branch or language the table has not */
	RULE_CONFLICT, /* cannot-tell: two pieces of evidence say different things */
	RULES,
};

enum { EVIDENCE_MAX = 16, SENTENCE_MAX = 512 };

/* A fact that a verdict rests on, in words, and where it was seen: "lsasrv.dll 5.0.2195.6900 < 5.0.2195.6902". */
struct piece {
	char          text[192];
	struct origin seen; /* on the host; file NULL: nothing of the host */
	uint32_t      line; /* of the bulletin's text; 0: none */
};

/* A reviewed row for a flaw whose bulletin alone does not say enough (flaws.c). Static. */
struct flaw_rule;
struct catalog_entry;

struct finding {
	const struct catalog_entry *entry;
	const char                 *cve; /* "CVE-2003-0533", or the bulletin's id before 2001 */
	enum verdict                verdict;
	enum rule                   rule;
	char                        sentence[SENTENCE_MAX]; /* one, in English, with the facts, without the host's name: hosts alike share it */
	struct piece                pieces[EVIDENCE_MAX];
	uint32_t                    piece_n;
	const struct product       *product; /* the bulletin's row that the host is, or NULL */
	const struct catalog_entry *by; /* RULE_SUPERSEDED: whose update */
	const struct flaw_rule     *flaw; /* or NULL */
	enum severity               severity;
	const char                 *wanted; /* cannot-tell: the evidence that would decide ("the version of srv.sys"), until assess_found returns; otherwise NULL */
};

struct catalog; /* opaque: any number of bulletins, read-only once ready */

/* One bulletin in the catalogue: readings of it in several languages, what its products are, what replaces it. */
struct catalog_entry {
	const char            *id;
	const struct bulletin *readings[4]; /* best first for what language does not change; NULL behind the last */
	uint32_t               number; /* its place in the catalogue, by id */
};

struct catalog *catalog_open(void);
void            catalog_close(struct catalog **catalog);
/* Takes the bulletin over, whatever it returns (closed with the catalogue). A second reading of one id joins the first; one of the same language replaces it. */
bool catalog_add(struct catalog *catalog, struct bulletin *bulletin);
/* Behind the last: products, files and supersedence are indexed. `say` gets each cycle and each contradiction between readings once. */
bool catalog_ready(struct catalog *catalog, void (*say)(void *data, const char *sentence), void *data);
size_t                      catalog_count(const struct catalog *catalog);
const struct catalog_entry *catalog_at(const struct catalog *catalog, size_t i);
const struct catalog_entry *catalog_find(const struct catalog *catalog, const char *id);
/* Some bulletin, or a reviewed row, names a file so: what readers of trees should keep. */
bool catalog_wants_file(const struct catalog *catalog, const char *name);
/* Changes when any verdict could: of all bulletins and of the rules compiled in. 64 hex digits. */
void catalog_digest(const struct catalog *catalog, char out[65]);
/* Entries whose update directly or through others replaces this one on this target; the i-th, NULL behind the last. */
const struct catalog_entry *catalog_replacing(const struct catalog *catalog, const struct catalog_entry *entry, const struct target *target, size_t i);

/* Judges every flaw of every bulletin in turn. With `all` also what the host's products have nothing to do with. `found` false: stop. */
typedef bool assess_found(void *data, const struct finding *finding);
bool assess_host(const struct catalog *catalog, const struct host *host, bool all, assess_found *found, void *data);

const char *verdict_name(enum verdict verdict); /* "cannot-tell" */
const char *rule_name(enum rule rule); /* "file-older" */

/* The article of the entry's update for a product, 835732, or 0. */
uint32_t entry_article(const struct catalog_entry *entry, const struct product *product);
/* The articles of further updates that the bulletin has for the very same product, at most `room`; how many. */
size_t entry_articles(const struct catalog_entry *entry, const struct product *product, uint32_t *out, size_t room);
/* Of several updates that the bulletin has for the product on the system or its part `on` any one is enough; otherwise all are needed. */
bool entry_any_article(const struct catalog_entry *entry, const struct target *on, const struct product *product);

#endif
