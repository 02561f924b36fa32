/* Parses a file: includes, zones, hosts and services; policies are parse_rule.c's. */
#include <string.h>

#include "policy/parse_int.h"

static bool zone_item(struct parser *p, void *arg)
{
	struct zone_item ***end = arg;
	struct zone_item   *item = pool_take(&p->b->pool, sizeof(*item));
	const char         *why;
	char                c;

	/* Several may stand on one line, so each is a sentence of its own. */
	if (!parser_word(p, &item->word, "an address, a prefix or a zone's name"))
		return false;
	c = item->word.text[0];
	if ((c >= '0' && c <= '9') || strchr(item->word.text, ':')) {
		if (!range_parse(item->word.text, &item->range, &why)) {
			build_error(p->b, item->word.at, "%s: \"%s\"", why, item->word.text);
			item->bad = true;
		}
	}
	**end = item;
	*end = &item->next;
	p->t.first = p->t.first || p->t.kind == TOKEN_WORD;
	return true;
}

static bool parse_zone(struct parser *p)
{
	struct zone       *zone = pool_take(&p->b->pool, sizeof(*zone));
	struct zone_item **end = &zone->item;

	if (!parser_word(p, &zone->name, "the zone's name"))
		return false;
	if (p->b->zone_count++ == POLICY_NAMES_MAX)
		return parser_fail(p, "more than %u zones", (unsigned)POLICY_NAMES_MAX);
	*p->b->zone_end = zone;
	p->b->zone_end = &zone->next;
	return parser_block(p, zone_item, &end, &zone->broken);
}

static bool host_add(struct parser *p, struct words **list, struct word word, struct range range)
{
	struct words *new = pool_take(&p->b->pool, sizeof(*new));
	unsigned      count = 0;

	new->word = word;
	new->range = range;
	for (; *list; list = &(*list)->next)
		if (++count == POLICY_HOST_MAX)
			return parser_fail(p, "a host has at most %u addresses and %u names", (unsigned)POLICY_HOST_MAX, (unsigned)POLICY_HOST_MAX);
	*list = new;
	return true;
}

static bool host_address(struct parser *p, struct host *host)
{
	do {
		struct range range;
		struct word  word;
		const char  *why;

		if (!parser_word(p, &word, "the host's address"))
			return false;
		if (!range_parse(word.text, &range, &why) || strchr(word.text, '/'))
			build_error(p->b, word.at, "this is not the address of a host: \"%s\"", word.text);
		if (!host_add(p, &host->address, word, range))
			return false;
	} while (!parser_at_end(p));
	return true;
}

static bool host_sentence(struct parser *p, void *arg)
{
	static const char *const words[] = {"address", "os", "name", NULL};
	struct host             *host = arg;
	struct word              word;
	struct span              at = p->t.word.at;

	switch (p->t.kind == TOKEN_WORD ? word_among(&p->t.word, words) : -1) {
	case 0:
		parser_next(p);
		return host_address(p, host);
	case 1:
		parser_next(p);
		if (host->has_os)
			build_error(p->b, at, "a host has one os");
		host->has_os = parser_string(p, &host->os, "the name of an operating system");
		return host->has_os;
	case 2:
		parser_next(p);
		if (!parser_string(p, &word, "the host's name"))
			return false;
		return host_add(p, &host->names, word, (struct range){0});
	default:
		return parser_unknown(p, "a word of a host", words);
	}
}

static bool parse_host(struct parser *p)
{
	struct host *host = pool_take(&p->b->pool, sizeof(*host));

	if (!parser_word(p, &host->name, "the host's name"))
		return false;
	if (p->b->host_count == POLICY_NAMES_MAX)
		return parser_fail(p, "more than %u hosts", (unsigned)POLICY_NAMES_MAX);
	host->number = p->b->host_count++;
	*p->b->host_end = host;
	p->b->host_end = &host->next;
	return parser_block(p, host_sentence, host, &host->broken);
}

/* ADDRESS:PORT or [ADDRESS]:PORT. */
static bool listen_address(const struct word *word, struct address *out)
{
	char         text[POLICY_WORD_MAX + 1];
	char        *colon, *from = text;
	const char  *why;
	struct word  port = {0};
	struct range range;
	uint64_t     number;

	memcpy(text, word->text, word->len + 1);
	colon = strrchr(text, ':');
	if (!colon)
		return false;
	port.text = colon + 1;
	*colon = '\0';
	if (!value_number(&port, &number) || !number || number > 65535)
		return false;
	if (*from == '[') {
		if (colon == from + 1 || colon[-1] != ']')
			return false;
		colon[-1] = '\0';
		from++;
	}
	/* Brackets are IPv6's alone. */
	if ((from != text) != !!strchr(from, ':') || strchr(from, '/') || !range_parse(from, &range, &why))
		return false;
	out->port = (uint16_t)number;
	out->family = range.family;
	memcpy(out->ip, range.lo, sizeof(out->ip));
	return true;
}

static bool service_listen(struct parser *p, struct service *service)
{
	static const char *const transports[] = {"tcp", "udp", NULL};
	struct word              word;
	struct address           address = {0};

	if (!parser_word(p, &word, "an address and a port, as 0.0.0.0:389"))
		return false;
	if (!listen_address(&word, &address))
		build_error(p->b, word.at, "this is not an address and a port, as 0.0.0.0:389 or [::]:389: \"%s\"", word.text);
	do {
		struct listen **end = &service->listen;
		unsigned        count = 0;
		int             which = p->t.kind == TOKEN_WORD && !parser_at_end(p) ? word_among(&p->t.word, transports) : -1;

		if (which < 0)
			return parser_unknown(p, "the transport", transports);
		for (; *end; end = &(*end)->next)
			if (++count == POLICY_HOST_MAX)
				return parser_fail(p, "a service has at most %u listeners", (unsigned)POLICY_HOST_MAX);
		*end = pool_take(&p->b->pool, sizeof(**end));
		**end = (struct listen){.at = span_to(word.at, p->t.word.at), .address = address, .transport = (uint8_t)which};
		parser_next(p);
	} while (!parser_at_end(p));
	return true;
}

static bool service_to(struct parser *p, struct service *service)
{
	uint64_t number;

	if (!parser_list(p, &service->to, "a host's name"))
		return false;
	if (!parser_is(p, "port") || parser_at_end(p))
		return true;
	parser_next(p);
	if (p->t.kind != TOKEN_WORD || parser_at_end(p) || !value_number(&p->t.word, &number) || !number || number > 65535)
		return parser_fail(p, "a port is a number from 1 to 65535");
	service->to_port = (uint16_t)number;
	parser_next(p);
	return true;
}

enum setting_kind { KIND_DURATION = 0, KIND_COUNT, KIND_SIZE };

static const struct {
	uint8_t     kind;
	uint64_t    least, most;
	const char *bounds;
} settings[POLICY_SETTINGS] = {
	[SETTING_IDLE_MS] = {KIND_DURATION, 1000, 30ull * 86400000, "idle is a time from 1s to 30d, as 15m"},
	[SETTING_CONNECT_MS] = {KIND_DURATION, 100, 300000, "connect is a time from 100ms to 5m, as 5s"},
	[SETTING_FIRST_MS] = {KIND_DURATION, 100, 3600000, "first is a time from 100ms to 1h, as 10s"},
	[SETTING_AGE_MS] = {KIND_DURATION, 1000, 365ull * 86400000, "age is a time from 1s to 365d, as 12h"},
	[SETTING_FLOWS] = {KIND_COUNT, 1, 1000000, "max-flows is a number from 1 to 1000000"},
	[SETTING_FLOWS_PER_SOURCE] = {KIND_COUNT, 1, 1000000, "max-flows-per-source is a number from 1 to 1000000"},
	[SETTING_HELD_BYTES] = {KIND_SIZE, 4096, 1u << 30, "held is a size from 4KiB to 1GiB, as 256KiB"},
};

static bool service_setting(struct parser *p, struct service *service, unsigned which, struct span at)
{
	uint64_t v = 0;
	bool     ok = p->t.kind == TOKEN_WORD && !parser_at_end(p);

	if (ok && settings[which].kind == KIND_DURATION)
		ok = value_duration(&p->t.word, &v);
	else if (ok)
		ok = settings[which].kind == KIND_SIZE ? value_size(&p->t.word, &v) : value_number(&p->t.word, &v);
	if (!ok || v < settings[which].least || v > settings[which].most)
		return parser_fail(p, "%s", settings[which].bounds);
	if (service->setting[which]) {
		build_error(p->b, at, "this is said twice");
		build_note(p->b, service->setting_at[which], "here first");
	}
	service->setting[which] = v;
	service->setting_at[which] = span_to(at, p->t.word.at);
	parser_next(p);
	return true;
}

static bool said_once(struct parser *p, bool before, struct span at)
{
	if (before)
		build_error(p->b, at, "this is said twice");
	return !before;
}

static bool service_sentence(struct parser *p, void *arg)
{
	static const char *const words[] = {"listen", "to",  "protocol",  "policy",               "idle", "connect",
					    "first",  "age", "max-flows", "max-flows-per-source", "held", NULL};
	struct service          *service = arg;
	struct span              at = p->t.word.at;
	int                      which = p->t.kind == TOKEN_WORD ? word_among(&p->t.word, words) : -1;

	if (which < 0)
		return parser_unknown(p, "a word of a service", words);
	parser_next(p);
	switch (which) {
	case 0:
		return service_listen(p, service);
	case 1:
		return said_once(p, service->to, at) && service_to(p, service);
	case 2:
		if (!said_once(p, service->protocol, at))
			return false;
		for (struct words **end = &service->protocol; !*end || !parser_at_end(p);) {
			if (!parser_list(p, end, "a protocol's name"))
				return false;
			while (*end)
				end = &(*end)->next;
			if (parser_at_end(p))
				break;
		}
		return true;
	case 3:
		return said_once(p, service->policy_name.text, at) && parser_word(p, &service->policy_name, "a policy's name");
	default:
		return service_setting(p, service, (unsigned)which - 4, at);
	}
}

static bool parse_service(struct parser *p)
{
	struct service *service = pool_take(&p->b->pool, sizeof(*service));

	if (!parser_word(p, &service->name, "the service's name"))
		return false;
	if (p->b->service_count == POLICY_SERVICES_MAX)
		return parser_fail(p, "more than %u services", (unsigned)POLICY_SERVICES_MAX);
	service->number = p->b->service_count++;
	*p->b->service_end = service;
	p->b->service_end = &service->next;
	return parser_block(p, service_sentence, service, &service->broken);
}

static bool parse_include(struct parser *p)
{
	struct word pattern;

	if (!parser_string(p, &pattern, "the file's name"))
		return false;
	file_include(p->b, p->file, &pattern);
	return true;
}

static bool top_sentence(struct parser *p)
{
	static const char *const words[] = {"zone", "host", "service", "policy", "include", NULL};
	int                      which = p->t.kind == TOKEN_WORD ? word_among(&p->t.word, words) : -1;

	p->t.first = false;
	if (which < 0)
		return parser_unknown(p, "a definition", words);
	parser_next(p);
	switch (which) {
	case 0:
		return parse_zone(p);
	case 1:
		return parse_host(p);
	case 2:
		return parse_service(p);
	case 3:
		return parse_policy(p);
	default:
		return parse_include(p);
	}
}

void parse_file(struct policy_build *b, struct text_file *file)
{
	struct parser p = {.b = b, .file = file};

	for (uint32_t i = 0; i < b->files.count; i++)
		if (*AT(b->files, struct text_file *, i) == file)
			p.lx = lexer_over(b, file, (uint16_t)i);
	parser_next(&p);
	while (p.t.kind != TOKEN_END) {
		if (p.t.kind == TOKEN_SEMICOLON) {
			parser_next(&p);
			continue;
		}
		if (!top_sentence(&p) || !parser_done(&p)) {
			parser_skip(&p);
			/* A stray } would stop the skip where it is. */
			if (p.t.kind == TOKEN_CLOSE)
				parser_next(&p);
		}
	}
}
