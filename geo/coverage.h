/*
 * coverage.h - which share of each cell of a grid a shape covers.
 *
 * The scan converter of a font renderer, with exact areas in place of pixels: each edge is
 * cut at the cell lines; each piece says how much of its cell lies east of it (area) and how
 * much it adds to every cell farther east in the row (cover); a sum along the row gives the
 * shares. The northward measure within a row may be curved: area on the ellipsoid grows with
 * the authalic latitude, not with the latitude (README.md, Truth 5).
 *
 * Space:   u counts columns eastwards from the grid's west edge, v rows southwards from its
 *          north edge; an edge is straight in (u, v).
 * Exact:   an edge gives the same numbers, with the other sign, when walked the other way:
 *          shapes that share an edge share it without gap or overlap.
 * Source:  the cover and area of LibArt and FreeType's smooth rasteriser.
 */
#ifndef SISETU_GEO_COVERAGE_H
#define SISETU_GEO_COVERAGE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"

#include <stdbool.h>
#include <stdint.h>

struct cell_point {
    double u;
    double v;
};

/* Share of a row's area that lies above y in [0, 1]: a polynomial of degree 3 or 5 with value
 * 0 at 0 and 1 at 1. Kept as its derivative, lowest power first; the last two are 0 for
 * degree 3, which is faster. */
struct row_curve {
    double slope[5];
};

struct coverage_piece {
    uint32_t row;
    uint32_t column;
    uint32_t order; /* of coming in, so that sums do not depend on the sort */
    double cover;
    double area;
};

struct coverage {
    struct arena *arena;
    uint32_t n_columns;
    uint32_t n_rows;
    /* NULL: rows are flat. Called once for each row that an edge enters. */
    struct row_curve (*curve_of)(const void *context, uint32_t row);
    const void *context;

    struct coverage_piece *pieces;
    size_t n_pieces;
    size_t capacity;
    struct row_curve *curves; /* of rows first_row ... */
    bool *has_curve;
    uint32_t first_row;
    uint32_t end_row;
};

/* Only rows that meet [v_low, v_high] are looked at. */
enum err_code coverage_init(struct coverage *coverage, struct arena *arena, uint32_t n_columns,
                            uint32_t n_rows, double v_low, double v_high, struct err *err);

/* Room for n pieces, so that a shape of many edges does not grow step by step. */
enum err_code coverage_reserve(struct coverage *coverage, size_t n, struct err *err);

/* Adds a closed ring, first point repeated at its end: the left side (in u east, v south seen
 * with north up: counter-clockwise rings) is inside. Numbers within 1e-9 of a cell line are
 * put on it. */
enum err_code coverage_add_ring(struct coverage *coverage, const struct cell_point *ring, size_t n,
                                struct err *err);

/* Cells [first, end) of a row, each covered by `share`, in (0, 1]: 1 is wholly covered. */
struct coverage_run {
    uint32_t row;
    uint32_t first;
    uint32_t end;
    double share;
};

/* Calls visit for all runs, by row, then column. Stops at the first error. */
enum err_code coverage_sweep(struct coverage *coverage, void *context,
                             enum err_code (*visit)(void *context, const struct coverage_run *run,
                                                    struct err *err),
                             struct err *err);

/* The curve through (0, 0) and (1, 1) with those slopes and second derivatives at 0 and 1. */
struct row_curve coverage_curve(double slope0, double slope1, double bend0, double bend1);

#endif
