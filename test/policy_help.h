/* What the policy tests share: texts in memory as files, one-call compiling, arrivals. */
#ifndef SALLYPORT_TEST_POLICY_HELP_H
#define SALLYPORT_TEST_POLICY_HELP_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "policy/build.h"
#include "policy/policy_toy.h"
#include "test/tap.h"

enum { TODAY = 20261120 };

struct text_of {
	const char *path, *text;
};

static long text_read(void *user, const char *path, char *out, size_t room)
{
	for (const struct text_of *t = user; t->path; t++)
		if (strcmp(t->path, path) == 0) {
			size_t n = strlen(t->text);

			memcpy(out, t->text, n < room ? n : room);
			return (long)(n < room ? n : room);
		}
	errno = ENOENT;
	return -1;
}

/* Names directly in the folder, last first: the compiler sorts. */
static bool text_list(void *user, const char *folder, void (*each)(void *arg, const char *name), void *arg)
{
	const struct text_of *first = user, *t = user;
	size_t                n = strlen(folder);

	while (t->path)
		t++;
	while (t-- != first) {
		const char *name = n ? t->path + n + 1 : t->path;

		if ((!n || (strncmp(t->path, folder, n) == 0 && t->path[n] == '/')) && !strchr(name, '/'))
			each(arg, name);
	}
	return true;
}

__attribute__((unused)) static struct policy_build *compile_files(const struct text_of *texts, const char *path)
{
	struct text_of      copy[128];
	struct policy_files files = {.user = copy, .read = text_read, .list = text_list};
	struct policy_world world = {.registry = toy_registry, .today = TODAY};
	size_t              n = 0;

	do
		copy[n] = texts[n];
	while (texts[n++].path);
	return policy_build(&files, path, &world);
}

__attribute__((unused)) static struct policy_build *compile(const char *text)
{
	struct text_of one[] = {{"t", text}, {NULL, NULL}};

	return compile_files(one, "t");
}

/* A policy of these sentences with everything around it. */
__attribute__((unused)) static struct policy_build *compile_rules(const char *sentences)
{
	static char text[128 * 1024];

	snprintf(text, sizeof(text),
		 "zone office { 10.1.0.0/16 }\nzone guests { 10.2.0.0/16 2001:db8:2::/48 }\nzone all { office guests }\n"
		 "host one { address 10.9.0.1 }\nhost two { address 10.9.0.2 }\n"
		 "service s {\n listen 0.0.0.0:389 tcp udp\n to { one two }\n protocol { toy ctoy }\n policy p\n}\n"
		 "service names {\n listen 0.0.0.0:390 tcp\n to one\n protocol toy\n policy names\n}\n"
		 "policy names { pass from { office guests all } to { one two } }\n"
		 "policy p {\n%s\n}\n", sentences);
	return compile(text);
}

__attribute__((unused)) static void note_diags(const struct policy_build *b)
{
	static char buffer[65536];
	size_t      errors, unshown, count = policy_diags(b, &errors, &unshown);

	for (size_t i = 0; i < count; i++) {
		struct str s = str_over(buffer, sizeof(buffer));

		policy_diag_print(b, i, &s);
		tap_note("%s", policy_diag_at(b, i)->text);
	}
}

__attribute__((unused)) static struct address ip(const char *text)
{
	struct address a = {.family = strchr(text, ':') ? 6 : 4};

	inet_pton(a.family == 4 ? AF_INET : AF_INET6, text, a.ip);
	return a;
}

__attribute__((unused)) static bool begin(struct policy_flow *flow, const struct policy *policy, const char *service, const char *from)
{
	struct policy_arrival a = {.service = policy_service_by_name(policy, service), .proto = PROTO_TOYS, .port = 389, .source = ip(from),
				   .today = TODAY};

	return policy_flow_begin(flow, policy, &a);
}

#endif
