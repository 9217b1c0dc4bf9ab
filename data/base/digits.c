#include "data/base/digits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

char *digits_before(uint64_t number, char *end)
{
    do
        *--end = (char)('0' + number % 10);
    while (number /= 10);
    return end;
}

static void copy_out(char out[DIGITS_BYTES], const char *from, const char *end)
{
    memcpy(out, from, (size_t)(end - from));
    out[end - from] = '\0';
}

/* Times a power of ten, a number is rounded once: below 1e12 by less than 1e-4, so that it is
 * surely on one side of a half unless it is nearer to it than `unsure`. Then, or of more units,
 * printf knows all its digits. */
void digits_fixed(double number, int places, char out[DIGITS_BYTES])
{
    static const double powers[DIGITS_PLACES + 1] = {1,   1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                                     1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    static const double most = DIGITS_MOST, most_units = 1e12, unsure = 1e-3;
    double units = fabs(number) * powers[places];
    double whole = floor(units);
    if (!(fabs(number) < most) || units >= most_units || fabs(units - whole - 0.5) < unsure) {
        snprintf(out, DIGITS_BYTES, fabs(number) < most ? "%.*f" : "%.*e", places, number);
        return;
    }
    uint64_t n = (uint64_t)whole + (units - whole > 0.5);
    uint64_t one = (uint64_t)powers[places];
    char digits[DIGITS_BYTES], *end = digits + sizeof digits, *at = end;
    if (places > 0) {
        at = digits_before(n % one + one, at); /* with a 1 in front, for the zeros behind it */
        *at = '.';
    }
    at = digits_before(n / one, at);
    if (signbit(number))
        *--at = '-';
    copy_out(out, at, end);
}

void digits_trim(char *number)
{
    if (strchr(number, '.')) {
        char *end = number + strlen(number);
        while (end[-1] == '0')
            end--;
        if (end[-1] == '.')
            end--;
        *end = '\0';
    }
    if (strcmp(number, "-0") == 0)
        memmove(number, number + 1, 2);
}

void digits_short(double number, int places, char out[DIGITS_BYTES])
{
    digits_fixed(number, places, out);
    digits_trim(out);
}

void digits_general(double number, char out[DIGITS_BYTES])
{
    static const double most = 999999; /* more is written with an exponent */
    if (!(number >= 1 && number <= most) || number > floor(number)) {
        snprintf(out, DIGITS_BYTES, "%g", number);
        return;
    }
    char digits[DIGITS_BYTES], *end = digits + sizeof digits;
    copy_out(out, digits_before((uint64_t)number, end), end);
}
