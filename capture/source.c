/* Lets libpcap read a capture file as if it declared no length limit: such limits are all it would refuse the file for.
 *
 * Spec: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng. Input from: the capture file. Limits: one buffer; of a block only its
 * first bytes are looked at, and what they claim decides how far to go before looking again, never where to write.
 * Not done: interfaces of different link types, or sections of different byte order, in one file. libpcap refuses both by name.
 */
#include "capture/capture_int.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER (1u << 20) /* bytes */

#define PCAP_HEAD 24u
#define PCAP_SNAPLEN 16u

/* Block types, and the bytes each has at least: type, length, what is fixed, length again. */
#define NG_SECTION 0x0a0d0d0au
#define NG_INTERFACE 1u
#define NG_INTERFACE_LEAST 20u
#define NG_SIMPLE 3u
#define NG_SIMPLE_LEAST 16u
#define NG_LEAST 12u
#define NG_ORDER 0x1a2b3c4du
/* Where the three blocks have what is read here: byte order, a packet's length, an interface's limit. */
#define NG_FIRST 8u
#define NG_SNAPLEN 12u
#define NG_LOOK 16u /* bytes that hold all of it */

struct source {
	FILE    *file; /* the caller's */
	int      fd; /* of it, or -1 */
	int      failed; /* errno of a read that failed */
	bool     over; /* no more will come */
	bool     pcapng, big; /* big: the section's byte order */
	bool     described; /* the section's first interface has been seen */
	uint32_t snaplen; /* its limit, 0 for none */
	size_t   cut; /* bytes cut off the packet in hand that libpcap is not told of */
	uint64_t left; /* bytes to hand on before looking again */
	uint64_t passed; /* bytes handed on */
	size_t   at, n; /* buffer[at] ... buffer[n - 1] is still to hand on */
	uint8_t  buffer[BUFFER];
};

/* Makes `want` bytes (at most NG_LOOK) ready, fewer only at the file's end. Returns how many are. */
static size_t fill(struct source *s, size_t want)
{
	if (s->n - s->at >= want)
		return s->n - s->at;
	/* UNSAFE: at <= n <= BUFFER always; less than `want` bytes move, and a read gets exactly the room behind them. */
	memmove(s->buffer, s->buffer + s->at, s->n - s->at);
	s->n -= s->at;
	s->at = 0;
	while (s->n < want && !s->over) {
		uint8_t *room = s->buffer + s->n;
		ssize_t  got = s->fd < 0 ? (ssize_t)fread(room, 1, BUFFER - s->n, s->file) : read(s->fd, room, BUFFER - s->n);

		if (got < 0 || (!got && s->fd < 0 && ferror(s->file)))
			s->failed = errno ? errno : EIO;
		if (got > 0)
			s->n += (size_t)got;
		else
			s->over = true;
	}
	return s->n;
}

static uint32_t get32(const struct source *s, const uint8_t *p)
{
	return s->big ? load32(p) : __builtin_bswap32(load32(p));
}

static void put32(const struct source *s, uint8_t *p, uint32_t value)
{
	uint32_t ordered = s->big ? value : __builtin_bswap32(value);

	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(ordered >> (24 - 8 * i));
}

/* A simple packet block does not say how much of its packet was captured: the first interface's limit does. */
static void simple_packet(struct source *s, uint8_t *block, uint32_t length)
{
	uint32_t original = get32(s, block + NG_FIRST);

	if (!s->snaplen || original <= s->snaplen || original <= length - NG_SIMPLE_LEAST)
		return;
	s->cut = original - s->snaplen;
	put32(s, block + NG_FIRST, s->snaplen);
}

/*
 * A block begins: how long it is, and away with its limit. What is no block is handed on with all that follows, for libpcap to
 * refuse. UNSAFE: every place read or written lies below NG_LOOK, and n bytes of the buffer are there from `block` on.
 */
static void block_begin(struct source *s)
{
	size_t   n = fill(s, NG_LOOK);
	uint8_t *block = s->buffer + s->at;
	uint32_t type, length;

	s->cut = 0;
	s->left = UINT64_MAX;
	if (n < NG_LEAST)
		return;
	if (load32(block) == NG_SECTION) {
		s->big = load32(block + NG_FIRST) == NG_ORDER;
		s->described = false;
		s->snaplen = 0;
	}
	type = get32(s, block);
	length = get32(s, block + 4);
	if (length < NG_LEAST)
		return;
	s->left = length;
	if (type == NG_SIMPLE && length >= NG_SIMPLE_LEAST)
		simple_packet(s, block, length);
	if (type != NG_INTERFACE || length < NG_INTERFACE_LEAST || n < NG_LOOK)
		return;
	if (!s->described)
		s->snaplen = get32(s, block + NG_SNAPLEN);
	s->described = true;
	put32(s, block + NG_SNAPLEN, 0);
}

/* The file's first bytes. A limit of 0 is none, in both formats and in either byte order. */
static void file_begin(struct source *s)
{
	size_t   n = fill(s, NG_LOOK);
	uint32_t magic = n >= 4 ? load32(s->buffer) : 0;
	bool     pcap = false;

	s->pcapng = magic == NG_SECTION;
	for (int swapped = 0; swapped < 2; swapped++) {
		pcap |= magic == 0xa1b2c3d4u || magic == 0xa1b23c4du || magic == 0xa1b2cd34u;
		magic = __builtin_bswap32(magic);
	}
	if (pcap && fill(s, PCAP_HEAD) >= PCAP_HEAD)
		put32(s, s->buffer + PCAP_SNAPLEN, 0);
	s->left = s->pcapng ? 0 : UINT64_MAX;
}

static ssize_t on_read(void *cookie, char *out, size_t size)
{
	struct source *s = cookie;
	size_t         n;

	if (!s->left)
		block_begin(s);
	n = fill(s, 1);
	if (!n && s->failed) {
		errno = s->failed;
		return -1;
	}
	n = n < size ? n : size;
	n = n < s->left ? n : (size_t)s->left;
	/* UNSAFE: n is at most what is in the buffer and what libpcap has room for. */
	memcpy(out, s->buffer + s->at, n);
	s->at += n;
	s->left -= n;
	s->passed += n;
	return (ssize_t)n;
}

struct source *source_open(FILE *file, FILE **out)
{
	struct source *s = malloc(sizeof(*s));

	if (!s)
		return NULL;
	memset(s, 0, offsetof(struct source, buffer));
	*out = fopencookie(s, "rb", (cookie_io_functions_t){.read = on_read});
	if (!*out) {
		free(s);
		return NULL;
	}
	/* The buffer is here: a second one would be a second copy, and would hide which block is in hand. */
	setvbuf(*out, NULL, _IONBF, 0);
	s->file = file;
	s->fd = fileno(file);
	file_begin(s);
	return s;
}

uint8_t source_first(const struct source *s)
{
	return s->n ? s->buffer[0] : 0;
}

uint64_t source_passed(const struct source *s)
{
	return s->passed;
}

size_t source_cut(const struct source *s)
{
	return s->cut;
}

void source_close(struct source **s, bool file_too)
{
	struct source *old = *s;

	*s = NULL;
	if (file_too && old->file != stdin)
		fclose(old->file);
	free(old);
}
