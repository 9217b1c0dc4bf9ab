#include "geo/risk/risk_pipeline.h"

#include "data/base/text.h"
#include "geo/measure/distance.h"
#include "geo/measure/ellipsoid.h"

/* The largest impact radius that is looked for: a line of 1.4 m at 30 MPa has 760 m. */
static const double SEARCH_M = 1000;

/* Turns of the correction of where an edge enters the circle: each gains three digits. */
enum { CORRECTIONS = 4 };

struct edge_at {
    struct lonlat from;
    struct lonlat to;
    struct lonlat centre;
};

static struct lonlat along(const struct edge_at *edge, double t)
{
    return (struct lonlat){edge->from.lon_deg + t * (edge->to.lon_deg - edge->from.lon_deg),
                           edge->from.lat_deg + t * (edge->to.lat_deg - edge->from.lat_deg)};
}

/* Where the edge crosses the circle, from a first guess: the plane's answer corrected by the
 * true distance there. slope: metres of distance that t gains at that end, per unit of t. */
static double correct(const struct edge_at *edge, double t, double slope, double radius_m)
{
    for (int i = 0; i < CORRECTIONS; i++) {
        double off_m = ellipsoid_distance_m(edge->centre, along(edge, t)) - radius_m;
        t -= off_m / slope;
    }
    return t;
}

static double clamp(double t)
{
    return t < 0 ? 0 : t > 1 ? 1 : t;
}

/* The chord of one edge in the plane about the centre: t1 to t2 of it lie within the radius. */
static double length_of_edge(const struct edge_at *edge, double radius_m)
{
    double lon_m;
    double lat_m;
    ellipsoid_degree_m(edge->centre.lat_deg, &lon_m, &lat_m);
    double x = (edge->from.lon_deg - edge->centre.lon_deg) * lon_m;
    double y = (edge->from.lat_deg - edge->centre.lat_deg) * lat_m;
    double dx = (edge->to.lon_deg - edge->from.lon_deg) * lon_m;
    double dy = (edge->to.lat_deg - edge->from.lat_deg) * lat_m;
    double a = dx * dx + dy * dy;
    double b = x * dx + y * dy;
    double c = x * x + y * y - radius_m * radius_m;
    double under = b * b - a * c;
    if (!(a > 0) || !(under > 0))
        return 0;
    double root = sqrt(under);
    /* The distance grows by root / r a unit of t where the line leaves the circle. */
    double slope = root / radius_m;
    double from = (-b - root) / a;
    double to = (-b + root) / a;
    if (to < -0.01 || from > 1.01)
        return 0;
    if (slope * slope > 1e-3 * a) { /* else it grazes: a metre of chord for a micrometre */
        from = correct(edge, from, -slope, radius_m);
        to = correct(edge, to, slope, radius_m);
    }
    from = clamp(from);
    to = clamp(to);
    return to > from ? ellipsoid_distance_m(along(edge, from), along(edge, to)) : 0;
}

double risk_length_within_m(const struct geom *line, struct lonlat point, double radius_m)
{
    double length_m = 0;
    struct box near = ellipsoid_expand(box_of_points(&point, 1), radius_m);
    if (line->kind != GEOM_LINE || !(radius_m > 0))
        return 0;
    for (uint32_t ring = 0; ring < line->n_rings; ring++) {
        for (uint32_t i = geom_ring_start(line, ring); i + 1 < line->ring_ends[ring]; i++) {
            struct edge_at edge = {line->points[i], line->points[i + 1], point};
            if (box_intersects(near, box_of_points(line->points + i, 2)))
                length_m += length_of_edge(&edge, radius_m);
        }
    }
    return length_m;
}

static bool counts(const struct pipeline *pipeline)
{
    bool gas = text_equal(pipeline->medium, "natural_gas") ||
               text_equal(pipeline->medium, "town_gas") || !isnan(pipeline->gas_factor);
    return gas && !text_equal(pipeline->status, "closed");
}

enum err_code risk_pipelines_at(const struct world *world, struct lonlat point, struct arena *arena,
                                struct risk_pipelines *out, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    const struct pipeline_method *method = rules_pipeline_method(world->rules, "gb32167");
    *out = (struct risk_pipelines){.items = NULL};
    TRY(world_search(world, LAYER_PIPELINES, ellipsoid_expand(box_of_points(&point, 1), SEARCH_M),
                     arena, &rows, &n, err));
    out->items = arena_new(arena, struct risk_pipeline, n);
    if (!out->items) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        const struct pipeline *pipeline = world_pipeline(world, rows[i]);
        if (!counts(pipeline))
            continue;
        double radius_m = method ? rules_pir_m(method, pipeline) : (double)NAN;
        double within_m = isnan(radius_m) ? SEARCH_M : radius_m;
        double length_m = risk_length_within_m(&pipeline->head.geom, point, within_m);
        if (!(length_m > 0))
            continue;
        if (isnan(radius_m)) {
            out->n_unknown++;
            continue;
        }
        double per_year = world->rules->parameters.pipeline_failures_per_km_year * length_m / 1000;
        out->items[out->n++] = (struct risk_pipeline){rows[i], radius_m, length_m, per_year};
        out->per_year += per_year;
    }
done:
    return code;
}
