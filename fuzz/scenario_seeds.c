/* Writes the scenarios as seeds of the driver's fuzz target (fuzz/fuzz_flow.h): scenario_seeds FOLDER FILE... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/scenario.h"
#include "test/toys/toys.h"

/* One record behind the others. */
static void record(struct growing *out, uint8_t side, bool fin, uint8_t event, unsigned spare, const struct growing *bytes)
{
	size_t  n = bytes && bytes->len < 0xffff ? bytes->len : 0;
	uint8_t head[3] = {(uint8_t)(side | fin << 1 | event << 2 | spare << 5), (uint8_t)(n >> 8), (uint8_t)n};

	growing_add(out, head, sizeof(head));
	if (n)
		growing_add(out, bytes->bytes, n);
}

/* The place of a flow among those the scenario opens. */
static unsigned flow_index(const struct scenario *s, const char *name)
{
	unsigned index = 0;

	for (unsigned i = 0; i < s->actions; i++)
		if (s->action[i].kind == ACT_OPEN) {
			if (strcmp(s->action[i].flow, name) == 0)
				break;
			index++;
		}
	return index;
}

static void action(const struct scenario *s, const struct action *a, struct growing *out)
{
	unsigned which = flow_index(s, a->flow);

	switch (a->kind) {
	case ACT_OPEN:
		if (a->joins[0])
			record(out, 0, false, 6, 0, NULL);
		break;
	case ACT_BYTES:
	case ACT_FIN:
		record(out, a->side, a->kind == ACT_FIN, 0, which, &a->bytes);
		break;
	case ACT_CLOCK:
		record(out, 0, false, a->number < 1000 ? 1 : 2, which, NULL);
		break;
	case ACT_DIAL:
		record(out, 0, false, a->yes ? 3 : 4, which, NULL);
		break;
	case ACT_SPLICE:
		record(out, a->side, false, 5, which, NULL);
		break;
	case ACT_PINHOLES:
		record(out, 0, false, 7, which, NULL);
		break;
	default:
		break;
	}
}

/* The toy's place in the list, then the policy in an empty record, then what happens. */
static void convert(const struct scenario *s, struct growing *out)
{
	uint8_t  toy = 0;
	unsigned policy = (s->denials ? 1 : 0) | (s->watches ? 2 : 0) | (s->watch_unsafe ? 4 : 0);

	while (toys[toy] && strcmp(toys[toy]->name, s->action[0].text) != 0)
		toy++;
	growing_add(out, &toy, 1);
	record(out, 0, false, 0, policy, NULL);
	for (unsigned i = 0; i < s->actions; i++)
		action(s, &s->action[i], out);
}

int main(int argc, char **argv)
{
	static struct scenario s;
	char                   path[4096];

	for (int i = 2; i < argc; i++) {
		struct growing out = {0};
		FILE          *f;

		if (!scenario_read(&s, argv[i])) {
			fprintf(stderr, "%s\n", s.error);
			return 1;
		}
		convert(&s, &out);
		snprintf(path, sizeof(path), "%s/%s", argv[1], s.name);
		f = fopen(path, "wb");
		if (!f || fwrite(out.bytes, 1, out.len, f) != out.len || fclose(f) != 0) {
			perror(path);
			return 1;
		}
		growing_free(&out);
		scenario_free(&s);
	}
	return 0;
}
