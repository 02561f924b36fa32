/* Runs test/scenarios: each as written, then merged, byte by byte, split everywhere and in single-unit turns. */
#include <glob.h>
#include <stdlib.h>

#include "test/scenario.h"
#include "test/tap.h"

enum { SPLITS_MAX = 200 };

static const char *const cut_names[] = {"as written", "merged", "byte by byte", "split", "one unit a turn"};

/* The first line in which two outcomes differ. */
static void note_difference(const struct outcome *a, const struct outcome *b)
{
	size_t at = 0, line = 0;

	while (at < a->text.len && at < b->text.len && a->text.bytes[at] == b->text.bytes[at])
		if (a->text.bytes[at++] == '\n')
			line = at;
	for (int i = 0; i < 2; i++) {
		const struct outcome *o = i ? b : a;
		const uint8_t        *end = o->text.len > line ? memchr(o->text.bytes + line, '\n', o->text.len - line) : NULL;
		size_t                n = end ? (size_t)(end - o->text.bytes) - line : o->text.len - line;

		tap_note("%s: %.*s", i ? "now" : "as written", n > 300 ? 300 : (int)n, (const char *)o->text.bytes + line);
	}
}

/* One variant gives what the scenario as written gave. */
static bool same(struct scenario *s, struct variant v, const struct outcome *want)
{
	struct outcome got = {0};
	bool           ok = scenario_run(s, v, &got);

	if (!ok) {
		tap_note("%s: %s", cut_names[v.kind], s->error);
	} else if (got.text.len != want->text.len || memcmp(got.text.bytes, want->text.bytes, got.text.len) != 0) {
		ok = false;
		tap_note("%s differs (line %u, byte %zu)", cut_names[v.kind], s->action[v.action].line, v.at);
		note_difference(want, &got);
	}
	growing_free(&got.text);
	s->error[0] = '\0';
	return ok;
}

static void run_variants(struct scenario *s, const struct outcome *want)
{
	bool     merged = same(s, (struct variant){.kind = CUT_MERGE}, want);
	bool     bytes = same(s, (struct variant){.kind = CUT_BYTES}, want);
	bool     turns = same(s, (struct variant){.kind = CUT_TURNS}, want);
	bool     split = true;
	unsigned splits = 0;

	for (unsigned i = 0; split && i < s->actions; i++) {
		size_t len = s->action[i].kind == ACT_BYTES ? s->action[i].bytes.len : 0;
		size_t stride = len / SPLITS_MAX + 1;

		for (size_t at = 1; split && at < len; at += stride, splits++)
			split = same(s, (struct variant){.kind = CUT_AT, .action = i, .at = at}, want);
	}
	tap_ok(merged && bytes && turns && split, "%s: merged, byte by byte, one unit a turn and %u splits give the same", s->name, splits);
}

static void run_file(struct scenario *s, const char *file)
{
	struct outcome as_written = {0};
	bool           ok = scenario_read(s, file) && scenario_run(s, (struct variant){.kind = CUT_NONE}, &as_written);

	tap_ok(ok, "%s", s->name[0] ? s->name : file);
	if (!ok)
		tap_note("%s", s->error);
	else
		run_variants(s, &as_written);
	growing_free(&as_written.text);
	scenario_free(s);
}

/* Arguments: scenario files; without any, those in $SCENARIOS or test/scenarios. */
int main(int argc, char **argv)
{
	static struct scenario s;
	const char            *folder = getenv("SCENARIOS");
	char                   pattern[4096];
	glob_t                 found;

	for (int i = 1; i < argc; i++)
		run_file(&s, argv[i]);
	if (argc > 1)
		return tap_done();
	snprintf(pattern, sizeof(pattern), "%s/*.scn", folder ? folder : "test/scenarios");
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			if (!strstr(found.gl_pathv[i], "/capture")) /* test_capture.c reads those */
				run_file(&s, found.gl_pathv[i]);
		globfree(&found);
	}
	return tap_done();
}
