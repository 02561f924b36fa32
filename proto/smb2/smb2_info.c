/* What SMB 2 asks and tells of files: directories, changes, QUERY_INFO and SET_INFO. */
/*
 * Spec: MS-SMB2 2.2.33 to 2.2.40, MS-FSCC 2.4 and 2.5 (information classes and their sizes).
 * Input from: clients with an open file; answers of servers, whose content is passed on unread.
 * Limits: smb.path, smb.message.
 */
#include "proto/smb2/smb2_int.h"

#include "base/utf16.h"

enum { TYPE_FILE = 1, TYPE_FILESYSTEM, TYPE_SECURITY, TYPE_QUOTA };
enum { CLASS_BASIC = 4, CLASS_RENAME = 10, CLASS_LINK = 11, CLASS_DISPOSITION = 13, CLASS_DISPOSITION_EX = 64, CLASS_RENAME_EX = 65, CLASS_LINK_EX = 72 };

/* Classes that may be set, and the least octets of each (MS-FSCC 2.4, 2.5). */
struct level {
	uint8_t  type, class;
	uint32_t least;
};

static const struct level levels[] = {
	{TYPE_FILE, CLASS_BASIC, 36}, {TYPE_FILE, CLASS_RENAME, 20}, {TYPE_FILE, CLASS_LINK, 20}, {TYPE_FILE, CLASS_DISPOSITION, 1},
	{TYPE_FILE, 14, 8}, /* Position */ {TYPE_FILE, 15, 8}, /* FullEa */ {TYPE_FILE, 16, 4}, /* Mode */
	{TYPE_FILE, 19, 8}, /* Allocation */ {TYPE_FILE, 20, 8}, /* EndOfFile */ {TYPE_FILE, 23, 8}, /* Pipe */
	{TYPE_FILE, 39, 8}, /* ValidDataLength */ {TYPE_FILE, 40, 4}, /* ShortName */ {TYPE_FILE, CLASS_DISPOSITION_EX, 4},
	{TYPE_FILE, CLASS_RENAME_EX, 20}, {TYPE_FILE, CLASS_LINK_EX, 20},
	{TYPE_FILESYSTEM, 2, 4}, /* FsLabel */ {TYPE_FILESYSTEM, 6, 48}, /* FsControl */ {TYPE_FILESYSTEM, 8, 64}, /* FsObjectId */
};

static const struct level *level_of(uint8_t type, uint8_t class)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (levels[i].type == type && levels[i].class == class)
			return &levels[i];
	return NULL;
}

void smb2_directory_request(struct smb2_read *r)
{
	struct wire *w = &r->w, pattern;
	uint32_t     at = wire_offset(w), off, n, out;
	uint8_t      class = wire_u8(w, "file_information_class");

	if (!class || (class > 3 && class != 12 && class != 37 && class != 38 && class != 50 && class != 60 && class != 63 &&
		       (class < 78 || class > 81) && class != 100))
		wire_fail_numbers(w, at, R_SMB2_INFO, "file_information_class", 60, class);
	wire_u8(w, "flags");
	wire_le32(w, "file_index");
	smb2_file_id(r, false);
	off = wire_le16(w, "file_name_offset");
	n = wire_le16(w, "file_name_length");
	out = wire_le32(w, "output_buffer_length");
	pattern = smb2_field(r, off, n, "file_name");
	smb2_path(r, &pattern, "file_name");
	smb2_paid(r, out);
	r->u->space = out;
	smb_fact_number(r->cx, SMB_FACT_CODE, class);
	smb_fact_number(r->cx, SMB_FACT_ACCESS, SMB_ACCESS_READ);
}

void smb2_notify_request(struct smb2_read *r)
{
	struct wire *w = &r->w;
	uint32_t     out;

	wire_le16(w, "flags");
	out = wire_le32(w, "output_buffer_length");
	smb2_file_id(r, true); /* macOS asks about the whole share with a FileId of all ones, and its server answers */
	wire_le32(w, "completion_filter");
	wire_le32(w, "reserved");
	smb2_paid(r, out);
	r->u->space = out;
	smb_fact_number(r->cx, SMB_FACT_ACCESS, SMB_ACCESS_READ);
}

/* QUERY_DIRECTORY, CHANGE_NOTIFY and QUERY_INFO answer in one shape. */
void smb2_buffer_answer(struct smb2_read *r)
{
	struct wire *w = &r->w;
	uint16_t     off = wire_le16(w, "output_buffer_offset");
	uint32_t     n = wire_le32(w, "output_buffer_length");

	if (!r->asked) {
		wire_fail(w, wire_offset(w), R_SMB2_ANSWER, "");
		return;
	}
	if (n > r->asked->space)
		wire_fail_numbers(w, wire_offset(w) - 4, R_SMB2_SPACE, "output_buffer_length", r->asked->space, n);
	if (!n || r->cx->fault.why)
		return;
	if (off < r->end || off > r->len || n > r->len - off)
		wire_fail_numbers(w, wire_offset(w), R_SMB2_RANGE, "output_buffer", r->end, off);
	r->payload = off;
	r->end = off + (uint64_t)n;
}

void smb2_query_request(struct smb2_read *r)
{
	struct wire *w = &r->w;
	uint32_t     at = wire_offset(w), out, off, n;
	uint8_t      type = wire_u8(w, "info_type"), class = wire_u8(w, "file_info_class");

	if (!type || type > TYPE_QUOTA)
		wire_fail_numbers(w, at, R_SMB2_INFO, "info_type", TYPE_QUOTA, type);
	out = wire_le32(w, "output_buffer_length");
	off = wire_le16(w, "input_buffer_offset");
	wire_le16(w, "reserved");
	n = wire_le32(w, "input_buffer_length");
	wire_le32(w, "additional_information");
	wire_le32(w, "flags");
	smb2_file_id(r, false);
	smb2_field(r, off, n, "input_buffer");
	smb2_paid(r, n > out ? n : out);
	r->u->space = out;
	smb_fact_number(r->cx, SMB_FACT_CODE, class);
	smb_fact_number(r->cx, SMB_FACT_ACCESS, SMB_ACCESS_READ);
}

/* FileRenameInformation and FileLinkInformation for SMB 2 (MS-FSCC 2.4.37.2, 2.4.21.2). */
static void new_name(struct smb2_read *r, struct wire data)
{
	struct wire    name;
	uint32_t       n;
	uint64_t       root;
	const uint8_t *p;

	wire_take(&data, 8, "replace_if_exists");
	root = wire_le64(&data, "root_directory");
	n = wire_le32(&data, "file_name_length");
	name = wire_sub(&data, n, "file_name");
	smb2_path(r, &name, "file_name");
	p = wire_take(&name, n, "file_name");
	if (p && n)
		smb_fact_path(r->cx, SMB_FACT_NEW_PATH, p, n, true, !root && !(r->u->flags & SMB2_FLAG_DFS));
}

static void file_level(struct smb2_read *r, uint8_t class, const struct wire *data)
{
	switch (class) {
	case CLASS_RENAME:
	case CLASS_RENAME_EX:
		smb_fact_number(r->cx, SMB_FACT_OP, SMB_OP_RENAME);
		smb_fact_unknown(r->cx, SMB_FACT_PATH);
		new_name(r, *data);
		break;
	case CLASS_LINK:
	case CLASS_LINK_EX:
		smb_fact_unknown(r->cx, SMB_FACT_PATH);
		new_name(r, *data);
		break;
	case CLASS_DISPOSITION:
	case CLASS_DISPOSITION_EX:
		smb_fact_number(r->cx, SMB_FACT_OP, SMB_OP_DELETE);
		smb_fact_unknown(r->cx, SMB_FACT_PATH);
		break;
	default:
		break;
	}
}

void smb2_set_request(struct smb2_read *r)
{
	struct wire        *w = &r->w, data;
	uint32_t            at = wire_offset(w), n, off;
	uint8_t             type = wire_u8(w, "info_type"), class = wire_u8(w, "file_info_class");
	const struct level *level = level_of(type, class);

	if (!type || type > TYPE_QUOTA || (!level && type <= TYPE_FILESYSTEM))
		wire_fail_numbers(w, at, R_SMB2_INFO, "file_info_class", type, class);
	n = wire_le32(w, "buffer_length");
	off = wire_le16(w, "buffer_offset");
	wire_le16(w, "reserved");
	wire_le32(w, "additional_information");
	smb2_file_id(r, false);
	if (level && n < level->least)
		wire_fail_numbers(w, at, R_SMB2_INFO_SIZE, "buffer_length", level->least, n);
	data = smb2_field(r, off, n, "buffer");
	smb2_paid(r, n);
	smb_fact_number(r->cx, SMB_FACT_CODE, class);
	smb_fact_number(r->cx, SMB_FACT_ACCESS, SMB_ACCESS_WRITE);
	if (type == TYPE_FILE && !r->cx->fault.why)
		file_level(r, class, &data);
}
