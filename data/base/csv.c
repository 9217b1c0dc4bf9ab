#include "data/base/csv.h"

#include "data/base/text.h"

#include <string.h>

struct parser {
    const char *name;
    const char *at;
    const char *end;
    size_t line;
    struct arena *arena;
};

struct cells {
    const char **items;
    size_t count;
    size_t capacity;
};

static enum err_code add_cell(struct parser *parser, struct cells *cells, char *text,
                              struct err *err)
{
    cells->items = arena_grow(parser->arena, cells->items, &cells->capacity, cells->count + 1,
                              sizeof *cells->items);
    if (!cells->items)
        return err_nomem(err);
    cells->items[cells->count++] = text_trim(text);
    return ERR_OK;
}

/* A quoted cell, from behind its opening quote to behind its closing one. */
static enum err_code quoted(struct parser *parser, char *out, size_t *n, struct err *err)
{
    size_t opened = parser->line;
    for (; parser->at < parser->end; parser->at++) {
        if (*parser->at == '"') {
            if (parser->at + 1 < parser->end && parser->at[1] == '"')
                parser->at++;
            else
                break;
        }
        parser->line += *parser->at == '\n';
        out[(*n)++] = *parser->at;
    }
    if (parser->at == parser->end)
        return err_set(err, ERR_INPUT, "%s:%zu: a quote is opened and never closed", parser->name,
                       opened);
    parser->at++;
    if (parser->at < parser->end && !strchr(",\r\n", *parser->at))
        return err_set(err, ERR_INPUT, "%s:%zu: text after a closing quote; a comma should follow",
                       parser->name, parser->line);
    return ERR_OK;
}

static enum err_code read_cell(struct parser *parser, struct cells *cells, struct err *err)
{
    size_t longest = (size_t)(parser->end - parser->at);
    const char *stop = parser->at;
    if (*stop != '"' || longest == 0) {
        while (stop < parser->end && !strchr(",\r\n", *stop))
            stop++;
        longest = (size_t)(stop - parser->at);
        char *text = arena_strndup(parser->arena, parser->at, longest);
        parser->at = stop;
        if (text && strchr(text, '"'))
            return err_set(err, ERR_INPUT, "%s:%zu: a quote inside an unquoted cell", parser->name,
                           parser->line);
        return text ? add_cell(parser, cells, text, err) : err_nomem(err);
    }
    /* The cell ends at latest where the text does; most are short, so measure first. */
    for (stop++; stop < parser->end; stop++)
        if (*stop == '"' && (stop + 1 == parser->end || stop[1] != '"'))
            break;
        else
            stop += *stop == '"';
    char *text = arena_alloc(parser->arena, (size_t)(stop - parser->at) + 1, 1);
    if (!text)
        return err_nomem(err);
    size_t n = 0;
    parser->at++;
    enum err_code code = quoted(parser, text, &n, err);
    return code == ERR_OK ? add_cell(parser, cells, text, err) : code;
}

static enum err_code read_row(struct parser *parser, struct cells *cells, struct err *err)
{
    enum err_code code = ERR_OK;
    cells->count = 0;
    for (;;) {
        if (parser->at == parser->end) { /* an empty last cell */
            char *empty = arena_strdup(parser->arena, "");
            TRY(empty ? add_cell(parser, cells, empty, err) : err_nomem(err));
            break;
        }
        TRY(read_cell(parser, cells, err));
        if (parser->at < parser->end && *parser->at == ',') {
            parser->at++;
            continue;
        }
        break;
    }
    if (parser->at < parser->end && *parser->at == '\r')
        parser->at++;
    if (parser->at < parser->end && *parser->at == '\n')
        parser->at++;
    parser->line++;
done:
    return code;
}

/* Blank lines and comment lines stand for nothing. */
static bool skip_line(struct parser *parser)
{
    const char *stop = parser->at;
    while (stop < parser->end && (*stop == ' ' || *stop == '\t' || *stop == '\r'))
        stop++;
    bool comment = stop < parser->end && *stop == '#';
    while (comment && stop < parser->end && *stop != '\n')
        stop++;
    if (stop < parser->end && *stop != '\n')
        return false;
    parser->at = stop < parser->end ? stop + 1 : stop;
    parser->line++;
    return true;
}

static enum err_code check_header(const struct csv *csv, struct err *err)
{
    for (size_t i = 0; i < csv->n_columns; i++) {
        if (!*csv->header[i])
            return err_set(err, ERR_INPUT, "%s:1: column %zu has no name", csv->name, i + 1);
        for (size_t j = 0; j < i; j++)
            if (strcmp(csv->header[i], csv->header[j]) == 0)
                return err_set(err, ERR_INPUT, "%s:1: column %s stands twice", csv->name,
                               csv->header[i]);
    }
    return ERR_OK;
}

enum err_code csv_parse(const char *name, const char *text, size_t n, struct arena *arena,
                        struct csv *out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct csv){.name = name};
    struct parser parser = {name, text, text + n, 1, arena};
    parser.at += text_mark(text, n); /* Excel writes one */
    if (!text_is_utf8(text, n) || memchr(text, 0, n))
        return err_set(err, ERR_INPUT, "%s: not UTF-8 text", name);
    size_t capacity = 0;
    while (parser.at < parser.end) {
        if (skip_line(&parser))
            continue;
        size_t line = parser.line;
        struct cells cells = {0};
        TRY(read_row(&parser, &cells, err));
        if (!out->header) {
            out->header = cells.items;
            out->n_columns = cells.count;
            TRY(check_header(out, err));
            continue;
        }
        if (cells.count != out->n_columns)
            return err_set(err, ERR_INPUT, "%s:%zu: %zu cells; the header has %zu", name, line,
                           cells.count, out->n_columns);
        out->rows = arena_grow(arena, out->rows, &capacity, out->n_rows + 1, sizeof *out->rows);
        if (!out->rows)
            return err_nomem(err);
        out->rows[out->n_rows++] = (struct csv_row){line, cells.items};
    }
    if (!out->header)
        code = err_set(err, ERR_INPUT, "%s: empty; a header row is needed", name);
done:
    return code;
}

int csv_column(const struct csv *csv, const char *header)
{
    for (size_t i = 0; i < csv->n_columns; i++)
        if (strcmp(csv->header[i], header) == 0)
            return (int)i;
    return -1;
}
