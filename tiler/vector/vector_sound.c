/* vector_sound.c - which shapes stay valid when they are rounded to the units of a zoom. */
#include "tiler/vector/vector_shape.h"

/* A shape of more units is looked at in each tile: there, it is cut. */
enum { MOST_UNITS = 1 << 24 };

struct looking {
    const struct source *source;
    const struct detail *detail;
    int32_t shift;
    struct clip clip;
    struct clip_point *snapped;
    struct mvt_point *points;
    size_t *ends;
};

static uint32_t start_of(const struct detail *detail, uint32_t ring)
{
    return ring ? detail->ring_ends[ring - 1] : 0;
}

/* Room for the largest shape; snapped: for its longest ring. */
static enum err_code make_room(struct looking *l, struct arena *scratch, struct err *err)
{
    size_t most_points = 0, most_rings = 0;
    for (uint32_t i = 0; i < l->source->n; i++) {
        const struct shape *shape = &l->source->shapes[i];
        uint32_t end = shape->first_ring + shape->n_rings;
        if (shape->kind != GEOM_POLYGON || shape->n_rings == 0)
            continue;
        size_t n = l->detail->ring_ends[end - 1] - start_of(l->detail, shape->first_ring);
        most_points = n > most_points ? n : most_points;
        most_rings = shape->n_rings > most_rings ? shape->n_rings : most_rings;
    }
    l->snapped = arena_new(scratch, struct clip_point, most_points);
    l->points = arena_new(scratch, struct mvt_point, most_points);
    l->ends = arena_new(scratch, size_t, most_rings);
    return l->snapped && l->points && l->ends ? ERR_OK : err_nomem(err);
}

static bool is_sound(struct looking *l, const struct shape *shape)
{
    int64_t unit = INT64_C(1) << l->shift;
    const struct plane_box *box = &shape->box;
    if (shape->kind != GEOM_POLYGON || vector_is_small(shape, l->shift) ||
        vector_is_thin(shape, l->shift) || box->east - box->west > MOST_UNITS * unit ||
        box->south - box->north > MOST_UNITS * unit)
        return false;
    /* Rounded as in a tile whose corner lies on the grid there. */
    struct vector_frame frame = {.square = {.west = box->west & -unit, .north = box->north & -unit},
                                 .shift = l->shift};
    size_t n = 0;
    for (uint32_t i = 0; i < shape->n_rings; i++) {
        size_t n_ring = vector_snap(&frame, l->detail, shape->first_ring + i, true, l->snapped);
        for (size_t k = 0; k < n_ring; k++)
            l->points[n + k] =
                (struct mvt_point){(int32_t)l->snapped[k].x, (int32_t)l->snapped[k].y};
        n += n_ring;
        l->ends[i] = n;
    }
    return clip_are_sound(&l->clip, l->points, l->ends, shape->n_rings);
}

enum err_code vector_sound_build(const struct source *source, const struct detail *detail,
                                 uint32_t z, struct arena *arena, const uint8_t **out,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct looking l = {.source = source, .detail = detail, .shift = vector_shift(z)};
    struct arena scratch;
    uint8_t *sound = arena_new(arena, uint8_t, source->n);
    *out = sound;
    arena_init(&scratch, 0);
    TRY(sound ? ERR_OK : err_nomem(err));
    TRY(clip_init(&l.clip, INT32_MIN, INT32_MAX, err));
    TRY(make_room(&l, &scratch, err));
    for (uint32_t i = 0; i < source->n; i++)
        sound[i] = is_sound(&l, &source->shapes[i]);
done:
    clip_release(&l.clip);
    arena_release(&scratch);
    return code;
}
