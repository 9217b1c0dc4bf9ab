/*
 * pipeline_crowd.h - an edited point among those of its layer that stand around it, laid flat: most
 * edits in a town are shown to change no segment before anything of a pipeline is measured.
 *
 * It is what pipeline_outdone_many.c shows, of points alone and of all of them within reach: they
 * are seen from wherever the record is seen, and one of them is told. A disk about a point cuts
 * each edge of a line at two places; the record's disk is taken a little larger than it is, those
 * of the others a little smaller, by more than the plane is wrong.
 *
 * Owner:   memory in the arena; refers to the world.
 * Threads: built by one; then many.
 * Cost:    build: a search, and about 0.1 us a record within WITNESS_M; a pipeline some 5 us.
 */
#ifndef SISETU_GEO_PIPELINE_CROWD_H
#define SISETU_GEO_PIPELINE_CROWD_H

#include "geo/pipelines/pipeline_outdoing.h"

/* Of an edited record that is no dwelling; NULL where it is no point, or another shape may be met
 * by what meets it. */
enum err_code pipeline_crowd_build(const struct pipeline_edited *edited, struct arena *arena,
                                   const struct pipeline_crowd **out, struct err *err);

/* Whether it is sure that the record changes no segment of the job's pipeline, of which nothing
 * but the pipeline itself need be there yet. */
enum err_code pipeline_crowd_hides(const struct outdoing *on, bool *out, struct err *err);

/* How far a point is from a line at least: less than 0.1 m and some 1e-3 of it below the distance.
 * INFINITY: it is farther than most_m. */
double pipeline_off_m(const struct geom *line, struct lonlat at, double most_m);

#endif
