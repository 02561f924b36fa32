/* Field paths of traced faults: every level named, any buffer, deep and full traces. */
#include <string.h>

#include "base/wire.h"
#include "test/guard.h"
#include "test/tap.h"

enum { SHORT = 7, WRONG = 8 };

/* ldap/search/filter/and[2]/equality/value, with the fault in the third element. */
static void fault_in_third(struct fault *f, struct trace *t, size_t bad)
{
	static const uint8_t bytes[] = {0, 1, 2, 3, 4, 5};
	struct wire          root, search, list;

	t->used = 0;
	*f = (struct fault){.trace = t};
	root = wire_over(bytes, sizeof(bytes), f, SHORT);
	wire_name(&root, "ldap");
	search = wire_sub(&root, 6, "search");
	wire_name(&search, "filter");
	list = wire_sub(&search, 6, "and");
	wire_list(&list);
	while (wire_more(&list)) {
		wire_element(&list);
		struct wire item = wire_sub(&list, 1, "equality");
		wire_want_u8(&item, item.p == bytes + bad ? 99 : *item.p, WRONG, "value");
	}
}

static void paths_name_every_level(void)
{
	static struct trace t;
	struct fault        f;
	char                path[128];

	fault_in_third(&f, &t, 2);
	fault_path(&f, path, sizeof(path));
	tap_text(path, "ldap/search/filter/and[2]/equality/value", "a path names every level and the element");
	fault_in_third(&f, &t, 0);
	fault_path(&f, path, sizeof(path));
	tap_text(path, "ldap/search/filter/and[0]/equality/value", "the first element is number 0");
	f.trace = NULL;
	fault_path(&f, path, sizeof(path));
	tap_text(path, "value", "without a trace the path is the field");
	tap_number(fault_path(&(struct fault){0}, path, sizeof(path)), 0, "without a fault the path is empty");
}

static void a_fault_in_the_list_itself_names_its_element(void)
{
	static struct trace t;
	struct fault        f = {.trace = &t};
	struct wire         w = wire_over("abc", 3, &f, SHORT);
	char                path[64];

	wire_name(&w, "list");
	wire_list(&w);
	wire_element(&w);
	wire_u8(&w, "tag");
	wire_element(&w);
	wire_want_u8(&w, 0, WRONG, "tag");
	fault_path(&f, path, sizeof(path));
	tap_text(path, "list[1]/tag", "a fault in the list itself names the element it stands in");
}

static void only_lists_number_their_elements(void)
{
	static struct trace t;
	struct fault        f = {.trace = &t};
	struct wire         w = wire_over("abc", 3, &f, SHORT);
	char                path[64];

	wire_name(&w, "sequence");
	wire_element(&w);
	wire_u8(&w, "first");
	wire_element(&w);
	wire_want_u8(&w, 0, WRONG, "second");
	fault_path(&f, path, sizeof(path));
	tap_text(path, "sequence/second", "a level that is no list shows no number, though its elements were counted");
}

static void a_level_without_a_name_is_left_out(void)
{
	static struct trace t;
	struct fault        f = {.trace = &t};
	struct wire         w = wire_over("abc", 3, &f, SHORT), inner;
	char                path[64];

	wire_name(&w, "list");
	wire_list(&w);
	wire_element(&w);
	inner = wire_sub(&w, 2, "");
	wire_take(&inner, 3, "value");
	fault_path(&f, path, sizeof(path));
	tap_text(path, "list[0]/value", "a level without a name is left out, its number stays");
}

static void paths_fit_any_buffer(struct guard *g)
{
	static struct trace t;
	struct fault        f;
	char                full[128];
	bool                ok = true;

	fault_in_third(&f, &t, 2);
	size_t length = fault_path(&f, full, sizeof(full));
	for (size_t size = 0; size <= length + 2; size++) {
		char  *out = (char *)g->end - size;
		size_t n = fault_path(&f, out, size);

		ok &= size == 0 ? n == 0 : n == (length < size ? length : size - 1) && strlen(out) == n && strncmp(out, full, n) == 0;
	}
	tap_ok(ok, "a path is cut to any buffer and always terminated");
}

static void deep_and_full_traces_are_safe(void)
{
	static struct trace t;
	struct fault        f = {.trace = &t};
	uint8_t             bytes[4] = {0};
	struct wire         w = wire_over(bytes, sizeof(bytes), &f, SHORT);
	char                path[4096];

	for (unsigned i = 0; i < TRACE_NODES + 500; i++) {
		wire_name(&w, "deep");
		wire_list(&w);
		wire_element(&w);
	}
	tap_number(t.used, TRACE_NODES, "a trace stops when it is full");
	wire_take(&w, 5, "last");
	tap_ok(f.why == SHORT && f.node < TRACE_NODES, "a fault behind a full trace hangs at a level that exists");
	size_t n = fault_path(&f, path, sizeof(path));
	tap_ok(n > 4 && strcmp(path + n - 4, "last") == 0, "its path ends in the field");
	tap_ok(strncmp(path, "deep", 4) == 0, "its path is printable");
}

static void traces_cost_nothing_when_absent(void)
{
	struct fault f = {0};
	struct wire  w = wire_over("ab", 2, &f, SHORT), child;

	wire_list(&w);
	wire_element(&w);
	wire_name(&w, "x");
	child = wire_sub(&w, 1, "child");
	tap_ok(w.node == WIRE_NO_NODE && child.node == WIRE_NO_NODE && !f.why, "without a trace nothing is noted");
}

int main(void)
{
	struct guard g;

	guard_open(&g, 4096);
	paths_name_every_level();
	a_fault_in_the_list_itself_names_its_element();
	only_lists_number_their_elements();
	a_level_without_a_name_is_left_out();
	paths_fit_any_buffer(&g);
	deep_and_full_traces_are_safe();
	traces_cost_nothing_when_absent();
	guard_close(&g);
	return tap_done();
}
