/* test_store_log.c - edits that are durable before the tables have them: whatever was acknowledged
 * is found by who opens the store next, and whatever was not whole is not. */
#include "tests/unit/store_records.h"

#include "data/store_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- a log ---- */

static struct store_edit edit_of(struct fixture *f, uint64_t generation, const char *const *put,
                                 size_t n_put, const char *const *deleted, size_t n_deleted)
{
    struct store_change *change = arena_new(&f->arena, struct store_change, 1);
    struct store_put *puts = arena_new(&f->arena, struct store_put, n_put);
    struct zone *zones = some_zones(f, n_put, 8, "logged");
    for (size_t i = 0; i < n_put; i++) {
        zones[i].head.id = put[i];
        puts[i] = (struct store_put){&zones[i], STORE_PUT_NEW, NULL};
    }
    *change = (struct store_change){LAYER_ZONES, deleted, n_deleted, puts, n_put};
    return (struct store_edit){generation, false, change, 1};
}

static struct store_edit put_edit(struct fixture *f, uint64_t generation, const char *id)
{
    const char **ids = arena_new(&f->arena, const char *, 1);
    ids[0] = id;
    return edit_of(f, generation, ids, 1, NULL, 0);
}

static void append(struct fixture *f, struct store_log *log, const struct store *store,
                   const struct store_edit *edit)
{
    struct buf bytes;
    buf_init(&bytes);
    assert_ok(f, store_edit_write(edit, NULL, &bytes, &f->err));
    assert_ok(f, store_log_append(log, store, edit->generation, &bytes, &f->err));
    buf_release(&bytes);
}

/* Puts zones "A", "B", "C" on their way, of generations from the store's next on, and lets go of
 * everything, as a process that is killed. */
static void leave_three(struct fixture *f, uint64_t first)
{
    struct store *store = NULL;
    struct store_log *log = NULL;
    static const char *const ids[] = {"A", "B", "C"};
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_log_new(f->path, &log, &f->err));
    for (uint64_t i = 0; i < 3; i++) {
        const struct store_edit edit = put_edit(f, first + i, ids[i]);
        append(f, log, store, &edit);
    }
    store_log_free(log);
    store_close(store);
}

static const char *ids_in(struct fixture *f, const char *path)
{
    return printed(f,
                   "sqlite3 '%s' \"SELECT group_concat(id, '') FROM (SELECT id FROM zones ORDER "
                   "BY id)\"",
                   path);
}

static void open_and_close(struct fixture *f, enum store_mode mode)
{
    struct store *store = NULL;
    assert_ok(f, store_open(f->path, mode, &store, &f->err));
    store_close(store);
}

static const char *log_path(struct fixture *f)
{
    return in(f, "store.gpkg-edits");
}

static void test_whoever_opens_the_store_next_finds_what_was_on_its_way(void **state)
{
    struct fixture *f = *state;
    static const enum store_mode modes[] = {STORE_READ, STORE_WRITE};
    for (int i = 0; i < 2; i++) {
        uint64_t before = generation_of(f);
        leave_three(f, before + 1);
        assert_string_equal(ids_in(f, f->path), "");
        open_and_close(f, modes[i]);
        assert_string_equal(ids_in(f, f->path), "ABC");
        assert_int_equal(generation_of(f), before + 3);
        /* What is in the tables is not carried there again. */
        assert_string_equal(
            printed(f, "sqlite3 %s 'SELECT count(*) FROM rtree_zones_geom'", f->path), "3");
        struct store *store = NULL;
        assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
        assert_ok(f, store_delete_all(store, LAYER_ZONES, &f->err));
        assert_ok(f, store_commit(store, &f->err));
        store_close(store);
        open_and_close(f, modes[i]);
        assert_string_equal(ids_in(f, f->path), "");
    }
}

static void test_an_entry_that_is_not_whole_was_never_there(void **state)
{
    struct fixture *f = *state;
    enum { HEAD_BYTES = 48 };
    const char *whole = in(f, "whole"), *empty = in(f, "empty.gpkg");
    const struct store_edit first = put_edit(f, 1, "A");
    struct buf bytes;
    buf_init(&bytes);
    assert_ok(f, store_edit_write(&first, NULL, &bytes, &f->err));
    off_t each = HEAD_BYTES + (off_t)bytes.n_bytes;
    buf_release(&bytes);
    leave_three(f, 1);
    assert_string_equal(printed(f, "cp %s %s && cp %s %s && truncate -s %ld %s", log_path(f), whole,
                                f->path, empty, 3 * (long)each, whole),
                        "");
    for (off_t cut = 0; cut < 3 * each; cut += 41) {
        assert_string_equal(printed(f, "cp %s %s && cp %s %s && truncate -s %ld %s", whole,
                                    log_path(f), empty, f->path, (long)cut, log_path(f)),
                            "");
        open_and_close(f, STORE_READ);
        static const char *const can[] = {"", "A", "AB"};
        const char *got = ids_in(f, f->path);
        assert_string_equal(got, can[cut / each]);
        assert_int_equal(generation_of(f), strlen(got));
    }
    /* One bit: what stands behind it cannot follow on what is missing. */
    for (off_t at = 0; at < 3 * each; at += 53) {
        char byte = 0;
        assert_string_equal(printed(f, "cp %s %s && cp %s %s", whole, log_path(f), empty, f->path),
                            "");
        int file = open(log_path(f), O_RDWR);
        assert_int_equal(pread(file, &byte, 1, at), 1);
        byte ^= 4;
        assert_int_equal(pwrite(file, &byte, 1, at), 1);
        close(file);
        open_and_close(f, STORE_READ);
        static const char *const can[] = {"", "A", "AB"};
        assert_string_equal(ids_in(f, f->path), can[at / each]);
    }
}

static void test_a_log_of_another_store_or_of_other_generations_is_left_alone(void **state)
{
    struct fixture *f = *state;
    const char *other = in(f, "other.gpkg");
    leave_three(f, 1);
    assert_ok(f, store_create(other, &f->err));
    assert_string_equal(printed(f, "cp %s %s-edits", log_path(f), other), "");
    struct store *store = NULL;
    assert_ok(f, store_open(other, STORE_WRITE, &store, &f->err));
    store_close(store);
    assert_string_equal(ids_in(f, other), "");
    open_and_close(f, STORE_WRITE);
    assert_string_equal(ids_in(f, f->path), "ABC");
    /* Generation 3 by now: 5 to 7 do not follow. */
    leave_three(f, 5);
    open_and_close(f, STORE_WRITE);
    assert_int_equal(generation_of(f), 3);
}

static void test_entries_of_an_earlier_round_do_not_come_back(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    struct store_log *log = NULL;
    leave_three(f, 1);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_log_new(f->path, &log, &f->err));
    assert_ok(f, store_delete_all(store, LAYER_ZONES, &f->err));
    assert_ok(f, store_commit(store, &f->err)); /* 4 */
    static const char *const gone[] = {"Z"};
    const struct store_edit edit = edit_of(f, 5, NULL, 0, gone, 1); /* shorter than those before */
    append(f, log, store, &edit);
    store_log_free(log);
    store_close(store);
    open_and_close(f, STORE_READ);
    assert_string_equal(ids_in(f, f->path), "");
    assert_int_equal(generation_of(f), 5);
}

/* ---- a backup that was put in the place of the store, with the log of later edits beside it ----
 */

/* Commits zones of that name, one a generation, as whoever knows of no log. */
static void commit_each(struct fixture *f, const char *const *ids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct store *store = NULL;
        struct zone *zone = some_zones(f, 1, 8, "committed");
        zone->head.id = ids[i];
        assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
        assert_ok(f, store_insert(store, LAYER_ZONES, zone, 1, &f->err));
        assert_ok(f, store_commit(store, &f->err));
        store_close(store);
    }
}

static const char *back_up(struct fixture *f)
{
    const char *backup = in(f, "backup.gpkg");
    assert_string_equal(printed(f, "cp %s %s", f->path, backup), "");
    return backup;
}

static void restore(struct fixture *f, const char *backup)
{
    assert_string_equal(printed(f, "cp %s %s.new && mv %s.new %s", backup, backup, backup, f->path),
                        "");
}

static void test_entries_of_another_history_do_not_follow_on_one_of_this(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    struct store_log *log = NULL;
    static const char *const ids[] = {"A", "B", "C"};
    const char *backup = back_up(f);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_log_new(f->path, &log, &f->err));
    for (uint64_t i = 0; i < 3; i++) {
        const struct store_edit edit = put_edit(f, 1 + i, ids[i]);
        append(f, log, store, &edit);
        assert_ok(f, store_edit_apply(store, &edit, &f->err));
    }
    assert_ok(f, store_commit_as(store, 3, &f->err));
    store_log_settled(log);
    store_log_free(log);
    store_close(store);
    restore(f, backup);
    /* As long as the first of the others, behind which the second still stands. */
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_log_new(f->path, &log, &f->err));
    const struct store_edit edit = put_edit(f, 1, "D");
    append(f, log, store, &edit);
    store_log_free(log);
    store_close(store);
    open_and_close(f, STORE_READ);
    assert_string_equal(ids_in(f, f->path), "D");
    assert_int_equal(generation_of(f), 1);
}

static void test_edits_of_another_history_do_not_come_once_the_generation_is_theirs(void **state)
{
    struct fixture *f = *state;
    const char *backup = back_up(f);
    commit_each(f, (const char *const[]){"before-1", "before-2"}, 2);
    leave_three(f, 3);
    restore(f, backup);
    commit_each(f, (const char *const[]){"X", "Y"}, 2);
    open_and_close(f, STORE_READ);
    assert_string_equal(ids_in(f, f->path), "XY");
    commit_each(f, (const char *const[]){"Z"}, 1);
    assert_string_equal(ids_in(f, f->path), "XYZ");
    assert_int_equal(generation_of(f), 3);
    /* They were acknowledged, and may be wanted yet: with the store that they are of. */
    assert_int_equal(access(log_path(f), F_OK), -1);
    assert_int_equal(access(in(f, "store.gpkg-edits-3-5"), F_OK), 0);
}

static void test_edits_that_the_tables_have_do_not_go_into_a_backup_too(void **state)
{
    struct fixture *f = *state;
    const char *backup = back_up(f);
    leave_three(f, 1);
    commit_each(f, (const char *const[]){"X"}, 1);
    assert_string_equal(ids_in(f, f->path), "ABCX");
    restore(f, backup);
    open_and_close(f, STORE_WRITE);
    assert_string_equal(ids_in(f, f->path), "");
}

static int read_without_permission(struct fixture *f)
{
    struct store *store = NULL;
    if (!obey_permissions())
        return 2;
    enum err_code code = store_open(f->path, STORE_READ, &store, &f->err);
    store_close(store);
    return code == ERR_DENIED && strstr(f->err.message, "on their way") ? 0 : 1;
}

static void test_who_may_only_read_is_told_of_edits_on_their_way(void **state)
{
    struct fixture *f = *state;
    int status = -1;
    leave_three(f, 1);
    assert_int_equal(chmod(f->path, 0444), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(read_without_permission(f));
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
        skip();
    assert_int_equal(status, 0);
    assert_int_equal(chmod(f->path, 0644), 0);
    assert_int_equal(zones_in(f), 3);
}

static void test_a_reader_waits_while_the_writer_lives_and_then_says_so(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL, *reader = NULL;
    struct store_log *log = NULL;
    struct store_log_state seen;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_log_new(f->path, &log, &f->err));
    assert_ok(f, store_log_look(f->path, &seen, &f->err));
    assert_int_equal(seen.last, 0);
    const struct store_edit edit = put_edit(f, 1, "A");
    append(f, log, store, &edit);
    assert_ok(f, store_log_look(f->path, &seen, &f->err));
    assert_int_equal(seen.first, 1);
    assert_int_equal(seen.last, 1);
    assert_true(seen.has_owner);
    assert_fails(f, store_open(f->path, STORE_READ, &reader, &f->err), ERR_BUSY, "on their way");
    assert_ok(f, store_edit_apply(store, &edit, &f->err));
    assert_ok(f, store_commit_as(store, 1, &f->err));
    assert_int_equal(zones_in(f), 1); /* before the log is written over */
    store_log_settled(log);
    assert_ok(f, store_log_look(f->path, &seen, &f->err));
    assert_int_equal(seen.last, 0);
    store_log_remove(log);
    assert_int_equal(access(log_path(f), F_OK), -1);
    store_log_free(log);
    store_close(store);
}

static void test_who_waits_to_write_is_seen(void **state)
{
    struct fixture *f = *state;
    struct store_log *log = NULL;
    assert_int_equal(store_log_queue(f->path), -1); /* there is no log */
    assert_ok(f, store_log_new(f->path, &log, &f->err));
    assert_false(store_log_is_queued(log));
    assert_ok(f, store_log_begin(log, &f->err));
    assert_false(store_log_is_queued(log));
    int one = store_log_queue(f->path), other = store_log_queue(f->path);
    assert_true(one >= 0 && other >= 0);
    assert_true(store_log_is_queued(log));
    store_log_leave(one);
    assert_true(store_log_is_queued(log));
    store_log_leave(other);
    assert_false(store_log_is_queued(log));
    store_log_remove(log);
    store_log_free(log);
}

static void test_a_log_that_cannot_be_written_has_nothing_of_the_edit(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    struct store_log *log = NULL;
    struct buf bytes;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_int_equal(symlink("/dev/full", log_path(f)), 0);
    assert_ok(f, store_log_new(f->path, &log, &f->err));
    const struct store_edit edit = put_edit(f, 1, "A");
    buf_init(&bytes);
    assert_ok(f, store_edit_write(&edit, NULL, &bytes, &f->err));
    assert_fails(f, store_log_append(log, store, 1, &bytes, &f->err), ERR_NO_SPACE, "edits");
    unlink(log_path(f));
    assert_ok(f, store_log_append(log, store, 1, &bytes, &f->err)); /* another file by now */
    buf_release(&bytes);
    store_log_free(log);
    store_close(store);
    assert_int_equal(zones_in(f), 1);
}

static void test_the_room_of_the_log_can_be_given_to_the_tables(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    struct store_log *log = NULL;
    struct stat before, after;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_log_new(f->path, &log, &f->err));
    const struct store_edit edits[] = {put_edit(f, 1, "A"), put_edit(f, 2, "B")};
    append(f, log, store, &edits[0]);
    assert_int_equal(stat(log_path(f), &before), 0);
    store_log_give_room(log);
    assert_int_equal(stat(log_path(f), &after), 0);
    assert_true(after.st_size < before.st_size || before.st_size < 1 << 20); /* a small disk */
    append(f, log, store, &edits[1]);
    store_log_free(log);
    store_close(store);
    open_and_close(f, STORE_READ);
    assert_string_equal(ids_in(f, f->path), "AB");
}

static void test_what_is_no_file_is_no_log_and_keeps_nobody_waiting(void **state)
{
    struct fixture *f = *state;
    struct store_log *log = NULL;
    struct store *store = NULL;
    struct buf bytes;
    buf_init(&bytes);
    assert_int_equal(mkfifo(log_path(f), 0644), 0);
    alarm(20);
    open_and_close(f, STORE_READ);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_log_new(f->path, &log, &f->err));
    assert_int_not_equal(store_log_append(log, store, 1, &bytes, &f->err), ERR_OK);
    store_log_free(log);
    store_close(store);
    alarm(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_whoever_opens_the_store_next_finds_what_was_on_its_way),
        TEST(test_an_entry_that_is_not_whole_was_never_there),
        TEST(test_a_log_of_another_store_or_of_other_generations_is_left_alone),
        TEST(test_entries_of_an_earlier_round_do_not_come_back),
        TEST(test_entries_of_another_history_do_not_follow_on_one_of_this),
        TEST(test_edits_of_another_history_do_not_come_once_the_generation_is_theirs),
        TEST(test_edits_that_the_tables_have_do_not_go_into_a_backup_too),
        TEST(test_who_may_only_read_is_told_of_edits_on_their_way),
        TEST(test_a_reader_waits_while_the_writer_lives_and_then_says_so),
        TEST(test_who_waits_to_write_is_seen),
        TEST(test_a_log_that_cannot_be_written_has_nothing_of_the_edit),
        TEST(test_the_room_of_the_log_can_be_given_to_the_tables),
        TEST(test_what_is_no_file_is_no_log_and_keeps_nobody_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
