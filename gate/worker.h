/* A worker: the data plane of one group of services. It reads strangers' bytes and has no rights but its sockets. */
#ifndef SALLYPORT_GATE_WORKER_H
#define SALLYPORT_GATE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate/heart.h"
#include "priv/channel.h"
#include "proto/proto.h"

struct worker_config {
	const struct recogniser *const *registry;
	int            blob; /* sealed memory with the policy */
	const int     *listener; /* descriptors by the blob's listener table; -1 = another group's */
	size_t         listeners;
	int            control; /* listening control socket, or -1 */
	unsigned       group; /* families by number: MSG_HELLO tells it */
	struct channel keeper, scribe;
	struct heart  *heart;
	uint64_t       memory; /* bytes for everything flows hold */
	uint64_t       files; /* descriptors it may have; 0 = not known */
	bool           pinholes; /* the sandbox lets it listen on ports that servers announce */
};

enum worker_exit { WORKER_STOPPED = 0, WORKER_UNFIT = 1 };

/* Serve until the keeper's channel ends. The caller has entered the sandbox. */
enum worker_exit worker_main(const struct worker_config *config);

#endif
