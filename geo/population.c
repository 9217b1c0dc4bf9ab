#include "geo/population.h"

#include "geo/distance.h"
#include "geo/ellipsoid.h"
#include "geo/overlay.h"

/* What rounding of an overlay alone can make or leave of an area. */
static const double NO_SHARE = 1e-9;

bool population_known(const struct world *world)
{
    return world->population.n_columns > 0 || world_count(world, LAYER_CENSUS) > 0;
}

/* ---- a census ---- */

static const struct census_area *census_area(const struct world *world, size_t row)
{
    return world_record(world, LAYER_CENSUS, row);
}

/* Adds what of one area lies inside; *with_data_m2 grows by it. */
static enum err_code add_area(struct worker *worker, const struct census_area *area,
                              const struct geom *polygon, struct arena *scratch,
                              struct exposure *out, double *with_data_m2, struct err *err)
{
    enum err_code code = ERR_OK;
    struct geom part;
    TRY(overlay_intersection(worker->overlay, polygon, &area->head.geom, scratch, &part, err));
    double whole_m2 = ellipsoid_area_m2(&area->head.geom);
    double part_m2 = ellipsoid_area_m2(&part);
    if (!(whole_m2 > 0) || !(part_m2 > NO_SHARE * min_of(whole_m2, out->area_m2)))
        goto done;
    double share = min_of(part_m2 / whole_m2, 1);
    bool whole = share > 1 - NO_SHARE;
    out->persons += (whole ? 1 : share) * area->persons;
    out->low += whole ? area->persons : 0;
    out->high += area->persons;
    out->cells++;
    out->densest_km2 = max_of(out->densest_km2, area->persons / whole_m2 * 1e6);
    out->cell_m = max_of(out->cell_m, sqrt(whole_m2));
    *with_data_m2 += part_m2;
done:
    return code;
}

static enum err_code census_within(const struct world *world, struct worker *worker,
                                   const struct geom *polygon, struct arena *scratch,
                                   struct exposure *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena_mark mark = arena_mark(scratch);
    uint32_t *rows;
    size_t n;
    double with_data_m2 = 0;
    *out = (struct exposure){0};
    if (polygon->kind != GEOM_POLYGON)
        return ERR_OK;
    out->area_m2 = ellipsoid_area_m2(polygon);
    TRY(world_search(world, LAYER_CENSUS, polygon->box, scratch, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        const struct census_area *area = census_area(world, rows[i]);
        struct arena_mark one = arena_mark(scratch);
        code = add_area(worker, area, polygon, scratch, out, &with_data_m2, err);
        arena_rewind(scratch, one);
        if (code != ERR_OK) {
            err_wrap(err, "census \"%s\"", area->head.id);
            goto done;
        }
    }
    double missing = out->area_m2 > 0 ? 1 - with_data_m2 / out->area_m2 : 0;
    out->nodata_share = missing < 1e-7 ? 0 : missing;
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
    if (world_count(world, LAYER_CENSUS) > 0)
        return census_within(world, worker, polygon, scratch, out, err);
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
