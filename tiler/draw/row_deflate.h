/*
 * row_deflate.h - deflate for the rows of a map picture.
 *
 * Maps are made of areas: most bytes are those to their left or those above. With a byte a pixel or
 * less, two rows of bits tell at once where three or more are, without a search; between such
 * places, five bytes that came before are looked for in a table. So there is nothing to do inside
 * of an area, where a general compressor takes note of every byte. Larger pixels are looked for as
 * a whole: pixel_tokens.h.
 *
 * Life:    scratch memory, used again for any number of pictures.
 * Threads: one.
 * Cost:    for 256 x 256 pixels of a byte, 40 us of plain areas, 180 us of a hundred that lie on
 *          top of each other: a third and two thirds of libdeflate's level 1, in as many bytes; of
 *          four bytes 150 and 550 us: a half and three quarters, in a tenth fewer bytes.
 * Source:  RFC 1950, RFC 1951. The same rows give the same bytes on every machine.
 */
#ifndef SISETU_TILER_ROW_DEFLATE_H
#define SISETU_TILER_ROW_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

struct row_deflater; /* 130 kB, and three bits for each byte of the largest picture */

struct row_deflater *row_deflater_new(void);           /* NULL: no memory */
void row_deflater_free(struct row_deflater *deflater); /* NULL is fine */

struct rows {
    const uint8_t *bytes;
    size_t n_bytes;       /* 1 to 2^31 */
    uint32_t row_bytes;   /* from a byte to the one below; above 32768, nothing is found there */
    uint32_t pixel_bytes; /* 1: or less; 3 or 4: whole rows, each a byte of its filter and pixels */
};

/* The most bytes that a stream of n takes, and the few that are used on the way. */
size_t row_deflate_bound(size_t n);

/* Writes a zlib stream. Answers its bytes, 0: no memory. */
size_t row_deflate(struct row_deflater *deflater, const struct rows *rows, uint8_t *out);

#endif
