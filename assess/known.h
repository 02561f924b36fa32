/* What this build knows about reasons, flaws and vectors, derived from their tables. */
#ifndef SALLYPORT_ASSESS_KNOWN_H
#define SALLYPORT_ASSESS_KNOWN_H

#include "base/str.h"
#include "proto/reasons.h"
#include "proto/vector.h"

/* Vectors that show this reason, of every kind. */
size_t known_vectors(const struct reason *reason);
/* It has the vectors its form asks for; scenarios are tests and always there. */
bool known_shown(const struct reason *reason);
/* The next word of a blank-separated list into out; false at its end. A longer word is cut. */
enum { KNOWN_WORD = 32 };
bool known_word(const char **list, char out[static KNOWN_WORD]);
/* Whether a blank-separated list holds this id; CAN-2003-0663 and CVE-2003-0663 are one. */
bool known_listed(const char *list, const char *id);
bool known_same_id(const char *a, size_t a_len, const char *b, size_t b_len);
/* The reason can fire over this protocol: it is the protocol's own, or a vector over that protocol is refused for it. */
bool known_fires_over(const struct reason *reason, const char *protocol);
/* The sentence without a fault's numbers: N stands for each. */
void known_sentence(struct str *out, const struct reason *reason);

/* What is true of one flaw over its carriers. Names are protocols, borrowed from the flaw's list. */
enum { CARRIERS_MAX = 8 };

struct carrier_list {
	char   name[CARRIERS_MAX][KNOWN_WORD];
	size_t count;
};

enum shield_status { SHIELD_FULL = 0, SHIELD_PART, SHIELD_NONE, SHIELD_HOST };

struct shield {
	enum shield_status  status;
	struct carrier_list covered; /* recognised, named by reasons, shown by vectors */
	struct carrier_list missing; /* no recogniser */
	struct carrier_list unnamed; /* a recogniser, but no reason names the flaw there */
	struct carrier_list unshown; /* a reason without its vectors */
	struct carrier_list clear_only; /* of the covered: what can be sealed so that the shield cannot see */
	size_t              reasons, vectors;
};

struct shield known_shield(const struct flaw *flaw);
/* "shielded over ldap and cldap; not covered over spnego: no recogniser yet" */
void shield_text(struct str *out, const struct flaw *flaw, const struct shield *shield);
const char *shield_status_name(enum shield_status status);

/* A flaw that reasons name beyond the founding ones; its carriers are the protocols of those reasons. */
enum { KNOWN_ALSO_MAX = 512 };

struct known_also {
	struct flaw flaw;
	char        id[KNOWN_WORD], bulletin[KNOWN_WORD], carriers[CARRIERS_MAX * 16];
};

struct known_alsos {
	struct known_also row[KNOWN_ALSO_MAX];
	size_t            count;
};

/* All of them, in the order of the reasons that name them first. Rows point into *out: it must stay where it is. */
void known_also_collect(struct known_alsos *out);

#endif
