#include "geo/grades/reach_tile.h"

#include "geo/measure/ellipsoid.h"

#include <string.h>

uint32_t reach_sets(int32_t grade, int32_t could_be)
{
    static const uint32_t sets[5] = {0, 7, 6, 4, 0};
    return sets[grade] | sets[could_be] << 3;
}

/* Shapes and edges of the tile while they are gathered. */
struct gathering {
    const struct reach_question *question;
    double tile_deg;
    struct arena *arena;
    struct arrange_shape *shapes;
    size_t n;
    struct tile_edges edges;
};

static enum err_code add_touch(struct gathering *gathering, const struct geom *geom, uint32_t sets,
                               const struct reach_touch *touch, bool same, struct err *err)
{
    if (!same)
        gathering->shapes[gathering->n++] = (struct arrange_shape){touch->winding, sets};
    if (touch->n_edges == 0)
        return ERR_OK;
    struct tile_run run = {gathering->question->tile, touch->first_edge, touch->n_edges};
    return tiles_clip(gathering->tile_deg, geom, &run, (int32_t)gathering->n - 1, &gathering->edges,
                      err);
}

/* Shapes that add nothing to what covers the tile are left out. */
static enum err_code gather(struct gathering *gathering, size_t n_more, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct reach_question *question = gathering->question;
    gathering->shapes = arena_new(gathering->arena, struct arrange_shape,
                                  question->n_touches + question->n_unit_touches + n_more);
    if (!gathering->shapes)
        return err_nomem(err);
    uint32_t last = UINT32_MAX;
    for (size_t i = 0; i < question->n_touches; i++) {
        const struct reach_touch *touch = &question->touches[i];
        const struct reach_shape *shape = &question->shapes[touch->shape];
        if ((shape->sets & ~question->covered) == 0)
            continue;
        TRY(add_touch(gathering, shape->geom, shape->sets, touch, touch->shape == last, err));
        last = touch->shape;
    }
    for (size_t i = 0; i < question->n_unit_touches; i++)
        TRY(add_touch(gathering, question->unit, 0, &question->unit_touches[i], i > 0, err));
done:
    return code;
}

static void add_persons(const double persons[ARRANGE_SETS], struct reach_persons *out)
{
    for (size_t i = 0; i < ARRANGE_SETS; i++)
        out->parts[i] += llround(persons[i] * REACH_PARTS);
}

static enum err_code ask(const struct gathering *gathering, struct tile_people *people,
                         struct reach_persons *out, struct err *err)
{
    enum err_code code = ERR_OK;
    double persons[ARRANGE_SETS];
    struct arrange_question arrange = {.people = people,
                                       .tile = gathering->question->tile,
                                       .shapes = gathering->shapes,
                                       .n_shapes = gathering->n,
                                       .edges = gathering->edges.items,
                                       .n_edges = gathering->edges.n,
                                       .covered = gathering->question->covered,
                                       .arena = gathering->arena};
    TRY(arrange_persons(&arrange, persons, err));
    add_persons(persons, out);
done:
    return code;
}

/* One area of the census: a frame with people everywhere. */
static enum err_code ask_area(struct gathering *gathering, const struct census_area *area,
                              struct tile_walk *walk, struct reach_persons *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *geom = &area->head.geom;
    size_t n_shapes = gathering->n;
    size_t n_edges = gathering->edges.n;
    double area_m2 = ellipsoid_area_m2(geom);
    struct tile_people people = {.tile_deg = gathering->tile_deg,
                                 .per_m2 = area_m2 > 0 ? area->persons / area_m2 : 0};
    struct reach_touch touch;
    if (!(people.per_m2 > 0))
        return ERR_OK;
    TRY(tiles_walk(walk, geom, err));
    const struct tile_part *part = tiles_part(walk, gathering->question->tile, &touch.winding);
    if (!part && touch.winding <= 0)
        goto done;
    touch = (struct reach_touch){0, touch.winding, 0, 0};
    TRY(add_touch(gathering, geom, 0, &touch, false, err));
    for (uint32_t i = 0; part && i < part->n_runs; i++) {
        const struct tile_run *run = &walk->runs[part->first_run + i];
        touch.first_edge = run->first;
        touch.n_edges = run->n;
        TRY(add_touch(gathering, geom, 0, &touch, true, err));
    }
    TRY(ask(gathering, &people, out, err));
done:
    gathering->n = n_shapes;
    gathering->edges.n = n_edges;
    return code;
}

static enum err_code ask_census(struct gathering *gathering, const uint32_t *rows, size_t n,
                                struct reach_persons *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct tile_walk walk;
    TRY(tiles_init(&walk, gathering->tile_deg, gathering->arena, err));
    for (size_t i = 0; i < n; i++)
        TRY(ask_area(gathering, world_record(gathering->question->world, LAYER_CENSUS, rows[i]),
                     &walk, out, err));
done:
    return code;
}

static struct box box_of_tile(double tile_deg, struct tile tile)
{
    return (struct box){tile.column * tile_deg, tile.row * tile_deg, (tile.column + 1) * tile_deg,
                        (tile.row + 1) * tile_deg};
}

enum err_code reach_in_tile(const struct reach_question *question, struct reach_persons *out,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = question->world;
    struct arena *arena = &question->worker->arena;
    struct arena_mark mark = arena_mark(arena);
    struct gathering gathering = {.question = question,
                                  .tile_deg = world->rules->parameters.cell_deg,
                                  .arena = arena,
                                  .edges = {.arena = arena}};
    uint32_t *rows = NULL;
    size_t n_areas = 0;
    memset(out, 0, sizeof *out);
    if (question->n_touches == 0 && question->covered == 0)
        goto done;
    if (world->population.n_columns == 0)
        TRY(world_search(world, LAYER_CENSUS, box_of_tile(gathering.tile_deg, question->tile),
                         arena, &rows, &n_areas, err));
    if (world->population.n_columns == 0 && n_areas == 0)
        goto done;
    TRY(gather(&gathering, n_areas > 0, err));
    if (world->population.n_columns == 0) {
        TRY(ask_census(&gathering, rows, n_areas, out, err));
    } else {
        struct tile_people people = {.grid = &world->population,
                                     .to_grid = question->worker->to_grid,
                                     .tile_deg = gathering.tile_deg};
        TRY(ask(&gathering, &people, out, err));
    }
done:
    arena_rewind(arena, mark);
    return code;
}
