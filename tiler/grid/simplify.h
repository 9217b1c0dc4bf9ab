/*
 * simplify.h - which vertices a lower zoom can do without.
 *
 * Every vertex gets the least zoom at which it is needed: leaving out all that a zoom does not
 * need moves no line by more than three eighths of its pixel, as in MapLibre. Lines are thinned
 * between the places where they meet others, and the same way whichever shape they belong to, so
 * that borders that two shapes share stay shared at every zoom.
 *
 * Threads: pure.
 * Cost:    about 60 ns a vertex, 40 to 60 bytes of scratch a vertex.
 * Source:  Douglas, Peucker, "Algorithms for the reduction of the number of points required to
 *          represent a digitized line", 1973, its distances kept as zooms.
 */
#ifndef SISETU_TILER_SIMPLIFY_H
#define SISETU_TILER_SIMPLIFY_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "tiler/grid/plane.h"

/* Chains of points; one that ends where it began is closed. */
struct chains {
    const struct plane_point *points;
    const uint32_t *ends; /* of each chain, in points */
    uint32_t n;
};

/* zooms: one for each point, 0 to SIMPLIFY_FULL: needed from TILE_ZOOM_MAX on, if at all. Ends
 * of lines and places where lines meet are needed from 0 on. */
enum { SIMPLIFY_FULL = 21 };
enum err_code simplify_zooms(const struct chains *chains, struct arena *scratch, uint8_t *zooms,
                             struct err *err);

#endif
