/* Says what a unit is, from the facts policy asked about, so that an event answers "what was blocked?". */
#include "event/describe.h"

#include <string.h>

#include "proto/reasons.h"

static size_t words_of(const struct fact_def *def)
{
	size_t n = 0;

	while (def->words[n])
		n++;
	return n;
}

uint32_t unit_operation(const struct recogniser *r)
{
	for (uint8_t i = 0; r && i < r->facts; i++)
		if (r->fact[i].scope == FACT_OF_REQUEST && r->fact[i].words)
			return UINT32_C(1) << i;
	return 0;
}

/* A fact's name without its protocol's, which stands in front of all of them. */
static const char *short_name(const struct recogniser *r, const char *name)
{
	size_t n = strlen(r->name);

	/* UNSAFE: the name goes on behind what it begins with. */
	return strncmp(name, r->name, n) == 0 && name[n] == '.' ? name + n + 1 : name;
}

static void add_fact(const struct fact_def *def, const struct fact *fact, struct str *out)
{
	if (fact->state == FACT_TEXT)
		str_bytes(out, (const char *)fact->text, fact->len < UNIT_TEXT_MAX ? fact->len : UNIT_TEXT_MAX);
	else if (def->words && fact->number < words_of(def))
		str_add(out, def->words[fact->number]);
	else
		str_fmt(out, "%llu", (unsigned long long)fact->number);
}

void unit_describe(const struct recogniser *r, const struct step *step, const struct cx *cx, struct str *out)
{
	str_add(out, r->name);
	for (uint8_t i = 0, shown = 0; i < r->facts; i++) {
		const struct fact *fact = &cx->fact[i];

		if (!(cx->wanted >> i & 1) || (fact->state != FACT_NUMBER && fact->state != FACT_TEXT))
			continue;
		str_fmt(out, "%s%s ", shown++ ? ", " : " ", short_name(r, r->fact[i].name));
		add_fact(&r->fact[i], fact, out);
	}
	if (step->why && reason_of(step->why)->class == CLASS_OPAQUE)
		str_fmt(out, ", of which nothing can be seen (%s)", reason_of(step->why)->id);
}
