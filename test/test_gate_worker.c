/* A worker given a damaged policy: it says that it is unfit and ends, or serves exactly the policy it proved. */
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate/worker.h"
#include "policy/blob_check.h"
#include "proto/protocols.h"
#include "test/policy_help.h"

enum { EVERY = 97, PATIENCE_MS = 20000 };

static const char text[] = "zone office { 10.1.0.0/16 }\nhost one { address 10.9.0.1 }\nhost two { address 10.9.0.2; os \"Windows 2000 Server SP4\" }\n"
			   "service s {\n listen 127.0.0.1:2389 tcp udp\n to { one two } port 389\n protocol ldap\n policy p\n idle 10s\n max-flows 7\n}\n"
			   "policy p {\n limit ldap.filter.depth 9 from office\n tolerate ldap.ber.boolean from office until 2036-12-31\n"
			   " block from office to two where ldap.op in { add del } and not ldap.name suffix nocase \"dc=org\" watch until 2036-12-31 id \"x\"\n"
			   " pass where ldap.filter.depth < 4 or ldap.attribute glob \"a*b\" log\n allow opaque.tls\n}\n";

/* What became of one worker. */
struct outcome {
	bool     ready, unfit;
	uint64_t revision;
	int      status;
};

static int memory_with(const uint8_t *blob, size_t n)
{
	int fd = memfd_create("policy", MFD_CLOEXEC);

	return fd >= 0 && write(fd, blob, n) == (ssize_t)n ? fd : -1;
}

static _Noreturn void child(int blob, size_t listeners, const struct channel *keeper)
{
	static int           fds[16];
	static struct heart  heart;
	struct worker_config config = {.registry = protocols, .blob = blob, .listener = fds, .listeners = listeners, .control = -1, .keeper = *keeper,
				       .scribe = {.fd = -1, .self = PARTY_WORKER, .peer = PARTY_SCRIBE}, .heart = &heart, .memory = 16 * 1024 * 1024};

	for (size_t i = 0; i < 16; i++)
		fds[i] = -1;
	_exit((int)worker_main(&config));
}

static struct outcome run(const uint8_t *blob, size_t n, size_t listeners)
{
	static struct message_in in;
	struct channel           mine, its;
	struct outcome           out = {.status = -1};
	struct fault             fault;
	struct wire              wire;
	pid_t                    pid;
	int                      fd = memory_with(blob, n);

	if (fd < 0 || !channel_pair(PARTY_KEEPER, PARTY_WORKER, &mine, &its))
		return out;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		channel_close(&mine);
		child(fd, listeners, &its);
	}
	channel_close(&its);
	if (poll(&(struct pollfd){.fd = mine.fd, .events = POLLIN}, 1, PATIENCE_MS) == 1 && channel_recv(&mine, &in) == CHANNEL_MESSAGE) {
		out.ready = in.type == MSG_READY;
		out.unfit = in.type == MSG_UNFIT && in.len;
		wire = payload_read(&in, &fault);
		out.revision = out.ready ? wire_le64(&wire, "revision") : 0;
	}
	channel_close(&mine); /* the sign to stop */
	waitpid(pid, &out.status, 0);
	close(fd);
	return out;
}

/* Is it what one may expect of these bytes? */
static bool lawful(const uint8_t *blob, size_t n, const struct outcome *o)
{
	struct policy p;
	const char   *error;
	bool          opens = policy_open(&p, blob, n, protocols, &error);

	if (!WIFEXITED(o->status))
		return false;
	if (o->ready)
		return opens && o->revision == p.revision && WEXITSTATUS(o->status) == WORKER_STOPPED;
	/* A policy that is proved may still have other listeners than this worker was given. */
	return o->unfit && WEXITSTATUS(o->status) == WORKER_UNFIT && (!opens || policy_listeners(&p) != 2);
}

static void damaged(const uint8_t *blob, size_t n, bool hashed)
{
	uint8_t *copy = malloc(n);
	unsigned cases = 0, good = 0, served = 0;

	for (size_t i = hashed ? 3 : 0; i < n; i += EVERY, cases++) {
		struct outcome o;

		memcpy(copy, blob, n);
		copy[i] ^= (uint8_t)(1u << i % 8);
		if (hashed)
			blob_rehash(copy, n);
		o = run(copy, n, 2);
		good += lawful(copy, n, &o);
		served += o.ready;
		if (!lawful(copy, n, &o))
			tap_note("byte %zu: ready %d, unfit %d, status %x", i, o.ready, o.unfit, (unsigned)o.status);
	}
	tap_ok(good == cases && cases > 20, "%s: %u workers, %u unfit, %u serve what they proved", hashed ? "a liar's bytes" : "damaged bytes", cases,
	       cases - served, served);
	tap_ok(hashed || !served, "%s", hashed ? "whatever is served was proved" : "no damage is served");
	free(copy);
}

int main(void)
{
	struct text_of       texts[] = {{"m", text}, {NULL, NULL}};
	struct policy_files  files = {.user = texts, .read = text_read, .list = text_list};
	struct policy_world  world = {.registry = protocols, .today = TODAY};
	struct policy_build *b = policy_build(&files, "m", &world);
	size_t               n = 0;
	const uint8_t       *blob = b ? policy_build_blob(b, &n) : NULL;
	uint8_t             *copy = blob ? malloc(n) : NULL;
	struct outcome       o;

	if (b)
		note_diags(b);
	if (tap_ok(copy != NULL, "the policy compiles")) {
		memcpy(copy, blob, n); /* aligned as malloc aligns */
		o = run(copy, n, 2);
		tap_ok(o.ready && lawful(copy, n, &o), "undamaged it is served, until the keeper has gone");
		o = run(copy, n, 3);
		tap_ok(o.unfit && WEXITSTATUS(o.status) == WORKER_UNFIT, "not with other listeners than it speaks of");
		o = run(copy, n - 8, 2);
		tap_ok(o.unfit && WEXITSTATUS(o.status) == WORKER_UNFIT, "not cut");
		o = run(copy, 0, 2);
		tap_ok(o.unfit && WEXITSTATUS(o.status) == WORKER_UNFIT, "not empty");
		damaged(copy, n, false);
		damaged(copy, n, true);
	}
	free(copy);
	policy_build_free(&b);
	return tap_done();
}
