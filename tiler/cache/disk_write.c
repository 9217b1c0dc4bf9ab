/* disk_write.c - tiles written to the file of disk.h, and brought to another version. */
#include "tiler/cache/disk_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing, on the thread; with the file's mutex ---- */

static int run(sqlite3_stmt *made)
{
    int got = sqlite3_step(made);
    sqlite3_reset(made);
    return got == SQLITE_DONE || got == SQLITE_ROW ? SQLITE_OK : got;
}

static int drop(struct disk *disk, int64_t id, size_t n_bytes)
{
    int got = SQLITE_OK;
    for (int i = DROP_TILE; got == SQLITE_OK && i <= DROP_BODY; i++) {
        sqlite3_stmt *gone = disk_statement(disk, (enum statement)i);
        sqlite3_bind_int64(gone, 1, id);
        got = run(gone);
    }
    disk->used_bytes -= n_bytes < disk->used_bytes ? n_bytes : disk->used_bytes;
    return got;
}

static int make_room(struct disk *disk)
{
    int got = SQLITE_OK;
    while (got == SQLITE_OK && disk->used_bytes > disk->budget_bytes) {
        sqlite3_stmt *oldest = disk_statement(disk, OLDEST);
        int step = sqlite3_step(oldest);
        int64_t id = sqlite3_column_int64(oldest, 0);
        size_t n_bytes = (size_t)sqlite3_column_int64(oldest, 1);
        sqlite3_reset(oldest);
        if (step != SQLITE_ROW) {
            disk->used_bytes = 0;
            return step == SQLITE_DONE ? SQLITE_OK : step;
        }
        got = drop(disk, id, n_bytes);
    }
    return got;
}

/* What stands under that address, of whatever version. */
static int drop_older(struct disk *disk, const char *text)
{
    sqlite3_stmt *older = disk_statement(disk, ID_OF);
    sqlite3_bind_text(older, 1, text, -1, SQLITE_STATIC);
    int got = sqlite3_step(older);
    int64_t id = sqlite3_column_int64(older, 0);
    size_t n_bytes = (size_t)sqlite3_column_int64(older, 1);
    sqlite3_reset(older);
    return got == SQLITE_ROW ? drop(disk, id, n_bytes) : got == SQLITE_DONE ? SQLITE_OK : got;
}

static int write_tile(struct disk *disk, const struct job *job)
{
    int got = drop_older(disk, job->key.text);
    if (got != SQLITE_OK)
        return got;
    const struct cache_place *place = &job->key.place;
    const int64_t numbers[] = {(int64_t)place->style,
                               place->map,
                               place->plane,
                               place->z,
                               place->x,
                               place->y,
                               place->vector | place->of_unit << 1,
                               (int64_t)job->blob->n_bytes};
    sqlite3_stmt *tile = disk_statement(disk, PUT_TILE), *body = disk_statement(disk, PUT_BODY);
    sqlite3_bind_text(tile, 1, job->key.text, -1, SQLITE_STATIC);
    sqlite3_bind_int64(tile, 2, (int64_t)job->version);
    sqlite3_bind_int64(tile, 3, disk_seal(&job->key, job->version, job->blob->tag));
    sqlite3_bind_text(tile, 4, job->blob->tag, -1, SQLITE_STATIC);
    for (int i = 0; i < 8; i++)
        sqlite3_bind_int64(tile, 5 + i, numbers[i]);
    got = run(tile);
    if (got != SQLITE_OK)
        return got;
    sqlite3_bind_int64(body, 1, sqlite3_last_insert_rowid(disk->file));
    sqlite3_bind_blob64(body, 2, job->blob->bytes ? job->blob->bytes : "", job->blob->n_bytes,
                        SQLITE_STATIC);
    got = run(body);
    disk->used_bytes += job->blob->n_bytes;
    return got == SQLITE_OK ? make_room(disk) : got;
}

/* The tile after *id goes to its new version, or goes. *id INT64_MAX: there was none. */
static int turn_one(struct disk *disk, const struct disk_turn *turn, int64_t *id)
{
    sqlite3_stmt *next = disk_statement(disk, NEXT);
    char tag[BLOB_TAG_BYTES];
    sqlite3_bind_int64(next, 1, *id);
    int got = sqlite3_step(next);
    if (got != SQLITE_ROW) {
        sqlite3_reset(next);
        *id = INT64_MAX;
        return got == SQLITE_DONE ? SQLITE_OK : got;
    }
    *id = sqlite3_column_int64(next, 0);
    const char *stored_text = (const char *)sqlite3_column_text(next, 1);
    const char *stored_tag = (const char *)sqlite3_column_text(next, 3);
    snprintf(tag, sizeof tag, "%s", stored_tag ? stored_tag : "");
    uint64_t version = (uint64_t)sqlite3_column_int64(next, 2);
    int64_t kind = sqlite3_column_int64(next, 10);
    struct cache_key key = {.place = {.style = (uint64_t)sqlite3_column_int64(next, 4),
                                      .map = (uint8_t)sqlite3_column_int64(next, 5),
                                      .plane = (uint8_t)sqlite3_column_int64(next, 6),
                                      .z = (uint8_t)sqlite3_column_int64(next, 7),
                                      .x = (uint32_t)sqlite3_column_int64(next, 8),
                                      .y = (uint32_t)sqlite3_column_int64(next, 9),
                                      .vector = kind & 1,
                                      .of_unit = kind >> 1 & 1}};
    snprintf(key.text, sizeof key.text, "%s", stored_text ? stored_text : "");
    size_t n_bytes = (size_t)sqlite3_column_int64(next, 11);
    bool sealed = sqlite3_column_int64(next, 12) == disk_seal(&key, version, tag);
    sqlite3_reset(next);
    const struct cache_place place = key.place;
    if (place.map < CACHE_MAPS && version == turn->new[place.map])
        return SQLITE_OK;
    if (!sealed || place.map >= CACHE_MAPS || place.z > 30 || version != turn->old[place.map] ||
        !turn->context || !turn->stays(turn->context, &place))
        return drop(disk, *id, n_bytes);
    sqlite3_stmt *move = disk_statement(disk, MOVE);
    sqlite3_bind_int64(move, 1, (int64_t)turn->new[place.map]);
    sqlite3_bind_int64(move, 2, disk_seal(&key, turn->new[place.map], tag));
    sqlite3_bind_int64(move, 3, *id);
    return run(move);
}

static int publish(struct disk *disk, const struct disk_turn *turn)
{
    int got = SQLITE_OK;
    for (int map = 0; got == SQLITE_OK && map < CACHE_MAPS; map++) {
        sqlite3_stmt *row = disk_statement(disk, PUBLISH);
        sqlite3_bind_int64(row, 1, (int64_t)turn->state);
        sqlite3_bind_int64(row, 2, map);
        sqlite3_bind_int64(row, 3, (int64_t)turn->new[map]);
        got = run(row);
    }
    return got;
}

static int begin(struct disk *disk)
{
    return sqlite3_exec(disk->file, "BEGIN", NULL, NULL, NULL);
}

static int commit(struct disk *disk)
{
    return sqlite3_exec(disk->file, "COMMIT", NULL, NULL, NULL);
}

/* In several transactions, so that those who look for tiles wait for none of them for long: until a
 * tile has its new version it is not found. */
void disk_turn_all(struct disk *disk, const struct disk_turn *turn)
{
    for (int64_t id = INT64_MIN; id < INT64_MAX;) {
        pthread_mutex_lock(&disk->mutex);
        if (!disk->file) {
            pthread_mutex_unlock(&disk->mutex);
            return;
        }
        int got = begin(disk);
        if (got == SQLITE_OK && id == INT64_MIN)
            got = publish(disk, turn);
        if (turn->same)
            id = INT64_MAX;
        for (int i = 0; got == SQLITE_OK && i < DISK_A_TRANSACTION && id < INT64_MAX; i++)
            got = turn_one(disk, turn, &id);
        if (got == SQLITE_OK)
            got = commit(disk);
        if (got != SQLITE_OK) {
            disk_mend(disk, got, "bring tiles to another version");
            id = INT64_MAX;
        }
        pthread_mutex_unlock(&disk->mutex);
    }
}

void disk_write_all(struct disk *disk, struct job *jobs)
{
    pthread_mutex_lock(&disk->mutex);
    int got = disk->file ? begin(disk) : SQLITE_OK;
    for (struct job *job = jobs; disk->file && got == SQLITE_OK && job; job = job->next)
        got = write_tile(disk, job);
    if (disk->file && got == SQLITE_OK)
        got = commit(disk);
    if (got != SQLITE_OK)
        disk_mend(disk, got, "write tiles");
    pthread_mutex_unlock(&disk->mutex);
}
