/*
 * reasons.h - one place that puts answers into words, English and Chinese.
 *
 * A reason is one sentence in each language with what it rests on: rule, clause, confidence,
 * source, target and numbers. As JSON it is what the API hands out:
 *
 *     {"text":"...","zh":"...","grade":1,"rule":"F01-BLDG_I_II","standard":"GB 50016",
 *      "edition":"2014(2018)","clause":"tbl 4.2.1","confidence":"sure_v",
 *      "source":"facilities/F-12","target":"protected/P-3","distance_m":12.3}
 *
 * Absent parts are left out. Numbers are written with at most six decimals.
 *
 * Owner:   texts belong to the arena given.
 * Threads: pure.
 */
#ifndef SISETU_GEO_REASONS_H
#define SISETU_GEO_REASONS_H

#include "data/base/digits.h"
#include "geo/findings/spacing.h"

enum { REASON_NUMBERS = 12 };

struct reason_number {
    const char *name;
    double value; /* NAN and infinities are left out */
};

struct reason {
    const char *text;
    const char *zh;
    int32_t grade;                                /* 1-4; 0: it gives none */
    const struct rule_source *rule;               /* or NULL */
    const char *source;                           /* "layer/id", or NULL */
    const char *target;                           /* "layer/id", or NULL */
    struct reason_number numbers[REASON_NUMBERS]; /* those with a name */
    const char *json; /* all of it as it was written before, in place of the rest; or NULL */
};

/* Metres in as many figures as help, rounded down: where so good an accuracy decides, the figure
 * that is printed does too. */
const char *reason_metres(double m, struct arena *arena);

/* A JSON array of the reasons, in their order. */
enum err_code reasons_write(const struct reason *reasons, size_t n, struct arena *arena,
                            const char **json, struct err *err);

/* Fills in `json`, for reasons that are written more than once. */
enum err_code reasons_quote(struct reason *reasons, size_t n, struct arena *arena, struct err *err);

/* What stands behind the reasons that lead such an array, one at least: these, and its end. */
enum err_code reasons_write_end(const struct reason *reasons, size_t n, struct arena *arena,
                                const char **json, struct err *err);

/* Two sentences, and what would decide (NULL where it is decided). A text that could not be
 * allocated is NULL. */
struct reason_words {
    const char *text;
    const char *zh;
    const char *decides;
    const char *decides_zh;
};

/* A distance: conflict, undecided or clear. source_name: what stands there; NULL: a proposed site.
 */
struct reason_words reasons_of_spacing(const struct world *world,
                                       const struct spacing_finding *finding,
                                       const char *source_name, struct arena *arena);

/* The same in two steps, for whoever says many: first what all sentences on one source by one
 * row have in common, required_m included; then each. zh: in Chinese too, else that is NULL; it is
 * most of the work. */
struct spacing_phrase {
    const struct spacing_rule *rule;
    const struct facility_type *type; /* or NULL */
    const char *source_name;          /* or NULL */
    const char *head;                 /* "Depot (petrol station) is " */
    const char *clause;               /* "GB 50156 tbl 4.0.4" */
    size_t n_head, n_clause;          /* bytes */
    char required[DIGITS_BYTES];
};
enum err_code reasons_phrase_of(const struct world *world, const struct spacing_rule *rule,
                                double required_m, const char *source_name, struct arena *arena,
                                struct spacing_phrase *out, struct err *err);
struct reason_words reasons_of_phrase(const struct spacing_phrase *phrase,
                                      const struct spacing_finding *finding, const char *target,
                                      bool zh, struct arena *arena);

/* The text of a rule as a part of a longer sentence: without its full stop. */
const char *reasons_without_stop(const char *text, struct arena *arena);

/* "GB 50016-2014(2018) tbl 4.2.1": standard, edition where the standard does not name it
 * already, clause. NULL without memory. */
const char *reasons_clause(const struct rule_source *rule, struct arena *arena);

/* "layer/id" */
const char *reasons_ref(enum layer_id layer, const char *id, struct arena *arena);

/* "red" and 红; "grey" and 灰 for 0. */
const char *reasons_grade_en(int32_t grade);
const char *reasons_grade_zh(int32_t grade);

/* Name of a record, else its id; "" for neither. */
const char *reasons_name(const struct record_head *head);

#endif
