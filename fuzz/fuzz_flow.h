/* Fuzzing a recogniser through the driver: the same bytes, cut in three ways, must come to the same. */
#ifndef SALLYPORT_FUZZ_FUZZ_FLOW_H
#define SALLYPORT_FUZZ_FUZZ_FLOW_H

#include "proto/proto.h"

/*
 * The input is a list of records, what `tools/vectors --seeds` writes:
 *
 *   1 byte   bit 0: from the server; bit 1: FIN behind the bytes; bits 2-4: an event before them (below);
 *            bits 5-7: in the first record the policy, in the others which flow of the call (modulo those there are)
 *   2 bytes  length, big-endian; a record that runs past the end is cut short
 *   bytes    one arrival; for a datagram protocol one datagram
 *
 * Events: 1 +100 ms, 2 +10 s, 3 the dial succeeds, 4 it fails, 5 the gate splices opaque bytes,
 * 6 a leg joins the first flow's group, 7 pinholes fail or work again; in the first record 7 also makes memory scarce.
 * Policy: bit 5: one unit in eight is denied, by its content; bit 6: half of all refusals are watched; bit 7: every
 * tolerance is on and unsafe refusals may be watched.
 *
 * Runs the flow as given, cut by a hash with few units a turn, and merged. Aborts when the outcomes differ (bytes per
 * direction, answers and their places, reports with offset and field path, facts, ends), when a law of the pretend
 * gate is broken (test/fake_gate.h), when work is not bounded by the input, or when memory is not given back.
 * Where legs have joined only the laws are watched: which of a call's flows runs first is the gate's to say.
 * Always 0, for LLVMFuzzerTestOneInput.
 */
int fuzz_flow(const struct recogniser *const *registry, uint16_t proto, const uint8_t *data, size_t n);

#endif
