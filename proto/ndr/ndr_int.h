/* The interpreter's parts among themselves. */
#ifndef SALLYPORT_PROTO_NDR_INT_H
#define SALLYPORT_PROTO_NDR_INT_H

#include "proto/ndr/ndr.h"
#include "proto/ndr/types.h"
#include "proto/reasons.h"

/* A construction that is being read. */
struct ndr_frame {
	const struct ndr_type *type;
	uint32_t               at, count; /* members or elements read; elements there are */
	uint16_t               node; /* the trace's level above it */
};

/* A pointee that comes later. Lengths are in characters and hold for counted strings only. */
struct ndr_pending {
	const struct ndr_type *type;
	uint16_t               node;
	bool                   counted;
	uint32_t               room, length; /* of a counted string */
	uint32_t               slot; /* what its array's slot held when the pointer was read */
	bool                   saved;
};

struct ndr_walk {
	struct wire             wire;
	uint32_t                start; /* offset of the stub in the unit: alignment counts from it */
	bool                    big;
	const struct ndr_limits *limits;
	uint8_t                 depth;
	uint16_t                pendings, referents;
	bool                    hoisted; /* a conformant structure's maximum was read in front of it */
	uint32_t                maximum; /* that maximum */
	uint32_t                slot[NDR_SLOTS];
	uint8_t                 state[NDR_SLOTS]; /* enum slot_state */
	struct ndr_frame        frame[NDR_DEPTH];
	uint32_t                referent[NDR_REFERENTS_MAX];
	struct ndr_pending      pending[NDR_POINTERS_MAX];
};

enum slot_state { SLOT_EMPTY = 0, SLOT_SAVED, SLOT_AWAITED };

/* ndr.c */
void     ndr_align(struct ndr_walk *w, uint8_t octets);
uint32_t ndr_u16(struct ndr_walk *w, const char *field);
uint32_t ndr_u32(struct ndr_walk *w, const char *field);
/* One more pointee to read behind this construction, its referent at `at`; NULL after a fault. */
struct ndr_pending *ndr_defer(struct ndr_walk *w, uint32_t at, const struct ndr_type *type);

/* ndr_text.c */
void ndr_string(struct ndr_walk *w, const struct ndr_type *t);
void ndr_counted(struct ndr_walk *w, const struct ndr_type *t);
void ndr_counted_buffer(struct ndr_walk *w, const struct ndr_pending *p);
void ndr_octets(struct ndr_walk *w, const struct ndr_type *t);

/* ndr_activation.c: the octets of an object reference; reads all of them. */
void ndr_activation(struct wire *w, const struct ndr_limits *limits);

/* ndr_end.c */
void ndr_end(struct ndr_walk *w);

/* ndr_path.c: n characters of two octets */
bool     ndr_path_canonical(const uint8_t *text, uint32_t n, bool big);
uint32_t ndr_path_host(const uint8_t *text, uint32_t n, bool big);
bool     ndr_path_none(const uint8_t *text, uint32_t n, bool big);
bool     ndr_path_drive(const uint8_t *text, uint32_t n, bool big);

#endif
