/* features.c - the fills, lines and circles of a style layer, each feature below the one before. */
#include "tiler/tiles/drawing.h"
#include "tiler/tiles/look.h"
#include "tiler/tiles/ranked.h"

struct list {
    struct ranked *items; /* from the lowest up */
    size_t n;
};

/* Those that the look draws, as the source has them. */
static enum err_code collect(const struct drawing *d, const struct layer_job *job, struct list *out)
{
    const struct look *look = job->look;
    uint32_t *features;
    size_t n_found;
    int64_t unit = plane_units_of_px(d->key->z);
    int64_t reach = (int64_t)((look->reach_px + 1) * (double)unit);
    struct plane_box box = {d->square.west - reach, d->square.north - reach, d->square.east + reach,
                            d->square.south + reach};
    *out = (struct list){NULL, 0};
    enum err_code code = source_search(job->source, box, d->arena, &features, &n_found, d->err);
    if (code != ERR_OK || n_found == 0)
        return code;
    out->items = arena_new(d->arena, struct ranked, n_found);
    if (!out->items)
        return err_nomem(d->err);
    for (size_t i = 0; i < n_found; i++)
        if (look->paint_of[features[i]] != LOOK_NONE)
            out->items[out->n++] = (struct ranked){features[i], features[i]};
    return ERR_OK;
}

/* Puts them in the order of some numbers of theirs; NULL: leaves them as they are. */
static enum err_code reorder(const struct drawing *d, struct list *list, const uint32_t *numbers)
{
    if (!numbers)
        return ERR_OK;
    for (size_t i = 0; i < list->n; i++)
        list->items[i].rank = numbers[list->items[i].feature];
    return ranked_sort(list->items, list->n, d->arena, d->err);
}

/* The order in which a layer is drawn. */
static enum err_code order(const struct drawing *d, const struct layer_job *job, struct list *list)
{
    return reorder(d, list, job->look->rank ? job->look->rank : job->source->places);
}

static const struct paint *paint_at(const struct layer_job *job, const struct list *list, size_t i)
{
    return &job->look->paints[job->look->paint_of[list->items[i].feature]];
}

static const struct shape *shape_at(const struct layer_job *job, const struct list *list, size_t i)
{
    return &job->source->shapes[list->items[i].feature];
}

/* Fetches what will be read of the features to come: they lie all over memory, each a chain of
 * three places, and the wait for them would be a tenth of the time. */
static const size_t ahead = 8;

static inline void look_ahead(const struct layer_job *job, const struct list *list, size_t i)
{
    const struct detail *detail = job->detail;
    if (i >= 3 * ahead && i - 3 * ahead < list->n) {
        __builtin_prefetch(shape_at(job, list, i - 3 * ahead));
        __builtin_prefetch((const char *)(shape_at(job, list, i - 3 * ahead) + 1) - 1);
        __builtin_prefetch(&job->look->paint_of[list->items[i - 3 * ahead].feature]);
    }
    if (i >= 2 * ahead && i - 2 * ahead < list->n)
        __builtin_prefetch(&detail->ring_ends[shape_at(job, list, i - 2 * ahead)->first_ring]);
    if (i >= ahead && i - ahead < list->n) {
        uint32_t start = ring_start(detail, shape_at(job, list, i - ahead)->first_ring);
        __builtin_prefetch(&detail->points[start]);
        __builtin_prefetch(&detail->points[start + 8]);
        __builtin_prefetch(&detail->points[start + 16]);
        __builtin_prefetch(&detail->points[start + 24]);
        __builtin_prefetch(&detail->stretches[start / DETAIL_STRETCH]);
    }
}

/* The same before the first is drawn. */
static void look_at_first(const struct layer_job *job, const struct list *list)
{
    for (size_t i = list->n + 3 * ahead; i-- > list->n;)
        look_ahead(job, list, i);
}

/* ---- fills ---- */

/* The pixels that a shape may touch. */
static struct under_box pixels_of(const struct drawing *d, const struct shape *shape)
{
    struct fixed low = to_picture_far(d, shape->box.west, shape->box.north);
    struct fixed high = to_picture_far(d, shape->box.east, shape->box.south);
    return (struct under_box){(low.x >> 8) - 1, (low.y >> 8) - 1, (high.x >> 8) + 1,
                              (high.y >> 8) + 1};
}

static void draw_fills(const struct drawing *d, const struct layer_job *job,
                       const struct list *list)
{
    struct canvas *canvas = d->canvas;
    const struct under_box whole = {0, 0, canvas->size_px - 1, canvas->size_px - 1};
    under_look(&canvas->under, &whole);
    look_at_first(job, list);
    for (size_t i = list->n; i-- > 0;) {
        look_ahead(job, list, i);
        const struct shape *shape = shape_at(job, list, i);
        const struct paint *paint = paint_at(job, list, i);
        const struct coat coat = {
            .colour = paint->colour, .opacity = paint->opacity, .pattern = paint->pattern};
        const struct under_box box = pixels_of(d, shape);
        if (shape->kind != GEOM_POLYGON || under_hides(&canvas->under, &box))
            continue;
        add_polygon(d, job, shape);
        canvas_lay(canvas, &coat);
        under_look(&canvas->under, &box);
    }
}

/* ---- lines ---- */

/* The raster counts to 16,383 shapes on one pixel: a longer run is laid in parts. What decides it
 * is what the picture shows alone. */
enum { LONGEST_RUN = 16000 };

/* Whether the feature after this one, below it, is of another run. */
static bool run_ends(const struct layer_job *job, const struct list *list, size_t i)
{
    return i == 0 || paint_at(job, list, i - 1) != paint_at(job, list, i);
}

/* Whether it touches the picture in its own paint: what does not has no part in a count. */
static bool is_near(const struct drawing *d, const struct shape *shape, const struct paint *paint)
{
    int64_t reach = (int64_t)((paint_reach(paint) + 1) * (double)plane_units_of_px(d->key->z));
    const struct plane_box box = {shape->box.west - reach, shape->box.north - reach,
                                  shape->box.east + reach, shape->box.south + reach};
    return plane_box_touches(box, d->square);
}

/* By runs, each in the order of the source. Thin lines of one paint are all one. */
static enum err_code order_strokes(const struct drawing *d, const struct layer_job *job,
                                   struct list *list, bool outlines)
{
    enum err_code code = ERR_OK;
    const struct look *look = job->look;
    struct stroke_style first = stroke_scaled(&look->paints[0].stroke, d->key->scale);
    if (look->n_paints == 1 && (outlines || is_thin(&first)))
        return ERR_OK;
    TRY(reorder(d, list, job->source->places));
    if (look->n_paints > 1)
        TRY(reorder(d, list, look->run_of));
done:
    return code;
}

/* The strokes of a run are one shape: lines that cross or meet do not darken each other. outlines:
 * those of fills, a pixel wide. */
static enum err_code draw_strokes(const struct drawing *d, const struct layer_job *job,
                                  struct list *list, bool outlines)
{
    enum err_code code = ERR_OK;
    struct canvas *canvas = d->canvas;
    struct stroke_style stroke = {.width_px = canvas->scale, .join = JOIN_ROUND};
    size_t length = 0; /* of the run; thin lines are collected without counting */
    TRY(order_strokes(d, job, list, outlines));
    look_at_first(job, list);
    for (size_t i = list->n; i-- > 0;) {
        look_ahead(job, list, i);
        const struct shape *shape = shape_at(job, list, i);
        const struct paint *paint = paint_at(job, list, i);
        if (!outlines && (i + 1 == list->n || paint != paint_at(job, list, i + 1)))
            stroke = stroke_scaled(&paint->stroke, canvas->scale);
        bool drawn = outlines ? paint->has_outline && shape->kind == GEOM_POLYGON
                              : shape->kind != GEOM_POINT;
        if (drawn)
            TRY(add_lines(d, job, shape, &stroke));
        length += list->n > LONGEST_RUN && !is_thin(&stroke) && is_near(d, shape, paint);
        if (!run_ends(job, list, i) && length < LONGEST_RUN)
            continue;
        length = 0;
        const struct coat coat = {.colour = outlines ? paint->outline : paint->colour,
                                  .opacity = paint->opacity};
        if (is_thin(&stroke))
            canvas_lay_lines(canvas, &coat);
        else
            canvas_lay(canvas, &coat);
    }
done:
    return code;
}

/* ---- circles ---- */

static void draw_circle(const struct drawing *d, struct fixed centre, const struct paint *paint)
{
    struct canvas *canvas = d->canvas;
    double radius = paint->radius_px * canvas->scale, edge = paint->edge_px * canvas->scale;
    const struct coat coat = {.colour = paint->colour, .opacity = paint->opacity};
    double reach = (radius + edge) * FIXED_ONE + FIXED_ONE;
    double far = canvas->size_px * (double)FIXED_ONE + reach;
    /* However small, it is a pixel: a hazard never vanishes. */
    if (radius + edge < 0.5 * canvas->scale && radius > 0) {
        mark_px(d, centre);
        canvas_lay(canvas, &coat);
        return;
    }
    if ((double)centre.x < -reach || (double)centre.y < -reach || (double)centre.x > far ||
        (double)centre.y > far)
        return;
    canvas_lay_disc(canvas, centre, radius, 0, &coat);
    if (edge > 0 && paint->edge_opacity > 0 && paint->edge.a > 0) {
        /* Below an opaque circle the edge is a whole disc: no pixel between the two shows what
         * lies below them. */
        const struct coat rim = {.colour = paint->edge, .opacity = paint->edge_opacity};
        bool covered = paint->opacity * paint->colour.a >= 1;
        canvas_lay_disc(canvas, centre, radius + edge, covered ? 0 : radius, &rim);
    }
}

/* Circles of a tile, and the order in which they are drawn. */
struct circles {
    struct circle {
        struct fixed centre;
        uint32_t paint;
    } * items;
    struct ranked *order; /* of items */
    size_t n, items_room, order_room;
};

static enum err_code add_circle(const struct drawing *d, struct circles *circles,
                                const struct circle *circle, uint32_t rank)
{
    size_t n = circles->n;
    circles->items =
        arena_grow(d->arena, circles->items, &circles->items_room, n + 1, sizeof *circles->items);
    circles->order =
        arena_grow(d->arena, circles->order, &circles->order_room, n + 1, sizeof *circles->order);
    if (!circles->items || !circles->order)
        return err_nomem(d->err);
    circles->items[n] = *circle;
    circles->order[n] = (struct ranked){rank, (uint32_t)n};
    circles->n++;
    return ERR_OK;
}

static enum err_code add_circles(const struct drawing *d, const struct layer_job *job,
                                 uint32_t feature, struct circles *circles)
{
    enum err_code code = ERR_OK;
    const struct source *source = job->source;
    const struct detail *full = &source->full;
    const struct shape *shape = &source->shapes[feature];
    uint32_t rank = job->look->rank ? job->look->rank[feature] : source_place(source, feature);
    struct circle circle = {.paint = job->look->paint_of[feature]};
    if (shape->kind == GEOM_POINT) {
        uint32_t end = full->ring_ends[shape->first_ring];
        for (uint32_t k = ring_start(full, shape->first_ring); k < end; k++) {
            circle.centre = to_picture(d, full->points[k]);
            TRY(add_circle(d, circles, &circle, rank));
        }
        return ERR_OK;
    }
    struct plane_point at;
    TRY(source_point(source, feature, d->arena, &at, d->err));
    circle.centre = to_picture(d, at);
    TRY(add_circle(d, circles, &circle, rank));
done:
    return code;
}

/* Where they lie is read as it lies in memory, and put in order then. */
static enum err_code draw_circles(const struct drawing *d, const struct layer_job *job,
                                  const struct list *list)
{
    enum err_code code = ERR_OK;
    struct circles circles = {0};
    for (size_t i = 0; i < list->n; i++)
        TRY(add_circles(d, job, list->items[i].feature, &circles));
    TRY(ranked_sort(circles.order, circles.n, d->arena, d->err));
    for (size_t i = circles.n; i-- > 0;) {
        const struct circle *circle = &circles.items[circles.order[i].feature];
        draw_circle(d, circle->centre, &job->look->paints[circle->paint]);
    }
done:
    return code;
}

/* ---- a layer ---- */

enum err_code features_draw(const struct drawing *d, size_t index)
{
    enum err_code code = ERR_OK;
    struct layer_job job = {.layer = style_layer(scenes_style(d->scenes), index)};
    struct list list;
    TRY(scenes_source(d->near, job.layer->source, &job.source, d->err));
    TRY(scenes_look(d->near, index, d->key->z, &job.look, d->err));
    if (job.look->n_paints == 0)
        return ERR_OK;
    TRY(collect(d, &job, &list));
    if (list.n == 0)
        return ERR_OK;
    TRY(scenes_detail(d->near, job.source, d->key->z + d->key->scale - 1, &job.detail, d->err));
    switch (job.layer->type) {
    case LAYER_FILL:
        if (job.look->has_outlines)
            TRY(draw_strokes(d, &job, &list, true));
        TRY(order(d, &job, &list));
        draw_fills(d, &job, &list);
        break;
    case LAYER_LINE:
        TRY(draw_strokes(d, &job, &list, false));
        break;
    case LAYER_CIRCLE:
        TRY(draw_circles(d, &job, &list));
        break;
    case LAYER_BACKGROUND:
    case LAYER_SYMBOL:
        break;
    }
done:
    return code;
}
