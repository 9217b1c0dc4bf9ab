/*
 * pixel_tokens.h - what rows of pixels of three or four bytes are made of, for row_deflate.h.
 *
 * Pixel by pixel: as many as are equal to those to the left, or above, or where the same two pixels
 * were last, or the same one. What does not begin at a pixel is not looked for: on maps, colours
 * come again as a whole.
 *
 * Threads: one.
 * Cost:    15 ns a token, and half a nanosecond for each pixel of an area.
 */
#ifndef SISETU_TILER_PIXEL_TOKENS_H
#define SISETU_TILER_PIXEL_TOKENS_H

#include "tiler/draw/deflate_block.h"
#include "tiler/draw/row_deflate.h"

enum { PIXEL_PLACE_BITS = 13 };

/* Where pixels were last, by their hash; 0: nowhere, since a row starts with its filter. */
struct pixel_places {
    uint32_t one[1 << PIXEL_PLACE_BITS], two[1 << PIXEL_PLACE_BITS];
};

static inline void pixel_places_forget(struct pixel_places *places)
{
    memset(places, 0, sizeof *places);
}

/* Adds tokens from a position on, the start of a row or of a pixel, until the block is full.
 * Answers where they end. */
size_t pixel_tokens(struct block *block, struct pixel_places *places, const struct rows *rows,
                    size_t at);

/* ---- for both kinds of rows ---- */

static inline uint64_t load_eight(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

/* How many bytes are those `distance` before, the first `length` known to be, at most `most`. */
static inline uint32_t equal_bytes_from(const uint8_t *bytes, uint32_t distance, uint32_t length,
                                        uint32_t most)
{
    const uint8_t *before = bytes - distance;
    for (; length + 8 <= most; length += 8) {
        uint64_t differ = load_eight(bytes + length) ^ load_eight(before + length);
        if (differ)
            return length + (uint32_t)__builtin_ctzll(differ) / 8;
    }
    while (length < most && bytes[length] == before[length])
        length++;
    return length;
}

#endif
