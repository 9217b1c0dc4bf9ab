/*
 * geom.h - a shape as plain packed coordinates.
 *
 * One layout for all shapes, from import to drawing. Nothing in it belongs to a library,
 * so it can be shared between threads and lives in an arena.
 *
 *   GEOM_POINT    n_points points; rings and parts unused
 *   GEOM_LINE     ring i = the vertices of line i, 2 or more; parts unused
 *   GEOM_POLYGON  ring = closed ring, first vertex repeated at its end, 4 or more vertices;
 *                 part = polygon: its first ring is the outer one (counter-clockwise), the
 *                 others are holes (clockwise)
 *
 * Every shape may be multi. A geometry collection of mixed kinds is split or refused at
 * import; it never gets here.
 *
 * Space: longitude and latitude in degrees, CGCS2000 (EPSG:4490). Edges are straight in
 * longitude and latitude (README.md, Truth 2).
 */
#ifndef SISETU_DATA_GEOM_H
#define SISETU_DATA_GEOM_H

#include "data/base/arena.h"
#include "data/base/err.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lonlat {
    double lon_deg;
    double lat_deg;
};

/* Holds its edges. An empty box has west > east. */
struct box {
    double west_deg;
    double south_deg;
    double east_deg;
    double north_deg;
};

enum geom_kind { GEOM_NONE, GEOM_POINT, GEOM_LINE, GEOM_POLYGON };

struct geom {
    enum geom_kind kind;
    uint32_t n_points;
    uint32_t n_rings;
    uint32_t n_parts;
    const struct lonlat *points;
    const uint32_t *ring_ends; /* ring_ends[i]: index after the last vertex of ring i */
    const uint32_t *part_ends; /* part_ends[i]: index after the last ring of polygon i */
    struct box box;
};

static inline uint32_t geom_ring_start(const struct geom *geom, uint32_t ring)
{
    return ring ? geom->ring_ends[ring - 1] : 0;
}

static inline uint32_t geom_part_start(const struct geom *geom, uint32_t part)
{
    return part ? geom->part_ends[part - 1] : 0;
}

static inline struct box box_empty(void)
{
    return (struct box){INFINITY, INFINITY, -INFINITY, -INFINITY};
}

static inline bool box_is_empty(struct box box)
{
    return !(box.west_deg <= box.east_deg && box.south_deg <= box.north_deg);
}

static inline bool box_intersects(struct box a, struct box b)
{
    return a.west_deg <= b.east_deg && b.west_deg <= a.east_deg && a.south_deg <= b.north_deg &&
           b.south_deg <= a.north_deg;
}

/* fmin and fmax are calls into libm, for the sake of NaN; these are one instruction. */
static inline double min_of(double a, double b)
{
    return a < b ? a : b;
}

static inline double max_of(double a, double b)
{
    return a > b ? a : b;
}

static inline struct box box_union(struct box a, struct box b)
{
    return (struct box){min_of(a.west_deg, b.west_deg), min_of(a.south_deg, b.south_deg),
                        max_of(a.east_deg, b.east_deg), max_of(a.north_deg, b.north_deg)};
}

static inline struct box box_of_points(const struct lonlat *points, size_t n)
{
    struct box box = box_empty();
    for (size_t i = 0; i < n; i++) {
        struct box one = {points[i].lon_deg, points[i].lat_deg, points[i].lon_deg,
                          points[i].lat_deg};
        box = box_union(box, one);
    }
    return box;
}

/* A shape of one point, its coordinates kept in the arena. */
enum err_code geom_of_point(struct lonlat point, struct arena *arena, struct geom *out,
                            struct err *err);

/* One outer ring from n vertices (closed or not; turned counter-clockwise). */
enum err_code geom_of_ring(const struct lonlat *points, size_t n, struct arena *arena,
                           struct geom *out, struct err *err);

/* Well-known binary (2D, little-endian, ISO) both ways: how the store keeps a shape and how
 * shapes pass to GEOS and OGR. geom_from_wkb closes rings, turns them as geom.h says, drops
 * Z and M, flattens multi-geometries, takes either byte order, and refuses non-finite
 * coordinates, rings of under 4 vertices, lines of under 2, mixed collections and truncated
 * or surplus bytes with ERR_INPUT, too many vertices with ERR_LIMIT. An EMPTY shape is
 * GEOM_NONE; it is written as an empty collection. */
enum err_code geom_from_wkb(const void *bytes, size_t n, struct arena *arena, struct geom *out,
                            struct err *err);
enum err_code geom_to_wkb(const struct geom *geom, struct arena *arena, const void **bytes,
                          size_t *n, struct err *err);

/* Turns a closed ring of n vertices in place; a ring without area stays as it is. */
void geom_turn_ring(struct lonlat *points, size_t n, bool counter_clockwise);

/* Whether an edge goes over half a turn of longitude, and not a whole one: it may have been
 * meant to cross the antimeridian the other way (RFC 7946, 3.1.9). from and to are the edge's. */
bool geom_has_long_edge(const struct geom *geom, double *from_deg, double *to_deg);

/* Deep copy into another arena. */
enum err_code geom_copy(const struct geom *from, struct arena *arena, struct geom *out,
                        struct err *err);

/* Same kind, rings and coordinates, bit for bit. */
bool geom_equal(const struct geom *a, const struct geom *b);

#endif
