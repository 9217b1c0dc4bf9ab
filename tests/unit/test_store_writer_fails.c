/* test_store_writer_fails.c - edits that follow each other, where the disk, the file or the log
 * fails them: what was acknowledged is not lost, and what cannot be kept is not acknowledged. */
#include "tests/unit/writer_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <sqlite3.h>

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
    bool has;
    assert_ok(f, save(f, writer, "A", "on its way", &settled));
    assert_ok(f, begin_and_hold(f, writer, &stamp, &settled));
    assert_false(settled);
    break_reading(true);
    assert_int_not_equal(store_writer_has(writer, LAYER_PIPELINES, "p", &has, &f->err), ERR_OK);
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

static void test_a_store_that_is_moved_with_its_log_keeps_edits_on_their_way(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct store_stamp stamp;
    bool settled;
    assert_ok(f, store_create(in(f, "other.gpkg"), &f->err));
    assert_ok(f, save(f, writer, "A", "here", &settled));
    assert_ok(f, store_writer_begin(writer, &stamp, &settled, &f->err));
    assert_string_equal(printed(f,
                                "cd %s && mkdir away && mv store.gpkg* away && mv other.gpkg "
                                "store.gpkg",
                                f->directory),
                        "");
    store_writer_end(writer);
    assert_true(hears(&told, ERR_CHANGED));
    store_writer_free(writer);
    assert_int_equal(zones_in(f), 0);
    snprintf(f->path, sizeof f->path, "%s", in(f, "away/store.gpkg"));
    assert_int_equal(zones_in(f), 1);
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
        if (at == 1)
            assert_int_equal(mkdir(log, 0755), 0);
        struct store_writer *writer = writer_of(f, at ? &told : NULL);
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

static void test_where_the_file_may_refuse_a_row_edits_are_written_at_once(void **state)
{
    struct fixture *f = *state;
    static const char *const refuse[] = {
        ("CREATE TRIGGER no BEFORE INSERT ON zones WHEN NEW.name = 'bad' BEGIN SELECT "
         "RAISE(ABORT, 'no'); END"),
        "DROP TRIGGER no; CREATE UNIQUE INDEX no ON zones (name)",
        "DROP INDEX no; CREATE INDEX no ON zones (json_extract(name, '$'))",
        "DROP INDEX no; ALTER TABLE zones ADD COLUMN no TEXT CHECK (name <> 'bad')"};
    static const char *const names[] = {"\"\"", "\"good\"", "1", "{}"};
    for (size_t i = 0; i < sizeof refuse / sizeof refuse[0]; i++) {
        struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
        bool settled = false;
        assert_string_equal(raw(f, refuse[i]), "");
        struct store_writer *writer = writer_of(f, &told);
        const char *id = arena_printf(&f->arena, "%zu", i);
        assert_ok(f, save(f, writer, id, names[i], &settled));
        assert_true(settled);
        assert_true(save(f, writer, "no", i == 1 ? names[i] : "bad", &settled) != ERR_OK);
        store_writer_free(writer);
    }
    assert_string_equal(ids(f), "0123");
}

/* Somebody took it away in QGIS. */
static void test_without_a_column_of_its_layer_no_edit_is_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    bool settled = false;
    assert_string_equal(raw(f, "ALTER TABLE zones DROP COLUMN class"), "");
    struct store_writer *writer = writer_of(f, &told);
    assert_int_not_equal(save(f, writer, "A", "x", &settled), ERR_OK);
    store_writer_free(writer);
    assert_string_equal(ids(f), "");
    assert_int_equal(generation_of(f), 0);
}

static void test_another_file_in_the_place_of_the_log_stays_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    const char *notes = in(f, "store.gpkg-edits");
    bool settled = false;
    printed(f, "echo 'what I changed today' > %s", notes);
    struct store_writer *writer = writer_of(f, &told);
    assert_ok(f, save(f, writer, "A", "x", &settled));
    assert_true(settled);
    store_writer_free(writer);
    assert_int_equal(zones_in(f), 1);
    assert_string_equal(printed(f, "cat %s", notes), "what I changed today");
}

int main(void)
{
    setenv("SISETU_STORE_WAIT_MS", "10000", 1); /* the machine may have other things to do */
    const struct CMUnitTest tests[] = {
        TEST(test_on_a_full_disk_edits_wait_and_none_is_lost),
        TEST(test_where_the_disk_cannot_be_read_the_lock_is_lost_and_nothing_is_saved),
        TEST(test_a_store_that_is_replaced_takes_edits_on_their_way_with_it),
        TEST(test_a_store_that_is_moved_with_its_log_keeps_edits_on_their_way),
        TEST(test_without_a_log_an_edit_is_in_the_tables_when_saved),
        TEST(test_where_the_file_may_refuse_a_row_edits_are_written_at_once),
        TEST(test_without_a_column_of_its_layer_no_edit_is_acknowledged),
        TEST(test_another_file_in_the_place_of_the_log_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
