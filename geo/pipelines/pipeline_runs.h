/*
 * pipeline_runs.h - where the windows of one rule row, or its circles, hold enough: runs of them,
 * as findings with what makes them.
 *
 * Rows that count the same targets in the same windows share the sweep; only their limits differ.
 * Each target is laid to the runs that it touches once for all of them.
 *
 * Owner:   everything belongs to the job's scratch arena.
 * Threads: pure but for the job's worker and arenas.
 * Cost:    O(k log k) in the targets for the first row, O(k) for each other.
 */
#ifndef SISETU_GEO_PIPELINE_RUNS_H
#define SISETU_GEO_PIPELINE_RUNS_H

#include "geo/pipelines/pipeline_found.h"

/* One row on its way. */
struct pipeline_counting {
    struct pipeline_job *job;
    const struct pipeline_found *like; /* rank, class, source, rows */
    const struct pipeline_counted *counted;
    struct sweep_limit limit;
    double window_m;
    double reach_m; /* for margins */
    bool at_most_only;
    const char *missing; /* why */
    const struct pipeline_ask *ask;
    const struct pipeline_ask *arcs; /* of PIPELINE_ENDS_ARC, else NULL */
    struct pipeline_founds *out;
};

/* What a row counts: by class rows with a target and a strip, and by rows of places (row NULL) with
 * windows of no length. */
enum err_code pipeline_count_targets(struct pipeline_job *job, size_t ask,
                                     enum pipeline_counts counts, const struct pipeline_class *row,
                                     const struct pipeline_counted **out, struct err *err);

/* What the row finds: added to counting->out, part by part, by what is known. */
enum err_code pipeline_find_runs(const struct pipeline_counting *counting, struct err *err);

#endif
