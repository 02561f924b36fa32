/*
 * Decodes listings: UTF-16 in either order, UTF-8, code pages, and files that change the encoding; gives lines of UTF-8.
 * Input from: files that operators collected by many ways. Limits: 8 MiB, 65,536 lines.
 * Not done: more than one change from octets to UTF-16 and back.
 */
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "assess/evidence.h"
#include "assess/listing_int.h"
#include "base/str.h"

/*
 * Code pages of consoles (OEM) and of files (ANSI), tried in this order; the words of the text decide. The descriptors stay open: the
 * child that reads evidence may open no file, and the C library loads its tables from files.
 */
static struct code_page {
	const char *name, *said;
	iconv_t     table;
	bool        tried, open;
} code_pages[] = {
	{.name = "CP850", .said = "code page 850"}, {.name = "CP437", .said = "code page 437"}, {.name = "CP1252", .said = "code page 1252"},
	{.name = "CP852", .said = "code page 852"}, {.name = "CP1250", .said = "code page 1250"}, {.name = "CP866", .said = "code page 866"},
	{.name = "CP1251", .said = "code page 1251"}, {.name = "CP737", .said = "code page 737"}, {.name = "CP1253", .said = "code page 1253"},
	{.name = "CP857", .said = "code page 857"}, {.name = "CP1254", .said = "code page 1254"}, {.name = "CP932", .said = "code page 932"},
	{.name = "CP936", .said = "code page 936"}, {.name = "CP949", .said = "code page 949"}, {.name = "CP950", .said = "code page 950"},
	{.name = "CP860", .said = "code page 860"}, {.name = "CP865", .said = "code page 865"},
};

enum { CODE_PAGES = sizeof(code_pages) / sizeof(code_pages[0]), SAMPLE_MAX = 4096 };

static bool opened(struct code_page *page)
{
	if (!page->tried) {
		page->table = iconv_open("UTF-8", page->name);
		page->open = page->table != (iconv_t)-1; // NOLINT: the library's own word for failure
		page->tried = true;
	}
	return page->open;
}

void listing_prepare(void)
{
	for (size_t i = 0; i < CODE_PAGES; i++)
		opened(&code_pages[i]);
}

static bool grow(struct listing *l, size_t more)
{
	size_t wanted = l->room ? l->room : 4096;
	char  *larger;

	if (l->room - l->n >= more)
		return true;
	while (wanted - l->n < more)
		wanted *= 2;
	larger = realloc(l->text, wanted);
	if (!larger)
		return false;
	l->text = larger;
	l->room = wanted;
	return true;
}

static bool put(struct listing *l, const void *text, size_t n)
{
	if (!n)
		return true;
	if (!grow(l, n))
		return false;
	memcpy(l->text + l->n, text, n);
	l->n += n;
	return true;
}

/* A NUL would end texts early, and U+FEFF is no character of a text. */
static bool put_point(struct listing *l, uint32_t point)
{
	uint8_t out[4];
	size_t  n = 1;

	if (!point || point == 0xfeff)
		return true;
	if (point < 0x80) {
		out[0] = (uint8_t)point;
	} else if (point < 0x800) {
		out[0] = (uint8_t)(0xc0 | point >> 6);
		n = 2;
	} else if (point < 0x10000) {
		out[0] = (uint8_t)(0xe0 | point >> 12);
		n = 3;
	} else {
		out[0] = (uint8_t)(0xf0 | point >> 18);
		n = 4;
	}
	for (size_t i = 1; i < n; i++)
		out[i] = (uint8_t)(0x80 | (point >> (6 * (n - 1 - i)) & 0x3f));
	return put(l, out, n);
}

static bool put_utf16(struct listing *l, const uint8_t *bytes, size_t n, bool big)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		uint32_t unit = big ? (uint32_t)bytes[i] << 8 | bytes[i + 1] : (uint32_t)bytes[i + 1] << 8 | bytes[i];
		uint32_t low = 0;

		if (unit >= 0xd800 && unit < 0xdc00 && i + 3 < n)
			low = big ? (uint32_t)bytes[i + 2] << 8 | bytes[i + 3] : (uint32_t)bytes[i + 3] << 8 | bytes[i + 2];
		if (low >= 0xdc00 && low < 0xe000) {
			unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (unit >= 0xd800 && unit < 0xe000) {
			unit = 0xfffd;
			l->replaced = true;
		}
		if (!put_point(l, unit))
			return false;
	}
	l->replaced |= n % 2 != 0;
	return true;
}

/* n octets by a code page; what it has not becomes U+FFFD. Returns how many it had not, SIZE_MAX without memory. */
static size_t put_page(struct listing *l, struct code_page *page, const uint8_t *bytes, size_t n)
{
	char  *in = (char *)bytes; /* iconv's parameter lacks const; it does not write */
	size_t bad = 0;

	iconv(page->table, NULL, NULL, NULL, NULL);
	while (n) {
		char   part[1024], *out = part;
		size_t room = sizeof(part), before = n;
		size_t done = iconv(page->table, &in, &n, &out, &room);

		if (!put(l, part, (size_t)(out - part)))
			return SIZE_MAX;
		if (done != (size_t)-1 || !n)
			break;
		if (n == before && room == sizeof(part)) {
			bad++;
			in++;
			n--;
			if (!put_point(l, 0xfffd))
				return SIZE_MAX;
		}
	}
	return bad;
}

/* ASCII, which all code pages read alike. */
static bool plain(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] & 0x80)
			return false;
	return true;
}

/* How much speaks for a code page: labels that some language has, each weighing more than what it cannot read. */
static long page_score(struct code_page *page, const uint8_t *bytes, size_t n)
{
	struct listing trial = {0};
	size_t         bad = put_page(&trial, page, bytes, n);
	long           score = bad == SIZE_MAX ? 0 : -(long)bad;
	const char    *at = trial.text, *end = at ? at + trial.n : at;

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t      length = (size_t)((line_end ? line_end : end) - at);
		const char *colon = plain(at, length) ? NULL : memchr(at, ':', length);
		size_t      label = colon ? (size_t)(colon - at) : 0;

		if (label && !plain(at, label) && label_language(span_of(at, label)))
			score += 100;
		if (label && !plain(colon, length - label) && role_of(span_of(colon + 1, length - label - 1)) != ROLE_UNKNOWN)
			score += 50;
		at = line_end ? line_end + 1 : end;
	}
	free(trial.text);
	return score;
}

static struct code_page *best_page(struct listing *l, const uint8_t *bytes, size_t n)
{
	struct code_page *best = NULL;
	long              most = 0;

	if (n > SAMPLE_MAX) /* labels stand at the head of a listing */
		n = SAMPLE_MAX;
	for (size_t i = 0; i < CODE_PAGES; i++) {
		long score = opened(&code_pages[i]) ? page_score(&code_pages[i], bytes, n) : 0;

		if (code_pages[i].open && (!best || score > most)) {
			best = &code_pages[i];
			most = score;
		}
	}
	l->guessed |= most <= 0;
	return best;
}

static void say(struct listing *l, const char *encoding)
{
	char       before[sizeof(l->encoding)];
	struct str s;

	memcpy(before, l->encoding, sizeof(before));
	s = str_over(l->encoding, sizeof(l->encoding));
	l->mixed |= *before && strcmp(before, encoding) != 0;
	if (*before)
		str_fmt(&s, "%s, then ", before);
	str_add(&s, encoding);
}

static bool put_octets(struct listing *l, const uint8_t *bytes, size_t n)
{
	struct code_page *page;
	size_t            at = 0, one, bad;
	bool              ascii = true;
	uint32_t          point;

	if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		ascii = false;
	for (; at < n && (one = utf8_one(bytes + at, n - at, &point)) > 0; at += one)
		ascii &= one == 1;
	if (at == n) {
		say(l, ascii ? "ASCII" : "UTF-8");
		for (at = 0; at < n; at += one) {
			one = utf8_one(bytes + at, n - at, &point);
			if (!put_point(l, point))
				return false;
		}
		return true;
	}
	page = best_page(l, bytes, n);
	if (!page) {
		say(l, "an unknown code page");
		l->replaced = true;
		for (at = 0; at < n; at++)
			if (!put_point(l, bytes[at] < 0x80 ? bytes[at] : 0xfffd))
				return false;
		return true;
	}
	say(l, page->said);
	bad = put_page(l, page, bytes, n);
	l->replaced |= bad != 0;
	return bad != SIZE_MAX;
}

/* Octets that no text of octets has (1), that ASCII has not (2), or neither (0), before any line ends. */
static int head_kind(const uint8_t *bytes, size_t n)
{
	int kind = 0;

	for (size_t i = 0; i < n && bytes[i] != '\n'; i++) {
		if (bytes[i] < 0x20 && bytes[i] != '\r' && bytes[i] != '\t' && bytes[i] != 0x1b)
			return 1;
		if (bytes[i] & 0x80)
			kind = 2;
	}
	return memchr(bytes, '\n', n) ? 0 : kind;
}

/*
 * Where UTF-16 begins and ends, if anywhere: every line of it has NULs, at least those of its end. Before the first of them stands the
 * low octet of its character, so octets before that are of another encoding, unless they are letters whose high octet is no NUL; a tail
 * without NULs that has line ends of its own is of another encoding too.
 */
static void find_utf16(const uint8_t *bytes, size_t n, size_t *out_begin, size_t *out_end, bool *out_big)
{
	const uint8_t *nul = memchr(bytes, 0, n), *last = n ? memrchr(bytes, 0, n) : NULL;
	bool           marked = n >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff));
	size_t         at = nul ? (size_t)(nul - bytes) : n;
	int            kind = head_kind(bytes, at ? at - 1 : 0);

	*out_begin = *out_end = n;
	*out_big = false;
	if (!nul && !marked)
		return;
	*out_begin = 0;
	if (marked)
		*out_big = bytes[0] == 0xfe;
	else if (!at || kind == 1)
		*out_big = at % 2 == 0;
	else if (n % 2 == 0 && at % 2 == 0 && last == bytes + n - 2)
		*out_big = true; /* its last line end too has the NUL first */
	else if (kind == 0 || at % 2 == 0)
		*out_begin = at - 1;
	if (last && memchr(last + 1, '\n', (size_t)(bytes + n - last - 1)))
		*out_end = (size_t)(last - bytes) + 1 + (*out_big ? 1 : 0);
	if (*out_end > n)
		*out_end = n;
}

static bool decode(struct listing *l, const uint8_t *bytes, size_t n)
{
	size_t begin, end;
	bool   big;

	find_utf16(bytes, n, &begin, &end, &big);
	if (begin && !put_octets(l, bytes, begin))
		return false;
	if (begin < end) {
		say(l, big ? "UTF-16BE" : "UTF-16LE");
		if (!put_utf16(l, bytes + begin, end - begin, big))
			return false;
	}
	return end >= n || begin == n || put_octets(l, bytes + end, n - end);
}

static bool split(struct listing *l)
{
	const char *at = l->text, *end = at + l->n;
	uint32_t    number = 0, lines = 0;

	for (size_t i = 0; i < l->n; i++)
		lines += at[i] == '\n';
	if (lines >= LISTING_LINES_MAX)
		return false;
	l->lines = calloc(lines + 1, sizeof(*l->lines));
	while (l->lines && at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		size_t      n = (size_t)((next ? next : end) - at);

		number++;
		while (n && (at[n - 1] == '\r' || at[n - 1] == ' '))
			n--;
		if (n)
			l->lines[l->line_n++] = (struct listing_line){.text = at, .n = n, .number = number};
		at = next ? next + 1 : end;
	}
	return l->lines != NULL;
}

bool listing_open(struct listing *l, const char *file, const uint8_t *bytes, size_t n, const char **why)
{
	*l = (struct listing){.file = file};
	*why = NULL;
	if (n > LISTING_BYTES_MAX)
		*why = "the listing is larger than 8 MiB";
	else if (!n)
		*why = "the file is empty";
	else if (!decode(l, bytes, n) || !grow(l, 1))
		*why = "there is no memory for the listing";
	else if (!split(l))
		*why = "the listing has more than 65,536 lines, or there is no memory for it";
	l->ended = !*why && l->n && l->text[l->n - 1] == '\n';
	return !*why;
}

void listing_close(struct listing *l)
{
	free(l->text);
	free(l->lines);
	*l = (struct listing){0};
}

struct origin listing_from(const struct listing *l, const struct listing_line *line)
{
	return (struct origin){.kind = l->kind, .file = l->file, .line = line ? line->number : 0};
}
