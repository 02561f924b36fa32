/* What servers answer to DFS_GET_REFERRALS: where a path leads, in entries that point at names behind them. */
/*
 * Spec: MS-DFSC 2.2.4, 2.2.5.
 * Input from: servers.
 * Limits: smb.message.
 * Not done: of a list of expanded names the first alone is looked at; SMB 1 brings the same, which is not read there.
 */
#include "proto/smb2/smb2_int.h"

enum { NAME_LIST = 2 }; /* ReferralEntryFlags (2.2.5.3) */

/* An entry being read. */
struct entry {
	struct smb2_read *r;
	struct wire       from; /* stands on the entry and reaches to the end of all */
	const uint32_t   *ends; /* by parity: behind the last offset at which a name can end */
	uint16_t          size;
};

/* Where names can end: behind the last zero unit at an even and at an odd offset. */
static void ends_of(const struct wire *list, uint32_t ends[2])
{
	struct wire    w = *list;
	size_t         n = wire_left(&w);
	uint32_t       at = wire_offset(&w);
	const uint8_t *p = wire_take(&w, n, "referrals");

	ends[0] = ends[1] = 0;
	for (size_t i = 0; p && i + 1 < n; i++)
		if (!p[i] && !p[i + 1])
			ends[(at + i) & 1] = at + (uint32_t)i + 1;
}

/* An offset from the entry's beginning leads to a name that ends; 0 is none. */
static void name(const struct entry *e, uint16_t off, const char *field)
{
	struct wire at;

	if (!off || e->r->cx->fault.why)
		return;
	if (off >= e->size && off <= wire_left(&e->from)) {
		at = wire_at(&e->from, off, 0, field);
		if (wire_offset(&at) < e->ends[wire_offset(&at) & 1])
			return;
	}
	wire_fail_numbers(&e->from, wire_offset(&e->from), R_SMB2_REFERRAL, field, 0, off);
}

static void entry(struct smb2_read *r, struct wire *list, const uint32_t ends[2])
{
	static const uint16_t least[] = {0, 10, 22, 18, 18};
	struct entry          e = {.r = r, .from = *list, .ends = ends};
	struct wire           w = *list;
	uint16_t              version, flags;

	version = wire_le16_range(&w, 1, 4, R_SMB2_REFERRAL, "version_number");
	e.size = wire_le16(&w, "size");
	wire_le16(&w, "server_type");
	flags = wire_le16(&w, "referral_entry_flags");
	if (r->cx->fault.why)
		return;
	if (e.size < least[version] || e.size > wire_left(list)) {
		wire_fail_numbers(list, wire_offset(list), R_SMB2_REFERRAL, "size", least[version], e.size);
		return;
	}
	wire_take(list, e.size, "referral");
	if (version == 1)
		return;
	wire_take(&w, version == 2 ? 8 : 4, "time_to_live");
	name(&e, wire_le16(&w, "dfs_path_offset"), "dfs_path_offset");
	if (version > 2 && flags & NAME_LIST) {
		if (wire_le16(&w, "number_of_expanded_names"))
			name(&e, wire_le16(&w, "expanded_name_offset"), "expanded_name_offset");
		return;
	}
	name(&e, wire_le16(&w, "dfs_alternate_path_offset"), "dfs_alternate_path_offset");
	name(&e, wire_le16(&w, "network_address_offset"), "network_address_offset");
}

void smb2_referrals(struct smb2_read *r, struct wire list)
{
	uint16_t count;
	uint32_t ends[2];

	if (!wire_more(&list))
		return;
	ends_of(&list, ends);
	wire_le16(&list, "path_consumed");
	count = wire_le16(&list, "number_of_referrals");
	wire_le32(&list, "referral_header_flags");
	wire_list(&list);
	for (uint16_t i = 0; i < count && !r->cx->fault.why; i++) {
		wire_element(&list);
		entry(r, &list, ends);
	}
}
