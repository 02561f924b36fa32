/* BER reading against tables: each rule of X.690 clause 8 that base/ber enforces, with reason, offset and value. */
#include "base/ber.h"
#include "base/der.h"

#include <string.h>

#include "test/guard.h"
#include "test/tap.h"

enum { FINE = 0, SHORT = 1, TAG, CONSTRUCTED, INDEFINITE, LONG, HUGE, PAST, TRAILING, INTEGER, BOOLEAN, NUL, OVER };

static const struct ber_reasons why = {TAG, CONSTRUCTED, INDEFINITE, LONG, HUGE, PAST, TRAILING, INTEGER, BOOLEAN, NUL};

enum how { READ_INTEGER = 0, READ_BOOLEAN, READ_NULL, READ_OCTETS, READ_ENTER, READ_ANY };

struct row {
	const char *name, *hex;
	enum how    how;
	uint32_t    tolerate;
	uint16_t    why;
	uint32_t    at; /* of the fault */
	int64_t     value; /* or the length of the contents */
};

#define ALL     (BER_TOLERATE_LONG_LENGTH | BER_TOLERATE_BOOLEAN | BER_TOLERATE_WINDOWS_LENGTH)
#define WINDOWS BER_TOLERATE_WINDOWS_LENGTH

static const struct row rows[] = {
	{"zero", "02 01 00", READ_INTEGER, 0, FINE, 0, 0},
	{"one", "02 01 01", READ_INTEGER, 0, FINE, 0, 1},
	{"minus one", "02 01 ff", READ_INTEGER, 0, FINE, 0, -1},
	{"127", "02 01 7f", READ_INTEGER, 0, FINE, 0, 127},
	{"128 needs two octets", "02 02 00 80", READ_INTEGER, 0, FINE, 0, 128},
	{"-128", "02 01 80", READ_INTEGER, 0, FINE, 0, -128},
	{"-129", "02 02 ff 7f", READ_INTEGER, 0, FINE, 0, -129},
	{"2^31-1", "02 04 7f ff ff ff", READ_INTEGER, 0, FINE, 0, INT32_MAX},
	{"2^31", "02 05 00 80 00 00 00", READ_INTEGER, 0, FINE, 0, INT64_C(0x80000000)},
	{"-2^31", "02 04 80 00 00 00", READ_INTEGER, 0, FINE, 0, INT32_MIN},
	{"2^40", "02 06 01 00 00 00 00 00", READ_INTEGER, 0, FINE, 0, INT64_C(1) << 40},
	{"2^48", "02 07 01 00 00 00 00 00 00", READ_INTEGER, 0, FINE, 0, INT64_C(1) << 48},
	{"2^63-1", "02 08 7f ff ff ff ff ff ff ff", READ_INTEGER, 0, FINE, 0, INT64_MAX},
	{"-2^63", "02 08 80 00 00 00 00 00 00 00", READ_INTEGER, 0, FINE, 0, INT64_MIN},
	{"nine octets are too wide", "02 09 00 80 00 00 00 00 00 00 00", READ_INTEGER, 0, INTEGER, 2, 0},
	{"an integer without octets", "02 00", READ_INTEGER, ALL, INTEGER, 2, 0},
	{"zero in two octets", "02 02 00 00", READ_INTEGER, ALL, INTEGER, 2, 0},
	{"127 in two octets", "02 02 00 7f", READ_INTEGER, ALL, INTEGER, 2, 0},
	{"-1 in two octets", "02 02 ff ff", READ_INTEGER, ALL, INTEGER, 2, 0},
	{"-128 in two octets", "02 02 ff 80", READ_INTEGER, ALL, INTEGER, 2, 0},
	{"255 is minimal", "02 02 00 ff", READ_INTEGER, 0, FINE, 0, 255},
	{"an integer that is cut", "02 02 01", READ_INTEGER, 0, PAST, 1, 0},
	{"an identifier alone", "02", READ_INTEGER, 0, SHORT, 1, 0},
	{"nothing at all", "", READ_INTEGER, 0, SHORT, 0, 0},
	{"another tag", "04 01 00", READ_INTEGER, ALL, TAG, 0, 0},
	{"a constructed integer", "22 03 02 01 00", READ_INTEGER, ALL, CONSTRUCTED, 0, 0},
	{"an integer in long form", "02 81 01 05", READ_INTEGER, 0, LONG, 1, 0},
	{"the same, tolerated", "02 81 01 05", READ_INTEGER, BER_TOLERATE_LONG_LENGTH, FINE, 0, 5},

	{"false", "01 01 00", READ_BOOLEAN, 0, FINE, 0, 0},
	{"true", "01 01 ff", READ_BOOLEAN, 0, FINE, 0, 1},
	{"true as 01", "01 01 01", READ_BOOLEAN, 0, BOOLEAN, 2, 0},
	{"true as fe", "01 01 fe", READ_BOOLEAN, BER_TOLERATE_LONG_LENGTH, BOOLEAN, 2, 0},
	{"true as 01, tolerated", "01 01 01", READ_BOOLEAN, BER_TOLERATE_BOOLEAN, FINE, 0, 1},
	{"a boolean without octets", "01 00", READ_BOOLEAN, ALL, BOOLEAN, 2, 0},
	{"a boolean of two octets", "01 02 00 00", READ_BOOLEAN, ALL, BOOLEAN, 2, 0},

	{"null", "05 00", READ_NULL, 0, FINE, 0, 0},
	{"a null with contents", "05 01 00", READ_NULL, ALL, NUL, 2, 0},
	{"a null with length 81 00", "05 81 00", READ_NULL, 0, LONG, 1, 0},

	{"no octets", "04 00", READ_OCTETS, 0, FINE, 0, 0},
	{"three octets", "04 03 61 62 63", READ_OCTETS, 0, FINE, 0, 3},
	{"as many octets as allowed", "04 04 61 62 63 64", READ_OCTETS, 0, FINE, 0, 4},
	{"one octet too many", "04 05 61 62 63 64 65", READ_OCTETS, ALL, OVER, 2, 0},
	{"octets past the end, by one", "04 04 61 62 63", READ_OCTETS, ALL, PAST, 1, 0},
	{"past the end comes before too long", "04 7f 61", READ_OCTETS, ALL, PAST, 1, 0},
	{"a constructed string", "24 05 04 03 61 62 63", READ_OCTETS, ALL, CONSTRUCTED, 0, 0},
	{"an indefinite constructed string", "24 80 04 01 61 00 00", READ_OCTETS, ALL, CONSTRUCTED, 0, 0},
	{"an indefinite primitive string", "04 80 61 00 00", READ_OCTETS, ALL, INDEFINITE, 1, 0},
	{"length in 2 octets, not needed", "04 81 03 61 62 63", READ_OCTETS, 0, LONG, 1, 0},
	{"length in 3 octets, not needed", "04 82 00 03 61 62 63", READ_OCTETS, 0, LONG, 1, 0},
	{"length in 4 octets, not needed", "04 83 00 00 03 61 62 63", READ_OCTETS, BER_TOLERATE_BOOLEAN, LONG, 1, 0},
	{"length in 5 octets, not needed", "04 84 00 00 00 03 61 62 63", READ_OCTETS, 0, LONG, 1, 0},
	{"length in 2 octets, tolerated", "04 81 03 61 62 63", READ_OCTETS, BER_TOLERATE_LONG_LENGTH, FINE, 0, 3},
	{"length in 3 octets, tolerated", "04 82 00 03 61 62 63", READ_OCTETS, BER_TOLERATE_LONG_LENGTH, FINE, 0, 3},
	{"length in 4 octets, tolerated", "04 83 00 00 03 61 62 63", READ_OCTETS, BER_TOLERATE_LONG_LENGTH, FINE, 0, 3},
	{"length in 5 octets, tolerated", "04 84 00 00 00 03 61 62 63", READ_OCTETS, BER_TOLERATE_LONG_LENGTH, FINE, 0, 3},
	{"Windows: 84 for a short length", "04 84 00 00 00 03 61 62 63", READ_OCTETS, WINDOWS, FINE, 0, 3},
	{"Windows: 83 is not what it writes", "04 83 00 00 03 61 62 63", READ_OCTETS, WINDOWS, LONG, 1, 0},
	{"Windows: nor 82 below 128", "04 82 00 7f 61 62 63", READ_OCTETS, WINDOWS, LONG, 1, 0},
	{"Windows: nor 81 below 128", "04 81 03 61 62 63", READ_OCTETS, WINDOWS, LONG, 1, 0},
	{"length in 6 octets is never tolerated", "04 85 00 00 00 00 03 61 62 63", READ_OCTETS, ALL, HUGE, 1, 0},
	{"length in 127 octets", "04 fe 00 00", READ_OCTETS, ALL, HUGE, 1, 0},
	{"length octet ff", "04 ff 00 00", READ_OCTETS, ALL, HUGE, 1, 0},
	{"4 GiB less one", "04 84 ff ff ff ff 61", READ_OCTETS, ALL, PAST, 1, 0},
	{"2 GiB", "04 84 80 00 00 00 61", READ_OCTETS, ALL, PAST, 1, 0},
	{"a length that wraps in 32 bits", "04 84 ff ff ff fa 61", READ_OCTETS, ALL, PAST, 1, 0},
	{"length octets that are cut", "04 82 01", READ_OCTETS, ALL, SHORT, 3, 0},
	{"128 octets claimed in long form, none there", "04 81 80", READ_OCTETS, ALL, PAST, 1, 0},
	{"0x100 in 84 form", "04 84 00 00 01 00", READ_OCTETS, 0, LONG, 1, 0},
	{"0x80 in 82 form", "04 82 00 80", READ_OCTETS, 0, LONG, 1, 0},

	{"an empty sequence", "30 00", READ_ENTER, 0, FINE, 0, 0},
	{"a sequence of 3 octets", "30 03 02 01 00", READ_ENTER, 0, FINE, 0, 3},
	{"a primitive sequence", "10 00", READ_ENTER, ALL, TAG, 0, 0},
	{"an indefinite sequence", "30 80 00 00", READ_ENTER, ALL, INDEFINITE, 1, 0},
	{"a sequence past its end", "30 04 02 01 00", READ_ENTER, ALL, PAST, 1, 0},
	{"a sequence in long form, tolerated", "30 84 00 00 00 03 02 01 00", READ_ENTER, ALL, FINE, 0, 3},

	{"any: an unknown primitive", "9e 02 61 62", READ_ANY, 0, FINE, 0, 2},
	{"any: an unknown constructed", "bd 02 05 00", READ_ANY, 0, FINE, 0, 2},
	{"any: a tag above 30", "1f 81 01 00", READ_ANY, ALL, TAG, 0, 0},
	{"any: a tag above 30, constructed, private", "ff 22 00", READ_ANY, ALL, TAG, 0, 0},
	{"any: past the end", "9e 03 61 62", READ_ANY, ALL, PAST, 1, 0},
	{"any: nothing there", "", READ_ANY, ALL, SHORT, 0, 0},
	{"any: indefinite", "a0 80 00 00", READ_ANY, ALL, INDEFINITE, 1, 0},
};

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t   n = 0;
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += hex[2] ? 3 : 2)
		out[n++] = (uint8_t)byte;
	return n;
}

static int64_t read_row(struct ber *b, enum how how)
{
	uint8_t tag;

	switch (how) {
	case READ_INTEGER:
		return ber_integer(b, BER_INTEGER, INT64_MIN, INT64_MAX, OVER, "x");
	case READ_BOOLEAN:
		return ber_boolean(b, BER_BOOLEAN, "x");
	case READ_NULL:
		ber_null(b, BER_NULL, "x");
		return 0;
	case READ_OCTETS:
		return ber_octets(b, BER_OCTETS, 0, 4, OVER, "x").n;
	case READ_ANY:
		return ber_any(b, &tag, "x").n;
	default: {
		struct ber child = ber_enter(b, BER_SEQUENCE, "x");

		return (int64_t)wire_left(&child.w);
	}
	}
}

static void elements_are_read_by_the_table(struct guard *g)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		uint8_t           bytes[64];
		size_t            n = unhex(row->hex, bytes);
		struct fault      f = {0};
		struct ber        b = ber_over(wire_over(guard_place(g, bytes, n), n, &f, SHORT), &why, row->tolerate);
		int64_t           value = read_row(&b, row->how);
		bool              ok = f.why == row->why && f.at == row->at;

		if (row->why == FINE)
			ok = ok && value == row->value && ber_end(&b, "end");
		else if (row->how != READ_INTEGER)
			ok = ok && (value == 0 || row->why == BOOLEAN);
		if (!tap_ok(ok, "%s", row->name))
			tap_note("%s: why %u at %u value %lld", row->hex, f.why, f.at, (long long)value);
	}
}

static struct ber over(struct guard *g, const char *hex, struct fault *f, uint32_t tolerate)
{
	uint8_t bytes[512];
	size_t  n = unhex(hex, bytes);

	*f = (struct fault){0};
	return ber_over(wire_over(guard_place(g, bytes, n), n, f, SHORT), &why, tolerate);
}

static void integers_keep_their_range(struct guard *g)
{
	struct fault f;
	struct ber   b = over(g, "02 01 05 02 01 06 02 01 04", &f, 0);

	tap_ok(ber_integer(&b, BER_INTEGER, 5, 6, OVER, "a") == 5 && ber_integer(&b, BER_INTEGER, 5, 6, OVER, "b") == 6 && !f.why,
	       "both ends of a range pass");
	tap_ok(ber_integer(&b, BER_INTEGER, 5, 6, OVER, "c") == 5 && f.why == OVER && f.at == 8 && f.expected == 5 && f.got == 4,
	       "one below is blamed at its contents, and reads as the least");
	b = over(g, "0a 02 00 ff", &f, 0);
	tap_ok(ber_integer(&b, BER_ENUMERATED, 0, 254, OVER, "d") == 0 && f.why == OVER && f.at == 2 && f.expected == 254 && f.got == 255,
	       "one above is blamed with the most and what came");
	b = over(g, "02 01 ff", &f, 0);
	ber_integer(&b, BER_INTEGER, 0, INT32_MAX, OVER, "e");
	tap_ok(f.why == OVER && f.at == 2, "a negative number is outside a range from zero");
}

static void children_fill_their_parent(struct guard *g)
{
	struct fault f;
	struct ber   b = over(g, "30 06 02 01 01 02 01 02 02 01 03", &f, 0), child = ber_enter(&b, BER_SEQUENCE, "seq");

	ber_integer(&child, BER_INTEGER, 1, 1, OVER, "first");
	tap_ok(ber_more(&child) && ber_peek(&child) == BER_INTEGER, "peek shows the next identifier");
	tap_ok(!ber_end(&child, "seq") && f.why == TRAILING && f.at == 5 && f.got == 3, "what a parser did not read trails");
	b = over(g, "30 03 02 02 01 02 05", &f, 0);
	child = ber_enter(&b, BER_SEQUENCE, "seq");
	ber_integer(&child, BER_INTEGER, 0, 9999, OVER, "leaks");
	tap_ok(f.why == PAST && f.at == 3 && f.expected == 1 && f.got == 2, "a child may not leave its parent though bytes follow");
	b = over(g, "30 03 02 01 07 05 00", &f, 0);
	child = ber_enter(&b, BER_SEQUENCE, "seq");
	tap_ok(ber_integer(&child, BER_INTEGER, 0, 9, OVER, "in") == 7 && ber_end(&child, "seq") && ber_peek(&b) == BER_NULL,
	       "a parent stands behind its child");
	tap_ok(ber_peek(&child) == 0 && !ber_more(&child), "at the end peek is zero");
	ber_refuse(&b, OVER, "later");
	tap_ok(f.why == OVER && f.at == 5, "refuse blames the next identifier");
	tap_ok(!ber_more(&b) && ber_peek(&b) == 0 && ber_integer(&b, BER_INTEGER, 3, 9, OVER, "x") == 3 && !ber_boolean(&b, BER_BOOLEAN, "x"),
	       "after a fault nothing more is read");
}

/* Lengths around each form's border, as real contents. */
static void lengths_are_read_in_every_form(void)
{
	static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 0x123456};
	static uint8_t      bytes[0x123456 + 8];
	bool                ok = true;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (unsigned form = 0; form <= 4; form++) {
			size_t   head = 2 + form, n = sizes[i], least = n < 128 ? 0 : n < 256 ? 1 : n < 65536 ? 2 : 3, need;

			if (form < least)
				continue;
			bytes[0] = BER_OCTETS;
			bytes[1] = form ? (uint8_t)(0x80 | form) : (uint8_t)n;
			for (unsigned k = 0; k < form; k++)
				bytes[2 + k] = (uint8_t)(n >> 8 * (form - 1 - k));
			for (int which = 0; which < 3; which++) {
				uint32_t        tolerate = which == 1 ? BER_TOLERATE_LONG_LENGTH : which ? WINDOWS : 0;
				struct fault    f = {0};
				struct wire     w = wire_over(bytes, head + n, &f, SHORT);
				struct ber      b = ber_over(w, &why, tolerate);
				uint64_t        whole = ber_frame(w, &why, tolerate, &need);
				uint16_t        framed = f.why;
				bool            fine = form == least || which == 1 || (which == 2 && (form == 4 || (form == 2 && least)));
				f = (struct fault){0};
				struct ber_span s = ber_octets(&b, BER_OCTETS, 0, UINT32_MAX, OVER, "x");

				ok &= f.why == framed && f.why == (fine ? FINE : LONG) && (!fine || (s.n == n && s.at == head && whole == head + n));
				ok &= fine || (f.at == 1 && whole == 0 && need == 0);
			}
		}
	tap_ok(ok, "every length in every form, the shortest only unless tolerated, framed alike");
}

struct frame_row {
	const char *hex;
	uint64_t    whole;
	size_t      need;
	uint16_t    why;
	uint32_t    at;
};

static void frames_ask_for_what_they_need(struct guard *g)
{
	static const struct frame_row frames[] = {
		{"", 0, 2, FINE, 0},
		{"30", 0, 2, FINE, 0},
		{"30 00", 2, 0, FINE, 0},
		{"30 05", 7, 0, FINE, 0},
		{"30 7f", 129, 0, FINE, 0},
		{"30 80", 0, 0, INDEFINITE, 1},
		{"30 81", 0, 3, FINE, 0},
		{"30 81 80", 131, 0, FINE, 0},
		{"30 81 7f", 0, 0, LONG, 1},
		{"30 82 01", 0, 4, FINE, 0},
		{"30 82 01 00", 260, 0, FINE, 0},
		{"30 83 01 00", 0, 5, FINE, 0},
		{"30 84", 0, 6, FINE, 0},
		{"30 84 ff ff ff", 0, 6, FINE, 0},
		{"30 84 ff ff ff ff", UINT64_C(0x100000005), 0, FINE, 0},
		{"30 85", 0, 0, HUGE, 1},
		{"30 ff", 0, 0, HUGE, 1},
	};
	bool ok = true;

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct fault f;
		struct ber   b = over(g, frames[i].hex, &f, 0);
		size_t       need = 99;
		uint64_t     whole = ber_frame(b.w, &why, 0, &need);
		bool         good = whole == frames[i].whole && need == frames[i].need && f.why == frames[i].why && f.at == frames[i].at;

		if (!good)
			tap_note("%s: %llu, needs %zu, why %u at %u", frames[i].hex, (unsigned long long)whole, need, f.why, f.at);
		ok &= good;
	}
	tap_ok(ok, "a frame is known at its last length octet, asked for before, refused at once");
}

static void inner_frames_count_from_their_own_head(struct guard *g)
{
	struct fault f;
	struct ber   b = over(g, "30 05 04 03 61 62 63", &f, 0), child = ber_enter(&b, BER_SEQUENCE, "seq");
	size_t       need;

	tap_number(ber_frame(child.w, &why, 0, &need), 5, "an inner element's frame counts from its own head");
}

struct der_row {
	const char *name, *hex;
	uint16_t    why;
	uint32_t    at;
};

static void identifiers_have_one_form(struct guard *g)
{
	static const struct der_row table[] = {
		{"an identifier", "06 03 2b 06 01", FINE, 0},
		{"an arc of 2^31 - 1", "06 06 2b 87 ff ff ff 7f", FINE, 0},
		{"an arc of 2^31", "06 06 2b 88 80 80 80 00", INTEGER, 7},
		{"an arc that begins with 80", "06 03 2b 80 01", INTEGER, 3},
		{"an arc that does not end", "06 02 2b 81", INTEGER, 3},
		{"no arcs", "06 00", OVER, 2},
		{"nine octets where eight may be", "06 09 2b 01 01 01 01 01 01 01 01", OVER, 2},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fault f;
		struct ber   b = over(g, table[i].hex, &f, 0);

		der_oid(&b, BER_OID, 8, OVER, INTEGER, "x");
		tap_ok(f.why == table[i].why && f.at == table[i].at, "%s", table[i].name);
	}
}

static void bits_have_one_form(struct guard *g)
{
	static const struct der_row table[] = {
		{"no bits", "03 01 00", FINE, 0},
		{"seven bits", "03 02 01 fe", FINE, 0},
		{"an unused bit that is set", "03 02 01 ff", BOOLEAN, 3},
		{"eight unused bits", "03 02 08 00", BOOLEAN, 2},
		{"unused bits of none", "03 01 01", BOOLEAN, 2},
		{"not even the count", "03 00", BOOLEAN, 2},
		{"a constructed one", "23 04 03 02 00 00", CONSTRUCTED, 0},
		{"more than may be", "03 04 00 00 00 00", BOOLEAN, 2},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fault f;
		struct ber   b = over(g, table[i].hex, &f, 0);

		der_bits(&b, DER_BITS, 2, BOOLEAN, "x");
		tap_ok(f.why == table[i].why && f.at == table[i].at, "%s", table[i].name);
	}
}

static void times_and_texts_are_plain(struct guard *g)
{
	struct fault f;
	struct ber   b = over(g, "18 0f 32 30 33 37 30 39 31 33 30 32 34 38 30 35 5a", &f, 0);

	der_time(&b, DER_TIME, OVER, "x");
	tap_ok(!f.why, "a time");
	b = over(g, "18 0f 32 30 33 37 31 33 31 33 30 32 34 38 30 35 5a", &f, 0);
	der_time(&b, DER_TIME, OVER, "x");
	tap_ok(f.why == OVER && f.at == 6, "the 13th month is blamed at its digits");
	b = over(g, "1b 03 41 00 42", &f, 0);
	der_text(&b, DER_GENERAL_STRING, 3, OVER, NUL, "x");
	tap_ok(f.why == NUL && f.at == 3, "a NUL in a text is blamed where it stands");
}

int main(void)
{
	struct guard g;

	guard_open(&g, 4096);
	elements_are_read_by_the_table(&g);
	integers_keep_their_range(&g);
	children_fill_their_parent(&g);
	identifiers_have_one_form(&g);
	bits_have_one_form(&g);
	times_and_texts_are_plain(&g);
	lengths_are_read_in_every_form();
	frames_ask_for_what_they_need(&g);
	inner_frames_count_from_their_own_head(&g);
	guard_close(&g);
	return tap_done();
}
