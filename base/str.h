/* A bounded string under construction: always terminated, never longer than its buffer, cut only at whole additions. */
#ifndef SALLYPORT_BASE_STR_H
#define SALLYPORT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once something did not fit, `cut` is set and nothing more is added: what stands is a prefix of what was meant. */
struct str {
	char  *text; /* borrowed; terminated */
	size_t size, len;
	bool   cut;
};

/* An empty string in a buffer of size bytes (at least 1). */
struct str str_over(char *buffer, size_t size);
/* All of it or nothing. */
void str_bytes(struct str *s, const char *text, size_t n);
void str_add(struct str *s, const char *text);
void str_char(struct str *s, char c);
void str_fmt(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 1234567 as 1,234,567. */
void str_count(struct str *s, uint64_t n);

/*
 * The length of the well-formed UTF-8 sequence (RFC 3629) at the head of n bytes, with its code point; 0 when there is none.
 */
size_t utf8_one(const uint8_t *bytes, size_t n, uint32_t *out);
/* As many octets of the text as fit in `most` without cutting a character of UTF-8, for "%.*s". */
int utf8_cut(const char *text, size_t most);
/* The character is seen and leaves the text around it as it is: no control, nothing bidirectional, of no width or private. */
bool utf8_shows(uint32_t point);

#endif
