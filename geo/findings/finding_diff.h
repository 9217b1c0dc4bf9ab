/*
 * finding_diff.h - what two lists of one source, an edit apart, have not in common.
 *
 * An equal finding in both is an equal row only of the kinds distance and beyond (findings.h): the
 * others stand in both parts of the answer.
 *
 * Owner:   the answer belongs to the arena.
 * Threads: pure.
 * Cost:    O(n); what is alike at the beginning and at the end, which is nearly all where one
 * target was edited, by comparing bytes.
 */
#ifndef SISETU_GEO_FINDING_DIFF_H
#define SISETU_GEO_FINDING_DIFF_H

#include "geo/findings/findings.h"

/* Places in each list, ascending. */
struct finding_diff {
    uint32_t *before;
    size_t n_before;
    uint32_t *after;
    size_t n_after;
};

/* What is known of two lists. */
enum err_code finding_diff_of_splice(const struct finding_splice *splice, struct arena *arena,
                                     struct finding_diff *out, struct err *err);

/* A list may be NULL: an empty one. */
enum err_code finding_diff(const struct finding_list *before, const struct finding_list *after,
                           struct arena *arena, struct finding_diff *out, struct err *err);

#endif
