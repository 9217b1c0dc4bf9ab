/*
 * pipeline_stretches.h - which pipelines have a stretch in a box: most whose own box holds a place
 * of a town pass far from it.
 *
 * Life:    pipeline_stretches_build of all lines; then pipeline_stretches_add of those that come,
 *          until so many have that it is_due to be built anew. Lines that are gone stay: who asks
 *          looks whether they stand.
 * Owner:   memory of its own: pipeline_stretches_free.
 * Threads: many find, while nobody builds or adds.
 * Cost:    some 50 bytes a stretch; a search, and a look at each line that came later.
 */
#ifndef SISETU_GEO_PIPELINE_STRETCHES_H
#define SISETU_GEO_PIPELINE_STRETCHES_H

#include "geo/pipelines/pipeline_line.h"
#include "geo/measure/rtree.h"

/* All zero: an empty one. */
struct pipeline_stretches {
    struct arena arena;
    struct rtree tree;
    const uint32_t *slots; /* of pipelines, by item of the tree */
    uint32_t *later;       /* slots that were added */
    size_t n_later;
    size_t capacity;
};

void pipeline_stretches_free(struct pipeline_stretches *stretches);

/* lines: by slot, with boxes; NULL: none there. */
enum err_code pipeline_stretches_build(struct pipeline_stretches *stretches,
                                       const struct pipeline_line *const *lines, size_t n_slots,
                                       struct err *err);
enum err_code pipeline_stretches_add(struct pipeline_stretches *stretches, uint32_t slot,
                                     struct err *err);
bool pipeline_stretches_is_due(const struct pipeline_stretches *stretches);

/* Slots whose lines had a stretch in the box when the index was made, ascending. Those that were
 * added since are `later`, to be looked at one by one. */
enum err_code pipeline_stretches_find(const struct pipeline_stretches *stretches, struct box box,
                                      struct arena *arena, uint32_t **slots, size_t *n,
                                      struct err *err);
bool pipeline_stretches_touch(const struct pipeline_line *line, struct box box);

#endif
