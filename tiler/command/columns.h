/*
 * columns.h - a table of texts in columns that line up, for people at a terminal.
 *
 * Widths count what a terminal shows: Chinese characters and full-width signs take two
 * cells. The last column is not padded. Nothing is cut. A row is a line: what would break one
 * is shown (buf_add_shown).
 *
 * Life:    columns_begin, columns_row for each row, columns_end writes them.
 * Owner:   cells are borrowed until columns_end; rows live in the arena.
 * Source:  Unicode TR11 (East Asian Width), its wide blocks.
 */
#ifndef SISETU_TILER_COLUMNS_H
#define SISETU_TILER_COLUMNS_H

#include "data/base/arena.h"
#include "data/base/buf.h"

#include <stddef.h>

enum { COLUMNS_MOST = 12 };

struct columns {
    struct arena *arena;
    size_t n_columns;
    size_t n_rows;
    size_t capacity;
    const char **cells; /* row by row */
};

/* Cells of a terminal that a text takes. */
size_t columns_width(const char *utf8);

void columns_begin(struct columns *columns, struct arena *arena, size_t n_columns);

/* n_columns texts; NULL shows as "-". The first row may be a heading. */
void columns_row(struct columns *columns, const char *const *cells);

/* Writes all rows, each behind `indent`. Memory that ran out fails the buffer. */
void columns_end(struct columns *columns, const char *indent, struct buf *out);

#define COLUMNS_ROW(columns, ...) columns_row((columns), (const char *const[]){__VA_ARGS__})

#endif
