/*
 * csv.h - reads the CSV tables that we keep by hand (rules, schema): RFC 4180, UTF-8,
 * comma, a header row. Knows line and column, so that a message can name them.
 *
 * (What users import goes through OGR; this is for our own tables, where strictness helps.)
 *
 * Life:    csv_parse once over a whole text; rows point into the arena.
 * Threads: one while parsing; reading afterwards is safe.
 * Errors:  a broken quote, a row with more or fewer cells than the header, a header that
 *          repeats a name, text that is not UTF-8: ERR_INPUT with "name:line[:column]".
 */
#ifndef SISETU_DATA_BASE_CSV_H
#define SISETU_DATA_BASE_CSV_H

#include "data/base/arena.h"
#include "data/base/err.h"

#include <stddef.h>

struct csv_row {
    size_t line;        /* of its first cell, from 1 */
    const char **cells; /* n_columns texts, trimmed; "" where empty */
};

struct csv {
    const char *name; /* as given: for messages */
    size_t n_columns;
    const char **header;
    size_t n_rows;
    struct csv_row *rows; /* without the header; blank lines and lines with # left out */
};

enum err_code csv_parse(const char *name, const char *text, size_t n, struct arena *arena,
                        struct csv *out, struct err *err);

/* Index of a header, or -1. */
int csv_column(const struct csv *csv, const char *header);

#endif
