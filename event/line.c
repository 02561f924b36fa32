/* Shows one refusal as one line for people: where, which rule, what was wrong, and how to find it. */
#include <string.h>

#include "event/event.h"
#include "event/text.h"

enum { PATH_SHOWN = 64 };

const char *line_ink(const struct line_style *style, enum ink ink)
{
	static const char *const codes[] = {"\033[0m", "\033[2m", "\033[1m", "\033[1;31m", "\033[33m", "\033[32m", "\033[36m"};

	return style->colour ? codes[ink] : "";
}

enum ink line_class_ink(uint8_t class)
{
	switch (class) {
	case CLASS_UNSAFE:
		return INK_RED;
	case CLASS_OPAQUE:
	case CLASS_UNSUPPORTED:
		return INK_CYAN;
	default:
		return INK_YELLOW;
	}
}

void line_where(struct str *out, const struct event_at *event, const struct line_style *style)
{
	bool forth = event->from == SIDE_CLIENT;

	str_add(out, line_ink(style, INK_DIM));
	if (event->file) {
		text_escape_name(out, event->file);
		str_fmt(out, ":%llu ", (unsigned long long)event->packet);
	}
	text_address(out, forth ? &event->client : &event->server);
	str_add(out, " -> ");
	text_address(out, forth ? &event->server : &event->client);
	if (event->via)
		str_fmt(out, " via %s", event->via);
	str_add(out, line_ink(style, INK_NONE));
}

/* A part of the closing brackets, with what stands before it. */
static void part(struct str *out, unsigned *parts, const char *glue)
{
	str_add(out, *parts ? glue : " (");
	(*parts)++;
}

/* "at ldap/search/filter, byte 143 of the message; RFC 4511 4.5.1.7; CAN-2003-0663 MS04-011" */
static void line_details(struct str *out, const struct refusal *refusal)
{
	unsigned parts = 0;

	if (refusal->by.probe) {
		part(out, &parts, "; ");
		str_add(out, "a probe");
	}
	if (refusal->by.mode && strcmp(refusal->by.mode, "watch") == 0) {
		part(out, &parts, "; ");
		str_add(out, "only watched");
		if (refusal->by.watch_until) {
			str_add(out, " until ");
			text_date(out, refusal->by.watch_until);
		}
	}
	if (refusal->path[0]) {
		part(out, &parts, "; ");
		str_add(out, "at ");
		text_path(out, refusal->path, PATH_SHOWN);
	}
	if (refusal->has_offset) {
		part(out, &parts, ", ");
		str_fmt(out, "byte %u of the message", refusal->offset);
	}
	if (refusal->reason->clause[0]) {
		part(out, &parts, "; ");
		str_add(out, refusal->reason->clause);
	}
	if (refusal->reason->flaws[0]) {
		part(out, &parts, "; ");
		str_add(out, refusal->reason->flaws);
	}
	if (refusal->consequence) {
		part(out, &parts, "; ");
		str_add(out, "follows from what came before");
	}
	if (parts)
		str_char(out, ')');
}

void line_refusal(struct str *out, const struct event_at *event, const struct refusal *refusal, const struct line_style *style)
{
	line_where(out, event, style);
	str_add(out, "  ");
	str_add(out, line_ink(style, line_class_ink(refusal->reason->class)));
	str_add(out, refusal->reason->id);
	str_add(out, line_ink(style, INK_NONE));
	str_add(out, ": ");
	str_add(out, refusal->sentence);
	if (refusal->detail) {
		/* What a rule forbids, or what else is wrong. */
		str_add(out, refusal->reason->class == CLASS_POLICY || refusal->reason->class == CLASS_OPAQUE ? ": " : ", ");
		str_add(out, refusal->detail);
	}
	str_add(out, line_ink(style, INK_DIM));
	line_details(out, refusal);
	str_add(out, line_ink(style, INK_NONE));
}
