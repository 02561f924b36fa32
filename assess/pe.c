/*
 * Reads the version of a program file: DOS and PE headers, section table, the resource directory's three levels, VS_FIXEDFILEINFO.
 * Spec: Microsoft PE and COFF Specification 2.3 to 4, 6.9; VS_VERSIONINFO and VS_FIXEDFILEINFO (Windows SDK).
 * Input from: any file of an image, all of it hostile. Limits: 96 sections, 4096 entries a directory, 64 KiB of version resource.
 * Not done: versions of 16-bit files (NE, LE), StringFileInfo, raw pointers that the loader would round down.
 */
#include <string.h>

#include "assess/evidence.h"
#include "base/wire.h"

enum {
	DOS_BYTES = 64,
	COFF_BYTES = 24, /* the signature and the COFF header */
	OPTIONAL_MAX = 240, /* what is read of the optional header: PE32+ with all 16 directories */
	SECTION_BYTES = 40,
	SECTIONS_MAX = 96, /* the loader of these systems takes no more */
	DIRECTORY_BYTES = 16,
	ENTRY_BYTES = 8,
	ENTRIES_MAX = 4096,
	VERSION_BYTES = 92, /* VS_VERSIONINFO up to the end of VS_FIXEDFILEINFO */
	VERSION_MAX = 65535, /* its length is a 16-bit number */
	RT_VERSION = 16,
	RESOURCE_DIRECTORY = 2, /* its place among the data directories */
};

#define SUBDIRECTORY 0x80000000u
#define NAMED        0x80000000u

struct section {
	uint32_t address, raw, raw_size; /* VirtualAddress, PointerToRawData, SizeOfRawData */
};

struct pe {
	pe_fetch      *fetch;
	void          *data;
	uint64_t       size;
	struct section sections[SECTIONS_MAX];
	uint32_t       section_n;
	uint32_t       resource; /* RVA of the resource directory; 0: none */
	const char    *why;
};

static bool fail(struct pe *pe, const char *why)
{
	pe->why = why;
	return false;
}

/* n octets of the file, or the sentence. */
static bool fetched(struct pe *pe, uint64_t offset, void *out, size_t n, const char *why)
{
	if (offset > pe->size || n > pe->size - offset)
		return fail(pe, why);
	if (!pe->fetch(pe->data, offset, out, n))
		return fail(pe, "the file cannot be read where its headers say something stands");
	return true;
}

/* Where the new header stands, by the DOS header. */
static bool read_dos(struct pe *pe, uint32_t *out)
{
	static const struct {
		char        magic[3];
		const char *why;
	} olds[] = {
		{"NE", "it is a 16-bit program (NE), whose version is not read"},
		{"LE", "it is a driver of Windows 9x (LE), whose version is not read"},
		{"LX", "it is a program of OS/2 (LX)"},
	};
	uint8_t     dos[DOS_BYTES], magic[2];
	struct fault fault = {0};
	struct wire w = wire_over(dos, sizeof(dos), &fault, 1);

	if (!fetched(pe, 0, dos, 2, "it is no program: it has no DOS header"))
		return false;
	if (memcmp(dos, "MZ", 2) != 0)
		return fail(pe, "it is no program: it does not begin with MZ");
	if (!fetched(pe, 0, dos, sizeof(dos), "it is a DOS program, or ends inside its DOS header"))
		return false;
	wire_take(&w, 60, "e_magic");
	*out = wire_le32(&w, "e_lfanew");
	if (!fetched(pe, *out, magic, sizeof(magic), "it is a DOS program: no PE header stands where the DOS header points"))
		return false;
	for (size_t i = 0; i < sizeof(olds) / sizeof(olds[0]); i++)
		if (memcmp(magic, olds[i].magic, 2) == 0)
			return fail(pe, olds[i].why);
	return true;
}

/* The optional header's resource directory. n is what the COFF header says it has. */
static bool read_optional(struct pe *pe, uint64_t offset, size_t n)
{
	uint8_t      bytes[OPTIONAL_MAX] = {0};
	struct fault fault = {0};
	struct wire  w;
	uint16_t     magic;
	uint32_t     directories;

	if (n > sizeof(bytes))
		n = sizeof(bytes);
	if (!fetched(pe, offset, bytes, n, "the file ends inside its optional header"))
		return false;
	w = wire_over(bytes, n, &fault, 1);
	magic = wire_le16(&w, "Magic");
	if (magic != 0x10b && magic != 0x20b)
		return fail(pe, "its optional header is neither PE32 nor PE32+");
	wire_take(&w, magic == 0x10b ? 90 : 106, "MajorLinkerVersion");
	directories = wire_le32(&w, "NumberOfRvaAndSizes");
	if (fault.why)
		return fail(pe, "its optional header is too short");
	if (directories <= RESOURCE_DIRECTORY)
		return true;
	wire_take(&w, (size_t)8 * RESOURCE_DIRECTORY, "DataDirectory");
	pe->resource = wire_le32(&w, "VirtualAddress");
	wire_le32(&w, "Size");
	return fault.why ? fail(pe, "its optional header is too short") : true;
}

static bool read_sections(struct pe *pe, uint64_t offset, uint32_t count)
{
	if (count > SECTIONS_MAX)
		return fail(pe, "it has more than 96 sections");
	for (uint32_t i = 0; i < count; i++) {
		struct section *s = &pe->sections[i];
		uint8_t         bytes[SECTION_BYTES];
		struct fault    fault = {0};
		struct wire     w = wire_over(bytes, sizeof(bytes), &fault, 1);

		if (!fetched(pe, offset + (uint64_t)i * SECTION_BYTES, bytes, sizeof(bytes), "the file ends inside its section table"))
			return false;
		wire_take(&w, 8, "Name");
		wire_le32(&w, "VirtualSize");
		s->address = wire_le32(&w, "VirtualAddress");
		s->raw_size = wire_le32(&w, "SizeOfRawData");
		s->raw = wire_le32(&w, "PointerToRawData");
		pe->section_n++;
	}
	return true;
}

static bool read_headers(struct pe *pe, struct pe_version *out)
{
	uint8_t      coff[COFF_BYTES] = {0};
	struct fault fault = {0};
	struct wire  w = wire_over(coff, sizeof(coff), &fault, 1);
	uint32_t     at, sections;
	uint16_t     optional;

	if (!read_dos(pe, &at) || !fetched(pe, at, coff, sizeof(coff), "the file ends inside its PE header"))
		return false;
	if (wire_le32(&w, "Signature") != 0x4550)
		return fail(pe, "it is a DOS program: no PE header stands where the DOS header points");
	out->machine = wire_le16(&w, "Machine");
	sections = wire_le16(&w, "NumberOfSections");
	wire_take(&w, 12, "TimeDateStamp");
	optional = wire_le16(&w, "SizeOfOptionalHeader");
	return read_optional(pe, (uint64_t)at + COFF_BYTES, optional) && read_sections(pe, (uint64_t)at + COFF_BYTES + optional, sections);
}

/*
 * n octets at an RVA: they must lie in one section, and in that part of it which the file has. What is behind the file's part is zeros
 * in memory, which no resource is made of.
 */
static bool fetched_rva(struct pe *pe, uint64_t rva, void *out, size_t n, const char *why)
{
	for (uint32_t i = 0; i < pe->section_n; i++) {
		const struct section *s = &pe->sections[i];

		if (rva >= s->address && rva - s->address <= s->raw_size && n <= s->raw_size - (rva - s->address))
			return fetched(pe, s->raw + (rva - s->address), out, n, why);
	}
	return fail(pe, why);
}

struct entry {
	uint32_t name, offset;
};

/* The entry of this number (any: the first) in the directory at an offset of the resource section; out->offset is 0 when there is none. */
static bool find_entry(struct pe *pe, uint32_t directory, uint32_t number, bool any, struct entry *out)
{
	uint8_t      bytes[DIRECTORY_BYTES] = {0};
	struct fault fault = {0};
	struct wire  w = wire_over(bytes, sizeof(bytes), &fault, 1);
	uint64_t     at = (uint64_t)pe->resource + directory;
	uint32_t     entries;

	*out = (struct entry){0};
	if (!fetched_rva(pe, at, bytes, sizeof(bytes), "its resource directory is not inside a section"))
		return false;
	wire_take(&w, 12, "Characteristics");
	entries = wire_le16(&w, "NumberOfNamedEntries");
	entries += wire_le16(&w, "NumberOfIdEntries");
	if (entries > ENTRIES_MAX)
		return fail(pe, "its resource directory has more than 4096 entries");
	for (uint32_t i = 0; i < entries; i++) {
		uint8_t      pair[ENTRY_BYTES];
		struct fault ill = {0};
		struct wire  one = wire_over(pair, sizeof(pair), &ill, 1);

		if (!fetched_rva(pe, at + DIRECTORY_BYTES + (uint64_t)i * ENTRY_BYTES, pair, sizeof(pair), "its resource directory ends early"))
			return false;
		out->name = wire_le32(&one, "Name");
		out->offset = wire_le32(&one, "OffsetToData");
		if (any || out->name == number)
			return true;
	}
	*out = (struct entry){0};
	return true;
}

/* The version resource: its language, and the RVA and length of what is in it. *out_rva is 0 when there is none. */
static bool find_resource(struct pe *pe, uint16_t *out_language, uint32_t *out_rva, uint32_t *out_size)
{
	static const char deep[] = "its resource directory has not the three levels it must have";
	struct entry      type, name, language;
	uint8_t           bytes[16] = {0};
	struct fault      fault = {0};
	struct wire       w = wire_over(bytes, sizeof(bytes), &fault, 1);

	*out_rva = 0;
	if (!find_entry(pe, 0, RT_VERSION, false, &type))
		return false;
	if (!type.offset)
		return true;
	/* Three levels and no more: that is also why a directory that holds itself ends here. */
	if (!(type.offset & SUBDIRECTORY))
		return fail(pe, deep);
	if (!find_entry(pe, type.offset & ~SUBDIRECTORY, 0, true, &name))
		return false;
	if (!(name.offset & SUBDIRECTORY))
		return fail(pe, deep);
	if (!find_entry(pe, name.offset & ~SUBDIRECTORY, 0, true, &language))
		return false;
	if (!language.offset || (language.offset & SUBDIRECTORY))
		return fail(pe, deep);
	if (!fetched_rva(pe, (uint64_t)pe->resource + language.offset, bytes, sizeof(bytes), "its resource directory ends early"))
		return false;
	*out_rva = wire_le32(&w, "OffsetToData");
	*out_size = wire_le32(&w, "Size");
	*out_language = language.name & NAMED ? 0 : (uint16_t)language.name;
	return true;
}

/* "VS_VERSION_INFO" and its NUL, as UTF-16 has it. */
static bool key_right(const uint8_t *key)
{
	static const char word[16] = "VS_VERSION_INFO";

	for (size_t i = 0; i < sizeof(word); i++)
		if (key[2 * i] != (uint8_t)word[i] || key[2 * i + 1])
			return false;
	return true;
}

static bool read_version(struct pe *pe, uint32_t rva, uint32_t size, struct pe_version *out)
{
	uint8_t      bytes[VERSION_BYTES] = {0};
	struct fault fault = {0};
	struct wire  w = wire_over(bytes, sizeof(bytes), &fault, 1);
	uint16_t     length, value;
	uint32_t     high, low;

	if (size < sizeof(bytes))
		return fail(pe, "its version resource is too short");
	if (size > VERSION_MAX)
		return fail(pe, "its version resource is longer than 65,535 octets");
	if (!fetched_rva(pe, rva, bytes, sizeof(bytes), "its version resource is not inside a section"))
		return false;
	length = wire_le16(&w, "wLength");
	value = wire_le16(&w, "wValueLength");
	wire_le16(&w, "wType");
	if (!key_right(wire_take(&w, 32, "szKey")))
		return fail(pe, "its version resource has not the name VS_VERSION_INFO");
	if (!value) /* the form allows a resource of strings alone */
		return true;
	if (length < sizeof(bytes) || length > size || value < 52)
		return fail(pe, "its version resource has wrong lengths");
	wire_le16(&w, "Padding1");
	if (wire_le32(&w, "dwSignature") != 0xfeef04bd)
		return fail(pe, "its version resource has not the signature of VS_FIXEDFILEINFO");
	wire_le32(&w, "dwStrucVersion");
	high = wire_le32(&w, "dwFileVersionMS");
	low = wire_le32(&w, "dwFileVersionLS");
	out->version[0] = (uint16_t)(high >> 16);
	out->version[1] = (uint16_t)high;
	out->version[2] = (uint16_t)(low >> 16);
	out->version[3] = (uint16_t)low;
	out->versioned = true;
	return true;
}

bool pe_read(pe_fetch *fetch, void *data, uint64_t size, struct pe_version *out, const char **why)
{
	struct pe pe = {.fetch = fetch, .data = data, .size = size};
	uint32_t  rva = 0, length = 0;
	uint16_t  language = 0;

	*out = (struct pe_version){0};
	*why = NULL;
	if (read_headers(&pe, out) && (!pe.resource || (find_resource(&pe, &language, &rva, &length) && (!rva || read_version(&pe, rva, length, out))))) {
		out->language = rva ? language : 0;
		return true;
	}
	*why = pe.why;
	*out = (struct pe_version){0};
	return false;
}
