/* IOCTL of SMB 2: which FSCTL codes exist here, and how large what they carry may be. */
/*
 * Spec: MS-SMB2 2.2.31, 2.2.32, MS-FSCC 2.3.
 * Input from: clients with a session; answers of servers.
 * Limits: smb.message.
 * Not done: codes that are not in the table are refused.
 */
#include "proto/smb2/smb2_int.h"

enum { IS_FSCTL = 1, PIPE_TRANSCEIVE = 0x0011c017, DFS_GET_REFERRALS = 0x00060194, DFS_GET_REFERRALS_EX = 0x000601b0 };
enum { ANY = 65536 };

struct fsctl {
	uint32_t code, least, most; /* octets of input */
	uint8_t  access;
	bool     none; /* needs no open file */
};

static const struct fsctl fsctls[] = {
	{DFS_GET_REFERRALS, 4, ANY, SMB_ACCESS_READ, true},
	{DFS_GET_REFERRALS_EX, 8, ANY, SMB_ACCESS_READ, true},
	{0x00090000, 0, 0, SMB_ACCESS_READ, false}, /* REQUEST_OPLOCK_LEVEL_1 */
	{0x00090018, 0, 0, SMB_ACCESS_WRITE, false}, /* LOCK_VOLUME */
	{0x0009001c, 0, 0, SMB_ACCESS_WRITE, false}, /* UNLOCK_VOLUME */
	{0x00090028, 0, 0, SMB_ACCESS_READ, false}, /* IS_VOLUME_MOUNTED */
	{0x0009002c, 0, 0, SMB_ACCESS_READ, false}, /* IS_PATHNAME_VALID */
	{0x0009003c, 0, 0, SMB_ACCESS_READ, false}, /* GET_COMPRESSION */
	{0x00090060, 0, 0, SMB_ACCESS_READ, false}, /* FILESYSTEM_GET_STATISTICS */
	{0x00090064, 0, 0, SMB_ACCESS_READ, false}, /* GET_NTFS_VOLUME_DATA */
	{0x0009008c, 0, 0, SMB_ACCESS_READ, false}, /* GET_NTFS_FILE_RECORD's kin */
	{0x00090098, 64, 64, SMB_ACCESS_WRITE, false}, /* SET_OBJECT_ID */
	{0x0009009c, 0, 0, SMB_ACCESS_READ, false}, /* GET_OBJECT_ID */
	{0x000900a0, 0, 0, SMB_ACCESS_WRITE, false}, /* DELETE_OBJECT_ID */
	{0x000900a4, 8, ANY, SMB_ACCESS_WRITE, false}, /* SET_REPARSE_POINT */
	{0x000900a8, 0, 0, SMB_ACCESS_READ, false}, /* GET_REPARSE_POINT */
	{0x000900ac, 8, ANY, SMB_ACCESS_WRITE, false}, /* DELETE_REPARSE_POINT */
	{0x000900bc, 48, 48, SMB_ACCESS_WRITE, false}, /* SET_OBJECT_ID_EXTENDED */
	{0x000900c0, 0, 64, SMB_ACCESS_WRITE, false}, /* CREATE_OR_GET_OBJECT_ID */
	{0x000900c4, 0, 1, SMB_ACCESS_WRITE, false}, /* SET_SPARSE */
	{0x000900eb, 0, 0, SMB_ACCESS_READ, false}, /* READ_FILE_USN_DATA */
	{0x000940cf, 16, 16, SMB_ACCESS_READ, false}, /* QUERY_ALLOCATED_RANGES */
	{0x000980c8, 16, 16, SMB_ACCESS_WRITE, false}, /* SET_ZERO_DATA */
	{0x0009c040, 2, 2, SMB_ACCESS_WRITE, false}, /* SET_COMPRESSION */
	{0x00090240, 0, 24, SMB_ACCESS_READ, false}, /* REQUEST_OPLOCK */
	{0x0009027c, 0, 0, SMB_ACCESS_READ, false}, /* GET_INTEGRITY_INFORMATION */
	{0x0009c280, 8, 8, SMB_ACCESS_WRITE, false}, /* SET_INTEGRITY_INFORMATION */
	{0x00094264, 32, 32, SMB_ACCESS_READ, false}, /* OFFLOAD_READ */
	{0x00098268, 544, 544, SMB_ACCESS_WRITE, false}, /* OFFLOAD_WRITE */
	{0x00098208, 8, ANY, SMB_ACCESS_WRITE, false}, /* FILE_LEVEL_TRIM */
	{0x00098344, 40, 40, SMB_ACCESS_WRITE, false}, /* DUPLICATE_EXTENTS_TO_FILE */
	{0x000983e8, 48, 48, SMB_ACCESS_WRITE, false}, /* DUPLICATE_EXTENTS_TO_FILE_EX */
	{0x000903d3, 0, 16, SMB_ACCESS_READ, false}, /* QUERY_REGION_INFO's kin */
	{0x0011400c, 0, 0, SMB_ACCESS_READ, false}, /* PIPE_PEEK */
	{0x00110018, 14, 1024, SMB_ACCESS_NONE, true}, /* PIPE_WAIT */
	{PIPE_TRANSCEIVE, 0, 0xffffffff, SMB_ACCESS_NONE, false},
	{0x00140078, 0, 0, SMB_ACCESS_READ, false}, /* SRV_REQUEST_RESUME_KEY */
	{0x00144064, 0, 0, SMB_ACCESS_READ, false}, /* SRV_ENUMERATE_SNAPSHOTS */
	{0x001440f2, 32, ANY, SMB_ACCESS_WRITE, false}, /* SRV_COPYCHUNK */
	{0x001480f2, 32, ANY, SMB_ACCESS_WRITE, false}, /* SRV_COPYCHUNK_WRITE */
	{0x001441bb, 32, 32, SMB_ACCESS_READ, false}, /* SRV_READ_HASH */
	{0x001401d4, 8, 8, SMB_ACCESS_READ, false}, /* LMR_REQUEST_RESILIENCY */
	{0x001401fc, 0, 0, SMB_ACCESS_READ, true}, /* QUERY_NETWORK_INTERFACE_INFO */
	{0x00140204, 24, 24 + 2 * 65535, SMB_ACCESS_READ, true}, /* VALIDATE_NEGOTIATE_INFO */
};

static const struct fsctl *fsctl_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(fsctls) / sizeof(fsctls[0]); i++)
		if (fsctls[i].code == code)
			return &fsctls[i];
	return NULL;
}

/* One request of a pipe that reads may be on its way, and its answer comes in the same order. */
static void transceive(struct smb2_read *r, struct wire input)
{
	if (!r->tree || r->tree->kind != SMB_KIND_PIPE || !r->file) {
		wire_fail(&r->w, wire_offset(&r->w), R_SMB2_PIPE, "ctl_code");
		return;
	}
	r->u->reads = true;
	smb2_pipe(r, input);
}

void smb2_ioctl_request(struct smb2_read *r)
{
	struct wire        *w = &r->w, input;
	const struct fsctl *f;
	uint32_t            code, off, n, out_off, out_n, out, at;

	wire_le16(w, "reserved");
	at = wire_offset(w);
	r->u->code = code = wire_le32(w, "ctl_code");
	f = fsctl_of(code);
	if (!f)
		wire_fail_numbers(w, at, R_SMB2_FSCTL, "ctl_code", 0, code);
	smb2_file_id(r, f && f->none);
	off = wire_le32(w, "input_offset");
	n = wire_le32(w, "input_count");
	wire_le32(w, "max_input_response");
	out_off = wire_le32(w, "output_offset");
	out_n = wire_le32(w, "output_count");
	out = wire_le32(w, "max_output_response");
	wire_want_le32(w, IS_FSCTL, R_SMB2_VALUE, "flags");
	if (r->cx->fault.why || !f)
		return;
	if (n < f->least || n > f->most)
		wire_fail_numbers(w, at, R_SMB2_FSCTL_SIZE, "input_count", n < f->least ? f->least : f->most, n);
	input = smb2_field(r, off, n, "input");
	smb2_field(r, out_off, out_n, "output");
	smb2_paid(r, n > out ? n : out);
	r->u->space = out;
	smb_fact_number(r->cx, SMB_FACT_CODE, code);
	smb_fact_number(r->cx, SMB_FACT_ACCESS, f->access);
	if (code == PIPE_TRANSCEIVE)
		transceive(r, input);
}

void smb2_ioctl_answer(struct smb2_read *r)
{
	struct wire *w = &r->w, output;
	uint32_t     code, off, n, in_off, in_n;

	wire_le16(w, "reserved");
	code = wire_le32(w, "ctl_code");
	if (code != r->asked->code)
		wire_fail_numbers(w, wire_offset(w) - 4, R_SMB2_ANSWER, "ctl_code", r->asked->code, code);
	wire_take(w, 16, "file_id");
	in_off = wire_le32(w, "input_offset");
	in_n = wire_le32(w, "input_count");
	off = wire_le32(w, "output_offset");
	n = wire_le32(w, "output_count");
	wire_le32(w, "flags");
	if (n > r->asked->space)
		wire_fail_numbers(w, wire_offset(w) - 8, R_SMB2_SPACE, "output_count", r->asked->space, n);
	smb2_field(r, in_off, in_n, "input");
	if (code != PIPE_TRANSCEIVE) {
		output = smb2_field(r, off, n, "output");
		if ((code == DFS_GET_REFERRALS || code == DFS_GET_REFERRALS_EX) && !r->u->status && !r->cx->fault.why)
			smb2_referrals(r, output);
		return;
	}
	r->file = smb2_file_of(r->cx, r->asked->session, r->asked->persistent, r->asked->volatile_);
	smb2_pipe(r, smb2_field(r, off, n, "output"));
}
