/* Names of every kind: drawn within their boxes or left out, read in the right direction, bounded.
 */
#include "tests/unit/map_fixture.h"
#include "tests/unit/one_thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint32_t next(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)*state * below >> 32);
}

static size_t put(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 63));
        out[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    out[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* First and last of ranges of characters: Chinese, Latin, marks that pile up, Hebrew, Arabic, Thai,
 * Tibetan, Mongolian, spaces and joiners, overrides, emoji, private use, controls. */
static const uint32_t ranges[][2] = {
    {0x4E00, 0x9FFF},   {0x20, 0x17F},      {0x300, 0x36F},   {0x5D0, 0x5EA},
    {0x620, 0x6FF},     {0xE01, 0xE3A},     {0xF00, 0xFBC},   {0x1800, 0x18A8},
    {0x2000, 0x200F},   {0x2028, 0x202F},   {0x2066, 0x2069}, {0xFE00, 0xFE0F},
    {0x1F300, 0x1F6FF}, {0xF0000, 0xF00FF}, {0x1, 0x1F},      {0x20000, 0x20100},
};

/* A text of up to `most` characters from a few of the ranges. */
static void random_text(uint32_t *state, uint32_t most, char *out)
{
    enum { RANGES = sizeof ranges / sizeof ranges[0] };
    uint32_t kinds[3] = {next(state, RANGES), next(state, RANGES), next(state, RANGES)};
    size_t n = 0;
    for (uint32_t left = 1 + next(state, most); left > 0; left--) {
        const uint32_t *range = ranges[kinds[next(state, 3)]];
        n += put(out + n, range[0] + next(state, range[1] - range[0] + 1));
    }
    out[n] = '\0';
}

/* A map whose plants have these names, along lines and at points. */
static void names_init(struct map_fixture *m, char (*names)[65536], size_t n)
{
    static const char style[] =
        "{\"version\": 8, \"layers\": [{\"id\": \"p\", \"type\": \"symbol\", \"source-layer\": "
        "\"pipelines\", \"layout\": {\"text-field\": [\"get\", \"name\"], \"symbol-placement\": "
        "\"line\", \"text-allow-overlap\": true}, \"paint\": {\"text-halo-width\": 2, "
        "\"text-halo-color\": \"#fff\"}}, {\"id\": \"e\", \"type\": \"symbol\", "
        "\"source-layer\": \"enterprises\", \"layout\": {\"text-field\": [\"get\", \"name\"], "
        "\"text-allow-overlap\": true, \"text-size\": 15}}]}";
    struct err err;
    struct fixture f;
    memset(m, 0, sizeof *m);
    fixture_init(&f);
    for (size_t i = 0; i < n; i++) {
        char id[16];
        double lat = 38 + (double)i * 0.05;
        snprintf(id, sizeof id, "E%03zu", i);
        struct enterprise *e = fixture_add(&f, LAYER_ENTERPRISES, id);
        struct pipeline *pipe = fixture_add(&f, LAYER_PIPELINES, id);
        e->head.name = pipe->head.name = names[i];
        e->head.geom = fixture_point(&f, 106, lat);
        pipe->head.geom =
            fixture_line(&f, (struct lonlat){105, lat}, (struct lonlat){107, lat + 0.4});
    }
    m->world = fixture_world(&f, 20260601);
    fixture_check(style_parse("names", style, strlen(style), &m->style, &err), &err);
    fixture_check(scenes_new(m->world, m->style, PLANE_MERCATOR, &m->scenes, &err), &err);
    fixture_check(canvas_new(m->style, &m->canvas, &err), &err);
    fixture_check(worker_init(&m->worker, 0, &err), &err);
}

static void assert_ink_in_boxes(struct map_fixture *m, uint32_t z)
{
    enum { TILES = 4, EDGE = TILE_PX * TILES };
    struct err err;
    const struct placement *p;
    struct tile_key key = {.map = MAP_COUNTY, .scale = 1};
    uint32_t x, y;
    map_place(106, 38.2, z, &key, &x, &y);
    key.x -= TILES / 2;
    key.y -= TILES / 2;
    fixture_check(scenes_labels(m->scenes, MAP_COUNTY, z, m->canvas->fonts, &p, &err), &err);
    bool *held = calloc((size_t)EDGE * EDGE, sizeof *held);
    assert_non_null(held);
    for (size_t i = 0; i < p->n; i++) {
        struct px_box ink =
            px_box_moved(p->items[i].ink, -(int32_t)key.x * TILE_PX, -(int32_t)key.y * TILE_PX);
        for (int32_t row = ink.top < 0 ? 0 : ink.top; row < ink.bottom && row < EDGE; row++)
            for (int32_t px = ink.left < 0 ? 0 : ink.left; px < ink.right && px < EDGE; px++)
                held[row * EDGE + px] = true;
    }
    uint32_t *pixels = map_draw_block(m, &key, TILES);
    for (uint32_t i = 0; i < EDGE * EDGE; i++)
        assert_true(pixels[i] == 0 || held[i]);
    free(pixels);
    free(held);
}

static void test_names_of_any_characters_stay_in_their_boxes(void **state)
{
    (void)state;
    enum { NAMES = 12 };
    static char names[NAMES][65536];
    uint32_t seed = 11;
    for (int round = 0; round < 8; round++) {
        struct map_fixture m;
        for (int i = 0; i < NAMES; i++)
            random_text(&seed, round % 3 ? 20 : 200, names[i]);
        names_init(&m, names, NAMES);
        assert_ink_in_boxes(&m, 11);
        struct tile_key key = {.map = MAP_COUNTY, .scale = 1 + (uint32_t)round % 2};
        uint32_t x, y;
        map_place(106, 38.2, 10, &key, &x, &y);
        map_check_crop(&m, &key, 2);
        map_fixture_release(&m);
    }
}

static void test_ten_thousand_characters_are_one_short_label(void **state)
{
    (void)state;
    static char names[4][65536];
    struct map_fixture m;
    struct err err;
    const struct placement *p;
    static const uint32_t of[4] = {0x957F, 'W', 0x627, 0x301};
    for (int i = 0; i < 4; i++) {
        size_t n = 0;
        for (int k = 0; k < 10000; k++)
            n += put(names[i] + n, of[i]);
        names[i][n] = '\0';
    }
    names_init(&m, names, 4);
    fixture_check(scenes_labels(m.scenes, MAP_COUNTY, 14, m.canvas->fonts, &p, &err), &err);
    assert_true(p->n >= 3);
    for (size_t i = 0; i < p->n; i++) {
        assert_in_range(p->items[i].n_glyphs, 1, 161);
        assert_true(p->items[i].ink.right - p->items[i].ink.left <= 161 * 20);
    }
    assert_ink_in_boxes(&m, 14);
    map_fixture_release(&m);
}

static void test_what_leaves_no_mark_takes_no_place(void **state)
{
    (void)state;
    static char names[3][65536] = {"\xE2\x80\x8B\xE2\x80\x8D\xEF\xBB\xBF", " \xE3\x80\x80\n ",
                                   "\x01\x02\x7F"};
    struct map_fixture m;
    struct err err;
    const struct placement *p;
    names_init(&m, names, 3);
    fixture_check(scenes_labels(m.scenes, MAP_COUNTY, 14, m.canvas->fonts, &p, &err), &err);
    assert_int_equal(p->n, 0);
    map_fixture_release(&m);
}

/* Sizes at the ends of what a style may say, each alone and all together. */
static void test_the_largest_sizes_of_a_style_do_no_harm(void **state)
{
    (void)state;
    static const char all[] = "\"text-size\": 1000, \"text-letter-spacing\": 1000, "
                              "\"text-line-height\": 1000, \"text-offset\": [-1000, 1000], "
                              "\"text-padding\": 1000, \"icon-size\": 1000";
    static const char *const extremes[] = {"\"text-size\": 1000",
                                           "\"text-letter-spacing\": 1000",
                                           "\"text-letter-spacing\": -1000",
                                           "\"text-line-height\": 1000",
                                           "\"text-offset\": [1000, -1000]",
                                           "\"text-padding\": 1000",
                                           "\"text-max-width\": 0",
                                           "\"icon-size\": 1000",
                                           "\"symbol-spacing\": 1",
                                           all};
    for (size_t i = 0; i < 2 * sizeof extremes / sizeof extremes[0]; i++) {
        char style[2048];
        struct map_fixture m;
        snprintf(
            style, sizeof style,
            "{\"version\": 8, \"layers\": [{\"id\": \"x\", \"type\": \"symbol\", "
            "\"source-layer\": \"%s\", \"layout\": {\"text-field\": \"很长的名称 abc 很长的名称\", "
            "\"icon-image\": \"star\", \"text-allow-overlap\": true, "
            "\"icon-allow-overlap\": true, %s, %s}, \"paint\": {\"text-halo-width\": 1000, "
            "\"text-halo-color\": \"#fff\", \"icon-halo-width\": 1000}}]}",
            i % 2 ? "pipelines" : "hidden_dangers", extremes[i / 2],
            i % 2 ? "\"symbol-placement\": \"line\"" : "\"visibility\": \"visible\"");
        map_fixture_init(&m, style);
        for (uint32_t z = 0; z <= 20; z += 10) {
            struct tile_key key = {.map = MAP_COUNTY, .scale = 2};
            uint32_t x, y;
            map_place(105.5, 38.3, z, &key, &x, &y);
            free(map_draw_block(&m, &key, 1));
        }
        map_fixture_release(&m);
    }
}

/* ---- directions ---- */

static struct glyph_run shaped(struct font_set *fonts, const char *text, struct arena *arena)
{
    struct err err;
    struct glyph_run run;
    fixture_check(font_shape(fonts, &(struct text_size){0, 16, 0}, text, arena, &run, &err), &err);
    return run;
}

/* Whether a text looks like these texts put side by side, from left to right. */
static bool reads(struct font_set *fonts, const char *text, const char *const *parts, size_t n)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct glyph_run all = shaped(fonts, text, &arena);
    uint32_t at = 0;
    bool same = true;
    for (size_t i = 0; i < n; i++) {
        struct glyph_run part = shaped(fonts, parts[i], &arena);
        for (uint32_t k = 0; k < part.n && same; k++, at++)
            same = at < all.n && all.glyphs[at].id == part.glyphs[k].id;
    }
    same = same && at == all.n;
    arena_release(&arena);
    return same;
}

static void test_arabic_letters_run_against_the_others_and_join(void **state)
{
    (void)state;
    static char names[1][65536] = {"x"};
    struct map_fixture m;
    struct arena arena;
    names_init(&m, names, 1);
    struct font_set *fonts = m.canvas->fonts;
    const char *chinese_first[] = {"宁夏", "زاۋۇت"};
    assert_true(reads(fonts, "宁夏زاۋۇت", chinese_first, 2));
    const char *arabic_first[] = {"宁夏", "زاۋۇت"};
    assert_true(reads(fonts, "زاۋۇت宁夏", arabic_first, 2)); /* the line begins at the right */
    const char *words[] = {"زاۋۇت", " ", "خىمىيە"};
    assert_true(reads(fonts, "خىمىيە زاۋۇت", words, 3));
    const char *number[] = {"12", " ", "زاۋۇت"};
    assert_true(reads(fonts, "زاۋۇت 12", number, 3));
    /* Joined letters have other glyphs than lone ones, and come from the right. */
    arena_init(&arena, 0);
    struct glyph_run joined = shaped(fonts, "بب", &arena);
    struct glyph_run lone = shaped(fonts, "ب", &arena);
    assert_int_equal(joined.n, 2);
    assert_int_not_equal(joined.glyphs[0].id, lone.glyphs[0].id);
    assert_int_not_equal(joined.glyphs[0].id, joined.glyphs[1].id);
    arena_release(&arena);
    map_fixture_release(&m);
}

/* A text that was shaped before is the same as one that was not, at every size. */
static void test_texts_that_are_known_are_shaped_as_new_ones(void **state)
{
    (void)state;
    static char names[1][65536] = {"x"};
    struct map_fixture m;
    struct err err;
    struct font_set *fresh;
    struct arena arena;
    uint32_t seed = 5;
    char text[1024];
    names_init(&m, names, 1);
    arena_init(&arena, 0);
    for (int i = 0; i < 300; i++) {
        random_text(&seed, 20, text);
        struct text_size size = {0, 10 + i % 7, 0.5 * (i % 3)};
        struct glyph_run a, b;
        (void)shaped(m.canvas->fonts, text, &arena);
        fixture_check(font_shape(m.canvas->fonts, &size, text, &arena, &a, &err), &err);
        if (i % 50 == 0) {
            fixture_check(font_set_new(style_stacks(m.style), 1, &fresh, &err), &err);
            fixture_check(font_shape(fresh, &size, text, &arena, &b, &err), &err);
            assert_int_equal(a.n, b.n);
            assert_int_equal(a.width_64, b.width_64);
            assert_memory_equal(a.glyphs, b.glyphs, a.n * sizeof *a.glyphs);
            font_set_free(fresh);
        }
        arena_reset(&arena);
    }
    arena_release(&arena);
    map_fixture_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_any_characters_stay_in_their_boxes),
        cmocka_unit_test(test_ten_thousand_characters_are_one_short_label),
        cmocka_unit_test(test_what_leaves_no_mark_takes_no_place),
        cmocka_unit_test(test_the_largest_sizes_of_a_style_do_no_harm),
        cmocka_unit_test(test_arabic_letters_run_against_the_others_and_join),
        cmocka_unit_test(test_texts_that_are_known_are_shaped_as_new_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
