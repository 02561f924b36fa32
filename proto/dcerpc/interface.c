/* Interfaces of DCE/RPC that are known, by UUID. */
/*
 * Spec: the interfaces' own: MS-SRVS, MS-WKST, MS-LSAT, MS-SAMR, MS-DSSP, MS-NRPC, MS-SCMR, MS-RRP, MS-RPRN, C706 appendix O.
 * Input from: ourselves.
 * Limits: none.
 * Not done: operations and their arguments.
 */
#include "proto/dcerpc/interface.h"

#include <string.h>

#include "proto/dcerpc/rpc.h"

const char *const rpc_interface_words[] = {"other", "epmapper", "srvsvc", "wkssvc", "lsarpc", "samr", "dssetup", "netlogon", "svcctl", "winreg", "spoolss", NULL};

static const struct rpc_interface interfaces[] = {
	{.id = 1, .name = "epmapper", .uuid = {0x08, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa}, .major = 3, .minor = 0, .tolerance = 0xff, .operations = 8},
	{.id = 2, .name = "srvsvc", .uuid = {0xc8, 0x4f, 0x32, 0x4b, 0x70, 0x16, 0xd3, 0x01, 0x12, 0x78, 0x5a, 0x47, 0xbf, 0x6e, 0xe1, 0x88}, .major = 3, .minor = 0, .tolerance = 0xff, .operations = 60},
	{.id = 3, .name = "wkssvc", .uuid = {0x98, 0xd0, 0xff, 0x6b, 0x12, 0xa1, 0x10, 0x36, 0x98, 0x33, 0x46, 0xc3, 0xf8, 0x7e, 0x34, 0x5a}, .major = 1, .minor = 0, .tolerance = 0xff, .operations = 31},
	{.id = 4, .name = "lsarpc", .uuid = {0x78, 0x57, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab}, .major = 0, .minor = 0, .tolerance = 0xff, .operations = 135},
	{.id = 5, .name = "samr", .uuid = {0x78, 0x57, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xac}, .major = 1, .minor = 0, .tolerance = 0xff, .operations = 75},
	{.id = 6, .name = "dssetup", .uuid = {0x6a, 0x28, 0x19, 0x39, 0x0c, 0xb1, 0xd0, 0x11, 0x9b, 0xa8, 0x00, 0xc0, 0x4f, 0xd9, 0x2e, 0xf5}, .major = 0, .minor = 0, .tolerance = 0xff, .operations = 12},
	{.id = 7, .name = "netlogon", .uuid = {0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0xcf, 0xfb}, .major = 1, .minor = 0, .tolerance = 0xff, .operations = 60},
	{.id = 8, .name = "svcctl", .uuid = {0x81, 0xbb, 0x7a, 0x36, 0x44, 0x98, 0xf1, 0x35, 0xad, 0x32, 0x98, 0xf0, 0x38, 0x00, 0x10, 0x03}, .major = 2, .minor = 0, .tolerance = 0xff, .operations = 70},
	{.id = 9, .name = "winreg", .uuid = {0x01, 0xd0, 0x8c, 0x33, 0x44, 0x22, 0xf1, 0x31, 0xaa, 0xaa, 0x90, 0x00, 0x38, 0x00, 0x10, 0x03}, .major = 1, .minor = 0, .tolerance = 0xff, .operations = 40},
	{.id = 10, .name = "spoolss", .uuid = {0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab}, .major = 1, .minor = 0, .tolerance = 0xff, .operations = 120},
};

enum { INTERFACES = sizeof(interfaces) / sizeof(interfaces[0]) };

const struct rpc_interface *rpc_interface_of(const uint8_t uuid[16], uint16_t major, uint16_t minor)
{
	for (size_t i = 0; i < INTERFACES; i++)
		if (memcmp(interfaces[i].uuid, uuid, 16) == 0 && interfaces[i].major == major && interfaces[i].minor <= minor)
			return &interfaces[i];
	return NULL;
}

const struct rpc_interface *rpc_interface_by_id(uint16_t id)
{
	for (size_t i = 0; i < INTERFACES; i++)
		if (interfaces[i].id == id)
			return &interfaces[i];
	return NULL;
}

const struct rpc_operation *rpc_operation_of(const struct rpc_interface *i, uint16_t opnum)
{
	for (size_t k = 0; k < i->rows; k++)
		if (i->operation[k].opnum == opnum)
			return &i->operation[k];
	return NULL;
}

void rpc_uuid_text(const uint8_t uuid[16], char out[RPC_UUID_TEXT])
{
	static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	static const char    digits[] = "0123456789abcdef";
	size_t               n = 0;

	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[n++] = '-';
		out[n++] = digits[uuid[order[i]] >> 4];
		out[n++] = digits[uuid[order[i]] & 15];
	}
	out[n] = 0;
}
