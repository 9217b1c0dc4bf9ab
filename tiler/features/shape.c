#include "tiler/features/shape.h"

#include <math.h>
#include <string.h>

/* The chord of an edge of 0.1 degree of latitude lies within 0.02 px of its arc at zoom 10. */
static const double LONGEST_DEG = 0.1;
enum { MOST_BENDS = 4096 };

void shape_builder_init(struct shape_builder *builder, enum plane plane, struct arena *arena)
{
    *builder = (struct shape_builder){.plane = plane, .arena = arena};
}

static enum err_code add_vertex(struct shape_builder *b, struct plane_point point, struct err *err)
{
    struct plane_point *points = arena_grow(b->arena, b->points, &b->points_capacity,
                                            (size_t)b->n_points + 1, sizeof *points);
    if (!points || b->n_points == UINT32_MAX)
        return err_nomem(err);
    b->points = points;
    b->points[b->n_points++] = point;
    return ERR_OK;
}

static enum err_code end_ring(struct shape_builder *b, struct err *err)
{
    uint32_t *ends = arena_grow(b->arena, b->ring_ends, &b->rings_capacity, (size_t)b->n_rings + 1,
                                sizeof *ends);
    if (!ends)
        return err_nomem(err);
    b->ring_ends = ends;
    b->ring_ends[b->n_rings++] = b->n_points;
    return ERR_OK;
}

/* The points between two ends of a long edge, computed from its lesser end, so that both
 * neighbours of a border bend it alike. */
static enum err_code add_bends(struct shape_builder *b, struct lonlat from, struct lonlat to,
                               struct err *err)
{
    double steep = fabs(to.lat_deg - from.lat_deg);
    if (b->plane != PLANE_MERCATOR || steep <= LONGEST_DEG || to.lon_deg == from.lon_deg)
        return ERR_OK;
    uint32_t n = (uint32_t)fmin(ceil(steep / LONGEST_DEG), MOST_BENDS);
    bool forth = from.lat_deg < to.lat_deg;
    struct lonlat a = forth ? from : to, z = forth ? to : from;
    for (uint32_t i = 1; i < n; i++) {
        double t = (double)(forth ? i : n - i) / n;
        struct lonlat p = {a.lon_deg + (z.lon_deg - a.lon_deg) * t,
                           a.lat_deg + (z.lat_deg - a.lat_deg) * t};
        enum err_code code = add_vertex(b, plane_of(b->plane, p), err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

/* A ring's or line's vertices, repeats left out. */
static enum err_code add_chain(struct shape_builder *b, const struct lonlat *points, uint32_t n,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t start = b->n_points;
    struct plane_point p = {0, 0};
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0)
            TRY(add_bends(b, points[i - 1], points[i], err));
        p = i > 0 ? plane_of_next(b->plane, points[i], points[i - 1], p)
                  : plane_of(b->plane, points[i]);
        if (b->n_points > start && b->points[b->n_points - 1].x == p.x &&
            b->points[b->n_points - 1].y == p.y)
            continue;
        TRY(add_vertex(b, p, err));
    }
    TRY(end_ring(b, err));
done:
    return code;
}

/* Twice the area of all rings over the length of their edges. */
static int64_t thickness_of(const struct shape_builder *b, const struct shape *shape)
{
    double area = 0, length = 0;
    for (uint32_t ring = shape->first_ring; ring < shape->first_ring + shape->n_rings; ring++) {
        uint32_t start = ring ? b->ring_ends[ring - 1] : 0;
        for (uint32_t i = start; i + 1 < b->ring_ends[ring]; i++) {
            struct plane_point p = b->points[i], q = b->points[i + 1], o = b->points[start];
            double px = (double)p.x - o.x, py = (double)p.y - o.y;
            double qx = (double)q.x - o.x, qy = (double)q.y - o.y;
            area += px * qy - qx * py;
            length += hypot(qx - px, qy - py);
        }
    }
    return length > 0 ? (int64_t)(fabs(area) / length) : 0;
}

static enum err_code add_shape(struct shape_builder *b, uint32_t first_ring, uint8_t kind,
                               struct err *err)
{
    struct shape *shapes = arena_grow(b->arena, b->shapes, &b->shapes_capacity,
                                      (size_t)b->n_shapes + 1, sizeof *shapes);
    if (!shapes)
        return err_nomem(err);
    b->shapes = shapes;
    struct shape *shape = &b->shapes[b->n_shapes++];
    *shape = (struct shape){.first_ring = first_ring,
                            .n_rings = b->n_rings - first_ring,
                            .box = plane_box_empty(),
                            .kind = kind};
    for (uint32_t i = first_ring ? b->ring_ends[first_ring - 1] : 0; i < b->n_points; i++)
        plane_box_add(&shape->box, b->points[i]);
    if (kind == GEOM_POLYGON)
        shape->thickness = thickness_of(b, shape);
    return ERR_OK;
}

enum err_code shape_add(struct shape_builder *b, const struct geom *geom, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t first = b->n_rings;
    if (geom->kind == GEOM_POINT) {
        TRY(add_chain(b, geom->points, geom->n_points, err));
    } else {
        for (uint32_t ring = 0; ring < geom->n_rings; ring++) {
            uint32_t start = geom_ring_start(geom, ring);
            TRY(add_chain(b, geom->points + start, geom->ring_ends[ring] - start, err));
        }
    }
    TRY(add_shape(b, first, (uint8_t)geom->kind, err));
done:
    return code;
}

enum err_code shape_add_point(struct shape_builder *b, struct plane_point point, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t first = b->n_rings;
    TRY(add_vertex(b, point, err));
    TRY(end_ring(b, err));
    TRY(add_shape(b, first, GEOM_POINT, err));
done:
    return code;
}

/* ---- borders ---- */

struct edge {
    struct lonlat a, b; /* a before b */
    bool used;
};

struct edge_table {
    struct edge *slots;
    size_t mask;
};

static bool before(struct lonlat a, struct lonlat b)
{
    return a.lon_deg < b.lon_deg || (a.lon_deg == b.lon_deg && a.lat_deg < b.lat_deg);
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    value += 0.0; /* -0 and 0 are one place */
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Marks an edge; false if it was there already, in either direction. */
static bool take_edge(struct edge_table *table, struct lonlat p, struct lonlat q)
{
    struct lonlat a = before(p, q) ? p : q, b = before(p, q) ? q : p;
    /* Odd constants of 64 bits, from splitmix64. */
    uint64_t hash = bits_of(a.lon_deg) * UINT64_C(0xBF58476D1CE4E5B9);
    hash = (hash ^ hash >> 31 ^ bits_of(a.lat_deg)) * UINT64_C(0x94D049BB133111EB);
    hash = (hash ^ hash >> 29 ^ bits_of(b.lon_deg)) * UINT64_C(0xBF58476D1CE4E5B9);
    hash = (hash ^ hash >> 31 ^ bits_of(b.lat_deg)) * UINT64_C(0x94D049BB133111EB);
    for (size_t at = (size_t)(hash >> 20) & table->mask;; at = (at + 1) & table->mask) {
        struct edge *edge = &table->slots[at];
        if (!edge->used) {
            *edge = (struct edge){a, b, true};
            return true;
        }
        if (edge->a.lon_deg == a.lon_deg && edge->a.lat_deg == a.lat_deg &&
            edge->b.lon_deg == b.lon_deg && edge->b.lat_deg == b.lat_deg)
            return false;
    }
}

struct borders {
    struct shape_builder *builder;
    struct edge_table table;
    uint32_t *rows;
    uint8_t *levels;
    size_t rows_capacity, levels_capacity;
};

static enum err_code end_border(struct borders *borders, const struct lonlat *points, uint32_t n,
                                uint32_t row, uint8_t level, struct err *err)
{
    enum err_code code = ERR_OK;
    struct shape_builder *b = borders->builder;
    uint32_t first = b->n_rings;
    TRY(add_chain(b, points, n, err));
    TRY(add_shape(b, first, GEOM_LINE, err));
    borders->rows = arena_grow(b->arena, borders->rows, &borders->rows_capacity, b->n_shapes,
                               sizeof *borders->rows);
    borders->levels = arena_grow(b->arena, borders->levels, &borders->levels_capacity, b->n_shapes,
                                 sizeof *borders->levels);
    if (!borders->rows || !borders->levels)
        return err_nomem(err);
    borders->rows[b->n_shapes - 1] = row;
    borders->levels[b->n_shapes - 1] = level;
done:
    return code;
}

/* The stretches of one unit's edge that no unit before it had. */
static enum err_code add_borders(struct borders *borders, const struct geom *geom, uint32_t row,
                                 uint8_t level, struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t ring = 0; ring < geom->n_rings; ring++) {
        uint32_t start = geom_ring_start(geom, ring), end = geom->ring_ends[ring];
        uint32_t open = start; /* first vertex of the stretch at hand */
        for (uint32_t i = start; i + 1 < end; i++) {
            bool mine = take_edge(&borders->table, geom->points[i], geom->points[i + 1]);
            if (mine)
                continue;
            if (i > open)
                TRY(end_border(borders, geom->points + open, i + 1 - open, row, level, err));
            open = i + 1;
        }
        if (open + 1 < end)
            TRY(end_border(borders, geom->points + open, end - open, row, level, err));
    }
done:
    return code;
}

enum err_code shape_borders(struct shape_builder *b, const struct world *world,
                            const uint32_t **rows, const uint8_t **levels, struct err *err)
{
    enum err_code code = ERR_OK;
    struct borders borders = {.builder = b};
    size_t n_edges = 0, size = 64;
    for (size_t row = 0; row < world_count(world, LAYER_ADMIN); row++)
        n_edges += world_geom(world, LAYER_ADMIN, row)->n_points;
    while (size < 2 * n_edges)
        size *= 2;
    struct arena scratch;
    arena_init(&scratch, 0);
    borders.table = (struct edge_table){arena_new(&scratch, struct edge, size), size - 1};
    if (!borders.table.slots) {
        code = err_nomem(err);
        goto done;
    }
    for (int32_t level = 1; level <= 4; level++) {
        const uint32_t *units;
        size_t n;
        world_units(world, level, &units, &n);
        for (size_t i = 0; i < n; i++) {
            const struct geom *geom = world_geom(world, LAYER_ADMIN, units[i]);
            if (geom->kind == GEOM_POLYGON)
                TRY(add_borders(&borders, geom, units[i], (uint8_t)level, err));
        }
    }
done:
    arena_release(&scratch);
    *rows = borders.rows;
    *levels = borders.levels;
    return code;
}
