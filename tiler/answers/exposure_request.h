/*
 * exposure_request.h - the body of POST /v1/exposure: shapes whose residents are asked for.
 *
 *     {"type": "FeatureCollection", "features": [...], "crs": "gcj02", "within_m": 500}
 *
 * A GeoJSON geometry, Feature or FeatureCollection. Two members beside GeoJSON's own: `crs`
 * (EPSG:4490, the default, EPSG:4326, gcj02 or bd09) and `within_m`, which asks for everybody
 * within so many metres of the shape; without it shapes have to be polygons. A feature's id is
 * its `id`, else the `id` of its properties, else its number from 1.
 *
 * Owner:   everything belongs to the arena.
 * Errors:  ERR_INPUT (422) naming the feature; ERR_LIMIT for over LIMIT_PAGE_ITEMS features, or,
 *          with within_m, over LIMIT_SITE_VERTICES vertices in all.
 * Source:  RFC 7946; its clause 6.1 for the two members.
 */
#ifndef SISETU_TILER_EXPOSURE_REQUEST_H
#define SISETU_TILER_EXPOSURE_REQUEST_H

#include "data/base/arena.h"
#include "data/base/json.h"
#include "geo/measure/exposure.h"

struct overlay;

struct asked_shape {
    const char *id;
    struct geom geom;
};

struct exposure_request {
    double within_m; /* 0: inside */
    struct asked_shape *shapes;
    size_t n;
};

enum err_code exposure_request_read(const char *body, size_t n, struct overlay *overlay,
                                    struct arena *arena, struct exposure_request *out,
                                    struct err *err);

/* One answer, of the command line and of the API: id, persons, low, high, cells, area_m2,
 * densest, nodata_share; repaired unless it is NULL. Numbers with all their digits, so that
 * parts add up. */
void exposure_write(struct jw *jw, const char *id, const struct exposure *exposure,
                    const char *repaired);

#endif
