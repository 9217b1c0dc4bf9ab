/* case_rules.h - a case may edit rows of the rule tables: given rule ID column=value ... */
#ifndef SISETU_TESTS_CASE_RULES_H
#define SISETU_TESTS_CASE_RULES_H

#include "tests/unit/case_fixture.h"

#include "data/base/buf.h"

/* The next cell of a line of a table, as it stands with its quotes; NULL behind the last. */
static inline const char *next_cell(const char **at, size_t *n)
{
    const char *start = *at;
    const char *end = start;
    bool quoted = false;
    if (!start)
        return NULL;
    for (; *end && *end != '\n' && *end != '\r' && (quoted || *end != ','); end++)
        quoted ^= *end == '"';
    *n = (size_t)(end - start);
    *at = *end == ',' ? end + 1 : NULL;
    return start;
}

static inline bool cell_is(const char *cell, size_t n, const char *text)
{
    return strlen(text) == n && memcmp(cell, text, n) == 0;
}

/* The number of a column in the header, or -1. */
static inline int column_of(const char *header, const char *name)
{
    const char *cell;
    size_t n = 0;
    for (int i = 0; (cell = next_cell(&header, &n)); i++)
        if (cell_is(cell, n, name))
            return i;
    return -1;
}

/* One line with another value in that column. */
static inline void write_line(struct buf *out, const char *line, int column, const char *value)
{
    const char *cell;
    size_t n = 0;
    for (int i = 0; (cell = next_cell(&line, &n)); i++) {
        if (i > 0)
            buf_add(out, ",", 1);
        if (i == column)
            buf_add(out, value, strlen(value));
        else
            buf_add(out, cell, n);
    }
    buf_add(out, "\n", 1);
}

/* Copies a table; rows whose first cell is the id get the value. Answers how many. */
static inline int edit_table(const char *text, const char *id, const char *column,
                             const char *value, struct buf *out)
{
    int edited = 0;
    int at = column_of(text, column);
    for (const char *line = text; line && *line;) {
        const char *cells = line;
        const char *end = strchr(line, '\n');
        size_t n = 0;
        const char *first = next_cell(&cells, &n);
        bool meant = at >= 0 && line != text && cell_is(first, n, id);
        write_line(out, line, meant ? at : -1, value);
        edited += meant;
        line = end ? end + 1 : NULL;
    }
    return edited;
}

static inline void edit_rule(struct one_case *c, const struct line *line, const char *id,
                             const char *column, const char *value)
{
    struct arena *arena = &c->f.parts.arena;
    struct store_text *files = arena_new(arena, struct store_text, c->f.rules->n_files);
    struct err err;
    int edited = 0;
    for (size_t i = 0; i < c->f.rules->n_files; i++) {
        struct buf text;
        buf_init(&text);
        files[i] = c->f.rules->files[i];
        int n = edit_table(files[i].text, id, column, value, &text);
        if (n > 0) {
            buf_add(&text, "", 1);
            files[i].text = arena_strdup(arena, (const char *)text.bytes);
        }
        edited += n;
        buf_release(&text);
    }
    if (edited == 0)
        fail_case(c, line->number, "there is no rule %s with a column %s", id, column);
    else if (rules_load_texts(files, c->f.rules->n_files, c->f.parts.schema, arena, c->f.rules,
                              &err) != ERR_OK)
        fail_case(c, line->number, "%s", err.message);
}

/* given rule ID column=value ... */
static inline void give_rule(struct one_case *c, struct line *line)
{
    for (int word = 3; word < line->n; word++) {
        char *equals = strchr(line->words[word], '=');
        if (!equals) {
            fail_case(c, line->number, "\"%s\" is no column=value", line->words[word]);
            return;
        }
        *equals = '\0';
        edit_rule(c, line, line->words[2], line->words[word], equals + 1);
    }
}

#endif
