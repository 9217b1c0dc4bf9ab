/*
 * stroke.h - lines of a width as shapes: caps, joins, dashes.
 *
 * A line becomes one closed outline (left side forth, right side back), a ring becomes two,
 * so that nothing is laid over itself but at sharp inner corners. All outlines turn the same
 * way and may be added to a raster together.
 *
 * With a gap two lines of the width run beside each other, that far apart: what the inner outline
 * holds is taken away from the outer one. An offset moves a line sideways: outer corners are cut
 * off or rounded as its joins are, inner ones fold where an edge is too short.
 *
 * Offsets are computed from differences of points only: a line moved by whole pixels gives
 * the same outline, moved. That is what makes tiles equal the crop of a larger picture.
 *
 * Space:   24.8 pixels (raster.h). Lengths in stroke_style are pixels.
 * Threads: one stroker, one thread.
 */
#ifndef SISETU_TILER_STROKE_H
#define SISETU_TILER_STROKE_H

#include "tiler/draw/raster.h"

enum line_cap { CAP_BUTT, CAP_ROUND, CAP_SQUARE };
enum line_join { JOIN_MITER, JOIN_ROUND, JOIN_BEVEL };

enum { STROKE_DASHES = 16 };

struct stroke_style {
    double width_px;
    double gap_px;    /* above 0: between two lines of the width */
    double offset_px; /* to the right of the way */
    enum line_cap cap;
    enum line_join join;
    uint32_t n_dashes;               /* even; 0: solid */
    double dashes_px[STROKE_DASHES]; /* mark, gap, mark, gap ... all together above 0 */
};

struct stroker {
    struct fixed *points; /* of the piece at hand, and of one side of it */
    size_t n_points, capacity;
    struct fixed *side;
    size_t n_side, side_capacity;
    struct fixed *moved; /* the line, offset */
    size_t n_moved, moved_capacity;
    bool failed; /* out of memory: what was drawn since is not whole */
};

void stroker_init(struct stroker *stroker);
void stroker_release(struct stroker *stroker);

/* How far a line reaches to either side of where it goes, px, corners apart. */
double stroke_half_px(const struct stroke_style *style);

/* Adds the line through n points to the raster; closed: its end meets its start. Pieces that
 * cannot reach the picture are left out. A line of no length gets its round or square cap. */
void stroke_line(struct stroker *stroker, struct raster *raster, const struct fixed *points,
                 size_t n, bool closed, const struct stroke_style *style);

/* Adds a filled circle, as a ring that turns like the outlines above. */
void stroke_disc(struct raster *raster, struct fixed centre, double radius_px);

/* The same turned round: cuts a hole into a larger disc. */
void stroke_hole(struct raster *raster, struct fixed centre, double radius_px);

#endif
