#include "geo/measure/cell_cut_private.h"

#include <math.h>
#include <string.h>

/* Of a determinant of differences: J. R. Shewchuk, "Adaptive precision floating-point arithmetic",
 * 1997, its bound A rounded up. */
static const double SIDE_ERROR = 3.4e-16;

int cut_side_of(struct lonlat a, struct lonlat b, struct lonlat c)
{
    double left = (a.lon_deg - c.lon_deg) * (b.lat_deg - c.lat_deg);
    double right = (a.lat_deg - c.lat_deg) * (b.lon_deg - c.lon_deg);
    double bound = SIDE_ERROR * (fabs(left) + fabs(right));
    return left - right > bound ? 1 : right - left > bound ? -1 : 0;
}

/* ---- which cell ---- */

/* The one of n cells between lines that holds x, -1 or n beyond; lines run up where up is true. */
static int32_t locate(const struct cut *cut, double x, bool columns, bool *on_line)
{
    const struct cell_set *set = cut->set;
    double (*line)(const struct cut *, int32_t) = columns ? cut_lon : cut_lat;
    int32_t n = (int32_t)(columns ? set->n_columns : set->n_rows);
    double turned = columns ? 1 : -1;
    double guess = columns ? (x - line(cut, 0)) / set->grid->cell_width
                           : (line(cut, 0) - x) / set->grid->cell_height;
    int32_t at = guess < 0 ? -1 : guess < n ? (int32_t)guess : n;
    while (at >= 0 && turned * (x - line(cut, at)) < 0)
        at--;
    while (at < n && turned * (x - line(cut, at + 1)) > 0)
        at++;
    *on_line = (at >= 0 && x == line(cut, at)) || (at < n && x == line(cut, at + 1));
    return at;
}

static enum err_code locate_all(struct cut *cut)
{
    cut->cells = arena_new(cut->arena, struct cut_corner, cut->n_ring + 1);
    if (!cut->cells)
        return err_nomem(cut->err);
    for (uint32_t i = 0; i < cut->n_ring && !cut->doubtful; i++) {
        bool on_x, on_y;
        cut->cells[i].column = locate(cut, cut->ring[i].lon_deg, true, &on_x);
        cut->cells[i].row = locate(cut, cut->ring[i].lat_deg, false, &on_y);
        cut->doubtful = on_x || on_y;
    }
    cut->cells[cut->n_ring] = cut->cells[0];
    return ERR_OK;
}

/* ---- along an edge ---- */

/* The edge of the ring from vertex - 1 to vertex, on its way. */
struct edge_walk {
    struct lonlat from, to;
    uint32_t vertex;
    struct cut_corner cell, end;
    int32_t east, south; /* 1, or -1: west, north */
};

/* Whether the edge leaves its cell across an upright line. */
static bool leaves_sideways(struct cut *cut, const struct edge_walk *walk)
{
    if (walk->cell.row == walk->end.row)
        return true;
    if (walk->cell.column == walk->end.column)
        return false;
    struct cut_corner ahead = {walk->cell.column + (walk->east > 0),
                               walk->cell.row + (walk->south > 0)};
    int side = cut_side_of(walk->from, walk->to, cut_place(cut, ahead));
    cut->doubtful = cut->doubtful || side == 0;
    return (side > 0) == (walk->east > 0) ? walk->south < 0 : walk->south > 0;
}

/* Where the edge crosses a line, the same in either direction. */
static double cross(struct lonlat a, struct lonlat b, double line, bool upright)
{
    double ax = upright ? a.lon_deg : a.lat_deg, ay = upright ? a.lat_deg : a.lon_deg;
    double bx = upright ? b.lon_deg : b.lat_deg, by = upright ? b.lat_deg : b.lon_deg;
    if (ax > bx) {
        double x = ax, y = ay;
        ax = bx;
        ay = by;
        bx = x;
        by = y;
    }
    return ay + (line - ax) / (bx - ax) * (by - ay);
}

/* Between the ends of its side, and no nearer to them or to others than one can tell. */
static bool stands_clear(const struct cut *cut, const struct cut_crossing *crossing,
                         struct cut_corner from, bool upright)
{
    double low = upright ? cut_lat(cut, from.row + 1) : cut_lon(cut, from.column);
    double high = upright ? cut_lat(cut, from.row) : cut_lon(cut, from.column + 1);
    uint32_t other = cut->sides[cut_side(cut, from, upright)] - 1;
    bool clear =
        crossing->along - low > CELL_CUT_NEAR_DEG && high - crossing->along > CELL_CUT_NEAR_DEG;
    for (; other != CUT_NONE && cut->crossings; other = cut->crossings[other].next)
        clear = clear && fabs(cut->crossings[other].along - crossing->along) > CELL_CUT_NEAR_DEG;
    return clear;
}

/* From one cell to the next; notes where it comes into the set or leaves it. */
static enum err_code step_over(struct cut *cut, struct edge_walk *walk)
{
    bool sideways = leaves_sideways(cut, walk);
    struct cut_corner next = walk->cell, from = walk->cell;
    if (sideways) {
        next.column += walk->east;
        from.column += walk->east > 0;
    } else {
        next.row += walk->south;
        from.row += walk->south > 0;
    }
    bool was_in = cut_is_in(cut, walk->cell), is_in = cut_is_in(cut, next);
    walk->cell = next;
    if (was_in == is_in || cut->doubtful)
        return ERR_OK;
    double line = sideways ? cut_lon(cut, from.column) : cut_lat(cut, from.row);
    struct cut_crossing crossing = {.along = cross(walk->from, walk->to, line, sideways),
                                    .vertex = walk->vertex,
                                    .enters = is_in};
    crossing.at =
        sideways ? (struct lonlat){line, crossing.along} : (struct lonlat){crossing.along, line};
    cut->doubtful = !stands_clear(cut, &crossing, from, sideways);
    cut->crossings = arena_grow(cut->arena, cut->crossings, &cut->crossings_room,
                                (size_t)cut->n_crossings + 1, sizeof crossing);
    if (!cut->crossings)
        return err_nomem(cut->err);
    uint32_t *first = &cut->sides[cut_side(cut, from, sideways)];
    crossing.next = *first - 1; /* CUT_NONE after 0 */
    cut->crossings[cut->n_crossings++] = crossing;
    *first = cut->n_crossings;
    return ERR_OK;
}

enum err_code cut_walk_ring(struct cut *cut)
{
    enum err_code code = ERR_OK;
    const struct cell_set *set = cut->set;
    cut->sides = arena_new(cut->arena, uint32_t,
                           2 * ((size_t)set->n_rows + 1) * ((size_t)set->n_columns + 1));
    if (!cut->sides)
        return err_nomem(cut->err);
    TRY(locate_all(cut));
    for (uint32_t i = 1; i <= cut->n_ring && !cut->doubtful; i++) {
        struct edge_walk walk = {.from = cut->ring[i - 1],
                                 .to = cut->ring[i],
                                 .vertex = i,
                                 .cell = cut->cells[i - 1],
                                 .end = cut->cells[i]};
        walk.east = walk.end.column > walk.cell.column ? 1 : -1;
        walk.south = walk.end.row > walk.cell.row ? 1 : -1;
        while (!cut->doubtful &&
               (walk.cell.column != walk.end.column || walk.cell.row != walk.end.row))
            TRY(step_over(cut, &walk));
    }
done:
    return code;
}

/* ---- all of it ---- */

static enum err_code frame_set(struct cut *cut)
{
    const struct cell_set *set = cut->set;
    size_t wide = (size_t)set->n_columns + 2;
    cut->in = arena_alloc(cut->arena, (size_t)set->n_rows + 2, wide);
    if (!cut->in)
        return err_nomem(cut->err);
    for (size_t row = 0; row < set->n_rows; row++)
        memcpy(cut->in + (row + 1) * wide + 1, set->in + row * set->n_columns, set->n_columns);
    return ERR_OK;
}

enum err_code cell_cut(const struct geom *polygon, const struct cell_set *set, struct arena *arena,
                       struct geom *out, bool *done, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
    *done = false;
    /* Sides are numbered, and corners counted, in 32 bits. */
    bool fits = set->n_rows < INT32_MAX / 2 && set->n_columns < INT32_MAX / 2 &&
                (uint64_t)set->n_rows * set->n_columns < UINT32_MAX / 8;
    if (polygon->kind != GEOM_POLYGON || polygon->n_rings != 1 || polygon->n_points < 4 || !fits)
        return ERR_OK;
    struct cut cut = {.ring = polygon->points,
                      .n_ring = polygon->n_points - 1,
                      .set = set,
                      .arena = arena,
                      .err = err};
    TRY(frame_set(&cut));
    TRY(cut_walk_ring(&cut));
    if (!cut.doubtful)
        TRY(cut_walk_cells(&cut));
    if (!cut.doubtful)
        TRY(cut_join(&cut, out));
    *done = !cut.doubtful;
    if (cut.doubtful)
        *out = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
done:
    return code;
}
