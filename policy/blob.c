/* Reads an opened blob: listeners, services and hosts; and what two ends of a blob must agree on. */
#include <string.h>

#include "policy/blob_int.h"

const uint8_t blob_entry_size[POLICY_SECTIONS] = {
	[S_STRINGS] = 1,   [S_NUMBERS] = 8,	[S_LIMITS] = 8,	   [S_REGISTRY] = 24,  [S_SETS] = 16,	   [S_V4] = 8,	     [S_V6] = 32,
	[S_ADDRESSES] = 20, [S_TEXTS] = 8,	[S_HOSTS] = 32,	   [S_SERVICE_HOSTS] = 4, [S_SERVICES] = 96, [S_LISTENERS] = 32, [S_PROGRAMS] = 48,
	[S_RULES] = 40,	   [S_CODE] = 16,	[S_TOLERATED] = 12, [S_WATCHED] = 12,   [S_SOURCES] = 4,
};

/* A fixed key: the hash tells revisions apart and notices accidents; it keeps nobody out. */
static const struct hash_key blob_key = {0x53616c6c79706f72u, 0x7420706f6c696379u};

uint64_t blob_hash(const uint8_t *bytes, size_t n)
{
	/* UNSAFE: callers have seen that n is at least a header. */
	return hash_bytes(&blob_key, bytes + BLOB_HASHED_FROM, n - BLOB_HASHED_FROM);
}

static uint64_t mix(uint64_t sum, const char *text)
{
	return hash_pair(&blob_key, sum, hash_bytes(&blob_key, text, strlen(text)));
}

uint64_t recogniser_print(const struct recogniser *r)
{
	uint64_t sum = hash_pair(&blob_key, r->id, (uint64_t)r->limits << 24 | r->facts << 16 | r->tolerances << 8 | r->datagram);

	for (unsigned i = 0; i < r->limits; i++) {
		sum = mix(sum, r->limit[i].name);
		sum = hash_pair(&blob_key, sum, hash_pair(&blob_key, r->limit[i].least, r->limit[i].most));
	}
	for (unsigned i = 0; i < r->facts; i++) {
		sum = mix(hash_pair(&blob_key, sum, (uint64_t)r->fact[i].scope << 8 | r->fact[i].text), r->fact[i].name);
		for (unsigned k = 0; r->fact[i].words && r->fact[i].words[k]; k++)
			sum = mix(sum, r->fact[i].words[k]);
	}
	for (unsigned i = 0; i < r->tolerances; i++)
		sum = mix(sum, r->tolerance[i].name);
	return sum;
}

uint32_t policy_listeners(const struct policy *policy)
{
	return policy->count[S_LISTENERS];
}

struct policy_listener policy_listener_at(const struct policy *policy, uint32_t i)
{
	struct policy_listener out = {.service = UINT32_MAX};
	const uint8_t         *p;

	if (i >= policy->count[S_LISTENERS])
		return out;
	p = blob_at(policy, S_LISTENERS, i);
	out.service = get32(p + LST_SERVICE);
	out.at.family = p[LST_FAMILY];
	out.at.port = get16(p + LST_PORT);
	memcpy(out.at.ip, p + LST_IP, 16);
	out.transport = p[LST_TRANSPORT] == POLICY_UDP ? POLICY_UDP : POLICY_TCP;
	out.proto = get16(p + LST_PROTO);
	return out;
}

uint32_t policy_services(const struct policy *policy)
{
	return policy->count[S_SERVICES];
}

struct policy_service policy_service_at(const struct policy *policy, uint32_t i)
{
	struct policy_service out = {.name = {"", 0}, .policy = {"", 0}};
	const uint8_t        *p;

	if (i >= policy->count[S_SERVICES])
		return out;
	p = blob_at(policy, S_SERVICES, i);
	out.name = blob_text(policy, p + SVC_NAME);
	out.policy = blob_text(policy, p + SVC_POLICY);
	out.first_host = get32(p + SVC_HOSTS);
	out.hosts = get32(p + SVC_HOST_COUNT);
	out.to_port = (uint16_t)get32(p + SVC_TO_PORT);
	for (unsigned k = 0; k < POLICY_SETTINGS; k++)
		out.setting[k] = get64(p + SVC_SETTINGS + 8 * k);
	return out;
}

uint32_t policy_service_by_name(const struct policy *policy, const char *name)
{
	size_t n = strlen(name);

	for (uint32_t i = 0; i < policy->count[S_SERVICES]; i++) {
		struct policy_text text = blob_text(policy, blob_at(policy, S_SERVICES, i) + SVC_NAME);

		if (text.len == n && memcmp(text.text, name, n) == 0)
			return i;
	}
	return UINT32_MAX;
}

struct policy_host policy_service_host(const struct policy *policy, const struct policy_service *service, uint32_t k)
{
	struct policy_host out = {.name = {"", 0}, .os = {"", 0}};
	const uint8_t     *p;

	if (k >= service->hosts)
		return out;
	p = blob_at(policy, S_HOSTS, get32(blob_at(policy, S_SERVICE_HOSTS, service->first_host + k)));
	out.name = blob_text(policy, p + HOST_NAME);
	out.os = blob_text(policy, p + HOST_OS);
	out.first_address = get32(p + HOST_ADDR);
	out.addresses = get32(p + HOST_ADDR_COUNT);
	out.first_name = get32(p + HOST_NAMES);
	out.names = get32(p + HOST_NAMES_COUNT);
	return out;
}

struct address policy_host_address(const struct policy *policy, const struct policy_host *host, uint32_t k)
{
	struct address out = {0};

	if (k < host->addresses) {
		const uint8_t *p = blob_at(policy, S_ADDRESSES, host->first_address + k);

		out.family = p[ADDR_FAMILY];
		memcpy(out.ip, p + ADDR_IP, 16);
	}
	return out;
}

struct policy_text policy_host_name(const struct policy *policy, const struct policy_host *host, uint32_t k)
{
	return k < host->names ? blob_text(policy, blob_at(policy, S_TEXTS, host->first_name + k)) : (struct policy_text){"", 0};
}
