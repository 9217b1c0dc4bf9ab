/* test_store_atomic.c - killed, out of disk, two at once: a store is the old one or the new. */
#include "tests/unit/store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How a child ends. */
enum { CHILD_OK = 0, CHILD_FAILED = 90, CHILD_SKIPPED = 91 };

/* Runs `work` in a process of its own; its exit status is what it returns. */
static pid_t start(struct fixture *f, int (*work)(struct fixture *))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(work(f));
    return child;
}

static int ended(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void sleep_us(long us)
{
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

/* --- killed --- */

/* Generation g holds 100 + 37 * (g % 5) zones that are all named "g". */
static size_t zones_of_generation(uint64_t generation)
{
    return 100 + 37 * (size_t)(generation % 5);
}

static bool write_generation(struct fixture *f, struct store *store)
{
    uint64_t next = store_generation(store) + 1;
    size_t n = zones_of_generation(next);
    const char *name = arena_printf(&f->arena, "%llu", (unsigned long long)next);
    struct zone *zones = some_zones(f, n, 40, name);
    return store_delete_all(store, LAYER_ZONES, &f->err) == ERR_OK &&
           store_insert(store, LAYER_ZONES, zones, n, &f->err) == ERR_OK &&
           store_set(store, "as_of", name, &f->err) == ERR_OK &&
           store_commit(store, &f->err) == ERR_OK;
}

static int write_for_ever(struct fixture *f)
{
    struct store *store;
    if (store_open(f->path, STORE_WRITE, &store, &f->err) != ERR_OK)
        return CHILD_FAILED;
    while (write_generation(f, store))
        arena_reset(&f->arena);
    return CHILD_FAILED;
}

/* Whatever generation it is, all of it is there and nothing else. */
static uint64_t assert_whole(struct fixture *f)
{
    struct store *store;
    void *zones;
    size_t n;
    const char *as_of;
    assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    uint64_t generation = store_generation(store);
    const char *name = arena_printf(&f->arena, "%llu", (unsigned long long)generation);
    assert_ok(f, store_read(store, LAYER_ZONES, &f->arena, &zones, &n, &f->err));
    assert_ok(f, store_get(store, "as_of", &f->arena, &as_of, &f->err));
    store_close(store);
    if (generation == 0)
        return 0;
    assert_int_equal(n, zones_of_generation(generation));
    assert_string_equal(as_of, name);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(record_at(LAYER_ZONES, zones, i)->name, name);
    return generation;
}

static long now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* How long a writer takes from its start to its second commit, on this machine and build. */
static long two_generations_us(struct fixture *f)
{
    struct store *store;
    long from = now_us();
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_true(write_generation(f, store) && write_generation(f, store));
    store_close(store);
    return now_us() - from;
}

static void test_a_writer_killed_at_any_moment_leaves_the_old_store_or_the_new(void **state)
{
    struct fixture *f = *state;
    enum { KILLS = 40, KILLS_AT_MOST = 400 };
    const long longest_us = 2 * two_generations_us(f);
    uint32_t seed = 20261121;
    uint64_t first = assert_whole(f), before = first;
    int with_journal = 0, kills = 0;
    /* more of them where a busy machine let none fall into a write, or none behind one */
    while (kills < KILLS || (kills < KILLS_AT_MOST && (before == first || with_journal == 0))) {
        seed = seed * 1664525 + 1013904223;
        pid_t child = start(f, write_for_ever);
        sleep_us((long)(seed >> 8) % longest_us);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(ended(child), -SIGKILL);
        struct stat journal;
        with_journal += stat(in(f, "store.gpkg-journal"), &journal) == 0 && journal.st_size > 0;
        uint64_t now = assert_whole(f);
        assert_true(now >= before);
        before = now;
        kills++;
        arena_reset(&f->arena);
    }
    print_message("%d kills, %llu generations, %d journals left behind\n", kills,
                  (unsigned long long)(before - first), with_journal);
    assert_true(before > first && with_journal > 0);
    assert_string_equal(printed(f, "sqlite3 %s 'PRAGMA integrity_check'", f->path), "ok");
    /* and it can be written as if nothing had happened */
    struct store *store;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_true(write_generation(f, store));
    store_close(store);
    assert_int_equal(assert_whole(f), before + 1);
}

/* --- the disk full --- */

enum { MANY = 4000 };

static int write_too_much(struct fixture *f)
{
    struct store *store;
    struct zone *zones = some_zones(f, MANY, 60, "new");
    enum err_code code = store_open(f->path, STORE_WRITE, &store, &f->err);
    if (code == ERR_OK)
        code = store_delete_all(store, LAYER_ZONES, &f->err);
    if (code == ERR_OK)
        code = store_insert(store, LAYER_ZONES, zones, MANY, &f->err);
    if (code == ERR_OK)
        code = store_commit(store, &f->err);
    store_close(store);
    return (int)code;
}

/* On a file system of 2 MB, in a mount namespace of the child's own. */
static int fill_small_disk(struct fixture *f)
{
    const char *disk = in(f, "disk");
    struct zone *zones = some_zones(f, 20, 30, "old");
    struct store *store;
    if (mkdir(disk, 0755) != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", disk, "tmpfs", 0, "size=2m") != 0)
        return CHILD_SKIPPED;
    snprintf(f->path, sizeof f->path, "%s/store.gpkg", disk);
    if (store_create(f->path, &f->err) != ERR_OK ||
        store_open(f->path, STORE_WRITE, &store, &f->err) != ERR_OK ||
        store_insert(store, LAYER_ZONES, zones, 20, &f->err) != ERR_OK ||
        store_commit(store, &f->err) != ERR_OK)
        return CHILD_FAILED;
    store_close(store);
    const char *before = printed(f, "sha256sum < %s", f->path);
    int code = write_too_much(f);
    const char *after = printed(f, "sha256sum < %s", f->path);
    if (code != ERR_NO_SPACE || !strstr(f->err.message, "no space left"))
        fprintf(stderr, "%s: %s\n", err_code_name((enum err_code)code), f->err.message);
    if (strcmp(before, after) != 0 || zones_in(f) != 20)
        return CHILD_FAILED;
    /* nor can a second store be made there, and nothing of it stays */
    printed(f, "head -c 1700000 /dev/zero > %s/filler 2>&1", disk);
    char other[128];
    snprintf(other, sizeof other, "%s/other.gpkg", disk);
    enum err_code made = store_create(other, &f->err);
    if (made != ERR_NO_SPACE)
        fprintf(stderr, "%s: %s\n", err_code_name(made), f->err.message);
    const char *left = printed(f, "ls %s", disk);
    if (strcmp(left, "filler\nstore.gpkg") != 0)
        fprintf(stderr, "left: %s\n", left);
    bool good =
        code == ERR_NO_SPACE && made == ERR_NO_SPACE && strcmp(left, "filler\nstore.gpkg") == 0;
    return good ? CHILD_OK : CHILD_FAILED;
}

static void test_a_full_disk_leaves_the_store_as_it_was(void **state)
{
    struct fixture *f = *state;
    int status = ended(start(f, fill_small_disk));
    if (status == CHILD_SKIPPED) {
        print_message("SKIP: no permission to mount a small disk\n");
        skip();
    }
    assert_int_equal(status, CHILD_OK);
}

/* The same by the limit on the size of a file, which needs no permission. */
static int meet_size_limit(struct fixture *f)
{
    struct rlimit limit = {1 << 20, 1 << 20};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return CHILD_SKIPPED;
    return write_too_much(f);
}

static void test_a_write_that_fails_half_way_leaves_the_store_as_it_was(void **state)
{
    struct fixture *f = *state;
    put_zones(f, some_zones(f, 20, 30, "old"), 20);
    const char *before = printed(f, "sha256sum < %s", f->path);
    int status = ended(start(f, meet_size_limit));
    if (status != ERR_IO && status != ERR_NO_SPACE)
        fail_msg("the write ended with %d", status);
    assert_int_equal(zones_in(f), 20);
    assert_string_equal(printed(f, "sha256sum < %s", f->path), before);
    assert_int_equal(generation_of(f), 1);
}

/* --- two at once --- */

/* Holds the store open for writing, with something written, until it is told to go on. */
struct writer {
    pid_t child;
    int go; /* a byte into it lets the child commit */
};

static struct writer start_writer(struct fixture *f)
{
    int ready[2], go[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    fflush(NULL);
    struct writer writer = {fork(), go[1]};
    assert_true(writer.child >= 0);
    if (writer.child == 0) {
        struct store *store;
        close(go[1]);
        if (store_open(f->path, STORE_WRITE, &store, &f->err) != ERR_OK ||
            store_insert(store, LAYER_ZONES, some_zones(f, MANY, 60, "new"), MANY, &f->err) !=
                ERR_OK)
            _exit(CHILD_FAILED);
        ssize_t said = write(ready[1], "r", 1);
        ssize_t told = read(go[0], &byte, 1);
        bool good = said == 1 && told == 1 && store_commit(store, &f->err) == ERR_OK;
        _exit(good ? CHILD_OK : CHILD_FAILED);
    }
    close(go[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return writer;
}

static int finish_writer(struct writer writer)
{
    assert_int_equal(write(writer.go, "g", 1), 1);
    close(writer.go);
    return ended(writer.child);
}

static void test_a_second_writer_waits_and_then_says_who_is_in_the_way(void **state)
{
    struct fixture *f = *state;
    struct writer writer = start_writer(f);
    struct store *store = NULL;
    bool changed;
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    assert_fails(f, store_open(f->path, STORE_WRITE, &store, &f->err), ERR_BUSY,
                 "another import or assessment is writing");
    clock_gettime(CLOCK_MONOTONIC, &to);
    double waited = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
    assert_true(waited > 0.25); /* SISETU_STORE_WAIT_MS of the fixture is 0.3 s */
    assert_null(store);
    assert_fails(f, store_upgrade(f->path, &changed, &f->err), ERR_BUSY, "writing");
    assert_int_equal(finish_writer(writer), CHILD_OK);
    assert_int_equal(zones_in(f), MANY);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    store_close(store);
}

static int write_one_more(struct fixture *f)
{
    struct store *store;
    struct zone *zone = some_zones(f, 1, 8, "late");
    zone->head.id = "late";
    bool good = store_open(f->path, STORE_WRITE, &store, &f->err) == ERR_OK &&
                store_insert(store, LAYER_ZONES, zone, 1, &f->err) == ERR_OK &&
                store_commit(store, &f->err) == ERR_OK;
    return good ? CHILD_OK : CHILD_FAILED;
}

static void test_a_second_writer_goes_on_when_the_first_is_done_in_time(void **state)
{
    struct fixture *f = *state;
    struct writer writer = start_writer(f);
    setenv("SISETU_STORE_WAIT_MS", "10000", 1);
    pid_t second = start(f, write_one_more);
    sleep_us(200000);
    assert_int_equal(finish_writer(writer), CHILD_OK);
    assert_int_equal(ended(second), CHILD_OK);
    assert_int_equal(zones_in(f), MANY + 1);
    assert_int_equal(generation_of(f), 2);
}

static void test_readers_are_not_disturbed_by_a_writer_that_has_not_committed(void **state)
{
    struct fixture *f = *state;
    put_zones(f, some_zones(f, 20, 30, "old") + 0, 20);
    const char *none[20];
    for (int i = 0; i < 20; i++)
        none[i] = arena_printf(&f->arena, "Z-%06d", i);
    struct store *store;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_delete(store, LAYER_ZONES, none, 20, &f->err));
    assert_ok(f, store_set(store, "as_of", "kept", &f->err));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    struct writer writer = start_writer(f);
    struct store *reader;
    size_t n = 1;
    assert_ok(f, store_open(f->path, STORE_READ, &reader, &f->err));
    assert_ok(f, store_count(reader, LAYER_ZONES, &n, &f->err));
    assert_int_equal(n, 0);
    assert_int_equal(generation_of(f), 2);
    /* the reader keeps its picture: the commit waits for it, and here in vain */
    store_close(reader);
    assert_int_equal(finish_writer(writer), CHILD_OK);
    assert_int_equal(generation_of(f), 3);
}

static void test_a_commit_that_a_reader_keeps_waiting_fails_whole(void **state)
{
    struct fixture *f = *state;
    struct writer writer = start_writer(f);
    struct store *reader;
    size_t n = 1;
    assert_ok(f, store_open(f->path, STORE_READ, &reader, &f->err));
    assert_int_equal(finish_writer(writer), CHILD_FAILED);
    assert_ok(f, store_count(reader, LAYER_ZONES, &n, &f->err));
    assert_int_equal(n, 0);
    store_close(reader);
    assert_int_equal(zones_in(f), 0);
    assert_int_equal(generation_of(f), 0);
}

static int read_and_peek(struct fixture *f)
{
    for (int i = 0; i < 60; i++) {
        struct store_stamp stamp;
        enum err_code code = store_stamp(f->path, &stamp, &f->err);
        if (code != ERR_OK && code != ERR_BUSY)
            return CHILD_FAILED;
        struct store *store;
        void *zones;
        size_t n;
        code = store_open(f->path, STORE_READ, &store, &f->err);
        if (code != ERR_OK)
            return CHILD_FAILED;
        uint64_t generation = store_generation(store);
        code = store_read(store, LAYER_ZONES, &f->arena, &zones, &n, &f->err);
        store_close(store);
        if (code != ERR_OK || (generation && n != zones_of_generation(generation)))
            return CHILD_FAILED;
        arena_reset(&f->arena);
    }
    return CHILD_OK;
}

static void test_readers_beside_a_busy_writer_always_see_one_generation(void **state)
{
    struct fixture *f = *state;
    setenv("SISETU_STORE_WAIT_MS", "10000", 1);
    pid_t readers[2] = {start(f, read_and_peek), start(f, read_and_peek)};
    struct store *store;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    for (int i = 0; i < 30; i++)
        if (!write_generation(f, store))
            fail_msg("generation %d: %s", i, f->err.message);
    store_close(store);
    assert_int_equal(ended(readers[0]), CHILD_OK);
    assert_int_equal(ended(readers[1]), CHILD_OK);
    assert_int_equal(assert_whole(f), 30);
}

static void test_a_peek_in_the_same_process_drops_no_lock_of_the_writer(void **state)
{
    struct fixture *f = *state;
    struct store *store, *reader;
    size_t n;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_insert(store, LAYER_ZONES, some_zones(f, 5, 8, "x"), 5, &f->err));
    assert_int_equal(generation_of(f), 0);
    assert_ok(f, store_open(f->path, STORE_READ, &reader, &f->err));
    assert_ok(f, store_count(reader, LAYER_ZONES, &n, &f->err));
    store_close(reader);
    assert_int_equal(generation_of(f), 0);
    /* another process still finds the lock */
    assert_int_equal(ended(start(f, write_one_more)), CHILD_FAILED);
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    assert_int_equal(zones_in(f), 5);
}

/* Peeks and reads in a thread of its own; the context is the fixture, the result NULL or not. */
static void *read_in_thread(void *context)
{
    const struct fixture *f = context;
    struct fixture own = *f;
    arena_init(&own.arena, 0);
    int outcome = read_and_peek(&own);
    arena_release(&own.arena);
    return outcome == CHILD_OK ? NULL : context;
}

static void test_threads_read_beside_each_other_and_a_writer_in_another_process(void **state)
{
    struct fixture *f = *state;
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    setenv("SISETU_STORE_WAIT_MS", "10000", 1);
    pid_t writer = start(f, write_for_ever);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_in_thread, f), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    kill(writer, SIGKILL);
    assert_int_equal(ended(writer), -SIGKILL);
    assert_true(assert_whole(f) > 0);
}

/* --- left by others, and not permitted --- */

static void test_a_write_ahead_log_that_another_program_left_is_tolerated(void **state)
{
    struct fixture *f = *state;
    put_zones(f, some_zones(f, 20, 30, "old"), 20);
    /* a copy of the three files while the log is not yet in the store, as after a crash of QGIS */
    printed(f,
            "sqlite3 %s \"PRAGMA journal_mode = WAL; INSERT INTO sisetu_meta (key, value) VALUES "
            "('as_of', 'qgis');\" \".shell cp %s %s; cp %s-wal %s-wal\" 2>&1",
            f->path, f->path, in(f, "copy.gpkg"), f->path, in(f, "copy.gpkg"));
    assert_int_equal(access(in(f, "copy.gpkg-wal"), F_OK), 0);
    snprintf(f->path, sizeof f->path, "%s/copy.gpkg", f->directory);
    struct store *store;
    const char *as_of;
    assert_int_equal(generation_of(f), 1);
    assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    assert_ok(f, store_get(store, "as_of", &f->arena, &as_of, &f->err));
    assert_non_null(as_of);
    assert_string_equal(as_of, "qgis");
    store_close(store);
    assert_int_equal(ended(start(f, write_one_more)), CHILD_OK);
    assert_int_equal(zones_in(f), 21);
    assert_int_equal(generation_of(f), 2);
}

static int write_without_permission(struct fixture *f)
{
    struct store *store;
    if (!obey_permissions())
        return CHILD_SKIPPED;
    size_t n = 0;
    if (store_open(f->path, STORE_READ, &store, &f->err) != ERR_OK)
        return CHILD_FAILED;
    if (store_count(store, LAYER_ZONES, &n, &f->err) != ERR_OK || n != 20)
        return CHILD_FAILED;
    store_close(store);
    enum err_code code = store_open(f->path, STORE_WRITE, &store, &f->err);
    bool named = strstr(f->err.message, "store.gpkg") != NULL;
    enum err_code made = store_create(in(f, "other.gpkg"), &f->err);
    if (code != ERR_DENIED || made != ERR_DENIED)
        fprintf(stderr, "write %s, create %s: %s\n", err_code_name(code), err_code_name(made),
                f->err.message);
    return code == ERR_DENIED && named && made == ERR_DENIED ? CHILD_OK : CHILD_FAILED;
}

static void test_without_permission_a_store_can_be_read_and_not_written(void **state)
{
    struct fixture *f = *state;
    put_zones(f, some_zones(f, 20, 30, "old"), 20);
    /* the file alone, then the directory alone */
    assert_int_equal(chmod(f->path, 0444), 0);
    assert_int_equal(chmod(f->directory, 0555), 0);
    int status = ended(start(f, write_without_permission));
    assert_int_equal(chmod(f->path, 0666), 0);
    if (status == CHILD_OK)
        status = ended(start(f, write_without_permission));
    assert_int_equal(chmod(f->directory, 0755), 0);
    if (status == CHILD_SKIPPED) {
        print_message("SKIP: cannot give up root's powers\n");
        skip();
    }
    assert_int_equal(status, CHILD_OK);
}

static int read_after_a_crash(struct fixture *f)
{
    struct store *store;
    if (!obey_permissions())
        return CHILD_SKIPPED;
    enum err_code code = store_open(f->path, STORE_READ, &store, &f->err);
    bool clear = strstr(f->err.message, "interrupted") != NULL;
    return code == ERR_DENIED && clear ? CHILD_OK : CHILD_FAILED;
}

/* Dies in the middle of a commit: SQLite's journal is on disk, the store half written. */
static int die_in_commit(struct fixture *f)
{
    struct rlimit limit = {1 << 20, 1 << 20};
    struct store *store;
    setrlimit(RLIMIT_FSIZE, &limit); /* SIGXFSZ ends the process */
    if (store_open(f->path, STORE_WRITE, &store, &f->err) == ERR_OK &&
        store_delete_all(store, LAYER_ZONES, &f->err) == ERR_OK &&
        store_insert(store, LAYER_ZONES, some_zones(f, MANY, 60, "new"), MANY, &f->err) == ERR_OK)
        store_commit(store, &f->err);
    return CHILD_FAILED;
}

static void test_an_interrupted_write_is_undone_by_the_next_reader(void **state)
{
    struct fixture *f = *state;
    put_zones(f, some_zones(f, 20, 30, "old"), 20);
    assert_int_equal(ended(start(f, die_in_commit)), -SIGXFSZ);
    assert_int_equal(access(in(f, "store.gpkg-journal"), F_OK), 0);
    assert_int_equal(chmod(f->path, 0444), 0);
    assert_int_equal(chmod(f->directory, 0555), 0);
    int status = ended(start(f, read_after_a_crash));
    assert_int_equal(chmod(f->path, 0644), 0);
    assert_int_equal(chmod(f->directory, 0755), 0);
    if (status != CHILD_SKIPPED)
        assert_int_equal(status, CHILD_OK);
    assert_int_equal(generation_of(f), 1);
    assert_int_equal(zones_in(f), 20);
    assert_int_equal(access(in(f, "store.gpkg-journal"), F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_short, tear_down)

/* One test sets a longer time; the next starts with the short one again. */
static int set_up_short(void **state)
{
    setenv("SISETU_STORE_WAIT_MS", "300", 1);
    return set_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_writer_killed_at_any_moment_leaves_the_old_store_or_the_new),
        TEST(test_a_full_disk_leaves_the_store_as_it_was),
        TEST(test_a_write_that_fails_half_way_leaves_the_store_as_it_was),
        TEST(test_a_second_writer_waits_and_then_says_who_is_in_the_way),
        TEST(test_a_second_writer_goes_on_when_the_first_is_done_in_time),
        TEST(test_readers_are_not_disturbed_by_a_writer_that_has_not_committed),
        TEST(test_a_commit_that_a_reader_keeps_waiting_fails_whole),
        TEST(test_readers_beside_a_busy_writer_always_see_one_generation),
        TEST(test_threads_read_beside_each_other_and_a_writer_in_another_process),
        TEST(test_a_peek_in_the_same_process_drops_no_lock_of_the_writer),
        TEST(test_a_write_ahead_log_that_another_program_left_is_tolerated),
        TEST(test_without_permission_a_store_can_be_read_and_not_written),
        TEST(test_an_interrupted_write_is_undone_by_the_next_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
