/* What is known of one bulletin: every fact with the line of the file it came from and how sure it is. */
#ifndef SALLYPORT_ADVISE_BULLETIN_H
#define SALLYPORT_ADVISE_BULLETIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "advise/pack.h"

/* HIGH: from the place that is made for it. MEDIUM: from a place that usually says it. LOW: from prose, or mended. */
enum sure { SURE_LOW = 0, SURE_MEDIUM, SURE_HIGH };

struct from {
	uint32_t  line; /* of the file, from 1; 0: computed */
	enum sure sure;
};

enum { BULLETIN_FACTS_MAX = 1 << 16, PORTS_MAX = 64, CVES_MAX = 512 };

/* A day as 20040413; 0: unknown. */
struct revision {
	uint32_t    day;
	const char *version; /* "1.1" or "" */
	const char *text;
	struct from from;
};

enum cve_flag { CVE_CANDIDATE = 1, CVE_IMPOSSIBLE = 2, CVE_NEWER = 4 };

struct cve {
	const char *id, *title;
	unsigned    flags;
	struct from from;
};

struct product {
	const char   *name, *group, *kb, *url;
	bool          affected;
	enum severity severity; /* overall, of this product */
	enum impact   impact;
	struct from   from;
};

/*
 * A rating of a product, for one flaw or ("") for all. `flaw` is the flaw's title where the table names it without an id: then it is no
 * rating of all. `kb` is the article of the row's update, where one product has several.
 */
struct rating {
	const char   *product, *cve, *flaw, *scope, *kb;
	enum severity severity;
	enum impact   impact;
	struct from   from;
};

/*
 * This bulletin's update replaces that one on this product ("" = all); `holds` false: the text says that it does not. `by` is the article
 * of the update that replaces it, where the row says so.
 */
struct replacement {
	const char *bulletin, *kb, *product, *by;
	bool        holds;
	struct from from;
};

struct file {
	const char *name, *version, *arch, *branch, *folder, *product;
	const char *language; /* of the build: a German bulletin may list the English files */
	uint64_t    size; /* octets; 0: not said */
	uint32_t    day;
	const char *time; /* "17:16" or "" */
	struct from from;
};

struct key {
	const char *path, *value, *data, *product;
	bool        verify; /* its presence (and the value, where one is told) shows the update; otherwise it belongs to workaround number `workaround` */
	uint32_t    workaround; /* from 1; 0: to none */
	struct from from;
};

enum topic { TOPIC_RESTART = 0, TOPIC_REMOVAL, TOPIC_PREREQUISITE, TOPIC_FUTURE, TOPIC_MITIGATION, TOPIC_CAUTION, TOPIC_SUMMARY, TOPICS };

/* What the text says on a topic, for a product or ("") for all. */
struct statement {
	enum topic  topic;
	const char *product, *text;
	enum answer answer;
	struct from from;
};

struct installer {
	const char *file, *switches, *product;
	struct from from;
};

struct setup_switch { /* a switch of an installer */
	const char *name, *meaning, *product;
	bool        removal;
	struct from from;
};

enum work_kind {
	WORK_PORT = 1, WORK_REGISTRY = 2, WORK_SERVICE = 4, WORK_FILE = 8, WORK_KILLBIT = 16, WORK_ACL = 32, WORK_POLICY = 64, WORK_UNREGISTER = 128,
	WORK_FIREWALL = 256,
};

struct port {
	const char *transport; /* "tcp", "udp", "tcp/udp" */
	uint16_t    first, last;
};

struct workaround {
	const char *title, *cve, *text, *effect, *undo;
	unsigned    kinds;
	struct port ports[PORTS_MAX];
	uint32_t    port_n;
	struct from from;
};

struct reference {
	const char *kind; /* "kb", "bulletin", "url" */
	const char *id, *url, *text;
	struct from from;
};

struct credit {
	const char *text, *cve;
	struct from from;
};

struct contradiction {
	const char *what; /* "severity.title", "key.kb", ... */
	const char *text; /* one sentence */
	uint32_t    line, other; /* the two places; 0: the whole file */
};

struct store;

struct bulletin {
	const char   *source; /* the file */
	const char   *id; /* "MS04-011" */
	const char   *language;
	const char   *title, *kb; /* of the headline */
	struct from   id_from, title_from;
	uint32_t      published, updated; /* days of the header */
	struct from   date_from;
	const char   *built; /* "2014-04-18T01:50:00Z", or "" */
	enum severity title_severity, maximum, computed; /* in the title, stated, and the worst of the ratings */
	struct from   title_severity_from, maximum_from;
	enum impact   impact;
	struct from   impact_from;
	bool          says_workaround, says_no_workaround; /* there is a section of them; it says that there is none */
	bool          says_replaces, says_none_replaced; /* there is a statement at all */
	struct from   replaces_from;

	struct revision      *revisions;
	struct cve           *cves;
	struct product       *products;
	struct rating        *ratings;
	struct replacement      *replacements;
	struct file          *files;
	struct key           *keys;
	struct statement     *statements;
	struct installer     *installers;
	struct setup_switch     *switches;
	struct workaround    *workarounds;
	struct reference     *references;
	struct credit        *credits;
	struct contradiction *contradictions;
	uint32_t revision_n, cve_n, product_n, rating_n, replacement_n, file_n, key_n, statement_n, installer_n, switch_n, workaround_n,
		reference_n, credit_n, contradiction_n;
	uint32_t revision_room, cve_room, product_room, rating_room, replacement_room, file_room, key_room, statement_room, installer_room,
		switch_room, workaround_room, reference_room, credit_room, contradiction_room;

	struct store *store; /* of every text above */
	bool          full; /* memory ran out, or a bound was met: facts are missing */
};

/*
 * Reads one bulletin. `source` names the file and is copied. False, with a sentence in *why, when it is no bulletin; bulletin_close
 * is right either way.
 */
bool bulletin_read(const struct pack *pack, const char *source, const char *bytes, size_t n, struct bulletin *out, const char **why);
void bulletin_close(struct bulletin *b);
/* The year of its id; 0 when it has none. */
unsigned bulletin_year(const struct bulletin *b);

/*
 * The rating of this product for this flaw ("" = for all of them): one of the same name, otherwise the one all of whose words stand
 * in the product's name, the most words first ("Windows NT 4.0" for "Microsoft Windows NT Server 4.0"). NULL: none.
 */
const struct rating *bulletin_rating(const struct bulletin *b, const struct product *product, const char *cve);

const char *topic_name(enum topic topic);
const char *sure_name(enum sure sure);
/* The names of the kinds in a set, one by one: *at starts at 0; NULL at the end. */
const char *work_kind_next(unsigned kinds, unsigned *at);

#define BULLETIN_FORMAT "sallyport-bulletin-1"
struct json_t;
/* The plain document (doc/bulletin.md), and CSAF 2.0. NULL when memory is out. */
struct json_t *bulletin_json(const struct bulletin *b);
struct json_t *bulletin_csaf(const struct bulletin *b);
/*
 * The plain document read back; what it does not have (lines of the head's fields) stays 0. Fields that are not known are passed
 * over. False, with a sentence that lives as long as *out, when it is none or a field is not what it can be; bulletin_close is
 * right either way.
 */
bool bulletin_from_json(const struct json_t *root, struct bulletin *out, const char **why);

/* Where two readings of one bulletin differ, by language: each difference is told once. */
typedef void bulletin_differs(void *data, const char *what, const char *text);
void bulletin_compare(const struct bulletin *a, const struct bulletin *b, bulletin_differs *differs, void *data);

#endif
