#include "styles/number_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number's significant digits; the point stands after the first `point` of them. */
struct digits {
    bool negative;
    int point, n;
    char text[NUMBER_TEXT_BYTES];
};

/* The fewest that read back as the number. */
static struct digits shortest(double number)
{
    struct digits out = {.negative = signbit(number) != 0};
    char text[NUMBER_TEXT_BYTES];
    number = fabs(number);
    for (int precision = 0; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, number);
        if (strtod(text, NULL) == number)
            break;
    }
    char *exponent = strchr(text, 'e');
    for (const char *c = text; c < exponent; c++)
        if (*c != '.')
            out.text[out.n++] = *c;
    while (out.n > 1 && out.text[out.n - 1] == '0')
        out.n--;
    out.point = (int)strtol(exponent + 1, NULL, 10) + 1;
    if (number == 0)
        out.point = 1;
    return out;
}

static char digit_at(const struct digits *digits, int place)
{
    return place >= 0 && place < digits->n ? digits->text[place] : '0';
}

void number_text(double number, char out[NUMBER_TEXT_BYTES])
{
    if (!isfinite(number)) {
        snprintf(out, NUMBER_TEXT_BYTES, "%s",
                 isnan(number) ? "NaN"
                 : number > 0  ? "Infinity"
                               : "-Infinity");
        return;
    }
    struct digits digits = shortest(number);
    char *at = out;
    if (digits.negative && number != 0)
        *at++ = '-';
    if (digits.point > 21 || digits.point < -5) {
        *at++ = digits.text[0];
        if (digits.n > 1)
            *at++ = '.';
        for (int i = 1; i < digits.n; i++)
            *at++ = digits.text[i];
        snprintf(at, (size_t)(out + NUMBER_TEXT_BYTES - at), "e%+d", digits.point - 1);
        return;
    }
    int end = digits.n > digits.point ? digits.n : digits.point;
    for (int i = digits.point < 1 ? digits.point - 1 : 0; i < end; i++) {
        if (i == digits.point)
            *at++ = '.';
        *at++ = digit_at(&digits, i);
    }
    *at = '\0';
}

/* Rounds to so many digits after the point. */
static void round_to(struct digits *digits, int fraction)
{
    int keep = digits->point + fraction;
    if (keep >= digits->n)
        return;
    bool up = keep >= 0 && digits->text[keep] >= '5';
    digits->n = keep > 0 ? keep : 0;
    if (!up)
        return;
    int i = digits->n;
    while (i > 0 && digits->text[i - 1] == '9')
        i--;
    if (i == 0) {
        digits->text[0] = '1'; /* 99.9 to 100: zeros follow by themselves */
        digits->n = 1;
        digits->point++;
        return;
    }
    digits->text[i - 1]++;
    digits->n = i;
}

static char *put_digit(char *at, char digit, bool chinese)
{
    static const char *const names[] = {"〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
    if (!chinese) {
        *at = digit;
        return at + 1;
    }
    return stpcpy(at, names[digit - '0']);
}

void number_formatted(double number, const struct number_format *format,
                      char out[NUMBER_FORMAT_BYTES])
{
    if (!isfinite(number)) {
        snprintf(out, NUMBER_FORMAT_BYTES, "%s", isnan(number) ? "NaN" : number > 0 ? "∞" : "-∞");
        return;
    }
    struct digits digits = shortest(number);
    round_to(&digits, format->most_fraction);
    int whole = digits.point > 0 ? digits.point : 1;
    int fraction = format->least_fraction;
    for (int i = 0; i < format->most_fraction; i++) /* the last that is not 0 */
        if (digit_at(&digits, digits.point + i) != '0' && i + 1 > fraction)
            fraction = i + 1;
    char *at = out;
    if (digits.negative)
        *at++ = '-';
    for (int i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0)
            *at++ = ',';
        at = put_digit(at, digit_at(&digits, digits.point - whole + i), format->chinese_digits);
    }
    if (fraction > 0)
        *at++ = '.';
    for (int i = 0; i < fraction; i++)
        at = put_digit(at, digit_at(&digits, digits.point + i), format->chinese_digits);
    *at = '\0';
}
