/*
 * quantise.h - the colours of a picture: counted, and brought down to a palette.
 *
 * A picture of at most 256 colours keeps them all. Of one with more, colours are counted in
 * bins of 8 levels a channel; the bins are cut in two where they differ most until there are
 * 256 groups, and a group becomes the colour that most of it has, else its mean. That is close on
 * the whole; where single pixels are far, quantise_near tries again.
 *
 * Life:    a struct palette is plain memory; quantise fills it anew each time.
 * Threads: pure, apart from the scratch memory handed in.
 * Cost:    for 256 x 256 pixels 10 us, 8 ns a run of equal pixels, and 0.1 ms of groups.
 * Source:  median cut: Heckbert, "Color image quantization for frame buffer display",
 *          SIGGRAPH 1982; groups are cut at their mean along the axis of largest variance.
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

/* Writes a palette index for each premultiplied pixel (image.h) into indices. False: no memory. */
bool quantise(struct quantiser *quantiser, const uint32_t *pixels, size_t n,
              struct palette *palette, uint8_t *indices, struct palette_error *error);

/* The same for the picture that was quantised last, so that no more than this share of its pixels
 * is off by more than PALETTE_VISIBLE (boxes.h). False: no 256 colours were found that do that;
 * nothing was written then. */
bool quantise_near(struct quantiser *quantiser, size_t n, double share_over,
                   struct palette *palette, uint8_t *indices, struct palette_error *error);

/* After quantise_near refused: the picture with all the colours that it needs, straight,
 * 0xAABBGGRR. Colours of few pixels are brought to ones near them, off by at most
 * PALETTE_VISIBLE; all are kept if the mean error would be more than most_mean, or if there are
 * many thousands. */
void quantise_round(struct quantiser *quantiser, size_t n, double most_mean, uint32_t *straight,
                    struct palette_error *error);

#endif
