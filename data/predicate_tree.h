/*
 * predicate_tree.h - a parsed condition, between its parser (predicate.c) and its evaluation
 * (predicate_eval.c); nobody else looks inside.
 */
#ifndef SISETU_DATA_PREDICATE_TREE_H
#define SISETU_DATA_PREDICATE_TREE_H

#include "data/predicate.h"

enum node_kind {
    NODE_AND,
    NODE_OR,
    NODE_NOT,
    NODE_COMPARE,
    NODE_ABSENT,
    NODE_TRUE,
    NODE_FALSE,
    NODE_UNKNOWN
};

enum compare { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE, COMPARE_IN };

struct value {
    const char *text;
    double number; /* of a number or a date, when the field is one */
};

struct predicate {
    enum node_kind kind;
    const struct predicate *child; /* and, or, not: the first */
    struct predicate *next;        /* its next sibling */
    const struct field_binding *field;
    enum compare compare;
    struct value *values; /* one, or several after `in` */
    size_t n_values;
    const char *text; /* what is unknown */
};

#endif
