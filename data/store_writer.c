#include "data/store_writer.h"

#include "data/base/wait.h"
#include "data/store_internal.h"
#include "data/store_way.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    /* Without an edit for so long, what is on its way is committed: commits are kept out of the
     * way of edits that follow each other, and other programs are not kept waiting. */
    LINGER_MS = 20,

    /* However many edits follow each other, all is committed after so long, for programs that know
     * nothing of the log (who does is seen waiting). An edit has to wait for that: now and then. */
    MOST_HELD_MS = 5000,

    LONG_EDIT_MS = 500, /* the end of one that takes longer is not awaited for a commit */

    /* Who waits to write (store_log_queue) may be asleep for a tenth of a second between two
     * looks whether it is free; after so long it is passed over. */
    MOST_TURN_MS = 1000,

    /* How soon tables that could not be written are tried again. */
    AGAIN_MS = 1000,

    /* Rows put or deleted at a time, for about a millisecond that an edit may have to wait: those
     * of grades have texts of ten thousand bytes, which are read where only their ends are new. */
    ROWS_AT_ONCE = 32,
    GRADES_AT_ONCE = 3,

    /* Whoever asks for one text after another is not kept waiting before each; but not for longer
     * than this. */
    PAUSE_US = 200,
    MOST_PAUSES = 50,

    /* An edit of more is written at once; so is one with which more were on their way. */
    MOST_LOGGED_BYTES = 8 << 20,
    MOST_ON_THEIR_WAY_BYTES = 64 << 20,

    /* With more on their way all is committed before the next edit: changed pages stay in memory
     * until then. */
    MANY_BYTES = 32 << 20,
};

struct store_writer {
    char *path;
    struct store_settled settled;
    struct store_log *log; /* NULL: none */
    pthread_mutex_t turn;  /* held while waiting for the mutex: who waits comes next */
    pthread_mutex_t mutex; /* of all that follows, the store's handle too */
    pthread_cond_t work;   /* for the thread */
    pthread_cond_t done;   /* by it */
    struct store *store;   /* NULL: not opened yet */
    struct store_stamp stamp;
    struct store_way *first, *last; /* edits that are not committed */
    struct store_way *next;         /* the first of them that the transaction lacks, or NULL */
    size_t n_bytes;                 /* of all of them */
    int64_t since_ms;               /* when the first was saved */
    int64_t idle_since_ms;
    int64_t editing_since_ms;
    size_t n_asked; /* has and text */
    bool editing;
    bool held;  /* the store's lock, ever since that edit began */
    bool hurry; /* somebody waits until all is committed */
    bool ending;
    struct err trouble; /* what keeps edits from the tables; code ERR_OK: nothing */
    struct err told;    /* the last that was told */
    pthread_t thread;
    bool has_thread;
};

/* ---- the mutex ---- */

static void lock(struct store_writer *writer)
{
    pthread_mutex_lock(&writer->turn);
    pthread_mutex_lock(&writer->mutex);
    pthread_mutex_unlock(&writer->turn);
}

static void unlock(struct store_writer *writer)
{
    pthread_mutex_unlock(&writer->mutex);
}

static void wait_for_work(struct store_writer *writer, int64_t ms)
{
    const struct timespec until = wait_until(ms);
    (void)pthread_cond_timedwait(&writer->work, &writer->mutex, &until);
}

/* ---- edits on their way ---- */

static void forget_all(struct store_writer *writer)
{
    for (struct store_way *way = writer->first, *next; way; way = next) {
        next = way->next;
        store_way_free(way);
    }
    writer->first = writer->last = writer->next = NULL;
    writer->n_bytes = 0;
    writer->trouble.code = writer->told.code = ERR_OK;
    if (writer->log)
        store_log_settled(writer->log);
}

/* ---- the thread: into the tables ---- */

/* Takes the writer's lock of a store whose tables lack nothing. */
static enum err_code wake(struct store_writer *writer, struct err *err)
{
    enum err_code code = ERR_OK;
    bool caught = true;
    if (!writer->store) {
        TRY(store_open(writer->path, STORE_WRITE, &writer->store, err));
        store_keep(writer->store);
    }
    while (caught) {
        int queued = store_log_queue(writer->path);
        code = store_wake(writer->store, err);
        store_log_leave(queued);
        TRY(code);
        TRY(store_catch_up(writer->store, &caught, err));
    }
    writer->stamp = store_stamp_of(writer->store);
done:
    return code;
}

static void tell(struct store_writer *writer, uint64_t generation, enum err_code code)
{
    struct err err = writer->trouble;
    unlock(writer);
    writer->settled.call(writer->settled.context, generation, code, &err);
    lock(writer);
}

/* What the transaction had is undone: all begins anew, in a second. */
static void fail(struct store_writer *writer, enum err_code code, const struct err *err)
{
    writer->held = false;
    writer->trouble = *err;
    writer->trouble.code = code;
    writer->next = writer->first;
    for (struct store_way *way = writer->first; way; way = way->next)
        way->at = (struct store_edit_at){.row = 0};
    if (writer->store)
        store_rest(writer->store);
    if (code == ERR_NO_SPACE && writer->log)
        store_log_give_room(writer->log);
    pthread_cond_broadcast(&writer->done);
    if (writer->told.code == code && strcmp(writer->told.message, err->message) == 0)
        return;
    writer->told = writer->trouble;
    tell(writer, writer->last->generation, code);
}

/* An edit under way goes on where nobody came between: takes the lock again. */
static void hold_on(struct store_writer *writer)
{
    const struct store_stamp before = writer->stamp;
    writer->held = wake(writer, NULL) == ERR_OK && store_stamp_equal(writer->stamp, before);
}

/* Gives the store's lock up, if a commit has not, before an edit can begin. */
static void settled(struct store_writer *writer, enum err_code code)
{
    uint64_t generation = writer->last->generation;
    forget_all(writer);
    store_rest(writer->store);
    if (writer->editing && writer->held)
        hold_on(writer);
    pthread_cond_broadcast(&writer->done);
    tell(writer, generation, code);
}

static void commit(struct store_writer *writer)
{
    struct err err;
    enum err_code code = store_commit_as(writer->store, writer->last->generation, &err);
    if (code != ERR_OK)
        fail(writer, code, &err);
    else
        settled(writer, ERR_OK);
}

/* Between two steps an edit may come, and ask on. */
static void give_way(struct store_writer *writer, size_t n_asked)
{
    const struct timespec pause = {.tv_nsec = PAUSE_US * 1000L};
    for (int i = 0; i < MOST_PAUSES; i++) {
        bool asks = writer->n_asked != n_asked;
        n_asked = writer->n_asked;
        unlock(writer);
        if (asks)
            (void)nanosleep(&pause, NULL);
        lock(writer);
        if (writer->n_asked == n_asked)
            break;
    }
}

static enum err_code carry_edit(struct store_writer *writer, struct store_way *way, struct err *err)
{
    enum err_code code = ERR_OK;
    way->at = (struct store_edit_at){.row = 0};
    TRY(store_way_read(way, err));
    while (!way->at.done) {
        bool grades = way->at.change < way->edit.n_changes &&
                      way->edit.changes[way->at.change].layer == LAYER_GRADES;
        size_t n_asked = writer->n_asked;
        TRY(store_edit_apply_some(writer->store, &way->edit, &way->at,
                                  grades ? GRADES_AT_ONCE : ROWS_AT_ONCE, err));
        give_way(writer, n_asked);
    }
done:
    return code;
}

static void carry(struct store_writer *writer)
{
    struct err err;
    struct store_way *way = writer->next;
    enum err_code code = carry_edit(writer, way, &err);
    if (code != ERR_OK) {
        fail(writer, code, &err);
        return;
    }
    writer->next = way->next;
    if (!writer->next)
        pthread_cond_broadcast(&writer->done);
}

/* Those that the tables have by now: who opened the store meanwhile has carried them there. */
static void forget_carried(struct store_writer *writer, uint64_t generation)
{
    while (writer->first && writer->first->generation <= generation && writer->first->next) {
        struct store_way *way = writer->first;
        writer->first = way->next;
        writer->n_bytes -= way->bytes.n_bytes;
        store_way_free(way);
    }
    writer->next = writer->first;
}

/* After a failure: the lock was given up meanwhile. An edit under way may have seen what is no
 * more: it is not saved. */
static void try_again(struct store_writer *writer)
{
    struct err err;
    writer->held = false;
    enum err_code code = store_wake(writer->store, &err);
    if (code != ERR_OK) {
        fail(writer, code, &err);
        return;
    }
    struct store_stamp now = store_stamp_of(writer->store);
    bool is_same = store_stamp_same_file(now, writer->stamp);
    if (is_same)
        forget_carried(writer, now.generation);
    if (is_same && now.generation + 1 == writer->first->generation) {
        writer->trouble.code = ERR_OK;
        return;
    }
    settled(writer, is_same && now.generation >= writer->last->generation ? ERR_OK : ERR_CHANGED);
}

/* Whether it is time to commit, or how long it is until then. */
static bool is_due(const struct store_writer *writer, int64_t *ms)
{
    int64_t now_ms = store_now_ms();
    int64_t left_ms = writer->idle_since_ms + LINGER_MS - now_ms;
    *ms = left_ms > 0 ? left_ms : LINGER_MS;
    if (left_ms > 0 && !writer->hurry && !writer->ending)
        return false;
    return !writer->editing || now_ms - writer->editing_since_ms > LONG_EDIT_MS;
}

static void *thread_main(void *argument)
{
    struct store_writer *writer = argument;
    bool tried = false; /* once more, while ending */
    int64_t ms = 0;
    lock(writer);
    while (writer->first ? !(writer->trouble.code && tried) : !writer->ending) {
        if (!writer->first) {
            pthread_cond_wait(&writer->work, &writer->mutex);
        } else if (writer->trouble.code) {
            if (!writer->ending)
                wait_for_work(writer, AGAIN_MS);
            tried = writer->ending;
            try_again(writer);
        } else if (writer->next) {
            carry(writer);
        } else if (is_due(writer, &ms)) {
            commit(writer);
        } else {
            wait_for_work(writer, ms);
        }
        /* Whoever waits for the mutex comes first. */
        unlock(writer);
        lock(writer);
    }
    unlock(writer);
    return NULL;
}

/* ---- life ---- */

static enum err_code start_thread(struct store_writer *writer, struct err *err)
{
    int failure = pthread_create(&writer->thread, NULL, thread_main, writer);
    writer->has_thread = failure == 0;
    return failure ? err_errno(err, failure, "cannot start a thread") : ERR_OK;
}

enum err_code store_writer_new(const char *path, const struct store_settled *settled,
                               struct store_writer **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_writer *writer = calloc(1, sizeof *writer);
    *out = NULL;
    if (!writer)
        return err_nomem(err);
    pthread_mutex_init(&writer->turn, NULL);
    pthread_mutex_init(&writer->mutex, NULL);
    wait_cond_init(&writer->work);
    wait_cond_init(&writer->done);
    writer->path = strdup(path);
    TRY(writer->path ? ERR_OK : err_nomem(err));
    if (settled) {
        writer->settled = *settled;
        TRY(store_log_new(path, &writer->log, err));
        TRY(start_thread(writer, err));
    }
    *out = writer;
    writer = NULL;
done:
    store_writer_free(writer);
    return code;
}

/* The log is removed by who holds the store's lock and has carried everything of it, or stays. */
static void remove_log(struct store_writer *writer)
{
    if (writer->log && writer->store && !writer->first) {
        if (wake(writer, NULL) == ERR_OK)
            store_log_remove(writer->log);
        store_rest(writer->store);
    }
    store_log_free(writer->log);
}

void store_writer_free(struct store_writer *writer)
{
    if (!writer)
        return;
    if (writer->has_thread) {
        lock(writer);
        writer->ending = true;
        pthread_cond_broadcast(&writer->work);
        unlock(writer);
        pthread_join(writer->thread, NULL);
    }
    remove_log(writer);
    writer->log = NULL; /* what could not be carried stays in it */
    forget_all(writer);
    store_close(writer->store);
    pthread_cond_destroy(&writer->done);
    pthread_cond_destroy(&writer->work);
    pthread_mutex_destroy(&writer->mutex);
    pthread_mutex_destroy(&writer->turn);
    free(writer->path);
    free(writer);
}

void store_writer_take(struct store_writer *writer, struct store *store)
{
    store_close(writer->store);
    writer->store = store;
    store_keep(store);
}

/* ---- an edit ---- */

/* Until nothing is on its way, or cannot be brought there. */
static void wait_until_settled(struct store_writer *writer)
{
    writer->hurry = true;
    pthread_cond_signal(&writer->work);
    while (writer->first && !writer->trouble.code)
        pthread_cond_wait(&writer->done, &writer->mutex);
    writer->hurry = false;
}

/* Nothing being on its way, lets those who wait to write have their turn. */
static void give_turn(struct store_writer *writer)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t until = store_now_ms() + MOST_TURN_MS;
    while (!writer->first && store_log_is_queued(writer->log)) {
        if (store_now_ms() > until)
            store_log_pass_over(writer->log);
        unlock(writer);
        (void)nanosleep(&pause, NULL);
        lock(writer);
    }
}

enum err_code store_writer_begin(struct store_writer *writer, struct store_stamp *stamp,
                                 bool *settled, struct err *err)
{
    enum err_code code = ERR_OK;
    lock(writer);
    writer->editing = false;
    bool is_queued = writer->log && store_log_is_queued(writer->log);
    if (writer->first && (is_queued || writer->n_bytes > MANY_BYTES ||
                          store_now_ms() - writer->since_ms > MOST_HELD_MS))
        wait_until_settled(writer);
    if (is_queued)
        give_turn(writer);
    *settled = !writer->first;
    if (writer->trouble.code) {
        if (err)
            *err = writer->trouble;
        code = writer->trouble.code;
    } else if (!writer->first) {
        code = wake(writer, err);
        if (code == ERR_OK && writer->log)
            (void)store_log_begin(writer->log, NULL); /* without it, edits are written at once */
    }
    *stamp = writer->stamp;
    writer->editing = writer->held = code == ERR_OK;
    writer->editing_since_ms = store_now_ms();
    if (code != ERR_OK && !writer->first && writer->store)
        store_rest(writer->store);
    unlock(writer);
    return code;
}

void store_writer_end(struct store_writer *writer)
{
    lock(writer);
    writer->editing = false;
    writer->idle_since_ms = store_now_ms();
    if (!writer->first && writer->store)
        store_rest(writer->store);
    pthread_cond_signal(&writer->work);
    unlock(writer);
}

/* Into the tables now, with all that are on their way. */
static enum err_code save_at_once(struct store_writer *writer, const struct store_edit *edit,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct err trouble;
    lock(writer);
    while (writer->next && !writer->trouble.code)
        pthread_cond_wait(&writer->done, &writer->mutex);
    if (!writer->held && !writer->trouble.code) {
        code = err_set(err, ERR_BUSY, "edits before were written anew meanwhile; try again");
        goto done;
    }
    if (writer->trouble.code) {
        if (err)
            *err = writer->trouble;
        code = writer->trouble.code;
        goto done;
    }
    code = store_edit_apply(writer->store, edit, &trouble);
    if (code == ERR_OK)
        code = store_commit_as(writer->store, edit->generation, &trouble);
    if (code == ERR_OK) {
        writer->stamp.generation = edit->generation;
        forget_all(writer);
        goto done;
    }
    if (err)
        *err = trouble;
    if (writer->first) {
        struct err undone;
        err_set(&undone, ERR_BUSY, "edits before are being written anew; try again");
        fail(writer, ERR_BUSY, &undone);
    }
done:
    unlock(writer);
    return code;
}

static void put_on_way(struct store_writer *writer, struct store_way *way)
{
    if (writer->last)
        writer->last->next = way;
    else
        writer->first = way;
    if (!writer->next)
        writer->next = way;
    if (writer->first == way)
        writer->since_ms = store_now_ms();
    writer->last = way;
    writer->n_bytes += way->bytes.n_bytes;
    writer->stamp.generation = way->generation;
    pthread_cond_signal(&writer->work);
}

/* *logged: it is durable in the log, and on its way. */
static enum err_code save_to_log(struct store_writer *writer, const struct store_edit *edit,
                                 bool *logged, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_way *way = NULL;
    *logged = false;
    for (size_t i = 0; i < edit->n_changes; i++)
        TRY(store_change_check(writer->store, &edit->changes[i], err));
    TRY(store_way_new(edit, &way, err));
    lock(writer);
    *logged =
        writer->held && !writer->trouble.code && way->bytes.n_bytes <= MOST_LOGGED_BYTES &&
        writer->n_bytes + way->bytes.n_bytes <= MOST_ON_THEIR_WAY_BYTES &&
        store_takes_changes(writer->store, edit->changes, edit->n_changes) &&
        store_log_append(writer->log, writer->store, way->generation, &way->bytes, NULL) == ERR_OK;
    if (*logged)
        put_on_way(writer, way);
    else
        store_way_free(way);
    unlock(writer);
done:
    return code;
}

enum err_code store_writer_save(struct store_writer *writer, const struct store_edit *edit,
                                bool *settled, struct err *err)
{
    enum err_code code = ERR_OK;
    bool logged = false;
    if (writer->log)
        TRY(save_to_log(writer, edit, &logged, err));
    if (!logged)
        TRY(save_at_once(writer, edit, err));
    *settled = !logged;
done:
    return code;
}

/* ---- asking ---- */

enum err_code store_writer_get(struct store_writer *writer, const char *key, struct arena *arena,
                               const char **out, struct err *err)
{
    lock(writer);
    enum err_code code = store_get(writer->store, key, arena, out, err);
    unlock(writer);
    return code;
}

enum err_code store_writer_has(struct store_writer *writer, enum layer_id layer, const char *id,
                               bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct store_way_row *last = NULL;
    lock(writer);
    writer->n_asked++;
    for (struct store_way *way = writer->next; way; way = way->next) {
        const struct store_way_row *row = NULL;
        TRY(store_way_find(way, layer, id, &row, err));
        last = row ? row : last;
    }
    if (last)
        *out = last->put != NULL;
    else
        TRY(store_has(writer->store, layer, id, out, err));
done:
    unlock(writer);
    return code;
}

enum err_code store_writer_text(struct store_writer *writer, enum layer_id layer, const char *id,
                                const char *field, struct arena *arena, const char **out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    *out = NULL;
    lock(writer);
    writer->n_asked++;
    TRY(store_text(writer->store, layer, id, field, arena, out, err));
    for (struct store_way *way = writer->next; way; way = way->next) {
        const struct store_way_row *row = NULL;
        TRY(store_way_find(way, layer, id, &row, err));
        if (row)
            TRY(store_way_text(row, field, arena, out, err));
    }
done:
    unlock(writer);
    return code;
}
