/* seed_plan.c - which tiles of a map there are: what its features and labels may touch. */
#include "data/base/limits.h"
#include "tiler/archive/archive_directory.h"
#include "tiler/grid/cover.h"
#include "tiler/tiles/scenes.h"
#include "tiler/archive/seed.h"
#include "tiler/tiles/vector_tile.h"

#include <stdlib.h>

enum {
    /* What drawing adds to a feature's reach: half a pixel for smoothing, an eighth for the detail
     * of low zooms, one for a polygon that is too thin to cover a pixel. */
    MARGIN_PX = 2,
};

struct planning {
    struct scenes *scenes;
    struct canvas *canvas;
    const struct seed_request *request;
    struct arena scratch;
    struct plane_box square;    /* no tile outside of it */
    struct plane_box ground;    /* as far as a background goes */
    struct plane_box extent;    /* of all that is shown */
    const struct source *units; /* and the unit of the request in them */
    const struct shape *unit;   /* NULL: none */
    struct cover cover;         /* of the zoom at hand */
    uint32_t z;
    bool labels_done; /* at that zoom */
};

static struct plane_box square_of(const struct planning *p, struct box box)
{
    struct plane_box out = plane_box_empty();
    enum plane plane = scenes_plane(p->scenes);
    plane_box_add(&out, plane_of(plane, (struct lonlat){box.west_deg, box.north_deg}));
    plane_box_add(&out, plane_of(plane, (struct lonlat){box.east_deg, box.south_deg}));
    return out;
}

static struct plane_box widened(struct plane_box box, int64_t by)
{
    return (struct plane_box){box.west - by, box.north - by, box.east + by, box.south + by};
}

/* ---- what a feature touches ---- */

static void add_rings(struct planning *p, const struct detail *detail, const struct shape *shape,
                      int64_t margin)
{
    for (uint32_t ring = shape->first_ring; ring < shape->first_ring + shape->n_rings; ring++) {
        uint32_t start = ring ? detail->ring_ends[ring - 1] : 0;
        size_t n = detail->ring_ends[ring] - start;
        if (shape->kind != GEOM_POINT) {
            cover_add_line(&p->cover, detail->points + start, n, margin);
            if (shape->kind == GEOM_POLYGON && n > 1)
                cover_add_line(
                    &p->cover,
                    (struct plane_point[]){detail->points[start + n - 1], detail->points[start]}, 2,
                    margin);
            continue;
        }
        for (size_t i = 0; i < n; i++)
            cover_add_line(&p->cover, &detail->points[start + i], 1, margin);
    }
}

/* The circle of a line or a polygon, at the place that stands for it. */
static enum err_code add_circle(struct planning *p, const struct source *source, uint32_t feature,
                                int64_t margin, struct err *err)
{
    struct plane_point at;
    struct arena_mark mark = arena_mark(&p->scratch);
    enum err_code code = source_point(source, feature, &p->scratch, &at, err);
    arena_rewind(&p->scratch, mark);
    if (code == ERR_OK)
        cover_add_line(&p->cover, &at, 1, margin);
    return code;
}

static void add_extent(struct planning *p, const struct shape *shape)
{
    plane_box_add(&p->extent,
                  (struct plane_point){(int32_t)shape->box.west, (int32_t)shape->box.north});
    plane_box_add(&p->extent,
                  (struct plane_point){(int32_t)shape->box.east, (int32_t)shape->box.south});
}

/* Of vector tiles: whatever the layer draws, its shape stands in every tile whose buffer it
 * touches. */
static enum err_code add_vector_features(struct planning *p, size_t index, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct style_layer *layer = style_layer(scenes_style(p->scenes), index);
    const struct source *source;
    const struct look *look;
    TRY(scenes_source(p->scenes, layer->source, &source, err));
    TRY(scenes_look(p->scenes, index, vector_look_zoom(p->z), &look, err));
    /* The buffer, and the pixel that a small shape becomes: 512-px tiles. */
    int64_t margin = (VECTOR_BUFFER * 512 / MVT_EXTENT + MARGIN_PX) * plane_units_of_px(p->z) / 2;
    for (uint32_t i = 0; i < source->n; i++) {
        const struct shape *shape = &source->shapes[i];
        if (look->n_paints == 0 || look->paint_of[i] == LOOK_NONE ||
            !cover_reaches(&p->cover, widened(shape->box, margin)))
            continue;
        add_extent(p, shape);
        add_rings(p, &source->full, shape, margin);
        if (shape->kind == GEOM_POLYGON)
            cover_add_inside(&p->cover, source->full.points, source->full.ring_ends,
                             shape->first_ring, shape->n_rings);
    }
done:
    return code;
}

static enum err_code add_features(struct planning *p, size_t index, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct style_layer *layer = style_layer(scenes_style(p->scenes), index);
    const struct source *source;
    const struct look *look;
    TRY(scenes_source(p->scenes, layer->source, &source, err));
    TRY(scenes_look(p->scenes, index, p->z, &look, err));
    if (look->n_paints == 0)
        return ERR_OK;
    int64_t margin = (int64_t)((look->reach_px + MARGIN_PX) * (double)plane_units_of_px(p->z));
    for (uint32_t i = 0; i < source->n; i++) {
        const struct shape *shape = &source->shapes[i];
        if (look->paint_of[i] == LOOK_NONE ||
            !cover_reaches(&p->cover, widened(shape->box, margin)))
            continue;
        if (layer->type == LAYER_CIRCLE && shape->kind != GEOM_POINT) {
            TRY(add_circle(p, source, i, margin, err));
            continue;
        }
        add_extent(p, shape);
        add_rings(p, &source->full, shape, margin);
        if (layer->type == LAYER_FILL && shape->kind == GEOM_POLYGON)
            cover_add_inside(&p->cover, source->full.points, source->full.ring_ends,
                             shape->first_ring, shape->n_rings);
    }
done:
    return code;
}

/* Labels of all layers at once: they are placed together. */
static enum err_code add_labels(struct planning *p, struct err *err)
{
    const struct placement *placement;
    if (p->labels_done)
        return ERR_OK;
    p->labels_done = true;
    enum err_code code =
        scenes_labels(p->scenes, p->request->map, p->z, p->canvas->fonts, &placement, err);
    double unit = (double)plane_units_of_px(p->z), half = 2147483648.0;
    for (size_t i = 0; code == ERR_OK && i < placement->n; i++) {
        struct px_box ink = placement->items[i].ink;
        cover_add_box(&p->cover, (struct plane_box){(int64_t)((ink.left - 1) * unit - half),
                                                    (int64_t)((ink.top - 1) * unit - half),
                                                    (int64_t)((ink.right + 1) * unit - half),
                                                    (int64_t)((ink.bottom + 1) * unit - half)});
    }
    return code;
}

/* ---- a zoom ---- */

static enum err_code add_layers(struct planning *p, struct err *err)
{
    const struct style *style = scenes_style(p->scenes);
    for (size_t i = 0; i < style_layer_count(style); i++) {
        const struct style_layer *layer = style_layer(style, i);
        enum err_code code = ERR_OK;
        if (p->request->format == TILE_FORMAT_MVT) {
            if (vector_layer_shows(layer, p->request->map, p->z))
                code = add_vector_features(p, i, err);
            if (code != ERR_OK)
                return err_wrap(err, "layer %s", layer->id);
            continue;
        }
        if (!style_layer_shows(layer, p->request->map, style_zoom(p->z)) ||
            layer->source == SOURCE_SELECTED || layer->source == SOURCE_OUTSIDE)
            continue;
        if (layer->type == LAYER_BACKGROUND)
            cover_add_box(&p->cover, p->ground);
        else if (layer->type == LAYER_SYMBOL)
            code = add_labels(p, err);
        else
            code = add_features(p, i, err);
        if (code != ERR_OK)
            return err_wrap(err, "layer %s", layer->id);
    }
    return cover_settle(&p->cover, err);
}

/* Takes out the tiles that the unit of the request does not touch. */
static enum err_code clip_to_unit(struct planning *p, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cover inside;
    if (!p->unit)
        return ERR_OK;
    cover_init(&inside, p->z, p->square);
    struct cover whole = p->cover;
    p->cover = inside;
    add_rings(p, &p->units->full, p->unit, 0);
    cover_add_inside(&p->cover, p->units->full.points, p->units->full.ring_ends,
                     p->unit->first_ring, p->unit->n_rings);
    inside = p->cover;
    p->cover = whole;
    TRY(cover_settle(&inside, err));
    TRY(cover_clip(&p->cover, &inside, err));
done:
    cover_release(&inside);
    return code;
}

static int by_number(const void *a, const void *b)
{
    uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;
    return p < q ? -1 : p > q;
}

static enum err_code keep_tiles(const struct planning *p, struct seed_plan *out, struct err *err)
{
    uint64_t n = cover_count(&p->cover);
    if (n > LIMIT_ARCHIVE_TILES - out->n)
        return err_set(err, ERR_LIMIT,
                       "more than %d tiles up to zoom %u; take fewer zooms or a smaller area",
                       LIMIT_ARCHIVE_TILES, p->z);
    if (n == 0)
        return ERR_OK;
    uint64_t *ids = realloc(out->ids, (out->n + n) * sizeof *ids);
    if (!ids)
        return err_nomem(err);
    out->ids = ids;
    uint64_t *at = ids + out->n;
    for (size_t i = 0; i < p->cover.n; i++) {
        const struct cover_run *run = &p->cover.runs[i];
        for (uint32_t x = run->west; x <= run->east; x++)
            *at++ = hilbert_of((struct archive_tile){p->z, x, run->y});
    }
    qsort(ids + out->n, n, sizeof *ids, by_number);
    out->n += n;
    out->n_of_zoom[p->z] = n;
    return ERR_OK;
}

static enum err_code plan_zoom(struct planning *p, struct seed_plan *out, struct err *err)
{
    enum err_code code = ERR_OK;
    p->labels_done = false;
    cover_init(&p->cover, p->z, p->square);
    TRY(add_layers(p, err));
    TRY(clip_to_unit(p, err));
    TRY(keep_tiles(p, out, err));
done:
    cover_release(&p->cover);
    return code;
}

/* ---- the whole ---- */

static enum err_code find_unit(struct planning *p, struct seed_plan *out, struct err *err)
{
    const struct world *world = scenes_world(p->scenes);
    int64_t row = world_unit(world, p->request->unit);
    enum err_code code = scenes_source(p->scenes, SOURCE_UNITS, &p->units, err);
    for (uint32_t i = 0; code == ERR_OK && row >= 0 && i < p->units->n; i++)
        if (p->units->rows[i] == row)
            p->unit = &p->units->shapes[i];
    if (code != ERR_OK)
        return code;
    if (!p->unit)
        return err_set(err, ERR_NOT_FOUND, "no administrative unit has the code \"%s\"",
                       p->request->unit);
    p->square = p->unit->box;
    out->bounds = world_geom(world, LAYER_ADMIN, (size_t)row)->box;
    return ERR_OK;
}

/* The data's extent is that of the boundaries; something may be shown outside of them. */
static void widen_bounds(const struct planning *p, struct box *bounds)
{
    if (p->extent.west > p->extent.east)
        return;
    enum plane plane = scenes_plane(p->scenes);
    struct lonlat nw = plane_to_lonlat(plane, p->extent.west, p->extent.north);
    struct lonlat se = plane_to_lonlat(plane, p->extent.east, p->extent.south);
    *bounds =
        (struct box){min_of(bounds->west_deg, nw.lon_deg), min_of(bounds->south_deg, se.lat_deg),
                     max_of(bounds->east_deg, se.lon_deg), max_of(bounds->north_deg, nw.lat_deg)};
}

enum err_code seed_plan_make(struct scenes *scenes, struct canvas *canvas,
                             const struct seed_request *request, struct seed_plan *out,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    struct planning p = {.scenes = scenes, .canvas = canvas, .request = request};
    struct box extent = world_extent(scenes_world(scenes));
    *out = (struct seed_plan){.bounds = request->has_box ? request->box : extent};
    arena_init(&p.scratch, LIMIT_REQUEST_BYTES);
    p.extent = plane_box_empty();
    p.ground = box_is_empty(extent) ? p.extent : square_of(&p, extent);
    p.square = request->has_box ? square_of(&p, request->box) : plane_whole(scenes_plane(scenes));
    if (request->unit)
        TRY(find_unit(&p, out, err));
    for (p.z = request->min_zoom; p.z <= request->max_zoom; p.z++)
        TRY(plan_zoom(&p, out, err));
    if (out->n == 0)
        code = err_set(err, ERR_NOT_FOUND, "map %s shows nothing there at zoom %u-%u",
                       map_name(request->map), seed_level(request, request->min_zoom),
                       seed_level(request, request->max_zoom));
    else if (!request->has_box && !request->unit)
        widen_bounds(&p, &out->bounds);
done:
    arena_release(&p.scratch);
    return code;
}
