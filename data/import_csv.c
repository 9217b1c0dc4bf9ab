/* import_csv.c - the look at a CSV's quotes before OGR reads it: where a quote is broken OGR
 * takes the rows that follow for one long cell, and they would be lost without a word. */
#include "data/base/text.h"
#include "data/import_private.h"

#include <errno.h>
#include <string.h>

enum { CELL_START, CELL_PLAIN, CELL_QUOTED, CELL_CLOSED };

void import_csv_begin(struct import_csv_check *check)
{
    *check = (struct import_csv_check){.line = 1, .state = CELL_START};
}

/* Which of them separates the cells of this file is OGR's to find out; a quote opens a cell
 * after any. */
static bool is_separator(char byte)
{
    return byte == ',' || byte == ';' || byte == '\t' || byte == '|';
}

static enum err_code after_quote(const struct import_csv_check *check, const char *name,
                                 struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "%s:%zu: text after a closing quote (opened in line %zu); a separator should "
                   "follow, and a quote inside a quoted cell is written twice",
                   name, check->line, check->opened);
}

enum err_code import_csv_feed(struct import_csv_check *check, const char *name, const char *bytes,
                              size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        char byte = bytes[i];
        if (byte == '\0')
            return err_set(err, ERR_INPUT,
                           "%s:%zu: a zero byte; is it UTF-16? Save it as CSV in UTF-8 or GBK",
                           name, check->line);
        check->line += byte == '\n';
        if (check->state == CELL_QUOTED) {
            if (byte == '"')
                check->state = CELL_CLOSED;
        } else if (byte == '"') {
            if (check->state == CELL_PLAIN)
                return err_set(err, ERR_INPUT,
                               "%s:%zu: a quote inside an unquoted cell; quote the whole cell and "
                               "write the inner quote twice",
                               name, check->line);
            if (check->state == CELL_START)
                check->opened = check->line;
            check->state = CELL_QUOTED;
        } else if (byte == '\n' || byte == '\r' || is_separator(byte)) {
            check->state = CELL_START;
        } else if (check->state == CELL_CLOSED && byte != ' ') {
            return after_quote(check, name, err);
        } else if (check->state == CELL_START && byte != ' ') {
            check->state = CELL_PLAIN;
        }
    }
    return ERR_OK;
}

enum err_code import_csv_end(const struct import_csv_check *check, const char *name,
                             struct err *err)
{
    if (check->state != CELL_QUOTED)
        return ERR_OK;
    return err_set(err, ERR_INPUT, "%s:%zu: a quote is opened and never closed", name,
                   check->opened);
}

enum err_code import_csv_check_file(const char *path, const char *name, struct err *err)
{
    enum err_code code = ERR_OK;
    char bytes[1 << 16];
    struct import_csv_check check;
    FILE *file = fopen(path, "rb");
    if (!file)
        return err_errno(err, errno, "%s", name);
    import_csv_begin(&check);
    bool first = true;
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0; first = false) {
        size_t mark = first ? text_mark(bytes, n) : 0;
        TRY(import_csv_feed(&check, name, bytes + mark, n - mark, err));
    }
    if (ferror(file)) {
        code = err_errno(err, errno, "%s", name);
        goto done;
    }
    TRY(import_csv_end(&check, name, err));
done:
    fclose(file);
    return code;
}
