/* Tiles of the plane of degrees: where things lie in them, and that nothing is cut. */
#include "tests/unit/map_fixture.h"
#include "tests/unit/mvt_fixture.h"
#include "tests/unit/one_thread.h"
#include "tiler/tiles/vector_tile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char FILLS[] =
    "{\"version\":8,\"name\":\"fills\",\"sources\":{\"s\":{\"type\":\"vector\"}},\"layers\":["
    "{\"id\":\"counties\",\"type\":\"fill\",\"source\":\"s\",\"source-layer\":\"units\","
    "\"filter\":[\"==\",[\"get\",\"level\"],3],\"paint\":{\"fill-color\":[\"match\","
    "[\"get\",\"grade\"],1,\"#ff0000\",2,\"#ff8000\",3,\"#ffff00\",\"#0000ff\"]}}]}";

static void test_places_of_a_plane_come_back(void **state)
{
    (void)state;
    srand48(9);
    for (int i = 0; i < 100000; i++) {
        struct lonlat at = {drand48() * 360 - 180, drand48() * 170 - 85};
        for (int plane = 0; plane < PLANE_COUNT; plane++) {
            struct plane_point p = plane_of((enum plane)plane, at);
            struct lonlat before = {at.lon_deg - 1, i % 2 ? at.lat_deg : at.lat_deg / 2};
            struct plane_point next =
                plane_of_next((enum plane)plane, at, before, plane_of((enum plane)plane, before));
            assert_true(next.x == p.x && next.y == p.y);
            struct lonlat back = plane_to_lonlat((enum plane)plane, p.x, p.y);
            /* half a unit: 42 billionths of a degree */
            assert_true(fabs(back.lon_deg - at.lon_deg) <= 4.2e-8);
            assert_true(fabs(back.lat_deg - at.lat_deg) <= 4.2e-8);
        }
    }
}

static void test_corners_of_the_world_are_corners_of_the_planes(void **state)
{
    (void)state;
    struct plane_point nw = plane_of(PLANE_GEODETIC, (struct lonlat){-180, 90});
    struct plane_point centre = plane_of(PLANE_GEODETIC, (struct lonlat){0, 0});
    struct plane_point south = plane_of(PLANE_GEODETIC, (struct lonlat){0, -90});
    assert_true(nw.x == INT32_MIN && nw.y == INT32_MIN);
    assert_true(centre.x == 0 && centre.y == -(1 << 30));
    assert_true(south.x == 0 && south.y == 0);
    assert_true(plane_of(PLANE_GEODETIC, (struct lonlat){0, 100}).y == INT32_MIN);
    assert_true(plane_of(PLANE_GEODETIC, (struct lonlat){0, -100}).y == 0);
    nw = plane_of(PLANE_MERCATOR, (struct lonlat){-180, 90});
    assert_true(nw.x == INT32_MIN && nw.y == INT32_MIN);
    assert_true(plane_of(PLANE_MERCATOR, (struct lonlat){0, 0}).y == 0);
}

static void test_the_plane_of_degrees_has_no_tile_in_its_lower_half(void **state)
{
    struct map_fixture *m = *state;
    struct err err;
    struct scenes *scenes;
    struct buf out;
    static const struct tile_key none[] = {{.z = 0, .scale = 1},
                                           {.z = 1, .y = 1, .scale = 1},
                                           {.z = 5, .y = 16, .scale = 1},
                                           {.z = 5, .x = 32, .scale = 1},
                                           {.z = 21, .scale = 1}};
    buf_init(&out);
    assert_int_equal(scenes_in_plane(m->scenes, PLANE_GEODETIC, &scenes, &err), ERR_OK);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(tile_draw(scenes, m->canvas, &m->worker, &none[i], &out, &err),
                         ERR_NOT_FOUND);
    const struct tile_key last = {.z = 5, .x = 31, .y = 15, .scale = 1};
    assert_int_equal(tile_draw(scenes, m->canvas, &m->worker, &last, &out, &err), ERR_OK);
    buf_release(&out);
}

/* The county 105-106 E, 38-39 N, pixel by pixel: a pixel is coloured when its middle lies in it. */
static void test_a_county_lies_at_the_pixels_of_its_degrees(void **state)
{
    (void)state;
    struct map_fixture m;
    map_fixture_init(&m, FILLS);
    m.plane = PLANE_GEODETIC;
    for (uint32_t z = 6; z <= 11; z++) {
        double px_deg = 360.0 / 256 / (double)(1u << z);
        const struct lonlat corners[] = {{105, 39}, {106, 39}, {105, 38}, {106, 38}, {105.5, 38.5}};
        for (size_t c = 0; c < 5; c++) {
            struct tile_key key = {.map = MAP_COUNTY, .z = z, .scale = 1};
            key.x = (uint32_t)((corners[c].lon_deg + 180) / px_deg / 256);
            key.y = (uint32_t)((90 - corners[c].lat_deg) / px_deg / 256);
            uint32_t *pixels = map_draw_block(&m, &key, 1);
            size_t n_red = 0;
            for (uint32_t i = 0; i < TILE_PX * TILE_PX; i++) {
                double lon = -180 + (key.x * 256.0 + i % TILE_PX + 0.5) * px_deg;
                double lat = 90 - (key.y * 256.0 + i / TILE_PX + 0.5) * px_deg;
                double off = fmin(fmin(fabs(lon - 105), fabs(lon - 106)),
                                  fmin(fabs(lat - 38), fabs(lat - 39)));
                if (off <= px_deg / 2) /* a pixel that the edge crosses is partly covered */
                    continue;
                bool inside = lon > 105 && lon < 106 && lat > 38 && lat < 39;
                if ((pixels[i] == 0xFF0000FF) != inside)
                    fail_msg("z%u %u/%u pixel %u %u is %08x", z, key.x, key.y, i % TILE_PX,
                             i / TILE_PX, pixels[i]);
                n_red += inside;
            }
            assert_true(n_red > 0);
            free(pixels);
        }
    }
    map_fixture_release(&m);
}

static void test_neighbouring_tiles_are_the_crop_of_one_larger_picture(void **state)
{
    struct map_fixture *m = *state;
    static const uint32_t zooms[] = {6, 9, 11, 13, 16};
    m->plane = PLANE_GEODETIC;
    for (int id = 0; id < MAP_COUNT; id++) {
        for (size_t i = 0; i < sizeof zooms / sizeof zooms[0]; i++) {
            struct tile_key key = {.map = (enum map_id)id, .scale = 1 + (uint32_t)i % 2};
            uint32_t x, y;
            map_place_in(m->plane, (struct lonlat){105.52, 38.33}, zooms[i], &key, &x, &y);
            key.x--;
            key.y--;
            key.unit = i % 2 ? "640101" : NULL;
            map_check_crop(m, &key, 3);
        }
    }
    m->plane = PLANE_MERCATOR;
}

static bool label_of(const struct scenes *scenes, const struct placement *placement,
                     const char *layer, struct placed *out)
{
    for (size_t i = 0; i < placement->n; i++)
        if (strcmp(style_layer(scenes_style(scenes), placement->items[i].layer)->id, layer) == 0) {
            *out = placement->items[i];
            return true;
        }
    return false;
}

/* Names are placed in the plane's own pixels: as many, each at the place that it names. */
static void test_labels_stand_where_they_stand_in_web_mercator(void **state)
{
    struct map_fixture *m = *state;
    struct err err;
    struct scenes *other;
    const struct placement *here, *there;
    struct placed a, b;
    uint32_t z = 9;
    assert_int_equal(scenes_in_plane(m->scenes, PLANE_GEODETIC, &other, &err), ERR_OK);
    struct font_set *fonts = m->canvas->fonts;
    assert_int_equal(scenes_labels(m->scenes, MAP_CITY, z, fonts, &here, &err), ERR_OK);
    assert_int_equal(scenes_labels(other, MAP_CITY, z, fonts, &there, &err), ERR_OK);
    assert_true(here->n > 0);
    assert_int_equal(here->n, there->n);
    for (size_t i = 0; i < style_layer_count(m->style); i++) {
        const char *id = style_layer(m->style, i)->id;
        if (!label_of(m->scenes, here, id, &a) || !label_of(other, there, id, &b))
            continue;
        double px_deg = 360.0 / 256 / (1 << z);
        struct lonlat place =
            plane_to_lonlat(PLANE_MERCATOR, a.x_px * plane_units_of_px(z) - (INT64_C(1) << 31),
                            a.y_px * plane_units_of_px(z) - (INT64_C(1) << 31));
        assert_true(fabs(b.x_px * px_deg - 180 - place.lon_deg) < 3 * px_deg);
        assert_true(fabs(90 - b.y_px * px_deg - place.lat_deg) < 0.05);
    }
}

/* The east half of the region in a vector tile: its edges at the units that the degrees say. */
static void test_a_vector_tile_holds_units_of_its_degrees(void **state)
{
    (void)state;
    struct map_fixture m;
    struct vector_room *room;
    struct scenes *scenes;
    struct err err;
    struct buf bytes;
    map_fixture_init(&m, FILLS);
    buf_init(&bytes);
    fixture_check(vector_room_new(&room, &err), &err);
    fixture_check(scenes_in_plane(m.scenes, PLANE_GEODETIC, &scenes, &err), &err);
    uint32_t z = 7; /* tiles of 2.8125 degrees: 104.0625-106.875 E, 36.5625-39.375 N */
    struct tile_key key = {.map = MAP_COUNTY, .z = z, .x = 101, .y = 18, .scale = 1};
    fixture_check(vector_tile_draw(scenes, room, &m.worker, &key, &bytes, &err), &err);
    struct mvt_read_tile *tile = mvt_read(&bytes);
    const struct mvt_read_layer *units = mvt_read_find(tile, "units");
    assert_non_null(units);
    assert_int_equal(units->n_features, 4);
    double west = 101 * 360.0 / 128 - 180, north = 90 - 18 * 360.0 / 128;
    double unit_deg = 360.0 / 128 / MVT_EXTENT;
    int64_t x38 = llround((106 - west) / unit_deg), y38 = llround((north - 38) / unit_deg);
    for (size_t i = 0; i < units->n_features; i++) {
        static struct mvt_point points[1024];
        static size_t ends[MVT_READ_RINGS];
        size_t n = mvt_read_paths(&units->features[i], points, 1024, ends);
        bool met = false; /* the corner that all four counties share */
        for (size_t k = 0; n > 0 && k < ends[n - 1]; k++)
            met |= points[k].x == x38 && points[k].y == y38;
        assert_true(met);
    }
    mvt_read_free(tile);
    buf_release(&bytes);
    vector_room_free(room);
    map_fixture_release(&m);
}

static int set_up(void **state)
{
    static struct map_fixture map;
    map_fixture_init(&map, NULL);
    *state = &map;
    return 0;
}

static int tear_down(void **state)
{
    map_fixture_release(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_of_a_plane_come_back),
        cmocka_unit_test(test_corners_of_the_world_are_corners_of_the_planes),
        cmocka_unit_test(test_the_plane_of_degrees_has_no_tile_in_its_lower_half),
        cmocka_unit_test(test_a_county_lies_at_the_pixels_of_its_degrees),
        cmocka_unit_test(test_neighbouring_tiles_are_the_crop_of_one_larger_picture),
        cmocka_unit_test(test_labels_stand_where_they_stand_in_web_mercator),
        cmocka_unit_test(test_a_vector_tile_holds_units_of_its_degrees),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
