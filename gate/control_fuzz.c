/* Fuzzes the control socket's messages: no bytes crash a reader, every value is in its range, and what is accepted is the same when written again. */
#include <stdlib.h>
#include <string.h>

#include "gate/control_msg.h"
#include "policy/policy.h"
#include "proto/driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct message_in in;

static void want(bool ok)
{
	if (!ok)
		abort();
}

static void arrive(const uint8_t *bytes, size_t n)
{
	memset(in.bytes, 0xee, n + 64 < sizeof(in.bytes) ? n + 64 : sizeof(in.bytes));
	if (n)
		memcpy(in.bytes, bytes, n);
	in.len = n;
}

static void is_address(const struct address *a)
{
	want(a->family == 0 || a->family == 4 || a->family == 6);
}

static bool row(struct session_row *out)
{
	if (!session_row_read(&in, out))
		return false;
	want(out->phase < SHOWN_PHASES && strlen(out->service) <= CONTROL_NAME_MAX);
	is_address(&out->client);
	is_address(&out->server);
	return true;
}

static bool ask(struct probe_ask *out)
{
	if (!probe_ask_read(&in, out))
		return false;
	want(out->transport <= POLICY_UDP && strlen(out->service) <= CONTROL_NAME_MAX && out->source.family && out->source.port);
	is_address(&out->source);
	is_address(&out->as);
	return true;
}

static bool said(struct probe_said *out)
{
	if (!probe_said_read(&in, out))
		return false;
	want(out->what < PROBE_SAYINGS && out->report <= REPORT_UNANSWERED && out->from <= SIDE_SERVER && strlen(out->text) <= CONTROL_TEXT_MAX);
	is_address(&out->at);
	return true;
}

/* Read, written, read: the same. The structs have holes, so they start out as zeros and are compared as they are. */
#define THERE_AND_BACK(type, read, write) \
	do { \
		struct type one, two; \
		memset(&one, 0, sizeof(one)); \
		memset(&two, 0, sizeof(two)); \
		if (!read(&one)) \
			return 0; \
		write(&one, &p); \
		want(!p.over); \
		arrive(p.bytes, p.len); \
		want(read(&two) && memcmp(&one, &two, sizeof(one)) == 0); \
	} while (0)

/* The first byte chooses the message; the rest is what the other side sent. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t        bytes[1024];
	struct payload p = payload_over(bytes, sizeof(bytes));

	if (!n || n > sizeof(in.bytes))
		return 0;
	arrive(data + 1, n - 1);
	switch (data[0] % 3) {
	case 0:
		THERE_AND_BACK(session_row, row, session_row_write);
		break;
	case 1:
		THERE_AND_BACK(probe_ask, ask, probe_ask_write);
		break;
	default:
		THERE_AND_BACK(probe_said, said, probe_said_write);
	}
	return 0;
}
