/* Everything that wants a label at a zoom: points with what they look like, lines laid out. */
#include "tiler/labels/label_line.h"
#include "tiler/labels/placement.h"

#include <stdlib.h>
#include <string.h>

struct gathering {
    const struct label_input *input;
    const struct label_layer *layer;
    bool shared;            /* whether the layer's features differ in their texts alone */
    struct label_wish wish; /* then: theirs, but for the text */
    uint64_t wish_hash;
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
    int order = p->id == q->id ? 0 : strcmp(p->id, q->id);
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

/* wish_hash: of what the label looks like. */
static enum err_code add_point(struct gathering *g, const struct candidate *feature,
                               uint64_t wish_hash, struct err *err)
{
    enum err_code code = ERR_OK;
    struct candidate candidate = *feature;
    struct plane_point at;
    TRY(source_point(g->layer->source, feature->feature, &g->scratch, &at, err));
    candidate.x_px = px_of(at.x, g->input->z);
    candidate.y_px = px_of(at.y, g->input->z);
    const int32_t place[] = {candidate.x_px, candidate.y_px};
    candidate.content = label_hash(wish_hash, place, sizeof place);
    TRY(add(g, &candidate, err));
done:
    return code;
}

/* ---- along lines ---- */

/* One path of a feature, with what is to stand along it. */
struct line_task {
    uint32_t layer;
    struct label_wish wish;
    struct glyph_run run;
    struct path path;
};

static enum err_code new_task(struct gathering *g, const struct candidate *feature, uint32_t ring,
                              struct line_task *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct source *source = g->layer->source;
    const struct detail *detail = g->layer->detail;
    uint32_t start = ring ? detail->ring_ends[ring - 1] : 0;
    bool closed = source->shapes[feature->feature].kind == GEOM_POLYGON;
    TRY(path_new(detail->points + start, detail->ring_ends[ring] - start, closed, g->input->z,
                 g->arena, &out->path, err));
done:
    return code;
}

/* The candidates of one path. All that a label looks like follows from the wish, the path and where
 * on it it stands: it is laid out when it is its turn. */
static enum err_code add_path(struct gathering *g, struct candidate *candidate,
                              const struct line_task *task, struct err *err)
{
    const struct path *path = &task->path;
    struct path_places places =
        path_places(path, &task->wish, task->run.width_64 / 64.0, g->input->z);
    uint64_t content =
        label_hash(label_wish_hash(&task->wish), path->points, path->n * sizeof *path->points);
    if (places.n == 0)
        return ERR_OK;
    candidate->line = arena_memdup(g->arena, task, sizeof *task);
    if (!candidate->line)
        return err_nomem(err);
    for (size_t k = 0; k < places.n; k++, candidate->repeat++) {
        candidate->along_px = places.first_px + (double)k * places.step_px;
        candidate->content = content + k;
        enum err_code code = add(g, candidate, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

static enum err_code add_lines(struct gathering *g, const struct candidate *feature,
                               const struct label_wish *wish, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct shape *shape = &g->layer->source->shapes[feature->feature];
    const struct text_size size = {wish->font_stack, wish->look.text.size_px,
                                   wish->letter_spacing_px};
    struct candidate candidate = *feature;
    struct line_task task;
    memcpy(&task.wish, wish, sizeof task.wish); /* its padding, too */
    task.layer = feature->layer;
    task.run = (struct glyph_run){0};
    if (wish->text) {
        task.wish.text = arena_strdup(g->arena, wish->text);
        TRY(task.wish.text ? ERR_OK : err_nomem(err));
        TRY(font_shape(g->input->fonts, &size, wish->text, g->arena, &task.run, err));
    }
    for (uint32_t ring = shape->first_ring; ring < shape->first_ring + shape->n_rings; ring++) {
        TRY(new_task(g, feature, ring, &task, err));
        TRY(add_path(g, &candidate, &task, err));
    }
done:
    return code;
}

/* A level text at a place of the line. */
static enum err_code lay_level(const struct label_input *input, const struct label_wish *wish,
                               struct arena *arena, struct line_label *line, struct err *err)
{
    enum err_code code = ERR_OK;
    struct label_text text;
    TRY(label_text_lay_out(wish, input->fonts, arena, &text, err));
    line->n_glyphs = text.n_glyphs;
    line->glyphs = text.glyphs;
    line->ink = px_box_moved(text.ink, line->x_px, line->y_px);
    line->boxes = arena_memdup(arena, &line->ink, sizeof line->ink);
    line->n_boxes = 1;
    TRY(line->boxes ? ERR_OK : err_nomem(err));
done:
    return code;
}

enum err_code label_line_attempt(const struct label_input *input, const struct candidate *candidate,
                                 struct arena *arena, struct line_attempt *out, bool *fits,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    static const struct glyph_run none;
    const struct line_task *task = candidate->line;
    const struct label_wish *wish = &task->wish;
    bool level = wish->alignment == ALIGN_VIEWPORT && wish->text;
    bool has_icon = wish->look.icon != ICON_NONE;
    struct line_label line;
    TRY(label_line_lay_out(&task->path, candidate->along_px, wish, level ? &none : &task->run,
                           arena, &line, fits, err));
    if (!*fits)
        goto done;
    if (level)
        TRY(lay_level(input, wish, arena, &line, err));
    *out = (struct line_attempt){.n_icon = has_icon,
                                 .n_text = (uint16_t)line.n_boxes,
                                 .may_overlap = (wish->icon_may_overlap ? PART_ICON : 0U) |
                                                (wish->text_may_overlap ? PART_TEXT : 0U),
                                 .text_optional = wish->text_optional,
                                 .boxes = arena_new(arena, struct px_box, (size_t)line.n_boxes + 1),
                                 .label = {.layer = (uint16_t)task->layer,
                                           .turn = line.turn,
                                           .n_glyphs = line.n_glyphs,
                                           .x_px = line.x_px,
                                           .y_px = line.y_px,
                                           .ink = line.ink,
                                           .glyphs = line.glyphs,
                                           .look = &wish->look}};
    TRY(out->boxes ? ERR_OK : err_nomem(err));
    if (has_icon) {
        /* The corners of a square that is turned reach farther. */
        struct px_box icon = px_box_grown(label_icon_box(wish), wish->look.icon_px * 0.1);
        out->boxes[0] = px_box_moved(icon, line.x_px, line.y_px);
        out->label.ink = line.n_boxes ? px_box_joined(out->boxes[0], line.ink) : out->boxes[0];
    }
    for (uint32_t i = 0; i < line.n_boxes; i++)
        out->boxes[has_icon + i] = px_box_grown(line.boxes[i], wish->padding_px);
    *fits = label_inside(out->label.ink, input);
done:
    return code;
}

/* ---- a feature ---- */

static struct eval eval_of(struct gathering *g, const struct source_feature *feature)
{
    return (struct eval){.zoom = (double)g->input->z - 1,
                         .feature = feature,
                         .get = feature ? source_property : NULL,
                         .arena = &g->scratch};
}

static enum err_code add_feature(struct gathering *g, uint32_t feature, struct err *err)
{
    const struct label_layer *layer = g->layer;
    struct source_feature subject = {layer->source, feature};
    struct eval eval = eval_of(g, &subject);
    struct label_wish wish;
    if (!style_filter(layer->style, &eval))
        return ERR_OK;
    const struct candidate candidate = {
        .layer = (uint32_t)layer->index,
        .feature = feature,
        .id = source_feature_id(layer->source, feature),
        .sort_key = style_number(layer->style, PROP_SYMBOL_SORT_KEY, &eval)};
    if (g->shared && g->wish.placement == PLACE_POINT) {
        const char *text = label_wish_text(layer->style, &eval);
        if (!text && g->wish.look.icon == ICON_NONE)
            return ERR_OK;
        uint64_t hash = text ? label_hash(g->wish_hash, text, strlen(text)) : g->wish_hash;
        return add_point(g, &candidate, hash, err);
    }
    label_wish_of(layer->style, &eval, &wish);
    if (!wish.text && wish.look.icon == ICON_NONE)
        return ERR_OK;
    return wish.placement == PLACE_POINT ? add_point(g, &candidate, label_wish_hash(&wish), err)
                                         : add_lines(g, &candidate, &wish, err);
}

/* ---- what was there before ---- */

uint32_t label_feature(const struct source *source, const char *id)
{
    int64_t row = world_find(source->world, source->layer, id);
    for (uint32_t i = 0; row >= 0 && i < source->n; i++)
        if (source->rows[i] == (uint32_t)row)
            return i;
    return FEATURE_BY_ID;
}

/* Whether those of before stand for all of a layer that did not change: one for each record, at a
 * point. */
static bool may_follow(const struct label_layer *layer, const struct placement_private *before)
{
    return before && before->n < MOST_CANDIDATES && layer->changes && layer->source->rows &&
           !layer->source->levels && layer->source->id != SOURCE_CELLS &&
           !layer->style->properties[PROP_SYMBOL_PLACEMENT];
}

static bool has_changed(const struct label_changes *changes, const char *id)
{
    for (size_t i = 0; i < changes->n; i++)
        if (strcmp(changes->ids[i], id) == 0)
            return true;
    return false;
}

/* Those of before that are as they were, among the new ones, which stand from `first` on. */
static enum err_code merge_layer(struct gathering *g, const struct placement_private *before,
                                 size_t first, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n_new = g->n - first, k = 0;
    struct candidate *new = arena_memdup(g->arena, g->candidates + first, n_new * sizeof *new);
    if (!new)
        return err_nomem(err);
    if (n_new > 1)
        qsort(new, n_new, sizeof *new, by_priority);
    g->n = first;
    for (size_t i = 0; i < before->n; i++) {
        const struct candidate *old = &before->candidates[i];
        if (old->layer != g->layer->index || has_changed(g->layer->changes, old->id))
            continue;
        const struct candidate same = {.sort_key = old->sort_key,
                                       .id = old->id,
                                       .layer = old->layer,
                                       .feature = FEATURE_BY_ID,
                                       .x_px = old->x_px,
                                       .y_px = old->y_px,
                                       .content = old->content};
        while (k < n_new && candidate_order(&new[k], &same) < 0)
            TRY(add(g, &new[k++], err));
        TRY(add(g, &same, err));
    }
    while (k < n_new)
        TRY(add(g, &new[k++], err));
done:
    return code;
}

/* ---- all ---- */

static enum err_code add_layer(struct gathering *g, const struct label_layer *layer,
                               const struct placement_private *before, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t first = g->n;
    bool follows = may_follow(layer, before);
    struct eval eval = eval_of(g, NULL);
    g->layer = layer;
    g->shared = label_wish_shared(layer->style);
    if (g->shared) {
        label_wish_all(layer->style, &eval, &g->wish);
        g->wish_hash = label_wish_hash(&g->wish);
    }
    for (uint32_t i = 0; !follows && i < layer->source->n; i++) {
        TRY(add_feature(g, i, err));
        arena_reset(&g->scratch);
    }
    for (size_t i = 0; follows && i < layer->changes->n; i++) {
        uint32_t feature = label_feature(layer->source, layer->changes->ids[i]);
        if (feature != FEATURE_BY_ID)
            TRY(add_feature(g, feature, err));
        arena_reset(&g->scratch);
    }
    if (follows)
        TRY(merge_layer(g, before, first, err));
done:
    return code;
}

static bool is_sorted(const struct candidate *candidates, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (by_priority(&candidates[i - 1], &candidates[i]) > 0)
            return false;
    return true;
}

enum err_code label_gather(const struct label_input *input, const struct placement_private *before,
                           struct arena *arena, struct candidate **out, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct gathering g = {.input = input, .arena = arena};
    size_t n_features = 0;
    arena_init(&g.scratch, 0);
    for (size_t l = 0; l < input->n_layers; l++)
        n_features += input->layers[l].source->n;
    g.candidates = arena_grow(arena, NULL, &g.capacity, n_features, sizeof *g.candidates);
    TRY(g.candidates ? ERR_OK : err_nomem(err));
    /* Upper layers first and sources by id: mostly that is the order already. */
    for (size_t l = input->n_layers; l-- > 0;)
        TRY(add_layer(&g, &input->layers[l], before, err));
    if (!is_sorted(g.candidates, g.n))
        qsort(g.candidates, g.n, sizeof *g.candidates, by_priority);
    *out = g.candidates;
    *n = g.n < MOST_CANDIDATES ? g.n : MOST_CANDIDATES;
done:
    arena_release(&g.scratch);
    return code;
}
