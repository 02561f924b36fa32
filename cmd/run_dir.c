/* Finds the running gate: the folder of its sockets, and a greeted channel to one of its processes. */
#include "cmd/run_dir.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

enum { HELLO_MS = 5000 };

static const char *set_in_environment(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/* In /tmp anyone can make a folder of this name; only one's own is trusted. */
static bool is_own(const char *dir)
{
	struct stat st;

	if (lstat(dir, &st) < 0)
		return true; /* there is nothing to be misled by */
	if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	complain("%s is not a folder of yours alone; name the gate's with --run DIR", dir);
	return false;
}

bool run_dir(const char *chosen, char *out, size_t size)
{
	const char *named = chosen ? chosen : set_in_environment("SALLYPORT_RUN"), *runtime = set_in_environment("XDG_RUNTIME_DIR");
	struct str  s = str_over(out, size);

	if (named)
		str_add(&s, named);
	else if (geteuid() == 0)
		str_add(&s, "/run/sallyport");
	else if (runtime)
		str_fmt(&s, "%s/sallyport", runtime);
	else
		str_fmt(&s, "/tmp/sallyport-%u", (unsigned)geteuid());
	if (s.cut || !s.len) {
		complain("the name of the gate's folder is %s", s.cut ? "too long" : "empty");
		return false;
	}
	return named || geteuid() == 0 || runtime || is_own(out);
}

static enum exit_code unreachable(const char *path, int error)
{
	complain("no gate answers at %s: %s", path, strerror(error));
	if (error == EACCES)
		fprintf(stderr, "only the user who runs the gate, and root, may talk to it\n");
	else
		fprintf(stderr, "start one with sallyport run -c FILE, or name its folder with --run DIR\n");
	return EXIT_UNREACHABLE;
}

/* The first message must be the greeting of the right process. */
static bool greeted(struct channel *c, struct message_in *in, struct run_hello *hello)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	struct fault  f;
	struct wire   w, text;

	if (poll(&p, 1, HELLO_MS) <= 0 || channel_recv(c, in) != CHANNEL_MESSAGE || in->type != MSG_HELLO)
		return false;
	w = payload_read(in, &f);
	text = payload_read_text(&w, 16, "version");
	if (wire_left(&text) != 11 || memcmp(wire_take(&text, 11, "version"), "sallyport 1", 11) != 0)
		return false;
	hello->party = (enum party)wire_u8(&w, "party");
	hello->group = wire_u8(&w, "group");
	return wire_end(&w, PAYLOAD_TRAILS, "hello") && hello->party == c->peer;
}

static enum exit_code greet(const char *path, struct channel *c, struct run_hello *hello)
{
	struct message_in *in = malloc(sizeof(*in));
	bool               ok = in && greeted(c, in, hello);

	free(in);
	if (ok)
		return EXIT_CLEAN;
	complain("what listens at %s does not answer as the gate this program belongs to", path);
	channel_close(c);
	return EXIT_UNREACHABLE;
}

enum exit_code run_connect(const char *chosen, const char *name, enum party peer, struct channel *out, struct run_hello *hello)
{
	struct sockaddr_un where = {.sun_family = AF_UNIX};
	char               dir[RUN_DIR_MAX];
	struct str         path = str_over(where.sun_path, sizeof(where.sun_path));
	int                fd;

	if (!run_dir(chosen, dir, sizeof(dir)))
		return EXIT_USAGE;
	str_fmt(&path, "%s/%s", dir, name);
	if (path.cut) {
		complain("the name of the gate's folder is too long for a socket: %s", dir);
		return EXIT_USAGE;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&where, sizeof(where)) < 0) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return unreachable(where.sun_path, error);
	}
	*out = channel_over(fd, PARTY_CLIENT, peer);
	return greet(where.sun_path, out, hello);
}
