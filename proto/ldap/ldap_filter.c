/* Search filters, walked with a counter and a bounded list of open sets, never with the C stack. */
/*
 * Spec: RFC 4511 4.5.1.7, RFC 4526 (empty sets), MS-ADTS 6.3.3 (the domain controller locator's ping).
 * Input from: the client, before anybody has proved who he is.
 * Limits: ldap.filter.*, ldap.ping.*, ldap.description, ldap.oid.
 * Not done: whether a value fits its attribute's syntax.
 */
#include "proto/ldap/ldap_int.h"

enum {
	FILTER_AND = BER_CONTEXT_SET(0),
	FILTER_OR = BER_CONTEXT_SET(1),
	FILTER_NOT = BER_CONTEXT_SET(2),
	FILTER_EQUALITY = BER_CONTEXT_SET(3),
	FILTER_SUBSTRINGS = BER_CONTEXT_SET(4),
	FILTER_GREATER = BER_CONTEXT_SET(5),
	FILTER_LESS = BER_CONTEXT_SET(6),
	FILTER_PRESENT = BER_CONTEXT(7),
	FILTER_APPROX = BER_CONTEXT_SET(8),
	FILTER_EXTENSIBLE = BER_CONTEXT_SET(9),
};

enum { DEPTH_MAX = 128 }; /* the most that ldap.filter.depth may be set to */

/* An and, or, or not whose end has not been reached. */
struct open_set {
	struct ber items;
	uint32_t   at; /* its identifier octet */
	uint32_t   children;
	uint8_t    tag;
};

/* A walk through one filter. */
struct walk {
	struct ldap_read *r;
	uint32_t          nodes, nodes_max, set_max, depth, depth_max, deepest;
	struct open_set   open[DEPTH_MAX];
};

/* A field of the locator's ping: how long its value may be. */
struct ping_field {
	const char *name;
	uint32_t    min, max; /* bytes; or the limit */
	uint8_t     limit;
	uint16_t    why;
};

static const struct ping_field ping_fields[] = {
	{"User", 0, 0, LIMIT_PING_USER, R_LDAP_PING_USER},
	{"DnsDomain", 0, 0, LIMIT_PING_DOMAIN, R_LDAP_PING_DOMAIN},
	{"Host", 0, 0, LIMIT_PING_HOST, R_LDAP_PING_HOST},
	{"NtVer", 4, 4, 0, R_LDAP_PING_NTVER},
	{"AAC", 4, 4, 0, R_LDAP_PING_AAC},
	{"DomainGuid", 16, 16, 0, R_LDAP_PING_GUID},
	{"DomainSid", 8, 68, 0, R_LDAP_PING_SID},
};

/* The server joins these into one small buffer (CVE-2026-41089). */
static void ping_value(const struct ldap_read *r, struct ber *b, struct ber_span name, struct ber_span value)
{
	for (size_t i = 0; i < sizeof(ping_fields) / sizeof(ping_fields[0]); i++) {
		const struct ping_field *f = &ping_fields[i];
		uint32_t                 max = f->max ? f->max : ldap_limit(r, f->limit);
		uint32_t                 n = f->limit == LIMIT_PING_USER ? ldap_characters(value) : value.n;

		if (!ber_span_is_nocase(name, f->name))
			continue;
		if (n < f->min || n > max)
			wire_fail_numbers(&b->w, value.at, f->why, "value", n < f->min ? f->min : max, n);
		return;
	}
}

/* AttributeValueAssertion ::= SEQUENCE { attributeDesc AttributeDescription, assertionValue AssertionValue } */
void ldap_assertion(struct ldap_read *r, struct ber *b)
{
	struct ber_span name = ldap_description(r, b, BER_OCTETS, "attributeDesc");
	struct ber_span value = ldap_octets(r, b, BER_OCTETS, LIMIT_VALUE, R_LDAP_VALUE_SIZE, "value");

	ldap_fact_text(r, FACT_FILTER_ATTRIBUTE, name);
	if (r->ping && value.p)
		ping_value(r, b, ldap_type(name), value);
	ber_end(b, "");
}

/* SEQUENCE SIZE (1..MAX) OF CHOICE { initial [0], any [1], final [2] }: initial only first, final only last. */
static void substrings(const struct ldap_read *r, struct ber *b)
{
	static const char *const names[] = {"initial", "any", "final"};
	uint32_t                 n = 0, max = ldap_limit(r, LIMIT_FILTER_SUBSTRINGS);
	uint8_t                  last = 0;

	wire_list(&b->w);
	if (!ber_more(b) && !b->w.fault->why)
		wire_fail_numbers(&b->w, wire_offset(&b->w), R_LDAP_FILTER_SUBSTRINGS, "", 1, 0);
	while (ber_more(b)) {
		uint8_t tag = ber_peek(b);

		if (tag < BER_CONTEXT(0) || tag > BER_CONTEXT(2) || last == BER_CONTEXT(2) || (n && tag == BER_CONTEXT(0)))
			ldap_refuse_next(b, R_LDAP_FILTER_SUBSTRING_ORDER, 0, tag);
		else if (++n > max)
			ldap_refuse_next(b, R_LDAP_FILTER_SUBSTRINGS, max, n);
		else
			ldap_octets(r, b, tag, LIMIT_VALUE, R_LDAP_VALUE_SIZE, names[tag & 3]);
		last = tag;
	}
}

/* SubstringFilter ::= SEQUENCE { type AttributeDescription, substrings SEQUENCE .. } */
static void substring_filter(const struct ldap_read *r, struct ber *b)
{
	struct ber f = ber_enter(b, FILTER_SUBSTRINGS, "substrings");

	ldap_fact_text(r, FACT_FILTER_ATTRIBUTE, ldap_description(r, &f, BER_OCTETS, "type"));
	struct ber pieces = ber_enter(&f, BER_SEQUENCE, "pieces");

	substrings(r, &pieces);
	ber_end(&f, "");
}

/* MatchingRuleAssertion ::= SEQUENCE { matchingRule [1] OPTIONAL, type [2] OPTIONAL, matchValue [3], dnAttributes [4] DEFAULT FALSE } */
static void extensible(const struct ldap_read *r, struct ber *b)
{
	uint32_t   at = wire_offset(&b->w);
	struct ber f = ber_enter(b, FILTER_EXTENSIBLE, "extensibleMatch");
	bool       named = false;

	if (ber_peek(&f) == BER_CONTEXT(1))
		named = ldap_rule_name(r, &f, BER_CONTEXT(1), "matchingRule").p;
	if (ber_peek(&f) == BER_CONTEXT(2)) {
		named = true;
		ldap_fact_text(r, FACT_FILTER_ATTRIBUTE, ldap_description(r, &f, BER_CONTEXT(2), "type"));
	}
	ldap_octets(r, &f, BER_CONTEXT(3), LIMIT_VALUE, R_LDAP_VALUE_SIZE, "value");
	if (!named)
		wire_fail(&f.w, at, R_LDAP_FILTER_EXTENSIBLE, "type");
	if (ber_more(&f))
		ber_boolean(&f, BER_CONTEXT(4), "dnAttributes");
	ber_end(&f, "");
}

/* equalityMatch, greaterOrEqual, lessOrEqual, approxMatch: AttributeValueAssertion */
static void comparison(struct ldap_read *r, struct ber *b, uint8_t tag, const char *field)
{
	struct ber f = ber_enter(b, tag, field);

	ldap_assertion(r, &f);
}

/* A filter that holds no filters. */
static void item(struct ldap_read *r, struct ber *b, uint8_t tag)
{
	switch (tag) {
	case FILTER_EQUALITY:
		comparison(r, b, tag, "equality");
		break;
	case FILTER_SUBSTRINGS:
		substring_filter(r, b);
		break;
	case FILTER_GREATER:
		comparison(r, b, tag, "greaterOrEqual");
		break;
	case FILTER_LESS:
		comparison(r, b, tag, "lessOrEqual");
		break;
	case FILTER_PRESENT:
		ldap_fact_text(r, FACT_FILTER_ATTRIBUTE, ldap_description(r, b, tag, "present"));
		break;
	case FILTER_APPROX:
		comparison(r, b, tag, "approx");
		break;
	case FILTER_EXTENSIBLE:
		extensible(r, b);
		break;
	default:
		ldap_refuse_next(b, R_LDAP_FILTER_CHOICE, 0, tag);
	}
}

/* and [0] SET OF, or [1] SET OF, not [2]: its children are read next. */
static void open_set(struct walk *w, struct ber *b, uint8_t tag)
{
	static const char *const names[] = {"and", "or", "not"};
	const char              *field = names[tag & 3];
	uint32_t                 at = wire_offset(&b->w);
	struct open_set         *set;

	if (w->depth >= w->depth_max) {
		wire_element(&b->w);
		wire_fail_numbers(&b->w, at, R_LDAP_FILTER_DEPTH, field, w->depth_max, w->depth + 1);
		return;
	}
	set = &w->open[w->depth++];
	set->items = ber_enter(b, tag, field);
	set->at = at;
	set->children = 0;
	set->tag = tag;
	if (tag != FILTER_NOT)
		wire_list(&set->items.w);
	if (w->depth > w->deepest)
		w->deepest = w->depth;
}

/* One more filter of this set: may it be? */
static void child(struct walk *w, struct open_set *set)
{
	set->children++;
	if (set->tag == FILTER_NOT && set->children > 1)
		ldap_refuse_next(&set->items, R_LDAP_FILTER_NOT, 1, set->children);
	else if (set->children > w->set_max)
		ldap_refuse_next(&set->items, R_LDAP_FILTER_SET, w->set_max, set->children);
}

/* Sets that end here, the innermost first. */
static void close_sets(struct walk *w)
{
	while (w->depth && !ber_more(&w->open[w->depth - 1].items)) {
		struct open_set *set = &w->open[--w->depth];

		if (set->children)
			continue;
		if (set->tag == FILTER_NOT)
			wire_fail(&set->items.w, set->at, R_LDAP_FILTER_NOT, "");
		else if (!(w->r->cx->tolerate & TOLERATE_EMPTY_SET))
			wire_fail(&set->items.w, set->at, R_LDAP_FILTER_EMPTY_SET, "");
	}
}

/* Filter ::= CHOICE { .. }, at the head of b. */
static void one(struct walk *w, struct ber *b)
{
	uint8_t tag = ber_peek(b);

	if (++w->nodes > w->nodes_max) {
		ldap_refuse_next(b, R_LDAP_FILTER_NODES, w->nodes_max, w->nodes);
	} else if (tag == FILTER_AND || tag == FILTER_OR || tag == FILTER_NOT) {
		open_set(w, b, tag);
	} else {
		item(w->r, b, tag);
	}
}

void ldap_filter(struct ldap_read *r, struct ber *b, const char *field)
{
	uint16_t    node = b->w.node;
	struct walk w;

	w.r = r;
	w.nodes = w.depth = w.deepest = 0;
	w.nodes_max = ldap_limit(r, r->proved ? LIMIT_FILTER_NODES_PROVED : LIMIT_FILTER_NODES_ANONYMOUS);
	w.set_max = ldap_limit(r, LIMIT_FILTER_SET);
	w.depth_max = ldap_limit(r, LIMIT_FILTER_DEPTH);
	if (w.depth_max > DEPTH_MAX)
		w.depth_max = DEPTH_MAX;
	wire_name(&b->w, field);
	one(&w, b);
	close_sets(&w);
	while (w.depth && !b->w.fault->why) {
		struct open_set *set = &w.open[w.depth - 1];

		child(&w, set);
		one(&w, &set->items);
		close_sets(&w);
	}
	b->w.node = node;
	ldap_fact_number(r, FACT_FILTER_DEPTH, w.deepest);
	ldap_fact_number(r, FACT_FILTER_NODES, w.nodes);
}
