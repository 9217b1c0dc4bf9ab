/*
 * edit_derive.h - what follows from edited facts: conflicts, grades and segments,
 * before and after.
 *
 * Behind editor.h. The derivation is what updates need to know of the world at hand; it
 * follows the editor from world to world. Of an edit of a single record segments are made beside
 * conflicts and grades, on another thread of the crew if it has two.
 */
#ifndef SISETU_GEO_EDIT_DERIVE_H
#define SISETU_GEO_EDIT_DERIVE_H

#include "geo/assess/edit_rows.h"
#include "geo/world/parallel.h"

struct derivation;

/* Assesses the world; writes nothing. */
enum err_code derivation_new(const struct world *world, struct crew *crew, struct derivation **out,
                             struct err *err);

/* The world with all findings: those that a store keeps lack what updates need. */
struct world *derivation_world(const struct derivation *derivation);
void derivation_free(struct derivation *derivation); /* NULL is legal */

struct derivation_step {
    struct world *facts; /* the derivation's world after the edits: gets its findings */
    const struct world_edit *edits;
    size_t n_edits;
    struct crew *crew;
    struct arena *arena;
    struct row_changes *conflicts; /* are filled, in the arena */
    struct row_changes *grades;    /* of some only how their reasons end (struct grades_ending) */
    struct row_changes *segments;
    struct world *world; /* out: the facts with all that follows; referenced */
};

/* Leaves the derivation as it is, until derivation_commit makes it follow. */
enum err_code derivation_update(struct derivation *derivation, struct derivation_step *step,
                                struct err *err);
void derivation_commit(struct derivation *derivation);

#endif
