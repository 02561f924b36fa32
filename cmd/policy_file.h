/* Inside the verbs that take a policy's file: how it is compiled. */
#ifndef SALLYPORT_CMD_POLICY_FILE_H
#define SALLYPORT_CMD_POLICY_FILE_H

#include <stdint.h>

#include "policy/build.h"

/*
 * Compiled for the recognisers of this build, as if it were `today` (20270131); includes are opened beneath the file's folder.
 * policy_build_free. NULL after a complaint about something else than what the policy says.
 */
struct policy_build *policy_file_build(const char *path, uint32_t today);

#endif
