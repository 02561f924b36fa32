/* What the files of proto/ldap share: limits, facts, state, the unit, and one function per production. */
#ifndef SALLYPORT_PROTO_LDAP_LDAP_INT_H
#define SALLYPORT_PROTO_LDAP_LDAP_INT_H

#include <string.h>

#include "base/ber.h"
#include "proto/ldap/ldap.h"
#include "proto/protocols.h"
#include "proto/reasons.h"
#include "proto/spnego/auth.h"

/* Order of ldap_limits (ldap_tables.c). */
enum ldap_limit {
	LIMIT_MESSAGE_ANONYMOUS = 0,
	LIMIT_MESSAGE_PROVED,
	LIMIT_MESSAGE_SERVER,
	LIMIT_DATAGRAM_CLIENT,
	LIMIT_DATAGRAM_SERVER,
	LIMIT_OUTSTANDING_ANONYMOUS,
	LIMIT_OUTSTANDING_PROVED,
	LIMIT_ABANDONED,
	LIMIT_WAIT,
	LIMIT_SEALED_FRAME,
	LIMIT_DN,
	LIMIT_DESCRIPTION,
	LIMIT_OID,
	LIMIT_URI,
	LIMIT_URI_HOST,
	LIMIT_REFERRALS,
	LIMIT_DIAGNOSTIC,
	LIMIT_BIND_NAME,
	LIMIT_BIND_PASSWORD,
	LIMIT_BIND_CREDENTIALS,
	LIMIT_ATTRIBUTES,
	LIMIT_FILTER_DEPTH,
	LIMIT_FILTER_NODES_ANONYMOUS,
	LIMIT_FILTER_NODES_PROVED,
	LIMIT_FILTER_SET,
	LIMIT_FILTER_SUBSTRINGS,
	LIMIT_VALUE,
	LIMIT_PING_USER,
	LIMIT_PING_DOMAIN,
	LIMIT_PING_HOST,
	LIMIT_CONTROLS,
	LIMIT_CONTROL_SIZE,
	LIMIT_PAGE_SIZE,
	LIMIT_SORT_KEYS,
	LIMIT_EXTENDED_SIZE,
	LIMIT_WRITE_ATTRIBUTES,
	LIMIT_WRITE_CHANGES,
	LIMIT_WRITE_VALUES,
	LIMIT_WRITE_VALUE,
	LIMIT_USER_PATH,
	LIMIT_USER_WORKSTATIONS,
	LIMIT_USER_WORKSTATION,
	LIMIT_USER_SAM,
	LIMIT_USER_SAM_USER,
	LIMIT_USER_NAME,
	LIMIT_USER_STRING,
	LIMIT_USER_PHOTO,
	LIMIT_READ_USER,
	LDAP_LIMITS
};

/* Order of ldap_tolerances. */
enum ldap_tolerance {
	TOLERATE_LONG_LENGTH = 1 << 0,
	TOLERATE_BOOLEAN = 1 << 1,
	TOLERATE_SICILY = 1 << 2,
	TOLERATE_V2 = 1 << 3,
	TOLERATE_EMPTY_SET = 1 << 4,
	TOLERATE_SUBORDINATE = 1 << 5,
	TOLERATE_DESCRIPTION = 1 << 6,
	TOLERATE_NO_UUID = 1 << 7,
	TOLERATE_EXTENDED_ANSWER = 1 << 8,
};

/* Order of ldap_facts. */
enum ldap_fact {
	FACT_IDENTITY = 0,
	FACT_SEALED,
	FACT_OP,
	FACT_MESSAGE_ID,
	FACT_VERSION,
	FACT_AUTH,
	FACT_MECHANISM,
	FACT_NAME,
	FACT_SCOPE,
	FACT_DEREF,
	FACT_SIZE_LIMIT,
	FACT_TIME_LIMIT,
	FACT_TYPES_ONLY,
	FACT_FILTER_DEPTH,
	FACT_FILTER_NODES,
	FACT_FILTER_ATTRIBUTE,
	FACT_ATTRIBUTE_COUNT,
	FACT_ATTRIBUTE,
	FACT_CHANGES,
	FACT_NEW_NAME,
	FACT_NEW_SUPERIOR,
	FACT_ABANDON_ID,
	FACT_OID,
	FACT_CONTROLS,
	FACT_PAGE_SIZE,
	FACT_ANSWER,
	FACT_RESULT,
	FACT_MATCHED_NAME,
	FACT_DIAGNOSTIC,
	FACT_REFERRAL,
	LDAP_FACTS
};

/* How a bind proves who it is; the words of the fact ldap.auth. */
enum ldap_auth { AUTH_ANONYMOUS = 0, AUTH_UNAUTHENTICATED, AUTH_SIMPLE, AUTH_SASL, AUTH_SICILY };

/* Mechanisms whose tokens are read; the others' are octets. */
enum ldap_sasl { SASL_NONE = 0, SASL_OTHER, SASL_NEGOTIATE, SASL_GSSAPI, SASL_NTLM, SASL_SICILY };

/* A bind of several tokens, while it goes on. */
struct ldap_auth_state {
	uint8_t           sasl; /* enum ldap_sasl */
	uint8_t           layers; /* GSSAPI: what the server offers, then what the client chose (RFC 4752 3.1) */
	bool              chosen;
	struct auth_state auth;
};

/* What is remembered of an outstanding request, in the table and in the lists of the state. */
struct ldap_request {
	uint8_t op;
	uint8_t auth; /* bind: enum ldap_auth */
	bool    proves; /* bind: success means an identity */
	bool    layers; /* bind: success may install a security layer */
	bool    seals; /* bind: ... that seals, and does not only sign */
	bool    starttls;
};

/* An abandoned request that the server may still answer, in a list from the oldest to the newest. */
struct ldap_abandoned {
	uint8_t  op;
	uint32_t older, newer; /* ids of its neighbours; 0 = none */
};

enum { DATAGRAMS_MAX = 32 };

/* State of a stream. Message ids are those of the client. */
struct ldap_state {
	bool     proved; /* the last bind proved an identity */
	bool     layered; /* ... and may have installed a security layer */
	bool     seals; /* ... that seals */
	bool     sealed[2]; /* by direction: a sealed frame has gone by */
	bool     binding, starttls; /* such a request is outstanding */
	bool     unbound;
	uint32_t oldest, newest; /* ids of abandoned requests; 0 = none */

	struct ldap_auth_state auth;
};

/* State of an association of datagrams: the latest questions; the oldest is forgotten first. */
struct cldap_state {
	uint32_t id[DATAGRAMS_MAX]; /* 0 = free */
	uint8_t  copies[DATAGRAMS_MAX]; /* a client repeats a question it got no answer to */
	uint8_t  next;
};

enum { LDAP_REQUESTS = 0, LDAP_ABANDONED }; /* tables: outstanding and abandoned requests by message id */

/* One message, as much of it as commit and deny need. */
struct ldap_unit {
	uint8_t             from; /* enum side */
	uint8_t             op; /* enum ldap_op; NONE until its tag was read */
	bool                has_id;
	bool                sealed;
	bool                swallowed; /* an abandon of what is already over */
	bool                notice; /* notice of disconnection */
	bool                final; /* the last answer to its request */
	uint32_t            id;
	bool                remembered; /* abandon: there is room for it among the abandoned */
	uint32_t            abandoned; /* abandon: the id it names */
	uint32_t            result;
	struct ldap_request request; /* what the table will hold; of an answer: what it holds */

	struct ldap_auth_state auth; /* bind and its answer: what is true behind the token */
};

/* One message being read. */
struct ldap_read {
	struct cx                 *cx;
	struct ldap_unit          *unit;
	const struct ldap_state   *state; /* NULL for datagrams */
	const struct ldap_request *asked; /* answers: the outstanding request; NULL when there is none */
	uint32_t                   id_at, op_at; /* where the message's id and its operation stand */
	bool                       datagram;
	bool                       proved;
	bool                       ping; /* the filter is that of a domain controller locator */
	bool                       token; /* matchedDN may be a token instead of a name */
};

extern const struct ber_reasons   ldap_ber;
extern const struct limit_def     ldap_limits[LDAP_LIMITS];
extern const struct fact_def      ldap_facts[LDAP_FACTS];
extern const struct tolerance_def ldap_tolerances[];
enum { LDAP_TOLERANCES = 9 };

static inline uint32_t ldap_limit(const struct ldap_read *r, enum ldap_limit which)
{
	uint64_t limit = r->cx->limit[which];

	return limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit;
}

/* Facts are built only for those who ask. */
static inline void ldap_fact_number(const struct ldap_read *r, enum ldap_fact which, uint64_t number)
{
	if (r->cx->wanted & 1u << which && r->cx->fact[which].state == FACT_NONE)
		r->cx->fact[which] = (struct fact){.state = FACT_NUMBER, .number = number};
}

/*
 * Of several different texts the fact can tell none: unknown, so that a rule about one attribute is not passed by by naming another one
 * first. A block fires, a pass does not.
 */
static inline void ldap_fact_text(const struct ldap_read *r, enum ldap_fact which, struct ber_span s)
{
	struct fact *fact = &r->cx->fact[which];

	if (!s.p || !(r->cx->wanted & 1u << which))
		return;
	if (fact->state == FACT_NONE)
		*fact = (struct fact){.state = FACT_TEXT, .text = s.p, .len = s.n};
	else if (fact->len != s.n || memcmp(fact->text, s.p, s.n) != 0)
		*fact = (struct fact){.state = FACT_UNKNOWN, .text = s.p};
}

/* ldap_text.c: strings and their grammars. */
struct ber_span ldap_octets(const struct ldap_read *r, struct ber *b, uint8_t tag, enum ldap_limit limit, uint16_t over,
			    const char *field);
struct ber_span ldap_string(const struct ldap_read *r, struct ber *b, uint8_t tag, enum ldap_limit limit, uint16_t over,
			    const char *field);
struct ber_span ldap_dn(const struct ldap_read *r, struct ber *b, uint8_t tag, const char *field);
struct ber_span ldap_diagnostic(const struct ldap_read *r, struct ber *b, const char *field);
struct ber_span ldap_description(const struct ldap_read *r, struct ber *b, uint8_t tag, const char *field);
struct ber_span ldap_selector(const struct ldap_read *r, struct ber *b, const char *field);
struct ber_span ldap_oid(const struct ldap_read *r, struct ber *b, uint8_t tag, const char *field);
struct ber_span ldap_rule_name(const struct ldap_read *r, struct ber *b, uint8_t tag, const char *field);
struct ber_span ldap_uri(const struct ldap_read *r, struct ber *b, const char *field);
/* Well-formed UTF-8 without NUL, or the fault at the octet. */
bool ldap_text_check(struct ber *b, struct ber_span s, const char *field);
/* Length in UTF-16 code units, which is how Windows counts characters. */
uint32_t ldap_characters(struct ber_span s);
/* The attribute type of a description: what stands before the first option. */
struct ber_span ldap_type(struct ber_span description);

/* Refuse the next element of a list, at its identifier octet. */
void ldap_refuse_next(struct ber *b, uint16_t why, uint64_t expected, uint64_t got);

/* ldap_message.c */
/* LDAPMessage at the head of w, which may hold more behind it (datagrams). */
void ldap_message(struct ldap_read *r, struct wire *w);

/* One function per operation; `b` stands on the operation's identifier. */
void ldap_bind_request(struct ldap_read *r, struct ber *b);
void ldap_bind_response(struct ldap_read *r, struct ber *b);
/* ldap_sasl.c: tokens; `b` covers one. Of an answer: where its request was of a mechanism that is read. */
enum ldap_sasl ldap_sasl_of(struct ber_span mechanism);
void           ldap_sasl_request(struct ldap_read *r, struct ber *b, enum ldap_sasl sasl);
void           ldap_sasl_answer(struct ldap_read *r, struct ber *b);
void ldap_search_request(struct ldap_read *r, struct ber *b);
void ldap_search_entry(struct ldap_read *r, struct ber *b);
void ldap_search_reference(struct ldap_read *r, struct ber *b);
void ldap_modify_request(struct ldap_read *r, struct ber *b);
void ldap_add_request(struct ldap_read *r, struct ber *b);
void ldap_del_request(struct ldap_read *r, struct ber *b);
void ldap_moddn_request(struct ldap_read *r, struct ber *b);
void ldap_compare_request(struct ldap_read *r, struct ber *b);
void ldap_extended_request(struct ldap_read *r, struct ber *b);
void ldap_extended_response(struct ldap_read *r, struct ber *b);
void ldap_intermediate(struct ldap_read *r, struct ber *b);
void ldap_response(struct ldap_read *r, struct ber *b);

/* ldap_result.c: the components every response begins with. */
void ldap_result(struct ldap_read *r, struct ber *b);
/* Referral ::= SEQUENCE SIZE (1..MAX) OF uri URI, entered. */
void ldap_referral(struct ldap_read *r, struct ber *list);
/* ldap_filter.c */
void ldap_filter(struct ldap_read *r, struct ber *b, const char *field);
/* ldap_search.c: attributes of a search or of a read-entry control. */
void ldap_attribute_selection(struct ldap_read *r, struct ber *b);
/* AttributeValueAssertion's two fields. */
void ldap_assertion(struct ldap_read *r, struct ber *b);
/* ldap_control.c */
void ldap_controls(struct ldap_read *r, struct ber *b);

/* ldap_control_value.c: the values of the controls we know; `b` covers the octets of controlValue. */
struct ldap_control_def {
	const char *oid;
	const char *field; /* its level in the field path */
	void (*request)(struct ldap_read *r, struct ber *b); /* NULL: no value, or an empty one */
	void (*response)(struct ldap_read *r, struct ber *b); /* NULL: bounded octets, value optional */
	bool optional; /* request: the value may be absent */
};
const struct ldap_control_def *ldap_control_find(struct ber_span oid);

/* ldap_user.c: what may be written to a user object, and read from one. */
struct ldap_user_rule;
/* The rule for an attribute, NULL for none; `read`: only rules that answers are held to as well. */
const struct ldap_user_rule *ldap_user_rule(struct ber_span description, bool read);
/* One value of vals, held to the rule. */
struct ber_span ldap_user_value(struct ldap_read *r, struct ber *vals, const struct ldap_user_rule *rule);

/* ldap_state.c: may this message come now, and what changes when it went through? */
struct step ldap_order(const struct ldap_state *state, struct ldap_read *r, const struct wire *w, uint64_t n);
void        ldap_commit(void *state, const void *unit, struct cx *cx);
/* The outstanding request this answer names, or NULL; also notes it in the unit, and whether matchedDN may be a token. */
const struct ldap_request *ldap_asked(struct ldap_read *r);
/* Is this an answer that may be given to a request of this kind? */
bool ldap_answers(uint8_t request, uint8_t answer);

/* ldap_answer.c: the protocol's own refusals. */
bool ldap_deny(void *state, const void *unit, struct cx *cx);

#endif
