/*
 * pipeline_recut.h - a pipeline cut anew about an edit, and as it was beyond.
 *
 * Classes are made of households along the whole line, which are kept (pipeline_kept.h): they are
 * cut anew without looking at what else stands there. Areas and design factors are made of places
 * too, which to find is most of the work of a pipeline. But what is found there differs only about
 * the record, and where windows count otherwise than before. Rows that do not touch that are as
 * they were; those that do are made of the places along a few kilometres, as far as all that makes
 * them is known there.
 *
 * Any doubt is told as such: then the pipeline is to be cut anew.
 *
 * Owner:   rows and texts belong to the arena.
 * Threads: pure but for the caller's worker.
 * Cost:    O(k log k) in the dwellings of the strip, about 0.3 us each, and what is gathered along
 *          the stretch.
 */
#ifndef SISETU_GEO_PIPELINE_RECUT_H
#define SISETU_GEO_PIPELINE_RECUT_H

#include "geo/pipeline_edits/pipeline_recount.h"

/* row: of the pipeline in the world after the edit. */
enum err_code pipeline_recut(const struct pipeline_recount *question, uint32_t row,
                             struct worker *worker, struct arena *arena,
                             struct pipeline_recounted *out, struct err *err);

#endif
