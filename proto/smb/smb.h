/* The recogniser of file and printer sharing: NetBIOS session service, SMB 1, 2 and 3. */
#ifndef SALLYPORT_PROTO_SMB_SMB_H
#define SALLYPORT_PROTO_SMB_SMB_H

#include "proto/proto.h"

extern const struct recogniser smb_recogniser;

#endif
