/* Records as people and machines read them: one sentence, or one EVE JSON line. */
#ifndef SALLYPORT_EVENT_RENDER_H
#define SALLYPORT_EVENT_RENDER_H

#include "event/event.h"
#include "event/record.h"
#include "policy/policy.h"

/* What names come from. Records of another policy revision than this one are shown with the number of their service. */
struct render {
	const struct policy            *policy; /* opened with or without a registry; NULL = none */
	const struct recogniser *const *protocols; /* NULL-terminated */
};

/*
 * Every text of a record is escaped; a record that record_read accepts cannot make either of them misleading to a terminal or a
 * log. doc/events.md describes both forms.
 */

/* As EVE. NULL without memory. */
json_t *render_json(const struct render *render, const struct record *record);
/* As one line without its end. */
void render_line(const struct render *render, const struct record *record, const struct line_style *style, struct str *out);
/*
 * `policy directory-use, rule "no-writes" (the 2nd) does not allow this`; with neither rule ("") nor number (0) `no rule of policy ...
 * allows this`. `what` is "this" or "that"; all texts are escaped already.
 */
void say_denied(const char *policy, const char *rule, unsigned number, const char *what, struct str *out);
/* "2026-11-20 09:49:00 ", for lines that nobody else dates. */
void render_time(const struct record *record, struct str *out);

#endif
