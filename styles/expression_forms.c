/* expression_forms.c - compiles the operators whose arguments are more than a list of values. */
#include "styles/expression_tree.h"

#include "data/base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- match and in ---- */

static enum err_code alloc_labels(struct compiler *c, struct expr *out, size_t n)
{
    out->labels = arena_new(c->arena, struct expr_label, n);
    return out->labels ? ERR_OK : err_nomem(c->err);
}

static enum err_code add_label(struct compiler *c, struct expr *out, const struct json *json,
                               uint32_t leads_to)
{
    struct value label;
    enum err_code code = expr_read_value(c, json, &label);
    if (code != ERR_OK)
        return code;
    out->labels[out->n_labels++] = (struct expr_label){label, leads_to};
    return ERR_OK;
}

/* Sorts the labels, so that they are found by halves. */
static void sort_labels(struct expr *out)
{
    qsort(out->labels, out->n_labels, sizeof *out->labels, expr_label_order);
}

/* A label of match: texts, or whole numbers, all of one kind and each once. */
static enum err_code check_labels(struct compiler *c, struct expr *out)
{
    for (uint32_t i = 0; i < out->n_labels; i++) {
        const struct value *label = &out->labels[i].value;
        if (label->type != VALUE_STRING && label->type != VALUE_NUMBER)
            return err_set(c->err, ERR_INPUT, "a label must be a text or a number");
        if (label->type != out->labels[0].value.type)
            return err_set(c->err, ERR_INPUT, "its labels must be all texts or all numbers");
        /* 2^53 - 1: beyond, a double does not hold every whole number. */
        if (label->type == VALUE_NUMBER && (floor(label->as.number) != label->as.number ||
                                            fabs(label->as.number) > 9007199254740991.0))
            return err_set(c->err, ERR_INPUT, "the label %g is no whole number", label->as.number);
    }
    sort_labels(out);
    for (uint32_t i = 1; i < out->n_labels; i++)
        if (expr_label_order(&out->labels[i - 1], &out->labels[i]) == 0)
            return out->labels[i].value.type == VALUE_STRING
                       ? err_set(c->err, ERR_INPUT, "the label \"%s\" stands twice",
                                 out->labels[i].value.as.string)
                       : err_set(c->err, ERR_INPUT, "the label %g stands twice",
                                 out->labels[i].value.as.number);
    return ERR_OK;
}

static enum err_code add_labels(struct compiler *c, struct expr *out, const struct json *json)
{
    enum err_code code = ERR_OK;
    bool list = jr_type_of(json) == JR_ARRAY;
    size_t n = list ? jr_count(json) : 1;
    if (n == 0)
        return err_set(c->err, ERR_INPUT, "a list of labels is empty");
    for (size_t i = 0; code == ERR_OK && i < n; i++)
        code = add_label(c, out, list ? jr_item(json, i) : json, out->n_args);
    return code;
}

/* ["match", input, label or [labels], output, ..., fallback] */
enum err_code expr_compile_match(struct compiler *c, const struct json *json, enum value_type want,
                                 struct expr *out)
{
    enum err_code code = ERR_OK;
    size_t n = jr_count(json), n_labels = 0;
    if (n % 2 == 0)
        return err_set(c->err, ERR_INPUT, "has no fallback: its last argument must be one");
    for (size_t i = 2; i + 1 < n; i += 2) {
        const struct json *label = jr_item(json, i);
        n_labels += jr_type_of(label) == JR_ARRAY ? jr_count(label) : 1;
    }
    TRY(expr_add_args(c, out, n / 2 + 1));
    TRY(alloc_labels(c, out, n_labels));
    TRY(expr_add_arg(c, out, jr_item(json, 1), VALUE_ANY));
    for (size_t i = 2; i + 1 < n; i += 2) {
        TRY(add_labels(c, out, jr_item(json, i)));
        TRY(expr_add_output(c, out, jr_item(json, i + 1), &want));
    }
    TRY(expr_add_output(c, out, jr_item(json, n - 1), &want));
    TRY(check_labels(c, out));
    enum value_type input = out->args[0]->type;
    if (input != VALUE_ANY && input != out->labels[0].value.type)
        code = err_set(c->err, ERR_INPUT, "looks for %s in %s",
                       expr_type_name(out->labels[0].value.type), expr_type_name(input));
    out->type = want;
done:
    return code;
}

/* ["in", needle, ["literal", [...]]], or a text as the second. */
enum err_code expr_compile_in(struct compiler *c, const struct json *json, struct expr *out)
{
    enum err_code code = ERR_OK;
    const struct json *list = jr_item(json, 2);
    const struct json *items = jr_item(list, 1);
    bool is_list =
        text_equal(jr_text(jr_item(list, 0)), "literal") && jr_type_of(items) == JR_ARRAY;
    TRY(expr_add_args(c, out, 2));
    TRY(expr_add_arg(c, out, jr_item(json, 1), VALUE_ANY));
    if (out->args[0]->type == VALUE_COLOUR)
        return err_set(c->err, ERR_INPUT, "cannot look for a colour");
    if (!is_list)
        return expr_add_arg(c, out, list, VALUE_ANY);
    TRY(alloc_labels(c, out, jr_count(items)));
    for (size_t i = 0; i < jr_count(items); i++)
        TRY(add_label(c, out, jr_item(items, i), 0));
    sort_labels(out);
done:
    return code;
}

/* ---- step and interpolate ---- */

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
enum err_code expr_compile_step(struct compiler *c, const struct json *json, enum value_type want,
                                struct expr *out)
{
    enum err_code code = ERR_OK;
    size_t n = jr_count(json);
    if (n % 2 == 0)
        return err_set(c->err, ERR_INPUT, "the last stop has no output");
    TRY(expr_add_args(c, out, n / 2 + 1));
    out->stops = arena_new(c->arena, double, n / 2);
    if (!out->stops)
        return err_nomem(c->err);
    TRY(expr_add_arg(c, out, jr_item(json, 1), VALUE_NUMBER));
    TRY(expr_add_output(c, out, jr_item(json, 2), &want));
    for (size_t i = 3; i + 1 < n; i += 2) {
        TRY(add_stop(c, out, out->n_args - 2, jr_item(json, i)));
        TRY(expr_add_output(c, out, jr_item(json, i + 1), &want));
    }
    out->type = want;
done:
    return code;
}

static enum err_code curve_base(struct compiler *c, const struct json *json, double *base)
{
    const char *kind = jr_text(jr_item(json, 0));
    *base = 1;
    if (text_equal(kind, "linear") && jr_count(json) == 1)
        return ERR_OK;
    if (text_equal(kind, "exponential") && jr_count(json) == 2) {
        *base = jr_number(jr_item(json, 1), NAN);
        if (*base > 0 && *base <= 1000)
            return ERR_OK;
    }
    return err_set(c->err, ERR_INPUT,
                   "the curve must be [\"linear\"] or [\"exponential\", base] with a base "
                   "above 0");
}

/* ["interpolate", curve, input, stop, output, ...] */
enum err_code expr_compile_interpolate(struct compiler *c, const struct json *json,
                                       enum value_type want, struct expr *out)
{
    enum err_code code = ERR_OK;
    size_t n = jr_count(json);
    if (n % 2 == 0)
        return err_set(c->err, ERR_INPUT, "the last stop has no output");
    TRY(curve_base(c, jr_item(json, 1), &out->base));
    TRY(expr_add_args(c, out, n / 2 + 1));
    out->stops = arena_new(c->arena, double, n / 2);
    if (!out->stops)
        return err_nomem(c->err);
    TRY(expr_add_arg(c, out, jr_item(json, 2), VALUE_NUMBER));
    for (size_t i = 3; i + 1 < n; i += 2) {
        TRY(add_stop(c, out, out->n_args - 1, jr_item(json, i)));
        TRY(expr_add_output(c, out, jr_item(json, i + 1), &want));
    }
    if (want != VALUE_NUMBER && want != VALUE_COLOUR)
        code = err_set(c->err, ERR_INPUT, "only numbers and colours lie between two others");
    out->type = want;
done:
    return code;
}

/* ---- case ---- */

/* ["case", condition, output, ..., fallback] */
enum err_code expr_compile_case(struct compiler *c, const struct json *json, enum value_type want,
                                struct expr *out)
{
    enum err_code code = ERR_OK;
    size_t n = jr_count(json);
    if (n % 2 != 0)
        return err_set(c->err, ERR_INPUT, "has no fallback: its last argument must be one");
    TRY(expr_add_args(c, out, n));
    for (size_t i = 1; i + 1 < n; i += 2) {
        TRY(expr_add_arg(c, out, jr_item(json, i), VALUE_BOOL));
        TRY(expr_add_output(c, out, jr_item(json, i + 1), &want));
    }
    TRY(expr_add_output(c, out, jr_item(json, n - 1), &want));
    out->type = want;
done:
    return code;
}

/* ---- number-format ---- */

struct format_walk {
    struct compiler *c;
    struct expr *out;
    bool has_least, has_most;
    enum err_code code;
};

/* A bare 0 means nothing to MapLibre, which looks whether an option is there by its truth. */
static enum err_code read_digits(struct compiler *c, const struct json *json, bool zero, int *out)
{
    bool literal = text_equal(jr_text(jr_item(json, 0)), "literal");
    int64_t digits = jr_integer(literal ? jr_item(json, 1) : json, -1);
    if (digits == 0 && !literal && !zero)
        return err_set(c->err, ERR_INPUT, "must be written [\"literal\", 0]; MapLibre overlooks 0");
    if (digits < 0 || digits > NUMBER_FORMAT_MOST_DIGITS)
        return err_set(c->err, ERR_INPUT, "must be a whole number from 0 to %d",
                       NUMBER_FORMAT_MOST_DIGITS);
    *out = (int)digits;
    return ERR_OK;
}

/* "zh", "zh-CN", "en-GB", "zh-Hans-CN-u-nu-hanidec": Chinese and English group digits alike. */
static enum err_code read_locale(struct compiler *c, const char *locale, bool *chinese_digits)
{
    static const char suffix[] = "-u-nu-hanidec";
    size_t n = locale ? strlen(locale) : 0;
    bool hanidec = n > strlen(suffix) && strcmp(locale + n - strlen(suffix), suffix) == 0;
    size_t rest = hanidec ? n - strlen(suffix) : n;
    bool known = rest >= 2 && (strncmp(locale, "zh", 2) == 0 || strncmp(locale, "en", 2) == 0) &&
                 (rest == 2 || locale[2] == '-');
    for (size_t i = 2; known && i < rest; i++) /* region and script, no other extension */
        known = locale[i] == '-' ? i + 2 < rest && locale[i + 2] != '-'
                                 : (locale[i] | 32) >= 'a' && (locale[i] | 32) <= 'z';
    if (!known)
        return err_set(c->err, ERR_INPUT,
                       "must be \"zh\" or \"en\", with region or script, and \"-u-nu-hanidec\" "
                       "for Chinese digits");
    *chinese_digits = hanidec;
    return ERR_OK;
}

static bool read_option(void *context, const char *key, const struct json *json)
{
    struct format_walk *walk = context;
    struct number_format *format = &walk->out->format;
    if (strcmp(key, "min-fraction-digits") == 0) {
        walk->has_least = true; /* 0 is the default anyway */
        walk->code = read_digits(walk->c, json, true, &format->least_fraction);
    } else if (strcmp(key, "max-fraction-digits") == 0) {
        walk->has_most = true;
        walk->code = read_digits(walk->c, json, false, &format->most_fraction);
    } else if (strcmp(key, "locale") == 0) {
        walk->code = read_locale(walk->c, jr_text(json), &format->chinese_digits);
    } else {
        walk->code = err_set(walk->c->err, ERR_INPUT, "is not an option that is supported");
    }
    if (walk->code != ERR_OK)
        walk->code = err_wrap(walk->c->err, "%s", key);
    return walk->code == ERR_OK;
}

/* ["number-format", number, {"locale": "zh-CN", "max-fraction-digits": 1}]; options are
 * constants. */
enum err_code expr_compile_number_format(struct compiler *c, const struct json *json,
                                         struct expr *out)
{
    enum err_code code = ERR_OK;
    struct format_walk walk = {.c = c, .out = out};
    const struct json *options = jr_item(json, 2);
    struct number_format *format = &out->format;
    TRY(expr_add_args(c, out, 1));
    TRY(expr_add_arg(c, out, jr_item(json, 1), VALUE_NUMBER));
    if (jr_type_of(options) != JR_OBJECT)
        return err_set(c->err, ERR_INPUT, "its options must be an object");
    *format = (struct number_format){.most_fraction = 3};
    jr_each(options, &walk, read_option);
    TRY(walk.code);
    if (walk.has_least && !walk.has_most && format->least_fraction > format->most_fraction)
        format->most_fraction = format->least_fraction;
    if (format->least_fraction > format->most_fraction)
        code = err_set(c->err, ERR_INPUT, "min-fraction-digits is above max-fraction-digits");
done:
    return code;
}
