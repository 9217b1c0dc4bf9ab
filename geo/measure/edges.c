#include "geo/measure/edges.h"

#define RAD (M_PI / 180)

/* Within this of the origin, radians, the sums below are good to 1e-17; 64 km. */
static const double NEAR_ORIGIN = 0.01;

struct edges_origin edges_origin_at(struct lonlat place)
{
    struct edges_origin origin = {.at = place};
    sincos(place.lat_deg * RAD, &origin.sin_lat, &origin.cos_lat);
    sincos(place.lon_deg * RAD, &origin.sin_lon, &origin.cos_lon);
    return origin;
}

enum { GROUP_VERTICES = EDGES_GROUP + 1, LANES = EDGES_GROUP + 2 };

/* The group's vertices and the one after; the tenth is the ninth again, for whole lanes. */
struct vertices {
    LANES_ALIGNED double lon[LANES], lat[LANES];
    double x[LANES], y[LANES], z[LANES];
};

/* sin(d), and cos(d) - 1, for small d. */
static double2 small_sine(double2 d)
{
    double2 d2 = d * d;
    return d * (1 - d2 * (1.0 / 6 - d2 * (1.0 / 120 - d2 / 5040)));
}

static double2 small_cosine_less_1(double2 d)
{
    double2 d2 = d * d;
    return -d2 * (0.5 - d2 * (1.0 / 24 - d2 * (1.0 / 720)));
}

/* 1 / sqrt(1 - u) for u up to e2: the next term is 2e-17. */
static double2 inverse_root(double2 u)
{
    return 1 + u * (1.0 / 2 +
                    u * (3.0 / 8 + u * (5.0 / 16 +
                                        u * (35.0 / 128 + u * (63.0 / 256 + u * (231.0 / 1024))))));
}

static double2 size_of(double2 a)
{
    return most2(a, -a);
}

/* Sines of sums from those of the origin; false if some vertex is too far from it. */
static bool place_near(struct vertices *v, const struct edges_origin *origin)
{
    double2 farthest = {0, 0};
    for (int i = 0; i < LANES; i += 2) {
        double2 dlat = (*(const double2 *)&v->lat[i] - origin->at.lat_deg) * RAD;
        double2 dlon = (*(const double2 *)&v->lon[i] - origin->at.lon_deg) * RAD;
        double2 sine = small_sine(dlat);
        double2 less = small_cosine_less_1(dlat);
        double2 sin_lat = origin->sin_lat + (origin->cos_lat * sine + origin->sin_lat * less);
        double2 cos_lat = origin->cos_lat + (origin->cos_lat * less - origin->sin_lat * sine);
        sine = small_sine(dlon);
        less = small_cosine_less_1(dlon);
        double2 sin_lon = origin->sin_lon + (origin->cos_lon * sine + origin->sin_lon * less);
        double2 cos_lon = origin->cos_lon + (origin->cos_lon * less - origin->sin_lon * sine);
        double2 n_m = ELLIPSOID_A_M * inverse_root(ELLIPSOID_E2 * sin_lat * sin_lat);
        *(double2 *)&v->x[i] = n_m * cos_lat * cos_lon;
        *(double2 *)&v->y[i] = n_m * cos_lat * sin_lon;
        *(double2 *)&v->z[i] = n_m * (1 - ELLIPSOID_E2) * sin_lat;
        farthest = most2(farthest, most2(size_of(dlat), size_of(dlon)));
    }
    return max_of(farthest[0], farthest[1]) <= NEAR_ORIGIN;
}

/* The same with sines; the answer is the largest cosine of a latitude on the way. */
static double place_anywhere(struct vertices *v)
{
    double lowest_deg = 90;
    for (int i = 0; i < GROUP_VERTICES; i++) {
        bool crosses = i > 0 && v->lat[i] * v->lat[i - 1] <= 0;
        lowest_deg = min_of(lowest_deg, crosses ? 0 : fabs(v->lat[i]));
        struct ecef ecef = ellipsoid_ecef((struct lonlat){v->lon[i], v->lat[i]});
        v->x[i] = ecef.x;
        v->y[i] = ecef.y;
        v->z[i] = ecef.z;
    }
    return cos(lowest_deg * RAD);
}

/* Bound of how far the curve of an edge leaves its chord: an eighth of its largest second
 * derivative, whose parts are p dlon2 across the axis, 2 M sin(lat) dlon dlat sideways and
 * M dlat2 along the meridian; 1.02 covers the radii of curvature (1.0034 a) and the change
 * of M with latitude (0.01 a). widest: of cos(lat) on the edge, at least. */
static double bulge_of(double dlon_deg, double dlat_deg, double widest)
{
    double dlon = fabs(dlon_deg) * RAD;
    double dlat = fabs(dlat_deg) * RAD;
    return 1.02 * ELLIPSOID_A_M / 8 * (widest * dlon * dlon + 2 * dlon * dlat + dlat * dlat);
}

uint32_t edges_ring_end(const struct geom *geom, uint32_t vertex)
{
    if (geom->kind == GEOM_POINT)
        return vertex + 1;
    uint32_t low = 0;
    uint32_t high = geom->n_rings - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (geom->ring_ends[middle] > vertex)
            high = middle;
        else
            low = middle + 1;
    }
    return geom->ring_ends[low];
}

static void fill_lanes(const struct vertices *v, double widest, struct edge_group *out)
{
    for (int i = 0; i < EDGES_GROUP; i++) {
        out->x[i] = v->x[i];
        out->y[i] = v->y[i];
        out->z[i] = v->z[i];
        out->dx[i] = v->x[i + 1] - v->x[i];
        out->dy[i] = v->y[i + 1] - v->y[i];
        out->dz[i] = v->z[i + 1] - v->z[i];
        out->bulge_m[i] = bulge_of(v->lon[i + 1] - v->lon[i], v->lat[i + 1] - v->lat[i], widest);
    }
    for (int i = 0; i < EDGES_GROUP; i++) {
        double length2 =
            out->dx[i] * out->dx[i] + out->dy[i] * out->dy[i] + out->dz[i] * out->dz[i];
        out->inverse_m2[i] = 1 / length2;
    }
}

static void stop_lane(struct edge_group *out, uint32_t lane)
{
    out->dx[lane] = out->dy[lane] = out->dz[lane] = 0;
    out->inverse_m2[lane] = 0;
    out->bulge_m[lane] = 0;
}

void edges_group(const struct geom *geom, const struct edges_origin *origin, uint32_t first,
                 struct edge_group *out)
{
    static const double far_m = 1e9;
    struct vertices v;
    uint32_t n = geom->n_points - first < EDGES_GROUP ? geom->n_points - first : EDGES_GROUP;
    uint32_t last = geom->n_points - 1;
    for (uint32_t i = 0; i < LANES; i++) {
        struct lonlat at = geom->points[first + i < last ? first + i : last];
        v.lon[i] = at.lon_deg;
        v.lat[i] = at.lat_deg;
    }
    double widest = min_of(1, fabs(origin->cos_lat) + NEAR_ORIGIN);
    if (!place_near(&v, origin))
        widest = place_anywhere(&v);
    out->first = first;
    out->n = n;
    fill_lanes(&v, widest, out);
    for (uint32_t i = n; i < EDGES_GROUP; i++) {
        stop_lane(out, i);
        out->x[i] = out->y[i] = out->z[i] = far_m;
    }
    uint32_t end = first;
    for (uint32_t i = 0; i < n; i++) {
        if (first + i >= end)
            end = edges_ring_end(geom, first + i);
        if (first + i + 1 == end || !isfinite(out->inverse_m2[i]))
            stop_lane(out, i);
    }
}

struct space_box edges_group_box(const struct edge_group *group)
{
    struct ecef low = {INFINITY, INFINITY, INFINITY};
    struct ecef high = {-INFINITY, -INFINITY, -INFINITY};
    for (uint32_t i = 0; i < group->n; i++) {
        double wider = group->bulge_m[i];
        double end[3] = {group->x[i] + group->dx[i], group->y[i] + group->dy[i],
                         group->z[i] + group->dz[i]};
        low.x = min_of(low.x, min_of(group->x[i], end[0]) - wider);
        low.y = min_of(low.y, min_of(group->y[i], end[1]) - wider);
        low.z = min_of(low.z, min_of(group->z[i], end[2]) - wider);
        high.x = max_of(high.x, max_of(group->x[i], end[0]) + wider);
        high.y = max_of(high.y, max_of(group->y[i], end[1]) + wider);
        high.z = max_of(high.z, max_of(group->z[i], end[2]) + wider);
    }
    return space_box_of(low, high);
}

/* Beyond two turns a longitude is no longitude, and squares of such numbers overflow. */
enum err_code edges_check(const struct geom *geom, struct err *err)
{
    for (uint32_t i = 0; i < geom->n_points; i++) {
        struct lonlat at = geom->points[i];
        if (!(fabs(at.lon_deg) <= 720 && fabs(at.lat_deg) <= 90))
            return err_set(err, ERR_INPUT,
                           "vertex %u of a shape, (%g %g), is no longitude and latitude in degrees",
                           (unsigned)i, at.lon_deg, at.lat_deg);
    }
    return ERR_OK;
}

enum err_code edges_build(const struct geom *geom, struct arena *arena, struct edges *out,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct edges){.geom = geom, .tree.box = space_box_empty()};
    if (geom->n_points == 0)
        return ERR_OK;
    TRY(edges_check(geom, err));
    out->origin = edges_origin_at(geom->points[0]);
    uint32_t n = (geom->n_points - 1) / EDGES_GROUP + 1;
    struct space_box one;
    struct space_box *boxes = n == 1 ? &one : arena_new(arena, struct space_box, n);
    if (!boxes)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        struct edge_group group;
        edges_group(geom, &out->origin, i * EDGES_GROUP, &group);
        boxes[i] = edges_group_box(&group);
    }
    TRY(space_tree_build(boxes, n, arena, &out->tree, err));
done:
    return code;
}

void edges_gaps2(const struct edge_group *group, struct ecef point, double out[EDGES_GROUP])
{
    double2 none = {0, 0};
    double2 whole = {1, 1};
    for (int i = 0; i < EDGES_GROUP; i += 2) {
        double2 dx = *(const double2 *)&group->dx[i];
        double2 dy = *(const double2 *)&group->dy[i];
        double2 dz = *(const double2 *)&group->dz[i];
        double2 wx = point.x - *(const double2 *)&group->x[i];
        double2 wy = point.y - *(const double2 *)&group->y[i];
        double2 wz = point.z - *(const double2 *)&group->z[i];
        double2 t = (wx * dx + wy * dy + wz * dz) * *(const double2 *)&group->inverse_m2[i];
        t = most2(none, least2(whole, t));
        wx -= t * dx;
        wy -= t * dy;
        wz -= t * dz;
        *(double2 *)&out[i] = wx * wx + wy * wy + wz * wz;
    }
}
