/* What a message says, in events: facts as they travel in records, and as objects of EVE. */
#ifndef SALLYPORT_EVENT_FACTS_H
#define SALLYPORT_EVENT_FACTS_H

#include <jansson.h>

#include "proto/proto.h"

/*
 * In a record: for each fact there is, in ascending order, u8 its place in the recogniser's table, u8 its state (1 unknown, 2 number,
 * 3 text), then the number as u64, or the text with a u16 length before it.
 */
enum { FACTS_BYTES_MAX = 1024, FACT_TEXT_MAX = 255 };

/* Bytes written: what there is of `count` facts, as far as it fits. Texts are cut at FACT_TEXT_MAX. */
size_t facts_write(const struct fact *facts, uint8_t count, uint8_t out[FACTS_BYTES_MAX]);
/* False: not what facts_write writes. Texts borrow; out holds FACTS_MAX facts (NULL: only look whether it is lawful). */
bool facts_read(const uint8_t *bytes, size_t n, struct fact *out);

/*
 * Members of an EVE line: "smb":{"command":"SMB2_COMMAND_CREATE","filename":"a.txt"}. Behind those it has already; facts
 * of protocols inside SMB stand in its object, as Suricata has them.
 */
void eve_facts(json_t *line, const struct recogniser *r, const struct fact *facts);

#endif
