#include "tiler/labels/labels.h"

#include "tiler/labels/label_text.h"
#include "tiler/labels/placement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A placement in the making. */
struct placing {
    const struct label_input *input;
    const struct placement_private *before; /* NULL: none */
    struct placement_private *out;
    struct arena *arena;  /* of what stays */
    struct arena scratch; /* reset after each candidate */
    struct arena work;    /* gone when all is placed */
    bool *waits;          /* of each candidate: whether it has to be placed */
    struct px_index taken, refused;
    const struct label_look *looks[8]; /* the last ones, for the next that look the same */
    size_t n_looks;
};

/* ---- candidates ---- */

static struct eval eval_of(struct placing *p, const struct source_feature *feature)
{
    return (struct eval){.zoom = (double)p->input->z - 1,
                         .feature = feature,
                         .get = source_property,
                         .arena = &p->scratch};
}

/* Candidates outlive the work on them, and their ids the world. */
static enum err_code keep_candidates(struct placing *p, struct err *err)
{
    struct placement_private *out = p->out;
    out->candidates = arena_memdup(p->arena, out->candidates, out->n * sizeof *out->candidates);
    p->waits = arena_new(&p->work, bool, out->n);
    if (!out->candidates || !p->waits)
        return err_nomem(err);
    for (size_t i = 0; i < out->n; i++) {
        out->candidates[i].id = arena_strdup(p->arena, out->candidates[i].id);
        if (!out->candidates[i].id)
            return err_nomem(err);
    }
    return ERR_OK;
}

static const struct label_layer *layer_of(const struct placing *p, const struct candidate *c)
{
    size_t i = 0;
    while (p->input->layers[i].index != c->layer)
        i++;
    return &p->input->layers[i];
}

/* ---- what is taken ---- */

enum { TAG_PARTS = 2 }; /* a tag is candidate * 2, + 1 for the text */

static const struct px_box *boxes_of(const struct candidate *c, enum label_part part, size_t *n)
{
    *n = part == PART_ICON ? c->n_icon : c->n_text;
    return part == PART_ICON ? c->boxes : c->boxes + c->n_icon;
}

static enum err_code index_part(struct px_index *index, const struct candidate *c, size_t i,
                                enum label_part part, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n;
    const struct px_box *boxes = boxes_of(c, part, &n);
    uint32_t tag = (uint32_t)i * TAG_PARTS + (part == PART_TEXT);
    for (size_t k = 0; code == ERR_OK && k < n; k++)
        code = px_index_add(index, boxes[k], tag, err);
    return code;
}

struct question {
    const struct candidate *candidates;
    bool *waits;
    size_t before; /* candidates from this one on do not count */
    bool taken;
};

static bool find_taken(void *context, uint32_t tag)
{
    struct question *q = context;
    const struct candidate *c = &q->candidates[tag / TAG_PARTS];
    enum label_part part = tag % TAG_PARTS ? PART_TEXT : PART_ICON;
    q->taken = tag / TAG_PARTS < q->before && (c->placed & part);
    return !q->taken;
}

/* Whether no candidate of a higher priority than the i-th took any of the boxes. */
static bool are_free(const struct placing *p, size_t i, const struct px_box *boxes, size_t n)
{
    struct question question = {.candidates = p->out->candidates, .before = i};
    for (size_t k = 0; k < n && !question.taken; k++)
        px_index_visit(&p->taken, boxes[k], &question, find_taken);
    return !question.taken;
}

static bool let_wait(void *context, uint32_t tag)
{
    struct question *q = context;
    if (tag / TAG_PARTS >= q->before)
        q->waits[tag / TAG_PARTS] = true;
    return true;
}

/* What changed at the boxes that a candidate took, or takes, may change the lot of those from the
 * i-th on. */
static void disturb(struct placing *p, size_t i, const struct candidate *c)
{
    struct question question = {.waits = p->waits, .before = i};
    for (int part = PART_ICON; part <= PART_TEXT; part++) {
        size_t n;
        const struct px_box *boxes = boxes_of(c, (enum label_part)part, &n);
        for (size_t k = 0; (c->placed & (uint32_t)part) && k < n; k++) {
            px_index_visit(&p->taken, boxes[k], &question, let_wait);
            px_index_visit(&p->refused, boxes[k], &question, let_wait);
        }
    }
}

/* ---- what stays from before ---- */

static enum err_code keep_placed(struct placing *p, const struct placed *from, struct placed **out,
                                 struct err *err)
{
    const struct label_look *look = NULL;
    size_t n = sizeof p->looks / sizeof p->looks[0];
    for (size_t i = 0; !look && i < n && p->looks[i]; i++)
        if (label_look_same(p->looks[i], from->look))
            look = p->looks[i];
    if (!look) {
        look = arena_memdup(p->arena, from->look, sizeof *look);
        p->looks[p->n_looks++ % n] = look;
    }
    struct placed *kept = arena_memdup(p->arena, from, sizeof *from);
    if (!look || !kept)
        return err_nomem(err);
    kept->look = look;
    kept->glyphs = arena_memdup(p->arena, from->glyphs, from->n_glyphs * sizeof *from->glyphs);
    *out = kept;
    return kept->glyphs ? ERR_OK : err_nomem(err);
}

static enum err_code keep_boxes(struct placing *p, struct candidate *c, const struct px_box *boxes,
                                struct err *err)
{
    c->boxes = arena_memdup(p->arena, boxes, (size_t)(c->n_icon + c->n_text) * sizeof *boxes);
    return c->boxes ? ERR_OK : err_nomem(err);
}

static enum err_code inherit(struct placing *p, size_t i, const struct candidate *from,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    struct candidate *c = &p->out->candidates[i];
    c->placed = from->placed;
    c->n_icon = from->n_icon;
    c->n_text = from->n_text;
    c->may_overlap = from->may_overlap;
    TRY(keep_boxes(p, c, from->boxes, err));
    if (from->label)
        TRY(keep_placed(p, from->label, &c->label, err));
    for (int part = PART_ICON; part <= PART_TEXT; part++) {
        bool taken = c->placed & (uint32_t)part;
        if (taken || !(c->may_overlap & (uint32_t)part))
            TRY(index_part(taken ? &p->taken : &p->refused, c, i, (enum label_part)part, err));
    }
done:
    return code;
}

/* For each candidate the number of the one that it was before, the same in all, or NONE; and which
 * of those before are gone. */
struct pairs {
    uint32_t *before;
    bool *gone;
    bool all_same;
};

static const uint32_t NONE = UINT32_MAX;

static enum err_code find_pairs(struct placing *p, struct pairs *pairs, struct err *err)
{
    const struct placement_private *before = p->before, *out = p->out;
    size_t n_before = before ? before->n : 0, k = 0, n_same = 0;
    pairs->before = arena_new(&p->work, uint32_t, out->n);
    pairs->gone = arena_new(&p->work, bool, n_before);
    if (!pairs->before || !pairs->gone)
        return err_nomem(err);
    for (size_t i = 0; i < out->n; i++) {
        int order = -1;
        while (k < n_before &&
               (order = candidate_order(&before->candidates[k], &out->candidates[i])) < 0)
            pairs->gone[k++] = true;
        bool same = k < n_before && order == 0 &&
                    before->candidates[k].content == out->candidates[i].content;
        pairs->before[i] = same ? (uint32_t)k++ : NONE;
        n_same += same;
    }
    for (; k < n_before; k++)
        pairs->gone[k] = true;
    pairs->all_same = before && n_same == n_before && n_same == out->n;
    return ERR_OK;
}

/* Takes over what stays, and lets wait all that may fare otherwise than before. */
static enum err_code take_over(struct placing *p, const struct pairs *pairs, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < p->out->n; i++) {
        p->waits[i] = pairs->before[i] == NONE;
        if (!p->waits[i])
            TRY(inherit(p, i, &p->before->candidates[pairs->before[i]], err));
    }
    for (size_t k = 0; p->before && k < p->before->n; k++)
        if (pairs->gone[k])
            disturb(p, 0, &p->before->candidates[k]);
done:
    return code;
}

/* ---- placing ---- */

/* A candidate while it is placed. */
struct attempt {
    size_t i;
    struct px_box pair[2];
    const struct px_box *boxes; /* those that were looked at */
    struct label_look look;
    struct placed label;
};

static enum err_code attempt_line(struct placing *p, struct candidate *c, struct attempt *a,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct line_attempt line;
    bool fits;
    TRY(label_line_attempt(p->input, c, &p->scratch, &line, &fits, err));
    if (!fits)
        goto done;
    a->label = line.label;
    a->boxes = line.boxes;
    c->may_overlap = line.may_overlap;
    c->n_icon = line.n_icon;
    bool icon_fits = c->may_overlap & PART_ICON || are_free(p, a->i, a->boxes, c->n_icon);
    if (c->n_icon && !icon_fits)
        goto done;
    c->n_text = line.n_text;
    bool text_fits =
        c->may_overlap & PART_TEXT || are_free(p, a->i, a->boxes + c->n_icon, c->n_text);
    if (!text_fits && !(c->n_icon && line.text_optional))
        goto done;
    c->placed = (c->n_icon ? PART_ICON : 0U) | (c->n_text && text_fits ? PART_TEXT : 0U);
    if (!text_fits) {
        a->label.n_glyphs = 0;
        a->label.ink = a->boxes[0];
    }
done:
    return code;
}

static bool place_icon(struct placing *p, struct candidate *c, struct attempt *a,
                       const struct label_wish *wish)
{
    struct px_box icon = px_box_moved(label_icon_box(wish), c->x_px, c->y_px);
    if (!label_inside(icon, p->input))
        return false;
    c->n_icon = 1;
    a->pair[0] = a->label.ink = icon;
    return wish->icon_may_overlap || are_free(p, a->i, &icon, 1);
}

/* *fits: whether the text has a place. Where not even the least text would have one, it is not
 * laid out. */
static enum err_code place_text(struct placing *p, struct candidate *c, struct attempt *a,
                                const struct label_wish *wish, bool *fits, struct err *err)
{
    struct label_text text;
    struct px_box *box = &a->pair[c->n_icon];
    *fits = false;
    *box = px_box_grown(px_box_moved(label_text_least(wish), c->x_px, c->y_px), wish->padding_px);
    if (!wish->text_may_overlap && !are_free(p, a->i, box, 1)) {
        c->n_text = 1;
        return ERR_OK;
    }
    enum err_code code = label_text_lay_out(wish, p->input->fonts, &p->scratch, &text, err);
    if (code != ERR_OK)
        return code;
    struct px_box ink = px_box_moved(text.ink, c->x_px, c->y_px);
    if (!label_inside(ink, p->input))
        return ERR_OK;
    c->n_text = 1;
    *box = px_box_grown(ink, wish->padding_px);
    *fits = wish->text_may_overlap || are_free(p, a->i, box, 1);
    a->label.glyphs = text.glyphs;
    a->label.n_glyphs = *fits ? text.n_glyphs : 0;
    if (*fits)
        a->label.ink = c->n_icon ? px_box_joined(a->label.ink, ink) : ink;
    return ERR_OK;
}

static enum err_code attempt_point(struct placing *p, struct candidate *c, struct attempt *a,
                                   struct err *err)
{
    const struct label_layer *layer = layer_of(p, c);
    struct source_feature subject = {layer->source, c->feature};
    if (subject.index == FEATURE_BY_ID)
        subject.index = label_feature(layer->source, c->id);
    struct eval eval = eval_of(p, &subject);
    struct label_wish wish;
    label_wish_of(layer->style, &eval, &wish);
    memcpy(&a->look, &wish.look, sizeof a->look); /* its padding, too */
    a->label = (struct placed){
        .layer = (uint16_t)c->layer, .x_px = c->x_px, .y_px = c->y_px, .look = &a->look};
    a->boxes = a->pair;
    c->may_overlap =
        (wish.icon_may_overlap ? PART_ICON : 0U) | (wish.text_may_overlap ? PART_TEXT : 0U);
    bool has_icon = wish.look.icon != ICON_NONE, fits = true;
    if (has_icon && !place_icon(p, c, a, &wish))
        return ERR_OK;
    if (wish.text) {
        enum err_code code = place_text(p, c, a, &wish, &fits, err);
        if (code != ERR_OK || (!fits && !(has_icon && wish.text_optional)))
            return code;
    }
    c->placed = (has_icon ? PART_ICON : 0U) | (wish.text && fits ? PART_TEXT : 0U);
    return ERR_OK;
}

static bool same_boxes(const struct candidate *a, const struct candidate *b)
{
    return a->placed == b->placed && a->n_icon == b->n_icon && a->n_text == b->n_text &&
           (a->n_icon + a->n_text == 0 ||
            memcmp(a->boxes, b->boxes, (size_t)(a->n_icon + a->n_text) * sizeof *a->boxes) == 0);
}

/* Places the i-th candidate, or leaves it out. */
static enum err_code place(struct placing *p, size_t i, struct err *err)
{
    enum err_code code = ERR_OK;
    struct candidate *c = &p->out->candidates[i], old = *c;
    struct attempt a = {.i = i};
    c->n_icon = c->n_text = 0;
    c->placed = 0;
    TRY(c->line ? attempt_line(p, c, &a, err) : attempt_point(p, c, &a, err));
    TRY(keep_boxes(p, c, a.boxes, err));
    c->label = NULL;
    if (c->placed)
        TRY(keep_placed(p, &a.label, &c->label, err));
    if (p->before && !same_boxes(&old, c)) {
        disturb(p, i + 1, &old);
        disturb(p, i + 1, c);
    }
    for (int part = PART_ICON; part <= PART_TEXT; part++)
        if (c->placed & (uint32_t)part)
            TRY(index_part(&p->taken, c, i, (enum label_part)part, err));
    p->out->n_looked_at++;
done:
    arena_reset(&p->scratch);
    return code;
}

/* The first of the candidates that are of one layer with that before `end`. */
static size_t layer_start(const struct candidate *candidates, size_t end)
{
    size_t start = end - 1;
    while (start > 0 && candidates[start - 1].layer == candidates[end - 1].layer)
        start--;
    return start;
}

/* Upper layers were placed first and are drawn last; within a layer the larger symbol-sort-key
 * lies on top, as in MapLibre. */
static enum err_code finish(struct placing *p, struct placement *out, struct err *err)
{
    const struct placement_private *private = p->out;
    size_t n = 0;
    for (size_t i = 0; i < private->n; i++)
        n += private->candidates[i].label != NULL;
    struct placed *items = arena_new(p->arena, struct placed, n);
    struct box *boxes = arena_new(&p->work, struct box, n);
    if (!items || !boxes)
        return err_nomem(err);
    out->items = items;
    for (size_t end = private->n, start; end > 0; end = start) {
        start = layer_start(private->candidates, end);
        for (size_t i = start; i < end; i++) {
            const struct placed *label = private->candidates[i].label;
            private->candidates[i].line = NULL; /* goes with the work */
            if (!label)
                continue;
            boxes[out->n] = (struct box){label->ink.left, -label->ink.bottom, label->ink.right,
                                         -label->ink.top};
            items[out->n++] = *label;
        }
    }
    out->n_candidates = private->n;
    out->n_looked_at = private->n_looked_at;
    return rtree_build(boxes, (uint32_t)n, p->arena, &out->tree, err);
}

static enum err_code place_all(struct placing *p, const struct pairs *pairs, struct placement *out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(keep_candidates(p, err));
    TRY(px_index_init(&p->taken, &p->work, err));
    TRY(px_index_init(&p->refused, &p->work, err));
    TRY(take_over(p, pairs, err));
    for (size_t i = 0; i < p->out->n; i++)
        if (p->waits[i])
            TRY(place(p, i, err));
    TRY(finish(p, out, err));
done:
    return code;
}

enum err_code placement_new(const struct label_input *input, struct placement *before,
                            struct placement **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct placement *placement;
    struct pairs pairs;
    *out = NULL;
    TRY(placement_make(&placement, err));
    struct placing p = {.input = input,
                        .before = before ? before->private : NULL,
                        .out = placement->private,
                        .arena = &placement->private->arena};
    arena_init(&p.scratch, 0);
    arena_init(&p.work, 0);
    code = label_gather(input, p.before, &p.work, &p.out->candidates, &p.out->n, err);
    if (code == ERR_OK)
        code = find_pairs(&p, &pairs, err);
    if (code == ERR_OK && pairs.all_same)
        *out = placement_acquire(before);
    else if (code == ERR_OK)
        code = place_all(&p, &pairs, placement, err);
    arena_release(&p.work);
    arena_release(&p.scratch);
    if (code == ERR_OK && !*out)
        *out = placement;
    else
        placement_release(placement);
done:
    return code;
}
