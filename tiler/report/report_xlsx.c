/* report_xlsx.c - a report as a workbook. The only file that knows libxlsxwriter. */
#include "tiler/report/report.h"

#include <stdio.h>
#include <string.h>
#include <xlsxwriter.h>

/* Longest text of a cell that Excel takes, characters. */
enum { CELL_MOST = 32767 };

struct looks {
    lxw_format *title;
    lxw_format *heading;
    lxw_format *text;
    lxw_format *whole;
    lxw_format *two;   /* two decimals */
    lxw_format *eight; /* coordinates */
};

/* libxlsxwriter counts errors of its own; ours are about the file. */
static enum err_code fail(lxw_error error, struct err *err)
{
    if (error == LXW_ERROR_MEMORY_MALLOC_FAILED)
        return err_nomem(err);
    if (error == LXW_ERROR_CREATING_TMPFILE)
        return err_set(err, ERR_NO_SPACE, "no room for temporary files (TMPDIR): %s",
                       lxw_strerror(error));
    return err_set(err, ERR_IO, "the workbook: %s", lxw_strerror(error));
}

static void make_looks(lxw_workbook *book, struct looks *looks)
{
    lxw_format **all[] = {&looks->title, &looks->heading, &looks->text,
                          &looks->whole, &looks->two,     &looks->eight};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        *all[i] = workbook_add_format(book);
        format_set_align(*all[i], LXW_ALIGN_VERTICAL_TOP);
    }
    format_set_bold(looks->title);
    format_set_font_size(looks->title, 14);
    format_set_bold(looks->heading);
    format_set_text_wrap(looks->heading);
    format_set_bg_color(looks->heading, 0xD9E1F2);
    format_set_border(looks->heading, LXW_BORDER_THIN);
    format_set_text_wrap(looks->text);
    format_set_num_format(looks->whole, "0");
    format_set_num_format(looks->two, "0.00");
    format_set_num_format(looks->eight, "0.00000000");
}

static lxw_format *look_of(const struct looks *looks, int decimals)
{
    return decimals < 0    ? looks->text
           : decimals == 0 ? looks->whole
           : decimals < 4  ? looks->two
                           : looks->eight;
}

static lxw_error write_text(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const char *text,
                            lxw_format *look)
{
    char cut[CELL_MOST + 1];
    size_t n = strlen(text);
    if (n > CELL_MOST) {
        n = CELL_MOST;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
            n--;
        memcpy(cut, text, n);
        cut[n] = '\0';
        text = cut;
    }
    return worksheet_write_string(sheet, row, column, text, look);
}

static lxw_error write_table(lxw_workbook *book, const struct report_table *table,
                             const struct looks *looks)
{
    lxw_worksheet *sheet = workbook_add_worksheet(book, table->sheet);
    if (!sheet)
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    lxw_error error = LXW_NO_ERROR;
    lxw_col_t n = (lxw_col_t)table->n_columns;
    for (lxw_col_t c = 0; c < n && error == LXW_NO_ERROR; c++) {
        const struct report_column *column = &table->columns[c];
        error = worksheet_set_column(sheet, c, c, column->width, NULL);
        if (error == LXW_NO_ERROR)
            error = worksheet_write_string(sheet, 0, c, column->title, looks->heading);
    }
    for (size_t i = 0; i < table->n_rows * table->n_columns && error == LXW_NO_ERROR; i++) {
        lxw_row_t row = (lxw_row_t)(i / table->n_columns + 1);
        lxw_col_t c = (lxw_col_t)(i % table->n_columns);
        const struct report_cell *cell = &table->cells[i];
        lxw_format *look = look_of(looks, table->columns[c].decimals);
        if (cell->text && *cell->text)
            error = write_text(sheet, row, c, cell->text, looks->text);
        else if (!cell->text && isfinite(cell->number))
            error = worksheet_write_number(sheet, row, c, cell->number, look);
    }
    worksheet_freeze_panes(sheet, 1, 2);
    worksheet_autofilter(sheet, 0, 0, (lxw_row_t)table->n_rows, (lxw_col_t)(n - 1));
    worksheet_set_landscape(sheet);
    worksheet_set_paper(sheet, 8); /* A3 */
    worksheet_repeat_rows(sheet, 0, 0);
    worksheet_fit_to_pages(sheet, 1, 0);
    return error;
}

static lxw_error write_facts(lxw_workbook *book, const struct report *report,
                             const struct looks *looks)
{
    lxw_worksheet *sheet = workbook_add_worksheet(book, "说明 About");
    if (!sheet)
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    worksheet_set_column(sheet, 0, 0, 32, NULL);
    worksheet_set_column(sheet, 1, 1, 90, NULL);
    lxw_error error = worksheet_write_string(sheet, 0, 0, report->title, looks->title);
    for (size_t i = 0; i < report->n_facts && error == LXW_NO_ERROR; i++) {
        lxw_row_t row = (lxw_row_t)(i + 2);
        error = worksheet_write_string(sheet, row, 0, report->facts[i].name, looks->text);
        if (error == LXW_NO_ERROR)
            error = write_text(sheet, row, 1, report->facts[i].value, looks->text);
    }
    return error;
}

/* Noon of the report's date: the same everywhere on earth where it is used. */
static void set_date(lxw_workbook *book, const struct report *report)
{
    struct tm day = {.tm_year = report->date / 10000 - 1900,
                     .tm_mon = report->date / 100 % 100 - 1,
                     .tm_mday = report->date % 100,
                     .tm_hour = 4};
    char title[128];
    snprintf(title, sizeof title, "%s", report->title);
    lxw_doc_properties properties = {.title = title, .created = timegm(&day)};
    workbook_set_properties(book, &properties);
}

enum err_code report_xlsx(const struct report *report, const char *path, struct err *err)
{
    lxw_workbook *book = workbook_new(path);
    if (!book)
        return err_nomem(err);
    struct looks looks;
    make_looks(book, &looks);
    set_date(book, report);
    lxw_error error = LXW_NO_ERROR;
    for (size_t i = 0; i < report->n_tables && error == LXW_NO_ERROR; i++)
        error = write_table(book, &report->tables[i], &looks);
    if (error == LXW_NO_ERROR)
        error = write_facts(book, report, &looks);
    /* Closing writes the file and frees the book, also after an error. */
    lxw_error closed = workbook_close(book);
    if (error == LXW_NO_ERROR)
        error = closed;
    return error == LXW_NO_ERROR ? ERR_OK : fail(error, err);
}
