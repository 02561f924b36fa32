/* Prints what the readers of listings and of PE files make of a file, one fact a line, for tests in Python. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assess/evidence.h"

static const char *const roles[] = {"-", "workstation", "server", "domain-controller"};

static uint8_t *whole(const char *path, size_t *out_n)
{
	FILE    *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long     n = 0;

	if (file && fseek(file, 0, SEEK_END) == 0 && (n = ftell(file)) >= 0 && n <= EVIDENCE_BYTES_MAX && fseek(file, 0, SEEK_SET) == 0)
		bytes = malloc(n ? (size_t)n : 1);
	*out_n = bytes ? fread(bytes, 1, (size_t)n, file) : 0;
	if (file)
		fclose(file);
	return bytes;
}

static void show_host(const struct host *host)
{
	const struct host_system *s = &host->system;

	printf("host\t%s\nproduct\t%s\nfamily\t%s\n", host->name, *s->product ? s->product : "-", s->family ? family_name(s->family) : "-");
	printf("version\t%u.%u.%u\npack\t%d\narch\t%u\nedition\t%u\n", s->version[0], s->version[1], s->version[2], s->pack, s->arch, s->edition);
	printf("role\t%s\nlanguage\t%s\ntruncated\t%s\nscopes\t%u\n", roles[s->role], *s->language ? s->language : "-", host->updates_truncated ? "yes" : "no", host->scope_n);
	for (uint32_t i = 0; i < host->update_n; i++)
		printf("update\t%s\t%u\t%u\t%s\t%u\n", host->updates[i].id, host->updates[i].kb, host->updates[i].day, host->updates[i].under, host->updates[i].from.line);
	for (uint32_t i = 0; i < host->note_n; i++)
		printf("note\t%s\t%s\n", host->notes[i].what, host->notes[i].text);
}

struct span {
	const uint8_t *bytes;
	size_t         n;
};

static bool fetch(void *data, uint64_t offset, void *out, size_t n)
{
	const struct span *span = data;

	if (offset > span->n || n > span->n - offset)
		return false;
	memcpy(out, span->bytes + offset, n);
	return true;
}

static int show_pe(const uint8_t *bytes, size_t n)
{
	struct span       span = {bytes, n};
	struct pe_version v;
	const char       *why;

	if (!pe_read(fetch, &span, n, &v, &why)) {
		printf("refused\t%s\n", why);
		return 1;
	}
	printf("machine\t%u\nversioned\t%s\n", v.machine, v.versioned ? "yes" : "no");
	printf("version\t%u.%u.%u.%u\nlanguage\t%u\n", v.version[0], v.version[1], v.version[2], v.version[3], v.language);
	return 0;
}

static int show_listing(const char *path, const uint8_t *bytes, size_t n)
{
	struct host host;
	const char *why;
	bool        good = false;

	if (host_open(&host, path)) {
		good = listing_read(&host, path, bytes, n, &why);
		if (good)
			show_host(&host);
		else
			printf("refused\t%s\n", why);
	}
	host_close(&host);
	return good ? 0 : 1;
}

/* Each file's facts follow a line "file". The exit code is that of the last. */
int main(int count, char **words)
{
	int code = 2;

	if (count < 3)
		fprintf(stderr, "usage: listing_show listing|pe FILE...\n");
	for (int i = 2; i < count; i++) {
		size_t   n;
		uint8_t *bytes = whole(words[i], &n);

		printf("file\t%s\n", words[i]);
		if (bytes)
			code = strcmp(words[1], "pe") == 0 ? show_pe(bytes, n) : show_listing(words[i], bytes, n);
		free(bytes);
	}
	return code;
}
