/* disk_file.c - the file of disk.h: opened, mended, sealed. */
#include "tiler/cache/disk_private.h"

#include "data/base/hash.h"
#include "data/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MARK = 0x53495354, /* application_id: "SIST" */
    MARK_AT = 68,      /* where SQLite keeps it (file format, 1.3) */
};

static const char SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS tile(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE,"
    " version INTEGER NOT NULL, seal INTEGER NOT NULL, tag TEXT NOT NULL, style INTEGER NOT NULL,"
    " map INTEGER NOT NULL, plane INTEGER NOT NULL, z INTEGER NOT NULL, x INTEGER NOT NULL,"
    " y INTEGER NOT NULL, vector INTEGER NOT NULL, n_bytes INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS body(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS published(state INTEGER NOT NULL, map INTEGER PRIMARY KEY,"
    " version INTEGER NOT NULL);";

static const char ALL_OF_TILE[] =
    "SELECT id, text, version, tag, style, map, plane, z, x, y, vector,"
    " n_bytes, seal FROM tile WHERE id>? ORDER BY id LIMIT 1";

static const char *const texts[STATEMENTS] = {
    [FIND] = "SELECT seal, tag, bytes FROM tile JOIN body USING(id) WHERE text=? AND version=?",
    [ID_OF] = "SELECT id, n_bytes FROM tile WHERE text=?",
    [PUT_TILE] = "INSERT INTO tile VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?)",
    [PUT_BODY] = "INSERT OR REPLACE INTO body VALUES(?,?)",
    [DROP_TILE] = "DELETE FROM tile WHERE id=?",
    [DROP_BODY] = "DELETE FROM body WHERE id=?",
    [OLDEST] = "SELECT id, n_bytes FROM tile ORDER BY id LIMIT 1",
    [NEXT] = ALL_OF_TILE,
    [MOVE] = "UPDATE tile SET version=?, seal=? WHERE id=?",
    [PUBLISH] = "INSERT OR REPLACE INTO published VALUES(?,?,?)",
    [PUBLISHED] = "SELECT map, version FROM published WHERE state=?",
    [SUM] = "SELECT coalesce(sum(n_bytes),0) FROM tile",
};

void disk_shut(struct disk *disk)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(disk->statements[i]);
        disk->statements[i] = NULL;
    }
    sqlite3_close(disk->file);
    disk->file = NULL;
}

/* Whether the file may be written to: ours, empty, or none yet. */
bool disk_is_ours(const char *path)
{
    unsigned char head[MARK_AT + 4] = {0};
    struct stat status;
    if (stat(path, &status) != 0)
        return errno == ENOENT;
    if (!S_ISREG(status.st_mode))
        return false;
    if (status.st_size == 0)
        return true;
    FILE *file = fopen(path, "rbe");
    size_t n = file ? fread(head, 1, sizeof head, file) : 0;
    if (file)
        (void)fclose(file);
    const unsigned char *mark = head + MARK_AT;
    return n == sizeof head && ((uint32_t)mark[0] << 24 | (uint32_t)mark[1] << 16 |
                                (uint32_t)mark[2] << 8 | mark[3]) == (uint32_t)MARK;
}

int disk_open_file(struct disk *disk)
{
    char pragmas[256];
    /* No write is waited for: what a power cut tears apart does not fit its seal. */
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=OFF;"
             "PRAGMA application_id=%d; BEGIN EXCLUSIVE;",
             (int)MARK);
    int got =
        sqlite3_open_v2(disk->path, &disk->file,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (got == SQLITE_OK)
        got = sqlite3_exec(disk->file, pragmas, NULL, NULL, NULL);
    if (got == SQLITE_OK)
        got = sqlite3_exec(disk->file, SCHEMA, NULL, NULL, NULL);
    if (got == SQLITE_OK)
        got = sqlite3_exec(disk->file, "COMMIT", NULL, NULL, NULL);
    for (size_t i = 0; got == SQLITE_OK && i < STATEMENTS; i++)
        got = sqlite3_prepare_v3(disk->file, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                 &disk->statements[i], NULL);
    if (got != SQLITE_OK)
        return got;
    sqlite3_stmt *sum = disk->statements[SUM];
    got = sqlite3_step(sum);
    disk->used_bytes = got == SQLITE_ROW ? (size_t)sqlite3_column_int64(sum, 0) : 0;
    sqlite3_reset(sum);
    return got == SQLITE_ROW ? SQLITE_OK : got;
}

bool disk_is_damage(int result)
{
    int kind = result & 0xff;
    return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_FORMAT ||
           kind == SQLITE_ERROR;
}

/* Deals with what went wrong: makes a damaged file anew, once; else keeps nothing any more. With
 * the file's mutex. */
void disk_mend(struct disk *disk, int result, const char *doing)
{
    char message[160];
    if (!disk->file)
        return;
    snprintf(message, sizeof message, "%s", sqlite3_errmsg(disk->file));
    bool renew = disk_is_damage(result) && !disk->renewed && disk_is_ours(disk->path);
    disk_shut(disk);
    if (renew) {
        disk->renewed = true;
        renew = unlink(disk->path) == 0 && disk_open_file(disk) == SQLITE_OK;
        if (!renew)
            disk_shut(disk);
    }
    log_line("tile-cache", "path=%s doing=\"%s\" error=\"%s\" action=\"%s\"", disk->path, doing,
             message, renew ? "made anew" : "tiles are kept in memory alone");
}

sqlite3_stmt *disk_statement(struct disk *disk, enum statement which)
{
    sqlite3_stmt *found = disk->statements[which];
    sqlite3_reset(found);
    return found;
}

/* ---- seals ---- */

int64_t disk_seal(const struct cache_key *key, uint64_t version, const char *tag)
{
    const struct cache_place *place = &key->place;
    unsigned char hash[HASH_BYTES];
    char all[CACHE_KEY_BYTES + BLOB_TAG_BYTES + 160];
    int64_t seal;
    int n = snprintf(all, sizeof all,
                     "%s|%016" PRIx64 "|%s|%016" PRIx64 "|%u|%u|%u|%" PRIu32 "|%" PRIu32 "|%d|%d",
                     key->text, version, tag, place->style, place->map, place->plane, place->z,
                     place->x, place->y, place->vector, place->of_unit);
    hash_bytes(all, n > 0 ? (size_t)n : 0, hash);
    memcpy(&seal, hash, sizeof seal);
    return seal;
}
