/* Reads hosts of tests from text, and bulletins from the shared archives by way of tar. */
#include "test/hosts.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "advise/pack.h"

enum { BULLETIN_MAX = 4 << 20 };

static const char *shared(void)
{
	const char *named = getenv("SHARED");

	return named ? named : "../shared";
}

bool bulletins_there(void)
{
	char  path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/bulletins/ja.tar.xz", shared());
	file = fopen(path, "rb");
	if (file)
		fclose(file);
	return file != NULL;
}

static struct pack *pack_of(const char *language)
{
	for (const struct pack_source *source = pack_sources; source->text; source++) {
		unsigned     line;
		const char  *why;
		struct pack *pack = pack_read(source->text, source->n, &line, &why);

		if (pack && strcmp(pack_language(pack), language) == 0)
			return pack;
		if (pack)
			pack_close(&pack);
	}
	return NULL;
}

static bool add(struct catalog *catalog, const char *language, const char *path, const char *bytes, size_t n)
{
	struct pack    *pack = pack_of(language);
	struct bulletin bulletin = {0};
	const char     *why;
	bool            good = pack && bulletin_read(pack, path, bytes, n, &bulletin, &why);

	if (pack)
		pack_close(&pack);
	if (!good) {
		bulletin_close(&bulletin);
		return false;
	}
	return catalog_add(catalog, &bulletin);
}

static bool load(struct catalog *catalog, const char *language, const char *path, FILE *file)
{
	char  *bytes = malloc(BULLETIN_MAX);
	size_t n = bytes && file ? fread(bytes, 1, BULLETIN_MAX, file) : 0;
	bool   good = n && n < BULLETIN_MAX && add(catalog, language, path, bytes, n);

	free(bytes);
	return good;
}

bool bulletin_load(struct catalog *catalog, const char *path)
{
	char  command[1024], language[3] = "ja";
	FILE *file;
	bool  good;

	if (strncmp(path, "test/", 5) == 0) {
		file = fopen(path, "rb");
		good = file && load(catalog, strstr(path, ".de.") ? "de" : "ja", path, file);
		if (file)
			fclose(file);
		return good;
	}
	memcpy(language, path, 2);
	snprintf(command, sizeof(command), "tar -xJOf '%s/bulletins/%s.tar.xz' '%s'", shared(), language, path);
	file = popen(command, "r");
	good = file && load(catalog, language, path, file);
	return file && pclose(file) == 0 && good;
}

/* The catalogue that nftw fills: it has no room for an argument. */
static struct catalog *walk_catalog;
static const char     *walk_language;
static size_t          walk_count;

static int walk(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	FILE *file;

	(void)st;
	(void)at;
	if (kind != FTW_F || !strstr(path, ".md"))
		return 0;
	file = fopen(path, "rb");
	walk_count += file && load(walk_catalog, walk_language, path, file);
	if (file)
		fclose(file);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

size_t bulletins_load_all(struct catalog *catalog, const char *language)
{
	char command[1024], folder[] = "/tmp/sallyport-bulletins-XXXXXX";

	if (!mkdtemp(folder))
		return 0;
	walk_catalog = catalog;
	walk_language = language;
	walk_count = 0;
	snprintf(command, sizeof(command), "tar -xJf '%s/bulletins/%s.tar.xz' -C '%s'", shared(), language, folder);
	if (system(command) == 0)
		nftw(folder, walk, 16, FTW_PHYS);
	nftw(folder, remove_one, 16, FTW_PHYS | FTW_DEPTH);
	return walk_count;
}

/* The next word at *at, ended in place; "" at the end. */
static char *word(char **at)
{
	char *start = *at + strspn(*at, " \t");
	char *end = start + strcspn(start, " \t");

	*at = *end ? end + 1 : end;
	*end = '\0';
	return start;
}

static bool number_is(const char *text, const char *name, long *out)
{
	size_t n = strlen(name);
	char  *end;

	if (strncmp(text, name, n) != 0)
		return false;
	*out = strtol(text + n, &end, 10);
	return *end == '\0' && end != text + n;
}

/* system 2000 sp4 x86 server professional ja */
static bool say_system(struct host *host, char *rest)
{
	static const struct {
		const char *name;
		enum family family;
	} families[] = {{"nt4", FAMILY_NT4}, {"nt4tse", FAMILY_NT4_TERMINAL}, {"2000", FAMILY_2000}, {"xp", FAMILY_XP}, {"2003", FAMILY_2003}, {"vista", FAMILY_VISTA},
		{"2008", FAMILY_2008}, {"7", FAMILY_7}, {"2008r2", FAMILY_2008R2}, {"98", FAMILY_98}, {"81", FAMILY_81}, {"10", FAMILY_10}};
	static const struct {
		const char *name;
		unsigned    arch, edition;
		enum role   role;
	} words[] = {{"x86", ARCH_X86, 0, 0}, {"x64", ARCH_X64, 0, 0}, {"ia64", ARCH_IA64, 0, 0}, {"professional", 0, EDITION_PROFESSIONAL, ROLE_WORKSTATION},
		{"home", 0, EDITION_HOME, ROLE_WORKSTATION}, {"workstation", 0, EDITION_WORKSTATION, ROLE_WORKSTATION}, {"server", 0, EDITION_SERVER, ROLE_SERVER},
		{"media-center", 0, EDITION_MEDIA_CENTER, ROLE_WORKSTATION}, {"tablet", 0, EDITION_TABLET, ROLE_WORKSTATION}, {"embedded", 0, EDITION_EMBEDDED, 0},
		{"dc", 0, EDITION_SERVER, ROLE_DOMAIN_CONTROLLER}};
	long pack;

	host->system.product = "a system of a test";
	host->system.from = (struct origin){EVIDENCE_INVENTORY, "test", 1};
	for (char *w = word(&rest); *w; w = word(&rest)) {
		bool known = number_is(w, "sp", &pack);

		if (known)
			host->system.pack = (int)pack;
		if (number_is(w, "build=", &pack)) {
			host->system.version[2] = (uint16_t)pack;
			known = true;
		}
		for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
			if (strcmp(w, families[i].name) == 0) {
				host->system.family = families[i].family;
				known = true;
			}
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strcmp(w, words[i].name) == 0) {
				host->system.arch |= words[i].arch;
				host->system.edition |= words[i].edition;
				host->system.role = words[i].role ? words[i].role : host->system.role;
				known = true;
			}
		if (!known && strlen(w) == 2) {
			memcpy(host->system.language, w, 3);
			known = true;
		}
		if (!known)
			return false;
	}
	return host->system.family != FAMILY_UNKNOWN;
}

static const struct origin origin = {EVIDENCE_INVENTORY, "test", 2};

/* The path, which may hold blanks: up to the first one behind its last backslash. */
static char *path_word(char **at)
{
	char *start = *at + strspn(*at, " "), *last = strrchr(start, '\\');

	*at = last ? last : start;
	word(at);
	return start;
}

/* file PATH absent | [VERSION] [size=N] [day=YYYYMMDD] [readonly|writable] */
static bool say_file(struct host *host, char *rest)
{
	struct host_file *file;
	char             *path = path_word(&rest);
	long              number;

	file = host_add_file(host, path, origin);
	for (char *w = word(&rest); file && *w; w = word(&rest)) {
		if (strcmp(w, "absent") == 0)
			file->seen = SEEN_ABSENT;
		else if (strcmp(w, "readonly") == 0 || strcmp(w, "writable") == 0) {
			file->attributes_known = true;
			file->attributes = w[0] == 'r' ? FILE_READ_ONLY : 0;
		} else if (number_is(w, "size=", &number))
			file->size = (uint64_t)number;
		else if (number_is(w, "day=", &number))
			file->day = (uint32_t)number;
		else if (!(file->versioned = version_parse(w, file->version)))
			return false;
	}
	return file != NULL;
}

/* key absent|present PATH; value PATH | NAME | number or "text" */
static bool say_key(struct host *host, char *rest)
{
	char            *seen = word(&rest);
	struct host_key *key = host_add_key(host, rest, origin);

	if (!key || (strcmp(seen, "absent") != 0 && strcmp(seen, "present") != 0))
		return false;
	key->seen = seen[0] == 'a' ? SEEN_ABSENT : SEEN_PRESENT;
	key->values_known = true;
	return true;
}

static bool say_value(struct host *host, char *rest)
{
	char              *name = strstr(rest, " | "), *data = name ? strstr(name + 3, " | ") : NULL;
	struct host_key   *key;
	struct host_value *value;

	if (!data)
		return false;
	*name = *data = '\0';
	name += 3;
	data += 3;
	key = host_add_key(host, rest, origin);
	value = key ? host_add_value(host, key, name) : NULL;
	if (!value)
		return false;
	key->values_known = true;
	value->type = *data == '"' ? VALUE_TEXT : VALUE_NUMBER;
	if (value->type == VALUE_NUMBER) {
		value->number = strtoull(data, NULL, 0);
		return true;
	}
	data[strlen(data) - 1] = '\0';
	value->text = host_text(host, data + 1);
	return true;
}

static bool say_service(struct host *host, char *rest)
{
	struct host_service *service = host_add_service(host, word(&rest), origin);
	char                *start = word(&rest);

	if (!service)
		return false;
	service->start = strcmp(start, "disabled") == 0 ? START_DISABLED : strcmp(start, "auto") == 0 ? START_AUTO : START_UNKNOWN;
	return service->start != START_UNKNOWN;
}

/* software present|absent NAME AS BULLETINS WRITE IT */
static bool say_software(struct host *host, char *rest)
{
	char                 *seen = word(&rest);
	struct host_software *software = host_add_software(host, rest, origin);
	struct target         targets[TARGETS_MAX];

	if (!software || !targets_parse(rest, targets))
		return false;
	software->target = targets[0];
	software->seen = seen[0] == 'a' ? SEEN_ABSENT : SEEN_PRESENT;
	return true;
}

static bool say_scope(struct host *host, char *rest)
{
	static const char *const kinds[] = {"files", "keys", "services", "updates", "software"};
	char                    *kind = word(&rest);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return host_add_scope(host, (enum scope_kind)i, rest, origin);
	return false;
}

/* update ID [under WORDS] */
static bool say_update(struct host *host, char *rest)
{
	struct host_update *update = host_add_update(host, word(&rest), origin);

	if (update && strncmp(rest, "under ", 6) == 0)
		update->under = host_text(host, rest + 6);
	return update != NULL;
}

static bool say(struct host *host, char *text)
{
	static const struct {
		const char *name;
		bool (*say)(struct host *host, char *rest);
	} verbs[] = {{"system", say_system}, {"file", say_file}, {"key", say_key}, {"value", say_value}, {"service", say_service}, {"software", say_software},
		{"scope", say_scope}, {"update", say_update}};
	char *rest = text, *verb = word(&rest);

	if (strcmp(verb, "truncated") == 0)
		return host->updates_truncated = true;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verb, verbs[i].name) == 0)
			return verbs[i].say(host, rest);
	return false;
}

bool host_build(const struct host_case *one, struct host *out, const char **bad)
{
	char line[HOST_LINE];

	if (!host_open(out, one->name))
		return false;
	for (unsigned i = 0; i < one->line_n; i++) {
		memcpy(line, one->lines[i], sizeof(line));
		if (!say(out, line)) {
			*bad = one->lines[i];
			return false;
		}
	}
	host_seal(out);
	return !out->full;
}

static bool read_expect(struct host_case *one, char *rest, unsigned line)
{
	struct expect *e = &one->expects[one->expect_n];

	if (one->expect_n == EXPECTS_MAX)
		return false;
	one->expect_n++;
	e->line = line;
	snprintf(e->cve, sizeof(e->cve), "%s", word(&rest));
	snprintf(e->verdict, sizeof(e->verdict), "%s", word(&rest));
	snprintf(e->rule, sizeof(e->rule), "%s", word(&rest));
	snprintf(e->words, sizeof(e->words), "%s", rest);
	return e->rule[0] != '\0';
}

enum { CASES_MAX = 256 };

/* "host NAME [like OTHER]": the lines of an earlier host of the file come first. */
static bool read_host(struct host_case *one, const struct host_case *earlier, unsigned earlier_n, char *rest)
{
	const char *name = word(&rest), *like;

	memset(one, 0, sizeof(*one));
	snprintf(one->name, sizeof(one->name), "%s", name);
	if (!*rest)
		return true;
	if (strcmp(word(&rest), "like") != 0)
		return false;
	like = word(&rest);
	for (unsigned i = 0; i < earlier_n; i++)
		if (strcmp(earlier[i].name, like) == 0) {
			one->line_n = earlier[i].line_n;
			memcpy(one->lines, earlier[i].lines, sizeof(one->lines));
			return true;
		}
	return false;
}

static bool read_line(struct host_case *cases, unsigned *n, char *text, unsigned line)
{
	struct host_case *one = *n ? &cases[*n - 1] : NULL;

	if (strncmp(text, "host ", 5) == 0)
		return *n < CASES_MAX && read_host(&cases[*n], cases, *n, text + 5) && ++*n;
	if (!one)
		return false;
	if (strncmp(text, "expect ", 7) == 0)
		return read_expect(one, text + 7, line);
	if (one->line_n == HOST_LINES_MAX)
		return false;
	snprintf(one->lines[one->line_n++], HOST_LINE, "%s", text);
	return true;
}

bool hosts_read(const char *name, void (*each)(void *data, const struct host_case *one), void *data)
{
	struct host_case *cases = calloc(CASES_MAX, sizeof(*cases));
	FILE             *file = fopen(name, "r");
	char              text[HOST_LINE];
	unsigned          n = 0, line = 0;
	bool              good = cases && file;

	while (good && fgets(text, sizeof(text), file)) {
		line++;
		text[strcspn(text, "\n")] = '\0';
		if (!text[strspn(text, " \t")] || text[0] == '#')
			continue;
		good = read_line(cases, &n, text, line);
		if (!good)
			fprintf(stderr, "%s:%u: not understood\n", name, line);
	}
	for (unsigned i = 0; good && i < n; i++)
		each(data, &cases[i]);
	if (file)
		fclose(file);
	free(cases);
	return good;
}
