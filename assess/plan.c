/* Makes a host's plan: what is missing, which updates are enough for it, in which order, and what stays. */
#include "assess/plan.h"

#include <stdlib.h>
#include <string.h>

#include "assess/plan_int.h"

struct planning {
	const struct report      *report;
	const struct report_host *host;
	struct unit              *units;
	size_t                    unit_n;
	uint64_t                 *covers; /* one row for each unit, a bit for each need */
	size_t                   *needs; /* units that are missing */
	size_t                    need_n, words;
	bool                     *chosen;
	unsigned                  pack; /* the service pack that is needed first; 0: none */
	const struct catalog_entry *pack_for; /* whose update asks for it */
	struct plan              *plan;
};

/* What of the host the finding's update is for: its system, or the program that the row names. */
static struct target target_of(const struct report_host *host, const struct product *product)
{
	struct target on = host->target, targets[TARGETS_MAX];
	size_t        n = product ? targets_parse(product->name, targets) : 0;
	bool          unsure = false;

	for (size_t i = 0; i < n; i++)
		if (targets[i].kind == TARGET_SYSTEM && target_system_covers(&targets[i], &host->target, &unsure))
			return on;
	for (size_t i = 0; i < n; i++) {
		if (targets[i].kind != TARGET_SOFTWARE || (targets[i].family && targets[i].family != on.family))
			continue;
		on.kind = TARGET_SOFTWARE;
		on.software = targets[i].software;
		memcpy(on.version, targets[i].version, sizeof(on.version));
		on.software_packs = targets[i].software_packs;
		break;
	}
	return on;
}

static bool same_subject(const struct target *a, const struct target *b)
{
	return a->kind == b->kind && (a->kind != TARGET_SOFTWARE || strcmp(a->software, b->software) == 0);
}

/* Only what is open can be installed to any use. */
static bool open_flaw(const struct report_finding *f)
{
	return f->verdict == VERDICT_MISSING || f->verdict == VERDICT_CANNOT_TELL || f->verdict == VERDICT_MITIGATED;
}

static bool gather(struct planning *p)
{
	size_t room = p->host->finding_n < PLAN_UPDATES_MAX ? p->host->finding_n : PLAN_UPDATES_MAX;

	p->units = calloc(room + 1, sizeof(*p->units));
	for (size_t i = 0; p->units && i < p->host->finding_n; i++) {
		const struct report_finding *f = &p->host->findings[i];
		struct target                on;
		size_t                       k = 0;

		if (!open_flaw(f))
			continue;
		on = target_of(p->host, f->product);
		while (k < p->unit_n && (p->units[k].entry != f->entry || !same_subject(&p->units[k].on, &on)))
			k++;
		if (k == p->unit_n && k < room)
			p->units[p->unit_n++] = (struct unit){.entry = f->entry, .product = f->product, .on = on, .first = f};
		if (k < p->unit_n)
			p->units[k].missing = p->units[k].missing || f->verdict == VERDICT_MISSING;
	}
	return p->units != NULL;
}

static bool replaces(const struct planning *p, const struct unit *newer, const struct unit *older)
{
	const struct catalog_entry *by;

	if (!same_subject(&newer->on, &older->on))
		return false;
	for (size_t i = 0; (by = catalog_replacing(p->report->catalog, older->entry, &older->on, i)); i++)
		if (by == newer->entry)
			return true;
	return false;
}

static bool relate(struct planning *p)
{
	p->needs = calloc(p->unit_n + 1, sizeof(*p->needs));
	if (!p->needs)
		return false;
	for (size_t i = 0; i < p->unit_n; i++)
		if (p->units[i].missing)
			p->needs[p->need_n++] = i;
	p->words = (p->need_n + 63) / 64;
	p->covers = calloc(p->unit_n * p->words + 1, sizeof(*p->covers));
	p->chosen = calloc(p->unit_n + 1, sizeof(*p->chosen));
	if (!p->covers || !p->chosen)
		return false;
	for (size_t n = 0; n < p->need_n; n++)
		for (size_t i = 0; i < p->unit_n; i++)
			if (i == p->needs[n] || replaces(p, &p->units[i], &p->units[p->needs[n]]))
				p->covers[i * p->words + n / 64] |= UINT64_C(1) << (n % 64);
	return true;
}

/* Of updates that close the same the one that is known to be missing is taken, then the later. */
static bool pick(struct planning *p)
{
	uint32_t *rank = calloc(p->unit_n + 1, sizeof(*rank));
	bool      good;

	if (!rank)
		return false;
	for (size_t i = 0; i < p->unit_n; i++)
		rank[i] = p->units[i].entry->number + (p->units[i].missing ? UINT32_C(1) << 31 : 0);
	good = plan_pick(p->need_n, p->unit_n, p->covers, rank, p->chosen, &p->plan->smallest);
	free(rank);
	return good;
}

static bool covers(const struct planning *p, size_t unit, size_t need)
{
	return p->covers[unit * p->words + need / 64] >> (need % 64) & 1;
}

/* The need that a missing finding is part of; SIZE_MAX: none. */
static size_t need_of(const struct planning *p, const struct report_finding *f)
{
	struct target on = target_of(p->host, f->product);

	for (size_t n = 0; n < p->need_n; n++)
		if (p->units[p->needs[n]].entry == f->entry && same_subject(&p->units[p->needs[n]].on, &on))
			return n;
	return SIZE_MAX;
}

/* All that is missing of the need is in the service pack that comes first. */
static bool in_pack(const struct planning *p, const struct report_finding *f)
{
	unsigned holds = p->pack ? plan_pack_holding(f, p->host->system.family) : 0;

	return holds && holds <= p->pack;
}

static bool need_in_pack(const struct planning *p, size_t need)
{
	for (size_t i = 0; i < p->host->finding_n; i++)
		if (p->host->findings[i].verdict == VERDICT_MISSING && need_of(p, &p->host->findings[i]) == need && !in_pack(p, &p->host->findings[i]))
			return false;
	return true;
}

/* The greatest of the service packs that chosen updates ask for; and with it updates whose flaws it closes are needless. */
static void settle_pack(struct planning *p)
{
	for (size_t i = 0; i < p->unit_n; i++) {
		unsigned least = p->chosen[i] ? plan_pack_needed(p->units[i].entry, &p->units[i].on, p->host->system.pack) : 0;

		if (least > p->pack) {
			p->pack = least;
			p->pack_for = p->units[i].entry;
		}
	}
	for (size_t i = 0; i < p->unit_n && p->pack; i++) {
		bool needless = p->chosen[i];

		for (size_t n = 0; n < p->need_n && needless; n++)
			needless = !covers(p, i, n) || need_in_pack(p, n);
		p->chosen[i] = p->chosen[i] && !needless;
	}
}

static struct plan_step *step_new(struct planning *p)
{
	return &p->plan->steps[p->plan->step_n++];
}

static void step_close(struct plan_step *step, const struct report_finding *f)
{
	bool known = f->entry == step->entry;

	step->closes[step->close_n++] = f;
	for (size_t i = 0; i < step->instead_n && !known; i++)
		known = step->instead[i] == f->entry;
	if (!known && step->kind == PLAN_UPDATE)
		step->instead[step->instead_n++] = f->entry;
}

static bool step_room(struct planning *p, struct plan_step *step)
{
	step->closes = calloc(p->host->finding_n + 1, sizeof(const struct report_finding *));
	step->instead = calloc(p->host->finding_n + 1, sizeof(const struct catalog_entry *));
	return step->closes && step->instead;
}

static bool pack_step(struct planning *p)
{
	struct plan_step *step = step_new(p);

	*step = (struct plan_step){.kind = PLAN_PACK, .pack = p->pack, .entry = p->pack_for, .restart = ANSWER_YES};
	if (!step_room(p, step))
		return false;
	for (size_t i = 0; i < p->host->finding_n; i++)
		if (p->host->findings[i].verdict == VERDICT_MISSING && in_pack(p, &p->host->findings[i]))
			step_close(step, &p->host->findings[i]);
	return true;
}

static bool update_step(struct planning *p, const struct unit *unit)
{
	struct plan_step *step = step_new(p);

	*step = (struct plan_step){.kind = PLAN_UPDATE, .entry = unit->entry, .product = unit->product, .kb = entry_article(unit->entry, unit->product)};
	entry_articles(unit->entry, unit->product, step->more, sizeof(step->more) / sizeof(step->more[0]) - 1);
	step->any = step->more[0] && entry_any_article(unit->entry, &unit->on, unit->product);
	plan_describe(p->host, &unit->on, step);
	return step_room(p, step);
}

/* Each missing flaw ends with the first step that covers its need. */
static void assign(struct planning *p, const size_t *unit_of, size_t first)
{
	for (size_t i = 0; i < p->host->finding_n; i++) {
		const struct report_finding *f = &p->host->findings[i];
		size_t                       need = f->verdict == VERDICT_MISSING && !in_pack(p, f) ? need_of(p, f) : SIZE_MAX;

		for (size_t s = first; s < p->plan->step_n && need != SIZE_MAX; s++)
			if (covers(p, unit_of[s], need)) {
				step_close(&p->plan->steps[s], f);
				break;
			}
	}
}

/* The step must follow the other: its bulletin asks for that update, or for one that it stands for. */
static bool follows(const struct plan_step *step, const struct plan_step *other)
{
	if (other == step || other->kind == PLAN_RESTART)
		return false;
	if (other->kind == PLAN_PACK)
		return true;
	if (plan_depends(step, other->entry, other->kb))
		return true;
	for (size_t i = 0; i < other->instead_n; i++)
		if (plan_depends(step, other->instead[i], entry_article(other->instead[i], NULL)))
			return true;
	return false;
}

static bool earlier(const struct plan_step *a, const struct plan_step *b)
{
	if (a->day != b->day)
		return a->day < b->day;
	return a->entry->number < b->entry->number;
}

/* By day, but what is asked for comes before what asks for it; of a circle the earliest begins. */
static void order(struct plan *plan)
{
	for (size_t at = 0; at < plan->step_n; at++) {
		size_t           best = SIZE_MAX, oldest = SIZE_MAX;
		struct plan_step step;

		for (size_t i = at; i < plan->step_n; i++) {
			bool ready = true;

			for (size_t k = at; k < plan->step_n && ready; k++)
				ready = !follows(&plan->steps[i], &plan->steps[k]) || plan->steps[i].kind == PLAN_PACK;
			if (ready && (best == SIZE_MAX || earlier(&plan->steps[i], &plan->steps[best])))
				best = i;
			if (oldest == SIZE_MAX || earlier(&plan->steps[i], &plan->steps[oldest]))
				oldest = i;
		}
		best = best == SIZE_MAX ? oldest : best;
		step = plan->steps[best];
		memmove(&plan->steps[at + 1], &plan->steps[at], (best - at) * sizeof(step));
		plan->steps[at] = step;
	}
}

static void restart_at(struct plan *plan, size_t at)
{
	memmove(&plan->steps[at + 1], &plan->steps[at], (plan->step_n - at) * sizeof(*plan->steps));
	plan->steps[at] = (struct plan_step){.kind = PLAN_RESTART, .restart = ANSWER_YES};
	plan->step_n++;
}

static bool may_restart(const struct plan_step *step)
{
	return step->restart != ANSWER_NO && step->restart != ANSWER_NOT_APPLICABLE;
}

/* One restart at the end, and one where a later step builds on what is not in force before. */
static void restarts(struct plan *plan)
{
	size_t since = 0; /* the first step behind the last restart */

	for (size_t i = 0; i < plan->step_n; i++)
		for (size_t k = since; k < i; k++)
			if (may_restart(&plan->steps[k]) && follows(&plan->steps[i], &plan->steps[k])) {
				restart_at(plan, i);
				since = i + 1;
				break;
			}
	for (size_t i = since; i < plan->step_n; i++)
		if (may_restart(&plan->steps[i])) {
			restart_at(plan, plan->step_n);
			break;
		}
}

static const char *why_left(const struct report_finding *f)
{
	if (f->verdict == VERDICT_CANNOT_TELL)
		return "whether it is open cannot be told; no update is planned for it";
	if (f->verdict == VERDICT_MITIGATED)
		return "a workaround holds; its update would close it for good";
	return "there are more updates than a plan holds";
}

/* What no step closes. Updates that are planned for other flaws close flaws of the same bulletin on the way. */
static bool leave(struct planning *p)
{
	p->plan->left = calloc(p->host->finding_n + 1, sizeof(*p->plan->left));
	for (size_t i = 0; p->plan->left && i < p->host->finding_n; i++) {
		const struct report_finding *f = &p->host->findings[i];
		bool                         closed = !open_flaw(f) || (f->verdict == VERDICT_MISSING && (in_pack(p, f) || need_of(p, f) != SIZE_MAX));

		for (size_t s = 0; s < p->plan->step_n && !closed; s++) {
			const struct plan_step *step = &p->plan->steps[s];

			closed = step->kind == PLAN_UPDATE && step->entry == f->entry;
		}
		if (!closed)
			p->plan->left[p->plan->left_n++] = (struct plan_left){f, why_left(f)};
	}
	return p->plan->left != NULL;
}

/* Steps for what was picked: with at most one service pack, and a restart behind each. */
static bool steps_make(struct planning *p)
{
	size_t *unit_of = calloc(p->unit_n + 2, sizeof(*unit_of)), first;
	bool    good;

	p->plan->steps = calloc(2 * (p->unit_n + 2), sizeof(*p->plan->steps));
	good = unit_of && p->plan->steps && (!p->pack || pack_step(p));
	first = p->plan->step_n;
	for (size_t i = 0; good && i < p->unit_n; i++)
		if (p->chosen[i]) {
			unit_of[p->plan->step_n] = i;
			good = update_step(p, &p->units[i]);
		}
	if (good) {
		assign(p, unit_of, first);
		order(p->plan);
		restarts(p->plan);
	}
	free(unit_of);
	return good;
}

bool plan_make(const struct report *report, const struct report_host *host, struct plan *out)
{
	struct planning p = {.report = report, .host = host, .plan = out};
	bool            good;

	*out = (struct plan){.smallest = true};
	good = gather(&p) && relate(&p) && pick(&p);
	if (good)
		settle_pack(&p);
	good = good && steps_make(&p) && leave(&p);
	free(p.units);
	free(p.needs);
	free(p.covers);
	free(p.chosen);
	return good;
}

void plan_close(struct plan *plan)
{
	for (size_t i = 0; i < plan->step_n; i++) {
		free(plan->steps[i].closes);
		free(plan->steps[i].instead);
	}
	free(plan->steps);
	free(plan->left);
	*plan = (struct plan){0};
}
