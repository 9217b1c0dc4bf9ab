/* test_store_kept.c - a store that stays open between many small transactions holds no lock while
 * it rests, sees what others wrote, and never writes where nobody will look. */
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct store *open_kept(struct fixture *f)
{
    struct store *store = NULL;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    store_keep(store);
    store_rest(store);
    return store;
}

static struct zone *zone_named(struct fixture *f, const char *id)
{
    struct zone *zone = some_zones(f, 1, 8, "one");
    zone->head.id = id;
    return zone;
}

static enum err_code add(struct fixture *f, struct store *store, const char *id)
{
    enum err_code code = store_wake(store, &f->err);
    if (code == ERR_OK)
        code = store_insert(store, LAYER_ZONES, zone_named(f, id), 1, &f->err);
    if (code == ERR_OK)
        code = store_commit(store, &f->err);
    store_rest(store);
    return code;
}

static bool has(struct fixture *f, const char *path, const char *id)
{
    struct store *store = NULL;
    bool there = false;
    assert_ok(f, store_open(path, STORE_READ, &store, &f->err));
    assert_ok(f, store_has(store, LAYER_ZONES, id, &there, &f->err));
    store_close(store);
    return there;
}

static const char *copy_of(struct fixture *f, const char *name)
{
    const char *copy = in(f, name);
    assert_string_equal(printed(f, "cp '%s' '%s' 2>&1", f->path, copy), "");
    return copy;
}

static void test_many_transactions_on_one_handle_are_each_durable(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_kept(f);
    for (int i = 0; i < 20; i++) {
        const char *id = arena_printf(&f->arena, "zone-%d", i);
        assert_ok(f, add(f, store, id));
        assert_int_equal(store_generation(store), i + 1);
        assert_int_equal(generation_of(f), i + 1);
        assert_true(has(f, f->path, id));
        /* The journal that lies beside it has nothing to undo: the file alone is all of it. */
        const char *journal = in(f, "store.gpkg-journal");
        assert_int_equal(access(journal, F_OK), i == 0 ? -1 : 0); /* from the second on */
        assert_string_equal(printed(f, "head -c 28 %s 2>/dev/null | tr -d '\\000'", journal), "");
        unlink(journal);
        assert_true(has(f, copy_of(f, "copy.gpkg"), id));
        assert_int_equal(unlink(in(f, "copy.gpkg")), 0);
    }
    store_close(store);
    assert_string_equal(printed(f, "ls %s", f->directory), "store.gpkg");
    assert_string_equal(printed(f, "sqlite3 %s 'PRAGMA integrity_check'", f->path), "ok");
}

/* What a server that was killed leaves, which somebody takes as it is. */
static int add_and_read_where_nothing_may_be_written(struct fixture *f)
{
    struct store *store = open_kept(f);
    bool good = add(f, store, "one") == ERR_OK && add(f, store, "two") == ERR_OK;
    struct store *reader = NULL;
    bool there = false;
    good = good && access(in(f, "store.gpkg-journal"), F_OK) == 0 && chmod(f->directory, 0555) == 0;
    if (getuid() == 0)
        good = good && setuid(65534) == 0;
    good = good && store_open(f->path, STORE_READ, &reader, &f->err) == ERR_OK &&
           store_has(reader, LAYER_ZONES, "two", &there, &f->err) == ERR_OK && there;
    return good ? 0 : 1;
}

static void test_a_store_that_was_left_open_is_read_where_nothing_may_be_written(void **state)
{
    struct fixture *f = *state;
    int status = -1;
    assert_int_equal(chmod(f->directory, 0755), 0); /* whom the child becomes must find it */
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(add_and_read_where_nothing_may_be_written(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(f->directory, 0755), 0);
    assert_int_equal(status, 0);
    assert_int_equal(access(in(f, "store.gpkg-journal"), F_OK), 0);
    struct store *store = open_kept(f); /* and the next who writes takes it up */
    assert_ok(f, add(f, store, "three"));
    store_close(store);
    assert_int_equal(access(in(f, "store.gpkg-journal"), F_OK), -1);
    assert_int_equal(zones_in(f), 3);
}

static void test_what_others_write_in_between_is_seen(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_kept(f);
    for (int i = 0; i < 5; i++) {
        struct zone *other = zone_named(f, arena_printf(&f->arena, "other-%d", i));
        bool there = false;
        assert_ok(f, add(f, store, arena_printf(&f->arena, "ours-%d", i)));
        put_zones(f, other, 1);
        assert_ok(f, store_wake(store, &f->err));
        assert_int_equal(store_generation(store), 2 * i + 2);
        assert_ok(f, store_has(store, LAYER_ZONES, other->head.id, &there, &f->err));
        assert_true(there);
        assert_fails(f, store_insert(store, LAYER_ZONES, other, 1, &f->err), ERR_CONFLICT,
                     other->head.id);
        store_rest(store);
    }
    assert_int_equal(zones_in(f), 10);
    store_close(store);
}

/* In a process of its own, as `sisetu assess` beside a server. */
static void test_another_process_writes_while_it_rests_and_it_says_who_holds_it(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_kept(f);
    assert_ok(f, add(f, store, "ours"));
    assert_string_equal(
        printed(f,
                "sqlite3 %s \"BEGIN EXCLUSIVE; UPDATE sisetu_meta SET value = 2 WHERE key = "
                "'generation'; COMMIT; SELECT 'done'\" 2>&1",
                f->path),
        "done");
    assert_ok(f, store_wake(store, &f->err));
    assert_int_equal(store_generation(store), 2);
    /* awake it holds the writer's lock */
    assert_non_null(strstr(printed(f, "sqlite3 %s 'BEGIN IMMEDIATE' 2>&1", f->path), "locked"));
    store_rest(store);
    assert_string_equal(printed(f, "sqlite3 %s 'BEGIN IMMEDIATE; ROLLBACK' 2>&1", f->path), "");
    store_close(store);
}

static void test_a_file_that_was_put_in_its_place_is_the_one_that_is_written(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_kept(f);
    const char *copy = copy_of(f, "copy.gpkg");
    assert_ok(f, add(f, store, "before"));
    const char *old = in(f, "old.gpkg");
    assert_int_equal(link(f->path, old), 0);
    assert_int_equal(rename(copy, f->path), 0);
    assert_ok(f, store_wake(store, &f->err));
    assert_int_equal(store_generation(store), 0);
    store_rest(store);
    assert_ok(f, add(f, store, "after"));
    assert_true(has(f, f->path, "after"));
    assert_false(has(f, f->path, "before"));
    assert_true(has(f, old, "before"));
    assert_false(has(f, old, "after"));
    store_close(store);
}

static void test_nothing_is_written_to_a_file_that_was_replaced_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_kept(f);
    for (int kept = 0; kept < 2; kept++) { /* on a new handle, and on one that rested */
        const char *copy = copy_of(f, "copy.gpkg");
        const char *id = kept ? "second" : "first";
        assert_ok(f, store_wake(store, &f->err));
        assert_ok(f, store_insert(store, LAYER_ZONES, zone_named(f, id), 1, &f->err));
        assert_int_equal(rename(copy, f->path), 0);
        assert_fails(f, store_commit(store, &f->err), ERR_BUSY, "was replaced by another file");
        store_rest(store);
        assert_false(has(f, f->path, id));
        assert_ok(f, add(f, store, id)); /* and again, where it is found */
        assert_true(has(f, f->path, id));
    }
    store_close(store);
}

static void test_a_store_that_is_gone_is_told_and_taken_up_when_it_is_back(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_kept(f);
    assert_ok(f, add(f, store, "before"));
    const char *away = in(f, "away.gpkg");
    assert_int_equal(rename(f->path, away), 0);
    assert_fails(f, add(f, store, "lost"), ERR_NOT_FOUND, "no such store");
    assert_int_equal(access(f->path, F_OK), -1);
    assert_int_equal(rename(away, f->path), 0);
    assert_ok(f, add(f, store, "after"));
    assert_true(has(f, f->path, "before"));
    assert_true(has(f, f->path, "after"));
    assert_false(has(f, f->path, "lost"));
    store_close(store);
}

/* With a file that must not grow: as a full disk, without permission to mount one. */
static int write_past_the_limit(struct fixture *f)
{
    enum { TOO_MANY = 4000 };
    struct store *store = open_kept(f);
    struct zone *many = some_zones(f, TOO_MANY, 60, "many");
    struct rlimit small = {1 << 20, RLIM_INFINITY}, large = {RLIM_INFINITY, RLIM_INFINITY};
    bool good = add(f, store, "before") == ERR_OK;
    signal(SIGXFSZ, SIG_IGN);
    good = good && setrlimit(RLIMIT_FSIZE, &small) == 0;
    good = good && store_wake(store, &f->err) == ERR_OK;
    enum err_code code = store_insert(store, LAYER_ZONES, many, TOO_MANY, &f->err);
    if (code == ERR_OK)
        code = store_commit(store, &f->err);
    store_rest(store);
    good = good && (code == ERR_IO || code == ERR_NO_SPACE);
    good = good && add(f, store, "small") == ERR_OK && setrlimit(RLIMIT_FSIZE, &large) == 0 &&
           add(f, store, "after") == ERR_OK;
    store_close(store);
    return good ? 0 : 1;
}

static void test_after_a_write_that_failed_it_goes_on(void **state)
{
    struct fixture *f = *state;
    int status = -1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(write_past_the_limit(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(zones_in(f), 3);
    assert_true(has(f, f->path, "small"));
    assert_int_equal(generation_of(f), 3);
}

/* Descriptors of the process on the store. */
static int n_open(const struct fixture *f)
{
    struct stat store, other;
    int n = 0;
    assert_int_equal(stat(f->path, &store), 0);
    for (int fd = 3; fd < 256; fd++)
        n += fstat(fd, &other) == 0 && other.st_ino == store.st_ino && other.st_dev == store.st_dev;
    return n;
}

static void test_a_transaction_that_wrote_nothing_leaves_it_open(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_kept(f);
    bool there = false;
    for (int i = 0; i < 3; i++) {
        assert_ok(f, store_wake(store, &f->err)); /* an edit that is refused looks, and goes */
        assert_ok(f, store_has(store, LAYER_ZONES, "mine", &there, &f->err));
        assert_int_equal(there, i > 0);
        store_rest(store);
        assert_int_equal(n_open(f), 1);
        /* It holds no lock, leaves no journal with anything in it, and sees what others wrote. */
        assert_string_equal(
            printed(f, "head -c 28 %s-journal 2>/dev/null | tr -d '\\000'", f->path), "");
        struct store *other = NULL;
        assert_ok(f, store_open(f->path, STORE_WRITE, &other, &f->err));
        assert_ok(f,
                  store_insert(other, LAYER_ZONES,
                               zone_named(f, arena_printf(&f->arena, "theirs-%d", i)), 1, &f->err));
        assert_ok(f, store_commit(other, &f->err));
        store_close(other);
        assert_ok(f, store_wake(store, &f->err));
        assert_int_equal(store_generation(store), 2 * i + 1);
        store_rest(store);
        assert_ok(f, add(f, store, i == 0 ? "mine" : arena_printf(&f->arena, "mine-%d", i)));
    }
    /* What was written and given up is forgotten with the handle. */
    assert_ok(f, store_wake(store, &f->err));
    assert_ok(f, store_insert(store, LAYER_ZONES, zone_named(f, "never"), 1, &f->err));
    store_rest(store);
    assert_int_equal(n_open(f), 0);
    store_close(store);
    assert_false(has(f, f->path, "never"));
    assert_string_equal(printed(f, "sqlite3 %s 'PRAGMA integrity_check'", f->path), "ok");
}

static void test_what_was_not_committed_is_given_up_when_it_rests(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_kept(f);
    assert_ok(f, add(f, store, "one"));
    assert_ok(f, store_wake(store, &f->err));
    assert_ok(f, store_insert(store, LAYER_ZONES, zone_named(f, "two"), 1, &f->err));
    store_rest(store);
    assert_int_equal(zones_in(f), 1);
    assert_ok(f, store_wake(store, &f->err)); /* looked at only: keeps the generation */
    assert_ok(f, store_commit(store, &f->err));
    assert_int_equal(generation_of(f), 1);
    assert_ok(f, add(f, store, "two"));
    assert_int_equal(generation_of(f), 2);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_many_transactions_on_one_handle_are_each_durable),
        TEST(test_a_store_that_was_left_open_is_read_where_nothing_may_be_written),
        TEST(test_what_others_write_in_between_is_seen),
        TEST(test_another_process_writes_while_it_rests_and_it_says_who_holds_it),
        TEST(test_a_file_that_was_put_in_its_place_is_the_one_that_is_written),
        TEST(test_nothing_is_written_to_a_file_that_was_replaced_meanwhile),
        TEST(test_a_store_that_is_gone_is_told_and_taken_up_when_it_is_back),
        TEST(test_after_a_write_that_failed_it_goes_on),
        TEST(test_a_transaction_that_wrote_nothing_leaves_it_open),
        TEST(test_what_was_not_committed_is_given_up_when_it_rests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
