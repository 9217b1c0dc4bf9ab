/*
 * colour.h - colours as style files write them.
 *
 * Taken are #rgb, #rgba, #rrggbb, #rrggbbaa, rgb(r, g, b), rgba(r, g, b, a), hsl(h, s%, l%),
 * hsla(...), and the sixteen basic names of CSS with orange, transparent and a few greys.
 *
 * Pure; no memory. Source: CSS Color Module Level 4, sections 5-7.
 */
#ifndef SISETU_STYLES_COLOUR_H
#define SISETU_STYLES_COLOUR_H

#include <stdbool.h>

struct colour {
    double r, g, b; /* 0..255, not premultiplied */
    double a;       /* 0..1 */
};

/* False if the text is no colour; *out is then untouched. */
bool colour_parse(const char *text, struct colour *out);

/* Between a and b, t in 0..1; each channel by itself, as MapLibre does. */
struct colour colour_mix(struct colour a, struct colour b, double t);

#endif
