/*
 * cover.h - which tiles of a zoom shapes touch: runs of neighbours in a row, so that what lies
 * wholly inside a shape costs a run a row, and what lies outside of all costs nothing.
 *
 * A tile counts as touched when it is nearer than the margin to the shape, and may count when it is
 * a little farther (a margin to the sides, never a tile without need): nothing is ever missed.
 *
 * Life:    cover_init, any number of cover_add, cover_settle, then reading; cover_release.
 * Space:   plane units (plane.h).
 * Threads: one.
 * Errors:  ERR_MEMORY only, at cover_settle; a failed allocation before is remembered.
 * Cost:    about 10 ns an edge and row; 12 bytes a run.
 */
#ifndef SISETU_TILER_COVER_H
#define SISETU_TILER_COVER_H

#include "data/base/err.h"
#include "tiler/grid/plane.h"

#include <stddef.h>

struct cover_run {
    uint32_t y, west, east; /* east is in it */
};

struct cover {
    uint32_t z;
    int64_t west, north, east, south; /* tiles that may be in it; empty: west > east */
    struct cover_run *runs;           /* settled: by row, then west; apart from each other */
    size_t n, capacity;
    struct crossing *crossings; /* scratch of a polygon */
    size_t crossings_capacity;
    bool failed;
};

/* Holds tiles of zoom z that the box touches. */
void cover_init(struct cover *cover, uint32_t z, struct plane_box box);
void cover_release(struct cover *cover);

/* Whether any tile of the cover could touch the box; by that shapes can be left out. */
bool cover_reaches(const struct cover *cover, struct plane_box box);

void cover_add_box(struct cover *cover, struct plane_box box);

/* n points joined by edges; one point is a point. */
void cover_add_line(struct cover *cover, const struct plane_point *points, size_t n,
                    int64_t margin);

/* What lies inside n rings by the non-zero rule; not their edges, which are lines. */
void cover_add_inside(struct cover *cover, const struct plane_point *points,
                      const uint32_t *ring_ends, uint32_t first_ring, uint32_t n_rings);

/* Puts the runs in order and joins those that meet; idempotent. */
enum err_code cover_settle(struct cover *cover, struct err *err);

/* Takes out what is not in `other`; both settled, of one zoom. */
enum err_code cover_clip(struct cover *cover, const struct cover *other, struct err *err);

uint64_t cover_count(const struct cover *cover); /* settled */

#endif
