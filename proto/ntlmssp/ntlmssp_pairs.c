/* The parts of NTLMSSP messages that have a grammar of their own: responses, and the pairs in them and in TargetInfo. */
/*
 * Spec: MS-NLMP 2.2.2.1 (AV_PAIR), 2.2.2.3 to 2.2.2.8 (responses).
 * Input from: either peer, before anybody has proved who he is.
 * Limits: 32 pairs; 4096 octets of a response or of TargetInfo; names of 256 characters.
 * Not done: whether a response is right, which only the server can tell.
 */
#include "base/utf16.h"
#include "proto/ntlmssp/ntlmssp.h"

enum { PAIRS_MAX = 32, NAME_OCTETS = 512, TARGET_OCTETS = 2048, PADDING_MAX = 8, RESPONSE_MAX = 4096 };
enum { LM_SIZE = 24, NT_SIZE = 24, NT_PROOF = 16, CLIENT_CHALLENGE = 28, V2_LEAST = 44 };
enum pair { PAIR_EOL = 0, NB_COMPUTER, NB_DOMAIN, DNS_COMPUTER, DNS_DOMAIN, DNS_TREE, FLAGS, TIMESTAMP, SINGLE_HOST, TARGET_NAME, CHANNEL_BINDINGS, PAIR_IDS };

/* Largest and smallest value of each kind; what is text is UTF-16 always. */
static const struct {
	uint16_t least, most;
	bool     text;
} pairs[PAIR_IDS] = {
	[PAIR_EOL] = {0, 0, false},
	[NB_COMPUTER] = {0, NAME_OCTETS, true},
	[NB_DOMAIN] = {0, NAME_OCTETS, true},
	[DNS_COMPUTER] = {0, NAME_OCTETS, true},
	[DNS_DOMAIN] = {0, NAME_OCTETS, true},
	[DNS_TREE] = {0, NAME_OCTETS, true},
	[FLAGS] = {4, 4, false},
	[TIMESTAMP] = {8, 8, false},
	[SINGLE_HOST] = {48, 256, false},
	[TARGET_NAME] = {0, TARGET_OCTETS, true},
	[CHANNEL_BINDINGS] = {16, 16, false},
};

/* One pair; false at the last one. */
static bool pair(struct wire *w)
{
	uint32_t    at = wire_offset(w);
	uint16_t    id = wire_le16(w, "AvId"), n = wire_le16(w, "AvLen");
	struct wire value = wire_sub(w, n, "Value");
	size_t      left = wire_left(&value);

	if (w->fault->why)
		return false;
	if (id >= PAIR_IDS)
		wire_fail_numbers(w, at, R_NTLMSSP_PAIR, "AvId", PAIR_IDS - 1, id);
	else if (n < pairs[id].least || n > pairs[id].most)
		wire_fail_numbers(w, at, R_NTLMSSP_PAIR, "AvLen", pairs[id].most, n);
	else if (pairs[id].text && utf16_bad(wire_take(&value, left, "Value"), left, false) < left)
		wire_fail(w, at, R_NTLMSSP_NAME, "Value");
	return id != PAIR_EOL && !w->fault->why;
}

void ntlmssp_pairs(struct wire *w, bool client)
{
	unsigned count = 0;
	unsigned padding = 0;

	w->short_why = R_NTLMSSP_PAIRS;
	wire_list(w);
	while (pair(w))
		if (++count >= PAIRS_MAX)
			wire_fail_numbers(w, wire_offset(w), R_NTLMSSP_PAIR_COUNT, "AvPairs", PAIRS_MAX, (uint64_t)count + 1);
	/* Windows and who follows it leave a reserved word, or two, behind the end. */
	while (client && wire_more(w) && padding < PADDING_MAX && wire_peek(w) == 0) {
		wire_u8(w, "padding");
		padding++;
	}
	wire_end(w, R_NTLMSSP_PAIRS, "AvPairs");
}

void ntlmssp_lm_response(const struct wire *w)
{
	size_t n = wire_left(w);

	if (n > 1 && n != LM_SIZE)
		wire_fail_numbers(w, wire_offset(w), R_NTLMSSP_RESPONSE, "LmChallengeResponse", LM_SIZE, n);
}

void ntlmssp_nt_response(struct wire *w)
{
	size_t n = wire_left(w);

	if (n > RESPONSE_MAX)
		wire_fail_numbers(w, wire_offset(w), R_NTLMSSP_SIZE, "NtChallengeResponse", RESPONSE_MAX, n);
	if (n <= 1 || n == NT_SIZE)
		return;
	if (n < V2_LEAST)
		wire_fail_numbers(w, wire_offset(w), R_NTLMSSP_RESPONSE, "NtChallengeResponse", V2_LEAST, n);
	wire_take(w, NT_PROOF, "Response");
	wire_want_u8(w, 1, R_NTLMSSP_RESPONSE, "RespType");
	wire_want_u8(w, 1, R_NTLMSSP_RESPONSE, "HiRespType");
	wire_take(w, CLIENT_CHALLENGE - 2, "ClientChallenge");
	ntlmssp_pairs(w, true);
}
