/* test_vector_valid.c - every polygon of every vector tile is valid to GEOS: of a small world, and
 * of the sample region where it is made. SISETU_VALID_STORE names another store to try, which takes
 * minutes with the comparison workload (tests/bench/workload.sh). */
#include "data/base/limits.h"
#include "tests/unit/map_fixture.h"
#include "tests/unit/mvt_valid.h"
#include "tests/unit/one_thread.h"
#include "tiler/tiles/vector_tile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct checking {
    struct scenes *scenes;
    struct vector_room *room;
    struct worker worker;
    struct mvt_valid valid;
    enum map_id map;
    uint32_t low, high;
    size_t n_tiles, n_polygons, n_invalid;
};

/* A tile, and what lies under it if there is anything in it. */
static void visit(struct checking *c, uint32_t z, uint32_t x, uint32_t y)
{
    const struct tile_key key = {.map = c->map, .z = z, .x = x, .y = y, .scale = 1};
    struct buf bytes;
    struct err err;
    buf_init(&bytes);
    worker_reset(&c->worker);
    fixture_check(vector_tile_draw(c->scenes, c->room, &c->worker, &key, &bytes, &err), &err);
    bool empty = bytes.n_bytes == 0;
    if (!empty && z >= c->low) {
        struct mvt_read_tile *tile = mvt_read(&bytes);
        char where[64];
        snprintf(where, sizeof where, "%s %u/%u/%u", map_name(c->map), z, x, y);
        c->n_tiles++;
        c->n_invalid += mvt_count_invalid(&c->valid, tile, where, &c->n_polygons);
        mvt_read_free(tile);
    }
    buf_release(&bytes);
    for (uint32_t i = 0; !empty && i < 4 && z < c->high; i++)
        visit(c, z + 1, 2 * x + (i & 1), 2 * y + (i >> 1));
}

static void check_map(struct scenes *scenes, enum map_id map, uint32_t low, uint32_t high,
                      size_t least_polygons)
{
    struct err err;
    struct checking c = {.scenes = scenes, .map = map, .low = low, .high = high};
    fixture_check(vector_room_new(&c.room, &err), &err);
    fixture_check(worker_init(&c.worker, LIMIT_REQUEST_BYTES, &err), &err);
    mvt_valid_init(&c.valid);
    visit(&c, 0, 0, 0);
    print_message("%s z%u-%u: %zu tiles, %zu polygons, %zu invalid\n", map_name(map), low, high,
                  c.n_tiles, c.n_polygons, c.n_invalid);
    mvt_valid_release(&c.valid);
    worker_release(&c.worker);
    vector_room_free(c.room);
    assert_int_equal(c.n_invalid, 0);
    assert_true(c.n_polygons >= least_polygons);
}

static void check_store(const char *path, enum map_id map, uint32_t low, uint32_t high,
                        size_t least_polygons)
{
    struct err err;
    struct style *style;
    struct world *world;
    struct scenes *scenes;
    if (access(path, R_OK) != 0) {
        print_message("%s is not there\n", path);
        skip();
    }
    fixture_check(style_load("styles/four-colour.json", &style, &err), &err);
    fixture_check(world_load(path, NULL, INT_ABSENT, &world, &err), &err);
    fixture_check(scenes_new(world, style, PLANE_MERCATOR, &scenes, &err), &err);
    check_map(scenes, map, low, high, least_polygons);
    scenes_release(scenes);
    world_release(world);
    style_free(style);
}

static void test_polygons_of_every_map_are_valid(void **state)
{
    (void)state;
    struct map_fixture map;
    map_fixture_init(&map, NULL);
    for (int id = 0; id < MAP_COUNT; id++)
        check_map(map.scenes, (enum map_id)id, 0, 11, 0);
    map_fixture_release(&map);
}

static void test_polygons_of_the_sample_are_valid(void **state)
{
    (void)state;
    /* Each zoom has four times the tiles of the one before; sanitizers take ten times as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    const uint32_t high = 12;
#else
    const uint32_t high = 13;
#endif
    check_store("build/ningxia.gpkg", MAP_COUNTY, 0, high, 3000);
    check_store("build/ningxia.gpkg", MAP_RISK, 0, high, 3000);
}

static void test_polygons_of_a_store_that_was_named_are_valid(void **state)
{
    (void)state;
    if (getenv("SISETU_VALID_STORE"))
        check_store(getenv("SISETU_VALID_STORE"), MAP_COUNTY, 6, 14, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_polygons_of_every_map_are_valid),
        cmocka_unit_test(test_polygons_of_the_sample_are_valid),
        cmocka_unit_test(test_polygons_of_a_store_that_was_named_are_valid),
    };
    return cmocka_run_group_tests_name("vector_valid", tests, NULL, NULL);
}
