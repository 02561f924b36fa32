/* Events: peer text made harmless, addresses, times, paths, community ids, lines and JSON. */
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "event/text.h"
#include "test/tap.h"

static struct str fresh(char *buffer, size_t size)
{
	return str_over(buffer, size);
}

static void escapes(const char *bytes, size_t n, const char *want, const char *name)
{
	char       buffer[256];
	struct str s = fresh(buffer, sizeof(buffer));

	text_escape(&s, (const uint8_t *)bytes, n, 64);
	tap_text(s.text, want, name);
}

static void test_escape(void)
{
	escapes("cn=Ann", 6, "cn=Ann", "plain text stays");
	escapes("a\0b", 3, "a\\x00b", "a zero byte is shown");
	escapes("\033[31m\n\r\t", 8, "\\x1b[31m\\x0a\\x0d\\x09", "terminal sequences and line ends are shown");
	escapes("\x7f\xc2\x9b", 3, "\\x7f\\u{9b}", "DEL and C1 controls are shown");
	escapes("Gr\xc3\xbc\xc3\x9f", 6, "Gr\xc3\xbc\xc3\x9f", "letters beyond ASCII stay");
	escapes("\xe2\x80\xae" "fdp", 6, "\\u{202e}fdp", "a right-to-left override is shown");
	escapes("\xe2\x81\xa6\xe2\x80\x8b\xe2\x80\xa8\xef\xbb\xbf", 12, "\\u{2066}\\u{200b}\\u{2028}\\u{feff}",
		"isolates, zero width, line separator and byte order mark are shown");
	escapes("\xc0\xaf\xed\xa0\x80\xf5\x80", 7, "\\xc0\\xaf\\xed\\xa0\\x80\\xf5\\x80", "overlong, surrogate and too large forms are bytes");
	escapes("\xe2\x82", 2, "\\xe2\\x82", "a cut sequence is bytes");
	escapes("\"\\", 2, "\\\"\\\\", "quotation marks and backslashes are marked");
	escapes("\xf3\xa0\x81\x81", 4, "\\u{e0041}", "tag characters are shown");
	char long_text[80], buffer[128];
	struct str s = fresh(buffer, sizeof(buffer));
	memset(long_text, 'A', sizeof(long_text));
	text_escape(&s, (const uint8_t *)long_text, sizeof(long_text), 64);
	tap_ok(strcmp(s.text + 64, "...(+16 bytes)") == 0, "what is left out is said");
}

/* No input may give a control character, a bidi control or something that is not UTF-8. */
static void test_escape_all(void)
{
	uint64_t seed = 1;
	bool     ok = true;

	for (int round = 0; round < 200000 && ok; round++) {
		uint8_t    in[12];
		char       buffer[256];
		struct str s = fresh(buffer, sizeof(buffer));
		json_t    *json;

		for (size_t i = 0; i < sizeof(in); i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			in[i] = (uint8_t)(seed >> 40);
			if (seed >> 62)
				in[i] = "\xe2\x80\xae\x1b\xc2\x85\xf3\xa0"[(seed >> 33) & 7];
		}
		text_escape(&s, in, sizeof(in), sizeof(in));
		for (size_t i = 0; i < s.len; i++)
			ok = ok && (uint8_t)s.text[i] >= 0x20 && s.text[i] != 0x7f;
		json = json_stringn(s.text, s.len);
		ok = ok && json && !s.cut && !strstr(s.text, "\xe2\x80\xae") && !strstr(s.text, "\xc2\x85");
		json_decref(json);
	}
	tap_ok(ok, "200,000 random texts: no control, no bidi, always UTF-8");
}

static struct address ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
	return (struct address){.family = 4, .ip = {a, b, c, d}, .port = port};
}

static void test_forms(void)
{
	char           buffer[128];
	struct str     s = fresh(buffer, sizeof(buffer));
	struct address a = ip4(192, 0, 2, 1, 389), six = {.family = 6, .ip = {0x20, 1, 0x0d, 0xb8, [15] = 1}, .port = 389};

	text_address(&s, &a);
	tap_text(s.text, "192.0.2.1:389", "an IPv4 end");
	s = fresh(buffer, sizeof(buffer));
	text_address(&s, &six);
	tap_text(s.text, "[2001:db8::1]:389", "an IPv6 end");
	s = fresh(buffer, sizeof(buffer));
	text_time(&s, 1081814400000042);
	tap_text(s.text, "2004-04-13T00:00:00.000042+0000", "a time");
	s = fresh(buffer, sizeof(buffer));
	text_time(&s, UINT64_MAX);
	tap_ok(strncmp(s.text, "9999-12-31T23:59:59.", 20) == 0, "a time that cannot be is shown as the last one");
	s = fresh(buffer, sizeof(buffer));
	text_path(&s, "ldap/search/filter/not", 90);
	tap_text(s.text, "ldap/search/filter/not", "a short path stays");
	s = fresh(buffer, sizeof(buffer));
	text_path(&s, "ldap/search/filter/not/not/not/not/not/not/not/not/not/not/not/not/equality/value", 50);
	tap_text(s.text, "ldap/search/filter/not/.../not/not/equality/value", "a long path keeps both ends, cut at levels");
	s = fresh(buffer, sizeof(buffer));
	text_date(&s, 20270131);
	tap_text(s.text, "2027-01-31", "a date");
	static const struct {
		uint64_t    us;
		const char *text;
	} spans[] = {{0, "0 ms"}, {999999, "999 ms"}, {1290000, "1.2 s"}, {59999999, "59.9 s"}, {200000000, "3 min 20 s"},
		     {UINT64_C(18120000000), "5 h 2 min"}, {UINT64_C(273600000000), "3 d 4 h"}};
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		s = fresh(buffer, sizeof(buffer));
		text_span(&s, spans[i].us);
		tap_text(s.text, spans[i].text, "a span");
	}
	s = fresh(buffer, sizeof(buffer));
	str_count(&s, 1234567);
	str_char(&s, ' ');
	str_count(&s, 999);
	tap_text(s.text, "1,234,567 999", "counts have groups of three");
}

static void test_path_lengths(void)
{
	char path[400], buffer[512];
	bool ok = true;

	for (size_t n = 0; n < sizeof(path); n++) {
		for (size_t i = 0; i < n; i++)
			path[i] = i % 5 == 4 ? '/' : 'a';
		path[n] = '\0';
		for (size_t most = 16; most < 120; most++) {
			struct str s = fresh(buffer, sizeof(buffer));

			text_path(&s, path, most);
			ok = ok && s.len <= most && (n > most || strcmp(path, s.text) == 0);
		}
	}
	tap_ok(ok, "paths of every length stay within every bound");
}

static void test_str(void)
{
	char       buffer[8];
	struct str s = fresh(buffer, sizeof(buffer));

	str_add(&s, "1234567");
	tap_ok(!s.cut && s.len == 7, "a string fills its buffer");
	str_char(&s, '8');
	tap_ok(s.cut && strcmp(s.text, "1234567") == 0, "and is cut there");
	s = fresh(buffer, sizeof(buffer));
	str_add(&s, "12345");
	str_fmt(&s, "%s", "678");
	str_add(&s, "x");
	tap_ok(s.cut && strcmp(s.text, "12345") == 0, "an addition that does not fit leaves nothing, nor does the next");
}

static void community(uint8_t protocol, struct address a, struct address b, const char *want, const char *name)
{
	char id[COMMUNITY_ID_MAX] = "", back[COMMUNITY_ID_MAX] = "";

	tap_ok(community_id(protocol, &a, &b, id) && community_id(protocol, &b, &a, back) && strcmp(id, back) == 0,
	       "%s: both directions agree", name);
	tap_text(id, want, name);
}

/* The values of the specification's own baseline. */
static void test_community(void)
{
	struct address a = {.family = 6, .ip = {0xfe, 0x80, [8] = 0x02, 0x1f, 0x5b, 0xff, 0xfe, 0x6c, 0x3e, 0xd5}, .port = 40000};

	community(6, ip4(128, 232, 110, 120, 34855), ip4(66, 35, 250, 204, 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "TCP over IPv4");
	community(17, ip4(192, 168, 1, 52, 54585), ip4(8, 8, 8, 8, 53), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "UDP over IPv4");
	struct address same = a;
	char           id[COMMUNITY_ID_MAX];
	same.port = 389;
	tap_ok(community_id(6, &a, &same, id) && strlen(id) == 30, "IPv6 with equal addresses has an id of 30 characters");
}

static struct event_at here(void)
{
	return (struct event_at){
		.ts_us = 1081814400000042,
		.flow_id = (UINT64_C(1) << 53) - 1,
		.ip_protocol = 6,
		.client = ip4(10, 0, 0, 1, 40000),
		.server = ip4(10, 0, 0, 2, 389),
		.from = SIDE_CLIENT,
		.app = "ldap",
		.file = "day\n\"1\".pcap",
		.packet = 143,
	};
}

static const struct reason deep = {.number = 200,
				   .id = "ldap.filter.depth",
				   .protocol = "ldap",
				   .class = CLASS_UNSAFE,
				   .clause = "RFC 4511 4.5.1.7",
				   .sentence = "too deep",
				   .flaws = "CAN-2003-0663 MS04-011"};

static struct refusal refused(void)
{
	return (struct refusal){
		.reason = &deep,
		.sentence = "the filter is nested deeper than 32 levels",
		.path = "ldap/search/filter/not",
		.by = {.service = "check", .rule = "built-in", .mode = "check"},
		.action = "alert",
		.has_offset = true,
		.has_numbers = true,
		.offset = 143,
		.stream_offset = 21,
		.expected = 32,
		.got = 33,
	};
}

static void test_line(void)
{
	char              buffer[1024];
	struct str        s = fresh(buffer, sizeof(buffer));
	struct event_at   at = here();
	struct refusal    r = refused();
	struct line_style plain = {.colour = false}, coloured = {.colour = true};

	at.file = "day.pcap";
	line_refusal(&s, &at, &r, &plain);
	tap_text(s.text,
		 "day.pcap:143 10.0.0.1:40000 -> 10.0.0.2:389  ldap.filter.depth: the filter is nested deeper than 32 levels "
		 "(at ldap/search/filter/not, byte 143 of the message; RFC 4511 4.5.1.7; CAN-2003-0663 MS04-011)",
		 "one refusal as one line");
	at.from = SIDE_SERVER;
	at.file = "a\033]0;b\n";
	r.path = "";
	r.has_offset = false;
	r.detail = "more";
	r.consequence = true;
	s = fresh(buffer, sizeof(buffer));
	line_refusal(&s, &at, &r, &plain);
	tap_text(s.text,
		 "a\\x1b]0;b\\x0a:143 10.0.0.2:389 -> 10.0.0.1:40000  ldap.filter.depth: the filter is nested deeper than 32 levels, "
		 "more (RFC 4511 4.5.1.7; CAN-2003-0663 MS04-011; follows from what came before)",
		 "the arrow follows the sender, a file name is escaped, nothing is made up");
	s = fresh(buffer, sizeof(buffer));
	line_refusal(&s, &at, &r, &coloured);
	tap_ok(strstr(s.text, "\033[1;31mldap.filter.depth\033[0m") != NULL, "unsafe reasons are red where colours are");
}

static json_t *written(json_t *object, size_t *len)
{
	char  *text = NULL;
	FILE  *file = open_memstream(&text, len);
	bool   ok = eve_write(file, object);
	json_t *back;

	fclose(file);
	back = ok && *len && text[*len - 1] == '\n' && !memchr(text, '\n', *len - 1) ? json_loads(text, 0, NULL) : NULL;
	free(text);
	return back;
}

static const char *text_at(json_t *object, const char *outer, const char *inner)
{
	return json_string_value(json_object_get(outer ? json_object_get(object, outer) : object, inner));
}

static void test_json(void)
{
	struct event_at at = here();
	struct refusal  r = refused();
	size_t          len = 0;
	json_t         *back = written(eve_refusal(&at, &r), &len), *own = json_object_get(back, "sallyport");

	if (!tap_ok(back != NULL && len < EVE_LINE_MAX, "a refusal is one line of JSON"))
		return;
	tap_text(text_at(back, NULL, "timestamp"), "2004-04-13T00:00:00.000042+0000", "timestamp");
	tap_text(text_at(back, NULL, "event_type"), "alert", "event_type");
	tap_text(text_at(back, NULL, "src_ip"), "10.0.0.1", "src_ip");
	tap_text(text_at(back, NULL, "pcap_filename"), "day\\x0a\"1\".pcap", "pcap_filename is escaped");
	tap_number((uint64_t)json_integer_value(json_object_get(back, "flow_id")), (UINT64_C(1) << 53) - 1, "flow_id");
	tap_text(text_at(back, "alert", "action"), "allowed", "alert.action: nothing was stopped");
	tap_number((uint64_t)json_integer_value(json_object_get(json_object_get(back, "alert"), "signature_id")), 200, "signature_id");
	tap_text(text_at(back, "verdict", "reason"), "ldap.filter.depth", "verdict.reason");
	tap_text(text_at(back, "sallyport", "sentence"), "the filter is nested deeper than 32 levels", "sallyport.sentence is the sentence");
	tap_text(text_at(back, "sallyport", "policy_rev"), "0000000000000000", "sallyport.policy_rev");
	tap_text(text_at(back, "sallyport", "field"), "ldap/search/filter/not", "sallyport.field");
	tap_number((uint64_t)json_integer_value(json_object_get(own, "got")), 33, "sallyport.got");
	tap_number(json_array_size(json_object_get(own, "advisories")), 2, "sallyport.advisories");
	json_decref(back);
}

static void test_json_long(void)
{
	struct event_at at = here();
	char            text[4000], key[16];
	json_t         *line = eve_common(&at, "ldap"), *facts = json_object(), *back;
	size_t          len = 0;

	memset(text, '"', sizeof(text));
	for (int i = 0; i < 8; i++) {
		snprintf(key, sizeof(key), "fact%d", i);
		json_object_set_new(facts, key, eve_text((const uint8_t *)text, sizeof(text), 1500));
	}
	json_object_set_new(line, "ldap", facts);
	back = written(line, &len);
	tap_ok(back && len < EVE_LINE_MAX && json_is_true(json_object_get(back, "truncated")), "a line too long loses its object and says so");
	tap_text(text_at(back, NULL, "event_type"), "ldap", "and keeps what every event has");
	json_decref(back);
	tap_ok(!eve_write(stdout, NULL), "without memory nothing is written");
}

int main(void)
{
	test_escape();
	test_escape_all();
	test_forms();
	test_path_lengths();
	test_str();
	test_community();
	test_line();
	test_json();
	test_json_long();
	return tap_done();
}
