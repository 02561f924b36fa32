/* Proves a blob before anybody believes it. Input from: the compiler process, which may have been taken over. */
#include <string.h>

#include "base/wire.h"
#include "policy/verify_int.h"

bool bad(struct proof *proof, const char *why)
{
	if (!*proof->error)
		*proof->error = why;
	return false;
}

bool run_fits(const struct policy *p, enum section section, uint64_t first, uint64_t count)
{
	return count <= p->count[section] && first <= p->count[section] - count;
}

/* A run of S_STRINGS, short enough that comparing many costs little. */
bool text_fits(const struct policy *p, const uint8_t *ref)
{
	return get32(ref + 4) <= POLICY_COMPARE_MAX && run_fits(p, S_STRINGS, get32(ref), get32(ref + 4));
}

/* The header, by the cursor: sizes and offsets are what the canonical layout makes them, so nothing hides between sections. */
static bool header(struct proof *proof, const uint8_t *bytes, size_t n)
{
	struct policy *p = proof->policy;
	struct fault   fault = {0};
	struct wire    w = wire_over(bytes, n, &fault, 1);
	const uint8_t *magic = wire_take(&w, 8, "magic");
	uint64_t       size = BLOB_HEADER;

	if (!magic || memcmp(magic, BLOB_MAGIC, 8) != 0)
		return bad(proof, "this is not a compiled policy");
	wire_want_le32(&w, BLOB_VERSION, 2, "version");
	wire_want_le32(&w, (uint32_t)n, 2, "size");
	p->revision = wire_le64(&w, "hash");
	for (unsigned i = 0; i < POLICY_SECTIONS; i++) {
		size = (size + BLOB_ALIGN - 1) / BLOB_ALIGN * BLOB_ALIGN;
		p->at[i] = wire_le32(&w, "offset");
		p->count[i] = wire_le32(&w, "count");
		if (p->at[i] != size && !fault.why)
			wire_fail(&w, 0, 2, "offset");
		size += (uint64_t)p->count[i] * blob_entry_size[i];
	}
	if (fault.why || size != n)
		return bad(proof, "the compiled policy is cut short, or made by another version");
	if (blob_hash(bytes, n) != p->revision)
		return bad(proof, "the compiled policy is damaged");
	return true;
}

static bool padding(struct proof *proof)
{
	const struct policy *p = proof->policy;

	for (unsigned i = 1; i < POLICY_SECTIONS; i++)
		for (size_t k = p->at[i - 1] + (size_t)p->count[i - 1] * blob_entry_size[i - 1]; k < p->at[i]; k++)
			if (p->bytes[k])
				return bad(proof, "bytes stand between the sections of the compiled policy");
	return true;
}

static bool registry(struct proof *proof)
{
	const struct policy *p = proof->policy;

	if (p->count[S_REGISTRY] > 64)
		return bad(proof, "the compiled policy names more protocols than there can be");
	for (uint32_t i = 0; i < p->count[S_REGISTRY]; i++) {
		const uint8_t           *e = blob_at(p, S_REGISTRY, i);
		const struct recogniser *r = p->registry ? p->registry[i] : NULL;

		if (!text_fits(p, e + REG_NAME) || get16(e + 6))
			return bad(proof, "a protocol's entry in the compiled policy is damaged");
		if (p->registry && (!r || r->id != get16(e + REG_ID) || recogniser_print(r) != get64(e + REG_PRINT) ||
				    r->limits != e[REG_LIMITS] || r->facts != e[REG_FACTS] || r->tolerances != e[REG_TOLERANCES] ||
				    r->datagram != e[REG_DATAGRAM]))
			return bad(proof, "the policy was compiled for other protocols than this build has");
	}
	if (p->registry && p->registry[p->count[S_REGISTRY]])
		return bad(proof, "the policy was compiled for other protocols than this build has");
	return true;
}

/* Ranges ascend and are apart, so that a search may halve them. */
static bool set_sorted(const struct policy *p, const uint8_t *set)
{
	uint32_t first4 = get32(set + SET_V4), n4 = get32(set + SET_V4_COUNT), first6 = get32(set + SET_V6), n6 = get32(set + SET_V6_COUNT);

	for (uint32_t i = 0; i < n4; i++) {
		const uint8_t *r = blob_at(p, S_V4, first4 + i);

		if (get32(r) > get32(r + 4) || (i && get32(blob_at(p, S_V4, first4 + i - 1) + 4) >= get32(r)))
			return false;
	}
	for (uint32_t i = 0; i < n6; i++) {
		const uint8_t *r = blob_at(p, S_V6, first6 + i);

		if (memcmp(r, r + 16, 16) > 0 || (i && memcmp(blob_at(p, S_V6, first6 + i - 1) + 16, r, 16) >= 0))
			return false;
	}
	return true;
}

static bool sets(struct proof *proof)
{
	const struct policy *p = proof->policy;
	uint64_t             ranges = 0;

	for (uint32_t i = 0; i < p->count[S_SETS]; i++) {
		const uint8_t *s = blob_at(p, S_SETS, i);

		if (!run_fits(p, S_V4, get32(s + SET_V4), get32(s + SET_V4_COUNT)) ||
		    !run_fits(p, S_V6, get32(s + SET_V6), get32(s + SET_V6_COUNT)))
			return bad(proof, "a set of addresses in the compiled policy is damaged");
		/* Sets do not share ranges, which bounds the work of this proof. */
		ranges += (uint64_t)get32(s + SET_V4_COUNT) + get32(s + SET_V6_COUNT);
		if (ranges > (uint64_t)p->count[S_V4] + p->count[S_V6] || !set_sorted(p, s))
			return bad(proof, "a set of addresses in the compiled policy is damaged");
	}
	return true;
}

static bool family(uint8_t f)
{
	return f == 4 || f == 6;
}

static bool hosts(struct proof *proof)
{
	const struct policy *p = proof->policy;

	for (uint32_t i = 0; i < p->count[S_ADDRESSES]; i++)
		if (!family(blob_at(p, S_ADDRESSES, i)[ADDR_FAMILY]))
			return bad(proof, "an address in the compiled policy is damaged");
	for (uint32_t i = 0; i < p->count[S_TEXTS]; i++)
		if (!text_fits(p, blob_at(p, S_TEXTS, i)))
			return bad(proof, "a text in the compiled policy is damaged");
	for (uint32_t i = 0; i < p->count[S_HOSTS]; i++) {
		const uint8_t *h = blob_at(p, S_HOSTS, i);

		if (!text_fits(p, h + HOST_NAME) || !text_fits(p, h + HOST_OS) || get32(h + HOST_ADDR_COUNT) > POLICY_HOST_MAX ||
		    get32(h + HOST_NAMES_COUNT) > POLICY_HOST_MAX ||
		    !run_fits(p, S_ADDRESSES, get32(h + HOST_ADDR), get32(h + HOST_ADDR_COUNT)) ||
		    !run_fits(p, S_TEXTS, get32(h + HOST_NAMES), get32(h + HOST_NAMES_COUNT)))
			return bad(proof, "a host in the compiled policy is damaged");
	}
	for (uint32_t i = 0; i < p->count[S_SERVICE_HOSTS]; i++)
		if (get32(blob_at(p, S_SERVICE_HOSTS, i)) >= p->count[S_HOSTS])
			return bad(proof, "a service in the compiled policy leads nowhere");
	return true;
}

static bool same_text(const struct policy *p, const uint8_t *a, const uint8_t *b)
{
	struct policy_text x = blob_text(p, a), y = blob_text(p, b);

	return x.len == y.len && memcmp(x.text, y.text, x.len) == 0;
}

static bool service(struct proof *proof, const uint8_t *s)
{
	const struct policy *p = proof->policy;
	uint32_t             first = get32(s + SVC_PROGRAMS), count = get32(s + SVC_PROGRAM_COUNT);

	if (!text_fits(p, s + SVC_NAME) || !text_fits(p, s + SVC_POLICY) || get32(s + SVC_TO_PORT) > 65535 || get32(s + 36) || count > 64 ||
	    !get32(s + SVC_HOST_COUNT) || get32(s + SVC_HOST_COUNT) > POLICY_LIST_MAX || !run_fits(p, S_SERVICE_HOSTS, get32(s + SVC_HOSTS), get32(s + SVC_HOST_COUNT)) ||
	    !run_fits(p, S_PROGRAMS, first, count))
		return bad(proof, "a service in the compiled policy is damaged");
	for (uint32_t i = 0; i < count; i++)
		if (!same_text(p, blob_at(p, S_PROGRAMS, first + i) + PRG_POLICY, s + SVC_POLICY))
			return bad(proof, "a service in the compiled policy runs another policy than it names");
	return true;
}

static bool listener(struct proof *proof, const uint8_t *l)
{
	const struct policy *p = proof->policy;
	uint32_t             svc = get32(l + LST_SERVICE), prg = get32(l + LST_PROGRAM), first;
	const uint8_t       *s, *reg;

	if (svc >= p->count[S_SERVICES] || !family(l[LST_FAMILY]) || l[LST_TRANSPORT] > POLICY_UDP || !get16(l + LST_PORT) || get16(l + 14))
		return bad(proof, "a listener in the compiled policy is damaged");
	s = blob_at(p, S_SERVICES, svc);
	first = get32(s + SVC_PROGRAMS);
	if (prg < first || prg - first >= get32(s + SVC_PROGRAM_COUNT))
		return bad(proof, "a listener in the compiled policy runs a policy that is not its service's");
	reg = blob_at(p, S_REGISTRY, get32(blob_at(p, S_PROGRAMS, prg) + PRG_REGISTRY));
	if (get16(reg + REG_ID) != get16(l + LST_PROTO) || reg[REG_DATAGRAM] != (l[LST_TRANSPORT] == POLICY_UDP))
		return bad(proof, "a listener in the compiled policy speaks another protocol than its policy judges");
	return true;
}

static bool services(struct proof *proof)
{
	const struct policy *p = proof->policy;

	if (p->count[S_SERVICES] > POLICY_SERVICES_MAX || p->count[S_PROGRAMS] > 64 * POLICY_SERVICES_MAX)
		return bad(proof, "the compiled policy has more services than there can be");
	for (uint32_t i = 0; i < p->count[S_SERVICES]; i++)
		if (!service(proof, blob_at(p, S_SERVICES, i)))
			return false;
	for (uint32_t i = 0; i < p->count[S_LISTENERS]; i++)
		if (!listener(proof, blob_at(p, S_LISTENERS, i)))
			return false;
	return true;
}

bool policy_open(struct policy *policy, const void *bytes, size_t n, const struct recogniser *const *r, const char **error)
{
	struct proof proof = {.policy = policy, .error = error};

	*error = NULL;
	*policy = (struct policy){.bytes = bytes, .size = n, .registry = r};
	if (n < BLOB_HEADER || n > POLICY_SIZE_MAX || (uintptr_t)bytes % BLOB_ALIGN)
		bad(&proof, "this is not a compiled policy");
	else if (header(&proof, bytes, n) && padding(&proof) && registry(&proof) && sets(&proof) && hosts(&proof) && programs(&proof) &&
		 services(&proof))
		return true;
	*policy = (struct policy){0};
	return false;
}
