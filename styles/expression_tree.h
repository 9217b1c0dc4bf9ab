/*
 * expression_tree.h - the compiled form: shared by the compilers (expression.c, expression_forms.c)
 * and the evaluator only.
 */
#ifndef SISETU_STYLES_EXPRESSION_TREE_H
#define SISETU_STYLES_EXPRESSION_TREE_H

#include "styles/expression.h"
#include "styles/number_text.h"

#include <stdint.h>

/* Operator, its name, and the least and most arguments (most 0: any number). */
#define EXPR_OPS(X)                                                                                \
    X(OP_LITERAL, "literal", 1, 1)                                                                 \
    X(OP_GET, "get", 1, 1)                                                                         \
    X(OP_HAS, "has", 1, 1)                                                                         \
    X(OP_EQ, "==", 2, 2)                                                                           \
    X(OP_NE, "!=", 2, 2)                                                                           \
    X(OP_LT, "<", 2, 2)                                                                            \
    X(OP_LE, "<=", 2, 2)                                                                           \
    X(OP_GT, ">", 2, 2)                                                                            \
    X(OP_GE, ">=", 2, 2)                                                                           \
    X(OP_IN, "in", 2, 2)                                                                           \
    X(OP_ALL, "all", 0, 0)                                                                         \
    X(OP_ANY, "any", 0, 0)                                                                         \
    X(OP_NOT, "!", 1, 1)                                                                           \
    X(OP_CASE, "case", 3, 0)                                                                       \
    X(OP_MATCH, "match", 4, 0)                                                                     \
    X(OP_STEP, "step", 4, 0)                                                                       \
    X(OP_INTERPOLATE, "interpolate", 4, 0)                                                         \
    X(OP_COALESCE, "coalesce", 1, 0)                                                               \
    X(OP_CONCAT, "concat", 1, 0)                                                                   \
    X(OP_TO_STRING, "to-string", 1, 1)                                                             \
    X(OP_NUMBER_FORMAT, "number-format", 2, 2)                                                     \
    X(OP_ZOOM, "zoom", 0, 0)                                                                       \
    X(OP_RGB, "rgb", 3, 3)                                                                         \
    X(OP_RGBA, "rgba", 4, 4)

enum expr_op {
#define EXPR_OP_ENUM(op, name, least, most) op,
    EXPR_OPS(EXPR_OP_ENUM)
#undef EXPR_OP_ENUM
        OP_COUNT
};

/* One of the values that match and in look for. */
struct expr_label {
    struct value value;
    uint32_t output; /* match: the argument that it leads to */
};

struct expr {
    enum expr_op op;
    enum value_type type; /* that it gives; VALUE_ANY: known only at evaluation */
    /* What the value must turn out to be, or is made: VALUE_BOOL, _NUMBER, _STRING: else an error;
     * VALUE_COLOUR, VALUE_TEXT: made one. VALUE_ANY: as it comes. */
    enum value_type check;
    unsigned depends;
    uint32_t cost;      /* nodes that are evaluated at most */
    struct value value; /* literal; the property of get and has */
    /* Arguments in the order of evaluation. match: input, then outputs, the fallback last.
     * step and interpolate: input, then outputs. case: condition, output, ..., fallback. */
    uint32_t n_args;
    struct expr **args;
    uint32_t n_labels;
    struct expr_label *labels; /* match, and in with a list: rising (expr_label_order) */
    double *stops;             /* step: n_args - 2 of them; interpolate: n_args - 1; rising */
    double base;               /* interpolate: 1 is linear */
    struct number_format format;
};

struct compiler {
    struct arena *arena;
    struct err *err;
    unsigned depth;
};

/* expression.c */
const char *expr_type_name(enum value_type type);
enum err_code expr_read_value(struct compiler *c, const struct json *json, struct value *out);
enum err_code expr_add_args(struct compiler *c, struct expr *out, size_t n); /* room for n */
enum err_code expr_add_arg(struct compiler *c, struct expr *out, const struct json *json,
                           enum value_type want);
/* An output of match, case, step, interpolate or coalesce: what is not known to be wanted is what
 * the first one gives. */
enum err_code expr_add_output(struct compiler *c, struct expr *out, const struct json *json,
                              enum value_type *want);

/* expression_forms.c: the arguments of these; they set out->type. */
enum err_code expr_compile_match(struct compiler *c, const struct json *json, enum value_type want,
                                 struct expr *out);
enum err_code expr_compile_step(struct compiler *c, const struct json *json, enum value_type want,
                                struct expr *out);
enum err_code expr_compile_interpolate(struct compiler *c, const struct json *json,
                                       enum value_type want, struct expr *out);
enum err_code expr_compile_in(struct compiler *c, const struct json *json, struct expr *out);
enum err_code expr_compile_case(struct compiler *c, const struct json *json, enum value_type want,
                                struct expr *out);
enum err_code expr_compile_number_format(struct compiler *c, const struct json *json,
                                         struct expr *out);

/* evaluate.c */
int expr_label_order(const void *a, const void *b);

#endif
