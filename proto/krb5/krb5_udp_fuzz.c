/* Fuzzes Kerberos over datagrams: conversations run in three ways come to the same (fuzz/fuzz_flow.h). */
#include "fuzz/fuzz_flow.h"
#include "proto/protocols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return fuzz_flow(protocols, PROTO_KRB5_UDP, data, n);
}
