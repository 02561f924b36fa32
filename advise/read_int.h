/* What the readers of a bulletin's parts share: the place they are at, and how facts are added. */
#ifndef SALLYPORT_ADVISE_READ_INT_H
#define SALLYPORT_ADVISE_READ_INT_H

#include "advise/bulletin.h"
#include "advise/doc.h"

enum { NAME_MAX_ = 512, PATH_SIZE = 1024, LONG_TEXT = 16 << 10, BUILDS_MAX = 64 };

/* Versions of a service branch: "6.0.6001.18xxx" are of the GDR. */
struct build {
	char pattern[24], branch[8];
};

/* Where the reader is. */
struct place {
	const struct doc  *doc;
	const struct pack *pack;
	struct bulletin   *b;
	enum section       section;
	bool               in_faq; /* an answered question may change the section for one answer */
	bool               in_work; /* inside a section of workarounds, whatever its labels */
	char               base[NAME_MAX_]; /* product of the heading */
	char               product[NAME_MAX_]; /* product that the last lines named; "" = none */
	char               cve[24]; /* flaw of the heading, or "" */
	uint16_t           depth; /* of the list item the line is in */
	bool               item, ordered; /* the line begins an item, of a numbered list */
	bool               leaf; /* the item has no paragraphs below it */
	bool               english; /* the tables that follow are of the English build */
	bool               listed; /* the section has had its table */
	bool               alone; /* the line is a paragraph of its own */
	char               kb[12]; /* article of the row that is read, or "" */
	char               flaw[NAME_MAX_]; /* title over a table of ratings that names no id, or "" */
	struct build       builds[BUILDS_MAX];
	uint32_t           build_n;
	char               thanks[NAME_MAX_ * 2]; /* a paragraph of thanks: it is one when no list follows */
	uint32_t           thanks_at;
	char               article[12]; /* the last one that the references of an old bulletin name */
	uint32_t           article_n; /* how many they name */
	bool               fixed; /* the line is fixed-width text */
	const char        *restart; /* a sentence outside the sections on restarts that speaks of one, or NULL */
	uint32_t           restart_at;
	uint32_t           shown; /* number, from 1, of the key that shows the update and whose value may be on the next line; 0: none */
	char               value_key[PATH_SIZE]; /* the key that values of a .reg snippet belong to */
	char              *work_text; /* of the workaround being read */
	size_t             work_n, work_effect_n, work_undo_n;
	uint16_t           part_depth; /* of the label of the effect, or of the undoing, that is being read */
	bool               work_plain; /* the workaround being read is an item whose title is not bold */
	const char        *work_parent; /* title over workarounds of an inner list, or NULL */
};

/* A fact's text; "" when it could not be kept. */
const char *keep(struct bulletin *b, const char *text);
const char *keep_n(struct bulletin *b, const char *text, size_t n);
/* One more fact of a kind: NULL when there is no room, and b->full is set. */
void *fact_add(struct bulletin *b, void **array, uint32_t *count, uint32_t *room, size_t size);
#define FACT(b, name) \
	fact_add((b), (void **)&(b)->name##s, &(b)->name##_n, &(b)->name##_room, sizeof(*(b)->name##s))

/* A sentence about two places that do not agree. */
void contradict(struct bulletin *b, const char *what, uint32_t line, uint32_t other, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Product of the place: that of the lines, otherwise that of the heading. */
const char *place_product(const struct place *p);
bool        looks_like_product(const char *text);
/* A product's name without article numbers and footnotes; *out_kb gets the number, or "". */
void product_name(const char *text, char *out, size_t size, char out_kb[12]);

/* The parts. Lines come in order; `text` is terminated, `at` the file's line. */
void read_head(struct place *p);
void read_cves(struct place *p, const char *text, uint32_t at);
void read_product_line(struct place *p, const char *text, uint32_t line, uint32_t at);
void read_product_table(struct place *p, const struct table *table);
void read_rating_end(struct place *p);
bool read_branch_table(struct place *p, const struct table *table);
bool read_file_table(struct place *p, const struct table *table);
void read_file_prose(struct place *p, const char *text, uint32_t at);
bool read_file_line(struct place *p, const char *text, uint32_t at);
void read_keys(struct place *p, const char *text, uint32_t at);
void read_replaced_line(struct place *p, const char *text, uint32_t at);
bool read_replaced_table(struct place *p, const struct table *table);
void read_work_line(struct place *p, const char *text, uint32_t at, bool titled);
void read_work_end(struct place *p);
void read_restart_end(struct place *p);
void read_deploy_line(struct place *p, const char *text, uint32_t at);
void read_installer_link(struct place *p, uint32_t line, uint32_t at);
bool read_switch_table(struct place *p, const struct table *table);
void read_revision(struct place *p, const char *text, uint32_t at);
void read_reference(struct place *p, const char *text, uint32_t line, uint32_t at);
void read_thanks(struct place *p, const char *text, uint32_t at);
void read_thanks_end(struct place *p);
void replaced_add(struct place *p, const char *bulletin, const char *kb, const char *product, bool holds, struct from from);
void check_facts(struct place *p);

/* A day in text, in the forms of the bulletins; 0 when there is none. *took is where it ends. */
uint32_t read_day(const struct pack *pack, const char *text, size_t *took);
/* The rating a cell or value says; UNKNOWN when none. */
enum severity read_severity(const struct pack *pack, const char *text);
enum impact   read_impact(const struct pack *pack, const char *text);

/* The heads of a table's columns: the kind of each, and the row they are in. False when no row is a head. */
enum { HEADS_MAX = 64 };
struct heads {
	uint32_t    row; /* its number; the data begins behind it */
	uint16_t    count;
	enum column kind[HEADS_MAX];
	uint32_t    cell[HEADS_MAX];
	bool        found;
};
void table_heads(const struct place *p, const struct table *table, struct heads *out);
/* The cell of a row that stands in this column; NULL when there is none. */
const struct cell *row_cell(const struct doc *doc, const struct row *row, uint16_t column);

#endif
