#include "tiler/features/source.h"

#include "geo/measure/hilbert.h"
#include "tiler/features/shape.h"
#include "tiler/features/source_near.h"
#include "tiler/grid/simplify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Which records of which layer make a source. */
struct recipe {
    enum layer_id layer;
    enum geom_kind only; /* GEOM_NONE: any shape */
};

static const struct recipe recipes[SOURCE_COUNT] = {
    [SOURCE_UNITS] = {LAYER_ADMIN, GEOM_POLYGON},
    [SOURCE_BOUNDARIES] = {LAYER_ADMIN, GEOM_POLYGON},
    [SOURCE_CELLS] = {LAYER_GRADES, GEOM_NONE},
    [SOURCE_ENTERPRISES] = {LAYER_ENTERPRISES, GEOM_NONE},
    [SOURCE_ENTERPRISE_OUTLINES] = {LAYER_ENTERPRISES, GEOM_POLYGON},
    [SOURCE_FACILITIES] = {LAYER_FACILITIES, GEOM_NONE},
    [SOURCE_ZONES] = {LAYER_ZONES, GEOM_NONE},
    [SOURCE_PIPELINES] = {LAYER_PIPELINES, GEOM_NONE},
    [SOURCE_PROTECTED] = {LAYER_PROTECTED, GEOM_NONE},
    [SOURCE_AREAS] = {LAYER_AREAS, GEOM_NONE},
    [SOURCE_INFRASTRUCTURE] = {LAYER_INFRASTRUCTURE, GEOM_NONE},
    [SOURCE_HIDDEN_DANGERS] = {LAYER_HIDDEN_DANGERS, GEOM_NONE},
    [SOURCE_RESOURCES] = {LAYER_RESOURCES, GEOM_NONE},
    [SOURCE_SEGMENTS] = {LAYER_SEGMENTS, GEOM_NONE},
    [SOURCE_CONFLICTS] = {LAYER_CONFLICTS, GEOM_NONE},
    [SOURCE_SELECTED] = {LAYER_ADMIN, GEOM_POLYGON},
    [SOURCE_OUTSIDE] = {LAYER_ADMIN, GEOM_POLYGON},
};

/* A cell's id is "column_row", counted in cells from 0 E, 0 N; its place is read off it, and
 * neighbours get the same edge to the last bit. */
static bool cell_box(const char *id, double cell_deg, struct box *out)
{
    char *end;
    if (!id)
        return false;
    double column = strtod(id, &end);
    if (end == id || *end != '_')
        return false;
    const char *second = end + 1;
    double row = strtod(second, &end);
    if (end == second || *end)
        return false;
    *out = (struct box){column * cell_deg, row * cell_deg, (column + 1) * cell_deg,
                        (row + 1) * cell_deg};
    return true;
}

/* The ring of a graded cell. */
static bool cell_ring(const struct world *world, const struct grade_row *grade,
                      struct lonlat ring[5])
{
    struct box box;
    if (!grade->subject || strcmp(grade->subject, "cell") != 0 ||
        !cell_box(grade->subject_id, world->rules->parameters.cell_deg, &box))
        return false;
    ring[0] = ring[4] = (struct lonlat){box.west_deg, box.south_deg};
    ring[1] = (struct lonlat){box.east_deg, box.south_deg};
    ring[2] = (struct lonlat){box.east_deg, box.north_deg};
    ring[3] = (struct lonlat){box.west_deg, box.north_deg};
    return true;
}

/* A point where one belongs: enterprises known by their outline are drawn as one, too. */
static enum err_code add_enterprise(struct shape_builder *builder, const struct geom *geom,
                                    struct err *err)
{
    struct plane_point point;
    enum err_code code = shape_point(geom, builder->plane, builder->arena, &point, err);
    return code == ERR_OK ? shape_add_point(builder, point, err) : code;
}

static enum err_code add_record(struct shape_builder *builder, struct source *source, uint32_t row,
                                bool *added, struct err *err)
{
    const struct world *world = source->world;
    *added = true;
    if (source->id == SOURCE_CELLS) {
        struct lonlat ring[5];
        uint32_t end = 5, part = 1;
        if (!cell_ring(world, world_record(world, LAYER_GRADES, row), ring)) {
            *added = false;
            return ERR_OK;
        }
        struct geom cell = {.kind = GEOM_POLYGON,
                            .n_points = 5,
                            .n_rings = 1,
                            .n_parts = 1,
                            .points = ring,
                            .ring_ends = &end,
                            .part_ends = &part};
        return shape_add(builder, &cell, err);
    }
    const struct geom *geom = world_geom(world, source->layer, row);
    enum geom_kind only = recipes[source->id].only;
    if (!geom || geom->kind == GEOM_NONE || (only != GEOM_NONE && geom->kind != only)) {
        *added = false;
        return ERR_OK;
    }
    return source->id == SOURCE_ENTERPRISES ? add_enterprise(builder, geom, err)
                                            : shape_add(builder, geom, err);
}

static enum err_code index_shapes(struct source *source, struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    struct box *boxes = arena_new(arena, struct box, source->n);
    if (!boxes)
        return err_nomem(err);
    for (uint32_t i = 0; i < source->n; i++) {
        const struct plane_box *box = &source->shapes[i].box;
        boxes[i] = (struct box){(double)box->west, (double)-box->south, (double)box->east,
                                (double)-box->north};
    }
    TRY(rtree_build(boxes, source->n, arena, &source->tree, err));
done:
    return code;
}

static enum err_code find_zooms(const struct source *source, struct arena *arena, uint8_t **out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    const struct chains chains = {source->full.points, source->full.ring_ends, source->n_rings};
    uint32_t n = source->n_rings ? source->full.ring_ends[source->n_rings - 1] : 0;
    arena_init(&scratch, 0);
    *out = arena_new(arena, uint8_t, n);
    TRY(*out ? ERR_OK : err_nomem(err));
    TRY(simplify_zooms(&chains, &scratch, *out, err));
done:
    arena_release(&scratch);
    return code;
}

static enum err_code add_stretches(struct detail *detail, uint32_t n_points, struct arena *arena,
                                   struct err *err)
{
    uint32_t n = n_points / DETAIL_STRETCH + 1;
    struct detail_stretch *stretches = arena_new(arena, struct detail_stretch, n);
    if (!stretches)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        struct plane_box box = plane_box_empty();
        uint32_t first = i * DETAIL_STRETCH;
        for (uint32_t k = first; k <= first + DETAIL_STRETCH && k < n_points; k++)
            plane_box_add(&box, detail->points[k]);
        if (first < n_points)
            stretches[i] = (struct detail_stretch){(int32_t)box.west, (int32_t)box.north,
                                                   (int32_t)box.east, (int32_t)box.south};
    }
    detail->stretches = stretches;
    return ERR_OK;
}

/* All rows of a layer that have a shape, as they lie on the map. */
static enum err_code order_rows(const struct source *source, uint32_t n, struct arena *scratch,
                                uint32_t **order, uint32_t *n_order, struct err *err)
{
    struct lonlat *middles = arena_new(scratch, struct lonlat, n);
    if (!middles)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        const struct geom *geom = world_geom(source->world, source->layer, i);
        struct box box = geom && geom->kind != GEOM_NONE ? geom->box : box_empty();
        middles[i] = (struct lonlat){(double)NAN, (double)NAN};
        if (!box_is_empty(box))
            middles[i] = (struct lonlat){(box.west_deg + box.east_deg) / 2,
                                         (box.south_deg + box.north_deg) / 2};
    }
    return hilbert_order(middles, n, scratch, order, n_order, err);
}

/* Records as features. */
static enum err_code add_records(struct shape_builder *builder, const struct source_wanted *wanted,
                                 struct source *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    uint32_t *order = NULL, n = (uint32_t)world_count(wanted->world, out->layer);
    bool ordered = !wanted->rows && out->id != SOURCE_CELLS; /* those have a place by their id */
    arena_init(&scratch, 0);
    if (ordered)
        TRY(order_rows(out, n, &scratch, &order, &n, err));
    else if (wanted->rows)
        n = (uint32_t)wanted->n_rows;
    uint32_t *rows = arena_new(builder->arena, uint32_t, n);
    TRY(rows ? ERR_OK : err_nomem(err));
    out->rows = rows;
    out->places = ordered ? rows : NULL;
    for (uint32_t i = 0; i < n; i++) {
        bool added;
        uint32_t at = builder->n_shapes;
        uint32_t row = ordered ? order[i] : wanted->rows ? wanted->rows[i] : i;
        TRY(add_record(builder, out, row, &added, err));
        if (added)
            rows[at] = row;
    }
done:
    arena_release(&scratch);
    return code;
}

static enum err_code add_features(struct shape_builder *builder, const struct source_wanted *wanted,
                                  struct source *out, struct err *err)
{
    enum err_code code = ERR_OK;
    static const uint32_t no_row;
    static const struct finding_ref no_ref;
    struct source_wanted part = *wanted;
    struct arena scratch;
    struct near_pick pick;
    arena_init(&scratch, 0);
    out->held = plane_whole(wanted->plane);
    if (wanted->near) {
        TRY(source_pick_near(wanted, out->layer, &scratch, &pick, err));
        part.rows = pick.rows ? pick.rows : &no_row;
        part.n_rows = pick.n_rows;
        part.refs = pick.refs ? pick.refs : &no_ref;
        part.n_refs = pick.n_refs;
        out->held = pick.held;
    }
    if (wanted->id == SOURCE_BOUNDARIES)
        TRY(shape_borders(builder, wanted->world, &out->rows, &out->levels, err));
    else if (wanted->id == SOURCE_CONFLICTS)
        TRY(source_add_conflicts(builder, &part, out, err));
    else
        TRY(add_records(builder, &part, out, err));
done:
    arena_release(&scratch);
    return code;
}

enum err_code source_build(const struct source_wanted *wanted, struct arena *arena,
                           struct source *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct shape_builder builder;
    uint8_t *zooms;
    *out = (struct source){.world = wanted->world,
                           .id = wanted->id,
                           .plane = wanted->plane,
                           .layer = recipes[wanted->id].layer,
                           .memo = wanted->memo};
    shape_builder_init(&builder, wanted->plane, arena);
    TRY(add_features(&builder, wanted, out, err));
    out->n = builder.n_shapes;
    out->shapes = builder.shapes;
    out->n_rings = builder.n_rings;
    out->full = (struct detail){.points = builder.points, .ring_ends = builder.ring_ends};
    TRY(add_stretches(&out->full, builder.n_points, arena, err));
    TRY(index_shapes(out, arena, err));
    TRY(find_zooms(out, arena, &zooms, err));
    out->zooms = zooms;
done:
    return code;
}

enum err_code source_search(const struct source *source, struct plane_box box, struct arena *arena,
                            uint32_t **features, size_t *n, struct err *err)
{
    struct box flipped = {(double)box.west, (double)-box.south, (double)box.east,
                          (double)-box.north};
    return rtree_collect(&source->tree, flipped, arena, features, n, err);
}

uint32_t detail_of_zoom(uint32_t z)
{
    return z < DETAIL_FULL ? z : DETAIL_FULL;
}

/* The points of a ring or line that a level needs, into `to` unless that is NULL. A ring that
 * loses the point where it begins begins elsewhere, and ends there too. */
static uint32_t keep_points(const struct source *source, uint32_t ring, uint32_t level,
                            struct plane_point *to)
{
    const struct detail *full = &source->full;
    const struct plane_point *p = full->points;
    uint32_t start = ring ? full->ring_ends[ring - 1] : 0, end = full->ring_ends[ring];
    uint32_t n = 0, first = end;
    for (uint32_t at = start; at < end; at++) {
        if (source->zooms[at] > level)
            continue;
        first = first < at ? first : at;
        if (to)
            to[n] = p[at];
        n++;
    }
    bool closed = end - start > 2 && p[start].x == p[end - 1].x && p[start].y == p[end - 1].y;
    if (closed && n > 1 && source->zooms[start] > level) {
        if (to)
            to[n] = p[first];
        n++;
    }
    return n;
}

enum err_code source_detail(const struct source *source, uint32_t level, struct arena *arena,
                            struct detail *out, struct err *err)
{
    uint32_t *ends = arena_new(arena, uint32_t, source->n_rings), n = 0;
    if (!ends)
        return err_nomem(err);
    for (uint32_t ring = 0; ring < source->n_rings; ring++) {
        n += keep_points(source, ring, level, NULL);
        ends[ring] = n;
    }
    struct plane_point *points = arena_new(arena, struct plane_point, n);
    if (!points)
        return err_nomem(err);
    for (uint32_t ring = 0; ring < source->n_rings; ring++)
        keep_points(source, ring, level, points + (ring ? ends[ring - 1] : 0));
    *out = (struct detail){.points = points, .ring_ends = ends};
    return add_stretches(out, n, arena, err);
}

static uint64_t memo_key(const struct source *source, const struct shape *shape)
{
    uint64_t key = 0;
    for (uint32_t ring = shape->first_ring; ring < shape->first_ring + shape->n_rings; ring++) {
        uint32_t start = ring ? source->full.ring_ends[ring - 1] : 0;
        key =
            point_memo_key(key, source->full.points + start, source->full.ring_ends[ring] - start);
    }
    return key;
}

enum err_code source_point(const struct source *source, uint32_t feature, struct arena *scratch,
                           struct plane_point *out, struct err *err)
{
    const struct shape *shape = &source->shapes[feature];
    if (shape->kind == GEOM_POINT || source->id == SOURCE_ENTERPRISES) {
        uint32_t ring = shape->first_ring;
        *out = source->full.points[ring ? source->full.ring_ends[ring - 1] : 0];
        return ERR_OK;
    }
    if (shape->kind == GEOM_POLYGON && source->id == SOURCE_CELLS) {
        *out = (struct plane_point){(int32_t)((shape->box.west + shape->box.east) / 2),
                                    (int32_t)((shape->box.north + shape->box.south) / 2)};
        return ERR_OK;
    }
    const struct geom *geom = source->geoms
                                  ? &source->geoms[feature]
                                  : world_geom(source->world, source->layer, source->rows[feature]);
    if (shape->kind != GEOM_POLYGON || !source->memo)
        return shape_point(geom, source->plane, scratch, out, err);
    uint64_t key = memo_key(source, shape);
    if (point_memo_find(source->memo, key, out))
        return ERR_OK;
    enum err_code code = shape_point(geom, source->plane, scratch, out, err);
    if (code == ERR_OK)
        point_memo_keep(source->memo, key, *out);
    return code;
}
