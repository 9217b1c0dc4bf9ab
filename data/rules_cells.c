#include "data/rules_cells.h"

#include "data/base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void keep(struct rules_loader *loader, const char ***texts, size_t *n, size_t *capacity,
                 const char *text)
{
    const char **grown = arena_grow(loader->arena, *texts, capacity, *n + 1, sizeof **texts);
    const char *copy = arena_strdup(loader->arena, text);
    if (!grown || !copy) {
        loader->no_memory = true;
        return;
    }
    *texts = grown;
    grown[(*n)++] = copy;
}

void rules_error_text(struct rules_loader *loader, const char *text)
{
    struct rules_findings *found = &loader->found;
    loader->n_errors++;
    if (found->n_errors < RULES_ERRORS_KEPT)
        keep(loader, &found->errors, &found->n_errors, &loader->errors_capacity, text);
}

void rules_error(struct rules_loader *loader, const char *file, size_t line, const char *format,
                 ...)
{
    char text[ERR_MESSAGE_BYTES];
    int n = snprintf(text, sizeof text, "%s:%zu: ", file, line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + n, sizeof text - (size_t)n, format, arguments);
    va_end(arguments);
    rules_error_text(loader, text);
}

void rules_note(struct rules_loader *loader, const char *format, ...)
{
    char text[ERR_MESSAGE_BYTES];
    struct rules_findings *found = &loader->found;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (found->n_notes < RULES_NOTES_KEPT)
        keep(loader, &found->notes, &found->n_notes, &loader->notes_capacity, text);
}

const char *rules_near(struct rules_loader *loader, const char *word, const char *const *words,
                       size_t n)
{
    const char **list = arena_new(loader->arena, const char *, n + 1);
    if (!list) {
        loader->no_memory = true;
        return "";
    }
    for (size_t i = 0; i < n; i++)
        list[i] = words[i];
    const char *best = *word ? text_nearest(word, list) : NULL;
    const char *text = best ? arena_printf(loader->arena, "; did you mean %s?", best) : "";
    return text ? text : "";
}

void cells_error(const struct cells *cells, const char *column, const char *format, ...)
{
    char text[ERR_MESSAGE_BYTES];
    int n = snprintf(text, sizeof text, "%s:%zu: %s \"%.200s\" ", cells->csv->name,
                     cells->row->line, column, cells_text(cells, column));
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + n, sizeof text - (size_t)n, format, arguments);
    va_end(arguments);
    rules_error_text(cells->loader, text);
}

const char *cells_text(const struct cells *cells, const char *column)
{
    int at = csv_column(cells->csv, column);
    return at < 0 ? "" : cells->row->cells[at];
}

bool cells_is_empty(const struct cells *cells, const char *column)
{
    return *cells_text(cells, column) == '\0';
}

const char *cells_required(const struct cells *cells, const char *column)
{
    const char *text = cells_text(cells, column);
    if (!*text)
        cells_error(cells, column, "is empty; each row needs one");
    return text;
}

double cells_number(const struct cells *cells, const char *column, double min, double max)
{
    double number = min;
    const char *text = cells_text(cells, column);
    if (!text_to_double(text, &number))
        cells_error(cells, column, "is not a number");
    else if (!(number >= min && number <= max) && isinf(max))
        cells_error(cells, column, "should be %g or more", min);
    else if (!(number >= min && number <= max))
        cells_error(cells, column, "should be from %g to %g", min, max);
    return number;
}

double cells_number_or(const struct cells *cells, const char *column, double absent, double min,
                       double max)
{
    return cells_is_empty(cells, column) ? absent : cells_number(cells, column, min, max);
}

bool cells_flag(const struct cells *cells, const char *column)
{
    const char *text = cells_text(cells, column);
    if (strcmp(text, "1") != 0 && strcmp(text, "0") != 0)
        cells_error(cells, column, "should be 1 (yes) or 0 (no)");
    return strcmp(text, "1") == 0;
}

/* "a, b or c" in out, cut where it ends. */
static void list_words(const char *const *names, size_t n, char *out, size_t size)
{
    size_t used = 0;
    *out = '\0';
    for (size_t i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i == 0       ? ""
                                 : i + 1 == n ? " or "
                                              : ", ",
                                 names[i]);
}

size_t cells_choice(const struct cells *cells, const char *column, const char *const *names,
                    size_t n)
{
    const char *text = cells_text(cells, column);
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    char list[ERR_MESSAGE_BYTES / 2];
    list_words(names, n, list, sizeof list);
    cells_error(cells, column, "should be %s%s", list, rules_near(cells->loader, text, names, n));
    return 0;
}

enum layer_id cells_layer(const struct cells *cells, const char *column,
                          const enum layer_id *allowed, size_t n)
{
    const char *names[LAYER_COUNT];
    for (size_t i = 0; i < n; i++)
        names[i] = layer_name(allowed[i]);
    return allowed[cells_choice(cells, column, names, n)];
}

enum confidence cells_confidence(const struct cells *cells, const char *column)
{
    const char *names[CONFIDENCE_COUNT];
    for (int i = 0; i < CONFIDENCE_COUNT; i++)
        names[i] = confidence_name((enum confidence)i);
    return (enum confidence)cells_choice(cells, column, names, CONFIDENCE_COUNT);
}

const char *cells_code(const struct cells *cells, const char *column, enum layer_id layer,
                       const char *field)
{
    const struct schema_field *rule = schema_field(&cells->loader->schema->layers[layer], field);
    if (!rule || !rule->codes)
        return cells_required(cells, column);
    return rule->codes[cells_choice(cells, column, rule->codes, rule->n_codes)];
}

const struct predicate *cells_predicate(const struct cells *cells, const char *column,
                                        enum layer_id layer)
{
    struct err err;
    const struct predicate *predicate = NULL;
    struct rules_loader *loader = cells->loader;
    const char *text = cells_text(cells, column);
    if (!*text) {
        cells_error(cells, column, "is empty; write a condition, or `true` or `false`");
        return NULL;
    }
    if (predicate_parse(text, layer, loader->schema, loader->arena, &predicate, &err) != ERR_OK)
        cells_error(cells, column, "%s", err.message);
    return predicate;
}

int32_t cells_date(const struct cells *cells, const char *column)
{
    int32_t date = INT_ABSENT;
    if (!cells_is_empty(cells, column) && !text_to_date(cells_text(cells, column), &date))
        cells_error(cells, column, "is not a date; write it as 2026-05-01, or leave it empty");
    return date;
}

struct rule_source cells_source(const struct cells *cells, const char *id_column)
{
    struct rule_source source = {
        .id = cells_required(cells, id_column),
        .standard = cells_required(cells, "standard"),
        .edition = cells_text(cells, "edition"),
        .clause = cells_text(cells, "clause"),
        .confidence = cells_confidence(cells, "confidence"),
        .valid_from = cells_date(cells, "valid_from"),
        .valid_to = cells_date(cells, "valid_to"),
        .active = cells_flag(cells, "active"),
        .file = cells->csv->name,
        .line = cells->row->line,
    };
    if (source.valid_from != INT_ABSENT && source.valid_to != INT_ABSENT &&
        source.valid_from > source.valid_to)
        cells_error(cells, "valid_to", "is before valid_from \"%s\"",
                    cells_text(cells, "valid_from"));
    return source;
}
