/* The page a worker shares with the keeper: is it alive, and whose bytes is it reading? Advice, never sizes or indices. */
#ifndef SALLYPORT_GATE_HEART_H
#define SALLYPORT_GATE_HEART_H

#include <stdatomic.h>
#include <stdint.h>

#include "proto/proto.h"

/* Written by the worker, read by the keeper, which believes none of it: it only compares and copies it into an event. */
struct heart {
	atomic_uint_fast64_t turns; /* loop turns */
	atomic_bool          idle; /* it waits in epoll_wait: standing still is no fault */
	/* Of the flow whose bytes are being looked at; torn values are possible and harmless. */
	atomic_uint_fast64_t flow_id;
	atomic_uint_fast32_t service;
	struct address       source;
};

#endif
