/* Tiles of more than anybody should ask for: 100,000 features, a feature of 2 million vertices.
 * Bounded in time and memory, and valid. */
#define FIXTURE_RECORDS 100001
#include "data/base/limits.h"
#include "tests/unit/growth.h"
#include "tests/unit/map_fixture.h"
#include "tests/unit/mvt_valid.h"
#include "tests/unit/one_thread.h"
#include "tiler/tiles/vector_tile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

static const char ZONES[] =
    "{\"version\":8,\"name\":\"zones\",\"sources\":{\"sisetu\":{\"type\":\"vector\",\"tiles\":["
    "\"x\"]"
    "}},\"layers\":[{\"id\":\"zones\",\"type\":\"fill\",\"source\":\"sisetu\","
    "\"source-layer\":\"zones\",\"paint\":{\"fill-color\":\"#f00\"}}]}";

enum { MOST_TILE_BYTES = 64 << 20 };

struct large {
    struct style *style;
    struct world *world;
    struct scenes *scenes;
    struct vector_room *room;
    struct worker worker;
};

struct drawn {
    size_t n; /* features */
    double seconds;
};

static void open_large(struct large *l, struct fixture *f)
{
    struct err err;
    l->world = fixture_world(f, 20260601);
    fixture_check(style_parse("zones", ZONES, sizeof ZONES - 1, &l->style, &err), &err);
    fixture_check(scenes_new(l->world, l->style, PLANE_MERCATOR, &l->scenes, &err), &err);
    fixture_check(vector_room_new(&l->room, &err), &err);
    fixture_check(worker_init(&l->worker, LIMIT_REQUEST_BYTES, &err), &err);
}

static void close_large(struct large *l)
{
    worker_release(&l->worker);
    vector_room_free(l->room);
    scenes_release(l->scenes);
    style_free(l->style);
    world_release(l->world);
}

/* Draws the tile round a place, whose features are all valid. */
static struct drawn draw(struct large *l, double lon, double lat, uint32_t z)
{
    struct tile_key key = {.map = MAP_COUNTY, .scale = 1};
    struct mvt_valid valid;
    struct buf bytes;
    struct err err;
    uint32_t x, y;
    size_t n_polygons = 0;
    double start = growth_clock_s();
    map_place(lon, lat, z, &key, &x, &y);
    worker_reset(&l->worker);
    buf_init(&bytes);
    fixture_check(vector_tile_draw(l->scenes, l->room, &l->worker, &key, &bytes, &err), &err);
    struct drawn drawn = {.seconds = growth_clock_s() - start};
    struct mvt_read_tile *tile = mvt_read(&bytes);
    drawn.n = tile->n_layers ? tile->layers[0].n_features : 0;
    mvt_valid_init(&valid);
    assert_int_equal(mvt_count_invalid(&valid, tile, "large", &n_polygons), 0);
    mvt_valid_release(&valid);
    mvt_read_free(tile);
    print_message("z%u: %zu features, %zu bytes\n", z, drawn.n, bytes.n_bytes);
    assert_true(bytes.n_bytes < MOST_TILE_BYTES);
    buf_release(&bytes);
    return drawn;
}

/* Small zones in 317 columns, drawn in one tile; how long that took. */
static double draw_zones(int n)
{
    struct fixture f;
    struct large l;
    fixture_init(&f);
    for (int i = 0; i < n; i++) {
        char id[32];
        snprintf(id, sizeof id, "Z%06d", i);
        struct zone *zone = fixture_add(&f, LAYER_ZONES, id);
        zone->class = 1 + i % 3;
        zone->head.geom =
            map_ring(&f, 106.0 + i % 317 * 0.0005, 38.4 + (double)i / 317 * 0.0004, 0.001);
    }
    open_large(&l, &f);
    struct drawn all = draw(&l, 106.05, 38.45, 8);
    assert_int_equal(all.n, n);
    assert_true(draw(&l, 106.05, 38.45, 12).n > (size_t)n / 10);
    close_large(&l);
    return all.seconds;
}

static void test_a_hundred_thousand_features_in_one_tile(void **state)
{
    (void)state;
    enum { N = 100000 };
    double eighth = draw_zones(N / GROWTH_SHARE);
    growth_check("100,000 features in a tile", eighth, draw_zones(N));
}

/* A coast: a circle whose radius goes up and down at every vertex, now more, now less. How long
 * its tiles take at each fourth zoom. */
static void draw_coast(int n, double seconds[6])
{
    struct fixture f;
    struct large l;
    struct err err;
    fixture_init(&f);
    struct lonlat *ring = arena_new(&f.parts.arena, struct lonlat, (size_t)n);
    for (int i = 0; i < n; i++) {
        double angle = 2 * M_PI * i / n;
        double radius = 0.5 + 0.05 * sin(angle * 40) + 0.01 * sin(angle * 3000) +
                        1e-4 * (double)((uint64_t)i * UINT64_C(2654435761) % 1000) / 1000;
        ring[i] = (struct lonlat){106 + radius * cos(angle), 38 + radius * sin(angle)};
    }
    struct zone *zone = fixture_add(&f, LAYER_ZONES, "Z1");
    zone->class = 1;
    fixture_check(geom_of_ring(ring, (size_t)n, &f.parts.arena, &zone->head.geom, &err), &err);
    open_large(&l, &f);
    for (uint32_t z = 4; z <= 20; z += 4) {
        struct drawn drawn = draw(&l, 106.5, 38.0, z);
        assert_int_equal(drawn.n, 1);
        seconds[z / 4] = drawn.seconds;
    }
    close_large(&l);
}

static void test_a_feature_of_two_million_vertices(void **state)
{
    (void)state;
    enum { N = 2000000 };
    double eighth[6], whole[6];
    draw_coast(N / GROWTH_SHARE, eighth);
    draw_coast(N, whole);
    for (uint32_t z = 4; z <= 20; z += 4)
        growth_check("a coast of 2 million vertices", eighth[z / 4], whole[z / 4]);
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    print_message("resident at most %ld MB\n", used.ru_maxrss / 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hundred_thousand_features_in_one_tile),
        cmocka_unit_test(test_a_feature_of_two_million_vertices),
    };
    return cmocka_run_group_tests_name("vector_large", tests, NULL, NULL);
}
