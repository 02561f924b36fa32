/* What policy texts say, as trees in one pool: made by the parser, tied together by the resolver, read by the emitter. */
#ifndef SALLYPORT_POLICY_AST_INT_H
#define SALLYPORT_POLICY_AST_INT_H

#include <setjmp.h>

#include "policy/build.h"
#include "policy/os.h"

/* Memory that is given back all at once; running out jumps to `full`, the compiler's one way out. */
struct pool {
	struct chunk *chunks;
	uint8_t      *at;
	size_t        left, used, cap;
	jmp_buf      *full;
};

void *pool_take(struct pool *pool, size_t n); /* zeroed, never NULL */
char *pool_text(struct pool *pool, const char *text, size_t n); /* a terminated copy */
void  pool_close(struct pool *pool);

struct vec {
	void    *items;
	uint32_t count, room;
};

/* One more item of `size` bytes, zeroed; earlier pointers into the vector die. */
void *vec_add(struct pool *pool, struct vec *vec, size_t size);
void *vec_at(const struct vec *vec, size_t i, size_t size);
#define AT(vec, type, i) ((type *)vec_at(&(vec), (i), sizeof(type)))

/* A run of characters on one line. */
struct span {
	const char *head; /* the line's first byte */
	uint32_t    line, col, end; /* from 1, in characters, end inclusive */
	uint16_t    file;
};

struct word {
	const char *text; /* terminated */
	uint32_t    len;
	struct span at;
};

/* Addresses of one family, both ends inclusive. */
struct range {
	uint8_t family; /* 4 or 6 */
	uint8_t lo[16], hi[16];
};

/* Disjoint, ascending, merged. */
struct address_set {
	bool          any;
	uint32_t      count;
	struct range *range;
};

struct zone_item {
	struct zone_item *next;
	struct word       word;
	struct range      range; /* family 0: a name */
	bool              bad; /* complained about */
	struct zone      *zone;
};

struct zone {
	struct zone       *next;
	struct word        name;
	struct zone_item  *item;
	struct address_set set;
	bool               used, broken;
	uint8_t            mark; /* 0 not flattened, 1 under way, 2 done */
};

struct words {
	struct words *next;
	struct word   word;
	struct host  *host; /* of a service's `to` */
	struct range  range; /* of a host's address */
};

struct host {
	struct host  *next;
	struct word   name, os;
	struct words *address, *names;
	struct os     system;
	bool          used, has_os, broken;
	uint32_t      number;
};

struct listen {
	struct listen *next;
	struct span    at;
	struct address address;
	uint8_t        transport;
	uint32_t       protocol; /* place in the registry */
};

struct service {
	struct service *next;
	struct word     name, policy_name;
	struct listen  *listen;
	struct words   *to, *protocol;
	struct policy_text_ast *policy;
	uint16_t        to_port;
	uint64_t        setting[POLICY_SETTINGS];
	struct span     setting_at[POLICY_SETTINGS];
	bool            broken; /* some of it could not be read */
	uint64_t        protocols; /* bits of the registry */
	uint32_t        number;
};

enum cond_op { COND_AND = 0, COND_OR, COND_NOT, COND_FACT };

enum compare {
	IS_EQUAL = 0,
	IS_NOT,
	IS_LESS,
	IS_AT_MOST,
	IS_MORE,
	IS_AT_LEAST,
	IS_IN,
	IS_PREFIX,
	IS_SUFFIX,
	IS_GLOB,
};

struct value {
	struct value *next;
	struct word   word; /* its text; a string's is decoded */
	bool          string, is_number;
	uint64_t      number;
};

struct cond {
	uint8_t       op, compare;
	bool          nocase;
	struct cond  *left, *right;
	struct span   at;
	struct word   fact;
	struct value *value;
};

/* `from` or `to`: absent and `any` are the same. */
struct place_list {
	bool               given, broken; /* broken: a name in it is unknown */
	struct words      *names;
	struct span        at;
	struct address_set set;
};

struct until {
	uint32_t    date; /* 0 = none */
	struct span at;
};

enum sentence_kind { SAYS_BLOCK = 0, SAYS_PASS, SAYS_ALLOW, SAYS_LIMIT, SAYS_TOLERATE, SAYS_WATCH, SAYS_DEFAULT };

struct sentence {
	struct sentence  *next;
	uint8_t           kind;
	bool              log, watch;
	struct span       at; /* all of it, as far as its first line goes */
	struct place_list from, to;
	struct cond      *where;
	struct until      until;
	struct word       name; /* a limit's, a tolerance's, a reason's */
	struct value     *value; /* a limit's */
	struct word       id;
	uint8_t           source; /* of a limit: which bit of its program's sources */
	uint16_t          number; /* of a rule in its policy, from 1 */
	uint16_t          reason; /* 0 of a watch: all */
};

struct policy_text_ast {
	struct policy_text_ast *next;
	struct word             name;
	struct sentence        *sentence;
	uint64_t                protocols; /* bits of the registry: what its services speak */
	bool                    used;
	uint32_t                number, rules;
};

struct text_file {
	const char      *path, *text;
	const char      *shown; /* the path as people know it */
	size_t           len;
	uint16_t         depth;
	struct text_file *parent;
	struct span       included_at;
};

struct diag {
	struct policy_diag out;
	struct span        at, note_at;
	uint32_t           order;
	bool               has_note;
};

struct policy_build {
	struct pool                     pool;
	const struct recogniser *const *registry;
	unsigned                        recognisers;
	uint32_t                        today;
	const char                     *folder; /* in front of shown paths */
	const struct policy_files      *opener;
	struct vec                      files; /* struct text_file * */
	size_t                          text_total;
	bool                            one_file; /* includes are read as words only */
	char                           *file_buffer; /* malloc'ed */
	struct vec                      diags; /* struct diag */
	struct diag                    *last; /* what a note belongs to */
	struct diag                     spare;
	size_t                          errors, unshown;
	size_t                          syntax_errors; /* complaints of the parser: what is missing may only be unread */
	struct zone                    *zones, **zone_end;
	struct host                    *hosts, **host_end;
	struct service                 *services, **service_end;
	struct policy_text_ast         *policies, **policy_end;
	uint32_t                        zone_count, service_count, policy_count, host_count;
	uint8_t                        *blob; /* malloc'ed */
	size_t                          blob_len;
	struct policy                   opened;
};

/* Complaints. A note belongs to the one before it. */
void build_error(struct policy_build *b, struct span at, const char *format, ...) __attribute__((format(printf, 3, 4)));
void build_warn(struct policy_build *b, struct span at, const char *format, ...) __attribute__((format(printf, 3, 4)));
void build_note(struct policy_build *b, struct span at, const char *format, ...) __attribute__((format(printf, 3, 4)));
void build_diags_sort(struct policy_build *b);
/* A copy as a person may see it, always UTF-8: strings of a policy and names of files can hold anything. */
const char *shown_text(struct policy_build *b, const char *text, size_t n);
/* From the first character of one to the last of the other, on the first's line. */
struct span span_to(struct span from, struct span to);
/* The bytes of a span, as far as its line goes. */
const char *span_text(struct span at, size_t *n);

/* The candidate nearest to a word, fed one by one. */
struct nearest {
	const char *word, *best;
	unsigned    distance;
};

struct nearest nearest_to(const struct policy_build *b, const char *word);
void           nearest_try(struct nearest *near, const char *candidate);

/* An empty compilation; NULL without memory. */
struct policy_build *build_open(const struct policy_files *files, size_t memory_cap);
/* Run a stage; false when the pool ran out, the one place that comes back then. Everything lives in the pool, so nothing is lost. */
bool build_run(struct policy_build *b, void (*stage)(struct policy_build *b, void *arg), void *arg);

/* Stages, in their order. */
void parse_file(struct policy_build *b, struct text_file *file);
void resolve(struct policy_build *b);
void check_policies(struct policy_build *b);
void check_reach(struct policy_build *b, struct policy_text_ast *policy);
void emit_blob(struct policy_build *b);

/* Text of a whole file read by the opener; NULL after a complaint at `at`. */
/* The same of a text in memory. */
struct text_file *file_given(struct policy_build *b, const char *text, size_t n);
struct text_file *file_open(struct policy_build *b, const char *path, struct text_file *parent, struct span at);
void              file_include(struct policy_build *b, struct text_file *from, const struct word *pattern);

/* Sets of addresses. */
bool               range_parse(const char *text, struct range *out, const char **why);
struct address_set set_make(struct policy_build *b, struct vec *ranges, struct span at);
bool               set_covers(const struct address_set *wide, const struct address_set *narrow);

/* A fact, limit, tolerance of a recogniser by name; -1 = it has none such. */
int fact_place(const struct recogniser *r, const char *name);
int limit_place(const struct recogniser *r, const char *name);
int tolerance_place(const struct recogniser *r, const char *name);

/* Facts every flow has, in `where` beside the recogniser's. */
enum { FACT_FLOW_TRANSPORT = 128, FACT_FLOW_PORT, FACT_FLOW_END };
extern const struct fact_def flow_facts[FACT_FLOW_END - FACT_FLOW_TRANSPORT];
/* The definition of a fact place, the flow's own included; NULL = none. */
const struct fact_def *fact_def_at(const struct recogniser *r, unsigned place);
/* Does a glob ('*' only) match all of the text? */
bool glob_match(const char *pattern, size_t n, const char *text, size_t len, bool nocase);

#endif
