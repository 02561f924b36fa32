/* What a bulletin says of installing its update on a host: installer, switches, restart, removal, service packs, prerequisites. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assess/plan_int.h"

/* How well a text's product names the target; 0: it is about something else, 1: it names no product. */
static unsigned meets(const char *product, const struct target *on)
{
	struct target targets[TARGETS_MAX];
	struct target bare = *on;
	size_t        n;
	unsigned      best = 0;

	if (!product || !product[0])
		return 1;
	n = targets_parse(product, targets);
	bare.packs = 0; /* installers are for all service packs of the heading */
	for (size_t i = 0; i < n; i++) {
		bool     unsure;
		unsigned said = 2 + (targets[i].arch != 0) + (targets[i].editions != 0) + (targets[i].kind == TARGET_SOFTWARE) * 2;

		targets[i].packs = 0;
		if (on->kind == TARGET_SOFTWARE ? target_covers(&targets[i], &bare, &unsure) : targets[i].kind == TARGET_SYSTEM && target_covers(&targets[i], &bare, &unsure))
			best = said > best ? said : best;
	}
	return best;
}

static const struct statement *statement_for(const struct bulletin *b, enum topic topic, const struct target *on)
{
	const struct statement *best = NULL;
	unsigned                most = 0;

	for (uint32_t i = 0; i < b->statement_n; i++) {
		unsigned n = b->statements[i].topic == topic ? meets(b->statements[i].product, on) : 0;

		if (n > most) {
			most = n;
			best = &b->statements[i];
		}
	}
	return best;
}

static struct plan_text text_for(const struct bulletin *b, enum topic topic, const struct target *on)
{
	const struct statement *s = statement_for(b, topic, on);

	return s && s->text[0] ? (struct plan_text){s->text, s->from.line} : (struct plan_text){0};
}

/* The best of the rows: of the product that says most of the host, with switches before without, the first. */
static const struct installer *installer_for(const struct bulletin *b, const struct target *on)
{
	const struct installer *best = NULL;
	unsigned                most = 0;

	for (uint32_t i = 0; i < b->installer_n; i++) {
		unsigned n = meets(b->installers[i].product, on) * 2;

		n += n && b->installers[i].switches[0];
		if (n > most) {
			most = n;
			best = &b->installers[i];
		}
	}
	return best;
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcasecmp(name, *names) == 0)
			return true;
	return false;
}

/* Switches of installers changed their names in 2004; these are all that ever kept one from restarting. */
static void switches_for(const struct bulletin *b, const struct target *on, struct plan_step *step)
{
	static const char *const still[] = {"/norestart", "/z", "-z", "/r:n", NULL}, *const help[] = {"/?", "/help", NULL};
	size_t                   removals = 0;

	for (uint32_t i = 0; i < b->switch_n; i++) {
		const struct setup_switch *s = &b->switches[i];

		if (!meets(s->product, on))
			continue;
		if (!s->removal && !step->no_restart && is_one_of(s->name, still))
			step->no_restart = s->name;
		if (s->removal && !is_one_of(s->name, help) && removals + 1 < sizeof(step->removal_switches) / sizeof(step->removal_switches[0]))
			step->removal_switches[removals++] = s->name;
	}
	/* Some bulletins give it in the example only. */
	for (uint32_t i = 0; i < b->installer_n && !step->no_restart; i++)
		if (meets(b->installers[i].product, on) && is_one_of(b->installers[i].switches, still))
			step->no_restart = b->installers[i].switches;
}

void plan_describe(const struct report_host *host, const struct target *on, struct plan_step *step)
{
	const struct bulletin  *any = step->entry->readings[0];
	const struct statement *restart;

	step->reading = any;
	for (size_t i = 0; i < READINGS && step->entry->readings[i]; i++)
		if (strcmp(step->entry->readings[i]->language, host->system.language) == 0)
			step->reading = step->entry->readings[i];
	step->installer = installer_for(step->reading, on);
	switches_for(step->reading, on, step);
	step->removal = text_for(step->reading, TOPIC_REMOVAL, on);
	step->prerequisite = text_for(step->reading, TOPIC_PREREQUISITE, on);
	restart = statement_for(step->reading, TOPIC_RESTART, on);
	step->restart = restart ? restart->answer : ANSWER_UNKNOWN;
	step->day = step->reading->published ? step->reading->published : any->published;
}

unsigned plan_pack_needed(const struct catalog_entry *entry, const struct target *on, int pack)
{
	unsigned least = 0;

	if (pack < 0 || pack > 31 || on->kind != TARGET_SYSTEM)
		return 0;
	for (size_t r = 0; r < READINGS && entry->readings[r]; r++)
		for (uint32_t i = 0; i < entry->readings[r]->product_n; i++) {
			struct target targets[TARGETS_MAX];
			size_t        n = entry->readings[r]->products[i].affected ? targets_parse(entry->readings[r]->products[i].name, targets) : 0;

			for (size_t t = 0; t < n; t++) {
				struct target system = targets[t], bare = *on;
				bool          unsure;

				system.packs = bare.packs = 0;
				if (targets[t].kind != TARGET_SYSTEM || targets[t].family != on->family || !target_covers(&system, &bare, &unsure))
					continue;
				if (!targets[t].packs || targets[t].packs >> pack & 1)
					return 0;
				for (unsigned p = (unsigned)pack + 1; p < 32; p++)
					if (targets[t].packs >> p & 1) {
						least = !least || p < least ? p : least;
						break;
					}
			}
		}
	return least;
}

unsigned plan_pack_holding(const struct report_finding *finding, enum family family)
{
	unsigned pack = finding->flaw ? finding->flaw->fixed_pack[family] : 0;

	for (size_t r = 0; r < READINGS && finding->entry->readings[r] && !pack; r++)
		for (uint32_t i = 0; i < finding->entry->readings[r]->statement_n; i++) {
			const struct statement *s = &finding->entry->readings[r]->statements[i];
			struct target           targets[TARGETS_MAX];
			size_t                  n = s->topic == TOPIC_FUTURE ? targets_parse(s->text, targets) : 0;

			for (size_t t = 0; t < n; t++)
				for (unsigned p = 1; p < 32 && targets[t].kind == TARGET_SYSTEM && targets[t].family == family; p++)
					if (targets[t].packs >> p & 1 && (!pack || p < pack))
						pack = p;
		}
	return pack;
}

/* The text names the bulletin or its article, as a whole word. */
static bool names(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; n && (p = strcasestr(p, word)); p++) {
		bool left = p == text || !((p[-1] >= '0' && p[-1] <= '9')), right = !(p[n] >= '0' && p[n] <= '9');

		if (left && right)
			return true;
	}
	return false;
}

bool plan_depends(const struct plan_step *step, const struct catalog_entry *entry, uint32_t kb)
{
	char article[16];

	if (!step->prerequisite.text || step->entry == entry)
		return false;
	snprintf(article, sizeof(article), "%u", kb);
	return names(step->prerequisite.text, entry->id) || (kb && names(step->prerequisite.text, article));
}
