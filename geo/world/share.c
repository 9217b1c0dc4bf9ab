#include "geo/world/share.h"

#include "data/base/limits.h"
#include "geo/measure/distance.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/overlay.h"

/* How far a drawn edge may stray, as a share of the radius, and at least (overlay.h). */
static const double STRAY_SHARE = 1e-6;
static const double LEAST_STRAY_M = 0.001;

/* A shape as a polygon, and what tells how far its true boundary is from there. */
struct drawn {
    struct geom polygon;
    double radius_m;
    double stray_m;
    struct edges edges; /* of the shape itself, where it has a radius */
};

static enum err_code draw(struct worker *worker, const struct share_shape *shape, const char *name,
                          struct drawn *out, struct err *err)
{
    enum err_code code = ERR_OK;
    double radius_m = shape->radius_m;
    out->radius_m = radius_m;
    if (!(radius_m >= 0 && radius_m <= LIMIT_RADIUS_M))
        return err_set(err, ERR_USAGE, "%s: a radius of %g m; it must lie in 0 to %d", name,
                       radius_m, LIMIT_RADIUS_M);
    if (radius_m == 0) {
        out->polygon = *shape->geom;
    } else {
        out->stray_m = max_of(LEAST_STRAY_M, radius_m * STRAY_SHARE);
        TRY(overlay_buffer(worker->overlay, shape->geom, radius_m, out->stray_m, &worker->arena,
                           &out->polygon, err));
        TRY(edges_build(shape->geom, &worker->arena, &out->edges, err));
    }
    if (out->polygon.kind != GEOM_POLYGON)
        TRY(err_set(err, ERR_INPUT, "%s: a point or line has no area; give it a radius", name));
    if (!(ellipsoid_area_m2(&out->polygon) > 0))
        TRY(err_set(err, ERR_INPUT, "%s has no area", name));
done:
    return code;
}

/* How much farther out than the point the true boundary lies; INFINITY where the point is not
 * on what was drawn of it. */
static double missing_m(const struct drawn *drawn, struct lonlat point)
{
    struct closest closest;
    if (drawn->radius_m == 0)
        return (double)INFINITY;
    distance_to_point(&drawn->edges, point, drawn->radius_m + 3 * drawn->stray_m, &closest);
    double delta_m = drawn->radius_m - closest.distance_m;
    return fabs(delta_m) <= 2 * drawn->stray_m ? delta_m : (double)INFINITY;
}

/* What lies between an edge of a result and the boundary that it stands for, m2. Where the
 * boundaries of both shapes run there the inner one bounds what they share. */
static double strip_m2(const struct drawn *a, const struct drawn *b, struct lonlat from,
                       struct lonlat to)
{
    static const double at[3] = {0.11270166537925831148, 0.5, 0.88729833462074168852};
    static const double weight[3] = {5.0 / 18, 8.0 / 18, 5.0 / 18};
    double mean_m = 0;
    for (int i = 0; i < 3; i++) {
        struct lonlat point = {from.lon_deg + at[i] * (to.lon_deg - from.lon_deg),
                               from.lat_deg + at[i] * (to.lat_deg - from.lat_deg)};
        double delta_m = missing_m(a, point);
        if (b)
            delta_m = min_of(delta_m, missing_m(b, point));
        mean_m += isfinite(delta_m) ? weight[i] * delta_m : 0;
    }
    return mean_m * ellipsoid_distance_m(from, to);
}

/* The area of a polygon cut from what was drawn, its true boundaries put back. */
static double true_area_m2(const struct geom *polygon, const struct drawn *a, const struct drawn *b)
{
    if (polygon->kind != GEOM_POLYGON)
        return 0;
    double area_m2 = ellipsoid_area_m2(polygon);
    if (a->radius_m == 0 && (!b || b->radius_m == 0))
        return area_m2;
    for (uint32_t ring = 0; ring < polygon->n_rings; ring++)
        for (uint32_t i = geom_ring_start(polygon, ring); i + 1 < polygon->ring_ends[ring]; i++)
            area_m2 += strip_m2(a, b, polygon->points[i], polygon->points[i + 1]);
    return max_of(area_m2, 0);
}

/* b moved by whole turns to where a lies. */
static enum err_code bring_near(struct worker *worker, const struct geom *a, struct geom *b,
                                struct err *err)
{
    double middle_a_deg = (a->box.west_deg + a->box.east_deg) / 2;
    double middle_b_deg = (b->box.west_deg + b->box.east_deg) / 2;
    double turns_deg = 360 * nearbyint((middle_a_deg - middle_b_deg) / 360);
    if (turns_deg == 0)
        return ERR_OK;
    struct lonlat *points = arena_memdup(&worker->arena, b->points, b->n_points * sizeof *points);
    if (!points)
        return err_nomem(err);
    for (uint32_t i = 0; i < b->n_points; i++)
        points[i].lon_deg += turns_deg;
    b->points = points;
    b->box = box_of_points(points, b->n_points);
    return ERR_OK;
}

/* Rounding does not keep a shape from lying wholly inside. */
static double ratio(double part_m2, double whole_m2)
{
    double share = part_m2 / whole_m2;
    return share > 1 - 1e-12 ? 1 : share;
}

enum err_code share_of(struct worker *worker, const struct share_shape *a,
                       const struct share_shape *b, struct share *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena_mark mark = arena_mark(&worker->arena);
    struct drawn one = {.radius_m = 0};
    struct drawn other = {.radius_m = 0};
    struct geom both;
    *out = (struct share){0};
    TRY(draw(worker, a, "the first shape", &one, err));
    TRY(draw(worker, b, "the second shape", &other, err));
    TRY(bring_near(worker, &one.polygon, &other.polygon, err));
    TRY(overlay_intersection(worker->overlay, &one.polygon, &other.polygon, &worker->arena, &both,
                             err));
    out->a_m2 = true_area_m2(&one.polygon, &one, NULL);
    out->b_m2 = true_area_m2(&other.polygon, &other, NULL);
    out->shared_m2 = true_area_m2(&both, &one, &other);
    out->of_a = ratio(out->shared_m2, out->a_m2);
    out->of_b = ratio(out->shared_m2, out->b_m2);
done:
    arena_rewind(&worker->arena, mark);
    return code;
}
