/* Guesses which protocol a captured flow speaks: by its server port, else by how its first bytes look. */
#include <stdlib.h>
#include <string.h>

#include "cmd/check.h"
#include "cmd/cmd.h"

enum { PORTS = 65536, PORTS_NAMED = 4 };

/* How one protocol is found. New protocols add a row; ports end at 0. */
struct looker {
	uint16_t proto;
	bool     udp;
	uint16_t port[PORTS_NAMED];
	uint16_t tls_port[PORTS_NAMED]; /* the same under TLS */
	/* The first bytes of a side are the start of one of its messages; NULL = cannot be told. */
	bool (*looks)(enum side from, const uint8_t *bytes, size_t n);
};

/* What stands behind SEQUENCE, a length of any form and INTEGER 0 to 2^31 - 1: the operation's tag; 0 = something else. */
static uint8_t ldap_operation(const uint8_t *bytes, size_t n)
{
	size_t at = 2, id;

	if (n < 6 || bytes[0] != 0x30)
		return 0;
	if (bytes[1] > 0x84)
		return 0;
	if (bytes[1] > 0x80)
		at += bytes[1] & 0x7fu;
	if (at + 2 > n || bytes[at] != 0x02)
		return 0;
	id = bytes[at + 1];
	at += 2 + id;
	return id >= 1 && id <= 4 && at < n ? bytes[at] : 0;
}

static bool looks_ldap(enum side from, const uint8_t *bytes, size_t n)
{
	static const uint8_t asks[] = {0x60, 0x42, 0x63, 0x66, 0x68, 0x4a, 0x6c, 0x6e, 0x50, 0x77};
	static const uint8_t answers[] = {0x61, 0x64, 0x65, 0x67, 0x69, 0x6b, 0x6d, 0x6f, 0x73, 0x78, 0x79};
	uint8_t              tag = ldap_operation(bytes, n);

	if (from == SIDE_CLIENT)
		return tag && memchr(asks, tag, sizeof(asks));
	return tag && memchr(answers, tag, sizeof(answers));
}

/* A session packet with an SMB message, or the request for a session. */
static bool looks_smb(enum side from, const uint8_t *bytes, size_t n)
{
	if (n >= 4 && bytes[0] == 0x81 && from == SIDE_CLIENT)
		return bytes[1] == 0 && bytes[2] == 0;
	return n >= 8 && bytes[0] == 0 && bytes[4] >= 0xfc && memcmp(bytes + 5, "SMB", 3) == 0;
}

/* A lawful beginning of a PDU over a connection: version 5, a type this side sends, a byte order. */
static bool looks_dcerpc(enum side from, const uint8_t *bytes, size_t n)
{
	static const uint8_t asks[] = {0, 11, 14, 16, 18, 19}, answers[] = {2, 3, 12, 13, 15, 17};

	if (n < 8 || bytes[0] != 5 || bytes[1] > 1 || (bytes[4] & 0xef) || bytes[5])
		return false;
	return from == SIDE_CLIENT ? memchr(asks, bytes[2], sizeof(asks)) != NULL : memchr(answers, bytes[2], sizeof(answers)) != NULL;
}

/* The header of a datagram, with reserved bits clear. */
static bool looks_dcerpc_cl(enum side from, const uint8_t *bytes, size_t n)
{
	if (n < 80 || bytes[0] != 4 || bytes[1] > 10 || bytes[2] & 0x80 || bytes[3] & 0xfd || (bytes[4] & 0xef) || bytes[5])
		return false;
	return from == SIDE_CLIENT ? bytes[1] == 0 || bytes[1] == 1 || bytes[1] == 7 || bytes[1] == 8 : bytes[1] >= 2 && bytes[1] != 7 && bytes[1] != 8;
}

static const struct looker lookers[] = {
	{PROTO_LDAP, false, {389, 3268}, {636, 3269}, looks_ldap},
	{PROTO_CLDAP, true, {389}, {0}, looks_ldap},
	{PROTO_SMB, false, {445, 139}, {0}, looks_smb},
	{PROTO_DCERPC, false, {135}, {0}, looks_dcerpc},
	{PROTO_DCERPC_CL, true, {135}, {0}, looks_dcerpc_cl},
};

enum { LOOKERS = sizeof(lookers) / sizeof(lookers[0]) };

bool guess_open(struct check *check)
{
	for (int udp = 0; udp < 2; udp++) {
		check->port_proto[udp] = calloc(PORTS, sizeof(uint16_t));
		if (!check->port_proto[udp])
			return false;
	}
	for (size_t i = 0; i < LOOKERS; i++) {
		const struct looker *l = &lookers[i];

		for (size_t k = 0; k < PORTS_NAMED; k++) {
			if (l->port[k])
				check->port_proto[l->udp][l->port[k]] = l->proto;
			if (l->tls_port[k])
				check->port_proto[l->udp][l->tls_port[k]] = PROTO_OPAQUE_TLS;
		}
	}
	return true;
}

void guess_close(struct check *check)
{
	for (int udp = 0; udp < 2; udp++)
		free(check->port_proto[udp]);
}

static enum side other(enum side side)
{
	return side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
}

/* Nobody knows the ports: the first bytes speak. Without a beginning, either side may be the client. */
static struct guess guess_by_bytes(bool udp, bool unsure, enum side from, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < LOOKERS; i++) {
		const struct looker *l = &lookers[i];

		if (l->udp != udp || !l->looks)
			continue;
		if (l->looks(from, bytes, n))
			return (struct guess){.proto = l->proto};
		if (unsure && l->looks(other(from), bytes, n))
			return (struct guess){.proto = l->proto, .swapped = true};
	}
	return (struct guess){.proto = PROTO_NONE};
}

struct guess guess_protocol(const struct check *check, const struct capture_key *key, bool midway, enum side from,
			    const uint8_t *bytes, size_t n)
{
	bool            udp = key->protocol == 17, unsure = udp || midway;
	const uint16_t *proto = check->port_proto[udp];
	struct guess    seen;

	if (check->forced[udp]) {
		seen = guess_by_bytes(udp, unsure, from, bytes, n);
		return (struct guess){.proto = check->forced[udp], .swapped = seen.proto == check->forced[udp] && seen.swapped};
	}
	if (proto[key->server_port])
		return (struct guess){.proto = proto[key->server_port]};
	if (unsure && proto[key->client_port])
		return (struct guess){.proto = proto[key->client_port], .swapped = true};
	return guess_by_bytes(udp, unsure, from, bytes, n);
}

bool guess_is_boundary(uint16_t proto, enum side from, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < LOOKERS; i++)
		if (lookers[i].proto == proto && lookers[i].looks)
			return lookers[i].looks(from, bytes, n);
	return true;
}

static const struct recogniser *named(const char *name, size_t n)
{
	const char *names[TALLIES_MAX];
	char        word[64];
	size_t      count = 0;

	snprintf(word, sizeof(word), "%.*s", (int)(n < sizeof(word) ? n : sizeof(word) - 1), name);
	for (; protocols[count] && count < TALLIES_MAX; count++)
		names[count] = protocols[count]->name;
	if (!protocol_by_name(word))
		complain_unknown("protocol", word, suggest(word, names, count, sizeof(names[0])), "protocols");
	return protocol_by_name(word);
}

/* A port number that fills the text; 0 after a complaint. */
static uint16_t port_number(const char *text, size_t n)
{
	unsigned long value = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9' || value > PORTS)
			value = PORTS;
		else
			value = value * 10 + (unsigned long)(text[i] - '0');
	}
	if (n && value > 0 && value < PORTS)
		return (uint16_t)value;
	complain("\"%.*s\" is not a port: a number from 1 to 65535", (int)n, text);
	return 0;
}

static bool set_port(struct check *check, const struct recogniser *r, uint16_t port)
{
	if (!r || !port)
		return false;
	check->port_proto[r->datagram][port] = r->id;
	return true;
}

bool guess_set_port(struct check *check, const char *text)
{
	size_t n = strcspn(text, "=");

	if (!text[n]) {
		complain("--port wants PORT=NAME, for example --port 10389=ldap");
		return false;
	}
	return set_port(check, named(text + n + 1, strlen(text + n + 1)), port_number(text, n));
}

bool guess_set_protocol(struct check *check, const char *text)
{
	size_t                   n = strcspn(text, ":");
	const struct recogniser *r = named(text, n);

	if (!r)
		return false;
	if (text[n])
		return set_port(check, r, port_number(text + n + 1, strlen(text + n + 1)));
	check->forced[r->datagram] = r->id;
	return true;
}
