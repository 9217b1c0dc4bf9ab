#include "tiler/tiles/tile.h"

#include "tiler/tiles/drawing.h"
#include "tiler/tiles/look.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* The raster counts to 16,383 shapes on one pixel; past this many the paint goes on. */
    MOST_SHAPES_A_COAT = 8192,
};

/* A feature and its paint, in the order of drawing. */
struct drawn {
    uint32_t paint, feature;
};

static int by_paint(const void *a, const void *b)
{
    const struct drawn *p = a, *q = b;
    if (p->paint != q->paint)
        return p->paint < q->paint ? -1 : 1;
    return p->feature < q->feature ? -1 : p->feature > q->feature;
}

static enum err_code collect(const struct drawing *d, const struct layer_job *job,
                             struct drawn **out, size_t *n)
{
    uint32_t *features;
    size_t n_found;
    int64_t unit = merc_units_of_px(d->key->z);
    int64_t reach = (int64_t)((job->look->reach_px + 1) * (double)unit);
    struct merc_box box = {d->square.west - reach, d->square.north - reach, d->square.east + reach,
                           d->square.south + reach};
    *n = 0;
    *out = NULL;
    enum err_code code = source_search(job->source, box, d->arena, &features, &n_found, d->err);
    if (code != ERR_OK || n_found == 0)
        return code;
    struct drawn *list = arena_new(d->arena, struct drawn, n_found);
    if (!list)
        return err_nomem(d->err);
    bool sorted = true;
    for (size_t i = 0; i < n_found; i++) {
        uint32_t paint = job->look->paint_of[features[i]];
        if (paint == LOOK_NONE)
            continue;
        list[(*n)++] = (struct drawn){paint, features[i]};
        sorted &= *n < 2 || list[*n - 2].paint <= paint;
    }
    if (!sorted)
        qsort(list, *n, sizeof *list, by_paint);
    *out = list;
    return ERR_OK;
}

static struct stroke_style scaled(const struct stroke_style *stroke, uint32_t scale)
{
    struct stroke_style out = *stroke;
    out.width_px *= scale;
    for (uint32_t i = 0; i < out.n_dashes; i++)
        out.dashes_px[i] *= scale;
    return out;
}

/* ---- layers ---- */

static void paint_fill(const struct drawing *d, const struct paint *paint)
{
    struct coat coat = {.colour = paint->colour,
                        .opacity = paint->opacity,
                        .adds_up = true,
                        .pattern = paint->pattern};
    coat.adds_up = paint->pattern.kind == PATTERN_NONE;
    canvas_paint(d->canvas, &coat);
}

static enum err_code draw_fill(const struct drawing *d, const struct layer_job *job,
                               const struct drawn *list, size_t n)
{
    for (size_t i = 0, in_coat = 0; i < n; i++) {
        const struct shape *shape = &job->source->shapes[list[i].feature];
        if (shape->kind == GEOM_POLYGON)
            add_polygon(d, job, shape);
        bool last = i + 1 == n || list[i + 1].paint != list[i].paint;
        if (last || ++in_coat == MOST_SHAPES_A_COAT) {
            paint_fill(d, &job->look->paints[list[i].paint]);
            in_coat = 0;
        }
    }
    return ERR_OK;
}

/* fill-outline-color: a line of one pixel round every shape, above all the fills. */
static enum err_code draw_outlines(const struct drawing *d, const struct layer_job *job,
                                   const struct drawn *list, size_t n)
{
    struct stroke_style stroke = {.width_px = d->canvas->scale, .join = JOIN_ROUND};
    for (size_t i = 0; i < n; i++) {
        const struct paint *paint = &job->look->paints[list[i].paint];
        const struct shape *shape = &job->source->shapes[list[i].feature];
        if (paint->has_outline && shape->kind == GEOM_POLYGON) {
            enum err_code code = add_lines(d, job, shape, &stroke);
            if (code != ERR_OK)
                return code;
        }
        if (i + 1 == n || list[i + 1].paint != list[i].paint || i % MOST_SHAPES_A_COAT == 0) {
            struct coat coat = {.colour = paint->outline, .opacity = paint->opacity};
            canvas_paint(d->canvas, &coat);
        }
    }
    return ERR_OK;
}

static enum err_code draw_lines(const struct drawing *d, const struct layer_job *job,
                                const struct drawn *list, size_t n)
{
    for (size_t i = 0, in_coat = 0; i < n; i++) {
        const struct paint *paint = &job->look->paints[list[i].paint];
        const struct shape *shape = &job->source->shapes[list[i].feature];
        struct stroke_style stroke = scaled(&paint->stroke, d->canvas->scale);
        if (shape->kind != GEOM_POINT) {
            enum err_code code = add_lines(d, job, shape, &stroke);
            if (code != ERR_OK)
                return code;
        }
        bool last = i + 1 == n || list[i + 1].paint != list[i].paint;
        if (last || ++in_coat == MOST_SHAPES_A_COAT) {
            struct coat coat = {.colour = paint->colour, .opacity = paint->opacity};
            canvas_paint(d->canvas, &coat);
            in_coat = 0;
        }
    }
    return ERR_OK;
}

static void draw_circle(const struct drawing *d, struct fixed centre, const struct paint *paint)
{
    struct canvas *canvas = d->canvas;
    double radius = paint->radius_px * canvas->scale, edge = paint->edge_px * canvas->scale;
    struct coat coat = {.colour = paint->colour, .opacity = paint->opacity};
    double reach = (radius + edge) * FIXED_ONE + FIXED_ONE;
    double far = canvas->size_px * (double)FIXED_ONE + reach;
    if ((double)centre.x < -reach || (double)centre.y < -reach || (double)centre.x > far ||
        (double)centre.y > far)
        return;
    if (edge > 0 && paint->edge_opacity > 0 && paint->edge.a > 0) {
        /* The edge as a whole disc below the circle where that is opaque: no pixel between
         * the two shows what lies below them. */
        struct coat rim = {.colour = paint->edge, .opacity = paint->edge_opacity};
        bool covered = paint->opacity * paint->colour.a >= 1;
        stroke_disc(canvas->raster, centre, radius + edge);
        if (!covered)
            stroke_hole(canvas->raster, centre, radius);
        canvas_paint(canvas, &rim);
    }
    stroke_disc(canvas->raster, centre, radius);
    canvas_paint(canvas, &coat);
}

static enum err_code draw_circles(const struct drawing *d, const struct layer_job *job,
                                  const struct drawn *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct shape *shape = &job->source->shapes[list[i].feature];
        const struct paint *paint = &job->look->paints[list[i].paint];
        if (shape->kind == GEOM_POINT) {
            uint32_t start = ring_start(&job->source->full, shape->first_ring);
            uint32_t end = job->source->full.ring_ends[shape->first_ring];
            for (uint32_t k = start; k < end; k++)
                draw_circle(d, to_picture(d, job->source->full.points[k]), paint);
            continue;
        }
        struct merc at;
        enum err_code code = source_point(job->source, list[i].feature, d->arena, &at, d->err);
        if (code != ERR_OK)
            return code;
        draw_circle(d, to_picture(d, at), paint);
    }
    return ERR_OK;
}

static enum err_code draw_features(const struct drawing *d, size_t index)
{
    enum err_code code = ERR_OK;
    struct layer_job job = {.layer = style_layer(scenes_style(d->scenes), index)};
    struct drawn *list;
    size_t n;
    TRY(scenes_source(d->scenes, job.layer->source, &job.source, d->err));
    TRY(scenes_look(d->scenes, index, d->key->z, &job.look, d->err));
    if (job.look->n_paints == 0)
        return ERR_OK;
    TRY(collect(d, &job, &list, &n));
    if (n == 0)
        return ERR_OK;
    TRY(scenes_detail(d->scenes, job.source, d->key->z, &job.detail, d->err));
    switch (job.layer->type) {
    case LAYER_FILL:
        TRY(draw_fill(d, &job, list, n));
        TRY(draw_outlines(d, &job, list, n));
        break;
    case LAYER_LINE:
        TRY(draw_lines(d, &job, list, n));
        break;
    case LAYER_CIRCLE:
        TRY(draw_circles(d, &job, list, n));
        break;
    case LAYER_BACKGROUND:
    case LAYER_SYMBOL:
        break;
    }
done:
    return code;
}

/* The unit of ?unit= (source "selected"), or all but it ("outside"). */
static enum err_code draw_unit(const struct drawing *d, size_t index)
{
    enum err_code code = ERR_OK;
    struct layer_job job = {.layer = style_layer(scenes_style(d->scenes), index)};
    if (d->unit < 0)
        return ERR_OK;
    TRY(scenes_source(d->scenes, SOURCE_UNITS, &job.source, d->err));
    TRY(scenes_detail(d->scenes, job.source, d->key->z, &job.detail, d->err));
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
            raster_ring(d->canvas->raster, frame, 4);
            coat.upon = true;
        }
        canvas_paint(d->canvas, &coat);
    } else if (job.layer->type == LAYER_LINE) {
        struct stroke_style stroke = scaled(&paint.stroke, d->canvas->scale);
        TRY(add_lines(d, &job, shape, &stroke));
        canvas_paint(d->canvas, &coat);
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
        double edge = (double)TILE_PX * d->tiles;
        struct px_box box = {(double)left, (double)top, (double)left + edge, (double)top + edge};
        TRY(scenes_labels(d->scenes, d->key->map, d->key->z, d->canvas->fonts, &here->placement,
                          d->err));
        TRY(placement_search(here->placement, box, d->arena, &here->items, &here->n, d->err));
        here->known = true;
    }
    for (size_t i = 0; i < here->n; i++) {
        const struct placed *label = &here->placement->items[here->items[i]];
        if (label->layer == index)
            placed_draw(label, d->canvas, left, top);
    }
done:
    return code;
}

static enum err_code draw_layers(const struct drawing *d)
{
    const struct style *style = scenes_style(d->scenes);
    struct labels_here labels = {0};
    for (size_t i = 0; i < style_layer_count(style); i++) {
        const struct style_layer *layer = style_layer(style, i);
        enum err_code code = ERR_OK;
        if (!style_layer_shows(layer, d->key->map, style_zoom(d->key->z)))
            continue;
        if (layer->type == LAYER_BACKGROUND)
            draw_background(d, layer);
        else if (layer->source == SOURCE_SELECTED || layer->source == SOURCE_OUTSIDE)
            code = draw_unit(d, i);
        else if (layer->type == LAYER_SYMBOL)
            code = draw_labels(d, i, &labels);
        else
            code = draw_features(d, i);
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
    if (!tile_in_grid(key->z, key->x, key->y) ||
        !tile_in_grid(key->z, key->x + tiles - 1, key->y + tiles - 1))
        return err_set(err, ERR_NOT_FOUND,
                       "there is no tile %u/%u/%u: z goes from 0 to %d, x and y from 0 to 2^z - 1",
                       key->z, key->x, key->y, TILE_ZOOM_MAX);
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
    struct merc_box last = tile_square(key->z, key->x + tiles - 1, key->y + tiles - 1);
    drawing.square.east = last.east;
    drawing.square.south = last.south;
    TRY(canvas_begin(canvas, key->scale, tiles, err));
    TRY(find_unit(&drawing));
    TRY(draw_layers(&drawing));
done:
    return code;
}

enum err_code tile_draw(struct scenes *scenes, struct canvas *canvas, struct worker *worker,
                        const struct tile_key *key, struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(draw_picture(scenes, canvas, worker, key, 1, err));
    TRY(image_write_png(canvas->writer, canvas->pixels, canvas->size_px, canvas->size_px, out,
                        err));
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
