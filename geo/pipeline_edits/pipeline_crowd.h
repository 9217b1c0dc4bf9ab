/*
 * pipeline_crowd.h - an edited point among those of its layer that stand around it, laid flat: most
 * edits in a town are shown to change no segment before anything of a pipeline is measured.
 *
 *   wherever the record is seen from, others are seen too, so that the runs of places are as long
 *   without it;
 *   one of them comes before it, and so is told, and what may be at most is doubted of one rather
 *   than of it: an attribute is missing of one before it, or the place of one would decide more;
 *   or the old rows of the pipeline are such that nobody hears of which one it tells.
 *
 * What others a run may have makes no difference to either: who is not told among few is not told
 * among more. A disk about a point cuts each edge of a line at two places; the record's disk is
 * taken a little larger than it is, those of the others a little smaller, by more than the plane is
 * wrong.
 *
 * Owner:   memory in the arena; refers to the world.
 * Threads: built by one; then many.
 * Cost:    build: a search, and about 0.1 us a record within WITNESS_M; a pipeline some 5 us.
 */
#ifndef SISETU_GEO_PIPELINE_CROWD_H
#define SISETU_GEO_PIPELINE_CROWD_H

#include "geo/pipeline_edits/pipeline_outdoing.h"

/* Once an edit, of no dwelling: for all pipelines. None is found where the record is no point. */
enum err_code pipeline_crowd_build(struct pipeline_edited *edited, struct arena *arena,
                                   struct err *err);

/* Whether it is sure that the record changes no segment of the job's pipeline but for what the law
 * says of it; then on->meets_law tells whether that may be. Of the job nothing but the pipeline
 * need be there yet. */
enum err_code pipeline_crowd_hides(struct outdoing *on, bool *out, struct err *err);

/* How far a point is from a line at least: less than 0.1 m and some 1e-3 of it below the distance.
 * INFINITY: it is farther than most_m. kept: the line as pipeline_kept.h has it, most of which is
 * passed over by its boxes; NULL: it is not kept. */
double pipeline_off_m(const struct geom *line, const struct pipeline_line *kept, struct lonlat at,
                      double most_m);

#endif
