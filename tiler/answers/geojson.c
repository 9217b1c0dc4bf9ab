#include "tiler/answers/geojson.h"

#include "data/base/limits.h"
#include "data/gcj02.h"

#include <string.h>
#include <strings.h>

/* Shapes are handed to geom_from_wkb, which closes, turns and checks rings: one place knows
 * how. These are the codes of ISO well-known binary. */
enum wkb_code {
    WKB_POINT = 1,
    WKB_LINE,
    WKB_POLYGON,
    WKB_MULTIPOINT,
    WKB_MULTILINE,
    WKB_MULTIPOLYGON
};

static void put_u32(struct buf *out, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        buf_add_byte(out, (int)(value >> shift & 0xFF));
}

static void put_real(struct buf *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int shift = 0; shift < 64; shift += 8)
        buf_add_byte(out, (int)(bits >> shift & 0xFF));
}

static void put_head(struct buf *out, enum wkb_code type)
{
    buf_add_byte(out, 1); /* little-endian */
    put_u32(out, (uint32_t)type);
}

static enum err_code put_position(const struct json *position, struct buf *out, struct err *err)
{
    if (jr_type_of(position) != JR_ARRAY || jr_count(position) < 2 ||
        !jr_is_number(jr_item(position, 0)) || !jr_is_number(jr_item(position, 1)))
        return err_set(err, ERR_INPUT, "a position should be [longitude, latitude]");
    double lon = jr_number(jr_item(position, 0), NAN);
    double lat = jr_number(jr_item(position, 1), NAN);
    if (!(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90))
        return err_set(
            err, ERR_INPUT, "[%g, %g] is not a longitude and latitude in degrees%s", lon, lat,
            lat >= -180 && lat <= 180 && lon >= -90 && lon <= 90 ? "; are they swapped?" : "");
    put_real(out, lon);
    put_real(out, lat);
    return ERR_OK;
}

static enum err_code put_line(const struct json *line, struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    if (jr_type_of(line) != JR_ARRAY)
        return err_set(err, ERR_INPUT, "a line or ring should be an array of positions");
    size_t n = jr_count(line);
    if (n > LIMIT_VERTICES_PER_GEOMETRY)
        return err_set(err, ERR_LIMIT, "%zu vertices; at most %d are taken", n,
                       LIMIT_VERTICES_PER_GEOMETRY);
    put_u32(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        TRY(put_position(jr_item(line, i), out, err));
done:
    return code;
}

static enum err_code put_polygon(const struct json *rings, struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    if (jr_type_of(rings) != JR_ARRAY || jr_count(rings) == 0)
        return err_set(err, ERR_INPUT, "a polygon should be an array of rings");
    put_u32(out, (uint32_t)jr_count(rings));
    for (size_t i = 0; i < jr_count(rings); i++) {
        const struct json *ring = jr_item(rings, i);
        size_t n = jr_count(ring);
        if (n < 4)
            return err_set(err, ERR_INPUT, "ring %zu has %zu positions; 4 are the fewest", i + 1,
                           n);
        for (size_t k = 0; k < 2; k++)
            if (jr_number(jr_item(jr_item(ring, 0), k), NAN) !=
                jr_number(jr_item(jr_item(ring, n - 1), k), NAN))
                return err_set(err, ERR_INPUT,
                               "ring %zu is not closed: its last position must repeat its first",
                               i + 1);
        TRY(put_line(ring, out, err));
    }
done:
    return code;
}

static enum err_code put_single(enum wkb_code type, const struct json *coordinates, struct buf *out,
                                struct err *err)
{
    put_head(out, type);
    if (type == WKB_POINT)
        return put_position(coordinates, out, err);
    if (type == WKB_LINE)
        return put_line(coordinates, out, err);
    return put_polygon(coordinates, out, err);
}

static enum err_code put_geometry(enum wkb_code type, const struct json *coordinates,
                                  struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    if (type < WKB_MULTIPOINT)
        return put_single(type, coordinates, out, err);
    if (jr_type_of(coordinates) != JR_ARRAY || jr_count(coordinates) == 0)
        return err_set(err, ERR_INPUT, "coordinates should be an array that is not empty");
    put_head(out, type);
    put_u32(out, (uint32_t)jr_count(coordinates));
    for (size_t i = 0; i < jr_count(coordinates); i++)
        TRY(put_single(type - WKB_MULTIPOINT + WKB_POINT, jr_item(coordinates, i), out, err));
done:
    return code;
}

static enum err_code unwrap(const struct json *value, const struct json **geometry, struct err *err)
{
    const char *type = jr_text(jr_get(value, "type"));
    if (type && strcmp(type, "FeatureCollection") == 0) {
        const struct json *features = jr_get(value, "features");
        if (jr_count(features) != 1)
            return err_set(err, ERR_INPUT, "the collection has %zu features; a site is one",
                           jr_count(features));
        value = jr_item(features, 0);
        type = jr_text(jr_get(value, "type"));
    }
    if (type && strcmp(type, "Feature") == 0)
        value = jr_get(value, "geometry");
    if (jr_type_of(value) != JR_OBJECT)
        return err_set(err, ERR_INPUT, "there is no GeoJSON geometry");
    *geometry = value;
    return ERR_OK;
}

enum err_code geojson_read(const struct json *value, struct arena *arena, struct geom *out,
                           struct err *err)
{
    static const char *const names[] = {[WKB_POINT] = "Point",
                                        [WKB_LINE] = "LineString",
                                        [WKB_POLYGON] = "Polygon",
                                        [WKB_MULTIPOINT] = "MultiPoint",
                                        [WKB_MULTILINE] = "MultiLineString",
                                        [WKB_MULTIPOLYGON] = "MultiPolygon"};
    enum err_code code = ERR_OK;
    struct buf wkb;
    buf_init(&wkb);
    const struct json *geometry = NULL;
    TRY(unwrap(value, &geometry, err));
    const char *type = jr_text(jr_get(geometry, "type"));
    enum wkb_code found = 0;
    for (enum wkb_code i = WKB_POINT; type && i <= WKB_MULTIPOLYGON; i++)
        if (strcmp(type, names[i]) == 0)
            found = i;
    if (!found) {
        code = err_set(err, ERR_INPUT,
                       "geometry type \"%s\" is not Point, LineString, Polygon or a Multi of them",
                       type ? type : "");
        goto done;
    }
    TRY(put_geometry(found, jr_get(geometry, "coordinates"), &wkb, err));
    if (!buf_ok(&wkb)) {
        code = err_nomem(err);
        goto done;
    }
    TRY(geom_from_wkb(wkb.bytes, wkb.n_bytes, arena, out, err));
    if (out->kind == GEOM_NONE)
        code = err_set(err, ERR_INPUT, "the geometry is empty");
done:
    buf_release(&wkb);
    return code;
}

/* Undoes the shift of a consumer map, vertex by vertex, in place of the copy in the arena. */
static enum err_code undo_shift(struct geom *geom, struct lonlat (*undo)(struct lonlat),
                                struct arena *arena, struct err *err)
{
    struct lonlat *points = arena_memdup(arena, geom->points, geom->n_points * sizeof *points);
    if (!points)
        return err_nomem(err);
    for (uint32_t i = 0; i < geom->n_points; i++)
        points[i] = undo(points[i]);
    geom->points = points;
    geom->box = box_of_points(points, geom->n_points);
    return ERR_OK;
}

enum err_code geojson_apply_crs(const char *crs, struct geom *geom, struct arena *arena,
                                struct err *err)
{
    if (!crs || strcasecmp(crs, "EPSG:4490") == 0 || strcasecmp(crs, "EPSG:4326") == 0)
        return ERR_OK;
    if (strcasecmp(crs, "gcj02") == 0)
        return undo_shift(geom, gcj02_to_wgs84, arena, err);
    if (strcasecmp(crs, "bd09") == 0)
        return undo_shift(geom, bd09_to_wgs84, arena, err);
    return err_set(err, ERR_USAGE,
                   "\"%s\" should be EPSG:4490, EPSG:4326, gcj02 or bd09; transform other "
                   "files first: ogr2ogr -t_srs EPSG:4490 site.geojson FILE",
                   crs);
}
