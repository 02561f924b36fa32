/* Derives what is shielded today from reasons, vectors and recognisers; nothing of it is typed in. */
#include "assess/known.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/protocols.h"

/* Protocols that can put their messages out of sight in the middle of a flow. */
static const struct {
	const char *protocol, *how;
} sealers[] = {
	{"ldap", "StartTLS or a SASL layer"},
	{"smb2", "encryption of SMB 3"},
	{"smb", "encryption of SMB 3"},
	{"dcerpc", "packet privacy, or encryption of SMB 3,"},
	{"samr", "packet privacy, or encryption of SMB 3,"},
};

enum { SEALERS = sizeof(sealers) / sizeof(sealers[0]) };

size_t known_vectors(const struct reason *reason)
{
	size_t n = 0;

	for (int kind = VECTOR_SMALLEST; kind <= VECTOR_REFUSED; kind++)
		n += vector_count(reason->number, (enum vector_kind)kind);
	return n;
}

bool known_shown(const struct reason *reason)
{
	uint16_t n = reason->number;

	if (reason->shown == SHOWN_SCENARIO)
		return true;
	if (!vector_count(n, VECTOR_REFUSED))
		return false;
	if (reason->shown == SHOWN_RULE)
		return vector_count(n, VECTOR_NEIGHBOUR) >= 2;
	return vector_count(n, VECTOR_SMALLEST) && vector_count(n, VECTOR_LARGEST);
}

/* "CAN-" and "CVE-" are two names of one list. */
static size_t skip_list_name(const char *id, size_t n)
{
	return n > 4 && (strncasecmp(id, "CAN-", 4) == 0 || strncasecmp(id, "CVE-", 4) == 0) ? 4 : 0;
}

bool known_same_id(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t sa = skip_list_name(a, a_len), sb = skip_list_name(b, b_len);

	return sa == sb && a_len - sa == b_len - sb && strncasecmp(a + sa, b + sb, a_len - sa) == 0;
}

bool known_word(const char **list, char out[static KNOWN_WORD])
{
	const char *p = *list + strspn(*list, " ");
	size_t      n = strcspn(p, " ");
	struct str  s = str_over(out, KNOWN_WORD);

	str_bytes(&s, p, n < KNOWN_WORD ? n : KNOWN_WORD - 1);
	*list = p + n;
	return n;
}

bool known_listed(const char *list, const char *id)
{
	char word[KNOWN_WORD];

	while (known_word(&list, word))
		if (known_same_id(word, strlen(word), id, strlen(id)))
			return true;
	return false;
}

bool known_fires_over(const struct reason *reason, const char *protocol)
{
	size_t               count;
	const struct vector *all = vectors_all(&count);

	if (strcmp(reason->protocol, protocol) == 0)
		return true;
	for (size_t i = 0; i < count; i++)
		if (all[i].reason == reason->number && all[i].kind == VECTOR_REFUSED && strcmp(all[i].protocol, protocol) == 0)
			return true;
	return false;
}

void known_sentence(struct str *out, const struct reason *reason)
{
	for (const char *p = reason->sentence; *p;) {
		size_t n = strcspn(p, "{");

		str_bytes(out, p, n);
		p += n;
		if (!*p)
			break;
		str_char(out, 'N');
		p += strcspn(p, "}");
		p += *p == '}';
	}
}

static void list_add(struct carrier_list *list, const char *name)
{
	if (list->count < CARRIERS_MAX)
		snprintf(list->name[list->count++], sizeof(list->name[0]), "%.*s", KNOWN_WORD - 1, name);
}

static const char *sealed_by(const char *protocol)
{
	for (size_t i = 0; i < SEALERS; i++)
		if (strcmp(sealers[i].protocol, protocol) == 0)
			return sealers[i].how;
	return NULL;
}

/* A recogniser that reads the protocol; the one that lets TLS pass unseen reads nothing. */
static bool recognised(const char *protocol)
{
	for (size_t i = 0; protocols[i]; i++)
		if (protocols[i]->id != PROTO_OPAQUE_TLS &&
		    (strcmp(protocols[i]->name, protocol) == 0 || (protocols[i]->reads && known_listed(protocols[i]->reads, protocol))))
			return true;
	return false;
}

/* What holds over one carrier. */
static void judge_carrier(struct shield *s, const char *flaw, const char *carrier)
{
	size_t               count, firing = 0, deep = 0;
	const struct reason *rows = reasons_all(&count);
	bool                 shown = true;

	if (!recognised(carrier)) {
		list_add(&s->missing, carrier);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (!known_listed(rows[i].flaws, flaw) || !known_fires_over(&rows[i], carrier))
			continue;
		firing++;
		shown = shown && known_shown(&rows[i]);
		deep += rows[i].needs >= NEEDS_OPERATION;
	}
	if (!firing)
		list_add(&s->unnamed, carrier);
	else if (!shown)
		list_add(&s->unshown, carrier);
	else
		list_add(&s->covered, carrier);
	if (firing && shown && deep && sealed_by(carrier))
		list_add(&s->clear_only, carrier);
}

struct shield known_shield(const struct flaw *flaw)
{
	struct shield        s = {.status = SHIELD_HOST};
	size_t               count;
	const struct reason *rows = reasons_all(&count);
	const char          *carriers = flaw->carriers;
	char                 carrier[KNOWN_WORD];

	for (size_t i = 0; i < count; i++)
		if (known_listed(rows[i].flaws, flaw->id)) {
			s.reasons++;
			s.vectors += known_vectors(&rows[i]);
		}
	while (known_word(&carriers, carrier))
		judge_carrier(&s, flaw->id, carrier);
	if (flaw->host_only[0])
		return s;
	s.status = s.covered.count ? SHIELD_PART : SHIELD_NONE;
	if (s.covered.count && !s.missing.count && !s.unnamed.count && !s.unshown.count)
		s.status = SHIELD_FULL;
	return s;
}

const char *shield_status_name(enum shield_status status)
{
	static const char *const names[] = {"shielded", "partly", "not covered", "host only"};

	return names[status];
}

/* "a, b and c" */
static void list_text(struct str *out, const struct carrier_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		str_fmt(out, "%s%s", !i ? "" : i + 1 == list->count ? " and " : ", ", list->name[i]);
}

/* "; not covered over a and b: why", with the right beginning. */
static void gap_text(struct str *out, const struct carrier_list *list, const char *why)
{
	if (!list->count)
		return;
	str_add(out, out->len ? "; not covered over " : "not covered over ");
	list_text(out, list);
	str_fmt(out, ": %s", why);
}

void shield_text(struct str *out, const struct flaw *flaw, const struct shield *s)
{
	if (s->status == SHIELD_HOST) {
		str_fmt(out, "host only: %s; sallyport assess finds the hosts that have it", flaw->host_only);
		return;
	}
	if (s->covered.count) {
		str_add(out, "shielded over ");
		list_text(out, &s->covered);
	}
	if (!s->covered.count && s->missing.count) {
		str_add(out, "not covered: no recogniser for ");
		list_text(out, &s->missing);
		str_add(out, " yet");
	} else {
		gap_text(out, &s->missing, "no recogniser yet");
	}
	gap_text(out, &s->unnamed, "recognised, but no reason that names it is shown there yet");
	gap_text(out, &s->unshown, "not all its vectors are there yet");
	for (size_t i = 0; i < s->clear_only.count; i++)
		str_fmt(out, "; only in clear: %s inside %s is not seen", s->clear_only.name[i], sealed_by(s->clear_only.name[i]));
}
