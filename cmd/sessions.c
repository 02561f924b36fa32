/* The verb `sessions`: what goes through the running gate right now. */
#include <jansson.h>
#include <poll.h>
#include <string.h>

#include "cmd/run_dir.h"
#include "cmd/workers.h"
#include "event/event.h"
#include "event/text.h"
#include "gate/control_msg.h"
#include "proto/protocols.h"

enum { OPT_JSON = 0, OPT_RUN };

enum { ANSWER_MS = 5000 };

static const struct option options[] = {
	[OPT_JSON] = {"json", 0, NULL, "one JSON array instead of a table"},
	[OPT_RUN] = OPTION_RUN,
	{0},
};

static const char *const phases[SHOWN_PHASES] = {"silent", "connecting", "open", "closing"};

static const char *protocol_name(uint16_t proto)
{
	for (size_t i = 0; protocols[i]; i++)
		if (protocols[i]->id == proto)
			return protocols[i]->name;
	return "?";
}

static void shown(const struct address *a, char *out, size_t size)
{
	struct str s = str_over(out, size);

	if (a->family)
		text_address(&s, a);
	else
		str_add(&s, "-");
}

static void print_head(void)
{
	printf("%-27s %-27s %-14s %-6s %-10s %11s %7s %7s %6s\n", "CLIENT", "SERVER", "SERVICE", "PROTO", "STATE", "AGE", "IN", "OUT", "REFUSED");
}

static void print_row(const struct session_row *row)
{
	char       client[64], server[64], service[512];
	struct str name = str_over(service, sizeof(service));

	shown(&row->client, client, sizeof(client));
	shown(&row->server, server, sizeof(server));
	text_escape_name(&name, row->service);
	printf("%-27s %-27s %-14s %-6s %-10s %8llu.%llus %7llu %7llu %6u%s\n", client, server, service, protocol_name(row->proto), phases[row->phase],
	       (unsigned long long)row->age_ms / 1000, (unsigned long long)row->age_ms / 100 % 10, (unsigned long long)row->units[SIDE_CLIENT],
	       (unsigned long long)row->units[SIDE_SERVER], row->refusals, row->probe ? "  probe" : "");
}

static json_t *row_json(const struct session_row *row)
{
	char client[64], server[64];

	shown(&row->client, client, sizeof(client));
	shown(&row->server, server, sizeof(server));
	return json_pack("{s:I, s:o, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "flow_id", (json_int_t)row->id, "service",
			 eve_name(row->service), "transport", row->ip_protocol == 17 ? "udp" : "tcp", "protocol", protocol_name(row->proto), "client",
			 client, "server", server, "state", phases[row->phase], "age_ms", (json_int_t)row->age_ms, "bytes_toserver",
			 (json_int_t)row->bytes[SIDE_CLIENT], "bytes_toclient", (json_int_t)row->bytes[SIDE_SERVER], "messages_toserver",
			 (json_int_t)row->units[SIDE_CLIENT], "messages_toclient", (json_int_t)row->units[SIDE_SERVER], "refused",
			 (json_int_t)row->refusals, "held", (json_int_t)row->held, "probe", row->probe);
}

/* One worker's rows. False: it stopped in the middle. */
static bool list(struct channel *worker, json_t *array, unsigned *count)
{
	static struct message_in in;
	struct pollfd            p = {.fd = worker->fd, .events = POLLIN};
	struct session_row       row;
	enum channel_got         got;

	channel_send(worker, MSG_LIST, NULL, 0, -1);
	while ((got = channel_recv(worker, &in)) == CHANNEL_MESSAGE || (got == CHANNEL_AGAIN && poll(&p, 1, ANSWER_MS) == 1)) {
		if (got == CHANNEL_AGAIN)
			continue;
		if (in.type == MSG_LIST_END)
			return true;
		if (in.type != MSG_SESSION || !session_row_read(&in, &row))
			return false;
		(*count)++;
		if (array)
			json_array_append_new(array, row_json(&row));
		else
			print_row(&row);
	}
	return false;
}

struct job {
	json_t  *array;
	unsigned count;
	bool     headed;
};

static int list_worker(struct channel *worker, void *arg)
{
	struct job *job = arg;

	if (!job->array && !job->headed)
		print_head();
	job->headed = true;
	if (list(worker, job->array, &job->count))
		return EXIT_CLEAN;
	complain("a worker of the gate did not finish its list");
	return EXIT_UNREACHABLE;
}

static int sessions_run(const struct cmd *cmd, int argc, char **argv)
{
	struct args args = args_over(cmd, argc, argv);
	struct job  job = {0};
	const char *dir = NULL;
	bool        json = false;
	int         got, code;

	while ((got = args_next(&args)) != ARGS_END) {
		if (got == ARGS_BAD || got == ARGS_HELP)
			return args_exit(got);
		if (got == ARGS_OPERAND) {
			complain("sessions takes no argument");
			return EXIT_USAGE;
		}
		if (got == OPT_RUN)
			dir = args.value;
		json |= got == OPT_JSON;
	}
	job.array = json ? json_array() : NULL;
	code = workers_each(dir, list_worker, &job);
	if (json)
		print_json(job.array);
	return output_ok() ? code : EXIT_USAGE;
}

const struct cmd cmd_sessions = {
	.name = "sessions",
	.usage = "",
	.summary = "what goes through the running gate now",
	.about = "One line per TCP connection: who, to which server, in which protocol, since when, how many whole messages in each "
		 "direction, and how many were refused. Exit codes: 0, or 3 when no gate runs.",
	.options = options,
	.run = sessions_run,
};
