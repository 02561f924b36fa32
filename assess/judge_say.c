/* Says verdicts: the sentences, the pieces of evidence, and the names in them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "assess/judge_int.h"

void piece_add(struct finding *f, const struct origin *seen, uint32_t line, const char *format, ...)
{
	struct piece *piece;
	va_list       args;

	if (f->piece_n >= EVIDENCE_MAX)
		return;
	piece = &f->pieces[f->piece_n++];
	piece->seen = seen ? *seen : (struct origin){0};
	piece->line = line;
	va_start(args, format);
	vsnprintf(piece->text, sizeof(piece->text), format, args);
	va_end(args);
}

static const struct {
	const char *id, *name;
} programs[] = {
	{"ie", "Internet Explorer"}, {"edge", "Microsoft Edge"}, {"wms", "Windows Media Services"}, {"wmp", "Windows Media Player"}, {"isa-server", "ISA Server"},
	{"proxy-server", "Proxy Server"}, {"netmeeting", "NetMeeting"}, {"dotnet", ".NET Framework"}, {"msxml", "XML Core Services"}, {"iis", "IIS"}, {"office", "Office"},
	{"exchange", "Exchange Server"}, {"sql-server", "SQL Server"}, {"outlook-express", "Outlook Express"}, {"mdac", "Data Access Components"}, {"vbscript", "VBScript"},
	{"jscript", "JScript"}, {"flash", "Adobe Flash Player"}, {"silverlight", "Silverlight"}, {"sharepoint-server", "SharePoint Server"}, {"jvm", "the Java virtual machine"},
	{"wmf-runtime", "Windows Media Format Runtime"}, {"directx", "DirectX"}, {"word", "Word"}, {"excel", "Excel"}, {"powerpoint", "PowerPoint"}, {"outlook", "Outlook"},
	{"access", "Access"}, {"acm", "the Audio Compression Manager"}, {"active-directory", "Active Directory"}, {"adam", "Active Directory Application Mode"},
	{"adfs", "Active Directory Federation Services"}, {"adlds", "Active Directory Lightweight Directory Services"}, {"agent", "Microsoft Agent"},
	{"ata", "Advanced Threat Analytics"}, {"avi-filter", "the AVI filter"}, {"biztalk", "BizTalk Server"}, {"business-productivity", "Business Productivity Servers"},
	{"capicom", "CAPICOM"}, {"chakracore", "ChakraCore"}, {"commerce-server", "Commerce Server"}, {"communicator", "Office Communicator"},
	{"content-management", "Content Management Server"}, {"directshow", "DirectShow"}, {"dns-server", "the DNS server"}, {"dynamics", "Dynamics"},
	{"excel-mac", "Excel for Mac"}, {"excel-services", "Excel Services"}, {"excel-viewer", "Excel Viewer"}, {"excel-web-app", "Excel Web App"},
	{"expression", "Expression"}, {"fax-services", "Fax Services"}, {"forms-server", "Office Forms Server"}, {"frontpage", "FrontPage"},
	{"frontpage-extensions", "FrontPage Server Extensions"}, {"ftp-service", "the FTP service"}, {"gdiplus", "GDI+"}, {"groove-server", "Groove Server"},
	{"help-activex", "the ActiveX control of HTML Help"}, {"host-integration", "Host Integration Server"}, {"hyper-v", "Hyper-V"},
	{"ias", "Internet Authentication Service"}, {"index-server", "Index Server"}, {"infopath", "InfoPath"}, {"journal", "Windows Journal"},
	{"lcs", "Communications Server"}, {"lync", "Lync"}, {"lync-attendee", "Lync Attendee"}, {"lync-basic", "Lync Basic"}, {"lync-server", "Lync Server"},
	{"malware-engine", "the Malware Protection Engine"}, {"mapi", "Messaging API and Collaboration Data Objects"}, {"media-center", "Windows Media Center"},
	{"media-foundation", "Media Foundation"}, {"messenger", "Messenger"}, {"money", "Money"}, {"movie-maker", "Movie Maker"}, {"mpeg-codec", "the MPEG Layer-3 codec"},
	{"msde", "SQL Server Desktop Engine"}, {"office-compatibility", "the Office Compatibility Pack"}, {"office-converter", "the Office Converter Pack"},
	{"office-ime", "an Office IME"}, {"office-mac", "Office for Mac"}, {"office-online", "Office Online Server"}, {"office-services", "Office Services"},
	{"office-web-apps", "Office Web Apps"}, {"office-web-components", "Office Web Components"}, {"onenote", "OneNote"},
	{"openxml-converter", "the Open XML converter for Mac"}, {"outlook-mac", "Outlook for Mac"}, {"outlook-web", "Outlook Web Access"}, {"picture-it", "Picture It!"},
	{"platform-sdk", "the Platform SDK"}, {"powerpoint-mac", "PowerPoint for Mac"}, {"powerpoint-services", "PowerPoint Services"},
	{"powerpoint-viewer", "PowerPoint Viewer"}, {"powerpoint-web-app", "PowerPoint Web App"}, {"producer", "Producer"}, {"project", "Project"},
	{"project-2000", "Project Central"}, {"project-server", "Project Server"}, {"publisher", "Publisher"}, {"rdc", "Remote Desktop Connection"},
	{"report-viewer", "Report Viewer"}, {"scom", "System Center Operations Manager"}, {"security-feature-pack", "the Security Feature Pack"},
	{"service-bus", "Service Bus"}, {"services-unix", "Services for UNIX"}, {"sharedfolder", "Shared Folder"}, {"sharepoint-foundation", "SharePoint Foundation"},
	{"sharepoint-workspace", "SharePoint Workspace"}, {"silverlight-developer", "the Silverlight developer runtime"}, {"site-server", "Site Server"},
	{"skype", "Skype for Business"}, {"skype-basic", "Skype for Business Basic"}, {"sms", "Systems Management Server"}, {"snapshot-viewer", "Snapshot Viewer"},
	{"speech-server", "Speech Server"}, {"sql-connector", "SQL Server Management Studio Express"}, {"step-by-step", "Step-by-Step Interactive Training"},
	{"system-center", "System Center"}, {"tmg", "Threat Management Gateway"}, {"uag", "Unified Access Gateway"}, {"unified-service-desk", "Unified Service Desk"},
	{"virtual-pc", "Virtual PC"}, {"virtual-server", "Virtual Server"}, {"visio", "Visio"}, {"visio-viewer", "Visio Viewer"}, {"visual-studio", "Visual Studio"},
	{"web-client-service", "the WebClient service"}, {"windows-live-mail", "Windows Live Mail"}, {"windows-mail", "Windows Mail"}, {"windows-script", "Windows Script"},
	{"windows-search", "Windows Search"}, {"wins", "WINS"}, {"wma-codec", "the Windows Media audio codec"}, {"wme", "Windows Media Encoder"},
	{"wmsde", "Windows Internal Database"}, {"wmv9-codec", "the Windows Media Video 9 codec"}, {"word-mac", "Word for Mac"}, {"word-services", "Word Automation Services"}, {"word-viewer", "Word Viewer"},
	{"word-web-app", "Word Web App"}, {"works", "Works"}, {"wss", "Windows SharePoint Services"}, {"zune", "Zune"},
};

const char *program_name(const char *id)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcmp(programs[i].id, id) == 0)
			return programs[i].name;
	return id;
}

const char *say_language(const char *language)
{
	static const struct {
		const char *code, *name;
	} names[] = {{"ja", "Japanese"}, {"de", "German"}, {"en", "English"}, {"fr", "French"}, {"es", "Spanish"}, {"it", "Italian"}, {"ko", "Korean"}, {"zh-cn", "Chinese"},
		{"zh-tw", "Taiwanese"}, {"pt-br", "Brazilian"}, {"ru", "Russian"}, {"nl", "Dutch"}, {"sv", "Swedish"}, {"pl", "Polish"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].code, language) == 0)
			return names[i].name;
	return language;
}

static void say_packs(struct str *s, uint32_t packs)
{
	for (unsigned i = 1; i < 32; i++)
		if (packs >> i & 1)
			str_fmt(s, " SP%u", i);
}

static void say_arch(struct str *s, const struct target *t)
{
	if (t->arch & ARCH_X64)
		str_add(s, " x64");
	if (t->arch & ARCH_IA64)
		str_add(s, " for Itanium");
}

void say_target(struct str *s, const struct target *t)
{
	if (t->kind == TARGET_SOFTWARE) {
		str_add(s, program_name(t->software));
		if (t->version[0] != 0xffff)
			str_fmt(s, " %u", t->version[0]);
		if (t->version[0] != 0xffff && t->version[1] != 0xffff)
			str_fmt(s, t->version[0] == 5 && t->version[1] == 1 && strcmp(t->software, "ie") == 0 ? ".%02u" : ".%u", t->version[1]); /* 5.01 */
		say_packs(s, t->software_packs);
		return;
	}
	if (t->family == FAMILY_2003 && (t->editions & EDITION_PROFESSIONAL))
		str_add(s, "Windows XP");
	else
		str_add(s, family_name(t->family));
	say_arch(s, t);
	say_packs(s, t->packs);
}

void say_version(struct str *s, const uint16_t v[4])
{
	str_fmt(s, "%u.%u.%u.%u", v[0], v[1], v[2], v[3]);
}

static void say_day(struct str *s, uint32_t day)
{
	str_fmt(s, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
}

/* The file by its size and day, for tables that give no version. */
static void say_by_date(struct str *s, const struct file_match *m)
{
	str_fmt(s, "%s", m->file->name);
	if (m->file->size != UINT64_MAX)
		str_fmt(s, " has %llu octets", (unsigned long long)m->file->size);
	if (m->file->day) {
		str_add(s, m->file->size != UINT64_MAX ? " and is of " : " is of ");
		say_day(s, m->file->day);
	}
	str_fmt(s, "; the update, which keeps the version number, brings");
	if (m->row->size)
		str_fmt(s, " %llu octets", (unsigned long long)m->row->size);
	if (m->row->day) {
		str_add(s, m->row->size ? " of " : " the file of ");
		say_day(s, m->row->day);
	}
}

static void say_match(struct str *s, const struct fit *fit, const struct file_match *m)
{
	struct target plain = fit->on;

	plain.packs = 0;
	if (!fit->software)
		plain.version[0] = 0xffff; /* which of the versions that the bulletin names it is, is not known */
	if (m->by_date) {
		say_by_date(s, m);
	} else {
		str_fmt(s, "%s is ", m->file->name);
		say_version(s, m->file->version);
		str_add(s, m->state == FILES_OLDER ? ", the update for " : m->higher_branch ? ", of a later line than what the update for " : "; the update for ");
		say_target(s, &plain);
		str_add(s, " brings ");
		say_version(s, m->version.version);
	}
	str_fmt(s, " (line %u)", m->row->from.line);
}

static void piece_match(struct finding *f, const struct file_match *m)
{
	char       text[128];
	struct str s = str_over(text, sizeof(text));

	if (m->by_date || !m->row) {
		piece_add(f, &m->file->from, m->row ? m->row->from.line : 0, "%.100s", m->file->path);
		return;
	}
	str_fmt(&s, "%s ", m->file->name);
	say_version(&s, m->file->version);
	str_add(&s, m->state == FILES_OLDER ? " < " : m->state == FILES_FIXED ? " >= " : " beside ");
	say_version(&s, m->version.version);
	piece_add(f, &m->file->from, m->row->from.line, "%s", text);
}

void say_files(struct finding *f, struct str *s, const struct judging *j, const struct fit *fit, const struct files_state *files)
{
	const struct file_match *m = &files->first;

	if (m->file)
		piece_match(f, m);
	switch (files->state) {
	case FILES_FIXED:
	case FILES_OLDER:
		say_match(s, fit, m);
		if (files->met > 1)
			str_fmt(s, "; of %u files compared %u %s older", files->met, files->older, files->older == 1 ? "is" : "are");
		break;
	case FILES_BETWEEN:
		str_fmt(s, "%s is ", m->file->name);
		say_version(s, m->file->version);
		str_add(s, ", between ");
		say_version(s, m->version.version);
		str_fmt(s, " (line %u) and %s (line %u): which branch it is of decides, and nothing tells", m->row->from.line, m->other->version, m->other->from.line);
		break;
	case FILES_LANGUAGE:
		str_fmt(s, "the table lists the %s files, ", say_language(files->language ? files->language : ""));
		str_add(s, j->host->system.language[0] ? "the system is " : "the language of the system is not known");
		str_fmt(s, "%s: builds of Windows NT 4.0 are numbered by language", j->host->system.language[0] ? say_language(j->host->system.language) : "");
		break;
	default:
		str_fmt(s, "%s is ", m->file->name);
		say_version(s, m->file->version);
		if (m->row && m->version.versioned) {
			str_add(s, version_line_order(m->file->version, m->version.version) == LINE_SAME ? ", of another branch than the table's " :
			                                                                               ", of another line of builds than the table's ");
			say_version(s, m->version.version);
			str_fmt(s, " (line %u)", m->row->from.line);
		} else {
			str_add(s, ", which the table has nothing to compare with");
		}
		break;
	}
}
