/*
 * expression_tree.h - the compiled form: shared by the compiler and the evaluator only.
 */
#ifndef SISETU_STYLES_EXPRESSION_TREE_H
#define SISETU_STYLES_EXPRESSION_TREE_H

#include "styles/expression.h"

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
    X(OP_ZOOM, "zoom", 0, 0)                                                                       \
    X(OP_RGB, "rgb", 3, 3)                                                                         \
    X(OP_RGBA, "rgba", 4, 4)

enum expr_op {
#define EXPR_OP_ENUM(op, name, least, most) op,
    EXPR_OPS(EXPR_OP_ENUM)
#undef EXPR_OP_ENUM
        OP_COUNT
};

struct expr {
    enum expr_op op;
    enum value_type type; /* that it gives; VALUE_NULL: known only at evaluation */
    unsigned depends;
    struct value value; /* literal; the property of get and has */
    /* Arguments in the order of evaluation. match: input, then outputs, the fallback last.
     * step and interpolate: input, then outputs. case: condition, output, ..., fallback. */
    uint32_t n_args;
    struct expr **args;
    /* match: labels[i] leads to args[1 + label_outputs[i]]; in: the list. */
    uint32_t n_labels;
    struct value *labels;
    uint32_t *label_outputs;
    double *stops; /* step: n_args - 2 of them; interpolate: n_args - 1; rising */
    double base;   /* interpolate: 1 is linear */
};

#endif
