/*
 * world_edit.h - the next world: an old one with a few records put or deleted.
 *
 * The layers that are edited get a delta (world_layer.h), all else is shared. What derives from
 * the records (findings, grades) is not in the new world yet: whoever edits puts it there before
 * the world is published. Edits that are given up leave nothing behind but a little memory until
 * the next fold (world_folding.h).
 *
 * Threads: one thread edits; the old world may be read meanwhile by any number of others. Edit
 *          the newest world only: slots of two worlds that grew out of one are not comparable.
 * Owner:   records are copied.
 * Cost:    copying the order of each edited layer (12 bytes a record) and indexing its delta;
 *          about 1 ms with 200,000 records.
 * Errors:  ERR_INPUT where the layer would not hold together: a code of a unit that stands twice;
 *          ERR_LIMIT too many records; ERR_MEMORY.
 */
#ifndef SISETU_GEO_WORLD_EDIT_H
#define SISETU_GEO_WORLD_EDIT_H

#include "geo/world/world.h"

struct world_change {
    enum layer_id layer;
    const char *id;
    const void *record; /* with that id: put, replacing what has it; NULL: delete */
};

struct world_edited {
    struct world *world;      /* release it */
    struct world_edit *edits; /* what the changes did, at most one a change; in the arena */
    size_t n_edits;
};

/* A deletion of what is not there does nothing, and a record that does not hold on old->as_of
 * only deletes. No two changes of a layer may have the same id. */
enum err_code world_edit_new(const struct world *old, const struct world_change *changes, size_t n,
                             struct arena *arena, struct world_edited *out, struct err *err);

#endif
