#include "data/predicate_tree.h"

#include <string.h>

static bool compare_numbers(double number, enum compare compare, double value)
{
    switch (compare) {
    case COMPARE_EQ:
    case COMPARE_IN:
        return number == value;
    case COMPARE_NE:
        return number != value;
    case COMPARE_LT:
        return number < value;
    case COMPARE_LE:
        return number <= value;
    case COMPARE_GT:
        return number > value;
    case COMPARE_GE:
        return number >= value;
    }
    return false;
}

static bool compare_record(const struct predicate *node, const void *record)
{
    const struct field_binding *field = node->field;
    bool is_text = field->type == FIELD_TEXT || field->type == FIELD_DATETIME;
    for (size_t i = 0; i < node->n_values; i++) {
        const struct value *value = &node->values[i];
        bool holds;
        if (is_text)
            holds = (strcmp(record_text(record, field), value->text) == 0) !=
                    (node->compare == COMPARE_NE);
        else if (field->type == FIELD_REAL)
            holds = compare_numbers(record_real(record, field), node->compare, value->number);
        else
            holds = compare_numbers(record_integer(record, field), node->compare, value->number);
        if (holds)
            return true;
    }
    return false;
}

/* `stop` settles the chain; else one UNKNOWN leaves it unknown. */
static enum truth eval_chain(const struct predicate *node, enum truth stop, const void *record,
                             const char **missing)
{
    enum truth result = stop == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
    for (const struct predicate *child = node->child; child; child = child->next) {
        const char *lacking = NULL;
        enum truth truth = predicate_eval(child, record, &lacking);
        if (truth == stop) {
            *missing = NULL;
            return stop;
        }
        if (truth == TRUTH_UNKNOWN && result != TRUTH_UNKNOWN) {
            result = TRUTH_UNKNOWN;
            *missing = lacking;
        }
    }
    return result;
}

enum truth predicate_eval(const struct predicate *predicate, const void *record,
                          const char **missing)
{
    const char *ignored;
    if (!missing)
        missing = &ignored;
    *missing = NULL;
    if (!predicate)
        return TRUTH_YES;
    enum truth inner;
    switch (predicate->kind) {
    case NODE_TRUE:
        return TRUTH_YES;
    case NODE_FALSE:
        return TRUTH_NO;
    case NODE_UNKNOWN:
        *missing = predicate->text;
        return TRUTH_UNKNOWN;
    case NODE_ABSENT:
        return record_is_absent(record, predicate->field) ? TRUTH_YES : TRUTH_NO;
    case NODE_NOT:
        inner = predicate_eval(predicate->child, record, missing);
        return inner == TRUTH_UNKNOWN ? inner : inner == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
    case NODE_AND:
        return eval_chain(predicate, TRUTH_NO, record, missing);
    case NODE_OR:
        return eval_chain(predicate, TRUTH_YES, record, missing);
    case NODE_COMPARE:
        break;
    }
    if (record_is_absent(record, predicate->field)) {
        *missing = predicate->field->name;
        return TRUTH_UNKNOWN;
    }
    return compare_record(predicate, record) ? TRUTH_YES : TRUTH_NO;
}

bool predicate_is_never(const struct predicate *predicate)
{
    return predicate && predicate->kind == NODE_FALSE;
}

const char *predicate_stranger(const struct predicate *predicate, const char *field,
                               bool (*known)(const void *context, const char *value),
                               const void *context)
{
    if (!predicate)
        return NULL;
    if (predicate->kind == NODE_COMPARE && strcmp(predicate->field->name, field) == 0)
        for (size_t i = 0; i < predicate->n_values; i++)
            if (!known(context, predicate->values[i].text))
                return predicate->values[i].text;
    for (const struct predicate *child = predicate->child; child; child = child->next) {
        const char *stranger = predicate_stranger(child, field, known, context);
        if (stranger)
            return stranger;
    }
    return NULL;
}

void predicate_each_field(const struct predicate *predicate,
                          void (*visit)(void *context, const struct field_binding *field),
                          void *context)
{
    if (!predicate)
        return;
    if (predicate->field)
        visit(context, predicate->field);
    for (const struct predicate *child = predicate->child; child; child = child->next)
        predicate_each_field(child, visit, context);
}
