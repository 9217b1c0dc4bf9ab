#include "data/store_internal.h"

#include "data/base/file.h"
#include "data/base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <gdal.h>

enum {
    /* How long a lock is waited for, ms, unless SISETU_STORE_WAIT_MS says otherwise. */
    WAIT_MS = 10000,

    /* A peek answers at once or says busy: a server asks again a second later. */
    PEEK_TIMEOUT_MS = 500,

    /* Changed pages stay in memory up to here, KiB; beyond, SQLite spills them into the file,
     * which locks readers out until the commit. 256 MiB is an import of about 300,000 records. */
    WRITE_CACHE_KIB = 256 << 10,

    /* Of a file that stays open between edits, KiB: what they touch again and again. */
    KEPT_CACHE_KIB = 128 << 10,

    /* What its journal may keep of the disk between edits, bytes: room for a thousand pages. */
    KEPT_JOURNAL_BYTES = 4 << 20,

    SMALLEST_DATABASE_BYTES = 512, /* one page of the smallest size that SQLite has */
};

int store_wait_ms(void)
{
    int64_t ms;
    const char *text = getenv("SISETU_STORE_WAIT_MS");
    return text && text_to_int(text, &ms) && ms >= 0 && ms <= INT_MAX ? (int)ms : WAIT_MS;
}

int64_t store_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "dir/" of "dir/file", or ".". */
static void directory_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    snprintf(out, PATH_MAX, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
}

/* What can be said of a path before SQLite sees it. Only stat: opening and closing the file
 * would drop the locks that this process may hold on it. */
enum err_code store_check_path(const char *path, enum store_mode mode, struct err *err)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        if (errno == ENOENT)
            return err_set(err, ERR_NOT_FOUND, "%s: no such store; `sisetu init` makes one", path);
        return err_errno(err, errno, "%s", path);
    }
    if (S_ISDIR(status.st_mode))
        return err_set(err, ERR_INPUT, "%s: a directory; a store is a GeoPackage file", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, ERR_INPUT, "%s: not a file; a store is a GeoPackage file", path);
    if (status.st_size == 0)
        return err_set(err, ERR_INPUT, "%s: an empty file, not a store", path);
    if (status.st_size < SMALLEST_DATABASE_BYTES)
        return err_set(err, ERR_INPUT, "%s: not a GeoPackage, or damaged", path);
    if (access(path, mode == STORE_WRITE ? R_OK | W_OK : R_OK) != 0)
        return err_errno(err, errno, "%s", path);
    char directory[PATH_MAX];
    directory_of(path, directory);
    if (mode == STORE_WRITE && access(directory, W_OK) != 0)
        return err_errno(err, errno, "%s: its journal would be kept beside it", path);
    return ERR_OK;
}

/* ATTACH 'file:path?mode=...': whatever could end the path in a URI is escaped. */
static enum err_code attach(struct store *store, const char *mode, struct err *err)
{
    struct buf uri, sql;
    buf_init(&uri);
    buf_init(&sql);
    buf_add_text(&uri, *store->path == '/' ? "file://" : "file:");
    for (const char *at = store->path; *at; at++) {
        if (strchr("%?#'\"", *at) || (unsigned char)*at < 0x20)
            buf_printf(&uri, "%%%02X", (unsigned)(unsigned char)*at);
        else if (at == store->path || *at != '/' || at[-1] != '/') /* "//host" is another thing */
            buf_add_byte(&uri, *at);
    }
    buf_printf(&uri, "?mode=%s", mode);
    buf_add_text(&sql, "ATTACH ");
    store_quote(&sql, buf_text(&uri));
    buf_add_text(&sql, " AS store");
    bool ok = buf_ok(&uri) && buf_ok(&sql);
    enum err_code code = ok ? store_sql(store, err, buf_text(&sql)) : err_nomem(err);
    buf_release(&uri);
    buf_release(&sql);
    return code;
}

/* ATTACH says "unable to open" of whatever went wrong inside the file too. Where SQLite may make
 * its files beside it, nothing else is left. */
static enum err_code tell_damage(const char *path, enum err_code code, struct err *err)
{
    char directory[PATH_MAX];
    directory_of(path, directory);
    if (code != ERR_DENIED || access(directory, W_OK) != 0 || store_journal_is_hot(path))
        return code;
    return err_set(err, ERR_INPUT, "%s: not a GeoPackage, or damaged", path);
}

/* An empty database in memory with the file attached and one read transaction begun: names
 * of tables resolve to the file's. */
static enum err_code connect_as(struct store *store, const char *mode, int timeout_ms,
                                struct err *err)
{
    static const char *const drivers[] = {"SQLite", NULL};
    enum err_code code = ERR_OK;
    gdal_session_clear(&store->gdal);
    store->dataset = GDALOpenEx(":memory:", GDAL_OF_VECTOR | GDAL_OF_UPDATE, drivers, NULL, NULL);
    if (!store->dataset)
        return store_fault(store, err);
    TRY(store_sqlf(store, err, "PRAGMA busy_timeout = %d", timeout_ms));
    TRY(tell_damage(store->path, attach(store, mode, err), err));
    TRY(store_sql(store, err, "BEGIN"));
    TRY(store_sql(store, err,
                  "SELECT value FROM sisetu_meta LIMIT 1")); /* the lock, or the fault */
done:
    if (code != ERR_OK)
        store_disconnect(store, false, NULL);
    return code;
}

static enum err_code connect_read(struct store *store, int timeout_ms, struct err *err)
{
    enum err_code code = connect_as(store, "ro", timeout_ms, err);
    if (code != ERR_DENIED)
        return code;
    /* A writer that was killed leaves a journal, which must be undone before anyone reads. */
    if (!store_journal_is_hot(store->path))
        return code;
    code = connect_as(store, "rw", timeout_ms, err);
    if (code == ERR_DENIED)
        err_set(err, code,
                "%s: a write was interrupted and has to be undone; open it once with permission "
                "to write",
                store->path);
    return code;
}

/* ---- the file at the path ---- */

static void note_file(struct store *store)
{
    struct stat status = {0};
    if (stat(store->path, &status) != 0)
        status = (struct stat){0};
    store->device = (uint64_t)status.st_dev;
    store->inode = (uint64_t)status.st_ino;
}

/* Whether the file that is open is (still) the one that everybody else finds. Its inode is not
 * given to another while it is open. */
static bool stands_at_path(const struct store *store)
{
    struct stat status;
    return stat(store->path, &status) == 0 && (uint64_t)status.st_dev == store->device &&
           (uint64_t)status.st_ino == store->inode;
}

/* What is written to a file that nobody finds any more is lost. */
static enum err_code check_stands(const struct store *store, struct err *err)
{
    if (stands_at_path(store))
        return ERR_OK;
    return err_set(err, ERR_BUSY,
                   "%s: was replaced by another file, or deleted, while it was open; nothing was "
                   "written; try again",
                   store->path);
}

/* ---- open and close ---- */

/* OGR gives up on a locked file after five seconds of its own. */
static enum err_code open_for_writing(struct store *store, struct err *err)
{
    static const char *const drivers[] = {"GPKG", NULL};
    int64_t until = store_now_ms() + store->wait_ms;
    enum err_code code;
    do {
        code = ERR_OK;
        gdal_session_clear(&store->gdal);
        store->dataset =
            GDALOpenEx(store->path, GDAL_OF_VECTOR | GDAL_OF_UPDATE, drivers, NULL, NULL);
        if (!store->dataset && !store->gdal.failed)
            code = err_set(err, ERR_INPUT, "%s: not a GeoPackage, or damaged", store->path);
        else if (!store->dataset)
            code = store_fault(store, err);
    } while (code == ERR_BUSY && store_now_ms() < until);
    return code;
}

static enum err_code begin_transaction(struct store *store, struct err *err)
{
    gdal_session_clear(&store->gdal);
    if (GDALDatasetStartTransaction(store->dataset, FALSE) != OGRERR_NONE)
        return store_fault(store, err);
    /* OGR begins a deferred transaction. Its first statement being a write, it waits for the
     * writer's lock here and now, as BEGIN IMMEDIATE would. */
    return store_sql(store, err, "UPDATE sisetu_meta SET value = value WHERE key = 'generation'");
}

enum err_code store_connect_write(struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(open_for_writing(store, err));
    TRY(store_sqlf(store, err, "PRAGMA busy_timeout = %d", store->wait_ms));
    TRY(store_sqlf(store, err, "PRAGMA cache_size = -%d",
                   store->kept ? KEPT_CACHE_KIB : WRITE_CACHE_KIB));
    TRY(begin_transaction(store, err));
done:
    if (code != ERR_OK)
        store_disconnect(store, false, NULL);
    return code;
}

enum err_code store_wait_at_most(struct store *store, int ms, struct err *err)
{
    enum err_code code = ERR_OK;
    store->wait_ms = ms;
    if (!store->dataset)
        return ERR_OK;
    gdal_session_begin(&store->gdal);
    code = store_sqlf(store, err, "PRAGMA busy_timeout = %d", ms);
    gdal_session_end(&store->gdal);
    return code;
}

/* Between edits the journal stays and is overwritten in place rather than made and deleted. SQLite
 * then syncs the commit itself, which in its mode DELETE a loss of power right after it may undo,
 * and the file system has no file to note down. A log (WAL) would sync once an edit instead of five
 * times, but a store is one file, which people copy, put on a medium that takes no writes, and put
 * another in place of. What QGIS keeps as a log stays one. */
static void keep_journal(struct store *store)
{
    const char *mode = NULL;
    struct arena arena;
    if (store->keeps_journal)
        return;
    arena_init(&arena, 0);
    store->keeps_journal =
        store_sql_text(store, "PRAGMA journal_mode", &arena, &mode, NULL) == ERR_OK && mode &&
        strcmp(mode, "delete") == 0 &&
        store_sqlf(store, NULL, "PRAGMA journal_size_limit = %d", KEPT_JOURNAL_BYTES) == ERR_OK &&
        store_sql(store, NULL, "PRAGMA journal_mode = PERSIST") == ERR_OK;
    arena_release(&arena);
}

/* Deletes it, unless somebody else is writing. Beside another file it is not ours. */
static void give_journal_up(struct store *store)
{
    if (store->keeps_journal && stands_at_path(store))
        store_sql(store, NULL, "PRAGMA journal_mode = DELETE");
    store->keeps_journal = false;
}

enum err_code store_disconnect(struct store *store, bool commit, struct err *err)
{
    enum err_code code = ERR_OK;
    if (!store->dataset)
        return ERR_OK;
    store_statements_drop(store);
    memset(store->row_statements, 0, sizeof store->row_statements);
    memset(store->aside, 0, sizeof store->aside);
    store->triggers = (struct store_triggers){0};
    if (store->mode == STORE_WRITE) {
        gdal_session_clear(&store->gdal);
        if (commit &&
            (GDALDatasetCommitTransaction(store->dataset) != OGRERR_NONE || store->gdal.failed))
            code = store_fault(store, err);
        if (!commit || code != ERR_OK)
            GDALDatasetRollbackTransaction(store->dataset);
        give_journal_up(store);
        /* What OGR would like to note while closing is no part of a transaction. */
        store_sql(store, NULL, "PRAGMA query_only = 1");
    }
    GDALClose(store->dataset);
    store->dataset = NULL;
    store->resting = false;
    return code;
}

/* ---- open between transactions ---- */

void store_keep(struct store *store)
{
    store->kept = true;
    if (!store->dataset)
        return;
    gdal_session_begin(&store->gdal);
    store_sqlf(store, NULL, "PRAGMA cache_size = -%d", KEPT_CACHE_KIB);
    gdal_session_end(&store->gdal);
}

/* Other than before, if others have written. To be asked in a transaction: before it, somebody
 * might write between the answer and its use. */
static enum err_code read_data_version(struct store *store, int64_t *out, struct err *err)
{
    return store_sql_number(store, "PRAGMA data_version", out, err);
}

/* Commits and keeps the handle for the next transaction. */
static enum err_code commit_and_rest(struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(read_data_version(store, &store->data_version, err));
    gdal_session_clear(&store->gdal);
    if (GDALDatasetCommitTransaction(store->dataset) != OGRERR_NONE || store->gdal.failed)
        code = store_fault(store, err);
done:
    if (code != ERR_OK)
        store_disconnect(store, false, NULL);
    else
        keep_journal(store);
    store->resting = code == ERR_OK;
    return code;
}

static bool wrote_nothing(const struct store *store)
{
    for (int i = 0; i < LAYER_COUNT; i++)
        if (store->touches[i].touched)
            return false;
    return !store->changed && !store->broken;
}

/* Ends a transaction without keeping anything of it. OGR remembers what it wrote, undone or not:
 * the handle is kept only where nothing was written, as when an edit is refused. */
static void roll_back(struct store *store)
{
    gdal_session_clear(&store->gdal);
    bool keep = store->kept && store->dataset && wrote_nothing(store) &&
                read_data_version(store, &store->data_version, NULL) == ERR_OK &&
                GDALDatasetRollbackTransaction(store->dataset) == OGRERR_NONE &&
                !store->gdal.failed;
    if (!keep)
        store_disconnect(store, false, NULL);
    store->resting = keep;
}

/* The next transaction on the handle that was kept; *usable is false where it has to be another. */
static enum err_code wake(struct store *store, bool *usable, struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t version = 0;
    *usable = stands_at_path(store);
    if (!*usable)
        return ERR_OK;
    store->resting = false;
    TRY(begin_transaction(store, err));
    TRY(read_data_version(store, &version, err));
    TRY(store_meta_check(store, &store->generation, err));
    *usable = version == store->data_version && stands_at_path(store);
done:
    return code;
}

enum err_code store_wake(struct store *store, struct err *err)
{
    enum err_code code = store_begin(store, STORE_READ, err);
    return store_end(store, STORE_READ, code);
}

void store_rest(struct store *store)
{
    if (store->resting)
        return;
    gdal_session_begin(&store->gdal);
    roll_back(store);
    gdal_session_end(&store->gdal);
    store->changed = store->broken = false;
    memset(store->touches, 0, sizeof store->touches);
}

static enum err_code connect(struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_check_path(store->path, store->mode, err));
    note_file(store);
    TRY(store->mode == STORE_WRITE ? store_connect_write(store, err)
                                   : connect_read(store, store->wait_ms, err));
    code = check_stands(store, err);
    if (code == ERR_OK)
        code = store_meta_check(store, &store->generation, err);
    if (code == ERR_OK)
        code = store_meta_identity(store, &store->identity, err);
    if (code != ERR_OK)
        store_disconnect(store, false, NULL);
done:
    return code;
}

enum err_code store_begin(struct store *store, enum store_mode need, struct err *err)
{
    gdal_session_begin(&store->gdal);
    if (need == STORE_WRITE && store->mode != STORE_WRITE)
        return err_set(err, ERR_INTERNAL, "%s: was opened for reading only", store->path);
    if (store->broken)
        return err_set(err, ERR_CONFLICT, "%s: an earlier write failed, so nothing can be kept",
                       store->path);
    if (store->dataset && store->resting) {
        bool usable = false;
        enum err_code code = wake(store, &usable, err);
        if (code != ERR_OK || !usable)
            store_disconnect(store, false, NULL);
        if (code != ERR_OK)
            return code;
    }
    if (store->dataset && !store_is_in_transaction(store))
        return err_set(err, ERR_IO, "%s: an earlier failure ended the transaction", store->path);
    return store->dataset ? ERR_OK : connect(store, err);
}

enum err_code store_end(struct store *store, enum store_mode did, enum err_code code)
{
    if (code != ERR_OK && did == STORE_WRITE)
        store->broken = true;
    gdal_session_end(&store->gdal);
    return code;
}

enum err_code store_new(const char *path, enum store_mode mode, struct store **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = calloc(1, sizeof *store);
    if (!store) {
        err_nomem(err);
        return ERR_MEMORY;
    }
    arena_init(&store->arena, 0);
    store->mode = mode;
    store->wait_ms = store_wait_ms();
    store->path = arena_strdup(&store->arena, path);
    TRY(store->path ? ERR_OK : err_nomem(err));
    TRY(schema_load(&store->arena, &store->schema, err));
    *out = store;
    store = NULL;
done:
    store_close(store);
    return code;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    gdal_session_begin(&store->gdal);
    store_disconnect(store, false, NULL);
    gdal_session_end(&store->gdal);
    arena_release(&store->arena);
    free(store);
}

uint64_t store_generation(const struct store *store)
{
    return store->generation;
}

struct store_stamp store_stamp_of(const struct store *store)
{
    return (struct store_stamp){.generation = store->generation,
                                .identity = store->identity,
                                .device = store->device,
                                .inode = store->inode};
}

/* What followed from the facts before still does if no layer was touched. */
static enum err_code carry_assessed(struct store *store, const char *next, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *assessed = NULL;
    char now[24];
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < LAYER_COUNT; i++)
        if (store->touches[i].touched)
            goto done;
    snprintf(now, sizeof now, "%" PRIu64, store->generation);
    TRY(store_meta_get(store, "assessed", &arena, &assessed, err));
    if (text_equal(assessed, now))
        TRY(store_meta_set(store, "assessed", next, err));
done:
    arena_release(&arena);
    return code;
}

static enum err_code commit(struct store *store, uint64_t next, struct err *err)
{
    enum err_code code = ERR_OK;
    char generation[24];
    if (!store->changed) /* gives the lock back and keeps the generation */
        return store_disconnect(store, false, err);
    snprintf(generation, sizeof generation, "%" PRIu64, next);
    TRY(carry_assessed(store, generation, err));
    gdal_session_clear(&store->gdal);
    GDALFlushCache(store->dataset);
    if (store->gdal.failed)
        TRY(store_fault(store, err));
    for (int i = 0; i < LAYER_COUNT; i++)
        if (store->touches[i].whole || store->touches[i].n_written || store->touches[i].n_deleted)
            TRY(store_note_contents(store, (enum layer_id)i, err));
    TRY(store_meta_set(store, "generation", generation, err));
    TRY(check_stands(store, err));
    bool deletes_journal = !store->keeps_journal;
    /* OGR remembers what it read of the tables. Another writer may come between, so the next
     * transaction begins on a new handle. */
    TRY(store->kept ? commit_and_rest(store, err) : store_disconnect(store, true, err));
    store->generation = next;
    store->changed = false;
    memset(store->touches, 0, sizeof store->touches);
    /* A journal that comes back when power is lost would undo what was committed. */
    if (deletes_journal)
        file_sync_directory_of(store->path);
done:
    return code;
}

enum err_code store_commit(struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_begin(store, STORE_WRITE, err));
    TRY(commit(store, store->generation + 1, err));
done:
    return store_end(store, STORE_WRITE, code);
}

enum err_code store_commit_as(struct store *store, uint64_t generation, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_begin(store, STORE_WRITE, err));
    store->changed = true;
    TRY(commit(store, generation, err));
done:
    return store_end(store, STORE_WRITE, code);
}

enum err_code store_stamp(const char *path, struct store_stamp *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct stat status = {0};
    struct store store = {.mode = STORE_READ, .path = path};
    *out = (struct store_stamp){0};
    arena_init(&store.arena, 0);
    gdal_session_begin(&store.gdal);
    TRY(store_check_path(path, STORE_READ, err));
    if (stat(path, &status) != 0)
        TRY(err_errno(err, errno, "%s", path));
    TRY(connect_read(&store, PEEK_TIMEOUT_MS, err));
    TRY(store_meta_check(&store, &out->generation, err));
    TRY(store_meta_identity(&store, &out->identity, err));
    out->device = (uint64_t)status.st_dev;
    out->inode = (uint64_t)status.st_ino;
done:
    store_disconnect(&store, false, NULL);
    gdal_session_end(&store.gdal);
    arena_release(&store.arena);
    return code;
}
