/*
 * grades.h - grades everything: all grades of a world, or what an edit changes of them.
 *
 *     TRY(grades_all(world, &crew, arena, &state, &all, err));
 *     ... an edit made `now` out of `world`, with its findings ...
 *     TRY(grades_update(state, &edit, arena, &change, err));
 *     ... the store committed ...
 *     grades_commit(state, &change);
 *
 *   hazard.c     major-hazard level by unit (Truth 10)      subject hazard_unit
 *   grading.c    enterprises (Truth 12)                     enterprise
 *   cells.c      cells by the worst source (Truth 13)       cell
 *   rollup.c     units by share, worst, index (Truth 13)    township, county, city, region
 *
 * Rows carry no sentences: reasons is absent, and grade_reasons (grade_reasons.h) makes what
 * the store keeps there. generation and imported are absent, the writer stamps them.
 *
 * The same rows for any number of threads, and by grades_update as by grades_all: each number
 * of a row is a function of the world alone, sums over tiles included (they are kept as whole
 * numbers, so that no order of adding shows).
 *
 * Owner:   rows and their texts belong to the arena given; the state to the caller, who holds
 *          one a line of edited worlds. It names enterprises by slot and outlives any world.
 * Threads: pure but for the caller's crew and state; one thread a state.
 * Cost:    about a second for 20,000 plants with 20,000 zones of 90 vertices; an update costs
 *          the enterprises that the edit touches and the tiles of 0.01 degree in their reach,
 *          milliseconds. About 150 bytes an enterprise and 200 a tile in reach.
 */
#ifndef SISETU_GEO_GRADES_H
#define SISETU_GEO_GRADES_H

#include "geo/findings/findings.h"
#include "geo/world/parallel.h"
#include "geo/world/world.h"

struct grades_state;

struct grades {
    struct grade_row *rows; /* ordered by id */
    size_t n;
};

/* All grades of a world that has its findings (NULL: none). */
enum err_code grades_all(const struct world *world, struct crew *crew, struct arena *arena,
                         struct grades_state **state, struct grades *out, struct err *err);
void grades_state_free(struct grades_state *state); /* NULL is legal */

/* The widest population cell met about an enterprise, m: how coarse the data are; 0 without
 * population. */
double grades_widest_cell_m(const struct grades_state *state);

/* What was done: `now` is `old` after the edits, with the same rules, date and population. */
struct grades_edit {
    const struct world *old; /* whose grades the state has */
    const struct world *now; /* with its findings */
    const struct world_edit *edits;
    size_t n_edits;
    const struct findings_changed *findings; /* by findings_update; NULL: none */
    struct crew *crew;
};

/* How the reasons of a row end, before and after an edit that leaves all before that as it was. */
struct grades_ending {
    const char *before;
    const char *after;
};

/* A row before and after: NULL where it was not there, or is gone. Both have the same id. */
struct grades_pair {
    struct grade_row *before;
    struct grade_row *after;
    const struct grades_ending *ending; /* in place of the reasons of both, which are absent; or
                                           NULL */
};

/* What it changed. Holds for the state until the next commit. */
struct grades_change {
    struct grades_pair *pairs; /* ordered by id: what changed, and what the edit might change in
                                  words alone */
    size_t n_pairs;
    struct grades_changing *changing; /* for grades_say and grades_commit */
};

/* The pairs make the grades of `old` those of `now`: equal to grades_all(now). The state stays
 * as it is until grades_commit, which cannot fail; a change that is not committed is forgotten
 * with the arena. The edit is copied, its arrays and worlds are not. */
enum err_code grades_update(struct grades_state *state, const struct grades_edit *edit,
                            struct arena *arena, struct grades_change *out, struct err *err);

/* Before the commit: gives the rows of all pairs their reasons, as the store keeps them, or,
 * of enterprises of which the edit changes nothing but findings, only how they end; and drops the
 * pairs whose rows are the same in everything. What is left makes the stored rows of `old` those of
 * `now`. */
enum err_code grades_say(struct grades_change *change, struct arena *arena, struct err *err);

void grades_commit(struct grades_state *state, const struct grades_change *change);

#endif
