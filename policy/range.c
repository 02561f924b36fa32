/* Addresses as ranges: prefixes read, sets merged, one set held against another. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ast_int.h"

static size_t width(const struct range *r)
{
	return r->family == 4 ? 4 : 16;
}

/* A v4 address written in a v6 one is that v4 address. */
static void unmap(struct range *r, unsigned *bits)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (r->family != 6 || *bits < 96 || memcmp(r->lo, mapped, 12) != 0)
		return;
	r->family = 4;
	memmove(r->lo, &r->lo[12], 4);
	memset(&r->lo[4], 0, 12);
	*bits -= 96;
}

static bool prefix_length(const char *text, unsigned most, unsigned *out)
{
	*out = 0;
	if (!*text || strlen(text) > 3)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		*out = *out * 10 + (unsigned)(*text - '0');
	}
	return *out <= most;
}

/* The last address of the prefix; false when the first has bits beyond the mask. */
static bool close_range(struct range *r, unsigned bits)
{
	bool clean = true;

	memcpy(r->hi, r->lo, sizeof(r->hi));
	for (size_t i = 0; i < width(r); i++) {
		unsigned kept = bits > i * 8 ? bits - (unsigned)i * 8 : 0;
		uint8_t  below = kept >= 8 ? 0 : (uint8_t)(0xff >> kept);

		clean = clean && !(r->lo[i] & below);
		r->hi[i] |= below;
		r->lo[i] &= (uint8_t)~below;
	}
	return clean;
}

bool range_parse(const char *text, struct range *out, const char **why)
{
	char        address[INET6_ADDRSTRLEN];
	size_t      n = strcspn(text, "/");
	const char *slash = text[n] ? text + n + 1 : NULL;
	unsigned    bits;

	*why = "this is not an address";
	memset(out, 0, sizeof(*out));
	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(AF_INET, address, out->lo) == 1)
		out->family = 4;
	else if (inet_pton(AF_INET6, address, out->lo) == 1)
		out->family = 6;
	else
		return false;
	bits = out->family == 4 ? 32 : 128;
	*why = out->family == 4 ? "a prefix of IPv4 has 0 to 32 bits" : "a prefix of IPv6 has 0 to 128 bits";
	if (slash && !prefix_length(slash, bits, &bits))
		return false;
	unmap(out, &bits);
	*why = "this address has bits set beyond its prefix";
	return close_range(out, bits);
}

static int by_start(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->lo, b->lo, sizeof(a->lo));
}

/* The address behind this one; false behind the last of the family. */
static bool successor(const struct range *r, uint8_t *out)
{
	memcpy(out, r->hi, 16);
	for (size_t i = width(r); i-- > 0;)
		if (++out[i])
			return true;
	return false;
}

static bool touches(const struct range *a, const struct range *b)
{
	uint8_t after[16];

	return a->family == b->family && (!successor(a, after) || memcmp(b->lo, after, 16) <= 0);
}

struct address_set set_make(struct policy_build *b, struct vec *ranges, struct span at)
{
	struct address_set set = {.range = ranges->items};

	if (ranges->count > POLICY_PREFIXES_MAX) {
		build_error(b, at, "more than %u prefixes together", (unsigned)POLICY_PREFIXES_MAX);
		return set;
	}
	if (ranges->count)
		qsort(ranges->items, ranges->count, sizeof(struct range), by_start);
	for (uint32_t i = 0; i < ranges->count; i++) {
		struct range *last = set.count ? &set.range[set.count - 1] : NULL;

		if (!last || !touches(last, &set.range[i]))
			set.range[set.count++] = set.range[i];
		else if (memcmp(last->hi, set.range[i].hi, 16) < 0)
			memcpy(last->hi, set.range[i].hi, 16);
	}
	return set;
}

static bool holds(const struct range *wide, const struct range *r)
{
	return wide->family == r->family && memcmp(wide->lo, r->lo, 16) <= 0 && memcmp(r->hi, wide->hi, 16) <= 0;
}

/* Both ascend, so one walk does. */
bool set_covers(const struct address_set *wide, const struct address_set *narrow)
{
	if (wide->any || narrow->any)
		return wide->any;
	if (wide->range == narrow->range && wide->count == narrow->count)
		return true;
	for (uint32_t i = 0, k = 0; i < narrow->count; i++) {
		const struct range *r = &narrow->range[i];

		while (k < wide->count && (by_start(&wide->range[k], r) < 0) && !holds(&wide->range[k], r))
			k++;
		if (k == wide->count || !holds(&wide->range[k], r))
			return false;
	}
	return true;
}
