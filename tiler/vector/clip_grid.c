/*
 * clip_grid.c - edges sorted into square cells, so that those that may meet are found together.
 */
#include "tiler/vector/clip_private.h"

enum {
    /* Pairs of edges looked at, over all rounds, before the work counts as beyond all measure: half
     * a second. */
    MOST_PAIRS = 150 * 1000 * 1000,
    MOST_PLACES = 16 * 1000 * 1000, /* of edges in cells: 64 MB */
    FEW_EDGES = 12,                 /* all pairs of so few are looked at sooner than sorted */
};

/* ---- the grid ---- */

static int32_t column_of(const struct clip_grid *grid, int32_t x)
{
    return (x - grid->west) >> grid->shift;
}

static int32_t row_of(const struct clip_grid *grid, int32_t y)
{
    return (y - grid->north) >> grid->shift;
}

/* The columns that an edge may touch in a row. */
static void columns_in(const struct clip_grid *grid, const struct clip_edge *e, int32_t row,
                       int32_t *first, int32_t *last)
{
    int32_t west = clip_least(e->a.x, e->b.x), east = clip_most(e->a.x, e->b.x);
    if (row_of(grid, e->a.y) != row_of(grid, e->b.y)) {
        int32_t top = grid->north + (row << grid->shift), bottom = top + (1 << grid->shift);
        int64_t dx = e->b.x - e->a.x, dy = e->b.y - e->a.y;
        int32_t at_top = (int32_t)(e->a.x + (top - e->a.y) * dx / dy);
        int32_t at_bottom = (int32_t)(e->a.x + (bottom - e->a.y) * dx / dy);
        west = clip_most(west, clip_least(at_top, at_bottom) - 1);
        east = clip_least(east, clip_most(at_top, at_bottom) + 1);
    }
    *first = column_of(grid, west);
    *last = column_of(grid, east);
}

static void fit_grid(struct clip_grid *grid, const struct clip_edge *edges, size_t n)
{
    int32_t west = INT32_MAX, north = INT32_MAX, east = INT32_MIN, south = INT32_MIN;
    for (size_t i = 0; i < n; i++) {
        const struct clip_edge *e = &edges[i];
        west = clip_least(west, clip_least(e->a.x, e->b.x));
        east = clip_most(east, clip_most(e->a.x, e->b.x));
        north = clip_least(north, clip_least(e->a.y, e->b.y));
        south = clip_most(south, clip_most(e->a.y, e->b.y));
    }
    int32_t span = clip_most(east - west, south - north);
    *grid = (struct clip_grid){.west = west, .north = north, .shift = 1};
    while (grid->shift < 30 && span >> grid->shift > 0)
        grid->shift++;
    do { /* about one edge a cell, none smaller than four units */
        grid->shift--;
        grid->columns = ((east - west) >> grid->shift) + 1;
        grid->rows = ((south - north) >> grid->shift) + 1;
    } while (grid->shift > 2 && (size_t)grid->columns * (size_t)grid->rows < n && span > 0);
}

/* Edges by the cells that they may touch: counted, then put in their places. */
static bool build_grid(struct clip *clip, const struct clip_edge *edges, size_t n)
{
    struct clip_scratch *s = clip->scratch;
    struct clip_grid *grid = &s->grid;
    fit_grid(grid, edges, n);
    size_t n_cells = (size_t)grid->columns * (size_t)grid->rows, n_places = 0, n_all = 0;
    s->cells.n = s->places.n = 0;
    uint32_t *ends = clip_more(clip, &s->cells, n_cells + 1, sizeof *ends);
    if (!ends)
        return false;
    for (size_t i = 0; i <= n_cells; i++)
        ends[i] = 0;
    for (int pass = 0; pass < 2; pass++) {
        uint32_t *places = s->places.items;
        for (size_t i = 0; i < n; i++) {
            int32_t from = row_of(grid, edges[i].a.y), to = row_of(grid, edges[i].b.y), first, last;
            for (int32_t row = clip_least(from, to); row <= clip_most(from, to); row++) {
                columns_in(grid, &edges[i], row, &first, &last);
                uint32_t *cell = ends + (size_t)row * (size_t)grid->columns;
                n_all += (size_t)(last - first) + 1;
                if (n_all > 2 * (size_t)MOST_PLACES) {
                    s->too_much = true;
                    return false;
                }
                for (int32_t column = first; column <= last; column++) {
                    if (pass == 1)
                        places[cell[column]] = (uint32_t)i;
                    cell[column]++;
                }
            }
        }
        if (pass == 1) /* each has gone from its cell's start to its end */
            return true;
        for (size_t i = 0; i <= n_cells; i++) {
            uint32_t here = ends[i];
            ends[i] = (uint32_t)n_places;
            n_places += here;
        }
        if (!clip_more(clip, &s->places, n_places, sizeof *places))
            return false;
    }
    return true;
}

/* ---- pairs ---- */

bool clip_each_pair(struct clip *clip, const struct clip_edge *edges, size_t n, clip_pair *meet)
{
    struct clip_scratch *s = clip->scratch;
    if (n <= FEW_EDGES) {
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t j = i + 1; j < n; j++)
                if (clip_boxes_touch(&edges[i], &edges[j]) && !meet(clip, edges, i, j))
                    return false;
        return true;
    }
    if (!build_grid(clip, edges, n))
        return false;
    const uint32_t *ends = s->cells.items, *places = s->places.items;
    size_t n_cells = (size_t)s->grid.columns * (size_t)s->grid.rows;
    for (size_t cell = 0; cell < n_cells; cell++) {
        uint32_t start = cell ? ends[cell - 1] : 0, end = ends[cell];
        s->n_pairs += (size_t)(end - start) * (end - start) / 2;
        if (s->n_pairs > MOST_PAIRS) {
            s->too_much = true;
            return false;
        }
        for (uint32_t i = start; i < end; i++)
            for (uint32_t j = i + 1; j < end; j++)
                if (clip_boxes_touch(&edges[places[i]], &edges[places[j]]) &&
                    !meet(clip, edges, places[i], places[j]))
                    return false;
    }
    return true;
}

/* ---- winding ---- */

static int32_t winding_of(const struct clip_edge *e, struct mvt_point p)
{
    bool up = e->b.y > e->a.y;
    struct mvt_point low = up ? e->a : e->b, high = up ? e->b : e->a;
    if (low.y > p.y || p.y >= high.y || clip_side(low, high, p) >= 0)
        return 0;
    return up ? -e->net : e->net;
}

int32_t clip_winding_left_of(const struct clip *clip, struct mvt_point p)
{
    const struct clip_scratch *s = clip->scratch;
    const struct clip_edge *edges = s->edges.items;
    const struct clip_grid *grid = &s->grid;
    const uint32_t *ends = s->cells.items, *places = s->places.items;
    int32_t winding = 0;
    if (s->edges.n <= FEW_EDGES) {
        for (size_t i = 0; i < s->edges.n; i++)
            winding += winding_of(&edges[i], p);
        return winding;
    }
    int32_t row = row_of(grid, p.y);
    size_t start = (size_t)row * (size_t)grid->columns;
    for (int32_t column = 0; column <= column_of(grid, p.x); column++) {
        size_t cell = start + (size_t)column;
        for (uint32_t i = cell ? ends[cell - 1] : 0; i < ends[cell]; i++) {
            const struct clip_edge *e = &edges[places[i]];
            int32_t first, last;
            columns_in(grid, e, row, &first, &last);
            if (first == column) /* an edge counts in its first cell of the row */
                winding += winding_of(e, p);
        }
    }
    return winding;
}
