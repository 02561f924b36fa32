/* The words in which the arguments of an operation are written down. */
#ifndef SALLYPORT_PROTO_NDR_TYPES_H
#define SALLYPORT_PROTO_NDR_TYPES_H

#include <stddef.h>
#include <stdint.h>

/*
 * How a table is read. An operation's [in] arguments stand in the order of its IDL, each as one const node; a node's
 * name is its name in the IDL and becomes a level of the event's field path. NetrPathType, in full:
 *
 *	static const struct ndr_type *const path_type[] = {
 *		NDR_UNIQUE("ServerName", NDR_WSTRING(NULL, 259, R_RPC_PATH)),
 *		NDR_WSTRING("PathName", 259, R_RPC_PATH),
 *		NDR_U32("Flags"),
 *		NULL,
 *	};
 *
 * and in the interface's rows: OP_IN(30, "NetprPathType", path_type). That is all: alignment, byte order, conformance,
 * offsets, terminators and trailing octets are the interpreter's business (ndr.c).
 *
 * Rules of thumb when an IDL is copied down:
 *  - A [ref] pointer at the top level is not on the wire: write its pointee. [out] arguments are left out.
 *  - A pointee, an element and an arm need no name of their own (NULL): they are called as what holds them.
 *  - size_is(n), length_is(n), switch_is(n): give the number and the array or union the same slot (1 to 7), with
 *    NDR_SAVED, NDR_SIZED, NDR_ARMS. It does not matter which comes first on the wire.
 *  - A structure whose last member is a conformant array: NDR_CONFORMANT_STRUCT, so that its maximum is looked for in front.
 *  - NDR_STRUCT says its alignment (the largest of its members'); test/test_ndr.c computes it again for every table.
 *  - A string with no bound of its own has max 0: the limit dcerpc.string holds.
 *  - NDR_REST ends a table whose remaining arguments are not read; say why in the file's Not done.
 */

enum ndr_kind {
	NDR_KIND_NUMBER = 0, /* of `width` octets, min..max when max is not 0 */
	NDR_KIND_OCTETS, /* `max` octets in a row, aligned at `align`: a handle, a GUID, a fixed array of char */
	NDR_KIND_STRING, /* conformant varying with a terminator; characters of `width` octets, at most max without it */
	NDR_KIND_COUNTED, /* RPC_UNICODE_STRING (MS-DTYP 2.3.10) of at most max characters */
	NDR_KIND_POINTER,
	NDR_KIND_STRUCT,
	NDR_KIND_ARRAY, /* at most max elements when max is not 0 */
	NDR_KIND_UNION, /* a discriminant of `width` octets, then the arm it names; `of` for all others, or refused */
	NDR_KIND_REST, /* the remaining arguments are not read */
};

enum ndr_flag {
	NDR_CONFORMANT = 1 << 0, /* array: its maximum is on the wire; structure: it ends in such an array */
	NDR_VARYING = 1 << 1, /* array: its offset and actual count are on the wire */
	NDR_NON_NULL = 1 << 2, /* pointer: [ref] */
	NDR_ALIASED = 1 << 3, /* pointer: [ptr]; a referent seen before has no pointee of its own */
	NDR_BINARY = 1 << 4, /* string: need not be UTF-16 */
};

/* A rule of its own for what a node holds; it refuses with `why_check`. */
enum ndr_check {
	NDR_CHECK_NONE = 0,
	NDR_CHECK_CANONICAL, /* string: `..` never leads above the root */
	NDR_CHECK_HOST, /* string: the host of a UNC path has at most NDR_HOST_MAX characters */
	NDR_CHECK_NO_PATH, /* string: no separator and no drive */
	NDR_CHECK_NOT_ZERO, /* octets: not all zero */
	NDR_CHECK_ACTIVATION, /* array of octets: an object reference that holds the properties of an activation (ndr_activation.c) */
	NDR_CHECK_NOT_SAME, /* octets: the first five are not all the same (MS-NRPC 3.1.4.1) */
	NDR_CHECK_DRIVE, /* counted: empty, or a letter and a colon */
};

enum {
	NDR_TRAILING_MAX = 7, /* octets behind the last argument: stubs are padded to eight by some */
	NDR_DEPTH = 12, /* constructions within each other, between two pointers: the tables' own depth (test/test_ndr.c) */
	NDR_SLOTS = 8,
	NDR_HOST_MAX = 15, /* a NetBIOS name: MS03-026 copies the host into 16 characters */
	NDR_POINTERS_MAX = 128, /* pointees waiting at once */
	NDR_REFERENTS_MAX = 16, /* different [ptr] referents of one request */
};

struct ndr_type;

struct ndr_arm {
	uint32_t               value;
	const struct ndr_type *type; /* NULL: an empty arm */
};

struct ndr_type {
	uint8_t                       kind, width, align, flags;
	uint8_t                       slot, length; /* relations: 1 to 7, 0 = none */
	uint8_t                       check, arms;
	uint16_t                      why, why_check; /* why 0: ndr.range, ndr.string, ndr.elements */
	uint32_t                      min, max;
	const char                   *name;
	const struct ndr_type        *of; /* pointee, element, the union's default */
	const struct ndr_type *const *member; /* NULL-terminated */
	const struct ndr_arm         *arm;
};

/* Nodes: each is the address of a constant. */
#define NDR_NODE(...)                  (&(const struct ndr_type){__VA_ARGS__})
#define NDR_MEMBERS(...)               ((const struct ndr_type *const[]){__VA_ARGS__, NULL})
#define NDR_NUMBER(n, w, ...)          NDR_NODE(.kind = NDR_KIND_NUMBER, .width = (w), .align = (w), .name = (n), __VA_ARGS__)
#define NDR_U8(n)                      NDR_NUMBER(n, 1, .max = 0)
#define NDR_U16(n)                     NDR_NUMBER(n, 2, .max = 0)
#define NDR_U32(n)                     NDR_NUMBER(n, 4, .max = 0)
#define NDR_U64(n)                     NDR_NUMBER(n, 8, .max = 0)
#define NDR_ENUM(n, least, most, r)    NDR_NUMBER(n, 2, .min = (least), .max = (most), .why = (r))
#define NDR_RANGE(n, least, most, r)   NDR_NUMBER(n, 4, .min = (least), .max = (most), .why = (r))
#define NDR_SAVED(n, w, most, s)       NDR_NUMBER(n, w, .max = (most), .slot = (s))
#define NDR_OCTETS(n, count, al)       NDR_NODE(.kind = NDR_KIND_OCTETS, .align = (al), .max = (count), .name = (n))
#define NDR_GUID(n)                    NDR_OCTETS(n, 16, 4)
#define NDR_HANDLE(n)                  NDR_OCTETS(n, 20, 4) /* a context handle: C706 14.2.16.7 */
#define NDR_SECRET(n, count, c, r)     NDR_NODE(.kind = NDR_KIND_OCTETS, .align = 1, .max = (count), .check = (c), .why_check = (r), .name = (n))
#define NDR_WSTRING(n, most, r)        NDR_NODE(.kind = NDR_KIND_STRING, .width = 2, .align = 4, .max = (most), .why = (r), .name = (n))
#define NDR_STRING(n, most, r)         NDR_NODE(.kind = NDR_KIND_STRING, .width = 1, .align = 4, .max = (most), .why = (r), .name = (n))
#define NDR_WSTRING_CHECK(n, most, r, c, rc) \
	NDR_NODE(.kind = NDR_KIND_STRING, .width = 2, .align = 4, .max = (most), .why = (r), .check = (c), .why_check = (rc), .name = (n))
#define NDR_COUNTED(n, most, r)        NDR_NODE(.kind = NDR_KIND_COUNTED, .align = 4, .max = (most), .why = (r), .name = (n))
#define NDR_COUNTED_CHECK(n, most, r, c, rc) \
	NDR_NODE(.kind = NDR_KIND_COUNTED, .align = 4, .max = (most), .why = (r), .check = (c), .why_check = (rc), .name = (n))
#define NDR_COUNTED_BINARY(n, most)    NDR_NODE(.kind = NDR_KIND_COUNTED, .align = 4, .max = (most), .flags = NDR_BINARY, .name = (n))
#define NDR_POINTER(n, f, t)           NDR_NODE(.kind = NDR_KIND_POINTER, .align = 4, .flags = (f), .of = (t), .name = (n))
#define NDR_UNIQUE(n, t)               NDR_POINTER(n, 0, t)
#define NDR_REF(n, t)                  NDR_POINTER(n, NDR_NON_NULL, t)
#define NDR_FULL(n, t)                 NDR_POINTER(n, NDR_ALIASED, t)
#define NDR_STRUCT(n, al, ...)         NDR_NODE(.kind = NDR_KIND_STRUCT, .align = (al), .member = NDR_MEMBERS(__VA_ARGS__), .name = (n))
#define NDR_CONFORMANT_STRUCT(n, al, ...) \
	NDR_NODE(.kind = NDR_KIND_STRUCT, .align = (al), .flags = NDR_CONFORMANT, .member = NDR_MEMBERS(__VA_ARGS__), .name = (n))
/* An array [size_is] or [size_is, length_is]; s and l are slots. */
#define NDR_SIZED(n, t, most, s)       NDR_NODE(.kind = NDR_KIND_ARRAY, .align = 4, .flags = NDR_CONFORMANT, .slot = (s), .max = (most), .of = (t), .name = (n))
#define NDR_SIZED_VARYING(n, t, most, s, l) \
	NDR_NODE(.kind = NDR_KIND_ARRAY, .align = 4, .flags = NDR_CONFORMANT | NDR_VARYING, .slot = (s), .length = (l), .max = (most), \
		 .of = (t), .name = (n))
#define NDR_ARRAY(n, t, count)         NDR_NODE(.kind = NDR_KIND_ARRAY, .align = 1, .max = (count), .of = (t), .name = (n))
#define NDR_ACTIVATION(n, most, s, rc) \
	NDR_NODE(.kind = NDR_KIND_ARRAY, .align = 4, .flags = NDR_CONFORMANT, .slot = (s), .max = (most), .of = NDR_U8(NULL), \
		 .check = NDR_CHECK_ACTIVATION, .why_check = (rc), .name = (n))
/* A union whose discriminant equals slot s; `list` is an array of struct ndr_arm, `t` the arm of all other values or NULL. */
#define NDR_ARMS(n, w, al, s, list, t) \
	NDR_NODE(.kind = NDR_KIND_UNION, .width = (w), .align = (al), .slot = (s), .arm = (list), .arms = sizeof(list) / sizeof((list)[0]), \
		 .of = (t), .name = (n))
#define NDR_REST                       NDR_NODE(.kind = NDR_KIND_REST, .align = 1, .name = "rest")

/* The default of a union that takes any other value and holds nothing. */
extern const struct ndr_type ndr_nothing;

#endif
