/* test_store_writer.c - edits that follow each other: durable when saved, in the tables soon after,
 * whoever is killed, and whoever else wants to write. */
#include "tests/unit/writer_fixture.h"

#include <sys/stat.h>

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

static void test_the_first_edit_finds_its_log_made(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct stat before, after;
    const char *log = in(f, "store.gpkg-edits");
    bool settled;
    for (int edits = 0; edits < 2; edits++) {
        struct store_writer *writer = writer_of(f, &told);
        assert_int_equal(stat(log, &before), 0);
        assert_int_equal(zones_in(f), 0);
        if (edits) {
            assert_ok(f, save(f, writer, "A", "one", &settled));
            assert_false(settled);
            assert_int_equal(stat(log, &after), 0);
            assert_int_equal(after.st_ino, before.st_ino);
            assert_int_equal(after.st_size, before.st_size);
        }
        store_writer_free(writer);
        assert_string_equal(printed(f, "ls %s", f->directory), "store.gpkg");
        assert_int_equal(generation_of(f), edits);
    }
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
    for (int i = 0; i < 200; i++) {
        const char *id = arena_printf(&f->arena, "Z%d", i % 7);
        const char *name = i % 3 ? arena_printf(&f->arena, "name %d", i) : NULL;
        assert_ok(f, save(f, writer, id, name, &settled));
        assert_ok(f, store_writer_begin(writer, &stamp, &settled, &f->err));
        assert_int_equal(stamp.generation, i + 1);
        assert_ok(f, store_writer_has(writer, LAYER_ZONES, id, &has, &f->err));
        assert_int_equal(has, name != NULL);
        assert_ok(f, store_writer_has(writer, LAYER_ZONES, "nowhere", &has, &f->err));
        assert_false(has);
        store_writer_end(writer);
        if (i % 50 == 49)
            wait_ms(60); /* so that some come from the tables */
    }
    store_writer_free(writer);
}

/* Of a text that only ends anew, the rest may be in the tables, on its way, or partly both. */
static void test_texts_that_end_anew_again_and_again_stay_whole(void **state)
{
    enum { MANY = 100 };
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct store_put put[MANY];
    const struct store_change change = {.layer = LAYER_GRADES, .put = put, .n_put = MANY};
    struct store_stamp stamp;
    bool settled;
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
    }
    store_writer_free(writer);
    assert_string_equal(raw(f, "SELECT DISTINCT reasons FROM grades"), "[0,39]");
    assert_string_equal(raw(f, "SELECT count(*) FROM grades"), "100");
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

/* Between a commit for readers and the next lock others may write for a moment, longer where the
 * machine is busy. */
static bool is_locked_soon(struct fixture *f)
{
    bool locked = false;
    for (int tries = 0; tries < 40 && !locked; tries++) {
        const char *said =
            printed(f, "sqlite3 %s 'BEGIN IMMEDIATE' 2>&1 | grep -o locked", f->path);
        locked = strcmp(said, "locked") == 0;
        if (!locked)
            wait_ms(50);
    }
    return locked;
}

static void test_an_edit_that_takes_long_does_not_keep_readers_from_those_before(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct store_put put = {zone_named(f, "B", "later"), STORE_PUT_ANY, NULL};
    const struct store_change change = {.layer = LAYER_ZONES, .put = &put, .n_put = 1};
    struct store_stamp stamp;
    bool settled;
    assert_ok(f, save(f, writer, "A", "before", &settled));
    assert_ok(f, store_writer_begin(writer, &stamp, &settled, &f->err));
    assert_false(settled);
    assert_int_equal(zones_in(f), 1); /* while it goes on */
    assert_true(is_locked_soon(f));
    const struct store_edit edit = {stamp.generation + 1, false, &change, 1};
    assert_ok(f, store_writer_save(writer, &edit, &settled, &f->err));
    assert_false(settled);
    store_writer_end(writer);
    store_writer_free(writer);
    assert_int_equal(zones_in(f), 2);
}

/* A reader keeps the commit from its end, for two seconds, after which it leaves a file. */
static void test_an_edit_begins_while_those_before_are_committed(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct store_put put = {zone_named(f, "B", "meanwhile"), STORE_PUT_ANY, NULL};
    const struct store_change change = {.layer = LAYER_ZONES, .put = &put, .n_put = 1};
    struct store_stamp stamp;
    bool settled;
    char command[2048], left[1024], line[64];
    snprintf(left, sizeof left, "%s-read", f->path);
    snprintf(command, sizeof command,
             "sqlite3 %s BEGIN 'SELECT 1 FROM zones' '.shell echo; sleep 2; touch %s' COMMIT",
             f->path, left);
    FILE *reader = popen(command, "r");
    assert_non_null(reader);
    assert_non_null(fgets(line, sizeof line, reader));
    assert_ok(f, save(f, writer, "A", "before", &settled));
    wait_ms(200);
    assert_ok(f, store_writer_begin(writer, &stamp, &settled, &f->err));
    assert_int_not_equal(access(left, F_OK), 0);
    assert_false(settled);
    bool there = false;
    assert_ok(f, store_writer_has(writer, LAYER_ZONES, "A", &there, &f->err));
    assert_true(there);
    assert_int_equal(access(left, F_OK), 0);
    const struct store_edit edit = {stamp.generation + 1, false, &change, 1};
    assert_ok(f, store_writer_save(writer, &edit, &settled, &f->err));
    assert_false(settled);
    store_writer_end(writer);
    assert_int_equal(pclose(reader), 0);
    store_writer_free(writer);
    remove(left);
    assert_string_equal(ids(f), "AB");
}

/* ---- killed ---- */

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

/* Holds the writer's lock until it is told to let go. */
static int hold_store(struct fixture *f, int held, int let_go)
{
    struct store *store = NULL;
    char byte = 0;
    bool done = store_open(f->path, STORE_WRITE, &store, &f->err) == ERR_OK &&
                write(held, &byte, 1) == 1 && read(let_go, &byte, 1) == 1;
    store_close(store);
    return done ? 0 : 1;
}

static void test_beside_one_who_writes_a_writer_begins_without_waiting(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct timespec from, to;
    int held[2], let_go[2], status = -1;
    char byte = 0;
    bool settled;
    assert_int_equal(pipe(held) | pipe(let_go), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(hold_store(f, held[1], let_go[0]));
    assert_int_equal(read(held[0], &byte, 1), 1);
    clock_gettime(CLOCK_MONOTONIC, &from);
    struct store_writer *writer = writer_of(f, &told);
    clock_gettime(CLOCK_MONOTONIC, &to);
    assert_in_range(to.tv_sec - from.tv_sec, 0, 6); /* an edit waits for ten */
    assert_int_equal(write(let_go[1], &byte, 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_ok(f, save(f, writer, "A", "one", &settled));
    assert_false(settled);
    store_writer_free(writer);
    assert_int_equal(zones_in(f), 1);
    for (int i = 0; i < 2; i++) {
        close(held[i]);
        close(let_go[i]);
    }
}

/* As a program that was stopped while it waited. */
static void test_who_does_not_take_its_turn_is_not_waited_for_at_each_edit(void **state)
{
    struct fixture *f = *state;
    struct told told = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct store_writer *writer = writer_of(f, &told);
    struct timespec from, to;
    bool settled;
    assert_ok(f, save(f, writer, "A", "before", &settled));
    int queued = store_log_queue(f->path);
    assert_true(queued >= 0);
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < 4; i++)
        assert_ok(f, save(f, writer, "A", "again", &settled));
    clock_gettime(CLOCK_MONOTONIC, &to);
    assert_in_range(to.tv_sec - from.tv_sec, 0, 2);
    store_log_leave(queued);
    store_writer_free(writer);
}

int main(void)
{
    setenv("SISETU_STORE_WAIT_MS", "10000", 1); /* the machine may have other things to do */
    const struct CMUnitTest tests[] = {
        TEST(test_edits_are_in_the_tables_soon_and_all_readers_find_them),
        TEST(test_the_first_edit_finds_its_log_made),
        TEST(test_without_a_pause_the_tables_do_not_wait_for_long),
        TEST(test_what_is_on_its_way_can_be_asked_for),
        TEST(test_texts_that_end_anew_again_and_again_stay_whole),
        TEST(test_an_edit_that_takes_long_does_not_keep_readers_from_those_before),
        TEST(test_an_edit_begins_while_those_before_are_committed),
        TEST(test_an_edit_that_is_not_saved_is_given_up),
        TEST(test_a_writer_that_is_killed_has_lost_nothing),
        TEST(test_who_stops_leaves_nothing_behind_of_another_that_was_killed),
        TEST(test_by_a_link_the_log_is_beside_the_store_itself),
        TEST(test_where_a_link_leads_elsewhere_the_log_goes_along),
        TEST(test_a_store_of_two_names_has_no_log),
        TEST(test_beside_one_who_writes_a_writer_begins_without_waiting),
        TEST(test_who_does_not_take_its_turn_is_not_waited_for_at_each_edit),
        TEST(test_two_who_write_come_between_each_other_and_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
