#include "tiler/draw/mask.h"

#include <stdlib.h>

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
