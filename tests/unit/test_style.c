/* Style files: the shipped one loads; what the subset lacks is refused by layer and property. */
#include "styles/style.h"

#include "data/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static enum err_code parse(const char *layers, struct style **style, struct err *err)
{
    char json[4096];
    snprintf(json, sizeof json, "{\"version\": 8, \"name\": \"t\", \"layers\": [%s]}", layers);
    return style_parse("t.json", json, strlen(json), style, err);
}

static void assert_refused(const char *layers, const char *words)
{
    struct style *style;
    struct err err;
    enum err_code code = parse(layers, &style, &err);
    if (code != ERR_INPUT)
        fail_msg("taken: %s", layers);
    assert_null(style);
    if (!strstr(err.message, words) || strncmp(err.message, "t.json: ", 8) != 0)
        fail_msg("\"%s\" does not say \"%s\"", err.message, words);
}

static struct style *must_parse(const char *layers)
{
    struct style *style;
    struct err err;
    if (parse(layers, &style, &err) != ERR_OK)
        fail_msg("%s", err.message);
    return style;
}

#define LAYER(type, rest)                                                                          \
    "{\"id\": \"a\", \"type\": \"" type "\", \"source-layer\": \"units\"" rest "}"

static void test_the_shipped_style_loads_and_has_layers_on_every_map(void **state)
{
    (void)state;
    struct style *style;
    struct err err;
    if (style_load(NULL, &style, &err) != ERR_OK)
        fail_msg("%s", err.message);
    assert_string_equal(style_name(style), "four-colour");
    for (int map = 0; map < MAP_COUNT; map++) {
        for (int z = 0; z <= 20; z++) {
            size_t n = 0;
            for (size_t i = 0; i < style_layer_count(style); i++)
                n += style_layer_shows(style_layer(style, i), (enum map_id)map, z - 1);
            assert_true(n > 0);
        }
    }
    style_free(style);
}

static void test_the_legend_has_the_official_colours(void **state)
{
    static const char *const colours[] = {"#ff0000", "#ffa500", "#ffff00", "#0000ff"};
    (void)state;
    struct style *style;
    struct err err;
    assert_int_equal(style_load(NULL, &style, &err), ERR_OK);
    for (int map = 0; map < MAP_COUNT; map++) {
        const struct legend_entry *entries;
        size_t n;
        style_legend(style, map_name((enum map_id)map), &entries, &n);
        assert_true(n >= 3);
        if (map == MAP_PIPELINES) { /* classes of location: 4 is the gravest */
            for (size_t i = 0; i < 4; i++)
                assert_string_equal(entries[3 - i].colour, colours[i]);
            continue;
        }
        size_t grades = map == MAP_DANGERS ? 3 : 4;
        for (size_t i = 0; i < grades; i++) {
            char key[2] = {(char)('1' + i), '\0'};
            assert_string_equal(entries[i].key, key);
            assert_string_equal(entries[i].colour, colours[i]);
        }
    }
    const struct legend_entry *none;
    size_t n;
    style_legend(style, "moon", &none, &n);
    assert_int_equal(n, 0);
    style_free(style);
}

static void test_a_layer_may_begin_at_another_zoom_on_each_map(void **state)
{
    (void)state;
    struct style *style = must_parse(
        LAYER("fill", ", \"minzoom\": 5, \"metadata\": {\"sisetu:maps\": {\"county\": {}, "
                      "\"risk\": {\"minzoom\": 9, \"maxzoom\": 11}}}"));
    const struct style_layer *layer = style_layer(style, 0);
    assert_false(style_layer_shows(layer, MAP_COUNTY, 4.9));
    assert_true(style_layer_shows(layer, MAP_COUNTY, 5));
    assert_true(style_layer_shows(layer, MAP_COUNTY, 20));
    assert_false(style_layer_shows(layer, MAP_RISK, 8.9));
    assert_true(style_layer_shows(layer, MAP_RISK, 9));
    assert_false(style_layer_shows(layer, MAP_RISK, 11));
    for (double zoom = -1; zoom < 20; zoom++)
        assert_false(style_layer_shows(layer, MAP_CITY, zoom));
    style_free(style);
}

static void test_maps_have_names(void **state)
{
    (void)state;
    enum map_id map;
    for (int i = 0; i < MAP_COUNT; i++) {
        assert_true(map_by_name(map_name((enum map_id)i), &map));
        assert_int_equal(map, i);
    }
    assert_false(map_by_name("world", &map));
    assert_false(map_by_name("", &map));
}

static void test_what_the_subset_lacks_is_named_with_its_layer(void **state)
{
    (void)state;
    assert_refused(LAYER("heatmap", ""), "layer \"a\": type: \"heatmap\" is not supported");
    assert_refused(LAYER("fill", ", \"paint\": {\"fill-antialias\": true}"),
                   "layer \"a\": fill-antialias: is not a paint property that is supported");
    assert_refused(LAYER("fill", ", \"paint\": {\"line-width\": 1}"),
                   "layer \"a\": line-width: does not belong to a layer of type fill");
    assert_refused(LAYER("line", ", \"paint\": {\"line-cap\": \"round\"}"),
                   "layer \"a\": line-cap: is not a paint property");
    assert_refused(LAYER("fill", ", \"filter\": [\"within\", 1]"),
                   "layer \"a\": filter: \"within\" is not an expression");
    assert_refused(LAYER("fill", ", \"paint\": {\"fill-color\": [\"within\", 1]}"),
                   "layer \"a\": fill-color: \"within\"");
    assert_refused(LAYER("fill", ", \"slot\": 1"), "layer \"a\": slot: is not a member");
    assert_refused("{\"id\": \"a\", \"type\": \"fill\", \"source-layer\": \"roads\"}",
                   "layer \"a\": source-layer: \"roads\" is none");
    assert_refused("{\"type\": \"fill\"}", "layer 1: \"id\" is missing");
    assert_refused(LAYER("fill", "") "," LAYER("fill", ""), "stands twice");
}

static void test_values_out_of_range_are_named(void **state)
{
    (void)state;
    assert_refused(LAYER("fill", ", \"paint\": {\"fill-opacity\": 1.5}"),
                   "fill-opacity: 1.5 must be a number from 0 to 1");
    assert_refused(LAYER("fill", ", \"paint\": {\"fill-opacity\": [\"match\", [\"get\", \"a\"], 1, "
                                 "0.5, -1]}"),
                   "fill-opacity: -1 must be");
    assert_refused(LAYER("line", ", \"paint\": {\"line-width\": \"5\"}"),
                   "line-width: gives a text where a number belongs");
    assert_refused(LAYER("line", ", \"layout\": {\"line-cap\": \"flat\"}"),
                   "\"flat\" must be butt, round or square");
    assert_refused(LAYER("fill", ", \"paint\": {\"fill-pattern\": \"bricks\"}"), "built-in sprite");
    assert_refused(LAYER("symbol", ", \"layout\": {\"icon-image\": \"airport\"}"), "triangle");
    assert_refused(LAYER("symbol", ", \"layout\": {\"text-field\": \"{name}\"}"),
                   "[\"get\", \"name\"]");
    assert_refused(LAYER("symbol", ", \"layout\": {\"symbol-placement\": \"along\"}"),
                   "must be point, line or line-center");
    assert_refused(LAYER("symbol", ", \"layout\": {\"text-rotation-alignment\": \"page\"}"),
                   "must be auto, map, viewport");
    assert_refused(LAYER("line", ", \"paint\": {\"line-offset\": -1001}"),
                   "must be a number from -1000 to 1000");
    assert_refused(LAYER("line", ", \"paint\": {\"line-gap-width\": -1}"),
                   "must be a number from 0 to 1000");
    assert_refused(LAYER("fill", ", \"minzoom\": 25"), "minzoom: must be a number from 0 to 24");
    assert_refused(LAYER("fill", ", \"maxzoom\": \"9\""), "maxzoom");
    assert_refused(LAYER("fill", ", \"metadata\": {\"sisetu:maps\": [\"moon\"]}"),
                   "\"moon\" is no map");
    assert_refused(LAYER("fill", ", \"metadata\": {\"sisetu:maps\": []}"), "must name a map");
    assert_refused(LAYER("fill", ", \"metadata\": {\"sisetu:maps\": {\"moon\": {}}}"),
                   "\"moon\" is no map");
    assert_refused(LAYER("fill", ", \"metadata\": {\"sisetu:maps\": {\"risk\": 9}}"),
                   "risk: must be an object");
    assert_refused(LAYER("fill", ", \"metadata\": {\"sisetu:maps\": {\"risk\": {\"zoom\": 9}}}"),
                   "sisetu:maps: zoom: is not minzoom or maxzoom");
    assert_refused(
        LAYER("fill", ", \"metadata\": {\"sisetu:maps\": {\"risk\": {\"minzoom\": 99}}}"),
        "minzoom: must be a number from 0 to 24");
    assert_refused(LAYER("fill", ", \"layout\": {\"visibility\": \"hidden\"}"), "visible");
}

static void test_dashes_are_bounded(void **state)
{
    (void)state;
    assert_refused(LAYER("line", ", \"paint\": {\"line-dasharray\": [0, 0]}"), "at least 0.1");
    assert_refused(LAYER("line", ", \"paint\": {\"line-dasharray\": [1, -1]}"), "cannot be -1");
    assert_refused(LAYER("line", ", \"paint\": {\"line-dasharray\": [1,1,1,1,1,1,1,1,1]}"),
                   "1 to 8 numbers");
    assert_refused(LAYER("line", ", \"paint\": {\"line-dasharray\": [1e9, 1]}"), "item 1");
    assert_refused(LAYER("line", ", \"paint\": {\"line-dasharray\": []}"), "1 to 8 numbers");
    struct style *style = must_parse(LAYER("line", ", \"paint\": {\"line-dasharray\": [3, 1, 2]}"));
    const struct style_layer *layer = style_layer(style, 0);
    assert_int_equal(layer->n_dashes, 6); /* an odd pattern is said twice */
    assert_true(layer->dashes[3] == 3 && layer->dashes[5] == 2);
    style_free(style);
}

static void test_a_font_that_is_not_installed_is_named(void **state)
{
    (void)state;
    assert_refused(LAYER("symbol", ", \"layout\": {\"text-field\": \"x\", \"text-font\": "
                                   "[\"No Such Sans CJK SC\"]}"),
                   "text-font: the font \"No Such Sans CJK SC\" is not installed; on Debian: "
                   "apt-get install fonts-noto-cjk");
}

static void test_the_same_fonts_are_one_stack(void **state)
{
    (void)state;
    struct style *style =
        must_parse("{\"id\": \"a\", \"type\": \"symbol\", \"source-layer\": \"units\"},"
                   "{\"id\": \"b\", \"type\": \"symbol\", \"source-layer\": \"units\"},"
                   "{\"id\": \"c\", \"type\": \"symbol\", \"source-layer\": \"units\", \"layout\": "
                   "{\"text-font\": [\"Noto Sans CJK SC Bold\"]}}");
    assert_int_equal(style_stack_count(style), 2);
    assert_int_equal(style_layer(style, 1)->font_stack, 0);
    assert_int_equal(style_layer(style, 2)->font_stack, 1);
    style_free(style);
}

/* Text that grows; free with free(). */
struct growing {
    char *text;
    size_t n, room;
};

static void add(struct growing *g, const char *text)
{
    size_t n = strlen(text);
    while (g->n + n + 1 > g->room) {
        g->room = g->room ? 2 * g->room : 1 << 20;
        g->text = realloc(g->text, g->room);
        assert_non_null(g->text);
    }
    memcpy(g->text + g->n, text, n + 1);
    g->n += n;
}

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Parses it, frees it, and tells what became of it; reading the same as plain JSON is the measure
 * of what it may take, on whatever machine and however it was built. */
static enum err_code parse_growing(struct growing *g, struct err *err)
{
    enum { MOST_TIMES = 10 };
    static const double FONTS_S = 0.5; /* opening them has nothing to do with the text */
    struct style *style;
    struct json *root = NULL;
    struct err json_err;
    double start = cpu_s();
    jr_parse(g->text, g->n, &root, &json_err);
    jr_free(root);
    double json = cpu_s() - start;
    start = cpu_s();
    enum err_code code = style_parse("big.json", g->text, g->n, &style, err);
    double seconds = cpu_s() - start;
    size_t n = g->n;
    style_free(style);
    free(g->text);
    *g = (struct growing){0};
    if (seconds > MOST_TIMES * (json + FONTS_S))
        fail_msg("%zu bytes took %.1f s, as JSON %.1f", n, seconds, json);
    return code;
}

static void test_large_styles_are_taken_or_refused_in_bounded_time(void **state)
{
    (void)state;
    struct growing g = {0};
    struct err err;
    char part[256];
    /* 11 MB: 256 layers with a colour for each of 3,400 units. */
    add(&g, "{\"version\": 8, \"layers\": [");
    for (int i = 0; i < 256; i++) {
        snprintf(part, sizeof part,
                 "%s{\"id\": \"l%d\", \"type\": \"fill\", \"source-layer\": \"units\", \"paint\": "
                 "{\"fill-opacity\": [\"match\", [\"get\", \"code\"]",
                 i ? "," : "", i);
        add(&g, part);
        for (int k = 0; k < 3400; k++) {
            snprintf(part, sizeof part, ",\"%06d\",0.%d", 110000 + k, k % 10);
            add(&g, part);
        }
        add(&g, ", 1]}}");
    }
    add(&g, "]}");
    assert_true(g.n > 10000000);
    assert_int_equal(parse_growing(&g, &err), ERR_OK);
    /* A layer too many. */
    add(&g, "{\"version\": 8, \"layers\": [");
    for (int i = 0; i < 257; i++) {
        snprintf(part, sizeof part, "%s{\"id\": \"l%d\", \"type\": \"background\"}", i ? "," : "",
                 i);
        add(&g, part);
    }
    add(&g, "]}");
    assert_int_equal(parse_growing(&g, &err), ERR_INPUT);
    /* One operator with 200,000 arguments; one text of 10 MB; 10 MB of brackets. */
    add(&g, "{\"version\": 8, \"layers\": [{\"id\": \"a\", \"type\": \"fill\", \"source-layer\": "
            "\"units\", \"filter\": [\"any\"");
    for (int i = 0; i < 200000; i++)
        add(&g, ",[\"has\",\"a\"]");
    add(&g, "]}]}");
    assert_int_equal(parse_growing(&g, &err), ERR_INPUT);
    assert_non_null(strstr(err.message, "\"any\" has 200000 arguments"));
    add(&g, "{\"version\": 8, \"layers\": [{\"id\": \"a\", \"type\": \"");
    for (int i = 0; i < 200000; i++)
        add(&g, "0123456789012345678901234567890123456789012345678");
    add(&g, "\"}]}");
    assert_int_equal(parse_growing(&g, &err), ERR_INPUT);
    for (int i = 0; i < 200000; i++)
        add(&g, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");
    assert_int_equal(parse_growing(&g, &err), ERR_INPUT);
    /* 250 layers with 250 lists of fonts: sixteen is the most. */
    add(&g, "{\"version\": 8, \"layers\": [");
    for (int i = 0; i < 20; i++) {
        snprintf(
            part, sizeof part,
            "%s{\"id\": \"l%d\", \"type\": \"symbol\", \"source-layer\": \"units\", \"layout\": "
            "{\"text-font\": [\"%s\"%s%s%s%s]}}",
            i ? "," : "", i, i & 1 ? "Noto Sans CJK SC Bold" : "Noto Sans CJK SC",
            i & 2 ? ", \"Noto Sans CJK SC\"" : "", i & 4 ? ", \"Noto Sans CJK SC Bold\"" : "",
            i & 8 ? ", \"Noto Sans CJK SC\"" : "", i & 16 ? ", \"Noto Sans CJK SC\"" : "");
        add(&g, part);
    }
    add(&g, "]}");
    enum err_code code = parse_growing(&g, &err);
    assert_true(code == ERR_LIMIT || code == ERR_OK); /* some of the lists are the same */
}

static void test_what_would_go_in_circles_is_no_part_of_the_subset(void **state)
{
    (void)state;
    assert_refused("{\"id\": \"a\", \"ref\": \"b\"}, {\"id\": \"b\", \"ref\": \"a\"}",
                   "layer \"a\": ref: is not a member");
    assert_refused(
        LAYER("fill", ", \"filter\": [\"let\", \"x\", [\"var\", \"x\"], [\"var\", \"x\"]]"),
        "\"let\" is not an expression");
    assert_refused(LAYER("fill", ", \"filter\": [\"var\", \"x\"]"), "\"var\" is not an expression");
    assert_refused("7, [], null", "layer 1: \"id\" is missing");
    assert_refused(LAYER("symbol", ", \"layout\": {\"text-font\": [5]}"), "item 1 is no name");
    assert_refused(LAYER("symbol", ", \"layout\": {\"text-font\": [[\"literal\"]]}"), "item 1");
    assert_refused(LAYER("symbol", ", \"layout\": {\"text-font\": []}"), "1 to 6 names");
    assert_refused(LAYER("line", ", \"paint\": {\"line-dasharray\": [1, null]}"), "item 2");
    assert_refused(LAYER("line", ", \"paint\": {\"line-dasharray\": {\"stops\": []}}"), "a list");
    assert_refused(LAYER("fill", ", \"paint\": {\"fill-color\": {\"base\": 1, \"stops\": []}}"),
                   "a list or object");
    assert_refused(LAYER("fill", ", \"paint\": 5"), "paint: must be an object");
    assert_refused(LAYER("fill", ", \"filter\": {}"), "filter");
}

static void test_files_that_are_no_styles_are_refused(void **state)
{
    static const struct {
        const char *json, *words;
    } cases[] = {{"", "not valid JSON"},
                 {"[]", "version"},
                 {"{}", "version: must be 8"},
                 {"{\"version\": 7, \"layers\": []}", "version: must be 8"},
                 {"{\"version\": 8}", "layers: must be a list"},
                 {"{\"version\": 8, \"layers\": []}", "layers: must be a list"},
                 {"{\"version\": 8, \"terrain\": {}, \"layers\": []}", "terrain: is not a member"},
                 {"{\"version\": 8, \"layers\": [5]}", "layer 1: \"id\""},
                 {"{\"version\": 8, \"layers\": [{\"id\": \"a\", \"type\": \"background\"}], "
                  "\"metadata\": {\"sisetu:legend\": {\"risk\": [{\"key\": \"1\"}]}}}",
                  "sisetu:legend: risk, entry 1: \"zh\" is missing"},
                 {"{\"version\": 8, \"layers\": [{\"id\": \"a\", \"type\": \"background\"}], "
                  "\"metadata\": {\"sisetu:legend\": {\"moon\": []}}}",
                  "\"moon\" is no map"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct style *style;
        struct err err;
        assert_int_equal(style_parse("f", cases[i].json, strlen(cases[i].json), &style, &err),
                         ERR_INPUT);
        assert_null(style);
        if (!strstr(err.message, cases[i].words))
            fail_msg("\"%s\" does not say \"%s\"", err.message, cases[i].words);
    }
}

static void test_a_missing_file_is_named(void **state)
{
    (void)state;
    struct style *style;
    struct err err;
    assert_int_equal(style_load("/nowhere/style.json", &style, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "/nowhere/style.json"));
}

static void test_zoom_ranges_are_closed_below_and_open_above(void **state)
{
    (void)state;
    struct style *style =
        must_parse(LAYER("fill", ", \"minzoom\": 4, \"maxzoom\": 7, \"metadata\": "
                                 "{\"sisetu:maps\": [\"risk\"]}"));
    const struct style_layer *layer = style_layer(style, 0);
    assert_false(style_layer_shows(layer, MAP_RISK, 3.99));
    assert_true(style_layer_shows(layer, MAP_RISK, 4));
    assert_true(style_layer_shows(layer, MAP_RISK, 6.99));
    assert_false(style_layer_shows(layer, MAP_RISK, 7));
    assert_false(style_layer_shows(layer, MAP_CITY, 5));
    style_free(style);
    style = must_parse(LAYER("fill", ""));
    assert_true(style_layer_shows(style_layer(style, 0), MAP_CITY, -1)); /* tile zoom 0 */
    style_free(style);
}

static void test_defaults_are_those_of_the_specification(void **state)
{
    (void)state;
    struct style *style = must_parse(LAYER("symbol", ""));
    const struct style_layer *layer = style_layer(style, 0);
    struct arena arena;
    arena_init(&arena, 0);
    struct eval eval = {.arena = &arena};
    assert_true(style_number(layer, PROP_TEXT_SIZE, &eval) == 16);
    assert_true(style_number(layer, PROP_TEXT_MAX_WIDTH, &eval) == 10);
    assert_true(style_number(layer, PROP_TEXT_PADDING, &eval) == 2);
    assert_true(style_number(layer, PROP_CIRCLE_RADIUS, &eval) == 5);
    assert_true(style_number(layer, PROP_FILL_OPACITY, &eval) == 1);
    assert_true(style_colour(layer, PROP_TEXT_HALO_COLOR, &eval).a == 0);
    assert_true(style_colour(layer, PROP_TEXT_COLOR, &eval).a == 1);
    assert_null(style_text(layer, PROP_TEXT_FIELD, &eval));
    arena_release(&arena);
    style_free(style);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_shipped_style_loads_and_has_layers_on_every_map),
        cmocka_unit_test(test_the_legend_has_the_official_colours),
        cmocka_unit_test(test_a_layer_may_begin_at_another_zoom_on_each_map),
        cmocka_unit_test(test_maps_have_names),
        cmocka_unit_test(test_what_the_subset_lacks_is_named_with_its_layer),
        cmocka_unit_test(test_values_out_of_range_are_named),
        cmocka_unit_test(test_dashes_are_bounded),
        cmocka_unit_test(test_a_font_that_is_not_installed_is_named),
        cmocka_unit_test(test_the_same_fonts_are_one_stack),
        cmocka_unit_test(test_large_styles_are_taken_or_refused_in_bounded_time),
        cmocka_unit_test(test_what_would_go_in_circles_is_no_part_of_the_subset),
        cmocka_unit_test(test_files_that_are_no_styles_are_refused),
        cmocka_unit_test(test_a_missing_file_is_named),
        cmocka_unit_test(test_zoom_ranges_are_closed_below_and_open_above),
        cmocka_unit_test(test_defaults_are_those_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
