/* Vector tiles: what they hold, the same bytes again, neighbours that agree, nothing that vanishes.
 */
#include "tests/unit/map_fixture.h"
#include "tests/unit/mvt_fixture.h"
#include "tests/unit/one_thread.h"
#include "tiler/tiles/vector_tile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct map_fixture map;
static struct vector_room *room;

static int set_up(void **state)
{
    struct err err;
    (void)state;
    map_fixture_init(&map, NULL);
    return vector_room_new(&room, &err) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    vector_room_free(room);
    map_fixture_release(&map);
    return 0;
}

static struct buf draw_in(struct vector_room *in, const struct tile_key *key)
{
    struct buf out;
    struct err err;
    buf_init(&out);
    worker_reset(&map.worker);
    fixture_check(vector_tile_draw(map.scenes, in, &map.worker, key, &out, &err), &err);
    return out;
}

static struct tile_key key_at(enum map_id id, double lon, double lat, uint32_t z)
{
    struct tile_key key = {.map = id, .scale = 1};
    uint32_t x, y;
    map_place(lon, lat, z, &key, &x, &y);
    return key;
}

static struct mvt_read_tile *tile_of(const struct tile_key *key)
{
    struct buf bytes = draw_in(room, key);
    static struct buf kept; /* what is read points into the bytes */
    buf_release(&kept);
    kept = bytes;
    return mvt_read(&kept);
}

static bool value_is_text(struct mvt_reader value, const char *text)
{
    size_t n = strlen(text);
    return value.end - value.at == (ptrdiff_t)n + 2 && value.at[0] == 0x0A && value.at[1] == n &&
           memcmp(value.at + 2, text, n) == 0;
}

static bool value_is_number(struct mvt_reader value, uint8_t number)
{
    return value.end - value.at == 2 && value.at[0] == 0x20 && value.at[1] == number;
}

static const struct mvt_read_feature *find_id(const struct mvt_read_layer *layer, const char *id)
{
    for (size_t i = 0; layer && i < layer->n_features; i++)
        if (value_is_text(mvt_read_tag(layer, &layer->features[i], "id"), id))
            return &layer->features[i];
    return NULL;
}

static void test_attributes_are_those_of_the_records(void **state)
{
    (void)state;
    struct tile_key key = key_at(MAP_COUNTY, 105.5, 38.3, 10);
    struct mvt_read_tile *tile = tile_of(&key);
    const struct mvt_read_layer *zones = mvt_read_find(tile, "zones");
    const struct mvt_read_layer *plants = mvt_read_find(tile, "enterprises");
    assert_non_null(zones);
    assert_non_null(plants);
    const struct mvt_read_feature *zone = find_id(zones, "Z012");
    assert_non_null(zone);
    assert_int_equal(zone->type, 3);
    assert_true(zone->id < UINT64_C(1) << 53);
    assert_true(value_is_number(mvt_read_tag(zones, zone, "class"), 2));
    assert_true(value_is_text(mvt_read_tag(zones, zone, "standing"), "legal"));
    assert_null(mvt_read_tag(zones, zone, "value").at); /* absent stays absent */
    const struct mvt_read_feature *plant = find_id(plants, "E07");
    assert_non_null(plant);
    assert_int_equal(plant->type, 1);
    assert_true(value_is_text(mvt_read_tag(plants, plant, "name"), "示例化工07号有限公司"));
    assert_true(value_is_number(mvt_read_tag(plants, plant, "grade"), 2));
    assert_true(value_is_number(mvt_read_tag(plants, plant, "could_be"), 1));
    struct mvt_reader worse = mvt_read_tag(plants, plant, "worse");
    assert_true(worse.end - worse.at == 2 && worse.at[0] == 0x38 && worse.at[1] == 1);
    mvt_read_free(tile);
}

static void test_borders_have_a_level_and_nothing_else(void **state)
{
    (void)state;
    struct tile_key key = key_at(MAP_COUNTY, 106, 38, 10);
    struct mvt_read_tile *tile = tile_of(&key);
    const struct mvt_read_layer *borders = mvt_read_find(tile, "boundaries");
    assert_non_null(borders);
    for (size_t i = 0; i < borders->n_features; i++) {
        assert_int_equal(borders->features[i].type, 2);
        assert_true(borders->features[i].id == MVT_NO_ID);
    }
    assert_int_equal(borders->n_keys, 1);
    mvt_read_free(tile);
}

static void test_layers_stand_where_the_style_draws_them(void **state)
{
    (void)state;
    /* risk: cities to z6, cells and zones from z9 on. */
    struct tile_key low = key_at(MAP_RISK, 105.5, 38.3, 6), high = key_at(MAP_RISK, 105.5, 38.3, 9);
    struct mvt_read_tile *tile = tile_of(&low);
    assert_non_null(mvt_read_find(tile, "units"));
    assert_null(mvt_read_find(tile, "zones"));
    assert_null(mvt_read_find(tile, "cells"));
    mvt_read_free(tile);
    tile = tile_of(&high);
    assert_non_null(mvt_read_find(tile, "zones"));
    assert_non_null(mvt_read_find(tile, "cells"));
    assert_null(mvt_read_find(tile, "selected"));
    assert_null(mvt_read_find(tile, "outside"));
    mvt_read_free(tile);
}

static void test_the_same_tile_is_the_same_bytes(void **state)
{
    (void)state;
    struct err err;
    struct vector_room *other;
    fixture_check(vector_room_new(&other, &err), &err);
    for (int id = 0; id < MAP_COUNT; id++) {
        for (uint32_t z = 0; z <= TILE_ZOOM_MAX; z++) {
            struct tile_key key = key_at((enum map_id)id, 105.5, 38.3, z);
            struct buf a = draw_in(room, &key), b = draw_in(other, &key);
            assert_int_equal(a.n_bytes, b.n_bytes);
            assert_memory_equal(buf_text(&a), buf_text(&b), a.n_bytes);
            mvt_read_free(mvt_read(&a)); /* well-formed */
            buf_release(&a);
            buf_release(&b);
        }
    }
    vector_room_free(other);
}

static void test_nothing_is_no_bytes_and_outside_is_not_found(void **state)
{
    (void)state;
    struct buf out;
    struct err err;
    struct tile_key key = {.map = MAP_COUNTY, .z = 10, .x = 3, .y = 3, .scale = 1};
    struct buf bytes = draw_in(room, &key);
    assert_int_equal(bytes.n_bytes, 0);
    buf_release(&bytes);
    buf_init(&out);
    key.x = 1024;
    assert_int_equal(vector_tile_draw(map.scenes, room, &map.worker, &key, &out, &err),
                     ERR_NOT_FOUND);
    buf_release(&out);
}

/* Outer rings turn clockwise and come first, holes lie after them; all in the buffer. */
static void test_every_polygon_is_in_order(void **state)
{
    (void)state;
    static struct mvt_point points[1 << 16];
    static size_t ends[MVT_READ_RINGS];
    size_t n_seen = 0;
    for (uint32_t z = 0; z <= 16; z++) {
        struct tile_key key = key_at(MAP_COUNTY, 105.52, 38.32, z);
        struct mvt_read_tile *tile = tile_of(&key);
        for (size_t l = 0; l < tile->n_layers; l++) {
            for (size_t f = 0; f < tile->layers[l].n_features; f++) {
                const struct mvt_read_feature *feature = &tile->layers[l].features[f];
                size_t n = mvt_read_paths(feature, points, 1 << 16, ends);
                for (size_t i = 0; i < ends[n - 1]; i++)
                    assert_true(points[i].x >= -64 && points[i].x <= 4160 && points[i].y >= -64 &&
                                points[i].y <= 4160);
                if (feature->type != 3)
                    continue;
                for (size_t r = 0, start = 0; r < n; start = ends[r++]) {
                    int64_t area2 = mvt_area2(points + start, ends[r] - start);
                    assert_true(area2 != 0 && (r > 0 || area2 > 0));
                    n_seen++;
                }
            }
        }
        mvt_read_free(tile);
    }
    assert_true(n_seen > 500);
}

static void test_what_is_small_is_a_pixel(void **state)
{
    (void)state;
    struct mvt_point points[64];
    size_t ends[MVT_READ_RINGS];
    struct tile_key key = key_at(MAP_COUNTY, 105.5, 38.3, 4);
    struct mvt_read_tile *tile = tile_of(&key);
    const struct mvt_read_layer *zones = mvt_read_find(tile, "zones");
    assert_non_null(zones);
    assert_int_equal(zones->n_features, 72); /* all of them */
    for (size_t i = 0; i < zones->n_features; i++) {
        assert_int_equal(mvt_read_paths(&zones->features[i], points, 64, ends), 1);
        assert_int_equal(ends[0], 4);
        assert_int_equal(mvt_area2(points, 4), 2 * 8 * 8);
        assert_int_equal(points[0].x % 8, 0);
    }
    mvt_read_free(tile);
}

/* A vertex of a feature, in units of the whole zoom. */
struct seen {
    uint64_t feature;
    int64_t x, y;
};

static int by_all(const void *a, const void *b)
{
    const struct seen *p = a, *q = b;
    if (p->feature != q->feature)
        return p->feature < q->feature ? -1 : 1;
    if (p->x != q->x)
        return p->x < q->x ? -1 : 1;
    return p->y < q->y ? -1 : p->y > q->y;
}

/* The vertices strictly inside of the strip that two neighbours both hold. */
static size_t look_at_strip(const struct tile_key *key, int64_t edge_x, struct seen *out)
{
    static struct mvt_point points[1 << 16];
    static size_t ends[MVT_READ_RINGS];
    size_t n = 0, n_layers = 0;
    struct mvt_read_tile *tile = tile_of(key);
    for (size_t l = 0; l < tile->n_layers; l++) {
        if (strstr(tile->layers[l].name, "_places")) /* each in one tile alone */
            continue;
        n_layers++;
        for (size_t f = 0; f < tile->layers[l].n_features; f++) {
            const struct mvt_read_feature *feature = &tile->layers[l].features[f];
            size_t n_paths = mvt_read_paths(feature, points, 1 << 16, ends);
            for (size_t i = 0; i < ends[n_paths - 1]; i++) {
                int64_t x = (int64_t)key->x * 4096 + points[i].x;
                int64_t y = (int64_t)key->y * 4096 + points[i].y;
                if (x > edge_x - 64 && x < edge_x + 64 && points[i].y > -64 && points[i].y < 4160)
                    out[n++] = (struct seen){(feature->id << 5) + n_layers, x, y};
            }
        }
    }
    mvt_read_free(tile);
    qsort(out, n, sizeof *out, by_all);
    return n;
}

static void test_neighbours_agree_in_what_both_hold(void **state)
{
    (void)state;
    static struct seen left[1 << 16], right[1 << 16];
    size_t n_compared = 0;
    for (uint32_t z = 6; z <= 15; z++) {
        struct tile_key key = key_at(MAP_COUNTY, 105.55, 38.32, z), next = key;
        next.x++;
        int64_t edge = (int64_t)next.x * 4096;
        size_t n = look_at_strip(&key, edge, left);
        assert_int_equal(look_at_strip(&next, edge, right), n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(by_all(&left[i], &right[i]), 0);
        n_compared += n;
    }
    assert_true(n_compared > 100);
}

/* However many tiles a unit lies in, its name stands once, and where pictures have it. */
static void test_places_stand_in_one_tile_each(void **state)
{
    (void)state;
    const struct source *units;
    struct err err;
    fixture_check(scenes_source(map.scenes, SOURCE_UNITS, &units, &err), &err);
    for (uint32_t z = 7; z <= 9; z++) {
        struct tile_key north_west = key_at(MAP_CITY, 105, 39, z);
        struct tile_key south_east = key_at(MAP_CITY, 107, 37, z);
        size_t n_places = 0, n_parts = 0;
        uint64_t seen[64];
        for (uint32_t x = north_west.x; x <= south_east.x; x++) {
            for (uint32_t y = north_west.y; y <= south_east.y; y++) {
                struct tile_key key = {.map = MAP_CITY, .z = z, .x = x, .y = y, .scale = 1};
                struct mvt_read_tile *tile = tile_of(&key);
                const struct mvt_read_layer *places = mvt_read_find(tile, "units_places");
                const struct mvt_read_layer *shapes = mvt_read_find(tile, "units");
                n_parts += shapes ? shapes->n_features : 0;
                for (size_t i = 0; places && i < places->n_features; i++) {
                    struct mvt_point point;
                    size_t end;
                    assert_int_equal(places->features[i].type, 1);
                    assert_int_equal(mvt_read_paths(&places->features[i], &point, 1, &end), 1);
                    assert_true(point.x >= 0 && point.x < 4096 && point.y >= 0 && point.y < 4096);
                    for (size_t k = 0; k < n_places; k++)
                        assert_true(seen[k] != places->features[i].id);
                    seen[n_places++] = places->features[i].id;
                    assert_non_null(mvt_read_tag(places, &places->features[i], "name").at);
                }
                mvt_read_free(tile);
            }
        }
        assert_true(n_places >= 2 && n_places <= units->n && (z < 9 || n_parts > n_places));
    }
}

static void test_sources_tell_their_zooms(void **state)
{
    (void)state;
    struct vector_source sources[SOURCE_COUNT];
    size_t n = vector_sources(map.style, MAP_RISK, sources);
    assert_true(n > 4 && n < SOURCE_COUNT);
    for (size_t i = 0; i < n; i++) {
        if (sources[i].id == SOURCE_ZONES)
            assert_int_equal(sources[i].min_zoom, 9);
        if (sources[i].id == SOURCE_UNITS)
            assert_int_equal(sources[i].min_zoom, 0);
        assert_int_equal(sources[i].max_zoom, TILE_ZOOM_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes_are_those_of_the_records),
        cmocka_unit_test(test_borders_have_a_level_and_nothing_else),
        cmocka_unit_test(test_layers_stand_where_the_style_draws_them),
        cmocka_unit_test(test_the_same_tile_is_the_same_bytes),
        cmocka_unit_test(test_nothing_is_no_bytes_and_outside_is_not_found),
        cmocka_unit_test(test_every_polygon_is_in_order),
        cmocka_unit_test(test_what_is_small_is_a_pixel),
        cmocka_unit_test(test_neighbours_agree_in_what_both_hold),
        cmocka_unit_test(test_places_stand_in_one_tile_each),
        cmocka_unit_test(test_sources_tell_their_zooms),
    };
    return cmocka_run_group_tests_name("vector_tile", tests, set_up, tear_down);
}
