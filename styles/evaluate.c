#include "styles/expression_tree.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Texts longer than this are an error: nobody reads them, and concat could make one of a
 * gigabyte. */
enum { MOST_TEXT_BYTES = 1 << 16 };

/* A total order of values, by type, then within the type; colours have none. */
static int order_of(struct value a, struct value b)
{
    if (a.type != b.type)
        return a.type < b.type ? -1 : 1;
    if (a.type == VALUE_BOOL)
        return (int)a.as.boolean - (int)b.as.boolean;
    if (a.type == VALUE_NUMBER)
        return a.as.number < b.as.number ? -1 : a.as.number > b.as.number;
    return a.type == VALUE_STRING ? strcmp(a.as.string, b.as.string) : 0;
}

int expr_label_order(const void *a, const void *b)
{
    return order_of(((const struct expr_label *)a)->value, ((const struct expr_label *)b)->value);
}

static const struct expr_label *find_label(const struct expr *expr, struct value value)
{
    uint32_t low = 0, high = expr->n_labels;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = order_of(expr->labels[middle].value, value);
        if (order == 0)
            return &expr->labels[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static struct value argument(const struct expr *expr, uint32_t i, const struct eval *eval)
{
    return expr_evaluate(expr->args[i], eval);
}

static struct value equal(const struct expr *expr, const struct eval *eval)
{
    struct value a = argument(expr, 0, eval), b = argument(expr, 1, eval);
    if (a.type == VALUE_ERROR || b.type == VALUE_ERROR)
        return value_error();
    return value_bool((order_of(a, b) == 0) == (expr->op == OP_EQ));
}

static struct value compare(const struct expr *expr, const struct eval *eval)
{
    struct value a = argument(expr, 0, eval), b = argument(expr, 1, eval);
    if (a.type != b.type || (a.type != VALUE_NUMBER && a.type != VALUE_STRING))
        return value_error();
    int order = order_of(a, b);
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
    if (input.type == VALUE_ERROR)
        return input;
    const struct expr_label *label = find_label(expr, input);
    return argument(expr, label ? label->output : expr->n_args - 1, eval);
}

static struct value choose(const struct expr *expr, const struct eval *eval)
{
    for (uint32_t i = 0; i + 1 < expr->n_args; i += 2) {
        struct value condition = argument(expr, i, eval);
        if (condition.type == VALUE_ERROR)
            return condition;
        if (condition.as.boolean)
            return argument(expr, i + 1, eval);
    }
    return argument(expr, expr->n_args - 1, eval);
}

/* How many of n rising stops are at most x. */
static uint32_t stops_passed(const double *stops, uint32_t n, double x)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (stops[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct value step(const struct expr *expr, const struct eval *eval)
{
    struct value input = argument(expr, 0, eval);
    if (input.type != VALUE_NUMBER)
        return value_error();
    return argument(expr, 1 + stops_passed(expr->stops, expr->n_args - 2, input.as.number), eval);
}

static struct value mix(struct value a, struct value b, double t)
{
    if (a.type == VALUE_NUMBER && b.type == VALUE_NUMBER)
        return value_number(a.as.number + (b.as.number - a.as.number) * t);
    if (a.type == VALUE_COLOUR && b.type == VALUE_COLOUR)
        return value_colour(colour_mix(a.as.colour, b.as.colour, t));
    return value_error();
}

static struct value interpolate(const struct expr *expr, const struct eval *eval)
{
    uint32_t n = expr->n_args - 1;
    if (n == 1) /* whatever the input is */
        return argument(expr, 1, eval);
    struct value input = argument(expr, 0, eval);
    if (input.type != VALUE_NUMBER)
        return value_error();
    double x = input.as.number;
    uint32_t i = stops_passed(expr->stops, n, x);
    if (x <= expr->stops[0] || i == n) /* the other end is not looked at */
        return argument(expr, i == n ? n : 1, eval);
    double low = expr->stops[i - 1], high = expr->stops[i];
    double t = expr->base == 1 ? (x - low) / (high - low)
                               : (pow(expr->base, x - low) - 1) / (pow(expr->base, high - low) - 1);
    return mix(argument(expr, i, eval), argument(expr, i + 1, eval), t);
}

/* ---- texts ---- */

const char *value_text(struct value value, struct arena *arena)
{
    char digits[4][NUMBER_TEXT_BYTES];
    switch (value.type) {
    case VALUE_BOOL:
        return value.as.boolean ? "true" : "false";
    case VALUE_STRING:
        return value.as.string;
    case VALUE_NUMBER:
        number_text(value.as.number, digits[0]);
        return arena_strdup(arena, digits[0]);
    case VALUE_COLOUR:
        number_text(floor(value.as.colour.r + 0.5), digits[0]);
        number_text(floor(value.as.colour.g + 0.5), digits[1]);
        number_text(floor(value.as.colour.b + 0.5), digits[2]);
        number_text(value.as.colour.a, digits[3]);
        return arena_printf(arena, "rgba(%s,%s,%s,%s)", digits[0], digits[1], digits[2], digits[3]);
    case VALUE_NULL:
    case VALUE_ERROR:
    case VALUE_ANY:
    case VALUE_TEXT:
        break;
    }
    return "";
}

static struct value made_text(struct value value, struct arena *arena)
{
    const char *text = value_text(value, arena);
    return text ? value_string(text) : value_error();
}

static struct value concat(const struct expr *expr, const struct eval *eval)
{
    const char **parts = arena_new(eval->arena, const char *, expr->n_args);
    size_t n_bytes = 0;
    if (!parts)
        return value_error();
    for (uint32_t i = 0; i < expr->n_args; i++) {
        struct value part = argument(expr, i, eval);
        parts[i] = part.type == VALUE_ERROR ? NULL : value_text(part, eval->arena);
        if (!parts[i])
            return value_error();
        n_bytes += strlen(parts[i]);
        if (n_bytes > MOST_TEXT_BYTES)
            return value_error();
    }
    char *all = arena_new(eval->arena, char, n_bytes + 1);
    if (!all)
        return value_error();
    char *at = all;
    for (uint32_t i = 0; i < expr->n_args; i++)
        at = stpcpy(at, parts[i]);
    *at = '\0';
    return value_string(all);
}

static struct value number_format(const struct expr *expr, const struct eval *eval)
{
    char text[NUMBER_FORMAT_BYTES];
    struct value number = argument(expr, 0, eval);
    if (number.type != VALUE_NUMBER)
        return value_error();
    number_formatted(number.as.number, &expr->format, text);
    const char *copy = arena_strdup(eval->arena, text);
    return copy ? value_string(copy) : value_error();
}

/* ---- the rest ---- */

static struct value rgba(const struct expr *expr, const struct eval *eval)
{
    double parts[4] = {0, 0, 0, 1};
    for (uint32_t i = 0; i < expr->n_args; i++) {
        struct value part = argument(expr, i, eval);
        if (part.type != VALUE_NUMBER || !(part.as.number >= 0) ||
            !(part.as.number <= (i < 3 ? 255 : 1)))
            return value_error();
        parts[i] = part.as.number;
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
    for (uint32_t i = 0; i < expr->n_args; i++) {
        struct value value = argument(expr, i, eval);
        if (value.type == VALUE_ERROR)
            return value;
        if (value.as.boolean != all)
            return value_bool(!all);
    }
    return value_bool(all);
}

static struct value not(const struct expr *expr, const struct eval *eval)
{
    struct value value = argument(expr, 0, eval);
    return value.type == VALUE_ERROR ? value : value_bool(!value.as.boolean);
}

/* Whether a text holds a value written as JavaScript writes it; an empty text, 0, false and null
 * hold nothing. */
static struct value is_in_text(struct value needle, struct value text, struct arena *arena)
{
    if (text.type == VALUE_NULL || (text.type == VALUE_BOOL && !text.as.boolean) ||
        (text.type == VALUE_NUMBER && text.as.number == 0))
        return value_bool(false);
    if (text.type != VALUE_STRING || needle.type == VALUE_COLOUR)
        return value_error();
    const char *words = needle.type == VALUE_NULL ? "null" : value_text(needle, arena);
    if (!words)
        return value_error();
    return value_bool(*text.as.string && strstr(text.as.string, words));
}

static struct value is_in(const struct expr *expr, const struct eval *eval)
{
    struct value needle = argument(expr, 0, eval);
    if (needle.type == VALUE_ERROR)
        return needle;
    if (expr->n_args == 1)
        return needle.type == VALUE_COLOUR ? value_error() : value_bool(find_label(expr, needle));
    struct value text = argument(expr, 1, eval);
    return text.type == VALUE_ERROR ? text : is_in_text(needle, text, eval->arena);
}

static struct value coalesce(const struct expr *expr, const struct eval *eval)
{
    struct value value = value_null();
    for (uint32_t i = 0; value.type == VALUE_NULL && i < expr->n_args; i++)
        value = argument(expr, i, eval);
    return value;
}

static struct value evaluate(const struct expr *expr, const struct eval *eval)
{
    switch (expr->op) {
    case OP_LITERAL:
        return expr->value;
    case OP_GET:
        return get(expr, eval);
    case OP_HAS:
        return value_bool(get(expr, eval).type != VALUE_NULL);
    case OP_EQ:
    case OP_NE:
        return equal(expr, eval);
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
        return not(expr, eval);
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
    case OP_TO_STRING: {
        struct value value = argument(expr, 0, eval);
        return value.type == VALUE_ERROR ? value : made_text(value, eval->arena);
    }
    case OP_NUMBER_FORMAT:
        return number_format(expr, eval);
    case OP_ZOOM:
        return value_number(eval->zoom);
    case OP_RGB:
    case OP_RGBA:
        return rgba(expr, eval);
    case OP_COUNT:
        break;
    }
    return value_error();
}

struct value expr_evaluate(const struct expr *expr, const struct eval *eval)
{
    struct value value = evaluate(expr, eval);
    struct colour colour;
    if (expr->check == VALUE_ANY || value.type == VALUE_ERROR)
        return value;
    if (expr->check == VALUE_TEXT)
        return made_text(value, eval->arena);
    if (expr->check == VALUE_COLOUR && value.type == VALUE_STRING)
        return colour_parse(value.as.string, &colour) ? value_colour(colour) : value_error();
    return value.type == expr->check ? value : value_error();
}
