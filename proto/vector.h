/* Vectors as data: the compiled conversations of proto/<protocol>/vectors, one shown reason each. */
#ifndef SALLYPORT_PROTO_VECTOR_H
#define SALLYPORT_PROTO_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Made by tools/vectors from text (doc/vectors.md). All of it is const and static: nothing is
 * allocated, runs of a letter stay runs until vector_step_bytes writes them out.
 */

/* What the vector shows about its reason: ends of a RANGE and neighbours of a RULE pass, REFUSED is refused. */
enum vector_kind { VECTOR_SMALLEST = 0, VECTOR_LARGEST, VECTOR_NEIGHBOUR, VECTOR_REFUSED };

#define VECTOR_NO_AT UINT32_MAX

/* `len` bytes, `times` times over. */
struct vector_segment {
	const uint8_t *bytes;
	uint32_t       len, times;
};

/* One message. */
struct vector_step {
	uint8_t                      side; /* enum side */
	uint16_t                     segments;
	uint32_t                     len; /* bytes written out */
	const struct vector_segment *segment;
};

struct vector_limit {
	const char *name;
	uint64_t    value;
};

struct vector {
	const char *name; /* unique: "filter-depth-largest" */
	const char *about; /* for people */
	const char *source; /* "proto/ldap/vectors/filter.vec:12" */
	const char *protocol; /* "ldap" */
	uint16_t    reason; /* the reason it shows */
	uint8_t     kind; /* enum vector_kind */
	bool        datagram; /* each step is one datagram */
	uint16_t    refuse; /* reason the last step is refused with; 0 = it passes */
	uint32_t    at; /* where, from the start of the refused unit; VECTOR_NO_AT = not said */
	const char *path; /* the fault's field path, or NULL = not said */

	uint16_t                   steps, limits, tolerances;
	const struct vector_step  *step; /* all but the last pass */
	const struct vector_limit *limit; /* of the flow's profile; the others are the safe defaults */
	const char *const         *tolerance; /* by name */
};

const struct vector *vectors_all(size_t *count);
/* How many vectors show this reason in this way. */
size_t vector_count(uint16_t reason, enum vector_kind kind);
/* Write the step's `len` bytes. */
void        vector_step_bytes(const struct vector_step *step, uint8_t *out);
const char *vector_kind_name(enum vector_kind kind);

/* The tables of the generated vectors_data.c. */
extern const struct vector vectors_data[];
extern const size_t        vectors_data_count;

#endif
