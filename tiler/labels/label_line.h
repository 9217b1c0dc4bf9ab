/*
 * label_line.h - names along a line: where on it they stand, and their letters, which follow it.
 *
 * All of it depends on the whole line and the zoom, never on a tile. Names stand symbol-spacing
 * apart, evenly from the middle of the line to its ends; a name that would have to turn too
 * sharply between two letters moves along by up to a quarter of that, or is left out.
 *
 * Space:   world pixels of the zoom at scale 1.
 * Threads: pure.
 * Cost:    0.1 us a letter.
 */
#ifndef SISETU_TILER_LABEL_LINE_H
#define SISETU_TILER_LABEL_LINE_H

#include "tiler/labels/label_text.h"

struct path_point {
    double x, y;
};

struct path {
    size_t n; /* at least 2, no two neighbours the same */
    const struct path_point *points;
    const double *along; /* from the start to each */
};

/* A ring or line of a source; closed: its end meets its start. n is 0 if it has no length. */
enum err_code path_new(const struct plane_point *points, size_t n, bool closed, uint32_t z,
                       struct arena *arena, struct path *out, struct err *err);

static inline double path_length(const struct path *path)
{
    return path->n ? path->along[path->n - 1] : 0;
}

/* How many names a path gets, and where the k-th stands: so far from its start. */
struct path_places {
    size_t n;
    double first_px, step_px;
};
struct path_places path_places(const struct path *path, const struct label_wish *wish,
                               double text_px, uint32_t z);

struct line_label {
    int32_t x_px, y_px; /* the point that it stands at */
    uint8_t turn;       /* of a symbol there, as of glyphs (font.h) */
    uint32_t n_glyphs;
    struct glyph *glyphs; /* from the point */
    struct px_box ink;
    uint32_t n_boxes;
    struct px_box *boxes; /* that together hold the letters */
};

/* *fits false: it reaches beyond the line's ends or would turn too sharply. A run of no glyphs is
 * a symbol alone. */
enum err_code label_line_lay_out(const struct path *path, double at_px,
                                 const struct label_wish *wish, const struct glyph_run *run,
                                 struct arena *arena, struct line_label *out, bool *fits,
                                 struct err *err);

#endif
