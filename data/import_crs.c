/* import_crs.c - coordinates of any CRS to EPSG:4490, their edges densified. */
#include "data/import_private.h"

#include "data/base/text.h"
#include "data/gcj02.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* How far beyond its area of use a CRS is taken, degrees: people keep a zone for what lies
 * in the next one, three degrees on. Numbers on another CRS land much farther away. */
static const double BEYOND_AREA_DEG = 3;

/* Truth 2 allows 1 mm; the curve is probed at three places an edge and the metres are good
 * to 1 %, so half of it leaves room. */
static const double EDGE_TOLERANCE_M = 0.0005;

/* An edge of length L on a projection of curvature k strays by k L^2 / 8. Up to latitude 87
 * k stays under tan(87)/R = 3e-6 per m, so that 50 m stray by less than 1 mm. */
static const double SHORT_EDGE_M = 50;

/* 2^20 pieces of 50 m go round the Earth. */
enum { SPLIT_DEPTH = 20 };

static const double DEGREE_M = 111320;

/* ---- which CRS ---- */

static bool is_shift_name(const char *name, const char *plain, const char *dashed)
{
    return strcasecmp(name, plain) == 0 || strcasecmp(name, dashed) == 0;
}

/* "EPSG:4545": an authority that PROJ knows and a number. */
static bool is_code(const char *name)
{
    if (strncasecmp(name, "EPSG:", 5) != 0 && strncasecmp(name, "ESRI:", 5) != 0)
        return false;
    size_t digits = strspn(name + 5, "0123456789");
    return digits > 0 && digits < 10 && name[5 + digits] == '\0';
}

static bool is_china_2000(OGRSpatialReferenceH srs)
{
    const char *datum = OSRGetAttrValue(srs, "DATUM", 0);
    return datum && (strcasestr(datum, "China_2000") || strcasestr(datum, "CGCS_2000") ||
                     strcasestr(datum, "CGCS2000"));
}

bool import_crs_is_plain(OGRSpatialReferenceH srs)
{
    const char *datum = OSRGetAttrValue(srs, "DATUM", 0);
    if (!datum)
        return false;
    return is_china_2000(srs) || strncasecmp(datum, "WGS_1984", 8) == 0 ||
           strncasecmp(datum, "World_Geodetic_System_1984", 26) == 0 ||
           strncasecmp(datum, "D_WGS_1984", 10) == 0;
}

/* To CGCS2000 or, for all else, to WGS 84, between which nothing is done. */
static OGRCoordinateTransformationH transformation(OGRSpatialReferenceH from)
{
    OGRSpatialReferenceH to = OSRNewSpatialReference(NULL);
    OGRCoordinateTransformationOptionsH options = OCTNewCoordinateTransformationOptions();
    OGRCoordinateTransformationH made = NULL;
    if (to && options && OSRImportFromEPSG(to, is_china_2000(from) ? 4490 : 4326) == OGRERR_NONE) {
        OSRSetAxisMappingStrategy(to, OAMS_TRADITIONAL_GIS_ORDER);
        OCTCoordinateTransformationOptionsSetBallparkAllowed(options, 0);
        made = OCTNewCoordinateTransformationEx(from, to, options);
    }
    OCTDestroyCoordinateTransformationOptions(options);
    OSRDestroySpatialReference(to);
    return made;
}

static struct box area_of_use(OGRSpatialReferenceH srs)
{
    struct box area = {-180, -90, 180, 90};
    struct box told;
    if (OSRGetAreaOfUse(srs, &told.west_deg, &told.south_deg, &told.east_deg, &told.north_deg,
                        NULL) &&
        told.west_deg < told.east_deg) { /* not across the antimeridian, nor unknown (-1000) */
        area.west_deg = fmax(-180, told.west_deg - BEYOND_AREA_DEG);
        area.south_deg = fmax(-90, told.south_deg - BEYOND_AREA_DEG);
        area.east_deg = fmin(180, told.east_deg + BEYOND_AREA_DEG);
        area.north_deg = fmin(90, told.north_deg + BEYOND_AREA_DEG);
    }
    return area;
}

/* The rest of a crs whose srs is set. */
static enum err_code prepare(struct import_crs *crs, struct err *err)
{
    OSRSetAxisMappingStrategy(crs->srs, OAMS_TRADITIONAL_GIS_ORDER);
    crs->geographic = OSRIsGeographic(crs->srs) != 0;
    crs->area = (struct box){-180, -90, 180, 90};
    if (!crs->geographic && !OSRIsProjected(crs->srs))
        return err_set(err, ERR_USAGE,
                       "%s is neither geographic nor projected; give a two-dimensional CRS",
                       crs->text);
    crs->datum = DATUM_PLAIN;
    if (crs->geographic && import_crs_is_plain(crs->srs))
        return ERR_OK;
    crs->datum = DATUM_TRANSFORMED;
    crs->area = area_of_use(crs->srs);
    crs->edge_m_per_unit = crs->geographic ? 0 : OSRGetLinearUnits(crs->srs, NULL);
    crs->to_lonlat = transformation(crs->srs);
    if (!crs->to_lonlat)
        return err_set(err, ERR_INPUT,
                       "from %s to CGCS2000 PROJ knows only a \"ballpark\" transformation, which "
                       "may be off by hundreds of metres; transform the file with the parameters "
                       "of its region and import the result as EPSG:4490",
                       crs->text);
    return ERR_OK;
}

enum err_code import_crs_open(const char *name, struct arena *arena, struct import_crs *out,
                              struct err *err)
{
    *out = (struct import_crs){.area = {-180, -90, 180, 90}, .geographic = true};
    if (is_shift_name(name, "gcj02", "gcj-02")) {
        out->datum = DATUM_GCJ02;
        out->name = "gcj02";
        out->text = "GCJ-02, undone to CGCS2000";
        return ERR_OK;
    }
    if (is_shift_name(name, "bd09", "bd-09")) {
        out->datum = DATUM_BD09;
        out->name = "bd09";
        out->text = "BD-09, undone to CGCS2000";
        return ERR_OK;
    }
    if (!is_code(name))
        return err_set(err, ERR_USAGE,
                       "CRS \"%s\" is not known; give EPSG:4490, EPSG:4326, another EPSG:number "
                       "or ESRI:number, gcj02 or bd09",
                       name);
    char *code = arena_strdup(arena, name);
    if (!code)
        return err_nomem(err);
    for (int i = 0; i < 4; i++)
        code[i] = (char)toupper((unsigned char)code[i]);
    out->name = code;
    out->srs = OSRNewSpatialReference(NULL);
    if (!out->srs || OSRSetFromUserInput(out->srs, code) != OGRERR_NONE)
        return err_set(err, ERR_USAGE,
                       "CRS %s is not in the register of PROJ; EPSG:4490 is "
                       "CGCS2000, EPSG:4326 is WGS 84",
                       code);
    const char *title = OSRGetName(out->srs);
    out->text = arena_printf(arena, "%s (%s)", code, title ? title : "unnamed");
    if (!out->text)
        return err_nomem(err);
    return prepare(out, err);
}

void import_crs_close(struct import_crs *crs)
{
    if (crs->to_lonlat)
        OCTDestroyCoordinateTransformation(crs->to_lonlat);
    if (crs->srs)
        OSRDestroySpatialReference(crs->srs);
    crs->to_lonlat = NULL;
    crs->srs = NULL;
}

/* ---- one point ---- */

/* Where a point of the file lies; NaN where the CRS does not reach. */
static struct lonlat locate(const struct import_crs *crs, struct import_xy xy)
{
    struct lonlat point = {xy.x, xy.y};
    int ok = 0;
    switch (crs->datum) {
    case DATUM_PLAIN:
        return point;
    case DATUM_GCJ02:
        return gcj02_to_wgs84(point);
    case DATUM_BD09:
        return bd09_to_wgs84(point);
    case DATUM_TRANSFORMED:
        break;
    }
    OCTTransformEx(crs->to_lonlat, 1, &point.lon_deg, &point.lat_deg, NULL, &ok);
    if (!ok || !isfinite(point.lon_deg) || !isfinite(point.lat_deg))
        point.lon_deg = point.lat_deg = (double)NAN;
    return point;
}

static bool inside(struct box box, struct lonlat point)
{
    return point.lon_deg >= box.west_deg && point.lon_deg <= box.east_deg &&
           point.lat_deg >= box.south_deg && point.lat_deg <= box.north_deg;
}

/* Metres, good to a percent over short distances; enough to say "elsewhere". */
static double rough_distance_m(struct lonlat a, struct lonlat b)
{
    double cosine = cos((a.lat_deg + b.lat_deg) / 2 * 3.14159265358979323846 / 180);
    return hypot((a.lon_deg - b.lon_deg) * cosine, a.lat_deg - b.lat_deg) * DEGREE_M;
}

enum err_code import_crs_contradicts(const struct import_crs *crs, OGRSpatialReferenceH claim,
                                     struct import_xy at, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_crs own = {.srs = OSRClone(claim), .text = ""};
    struct err ignored;
    if (!own.srs)
        return err_nomem(err);
    const char *title = OSRGetName(claim);
    if ((!OSRIsGeographic(own.srs) && !OSRIsProjected(own.srs)) ||
        (title && text_starts(title, "Undefined")))
        goto done; /* a drawing's own system, or what a GeoPackage calls undefined */
    if (crs->srs && OSRIsSame(crs->srs, own.srs))
        goto done;
    const char *authority = OSRGetAuthorityName(claim, NULL);
    const char *number = OSRGetAuthorityCode(claim, NULL);
    struct lonlat here =
        crs->datum == DATUM_TRANSFORMED ? locate(crs, at) : (struct lonlat){at.x, at.y};
    struct lonlat there = {(double)NAN, (double)NAN};
    if (prepare(&own, &ignored) == ERR_OK)
        there = locate(&own, at);
    double apart_m = rough_distance_m(here, there);
    if (apart_m <= 1)
        goto done;
    char where[96] = "another datum";
    if (!isnan(apart_m))
        snprintf(where, sizeof where, "%.0f m away", apart_m);
    code = err_set(err, ERR_INPUT,
                   "the file says of itself that it is on %s%s%s%s%s, %s from where %s puts it; "
                   "name the file's own CRS, or correct what the file says (on the command line "
                   "--accept-shift trusts the CRS that you name)",
                   authority ? authority : "", number ? ":" : "", number ? number : "",
                   number ? " " : "", title ? title : "an unnamed CRS", where, crs->name);
done:
    import_crs_close(&own);
    return code;
}

/* ---- whole shapes ---- */

struct path {
    const struct import_crs *crs;
    struct arena *arena;
    struct lonlat *points;
    size_t n;
    size_t capacity;
    bool failed; /* no memory */
};

static void push(struct path *path, struct lonlat point)
{
    struct lonlat *room =
        arena_grow(path->arena, path->points, &path->capacity, path->n + 1, sizeof *path->points);
    if (!room) {
        path->failed = true;
        return;
    }
    path->points = room;
    path->points[path->n++] = point;
}

/* Metres from a point to the segment a-b, straight in longitude and latitude. */
static double stray_m(struct lonlat a, struct lonlat b, struct lonlat point)
{
    double cosine = cos(point.lat_deg * 3.14159265358979323846 / 180);
    double ux = (b.lon_deg - a.lon_deg) * cosine, uy = b.lat_deg - a.lat_deg;
    double px = (point.lon_deg - a.lon_deg) * cosine, py = point.lat_deg - a.lat_deg;
    double square = ux * ux + uy * uy;
    double t = square > 0 ? fmax(0, fmin(1, (px * ux + py * uy) / square)) : 0;
    return hypot(px - t * ux, py - t * uy) * DEGREE_M;
}

static struct import_xy halfway(struct import_xy a, struct import_xy b)
{
    return (struct import_xy){(a.x + b.x) / 2, (a.y + b.y) / 2};
}

/* Adds what lies between two vertices, both ends left out. Three probes, since an edge
 * across a central meridian bends both ways and meets its chord in the middle. Halving is
 * the same from both ends, so that neighbours keep sharing their edge. */
static void split(struct path *path, const struct import_xy xy[2], const struct lonlat ends[2],
                  int depth)
{
    double length_m = hypot(xy[1].x - xy[0].x, xy[1].y - xy[0].y) * path->crs->edge_m_per_unit;
    if (depth == 0 || path->failed || path->n > LIMIT_VERTICES_PER_GEOMETRY ||
        length_m < SHORT_EDGE_M)
        return;
    struct import_xy middle_xy = halfway(xy[0], xy[1]);
    struct lonlat middle = locate(path->crs, middle_xy);
    struct lonlat first = locate(path->crs, halfway(xy[0], middle_xy));
    struct lonlat third = locate(path->crs, halfway(middle_xy, xy[1]));
    double most_m = fmax(stray_m(ends[0], ends[1], middle),
                         fmax(stray_m(ends[0], ends[1], first), stray_m(ends[0], ends[1], third)));
    if (!(most_m > EDGE_TOLERANCE_M))
        return;
    split(path, (struct import_xy[2]){xy[0], middle_xy}, (struct lonlat[2]){ends[0], middle},
          depth - 1);
    push(path, middle);
    split(path, (struct import_xy[2]){middle_xy, xy[1]}, (struct lonlat[2]){middle, ends[1]},
          depth - 1);
}

static struct box intersection(struct box a, struct box b)
{
    return (struct box){fmax(a.west_deg, b.west_deg), fmax(a.south_deg, b.south_deg),
                        fmin(a.east_deg, b.east_deg), fmin(a.north_deg, b.north_deg)};
}

/* China west of 90 degrees east, half a degree beyond its borders. A rectangle around China holds
 * India and half of Kazakhstan too: a place in the Arctic (Svalbard, 15 78) read the other way
 * lies there, and is no mistake. East of it the longitude could not be anybody's latitude. */
static bool may_be_china(struct lonlat at)
{
    static const struct {
        double east, south, north;
    } bands[] = {{73, 90, -90},      {76.5, 34.8, 41.5}, {80, 30, 43.5},
                 {82.3, 29.5, 45.8}, {85, 27.8, 48},     {90, 26.8, 49.7}};
    for (size_t i = 0; i < sizeof bands / sizeof *bands; i++)
        if (at.lon_deg <= bands[i].east)
            return at.lat_deg >= bands[i].south && at.lat_deg <= bands[i].north;
    return true;
}

static bool looks_swapped(const struct import_crs *crs, struct import_xy xy, struct lonlat at,
                          const struct import_reference *expected)
{
    struct lonlat swapped = locate(crs, (struct import_xy){xy.y, xy.x});
    return !inside(expected->box, at) && inside(expected->box, swapped) &&
           (!expected->china || may_be_china(swapped));
}

/* No projection that is used for maps has its data within 180 m of where its metres begin. */
static bool looks_like_degrees(const struct import_crs *crs, struct import_xy xy)
{
    return !crs->geographic && fabs(xy.x) <= 180 && fabs(xy.y) <= 90;
}

/* A fault if the point cannot be where it says; expected: where nothing speaks against it. */
static void check_point(const struct import_crs *crs, struct import_xy xy, struct lonlat at,
                        const struct import_reference *expected, struct import_fault *fault)
{
    static const struct box world = {-180, -90, 180, 90};
    bool degrees = looks_like_degrees(crs, xy);
    if (inside(expected->box, at) && !degrees)
        return;
    char value[64];
    snprintf(value, sizeof value, "%.10g %.10g", xy.x, xy.y);
    if (!isfinite(xy.x) || !isfinite(xy.y))
        import_fault_set(fault, REFUSED_NOT_FINITE, "geom", value,
                         "the vertex (%s) is not a pair of numbers", value);
    else if (xy.x == 0 && xy.y == 0)
        import_fault_set(fault, REFUSED_NO_SHAPE, "geom", value,
                         "(0 0) stands for a place that nobody knew");
    else if (degrees)
        import_fault_set(fault, REFUSED_OUTSIDE_CRS, "geom", value,
                         "(%s) looks like degrees, but %s counts metres; is that CRS right?", value,
                         crs->text);
    else if (looks_swapped(crs, xy, at, expected))
        import_fault_set(fault, REFUSED_SWAPPED, "geom", value, "(%s) looks like %s; give %s first",
                         value, crs->geographic ? "latitude, longitude" : "northing, easting",
                         crs->geographic ? "longitude" : "easting");
    else if (!inside(world, at))
        import_fault_set(fault, REFUSED_OUTSIDE_WORLD, "geom", value,
                         "(%s) is no place on Earth on %s; longitude lies in -180..180, latitude "
                         "in -90..90%s",
                         value, crs->text,
                         crs->geographic && fabs(xy.x) > 360 ? "; metres of a projected CRS?" : "");
    else if (!inside(crs->area, at))
        import_fault_set(fault, REFUSED_OUTSIDE_CRS, "geom", value,
                         "(%s) lies at %.2f %.2f, far outside the area for which %s is made; is "
                         "that CRS right?",
                         value, at.lon_deg, at.lat_deg, crs->text);
}

/* Many at a time: a call of OCTTransformEx costs more than a vertex does. */
static void locate_many(const struct import_crs *crs, const struct import_xy *xy, size_t n,
                        struct lonlat *out)
{
    enum { BATCH = 512 };
    double x[BATCH], y[BATCH];
    int ok[BATCH];
    if (crs->datum != DATUM_TRANSFORMED) {
        for (size_t i = 0; i < n; i++)
            out[i] = locate(crs, xy[i]);
        return;
    }
    for (size_t at = 0; at < n; at += BATCH) {
        size_t count = n - at < BATCH ? n - at : BATCH;
        for (size_t i = 0; i < count; i++) {
            x[i] = xy[at + i].x;
            y[i] = xy[at + i].y;
            ok[i] = 0;
        }
        OCTTransformEx(crs->to_lonlat, (int)count, x, y, NULL, ok);
        for (size_t i = 0; i < count; i++)
            out[at + i] =
                ok[i] ? (struct lonlat){x[i], y[i]} : (struct lonlat){(double)NAN, (double)NAN};
    }
}

/* Every vertex of the rings, located and checked; stops at the first fault. */
static void locate_all(const struct import_crs *crs, const struct import_rings *rings,
                       const struct import_reference *expected, struct lonlat *out,
                       struct import_fault *fault)
{
    locate_many(crs, rings->points, rings->n_points, out);
    for (size_t i = 0; i < rings->n_points && !fault->reason; i++)
        check_point(crs, rings->points[i], out[i], expected, fault);
}

static enum err_code densify(const struct import_crs *crs, const struct import_rings *rings,
                             const struct lonlat *located, struct path *path, uint32_t *ring_ends,
                             struct err *err)
{
    size_t at = 0;
    for (size_t ring = 0; ring < rings->n_rings; ring++) {
        for (size_t first = at; at < rings->ring_ends[ring]; at++) {
            if (at > first)
                split(path, (struct import_xy[2]){rings->points[at - 1], rings->points[at]},
                      (struct lonlat[2]){located[at - 1], located[at]},
                      crs->edge_m_per_unit > 0 ? SPLIT_DEPTH : 0);
            push(path, located[at]);
        }
        ring_ends[ring] = (uint32_t)path->n;
    }
    return path->failed ? err_nomem(err) : ERR_OK;
}

enum err_code import_crs_apply(const struct import_crs *crs, const struct import_rings *rings,
                               const struct import_reference *reference, struct arena *arena,
                               struct geom *out, struct import_fault *fault, struct err *err)
{
    enum err_code code = ERR_OK;
    struct lonlat *located = arena_new(arena, struct lonlat, rings->n_points);
    uint32_t *ring_ends = arena_new(arena, uint32_t, rings->n_rings);
    struct path path = {.crs = crs, .arena = arena};
    if (!located || !ring_ends)
        return err_nomem(err);
    struct import_reference expected = {intersection(reference->box, crs->area), reference->china};
    locate_all(crs, rings, &expected, located, fault);
    if (fault->reason)
        goto done;
    path.points = located;
    path.n = rings->n_points;
    if (rings->n_rings)
        memcpy(ring_ends, rings->ring_ends, rings->n_rings * sizeof *ring_ends);
    if (rings->kind != GEOM_POINT && crs->edge_m_per_unit > 0) {
        path = (struct path){.crs = crs, .arena = arena};
        TRY(densify(crs, rings, located, &path, ring_ends, err));
    }
    if (path.n > LIMIT_VERTICES_PER_GEOMETRY) {
        import_fault_set(fault, REFUSED_VERTICES, "geom", "",
                         "over %d vertices; simplify or split it", LIMIT_VERTICES_PER_GEOMETRY);
        goto done;
    }
    *out = (struct geom){.kind = rings->kind,
                         .n_points = (uint32_t)path.n,
                         .n_rings = (uint32_t)rings->n_rings,
                         .n_parts = (uint32_t)rings->n_parts,
                         .points = path.points,
                         .ring_ends = ring_ends,
                         .part_ends = rings->part_ends,
                         .box = box_of_points(path.points, path.n)};
done:
    return code;
}
