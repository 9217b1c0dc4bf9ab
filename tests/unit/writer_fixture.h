/* writer_fixture.h - one who edits a store by its log, and what it is told. */
#ifndef SISETU_TESTS_UNIT_WRITER_FIXTURE_H
#define SISETU_TESTS_UNIT_WRITER_FIXTURE_H

#include "tests/unit/store_fixture.h"

#include "data/store_writer.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* What store_settled told. */
struct told {
    pthread_mutex_t mutex;
    uint64_t generation;
    enum err_code code;
    int n;
};

static inline void hear(void *context, uint64_t generation, enum err_code code,
                        const struct err *err)
{
    struct told *told = context;
    (void)err;
    pthread_mutex_lock(&told->mutex);
    told->generation = generation;
    told->code = code;
    told->n++;
    pthread_mutex_unlock(&told->mutex);
}

static inline void wait_ms(int ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    (void)nanosleep(&pause, NULL);
}

/* Begins an edit that keeps those before it from being committed, and waits until the thread has
 * put them into its transaction: it gives way to an edit for a tenth of a second, and does not
 * await one of half a second with its commit. */
static inline enum err_code begin_and_hold(struct fixture *f, struct store_writer *writer,
                                           struct store_stamp *stamp, bool *settled)
{
    enum err_code code = store_writer_begin(writer, stamp, settled, &f->err);
    wait_ms(300);
    return code;
}

/* Until it was told that code, for ten seconds at most. */
static inline bool hears(struct told *told, enum err_code code)
{
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&told->mutex);
        bool heard = told->n > 0 && told->code == code;
        pthread_mutex_unlock(&told->mutex);
        if (heard)
            return true;
        wait_ms(10);
    }
    return false;
}

static inline struct store_writer *writer_of(struct fixture *f, struct told *told)
{
    struct store_writer *writer = NULL;
    const struct store_settled settled = {told, hear};
    assert_ok(f, store_writer_new(f->path, told ? &settled : NULL, &writer, &f->err));
    return writer;
}

static inline struct zone *zone_named(struct fixture *f, const char *id, const char *name)
{
    struct zone *zone = some_zones(f, 1, 8, name);
    zone->head.id = id;
    return zone;
}

/* One edit of the zones: puts one of that name, or deletes it (NULL). */
static inline enum err_code save(struct fixture *f, struct store_writer *writer, const char *id,
                                 const char *name, bool *settled)
{
    struct store_stamp stamp;
    bool was_settled;
    struct store_put put = {name ? zone_named(f, id, name) : NULL, STORE_PUT_ANY, NULL};
    struct store_change change = {.layer = LAYER_ZONES,
                                  .put = &put,
                                  .n_put = name != NULL,
                                  .deleted = &id,
                                  .n_deleted = name == NULL};
    enum err_code code = store_writer_begin(writer, &stamp, &was_settled, &f->err);
    if (code != ERR_OK)
        return code;
    const struct store_edit edit = {stamp.generation + 1, false, &change, 1};
    code = store_writer_save(writer, &edit, settled, &f->err);
    store_writer_end(writer);
    return code;
}

static inline const char *raw(struct fixture *f, const char *sql)
{
    return printed(f, "sqlite3 -cmd '.timeout 3000' '%s' \"%s\"", f->path, sql);
}

static inline const char *ids(struct fixture *f)
{
    return raw(f, "SELECT group_concat(id, '') FROM (SELECT id FROM zones ORDER BY id)");
}

/* Saves edits and dies in the middle of the next, which keeps the tables without them. */
static inline void save_and_die(struct fixture *f, int n)
{
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct store_stamp stamp;
    bool settled;
    for (int i = 0; i < n; i++)
        if (save(f, writer, arena_printf(&f->arena, "%c", 'A' + i), "last words", &settled) !=
            ERR_OK)
            _exit(1);
    if (begin_and_hold(f, writer, &stamp, &settled) != ERR_OK)
        _exit(1);
    raise(SIGKILL);
}

static inline void die_after(struct fixture *f, int n)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        save_and_die(f, n);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
