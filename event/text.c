/* Makes text of peers harmless, and writes addresses, times and field paths the way every event shows them. */
#include "event/text.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

/* One character or one bad byte; returns how many bytes it took. */
static size_t escape_one(struct str *out, const uint8_t *bytes, size_t n)
{
	uint32_t c;
	size_t   len = utf8_one(bytes, n, &c);

	if (!len || c < 0x20 || c == 0x7f)
		str_fmt(out, "\\x%02x", bytes[0]);
	else if (c == '"' || c == '\\')
		str_fmt(out, "\\%c", (char)c);
	else if (!utf8_shows(c))
		str_fmt(out, "\\u{%x}", c);
	else
		str_bytes(out, (const char *)bytes, len);
	return len ? len : 1;
}

/* How many of n bytes need no escape. */
static size_t plain_run(const uint8_t *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '"' && bytes[i] != '\\')
		i++;
	return i;
}

void text_escape(struct str *out, const uint8_t *bytes, size_t n, size_t most)
{
	size_t shown = n < most ? n : most, at = 0;

	while (at < shown && !out->cut) {
		size_t run = plain_run(bytes + at, shown - at); /* UNSAFE: at < shown <= n, here and below */

		str_bytes(out, (const char *)bytes + at, run);
		at += run;
		if (at < shown)
			at += escape_one(out, bytes + at, n - at);
	}
	if (at < n)
		str_fmt(out, "...(+%zu bytes)", n - at);
}

void text_escape_name(struct str *out, const char *name)
{
	size_t n = strlen(name);

	for (size_t at = 0; at < n && !out->cut;) {
		if (name[at] == '"' || name[at] == '\\')
			str_char(out, name[at++]);
		else
			at += escape_one(out, (const uint8_t *)name + at, n - at); /* UNSAFE: at < n */
	}
}

void text_ip(struct str *out, const struct address *address)
{
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(address->family == 6 ? AF_INET6 : AF_INET, address->ip, text, sizeof(text)))
		return;
	str_add(out, text);
}

void text_address(struct str *out, const struct address *address)
{
	if (!address->family) {
		str_char(out, '?');
		return;
	}
	if (address->family == 6)
		str_char(out, '[');
	text_ip(out, address);
	str_fmt(out, "%s:%u", address->family == 6 ? "]" : "", address->port);
}

void text_time(struct str *out, uint64_t ts_us)
{
	const uint64_t last = 253402300799; /* the end of the year 9999 */
	uint64_t       seconds = ts_us / 1000000;
	time_t         t = (time_t)(seconds > last ? last : seconds);
	struct tm      tm;
	char           text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	str_fmt(out, "%s.%06u+0000", text, (unsigned)(ts_us % 1000000));
}

void text_date(struct str *out, uint32_t date)
{
	str_fmt(out, "%04u-%02u-%02u", date / 10000, date / 100 % 100, date % 100);
}

void text_span(struct str *out, uint64_t us)
{
	unsigned long long ms = us / 1000, s = ms / 1000, min = s / 60, h = min / 60;

	if (ms < 1000)
		str_fmt(out, "%llu ms", ms);
	else if (s < 60)
		str_fmt(out, "%llu.%llu s", s, ms % 1000 / 100);
	else if (min < 60)
		str_fmt(out, "%llu min %llu s", min, s % 60);
	else if (h < 24)
		str_fmt(out, "%llu h %llu min", h, min % 60);
	else
		str_fmt(out, "%llu d %llu h", h / 24, h % 24);
}

/* Where the first levels end that leave room for "/..." and as much of the end. */
static size_t path_head(const char *path, size_t most)
{
	size_t keep = most > 8 ? (most - 5) / 2 : 0, cut = 0;

	for (size_t i = 0; path[i] && i <= keep; i++)
		if (path[i] == '/')
			cut = i;
	return cut ? cut : keep;
}

void text_path(struct str *out, const char *path, size_t most)
{
	size_t n = strlen(path), head, tail;

	if (n <= most) {
		str_add(out, path);
		return;
	}
	head = path_head(path, most);
	tail = n - (most - head - 5);
	for (size_t i = tail; i < n; i++) {
		if (path[i] == '/') {
			tail = i;
			break;
		}
	}
	str_bytes(out, path, head);
	str_add(out, path[tail] == '/' ? "/..." : "/.../");
	str_add(out, path + tail); /* UNSAFE: tail <= n, the terminator at the most */
}
