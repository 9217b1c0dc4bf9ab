#include "styles/expression_tree.h"

#include <math.h>
#include <string.h>

enum {
    /* Deeper nesting than anybody writes by hand, and little enough stack. */
    MOST_DEPTH = 32,
    /* Arguments of one operator: a match over all township codes of a province fits. */
    MOST_ARGUMENTS = 10000,
    /* Nodes that one evaluation may look at: a style is evaluated for each of some 100,000
     * features, and a thousand of them are 20 us. Labels of match and in do not count. */
    MOST_COST = 1000,
};

static const struct {
    const char *name;
    uint32_t least, most;
} ops[OP_COUNT] = {
#define EXPR_OP_ROW(op, op_name, op_least, op_most) [op] = {op_name, op_least, op_most},
    EXPR_OPS(EXPR_OP_ROW)
#undef EXPR_OP_ROW
};

const char *expr_type_name(enum value_type type)
{
    switch (type) {
    case VALUE_BOOL:
        return "true or false";
    case VALUE_NUMBER:
        return "a number";
    case VALUE_STRING:
    case VALUE_TEXT:
        return "a text";
    case VALUE_COLOUR:
        return "a colour";
    case VALUE_NULL:
        return "null";
    case VALUE_ANY:
    case VALUE_ERROR:
        break;
    }
    return "any value";
}

/* What is compiled: the type that it shall have, and whether that is left to whoever asks. */
struct wanted {
    enum value_type type;
    bool loose;
};

static enum err_code compile(struct compiler *c, const struct json *json, struct wanted want,
                             struct expr **out);

enum err_code expr_read_value(struct compiler *c, const struct json *json, struct value *out)
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
    enum err_code code = expr_read_value(c, json, &out->value);
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

enum err_code expr_add_args(struct compiler *c, struct expr *out, size_t n)
{
    out->args = arena_new(c->arena, struct expr *, n);
    return out->args ? ERR_OK : err_nomem(c->err);
}

static enum err_code add_arg(struct compiler *c, struct expr *out, const struct json *json,
                             struct wanted want)
{
    struct expr *arg = NULL;
    enum err_code code = compile(c, json, want, &arg);
    if (!arg)
        return code;
    out->args[out->n_args++] = arg;
    out->depends |= arg->depends;
    return ERR_OK;
}

enum err_code expr_add_arg(struct compiler *c, struct expr *out, const struct json *json,
                           enum value_type want)
{
    return add_arg(c, out, json, (struct wanted){want, false});
}

enum err_code expr_add_output(struct compiler *c, struct expr *out, const struct json *json,
                              enum value_type *want)
{
    bool first = out->n_args == 1; /* after the input, or the first condition */
    enum err_code code = expr_add_arg(c, out, json, *want);
    if (code == ERR_OK && first && *want == VALUE_ANY)
        *want = out->args[1]->type;
    return code;
}

/* Checks nothing of its arguments at evaluation, since null makes it try the next one; what it
 * gives is checked instead. */
static enum err_code compile_coalesce(struct compiler *c, const struct json *json,
                                      enum value_type want, struct expr *out)
{
    enum err_code code = expr_add_args(c, out, jr_count(json));
    bool as_wanted = true, any = want == VALUE_ANY;
    for (size_t i = 1; code == ERR_OK && i < jr_count(json); i++) {
        code = add_arg(c, out, jr_item(json, i), (struct wanted){want, true});
        if (code == ERR_OK && i == 1 && any) /* the others are then taken to be of that type */
            want = out->args[0]->type;
        as_wanted = as_wanted && code == ERR_OK && (any || out->args[i - 1]->type == want);
    }
    out->type = as_wanted ? want : VALUE_ANY;
    return code;
}

static enum err_code compile_plain(struct compiler *c, const struct json *json,
                                   enum value_type want, struct expr *out)
{
    enum err_code code = expr_add_args(c, out, jr_count(json));
    for (size_t i = 1; code == ERR_OK && i < jr_count(json); i++)
        code = expr_add_arg(c, out, jr_item(json, i), want);
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
    bool order = out->op != OP_EQ && out->op != OP_NE;
    enum err_code code = compile_plain(c, json, VALUE_ANY, out);
    if (code != ERR_OK)
        return code;
    struct expr *a = out->args[0], *b = out->args[1];
    if (a->op == OP_LITERAL && b->op == OP_LITERAL)
        return err_set(c->err, ERR_INPUT,
                       "compares two constants; a property is written [\"get\", \"name\"]");
    for (int i = 0; i < 2; i++) {
        enum value_type type = out->args[i]->type;
        if (type == VALUE_COLOUR || (order && (type == VALUE_BOOL || type == VALUE_NULL)))
            return err_set(c->err, ERR_INPUT, "cannot compare %s", expr_type_name(type));
    }
    if (a->type != b->type && a->type != VALUE_ANY && b->type != VALUE_ANY)
        return err_set(c->err, ERR_INPUT, "compares %s with %s", expr_type_name(a->type),
                       expr_type_name(b->type));
    if (order && a->type == VALUE_ANY)
        a->check = b->type;
    else if (order && b->type == VALUE_ANY)
        b->check = a->type;
    return ERR_OK;
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
        out->type = VALUE_ANY;
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
        return expr_compile_in(c, json, out);
    case OP_ALL:
    case OP_ANY:
    case OP_NOT:
        return compile_plain(c, json, VALUE_BOOL, out);
    case OP_CASE:
        return expr_compile_case(c, json, want, out);
    case OP_MATCH:
        return expr_compile_match(c, json, want, out);
    case OP_STEP:
        return expr_compile_step(c, json, want, out);
    case OP_INTERPOLATE:
        return expr_compile_interpolate(c, json, want, out);
    case OP_COALESCE:
        return compile_coalesce(c, json, want, out);
    case OP_CONCAT:
    case OP_TO_STRING:
        out->type = VALUE_STRING;
        return compile_plain(c, json, VALUE_ANY, out);
    case OP_NUMBER_FORMAT:
        out->type = VALUE_STRING;
        return expr_compile_number_format(c, json, out);
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

/* What is known of its type now, and what is left to the evaluation. */
static enum err_code check_type(struct compiler *c, struct wanted want, struct expr *expr)
{
    bool is_made = want.type == VALUE_COLOUR || want.type == VALUE_TEXT;
    expr->check = VALUE_ANY;
    if (want.type == VALUE_ANY || expr->type == want.type)
        return ERR_OK;
    bool is_known = expr->type != VALUE_ANY || want.type == VALUE_NULL;
    if (is_known && !(is_made && expr->type == VALUE_STRING))
        return err_set(c->err, ERR_INPUT, "gives %s where %s belongs", expr_type_name(expr->type),
                       expr_type_name(want.type));
    if (!want.loose)
        expr->type = expr->check = want.type;
    return ERR_OK;
}

static uint32_t cost_of(const struct expr *expr)
{
    bool choice = expr->op == OP_MATCH || expr->op == OP_STEP || expr->op == OP_INTERPOLATE;
    uint32_t sum = 1, most = 0;
    for (uint32_t i = 0; i < expr->n_args; i++) {
        uint32_t cost = expr->args[i]->cost;
        if (choice && i > 0)
            most = cost > most ? cost : most;
        else
            sum += cost;
    }
    sum += expr->op == OP_INTERPOLATE ? 2 * most : most;
    return sum < MOST_COST ? sum : MOST_COST + 1;
}

/* What depends on nothing is worked out now. */
static enum err_code fold(struct compiler *c, struct expr *expr)
{
    const struct eval eval = {.arena = c->arena};
    if (expr->depends || (expr->op == OP_LITERAL && expr->check == VALUE_ANY))
        return ERR_OK;
    struct value value = expr_evaluate(expr, &eval);
    if (value.type == VALUE_ERROR)
        return err_set(c->err, ERR_INPUT, "these constants have no result");
    *expr = (struct expr){
        .op = OP_LITERAL, .type = expr->type, .check = VALUE_ANY, .cost = 1, .value = value};
    return ERR_OK;
}

static enum err_code compile(struct compiler *c, const struct json *json, struct wanted want,
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
        code = compile_constant(c, json, want.type, expr);
    } else {
        code = find_op(c, json, &expr->op);
        if (code == ERR_OK) {
            enum expr_op op = expr->op;
            code = compile_arguments(c, json, want.type, expr);
            if (code != ERR_OK && code != ERR_MEMORY)
                code = err_wrap(c->err, "in \"%s\"", ops[op].name);
        }
    }
    c->depth--;
    TRY(code);
    expr->cost = cost_of(expr);
    if (expr->cost > MOST_COST)
        return err_set(c->err, ERR_LIMIT, "takes more than %d steps for a feature", MOST_COST);
    TRY(check_type(c, want, expr));
    TRY(fold(c, expr));
    *out = expr;
done:
    return code;
}

enum err_code expr_compile(const struct json *json, enum value_type want, struct arena *arena,
                           struct expr **out, struct err *err)
{
    struct compiler compiler = {.arena = arena, .err = err};
    return compile(&compiler, json, (struct wanted){want, false}, out);
}

unsigned expr_depends(const struct expr *expr)
{
    return expr->depends;
}

enum expr_zoom expr_zoom(const struct expr *expr)
{
    if (!(expr->depends & EXPR_ZOOM))
        return EXPR_ZOOM_NOWHERE;
    const struct expr *found = NULL;
    unsigned n = 0;
    for (uint32_t i = 0; i < expr->n_args; i++) {
        if (!(expr->args[i]->depends & EXPR_ZOOM))
            continue;
        found = expr->args[i];
        n++;
    }
    if (n != 1)
        return EXPR_ZOOM_ELSEWHERE;
    if (expr->op == OP_COALESCE)
        return expr_zoom(found);
    if (found != expr->args[0] || found->op != OP_ZOOM)
        return EXPR_ZOOM_ELSEWHERE;
    return expr->op == OP_STEP          ? EXPR_ZOOM_STEPS
           : expr->op == OP_INTERPOLATE ? EXPR_ZOOM_CURVE
                                        : EXPR_ZOOM_ELSEWHERE;
}

bool expr_asks(const struct expr *expr, const char *property)
{
    if ((expr->op == OP_GET || expr->op == OP_HAS) && expr->value.type == VALUE_STRING &&
        strcmp(expr->value.as.string, property) == 0)
        return true;
    for (uint32_t i = 0; i < expr->n_args; i++)
        if (expr_asks(expr->args[i], property))
            return true;
    return false;
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

static void note_more(const struct expr *expr, bool *more)
{
    switch ((int)expr->op) {
    case OP_LITERAL:
        break;
    case OP_CASE:
        for (uint32_t i = 1; i < expr->n_args; i += i + 2 < expr->n_args ? 2 : 1)
            note_more(expr->args[i], more);
        break;
    case OP_MATCH:
    case OP_STEP:
    case OP_INTERPOLATE:
        for (uint32_t i = 1; i < expr->n_args; i++)
            note_more(expr->args[i], more);
        break;
    case OP_COALESCE:
        for (uint32_t i = 0; i < expr->n_args; i++)
            note_more(expr->args[i], more);
        break;
    default:
        *more = true;
        break;
    }
}

bool expr_gives_more(const struct expr *expr)
{
    bool more = false;
    note_more(expr, &more);
    return more;
}
