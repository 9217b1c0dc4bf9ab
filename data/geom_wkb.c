/* geom_wkb.c - shapes from and to well-known binary (ISO 13249-3, OGC 06-103r4). */
#include "data/base/limits.h"
#include "data/geom.h"

#include <string.h>

enum {
    WKB_POINT = 1,
    WKB_LINE = 2,
    WKB_POLYGON = 3,
    WKB_MULTI = 3, /* the multi of a kind is the kind plus this */
    WKB_COLLECTION = 7,

    /* Deeper nesting than multi inside collection inside collection has no meaning; the
     * bound keeps hostile bytes from the end of the stack. */
    LARGEST_DEPTH = 16,
};

/* PostGIS and old OGR mark Z, M and SRID by high bits, ISO by thousands. */
static const uint32_t FLAG_Z = 0x80000000U;
static const uint32_t FLAG_M = 0x40000000U;
static const uint32_t FLAG_SRID = 0x20000000U;

struct reader {
    const unsigned char *bytes;
    size_t n_bytes;
    size_t at;
    bool big_endian;    /* of the shape being read */
    unsigned n_doubles; /* a vertex: 2 to 4 */

    /* What was read. The first pass only counts: its arrays are NULL. */
    enum geom_kind kind;
    size_t n_points;
    size_t n_rings;
    size_t n_parts;
    struct lonlat *points;
    uint32_t *ring_ends;
    uint32_t *part_ends;
};

static size_t left(const struct reader *reader)
{
    return reader->n_bytes - reader->at;
}

static enum err_code cut_short(const struct reader *reader, struct err *err)
{
    return err_set(err, ERR_INPUT, "the well-known binary of a shape ends early, after %zu bytes",
                   reader->n_bytes);
}

static enum err_code read_u32(struct reader *reader, uint32_t *out, struct err *err)
{
    if (left(reader) < 4)
        return cut_short(reader, err);
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++) {
        unsigned shift = reader->big_endian ? 24 - 8 * i : 8 * i;
        value |= (uint32_t)reader->bytes[reader->at + i] << shift;
    }
    reader->at += 4;
    *out = value;
    return ERR_OK;
}

/* The caller has seen that 8 bytes are left. */
static double read_double(struct reader *reader)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned shift = reader->big_endian ? 56 - 8 * i : 8 * i;
        bits |= (uint64_t)reader->bytes[reader->at + i] << shift;
    }
    reader->at += 8;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Reads one vertex, dropping Z and M; there are bytes enough. */
static struct lonlat read_vertex(struct reader *reader)
{
    struct lonlat point;
    point.lon_deg = read_double(reader);
    point.lat_deg = read_double(reader);
    reader->at += (size_t)(reader->n_doubles - 2) * 8;
    return point;
}

static enum err_code add_point(struct reader *reader, struct lonlat point, struct err *err)
{
    if (!isfinite(point.lon_deg) || !isfinite(point.lat_deg))
        return err_set(err, ERR_INPUT, "vertex %zu of a shape is not finite (%g %g)",
                       reader->n_points, point.lon_deg, point.lat_deg);
    if (reader->n_points >= LIMIT_VERTICES_PER_GEOMETRY)
        return err_set(err, ERR_LIMIT, "a shape has more than %d vertices",
                       LIMIT_VERTICES_PER_GEOMETRY);
    if (reader->points)
        reader->points[reader->n_points] = point;
    reader->n_points++;
    return ERR_OK;
}

static enum err_code set_kind(struct reader *reader, enum geom_kind kind, struct err *err)
{
    if (reader->kind != GEOM_NONE && reader->kind != kind)
        return err_set(err, ERR_INPUT,
                       "a shape mixes points, lines or polygons; split it into one kind each");
    reader->kind = kind;
    return ERR_OK;
}

static enum err_code read_point(struct reader *reader, struct err *err)
{
    if (left(reader) < (size_t)reader->n_doubles * 8)
        return cut_short(reader, err);
    struct lonlat point = read_vertex(reader);
    if (isnan(point.lon_deg) && isnan(point.lat_deg))
        return ERR_OK; /* POINT EMPTY */
    enum err_code code = set_kind(reader, GEOM_POINT, err);
    return code == ERR_OK ? add_point(reader, point, err) : code;
}

/* n vertices into the arrays, no ring ended yet; *first and *last for closing. */
static enum err_code read_vertices(struct reader *reader, uint32_t n, struct lonlat *first,
                                   struct lonlat *last, struct err *err)
{
    enum err_code code = ERR_OK;
    if (left(reader) / ((size_t)reader->n_doubles * 8) < n)
        return cut_short(reader, err);
    for (uint32_t i = 0; i < n; i++) {
        *last = read_vertex(reader);
        if (i == 0)
            *first = *last;
        TRY(add_point(reader, *last, err));
    }
done:
    return code;
}

static void end_ring(struct reader *reader)
{
    if (reader->ring_ends)
        reader->ring_ends[reader->n_rings] = (uint32_t)reader->n_points;
    reader->n_rings++;
}

static enum err_code read_line(struct reader *reader, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t n = 0;
    struct lonlat first;
    struct lonlat last;
    TRY(read_u32(reader, &n, err));
    if (n == 0)
        goto done;
    if (n < 2) {
        code = err_set(err, ERR_INPUT, "a line needs 2 vertices, this one has %u", (unsigned)n);
        goto done;
    }
    TRY(set_kind(reader, GEOM_LINE, err));
    TRY(read_vertices(reader, n, &first, &last, err));
    end_ring(reader);
done:
    return code;
}

/* One ring, closed and turned. *kept is false for an empty one. */
static enum err_code read_ring(struct reader *reader, bool outer, bool *kept, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t n = 0;
    size_t start = reader->n_points;
    struct lonlat first = {0};
    struct lonlat last = {0};
    *kept = false;
    TRY(read_u32(reader, &n, err));
    if (n == 0)
        goto done;
    TRY(read_vertices(reader, n, &first, &last, err));
    if (first.lon_deg != last.lon_deg || first.lat_deg != last.lat_deg)
        TRY(add_point(reader, first, err));
    if (reader->n_points - start < 4) {
        code = err_set(err, ERR_INPUT,
                       "a ring needs 4 vertices, the first one repeated at its "
                       "end; this one has %zu",
                       reader->n_points - start);
        goto done;
    }
    if (reader->points)
        geom_turn_ring(reader->points + start, reader->n_points - start, outer);
    end_ring(reader);
    *kept = true;
done:
    return code;
}

static enum err_code read_polygon(struct reader *reader, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t n = 0;
    TRY(read_u32(reader, &n, err));
    if (left(reader) / 4 < n) {
        code = cut_short(reader, err);
        goto done;
    }
    bool any = false;
    for (uint32_t i = 0; i < n; i++) {
        bool kept;
        TRY(read_ring(reader, i == 0, &kept, err));
        if (i == 0)
            any = kept;
        else if (kept && !any) {
            code = err_set(err, ERR_INPUT, "a polygon has a hole but its outer ring is empty");
            goto done;
        }
    }
    if (!any)
        goto done;
    TRY(set_kind(reader, GEOM_POLYGON, err));
    if (reader->part_ends)
        reader->part_ends[reader->n_parts] = (uint32_t)reader->n_rings;
    reader->n_parts++;
done:
    return code;
}

static enum err_code read_header(struct reader *reader, uint32_t *type, struct err *err)
{
    if (left(reader) < 5)
        return cut_short(reader, err);
    unsigned order = reader->bytes[reader->at++];
    if (order > 1)
        return err_set(err, ERR_INPUT, "well-known binary starts with byte order 0 or 1, not %u",
                       order);
    reader->big_endian = order == 0;
    enum err_code code = ERR_OK;
    uint32_t raw = 0;
    uint32_t srid = 0;
    TRY(read_u32(reader, &raw, err));
    if (raw & FLAG_SRID)
        TRY(read_u32(reader, &srid, err));
    reader->n_doubles = 2 + (raw & FLAG_Z ? 1U : 0U) + (raw & FLAG_M ? 1U : 0U);
    raw &= ~(FLAG_Z | FLAG_M | FLAG_SRID);
    if (raw >= 1000 && raw < 4000) {
        reader->n_doubles = raw >= 3000 ? 4 : 3;
        raw %= 1000;
    }
    *type = raw;
done:
    return code;
}

/* Members have headers of their own, with their own byte order. */
static enum err_code read_shape(struct reader *reader, unsigned depth, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t type = 0;
    uint32_t n = 0;
    if (depth > LARGEST_DEPTH)
        return err_set(err, ERR_INPUT, "a shape nests collections more than %d deep",
                       LARGEST_DEPTH);
    TRY(read_header(reader, &type, err));
    switch (type) {
    case WKB_POINT:
        return read_point(reader, err);
    case WKB_LINE:
        return read_line(reader, err);
    case WKB_POLYGON:
        return read_polygon(reader, err);
    case WKB_POINT + WKB_MULTI:
    case WKB_LINE + WKB_MULTI:
    case WKB_POLYGON + WKB_MULTI:
    case WKB_COLLECTION:
        TRY(read_u32(reader, &n, err));
        for (uint32_t i = 0; i < n; i++)
            TRY(read_shape(reader, depth + 1, err));
        break;
    default:
        code = err_set(err, ERR_INPUT,
                       "a shape of well-known binary type %u is not a point, line or polygon "
                       "with straight edges",
                       (unsigned)type);
    }
done:
    return code;
}

static enum err_code reserve(struct reader *reader, struct arena *arena, struct err *err)
{
    size_t n_points = reader->n_points;
    size_t n_rings = reader->n_rings;
    size_t n_parts = reader->n_parts;
    reader->points = arena_new(arena, struct lonlat, n_points);
    reader->ring_ends = arena_new(arena, uint32_t, n_rings);
    reader->part_ends = arena_new(arena, uint32_t, n_parts);
    if (!reader->points || !reader->ring_ends || !reader->part_ends)
        return err_nomem(err);
    reader->at = 0;
    reader->kind = GEOM_NONE;
    reader->n_points = reader->n_rings = reader->n_parts = 0;
    return ERR_OK;
}

enum err_code geom_from_wkb(const void *bytes, size_t n, struct arena *arena, struct geom *out,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    struct reader reader = {.bytes = bytes, .n_bytes = n};
    *out = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
    TRY(read_shape(&reader, 0, err));
    if (left(&reader) > 0) {
        code = err_set(err, ERR_INPUT, "%zu bytes follow the well-known binary of a shape",
                       left(&reader));
        goto done;
    }
    if (reader.kind == GEOM_NONE)
        goto done;
    TRY(reserve(&reader, arena, err));
    TRY(read_shape(&reader, 0, err));
    *out = (struct geom){.kind = reader.kind,
                         .n_points = (uint32_t)reader.n_points,
                         .n_rings = (uint32_t)reader.n_rings,
                         .n_parts = (uint32_t)reader.n_parts,
                         .points = reader.points,
                         .ring_ends = reader.n_rings ? reader.ring_ends : NULL,
                         .part_ends = reader.n_parts ? reader.part_ends : NULL,
                         .box = box_of_points(reader.points, reader.n_points)};
done:
    return code;
}

/* ---- writing: little-endian, ISO, two dimensions ---- */

struct writer {
    unsigned char *bytes;
    size_t at;
};

static void put_u32(struct writer *writer, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        writer->bytes[writer->at++] = (unsigned char)(value >> (8 * i));
}

static void put_header(struct writer *writer, uint32_t type)
{
    writer->bytes[writer->at++] = 1;
    put_u32(writer, type);
}

static void put_double(struct writer *writer, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (unsigned i = 0; i < 8; i++)
        writer->bytes[writer->at++] = (unsigned char)(bits >> (8 * i));
}

static void put_points(struct writer *writer, const struct lonlat *points, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_double(writer, points[i].lon_deg);
        put_double(writer, points[i].lat_deg);
    }
}

static void put_ring(struct writer *writer, const struct geom *geom, uint32_t ring)
{
    uint32_t start = geom_ring_start(geom, ring);
    put_u32(writer, geom->ring_ends[ring] - start);
    put_points(writer, geom->points + start, geom->ring_ends[ring] - start);
}

static void put_member(struct writer *writer, const struct geom *geom, uint32_t member)
{
    put_header(writer, (uint32_t)geom->kind);
    if (geom->kind == GEOM_POINT) {
        put_points(writer, geom->points + member, 1);
    } else if (geom->kind == GEOM_LINE) {
        put_ring(writer, geom, member);
    } else {
        uint32_t start = geom_part_start(geom, member);
        put_u32(writer, geom->part_ends[member] - start);
        for (uint32_t ring = start; ring < geom->part_ends[member]; ring++)
            put_ring(writer, geom, ring);
    }
}

static uint32_t count_members(const struct geom *geom)
{
    switch (geom->kind) {
    case GEOM_POINT:
        return geom->n_points;
    case GEOM_LINE:
        return geom->n_rings;
    case GEOM_POLYGON:
        return geom->n_parts;
    case GEOM_NONE:
        break;
    }
    return 0;
}

_Static_assert((int)GEOM_POINT == WKB_POINT && (int)GEOM_LINE == WKB_LINE &&
                   (int)GEOM_POLYGON == WKB_POLYGON,
               "the kinds of a shape are numbered as in well-known binary");

enum err_code geom_to_wkb(const struct geom *geom, struct arena *arena, const void **bytes,
                          size_t *n, struct err *err)
{
    uint32_t n_members = count_members(geom);
    /* Nine bytes a header with its count, at most one a member and one around them all. */
    size_t room = 9 + (size_t)n_members * 9 + (size_t)geom->n_rings * 4 +
                  (size_t)geom->n_points * sizeof(struct lonlat);
    struct writer writer = {.bytes = arena_new(arena, unsigned char, room)};
    if (!writer.bytes)
        return err_nomem(err);
    if (n_members != 1) {
        put_header(&writer, n_members ? (uint32_t)geom->kind + WKB_MULTI : WKB_COLLECTION);
        put_u32(&writer, n_members);
    }
    for (uint32_t member = 0; member < n_members; member++)
        put_member(&writer, geom, member);
    *bytes = writer.bytes;
    *n = writer.at;
    return ERR_OK;
}
