#include "styles/colour.h"

#include "data/base/text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    uint32_t rgba;
} names[] = {
    {"transparent", 0x00000000}, {"black", 0x000000FF},     {"silver", 0xC0C0C0FF},
    {"gray", 0x808080FF},        {"grey", 0x808080FF},      {"white", 0xFFFFFFFF},
    {"maroon", 0x800000FF},      {"red", 0xFF0000FF},       {"purple", 0x800080FF},
    {"fuchsia", 0xFF00FFFF},     {"green", 0x008000FF},     {"lime", 0x00FF00FF},
    {"olive", 0x808000FF},       {"yellow", 0xFFFF00FF},    {"navy", 0x000080FF},
    {"blue", 0x0000FFFF},        {"teal", 0x008080FF},      {"aqua", 0x00FFFFFF},
    {"orange", 0xFFA500FF},      {"darkgray", 0xA9A9A9FF},  {"darkgrey", 0xA9A9A9FF},
    {"lightgray", 0xD3D3D3FF},   {"lightgrey", 0xD3D3D3FF},
};

static struct colour of_rgba(uint32_t rgba)
{
    return (struct colour){rgba >> 24, rgba >> 16 & 0xFF, rgba >> 8 & 0xFF, (rgba & 0xFF) / 255.0};
}

static bool parse_hex(const char *digits, struct colour *out)
{
    size_t n = strlen(digits);
    uint32_t value = 0;
    if ((n != 3 && n != 4 && n != 6 && n != 8) || strspn(digits, "0123456789abcdefABCDEF") != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = digits[i];
        uint32_t digit = (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
        value = value << 4 | digit;
        if (n <= 4) /* #rgb says each digit twice */
            value = value << 4 | digit;
    }
    *out = of_rgba(n == 3 || n == 6 ? value << 8 | 0xFF : value);
    return true;
}

/* One number of a functional notation; *percent says whether a % followed it. */
static bool parse_part(const char *text, double *value, bool *percent)
{
    char part[32];
    size_t n = strlen(text);
    *percent = n > 0 && text[n - 1] == '%';
    if (n == 0 || n >= sizeof part)
        return false;
    memcpy(part, text, n + 1);
    if (*percent)
        part[n - 1] = '\0';
    return text_to_double(part, value);
}

static double hue_channel(double p, double q, double t)
{
    t -= floor(t);
    if (t < 1.0 / 6)
        return p + (q - p) * 6 * t;
    if (t < 1.0 / 2)
        return q;
    if (t < 2.0 / 3)
        return p + (q - p) * (2.0 / 3 - t) * 6;
    return p;
}

static void set_hsl(double h, double s, double l, struct colour *out)
{
    double q = l < 0.5 ? l * (1 + s) : l + s - l * s;
    double p = 2 * l - q;
    out->r = 255 * hue_channel(p, q, h / 360 + 1.0 / 3);
    out->g = 255 * hue_channel(p, q, h / 360);
    out->b = 255 * hue_channel(p, q, h / 360 - 1.0 / 3);
}

static double within(double value, double most)
{
    return fmax(0, fmin(most, value));
}

/* rgb(...) and hsl(...) with commas between three or four parts. */
static bool parse_function(const char *text, struct colour *out)
{
    char copy[96];
    bool hsl = strncasecmp(text, "hsl", 3) == 0;
    const char *open = strchr(text, '(');
    size_t n = strlen(text);
    if ((!hsl && strncasecmp(text, "rgb", 3) != 0) || !open || n >= sizeof copy ||
        text[n - 1] != ')')
        return false;
    size_t head = (size_t)(open - text);
    if (head != 3 && !(head == 4 && (text[3] | 32) == 'a'))
        return false;
    memcpy(copy, open + 1, n - head - 2);
    copy[n - head - 2] = '\0';
    double parts[4] = {0, 0, 0, 1};
    bool percents[4] = {false};
    int count = 0;
    char *rest = copy;
    for (char *part; (part = strsep(&rest, ",")); count++)
        if (count == 4 || !parse_part(text_trim(part), &parts[count], &percents[count]))
            return false;
    if (count < 3 || (hsl && (!percents[1] || !percents[2])))
        return false;
    for (int i = 0; i < 3 && !hsl; i++)
        parts[i] = within(percents[i] ? parts[i] * 2.55 : parts[i], 255);
    *out = (struct colour){parts[0], parts[1], parts[2],
                           within(percents[3] ? parts[3] / 100 : parts[3], 1)};
    if (hsl)
        set_hsl(parts[0], within(parts[1], 100) / 100, within(parts[2], 100) / 100, out);
    return true;
}

bool colour_parse(const char *text, struct colour *out)
{
    if (text[0] == '#')
        return parse_hex(text + 1, out);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(text, names[i].name) == 0) {
            *out = of_rgba(names[i].rgba);
            return true;
        }
    }
    return parse_function(text, out);
}

struct colour colour_mix(struct colour a, struct colour b, double t)
{
    return (struct colour){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t,
                           a.a + (b.a - a.a) * t};
}
