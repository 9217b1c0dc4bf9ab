#include "styles/expression_tree.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool same(struct value a, struct value b)
{
    if (a.type != b.type)
        return false;
    switch (a.type) {
    case VALUE_NULL:
        return true;
    case VALUE_BOOL:
        return a.as.boolean == b.as.boolean;
    case VALUE_NUMBER:
        return a.as.number == b.as.number;
    case VALUE_STRING:
        return strcmp(a.as.string, b.as.string) == 0;
    case VALUE_COLOUR:
        return a.as.colour.r == b.as.colour.r && a.as.colour.g == b.as.colour.g &&
               a.as.colour.b == b.as.colour.b && a.as.colour.a == b.as.colour.a;
    }
    return false;
}

static bool is_true(struct value value)
{
    return value.type == VALUE_BOOL && value.as.boolean;
}

static struct value argument(const struct expr *expr, uint32_t i, const struct eval *eval)
{
    return expr_evaluate(expr->args[i], eval);
}

static struct value compare(const struct expr *expr, const struct eval *eval)
{
    struct value a = argument(expr, 0, eval), b = argument(expr, 1, eval);
    double order;
    if (a.type == VALUE_NUMBER && b.type == VALUE_NUMBER)
        order = a.as.number < b.as.number ? -1 : a.as.number > b.as.number;
    else if (a.type == VALUE_STRING && b.type == VALUE_STRING)
        order = (double)strcmp(a.as.string, b.as.string);
    else
        return value_null();
    switch ((int)expr->op) {
    case OP_LT:
        return value_bool(order < 0);
    case OP_LE:
        return value_bool(order <= 0);
    case OP_GT:
        return value_bool(order > 0);
    default:
        return value_bool(order >= 0);
    }
}

static struct value match(const struct expr *expr, const struct eval *eval)
{
    struct value input = argument(expr, 0, eval);
    for (uint32_t i = 0; i < expr->n_labels; i++)
        if (same(input, expr->labels[i]))
            return argument(expr, expr->label_outputs[i], eval);
    return argument(expr, expr->n_args - 1, eval);
}

static struct value choose(const struct expr *expr, const struct eval *eval)
{
    for (uint32_t i = 0; i + 1 < expr->n_args; i += 2)
        if (is_true(argument(expr, i, eval)))
            return argument(expr, i + 1, eval);
    return argument(expr, expr->n_args - 1, eval);
}

static struct value step(const struct expr *expr, const struct eval *eval)
{
    struct value input = argument(expr, 0, eval);
    if (input.type != VALUE_NUMBER)
        return value_null();
    uint32_t output = 1;
    while (output + 1 < expr->n_args && input.as.number >= expr->stops[output - 1])
        output++;
    return argument(expr, output, eval);
}

static struct value mix(struct value a, struct value b, double t)
{
    if (a.type == VALUE_NUMBER && b.type == VALUE_NUMBER)
        return value_number(a.as.number + (b.as.number - a.as.number) * t);
    if (a.type == VALUE_COLOUR && b.type == VALUE_COLOUR)
        return value_colour(colour_mix(a.as.colour, b.as.colour, t));
    return value_null();
}

static struct value interpolate(const struct expr *expr, const struct eval *eval)
{
    struct value input = argument(expr, 0, eval);
    uint32_t n = expr->n_args - 1;
    if (input.type != VALUE_NUMBER)
        return value_null();
    double x = input.as.number;
    if (x <= expr->stops[0])
        return argument(expr, 1, eval);
    if (x >= expr->stops[n - 1])
        return argument(expr, n, eval);
    uint32_t i = 1;
    while (x >= expr->stops[i])
        i++;
    double low = expr->stops[i - 1], high = expr->stops[i];
    double t = expr->base == 1 ? (x - low) / (high - low)
                               : (pow(expr->base, x - low) - 1) / (pow(expr->base, high - low) - 1);
    return mix(argument(expr, i, eval), argument(expr, i + 1, eval), t);
}

/* A value as text, as JavaScript would write it: null is nothing, numbers their shortest. */
static const char *text_of(struct value value, struct arena *arena)
{
    char digits[32];
    switch (value.type) {
    case VALUE_NULL:
        return "";
    case VALUE_BOOL:
        return value.as.boolean ? "true" : "false";
    case VALUE_STRING:
        return value.as.string;
    case VALUE_NUMBER:
        for (int precision = 1; precision <= 17; precision++) {
            snprintf(digits, sizeof digits, "%.*g", precision, value.as.number);
            double back = 0;
            if (sscanf(digits, "%lf", &back) == 1 && back == value.as.number)
                break;
        }
        if (fabs(value.as.number) < 1e15 && value.as.number == floor(value.as.number))
            snprintf(digits, sizeof digits, "%.0f", value.as.number + 0.0);
        return arena_strdup(arena, digits);
    case VALUE_COLOUR:
        return arena_printf(arena, "rgba(%.0f,%.0f,%.0f,%g)", value.as.colour.r, value.as.colour.g,
                            value.as.colour.b, value.as.colour.a);
    }
    return "";
}

static struct value concat(const struct expr *expr, const struct eval *eval)
{
    const char *all = "";
    for (uint32_t i = 0; i < expr->n_args; i++) {
        const char *part = text_of(argument(expr, i, eval), eval->arena);
        if (!part)
            return value_null();
        all = *all ? arena_printf(eval->arena, "%s%s", all, part) : part;
        if (!all)
            return value_null();
    }
    return value_string(all);
}

static struct value rgba(const struct expr *expr, const struct eval *eval)
{
    double parts[4] = {0, 0, 0, 1};
    for (uint32_t i = 0; i < expr->n_args; i++) {
        struct value part = argument(expr, i, eval);
        if (part.type != VALUE_NUMBER)
            return value_null();
        parts[i] = fmax(0, fmin(i < 3 ? 255 : 1, part.as.number));
    }
    return value_colour((struct colour){parts[0], parts[1], parts[2], parts[3]});
}

static struct value get(const struct expr *expr, const struct eval *eval)
{
    return eval->get ? eval->get(eval->feature, expr->value.as.string) : value_null();
}

static struct value logic(const struct expr *expr, const struct eval *eval)
{
    bool all = expr->op == OP_ALL;
    for (uint32_t i = 0; i < expr->n_args; i++)
        if (is_true(argument(expr, i, eval)) != all)
            return value_bool(!all);
    return value_bool(all);
}

static struct value is_in(const struct expr *expr, const struct eval *eval)
{
    struct value needle = argument(expr, 0, eval);
    for (uint32_t i = 0; i < expr->n_labels; i++)
        if (same(needle, expr->labels[i]))
            return value_bool(true);
    return value_bool(false);
}

static struct value coalesce(const struct expr *expr, const struct eval *eval)
{
    struct value value = value_null();
    for (uint32_t i = 0; value.type == VALUE_NULL && i < expr->n_args; i++)
        value = argument(expr, i, eval);
    return value;
}

struct value expr_evaluate(const struct expr *expr, const struct eval *eval)
{
    switch (expr->op) {
    case OP_LITERAL:
        return expr->value;
    case OP_GET:
        return get(expr, eval);
    case OP_HAS:
        return value_bool(get(expr, eval).type != VALUE_NULL);
    case OP_EQ:
        return value_bool(same(argument(expr, 0, eval), argument(expr, 1, eval)));
    case OP_NE:
        return value_bool(!same(argument(expr, 0, eval), argument(expr, 1, eval)));
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
        return compare(expr, eval);
    case OP_IN:
        return is_in(expr, eval);
    case OP_ALL:
    case OP_ANY:
        return logic(expr, eval);
    case OP_NOT:
        return value_bool(!is_true(argument(expr, 0, eval)));
    case OP_CASE:
        return choose(expr, eval);
    case OP_MATCH:
        return match(expr, eval);
    case OP_STEP:
        return step(expr, eval);
    case OP_INTERPOLATE:
        return interpolate(expr, eval);
    case OP_COALESCE:
        return coalesce(expr, eval);
    case OP_CONCAT:
        return concat(expr, eval);
    case OP_TO_STRING:
        return value_string(text_of(argument(expr, 0, eval), eval->arena));
    case OP_ZOOM:
        return value_number(eval->zoom);
    case OP_RGB:
    case OP_RGBA:
        return rgba(expr, eval);
    case OP_COUNT:
        break;
    }
    return value_null();
}
