/* NTLMSSP: its three messages. */
#ifndef SALLYPORT_PROTO_NTLMSSP_NTLMSSP_H
#define SALLYPORT_PROTO_NTLMSSP_NTLMSSP_H

#include "proto/auth/token.h"
#include "proto/reasons.h"

/* NegotiateFlags (MS-NLMP 2.2.2.5), those that matter here. */
#define NTLMSSP_UNICODE UINT32_C(0x00000001)
#define NTLMSSP_SIGN    UINT32_C(0x00000010)
#define NTLMSSP_SEAL    UINT32_C(0x00000020)

/* The whole of w is one message, whose signature has been looked at. */
void ntlmssp_read(struct auth_reader *r, struct wire *w);

/* ntlmssp_pairs.c: a sequence of AV_PAIR fills w; a client's may have up to 8 zero octets behind its end. */
void ntlmssp_pairs(struct wire *w, bool client);
/* NtChallengeResponse: none, NTLM's 24 octets, or NTLMv2's with pairs in it. */
void ntlmssp_nt_response(struct wire *w);
void ntlmssp_lm_response(const struct wire *w);

#endif
