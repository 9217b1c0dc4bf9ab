#include "geo/measure/coverage.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As near as this to a cell line, in cells, a vertex is on it; and a share of a cell smaller
 * than this is none, unless the whole shape is small. A cell of 100 m gives a tenth of a
 * micrometre. */
static const double ON_LINE = 1e-9;

/* The least share for a shape whose box is under a thousandth of a cell, of that box: rounding
 * leaves less of it, for a square millimetre in a cell of 1 km too. */
static const double LEAST_OF_BOX = 1e-6;

/* Farther out than this many cells nothing is a place any more. */
static const double FARTHEST = 1e12;

/* A box of so many cells is summed in the plane: 256 KB, which a core's second cache holds. */
static const double MOST_PLANE_CELLS = 16384;

/* [*first, *end) of n lines of cells that may be touched between low and high. */
static void clip(double low, double high, uint32_t n, uint32_t *first, uint32_t *end)
{
    double from = max_of(0, floor(low) - 1);
    double to = min_of(n, ceil(high) + 1);
    *first = *end = 0;
    if (from < to) {
        *first = (uint32_t)from;
        *end = (uint32_t)to;
    }
}

double coverage_least(const struct cell_box *box)
{
    double size = (box->u_high - box->u_low) * (box->v_high - box->v_low);
    return size * LEAST_OF_BOX < ON_LINE ? max_of(size * LEAST_OF_BOX, DBL_EPSILON * ON_LINE)
                                         : ON_LINE;
}

enum err_code coverage_init(struct coverage *coverage, struct arena *arena,
                            const uint32_t grid_size[2], const struct cell_box *box,
                            struct err *err)
{
    *coverage =
        (struct coverage){.arena = arena, .n_columns = grid_size[0], .least = coverage_least(box)};
    clip(box->u_low, box->u_high, grid_size[0], &coverage->first_column, &coverage->end_column);
    clip(box->v_low, box->v_high, grid_size[1], &coverage->first_row, &coverage->end_row);
    uint32_t n_rows = coverage->end_row - coverage->first_row;
    uint32_t n_columns = coverage->end_column - coverage->first_column;
    if (n_rows == 0 || n_columns == 0) {
        n_rows = n_columns = 0;
        coverage->end_row = coverage->first_row;
    }
    if ((double)n_rows * n_columns > MOST_PLANE_CELLS)
        return ERR_OK;
    coverage->n_words = (n_columns + 63) / 64;
    coverage->sums = arena_new(arena, struct cell_sum, (size_t)n_rows * n_columns);
    coverage->touched = arena_new(arena, uint64_t, (size_t)n_rows * coverage->n_words);
    return coverage->sums && coverage->touched ? ERR_OK : err_nomem(err);
}

struct grid_row coverage_curve(double slope0, double slope1, double bend0, double bend1)
{
    /* Hermite's polynomial of degree 5: what is left at 1 of value, slope and bend after the
     * Taylor terms at 0 goes to the powers 3, 4 and 5. */
    double value = 1 - slope0 - bend0 / 2;
    double slope = slope1 - slope0 - bend0;
    double bend = bend1 - bend0;
    double c3 = 10 * value - 4 * slope + bend / 2;
    double c4 = -15 * value + 7 * slope - bend;
    double c5 = 6 * value - 3 * slope + bend / 2;
    return (struct grid_row){.slope = {slope0, bend0, 3 * c3, 4 * c4, 5 * c5}};
}

/* ---- pieces ---- */

/* What an edge is doing while it is cut: the row, its measure, the sign of the edge's
 * direction, and how far south it goes a column. */
struct cut {
    struct coverage *coverage;
    uint32_t row;
    const struct grid_row *measure;
    double sign;
    double south_a_column;
};

static inline void add_piece(const struct cut *cut, uint32_t column, double cover, double area)
{
    struct coverage *coverage = cut->coverage;
    if (coverage->sums) {
        size_t row = cut->row - coverage->first_row;
        uint32_t at = column - coverage->first_column;
        struct cell_sum *sum =
            &coverage->sums[row * (coverage->end_column - coverage->first_column) + at];
        sum->cover += cover;
        sum->area += area;
        coverage->touched[row * coverage->n_words + at / 64] |= UINT64_C(1) << at % 64;
        return;
    }
    struct coverage_piece *last =
        coverage->n_pieces ? &coverage->pieces[coverage->n_pieces - 1] : NULL;
    if (last && last->row == cut->row && last->column == column) {
        last->sum.cover += cover;
        last->sum.area += area;
        return;
    }
    assert(coverage->pieces && coverage->n_pieces < coverage->capacity); /* by make_room */
    coverage->pieces[coverage->n_pieces] =
        (struct coverage_piece){cut->row, column, (uint32_t)coverage->n_pieces, {cover, area}};
    coverage->n_pieces++;
}

/* A piece inside one cell: the area of the row between its ends (cover) and of this cell east
 * of it (area). */
static inline void add_in_cell(const struct cut *cut, uint32_t column, struct cell_point from,
                               struct cell_point to)
{
    double dy = to.v - from.v;
    if (dy == 0)
        return;
    struct cell_sum means = coverage_means(cut->measure->slope, 1 - (from.u - column),
                                           from.u - to.u, from.v - cut->row, dy);
    double height = cut->sign * fabs(dy);
    add_piece(cut, column, height * means.cover, height * means.area);
}

/* Where a piece of an edge inside one row, its ends from west to east, meets a column's line. */
static inline struct cell_point at_line(const struct cut *cut, struct cell_point a,
                                        struct cell_point b, double line)
{
    double v = a.v + (line - a.u) * cut->south_a_column;
    return (struct cell_point){line, min_of(max_of(v, min_of(a.v, b.v)), max_of(a.v, b.v))};
}

/* Such a piece inside the grid, cut at the columns. */
static inline void add_inside(const struct cut *cut, struct cell_point a, struct cell_point b)
{
    uint32_t column = (uint32_t)a.u;
    struct cell_point from = a;
    for (;; column++) {
        double line = column + 1.0;
        bool ends = line >= b.u;
        struct cell_point to = ends ? b : at_line(cut, a, b, line);
        add_in_cell(cut, column, from, to);
        if (ends)
            return;
        from = to;
    }
}

/* Such a piece that leaves the grid: west of it it covers every cell of the row, east of it
 * none. */
static void add_crossing(const struct cut *cut, struct cell_point a, struct cell_point b)
{
    double last = cut->coverage->n_columns;
    if (a.u >= last)
        return;
    if (a.u < 0) {
        struct cell_point edge = b.u > 0 ? at_line(cut, a, b, 0) : (struct cell_point){0, b.v};
        add_in_cell(cut, 0, (struct cell_point){0, a.v}, edge);
        a = edge;
        if (b.u <= 0)
            return;
    }
    if (b.u > last)
        b = at_line(cut, a, b, last);
    add_inside(cut, a, b);
}

/* An edge adds at most one piece for each row and column that it crosses, one in each row
 * west of the grid, and its last. */
static enum err_code make_room(struct coverage *coverage, struct cell_point a, struct cell_point b,
                               struct err *err)
{
    double columns = coverage->end_column - coverage->first_column;
    double rows = coverage->end_row - coverage->first_row;
    size_t most = (size_t)(min_of(fabs(b.u - a.u), columns) + 2 * min_of(b.v - a.v, rows)) + 8;
    if (coverage->n_pieces + most >= UINT32_MAX)
        return err_set(err, ERR_LIMIT, "a shape crosses too many cells of the grid");
    struct coverage_piece *grown =
        arena_grow(coverage->arena, coverage->pieces, &coverage->capacity,
                   coverage->n_pieces + most, sizeof *grown);
    if (!grown)
        return err_nomem(err);
    coverage->pieces = grown;
    return ERR_OK;
}

/* An edge, cut at the rows; always walked downwards, so that both directions give the same
 * numbers. Counter-clockwise with north up: an edge that goes down has its inside east. */
static enum err_code add_edge(struct coverage *coverage, struct cell_point a, struct cell_point b,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct cut cut = {.coverage = coverage, .sign = 1};
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
    if (!coverage->sums)
        TRY(make_room(coverage, a, b, err));
    double du = b.u - a.u;
    double dv = b.v - a.v;
    double east_a_row = du / dv;
    cut.south_a_column = dv / du; /* not asked for where du is 0 */
    struct cell_point from = a;
    if (a.v < coverage->first_row)
        from = (struct cell_point){a.u + (coverage->first_row - a.v) * east_a_row,
                                   coverage->first_row};
    double west = min_of(a.u, b.u);
    double east = max_of(a.u, b.u);
    cut.row = (uint32_t)from.v;
    cut.measure = &coverage->rows[cut.row - coverage->first_row];
    for (;; cut.row++, cut.measure++) {
        double line = cut.row + 1.0;
        bool ends = b.v <= line;
        struct cell_point to = b;
        if (!ends)
            to = (struct cell_point){min_of(max_of(a.u + (line - a.v) * east_a_row, west), east),
                                     line};
        struct cell_point left = du < 0 ? to : from;
        struct cell_point right = du < 0 ? from : to;
        if (west >= 0 && east < coverage->n_columns)
            add_inside(&cut, left, right);
        else
            add_crossing(&cut, left, right);
        if (ends || cut.row + 1 == coverage->end_row)
            break;
        from = to;
    }
done:
    return code;
}

/* Rounds to the next whole number as nearbyint, which is a call; values are under FARTHEST. */
static double put_on_line(double value)
{
    static const double shift = 6755399441055744; /* 1.5 * 2^52 */
    double line = value + shift - shift;
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

/* A row on its way from west to east. */
struct sweep {
    struct coverage_run *runs;
    size_t n;
    double cover; /* of the cells from next on, until the next sum */
    uint32_t next;
    double least; /* share that counts */
};

/* Gives [first, end) that share unless it is none. */
static void give(struct sweep *sweep, uint32_t first, uint32_t end, double share)
{
    /* Written in any case, and kept or not: a jump would often be guessed wrong. */
    sweep->runs[sweep->n] = (struct coverage_run){first, end, share > 1 - ON_LINE ? 1 : share};
    sweep->n += (size_t)((share >= sweep->least) & (first < end));
}

static void give_sum(struct sweep *sweep, uint32_t column, struct cell_sum sum)
{
    give(sweep, sweep->next, column, sweep->cover);
    give(sweep, column, column + 1, sweep->cover + sum.area);
    sweep->cover += sum.cover;
    sweep->next = column + 1;
}

static enum err_code sweep_plane(struct coverage *coverage, void *context, coverage_visit *visit,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t n_columns = coverage->end_column - coverage->first_column;
    /* Two runs a column, one east of the last, and one that is written but not kept. */
    struct coverage_run *runs =
        arena_new(coverage->arena, struct coverage_run, 2 * (size_t)n_columns + 2);
    if (!runs)
        return err_nomem(err);
    for (uint32_t row = coverage->first_row; row < coverage->end_row; row++) {
        size_t at = row - coverage->first_row;
        const struct cell_sum *sums = coverage->sums + at * n_columns;
        struct sweep sweep = {.runs = runs, .least = coverage->least};
        for (uint32_t word = 0; word < coverage->n_words; word++) {
            uint64_t bits = coverage->touched[at * coverage->n_words + word];
            for (; bits; bits &= bits - 1) {
                uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(bits);
                give_sum(&sweep, coverage->first_column + i, sums[i]);
            }
        }
        give(&sweep, sweep.next, coverage->n_columns, sweep.cover);
        if (sweep.n > 0)
            TRY(visit(context, row, runs, sweep.n, err));
    }
done:
    return code;
}

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

static void sweep_row(const struct coverage_piece *pieces, size_t n, uint32_t n_columns,
                      struct sweep *sweep)
{
    for (size_t i = 0; i < n;) {
        uint32_t column = pieces[i].column;
        struct cell_sum sum = {0, 0};
        for (; i < n && pieces[i].column == column; i++) {
            sum.cover += pieces[i].sum.cover;
            sum.area += pieces[i].sum.area;
        }
        give_sum(sweep, column, sum);
    }
    give(sweep, sweep->next, n_columns, sweep->cover);
}

static enum err_code sweep_list(struct coverage *coverage, void *context, coverage_visit *visit,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n_rows = coverage->end_row - coverage->first_row;
    size_t n = coverage->n_pieces;
    size_t longest = 0;
    struct coverage_piece *sorted = arena_new(coverage->arena, struct coverage_piece, n);
    size_t *ends = arena_new(coverage->arena, size_t, n_rows + 1);
    if (!sorted || !ends)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        ends[coverage->pieces[i].row - coverage->first_row + 1]++;
    for (size_t row = 0; row < n_rows; row++) {
        longest = ends[row + 1] > longest ? ends[row + 1] : longest;
        ends[row + 1] += ends[row];
    }
    for (size_t i = 0; i < n; i++)
        sorted[ends[coverage->pieces[i].row - coverage->first_row]++] = coverage->pieces[i];
    struct coverage_run *runs = arena_new(coverage->arena, struct coverage_run, 2 * longest + 2);
    if (!runs)
        return err_nomem(err);
    /* ends[row] now is where the row ends; it began where the one before ends. */
    for (size_t row = 0; row < n_rows; row++) {
        size_t start = row ? ends[row - 1] : 0;
        struct sweep sweep = {.runs = runs, .least = coverage->least};
        sort_row(sorted + start, ends[row] - start);
        sweep_row(sorted + start, ends[row] - start, coverage->n_columns, &sweep);
        if (sweep.n > 0)
            TRY(visit(context, coverage->first_row + (uint32_t)row, runs, sweep.n, err));
    }
done:
    return code;
}

enum err_code coverage_sweep(struct coverage *coverage, void *context, coverage_visit *visit,
                             struct err *err)
{
    return coverage->sums ? sweep_plane(coverage, context, visit, err)
                          : sweep_list(coverage, context, visit, err);
}
