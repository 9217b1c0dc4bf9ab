/*
 * under_private.h - the cells of a picture that is laid from the top down: behind under.h.
 *
 * A cell is eight pixels of a row, each number of 16 bits, side by side: 65,535 is all.
 */
#ifndef SISETU_TILER_UNDER_PRIVATE_H
#define SISETU_TILER_UNDER_PRIVATE_H

#include "tiler/draw/under.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    LANES = 8,
    WHOLE = 65535,
    /* What lets no more through than this, 1/256, counts as opaque. */
    NOTHING = 256,
};

typedef uint16_t lanes __attribute__((vector_size(16)));

/* A cache line. */
struct under_cell {
    lanes r, g, b;
    lanes through; /* how much of what is below is seen */
};

/* a * b / 65,536 in each lane. */
static inline lanes mul(lanes a, lanes b)
{
#ifdef __SSE2__
    return (lanes)_mm_mulhi_epu16((__m128i)a, (__m128i)b);
#else
    lanes out;
    for (int i = 0; i < LANES; i++)
        out[i] = (uint16_t)((uint32_t)a[i] * b[i] >> 16);
    return out;
#endif
}

/* a - b in each lane, 0 where b is more. */
static inline lanes less(lanes a, lanes b)
{
#ifdef __SSE2__
    return (lanes)_mm_subs_epu16((__m128i)a, (__m128i)b);
#else
    return (a - b) & (lanes)(a > b);
#endif
}

static inline lanes least(lanes a, lanes b)
{
    return a - less(a, b);
}

static inline lanes all(uint16_t value)
{
    return (lanes){value, value, value, value, value, value, value, value};
}

/* Eight alphas as factors of 16 bits. */
static inline lanes spread(const uint8_t *alpha)
{
    typedef uint8_t bytes __attribute__((vector_size(8)));
    bytes eight;
    memcpy(&eight, alpha, sizeof eight);
    return __builtin_convertvector(eight, lanes) * all(257);
}

struct tint {
    lanes r, g, b, alpha;
};

static inline struct tint tint_of(const struct ink *ink)
{
    return (struct tint){all(ink->r), all(ink->g), all(ink->b), all(ink->alpha)};
}

/* `part` of what is seen below becomes the colour. */
static inline void add_part(struct under_cell *cell, const struct tint *tint, lanes part)
{
    lanes left = cell->through - part;
    lanes closed = (lanes)(less(left, all(NOTHING)) == 0);
    cell->through = left & ~closed;
    cell->r += mul(part, tint->r);
    cell->g += mul(part, tint->g);
    cell->b += mul(part, tint->b);
}

/* Memory for cells; NULL: none. */
struct under_cell *under_new_cells(size_t n);

/* Nothing is laid yet. */
void under_clear(struct under *under);

/* Puts the uppermost of the levels that under_dim put aside upon what has been drawn below it. */
void under_pop_level(struct under *under);
void under_free_levels(struct under *under);

#endif
