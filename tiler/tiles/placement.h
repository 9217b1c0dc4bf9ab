/*
 * placement.h - what a placement keeps for the one after it: behind labels.h.
 */
#ifndef SISETU_TILER_PLACEMENT_H
#define SISETU_TILER_PLACEMENT_H

#include "tiler/tiles/labels.h"

#include <pthread.h>

/* A scale of one to 100,000 shows a province with 200,000 names; the rest is room. */
enum { MOST_CANDIDATES = 20 * 1000 * 1000 };

enum label_part { PART_ICON = 1, PART_TEXT = 2 };

/* A label that wants a place. */
struct candidate {
    double sort_key;
    const char *id;
    uint32_t layer;   /* of the style */
    uint32_t feature; /* of the source that it was made from; of no use later */
    uint32_t repeat;  /* along a line: the how-manieth */
    int32_t x_px, y_px;
    uint8_t placed;      /* bits of enum label_part */
    uint8_t may_overlap; /* likewise: parts that never give way */
    uint16_t n_icon, n_text;
    uint64_t content; /* a hash of all that look and box follow from */
    /* Of the parts that had to be looked at to know its lot: n_icon of the symbol, then n_text. Of
     * a text that had no place perhaps just a piece, which was taken already. */
    const struct px_box *boxes;
    struct placed *label; /* NULL: not placed */
};

struct placement_private {
    struct arena arena;
    pthread_mutex_t mutex; /* of n_references */
    unsigned n_references;
    size_t n, capacity;
    struct candidate *candidates; /* in the order of priority */
    size_t n_looked_at;
};

/* An empty one, which its maker holds. */
enum err_code placement_make(struct placement **out, struct err *err);

/* Which of two goes first: below 0 the first. The order in the source does not count. */
int candidate_order(const struct candidate *p, const struct candidate *q);

#endif
