/*
 * predicate.h - conditions on a record, as rule tables write them.
 *
 *     use in (school, kindergarten) and (persons >= 100 or households >= 30)
 *     facility_type = GASOLINE_STATION_TANK and not underground = 1
 *     storeys is absent
 *
 * Grammar: or, and, not (binding in that order, not closest), parentheses; `field op value`
 * with = != < <= > >=; `field in (a, b)`; `field is absent`; `true`; `false`; and `unknown
 * 'what'` for a fact that no field holds. Values are bare words, 'quoted text' ('' inside
 * for one quote), numbers, or dates as 2026-05-01. Field names are those of schema.csv; an
 * unknown field, an unknown code, a number outside the field's range, or a comparison that
 * its type does not have (texts know = != in) is refused when the rule is loaded. An empty
 * text is refused too: write `true`.
 *
 * Three-valued, after Kleene: a comparison with an absent field is UNKNOWN, so that a rule
 * whose attribute is missing ends as undecided and never as clear (README.md, Truth 8).
 *
 * Cost:  at most LIMIT_TEXT_BYTES long and 32 levels deep; evaluating walks the tree once.
 * Owner: a parsed predicate belongs to its arena and never changes; safe to share.
 */
#ifndef SISETU_DATA_PREDICATE_H
#define SISETU_DATA_PREDICATE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/records.h"
#include "data/schema.h"

#include <stdbool.h>

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN };

struct predicate; /* NULL is `true` */

/* The message says at which character (from 1) and what would be right. schema may be NULL:
 * codes and ranges are then not checked. */
enum err_code predicate_parse(const char *text, enum layer_id layer, const struct schema *schema,
                              struct arena *arena, const struct predicate **out, struct err *err);

/* *missing (may be NULL) gets the name of the first absent field that made it UNKNOWN, or the
 * text after `unknown`; NULL if it is not UNKNOWN. */
enum truth predicate_eval(const struct predicate *predicate, const void *record,
                          const char **missing);

/* Exactly `false`: no record can be meant. */
bool predicate_is_never(const struct predicate *predicate);

/* The first value that is compared with `field` and that `known` does not know; NULL: none.
 * For fields whose codes stand in another rule table. */
const char *predicate_stranger(const struct predicate *predicate, const char *field,
                               bool (*known)(const void *context, const char *value),
                               const void *context);

/* Calls `visit` for each field that the predicate asks, as often as it does. */
void predicate_each_field(const struct predicate *predicate,
                          void (*visit)(void *context, const struct field_binding *field),
                          void *context);

#endif
