/* grades_change_tiles.c - residents in reach and cells, where an edit changes them. */
#include "geo/grades/grades_change.h"

#include "geo/measure/ellipsoid.h"

#include "data/base/text.h"

#include <stdlib.h>

/* ---- tiles that change ---- */

/* The step of a tile, begun as the state has it. */
static enum err_code tile_step(struct grades_changing *changing, struct tile tile,
                               struct grades_tile_step **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_step *step = changing->step;
    size_t before = step->tiles.n;
    size_t index;
    TRY(grades_tile_put(&step->tiles, tile, &index, err));
    if (index == before) {
        const struct grades_tile *known = grades_tile_find(&changing->state->tiles, tile);
        step->tile_steps = arena_grow(changing->arena, step->tile_steps, &step->tiles_capacity,
                                      index + 1, sizeof *step->tile_steps);
        if (!step->tile_steps)
            return err_nomem(err);
        struct grades_tile_step *made = &step->tile_steps[index];
        *made = (struct grades_tile_step){.after = {.tile = tile}};
        if (known)
            made->after = *known;
        grades_naming_begin(&made->naming, changing->edit->old, &made->after.cell.worst);
    }
    *out = &step->tile_steps[index];
done:
    return code;
}

static bool same_shape(const struct geom *a, const struct geom *b)
{
    return a == b || geom_equal(a, b);
}

/* Of the same grade. Where an enterprise with zones stands is all the same. */
static bool same_reach(const struct grades_source *a, const struct grades_source *b)
{
    if (a->n_zones != b->n_zones)
        return false;
    for (size_t i = 0; i < a->n_zones; i++)
        if (!same_shape(a->zones[i], b->zones[i]))
            return false;
    return a->n_zones > 0 || same_shape(a->geom, b->geom);
}

/* What a source reaches, to be taken off or added. */
struct laying {
    const struct world *world;
    const struct grades_source *source;
    const struct grades_plant *plant;
    int by;
    bool reach; /* residents in reach change too */
};

static void lay_cell(const struct laying *laying, bool by_grade, struct grades_tile_step *step)
{
    const struct grades_source *source = laying->source;
    uint32_t slot = world_slot(laying->world, LAYER_ENTERPRISES, source->row);
    struct grades_named who = {world_enterprise(laying->world, source->row)->head.id, slot,
                               grades_rank(laying->plant, by_grade)};
    grades_cell_add(&step->after.cell, source->grade, source->could_be, by_grade, laying->by);
    if (laying->by > 0)
        grades_naming_add(&step->naming, &who);
    else
        grades_naming_take(&step->naming, slot);
}

static enum err_code lay(struct grades_changing *changing, const struct laying *laying,
                         struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_gather gather;
    struct grades_tile_step *step = NULL;
    const struct world *world = laying->world;
    const struct grades_source *source = laying->source;
    TRY(grades_gather_init(&gather, world, changing->worker, changing->arena, changing->arena,
                           err));
    TRY(grades_gather_source(&gather, source, 0, err));
    for (size_t i = 0; i < gather.n_cells; i++) {
        TRY(tile_step(changing, gather.cells[i].tile, &step, err));
        lay_cell(laying, gather.cells[i].by_grade, step);
    }
    for (size_t i = 0; laying->reach && i < gather.n_touches; i++) {
        TRY(tile_step(changing, gather.touches[i].tile, &step, err));
        step->reach = true;
    }
    for (size_t i = 0; laying->reach && i < gather.n_covers; i++) {
        struct tile_span span = gather.covers[i].span;
        for (struct tile at = {span.first, span.row}; at.column < span.end; at.column++) {
            TRY(tile_step(changing, at, &step, err));
            step->reach = true;
        }
    }
done:
    return code;
}

static enum err_code lay_anew(struct grades_changing *changing, size_t number, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grades_edit *edit = changing->edit;
    const struct grades_touched *it = &changing->step->touched[number];
    struct grades_source before = {.grade = 0};
    struct grades_source after = {.grade = 0};
    if (it->bystander && it->before.grade == it->after.grade &&
        it->before.could_be == it->after.could_be)
        return ERR_OK;
    if (it->old_row >= 0)
        TRY(grades_source_of(edit->old, (size_t)it->old_row, &it->before, changing->arena, &before,
                             err));
    if (it->new_row >= 0)
        TRY(grades_source_of(edit->now, (size_t)it->new_row, &it->after, changing->arena, &after,
                             err));
    bool same = it->old_row >= 0 && it->new_row >= 0 && before.grade == after.grade &&
                before.could_be == after.could_be && same_reach(&before, &after);
    /* A record put anew has another slot, and perhaps another name. */
    if (same && changing->step->old_slots[number] == changing->step->new_slots[number])
        goto done;
    struct laying laying = {edit->old, &before, &it->before, -1, !same};
    if (it->old_row >= 0)
        TRY(lay(changing, &laying, err));
    laying = (struct laying){edit->now, &after, &it->after, 1, !same};
    if (it->new_row >= 0)
        TRY(lay(changing, &laying, err));
done:
    return code;
}

/* ---- residents in reach of a tile, from the world ---- */

/* Looking from tile to tile. */
struct around {
    struct tile_walk walk;   /* of the shape at hand */
    struct tile_walk hiding; /* of the zone that hid the last tile that one did: large zones hide
                              * its neighbours too */
};

/* Who may reach a tile. */
struct looking {
    struct grades_changing *changing;
    struct around *around;
    struct tile tile;
    struct box box; /* of the tile, and a trifle more than rounding moves a vertex */
    uint32_t *rows; /* of zones or enterprises, then of enterprises alone */
    size_t n;
    size_t capacity;
    bool failed; /* no memory */
    bool hidden; /* a shape in all sets covers the tile */
    enum err_code code;
    struct err *err;
};

static const double TRIFLE_DEG = 1e-9;

static bool holds(struct box outer, struct box inner)
{
    return outer.west_deg <= inner.west_deg && outer.east_deg >= inner.east_deg &&
           outer.south_deg <= inner.south_deg && outer.north_deg >= inner.north_deg;
}

static bool note(struct looking *looking, uint32_t row)
{
    looking->rows = arena_grow(looking->changing->arena, looking->rows, &looking->capacity,
                               looking->n + 1, sizeof *looking->rows);
    looking->failed = !looking->rows;
    if (!looking->failed)
        looking->rows[looking->n++] = row;
    return !looking->failed;
}

static bool counts(const struct zone *zone)
{
    return zone->head.geom.kind == GEOM_POLYGON && !text_equal(zone->standing, "indicative");
}

static uint32_t sets_of(const struct grades_changing *changing, size_t row)
{
    const struct world *world = changing->edit->now;
    const struct grades_plant *plant = grades_plant_now(changing, row);
    if (world_geom(world, LAYER_ENTERPRISES, row)->kind == GEOM_NONE)
        return 0;
    return reach_sets(plant->grade, plant->could_be);
}

static bool covers(const struct tile_walk *walk, struct tile tile)
{
    int32_t winding = 0;
    const struct tile_part *part = tiles_part(walk, tile, &winding);
    return winding > 0 && (!part || !part->has_edges);
}

/* Under a zone of the worst grade that covers the tile whatever else lies there is hidden. */
static bool visit_hiding(void *context, uint32_t row)
{
    struct looking *looking = context;
    const struct world *world = looking->changing->edit->now;
    const struct zone *zone = world_zone(world, row);
    if (!holds(zone->head.geom.box, looking->box) || !counts(zone))
        return true;
    int64_t owner = world_find(world, LAYER_ENTERPRISES, zone->enterprise_id);
    if (owner < 0 || sets_of(looking->changing, (size_t)owner) != ARRANGE_ALL)
        return true;
    looking->code = tiles_walk(&looking->around->hiding, &zone->head.geom, looking->err);
    looking->hidden = looking->code == ERR_OK && covers(&looking->around->hiding, looking->tile);
    return looking->code == ERR_OK && !looking->hidden;
}

static bool visit_zone(void *context, uint32_t row)
{
    struct looking *looking = context;
    const struct world *world = looking->changing->edit->now;
    const struct zone *zone = world_zone(world, row);
    int64_t owner = counts(zone) ? world_find(world, LAYER_ENTERPRISES, zone->enterprise_id) : -1;
    return owner < 0 || note(looking, (uint32_t)owner);
}

static bool visit_plant(void *context, uint32_t row)
{
    return note(context, row);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double widest_reach_m(const struct parameters *parameters)
{
    return fmax(parameters->reach_m[1], fmax(parameters->reach_m[2], parameters->reach_m[3]));
}

/* Enterprises whose zones or circles may touch the tile, by row. */
static enum err_code look(struct looking *looking, struct err *err)
{
    const struct world *world = looking->changing->edit->now;
    looking->hidden = covers(&looking->around->hiding, looking->tile);
    if (!looking->hidden)
        world_visit(world, LAYER_ZONES, looking->box, looking, visit_hiding);
    if (looking->code != ERR_OK || looking->hidden)
        return looking->code;
    world_visit(world, LAYER_ZONES, looking->box, looking, visit_zone);
    struct box wide = ellipsoid_expand(looking->box, widest_reach_m(&world->rules->parameters) + 1);
    if (!looking->failed)
        world_visit(world, LAYER_ENTERPRISES, wide, looking, visit_plant);
    if (looking->failed)
        return err_nomem(err);
    if (looking->n > 1)
        qsort(looking->rows, looking->n, sizeof *looking->rows, compare_numbers);
    size_t kept = 0;
    for (size_t i = 0; i < looking->n; i++) {
        if (i == 0 || looking->rows[i] != looking->rows[i - 1])
            looking->rows[kept++] = looking->rows[i];
    }
    looking->n = kept;
    return ERR_OK;
}

/* Shapes and their touches of one tile. */
struct found {
    struct reach_shape *shapes;
    size_t n_shapes;
    size_t shapes_capacity;
    struct reach_touch *touches;
    size_t n_touches;
    size_t touches_capacity;
    uint32_t covered;
};

static enum err_code add_shape(struct looking *looking, const struct reach_shape *shape,
                               struct found *found, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = looking->changing->arena;
    struct tile_walk *walk = &looking->around->walk;
    int32_t winding = 0;
    if (!box_intersects(shape->geom->box, looking->box))
        return ERR_OK;
    TRY(tiles_walk(walk, shape->geom, err));
    const struct tile_part *part = tiles_part(walk, looking->tile, &winding);
    if (!part || !part->has_edges) {
        found->covered |= winding > 0 ? shape->sets : 0;
        goto done;
    }
    found->shapes = arena_grow(arena, found->shapes, &found->shapes_capacity, found->n_shapes + 1,
                               sizeof *found->shapes);
    found->touches = arena_grow(arena, found->touches, &found->touches_capacity,
                                found->n_touches + part->n_runs, sizeof *found->touches);
    if (!found->shapes || !found->touches) {
        code = err_nomem(err);
        goto done;
    }
    found->shapes[found->n_shapes++] = *shape;
    for (uint32_t i = 0; i < part->n_runs; i++) {
        const struct tile_run *run = &walk->runs[part->first_run + i];
        found->touches[found->n_touches++] =
            (struct reach_touch){(uint32_t)found->n_shapes - 1, winding, run->first, run->n};
    }
done:
    return code;
}

static enum err_code add_source(struct looking *looking, size_t row, struct found *found,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_changing *changing = looking->changing;
    const struct world *world = changing->edit->now;
    struct grades_source source;
    struct reach_shape *shapes = NULL;
    size_t n = 0;
    if (sets_of(changing, row) == 0)
        return ERR_OK;
    TRY(grades_source_of(world, row, grades_plant_now(changing, row), changing->arena, &source,
                         err));
    TRY(grades_shapes(world, changing->worker, &source, changing->arena, &shapes, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(add_shape(looking, &shapes[i], found, err));
done:
    return code;
}

/* What grades_all asks of the tile. */
static enum err_code question_now(struct grades_changing *changing, struct around *around,
                                  struct tile tile, struct reach_question *out, struct err *err)
{
    enum err_code code = ERR_OK;
    double tile_deg = changing->edit->now->rules->parameters.cell_deg;
    struct found found = {.covered = 0};
    struct looking looking = {
        .changing = changing,
        .around = around,
        .tile = tile,
        .box = {tile.column * tile_deg - TRIFLE_DEG, tile.row * tile_deg - TRIFLE_DEG,
                (tile.column + 1) * tile_deg + TRIFLE_DEG, (tile.row + 1) * tile_deg + TRIFLE_DEG},
        .err = err};
    TRY(look(&looking, err));
    if (looking.hidden)
        found.covered = ARRANGE_ALL;
    for (size_t i = 0; i < looking.n && !looking.hidden; i++)
        TRY(add_source(&looking, looking.rows[i], &found, err));
    *out = (struct reach_question){.world = changing->edit->now,
                                   .worker = changing->worker,
                                   .tile = tile,
                                   .shapes = found.shapes,
                                   .touches = found.touches,
                                   .n_touches = found.n_touches,
                                   .covered = found.covered};
done:
    return code;
}

/* ---- and what it changes in units ---- */

static enum err_code add_border(struct grades_changing *changing,
                                const struct reach_question *question, size_t row,
                                struct grades_border *border, const struct reach_persons *whole,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_step *step = changing->step;
    const struct world *world = changing->edit->now;
    uint32_t slot = world_slot(world, LAYER_ADMIN, row);
    struct grades_border after = *border;
    struct grades_unit_step *unit;
    TRY(grades_reach_border(question, world_geom(world, LAYER_ADMIN, row),
                            changing->state->units[slot], &after, whole, err));
    step->borders = arena_grow(changing->arena, step->borders, &step->borders_capacity,
                               step->n_borders + 1, sizeof *step->borders);
    if (!step->borders)
        return err_nomem(err);
    step->borders[step->n_borders++] = (struct grades_border_step){border, after.persons};
    TRY(grades_unit_step(changing, slot, &unit, err));
    grades_reach_add(&unit->persons, &after.persons, 1);
    grades_reach_add(&unit->persons, &border->persons, -1);
done:
    return code;
}

static enum err_code reach_anew(struct grades_changing *changing, struct around *around,
                                struct grades_tile_step *tile, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = changing->edit->now;
    double tile_deg = world->rules->parameters.cell_deg;
    struct tile at = tile->after.tile;
    struct box box = {at.column * tile_deg, at.row * tile_deg, (at.column + 1) * tile_deg,
                      (at.row + 1) * tile_deg};
    struct reach_question question;
    struct reach_persons before = tile->after.persons;
    uint32_t *rows;
    size_t n;
    TRY(question_now(changing, around, at, &question, err));
    TRY(reach_in_tile(&question, &tile->after.persons, err));
    TRY(world_search(world, LAYER_ADMIN, box, changing->arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        uint32_t slot = world_slot(world, LAYER_ADMIN, rows[i]);
        struct grades_unit_step *unit;
        bool inside = false;
        struct grades_border *border = grades_unit_tile(changing->state->units[slot], at, &inside);
        if (border)
            TRY(add_border(changing, &question, rows[i], border, &tile->after.persons, err));
        if (!inside)
            continue;
        TRY(grades_unit_step(changing, slot, &unit, err));
        grades_reach_add(&unit->persons, &tile->after.persons, 1);
        grades_reach_add(&unit->persons, &before, -1);
    }
done:
    return code;
}

enum err_code grades_change_tiles(struct grades_changing *changing, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_step *step = changing->step;
    struct around around;
    double tile_deg = changing->edit->now->rules->parameters.cell_deg;
    TRY(tiles_init(&around.walk, tile_deg, changing->arena, err));
    TRY(tiles_init(&around.hiding, tile_deg, changing->arena, err));
    for (size_t i = 0; i < step->n_touched; i++)
        TRY(lay_anew(changing, i, err));
    for (size_t i = 0; i < step->tiles.n; i++) {
        if (step->tile_steps[i].reach)
            TRY(reach_anew(changing, &around, &step->tile_steps[i], err));
    }
done:
    return code;
}
