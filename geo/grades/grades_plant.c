/* grades_plant.c - the grade of one enterprise, and what it is on the map. */
#include "geo/grades/grades_state.h"

#include "data/base/text.h"
#include "geo/grades/grading.h"
#include "geo/measure/overlay.h"

/* Counts reasons. */
struct counting {
    const struct hazard *hazard;
    size_t n;
};

static enum err_code count(void *context, const struct grading_part *part, struct err *err)
{
    struct counting *counting = context;
    (void)err;
    counting->n += grading_part_reasons(part, counting->hazard);
    return ERR_OK;
}

enum err_code grades_judge(const struct world *world, struct worker *worker, size_t row,
                           const struct exposure *around, struct arena *arena,
                           struct grades_judged *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena_mark mark = arena_mark(&worker->arena);
    struct grading_sum sum;
    *out = (struct grades_judged){.plant = {.alive = true}};
    if (around)
        out->plant.around = *around;
    else
        TRY(hazard_exposure(world, worker, row, world->rules->parameters.alpha_radius_m,
                            &worker->arena, &out->plant.around, err));
    TRY(hazard_judge(world, row, &out->plant.around, arena, arena, &out->hazard, err));
    struct counting counting = {&out->hazard, 0};
    TRY(grading_parts(world, row, &out->hazard, &counting, count, &sum, err));
    out->plant.grade = (uint8_t)sum.grade;
    out->plant.could_be = (uint8_t)sum.could_be;
    out->plant.undecided = sum.undecided;
    out->plant.n_reasons = (uint32_t)counting.n;
done:
    if (arena != &worker->arena)
        arena_rewind(&worker->arena, mark);
    return code;
}

enum err_code grades_source_of(const struct world *world, size_t row,
                               const struct grades_plant *plant, struct arena *arena,
                               struct grades_source *out, struct err *err)
{
    const struct enterprise *enterprise = world_enterprise(world, row);
    const uint32_t *rows = NULL;
    size_t n = 0;
    *out = (struct grades_source){.row = row, .geom = &enterprise->head.geom};
    if (enterprise->head.geom.kind == GEOM_NONE)
        return ERR_OK;
    out->grade = plant->grade;
    out->could_be = plant->could_be;
    world_of_enterprise(world, LAYER_ZONES, enterprise->head.id, &rows, &n);
    out->zones = arena_new(arena, const struct geom *, n);
    if (!out->zones)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct zone *zone = world_zone(world, rows[i]);
        if (zone->head.geom.kind == GEOM_POLYGON && !text_equal(zone->standing, "indicative"))
            out->zones[out->n_zones++] = &zone->head.geom;
    }
    return ERR_OK;
}

/* Circles of reach are cut to within this, m: radii of 100 m and more that are themselves
 * conventions. */
static const double REACH_TOLERANCE_M = 0.5;

static enum err_code add_circle(const struct world *world, struct worker *worker,
                                const struct grades_source *source, int32_t grade, uint32_t sets,
                                struct reach_shape *out, struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena_mark mark = arena_mark(&worker->arena);
    struct geom circle;
    struct geom *kept = arena_new(arena, struct geom, 1);
    if (!kept)
        return err_nomem(err);
    TRY(overlay_buffer(worker->overlay, source->geom, world->rules->parameters.reach_m[grade],
                       REACH_TOLERANCE_M, &worker->arena, &circle, err));
    TRY(geom_copy(&circle, arena, kept, err));
    *out = (struct reach_shape){kept, sets};
done:
    if (arena != &worker->arena)
        arena_rewind(&worker->arena, mark);
    return code;
}

enum err_code grades_shapes(const struct world *world, struct worker *worker,
                            const struct grades_source *source, struct arena *arena,
                            struct reach_shape **shapes, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t sets = reach_sets(source->grade, source->could_be);
    *n = 0;
    *shapes = arena_new(arena, struct reach_shape, source->n_zones + 2);
    if (!*shapes)
        return err_nomem(err);
    if (sets == 0)
        return ERR_OK;
    for (size_t i = 0; i < source->n_zones; i++)
        (*shapes)[(*n)++] = (struct reach_shape){source->zones[i], sets};
    if (source->n_zones > 0)
        return ERR_OK;
    uint32_t now = reach_sets(source->grade, 0);
    uint32_t could_be = reach_sets(0, source->could_be);
    bool same = source->grade == source->could_be;
    if (now)
        TRY(add_circle(world, worker, source, source->grade, same ? sets : now, &(*shapes)[(*n)++],
                       arena, err));
    if (could_be && !same)
        TRY(add_circle(world, worker, source, source->could_be, could_be, &(*shapes)[(*n)++], arena,
                       err));
done:
    return code;
}
