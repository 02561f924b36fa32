/* Where lines are written: files that fill up, pipes nobody reads, readers that go; lines stay whole and losses are counted. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "event/sink.h"
#include "test/tap.h"

static struct sink sink;

static int temporary(void)
{
	char name[] = "/tmp/sallyport-sink-XXXXXX";
	int  fd = mkostemp(name, O_APPEND | O_CLOEXEC);

	if (fd < 0)
		abort();
	unlink(name);
	return fd;
}

/* No file may grow beyond this: the same as a disk that is full there. */
static void disk_of(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void holds(int fd, const char *want, const char *name)
{
	static char text[4096];
	ssize_t     n = pread(fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	tap_text(text, want, name);
}

static bool put(const char *line)
{
	return sink_put(&sink, line, strlen(line));
}

static void test_file(void)
{
	int fd = temporary();

	sink_open(&sink, fd, "a file");
	tap_ok(put("one\n") && put("two\n") && sink_pending(&sink) && !sink_polls(&sink), "lines wait");
	sink_write(&sink, 0);
	tap_ok(!sink_pending(&sink), "and are written");
	holds(fd, "one\ntwo\n", "as they were");
	close(fd);
}

static void test_full_disk(void)
{
	int fd = temporary();

	sink_open(&sink, fd, "a file");
	disk_of(6);
	put("one\n");
	put("second\n");
	put("third\n");
	sink_write(&sink, 100);
	holds(fd, "one\nse", "a disk fills up within a line");
	tap_ok(sink_pending(&sink) && sink.error && sink.lost == 0, "which waits, with the error");
	disk_of(RLIM_INFINITY);
	sink_write(&sink, 100 + SINK_RETRY_MS - 1);
	holds(fd, "one\nse", "it is not tried again at once");
	sink_write(&sink, 100 + SINK_RETRY_MS);
	holds(fd, "one\nse\nsecond\nthird\n", "then the line is written again from its beginning, on a line of its own");
	tap_ok(!sink.error && sink.last_error && !sink.lost, "nothing was lost");
	close(fd);
}

/* The newline that ends the half line may fail too, or be all that fits. */
static void test_full_again(void)
{
	int fd = temporary();

	sink_open(&sink, fd, "a file");
	disk_of(2);
	put("line\n");
	sink_write(&sink, 0);
	sink_write(&sink, SINK_RETRY_MS);
	holds(fd, "li", "still full: nothing more");
	disk_of(3);
	sink_write(&sink, 2 * SINK_RETRY_MS);
	holds(fd, "li\n", "room for one byte: the half line ends");
	disk_of(5);
	sink_write(&sink, 3 * SINK_RETRY_MS);
	holds(fd, "li\nli", "it fills up again");
	disk_of(RLIM_INFINITY);
	sink_write(&sink, 4 * SINK_RETRY_MS);
	holds(fd, "li\nli\nline\n", "and the line comes whole in the end");
	close(fd);
}

static void test_no_room(void)
{
	static char line[1000];
	int         fd = temporary();
	unsigned    kept = 0, lost = 0;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	sink_open(&sink, fd, "a file");
	disk_of(1500);
	for (int i = 0; i < 400; i++) {
		*(sink_put(&sink, line, sizeof(line)) ? &kept : &lost) += 1;
		sink_write(&sink, 0);
	}
	tap_ok(lost > 0 && sink.lost == lost && kept > 200, "what finds no room in memory is counted: %u of 400", lost);
	sink_abandon(&sink);
	tap_number(sink.lost, 399, "giving up counts every line that was not written whole");
	tap_ok(!sink_put(&sink, line, 0) && sink.lost == 400, "so is a line that could not be made");
	disk_of(RLIM_INFINITY);
	close(fd);
}

static void test_pipe(void)
{
	static char line[3001], got[3 * sizeof(line)];
	int         fds[2];
	unsigned    written = 0, read_back = 0;
	bool        whole = true;

	if (pipe(fds) < 0)
		abort();
	memset(line, 'y', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	sink_open(&sink, fds[1], "a pipe");
	for (int i = 0; i < 400; i++) {
		written += sink_put(&sink, line, sizeof(line));
		sink_write(&sink, 0);
	}
	tap_ok(written < 400 && sink_polls(&sink), "a pipe nobody reads is not waited for");
	for (size_t have = 0; read_back < written;) {
		ssize_t n = read(fds[0], got + have, sizeof(got) - have);

		if (n <= 0)
			break;
		have += (size_t)n;
		for (; have >= sizeof(line); have -= sizeof(line), read_back++) {
			whole = whole && memcmp(got, line, sizeof(line)) == 0;
			memmove(got, got + sizeof(line), have - sizeof(line));
		}
		sink_write(&sink, 0);
	}
	tap_ok(whole && read_back == written && sink.lost == 400 - written, "read later, each line kept is whole, and the rest is counted");
	put("end\n");
	close(fds[0]);
	sink_write(&sink, 0);
	tap_ok(sink.fd < 0 && sink.lost == 401 - written && put("more\n") && sink.lost == 401 - written, "a reader that is gone ends it");
	close(fds[1]);
}

int main(void)
{
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	test_file();
	test_full_disk();
	test_full_again();
	test_no_room();
	test_pipe();
	sink_open(&sink, -1, "none");
	tap_ok(put("x\n") && !sink_pending(&sink), "where there is none, lines are nobody's");
	return tap_done();
}
