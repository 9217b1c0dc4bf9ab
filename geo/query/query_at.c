/* query_at.c - what is here, and who lives around it. */
#include "geo/measure/ellipsoid.h"
#include "geo/findings/finding_view.h"
#include "geo/query/query.h"
#include "geo/grades/rollup.h"

#include <stdlib.h>
#include <string.h>

static void find_units(const struct world *world, struct at_answer *out)
{
    for (int32_t level = 1; level <= 4; level++) {
        int64_t row = world_unit_at(world, level, out->point);
        if (row < 0)
            continue;
        out->units[level] = world_admin(world, (size_t)row);
        out->unit_grades[level] =
            world_grade(world, rollup_subject(level), out->units[level]->code, NULL);
    }
}

static int compare_refs(const void *a, const void *b)
{
    return finding_ref_compare(*(const struct finding_ref *)a, *(const struct finding_ref *)b);
}

static size_t unique_refs(struct finding_ref *refs, size_t n)
{
    if (n < 2)
        return n;
    qsort(refs, n, sizeof *refs, compare_refs);
    size_t kept = 1;
    for (size_t i = 1; i < n; i++)
        if (finding_ref_compare(refs[i], refs[kept - 1]) != 0)
            refs[kept++] = refs[i];
    return kept;
}

/* Keeps those whose own shape comes within reach of the point. */
static enum err_code keep_near(const struct world *world, struct worker *worker,
                               const struct geom *point, double radius_m, struct finding_ref *refs,
                               size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        struct arena_mark mark = arena_mark(&worker->arena);
        struct geom shape;
        struct closest closest;
        TRY(finding_shape(world, worker, refs[i], &worker->arena, &shape, err));
        TRY(distance_shapes(point, &shape, radius_m, &worker->arena, &closest, err));
        arena_rewind(&worker->arena, mark);
        if (closest.distance_m <= radius_m)
            refs[kept++] = refs[i];
    }
    *n = kept;
done:
    return code;
}

static enum err_code add_refs(struct arena *arena, struct at_answer *out, size_t *room,
                              const struct finding_ref *refs, size_t n, struct err *err)
{
    out->conflicts = arena_grow(arena, out->conflicts, room, out->n_conflicts + n, sizeof *refs);
    if (!out->conflicts)
        return err_nomem(err);
    if (n > 0)
        memcpy(out->conflicts + out->n_conflicts, refs, n * sizeof *refs);
    out->n_conflicts += n;
    return ERR_OK;
}

/* Conflicts of the enterprises near, and those whose own shape comes within reach. */
static enum err_code find_conflicts(const struct world *world, struct worker *worker,
                                    const struct geom *point, struct at_answer *out,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &worker->arena;
    struct finding_ref *refs = NULL;
    size_t n = 0;
    size_t room = 0;
    TRY(worker_fit(worker, world, err));
    TRY(findings_search(world, worker, ellipsoid_expand(point->box, out->radius_m), arena, &refs,
                        &n, err));
    TRY(keep_near(world, worker, point, out->radius_m, refs, &n, err));
    TRY(add_refs(arena, out, &room, refs, n, err));
    for (size_t i = 0; i < out->n_near; i++) {
        TRY(findings_of_enterprise(world, world_enterprise(world, out->near[i].row)->head.id, arena,
                                   &refs, &n, err));
        TRY(add_refs(arena, out, &room, refs, n, err));
    }
    out->n_conflicts = unique_refs(out->conflicts, out->n_conflicts);
    query_sort_conflicts(world, out->conflicts, out->n_conflicts);
done:
    return code;
}

enum err_code query_at(const struct world *world, struct worker *worker, struct lonlat point,
                       double radius_m, struct at_answer *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct geom shape;
    char cell[ROLLUP_CELL_ID_BYTES];
    int64_t column, row;
    *out = (struct at_answer){.point = point, .radius_m = radius_m};
    find_units(world, out);
    rollup_cell_of(world->rules->parameters.cell_deg, point, &column, &row);
    rollup_cell_id(column, row, cell);
    out->cell = world_grade(world, "cell", cell, NULL);
    TRY(geom_of_point(point, &worker->arena, &shape, err));
    TRY(near_holding(world, LAYER_ZONES, point, &worker->arena, &out->zones, &out->n_zones, err));
    TRY(near_holding(world, LAYER_AREAS, point, &worker->arena, &out->areas, &out->n_areas, err));
    const struct near_question plants = {
        .world = world, .layer = LAYER_ENTERPRISES, .shape = &shape, .within_m = radius_m};
    TRY(near_within(&plants, &worker->arena, &out->near, &out->n_near, err));
    TRY(find_conflicts(world, worker, &shape, out, err));
    TRY(population_density(world, worker, point, &out->density_km2, err));
    TRY(near_exposure(world, worker, &shape, radius_m, &out->exposure, err));
done:
    return code;
}
