/*
 * disc.h - discs and rings as stamps: small circles are drawn in great numbers.
 *
 * A stamp is made once for each radius and each of 8 x 8 places inside a pixel; a circle's
 * middle is moved to the nearest of these, a sixteenth of a pixel at most. How strongly a
 * pixel is covered follows from the distance of its middle.
 *
 * Life:    discs_stamp makes what is missing; discs_release.
 * Threads: one.
 * Cost:    20 ns; 10 us for a stamp that is made.
 */
#ifndef SISETU_TILER_DISC_H
#define SISETU_TILER_DISC_H

#include "tiler/draw/mask.h"
#include "tiler/draw/raster.h"

enum { DISC_MAX_PX = 24, DISC_KINDS = 16, DISC_PLACES = 64 };

struct disc_kind {
    double outer_px, inner_px;
    int32_t width;   /* of the stamp, both ways; 0: the slot is free */
    uint8_t *alphas; /* DISC_PLACES stamps */
    uint64_t made;   /* which of them are */
};

struct discs {
    struct disc_kind kinds[DISC_KINDS];
    uint32_t next; /* the slot to be used again when all are taken */
};

void discs_release(struct discs *discs);

/* The stamp of a ring from inner_px (0: a disc) to outer_px <= DISC_MAX_PX round `centre`, and
 * the pixel of its corner. False: no memory. The stamp lives until 16 other kinds were asked. */
bool discs_stamp(struct discs *discs, struct fixed centre, double outer_px, double inner_px,
                 struct stamp *out, int64_t corner[2]);

#endif
