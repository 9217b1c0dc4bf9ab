#include "data/base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool text_to_double(const char *text, double *out)
{
    /* strtod reads hexadecimal, inf, nan and leading space too; none is a number here. */
    size_t n = strspn(text, "0123456789+-.eE");
    if (n == 0 || text[n] != '\0' || !strpbrk(text, "0123456789"))
        return false;
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (*end != '\0' || !isfinite(value))
        return false;
    *out = value;
    return true;
}

bool text_to_int(const char *text, int64_t *out)
{
    const char *digits = text + (*text == '-' || *text == '+');
    size_t n = strspn(digits, "0123456789");
    if (n == 0 || digits[n] != '\0')
        return false;
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        return false;
    *out = value;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static int digits_of(const char *text, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

bool text_to_date(const char *text, int32_t *yyyymmdd)
{
    if (strlen(text) != 10)
        return false;
    for (int i = 0; i < 10; i++)
        if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
    int year = digits_of(text, 4), month = digits_of(text + 5, 2), day = digits_of(text + 8, 2);
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *yyyymmdd = year * 10000 + month * 100 + day;
    return true;
}

void text_from_date(int32_t yyyymmdd, char out[TEXT_DATE_BYTES])
{
    unsigned date = yyyymmdd > 0 ? (unsigned)yyyymmdd : 0;
    unsigned parts[3] = {date / 10000 % 10000, date / 100 % 100, date % 100};
    snprintf(out, TEXT_DATE_BYTES, "%04u-%02u-%02u", parts[0], parts[1], parts[2]);
}

enum { UTC_8_S = 8 * 3600 };

int32_t text_today(void)
{
    time_t now = time(NULL) + UTC_8_S;
    struct tm day;
    gmtime_r(&now, &day);
    return (day.tm_year + 1900) * 10000 + (day.tm_mon + 1) * 100 + day.tm_mday;
}

/* The length of the valid sequence at text, 0 if there is none. RFC 3629. */
static size_t sequence(const unsigned char *text, size_t n)
{
    unsigned char first = text[0];
    if (first < 0x80)
        return 1;
    size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || n < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (first == 0xE0 && text[1] < 0xA0) || (first == 0xF0 && text[1] < 0x90);
    bool surrogate = first == 0xED && text[1] > 0x9F;
    bool beyond = first == 0xF4 && text[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : length;
}

/* A sequence of three bytes that is neither overlong nor a surrogate whatever follows: most of what
 * Chinese is written with. */
static bool is_plain_three(const unsigned char *text)
{
    return text[0] > 0xE0 && text[0] < 0xED && (text[1] & 0xC0) == 0x80 && (text[2] & 0xC0) == 0x80;
}

bool text_is_utf8(const char *text, size_t n)
{
    static const uint64_t HIGH_BITS = 0x8080808080808080U;
    const unsigned char *bytes = (const unsigned char *)text;
    uint64_t eight;
    for (size_t i = 0; i < n;) {
        if (n - i >= sizeof eight) {
            memcpy(&eight, bytes + i, sizeof eight);
            if ((eight & HIGH_BITS) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        if (bytes[i] < 0x80) {
            i++;
            continue;
        }
        if (n - i >= 3 && is_plain_three(bytes + i)) {
            i += 3;
            continue;
        }
        size_t length = sequence(bytes + i, n - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x2028 || point == 0x2029;
}

const char *text_control(const char *utf8)
{
    for (const char *at = utf8; *at;) {
        unsigned char byte = (unsigned char)*at;
        if (byte >= 0x20 && byte < 0x7F) {
            at++;
            continue;
        }
        const char *start = at;
        if (is_control(text_next(&at)))
            return start;
    }
    return NULL;
}

size_t text_mark(const char *text, size_t n)
{
    static const char mark[] = {'\xEF', '\xBB', '\xBF'};
    return n >= sizeof mark && memcmp(text, mark, sizeof mark) == 0 ? sizeof mark : 0;
}

uint32_t text_next(const char **at)
{
    const unsigned char *bytes = (const unsigned char *)*at;
    if (*bytes < 0x80) {
        *at += *bytes != '\0';
        return *bytes;
    }
    size_t length = sequence(bytes, strnlen(*at, 4));
    if (length == 0) { /* not UTF-8: one replacement character a byte */
        (*at)++;
        return 0xFFFD;
    }
    uint32_t point = length == 1 ? bytes[0] : bytes[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++)
        point = point << 6 | (bytes[i] & 0x3Fu);
    *at += length;
    return point;
}

void text_mend(char *text)
{
    char *to = text;
    bool was_broken = false;
    for (const char *at = text; *at;) {
        const char *from = at;
        text_next(&at);
        size_t n = (size_t)(at - from);
        bool broken = n == 1 && (unsigned char)*from >= 0x80;
        if (!broken)
            memmove(to, from, n);
        else
            *to = '?';
        to += !broken ? n : !was_broken;
        was_broken = broken;
    }
    *to = '\0';
}

size_t text_length(const char *utf8)
{
    size_t n = 0;
    while (text_next(&utf8))
        n++;
    return n;
}

bool text_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *end, size_t *n_head)
{
    size_t n = strlen(text);
    size_t n_end = strlen(end);
    *n_head = n < n_end ? 0 : n - n_end;
    return n >= n_end && memcmp(text + *n_head, end, n_end) == 0;
}

static size_t space_at(const char *text)
{
    if (*text && strchr(" \t\r\n\v\f", *text))
        return 1;
    return text_starts(text, "\xE3\x80\x80") ? 3 : 0;
}

char *text_trim(char *text)
{
    size_t n;
    while ((n = space_at(text)) > 0)
        text += n;
    char *end = text;
    for (char *at = text; *at;) {
        n = space_at(at);
        at += n ? n : 1;
        if (!n)
            end = at;
    }
    *end = '\0';
    return text;
}

size_t text_distance(const char *a, const char *b, size_t most)
{
    enum { LONGEST = 63 };
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST)
        return most + 1;
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[m] > most ? most + 1 : row[m];
}

const char *text_nearest(const char *typed, const char *const *words)
{
    const char *best = NULL;
    size_t most = strlen(typed) / 3 + 1;
    for (; *words; words++) {
        size_t distance = text_distance(typed, *words, most);
        if (distance > most)
            continue;
        best = *words;
        if (distance == 0)
            break;
        most = distance - 1;
    }
    return best;
}
