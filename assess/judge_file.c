/* Compares files of a host with the file tables of a bulletin: each with the rows of its name, architecture, language and line of builds. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "assess/judge_int.h"

enum { ROWS_MOST = 64, ASKED_MOST = 512 };

/* The rows of one name that the host's file may be compared with. */
struct rows {
	const struct file   *row[ROWS_MOST];
	struct table_version version[ROWS_MOST];
	size_t               n;
	const char          *language; /* of rows left out because the build is of another language */
	const struct judging *judging;
	const struct entry   *entry;
	const struct fit     *fit;
};

static unsigned arch_of(const char *text)
{
	static const struct {
		const char *name;
		unsigned    arch;
	} names[] = {{"x86", ARCH_X86}, {"x64", ARCH_X64}, {"xx64", ARCH_X64}, {"ia64", ARCH_IA64}, {"ia-64", ARCH_IA64}, {"amd64", ARCH_X64}, {"alpha", ARCH_ALPHA}};

	for (size_t i = 0; text && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(text, names[i].name) == 0)
			return names[i].arch;
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcasecmp(text + n - m, end) == 0;
}

/* The parts of a path that hold copies which are not run: backups, caches, sources of installations. */
static bool in_use(const char *path)
{
	static const char *const copies[] = {"\\dllcache\\", "\\$ntuninstall", "\\$ntservicepackuninstall", "\\$nthotfix", "\\$hf_mig$\\", "\\servicepackfiles\\",
		"\\driver cache\\", "\\winsxs\\", "\\softwaredistribution\\", "\\i386\\", "\\installer\\", "\\$msi", "\\temp\\"};

	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
		if (strcasestr(path, copies[i]))
			return false;
	return true;
}

/*
 * Outside of its own folder Windows has files of its parts only. Programs of others bring copies that no update of Windows replaces: an old
 * gdiplus.dll of one of them says nothing of Windows.
 */
static bool is_of_system(const char *path)
{
	static const char *const folders[] = {"\\outlook express\\", "\\netmeeting\\", "\\windows media player\\", "\\windows media components\\",
		"\\internet explorer\\", "\\movie maker\\", "\\windows nt\\", "\\windows mail\\", "\\windows journal\\", "\\messenger\\", "\\inetpub\\",
		"\\common files\\", "\\gemeinsame dateien\\", "\\fichiers communs\\", "\\archivos comunes\\", "\\file comuni\\"};

	if (strncasecmp(path, "%systemroot%\\", 13) == 0)
		return true;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (strcasestr(path, folders[i]))
			return true;
	return false;
}

/* 32-bit files of a 64-bit system stand in a folder of their own. */
static bool is_wow(const char *path)
{
	return strcasestr(path, "\\syswow64\\") || strcasestr(path, " (x86)\\");
}

/* Builds of Windows NT 4.0 were numbered by language; later versions are the same in all. */
static bool by_language(const struct table_version *version)
{
	return version->versioned && version->version[0] == 4 && version->version[1] == 0 && version->version[2] == 1381;
}

/* The name is about 64-bit systems by its own words. */
static bool names_arch(const struct name *name, unsigned arch)
{
	for (uint32_t i = 0; i < name->target_n; i++)
		if (name->targets[i].arch & arch)
			return true;
	return false;
}

/* 32-bit files of a 64-bit system have rows among those of that system; those of the 32-bit system are another product's. */
static bool row_fits(const struct fit *fit, const struct file *row, const struct name *product, const struct host_file *file)
{
	unsigned arch = arch_of(row->arch), own = fit->on.arch;

	if (own & (ARCH_X64 | ARCH_IA64) && is_wow(file->path))
		return arch == ARCH_X86 && names_arch(product, own);
	if (row->folder && ends_with(row->folder, "WOW"))
		return false;
	return !arch || !own || (arch & own);
}

/*
 * The rows of that product are the fit's. Rows of a part of the system ("Quartz on Windows 2000") are the system's too: the host has the
 * part when it has the file, and versions of one part are told apart by their lines of builds.
 */
static bool rows_are(const struct name *product, const struct fit *fit)
{
	if (name_covers(product, &fit->on))
		return true;
	for (uint32_t i = 0; fit->on.kind == TARGET_SYSTEM && i < product->target_n; i++) {
		struct target part = product->targets[i];
		bool          unsure = false;

		part.kind = TARGET_SYSTEM;
		if (product->targets[i].kind == TARGET_SOFTWARE && part.family && target_system_covers(&part, &fit->on, &unsure) && !unsure)
			return true;
	}
	return false;
}

/* The rows of the table that the file may be compared with. */
static void rows_find(struct rows *rows, const struct host_file *file)
{
	const struct judging *j = rows->judging;
	const struct entry   *entry = rows->entry;
	const struct fit     *fit = rows->fit;

	for (uint32_t i = 0; i < entry->reading_n; i++) {
		const struct reading *r = &entry->readings[i];

		for (uint32_t k = 0; k < r->bulletin->file_n && rows->n < ROWS_MOST; k++) {
			const struct file *row = &r->bulletin->files[k];
			const struct name *product = &j->catalog->names[r->files[k]];

			if (strcasecmp(row->name, file->name) != 0 || !row_fits(fit, row, product, file) || !rows_are(product, fit))
				continue;
			if (by_language(&r->versions[k]) && (!row->language || strcasecmp(row->language, j->host->system.language) != 0)) {
				rows->language = row->language;
				continue;
			}
			rows->row[rows->n] = row;
			rows->version[rows->n++] = r->versions[k];
		}
	}
}

/* Programs and libraries; tables also list catalogues and setup information, which have no version by nature. */
static bool is_code(const char *name)
{
	static const char *const ends[] = {".dll", ".exe", ".sys", ".ocx", ".cpl", ".drv", ".tsp"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_with(name, ends[i]))
			return true;
	return false;
}

/* Where the table gives no version: the size tells, and the day behind it. */
static enum files by_size_and_day(const struct file *row, const struct host_file *file)
{
	bool size = row->size && file->size != UINT64_MAX, day = row->day && file->day;

	if (size && file->size == row->size)
		return day && file->day < row->day ? FILES_OTHER : FILES_FIXED;
	if (day && file->day < row->day)
		return FILES_OLDER;
	if (day && file->day > row->day)
		return FILES_FIXED;
	return size && day ? FILES_OLDER : FILES_OTHER;
}

static void between(struct file_match *m, const struct rows *rows, size_t low, size_t high)
{
	m->state = FILES_BETWEEN;
	m->row = rows->row[low];
	m->version = rows->version[low];
	m->other = rows->row[high];
}

/* The row may be compared with the file: it is of its line of builds, and of its branch where the number tells it. */
static bool row_of_file(const struct rows *rows, size_t i, const uint16_t file[4])
{
	const uint16_t *v = rows->version[i].version;

	return rows->version[i].versioned && version_line_order(file, v) == LINE_SAME && version_kind(file) == version_kind(v);
}

/* The parts that the words of two branches begin with are the same: of "SP1QFE" and "SP1GDR". */
static bool same_base(const char *a, const char *qfe, const char *b, const char *gdr)
{
	return qfe - a == gdr - b && strncasecmp(a, b, (size_t)(qfe - a)) == 0;
}

/*
 * The row is of the QFE branch, and the table has files for hosts that are not of it: those keep the file of the row as it was. The name
 * itself has no other row.
 */
static bool of_qfe_alone(const struct rows *rows, const struct file *row)
{
	const char *qfe = row->branch ? strcasestr(row->branch, "QFE") : NULL;

	for (uint32_t i = 0; qfe && i < rows->entry->reading_n; i++) {
		const struct reading *r = &rows->entry->readings[i];

		for (uint32_t k = 0; k < r->bulletin->file_n; k++) {
			const struct file *other = &r->bulletin->files[k];
			const char        *gdr = other->branch ? strcasestr(other->branch, "GDR") : NULL;

			if ((gdr ? same_base(row->branch, qfe, other->branch, gdr) : !other->branch || !other->branch[0]) && is_code(other->name) &&
			    rows_are(&rows->judging->catalog->names[r->files[k]], rows->fit))
				return true;
		}
	}
	return false;
}

/* Against the rows of the file's own line of builds and branch; false when there is none. */
static bool in_line(const struct rows *rows, struct file_match *m)
{
	size_t low = SIZE_MAX, high = SIZE_MAX;
	bool   qfe = true;

	for (size_t i = 0; i < rows->n; i++) {
		const uint16_t *v = rows->version[i].version;

		if (!row_of_file(rows, i, m->file->version))
			continue;
		qfe = qfe && rows->row[i]->branch && strcasestr(rows->row[i]->branch, "QFE");
		if (low == SIZE_MAX || version_compare(v, rows->version[low].version) < 0)
			low = i;
		if (high == SIZE_MAX || version_compare(v, rows->version[high].version) > 0)
			high = i;
	}
	if (low == SIZE_MAX)
		return false;
	m->row = rows->row[low];
	m->version = rows->version[low];
	if (version_compare(m->file->version, rows->version[low].version) < 0) {
		m->state = qfe && of_qfe_alone(rows, rows->row[low]) ? FILES_OTHER : FILES_OLDER;
	} else if (version_compare(m->file->version, rows->version[high].version) >= 0) {
		m->state = FILES_FIXED;
		m->row = rows->row[high];
		m->version = rows->version[high];
	} else {
		between(m, rows, low, high);
	}
	return true;
}

/* No row of its line and branch: a later line is newer than all of them; whether an earlier one or another branch has the fix, nothing tells. */
static void out_of_line(const struct rows *rows, struct file_match *m)
{
	bool higher = true, any = false;

	m->state = FILES_OTHER;
	for (size_t i = 0; i < rows->n; i++) {
		enum line_order order = rows->version[i].versioned ? version_line_order(m->file->version, rows->version[i].version) : LINE_OTHER;

		if (!rows->version[i].versioned)
			continue;
		if (order == LINE_SAME || !m->row || version_line_order(m->file->version, m->version.version) != LINE_SAME) {
			m->row = rows->row[i];
			m->version = rows->version[i];
		}
		any = true;
		higher = higher && order == LINE_HIGHER;
	}
	if (any && higher) {
		m->state = FILES_FIXED;
		m->higher_branch = true;
	}
}

/* A file of the line before the host's service pack, for which the table has rows: it was put back, or never replaced. */
static bool before_pack(const struct rows *rows, struct file_match *m)
{
	int      host = rows->judging->host->system.pack, mine = version_pack(m->file->version);
	unsigned kind = version_kind(m->file->version);

	for (size_t i = 0; i < rows->n && mine >= 0 && mine < host; i++)
		if (rows->version[i].versioned && version_pack(rows->version[i].version) == host && version_kind(rows->version[i].version) == kind &&
		    version_line_order(m->file->version, rows->version[i].version) == LINE_LOWER) {
			m->state = FILES_OLDER;
			m->row = rows->row[i];
			m->version = rows->version[i];
			return true;
		}
	return false;
}

/* The row is the file as the host's service pack brought it: an update that leaves it as it was is not shown by it. */
static bool brought_by_pack(const struct judging *j, const struct file_match *m)
{
	return m->state == FILES_FIXED && !m->higher_branch && version_shipped(m->version.version) && j->host->system.pack >= version_pack(m->version.version);
}

static void match_file(const struct rows *rows, struct file_match *m)
{
	if (m->file->versioned) {
		bool versioned = false;

		for (size_t i = 0; i < rows->n; i++)
			versioned = versioned || rows->version[i].versioned;
		if (versioned) {
			if (!before_pack(rows, m) && !in_line(rows, m))
				out_of_line(rows, m);
			if (brought_by_pack(rows->judging, m))
				m->state = FILES_NONE;
			return;
		}
	}
	for (size_t i = 0; i < rows->n; i++) {
		enum files state;

		if (rows->version[i].versioned || !is_code(rows->row[i]->name))
			continue;
		state = by_size_and_day(rows->row[i], m->file);
		if (m->state == FILES_NONE || state == FILES_FIXED) {
			m->state = state;
			m->row = rows->row[i];
			m->by_date = true;
		}
	}
}

static void count(struct files_state *out, const struct file_match *m)
{
	if (m->state == FILES_NONE)
		return;
	out->met++;
	out->fixed += m->state == FILES_FIXED;
	out->older += m->state == FILES_OLDER;
	if (m->state == FILES_FIXED && !out->fixed_first.file)
		out->fixed_first = *m;
	if (m->state > out->state) {
		out->state = m->state;
		out->first = *m;
	}
}

/* It was looked for where Windows has it, and is not there; or everywhere where a program can have it. */
static bool known_absent(const struct host *host, const char *name, const struct host_file *files, uint32_t copies)
{
	const char *folder = flaw_file_folder(name);
	char        path[128];

	for (uint32_t i = 0; i < copies; i++)
		if (files[i].seen == SEEN_PRESENT)
			return false;
	snprintf(path, sizeof(path), "%s\\%s", folder ? folder : "", name);
	for (uint32_t i = 0; folder && i < copies; i++)
		if (files[i].seen == SEEN_ABSENT && ends_with(files[i].path, path))
			return true;
	if (folder && strncmp(folder, "\\netmeeting", 11) != 0)
		return host_scope(host, SCOPE_FILES, "%systemroot%\\system32") && host_scope(host, SCOPE_FILES, "%systemroot%\\system32\\drivers") &&
		       (strncmp(folder, "\\system32", 9) == 0 || host_scope(host, SCOPE_FILES, "%systemroot%\\pchealth"));
	return host_scope(host, SCOPE_FILES, "%systemroot%") && host_scope(host, SCOPE_FILES, "c:\\program files");
}

/* All copies of one name that are run. */
static void look_at_name(const struct judging *j, const struct entry *entry, const struct fit *fit, const char *name, struct files_state *out)
{
	uint32_t                copies, compared = 0;
	const struct host_file *files = host_files_named(j->host, name, &copies);
	bool                    absent = known_absent(j->host, name, files, copies);

	for (uint32_t i = 0; i < copies; i++) {
		struct file_match match = {.file = &files[i]};
		struct rows       rows = {.judging = j, .entry = entry, .fit = fit};

		if (files[i].seen != SEEN_PRESENT || !in_use(files[i].path) || (fit->on.kind == TARGET_SYSTEM && !is_of_system(files[i].path)))
			continue;
		rows_find(&rows, &files[i]);
		if (rows.n)
			match_file(&rows, &match);
		else if (rows.language) {
			match.state = FILES_LANGUAGE;
			out->language = rows.language;
		}
		compared += match.state != FILES_NONE || match.row;
		count(out, &match);
	}
	if (absent && !compared && out->state == FILES_NONE)
		out->state = FILES_ABSENT;
	if (!compared && !absent && !out->missing[0]) {
		struct str text = str_over(out->missing, sizeof(out->missing));

		str_add(&text, name);
	}
}

/* Names that were asked for already. */
struct asked {
	const char *name[ASKED_MOST];
	size_t      n;
};

static bool ask(struct asked *asked, const char *name)
{
	for (size_t i = 0; i < asked->n; i++)
		if (strcasecmp(asked->name[i], name) == 0)
			return false;
	if (asked->n == ASKED_MOST)
		return false;
	asked->name[asked->n++] = name;
	return true;
}

/*
 * The table does not say which file is of which update: of several that are all needed, files show each one only when all of the table's
 * are there as they should be.
 */
static void settle_several(const struct fit *fit, struct files_state *out)
{
	if (fit->one_of && !fit->any_of && out->state == FILES_FIXED && (out->missing[0] || out->fixed < out->met))
		out->state = FILES_NONE;
}

void files_look(const struct judging *j, const struct entry *entry, const struct fit *fit, const char *const *names, struct files_state *out)
{
	struct asked asked = {.n = 0};

	*out = (struct files_state){.state = FILES_NONE};
	for (size_t i = 0; names && i < FLAW_FILES_MAX && names[i]; i++) {
		look_at_name(j, entry, fit, names[i], out);
		out->asked++;
	}
	if (names || !j->host->file_n)
		return;
	for (uint32_t i = 0; i < entry->reading_n; i++) {
		const struct reading *r = &entry->readings[i];

		for (uint32_t k = 0; k < r->bulletin->file_n; k++) {
			if (!is_code(r->bulletin->files[k].name) || !rows_are(&j->catalog->names[r->files[k]], fit) || !ask(&asked, r->bulletin->files[k].name))
				continue;
			look_at_name(j, entry, fit, r->bulletin->files[k].name, out);
			out->asked++;
		}
	}
	settle_several(fit, out);
}
