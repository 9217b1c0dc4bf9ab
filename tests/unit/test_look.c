/* What style properties look like in tiles: patterns, outlines, dashes, gaps, offsets, circles. */
#include "tests/unit/map_fixture.h"
#include "tests/unit/one_thread.h"
#include "tiler/draw/sprite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct map_fixture map;

#define STYLE(layers) "{\"version\": 8, \"layers\": [" layers "]}"
#define LAYER(type, source, rest)                                                                  \
    "{\"id\": \"a\", \"type\": \"" type "\", \"source-layer\": \"" source "\"" rest "}"

static int alpha(uint32_t p)
{
    return (int)(p >> 24);
}

static void test_every_kind_of_layer_is_the_crop_of_a_larger_picture(void **state)
{
    static const char *const styles[] = {
        STYLE(LAYER("background", "", ", \"paint\": {\"background-color\": \"#102030\"}")),
        STYLE(LAYER("fill", "units",
                    ", \"paint\": {\"fill-outline-color\": \"#ff0000\", "
                    "\"fill-opacity\": 0.4}")),
        STYLE(LAYER("fill", "units", ", \"paint\": {\"fill-pattern\": \"cross-red\"}")),
        STYLE(LAYER("fill", "units", ", \"paint\": {\"fill-pattern\": \"dots-black\"}")),
        STYLE(LAYER("line", "boundaries",
                    ", \"paint\": {\"line-width\": 5, \"line-opacity\": 0.5, "
                    "\"line-dasharray\": [2, 1.3]}, \"layout\": "
                    "{\"line-cap\": \"round\", \"line-join\": \"bevel\"}")),
        STYLE(LAYER("line", "units", ", \"paint\": {\"line-width\": 2.5, \"line-offset\": 6.5}")),
        STYLE(LAYER("line", "units",
                    ", \"paint\": {\"line-width\": 1.5, \"line-offset\": -9, "
                    "\"line-gap-width\": 3}")),
        STYLE(LAYER("line", "pipelines",
                    ", \"paint\": {\"line-width\": 2, \"line-gap-width\": 5, "
                    "\"line-dasharray\": [3, 2]}, \"layout\": {\"line-cap\": "
                    "\"square\"}")),
        STYLE(LAYER("circle", "enterprises",
                    ", \"paint\": {\"circle-radius\": 40, \"circle-opacity\": 0.5, "
                    "\"circle-stroke-width\": 4, \"circle-stroke-color\": \"#00ff00\"}")),
        STYLE(LAYER("circle", "enterprises", ", \"paint\": {\"circle-radius\": 0.2}")),
        STYLE(LAYER("symbol", "units",
                    ", \"layout\": {\"text-field\": [\"get\", \"name\"], \"icon-image\": \"star\", "
                    "\"icon-size\": 3, \"text-anchor\": \"left\", \"icon-allow-overlap\": true, "
                    "\"text-allow-overlap\": true}, \"paint\": {\"text-halo-width\": 2, "
                    "\"text-halo-color\": \"#ffffff\", \"icon-color\": \"#ff0000\"}")),
    };
    static const uint32_t zooms[] = {7, 9, 11, 14};
    (void)state;
    for (size_t s = 0; s < sizeof styles / sizeof *styles; s++) {
        map_fixture_init(&map, styles[s]);
        for (size_t i = 0; i < sizeof zooms / sizeof *zooms; i++) {
            struct tile_key key = {.map = MAP_COUNTY, .scale = 1 + (uint32_t)(i % 2)};
            uint32_t x, y;
            map_place(105.52, 38.33, zooms[i], &key, &x, &y);
            key.x--;
            key.y--;
            map_check_crop(&map, &key, 3);
        }
        map_fixture_release(&map);
    }
}

/* How many pixels of the picture round a plant have any ink, at scale 1. */
static size_t inked(const char *style, uint32_t z)
{
    struct tile_key key = {.map = MAP_COUNTY, .scale = 1};
    uint32_t x, y;
    size_t n = 0;
    map_fixture_init(&map, style);
    map_place(105.52, 38.33, z, &key, &x, &y);
    uint32_t *pixels = map_draw_block(&map, &key, 1);
    for (size_t i = 0; i < (size_t)TILE_PX * TILE_PX; i++)
        n += alpha(pixels[i]) == 255;
    free(pixels);
    map_fixture_release(&map);
    return n;
}

static void test_a_circle_is_a_pixel_at_least(void **state)
{
    (void)state;
    static const uint32_t zooms[] = {0, 3, 6, 9};
    for (size_t i = 0; i < sizeof zooms / sizeof *zooms; i++) {
        assert_true(
            inked(STYLE(LAYER("circle", "enterprises", ", \"paint\": {\"circle-radius\": 0.05}")),
                  zooms[i]) >= 1);
        assert_int_equal(
            inked(STYLE(LAYER("circle", "enterprises", ", \"paint\": {\"circle-radius\": 0}")),
                  zooms[i]),
            0);
    }
}

static void test_an_offset_of_an_area_goes_inwards(void **state)
{
    (void)state;
    /* The county's edge is out of the area where the line lies that was moved out, in it else. */
    for (int inwards = 0; inwards < 2; inwards++) {
        map_fixture_init(
            &map, inwards
                      ? STYLE(LAYER("line", "units",
                                    ", \"filter\": [\"==\", [\"get\", \"level\"], 1], \"paint\": "
                                    "{\"line-width\": 4, \"line-offset\": 20}"))
                      : STYLE(LAYER("line", "units",
                                    ", \"filter\": [\"==\", [\"get\", \"level\"], 1], \"paint\": "
                                    "{\"line-width\": 4, \"line-offset\": -20}")));
        struct map_fixture area;
        map_fixture_init(&area, STYLE(LAYER("fill", "units",
                                            ", \"filter\": [\"==\", [\"get\", \"level\"], 1]")));
        struct tile_key key = {.map = MAP_COUNTY, .scale = 1};
        uint32_t x, y;
        map_place(105.52, 38.33, 9, &key, &x, &y);
        key.x -= 2;
        key.y -= 2;
        uint32_t *line = map_draw_block(&map, &key, 5), *fill = map_draw_block(&area, &key, 5);
        size_t in = 0, out = 0;
        for (size_t i = 0; i < (size_t)25 * TILE_PX * TILE_PX; i++) {
            in += alpha(line[i]) == 255 && alpha(fill[i]) == 255;
            out += alpha(line[i]) == 255 && alpha(fill[i]) == 0;
        }
        assert_true((inwards ? in : out) > 500 && (inwards ? out : in) == 0);
        free(line);
        free(fill);
        map_fixture_release(&area);
        map_fixture_release(&map);
    }
}

static void test_the_larger_sort_key_lies_on_top(void **state)
{
    (void)state;
    /* Symbols of 800 px at the middle of every unit: what has the largest key covers the rest. */
    for (int rising = 0; rising < 2; rising++) {
        map_fixture_init(
            &map,
            rising ? STYLE(LAYER("symbol", "units",
                                 ", \"layout\": {\"icon-image\": \"square\", \"icon-size\": 50, "
                                 "\"icon-allow-overlap\": true, \"symbol-sort-key\": [\"get\", "
                                 "\"level\"]}, \"paint\": {\"icon-color\": [\"match\", [\"get\", "
                                 "\"level\"], 1, \"#ff0000\", \"#0000ff\"]}"))
                   : STYLE(LAYER("symbol", "units",
                                 ", \"layout\": {\"icon-image\": \"square\", \"icon-size\": 50, "
                                 "\"icon-allow-overlap\": true, \"symbol-sort-key\": [\"match\", "
                                 "[\"get\", \"level\"], 1, 9, 0]}, \"paint\": {\"icon-color\": "
                                 "[\"match\", [\"get\", \"level\"], 1, \"#ff0000\", "
                                 "\"#0000ff\"]}")));
        struct tile_key key = {.map = MAP_COUNTY, .scale = 1};
        uint32_t x, y;
        map_place(105.52, 38.33, 6, &key, &x, &y);
        uint32_t *pixels = map_draw_block(&map, &key, 1);
        assert_int_equal(pixels[y * TILE_PX + x], rising ? 0xFFFF0000 : 0xFF0000FF);
        free(pixels);
        map_fixture_release(&map);
    }
}

static void test_styles_share_what_they_do_not_change(void **state)
{
    static const char own[] = STYLE(
        LAYER("line", "units",
              ", \"paint\": {\"line-width\": 3}") ", {\"id\": \"b\", \"type\": "
                                                  "\"symbol\", \"source-layer\": \"units\", "
                                                  "\"layout\": {\"text-field\": [\"get\", "
                                                  "\"name\"]}}, {\"id\": \"c\", \"type\": "
                                                  "\"fill\", \"source-layer\": \"conflicts\"}");
    static const char other[] = STYLE(
        LAYER("fill", "units", "") ", {\"id\": \"b\", \"type\": \"line\", "
                                   "\"source-layer\": \"conflicts\"}, {\"id\": \"c\", \"type\": "
                                   "\"circle\", \"source-layer\": \"units\"}");
    static const uint32_t zooms[] = {6, 9, 13};
    (void)state;
    uint32_t *alone[3];
    struct tile_key keys[3];
    map_fixture_init(&map, own);
    for (size_t i = 0; i < 3; i++) {
        uint32_t x, y;
        keys[i] = (struct tile_key){.map = MAP_COUNTY, .scale = 1};
        map_place(105.52, 38.33, zooms[i], &keys[i], &x, &y);
        alone[i] = map_draw_block(&map, &keys[i], 1);
    }
    map_fixture_release(&map);
    for (int first = 0; first < 2; first++) { /* whether the base has drawn before */
        struct style *style;
        struct scenes *base;
        struct err err;
        map_fixture_init(&map, own);
        assert_int_equal(style_parse("other", other, strlen(other), &style, &err), ERR_OK);
        assert_int_equal(scenes_new(map.world, style, PLANE_MERCATOR, &base, &err), ERR_OK);
        scenes_share(map.scenes, base);
        if (first) {
            struct buf png;
            buf_init(&png);
            worker_reset(&map.worker);
            assert_int_equal(tile_draw(base, map.canvas, &map.worker, &keys[0], &png, &err),
                             ERR_OK);
            buf_release(&png);
        }
        scenes_release(base); /* what is shared stays */
        style_free(style);
        for (size_t i = 0; i < 3; i++) {
            uint32_t *shared = map_draw_block(&map, &keys[i], 1);
            assert_memory_equal(shared, alone[i], (size_t)TILE_PX * TILE_PX * sizeof *shared);
            free(shared);
        }
        map_fixture_release(&map);
    }
    for (size_t i = 0; i < 3; i++)
        free(alone[i]);
}

/* The sheet at a scale, and where an image lies on it. */
static uint32_t *sheet(uint32_t scale, struct json **places, uint32_t *width, uint32_t *height)
{
    struct buf png, text;
    struct jw jw;
    struct err err;
    uint32_t *pixels;
    buf_init(&png);
    buf_init(&text);
    jw_init(&jw, &text);
    sprite_write_json(scale, &jw);
    assert_int_equal(jr_parse(buf_text(&text), text.n_bytes, places, &err), ERR_OK);
    assert_int_equal(sprite_write_png(scale, &png, &err), ERR_OK);
    assert_int_equal(image_read_png(png.bytes, png.n_bytes, &pixels, width, height, &err), ERR_OK);
    buf_release(&png);
    buf_release(&text);
    return pixels;
}

static void test_the_sheet_has_the_patterns_that_areas_are_filled_with(void **state)
{
    static const char *const names[] = {"hatch-red",    "back-hatch-grey", "cross-black",
                                        "dense-orange", "dots-blue",       "lines-yellow"};
    (void)state;
    for (uint32_t scale = 1; scale <= 2; scale++) {
        uint32_t width, height;
        struct json *places;
        uint32_t *pixels = sheet(scale, &places, &width, &height);
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            char style[512];
            snprintf(style, sizeof style,
                     STYLE(LAYER("fill", "units",
                                 ", \"filter\": [\"==\", [\"get\", \"level\"], 1], "
                                 "\"paint\": {\"fill-pattern\": \"%s\"}")),
                     names[n]);
            map_fixture_init(&map, style);
            struct tile_key key = {.map = MAP_COUNTY, .scale = scale};
            uint32_t x, y;
            map_place(105.52, 38.33, 13, &key, &x, &y); /* all of it inside of the region */
            uint32_t *tile = map_draw_block(&map, &key, 1);
            const struct json *place = jr_get(places, names[n]);
            int64_t left = jr_integer(jr_get(place, "x"), -1),
                    top = jr_integer(jr_get(place, "y"), -1);
            assert_int_equal(jr_integer(jr_get(place, "width"), 0), 8 * scale);
            for (uint32_t i = 0; i < 64 * scale * scale; i++) {
                uint32_t px = i % (8 * scale), py = i / (8 * scale);
                uint32_t a = tile[py * TILE_PX * scale + px];
                uint32_t b = pixels[((uint32_t)top + py) * width + (uint32_t)left + px];
                for (int shift = 0; shift < 32; shift += 8) /* edges are laid in sixteenths */
                    assert_true(abs((int)(a >> shift & 0xFF) - (int)(b >> shift & 0xFF)) <= 17);
            }
            free(tile);
            map_fixture_release(&map);
        }
        jr_free(places);
        free(pixels);
    }
}

static void test_symbols_on_the_sheet_are_distances(void **state)
{
    (void)state;
    for (uint32_t scale = 1; scale <= 2; scale++) {
        uint32_t width, height;
        struct json *places;
        uint32_t *pixels = sheet(scale, &places, &width, &height);
        for (int icon = ICON_CIRCLE; icon <= ICON_CROSS; icon++) {
            const struct json *place = jr_get(places, icon_name((enum icon)icon));
            assert_true(jr_bool(jr_get(place, "sdf"), false));
            assert_int_equal(jr_integer(jr_get(place, "pixelRatio"), 0), scale);
            uint32_t left = (uint32_t)jr_integer(jr_get(place, "x"), 0);
            uint32_t top = (uint32_t)jr_integer(jr_get(place, "y"), 0);
            /* 12 px from the corner is the middle: inside; the corner itself is far outside. */
            assert_true(alpha(pixels[(top + 12 * scale) * width + left + 12 * scale]) >= 224);
            assert_true(alpha(pixels[top * width + left]) < 64);
        }
        /* The circle's edge, 7.2 px right of the middle, is 192. */
        uint32_t edge = 12 * scale * width + (uint32_t)(19.2 * scale);
        assert_in_range(alpha(pixels[edge]), 175, 210);
        jr_free(places);
        free(pixels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_of_layer_is_the_crop_of_a_larger_picture),
        cmocka_unit_test(test_a_circle_is_a_pixel_at_least),
        cmocka_unit_test(test_an_offset_of_an_area_goes_inwards),
        cmocka_unit_test(test_the_larger_sort_key_lies_on_top),
        cmocka_unit_test(test_styles_share_what_they_do_not_change),
        cmocka_unit_test(test_the_sheet_has_the_patterns_that_areas_are_filled_with),
        cmocka_unit_test(test_symbols_on_the_sheet_are_distances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
