/* query_at.c - what is here, and who lives around it. */
#include "geo/query.h"
#include "geo/rollup.h"

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

static int compare_rows(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static size_t unique_rows(uint32_t *rows, size_t n)
{
    if (n < 2)
        return n;
    qsort(rows, n, sizeof *rows, compare_rows);
    size_t kept = 1;
    for (size_t i = 1; i < n; i++)
        if (rows[i] != rows[kept - 1])
            rows[kept++] = rows[i];
    return kept;
}

/* Conflicts of the enterprises near, and those whose own shape comes within reach. */
static enum err_code find_conflicts(const struct world *world, struct worker *worker,
                                    const struct geom *point, struct at_answer *out,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    struct near_row *shapes = NULL;
    size_t n_shapes = 0;
    const struct near_question question = {
        .world = world, .layer = LAYER_CONFLICTS, .shape = point, .within_m = out->radius_m};
    TRY(near_within(&question, &worker->arena, &shapes, &n_shapes, err));
    size_t room = n_shapes;
    for (size_t i = 0; i < out->n_near; i++) {
        const uint32_t *rows;
        size_t n;
        world_of_enterprise(world, LAYER_CONFLICTS,
                            world_enterprise(world, out->near[i].row)->head.id, &rows, &n);
        room += n;
    }
    out->conflicts = arena_new(&worker->arena, uint32_t, room);
    if (!out->conflicts) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < n_shapes; i++)
        out->conflicts[out->n_conflicts++] = shapes[i].row;
    for (size_t i = 0; i < out->n_near; i++) {
        const uint32_t *rows;
        size_t n;
        world_of_enterprise(world, LAYER_CONFLICTS,
                            world_enterprise(world, out->near[i].row)->head.id, &rows, &n);
        if (n > 0)
            memcpy(out->conflicts + out->n_conflicts, rows, n * sizeof *rows);
        out->n_conflicts += n;
    }
    out->n_conflicts = unique_rows(out->conflicts, out->n_conflicts);
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
