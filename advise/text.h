/* Reading words of bulletins: folding labels, finding ids, keys and dates in lines. */
#ifndef SALLYPORT_ADVISE_TEXT_H
#define SALLYPORT_ADVISE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FOLD_MAX = 512 };

/* A label as it is compared: no blanks, ASCII in lower case, wide letters narrow, no trademark or footnote signs, no colon at its end. */
void text_fold(const char *text, size_t n, char out[FOLD_MAX]);
/* text without blanks and these ASCII characters at its ends. */
const char *text_trim(const char *text, size_t *n, const char *drop);
/* Behind the colon (narrow or wide), blanks and full stop at text; text itself when there is none. */
const char *text_behind_colon(const char *text);
bool        text_ends_with_colon(const char *text, size_t n);

/* "CVE-2003-0345", "CAN-...", "CVE-CAN-..." from *at on: the id as CVE-year-digits, *at behind it; false when there is none. */
bool text_next_cve(const char **at, char out[24], const char **from);
/* "MS04-011" likewise, in capitals. */
bool text_next_bulletin(const char **at, char out[12], const char **from);
/* "KB835732", "Q317606", "835732 " of 6 or 7 digits standing alone; `named` wants the letters before it. */
bool text_next_kb(const char **at, bool named, char out[12], const char **from);
/* A registry path that begins with a hive's name, written out, blanks around backslashes gone; *repaired tells of those. */
bool text_next_key(const char **at, char *out, size_t size, bool *repaired);

/* A number of digits at most at text; 0 when there is none. */
uint32_t text_number(const char *text, unsigned digits, size_t *took);

#endif
