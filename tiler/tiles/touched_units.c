/* touched_units.c - what an edit of boundaries changed: units and borders that have other edges, or
 * the same, thinned otherwise because others that they met are gone or come. */
#include "tiler/tiles/touched_private.h"

#include <stdlib.h>
#include <string.h>

/* A feature by all that it is, but for how it is thinned. */
struct known_shape {
    uint64_t hash;
    uint32_t feature;
};

static uint32_t start_of(const struct source *source, uint32_t ring)
{
    return ring ? source->full.ring_ends[ring - 1] : 0;
}

static uint64_t mix(uint64_t hash, uint64_t bits)
{
    hash = (hash ^ bits ^ hash >> 29) * UINT64_C(0xBF58476D1CE4E5B9); /* of splitmix64 */
    return hash ^ hash >> 32;
}

static uint64_t hash_of(const struct source *source, uint32_t feature)
{
    const struct shape *shape = &source->shapes[feature];
    uint64_t hash = mix(shape->kind, source->levels ? source->levels[feature] : 0);
    if (!source->levels) /* borders have no names */
        for (const char *id = source_feature_id(source, feature); *id; id++)
            hash = mix(hash, (unsigned char)*id);
    for (uint32_t ring = shape->first_ring; ring < shape->first_ring + shape->n_rings; ring++) {
        hash = mix(hash, source->full.ring_ends[ring] - start_of(source, ring));
        for (uint32_t i = start_of(source, ring); i < source->full.ring_ends[ring]; i++) {
            struct plane_point p = source->full.points[i];
            hash = mix(hash, (uint64_t)(uint32_t)p.x << 32 | (uint32_t)p.y);
        }
    }
    return hash;
}

static int by_hash(const void *a, const void *b)
{
    const struct known_shape *p = a, *q = b;
    if (p->hash != q->hash)
        return p->hash < q->hash ? -1 : 1;
    return p->feature < q->feature ? -1 : p->feature > q->feature;
}

static struct known_shape *know(const struct source *source, struct arena *arena)
{
    struct known_shape *known = arena_new(arena, struct known_shape, source->n);
    for (uint32_t i = 0; known && i < source->n; i++)
        known[i] = (struct known_shape){hash_of(source, i), i};
    if (known && source->n > 0)
        qsort(known, source->n, sizeof *known, by_hash);
    return known;
}

/* The points of a ring and how each of two sources thins it. */
struct two_rings {
    const struct plane_point *points;
    const uint8_t *old, *now;
    uint32_t n;
};

/* Whether both keep it at every zoom, so that nothing on one side changes the other. */
static bool is_fixed(const struct two_rings *rings, uint32_t i)
{
    return rings->old[i] == 0 && rings->now[i] == 0;
}

/* Adds where a ring is thinned otherwise: from one fixed point to the next. */
static void add_difference(const struct two_rings *rings, struct plane_box *box)
{
    for (uint32_t i = 0; i < rings->n; i++) {
        if (rings->old[i] == rings->now[i])
            continue;
        uint32_t from = i, steps = 0;
        while (steps++ < rings->n && !is_fixed(rings, from))
            from = from ? from - 1 : rings->n - 1;
        for (steps = 0; steps <= rings->n; steps++) {
            plane_box_add(box, rings->points[from]);
            if (steps > 0 && is_fixed(rings, from))
                break;
            from = from + 1 < rings->n ? from + 1 : 0;
        }
    }
}

static struct plane_box difference_of(const struct source *old, uint32_t i,
                                      const struct source *now, uint32_t k)
{
    const struct shape *shape = &now->shapes[k];
    struct plane_box box = plane_box_empty();
    for (uint32_t ring = 0; ring < shape->n_rings; ring++) {
        uint32_t from = start_of(now, shape->first_ring + ring);
        const struct two_rings rings = {.points = now->full.points + from,
                                        .old = old->zooms +
                                               start_of(old, old->shapes[i].first_ring + ring),
                                        .now = now->zooms + from,
                                        .n = now->full.ring_ends[shape->first_ring + ring] - from};
        add_difference(&rings, &box);
    }
    return box;
}

/* Dashes of a line go on from wherever it begins. */
static bool has_dashes(const struct hunt *h)
{
    const struct style *style = scenes_style(h->wanted->scenes);
    for (size_t k = 0; k < style_layer_count(style); k++)
        if (style_layer(style, k)->source != SOURCE_NONE &&
            scenes_source_id(style_layer(style, k)->source) == h->id &&
            style_layer(style, k)->n_dashes > 0)
            return true;
    return false;
}

static bool is_edited(const struct hunt *h, const struct source *source, uint32_t feature)
{
    const struct row_changes *facts = h->wanted->edit->facts;
    for (size_t i = 0; !source->levels && i < facts->n; i++) {
        const struct row_change *change = &facts->items[i];
        const struct record_head *head = change->before ? change->before : change->after;
        if (strcmp(head->id, source_feature_id(source, feature)) == 0)
            return true;
    }
    return false;
}

static enum err_code see_whole(struct hunt *h, const struct source *source, uint32_t feature)
{
    return touched_see_feature(h, source, feature, source->shapes[feature].box);
}

static enum err_code see_same(struct hunt *h, const struct source *old, uint32_t i,
                              const struct source *now, uint32_t k)
{
    enum err_code code = ERR_OK;
    struct plane_box box = difference_of(old, i, now, k);
    if (is_edited(h, now, k) || (box.west <= box.east && has_dashes(h)))
        box = now->shapes[k].box;
    if (box.west > box.east)
        return ERR_OK;
    TRY(touched_see_feature(h, old, i, box));
    TRY(touched_see_feature(h, now, k, box));
done:
    return code;
}

/* Whether a code is not there any more: tiles that name it are none now, wherever they lie. */
static bool loses_code(const struct hunt *h)
{
    const struct row_changes *facts = h->wanted->edit->facts;
    for (size_t i = 0; i < facts->n; i++) {
        const struct admin_unit *before = facts->items[i].before;
        if (before && before->code && world_unit(h->now, before->code) < 0)
            return true;
    }
    return false;
}

enum err_code touched_units(struct hunt *h)
{
    enum err_code code = ERR_OK;
    const struct source *old, *now;
    if (loses_code(h))
        touched_of_units(h->out);
    TRY(scenes_source(h->wanted->before, h->id, &old, h->err));
    TRY(scenes_source(h->wanted->scenes, h->id, &now, h->err));
    const struct known_shape *before = know(old, h->arena), *after = know(now, h->arena);
    TRY(before && after ? ERR_OK : err_nomem(h->err));
    for (uint32_t i = 0, k = 0; i < old->n || k < now->n;) {
        int order = i == old->n                      ? 1
                    : k == now->n                    ? -1
                    : before[i].hash < after[k].hash ? -1
                                                     : before[i].hash > after[k].hash;
        if (order < 0)
            TRY(see_whole(h, old, before[i++].feature));
        else if (order > 0)
            TRY(see_whole(h, now, after[k++].feature));
        else
            TRY(see_same(h, old, before[i++].feature, now, after[k++].feature));
    }
done:
    return code;
}
