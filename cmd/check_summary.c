/* Says what `check` read, refused, and could not see: never "clean" when anything was unseen. */
#include <string.h>

#include "cmd/check.h"
#include "cmd/cmd.h"

struct unseen_text {
	const char *name; /* in JSON */
	const char *text; /* behind "N bytes in M flows " */
};

static const struct unseen_text unseen_texts[UNSEEN_KINDS] = {
	[UNSEEN_NONE] = {"none", ""},
	[UNSEEN_TLS] = {"tls", "inside TLS (opaque.tls)"},
	[UNSEEN_SEALED] = {"sealed", "sealed by a security layer (opaque.sealed)"},
	[UNSEEN_UNREAD] = {"unread", "in messages of interfaces, encodings or compressions that are not read here"},
	[UNSEEN_FRAMING] = {"framing", "behind a refusal that left no way to find the next message (opaque.unseen)"},
	[UNSEEN_GAP] = {"gap", "missing from the capture, and behind what is missing: no message boundary is guessed (capture.gap)"},
	[UNSEEN_AMBIGUOUS] = {"ambiguous", "behind two versions of the same bytes (capture.ambiguous)"},
	[UNSEEN_MIDWAY] = {"midway", "of flows that began before the capture, inside a message"},
	[UNSEEN_ENDED] = {"ended", "behind a message that ends the conversation"},
	[UNSEEN_TAIL] = {"tail", "of messages whose end is not in the capture"},
	[UNSEEN_DATAGRAM] = {"datagram", "of datagrams cut by the capture's length limit"},
	[UNSEEN_MEMORY] = {"memory", "of flows for which there was no memory"},
};

const char *unseen_name(enum unseen kind)
{
	return unseen_texts[kind].name;
}

void summary_add_capture(struct totals *totals, const struct capture_counts *from)
{
	struct capture_counts *to = &totals->captured;

#define ADD(member) to->member += from->member
	ADD(packets), ADD(bytes), ADD(cut), ADD(malformed), ADD(other), ADD(fragments), ADD(fragments_dropped);
	ADD(datagrams_ambiguous), ADD(tcp), ADD(udp), ADD(flows), ADD(flows_silent), ADD(flows_midway), ADD(flows_evicted);
	ADD(refused), ADD(no_memory), ADD(retransmitted), ADD(unchecked_bytes), ADD(after_close), ADD(stray), ADD(odd_acks);
	ADD(odd_seqs), ADD(urgent), ADD(gaps), ADD(gap_bytes), ADD(ambiguous), ADD(ignored_bytes);
#undef ADD
	for (size_t i = 0; i < sizeof(to->other_protocol) / sizeof(to->other_protocol[0]); i++)
		to->other_protocol[i] += from->other_protocol[i];
}

uint64_t summary_other_protocols(const struct totals *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof(t->captured.other_protocol) / sizeof(t->captured.other_protocol[0]); i++)
		n += t->captured.other_protocol[i];
	return n;
}

uint64_t summary_unseen_bytes(const struct totals *t)
{
	uint64_t n = 0;

	for (int i = 0; i < UNSEEN_KINDS; i++)
		n += t->unseen_bytes[i];
	return n;
}

/* Whatever else was not looked at: packets or flows. */
static uint64_t unseen_else(const struct totals *t)
{
	const struct capture_counts *c = &t->captured;
	uint64_t                     n = t->uncovered + t->midway + t->files_unread + t->files_cut + t->files_damaged + t->interrupted;

	for (int i = 0; i < UNSEEN_KINDS; i++)
		n += t->unseen_flows[i];
	return n + c->cut + c->malformed + c->other + summary_other_protocols(t) + c->fragments_dropped + c->datagrams_ambiguous +
	       c->flows_evicted + c->refused + c->no_memory + c->after_close + c->odd_seqs +
	       c->unchecked_bytes + t->unjudged;
}

bool summary_unseen(const struct totals *totals)
{
	return summary_unseen_bytes(totals) || unseen_else(totals);
}

size_t summary_top_ports(const struct totals *totals, struct top_port out[static TOP_PORTS])
{
	size_t n = 0;

	for (int udp = 0; udp < 2; udp++)
		for (unsigned port = 0; port < 65536; port++) {
			uint64_t flows = totals->uncovered_port[udp][port];
			size_t   at = n;

			while (at && out[at - 1].flows < flows)
				at--;
			if (!flows || at == TOP_PORTS)
				continue;
			n += n < TOP_PORTS;
			for (size_t i = n - 1; i > at; i--)
				out[i] = out[i - 1];
			out[at] = (struct top_port){.udp = udp, .port = (uint16_t)port, .flows = flows};
		}
	return n;
}

/* "1,234 flows" */
static void counted(struct str *s, uint64_t n, const char *one, const char *many)
{
	str_count(s, n);
	str_fmt(s, " %s", n == 1 ? one : many);
}

static void put(const struct str *line)
{
	printf("%s\n", line->text);
}

static void print_protocols(const struct totals *t)
{
	char       buffer[256];
	struct str s;

	for (size_t i = 0; protocols[i]; i++) {
		const struct tally *tally = &t->tally[i];

		if (protocols[i]->id == PROTO_OPAQUE_TLS || !(tally->flows || tally->messages[0] || tally->messages[1]))
			continue;
		s = str_over(buffer, sizeof(buffer));
		str_fmt(&s, "  %-8s ", protocols[i]->name);
		counted(&s, tally->messages[SIDE_CLIENT], "message from clients, ", "messages from clients, ");
		counted(&s, tally->messages[SIDE_SERVER], "from servers, in ", "from servers, in ");
		counted(&s, tally->flows, "flow", "flows");
		put(&s);
	}
}

/* File contents are payload by design: said, but nothing that should have been seen. */
static void print_payload(const struct totals *t)
{
	char       buffer[256];
	struct str s = str_over(buffer, sizeof(buffer));

	if (!t->payload)
		return;
	str_add(&s, "  payload  ");
	counted(&s, t->payload, "byte of file contents in ", "bytes of file contents in ");
	counted(&s, t->payload_flows, "flow", "flows");
	str_add(&s, ": place and length were recognised, contents are nobody's business here");
	put(&s);
}

static void print_refused(const struct check *check)
{
	const struct totals *t = &check->totals;
	size_t               count;
	const struct reason *rows = reasons_all(&count);

	if (t->refused)
		printf("refused:\n");
	for (size_t i = 0; i < count; i++) {
		char       buffer[512];
		struct str s = str_over(buffer, sizeof(buffer));

		if (!t->by_reason[rows[i].number])
			continue;
		str_fmt(&s, "  %8llu  %s%s%s", (unsigned long long)t->by_reason[rows[i].number],
			line_ink(&check->style, line_class_ink(rows[i].class)), rows[i].id, line_ink(&check->style, INK_NONE));
		str_fmt(&s, "  %s", reason_class_name(rows[i].class));
		if (rows[i].flaws[0])
			str_fmt(&s, "  %s", rows[i].flaws);
		put(&s);
	}
	if (t->watched)
		printf("  %8llu  more watched, as the policy says, and not stopped\n", (unsigned long long)t->watched);
	if (t->consequences)
		printf("  %8llu  more refused only because of an earlier refusal in their flow%s\n",
		       (unsigned long long)t->consequences, check->options.all ? "" : " (--all shows them)");
}

/* One line of what was not seen, when there is any. */
static void unseen_line(uint64_t n, const char *one, const char *many)
{
	char       buffer[256];
	struct str s = str_over(buffer, sizeof(buffer));

	if (!n)
		return;
	str_add(&s, "  ");
	counted(&s, n, one, many);
	put(&s);
}

static void print_unseen_kinds(const struct totals *t)
{
	for (int i = 0; i < UNSEEN_KINDS; i++) {
		char       buffer[256];
		struct str s = str_over(buffer, sizeof(buffer));

		if (!t->unseen_flows[i])
			continue;
		str_add(&s, "  ");
		counted(&s, t->unseen_bytes[i], "byte in ", "bytes in ");
		counted(&s, t->unseen_flows[i], "flow: ", "flows: ");
		str_add(&s, unseen_texts[i].text);
		put(&s);
	}
}

static void print_uncovered(const struct totals *t)
{
	struct top_port top[TOP_PORTS];
	size_t          n = summary_top_ports(t, top);
	char            buffer[320];
	struct str      s = str_over(buffer, sizeof(buffer));

	if (!t->uncovered)
		return;
	str_add(&s, "  ");
	counted(&s, t->captured.ignored_bytes, "byte in ", "bytes in ");
	counted(&s, t->uncovered, "flow", "flows");
	str_add(&s, " of protocols with no recogniser yet, by server port: ");
	for (size_t i = 0; i < n; i++) {
		str_fmt(&s, "%s%s/%u (", i ? ", " : "", top[i].udp ? "udp" : "tcp", top[i].port);
		str_count(&s, top[i].flows);
		str_char(&s, ')');
	}
	put(&s);
}

static void print_unseen(const struct totals *t)
{
	const struct capture_counts *c = &t->captured;

	if (!summary_unseen(t))
		return;
	printf("could not be seen:\n");
	print_unseen_kinds(t);
	print_uncovered(t);
	unseen_line(t->midway, "flow began before the capture: what depends on its beginning was not judged",
		    "flows began before the capture: what depends on their beginning was not judged");
	unseen_line(t->unjudged, "message there would have needed that beginning", "messages there would have needed that beginning");
	unseen_line(c->cut, "packet was cut by the capture's length limit", "packets were cut by the capture's length limit");
	unseen_line(c->other, "packet is not IP", "packets are not IP");
	unseen_line(summary_other_protocols(t), "IP packet is neither TCP nor UDP", "IP packets are neither TCP nor UDP");
	unseen_line(c->malformed, "packet has a header that contradicts itself", "packets have a header that contradicts itself");
	unseen_line(c->fragments_dropped, "IP fragment never became a datagram", "IP fragments never became a datagram");
	unseen_line(c->datagrams_ambiguous, "datagram has fragments that contradict each other",
		    "datagrams have fragments that contradict each other");
	unseen_line(c->after_close, "segment came after the end of its connection", "segments came after the end of their connection");
	unseen_line(c->odd_seqs, "segment carries a sequence number that cannot be", "segments carry sequence numbers that cannot be");
	unseen_line(c->unchecked_bytes, "byte was sent again too late to compare", "bytes were sent again too late to compare");
	unseen_line(c->flows_evicted, "flow was given up for want of room", "flows were given up for want of room");
	unseen_line(c->refused, "packet found no room for its flow", "packets found no room for their flow");
	unseen_line(c->no_memory, "time the system had no memory", "times the system had no memory");
	unseen_line(t->files_unread, "file could not be read at all", "files could not be read at all");
	unseen_line(t->files_cut, "file stops inside a packet", "files stop inside a packet");
	unseen_line(t->files_damaged, "file cannot be read to its end", "files cannot be read to their end");
	if (t->interrupted)
		printf("  what follows the place where you stopped the reading\n");
}

/* The last line: what a hurried reader needs. */
static void print_verdict(const struct check *check)
{
	const struct totals *t = &check->totals;
	bool                 unseen = summary_unseen(t);
	char                 buffer[512];
	struct str           s = str_over(buffer, sizeof(buffer));

	str_add(&s, line_ink(&check->style, INK_BOLD));
	counted(&s, t->messages, "message recognised, ", "messages recognised, ");
	str_count(&s, t->refused);
	str_add(&s, " refused, ");
	counted(&s, summary_unseen_bytes(t), "byte could not be seen", "bytes could not be seen");
	if (unseen && !summary_unseen_bytes(t))
		str_add(&s, " in the flows that were read");
	if (unseen_else(t) && t->uncovered)
		str_add(&s, "; other traffic was not looked at");
	if (!t->messages && !t->refused)
		str_add(&s, ": there is nothing here that this build recognises");
	else if (!t->refused && !unseen)
		str_add(&s, ": clean");
	str_char(&s, '.');
	str_add(&s, line_ink(&check->style, INK_NONE));
	put(&s);
}

void summary_print(struct check *check)
{
	const struct totals *t = &check->totals;
	char                 buffer[256];
	struct str           s = str_over(buffer, sizeof(buffer));

	printf("\n");
	counted(&s, t->files, "file, ", "files, ");
	counted(&s, t->captured.packets, "packet, ", "packets, ");
	counted(&s, t->captured.flows - t->captured.flows_silent, "flow", "flows");
	put(&s);
	print_protocols(t);
	print_payload(t);
	print_refused(check);
	policy_summary(check);
	print_unseen(t);
	print_verdict(check);
}
