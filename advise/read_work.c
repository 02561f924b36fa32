/* Reads workarounds: title, kind, ports, steps, effect and how it is undone. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "advise/read_int.h"
#include "advise/text.h"

enum { PRODUCT_SHORT = 40 };

/* Words of commands and settings that tell what kind of workaround it is; the pack has those of the language. */
static const struct {
	const char *word;
	unsigned    kind;
} commands[] = {
	{"compatibilityflags", WORK_KILLBIT}, {"killbit", WORK_KILLBIT}, {"00000400", WORK_KILLBIT}, {"cacls", WORK_ACL}, {"takeown", WORK_ACL}, {"regsvr32", WORK_UNREGISTER},
	{"scconfig", WORK_SERVICE}, {"netstop", WORK_SERVICE}, {"scstop", WORK_SERVICE}, {"attrib", WORK_FILE}, {"gpedit", WORK_POLICY}, {"ipsec", WORK_FIREWALL},
	{"netsh", WORK_FIREWALL}, {"chmod", WORK_ACL}, {"rename", WORK_FILE}, {"dism", WORK_SERVICE}, {"disable-windowsoptionalfeature", WORK_SERVICE},
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

/* What may stand between two ports of one list: blanks, commas, and the language's words for "and" and "port". */
static size_t joiner(const struct place *p, const char *text)
{
	size_t took = 0;

	for (;;) {
		size_t n = strspn(text + took, " ,/");

		n += pack_word_at(p->pack, WORD_JOINER, text + took + n);
		n = n ? n : pack_word_at(p->pack, WORD_PORT, text + took);
		if (!n)
			return took;
		took += n;
	}
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
static const char *transport_at(const struct place *p, const char *text, size_t *took)
{
	bool   tcp = strncmp(text, "TCP", 3) == 0, udp = strncmp(text, "UDP", 3) == 0;
	size_t between;

	if (!tcp && !udp)
		return NULL;
	*took = 3;
	between = joiner(p, text + 3);
	if (strncmp(text + 3 + between, tcp ? "UDP" : "TCP", 3) == 0) {
		*took = 3 + between + 3;
		return "tcp/udp";
	}
	return tcp ? "tcp" : "udp";
}

/* "445 port": a number just before the word at `at`. */
static void port_before(struct workaround *w, const char *transport, const char *text, const char *at)
{
	const char *from = at;
	size_t      n = 0;

	while (from > text && from[-1] == ' ')
		from--;
	while (from > text && n < 5 && from[-1] >= '0' && from[-1] <= '9') {
		from--;
		n++;
	}
	if (n >= 2 && !(from > text && (from[-1] == '.' || (from[-1] | 32) == 'v')))
		port_add(w, transport, text_number(from, 5, &n), text_number(from, 5, &n));
}

/*
 * Ports of a line. The word for port must be there, and not be the end of the word for support. A transport holds for the numbers that
 * follow it; numbers without one are of TCP and UDP.
 */
static void ports_of(struct place *p, struct workaround *w, const char *text)
{
	const char *transport = "tcp/udp", *at = text;
	char        folded[FOLD_MAX];

	text_fold(text, strlen(text), folded);
	if (!pack_says(p->pack, WORD_PORT, folded))
		return;
	if (pack_says(p->pack, WORD_ABOVE, folded))
		port_add(w, "tcp/udp", 1025, 65535);
	while (*at) {
		size_t      took;
		const char *named = transport_at(p, at, &took);

		if (named) {
			transport = named;
			at = port_list(p, w, transport, at + took);
		} else if ((took = pack_word_at(p->pack, WORD_NOT_PORT, at))) {
			at += took;
		} else if ((took = pack_word_at(p->pack, WORD_PORT, at))) {
			port_before(w, transport, text, at);
			at = port_list(p, w, transport, at + took);
		} else {
			at++;
		}
	}
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

static void begin_inner(struct place *p, const char *text, uint32_t at)
{
	char title[NAME_MAX_ * 2];

	if (!p->work_parent) {
		p->work_parent = p->b->workarounds[p->b->workaround_n - 1].title;
		p->b->workaround_n--; /* it was only the title over those that follow */
		p->work_n = 0;
	}
	p->section = SECTION_WORKAROUND;
	snprintf(title, sizeof(title), "%.400s: %.400s", p->work_parent, text);
	begin(p, title, at, SURE_HIGH);
}

/* The name just before at: letters and digits, without quotes around it. */
static size_t name_before(const char *text, const char *at, const char **out)
{
	const char *end = at, *from;

	while (end > text && !isalnum((unsigned char)end[-1]) && at - end < 8)
		end--;
	for (from = end; from > text && isalnum((unsigned char)from[-1]); from--)
		;
	*out = from;
	return (size_t)(end - from);
}

/* "4. Type DisableMetaFiles", "6. In the box for the data, 1": the steps of an editor set one value. */
static bool value_in_steps(struct place *p, const struct workaround *w, struct key *key)
{
	const char *name = NULL, *data = NULL;
	size_t      n = 0, took;

	for (const char *line = w->text; *line; line += *line == '\n') {
		size_t length = strcspn(line, "\n"), enter = 0;
		bool   box = false;

		for (size_t i = 0; i < length; i++) {
			enter = !enter && pack_word_at(p->pack, WORD_ENTER, line + i) ? i : enter;
			if (pack_word_at(p->pack, WORD_DATA, line + i))
				box = true;
			if (box && !data && isdigit((unsigned char)line[i]))
				data = line + i;
		}
		if (enter && !box && !data) /* the last one before the data: the first starts the editor */
			n = name_before(line, line + enter, &name);
		line += length;
	}
	if (n < 4 || !data || !isalpha((unsigned char)*name))
		return false;
	char text[24];

	snprintf(text, sizeof(text), "dword:%08x", text_number(data, 5, &took));
	key->value = keep_n(p->b, name, n);
	key->data = keep(p->b, text);
	key->from.sure = SURE_LOW;
	return true;
}

/* A value that prose names: '"Enabled"' of type REG_DWORD, set to 00000000. */
static void value_in_prose(struct place *p, const struct workaround *w)
{
	struct bulletin *b = p->b;
	struct key      *key = NULL;
	const char      *at, *digits = NULL;
	size_t           n = 0;

	for (uint32_t i = 0; i < b->key_n; i++)
		if (!b->keys[i].verify && b->keys[i].workaround == b->workaround_n)
			key = !key && !b->keys[i].value[0] ? &b->keys[i] : (struct key *)0; /* only when there is one, and it has no value */
	if (key && strstr(w->text, "DWORD") && value_in_steps(p, w, key))
		return;
	if (!key || !strstr(w->text, "REG_DWORD"))
		return;
	for (at = w->text; !digits && *at; at++) {
		size_t run = strspn(at, "01");

		if (run == 8)
			digits = at;
		at += run;
		if (!*at)
			break;
	}
	for (at = strchr(w->text, '"'); at && !n; at = strchr(at + 1, '"')) {
		size_t run = 0;

		while ((at[1 + run] >= 'A' && at[1 + run] <= 'Z') || (at[1 + run] >= 'a' && at[1 + run] <= 'z'))
			run++;
		if (run > 1 && at[1 + run] == '"' && at[1] >= 'A' && at[1] <= 'Z') {
			n = run;
			key->value = keep_n(b, at + 1, n);
		}
	}
	if (n && digits)
		key->data = keep_n(b, digits, 8);
	if (n)
		key->from.sure = SURE_LOW;
}

void read_work_end(struct place *p)
{
	struct workaround *w = current(p);

	if (!w)
		return;
	w->text = p->work_n > 1 ? keep_n(p->b, p->work_text + 1, p->work_n - 1) : "";
	w->effect = keep_n(p->b, p->work_text + LONG_TEXT, p->work_effect_n);
	w->undo = keep_n(p->b, p->work_text + 2 * LONG_TEXT, p->work_undo_n);
	value_in_prose(p, w);
	p->work_n = p->work_effect_n = p->work_undo_n = 0;
}

/*
 * An item that is not bold begins a workaround when none is open, or when the open one began so too. Below a label outside the list
 * ("how to undo:") items are steps; a label inside an item ends with it.
 */
static bool is_plain_title(const struct place *p)
{
	bool part = p->section == SECTION_UNDO || p->section == SECTION_EFFECT;

	return p->item && p->depth == 1 && !p->ordered && !p->fixed && (!p->work_n || p->work_plain) && (!part || p->part_depth);
}

/* Below a title without words of its own, bold items of the inner list are the workarounds. */
static bool is_inner_title(const struct place *p, bool titled)
{
	return titled && p->item && p->depth == 2 && !p->leaf && !p->fixed && (p->work_parent || (p->work_n == 1 && !p->work_plain));
}

/* A title is bold; an item's at the outermost list, or a paragraph outside lists. Notes are none. */
static bool is_title(const struct place *p, const char *text, bool titled)
{
	char folded[FOLD_MAX];

	if (!titled || p->fixed || p->depth > 1 || (p->depth == 1 && !p->item))
		return false;
	text_fold(text, strlen(text), folded);
	if (!p->depth && p->work_n && pack_ends(p->pack, WORD_STEPS, folded))
		return false; /* "to do so:" begins the steps */
	if (!p->item && p->work_n && looks_like_product(text) && strlen(text) < PRODUCT_SHORT)
		return false; /* "Office 2003": steps for one product */
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
		p->work_parent = NULL;
		p->work_plain = false;
	} else if (is_inner_title(p, titled)) {
		begin_inner(p, text, at);
	} else if (is_plain_title(p)) {
		p->section = SECTION_WORKAROUND;
		begin(p, text, at, SURE_LOW);
		p->work_plain = true;
	}
	w = current(p);
	if (!w) { /* the words before the first one, or instead of one */
		text_fold(text, strlen(text), folded);
		p->b->says_no_workaround |= pack_says(p->pack, WORD_NO_WORKAROUND, folded);
		return;
	}
	text_fold(text, strlen(text), folded);
	kinds = kinds_of(p, folded);
	if (p->section == SECTION_WORKAROUND) {
		w->kinds |= kinds;
		ports_of(p, w, text);
	}
	if (at != w->from.line)
		append(p, text);
}
