/*
 * source_near.h - which features a source of a part of the map needs: all that pictures there show,
 * and all that these are drawn by.
 *
 * A feature is simplified between the places where it meets others (simplify.h). So whoever shows
 * it needs those that its box touches, too; what those look like farther away nobody sees.
 *
 * Owner:   the arena.
 * Threads: one.
 */
#ifndef SISETU_TILER_SOURCE_NEAR_H
#define SISETU_TILER_SOURCE_NEAR_H

#include "tiler/features/source.h"

struct near_pick {
    uint32_t *rows; /* ascending */
    size_t n_rows;
    struct finding_ref *refs; /* of conflicts: in order */
    size_t n_refs;
    struct plane_box held; /* what is there is told by what lies in here alone */
};

/* layer: of the source; wanted->near: the part. Rows, whether or not the source takes them. */
enum err_code source_pick_near(const struct source_wanted *wanted, enum layer_id layer,
                               struct arena *arena, struct near_pick *out, struct err *err);

/* A box of a plane that holds a box of longitudes and latitudes. */
struct plane_box plane_box_of(enum plane plane, struct box box);

#endif
