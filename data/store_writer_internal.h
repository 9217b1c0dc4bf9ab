/*
 * store_writer_internal.h - what the two halves of store_writer.h share: store_writer.c, on the
 * threads of those who edit, and store_carry.c, on the writer's own.
 */
#ifndef SISETU_DATA_STORE_WRITER_INTERNAL_H
#define SISETU_DATA_STORE_WRITER_INTERNAL_H

#include "data/store_internal.h"
#include "data/store_way.h"
#include "data/store_writer.h"

#include <pthread.h>

/* How fast edits come into the tables. */
struct store_pace {
    size_t rows[LAYER_COUNT]; /* at a time, less one */
    double us, bytes;         /* that the last few edits took, and had */
};

struct store_writer {
    char *path;
    struct store_settled settled;
    struct store_log *log; /* NULL: none */
    pthread_mutex_t turn;  /* held while waiting for the mutex: who waits comes next */
    pthread_mutex_t mutex; /* of all that follows, the store's handle too unless `committing` */
    pthread_cond_t work;   /* for the thread */
    pthread_cond_t done;   /* by it */
    struct store *store;   /* NULL: not opened yet */
    struct store_stamp stamp;
    struct store_way *first, *last; /* edits that are not committed */
    struct store_way *next;         /* the first of them that the transaction lacks, or NULL */
    size_t n_bytes;                 /* of all of them */
    size_t n_left_bytes;            /* from `next` on */
    struct store_pace pace;
    int64_t since_ms; /* when the first was saved */
    int64_t idle_since_ms;
    int64_t editing_since_ms;
    bool editing;
    bool held;       /* the store's lock, ever since that edit began */
    bool committing; /* by the thread, without the mutex */
    bool hurry;      /* somebody waits until all is committed */
    bool ending;
    struct err trouble; /* what keeps edits from the tables; code ERR_OK: nothing */
    struct err told;    /* the last that was told */
    pthread_t thread;
    bool has_thread;
};

/* The mutex; whoever waits is let in before the thread's next step. */
void store_writer_lock(struct store_writer *writer);
void store_writer_unlock(struct store_writer *writer);

/* With the mutex: */

/* While the thread commits, edits begin and go on; before they ask for the store, or put
 * themselves on the way, they await the end of that. */
void store_writer_await_commit(struct store_writer *writer);

/* Takes the writer's lock of a store whose tables lack nothing. */
enum err_code store_writer_wake(struct store_writer *writer, struct err *err);

/* Gives up all edits on their way, and settles the log: the tables have them, or never will. */
void store_writer_forget(struct store_writer *writer);

/* The tables cannot be written: gives the transaction up, and keeps the edits. */
void store_writer_fail(struct store_writer *writer, enum err_code code, const struct err *err);

/* How long it will take until the tables have all edits, as the last few went. */
double store_writer_left_ms(const struct store_writer *writer);

/* The thread: carries edits into the tables until `ending`. Takes the mutex itself. */
void *store_writer_carry(void *writer);

#endif
