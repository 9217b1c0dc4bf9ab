/* Labels: placed once, whole, by priority, the same at both scales. */
#include "data/base/file.h"
#include "data/base/hash.h"
#include "tests/unit/map_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NAMES(extra)                                                                               \
    "{\"version\": 8, \"layers\": ["                                                               \
    "{\"id\": \"e\", \"type\": \"symbol\", \"source-layer\": \"enterprises\", \"layout\": "        \
    "{\"text-field\": [\"get\", \"name\"], \"text-size\": 12, \"symbol-sort-key\": [\"get\", "     \
    "\"grade\"]" extra                                                                             \
    "}, \"paint\": {\"text-halo-color\": \"#ffffff\", \"text-halo-width\": 1.5}},"                 \
    "{\"id\": \"u\", \"type\": \"symbol\", \"source-layer\": \"units\", \"layout\": "              \
    "{\"text-field\": [\"get\", \"name\"], \"text-size\": 14}}]}"

static const struct placement *placement_at(struct map_fixture *m, uint32_t z)
{
    const struct placement *placement;
    struct err err;
    fixture_check(scenes_labels(m->scenes, MAP_COUNTY, z, m->canvas->fonts, &placement, &err),
                  &err);
    return placement;
}

static void test_no_label_lies_on_another_nor_leaves_the_world(void **state)
{
    (void)state;
    struct map_fixture m;
    map_fixture_init(&m, NAMES(""));
    for (uint32_t z = 0; z <= TILE_ZOOM_MAX; z++) {
        const struct placement *p = placement_at(&m, z);
        int64_t edge = INT64_C(256) << z;
        for (size_t i = 0; i < p->n; i++) {
            assert_true(p->items[i].ink.left >= 0 && p->items[i].ink.right <= edge);
            for (size_t k = 0; k < i; k++)
                assert_false(px_box_overlaps(p->items[i].ink, p->items[k].ink));
        }
    }
    map_fixture_release(&m);
}

static size_t count_of_layer(const struct placement *p, size_t layer)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += p->items[i].layer == layer;
    return n;
}

static void test_the_upper_layer_and_the_lower_sort_key_win(void **state)
{
    (void)state;
    struct map_fixture m;
    map_fixture_init(&m, NAMES(""));
    /* All names of units find room at z10, those of the plants do not. */
    const struct placement *p = placement_at(&m, 10);
    assert_int_equal(count_of_layer(p, 1), 7);
    assert_true(count_of_layer(p, 0) < 24);
    /* Of the plants' names the first by sort key, then id, is among them: E00, grade 0. */
    struct tile_key key;
    uint32_t x, y;
    map_place(105.5001, 38.3, 10, &key, &x, &y);
    bool found = false;
    for (size_t i = 0; i < p->n; i++)
        found |= p->items[i].layer == 0 && labs(p->items[i].x_px - (long)(key.x * 256 + x)) <= 1 &&
                 labs(p->items[i].y_px - (long)(key.y * 256 + y)) <= 1;
    assert_true(found);
    /* Far in there is room for all. */
    assert_int_equal(count_of_layer(placement_at(&m, 16), 0), 24);
    map_fixture_release(&m);
}

static void test_what_may_overlap_is_all_placed(void **state)
{
    (void)state;
    struct map_fixture m;
    map_fixture_init(&m, NAMES(", \"text-allow-overlap\": true"));
    assert_int_equal(count_of_layer(placement_at(&m, 9), 0), 24);
    map_fixture_release(&m);
}

static void test_two_placements_of_one_world_are_equal(void **state)
{
    (void)state;
    struct map_fixture m;
    struct scenes *again;
    struct err err;
    map_fixture_init(&m, NAMES(""));
    assert_int_equal(scenes_new(m.world, m.style, PLANE_MERCATOR, &again, &err), ERR_OK);
    for (uint32_t z = 5; z < 16; z++) {
        const struct placement *a = placement_at(&m, z), *b;
        fixture_check(scenes_labels(again, MAP_COUNTY, z, m.canvas->fonts, &b, &err), &err);
        assert_int_equal(a->n, b->n);
        for (size_t i = 0; i < a->n; i++) {
            assert_int_equal(a->items[i].x_px, b->items[i].x_px);
            assert_int_equal(a->items[i].y_px, b->items[i].y_px);
            assert_memory_equal(&a->items[i].ink, &b->items[i].ink, sizeof a->items[i].ink);
        }
    }
    scenes_release(again);
    map_fixture_release(&m);
}

/* The digests of what two threads draw that ask for the same maps in other orders. */
struct drawer {
    struct map_fixture *m;
    bool backward;
    char digests[10][HASH_TEXT_BYTES];
};

static void *draw_all(void *context)
{
    struct drawer *d = context;
    struct err err;
    struct canvas *canvas;
    struct worker worker;
    fixture_check(canvas_new(d->m->style, &canvas, &err), &err);
    fixture_check(worker_init(&worker, 0, &err), &err);
    for (uint32_t i = 0; i < 10; i++) {
        uint32_t z = d->backward ? 9 - i : i, x, y;
        struct tile_key key = {.map = MAP_COUNTY, .scale = 1 + z % 2};
        map_place(105.5, 38.35, z + 6, &key, &x, &y);
        worker_reset(&worker);
        fixture_check(tile_draw_block(d->m->scenes, canvas, &worker, &key, 1, &err), &err);
        hash_text(canvas_pixels(canvas), (size_t)TILE_PX * TILE_PX * key.scale * key.scale * 4,
                  d->digests[z]);
    }
    worker_release(&worker);
    canvas_free(canvas);
    return NULL;
}

static void test_neither_threads_nor_the_order_of_tiles_change_a_label(void **state)
{
    (void)state;
    struct drawer drawers[4];
    for (int round = 0; round < 2; round++) {
        struct map_fixture m;
        pthread_t threads[2];
        map_fixture_init(&m, NAMES(""));
        for (int i = 0; i < 2; i++) {
            struct drawer *d = &drawers[2 * round + i];
            *d = (struct drawer){.m = &m, .backward = i == 1};
            if (round == 0)
                assert_int_equal(pthread_create(&threads[i], NULL, draw_all, d), 0);
            else
                draw_all(d);
        }
        for (int i = 0; round == 0 && i < 2; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        map_fixture_release(&m);
    }
    for (int i = 1; i < 4; i++)
        assert_memory_equal(drawers[i].digests, drawers[0].digests, sizeof drawers[0].digests);
}

/* The box of what is drawn, at scale 1. */
struct drawn_box {
    double left, top, right, bottom;
};

static struct drawn_box drawn_box(struct map_fixture *m, uint32_t z, uint32_t scale)
{
    struct tile_key key = {.map = MAP_COUNTY, .scale = scale};
    uint32_t x, y, edge = 2 * TILE_PX * scale;
    map_place(106, 38, z, &key, &x, &y);
    uint32_t *pixels = map_draw_block(m, &key, 2);
    struct drawn_box box = {1e9, 1e9, -1, -1};
    for (uint32_t i = 0; i < edge * edge; i++) {
        if (pixels[i] >> 24 < 128)
            continue;
        uint32_t column = i % edge, row = i / edge;
        double px = column / (double)scale, py = row / (double)scale;
        box = (struct drawn_box){fmin(box.left, px), fmin(box.top, py), fmax(box.right, px),
                                 fmax(box.bottom, py)};
    }
    free(pixels);
    return box;
}

static void test_names_stand_at_the_same_place_at_both_scales(void **state)
{
    (void)state;
    struct map_fixture m;
    map_fixture_init(&m,
                     "{\"version\": 8, \"layers\": [{\"id\": \"u\", \"type\": \"symbol\", "
                     "\"source-layer\": \"units\", \"filter\": [\"==\", [\"get\", \"level\"], 1], "
                     "\"layout\": {\"text-field\": [\"get\", \"name\"]}}]}");
    struct drawn_box one = drawn_box(&m, 8, 1), two = drawn_box(&m, 8, 2);
    assert_true(one.right > one.left);
    assert_true(fabs(one.left - two.left) <= 1 && fabs(one.top - two.top) <= 1);
    assert_true(fabs(one.right - two.right) <= 1 && fabs(one.bottom - two.bottom) <= 1);
    map_fixture_release(&m);
}

static void test_the_ink_stays_in_its_box(void **state)
{
    (void)state;
    struct map_fixture m;
    map_fixture_init(&m, NAMES(""));
    for (uint32_t z = 9; z <= 13; z += 2) {
        const struct placement *p = placement_at(&m, z);
        struct tile_key key = {.map = MAP_COUNTY, .scale = 1};
        uint32_t x, y;
        map_place(105.5, 38.35, z, &key, &x, &y);
        uint32_t *pixels = map_draw_block(&m, &key, 1);
        for (uint32_t i = 0; i < TILE_PX * TILE_PX; i++) {
            if (pixels[i] == 0)
                continue;
            int32_t px = (int32_t)(key.x * 256 + i % TILE_PX);
            int32_t py = (int32_t)(key.y * 256 + i / TILE_PX);
            bool inside = false;
            for (size_t k = 0; k < p->n && !inside; k++)
                inside = px_box_overlaps(p->items[k].ink, (struct px_box){px, py, px + 1, py + 1});
            assert_true(inside);
        }
        free(pixels);
    }
    map_fixture_release(&m);
}

static void shape(struct font_set *fonts, const char *text, struct arena *arena,
                  struct glyph_run *run)
{
    struct err err;
    fixture_check(font_shape(fonts, &(struct text_size){0, 16, 0}, text, arena, run, &err), &err);
}

static void test_every_character_of_the_names_has_a_glyph(void **state)
{
    (void)state;
    struct map_fixture m;
    struct arena arena;
    struct glyph_run run;
    map_fixture_init(&m, NAMES(""));
    arena_init(&arena, 0);
    shape(m.canvas->fonts, "宁夏回族自治区石嘴山市泾源县 Yinchuan 12㎡℃", &arena, &run);
    for (uint32_t i = 0; i < run.n; i++)
        assert_int_not_equal(run.glyphs[i].id, 0);
    /* An ideograph is as wide as the text is large. */
    shape(m.canvas->fonts, "银川", &arena, &run);
    assert_int_equal(run.n, 2);
    assert_int_equal(run.width_64, 2 * 16 * 64);
    /* What no font has becomes the geta mark, never a box; controls and broken bytes do no harm. */
    struct glyph_run geta;
    shape(m.canvas->fonts, "〓", &arena, &geta);
    shape(m.canvas->fonts, "\xF3\xB0\x80\x80", &arena, &run); /* private use, U+F0000 */
    assert_int_equal(run.n, 1);
    assert_int_equal(run.glyphs[0].id, geta.glyphs[0].id);
    shape(m.canvas->fonts, "\x01\x02\xE2\x80\x8B", &arena, &run);
    assert_int_equal(run.n, 0);
    /* Arabic comes from the helper font. */
    shape(m.canvas->fonts, "ﺐ", &arena, &run);
    assert_true(run.n == 1 && run.glyphs[0].id != 0);
    arena_release(&arena);
    map_fixture_release(&m);
}

static void test_very_long_and_empty_names_are_drawn_or_left_out(void **state)
{
    (void)state;
    static const char *const fields[] = {"\"\"", "[\"get\", \"nothing\"]", "\"\\n\\n\"", "\" \""};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        char json[512];
        struct map_fixture m;
        snprintf(json, sizeof json,
                 "{\"version\": 8, \"layers\": [{\"id\": \"u\", \"type\": \"symbol\", "
                 "\"source-layer\": \"units\", \"layout\": {\"text-field\": %s}}]}",
                 fields[i]);
        map_fixture_init(&m, json);
        (void)drawn_box(&m, 8, 1);
        map_fixture_release(&m);
    }
    char json[4096];
    struct map_fixture m;
    int n = snprintf(json, sizeof json,
                     "{\"version\": 8, \"layers\": [{\"id\": \"u\", \"type\": \"symbol\", "
                     "\"source-layer\": \"units\", \"layout\": {\"text-field\": \"");
    for (int i = 0; i < 900; i++)
        n += snprintf(json + n, sizeof json - (size_t)n, "长");
    snprintf(json + n, sizeof json - (size_t)n, "\"}}]}");
    map_fixture_init(&m, json);
    assert_true(placement_at(&m, 12)->n > 0);
    map_fixture_release(&m);
}

static void test_symbols_that_may_overlap_all_show_and_their_names_give_way(void **state)
{
    (void)state;
    struct map_fixture m;
    map_fixture_init(
        &m, "{\"version\": 8, \"layers\": [{\"id\": \"h\", \"type\": \"symbol\", "
            "\"source-layer\": \"hidden_dangers\", \"layout\": {\"icon-image\": "
            "\"triangle\", \"icon-allow-overlap\": true, \"text-field\": [\"get\", \"id\"], "
            "\"text-optional\": true, \"text-anchor\": \"top\", \"text-offset\": [0, 1]}}]}");
    const struct placement *p = placement_at(&m, 8);
    assert_int_equal(p->n, 24);
    size_t with_text = 0;
    for (size_t i = 0; i < p->n; i++)
        with_text += p->items[i].n_glyphs > 0;
    assert_true(with_text < 24);
    map_fixture_release(&m);
}

/* Names are drawn with these files and no others: with another edition pictures would differ. */
static void test_the_fonts_of_the_shipped_style_are_those_of_the_package(void **state)
{
    (void)state;
    enum { MOST_BYTES = 64 << 20 };
    static const char *const known[][2] = {
        /* fonts-noto-cjk 1:20220127+repack1-1 of Debian 12 */
        {"NotoSansCJK-Regular.ttc",
         "b76b0433203017ca80401b2ee0dd69350349871c4b19d504c34dbdd80541690a"},
        {"NotoSansCJK-Bold.ttc",
         "faa5f3656a78b2e2d450d27fe8382c778bc2b6bb5ea29c986664a6a435056ceb"},
    };
    struct style *style;
    struct err err;
    fixture_check(style_load(NULL, &style, &err), &err);
    for (size_t i = 0; i < style_stack_count(style); i++) {
        const char *path = style_stacks(style)[i].files[0].path, *name = strrchr(path, '/');
        struct buf bytes;
        char hash[HASH_TEXT_BYTES];
        bool found = false;
        buf_init(&bytes);
        fixture_check(file_read(path, MOST_BYTES, &bytes, &err), &err);
        hash_text(bytes.bytes, bytes.n_bytes, hash);
        for (size_t k = 0; name && k < sizeof known / sizeof known[0]; k++) {
            if (strcmp(known[k][0], name + 1) != 0)
                continue;
            assert_string_equal(hash, known[k][1]);
            found = true;
        }
        assert_true(found);
        buf_release(&bytes);
    }
    style_free(style);
}

static void test_a_font_that_is_not_installed_is_named_with_its_package(void **state)
{
    (void)state;
    struct style *style;
    struct err err;
    static const char json[] =
        "{\"version\": 8, \"layers\": [{\"id\": \"u\", \"type\": \"symbol\", "
        "\"source-layer\": \"units\", \"layout\": {\"text-field\": \"x\", "
        "\"text-font\": [\"Noto Sans CJK XX Regular\"]}}]}";
    assert_int_equal(style_parse("test", json, strlen(json), &style, &err), ERR_INPUT);
    assert_non_null(strstr(err.message, "Noto Sans CJK XX Regular"));
    assert_non_null(strstr(err.message, "apt-get install fonts-noto-cjk"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_label_lies_on_another_nor_leaves_the_world),
        cmocka_unit_test(test_the_upper_layer_and_the_lower_sort_key_win),
        cmocka_unit_test(test_what_may_overlap_is_all_placed),
        cmocka_unit_test(test_two_placements_of_one_world_are_equal),
        cmocka_unit_test(test_neither_threads_nor_the_order_of_tiles_change_a_label),
        cmocka_unit_test(test_names_stand_at_the_same_place_at_both_scales),
        cmocka_unit_test(test_the_ink_stays_in_its_box),
        cmocka_unit_test(test_every_character_of_the_names_has_a_glyph),
        cmocka_unit_test(test_very_long_and_empty_names_are_drawn_or_left_out),
        cmocka_unit_test(test_the_fonts_of_the_shipped_style_are_those_of_the_package),
        cmocka_unit_test(test_a_font_that_is_not_installed_is_named_with_its_package),
        cmocka_unit_test(test_symbols_that_may_overlap_all_show_and_their_names_give_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
