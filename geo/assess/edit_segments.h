/*
 * edit_segments.h - what an edit changes of the segments of pipelines.
 *
 * Behind edit_derive.h. The segments of a pipeline are a function of the pipeline, of what rules
 * meet along it, and of the population where no dwelling is known; they are made anew for every
 * pipeline that was edited, that an edited record is met at, before or after, or that a dwelling
 * near it makes known; and for all of them where a census was edited that is not beside a grid.
 * A single record spares most of that: what it is met for may be outdone (pipeline_is_outdone), and
 * a dwelling among many changes numbers alone (pipeline_recount.h).
 *
 * Threads: pure but for the workers of the crew.
 */
#ifndef SISETU_GEO_EDIT_SEGMENTS_H
#define SISETU_GEO_EDIT_SEGMENTS_H

#include "geo/assess/edit_rows.h"
#include "geo/world/parallel.h"

struct pipeline_kept;
struct pipeline_sites;

struct segments_step {
    const struct world *old; /* with its segments */
    const struct world *now;
    const struct world_edit *edits;
    size_t n_edits;
    struct crew *crew;
    struct parallel_help *help; /* with the pipelines that are cut (parallel.h); or NULL */
    struct arena *arena;
    double radius_m;                    /* segments_radius_m of `now`, or more */
    const struct pipeline_sites *sites; /* of `now` (pipeline_sites.h); may be NULL */
    const struct pipeline_kept *kept;   /* likewise (pipeline_kept.h) */
};

/* The widest potential impact radius of any pipeline by any method; one that lacks an attribute may
 * have any. So that an edit need not ask all pipelines: rows first .. end - 1. */
double segments_radius_m(const struct world *world, size_t first, size_t end);

/* Whether segments may follow from records of that layer, one by one. */
bool segments_may_follow(enum layer_id layer);

/* Adds to changes, of layer segments. Asks for no findings and no grades of the worlds. */
enum err_code edit_segments(const struct segments_step *step, struct row_changes *changes,
                            struct err *err);

#endif
