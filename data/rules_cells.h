/*
 * rules_cells.h - typed cells of a rule table, and where its errors go; for the rules_*.c
 * files only.
 *
 * A reader never stops at a wrong cell: it notes "file:line: column "value" ..." and gives a
 * harmless value, so that whoever edits the tables sees all errors at once. Nothing of what was
 * read is used when one was found.
 */
#ifndef SISETU_DATA_RULES_CELLS_H
#define SISETU_DATA_RULES_CELLS_H

#include "data/base/csv.h"
#include "data/rules.h"

/* Errors and notes that are kept; a broken table of 200 rows has rarely more that matter. */
enum { RULES_ERRORS_KEPT = 200, RULES_NOTES_KEPT = 1000 };

struct rules_loader {
    const struct schema *schema;
    struct arena *arena;
    struct rules *rules;
    struct rules_findings found;
    size_t errors_capacity;
    size_t notes_capacity;
    size_t n_errors; /* all, also those not kept */
    bool no_memory;
    bool extract;             /* rows of a proof: tables may be absent or empty */
    uint64_t parameters_seen; /* one bit a row of parameters.csv's list */
};

void rules_error(struct rules_loader *loader, const char *file, size_t line, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));
void rules_error_text(struct rules_loader *loader, const char *text); /* that names its place */
void rules_note(struct rules_loader *loader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "; did you mean X?" or "" */
const char *rules_near(struct rules_loader *loader, const char *word, const char *const *words,
                       size_t n);

/* One row while it is read. */
struct cells {
    struct rules_loader *loader;
    const struct csv *csv;
    const struct csv_row *row;
};

void cells_error(const struct cells *cells, const char *column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const char *cells_text(const struct cells *cells, const char *column);     /* "" where empty */
const char *cells_required(const struct cells *cells, const char *column); /* else an error */
bool cells_is_empty(const struct cells *cells, const char *column);

/* Within [min, max]. */
double cells_number(const struct cells *cells, const char *column, double min, double max);
double cells_number_or(const struct cells *cells, const char *column, double absent, double min,
                       double max);
bool cells_flag(const struct cells *cells, const char *column); /* 1 or 0 */

int32_t cells_date(const struct cells *cells, const char *column); /* INT_ABSENT where empty */

/* Index into names; 0 after an error. */
size_t cells_choice(const struct cells *cells, const char *column, const char *const *names,
                    size_t n);
enum layer_id cells_layer(const struct cells *cells, const char *column,
                          const enum layer_id *allowed, size_t n);
enum confidence cells_confidence(const struct cells *cells, const char *column);

/* One of the codes of a field of schema.csv. */
const char *cells_code(const struct cells *cells, const char *column, enum layer_id layer,
                       const char *field);

const struct predicate *cells_predicate(const struct cells *cells, const char *column,
                                        enum layer_id layer);

/* standard, edition, clause, confidence, valid_from, valid_to, active; id from its column. */
struct rule_source cells_source(const struct cells *cells, const char *id_column);

/* One file: its columns and how a row is read. */
struct rules_table_spec {
    const char *file;
    const char *columns; /* own columns, separated by spaces; those of a source follow */
    size_t row_bytes;
    void (*read_row)(const struct cells *cells, void *row);
    size_t rows_offset; /* in struct rules: where the array and its count go */
    size_t count_offset;
    bool editions; /* an id may stand twice if the rows never hold on the same day */
};

enum { RULES_TABLES = 22 };

/* All tables; spacing.csv last, since it points into others. */
extern const struct rules_table_spec rules_table_specs[RULES_TABLES];

/* Readers of rules_risk.c. */
void rules_read_risk_criterion(const struct cells *cells, void *row);
void rules_read_zone_class(const struct cells *cells, void *row);
void rules_read_societal_line(const struct cells *cells, void *row);

/* Rows of the tables on pipelines. */
void rules_read_pipeline_method(const struct cells *cells, void *row);
void rules_read_pipeline_class(const struct cells *cells, void *row);
void rules_read_pipeline_place(const struct cells *cells, void *row);

/* Every parameter of struct parameters was given. */
void rules_check_parameters(struct rules_loader *loader);

/* What rows say of each other, once each is well by itself. */
void rules_check_ids(struct rules_loader *loader, const struct rules_table_spec *spec);
void rules_check_predicate(struct rules_loader *loader, const struct rule_source *source,
                           const struct predicate *predicate);
void rules_check_references(struct rules_loader *loader); /* of all but spacing.csv */
void rules_check_pipelines(struct rules_loader *loader);
void rules_check_spacing(struct rules_loader *loader);

#endif
