/* Names of products in Japanese, German and English bulletins, taken apart; and how many of the shared bulletins' rows are understood. */
#include <stdlib.h>
#include <string.h>

#include "assess/judge_int.h"
#include "assess/product_int.h"
#include "base/str.h"
#include "test/hosts.h"
#include "test/tap.h"

static void bits(struct str *s, unsigned value, const char *const *names)
{
	for (unsigned i = 0; i < 32 && names[i]; i++)
		if (value >> i & 1)
			str_fmt(s, " %s", names[i]);
}

/* "Windows XP sp1 x86 home; ie 6.0 sp1 on Windows 2000 sp4": targets as a short text. */
static void say(struct str *s, const struct target *t)
{
	static const char *const archs[] = {"x86", "x64", "ia64", "alpha", "pc98", "arm", NULL};
	static const char *const editions[] = {"home", "professional", "server", "advanced", "datacenter", "web", "small-business", "embedded", "media-center", "tablet", "core",
		"r2", "workstation", NULL};

	if (t->kind == TARGET_SOFTWARE) {
		str_add(s, t->software);
		if (t->version[0] != 0xffff)
			str_fmt(s, " %u", t->version[0]);
		if (t->version[0] != 0xffff && t->version[1] != 0xffff)
			str_fmt(s, ".%u", t->version[1]);
		for (unsigned i = 0; i < 32; i++)
			if (t->software_packs >> i & 1)
				str_fmt(s, " sp%u", i);
		if (!t->family)
			return;
		str_add(s, " on ");
	}
	str_add(s, family_name(t->family));
	for (unsigned i = 0; i < 32; i++)
		if (t->packs >> i & 1)
			str_fmt(s, " sp%u", i);
	bits(s, t->arch, archs);
	bits(s, t->editions, editions);
	if (t->build)
		str_fmt(s, " %u", t->build);
	if (t->role)
		str_add(s, " dc");
}

static void names(void)
{
	static const struct {
		const char *name, *want; /* want NULL: nothing of it is known */
	} cases[] = {
		{"Microsoft Windows 2000 Service Pack 2、Microsoft Windows 2000 Service Pack 3、および Microsoft Windows 2000 Service Pack 4", "Windows 2000 sp2; Windows 2000 sp3; Windows 2000 sp4"},
		{"Microsoft Windows XP、Microsoft Windows XP Service Pack 1", "Windows XP sp0; Windows XP sp1"},
		{"Windows XP and Windows XP Service Pack 1 (all versions)", "Windows XP sp0; Windows XP sp1"},
		{"Microsoft Windows XP Service Pack 1、および Service Pack 2", "Windows XP sp1 sp2"},
		{"Windows 2000 (すべてのバージョン)", "Windows 2000"},
		{"Windows 98, 98 SE, ME", "Windows 98; Windows 98 Second Edition; Windows Me"},
		{"Microsoft Windows 98、Microsoft Windows 98 Second Edition (SE)、Microsoft Windows Millennium Edition (ME)", "Windows 98; Windows 98 Second Edition; Windows Me"},
		{"Microsoft Windows NT Workstation 4.0 Service Pack 6a", "Windows NT 4.0 sp6 workstation"},
		{"Microsoft Windows NT Server 4.0, Terminal Server Edition Service Pack 6", "Windows NT 4.0 Terminal Server Edition sp6 server"},
		{"Microsoft Windows XP 64-Bit Edition Service Pack 1", "Windows XP sp1 ia64"},
		{"Microsoft Windows XP 64-Bit Edition Version 2003", "Windows Server 2003 ia64 professional"},
		{"Windows XP Professional x64 Edition および Windows XP Professional x64 Edition Service Pack 2",
			"Windows Server 2003 sp0 sp1 x64 professional; Windows Server 2003 sp2 x64 professional"},
		{"Microsoft Windows Server 2003 64-Bit Edition", "Windows Server 2003 ia64"},
		{"Windows Server 2003 with SP2 for Itanium-based Systems", "Windows Server 2003 sp2 ia64"},
		{"Windows Server 2003 mit SP1 für Itanium-basierte Systeme", "Windows Server 2003 sp1 ia64"},
		{"Windows Server 2003, Enterprise Edition、Windows Server 2003, Standard Edition、Windows Server 2003, Web Edition、および Windows Server 2003, Datacenter Edition",
		 "Windows Server 2003; Windows Server 2003; Windows Server 2003 web; Windows Server 2003 datacenter"},
		{"サポートされているすべての x64 エディションの Windows Vista", "Windows Vista x64"},
		{"Alle unterstützten x64-basierten Editionen von Windows Server 2008", "Windows Server 2008 x64"},
		{"Windows Server 2008 for 32-bit Systems (Server Core installation)", "Windows Server 2008 x86 core"},
		{"Windows Server 2008 R2 für x64-basierte Systeme Service Pack 1 (Server Core-Installation)", "Windows Server 2008 R2 sp1 x64 core"},
		{"Windows 10 Version 1511 for x64-based Systems[2] （3172985）", "Windows 10 x64 1511"},
		{"Ｗｉｎｄｏｗｓ　７　ｆｏｒ　ｘ６４-based Systems Service Pack 1", "Windows 7 sp1 x64"},
		{"Windows Server 2012 R2<br />Windows RT 8.1", "Windows Server 2012 R2; Windows RT"},
		{"Internet Explorer 6 Service Pack 1 on Microsoft Windows 2000 SP4", "ie 6.0 sp1 on Windows 2000 sp4"},
		{"Internet Explorer 8 für Windows 7 für x64-basierte Systeme Service Pack 1", "ie 8.0 on Windows 7 sp1 x64"},
		{"Microsoft Windows 2000 Service Pack 4 / Microsoft Internet Explorer 5.01 Service Pack 4", "ie 5.1 sp4 on Windows 2000 sp4"},
		{"Windows Server 2008 for 32-bit Systems Service Pack 2 / Microsoft .NET Framework 4.5/4.5.1/4.5.2",
		 "dotnet 4.5 on Windows Server 2008 sp2 x86; dotnet 4.51 on Windows Server 2008 sp2 x86; dotnet 4.52 on Windows Server 2008 sp2 x86"},
		{"Windows 7 for x64-based Systems Service Pack 1 / [Internet Explorer 11 ](https://example.org/x?y=8e3a)", "ie 11.0 on Windows 7 sp1 x64"},
		{"Microsoft Windows Media Services 4.0 および 4.1", "wms 4.0; wms 4.1"},
		{"Microsoft Small Business Server 2000 (Microsoft ISA Server 2000 が含まれるため)", "isa-server 2000 on Windows 2000 small-business"},
		{"ISA Server 2000, ISA Server 2000 Feature Pack 1, Small Business Server 2003", "isa-server 2000; isa-server 2000; Windows Server 2003 small-business"},
		{"Microsoft Internet Security and Acceleration Server 2000 （以下 ISA Server）", "isa-server 2000"},
		{"Microsoft Proxy Server 2.0", "proxy-server 2.0"},
		{"Microsoft Excel 2013 Service Pack 1 (64 ビット版)", "excel 2013 sp1"},
		{"Windows 2000 Server ドメイン コントローラ", "Windows 2000 server dc"},
		{"Windows 8,1 für 32-Bit-Systeme", "Windows 8.1 x86"},
		{"Windows Server 2012 上にインストールされている Microsoft Service Bus 1.1", "service-bus 1.1 on Windows Server 2012"},
		{"Windows XP Service Pack 3 / ムービー メーカー 2.1", "movie-maker 2.1 on Windows XP sp3"},
		{"Windows Server 2003 Service Pack 2 / Windows-Suche 4.0", "windows-search 4.0 on Windows Server 2003 sp2"},
		{"Windows 7 für x64-basierte Systeme Service Pack 1 (mit installiertem Remotedesktop-Client 8.0)", "rdc 8.0 on Windows 7 sp1 x64"},
		{"Windows XP Service Pack 3 / unknown part 2.1", "Windows XP sp3"}, {"Linux 2.4", NULL}, {"", NULL}, {"(((((", NULL}, {"Service Pack 1", NULL}, {"\xff\xfe\x80", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct target targets[TARGETS_MAX];
		size_t        n = targets_parse(cases[i].name, targets);
		char          text[1024];
		struct str    s = str_over(text, sizeof(text));

		for (size_t k = 0; k < n; k++) {
			str_add(&s, k ? "; " : "");
			say(&s, &targets[k]);
		}
		if (!tap_ok(strcmp(text, cases[i].want ? cases[i].want : "") == 0, "%s", cases[i].name))
			tap_note("got  %s", text), tap_note("want %s", cases[i].want ? cases[i].want : "");
	}
}

/* A number at the end that means nothing: what a longer name before it left in memory is not read. */
static void name_ends(void)
{
	struct target targets[TARGETS_MAX];
	size_t        n;

	targets_parse("Windows XP Service Pack 3 / Microsoft Office Outlook 2007 Service Pack 2", targets);
	n = targets_parse("Windows XP Service Pack 3 / unknown part 2.1", targets);
	tap_ok(n == 1 && targets[0].kind == TARGET_SYSTEM, "a name ends where it ends");
}

static struct target one(const char *name)
{
	struct target targets[TARGETS_MAX] = {{0}};

	targets_parse(name, targets);
	return targets[0];
}

static void covers(void)
{
	static const struct {
		const char *b, *a;
		bool        covers, unsure;
	} cases[] = {
		{"Windows 2000", "Windows 2000 Server Service Pack 4", true, false},
		{"Windows 2000 Service Pack 4", "Windows 2000 Service Pack 3", false, false},
		{"Windows 2000 Service Pack 4", "Windows 2000", true, true},
		{"Windows 2000 Server", "Windows 2000 Advanced Server", true, false},
		{"Windows 2000 Server", "Windows 2000 Professional", false, false},
		{"Windows Server 2003 x64 Edition", "Windows XP Professional x64 Edition", false, false},
		{"Windows XP Professional x64 Edition", "Windows Server 2003 Standard x64 Edition", false, false},
		{"Windows XP Professional x64 Edition", "Windows XP Professional x64 Edition Service Pack 2", true, false},
		{"Windows XP", "Windows XP Professional x64 Edition", false, false},
		{"Windows 7 for x64-based Systems", "Windows 7 for 32-bit Systems", false, false},
		{"Windows 7 for x64-based Systems", "Windows 7", true, true},
		{"Internet Explorer 6", "Internet Explorer 7", false, false},
		{"Internet Explorer", "Internet Explorer 7", true, false},
		{"Internet Explorer 6", "Internet Explorer", true, true},
		{"Internet Explorer 6 on Windows XP", "Internet Explorer 6 on Windows 2000", false, false},
		{"Windows XP", "Windows 2000", false, false},
		{"ISA Server 2000", "Proxy Server 2.0", false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct target b = one(cases[i].b), a = one(cases[i].a);
		bool          unsure = false, got = target_covers(&b, &a, &unsure);

		tap_ok(got == cases[i].covers && (!got || unsure == cases[i].unsure), "%s %s %s%s", cases[i].b, cases[i].covers ? "covers" : "does not cover", cases[i].a,
			cases[i].unsure ? ", unsure" : "");
	}
}

static void versions(void)
{
	char name[64];
	struct target t = one("Windows 2000 Advanced Server Service Pack 4");

	tap_ok(target_os_name(&t, name, sizeof(name)) && strcmp(name, "Windows 2000 Advanced Server SP4") == 0, "a system's name in policies");
	t = one("Windows 95");
	tap_ok(!target_os_name(&t, name, sizeof(name)), "policies do not know Windows 95");
	tap_ok(family_of_version(5, 2, 3790, false) == FAMILY_2003 && family_of_version(5, 1, 2600, false) == FAMILY_XP && family_of_version(4, 10, 2222, false) == FAMILY_98SE,
		"families of versions");
	tap_ok(family_of_version(10, 0, 14393, true) == FAMILY_2016 && family_of_version(10, 0, 22621, false) == FAMILY_LATER && family_of_version(3, 51, 1057, true) == FAMILY_UNKNOWN,
		"families of late and of unknown versions");
	tap_ok(strcmp(language_of(1041), "ja") == 0 && strcmp(language_of(0x0416), "pt-br") == 0 && !language_of(0x7fff), "languages by number");
}

struct share {
	unsigned rows, known, windows, windows_known;
};

static void count(struct share *share, const char *name)
{
	struct target targets[TARGETS_MAX];
	char          rest[256];
	size_t        n = targets_parse_rest(name, targets, rest, sizeof(rest));
	bool          windows = false, known = n && !rest[0];

	for (size_t i = 0; i < n; i++)
		windows = windows || targets[i].family;
	share->rows++;
	share->known += known;
	share->windows += windows;
	share->windows_known += windows && known;
}

/* At least 95 % of the rows of Windows are understood to the last word. */
static void shares(void)
{
	struct catalog *catalog = catalog_open();
	struct share    products = {0}, ratings = {0}, files = {0};

	bulletins_load_all(catalog, "ja");
	bulletins_load_all(catalog, "de");
	tap_ok(catalog_ready(catalog, NULL, NULL), "the shared bulletins make a catalogue of %zu", catalog_count(catalog));
	for (size_t i = 0; i < catalog_count(catalog); i++)
		for (size_t r = 0; r < 4 && catalog_at(catalog, i)->readings[r]; r++) {
			const struct bulletin *b = catalog_at(catalog, i)->readings[r];

			for (uint32_t k = 0; k < b->product_n; k++)
				count(&products, b->products[k].name);
			for (uint32_t k = 0; k < b->rating_n; k++)
				count(&ratings, b->ratings[k].product);
			for (uint32_t k = 0; k < b->file_n; k++)
				count(&files, b->files[k].product);
		}
	tap_ok(products.rows > 9000 && products.windows_known * 100 >= products.windows * 98, "product rows of Windows: %u of %u understood; of all: %u of %u", products.windows_known,
		products.windows, products.known, products.rows);
	tap_ok(ratings.windows_known * 100 >= ratings.windows * 98, "ratings of Windows: %u of %u; of all: %u of %u", ratings.windows_known, ratings.windows, ratings.known, ratings.rows);
	tap_ok(files.windows_known * 100 >= files.windows * 98, "file rows of Windows: %u of %u; of all: %u of %u", files.windows_known, files.windows, files.known, files.rows);
	catalog_close(&catalog);
}

/* People read a program's name, not our word for it. */
static void programs_have_names(void)
{
	const char *bare = NULL;

	for (size_t i = 0; i < product_word_count; i++)
		if (product_words[i].kind == PRODUCT_PROGRAM && strcmp(program_name(product_words[i].program), product_words[i].program) == 0)
			bare = product_words[i].program;
	tap_ok(!bare, "each program has a name for people%s%s", bare ? ", but not " : "", bare ? bare : "");
}

int main(void)
{
	names();
	programs_have_names();
	name_ends();
	covers();
	versions();
	if (bulletins_there())
		shares();
	else
		tap_ok(getenv("SHARED_REQUIRED") == NULL, "shares of the shared bulletins # SKIP they are absent: set SHARED, or put them at ../shared");
	return tap_done();
}
