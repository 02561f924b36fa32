/* Lets libpcap read a capture file as if it declared no length limit and one link type, which it would refuse the file for.
 *
 * Spec: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng. Input from: the capture file. Limits: two buffers; of a block only its
 * first bytes are looked at, and what they claim decides how far to go before looking again, never where to write.
 * Not done: sections of different byte order in one file; another link type behind the first INTERFACES interfaces of a
 * section. libpcap refuses both by name.
 */
#include "capture/capture_int.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER (256u << 10) /* bytes; a size that stays in the processor's cache */

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
/* Where blocks have what is read here: their length; byte order, or a packet's length; an interface's limit. */
#define NG_LENGTH 4u
#define NG_FIRST 8u
#define NG_SNAPLEN 12u
#define NG_LOOK 16u /* bytes that hold all of it */
#define NG_PACKET 6u /* enhanced: its interface stands first */
#define LINKTYPE_RAW 101
#define INTERFACES 1024u

/* Microseconds, nanoseconds, and a variant with longer packet headers. */
static const uint32_t pcap_magic[] = {0xa1b2c3d4u, 0xa1b23c4du, 0xa1b2cd34u};

struct source {
	FILE    *file; /* the caller's */
	int      fd; /* of it, or -1 */
	int      failed; /* errno of a read that failed */
	uint8_t  first; /* the file's first byte */
	bool     over; /* no more will come */
	bool     begun, big; /* the file's head has been seen; the section's byte order */
	uint32_t interfaces; /* of the section, as far as they have been seen */
	uint16_t link[INTERFACES]; /* their link types */
	int      told; /* the link type libpcap knows: that of the file's first interface; -1 before it */
	uint32_t snaplen; /* the limit of the section's first interface, 0 for none */
	size_t   cut; /* bytes cut off the packet in hand that libpcap is not told of */
	int      packet_link; /* its link type, where libpcap is told another; or -1 */
	uint64_t left; /* bytes to hand on before looking again */
	uint64_t passed; /* bytes handed on */
	size_t   at, n; /* kept[at] ... kept[n - 1] was read and not handed on */
	uint8_t  kept[BUFFER];
	char     stdio[BUFFER]; /* what stdio reads into: bytes go there straight from the file */
};

/* One read. UNSAFE: the caller owns room bytes at `to`. */
static size_t get(struct source *s, uint8_t *to, size_t room)
{
	ssize_t got;

	errno = 0;
	got = s->fd < 0 ? (ssize_t)fread(to, 1, room, s->file) : read(s->fd, to, room);
	if (got > 0)
		return (size_t)got;
	s->over = true;
	if (got < 0 || (s->fd < 0 && ferror(s->file)))
		s->failed = errno ? errno : EIO;
	return 0;
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

/*
 * A simple packet block does not say how much of its packet was captured: the first interface's limit does, unless the block
 * holds more than the limit and its padding. Returns how much of the packet of such a block is missing, 0 for other blocks.
 */
static size_t simple_cut(const struct source *s, const uint8_t *block)
{
	uint32_t length = get32(s, block + NG_LENGTH), original = get32(s, block + NG_FIRST);

	if (get32(s, block) != NG_SIMPLE || length < NG_SIMPLE_LEAST || !s->snaplen || original <= s->snaplen)
		return 0;
	length -= NG_SIMPLE_LEAST;
	return length >= original && length >= (uint64_t)s->snaplen + 4 ? 0 : original - s->snaplen;
}

/* The link type of a packet's interface, where libpcap has been told another; otherwise -1. */
static int other_link(const struct source *s, const uint8_t *block)
{
	uint32_t i = get32(s, block + NG_FIRST);

	return get32(s, block) == NG_PACKET && i < s->interfaces && i < INTERFACES && s->link[i] != s->told ? s->link[i] : -1;
}

/*
 * An interface loses its limit; 0 is none. It gets the link type of the file's first interface, for libpcap allows one only;
 * its own is remembered for its packets. Raw IP gets libpcap's own number: libpcap compares the file's number with its own
 * one of the first interface, which is another for raw IP, and would refuse the second of two such interfaces.
 */
static void interface_lift(struct source *s, uint8_t *block)
{
	uint8_t *low = block + NG_FIRST + s->big, *high = block + NG_FIRST + !s->big;
	int      link = *high << 8 | *low;

	if (!s->interfaces)
		s->snaplen = get32(s, block + NG_SNAPLEN);
	put32(s, block + NG_SNAPLEN, 0);
	if (link == LINKTYPE_RAW)
		link = DLT_RAW;
	if (s->told < 0)
		s->told = link;
	if (s->interfaces < INTERFACES) {
		s->link[s->interfaces] = (uint16_t)link;
		link = s->told;
	}
	s->interfaces++;
	*low = (uint8_t)link;
	*high = (uint8_t)(link >> 8);
}

/* A block begins, n bytes of it (or of what follows it) are here. What is no block is handed on, with all behind it, for libpcap
   to refuse. UNSAFE: every place read or written lies below n. */
static void block_begin(struct source *s, uint8_t *block, size_t n)
{
	uint32_t length;

	s->left = UINT64_MAX;
	if (n < NG_LEAST)
		return;
	if (load32(block) == NG_SECTION) {
		s->big = load32(block + NG_FIRST) == NG_ORDER;
		s->interfaces = 0;
		s->snaplen = 0;
	}
	length = get32(s, block + NG_LENGTH);
	if (length < NG_LEAST)
		return;
	s->left = length;
	if (s->cut)
		put32(s, block + NG_FIRST, s->snaplen);
	else if (get32(s, block) == NG_INTERFACE && length >= NG_INTERFACE_LEAST && n >= NG_LOOK)
		interface_lift(s, block);
}

/* The file's first n bytes. */
static void file_begin(struct source *s, uint8_t *head, size_t n)
{
	uint32_t magic = n >= 4 ? load32(head) : 0, swapped = __builtin_bswap32(magic);

	s->begun = true;
	s->first = n ? head[0] : 0;
	if (magic == NG_SECTION)
		return;
	s->left = UINT64_MAX;
	for (size_t i = 0; i < sizeof(pcap_magic) / sizeof(pcap_magic[0]); i++)
		if ((magic == pcap_magic[i] || swapped == pcap_magic[i]) && n >= PCAP_HEAD)
			put32(s, head + PCAP_SNAPLEN, 0);
}

/*
 * Sees to the blocks that begin in these n bytes. Returns how many may be handed on: a block whose beginning is not whole yet
 * waits, and a packet whose length or link type libpcap cannot know goes alone, so that source_cut and source_link speak of it
 * and of no other.
 * UNSAFE: done <= n always.
 */
static size_t walk(struct source *s, uint8_t *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t here = n - done;

		if (!s->left) {
			size_t cut = here < NG_LEAST ? 0 : simple_cut(s, p + done);
			int    link = here < NG_LEAST ? -1 : other_link(s, p + done);
			bool   alone = cut || link >= 0 || s->cut || s->packet_link >= 0;

			if ((here < NG_LOOK && !s->over) || (done && alone))
				break;
			s->cut = cut;
			s->packet_link = link;
			block_begin(s, p + done, here);
		}
		if (here > s->left)
			here = (size_t)s->left;
		done += here;
		s->left -= here;
	}
	return done;
}

/* What was kept goes first. UNSAFE: n <= size at all times; `out` has size bytes, and `kept` at least as many. */
static size_t hand_on(struct source *s, uint8_t *out, size_t size)
{
	size_t n = s->n - s->at, done, look = s->begun ? NG_LOOK : PCAP_HEAD;

	if (n >= look || s->over) {
		done = walk(s, s->kept + s->at, n < size ? n : size);
		memcpy(out, s->kept + s->at, done);
		s->at += done;
		return done;
	}
	memcpy(out, s->kept + s->at, n);
	while (n < look && !s->over)
		n += get(s, out + n, size - n);
	if (!s->begun)
		file_begin(s, out, n);
	done = walk(s, out, n);
	s->at = 0;
	s->n = n - done;
	memcpy(s->kept, out + done, s->n);
	return done;
}

/* Called by stdio to fill its buffer. */
static ssize_t on_read(void *cookie, char *out, size_t size)
{
	struct source *s = cookie;
	size_t         n = 0;

	if (size >= PCAP_HEAD)
		n = hand_on(s, (uint8_t *)out, size < BUFFER ? size : BUFFER);
	else
		s->failed = EINVAL; /* the buffer that source_open has set is larger */
	if (!n && s->failed) {
		errno = s->failed;
		return -1;
	}
	s->passed += n;
	return (ssize_t)n;
}

struct source *source_open(FILE *file, FILE **out)
{
	struct source *s = malloc(sizeof(*s));

	if (!s)
		return NULL;
	memset(s, 0, offsetof(struct source, kept));
	*out = fopencookie(s, "rb", (cookie_io_functions_t){.read = on_read});
	if (!*out) {
		free(s);
		return NULL;
	}
	setvbuf(*out, s->stdio, _IOFBF, sizeof(s->stdio));
	s->told = s->packet_link = -1;
	s->file = file;
	s->fd = fileno(file);
	return s;
}

uint8_t source_first(const struct source *s)
{
	return s->first;
}

uint64_t source_passed(const struct source *s)
{
	return s->passed;
}

size_t source_cut(const struct source *s)
{
	return s->cut;
}

int source_link(const struct source *s)
{
	return s->packet_link;
}

void source_close(struct source **s, bool file_too)
{
	struct source *old = *s;

	*s = NULL;
	if (file_too && old->file != stdin)
		fclose(old->file);
	free(old);
}
