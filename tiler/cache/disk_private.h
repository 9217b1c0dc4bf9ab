/*
 * disk_private.h - what the files of disk.h share; for disk*.c only.
 */
#ifndef SISETU_TILER_DISK_PRIVATE_H
#define SISETU_TILER_DISK_PRIVATE_H

#include "tiler/cache/disk.h"

#include <pthread.h>
#include <sqlite3.h>

enum { DISK_A_TRANSACTION = 256 }; /* jobs, or rows of a turn */

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

/* disk_file.c; all but the last two with the file's mutex */
int disk_open_file(struct disk *disk);
void disk_shut(struct disk *disk);
bool disk_is_damage(int result);
bool disk_is_ours(const char *path);

/* Deals with what went wrong: makes a damaged file anew, once; else keeps nothing any more. */
void disk_mend(struct disk *disk, int result, const char *doing);
sqlite3_stmt *disk_statement(struct disk *disk, enum statement which);

/* Over all that a tile says of itself: a row of another hand, or a spoilt one, has another. */
int64_t disk_seal(const struct cache_key *key, uint64_t version, const char *tag);

/* disk_write.c, on the thread */
void disk_write_all(struct disk *disk, struct job *jobs);
void disk_turn_all(struct disk *disk, const struct disk_turn *turn);

#endif
