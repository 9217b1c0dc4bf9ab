/*
 * digits.h - numbers in words, digit for digit as printf writes them, in a tenth of its time.
 *
 * A region has millions of sentences with three numbers each.
 *
 * Threads: safe; nothing is kept between calls.
 */
#ifndef SISETU_DATA_BASE_DIGITS_H
#define SISETU_DATA_BASE_DIGITS_H

#include <stdint.h>

enum { DIGITS_BYTES = 48, DIGITS_PLACES = 12, DIGITS_MOST = 1000 * 1000 * 1000 };

/* As "%.3f" for 3 places, up to DIGITS_PLACES; of DIGITS_MOST and more, as "%.3e". */
void digits_fixed(double number, int places, char out[DIGITS_BYTES]);

/* The same without zeros at its end: "2.5", "3", never "-0". For less than DIGITS_MOST. */
void digits_short(double number, int places, char out[DIGITS_BYTES]);

/* Takes them off a number with a point in it, in place. */
void digits_trim(char *number);

/* As "%g". */
void digits_general(double number, char out[DIGITS_BYTES]);

/* The digits of a whole number, 20 at most, written before `end` without a NUL; where they begin.
 */
char *digits_before(uint64_t number, char *end);

#endif
