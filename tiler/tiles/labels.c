#include "tiler/tiles/labels.h"

#include "tiler/tiles/label_text.h"
#include "tiler/tiles/tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct candidate {
    double sort_key;
    const char *id;
    uint32_t feature;
};

struct placing {
    const struct label_input *input;
    struct arena *arena;  /* of what stays */
    struct arena scratch; /* reset after each candidate */
    struct arena work;    /* of what is taken; gone when all is placed */
    struct placed *items;
    size_t n, capacity;
    /* What is taken: boxes in cells of CELL_PX, found through a table of chains. */
    struct taken *taken;
    size_t n_taken, taken_capacity;
    int32_t *heads;
    struct link *links;
    size_t n_links, links_capacity;
};

struct taken {
    struct px_box box;
};

struct link {
    int32_t taken, next;
};

enum { CELL_PX = 64, HEADS = 1 << 16 };

static bool boxes_overlap(struct px_box a, struct px_box b)
{
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

static size_t head_of(int64_t column, int64_t row)
{
    uint64_t hash = (uint64_t)column * UINT64_C(0xBF58476D1CE4E5B9) ^
                    (uint64_t)row * UINT64_C(0x94D049BB133111EB);
    return (size_t)(hash >> 40) & (HEADS - 1);
}

static int64_t cell_of(double px)
{
    return (int64_t)floor(px / CELL_PX);
}

static bool is_free(const struct placing *placing, struct px_box box)
{
    for (int64_t row = cell_of(box.top); row <= cell_of(box.bottom); row++)
        for (int64_t column = cell_of(box.left); column <= cell_of(box.right); column++)
            for (int32_t at = placing->heads[head_of(column, row)]; at >= 0;
                 at = placing->links[at].next)
                if (boxes_overlap(placing->taken[placing->links[at].taken].box, box))
                    return false;
    return true;
}

static enum err_code take(struct placing *placing, struct px_box box, struct err *err)
{
    placing->taken = arena_grow(&placing->work, placing->taken, &placing->taken_capacity,
                                placing->n_taken + 1, sizeof *placing->taken);
    if (!placing->taken)
        return err_nomem(err);
    placing->taken[placing->n_taken].box = box;
    for (int64_t row = cell_of(box.top); row <= cell_of(box.bottom); row++) {
        for (int64_t column = cell_of(box.left); column <= cell_of(box.right); column++) {
            placing->links = arena_grow(&placing->work, placing->links, &placing->links_capacity,
                                        placing->n_links + 1, sizeof *placing->links);
            if (!placing->links)
                return err_nomem(err);
            int32_t *head = &placing->heads[head_of(column, row)];
            placing->links[placing->n_links] = (struct link){(int32_t)placing->n_taken, *head};
            *head = (int32_t)placing->n_links++;
        }
    }
    placing->n_taken++;
    return ERR_OK;
}

static struct px_box grown(struct px_box box, double by)
{
    return (struct px_box){box.left - by, box.top - by, box.right + by, box.bottom + by};
}

static struct px_box moved(struct px_box box, double x, double y)
{
    return (struct px_box){box.left + x, box.top + y, box.right + x, box.bottom + y};
}

static struct px_box joined(struct px_box a, struct px_box b)
{
    return (struct px_box){fmin(a.left, b.left), fmin(a.top, b.top), fmax(a.right, b.right),
                           fmax(a.bottom, b.bottom)};
}

/* At the edge of the world there is no next tile to carry the rest of a name. */
static bool leaves_world(struct px_box box, enum plane plane, uint32_t z)
{
    double edge = (double)TILE_PX * (double)(UINT64_C(1) << z);
    double bottom = plane == PLANE_GEODETIC ? edge / 2 : edge;
    return box.left < 0 || box.top < 0 || box.right > edge || box.bottom > bottom;
}

static void evaluate_icon(const struct style_layer *layer, const struct eval *eval,
                          struct placed *out)
{
    const char *name = style_text(layer, PROP_ICON_IMAGE, eval);
    if (!name || !icon_by_name(name, &out->icon))
        return;
    enum { ICON_PX = 16 }; /* the built-in symbols at icon-size 1 */
    out->icon_px = ICON_PX * style_number(layer, PROP_ICON_SIZE, eval);
    out->icon_colour = style_colour(layer, PROP_ICON_COLOR, eval);
    out->icon_opacity = style_number(layer, PROP_ICON_OPACITY, eval);
    out->icon_halo = style_colour(layer, PROP_ICON_HALO_COLOR, eval);
    out->icon_halo_px = style_number(layer, PROP_ICON_HALO_WIDTH, eval);
}

/* The text of a label that stays leaves the scratch. */
static enum err_code keep_text(struct placing *placing, struct placed *label, struct err *err)
{
    struct glyph_run *lines =
        arena_memdup(placing->arena, label->lines, label->n_lines * sizeof *lines);
    label->origins_64 =
        arena_memdup(placing->arena, label->origins_64, label->n_lines * sizeof *label->origins_64);
    if (!lines || !label->origins_64)
        return err_nomem(err);
    for (size_t i = 0; i < label->n_lines; i++) {
        lines[i].glyphs =
            arena_memdup(placing->arena, lines[i].glyphs, lines[i].n * sizeof *lines[i].glyphs);
        if (!lines[i].glyphs)
            return err_nomem(err);
    }
    label->lines = lines;
    return ERR_OK;
}

/* Places one candidate, or leaves it out. */
static enum err_code place(struct placing *placing, const struct label_layer *layer,
                           const struct candidate *candidate, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct label_input *input = placing->input;
    struct source_feature feature = {layer->source, candidate->feature};
    struct eval eval = {.zoom = (double)input->z - 1,
                        .feature = &feature,
                        .get = source_property,
                        .arena = &placing->scratch};
    struct placed label = {.layer = layer->index};
    struct plane_point at;
    TRY(source_point(layer->source, candidate->feature, &placing->scratch, &at, err));
    double unit = (double)plane_units_of_px(input->z);
    label.x_px = (int32_t)floor(((double)at.x + 2147483648.0) / unit + 0.5);
    label.y_px = (int32_t)floor(((double)at.y + 2147483648.0) / unit + 0.5);
    evaluate_icon(layer->style, &eval, &label);
    double half = label.icon_px / 2 + label.icon_halo_px + 1;
    struct px_box icon = moved((struct px_box){-half, -half, half, half}, label.x_px, label.y_px);
    TRY(label_text_layout(layer->style, &eval, input->fonts, &placing->scratch, &label, err));
    struct px_box text = moved(label.ink, label.x_px, label.y_px);
    double padding = style_number(layer->style, PROP_TEXT_PADDING, &eval);

    bool has_icon = label.icon != ICON_NONE, has_text = label.n_lines > 0;
    if (has_icon &&
        (leaves_world(icon, layer->source->plane, input->z) ||
         (!style_bool(layer->style, PROP_ICON_ALLOW_OVERLAP, &eval) && !is_free(placing, icon))))
        goto done;
    if (has_text && (leaves_world(text, layer->source->plane, input->z) ||
                     (!style_bool(layer->style, PROP_TEXT_ALLOW_OVERLAP, &eval) &&
                      !is_free(placing, grown(text, padding))))) {
        if (!has_icon || !style_bool(layer->style, PROP_TEXT_OPTIONAL, &eval))
            goto done;
        has_text = false;
        label.n_lines = 0;
    }
    if (!has_icon && !has_text)
        goto done;
    label.ink = has_icon && has_text ? joined(icon, text) : has_icon ? icon : text;
    if (has_icon)
        TRY(take(placing, icon, err));
    if (has_text) {
        TRY(take(placing, grown(text, padding), err));
        TRY(keep_text(placing, &label, err));
    }
    placing->items = arena_grow(&placing->work, placing->items, &placing->capacity, placing->n + 1,
                                sizeof label);
    if (!placing->items)
        return err_nomem(err);
    placing->items[placing->n++] = label;
done:
    arena_reset(&placing->scratch);
    return code;
}

static int by_priority(const void *a, const void *b)
{
    const struct candidate *p = a, *q = b;
    if (p->sort_key != q->sort_key)
        return p->sort_key < q->sort_key ? -1 : 1;
    int order = strcmp(p->id, q->id);
    if (order != 0)
        return order;
    return p->feature < q->feature ? -1 : p->feature > q->feature;
}

static enum err_code place_layer(struct placing *placing, const struct label_layer *layer,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    const struct source *source = layer->source;
    size_t n = 0;
    struct arena list;
    arena_init(&list, 0);
    struct candidate *candidates = arena_new(&list, struct candidate, source->n);
    if (!candidates) {
        code = err_nomem(err);
        goto done;
    }
    for (uint32_t i = 0; i < source->n; i++) {
        struct source_feature feature = {source, i};
        struct eval eval = {.zoom = (double)placing->input->z - 1,
                            .feature = &feature,
                            .get = source_property,
                            .arena = &placing->scratch};
        if (style_filter(layer->style, &eval))
            candidates[n++] =
                (struct candidate){style_number(layer->style, PROP_SYMBOL_SORT_KEY, &eval),
                                   source_feature_id(source, i), i};
        arena_reset(&placing->scratch);
    }
    qsort(candidates, n, sizeof *candidates, by_priority);
    for (size_t i = 0; i < n; i++)
        TRY(place(placing, layer, &candidates[i], err));
done:
    arena_release(&list);
    return code;
}

/* Upper layers were placed first and are drawn last; within a layer the first placed is the
 * most important and is drawn last, too. */
static enum err_code finish(struct placing *placing, struct placement *out, struct err *err)
{
    struct placed *items = arena_new(placing->arena, struct placed, placing->n);
    struct box *boxes = arena_new(&placing->work, struct box, placing->n);
    if (!items || !boxes)
        return err_nomem(err);
    for (size_t i = 0; i < placing->n; i++) {
        items[i] = placing->items[placing->n - 1 - i];
        const struct px_box *ink = &items[i].ink;
        boxes[i] = (struct box){ink->left, -ink->bottom, ink->right, -ink->top};
    }
    *out = (struct placement){.n = placing->n, .items = items};
    return rtree_build(boxes, (uint32_t)placing->n, placing->arena, &out->tree, err);
}

enum err_code placement_build(const struct label_input *input, struct arena *arena,
                              struct placement *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct placing placing = {.input = input, .arena = arena};
    arena_init(&placing.scratch, 0);
    arena_init(&placing.work, 0);
    placing.heads = arena_new(&placing.work, int32_t, HEADS);
    if (!placing.heads) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < HEADS; i++)
        placing.heads[i] = -1;
    for (size_t i = input->n_layers; i-- > 0;)
        TRY(place_layer(&placing, &input->layers[i], err));
    TRY(finish(&placing, out, err));
done:
    arena_release(&placing.work);
    arena_release(&placing.scratch);
    return code;
}

enum err_code placement_search(const struct placement *placement, struct px_box box,
                               struct arena *arena, uint32_t **items, size_t *n, struct err *err)
{
    struct box flipped = {box.left, -box.bottom, box.right, -box.top};
    return rtree_collect(&placement->tree, flipped, arena, items, n, err);
}
