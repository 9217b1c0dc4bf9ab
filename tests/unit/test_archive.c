/* Archives: what is put is read back, each content is stored once, and the bytes depend on the
 * tiles alone. */
#include "tests/unit/archive_fixture.h"

#include "data/base/json.h"

#include <pthread.h>

static struct folder folder;

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

/* ---- the curve ---- */

static void test_hilbert_numbers_are_those_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        struct archive_tile tile;
        uint64_t id;
    } known[] = {{{0, 0, 0}, 0},
                 {{1, 0, 0}, 1},
                 {{1, 0, 1}, 2},
                 {{1, 1, 1}, 3},
                 {{1, 1, 0}, 4},
                 {{2, 0, 0}, 5},
                 {{12, 3423, 1763}, 19078479}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal(hilbert_of(known[i].tile), known[i].id);
}

static void test_hilbert_walks_through_every_tile_of_a_zoom_step_by_step(void **state)
{
    (void)state;
    for (uint32_t z = 0; z <= 8; z++) {
        assert_int_equal(hilbert_of((struct archive_tile){z, 0, 0}), hilbert_first(z));
        for (uint64_t id = hilbert_first(z); id < hilbert_first(z + 1); id++) {
            struct archive_tile tile = hilbert_tile(id);
            assert_int_equal(tile.z, z);
            assert_true(tile.x < 1u << z && tile.y < 1u << z);
            assert_int_equal(hilbert_of(tile), id);
            if (id == hilbert_first(z))
                continue;
            struct archive_tile before = hilbert_tile(id - 1);
            assert_int_equal(abs((int)tile.x - (int)before.x) + abs((int)tile.y - (int)before.y),
                             1);
        }
    }
}

static void test_hilbert_holds_at_the_largest_zoom(void **state)
{
    (void)state;
    const uint32_t most = UINT32_MAX >> 1;
    const struct archive_tile corners[] = {
        {31, 0, 0}, {31, most, 0}, {31, 0, most}, {31, most, most}, {31, 1234567890, 987654321}};
    for (size_t i = 0; i < 5; i++) {
        struct archive_tile back = hilbert_tile(hilbert_of(corners[i]));
        assert_memory_equal(&back, &corners[i], sizeof back);
    }
    assert_int_equal(hilbert_of(corners[1]), hilbert_first(31) + (UINT64_C(1) << 62) - 1);
}

/* ---- round trips ---- */

static void test_pmtiles_gives_back_what_was_put_and_counts_it(void **state)
{
    (void)state;
    const struct tile_set set = {hilbert_first(6), 3000, 5, 7, 40};
    struct archive_options options = some_options(6, 6);
    const char *path = in(&folder, "a.pmtiles");
    struct archive *archive = open_archive(path, &options);
    put_all(archive, &set);
    assert_false(file_exists(path));
    struct archive_stats stats = finish(archive);
    assert_holds(path, &set, 1);
    assert_false(file_exists(in(&folder, "a.pmtiles.part")));
    assert_false(file_exists(in(&folder, "a.pmtiles.part.whole")));

    struct err err;
    struct archive_reader *reader;
    check(archive_reader_open(path, &reader, &err), &err);
    const struct pmtiles_header *h = archive_reader_header(reader);
    uint64_t n_tiles = 0, n_runs = 0;
    for (uint64_t i = 0; i < set.n; i++) {
        bool here = i % 7 != 6, before = i > 0 && (i - 1) % 7 != 6;
        n_tiles += here;
        n_runs += here && !(before && i / 5 == (i - 1) / 5);
    }
    assert_int_equal(h->n_tiles, n_tiles);
    assert_int_equal(h->n_entries, n_runs);
    assert_int_equal(h->n_contents, 600);
    assert_int_equal(stats.n_tiles, n_tiles);
    assert_int_equal(stats.n_contents, 600);
    assert_int_equal(h->leaves_bytes, 0);
    assert_true(h->clustered);
    assert_int_equal(h->tile_type, PMTILES_TYPE_PNG);
    assert_int_equal(h->tile_compression, PMTILES_NONE);
    assert_int_equal(h->min_zoom, 6);
    assert_int_equal(h->max_zoom, 6);
    assert_int_equal(h->west_e7, 1042500000);
    assert_int_equal(h->north_e7, 395000000);
    assert_int_equal(h->centre_lat_e7, 373750000);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(stats.n_bytes, status.st_size);
    assert_int_equal(h->data_offset + h->data_bytes, status.st_size);

    struct buf text;
    struct json *metadata;
    buf_init(&text);
    check(archive_read_metadata(reader, &text, &err), &err);
    check(jr_parse(text.bytes, text.n_bytes, &metadata, &err), &err);
    assert_string_equal(jr_text(jr_get(metadata, "name")), "四色图 \"city\"");
    assert_null(jr_get(metadata, "vector_layers"));
    jr_free(metadata);
    buf_release(&text);
    archive_reader_close(reader);
}

static void test_pmtiles_contents_lie_in_the_order_of_the_curve(void **state)
{
    (void)state;
    /* Tiles 0, 2, 4 ... share one content, the others have their own. */
    const char *path = in(&folder, "a.pmtiles");
    struct archive_options options = some_options(3, 4);
    struct archive *archive = open_archive(path, &options);
    char bytes[32];
    for (uint64_t i = 0; i < 40; i++) {
        int n = snprintf(bytes, sizeof bytes, "own %d", i % 2 ? (int)i : -1);
        put(archive, hilbert_tile(hilbert_first(3) + 39 - i), bytes, (size_t)n);
    }
    finish(archive);
    struct buf whole = read_whole(path);
    struct pmtiles_header h;
    struct err err;
    check(pmtiles_header_read((const uint8_t *)whole.bytes, whole.n_bytes, whole.n_bytes, &h, &err),
          &err);
    /* The tile put last comes first. */
    assert_memory_equal(whole.bytes + h.data_offset, "own 39own -1own 37own 35", 24);
    assert_int_equal(h.n_contents, 21);
    buf_release(&whole);
}

static void test_pmtiles_with_many_entries_has_leaves_and_a_root_that_is_read_at_once(void **state)
{
    (void)state;
    const struct tile_set set = {hilbert_first(9), 150000, 1, 3, 0};
    struct archive_options options = some_options(9, 9);
    const char *path = in(&folder, "a.pmtiles");
    struct archive *archive = open_archive(path, &options);
    put_all(archive, &set);
    finish(archive);
    assert_holds(path, &set, 101);
    struct err err;
    struct archive_reader *reader;
    check(archive_reader_open(path, &reader, &err), &err);
    const struct pmtiles_header *h = archive_reader_header(reader);
    assert_int_equal(h->n_entries, 100000);
    assert_true(h->leaves_bytes > 0);
    assert_true(h->root_offset + h->root_bytes < PMTILES_ROOT_END);
    archive_reader_close(reader);
}

static void test_pmtiles_of_vector_tiles_says_so(void **state)
{
    (void)state;
    struct archive_options options = some_options(0, 1);
    options.format = TILE_FORMAT_MVT;
    options.vector_layers = "[{\"id\":\"units\",\"fields\":{\"name\":\"String\"}}]";
    const char *path = in(&folder, "v.pmtiles");
    struct archive *archive = open_archive(path, &options);
    put(archive, (struct archive_tile){1, 1, 0}, "x", 1);
    finish(archive);
    struct err err;
    struct archive_reader *reader;
    struct buf text;
    buf_init(&text);
    check(archive_reader_open(path, &reader, &err), &err);
    assert_int_equal(archive_reader_header(reader)->tile_type, PMTILES_TYPE_MVT);
    assert_int_equal(archive_reader_header(reader)->tile_compression, PMTILES_GZIP);
    assert_int_equal(archive_reader_header(reader)->min_zoom, 1); /* zoom 0 has nothing */
    check(archive_read_metadata(reader, &text, &err), &err);
    assert_non_null(strstr(text.bytes, "\"vector_layers\":[{\"id\":\"units\""));
    archive_reader_close(reader);
    buf_release(&text);

    path = in(&folder, "v.mbtiles");
    archive = open_archive(path, &options);
    put(archive, (struct archive_tile){1, 1, 0}, "x", 1);
    finish(archive);
    const char *answer = printed(&folder,
                                 "sqlite3 %s \"SELECT value FROM metadata WHERE name IN "
                                 "('format', 'json')\"",
                                 path);
    assert_string_equal(answer, "pbf\n{\"vector_layers\":[{\"id\":\"units\",\"fields\":{\"name\":"
                                "\"String\"}}]}");
}

static void test_mbtiles_gives_back_what_was_put_and_counts_rows_from_the_south(void **state)
{
    (void)state;
    const struct tile_set set = {hilbert_first(5), 700, 4, 6, 10};
    struct archive_options options = some_options(5, 5);
    const char *path = in(&folder, "a.mbtiles");
    struct archive *archive = open_archive(path, &options);
    put_all(archive, &set);
    struct archive_stats stats = finish(archive);
    assert_holds(path, &set, 1);
    assert_int_equal(stats.n_contents, 175);
    struct archive_tile first = hilbert_tile(set.first);
    const char *answer = printed(
        &folder,
        "sqlite3 %s \"PRAGMA integrity_check; SELECT count(*), count(DISTINCT tile_id) FROM map; "
        "SELECT count(*) FROM images; SELECT tile_row FROM tiles WHERE CAST(tile_data AS text) "
        "LIKE 'tile 0 %%' "
        "AND tile_column = %u ORDER BY tile_row DESC LIMIT 1; "
        "SELECT value FROM metadata WHERE name IN ('bounds', 'center', 'minzoom') ORDER BY name; "
        "PRAGMA application_id\"",
        path, first.x);
    assert_string_equal(answer,
                        "ok\n584|175\n175\n31\n104.2500000,35.2500000,107.7500000,39.5000000\n"
                        "106.0000000,37.3750000,5\n5\n1297105496");
}

static void test_a_directory_has_a_file_a_tile_and_one_content_once(void **state)
{
    (void)state;
    const struct tile_set set = {hilbert_first(4), 200, 10, 11, 10};
    struct archive_options options = some_options(4, 4);
    const char *path = in(&folder, "tiles");
    struct archive *archive = open_archive(path, &options);
    put_all(archive, &set);
    assert_false(file_exists(path));
    struct archive_stats stats = finish(archive);
    assert_int_equal(stats.n_tiles, 200 - 18);
    char expected[TILE_ROOM];
    for (uint64_t i = 0; i < set.n; i++) {
        struct archive_tile tile = hilbert_tile(set.first + i);
        const char *file =
            arena_printf(&folder.arena, "%s/%u/%u/%u.png", path, tile.z, tile.x, tile.y);
        size_t n = tile_bytes(&set, i, expected);
        assert_int_equal(file_exists(file), n > 0);
        if (n == 0)
            continue;
        struct buf bytes = read_whole(file);
        assert_int_equal(bytes.n_bytes, n);
        assert_memory_equal(bytes.bytes, expected, n);
        buf_release(&bytes);
    }
    assert_string_equal(
        printed(&folder, "find %s -name '*.png' -printf '%%i\\n' | sort -u | wc -l", path), "20");
    struct buf text = read_whole(arena_printf(&folder.arena, "%s/metadata.json", path));
    struct json *metadata;
    struct err err;
    check(jr_parse(text.bytes, text.n_bytes, &metadata, &err), &err);
    assert_int_equal(jr_integer(jr_get(metadata, "maxzoom"), -1), 4);
    assert_true(jr_number(jr_item(jr_get(metadata, "bounds"), 3), 0) == 39.5);
    jr_free(metadata);
    buf_release(&text);
}

/* ---- the same bytes ---- */

struct putter {
    struct archive *archive;
    const struct tile_set *set;
    uint64_t first, step;
};

static void *put_some(void *context)
{
    const struct putter *putter = context;
    for (uint64_t i = putter->first; i < putter->set->n; i += putter->step)
        put_one(putter->archive, putter->set, i);
    return NULL;
}

static void test_the_bytes_are_the_same_on_many_threads_in_any_order(void **state)
{
    (void)state;
    static const char *const names[] = {"pmtiles", "mbtiles"};
    const struct tile_set set = {hilbert_first(7), 5000, 3, 4, 100};
    struct archive_options options = some_options(7, 7);
    for (size_t k = 0; k < 2; k++) {
        const char *one = arena_printf(&folder.arena, "%s/one.%s", folder.path, names[k]);
        const char *many = arena_printf(&folder.arena, "%s/many.%s", folder.path, names[k]);
        struct archive *archive = open_archive(one, &options);
        put_all(archive, &set);
        finish(archive);
        enum { THREADS = 4 };
        pthread_t threads[THREADS];
        struct putter putters[THREADS];
        archive = open_archive(many, &options);
        for (uint64_t i = 0; i < THREADS; i++) {
            putters[i] = (struct putter){archive, &set, i, THREADS};
            assert_int_equal(pthread_create(&threads[i], NULL, put_some, &putters[i]), 0);
        }
        for (size_t i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        finish(archive);
        assert_same_files(one, many);
    }
}

static void test_contents_of_one_check_sum_are_told_apart(void **state)
{
    (void)state;
    /* Two texts of one length whose CRC-32 are equal: 0x4ddb0c25. */
    const char *path = in(&folder, "a.pmtiles");
    struct archive_options options = some_options(1, 1);
    struct archive *archive = open_archive(path, &options);
    put(archive, (struct archive_tile){1, 0, 0}, "plumless", 8);
    put(archive, (struct archive_tile){1, 0, 1}, "buckeroo", 8);
    put(archive, (struct archive_tile){1, 1, 0}, "plumless", 8);
    struct archive_stats stats = finish(archive);
    assert_int_equal(stats.n_contents, 2);
    struct err err;
    struct archive_reader *reader;
    struct buf bytes;
    bool found;
    buf_init(&bytes);
    check(archive_reader_open(path, &reader, &err), &err);
    check(archive_read(reader, (struct archive_tile){1, 0, 1}, &bytes, &found, &err), &err);
    assert_memory_equal(bytes.bytes, "buckeroo", 8);
    archive_reader_close(reader);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hilbert_numbers_are_those_of_the_specification),
        cmocka_unit_test(test_hilbert_walks_through_every_tile_of_a_zoom_step_by_step),
        cmocka_unit_test(test_hilbert_holds_at_the_largest_zoom),
        cmocka_unit_test_setup_teardown(test_pmtiles_gives_back_what_was_put_and_counts_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_pmtiles_contents_lie_in_the_order_of_the_curve, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_pmtiles_with_many_entries_has_leaves_and_a_root_that_is_read_at_once, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_pmtiles_of_vector_tiles_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_mbtiles_gives_back_what_was_put_and_counts_rows_from_the_south, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_directory_has_a_file_a_tile_and_one_content_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_bytes_are_the_same_on_many_threads_in_any_order,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_contents_of_one_check_sum_are_told_apart, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
