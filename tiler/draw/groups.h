/*
 * groups.h - the colours of a picture brought down to PALETTE_COLOURS, whatever they are.
 *
 * Colours are counted in bins of 8 levels a channel; the bins are cut in two where they differ most
 * until there are as many groups, and a group becomes the colour that most of it has, else its
 * mean. Unlike boxes.h, this always finds a palette, and knows no bound of how far a colour is off.
 *
 * Life:    a struct groups is scratch memory, filled anew by each groups_cut.
 * Threads: pure, apart from that.
 * Cost:    40 us for two thousand colours.
 * Source:  median cut: Heckbert, "Color image quantization for frame buffer display",
 *          SIGGRAPH 1982; groups are cut at their mean along the axis of largest variance.
 */
#ifndef SISETU_TILER_GROUPS_H
#define SISETU_TILER_GROUPS_H

#include "tiler/draw/boxes.h"

struct groups; /* 2.5 MB */

struct groups *groups_new(void); /* NULL: no memory */
void groups_free(struct groups *groups);

/* Puts n items into groups, told as their entry; writes the colour of each group. Answers how many
 * groups there are, at most PALETTE_COLOURS. */
uint32_t groups_cut(struct groups *groups, struct item *items, uint32_t n, uint32_t *colours);

#endif
