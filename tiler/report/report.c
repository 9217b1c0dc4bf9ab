#include "tiler/report/report.h"

#include "data/base/buf.h"
#include "data/base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- CSV ---- */

static void add_text(struct buf *out, const char *text)
{
    /* Spreadsheets run what begins like this. */
    bool formula = *text && strchr("=+-@\t\r", *text);
    bool quoted = formula || strpbrk(text, ",\"\r\n") || *text == ' ';
    if (!quoted) {
        buf_add_text(out, text);
        return;
    }
    buf_add_byte(out, '"');
    if (formula)
        buf_add_byte(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            buf_add_byte(out, '"');
        buf_add_byte(out, *text);
    }
    buf_add_byte(out, '"');
}

void report_csv(const struct report_table *table, struct buf *out)
{
    buf_add_text(out, "\xEF\xBB\xBF");
    for (size_t i = 0; i < table->n_columns; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        add_text(out, table->columns[i].title);
    }
    buf_add_text(out, "\r\n");
    for (size_t i = 0; i < table->n_rows * table->n_columns; i++) {
        size_t column = i % table->n_columns;
        const struct report_cell *cell = &table->cells[i];
        if (column > 0)
            buf_add_byte(out, ',');
        if (cell->text)
            add_text(out, cell->text);
        else if (isfinite(cell->number))
            buf_printf(out, "%.*f", table->columns[column].decimals, cell->number);
        if (column + 1 == table->n_columns)
            buf_add_text(out, "\r\n");
    }
}

/* ---- files ---- */

static enum err_code join(const char *directory, const char *name, char path[PATH_MAX],
                          struct err *err)
{
    if (snprintf(path, PATH_MAX, "%s/%s", directory, name) >= PATH_MAX)
        return err_set(err, ERR_USAGE, "%s: path too long", directory);
    return ERR_OK;
}

static enum err_code write_table(const struct report_table *table, const char *directory,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    char path[PATH_MAX];
    struct buf csv;
    buf_init(&csv);
    TRY(join(directory, table->file, path, err));
    report_csv(table, &csv);
    code = buf_ok(&csv) ? file_write_atomic(path, csv.bytes, csv.n_bytes, err) : err_nomem(err);
done:
    buf_release(&csv);
    return code;
}

static enum err_code write_workbook(const struct report *report, const char *directory,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    char path[PATH_MAX], aside[PATH_MAX];
    bool made = false;
    TRY(join(directory, report->workbook, path, err));
    TRY(join(directory, ".workbook-XXXXXX", aside, err));
    int fd = mkstemp(aside);
    if (fd < 0) {
        code = err_errno(err, errno, "%s", path);
        goto done;
    }
    made = true;
    if (fchmod(fd, 0644) != 0)
        code = err_errno(err, errno, "%s", path);
    close(fd);
    TRY(code);
    TRY(report_xlsx(report, aside, err));
    if (rename(aside, path) != 0)
        code = err_errno(err, errno, "%s", path);
    else
        made = false;
done:
    if (made)
        unlink(aside);
    return code;
}

enum err_code report_write(const struct report *report, const char *directory, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(file_make_directory(directory, err));
    for (size_t i = 0; i < report->n_tables; i++)
        TRY(write_table(&report->tables[i], directory, err));
    TRY(write_workbook(report, directory, err));
done:
    return code;
}
