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

#include "geo/findings/reasons.h"
#include "geo/world/worker.h"
#include "geo/world/world.h"

struct grades_state;
struct grades_stretch;

/* Where the grades of enterprises are looked up, that sentences on cells and units name. */
struct grade_words {
    const struct world *world;              /* with its findings */
    struct worker *worker;                  /* after worker_fit */
    const struct grades_state *state;       /* of it; NULL: its grade rows are asked */
    const struct grades_changing *changing; /* an edit of the state that leads to the world, or
                                               NULL (grades_change.h) */
    struct grade_leads *leads;              /* sentences to be said more than once, or NULL */
};

/* What grade_lead said already, by the slot of the enterprise. Begins as all 0 but for the arena,
 * which keeps the words. */
struct grade_leads {
    struct arena *arena;
    struct grade_lead_said {
        uint32_t slot;
        struct reason said;
    } * items;
    size_t n;
    size_t capacity;
};

/* The JSON array of reasons.h for a row of layer grades of that world. A row that keeps its
 * reasons gives those. */
enum err_code grade_reasons(const struct grade_words *words, const struct grade_row *row,
                            struct arena *arena, const char **json, struct err *err);

/* An enterprise before and after an edit of other records, of enterprises, infrastructure or
 * protected targets. */
struct grade_bystander {
    const struct grade_words *before;
    const struct grade_words *after;
    size_t before_row;
    size_t after_row;
    bool graded; /* both times it is known to have a grade, and not by being clear */
    const struct grades_stretch *stretches; /* what changed of its findings (grades_change.h), */
    size_t n_stretches;                     /* if that is known */
    bool known;
};

/* What stands behind the reasons that lead both and are alike, to the end of each array: where
 * those before are kept somewhere, they need not be known. *same: nothing was made, since both are
 * the same. */
enum err_code grade_reasons_ends(const struct grade_bystander *of, struct arena *arena,
                                 const char *ends[2], bool *same, struct err *err);

/* What stands behind the last reason that is told of an enterprise, where GRADING_REASONS are and
 * it has n_all: how many more there are, if any, and the end of the array. NULL without memory. */
const char *grade_reasons_end(size_t n_all, struct arena *arena);

/* The sentence that leads the reasons of an enterprise. */
enum err_code grade_lead(const struct grade_words *words, size_t enterprise_row,
                         struct arena *arena, struct reason *out, struct err *err);

#endif
