/* A sink that aborts when a call breaks the reader's promises; for the fuzz target, the tests and the corpus run. */
#ifndef SALLYPORT_CAPTURE_CAPTURE_CHECK_H
#define SALLYPORT_CAPTURE_CAPTURE_CHECK_H

#include "capture/capture.h"

struct capture_check {
	unsigned ignore_every; /* every so many-th flow is ignored from its opening; 0: none */
	/* Filled by capture_check_run. */
	bool                  readable; /* libpcap took the file's head */
	enum capture_end      end;
	struct capture_counts counts;
	uint64_t              digest; /* of all calls and all bytes */
	uint64_t              opened, closed, fed; /* fed: bytes */
};

/* Reads n (at least 1) bytes as a file, `batch` packets at a time. options may be NULL. */
void capture_check_run(struct capture_check *check, const void *bytes, size_t n, const struct capture_options *options, uint64_t batch);

#endif
