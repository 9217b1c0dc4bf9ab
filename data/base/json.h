/*
 * json.h - JSON in and out. The only file pair that knows jansson.
 *
 * Reading: jr_parse gives a tree; the getters below are NULL-safe (a getter on NULL
 * answers NULL or its default), so that paths can be chained. Depth and size are
 * bounded by limits.h; duplicate keys and anything but strict UTF-8 are refused.
 *
 * Writing: `struct jw` streams into a struct buf; it puts the commas. Numbers are written
 * with the fewest digits that read back equal (so that the same answer has the same
 * bytes); NaN and infinities become null.
 *
 * Threads: a tree or a writer belongs to one thread at a time.
 */
#ifndef SISETU_DATA_BASE_JSON_H
#define SISETU_DATA_BASE_JSON_H

#include "data/base/buf.h"
#include "data/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json; /* a value in a tree; belongs to the tree's root */

enum jr_type {
    JR_NULL,
    JR_BOOL,
    JR_INTEGER,
    JR_REAL,
    JR_STRING,
    JR_ARRAY,
    JR_OBJECT,
};

/* Parses n bytes as one JSON value, without a byte order mark before it. The message names line
 * and column. Free with jr_free. */
enum err_code jr_parse(const char *text, size_t n, struct json **root, struct err *err);
void jr_free(struct json *root);

enum jr_type jr_type_of(const struct json *value); /* JR_NULL for NULL */
bool jr_is_number(const struct json *value);
size_t jr_count(const struct json *value); /* items or members; 0 for all else */
const struct json *jr_item(const struct json *array, size_t index);
const struct json *jr_get(const struct json *object, const char *key);
const char *jr_text(const struct json *value);                /* NULL unless a string */
double jr_number(const struct json *value, double otherwise); /* integer or real */
int64_t jr_integer(const struct json *value, int64_t otherwise);
bool jr_bool(const struct json *value, bool otherwise);

/* Calls back for each member in the file's order; stops at false. */
void jr_each(const struct json *object, void *context,
             bool (*member)(void *context, const char *key, const struct json *value));

/* Writes a tree in canonical form (sorted keys, no spaces): for hashes. */
void jr_write_canonical(const struct json *value, struct buf *out);

enum { JW_DEPTH = 64 };

struct jw {
    struct buf *out;
    uint64_t has_items; /* one bit a level */
    unsigned depth;
    bool after_key;
};

void jw_init(struct jw *jw, struct buf *out);
void jw_object(struct jw *jw);
void jw_array(struct jw *jw);
void jw_end_object(struct jw *jw);
void jw_end_array(struct jw *jw);
void jw_key(struct jw *jw, const char *key);
void jw_string(struct jw *jw, const char *text); /* NULL: null; bad UTF-8 becomes U+FFFD */
void jw_real(struct jw *jw, double value);
void jw_fixed(struct jw *jw, double value, int decimals); /* trailing zeros dropped */
void jw_integer(struct jw *jw, int64_t value);
void jw_bool(struct jw *jw, bool value);
void jw_null(struct jw *jw);
void jw_raw(struct jw *jw, const char *json); /* text that is JSON already */

/* key and value in one */
void jw_kv_string(struct jw *jw, const char *key, const char *text);
void jw_kv_real(struct jw *jw, const char *key, double value);
void jw_kv_fixed(struct jw *jw, const char *key, double value, int decimals);
void jw_kv_integer(struct jw *jw, const char *key, int64_t value);
void jw_kv_bool(struct jw *jw, const char *key, bool value);

#endif
