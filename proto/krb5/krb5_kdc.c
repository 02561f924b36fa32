/* What a client asks of a KDC, and what it is given: AS and TGS exchanges. */
/*
 * Spec: RFC 4120 5.2.7 (PA-DATA), 5.4.1 (KDC-REQ), 5.4.2 (KDC-REP), MS-KILE 2.2.3 (KERB-PA-PAC-REQUEST).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: etypes, names and counts as the reader has them.
 * Not done: values of pre-authentication data but for PA-TGS-REQ, PA-ENC-TIMESTAMP and PA-PAC-REQUEST are octets; what is sealed.
 */
#include "proto/krb5/krb5_int.h"

enum { PA_TGS_REQ = 1, PA_ENC_TIMESTAMP = 2, PA_PAC_REQUEST = 128 };
enum { PVNO = 5 };

/* EncryptedData as a value of its own; of PA-ENC-TIMESTAMP. */
static void sealed_timestamp(struct ber *v)
{
	struct ber s = ber_enter(v, BER_SEQUENCE, "pa-enc-timestamp");

	krb5_integer(&s, 0, INT32_MIN, INT32_MAX, "etype");
	if (krb5_has(&s, 1))
		krb5_integer(&s, 1, INT32_MIN, UINT32_MAX, "kvno");
	krb5_octets(&s, 2, "cipher");
	ber_end(&s, "");
}

/* KERB-PA-PAC-REQUEST ::= SEQUENCE { include-pac [0] BOOLEAN } */
static void pac_request(struct ber *v)
{
	struct ber s = ber_enter(v, BER_SEQUENCE, "pa-pac-request");
	struct ber in = ber_enter(&s, BER_CONTEXT_SET(0), "include-pac");

	ber_boolean(&in, BER_BOOLEAN, "");
	ber_end(&in, "");
	ber_end(&s, "");
}

/* The value of one PA-DATA of a request, read as what its type says. */
static void padata_value(struct krb5_read *r, struct ber *s, int64_t type)
{
	struct ber in = ber_enter(s, BER_CONTEXT_SET(2), "padata-value");

	if (type != PA_TGS_REQ && type != PA_ENC_TIMESTAMP && type != PA_PAC_REQUEST) {
		ber_octets(&in, BER_OCTETS, 0, UINT32_MAX, R_KRB5_LENGTH, "");
		ber_end(&in, "");
		return;
	}
	struct ber v = ber_enter(&in, BER_OCTETS, "");

	if (type == PA_TGS_REQ)
		krb5_ap_request(r, &v, KRB5_NO_FACT, KRB5_NO_FACT);
	else if (type == PA_ENC_TIMESTAMP)
		sealed_timestamp(&v);
	else
		pac_request(&v);
	ber_end(&v, "");
	ber_end(&in, "");
}

/* PA-DATA ::= SEQUENCE { padata-type [1] Int32, padata-value [2] OCTET STRING }; how many of them are PA-TGS-REQ. */
static unsigned padata(struct krb5_read *r, struct ber *b, uint8_t n, bool request)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(n), "padata");
	struct ber list = ber_enter(&in, BER_SEQUENCE, "");
	unsigned   tickets = 0;
	uint32_t   count = 0;

	wire_list(&list.w);
	while (krb5_element(&list, &count, r->count_max, R_KRB5_COUNT, "")) {
		struct ber s = ber_enter(&list, BER_SEQUENCE, "");
		int64_t    type = krb5_integer(&s, 1, INT32_MIN, INT32_MAX, "padata-type");

		if (request)
			padata_value(r, &s, type);
		else
			krb5_octets(&s, 2, "padata-value");
		ber_end(&s, "");
		tickets += type == PA_TGS_REQ;
	}
	ber_end(&in, "");
	return tickets;
}

/* etype SEQUENCE OF Int32, in the order the client prefers. */
static void etypes(struct krb5_read *r, struct ber *b)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(8), "etype");
	struct ber list = ber_enter(&in, BER_SEQUENCE, "");
	uint32_t   at = wire_offset(&list.w), count = 0;
	bool       weak = true;

	wire_list(&list.w);
	while (krb5_element(&list, &count, r->etypes_max, R_KRB5_ETYPES, ""))
		weak &= krb5_etype_is_weak(ber_integer(&list, BER_INTEGER, INT32_MIN, INT32_MAX, R_KRB5_VALUE, ""));
	if (!count)
		wire_fail_numbers(&list.w, at, R_KRB5_ETYPES, "", r->etypes_max, 0);
	krb5_fact_number(r, r->fact_weak, weak);
	ber_end(&in, "");
}

/* HostAddresses ::= SEQUENCE OF SEQUENCE { addr-type [0] Int32, address [1] OCTET STRING } */
static void addresses(struct krb5_read *r, struct ber *b)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(9), "addresses");
	struct ber list = ber_enter(&in, BER_SEQUENCE, "");
	uint32_t   count = 0;

	wire_list(&list.w);
	while (krb5_element(&list, &count, r->count_max, R_KRB5_COUNT, "")) {
		struct ber s = ber_enter(&list, BER_SEQUENCE, "");

		krb5_integer(&s, 0, INT32_MIN, INT32_MAX, "addr-type");
		krb5_octets(&s, 1, "address");
		ber_end(&s, "");
	}
	ber_end(&in, "");
}

/* additional-tickets [11] SEQUENCE OF Ticket */
static void tickets(struct krb5_read *r, struct ber *b)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(11), "additional-tickets");
	struct ber list = ber_enter(&in, BER_SEQUENCE, "");
	uint32_t   count = 0;

	wire_list(&list.w);
	while (krb5_element(&list, &count, r->count_max, R_KRB5_COUNT, ""))
		krb5_ticket(r, &list, KRB5_NO_FACT, KRB5_NO_FACT);
	ber_end(&in, "");
}

/* KDC-REQ-BODY */
static void body(struct krb5_read *r, struct ber *b)
{
	struct ber in = ber_enter(b, BER_CONTEXT_SET(4), "req-body");
	struct ber s = ber_enter(&in, BER_SEQUENCE, "");

	krb5_flags(&s, 0, "kdc-options");
	if (krb5_has(&s, 1))
		krb5_name(r, &s, 1, r->fact_client, "cname");
	krb5_realm(r, &s, 2, r->fact_realm, "realm");
	if (krb5_has(&s, 3))
		krb5_name(r, &s, 3, r->fact_service, "sname");
	if (krb5_has(&s, 4))
		krb5_time(&s, 4, "from");
	krb5_time(&s, 5, "till");
	if (krb5_has(&s, 6))
		krb5_time(&s, 6, "rtime");
	krb5_integer(&s, 7, INT32_MIN, UINT32_MAX, "nonce"); /* signed with old Windows */
	etypes(r, &s);
	if (krb5_has(&s, 9))
		addresses(r, &s);
	if (krb5_has(&s, 10))
		krb5_encrypted(&s, 10, "enc-authorization-data");
	if (krb5_has(&s, 11))
		tickets(r, &s);
	ber_end(&s, "");
	ber_end(&in, "");
}

/* KDC-REQ ::= SEQUENCE { pvno [1], msg-type [2], padata [3] OPTIONAL, req-body [4] } */
void krb5_kdc_request(struct krb5_read *r, struct ber *b, uint8_t kind)
{
	const char *field = kind == KRB5_AS_REQ ? "as-req" : "tgs-req";
	struct ber  app = ber_enter(b, BER_APPLICATION_SET(kind), field);
	struct ber  s = ber_enter(&app, BER_SEQUENCE, "");
	unsigned    held = 0;
	uint32_t    at;

	krb5_version(&s, 1, PVNO, "pvno");
	krb5_version(&s, 2, kind, "msg-type");
	at = wire_offset(&s.w);
	if (krb5_has(&s, 3))
		held = padata(r, &s, 3, true);
	if (kind == KRB5_TGS_REQ && held != 1 && !s.w.fault->why)
		wire_fail_numbers(&s.w, at, R_KRB5_NO_TICKET, "padata", 1, held);
	body(r, &s);
	ber_end(&s, "");
	ber_end(&app, "");
}

/* KDC-REP ::= SEQUENCE { pvno [0], msg-type [1], padata [2] OPTIONAL, crealm [3], cname [4], ticket [5], enc-part [6] } */
void krb5_kdc_reply(struct krb5_read *r, struct ber *b, uint8_t kind)
{
	const char *field = kind == KRB5_AS_REP ? "as-rep" : "tgs-rep";
	struct ber  app = ber_enter(b, BER_APPLICATION_SET(kind), field);
	struct ber  s = ber_enter(&app, BER_SEQUENCE, "");

	krb5_version(&s, 0, PVNO, "pvno");
	krb5_version(&s, 1, kind, "msg-type");
	if (krb5_has(&s, 2))
		padata(r, &s, 2, false);
	krb5_realm(r, &s, 3, KRB5_NO_FACT, "crealm");
	krb5_name(r, &s, 4, KRB5_NO_FACT, "cname");
	struct ber in = ber_enter(&s, BER_CONTEXT_SET(5), "");
	krb5_fact_number(r, r->fact_ticket_weak, krb5_etype_is_weak(krb5_ticket(r, &in, KRB5_NO_FACT, KRB5_NO_FACT)));
	ber_end(&in, "");
	krb5_encrypted(&s, 6, "enc-part");
	ber_end(&s, "");
	ber_end(&app, "");
}
