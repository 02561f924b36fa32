/* The readers of listings: languages and their code pages, forms of both programs, dates, lists that end early, and what is refused. */
#include <iconv.h>
#include <stdlib.h>

#include "assess/evidence.h"
#include "test/tap.h"

enum { TEXT_MAX = 1 << 16 };

static const char *why;

static bool read_bytes(struct host *host, const void *bytes, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);
	bool     read;

	if (!exact || !host_open(host, "file.txt"))
		abort();
	if (n)
		memcpy(exact, bytes, n);
	read = listing_read(host, "file.txt", exact, n, &why);
	tap_ok(read == !why && (!read || listing_is(exact, n)), "it is %s", read ? "read, and looks like a listing" : why);
	free(exact);
	return read;
}

static bool read_text(struct host *host, const char *text)
{
	return read_bytes(host, text, strlen(text));
}

static const struct host_note *note_of(const struct host *host, const char *what)
{
	for (uint32_t i = 0; i < host->note_n; i++)
		if (strcmp(host->notes[i].what, what) == 0)
			return &host->notes[i];
	return NULL;
}

/* The text in a code page. */
static size_t encoded(const char *page, const char *text, char *out, size_t size)
{
	iconv_t table = iconv_open(page, "UTF-8");
	char   *in = (char *)text, *to = out; /* iconv's parameter lacks const; it does not write */
	size_t  n = strlen(text), left = size;

	if (table == (iconv_t)-1 || iconv(table, &in, &n, &to, &left) == (size_t)-1) // NOLINT: the library's own word for failure
		abort();
	iconv_close(table);
	return size - left;
}

/* The lines around the four that a language changes. */
static const char *systeminfo(const char *host_label, const char *name_label, const char *version_label, const char *version, const char *configuration, const char *locale)
{
	static char text[TEXT_MAX];

	snprintf(text, sizeof(text),
		 "\r\n%s:   SRV1\r\n%s:   Microsoft(R) Windows(R) Server 2003, Enterprise Edition\r\n%s:   %s\r\nM:   Microsoft Corporation\r\nC:   %s\r\n"
		 "B:   Multiprocessor Free\r\nR:   x64 fans\r\nO:   \r\nP:   69712-641\r\nI:   1/2/2004, 10:00:00\r\nU:   0\r\nS:   VMware, Inc.\r\nY:   VMware7,1\r\n"
		 "T:   X86-based PC\r\nP:   1 P.\r\n     [01]: x86 Family 6\r\nV:   INTEL\r\nW:   C:\\WINDOWS\r\nX:   C:\\WINDOWS\\system32\r\nD:   \\Device\\HarddiskVolume1\r\n"
		 "L:   %s\r\nK:   %s\r\nZ:   (GMT+01:00)\r\nA:   383 MB\r\nA:   246 MB\r\nA:   1,311 MB\r\nA:   1,062 MB\r\nA:   249 MB\r\nF:   C:\\pagefile.sys\r\nG:   WORKGROUP\r\n"
		 "S:   \\\\SRV1\r\nH:   2 H.\r\n     [01]: KB835732\r\n     [02]: Q828741\r\nN:   1 N.\r\n     [01]: Card\r\n          [01]: 192.0.2.1\r\n",
		 host_label, name_label, version_label, version, configuration, locale, locale);
	return text;
}

static const struct language {
	const char *language, *pages[3], *host, *name, *version, *number, *configuration, *locale;
	enum role   role;
	int         pack;
} languages[] = {
	{"de", {"CP850", "CP1252"}, "Hostname", "Betriebssystemname", "Betriebssystemversion", "5.2.3790 Service Pack 1 Build 3790", "Primärer Domänencontroller", "de;Deutsch", ROLE_DOMAIN_CONTROLLER, 1},
	{"fr", {"CP850", "CP1252"}, "Nom de l'hôte", "Nom du système d'exploitation", "Version du système", "5.2.3790 Service Pack 2 version 3790", "Serveur membre", "fr;Français", ROLE_SERVER, 2},
	{"es", {"CP850", "CP1252"}, "Nombre de host", "Nombre del sistema operativo", "Versión del sistema operativo", "5.2.3790 Compilación 3790", "Estación de trabajo independiente", "es;Español", ROLE_WORKSTATION, 0},
	{"pt-br", {"CP850", "CP1252"}, "Nome do host", "Nome do sistema operacional", "Versão do sistema operacional", "5.2.3790 N/A Compilação 3790", "Servidor autônomo", "pt-br;Português", ROLE_SERVER, 0},
	{"sv", {"CP850"}, "Värddatornamn", "Operativsystemets namn", "Operativsystemversion", "5.2.3790 Service Pack 2 Build 3790", "Fristående arbetsstation", "sv;Svenska", ROLE_WORKSTATION, 2},
	{"pl", {"CP852", "CP1250"}, "Nazwa hosta", "Nazwa systemu operacyjnego", "Wersja systemu operacyjnego", "5.2.3790 Dodatek Service Pack 2 Kompilacja 3790", "Stacja robocza członkowska", "pl;Polski", ROLE_WORKSTATION, 2},
	{"cs", {"CP852", "CP1250"}, "Název hostitele", "Název operačního systému", "Verze operačního systému", "5.2.3790 Service Pack 2 sestavení 3790", "Primární řadič domény", "cs;Čeština", ROLE_DOMAIN_CONTROLLER, 2},
	{"hu", {"CP852", "CP1250"}, "Állomásnév", "Operációs rendszer neve", "Operációs rendszer verziója", "5.2.3790 Szervizcsomag 2 Build 3790", "Önálló munkaállomás", "hu;Magyar", ROLE_WORKSTATION, 2},
	{"ru", {"CP866", "CP1251"}, "Имя узла", "Название ОС", "Версия ОС", "5.2.3790 Пакет обновления 2 сборка 3790", "Рядовая рабочая станция", "ru;Русский", ROLE_WORKSTATION, 2},
	{"el", {"CP737", "CP1253"}, "Όνομα κεντρικού υπολογιστή", "Όνομα λειτουργικού συστήματος", "Έκδοση λειτουργικού συστήματος", "5.2.3790 Service Pack 2 3790", "Αυτόνομος διακομιστής", "el;Ελληνικά", ROLE_SERVER, 2},
	{"tr", {"CP857", "CP1254"}, "Ana Bilgisayar Adı", "İşletim Sistemi Adı", "İşletim Sistemi Sürümü", "5.2.3790 Service Pack 2 Yapı 3790", "Birincil Etki Alanı Denetleyicisi", "tr;Türkçe", ROLE_DOMAIN_CONTROLLER, 2},
	{"ja", {"CP932"}, "ホスト名", "OS 名", "OS バージョン", "5.2.3790 Service Pack 2 ビルド 3790", "プライマリ ドメイン コントローラ", "ja;日本語", ROLE_DOMAIN_CONTROLLER, 2},
	{"ko", {"CP949"}, "호스트 이름", "OS 이름", "OS 버전", "5.2.3790 서비스 팩 2 빌드 3790", "독립 실행형 서버", "ko;한국어", ROLE_SERVER, 2},
	{"zh-cn", {"CP936"}, "主机名", "OS 名称", "OS 版本", "5.2.3790 暂缺 Build 3790", "主域控制器", "zh-cn;中文(中国)", ROLE_DOMAIN_CONTROLLER, 0},
	{"zh-tw", {"CP950"}, "主機名稱", "作業系統名稱", "作業系統版本", "5.2.3790 Service Pack 2 組建 3790", "獨立伺服器", "zh-tw;中文(台灣)", ROLE_SERVER, 2},
};

static void check_language(const struct language *l, const char *page, const char *bytes, size_t n)
{
	struct host host;

	read_bytes(&host, bytes, n);
	tap_ok(strcmp(host.system.language, l->language) == 0 && host.system.role == l->role && host.system.pack == l->pack, "%s in %s: language, role and service pack",
	       l->language, page);
	tap_ok(host.system.family == FAMILY_2003 && host.system.arch == ARCH_X86 && host.system.edition == EDITION_ADVANCED && strcmp(host.name, "SRV1") == 0,
	       "%s in %s: system, architecture, edition and name", l->language, page);
	tap_ok(host.update_n == 2 && host.updates[1].kb == 828741 && host_scope(&host, SCOPE_UPDATES, "") && !host.updates_truncated, "%s in %s: all updates", l->language, page);
	if (!tap_ok(!note_of(&host, "encoding.guessed") && !note_of(&host, "encoding.damaged") && !note_of(&host, "language.differs"), "%s in %s is read for sure", l->language, page))
		for (uint32_t i = 0; i < host.note_n; i++)
			tap_note("%s: %s", host.notes[i].what, host.notes[i].text);
	host_close(&host);
}

static void in_languages(void)
{
	static char bytes[TEXT_MAX];

	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		const struct language *l = &languages[i];
		const char            *text = systeminfo(l->host, l->name, l->version, l->number, l->configuration, l->locale);

		check_language(l, "UTF-8", text, strlen(text));
		for (size_t j = 0; j < 3 && l->pages[j]; j++)
			check_language(l, l->pages[j], bytes, encoded(l->pages[j], text, bytes, sizeof(bytes)));
		check_language(l, "UTF-16LE", bytes, encoded("UTF-16LE", text, bytes, sizeof(bytes)));
		check_language(l, "UTF-16BE", bytes, encoded("UTF-16BE", text + 2, bytes, sizeof(bytes))); /* without the empty line: a letter first */
	}
}

static void locales(void)
{
	static const struct {
		const char *labels, *locale, *want;
		bool        differs;
	} cases[] = {
		{"Host Name", "en-us;English (United States)", "en", false}, {"Host Name", "0409", "en", false}, {"Host Name", "00000409", "en", false}, {"Host Name", "N/A", "en", false},
		{"Host Name", "ja;Japanese", "", true}, {"Hostname", "de-at;Deutsch", "de", false}, {"Xostn", "0411", "ja", false}, {"Xostn", "zh-hk;x", "zh-tw", false},
		{"Xostn", "x", "", false}, {"Xostn", "fffff", "", false}, {"Xostn", "pt-pt;x", "pt", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct host host;

		read_text(&host, systeminfo(cases[i].labels, "X", "Y", "5.2.3790 Build 3790", "Standalone Server", cases[i].locale));
		tap_ok(strcmp(host.system.language, cases[i].want) == 0 && !note_of(&host, "language.differs") == !cases[i].differs, "labels \"%s\" and locale \"%s\": \"%s\"", cases[i].labels,
		       cases[i].locale, cases[i].want);
		host_close(&host);
	}
}

/* The same listing up to its updates, and others than those. */
static bool read_updates(struct host *host, const char *updates)
{
	static char text[TEXT_MAX];
	const char *base = systeminfo("Host Name", "OS Name", "OS Version", "5.2.3790 Service Pack 2 Build 3790", "Member Server", "en-us;English");

	snprintf(text, sizeof(text), "%.*s%s", (int)(strstr(base, "H:   2 H.") - base), base, updates);
	return read_text(host, text);
}

static void update_lists(void)
{
	static const struct {
		const char *title, *text;
		uint32_t    updates;
		bool        complete;
		const char *note;
	} cases[] = {
		{"a whole list", "H:  2\r\n  [01]: KB835732 - Update\r\n  [02]: 943729\r\nN:  x\r\n", 2, true, NULL},
		{"no update", "H:  N/A\r\nN:  1\r\n  [01]: Card\r\n", 0, true, NULL},
		{"the same update twice", "H:  2\r\n  [01]: KB835732\r\n  [02]: KB835732\r\nN:  x\r\n", 1, true, NULL},
		{"a list that says more than it has", "H:  3\r\n  [01]: KB835732\r\n  [02]: KB828741\r\nN:  x\r\n", 1, false, "updates.truncated"},
		{"a list cut in a number", "H:  3\r\n  [01]: KB835732\r\n  [02]: KB828741\r\n  [03\r\nN:  x\r\n", 2, false, "updates.truncated"},
		{"a file that ends in the last update", "H:  2\r\n  [01]: KB835732\r\n  [02]: KB82874", 1, false, "updates.truncated"},
		{"a file that ends before the updates", "", 0, false, "updates.truncated"},
		{"a file that ends in the line of updates", "H:  ", 0, false, "updates.truncated"},
		{"entries of files", "H:  2\r\n  [01]: File 1\r\n  [02]: KB828741\r\nN:  x\r\n", 1, false, "updates.truncated"},
		{"an entry that names nothing", "H:  2\r\n  [01]: KB835732\r\n  [02]: something\r\nN:  x\r\n", 1, false, "updates.unclear"},
		{"an id of an installer", "H:  2\r\n  [01]: {7A068575-C5DB-43D9-BE20-3895D0C69B17}\r\n  [02]: KB828741\r\nN:  x\r\n", 2, true, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct host host;

		read_updates(&host, cases[i].text);
		tap_ok(host.update_n == cases[i].updates && host_scope(&host, SCOPE_UPDATES, "") == cases[i].complete && host.updates_truncated == !cases[i].complete &&
			       (!cases[i].note || note_of(&host, cases[i].note)),
		       "%s: %u updates, %s", cases[i].title, cases[i].updates, cases[i].complete ? "complete" : "not complete");
		if (i == 0)
			tap_ok(strcmp(host.updates[0].id, "KB835732") == 0 && host.updates[1].kb == 943729 && host.updates[1].from.line == 35 && host.updates[1].from.kind == EVIDENCE_SYSTEMINFO,
			       "ids without their kind, numbers alone, and where they stand");
		host_close(&host);
	}
}

static void other_systems(void)
{
	static const char head[] = "Host Name: A\nOS Name: Microsoft Windows 7 Professional\nOS Version: 6.1.7601 Service Pack 1 Build 7601\n";
	struct host       host;

	read_text(&host, "Host Name: A\nOS Name: Microsoft Windows 7 Professional\nOS Version: 6.1.7601 Service Pack 1 Build 7601\nHotfix: 1\n  [01]: Intel64\nV: x\nH: 1\n  [01]: KB2491683\nN: x\n");
	tap_ok(host.system.family == FAMILY_7 && host.system.edition == EDITION_PROFESSIONAL && host.update_n == 1 && !host.scope_n && note_of(&host, "updates.replaced") && !host.updates_truncated,
	       "Windows 7 drops replaced updates, so absence from its list says nothing");
	host_close(&host);
	read_text(&host, head);
	tap_ok(host.update_n == 0 && host.updates_truncated && host.system.pack == 1, "three lines are a system, without a list");
	host_close(&host);
}

static void csv(void)
{
	struct host host;

	read_text(&host, "\"Host Name\",\"OS Name\",\"OS Version\",\"M\",\"OS Configuration\",\"B\",\"O\",\"R\",\"P\",\"I\",\"U\",\"S\",\"Y\",\"System Type\",\"P\",\"V\",\"W\",\"X\",\"D\",\"L\",\"K\",\"Z\",\"A\","
			 "\"A\",\"A\",\"A\",\"A\",\"F\",\"G\",\"S\",\"Hotfix(s)\",\"N\"\r\n\"XP1\",\"Microsoft Windows XP Professional\",\"5.1.2600 Service Pack 1 Build 2600\",\"Microsoft Corporation\","
			 "\"Member Workstation\",\"B\",\"O, \"\"R\"\"\",\"R\",\"P\",\"I\",\"U\",\"S\",\"Y\",\"X86-based PC\",\"1 P.,[01]: x86\",\"V\",\"C:\\WINDOWS\",\"X\",\"\\Device\\H\",\"de;Deutsch\","
			 "\"de;Deutsch\",\"Z\",\"1,311 MB\",\"A\",\"A\",\"A\",\"A\",\"F\",\"G\",\"\\\\XP1\",\"2 Hotfix(s) Installed.,[01]: Q147222,[02]: KB835732 - Update\",\"1 N.,[01]: Card\"\r\n");
	tap_ok(strcmp(host.name, "XP1") == 0 && host.system.family == FAMILY_XP && host.system.pack == 1 && host.system.role == ROLE_WORKSTATION && host.system.arch == ARCH_X86,
	       "systeminfo with commas: the system");
	tap_ok(host.update_n == 2 && host.updates[1].kb == 835732 && host_scope(&host, SCOPE_UPDATES, ""), "systeminfo with commas: the updates");
	tap_ok(note_of(&host, "language.differs") && !*host.system.language, "English labels and a German locale: no language is claimed");
	host_close(&host);
}

/* Rows of `wmic qfe` in each of its forms, which all say the same. */
static void qfe_forms(void)
{
	static const char *const texts[] = {
		"CSName  Description                             HotFixID  InstalledOn  ServicePackInEffect  \r\r\n"
		"DC1     Security Update for Windows XP (KB1)    KB835732  4/14/2004    SP2                  \r\r\nDC1                                             File 1                 Q828741              \r\r\n",
		"Please wait while WMIC is being installed.HotFixID  CSName  ServicePackInEffect  InstalledOn  Description     \r\nKB835732  DC1     SP2                  20040414     Windows XP x    "
		"\r\nFile 1    DC1     Q828741                                               \r\n",
		"\r\nNode,CSName,Description,HotFixID,InstalledOn,ServicePackInEffect\r\nDC1,DC1,Windows XP x,KB835732,4/14/2004,SP2\r\nDC1,DC1,,File 1,,Q828741\r\n",
		"\r\nDescription=Windows XP x\r\nCSName=DC1\r\nHotFixID=KB835732\r\nInstalledOn=14.4.2004\r\nServicePackInEffect=SP2\r\n\r\n\r\nDescription=\r\nCSName=DC1\r\nHotFixID=File "
		"1\r\nInstalledOn=\r\nServicePackInEffect=Q828741\r\n",
		"\"PSComputerName\";\"Description\";\"HotFixID\";\"InstalledOn\";\"ServicePackInEffect\"\r\n\"DC1\";\"Windows XP; x\";\"KB835732\";\"14.04.2004 00:00:00\";\"SP2\"\r\n\"DC1\";\"\";\"File "
		"1\";\"\";\"Q828741\"\r\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct host host;

		read_text(&host, texts[i]);
		tap_ok(strcmp(host.name, "DC1") == 0 && host.system.family == FAMILY_XP && host.update_n == 2 && host.updates[1].kb == 828741 && !host.updates_truncated, "form %zu: host, system, updates",
		       i + 1);
		tap_ok(host.update_n && host.updates[0].day == 20040414 && strcmp(host.updates[0].under, "Windows XP\\SP2") == 0 && host_scope(&host, SCOPE_UPDATES, ""),
		       "form %zu: day, place in the registry, completeness", i + 1);
		host_close(&host);
	}
}

static void dates(void)
{
	static const struct {
		const char *text;
		uint32_t    day;
	} cases[] = {
		{"4/14/2004", 20040414}, {"14/4/2004", 20040414}, {"2/3/2004", 20040203}, {"2.3.2004", 20040302}, {"2004-04-14", 20040414}, {"2004/4/14", 20040414}, {"14. 4. 2004", 20040414},
		{"20040414", 20040414}, {"20040414101112.000000+060", 20040414}, {"01d4dfd0fb4eb361", 20190321}, {"01D4DFD0FB4EB361", 20190321}, {"4/14/2004 12:00:00 AM", 20040414},
		{"ffffffffffffffff", 0}, {"0000000000000000", 0}, {"13/13/2004", 0}, {"4/14/04", 0}, {"4/14", 0}, {"soon", 0}, {"20041514", 0}, {"99999999999/1/2004", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char        text[256];
		struct host host;

		snprintf(text, sizeof(text), "HotFixID=KB835732\nInstalledOn=%s\n", cases[i].text);
		read_text(&host, text);
		tap_number(host.update_n ? host.updates[0].day : 1, cases[i].day, cases[i].text);
		host_close(&host);
	}
}

/* One date that can only have the day first settles it for its neighbours. */
static void order_of_dates(void)
{
	struct host host;

	read_text(&host, "HotFixID=KB835732\nInstalledOn=2/3/2004\nHotFixID=KB828741\nInstalledOn=25/3/2004\n");
	tap_ok(host.update_n == 2 && host.updates[0].day == 20040302 && host.updates[1].day == 20040325, "25/3 says that 2/3 is in March");
	host_close(&host);
}

static void qfe_limits(void)
{
	struct host host;

	read_text(&host, "HotFixID  \r\nFile 1    \r\nKB835732  \r\nhello     \r\n");
	tap_ok(host.update_n == 1 && host.updates_truncated && note_of(&host, "updates.truncated") && note_of(&host, "updates.unclear"), "rows that name no update are told");
	host_close(&host);
	read_text(&host, "Node,HotFixID\r\nA,KB835732\r\nB,KB828741\r\n");
	tap_ok(host.update_n == 1 && strcmp(host.name, "A") == 0 && note_of(&host, "host.more"), "rows of a second host are told and not read");
	host_close(&host);
	read_text(&host, "Node,HotFixID\r\nA,KB835732\r\nA,KB82874");
	tap_ok(host.update_n == 1 && host.updates_truncated && note_of(&host, "updates.truncated"), "an id at a file's end may be half of one");
	host_close(&host);
	read_text(&host, "Node,HotFixID\r\nA,KB835732,x,y\r\n");
	tap_ok(host.updates_truncated && note_of(&host, "updates.unclear"), "a row with more cells than the head is told");
	host_close(&host);
	read_text(&host, "Source        Description      HotFixID      InstalledBy          InstalledOn    \n------        -----------      --------      -----------          -----------    \n"
			 "DC1           Security Update  KB2491683     NT AUTHORITY\\SYSTEM  4/29/2019 12:00:00 AM    \n");
	tap_ok(host.update_n == 1 && host.updates[0].day == 20190429 && strcmp(host.name, "DC1") == 0 && !host.scope_n && note_of(&host, "updates.replaced"), "Get-HotFix");
	host_close(&host);
}

static void mixed(void)
{
	static const char head[] = "Please wait while WMIC is being installed.", tail[] = "HotFixID  CSName  \r\nKB828741  DC1     \r\n";
	static char       bytes[TEXT_MAX];
	size_t            n = strlen(head), middle = encoded("UTF-16LE", "HotFixID  CSName  \r\nKB835732  DC1     \r\n", bytes + strlen(head), sizeof(bytes) - n);
	struct host       host;

	memcpy(bytes, head, n);
	read_bytes(&host, bytes, n + middle);
	tap_ok(host.update_n == 1 && host.updates[0].kb == 835732 && note_of(&host, "encoding.mixed") && strstr(note_of(&host, "encoding.mixed")->text, "ASCII, then UTF-16LE"),
	       "ASCII, then UTF-16 at an odd place");
	host_close(&host);
	memcpy(bytes + n + middle, tail, strlen(tail));
	read_bytes(&host, bytes, n + middle + strlen(tail));
	tap_ok(host.update_n == 2 && host.updates[1].kb == 828741 && note_of(&host, "encoding.mixed"), "and ASCII again");
	host_close(&host);
	read_bytes(&host, "HotFixID  Description\nKB835732  \xff\xfe\xfd\n", 36);
	tap_ok(host.update_n == 1 && note_of(&host, "encoding.guessed"), "a code page that no word speaks for is told as a guess");
	host_close(&host);
	read_bytes(&host, "\xff\xfeH\0o\0t\0F\0i\0x\0I\0D\0=\0K\0B\0008\0003\0005\0007\0003\0002\0\0\xd8\n\0", 40);
	tap_ok(host.update_n == 1 && note_of(&host, "encoding.damaged"), "half a pair of UTF-16 is told");
	host_close(&host);
}

static void refused(void)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "the file is empty"},
		{"\r\n", "it is neither a listing of systeminfo nor of wmic qfe"},
		{"Version: 5.2.3790 of something\n", "it is neither a listing of systeminfo nor of wmic qfe"},
		{"OS Name: Linux\nOS Version: 6.1.55 Build 3\n", "it is neither a listing of systeminfo nor of wmic qfe"},
		{"the property HotFixID is what we look for\n", "it is neither a listing of systeminfo nor of wmic qfe"},
	};
	struct host host;
	char       *large = calloc(1, (8 << 20) + 1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_text(&host, cases[i].text);
		tap_text(why, cases[i].why, "the sentence says so");
		host_close(&host);
	}
	if (!large)
		abort();
	memset(large, '\n', (8 << 20) + 1);
	read_bytes(&host, large, (8 << 20) + 1);
	tap_text(why, "the listing is larger than 8 MiB", "one octet more than 8 MiB");
	host_close(&host);
	read_bytes(&host, large, 1 << 16);
	tap_text(why, "the listing has more than 65,536 lines, or there is no memory for it", "too many lines");
	host_close(&host);
	free(large);
}

static void articles(void)
{
	static const struct {
		const char *id;
		uint32_t    kb;
	} cases[] = {{"KB835732", 835732}, {"kb835732-v2", 835732}, {"Q147222", 147222}, {"M835732", 835732}, {"943729", 943729}, {"2849697", 2849697}, {"12345", 0}, {"12345678", 0},
		     {"943729x", 0}, {"KB1234", 0}, {"KB2378111_WM9", 2378111}, {"{7A068575-C5DB-43D9-BE20-3895D0C69B17}", 0}, {"291", 0}, {"", 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		tap_number(update_article(cases[i].id), cases[i].kb, cases[i].id);
}

int main(void)
{
	articles();
	listing_prepare();
	in_languages();
	locales();
	update_lists();
	other_systems();
	csv();
	qfe_forms();
	dates();
	order_of_dates();
	qfe_limits();
	mixed();
	refused();
	return tap_done();
}
