/* grades_ended.h - tests: rows of grades of which an edit tells only how their reasons end. */
#ifndef SISETU_TESTS_GRADES_ENDED_H
#define SISETU_TESTS_GRADES_ENDED_H

#include "data/base/text.h"
#include "geo/grades/grades.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Gives such a pair the reasons of the row before, and the same with their new end. */
static inline void end_anew(const struct grades_pair *pair, const struct grade_row *row,
                            struct arena *arena)
{
    size_t n_head = 0;
    assert_null(pair->before->reasons);
    assert_null(pair->after->reasons);
    assert_true(text_ends(row->reasons, pair->ending->before, &n_head));
    pair->before->reasons = row->reasons;
    pair->after->reasons = arena_join(arena, row->reasons, n_head, pair->ending->after);
}

#endif
