/* Writes plans as JSON (doc/assess.md). */
#include <jansson.h>
#include <stdio.h>

#include "assess/plan.h"
#include "assess/report_int.h"

static json_t *flaws_json(const struct plan_step *step)
{
	json_t *list = json_array();

	for (size_t i = 0; i < step->close_n; i++)
		json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "bulletin", step->closes[i]->entry->id, "cve", step->closes[i]->cve, "severity",
			report_severity(step->closes[i]->severity)));
	return list;
}

static void set_texts(json_t *one, const char *name, const struct plan_text *text, const char *const *switches)
{
	json_t *inner, *list;

	if (!text->text)
		return;
	inner = json_pack("{s:s,s:i}", "text", text->text, "bulletin_line", (int)text->line);
	if (switches && switches[0]) {
		list = json_array();
		for (; *switches; switches++)
			json_array_append_new(list, json_string(*switches));
		json_object_set_new(inner, "switches", list);
	}
	json_object_set_new(one, name, inner);
}

static void set_update(json_t *one, const struct plan_step *step)
{
	json_t *instead = json_array(), *more = step->more[0] ? json_array() : NULL;
	char    text[32];

	report_set_text(one, "title", step->reading->title);
	snprintf(text, sizeof(text), "%u", step->kb);
	report_set_text(one, "kb", step->kb ? text : NULL);
	for (size_t i = 0; i < sizeof(step->more) / sizeof(step->more[0]) && step->more[i]; i++)
		json_array_append_new(more, json_sprintf("%u", step->more[i]));
	if (more)
		json_object_set_new(one, step->any ? "or_kb" : "and_kb", more);
	snprintf(text, sizeof(text), "%04u-%02u-%02u", step->day / 10000, step->day / 100 % 100, step->day % 100);
	report_set_text(one, "published", step->day ? text : NULL);
	report_set_text(one, "product", step->product ? step->product->name : NULL);
	report_set_text(one, "file", step->reading->source);
	report_set_text(one, "language", step->reading->language);
	if (step->installer)
		json_object_set_new(one, "installer", json_pack("{s:s,s:s,s:i}", "file", step->installer->file, "switches", step->installer->switches, "bulletin_line",
			(int)step->installer->from.line));
	report_set_text(one, "no_restart_switch", step->no_restart);
	for (size_t i = 0; i < step->instead_n; i++)
		json_array_append_new(instead, json_string(step->instead[i]->id));
	json_object_set_new(one, "instead_of", instead);
	set_texts(one, "removal", &step->removal, step->removal_switches);
	set_texts(one, "prerequisite", &step->prerequisite, NULL);
}

static json_t *step_json(const struct plan_step *step)
{
	static const char *const kinds[] = {"service-pack", "update", "restart"}, *const answers[ANSWERS] = {"unknown", "yes", "no", "maybe", "no"};
	json_t                  *one = json_object();

	report_set_text(one, "kind", kinds[step->kind]);
	if (step->kind == PLAN_RESTART)
		return one;
	if (step->kind == PLAN_PACK)
		json_object_set_new(one, "service_pack", json_integer(step->pack));
	report_set_text(one, step->kind == PLAN_PACK ? "asked_for_by" : "bulletin", step->entry->id);
	if (step->kind == PLAN_UPDATE)
		set_update(one, step);
	report_set_text(one, "restart", answers[step->restart]);
	json_object_set_new(one, "closes", flaws_json(step));
	return one;
}

json_t *plan_json(const struct plan *plan)
{
	json_t *root = json_object(), *steps = json_array(), *left = json_array();

	for (size_t i = 0; i < plan->step_n; i++)
		json_array_append_new(steps, step_json(&plan->steps[i]));
	for (size_t i = 0; i < plan->left_n; i++) {
		const struct report_finding *f = plan->left[i].finding;
		json_t                      *one = json_pack("{s:s,s:s,s:s,s:s}", "bulletin", f->entry->id, "cve", f->cve, "verdict", verdict_name(f->verdict), "why", plan->left[i].why);

		report_set_text(one, "wanted", f->wanted);
		json_array_append_new(left, one);
	}
	json_object_set_new(root, "smallest", json_boolean(plan->smallest));
	json_object_set_new(root, "steps", steps);
	json_object_set_new(root, "left", left);
	return root;
}

json_t *plans_json(const struct report *report)
{
	json_t *root = report_head_json(report, "sallyport-plan-1"), *hosts = json_array();

	for (size_t h = 0; h < report->host_n; h++) {
		json_t     *one = report_host_json(&report->hosts[h]);
		struct plan plan;

		if (!report->hosts[h].fault && plan_make(report, &report->hosts[h], &plan)) {
			json_object_set_new(one, "plan", plan_json(&plan));
			plan_close(&plan);
		}
		json_array_append_new(hosts, one);
	}
	json_object_set_new(root, "hosts", hosts);
	return root;
}
