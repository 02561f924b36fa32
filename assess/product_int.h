/* Words of product names as data, for the parser of them. */
#ifndef SALLYPORT_ASSESS_PRODUCT_INT_H
#define SALLYPORT_ASSESS_PRODUCT_INT_H

#include "assess/product.h"

/*
 * What a word of a name does. A word of PRODUCT_SYSTEM starts a system, PRODUCT_SHORT only behind another system ("98, 98 SE, ME"),
 * PRODUCT_PROGRAM a program; the others say something of what was started, or nothing.
 */
enum product_kind {
	PRODUCT_SYSTEM = 0, PRODUCT_SHORT, PRODUCT_PROGRAM, PRODUCT_ARCH, PRODUCT_WIDE, PRODUCT_EDITION, PRODUCT_TERMINAL, PRODUCT_OF_2003, PRODUCT_RTM,
	PRODUCT_PACK, PRODUCT_VERSION, PRODUCT_ROLE, PRODUCT_JOIN, PRODUCT_FILL,
};

/*
 * `text` is folded: lower case, narrow letters. A blank in it stands for any blanks, or none. `value` is a family, ARCH_ or EDITION_ bits
 * or a role; `more` the EDITION_ bits of a system, or the version of a program whose name holds it (2007 << 16).
 */
struct product_word {
	const char       *text;
	enum product_kind kind;
	unsigned          value, more;
	const char       *program;
};

extern const struct product_word product_words[];
extern const size_t              product_word_count;

/* As targets_parse; what of the name is not understood goes to rest, its words parted by blanks. */
size_t targets_parse_rest(const char *name, struct target out[TARGETS_MAX], char *rest, size_t rest_size);
/* The service packs that a system as first sold says it has; bit 0: none. */
uint32_t bare_packs(const struct target *t);
/* The system of a fits the one of b, leaving programs out. */
bool target_system_covers(const struct target *b, const struct target *a, bool *out_unsure);

#endif
