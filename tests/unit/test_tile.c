/* Tiles: the crop of a larger picture, the same from every thread, honest at every zoom. */
#include "tests/unit/map_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct map_fixture map;

static int set_up(void **state)
{
    (void)state;
    map_fixture_init(&map, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    map_fixture_release(&map);
    return 0;
}

static enum err_code draw_png(const struct tile_key *key, struct buf *out, struct err *err)
{
    buf_init(out);
    worker_reset(&map.worker);
    return tile_draw(map.scenes, map.canvas, &map.worker, key, out, err);
}

static struct buf must_draw(const struct tile_key *key)
{
    struct buf out;
    struct err err;
    if (draw_png(key, &out, &err) != ERR_OK)
        fail_msg("%u/%u/%u: %s", key->z, key->x, key->y, err.message);
    return out;
}

/* The pixel of a place on a map, premultiplied. */
static uint32_t pixel_at(enum map_id id, double lon, double lat, uint32_t z, const char *unit)
{
    struct tile_key key = {.map = id, .scale = 1, .unit = unit};
    uint32_t x, y;
    map_place(lon, lat, z, &key, &x, &y);
    uint32_t *pixels = map_draw_block(&map, &key, 1);
    uint32_t pixel = pixels[y * TILE_PX + x];
    free(pixels);
    return pixel;
}

static int red(uint32_t p)
{
    return (int)(p & 0xFF);
}
static int green(uint32_t p)
{
    return (int)(p >> 8 & 0xFF);
}
static int blue(uint32_t p)
{
    return (int)(p >> 16 & 0xFF);
}
static int alpha(uint32_t p)
{
    return (int)(p >> 24);
}

static void test_tiles_outside_the_grid_or_of_no_unit_are_not_found(void **state)
{
    (void)state;
    static const struct tile_key bad[] = {{MAP_RISK, 21, 0, 0, 1, IMAGE_AUTO, NULL, false},
                                          {MAP_RISK, 3, 8, 0, 1, IMAGE_AUTO, NULL, false},
                                          {MAP_RISK, 3, 0, 8, 1, IMAGE_AUTO, NULL, false},
                                          {MAP_RISK, 4294967295u, 0, 0, 1, IMAGE_AUTO, NULL, false},
                                          {MAP_RISK, 3, 4294967295u, 0, 1, IMAGE_AUTO, NULL, false},
                                          {MAP_RISK, 3, 6, 3, 1, IMAGE_AUTO, "999999", false},
                                          {MAP_RISK, 3, 6, 3, 1, IMAGE_AUTO, "", false}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct buf out;
        struct err err;
        assert_int_equal(draw_png(&bad[i], &out, &err), ERR_NOT_FOUND);
        buf_release(&out);
    }
    struct tile_key large = {MAP_RISK, 3, 6, 3, 3, IMAGE_AUTO, NULL, false};
    struct buf out;
    struct err err;
    assert_int_equal(draw_png(&large, &out, &err), ERR_USAGE);
    buf_release(&out);
}

static void test_outside_the_data_a_tile_is_the_empty_one(void **state)
{
    (void)state;
    for (int id = 0; id < MAP_COUNT; id++) {
        for (uint32_t scale = 1; scale <= 2; scale++) {
            struct tile_key far = {(enum map_id)id, 8, 10, 10, scale, IMAGE_AUTO, NULL, false};
            struct buf png = must_draw(&far);
            assert_int_equal(png.n_bytes, scale == 1 ? 116 : 139);
            buf_release(&png);
            far.unit = "640100"; /* a veil lies upon the map only */
            png = must_draw(&far);
            assert_int_equal(png.n_bytes, scale == 1 ? 116 : 139);
            buf_release(&png);
        }
    }
}

static void test_every_zoom_of_every_map_draws(void **state)
{
    (void)state;
    for (int id = 0; id < MAP_COUNT; id++) {
        for (uint32_t z = 0; z <= TILE_ZOOM_MAX; z++) {
            struct tile_key key = {.map = (enum map_id)id, .scale = 1};
            uint32_t x, y;
            map_place(105.5, 38.3, z, &key, &x, &y);
            struct buf png = must_draw(&key);
            uint32_t *pixels, w, h;
            struct err err;
            assert_int_equal(image_read_png(png.bytes, png.n_bytes, &pixels, &w, &h, &err), ERR_OK);
            assert_int_equal(w, 256);
            bool drawn = false;
            for (size_t i = 0; i < TILE_PX * TILE_PX; i++)
                drawn |= alpha(pixels[i]) > 0;
            /* pipelines are lines alone, laid over another map */
            assert_true(drawn || (id == MAP_PIPELINES && z > 6));
            free(pixels);
            buf_release(&png);
        }
    }
}

static void test_neighbouring_tiles_are_the_crop_of_one_larger_picture(void **state)
{
    (void)state;
    static const uint32_t zooms[] = {5, 7, 8, 10, 12, 14, 17};
    for (int id = 0; id < MAP_COUNT; id++) {
        for (size_t i = 0; i < sizeof zooms / sizeof zooms[0]; i++) {
            struct tile_key key = {.map = (enum map_id)id, .scale = 1};
            uint32_t x, y;
            map_place(105.52, 38.33, zooms[i], &key, &x, &y);
            key.x--;
            key.y--;
            key.unit = i % 2 ? "640101" : NULL;
            map_check_crop(&map, &key, 3);
            key.scale = 2;
            if (i % 3 == 1)
                map_check_crop(&map, &key, 2);
        }
    }
}

static void test_units_have_the_official_hues_over_white(void **state)
{
    (void)state;
    /* Premultiplied, so that over white the hue is the colour's own: what is missing is grey. */
    uint32_t p = pixel_at(MAP_CITY, 105.3, 38.8, 8, NULL); /* red county */
    assert_true(red(p) == alpha(p) && green(p) == 0 && blue(p) == 0 && alpha(p) > 90 &&
                alpha(p) < 200);
    p = pixel_at(MAP_CITY, 105.3, 37.2, 8, NULL); /* orange */
    assert_true(red(p) == alpha(p) && abs(green(p) * 255 - red(p) * 165) < 400 && blue(p) == 0);
    p = pixel_at(MAP_CITY, 106.3, 38.8, 8, NULL); /* yellow */
    assert_true(red(p) == alpha(p) && green(p) == alpha(p) && blue(p) == 0);
    p = pixel_at(MAP_REGION, 106.3, 38.8, 8, NULL); /* not assessed: grey, never blue */
    assert_true(red(p) == green(p) && green(p) == blue(p) && alpha(p) > 0);
}

static void test_an_area_that_may_be_worse_is_hatched(void **state)
{
    (void)state;
    struct tile_key key = {.map = MAP_CITY, .scale = 1};
    uint32_t x, y;
    map_place(106.6, 37.2, 9, &key, &x, &y); /* blue, could be orange */
    uint32_t *pixels = map_draw_block(&map, &key, 1);
    bool plain = false, hatched = false;
    for (uint32_t dy = 0; dy < 8; dy++) {
        for (uint32_t dx = 0; dx < 8; dx++) {
            uint32_t p = pixels[(y / 2 + dy) * TILE_PX + x / 2 + dx];
            plain |= blue(p) == alpha(p) && red(p) == 0;
            hatched |= red(p) > blue(p);
        }
    }
    assert_true(plain && hatched);
    free(pixels);
}

static void test_the_risk_map_goes_from_cities_over_counties_to_cells(void **state)
{
    (void)state;
    /* The second city is grey; its northern county is yellow; there are no cells in it. */
    uint32_t city = pixel_at(MAP_RISK, 106.31, 38.76, 7, NULL);
    uint32_t county8 = pixel_at(MAP_RISK, 106.31, 38.76, 8, NULL);
    uint32_t county9 = pixel_at(MAP_RISK, 106.31, 38.76, 9, NULL);
    uint32_t ground = pixel_at(MAP_RISK, 106.31, 38.76, 10, NULL);
    uint32_t cell = pixel_at(MAP_RISK, 105.5015, 38.3015, 12, NULL);
    assert_true(red(city) == blue(city));
    assert_true(red(county8) > 0 && blue(county8) == 0);
    assert_true(red(county9) > 0 && blue(county9) == 0);
    assert_true(red(ground) == blue(ground) && alpha(ground) < 60);
    assert_true(alpha(cell) > 90);
}

static void test_dimming_leaves_the_unit_and_pales_the_rest(void **state)
{
    (void)state;
    uint32_t inside = pixel_at(MAP_CITY, 105.3, 38.8, 8, NULL);
    uint32_t inside_dimmed = pixel_at(MAP_CITY, 105.3, 38.8, 8, "640101");
    assert_int_equal(inside, inside_dimmed);
    uint32_t outside = pixel_at(MAP_CITY, 106.3, 38.8, 8, NULL);
    uint32_t outside_dimmed = pixel_at(MAP_CITY, 106.3, 38.8, 8, "640101");
    assert_int_equal(alpha(outside), alpha(outside_dimmed));
    assert_int_equal(blue(outside), 0);
    assert_true(blue(outside_dimmed) > alpha(outside) / 2);
}

/* What lies on a map hides its names; they are drawn once more, on top: the same ink at the same
 * places, and nothing else. */
static void test_names_alone_are_those_of_the_map(void **state)
{
    (void)state;
    enum { Z = 7, X = 100, Y = 48, SIDE = 4, PX = SIDE * TILE_PX };
    struct tile_key key = {.map = MAP_CITY, .z = Z, .x = X, .y = Y, .scale = 1};
    uint32_t *whole = map_draw_block(&map, &key, SIDE);
    key.part = TILE_NAMES;
    uint32_t *names = map_draw_block(&map, &key, SIDE);
    key.unit = "640101";
    uint32_t *of_unit = map_draw_block(&map, &key, SIDE);
    size_t n_ink = 0;
    size_t n_pale = 0;
    for (size_t i = 0; i < (size_t)PX * PX; i++) {
        n_ink += alpha(names[i]) > 0;
        if (alpha(names[i]) == 255)
            assert_int_equal(names[i], whole[i]);
        assert_true(alpha(of_unit[i]) == 0 || alpha(names[i]) > 0); /* nothing is paled twice */
        n_pale += alpha(names[i]) == 255 && of_unit[i] != names[i];
    }
    assert_in_range(n_ink, 300, (size_t)PX * PX / 4);
    assert_true(n_pale > 0);
    free(whole);
    free(names);
    free(of_unit);
}

static void test_no_seam_shows_between_neighbours_of_one_colour(void **state)
{
    (void)state;
    /* Cells of one row, each beside the next, through a style without borders. */
    struct map_fixture cells;
    map_fixture_init(&cells,
                     "{\"version\": 8, \"layers\": [{\"id\": \"a\", \"type\": \"fill\", "
                     "\"source-layer\": \"cells\", \"paint\": {\"fill-color\": \"#ff0000\", "
                     "\"fill-opacity\": 0.5}}]}");
    for (uint32_t z = 9; z <= 15; z++) {
        struct tile_key key = {.map = MAP_COUNTY, .scale = 1};
        uint32_t x, y;
        map_place(105.53, 38.32, z, &key, &x, &y); /* a corner where four cells meet */
        uint32_t *pixels = map_draw_block(&cells, &key, 1);
        uint32_t middle = pixels[y * TILE_PX + x];
        assert_in_range(alpha(middle), 127, 128);
        assert_in_range(red(middle), 127, 128);
        for (uint32_t py = y > 2 ? y - 2 : 0; py < y + 3 && py < TILE_PX; py++)
            for (uint32_t px = x > 2 ? x - 2 : 0; px < x + 3 && px < TILE_PX; px++)
                assert_int_equal(pixels[py * TILE_PX + px], middle);
        free(pixels);
    }
    map_fixture_release(&cells);
}

static void test_a_hazard_never_vanishes_at_low_zoom(void **state)
{
    static const char *const sources[] = {"zones", "cells", "enterprise_outlines", "conflicts"};
    (void)state;
    for (size_t s = 0; s < sizeof sources / sizeof sources[0]; s++) {
        char json[512];
        struct map_fixture small;
        snprintf(json, sizeof json,
                 "{\"version\": 8, \"layers\": [{\"id\": \"a\", \"type\": \"fill\", "
                 "\"source-layer\": \"%s\", \"paint\": {\"fill-color\": \"#ff0000\"}}]}",
                 sources[s]);
        map_fixture_init(&small, json);
        for (uint32_t z = 0; z <= 11; z++) {
            struct tile_key key = {.map = MAP_COUNTY, .scale = 1};
            uint32_t x, y, seen = 0;
            map_place(105.52, 38.33, z, &key, &x, &y);
            uint32_t *pixels = map_draw_block(&small, &key, 1);
            for (size_t i = 0; i < TILE_PX * TILE_PX; i++)
                seen += alpha(pixels[i]) == 255;
            assert_true(seen >= 1);
            free(pixels);
        }
        map_fixture_release(&small);
    }
}

static void test_translucent_shapes_add_up(void **state)
{
    (void)state;
    struct map_fixture zones;
    map_fixture_init(&zones, "{\"version\": 8, \"layers\": [{\"id\": \"a\", \"type\": \"fill\", "
                             "\"source-layer\": \"zones\", \"paint\": {\"fill-opacity\": 0.5}}]}");
    struct tile_key key = {.map = MAP_COUNTY, .scale = 1};
    uint32_t x, y;
    map_place(105.5, 38.3, 15, &key, &x, &y); /* three zones of one plant on each other */
    uint32_t *pixels = map_draw_block(&zones, &key, 1);
    assert_int_equal(alpha(pixels[y * TILE_PX + x]), 223); /* 1 - 0.5^3 */
    free(pixels);
    map_fixture_release(&zones);
}

static int difference(uint32_t a, uint32_t b)
{
    int most = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        int d = abs((int)(a >> shift & 0xFF) - (int)(b >> shift & 0xFF));
        most = d > most ? d : most;
    }
    return most;
}

static void test_a_written_tile_is_what_was_drawn_to_the_eye(void **state)
{
    (void)state;
    for (uint32_t z = 6; z <= 14; z++) {
        struct tile_key key = {.map = z % 2 ? MAP_COUNTY : MAP_RISK, .scale = 1 + z % 2};
        uint32_t x, y, *back, w, h;
        struct err err;
        map_place(105.52, 38.33, z, &key, &x, &y);
        uint32_t *drawn = map_draw_block(&map, &key, 1);
        struct buf png = must_draw(&key);
        assert_int_equal(image_read_png(png.bytes, png.n_bytes, &back, &w, &h, &err), ERR_OK);
        double sum = 0;
        uint32_t over_8 = 0, n = w * h;
        for (uint32_t i = 0; i < n; i++) {
            over_8 += difference(drawn[i], back[i]) > PALETTE_VISIBLE;
            for (int shift = 0; shift < 32; shift += 8)
                sum += abs((int)(drawn[i] >> shift & 0xFF) - (int)(back[i] >> shift & 0xFF));
        }
        assert_true(sum / (4.0 * n) <= IMAGE_MEAN_ERROR);
        assert_true(over_8 <= n * IMAGE_SHARE_OVER);
        free(back);
        free(drawn);
        buf_release(&png);
    }
}

/* ---- many threads ---- */

enum { THREADS = 4, KEYS = 40 };

static struct tile_key key_number(int i)
{
    struct tile_key key = {.map = (enum map_id)(i % MAP_COUNT),
                           .scale = 1 + (uint32_t)(i % 7 == 0)};
    uint32_t x, y;
    map_place(105.52, 38.33, 4 + (uint32_t)(i % 11), &key, &x, &y);
    key.unit = i % 3 ? NULL : "640100";
    return key;
}

struct thread_work {
    struct scenes *scenes;
    int first;
    struct buf out[KEYS];
    bool failed;
};

static void *draw_all(void *context)
{
    struct thread_work *work = context;
    struct canvas *canvas = NULL;
    struct worker worker;
    struct err err;
    if (canvas_new(map.style, &canvas, &err) != ERR_OK || worker_init(&worker, 0, &err) != ERR_OK) {
        work->failed = true;
        return NULL;
    }
    for (int k = 0; k < KEYS; k++) {
        int i = (k + work->first) % KEYS;
        struct tile_key key = key_number(i);
        buf_init(&work->out[i]);
        worker_reset(&worker);
        work->failed |=
            tile_draw(work->scenes, canvas, &worker, &key, &work->out[i], &err) != ERR_OK;
    }
    worker_release(&worker);
    canvas_free(canvas);
    return NULL;
}

static void test_many_threads_draw_the_same_bytes_as_one(void **state)
{
    (void)state;
    static struct thread_work work[THREADS];
    pthread_t threads[THREADS];
    struct scenes *fresh; /* nothing made yet: the threads race to make it */
    struct err err;
    assert_int_equal(scenes_new(map.world, map.style, PLANE_MERCATOR, &fresh, &err), ERR_OK);
    for (int t = 0; t < THREADS; t++) {
        work[t] = (struct thread_work){.scenes = fresh, .first = t * 11};
        assert_int_equal(pthread_create(&threads[t], NULL, draw_all, &work[t]), 0);
    }
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int i = 0; i < KEYS; i++) {
        struct tile_key key = key_number(i);
        struct buf one = must_draw(&key);
        for (int t = 0; t < THREADS; t++) {
            assert_false(work[t].failed);
            assert_int_equal(one.n_bytes, work[t].out[i].n_bytes);
            assert_memory_equal(one.bytes, work[t].out[i].bytes, one.n_bytes);
            buf_release(&work[t].out[i]);
        }
        buf_release(&one);
    }
    scenes_release(fresh);
}

static void test_a_request_without_memory_is_an_error_and_the_next_one_draws(void **state)
{
    (void)state;
    struct tile_key key = {.map = MAP_COUNTY, .scale = 1};
    uint32_t x, y;
    map_place(105.52, 38.33, 12, &key, &x, &y);
    struct buf whole = must_draw(&key);
    for (size_t limit = 16; limit < 4096; limit += 64) {
        struct buf out;
        struct err err;
        worker_reset(&map.worker);
        map.worker.arena.limit_bytes = limit;
        buf_init(&out);
        enum err_code code = tile_draw(map.scenes, map.canvas, &map.worker, &key, &out, &err);
        assert_true(code == ERR_MEMORY || code == ERR_OK);
        buf_release(&out);
        map.worker.arena.limit_bytes = 0;
    }
    struct buf again = must_draw(&key);
    assert_int_equal(again.n_bytes, whole.n_bytes);
    assert_memory_equal(again.bytes, whole.bytes, whole.n_bytes);
    buf_release(&again);
    buf_release(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles_outside_the_grid_or_of_no_unit_are_not_found),
        cmocka_unit_test(test_outside_the_data_a_tile_is_the_empty_one),
        cmocka_unit_test(test_every_zoom_of_every_map_draws),
        cmocka_unit_test(test_neighbouring_tiles_are_the_crop_of_one_larger_picture),
        cmocka_unit_test(test_units_have_the_official_hues_over_white),
        cmocka_unit_test(test_an_area_that_may_be_worse_is_hatched),
        cmocka_unit_test(test_the_risk_map_goes_from_cities_over_counties_to_cells),
        cmocka_unit_test(test_dimming_leaves_the_unit_and_pales_the_rest),
        cmocka_unit_test(test_names_alone_are_those_of_the_map),
        cmocka_unit_test(test_no_seam_shows_between_neighbours_of_one_colour),
        cmocka_unit_test(test_a_hazard_never_vanishes_at_low_zoom),
        cmocka_unit_test(test_translucent_shapes_add_up),
        cmocka_unit_test(test_a_written_tile_is_what_was_drawn_to_the_eye),
        cmocka_unit_test(test_many_threads_draw_the_same_bytes_as_one),
        cmocka_unit_test(test_a_request_without_memory_is_an_error_and_the_next_one_draws),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
