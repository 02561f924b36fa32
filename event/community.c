/* The community id: one short name of a flow that Zeek, Suricata and Wireshark compute alike (version 1, seed 0). */
#include <openssl/evp.h>
#include <string.h>

#include "event/text.h"

enum { SHA1_BYTES = 20, TUPLE_MAX = 2 + 16 + 16 + 2 + 4 };

static size_t ip_len(const struct address *a)
{
	return a->family == 6 ? 16 : 4;
}

/* The smaller end stands first, so that both directions have one id. */
static bool in_order(const struct address *a, const struct address *b)
{
	int order = memcmp(a->ip, b->ip, ip_len(a));

	return order < 0 || (order == 0 && a->port <= b->port);
}

static size_t put_port(uint8_t *tuple, size_t at, uint16_t port)
{
	tuple[at] = (uint8_t)(port >> 8);
	tuple[at + 1] = (uint8_t)port;
	return at + 2;
}

/* Looked up once: each look-up by name costs more than the digest. */
static const EVP_MD *sha1(void)
{
	static EVP_MD *found;

	if (!found)
		found = EVP_MD_fetch(NULL, "SHA1", NULL);
	return found;
}

bool community_id(uint8_t protocol, const struct address *a, const struct address *b, char *out)
{
	uint8_t       tuple[TUPLE_MAX] = {0}, digest[EVP_MAX_MD_SIZE];
	unsigned char text[32];
	unsigned      n = 0;
	size_t        at = 2, ip = ip_len(a);

	if (!in_order(a, b)) {
		const struct address *swap = a;

		a = b;
		b = swap;
	}
	memcpy(tuple + at, a->ip, ip); /* UNSAFE: 2 + 16 + 16 fit */
	memcpy(tuple + at + ip, b->ip, ip);
	at += 2 * ip;
	tuple[at] = protocol;
	at = put_port(tuple, at + 2, a->port);
	at = put_port(tuple, at, b->port);
	if (!sha1() || EVP_Digest(tuple, at, digest, &n, sha1(), NULL) != 1 || n != SHA1_BYTES)
		return false;
	EVP_EncodeBlock(text, digest, SHA1_BYTES);
	memcpy(out, "1:", 2);
	memcpy(out + 2, text, 29); /* 28 characters and the terminator */
	return true;
}
