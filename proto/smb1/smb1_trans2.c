/* Reads whole TRANS2 and NT_TRANSACT requests: subcommands, information levels, names, extended attributes, answer space. */
/*
 * Spec: MS-CIFS 2.2.6, 2.2.7, 2.2.8; MS-FSCC 2.4, 2.5 for the levels that pass through; MS-SMB 2.2.6.
 * Input from: clients.
 * Limits: smb.path; 1024 bytes for the name of OPEN2.
 * Not done: contents of what is set, beyond lists of extended attributes.
 */
#include "proto/smb1/smb1_int.h"

/* The smallest lawful answer of an information level. */
struct level {
	uint16_t code, data; /* bytes */
};

static const struct level find_levels[] = {
	{1, 23}, {2, 27}, {3, 27}, {0x101, 64}, {0x102, 68}, {0x103, 94}, {0x104, 12}, {0x105, 80}, {0x106, 104}, {0x202, 12}, {0x20b, 12},
};

static const struct level fs_levels[] = {
	{1, 18}, {2, 5}, {0x102, 18}, {0x103, 24}, {0x104, 8}, {0x105, 12}, {0x200, 12}, {0x201, 12}, {0x202, 12}, {0x203, 4}, {0x301, 12}, {1001, 18},
	{1003, 24}, {1004, 8}, {1005, 12}, {1006, 48}, {1007, 32}, {1008, 48}, {1011, 28},
};

static const struct level query_levels[] = {
	{1, 22}, {2, 26}, {3, 4}, {4, 4}, {6, 0}, {0x101, 36}, {0x102, 22}, {0x103, 4}, {0x104, 4}, {0x107, 72}, {0x108, 4}, {0x109, 0}, {0x10b, 16},
	{0x200, 96}, {0x201, 0}, {0x202, 0}, {0x203, 0}, {0x204, 4}, {0x205, 4}, {0x206, 0}, {0x207, 0}, {0x208, 0}, {0x20a, 0}, {0x20b, 96},
	{1004, 36}, {1005, 22}, {1006, 8}, {1007, 4}, {1008, 4}, {1009, 4}, {1014, 8}, {1016, 4}, {1017, 4}, {1018, 96}, {1021, 4}, {1022, 0}, {1028, 16},
	{1034, 56}, {1035, 8},
};

static const struct level set_levels[] = {
	{1, 0}, {2, 0}, {3, 0}, {4, 0}, {0x101, 0}, {0x102, 0}, {0x103, 0}, {0x104, 0}, {0x200, 0}, {0x201, 0}, {0x203, 0}, {0x204, 0}, {0x205, 0},
	{0x206, 0}, {0x207, 0}, {0x208, 0}, {0x209, 0}, {0x20a, 0}, {0x20b, 0}, {1004, 0}, {1010, 0}, {1011, 0}, {1013, 0}, {1014, 0}, {1015, 0},
	{1016, 0}, {1019, 0}, {1020, 0}, {1023, 0}, {1025, 0}, {1029, 0}, {1039, 0}, {1040, 0},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void smb1_space(struct smb1_read *r, const struct wire *w, uint32_t at, uint32_t has, uint32_t needs, const char *field)
{
	if (w->fault->why || has >= needs)
		return;
	r->unit->status = STATUS_BUFFER_TOO_SMALL;
	wire_fail_numbers(w, at, R_SMB1_ANSWER_SPACE, field, needs, has);
}

static uint16_t level(struct smb1_read *r, struct wire *params, const struct level *levels, size_t n, uint32_t space)
{
	uint32_t at = wire_offset(params);
	uint16_t code = wire_le16(params, "information_level");

	r->level = code;
	smb_fact_number(r->cx, SMB_FACT_CODE, code);
	for (size_t i = 0; i < n; i++)
		if (levels[i].code == code) {
			smb1_space(r, params, at, space, levels[i].data, "max_data_count");
			return code;
		}
	wire_fail_numbers(params, at, R_SMB1_SUBCOMMAND, "information_level", 0, code);
	return code;
}

/* The rest of the parameters is a name. */
static void path(struct smb1_read *r, struct wire *params)
{
	uint32_t         at = wire_offset(params);
	struct smb1_text t;

	if (!wire_left(params))
		return;
	t = smb1_text_all(r, params, r->unicode, "file_name");
	smb1_path(r, params, at, t, SMB_FACT_PATH);
	if (r->unit->opens && smb1_kind(r) == SMB_KIND_PIPE)
		smb1_pipe_name(r, params, at, t);
}

/* SMB_FEA_LIST: its size is the sum of its entries' (2.2.1.2.2). */
static void fea_list(struct wire *data)
{
	uint32_t at = wire_offset(data), size;

	if (!wire_left(data))
		return;
	size = wire_le32(data, "size_of_list_in_bytes");
	if (!data->fault->why && (size < 4 || size - 4 != wire_left(data))) {
		wire_fail_numbers(data, at, R_SMB1_FEA, "size_of_list_in_bytes", wire_left(data), size);
		return;
	}
	wire_list(data);
	while (wire_more(data)) {
		uint32_t here = wire_offset(data);
		uint8_t  flags, name;
		uint16_t value;

		wire_element(data);
		flags = wire_u8(data, "extended_attribute_flag");
		name = wire_u8(data, "attribute_name_length");
		value = wire_le16(data, "attribute_value_length");
		if (wire_left(data) < (size_t)name + 1 + value || (flags & 0x7f)) {
			wire_fail_numbers(data, here, R_SMB1_FEA, "attribute_value_length", wire_left(data), value);
			return;
		}
		wire_take(data, name, "attribute_name");
		wire_want_u8(data, 0, R_SMB1_FEA, "attribute_name");
		wire_take(data, value, "attribute_value");
	}
}

/* SMB_GEA_LIST: names whose values are asked for (2.2.1.2.1). */
static void gea_list(struct wire *data)
{
	uint32_t at = wire_offset(data), size = wire_le32(data, "size_of_list_in_bytes");

	if (!data->fault->why && (size < 4 || size - 4 != wire_left(data))) {
		wire_fail_numbers(data, at, R_SMB1_FEA, "size_of_list_in_bytes", wire_left(data), size);
		return;
	}
	wire_list(data);
	while (wire_more(data)) {
		uint8_t n;

		wire_element(data);
		n = wire_u8(data, "attribute_name_length");
		wire_take(data, n, "attribute_name");
		wire_want_u8(data, 0, R_SMB1_FEA, "attribute_name");
	}
}

static void open2(struct smb1_read *r, struct wire *params, struct wire *data)
{
	size_t n;

	r->unit->opens = true;
	if (!smb1_room(r, params, SMB_FILES))
		return;
	wire_take(params, 28, "flags");
	n = wire_left(params);
	if (n > 1024)
		wire_fail_numbers(params, wire_offset(params), R_SMB1_OPEN_NAME, "file_name", 1024, n);
	path(r, params);
	fea_list(data);
}

/* The file a transaction names in its parameters. */
static void fid_of(struct smb1_read *r, struct wire *params)
{
	uint32_t at = wire_offset(params);
	uint16_t fid = wire_le16(params, "fid");

	smb1_find_file(r, params, at, fid);
}

static void op(struct smb1_read *r, enum smb_op what, enum smb_access access)
{
	smb_fact_number(r->cx, SMB_FACT_OP, what);
	smb_fact_number(r->cx, SMB_FACT_ACCESS, access);
}

enum { LEVEL_SET_EAS = 2, LEVEL_EAS_FROM_LIST = 3 };
enum { LEVEL_DISPOSITION = 0x102, LEVEL_UNIX_LINK = 0x201, LEVEL_UNIX_HLINK = 0x203, LEVEL_POSIX_OPEN = 0x209, LEVEL_POSIX_UNLINK = 0x20a,
       PASS_RENAME = 1010, PASS_LINK = 1011, PASS_DISPOSITION = 1013 };

/* What is set may delete a file, rename it, give it another name or open it. A new name stands below the old one's folder or not. */
static void set_op(struct smb1_read *r, bool by_file)
{
	switch (r->level) {
	case LEVEL_DISPOSITION:
	case PASS_DISPOSITION:
	case LEVEL_POSIX_UNLINK:
		op(r, SMB_OP_DELETE, SMB_ACCESS_WRITE);
		break;
	case PASS_RENAME:
		op(r, SMB_OP_RENAME, SMB_ACCESS_WRITE);
		smb_fact_unknown(r->cx, SMB_FACT_NEW_PATH);
		break;
	case PASS_LINK:
	case LEVEL_UNIX_LINK:
	case LEVEL_UNIX_HLINK:
		smb_fact_unknown(r->cx, SMB_FACT_NEW_PATH);
		smb_fact_unknown(r->cx, SMB_FACT_PATH);
		return;
	case LEVEL_POSIX_OPEN:
		op(r, SMB_OP_CREATE, SMB_ACCESS_WRITE);
		return;
	default:
		return;
	}
	if (by_file)
		smb_fact_unknown(r->cx, SMB_FACT_PATH);
}

static void set_data(struct smb1_read *r, struct wire *data)
{
	if (r->level == LEVEL_SET_EAS)
		fea_list(data);
	wire_take(data, wire_left(data), "data");
}

static void find(struct smb1_read *r, uint16_t sub, const struct smb1_parts *t, struct wire *params, struct wire *data)
{
	op(r, SMB_OP_QUERY_DIRECTORY, SMB_ACCESS_READ);
	smb1_space(r, params, 0, t->max_params, sub == 1 ? 10 : 8, "max_parameter_count");
	wire_take(params, sub == 1 ? 6 : 4, "search_attributes");
	level(r, params, find_levels, COUNT(find_levels), t->max_data);
	wire_take(params, sub == 1 ? 4 : 6, "search_storage_type");
	path(r, params);
	if (r->level == LEVEL_EAS_FROM_LIST)
		gea_list(data);
}

/* QUERY and SET of a path or a file; every one answers two bytes of parameters. */
static void information(struct smb1_read *r, uint16_t sub, const struct smb1_parts *t, struct wire *params, struct wire *data)
{
	bool sets = sub == 6 || sub == 8, file = sub >= 7;

	op(r, sets ? SMB_OP_SET_INFO : SMB_OP_QUERY_INFO, sets ? SMB_ACCESS_WRITE : SMB_ACCESS_READ);
	smb1_space(r, params, 0, t->max_params, 2, "max_parameter_count");
	if (file)
		fid_of(r, params);
	if (sets)
		level(r, params, set_levels, COUNT(set_levels), 0);
	else
		level(r, params, query_levels, COUNT(query_levels), t->max_data);
	if (!file)
		wire_take(params, 4, "reserved");
	if (sets && !file && r->level == LEVEL_POSIX_OPEN) {
		r->unit->opens = true;
		if (!smb1_room(r, params, SMB_FILES))
			return;
	}
	if (file)
		wire_take(params, wire_left(params) > 2 ? 2 : wire_left(params), "reserved");
	else
		path(r, params);
	if (sets) {
		set_op(r, file);
		set_data(r, data);
	} else if (r->level == LEVEL_EAS_FROM_LIST)
		gea_list(data);
}

void smb1_trans2_check(struct smb1_read *r, const struct smb1_parts *t, struct wire *params, struct wire *data)
{
	uint16_t sub = t->function;

	params->short_why = data->short_why = R_SMB1_PARAMS;
	if (t->setups != 1)
		wire_fail_numbers(params, wire_offset(params), R_SMB1_SUBCOMMAND, "setup_count", 1, t->setups);
	switch (sub) {
	case 0:
		op(r, SMB_OP_CREATE, SMB_ACCESS_WRITE);
		smb1_space(r, params, 0, t->max_params, 30, "max_parameter_count");
		open2(r, params, data);
		break;
	case 1:
	case 2:
		find(r, sub, t, params, data);
		break;
	case 3:
		op(r, SMB_OP_QUERY_INFO, SMB_ACCESS_READ);
		level(r, params, fs_levels, COUNT(fs_levels), t->max_data);
		break;
	case 4:
		op(r, SMB_OP_SET_INFO, SMB_ACCESS_WRITE);
		wire_le16(params, "fid");
		level(r, params, fs_levels, COUNT(fs_levels), UINT32_MAX);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		information(r, sub, t, params, data);
		break;
	case 0x0d:
		op(r, SMB_OP_MKDIR, SMB_ACCESS_WRITE);
		wire_take(params, 4, "reserved");
		path(r, params);
		fea_list(data);
		break;
	case 0x10:
		op(r, SMB_OP_QUERY_INFO, SMB_ACCESS_READ);
		wire_le16(params, "max_referral_level");
		smb1_space(r, params, 0, t->max_data, 8, "max_data_count");
		path(r, params);
		break;
	default:
		wire_fail_numbers(params, wire_offset(params), R_SMB1_SUBCOMMAND, "setup", 0, sub);
	}
	wire_end(params, R_SMB1_PARAMS, "parameters");
}

/* NT_TRANSACT_CREATE (2.2.7.1). */
static void nt_create(struct smb1_read *r, struct wire *params, struct wire *data)
{
	uint32_t    security, attributes, name_at, name, root, options;
	struct wire view;

	op(r, SMB_OP_CREATE, SMB_ACCESS_WRITE);
	r->unit->opens = true;
	if (!smb1_room(r, params, SMB_FILES))
		return;
	wire_le32(params, "flags");
	root = wire_le32(params, "root_directory_fid");
	wire_take(params, 24, "desired_access");
	options = wire_le32(params, "create_options");
	name_at = wire_offset(params);
	security = wire_le32(params, "security_descriptor_length");
	attributes = wire_le32(params, "ea_length");
	name = wire_le32(params, "name_length");
	wire_take(params, 5, "impersonation_level");
	if (params->fault->why)
		return;
	if (security > wire_left(data) || attributes > wire_left(data) - security) {
		wire_fail_numbers(params, name_at, R_SMB1_PARAMS, "security_descriptor_length", wire_left(data), security);
		return;
	}
	smb1_align(r, params);
	if (name > wire_left(params)) {
		wire_fail_numbers(params, name_at, R_SMB1_PARAMS, "name_length", wire_left(params), name);
		return;
	}
	view = wire_sub(params, name, "name");
	path(r, &view);
	if (root)
		smb_fact_unknown(r->cx, SMB_FACT_PATH);
	smb_fact_options(r->cx, options);
	wire_take(params, wire_left(params), "pad");
}

void smb1_nt_check(struct smb1_read *r, const struct smb1_parts *t, struct wire *params, struct wire *data)
{
	enum { CREATE = 1, IOCTL, SET_SECURITY, NOTIFY, RENAME, QUERY_SECURITY, QUERY_QUOTA, SET_QUOTA };
	uint32_t at = wire_offset(params);

	params->short_why = data->short_why = R_SMB1_PARAMS;
	switch (t->function) {
	case CREATE:
		smb1_space(r, params, at, t->max_params, 69, "max_parameter_count");
		nt_create(r, params, data);
		return;
	case IOCTL:
		op(r, SMB_OP_IOCTL, SMB_ACCESS_WRITE);
		smb_fact_number(r->cx, SMB_FACT_CODE, t->setup[0] | (uint32_t)t->setup[1] << 16);
		if (t->setups != 4)
			wire_fail_numbers(params, at, R_SMB1_SUBCOMMAND, "setup_count", 4, t->setups);
		smb1_find_file(r, params, at, t->setup[2]);
		if (r->file && r->file->kind == SMB_KIND_PIPE)
			wire_fail(params, at, R_SMB1_PIPE_PIECES, "function_code");
		return;
	case NOTIFY:
		op(r, SMB_OP_CHANGE_NOTIFY, SMB_ACCESS_READ);
		if (t->setups != 4)
			wire_fail_numbers(params, at, R_SMB1_SUBCOMMAND, "setup_count", 4, t->setups);
		smb1_find_file(r, params, at, t->setup[2]);
		return;
	case SET_SECURITY:
	case QUERY_SECURITY: /* its MaxDataCount may be 0: that is how clients ask for the size */
		op(r, t->function == SET_SECURITY ? SMB_OP_SET_INFO : SMB_OP_QUERY_INFO,
		   t->function == SET_SECURITY ? SMB_ACCESS_WRITE : SMB_ACCESS_READ);
		if (t->function == QUERY_SECURITY)
			smb1_space(r, params, at, t->max_params, 4, "max_parameter_count");
		fid_of(r, params);
		wire_take(params, 6, "security_information");
		wire_end(params, R_SMB1_PARAMS, "parameters");
		return;
	case QUERY_QUOTA:
	case SET_QUOTA:
		op(r, t->function == SET_QUOTA ? SMB_OP_SET_INFO : SMB_OP_QUERY_INFO,
		   t->function == SET_QUOTA ? SMB_ACCESS_WRITE : SMB_ACCESS_READ);
		fid_of(r, params);
		return;
	default:
		wire_fail_numbers(params, at, R_SMB1_SUBCOMMAND, "function", 0, t->function);
	}
}
