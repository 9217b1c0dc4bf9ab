/*
 * finding_row.h - the rows of layer conflicts of one source, for whoever needs many of them.
 *
 *     row_maker_begin(&maker, world, worker, source, arena);
 *     TRY(row_maker_note(&maker, k, &note, err));                        finding k of its list
 *     TRY(row_maker_row(&maker, &note, &target, NULL, &row, err));
 *
 * A plant in a town has 3,000 rows by three or four rules: what they owe to the source and the
 * rule (names, clauses, figures, the beginnings of ids and sentences) is made once, what a row
 * owes to its target alone for each. The row is that of finding_view, of findings that were judged
 * in this very world: where judged again it says otherwise, and for all kinds but distances,
 * finding_view itself makes it.
 *
 * Owner:   everything belongs to the arena or the world.
 * Threads: one a maker; the caller's worker.
 * Cost:    a third of a microsecond a row between points; a microsecond or two more for each
 *          rule, and to measure from a line or a polygon.
 */
#ifndef SISETU_GEO_FINDING_ROW_H
#define SISETU_GEO_FINDING_ROW_H

#include "geo/findings/finding.h"
#include "geo/findings/reasons.h"

struct worker;

/* What the rows of a source by one rule on targets of one layer have in common. */
struct row_form {
    const struct finding *finding; /* the first of them */
    const char *id_head; /* "rule|layer/id|layer/": what comes before the id of the target; of
                          * another kind than a distance all of the id, and there is one row */
    size_t n_id_head;    /* bytes */
    bool phrased;        /* what follows is made: of distances, with the first row */
    struct conflict row; /* all that does not depend on the target */
    struct spacing_phrase phrase;
    const char *missing; /* the attribute that leaves open whether the rule speaks; or NULL */
};

struct row_maker {
    const struct world *world;
    struct worker *worker;
    struct arena *arena;
    enum layer_id layer; /* of the source */
    uint32_t row;
    const struct finding_list *list;
    struct spacing_source source; /* of layers but zones */
    const char *source_ref;       /* "layer/id", with the first reason */
    struct row_form **forms;
    size_t n_forms;
    size_t room;
    size_t last;         /* the form of the last finding: the next one's too, mostly */
    struct edges *edges; /* of a source that is no point, from its second row on */
    size_t n_measured;
};

/* source: by slot; it stands in the world, which has its findings. After worker_fit. */
void row_maker_begin(struct row_maker *maker, const struct world *world, struct worker *worker,
                     struct finding_source source, struct arena *arena);

/* A row to come. Its id is the form's beginning with the id of the target. */
struct row_note {
    const struct finding *finding;
    const struct record_head *target; /* of a distance; else NULL */
    uint32_t k;                       /* in the list of the source */
    uint32_t form;                    /* in the maker's forms */
};
enum err_code row_maker_note(struct row_maker *maker, uint32_t k, struct row_note *out,
                             struct err *err);

/* By their ids, as strcmp. */
int row_note_compare(const struct row_maker *a_maker, const struct row_note *a,
                     const struct row_maker *b_maker, const struct row_note *b);

/* What a row asks of its target, found with the first row of two that speak of it. */
struct row_target {
    const struct record_head *head; /* NULL: not found yet */
    struct spacing_facts facts;
    const struct target_class *class; /* NULL: not asked yet */
    enum truth of_class;
    const char *missing; /* what leaves it open; NULL: nothing in particular */
};

/* What all rows of its source by its rule have in common, as such a row without an id, a target or
 * a figure: of a distance. */
enum err_code row_maker_common(struct row_maker *maker, const struct row_note *note,
                               const void **out, struct err *err);

/* NULL without memory. */
const char *row_maker_id(const struct row_maker *maker, const struct row_note *note);

/* The row in the arena; generation and import stamps absent. id: the same text, if it is there
 * already, else NULL. */
enum err_code row_maker_row(struct row_maker *maker, const struct row_note *note,
                            struct row_target *target, const char *id, struct conflict **out,
                            struct err *err);

/* The reason that tells a distance, in both languages, as finding_say words it; without a grade.
 * Without a text where that is not one, or judged again it says otherwise. */
enum err_code row_maker_say(struct row_maker *maker, const struct row_note *note,
                            struct reason *out, struct err *err);

#endif
