/* Reads workarounds: title, kind, ports, steps, effect and how it is undone. */
#include <string.h>
#include <strings.h>

#include "advise/read_int.h"
#include "advise/text.h"

/* Words of commands and settings that tell what kind of workaround it is; the pack has those of the language. */
static const struct {
	const char *word;
	unsigned    kind;
} commands[] = {
	{"compatibilityflags", WORK_KILLBIT}, {"killbit", WORK_KILLBIT}, {"00000400", WORK_KILLBIT}, {"cacls", WORK_ACL}, {"takeown", WORK_ACL}, {"regsvr32", WORK_UNREGISTER},
	{"scconfig", WORK_SERVICE}, {"netstop", WORK_SERVICE}, {"scstop", WORK_SERVICE}, {"attrib", WORK_FILE}, {"gpedit", WORK_POLICY}, {"ipsec", WORK_FIREWALL},
	{"netsh", WORK_FIREWALL}, {"dism", WORK_SERVICE}, {"disable-windowsoptionalfeature", WORK_SERVICE},
};

static unsigned kinds_of(const struct place *p, const char *folded)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strstr(folded, commands[i].word))
			kinds |= commands[i].kind;
	if (pack_says(p->pack, WORD_SERVICE, folded))
		kinds |= WORK_SERVICE;
	if (pack_says(p->pack, WORD_POLICY, folded))
		kinds |= WORK_POLICY;
	if (pack_says(p->pack, WORD_READONLY, folded))
		kinds |= WORK_FILE;
	if (pack_says(p->pack, WORD_FIREWALL, folded))
		kinds |= WORK_FIREWALL;
	if (strstr(folded, "hkey_") || strstr(folded, "hklm\\"))
		kinds |= WORK_REGISTRY;
	return kinds;
}

static struct workaround *current(struct place *p)
{
	return p->work_text && p->b->workaround_n && p->work_n ? &p->b->workarounds[p->b->workaround_n - 1] : NULL;
}

static void port_add(struct workaround *w, const char *transport, uint32_t first, uint32_t last)
{
	if (first == 0 || last > 65535 || first > last || w->port_n == PORTS_MAX)
		return;
	for (uint32_t i = 0; i < w->port_n; i++)
		if (w->ports[i].first == first && w->ports[i].last == last && strcmp(w->ports[i].transport, transport) == 0)
			return;
	w->ports[w->port_n++] = (struct port){transport, (uint16_t)first, (uint16_t)last};
	w->kinds |= WORK_PORT;
}

/* What may stand between two ports of one list: commas of both kinds, "and", "or", brackets, the word for port. */
static size_t joiner(const struct place *p, const char *text)
{
	static const char *const joiners[] = {
		" ", ",", "/", "\xe3\x80\x81", "\xef\xbc\x8c", "\xe3\x81\x8a\xe3\x82\x88\xe3\x81\xb3", "\xe3\x81\xbe\xe3\x81\x9f\xe3\x81\xaf", "\xe3\x81\xa8",
		"und ", "oder ", "sowie ", "and ", "\xe3\x83\x9d\xe3\x83\xbc\xe3\x83\x88", "Ports ", "Port ",
	};
	size_t took = 0;

	(void)p;
	for (size_t i = 0; i < sizeof(joiners) / sizeof(joiners[0]); i++) {
		size_t n = strlen(joiners[i]);

		if (strncmp(text + took, joiners[i], n) == 0) {
			took += n;
			i = (size_t)-1;
		}
	}
	return took;
}

/* Numbers of a list of ports at text, for this transport. */
static const char *port_list(struct place *p, struct workaround *w, const char *transport, const char *text)
{
	for (;;) {
		size_t   n, more;
		uint32_t first, last;

		text += joiner(p, text);
		first = text_number(text, 5, &n);
		if (!n || (text[n] >= '0' && text[n] <= '9') || text[n] == '.')
			return text;
		last = first;
		if (text[n] == '-' || text[n] == '~') {
			last = text_number(text + n + 1, 5, &more);
			last = more ? last : first;
			n += more ? more + 1 : 0;
		}
		port_add(w, transport, first, last);
		text += n;
	}
}

/* "TCP and UDP" at text: the transport's name and how long it is. */
static const char *transport_at(const char *text, size_t *took)
{
	bool   tcp = strncmp(text, "TCP", 3) == 0, udp = strncmp(text, "UDP", 3) == 0;
	size_t between;

	if (!tcp && !udp)
		return NULL;
	*took = 3;
	between = strcspn(text + 3, "TU0123456789");
	if (between < 24 && text[3] && (strncmp(text + 3 + between, tcp ? "UDP" : "TCP", 3) == 0) && (between <= 3 || strncmp(text + 3, " und", 4) == 0 || strstr(text + 3, "\xe3\x81\x8a\xe3\x82\x88\xe3\x81\xb3") == text + 4)) {
		*took = 3 + between + 3;
		return "tcp/udp";
	}
	return tcp ? "tcp" : "udp";
}

/*
 * Ports of a line. The word for port must be there, and not be the end of the word for support. A transport holds for the numbers that
 * follow it; numbers without one are of TCP and UDP unless the line has named one.
 */
static void ports_of(struct place *p, struct workaround *w, const char *text)
{
	const char *transport = "tcp/udp", *at = text;
	char        folded[FOLD_MAX];

	text_fold(text, strlen(text), folded);
	if (!pack_says(p->pack, WORD_PORT, folded))
		return;
	while (*at) {
		size_t      took;
		const char *named = transport_at(at, &took);
		bool        jp = strncmp(at, "\xe3\x83\x9d\xe3\x83\xbc\xe3\x83\x88", 9) == 0 && !(at - text >= 6 && memcmp(at - 6, "\xe3\x82\xb5\xe3\x83\x9d", 6) == 0);
		bool        de = strncmp(at, "Port", 4) == 0;

		if (jp && at - text >= 3 && memcmp(at - 3, "\xe3\x82\xb5", 3) == 0)
			jp = false;
		if (named) {
			transport = named;
			at = port_list(p, w, transport, at + took);
		} else if (jp) {
			at = port_list(p, w, transport, at + 9);
		} else if (de) {
			at += 4 + (at[4] == 's');
			at = *at == 'n' ? at : port_list(p, w, transport, at);
		} else {
			at++;
		}
	}
}

/* "139/tcp", "445 port": numbers before their word. */
static void ports_before(struct place *p, struct workaround *w, const char *text)
{
	static const char word[] = "\xe3\x83\x9d\xe3\x83\xbc\xe3\x83\x88";

	for (const char *at = strstr(text, word); at; at = strstr(at + 9, word)) {
		const char *from = at;
		size_t      n;

		while (from > text && from[-1] == ' ')
			from--;
		n = 0;
		while (from > text && n < 5 && from[-1] >= '0' && from[-1] <= '9') {
			from--;
			n++;
		}
		if (n >= 2 && !(from > text && (from[-1] == '.' || (from[-1] | 32) == 'v')))
			port_add(w, "tcp/udp", text_number(from, 5, &n), text_number(from, 5, &n));
	}
	(void)p;
}

/* Text of the part that is being read: steps, effect or undoing. */
static void append(struct place *p, const char *text)
{
	size_t  n = strlen(text);
	char   *to = p->work_text + (p->section == SECTION_EFFECT ? LONG_TEXT : p->section == SECTION_UNDO ? 2 * LONG_TEXT : 0);
	size_t *used = p->section == SECTION_EFFECT ? &p->work_effect_n : p->section == SECTION_UNDO ? &p->work_undo_n : &p->work_n;

	if (*used + n + 2 > LONG_TEXT)
		return;
	if (*used > 1 || (*used == 1 && used != &p->work_n))
		to[(*used)++] = '\n';
	memcpy(to + *used, text, n);
	*used += n;
}

static void begin(struct place *p, const char *title, uint32_t at, enum sure sure)
{
	struct workaround *w;
	size_t             n = strlen(title);
	const char        *trimmed = text_trim(title, &n, ":");

	read_work_end(p);
	w = FACT(p->b, workaround);
	if (!w)
		return;
	if (n > 3 && memcmp(trimmed + n - 3, "\xef\xbc\x9a", 3) == 0)
		n -= 3;
	*w = (struct workaround){.title = keep_n(p->b, trimmed, n), .cve = keep(p->b, p->cve), .text = "", .effect = "", .undo = "", .from = {at, sure}};
	p->work_text[0] = ' ';
	p->work_n = 1; /* something is open */
	p->work_effect_n = p->work_undo_n = 0;
	p->value_key[0] = '\0';
}

void read_work_end(struct place *p)
{
	struct workaround *w = current(p);

	if (!w)
		return;
	w->text = p->work_n > 1 ? keep_n(p->b, p->work_text + 1, p->work_n - 1) : "";
	w->effect = keep_n(p->b, p->work_text + LONG_TEXT, p->work_effect_n);
	w->undo = keep_n(p->b, p->work_text + 2 * LONG_TEXT, p->work_undo_n);
	if (strncmp(w->title, "", 1) == 0)
		w->from.sure = SURE_LOW;
	p->work_n = p->work_effect_n = p->work_undo_n = 0;
}

/* A title is bold; an item's at the outermost list, or a paragraph outside lists. Notes are none. */
static bool is_title(const struct place *p, const char *text, bool titled)
{
	char folded[FOLD_MAX];

	if (!titled || p->fixed || p->depth > 1 || (p->depth == 1 && !p->item))
		return false;
	text_fold(text, strlen(text), folded);
	return !(pack_says(p->pack, WORD_ISSUE, folded) && strlen(folded) < 40);
}

void read_work_line(struct place *p, const char *text, uint32_t at, bool titled)
{
	struct workaround *w;
	char               folded[FOLD_MAX];
	unsigned           kinds;

	if (!*text)
		return;
	if (is_title(p, text, titled)) {
		p->section = SECTION_WORKAROUND;
		begin(p, text, at, p->item ? SURE_HIGH : SURE_MEDIUM);
	}
	w = current(p);
	if (!w)
		return; /* the words before the first one */
	text_fold(text, strlen(text), folded);
	kinds = kinds_of(p, folded);
	if (p->section == SECTION_WORKAROUND) {
		w->kinds |= kinds;
		ports_of(p, w, text);
		ports_before(p, w, text);
	}
	if (!titled || p->section != SECTION_WORKAROUND)
		append(p, text);
}
