/* Inventories: what is written reads as the same host, and every kind of mistake is told with its place. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "assess/evidence.h"
#include "test/tap.h"

static const char full[] =
	"{\"format\":\"sallyport-inventory-1\",\"name\":\"DC1\","
	"\"system\":{\"product\":\"Microsoft Windows 2000 Server\",\"service_pack\":4,\"architecture\":\"x86\",\"role\":\"domain-controller\",\"language\":\"JA\","
	"\"version\":\"5.0.2195\",\"editions\":[\"server\"]},"
	"\"updates\":[{\"id\":\"Q147222\"},{\"id\":\"KB835732\",\"under\":\"Windows 2000\\\\SP5\",\"date\":\"2004-04-20\"}],\"updates_truncated\":true,"
	"\"files\":[{\"path\":\"%SystemRoot%\\\\System32\\\\Lsasrv.dll\",\"version\":\"5.0.2195.6902\",\"size\":513808,\"date\":\"2004-03-24\",\"language\":1041,"
	"\"attributes\":[\"read-only\",\"system\"],\"from\":{\"kind\":\"tree\",\"file\":\"winnt/system32/lsasrv.dll\"}},"
	"{\"path\":\"%systemroot%\\\\debug\\\\dcpromo.log\",\"absent\":true}],"
	"\"keys\":[{\"path\":\"HKEY_LOCAL_MACHINE\\\\SOFTWARE\\\\A\",\"complete\":true,\"values\":[{\"name\":\"n\",\"type\":\"number\",\"data\":1},"
	"{\"name\":\"\",\"type\":\"text\",\"data\":\"\\u00e4\"},{\"name\":\"t\",\"type\":\"texts\",\"data\":[\"a\",\"\",\"b\"]},{\"name\":\"o\",\"type\":\"other\"}]},"
	"{\"path\":\"HKCR\\\\HCP\",\"absent\":true}],"
	"\"services\":[{\"name\":\"Messenger\",\"display\":\"Messenger\",\"start\":\"disabled\",\"state\":\"stopped\"}],"
	"\"software\":[{\"name\":\"Microsoft Proxy Server 2.0\",\"version\":\"2.0\"},{\"name\":\"NetMeeting\",\"absent\":true}],"
	"\"looked_at\":[{\"what\":\"files\",\"below\":\"%SystemRoot%\\\\system32\"},{\"what\":\"keys\",\"below\":\"HKLM\\\\SOFTWARE\"},{\"what\":\"services\"}],"
	"\"notes\":[{\"what\":\"updates.truncated\",\"text\":\"The list ends early.\",\"from\":{\"kind\":\"systeminfo\",\"file\":\"a.txt\",\"line\":3}}]}";

static void reads_all(void)
{
	struct host              host;
	const struct host_file  *file;
	const struct host_key   *key;
	const struct host_value *value;
	const char              *why = "";
	uint32_t                 count;

	host_open(&host, "dc1.json");
	tap_ok(inventory_read(&host, "dc1.json", full, strlen(full), &why), "the full inventory is read%s%s", *why ? ": " : "", why);
	host_seal(&host);
	tap_ok(host.system.family == FAMILY_2000 && host.system.pack == 4 && host.system.role == ROLE_DOMAIN_CONTROLLER && !strcmp(host.system.language, "ja") &&
	               host.system.arch == ARCH_X86 && host.system.edition == EDITION_SERVER,
		"the system, its family from the product's name");
	tap_ok(host_updates_of(&host, 835732, &count) && count == 1 && host_updates_of(&host, 835732, &count)->day == 20040420, "the update");
	tap_ok(host_file_at(&host, "%systemroot%\\system32\\lsasrv.dll", &file) == SEEN_PRESENT && file->versioned && file->version[3] == 6902 &&
	               file->attributes == (FILE_READ_ONLY | FILE_SYSTEM) && file->from.kind == EVIDENCE_TREE,
		"the file, by a path in lower case");
	tap_ok(host_file_at(&host, "%systemroot%\\debug\\dcpromo.log", &file) == SEEN_ABSENT, "a file that was looked for");
	tap_ok(host_file_at(&host, "%systemroot%\\system32\\other.dll", &file) == SEEN_ABSENT, "a file in a folder that was listed");
	tap_ok(host_file_at(&host, "%systemroot%\\system\\other.dll", &file) == SEEN_UNKNOWN, "a file nobody looked for");
	tap_ok(host_key_at(&host, "HKLM\\Software\\a", &key) == SEEN_PRESENT && key->values_known, "the key, by a short root");
	tap_ok(host_value_at(&host, "HKLM\\Software\\A", "t", &value) == SEEN_PRESENT && !strcmp(value->text, "a\n\nb"), "a value of several texts");
	tap_ok(host_value_at(&host, "HKLM\\Software\\A", "x", &value) == SEEN_ABSENT, "a value that is not among all of them");
	tap_ok(host_key_at(&host, "HKEY_CLASSES_ROOT\\HCP\\shell", &key) == SEEN_ABSENT, "a key below one that is absent");
	tap_ok(host_key_at(&host, "HKCU\\Software", &key) == SEEN_UNKNOWN, "a key nobody looked for");
	tap_ok(host.software[0].target.kind == TARGET_SOFTWARE && host.software[1].seen == SEEN_ABSENT, "programs that bulletins know");
	tap_ok(host.note_n == 1 && host.notes[0].from.line == 3 && host.updates_truncated, "the note");
	host_close(&host);
}

static void round_trip(void)
{
	struct host host, again;
	const char *why = "";
	json_t     *first, *second;
	char       *text;

	host_open(&host, "dc1.json");
	inventory_read(&host, "dc1.json", full, strlen(full), &why);
	first = inventory_json(&host);
	text = first ? json_dumps(first, JSON_COMPACT) : NULL;
	host_open(&again, "dc1.json");
	tap_ok(text && inventory_read(&again, "dc1.json", text, strlen(text), &why), "what was written is read%s%s", *why ? ": " : "", why);
	second = inventory_json(&again);
	tap_ok(first && second && json_equal(first, second), "and is the same");
	json_decref(first);
	json_decref(second);
	free(text);
	host_close(&host);
	host_close(&again);
}

/* Octets that are no UTF-8 must not cost the fact. */
static void not_utf8(void)
{
	struct host   host;
	struct origin from = {.file = "x"};
	json_t       *document;

	host_open(&host, "x");
	host_add_update(&host, "KB\xff" "1", from);
	document = inventory_json(&host);
	tap_ok(document && !strcmp(json_string_value(json_object_get(json_array_get(json_object_get(document, "updates"), 0), "id")), "KB\xef\xbf\xbd" "1"),
		"what is no UTF-8 is replaced");
	json_decref(document);
	host_close(&host);
}

#define HEAD "{\"format\":\"sallyport-inventory-1\","

static const struct {
	const char *text, *why;
} mistakes[] = {
	{"", "line "},
	{"[", "line 1"},
	{"{\"a\":1,\"a\":2}", "line 1"},
	{"[]", "format: "},
	{"{}", "format: "},
	{"{\"format\":\"sallyport-inventory-2\"}", "format: "},
	{HEAD "\"nmae\":\"x\"}", "\"nmae\" is no field"},
	{HEAD "\"name\":3}", "name: a text"},
	{HEAD "\"name\":\"a\\u0000b\"}", "line 1"},
	{HEAD "\"system\":[]}", "system: an object"},
	{HEAD "\"system\":{\"family\":\"Windows 3\"}}", "system.family: "},
	{HEAD "\"system\":{\"role\":\"boss\"}}", "system.role: "},
	{HEAD "\"system\":{\"service_pack\":16}}", "system.service_pack: a whole number from 0 to 15"},
	{HEAD "\"system\":{\"service_pack\":-1}}", "system.service_pack: "},
	{HEAD "\"system\":{\"version\":\"5\"}}", "system.version: "},
	{HEAD "\"system\":{\"language\":\"japanese\"}}", "system.language: "},
	{HEAD "\"system\":{\"editions\":\"server\"}}", "system.editions: a list"},
	{HEAD "\"system\":{\"editions\":[1]}}", "system.editions: a list"},
	{HEAD "\"updates\":{}}", "updates: a list"},
	{HEAD "\"updates\":[{\"id\":\"KB1\"},{}]}", "updates[1].id: it is missing"},
	{HEAD "\"updates\":[{\"id\":\"x\",\"date\":\"2004-13-01\"}]}", "updates[0].date: "},
	{HEAD "\"updates\":[1]}", "updates[0]: an object"},
	{HEAD "\"updates_truncated\":1}", "updates_truncated: true or false"},
	{HEAD "\"files\":[{\"path\":\"\"}]}", "files[0].path: "},
	{HEAD "\"files\":[{\"path\":\"a\",\"version\":\"1.65536\"}]}", "files[0].version: "},
	{HEAD "\"files\":[{\"path\":\"a\",\"absent\":true,\"size\":1}]}", "files[0].absent: "},
	{HEAD "\"files\":[{\"path\":\"a\",\"attributes\":[\"shiny\"]}]}", "files[0].attributes: \"shiny\""},
	{HEAD "\"files\":[{\"path\":\"a\",\"from\":{\"kind\":\"hearsay\"}}]}", "files[0].kind: "},
	{HEAD "\"keys\":[{\"path\":\"Software\\\\A\"}]}", "keys[0].path: "},
	{HEAD "\"keys\":[{\"path\":\"HKLM\\\\A\",\"absent\":true,\"values\":[]}]}", "keys[0].absent: "},
	{HEAD "\"keys\":[{\"path\":\"HKLM\\\\A\",\"values\":[{\"name\":\"a\",\"type\":\"number\",\"data\":\"1\"}]}]}", "keys[0].values[0].data: a whole number"},
	{HEAD "\"keys\":[{\"path\":\"HKLM\\\\A\",\"values\":[{\"name\":\"a\",\"type\":\"number\"}]}]}", "keys[0].values[0].data: it does not go"},
	{HEAD "\"keys\":[{\"path\":\"HKLM\\\\A\",\"values\":[{\"name\":\"a\",\"type\":\"texts\",\"data\":\"1\"}]}]}", "keys[0].values[0].data: it does not go"},
	{HEAD "\"keys\":[{\"path\":\"HKLM\\\\A\",\"values\":[{\"name\":\"a\",\"type\":\"texts\",\"data\":[\"a\\nb\"]}]}]}", "keys[0].values[0].data: a list"},
	{HEAD "\"services\":[{\"name\":\"a\",\"start\":\"never\"}]}", "services[0].start: "},
	{HEAD "\"looked_at\":[{\"what\":\"services\",\"below\":\"a\"}]}", "looked_at[0].below: "},
	{HEAD "\"looked_at\":[{\"what\":\"keys\",\"below\":\"a\"}]}", "looked_at[0].below: "},
	{HEAD "\"looked_at\":[{}]}", "looked_at[0].what: "},
	{HEAD "\"notes\":[{\"text\":\"a\"}]}", "notes[0].what: "},
};

static void tells_mistakes(void)
{
	bool all = true;

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct host host;
		const char *why = "";

		host_open(&host, "x.json");
		if (inventory_read(&host, "x.json", mistakes[i].text, strlen(mistakes[i].text), &why) || !strstr(why, mistakes[i].why)) {
			tap_note("%s: \"%s\", wanted \"%s\"", mistakes[i].text, why, mistakes[i].why);
			all = false;
		}
		host_close(&host);
	}
	tap_ok(all, "%zu mistakes, each told with its place", sizeof(mistakes) / sizeof(mistakes[0]));
}

/* Cut anywhere it is an error, never a host that knows less without saying so. */
static void cut_short(void)
{
	bool all = true;

	for (size_t n = 0; n < strlen(full); n++) {
		struct host host;
		const char *why = NULL;

		host_open(&host, "x.json");
		all = !inventory_read(&host, "x.json", full, n, &why) && why && all;
		host_close(&host);
	}
	tap_ok(all, "every prefix is an error");
}

int main(void)
{
	reads_all();
	round_trip();
	not_utf8();
	tells_mistakes();
	cut_short();
	return tap_done();
}
