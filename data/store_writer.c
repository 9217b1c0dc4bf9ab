#include "data/base/wait.h"
#include "data/store_writer_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    /* However many edits follow each other, all is committed after so long, for programs that know
     * nothing of the log (who does is seen waiting). An edit has to wait for that: now and then. */
    MOST_HELD_MS = 5000,

    /* How long who begins or ends waits for somebody else to be done with the store. */
    SOON_MS = 500,

    /* Who waits to write (store_log_queue) may be asleep for a tenth of a second between two
     * looks whether it is free; after so long it is passed over. */
    MOST_TURN_MS = 1000,

    /* An edit of more is written at once; so is one with which more were on their way. */
    MOST_LOGGED_BYTES = 8 << 20,
    MOST_ON_THEIR_WAY_BYTES = 64 << 20,

    /* With so much on its way that the tables would take longer, the next edit waits: who waits for
     * all of it is not kept waiting without end. */
    MOST_BEHIND_MS = 2000,

    /* With more on their way all is committed before the next edit: changed pages stay in memory
     * until then. */
    MANY_BYTES = 32 << 20,
};

/* ---- life ---- */

static enum err_code start_thread(struct store_writer *writer, struct err *err)
{
    int failure = pthread_create(&writer->thread, NULL, store_writer_carry, writer);
    writer->has_thread = failure == 0;
    return failure ? err_errno(err, failure, "cannot start a thread") : ERR_OK;
}

/* What the first edit would otherwise wait for, some 50 ms: opens the store and makes its log.
 * Where that cannot be now, the first edit tries it again and says why. */
static void prepare(struct store_writer *writer)
{
    if (store_open_soon(writer->path, SOON_MS, &writer->store, NULL) != ERR_OK)
        return;
    store_keep(writer->store);
    (void)store_log_begin(writer->log, NULL);
    (void)store_takes_changes(writer->store, NULL, 0); /* looks at the tables, once */
    store_rest(writer->store);
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
        prepare(writer);
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
        (void)store_wait_at_most(writer->store, SOON_MS, NULL);
        if (store_writer_wake(writer, NULL) == ERR_OK)
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
        store_writer_lock(writer);
        writer->ending = true;
        pthread_cond_broadcast(&writer->work);
        store_writer_unlock(writer);
        pthread_join(writer->thread, NULL);
    }
    remove_log(writer);
    writer->log = NULL; /* what could not be carried stays in it */
    store_writer_forget(writer);
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

/* Until the tables are not far behind. */
static void wait_for_tables(struct store_writer *writer)
{
    while (writer->next && !writer->trouble.code && store_writer_left_ms(writer) > MOST_BEHIND_MS)
        pthread_cond_wait(&writer->done, &writer->mutex);
}

/* Nothing being on its way, lets those who wait to write have their turn. */
static void give_turn(struct store_writer *writer)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t until = store_now_ms() + MOST_TURN_MS;
    while (!writer->first && store_log_is_queued(writer->log)) {
        if (store_now_ms() > until)
            store_log_pass_over(writer->log);
        store_writer_unlock(writer);
        (void)nanosleep(&pause, NULL);
        store_writer_lock(writer);
    }
}

enum err_code store_writer_begin(struct store_writer *writer, struct store_stamp *stamp,
                                 bool *settled, struct err *err)
{
    enum err_code code = ERR_OK;
    store_writer_lock(writer);
    writer->editing = false;
    wait_for_tables(writer);
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
        code = store_writer_wake(writer, err);
        if (code == ERR_OK && writer->log)
            (void)store_log_begin(writer->log, NULL); /* without it, edits are written at once */
    }
    *stamp = writer->stamp;
    writer->editing = writer->held = code == ERR_OK;
    writer->editing_since_ms = store_now_ms();
    if (code != ERR_OK && !writer->first && writer->store)
        store_rest(writer->store);
    store_writer_unlock(writer);
    return code;
}

void store_writer_end(struct store_writer *writer)
{
    store_writer_lock(writer);
    writer->editing = false;
    writer->idle_since_ms = store_now_ms();
    if (!writer->first && writer->store)
        store_rest(writer->store);
    pthread_cond_signal(&writer->work);
    store_writer_unlock(writer);
}

/* Into the tables now, with all that are on their way. */
static enum err_code save_at_once(struct store_writer *writer, const struct store_edit *edit,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct err trouble;
    store_writer_lock(writer);
    writer->hurry = true;
    pthread_cond_signal(&writer->work);
    while (writer->next && !writer->trouble.code)
        pthread_cond_wait(&writer->done, &writer->mutex);
    store_writer_await_commit(writer);
    writer->hurry = false;
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
        store_writer_forget(writer);
        goto done;
    }
    if (err)
        *err = trouble;
    if (writer->first) {
        struct err undone;
        err_set(&undone, ERR_BUSY, "edits before are being written anew; try again");
        store_writer_fail(writer, ERR_BUSY, &undone);
    }
done:
    store_writer_unlock(writer);
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
    writer->n_left_bytes += way->bytes.n_bytes;
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
    TRY(store_way_new(edit, &writer->store->schema, &way, err));
    store_writer_lock(writer);
    store_writer_await_commit(writer);
    *logged =
        writer->held && !writer->trouble.code && way->bytes.n_bytes <= MOST_LOGGED_BYTES &&
        writer->n_bytes + way->bytes.n_bytes <= MOST_ON_THEIR_WAY_BYTES &&
        store_takes_changes(writer->store, edit->changes, edit->n_changes) &&
        store_log_append(writer->log, writer->store, way->generation, &way->bytes, NULL) == ERR_OK;
    if (*logged)
        put_on_way(writer, way);
    else
        store_way_free(way);
    store_writer_unlock(writer);
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
    store_writer_lock(writer);
    store_writer_await_commit(writer);
    enum err_code code = store_get(writer->store, key, arena, out, err);
    store_writer_unlock(writer);
    return code;
}

enum err_code store_writer_has(struct store_writer *writer, enum layer_id layer, const char *id,
                               bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct store_way_row *last = NULL;
    store_writer_lock(writer);
    store_writer_await_commit(writer);
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
    store_writer_unlock(writer);
    return code;
}
