/* under_dim.c - what lies under a veil: what was laid before is put aside until all below it is
 * there. */
#include "tiler/draw/under_private.h"

#include <stdlib.h>

struct under_level {
    struct under_cell *cells;
    uint8_t *alpha; /* of the dimming */
    struct ink ink;
    uint32_t room_px;
};

void under_free_levels(struct under *under)
{
    for (uint32_t i = 0; i < under->levels_room; i++) {
        free(under->levels[i].cells);
        free(under->levels[i].alpha);
    }
    free(under->levels);
}

static enum err_code push_level(struct under *under, struct under_level **out, struct err *err)
{
    size_t n = (size_t)under->size_px * under->size_px;
    if (under->n_levels == under->levels_room) {
        struct under_level *grown =
            realloc(under->levels, (under->levels_room + 1) * sizeof *grown);
        if (!grown)
            return err_nomem(err);
        grown[under->levels_room] = (struct under_level){.cells = NULL};
        under->levels = grown;
        under->levels_room++;
    }
    struct under_level *level = &under->levels[under->n_levels];
    if (level->room_px < under->size_px) {
        free(level->cells);
        free(level->alpha);
        level->room_px = 0;
        level->cells = under_new_cells(n / LANES);
        level->alpha = malloc(n);
        if (!level->cells || !level->alpha)
            return err_nomem(err);
        level->room_px = under->size_px;
    }
    under->n_levels++;
    *out = level;
    return ERR_OK;
}

enum err_code under_dim(struct under *under, struct raster *raster, const struct ink *ink,
                        struct err *err)
{
    enum err_code code = ERR_OK;
    struct under_level *level;
    size_t n = (size_t)under->size_px * under->size_px;
    TRY(push_level(under, &level, err));
    level->ink = *ink;
    memcpy(level->cells, under->cells, n / LANES * sizeof *level->cells);
    memset(level->alpha, 0, n);
    for (int32_t y = raster->top; y <= raster->bottom; y++) {
        size_t n_spans = raster_row(raster, y);
        for (size_t i = 0; i < n_spans; i++) {
            const struct span *span = &raster->spans[i];
            memset(level->alpha + (size_t)y * under->size_px + span->first,
                   (int)(span->coverage * 255 >> 8), (size_t)(span->end - span->first));
        }
    }
    under_clear(under);
done:
    raster_clean(raster);
    return code;
}

/* a of which t is left, 65,535 being all. */
static inline lanes left_of(lanes a, lanes t)
{
    lanes whole = (lanes)(t == all(WHOLE));
    return (a & whole) | (mul(a, t) & ~whole);
}

void under_pop_level(struct under *under)
{
    const struct under_level *level = &under->levels[--under->n_levels];
    const struct tint tint = tint_of(&level->ink);
    size_t n = (size_t)under->size_px * under->size_px / LANES;
    for (size_t i = 0; i < n; i++) {
        struct under_cell *below = &under->cells[i];
        const struct under_cell *above = &level->cells[i];
        lanes alpha = mul(spread(level->alpha + i * LANES), tint.alpha);
        lanes rest = all(WHOLE) - alpha, has = mul(all(WHOLE) - below->through, alpha);
        struct under_cell dimmed = {.r = left_of(below->r, rest) + mul(has, tint.r),
                                    .g = left_of(below->g, rest) + mul(has, tint.g),
                                    .b = left_of(below->b, rest) + mul(has, tint.b)};
        below->r = above->r + left_of(dimmed.r, above->through);
        below->g = above->g + left_of(dimmed.g, above->through);
        below->b = above->b + left_of(dimmed.b, above->through);
        below->through = left_of(below->through, above->through);
    }
}
