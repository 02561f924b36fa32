/* Reads requests of the Remote Administration Protocol: operation, descriptors, parameters, receive buffer. */
/*
 * Spec: MS-RAP 2.5 (descriptors of each operation), 4 (their alphabet).
 * Input from: clients, mostly browsers of networks and old printing.
 * Limits: none of its own.
 * Not done: the contents of answers; operations no client of today uses.
 */
#include "proto/smb1/smb1_int.h"

struct operation {
	uint16_t    code;
	const char *params; /* ParamDesc */
	const char *data[6]; /* DataDescs by level; none: the operation has no data */
};

#define SHARE2 "B13BWzWWWzB9B"
static const struct operation operations[] = {
	{0, "WrLeh", {"B13", "B13BWz", SHARE2, SHARE2 "B9BWzWWzWW"}},
	{1, "zWrLh", {"B13", "B13BWz", SHARE2, SHARE2 "B9BWzWWzWW"}},
	{13, "WrLh", {"B16", "B16BBDz", "B16BBDzDDDWWzWWWWWWWBB21BzWWWWWWWWWWWWWWWWWWWWWWz"}},
	{63, "WrLh", {"zzzBBzz", "zzzBBzzzzzzzzz"}},
	{91, "rL", {"DDBBBBWWBBWB"}},
	{104, "WrLehDz", {"B16", "B16BBDz"}},
	{104, "WrLehDO", {"B16", "B16BBDz"}},
	{215, "WrLehDzz", {"B16", "B16BBDz"}},
	{69, "WrLeh", {"B13", "B13BWWWzzzzzWW", "B13BWWWzzzzzWN", "zWWWWzzzzWWzzl", "zWWWWzzzzWNzzl", "z"}},
	{70, "zWrLh", {"B13", "B13BWWWzzzzzWW", "B13BWWWzzzzzWN", "zWWWWzzzzWWzzl", "zWWWWzzzzWNzzl", "z"}},
	{76, "zWrLeh", {"W", "WB21BB16B10zWWzDDz", "WWzWWDDzz", "WWzWWDDzzzzzzzzzzlz"}},
	{77, "WWrLh", {"W", "WB21BB16B10zWWzDDz", "WWzWWDDzz", "WWzWWDDzzzzzzzzzzlz"}},
	{81, "W", {"", "W"}},
	{82, "W", {"", "W"}},
	{83, "W", {"", "W"}},
	{74, "z", {NULL}},
	{75, "z", {NULL}},
	{103, "z", {NULL}},
	{84, "WrLeh", {"B9", "B9B21WWzW", "z", "zzzWWzzzWW"}},
	{85, "zWrLh", {"B9", "B9B21WWzW", "z", "zzzWWzzzWW"}},
	{147, "WWsTP", {"WB21BB16B10zWWzDDz", "WWzWWDDzz", "WWzWWDDzzzzzzzzzzlz"}},
	{47, "WrLeh", {"B21", "B21Bz"}},
	{53, "WrLeh", {"B21", "B21BB16DWzzWz", "B21Bzzz"}},
	{56, "zWrLh", {"B21Bzzz", "B21BB16DWzzWz", "B21BB16DWzzWzDzzzzDDDDWb21WWzWW", "B21BzzzWDDzzDDWWzWzDWb21W"}},
	{59, "zWrLeh", {"B21"}},
	{115, "zb16b16WW", {NULL}},
	{214, "zsT", {"B516B16"}},
	{6, "WrLeh", {"zzWWWDDDz", "zWWWDDDzzzz", "zWWWDDD"}},
	{7, "zWrLh", {"zzWWWDDDz", "zWWWDDDzzzz", "zWWWDDD"}},
	{8, "zW", {NULL}},
	{39, "WrLeh", {"B16WDWB64"}},
	{112, "zzWrLehb8g8", {"DWWzz"}},
	{134, "zzWrLehb8g8", {"DWWzz"}},
	{132, "OOWb54WrLh", {"WB21BWDWWDDDDDDDzzzD"}},
	{133, "zzWb38WrLh", {"WDW"}},
};

enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]), DESCRIPTOR_MAX = 64 };

static bool is(struct smb1_text t, const char *text)
{
	return t.p && t.n == strlen(text) && !memcmp(t.p, text, t.n);
}

static const struct operation *find(uint16_t code, struct smb1_text params, struct smb1_text data)
{
	for (unsigned i = 0; i < OPERATIONS; i++) {
		const struct operation *o = &operations[i];

		if (o->code != code || !is(params, o->params))
			continue;
		if (!o->data[0] && !data.n)
			return o;
		for (unsigned k = 0; k < 6 && o->data[k]; k++)
			if (is(data, o->data[k]))
				return o;
	}
	return NULL;
}

/* A number in a descriptor of ours; 1 where none stands. */
static uint32_t number(const char **at)
{
	uint32_t n = 0;

	for (; **at >= '0' && **at <= '9'; ++*at)
		n = n * 10 + (uint32_t)(**at - '0');
	return n ? n : 1;
}

/* Fixed octets of one entry. */
static uint32_t entry_size(struct smb1_text data)
{
	char        text[DESCRIPTOR_MAX + 1] = {0};
	const char *at = text;
	uint32_t    size = 0;

	for (size_t i = 0; i < data.n && i < DESCRIPTOR_MAX; i++)
		text[i] = (char)smb1_character(data, i);
	while (*at) {
		char     c = *at++;
		uint32_t n = number(&at);

		size += n * (c == 'B' || c == 'b' ? 1 : c == 'W' || c == 'N' ? 2 : 4);
	}
	return size;
}

/* The parameters ParamDesc announces. Returns the receive buffer's size; UINT32_MAX without one. */
static uint32_t parameters(struct smb1_read *r, const char *at, struct wire *params, uint32_t *where)
{
	uint32_t size = UINT32_MAX;

	while (*at) {
		char     c = *at++;
		uint32_t n = number(&at);

		switch (c) {
		case 'L':
			*where = wire_offset(params);
			size = wire_le16(params, "receive_buffer_size");
			break;
		case 'W':
		case 'T':
		case 'P':
			wire_take(params, (size_t)n * 2, "word");
			break;
		case 'D':
			wire_take(params, (size_t)n * 4, "double_word");
			break;
		case 'b':
			wire_take(params, n, "octets");
			break;
		case 'z':
			smb1_text(r, params, false, "string");
			break;
		default: /* r, e, h, s, g, O take nothing */
			break;
		}
	}
	return size;
}

void smb1_rap_check(struct smb1_read *r, const struct smb1_parts *t, struct wire *params)
{
	uint32_t                at = wire_offset(params), where = at, size, entry;
	uint16_t                code;
	struct smb1_text        shape, data;
	const struct operation *o;

	params->short_why = R_SMB1_PARAMS;
	code = wire_le16(params, "rap_opcode");
	smb_fact_number(r->cx, SMB_FACT_CODE, code);
	shape = smb1_text(r, params, false, "param_desc");
	data = smb1_text(r, params, false, "data_desc");
	o = find(code, shape, data);
	if (!params->fault->why && !o)
		wire_fail_numbers(params, at, R_SMB1_RAP, "rap_opcode", 0, code);
	if (params->fault->why)
		return;
	size = parameters(r, o->params, params, &where);
	wire_take(params, wire_left(params) <= 64 ? wire_left(params) : 0, "auxiliary"); /* AuxDesc and what old clients leave */
	wire_end(params, R_SMB1_PARAMS, "parameters");
	smb1_space(r, params, at, t->max_params, strchr(o->params, 'e') ? 8 : strchr(o->params, 'h') ? 6 : 4, "max_parameter_count");
	if (size == UINT32_MAX || params->fault->why)
		return;
	entry = entry_size(data);
	if (size < entry || size > t->max_data) {
		r->unit->status = STATUS_BUFFER_TOO_SMALL;
		wire_fail_numbers(params, where, R_SMB1_RAP_BUFFER, "receive_buffer_size", size < entry ? entry : t->max_data, size);
	}
}
