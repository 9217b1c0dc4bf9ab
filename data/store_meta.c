#include "data/store_internal.h"

#include "data/base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <ogr_api.h>

enum err_code store_meta_get(struct store *store, const char *key, struct arena *arena,
                             const char **out, struct err *err)
{
    enum err_code code = ERR_OK;
    void *statement = NULL;
    *out = NULL;
    TRY(store_statement(store, "SELECT value FROM sisetu_meta WHERE key = ?1", &statement, err));
    store_bind_text(statement, 1, key);
    TRY(store_step_text(store, statement, arena, out, err));
done:
    return code;
}

static enum err_code run_on(struct store *store, const char *sql, const char *key,
                            const char *value, struct err *err)
{
    enum err_code code = ERR_OK;
    void *statement = NULL;
    TRY(store_statement(store, sql, &statement, err));
    store_bind_text(statement, 1, key);
    if (value)
        store_bind_text(statement, 2, value);
    TRY(store_step(store, statement, NULL, err));
    store_statement_end(statement);
done:
    return code;
}

enum err_code store_meta_set(struct store *store, const char *key, const char *value,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(run_on(store, "UPDATE sisetu_meta SET value = ?2 WHERE key = ?1", key, value, err));
    if (store_changes(store) > 0)
        goto done;
    TRY(store_triggers_on(store, err));
    TRY(run_on(store, "INSERT INTO sisetu_meta (key, value) VALUES (?1, ?2)", key, value, err));
done:
    return code;
}

static enum err_code meta_remove(struct store *store, const char *key, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_triggers_on(store, err));
    TRY(run_on(store, "DELETE FROM sisetu_meta WHERE key = ?1", key, NULL, err));
done:
    return code;
}

static enum err_code get_number(struct store *store, const char *key, int64_t *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    const char *text = NULL;
    arena_init(&arena, 0);
    TRY(store_meta_get(store, key, &arena, &text, err));
    if (!text || !text_to_int(text, out) || *out < 0)
        code = err_set(err, ERR_INPUT,
                       "%s: not a sisetu store, or damaged: sisetu_meta has no usable %s",
                       store->path, key);
done:
    arena_release(&arena);
    return code;
}

enum err_code store_meta_version(struct store *store, int64_t *version, struct err *err)
{
    return get_number(store, "schema_version", version, err);
}

enum err_code store_meta_identity(struct store *store, uint64_t *identity, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    const char *text = NULL;
    arena_init(&arena, 0);
    TRY(store_meta_get(store, "identity", &arena, &text, err));
    *identity = text ? strtoull(text, NULL, 16) : 0;
done:
    arena_release(&arena);
    return code;
}

enum err_code store_meta_check(struct store *store, uint64_t *generation, struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t version = 0, number = 0;
    TRY(store_meta_version(store, &version, err));
    if (version > SCHEMA_VERSION)
        return err_set(err, ERR_VERSION,
                       "%s: its schema is version %" PRId64
                       ", this program knows up to %d; use a newer sisetu",
                       store->path, version, SCHEMA_VERSION);
    if (version < SCHEMA_VERSION)
        return err_set(err, ERR_VERSION,
                       "%s: its schema is version %" PRId64
                       ", this program needs %d; run `sisetu upgrade` on it",
                       store->path, version, SCHEMA_VERSION);
    TRY(get_number(store, "generation", &number, err));
    *generation = (uint64_t)number;
done:
    return code;
}

enum err_code store_get(struct store *store, const char *key, struct arena *arena, const char **out,
                        struct err *err)
{
    enum err_code code = ERR_OK;
    *out = NULL;
    TRY(store_begin(store, STORE_READ, err));
    TRY(store_meta_get(store, key, arena, out, err));
done:
    return store_end(store, STORE_READ, code);
}

static enum err_code set_if_new(struct store *store, const char *key, const char *value,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    const char *old = NULL;
    arena_init(&arena, 0);
    TRY(store_meta_get(store, key, &arena, &old, err));
    if (text_equal(old, value))
        goto done;
    TRY(value ? store_meta_set(store, key, value, err) : meta_remove(store, key, err));
    store->changed = true;
done:
    arena_release(&arena);
    return code;
}

enum err_code store_set(struct store *store, const char *key, const char *value, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_begin(store, STORE_WRITE, err));
    TRY(set_if_new(store, key, value, err));
done:
    return store_end(store, STORE_WRITE, code);
}

static enum err_code read_rules(struct store *store, struct arena *arena, struct store_text **files,
                                size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_rows rows = {0};
    void *row = NULL;
    size_t capacity = 0;
    *files = NULL;
    *n = 0;
    TRY(store_rows_begin(store,
                         "SELECT CAST(file AS TEXT), CAST(text AS TEXT) FROM sisetu_rules "
                         "ORDER BY file",
                         &rows, err));
    for (;;) {
        TRY(store_rows_next(&rows, &row, err));
        if (!row)
            break;
        *files = arena_grow(arena, *files, &capacity, *n + 1, sizeof **files);
        if (!*files) {
            code = err_nomem(err);
            goto done;
        }
        struct store_text *file = &(*files)[*n];
        file->name = arena_strdup(arena, OGR_F_GetFieldAsString(row, 0));
        file->text = arena_strdup(arena, OGR_F_GetFieldAsString(row, 1));
        if (!file->name || !file->text)
            TRY(err_nomem(err));
        ++*n;
    }
done:
    store_rows_end(&rows);
    return code;
}

enum err_code store_read_rules(struct store *store, struct arena *arena, struct store_text **files,
                               size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_begin(store, STORE_READ, err));
    TRY(read_rules(store, arena, files, n, err));
done:
    return store_end(store, STORE_READ, code);
}

/* The same names with the same texts, in whatever order. */
static bool same_rules(const struct store_text *a, size_t n_a, const struct store_text *b,
                       size_t n_b)
{
    if (n_a != n_b)
        return false;
    for (size_t i = 0; i < n_a; i++) {
        size_t j = 0;
        while (j < n_b && strcmp(a[i].name, b[j].name) != 0)
            j++;
        if (j == n_b || strcmp(a[i].text, b[j].text) != 0)
            return false;
    }
    return true;
}

static enum err_code write_rules(struct store *store, const struct store_text *files, size_t n,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    struct buf sql;
    struct store_text *old = NULL;
    size_t n_old = 0;
    arena_init(&arena, 0);
    buf_init(&sql);
    TRY(read_rules(store, &arena, &old, &n_old, err));
    if (same_rules(files, n, old, n_old))
        goto done;
    TRY(store_triggers_on(store, err));
    TRY(store_sql(store, err, "DELETE FROM sisetu_rules"));
    for (size_t i = 0; i < n; i++) {
        buf_clear(&sql);
        buf_add_text(&sql, "INSERT INTO sisetu_rules (file, text) VALUES (");
        store_quote(&sql, files[i].name);
        buf_add_text(&sql, ", ");
        store_quote(&sql, files[i].text);
        buf_add_text(&sql, ")");
        TRY(buf_ok(&sql) ? ERR_OK : err_nomem(err));
        TRY(store_sql(store, err, buf_text(&sql)));
    }
    store->changed = true;
done:
    buf_release(&sql);
    arena_release(&arena);
    return code;
}

enum err_code store_write_rules(struct store *store, const struct store_text *files, size_t n,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_begin(store, STORE_WRITE, err));
    TRY(write_rules(store, files, n, err));
done:
    return store_end(store, STORE_WRITE, code);
}
