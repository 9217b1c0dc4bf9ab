/*
 * touched_private.h - one source on its way through touched.h; for touched*.c only.
 */
#ifndef SISETU_TILER_TOUCHED_PRIVATE_H
#define SISETU_TILER_TOUCHED_PRIVATE_H

#include "geo/findings/finding.h"
#include "tiler/tiles/scenes_private.h"
#include "tiler/tiles/touched.h"

/* Rows, or findings: what of a source a world has and the other has not, or not so. */
struct picked {
    uint32_t *rows;
    size_t n_rows, rows_room;
    struct finding_ref *refs;
    size_t n_refs, refs_room;
};

/* One source on its way. */
struct hunt {
    const struct touched_wanted *wanted;
    struct touched *out;
    struct arena *arena; /* scratch */
    const struct world *old, *now;
    enum style_source id;
    enum layer_id layer;
    struct picked gone, come;     /* drawn before, drawn after */
    struct picked before, after;  /* the same shapes, feature by feature */
    struct plane_point *vertices; /* of what is gone and come, ascending */
    size_t n_vertices, vertices_room;
    struct err *err;
};

/* Whether what a grade row says has a say in how the layer looks. */
bool touched_asks_grade(const struct style_layer *layer);

/* Any tile of a unit, of any map, may have changed. */
void touched_of_units(struct touched *out);

/* A feature of the source that is drawn otherwise in a box, by every layer that draws it. */
enum err_code touched_see_feature(struct hunt *h, const struct source *source, uint32_t feature,
                                  struct plane_box box);

/* touched_units.c: the units, or their borders, after an edit of boundaries. */
enum err_code touched_units(struct hunt *h);

/* touched_pick.c: which features of the source differ: h->gone, come, before, after. */
enum err_code touched_pick(struct hunt *h);
enum err_code touched_pick_row(struct hunt *h, struct picked *picked, int64_t row); /* -1: none */
enum err_code touched_pick_finding(struct hunt *h, struct picked *picked, struct finding_ref ref);

#endif
