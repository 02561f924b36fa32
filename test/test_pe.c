/* The reader of PE files: what it takes, each sentence it refuses with, every place where a file may end, directories that hold themselves. */
#include <stdlib.h>

#include "assess/evidence.h"
#include "test/tap.h"

enum { FILE_BYTES = 1024, HEADER = 0x80, SECTION_RAW = 0x200, SECTION_RVA = 0x1000, VERSION_AT = 0x80 /* of the section */ };

struct file {
	uint8_t bytes[FILE_BYTES];
	size_t  n, breaks_at; /* an offset at which a disk would fail; SIZE_MAX: none */
};

static void put16(struct file *f, size_t at, unsigned value)
{
	f->bytes[at] = (uint8_t)value;
	f->bytes[at + 1] = (uint8_t)(value >> 8);
}

static void put32(struct file *f, size_t at, uint32_t value)
{
	put16(f, at, value & 0xffff);
	put16(f, at + 2, value >> 16);
}

static size_t optional_at(void)
{
	return HEADER + 24;
}

static size_t optional_size(bool plus)
{
	return plus ? 240 : 224;
}

static size_t section_at(bool plus)
{
	return optional_at() + optional_size(plus);
}

/* One directory of one entry, at an offset of the section. */
static void directory(struct file *f, size_t at, uint32_t name, uint32_t offset)
{
	put16(f, SECTION_RAW + at + 14, 1);
	put32(f, SECTION_RAW + at + 16, name);
	put32(f, SECTION_RAW + at + 20, offset);
}

static void version(struct file *f, size_t at)
{
	static const char key[] = "VS_VERSION_INFO";

	put16(f, at, 92);
	put16(f, at + 2, 52);
	for (size_t i = 0; i < sizeof(key); i++)
		put16(f, at + 6 + 2 * i, (unsigned char)key[i]);
	put32(f, at + 40, 0xfeef04bd);
	put32(f, at + 48, 5u << 16);
	put32(f, at + 52, 2195u << 16 | 6902);
}

/* A whole file: lsasrv.dll's version of MS04-011, in Japanese. */
static struct file built(bool plus)
{
	struct file f = {.n = FILE_BYTES, .breaks_at = SIZE_MAX};
	size_t      s = section_at(plus);

	memcpy(f.bytes, "MZ", 2);
	put32(&f, 60, HEADER);
	memcpy(f.bytes + HEADER, "PE", 2);
	put16(&f, HEADER + 4, plus ? 0x8664 : 0x14c);
	put16(&f, HEADER + 6, 1);
	put16(&f, HEADER + 20, (unsigned)optional_size(plus));
	put16(&f, optional_at(), plus ? 0x20b : 0x10b);
	put32(&f, optional_at() + (plus ? 108 : 92), 16);
	put32(&f, optional_at() + (plus ? 112 : 96) + 16, SECTION_RVA);
	put32(&f, s + 8, 0x200);
	put32(&f, s + 12, SECTION_RVA);
	put32(&f, s + 16, 0x200);
	put32(&f, s + 20, SECTION_RAW);
	directory(&f, 0, 16, 0x80000000u | 24);
	directory(&f, 24, 1, 0x80000000u | 48);
	directory(&f, 48, 1041, 72);
	put32(&f, SECTION_RAW + 72, SECTION_RVA + VERSION_AT);
	put32(&f, SECTION_RAW + 76, 92);
	version(&f, SECTION_RAW + VERSION_AT);
	return f;
}

static bool fetch(void *data, uint64_t offset, void *out, size_t n)
{
	struct file *f = data;

	if (offset > f->n || n > f->n - offset)
		abort(); /* the reader asked for what is not there */
	if (f->breaks_at >= offset && f->breaks_at - offset < n)
		return false;
	memcpy(out, f->bytes + offset, n);
	return true;
}

static bool read_file(struct file *f, struct pe_version *out, const char **why)
{
	return pe_read(fetch, f, f->n, out, why);
}

static void good(void)
{
	for (int plus = 0; plus < 2; plus++) {
		struct file       f = built(plus);
		struct pe_version v;
		const char       *why;

		tap_ok(read_file(&f, &v, &why) && v.versioned && !why, "a PE32%s file is read", plus ? "+" : "");
		tap_ok(v.version[0] == 5 && v.version[1] == 0 && v.version[2] == 2195 && v.version[3] == 6902, "its version is 5.0.2195.6902");
		tap_ok(v.language == 1041 && v.machine == (plus ? 0x8664 : 0x14c), "its language and machine too");
	}
}

/* Changes of the good file that leave a good file without a version. */
static void unversioned(void)
{
	static const struct {
		const char *title;
		size_t      at;
		uint32_t    value;
	} cases[] = {
		{"no resource directory", HEADER + 24 + 96 + 16, 0},
		{"too few data directories", HEADER + 24 + 92, 2},
		{"no version among the resources", SECTION_RAW + 16, 3},
		{"a version resource of strings alone", SECTION_RAW + VERSION_AT, 92},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file       f = built(false);
		struct pe_version v;
		const char       *why;

		put32(&f, cases[i].at, cases[i].value);
		tap_ok(read_file(&f, &v, &why) && !v.versioned && !v.version[2] && v.machine == 0x14c, "%s: no version, no error", cases[i].title);
	}
}

static void named(void)
{
	struct file       f = built(false);
	struct pe_version v;
	const char       *why;

	put32(&f, SECTION_RAW + 48 + 16, 0x80000200u);
	tap_ok(read_file(&f, &v, &why) && v.versioned && v.language == 0, "a language with a name is none that is known");
}

static const struct bad {
	const char *title;
	size_t      at, octets;
	uint32_t    value;
	const char *why;
} bads[] = {
	{"another magic", 0, 2, 0x4d5a, "it is no program: it does not begin with MZ"},
	{"e_lfanew behind the end", 60, 4, FILE_BYTES - 1, "it is a DOS program: no PE header stands where the DOS header points"},
	{"e_lfanew far away", 60, 4, 0xffffffff, "it is a DOS program: no PE header stands where the DOS header points"},
	{"e_lfanew at the end", 60, 4, FILE_BYTES - 2, "the file ends inside its PE header"},
	{"no signature", HEADER, 4, 0x45, "it is a DOS program: no PE header stands where the DOS header points"},
	{"NE", HEADER, 2, 0x454e, "it is a 16-bit program (NE), whose version is not read"},
	{"LE", HEADER, 2, 0x454c, "it is a driver of Windows 9x (LE), whose version is not read"},
	{"LX", HEADER, 2, 0x584c, "it is a program of OS/2 (LX)"},
	{"an optional header of another kind", HEADER + 24, 2, 0x107, "its optional header is neither PE32 nor PE32+"},
	{"no optional header", HEADER + 20, 2, 0, "its optional header is neither PE32 nor PE32+"},
	{"a short optional header", HEADER + 20, 2, 95, "its optional header is too short"},
	{"data directories that are not there", HEADER + 20, 2, 112, "its optional header is too short"},
	{"97 sections", HEADER + 6, 2, 97, "it has more than 96 sections"},
	{"sections behind the end", HEADER + 6, 2, 96, "the file ends inside its section table"},
	{"no section", HEADER + 6, 2, 0, "its resource directory is not inside a section"},
	{"a resource directory in no section", HEADER + 24 + 96 + 16, 4, 0x5000, "its resource directory is not inside a section"},
	{"a resource directory at the end of numbers", HEADER + 24 + 96 + 16, 4, 0xffffffff, "its resource directory is not inside a section"},
	{"a section behind the end", HEADER + 24 + 224 + 20, 4, 0xfffffff0, "its resource directory is not inside a section"},
	{"a section too short for a directory", HEADER + 24 + 224 + 16, 4, 15, "its resource directory is not inside a section"},
	{"a section too short for an entry", HEADER + 24 + 224 + 16, 4, 23, "its resource directory ends early"},
	{"4097 entries", SECTION_RAW + 14, 2, 4097, "its resource directory has more than 4096 entries"},
	{"entries of both kinds, too many", SECTION_RAW + 12, 4, 0xffffffff, "its resource directory has more than 4096 entries"},
	{"a leaf on the first level", SECTION_RAW + 20, 4, 24, "its resource directory has not the three levels it must have"},
	{"a leaf on the second level", SECTION_RAW + 44, 4, 24, "its resource directory has not the three levels it must have"},
	{"a fourth level", SECTION_RAW + 68, 4, 0x80000048, "its resource directory has not the three levels it must have"},
	{"a directory that holds itself", SECTION_RAW + 20, 4, 0x80000000, "its resource directory has not the three levels it must have"},
	{"a directory that holds its parent", SECTION_RAW + 68, 4, 0x80000000, "its resource directory has not the three levels it must have"},
	{"no name below the type", SECTION_RAW + 24 + 14, 2, 0, "its resource directory has not the three levels it must have"},
	{"no language below the name", SECTION_RAW + 48 + 14, 2, 0, "its resource directory has not the three levels it must have"},
	{"a directory behind the section", SECTION_RAW + 20, 4, 0x80000200, "its resource directory is not inside a section"},
	{"a leaf behind the section", SECTION_RAW + 68, 4, 0x1f8, "its resource directory ends early"},
	{"a version in no section", SECTION_RAW + 72, 4, 0x9000, "its version resource is not inside a section"},
	{"a version across the section's end", SECTION_RAW + 72, 4, SECTION_RVA + 0x200 - 91, "its version resource is not inside a section"},
	{"a version of 91 octets", SECTION_RAW + 76, 4, 91, "its version resource is too short"},
	{"a version of 64 KiB", SECTION_RAW + 76, 4, 65536, "its version resource is longer than 65,535 octets"},
	{"a version of another name", SECTION_RAW + VERSION_AT + 6, 2, 'v', "its version resource has not the name VS_VERSION_INFO"},
	{"a name in another half of Unicode", SECTION_RAW + VERSION_AT + 6, 2, 0x156, "its version resource has not the name VS_VERSION_INFO"},
	{"a length below its value", SECTION_RAW + VERSION_AT, 2, 91, "its version resource has wrong lengths"},
	{"a length over the resource", SECTION_RAW + VERSION_AT, 2, 93, "its version resource has wrong lengths"},
	{"a value of 51 octets", SECTION_RAW + VERSION_AT + 2, 2, 51, "its version resource has wrong lengths"},
	{"another signature", SECTION_RAW + VERSION_AT + 40, 4, 0xfeef04bc, "its version resource has not the signature of VS_FIXEDFILEINFO"},
};

static bool empty(const struct pe_version *v)
{
	return !v->versioned && !v->version[0] && !v->version[1] && !v->version[2] && !v->version[3] && !v->language && !v->machine;
}

static void refused(void)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct file       f = built(false);
		struct pe_version v;
		const char       *why;
		bool              read;

		if (bads[i].octets == 2)
			put16(&f, bads[i].at, bads[i].value);
		else
			put32(&f, bads[i].at, bads[i].value);
		read = read_file(&f, &v, &why);
		if (!tap_ok(!read && empty(&v) && strcmp(why, bads[i].why) == 0, "%s is refused", bads[i].title))
			tap_note("got: %s", read ? "read" : why);
	}
}

/* Everything needed stands before the end of VS_FIXEDFILEINFO: a file that ends before it is refused, one that ends behind it is not. */
static void cut(void)
{
	const size_t needed = SECTION_RAW + VERSION_AT + 92;
	size_t       wrong = 0;

	for (size_t n = 0; n <= FILE_BYTES; n++) {
		struct file       f = built(false), *exact = malloc(sizeof(f));
		struct pe_version v;
		const char       *why;

		f.n = n;
		memcpy(exact, &f, sizeof(f));
		if (read_file(exact, &v, &why) != (n >= needed) || (n < needed && (!why || !empty(&v)))) {
			wrong++;
			tap_note("%zu octets: %s", n, why ? why : "read");
		}
		free(exact);
	}
	tap_number(wrong, 0, "a file may end anywhere");
}

/* Each octet that is read may be one that the disk does not give. */
static void unreadable(void)
{
	size_t refusals = 0, wrong = 0;

	for (size_t at = 0; at < FILE_BYTES; at++) {
		struct file       f = built(true);
		struct pe_version v;
		const char       *why;

		f.breaks_at = at;
		if (read_file(&f, &v, &why))
			continue;
		refusals++;
		wrong += strcmp(why, "the file cannot be read where its headers say something stands") != 0 || !empty(&v);
	}
	tap_ok(refusals > 400 && !wrong, "an octet that cannot be read is a sentence, wherever it stands");
}

/* Any one octet, any value that a bit makes of it: no fetch outside the file. */
static void flipped(void)
{
	size_t read = 0;

	for (size_t at = 0; at < FILE_BYTES; at++)
		for (int bit = 0; bit < 8; bit++) {
			struct file       f = built(false);
			struct pe_version v;
			const char       *why;

			f.bytes[at] ^= (uint8_t)(1u << bit);
			read += read_file(&f, &v, &why);
		}
	tap_ok(read > FILE_BYTES && read < (size_t)FILE_BYTES * 8, "no bit makes the reader ask for octets that are not there");
}

int main(void)
{
	good();
	unversioned();
	named();
	refused();
	cut();
	unreadable();
	flipped();
	return tap_done();
}
