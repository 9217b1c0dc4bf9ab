/*
 * grade_reasons.h - the sentences of a grade row, made when somebody asks.
 *
 * Owner:   texts belong to the arena.
 * Threads: pure but for the caller's worker.
 * Cost:    an enterprise costs the views of at most GRADING_REASONS findings, a cell or unit a
 *          search for its worst sources; tens of microseconds.
 */
#ifndef SISETU_GEO_GRADE_REASONS_H
#define SISETU_GEO_GRADE_REASONS_H

#include "geo/reasons.h"
#include "geo/worker.h"
#include "geo/world.h"

struct grades_state;

/* Where the grades of enterprises are looked up, that sentences on cells and units name. */
struct grade_words {
    const struct world *world;     /* with its findings */
    struct worker *worker;         /* after worker_fit */
    const struct grades_state *state; /* of it; NULL: its grade rows are asked */
};

/* The JSON array of reasons.h for a row of layer grades of that world. A row that keeps its
 * reasons gives those. */
enum err_code grade_reasons(const struct grade_words *words, const struct grade_row *row,
                            struct arena *arena, const char **json, struct err *err);

/* The sentence that leads the reasons of an enterprise. */
enum err_code grade_lead(const struct grade_words *words, size_t enterprise_row,
                         struct arena *arena, struct reason *out, struct err *err);

/* grade_reasons_plant.c: the reasons of an enterprise, worst first, at most `most`, of *n_all. */
enum err_code grade_reasons_plant(const struct grade_words *words, size_t enterprise_row,
                                  size_t most, struct arena *arena, struct reason *out, size_t *n,
                                  size_t *n_all, struct err *err);

/* grade_reasons_place.c: those of a cell and of a unit. */
enum { GRADE_REASONS_PLACE = 4 };
enum err_code grade_reasons_cell(const struct grade_words *words, const struct grade_row *row,
                                 struct arena *arena, struct reason out[GRADE_REASONS_PLACE],
                                 size_t *n, struct err *err);
enum err_code grade_reasons_unit(const struct grade_words *words, const struct grade_row *row,
                                 struct arena *arena, struct reason out[GRADE_REASONS_PLACE],
                                 size_t *n, struct err *err);

/* Grade and could_be of an enterprise, 0 where it has none. */
void grade_reasons_lookup(const struct grade_words *words, size_t enterprise_row, int32_t *grade,
                          int32_t *could_be);

#endif
