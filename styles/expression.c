#include "styles/expression_tree.h"

#include "data/base/text.h"

#include <math.h>
#include <string.h>

enum {
    /* Deeper nesting than anybody writes by hand, and little enough stack. */
    MOST_DEPTH = 32,
    /* Arguments of one operator: a match over all township codes of a province fits. */
    MOST_ARGUMENTS = 10000,
};

static const struct {
    const char *name;
    uint32_t least, most;
} ops[OP_COUNT] = {
#define EXPR_OP_ROW(op, op_name, op_least, op_most) [op] = {op_name, op_least, op_most},
    EXPR_OPS(EXPR_OP_ROW)
#undef EXPR_OP_ROW
};

struct compiler {
    struct arena *arena;
    struct err *err;
    unsigned depth;
};

static const char *type_name(enum value_type type)
{
    switch (type) {
    case VALUE_BOOL:
        return "true or false";
    case VALUE_NUMBER:
        return "a number";
    case VALUE_STRING:
        return "a text";
    case VALUE_COLOUR:
        return "a colour";
    case VALUE_NULL:
        break;
    }
    return "any value";
}

static enum err_code compile(struct compiler *c, const struct json *json, enum value_type want,
                             struct expr **out);

static enum err_code literal_value(struct compiler *c, const struct json *json, struct value *out)
{
    *out = value_null();
    switch (jr_type_of(json)) {
    case JR_BOOL:
        *out = value_bool(jr_bool(json, false));
        return ERR_OK;
    case JR_INTEGER:
    case JR_REAL:
        *out = value_number(jr_number(json, NAN));
        return ERR_OK;
    case JR_STRING: {
        char *copy = arena_strdup(c->arena, jr_text(json));
        *out = value_string(copy);
        return copy ? ERR_OK : err_nomem(c->err);
    }
    case JR_NULL:
        return ERR_OK;
    case JR_ARRAY:
    case JR_OBJECT:
        break;
    }
    return err_set(c->err, ERR_INPUT, "a list or object stands where one value belongs");
}

/* A constant as the type that is wanted. */
static enum err_code compile_constant(struct compiler *c, const struct json *json,
                                      enum value_type want, struct expr *out)
{
    enum err_code code = literal_value(c, json, &out->value);
    if (code != ERR_OK)
        return code;
    if (want == VALUE_COLOUR && out->value.type == VALUE_STRING) {
        const char *text = out->value.as.string;
        struct colour colour;
        if (!colour_parse(text, &colour))
            return err_set(c->err, ERR_INPUT, "\"%s\" is not a colour (such as \"#ff0000\")", text);
        out->value = value_colour(colour);
    }
    out->op = OP_LITERAL;
    out->type = out->value.type;
    return ERR_OK;
}

static enum err_code alloc_args(struct compiler *c, struct expr *out, size_t n)
{
    out->args = arena_new(c->arena, struct expr *, n);
    return out->args ? ERR_OK : err_nomem(c->err);
}

static enum err_code add_arg(struct compiler *c, struct expr *out, const struct json *json,
                             enum value_type want)
{
    struct expr *arg = NULL;
    enum err_code code = compile(c, json, want, &arg);
    if (!arg)
        return code;
    out->args[out->n_args++] = arg;
    out->depends |= arg->depends;
    return ERR_OK;
}

static enum err_code add_label(struct compiler *c, struct expr *out, const struct json *json,
                               uint32_t leads_to)
{
    struct value label;
    enum err_code code = literal_value(c, json, &label);
    if (code != ERR_OK)
        return code;
    if (label.type != VALUE_STRING && label.type != VALUE_NUMBER)
        return err_set(c->err, ERR_INPUT, "a label must be a text or a number");
    out->labels[out->n_labels] = label;
    out->label_outputs[out->n_labels++] = leads_to;
    return ERR_OK;
}

static enum err_code alloc_labels(struct compiler *c, struct expr *out, size_t n)
{
    out->labels = arena_new(c->arena, struct value, n);
    out->label_outputs = arena_new(c->arena, uint32_t, n);
    return out->labels && out->label_outputs ? ERR_OK : err_nomem(c->err);
}

/* ["match", input, label or [labels], output, ..., fallback] */
static enum err_code compile_match(struct compiler *c, const struct json *json,
                                   enum value_type want, struct expr *out)
{
    enum err_code code = ERR_OK;
    size_t n = jr_count(json), n_labels = 0;
    if (n % 2 == 0)
        return err_set(c->err, ERR_INPUT, "has no fallback: its last argument must be one");
    for (size_t i = 2; i + 1 < n; i += 2) {
        bool list = jr_type_of(jr_item(json, i)) == JR_ARRAY;
        n_labels += list ? jr_count(jr_item(json, i)) : 1;
    }
    TRY(alloc_args(c, out, n / 2 + 1));
    TRY(alloc_labels(c, out, n_labels));
    TRY(add_arg(c, out, jr_item(json, 1), VALUE_NULL));
    for (size_t i = 2; i + 1 < n; i += 2) {
        const struct json *label = jr_item(json, i);
        uint32_t leads_to = out->n_args;
        if (jr_type_of(label) != JR_ARRAY)
            TRY(add_label(c, out, label, leads_to));
        for (size_t k = 0; jr_type_of(label) == JR_ARRAY && k < jr_count(label); k++)
            TRY(add_label(c, out, jr_item(label, k), leads_to));
        TRY(add_arg(c, out, jr_item(json, i + 1), want));
    }
    TRY(add_arg(c, out, jr_item(json, n - 1), want));
done:
    return code;
}

static enum err_code add_stop(struct compiler *c, struct expr *out, uint32_t index,
                              const struct json *json)
{
    double stop = jr_number(json, NAN);
    if (isnan(stop))
        return err_set(c->err, ERR_INPUT, "stop %u is not a number", index + 1);
    if (index > 0 && stop <= out->stops[index - 1])
        return err_set(c->err, ERR_INPUT, "stops must rise, but %g follows %g", stop,
                       out->stops[index - 1]);
    out->stops[index] = stop;
    return ERR_OK;
}

/* ["step", input, output, stop, output, ...] */
static enum err_code compile_step(struct compiler *c, const struct json *json, enum value_type want,
                                  struct expr *out)
{
    enum err_code code = ERR_OK;
    size_t n = jr_count(json);
    if (n % 2 == 0)
        return err_set(c->err, ERR_INPUT, "the last stop has no output");
    TRY(alloc_args(c, out, n / 2 + 1));
    out->stops = arena_new(c->arena, double, n / 2);
    if (!out->stops)
        return err_nomem(c->err);
    TRY(add_arg(c, out, jr_item(json, 1), VALUE_NUMBER));
    TRY(add_arg(c, out, jr_item(json, 2), want));
    for (size_t i = 3; i + 1 < n; i += 2) {
        TRY(add_stop(c, out, out->n_args - 2, jr_item(json, i)));
        TRY(add_arg(c, out, jr_item(json, i + 1), want));
    }
done:
    return code;
}

static enum err_code curve_base(struct compiler *c, const struct json *json, double *base)
{
    const char *kind = jr_text(jr_item(json, 0));
    *base = 1;
    if (kind && strcmp(kind, "linear") == 0 && jr_count(json) == 1)
        return ERR_OK;
    if (kind && strcmp(kind, "exponential") == 0 && jr_count(json) == 2) {
        *base = jr_number(jr_item(json, 1), NAN);
        if (*base > 0 && *base <= 1000)
            return ERR_OK;
    }
    return err_set(c->err, ERR_INPUT,
                   "the curve must be [\"linear\"] or [\"exponential\", base] with a base "
                   "above 0");
}

/* ["interpolate", curve, input, stop, output, ...] */
static enum err_code compile_interpolate(struct compiler *c, const struct json *json,
                                         enum value_type want, struct expr *out)
{
    enum err_code code = ERR_OK;
    size_t n = jr_count(json);
    if (n % 2 == 0)
        return err_set(c->err, ERR_INPUT, "the last stop has no output");
    if (want == VALUE_STRING || want == VALUE_BOOL)
        return err_set(c->err, ERR_INPUT, "only numbers and colours lie between two others");
    TRY(curve_base(c, jr_item(json, 1), &out->base));
    TRY(alloc_args(c, out, n / 2 + 1));
    out->stops = arena_new(c->arena, double, n / 2);
    if (!out->stops)
        return err_nomem(c->err);
    TRY(add_arg(c, out, jr_item(json, 2), VALUE_NUMBER));
    for (size_t i = 3; i + 1 < n; i += 2) {
        TRY(add_stop(c, out, out->n_args - 1, jr_item(json, i)));
        TRY(add_arg(c, out, jr_item(json, i + 1), want));
    }
done:
    return code;
}

/* ["in", needle, ["literal", [...]]] */
static enum err_code compile_in(struct compiler *c, const struct json *json, struct expr *out)
{
    enum err_code code = ERR_OK;
    const struct json *list = jr_item(json, 2);
    const char *head = jr_text(jr_item(list, 0));
    const struct json *items = jr_item(list, 1);
    if (!head || strcmp(head, "literal") != 0 || jr_type_of(items) != JR_ARRAY)
        return err_set(c->err, ERR_INPUT, "needs a list such as [\"literal\", [\"a\", \"b\"]]");
    TRY(alloc_args(c, out, 1));
    TRY(alloc_labels(c, out, jr_count(items)));
    TRY(add_arg(c, out, jr_item(json, 1), VALUE_NULL));
    for (size_t i = 0; i < jr_count(items); i++)
        TRY(add_label(c, out, jr_item(items, i), 0));
done:
    return code;
}

/* ["case", condition, output, ..., fallback] */
static enum err_code compile_case(struct compiler *c, const struct json *json, enum value_type want,
                                  struct expr *out)
{
    enum err_code code = ERR_OK;
    size_t n = jr_count(json);
    if (n % 2 != 0)
        return err_set(c->err, ERR_INPUT, "has no fallback: its last argument must be one");
    TRY(alloc_args(c, out, n));
    for (size_t i = 1; i < n; i++)
        TRY(add_arg(c, out, jr_item(json, i), i % 2 == 1 && i + 1 < n ? VALUE_BOOL : want));
done:
    return code;
}

static enum err_code compile_plain(struct compiler *c, const struct json *json,
                                   enum value_type want, struct expr *out)
{
    enum err_code code = alloc_args(c, out, jr_count(json));
    for (size_t i = 1; code == ERR_OK && i < jr_count(json); i++)
        code = add_arg(c, out, jr_item(json, i), want);
    return code;
}

static enum err_code compile_property(struct compiler *c, const struct json *json, struct expr *out)
{
    const char *name = jr_text(jr_item(json, 1));
    if (!name)
        return err_set(c->err, ERR_INPUT, "needs the name of a property");
    char *copy = arena_strdup(c->arena, name);
    out->value = value_string(copy);
    out->depends = EXPR_FEATURE;
    return copy ? ERR_OK : err_nomem(c->err);
}

/* ["==", "level", 2] was how filters were written once; as an expression it compares two
 * constants, which nobody means. */
static enum err_code compile_comparison(struct compiler *c, const struct json *json,
                                        struct expr *out)
{
    enum err_code code = compile_plain(c, json, VALUE_NULL, out);
    if (code == ERR_OK && out->args[0]->op == OP_LITERAL && out->args[1]->op == OP_LITERAL)
        return err_set(c->err, ERR_INPUT,
                       "compares two constants; a property is written [\"get\", \"name\"]");
    return code;
}

/* The arguments of an operator; sets out->type. */
static enum err_code compile_arguments(struct compiler *c, const struct json *json,
                                       enum value_type want, struct expr *out)
{
    out->type = VALUE_BOOL;
    switch (out->op) {
    case OP_LITERAL:
        return compile_constant(c, jr_item(json, 1), want, out);
    case OP_GET:
        out->type = VALUE_NULL;
        return compile_property(c, json, out);
    case OP_HAS:
        return compile_property(c, json, out);
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
        return compile_comparison(c, json, out);
    case OP_IN:
        return compile_in(c, json, out);
    case OP_ALL:
    case OP_ANY:
    case OP_NOT:
        return compile_plain(c, json, VALUE_BOOL, out);
    case OP_CASE:
        out->type = want;
        return compile_case(c, json, want, out);
    case OP_MATCH:
        out->type = want;
        return compile_match(c, json, want, out);
    case OP_STEP:
        out->type = want;
        return compile_step(c, json, want, out);
    case OP_INTERPOLATE:
        out->type = want;
        return compile_interpolate(c, json, want, out);
    case OP_COALESCE:
        out->type = want;
        return compile_plain(c, json, want, out);
    case OP_CONCAT:
    case OP_TO_STRING:
        out->type = VALUE_STRING;
        return compile_plain(c, json, VALUE_NULL, out);
    case OP_ZOOM:
        out->type = VALUE_NUMBER;
        out->depends = EXPR_ZOOM;
        return jr_count(json) == 1 ? ERR_OK : err_set(c->err, ERR_INPUT, "takes no arguments");
    case OP_RGB:
    case OP_RGBA:
        out->type = VALUE_COLOUR;
        return compile_plain(c, json, VALUE_NUMBER, out);
    case OP_COUNT:
        break;
    }
    return ERR_INTERNAL;
}

static enum err_code find_op(struct compiler *c, const struct json *json, enum expr_op *out)
{
    const char *name = jr_text(jr_item(json, 0));
    size_t n = jr_count(json);
    if (!name)
        return err_set(c->err, ERR_INPUT,
                       "an expression is a list that begins with its operator's name");
    for (int op = 0; op < OP_COUNT; op++) {
        if (strcmp(ops[op].name, name) != 0)
            continue;
        *out = (enum expr_op)op;
        if (n - 1 < ops[op].least || (ops[op].most && n - 1 > ops[op].most) || n > MOST_ARGUMENTS)
            return err_set(c->err, ERR_INPUT, "\"%s\" has %zu arguments; it takes %s%u", name,
                           n - 1, ops[op].most == ops[op].least ? "" : "at least ", ops[op].least);
        return ERR_OK;
    }
    return err_set(c->err, ERR_INPUT, "\"%s\" is not an expression that is supported", name);
}

static enum err_code compile(struct compiler *c, const struct json *json, enum value_type want,
                             struct expr **out)
{
    *out = NULL;
    if (c->depth >= MOST_DEPTH)
        return err_set(c->err, ERR_LIMIT, "expressions are nested more than %d deep", MOST_DEPTH);
    struct expr *expr = arena_new(c->arena, struct expr, 1);
    if (!expr)
        return err_nomem(c->err);
    enum err_code code;
    c->depth++;
    if (jr_type_of(json) != JR_ARRAY) {
        code = compile_constant(c, json, want, expr);
    } else {
        code = find_op(c, json, &expr->op);
        if (code == ERR_OK) {
            enum expr_op op = expr->op;
            code = compile_arguments(c, json, want, expr);
            if (code != ERR_OK && code != ERR_MEMORY)
                code = err_wrap(c->err, "in \"%s\"", ops[op].name);
        }
    }
    c->depth--;
    if (code == ERR_OK && want != VALUE_NULL && expr->type != VALUE_NULL && expr->type != want)
        code = err_set(c->err, ERR_INPUT, "gives %s where %s belongs", type_name(expr->type),
                       type_name(want));
    *out = code == ERR_OK ? expr : NULL;
    return code;
}

enum err_code expr_compile(const struct json *json, enum value_type want, struct arena *arena,
                           struct expr **out, struct err *err)
{
    struct compiler compiler = {.arena = arena, .err = err};
    return compile(&compiler, json, want, out);
}

unsigned expr_depends(const struct expr *expr)
{
    return expr->depends;
}

void expr_outputs(const struct expr *expr, void *context,
                  void (*visit)(void *context, struct value value))
{
    switch ((int)expr->op) {
    case OP_LITERAL:
        visit(context, expr->value);
        break;
    case OP_CASE:
        for (uint32_t i = 1; i < expr->n_args; i += i + 2 < expr->n_args ? 2 : 1)
            expr_outputs(expr->args[i], context, visit);
        break;
    case OP_MATCH:
    case OP_STEP:
    case OP_INTERPOLATE:
        for (uint32_t i = 1; i < expr->n_args; i++)
            expr_outputs(expr->args[i], context, visit);
        break;
    case OP_COALESCE:
        for (uint32_t i = 0; i < expr->n_args; i++)
            expr_outputs(expr->args[i], context, visit);
        break;
    default:
        break;
    }
}
