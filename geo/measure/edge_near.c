#include "geo/measure/edge_near.h"

#define RAD (M_PI / 180)

static double dot(struct ecef a, struct ecef b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static struct ecef less(struct ecef a, struct ecef b)
{
    return (struct ecef){a.x - b.x, a.y - b.y, a.z - b.z};
}

/* a + s (b - a) */
static struct ecef between(struct ecef a, struct ecef b, double s)
{
    return (struct ecef){a.x + s * (b.x - a.x), a.y + s * (b.y - a.y), a.z + s * (b.z - a.z)};
}

static double chord_m(struct ecef a, struct ecef b)
{
    struct ecef d = less(a, b);
    return sqrt(dot(d, d));
}

static double clamp(double s)
{
    return max_of(0, min_of(1, s));
}

/* ---- edges and pieces of them ---- */

struct line {
    struct lonlat a;
    struct lonlat b;
};

static struct lonlat point_at(const struct line *line, double t)
{
    if (t <= 0)
        return line->a;
    if (t >= 1)
        return line->b;
    return (struct lonlat){line->a.lon_deg + t * (line->b.lon_deg - line->a.lon_deg),
                           line->a.lat_deg + t * (line->b.lat_deg - line->a.lat_deg)};
}

/* A piece of an edge, between parameters t and u of it. */
struct piece {
    double t;
    double u;
    struct ecef t_ecef;
    struct ecef u_ecef;
    double bulge_m;
};

static void open_edge(struct edge_of edge, struct line *line, struct piece *whole)
{
    const struct edge_group *group = edge.group;
    uint32_t i = edge.lane;
    const struct lonlat *at = &edge.geom->points[group->first + i];
    line->a = at[0];
    line->b = group->inverse_m2[i] > 0 ? at[1] : at[0];
    struct ecef start = {group->x[i], group->y[i], group->z[i]};
    struct ecef end = {start.x + group->dx[i], start.y + group->dy[i], start.z + group->dz[i]};
    *whole = (struct piece){0, 1, start, end, group->bulge_m[i]};
}

static void halve(const struct line *line, const struct piece *piece, struct piece halves[2])
{
    double middle = (piece->t + piece->u) / 2;
    struct ecef ecef = ellipsoid_ecef(point_at(line, middle));
    halves[0] = (struct piece){piece->t, middle, piece->t_ecef, ecef, piece->bulge_m / 4};
    halves[1] = (struct piece){middle, piece->u, ecef, piece->u_ecef, piece->bulge_m / 4};
}

/* ---- the point of an edge nearest to a point ---- */

struct search {
    struct line line;
    struct lonlat from;
    struct ecef from_ecef;
    double within_m; /* chord; falls as better points are found */
    double best_m;   /* geodesic */
    struct lonlat at;
};

static void try_place(struct search *search, struct lonlat at, struct ecef ecef)
{
    double distance_m = ellipsoid_between_m(search->from, search->from_ecef, at, ecef);
    if (distance_m < search->best_m) {
        search->best_m = distance_m;
        search->at = at;
        search->within_m = min_of(search->within_m, ellipsoid_longest_chord_m(distance_m));
    }
}

static void try_point(struct search *search, double t)
{
    struct lonlat at = point_at(&search->line, t);
    try_place(search, at, ellipsoid_ecef(at));
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
    struct lonlat at = point_at(&search->line, t);
    double dlon = (search->line.b.lon_deg - search->line.a.lon_deg) * RAD;
    double dlat = (search->line.b.lat_deg - search->line.a.lat_deg) * RAD;
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
    /* The last step was that long, and the next would be under a hundredth of it: a nanometre
     * along the edge. */
    static const double near_enough_m = 1e-7;
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

/* How a piece lies to the point. */
struct view {
    double s;          /* share of the chord at the foot; under 0 or over 1 off its ends */
    double gap_m;      /* from the point to the chord */
    double length_m;   /* of the chord */
    double bend_m;     /* |r''| at most */
    double slowest_m;  /* |r'| at least: its mean less its change */
    double farthest_m; /* from the point to any point of the piece, at most */
    double missed_m;   /* how far the foot on the curve may lie from that on the chord */
};

static struct view view_of(const struct search *search, const struct piece *piece)
{
    struct view view;
    struct ecef v = less(piece->u_ecef, piece->t_ecef);
    struct ecef w = less(search->from_ecef, piece->t_ecef);
    double length2 = dot(v, v);
    view.s = length2 > 0 ? dot(w, v) / length2 : 0;
    view.gap_m = chord_m(search->from_ecef, between(piece->t_ecef, piece->u_ecef, clamp(view.s)));
    view.length_m = sqrt(length2);
    view.bend_m = 8 * piece->bulge_m;
    view.slowest_m = view.length_m - view.bend_m;
    view.farthest_m = view.gap_m + view.length_m + piece->bulge_m;
    /* The curve turns by bend / length from its chord, which moves the foot by at most the gap
     * times that, and runs off the chord's pace by an eighth of the bend. */
    double turn = view.length_m > 0 ? view.bend_m / view.length_m : 1;
    view.missed_m = turn < 0.01 ? 2 * (view.gap_m * turn + piece->bulge_m) : (double)INFINITY;
    return view;
}

/* Whether the squared chord surely has one minimum on the piece: its second derivative,
 * |r'|2 - d r'', is positive if the distance d to the farthest point of the piece is small
 * against the radius at which the piece bends. */
static bool has_one_minimum(const struct view *view)
{
    return view->slowest_m > 0 &&
           view->farthest_m * view->bend_m < 0.9 * view->slowest_m * view->slowest_m;
}

/* Missing the foot by m metres lengthens the distance by m2 / 2 gap. */
static bool chord_will_do(const struct view *view)
{
    static const double good_m = 1e-6;
    return view->missed_m * view->missed_m < 2 * good_m * (view->gap_m - view->bend_m / 8);
}

static void look(struct search *search, const struct piece *piece, int depth)
{
    struct view view = view_of(search, piece);
    if (!(view.gap_m - piece->bulge_m <= search->within_m)) /* nor for NaN */
        return;
    double t = piece->t + clamp(view.s) * (piece->u - piece->t);
    if (has_one_minimum(&view)) {
        if (view.s * view.length_m < -view.missed_m)
            try_place(search, point_at(&search->line, piece->t), piece->t_ecef);
        else if ((view.s - 1) * view.length_m > view.missed_m)
            try_place(search, point_at(&search->line, piece->u), piece->u_ecef);
        else
            try_point(search, chord_will_do(&view) ? t : newton(search, piece->t, piece->u, t));
        return;
    }
    /* Far away or about a pole: halve until a piece is as good as its chord. */
    double tolerance_m = view.gap_m < 100e3 ? 1e-5 : 5e-8 * view.gap_m;
    if (piece->bulge_m < tolerance_m || depth == 0) {
        try_point(search, t);
        return;
    }
    struct piece halves[2];
    halve(&search->line, piece, halves);
    int first = t > halves[0].u; /* the likelier half, so that the other is often passed over */
    look(search, &halves[first], depth - 1);
    look(search, &halves[!first], depth - 1);
}

double edge_near_point(struct edge_of edge, struct lonlat from, struct ecef from_ecef,
                       double within_m, struct lonlat *at)
{
    struct search search = {
        .from = from, .from_ecef = from_ecef, .within_m = within_m, .best_m = INFINITY};
    struct piece whole;
    open_edge(edge, &search.line, &whole);
    if (edge.group->inverse_m2[edge.lane] > 0)
        look(&search, &whole, 40); /* so many halvings bring any edge under the tolerance */
    else if (chord_m(from_ecef, whole.t_ecef) <= within_m)
        try_point(&search, 0);
    *at = search.at;
    return search.best_m;
}
