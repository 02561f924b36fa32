/* Writes and reads the messages of the control socket. Input from: the operator's commands, and workers. */
#include "gate/control_msg.h"

#include <string.h>

#include "base/wire.h"
#include "proto/driver.h"

static void put_address(struct payload *p, const struct address *a)
{
	payload_u8(p, a->family);
	payload_bytes(p, a->ip, sizeof(a->ip));
	payload_le16(p, a->port);
}

static void get_address(struct wire *w, struct address *out)
{
	const uint8_t *ip;

	*out = (struct address){.family = wire_u8(w, "family")};
	if (out->family && out->family != 4 && out->family != 6)
		wire_fail(w, wire_offset(w), PAYLOAD_VALUE, "family");
	ip = wire_take(w, sizeof(out->ip), "ip");
	if (ip)
		memcpy(out->ip, ip, sizeof(out->ip));
	out->port = wire_le16(w, "port");
}

/* A text of at most `most` bytes, terminated; no NUL inside. */
static void get_text(struct wire *w, size_t most, const char *field, char *out)
{
	struct wire    text = payload_read_text(w, most, field);
	size_t         n = wire_left(&text);
	const uint8_t *bytes = wire_take(&text, n, field);

	out[0] = '\0';
	if (!bytes || !n || memchr(bytes, 0, n))
		return;
	memcpy(out, bytes, n);
	out[n] = '\0';
}

static void put_text(struct payload *p, const char *text, size_t most)
{
	payload_text(p, text, strlen(text), most);
}

/* An enum's value below `end`. */
static uint8_t get_one_of(struct wire *w, unsigned end, const char *field)
{
	uint8_t v = wire_u8(w, field);

	if (v >= end)
		wire_fail(w, wire_offset(w), PAYLOAD_VALUE, field);
	return v;
}

void session_row_write(const struct session_row *row, struct payload *out)
{
	payload_le64(out, row->id);
	put_text(out, row->service, CONTROL_NAME_MAX);
	payload_u8(out, row->ip_protocol);
	payload_le16(out, row->proto);
	put_address(out, &row->client);
	put_address(out, &row->server);
	payload_le64(out, row->age_ms);
	for (int i = 0; i < 2; i++) {
		payload_le64(out, row->bytes[i]);
		payload_le64(out, row->units[i]);
	}
	payload_le32(out, row->refusals);
	payload_le32(out, row->held);
	payload_u8(out, row->phase);
	payload_u8(out, row->probe);
}

bool session_row_read(const struct message_in *in, struct session_row *out)
{
	struct fault fault = {0};
	struct wire  w = payload_read(in, &fault);

	memset(out, 0, sizeof(*out));
	out->id = wire_le64(&w, "id");
	get_text(&w, CONTROL_NAME_MAX, "service", out->service);
	out->ip_protocol = wire_u8(&w, "ip_protocol");
	out->proto = wire_le16(&w, "proto");
	get_address(&w, &out->client);
	get_address(&w, &out->server);
	out->age_ms = wire_le64(&w, "age_ms");
	for (int i = 0; i < 2; i++) {
		out->bytes[i] = wire_le64(&w, "bytes");
		out->units[i] = wire_le64(&w, "units");
	}
	out->refusals = wire_le32(&w, "refusals");
	out->held = wire_le32(&w, "held");
	out->phase = get_one_of(&w, SHOWN_PHASES, "phase");
	out->probe = get_one_of(&w, 2, "probe");
	return wire_end(&w, PAYLOAD_TRAILS, "session");
}

void probe_ask_write(const struct probe_ask *ask, struct payload *out)
{
	put_text(out, ask->service, CONTROL_NAME_MAX);
	payload_u8(out, ask->transport);
	put_address(out, &ask->source);
	put_address(out, &ask->as);
}

bool probe_ask_read(const struct message_in *in, struct probe_ask *out)
{
	struct fault fault = {0};
	struct wire  w = payload_read(in, &fault);

	memset(out, 0, sizeof(*out));
	get_text(&w, CONTROL_NAME_MAX, "service", out->service);
	out->transport = get_one_of(&w, 2, "transport");
	get_address(&w, &out->source);
	get_address(&w, &out->as);
	return wire_end(&w, PAYLOAD_TRAILS, "probe") && out->source.family && out->source.port;
}

void probe_said_write(const struct probe_said *said, struct payload *out)
{
	payload_u8(out, said->what);
	put_address(out, &said->at);
	payload_le16(out, said->proto);
	payload_le64(out, said->flow_id);
	payload_le16(out, said->why);
	payload_u8(out, said->report);
	payload_u8(out, said->from);
	payload_le32(out, said->offset);
	for (int i = 0; i < 2; i++) {
		payload_le64(out, said->received[i]);
		payload_le64(out, said->taken[i]);
		payload_le64(out, said->forwarded[i]);
	}
	put_text(out, said->text, CONTROL_TEXT_MAX);
}

bool probe_said_read(const struct message_in *in, struct probe_said *out)
{
	struct fault fault = {0};
	struct wire  w = payload_read(in, &fault);

	memset(out, 0, sizeof(*out));
	out->what = get_one_of(&w, PROBE_SAYINGS, "what");
	get_address(&w, &out->at);
	out->proto = wire_le16(&w, "proto");
	out->flow_id = wire_le64(&w, "flow_id");
	out->why = wire_le16(&w, "why");
	out->report = get_one_of(&w, REPORT_UNANSWERED + 1, "report");
	out->from = get_one_of(&w, 2, "from");
	out->offset = wire_le32(&w, "offset");
	for (int i = 0; i < 2; i++) {
		out->received[i] = wire_le64(&w, "received");
		out->taken[i] = wire_le64(&w, "taken");
		out->forwarded[i] = wire_le64(&w, "forwarded");
	}
	get_text(&w, CONTROL_TEXT_MAX, "text", out->text);
	return wire_end(&w, PAYLOAD_TRAILS, "probe said");
}
