/* Shows how far a long file has been read, on a terminal's stderr only. */
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/check.h"
#include "cmd/cmd.h"

enum { PATIENCE_MS = 500, REFRESH_MS = 100, BAR = 24 };

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct progress progress_start(uint64_t total)
{
	return (struct progress){.terminal = isatty(STDERR_FILENO), .started_ms = now_ms(), .total = total};
}

/* "[######....]  42 %, 1,234,567 packets/s, 12 s left" */
static void progress_line(struct str *line, const struct progress *p, uint64_t now, uint64_t bytes, uint64_t packets)
{
	uint64_t spent = now - p->started_ms ? now - p->started_ms : 1;

	if (p->total && bytes <= p->total) {
		uint64_t full = bytes * BAR / p->total;

		str_char(line, '[');
		for (uint64_t i = 0; i < BAR; i++)
			str_char(line, i < full ? '#' : '.');
		str_fmt(line, "] %3llu %%, ", (unsigned long long)(bytes * 100 / p->total));
	}
	str_count(line, packets);
	str_add(line, " packets, ");
	str_count(line, packets * 1000 / spent);
	str_add(line, "/s");
	if (p->total && bytes && bytes <= p->total)
		str_fmt(line, ", %llu s left", (unsigned long long)((p->total - bytes) * spent / bytes / 1000));
}

void progress_show(struct progress *p, uint64_t bytes, uint64_t packets)
{
	uint64_t   now;
	char       buffer[160];
	struct str line = str_over(buffer, sizeof(buffer));

	if (!p->terminal)
		return;
	now = now_ms();
	if (now - p->started_ms < PATIENCE_MS || now - p->shown_ms < REFRESH_MS)
		return;
	p->shown_ms = now;
	progress_line(&line, p, now, bytes, packets);
	fflush(stdout);
	/* A line as wide as the terminal would go on in the next, where nothing clears it. */
	fprintf(stderr, "\r\033[K%.*s", (int)columns_of(stderr) - 1, line.text);
	fflush(stderr);
}

void progress_clear(struct progress *p)
{
	if (p->shown_ms)
		fputs("\r\033[K", stderr);
	p->shown_ms = 0;
}
