/* Tests of the order of a capture's calls: reassembly, causality, gaps, ambiguity, the table of flows. */
#include "test/capture_trial.h"

/* Table-driven: a handshake (packets 1 to 3), then these segments, then the file ends. */
struct line {
	enum capture_side from;
	uint32_t          seq, ack;
	const char       *text; /* NULL: end of script */
	uint8_t           flags;
};

struct script {
	const char *name;
	struct line line[12];
	const char *calls;
	struct capture_options options;
};

static const struct script scripts[] = {
	{"in_order_is_fed_at_once", {{CLIENT, 0, 0, "GET", 0}, {SERVER, 0, 3, "OK", 0}},
	 "open 40000>80\ndata c \"GET\" #4\ndata s \"OK\" #5\nclose\n", {0}},
	{"retransmission_is_fed_once", {{CLIENT, 0, 0, "GET", 0}, {CLIENT, 0, 0, "GET", 0}, {SERVER, 0, 3, "OK", 0}, {CLIENT, 0, 2, "GET", 0}},
	 "open 40000>80\ndata c \"GET\" #4\ndata s \"OK\" #6\nclose\n", {0}},
	{"coalesced_retransmission_feeds_what_is_new", {{CLIENT, 0, 0, "abc", 0}, {CLIENT, 0, 0, "abcdef", 0}},
	 "open 40000>80\ndata c \"abc\" #4\ndata c \"def\" #5\nclose\n", {0}},
	{"reordered_segments_are_sorted", {{CLIENT, 6, 0, "ghi", 0}, {CLIENT, 3, 0, "def", 0}, {CLIENT, 0, 0, "abc", 0}},
	 "open 40000>80\ndata c \"abc\" #6\ndata c \"def\" #5\ndata c \"ghi\" #4\nclose\n", {0}},
	{"overlap_with_same_bytes_is_trimmed", {{CLIENT, 2, 0, "cde", 0}, {CLIENT, 0, 0, "abcdefg", 0}},
	 "open 40000>80\ndata c \"ab\" #5\ndata c \"cde\" #4\ndata c \"fg\" #5\nclose\n", {0}},
	{"overlap_with_held_bytes_that_differ_is_ambiguous", {{CLIENT, 3, 0, "def", 0}, {CLIENT, 2, 0, "cDe", 0}, {CLIENT, 0, 0, "abc", 0}, {CLIENT, 6, 0, "g", 0}},
	 "open 40000>80\nambiguous c #5\nclose\n", {0}},
	{"overlap_with_fed_bytes_that_differ_is_ambiguous", {{CLIENT, 0, 0, "abc", 0}, {CLIENT, 0, 0, "aXcdef", 0}, {CLIENT, 6, 0, "g", 0}},
	 "open 40000>80\ndata c \"abc\" #4\nambiguous c #5\nclose\n", {0}},
	{"ambiguity_of_one_side_leaves_the_other", {{CLIENT, 0, 0, "abc", 0}, {CLIENT, 0, 0, "aXc", 0}, {SERVER, 0, 3, "OK", 0}, {SERVER, 2, 9, "!", 0}},
	 "open 40000>80\ndata c \"abc\" #4\nambiguous c #5\ndata s \"OK\" #6\ndata s \"!\" #7\nclose\n", {0}},
	{"acknowledged_bytes_are_settled", {{CLIENT, 0, 0, "abc", 0}, {SERVER, 0, 3, "OK", 0}, {CLIENT, 0, 2, "aXc", 0}, {CLIENT, 3, 2, "d", 0}},
	 "open 40000>80\ndata c \"abc\" #4\ndata s \"OK\" #5\ndata c \"d\" #7\nclose\n", {0}},
	{"keep_alive_garbage_is_no_conflict", {{CLIENT, 0, 0, "abc", 0}, {SERVER, 0, 3, "", 0}, {CLIENT, 2, 0, "?", 0}, {CLIENT, 3, 0, "d", 0}},
	 "open 40000>80\ndata c \"abc\" #4\ndata c \"d\" #7\nclose\n", {0}},
	{"answer_before_question_waits", {{SERVER, 0, 3, "OK", 0}, {CLIENT, 0, 0, "GET", 0}},
	 "open 40000>80\ndata c \"GET\" #5\ndata s \"OK\" #4\nclose\n", {0}},
	{"misordered_exchange_becomes_causal", {{CLIENT, 3, 2, "BYE", 0}, {SERVER, 0, 3, "OK", 0}, {CLIENT, 0, 0, "GET", 0}},
	 "open 40000>80\ndata c \"GET\" #6\ndata s \"OK\" #5\ndata c \"BYE\" #4\nclose\n", {0}},
	{"retransmission_with_newer_ack_goes_first", {{SERVER, 0, 3, "OK", 0}, {CLIENT, 0, 2, "GET", 0}},
	 "open 40000>80\ndata c \"GET\" #5\ndata s \"OK\" #4\nclose\n", {0}},
	{"hole_at_end_of_file_is_a_gap", {{CLIENT, 0, 0, "ab", 0}, {CLIENT, 5, 0, "fg", 0}},
	 "open 40000>80\ndata c \"ab\" #4\ngap c 3 #5\ndata c \"fg\" #5\nclose\n", {0}},
	{"lost_answer_is_a_gap_before_what_acknowledges_it", {{CLIENT, 0, 0, "GET", 0}, {CLIENT, 3, 2, "BYE", 0}},
	 "open 40000>80\ndata c \"GET\" #4\ngap s 2 #5\ndata c \"BYE\" #5\nclose\n", {0}},
	{"acknowledged_tail_that_never_came_is_a_gap", {{CLIENT, 0, 0, "GET", 0}, {SERVER, 0, 7, "", 0}},
	 "open 40000>80\ndata c \"GET\" #4\ngap c 4 #5\nclose\n", {0}},
	{"acknowledged_hole_is_given_up_after_some_packets",
	 {{CLIENT, 3, 0, "def", 0}, {SERVER, 0, 6, "", 0}, {SERVER, 0, 6, "", 0}, {SERVER, 0, 6, "OK", 0}, {CLIENT, 6, 2, "g", 0}, {CLIENT, 0, 0, "abc", 0}},
	 "open 40000>80\ngap c 3 #4\ndata c \"def\" #4\ndata s \"OK\" #7\ndata c \"g\" #8\nclose\n", {.patience_packets = 2}},
	{"unacknowledged_hole_is_not_given_up", {{CLIENT, 3, 0, "def", 0}, {SERVER, 0, 0, "", 0}, {SERVER, 0, 0, "", 0}, {SERVER, 0, 0, "", 0}, {CLIENT, 0, 0, "abc", 0}},
	 "open 40000>80\ndata c \"abc\" #8\ndata c \"def\" #4\nclose\n", {.patience_packets = 2}},
	{"too_much_held_is_a_gap", {{CLIENT, 3, 0, "def", 0}, {CLIENT, 6, 0, "ghi", 0}, {CLIENT, 0, 0, "abc", 0}},
	 "open 40000>80\ngap c 3 #4\ndata c \"def\" #4\ndata c \"ghi\" #5\nclose\n", {.max_held_flow = 100}},
	{"too_much_held_in_all_is_a_gap", {{CLIENT, 3, 0, "def", 0}, {CLIENT, 6, 0, "ghi", 0}},
	 "open 40000>80\ngap c 3 #4\ndata c \"def\" #4\ndata c \"ghi\" #5\nclose\n", {.max_held_total = 10}},
	{"both_sides_have_holes", {{CLIENT, 3, 4, "def", 0}, {SERVER, 4, 6, "OK", 0}},
	 "open 40000>80\ngap c 3 #4\ngap s 4 #5\ndata c \"def\" #4\ndata s \"OK\" #5\nclose\n", {0}},
	{"fin_waits_for_its_data", {{CLIENT, 3, 0, "def", SYNTH_FIN}, {CLIENT, 0, 0, "abc", 0}, {SERVER, 0, 7, "", SYNTH_FIN}},
	 "open 40000>80\ndata c \"abc\" #5\ndata c \"def\" #4\nfin c #4\nfin s #6\nclose\n", {0}},
	{"half_closed_side_still_receives", {{CLIENT, 0, 0, "GET", SYNTH_FIN}, {SERVER, 0, 4, "long", 0}, {SERVER, 4, 4, "er", SYNTH_FIN}},
	 "open 40000>80\ndata c \"GET\" #4\nfin c #4\ndata s \"long\" #5\ndata s \"er\" #6\nfin s #6\nclose\n", {0}},
	{"fin_waits_for_what_it_acknowledges", {{CLIENT, 0, 2, "", SYNTH_FIN}, {SERVER, 0, 0, "OK", 0}},
	 "open 40000>80\ndata s \"OK\" #5\nfin c #4\nclose\n", {0}},
	{"fins_that_wait_for_each_other_are_untangled", {{CLIENT, 0, 1, "", SYNTH_FIN}, {SERVER, 0, 1, "", SYNTH_FIN}},
	 "open 40000>80\nfin s #5\nfin c #4\nclose\n", {0}},
	{"data_behind_a_waiting_fin_is_ambiguous", {{CLIENT, 3, 0, "", SYNTH_FIN}, {CLIENT, 0, 0, "abcd", 0}},
	 "open 40000>80\nambiguous c #5\nclose\n", {0}},
	{"fin_before_held_data_is_ambiguous", {{CLIENT, 3, 0, "def", 0}, {CLIENT, 3, 0, "", SYNTH_FIN}},
	 "open 40000>80\nambiguous c #5\nclose\n", {0}},
	{"two_ends_are_ambiguous", {{CLIENT, 5, 0, "", SYNTH_FIN}, {CLIENT, 3, 0, "", SYNTH_FIN}},
	 "open 40000>80\nambiguous c #5\nclose\n", {0}},
	{"ambiguous_side_that_ends_lets_the_flow_close", {{CLIENT, 0, 0, "ab", 0}, {CLIENT, 0, 0, "xx", 0}, {CLIENT, 2, 0, "", SYNTH_FIN}, {SERVER, 0, 3, "", SYNTH_FIN}, {SERVER, 1, 3, "late", 0}},
	 "open 40000>80\ndata c \"ab\" #4\nambiguous c #5\nfin s #7\nclose\n", {0}},
	{"stale_fin_is_no_end", {{CLIENT, 0, 0, "abcdef", 0}, {CLIENT, 2, 0, "", SYNTH_FIN}, {CLIENT, 6, 0, "g", 0}},
	 "open 40000>80\ndata c \"abcdef\" #4\ndata c \"g\" #6\nclose\n", {0}},
	{"data_behind_a_fed_fin_is_not_fed", {{CLIENT, 0, 0, "a", SYNTH_FIN}, {CLIENT, 2, 0, "zz", 0}},
	 "open 40000>80\ndata c \"a\" #4\nfin c #4\nclose\n", {0}},
	{"reset_ends_and_flushes", {{CLIENT, 0, 0, "a", 0}, {CLIENT, 3, 0, "d", 0}, {CLIENT, 4, 0, "", SYNTH_RST}, {CLIENT, 4, 0, "e", 0}},
	 "open 40000>80\ndata c \"a\" #4\ngap c 2 #5\ndata c \"d\" #5\nclose reset\n", {0}},
	{"reset_outside_the_window_is_not_believed", {{CLIENT, 0, 0, "a", 0}, {CLIENT, 0x7000000, 0, "", SYNTH_RST}, {CLIENT, 1, 0, "b", 0}},
	 "open 40000>80\ndata c \"a\" #4\ndata c \"b\" #6\nclose\n", {0}},
	{"impossible_acknowledgement_is_not_believed", {{CLIENT, 0, 0x5000000, "a", 0}, {SERVER, 0, 1, "b", 0}},
	 "open 40000>80\ndata c \"a\" #4\ndata s \"b\" #5\nclose\n", {0}},
	{"impossible_sequence_number_is_not_fed", {{CLIENT, 0x60000000, 0, "zz", 0}, {CLIENT, 0, 0, "a", 0}},
	 "open 40000>80\ndata c \"a\" #5\nclose\n", {0}},
	{"late_bytes_of_a_gap_are_not_fed", {{CLIENT, 3, 0, "def", 0}, {CLIENT, 0, 0, "abcde", 0}},
	 "open 40000>80\ngap c 3 #4\ndata c \"def\" #4\nclose\n", {.max_held_flow = 1}},
	{"half_acknowledged_bytes_are_compared", {{CLIENT, 0, 0, "abcdef", 0}, {SERVER, 0, 3, "", 0}, {CLIENT, 3, 0, "dXf", 0}},
	 "open 40000>80\ndata c \"abcdef\" #4\nambiguous c #6\nclose\n", {0}},
	{"first_copy_with_its_older_ack_sets_free", {{CLIENT, 0, 2, "GET", 0}, {CLIENT, 0, 0, "GET", 0}, {SERVER, 0, 0, "OK", 0}},
	 "open 40000>80\ndata c \"GET\" #4\ndata s \"OK\" #6\nclose\n", {0}},
	{"bug_ack_half_the_space_away_is_not_believed", {{CLIENT, 0, 0x80000000, "GET", 0}, {SERVER, 0, 3, "OK", 0}},
	 "open 40000>80\ndata c \"GET\" #4\ndata s \"OK\" #5\nclose\n", {0}},
	{"one_segment_fills_several_holes", {{CLIENT, 1, 0, "b", 0}, {CLIENT, 3, 0, "d", 0}, {CLIENT, 5, 0, "f", 0}, {CLIENT, 0, 0, "abcdefg", 0}},
	 "open 40000>80\ndata c \"a\" #7\ndata c \"b\" #4\ndata c \"c\" #7\ndata c \"d\" #5\ndata c \"e\" #7\ndata c \"f\" #6\ndata c \"g\" #7\nclose\n", {0}},
};

static void each_script_gives_its_calls(void)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		const struct script *script = &scripts[i];
		struct trial         t = {.options = script->options};

		begin(&t, i % 2 ? SYNTH_RAW : SYNTH_ETHERNET);
		synth_tcp_open(t.s, &t.f);
		for (const struct line *l = script->line; l->text; l++)
			at(&t, l->from, l->seq, l->ack, l->text, l->flags);
		finish(&t);
		CHECK(t.end == CAPTURE_WHOLE);
		if (strcmp(t.calls, script->calls) != 0)
			FAIL("%s: expected:\n%sgot:\n%s", script->name, script->calls, t.calls);
		free(t.file);
	}
}

/* The same scripts 2^32 - 1002 further: every comparison passes the wrap. */
static void each_script_gives_its_calls_across_the_wrap(void)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		const struct script *script = &scripts[i];
		struct trial         t = {.options = script->options};

		begin(&t, SYNTH_RAW);
		t.f.next[0] = UINT32_MAX - 2;
		t.f.next[1] = UINT32_MAX - 1;
		synth_tcp_open(t.s, &t.f);
		for (const struct line *l = script->line; l->text; l++) {
			struct synth_segment g = {l->from, t.f.next[l->from] + l->seq, t.f.next[!l->from] + l->ack,
						  l->flags | SYNTH_ACK, (const uint8_t *)l->text, strlen(l->text)};

			synth_tcp_segment(t.s, &t.f, &g);
		}
		finish(&t);
		if (strcmp(t.calls, script->calls) != 0)
			FAIL("%s: expected:\n%sgot:\n%s", script->name, script->calls, t.calls);
		free(t.file);
	}
}

static void port_reuse_is_another_flow(void)
{
	struct trial t = {.used = 0};

	begin(&t, SYNTH_ETHERNET);
	synth_tcp_open(t.s, &t.f);
	send_text(&t, CLIENT, "one");
	t.f.next[0] = 0x80000000;
	t.f.next[1] = 7;
	synth_tcp_open(t.s, &t.f);
	send_text(&t, CLIENT, "two");
	synth_tcp_close(t.s, &t.f);
	/* The same numbers again: an ended connection is over. */
	t.f.next[0] = 0x80000000;
	t.f.next[1] = 7;
	synth_tcp_open(t.s, &t.f);
	send_text(&t, SERVER, "three");
	synth_tcp_reset(t.s, &t.f, SERVER);
	send_text(&t, SERVER, "late");
	finish(&t);
	CHECK(t.counts.flows == 3);
	CHECK(t.counts.after_close == 1);
	expect(&t, "open 40000>80\ndata c \"one\" #4\nclose\nopen 40000>80\ndata c \"two\" #8\nfin c #9\nfin s #10\nclose\n"
		   "open 40000>80\ndata s \"three\" #15\nclose reset\n");
}

/* One first segment: who is the client, and whether it began midway. The sender is the side with port `sender`. */
static void sides_without_a_handshake(void)
{
	static const struct {
		uint16_t    sender, receiver;
		uint8_t     flags;
		const char *calls;
	} cases[] = {
		{80, 40000, SYNTH_ACK, "open 40000>80 mid\ndata s \"hi\" #1\nclose\n"},
		{40000, 80, SYNTH_ACK, "open 40000>80 mid\ndata c \"hi\" #1\nclose\n"},
		{500, 500, SYNTH_ACK, "open 500>500 mid\ndata c \"hi\" #1\nclose\n"},
		{40000, 80, SYNTH_ACK | SYNTH_SYN, "open 80>40000\ndata s \"hi\" #1\nclose\n"},
		{80, 40000, SYNTH_SYN, "open 80>40000\ndata c \"hi\" #1\nclose\n"},
		{80, 40000, SYNTH_RST, ""},
		{80, 40000, SYNTH_SYN | SYNTH_FIN, ""},
		{80, 40000, SYNTH_SYN | SYNTH_RST, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial         t = {.used = 0};
		struct synth_segment g = {CLIENT, 10, 20, cases[i].flags, (const uint8_t *)"hi", 2};

		begin(&t, SYNTH_RAW);
		t.f = synth_flow4(0x0a000001, cases[i].sender, 0x0a000002, cases[i].receiver);
		synth_tcp_segment(t.s, &t.f, &g);
		finish(&t);
		expect(&t, cases[i].calls);
	}
}

static void midway_flow_is_fed_from_where_it_begins(void)
{
	struct trial t = {.used = 0};

	begin(&t, SYNTH_RAW);
	send_text(&t, CLIENT, "ask");
	send_text(&t, SERVER, "answer");
	synth_tcp_ack(t.s, &t.f, CLIENT);
	synth_tcp_close(t.s, &t.f);
	finish(&t);
	CHECK(t.counts.flows_midway == 1);
	expect(&t, "open 40000>80 mid\ndata c \"ask\" #1\ndata s \"answer\" #2\nfin c #4\nfin s #5\nclose\n");
}

static void late_syn_is_the_beginning(void)
{
	struct trial         t = {.used = 0};
	struct synth_segment syn = {CLIENT, 1000, 0, SYNTH_SYN, NULL, 0};
	struct synth_segment answer = {SERVER, 5000, 1001, SYNTH_SYN | SYNTH_ACK, NULL, 0};

	begin(&t, SYNTH_RAW);
	/* The acknowledgement says where the server stands, too far by two; its SYN-ACK knows better. */
	synth_tcp_segment(t.s, &t.f, &syn);
	at(&t, CLIENT, 0, 2, "", 0);
	synth_tcp_segment(t.s, &t.f, &answer);
	at(&t, SERVER, 0, 0, "hi", 0);
	synth_tcp_segment(t.s, &t.f, &syn);
	finish(&t);
	CHECK(t.counts.flows == 1);
	expect(&t, "open 40000>80\ndata s \"hi\" #4\nclose\n");
}

/* A balancer that answers a repeated SYN with another number: whichever the data follows is right. */
static void second_syn_ack_before_data_is_no_conflict(void)
{
	static const uint32_t begins[] = {5000, 0x90000000, 77};

	for (size_t i = 0; i < 3; i++) {
		struct trial         t = {.used = 0};
		struct synth_segment g = {SERVER, 5000, 1001, SYNTH_SYN | SYNTH_ACK, NULL, 0};

		begin(&t, SYNTH_RAW);
		t.f.next[0] = 1000;
		synth_tcp_open(t.s, &t.f);
		g.seq = 0x90000000;
		synth_tcp_segment(t.s, &t.f, &g);
		t.f.next[1] = begins[i] + 1;
		send_text(&t, SERVER, "hi");
		g.seq = 0xa0000000;
		synth_tcp_segment(t.s, &t.f, &g);
		finish(&t);
		expect(&t, i < 2 ? "open 40000>80\ndata s \"hi\" #5\nambiguous s #6\nclose\n" : "");
	}
}

static void syn_data_and_silent_flows(void)
{
	struct trial         t = {.used = 0};
	struct synth_segment syn = {CLIENT, 1000, 0, SYNTH_SYN, (const uint8_t *)"fast", 4};
	struct synth_segment refusal = {SERVER, 0, 8, SYNTH_RST | SYNTH_ACK, NULL, 0};

	begin(&t, SYNTH_RAW);
	synth_tcp_segment(t.s, &t.f, &syn);
	t.f.port[0] = 40001;
	syn = (struct synth_segment){CLIENT, 7, 0, SYNTH_SYN, NULL, 0};
	synth_tcp_segment(t.s, &t.f, &syn);
	synth_tcp_segment(t.s, &t.f, &refusal);
	synth_tcp_segment(t.s, &t.f, &syn);
	synth_tcp_segment(t.s, &t.f, &refusal);
	finish(&t);
	CHECK(t.counts.flows_silent == 2);
	expect(&t, "open 40000>80\ndata c \"fast\" #1\nclose\n");
}

static void both_ends_may_open(void)
{
	struct trial         t = {.used = 0};
	struct synth_segment a = {CLIENT, 1000, 0, SYNTH_SYN, NULL, 0}, b = {SERVER, 5000, 0, SYNTH_SYN, NULL, 0};

	begin(&t, SYNTH_RAW);
	synth_tcp_segment(t.s, &t.f, &a);
	synth_tcp_segment(t.s, &t.f, &b);
	at(&t, CLIENT, 0, 0, "x", 0);
	at(&t, SERVER, 0, 1, "y", 0);
	finish(&t);
	expect(&t, "open 40000>80\ndata c \"x\" #3\ndata s \"y\" #4\nclose\n");
}

static void ignored_flow_is_only_closed(void)
{
	struct trial t = {.ignore = true};

	begin(&t, SYNTH_RAW);
	synth_tcp_open(t.s, &t.f);
	at(&t, CLIENT, 3, 0, "def", 0);
	at(&t, CLIENT, 0, 0, "abc", 0);
	at(&t, CLIENT, 9, 0, "later", SYNTH_FIN);
	at(&t, SERVER, 0, 0, "OK", SYNTH_FIN);
	synth_udp(t.s, &t.f, CLIENT, "1", 1);
	synth_udp(t.s, &t.f, CLIENT, "2", 1);
	finish(&t);
	expect(&t, "open 40000>80\ndata c \"abc\" #5\nclose\nopen 40000>80\ndata c \"1\" #8\nclose\n");
}

static void idle_flows_are_closed(void)
{
	struct trial t = {.options = {.tcp_idle_us = 10000000, .udp_idle_us = 5000000}};

	begin(&t, SYNTH_RAW);
	synth_tcp_open(t.s, &t.f);
	send_text(&t, CLIENT, "a");
	synth_udp(t.s, &t.f, CLIENT, "u", 1);
	synth_set_time(t.s, 8000000);
	synth_udp(t.s, &t.f, CLIENT, "v", 1);
	synth_set_time(t.s, 20000000);
	send_text(&t, CLIENT, "b");
	finish(&t);
	expect(&t, "open 40000>80\ndata c \"a\" #4\nopen 40000>80\ndata c \"u\" #5\nclose\nopen 40000>80\ndata c \"v\" #6\n"
		   "close\nclose\nopen 40000>80 mid\ndata c \"b\" #7\nclose\n");
}

static void busy_flow_does_not_shield_idle_ones(void)
{
	struct trial      t = {.options = {.tcp_idle_us = 10000000}};
	struct synth_flow busy;

	begin(&t, SYNTH_RAW);
	send_text(&t, CLIENT, "a");
	busy = t.f;
	t.f.port[0] = 40001;
	send_text(&t, CLIENT, "b");
	t.f = busy;
	for (uint64_t s = 5; s <= 15; s += 5) {
		synth_set_time(t.s, s * 1000000);
		send_text(&t, CLIENT, "c");
	}
	finish(&t);
	expect(&t, "open 40000>80 mid\ndata c \"a\" #1\nopen 40001>80 mid\ndata c \"b\" #2\n"
		   "data c \"c\" #3\ndata c \"c\" #4\nclose\ndata c \"c\" #5\nclose\n");
}

static void syn_behind_its_data_makes_the_flow_whole(void)
{
	struct trial t = {.used = 0};

	begin(&t, SYNTH_RAW);
	at(&t, CLIENT, 0, 0, "x", 0);
	synth_tcp_segment(t.s, &t.f, &(struct synth_segment){CLIENT, 1000, 0, SYNTH_SYN, NULL, 0});
	finish(&t);
	CHECK(t.counts.flows == 1);
	CHECK(t.counts.flows_midway == 0);
	expect(&t, "open 40000>80 mid\ndata c \"x\" #1\nclose\n");
}

static void full_table_makes_room_fairly(void)
{
	struct trial      t = {.options = {.max_flows = 2}};
	struct synth_flow first;

	begin(&t, SYNTH_RAW);
	/* One that lives, one that is only opened: the third takes the second's place, the fourth finds none. */
	send_text(&t, CLIENT, "1");
	first = t.f;
	t.f.port[0] = 40001;
	synth_tcp_open(t.s, &t.f);
	t.f.port[0] = 40002;
	send_text(&t, CLIENT, "3");
	t.f.port[0] = 40003;
	send_text(&t, CLIENT, "4");
	/* The first ends: its place is free for a UDP flow, which gives way to the next. */
	t.f = first;
	synth_tcp_reset(t.s, &t.f, CLIENT);
	synth_udp(t.s, &t.f, CLIENT, "5", 1);
	t.f.port[0] = 40006;
	send_text(&t, CLIENT, "6");
	finish(&t);
	CHECK(t.counts.refused == 1);
	CHECK(t.counts.flows_evicted == 2);
	expect(&t, "open 40000>80 mid\ndata c \"1\" #1\nopen 40002>80 mid\ndata c \"3\" #5\nclose reset\nopen 40000>80\n"
		   "data c \"5\" #8\nclose\nopen 40006>80 mid\ndata c \"6\" #9\nclose\nclose\n");
}

static void many_flows_are_told_apart(void)
{
	struct trial t = {.big = true};

	begin(&t, SYNTH_RAW);
	t.ignore = true;
	for (int round = 0; round < 2; round++)
		for (uint16_t i = 0; i < 5000; i++) {
			t.f.port[0] = 1024 + i;
			synth_tcp_segment(t.s, &t.f, &(struct synth_segment){CLIENT, 1, 1, round ? SYNTH_ACK : SYNTH_SYN, NULL, 0});
		}
	finish(&t);
	CHECK(t.counts.flows == 5000);
	CHECK(t.counts.tcp == 10000);
	expect(&t, "");
}

static void reversed_flood_is_bounded(void)
{
	struct trial         t = {.big = true};
	struct capture_check check = {.ignore_every = 0};
	uint32_t             n = 5000;

	begin(&t, SYNTH_RAW);
	synth_tcp_open(t.s, &t.f);
	for (uint32_t i = n; i; i--)
		synth_tcp_segment(t.s, &t.f, &(struct synth_segment){CLIENT, 1001 + 2 * i, 5001, SYNTH_ACK, (const uint8_t *)"x", 1});
	CHECK(synth_close(&t.s));
	fclose(t.out);
	capture_check_run(&check, t.file, t.n, NULL, UINT64_MAX);
	/* Over the limit, the oldest (furthest) one is fed: all nearer ones went before it, the rest comes too late. */
	CHECK(check.fed == 4097);
	CHECK(check.counts.gaps == 4097);
	free(t.file);
}

/* Bytes are compared as far back as remembered. */
static void history_is_bounded_and_honest(void)
{
	static char     bytes[200000];
	static const struct {
		uint32_t at;
		size_t   history, total;
		bool     noticed, counted;
	} cases[] = {
		{199000, 0, 0, true, true},  {140000, 0, 0, true, true},  {100000, 0, 0, false, true},
		{199000, 2048, 0, true, true}, {190000, 2048, 0, false, true}, {199000, 0, 1000, false, true},
		{100000, 1 << 20, 0, true, false}, {198500, 0, 4096, true, true},
	};

	memset(bytes, 'a', sizeof(bytes));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial t = {.big = true, .options = {.max_history = cases[i].history, .max_history_total = cases[i].total}};

		begin(&t, SYNTH_RAW);
		synth_tcp_open(t.s, &t.f);
		for (uint32_t at_byte = 0; at_byte < sizeof(bytes); at_byte += 1000)
			synth_tcp_segment(t.s, &t.f, &(struct synth_segment){CLIENT, 1001 + at_byte, 5001, SYNTH_ACK,
									    (const uint8_t *)bytes, 1000});
		/* The same, in large segments, then one byte that differs. */
		for (uint32_t at_byte = 0; at_byte < sizeof(bytes); at_byte += 50000)
			synth_tcp_segment(t.s, &t.f, &(struct synth_segment){CLIENT, 1001 + at_byte, 5001, SYNTH_ACK,
									    (const uint8_t *)bytes, 50000});
		synth_tcp_segment(t.s, &t.f, &(struct synth_segment){CLIENT, 1001 + cases[i].at, 5001, SYNTH_ACK,
								    (const uint8_t *)"ab", 2});
		finish(&t);
		if ((t.counts.ambiguous == 1) != cases[i].noticed || (t.counts.unchecked_bytes > 0) != cases[i].counted)
			FAIL("case %zu: ambiguous %u unchecked %u", i, (unsigned)t.counts.ambiguous, (unsigned)t.counts.unchecked_bytes);
		free(t.file);
	}
}

static void unseen_side_is_a_gap_before_it_is_endless(void)
{
	struct trial t = {.used = 0};

	begin(&t, SYNTH_RAW);
	synth_tcp_open(t.s, &t.f);
	at(&t, CLIENT, 0, 0, "get", 0);
	for (uint32_t i = 1; i <= 40; i++)
		at(&t, CLIENT, 3, i << 20, "", 0);
	at(&t, CLIENT, 3, 40 << 20, "end", 0);
	finish(&t);
	CHECK(t.counts.odd_acks == 0);
	expect(&t, "open 40000>80\ndata c \"get\" #4\ngap s 17825792 #21\ngap s 17825792 #38\ngap s 6291456 #45\ndata c \"end\" #45\nclose\n");
}

static void patience_ends_with_time(void)
{
	struct trial t = {.used = 0};

	begin(&t, SYNTH_RAW);
	synth_tcp_open(t.s, &t.f);
	at(&t, CLIENT, 3, 0, "def", 0);
	at(&t, SERVER, 0, 6, "", 0);
	synth_set_time(t.s, 3000000);
	at(&t, SERVER, 0, 6, "", 0);
	at(&t, CLIENT, 0, 0, "abc", 0);
	finish(&t);
	expect(&t, "open 40000>80\ngap c 3 #4\ndata c \"def\" #4\nclose\n");
}

static void cut_segment_is_compared_as_far_as_it_goes(void)
{
	struct trial t = {.used = 0};
	uint8_t      frame[200];
	size_t       n;

	begin(&t, SYNTH_RAW);
	n = hi_packet(&t.f, frame, sizeof(frame));
	/* Numbers 3 to 4, cut after 3, waits for 1 to 2; its second copy brings nothing, a third contradicts. */
	frame[27] = 3;
	synth_tcp_segment(t.s, &t.f, &(struct synth_segment){CLIENT, 0, 0, SYNTH_SYN, NULL, 0});
	synth_frame(t.s, frame, n - 1, n);
	synth_frame(t.s, frame, n, n);
	synth_tcp_segment(t.s, &t.f, &(struct synth_segment){CLIENT, 1, 1, SYNTH_ACK, (const uint8_t *)"ab", 2});
	synth_frame(t.s, frame, n, n);
	finish(&t);
	CHECK(t.counts.cut == 1);
	expect(&t, "open 40000>80\ndata c \"ab\" #4\ndata c \"h\" #2\ngap c 1 #2\nclose\n");
}

int main(void)
{
	RUN(each_script_gives_its_calls);
	RUN(each_script_gives_its_calls_across_the_wrap);
	RUN(port_reuse_is_another_flow);
	RUN(sides_without_a_handshake);
	RUN(midway_flow_is_fed_from_where_it_begins);
	RUN(late_syn_is_the_beginning);
	RUN(second_syn_ack_before_data_is_no_conflict);
	RUN(syn_data_and_silent_flows);
	RUN(both_ends_may_open);
	RUN(ignored_flow_is_only_closed);
	RUN(idle_flows_are_closed);
	RUN(busy_flow_does_not_shield_idle_ones);
	RUN(syn_behind_its_data_makes_the_flow_whole);
	RUN(full_table_makes_room_fairly);
	RUN(many_flows_are_told_apart);
	RUN(reversed_flood_is_bounded);
	RUN(history_is_bounded_and_honest);
	RUN(unseen_side_is_a_gap_before_it_is_endless);
	RUN(patience_ends_with_time);
	RUN(cut_segment_is_compared_as_far_as_it_goes);
	return tap_done();
}
