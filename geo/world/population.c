#include "geo/world/population.h"

#include "geo/measure/distance.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/overlay.h"

/* What rounding of an overlay alone can make or leave of an area. */
static const double NO_SHARE = 1e-9;

bool population_known(const struct world *world)
{
    return world->population.n_columns > 0 || world_count(world, LAYER_CENSUS) > 0;
}

const char *population_parts(const struct world *world)
{
    return world->population.n_columns > 0 ? "cells" : "census areas";
}

/* ---- a census ---- */

static const struct census_area *census_area(const struct world *world, size_t row)
{
    return world_record(world, LAYER_CENSUS, row);
}

/* What of one area lies inside; share 0: nothing but what rounding makes. */
static enum err_code cut_area(struct worker *worker, const struct census_area *area,
                              const struct geom *polygon, struct arena *arena,
                              struct census_part *out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct census_part){.area = area, .whole_m2 = ellipsoid_area_m2(&area->head.geom)};
    TRY(overlay_intersection(worker->overlay, polygon, &area->head.geom, arena, &out->part, err));
    out->part_m2 = ellipsoid_area_m2(&out->part);
    double least_m2 = NO_SHARE * min_of(out->whole_m2, ellipsoid_area_m2(polygon));
    if (out->whole_m2 > 0 && out->part_m2 > least_m2)
        out->share = out->part_m2 / out->whole_m2;
    if (out->share > 1 - NO_SHARE)
        out->share = 1;
done:
    return code;
}

enum err_code population_census(const struct population_question *question, struct arena *scratch,
                                void *context, census_visit *visit, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = question->world;
    uint32_t *rows;
    size_t n;
    if (question->polygon->kind != GEOM_POLYGON)
        return ERR_OK;
    TRY(world_search(world, LAYER_CENSUS, question->polygon->box, scratch, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        const struct census_area *area = census_area(world, rows[i]);
        struct arena_mark mark = arena_mark(scratch);
        struct census_part part;
        code = cut_area(question->worker, area, question->polygon, scratch, &part, err);
        if (code == ERR_OK && part.share > 0)
            code = visit(context, &part, err);
        arena_rewind(scratch, mark);
        if (code != ERR_OK) {
            err_wrap(err, "census \"%s\"", area->head.id);
            goto done;
        }
    }
done:
    return code;
}

struct census_sum {
    struct exposure *exposure;
    double with_data_m2;
    const struct geom **areas; /* those that count */
    size_t n;
};

static enum err_code add_part(void *context, const struct census_part *part, struct err *err)
{
    (void)err;
    struct census_sum *sum = context;
    struct exposure *exposure = sum->exposure;
    double persons = part->area->persons;
    exposure->persons += part->share * persons;
    exposure->low += part->share == 1 ? persons : 0;
    exposure->high += persons;
    exposure->cells++;
    exposure->densest_km2 = max_of(exposure->densest_km2, persons / part->whole_m2 * 1e6);
    exposure->cell_m = max_of(exposure->cell_m, sqrt(part->whole_m2));
    sum->with_data_m2 += part->part_m2;
    sum->areas[sum->n++] = &part->area->head.geom;
    return ERR_OK;
}

/* Where areas overlap, their parts add up to more than they cover, and would hide a gap beside
 * them: of two and more is asked what of the polygon none covers. */
static enum err_code missing_m2(const struct population_question *question,
                                const struct census_sum *sum, struct arena *scratch, double *out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct geom left = *question->polygon;
    *out = sum->exposure->area_m2 - sum->with_data_m2;
    if (sum->n < 2)
        return ERR_OK;
    for (size_t i = 0; i < sum->n && left.kind == GEOM_POLYGON; i++) {
        struct geom less;
        TRY(overlay_difference(question->worker->overlay, &left, sum->areas[i], scratch, &less,
                               err));
        left = less;
    }
    *out = ellipsoid_area_m2(&left);
done:
    return code;
}

static enum err_code census_within(const struct population_question *question,
                                   struct arena *scratch, struct exposure *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena_mark mark = arena_mark(scratch);
    struct census_sum sum = {.exposure = out};
    double missing = 0;
    *out = (struct exposure){.area_m2 = ellipsoid_area_m2(question->polygon)};
    sum.areas = arena_new(scratch, const struct geom *, world_count(question->world, LAYER_CENSUS));
    if (!sum.areas)
        return err_nomem(err);
    TRY(population_census(question, scratch, &sum, add_part, err));
    TRY(missing_m2(question, &sum, scratch, &missing, err));
    missing = out->area_m2 > 0 ? missing / out->area_m2 : 0;
    out->nodata_share = missing < 1e-7 ? 0 : min_of(missing, 1);
done:
    arena_rewind(scratch, mark);
    return code;
}

static enum err_code census_density(const struct world *world, struct worker *worker,
                                    struct lonlat point, double *per_km2, struct err *err)
{
    struct box box = {point.lon_deg, point.lat_deg, point.lon_deg, point.lat_deg};
    uint32_t *rows;
    size_t n;
    enum err_code code = world_search(world, LAYER_CENSUS, box, &worker->arena, &rows, &n, err);
    for (size_t i = 0; code == ERR_OK && i < n; i++) {
        const struct census_area *area = census_area(world, rows[i]);
        double area_m2 = ellipsoid_area_m2(&area->head.geom);
        if (area_m2 > 0 && distance_contains_point(&area->head.geom, point))
            *per_km2 = (isnan(*per_km2) ? 0 : *per_km2) + area->persons / area_m2 * 1e6;
    }
    return code;
}

/* ---- a grid ---- */

static enum err_code grid_density(const struct world *world, struct worker *worker,
                                  struct lonlat point, double *per_km2, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grid *grid = &world->population;
    TRY(worker_fit(worker, world, err));
    double x = point.lon_deg;
    double y = point.lat_deg;
    if (worker->to_grid && !transform_forward(worker->to_grid, point, &x, &y))
        return ERR_OK;
    double column = floor((x - grid->west) / grid->cell_width);
    double row = floor((grid->north - y) / grid->cell_height);
    if (!(column >= 0 && column < grid->n_columns && row >= 0 && row < grid->n_rows))
        return ERR_OK;
    double persons = (double)grid_cell(grid, (uint32_t)column, (uint32_t)row);
    if (isnan(persons))
        return ERR_OK;
    struct geom cell;
    double area_m2 = 0;
    TRY(exposure_cell_shape(grid, worker->to_grid, (uint32_t)column, (uint32_t)row, &worker->arena,
                            &cell, &area_m2, err));
    if (area_m2 > 0)
        *per_km2 = persons / area_m2 * 1e6;
done:
    return code;
}

/* ---- either ---- */

enum err_code population_within(const struct world *world, struct worker *worker,
                                const struct geom *polygon, struct arena *scratch,
                                struct exposure *out, struct err *err)
{
    if (world->population.n_columns > 0) {
        enum err_code code = worker_fit(worker, world, err);
        return code != ERR_OK
                   ? code
                   : exposure_of(&world->population, worker->to_grid, polygon, scratch, out, err);
    }
    const struct population_question question = {world, worker, polygon};
    if (world_count(world, LAYER_CENSUS) > 0)
        return census_within(&question, scratch, out, err);
    *out = (struct exposure){NAN, NAN, NAN, 0, 0, NAN, 1, NAN};
    out->area_m2 = ellipsoid_area_m2(polygon);
    return ERR_OK;
}

enum err_code population_density(const struct world *world, struct worker *worker,
                                 struct lonlat point, double *per_km2, struct err *err)
{
    *per_km2 = NAN;
    if (world->population.n_columns > 0)
        return grid_density(world, worker, point, per_km2, err);
    return census_density(world, worker, point, per_km2, err);
}
