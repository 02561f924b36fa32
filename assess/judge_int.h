/* Inside the judge: which row of a bulletin a host is, and what of the host speaks for or against its update. */
#ifndef SALLYPORT_ASSESS_JUDGE_INT_H
#define SALLYPORT_ASSESS_JUDGE_INT_H

#include "assess/catalog_int.h"
#include "assess/flaws.h"
#include "assess/product_int.h"
#include "base/str.h"

enum { FITS_MAX = 32 };

/* How a row of the bulletin's lists meets the host; later ones say more. */
enum fit_kind { FIT_NONE = 0, FIT_UNAFFECTED, FIT_PACK_NEWER, FIT_PACK_OLDER, FIT_AFFECTED };

/* PACK_LATER: it was made well after the bulletin, and has its fix. PACK_OPEN: it was being made when the bulletin came, and may have it or not. */
enum pack_age { PACK_EARLIER = 0, PACK_OPEN, PACK_LATER };

struct fit {
	enum fit_kind               kind;
	const struct reading       *reading;
	const struct product       *row; /* NULL: only a rating names the system, at line `rated` */
	uint32_t                    rated;
	struct target               on; /* the host's system, and the row's program on it */
	enum seen                   installed; /* the row's program; SEEN_PRESENT for systems */
	const struct host_software *software; /* or NULL */
	bool                        unsure; /* the host does not say enough to be the row for sure: its edition, its architecture */
	bool                        anywhere; /* the row names a program without a system: ratings of systems are not its own */
	bool                        any_version; /* which version of the program it has is not known */
	bool                        any_pack; /* ... which service pack of it */
	bool                        beside; /* FIT_PACK_OLDER: the row names earlier service packs of the system, and none of those holds updates of the program */
	bool                        by_program; /* FIT_PACK_: it is the program that is of another service pack or version */
	const struct host_software *other; /* the other version of the program that the host has, or NULL */
	bool                        one_of; /* the bulletin has further updates for the very same: each is a fit of its own */
	bool                        any_of; /* ... and each of them holds all of the fix */
	bool                        pack_named; /* the row names the very service pack of the program that the host has */
	uint8_t                     said; /* how much the row says: the one that says more is the better one */
	enum pack_age               pack_age; /* of the host's service pack beside the bulletin; of rows that do not name it */
	int                         most_pack; /* FIT_PACK_: the newest affected service pack that the bulletin names */
	uint16_t                    most_build; /* of Windows 10: its newest affected version, 1511 */
};

struct judging {
	const struct catalog *catalog;
	const struct host    *host;
	struct target         system; /* of the host */
	char                  wanted[256]; /* of the finding under way */
};

/* The keys, lists and service packs that speak of an update. */
struct update_state {
	enum seen                 key, listed; /* SEEN_ABSENT only where it was looked for */
	const struct key         *key_row;
	const struct host_key    *key_found;
	const struct host_update *update, *behind; /* listed; listed below a service pack that the host has since left, or NULL */
	bool                      of_older_pack; /* the key or list entry was made below a service pack that the host has since left */
	uint32_t                  kb;
	int                       fixed_pack; /* the service pack that has it, of the system or of the fit's program; 0: none known */
	uint32_t                  fixed_line;
};

enum files { FILES_NONE = 0, FILES_ABSENT, FILES_LANGUAGE, FILES_OTHER, FILES_FIXED, FILES_BETWEEN, FILES_OLDER };

/* How one file of the host meets the table. */
struct file_match {
	enum files               state;
	const struct host_file  *file;
	const struct file       *row; /* what decided */
	const struct file       *other; /* FILES_BETWEEN: the row of the other branch */
	struct table_version     version; /* the least that has the fix, by row or reviewed */
	bool                     higher_branch, by_date;
};

struct files_state {
	enum files        state;
	struct file_match first; /* that decided */
	uint32_t          met, fixed, older, asked; /* files of the host that were compared; of these; names in question */
	struct file_match fixed_first;
	char              missing[96]; /* a name that was asked for and is not known */
	const char       *language; /* FILES_LANGUAGE: of the table */
};

/* One flaw on one fit of the host. */
struct question {
	struct judging         *judging;
	const struct entry     *entry;
	const struct fit       *fit;
	const char             *cve;
	const struct flaw_rule *flaw;
	bool                    apart; /* the fit is a program beside systems that the bulletin names too */
	struct update_state     update;
	struct files_state      files;
};

/* What an update that replaces it shows; looked for once for all flaws of a fit. */
struct replaced_state {
	bool                looked, unknown; /* unknown: of one of them nothing is known */
	const struct entry *by;
	struct fit          fit;
	struct update_state update;
	struct files_state  files;
};

/* What is looked for once for all flaws of a fit. */
struct fit_state {
	struct update_state   update;
	struct replaced_state replaced;
	struct files_state    files; /* of the whole table */
	bool                  files_looked;
};

/* judge_fit.c */
struct target host_target(const struct host *host);
size_t        fits_find(const struct judging *j, const struct entry *entry, struct fit out[FITS_MAX]);
/* The rating of the flaw on the fit; NULL when the bulletin rates nothing for it. */
bool          fits_alike(const struct fit *a, const struct fit *b); /* of one subject: two updates of it */
const struct rating *fit_rating(const struct judging *j, const struct entry *entry, const struct fit *fit, const char *cve);

/* judge_version.c */
enum pack_age pack_age(enum family family, int pack, uint32_t published);

/* judge_program.c: a service pack of the system holds what was mended of the row's program. */
bool program_in_pack(const struct target *row, enum family family);
/* What the host has of the row's program. False: a row that calls it not affected says nothing, for the host is not known to have it. */
bool program_fit(const struct judging *j, const struct target *row, bool affected, struct fit *out);

/* judge_update.c */
/* The article that the last parts of a key's path name, or 0. */
uint32_t key_article(const char *path);
void update_look(const struct judging *j, const struct entry *entry, const struct fit *fit, struct update_state *out);

/* judge_file.c: `names` NULL: all files of the table. */
void files_look(const struct judging *j, const struct entry *entry, const struct fit *fit, const char *const *names, struct files_state *out);

/* judge_rules.c: each is true when it decides, and then f holds the verdict; rule_absence always does. */
struct str rule_sentence(struct finding *f, enum verdict verdict, enum rule rule);
void       rule_want(const struct question *q, const char *what, const char *of);
bool       rule_scope(const struct question *q, const struct rating *rating, struct finding *f);
bool       rule_older(const struct question *q, struct finding *f);
bool       rule_pack(const struct question *q, struct finding *f);
bool       rule_update(const struct question *q, struct finding *f);
bool       rule_replacing(const struct question *q, struct replaced_state *r, struct finding *f);
bool       rule_doubt(const struct question *q, struct finding *f);
void       rule_absence(const struct question *q, const struct replaced_state *r, struct finding *f);

/* judge_version.c */
/* How a file's version stands to those that the table lists for it. */
enum line_order { LINE_OTHER = 0, LINE_LOWER, LINE_SAME, LINE_HIGHER };
enum line_order version_line_order(const uint16_t a[4], const uint16_t b[4]);
/* The service pack that a build belongs to, or -1. */
int  version_pack(const uint16_t v[4]);
/* A file's build as a system or a service pack of it was released. */
bool version_shipped(const uint16_t v[4]);
/* 1: GDR, 2: QFE, 0: the number does not tell. */
unsigned version_kind(const uint16_t v[4]);

/* judge_work.c: the title and the deciding fact of a workaround that is seen. */
bool work_look(const struct judging *j, const struct entry *entry, const struct flaw_rule *flaw, const char *cve, struct finding *f, const char **title, uint32_t *line);

/* judge_say.c */
void        piece_add(struct finding *f, const struct origin *seen, uint32_t line, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "Windows 2000 SP4", "ISA Server 2000". */
void        say_target(struct str *s, const struct target *target);
void        say_version(struct str *s, const uint16_t v[4]);
const char *say_language(const char *language);
const char *program_name(const char *id);
void        say_files(struct finding *f, struct str *s, const struct judging *j, const struct fit *fit, const struct files_state *files);

#endif
