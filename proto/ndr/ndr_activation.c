/* Reads the properties of a DCOM activation, which stand in an object reference of their own, for the file whose object it names. */
/*
 * Spec: MS-DCOM 2.2.18.6 (OBJREF_CUSTOM), 2.2.22 (activation properties), MS-RPCE 2.2.6 (type serialization version 1).
 * Input from: the client, in RemoteGetClassObject and RemoteCreateInstance.
 * Limits: 10 properties (MAX_ACTPROP_LIMIT); 259 characters of a path, NDR_HOST_MAX of the host in it.
 * Not done: properties other than InstanceInfoData; big endian inside, which nothing sends, is refused.
 */
#include "proto/ndr/ndr_int.h"

#include <string.h>

enum { OBJREF_CUSTOM = 4, PROPERTIES_MAX = 10, PATH = 259, POINTER = 65536, GUID = 16 };
enum { SERIALIZATION = 1, LITTLE_ENDIAN_ = 0x10, COMMON_HEADER = 8 };

static const uint8_t activation_in[GUID] = {0x38, 0x03, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
static const uint8_t instance_info[GUID] = {0xad, 0x01, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};

#define OBJECT(n) \
	NDR_UNIQUE(n, NDR_CONFORMANT_STRUCT(NULL, 4, NDR_SAVED("ulCntData", 4, POINTER, 7), NDR_SIZED("abData", NDR_U8(NULL), POINTER, 7)))

/* 2.2.22.2.3 */
static const struct ndr_type *const instance_info_data[] = {
	NDR_STRUCT("InstanceInfoData", 4,
		   NDR_UNIQUE("fileName", NDR_WSTRING_CHECK(NULL, PATH, R_RPC_DCOM_PATH, NDR_CHECK_HOST, R_RPC_DCOM_HOST)), NDR_U32("mode"),
		   OBJECT("ifdROT"), OBJECT("ifdStg")),
	NULL,
};

/* The object behind the common and the private header. */
static struct wire serialized(struct wire *w, const char *field)
{
	uint32_t n;

	wire_want_u8(w, SERIALIZATION, R_RPC_DCOM_PROPERTIES, "version");
	wire_want_u8(w, LITTLE_ENDIAN_, R_RPC_DCOM_PROPERTIES, "endianness");
	wire_want_le16(w, COMMON_HEADER, R_RPC_DCOM_PROPERTIES, "common_header_length");
	wire_take(w, 4, "filler");
	n = wire_le32(w, "object_buffer_length");
	wire_take(w, 4, "filler");
	return wire_sub(w, n, field);
}

/* CustomHeader (2.2.22.1): which properties there are, and how large each is. Returns how many. */
static uint32_t custom_header(struct wire *h, uint32_t *size, struct wire *ids, struct wire *sizes)
{
	uint32_t count;

	wire_le32(h, "totalSize");
	*size = wire_le32(h, "headerSize");
	wire_take(h, 8, "destCtx");
	count = wire_le32_range(h, 1, PROPERTIES_MAX, R_RPC_DCOM_PROPERTIES, "cIfs");
	wire_take(h, GUID, "classInfoClsid");
	if (!wire_le32(h, "pclsid") || !wire_le32(h, "pSizes"))
		wire_fail(h, wire_offset(h), R_RPC_DCOM_PROPERTIES, "pclsid");
	wire_le32(h, "pdwReserved");
	wire_want_le32(h, count, R_RPC_DCOM_PROPERTIES, "max_count");
	*ids = wire_sub(h, (size_t)count * GUID, "pclsid");
	wire_want_le32(h, count, R_RPC_DCOM_PROPERTIES, "max_count");
	*sizes = wire_sub(h, (size_t)count * 4, "pSizes");
	wire_take(h, wire_left(h), "pad");
	return count;
}

static void property(struct wire *w, const uint8_t *id, const struct ndr_limits *limits)
{
	struct wire object;

	if (!id || memcmp(id, instance_info, GUID) != 0)
		return;
	object = serialized(w, "InstanceInfo");
	ndr_read(&object, false, instance_info_data, limits);
}

void ndr_activation(struct wire *w, const struct ndr_limits *limits)
{
	struct wire    header, ids, sizes, list;
	const uint8_t *class;
	uint32_t       at, size, count;

	w->short_why = R_RPC_DCOM_PROPERTIES;
	wire_want_le32(w, 0x574f454d, R_RPC_DCOM_PROPERTIES, "signature");
	wire_want_le32(w, OBJREF_CUSTOM, R_RPC_DCOM_PROPERTIES, "flags");
	wire_take(w, GUID, "iid");
	at = wire_offset(w);
	class = wire_take(w, GUID, "clsid");
	if (class && memcmp(class, activation_in, GUID) != 0)
		wire_fail(w, at, R_RPC_DCOM_PROPERTIES, "clsid");
	wire_want_le32(w, 0, R_RPC_DCOM_PROPERTIES, "cbExtension");
	wire_le32(w, "reserved");
	wire_take(w, 8, "dwSize");
	list = *w; /* headerSize counts from here */
	at = wire_offset(w);
	header = serialized(w, "CustomHeader");
	count = custom_header(&header, &size, &ids, &sizes);
	if (size < wire_offset(w) - at)
		wire_fail_numbers(w, at, R_RPC_DCOM_PROPERTIES, "headerSize", wire_offset(w) - at, size);
	wire_take(&list, size, "CustomHeader");
	wire_list(&list);
	for (uint32_t i = 0; i < count && !w->fault->why; i++) {
		struct wire one = wire_sub(&list, wire_le32(&sizes, "pSizes"), "property");

		property(&one, wire_take(&ids, GUID, "pclsid"), limits);
	}
	wire_end(&list, R_RPC_DCOM_PROPERTIES, "properties");
	wire_take(w, wire_left(w), "properties");
}
