#include "geo/edges.h"

#define RAD (M_PI / 180)

/* ---- building ---- */

/* Bound of how far the curve of an edge leaves its chord: an eighth of its largest second
 * derivative, whose parts are p dlon2 across the axis, 2 M sin(lat) dlon dlat sideways and
 * M dlat2 along the meridian; 1.02 covers the radii of curvature (1.0034 a) and the change
 * of M with latitude (0.01 a). */
static double bulge_m(struct lonlat a, struct lonlat b)
{
    double dlon = fabs(b.lon_deg - a.lon_deg) * RAD;
    double dlat = fabs(b.lat_deg - a.lat_deg) * RAD;
    double lowest = a.lat_deg * b.lat_deg <= 0 ? 0 : min_of(fabs(a.lat_deg), fabs(b.lat_deg));
    double widest = dlon > 0 ? cos(min_of(lowest, 90) * RAD) : 0;
    return 1.02 * ELLIPSOID_A_M / 8 * (widest * dlon * dlon + 2 * dlon * dlat + dlat * dlat);
}

static uint32_t count_edges(const struct geom *geom)
{
    switch (geom->kind) {
    case GEOM_POINT:
    case GEOM_LINE: /* a line's last vertex is an edge of no length */
        return geom->n_points;
    case GEOM_POLYGON: /* a ring's last vertex is its first */
        return geom->n_points - geom->n_rings;
    case GEOM_NONE:
        break;
    }
    return 0;
}

static void list_edges(const struct geom *geom, struct edge *edges)
{
    uint32_t n = 0;
    if (geom->kind == GEOM_POINT)
        for (uint32_t i = 0; i < geom->n_points; i++)
            edges[n++] = (struct edge){i, true, 0};
    for (uint32_t ring = 0; ring < geom->n_rings; ring++) {
        uint32_t last = geom->ring_ends[ring] - 1;
        for (uint32_t i = geom_ring_start(geom, ring); i < last; i++)
            edges[n++] = (struct edge){i, false, bulge_m(geom->points[i], geom->points[i + 1])};
        if (geom->kind == GEOM_LINE)
            edges[n++] = (struct edge){last, true, 0};
    }
}

static void hold(struct space_box *box, struct ecef low, struct ecef high)
{
    box->low = (struct ecef){min_of(box->low.x, low.x), min_of(box->low.y, low.y),
                             min_of(box->low.z, low.z)};
    box->high = (struct ecef){max_of(box->high.x, high.x), max_of(box->high.y, high.y),
                              max_of(box->high.z, high.z)};
}

static struct space_box edge_box(const struct edge *edge, const struct ecef *vertices)
{
    struct space_box box = {vertices[edge->start], vertices[edge->start]};
    if (edge->is_point)
        return box;
    hold(&box, vertices[edge->start + 1], vertices[edge->start + 1]);
    double wider = edge->bulge_m;
    box.low = (struct ecef){box.low.x - wider, box.low.y - wider, box.low.z - wider};
    box.high = (struct ecef){box.high.x + wider, box.high.y + wider, box.high.z + wider};
    return box;
}

static enum err_code build_levels(struct edges *edges, struct arena *arena, struct err *err)
{
    uint32_t n = edges->n_edges;
    struct space_box *below = NULL;
    while (n > 0) {
        struct space_box *boxes = arena_new(arena, struct space_box, n);
        if (!boxes)
            return err_nomem(err);
        for (uint32_t i = 0; i < n; i++) {
            if (!below) {
                boxes[i] = edge_box(&edges->edges[i], edges->vertices);
                continue;
            }
            uint32_t first = i * EDGES_FANOUT;
            uint32_t end = edges->n_boxes[edges->n_levels - 1];
            boxes[i] = below[first];
            for (uint32_t k = first + 1; k < end && k < first + EDGES_FANOUT; k++)
                hold(&boxes[i], below[k].low, below[k].high);
        }
        edges->n_boxes[edges->n_levels] = n;
        edges->boxes[edges->n_levels++] = boxes;
        below = boxes;
        n = n > 1 ? (n - 1) / EDGES_FANOUT + 1 : 0;
    }
    return ERR_OK;
}

/* Beyond two turns a longitude is no longitude, and squares of such numbers overflow. */
static enum err_code check_vertices(const struct geom *geom, struct err *err)
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
    uint32_t n = count_edges(geom);
    struct ecef *vertices = arena_new(arena, struct ecef, geom->n_points);
    struct edge *edges = arena_new(arena, struct edge, n);
    *out = (struct edges){0};
    if (!vertices || !edges)
        return err_nomem(err);
    enum err_code code = check_vertices(geom, err);
    if (code != ERR_OK)
        return code;
    for (uint32_t i = 0; i < geom->n_points; i++)
        vertices[i] = ellipsoid_ecef(geom->points[i]);
    list_edges(geom, edges);
    *out = (struct edges){.geom = geom, .vertices = vertices, .edges = edges, .n_edges = n};
    return build_levels(out, arena, err);
}

double edges_box_gap_m(const struct space_box *a, const struct space_box *b)
{
    double dx = max_of(0, max_of(a->low.x - b->high.x, b->low.x - a->high.x));
    double dy = max_of(0, max_of(a->low.y - b->high.y, b->low.y - a->high.y));
    double dz = max_of(0, max_of(a->low.z - b->high.z, b->low.z - a->high.z));
    return sqrt(dx * dx + dy * dy + dz * dz);
}

/* ---- the nearest point of an edge ---- */

/* A piece of an edge, between parameters t and u of it, while looking for the point nearest
 * to `from`. */
struct search {
    struct lonlat from;
    struct ecef from_ecef;
    struct lonlat a; /* the whole edge */
    struct lonlat b;
    double within_m; /* chord; falls as better points are found */
    double best_m;   /* geodesic */
    struct lonlat at;
};

struct piece {
    double t;
    double u;
    struct ecef t_ecef;
    struct ecef u_ecef;
    double bulge_m;
};

static struct lonlat point_at(const struct search *search, double t)
{
    if (t <= 0)
        return search->a;
    if (t >= 1)
        return search->b;
    return (struct lonlat){search->a.lon_deg + t * (search->b.lon_deg - search->a.lon_deg),
                           search->a.lat_deg + t * (search->b.lat_deg - search->a.lat_deg)};
}

static double chord_m(struct ecef a, struct ecef b)
{
    double dx = a.x - b.x;
    double dy = a.y - b.y;
    double dz = a.z - b.z;
    return sqrt(dx * dx + dy * dy + dz * dz);
}

/* Beyond this chord the series of ellipsoid_arc_m is left for PROJ's. */
static const double LONGEST_SERIES_M = 500e3;

static void try_point(struct search *search, double t)
{
    struct lonlat at = point_at(search, t);
    struct ecef ecef = ellipsoid_ecef(at);
    double distance_m = chord_m(search->from_ecef, ecef) < LONGEST_SERIES_M
                            ? ellipsoid_arc_m(search->from_ecef, ecef)
                            : ellipsoid_inverse(search->from, at, NULL);
    if (distance_m < search->best_m) {
        search->best_m = distance_m;
        search->at = at;
        search->within_m = min_of(search->within_m, ellipsoid_longest_chord_m(distance_m));
    }
}

/* What Newton's method needs at a parameter: half the slope of the squared chord, turned so
 * that positive means "go on", half its curvature, and metres a unit of parameter. */
struct slope {
    double onward;
    double curvature;
    double speed_m;
};

static struct slope slope_at(const struct search *search, double t)
{
    struct lonlat at = point_at(search, t);
    double dlon = (search->b.lon_deg - search->a.lon_deg) * RAD;
    double dlat = (search->b.lat_deg - search->a.lat_deg) * RAD;
    double sin_lat;
    double cos_lat;
    double sin_lon;
    double cos_lon;
    sincos(at.lat_deg * RAD, &sin_lat, &cos_lat);
    sincos(at.lon_deg * RAD, &sin_lon, &cos_lon);
    double w2 = 1 - ELLIPSOID_E2 * sin_lat * sin_lat;
    double n_m = ELLIPSOID_A_M / sqrt(w2);
    double meridian_m = n_m * (1 - ELLIPSOID_E2) / w2;
    double parallel_m = n_m * cos_lat;
    /* Cylinder coordinates round the axis: outwards, eastwards, upwards. First and second
     * derivatives of the point; the change of the meridian's radius is left out of the second
     * ones, which only steer. */
    double out1 = -meridian_m * sin_lat * dlat;
    double east1 = parallel_m * dlon;
    double up1 = meridian_m * cos_lat * dlat;
    double out2 = -meridian_m * cos_lat * dlat * dlat - parallel_m * dlon * dlon;
    double east2 = 2 * out1 * dlon;
    double up2 = -meridian_m * sin_lat * dlat * dlat;
    double dx = search->from_ecef.x - parallel_m * cos_lon;
    double dy = search->from_ecef.y - parallel_m * sin_lon;
    double up = search->from_ecef.z - n_m * (1 - ELLIPSOID_E2) * sin_lat;
    double out = dx * cos_lon + dy * sin_lon;
    double east = dy * cos_lon - dx * sin_lon;
    double speed2 = out1 * out1 + east1 * east1 + up1 * up1;
    return (struct slope){out * out1 + east * east1 + up * up1,
                          speed2 - (out * out2 + east * east2 + up * up2), sqrt(speed2)};
}

/* Newton's method kept inside a bracket, on a piece where the squared chord has one minimum,
 * which may be an end. */
static double newton(const struct search *search, double low, double high, double t)
{
    /* Ten nanometres along the edge: the rounding of coordinates. */
    static const double near_enough_m = 1e-8;
    bool low_tried = false;
    bool high_tried = false;
    for (int i = 0; i < 60; i++) {
        struct slope slope = slope_at(search, t);
        if (slope.onward > 0) {
            low = t;
            low_tried = true;
        } else {
            high = t;
            high_tried = true;
        }
        double next = (low + high) / 2;
        if (slope.curvature > 0) {
            double step = t + slope.onward / slope.curvature;
            if (step > low && step < high)
                next = step;
            else if (step >= high && !high_tried)
                next = high;
            else if (step <= low && !low_tried)
                next = low;
        }
        if (slope.onward == 0)
            next = t;
        if (low == high)
            next = low;
        double moved_m = fabs(next - t) * slope.speed_m;
        t = next;
        if (moved_m < near_enough_m)
            break;
    }
    return t;
}

/* Parameter, in the piece, of the point of its chord nearest to from; *gap_m how far off. */
static double project(const struct search *search, const struct piece *piece, double *gap_m)
{
    struct ecef a = piece->t_ecef;
    struct ecef v = {piece->u_ecef.x - a.x, piece->u_ecef.y - a.y, piece->u_ecef.z - a.z};
    struct ecef w = {search->from_ecef.x - a.x, search->from_ecef.y - a.y,
                     search->from_ecef.z - a.z};
    double length2 = v.x * v.x + v.y * v.y + v.z * v.z;
    double s = length2 > 0 ? (w.x * v.x + w.y * v.y + w.z * v.z) / length2 : 0;
    s = max_of(0, min_of(1, s));
    struct ecef foot = {a.x + s * v.x, a.y + s * v.y, a.z + s * v.z};
    *gap_m = chord_m(search->from_ecef, foot);
    return piece->t + s * (piece->u - piece->t);
}

/* Whether the squared chord surely has one minimum on the piece: its second derivative,
 * |r'|2 - d r'', is positive if the distance d to the farthest point of the piece is small
 * against the radius at which the piece bends. */
static bool has_one_minimum(const struct piece *piece, double gap_m)
{
    double length_m = chord_m(piece->t_ecef, piece->u_ecef);
    double bend_m = 8 * piece->bulge_m;   /* |r''| at most */
    double slowest_m = length_m - bend_m; /* |r'| at least: its mean less its change */
    double farthest_m = gap_m + length_m + piece->bulge_m;
    return slowest_m > 0 && farthest_m * bend_m < 0.9 * slowest_m * slowest_m;
}

static void look(struct search *search, const struct piece *piece, int depth)
{
    double gap_m;
    double t = project(search, piece, &gap_m);
    if (!(gap_m - piece->bulge_m <= search->within_m)) /* nor for NaN */
        return;
    if (has_one_minimum(piece, gap_m)) {
        try_point(search, newton(search, piece->t, piece->u, t));
        return;
    }
    /* Far away or about a pole: halve until a piece is as good as its chord. */
    double tolerance_m = gap_m < 100e3 ? 1e-5 : 5e-8 * gap_m;
    if (piece->bulge_m < tolerance_m || depth == 0) {
        try_point(search, t);
        return;
    }
    double middle = (piece->t + piece->u) / 2;
    struct ecef ecef = ellipsoid_ecef(point_at(search, middle));
    struct piece halves[2] = {
        {piece->t, middle, piece->t_ecef, ecef, piece->bulge_m / 4},
        {middle, piece->u, ecef, piece->u_ecef, piece->bulge_m / 4},
    };
    int first = t > middle; /* the likelier half, so that the other is often passed over */
    look(search, &halves[first], depth - 1);
    look(search, &halves[!first], depth - 1);
}

double edges_nearest_on(const struct edges *edges, uint32_t edge, struct lonlat from,
                        struct ecef from_ecef, double within_m, struct lonlat *at)
{
    uint32_t start = edges->edges[edge].start;
    struct search search = {.from = from,
                            .from_ecef = from_ecef,
                            .a = edges->geom->points[start],
                            .b = edges->geom->points[start],
                            .within_m = within_m,
                            .best_m = INFINITY};
    if (edges->edges[edge].is_point) {
        if (chord_m(from_ecef, edges->vertices[start]) <= within_m)
            try_point(&search, 0);
    } else {
        search.b = edges->geom->points[start + 1];
        struct piece whole = {0, 1, edges->vertices[start], edges->vertices[start + 1],
                              edges->edges[edge].bulge_m};
        /* 40 halvings bring any edge under the tolerance. */
        look(&search, &whole, 40);
    }
    *at = search.at;
    return search.best_m;
}
