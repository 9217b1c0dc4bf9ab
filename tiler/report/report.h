/*
 * report.h - lists for the people who hand them in: tables, as CSV and as a workbook.
 *
 * A report is a few tables of plain cells, made once and written twice: as CSV (UTF-8 with a
 * byte-order mark, CRLF, so that Excel opens it as it is) and as XLSX (one sheet a table,
 * headings frozen and filtered). Written aside and renamed: a file is whole or not there.
 *
 * A text cell of a CSV that a spreadsheet would take for a formula gets a leading
 * apostrophe; in the workbook texts are texts.
 *
 * Owner: everything belongs to the arena, of the worker where there is one.
 */
#ifndef SISETU_TILER_REPORT_H
#define SISETU_TILER_REPORT_H

#include "data/base/buf.h"
#include "geo/query/query.h"

struct report_column {
    const char *title;
    double width; /* characters, in the workbook */
    int decimals; /* numbers; -1: the column holds text */
};

struct report_cell {
    const char *text; /* NULL: a number, or empty if that is NAN */
    double number;
};

struct report_table {
    const char *file;  /* "relocation.csv" */
    const char *sheet; /* title of the sheet */
    const struct report_column *columns;
    size_t n_columns;
    struct report_cell *cells; /* row by row */
    size_t n_rows;
    size_t capacity;
};

/* Lines of the first sheet: what the report rests on. */
struct report_fact {
    const char *name;
    const char *value;
};

struct report {
    const char *workbook; /* "relocation.xlsx" */
    const char *title;
    struct report_table *tables;
    size_t n_tables;
    struct report_fact facts[16];
    size_t n_facts;
    int32_t date; /* yyyymmdd: stands as the workbook's date, so that its bytes repeat */
};

/* The relocation list (国办发〔2017〕77号): plants to move, undecided ones apart, evidence. */
enum err_code report_relocation(const struct world *world, struct worker *worker,
                                const struct relocation_answer *answer, struct report *out,
                                struct err *err);

/* Writes every table and the workbook into the directory, which is made if need be. */
enum err_code report_write(const struct report *report, const char *directory, struct err *err);

/* One table as CSV. */
void report_csv(const struct report_table *table, struct buf *out);

/* The workbook at that path, straight; report_write renames. (report_xlsx.c) */
enum err_code report_xlsx(const struct report *report, const char *path, struct err *err);

#endif
