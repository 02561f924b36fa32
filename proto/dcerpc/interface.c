/* Finds interfaces of DCE/RPC by UUID or id, and their operations. */
/*
 * Spec: C706 12.6.3.1 (p_syntax_id_t), 4.2.4.2 (versions), appendix A (UUIDs); the MS-* specifications named in the tables.
 * Input from: binds and alter_contexts of the client.
 * Limits: none.
 * Not done: interfaces nobody has a name for: they are known by their UUID only (fact dcerpc.uuid).
 */
#include "proto/dcerpc/interface_int.h"

#include <string.h>

const char *const rpc_interface_words[] = {
	"other",
#define I(symbol, word) word,
#include "proto/dcerpc/interfaces.def"
#undef I
	NULL,
};

static const struct rpc_interface_set *const sets[] = {
	&rpc_interfaces_com, &rpc_interfaces_domain, &rpc_interfaces_file, &rpc_interfaces_other, &rpc_interfaces_print, &rpc_interfaces_system,
};

enum { SETS = sizeof(sets) / sizeof(sets[0]) };

const struct rpc_interface *rpc_interface_at(size_t index)
{
	for (size_t s = 0; s < SETS; s++) {
		if (index < sets[s]->rows)
			return &sets[s]->row[index];
		index -= sets[s]->rows;
	}
	return NULL;
}

const struct rpc_interface *rpc_interface_of(const uint8_t uuid[16], uint16_t major, uint16_t minor)
{
	(void)minor; /* a server takes a bind when its own minor version is not below the client's; that is its answer to give */
	for (size_t s = 0; s < SETS; s++)
		for (size_t i = 0; i < sets[s]->rows; i++) {
			const struct rpc_interface *row = &sets[s]->row[i];

			/* Rules follow the UUID whatever version is asked: an unknown version must not lead around them. */
			if (memcmp(row->uuid, uuid, sizeof(row->uuid)) == 0 && (row->major == major || row->why || row->rows))
				return row;
		}
	return NULL;
}

const struct rpc_interface *rpc_interface_by_id(uint16_t id)
{
	for (size_t s = 0; s < SETS; s++)
		for (size_t i = 0; i < sets[s]->rows; i++)
			if (sets[s]->row[i].id == id)
				return &sets[s]->row[i];
	return NULL;
}

const struct rpc_operation *rpc_operation_of(const struct rpc_interface *i, uint16_t opnum)
{
	size_t low = 0, high = i->rows;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (i->operation[middle].opnum == opnum)
			return &i->operation[middle];
		if (i->operation[middle].opnum < opnum)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void rpc_uuid_text(const uint8_t uuid[16], char out[RPC_UUID_TEXT])
{
	/* Octets in the order they are written; three groups are numbers and stand little endian on the wire. */
	static const uint8_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	static const char    digits[] = "0123456789abcdef";
	size_t               at = 0;

	for (size_t i = 0; i < sizeof(order); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[at++] = '-';
		out[at++] = digits[uuid[order[i]] >> 4];
		out[at++] = digits[uuid[order[i]] & 15];
	}
	out[at] = '\0';
}
