/* Counts the flows of each source, so that one source cannot take all there are. */
#include <stdlib.h>
#include <string.h>

#include "gate/worker_int.h"

enum { BUCKETS = 4096 };

/* A source, a transport and a service. IPv6 sources are counted by /64: a host has as many addresses in it as it likes. */
struct source {
	struct source *next;
	uint8_t        key[16];
	uint32_t       service, flows;
};

struct sources {
	struct hash_key key;
	struct source  *bucket[BUCKETS];
};

struct sources *sources_open(const struct hash_key *key)
{
	struct sources *s = calloc(1, sizeof(*s));

	if (s)
		s->key = *key;
	return s;
}

void sources_close(struct sources **sources)
{
	for (unsigned i = 0; *sources && i < BUCKETS; i++)
		for (struct source *s = (*sources)->bucket[i], *next; s; s = next) {
			next = s->next;
			free(s);
		}
	free(*sources);
	*sources = NULL;
}

/* By transport: who forges datagrams must not use up the connections of those he names. */
static void key_of(const struct address *source, enum policy_transport transport, uint8_t key[16])
{
	memset(key, 0, 16);
	memcpy(key, source->ip, source->family == 4 ? 4 : 8);
	key[14] = (uint8_t)transport;
	key[15] = source->family;
}

static struct source **place(struct sources *sources, const uint8_t key[16], uint32_t service)
{
	uint64_t        hash = hash_pair(&sources->key, hash_bytes(&sources->key, key, 16), service);
	struct source **link = &sources->bucket[hash % BUCKETS];

	while (*link && ((*link)->service != service || memcmp((*link)->key, key, 16) != 0))
		link = &(*link)->next;
	return link;
}

bool sources_add(struct sources *sources, const struct address *source, enum policy_transport transport, uint32_t service, uint64_t most)
{
	uint8_t         key[16];
	struct source **link;

	key_of(source, transport, key);
	link = place(sources, key, service);
	if (!*link) {
		*link = calloc(1, sizeof(**link));
		if (!*link)
			return false;
		memcpy((*link)->key, key, 16);
		(*link)->service = service;
	}
	if ((*link)->flows >= most)
		return false;
	(*link)->flows++;
	return true;
}

void sources_remove(struct sources *sources, const struct address *source, enum policy_transport transport, uint32_t service)
{
	uint8_t         key[16];
	struct source **link, *gone;

	key_of(source, transport, key);
	link = place(sources, key, service);
	gone = *link;
	if (!gone || --gone->flows)
		return;
	*link = gone->next;
	free(gone);
}
