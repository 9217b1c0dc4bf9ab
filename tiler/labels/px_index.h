/*
 * px_index.h - boxes of pixels, and which of them overlap a box. Boxes come one by one.
 *
 * Boxes lie in the cells of a grid that suits their size, at most four, and are found through a
 * hash of the cell: neither one huge box nor many on one place cost more than a look at each.
 *
 * Life:    px_index_init, then add and visit in any order; memory belongs to the arena.
 * Space:   whole pixels; boxes that only share an edge do not overlap.
 * Threads: one.
 * Cost:    adding 50 ns; a visit 30 ns and 3 ns for each box near by.
 */
#ifndef SISETU_TILER_PX_INDEX_H
#define SISETU_TILER_PX_INDEX_H

#include "data/base/arena.h"
#include "data/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct px_box {
    int32_t left, top, right, bottom; /* right and bottom beyond */
};

static inline bool px_box_overlaps(struct px_box a, struct px_box b)
{
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

static inline struct px_box px_box_moved(struct px_box box, int32_t x, int32_t y)
{
    return (struct px_box){box.left + x, box.top + y, box.right + x, box.bottom + y};
}

static inline struct px_box px_box_joined(struct px_box a, struct px_box b)
{
    return (struct px_box){a.left < b.left ? a.left : b.left, a.top < b.top ? a.top : b.top,
                           a.right > b.right ? a.right : b.right,
                           a.bottom > b.bottom ? a.bottom : b.bottom};
}

/* Larger by so much all round, rounded up; by_px from 0 to 10,000. */
static inline struct px_box px_box_grown(struct px_box box, double by_px)
{
    int32_t by = (int32_t)by_px + (by_px > (int32_t)by_px);
    return (struct px_box){box.left - by, box.top - by, box.right + by, box.bottom + by};
}

enum { PX_INDEX_LEVELS = 28 }; /* cells of 32 px and up, each twice the one before */

struct px_entry;
struct px_link;

struct px_index {
    struct arena *arena;
    struct px_entry *entries;
    struct px_link *links;
    size_t n_entries, entries_capacity;
    size_t n_links, links_capacity;
    uint32_t *heads; /* of chains of links */
    size_t n_heads;  /* a power of two */
    struct {
        uint32_t n, last; /* entries of the level, chained */
    } levels[PX_INDEX_LEVELS];
};

enum err_code px_index_init(struct px_index *index, struct arena *arena, struct err *err);

enum err_code px_index_add(struct px_index *index, struct px_box box, uint32_t tag,
                           struct err *err);

/* Calls visit with the tag of each box that overlaps `box`, perhaps more than once, until it
 * answers false. The order depends on what was added, and on nothing else. */
void px_index_visit(const struct px_index *index, struct px_box box, void *context,
                    bool (*visit)(void *context, uint32_t tag));

#endif
