#include "geo/risk/risk_map.h"

#include "data/base/limits.h"
#include "geo/measure/distance.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/overlay.h"

const double RISK_SUM_TOLERANCE = 1e-9;

double risk_scenario_per_year(const struct scenario *scenario)
{
    double lethality = isnan(scenario->lethality) ? 1 : scenario->lethality;
    return scenario->head.geom.kind == GEOM_POLYGON ? scenario->freq_per_year * lethality
                                                    : (double)NAN;
}

double risk_sum_at(const struct world *world, const uint32_t *rows, size_t n, struct lonlat point)
{
    double sum = 0;
    struct box at = box_of_points(&point, 1);
    for (size_t i = 0; i < n; i++) {
        const struct scenario *scenario = world_record(world, LAYER_SCENARIOS, rows[i]);
        double per_year = risk_scenario_per_year(scenario);
        if (per_year > 0 && box_intersects(scenario->head.geom.box, at) &&
            distance_contains_point(&scenario->head.geom, point))
            sum += per_year;
    }
    return sum;
}

/* ---- contours ---- */

static enum err_code join_faces(struct worker *worker, const struct overlay_face *faces,
                                const double *sums, size_t n, struct arena *arena,
                                struct risk_iso *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom **reached = arena_new(arena, const struct geom *, n);
    size_t n_reached = 0;
    if (!reached)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        if (sums[i] >= out->per_year * (1 - RISK_SUM_TOLERANCE))
            reached[n_reached++] = &faces[i].geom;
    }
    out->area = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
    out->area_m2 = 0;
    if (n_reached == 0)
        goto done;
    TRY(overlay_join_faces(worker->overlay, reached, n_reached, arena, &out->area, err));
    out->area_m2 = ellipsoid_area_m2(&out->area);
done:
    return code;
}

enum err_code risk_contours(const struct world *world, struct worker *worker, const uint32_t *rows,
                            size_t n, struct arena *arena, struct risk_iso *out, size_t n_out,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    struct overlay_face *faces = NULL;
    size_t n_faces = 0;
    size_t n_areas = 0;
    const struct geom **areas = arena_new(arena, const struct geom *, n);
    uint32_t *kept = arena_new(arena, uint32_t, n);
    if (!areas || !kept)
        return err_nomem(err);
    for (size_t i = 0; i < n_out; i++) {
        if (!(out[i].per_year > 0 && out[i].per_year <= 1))
            return err_set(err, ERR_USAGE, "a contour of %g a year; give more than 0, at most 1",
                           out[i].per_year);
    }
    for (size_t i = 0; i < n; i++) {
        const struct scenario *scenario = world_record(world, LAYER_SCENARIOS, rows[i]);
        if (!(risk_scenario_per_year(scenario) > 0))
            continue;
        kept[n_areas] = rows[i];
        areas[n_areas++] = &scenario->head.geom;
    }
    if (n_areas > LIMIT_RISK_AREAS)
        return err_set(err, ERR_LIMIT, "%zu fatal areas are more than %d; ask a smaller unit",
                       n_areas, LIMIT_RISK_AREAS);
    if (n_areas > 0)
        TRY(overlay_faces(worker->overlay, areas, n_areas, arena, &faces, &n_faces, err));
    double *sums = arena_new(arena, double, n_faces);
    if (!sums) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < n_faces; i++)
        sums[i] = risk_sum_at(world, kept, n_areas, faces[i].inside);
    for (size_t i = 0; i < n_out; i++)
        TRY(join_faces(worker, faces, sums, n_faces, arena, &out[i], err));
done:
    return code;
}
