/*
 * assess.h - grades everything: major-hazard levels, conflicts, grades, roll-ups.
 *
 * assess_world is a pure function of the world: the same rows in the same order for every
 * thread count. assess_store wraps it: loads, computes, writes only the differences in one
 * transaction, and writes nothing when there are none.
 *
 *   hazard.c     major-hazard level by unit (Truth 10)      -> grades, subject hazard_unit
 *   conflicts.c  distances and area rules (Truth 3, 6-9)    -> conflicts
 *   density.c    population in hazard zones (Truth 11)      -> conflicts
 *   grading.c    grades of enterprises (Truth 12)           -> grades, subject enterprise
 *   rollup.c     cells, townships, counties, cities, region (Truth 13) -> grades
 *
 * Owner:   rows and texts belong to the arena.
 * Threads: assess_world is pure but for the caller's worker; assess_store is the store's one
 *          writer while it runs, and another waits or gets ERR_BUSY.
 */
#ifndef SISETU_GEO_ASSESS_H
#define SISETU_GEO_ASSESS_H

#include "geo/world.h"
#include "geo/worker.h"

struct assessment {
    struct conflict *conflicts; /* ordered by id */
    size_t n_conflicts;
    struct grade_row *grades; /* ordered by id */
    size_t n_grades;
    const char **warnings; /* such as "population cells of 9.3 km are too coarse for 500 m" */
    size_t n_warnings;
};

enum err_code assess_world(const struct world *world, struct worker *worker, struct arena *arena,
                           struct assessment *out, struct err *err);

struct assess_summary {
    size_t conflicts, undecided; /* in the store after the run */
    size_t enterprises[5];       /* by grade, [0] not assessed */
    size_t inserted, deleted;    /* rows that changed */
    uint64_t generation;
    int32_t as_of;
    size_t n_warnings;
    const char **warnings; /* in the arena */
};

/* rules_directory NULL: those installed. as_of INT_ABSENT: today. */
enum err_code assess_store(const char *store_path, const char *rules_directory, int32_t as_of,
                           struct arena *arena, struct assess_summary *out, struct err *err);

#endif
