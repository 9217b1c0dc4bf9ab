/*
 * grade_reasons.h - the sentences of a grade row, made when somebody asks.
 *
 * Owner:   the text belongs to the arena.
 * Threads: pure but for the caller's worker.
 * Cost:    an enterprise costs the views of at most GRADING_REASONS findings, a cell one search;
 *          tens of microseconds.
 */
#ifndef SISETU_GEO_GRADE_REASONS_H
#define SISETU_GEO_GRADE_REASONS_H

#include "geo/worker.h"
#include "geo/world.h"

/* The JSON array of reasons.h for a row of layer grades of this world (or one equal to it, not
 * yet in it). The world has its findings, and grade rows of its enterprises. A row that keeps
 * its reasons gives those. worker_fit first. */
enum err_code grade_reasons(const struct world *world, struct worker *worker,
                            const struct grade_row *row, struct arena *arena, const char **json,
                            struct err *err);

#endif
