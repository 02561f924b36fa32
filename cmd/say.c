/* Talks to people: complaints on stderr with what may have been meant, terminal widths, wrapped text. */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/cmd.h"

enum { NAME_LONGEST = 64, COMPLAINT = 8192 };

/* How many letters must be added, removed, changed or swapped to get from one word to the other. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[3][NAME_LONGEST + 1], *before = row[0], *last = row[1], *now = row[2];
	size_t   n = strlen(a), m = strlen(b);

	if (n > NAME_LONGEST || m > NAME_LONGEST)
		return NAME_LONGEST;
	memset(row, 0, sizeof(row));
	for (size_t j = 0; j <= m; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *swap = before;

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			best = last[j] + 1 < best ? last[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		before = last;
		last = now;
		now = swap;
	}
	return last[m];
}

const char *suggest(const char *word, const char *const *names, size_t count, size_t stride)
{
	const char *best = NULL;
	unsigned    least = (unsigned)(strlen(word) / 3) + 2;

	for (size_t i = 0; i < count; i++) {
		/* UNSAFE: names stand `stride` bytes apart in a table of `count` rows, as the caller says. */
		const char *name = *(const char *const *)(const void *)((const char *)names + i * stride);
		unsigned    d = distance(word, name);

		if (d < least) {
			least = d;
			best = name;
		}
	}
	return best;
}

void print_harmless(FILE *file, const char *text)
{
	size_t n = strlen(text), one;

	for (size_t i = 0; i < n; i += one ? one : 1) {
		uint32_t point;

		one = utf8_one((const uint8_t *)text + i, n - i, &point);
		if (one && utf8_shows(point))
			fwrite(text + i, 1, one, file);
		else
			fputc('?', file);
	}
}

void complain(const char *format, ...)
{
	char    text[COMPLAINT];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fflush(stdout);
	fputs("sallyport: ", stderr);
	print_harmless(stderr, text);
	fputc('\n', stderr);
}

void complain_unknown(const char *what, const char *word, const char *meant, const char *lister)
{
	complain("there is no %s \"%.100s\"", what, word);
	if (meant)
		fprintf(stderr, "did you mean %s?\n", meant);
	fprintf(stderr, "sallyport %s lists what there is\n", lister);
}

bool colour_wanted(FILE *file)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(file)) && (!no || !no[0]) && term && strcmp(term, "dumb") != 0;
}

unsigned columns_of(FILE *file)
{
	struct winsize size;

	if (isatty(fileno(file)) && ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 100;
}

void print_wrapped(FILE *file, const char *text, unsigned indent, unsigned width)
{
	unsigned column = indent;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > indent && column + 1 + n > width) {
			fprintf(file, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', file);
			column++;
		}
		fwrite(text, 1, n, file);
		column += (unsigned)n;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', file);
}

/* A terminal obeys more than what JSON escapes (U+009B leads sequences, U+202E turns text): such characters are escaped too. */
static int put_shown(const char *bytes, size_t n, void *data)
{
	size_t one;

	(void)data;
	for (size_t i = 0; i < n; i += one ? one : 1) {
		uint32_t point;

		one = utf8_one((const uint8_t *)bytes + i, n - i, &point);
		if (!one || point == '\n' || utf8_shows(point))
			fwrite(bytes + i, 1, one ? one : 1, stdout);
		else if (point < 0x10000)
			printf("\\u%04x", point);
		else
			printf("\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
	}
	return ferror(stdout) ? -1 : 0;
}

bool print_json(struct json_t *document)
{
	bool ok = json_dump_callback(document, put_shown, NULL, JSON_INDENT(1) | JSON_PRESERVE_ORDER) == 0 && putchar('\n') != EOF;

	json_decref(document);
	return ok;
}

bool output_ok(void)
{
	static bool told;

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	if (told)
		return false;
	told = true;
	complain("the output could not be written: %s", errno ? strerror(errno) : "an earlier write failed");
	return false;
}
