/*
 * finding_marks.h - a mark for each finding of a world: one bit.
 *
 * Owner:   memory belongs to the arena given.
 * Threads: one thread at a time.
 * Cost:    setting and asking O(1).
 */
#ifndef SISETU_GEO_FINDING_MARKS_H
#define SISETU_GEO_FINDING_MARKS_H

#include "geo/findings/finding.h"

struct finding_marks {
    size_t *starts[FINDING_LAYERS]; /* by row of the source: number of its first finding */
    uint64_t *bits;
    size_t n_set;
};

enum err_code finding_marks_init(struct finding_marks *marks, const struct world *world,
                                 struct arena *arena, struct err *err);
void finding_marks_set(struct finding_marks *marks, struct finding_ref ref);
bool finding_marks_get(const struct finding_marks *marks, struct finding_ref ref);

#endif
