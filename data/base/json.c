#include "data/base/json.h"

#include "data/base/digits.h"
#include "data/base/limits.h"
#include "data/base/text.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* struct json is jansson's json_t under our name; the casts stay in these three. */
static const json_t *inner(const struct json *value)
{
    return (const json_t *)(const void *)value;
}

static json_t *inner_owned(struct json *value)
{
    return (json_t *)(void *)value;
}

static const struct json *outer(const json_t *value)
{
    return (const struct json *)(const void *)value;
}

enum err_code jr_parse(const char *text, size_t n, struct json **root, struct err *err)
{
    *root = NULL;
    if (n > LIMIT_JSON_BYTES)
        return err_set(err, ERR_LIMIT, "JSON of %zu bytes; at most %d are read", n,
                       LIMIT_JSON_BYTES);
    json_error_t detail;
    size_t mark = text_mark(text, n); /* which RFC 8259 section 8.1 lets a reader skip */
    json_t *tree =
        json_loadb(text + mark, n - mark, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &detail);
    if (!tree)
        return err_set(err, ERR_INPUT, "line %d, column %d: not valid JSON: %s", detail.line,
                       detail.column, detail.text);
    *root = (struct json *)(void *)tree;
    return ERR_OK;
}

void jr_free(struct json *root)
{
    json_decref(inner_owned(root));
}

enum jr_type jr_type_of(const struct json *value)
{
    if (!value)
        return JR_NULL;
    switch (json_typeof(inner(value))) {
    case JSON_OBJECT:
        return JR_OBJECT;
    case JSON_ARRAY:
        return JR_ARRAY;
    case JSON_STRING:
        return JR_STRING;
    case JSON_INTEGER:
        return JR_INTEGER;
    case JSON_REAL:
        return JR_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return JR_BOOL;
    case JSON_NULL:
        return JR_NULL;
    }
    return JR_NULL;
}

bool jr_is_number(const struct json *value)
{
    return value && json_is_number(inner(value));
}

size_t jr_count(const struct json *value)
{
    if (!value)
        return 0;
    return json_is_array(inner(value)) ? json_array_size(inner(value))
                                       : json_object_size(inner(value));
}

const struct json *jr_item(const struct json *array, size_t index)
{
    return array ? outer(json_array_get(inner(array), index)) : NULL;
}

const struct json *jr_get(const struct json *object, const char *key)
{
    return object ? outer(json_object_get(inner(object), key)) : NULL;
}

const char *jr_text(const struct json *value)
{
    return value ? json_string_value(inner(value)) : NULL;
}

double jr_number(const struct json *value, double otherwise)
{
    return jr_is_number(value) ? json_number_value(inner(value)) : otherwise;
}

int64_t jr_integer(const struct json *value, int64_t otherwise)
{
    return value && json_is_integer(inner(value)) ? json_integer_value(inner(value)) : otherwise;
}

bool jr_bool(const struct json *value, bool otherwise)
{
    return value && json_is_boolean(inner(value)) ? json_is_true(inner(value)) : otherwise;
}

void jr_each(const struct json *object, void *context,
             bool (*member)(void *context, const char *key, const struct json *value))
{
    if (jr_type_of(object) != JR_OBJECT)
        return;
    /* jansson's iterator takes the object unconst but changes nothing. */
    json_t *tree = (json_t *)(uintptr_t)inner(object);
    for (void *at = json_object_iter(tree); at; at = json_object_iter_next(tree, at))
        if (!member(context, json_object_iter_key(at), outer(json_object_iter_value(at))))
            return;
}

static int dump_to_buf(const char *text, size_t n, void *data)
{
    struct buf *buf = data;
    buf_add(buf, text, n);
    return buf_ok(buf) ? 0 : -1;
}

void jr_write_canonical(const struct json *value, struct buf *out)
{
    if (!value || json_dump_callback(inner(value), dump_to_buf, out,
                                     JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) != 0)
        out->failed = true;
}

void jw_init(struct jw *jw, struct buf *out)
{
    *jw = (struct jw){.out = out};
}

/* The comma that a value needs before it, and the mark that one stands there now. */
static void separate(struct jw *jw)
{
    uint64_t bit = UINT64_C(1) << jw->depth;
    if (!jw->after_key && (jw->has_items & bit))
        buf_add_byte(jw->out, ',');
    jw->has_items |= bit;
    jw->after_key = false;
}

static void open_level(struct jw *jw, int bracket)
{
    separate(jw);
    buf_add_byte(jw->out, bracket);
    if (jw->depth + 1 >= JW_DEPTH) {
        jw->out->failed = true;
        return;
    }
    jw->depth++;
    jw->has_items &= ~(UINT64_C(1) << jw->depth);
}

static void close_level(struct jw *jw, int bracket)
{
    if (jw->depth > 0)
        jw->depth--;
    buf_add_byte(jw->out, bracket);
}

void jw_object(struct jw *jw)
{
    open_level(jw, '{');
}

void jw_array(struct jw *jw)
{
    open_level(jw, '[');
}

void jw_end_object(struct jw *jw)
{
    close_level(jw, '}');
}

void jw_end_array(struct jw *jw)
{
    close_level(jw, ']');
}

/* What stands for itself and is no part of a longer sequence: most of any text. */
static bool is_plain(char byte)
{
    unsigned char code = (unsigned char)byte;
    return code >= 0x20 && code < 0x80 && code != '"' && code != '\\';
}

static void quote(struct buf *out, const char *text)
{
    buf_add_byte(out, '"');
    const char *start = text; /* of the run that needs no escape */
    while (*text) {
        if (is_plain(*text)) {
            text++;
            continue;
        }
        const char *before = text;
        uint32_t point = text_next(&text);
        bool bad = point == 0xFFFD && (unsigned char)*before != 0xEF;
        if (point >= 0x20 && point != '"' && point != '\\' && !bad)
            continue;
        buf_add(out, start, (size_t)(before - start));
        start = text;
        if (bad)
            buf_add_text(out, "\xEF\xBF\xBD");
        else if (point == '"' || point == '\\')
            buf_printf(out, "\\%c", (int)point);
        else if (point == '\n')
            buf_add_text(out, "\\n");
        else if (point == '\t')
            buf_add_text(out, "\\t");
        else
            buf_printf(out, "\\u%04x", (unsigned)point);
    }
    buf_add(out, start, (size_t)(text - start));
    buf_add_byte(out, '"');
}

void jw_key(struct jw *jw, const char *key)
{
    separate(jw);
    quote(jw->out, key);
    buf_add_byte(jw->out, ':');
    jw->after_key = true;
}

void jw_string(struct jw *jw, const char *text)
{
    if (!text) {
        jw_null(jw);
        return;
    }
    separate(jw);
    quote(jw->out, text);
}

void jw_real(struct jw *jw, double value)
{
    if (!isfinite(value)) {
        jw_null(jw);
        return;
    }
    separate(jw);
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    buf_add_text(jw->out, digits);
}

void jw_fixed(struct jw *jw, double value, int decimals)
{
    if (!isfinite(value)) {
        jw_null(jw);
        return;
    }
    separate(jw);
    char digits[400]; /* the largest double has 309 digits before its point */
    if (fabs(value) < DIGITS_MOST && decimals <= DIGITS_PLACES) {
        digits_short(value, decimals, digits);
    } else {
        snprintf(digits, sizeof digits, "%.*f", decimals, value);
        digits_trim(digits);
    }
    buf_add_text(jw->out, digits);
}

void jw_integer(struct jw *jw, int64_t value)
{
    separate(jw);
    char digits[DIGITS_BYTES], *end = digits + sizeof digits - 1, *at = end;
    *end = '\0';
    at = digits_before(value < 0 ? -(uint64_t)value : (uint64_t)value, at);
    if (value < 0)
        *--at = '-';
    buf_add_text(jw->out, at);
}

void jw_bool(struct jw *jw, bool value)
{
    separate(jw);
    buf_add_text(jw->out, value ? "true" : "false");
}

void jw_null(struct jw *jw)
{
    separate(jw);
    buf_add_text(jw->out, "null");
}

void jw_raw(struct jw *jw, const char *json)
{
    separate(jw);
    buf_add_text(jw->out, json);
}

void jw_kv_string(struct jw *jw, const char *key, const char *text)
{
    jw_key(jw, key);
    jw_string(jw, text);
}

void jw_kv_real(struct jw *jw, const char *key, double value)
{
    jw_key(jw, key);
    jw_real(jw, value);
}

void jw_kv_fixed(struct jw *jw, const char *key, double value, int decimals)
{
    jw_key(jw, key);
    jw_fixed(jw, value, decimals);
}

void jw_kv_integer(struct jw *jw, const char *key, int64_t value)
{
    jw_key(jw, key);
    jw_integer(jw, value);
}

void jw_kv_bool(struct jw *jw, const char *key, bool value)
{
    jw_key(jw, key);
    jw_bool(jw, value);
}
