/* Messages between our processes: typed, bounded, default-deny; read with the same cursor as the network. */
#ifndef SALLYPORT_PRIV_CHANNEL_H
#define SALLYPORT_PRIV_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wire.h"

/*
 * A channel is one end of an AF_UNIX SOCK_SEQPACKET pair or connection; one packet is one message: u16 magic, u16 type,
 * u32 length, then the payload, little-endian. Who may send what to whom, how large, with how many descriptors and whether
 * only once is one table (channel.c). Whatever is not in it, or not well formed, ends the channel: CHANNEL_BAD.
 */

enum party { PARTY_KEEPER = 0, PARTY_COMPILER, PARTY_WORKER, PARTY_SCRIBE, PARTY_READER /* of evidence; it has no channel */, PARTY_CLIENT /* a command of the operator's */ };

enum message {
	MSG_NONE = 0,
	MSG_BLOB, /* compiler -> keeper, once: the sealed blob (1 descriptor) */
	MSG_UNCOMPILED, /* compiler -> keeper, once: u32 errors; it has told the user */
	MSG_READY, /* worker -> keeper, once: u64 policy revision: proved and serving */
	MSG_UNFIT, /* worker -> keeper, once: text; this worker cannot work and trying again is no use */
	MSG_SCRIBE, /* keeper -> worker: where records go from now on (1 descriptor) */
	MSG_SOURCE, /* keeper -> scribe: u32 group: one more sender of records (1 descriptor) */
	MSG_RECORDS, /* worker or keeper -> scribe: records (event/record.h), one behind the other */
	MSG_HELLO, /* worker or scribe -> client, once, before anything else: text "sallyport 1", u8 party, u8 group */
	MSG_TAIL, /* client -> scribe, once: u8 1 = JSON lines, 0 = sentences */
	MSG_LINE, /* scribe -> client: one line without its newline */
	MSG_LIST, /* client -> worker: send the sessions */
	MSG_SESSION, /* worker -> client: one session (gate/session_list.h) */
	MSG_LIST_END, /* worker -> client: u32 how many there were */
	MSG_PROBE, /* client -> worker: a probe's connection is about to come (gate/probe.h), its sink (1 descriptor) */
	MSG_PROBE_SAYS, /* worker -> client: what became of it (gate/probe.h) */
	MESSAGES
};

enum { CHANNEL_PAYLOAD_MAX = 64 * 1024, CHANNEL_HEADER = 8 };

struct channel {
	int        fd; /* non-blocking, or -1 */
	enum party self, peer;
	uint32_t   once; /* bit per message that comes once: received already */
};

/* The reasons of faults in payloads: what payload_read uses, and what a reader gives wire_want and wire_end. */
enum { PAYLOAD_SHORT = 1, PAYLOAD_VALUE, PAYLOAD_TRAILS };

struct message_in {
	enum message type;
	size_t       len;
	int          fd; /* the descriptor that came, now the caller's to close; -1 = none */
	uint8_t      bytes[CHANNEL_PAYLOAD_MAX];
};

enum channel_got {
	CHANNEL_MESSAGE = 0,
	CHANNEL_AGAIN, /* nothing there */
	CHANNEL_ENDED, /* the other end is gone */
	CHANNEL_BAD, /* what came is not allowed: give this peer up */
};

/*
 * The next message. Descriptors of refused messages are closed. Keep one descriptor in reserve: a message whose descriptor finds no
 * room (EMFILE) arrives cut, which is CHANNEL_BAD.
 */
enum channel_got channel_recv(struct channel *c, struct message_in *out);

enum channel_sent { CHANNEL_SENT = 0, CHANNEL_FULL /* try later, or drop */, CHANNEL_GONE };

/* Sending what the table forbids is our own bug and aborts. fd -1 = none; it stays the caller's. */
enum channel_sent channel_send(const struct channel *c, enum message type, const void *payload, size_t n, int fd);

/* An end made elsewhere (accept, connect, inherited); the descriptor is the channel's from now on. */
struct channel channel_over(int fd, enum party self, enum party peer);
/* A connected pair, non-blocking, close-on-exec. False with errno. */
bool channel_pair(enum party a, enum party b, struct channel *a_end, struct channel *b_end);
void channel_close(struct channel *c);

/* Payloads are written with this: a bounded buffer with sticky overflow. */
struct payload {
	uint8_t *bytes;
	size_t   size, len;
	bool     over;
};

struct payload payload_over(uint8_t *bytes, size_t size);
void           payload_u8(struct payload *p, uint8_t v);
void           payload_le16(struct payload *p, uint16_t v);
void           payload_le32(struct payload *p, uint32_t v);
void           payload_le64(struct payload *p, uint64_t v);
void           payload_bytes(struct payload *p, const void *bytes, size_t n);
/* u16 length and that many bytes; what is longer than `most` is cut. */
void payload_text(struct payload *p, const char *text, size_t n, size_t most);

/* Reading: the counterpart of payload_text; a view of at most `most` bytes, else a fault. */
struct wire payload_read_text(struct wire *w, size_t most, const char *field);
/* A cursor over a message's payload. `fault` is zeroed. End with wire_end. */
struct wire payload_read(const struct message_in *in, struct fault *fault);

const char *message_name(enum message type);

#endif
