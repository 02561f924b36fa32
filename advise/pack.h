/* Language packs: the labels of bulletins in one language, as data. */
#ifndef SALLYPORT_ADVISE_PACK_H
#define SALLYPORT_ADVISE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pack_kind { PACK_SECTION = 0, PACK_COLUMN, PACK_SEVERITY, PACK_IMPACT, PACK_ANSWER, PACK_MONTH, PACK_WORD };

/* What a part of a bulletin is about. */
enum section {
	SECTION_NONE = 0,
	SECTION_AFFECTED, SECTION_UNAFFECTED, SECTION_SEVERITY, SECTION_CVE, SECTION_REPLACES, SECTION_WORKAROUND, SECTION_EFFECT,
	SECTION_UNDO, SECTION_MITIGATION, SECTION_FAQ, SECTION_FILES, SECTION_VERIFY, SECTION_RESTART, SECTION_REMOVAL,
	SECTION_SWITCHES, SECTION_INSTALL, SECTION_PREREQUISITE, SECTION_FUTURE, SECTION_THANKS, SECTION_REVISIONS,
	SECTION_REFERENCES, SECTION_CAUTION, SECTION_SUMMARY, SECTION_IMPACT, SECTION_MAXIMUM, SECTION_UPDATE, SECTION_OTHER,
	SECTIONS,
};

enum column {
	COLUMN_NONE = 0,
	COLUMN_PRODUCT, COLUMN_COMPONENT, COLUMN_IMPACT, COLUMN_SEVERITY, COLUMN_REPLACES, COLUMN_CVE, COLUMN_KB, COLUMN_FILE,
	COLUMN_VERSION, COLUMN_SIZE, COLUMN_DATE, COLUMN_TIME, COLUMN_ARCH, COLUMN_FOLDER, COLUMN_SWITCH, COLUMN_MEANING,
	COLUMN_TITLE, COLUMN_SKIP, COLUMN_BULLETIN,
	COLUMNS,
};

/* The vendor's four ratings; NONE is a cell that says that a product is not concerned. */
enum severity { SEVERITY_UNKNOWN = 0, SEVERITY_NONE, SEVERITY_LOW, SEVERITY_MODERATE, SEVERITY_IMPORTANT, SEVERITY_CRITICAL, SEVERITIES };

enum impact {
	IMPACT_UNKNOWN = 0,
	IMPACT_CODE, IMPACT_PRIVILEGE, IMPACT_DISCLOSURE, IMPACT_DENIAL, IMPACT_SPOOFING, IMPACT_BYPASS, IMPACT_TAMPERING,
	IMPACTS,
};

enum answer { ANSWER_UNKNOWN = 0, ANSWER_YES, ANSWER_NO, ANSWER_MAYBE, ANSWER_NOT_APPLICABLE, ANSWERS };

/* Words that sentences are searched for. */
enum word {
	WORD_NONE = 0,
	WORD_PORT, WORD_NOT_PORT, WORD_TAIL, WORD_SERVICE, WORD_POLICY, WORD_READONLY, WORD_FIREWALL, WORD_DATE, WORD_ABOVE, WORD_ISSUE,
	WORD_JOINER, WORD_VERSION, WORD_RESTART, WORD_NO_WORKAROUND, WORD_STEPS, WORD_ENGLISH,
	WORD_LEAD, WORD_COMMAND, WORD_OVERALL, WORD_NOT_REPLACED, WORD_HELD, WORD_UPDATE, WORD_ENTER, WORD_DATA,
	WORD_CAPTION, /* of a table of switches, or a pointer to what follows: it begins no statement */
	WORDS,
};

struct pack; /* opaque */

/* Text of a pack file. NULL, with the line and a sentence, when it is none. */
struct pack *pack_read(const char *text, size_t n, unsigned *line, const char **why);
void         pack_close(struct pack **pack);
/* "ja". */
const char *pack_language(const struct pack *pack);
/* The id of the rule of that kind that fits the folded text best: equal before prefix before part, longer before shorter; 0 for none. */
int pack_find(const struct pack *pack, enum pack_kind kind, const char *folded);
/* The first rule that equals the text, or with `prefix` begins it; 0 for none. */
int pack_find_head(const struct pack *pack, enum pack_kind kind, const char *folded, bool prefix);
/* The same as pack_find for text as it stands. */
int pack_find_text(const struct pack *pack, enum pack_kind kind, const char *text, size_t n);
/* The text holds one of the words of that id. */
/* A word of that id begins at text as it stands: its octets, or 0. */
size_t pack_word_at(const struct pack *pack, enum word word, const char *text);
/* It ends with one of them: the longest's octets, or 0. */
size_t pack_ends(const struct pack *pack, enum word word, const char *folded);
bool pack_says(const struct pack *pack, enum word word, const char *folded);

/* The packs that are compiled in; ends with NULL text. */
struct pack_source {
	const char *name, *text;
	size_t      n;
};
extern const struct pack_source pack_sources[];

const char *pack_name(enum pack_kind kind, int id);

#endif
