/*
 * pipeline_segments.h - pipelines cut into segments: class location, high-consequence areas,
 * potential impact radius, what is built over them and what they cross.
 *
 *   pipeline_line.h     stationing along the centre line
 *   pipeline_spans.h    beside which stretch a target lies, or near which
 *   pipeline_sites.h    the records as all pipelines see them
 *   pipeline_near.h     which of them stand near a stretch
 *   pipeline_sight.h    and which of its edges are to be measured from them
 *   pipeline_targets.h  what stands there, and how many households
 *   pipeline_sweep.h    where a sliding window holds most
 *   pipeline_runs.h     runs of windows with what makes them
 *   pipeline_found.h    where each rule row holds, at least, as measured, at most
 *   pipeline_rows.h     what was found, as rows of layer segments
 *
 * Which of them an edit changes, without cutting all anew: geo/pipeline_edits/.
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

#include "geo/world/parallel.h"
#include "geo/world/world.h"

struct pipeline_sites;

struct pipeline_question {
    const struct world *world;
    uint32_t row;                       /* of LAYER_PIPELINES */
    const char *method;                 /* NULL: every method that is assessed */
    const struct pipeline_sites *sites; /* of this world (pipeline_sites.h); may be NULL */
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

/* ---- for edits: which pipelines a record touches ---- */

/* Which rule rows may meet a record: as a target of theirs. */
struct pipeline_meeting {
    const struct world *world;
    double strip_m; /* the widest strip in which it counts; -1: in none */
    const struct pipeline_place **places;
    size_t n_places;
};
enum err_code pipeline_meeting_of(const struct world *world, enum layer_id layer,
                                  const void *record, struct arena *arena,
                                  struct pipeline_meeting *out, struct err *err);

/* How far from the centre line the record's shape may be and be met at this pipeline, m; its own
 * slack (world_record_slack_m) apart. -1: never. row: of a world with the same rules. */
double pipeline_meeting_m(const struct pipeline_meeting *meeting, const struct world *world,
                          uint32_t row);

/* A dwelling matters farther out than that: a stretch without any within households_reach_m has
 * its households from the population. What an edit of dwellings in a box changes of that: */
struct pipeline_dwellings {
    const struct world *a; /* before and after; pipelines and rules are the same */
    const struct world *b;
    struct box near;
    struct box wide;         /* all that may be within households_reach_m of it */
    struct box witnesses[8]; /* dwellings about the box that stand in both */
    size_t n_witnesses;
};
bool pipeline_is_dwelling(const struct protected_target *target);
enum err_code pipeline_dwellings_near(const struct world *a, const struct world *b, struct box near,
                                      struct arena *scratch, struct pipeline_dwellings *out,
                                      struct err *err);

/* Whether every stretch of the pipeline (a row of b) near the box has dwellings in both worlds or
 * in neither. */
enum err_code pipeline_same_dwellings(const struct pipeline_dwellings *dwellings, uint32_t row,
                                      struct arena *scratch, bool *out, struct err *err);

struct pipeline_line;
bool pipeline_same_dwellings_along(const struct pipeline_dwellings *dwellings,
                                   const struct pipeline_line *line);

#endif
