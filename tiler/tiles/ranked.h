/*
 * ranked.h - the features of one layer in one tile, put in the order of drawing.
 *
 * Threads: pure.
 * Cost:    4 ns a feature and byte in which ranks differ; 2 us at least for more than a few.
 */
#ifndef SISETU_TILER_RANKED_H
#define SISETU_TILER_RANKED_H

#include "data/base/arena.h"
#include "data/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct ranked {
    uint32_t rank, feature;
};

/* By rank; those of equal rank stay in the order in which they come. */
enum err_code ranked_sort(struct ranked *items, size_t n, struct arena *arena, struct err *err);

#endif
