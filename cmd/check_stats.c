/* The summary of `check --json`: one last EVE line of type "stats". */
#include "cmd/check.h"

static void number(json_t *object, const char *key, uint64_t n)
{
	json_object_set_new(object, key, json_integer((json_int_t)(n > INT64_MAX ? INT64_MAX : n)));
}

static json_t *protocol_stats(const struct totals *t)
{
	json_t *all = json_object();

	for (size_t i = 0; protocols[i]; i++) {
		const struct tally *tally = &t->tally[i];
		json_t             *one;

		if (!tally->flows && !tally->messages[0] && !tally->messages[1])
			continue;
		one = json_object();
		number(one, "flows", tally->flows);
		number(one, "messages_toserver", tally->messages[SIDE_CLIENT]);
		number(one, "messages_toclient", tally->messages[SIDE_SERVER]);
		json_object_set_new(all, protocols[i]->name, one);
	}
	return all;
}

static json_t *unseen_stats(const struct totals *t)
{
	const struct capture_counts *c = &t->captured;
	json_t                      *all = json_object();

	for (int i = 0; i < UNSEEN_KINDS; i++) {
		json_t *one;

		if (!t->unseen_flows[i])
			continue;
		one = json_object();
		number(one, "flows", t->unseen_flows[i]);
		number(one, "bytes", t->unseen_bytes[i]);
		json_object_set_new(all, unseen_name((enum unseen)i), one);
	}
	number(all, "flows_no_recogniser", t->uncovered);
	number(all, "bytes_no_recogniser", c->ignored_bytes);
	number(all, "flows_midway", t->midway);
	number(all, "messages_unjudged", t->unjudged);
	number(all, "packets_cut", c->cut);
	number(all, "packets_malformed", c->malformed);
	number(all, "packets_not_ip", c->other);
	number(all, "packets_not_tcp_udp", summary_other_protocols(t));
	number(all, "fragments_dropped", c->fragments_dropped);
	number(all, "datagrams_ambiguous", c->datagrams_ambiguous);
	number(all, "segments_after_close", c->after_close);
	number(all, "segments_odd", c->odd_seqs);
	number(all, "bytes_uncompared", c->unchecked_bytes);
	number(all, "flows_evicted", c->flows_evicted);
	number(all, "packets_no_room", c->refused);
	number(all, "no_memory", c->no_memory);
	number(all, "files_unreadable", t->files_unread);
	number(all, "files_cut", t->files_cut);
	number(all, "files_damaged", t->files_damaged);
	number(all, "interrupted", t->interrupted);
	return all;
}

static json_t *ports_stats(const struct totals *t)
{
	struct top_port top[TOP_PORTS];
	size_t          n = summary_top_ports(t, top);
	json_t         *array = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "proto", json_string(top[i].udp ? "UDP" : "TCP"));
		number(one, "port", top[i].port);
		number(one, "flows", top[i].flows);
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *reason_stats(const struct totals *t)
{
	size_t               count;
	const struct reason *rows = reasons_all(&count);
	json_t              *all = json_object();

	for (size_t i = 0; i < count; i++)
		if (t->by_reason[rows[i].number])
			number(all, rows[i].id, t->by_reason[rows[i].number]);
	return all;
}

void summary_json(struct check *check)
{
	const struct totals *t = &check->totals;
	json_t              *line = json_object(), *stats = json_object();
	char                 buffer[40];
	struct str           time = str_over(buffer, sizeof(buffer));

	text_time(&time, check->packet.ts_us);
	json_object_set_new(line, "timestamp", json_string(buffer));
	json_object_set_new(line, "event_type", json_string("stats"));
	number(stats, "files", t->files);
	number(stats, "packets", t->captured.packets);
	number(stats, "bytes", t->captured.bytes);
	number(stats, "flows", t->captured.flows - t->captured.flows_silent);
	number(stats, "messages", t->messages);
	number(stats, "refused", t->refused);
	number(stats, "watched", t->watched);
	number(stats, "consequences", t->consequences);
	number(stats, "payload_bytes", t->payload);
	number(stats, "unseen_bytes", summary_unseen_bytes(t));
	json_object_set_new(stats, "anything_unseen", json_boolean(summary_unseen(t)));
	json_object_set_new(stats, "protocols", protocol_stats(t));
	json_object_set_new(stats, "unseen", unseen_stats(t));
	json_object_set_new(stats, "no_recogniser_ports", ports_stats(t));
	json_object_set_new(line, "stats", stats);
	json_object_set_new(line, "refused_by_reason", reason_stats(t));
	if (check->policy)
		json_object_set_new(line, "policy", policy_stats(check));
	if (!eve_write(stdout, line))
		check->write_failed = true;
}
