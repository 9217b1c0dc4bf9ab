/*
 * number_text.h - numbers as texts, as a browser writes them.
 *
 * Pure; no memory. Source: ECMA-262, Number::toString; ECMA-402, NumberFormat.
 */
#ifndef SISETU_STYLES_NUMBER_TEXT_H
#define SISETU_STYLES_NUMBER_TEXT_H

#include <stdbool.h>

enum {
    NUMBER_TEXT_BYTES = 32,
    /* 309 digits and their commas, each up to 3 bytes, and the fraction. */
    NUMBER_FORMAT_BYTES = 2048,
    NUMBER_FORMAT_MOST_DIGITS = 20, /* after the point */
};

/* The shortest text that reads back as the number: 0.1, 1200000, 1e+21, 1.5e-7. */
void number_text(double number, char out[NUMBER_TEXT_BYTES]);

struct number_format {
    int least_fraction, most_fraction; /* digits after the point; least <= most */
    bool chinese_digits;
};

/* "1,234.568": rounded, halves away from zero, of the shortest text. Chinese and English group
 * alike; in Chinese digits it is 一,二三四.五六八. */
void number_formatted(double number, const struct number_format *format,
                      char out[NUMBER_FORMAT_BYTES]);

#endif
