/* What may be written to, and read from, the attributes of user objects that Windows reads at logon. */
/*
 * Spec: MS-ADA1-3 and MS-ADSC (ranges of attributes), MS-SAMR 2.2.6 and 3.1.1.6; the consumer's MAX_PATH.
 * Input from: the client (add, modify) and the server (search entries).
 * Limits: ldap.user.*, characters counted as UTF-16 units, which is how Windows counts.
 * Not done: what lies in userParameters (Terminal Services settings), a long binary blob by design.
 */
#include "proto/ldap/ldap_int.h"

enum kind { KIND_CHARACTERS = 0, KIND_DRIVE, KIND_WORKSTATIONS, KIND_BYTES };

struct ldap_user_rule {
	const char *name, *oid;
	uint8_t     name_len, oid_len;
	uint8_t     kind;
	uint8_t     limit;
	uint16_t    why;
	bool        read; /* holds for answers too */
};

#define TYPE(name, oid)   name, oid, sizeof(name) - 1, sizeof(oid) - 1
#define PATH(name, oid)   {TYPE(name, oid), KIND_CHARACTERS, LIMIT_USER_PATH, R_LDAP_USER_PATH, true}
#define NAME(name, oid)   {TYPE(name, oid), KIND_CHARACTERS, LIMIT_USER_NAME, R_LDAP_USER_NAME, false}
#define STRING(name, oid) {TYPE(name, oid), KIND_BYTES, LIMIT_USER_STRING, R_LDAP_USER_STRING, false}

/* Those that hold for answers stand first. */
static const struct ldap_user_rule rules[] = {
	PATH("scriptPath", "1.2.840.113556.1.4.62"),
	PATH("homeDirectory", "1.2.840.113556.1.4.44"),
	PATH("profilePath", "1.2.840.113556.1.4.139"),
	PATH("msTSProfilePath", "1.2.840.113556.1.4.1976"),
	PATH("msTSHomeDirectory", "1.2.840.113556.1.4.1977"),
	PATH("msTSInitialProgram", "1.2.840.113556.1.4.1990"),
	PATH("msTSWorkDirectory", "1.2.840.113556.1.4.1989"),
	{TYPE("homeDrive", "1.2.840.113556.1.4.45"), KIND_DRIVE, LIMIT_USER_PATH, R_LDAP_USER_DRIVE, false},
	{TYPE("msTSHomeDrive", "1.2.840.113556.1.4.1978"), KIND_DRIVE, LIMIT_USER_PATH, R_LDAP_USER_DRIVE, false},
	{TYPE("userWorkstations", "1.2.840.113556.1.4.86"), KIND_WORKSTATIONS, LIMIT_USER_WORKSTATIONS, R_LDAP_USER_WORKSTATIONS, false},
	{TYPE("sAMAccountName", "1.2.840.113556.1.4.221"), KIND_CHARACTERS, LIMIT_USER_SAM, R_LDAP_USER_SAM, false},
	{TYPE("thumbnailPhoto", "2.16.840.1.113730.3.1.35"), KIND_BYTES, LIMIT_USER_PHOTO, R_LDAP_USER_PHOTO, false},
	NAME("displayName", "1.2.840.113556.1.2.13"),
	NAME("description", "2.5.4.13"),
	NAME("userPrincipalName", "1.2.840.113556.1.4.656"),
	STRING("cn", "2.5.4.3"),
	STRING("sn", "2.5.4.4"),
	STRING("givenName", "2.5.4.42"),
	STRING("initials", "2.5.4.43"),
	STRING("title", "2.5.4.12"),
	STRING("department", "1.2.840.113556.1.2.141"),
	STRING("company", "1.2.840.113556.1.2.146"),
	STRING("mail", "0.9.2342.19200300.100.1.3"),
	STRING("comment", "1.2.840.113556.1.4.156"),
	STRING("info", "1.2.840.113556.1.2.81"),
	STRING("l", "2.5.4.7"),
	STRING("st", "2.5.4.8"),
	STRING("street", "2.5.4.9"),
	STRING("streetAddress", "1.2.840.113556.1.2.256"),
	STRING("postalCode", "2.5.4.17"),
	STRING("telephoneNumber", "2.5.4.20"),
	STRING("homePhone", "0.9.2342.19200300.100.1.20"),
	STRING("mobile", "0.9.2342.19200300.100.1.41"),
	STRING("pager", "0.9.2342.19200300.100.1.42"),
	STRING("physicalDeliveryOfficeName", "2.5.4.19"),
	STRING("wWWHomePage", "1.2.840.113556.1.2.464"),
	STRING("servicePrincipalName", "1.2.840.113556.1.4.771"),
};

const struct ldap_user_rule *ldap_user_rule(struct ber_span description, bool read)
{
	struct ber_span type = ldap_type(description);

	for (size_t i = 0; type.n && i < sizeof(rules) / sizeof(rules[0]) && (!read || rules[i].read); i++)
		if ((rules[i].name_len == type.n && ber_span_is_nocase(type, rules[i].name)) ||
		    (rules[i].oid_len == type.n && ber_span_is(type, rules[i].oid)))
			return &rules[i];
	return NULL;
}

/* A letter and a colon. */
static void drive(struct ber *b, struct ber_span v)
{
	uint8_t letter = span_at(v, 0) | 0x20;

	if (v.n != 2 || letter < 'a' || letter > 'z' || span_at(v, 1) != ':')
		wire_fail_numbers(&b->w, v.at, R_LDAP_USER_DRIVE, "", 2, v.n);
}

/* Names separated by commas. */
static void workstations(const struct ldap_read *r, struct ber *b, struct ber_span v)
{
	uint32_t start = 0, max = ldap_limit(r, LIMIT_USER_WORKSTATION);

	for (uint32_t i = 0; i < v.n; i++) {
		struct ber_span name = span_from(v, start, i - start + 1);

		if (span_at(v, i) == ',') {
			start = i + 1;
		} else if (ldap_characters(name) > max) {
			wire_fail_numbers(&b->w, name.at, R_LDAP_USER_WORKSTATION, "", max, ldap_characters(name));
			return;
		}
	}
}

struct ber_span ldap_user_value(struct ldap_read *r, struct ber *vals, const struct ldap_user_rule *rule)
{
	struct ber_span v = ldap_octets(r, vals, BER_OCTETS, LIMIT_WRITE_VALUE, R_LDAP_WRITE_VALUE, "");
	uint32_t        max = ldap_limit(r, rule->limit), n;

	if (!v.p)
		return v;
	if (rule->kind != KIND_BYTES && !ldap_text_check(vals, v, ""))
		return v;
	n = rule->kind == KIND_BYTES ? v.n : ldap_characters(v);
	if (rule->kind == KIND_DRIVE)
		drive(vals, v);
	else if (n > max)
		wire_fail_numbers(&vals->w, v.at, rule->why, "", max, n);
	if (rule->kind == KIND_WORKSTATIONS)
		workstations(r, vals, v);
	return v;
}
