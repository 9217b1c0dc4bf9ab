#include "tiler/tiles/look.h"

#include "tiler/tiles/ranked.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void evaluate_fill(const struct style_layer *layer, const struct eval *eval,
                          struct paint *out)
{
    const char *pattern = style_text(layer, PROP_FILL_PATTERN, eval);
    out->sort_key = style_number(layer, PROP_FILL_SORT_KEY, eval);
    out->colour = style_colour(layer, PROP_FILL_COLOR, eval);
    out->opacity = style_number(layer, PROP_FILL_OPACITY, eval);
    out->has_outline = layer->properties[PROP_FILL_OUTLINE_COLOR] != NULL;
    if (out->has_outline)
        out->outline = style_colour(layer, PROP_FILL_OUTLINE_COLOR, eval);
    /* A pattern that the sprite lacks is not drawn, as in MapLibre. */
    if (pattern && !pattern_by_name(pattern, &out->pattern))
        out->opacity = 0;
}

static void evaluate_line(const struct style_layer *layer, const struct eval *eval,
                          struct paint *out)
{
    struct stroke_style *stroke = &out->stroke;
    out->sort_key = style_number(layer, PROP_LINE_SORT_KEY, eval);
    out->colour = style_colour(layer, PROP_LINE_COLOR, eval);
    out->opacity = style_number(layer, PROP_LINE_OPACITY, eval);
    stroke->width_px = style_number(layer, PROP_LINE_WIDTH, eval);
    stroke->gap_px = style_number(layer, PROP_LINE_GAP_WIDTH, eval);
    stroke->offset_px = style_number(layer, PROP_LINE_OFFSET, eval);
    stroke->cap = (enum line_cap)style_choice(layer, PROP_LINE_CAP, eval);
    stroke->join = (enum line_join)style_choice(layer, PROP_LINE_JOIN, eval);
    stroke->n_dashes = layer->n_dashes;
    for (uint32_t i = 0; i < layer->n_dashes; i++)
        stroke->dashes_px[i] = layer->dashes[i] * stroke->width_px;
}

static void evaluate_circle(const struct style_layer *layer, const struct eval *eval,
                            struct paint *out)
{
    out->sort_key = style_number(layer, PROP_CIRCLE_SORT_KEY, eval);
    out->colour = style_colour(layer, PROP_CIRCLE_COLOR, eval);
    out->opacity = style_number(layer, PROP_CIRCLE_OPACITY, eval);
    out->radius_px = style_number(layer, PROP_CIRCLE_RADIUS, eval);
    out->edge_px = style_number(layer, PROP_CIRCLE_STROKE_WIDTH, eval);
    out->edge = style_colour(layer, PROP_CIRCLE_STROKE_COLOR, eval);
    out->edge_opacity = style_number(layer, PROP_CIRCLE_STROKE_OPACITY, eval);
}

void paint_evaluate(const struct style_layer *layer, const struct eval *eval, struct paint *out)
{
    memset(out, 0, sizeof *out); /* padding too: paints are compared as bytes */
    switch (layer->type) {
    case LAYER_BACKGROUND:
        out->colour = style_colour(layer, PROP_BACKGROUND_COLOR, eval);
        out->opacity = style_number(layer, PROP_BACKGROUND_OPACITY, eval);
        break;
    case LAYER_FILL:
        evaluate_fill(layer, eval, out);
        break;
    case LAYER_LINE:
        evaluate_line(layer, eval, out);
        break;
    case LAYER_CIRCLE:
        evaluate_circle(layer, eval, out);
        break;
    case LAYER_SYMBOL: /* labels.c */
        break;
    }
}

/* ---- equal paints are one ---- */

struct paint_table {
    struct paint *paints;
    size_t n, capacity;
    uint32_t *slots; /* index + 1 of a paint; 0: free */
    size_t n_slots;  /* a power of two */
    uint32_t last;   /* that was asked for */
    struct arena *arena;
};

static uint64_t hash_paint(const struct paint *paint)
{
    uint64_t words[sizeof *paint / sizeof(uint64_t)], hash = 0;
    _Static_assert(sizeof *paint == sizeof words, "a paint is whole words");
    memcpy(words, paint, sizeof words);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        hash = (hash ^ words[i] ^ hash >> 29) * UINT64_C(0xBF58476D1CE4E5B9); /* of splitmix64 */
    return hash ^ hash >> 32;
}

static void insert_slot(struct paint_table *table, uint32_t index)
{
    size_t at = hash_paint(&table->paints[index]) & (table->n_slots - 1);
    while (table->slots[at])
        at = (at + 1) & (table->n_slots - 1);
    table->slots[at] = index + 1;
}

static bool grow_table(struct paint_table *table)
{
    table->n_slots = table->n_slots ? table->n_slots * 2 : 64;
    table->slots = arena_new(table->arena, uint32_t, table->n_slots);
    for (size_t i = 0; table->slots && i < table->n; i++)
        insert_slot(table, (uint32_t)i);
    return table->slots != NULL;
}

/* The index of a paint, adding it if it is new; LOOK_NONE: no memory. */
static uint32_t paint_index(struct paint_table *table, const struct paint *paint)
{
    /* Mostly it is that of the one before.
     * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
    if (table->n > 0 && memcmp(&table->paints[table->last], paint, sizeof *paint) == 0)
        return table->last;
    if (2 * (table->n + 1) > table->n_slots && !grow_table(table))
        return LOOK_NONE;
    size_t at = hash_paint(paint) & (table->n_slots - 1);
    for (; table->slots[at]; at = (at + 1) & (table->n_slots - 1))
        /* Paints are made in zeroed memory and copied as bytes, so that equal ones are equal
         * bytes; numbers that are equal otherwise (0 and -0) only make one paint more.
         * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
        if (memcmp(&table->paints[table->slots[at] - 1], paint, sizeof *paint) == 0)
            return table->last = table->slots[at] - 1;
    table->paints =
        arena_grow(table->arena, table->paints, &table->capacity, table->n + 1, sizeof *paint);
    if (!table->paints)
        return LOOK_NONE;
    memcpy(&table->paints[table->n], paint, sizeof *paint); /* with its padding */
    table->slots[at] = (uint32_t)++table->n;
    table->last = (uint32_t)(table->n - 1);
    return table->last;
}

double paint_reach(const struct paint *paint)
{
    /* Half the width, and the offset, times the miter limit, twice. */
    double half = (stroke_half_px(&paint->stroke) + fabs(paint->stroke.offset_px)) * 4 + 1;
    double circle = paint->radius_px + paint->edge_px;
    return (half > circle ? half : circle) + 1;
}

struct keyed {
    double sort_key;
    uint32_t place, feature;
};

static int by_sort_key(const void *a, const void *b)
{
    const struct keyed *p = a, *q = b;
    if (p->sort_key != q->sort_key)
        return p->sort_key < q->sort_key ? -1 : 1;
    return p->place < q->place ? -1 : p->place > q->place;
}

/* The order of drawing, where sort keys change that of the source. */
static enum err_code rank_features(const struct paint_table *table, const struct source *source,
                                   const uint32_t *paint_of, struct arena *arena, struct look *out,
                                   struct err *err)
{
    bool differ = false;
    uint32_t n = source->n;
    for (size_t i = 1; i < table->n; i++)
        differ |= table->paints[i].sort_key != table->paints[0].sort_key;
    /* What this layer does not draw has 0: another layer of a vector tile may draw it. */
    for (uint32_t i = 0; i < n && table->n > 0 && table->paints[0].sort_key != 0; i++)
        differ |= paint_of[i] == LOOK_NONE;
    if (!differ)
        return ERR_OK;
    struct keyed *order = arena_new(table->arena, struct keyed, n);
    uint32_t *rank = arena_new(arena, uint32_t, n);
    if (!order || !rank)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        bool drawn = paint_of[i] != LOOK_NONE;
        order[i] = (struct keyed){drawn ? table->paints[paint_of[i]].sort_key : 0,
                                  source_place(source, i), i};
    }
    qsort(order, n, sizeof *order, by_sort_key);
    for (uint32_t i = 0; i < n; i++)
        rank[order[i].feature] = i;
    out->rank = rank;
    return ERR_OK;
}

/* By sort key, then by what they are: an order that no other feature has a say in. */
static int by_paint(const void *a, const void *b, void *context)
{
    const struct paint *paints = context;
    const struct paint *p = &paints[*(const uint32_t *)a], *q = &paints[*(const uint32_t *)b];
    if (p->sort_key != q->sort_key)
        return p->sort_key < q->sort_key ? -1 : 1;
    return memcmp(p, q, sizeof *p); /* NOLINT(bugprone-suspicious-memory-comparison): as above */
}

static enum err_code find_runs(const struct paint_table *table, const uint32_t *paint_of,
                               uint32_t n_features, struct arena *arena, struct look *out,
                               struct err *err)
{
    size_t n = table->n;
    if (n < 2)
        return ERR_OK;
    uint32_t *order = arena_new(table->arena, uint32_t, n);
    uint32_t *place = arena_new(table->arena, uint32_t, n); /* of a paint in that order */
    uint32_t *run_of = arena_new(arena, uint32_t, n_features);
    if (!order || !place || !run_of)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    qsort_r(order, n, sizeof *order, by_paint, table->paints);
    for (uint32_t i = 0; i < n; i++)
        place[order[i]] = i;
    for (uint32_t i = 0; i < n_features; i++)
        if (paint_of[i] != LOOK_NONE)
            run_of[i] = place[paint_of[i]];
    out->run_of = run_of;
    return ERR_OK;
}

static enum err_code keep_paints(const struct paint_table *table, struct arena *arena,
                                 struct look *out, struct err *err)
{
    struct paint *paints = arena_new(arena, struct paint, table->n);
    if (!paints)
        return err_nomem(err);
    out->reach_px = 2;
    for (size_t i = 0; i < table->n; i++) {
        paints[i] = table->paints[i];
        out->reach_px = fmax(out->reach_px, paint_reach(&paints[i]));
        out->has_outlines |= paints[i].has_outline;
    }
    out->n_paints = (uint32_t)table->n;
    out->paints = paints;
    return ERR_OK;
}

enum err_code look_build(const struct style_layer *layer, const struct source *source, double zoom,
                         struct arena *arena, struct look *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch, texts;
    arena_init(&scratch, 0);
    arena_init(&texts, 0);
    struct paint_table table = {.arena = &scratch};
    uint32_t *paint_of = arena_new(arena, uint32_t, source->n);
    *out = (struct look){0};
    if (!paint_of) {
        code = err_nomem(err);
        goto done;
    }
    for (uint32_t i = 0; i < source->n; i++) {
        struct source_feature feature = {source, i};
        struct eval eval = {
            .zoom = zoom, .feature = &feature, .get = source_property, .arena = &texts};
        paint_of[i] = LOOK_NONE;
        if (style_filter(layer, &eval)) {
            struct paint paint;
            paint_evaluate(layer, &eval, &paint);
            paint_of[i] = paint_index(&table, &paint);
            if (paint_of[i] == LOOK_NONE) {
                code = err_nomem(err);
                goto done;
            }
        }
        arena_reset(&texts);
    }
    out->paint_of = paint_of;
    TRY(keep_paints(&table, arena, out, err));
    TRY(rank_features(&table, source, paint_of, arena, out, err));
    if (layer->type == LAYER_LINE || (layer->type == LAYER_FILL && out->has_outlines))
        TRY(find_runs(&table, paint_of, source->n, arena, out, err));
done:
    arena_release(&texts);
    arena_release(&scratch);
    return code;
}
