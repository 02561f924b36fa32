/* The endpoint mapper: which port an interface has on this server, so that the gate can listen there. */
/*
 * Spec: C706 appendix O (ept_map), appendix L (protocol towers), appendix I; MS-RPCE 2.2.1.2.5.
 * Input from: either peer.
 * Limits: 64 towers in an answer, 16 floors in a tower; expectations of four different ports.
 * Not done: ept_lookup and the bindings of the object resolver open nothing; answers under privacy cannot be read.
 */
#include "proto/dcerpc/rpc_int.h"
#include "proto/ndr/ndr.h"
#include "proto/protocols.h"

enum { TOWERS_MOST = 64, FLOORS_MOST = 16, HANDLE = 20 };
enum { FLOOR_TCP = 0x07, FLOOR_UUID = 0x0d, UUID_LEFT = 19 };
enum { STAYS_MS = 60 * 60 * 1000 };

static const uint8_t epm_uuid[RPC_UUID] = {0x08, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa};

/* What a tower says: towers are little endian whatever the PDU is. */
struct tower {
	bool                        named; /* its first floor is an interface */
	const struct rpc_interface *interface;
	uint16_t                    port; /* of TCP; 0 = none */
};

bool rpc_is_epm(const struct rpc_interface *i)
{
	return i && memcmp(i->uuid, epm_uuid, RPC_UUID) == 0;
}

static void floor_read(struct wire *w, unsigned nth, struct tower *t)
{
	uint32_t    at = wire_offset(w);
	struct wire left = wire_sub(w, wire_le16(w, "lhs_length"), "lhs"), right = wire_sub(w, wire_le16(w, "rhs_length"), "rhs");
	uint8_t     protocol = wire_peek(&left);

	if (!wire_left(&left))
		wire_fail(w, at, R_DCERPC_TOWER, "lhs_length");
	if (nth == 0 && protocol == FLOOR_UUID && wire_left(&left) == UUID_LEFT) {
		const uint8_t *uuid;
		uint16_t       major;

		wire_u8(&left, "protocol");
		uuid = wire_take(&left, RPC_UUID, "uuid");
		major = wire_le16(&left, "version");
		if (wire_left(&right) == 2 && uuid) {
			t->named = true;
			t->interface = rpc_interface_of(uuid, major, wire_le16(&right, "minor"));
		}
	}
	if (protocol == FLOOR_TCP && wire_left(&right) == 2)
		t->port = wire_be16(&right, "port");
}

/* twr_t: conformance, tower_length, floors that fill it, padding. */
static struct tower tower_read(struct rpc_read *r, struct wire *w)
{
	struct tower t = {0};
	uint32_t     at = wire_offset(w), n = rpc_u32(r, w, "max_count"), length = rpc_u32(r, w, "tower_length");
	struct wire  tower;
	uint16_t     floors;

	if (n != length)
		wire_fail_numbers(w, at, R_DCERPC_TOWER, "tower_length", n, length);
	tower = wire_sub(w, length, "tower");
	tower.short_why = R_DCERPC_TOWER;
	at = wire_offset(&tower);
	floors = wire_le16(&tower, "floor_count");
	if (floors > FLOORS_MOST)
		wire_fail_numbers(w, at, R_DCERPC_TOWER, "floor_count", FLOORS_MOST, floors);
	for (unsigned i = 0; i < floors && !w->fault->why; i++)
		floor_read(&tower, i, &t);
	wire_end(&tower, R_DCERPC_TOWER, "tower");
	return t;
}

static void align(struct wire *w, uint32_t n)
{
	uint32_t pad = (4 - n % 4) % 4;

	wire_take(w, pad < wire_left(w) ? pad : wire_left(w), "pad");
}

/* object (unique), map_tower (unique), entry_handle, max_towers; only the tower is of interest here, but all of it is there. */
void rpc_epm_map(struct rpc_read *r, struct wire *stub, bool *unknown)
{
	uint32_t begin = wire_offset(stub);

	if (rpc_u32(r, stub, "object"))
		wire_take(stub, RPC_UUID, "object");
	if (rpc_u32(r, stub, "map_tower")) {
		uint32_t     start = wire_offset(stub);
		struct tower t = tower_read(r, stub);

		*unknown = t.named && !t.interface;
		if (!stub->fault->why)
			align(stub, wire_offset(stub) - start);
	}
	wire_take(stub, HANDLE, "entry_handle");
	rpc_u32(r, stub, "max_towers");
	if (!ndr_trailer(stub, begin)) /* behind signed calls, where headers are not */
		wire_end(stub, R_DCERPC_TRAILING, "stub");
}

static void expect(struct rpc_read *r, const struct tower *t)
{
	struct cx *cx = r->cx;

	if (!t->interface || !t->port)
		return;
	for (uint8_t i = 0; i < cx->expects; i++)
		if (cx->expect[i].port_low == t->port && cx->expect[i].interface_id == t->interface->id)
			return;
	if (cx->expects == EXPECTS_MAX)
		return;
	cx->expect[cx->expects++] = (struct expect){
		.to = {.port = t->port},
		.proto = PROTO_DCERPC,
		.interface_id = t->interface->id,
		.stays = true,
		.port_low = t->port,
		.port_high = t->port,
		.deadline_ms = STAYS_MS,
	};
}

/* entry_handle, num_towers, a varying and conformant array of pointers, the towers in their order, status. */
void rpc_epm_mapped(struct rpc_read *r, struct wire *stub)
{
	uint32_t at, towers, most, count, pointers = 0;

	wire_take(stub, HANDLE, "entry_handle");
	towers = rpc_u32(r, stub, "num_towers");
	at = wire_offset(stub);
	most = rpc_u32(r, stub, "max_count");
	if (rpc_u32(r, stub, "offset"))
		wire_fail(stub, at, R_DCERPC_TOWER, "offset");
	count = rpc_u32(r, stub, "actual_count");
	if (count > TOWERS_MOST)
		wire_fail_numbers(stub, at, R_DCERPC_TOWERS, "actual_count", TOWERS_MOST, count);
	if (count > most || count != towers)
		wire_fail_numbers(stub, at, R_DCERPC_TOWER, "actual_count", towers, count);
	for (uint32_t i = 0; i < count && !stub->fault->why; i++)
		pointers += rpc_u32(r, stub, "tower_p") != 0;
	for (uint32_t i = 0; i < pointers && !stub->fault->why; i++) {
		uint32_t     start = wire_offset(stub);
		struct tower t = tower_read(r, stub);

		if (!stub->fault->why) {
			align(stub, wire_offset(stub) - start);
			expect(r, &t);
		}
	}
	rpc_u32(r, stub, "status");
	wire_end(stub, R_DCERPC_TRAILING, "stub");
}
