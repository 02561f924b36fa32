/* What the hives SYSTEM and SOFTWARE tell of a system: version, role, language, services, updates, programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assess/hive_int.h"
#include "base/str.h"

/* "Service Pack 4" is 4; -1 when it says no number. */
static int pack_in(const char *text)
{
	static const char words[] = "Service Pack ";
	const char       *at = strcasestr(text, words);

	if (!at || at[sizeof(words) - 1] < '0' || at[sizeof(words) - 1] > '9')
		return -1;
	return at[sizeof(words) - 1] - '0';
}

static void role_of(struct hive *hive, hive_node_h set)
{
	static const struct {
		const char *type;
		enum role   role;
	} types[] = {{"WinNT", ROLE_WORKSTATION}, {"ServerNT", ROLE_SERVER}, {"LanmanNT", ROLE_DOMAIN_CONTROLLER}};
	static const struct {
		const char *suite;
		unsigned    edition;
	} suites[] = {{"Enterprise", EDITION_ADVANCED}, {"DataCenter", EDITION_DATACENTER}, {"Blade", EDITION_WEB}, {"Small Business", EDITION_SMALL_BUSINESS},
		{"Personal", EDITION_HOME}, {"EmbeddedNT", EDITION_EMBEDDED}};
	hive_node_h options = hive_below(hive, set, "Control\\ProductOptions");
	const char *type = hive_text(hive, options, "ProductType"), *suite = hive_text(hive, options, "ProductSuite");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(type, types[i].type) == 0)
			hive->host->system.role = types[i].role;
	while (*suite) {
		size_t n = strcspn(suite, "\n");

		for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
			if (strlen(suites[i].suite) == n && strncasecmp(suite, suites[i].suite, n) == 0)
				hive->host->system.edition |= suites[i].edition;
		suite += n + (suite[n] == '\n');
	}
}

static void arch_of(struct hive *hive, hive_node_h set)
{
	static const struct {
		const char *word;
		unsigned    arch;
	} words[] = {{"x86", ARCH_X86}, {"AMD64", ARCH_X64}, {"IA64", ARCH_IA64}, {"ALPHA", ARCH_ALPHA}, {"ARM64", ARCH_ARM}, {"ARM", ARCH_ARM}};
	const char *word = hive_text(hive, hive_below(hive, set, "Control\\Session Manager\\Environment"), "PROCESSOR_ARCHITECTURE");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(word, words[i].word) == 0)
			hive->host->system.arch = words[i].arch;
}

static void language_in(struct hive *hive, hive_node_h set)
{
	const char   *text = hive_text(hive, hive_below(hive, set, "Control\\Nls\\Language"), "InstallLanguage"), *language;
	char         *end;
	unsigned long lcid = strtoul(text, &end, 16);

	language = *text && !*end && lcid <= UINT16_MAX ? language_of((uint16_t)lcid) : NULL;
	if (language)
		snprintf(hive->host->system.language, sizeof(hive->host->system.language), "%s", language);
	else if (*text)
		host_add_note(hive->host, "language.unknown", hive->from, "The language %.20s of the system has no name here.", text);
}

static bool service(struct hive *hive, hive_node_h node, const char *name, void *data)
{
	static const enum service_start starts[] = {START_BOOT, START_SYSTEM, START_AUTO, START_MANUAL, START_DISABLED};
	struct host_service            *added;
	uint64_t                        start;

	(void)data;
	if (!hive_number(hive, node, "Start", &start)) /* no service: the parameters of one, or of none */
		return true;
	added = host_add_service(hive->host, name, hive->from);
	if (added) {
		added->start = start < sizeof(starts) / sizeof(starts[0]) ? starts[start] : START_UNKNOWN;
		added->display = hive_text(hive, node, "DisplayName");
	}
	return added != NULL;
}

void hive_system(struct hive *hive, hive_node_h set)
{
	struct host_system *system = &hive->host->system;
	const char         *name = hive_text(hive, hive_below(hive, set, "Control\\ComputerName\\ComputerName"), "ComputerName");
	hive_node_h         services;
	uint64_t            csd;

	if (*name)
		hive->host->name = name;
	if (!system->from.file)
		system->from = (struct origin){EVIDENCE_HIVE, host_text(hive->host, hive->from.file), 0};
	role_of(hive, set);
	arch_of(hive, set);
	language_in(hive, set);
	if (hive_number(hive, hive_below(hive, set, "Control\\Windows"), "CSDVersion", &csd) && csd >> 8 < 16)
		system->pack = (int)(csd >> 8);
	hive->damaged = false;
	services = hive_below(hive, set, "Services");
	if (services)
		hive_each(hive, services, service, NULL);
	if (services && !hive->damaged && !hive->host->full)
		host_add_scope(hive->host, SCOPE_SERVICES, "", hive->from);
	else
		host_add_note(hive->host, "hive.damaged", hive->from, "Not all services can be read.");
}

/* Updates stand at any depth below their product: "Windows 2000\SP5\KB835732", "DataAccess\Q832483". */
struct listing {
	const char *under;
	unsigned    depth;
};

/* "4/14/2004" as the registry has it; 0 for what is no day. */
static uint32_t day_in(const char *text)
{
	unsigned month, day, year;
	char     end;

	if (sscanf(text, "%2u/%2u/%4u%c", &month, &day, &year, &end) != 3 || month < 1 || month > 12 || day < 1 || day > 31 || year < 1990)
		return 0;
	return year * 10000 + month * 100 + day;
}

static bool update(struct hive *hive, hive_node_h node, const char *name, void *data)
{
	const struct listing *in = data;
	char                  under[256];
	struct str            s = str_over(under, sizeof(under));
	struct listing        below = {under, in->depth + 1};

	if (update_article(name)) {
		struct host_update *added = host_add_update(hive->host, name, hive->from);

		if (added) {
			added->under = host_text(hive->host, in->under);
			added->day = day_in(hive_text(hive, node, "InstalledDate"));
		}
		return added != NULL;
	}
	str_fmt(&s, "%s%s%s", in->under, *in->under ? "\\" : "", name);
	if (in->depth < 4 && !s.cut)
		hive_each(hive, node, update, &below);
	return !hive->host->full;
}

static void updates(struct hive *hive, hive_node_h root)
{
	static const char *const lists[] = {"Microsoft\\Updates", "Microsoft\\Windows NT\\CurrentVersion\\HotFix"};

	hive->damaged = false;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct listing in = {"", 0};
		hive_node_h    list = hive_below(hive, root, lists[i]);

		if (list)
			hive_each(hive, list, update, &in);
	}
	if (!hive->damaged && !hive->host->full)
		host_add_scope(hive->host, SCOPE_UPDATES, "", hive->from);
	else
		hive->host->updates_truncated = true;
}

static void program_add(struct hive *hive, const char *name, const char *version)
{
	struct target         targets[TARGETS_MAX];
	struct host_software *software = host_add_software(hive->host, name, hive->from);

	if (!software)
		return;
	software->version = version;
	if (targets_parse(name, targets) && targets[0].kind == TARGET_SOFTWARE)
		software->target = targets[0];
}

static bool program(struct hive *hive, hive_node_h node, const char *key, void *data)
{
	const char *name = hive_text(hive, node, "DisplayName");

	(void)key;
	(void)data;
	if (*name && strlen(name) <= HIVE_PATH_MAX)
		program_add(hive, name, hive_text(hive, node, "DisplayVersion"));
	return !hive->host->full;
}

/* Internet Explorer by the names that bulletins give to its versions. */
static void explorer(struct hive *hive, hive_node_h root)
{
	static const struct {
		uint16_t    version[4];
		const char *name;
	} from[] = { /* from this version on, until the next */
		{{4, 0, 0, 0}, "Internet Explorer 4"}, {{5, 0, 0, 0}, "Internet Explorer 5"}, {{5, 0, 2516, 0}, "Internet Explorer 5.01"},
		{{5, 0, 3103, 0}, "Internet Explorer 5.01 Service Pack 1"}, {{5, 0, 3315, 0}, "Internet Explorer 5.01 Service Pack 2"},
		{{5, 0, 3502, 0}, "Internet Explorer 5.01 Service Pack 3"}, {{5, 0, 3700, 0}, "Internet Explorer 5.01 Service Pack 4"},
		{{5, 50, 0, 0}, "Internet Explorer 5.5"}, {{5, 50, 4522, 0}, "Internet Explorer 5.5 Service Pack 1"},
		{{5, 50, 4807, 0}, "Internet Explorer 5.5 Service Pack 2"}, {{6, 0, 0, 0}, "Internet Explorer 6"},
		{{6, 0, 2800, 0}, "Internet Explorer 6 Service Pack 1"}, {{6, 0, 2900, 0}, "Internet Explorer 6"}, {{7, 0, 0, 0}, "Internet Explorer 7"},
		{{8, 0, 0, 0}, "Internet Explorer 8"}, {{9, 0, 0, 0}, "Internet Explorer 9"}, {{10, 0, 0, 0}, "Internet Explorer 10"},
		{{11, 0, 0, 0}, "Internet Explorer 11"}};
	hive_node_h node = hive_below(hive, root, "Microsoft\\Internet Explorer");
	const char *text = hive_text(hive, node, "svcVersion"), *name = NULL;
	uint16_t    version[4];

	text = *text ? text : hive_text(hive, node, "Version");
	if (!version_parse(text, version))
		return;
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		if (version_compare(version, from[i].version) >= 0)
			name = from[i].name;
	if (name)
		program_add(hive, name, text);
}

/* Programs that have a key of their own and say their version nowhere or elsewhere. */
static void programs(struct hive *hive, hive_node_h root)
{
	static const struct {
		const char *key, *value, *name;
	} keys[] = {
		{"Microsoft\\Fpc", NULL, "Microsoft ISA Server 2000"},
		{"Microsoft\\InetStp", "VersionString", "Internet Information Services"},
		{"Microsoft\\NetShow\\Server", NULL, "Windows Media Services"},
		{"Microsoft\\DataAccess", "FullInstallVer", "Microsoft Data Access Components"},
		{"Microsoft\\MediaPlayer\\Setup", NULL, "Windows Media Player"},
	};
	hive_node_h list = hive_below(hive, root, "Microsoft\\Windows\\CurrentVersion\\Uninstall"), node;

	if (list)
		hive_each(hive, list, program, NULL);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if ((node = hive_below(hive, root, keys[i].key)))
			program_add(hive, keys[i].name, keys[i].value ? hive_text(hive, node, keys[i].value) : "");
	explorer(hive, root);
}

/* The whole name with its service pack, and the family it says. */
static void product(struct hive *hive, hive_node_h root)
{
	struct host_system *system = &hive->host->system;
	hive_node_h         node = hive_below(hive, root, "Microsoft\\Windows NT\\CurrentVersion");
	const char         *name = hive_text(hive, node, "ProductName"), *pack = hive_text(hive, node, "CSDVersion");
	const char         *number = hive_text(hive, node, "CurrentVersion"), *build = hive_text(hive, node, "CurrentBuildNumber");
	struct target       targets[TARGETS_MAX];
	char                version[64];

	snprintf(version, sizeof(version), "%.20s.%.20s", number, *build ? build : hive_text(hive, node, "CurrentBuild"));
	if (version_parse(version, system->version))
		system->pack = *pack ? pack_in(pack) : 0;
	if (*name) {
		system->product = name;
		system->from = (struct origin){EVIDENCE_HIVE, host_text(hive->host, hive->from.file), 0};
	}
	if (targets_parse(name, targets) && targets[0].kind == TARGET_SYSTEM) {
		system->family = targets[0].family;
		system->edition |= targets[0].editions;
	}
}

void hive_software(struct hive *hive, hive_node_h root)
{
	product(hive, root);
	updates(hive, root);
	programs(hive, root);
}
