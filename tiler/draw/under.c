#include "tiler/draw/under_private.h"

#include <endian.h>
#include <stdlib.h>

enum {
    BLOCK_PX = 16,
    BLOCK_CELLS = BLOCK_PX / LANES, /* of a row */
    STEP = FIXED_ONE / UNDER_STEPS,
};

static inline bool is_zero(lanes a)
{
    typedef uint64_t halves __attribute__((vector_size(16)));
    halves h = (halves)a;
    return (h[0] | h[1]) == 0;
}

struct ink ink_of(double r, double g, double b, double alpha)
{
    return (struct ink){(uint16_t)(r * 257 + 0.5), (uint16_t)(g * 257 + 0.5),
                        (uint16_t)(b * 257 + 0.5), (uint16_t)(alpha * WHOLE + 0.5)};
}

/* ---- life ---- */

struct under_cell *under_new_cells(size_t n)
{
    return aligned_alloc(64, n * sizeof(struct under_cell));
}

void under_release(struct under *under)
{
    under_free_levels(under);
    free(under->cells);
    free(under->beside);
    free(under->seen);
    free(under->open);
    free(under->picked);
    mask_release(&under->mask);
    thin_release(&under->thin);
    *under = (struct under){0};
}

static size_t open_words(uint32_t size_px)
{
    return (size_px / LANES + 63) / 64;
}

/* Of the blocks that row y lies in. */
static inline uint64_t *open_row(const struct under *under, size_t y)
{
    return under->open + y / BLOCK_PX * open_words(under->size_px);
}

static inline bool is_open(const uint64_t *open, size_t cell)
{
    return open[cell / 64] >> cell % 64 & 1;
}

static enum err_code make_room(struct under *under, uint32_t size_px, struct err *err)
{
    size_t n = (size_t)size_px * size_px;
    under_release(under);
    under->cells = under_new_cells(n / LANES);
    under->beside = aligned_alloc(64, n * sizeof *under->beside);
    under->seen = aligned_alloc(64, n * sizeof *under->seen);
    under->open = malloc(size_px / BLOCK_PX * open_words(size_px) * sizeof *under->open);
    under->picked = malloc((size_t)BLOCK_PX * (size_px / LANES) * sizeof *under->picked);
    if (!under->picked || !under->cells || !under->beside || !under->seen || !under->open) {
        under_release(under);
        return err_nomem(err);
    }
    under->room_px = size_px;
    return ERR_OK;
}

void under_clear(struct under *under)
{
    size_t n = (size_t)under->size_px * under->size_px / LANES;
    const struct under_cell clear = {.through = all(WHOLE)};
    for (size_t i = 0; i < n && !under->is_clear; i++)
        under->cells[i] = clear;
    under->is_clear = false;
    under->n_open = under->size_px / BLOCK_PX * (under->size_px / BLOCK_PX);
    memset(under->open, 0xFF,
           under->size_px / BLOCK_PX * open_words(under->size_px) * sizeof *under->open);
}

enum err_code under_begin(struct under *under, uint32_t size_px, struct err *err)
{
    enum err_code code = ERR_OK;
    if (under->room_px < size_px)
        TRY(make_room(under, size_px, err));
    under->is_clear = under->is_clear && under->size_px == size_px;
    under->size_px = size_px;
    under->n_levels = 0;
    TRY(mask_begin(&under->mask, size_px, err));
    TRY(thin_begin(&under->thin, size_px, err));
    under_clear(under);
    under_layer(under);
done:
    return code;
}

void under_layer(struct under *under)
{
    under->has_beside = false;
}

/* Lines do without: it is cleared for layers that have areas. */
static void clear_beside(struct under *under)
{
    if (!under->has_beside)
        memset(under->beside, 0, (size_t)under->size_px * under->size_px * sizeof *under->beside);
    under->has_beside = true;
}

/* ---- laying ---- */

/* Coverage in 1/256 as a factor of 16 bits: 256 is all. */
static inline lanes share_of(lanes coverage)
{
    return (coverage << 8) - (coverage >> 8);
}

static inline lanes stepped(lanes coverage)
{
    return (coverage + all(STEP / 2)) & ~all(STEP - 1);
}

/* Lanes with a sign: small numbers compare in one step. */
typedef int16_t signed_lanes __attribute__((vector_size(16)));

/* A row of the picture while shapes are laid on it. */
struct row {
    struct under_cell *cells;
    lanes *beside, *seen;
    const uint64_t *open;
};

static inline struct row row_of(const struct under *under, size_t y)
{
    size_t first = y * (under->size_px / LANES);
    return (struct row){under->cells + first, (lanes *)under->beside + first,
                        (lanes *)under->seen + first, open_row(under, y)};
}

/* Eight pixels of which a shape covers something. What is laid is the step from all that was
 * beside it to all that is now, so that shapes that fill a pixel between them fill it wholly. */
static inline void lay_edge(const struct row *row, size_t at, const struct tint *tint,
                            lanes coverage)
{
    struct under_cell *cell = &row->cells[at];
    lanes beside = row->beside[at];
    lanes anew = (lanes)(beside == 0) | (lanes)((signed_lanes)(beside + coverage) > FIXED_ONE);
    lanes before = beside & ~anew, now = before + coverage;
    lanes seen = (cell->through & anew) | (row->seen[at] & ~anew);
    row->seen[at] = seen;
    row->beside[at] = now;
    lanes laid = stepped(now) - stepped(before);
    /* The share of all of a pixel is 65,535, which takes one off the alpha: back with it. */
    lanes alpha = mul(tint->alpha, share_of(laid)) - (lanes)(laid == FIXED_ONE);
    add_part(cell, tint, least(mul(seen, alpha), cell->through));
}

/* Cells first .. end - 1, wholly covered: as many at once as are open beside each other. */
static inline void lay_whole(const struct row *row, uint32_t first, uint32_t end,
                             const struct tint *tint)
{
    const struct tint own = *tint; /* in registers */
    for (size_t word = first / 64; word <= (end - 1) / 64; word++) {
        uint64_t bits = row->open[word];
        if (word == first / 64)
            bits &= UINT64_MAX << first % 64;
        if (word == (end - 1) / 64)
            bits &= UINT64_MAX >> (63 - (end - 1) % 64);
        while (bits) {
            uint64_t beyond = bits + (bits & -bits); /* the run of lowest bits gone, one above it */
            size_t from = (size_t)__builtin_ctzll(bits);
            size_t stop = beyond ? (size_t)__builtin_ctzll(beyond) : 64;
            struct under_cell *cell = row->cells + word * 64 + from;
            lanes *beside = row->beside + word * 64 + from;
            for (size_t n = stop - from; n > 0; n--, cell++) {
                add_part(cell, &own, mul(cell->through, own.alpha));
                *beside++ = all(FIXED_ONE);
            }
            bits &= beyond;
        }
    }
}

/* Answers how many of the edge cells that were read can be seen, and puts their numbers down. */
static size_t pick_open(const struct raster *raster, const uint64_t *open, uint16_t *picked)
{
    size_t n = 0;
    for (size_t i = 0; i < raster->n_edges; i++) {
        picked[n] = (uint16_t)i;
        n += is_open(open, raster->edges[i].cell);
    }
    return n;
}

/* The rows of a row of blocks that the raster has read. First all edges, then all that lies
 * between: no cell is in both, and the processor foresees what is next. */
static void lay_read(struct under *under, const struct raster *raster, const struct tint *tint)
{
    _Static_assert((int)LANES == (int)RASTER_CELL_PX, "cells of the raster are ours");
    _Static_assert((int)BLOCK_PX == (int)RASTER_ROWS, "and its rows those of a block");
    if (raster->n_edges + raster->n_pieces == 0)
        return;
    uint32_t y = raster->n_edges ? raster->edges[0].y : raster->pieces[0].y;
    size_t n = pick_open(raster, open_row(under, y), under->picked);
    for (size_t i = 0; i < n; i++) {
        const struct edge_cell *edge = &raster->edges[under->picked[i]];
        const struct row row = row_of(under, edge->y);
        lanes coverage;
        memcpy(&coverage, raster->shares + (size_t)under->picked[i] * LANES, sizeof coverage);
        lay_edge(&row, edge->cell, tint, coverage);
    }
    for (size_t i = 0; i < raster->n_pieces; i++) {
        const struct piece *piece = &raster->pieces[i];
        const struct row row = row_of(under, piece->y);
        if (piece->coverage == FIXED_ONE) {
            lay_whole(&row, piece->first, piece->end, tint);
            continue;
        }
        for (uint32_t cell = piece->first; cell < piece->end; cell++)
            if (is_open(row.open, cell))
                lay_edge(&row, cell, tint, all((uint16_t)piece->coverage));
    }
}

void under_shape(struct under *under, struct raster *raster, const struct ink *ink)
{
    const struct tint tint = tint_of(ink);
    clear_beside(under);
    for (int32_t y = raster->top, last; y <= raster->bottom; y = last + 1) {
        last = y | (BLOCK_PX - 1);
        last = last < raster->bottom ? last : raster->bottom;
        raster_cells(raster, y, last);
        if (ink->alpha > 0)
            lay_read(under, raster, &tint);
    }
    raster_clean(raster);
}

void under_flood(struct under *under, const struct ink *ink)
{
    const struct tint tint = tint_of(ink);
    clear_beside(under);
    for (uint32_t y = 0; y < under->size_px; y++) {
        const struct row row = row_of(under, y);
        lay_whole(&row, 0, under->size_px / LANES, &tint);
    }
}

/* ---- masks ---- */

void under_pattern(struct under *under, struct raster *raster, const struct ink *ink,
                   const uint8_t *pattern, uint32_t period)
{
    struct mask *mask = &under->mask;
    if (raster->top <= raster->bottom)
        mask_rows(mask, raster->top, raster->bottom);
    for (int32_t y = raster->top; y <= raster->bottom; y++) {
        size_t n = raster_row(raster, y);
        uint8_t *row = mask->alpha + (size_t)y * under->size_px;
        const uint8_t *repeat = pattern + (size_t)((uint32_t)y % period) * period;
        for (size_t i = 0; i < n; i++) {
            const struct span *span = &raster->spans[i];
            for (int32_t x = span->first; x < span->end; x++) {
                row[x] = (uint8_t)(repeat[(uint32_t)x % period] * span->coverage >> 8);
                mask_dirty(mask, (uint32_t)x, (uint32_t)y);
            }
        }
    }
    raster_clean(raster);
    under_mask(under, ink);
}

/* The dirty cells of one row. */
static void lay_mask_row(struct under *under, uint32_t y, const struct tint *tint)
{
    struct mask *mask = &under->mask;
    uint8_t *row = mask->alpha + (size_t)y * under->size_px;
    struct under_cell *cells = under->cells + (size_t)y * (under->size_px / LANES);
    const uint64_t *open = open_row(under, y);
    uint64_t *dirty = mask->dirty + (size_t)y * mask->words;
    for (uint32_t word = 0; word < mask->words; word++) {
        for (uint64_t bits = dirty[word]; bits; bits &= bits - 1) {
            uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(bits);
            uint8_t *eight = row + (size_t)i * LANES;
            if (is_open(open, i)) {
                lanes alpha = mul(spread(eight), tint->alpha);
                add_part(&cells[i], tint, mul(cells[i].through, alpha));
            }
            memset(eight, 0, LANES);
        }
        dirty[word] = 0;
    }
}

void under_mask(struct under *under, const struct ink *ink)
{
    const struct tint tint = tint_of(ink);
    struct mask *mask = &under->mask;
    for (int32_t y = mask->top; y <= mask->bottom; y++)
        lay_mask_row(under, (uint32_t)y, &tint);
    mask->top = INT32_MAX;
    mask->bottom = -1;
}

/* ---- thin lines ---- */

/* Four bits each, 0, 1, 3 or 7, as factors of 16 bits. */
static inline lanes thirds(uint32_t pixels)
{
    typedef uint32_t pairs __attribute__((vector_size(16)));
    const lanes up = {4096, 256, 16, 1, 4096, 256, 16, 1};
    uint32_t low = (pixels & 0xFFFF) * 0x10001, high = (pixels >> 16) * 0x10001;
    lanes bits = ((lanes)(pairs){low, low, high, high} * up) >> 12;
    lanes steps = bits - (bits >> 1) - (bits >> 2); /* as many as are set */
    return steps * all(WHOLE / THIN_STEPS);
}

/* A bit for each cell of a block that lines touch, row by row: found first, since where lines
 * go no processor foresees. */
static inline uint32_t marked_cells(const uint64_t rows[THIN_BLOCK_PX])
{
    uint32_t bits = 0;
    for (int i = 0; i < THIN_BLOCK_PX; i++) {
        bits |= (uint32_t)((uint32_t)rows[i] != 0) << (2 * i);
        bits |= (uint32_t)(rows[i] >> 32 != 0) << (2 * i + 1);
    }
    return bits;
}

void under_thin(struct under *under, const struct ink *ink)
{
    const struct tint tint = tint_of(ink);
    const struct thin_box reach = under->thin.reach;
    uint32_t per_row = under->size_px / LANES;
    uint64_t rows[THIN_BLOCK_PX];
    _Static_assert((int)THIN_BLOCK_PX == (int)BLOCK_PX && THIN_BLOCK_PX == 2 * LANES,
                   "a block of lines is a block of cells");
    for (int64_t y = reach.top / BLOCK_PX; y <= reach.bottom / BLOCK_PX; y++) {
        for (int64_t x = reach.left / BLOCK_PX; x <= reach.right / BLOCK_PX; x++) {
            if (!thin_take(&under->thin, (uint32_t)x, (uint32_t)y, rows) ||
                !is_open(open_row(under, (size_t)y * BLOCK_PX), (size_t)x * BLOCK_CELLS))
                continue;
            struct under_cell *cells = under->cells + y * BLOCK_PX * per_row + 2 * x;
            for (uint32_t bits = marked_cells(rows); bits; bits &= bits - 1) {
                int i = __builtin_ctz(bits);
                uint32_t pixels = (uint32_t)(rows[i / 2] >> (i % 2 * 32));
                struct under_cell *cell = cells + i / 2 * (int64_t)per_row + i % 2;
                add_part(cell, &tint, mul(cell->through, mul(thirds(pixels), tint.alpha)));
            }
        }
    }
    thin_taken(&under->thin);
}

/* ---- stamps ---- */

/* Lays eight alphas, the first in the lowest byte, of which most stamps have many that are 0. */
static inline void lay_eight(struct under_cell *cell, const struct tint *tint, uint64_t alphas)
{
    uint8_t eight[LANES];
    alphas = htole64(alphas);
    memcpy(eight, &alphas, sizeof eight);
    if (alphas)
        add_part(cell, tint, mul(mul(spread(eight), tint->alpha), cell->through));
}

/* Rows of a stamp up to 16 pixels wide that lies between the left and the right edge: shifted to
 * where cells begin, as two numbers of eight alphas, of which some may go into a third cell. */
static void lay_narrow(struct under *under, const struct stamp *stamp, int64_t x, int64_t y,
                       const struct tint *tint)
{
    int64_t size = under->size_px, width = stamp->width, n = width * stamp->height;
    int64_t top = y < 0 ? 0 : y, bottom = y + stamp->height > size ? size : y + stamp->height;
    unsigned shift = (unsigned)(x % LANES) * 8;
    uint64_t first_mask = width < LANES ? UINT64_MAX >> (64 - 8 * width) : UINT64_MAX;
    uint64_t second_mask = width <= LANES ? 0 : UINT64_MAX >> (128 - 8 * width);
    for (int64_t row = top; row < bottom; row++) {
        int64_t at = (row - y) * width;
        struct under_cell *cell = under->cells + row * (size / LANES) + x / LANES;
        uint64_t pair[2] = {0, 0};
        /* With some of the next row, which is masked. */
        memcpy(pair, stamp->alpha + at,
               at + (int64_t)sizeof pair <= n ? sizeof pair : (size_t)width);
        uint64_t first = le64toh(pair[0]) & first_mask, second = le64toh(pair[1]) & second_mask;
        lay_eight(cell, tint, first << shift);
        lay_eight(cell + 1, tint, shift ? second << shift | first >> (64 - shift) : second);
        lay_eight(cell + 2, tint, shift ? second >> (64 - shift) : 0);
    }
}

void under_stamp(struct under *under, const struct stamp *stamp, int64_t x, int64_t y,
                 const struct ink *ink)
{
    const struct tint tint = tint_of(ink);
    int64_t size = under->size_px;
    if (stamp->width > 0 && stamp->width <= 2 * LANES && x >= 0 && x / LANES + 3 <= size / LANES) {
        lay_narrow(under, stamp, x, y, &tint);
        return;
    }
    int64_t left = x < 0 ? 0 : x, right = x + stamp->width > size ? size : x + stamp->width;
    int64_t top = y < 0 ? 0 : y, bottom = y + stamp->height > size ? size : y + stamp->height;
    if (left >= right)
        return;
    for (int64_t row = top; row < bottom; row++) {
        const uint8_t *alpha = stamp->alpha + (row - y) * stamp->width;
        struct under_cell *cells = under->cells + row * (size / LANES);
        for (int64_t cell = left / LANES; cell <= (right - 1) / LANES; cell++) {
            int64_t from = cell * LANES < left ? left : cell * LANES;
            int64_t to = (cell + 1) * LANES > right ? right : (cell + 1) * LANES;
            uint8_t eight[LANES] = {0};
            uint64_t alphas;
            memcpy(eight + from % LANES, alpha + (from - x), (size_t)(to - from));
            memcpy(&alphas, eight, sizeof alphas);
            lay_eight(&cells[cell], &tint, le64toh(alphas));
        }
    }
}

/* ---- what is still seen ---- */

static bool block_is_open(const struct under *under, size_t y, size_t x)
{
    size_t cells_a_row = under->size_px / LANES;
    const struct under_cell *cells = under->cells + y * BLOCK_PX * cells_a_row + x * BLOCK_CELLS;
    for (int row = 0; row < BLOCK_PX; row++, cells += cells_a_row)
        if (!is_zero(cells[0].through | cells[1].through))
            return true;
    return false;
}

/* A box of pixels in blocks, cut to the picture. False: it lies outside. */
static bool blocks_of(const struct under *under, const struct under_box *box, struct under_box *out)
{
    int64_t last = under->size_px - 1;
    if (box->left > last || box->top > last || box->right < 0 || box->bottom < 0)
        return false;
    out->left = box->left < 0 ? 0 : box->left / BLOCK_PX;
    out->top = box->top < 0 ? 0 : box->top / BLOCK_PX;
    out->right = (box->right > last ? last : box->right) / BLOCK_PX;
    out->bottom = (box->bottom > last ? last : box->bottom) / BLOCK_PX;
    return true;
}

void under_look(struct under *under, const struct under_box *box)
{
    struct under_box blocks;
    if (under->n_open == 0 || !blocks_of(under, box, &blocks))
        return;
    for (int64_t y = blocks.top; y <= blocks.bottom; y++) {
        uint64_t *open = open_row(under, (size_t)y * BLOCK_PX);
        for (size_t x = (size_t)blocks.left; x <= (size_t)blocks.right; x++) {
            size_t cell = x * BLOCK_CELLS;
            if (!is_open(open, cell) || block_is_open(under, (size_t)y, x))
                continue;
            open[cell / 64] &= ~(UINT64_C(3) << cell % 64);
            under->n_open--;
        }
    }
}

bool under_hides(const struct under *under, const struct under_box *box)
{
    struct under_box blocks;
    if (under->n_open == 0 || !blocks_of(under, box, &blocks))
        return true;
    size_t words = open_words(under->size_px), first = (size_t)blocks.left * BLOCK_CELLS;
    size_t last = (size_t)blocks.right * BLOCK_CELLS;
    for (size_t word = first / 64; word <= last / 64; word++) {
        uint64_t wanted = UINT64_MAX, seen = 0;
        if (word == first / 64)
            wanted &= UINT64_MAX << first % 64;
        if (word == last / 64)
            wanted &= UINT64_MAX >> (63 - last % 64);
        for (int64_t y = blocks.top; y <= blocks.bottom; y++)
            seen |= under->open[(size_t)y * words + word];
        if (seen & wanted)
            return false;
    }
    return true;
}

/* ---- the picture ---- */

/* 16 bits to 8 in each lane, rounded; a byte times 257 is that byte. */
static inline lanes byte_of(lanes value)
{
    return (mul(value, all(65280)) + all(128)) >> 8;
}

void under_pixels(struct under *under, uint32_t *pixels)
{
    typedef uint32_t wide __attribute__((vector_size(32)));
    while (under->n_levels > 0)
        under_pop_level(under);
    const struct under_cell clear = {.through = all(WHOLE)};
    size_t n = (size_t)under->size_px * under->size_px / LANES;
    for (size_t i = 0; i < n; i++) {
        struct under_cell *cell = &under->cells[i];
        lanes low = byte_of(cell->r) | byte_of(cell->g) << 8;
        lanes high = byte_of(cell->b) | (all(255) - byte_of(cell->through)) << 8;
        wide eight = __builtin_convertvector(low, wide) | __builtin_convertvector(high, wide) << 16;
        memcpy(pixels + i * LANES, &eight, sizeof eight);
        *cell = clear;
    }
    under->is_clear = true;
}
