/* Words of listings as data: labels and roles by language, editions, locales; and the spans of text that they are looked for in. */
#include <string.h>
#include <strings.h>

#include "assess/listing_int.h"
#include "base/str.h"

/* What `systeminfo` calls the host's name, the system's name and its version: the first three lines, which are in every listing. */
static const struct {
	const char *language, *labels[8]; /* as folded() leaves them */
} labels[] = {
	{"en", {"host name", "os name", "os version"}},
	{"de", {"hostname", "betriebssystemname", "betriebssystemversion"}},
	{"fr", {"nom de l'hôte", "nom du système d'exploitation", "version du système", "version du système d'exploitation", "nom de l’hôte", "nom du système d’exploitation"}},
	{"es", {"nombre de host", "nombre del sistema operativo", "versión del sistema operativo", "nombre del host"}},
	{"it", {"nome host", "nome so", "versione so", "nome sistema operativo", "versione sistema operativo"}},
	{"pt", {"nome do host", "nome do sistema operacional", "versão do sistema operacional", "nome do anfitrião", "nome do sistema operativo", "versão do sistema operativo"}},
	{"nl", {"hostnaam", "naam van besturingssysteem", "versie van besturingssysteem", "naam besturingssysteem", "versie besturingssysteem"}},
	{"sv", {"värdnamn", "värddatornamn", "operativsystemets namn", "operativsystemversion", "operativsystemets version"}},
	{"da", {"værtsnavn", "navn på operativsystem", "version af operativsystem", "operativsystemets navn"}},
	{"nb", {"vertsnavn", "navn på operativsystemet", "operativsystemnavn", "operativsystemversjon"}},
	{"fi", {"isäntänimi", "isännän nimi", "käyttöjärjestelmän nimi", "käyttöjärjestelmän versio"}},
	{"pl", {"nazwa hosta", "nazwa systemu operacyjnego", "wersja systemu operacyjnego"}},
	{"cs", {"název hostitele", "název operačního systému", "verze operačního systému"}},
	{"hu", {"állomásnév", "gazdagép neve", "operációs rendszer neve", "operációs rendszer verziója"}},
	{"tr", {"ana bilgisayar adı", "İşletim sistemi adı", "İşletim sistemi sürümü"}},
	{"el", {"όνομα κεντρικού υπολογιστή", "όνομα λειτουργικού συστήματος", "έκδοση λειτουργικού συστήματος"}},
	{"ru", {"имя узла", "название ос", "версия ос"}},
	{"ja", {"ホスト名", "os 名", "os バージョン"}},
	{"ko", {"호스트 이름", "os 이름", "os 버전"}},
	{"zh-cn", {"主机名", "os 名称", "os 版本"}},
	{"zh-tw", {"主機名稱", "作業系統名稱", "作業系統版本", "os 名稱", "os 版本"}},
};

/* Parts of what stands in the line of the configuration. The controllers come first: some languages call them servers too. */
static const struct {
	enum role   role;
	const char *word; /* as folded() leaves it */
} roles[] = {
	{ROLE_DOMAIN_CONTROLLER, "domain controller"}, {ROLE_DOMAIN_CONTROLLER, "domänencontroller"}, {ROLE_DOMAIN_CONTROLLER, "contrôleur de domaine"},
	{ROLE_DOMAIN_CONTROLLER, "contrôleur principal de domaine"}, {ROLE_DOMAIN_CONTROLLER, "controlador de domini"}, {ROLE_DOMAIN_CONTROLLER, "controlador principal de domini"},
	{ROLE_DOMAIN_CONTROLLER, "controlador de domíni"}, {ROLE_DOMAIN_CONTROLLER, "controller di dominio"}, {ROLE_DOMAIN_CONTROLLER, "domeincontroller"},
	{ROLE_DOMAIN_CONTROLLER, "domänkontrollant"}, {ROLE_DOMAIN_CONTROLLER, "domænecontroller"}, {ROLE_DOMAIN_CONTROLLER, "domenekontroller"},
	{ROLE_DOMAIN_CONTROLLER, "ohjauskone"}, {ROLE_DOMAIN_CONTROLLER, "kontroler domeny"}, {ROLE_DOMAIN_CONTROLLER, "řadič domény"},
	{ROLE_DOMAIN_CONTROLLER, "tartományvezérlő"}, {ROLE_DOMAIN_CONTROLLER, "контроллер домена"}, {ROLE_DOMAIN_CONTROLLER, "etki alanı denetleyicisi"},
	{ROLE_DOMAIN_CONTROLLER, "ελεγκτής τομέα"}, {ROLE_DOMAIN_CONTROLLER, "ドメイン コントローラ"}, {ROLE_DOMAIN_CONTROLLER, "도메인 컨트롤러"},
	{ROLE_DOMAIN_CONTROLLER, "域控制器"}, {ROLE_DOMAIN_CONTROLLER, "網域控制站"},
	{ROLE_WORKSTATION, "workstation"}, {ROLE_WORKSTATION, "arbeitsstation"}, {ROLE_WORKSTATION, "station de travail"}, {ROLE_WORKSTATION, "estación de trabajo"},
	{ROLE_WORKSTATION, "estação de trabalho"}, {ROLE_WORKSTATION, "stazione di lavoro"}, {ROLE_WORKSTATION, "werkstation"}, {ROLE_WORKSTATION, "arbetsstation"},
	{ROLE_WORKSTATION, "arbejdsstation"}, {ROLE_WORKSTATION, "arbeidsstasjon"}, {ROLE_WORKSTATION, "työasema"}, {ROLE_WORKSTATION, "stacja robocza"},
	{ROLE_WORKSTATION, "pracovní stanice"}, {ROLE_WORKSTATION, "munkaállomás"}, {ROLE_WORKSTATION, "рабочая станция"}, {ROLE_WORKSTATION, "İş İstasyonu"},
	{ROLE_WORKSTATION, "σταθμός εργασίας"}, {ROLE_WORKSTATION, "ワークステーション"}, {ROLE_WORKSTATION, "워크스테이션"}, {ROLE_WORKSTATION, "工作站"},
	{ROLE_SERVER, "server"}, {ROLE_SERVER, "serveur"}, {ROLE_SERVER, "servidor"}, {ROLE_SERVER, "serwer"}, {ROLE_SERVER, "kiszolgáló"}, {ROLE_SERVER, "palvelin"},
	{ROLE_SERVER, "сервер"}, {ROLE_SERVER, "sunucu"}, {ROLE_SERVER, "διακομιστής"}, {ROLE_SERVER, "サーバ"}, {ROLE_SERVER, "서버"}, {ROLE_SERVER, "服务器"},
	{ROLE_SERVER, "伺服器"},
};

/* Parts of products' names. What a word means may depend on whether it is a server. */
static const struct {
	const char *word; /* as folded() leaves it */
	unsigned    client, server;
} editions[] = {
	{"home", EDITION_HOME, 0}, {"familia", EDITION_HOME, 0}, {"домашняя", EDITION_HOME, 0}, {"家庭", EDITION_HOME, 0}, {"starter", EDITION_HOME, 0},
	{"profes", EDITION_PROFESSIONAL, 0}, {"профессиональная", EDITION_PROFESSIONAL, 0}, {"专业", EDITION_PROFESSIONAL, 0}, {"專業", EDITION_PROFESSIONAL, 0},
	{"business", EDITION_PROFESSIONAL, 0}, {"ultimate", EDITION_PROFESSIONAL, 0}, {"intégrale", EDITION_PROFESSIONAL, 0},
	{"enterprise", EDITION_PROFESSIONAL, EDITION_ADVANCED}, {"entrepris", EDITION_PROFESSIONAL, EDITION_ADVANCED}, {"企业", EDITION_PROFESSIONAL, EDITION_ADVANCED},
	{"企業", EDITION_PROFESSIONAL, EDITION_ADVANCED}, {"advanced server", 0, EDITION_ADVANCED}, {"datacenter", 0, EDITION_DATACENTER}, {"web", 0, EDITION_WEB},
	{"small business", 0, EDITION_SMALL_BUSINESS}, {"standard", 0, EDITION_SERVER}, {"2000 server", 0, EDITION_SERVER}, {"embedded", EDITION_EMBEDDED, EDITION_EMBEDDED},
	{"media center", EDITION_MEDIA_CENTER, 0}, {"tablet pc", EDITION_TABLET, 0}, {"2003 r2", 0, EDITION_R2}, {"10 pro", EDITION_PROFESSIONAL, 0},
	{"8 pro", EDITION_PROFESSIONAL, 0}, {"8.1 pro", EDITION_PROFESSIONAL, 0},
};

/* Locales that `systeminfo` may write as numbers. */
static const struct {
	unsigned    number;
	const char *language;
} locales[] = {
	{0x0409, "en"}, {0x0809, "en"}, {0x0407, "de"}, {0x0807, "de"}, {0x0c07, "de"}, {0x040c, "fr"}, {0x080c, "fr"}, {0x0c0c, "fr"}, {0x0c0a, "es"}, {0x040a, "es"},
	{0x080a, "es"}, {0x0410, "it"}, {0x0416, "pt-br"}, {0x0816, "pt"}, {0x0413, "nl"}, {0x041d, "sv"}, {0x0406, "da"}, {0x0414, "nb"}, {0x040b, "fi"}, {0x0415, "pl"},
	{0x0405, "cs"}, {0x040e, "hu"}, {0x041f, "tr"}, {0x0408, "el"}, {0x0419, "ru"}, {0x0411, "ja"}, {0x0412, "ko"}, {0x0804, "zh-cn"}, {0x0404, "zh-tw"},
	{0x0c04, "zh-tw"}, {0x040d, "he"}, {0x0401, "ar"}, {0x041e, "th"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static size_t blank_at(const char *text, size_t n)
{
	static const char *const wide[] = {"\xc2\xa0", "\xe3\x80\x80"};

	if (n && (*text == ' ' || *text == '\t' || *text == '\r'))
		return 1;
	for (size_t i = 0; i < COUNT(wide); i++)
		if (n >= strlen(wide[i]) && memcmp(text, wide[i], strlen(wide[i])) == 0)
			return strlen(wide[i]);
	return 0;
}

struct listing_span span_of(const char *text, size_t n)
{
	size_t one;

	while ((one = blank_at(text, n)) > 0) {
		text += one;
		n -= one;
	}
	while (n) {
		if (blank_at(text + n - 1, 1))
			n--;
		else if (n >= 2 && blank_at(text + n - 2, 2) == 2)
			n -= 2;
		else if (n >= 3 && blank_at(text + n - 3, 3) == 3)
			n -= 3;
		else
			break;
	}
	return (struct listing_span){text, n};
}

bool span_begins(struct listing_span s, const char *word)
{
	return s.n >= strlen(word) && strncasecmp(s.text, word, strlen(word)) == 0;
}

bool span_is(struct listing_span s, const char *word)
{
	return s.n == strlen(word) && span_begins(s, word);
}

bool span_holds(struct listing_span s, const char *word)
{
	for (; s.n >= strlen(word); s.text++, s.n--)
		if (span_begins(s, word))
			return true;
	return false;
}

/* Lower case of ASCII, Latin-1, Greek and Cyrillic: in UTF-8 these two-octet letters stay two octets. Others are left as they are. */
static size_t folded(struct listing_span s, char *out, size_t size)
{
	size_t at = 0, n = 0, one;

	while (at < s.n && n + 4 < size) {
		uint32_t point;

		one = utf8_one((const uint8_t *)s.text + at, s.n - at, &point);
		if (!one)
			break;
		if ((one == 1 && point >= 'A' && point <= 'Z') || (point >= 0xc0 && point <= 0xde && point != 0xd7) || (point >= 0x391 && point <= 0x3a9) ||
		    (point >= 0x410 && point <= 0x42f))
			point += 0x20;
		else if (point == 0x38c) /* Ό */
			point = 0x3cc;
		else if (point == 0x388) /* Έ */
			point = 0x3ad;
		if (one == 1) {
			out[n] = (char)point;
		} else if (one == 2) {
			out[n] = (char)(0xc0 | point >> 6);
			out[n + 1] = (char)(0x80 | (point & 0x3f));
		} else {
			memcpy(out + n, s.text + at, one);
		}
		n += one;
		at += one;
	}
	out[n] = '\0';
	return n;
}

const char *span_kept(struct host *host, struct listing_span s)
{
	char text[512];

	if (s.n >= sizeof(text))
		s.n = sizeof(text) - 1;
	while (s.n && s.n == sizeof(text) - 1 && ((unsigned char)s.text[s.n] & 0xc0) == 0x80)
		s.n--; /* not through a character */
	memcpy(text, s.text, s.n);
	text[s.n] = '\0';
	return host_text(host, text);
}

bool span_number(struct listing_span s, uint32_t *out, struct listing_span *out_rest)
{
	size_t   at = 0, digits = 0;
	uint32_t number = 0;

	while (at < s.n && (s.text[at] < '0' || s.text[at] > '9'))
		at++;
	for (; at < s.n && s.text[at] >= '0' && s.text[at] <= '9'; at++)
		if (++digits <= 9)
			number = number * 10 + (uint32_t)(s.text[at] - '0');
	*out = digits <= 9 ? number : 0;
	if (out_rest)
		*out_rest = (struct listing_span){s.text + at, s.n - at};
	return digits > 0 && digits <= 9;
}

size_t csv_cells(const struct listing_line *line, char separator, struct listing_span out[LISTING_COLUMNS_MAX])
{
	const char *at = line->text, *end = at + line->n;
	size_t      n = 0;

	while (n < LISTING_COLUMNS_MAX) {
		const char *begin = at;
		bool        quoted = at < end && *at == '"';

		if (quoted) {
			const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));

			while (close && close + 1 < end && close[1] == '"') /* a doubled quote is one of the text's own */
				close = close + 2 < end ? memchr(close + 2, '"', (size_t)(end - close - 2)) : NULL;
			begin++;
			at = close ? close : end;
			out[n++] = span_of(begin, (size_t)(at - begin));
			at = close ? memchr(close, separator, (size_t)(end - close)) : NULL;
		} else {
			at = memchr(at, separator, (size_t)(end - at));
			out[n++] = span_of(begin, (size_t)((at ? at : end) - begin));
		}
		if (!at)
			break;
		at++;
	}
	return n;
}

const char *label_language(struct listing_span label)
{
	char low[128];

	if (label.n >= sizeof(low) || !folded(label, low, sizeof(low)))
		return NULL;
	for (size_t i = 0; i < COUNT(labels); i++)
		for (size_t j = 0; j < COUNT(labels[i].labels) && labels[i].labels[j]; j++)
			if (strcmp(low, labels[i].labels[j]) == 0)
				return labels[i].language;
	return NULL;
}

enum role role_of(struct listing_span configuration)
{
	char low[256];

	folded(configuration, low, sizeof(low));
	for (size_t i = 0; i < COUNT(roles); i++)
		if (strstr(low, roles[i].word))
			return roles[i].role;
	return ROLE_UNKNOWN;
}

unsigned edition_of(struct listing_span product, bool server)
{
	unsigned found = 0;
	char     low[256];

	folded(product, low, sizeof(low));
	for (size_t i = 0; i < COUNT(editions); i++)
		if (strstr(low, editions[i].word))
			found |= server ? editions[i].server : editions[i].client;
	return found;
}

/* "en-us" -> "en"; what the region changes is kept: "pt-br", "zh-cn", "zh-tw". */
static void tag_language(struct listing_span tag, char out[8])
{
	struct str s = str_over(out, 8);
	size_t     n = 0;

	while (n < tag.n && tag.text[n] != '-')
		n++;
	if (n < 2 || n > 3)
		return;
	for (size_t i = 0; i < tag.n; i++)
		if (tag.text[i] != '-' && ((tag.text[i] | 0x20) < 'a' || (tag.text[i] | 0x20) > 'z'))
			return;
	if (span_begins(tag, "zh"))
		str_add(&s, span_holds(tag, "tw") || span_holds(tag, "hk") || span_holds(tag, "mo") || span_holds(tag, "hant") ? "zh-tw" : "zh-cn");
	else if (span_is(tag, "pt-br"))
		str_add(&s, "pt-br");
	else
		for (size_t i = 0; i < n; i++)
			str_char(&s, (char)(tag.text[i] | 0x20));
}

void locale_language(struct listing_span value, char out[8])
{
	const char *end = memchr(value.text, ';', value.n);
	size_t      n = end ? (size_t)(end - value.text) : value.n;
	unsigned    number = 0;

	out[0] = '\0';
	if (end) {
		tag_language(span_of(value.text, n), out);
		return;
	}
	if (n != 4 && n != 8)
		return;
	for (size_t i = 0; i < n; i++) {
		char     c = value.text[i];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (unsigned)((c | 0x20) - 'a' + 10) : 99;

		if (digit > 15 || number > 0xffff)
			return;
		number = number << 4 | digit;
	}
	for (size_t i = 0; i < COUNT(locales); i++)
		if (locales[i].number == number) {
			struct str s = str_over(out, 8);

			str_add(&s, locales[i].language);
		}
}
