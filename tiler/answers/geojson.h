/*
 * geojson.h - the shape of a request or of a small file (answers: data/geom_json.h).
 *
 * What users import goes through OGR (data/import.h); this reads the one shape that a
 * question carries. Coordinates are taken as longitude and latitude of CGCS2000.
 *
 * Source:  RFC 7946.
 */
#ifndef SISETU_TILER_GEOJSON_H
#define SISETU_TILER_GEOJSON_H

#include "data/base/arena.h"
#include "data/base/json.h"
#include "data/geom.h"

/* Reads a geometry, a feature, or a collection of exactly one feature. Points outside the
 * world, open rings, too few vertices, mixed collections: ERR_INPUT with what and where. */
enum err_code geojson_read(const struct json *value, struct arena *arena, struct geom *out,
                           struct err *err);

/* From the named CRS to CGCS2000, in place of the copy in the arena: EPSG:4490 and EPSG:4326
 * (and NULL) as it is, gcj02 and bd09 with their shift undone. ERR_USAGE for others. */
enum err_code geojson_apply_crs(const char *crs, struct geom *geom, struct arena *arena,
                                struct err *err);

#endif
