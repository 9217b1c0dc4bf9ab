/*
 * overlay_buffer.c - everything within a radius of a shape, as a polygon near the truth.
 *
 * GEOS buffers in a plane (azimuthal equidistant about the middle of the shape), which gives
 * the topology; then each vertex is put at its exact geodesic distance, and edges are cut
 * finer where their middle strays, which gives the precision: it mends what the plane
 * distorts and what GEOS simplifies away (concavities of under 1 % of the radius).
 */
#include "data/base/limits.h"
#include "geo/measure/distance.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/overlay.h"

enum {
    DEEPEST_CUT = 250,               /* in an acute notch each cut gains a few per cent */
    MOST_QUARTER_SEGMENTS = 1 << 15, /* a circle of 200 km to a millimetre needs 16,000 */
};

static const double LARGEST_RADIUS_M = 200e3;

struct buffering {
    struct overlay *overlay;
    struct arena *arena; /* of the result and all scratch */
    const struct geom *shape;
    struct edges edges;
    struct lonlat centre;
    double radius_m;
    double outer_m; /* vertices lie here, half the tolerance outside, edges sag to as far in */
    double tolerance_m;
};

/* A growing list of vertices. */
struct list {
    struct lonlat *points;
    size_t n;
    size_t capacity;
};

static enum err_code add(struct list *list, struct lonlat point, struct arena *arena,
                         struct err *err)
{
    if (list->n >= LIMIT_VERTICES_PER_GEOMETRY)
        return err_set(err, ERR_LIMIT, "a buffer has more than %d vertices",
                       LIMIT_VERTICES_PER_GEOMETRY);
    struct lonlat *grown =
        arena_grow(arena, list->points, &list->capacity, list->n + 1, sizeof *grown);
    if (!grown)
        return err_nomem(err);
    list->points = grown;
    list->points[list->n++] = point;
    return ERR_OK;
}

/* Segments of a quarter circle whose vertices lie at outer_m and whose middles lie as much
 * inside the radius. */
static int quarter_segments(const struct buffering *buffering)
{
    double inner_m = 2 * buffering->radius_m - buffering->outer_m;
    double half_angle = inner_m > 0 ? acos(inner_m / buffering->outer_m) : M_PI / 4;
    double n = ceil(M_PI / 4 / half_angle);
    return (int)fmax(4, fmin(n, MOST_QUARTER_SEGMENTS));
}

/* ---- one point: a circle, no plane needed ---- */

/* With vertices so far out that the area is that of the circle: two thirds of the tolerance. */
static enum err_code circle(const struct buffering *buffering, struct geom *out, struct err *err)
{
    size_t n = 4 * (size_t)quarter_segments(buffering);
    struct lonlat *ring = arena_new(buffering->arena, struct lonlat, n);
    if (!ring)
        return err_nomem(err);
    double angle = 2 * M_PI / (double)n;
    double radius_m = buffering->radius_m * sqrt(angle / sin(angle));
    ellipsoid_circle(buffering->shape->points[0], radius_m, n, ring);
    return geom_of_ring(ring, n, buffering->arena, out, err);
}

/* ---- to the plane and back: x east and y north of the centre, metres, kept in a geom ---- */

static struct lonlat to_plane(const struct buffering *buffering, struct lonlat point)
{
    double azimuth_deg;
    double distance_m = ellipsoid_inverse(buffering->centre, point, &azimuth_deg);
    return (struct lonlat){distance_m * sin(azimuth_deg * M_PI / 180),
                           distance_m * cos(azimuth_deg * M_PI / 180)};
}

static struct lonlat from_plane(const struct buffering *buffering, struct lonlat plane)
{
    return ellipsoid_direct(buffering->centre, atan2(plane.lon_deg, plane.lat_deg) * 180 / M_PI,
                            hypot(plane.lon_deg, plane.lat_deg));
}

static struct lonlat middle_of(struct lonlat a, struct lonlat b)
{
    return (struct lonlat){(a.lon_deg + b.lon_deg) / 2, (a.lat_deg + b.lat_deg) / 2};
}

/* Adds the edge from a to b, without a, cut until it is straight in the plane too. A
 * twentieth of the radius will do: the vertices are put right afterwards. */
static enum err_code add_edge(const struct buffering *buffering, struct lonlat a, struct lonlat b,
                              int depth, struct list *list, struct err *err)
{
    enum err_code code = ERR_OK;
    struct lonlat middle = middle_of(a, b);
    struct lonlat bent = to_plane(buffering, middle);
    struct lonlat straight = middle_of(to_plane(buffering, a), to_plane(buffering, b));
    double off_m = hypot(bent.lon_deg - straight.lon_deg, bent.lat_deg - straight.lat_deg);
    if (depth > 0 && off_m > fmax(buffering->tolerance_m, buffering->radius_m / 20)) {
        TRY(add_edge(buffering, a, middle, depth - 1, list, err));
        TRY(add_edge(buffering, middle, b, depth - 1, list, err));
    } else {
        TRY(add(list, to_plane(buffering, b), buffering->arena, err));
    }
done:
    return code;
}

static enum err_code shape_to_plane(const struct buffering *buffering, struct geom *out,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *shape = buffering->shape;
    struct list list = {0};
    uint32_t *ends = arena_new(buffering->arena, uint32_t, shape->n_rings);
    if (!ends)
        return err_nomem(err);
    if (shape->kind == GEOM_POINT)
        for (uint32_t i = 0; i < shape->n_points; i++)
            TRY(add(&list, to_plane(buffering, shape->points[i]), buffering->arena, err));
    for (uint32_t ring = 0; ring < shape->n_rings; ring++) {
        uint32_t start = geom_ring_start(shape, ring);
        size_t first = list.n;
        TRY(add(&list, to_plane(buffering, shape->points[start]), buffering->arena, err));
        for (uint32_t i = start; i + 1 < shape->ring_ends[ring]; i++)
            TRY(add_edge(buffering, shape->points[i], shape->points[i + 1], DEEPEST_CUT, &list,
                         err));
        if (shape->kind == GEOM_POLYGON)
            list.points[list.n - 1] = list.points[first];
        ends[ring] = (uint32_t)list.n;
    }
    *out = *shape;
    out->points = list.points;
    out->n_points = (uint32_t)list.n;
    out->ring_ends = shape->n_rings ? ends : NULL;
    out->box = box_of_points(list.points, list.n);
done:
    return code;
}

/* ---- putting the result right ---- */

static double off_m(const struct buffering *buffering, struct lonlat point)
{
    struct closest closest;
    distance_to_point(&buffering->edges, point, INFINITY, &closest);
    return closest.distance_m - buffering->radius_m;
}

/* The point moved, along the line from the closest point of the shape, to the distance where
 * vertices lie. In a notch the closest point changes sides on the way: to and fro until it
 * fits both. One on the shape has no such line and stays. */
static struct lonlat put_right(const struct buffering *buffering, struct lonlat point)
{
    for (int round = 0; round < 64; round++) {
        struct closest closest;
        double azimuth_deg;
        distance_to_point(&buffering->edges, point, INFINITY, &closest);
        if (!(closest.distance_m > 0) ||
            fabs(closest.distance_m - buffering->outer_m) < buffering->tolerance_m / 20)
            break;
        ellipsoid_inverse(closest.a, point, &azimuth_deg);
        double turns = floor((point.lon_deg - closest.a.lon_deg + 180) / 360);
        point = ellipsoid_direct(closest.a, azimuth_deg, buffering->outer_m);
        point.lon_deg += 360 * turns;
    }
    return point;
}

/* Adds the edge from a to b, without a, with vertices between where it strays too far. */
static enum err_code add_cut(const struct buffering *buffering, struct lonlat a, struct lonlat b,
                             int depth, struct list *list, struct err *err)
{
    enum err_code code = ERR_OK;
    struct lonlat middle = middle_of(a, b);
    double allowed_m = 0.75 * buffering->tolerance_m;
    double length_m = ellipsoid_distance_m(a, b);
    bool strays = false;
    if (length_m >= buffering->tolerance_m / 2)
        strays = fabs(off_m(buffering, middle)) > allowed_m;
    /* A long edge may have a notch away from its middle. */
    if (!strays && length_m > buffering->radius_m / 4)
        strays = fabs(off_m(buffering, middle_of(a, middle))) > allowed_m ||
                 fabs(off_m(buffering, middle_of(middle, b))) > allowed_m;
    if (depth > 0 && strays) {
        middle = put_right(buffering, middle);
        TRY(add_cut(buffering, a, middle, depth - 1, list, err));
        TRY(add_cut(buffering, middle, b, depth - 1, list, err));
    } else {
        TRY(add(list, b, buffering->arena, err));
    }
done:
    return code;
}

static enum err_code result_from_plane(const struct buffering *buffering, const struct geom *plane,
                                       struct geom *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct list list = {0};
    uint32_t *ends = arena_new(buffering->arena, uint32_t, plane->n_rings);
    if (!ends)
        return err_nomem(err);
    for (uint32_t ring = 0; ring < plane->n_rings; ring++) {
        uint32_t start = geom_ring_start(plane, ring);
        size_t first = list.n;
        struct lonlat a = put_right(buffering, from_plane(buffering, plane->points[start]));
        struct lonlat closing = a;
        TRY(add(&list, a, buffering->arena, err));
        for (uint32_t i = start + 1; i < plane->ring_ends[ring]; i++) {
            bool last = i + 1 == plane->ring_ends[ring];
            struct lonlat b =
                last ? closing : put_right(buffering, from_plane(buffering, plane->points[i]));
            TRY(add_cut(buffering, a, b, DEEPEST_CUT, &list, err));
            a = b;
        }
        list.points[list.n - 1] = list.points[first];
        ends[ring] = (uint32_t)list.n;
    }
    *out = *plane;
    out->points = list.points;
    out->n_points = (uint32_t)list.n;
    out->ring_ends = ends;
    out->box = box_of_points(list.points, list.n);
done:
    return code;
}

enum err_code overlay_buffer(struct overlay *overlay, const struct geom *shape, double radius_m,
                             double tolerance_m, struct arena *arena, struct geom *out,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
    if (!(radius_m >= 0 && radius_m <= LARGEST_RADIUS_M))
        return err_set(err, ERR_USAGE, "a radius of %g m; it must lie in 0 to %g", radius_m,
                       LARGEST_RADIUS_M);
    if (!(tolerance_m >= 1e-4 && tolerance_m <= 10))
        return err_set(err, ERR_USAGE, "a tolerance of %g m; it must lie in 0.0001 to 10",
                       tolerance_m);
    if (shape->kind == GEOM_NONE || (radius_m == 0 && shape->kind != GEOM_POLYGON))
        return ERR_OK;
    if (radius_m == 0)
        return geom_copy(shape, arena, out, err);
    struct box reach = ellipsoid_expand(shape->box, radius_m + tolerance_m);
    if (reach.south_deg <= -90 || reach.north_deg >= 90)
        return err_set(err, ERR_INPUT,
                       "what lies within %g m of this shape holds a pole, which no polygon in "
                       "longitude and latitude goes round",
                       radius_m);
    struct buffering buffering = {
        .overlay = overlay,
        .arena = arena,
        .shape = shape,
        .centre = {(shape->box.west_deg + shape->box.east_deg) / 2,
                   (shape->box.south_deg + shape->box.north_deg) / 2},
        .radius_m = radius_m,
        .outer_m = radius_m + tolerance_m / 2,
        .tolerance_m = tolerance_m,
    };
    if (shape->kind == GEOM_POINT && shape->n_points == 1)
        return circle(&buffering, out, err);
    struct geom plane;
    struct geom buffered;
    struct geom corrected;
    TRY(edges_build(shape, arena, &buffering.edges, err));
    TRY(shape_to_plane(&buffering, &plane, err));
    TRY(overlay_plane_buffer(overlay, &plane, buffering.outer_m, quarter_segments(&buffering),
                             arena, &buffered, err));
    if (buffered.kind == GEOM_NONE)
        goto done;
    TRY(result_from_plane(&buffering, &buffered, &corrected, err));
    TRY(overlay_make_valid(overlay, &corrected, arena, out, err));
done:
    return code;
}
