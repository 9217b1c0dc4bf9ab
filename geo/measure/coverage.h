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
 * Life:    coverage_init, coverage_add_ring for each ring, coverage_sweep once. Memory is the
 *          arena's; the caller rewinds it.
 * Cost:    about 10 ns a piece. The sums of a shape whose box is small lie in the plane of
 *          its cells, with a bit for each that an edge touches; those of a larger one are a
 *          list that is sorted by row and column.
 * Source:  the cover and area of LibArt and FreeType's smooth rasteriser.
 */
#ifndef SISETU_GEO_COVERAGE_H
#define SISETU_GEO_COVERAGE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"
#include "data/grid.h"

#include <stdbool.h>
#include <stdint.h>

struct cell_point {
    double u;
    double v;
};

/* A box that holds all rings; what lies outside the grid is cut off. */
struct cell_box {
    double u_low;
    double u_high;
    double v_low;
    double v_high;
};

/* What pieces add to a cell and to the cells east of it. */
struct cell_sum {
    double cover;
    double area;
};

struct coverage_piece {
    uint32_t row;
    uint32_t column;
    uint32_t order; /* of coming in, so that sums do not depend on the sort */
    struct cell_sum sum;
};

struct coverage {
    struct arena *arena;
    uint32_t n_columns;
    double least; /* share that counts */
    /* What is looked at: rows [first_row, end_row), columns [first_column, end_column). */
    uint32_t first_row;
    uint32_t end_row;
    uint32_t first_column;
    uint32_t end_column;
    const struct grid_row *rows; /* rows[0] is first_row */

    struct cell_sum *sums; /* of a small box, row by row; NULL: the pieces below */
    uint64_t *touched;     /* a bit a cell */
    uint32_t n_words;      /* of touched, a row */

    struct coverage_piece *pieces;
    size_t n_pieces;
    size_t capacity;
};

/* The least share of a cell that counts, for shapes inside `box`: 1e-9, less for a box under a
 * thousandth of a cell. What is smaller is rounding, along edges that follow a cell line. */
double coverage_least(const struct cell_box *box);

/* For shapes inside `box` on a grid of n_columns x n_rows. Rows of the grid that the box
 * meets are first_row to end_row; the caller then sets `rows`. */
enum err_code coverage_init(struct coverage *coverage, struct arena *arena,
                            const uint32_t grid_size[2], const struct cell_box *box,
                            struct err *err);

/* Adds a closed ring, first point repeated at its end: the left side (in u east, v south seen
 * with north up: counter-clockwise rings) is inside. Numbers within 1e-9 of a cell line are
 * put on it. */
enum err_code coverage_add_ring(struct coverage *coverage, const struct cell_point *ring, size_t n,
                                struct err *err);

/* Cells [first, end) of a row, each covered by `share`, in (0, 1]: 1 is wholly covered. */
struct coverage_run {
    uint32_t first;
    uint32_t end;
    double share;
};

/* The runs of one row, n of them, from west to east. */
typedef enum err_code coverage_visit(void *context, uint32_t row, const struct coverage_run *runs,
                                     size_t n, struct err *err);

/* Calls visit for each row that is covered anywhere, southwards. Stops at the first error. */
enum err_code coverage_sweep(struct coverage *coverage, void *context, coverage_visit *visit,
                             struct err *err);

/* The row whose curve has those slopes and second derivatives at 0 and 1. */
struct grid_row coverage_curve(double slope0, double slope1, double bend0, double bend1);

/* Mean over a piece of the curve's slope and of the slope times x, where x runs from x0 to
 * x0 + dx and y from y0 to y0 + dy. */
static inline struct cell_sum coverage_means(const double *slope, double x0, double dx, double y0,
                                             double dy)
{
    if (slope[3] == 0 && slope[4] == 0) {
        /* Of degree 2 about the middle: the even part alone counts for the mean, and the odd
         * part for the slope of x. */
        double y = y0 + dy / 2;
        double twelfth = dy / 12;
        double mean = slope[0] + y * (slope[1] + y * slope[2]) + slope[2] * dy * twelfth;
        return (struct cell_sum){mean, (x0 + dx / 2) * mean +
                                           dx * twelfth * (slope[1] + 2 * slope[2] * y)};
    }
    /* Gauss of three points is exact to degree 5: slope of 4 times x of 1. */
    static const double at[3] = {0.11270166537925831148, 0.5, 0.88729833462074168852};
    static const double weight[3] = {5.0 / 18, 8.0 / 18, 5.0 / 18};
    struct cell_sum means = {0, 0};
    for (int i = 0; i < 3; i++) {
        double y = y0 + at[i] * dy;
        double w = weight[i] *
                   (slope[0] + y * (slope[1] + y * (slope[2] + y * (slope[3] + y * slope[4]))));
        means.cover += w;
        means.area += w * (x0 + at[i] * dx);
    }
    return means;
}

#endif
