/* import_value.c - text of a file to a field: number, code, date, text. */
#include "data/import_private.h"

#include "data/base/text.h"

#include <math.h>
#include <string.h>
#include <strings.h>

const char *import_value_nearest(const char *word, const char *const *words, size_t n)
{
    const char *list[256]; /* text_nearest ends at NULL; no list of ours is longer */
    size_t kept = n < 255 ? n : 255;
    memcpy(list, words, kept * sizeof *list);
    list[kept] = NULL;
    return text_nearest(word, list);
}

/* ---- dates ---- */

static bool digits(const char **at, size_t least, size_t most, int32_t *out)
{
    size_t n = strspn(*at, "0123456789");
    if (n < least || n > most)
        return false;
    *out = 0;
    for (size_t i = 0; i < n; i++)
        *out = *out * 10 + (*(*at)++ - '0');
    return true;
}

/* Passes over one of the separators; the first one found is used throughout. */
static bool separator(const char **at, const char *sign, const char *plain)
{
    size_t n = strlen(sign);
    if (strncmp(*at, sign, n) == 0)
        *at += n;
    else if (*plain && **at == *plain)
        ++*at;
    else
        return false;
    return true;
}

bool import_value_date(const char *text, int32_t *yyyymmdd)
{
    const char *at = text;
    int32_t year, month, day;
    char iso[32];
    if (strspn(text, "0123456789") == 8) { /* 20260501 */
        int32_t all = 0;
        digits(&at, 8, 8, &all);
        year = all / 10000;
        month = all / 100 % 100;
        day = all % 100;
    } else {
        if (!digits(&at, 4, 4, &year))
            return false;
        char plain[2] = {strchr("-/.", *at) && *at ? *at : '\0', '\0'};
        if (!separator(&at, "年", plain) || !digits(&at, 1, 2, &month) ||
            !separator(&at, "月", plain) || !digits(&at, 1, 2, &day))
            return false;
        if (!plain[0] && !separator(&at, "日", "") && !separator(&at, "号", ""))
            return false;
    }
    /* A time of day may follow; which one does not matter to a date. */
    if (*at &&
        ((*at != 'T' && *at != ' ') || strspn(at + 1, "0123456789:.+-Zz ") != strlen(at + 1)))
        return false;
    snprintf(iso, sizeof iso, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
    return text_to_date(iso, yyyymmdd);
}

/* ---- numbers ---- */

static void outside(struct import_fault *fault, const struct schema_field *schema, const char *text)
{
    char low[32] = "", high[32] = "";
    if (isfinite(schema->min))
        snprintf(low, sizeof low, "%.10g", schema->min);
    if (isfinite(schema->max))
        snprintf(high, sizeof high, "%.10g", schema->max);
    import_fault_set(fault, REFUSED_RANGE, schema->name, text, "%s is outside %s..%s%s%s", text,
                     low, high, *schema->unit ? " " : "", schema->unit);
}

static bool read_number(const char *text, const struct schema_field *schema, double *out,
                        struct import_fault *fault)
{
    if (!text_to_double(text, out)) {
        import_fault_set(fault, REFUSED_NUMBER, schema->name, text,
                         "\"%s\" is not a number; digits with a point for decimals, no unit", text);
        return false;
    }
    if (*out < schema->min || *out > schema->max) {
        outside(fault, schema, text);
        return false;
    }
    return true;
}

static bool read_integer(const char *text, const struct schema_field *schema, int32_t *out,
                         struct import_fault *fault)
{
    double number;
    if (!read_number(text, schema, &number, fault))
        return false;
    if (number != floor(number)) {
        import_fault_set(fault, REFUSED_NUMBER, schema->name, text, "%s is not a whole number",
                         text);
        return false;
    }
    if (number <= INT32_MIN || number > INT32_MAX) { /* INT32_MIN means absent */
        import_fault_set(fault, REFUSED_RANGE, schema->name, text, "%s is too large", text);
        return false;
    }
    *out = (int32_t)number;
    return true;
}

/* ---- texts ---- */

/* The code as schema.csv spells it, whatever the case of the text; or a fault. */
static const char *read_code(const char *text, const struct schema_field *schema,
                             struct import_fault *fault)
{
    for (size_t i = 0; i < schema->n_codes; i++)
        if (strcasecmp(text, schema->codes[i]) == 0)
            return schema->codes[i];
    const char *near = import_value_nearest(text, schema->codes, schema->n_codes);
    if (near) {
        import_fault_set(fault, REFUSED_CODE, schema->name, text,
                         "\"%s\" is not a code of %s; did you mean %s?", text, schema->name, near);
        return NULL;
    }
    char list[FAULT_TEXT_BYTES] = "";
    size_t n = 0;
    for (size_t i = 0; i < schema->n_codes && n < sizeof list - 64; i++)
        n +=
            (size_t)snprintf(list + n, sizeof list - n, "%s%.40s", i ? ", " : "", schema->codes[i]);
    import_fault_set(fault, REFUSED_CODE, schema->name, text,
                     "\"%.80s\" is not a code of %s; it takes %s", text, schema->name, list);
    return NULL;
}

static enum err_code set_text(char *member, const struct schema_field *schema, const char *text,
                              struct arena *arena, struct import_fault *fault, struct err *err)
{
    const char *kept;
    if (strlen(text) > LIMIT_TEXT_BYTES) {
        import_fault_set(fault, REFUSED_LENGTH, schema->name, text,
                         "%zu bytes of text; at most %d are kept", strlen(text), LIMIT_TEXT_BYTES);
        return ERR_OK;
    }
    if (schema->n_codes) {
        kept = read_code(text, schema, fault);
        if (!kept)
            return ERR_OK;
    } else {
        kept = arena_strdup(arena, text);
        if (!kept)
            return err_nomem(err);
    }
    memcpy(member, &kept, sizeof kept);
    return ERR_OK;
}

enum err_code import_value_set(void *record, const struct field_binding *binding,
                               const struct schema_field *schema, const char *text,
                               struct arena *arena, struct import_fault *fault, struct err *err)
{
    char *member = (char *)record + binding->offset;
    double real;
    int32_t integer;
    if (!text || !*text)
        return ERR_OK;
    switch (binding->type) {
    case FIELD_TEXT:
    case FIELD_DATETIME:
        return set_text(member, schema, text, arena, fault, err);
    case FIELD_REAL:
        if (read_number(text, schema, &real, fault))
            memcpy(member, &real, sizeof real);
        return ERR_OK;
    case FIELD_INTEGER:
        if (read_integer(text, schema, &integer, fault))
            memcpy(member, &integer, sizeof integer);
        return ERR_OK;
    case FIELD_DATE:
        if (import_value_date(text, &integer))
            memcpy(member, &integer, sizeof integer);
        else
            import_fault_set(fault, REFUSED_DATE, schema->name, text,
                             "\"%s\" is not a date; give YYYY-MM-DD", text);
        return ERR_OK;
    }
    return ERR_OK;
}
