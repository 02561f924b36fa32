/* UTF-16: what is well formed, what it becomes in UTF-8, and that nothing behind the end is read. */
#include "base/utf16.h"

#include <string.h>

#include "test/guard.h"
#include "test/tap.h"

struct text_case {
	const char *what;
	uint8_t     bytes[12];
	size_t      n;
	size_t      bad; /* offset of the first bad octet; n = none */
	const char *utf8;
};

static const struct text_case texts[] = {
	{"nothing", {0}, 0, 0, ""},
	{"letters", {'a', 0, 'Z', 0}, 4, 4, "aZ"},
	{"two octets of UTF-8", {0xe9, 0x00, 0xff, 0x07}, 4, 4, "\xc3\xa9\xdf\xbf"},
	{"three octets", {0x00, 0x08, 0xff, 0xff}, 4, 4, "\xe0\xa0\x80\xef\xbf\xbf"},
	{"the first and the last pair", {0x00, 0xd8, 0x00, 0xdc, 0xff, 0xdb, 0xff, 0xdf}, 8, 8, "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
	{"an octet without its second", {'a', 0, 'b'}, 3, 2, NULL},
	{"a high half at the end", {'a', 0, 0x00, 0xd8}, 4, 2, NULL},
	{"a high half before a letter", {0x00, 0xd8, 'a', 0}, 4, 0, NULL},
	{"a low half first", {0x00, 0xdc, 0x00, 0xd8}, 4, 0, NULL},
	{"a pair cut inside its low half", {0x00, 0xd8, 0x00}, 3, 0, NULL},
};

static void swap(uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		uint8_t first = bytes[i];

		bytes[i] = bytes[i + 1];
		bytes[i + 1] = first;
	}
}

static bool same_text(const struct text_case *c, const uint8_t *bytes, bool big)
{
	uint8_t out[16];
	size_t  len = utf16_to_utf8(bytes, c->n, big, out, sizeof(out));

	if (utf16_bad(bytes, c->n, big) != c->bad)
		return false;
	if (!c->utf8)
		return len == SIZE_MAX;
	return len == strlen(c->utf8) && memcmp(out, c->utf8, len) == 0;
}

static void texts_become_utf8(struct guard *g)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct text_case *c = &texts[i];
		uint8_t                 big[sizeof(c->bytes)];

		memcpy(big, c->bytes, sizeof(big));
		swap(big, c->n);
		tap_ok(same_text(c, guard_place(g, c->bytes, c->n), false), "%s", c->what);
		tap_ok(c->n % 2 || same_text(c, guard_place(g, big, c->n), true), "%s, the other byte order", c->what);
	}
}

/* A character that does not fit is not cut. */
static void room_is_respected(struct guard *g)
{
	static const uint8_t euro[] = {'a', 0, 0xac, 0x20};
	uint8_t             *out = guard_place(g, "xxxx", 4);

	tap_ok(utf16_to_utf8(euro, sizeof(euro), false, out, 4) == 4 && memcmp(out, "a\xe2\x82\xac", 4) == 0, "four octets hold it");
	tap_ok(utf16_to_utf8(euro, sizeof(euro), false, out + 1, 3) == SIZE_MAX, "three do not");
}

static void zeros_are_found(struct guard *g)
{
	static const uint8_t odd[] = {0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x61};

	tap_ok(utf16_nul(guard_place(g, odd, sizeof(odd)), sizeof(odd)) == 4, "a unit of zero, not two octets of zero");
	tap_ok(utf16_nul(guard_place(g, odd, 4), 4) == 4, "there is none");
	tap_ok(utf16_nul(guard_place(g, odd, 1), 1) == 1, "half a unit is none");
}

static void names_compare_without_case(struct guard *g)
{
	static const uint8_t ipc[] = {'i', 0, 'P', 0, 'C', 0, '$', 0};
	const uint8_t       *p = guard_place(g, ipc, sizeof(ipc));

	tap_ok(utf16_is_nocase(p, sizeof(ipc), "IPC$") && utf16_is_nocase(p, sizeof(ipc), "ipc$"), "letters of either case");
	tap_ok(!utf16_is_nocase(p, sizeof(ipc), "IPC") && !utf16_is_nocase(p, sizeof(ipc), "IPC$$"), "the whole name and no more");
	tap_ok(!utf16_is_nocase(p, sizeof(ipc), "IPCD") && utf16_is_nocase(p, 0, ""), "and nothing else");
}

int main(void)
{
	struct guard g;

	guard_open(&g, 64);
	texts_become_utf8(&g);
	room_is_respected(&g);
	zeros_are_found(&g);
	names_compare_without_case(&g);
	guard_close(&g);
	return tap_done();
}
