#include "tiler/answers/exposure_request.h"

#include "data/base/limits.h"
#include "geo/measure/overlay.h"
#include "tiler/answers/geojson.h"

#include <inttypes.h>
#include <string.h>

static const char *text_of_id(const struct json *id, struct arena *arena)
{
    if (jr_text(id))
        return arena_strdup(arena, jr_text(id));
    if (jr_type_of(id) == JR_INTEGER)
        return arena_printf(arena, "%" PRId64, jr_integer(id, 0));
    return jr_type_of(id) == JR_REAL ? arena_printf(arena, "%.17g", jr_number(id, 0)) : NULL;
}

static enum err_code check_shape(const struct exposure_request *request, const struct geom *geom,
                                 struct overlay *overlay, struct err *err)
{
    double from_deg, to_deg;
    if (request->within_m == 0 && geom->kind != GEOM_POLYGON)
        return err_set(err, ERR_INPUT,
                       "a point or line has no inside; give a polygon, or within_m in metres");
    if (geom_has_long_edge(geom, &from_deg, &to_deg))
        return err_set(err, ERR_INPUT,
                       "an edge from longitude %.6g to %.6g is over half a turn; cut the shape at "
                       "the antimeridian, or put a vertex between",
                       from_deg, to_deg);
    return geom->kind == GEOM_POLYGON ? overlay_check_valid(overlay, geom, err) : ERR_OK;
}

/* A feature, or a bare geometry, as number `i` of the request. */
static enum err_code read_shape(const struct json *value, size_t i, const char *crs,
                                struct overlay *overlay, struct arena *arena,
                                struct exposure_request *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct asked_shape *shape = &out->shapes[i];
    shape->id = text_of_id(jr_get(value, "id"), arena);
    if (!shape->id)
        shape->id = text_of_id(jr_get(jr_get(value, "properties"), "id"), arena);
    if (!shape->id)
        shape->id = arena_printf(arena, "%zu", i + 1);
    TRY(shape->id ? ERR_OK : err_nomem(err));
    TRY(geojson_read(value, arena, &shape->geom, err));
    TRY(geojson_apply_crs(crs, &shape->geom, arena, err));
    TRY(check_shape(out, &shape->geom, overlay, err));
done:
    return code == ERR_OK ? code : err_wrap(err, "feature %zu", i + 1);
}

static enum err_code read_members(const struct json *root, const char **crs,
                                  struct exposure_request *out, struct err *err)
{
    const struct json *named = jr_get(root, "crs");
    const struct json *within = jr_get(root, "within_m");
    *crs = jr_text(named);
    if (named && !*crs)
        return err_set(err, ERR_INPUT,
                       "\"crs\" should be a text: EPSG:4490, EPSG:4326, gcj02 or bd09");
    if (!within)
        return ERR_OK;
    out->within_m = jr_number(within, -1);
    if (!(out->within_m > 0 && out->within_m <= LIMIT_RADIUS_M))
        return err_set(err, ERR_INPUT, "\"within_m\" should be a number over 0, up to %d",
                       LIMIT_RADIUS_M);
    return ERR_OK;
}

static enum err_code check_size(const struct exposure_request *request, struct err *err)
{
    size_t n_vertices = 0;
    for (size_t i = 0; i < request->n; i++)
        n_vertices += request->shapes[i].geom.n_points;
    if (request->within_m > 0 && n_vertices > LIMIT_SITE_VERTICES)
        return err_set(err, ERR_LIMIT, "%zu vertices; with within_m at most %d are taken",
                       n_vertices, LIMIT_SITE_VERTICES);
    return ERR_OK;
}

enum err_code exposure_request_read(const char *body, size_t n, struct overlay *overlay,
                                    struct arena *arena, struct exposure_request *out,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    struct json *root = NULL;
    const char *crs;
    *out = (struct exposure_request){.n = 1};
    TRY(jr_parse(body, n, &root, err));
    if (jr_type_of(root) != JR_OBJECT)
        TRY(err_set(err, ERR_INPUT, "the body should be a GeoJSON geometry or feature(s)"));
    TRY(read_members(root, &crs, out, err));
    const char *type = jr_text(jr_get(root, "type"));
    const struct json *features = NULL;
    if (type && strcmp(type, "FeatureCollection") == 0) {
        features = jr_get(root, "features");
        if (jr_count(features) == 0)
            TRY(err_set(err, ERR_INPUT, "the collection has no features"));
        out->n = jr_count(features);
    }
    if (out->n > LIMIT_PAGE_ITEMS)
        TRY(err_set(err, ERR_LIMIT, "%zu features; at most %d are taken", out->n,
                    LIMIT_PAGE_ITEMS));
    out->shapes = arena_new(arena, struct asked_shape, out->n);
    TRY(out->shapes ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < out->n; i++)
        TRY(read_shape(features ? jr_item(features, i) : root, i, crs, overlay, arena, out, err));
    TRY(check_size(out, err));
done:
    jr_free(root);
    return code;
}

void exposure_write(struct jw *jw, const char *id, const struct exposure *exposure,
                    const char *repaired)
{
    jw_object(jw);
    jw_kv_string(jw, "id", id);
    jw_kv_real(jw, "persons", exposure->persons);
    jw_kv_real(jw, "low", exposure->low);
    jw_kv_real(jw, "high", exposure->high);
    jw_kv_integer(jw, "cells", exposure->cells);
    jw_kv_real(jw, "area_m2", exposure->area_m2);
    jw_kv_real(jw, "densest", exposure->densest_km2);
    jw_kv_real(jw, "nodata_share", exposure->nodata_share);
    if (repaired)
        jw_kv_string(jw, "repaired", repaired);
    jw_end_object(jw);
}
