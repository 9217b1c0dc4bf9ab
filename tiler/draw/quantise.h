/*
 * quantise.h - the colours of a picture: counted, and brought down to a palette.
 *
 * A picture of at most 256 colours keeps them all. Of one with more, quantise_near finds a palette
 * from which hardly a pixel is far (boxes.h), if it can. quantise_groups always finds one, closer
 * on the whole (groups.h).
 *
 * Life:    quantise_take, then one or more of the others about that picture; quantise_round last.
 * Threads: pure, apart from the scratch memory handed in.
 * Cost:    for 256 x 256 pixels 10 us, 4 ns a run of equal pixels, and 0.1 ms of groups or 0.15 ms
 *          of boxes.
 */
#ifndef SISETU_TILER_QUANTISE_H
#define SISETU_TILER_QUANTISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PALETTE_COLOURS = 256 };

struct palette {
    uint32_t n;
    uint8_t rgba[PALETTE_COLOURS][4]; /* straight alpha; transparent entries first */
    uint32_t n_transparent;           /* entries with alpha under 255 */
};

/* How far the palette is from the picture: differences of premultiplied channels, 0 to 255. */
struct palette_error {
    double mean;       /* of all channels and pixels */
    double share_over; /* of pixels with one that differs by more than PALETTE_VISIBLE */
    uint32_t largest;
};
enum { PALETTE_VISIBLE = 8 };

struct quantiser; /* scratch: tables of colours, 5 MB */

struct quantiser *quantiser_new(void); /* NULL: no memory */
void quantiser_free(struct quantiser *quantiser);

/* Counts the colours of n premultiplied pixels (image.h). False: no memory. */
bool quantise_take(struct quantiser *quantiser, const uint32_t *pixels, size_t n);

/* Writes a palette index for each pixel into indices. */
void quantise_groups(struct quantiser *quantiser, struct palette *palette, uint8_t *indices,
                     struct palette_error *error);

/* The same with no larger a mean error and share of pixels that are off by more than
 * PALETTE_VISIBLE. False: no 256 colours were found that do that; nothing was written then. */
bool quantise_near(struct quantiser *quantiser, const struct palette_error *most,
                   struct palette *palette, uint8_t *indices, struct palette_error *error);

/* After quantise_near refused: the picture with all the colours that it needs, straight,
 * 0xAABBGGRR. Colours of few pixels are brought to ones near them, off by at most
 * PALETTE_VISIBLE; all are kept if the mean error would be more than most_mean, or if there are
 * many thousands. */
void quantise_round(struct quantiser *quantiser, double most_mean, uint32_t *straight,
                    struct palette_error *error);

#endif
