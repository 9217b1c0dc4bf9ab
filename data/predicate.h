/*
 * predicate.h - conditions on a record, as rule tables write them.
 *
 *     use in (school, kindergarten) and (persons >= 100 or households >= 30)
 *     facility_type = GASOLINE_STATION_TANK and not underground = 1
 *     storeys is absent
 *
 * Grammar: or, and, not, parentheses; `field op value` with = != < <= > >=; `field in
 * (a, b)`; `field is absent`; `true`. Values are bare words, 'quoted text' or numbers. Field
 * names are those of schema.csv; an unknown field, an unknown code, or a comparison that its
 * type does not have is refused when the rule is loaded.
 *
 * Three-valued, after Kleene: a comparison with an absent field is UNKNOWN, so that a rule
 * whose attribute is missing ends as undecided and never as clear (design.md, Truth 8).
 *
 * Owner: a parsed predicate belongs to its arena and never changes; safe to share.
 */
#ifndef SISETU_DATA_PREDICATE_H
#define SISETU_DATA_PREDICATE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/records.h"
#include "data/schema.h"

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN };

struct predicate; /* NULL is `true` */

/* The message says at which character and what would be right. schema may be NULL: codes
 * are then not checked. */
enum err_code predicate_parse(const char *text, enum layer_id layer, const struct schema *schema,
                              struct arena *arena, const struct predicate **out, struct err *err);

/* *missing (may be NULL) gets the name of the first absent field that made it UNKNOWN. */
enum truth predicate_eval(const struct predicate *predicate, const void *record,
                          const char **missing);

#endif
