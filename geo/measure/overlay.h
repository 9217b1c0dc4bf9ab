/*
 * overlay.h - what two shapes share, by GEOS. The only file pair that knows GEOS.
 *
 * Shapes go in and come out as struct geom in longitude and latitude; planar overlay of
 * edges straight in longitude and latitude is exact for our edges (README.md, Truth 2).
 * Longitudes are taken as they are: both shapes on the same side of the antimeridian.
 *
 * Life:    overlay_new one a worker; overlay_free.
 * Threads: a struct overlay belongs to one thread (GEOS 3.11 fills caches in const calls).
 * Errors:  ERR_INPUT where GEOS refuses a shape, with its words; a shape that only fails for
 *          rounding is tried again snapped to 1e-9 degree (0.1 mm).
 */
#ifndef SISETU_GEO_OVERLAY_H
#define SISETU_GEO_OVERLAY_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"

#include <stdbool.h>

struct overlay;

enum err_code overlay_new(struct overlay **out, struct err *err);
void overlay_free(struct overlay *overlay);

/* Results keep one kind only, the lower of the two: polygons with polygons give polygons,
 * lines with polygons give lines; what merely touches is dropped. Nothing left, or GEOM_NONE
 * given, is GEOM_NONE. */
enum err_code overlay_intersection(struct overlay *overlay, const struct geom *a,
                                   const struct geom *b, struct arena *arena, struct geom *out,
                                   struct err *err);

/* a without b; of the kind of a. */
enum err_code overlay_difference(struct overlay *overlay, const struct geom *a,
                                 const struct geom *b, struct arena *arena, struct geom *out,
                                 struct err *err);

/* Union of n polygons; others among them are left out. */
enum err_code overlay_union(struct overlay *overlay, const struct geom *const *shapes, size_t n,
                            struct arena *arena, struct geom *out, struct err *err);

/* The faces that the outlines of n polygons cut the plane into: pieces that no outline crosses,
 * holes among them included, each with a point inside. In the order of GEOS, which is fixed by
 * the shapes. */
struct overlay_face {
    struct geom geom;
    struct lonlat inside;
};
enum err_code overlay_faces(struct overlay *overlay, const struct geom *const *shapes, size_t n,
                            struct arena *arena, struct overlay_face **faces, size_t *n_faces,
                            struct err *err);

/* Union of faces of one arrangement: much quicker than that of any polygons, since they meet
 * only in whole edges. */
enum err_code overlay_join_faces(struct overlay *overlay, const struct geom *const *faces, size_t n,
                                 struct arena *arena, struct geom *out, struct err *err);

/* The polygon of all points within radius_m of the shape (points, lines or polygons), its
 * edge nowhere off by more than tolerance_m (0.0001 to 10; radius up to 200 km, 0 gives a
 * polygon back as it is and nothing for other kinds). About one point it has the area of the
 * circle. For populations around a plant and for
 * drawing; never for a verdict (README.md, Truth 4). ERR_USAGE for other numbers, ERR_INPUT
 * where it would reach a pole. */
enum err_code overlay_buffer(struct overlay *overlay, const struct geom *shape, double radius_m,
                             double tolerance_m, struct arena *arena, struct geom *out,
                             struct err *err);

/* A point surely inside, for a label; ERR_INPUT for what is no polygon. */
enum err_code overlay_inside_point(struct overlay *overlay, const struct geom *polygon,
                                   struct lonlat *out, struct err *err);

/* For overlay_buffer: a plane buffer, in whatever unit the coordinates have, round, with that
 * many segments a quarter circle; and a polygon freed of self-crossings. */
enum err_code overlay_plane_buffer(struct overlay *overlay, const struct geom *shape, double radius,
                                   int quarter_segments, struct arena *arena, struct geom *out,
                                   struct err *err);
enum err_code overlay_make_valid(struct overlay *overlay, const struct geom *polygon,
                                 struct arena *arena, struct geom *out, struct err *err);

/* ERR_INPUT, with the reason and the place, where an outline crosses itself, has a hole
 * outside, or encloses nothing. */
enum err_code overlay_check_valid(struct overlay *overlay, const struct geom *polygon,
                                  struct err *err);

#endif
