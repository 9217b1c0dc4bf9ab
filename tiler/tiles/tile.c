#include "tiler/tiles/tile.h"

#include "tiler/tiles/drawing.h"
#include "tiler/tiles/look.h"

/* The unit of ?unit= (source "selected"), or all but it ("outside"). */
static enum err_code draw_unit(const struct drawing *d, size_t index)
{
    enum err_code code = ERR_OK;
    struct layer_job job = {.layer = style_layer(scenes_style(d->scenes), index)};
    if (d->unit < 0)
        return ERR_OK;
    TRY(scenes_source(d->scenes, SOURCE_UNITS, &job.source, d->err));
    TRY(scenes_detail(d->scenes, job.source, d->key->z + d->key->scale - 1, &job.detail, d->err));
    const struct shape *shape = &job.source->shapes[d->unit];
    struct source_feature feature = {job.source, (uint32_t)d->unit};
    struct eval eval = {.zoom = style_zoom(d->key->z),
                        .feature = &feature,
                        .get = source_property,
                        .arena = d->arena};
    if (!style_filter(job.layer, &eval))
        return ERR_OK;
    struct paint paint;
    paint_evaluate(job.layer, &eval, &paint);
    struct coat coat = {.colour = paint.colour, .opacity = paint.opacity, .pattern = paint.pattern};
    if (job.layer->type == LAYER_FILL) {
        add_polygon(d, &job, shape);
        if (job.layer->source == SOURCE_OUTSIDE) {
            /* The whole picture less the unit: a frame that turns as holes do. */
            int64_t edge = (int64_t)d->canvas->size_px * FIXED_ONE;
            struct fixed frame[] = {{0, 0}, {edge, 0}, {edge, edge}, {0, edge}};
            raster_ring(&d->canvas->raster, frame, 4);
            TRY(canvas_dim(d->canvas, &coat, d->err));
        } else {
            canvas_lay(d->canvas, &coat);
        }
    } else if (job.layer->type == LAYER_LINE) {
        struct stroke_style stroke = stroke_scaled(&paint.stroke, d->canvas->scale);
        TRY(add_lines(d, &job, shape, &stroke));
        if (is_thin(&stroke))
            canvas_lay_lines(d->canvas, &coat);
        else
            canvas_lay(d->canvas, &coat);
    }
done:
    return code;
}

static void draw_background(const struct drawing *d, const struct style_layer *layer)
{
    struct paint paint;
    struct eval eval = {.zoom = style_zoom(d->key->z), .arena = d->arena};
    paint_evaluate(layer, &eval, &paint);
    canvas_flood(d->canvas, paint.colour, paint.opacity);
}

/* The labels of one symbol layer, out of those that touch the tile. */
struct labels_here {
    bool known;
    const struct placement *placement;
    uint32_t *items;
    size_t n;
};

static enum err_code draw_labels(const struct drawing *d, size_t index, struct labels_here *here)
{
    enum err_code code = ERR_OK;
    int64_t left = (int64_t)d->key->x * TILE_PX, top = (int64_t)d->key->y * TILE_PX;
    if (!here->known) {
        int64_t edge = (int64_t)TILE_PX * d->tiles;
        struct px_box box = {(int32_t)left, (int32_t)top, (int32_t)(left + edge),
                             (int32_t)(top + edge)};
        TRY(scenes_labels(d->scenes, d->key->map, d->key->z, d->canvas->fonts, &here->placement,
                          d->err));
        TRY(placement_search(here->placement, box, d->arena, &here->items, &here->n, d->err));
        here->known = true;
    }
    for (size_t i = here->n; i-- > 0;) {
        const struct placed *label = &here->placement->items[here->items[i]];
        if (label->layer == index)
            placed_draw(label, d->canvas, left, top);
    }
done:
    return code;
}

/* What would hide the map below, or say again what stands on it. */
static bool is_ground(const struct style_layer *layer)
{
    return layer->type == LAYER_BACKGROUND || layer->source == SOURCE_UNITS ||
           layer->source == SOURCE_BOUNDARIES;
}

static bool is_name(const struct style_layer *layer)
{
    return layer->type == LAYER_SYMBOL && layer->properties[PROP_TEXT_FIELD] &&
           !layer->properties[PROP_ICON_IMAGE];
}

/* What lies outside a unit is dimmed in every part. */
static bool is_of_part(const struct style_layer *layer, enum tile_part part)
{
    if (part == TILE_OVERLAY)
        return !is_ground(layer);
    return part == TILE_WHOLE || is_name(layer) || layer->source == SOURCE_OUTSIDE;
}

/* From the uppermost down, until nothing below can be seen. */
static enum err_code draw_layers(const struct drawing *d)
{
    const struct style *style = scenes_style(d->scenes);
    struct labels_here labels = {0};
    for (size_t i = style_layer_count(style); i-- > 0;) {
        const struct style_layer *layer = style_layer(style, i);
        enum err_code code = ERR_OK;
        if (!style_layer_shows(layer, d->key->map, style_zoom(d->key->z)) ||
            !is_of_part(layer, d->key->part))
            continue;
        under_layer(&d->canvas->under);
        if (layer->type == LAYER_BACKGROUND)
            draw_background(d, layer);
        else if (layer->source == SOURCE_SELECTED || layer->source == SOURCE_OUTSIDE)
            code = draw_unit(d, i);
        else if (layer->type == LAYER_SYMBOL)
            code = draw_labels(d, i, &labels);
        else
            code = features_draw(d, i);
        if (code != ERR_OK)
            return err_wrap(d->err, "layer %s", layer->id);
    }
    return ERR_OK;
}

/* ---- the tile ---- */

/* The feature of the units that is this unit. */
static enum err_code find_unit(struct drawing *d)
{
    const struct source *units;
    d->unit = -1;
    if (!d->key->unit)
        return ERR_OK;
    int64_t row = world_unit(scenes_world(d->scenes), d->key->unit);
    enum err_code code = scenes_source(d->scenes, SOURCE_UNITS, &units, d->err);
    for (uint32_t i = 0; code == ERR_OK && row >= 0 && i < units->n; i++)
        if (units->rows[i] == row)
            d->unit = i;
    if (code == ERR_OK && d->unit < 0)
        code = err_set(d->err, ERR_NOT_FOUND, "no administrative unit has the code \"%s\"",
                       d->key->unit);
    return code;
}

static enum err_code draw_picture(struct scenes *scenes, struct canvas *canvas,
                                  struct worker *worker, const struct tile_key *key, uint32_t tiles,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    enum plane plane = scenes_plane(scenes);
    if (!plane_has_tile(plane, key->z, key->x, key->y) ||
        !plane_has_tile(plane, key->z, key->x + tiles - 1, key->y + tiles - 1))
        return err_set(err, ERR_NOT_FOUND, "there is no tile %u/%u/%u; z goes up to %d", key->z,
                       key->x, key->y, TILE_ZOOM_MAX);
    if (key->scale != 1 && key->scale != 2)
        return err_set(err, ERR_USAGE, "the scale must be 1 or 2");
    struct drawing drawing = {.scenes = scenes,
                              .canvas = canvas,
                              .arena = &worker->arena,
                              .key = key,
                              .tiles = tiles,
                              .square = tile_square(key->z, key->x, key->y),
                              .shift = 16 - (int32_t)key->z - (key->scale == 2 ? 1 : 0),
                              .err = err};
    struct plane_box last = tile_square(key->z, key->x + tiles - 1, key->y + tiles - 1);
    drawing.square.east = last.east;
    drawing.square.south = last.south;
    TRY(scenes_near(scenes, (struct plane_tile){key->z, key->x, key->y}, tiles, &drawing.near,
                    err));
    TRY(canvas_begin(canvas, key->scale, tiles, err));
    TRY(canvas_use_fonts(canvas, scenes_style(scenes), err));
    TRY(find_unit(&drawing));
    TRY(draw_layers(&drawing));
    canvas_end(canvas);
done:
    scenes_release(drawing.near);
    return code;
}

enum err_code tile_draw(struct scenes *scenes, struct canvas *canvas, struct worker *worker,
                        const struct tile_key *key, struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(draw_picture(scenes, canvas, worker, key, 1, err));
    const struct image image = {canvas->pixels, canvas->size_px, canvas->size_px, key->form};
    TRY(image_write_png(canvas->writer, &image, out, err));
done:
    return code;
}

enum err_code tile_draw_block(struct scenes *scenes, struct canvas *canvas, struct worker *worker,
                              const struct tile_key *key, uint32_t tiles, struct err *err)
{
    if (tiles < 1 || tiles > TILE_BLOCK_MAX)
        return err_set(err, ERR_USAGE, "a block has 1 to %d tiles a side", TILE_BLOCK_MAX);
    return draw_picture(scenes, canvas, worker, key, tiles, err);
}

const uint32_t *canvas_pixels(const struct canvas *canvas)
{
    return canvas->pixels;
}
