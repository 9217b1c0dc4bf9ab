/*
 * pipeline_segments.h - pipelines cut into segments: class location, high-consequence areas,
 * potential impact radius, what is built over them and what they cross.
 *
 *   pipeline_line.h     stationing along the centre line
 *   pipeline_spans.h    beside which stretch a target lies, or near which
 *   pipeline_targets.h  what stands there, and how many households
 *   pipeline_sweep.h    where a sliding window holds most
 *   pipeline_found.h    where each rule row holds, at least, as measured, at most
 *   pipeline_rows.h     what was found, as rows of layer segments
 *
 * A segment is `decided` if what is there at least, as measured and at most says the same;
 * else `undecided`, with the class as measured, the gravest that it could be, and what would
 * decide it. Accuracies count across the line; along it they only move ends.
 *
 * The rules are rows of pipeline_methods.csv, pipeline_classes.csv and pipeline_places.csv.
 *
 * Owner:   rows and texts belong to the arena; other texts to the world.
 * Threads: pure but for the caller's worker or crew.
 * Cost:    one search of the index a layer and 16 edges, then O(k log k) in what is near.
 */
#ifndef SISETU_GEO_PIPELINE_SEGMENTS_H
#define SISETU_GEO_PIPELINE_SEGMENTS_H

#include "geo/parallel.h"
#include "geo/world.h"

struct pipeline_question {
    const struct world *world;
    uint32_t row;       /* of LAYER_PIPELINES */
    const char *method; /* NULL: every method that is assessed */
};

/* The segments of one pipeline, by id. A closed pipeline has none. ERR_USAGE for an unknown
 * method. */
enum err_code pipeline_segments_of(const struct pipeline_question *question, struct worker *worker,
                                   struct arena *arena, struct segment **out, size_t *n,
                                   struct err *err);

/* Of all pipelines, by id: the rows of layer segments, the same for any number of threads. The
 * array belongs to the arena, texts and shapes to the crew's workers until crew_reset. */
enum err_code pipeline_segments(const struct world *world, struct crew *crew, struct arena *arena,
                                struct segment **out, size_t *n, struct err *err);

/* How far from a pipeline a record may stand and still matter to its segments, m; with the
 * accuracies of both. Depends on the pipelines of the world. Layers that matter: enterprises,
 * facilities, protected, areas, infrastructure, and population. */
double pipeline_reach_m(const struct world *world);

#endif
