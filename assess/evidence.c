/* Finds out what a piece of evidence is, and has it read in a child. */
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "assess/child_int.h"
#include "assess/evidence.h"

struct asked {
	tree_want *want;
	void      *data;
};

static bool is_document(const uint8_t *bytes, size_t n)
{
	size_t i = n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (i < n && (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n'))
		i++;
	return i < n && bytes[i] == '{';
}

bool evidence_text(struct host *host, const char *path, const uint8_t *bytes, size_t n, const char **why)
{
	if (is_document(bytes, n)) {
		size_t skip = bytes[0] == 0xef ? 3 : 0; /* editors of Windows begin with a mark */

		return inventory_read(host, path, (const char *)bytes + skip, n - skip, why);
	}
	if (listing_is(bytes, n))
		return listing_read(host, path, bytes, n, why);
	*why = "it is no hive, no inventory and no listing of systeminfo or wmic qfe";
	return false;
}

static bool file_read(struct host *host, int fd, const char *path, off_t size, const char **why)
{
	uint8_t *bytes = malloc((size_t)size + 1);
	size_t   n = 0;
	bool     good;

	if (!bytes) {
		*why = "there is no memory for it";
		return false;
	}
	while (n < (size_t)size) {
		ssize_t got = pread(fd, bytes + n, (size_t)size - n, (off_t)n);

		if (got <= 0 && !(got < 0 && errno == EINTR))
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	good = evidence_text(host, path, bytes, n, why);
	free(bytes);
	return good;
}

/* In the child. */
static bool any_read(struct host *host, int fd, const char *path, void *data, const char **why)
{
	const struct asked *asked = data;
	struct stat         st;
	char                magic[4] = "";

	if (fstat(fd, &st) < 0) {
		*why = "it cannot be looked at";
		return false;
	}
	if (S_ISDIR(st.st_mode))
		return tree_read(host, fd, path, asked->want, asked->data, why);
	if (pread(fd, magic, sizeof(magic), 0) == sizeof(magic) && memcmp(magic, "regf", sizeof(magic)) == 0)
		return hive_read(host, path, fd, NULL, NULL, why);
	return file_read(host, fd, path, st.st_size, why);
}

/* What the C library reads from files when it is first asked: none can be opened later. */
static void prepare(void)
{
	static const char *const codes[] = {"UTF-16LE", "LATIN1"}; /* libhivex's, for names and values */
	static iconv_t           kept[2 * sizeof(codes) / sizeof(codes[0])]; /* left open: so the tables stay loaded */

	if (kept[0])
		return;
	tzset();
	listing_prepare();
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		kept[2 * i] = iconv_open("UTF-8", codes[i]);
		kept[2 * i + 1] = iconv_open(codes[i], "UTF-8");
	}
}

/* The errno of opening, in words. */
static const char *unopened(struct host *host, int error)
{
	return error == ELOOP ? "it is a link to itself" : host_text(host, strerror(error));
}

bool evidence_read(struct host *host, const char *path, tree_want *want, void *data, const char **why)
{
	static const struct child_bounds bounds = {CHILD_SECONDS, CHILD_ANSWER_MAX, CHILD_MEMORY_MAX};
	struct asked                     asked = {want, data};
	int                              fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat                      st;
	bool                             good = false;

	if (fd < 0) {
		*why = unopened(host, errno);
		return false;
	}
	if (fstat(fd, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		*why = "it is neither a plain file nor a folder";
	else if (S_ISREG(st.st_mode) && st.st_size > EVIDENCE_BYTES_MAX)
		*why = "it is larger than the 64 MiB of which any evidence has less";
	else if (S_ISREG(st.st_mode) && !st.st_size)
		*why = "it is empty";
	else {
		prepare();
		good = child_run(host, fd, path, any_read, &asked, &bounds, why);
	}
	close(fd);
	return good;
}
