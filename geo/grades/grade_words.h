/*
 * grade_words.h - the pieces of grade_reasons: an enterprise, a cell, a unit. Behind
 * grade_reasons.h.
 */
#ifndef SISETU_GEO_GRADE_WORDS_H
#define SISETU_GEO_GRADE_WORDS_H

#include "geo/grades/grade_reasons.h"
#include "geo/grades/grades_change.h"

/* The reasons of an enterprise, worst first, at most `most`, of *n_all. */
struct grade_said {
    struct reason *reasons; /* room for most */
    size_t n_led;           /* so many of them are not made */
    size_t n;
    size_t n_all;
};
enum err_code grade_reasons_plant(const struct grade_words *words, size_t enterprise_row,
                                  size_t most, struct arena *arena, struct grade_said *out,
                                  struct err *err);

/* The same of an enterprise that stands in two worlds an edit apart, itself not edited, at most
 * GRADING_REASONS: those that come first and are alike are not made, what else both say alike is
 * said once, and nothing at all where *same. */
enum err_code grade_reasons_plant_ends(const struct grade_bystander *of, struct arena *arena,
                                       struct grade_said *before, struct grade_said *after,
                                       bool *same, struct err *err);

/* A part that takes no more than a sentence: neither hazard nor findings. Texts are NULL without
 * memory. */
struct reason grade_say_plainly(const struct world *world, size_t enterprise_row,
                                const struct grading_part *part, struct arena *arena);

/* Its hazard; without inventory all zeros. */
enum err_code grade_hazard(const struct grade_words *words, size_t enterprise_row,
                           struct arena *arena, struct hazard *out, struct err *err);

/* The sentence that leads them. */
enum err_code grade_lead(const struct grade_words *words, size_t enterprise_row,
                         struct arena *arena, struct reason *out, struct err *err);

/* Those of a cell and of a unit. */
enum { GRADE_REASONS_PLACE = 1 + GRADES_WORST };
enum err_code grade_reasons_cell(const struct grade_words *words, const struct grade_row *row,
                                 struct arena *arena, struct reason out[GRADE_REASONS_PLACE],
                                 size_t *n, struct err *err);
enum err_code grade_reasons_unit(const struct grade_words *words, const struct grade_row *row,
                                 struct arena *arena, struct reason out[GRADE_REASONS_PLACE],
                                 size_t *n, struct err *err);

/* Who comes first among those that touch a cell, and among those inside a unit; found in the
 * world. Slots of it. */
enum err_code grade_named_cell(const struct grade_words *words, struct tile tile,
                               struct arena *arena, struct grades_worst *out, struct err *err);
enum err_code grade_named_unit(const struct grade_words *words, size_t unit_row,
                               struct arena *arena, struct grades_worst *out, struct err *err);

/* Grade, could_be and residents around of an enterprise; residents are NULL where only grade rows
 * are known. Grades are 0 where it has none. */
struct grade_known {
    int32_t grade;
    int32_t could_be;
    const struct exposure *around;
};
struct grade_known grade_known(const struct grade_words *words, size_t enterprise_row);

#endif
