/* Inside rendering: a record made ready to be shown, and the sentences. */
#ifndef SALLYPORT_EVENT_RENDER_INT_H
#define SALLYPORT_EVENT_RENDER_INT_H

#include "event/render.h"
#include "event/text.h"

enum { SHOWN_TEXT = 4 * RECORD_TEXT_MAX + 32, SHOWN_PATH = 4 * RECORD_PATH_MAX + 32, SHOWN_SENTENCE = 4096 };

/* A record with every text escaped and every number looked up. Points into itself and the record. */
struct shown {
	const struct record *r;
	struct event_at      at;
	struct refusal       refusal; /* of REFUSAL, RULE and REPEATED */
	char                 community[COMMUNITY_ID_MAX];
	char                 service[SHOWN_TEXT], policy[SHOWN_TEXT], rule[SHOWN_TEXT], detail[SHOWN_TEXT], text[SHOWN_TEXT];
	char                 path[SHOWN_PATH], sentence[SHOWN_SENTENCE];
};

/* The name of `end`, and of what happened to the gate. */
const char *end_name(uint8_t end);
const char *gate_name(uint8_t gate);

/* The words for people (render_say.c): they use the escaped texts of `s` only. */
void say_refusal(const struct shown *s, struct str *out);
void say_rule(const struct shown *s, struct str *out);
void say_repeated(const struct shown *s, struct str *out);
void say_flow(const struct shown *s, struct str *out);
void say_gate(const struct shown *s, struct str *out);

#endif
