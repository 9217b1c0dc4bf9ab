/*
 * geom_json.h - shapes as GeoJSON geometries.
 *
 * Space:   longitude and latitude, degrees, as the shape has them.
 * Threads: pure.
 * Source:  RFC 7946, 3.1.
 */
#ifndef SISETU_GEOM_JSON_H
#define SISETU_GEOM_JSON_H

#include "data/base/json.h"
#include "data/geom.h"

/* How many decimals of a degree are written: 8 are a millimetre; GEOM_JSON_EXACT writes every
 * digit, and the sign of a zero, so that reading gives the same bits. */
enum { GEOM_JSON_EXACT = -1, GEOM_JSON_DECIMALS = 8 };

/* [lon, lat] */
void geom_write_position(struct jw *jw, struct lonlat point, int decimals);

/* A geometry object, or null for GEOM_NONE and NULL. */
void geom_write_json(struct jw *jw, const struct geom *geom, int decimals);

/* For a geometry object that the caller writes himself. */
const char *geom_json_type(const struct geom *geom); /* "MultiPolygon"; not of GEOM_NONE */
void geom_write_coordinates(struct jw *jw, const struct geom *geom, int decimals);

#endif
