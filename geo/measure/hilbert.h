/*
 * hilbert.h - puts places in an order in which neighbours stand together.
 *
 * Along Hilbert's curve through 2^16 x 2^16 squares over the places' box: what indexes are
 * packed by.
 *
 * Threads: pure.
 * Cost:    about 40 ns a place.
 * Source:  Kamel and Faloutsos, "On packing R-trees", CIKM 1993.
 */
#ifndef SISETU_GEO_HILBERT_H
#define SISETU_GEO_HILBERT_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"

/* Numbers of the places in that order, those in one square ascending; places with a NaN are
 * left out. *order lies in the arena with room for n. */
enum err_code hilbert_order(const struct lonlat *places, uint32_t n, struct arena *arena,
                            uint32_t **order, uint32_t *n_order, struct err *err);

#endif
