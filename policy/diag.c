/* Complaints about a policy: collected, put in the order of their places, printed with the text underlined. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ast_int.h"

enum { SENTENCE_MAX = 600, LINE_SHOWN = 160 };

const char *shown_text(struct policy_build *b, const char *text, size_t n)
{
	char *out = pool_text(&b->pool, text, n);

	for (size_t i = 0, len; i < n; i += len) {
		uint32_t point;

		/* UNSAFE: i < n, and a character ends within n. */
		len = utf8_one((const uint8_t *)out + i, n - i, &point);
		if (!len || !utf8_shows(point))
			memset(out + i, '?', len ? len : 1);
		len += !len;
	}
	return out;
}

__attribute__((format(printf, 2, 0))) static const char *sentence(struct policy_build *b, const char *format, va_list ap)
{
	char text[SENTENCE_MAX];
	int  n = vsnprintf(text, sizeof(text), format, ap);

	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(text))
		n = sizeof(text) - 1;
	return shown_text(b, text, (size_t)n);
}

static struct policy_place place_of(const struct policy_build *b, struct span at)
{
	struct policy_place place = {"", at.line, at.col, at.end};

	if (at.file < b->files.count)
		place.file = (*AT(b->files, struct text_file *, at.file))->shown;
	return place;
}

static void add(struct policy_build *b, bool warning, struct span at, const char *text)
{
	b->errors += !warning;
	b->last = NULL;
	if (b->diags.count == POLICY_DIAGS_MAX) {
		b->unshown++;
		return;
	}
	b->last = vec_add(&b->pool, &b->diags, sizeof(struct diag));
	b->last->at = at;
	b->last->order = b->diags.count;
	b->last->out = (struct policy_diag){.warning = warning, .at = place_of(b, at), .text = text};
}

void build_error(struct policy_build *b, struct span at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(b, false, at, sentence(b, format, ap));
	va_end(ap);
}

void build_warn(struct policy_build *b, struct span at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(b, true, at, sentence(b, format, ap));
	va_end(ap);
}

void build_note(struct policy_build *b, struct span at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (b->last) {
		b->last->note_at = at;
		b->last->has_note = true;
		b->last->out.note_at = place_of(b, at);
		b->last->out.note = sentence(b, format, ap);
	}
	va_end(ap);
}

struct span span_to(struct span from, struct span to)
{
	if (to.file == from.file && to.line == from.line && to.end > from.end)
		from.end = to.end;
	return from;
}

const char *span_text(struct span at, size_t *n)
{
	size_t   left = strcspn(at.head, "\n"), from = 0, i = 0;
	uint32_t point;

	for (uint32_t col = 1; i < left && col <= at.end; col++) {
		size_t step = utf8_one((const uint8_t *)at.head + i, left - i, &point);

		if (col == at.col)
			from = i;
		i += step ? step : 1;
	}
	*n = i - from;
	/* UNSAFE: `from` is within the line. */
	return at.head + from;
}

static int by_place(const void *left, const void *right)
{
	const struct diag *a = left, *b = right;

	if (a->at.file != b->at.file)
		return a->at.file < b->at.file ? -1 : 1;
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	if (a->at.col != b->at.col)
		return a->at.col < b->at.col ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

void build_diags_sort(struct policy_build *b)
{
	b->last = NULL;
	if (b->diags.count)
		qsort(b->diags.items, b->diags.count, sizeof(struct diag), by_place);
}

size_t policy_diags(const struct policy_build *b, size_t *errors, size_t *unshown)
{
	*errors = b->errors;
	*unshown = b->unshown;
	return b->diags.count;
}

const struct policy_diag *policy_diag_at(const struct policy_build *b, size_t i)
{
	return i < b->diags.count ? &AT(b->diags, struct diag, i)->out : NULL;
}

/* The line itself, and below it the underline; blanks before it are tabs where the line has tabs. */
static void show_line(struct str *out, const struct span *at)
{
	char   under[LINE_SHOWN * 2];
	size_t used = 0, n = strcspn(at->head, "\n"), col = 1;

	str_fmt(out, "%5u | ", at->line);
	for (size_t i = 0, step; i < n && col <= LINE_SHOWN; i += step, col++) {
		uint32_t point;

		step = utf8_one((const uint8_t *)at->head + i, n - i, &point);
		if (step && (utf8_shows(point) || point == '\t'))
			str_bytes(out, at->head + i, step);
		else
			str_char(out, point == '\r' ? ' ' : '?');
		step = step ? step : 1;
		if (col < at->col)
			under[used++] = point == '\t' ? '\t' : ' ';
	}
	for (; col <= at->col && used < LINE_SHOWN; col++)
		if (col < at->col)
			under[used++] = ' ';
	under[used++] = '^';
	for (uint32_t c = at->col; c < at->end && used < LINE_SHOWN + 1; c++)
		under[used++] = '~';
	str_add(out, "\n      | ");
	str_bytes(out, under, used);
	str_char(out, '\n');
}

static void show(struct str *out, const struct policy_place *place, const struct span *at, const char *kind, const char *text)
{
	if (at->line)
		str_fmt(out, "%s:%u:%u-%u: %s: %s\n", place->file, place->line, place->col, place->end, kind, text);
	else
		str_fmt(out, "%s: %s\n", kind, text);
	if (at->head)
		show_line(out, at);
}

void policy_diag_print(const struct policy_build *b, size_t i, struct str *out)
{
	const struct diag *d = i < b->diags.count ? AT(b->diags, struct diag, i) : NULL;

	if (!d)
		return;
	show(out, &d->out.at, &d->at, d->out.warning ? "warning" : "error", d->out.text);
	if (d->has_note)
		show(out, &d->out.note_at, &d->note_at, "note", d->out.note);
}

void policy_diags_print(const struct policy_build *build, FILE *out)
{
	static char text[16 * 1024];
	size_t      errors, unshown, count = policy_diags(build, &errors, &unshown);

	for (size_t i = 0; i < count; i++) {
		struct str s = str_over(text, sizeof(text));

		policy_diag_print(build, i, &s);
		fputs(text, out);
	}
	if (unshown)
		fprintf(out, "and %zu more\n", unshown);
}
