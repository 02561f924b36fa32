/* Reads what an RPC request holds of text and of octets in a row, and applies the rules of its own that a table gives it. */
/*
 * Spec: C706 14.3.4 (strings), MS-DTYP 2.3.10 (RPC_UNICODE_STRING), RFC 2781 2.
 * Input from: the client.
 * Limits: dcerpc.string where a table has no bound of its own; characters are UTF-16 units, terminators not counted.
 * Not done: narrow strings are not checked against a code page.
 */
#include "base/utf16.h"
#include "proto/ndr/ndr_int.h"

/* The bound of a text, and the reason when it is passed. */
static uint32_t bound(const struct ndr_walk *w, const struct ndr_type *t, uint16_t *why)
{
	*why = t->max && t->why ? t->why : R_NDR_STRING;
	return t->max ? t->max : w->limits->string;
}

/* Whether the text of n characters, which begins at offset `at`, keeps the rule of its table. */
static void check_text(struct ndr_walk *w, const struct ndr_type *t, uint32_t at, const uint8_t *text, uint32_t n)
{
	uint32_t host;

	switch (t->check) {
	case NDR_CHECK_CANONICAL:
		if (!ndr_path_canonical(text, n, w->big))
			wire_fail(&w->wire, at, t->why_check, "string");
		break;
	case NDR_CHECK_HOST:
		host = ndr_path_host(text, n, w->big);
		if (host > NDR_HOST_MAX)
			wire_fail_numbers(&w->wire, at, t->why_check, "string", NDR_HOST_MAX, host);
		break;
	case NDR_CHECK_NO_PATH:
		if (!ndr_path_none(text, n, w->big))
			wire_fail(&w->wire, at, t->why_check, "string");
		break;
	case NDR_CHECK_DRIVE:
		if (!ndr_path_drive(text, n, w->big))
			wire_fail(&w->wire, at, t->why_check, "string");
		break;
	default:
		break;
	}
}

/* n characters and their terminator. */
static void read_text(struct ndr_walk *w, const struct ndr_type *t, uint32_t n)
{
	uint32_t       at = wire_offset(&w->wire);
	size_t         octets = (size_t)n * t->width, bad; /* n is within its bound */
	const uint8_t *text = wire_take(&w->wire, octets, "string");

	if (!text)
		return;
	if (t->width == 2)
		bad = utf16_nul(text, octets);
	else
		for (bad = 0; bad < octets && text[bad];)
			bad++;
	if (bad < octets)
		wire_fail(&w->wire, at + (uint32_t)bad, R_NDR_TERMINATOR, "string");
	bad = t->width == 2 && !(t->flags & NDR_BINARY) ? utf16_bad(text, octets, w->big) : octets;
	if (bad < octets)
		wire_fail(&w->wire, at + (uint32_t)bad, R_NDR_UTF16, "string");
	if (t->width == 2)
		check_text(w, t, at, text, n);
	at = wire_offset(&w->wire);
	if (t->width == 2 ? ndr_u16(w, "terminator") : wire_u8(&w->wire, "terminator"))
		wire_fail(&w->wire, at, R_NDR_TERMINATOR, "terminator");
}

void ndr_string(struct ndr_walk *w, const struct ndr_type *t)
{
	uint16_t why;
	uint32_t at, maximum, actual, most = bound(w, t, &why);

	maximum = ndr_u32(w, "max_count");
	at = wire_offset(&w->wire);
	if (ndr_u32(w, "offset"))
		wire_fail(&w->wire, at, R_NDR_OFFSET, "offset");
	at = wire_offset(&w->wire);
	actual = ndr_u32(w, "actual_count");
	if (actual > maximum)
		wire_fail_numbers(&w->wire, at, R_NDR_ACTUAL, "actual_count", maximum, actual);
	/* Samba writes an empty text as nothing, without its terminator. Paths that servers take apart must have theirs. */
	if (!actual && (maximum || t->check))
		wire_fail(&w->wire, at, R_NDR_TERMINATOR, "actual_count");
	if (actual && actual - 1 > most)
		wire_fail_numbers(&w->wire, at, why, "actual_count", most, actual - 1);
	if (actual && !w->wire.fault->why)
		read_text(w, t, actual - 1);
}

void ndr_counted(struct ndr_walk *w, const struct ndr_type *t)
{
	struct ndr_pending *p;
	uint16_t            why;
	uint32_t            at, length, room, most = bound(w, t, &why);

	ndr_align(w, 4);
	at = wire_offset(&w->wire);
	length = ndr_u16(w, "Length");
	room = ndr_u16(w, "MaximumLength");
	if (length & 1 || length > room)
		wire_fail_numbers(&w->wire, at, R_NDR_COUNTED, "Length", room, length);
	if (length / 2 > most)
		wire_fail_numbers(&w->wire, at, why, "Length", most, length / 2);
	at = wire_offset(&w->wire);
	if (!ndr_u32(w, "Buffer")) {
		if (length)
			wire_fail_numbers(&w->wire, at, R_NDR_COUNTED, "Buffer", 0, length);
		return;
	}
	p = ndr_defer(w, at, t);
	if (!p)
		return;
	p->counted = true;
	p->room = room / 2;
	p->length = length / 2;
}

void ndr_counted_buffer(struct ndr_walk *w, const struct ndr_pending *p)
{
	uint32_t       at;
	size_t         octets = (size_t)p->length * 2, bad; /* from 16 bits */
	const uint8_t *text;

	ndr_align(w, 4);
	at = wire_offset(&w->wire);
	if (ndr_u32(w, "max_count") != p->room)
		wire_fail(&w->wire, at, R_NDR_COUNTED, "max_count");
	at = wire_offset(&w->wire);
	if (ndr_u32(w, "offset"))
		wire_fail(&w->wire, at, R_NDR_OFFSET, "offset");
	at = wire_offset(&w->wire);
	if (ndr_u32(w, "actual_count") != p->length)
		wire_fail(&w->wire, at, R_NDR_COUNTED, "actual_count");
	at = wire_offset(&w->wire);
	text = wire_take(&w->wire, octets, "Buffer");
	if (!text)
		return;
	bad = p->type->flags & NDR_BINARY ? octets : utf16_bad(text, octets, w->big);
	if (bad < octets)
		wire_fail(&w->wire, at + (uint32_t)bad, R_NDR_UTF16, "Buffer");
	check_text(w, p->type, at, text, p->length);
}

void ndr_octets(struct ndr_walk *w, const struct ndr_type *t)
{
	uint32_t       at;
	const uint8_t *octets;
	bool           same = true;
	size_t         n = t->check == NDR_CHECK_NOT_SAME ? 5 : t->max;

	ndr_align(w, t->align);
	at = wire_offset(&w->wire);
	octets = wire_take(&w->wire, t->max, "octets");
	if (!octets || t->check == NDR_CHECK_NONE)
		return;
	for (size_t i = 1; i < n; i++)
		same = same && octets[i] == octets[0];
	if (same && (t->check == NDR_CHECK_NOT_SAME || !octets[0]))
		wire_fail(&w->wire, at, t->why_check, "octets");
}
