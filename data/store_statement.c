/* store_statement.c - statements that are prepared once a handle and kept: for edits, most of whose
 * time in the store OGR would spend on reading SQL. The handle is OGR's, and so is the
 * transaction. */
#include "data/store_internal.h"

#include <stdlib.h>
#include <string.h>

#include <gdal.h>
#include <sqlite3.h>

struct store_kept {
    sqlite3 *database;
    struct arena arena; /* of the texts */
    struct kept_statement {
        const char *sql;
        sqlite3_stmt *statement;
    } * items;
    size_t n;
    size_t capacity;
};

static enum err_code kept_of(struct store *store, struct store_kept **out, struct err *err)
{
    if (!store->statements) {
        struct store_kept *kept = calloc(1, sizeof *kept);
        if (!kept)
            return err_nomem(err);
        arena_init(&kept->arena, 0);
        kept->database = GDALGetInternalHandle(store->dataset, "SQLITE_HANDLE");
        store->statements = kept;
    }
    *out = store->statements;
    return (*out)->database
               ? ERR_OK
               : err_set(err, ERR_INTERNAL, "%s: OGR gives no handle of SQLite", store->path);
}

void store_statements_drop(struct store *store)
{
    struct store_kept *kept = store->statements;
    store->statements = NULL;
    if (!kept)
        return;
    for (size_t i = 0; i < kept->n; i++)
        sqlite3_finalize(kept->items[i].statement);
    arena_release(&kept->arena);
    free(kept);
}

static enum err_code fault(const struct store *store, struct err *err)
{
    const struct store_kept *kept = store->statements;
    return store_fault_said(sqlite3_errmsg(kept->database), store->path, err);
}

enum err_code store_statement(struct store *store, const char *sql, void **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_kept *kept = NULL;
    sqlite3_stmt *statement = NULL;
    *out = NULL;
    TRY(kept_of(store, &kept, err));
    for (size_t i = 0; i < kept->n; i++) {
        if (strcmp(kept->items[i].sql, sql) == 0) {
            *out = kept->items[i].statement;
            return ERR_OK;
        }
    }
    kept->items =
        arena_grow(&kept->arena, kept->items, &kept->capacity, kept->n + 1, sizeof *kept->items);
    const char *copy = arena_strdup(&kept->arena, sql);
    if (!kept->items || !copy)
        return err_nomem(err);
    if (sqlite3_prepare_v3(kept->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK)
        return fault(store, err);
    kept->items[kept->n++] = (struct kept_statement){copy, statement};
    *out = statement;
done:
    return code;
}

void store_bind_text(void *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC); /* NULL binds NULL */
}

void store_bind_blob(void *statement, int at, const void *bytes, size_t n)
{
    sqlite3_bind_blob64(statement, at, bytes, n, SQLITE_STATIC);
}

void store_bind_integer(void *statement, int at, int64_t number)
{
    sqlite3_bind_int64(statement, at, number);
}

void store_bind_real(void *statement, int at, double number)
{
    sqlite3_bind_double(statement, at, number);
}

enum err_code store_step(struct store *store, void *statement, bool *row, struct err *err)
{
    int status = sqlite3_step(statement);
    if (row)
        *row = status == SQLITE_ROW;
    if (status == SQLITE_DONE || (row && status == SQLITE_ROW))
        return ERR_OK;
    enum err_code code = fault(store, err);
    store_statement_end(statement);
    return code;
}

void store_statement_end(void *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

int64_t store_column_integer(void *statement, int at)
{
    return sqlite3_column_int64(statement, at);
}

const char *store_column_text(void *statement, int at)
{
    return (const char *)sqlite3_column_text(statement, at);
}

enum err_code store_step_text(struct store *store, void *statement, struct arena *arena,
                              const char **out, struct err *err)
{
    enum err_code code = ERR_OK;
    bool row = false;
    *out = NULL;
    TRY(store_step(store, statement, &row, err));
    const char *text = row ? store_column_text(statement, 0) : NULL;
    if (text) {
        *out = arena_strdup(arena, text);
        code = *out ? ERR_OK : err_nomem(err);
    }
    store_statement_end(statement);
done:
    return code;
}

int64_t store_last_row(const struct store *store)
{
    const struct store_kept *kept = store->statements;
    return sqlite3_last_insert_rowid(kept->database);
}

enum err_code store_fire_triggers(struct store *store, bool fire, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_kept *kept = NULL;
    int is = -1;
    TRY(kept_of(store, &kept, err));
    if (sqlite3_db_config(kept->database, SQLITE_DBCONFIG_ENABLE_TRIGGER, fire ? 1 : 0, &is) !=
            SQLITE_OK ||
        is != fire)
        code = err_set(err, ERR_INTERNAL, "%s: SQLite does not switch its triggers", store->path);
done:
    return code;
}

bool store_is_in_transaction(const struct store *store)
{
    return sqlite3_get_autocommit(GDALGetInternalHandle(store->dataset, "SQLITE_HANDLE")) == 0;
}

int64_t store_changes(const struct store *store)
{
    const struct store_kept *kept = store->statements;
    return sqlite3_changes64(kept->database);
}
