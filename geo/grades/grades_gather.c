/* grades_gather.c - which tiles the sources touch, and how. */
#include "geo/grades/grades_state.h"

#include "geo/measure/distance.h"
#include "geo/measure/ellipsoid.h"
#include "geo/grades/rollup.h"

#include <stdlib.h>

enum { SHAPES, TOUCHES, COVERS, CELLS };

enum err_code grades_gather_init(struct grades_gather *gather, const struct world *world,
                                 struct worker *worker, struct arena *arena, struct arena *lists,
                                 struct err *err)
{
    *gather =
        (struct grades_gather){.world = world, .worker = worker, .arena = arena, .lists = lists};
    return tiles_init(&gather->walk, world->rules->parameters.cell_deg, lists, err);
}

static enum err_code add_cell(struct grades_gather *gather, struct tile tile, uint32_t source,
                              bool by_grade, struct err *err)
{
    gather->cells = arena_grow(gather->lists, gather->cells, &gather->capacity[CELLS],
                               gather->n_cells + 1, sizeof *gather->cells);
    if (!gather->cells)
        return err_nomem(err);
    gather->cells[gather->n_cells++] = (struct grades_reached){tile, source, by_grade};
    return ERR_OK;
}

static enum err_code add_cover(struct grades_gather *gather, struct tile_span span, uint32_t sets,
                               struct err *err)
{
    gather->covers = arena_grow(gather->lists, gather->covers, &gather->capacity[COVERS],
                                gather->n_covers + 1, sizeof *gather->covers);
    if (!gather->covers)
        return err_nomem(err);
    gather->covers[gather->n_covers++] = (struct grades_cover){span, sets};
    return ERR_OK;
}

static enum err_code add_part(struct grades_gather *gather, const struct tile_part *part,
                              struct err *err)
{
    const struct reach_shape *shape = &gather->shapes[gather->n_shapes - 1];
    struct tile tile = part->tile;
    if (!part->has_edges && part->winding > 0)
        return add_cover(gather, (struct tile_span){tile.row, tile.column, tile.column + 1},
                         shape->sets, err);
    gather->touches = arena_grow(gather->lists, gather->touches, &gather->capacity[TOUCHES],
                                 gather->n_touches + part->n_runs, sizeof *gather->touches);
    if (!gather->touches)
        return err_nomem(err);
    for (uint32_t i = 0; i < part->n_runs; i++) {
        const struct tile_run *run = &gather->walk.runs[part->first_run + i];
        struct reach_touch touch = {(uint32_t)gather->n_shapes - 1, part->winding, run->first,
                                    run->n};
        gather->touches[gather->n_touches++] = (struct grades_touch){tile, touch};
    }
    return ERR_OK;
}

/* What the walk found, for shares. */
static enum err_code add_walked(struct grades_gather *gather, const struct reach_shape *shape,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct tile_walk *walk = &gather->walk;
    gather->shapes = arena_grow(gather->lists, gather->shapes, &gather->capacity[SHAPES],
                                gather->n_shapes + 1, sizeof *gather->shapes);
    if (!gather->shapes)
        return err_nomem(err);
    gather->shapes[gather->n_shapes++] = *shape;
    for (size_t i = 0; i < walk->n_parts; i++)
        TRY(add_part(gather, &walk->parts[i], err));
    for (size_t i = 0; i < walk->n_spans; i++)
        TRY(add_cover(gather, walk->spans[i], shape->sets, err));
done:
    return code;
}

/* Cells that the walk touched. */
static enum err_code add_walked_cells(struct grades_gather *gather, uint32_t number, bool by_grade,
                                      struct err *err)
{
    enum err_code code = ERR_OK;
    const struct tile_walk *walk = &gather->walk;
    for (size_t i = 0; i < walk->n_parts; i++)
        TRY(add_cell(gather, walk->parts[i].tile, number, by_grade, err));
    for (size_t i = 0; i < walk->n_spans; i++) {
        struct tile tile = {walk->spans[i].first, walk->spans[i].row};
        for (; tile.column < walk->spans[i].end; tile.column++)
            TRY(add_cell(gather, tile, number, by_grade, err));
    }
done:
    return code;
}

static int compare_cells(const void *a, const void *b)
{
    const struct grades_reached *x = a;
    const struct grades_reached *y = b;
    if (x->tile.row != y->tile.row)
        return x->tile.row < y->tile.row ? -1 : 1;
    return (x->tile.column > y->tile.column) - (x->tile.column < y->tile.column);
}

/* A cell that several zones of a source touch counts once. */
static void unite_cells(struct grades_gather *gather, size_t from)
{
    struct grades_reached *cells = gather->cells + from;
    size_t n = gather->n_cells - from;
    if (n < 2)
        return;
    qsort(cells, n, sizeof *cells, compare_cells);
    size_t kept = 1;
    for (size_t i = 1; i < n; i++) {
        if (!tile_equal(cells[i].tile, cells[kept - 1].tile))
            cells[kept++] = cells[i];
    }
    gather->n_cells = from + kept;
}

/* ---- cells within a distance ---- */

/* The nearest place of a cell to a point by longitude and latitude. The nearest place in truth
 * is no farther; and on a meridian, 10 km away and as far as 80 degrees north, nearer by a
 * centimetre at most (the cube of the distance over eight squares of the earth's radius,
 * times the tangent's square). */
static double about_m(struct box cell, struct lonlat point)
{
    struct lonlat at = {fmin(fmax(point.lon_deg, cell.west_deg), cell.east_deg),
                        fmin(fmax(point.lat_deg, cell.south_deg), cell.north_deg)};
    return ellipsoid_distance_m(at, point);
}

static enum err_code exact_m(const struct grades_gather *gather, struct box cell,
                             const struct geom *geom, double limit_m, double *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &gather->worker->arena;
    struct arena_mark mark = arena_mark(arena);
    struct lonlat ring[4] = {{cell.west_deg, cell.south_deg},
                             {cell.east_deg, cell.south_deg},
                             {cell.east_deg, cell.north_deg},
                             {cell.west_deg, cell.north_deg}};
    struct geom polygon;
    struct closest closest;
    TRY(geom_of_ring(ring, 4, arena, &polygon, err));
    TRY(distance_shapes(&polygon, geom, limit_m + 1, arena, &closest, err));
    *out = closest.distance_m;
done:
    arena_rewind(arena, mark);
    return code;
}

/* How far a cell is from a plant, as exact as the two limits need it. */
static enum err_code cell_distance(const struct grades_gather *gather, struct box cell,
                                   const struct geom *geom, const double limits_m[2], double *out,
                                   struct err *err)
{
    static const double DOUBT_M = 0.02;
    static const double FAR_M = 10000;
    static const double NORTH_DEG = 80;
    double most_m = fmax(limits_m[0], limits_m[1]);
    bool known = false;
    if (geom->kind == GEOM_POINT && geom->n_points == 1 && most_m < FAR_M &&
        fabs(geom->points[0].lat_deg) < NORTH_DEG) {
        *out = about_m(cell, geom->points[0]);
        known = fabs(*out - limits_m[0]) > DOUBT_M && fabs(*out - limits_m[1]) > DOUBT_M;
    } else {
        *out = rtree_box_distance_m(cell, geom->box);
        known = *out > most_m;
    }
    return known ? ERR_OK : exact_m(gather, cell, geom, most_m, out, err);
}

/* Cells within the reach of what a source could be; those within the reach of its grade count
 * for that too. */
static enum err_code add_near_cells(struct grades_gather *gather,
                                    const struct grades_source *source, uint32_t number,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    const struct parameters *parameters = &gather->world->rules->parameters;
    double near_m = source->grade ? parameters->reach_m[source->grade] : -1;
    double radius_m = fmax(near_m, parameters->reach_m[source->could_be]);
    const double limits_m[2] = {near_m, radius_m};
    struct box box = ellipsoid_expand(source->geom->box, radius_m);
    int64_t west, south, east, north;
    rollup_cell_of(parameters->cell_deg, (struct lonlat){box.west_deg, box.south_deg}, &west,
                   &south);
    rollup_cell_of(parameters->cell_deg, (struct lonlat){box.east_deg, box.north_deg}, &east,
                   &north);
    for (int64_t row = south; row <= north; row++) {
        for (int64_t column = west; column <= east; column++) {
            double distance_m;
            TRY(cell_distance(gather, rollup_cell_box(parameters->cell_deg, column, row),
                              source->geom, limits_m, &distance_m, err));
            if (distance_m <= radius_m)
                TRY(add_cell(gather, (struct tile){(int32_t)column, (int32_t)row}, number,
                             distance_m <= near_m, err));
        }
    }
done:
    return code;
}

enum err_code grades_gather_source(struct grades_gather *gather, const struct grades_source *source,
                                   uint32_t number, struct err *err)
{
    enum err_code code = ERR_OK;
    struct reach_shape *shapes = NULL;
    size_t n = 0;
    size_t first_cell = gather->n_cells;
    if (source->could_be == 0)
        return ERR_OK;
    TRY(grades_shapes(gather->world, gather->worker, source, gather->arena, &shapes, &n, err));
    for (size_t i = 0; i < n; i++) {
        TRY(tiles_walk(&gather->walk, shapes[i].geom, err));
        TRY(add_walked(gather, &shapes[i], err));
        if (source->n_zones > 0)
            TRY(add_walked_cells(gather, number, source->grade > 0, err));
    }
    if (source->n_zones == 0) {
        TRY(add_near_cells(gather, source, number, err));
    } else if (n == 0) {
        for (size_t i = 0; i < source->n_zones; i++) {
            TRY(tiles_walk(&gather->walk, source->zones[i], err));
            TRY(add_walked_cells(gather, number, source->grade > 0, err));
        }
    }
    if (source->n_zones > 1)
        unite_cells(gather, first_cell);
done:
    return code;
}

enum err_code grades_gather_end(struct grades_gather *gather, struct err *err)
{
    struct arena *arena = gather->arena;
    gather->shapes = arena_memdup(arena, gather->shapes, gather->n_shapes * sizeof *gather->shapes);
    gather->touches =
        arena_memdup(arena, gather->touches, gather->n_touches * sizeof *gather->touches);
    gather->covers = arena_memdup(arena, gather->covers, gather->n_covers * sizeof *gather->covers);
    gather->cells = arena_memdup(arena, gather->cells, gather->n_cells * sizeof *gather->cells);
    gather->lists = NULL;
    return gather->shapes && gather->touches && gather->covers && gather->cells ? ERR_OK
                                                                                : err_nomem(err);
}

void grades_cell_add(struct grades_cell *cell, int32_t grade, int32_t could_be, bool by_grade,
                     int by)
{
    if (by_grade)
        cell->n[grade] += (uint32_t)by;
    else if (grade == 0)
        cell->n[0] += (uint32_t)by;
    cell->could_be[could_be] += (uint32_t)by;
    if (could_be != grade)
        cell->undecided += (uint32_t)by;
}

int32_t grades_rank(const struct grades_plant *plant, bool by_grade)
{
    return by_grade && plant->grade > 0 ? plant->grade : GRADES_OPEN;
}

void grades_worst_push(struct grades_worst *worst, uint32_t slot, int32_t rank)
{
    size_t at = worst->n;
    while (at > 0 && rank < worst->ranks[at - 1])
        at--;
    if (at == GRADES_WORST)
        return;
    size_t end = worst->n < GRADES_WORST ? worst->n++ : GRADES_WORST - 1;
    for (; end > at; end--) {
        worst->slots[end] = worst->slots[end - 1];
        worst->ranks[end] = worst->ranks[end - 1];
    }
    worst->slots[at] = slot;
    worst->ranks[at] = (uint8_t)rank;
}

/* ---- tiles by their place ---- */

static size_t first_try(const struct grades_tiles *tiles, struct tile tile)
{
    uint64_t key = (uint64_t)(uint32_t)tile.row << 32 | (uint32_t)tile.column;
    key *= UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(key >> 32) & (tiles->n_table - 1);
}

/* Where the tile is, or would be. */
static size_t place_of(const struct grades_tiles *tiles, struct tile tile)
{
    size_t at = first_try(tiles, tile);
    while (tiles->table[at] != 0 && !tile_equal(tiles->items[tiles->table[at] - 1].tile, tile))
        at = (at + 1) & (tiles->n_table - 1);
    return at;
}

struct grades_tile *grades_tile_find(const struct grades_tiles *tiles, struct tile tile)
{
    if (tiles->n_table == 0)
        return NULL;
    uint32_t index = tiles->table[place_of(tiles, tile)];
    return index ? &tiles->items[index - 1] : NULL;
}

enum err_code grades_tiles_reserve(struct grades_tiles *tiles, size_t n, struct err *err)
{
    size_t need = tiles->n + n;
    struct grades_tile *grown =
        arena_grow(tiles->arena, tiles->items, &tiles->capacity, need, sizeof *tiles->items);
    if (!grown)
        return err_nomem(err);
    tiles->items = grown;
    if (2 * need <= tiles->n_table)
        return ERR_OK;
    size_t n_table = tiles->n_table ? tiles->n_table : 1024;
    while (n_table < 2 * need)
        n_table *= 2;
    tiles->table = arena_new(tiles->arena, uint32_t, n_table);
    if (!tiles->table) {
        tiles->n_table = 0;
        return err_nomem(err);
    }
    tiles->n_table = n_table;
    for (size_t i = 0; i < tiles->n; i++)
        tiles->table[place_of(tiles, tiles->items[i].tile)] = (uint32_t)i + 1;
    return ERR_OK;
}

enum err_code grades_tile_put(struct grades_tiles *tiles, struct tile tile, size_t *index,
                              struct err *err)
{
    if (2 * (tiles->n + 1) > tiles->n_table || tiles->n + 1 > tiles->capacity) {
        enum err_code code = grades_tiles_reserve(tiles, 1, err);
        if (code != ERR_OK)
            return code;
    }
    size_t at = place_of(tiles, tile);
    if (tiles->table[at] == 0) {
        tiles->items[tiles->n] = (struct grades_tile){.tile = tile};
        tiles->table[at] = (uint32_t)++tiles->n;
    }
    *index = tiles->table[at] - 1;
    return ERR_OK;
}
