/*
 * grading.h - the grade of an enterprise: the worst of what speaks of it (Truth 12).
 *
 *   declared grade; level of major hazard (1-4); conflicts with their grade; score of the
 *   diagnosis guide (from 90 blue, 75 yellow, 60 orange, else red); direct-red predicates.
 *
 * 1 red - 4 blue; 0 is not assessed. Blue by being clear needs everything: an inventory that
 * is no major hazard for sure, and nothing undecided. A level 4 that is only a lower bound
 * gives no blue. Direct-red attributes are findings of an inspection: an absent one is no
 * finding and leaves nothing open. A closed enterprise is not assessed.
 *
 * could_be is the worst that the undecided findings may make of it; undecided counts them.
 * Every grade names its reasons, worst first, at most GRADING_REASONS and then how many more.
 */
#ifndef SISETU_GEO_GRADING_H
#define SISETU_GEO_GRADING_H

#include "geo/findings/conflicts.h"
#include "geo/findings/finding.h"
#include "geo/findings/hazard.h"

enum { GRADING_REASONS = 20 };

/* What speaks of an enterprise, one after another: findings and numbers, no words. */
enum grading_kind {
    GRADING_CLOSED,     /* closed: nothing else is asked */
    GRADING_DECLARED,   /* declared_grade */
    GRADING_HAZARD,     /* all units of the inventory together */
    GRADING_SCORE,      /* of the diagnosis guide */
    GRADING_DIRECT_RED, /* direct_red[index] */
    GRADING_FINDINGS,   /* list: all of one source */
    GRADING_CLEAR,      /* nothing gave a grade: blue by being clear */
    GRADING_OPEN,       /* nothing gave one, and something is undecided */
    GRADING_NOTHING,    /* nothing speaks of it */
};
struct grading_part {
    enum grading_kind kind;
    int32_t grade;     /* that it gives; 0: none */
    int32_t could_be;  /* that it may give */
    int32_t undecided; /* findings that are */
    size_t index;
    const struct finding_list *list; /* not empty */
    enum layer_id layer;             /* of its source */
    uint32_t row;
};
typedef enum err_code grading_visit(void *context, const struct grading_part *part,
                                    struct err *err);

/* Visits the parts of an enterprise; `hazard` is its own. The grade is the worst of theirs,
 * could_be the worst of all, undecided the sum. Scratch stays in the arena. */
struct grading_sum {
    int32_t grade;
    int32_t could_be;
    int32_t undecided;
};
enum err_code grading_parts(const struct world *world, size_t row, const struct hazard *hazard,
                            void *context, grading_visit *visit, struct grading_sum *out,
                            struct err *err);

/* The same of an enterprise that is known to have a grade, and not by being clear: lists are not
 * looked into, nothing is summed up, and there is no last word. */
enum err_code grading_parts_graded(const struct world *world, size_t row,
                                   const struct hazard *hazard, void *context, grading_visit *visit,
                                   struct err *err);

/* Whether a unit of the inventory is one of the reasons. */
static inline bool grading_unit_tells(const struct hazard_unit *unit)
{
    return unit->level != 0 || unit->undecided;
}

/* How many reasons it is that a part gives. */
size_t grading_part_reasons(const struct grading_part *part, const struct hazard *hazard);

/* The worse of two grades, of which 0 is none. */
int32_t grading_worse(int32_t a, int32_t b);

#endif
