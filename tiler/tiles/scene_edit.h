/*
 * scene_edit.h - what an edit changed, as pictures see it: source by source.
 *
 * Owner:   the lists belong to whoever edited; the worlds before and after outlive the edit.
 * Threads: pure.
 */
#ifndef SISETU_TILER_SCENE_EDIT_H
#define SISETU_TILER_SCENE_EDIT_H

#include "geo/assess/edit_rows.h"
#include "styles/style.h"

/* The records that an edit put and deleted, and all that followed from them. */
struct scene_edit {
    const struct row_changes *facts; /* of one layer */
    const struct row_changes *conflicts, *grades, *segments;
};

/* What became of a source's features. FATE_SAYS: they are where they were, in the same rows, and
 * say something else (their grade). */
enum scene_fate { FATE_SAME, FATE_SAYS, FATE_OTHER };
enum scene_fate scene_edit_fate(const struct scene_edit *edit, enum style_source id);

/* Whether it put or deleted records of that layer. */
bool scene_edit_of(const struct scene_edit *edit, enum layer_id layer);

/* Whether it reaches so far that nothing can be taken for unchanged: another grid of residents. */
bool scene_edit_is_wide(const struct scene_edit *edit);

/* Whether a grade row says of its subject what it said before: a map asks for no more. */
bool scene_edit_same_grade(const struct row_change *change);

#endif
