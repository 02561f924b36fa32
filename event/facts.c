/* What a message says, as objects of the names that readers of Suricata's EVE and of Zeek's logs know. */
#include "event/facts.h"

#include <string.h>

#include "event/event.h"
#include "event/text.h"

/*
 * Input from: facts of a recogniser, whose texts are a peer's: escaped, and cut at FACT_TEXT_MAX bytes.
 * A fact that is not in the table is named after itself: "smb.signed" is the member `signed` of the object `smb`.
 */

enum { DEEP = 3, PATH = 96, KEY = 48 };

/* How a value is written. */
enum form {
	AS_IT_IS = 0,
	UPPER, /* "session-setup" as SESSION_SETUP */
	COMMAND, /* the same, with the version of SMB before it */
	OPERATION, /* "search" as search_request */
	HEX, /* 0xc0000022 */
	LIST, /* an array of one */
	DIALECT, /* "3.1.1" as 3.11 */
	SHARE, /* "disk" as FILE */
};

/* `as`: the path of the member. '^' stands for the object of the protocol that carries this one, where it is SMB; else for nothing. */
static const struct {
	const char *fact, *as;
	enum form   form;
} names[] = {
	{"smb.dialect", "smb.dialect", DIALECT},
	{"smb.op", "smb.command", COMMAND},
	{"smb.path", "smb.filename", AS_IT_IS},
	{"smb.new-path", "smb.rename.to", AS_IT_IS},
	{"smb.pipe", "smb.named_pipe", AS_IT_IS},
	{"smb.tree", "smb.share_type", SHARE},
	{"smb.status", "smb.status_code", HEX},
	{"smb.code", "smb.function", AS_IT_IS},
	{"auth.mechanism", "^auth.mechanism", AS_IT_IS},
	{"ntlmssp.user", "^ntlmssp.user", AS_IT_IS},
	{"ntlmssp.domain", "^ntlmssp.domain", AS_IT_IS},
	{"ntlmssp.host", "^ntlmssp.host", AS_IT_IS},
	{"krb5.service", "^kerberos.snames", LIST},
	{"dcerpc.packet", "^dcerpc.request", UPPER},
	{"dcerpc.interface", "^dcerpc.interface.name", AS_IT_IS},
	{"dcerpc.uuid", "^dcerpc.interface.uuid", AS_IT_IS},
	{"ldap.op", "ldap.request.operation", OPERATION},
};

/* The word for a number that has one, or NULL. */
static const char *word_of(const struct fact_def *def, const struct fact *fact)
{
	for (uint64_t i = 0; fact->state == FACT_NUMBER && def->words && def->words[i]; i++)
		if (i == fact->number)
			return def->words[i];
	return NULL;
}

static void put_upper(struct str *out, const char *word)
{
	for (; *word; word++)
		str_char(out, *word == '-' ? '_' : *word >= 'a' && *word <= 'z' ? (char)(*word - 'a' + 'A') : *word);
}

/* "SMB2_" once 2.0.2 or later is spoken, "SMB1_" with what was before, nothing while nothing is agreed. */
static const char *smb_version(const struct recogniser *r, const struct fact *facts)
{
	for (uint8_t i = 0; i < r->facts; i++)
		if (strcmp(r->fact[i].name, "smb.dialect") == 0) {
			const char *word = word_of(&r->fact[i], &facts[i]);

			return !word || strcmp(word, "none") == 0 ? "" : word[0] >= '2' && word[0] <= '9' ? "SMB2_COMMAND_" : "SMB1_COMMAND_";
		}
	return "";
}

static const char *other_word(const char *word)
{
	static const char *const other[][2] = {{"nt1", "NT LM 0.12"}, {"2.0.2", "2.02"}, {"2.1", "2.10"}, {"3.0", "3.00"},
					       {"3.0.2", "3.02"},     {"3.1.1", "3.11"}, {"disk", "FILE"}, {"pipe", "PIPE"}, {"print", "PRINT"}};

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (strcmp(other[i][0], word) == 0)
			return other[i][1];
	return word;
}

static json_t *plain(const char *word, const struct fact *fact)
{
	if (fact->state == FACT_UNKNOWN)
		return json_null();
	if (fact->state == FACT_TEXT)
		return eve_text(fact->text, fact->len, FACT_TEXT_MAX);
	return word ? json_string(word) : json_integer((json_int_t)(fact->number > INT64_MAX ? INT64_MAX : fact->number));
}

static json_t *value_of(const struct recogniser *r, const struct fact *facts, uint8_t i, enum form form)
{
	char        text[KEY * 2];
	struct str  s = str_over(text, sizeof(text));
	const char *word = word_of(&r->fact[i], &facts[i]);
	json_t     *list;

	if (form == LIST) {
		list = json_array();
		json_array_append_new(list, plain(word, &facts[i]));
		return list;
	}
	if (form == HEX && facts[i].state == FACT_NUMBER)
		str_fmt(&s, "0x%llx", (unsigned long long)facts[i].number);
	else if (form == COMMAND && word)
		str_add(&s, smb_version(r, facts));
	if ((form == COMMAND || form == UPPER) && word)
		put_upper(&s, word);
	else if (form == OPERATION && word)
		str_fmt(&s, "%s_request", word);
	else if ((form == DIALECT || form == SHARE) && word)
		str_add(&s, other_word(word));
	return s.len ? json_string(s.text) : plain(word, &facts[i]);
}

/* The member at the end of the path, whose objects are made where they are missing. */
static void set_at(json_t *object, const char *path, json_t *value)
{
	char key[KEY];

	for (int deep = 0; deep <= DEEP; deep++) {
		size_t     n = strcspn(path, ".");
		struct str s = str_over(key, sizeof(key));
		json_t    *next;

		str_bytes(&s, path, n);
		if (!path[n]) {
			json_object_set_new(object, key, value);
			return;
		}
		next = json_object_get(object, key);
		if (!json_is_object(next)) {
			next = json_object();
			json_object_set_new(object, key, next);
		}
		object = next;
		path += n + 1;
	}
	json_decref(value);
}

/* "krb5.error-code" as krb5.error_code, "ldap.filter.depth" as ldap.request.filter_depth. */
static void own_path(const struct recogniser *r, const struct fact_def *def, struct str *out)
{
	const char *dot = strchr(def->name, '.'), *rest = dot ? dot + 1 : def->name;
	bool        own = dot && strncmp(def->name, r->name, (size_t)(dot - def->name)) == 0;

	if (!own && strcmp(r->name, "smb") == 0)
		str_add(out, strncmp(def->name, "krb5.", 5) == 0 ? "smb.kerberos." : "smb.");
	if (dot && (own || strcmp(r->name, "smb") != 0 || strncmp(def->name, "krb5.", 5) != 0)) {
		str_bytes(out, def->name, (size_t)(dot - def->name));
		str_char(out, '.');
	}
	/* Suricata keeps what was asked apart from what was answered. */
	if (strncmp(def->name, "ldap.", 5) == 0 && def->scope != FACT_OF_FLOW)
		str_add(out, def->scope == FACT_OF_ANSWER ? "response." : "request.");
	for (; *rest; rest++)
		str_char(out, *rest == '.' || *rest == '-' ? '_' : *rest);
}

static void add(json_t *line, const struct recogniser *r, const struct fact *facts, uint8_t i)
{
	char       path[PATH];
	struct str s = str_over(path, sizeof(path));
	enum form  form = AS_IT_IS;

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (strcmp(names[k].fact, r->fact[i].name) == 0) {
			bool carried = names[k].as[0] == '^';

			form = names[k].form;
			str_fmt(&s, "%s%s", carried && strcmp(r->name, "smb") == 0 ? "smb." : "", names[k].as + carried);
		}
	if (!s.len)
		own_path(r, &r->fact[i], &s);
	set_at(line, path, value_of(r, facts, i, form));
}

void eve_facts(json_t *line, const struct recogniser *r, const struct fact *facts)
{
	for (uint8_t i = 0; r && facts && i < r->facts && i < FACTS_MAX; i++)
		if (facts[i].state != FACT_NONE)
			add(line, r, facts, i);
}
