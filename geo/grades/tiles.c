#include "geo/grades/tiles.h"

#include <stdlib.h>

/* No longitude is larger: a whole turn and another one. */
static const double FARTHEST_DEG = 720;

struct tile_place tiles_place(double tile_deg, struct lonlat point)
{
    double scale = (double)TILE_UNITS / tile_deg;
    double x = point.lon_deg * scale;
    double y = point.lat_deg * scale;
    return (struct tile_place){(int64_t)(x < 0 ? x - 0.5 : x + 0.5),
                               (int64_t)(y < 0 ? y - 0.5 : y + 0.5)};
}

static struct tile tile_of(int64_t x, int64_t y)
{
    return (struct tile){(int32_t)(x >> TILE_BITS), (int32_t)(y >> TILE_BITS)};
}

static bool on_line(int64_t value)
{
    return (value & (TILE_UNITS - 1)) == 0;
}

/* ---- cutting an edge at the sides of tiles ---- */

/* The places where an edge crosses sides, from its western (or southern) end on. */
struct cutting {
    struct tile_place a; /* the smaller end by x, then y */
    struct tile_place b;
    double north_an_x; /* slope */
    double east_a_y;
    int64_t next_x; /* the sides to come */
    int64_t next_y;
    int64_t step_y;
    bool turned; /* the edge is walked from b to a */
};

static bool comes_before(struct tile_place a, struct tile_place b)
{
    return a.x < b.x || (a.x == b.x && a.y < b.y);
}

static struct cutting cutting_of(struct tile_place from, struct tile_place to)
{
    struct cutting cutting = {.a = from, .b = to, .turned = comes_before(to, from)};
    if (cutting.turned) {
        cutting.a = to;
        cutting.b = from;
    }
    int64_t dx = cutting.b.x - cutting.a.x;
    int64_t dy = cutting.b.y - cutting.a.y;
    cutting.north_an_x = dx ? (double)dy / (double)dx : 0;
    cutting.east_a_y = dy ? (double)dx / (double)dy : 0;
    cutting.next_x = ((cutting.a.x >> TILE_BITS) + 1) * TILE_UNITS;
    cutting.step_y = dy < 0 ? -TILE_UNITS : TILE_UNITS;
    if (dy < 0)
        cutting.next_y = ((cutting.a.y - 1) >> TILE_BITS) * TILE_UNITS;
    else
        cutting.next_y = ((cutting.a.y >> TILE_BITS) + 1) * TILE_UNITS;
    return cutting;
}

static int64_t between(int64_t value, int64_t a, int64_t b)
{
    int64_t low = a < b ? a : b;
    int64_t high = a < b ? b : a;
    return value < low ? low : value > high ? high : value;
}

static int64_t whole(double value)
{
    return (int64_t)floor(value + 0.5);
}

/* The next place in the order from a to b; false after the last. Rounding keeps the order of
 * those on meridians and of those on parallels, and with it that of both together. */
static bool next_cut(struct cutting *cutting, struct tile_place *out)
{
    struct tile_place a = cutting->a;
    struct tile_place b = cutting->b;
    bool has_x = cutting->next_x < b.x;
    bool has_y = cutting->step_y > 0 ? cutting->next_y < b.y : cutting->next_y > b.y;
    struct tile_place at_x = {0, 0};
    struct tile_place at_y = {0, 0};
    if (has_x) {
        double y = (double)(cutting->next_x - a.x) * cutting->north_an_x;
        at_x = (struct tile_place){cutting->next_x, between(a.y + whole(y), a.y, b.y)};
    }
    if (has_y) {
        double x = (double)(cutting->next_y - a.y) * cutting->east_a_y;
        at_y = (struct tile_place){between(a.x + whole(x), a.x, b.x), cutting->next_y};
    }
    if (has_x && has_y) {
        int64_t x_is_on = at_x.x - a.x + llabs(at_x.y - a.y);
        int64_t y_is_on = at_y.x - a.x + llabs(at_y.y - a.y);
        has_x = x_is_on <= y_is_on;
        has_y = !has_x;
    }
    if (has_x) {
        *out = at_x;
        cutting->next_x += TILE_UNITS;
    } else if (has_y) {
        *out = at_y;
        cutting->next_y += cutting->step_y;
    }
    return has_x || has_y;
}

/* The tile that owns a piece that lies in one. */
static struct tile piece_tile(struct tile_place a, struct tile_place b)
{
    return tile_of(a.x < b.x ? a.x : b.x, a.y < b.y ? a.y : b.y);
}

/* ---- walking ---- */

enum { PARTS, SPANS, RUNS, TURNS };

enum err_code tiles_init(struct tile_walk *walk, double tile_deg, struct arena *arena,
                         struct err *err)
{
    *walk = (struct tile_walk){.arena = arena, .tile_deg = tile_deg};
    if (!(FARTHEST_DEG / tile_deg < INT32_MAX))
        return err_set(err, ERR_LIMIT, "cells of %g degrees are too small to be counted", tile_deg);
    return ERR_OK;
}

static enum err_code add_run(struct tile_walk *walk, struct tile tile, uint32_t first, uint32_t n,
                             struct err *err)
{
    struct tile_run *last = walk->n_runs ? &walk->runs[walk->n_runs - 1] : NULL;
    if (last && tile_equal(last->tile, tile) && last->n > 0 && n > 0 &&
        first <= last->first + last->n && first >= last->first) {
        if (first + n > last->first + last->n)
            last->n = first + n - last->first;
        return ERR_OK;
    }
    walk->runs = arena_grow(walk->arena, walk->runs, &walk->capacity[RUNS], walk->n_runs + 1,
                            sizeof *walk->runs);
    if (!walk->runs)
        return err_nomem(err);
    walk->runs[walk->n_runs++] = (struct tile_run){tile, first, n};
    return ERR_OK;
}

/* The tiles whose closed square holds a place on a side. */
static enum err_code add_touches(struct tile_walk *walk, struct tile_place at, struct err *err)
{
    enum err_code code = ERR_OK;
    for (int64_t west = 0; west <= on_line(at.x); west++) {
        for (int64_t south = 0; south <= on_line(at.y); south++)
            TRY(add_run(walk, tile_of(at.x - west, at.y - south), 0, 0, err));
    }
done:
    return code;
}

/* A piece that stands on the south side of its tile changes the winding of the reference
 * points east of it: walking east across an edge that goes north leaves its left side. */
static enum err_code add_turn(struct tile_walk *walk, struct tile tile, struct tile_place a,
                              struct tile_place b, struct err *err)
{
    int64_t south = (int64_t)tile.row * TILE_UNITS;
    struct tile_place foot = a.y == south ? a : b;
    if (foot.y != south || a.y == b.y)
        return ERR_OK;
    walk->turns = arena_grow(walk->arena, walk->turns, &walk->capacity[TURNS], walk->n_turns + 1,
                             sizeof *walk->turns);
    if (!walk->turns)
        return err_nomem(err);
    struct tile from = {(int32_t)((foot.x + TILE_UNITS - 1) >> TILE_BITS), tile.row};
    walk->turns[walk->n_turns++] = (struct tile_turn){from, a.y == south ? -1 : 1};
    return ERR_OK;
}

static enum err_code add_piece(struct tile_walk *walk, struct tile_place a, struct tile_place b,
                               uint32_t edge, struct err *err)
{
    enum err_code code = ERR_OK;
    struct tile tile = piece_tile(a, b);
    if (a.x == b.x && a.y == b.y)
        return ERR_OK;
    TRY(add_run(walk, tile, edge, 1, err));
    TRY(add_turn(walk, tile, a, b, err));
    if (on_line(a.x) || on_line(a.y))
        TRY(add_touches(walk, a, err));
    if (on_line(b.x) || on_line(b.y))
        TRY(add_touches(walk, b, err));
done:
    return code;
}

static enum err_code walk_edge(struct tile_walk *walk, struct tile_place from, struct tile_place to,
                               uint32_t edge, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cutting cutting = cutting_of(from, to);
    struct tile_place last = cutting.a;
    struct tile_place next;
    bool more = true;
    while (more) {
        more = next_cut(&cutting, &next);
        if (!more)
            next = cutting.b;
        if (cutting.turned)
            TRY(add_piece(walk, next, last, edge, err));
        else
            TRY(add_piece(walk, last, next, edge, err));
        last = next;
    }
done:
    return code;
}

static bool is_place(struct lonlat point)
{
    return fabs(point.lon_deg) <= FARTHEST_DEG && fabs(point.lat_deg) <= 90;
}

static enum err_code walk_ring(struct tile_walk *walk, const struct geom *polygon, uint32_t start,
                               uint32_t end, struct err *err)
{
    enum err_code code = ERR_OK;
    if (end - start < 2)
        return ERR_OK;
    if (!is_place(polygon->points[start]))
        return err_set(err, ERR_INPUT, "a vertex is no longitude and latitude");
    struct tile_place from = tiles_place(walk->tile_deg, polygon->points[start]);
    bool from_inside = !on_line(from.x) && !on_line(from.y);
    for (uint32_t i = start; i + 1 < end; i++) {
        if (!is_place(polygon->points[i + 1]))
            return err_set(err, ERR_INPUT, "a vertex is no longitude and latitude");
        struct tile_place to = tiles_place(walk->tile_deg, polygon->points[i + 1]);
        bool to_inside = !on_line(to.x) && !on_line(to.y);
        struct tile tile = tile_of(from.x, from.y);
        if (from_inside && to_inside && tile_equal(tile, tile_of(to.x, to.y)))
            TRY(add_run(walk, tile, i, 1, err));
        else
            TRY(walk_edge(walk, from, to, i, err));
        from = to;
        from_inside = to_inside;
    }
done:
    return code;
}

/* ---- from runs and turns to parts and spans ---- */

static int compare_tiles(struct tile a, struct tile b)
{
    if (a.row != b.row)
        return a.row < b.row ? -1 : 1;
    return (a.column > b.column) - (a.column < b.column);
}

static int compare_runs(const void *a, const void *b)
{
    const struct tile_run *x = a;
    const struct tile_run *y = b;
    int by_tile = compare_tiles(x->tile, y->tile);
    if (by_tile)
        return by_tile;
    if ((x->n == 0) != (y->n == 0))
        return x->n == 0 ? 1 : -1;
    return (x->first > y->first) - (x->first < y->first);
}

static int compare_turns(const void *a, const void *b)
{
    return compare_tiles(((const struct tile_turn *)a)->tile, ((const struct tile_turn *)b)->tile);
}

/* Short lists as a rule. */
static void sort_runs(struct tile_run *runs, size_t n)
{
    if (n > 48) {
        qsort(runs, n, sizeof *runs, compare_runs);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct tile_run run = runs[i];
        size_t at = i;
        for (; at > 0 && compare_runs(&run, &runs[at - 1]) < 0; at--)
            runs[at] = runs[at - 1];
        runs[at] = run;
    }
}

static void sort_turns(struct tile_turn *turns, size_t n)
{
    if (n > 48) {
        qsort(turns, n, sizeof *turns, compare_turns);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct tile_turn turn = turns[i];
        size_t at = i;
        for (; at > 0 && compare_turns(&turn, &turns[at - 1]) < 0; at--)
            turns[at] = turns[at - 1];
        turns[at] = turn;
    }
}

static enum err_code add_part(struct tile_walk *walk, struct tile tile, int32_t winding,
                              size_t *run, struct err *err)
{
    walk->parts = arena_grow(walk->arena, walk->parts, &walk->capacity[PARTS], walk->n_parts + 1,
                             sizeof *walk->parts);
    if (!walk->parts)
        return err_nomem(err);
    struct tile_part part = {.tile = tile, .winding = winding, .first_run = (uint32_t)*run};
    part.has_edges = walk->runs[*run].n > 0; /* runs with edges come first */
    while (*run < walk->n_runs && tile_equal(walk->runs[*run].tile, tile)) {
        part.n_runs += walk->runs[*run].n > 0;
        ++*run;
    }
    walk->parts[walk->n_parts++] = part;
    return ERR_OK;
}

static enum err_code add_span(struct tile_walk *walk, struct tile from, int32_t end,
                              struct err *err)
{
    walk->spans = arena_grow(walk->arena, walk->spans, &walk->capacity[SPANS], walk->n_spans + 1,
                             sizeof *walk->spans);
    if (!walk->spans)
        return err_nomem(err);
    walk->spans[walk->n_spans++] = (struct tile_span){from.row, from.column, end};
    return ERR_OK;
}

/* One sweep along the rows. Between two events of a row all tiles have the same winding. */
static enum err_code sweep(struct tile_walk *walk, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t run = 0;
    size_t turn = 0;
    struct tile at = {0, 0};
    int32_t winding = 0;
    while (run < walk->n_runs || turn < walk->n_turns) {
        bool by_run = turn == walk->n_turns ||
                      (run < walk->n_runs &&
                       compare_tiles(walk->runs[run].tile, walk->turns[turn].tile) <= 0);
        struct tile next = by_run ? walk->runs[run].tile : walk->turns[turn].tile;
        if (next.row != at.row)
            winding = 0;
        else if (winding > 0 && at.column < next.column)
            TRY(add_span(walk, at, next.column, err));
        at = next;
        for (; turn < walk->n_turns && tile_equal(walk->turns[turn].tile, at); turn++)
            winding += walk->turns[turn].by;
        if (by_run) {
            TRY(add_part(walk, at, winding, &run, err));
            at.column++;
        }
    }
done:
    return code;
}

enum err_code tiles_walk(struct tile_walk *walk, const struct geom *polygon, struct err *err)
{
    enum err_code code = ERR_OK;
    walk->n_parts = walk->n_spans = walk->n_runs = walk->n_turns = 0;
    if (polygon->kind != GEOM_POLYGON)
        return ERR_OK;
    for (uint32_t ring = 0; ring < polygon->n_rings; ring++)
        TRY(walk_ring(walk, polygon, geom_ring_start(polygon, ring), polygon->ring_ends[ring],
                      err));
    sort_runs(walk->runs, walk->n_runs);
    sort_turns(walk->turns, walk->n_turns);
    TRY(sweep(walk, err));
done:
    return code;
}

const struct tile_part *tiles_part(const struct tile_walk *walk, struct tile tile, int32_t *winding)
{
    size_t low = 0;
    size_t high = walk->n_parts;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_tiles(walk->parts[middle].tile, tile) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *winding = 0;
    if (low < walk->n_parts && tile_equal(walk->parts[low].tile, tile)) {
        *winding = walk->parts[low].winding;
        return &walk->parts[low];
    }
    low = 0;
    high = walk->n_spans; /* the last that begins at or before the tile */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct tile first = {walk->spans[middle].first, walk->spans[middle].row};
        if (compare_tiles(first, tile) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0 && walk->spans[low - 1].row == tile.row && tile.column < walk->spans[low - 1].end)
        *winding = 1;
    return NULL;
}

/* ---- edges in one tile ---- */

enum err_code tiles_add_edge(struct tile_edges *edges, const struct tile_edge *edge,
                             struct err *err)
{
    struct tile_edge it = *edge;
    if ((it.ax == it.bx && it.ay == it.by) || (it.ax == 0 && it.bx == 0) ||
        (it.ay == 0 && it.by == 0))
        return ERR_OK;
    if (it.ax > it.bx || (it.ax == it.bx && it.ay < it.by)) {
        it = *edge;
        it.ax = edge->bx;
        it.ay = edge->by;
        it.bx = edge->ax;
        it.by = edge->ay;
        it.sign = -edge->sign;
    }
    edges->items = arena_grow(edges->arena, edges->items, &edges->capacity, edges->n + 1,
                              sizeof *edges->items);
    if (!edges->items)
        return err_nomem(err);
    edges->items[edges->n++] = it;
    return ERR_OK;
}

static struct tile_edge in_tile(struct tile tile, struct tile_place a, struct tile_place b,
                                int32_t shape)
{
    int64_t west = (int64_t)tile.column * TILE_UNITS;
    int64_t south = (int64_t)tile.row * TILE_UNITS;
    return (struct tile_edge){(int32_t)(a.x - west),
                              (int32_t)(a.y - south),
                              (int32_t)(b.x - west),
                              (int32_t)(b.y - south),
                              shape,
                              1};
}

static enum err_code clip_edge(struct tile tile, struct tile_place from, struct tile_place to,
                               int32_t shape, struct tile_edges *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cutting cutting = cutting_of(from, to);
    struct tile_place last = cutting.a;
    struct tile_place next;
    bool more = true;
    while (more) {
        more = next_cut(&cutting, &next);
        if (!more)
            next = cutting.b;
        if (tile_equal(piece_tile(last, next), tile)) {
            struct tile_edge edge = in_tile(tile, last, next, shape);
            edge.sign = cutting.turned ? -1 : 1;
            TRY(tiles_add_edge(out, &edge, err));
        }
        last = next;
    }
done:
    return code;
}

enum err_code tiles_clip(double tile_deg, const struct geom *polygon, const struct tile_run *run,
                         int32_t shape, struct tile_edges *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct tile tile = run->tile;
    struct tile_place from = tiles_place(tile_deg, polygon->points[run->first]);
    for (uint32_t i = run->first; i < run->first + run->n; i++) {
        struct tile_place to = tiles_place(tile_deg, polygon->points[i + 1]);
        bool inside = !on_line(from.x) && !on_line(from.y) && !on_line(to.x) && !on_line(to.y) &&
                      tile_equal(tile_of(from.x, from.y), tile) &&
                      tile_equal(tile_of(to.x, to.y), tile);
        if (inside) {
            struct tile_edge edge = in_tile(tile, from, to, shape);
            TRY(tiles_add_edge(out, &edge, err));
        } else {
            TRY(clip_edge(tile, from, to, shape, out, err));
        }
        from = to;
    }
done:
    return code;
}
