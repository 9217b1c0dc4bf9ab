#include "tiler/cache/disk_private.h"

#include "data/base/log.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_WAITING_BYTES = 32 << 20 };

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
        sqlite3_stmt *find = disk_statement(disk, FIND);
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
                          sqlite3_column_int64(find, 0) == disk_seal(key, version, tag);
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
            disk_mend(disk, got, "read a tile");
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
        sqlite3_stmt *find = disk_statement(disk, PUBLISHED);
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
            disk_mend(disk, got, "read the versions");
    }
    pthread_mutex_unlock(&disk->mutex);
    return seen == (1U << CACHE_MAPS) - 1;
}

/* ---- jobs ---- */

static void free_job(struct job *job)
{
    blob_release(job->blob);
    if (!job->blob && job->turn.free)
        job->turn.free(job->turn.context);
    free(job);
}

/* The next jobs: a turn alone, or tiles up to it. NULL: it ends. */
static struct job *take_jobs(struct disk *disk)
{
    pthread_mutex_lock(&disk->jobs_mutex);
    while (!disk->first && !disk->ending)
        pthread_cond_wait(&disk->called, &disk->jobs_mutex);
    struct job *first = disk->first, *last = first;
    for (int n = 1; last && first->blob && last->next && last->next->blob && n < DISK_A_TRANSACTION;
         n++)
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
            disk_write_all(disk, jobs);
        else
            disk_turn_all(disk, &jobs->turn);
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
    if (disk_is_ours(path)) {
        int got = disk_open_file(disk);
        if (got != SQLITE_OK)
            disk_mend(disk, got, "open");
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
    disk_shut(disk);
    pthread_cond_destroy(&disk->called);
    pthread_mutex_destroy(&disk->jobs_mutex);
    pthread_mutex_destroy(&disk->mutex);
    free(disk->path);
    free(disk);
}
