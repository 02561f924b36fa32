/* The digest of a catalogue: it changes when a fact of a bulletin or a reviewed row does, so that stored verdicts are made anew. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "assess/catalog_int.h"
#include "assess/flaws.h"

/* Raised by hand when rules of the judge change what a verdict says. */
static const char rules_version[] = "rules 4";

struct digest {
	EVP_MD_CTX *context;
	bool        failed;
};

static void feed(struct digest *d, const void *bytes, size_t n)
{
	if (d->context && EVP_DigestUpdate(d->context, bytes, n) != 1)
		d->failed = true;
}

/* Texts are parted by their terminator. */
static void feed_text(struct digest *d, const char *text)
{
	feed(d, text ? text : "", (text ? strlen(text) : 0) + 1);
}

static void feed_number(struct digest *d, uint64_t number)
{
	feed(d, &number, sizeof(number));
}

static void feed_products(struct digest *d, const struct bulletin *b)
{
	feed_number(d, b->published);
	for (uint32_t i = 0; i < b->product_n; i++) {
		feed_text(d, b->products[i].name);
		feed_text(d, b->products[i].group);
		feed_text(d, b->products[i].kb);
		feed_number(d, b->products[i].affected | b->products[i].severity << 1 | (uint64_t)b->products[i].from.line << 32);
	}
	for (uint32_t i = 0; i < b->rating_n; i++) {
		feed_text(d, b->ratings[i].product);
		feed_text(d, b->ratings[i].cve);
		feed_text(d, b->ratings[i].flaw);
		feed_text(d, b->ratings[i].kb);
		feed_number(d, b->ratings[i].severity | (uint64_t)b->ratings[i].from.line << 32);
	}
	for (uint32_t i = 0; i < b->cve_n; i++)
		feed_text(d, b->cves[i].id);
}

static void feed_update(struct digest *d, const struct bulletin *b)
{
	for (uint32_t i = 0; i < b->replacement_n; i++) {
		feed_text(d, b->replacements[i].bulletin);
		feed_text(d, b->replacements[i].kb);
		feed_text(d, b->replacements[i].product);
		feed_text(d, b->replacements[i].by);
		feed_number(d, b->replacements[i].holds);
	}
	for (uint32_t i = 0; i < b->file_n; i++) {
		const struct file  *f = &b->files[i];
		const char *const texts[] = {f->name, f->version, f->arch, f->branch, f->folder, f->product, f->language};

		for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
			feed_text(d, texts[t]);
		feed_number(d, f->size);
		feed_number(d, f->day | (uint64_t)f->from.line << 32);
	}
}

static void feed_rest(struct digest *d, const struct bulletin *b)
{
	for (uint32_t i = 0; i < b->key_n; i++) {
		const char *const texts[] = {b->keys[i].path, b->keys[i].value, b->keys[i].data, b->keys[i].product};

		for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
			feed_text(d, texts[t]);
		feed_number(d, b->keys[i].verify | (uint64_t)b->keys[i].workaround << 1 | (uint64_t)b->keys[i].from.line << 32);
	}
	for (uint32_t i = 0; i < b->statement_n; i++) {
		feed_number(d, b->statements[i].topic);
		feed_text(d, b->statements[i].text);
	}
	for (uint32_t i = 0; i < b->workaround_n; i++) {
		feed_text(d, b->workarounds[i].title);
		feed_text(d, b->workarounds[i].cve);
	}
}

static void feed_flaw(struct digest *d, const struct flaw_rule *flaw)
{
	feed_text(d, flaw->cve);
	feed_number(d, flaw->families | (uint64_t)flaw->roles << 32);
	feed(d, flaw->fixed_pack, sizeof(flaw->fixed_pack));
	for (size_t i = 0; i < FLAW_FILES_MAX; i++)
		feed_text(d, flaw->files[i]);
	for (size_t i = 0; i < WORKAROUNDS_MAX; i++) {
		feed_text(d, flaw->workarounds[i].title);
		feed_number(d, flaw->workarounds[i].families | (uint64_t)flaw->workarounds[i].packs << 32);
		for (size_t k = 0; k < CHECKS_MAX; k++) {
			const struct check *check = &flaw->workarounds[i].checks[k];

			feed_text(d, check->path);
			feed_text(d, check->name);
			feed_text(d, check->text);
			feed_number(d, check->number ^ (uint64_t)check->kind << 56);
		}
	}
}

void catalog_digest(const struct catalog *catalog, char out[65])
{
	static const char digits[] = "0123456789abcdef";
	struct digest     d = {.context = EVP_MD_CTX_new()};
	unsigned char     sum[EVP_MAX_MD_SIZE];
	unsigned          n = 0;

	if (!d.context || EVP_DigestInit_ex(d.context, EVP_sha256(), NULL) != 1)
		d.failed = true;
	feed_text(&d, rules_version);
	for (uint32_t i = 0; i < catalog->entry_n; i++)
		for (uint32_t k = 0; k < catalog->entries[i].reading_n; k++) {
			const struct bulletin *b = catalog->entries[i].readings[k].bulletin;

			feed_text(&d, b->id);
			feed_text(&d, b->language);
			feed_text(&d, b->kb);
			feed_number(&d, b->maximum | b->title_severity << 8 | b->computed << 16);
			feed_products(&d, b);
			feed_update(&d, b);
			feed_rest(&d, b);
		}
	for (size_t i = 0; flaw_rule_at(i); i++)
		feed_flaw(&d, flaw_rule_at(i));
	if (d.failed || EVP_DigestFinal_ex(d.context, sum, &n) != 1 || n != 32)
		abort(); /* without memory for a hash nothing that was stored could be trusted */
	EVP_MD_CTX_free(d.context);
	for (unsigned i = 0; i < 32; i++) {
		out[i * 2] = digits[sum[i] >> 4];
		out[i * 2 + 1] = digits[sum[i] & 15];
	}
	out[64] = '\0';
}
