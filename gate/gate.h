/* The gate: the processes that stand between clients and servers, and what starts them. */
#ifndef SALLYPORT_GATE_GATE_H
#define SALLYPORT_GATE_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/proto.h"

/* What `sallyport run` decides before anything runs. Strings are borrowed and live as long as the gate. */
struct gate_options {
	const struct recogniser *const *registry; /* NULL-terminated: the build's recognisers */
	const char *policy; /* the policy's file */
	const char *run_dir; /* made when missing (0700); holds the control sockets and a lock */
	const char *events; /* file that EVE JSON lines are appended to, or NULL */
	const char *user; /* root only: who the children become; NULL = sallyport if there is one, else nobody */
	bool        json; /* events on stdout are JSON lines, not sentences */
	bool        quiet; /* no events on stdout */
	bool        colour; /* of sentences on stdout */
	uint64_t    memory; /* bytes a worker may hold for flows; 0 = 256 MiB */
	bool        check_only; /* compile, prove and open everything, then stop */
};

enum gate_exit { GATE_OK = 0, GATE_BAD_POLICY = 1, GATE_FAILED = 2 };

/*
 * Runs the gate in the foreground until SIGINT or SIGTERM: the calling process becomes the keeper. Says what it does on
 * stdout, complaints on stderr. Must be called before the program has other threads or children.
 */
enum gate_exit gate_run(const struct gate_options *options);

#endif
