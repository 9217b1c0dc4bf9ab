#include "tiler/serve/editing.h"

#include "data/base/log.h"
#include "data/base/wait.h"
#include "tiler/tiles/scene_edit.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    /* A request waits so long for its turn, or for what updates need. */
    WAIT_MS = 5000,
    /* How often the thread looks for a new world unless it is called. */
    LOOK_MS = 500,
};

struct editing {
    char *path;
    struct watch *watch;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t called; /* something to do for the thread */
    pthread_cond_t ready;  /* an editor stands, or the turn is free */
    struct editor *editor; /* NULL: none yet */
    bool busy;             /* somebody's turn */
    bool ending;
    struct err trouble; /* why there is no editor for `failed` */
    struct world *failed;
    pthread_t thread;
    bool has_thread;
};

/* Whether the editor stands on that world. Holds the mutex. */
static bool fits(const struct editing *editing, const struct world *world)
{
    return editing->editor && editor_world(editing->editor) == world;
}

/* From the thread that carries edits into the tables. */
static void settled(void *context, uint64_t generation, enum err_code code, const struct err *err)
{
    const struct editing *editing = context;
    if (code == ERR_CHANGED)
        log_line("editing",
                 "generation=%" PRIu64 " message=\"the store was replaced\" "
                 "effect=\"edits on their way into it are gone with it\"",
                 generation);
    else if (code != ERR_OK)
        log_line("editing",
                 "generation=%" PRIu64 " error=%s message=\"%s\" "
                 "effect=\"edits are durable, but not in the tables yet; no other is taken\"",
                 generation, err_code_name(code), err->message);
    if (code == ERR_OK || code == ERR_CHANGED)
        watch_settled(editing->watch, generation, code);
}

/* Before another opens the store: two who have it open for writing in one process would take each
 * other's locks on it. What the old editor could not bring into the tables stays in the log, for
 * whoever opens the store. */
static void end_old(struct editing *editing)
{
    pthread_mutex_lock(&editing->mutex);
    while (editing->busy && !editing->ending)
        pthread_cond_wait(&editing->ready, &editing->mutex);
    struct editor *old = editing->editor;
    editing->editor = NULL;
    pthread_mutex_unlock(&editing->mutex);
    uint64_t last = old ? editor_world(old)->generation : 0;
    editor_free(old);
    if (old)
        watch_settled(editing->watch, last, ERR_CHANGED);
}

/* Makes an editor for the world; the mutex is not held meanwhile. */
static void prepare(struct editing *editing, struct world *world)
{
    struct editor *made = NULL;
    struct err err = {0};
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    const struct store_settled call = {editing, settled};
    enum err_code code = editor_new(editing->path, world, 0, &made, &err);
    end_old(editing);
    if (code == ERR_OK)
        code = editor_keep_log(made, &call, &err);
    if (code != ERR_OK) {
        editor_free(made);
        made = NULL;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (code == ERR_OK)
        log_line("editing", "generation=%" PRIu64 " prepared_ms=%" PRId64, world->generation,
                 (int64_t)(to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000);
    else
        log_line("editing", "error=%s message=\"%s\"", err_code_name(code), err.message);
    pthread_mutex_lock(&editing->mutex);
    editing->editor = made;
    world_release(editing->failed);
    editing->failed = code == ERR_OK ? NULL : world_acquire(world);
    editing->trouble = err;
    pthread_cond_broadcast(&editing->ready);
    pthread_mutex_unlock(&editing->mutex);
}

static void *thread_main(void *argument)
{
    struct editing *editing = argument;
    pthread_mutex_lock(&editing->mutex);
    while (!editing->ending) {
        struct world *world = watch_world(editing->watch);
        bool wanted = !editing->busy && !fits(editing, world) && editing->failed != world;
        if (wanted) {
            pthread_mutex_unlock(&editing->mutex);
            prepare(editing, world);
            pthread_mutex_lock(&editing->mutex);
        }
        world_release(world);
        struct timespec until = wait_until(LOOK_MS);
        if (!editing->ending && !wanted)
            (void)pthread_cond_timedwait(&editing->called, &editing->mutex, &until);
    }
    pthread_mutex_unlock(&editing->mutex);
    return NULL;
}

enum err_code editing_start(const char *store_path, struct watch *watch, struct editing **out,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    struct editing *editing = calloc(1, sizeof *editing);
    *out = NULL;
    if (!editing)
        return err_nomem(err);
    editing->watch = watch;
    pthread_mutex_init(&editing->mutex, NULL);
    wait_cond_init(&editing->called);
    wait_cond_init(&editing->ready);
    editing->path = strdup(store_path);
    TRY(editing->path ? ERR_OK : err_nomem(err));
    int failure = pthread_create(&editing->thread, NULL, thread_main, editing);
    if (failure != 0)
        TRY(err_errno(err, failure, "cannot start a thread"));
    editing->has_thread = true;
    *out = editing;
    editing = NULL;
done:
    editing_free(editing);
    return code;
}

void editing_free(struct editing *editing)
{
    if (!editing)
        return;
    if (editing->has_thread) {
        pthread_mutex_lock(&editing->mutex);
        editing->ending = true;
        pthread_cond_broadcast(&editing->called);
        pthread_cond_broadcast(&editing->ready);
        pthread_mutex_unlock(&editing->mutex);
        pthread_join(editing->thread, NULL);
    }
    editor_free(editing->editor);
    world_release(editing->failed);
    pthread_cond_destroy(&editing->called);
    pthread_cond_destroy(&editing->ready);
    pthread_mutex_destroy(&editing->mutex);
    free(editing->path);
    free(editing);
}

/* ---- an edit ---- */

/* Waits for the turn and for an editor on the world that is published. */
static enum err_code take_turn(struct editing *editing, struct timespec until, struct err *err)
{
    enum err_code code = ERR_OK;
    bool taken = false;
    int waited = 0;
    pthread_mutex_lock(&editing->mutex);
    while (!taken && code == ERR_OK) {
        struct world *world = watch_world(editing->watch);
        taken = !editing->busy && fits(editing, world);
        if (!taken && editing->failed == world) {
            if (err)
                *err = editing->trouble;
            code = editing->trouble.code;
        } else if (!taken && (waited == ETIMEDOUT || editing->ending)) {
            code = err_set(err, ERR_BUSY,
                           "what edits need is being prepared, or others are editing; try again");
        }
        world_release(world);
        if (!taken && code == ERR_OK) {
            pthread_cond_signal(&editing->called);
            waited = pthread_cond_timedwait(&editing->ready, &editing->mutex, &until);
        }
    }
    editing->busy = editing->busy || taken;
    pthread_mutex_unlock(&editing->mutex);
    return code;
}

static void give_turn(struct editing *editing)
{
    pthread_mutex_lock(&editing->mutex);
    editing->busy = false;
    pthread_cond_broadcast(&editing->ready);
    pthread_mutex_unlock(&editing->mutex);
}

/* With the turn: one try. A world that came while the watch was waited for is as good as stale. */
static enum err_code edit(struct editing *editing, const struct edit_request *request,
                          struct arena *arena, struct edit_result *result, struct err *err)
{
    enum err_code code = ERR_OK;
    if (!watch_hold(editing->watch, WAIT_MS))
        return err_set(err, ERR_BUSY, "another import is being loaded; try again");
    struct world *world = watch_world(editing->watch);
    bool fresh = fits(editing, world);
    world_release(world);
    *result = (struct edit_result){.stale = !fresh};
    if (fresh)
        TRY(editor_apply(editing->editor, request, arena, result, err));
    if (fresh && result->stale)
        watch_look(editing->watch);
    if (result->changed) {
        /* Durable already: what fails here is mended by a later look, which loads the store. */
        struct err trouble;
        const struct scene_edit what = {&result->facts, &result->conflicts, &result->grades,
                                        &result->segments};
        if (watch_publish(editing->watch, result->world, result->assessed ? &what : NULL,
                          result->settled, &trouble) != ERR_OK)
            log_line("editing", "error=%s message=\"%s\"", err_code_name(trouble.code),
                     trouble.message);
    }
done:
    watch_let(editing->watch);
    return code;
}

enum err_code editing_apply(struct editing *editing, const struct edit_request *request,
                            struct arena *arena, struct edit_result *result, struct err *err)
{
    enum err_code code = ERR_OK;
    struct timespec until = wait_until(WAIT_MS);
    *result = (struct edit_result){.stale = true};
    while (result->stale && code == ERR_OK) {
        edit_result_release(result);
        code = take_turn(editing, until, err);
        if (code != ERR_OK)
            break;
        code = edit(editing, request, arena, result, err);
        give_turn(editing);
        if (code == ERR_OK && result->stale && wait_is_over(until))
            code = err_set(err, ERR_BUSY, "others are editing; try again");
    }
    return code;
}
