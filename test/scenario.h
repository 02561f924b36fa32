/* Scenarios: conversations with the driver as text, with scripted peers and a fake clock (doc/scenarios.md). */
#ifndef SALLYPORT_TEST_SCENARIO_H
#define SALLYPORT_TEST_SCENARIO_H

#include "test/fake_gate.h"

enum action_kind {
	ACT_OPEN = 0, /* flow NAME TOY [joins FLOW] */
	ACT_LIMIT, /* limit FLOW NAME NUMBER */
	ACT_BYTES, /* client FLOW "..." | server FLOW "..." */
	ACT_FIN, /* fin client|server FLOW */
	ACT_CLOCK, /* clock +500ms */
	ACT_DIAL, /* dial FLOW ok|fail */
	ACT_PINHOLES, /* pinholes ok|fail */
	ACT_SPLICE, /* splice client|server FLOW N */
	ACT_CLOSE, /* close FLOW */
	ACT_MEMORY, /* memory-left BYTES */
	ACT_EXPECT, /* expect FLOW ... */
};

enum expect_kind {
	EXPECT_NOTE = 0, /* a line of notes, word for word */
	EXPECT_TO_SERVER,
	EXPECT_TO_CLIENT,
	EXPECT_ANSWER,
	EXPECT_NOTHING,
	EXPECT_DUE, /* the next deadline, from now; UINT64_MAX = never */
};

struct action {
	uint8_t        kind, side, expect;
	bool           yes; /* DIAL, PINHOLES: ok */
	char           flow[16], joins[16];
	char           text[256]; /* OPEN: the toy; LIMIT: the name; EXPECT_NOTE: the note */
	uint64_t       number; /* CLOCK, SPLICE, LIMIT, MEMORY, EXPECT_DUE */
	struct growing bytes;
	unsigned       line;
};

struct denial {
	uint16_t why;
	char     fact[64]; /* "" = by side */
	uint64_t value;
	uint8_t  side;
};

enum { SCENARIO_ACTIONS = 256, SCENARIO_RULES = 16 };

struct scenario {
	char          name[64];
	char          file[256];
	struct action action[SCENARIO_ACTIONS];
	unsigned      actions;
	struct denial deny[SCENARIO_RULES];
	uint16_t      allow[SCENARIO_RULES], watch[SCENARIO_RULES];
	unsigned      denials, allows, watches;
	uint64_t      turn_units;
	bool          watch_unsafe;
	char          error[512]; /* what is wrong with the text or with the outcome; "" = nothing */
};

/* How the arrivals of a variant are cut. */
enum cut { CUT_NONE = 0, CUT_MERGE, CUT_BYTES, CUT_AT, CUT_TURNS };

struct variant {
	enum cut kind;
	unsigned action; /* AT: which arrival */
	size_t   at; /* AT: where */
};

/* What all flows of one run came to: compared between variants. */
struct outcome {
	struct growing text;
};

bool scenario_read(struct scenario *s, const char *file);
void scenario_free(struct scenario *s);
/* One run. As written (CUT_NONE), every expectation is checked too. False: s->error says what. */
bool scenario_run(struct scenario *s, struct variant v, struct outcome *out);

#endif
