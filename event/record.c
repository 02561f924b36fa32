/* Writes records as the workers send them and reads them as the scribe must: every field in its range, to the last byte. */
#include "event/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "priv/channel.h"

/*
 * Input from: a worker, which may have been taken over by a peer.
 * Limits: RECORD_MAX bytes a record; the numbers below; texts RECORD_TEXT_MAX, a path RECORD_PATH_MAX, facts FACTS_BYTES_MAX.
 */

enum { RECORD_VERSION = 2, HEAD_BYTES = 4, LENGTH_AT = 2 };

#define FLOW_ID_END (UINT64_C(1) << 53)

enum flag { FLAG_OFFSET = 1 << 0, FLAG_NUMBERS = 1 << 1, FLAG_CONSEQUENCE = 1 << 2, FLAG_PASSED = 1 << 3 };

/* 20270131, or 0; that a month has 31 days is near enough for a date that is only shown. */
static bool is_date(uint32_t date)
{
	uint32_t day = date % 100, month = date / 100 % 100;

	return !date || (day >= 1 && day <= 31 && month >= 1 && month <= 12 && date <= 99991231);
}

static void want(bool ok)
{
	if (!ok)
		abort();
}

static void write_address(struct payload *p, const struct address *a)
{
	want(a->family == 0 || a->family == 4 || a->family == 6);
	payload_u8(p, a->family);
	if (!a->family)
		return;
	payload_bytes(p, a->ip, a->family == 6 ? 16 : 4);
	payload_le16(p, a->port);
}

static void write_text(struct payload *p, const struct record_text *t, size_t most)
{
	payload_text(p, t->text, t->len, most);
}

static void write_flow(struct payload *p, const struct record *r)
{
	payload_le64(p, r->began_us);
	for (int side = 0; side < 2; side++) {
		payload_le64(p, r->bytes[side]);
		payload_le64(p, r->forwarded[side]);
		payload_le64(p, r->units[side]);
	}
	payload_le32(p, r->refusals);
	payload_le32(p, r->watched);
	want(r->end < RECORD_ENDS);
	payload_u8(p, r->end);
	payload_u8(p, r->tainted);
	payload_le16(p, r->why);
}

static uint8_t flags_of(const struct record *r)
{
	return (uint8_t)((r->has_offset ? FLAG_OFFSET : 0) | (r->has_numbers ? FLAG_NUMBERS : 0) |
			 (r->consequence ? FLAG_CONSEQUENCE : 0) | (r->passed && r->kind == RECORD_RULE ? FLAG_PASSED : 0));
}

static void write_unit(struct payload *p, const struct record *r)
{
	want(r->from <= SIDE_SERVER && is_date(r->watch_until));
	want(r->kind == RECORD_RULE || r->report <= REPORT_UNANSWERED);
	payload_le16(p, r->why);
	payload_u8(p, r->kind == RECORD_RULE ? 0 : r->report);
	payload_u8(p, r->from);
	payload_u8(p, flags_of(r));
	payload_le32(p, r->offset);
	payload_le64(p, r->stream_offset);
	payload_le64(p, r->unit_len);
	payload_le64(p, r->expected);
	payload_le64(p, r->got);
	write_text(p, &r->path, RECORD_PATH_MAX);
	write_text(p, &r->detail, RECORD_TEXT_MAX);
	want(facts_read((const uint8_t *)r->facts.text, r->facts.len, NULL));
	write_text(p, &r->facts, FACTS_BYTES_MAX);
	write_text(p, &r->policy, RECORD_TEXT_MAX);
	write_text(p, &r->rule, RECORD_TEXT_MAX);
	payload_le16(p, r->rule_number);
	payload_le32(p, r->watch_until);
}

static void write_gate(struct payload *p, const struct record *r)
{
	want(r->gate < RECORD_GATES);
	payload_le16(p, r->why);
	payload_u8(p, r->gate);
	payload_le64(p, r->a);
	payload_le64(p, r->b);
	payload_le64(p, r->c);
	write_text(p, &r->text, RECORD_TEXT_MAX);
}

/* What every record has behind its length. */
static void write_common(struct payload *p, const struct record *r)
{
	want(r->flow_id < FLOW_ID_END);
	want(r->ip_protocol == 0 || r->ip_protocol == 6 || r->ip_protocol == 17);
	payload_le64(p, r->ts_us);
	payload_le64(p, r->flow_id);
	payload_le64(p, r->policy_rev);
	payload_le32(p, r->service);
	payload_le16(p, r->proto);
	payload_u8(p, r->ip_protocol);
	payload_u8(p, r->probe);
	write_address(p, &r->client);
	write_address(p, &r->listener);
	write_address(p, &r->server);
}

static void write_kind(struct payload *p, const struct record *r)
{
	switch (r->kind) {
	case RECORD_FLOW:
		write_flow(p, r);
		break;
	case RECORD_REFUSAL:
	case RECORD_RULE:
		write_unit(p, r);
		break;
	case RECORD_REPEATED:
		want(r->report <= REPORT_UNANSWERED && r->from <= SIDE_SERVER);
		payload_le16(p, r->why);
		payload_u8(p, r->report);
		payload_u8(p, r->from);
		payload_le32(p, r->count);
		payload_le32(p, r->window_ms);
		break;
	case RECORD_GATE:
		write_gate(p, r);
		break;
	default:
		abort();
	}
}

size_t record_write(const struct record *r, uint8_t *out, size_t room)
{
	struct payload p = payload_over(out, room < RECORD_MAX ? room : RECORD_MAX), length;

	payload_u8(&p, (uint8_t)r->kind);
	payload_u8(&p, RECORD_VERSION);
	payload_le16(&p, 0);
	write_common(&p, r);
	write_kind(&p, r);
	if (p.over)
		return 0;
	length = payload_over(out + LENGTH_AT, 2); /* UNSAFE: the head is written, so out holds at least 4 bytes */
	payload_le16(&length, (uint16_t)p.len);
	return p.len;
}

/* A number that must be below `end`. */
static uint8_t read_below(struct wire *w, uint8_t end, const char *field)
{
	uint32_t at = wire_offset(w);
	uint8_t  v = wire_u8(w, field);

	if (v >= end)
		wire_fail_numbers(w, at, PAYLOAD_VALUE, field, end - 1u, v);
	return v;
}

static bool read_bool(struct wire *w, const char *field)
{
	return read_below(w, 2, field) == 1;
}

static struct address read_address(struct wire *w, const char *field)
{
	struct address a = {.family = read_below(w, 7, field)};
	size_t         n = a.family == 6 ? 16 : 4;
	const uint8_t *ip;

	if (!a.family)
		return a;
	if (a.family != 4 && a.family != 6)
		wire_fail(w, wire_offset(w), PAYLOAD_VALUE, field);
	ip = wire_take(w, n, field);
	if (ip)
		memcpy(a.ip, ip, n);
	a.port = wire_le16(w, field);
	return a;
}

static struct record_text read_text(struct wire *w, size_t most, const char *field)
{
	struct wire    text = payload_read_text(w, most, field);
	uint16_t       n = (uint16_t)wire_left(&text);
	const uint8_t *bytes = n ? wire_take(&text, n, field) : NULL;

	return (struct record_text){.text = bytes ? (const char *)bytes : "", .len = bytes ? n : 0};
}

static void read_flow(struct wire *w, struct record *r)
{
	r->began_us = wire_le64(w, "began");
	for (int side = 0; side < 2; side++) {
		r->bytes[side] = wire_le64(w, "bytes");
		r->forwarded[side] = wire_le64(w, "forwarded");
		r->units[side] = wire_le64(w, "units");
	}
	r->refusals = wire_le32(w, "refusals");
	r->watched = wire_le32(w, "watched");
	r->end = read_below(w, RECORD_ENDS, "end");
	r->tainted = read_bool(w, "tainted");
	r->why = wire_le16(w, "why");
}

static void read_flags(struct wire *w, struct record *r)
{
	uint8_t flags = read_below(w, r->kind == RECORD_RULE ? FLAG_PASSED * 2 : FLAG_PASSED, "flags");

	r->has_offset = flags & FLAG_OFFSET;
	r->has_numbers = flags & FLAG_NUMBERS;
	r->consequence = flags & FLAG_CONSEQUENCE;
	r->passed = flags & FLAG_PASSED;
}

static void read_unit(struct wire *w, struct record *r)
{
	r->why = wire_le16(w, "why");
	r->report = read_below(w, r->kind == RECORD_RULE ? 1 : REPORT_UNANSWERED + 1, "report");
	r->from = read_below(w, SIDE_SERVER + 1, "from");
	read_flags(w, r);
	r->offset = wire_le32(w, "offset");
	r->stream_offset = wire_le64(w, "stream offset");
	r->unit_len = wire_le64(w, "unit length");
	r->expected = wire_le64(w, "expected");
	r->got = wire_le64(w, "got");
	r->path = read_text(w, RECORD_PATH_MAX, "path");
	r->detail = read_text(w, RECORD_TEXT_MAX, "detail");
	r->facts = read_text(w, FACTS_BYTES_MAX, "facts");
	if (!facts_read((const uint8_t *)r->facts.text, r->facts.len, NULL))
		wire_fail(w, wire_offset(w), PAYLOAD_VALUE, "facts");
	r->policy = read_text(w, RECORD_TEXT_MAX, "policy");
	r->rule = read_text(w, RECORD_TEXT_MAX, "rule");
	r->rule_number = wire_le16(w, "rule number");
	r->watch_until = wire_le32(w, "watch until");
	if (!is_date(r->watch_until))
		wire_fail(w, wire_offset(w), PAYLOAD_VALUE, "watch until");
}

static void read_gate(struct wire *w, struct record *r)
{
	r->why = wire_le16(w, "why");
	r->gate = read_below(w, RECORD_GATES, "gate");
	r->a = wire_le64(w, "a");
	r->b = wire_le64(w, "b");
	r->c = wire_le64(w, "c");
	r->text = read_text(w, RECORD_TEXT_MAX, "text");
}

static void read_common(struct wire *w, struct record *r)
{
	r->ts_us = wire_le64(w, "time");
	r->flow_id = wire_le64(w, "flow id");
	if (r->flow_id >= FLOW_ID_END)
		wire_fail(w, wire_offset(w), PAYLOAD_VALUE, "flow id");
	r->policy_rev = wire_le64(w, "policy revision");
	r->service = wire_le32(w, "service");
	r->proto = wire_le16(w, "protocol");
	r->ip_protocol = wire_u8(w, "ip protocol");
	if (r->ip_protocol != 0 && r->ip_protocol != 6 && r->ip_protocol != 17)
		wire_fail(w, wire_offset(w), PAYLOAD_VALUE, "ip protocol");
	r->probe = read_bool(w, "probe");
	r->client = read_address(w, "client");
	r->listener = read_address(w, "listener");
	r->server = read_address(w, "server");
}

static void read_kind(struct wire *w, struct record *r)
{
	switch (r->kind) {
	case RECORD_FLOW:
		read_flow(w, r);
		break;
	case RECORD_REFUSAL:
	case RECORD_RULE:
		read_unit(w, r);
		break;
	case RECORD_REPEATED:
		r->why = wire_le16(w, "why");
		r->report = read_below(w, REPORT_UNANSWERED + 1, "report");
		r->from = read_below(w, SIDE_SERVER + 1, "from");
		r->count = wire_le32(w, "count");
		r->window_ms = wire_le32(w, "window");
		break;
	default:
		read_gate(w, r);
	}
}

size_t record_read(const uint8_t *bytes, size_t n, struct record *out)
{
	struct fault fault = {0};
	struct wire  all = wire_over(bytes, n, &fault, PAYLOAD_SHORT), w;
	uint16_t     length;

	*out = (struct record){.kind = read_below(&all, RECORD_KINDS, "kind")};
	wire_want_u8(&all, RECORD_VERSION, PAYLOAD_VALUE, "version");
	length = wire_le16_range(&all, HEAD_BYTES, RECORD_MAX, PAYLOAD_VALUE, "length");
	w = wire_sub(&all, length < HEAD_BYTES ? 0 : length - HEAD_BYTES, "record");
	read_common(&w, out);
	read_kind(&w, out);
	return wire_end(&w, PAYLOAD_TRAILS, "record") ? length : 0;
}
