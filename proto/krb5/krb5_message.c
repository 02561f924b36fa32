/* One Kerberos message: which it is, and those that go between client and service. */
/*
 * Spec: RFC 4120 5.3 (Ticket), 5.5 (AP-REQ, AP-REP), 5.9.1 (KRB-ERROR), draft-swift-win2k-krb-user2user-03 4 (TGT-REQ, TGT-REP).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: as the reader has them.
 * Not done: KRB-SAFE, KRB-PRIV, KRB-CRED; e-data of errors is octets.
 */
#include "proto/krb5/krb5_int.h"

enum { USEC_MOST = 999999, PVNO = 5 };

struct krb5_read krb5_read_safe(struct cx *cx)
{
	return (struct krb5_read){.cx = cx,
				  .etypes_max = (uint32_t)krb5_limits[LIMIT_ETYPES].safe,
				  .name_max = (uint32_t)krb5_limits[LIMIT_NAME].safe,
				  .parts_max = (uint32_t)krb5_limits[LIMIT_NAME_PARTS].safe,
				  .count_max = (uint32_t)krb5_limits[LIMIT_COUNT].safe,
				  .fact_realm = KRB5_NO_FACT,
				  .fact_client = KRB5_NO_FACT,
				  .fact_service = KRB5_NO_FACT,
				  .fact_weak = KRB5_NO_FACT,
				  .fact_ticket_weak = KRB5_NO_FACT,
				  .fact_error = KRB5_NO_FACT};
}

enum krb5_kind krb5_kind_of(const struct wire *w)
{
	static const uint8_t kinds[] = {KRB5_AS_REQ, KRB5_AS_REP, KRB5_TGS_REQ, KRB5_TGS_REP, KRB5_AP_REQ, KRB5_AP_REP, KRB5_ERROR};
	uint8_t              tag = wire_peek(w);

	for (size_t i = 0; i < sizeof(kinds); i++)
		if (tag == BER_APPLICATION_SET(kinds[i]))
			return kinds[i];
	return KRB5_NONE;
}

/* Ticket ::= [APPLICATION 1] SEQUENCE { tkt-vno [0], realm [1], sname [2], enc-part [3] } */
int64_t krb5_ticket(struct krb5_read *r, struct ber *b, uint8_t fact_realm, uint8_t fact_service)
{
	struct ber app = ber_enter(b, BER_APPLICATION_SET(1), "ticket");
	struct ber s = ber_enter(&app, BER_SEQUENCE, "");
	int64_t    etype;

	krb5_version(&s, 0, PVNO, "tkt-vno");
	krb5_realm(r, &s, 1, fact_realm, "realm");
	krb5_name(r, &s, 2, fact_service, "sname");
	etype = krb5_encrypted(&s, 3, "enc-part");
	ber_end(&s, "");
	ber_end(&app, "");
	return etype;
}

/* AP-REQ ::= SEQUENCE { pvno [0], msg-type [1], ap-options [2], ticket [3], authenticator [4] } */
void krb5_ap_request(struct krb5_read *r, struct ber *b, uint8_t fact_realm, uint8_t fact_service)
{
	struct ber app = ber_enter(b, BER_APPLICATION_SET(KRB5_AP_REQ), "ap-req");
	struct ber s = ber_enter(&app, BER_SEQUENCE, "");

	krb5_version(&s, 0, PVNO, "pvno");
	krb5_version(&s, 1, KRB5_AP_REQ, "msg-type");
	krb5_flags(&s, 2, "ap-options");
	struct ber ticket = ber_enter(&s, BER_CONTEXT_SET(3), "");
	krb5_ticket(r, &ticket, fact_realm, fact_service);
	ber_end(&ticket, "");
	krb5_encrypted(&s, 4, "authenticator");
	ber_end(&s, "");
	ber_end(&app, "");
}

/* AP-REP ::= SEQUENCE { pvno [0], msg-type [1], enc-part [2] } */
static void ap_reply(struct ber *b)
{
	struct ber app = ber_enter(b, BER_APPLICATION_SET(KRB5_AP_REP), "ap-rep");
	struct ber s = ber_enter(&app, BER_SEQUENCE, "");

	krb5_version(&s, 0, PVNO, "pvno");
	krb5_version(&s, 1, KRB5_AP_REP, "msg-type");
	krb5_encrypted(&s, 2, "enc-part");
	/* macOS adds a key and a checksum of its own. */
	if (krb5_has(&s, 3))
		ber_enter(&s, BER_CONTEXT_SET(3), "extension");
	ber_end(&s, "");
	ber_end(&app, "");
}

/* KERB-TGT-REQUEST ::= SEQUENCE { pvno [0], msg-type [1], server-name [2] OPTIONAL, realm [3] OPTIONAL } */
static void tgt_request(struct krb5_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "tgt-req");

	krb5_version(&s, 0, PVNO, "pvno");
	krb5_version(&s, 1, KRB5_TGT_REQ, "msg-type");
	if (krb5_has(&s, 2))
		krb5_name(r, &s, 2, r->fact_service, "server-name");
	if (krb5_has(&s, 3))
		krb5_realm(r, &s, 3, r->fact_realm, "realm");
	ber_end(&s, "");
}

/* KERB-TGT-REPLY ::= SEQUENCE { pvno [0], msg-type [1], ticket [2] } */
static void tgt_reply(struct krb5_read *r, struct ber *b)
{
	struct ber s = ber_enter(b, BER_SEQUENCE, "tgt-rep");

	krb5_version(&s, 0, PVNO, "pvno");
	krb5_version(&s, 1, KRB5_TGT_REP, "msg-type");
	struct ber ticket = ber_enter(&s, BER_CONTEXT_SET(2), "");
	krb5_ticket(r, &ticket, KRB5_NO_FACT, KRB5_NO_FACT);
	ber_end(&ticket, "");
	ber_end(&s, "");
}

/* Everything of KRB-ERROR from error-code on; crealm and cname are those of the request, where the server says them at all. */
static void error_names(struct krb5_read *r, struct ber *s)
{
	krb5_fact_number(r, r->fact_error, (uint64_t)krb5_integer(s, 6, INT32_MIN, INT32_MAX, "error-code"));
	if (krb5_has(s, 7))
		krb5_realm(r, s, 7, KRB5_NO_FACT, "crealm");
	if (krb5_has(s, 8))
		krb5_name(r, s, 8, KRB5_NO_FACT, "cname");
	krb5_realm(r, s, 9, KRB5_NO_FACT, "realm");
	krb5_name(r, s, 10, KRB5_NO_FACT, "sname");
	if (krb5_has(s, 11))
		krb5_text(r, s, 11, "e-text");
	if (krb5_has(s, 12))
		krb5_octets(s, 12, "e-data");
}

/* KRB-ERROR ::= SEQUENCE { pvno [0], msg-type [1], ctime [2] OPTIONAL, cusec [3] OPTIONAL, stime [4], susec [5], error-code [6], .. } */
static void error(struct krb5_read *r, struct ber *b)
{
	struct ber app = ber_enter(b, BER_APPLICATION_SET(KRB5_ERROR), "krb-error");
	struct ber s = ber_enter(&app, BER_SEQUENCE, "");

	krb5_version(&s, 0, PVNO, "pvno");
	krb5_version(&s, 1, KRB5_ERROR, "msg-type");
	if (krb5_has(&s, 2))
		krb5_time(&s, 2, "ctime");
	if (krb5_has(&s, 3))
		krb5_integer(&s, 3, 0, USEC_MOST, "cusec");
	krb5_time(&s, 4, "stime");
	krb5_integer(&s, 5, 0, USEC_MOST, "susec");
	error_names(r, &s);
	ber_end(&s, "");
	ber_end(&app, "");
}

void krb5_message(struct krb5_read *r, struct wire *w, enum krb5_kind kind)
{
	struct ber b;

	w->short_why = R_KRB5_SHORT;
	b = ber_over(*w, &krb5_ber, r->long_length ? BER_TOLERATE_LONG_LENGTH : 0);
	switch (kind) {
	case KRB5_AS_REQ:
	case KRB5_TGS_REQ:
		krb5_kdc_request(r, &b, kind);
		break;
	case KRB5_AS_REP:
	case KRB5_TGS_REP:
		krb5_kdc_reply(r, &b, kind);
		break;
	case KRB5_AP_REQ:
		krb5_ap_request(r, &b, r->fact_realm, r->fact_service);
		break;
	case KRB5_AP_REP:
		ap_reply(&b);
		break;
	case KRB5_TGT_REQ:
		tgt_request(r, &b);
		break;
	case KRB5_TGT_REP:
		tgt_reply(r, &b);
		break;
	case KRB5_ERROR:
		error(r, &b);
		break;
	case KRB5_NONE:
		ber_refuse(&b, R_KRB5_KIND, "");
	}
	ber_end(&b, "");
	*w = b.w;
}
