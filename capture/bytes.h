/* Bounded reading of packet headers: a view of what was captured of a packet, and of how much of it was cut off. */
#ifndef SALLYPORT_CAPTURE_BYTES_H
#define SALLYPORT_CAPTURE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * base/wire names every field and shares a fault, for messages that are refused with a place and a reason. A packet header
 * that is wrong is only counted, a few million times a second: so a whole fixed header is taken at once, here, and its
 * fields are loaded from fixed places inside what was taken.
 */
struct view {
	const uint8_t *p;
	size_t         n; /* captured bytes left */
	size_t         cut; /* bytes that followed them on the wire and were not captured */
};

/* The next n bytes, or NULL when so many were not captured. The only place where a view moves forward.
   UNSAFE: p moves by n only after n was compared with what is left. */
static inline const uint8_t *view_take(struct view *v, size_t n)
{
	const uint8_t *p = v->p;

	if (n > v->n)
		return NULL;
	v->p += n;
	v->n -= n;
	return p;
}

/* Everything from `total` bytes on is padding. False: there were not so many bytes on the wire. */
static inline bool view_trim(struct view *v, size_t total)
{
	if (total <= v->n) {
		v->n = total;
		v->cut = 0;
		return true;
	}
	if (total - v->n > v->cut)
		return false;
	v->cut = total - v->n;
	return true;
}

/* Bytes left on the wire, captured or not. */
static inline size_t view_whole(const struct view *v)
{
	return v->n + v->cut;
}

/* UNSAFE: these three read at p; callers pass a constant place inside a header that view_take has just proved to be there. */
static inline uint16_t load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* How far a lies behind b in sequence space; negative when before. */
static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

#endif
