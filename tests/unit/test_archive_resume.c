/* Archives that were not finished: gone on with where they are whole, refused where they are
 * something else, and never seen half under their name. */
#include "tests/unit/archive_fixture.h"

#include <signal.h>
#include <sys/resource.h>

static struct folder folder;
static const struct tile_set SET = {1, 30, 2, 5, 12}; /* of zoom 1-3 */

static int set_up(void **state)
{
    (void)state;
    folder_make(&folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_end(&folder);
    return 0;
}

/* Puts what is not there yet, finishes, and compares with the archive made in one go. */
static void go_on(const char *path, uint64_t *n_there)
{
    struct archive_options options = some_options(1, 3);
    options.replace = true;
    struct archive *archive = open_archive(path, &options);
    *n_there = 0;
    for (uint64_t i = 0; i < SET.n; i++) {
        if (archive_has(archive, hilbert_tile(SET.first + i)))
            ++*n_there;
        else
            put_one(archive, &SET, i);
    }
    assert_int_equal(*n_there, archive_count(archive));
    finish(archive);
}

static const char *make_whole(const char *name)
{
    struct archive_options options = some_options(1, 3);
    const char *path = in(&folder, name);
    struct archive *archive = open_archive(path, &options);
    put_all(archive, &SET);
    finish(archive);
    return path;
}

/* The spool after all tiles, as a kill before the end leaves it. */
static struct buf make_spool(const char *path)
{
    struct archive_options options = some_options(1, 3);
    struct archive *archive = open_archive(path, &options);
    put_all(archive, &SET);
    archive_close(archive);
    assert_false(file_exists(path));
    return read_whole(arena_printf(&folder.arena, "%s.part", path));
}

static void test_an_archive_that_was_closed_unfinished_goes_on(void **state)
{
    (void)state;
    static const char *const names[] = {"pmtiles", "mbtiles"};
    for (size_t k = 0; k < 2; k++) {
        const char *whole = make_whole(arena_printf(&folder.arena, "whole.%s", names[k]));
        const char *path = arena_printf(&folder.arena, "%s/a.%s", folder.path, names[k]);
        struct archive_options options = some_options(1, 3);
        struct archive *archive = open_archive(path, &options);
        for (uint64_t i = 20; i > 7; i--)
            put_one(archive, &SET, i);
        archive_close(archive);
        uint64_t n_there;
        go_on(path, &n_there);
        assert_int_equal(n_there, 13);
        assert_same_files(whole, path);
    }
}

static void test_a_torn_spool_loses_only_what_was_torn(void **state)
{
    (void)state;
    const char *whole = make_whole("whole.pmtiles"), *path = in(&folder, "a.pmtiles");
    struct buf spool = make_spool(path);
    uint64_t before = 0;
    for (size_t n = 0; n <= spool.n_bytes; n++) {
        uint64_t n_there;
        write_whole(in(&folder, "a.pmtiles.part"), spool.bytes, n);
        go_on(path, &n_there);
        assert_true(n_there == before || n_there == before + 1);
        before = n_there;
        assert_same_files(whole, path);
    }
    assert_int_equal(before, SET.n);
    buf_release(&spool);
}

static void test_a_spool_with_any_byte_altered_never_gives_a_wrong_tile(void **state)
{
    (void)state;
    struct archive_options options = some_options(1, 3);
    options.replace = true;
    const char *whole = make_whole("whole.pmtiles"), *path = in(&folder, "a.pmtiles");
    struct buf spool = make_spool(path);
    size_t n_refused = 0;
    for (size_t i = 0; i < spool.n_bytes; i++) {
        struct err err;
        struct archive *archive;
        spool.bytes[i] = (char)(spool.bytes[i] ^ 0x11);
        write_whole(in(&folder, "a.pmtiles.part"), spool.bytes, spool.n_bytes);
        spool.bytes[i] = (char)(spool.bytes[i] ^ 0x11);
        enum err_code code = archive_open(path, &options, &archive, &err);
        if (code != ERR_OK) {
            assert_int_equal(code, ERR_CONFLICT);
            n_refused++;
            continue;
        }
        archive_close(archive);
        uint64_t n_there;
        go_on(path, &n_there);
        assert_true(n_there < SET.n);
        assert_same_files(whole, path);
    }
    /* Only the head refuses; a bad record ends the spool. */
    assert_in_range(n_refused, 24, 200);
    buf_release(&spool);
}

static void assert_refused(const char *path, const struct archive_options *options,
                           enum err_code expected, const char *word)
{
    struct err err = {0};
    struct archive *archive = NULL;
    assert_int_equal(archive_open(path, options, &archive, &err), expected);
    assert_null(archive);
    if (!strstr(err.message, word))
        fail_msg("\"%s\" does not say \"%s\"", err.message, word);
}

static void test_an_unfinished_archive_of_something_else_is_refused_and_kept(void **state)
{
    (void)state;
    const char *path = in(&folder, "a.pmtiles");
    struct archive_options options = some_options(1, 3);
    struct archive *archive = open_archive(path, &options);
    put_one(archive, &SET, 0);
    archive_close(archive);
    struct archive_options other = options;
    other.max_zoom = 4;
    assert_refused(path, &other, ERR_CONFLICT, "it has \"zoom=1-3\", this has \"zoom=1-4\"");
    other = options;
    other.identity = "map=city\ngeneration=8\n";
    assert_refused(path, &other, ERR_CONFLICT, "\"generation=7\", this has \"generation=8\"");
    other = options;
    other.identity = "map=city\ngeneration=7\nunit=640100\n";
    assert_refused(path, &other, ERR_CONFLICT, "it has \"\", this has \"unit=640100\"");
    other = options;
    other.format = TILE_FORMAT_MVT;
    assert_refused(path, &other, ERR_CONFLICT, "format=png");
    archive = open_archive(path, &options);
    assert_int_equal(archive_count(archive), 1);
    archive_close(archive);
}

static void test_a_file_that_is_no_spool_is_refused_and_kept(void **state)
{
    (void)state;
    struct archive_options options = some_options(1, 3);
    static const char text[] = "my only copy of something";
    write_whole(in(&folder, "a.pmtiles.part"), text, sizeof text);
    assert_refused(in(&folder, "a.pmtiles"), &options, ERR_CONFLICT, "a.pmtiles.part");
    struct buf bytes = read_whole(in(&folder, "a.pmtiles.part"));
    assert_memory_equal(bytes.bytes, text, sizeof text);
    buf_release(&bytes);
    /* Nor one that starts as a spool does and goes on otherwise. */
    static const char more[4096] = "sisetu tiles 1\n\0\1";
    write_whole(in(&folder, "a.pmtiles.part"), more, sizeof more);
    assert_refused(in(&folder, "a.pmtiles"), &options, ERR_CONFLICT, "move it away");
}

static void test_two_at_once_on_one_output_are_refused(void **state)
{
    (void)state;
    const char *path = in(&folder, "a.pmtiles");
    struct archive_options options = some_options(1, 3);
    struct archive *archive = open_archive(path, &options);
    put_all(archive, &SET);
    assert_refused(path, &options, ERR_BUSY, "another process");
    finish(archive);
    assert_holds(path, &SET, 1);
}

static void test_what_is_there_is_replaced_only_when_asked_and_kept_until_then(void **state)
{
    (void)state;
    struct archive_options options = some_options(1, 3);
    const char *path = make_whole("a.pmtiles");
    assert_refused(path, &options, ERR_CONFLICT, "--replace");
    options.replace = true;
    struct archive *archive = open_archive(path, &options);
    put(archive, (struct archive_tile){1, 0, 0}, "new", 3);
    assert_holds(path, &SET, 1);
    finish(archive);
    struct buf bytes = read_whole(path);
    assert_non_null(memmem(bytes.bytes, bytes.n_bytes, "new", 3));
    buf_release(&bytes);

    /* A directory with something in it is never replaced, an empty one is filled. */
    options = some_options(1, 3);
    const char *directory = in(&folder, "tiles");
    assert_int_equal(mkdir(directory, 0755), 0);
    write_whole(in(&folder, "tiles/letter.txt"), "x", 1);
    options.replace = true;
    assert_refused(directory, &options, ERR_CONFLICT, "has something in it");
    assert_int_equal(unlink(in(&folder, "tiles/letter.txt")), 0);
    archive = open_archive(directory, &options);
    put_all(archive, &SET);
    finish(archive);
    assert_true(file_exists(in(&folder, "tiles/1/0/0.png")));
    assert_refused(in(&folder, "tiles/metadata.json/"), &options, ERR_CONFLICT, "not a directory");
}

static void test_a_name_says_what_the_archive_is(void **state)
{
    (void)state;
    struct archive_options options = some_options(1, 3);
    assert_refused(in(&folder, "tiles.zip"), &options, ERR_USAGE, "FILE.pmtiles");
    assert_refused("", &options, ERR_USAGE, "no name");
    assert_refused("/", &options, ERR_USAGE, "no name");
    assert_refused(in(&folder, "none/a.pmtiles"), &options, ERR_NOT_FOUND, "none/a.pmtiles.part");
    static const char *const good[] = {"A.PMTiles", "b.mbtiles", "tiles.zip/", "plain", "v1.2x-y"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct archive *archive = open_archive(in(&folder, good[i]), &options);
        put_all(archive, &SET);
        finish(archive);
        assert_true(file_exists(in(&folder, good[i])));
    }
}

static void test_an_archive_without_anything_is_not_made(void **state)
{
    (void)state;
    struct archive_options options = some_options(1, 3);
    const char *path = in(&folder, "a.pmtiles");
    struct archive *archive = open_archive(path, &options);
    struct archive_stats stats;
    struct err err;
    put(archive, (struct archive_tile){1, 0, 0}, "", 0);
    assert_int_equal(archive_finish(archive, &stats, &err), ERR_NOT_FOUND);
    archive_close(archive);
    assert_false(file_exists(path));
}

static void test_a_tile_outside_of_the_zooms_is_our_own_fault(void **state)
{
    (void)state;
    struct archive_options options = some_options(1, 3);
    struct archive *archive = open_archive(in(&folder, "a.pmtiles"), &options);
    struct err err;
    assert_int_equal(archive_put(archive, (struct archive_tile){0, 0, 0}, "x", 1, &err),
                     ERR_INTERNAL);
    assert_int_equal(archive_put(archive, (struct archive_tile){4, 0, 0}, "x", 1, &err),
                     ERR_INTERNAL);
    assert_int_equal(archive_put(archive, (struct archive_tile){2, 4, 0}, "x", 1, &err),
                     ERR_INTERNAL);
    put(archive, (struct archive_tile){2, 3, 3}, "x", 1);
    put(archive, (struct archive_tile){2, 3, 3}, "y", 1);
    struct archive_stats stats;
    assert_int_equal(archive_finish(archive, &stats, &err), ERR_INTERNAL);
    archive_close(archive);
}

/* As a disk does that is full: nothing beyond so many bytes is written. */
static void limit_files(rlim_t n_bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = n_bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_a_write_that_fails_leaves_what_was_put_before(void **state)
{
    (void)state;
    static const char *const names[] = {"a.pmtiles", "a.mbtiles", "tiles"};
    struct archive_options options = some_options(6, 6);
    const struct tile_set set = {hilbert_first(6), 300, 1, 0, 1000};
    signal(SIGXFSZ, SIG_IGN);
    for (size_t k = 0; k < 3; k++) {
        const char *path = in(&folder, names[k]);
        struct archive *archive = open_archive(path, &options);
        struct err err;
        char bytes[TILE_ROOM];
        uint64_t i = 0;
        enum err_code code = ERR_OK;
        limit_files(100000);
        for (; code == ERR_OK && i < set.n; i++)
            code = archive_put(archive, hilbert_tile(set.first + i), bytes,
                               tile_bytes(&set, i, bytes), &err);
        assert_int_equal(code, ERR_IO);
        assert_in_range(i, 90, 100);
        limit_files(RLIM_INFINITY);
        put_one(archive, &set, i - 1); /* there is space again */
        archive_close(archive);
        archive = open_archive(path, &options);
        assert_int_equal(archive_count(archive), i);
        for (; i < set.n; i++)
            put_one(archive, &set, i);
        /* The output does not fit: no trace of it, and the spool is there. A file of the directory
         * is small, so that only the others fail. */
        struct archive_stats stats;
        if (k < 2) {
            limit_files(200000);
            assert_int_equal(archive_finish(archive, &stats, &err), ERR_IO);
            limit_files(RLIM_INFINITY);
            assert_false(file_exists(path));
            assert_false(file_exists(arena_printf(&folder.arena, "%s.part.whole", path)));
        }
        finish(archive);
        if (k < 2)
            assert_holds(path, &set, 1);
    }
}

static void test_what_a_kill_while_finishing_left_is_removed(void **state)
{
    (void)state;
    const char *path = in(&folder, "tiles");
    struct buf spool = make_spool(path);
    assert_int_equal(mkdir(in(&folder, "tiles.part.whole"), 0755), 0);
    assert_int_equal(mkdir(in(&folder, "tiles.part.whole/1"), 0755), 0);
    write_whole(in(&folder, "tiles.part.whole/1/0.png"), "half", 4);
    uint64_t n_there;
    go_on(path, &n_there);
    assert_int_equal(n_there, SET.n);
    assert_false(file_exists(in(&folder, "tiles.part.whole")));
    assert_false(file_exists(in(&folder, "tiles/1/0.png")));
    buf_release(&spool);
}

static void test_broken_archives_are_refused_by_the_reader(void **state)
{
    (void)state;
    const char *whole = make_whole("whole.pmtiles"), *path = in(&folder, "broken.pmtiles");
    struct buf bytes = read_whole(whole);
    /* Cut anywhere: the header knows how long it is. */
    for (size_t n = 0; n < bytes.n_bytes; n++) {
        struct archive_reader *reader;
        struct err err;
        write_whole(path, bytes.bytes, n);
        assert_int_equal(archive_reader_open(path, &reader, &err), ERR_INPUT);
    }
    bytes.bytes[7] = 2;
    struct archive_reader *reader;
    struct err err;
    write_whole(path, bytes.bytes, bytes.n_bytes);
    assert_int_equal(archive_reader_open(path, &reader, &err), ERR_VERSION);
    buf_release(&bytes);
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(test_an_archive_that_was_closed_unfinished_goes_on),
        ONE(test_a_torn_spool_loses_only_what_was_torn),
        ONE(test_a_spool_with_any_byte_altered_never_gives_a_wrong_tile),
        ONE(test_an_unfinished_archive_of_something_else_is_refused_and_kept),
        ONE(test_a_file_that_is_no_spool_is_refused_and_kept),
        ONE(test_two_at_once_on_one_output_are_refused),
        ONE(test_what_is_there_is_replaced_only_when_asked_and_kept_until_then),
        ONE(test_a_name_says_what_the_archive_is),
        ONE(test_an_archive_without_anything_is_not_made),
        ONE(test_a_tile_outside_of_the_zooms_is_our_own_fault),
        ONE(test_a_write_that_fails_leaves_what_was_put_before),
        ONE(test_what_a_kill_while_finishing_left_is_removed),
        ONE(test_broken_archives_are_refused_by_the_reader),
    };
#undef ONE
    return cmocka_run_group_tests_name("archive_resume", tests, NULL, NULL);
}
