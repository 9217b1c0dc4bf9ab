#include "tiler/labels/placement.h"

#include <stdlib.h>
#include <string.h>

enum err_code placement_make(struct placement **out, struct err *err)
{
    struct placement *placement = calloc(1, sizeof *placement);
    *out = NULL;
    if (!placement)
        return err_nomem(err);
    placement->private = calloc(1, sizeof *placement->private);
    if (!placement->private) {
        free(placement);
        return err_nomem(err);
    }
    int failure = pthread_mutex_init(&placement->private->mutex, NULL);
    if (failure != 0) {
        free(placement->private);
        free(placement);
        return err_errno(err, failure, "mutex");
    }
    arena_init(&placement->private->arena, 0);
    placement->private->n_references = 1;
    *out = placement;
    return ERR_OK;
}

struct placement *placement_acquire(struct placement *placement)
{
    pthread_mutex_lock(&placement->private->mutex);
    placement->private->n_references++;
    pthread_mutex_unlock(&placement->private->mutex);
    return placement;
}

void placement_release(struct placement *placement)
{
    if (!placement)
        return;
    struct placement_private *private = placement->private;
    pthread_mutex_lock(&private->mutex);
    unsigned left = --private->n_references;
    pthread_mutex_unlock(&private->mutex);
    if (left > 0)
        return;
    pthread_mutex_destroy(&private->mutex);
    arena_release(&private->arena);
    free(private);
    free(placement);
}

enum err_code placement_search(const struct placement *placement, struct px_box box,
                               struct arena *arena, uint32_t **items, size_t *n, struct err *err)
{
    struct box flipped = {box.left, -box.bottom, box.right, -box.top};
    return rtree_collect(&placement->tree, flipped, arena, items, n, err);
}

/* ---- difference ---- */

bool label_look_same(const struct label_look *a, const struct label_look *b)
{
    /* Made by label_wish_of, which clears what lies between the members. */
    return memcmp(a, b, sizeof *a) == 0; /* NOLINT(bugprone-suspicious-memory-comparison) */
}

static bool draws_same(const struct placed *a, const struct placed *b)
{
    return a->n_glyphs == b->n_glyphs && a->turn == b->turn && a->x_px == b->x_px &&
           a->y_px == b->y_px && memcmp(&a->ink, &b->ink, sizeof a->ink) == 0 &&
           label_look_same(a->look, b->look) &&
           memcmp(a->glyphs, b->glyphs, a->n_glyphs * sizeof *a->glyphs) == 0;
}

struct differences {
    struct px_box *boxes;
    size_t n;
};

static void add_ink(struct differences *out, const struct candidate *candidate)
{
    if (candidate->label)
        out->boxes[out->n++] = candidate->label->ink;
}

enum err_code placement_diff(const struct placement *a, const struct placement *b,
                             struct arena *arena, struct px_box **boxes, size_t *n, struct err *err)
{
    const struct placement_private *p = a->private, *q = b->private;
    struct differences out = {arena_new(arena, struct px_box, a->n + b->n), 0};
    size_t i = 0, k = 0;
    if (!out.boxes)
        return err_nomem(err);
    /* Both are in the order of drawing, turned round: what stands in both is drawn among the same
     * others, but for those that differ themselves. */
    while (i < p->n || k < q->n) {
        int order = i == p->n   ? 1
                    : k == q->n ? -1
                                : candidate_order(&p->candidates[i], &q->candidates[k]);
        if (order == 0) {
            const struct placed *c = p->candidates[i].label, *d = q->candidates[k].label;
            if (c && d && draws_same(c, d)) {
                i++;
                k++;
                continue;
            }
        }
        if (order <= 0)
            add_ink(&out, &p->candidates[i++]);
        if (order >= 0)
            add_ink(&out, &q->candidates[k++]);
    }
    *boxes = out.boxes;
    *n = out.n;
    return ERR_OK;
}
