/*
 * assess_grades.h - the grade rows of an assessment against those of a store.
 *
 * Rows are compared with their reasons, which are made for each when it is its turn: all of
 * them together would take kilobytes a plant.
 *
 * Owner: the difference belongs to the arena, and points into what it was found for.
 */
#ifndef SISETU_GEO_ASSESS_GRADES_H
#define SISETU_GEO_ASSESS_GRADES_H

#include "data/store.h"
#include "geo/assess/assess.h"

struct grade_difference {
    const struct world *world;
    struct crew *crew;
    const struct assessment *made;
    struct arena *arena;
    bool *same;        /* by row of the assessment: stands in the store as it would be written */
    size_t n_inserted; /* the others */
    const char **deleted;
    size_t n_deleted;
    size_t capacity;
};

/* Who asks: a world with its findings, its assessment, a crew that fits. */
struct grade_made {
    const struct world *world;
    struct crew *crew;
    const struct assessment *made;
};
enum err_code grade_difference_find(struct store *store, const struct grade_made *made,
                                    struct arena *arena, struct grade_difference *out,
                                    struct err *err);

/* Deletes and inserts; the rows inserted are stamped with the generation. */
enum err_code grade_difference_write(struct store *store, struct grade_difference *difference,
                                     int32_t generation, struct err *err);

#endif
