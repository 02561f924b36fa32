/* Fuzzes tokens of negotiated authentication: records of one side each, read in order; every token is used up or refused. */
#include <stdlib.h>
#include <string.h>

#include "proto/reasons.h"
#include "proto/spnego/auth.h"
#include "proto/spnego/wrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* One token in memory of its own, so that a read past its end is seen. */
static void token(struct auth_state *s, enum side side, const uint8_t *bytes, size_t n)
{
	static const struct auth_seat seat = {.fact = 0};
	static struct cx              cx;
	struct auth_token             t;
	uint8_t                      *own = malloc(n ? n : 1);
	struct wire                   w;

	if (!own)
		return;
	memcpy(own, bytes, n);
	memset(&cx, 0, sizeof(cx));
	cx.wanted = (1u << AUTH_FACTS) - 1;
	w = wire_over(own, n, &cx.fault, R_SPNEGO_SHORT);
	if (gss_is_wrap(&w)) {
		gss_wrap(&w, side, 7);
	} else {
		auth_read(s, &t, &w, side, &seat, &cx);
		if (!cx.fault.why && wire_left(&w))
			abort();
		if (!cx.fault.why)
			auth_commit(s, &t);
	}
	if (cx.fault.at > n)
		abort();
	free(own);
}

/* Each record: 1 byte of side, 2 bytes of length, big-endian, bytes; as tools/vectors --seeds writes them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct auth_state s = {0};
	size_t            at = 0;

	while (n - at >= 3) {
		size_t length = (size_t)data[at + 1] << 8 | data[at + 2];

		if (length > n - at - 3)
			length = n - at - 3;
		token(&s, data[at] & 1 ? SIDE_SERVER : SIDE_CLIENT, data + at + 3, length);
		at += 3 + length;
	}
	return 0;
}
