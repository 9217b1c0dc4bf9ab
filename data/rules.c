#include "data/rules_cells.h"

#include "data/base/buf.h"
#include "data/base/file.h"
#include "data/base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every table but parameters' names ends in these. */
static const char SOURCE_COLUMNS[] = "standard edition clause confidence valid_from valid_to "
                                     "active note";

/* Columns: the two lists cannot hold more words. */
enum { COLUMNS_MOST = 32 };

static int by_name(const void *a, const void *b)
{
    const struct store_text *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static const struct rules_table_spec *spec_of(const char *file)
{
    for (size_t i = 0; i < RULES_TABLES; i++)
        if (strcmp(rules_table_specs[i].file, file) == 0)
            return &rules_table_specs[i];
    return NULL;
}

/* ---- one table ---- */

/* Splits at spaces into `words`, in the arena; returns how many. */
static size_t split_words(struct rules_loader *loader, const char *text, const char **words,
                          size_t n)
{
    while (*text && n < COLUMNS_MOST) {
        size_t length = strcspn(text, " ");
        words[n] = arena_strndup(loader->arena, text, length);
        if (!words[n]) {
            loader->no_memory = true;
            return n;
        }
        n++;
        text += length + (text[length] == ' ');
    }
    return n;
}

static bool check_columns(struct rules_loader *loader, const struct rules_table_spec *spec,
                          const struct csv *csv)
{
    const char *words[COLUMNS_MOST];
    size_t before = loader->n_errors;
    size_t n = split_words(loader, spec->columns, words, 0);
    n = split_words(loader, SOURCE_COLUMNS, words, n);
    for (size_t i = 0; i < n; i++)
        if (csv_column(csv, words[i]) < 0)
            rules_error(loader, spec->file, 1, "column %s is missing", words[i]);
    for (size_t i = 0; i < csv->n_columns; i++) {
        bool known = false;
        for (size_t j = 0; j < n; j++)
            known = known || strcmp(csv->header[i], words[j]) == 0;
        if (!known)
            rules_error(loader, spec->file, 1, "column \"%.100s\" is unknown%s", csv->header[i],
                        rules_near(loader, csv->header[i], words, n));
    }
    return loader->n_errors == before;
}

static void read_table(struct rules_loader *loader, const struct rules_table_spec *spec,
                       const char *text, struct rules_table *table)
{
    struct csv csv;
    struct err err;
    enum err_code code = csv_parse(spec->file, text, strlen(text), loader->arena, &csv, &err);
    if (code == ERR_MEMORY)
        loader->no_memory = true;
    if (code != ERR_OK) {
        rules_error_text(loader, err.message); /* says where already */
        return;
    }
    if (!check_columns(loader, spec, &csv))
        return;
    char *rows = arena_alloc(loader->arena, csv.n_rows, spec->row_bytes);
    if (!rows) {
        loader->no_memory = true;
        return;
    }
    for (size_t i = 0; i < csv.n_rows; i++) {
        struct cells cells = {loader, &csv, &csv.rows[i]};
        spec->read_row(&cells, rows + i * spec->row_bytes);
        /* each row struct begins with its source */
        const struct rule_source *source = (const void *)(rows + i * spec->row_bytes);
        table->by_confidence[source->confidence]++;
        table->n_inactive += !source->active;
    }
    if (csv.n_rows == 0 && !loader->extract)
        rules_error(loader, spec->file, 1, "no rows; an empty table leaves its question open");
    table->n_rows = csv.n_rows;
    memcpy((char *)loader->rules + spec->rows_offset, &rows, sizeof rows);
    memcpy((char *)loader->rules + spec->count_offset, &csv.n_rows, sizeof csv.n_rows);
}

/* ---- all tables ---- */

static const char *text_of(const struct rules *rules, const char *file)
{
    for (size_t i = 0; i < rules->n_files; i++)
        if (strcmp(rules->files[i].name, file) == 0)
            return rules->files[i].text;
    return NULL;
}

/* Over name, NUL, text, NUL of each file in the order of names. */
static enum err_code hash_files(struct rules *rules, struct err *err)
{
    struct buf all;
    buf_init(&all);
    for (size_t i = 0; i < rules->n_files; i++) {
        buf_add(&all, rules->files[i].name, strlen(rules->files[i].name) + 1);
        buf_add(&all, rules->files[i].text, strlen(rules->files[i].text) + 1);
    }
    enum err_code code = buf_ok(&all) ? ERR_OK : err_nomem(err);
    if (code == ERR_OK)
        hash_text(all.bytes, all.n_bytes, rules->hash);
    buf_release(&all);
    return code;
}

/* An absent table of an extract is an empty one. */
static void read_file_table(struct rules_loader *loader, size_t i)
{
    struct rules *rules = loader->rules;
    const struct rules_table_spec *spec = &rules_table_specs[i];
    const char *text = text_of(rules, spec->file);
    rules->tables[i].file = spec->file;
    if (text)
        read_table(loader, spec, text, &rules->tables[i]);
}

static void read_tables(struct rules_loader *loader)
{
    struct rules *rules = loader->rules;
    rules->n_tables = RULES_TABLES;
    for (size_t i = 0; i + 1 < RULES_TABLES; i++)
        read_file_table(loader, i);
    if (loader->n_errors == 0 && !loader->no_memory) {
        rules_check_parameters(loader);
        /* A proof has the tables of pipelines whole or not at all: their rows name each other. */
        if (loader->extract)
            rules_check_pipelines(loader);
        else
            rules_check_references(loader);
    }
    /* spacing.csv points into the others, whose errors would only be repeated. */
    if (loader->n_errors > 0 || loader->no_memory)
        return;
    read_file_table(loader, RULES_TABLES - 1);
    if (!loader->no_memory && !loader->extract)
        rules_check_spacing(loader);
}

static enum err_code first_error(const struct rules_loader *loader, struct err *err)
{
    if (loader->no_memory)
        return err_nomem(err);
    if (loader->n_errors == 0)
        return ERR_OK;
    if (loader->n_errors == 1)
        return err_set(err, ERR_INPUT, "%s", loader->found.errors[0]);
    return err_set(err, ERR_INPUT, "%s (and %zu more; `sisetu rules check` lists them)",
                   loader->found.errors[0], loader->n_errors - 1);
}

/* The tables among `files`, sorted; the others are noted. */
static enum err_code take_files(struct rules_loader *loader, const struct store_text *files,
                                size_t n, struct err *err)
{
    struct rules *rules = loader->rules;
    rules->files = arena_new(loader->arena, struct store_text, n);
    rules->tables = arena_new(loader->arena, struct rules_table, RULES_TABLES);
    if (!rules->files || !rules->tables)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        if (!spec_of(files[i].name)) {
            rules_note(loader, "%.200s is no rule table and was left alone", files[i].name);
            continue;
        }
        struct store_text *file = &rules->files[rules->n_files++];
        file->name = arena_strdup(loader->arena, files[i].name);
        file->text = arena_strdup(loader->arena, files[i].text);
        if (!file->name || !file->text)
            return err_nomem(err);
    }
    qsort(rules->files, rules->n_files, sizeof *rules->files, by_name);
    for (size_t i = 1; i < rules->n_files; i++)
        if (strcmp(rules->files[i - 1].name, rules->files[i].name) == 0)
            return err_set(err, ERR_INPUT, "%s is there twice", rules->files[i].name);
    for (size_t i = 0; i < RULES_TABLES && !loader->extract; i++)
        if (!text_of(rules, rules_table_specs[i].file))
            return err_set(err, ERR_NOT_FOUND, "rule table %s is missing",
                           rules_table_specs[i].file);
    return ERR_OK;
}

static enum err_code load(struct rules_loader *loader, const struct store_text *files, size_t n,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    *loader->rules = (struct rules){0};
    TRY(take_files(loader, files, n, err));
    TRY(hash_files(loader->rules, err));
    read_tables(loader);
    code = first_error(loader, err);
done:
    return code;
}

enum err_code rules_load_texts(const struct store_text *files, size_t n,
                               const struct schema *schema, struct arena *arena, struct rules *out,
                               struct err *err)
{
    struct rules_loader loader = {.schema = schema, .arena = arena, .rules = out};
    return load(&loader, files, n, err);
}

enum err_code rules_load_extract(const struct store_text *files, size_t n,
                                 const struct schema *schema, struct arena *arena,
                                 struct rules *out, struct err *err)
{
    struct rules_loader loader = {.schema = schema, .arena = arena, .rules = out, .extract = true};
    return load(&loader, files, n, err);
}

/* ---- a directory ---- */

/* A table's text; one that is not there is left to take_files, which names it. */
static enum err_code read_file(const char *directory, const char *name, struct arena *arena,
                               struct buf *buf, struct store_text *files, size_t *n,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return err_set(err, ERR_USAGE, "%.200s...: path too long", directory);
    TRY(file_read(path, LIMIT_RULE_FILE_BYTES, buf, err));
    if (buf->n_bytes > 0 && memchr(buf->bytes, 0, buf->n_bytes))
        return err_set(err, ERR_INPUT, "%s: not UTF-8 text", name);
    files[*n].name = name;
    files[*n].text = arena_strndup(arena, buf_text(buf), buf->n_bytes);
    if (!files[*n].text)
        return err_nomem(err);
    (*n)++;
done:
    return code;
}

/* README.md belongs there; anything else may be a table under a wrong name. */
static enum err_code note_strangers(struct rules_loader *loader, const char *directory,
                                    struct err *err)
{
    DIR *stream = opendir(directory);
    if (!stream)
        return err_errno(err, errno, "%s", directory);
    for (const struct dirent *entry; (entry = readdir(stream));)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "README.md") != 0 &&
            !spec_of(entry->d_name))
            rules_note(loader, "%.200s is no rule table and was left alone", entry->d_name);
    closedir(stream);
    return ERR_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum err_code rules_check(const char *directory, const struct schema *schema, struct arena *arena,
                          struct rules *out, struct rules_findings *findings, struct err *err)
{
    enum err_code code = ERR_OK;
    struct rules_loader loader = {.schema = schema, .arena = arena, .rules = out};
    struct store_text files[RULES_TABLES];
    char installed[PATH_MAX];
    size_t n = 0;
    struct buf buf;
    buf_init(&buf);
    if (!directory) {
        TRY(file_asset("data/rules", installed, sizeof installed, err));
        directory = installed;
    }
    TRY(note_strangers(&loader, directory, err));
    /* a directory has no order of its own */
    if (loader.found.n_notes > 1)
        qsort(loader.found.notes, loader.found.n_notes, sizeof *loader.found.notes, by_text);
    for (size_t i = 0; i < RULES_TABLES; i++) {
        code = read_file(directory, rules_table_specs[i].file, arena, &buf, files, &n, err);
        if (code != ERR_OK && code != ERR_NOT_FOUND)
            goto done;
    }
    code = load(&loader, files, n, err);
    if (code == ERR_NOT_FOUND)
        err_wrap(err, "%s", directory);
done:
    if (findings)
        *findings = loader.found;
    buf_release(&buf);
    return code;
}

enum err_code rules_load(const char *directory, const struct schema *schema, struct arena *arena,
                         struct rules *out, struct err *err)
{
    return rules_check(directory, schema, arena, out, NULL, err);
}
