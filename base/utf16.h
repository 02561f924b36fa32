/* Text in UTF-16 as the protocols of Windows carry it: checked, counted, and turned into UTF-8 for facts. */
#ifndef SALLYPORT_BASE_UTF16_H
#define SALLYPORT_BASE_UTF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Spec: RFC 2781 2; little endian unless `big`. Lengths are in octets unless a name says units (of two octets). */

/*
 * Offset of the first octet that is not well-formed UTF-16: half a surrogate pair, or a last octet without its
 * second; n when all is well.
 */
size_t utf16_bad(const uint8_t *bytes, size_t n, bool big);
/* Offset of the first unit that is 0, or n when there is none. */
size_t utf16_nul(const uint8_t *bytes, size_t n);
/* As UTF-8 in at most `size` octets. Returns the length; SIZE_MAX where it does not fit or is not well formed. */
size_t utf16_to_utf8(const uint8_t *bytes, size_t n, bool big, uint8_t *out, size_t size);
/* The text is this ASCII text, letters compared without case (as SMB compares names of shares and pipes). */
bool utf16_is_nocase(const uint8_t *bytes, size_t n, const char *ascii);

#endif
