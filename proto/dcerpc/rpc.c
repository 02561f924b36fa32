/* DCE/RPC inside a carrier. */
#include "proto/dcerpc/rpc.h"

const char *const rpc_packet_words[] = {"request", NULL}, *const rpc_level_words[] = {"none", NULL};

enum rpc_outcome rpc_next(const struct rpc_assoc *a, struct rpc_unit *u, const struct wire *at, const uint8_t *piece, size_t n,
			  enum side from, const struct rpc_seat *seat, struct cx *cx)
{
	(void)a;
	(void)at;
	(void)piece;
	(void)n;
	(void)seat;
	(void)cx;
	u->from = (uint8_t)from;
	return RPC_WHOLE;
}

void rpc_commit(struct rpc_assoc *a, const struct rpc_unit *u, const struct rpc_seat *seat, struct cx *cx)
{
	(void)a;
	(void)u;
	(void)seat;
	(void)cx;
}

void rpc_close(struct rpc_assoc *a, const struct rpc_seat *seat, struct cx *cx)
{
	(void)a;
	(void)seat;
	(void)cx;
}

size_t rpc_fault(const struct rpc_assoc *a, const struct rpc_unit *u, uint32_t status, uint8_t *out, size_t size)
{
	(void)a;
	(void)u;
	(void)status;
	(void)out;
	(void)size;
	return 0;
}
