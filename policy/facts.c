/* Facts, limits and tolerances by name: the recognisers' own, and those every flow has. */
#include <string.h>

#include "policy/ast_int.h"

static const char *const transport_words[] = {"tcp", "udp", NULL};

const struct fact_def flow_facts[FACT_FLOW_END - FACT_FLOW_TRANSPORT] = {
	{"flow.transport", FACT_OF_FLOW, false, transport_words},
	{"flow.port", FACT_OF_FLOW, false, NULL},
};

int fact_place(const struct recogniser *r, const char *name)
{
	for (int i = FACT_FLOW_TRANSPORT; i < FACT_FLOW_END; i++)
		if (strcmp(flow_facts[i - FACT_FLOW_TRANSPORT].name, name) == 0)
			return i;
	for (int i = 0; r && i < r->facts && i < FACTS_MAX; i++)
		if (strcmp(r->fact[i].name, name) == 0)
			return i;
	return -1;
}

const struct fact_def *fact_def_at(const struct recogniser *r, unsigned place)
{
	if (place >= FACT_FLOW_TRANSPORT && place < FACT_FLOW_END)
		return &flow_facts[place - FACT_FLOW_TRANSPORT];
	return place < r->facts && place < FACTS_MAX ? &r->fact[place] : NULL;
}

int limit_place(const struct recogniser *r, const char *name)
{
	for (int i = 0; i < r->limits; i++)
		if (strcmp(r->limit[i].name, name) == 0)
			return i;
	return -1;
}

int tolerance_place(const struct recogniser *r, const char *name)
{
	for (int i = 0; i < r->tolerances && i < 32; i++)
		if (strcmp(r->tolerance[i].name, name) == 0)
			return i;
	return -1;
}
