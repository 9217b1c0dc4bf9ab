/* store_open.c - opens a store of which edits may be on their way (store_log.h). */
#include "data/store_internal.h"
#include "data/store_log.h"

#include <time.h>

static enum err_code begin_reading(struct store *store, struct err *err)
{
    return store_end(store, STORE_READ, store_begin(store, STORE_READ, err));
}

static void pause_ms(int ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000L};
    (void)nanosleep(&pause, NULL);
}

/* Takes the writer's lock, in several tries: a log may come to be meanwhile, in which who waits is
 * to leave a mark. */
static enum err_code begin_writing(struct store *store, int wait_ms, struct err *err)
{
    enum { TRY_MS = 200 };
    int64_t until = store_now_ms() + wait_ms;
    enum err_code code;
    do {
        int64_t left_ms = until - store_now_ms();
        int queued = store_log_queue(store->path);
        store->wait_ms = left_ms < TRY_MS ? (int)(left_ms > 0 ? left_ms : 0) : TRY_MS;
        code = begin_reading(store, err);
        store_log_leave(queued);
    } while (code == ERR_BUSY && store_now_ms() < until);
    return code == ERR_OK ? store_wait_at_most(store, store_wait_ms(), err) : code;
}

/* Whatever of the log is not in the tables, by whoever was killed. The commit gives up the lock,
 * and somebody else may come between. */
static enum err_code catch_up(struct store *store, int wait_ms, struct err *err)
{
    enum err_code code = ERR_OK;
    bool caught = true;
    while (caught) {
        TRY(begin_writing(store, wait_ms, err));
        TRY(store_catch_up(store, &caught, err));
    }
done:
    return code;
}

static enum err_code let_catch_up(const char *path, struct err *err)
{
    struct store *store = NULL;
    enum err_code code = store_open(path, STORE_WRITE, &store, err);
    store_close(store);
    if (code == ERR_DENIED)
        err_wrap(err, "%s has edits on their way into it, which whoever may write carries there",
                 path);
    return code;
}

/* The log first: what it has lost by the time that the tables are read is in them. */
static enum err_code wait_for_edits(struct store *store, struct err *err)
{
    enum { PAUSE_MS = 2 };
    enum err_code code = ERR_OK;
    int queued = -1;
    struct store_log_state log, awaited;
    int64_t until = store_now_ms() + store_wait_ms();
    TRY(store_log_look(store->path, &awaited, err));
    log = awaited;
    for (;;) {
        TRY(begin_reading(store, err));
        if (!store_log_is_ahead(&awaited, store->identity, store->generation) ||
            !store_log_is_ahead(&log, store->identity, store->generation))
            break;
        store_disconnect(store, false, NULL);
        if (store_now_ms() > until)
            TRY(err_set(err, ERR_BUSY, "%s: edits are on their way into it; try again",
                        store->path));
        if (queued < 0)
            queued = store_log_queue(store->path);
        if (log.has_owner)
            pause_ms(PAUSE_MS);
        else
            TRY(let_catch_up(store->path, err));
        TRY(store_log_look(store->path, &log, err));
    }
done:
    store_log_leave(queued);
    return code;
}

static enum err_code open_within(const char *path, enum store_mode mode, int wait_ms,
                                 struct store **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    *out = NULL;
    TRY(store_new(path, mode, &store, err));
    TRY(mode == STORE_WRITE ? catch_up(store, wait_ms, err) : wait_for_edits(store, err));
    *out = store;
    store = NULL;
done:
    store_close(store);
    return code;
}

enum err_code store_open(const char *path, enum store_mode mode, struct store **out,
                         struct err *err)
{
    return open_within(path, mode, store_wait_ms(), out, err);
}

enum err_code store_open_soon(const char *path, int wait_ms, struct store **out, struct err *err)
{
    return open_within(path, STORE_WRITE, wait_ms, out, err);
}
