/*
 * expression.h - MapLibre expressions: compiled once, evaluated for a feature and a zoom.
 *
 * Known operators: literal get has == != < <= > >= in all any ! case match step interpolate
 * (linear, exponential) coalesce concat to-string zoom rgb rgba. Anything else is an error
 * that names the operator and where it stands.
 *
 * A value that cannot be had (a property that is absent, a comparison of a number with a
 * text) is null, and null makes a property fall back to its default and a filter say no, as
 * in MapLibre.
 *
 * Life:    expr_compile once into an arena; never changes.
 * Threads: expressions are safe to share; evaluation allocates (concat, to-string) from the
 *          arena of the caller.
 * Source:  MapLibre Style Specification v8, Expressions.
 */
#ifndef SISETU_STYLES_EXPRESSION_H
#define SISETU_STYLES_EXPRESSION_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/base/json.h"
#include "styles/colour.h"

enum value_type { VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_STRING, VALUE_COLOUR };

struct value {
    enum value_type type;
    union {
        bool boolean;
        double number;
        const char *string;
        struct colour colour;
    } as;
};

static inline struct value value_null(void)
{
    return (struct value){.type = VALUE_NULL};
}
static inline struct value value_bool(bool boolean)
{
    return (struct value){.type = VALUE_BOOL, .as.boolean = boolean};
}
/* NaN is null: what is absent in a record is absent in the style. */
static inline struct value value_number(double number)
{
    return number == number ? (struct value){.type = VALUE_NUMBER, .as.number = number}
                            : value_null();
}
/* NULL is null. */
static inline struct value value_string(const char *string)
{
    return string ? (struct value){.type = VALUE_STRING, .as.string = string} : value_null();
}
static inline struct value value_colour(struct colour colour)
{
    return (struct value){.type = VALUE_COLOUR, .as.colour = colour};
}

/* What an expression is evaluated with. get NULL: there is no feature. */
struct eval {
    double zoom; /* of the style: tiles of 512 px */
    const void *feature;
    struct value (*get)(const void *feature, const char *property);
    struct arena *arena;
};

/* What an expression looks at. */
enum { EXPR_ZOOM = 1, EXPR_FEATURE = 2 };

struct expr;

/* Compiles JSON that shall give a value of type `want` (VALUE_NULL: any). A plain JSON value
 * is a constant. ERR_INPUT says what is wrong and where inside the expression. */
enum err_code expr_compile(const struct json *json, enum value_type want, struct arena *arena,
                           struct expr **out, struct err *err);

unsigned expr_depends(const struct expr *expr);

/* Calls visit for every constant that the expression can give. */
void expr_outputs(const struct expr *expr, void *context,
                  void (*visit)(void *context, struct value value));

struct value expr_evaluate(const struct expr *expr, const struct eval *eval);

#endif
