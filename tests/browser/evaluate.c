/*
 * evaluate.c - our expressions and styles for the tests in Node, which ask MapLibre's own the same.
 *
 * A line of standard input is {"want": "number", "zoom": 5, "properties": {...}, "expression": ...}
 * or {"style": {...}}; the line that answers it {"value": ...}, a colour being [r, g, b, a];
 * {"error": true} for an evaluation that failed; {"refused": "why"}; or {"taken": true}.
 */
#include "styles/style.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct value property(const void *feature, const char *name)
{
    const struct json *json = jr_get(feature, name);
    switch (jr_type_of(json)) {
    case JR_BOOL:
        return value_bool(jr_bool(json, false));
    case JR_INTEGER:
    case JR_REAL:
        return value_number(jr_number(json, NAN));
    case JR_STRING:
        return value_string(jr_text(json));
    case JR_NULL:
    case JR_ARRAY:
    case JR_OBJECT:
        break;
    }
    return value_null();
}

static enum value_type type_wanted(const char *name)
{
    static const struct {
        const char *name;
        enum value_type type;
    } types[] = {{"number", VALUE_NUMBER},
                 {"string", VALUE_STRING},
                 {"boolean", VALUE_BOOL},
                 {"color", VALUE_COLOUR},
                 {"formatted", VALUE_TEXT}};
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    return VALUE_ANY;
}

static void write_value(struct jw *jw, struct value value)
{
    jw_object(jw);
    jw_key(jw, value.type == VALUE_ERROR ? "error" : "value");
    if (value.type == VALUE_ERROR)
        jw_bool(jw, true);
    else if (value.type == VALUE_BOOL)
        jw_bool(jw, value.as.boolean);
    else if (value.type == VALUE_NUMBER)
        jw_real(jw, value.as.number);
    else if (value.type == VALUE_STRING)
        jw_string(jw, value.as.string);
    else if (value.type == VALUE_COLOUR) {
        jw_array(jw);
        jw_real(jw, value.as.colour.r);
        jw_real(jw, value.as.colour.g);
        jw_real(jw, value.as.colour.b);
        jw_real(jw, value.as.colour.a);
        jw_end_array(jw);
    } else
        jw_null(jw);
    jw_end_object(jw);
}

static void answer(const struct json *line, struct jw *jw)
{
    struct err err = {0};
    struct arena arena;
    arena_init(&arena, 0);
    const struct json *style_json = jr_get(line, "style");
    enum err_code code;
    if (style_json) {
        struct style *style;
        struct buf text;
        buf_init(&text);
        jr_write_canonical(style_json, &text);
        code = style_parse("style", buf_text(&text), text.n_bytes, &style, &err);
        style_free(style);
        buf_release(&text);
        if (code == ERR_OK) {
            jw_object(jw);
            jw_kv_bool(jw, "taken", true);
            jw_end_object(jw);
        }
    } else {
        struct expr *expr;
        code = expr_compile(jr_get(line, "expression"), type_wanted(jr_text(jr_get(line, "want"))),
                            &arena, &expr, &err);
        struct eval eval = {.zoom = jr_number(jr_get(line, "zoom"), 0),
                            .feature = jr_get(line, "properties"),
                            .get = property,
                            .arena = &arena};
        if (code == ERR_OK)
            write_value(jw, expr_evaluate(expr, &eval));
    }
    if (code != ERR_OK) {
        jw_object(jw);
        jw_kv_string(jw, "refused", err.message);
        jw_end_object(jw);
    }
    arena_release(&arena);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
        struct json *root = NULL;
        struct buf out;
        struct jw jw;
        buf_init(&out);
        jw_init(&jw, &out);
        if (jr_parse(line, (size_t)n, &root, NULL) == ERR_OK)
            answer(root, &jw);
        puts(buf_text(&out));
        jr_free(root);
        buf_release(&out);
    }
    free(line);
    return 0;
}
