/*
 * expression.h - MapLibre expressions: compiled once, evaluated for a feature and a zoom.
 *
 * Known operators: literal get has == != < <= > >= in all any ! case match step interpolate
 * (linear, exponential) coalesce concat to-string number-format zoom rgb rgba. Anything else is
 * an error that names the operator and where it stands.
 *
 * Types are those of MapLibre: what is known when it is compiled is checked then, what only the
 * feature tells when it is evaluated. A property that is absent is null; null, or any other value
 * of the wrong type, where a number, a text or a yes or no belongs makes the whole expression an
 * error, whatever stands round it: a property then takes its default and a filter says no. What
 * does not look at feature or zoom is worked out when it is compiled.
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

enum value_type {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_NUMBER,
    VALUE_STRING,
    VALUE_COLOUR,
    VALUE_ERROR, /* of an evaluation */
    /* What may be wanted of an expression; no value has these. */
    VALUE_ANY,
    VALUE_TEXT, /* any value but a number or a bool that is known as such, made a string */
};

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

static inline struct value value_error(void)
{
    return (struct value){.type = VALUE_ERROR};
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

/* Compiles JSON that shall give a value of type `want`. A plain JSON value is a constant.
 * ERR_INPUT says what is wrong and where inside the expression; ERR_LIMIT: it would take too
 * long. */
enum err_code expr_compile(const struct json *json, enum value_type want, struct arena *arena,
                           struct expr **out, struct err *err);

unsigned expr_depends(const struct expr *expr);

/* Where the zoom is looked at. Of properties MapLibre takes it only as the input of one step or
 * interpolate that is the whole expression, or one of a coalesce. */
enum expr_zoom { EXPR_ZOOM_NOWHERE, EXPR_ZOOM_STEPS, EXPR_ZOOM_CURVE, EXPR_ZOOM_ELSEWHERE };
enum expr_zoom expr_zoom(const struct expr *expr);

/* Whether it looks at that property of a feature. */
bool expr_asks(const struct expr *expr, const char *property);

/* Calls visit for every constant that the expression can give. */
void expr_outputs(const struct expr *expr, void *context,
                  void (*visit)(void *context, struct value value));

/* Whether it can give anything but those: a property of the feature, the zoom, a text that is made.
 */
bool expr_gives_more(const struct expr *expr);

/* A value as text, as JavaScript writes it, null being nothing; NULL: no memory. */
const char *value_text(struct value value, struct arena *arena);

struct value expr_evaluate(const struct expr *expr, const struct eval *eval);

#endif
