/* Hosts of tests as text (test/hosts/README), and catalogues of the shared bulletins. */
#ifndef SALLYPORT_TEST_HOSTS_H
#define SALLYPORT_TEST_HOSTS_H

#include "assess/verdict.h"

enum { EXPECTS_MAX = 64, HOST_LINES_MAX = 64, HOST_LINE = 512 };

/* "expect CVE-2003-0533 missing file-older some words of the sentence". */
struct expect {
	unsigned line;
	char     cve[24], verdict[24], rule[24], words[200];
};

struct host_case {
	char          name[64];
	unsigned      line_n;
	char          lines[HOST_LINES_MAX][HOST_LINE];
	struct expect expects[EXPECTS_MAX];
	unsigned      expect_n;
};

/* Calls `each` for every host of the file; false when the file is not there or a line is not understood. */
bool hosts_read(const char *file, void (*each)(void *data, const struct host_case *one), void *data);
/* The host that the lines describe, sealed. False, with the line at fault in *bad, when one is not understood. */
bool host_build(const struct host_case *one, struct host *out, const char **bad);

/* A bulletin of ../shared/bulletins ("ja/2004/ms04-011.md") or a file of the tree; false when it is absent. */
bool bulletin_load(struct catalog *catalog, const char *path);
/* Bulletins that a text describes (test/hosts/README). */
bool bulletins_make(struct catalog *catalog, const char *file);
/* The shared bulletins are there. */
bool bulletins_there(void);
/* All of one archive ("ja"); how many. */
size_t bulletins_load_all(struct catalog *catalog, const char *language);

#endif
