/* store_carry.c - edits on their way into the tables, by the writer's thread. */
#include "data/base/wait.h"
#include "data/store_writer_internal.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
    /* Without an edit for so long, what is on its way is committed: commits are kept out of the
     * way of edits that follow each other, and other programs are not kept waiting. */
    LINGER_MS = 20,

    LONG_EDIT_MS = 500, /* the end of one that takes longer is not awaited for a commit */

    /* How soon tables that could not be written are tried again. */
    AGAIN_MS = 1000,

    /* Rows put or deleted at a time, while an edit may have to wait: as many as take about so long.
     * Some 30 us each where the pages of the tables are at hand, milliseconds where they come from
     * a disk. */
    STEP_US = 500,
    MOST_ROWS_AT_ONCE = 32,

    /* The end of an edit under way is awaited before the next step, but not for longer than this,
     * and not where what is on its way would take longer than that. */
    GIVE_WAY_MS = 100,
    MOST_LEFT_MS = 300,
};

/* ---- the mutex ---- */

void store_writer_lock(struct store_writer *writer)
{
    pthread_mutex_lock(&writer->turn);
    pthread_mutex_lock(&writer->mutex);
    pthread_mutex_unlock(&writer->turn);
}

void store_writer_unlock(struct store_writer *writer)
{
    pthread_mutex_unlock(&writer->mutex);
}

static void wait_for_work(struct store_writer *writer, int64_t ms)
{
    const struct timespec until = wait_until(ms);
    (void)pthread_cond_timedwait(&writer->work, &writer->mutex, &until);
}

/* ---- edits on their way ---- */

void store_writer_forget(struct store_writer *writer)
{
    for (struct store_way *way = writer->first, *next; way; way = next) {
        next = way->next;
        store_way_free(way);
    }
    writer->first = writer->last = writer->next = NULL;
    writer->n_bytes = writer->n_left_bytes = 0;
    writer->trouble.code = writer->told.code = ERR_OK;
    if (writer->log)
        store_log_settled(writer->log);
}

/* ---- the thread: into the tables ---- */

/* Takes the writer's lock of a store whose tables lack nothing. */
enum err_code store_writer_wake(struct store_writer *writer, struct err *err)
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
    store_writer_unlock(writer);
    writer->settled.call(writer->settled.context, generation, code, &err);
    store_writer_lock(writer);
}

/* What the transaction had is undone: all begins anew, in a second. */
void store_writer_fail(struct store_writer *writer, enum err_code code, const struct err *err)
{
    writer->held = false;
    writer->trouble = *err;
    writer->trouble.code = code == ERR_INPUT ? ERR_IO : code; /* the file, not what was asked */
    writer->next = writer->first;
    writer->n_left_bytes = writer->n_bytes;
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
    writer->held =
        store_writer_wake(writer, NULL) == ERR_OK && store_stamp_equal(writer->stamp, before);
}

/* Gives the store's lock up, if a commit has not, before an edit can begin. */
static void settled(struct store_writer *writer, enum err_code code)
{
    uint64_t generation = writer->last->generation;
    store_writer_forget(writer);
    store_rest(writer->store);
    if (writer->editing && writer->held)
        hold_on(writer);
    pthread_cond_broadcast(&writer->done);
    tell(writer, generation, code);
}

void store_writer_await_commit(struct store_writer *writer)
{
    while (writer->committing)
        pthread_cond_wait(&writer->done, &writer->mutex);
}

/* Takes the disk some milliseconds, in which an edit may begin and be thought out. */
static void commit(struct store_writer *writer)
{
    struct err err;
    uint64_t generation = writer->last->generation;
    writer->committing = true;
    store_writer_unlock(writer);
    enum err_code code = store_commit_as(writer->store, generation, &err);
    store_writer_lock(writer);
    writer->committing = false;
    pthread_cond_broadcast(&writer->done);
    if (code != ERR_OK)
        store_writer_fail(writer, code, &err);
    else
        settled(writer, ERR_OK);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

double store_writer_left_ms(const struct store_writer *writer)
{
    const struct store_pace *pace = &writer->pace;
    return pace->bytes > 0 ? pace->us * 1e-3 / pace->bytes * (double)writer->n_left_bytes : 0;
}

/* How long the end of the edit under way may be awaited. */
static int64_t patience_ms(const struct store_writer *writer)
{
    bool is_awaited = writer->hurry || writer->ending;
    if (!writer->editing || is_awaited || store_writer_left_ms(writer) > MOST_LEFT_MS)
        return 0;
    return writer->editing_since_ms + GIVE_WAY_MS - store_now_ms();
}

/* Between two steps an edit may come, and be made. */
static void give_way(struct store_writer *writer)
{
    int64_t ms;
    store_writer_unlock(writer);
    store_writer_lock(writer);
    while ((ms = patience_ms(writer)) > 0)
        wait_for_work(writer, ms);
}

/* The last few edits count. */
static void note_pace(struct store_pace *pace, int64_t us, size_t bytes)
{
    static const double kept = 0.875;
    pace->us = kept * pace->us + (double)us;
    pace->bytes = kept * pace->bytes + (double)bytes;
}

static enum err_code carry_edit(struct store_writer *writer, struct store_way *way, struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t us = 0;
    way->at = (struct store_edit_at){.row = 0};
    give_way(writer);
    TRY(store_way_read(way, err));
    while (!way->at.done) {
        size_t *rows = &writer->pace.rows[way->at.change < way->edit.n_changes
                                              ? way->edit.changes[way->at.change].layer
                                              : 0];
        int64_t from_us = now_us();
        TRY(store_edit_apply_some(writer->store, &way->edit, &way->at, *rows + 1, err));
        int64_t step_us = now_us() - from_us;
        if (step_us > STEP_US)
            *rows /= 2;
        else if (step_us < STEP_US / 2 && *rows < MOST_ROWS_AT_ONCE)
            *rows += 1;
        us += step_us;
        give_way(writer);
    }
    note_pace(&writer->pace, us, way->bytes.n_bytes);
done:
    return code;
}

static void carry(struct store_writer *writer)
{
    struct err err;
    struct store_way *way = writer->next;
    enum err_code code = carry_edit(writer, way, &err);
    if (code != ERR_OK) {
        store_writer_fail(writer, code, &err);
        return;
    }
    writer->next = way->next;
    writer->n_left_bytes -= way->bytes.n_bytes;
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
    writer->n_left_bytes = writer->n_bytes;
}

/* After a failure: the lock was given up meanwhile. An edit under way may have seen what is no
 * more: it is not saved. */
static void try_again(struct store_writer *writer)
{
    struct err err;
    writer->held = false;
    enum err_code code = store_wake(writer->store, &err);
    if (code != ERR_OK) {
        store_writer_fail(writer, code, &err);
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

/* Nobody waits for the tables, but those who edit and read share the processors with it: it gives
 * way. On Linux the priority is the thread's own, though the call says process. */
void *store_writer_carry(void *argument)
{
    enum { GIVES_WAY = 10 };
    struct store_writer *writer = argument;
    bool tried = false; /* once more, while ending */
    int64_t ms = 0;
    (void)setpriority(PRIO_PROCESS, 0, GIVES_WAY);
    store_writer_lock(writer);
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
        store_writer_unlock(writer);
        store_writer_lock(writer);
    }
    store_writer_unlock(writer);
    return NULL;
}
