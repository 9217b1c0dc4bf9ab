/*
 * ellipsoid.h - measures on CGCS2000: distances, directions, areas, transformations.
 * With geodesic.h and proj.h of PROJ behind it; the only file pair that knows PROJ.
 *
 * Space:   longitude and latitude in degrees, EPSG:4490 (GRS 80 with 1/f = 298.257222101);
 *          longitudes may lie outside [-180, 180].
 * Threads: all functions but those of struct transform are pure; a struct transform
 *          belongs to one thread.
 * Source:  Karney, "Algorithms for geodesics", J. Geodesy 87 (2013); authalic latitude
 *          after Snyder, USGS PP 1395 (1987), (3-11) and (3-12), with its closed form.
 */
#ifndef SISETU_GEO_ELLIPSOID_H
#define SISETU_GEO_ELLIPSOID_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"

extern const double ELLIPSOID_A_M; /* 6378137 */
extern const double ELLIPSOID_E2;  /* eccentricity squared, f (2 - f) */

/* Metres from the earth's centre: x to (0 E, 0 N), y to (90 E, 0 N), z to the north pole.
 * In it the chord between two points bounds their distance from below everywhere, over the
 * poles and the antimeridian too. */
struct ecef {
    double x;
    double y;
    double z;
};

struct ecef ellipsoid_ecef(struct lonlat point);

/* The geodesic between two points of the ellipsoid from its chord, the curvature of the
 * normal section at its middle and the series of the arc over the chord: off by under
 * 20 nm to 50 km, 0.3 um to 100 km, 3 cm (3e-8) to 1,000 km. About 15 ns. */
double ellipsoid_arc_m(struct ecef a, struct ecef b);

/* No geodesic of length distance_m has a longer chord than this, and a chord of length
 * chord_m belongs to no shorter geodesic than that. */
double ellipsoid_longest_chord_m(double distance_m);
double ellipsoid_shortest_arc_m(double chord_m);

/* Geodesic distance, m; good to 20 nm up to 50 km and to 0.3 um at any distance. */
double ellipsoid_distance_m(struct lonlat a, struct lonlat b);

/* The same where the places in space are known already. */
double ellipsoid_between_m(struct lonlat a, struct ecef a_ecef, struct lonlat b,
                           struct ecef b_ecef);

/* Also the azimuth at a, degrees clockwise from north, in [-180, 180]. */
double ellipsoid_inverse(struct lonlat a, struct lonlat b, double *azimuth_deg);
struct lonlat ellipsoid_direct(struct lonlat from, double azimuth_deg, double distance_m);

/* n points at that distance, counter-clockwise from due north: to 40 um within 5 km (4 ns
 * each, Legendre's series), farther out and near the poles as ellipsoid_direct. */
void ellipsoid_circle(struct lonlat centre, double radius_m, size_t n, struct lonlat *ring);

/* Metres a degree of longitude and of latitude at that latitude (radii of curvature): for
 * bounds and first guesses, never for a decision. */
void ellipsoid_degree_m(double lat_deg, double *lon_m, double *lat_m);

/* A box that surely holds everything within radius_m of box. Round a pole it spans all
 * longitudes; across the antimeridian its west lies under -180 or its east over 180. */
struct box ellipsoid_expand(struct box box, double radius_m);

/* The area between two parallels and two meridians is (east - west) in radians times this: m2.
 * The difference of q of the authalic latitude, scaled, without cancellation. */
double ellipsoid_zone_between_m2(double from_lat_deg, double to_lat_deg);

/* Area of a polygon with edges straight in longitude and latitude, m2; holes taken off. */
double ellipsoid_area_m2(const struct geom *geom);

/* Length of lines and rings, m: edges straight in longitude and latitude. */
double ellipsoid_length_m(const struct geom *geom);

/* From EPSG:4490 longitude, latitude to another CRS (x east, y north) and back. The WGS 84
 * and CGCS2000 families pass as equal; a CRS that PROJ reaches only by a "ballpark" guess is
 * refused. Opens no connection. ERR_INPUT names the CRS and PROJ's reason. */
struct transform;
enum err_code transform_new(const char *crs, struct transform **out, struct err *err);
void transform_free(struct transform *transform);
bool transform_forward(struct transform *transform, struct lonlat from, double *x, double *y);
bool transform_inverse(struct transform *transform, double x, double y, struct lonlat *to);

#endif
