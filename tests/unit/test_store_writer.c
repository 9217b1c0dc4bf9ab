/* test_store_writer.c - edits that follow each other: durable when saved, in the tables soon after,
 * whoever is killed, whatever fails, and whoever else wants to write. */
#include "tests/unit/store_fixture.h"

#include "data/store_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <sqlite3.h>

/* What store_settled told. */
struct told {
    pthread_mutex_t mutex;
    uint64_t generation;
    enum err_code code;
    int n;
};

static void hear(void *context, uint64_t generation, enum err_code code, const struct err *err)
{
    struct told *told = context;
    (void)err;
    pthread_mutex_lock(&told->mutex);
    told->generation = generation;
    told->code = code;
    told->n++;
    pthread_mutex_unlock(&told->mutex);
}

static void wait_ms(int ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    (void)nanosleep(&pause, NULL);
}

/* Until it was told that code, for ten seconds at most. */
static bool hears(struct told *told, enum err_code code)
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

static struct store_writer *writer_of(struct fixture *f, struct told *told)
{
    struct store_writer *writer = NULL;
    const struct store_settled settled = {told, hear};
    assert_ok(f, store_writer_new(f->path, told ? &settled : NULL, &writer, &f->err));
    return writer;
}

static struct zone *zone_named(struct fixture *f, const char *id, const char *name)
{
    struct zone *zone = some_zones(f, 1, 8, name);
    zone->head.id = id;
    return zone;
}

/* One edit of the zones: puts one of that name, or deletes it (NULL). */
static enum err_code save(struct fixture *f, struct store_writer *writer, const char *id,
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

static const char *raw(struct fixture *f, const char *sql)
{
    return printed(f, "sqlite3 -cmd '.timeout 3000' '%s' \"%s\"", f->path, sql);
}

static const char *ids(struct fixture *f)
{
    return raw(f, "SELECT group_concat(id, '') FROM (SELECT id FROM zones ORDER BY id)");
}

static void test_edits_are_in_the_tables_soon_and_all_readers_find_them(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    bool settled = true;
    for (int i = 0; i < 26; i++) {
        const char *id = arena_printf(&f->arena, "%c", 'A' + i);
        assert_ok(f, save(f, writer, id, "one", &settled));
        assert_false(settled);
        assert_ok(f, save(f, writer, id, i % 2 ? NULL : "two", &settled));
        if (i % 5 == 0)
            assert_int_equal(zones_in(f), i / 2 + 1); /* waits for them */
    }
    assert_true(hears(&told, ERR_OK));
    store_writer_free(writer);
    assert_int_equal(told.generation, 52);
    assert_string_equal(ids(f), "ACEGIKMOQSUWY");
    assert_string_equal(raw(f, "SELECT DISTINCT name FROM zones"), "two");
    assert_string_equal(raw(f, "SELECT count(*) FROM rtree_zones_geom"), "13");
    assert_string_equal(raw(f, "PRAGMA integrity_check"), "ok");
    assert_int_equal(generation_of(f), 52);
    assert_string_equal(printed(f, "ls %s", f->directory), "store.gpkg");
}

static void test_without_a_pause_the_tables_do_not_wait_for_long(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct timespec from, to;
    bool settled;
    clock_gettime(CLOCK_MONOTONIC, &from);
    do {
        assert_ok(f, save(f, writer, "A", "again", &settled));
        clock_gettime(CLOCK_MONOTONIC, &to);
    } while (to.tv_sec - from.tv_sec < 8);
    pthread_mutex_lock(&told.mutex);
    assert_true(told.n >= 1);
    pthread_mutex_unlock(&told.mutex);
    store_writer_free(writer);
}

static void test_what_is_on_its_way_can_be_asked_for(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct store_stamp stamp;
    bool settled, has;
    const char *text = NULL;
    for (int i = 0; i < 200; i++) {
        const char *id = arena_printf(&f->arena, "Z%d", i % 7);
        const char *name = i % 3 ? arena_printf(&f->arena, "name %d", i) : NULL;
        assert_ok(f, save(f, writer, id, name, &settled));
        assert_ok(f, store_writer_begin(writer, &stamp, &settled, &f->err));
        assert_int_equal(stamp.generation, i + 1);
        assert_ok(f, store_writer_has(writer, LAYER_ZONES, id, &has, &f->err));
        assert_int_equal(has, name != NULL);
        assert_ok(f, store_writer_text(writer, LAYER_ZONES, id, "name", &f->arena, &text, &f->err));
        if (name)
            assert_string_equal(text, name);
        else
            assert_null(text);
        assert_ok(f, store_writer_has(writer, LAYER_ZONES, "nowhere", &has, &f->err));
        assert_false(has);
        store_writer_end(writer);
        if (i % 50 == 49)
            wait_ms(60); /* so that some come from the tables */
    }
    store_writer_free(writer);
}

/* Of a text that only ends anew, the rest may be in the tables, on its way, or partly both. */
static void test_a_text_that_ends_anew_is_whole_for_whoever_asks(void **state)
{
    enum { MANY = 100 };
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct store_put put[MANY];
    const struct store_change change = {.layer = LAYER_GRADES, .put = put, .n_put = MANY};
    struct store_stamp stamp;
    bool settled;
    const char *text = NULL;
    for (int i = 0; i < 40; i++) {
        const struct store_ending ending = {"reasons", arena_printf(&f->arena, ",%d]", i - 1),
                                            arena_printf(&f->arena, ",%d]", i)};
        for (int k = 0; k < MANY; k++) {
            struct grade_row *row = arena_new(&f->arena, struct grade_row, 1);
            record_clear(LAYER_GRADES, row);
            row->head.id = arena_printf(&f->arena, "g%02d", k);
            row->subject = "enterprise";
            row->subject_id = row->head.id;
            row->method = "summary";
            row->grade = row->could_be = 1;
            row->undecided = 0;
            row->reasons = i == 0 ? "[0,0]" : NULL;
            put[k] = (struct store_put){row, STORE_PUT_ANY, i == 0 ? NULL : &ending};
        }
        assert_ok(f, store_writer_begin(writer, &stamp, &settled, &f->err));
        const struct store_edit edit = {stamp.generation + 1, false, &change, 1};
        assert_ok(f, store_writer_save(writer, &edit, &settled, &f->err));
        store_writer_end(writer);
        if (i % 16 == 15)
            wait_ms(60);
        for (int k = 0; k < MANY; k += 9) {
            assert_ok(f, store_writer_begin(writer, &stamp, &settled, &f->err));
            assert_ok(f,
                      store_writer_text(writer, LAYER_GRADES, arena_printf(&f->arena, "g%02d", k),
                                        "reasons", &f->arena, &text, &f->err));
            store_writer_end(writer);
            assert_string_equal(text, arena_printf(&f->arena, "[0,%d]", i));
        }
    }
    store_writer_free(writer);
    assert_string_equal(raw(f, "SELECT DISTINCT reasons FROM grades"), "[0,39]");
}

static void test_an_edit_that_is_not_saved_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    for (int logged = 0; logged < 2; logged++) {
        struct store_writer *writer = writer_of(f, logged ? &told : NULL);
        struct store_stamp stamp;
        bool settled;
        uint64_t generation = generation_of(f);
        struct zone *bad = zone_named(f, "bad", "\xff not UTF-8");
        const struct store_put put = {bad, STORE_PUT_ANY, NULL};
        const struct store_change change = {.layer = LAYER_ZONES, .put = &put, .n_put = 1};
        assert_ok(f, store_writer_begin(writer, &stamp, &settled, &f->err));
        const struct store_edit edit = {stamp.generation + 1, false, &change, 1};
        assert_fails(f, store_writer_save(writer, &edit, &settled, &f->err), ERR_INPUT, "UTF-8");
        store_writer_end(writer);
        assert_int_equal(generation_of(f), generation);
        assert_ok(f, save(f, writer, "good", "one", &settled));
        assert_int_equal(settled, !logged);
        store_writer_free(writer);
        assert_int_equal(generation_of(f), generation + 1);
    }
    assert_string_equal(ids(f), "good");
}

/* ---- killed ---- */

/* Saves edits and dies in the middle of the next, which keeps the tables without them. */
static void save_and_die(struct fixture *f, int n)
{
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct store_stamp stamp;
    bool settled;
    for (int i = 0; i < n; i++)
        if (save(f, writer, arena_printf(&f->arena, "%c", 'A' + i), "last words", &settled) !=
            ERR_OK)
            _exit(1);
    if (store_writer_begin(writer, &stamp, &settled, &f->err) != ERR_OK)
        _exit(1);
    wait_ms(50); /* the thread has put them into its transaction by now */
    raise(SIGKILL);
}

static void die_after(struct fixture *f, int n)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        save_and_die(f, n);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_a_writer_that_is_killed_has_lost_nothing(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    die_after(f, 5);
    assert_string_equal(ids(f), ""); /* to those who know nothing of the log */
    assert_int_equal(zones_in(f), 5);
    assert_string_equal(ids(f), "ABCDE");
    die_after(f, 7);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_int_equal(store_generation(store), 12);
    store_close(store);
    assert_string_equal(ids(f), "ABCDEFG");
    die_after(f, 9);
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    bool settled;
    assert_ok(f, save(f, writer, "Z", "next", &settled));
    store_writer_free(writer);
    assert_string_equal(ids(f), "ABCDEFGHIZ");
    assert_int_equal(generation_of(f), 22);
    assert_string_equal(printed(f, "ls %s", f->directory), "store.gpkg");
}

/* ---- what fails ---- */

static int fill_the_disk(struct fixture *f)
{
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct rlimit limit = {0, RLIM_INFINITY};
    struct stat status;
    bool settled = true;
    signal(SIGXFSZ, SIG_IGN);
    bool good = save(f, writer, "A", "before", &settled) == ERR_OK && hears(&told, ERR_OK) &&
                stat(f->path, &status) == 0;
    /* The log is small, and is written; the tables cannot be, once they grow. */
    limit.rlim_cur = (rlim_t)status.st_size;
    good = good && setrlimit(RLIMIT_FSIZE, &limit) == 0;
    const char *long_name = memset(arena_alloc(&f->arena, 1, 60001), 'x', 60000);
    good = good && save(f, writer, "B", long_name, &settled) == ERR_OK && !settled;
    pthread_mutex_lock(&told.mutex);
    told.n = 0;
    pthread_mutex_unlock(&told.mutex);
    wait_ms(400);
    pthread_mutex_lock(&told.mutex);
    good = good && told.n == 1 && (told.code == ERR_IO || told.code == ERR_NO_SPACE);
    pthread_mutex_unlock(&told.mutex);
    enum err_code refused = save(f, writer, "C", "no", &settled);
    good = good && (refused == ERR_IO || refused == ERR_NO_SPACE);
    limit.rlim_cur = RLIM_INFINITY;
    good = good && setrlimit(RLIMIT_FSIZE, &limit) == 0 && hears(&told, ERR_OK) &&
           save(f, writer, "D", "after", &settled) == ERR_OK;
    store_writer_free(writer);
    return good ? 0 : 1;
}

static void test_on_a_full_disk_edits_wait_and_none_is_lost(void **state)
{
    struct fixture *f = *state;
    int status = -1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(fill_the_disk(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_string_equal(ids(f), "ABD");
    assert_int_equal(generation_of(f), 3);
}

static ssize_t read_nothing(int file, void *out, size_t n, off_t at)
{
    (void)file, (void)out, (void)n, (void)at;
    errno = ENOMEM; /* of EIO it says that the file is damaged, and keeps the transaction */
    return -1;
}

/* Of SQLite alone. */
static void break_reading(bool broken)
{
    static const char *const calls[] = {"read", "pread", "pread64"};
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    for (size_t i = 0; i < 3; i++)
        (void)vfs->xSetSystemCall(vfs, calls[i], broken ? (sqlite3_syscall_ptr)read_nothing : NULL);
}

/* SQLite gives a transaction up, and the lock with it, where a page cannot be read. */
static void test_where_the_disk_cannot_be_read_the_lock_is_lost_and_nothing_is_saved(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct store_put put = {zone_named(f, "B", "unseen"), STORE_PUT_ANY, NULL};
    const struct store_change change = {.layer = LAYER_ZONES, .put = &put, .n_put = 1};
    struct store_stamp stamp;
    bool settled;
    const char *text = NULL;
    assert_ok(f, save(f, writer, "A", "on its way", &settled));
    assert_ok(f, store_writer_begin(writer, &stamp, &settled, &f->err));
    assert_false(settled);
    wait_ms(50);
    break_reading(true);
    assert_int_not_equal(
        store_writer_text(writer, LAYER_GRADES, "g", "reasons", &f->arena, &text, &f->err), ERR_OK);
    break_reading(false);
    const struct store_edit edit = {stamp.generation + 1, false, &change, 1};
    assert_int_not_equal(store_writer_save(writer, &edit, &settled, &f->err), ERR_OK);
    store_writer_end(writer);
    assert_true(hears(&told, ERR_OK));
    assert_string_equal(ids(f), "A");
    assert_ok(f, save(f, writer, "C", "after", &settled));
    store_writer_free(writer);
    assert_string_equal(ids(f), "AC");
    assert_int_equal(generation_of(f), 2);
}

static void test_a_store_that_is_replaced_takes_edits_on_their_way_with_it(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct store_stamp stamp;
    bool settled;
    assert_ok(f, store_create(in(f, "other.gpkg"), &f->err));
    assert_ok(f, save(f, writer, "A", "here", &settled));
    assert_ok(f,
              store_writer_begin(writer, &stamp, &settled, &f->err)); /* keeps them on their way */
    assert_int_equal(rename(in(f, "other.gpkg"), f->path), 0);
    store_writer_end(writer);
    assert_true(hears(&told, ERR_CHANGED));
    assert_ok(f, save(f, writer, "B", "there", &settled));
    store_writer_free(writer);
    assert_string_equal(ids(f), "B");
    assert_int_equal(generation_of(f), 1);
}

static void test_without_a_log_an_edit_is_in_the_tables_when_saved(void **state)
{
    struct fixture *f = *state;
    bool settled = false;
    int at = 0;
    /* None was asked for; or it cannot be written; or the edit is too large for it. */
    for (; at < 3; at++) {
        struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
        const char *log = in(f, "store.gpkg-edits");
        struct store_writer *writer = writer_of(f, at ? &told : NULL);
        if (at == 1)
            assert_int_equal(mkdir(log, 0755), 0);
        const char *name = at == 2 ? memset(arena_alloc(&f->arena, 1, 9000001), 'x', 9000000) : "x";
        if (at == 2)
            assert_ok(f, save(f, writer, "first", "on its way", &settled));
        assert_ok(f, save(f, writer, "A", name, &settled));
        assert_true(settled);
        assert_string_equal(raw(f, "SELECT length(name) FROM zones WHERE id = 'A'"),
                            at == 2 ? "9000000" : "1");
        store_writer_free(writer);
        if (at == 1)
            assert_int_equal(rmdir(log), 0);
    }
    assert_string_equal(ids(f), "Afirst");
}

/* ---- others ---- */

static void test_who_stops_leaves_nothing_behind_of_another_that_was_killed(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    bool settled;
    int go[2], status = 0;
    char byte = 0;
    assert_int_equal(pipe(go), 0);
    fflush(NULL);
    pid_t child = fork(); /* before this process has a thread */
    if (child == 0) {
        if (read(go[0], &byte, 1) != 1)
            _exit(1);
        save_and_die(f, 3);
    }
    struct store_writer *writer = writer_of(f, &told);
    assert_ok(f, save(f, writer, "Z", "of the one that lives", &settled));
    assert_true(hears(&told, ERR_OK));
    assert_int_equal(write(go[1], &byte, 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    store_writer_free(writer);
    close(go[0]);
    close(go[1]);
    assert_string_equal(ids(f), "ABCZ");
    assert_int_equal(generation_of(f), 4);
}

static void test_where_other_triggers_may_refuse_a_row_edits_are_written_at_once(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    bool settled = false;
    raw(f, "CREATE TRIGGER no BEFORE INSERT ON zones WHEN NEW.name = 'bad' BEGIN SELECT "
           "RAISE(ABORT, 'no'); END");
    struct store_writer *writer = writer_of(f, &told);
    assert_true(save(f, writer, "A", "bad", &settled) != ERR_OK);
    assert_ok(f, save(f, writer, "B", "good", &settled));
    assert_true(settled);
    store_writer_free(writer);
    assert_string_equal(ids(f), "B");
}

static void test_by_a_link_the_log_is_beside_the_store_itself(void **state)
{
    struct fixture *f = *state;
    const char *link = in(f, "link.gpkg"), *real = in(f, "store.gpkg");
    assert_int_equal(symlink(real, link), 0);
    snprintf(f->path, sizeof f->path, "%s", link);
    die_after(f, 4);
    snprintf(f->path, sizeof f->path, "%s", real);
    assert_int_equal(zones_in(f), 4);
    assert_int_equal(unlink(link), 0);
}

/* The link leads to a copy of the store after the first edit; dies after the second. */
static void write_by_a_link_and_die(struct fixture *f)
{
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    bool settled;
    if (save(f, writer, "A", "there", &settled) != ERR_OK || !hears(&told, ERR_OK))
        _exit(1);
    printed(f, "cd %s && cp store.gpkg other.gpkg && ln -s other.gpkg next && mv -T next link.gpkg",
            f->directory);
    if (save(f, writer, "B", "by another way", &settled) != ERR_OK)
        _exit(1);
    raise(SIGKILL);
}

static void test_where_a_link_leads_elsewhere_the_log_goes_along(void **state)
{
    struct fixture *f = *state;
    int status = 0;
    assert_int_equal(symlink("store.gpkg", in(f, "link.gpkg")), 0);
    snprintf(f->path, sizeof f->path, "%s/link.gpkg", f->directory);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        write_by_a_link_and_die(f);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(zones_in(f), 2);
}

/* By two names that are no links to each other it would have two logs. */
static void test_a_store_of_two_names_has_no_log(void **state)
{
    struct fixture *f = *state;
    const char *second = in(f, "second.gpkg");
    assert_int_equal(link(f->path, second), 0);
    die_after(f, 3);
    assert_string_equal(ids(f), "ABC");
    assert_string_equal(printed(f, "ls %s | grep edits", f->directory), "");
}

/* Puts zones of their own, in another process. */
static int write_along(struct fixture *f, int n)
{
    for (int i = 0; i < n; i++) {
        struct store *store = NULL;
        if (store_open(f->path, STORE_WRITE, &store, &f->err) != ERR_OK ||
            store_insert(store, LAYER_ZONES, zone_named(f, arena_printf(&f->arena, "O%d", i), "x"),
                         1, &f->err) != ERR_OK ||
            store_commit(store, &f->err) != ERR_OK) {
            print_message("%s\n", f->err.message);
            return 1;
        }
        store_close(store);
    }
    return 0;
}

static void test_two_who_write_come_between_each_other_and_lose_nothing(void **state)
{
    enum { EACH = 3 };
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    int status = -1, n = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(write_along(f, EACH));
    struct store_writer *writer = writer_of(f, &told);
    for (bool settled; waitpid(child, &status, WNOHANG) == 0; n++)
        assert_ok(f, save(f, writer, arena_printf(&f->arena, "M%d", n), "y", &settled));
    assert_int_equal(status, 0);
    store_writer_free(writer);
    assert_int_equal(zones_in(f), n + EACH);
    assert_int_equal(generation_of(f), n + EACH);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    setenv("SISETU_STORE_WAIT_MS", "10000", 1); /* the machine may have other things to do */
    const struct CMUnitTest tests[] = {
        TEST(test_edits_are_in_the_tables_soon_and_all_readers_find_them),
        TEST(test_without_a_pause_the_tables_do_not_wait_for_long),
        TEST(test_what_is_on_its_way_can_be_asked_for),
        TEST(test_a_text_that_ends_anew_is_whole_for_whoever_asks),
        TEST(test_an_edit_that_is_not_saved_is_given_up),
        TEST(test_a_writer_that_is_killed_has_lost_nothing),
        TEST(test_on_a_full_disk_edits_wait_and_none_is_lost),
        TEST(test_where_the_disk_cannot_be_read_the_lock_is_lost_and_nothing_is_saved),
        TEST(test_a_store_that_is_replaced_takes_edits_on_their_way_with_it),
        TEST(test_without_a_log_an_edit_is_in_the_tables_when_saved),
        TEST(test_who_stops_leaves_nothing_behind_of_another_that_was_killed),
        TEST(test_where_other_triggers_may_refuse_a_row_edits_are_written_at_once),
        TEST(test_by_a_link_the_log_is_beside_the_store_itself),
        TEST(test_where_a_link_leads_elsewhere_the_log_goes_along),
        TEST(test_a_store_of_two_names_has_no_log),
        TEST(test_two_who_write_come_between_each_other_and_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
