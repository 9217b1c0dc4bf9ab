/* Everything that wants a label at a zoom: points with what they look like, lines laid out. */
#include "tiler/tiles/label_line.h"
#include "tiler/tiles/placement.h"
#include "tiler/tiles/tile.h"

#include <stdlib.h>
#include <string.h>

struct gathering {
    const struct label_input *input;
    const struct label_layer *layer;
    struct arena *arena;
    struct arena scratch; /* reset after each feature */
    struct candidate *candidates;
    size_t n, capacity;
};

int candidate_order(const struct candidate *p, const struct candidate *q)
{
    if (p->layer != q->layer)
        return p->layer > q->layer ? -1 : 1;
    if (p->sort_key != q->sort_key)
        return p->sort_key < q->sort_key ? -1 : 1;
    int order = strcmp(p->id, q->id);
    return order != 0 ? order : p->repeat < q->repeat ? -1 : p->repeat > q->repeat;
}

/* In the order of priority; what an id does not tell apart, the source does. */
static int by_priority(const void *a, const void *b)
{
    const struct candidate *p = a, *q = b;
    int order = candidate_order(p, q);
    return order != 0 ? order : p->feature < q->feature ? -1 : p->feature > q->feature;
}

bool label_inside(struct px_box box, const struct label_input *input)
{
    int64_t edge = (int64_t)TILE_PX << input->z;
    bool half = input->n_layers > 0 && input->layers[0].source->plane == PLANE_GEODETIC;
    return box.left >= 0 && box.top >= 0 && box.right <= edge &&
           box.bottom <= (half ? edge / 2 : edge);
}

/* World pixels of a place, at scale 1. */
static int32_t px_of(int32_t units, uint32_t z)
{
    return (int32_t)(((int64_t)units + (INT64_C(1) << 31) + plane_units_of_px(z) / 2) >> (24 - z));
}

static enum err_code add(struct gathering *g, const struct candidate *candidate, struct err *err)
{
    g->candidates = arena_grow(g->arena, g->candidates, &g->capacity, g->n + 1, sizeof *candidate);
    if (!g->candidates)
        return err_nomem(err);
    g->candidates[g->n++] = *candidate;
    return ERR_OK;
}

/* ---- at points ---- */

static enum err_code add_point(struct gathering *g, const struct candidate *feature,
                               const struct label_wish *wish, struct err *err)
{
    enum err_code code = ERR_OK;
    struct candidate candidate = *feature;
    struct plane_point at;
    TRY(source_point(g->layer->source, feature->feature, &g->scratch, &at, err));
    candidate.x_px = px_of(at.x, g->input->z);
    candidate.y_px = px_of(at.y, g->input->z);
    candidate.content = label_wish_hash(wish, candidate.x_px, candidate.y_px);
    TRY(add(g, &candidate, err));
done:
    return code;
}

/* ---- along lines ---- */

/* A level text at a place of the line. */
static enum err_code lay_level(struct gathering *g, const struct label_wish *wish,
                               struct line_label *line, struct err *err)
{
    enum err_code code = ERR_OK;
    struct label_text text;
    TRY(label_text_lay_out(wish, g->input->fonts, &g->scratch, &text, err));
    line->n_glyphs = text.n_glyphs;
    line->glyphs = text.glyphs;
    line->ink = px_box_moved(text.ink, line->x_px, line->y_px);
    line->boxes = arena_memdup(&g->scratch, &line->ink, sizeof line->ink);
    line->n_boxes = 1;
    TRY(line->boxes ? ERR_OK : err_nomem(err));
done:
    return code;
}

static enum err_code keep_line(struct gathering *g, const struct label_wish *wish,
                               const struct line_label *line, struct line_candidate *out,
                               struct err *err)
{
    struct arena *arena = g->arena;
    bool has_icon = wish->look.icon != ICON_NONE;
    struct px_box *boxes = arena_new(arena, struct px_box, (size_t)line->n_boxes + 1);
    if (!boxes)
        return err_nomem(err);
    *out = (struct line_candidate){
        .n_icon = has_icon,
        .n_text = (uint16_t)line->n_boxes,
        .may_overlap =
            (wish->icon_may_overlap ? PART_ICON : 0U) | (wish->text_may_overlap ? PART_TEXT : 0U),
        .text_optional = wish->text_optional,
        .boxes = boxes,
        .label = {.layer = (uint16_t)g->layer->index,
                  .x_px = line->x_px,
                  .y_px = line->y_px,
                  .turn = line->turn,
                  .n_glyphs = line->n_glyphs,
                  .ink = line->ink,
                  .glyphs =
                      arena_memdup(arena, line->glyphs, line->n_glyphs * sizeof *line->glyphs),
                  .look = arena_memdup(arena, &wish->look, sizeof wish->look)}};
    if (!out->label.glyphs || !out->label.look)
        return err_nomem(err);
    if (has_icon) {
        /* The corners of a square that is turned reach farther. */
        struct px_box icon = px_box_grown(label_icon_box(wish), wish->look.icon_px * 0.1);
        boxes[0] = px_box_moved(icon, line->x_px, line->y_px);
        out->label.ink = line->n_boxes ? px_box_joined(boxes[0], line->ink) : boxes[0];
    }
    for (uint32_t i = 0; i < line->n_boxes; i++)
        boxes[has_icon + i] = px_box_grown(line->boxes[i], wish->padding_px);
    return ERR_OK;
}

/* A name at a place of a path, if it has room there. */
static enum err_code add_on_path(struct gathering *g, struct candidate *candidate,
                                 const struct label_wish *wish, const struct path *path,
                                 double at_px, const struct glyph_run *run, struct err *err)
{
    enum err_code code = ERR_OK;
    struct line_label line;
    struct line_candidate kept;
    bool fits, level = wish->alignment == ALIGN_VIEWPORT && wish->text;
    static const struct glyph_run none;
    TRY(label_line_lay_out(path, at_px, wish, level ? &none : run, &g->scratch, &line, &fits, err));
    if (fits && level)
        TRY(lay_level(g, wish, &line, err));
    if (!fits)
        goto done;
    TRY(keep_line(g, wish, &line, &kept, err));
    if (!label_inside(kept.label.ink, g->input))
        goto done;
    candidate->x_px = line.x_px;
    candidate->y_px = line.y_px;
    candidate->content = label_hash(label_wish_hash(wish, line.x_px, line.y_px), line.glyphs,
                                    line.n_glyphs * sizeof *line.glyphs) ^
                         line.turn;
    candidate->line = arena_memdup(g->arena, &kept, sizeof kept);
    TRY(candidate->line ? ERR_OK : err_nomem(err));
    TRY(add(g, candidate, err));
done:
    return code;
}

static enum err_code add_lines(struct gathering *g, const struct candidate *feature,
                               const struct label_wish *wish, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct source *source = g->layer->source;
    const struct detail *detail = g->layer->detail;
    const struct shape *shape = &source->shapes[feature->feature];
    const struct text_size size = {wish->font_stack, wish->look.text.size_px,
                                   wish->letter_spacing_px};
    struct candidate candidate = *feature;
    struct glyph_run run = {0};
    if (wish->text)
        TRY(font_shape(g->input->fonts, &size, wish->text, &g->scratch, &run, err));
    for (uint32_t ring = shape->first_ring; ring < shape->first_ring + shape->n_rings; ring++) {
        uint32_t start = ring ? detail->ring_ends[ring - 1] : 0;
        struct path path;
        TRY(path_new(detail->points + start, detail->ring_ends[ring] - start,
                     shape->kind == GEOM_POLYGON, g->input->z, &g->scratch, &path, err));
        struct path_places places = path_places(&path, wish, run.width_64 / 64.0, g->input->z);
        for (size_t k = 0; k < places.n; k++, candidate.repeat++) {
            struct arena_mark mark = arena_mark(&g->scratch);
            TRY(add_on_path(g, &candidate, wish, &path,
                            places.first_px + (double)k * places.step_px, &run, err));
            arena_rewind(&g->scratch, mark);
        }
    }
done:
    return code;
}

/* ---- all ---- */

static enum err_code add_feature(struct gathering *g, uint32_t feature, struct err *err)
{
    const struct label_layer *layer = g->layer;
    struct source_feature subject = {layer->source, feature};
    struct eval eval = {.zoom = (double)g->input->z - 1,
                        .feature = &subject,
                        .get = source_property,
                        .arena = &g->scratch};
    struct label_wish wish;
    if (!style_filter(layer->style, &eval))
        return ERR_OK;
    label_wish_of(layer->style, &eval, &wish);
    if (!wish.text && wish.look.icon == ICON_NONE)
        return ERR_OK;
    const struct candidate candidate = {
        .layer = (uint32_t)layer->index,
        .feature = feature,
        .id = source_feature_id(layer->source, feature),
        .sort_key = style_number(layer->style, PROP_SYMBOL_SORT_KEY, &eval)};
    return wish.placement == PLACE_POINT ? add_point(g, &candidate, &wish, err)
                                         : add_lines(g, &candidate, &wish, err);
}

enum err_code label_gather(const struct label_input *input, struct arena *arena,
                           struct candidate **out, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct gathering g = {.input = input, .arena = arena};
    size_t n_features = 0;
    arena_init(&g.scratch, 0);
    for (size_t l = 0; l < input->n_layers; l++)
        n_features += input->layers[l].source->n;
    g.candidates = arena_grow(arena, NULL, &g.capacity, n_features, sizeof *g.candidates);
    TRY(g.candidates ? ERR_OK : err_nomem(err));
    for (size_t l = 0; l < input->n_layers; l++) {
        g.layer = &input->layers[l];
        for (uint32_t i = 0; i < g.layer->source->n; i++) {
            TRY(add_feature(&g, i, err));
            arena_reset(&g.scratch);
        }
    }
    if (g.n > 0)
        qsort(g.candidates, g.n, sizeof *g.candidates, by_priority);
    *out = g.candidates;
    *n = g.n < MOST_CANDIDATES ? g.n : MOST_CANDIDATES;
done:
    arena_release(&g.scratch);
    return code;
}
