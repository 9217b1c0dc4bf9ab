/*
 * scene_reach.h - where an edit changed the features of a source, and how it shifted rows.
 *
 * Owner:   the arena.
 * Threads: pure.
 */
#ifndef SISETU_TILER_SCENE_REACH_H
#define SISETU_TILER_SCENE_REACH_H

#include "geo/findings/finding.h"
#include "tiler/grid/plane.h"
#include "tiler/tiles/scene_edit.h"

/* The worlds before and after an edit, and the plane. */
struct scene_step {
    const struct scene_edit *edit;
    const struct world *old, *now;
    enum plane plane;
};

/* Boxes: of features that are there otherwise, or no more; of those that say something else. */
struct scene_reach {
    struct plane_box *other, *says;
    size_t n_other, n_says;
    size_t other_room, says_room;
};

enum err_code scene_reach_find(const struct scene_step *step, enum style_source id,
                               struct arena *arena, struct scene_reach *out, struct err *err);

bool scene_reach_touches(const struct plane_box *boxes, size_t n, struct plane_box box);

/* How rows of a layer moved. */
struct row_shift {
    enum layer_id layer;
    uint32_t *gone, *come; /* rows before, rows after; ascending */
    size_t n_gone, n_come;
};
enum err_code row_shift_find(const struct scene_step *step, const struct row_changes *changes,
                             struct arena *arena, struct row_shift *out, struct err *err);

/* Where a row of before, which is not gone, stands after. */
uint32_t row_shift_apply(const struct row_shift *shift, uint32_t row);

#endif
