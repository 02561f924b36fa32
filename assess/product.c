/* Takes product names apart: which systems and programs one names, with service packs, editions and architectures. */
#include "assess/product.h"

#include <string.h>

#include "assess/product_fold_int.h"
#include "assess/product_int.h"
#include "base/str.h"

enum { NAME_MAX_OCTETS = 1536, WORDS_MAX = 1200, UNKNOWN_VERSION = 0xffff };

/* A system or a program while the name is read. */
struct item {
	struct target target;
	bool          wide, of_2003; /* "64-bit" was said; "Version 2003" */
	bool          any_pack; /* "Service Pack" without the number that was meant */
	bool          inside, alone; /* in brackets; a product of its own, on which no program of the name runs */
};

struct parse {
	const char *at;
	struct item items[TARGETS_MAX];
	size_t      item_n;
	struct item pending; /* what was said before the first item: "all x64 editions of ..." */
	unsigned    depth; /* of brackets */
	bool        joined, ignoring; /* behind a joining word; in brackets that repeat what was named */
	struct str  rest;
	uint16_t    head[256], next[WORDS_MAX]; /* words by their first octet, plus one */
};

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Octets of text that the word stands for; 0: it does not begin so, or goes on. */
static size_t word_fits(const char *word, const char *text)
{
	const char *at = text;

	for (; *word; word++) {
		if (*word == ' ') {
			at += strspn(at, " ");
			continue;
		}
		if (*at++ != *word)
			return 0;
	}
	return is_word(at[-1]) && is_word(*at) ? 0 : (size_t)(at - text);
}

static void words_index(struct parse *r)
{
	for (size_t i = 0; i < product_word_count && i < WORDS_MAX; i++) {
		uint8_t first = (uint8_t)product_words[i].text[0];

		r->next[i] = r->head[first];
		r->head[first] = (uint16_t)(i + 1);
	}
}

/* The longest word at the place, of words that may stand there. */
static const struct product_word *word_at(const struct parse *r, size_t *n)
{
	const struct product_word *best = NULL;
	bool                       behind_system = r->item_n && (r->joined || r->depth) && r->items[r->item_n - 1].target.kind == TARGET_SYSTEM;

	*n = 0;
	for (size_t i = r->head[(uint8_t)*r->at]; i; i = r->next[i - 1]) {
		const struct product_word *word = &product_words[i - 1];
		size_t                     fits = word_fits(word->text, r->at);

		if (word->kind == PRODUCT_SHORT && !behind_system)
			continue;
		if (fits > *n) {
			*n = fits;
			best = word;
		}
	}
	return best;
}

static struct item *current(struct parse *r)
{
	return r->item_n ? &r->items[r->item_n - 1] : &r->pending;
}

static bool has_kind(const struct parse *r, enum target_kind kind)
{
	for (size_t i = 0; i < r->item_n; i++)
		if (r->items[i].target.kind == kind)
			return true;
	return false;
}

/* What stands in brackets repeats or explains, unless nothing of its kind was named before. */
static struct item *start(struct parse *r, enum target_kind kind)
{
	struct item *item;

	r->ignoring = r->depth && has_kind(r, kind);
	if (r->ignoring || r->item_n == TARGETS_MAX)
		return NULL;
	item = &r->items[r->item_n++];
	*item = r->pending;
	item->target.kind = kind;
	item->inside = r->depth > 0;
	item->target.version[0] = item->target.version[1] = UNKNOWN_VERSION;
	if (kind == TARGET_SYSTEM)
		r->pending = (struct item){0};
	return item;
}

static void start_program(struct parse *r, const struct product_word *word)
{
	struct item *item = start(r, TARGET_SOFTWARE);

	if (!item)
		return;
	if (has_kind(r, TARGET_SYSTEM) || !item->target.packs) {
		item->target.arch = 0;
		item->wide = false;
	}
	item->target.editions = 0;
	item->target.software = word->program;
	if (word->more >> 16)
		item->target.version[0] = (uint16_t)(word->more >> 16);
}

static void start_system(struct parse *r, const struct product_word *word)
{
	struct item *item = start(r, TARGET_SYSTEM);

	if (!item)
		return;
	item->target.family = (enum family)word->value;
	item->target.editions |= word->more;
}

/* "Service Pack 2", "SP6a": the number behind the word. */
static size_t pack_number(const char *text, unsigned *out)
{
	size_t n = strspn(text, " ");

	if (text[n] < '0' || text[n] > '9' || (text[n + 1] >= '0' && text[n + 1] <= '9'))
		return 0;
	*out = (unsigned)(text[n] - '0');
	n++;
	if ((text[n] == 'a' || text[n] == 'b') && !is_word(text[n + 1]))
		n++;
	return n;
}

static void say_pack(struct parse *r)
{
	unsigned pack = 0;
	size_t   n = pack_number(r->at, &pack);

	r->at += n;
	if (r->ignoring)
		return;
	if (!n)
		current(r)->any_pack = true;
	else if (current(r)->target.kind == TARGET_SOFTWARE)
		current(r)->target.software_packs |= 1u << pack;
	else
		current(r)->target.packs |= 1u << pack;
}

static void say(struct parse *r, const struct product_word *word)
{
	struct item *item = current(r);
	bool         program = item->target.kind == TARGET_SOFTWARE;

	if (r->ignoring)
		return;
	switch (word->kind) {
	case PRODUCT_ARCH:
		item->target.arch |= word->value;
		if (program)
			r->pending.target.arch |= word->value; /* of the system that may follow: "IE 6 in all x64 editions of ..." */
		break;
	case PRODUCT_WIDE:
		item->wide = true;
		break;
	case PRODUCT_EDITION:
		if (!program)
			item->target.editions |= word->value;
		break;
	case PRODUCT_TERMINAL:
		if (item->target.family == FAMILY_NT4)
			item->target.family = FAMILY_NT4_TERMINAL;
		break;
	case PRODUCT_OF_2003:
		item->of_2003 = true;
		break;
	case PRODUCT_RTM:
		item->target.packs |= program ? 0 : 1;
		break;
	case PRODUCT_ROLE:
		item->target.role |= word->value;
		break;
	default:
		break;
	}
}

static void take_word(struct parse *r, const struct product_word *word, size_t n)
{
	r->at += n;
	switch (word->kind) {
	case PRODUCT_SYSTEM:
	case PRODUCT_SHORT:
		start_system(r, word);
		break;
	case PRODUCT_PROGRAM:
		start_program(r, word);
		break;
	case PRODUCT_PACK:
		say_pack(r);
		break;
	case PRODUCT_JOIN:
		r->joined = true;
		if (!r->depth)
			r->ignoring = false;
		return;
	case PRODUCT_VERSION:
	case PRODUCT_FILL:
		return;
	default:
		say(r, word);
		if (word->kind == PRODUCT_OF_2003)
			say(r, &(struct product_word){.kind = PRODUCT_WIDE});
		break;
	}
	r->joined = false;
}

/* "5.01" as 5 and 1, "4.6.2" as 4 and 62: two numbers are enough to tell versions of programs apart. */
static size_t version_number(const char *text, uint16_t out[2])
{
	uint32_t numbers[2] = {0, 0};
	size_t   n = 0, part = 0, digits = 0;

	for (; (text[n] >= '0' && text[n] <= '9') || (text[n] == '.' && text[n + 1] >= '0' && text[n + 1] <= '9'); n++) {
		if (text[n] == '.') {
			part = 1;
			continue;
		}
		digits++;
		if (numbers[part] < 6553)
			numbers[part] = numbers[part] * 10 + (uint32_t)(text[n] - '0');
	}
	out[0] = (uint16_t)numbers[0];
	out[1] = (uint16_t)numbers[1];
	if (!part)
		out[1] = numbers[0] >= 1900 ? UNKNOWN_VERSION : 0;
	return digits ? n : 0;
}

/* A number says something behind a program, and behind Windows 10; before both a year does ("2007 Microsoft Office": it comes again). */
static bool number_means(const struct target *target, uint16_t number)
{
	if (target->kind == TARGET_SYSTEM)
		return target->family == FAMILY_10 || target->family == FAMILY_2016;
	return target->kind == TARGET_SOFTWARE || (number >= 2000 && number < 2100);
}

/* A number: the version of the program it follows, a further version of it, a build of Windows 10, or an article. */
static bool take_number(struct parse *r)
{
	struct item *item = current(r);
	uint16_t     version[2];
	size_t       n = version_number(r->at, version);
	bool         article = n >= 6 && n <= 7 && !memchr(r->at, '.', n);

	if (!n || (is_word(r->at[n]) && r->at[n] != 'a'))
		return false;
	if (!article && !r->ignoring && !number_means(&item->target, version[0]))
		return false;
	r->at += n + (r->at[n] == 'a');
	if (article || r->ignoring || item->target.kind == TARGET_UNKNOWN)
		return true;
	if (item->target.kind == TARGET_SYSTEM) {
		item->target.build = version[0];
		return true;
	}
	if (item->target.version[0] != UNKNOWN_VERSION && (!r->joined || r->item_n == TARGETS_MAX))
		return true; /* a number within its name: "Feature Pack 1", "2002 (10.0)" */
	if (item->target.version[0] != UNKNOWN_VERSION) {
		r->items[r->item_n] = *item;
		item = &r->items[r->item_n++];
		item->target.software_packs = 0;
	}
	memcpy(item->target.version, version, sizeof(version));
	r->joined = false;
	return true;
}

/* A word nobody knows: to its end, a character of another script alone. */
static void take_unknown(struct parse *r)
{
	size_t n = 1;

	if (is_word(*r->at))
		while (is_word(r->at[n]))
			n++;
	else
		while (((uint8_t)r->at[n] & 0xc0) == 0x80)
			n++;
	if (r->rest.len && is_word(*r->at))
		str_char(&r->rest, ' ');
	str_bytes(&r->rest, r->at, n);
	r->at += n;
}

static void read_name(struct parse *r)
{
	while (*r->at) {
		const struct product_word *word;
		size_t                     n = strspn(r->at, " ");
		unsigned                   pack;

		r->at += n;
		if (!*r->at)
			break;
		if (*r->at == '(' || *r->at == ')') {
			r->depth += *r->at == '(';
			r->depth -= *r->at == ')' && r->depth;
			if (!r->depth)
				r->ignoring = false;
			r->at++;
			continue;
		}
		if ((strncmp(r->at, "sp", 2) == 0 && pack_number(r->at + 2, &pack)) || (strncmp(r->at, "service pack", 12) == 0 && pack_number(r->at + 12, &pack))) {
			r->at += r->at[1] == 'p' ? 2 : 12;
			say_pack(r);
			r->joined = false;
			continue;
		}
		if ((strncmp(r->at, "kb", 2) == 0 || *r->at == 'q') && r->at[*r->at == 'q' ? 1 : 2] >= '0' && r->at[*r->at == 'q' ? 1 : 2] <= '9') {
			r->at += *r->at == 'q' ? 1 : 2;
			r->at += strspn(r->at, "0123456789");
			continue;
		}
		word = word_at(r, &n);
		if (word)
			take_word(r, word, n);
		else if (!take_number(r))
			take_unknown(r);
	}
}

/* What the words mean for that system: 64-bit, and XP of the line of Server 2003. */
static void settle(struct item *item)
{
	struct target *t = &item->target;

	if (item->wide && !t->arch)
		t->arch = t->family <= FAMILY_2003 && t->kind == TARGET_SYSTEM ? ARCH_IA64 : ARCH_X64;
	if (t->family == FAMILY_XP && (t->arch == ARCH_X64 || item->of_2003)) {
		t->family = FAMILY_2003;
		t->editions = EDITION_PROFESSIONAL;
	}
}

int packs_last(uint32_t packs)
{
	return packs ? 31 - __builtin_clz(packs) : -1;
}

/* Windows Server 2008, and the x64 editions of the line of Server 2003, were first sold as Service Pack 1, and say so. */
uint32_t bare_packs(const struct target *t)
{
	return t->family == FAMILY_2008 || (t->family == FAMILY_2003 && t->arch == ARCH_X64) ? 3 : 1;
}

/* A system named without service pack beside the same with one is the one that has none. */
static void settle_bare(const struct parse *r, struct target *t)
{
	for (size_t i = 0; i < r->item_n; i++) {
		const struct target *other = &r->items[i].target;

		if (other->kind == TARGET_SYSTEM && other->family == t->family && other->arch == t->arch && other->editions == t->editions && (other->packs & ~bare_packs(t)))
			t->packs = bare_packs(t);
	}
}

/* "Service Pack" without a number, as texts leave it out (MS08-023), may be any. */
static void settle_pack(const struct parse *r, struct item *item)
{
	struct target *t = &item->target;

	if (t->packs || t->kind != TARGET_SYSTEM)
		return;
	if (item->any_pack)
		t->packs = ~0u;
	else
		settle_bare(r, t);
}

/* The editions that together mean a system in all of its usual ones. */
static unsigned usual_editions(const struct target *t)
{
	switch (t->family) {
	case FAMILY_2003:
	case FAMILY_2008: return EDITION_ADVANCED | (t->arch == ARCH_IA64 ? EDITION_DATACENTER : EDITION_SERVER);
	case FAMILY_2000: return EDITION_PROFESSIONAL | EDITION_SERVER;
	default: return EDITION_HOME | EDITION_PROFESSIONAL;
	}
}

/* Where a row names a system's usual editions one by one, it means all of them. */
static void widen_editions(struct parse *r)
{
	bool all[TARGETS_MAX] = {false};

	for (size_t i = 0; i < r->item_n; i++) {
		const struct target *t = &r->items[i].target;
		unsigned             seen = 0, usual = usual_editions(t);

		for (size_t k = 0; k < r->item_n; k++)
			if (r->items[k].target.family == t->family && r->items[k].target.arch == t->arch)
				seen |= r->items[k].target.editions;
		all[i] = t->kind == TARGET_SYSTEM && (seen & usual) == usual && (t->editions & usual);
	}
	for (size_t i = 0; i < r->item_n; i++)
		if (all[i])
			r->items[i].target.editions = 0;
}

/* "ISA Server 2000, Small Business Server 2000": the latter holds the former; it is no system that the former is asked for on. */
static bool settle_alone(struct parse *r)
{
	bool program = false, systems = false;

	for (size_t i = 0; i < r->item_n; i++)
		program = program || (r->items[i].target.kind == TARGET_SOFTWARE && !r->items[i].inside);
	for (size_t i = 0; i < r->item_n; i++) {
		struct item *item = &r->items[i];

		item->alone = program && item->target.kind == TARGET_SYSTEM && (item->target.editions & EDITION_SMALL_BUSINESS);
		systems = systems || (item->target.kind == TARGET_SYSTEM && !item->alone);
	}
	return systems;
}

/* Programs on systems: each on each. */
static size_t combine(struct parse *r, struct target out[TARGETS_MAX])
{
	bool   systems = settle_alone(r), programs = has_kind(r, TARGET_SOFTWARE);
	size_t n = 0;

	for (size_t i = 0; i < r->item_n && n < TARGETS_MAX; i++) {
		const struct target *a = &r->items[i].target;

		if (!systems || !programs || r->items[i].alone)
			out[n++] = *a;
		else if (a->kind == TARGET_SOFTWARE)
			for (size_t k = 0; k < r->item_n && n < TARGETS_MAX; k++) {
				const struct target *b = &r->items[k].target;

				if (b->kind != TARGET_SYSTEM || r->items[k].alone)
					continue;
				out[n] = *b;
				out[n].kind = TARGET_SOFTWARE;
				out[n].software = a->software;
				out[n].software_packs = a->software_packs;
				memcpy(out[n++].version, a->version, sizeof(a->version));
			}
	}
	return n;
}

size_t targets_parse_rest(const char *name, struct target out[TARGETS_MAX], char *rest, size_t rest_size)
{
	char           folded[NAME_MAX_OCTETS];
	struct parse r = {.rest = str_over(rest, rest_size)};

	product_fold(name, folded, sizeof(folded));
	r.at = folded;
	words_index(&r);
	read_name(&r);
	for (size_t i = 0; i < r.item_n; i++)
		settle(&r.items[i]);
	for (size_t i = 0; i < r.item_n; i++)
		settle_pack(&r, &r.items[i]);
	widen_editions(&r);
	return combine(&r, out);
}

size_t targets_parse(const char *name, struct target out[TARGETS_MAX])
{
	char rest[256];

	return targets_parse_rest(name, out, rest, sizeof(rest));
}
