/*
 * wmts_capabilities.h - what a WMTS says of itself, and of what went wrong, as XML.
 *
 * A layer is a map, with all styles that are served, in each grid, as PNG and as vector tiles. The
 * tiles that hold the data are told by level, so that clients do not ask for the rest of the world.
 *
 * By default it is OGC-correct: denominators for pixels of 0.28 mm, corners in the order of the
 * axes of the CRS. In the dialect of Tianditu it is as that platform's own: tile matrix sets `c`
 * and `w` alone, denominators for 96 dpi, the corner of `w` northing first though its CRS is
 * EPSG:900913, format `tiles`.
 *
 * Threads: pure.
 * Errors:  none; the buffer remembers want of memory.
 * Source:  OGC 07-057r7, clause 7.1 and annex B; 06-121r3 for ows:.
 */
#ifndef SISETU_TILER_WMTS_CAPABILITIES_H
#define SISETU_TILER_WMTS_CAPABILITIES_H

#include "data/base/buf.h"
#include "tiler/serve/wmts_request.h"

struct wmts_service {
    const char *base; /* "https://host", or "" for addresses without a host */
    const struct style_set *styles;
    struct box bounds; /* of the data, degrees; empty: the whole world */
};

void wmts_write_capabilities(const struct wmts_service *service, const struct wmts_request *request,
                             struct buf *out);

/* An ows:ExceptionReport. fault->code NULL: NoApplicableCode. */
void wmts_write_fault(const struct wmts_fault *fault, const char *text, struct buf *out);

#endif
