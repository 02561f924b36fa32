/* Values of the controls that directories and their clients use every day. */
/*
 * Spec: RFC 2696 (paging), RFC 2891 (sorting), draft-ietf-ldapext-ldapv3-vlv-09, MS-ADTS 3.1.1.3.4.1, RFC 4528 (assertion),
 *	RFC 4527 (pre- and post-read), RFC 4533 (synchronisation), draft-behera-ldap-password-policy-10,
 *	draft-ietf-ldapext-psearch-03, RFC 3672 (subentries), RFC 4370 (proxied authorization).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: ldap.page.size, ldap.sort.keys, ldap.control.size, ldap.filter.*; RFC 4511's maxInt.
 * Not done: matched values (RFC 3876) and others not named here pass as bounded octets.
 */
#include "proto/ldap/ldap_int.h"

/* INTEGER within bounds that all controls share a reason for. */
static int64_t number(struct ber *b, uint8_t tag, int64_t min, int64_t max, const char *field)
{
	return ber_integer(b, tag, min, max, R_LDAP_CONTROL_NUMBER, field);
}

static struct ber_span octets(const struct ldap_read *r, struct ber *b, uint8_t tag, const char *field)
{
	return ldap_octets(r, b, tag, LIMIT_CONTROL_SIZE, R_LDAP_CONTROL_SIZE, field);
}

/*
 * realSearchControlValue ::= SEQUENCE { size INTEGER (0..maxInt), cookie OCTET STRING } (RFC 2696 2).
 * Size 0 abandons the search the cookie stands for; on a first page it means nothing (CVE-2002-2328).
 */
static void paged(struct ldap_read *r, struct ber *b)
{
	struct ber      s = ber_enter(b, BER_SEQUENCE, "");
	uint32_t        at = wire_offset(&s.w);
	int64_t         size = ber_integer(&s, BER_INTEGER, 0, ldap_limit(r, LIMIT_PAGE_SIZE), R_LDAP_PAGE_SIZE, "size");
	struct ber_span cookie = octets(r, &s, BER_OCTETS, "cookie");

	ldap_fact_number(r, FACT_PAGE_SIZE, (uint64_t)size);
	if (!size && !cookie.n)
		wire_fail(&s.w, at, R_LDAP_PAGE_ZERO, "size");
	ber_end(&s, "");
}

/* The answer's size is an estimate of the whole result. */
static void paged_answer(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	number(&s, BER_INTEGER, 0, INT32_MAX, "size");
	octets(r, &s, BER_OCTETS, "cookie");
	ber_end(&s, "");
}

/* SortKeyList ::= SEQUENCE OF SEQUENCE { attributeType, orderingRule [0] OPTIONAL, reverseOrder [1] BOOLEAN DEFAULT FALSE } */
static void sort(struct ldap_read *r, struct ber *b)
{
	struct ber list = ber_enter(b, BER_SEQUENCE, "keys");
	uint32_t   n = 0, max = ldap_limit(r, LIMIT_SORT_KEYS);

	wire_list(&list.w);
	while (ber_more(&list)) {
		if (++n > max)
			ldap_refuse_next(&list, R_LDAP_SORT_KEYS, max, n);
		struct ber k = ber_enter(&list, BER_SEQUENCE, "");

		ldap_description(r, &k, BER_OCTETS, "attributeType");
		if (ber_peek(&k) == BER_CONTEXT(0))
			ldap_rule_name(r, &k, BER_CONTEXT(0), "orderingRule");
		if (ber_more(&k))
			ber_boolean(&k, BER_CONTEXT(1), "reverseOrder");
		ber_end(&k, "");
	}
	if (!n)
		wire_fail_numbers(&list.w, wire_offset(&list.w), R_LDAP_SORT_KEYS, "", 1, 0);
}

/* SortResult ::= SEQUENCE { sortResult ENUMERATED, attributeType [0] OPTIONAL } */
static void sort_answer(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	number(&s, BER_ENUMERATED, 0, INT32_MAX, "sortResult");
	if (ber_more(&s))
		octets(r, &s, BER_CONTEXT(0), "attributeType");
	ber_end(&s, "");
}

/*
 * VirtualListViewRequest ::= SEQUENCE { beforeCount, afterCount INTEGER (0..maxInt), target CHOICE {
 *	byOffset [0] SEQUENCE { offset, contentCount INTEGER }, greaterThanOrEqual [1] AssertionValue }, contextID OPTIONAL }
 */
static void vlv(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	number(&s, BER_INTEGER, 0, INT32_MAX, "beforeCount");
	number(&s, BER_INTEGER, 0, INT32_MAX, "afterCount");
	if (ber_peek(&s) == BER_CONTEXT_SET(0)) {
		struct ber o = ber_enter(&s, BER_CONTEXT_SET(0), "byOffset");

		number(&o, BER_INTEGER, 0, INT32_MAX, "offset");
		number(&o, BER_INTEGER, 0, INT32_MAX, "contentCount");
		ber_end(&o, "");
	} else {
		ldap_octets(r, &s, BER_CONTEXT(1), LIMIT_VALUE, R_LDAP_VALUE_SIZE, "greaterThanOrEqual");
	}
	if (ber_more(&s))
		octets(r, &s, BER_OCTETS, "contextID");
	ber_end(&s, "");
}

/* SEQUENCE { targetPosition, contentCount INTEGER, virtualListViewResult ENUMERATED, contextID OPTIONAL } */
static void vlv_answer(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	number(&s, BER_INTEGER, 0, INT32_MAX, "targetPosition");
	number(&s, BER_INTEGER, 0, INT32_MAX, "contentCount");
	number(&s, BER_ENUMERATED, 0, INT32_MAX, "virtualListViewResult");
	if (ber_more(&s))
		octets(r, &s, BER_OCTETS, "contextID");
	ber_end(&s, "");
}

/* SEQUENCE { Flags INTEGER }: security descriptor parts, extended DN form, search options (MS-ADTS 3.1.1.3.4.1.5, .11, .12). */
static void flags(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	(void)r;
	number(&s, BER_INTEGER, INT32_MIN, UINT32_MAX, "flags");
	ber_end(&s, "");
}

/* DirSyncRequestValue ::= SEQUENCE { Flags, MaxBytes INTEGER, Cookie OCTET STRING } (MS-ADTS 3.1.1.3.4.1.3) */
static void dirsync(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	number(&s, BER_INTEGER, INT32_MIN, UINT32_MAX, "flags");
	number(&s, BER_INTEGER, INT32_MIN, INT32_MAX, "maxBytes");
	octets(r, &s, BER_OCTETS, "cookie");
	ber_end(&s, "");
}

/* SEQUENCE { Flags INTEGER, ServerName OCTET STRING }: verify name (MS-ADTS 3.1.1.3.4.1.16). */
static void verify_name(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	number(&s, BER_INTEGER, INT32_MIN, UINT32_MAX, "flags");
	octets(r, &s, BER_OCTETS, "serverName");
	ber_end(&s, "");
}

/* SEQUENCE { sourceAttribute OCTET STRING }: attribute scoped query (MS-ADTS 3.1.1.3.4.1.18). */
static void scoped_query(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	ldap_description(r, &s, BER_OCTETS, "sourceAttribute");
	ber_end(&s, "");
}

/* The value is a Filter (RFC 4528 3). */
static void assertion(struct ldap_read *r, struct ber *b)
{
	ldap_filter(r, b, "filter");
}

/* AttributeSelection (RFC 4527 3). */
static void read_entry(struct ldap_read *r, struct ber *b)
{
	ldap_attribute_selection(r, b);
}

/* syncRequestValue ::= SEQUENCE { mode ENUMERATED { (1), (3) }, cookie OPTIONAL, reloadHint BOOLEAN DEFAULT FALSE } (RFC 4533 2.2) */
static void sync(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	number(&s, BER_ENUMERATED, 1, 3, "mode");
	if (ber_peek(&s) == BER_OCTETS)
		octets(r, &s, BER_OCTETS, "cookie");
	if (ber_more(&s))
		ber_boolean(&s, BER_BOOLEAN, "reloadHint");
	ber_end(&s, "");
}

/* entryUUID syncUUID ::= OCTET STRING (SIZE(16)) (RFC 4533 2.1) */
static void entry_uuid(const struct ldap_read *r, struct ber *b)
{
	bool            none = r->cx->tolerate & TOLERATE_NO_UUID;
	struct ber_span s = ber_octets(b, BER_OCTETS, none ? 0 : 16, 16, R_LDAP_CONTROL_UUID, "entryUUID");

	if (s.n && s.n < 16)
		wire_fail_numbers(&b->w, s.at, R_LDAP_CONTROL_UUID, "entryUUID", 16, s.n);
}

/* syncStateValue ::= SEQUENCE { state ENUMERATED (0..3), entryUUID OCTET STRING (16), cookie OPTIONAL } (RFC 4533 2.3) */
static void sync_state(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	number(&s, BER_ENUMERATED, 0, 3, "state");
	entry_uuid(r, &s);
	if (ber_more(&s))
		octets(r, &s, BER_OCTETS, "cookie");
	ber_end(&s, "");
}

/* syncDoneValue ::= SEQUENCE { cookie OPTIONAL, refreshDeletes BOOLEAN DEFAULT FALSE } (RFC 4533 2.4) */
static void sync_done(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	if (ber_peek(&s) == BER_OCTETS)
		octets(r, &s, BER_OCTETS, "cookie");
	if (ber_more(&s))
		ber_boolean(&s, BER_BOOLEAN, "refreshDeletes");
	ber_end(&s, "");
}

/* PersistentSearch ::= SEQUENCE { changeTypes INTEGER, changesOnly BOOLEAN, returnECs BOOLEAN } */
static void persistent(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	(void)r;
	number(&s, BER_INTEGER, 1, 15, "changeTypes");
	ber_boolean(&s, BER_BOOLEAN, "changesOnly");
	ber_boolean(&s, BER_BOOLEAN, "returnECs");
	ber_end(&s, "");
}

/* BOOLEAN: are subentries wanted? (RFC 3672 3) */
static void subentries(struct ldap_read *r, struct ber *b)
{
	(void)r;
	ber_boolean(b, BER_BOOLEAN, "visibility");
}

/* The value is not BER but an authorization identity (RFC 4370 3). */
static void proxied(struct ldap_read *r, struct ber *b)
{
	struct ber_span s = ber_rest(b, ldap_limit(r, LIMIT_DN), R_LDAP_DN_SIZE, "authzId");

	ldap_text_check(b, s, "authzId");
}

/*
 * PasswordPolicyResponseValue ::= SEQUENCE { warning [0] CHOICE { timeBeforeExpiration [0], graceAuthNsRemaining [1] INTEGER }
 *	OPTIONAL, error [1] ENUMERATED OPTIONAL }
 */
static void password_policy(struct ldap_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "");

	(void)r;
	if (ber_peek(&s) == BER_CONTEXT_SET(0)) {
		struct ber w = ber_enter(&s, BER_CONTEXT_SET(0), "warning");

		number(&w, ber_peek(&w) == BER_CONTEXT(0) ? BER_CONTEXT(0) : BER_CONTEXT(1), 0, INT32_MAX, "warning");
		ber_end(&w, "");
	}
	if (ber_more(&s))
		number(&s, BER_CONTEXT(1), 0, INT32_MAX, "error");
	ber_end(&s, "");
}

static const struct ldap_control_def controls[] = {
	{"1.2.840.113556.1.4.319", "paged", paged, paged_answer, false},
	{"1.2.840.113556.1.4.473", "sort", sort, NULL, false},
	{"1.2.840.113556.1.4.474", "sortResult", NULL, sort_answer, false},
	{"2.16.840.1.113730.3.4.9", "vlv", vlv, NULL, false},
	{"2.16.840.1.113730.3.4.10", "vlvResult", NULL, vlv_answer, false},
	{"1.2.840.113556.1.4.801", "sdFlags", flags, NULL, false},
	{"1.2.840.113556.1.4.529", "extendedDN", flags, NULL, true},
	{"1.2.840.113556.1.4.1340", "searchOptions", flags, NULL, false},
	{"1.2.840.113556.1.4.841", "dirSync", dirsync, dirsync, false},
	{"1.2.840.113556.1.4.1338", "verifyName", verify_name, NULL, false},
	{"1.2.840.113556.1.4.1504", "scopedQuery", scoped_query, sort_answer, false},
	{"1.2.840.113556.1.4.1339", "domainScope", NULL, NULL, false},
	{"1.2.840.113556.1.4.417", "showDeleted", NULL, NULL, false},
	{"1.2.840.113556.1.4.2064", "showRecycled", NULL, NULL, false},
	{"1.2.840.113556.1.4.2065", "showDeactivatedLink", NULL, NULL, false},
	{"1.2.840.113556.1.4.528", "notification", NULL, NULL, false},
	{"1.2.840.113556.1.4.619", "lazyCommit", NULL, NULL, false},
	{"1.2.840.113556.1.4.805", "treeDelete", NULL, NULL, false},
	{"1.2.840.113556.1.4.1413", "permissiveModify", NULL, NULL, false},
	{"2.16.840.1.113730.3.4.2", "manageDsaIT", NULL, NULL, false},
	{"1.3.6.1.1.12", "assertion", assertion, NULL, false},
	{"1.3.6.1.1.13.1", "preRead", read_entry, NULL, false},
	{"1.3.6.1.1.13.2", "postRead", read_entry, NULL, false},
	{"1.3.6.1.4.1.4203.1.9.1.1", "syncRequest", sync, NULL, false},
	{"1.3.6.1.4.1.4203.1.9.1.2", "syncState", NULL, sync_state, false},
	{"1.3.6.1.4.1.4203.1.9.1.3", "syncDone", NULL, sync_done, false},
	{"1.3.6.1.4.1.4203.1.10.1", "subentries", subentries, NULL, false},
	{"2.16.840.1.113730.3.4.3", "persistentSearch", persistent, NULL, false},
	{"2.16.840.1.113730.3.4.18", "proxiedAuthorization", proxied, NULL, false},
	{"1.3.6.1.4.1.42.2.27.8.5.1", "passwordPolicy", NULL, password_policy, false},
};

const struct ldap_control_def *ldap_control_find(struct ber_span oid)
{
	for (size_t i = 0; oid.p && i < sizeof(controls) / sizeof(controls[0]); i++)
		if (ber_span_is(oid, controls[i].oid))
			return &controls[i];
	return NULL;
}
