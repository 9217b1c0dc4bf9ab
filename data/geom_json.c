/* geom_json.c - shapes as GeoJSON geometries. */
#include "data/geom_json.h"

#include <math.h>

static void write_degrees(struct jw *jw, double value, int decimals)
{
    if (decimals != GEOM_JSON_EXACT)
        jw_fixed(jw, value, decimals);
    else if (value == 0.0 && signbit(value))
        jw_raw(jw, "-0.0"); /* JSON readers drop the sign of "-0" */
    else
        jw_real(jw, value);
}

void geom_write_position(struct jw *jw, struct lonlat point, int decimals)
{
    jw_array(jw);
    write_degrees(jw, point.lon_deg, decimals);
    write_degrees(jw, point.lat_deg, decimals);
    jw_end_array(jw);
}

static void write_ring(struct jw *jw, const struct geom *geom, uint32_t ring, int decimals)
{
    jw_array(jw);
    for (uint32_t i = geom_ring_start(geom, ring); i < geom->ring_ends[ring]; i++)
        geom_write_position(jw, geom->points[i], decimals);
    jw_end_array(jw);
}

static void write_part(struct jw *jw, const struct geom *geom, uint32_t part, int decimals)
{
    jw_array(jw);
    for (uint32_t ring = geom_part_start(geom, part); ring < geom->part_ends[part]; ring++)
        write_ring(jw, geom, ring, decimals);
    jw_end_array(jw);
}

/* Points, lines or polygons that the shape is made of. */
static uint32_t count_members(const struct geom *geom)
{
    return geom->kind == GEOM_POINT  ? geom->n_points
           : geom->kind == GEOM_LINE ? geom->n_rings
                                     : geom->n_parts;
}

static void write_member(struct jw *jw, const struct geom *geom, uint32_t member, int decimals)
{
    if (geom->kind == GEOM_POINT)
        geom_write_position(jw, geom->points[member], decimals);
    else if (geom->kind == GEOM_LINE)
        write_ring(jw, geom, member, decimals);
    else
        write_part(jw, geom, member, decimals);
}

const char *geom_json_type(const struct geom *geom)
{
    static const char *const single[] = {"", "Point", "LineString", "Polygon"};
    static const char *const multi[] = {"", "MultiPoint", "MultiLineString", "MultiPolygon"};
    return count_members(geom) == 1 ? single[geom->kind] : multi[geom->kind];
}

void geom_write_coordinates(struct jw *jw, const struct geom *geom, int decimals)
{
    uint32_t n = count_members(geom);
    if (n != 1)
        jw_array(jw);
    for (uint32_t i = 0; i < n; i++)
        write_member(jw, geom, i, decimals);
    if (n != 1)
        jw_end_array(jw);
}

void geom_write_json(struct jw *jw, const struct geom *geom, int decimals)
{
    if (!geom || geom->kind == GEOM_NONE) {
        jw_null(jw);
        return;
    }
    jw_object(jw);
    jw_kv_string(jw, "type", geom_json_type(geom));
    jw_key(jw, "coordinates");
    geom_write_coordinates(jw, geom, decimals);
    jw_end_object(jw);
}
