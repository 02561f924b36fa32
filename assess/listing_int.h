/* What the readers of listings share: lines of decoded text, and words of languages. */
#ifndef SALLYPORT_ASSESS_LISTING_INT_H
#define SALLYPORT_ASSESS_LISTING_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assess/host.h"

enum {
	LISTING_BYTES_MAX = 8 << 20, /* the longest seen has 100 KB */
	LISTING_LINES_MAX = 1 << 16,
	LISTING_UPDATES_MAX = 1 << 12, /* seen: 352 */
	LISTING_COLUMNS_MAX = 48,
};

/* One line of UTF-8, without its end. */
struct listing_line {
	const char *text; /* not terminated */
	size_t      n;
	uint32_t    number; /* from 1 */
};

struct listing {
	const char          *file;
	enum evidence_kind   kind;
	char                *text;
	size_t               n, room;
	struct listing_line *lines; /* empty ones are left out */
	uint32_t             line_n;
	char                 encoding[96]; /* "UTF-16LE", "ASCII, then UTF-16LE" */
	bool                 ended; /* the last line has its end */
	bool                 mixed; /* more than one encoding */
	bool                 guessed; /* nothing in the text speaks for the code page that was taken */
	bool                 replaced; /* octets that the encoding has not */
};

/* Decodes and splits; listing_close is right after either. */
bool listing_open(struct listing *l, const char *file, const uint8_t *bytes, size_t n, const char **why);
void listing_close(struct listing *l);
struct origin listing_from(const struct listing *l, const struct listing_line *line);

/* A span of UTF-8 without blanks at its ends (no-break and ideographic ones too). */
struct listing_span {
	const char *text;
	size_t      n;
};
struct listing_span span_of(const char *text, size_t n);
bool                span_is(struct listing_span s, const char *word); /* ASCII letter case aside */
bool                span_begins(struct listing_span s, const char *word);
bool                span_holds(struct listing_span s, const char *word);
/* A terminated copy that lives as long as the host. */
const char *span_kept(struct host *host, struct listing_span s);
/* The first number in it, and what is behind it; false when there is none of at most nine digits. */
bool span_number(struct listing_span s, uint32_t *out, struct listing_span *out_rest);

/* Cells of a line of comma-separated values; quoted cells may hold commas. Returns how many stand in out. */
size_t csv_cells(const struct listing_line *line, char separator, struct listing_span out[LISTING_COLUMNS_MAX]);

/* The language that labels a line of systeminfo so: "de"; NULL when it is none known. */
const char *label_language(struct listing_span label);
enum role   role_of(struct listing_span configuration);
unsigned    edition_of(struct listing_span product, bool server);
/* "zh-tw" of "zh-hk;...", "en" of "en-us", of "0409", of "00000409"; "" when it is no locale. */
void locale_language(struct listing_span value, char out[8]);

/* The readers proper; false when the lines are none of theirs. */
bool info_read(struct host *host, const struct listing *l, const char **why);
bool qfe_read(struct host *host, const struct listing *l, const char **why);
bool info_is(const struct listing *l);
bool qfe_is(const struct listing *l);

/*
 * One update of a listing; what names none is left out. The same id twice is one, which keeps what either says. `first` is host->update_n
 * as it was before this listing. NULL when it names none or there is no room.
 */
struct host_update *listing_update(struct host *host, const struct listing *l, const struct listing_line *line, struct listing_span id, uint32_t first);
/* It is named as updates are: KB, Q, an article's bare number, a GUID. "File 1" is not. */
bool update_named(struct listing_span id);
bool update_is_file(struct listing_span id);
/* A list that is complete gets its scope where the system keeps updates in the registry, and a note where it does not. */
void listing_scope(struct host *host, const struct listing *l, const struct listing_line *line, bool registry);

#endif
