/*
 * assess.h - grades everything: major-hazard levels, conflicts, grades, roll-ups.
 *
 * assess_world is a pure function of the world: the same findings and rows for every thread
 * count. assess_store wraps it: loads, computes, writes only the differences in one
 * transaction, and writes nothing when there are none.
 *
 *   findings.c   distances, area rules, density (Truth 3, 6-9, 11) -> findings
 *   hazard.c     major-hazard level by unit (Truth 10)      -> grades, subject hazard_unit
 *   grades.c     grades of enterprises, cells, townships, counties, cities, region (Truth
 *                12, 13)                                    -> grades
 *
 * Owner:   rows and texts belong to the arena, findings to the world.
 * Threads: assess_world is pure but for the caller's crew; assess_store is the store's one
 *          writer while it runs, and another waits or gets ERR_BUSY.
 */
#ifndef SISETU_GEO_ASSESS_H
#define SISETU_GEO_ASSESS_H

#include "geo/world/parallel.h"
#include "geo/world/world.h"

struct grades_state;

struct assessment {
    struct grade_row *grades; /* ordered by id, without reasons */
    size_t n_grades;
    struct grades_state *state; /* what sentences and edits need (grades.h) */
    const char **warnings;      /* such as "population cells of 9.3 km are too coarse for 500 m" */
    size_t n_warnings;
};

/* Gives the world, which nobody else sees yet, its findings (world_set_findings). Release the
 * assessment. */
enum err_code assess_world(struct world *world, struct crew *crew, struct arena *arena,
                           struct assessment *out, struct err *err);

/* The second half alone: of a world that has its findings. */
enum err_code assess_grades(const struct world *world, struct crew *crew, struct arena *arena,
                            struct assessment *out, struct err *err);

void assessment_release(struct assessment *assessment); /* its state; a zeroed one too */

/* Gives all grade rows their reasons, in the arena: for small worlds. */
enum err_code assess_reasons(const struct world *world, struct worker *worker,
                             struct assessment *assessment, struct arena *arena, struct err *err);

/* All findings of a world as rows, ordered by id: for small worlds. */
enum err_code assess_conflicts(const struct world *world, struct worker *worker,
                               struct arena *arena, struct conflict **out, size_t *n,
                               struct err *err);

struct assess_summary {
    size_t conflicts, undecided; /* in the store after the run */
    size_t enterprises[5];       /* by grade, [0] not assessed */
    size_t inserted, deleted;    /* rows that changed */
    bool written; /* those rows, or else only what they now rest on: date, rules, facts */
    uint64_t generation;
    int32_t as_of;
    size_t n_warnings;
    const char **warnings; /* in the arena */
    size_t n_threads;
    double load_s, assess_s, write_s; /* of the last try: from the store, to a world that could be
                                         published, into the store */
    double findings_s, grades_s, segments_s; /* the parts of assess_s */
};

struct assess_options {
    const char *rules_directory; /* NULL: those installed */
    int32_t as_of;               /* INT_ABSENT: today */
    size_t n_threads;            /* 0: as many as cores */
    bool dry_run; /* leaves the store alone: inserted and deleted are 0, written is false */
};

enum err_code assess_store(const char *store_path, const struct assess_options *options,
                           struct arena *arena, struct assess_summary *out, struct err *err);

#endif
