/*
 * boxes.h - a palette from which no colour of a picture is far, if there is one.
 *
 * Colours are put into boxes whose edges are at most twice as long as a colour may be off, the
 * longest edge cut by whole lengths, so that the middle of a box is near to all that is in it.
 * Boxes that hold next to nothing are given up; entries that are left over go where colours
 * differ most. quantise.h, whose palettes are closer on the whole, knows no such bound.
 *
 * Life:    memory is the caller's.
 * Threads: pure.
 * Cost:    0.2 ms for two thousand colours.
 */
#ifndef SISETU_TILER_BOXES_H
#define SISETU_TILER_BOXES_H

#include <stddef.h>
#include <stdint.h>

/* A colour of a picture, 0xAABBGGRR or any other four bytes. */
struct item {
    uint32_t colour, count;
    uint32_t bin;   /* not used here */
    uint32_t entry; /* of the palette: what is answered */
};

struct boxes_wanted {
    uint32_t most_entries; /* 256 or less */
    uint32_t limit;        /* how far a channel may be off */
    uint64_t most_over;    /* how many, by their counts, may be off further */
};

/* Finds colours, and an entry for each of n items; order is scratch memory for n numbers. Answers
 * how many colours; 0: there are no such ones. */
uint32_t boxes_palette(struct item *items, uint32_t n, uint32_t *order,
                       const struct boxes_wanted *wanted, uint32_t *colours);

#endif
