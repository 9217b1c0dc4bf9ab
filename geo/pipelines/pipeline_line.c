#include "geo/pipelines/pipeline_line.h"

#include "data/base/digits.h"
#include "geo/measure/ellipsoid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Within a piece so long the scale of a degree changes by 1.3e-4 at most at 40 degrees, so that
 * the middle of an edge is off by 2 cm. */
static const double LONGEST_PIECE_M = 1000;

static struct lonlat between(struct lonlat a, struct lonlat b, double t)
{
    return (struct lonlat){a.lon_deg + t * (b.lon_deg - a.lon_deg),
                           a.lat_deg + t * (b.lat_deg - a.lat_deg)};
}

static bool same_point(struct lonlat a, struct lonlat b)
{
    return a.lon_deg == b.lon_deg && a.lat_deg == b.lat_deg;
}

/* Pieces that an edge is cut into. */
static uint32_t pieces_of(struct lonlat a, struct lonlat b)
{
    static const double MOST_M_A_DEGREE = 111700; /* of latitude at the poles */
    double degrees = fabs(a.lon_deg - b.lon_deg) + fabs(a.lat_deg - b.lat_deg);
    if (degrees * MOST_M_A_DEGREE <= LONGEST_PIECE_M)
        return 1;
    double chord_m = ellipsoid_distance_m(a, b);
    double most = ceil(chord_m / LONGEST_PIECE_M);
    return most < 1 ? 1 : most > 1e6 ? 1000000 : (uint32_t)most;
}

static enum err_code check_line(const struct geom *geom, struct err *err)
{
    if (geom->kind != GEOM_LINE || geom->n_points < 2)
        return err_set(err, ERR_INPUT, "a pipeline should be a line");
    for (uint32_t i = 0; i < geom->n_points; i++) {
        struct lonlat at = geom->points[i];
        if (!(fabs(at.lon_deg) <= 720 && fabs(at.lat_deg) <= 90))
            return err_set(err, ERR_INPUT,
                           "vertex %u of a pipeline, (%g %g), is no longitude and latitude in "
                           "degrees",
                           (unsigned)i, at.lon_deg, at.lat_deg);
    }
    return ERR_OK;
}

static uint64_t count_points(const struct geom *geom)
{
    uint64_t n = geom->n_rings;
    for (uint32_t ring = 0; ring < geom->n_rings; ring++)
        for (uint32_t i = geom_ring_start(geom, ring); i + 1 < geom->ring_ends[ring]; i++)
            n += pieces_of(geom->points[i], geom->points[i + 1]);
    return n;
}

/* The line while it is made. */
struct making {
    struct lonlat *points;
    double *at_m;
    uint32_t *part_ends;
    uint32_t n;
    uint32_t n_parts;
    struct ecef last; /* of a line with stations */
};

static void add_point(struct making *making, struct lonlat point, bool first, double start_m)
{
    making->points[making->n++] = point;
    if (!making->at_m)
        return;
    struct ecef ecef = ellipsoid_ecef(point);
    double at_m = making->n > 1 ? making->at_m[making->n - 2] : start_m;
    if (!first)
        at_m += ellipsoid_arc_m(making->last, ecef);
    making->at_m[making->n - 1] = at_m;
    making->last = ecef;
}

static void add_ring(struct making *making, const struct geom *geom, uint32_t ring, double start_m)
{
    uint32_t first = geom_ring_start(geom, ring);
    bool goes_on = making->n > 0 && same_point(making->points[making->n - 1], geom->points[first]);
    if (!goes_on) {
        if (making->n > 0)
            making->n_parts++;
        add_point(making, geom->points[first], true, start_m);
    }
    for (uint32_t i = first; i + 1 < geom->ring_ends[ring]; i++) {
        struct lonlat a = geom->points[i];
        struct lonlat b = geom->points[i + 1];
        uint32_t pieces = same_point(a, b) ? 0 : pieces_of(a, b);
        for (uint32_t k = 1; k <= pieces; k++)
            add_point(making, k == pieces ? b : between(a, b, (double)k / pieces), false, start_m);
    }
    making->part_ends[making->n_parts] = making->n;
}

static enum err_code make(const struct geom *geom, const double *start_m, struct arena *arena,
                          struct pipeline_line *out, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(check_line(geom, err));
    uint64_t n = count_points(geom);
    struct making making = {.points = arena_new(arena, struct lonlat, n),
                            .at_m = start_m ? arena_new(arena, double, n) : NULL,
                            .part_ends = arena_new(arena, uint32_t, geom->n_rings)};
    if (!making.points || (start_m && !making.at_m) || !making.part_ends || n > UINT32_MAX)
        return err_nomem(err);
    for (uint32_t ring = 0; ring < geom->n_rings; ring++)
        add_ring(&making, geom, ring, start_m ? *start_m : 0);
    *out = (struct pipeline_line){.n = making.n,
                                  .points = making.points,
                                  .at_m = making.at_m,
                                  .n_parts = making.n_parts + 1,
                                  .part_ends = making.part_ends};
done:
    return code;
}

enum err_code pipeline_line_build(const struct geom *geom, double start_m, struct arena *arena,
                                  struct pipeline_line *out, struct err *err)
{
    return make(geom, &start_m, arena, out, err);
}

enum err_code pipeline_line_outline(const struct geom *geom, struct arena *arena,
                                    struct pipeline_line *out, struct err *err)
{
    return make(geom, NULL, arena, out, err);
}

/* Index of the last point of the part that is not beyond the station, but never its end. */
static uint32_t piece_at(const struct pipeline_line *line, uint32_t part, double at_m)
{
    uint32_t low = pipeline_part_start(line, part);
    uint32_t high = line->part_ends[part] - 1;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (line->at_m[middle] <= at_m)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct lonlat pipeline_line_point(const struct pipeline_line *line, uint32_t part, double at_m)
{
    uint32_t i = piece_at(line, part, at_m);
    if (i + 1 >= line->part_ends[part])
        return line->points[i];
    double length_m = line->at_m[i + 1] - line->at_m[i];
    double t = length_m > 0 ? (at_m - line->at_m[i]) / length_m : 0;
    if (t <= 0)
        return line->points[i];
    return t >= 1 ? line->points[i + 1] : between(line->points[i], line->points[i + 1], t);
}

enum err_code pipeline_line_slice(const struct pipeline_line *line, uint32_t part, struct span span,
                                  struct arena *arena, struct geom *out, struct err *err)
{
    struct span whole = pipeline_part_span(line, part);
    double from_m = max_of(span.from_m, whole.from_m);
    double to_m = min_of(span.to_m, whole.to_m);
    if (!(from_m < to_m))
        return geom_of_point(pipeline_line_point(line, part, from_m), arena, out, err);
    uint32_t first = piece_at(line, part, from_m) + 1;
    uint32_t end = piece_at(line, part, to_m) + 1;
    while (end > first && line->at_m[end - 1] >= to_m)
        end--;
    uint32_t n = end - first + 2;
    struct lonlat *points = arena_new(arena, struct lonlat, n);
    uint32_t *ends = arena_new(arena, uint32_t, 1);
    if (!points || !ends)
        return err_nomem(err);
    points[0] = pipeline_line_point(line, part, from_m);
    for (uint32_t i = first; i < end; i++)
        points[1 + i - first] = line->points[i];
    points[n - 1] = pipeline_line_point(line, part, to_m);
    ends[0] = n;
    *out = (struct geom){.kind = GEOM_LINE,
                         .n_points = n,
                         .n_rings = 1,
                         .points = points,
                         .ring_ends = ends,
                         .box = box_of_points(points, n)};
    return ERR_OK;
}

void pipeline_station_text(double at_m, char out[STATION_TEXT_BYTES])
{
    int64_t m = llround(at_m);
    uint64_t size = m < 0 ? -(uint64_t)m : (uint64_t)m;
    char text[STATION_TEXT_BYTES], *end = text + sizeof text - 1, *at = end;
    *end = '\0';
    at = digits_before(size % 1000 + 1000, at); /* with a 1 in front, for the zeros behind it */
    *at = '+';
    at = digits_before(size / 1000, at);
    *--at = 'K';
    if (m < 0)
        *--at = '-';
    memcpy(out, at, (size_t)(end + 1 - at));
}
