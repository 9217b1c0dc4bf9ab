/* grades_unit.c - administrative units: their tiles, and who counts in them. */
#include "geo/grades/grades_state.h"

#include "geo/measure/distance.h"
#include "geo/measure/ellipsoid.h"
#include "geo/world/near.h"
#include "geo/world/population.h"

#include <string.h>

static enum err_code keep_tiles(const struct tile_walk *walk, struct arena *arena,
                                struct grades_unit *unit, struct err *err)
{
    unit->n_borders = walk->n_parts;
    unit->n_spans = walk->n_spans;
    unit->borders = arena_new(arena, struct grades_border, walk->n_parts);
    unit->spans = arena_memdup(arena, walk->spans, walk->n_spans * sizeof *walk->spans);
    unit->runs = arena_memdup(arena, walk->runs, walk->n_runs * sizeof *walk->runs);
    if (!unit->borders || !unit->spans || !unit->runs)
        return err_nomem(err);
    for (size_t i = 0; i < walk->n_parts; i++)
        unit->borders[i].part = walk->parts[i];
    return ERR_OK;
}

enum err_code grades_unit_new(const struct world *world, struct worker *worker, size_t row,
                              struct arena *arena, struct grades_unit **out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *geom = world_geom(world, LAYER_ADMIN, row);
    struct arena_mark mark = arena_mark(&worker->arena);
    struct tile_walk walk;
    struct exposure exposure;
    struct grades_unit *unit = arena_new(arena, struct grades_unit, 1);
    if (!unit)
        return err_nomem(err);
    unit->slot = world_slot(world, LAYER_ADMIN, row);
    unit->area_m2 = ellipsoid_area_m2(geom);
    unit->residents = NAN;
    TRY(tiles_init(&walk, world->rules->parameters.cell_deg, &worker->arena, err));
    TRY(tiles_walk(&walk, geom, err));
    TRY(keep_tiles(&walk, arena, unit, err));
    if (population_known(world) && geom->kind == GEOM_POLYGON) {
        TRY(population_within(world, worker, geom, &worker->arena, &exposure, err));
        unit->residents = exposure.persons;
    }
    *out = unit;
done:
    arena_rewind(&worker->arena, mark);
    return code == ERR_OK ? code : err_wrap(err, "admin \"%s\"", world_admin(world, row)->head.id);
}

struct grades_border *grades_unit_tile(const struct grades_unit *unit, struct tile tile,
                                       bool *inside)
{
    /* The same order as a walk's. */
    struct tile_walk walk = {.spans = NULL};
    size_t low = 0;
    size_t high = unit->n_borders;
    *inside = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct tile at = unit->borders[middle].part.tile;
        if (at.row < tile.row || (at.row == tile.row && at.column < tile.column))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < unit->n_borders && tile_equal(unit->borders[low].part.tile, tile))
        return &unit->borders[low];
    walk.spans = (struct tile_span *)(uintptr_t)unit->spans;
    walk.n_spans = unit->n_spans;
    int32_t winding = 0;
    tiles_part(&walk, tile, &winding);
    *inside = winding > 0;
    return NULL;
}

void grades_reach_add(struct reach_persons *to, const struct reach_persons *persons, int by)
{
    for (size_t i = 0; i < ARRANGE_SETS; i++)
        to->parts[i] += by * persons->parts[i];
}

enum err_code grades_reach_border(const struct reach_question *question, const struct geom *geom,
                                  const struct grades_unit *unit, struct grades_border *border,
                                  const struct reach_persons *whole, struct err *err)
{
    const struct tile_part *part = &border->part;
    memset(&border->persons, 0, sizeof border->persons);
    if (!part->has_edges) {
        if (part->winding > 0)
            border->persons = *whole;
        return ERR_OK;
    }
    struct arena *arena = &question->worker->arena;
    struct arena_mark mark = arena_mark(arena);
    struct reach_touch *touches = arena_new(arena, struct reach_touch, part->n_runs);
    if (!touches)
        return err_nomem(err);
    for (uint32_t i = 0; i < part->n_runs; i++) {
        const struct tile_run *run = &unit->runs[part->first_run + i];
        touches[i] = (struct reach_touch){0, part->winding, run->first, run->n};
    }
    struct reach_question framed = *question;
    framed.unit = geom;
    framed.unit_touches = touches;
    framed.n_unit_touches = part->n_runs;
    enum err_code code = reach_in_tile(&framed, &border->persons, err);
    arena_rewind(arena, mark);
    return code;
}

void grades_unit_sum(const struct grades_tiles *tiles, struct grades_unit *unit)
{
    unit->persons = (struct reach_persons){{0}};
    for (size_t i = 0; i < unit->n_borders; i++)
        grades_reach_add(&unit->persons, &unit->borders[i].persons, 1);
    for (size_t i = 0; i < unit->n_spans; i++) {
        struct tile at = {unit->spans[i].first, unit->spans[i].row};
        for (; at.column < unit->spans[i].end; at.column++) {
            const struct grades_tile *tile = grades_tile_find(tiles, at);
            if (tile)
                grades_reach_add(&unit->persons, &tile->persons, 1);
        }
    }
}

/* ---- who counts where ---- */

struct unit_search {
    const struct world *world;
    struct grades_unit *const *units;
    struct lonlat place;
    struct tile tile;
    int64_t best[5]; /* rows by level */
};

/* The smallest unit of a level that holds the place, then that of the smaller row, as
 * world_unit_at; only on a border's tile the border itself is looked at. */
static bool visit_unit(void *context, uint32_t row)
{
    struct unit_search *search = context;
    const struct world *world = search->world;
    const struct admin_unit *admin = world_admin(world, row);
    const struct grades_unit *unit = search->units[world_slot(world, LAYER_ADMIN, row)];
    int64_t *best = &search->best[admin->level];
    bool inside = false;
    if (grades_unit_tile(unit, search->tile, &inside))
        inside = distance_contains_point(&admin->head.geom, search->place);
    if (!inside)
        return true;
    if (*best < 0) {
        *best = row;
        return true;
    }
    double its_m2 = search->units[world_slot(world, LAYER_ADMIN, (size_t)*best)]->area_m2;
    if (unit->area_m2 < its_m2 || (!(unit->area_m2 > its_m2) && (int64_t)row < *best))
        *best = row;
    return true;
}

void grades_units_of(const struct world *world, struct grades_unit *const *units,
                     struct lonlat place, int64_t rows[5])
{
    struct tile_place at = tiles_place(world->rules->parameters.cell_deg, place);
    struct unit_search search = {
        .world = world,
        .units = units,
        .place = place,
        .tile = {(int32_t)(at.x >> TILE_BITS), (int32_t)(at.y >> TILE_BITS)},
        .best = {-1, -1, -1, -1, -1}};
    struct box box = {place.lon_deg, place.lat_deg, place.lon_deg, place.lat_deg};
    const char *parent = NULL;
    world_visit(world, LAYER_ADMIN, box, &search, visit_unit);
    /* In its smallest unit and in that unit's parents; where a parent is not told, the map says
     * who holds the place. */
    rows[0] = -1;
    for (int32_t level = 4; level >= 1; level--) {
        int64_t row = parent ? world_unit(world, parent) : -1;
        if (row < 0 || world_admin(world, (size_t)row)->level != level)
            row = search.best[level];
        rows[level] = row;
        parent = row < 0 ? parent : world_admin(world, (size_t)row)->parent;
    }
}

void grades_inside_add(struct grades_inside *inside, const struct grades_plant *plant, int by)
{
    inside->n[plant->grade] += (uint32_t)by;
    inside->n_could_be[plant->could_be] += (uint32_t)by;
    inside->undecided += (int64_t)by * plant->undecided;
}
