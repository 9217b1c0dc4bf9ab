/*
 * text.h - strict readings of text: numbers, dates, UTF-8.
 *
 * Each reader takes the whole string or nothing: "5O", "1e999", "nan", "0x10", " 5" and
 * "" are not numbers. The decimal point is '.', whatever the locale.
 *
 * Threads: safe; nothing is kept between calls.
 */
#ifndef SISETU_DATA_BASE_TEXT_H
#define SISETU_DATA_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool text_to_double(const char *text, double *out);
bool text_to_int(const char *text, int64_t *out);

/* "2026-05-01" to 20260501; checks that the day exists. Proleptic Gregorian. */
bool text_to_date(const char *text, int32_t *yyyymmdd);

/* Writes "2026-05-01" and the NUL into out. */
enum { TEXT_DATE_BYTES = 11 };
void text_from_date(int32_t yyyymmdd, char out[TEXT_DATE_BYTES]);

/* Today in UTC+8, the legal time of the region, as yyyymmdd. */
int32_t text_today(void);

bool text_is_utf8(const char *text, size_t n);

/* Bytes of the byte order mark that an editor may have put before UTF-8 text: 3 or 0. Readers of
 * files skip it. */
size_t text_mark(const char *text, size_t n);

/* What a limit on bytes ("%.100s") cut within a character, or what was never UTF-8: each run of
 * such bytes becomes one '?', in place. */
void text_mend(char *text);

/* The first character that breaks or bends a line of text, NULL if there is none: controls (U+0000
 * to U+001F, U+007F to U+009F) and the separators of lines and paragraphs (U+2028, U+2029). */
const char *text_control(const char *utf8);

/* Code points in valid UTF-8. */
size_t text_length(const char *utf8);

/* Decodes the character at *at (valid UTF-8) and moves past it; 0 at the end. */
uint32_t text_next(const char **at);

/* NULL-safe: two absent texts are equal. */
bool text_equal(const char *a, const char *b);
bool text_starts(const char *text, const char *prefix);

/* Whether a text ends with another; *n_head: the bytes before that. */
bool text_ends(const char *text, const char *end, size_t *n_head);

/* Removes ASCII white space and U+3000 from both ends, in place; returns the start. */
char *text_trim(char *text);

/* Edits needed between two words, at most `most` + 1: for "did you mean". */
size_t text_distance(const char *a, const char *b, size_t most);

/* The word of `words` (up to NULL) that is nearest to what was typed, one edit allowed for
 * each three letters and one more; NULL if none is. The first of equals. */
const char *text_nearest(const char *typed, const char *const *words);

#endif
