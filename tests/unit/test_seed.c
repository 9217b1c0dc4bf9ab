/* Seeding: every tile that has something is planned and drawn, the same on any number of threads
 * and however often it stopped. */
#include "tests/unit/archive_fixture.h"
#include "tests/unit/map_fixture.h"
#include "tiler/archive/seed.h"
#include "tiler/tiles/vector_tile.h"

static struct map_fixture map;
static struct folder folder;

static int set_up(void **state)
{
    (void)state;
    map_fixture_init(&map, NULL);
    folder_make(&folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    map_fixture_release(&map);
    folder_end(&folder);
    return 0;
}

static struct seeder *make_seeder(const struct seed_request *request)
{
    struct err err;
    struct seeder *seeder;
    check(seeder_new(map.scenes, map.style, request, &seeder, &err), &err);
    return seeder;
}

static bool is_planned(const struct seed_plan *plan, uint64_t id)
{
    size_t low = 0, high = plan->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (plan->ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < plan->n && plan->ids[low] == id;
}

static size_t draw(struct archive_tile tile, enum map_id id, uint32_t scale, struct buf *out)
{
    struct err err;
    const struct tile_key key = {id, tile.z, tile.x, tile.y, scale, IMAGE_AUTO, NULL, false};
    buf_clear(out);
    worker_reset(&map.worker);
    check(tile_draw(map.scenes, map.canvas, &map.worker, &key, out, &err), &err);
    return out->n_bytes;
}

/* Whether a tile has something: one in the far north has nothing. (A plain colour is as short.) */
static bool is_full(const struct buf *png)
{
    struct buf empty;
    buf_init(&empty);
    draw((struct archive_tile){10, 0, 0}, MAP_RISK, 1, &empty);
    bool full = png->n_bytes != empty.n_bytes || memcmp(png->bytes, empty.bytes, png->n_bytes) != 0;
    buf_release(&empty);
    return full;
}

/* Tiles of a zoom that touch the region and two more on each side. */
static void around_region(uint32_t z, struct archive_tile *nw, struct archive_tile *se)
{
    struct tile_key a, b;
    uint32_t x, y;
    map_place(105, 39, z, &a, &x, &y);
    map_place(107, 37, z, &b, &x, &y);
    uint32_t last = (1u << z) - 1;
    *nw = (struct archive_tile){z, a.x > 2 ? a.x - 2 : 0, a.y > 2 ? a.y - 2 : 0};
    *se =
        (struct archive_tile){z, b.x + 2 < last ? b.x + 2 : last, b.y + 2 < last ? b.y + 2 : last};
}

static void test_every_tile_that_has_something_is_planned(void **state)
{
    (void)state;
    struct buf png;
    buf_init(&png);
    for (enum map_id id = 0; id < MAP_COUNT; id++) {
        const struct seed_request request = {
            .map = id, .min_zoom = 0, .max_zoom = 10, .scale = 1, .n_threads = 1};
        struct seeder *seeder = make_seeder(&request);
        const struct seed_plan *plan = seeder_plan(seeder);
        uint64_t n = 0, n_full = 0, n_planned = 0;
        for (uint32_t z = 0; z <= 10; z++) {
            struct archive_tile nw, se;
            around_region(z, &nw, &se);
            for (uint32_t y = nw.y; y <= se.y; y++)
                for (uint32_t x = nw.x; x <= se.x; x++, n++) {
                    struct archive_tile tile = {z, x, y};
                    bool planned = is_planned(plan, hilbert_of(tile));
                    draw(tile, id, 1, &png);
                    bool full = is_full(&png);
                    if (full && !planned)
                        fail_msg("map %s: tile %u/%u/%u is not planned", map_name(id), z, x, y);
                    n_full += full;
                    n_planned += planned;
                }
        }
        assert_int_equal(n_planned, plan->n); /* none is far away */
        assert_true(n_full > 10 && n_full < n);
        /* Little is planned in vain: what a margin touches. */
        if (plan->n > n_full + n_full / 5 + 8)
            fail_msg("map %s: %zu planned, %llu have something", map_name(id), plan->n,
                     (unsigned long long)n_full);
        seeder_free(seeder);
    }
    buf_release(&png);
}

/* What stands in the buffer counts, too. */
static void test_every_vector_tile_that_has_something_is_planned(void **state)
{
    (void)state;
    struct err err;
    struct buf out;
    struct vector_room *room;
    size_t n_full = 0, n_planned = 0;
    buf_init(&out);
    check(vector_room_new(&room, &err), &err);
    for (enum map_id id = 0; id < MAP_COUNT; id++) {
        const struct seed_request request = {.map = id,
                                             .format = TILE_FORMAT_MVT,
                                             .min_zoom = 0,
                                             .max_zoom = 10,
                                             .scale = 1,
                                             .n_threads = 1};
        struct seeder *seeder = make_seeder(&request);
        n_planned += seeder_plan(seeder)->n;
        for (uint32_t z = 0; z <= request.max_zoom; z++) {
            struct archive_tile nw, se;
            around_region(z, &nw, &se);
            for (uint32_t y = nw.y; y <= se.y; y++)
                for (uint32_t x = nw.x; x <= se.x; x++) {
                    const struct tile_key key = {.map = id, .z = z, .x = x, .y = y, .scale = 1};
                    buf_clear(&out);
                    worker_reset(&map.worker);
                    check(vector_tile_draw(map.scenes, room, &map.worker, &key, &out, &err), &err);
                    if (out.n_bytes == 0)
                        continue;
                    n_full++;
                    if (!is_planned(seeder_plan(seeder),
                                    hilbert_of((struct archive_tile){z, x, y})))
                        fail_msg("%s %u/%u/%u is not planned", map_name(id), z, x, y);
                }
        }
        seeder_free(seeder);
    }
    /* Seldom does a plan name a tile that turns out empty. */
    if (n_full < 100 || n_planned > n_full + n_full / 10)
        fail_msg("%zu planned, %zu full", n_planned, n_full);
    vector_room_free(room);
    buf_release(&out);
}

static void test_a_box_and_a_unit_take_the_tiles_that_they_touch(void **state)
{
    (void)state;
    struct seed_request request = {
        .map = MAP_COUNTY, .min_zoom = 8, .max_zoom = 11, .scale = 1, .n_threads = 1};
    struct seeder *all = make_seeder(&request);
    request.unit = "640101"; /* 105-106 E, 38-39 N */
    struct seeder *unit = make_seeder(&request);
    request.unit = NULL;
    request.has_box = true;
    request.box = (struct box){105, 38, 106, 39};
    struct seeder *box = make_seeder(&request);
    const struct seed_plan *of_all = seeder_plan(all), *of_unit = seeder_plan(unit);
    const struct seed_plan *of_box = seeder_plan(box);
    uint64_t n = 0;
    for (size_t i = 0; i < of_all->n; i++) {
        struct archive_tile tile = hilbert_tile(of_all->ids[i]);
        struct plane_box square = tile_square(tile.z, tile.x, tile.y);
        struct plane_point nw = plane_of(PLANE_MERCATOR, (struct lonlat){105, 39}),
                           se = plane_of(PLANE_MERCATOR, (struct lonlat){106, 38});
        bool touches = plane_box_touches(square, (struct plane_box){nw.x, nw.y, se.x, se.y});
        n += touches;
        assert_int_equal(is_planned(of_unit, of_all->ids[i]), touches);
        assert_int_equal(is_planned(of_box, of_all->ids[i]), touches);
    }
    assert_int_equal(of_unit->n, n);
    assert_int_equal(of_box->n, n);
    assert_true(of_unit->bounds.west_deg == 105 && of_unit->bounds.north_deg == 39);
    assert_true(of_box->bounds.east_deg == 106 && of_box->bounds.south_deg == 38);
    assert_true(n > 0 && n < of_all->n);
    seeder_free(all);
    seeder_free(unit);
    seeder_free(box);
}

static void test_where_nothing_is_there_is_nothing_to_seed(void **state)
{
    (void)state;
    struct err err;
    struct seeder *seeder;
    struct seed_request request = {
        .map = MAP_RISK, .max_zoom = 12, .scale = 1, .n_threads = 1, .has_box = true};
    request.box = (struct box){-100, -40, -90, -30};
    assert_int_equal(seeder_new(map.scenes, map.style, &request, &seeder, &err), ERR_OK);
    /* Zoom 0 is one tile for all the world. */
    assert_int_equal(seeder_plan(seeder)->n, 1);
    seeder_free(seeder);
    request.min_zoom = 6;
    assert_int_equal(seeder_new(map.scenes, map.style, &request, &seeder, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "map risk shows nothing there at zoom 6-12"));
    request.has_box = false;
    request.unit = "999999";
    assert_int_equal(seeder_new(map.scenes, map.style, &request, &seeder, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "\"999999\""));
}

static struct archive_stats seed_to(const char *path, size_t n_threads, int stops)
{
    struct err err;
    struct seed_request request = {
        .map = MAP_COUNTY, .max_zoom = 10, .scale = 1, .n_threads = n_threads};
    struct archive_options options = some_options(0, 10);
    struct seed_estimate estimate;
    for (int i = 0;; i++) {
        struct seeder *seeder = make_seeder(&request);
        struct archive *archive = open_archive(path, &options);
        check(seeder_estimate(seeder, archive, &estimate, &err), &err);
        if (i > 0)
            assert_int_equal(estimate.n_resumed, archive_count(archive));
        assert_true(estimate.n_bytes >= 0 && estimate.seconds_left >= 0);
        if (i < stops) { /* as a kill after the sample leaves it */
            archive_close(archive);
            seeder_free(seeder);
            continue;
        }
        check(seeder_run(seeder, archive, NULL, &err), &err);
        seeder_free(seeder);
        return finish(archive);
    }
}

static void test_the_archive_is_the_same_from_many_threads_and_after_stops(void **state)
{
    (void)state;
    const char *one = in(&folder, "one.pmtiles"), *many = in(&folder, "many.pmtiles");
    struct archive_stats stats = seed_to(one, 1, 0);
    assert_true(stats.n_tiles > 50);
    seed_to(many, 3, 0);
    assert_same_files(one, many);
    assert_int_equal(unlink(many), 0);
    seed_to(many, 2, 2);
    assert_same_files(one, many);
}

static void test_the_archive_holds_what_is_drawn_alone(void **state)
{
    (void)state;
    struct err err;
    struct archive_reader *reader;
    struct buf png, stored;
    buf_init(&png);
    buf_init(&stored);
    const char *path = in(&folder, "a.mbtiles");
    struct archive_stats stats = seed_to(path, 2, 0);
    check(archive_reader_open(path, &reader, &err), &err);
    uint64_t n = 0;
    for (uint32_t z = 7; z <= 10; z++) {
        struct archive_tile nw, se;
        around_region(z, &nw, &se);
        for (uint32_t y = nw.y; y <= se.y; y++)
            for (uint32_t x = nw.x; x <= se.x; x++) {
                bool found;
                struct archive_tile tile = {z, x, y};
                buf_clear(&stored);
                check(archive_read(reader, tile, &stored, &found, &err), &err);
                size_t n_bytes = draw(tile, MAP_COUNTY, 1, &png);
                assert_int_equal(found, is_full(&png));
                if (!found)
                    continue;
                assert_int_equal(stored.n_bytes, n_bytes);
                assert_memory_equal(stored.bytes, png.bytes, n_bytes);
                n++;
            }
    }
    assert_in_range(n, stats.n_tiles - 30, stats.n_tiles);
    archive_reader_close(reader);
    buf_release(&png);
    buf_release(&stored);
}

struct heard {
    uint64_t last, all;
    int calls;
};

static void hear(void *context, const struct seed_progress *progress)
{
    struct heard *heard = context;
    assert_true(progress->n_done >= heard->last && progress->n_done <= progress->n_all);
    heard->last = progress->n_done;
    heard->all = progress->n_all;
    heard->calls++;
}

static void test_progress_only_grows(void **state)
{
    (void)state;
    struct err err;
    struct heard heard = {0, 0, 0};
    const struct seed_listener listener = {&heard, hear};
    const struct seed_request request = {
        .map = MAP_RISK, .max_zoom = 11, .scale = 2, .n_threads = 2};
    struct archive_options options = some_options(0, 11);
    struct seeder *seeder = make_seeder(&request);
    struct archive *archive = open_archive(in(&folder, "a.pmtiles"), &options);
    check(seeder_run(seeder, archive, &listener, &err), &err);
    if (heard.calls > 0)
        assert_int_equal(heard.all, seeder_plan(seeder)->n);
    seeder_free(seeder);
    archive_close(archive);
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(test_every_tile_that_has_something_is_planned),
        ONE(test_every_vector_tile_that_has_something_is_planned),
        ONE(test_a_box_and_a_unit_take_the_tiles_that_they_touch),
        ONE(test_where_nothing_is_there_is_nothing_to_seed),
        ONE(test_the_archive_is_the_same_from_many_threads_and_after_stops),
        ONE(test_the_archive_holds_what_is_drawn_alone),
        ONE(test_progress_only_grows),
    };
#undef ONE
    return cmocka_run_group_tests_name("seed", tests, NULL, NULL);
}
