#include "tiler/tiles/disk.h"

#include "data/base/hash.h"
#include "data/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MARK = 0x53495354, /* application_id: "SIST" */
    MARK_AT = 68,      /* where SQLite keeps it (file format, 1.3) */
    MOST_WAITING_BYTES = 32 << 20,
    A_TRANSACTION = 256, /* jobs, or rows of a turn */
};

static const char SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS tile(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE,"
    " version INTEGER NOT NULL, seal INTEGER NOT NULL, tag TEXT NOT NULL, style INTEGER NOT NULL,"
    " map INTEGER NOT NULL, plane INTEGER NOT NULL, z INTEGER NOT NULL, x INTEGER NOT NULL,"
    " y INTEGER NOT NULL, vector INTEGER NOT NULL, n_bytes INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS body(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS published(state INTEGER NOT NULL, map INTEGER PRIMARY KEY,"
    " version INTEGER NOT NULL);";

enum statement {
    FIND,
    ID_OF,
    PUT_TILE,
    PUT_BODY,
    DROP_TILE,
    DROP_BODY,
    OLDEST,
    NEXT,
    MOVE,
    PUBLISH,
    PUBLISHED,
    SUM,
    STATEMENTS
};

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

/* What the thread is to do: keep a tile, or turn. */
struct job {
    struct job *next;
    struct cache_key key;
    uint64_t version;
    struct blob *blob; /* NULL: a turn */
    struct disk_turn turn;
};

struct disk {
    char *path;
    size_t budget_bytes;
    pthread_mutex_t mutex; /* of the file */
    sqlite3 *file;         /* NULL: nothing is kept */
    sqlite3_stmt *statements[STATEMENTS];
    size_t used_bytes;
    uint64_t hits, misses;
    bool renewed; /* once is enough */
    pthread_mutex_t jobs_mutex;
    pthread_cond_t called;
    struct job *first, *last;
    size_t waiting_bytes;
    bool ending;
    pthread_t thread;
    bool has_thread;
};

/* ---- the file ---- */

static void shut(struct disk *disk)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(disk->statements[i]);
        disk->statements[i] = NULL;
    }
    sqlite3_close(disk->file);
    disk->file = NULL;
}

/* Whether the file may be written to: ours, empty, or none yet. */
static bool is_ours(const char *path)
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

static int open_file(struct disk *disk)
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

static bool is_damage(int result)
{
    int kind = result & 0xff;
    return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_FORMAT ||
           kind == SQLITE_ERROR;
}

/* Deals with what went wrong: makes a damaged file anew, once; else keeps nothing any more. With
 * the file's mutex. */
static void mend(struct disk *disk, int result, const char *doing)
{
    char message[160];
    if (!disk->file)
        return;
    snprintf(message, sizeof message, "%s", sqlite3_errmsg(disk->file));
    bool renew = is_damage(result) && !disk->renewed && is_ours(disk->path);
    shut(disk);
    if (renew) {
        disk->renewed = true;
        renew = unlink(disk->path) == 0 && open_file(disk) == SQLITE_OK;
        if (!renew)
            shut(disk);
    }
    log_line("tile-cache", "path=%s doing=\"%s\" error=\"%s\" action=\"%s\"", disk->path, doing,
             message, renew ? "made anew" : "tiles are kept in memory alone");
}

static sqlite3_stmt *statement(struct disk *disk, enum statement which)
{
    sqlite3_stmt *found = disk->statements[which];
    sqlite3_reset(found);
    return found;
}

/* ---- seals ---- */

static int64_t seal_of(const struct cache_key *key, uint64_t version, const char *tag)
{
    const struct cache_place *place = &key->place;
    unsigned char hash[HASH_BYTES];
    char all[CACHE_KEY_BYTES + BLOB_TAG_BYTES + 160];
    int64_t seal;
    int n = snprintf(all, sizeof all,
                     "%s|%016" PRIx64 "|%s|%016" PRIx64 "|%u|%u|%u|%" PRIu32 "|%" PRIu32 "|%d",
                     key->text, version, tag, place->style, place->map, place->plane, place->z,
                     place->x, place->y, place->vector);
    hash_bytes(all, n > 0 ? (size_t)n : 0, hash);
    memcpy(&seal, hash, sizeof seal);
    return seal;
}

/* ---- finding ---- */

struct blob *disk_find(struct disk *disk, const struct cache_key *key, uint64_t version)
{
    struct blob *blob = NULL;
    struct buf bytes;
    if (!disk)
        return NULL;
    buf_init(&bytes);
    pthread_mutex_lock(&disk->mutex);
    if (disk->file) {
        sqlite3_stmt *find = statement(disk, FIND);
        sqlite3_bind_text(find, 1, key->text, -1, SQLITE_STATIC);
        sqlite3_bind_int64(find, 2, (int64_t)version);
        int got = sqlite3_step(find);
        if (got == SQLITE_ROW) {
            const char *tag = (const char *)sqlite3_column_text(find, 1);
            const void *from = sqlite3_column_blob(find, 2);
            size_t n = (size_t)sqlite3_column_bytes(find, 2);
            if (n > 0)
                buf_add(&bytes, from, n);
            bool sealed = tag && strlen(tag) < BLOB_TAG_BYTES &&
                          sqlite3_column_int64(find, 0) == seal_of(key, version, tag);
            if (blob_new(&bytes, &blob, NULL) == ERR_OK &&
                (!sealed || strcmp(blob->tag, tag) != 0)) {
                blob_release(blob);
                blob = NULL;
                got = SQLITE_CORRUPT;
            }
        }
        sqlite3_reset(find);
        disk->hits += blob != NULL;
        disk->misses += blob == NULL;
        if (got != SQLITE_ROW && got != SQLITE_DONE)
            mend(disk, got, "read a tile");
    }
    pthread_mutex_unlock(&disk->mutex);
    buf_release(&bytes);
    return blob;
}

struct disk_counts disk_counts(struct disk *disk)
{
    struct disk_counts counts = {0};
    if (!disk)
        return counts;
    pthread_mutex_lock(&disk->mutex);
    counts = (struct disk_counts){disk->used_bytes, disk->hits, disk->misses};
    pthread_mutex_unlock(&disk->mutex);
    return counts;
}

bool disk_versions(struct disk *disk, uint64_t state, uint64_t versions[CACHE_MAPS])
{
    uint32_t seen = 0;
    if (!disk)
        return false;
    pthread_mutex_lock(&disk->mutex);
    if (disk->file) {
        sqlite3_stmt *find = statement(disk, PUBLISHED);
        int got;
        sqlite3_bind_int64(find, 1, (int64_t)state);
        while ((got = sqlite3_step(find)) == SQLITE_ROW) {
            int64_t map = sqlite3_column_int64(find, 0);
            if (map < 0 || map >= CACHE_MAPS)
                continue;
            versions[map] = (uint64_t)sqlite3_column_int64(find, 1);
            seen |= 1U << map;
        }
        sqlite3_reset(find);
        if (got != SQLITE_DONE)
            mend(disk, got, "read the versions");
    }
    pthread_mutex_unlock(&disk->mutex);
    return seen == (1U << CACHE_MAPS) - 1;
}

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
        sqlite3_stmt *gone = statement(disk, (enum statement)i);
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
        sqlite3_stmt *oldest = statement(disk, OLDEST);
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
    sqlite3_stmt *older = statement(disk, ID_OF);
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
                               place->vector,
                               (int64_t)job->blob->n_bytes};
    sqlite3_stmt *tile = statement(disk, PUT_TILE), *body = statement(disk, PUT_BODY);
    sqlite3_bind_text(tile, 1, job->key.text, -1, SQLITE_STATIC);
    sqlite3_bind_int64(tile, 2, (int64_t)job->version);
    sqlite3_bind_int64(tile, 3, seal_of(&job->key, job->version, job->blob->tag));
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
    sqlite3_stmt *next = statement(disk, NEXT);
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
    struct cache_key key = {.place = {.style = (uint64_t)sqlite3_column_int64(next, 4),
                                      .map = (uint8_t)sqlite3_column_int64(next, 5),
                                      .plane = (uint8_t)sqlite3_column_int64(next, 6),
                                      .z = (uint8_t)sqlite3_column_int64(next, 7),
                                      .x = (uint32_t)sqlite3_column_int64(next, 8),
                                      .y = (uint32_t)sqlite3_column_int64(next, 9),
                                      .vector = sqlite3_column_int64(next, 10) != 0}};
    snprintf(key.text, sizeof key.text, "%s", stored_text ? stored_text : "");
    size_t n_bytes = (size_t)sqlite3_column_int64(next, 11);
    bool sealed = sqlite3_column_int64(next, 12) == seal_of(&key, version, tag);
    sqlite3_reset(next);
    const struct cache_place place = key.place;
    if (place.map < CACHE_MAPS && version == turn->new[place.map])
        return SQLITE_OK;
    if (!sealed || place.map >= CACHE_MAPS || place.z > 30 || version != turn->old[place.map] ||
        !turn->context || !turn->stays(turn->context, &place))
        return drop(disk, *id, n_bytes);
    sqlite3_stmt *move = statement(disk, MOVE);
    sqlite3_bind_int64(move, 1, (int64_t)turn->new[place.map]);
    sqlite3_bind_int64(move, 2, seal_of(&key, turn->new[place.map], tag));
    sqlite3_bind_int64(move, 3, *id);
    return run(move);
}

static int publish(struct disk *disk, const struct disk_turn *turn)
{
    int got = SQLITE_OK;
    for (int map = 0; got == SQLITE_OK && map < CACHE_MAPS; map++) {
        sqlite3_stmt *row = statement(disk, PUBLISH);
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
static void turn_all(struct disk *disk, const struct disk_turn *turn)
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
        for (int i = 0; got == SQLITE_OK && i < A_TRANSACTION && id < INT64_MAX; i++)
            got = turn_one(disk, turn, &id);
        if (got == SQLITE_OK)
            got = commit(disk);
        if (got != SQLITE_OK) {
            mend(disk, got, "bring tiles to another version");
            id = INT64_MAX;
        }
        pthread_mutex_unlock(&disk->mutex);
    }
}

static void free_job(struct job *job)
{
    blob_release(job->blob);
    if (!job->blob && job->turn.free)
        job->turn.free(job->turn.context);
    free(job);
}

static void write_all(struct disk *disk, struct job *jobs)
{
    pthread_mutex_lock(&disk->mutex);
    int got = disk->file ? begin(disk) : SQLITE_OK;
    for (struct job *job = jobs; disk->file && got == SQLITE_OK && job; job = job->next)
        got = write_tile(disk, job);
    if (disk->file && got == SQLITE_OK)
        got = commit(disk);
    if (got != SQLITE_OK)
        mend(disk, got, "write tiles");
    pthread_mutex_unlock(&disk->mutex);
}

/* The next jobs: a turn alone, or tiles up to it. NULL: it ends. */
static struct job *take_jobs(struct disk *disk)
{
    pthread_mutex_lock(&disk->jobs_mutex);
    while (!disk->first && !disk->ending)
        pthread_cond_wait(&disk->called, &disk->jobs_mutex);
    struct job *first = disk->first, *last = first;
    for (int n = 1; last && first->blob && last->next && last->next->blob && n < A_TRANSACTION; n++)
        last = last->next;
    if (last) {
        disk->first = last->next;
        if (!disk->first)
            disk->last = NULL;
        last->next = NULL;
    }
    for (const struct job *job = first; job; job = job->next)
        disk->waiting_bytes -= job->blob ? job->blob->n_bytes : 0;
    pthread_mutex_unlock(&disk->jobs_mutex);
    return first;
}

static void *thread_main(void *argument)
{
    struct disk *disk = argument;
    for (struct job *jobs; (jobs = take_jobs(disk));) {
        if (jobs->blob)
            write_all(disk, jobs);
        else
            turn_all(disk, &jobs->turn);
        while (jobs) {
            struct job *next = jobs->next;
            free_job(jobs);
            jobs = next;
        }
    }
    return NULL;
}

/* Takes the job over; one that there is no room for goes. */
static void add_job(struct disk *disk, struct job *job)
{
    size_t n_bytes = job->blob ? job->blob->n_bytes : 0;
    pthread_mutex_lock(&disk->jobs_mutex);
    bool taken = disk->waiting_bytes + n_bytes <= MOST_WAITING_BYTES;
    if (taken) {
        disk->waiting_bytes += n_bytes;
        if (disk->last)
            disk->last->next = job;
        else
            disk->first = job;
        disk->last = job;
        pthread_cond_signal(&disk->called);
    }
    pthread_mutex_unlock(&disk->jobs_mutex);
    if (!taken)
        free_job(job);
}

void disk_keep(struct disk *disk, const struct cache_key *key, uint64_t version, struct blob *blob)
{
    struct job *job = disk ? calloc(1, sizeof *job) : NULL;
    if (!job)
        return;
    job->key = *key;
    job->version = version;
    job->blob = blob_acquire(blob);
    add_job(disk, job);
}

void disk_turn(struct disk *disk, const struct disk_turn *turn)
{
    struct job *job = disk ? calloc(1, sizeof *job) : NULL;
    if (!job) {
        if (turn->free)
            turn->free(turn->context);
        return;
    }
    job->turn = *turn;
    add_job(disk, job);
}

/* ---- the whole ---- */

enum err_code disk_open(const char *path, size_t budget_bytes, struct disk **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct disk *disk = calloc(1, sizeof *disk);
    *out = NULL;
    if (!disk)
        return err_nomem(err);
    pthread_mutex_init(&disk->mutex, NULL);
    pthread_mutex_init(&disk->jobs_mutex, NULL);
    pthread_cond_init(&disk->called, NULL);
    disk->budget_bytes = budget_bytes;
    disk->path = strdup(path);
    TRY(disk->path ? ERR_OK : err_nomem(err));
    if (is_ours(path)) {
        int got = open_file(disk);
        if (got != SQLITE_OK)
            mend(disk, got, "open");
    } else {
        log_line("tile-cache",
                 "path=%s error=\"no tile cache, and not empty\" action=\"left as it is; tiles are "
                 "kept in memory alone\"",
                 path);
    }
    int failure = pthread_create(&disk->thread, NULL, thread_main, disk);
    if (failure != 0)
        TRY(err_errno(err, failure, "cannot start a thread"));
    disk->has_thread = true;
    *out = disk;
    disk = NULL;
done:
    disk_close(disk);
    return code;
}

void disk_close(struct disk *disk)
{
    if (!disk)
        return;
    pthread_mutex_lock(&disk->jobs_mutex);
    disk->ending = true;
    pthread_cond_signal(&disk->called);
    pthread_mutex_unlock(&disk->jobs_mutex);
    if (disk->has_thread)
        pthread_join(disk->thread, NULL);
    shut(disk);
    pthread_cond_destroy(&disk->called);
    pthread_mutex_destroy(&disk->jobs_mutex);
    pthread_mutex_destroy(&disk->mutex);
    free(disk->path);
    free(disk);
}
