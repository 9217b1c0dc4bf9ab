/*
 * boxes.h - few colours from which no colour of a picture is far.
 *
 * Colours are swept by their green; each goes into the open box that grows least by it and whose
 * edges stay at most twice as long as a colour may be off, else into a new one; a box whose green
 * is passed is closed. The middle of a box is near to all that is in it. On maps this needs a
 * quarter fewer boxes than cutting all of them by halves. Entries that are left over go to single
 * colours, those first where most is gained. quantise.h, whose palettes are closer on the whole,
 * knows no such bound.
 *
 * Life:    a struct boxes is scratch memory, filled anew by each boxes_cover.
 * Threads: pure, apart from that.
 * Cost:    0.15 ms for two thousand colours.
 */
#ifndef SISETU_TILER_BOXES_H
#define SISETU_TILER_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BOXES_MOST = 2048 };

/* A colour of a picture, premultiplied, 0xAABBGGRR: none of the channels above its alpha. */
struct item {
    uint32_t colour, count;
    uint32_t bin;   /* of groups.h, not used here */
    uint32_t entry; /* what is answered: the number of a box, then of a colour */
};

struct boxes; /* 0.2 MB */

struct boxes *boxes_new(void); /* NULL: no memory */
void boxes_free(struct boxes *boxes);

struct boxes_wanted {
    uint32_t limit;      /* how far a channel may be off */
    uint32_t kept_count; /* a colour of this many pixels stays as it is: areas next to those of
                            another picture */
};

/* Puts n items into boxes; `order` is scratch memory for n numbers. Answers how many boxes; 0:
 * more than BOXES_MOST. */
uint32_t boxes_cover(struct boxes *boxes, struct item *items, uint32_t n,
                     const struct boxes_wanted *wanted, uint32_t *order);

/* Gives up the lightest boxes until at most `most` are left; what was in them is not bound by the
 * limit, and is at most most_over by its count. False: it would be more; nothing was done. */
bool boxes_lighten(struct boxes *boxes, struct item *items, uint32_t n, uint32_t most,
                   uint64_t most_over);

/* The colour of each box, then the single colours of at least least_count pixels that can have an
 * entry of their own. Answers how many there are: most_entries, at least as many as boxes, or
 * fewer. */
uint32_t boxes_colours(struct boxes *boxes, struct item *items, uint32_t n, uint32_t most_entries,
                       uint32_t least_count, uint32_t *colours);

#endif
