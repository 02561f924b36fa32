/* The tables of reasons and flaws, and the sentence a person reads. */
#include "proto/reasons.h"

#include <stdio.h>
#include <string.h>

#include "base/wire.h"

static const struct reason rows[] = {
#define R(num, name, id, proto, class, needs, shown, clause, sentence, flaws) \
	{num, id, proto, class, needs, shown, clause, sentence, flaws},
#include "proto/reasons.def"
#undef R
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* A number used twice does not compile. */
__attribute__((unused)) static void numbers_are_unique(int n)
{
	switch (n) {
#define R(num, name, id, proto, class, needs, shown, clause, sentence, flaws) case num:
#include "proto/reasons.def"
#undef R
	default:
		break;
	}
}

static const struct reason unknown_row = {0, "none", "any", CLASS_STATE, 0, SHOWN_SCENARIO, "", "no reason", ""};

const struct reason *reason_of(uint16_t number)
{
	size_t low = 0, high = ROWS;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (rows[mid].number == number)
			return &rows[mid];
		if (rows[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return &unknown_row;
}

const struct reason *reason_by_id(const char *id)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].id, id) == 0)
			return &rows[i];
	return NULL;
}

const struct reason *reasons_all(size_t *count)
{
	*count = ROWS;
	return rows;
}

bool reason_is_of(const struct reason *reason, const char *protocol, const char *reads)
{
	size_t n = strlen(reason->protocol);

	if (strcmp(reason->protocol, protocol) == 0)
		return true;
	for (const char *p = reads; p && *p; p += strcspn(p, " "), p += *p == ' ')
		if (strcspn(p, " ") == n && strncmp(p, reason->protocol, n) == 0)
			return true;
	return false;
}

const char *reason_class_name(uint8_t class)
{
	static const char *const names[] = {"unsafe", "document", "limit", "state", "policy", "opaque", "unsupported"};

	return class < sizeof(names) / sizeof(names[0]) ? names[class] : "unknown";
}

const char *reason_needs_name(uint8_t needs)
{
	static const char *const names[] = {"frame", "operation", "arguments"};

	return needs < sizeof(names) / sizeof(names[0]) ? names[needs] : "unknown";
}

/* Copy text and numbers into a bounded buffer, counting what fits. */
struct filler {
	char  *out;
	size_t size, used;
};

static void fill(struct filler *f, const char *text, size_t n)
{
	for (size_t i = 0; i < n && f->used + 1 < f->size; i++)
		f->out[f->used++] = text[i];
}

static void fill_number(struct filler *f, uint64_t v)
{
	char digits[24];
	int  n = snprintf(digits, sizeof(digits), "%lld", (long long)v);

	fill(f, digits, n > 0 ? (size_t)n : 0);
}

size_t reason_sentence(const struct fault *fault, char *out, size_t size)
{
	struct filler f = {out, size, 0};

	if (!size)
		return 0;
	for (const char *p = reason_of(fault->why)->sentence; *p;) {
		if (strncmp(p, "{got}", 5) == 0) {
			fill_number(&f, fault->got);
			p += 5;
		} else if (strncmp(p, "{expected}", 10) == 0) {
			fill_number(&f, fault->expected);
			p += 10;
		} else {
			fill(&f, p++, 1);
		}
	}
	out[f.used] = '\0';
	return f.used;
}

static const struct flaw founding[] = {
#define F(id, bulletin, title, carriers, host_only) {id, bulletin, title, carriers, host_only},
#include "proto/flaws.def"
#undef F
};

const struct flaw *flaws_all(size_t *count)
{
	*count = sizeof(founding) / sizeof(founding[0]);
	return founding;
}
