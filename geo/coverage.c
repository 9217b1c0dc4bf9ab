#include "geo/coverage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As near as this to a cell line, in cells, a vertex is on it; and a share of a cell smaller
 * than this is none. A cell of 100 m gives a tenth of a micrometre. */
static const double ON_LINE = 1e-9;

/* Farther out than this many cells nothing is a place any more. */
static const double FARTHEST = 1e12;

enum err_code coverage_init(struct coverage *coverage, struct arena *arena, uint32_t n_columns,
                            uint32_t n_rows, double v_low, double v_high, struct err *err)
{
    *coverage = (struct coverage){.arena = arena, .n_columns = n_columns, .n_rows = n_rows};
    double first = max_of(0, floor(v_low) - 1);
    double end = min_of(n_rows, ceil(v_high) + 1);
    if (!(first < end))
        return ERR_OK; /* no row is met */
    coverage->first_row = (uint32_t)first;
    coverage->end_row = (uint32_t)end;
    size_t n = coverage->end_row - coverage->first_row;
    coverage->curves = arena_new(arena, struct row_curve, n);
    coverage->has_curve = arena_new(arena, bool, n);
    return coverage->curves && coverage->has_curve ? ERR_OK : err_nomem(err);
}

enum err_code coverage_reserve(struct coverage *coverage, size_t n, struct err *err)
{
    struct coverage_piece *grown =
        arena_grow(coverage->arena, coverage->pieces, &coverage->capacity, n, sizeof *grown);
    if (!grown)
        return err_nomem(err);
    coverage->pieces = grown;
    return ERR_OK;
}

struct row_curve coverage_curve(double slope0, double slope1, double bend0, double bend1)
{
    /* Hermite's polynomial of degree 5: what is left at 1 of value, slope and bend after the
     * Taylor terms at 0 goes to the powers 3, 4 and 5. */
    double value = 1 - slope0 - bend0 / 2;
    double slope = slope1 - slope0 - bend0;
    double bend = bend1 - bend0;
    double c3 = 10 * value - 4 * slope + bend / 2;
    double c4 = -15 * value + 7 * slope - bend;
    double c5 = 6 * value - 3 * slope + bend / 2;
    return (struct row_curve){{slope0, bend0, 3 * c3, 4 * c4, 5 * c5}};
}

static const struct row_curve *row_curve(struct coverage *coverage, uint32_t row)
{
    struct row_curve *curve = &coverage->curves[row - coverage->first_row];
    bool *has = &coverage->has_curve[row - coverage->first_row];
    if (!*has) {
        *curve = coverage->curve_of ? coverage->curve_of(coverage->context, row)
                                    : (struct row_curve){{1, 0, 0, 0, 0}};
        *has = true;
    }
    return curve;
}

static enum err_code add_piece(struct coverage *coverage, uint32_t row, uint32_t column,
                               double cover, double area, struct err *err)
{
    struct coverage_piece *last =
        coverage->n_pieces ? &coverage->pieces[coverage->n_pieces - 1] : NULL;
    if (last && last->row == row && last->column == column) {
        last->cover += cover;
        last->area += area;
        return ERR_OK;
    }
    if (coverage->n_pieces >= UINT32_MAX)
        return err_set(err, ERR_LIMIT, "a shape crosses too many cells of the grid");
    struct coverage_piece *grown =
        arena_grow(coverage->arena, coverage->pieces, &coverage->capacity, coverage->n_pieces + 1,
                   sizeof *grown);
    if (!grown)
        return err_nomem(err);
    coverage->pieces = grown;
    grown[coverage->n_pieces] =
        (struct coverage_piece){row, column, (uint32_t)coverage->n_pieces, cover, area};
    coverage->n_pieces++;
    return ERR_OK;
}

/* What an edge is doing while it is cut: the row, its curve, and the sign of its direction. */
struct cut {
    uint32_t row;
    const struct row_curve *curve;
    double sign;
};

/* A piece inside one cell, from (x1, y1) to (x2, y2) in the cell's unit square: the area of
 * the row between its ends (cover) and of this cell east of it (area). The slope of the row's
 * curve (degree 2 or 4) times the line (degree 1) is summed by Gauss: two points are exact to
 * degree 3, three to degree 5. */
static enum err_code add_in_cell(struct coverage *coverage, const struct cut *cut, uint32_t column,
                                 struct cell_point from, struct cell_point to, struct err *err)
{
    static const double at2[2] = {0.21132486540518711775, 0.78867513459481288225};
    static const double at3[3] = {0.11270166537925831148, 0.5, 0.88729833462074168852};
    static const double weight3[3] = {5.0 / 18, 8.0 / 18, 5.0 / 18};
    const double *slope = cut->curve->slope;
    double y0 = from.v - cut->row;
    double x0 = 1 - (from.u - column);
    double dy = to.v - from.v;
    double dx = from.u - to.u;
    double cover = 0;
    double area = 0;
    if (dy == 0)
        return ERR_OK;
    if (slope[3] == 0 && slope[4] == 0) {
        for (int i = 0; i < 2; i++) {
            double y = y0 + at2[i] * dy;
            double w = (slope[0] + y * (slope[1] + y * slope[2])) / 2;
            cover += w;
            area += w * (x0 + at2[i] * dx);
        }
    } else {
        for (int i = 0; i < 3; i++) {
            double y = y0 + at3[i] * dy;
            double w = weight3[i] *
                       (slope[0] + y * (slope[1] + y * (slope[2] + y * (slope[3] + y * slope[4]))));
            cover += w;
            area += w * (x0 + at3[i] * dx);
        }
    }
    double height = cut->sign * fabs(dy);
    return add_piece(coverage, cut->row, column, height * cover, height * area, err);
}

static struct cell_point at_column(struct cell_point a, struct cell_point b, double u)
{
    double v = a.v + (u - a.u) * (b.v - a.v) / (b.u - a.u);
    return (struct cell_point){u, min_of(max_of(v, min_of(a.v, b.v)), max_of(a.v, b.v))};
}

/* A piece inside one row, cut at the columns; west of the grid it covers every cell of the
 * row, east of it none. */
static enum err_code add_in_row(struct coverage *coverage, const struct cut *cut,
                                struct cell_point a, struct cell_point b, struct err *err)
{
    enum err_code code = ERR_OK;
    double last = coverage->n_columns;
    if (a.u > b.u) {
        struct cell_point swap = a;
        a = b;
        b = swap;
    }
    if (a.u >= last)
        return ERR_OK;
    if (a.u < 0) {
        struct cell_point edge = b.u <= 0 ? (struct cell_point){0, b.v} : at_column(a, b, 0);
        TRY(add_in_cell(coverage, cut, 0, (struct cell_point){0, a.v}, edge, err));
        if (b.u <= 0)
            return ERR_OK;
        a = edge;
    }
    if (b.u > last)
        b = at_column(a, b, last);
    uint32_t column = (uint32_t)min_of(floor(a.u), last - 1);
    struct cell_point from = a;
    while (column + 1.0 < b.u) {
        struct cell_point to = at_column(a, b, column + 1.0);
        TRY(add_in_cell(coverage, cut, column, from, to, err));
        from = to;
        column++;
    }
    TRY(add_in_cell(coverage, cut, column, from, b, err));
done:
    return code;
}

/* An edge, cut at the rows; always walked downwards, so that both directions give the same
 * numbers. Counter-clockwise with north up: an edge that goes down has its inside east. */
static enum err_code add_edge(struct coverage *coverage, struct cell_point a, struct cell_point b,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct cut cut = {.sign = 1};
    if (a.v == b.v)
        return ERR_OK;
    if (a.v > b.v) {
        struct cell_point swap = a;
        a = b;
        b = swap;
        cut.sign = -1;
    }
    if (b.v <= coverage->first_row || a.v >= coverage->end_row)
        return ERR_OK;
    double slope = (b.u - a.u) / (b.v - a.v);
    struct cell_point from = a;
    if (a.v < coverage->first_row)
        from = (struct cell_point){a.u + (coverage->first_row - a.v) * slope, coverage->first_row};
    for (cut.row = (uint32_t)floor(from.v); cut.row < coverage->end_row; cut.row++) {
        bool ends = b.v <= cut.row + 1.0;
        struct cell_point to = b;
        if (!ends)
            to = (struct cell_point){a.u + (cut.row + 1.0 - a.v) * slope, cut.row + 1.0};
        cut.curve = row_curve(coverage, cut.row);
        TRY(add_in_row(coverage, &cut, from, to, err));
        if (ends)
            break;
        from = to;
    }
done:
    return code;
}

static double put_on_line(double value)
{
    double line = nearbyint(value);
    return fabs(value - line) < ON_LINE ? line : value;
}

enum err_code coverage_add_ring(struct coverage *coverage, const struct cell_point *ring, size_t n,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct cell_point last = {0, 0};
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(ring[i].u) < FARTHEST && fabs(ring[i].v) < FARTHEST)) {
            code = err_set(err, ERR_INPUT, "vertex %zu of a ring lies far outside the grid's world",
                           i);
            goto done;
        }
        struct cell_point point = {put_on_line(ring[i].u), put_on_line(ring[i].v)};
        if (i > 0)
            TRY(add_edge(coverage, last, point, err));
        last = point;
    }
done:
    return code;
}

/* ---- the sweep ---- */

static int by_column(const void *a, const void *b)
{
    const struct coverage_piece *x = a;
    const struct coverage_piece *y = b;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* Few pieces meet in a row as a rule; those of a long coast are left to qsort. */
static void sort_row(struct coverage_piece *pieces, size_t n)
{
    if (n > 24) {
        qsort(pieces, n, sizeof *pieces, by_column);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct coverage_piece piece = pieces[i];
        size_t at = i;
        for (; at > 0 && by_column(&piece, &pieces[at - 1]) < 0; at--)
            pieces[at] = pieces[at - 1];
        pieces[at] = piece;
    }
}

struct sweep {
    void *context;
    enum err_code (*visit)(void *context, const struct coverage_run *run, struct err *err);
    struct err *err;
};

static enum err_code give(const struct sweep *sweep, uint32_t row, uint32_t first, uint32_t end,
                          double share)
{
    if (share < ON_LINE || first >= end)
        return ERR_OK;
    struct coverage_run run = {row, first, end, share > 1 - ON_LINE ? 1 : share};
    return sweep->visit(sweep->context, &run, sweep->err);
}

static enum err_code sweep_row(const struct coverage *coverage, const struct sweep *sweep,
                               const struct coverage_piece *pieces, size_t n)
{
    enum err_code code = ERR_OK;
    double cover = 0;
    for (size_t i = 0; i < n;) {
        uint32_t column = pieces[i].column;
        double share = cover;
        for (; i < n && pieces[i].column == column; i++) {
            share += pieces[i].area;
            cover += pieces[i].cover;
        }
        uint32_t next = i < n ? pieces[i].column : coverage->n_columns;
        TRY(give(sweep, pieces[0].row, column, column + 1, share));
        TRY(give(sweep, pieces[0].row, column + 1, next, cover));
    }
done:
    return code;
}

enum err_code coverage_sweep(struct coverage *coverage, void *context,
                             enum err_code (*visit)(void *context, const struct coverage_run *run,
                                                    struct err *err),
                             struct err *err)
{
    enum err_code code = ERR_OK;
    struct sweep sweep = {context, visit, err};
    size_t n_rows = coverage->end_row - coverage->first_row;
    size_t n = coverage->n_pieces;
    struct coverage_piece *sorted = arena_new(coverage->arena, struct coverage_piece, n);
    size_t *ends = arena_new(coverage->arena, size_t, n_rows + 1);
    if (!sorted || !ends)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        ends[coverage->pieces[i].row - coverage->first_row + 1]++;
    for (size_t row = 0; row < n_rows; row++)
        ends[row + 1] += ends[row];
    for (size_t i = 0; i < n; i++)
        sorted[ends[coverage->pieces[i].row - coverage->first_row]++] = coverage->pieces[i];
    /* ends[row] now is where the row ends; it began where the one before ends. */
    for (size_t row = 0; row < n_rows; row++) {
        size_t start = row ? ends[row - 1] : 0;
        sort_row(sorted + start, ends[row] - start);
        TRY(sweep_row(coverage, &sweep, sorted + start, ends[row] - start));
    }
done:
    return code;
}
