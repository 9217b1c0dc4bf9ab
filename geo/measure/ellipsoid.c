#include "geo/measure/ellipsoid.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <geodesic.h>
#include <proj.h>

#define F (1 / 298.257222101)
#define E2 (F * (2 - F))
#define RAD (M_PI / 180)

const double ELLIPSOID_A_M = 6378137;
const double ELLIPSOID_E2 = E2;

static const double A_M = 6378137;
static const double B_M = 6378137 * (1 - F);
static const double E = 0.081819191042815791; /* sqrt(E2) */

/* Smallest and largest radius of curvature of any normal section: of the meridian at the
 * equator, b2/a, and of every section at the poles, a2/b. */
static const double SMALLEST_RADIUS_M = 6378137 * (1 - F) * (1 - F);
static const double LARGEST_RADIUS_M = 6378137 / (1 - F);

/* Up to here the series over the chord is better than a micrometre. */
static const double LONGEST_SERIES_M = 100e3;

/* ---- distances ---- */

/* PROJ's constants of one ellipsoid; set once, then only read. */
static struct geod_geodesic geodesic;
static pthread_once_t geodesic_once = PTHREAD_ONCE_INIT;

static void geodesic_start(void)
{
    geod_init(&geodesic, A_M, F);
}

static const struct geod_geodesic *cgcs2000(void)
{
    pthread_once(&geodesic_once, geodesic_start);
    return &geodesic;
}

struct ecef ellipsoid_ecef(struct lonlat point)
{
    double sin_lat;
    double cos_lat;
    double sin_lon;
    double cos_lon;
    sincos(point.lat_deg * RAD, &sin_lat, &cos_lat);
    sincos(point.lon_deg * RAD, &sin_lon, &cos_lon);
    if (fabs(point.lat_deg) >= 90)
        cos_lat = 0; /* a pole is one point, whatever its longitude; M_PI / 2 is rounded */
    double n_m = A_M / sqrt(1 - E2 * sin_lat * sin_lat);
    return (struct ecef){n_m * cos_lat * cos_lon, n_m * cos_lat * sin_lon,
                         n_m * (1 - E2) * sin_lat};
}

double ellipsoid_arc_m(struct ecef a, struct ecef b)
{
    static const double ia2 = 1 / (6378137.0 * 6378137.0);
    static const double ib2 = 1 / (6378137.0 * (1 - F) * (6378137.0 * (1 - F)));
    double dx = a.x - b.x;
    double dy = a.y - b.y;
    double dz = a.z - b.z;
    double mx = (a.x + b.x) / 2;
    double my = (a.y + b.y) / 2;
    double mz = (a.z + b.z) / 2;
    double chord2 = dx * dx + dy * dy + dz * dz;
    if (!(chord2 > 0))
        return chord2; /* 0, or NaN */
    /* The surface is x H x = 1 with H = diag(1/a2, 1/a2, 1/b2). Curvature of the section
     * along the chord where the normal through the chord's middle meets the surface:
     * (t H t) sqrt(m H m) / |H m|. */
    double tht = (dx * dx + dy * dy) * ia2 + dz * dz * ib2;
    double mhm = (mx * mx + my * my) * ia2 + mz * mz * ib2;
    double hm2 = (mx * mx + my * my) * ia2 * ia2 + mz * mz * ib2 * ib2;
    double h = tht * tht * mhm / (hm2 * chord2); /* (curvature * chord) squared */
    /* arcsin(x) / x with x = half the chord over the radius. */
    return sqrt(chord2) * (1 + h * (1.0 / 24 + h * (3.0 / 640 + h * (5.0 / 7168))));
}

double ellipsoid_longest_chord_m(double distance_m)
{
    if (!(distance_m < M_PI * LARGEST_RADIUS_M))
        return INFINITY;
    double chord_m = 2 * LARGEST_RADIUS_M * sin(distance_m / (2 * LARGEST_RADIUS_M));
    return chord_m * (1 + 1e-12) + 1e-8; /* what rounding of coordinates may add */
}

double ellipsoid_shortest_arc_m(double chord_m)
{
    double x = fmin(chord_m / (2 * LARGEST_RADIUS_M), 1);
    double arc_m = x < 0.01 ? chord_m * (1 + x * x / 6) : 2 * LARGEST_RADIUS_M * asin(x);
    return fmax(0, arc_m * (1 - 1e-12) - 1e-8);
}

double ellipsoid_inverse(struct lonlat a, struct lonlat b, double *azimuth_deg)
{
    double distance_m;
    geod_inverse(cgcs2000(), a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg, &distance_m, azimuth_deg,
                 NULL);
    return distance_m;
}

double ellipsoid_between_m(struct lonlat a, struct ecef a_ecef, struct lonlat b, struct ecef b_ecef)
{
    double distance_m = ellipsoid_arc_m(a_ecef, b_ecef);
    return distance_m < LONGEST_SERIES_M ? distance_m : ellipsoid_inverse(a, b, NULL);
}

double ellipsoid_distance_m(struct lonlat a, struct lonlat b)
{
    return ellipsoid_between_m(a, ellipsoid_ecef(a), b, ellipsoid_ecef(b));
}

struct lonlat ellipsoid_direct(struct lonlat from, double azimuth_deg, double distance_m)
{
    struct lonlat to;
    /* Unrolled: the longitude goes on past 180 rather than jumping. */
    geod_gendirect(cgcs2000(), from.lat_deg, from.lon_deg, azimuth_deg, GEOD_LONG_UNROLL,
                   distance_m, &to.lat_deg, &to.lon_deg, NULL, NULL, NULL, NULL, NULL, NULL);
    return to;
}

/* Farther than this, or nearer to a pole, the series below leaves out more than 40 um. */
static const double SERIES_CIRCLE_M = 5000;
static const double SERIES_CIRCLE_LAT_DEG = 75;

/* Terms of the third order of the direct problem in u = r cos(azimuth), v = r sin(azimuth). */
struct circle_series {
    double lat_u, lat_vv, lat_uu, lat_uvv, lat_uuu;
    double lon_v, lon_uv, lon_vvv, lon_uuv;
};

static struct circle_series circle_series(double lat_deg)
{
    double sine = sin(lat_deg * RAD);
    double cosine = cos(lat_deg * RAD);
    double t = sine / cosine;
    double t2 = t * t;
    double eta2 = E2 / (1 - E2) * cosine * cosine;
    double n = A_M / sqrt(1 - E2 * sine * sine);
    double lat = (1 + eta2) / RAD;
    double lon = 1 / (cosine * RAD);
    return (struct circle_series){
        .lat_u = lat / n,
        .lat_vv = -lat * t / (2 * n * n),
        .lat_uu = -lat * 1.5 * eta2 * t / (n * n),
        .lat_uvv = -lat * (1 + 3 * t2 + eta2 - 9 * eta2 * t2) / (6 * n * n * n),
        .lat_uuu = -lat * eta2 * (1 - t2) / (2 * n * n * n),
        .lon_v = lon / n,
        .lon_uv = lon * t / (n * n),
        .lon_vvv = -lon * t2 / (3 * n * n * n),
        .lon_uuv = lon * (1 + 3 * t2 + eta2) / (3 * n * n * n),
    };
}

void ellipsoid_circle(struct lonlat centre, double radius_m, size_t n, struct lonlat *ring)
{
    if (!(radius_m <= SERIES_CIRCLE_M && fabs(centre.lat_deg) <= SERIES_CIRCLE_LAT_DEG)) {
        for (size_t i = 0; i < n; i++)
            ring[i] = ellipsoid_direct(centre, -360.0 * (double)i / (double)n, radius_m);
        return;
    }
    struct circle_series series = circle_series(centre.lat_deg);
    double step_sine = sin(-2 * M_PI / (double)n);
    double step_cosine = cos(-2 * M_PI / (double)n);
    double u = radius_m;
    double v = 0;
    for (size_t i = 0; i < n; i++) {
        double uu = u * u;
        double vv = v * v;
        ring[i].lat_deg = centre.lat_deg + u * (series.lat_u + series.lat_uvv * vv) +
                          series.lat_vv * vv + uu * (series.lat_uu + series.lat_uuu * u);
        ring[i].lon_deg = centre.lon_deg + v * (series.lon_v + series.lon_uv * u +
                                                series.lon_vvv * vv + series.lon_uuv * uu);
        double next = u * step_cosine - v * step_sine;
        v = u * step_sine + v * step_cosine;
        u = next;
    }
}

void ellipsoid_degree_m(double lat_deg, double *lon_m, double *lat_m)
{
    double sin_lat = sin(lat_deg * RAD);
    double w2 = 1 - E2 * sin_lat * sin_lat;
    *lon_m = RAD * A_M / sqrt(w2) * cos(lat_deg * RAD);
    *lat_m = RAD * A_M * (1 - E2) / (w2 * sqrt(w2));
}

/* Distance of a parallel from the axis, m. */
static double parallel_radius_m(double lat_deg)
{
    double sin_lat = sin(lat_deg * RAD);
    return A_M * cos(lat_deg * RAD) / sqrt(1 - E2 * sin_lat * sin_lat);
}

struct box ellipsoid_expand(struct box box, double radius_m)
{
    if (box_is_empty(box) || !(radius_m > 0))
        return box;
    double lat_deg = radius_m / SMALLEST_RADIUS_M / RAD * (1 + 1e-9);
    double farthest_deg = fmax(fabs(box.south_deg), fabs(box.north_deg)) + lat_deg;
    struct box wide = {fmin(box.west_deg, -180), fmax(box.south_deg - lat_deg, -90),
                       fmax(box.east_deg, 180), fmin(box.north_deg + lat_deg, 90)};
    if (farthest_deg >= 90)
        return wide;
    /* Two points at parallels of radius p1, p2 and dlon apart have a chord of at least
     * 2 sqrt(p1 p2) sin(dlon / 2), and both parallels lie within farthest_deg. */
    double half_sine = radius_m / (2 * parallel_radius_m(farthest_deg)) * (1 + 1e-9);
    if (half_sine >= 1)
        return wide;
    double lon_deg = 2 * asin(half_sine) / RAD;
    wide.west_deg = box.west_deg - lon_deg;
    wide.east_deg = box.east_deg + lon_deg;
    return wide;
}

/* ---- areas and lengths ---- */

double ellipsoid_zone_between_m2(double from_lat_deg, double to_lat_deg)
{
    /* b2 / 2 (s / (1 - e2 s2) + atanh(e s) / e), s being the sine of a latitude, from one to the
     * other with the differences written out: of sines by sum and product, of
     * s / (1 - e2 s2) over a common denominator, of atanh by its addition theorem. */
    double s1 = sin(from_lat_deg * RAD);
    double s2 = sin(to_lat_deg * RAD);
    double ds =
        2 * sin((to_lat_deg - from_lat_deg) / 2 * RAD) * cos((to_lat_deg + from_lat_deg) / 2 * RAD);
    double rational = ds * (1 + E2 * s1 * s2) / ((1 - E2 * s1 * s1) * (1 - E2 * s2 * s2));
    return B_M * B_M / 2 * (rational + atanh(E * ds / (1 - E2 * s1 * s2)) / E);
}

/* Gauss and Legendre on [-1, 1], 8 points: exact to degree 15. On a panel of 0.25 rad the
 * remainder for functions like q is far below 1e-16. Abramowitz and Stegun, table 25.4. */
static const double GAUSS_AT[4] = {0.18343464249564980494, 0.52553240991632898582,
                                   0.79666647741362673959, 0.96028985649753623168};
static const double GAUSS_WEIGHT[4] = {0.36268378337836198297, 0.31370664587788728734,
                                       0.22238103445337447054, 0.10122853629037625915};

struct edge {
    struct lonlat a;
    struct lonlat b;
    double origin_lat_deg; /* zones are counted from here, so that small rings keep digits */
};

/* Mean of f over the edge's parameter. */
static double mean_along(const struct edge *edge, double (*f)(const struct edge *, double))
{
    double lat_span = fabs(edge->b.lat_deg - edge->a.lat_deg) * RAD;
    int n_panels = (int)fmin(ceil(lat_span / 0.25), 64);
    if (n_panels < 1)
        n_panels = 1;
    double sum = 0;
    for (int panel = 0; panel < n_panels; panel++) {
        double middle = (panel + 0.5) / n_panels;
        for (int i = 0; i < 4; i++) {
            double step = GAUSS_AT[i] / 2 / n_panels;
            sum += GAUSS_WEIGHT[i] * (f(edge, middle - step) + f(edge, middle + step));
        }
    }
    return sum / 2 / n_panels;
}

static double zone_at(const struct edge *edge, double t)
{
    double lat_deg = edge->a.lat_deg + t * (edge->b.lat_deg - edge->a.lat_deg);
    return ellipsoid_zone_between_m2(edge->origin_lat_deg, lat_deg);
}

/* Metres a unit of the edge's parameter. */
static double speed_at(const struct edge *edge, double t)
{
    double lon_m;
    double lat_m;
    double dlat_deg = edge->b.lat_deg - edge->a.lat_deg;
    ellipsoid_degree_m(edge->a.lat_deg + t * dlat_deg, &lon_m, &lat_m);
    return hypot((edge->b.lon_deg - edge->a.lon_deg) * lon_m, dlat_deg * lat_m);
}

/* An edge that spans less latitude than this, radians (3 km), is summed by the trapezium rule
 * with its end correction, whose remainder, dlat4 / 720 of the fourth derivative, is then
 * 1e-16 of a unit sphere. */
static const double SHORT_EDGE = 5e-4;

/* What the rule needs at a vertex: the zone from the ring's first latitude, and its slope
 * (both over b2 in a series). */
struct zone_end {
    double zone_m2;
    double slope_m2;
};

static struct zone_end zone_end(double origin_lat_deg, double sin_origin, double lat_deg)
{
    double sine;
    double cosine;
    sincos(lat_deg * RAD, &sine, &cosine);
    double half = (lat_deg - origin_lat_deg) / 2 * RAD;
    double ds = 2 * sin(half) * cos(half + origin_lat_deg * RAD);
    double w2 = 1 - E2 * sine * sine;
    double rational = ds * (1 + E2 * sine * sin_origin) / (w2 * (1 - E2 * sin_origin * sin_origin));
    double x = E * ds / (1 - E2 * sine * sin_origin);
    /* Most rings are small, and atanh(x) is x + x3 / 3 + x5 / 5 to 1e-17 of x there. */
    double arc = x * x < 1e-5 ? x * (1 + x * x * (1.0 / 3 + x * x / 5)) : atanh(x);
    return (struct zone_end){B_M * B_M / 2 * (rational + arc / E), B_M * B_M * cosine / (w2 * w2)};
}

/* A ring that stays this near its first latitude, radians (25 km), is measured by a series. */
static const double LOW_RING = 4e-3;

/* Powers of the zone's series and of its slope's: the first that is left out is
 * 4e-3^7 / 5040 of a unit sphere, 3e-21. */
enum { SERIES_POWERS = 7 };

/* The zone from a latitude, as a power series of the latitude's growth in radians, b2 = 1. */
struct zone_series {
    double zone[SERIES_POWERS];  /* the term of power 0 is none */
    double slope[SERIES_POWERS]; /* its derivative: cos / (1 - e2 sin2)^2 */
};

static void multiply_series(const double *a, const double *b, double *out)
{
    for (int i = 0; i < SERIES_POWERS; i++) {
        double sum = 0;
        for (int k = 0; k <= i; k++)
            sum += a[k] * b[i - k];
        out[i] = sum;
    }
}

static struct zone_series zone_series(double lat_deg)
{
    double sine[SERIES_POWERS], cosine[SERIES_POWERS], square[SERIES_POWERS];
    double inverse[SERIES_POWERS], inverse2[SERIES_POWERS];
    struct zone_series series = {.zone = {0}};
    sincos(lat_deg * RAD, &sine[0], &cosine[0]);
    for (int i = 1; i < SERIES_POWERS; i++) {
        sine[i] = cosine[i - 1] / i;
        cosine[i] = -sine[i - 1] / i;
    }
    multiply_series(sine, sine, square);
    /* 1 / w of w = 1 - e2 sin2: what makes the product's terms beyond the first vanish. */
    double w0 = 1 - E2 * square[0];
    for (int i = 0; i < SERIES_POWERS; i++) {
        double sum = i == 0 ? 1 : 0;
        for (int k = 1; k <= i; k++)
            sum += E2 * square[k] * inverse[i - k];
        inverse[i] = sum / w0;
    }
    multiply_series(inverse, inverse, inverse2);
    multiply_series(inverse2, cosine, series.slope);
    for (int i = 1; i < SERIES_POWERS; i++)
        series.zone[i] = series.slope[i - 1] / i;
    return series;
}

static struct zone_end series_end(const struct zone_series *series, double growth)
{
    const double *z = series->zone;
    const double *s = series->slope;
    double t = growth;
    double zone = t * (z[1] + t * (z[2] + t * (z[3] + t * (z[4] + t * (z[5] + t * z[6])))));
    double slope = s[0] + t * (s[1] + t * (s[2] + t * (s[3] + t * (s[4] + t * s[5]))));
    return (struct zone_end){zone, slope};
}

/* The area of a ring whose edges are short and whose latitudes are near the first; NAN of any
 * other. */
static double low_ring_area_m2(const struct lonlat *points, size_t n)
{
    double sum = 0;
    double origin_deg = points[0].lat_deg;
    struct zone_series series = zone_series(origin_deg);
    struct zone_end from = series_end(&series, 0);
    double from_growth = 0;
    for (size_t i = 1; i < n; i++) {
        double growth = (points[i].lat_deg - origin_deg) * RAD;
        double dlat = growth - from_growth;
        double dlon = points[i].lon_deg - points[i - 1].lon_deg;
        struct zone_end to = series_end(&series, growth);
        if (!(fabs(growth) < LOW_RING && fabs(dlat) < SHORT_EDGE))
            return NAN;
        sum -= dlon * ((from.zone_m2 + to.zone_m2) / 2 - dlat / 12 * (to.slope_m2 - from.slope_m2));
        from = to;
        from_growth = growth;
    }
    return sum * RAD * B_M * B_M;
}

static double ring_area_m2(const struct lonlat *points, size_t n)
{
    double area_m2 = low_ring_area_m2(points, n);
    if (!isnan(area_m2))
        return area_m2;
    area_m2 = 0;
    double origin_lat_deg = points[0].lat_deg;
    double sin_origin = sin(origin_lat_deg * RAD);
    struct zone_end from = zone_end(origin_lat_deg, sin_origin, origin_lat_deg);
    for (size_t i = 0; i + 1 < n; i++) {
        struct zone_end to = zone_end(origin_lat_deg, sin_origin, points[i + 1].lat_deg);
        double dlon = (points[i + 1].lon_deg - points[i].lon_deg) * RAD;
        double dlat = (points[i + 1].lat_deg - points[i].lat_deg) * RAD;
        if (fabs(dlat) < SHORT_EDGE) {
            area_m2 -= dlon * ((from.zone_m2 + to.zone_m2) / 2 -
                               dlat / 12 * (to.slope_m2 - from.slope_m2));
        } else if (dlon != 0) {
            struct edge edge = {points[i], points[i + 1], origin_lat_deg};
            area_m2 -= dlon * mean_along(&edge, zone_at);
        }
        from = to;
    }
    return area_m2;
}

double ellipsoid_area_m2(const struct geom *geom)
{
    if (geom->kind != GEOM_POLYGON)
        return 0;
    double area_m2 = 0; /* outer rings come out positive, holes negative */
    for (uint32_t ring = 0; ring < geom->n_rings; ring++) {
        uint32_t start = geom_ring_start(geom, ring);
        area_m2 += ring_area_m2(geom->points + start, geom->ring_ends[ring] - start);
    }
    return area_m2;
}

double ellipsoid_length_m(const struct geom *geom)
{
    double length_m = 0;
    for (uint32_t ring = 0; ring < geom->n_rings; ring++)
        for (uint32_t i = geom_ring_start(geom, ring); i + 1 < geom->ring_ends[ring]; i++) {
            struct edge edge = {geom->points[i], geom->points[i + 1], 0};
            length_m += mean_along(&edge, speed_at);
        }
    return length_m;
}

/* ---- transformations ---- */

struct transform {
    PJ_CONTEXT *context;
    PJ *pj;
};

/* True for the datums that the design takes as one: WGS 84 and CGCS2000 differ by
 * centimetres, less than any accuracy that is recorded. */
static bool is_our_datum(const char *name)
{
    static const char *const ours[] = {
        "wgs84",    "wgs1984",   "worldgeodeticsystem1984",
        "cgcs2000", "china2000", "chinageodeticcoordinatesystem2000"};
    char plain[128];
    size_t n = 0;
    for (; *name && n + 1 < sizeof plain; name++)
        if (isalnum((unsigned char)*name))
            plain[n++] = (char)tolower((unsigned char)*name);
    plain[n] = '\0';
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strstr(plain, ours[i]))
            return true;
    return false;
}

/* The CRS to come from: the target's own longitude and latitude where its datum is one of
 * ours, so that PROJ has no shift to look for; else CGCS2000. */
static PJ *source_for(PJ_CONTEXT *context, const PJ *target)
{
    PJ *base = proj_crs_get_geodetic_crs(context, target);
    PJ *datum = base ? proj_crs_get_datum_forced(context, base) : NULL;
    const char *name = datum ? proj_get_name(datum) : NULL;
    bool ours = name && is_our_datum(name);
    proj_destroy(datum);
    if (ours)
        return base;
    proj_destroy(base);
    return proj_create(context, "EPSG:4490");
}

static enum err_code refuse(PJ_CONTEXT *context, const char *crs, const char *what, struct err *err)
{
    int number = proj_context_errno(context);
    const char *reason = number ? proj_context_errno_string(context, number) : NULL;
    return err_set(err, ERR_INPUT, "CRS \"%.80s\": %s%s%s", crs, what, reason ? ": " : "",
                   reason ? reason : "");
}

static enum err_code open_pipeline(struct transform *transform, const char *crs, struct err *err)
{
    static const char *const options[] = {"ALLOW_BALLPARK=NO", NULL};
    enum err_code code = ERR_OK;
    PJ_CONTEXT *context = transform->context;
    PJ *source = NULL;
    PJ *raw = NULL;
    PJ *target = proj_create(context, crs);
    if (!target || !proj_is_crs(target)) {
        code = refuse(context, crs, "not a CRS that PROJ knows; give EPSG:n or WKT", err);
        goto done;
    }
    source = source_for(context, target);
    raw = source ? proj_create_crs_to_crs_from_pj(context, source, target, NULL, options) : NULL;
    if (!raw) {
        code = refuse(context, crs, "no exact transformation from CGCS2000 is known", err);
        goto done;
    }
    transform->pj = proj_normalize_for_visualization(context, raw);
    if (!transform->pj)
        code = refuse(context, crs, "its axes cannot be put as east, north", err);
done:
    proj_destroy(raw);
    proj_destroy(source);
    proj_destroy(target);
    return code;
}

enum err_code transform_new(const char *crs, struct transform **out, struct err *err)
{
    *out = NULL;
    struct transform *transform = calloc(1, sizeof *transform);
    if (!transform)
        return err_nomem(err);
    transform->context = proj_context_create();
    if (!transform->context) {
        free(transform);
        return err_nomem(err);
    }
    proj_log_level(transform->context, PJ_LOG_NONE);
    proj_context_set_enable_network(transform->context, 0);
    enum err_code code = open_pipeline(transform, crs, err);
    if (code == ERR_OK)
        *out = transform;
    else
        transform_free(transform);
    return code;
}

void transform_free(struct transform *transform)
{
    if (!transform)
        return;
    proj_destroy(transform->pj);
    proj_context_destroy(transform->context);
    free(transform);
}

static bool run(struct transform *transform, PJ_DIRECTION direction, double *x, double *y)
{
    PJ_COORD from = proj_coord(*x, *y, 0, HUGE_VAL);
    PJ_COORD to = proj_trans(transform->pj, direction, from);
    *x = to.v[0];
    *y = to.v[1];
    return isfinite(*x) && isfinite(*y);
}

bool transform_forward(struct transform *transform, struct lonlat from, double *x, double *y)
{
    *x = from.lon_deg;
    *y = from.lat_deg;
    return run(transform, PJ_FWD, x, y);
}

bool transform_inverse(struct transform *transform, double x, double y, struct lonlat *to)
{
    if (!run(transform, PJ_INV, &x, &y))
        return false;
    *to = (struct lonlat){x, y};
    return true;
}
