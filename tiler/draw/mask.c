#include "tiler/draw/mask.h"

#include <math.h>
#include <stdlib.h>

enum {
    HALF_PX = FIXED_ONE / 2,
    /* Segments up to this long each way, 1/256 px, are followed by multiplication alone; longer
     * ones are cut. */
    LONGEST = 1 << 22,
};

enum err_code mask_begin(struct mask *mask, uint32_t size_px, struct err *err)
{
    if (size_px > mask->room_px) {
        mask_release(mask);
        mask->alpha = calloc((size_t)size_px * size_px, 1);
        mask->dirty =
            calloc((size_t)size_px * ((size_px / MASK_CELL_PX + 63) / 64), sizeof *mask->dirty);
        if (!mask->alpha || !mask->dirty) {
            mask_release(mask);
            return err_nomem(err);
        }
        mask->room_px = size_px;
    }
    mask->size_px = size_px;
    mask->words = (size_px / MASK_CELL_PX + 63) / 64;
    mask->top = INT32_MAX;
    mask->bottom = -1;
    return ERR_OK;
}

void mask_release(struct mask *mask)
{
    free(mask->alpha);
    free(mask->dirty);
    *mask = (struct mask){.bottom = -1};
}

/* ---- lines ---- */

/* A segment seen along its longer axis, "along"; "across" is the other. */
struct run {
    int64_t along, across;  /* of its lower end */
    int64_t end;            /* along, of its other end */
    int64_t rise;           /* across for along, 32.32 */
    int32_t flat;           /* distance for across: cosine of the slope, 16.16 */
    int32_t half;           /* of the width, 1/256 px */
    int64_t before, behind; /* how far it goes on past its ends */
    bool steep;             /* along is y */
};

/* The share of pixel `at` along the run that the run fills, in 1/256. */
static inline int32_t share_along(const struct run *run, int64_t at)
{
    int64_t from = run->along - run->before, to = run->end + run->behind;
    from = from > at * FIXED_ONE ? from : at * FIXED_ONE;
    to = to < (at + 1) * FIXED_ONE ? to : (at + 1) * FIXED_ONE;
    return to > from ? (int32_t)(to - from) : 0;
}

/* Alpha of a coverage in 1/256, in steps. */
static inline uint8_t alpha_of(uint32_t coverage)
{
    uint32_t step = FIXED_ONE / MASK_STEPS;
    return (uint8_t)((coverage + step / 2) / step * 255 / MASK_STEPS);
}

/* The pixels across the run at one pixel along it, from low to high; off: of the first of them
 * from the middle of the run, 1/256 px. */
static inline __attribute__((always_inline)) void
draw_across(struct mask *mask, const struct run *run, uint32_t at, int64_t low, int64_t high,
            int32_t off, uint32_t share, bool steep)
{
    const int32_t full = run->half + HALF_PX, flat = run->flat;
    const uint32_t most = run->half < HALF_PX ? 2 * (uint32_t)run->half : FIXED_ONE;
    for (uint32_t side = (uint32_t)low; side <= (uint32_t)high; side++, off += FIXED_ONE) {
        int32_t distance = ((off < 0 ? -off : off) * flat) >> 16;
        if (distance >= full)
            continue;
        uint32_t coverage = (uint32_t)(full - distance);
        coverage = (coverage > most ? most : coverage) * share / FIXED_ONE;
        uint8_t alpha = alpha_of(coverage);
        uint32_t x = steep ? side : at, y = steep ? at : side;
        uint8_t *pixel = &mask->alpha[(size_t)y * mask->size_px + x];
        if (alpha > *pixel) {
            *pixel = alpha;
            mask_dirty(mask, x, y);
        }
    }
}

static void draw_run(struct mask *mask, const struct run *run)
{
    int64_t size = mask->size_px;
    int64_t first = (run->along - run->before) >> 8, last = (run->end + run->behind) >> 8;
    int64_t reach = (((int64_t)(run->half + HALF_PX) << 16) + run->flat - 1) / run->flat;
    int64_t from = first < 0 ? 0 : first, to = last >= size ? size - 1 : last;
    for (int64_t at = from; at <= to; at++) {
        int64_t here = run->across + (((at * FIXED_ONE + HALF_PX - run->along) * run->rise) >> 32);
        int64_t low = (here - reach + HALF_PX) >> 8, high = (here + reach - HALF_PX) >> 8;
        uint32_t share = at == first || at == last ? (uint32_t)share_along(run, at) : FIXED_ONE;
        low = low < 0 ? 0 : low;
        high = high >= size ? size - 1 : high;
        if (low > high)
            continue;
        int32_t off = (int32_t)(low * FIXED_ONE + HALF_PX - here); /* at most reach */
        if (run->steep)
            draw_across(mask, run, (uint32_t)at, low, high, off, share, true);
        else
            draw_across(mask, run, (uint32_t)at, low, high, off, share, false);
    }
}

/* past: how far the segment goes on before and behind its ends, so that corners close. */
static void segment(struct mask *mask, struct fixed a, struct fixed b, int32_t half,
                    const bool past[2])
{
    int64_t size = (int64_t)mask->size_px * FIXED_ONE, reach = half + 2 * FIXED_ONE;
    int64_t dx = b.x - a.x, dy = b.y - a.y;
    if ((a.x < -reach && b.x < -reach) || (a.y < -reach && b.y < -reach) ||
        (a.x > size + reach && b.x > size + reach) || (a.y > size + reach && b.y > size + reach))
        return;
    if (dx > LONGEST || dx < -LONGEST || dy > LONGEST || dy < -LONGEST) {
        struct fixed middle = {a.x + dx / 2, a.y + dy / 2};
        segment(mask, a, middle, half, (const bool[2]){past[0], true});
        segment(mask, middle, b, half, (const bool[2]){true, past[1]});
        return;
    }
    if (dx == 0 && dy == 0)
        return;
    bool steep = llabs(dy) > llabs(dx);
    int64_t along = steep ? dy : dx, across = steep ? dx : dy;
    struct fixed from = along > 0 ? a : b;
    double length = sqrt((double)dx * (double)dx + (double)dy * (double)dy);
    double flat = (double)(along > 0 ? along : -along) / length;
    int64_t on = (int64_t)(half * flat);
    struct run run = {.along = steep ? from.y : from.x,
                      .across = steep ? from.x : from.y,
                      .rise = (int64_t)((double)across / (double)along * 4294967296.0),
                      .flat = (int32_t)(flat * 65536),
                      .half = half,
                      .before = past[along > 0 ? 0 : 1] ? on : 0,
                      .behind = past[along > 0 ? 1 : 0] ? on : 0,
                      .steep = steep};
    run.end = run.along + (along > 0 ? along : -along);
    int64_t low = (a.y < b.y ? a.y : b.y) - reach, high = (a.y > b.y ? a.y : b.y) + reach;
    mask_rows(mask, low < 0 ? 0 : (int32_t)(low >> 8),
              high >= size ? (int32_t)mask->size_px - 1 : (int32_t)(high >> 8));
    draw_run(mask, &run);
}

void mask_line(struct mask *mask, const struct fixed *points, size_t n, bool closed,
               double width_px)
{
    int32_t half = (int32_t)(width_px * HALF_PX + 0.5);
    if (half == 0)
        return;
    for (size_t i = 0; i + 1 < n; i++)
        segment(mask, points[i], points[i + 1], half,
                (const bool[2]){closed || i > 0, closed || i + 2 < n});
    if (closed && n > 2)
        segment(mask, points[n - 1], points[0], half, (const bool[2]){true, true});
}

/* ---- stamps ---- */

void mask_stamp(struct mask *mask, const struct stamp *stamp, int64_t x, int64_t y)
{
    int64_t size = mask->size_px;
    int64_t left = x < 0 ? 0 : x, right = x + stamp->width > size ? size : x + stamp->width;
    int64_t top = y < 0 ? 0 : y, bottom = y + stamp->height > size ? size : y + stamp->height;
    if (left >= right || top >= bottom)
        return;
    for (int64_t row = top; row < bottom; row++) {
        uint8_t *to = mask->alpha + row * size;
        const uint8_t *from = stamp->alpha + (row - y) * stamp->width;
        for (int64_t px = left; px < right; px++)
            if (from[px - x] > to[px])
                to[px] = from[px - x];
        for (int64_t cell = left / MASK_CELL_PX; cell <= (right - 1) / MASK_CELL_PX; cell++)
            mask_dirty(mask, (uint32_t)(cell * MASK_CELL_PX), (uint32_t)row);
    }
    mask_rows(mask, (int32_t)top, (int32_t)bottom - 1);
}
