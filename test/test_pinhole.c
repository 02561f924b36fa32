/* A worker whose server announces ports, as an endpoint mapper does: what is opened, for what, and what never is. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event/record.h"
#include "gate/worker.h"
#include "test/policy_help.h"

/*
 * The protocol: a client asks "m" (where is it?) or "i" interface (serve me); the server answers "M" interface be16-port, or "r".
 */

enum { PATIENCE_MS = 5000, GATE_IP = 1, SERVER_IP = 2, SECOND_IP = 3 };

static const char *const interface_words[] = {"none", "drsuapi", "srvsvc", "lsarpc", NULL};
static const struct fact_def mapper_facts[] = {{"mapper.interface", FACT_OF_REQUEST, false, interface_words}};

static struct step refuse(struct cx *cx)
{
	cx->fault = (struct fault){.why = R_STATE_TRUNCATED, .node = WIRE_NO_NODE};
	return step_refuse(0);
}

static struct step mapper_next(const void *state, void *unit, const struct in *in, struct cx *cx)
{
	const uint8_t *b = in->bytes;

	(void)state, (void)unit;
	if (!in->len)
		return step_more(1);
	if (in->from == SIDE_CLIENT && b[0] == 'm')
		return step_unit(1, 0);
	if (b[0] == 'i' && in->len < 2)
		return step_more(2);
	if (in->from == SIDE_CLIENT)
		return b[0] == 'i' && cx_interface(cx, b[1]) ? step_unit(2, 0) : refuse(cx);
	if (b[0] == 'r')
		return step_unit(1, STEP_ANSWER);
	if (b[0] != 'M')
		return refuse(cx);
	if (in->len < 4)
		return step_more(4);
	cx->expect[cx->expects] = (struct expect){.proto = PROTO_TOYS, .interface_id = b[1], .stays = true};
	cx->expect[cx->expects].port_low = cx->expect[cx->expects].port_high = (uint16_t)(b[2] << 8 | b[3]);
	cx->expects++;
	return step_unit(4, STEP_ANSWER);
}

static void mapper_commit(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
}

static bool mapper_deny(void *state, const void *unit, struct cx *cx)
{
	(void)state, (void)unit, (void)cx;
	return false;
}

static const struct recogniser mapper = {.name = "mapper", .id = PROTO_TOYS, .short_why = R_STATE_TRUNCATED, .facts = 1, .fact = mapper_facts,
					 .next = mapper_next, .commit = mapper_commit, .deny = mapper_deny};
static const struct recogniser *const registry[] = {&mapper, NULL};

/* ---- Sockets ---- */

static struct sockaddr_in at(unsigned host, uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f090000u | host)};
}

/* 127.9.0.host; port 0: any. */
static int listening(unsigned host, uint16_t port)
{
	struct sockaddr_in to = at(host, port);
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && listen(fd, 8) == 0 ? fd : -1;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in to;
	socklen_t          n = sizeof(to);

	return getsockname(fd, (struct sockaddr *)&to, &n) == 0 ? ntohs(to.sin_port) : 0;
}

static bool ready(int fd)
{
	return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, PATIENCE_MS) == 1;
}

static int connected(uint16_t port)
{
	struct sockaddr_in to = at(GATE_IP, port);
	int                fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* These bytes arrive next. */
static bool arrives(int fd, const void *bytes, size_t n)
{
	uint8_t got[16];

	return ready(fd) && recv(fd, got, n, MSG_WAITALL) == (ssize_t)n && memcmp(got, bytes, n) == 0;
}

static bool ends(int fd)
{
	uint8_t byte;

	return ready(fd) && recv(fd, &byte, 1, 0) <= 0;
}

/* ---- The worker, and what is behind it ---- */

struct ground {
	int            gate, other_gate, server, inner; /* listening: the mapper's, another service's, the server's mapper and its service */
	int            taken; /* in use on the gate's own address */
	uint16_t       port, other_port, inner_port, taken_port;
	int            blob;
	pid_t          pid;
	struct channel keeper, scribe;
	char           policy[1024];
};

static bool lay_out(struct ground *g)
{
	g->server = listening(SERVER_IP, 0);
	g->port = port_of(g->server);
	g->gate = listening(GATE_IP, g->port);
	g->other_gate = listening(GATE_IP, 0);
	g->other_port = port_of(g->other_gate);
	g->inner = listening(SERVER_IP, 0);
	g->inner_port = port_of(g->inner);
	g->taken = listening(GATE_IP, 0);
	g->taken_port = port_of(g->taken);
	snprintf(g->policy, sizeof(g->policy),
		 "host one { address 127.9.0.%d }\n"
		 "service maps {\n listen 127.9.0.%d:%u tcp\n to one\n protocol mapper\n policy p\n}\n"
		 "service other {\n listen 127.9.0.%d:%u tcp\n to one\n protocol mapper\n policy p\n}\n"
		 "policy p {\n pass\n}\n",
		 SERVER_IP, GATE_IP, g->port, GATE_IP, g->other_port);
	return g->server >= 0 && g->gate >= 0 && g->other_gate >= 0 && g->inner >= 0 && g->taken >= 0;
}

static bool compile_policy(struct ground *g)
{
	struct text_of       one[] = {{"t", g->policy}, {NULL, NULL}};
	struct policy_files  files = {.user = one, .read = text_read, .list = text_list};
	struct policy_world  world = {.registry = registry, .today = TODAY};
	struct policy_build *build = policy_build(&files, "t", &world);
	size_t               n = 0;
	const uint8_t       *bytes = build ? policy_build_blob(build, &n) : NULL;

	if (build && !bytes)
		note_diags(build);
	g->blob = memfd_create("policy", MFD_CLOEXEC);
	if (bytes && write(g->blob, bytes, n) != (ssize_t)n)
		bytes = NULL;
	policy_build_free(&build);
	return bytes != NULL;
}

static _Noreturn void serve(const struct ground *g, const struct channel *keeper, const struct channel *scribe, bool pinholes)
{
	static struct heart  heart;
	int                  fds[2] = {g->gate, g->other_gate};
	struct worker_config config = {.registry = registry, .blob = g->blob, .listener = fds, .listeners = 2, .control = -1, .keeper = *keeper,
				       .scribe = *scribe, .heart = &heart, .memory = 16 * 1024 * 1024, .pinholes = pinholes};

	close(g->server);
	close(g->inner);
	close(g->taken);
	_exit((int)worker_main(&config));
}

static bool start(struct ground *g, bool pinholes)
{
	static struct message_in in;
	struct channel           keeper, scribe;

	if (!channel_pair(PARTY_KEEPER, PARTY_WORKER, &g->keeper, &keeper) || !channel_pair(PARTY_SCRIBE, PARTY_WORKER, &g->scribe, &scribe))
		return false;
	fflush(NULL);
	g->pid = fork();
	if (g->pid == 0) {
		channel_close(&g->keeper);
		channel_close(&g->scribe);
		serve(g, &keeper, &scribe, pinholes);
	}
	channel_close(&keeper);
	channel_close(&scribe);
	return g->pid > 0 && ready(g->keeper.fd) && channel_recv(&g->keeper, &in) == CHANNEL_MESSAGE && in.type == MSG_READY;
}

static void stop(struct ground *g)
{
	channel_close(&g->keeper);
	waitpid(g->pid, NULL, 0);
	channel_close(&g->scribe);
}

/* The next record of this kind: in `kept`, whose bytes its texts borrow. */
static bool next_record(struct ground *g, enum record_kind kind, uint8_t gate, struct record *out)
{
	static struct message_in in;
	static size_t            done;
	size_t                   n;

	for (;;) {
		while (done < in.len && (n = record_read(in.bytes + done, in.len - done, out))) {
			done += n;
			if (out->kind == kind && (kind != RECORD_GATE || out->gate == gate))
				return true;
		}
		done = 0;
		in.len = 0;
		if (!ready(g->scribe.fd) || channel_recv(&g->scribe, &in) != CHANNEL_MESSAGE)
			return false;
	}
}

static bool says(const struct record_text *t, const char *text)
{
	return t->len == strlen(text) && memcmp(t->text, text, t->len) == 0;
}

/* A client asks the mapper, whose answer is these four bytes. Whether it arrives; the client's end, or -1. */
static bool announced(struct ground *g, uint8_t interface, uint16_t port)
{
	uint8_t answer[4] = {'M', interface, (uint8_t)(port >> 8), (uint8_t)port};
	int     client = connected(g->port), server = -1;
	bool    good = client >= 0 && send(client, "m", 1, MSG_NOSIGNAL) == 1 && ready(g->server);

	if (good)
		server = accept(g->server, NULL, NULL);
	good = good && server >= 0 && arrives(server, "m", 1) && send(server, answer, 4, MSG_NOSIGNAL) == 4 && arrives(client, answer, 4);
	if (!good && client >= 0 && server >= 0)
		tap_note("the client's end: %s", ends(client) ? "closed" : "open");
	close(client);
	close(server);
	return good;
}

/* A client comes to the announced port and asks for an interface: it is served. */
static bool served(struct ground *g, uint8_t interface)
{
	uint8_t ask[2] = {'i', interface};
	int     client = connected(g->inner_port), server = -1;
	bool    good = client >= 0 && send(client, ask, 2, MSG_NOSIGNAL) == 2;

	if (good && poll(&(struct pollfd){.fd = g->inner, .events = POLLIN}, 1, 300) == 1)
		server = accept(g->inner, NULL, NULL);
	good = good && server >= 0 && arrives(server, ask, 2) && send(server, "r", 1, MSG_NOSIGNAL) == 1 && arrives(client, "r", 1);
	if (!good && client >= 0)
		good = !ends(client);
	close(client);
	close(server);
	return good;
}

/* Whether an answer in pieces leaves without waiting: what the worker's own end of a connection to this port says. -1: it cannot be looked at. */
static int no_delay(const struct ground *g, uint16_t port)
{
	int handle = (int)syscall(SYS_pidfd_open, g->pid, 0), found = -1;

	for (int i = 3; handle >= 0 && i < 64; i++) {
		struct sockaddr_in peer_at;
		socklen_t          n = sizeof(peer_at), size = sizeof(int);
		int                fd = (int)syscall(SYS_pidfd_getfd, handle, i, 0), set = 0;

		if (fd >= 0 && getpeername(fd, (struct sockaddr *)&peer_at, &n) == 0 && port_of(fd) == port &&
		    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &set, &size) == 0)
			found = set != 0;
		close(fd);
	}
	close(handle);
	return found;
}

/* ---- The cases ---- */

static void opens(struct ground *g)
{
	struct record r = {0};
	int           client, server = -1;

	tap_ok(connected(g->inner_port) < 0, "before anybody asked the port is closed");
	tap_ok(announced(g, 1, g->inner_port), "the answer that announces a port passes");
	tap_ok(next_record(g, RECORD_GATE, GATE_PORT_OPENED, &r) && r.a == g->inner_port && says(&r.text, "drsuapi") && r.client.family == 4 &&
		       r.server.port == g->inner_port && r.server.ip[3] == SERVER_IP && r.listener.port == g->inner_port && r.listener.ip[3] == GATE_IP,
	       "an event says which port of which server, for what, and who asked");
	tap_ok(served(g, 1), "the port leads to the server's port of the same number");
	tap_ok(next_record(g, RECORD_FLOW, 0, &r) && r.end == END_CLOSED && next_record(g, RECORD_FLOW, 0, &r) && r.listener.port == g->inner_port &&
		       r.server.port == g->inner_port && r.units[0] == 1,
	       "its flow is the service's, and names the port");
	client = connected(g->inner_port);
	tap_ok(send(client, "i\1", 2, MSG_NOSIGNAL) == 2 && ready(g->inner) && (server = accept(g->inner, NULL, NULL)) >= 0, "a connection to it");
	tap_ok(no_delay(g, g->inner_port) != 0, "its small answers do not wait for acknowledgements");
	close(client);
	close(server);
	tap_ok(!served(g, 2), "another interface is refused there");
	tap_ok(announced(g, 2, g->inner_port) && served(g, 2) && served(g, 1), "until it is announced too: then both may be used");
	for (uint8_t i = 0; i < INTERFACES_MAX + 2; i++)
		announced(g, (uint8_t)(10 + i), g->inner_port);
	tap_ok(served(g, 200), "a port for more interfaces than are kept is for any");
}

static void refused(struct ground *g, uint16_t port, const char *what, const char *detail)
{
	struct record r = {0};
	char          text[RECORD_TEXT_MAX + 1];
	bool          passed = announced(g, 1, port), told;

	do
		told = next_record(g, RECORD_REFUSAL, 0, &r);
	while (told && r.why != R_PINHOLE_FAILED);
	snprintf(text, sizeof(text), "%.*s", (int)r.detail.len, r.detail.text ? r.detail.text : "");
	tap_ok(!passed && told && r.report == REPORT_DENIED && strstr(text, detail), "%s: the answer is denied, and the event says why", what);
	if (!told || !strstr(text, detail))
		tap_note("%s", text);
}

static void refuses(struct ground *g)
{
	refused(g, g->other_port, "a port on which the gate listens for another service", "is where the gate listens for service other");
	refused(g, 445, "a port below 1024", "is not one for announcing");
	refused(g, g->taken_port, "a port in use on the gate's host", "cannot be opened");
	tap_ok(announced(g, 1, g->port), "the service's own port is open already");
}

/* A service of the policy leads to this port of the server, by another port of the gate. */
static void protected(struct ground *g)
{
	snprintf(g->policy, sizeof(g->policy),
		 "host one { address 127.9.0.%d }\n"
		 "service maps {\n listen 127.9.0.%d:%u tcp\n to one\n protocol mapper\n policy p\n}\n"
		 "service other {\n listen 127.9.0.%d:%u tcp\n to one port %u\n protocol mapper\n policy p\n}\n"
		 "policy p {\n pass\n}\n",
		 SERVER_IP, GATE_IP, g->port, GATE_IP, g->other_port, g->inner_port);
	if (!tap_ok(compile_policy(g) && start(g, true), "another policy is served"))
		return;
	refused(g, g->inner_port, "a port that another service protects", "is what the policy protects as service other");
	stop(g);
}

static void many(struct ground *g)
{
	unsigned      opened = 0;
	struct record r = {0};

	if (!tap_ok(compile_policy(g) && start(g, true), "and once more"))
		return;
	for (unsigned i = 0; i < 70; i++) {
		int fd = listening(GATE_IP, 0);
		uint16_t port = port_of(fd);

		close(fd);
		opened += announced(g, 1, port);
	}
	tap_ok(opened > 64, "%u ports are announced, one after the other", opened);
	tap_ok(next_record(g, RECORD_GATE, GATE_PORT_CLOSED, &r) && r.c == 1 && r.b == 0 && r.server.port == r.a, "beyond 64 the longest unused gives way, which is told");
	stop(g);
	if (!tap_ok(start(g, false), "a worker without the right to listen"))
		return;
	refused(g, g->inner_port, "any port", "is not one whose ports are opened");
	stop(g);
}

/* The port changes hands between a client's coming and his first words: he is served by the host he was judged by. */
static void changes_hands(struct ground *g)
{
	int second = listening(SECOND_IP, g->port), second_inner = listening(SECOND_IP, g->inner_port), client, server = -1;
	const uint8_t ask[2] = {'i', 1};

	snprintf(g->policy, sizeof(g->policy),
		 "host one { address 127.9.0.%d }\nhost two { address 127.9.0.%d }\n"
		 "service maps {\n listen 127.9.0.%d:%u tcp\n to { one two }\n protocol mapper\n policy p\n}\n"
		 "service other {\n listen 127.9.0.%d:%u tcp\n to one\n protocol mapper\n policy p\n}\n"
		 "policy p {\n pass\n}\n",
		 SERVER_IP, SECOND_IP, GATE_IP, g->port, GATE_IP, g->other_port);
	if (!tap_ok(compile_policy(g) && start(g, true) && second >= 0 && second_inner >= 0, "a service with two hosts"))
		return;
	tap_ok(announced(g, 1, g->inner_port), "the first announces a port");
	client = connected(g->inner_port);
	close(g->server);
	g->server = second;
	tap_ok(announced(g, 1, g->inner_port), "it is away, and the second announces the same one");
	tap_ok(send(client, ask, 2, MSG_NOSIGNAL) == 2 && ready(g->inner) && (server = accept(g->inner, NULL, NULL)) >= 0 && arrives(server, ask, 2),
	       "who came before is led to the first");
	close(client);
	close(server);
	close(g->inner);
	g->inner = second_inner;
	tap_ok(served(g, 1), "and who comes now to the second");
	stop(g);
}

int main(void)
{
	static struct ground g;

	if (tap_ok(lay_out(&g) && compile_policy(&g) && start(&g, true), "a worker serves")) {
		opens(&g);
		refuses(&g);
		stop(&g);
		protected(&g);
		many(&g);
		changes_hands(&g);
	}
	return tap_done();
}
