/* Runs the stages of a compilation and owns what they make. */
#include <stdlib.h>
#include <string.h>

#include "policy/ast_int.h"

enum { MEMORY_DEFAULT = 256 * 1024 * 1024 };

static void stages(struct policy_build *b, void *arg)
{
	struct text_file *file = file_open(b, arg, NULL, (struct span){.file = UINT16_MAX});

	if (file) {
		parse_file(b, file);
		b->syntax_errors = b->errors;
		resolve(b);
		check_policies(b);
		if (!b->errors)
			emit_blob(b);
	}
}

bool build_run(struct policy_build *b, void (*stage)(struct policy_build *b, void *arg), void *arg)
{
	jmp_buf full;

	b->pool.full = &full;
	if (setjmp(full)) {
		b->pool.full = NULL;
		return false;
	}
	stage(b, arg);
	b->pool.full = NULL;
	return true;
}

/* With the pool full, the complaint takes the place of an earlier one or stands in a spare. */
static void too_large(struct policy_build *b)
{
	static const struct diag one = {.out = {.text = "this policy needs more memory than it may have", .at = {.file = ""}}};

	b->spare = one;
	b->errors++;
	if (b->diags.count)
		*AT(b->diags, struct diag, 0) = one;
	else
		b->diags = (struct vec){.items = &b->spare, .count = 1, .room = 1};
	b->last = NULL;
}

struct policy_build *build_open(const struct policy_files *files, size_t memory_cap)
{
	struct policy_build *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->opener = files;
	b->pool.cap = memory_cap ? memory_cap : MEMORY_DEFAULT;
	b->zone_end = &b->zones;
	b->host_end = &b->hosts;
	b->service_end = &b->services;
	b->policy_end = &b->policies;
	return b;
}

struct policy_build *policy_build(const struct policy_files *files, const char *path, const struct policy_world *world)
{
	struct policy_build *b = build_open(files, world->memory_cap);
	char                *name = b ? strdup(path) : NULL;

	if (!name) {
		policy_build_free(&b);
		return NULL;
	}
	b->registry = world->registry;
	while (b->recognisers < 64 && b->registry[b->recognisers])
		b->recognisers++;
	b->today = world->today;
	b->folder = world->folder ? world->folder : "";
	if (!build_run(b, stages, name))
		too_large(b);
	free(name);
	build_diags_sort(b);
	return b;
}

void policy_build_free(struct policy_build **build)
{
	struct policy_build *b = *build;

	if (!b)
		return;
	pool_close(&b->pool);
	free(b->file_buffer);
	free(b->blob);
	free(b);
	*build = NULL;
}

const uint8_t *policy_build_blob(const struct policy_build *b, size_t *len)
{
	*len = b->errors ? 0 : b->blob_len;
	return b->errors ? NULL : b->blob;
}
