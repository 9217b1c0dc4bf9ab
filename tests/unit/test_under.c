/* Pictures laid from the top down against the same drawn from the bottom up in doubles. */
#include "tiler/draw/under.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 64, MOST = 60 };

static uint32_t seed;
static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

struct sheet {
    int32_t left, top, right, bottom;
    double colour[3], alpha;
};

static struct under under;
static struct raster raster;

static void begin(uint32_t size)
{
    struct err err;
    assert_int_equal(under_begin(&under, size, &err), ERR_OK);
    assert_int_equal(raster_begin(&raster, (int32_t)size, (int32_t)size, &err), ERR_OK);
}

static struct ink ink_of_sheet(const struct sheet *sheet)
{
    return ink_of(sheet->colour[0], sheet->colour[1], sheet->colour[2], sheet->alpha);
}

static bool hides(int64_t left, int64_t top, int64_t right, int64_t bottom)
{
    const struct under_box box = {left, top, right, bottom};
    return under_hides(&under, &box);
}

static void look(void)
{
    const struct under_box whole = {-5, -5, SIZE + 5, SIZE + 5};
    under_look(&under, &whole);
}

static void add_box(int64_t left, int64_t top, int64_t right, int64_t bottom)
{
    const struct fixed ring[] = {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
    raster_ring(&raster, ring, 4);
}

static struct sheet random_sheet(void)
{
    struct sheet sheet = {(int32_t)random_below(SIZE), (int32_t)random_below(SIZE), 0, 0, {0}, 0};
    sheet.right = sheet.left + 1 + (int32_t)random_below(SIZE);
    sheet.bottom = sheet.top + 1 + (int32_t)random_below(SIZE);
    for (int i = 0; i < 3; i++)
        sheet.colour[i] = random_below(256);
    sheet.alpha = random_below(5) == 0 ? 1 : (1 + random_below(9)) / 10.0;
    return sheet;
}

static void release(void)
{
    under_release(&under);
    raster_release(&raster);
}

static void test_top_down_is_bottom_up(void **state)
{
    (void)state;
    static uint32_t pixels[SIZE * SIZE];
    for (seed = 1; seed < 40; seed++) {
        uint32_t kept = seed;
        struct sheet sheets[MOST];
        size_t n = 1 + random_below(MOST);
        for (size_t i = 0; i < n; i++)
            sheets[i] = random_sheet();
        begin(SIZE);
        for (size_t i = n; i-- > 0;) {
            struct ink ink = ink_of_sheet(&sheets[i]);
            under_layer(&under);
            add_box(sheets[i].left * 256, sheets[i].top * 256, sheets[i].right * 256,
                    sheets[i].bottom * 256);
            under_shape(&under, &raster, &ink);
            if (i % 5 == 0)
                look();
        }
        under_pixels(&under, pixels);
        for (int32_t y = 0; y < SIZE; y++) {
            for (int32_t x = 0; x < SIZE; x++) {
                double mixed[4] = {0};
                for (size_t i = 0; i < n; i++) {
                    const struct sheet *s = &sheets[i];
                    if (x < s->left || x >= s->right || y < s->top || y >= s->bottom)
                        continue;
                    for (int c = 0; c < 3; c++)
                        mixed[c] = mixed[c] * (1 - s->alpha) + s->colour[c] * s->alpha;
                    mixed[3] = mixed[3] * (1 - s->alpha) + 255 * s->alpha;
                }
                for (int c = 0; c < 4; c++) {
                    double got = pixels[y * SIZE + x] >> (8 * c) & 0xFF;
                    assert_true(fabs(got - mixed[c]) <= 1.75);
                }
            }
        }
        seed = kept;
    }
    release();
}

static void test_shapes_of_a_layer_that_share_edges_leave_no_seam(void **state)
{
    (void)state;
    static uint32_t pixels[SIZE * SIZE];
    const struct ink ink = ink_of(255, 0, 0, 0.5);
    for (seed = 1; seed < 60; seed++) {
        uint32_t kept = seed;
        /* Four triangles round a random middle fill the picture between them. */
        const int64_t edge = SIZE * 256;
        struct fixed middle = {random_below(SIZE * 256), random_below(SIZE * 256)};
        const struct fixed corner[4] = {{0, 0}, {edge, 0}, {edge, edge}, {0, edge}};
        begin(SIZE);
        for (int i = 0; i < 4; i++) {
            const struct fixed ring[] = {corner[i], corner[(i + 1) % 4], middle};
            raster_ring(&raster, ring, 3);
            under_shape(&under, &raster, &ink);
        }
        under_pixels(&under, pixels);
        for (size_t i = 0; i < SIZE * SIZE; i++) {
            assert_in_range(pixels[i] >> 24, 127, 128);
            assert_in_range(pixels[i] & 0xFF, 126, 128);
        }
        seed = kept;
    }
    release();
}

static void test_what_is_hidden_is_known_and_changes_nothing(void **state)
{
    (void)state;
    static uint32_t before[SIZE * SIZE], after[SIZE * SIZE];
    const struct ink half = ink_of(10, 200, 30, 0.5), red = ink_of(255, 0, 0, 1);
    for (int turn = 0; turn < 2; turn++) {
        begin(SIZE);
        for (int i = 0; i < 7; i++)
            under_flood(&under, &half);
        look();
        assert_false(hides(0, 0, SIZE, SIZE));
        for (int i = 0; i < 2; i++)
            under_flood(&under, &half);
        assert_false(hides(0, 0, SIZE, SIZE)); /* nobody has looked */
        look();
        assert_true(hides(0, 0, SIZE, SIZE));
        if (turn == 1)
            under_flood(&under, &red);
        under_pixels(&under, turn == 0 ? before : after);
    }
    assert_memory_equal(before, after, sizeof before);
    /* One block stays open. */
    begin(SIZE);
    add_box(0, 0, 48 * 256, SIZE * 256);
    under_shape(&under, &raster, &red);
    look();
    assert_true(hides(0, 0, 47, 63));
    assert_true(hides(-100, -100, 20, 20));
    assert_false(hides(47, 10, 48, 10));
    assert_true(hides(64, 0, 90, 10)); /* outside */
    release();
}

static void test_a_picture_begins_empty_after_one_that_was_left_and_at_another_size(void **state)
{
    (void)state;
    static uint32_t pixels[4 * SIZE * SIZE];
    static const uint32_t sizes[] = {SIZE, 2 * SIZE, SIZE, SIZE};
    const struct ink ink = ink_of(10, 200, 30, 1);
    for (int finished = 0; finished < 2; finished++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            begin(sizes[i]);
            under_pixels(&under, pixels);
            for (size_t k = 0; k < (size_t)sizes[i] * sizes[i]; k++)
                assert_int_equal(pixels[k], 0);
            begin(sizes[i]);
            under_flood(&under, &ink);
            if (finished)
                under_pixels(&under, pixels);
        }
    }
    release();
}

static void test_dimming_mixes_what_lies_below_and_leaves_its_transparency(void **state)
{
    (void)state;
    static uint32_t pixels[SIZE * SIZE];
    struct err err;
    const struct ink white = ink_of(255, 255, 255, 0.6), blue = ink_of(0, 0, 200, 0.5),
                     top = ink_of(255, 0, 0, 1);
    begin(SIZE);
    add_box(0, 0, 8 * 256, 8 * 256);
    under_shape(&under, &raster, &top);
    add_box(0, 0, 32 * 256, SIZE * 256);
    assert_int_equal(under_dim(&under, &raster, &white, &err), ERR_OK);
    add_box(0, 0, SIZE * 256, 48 * 256);
    under_shape(&under, &raster, &blue);
    under_pixels(&under, pixels);
    assert_int_equal(pixels[0], 0xFF0000FF);
    uint32_t dimmed = pixels[20 * SIZE + 20], plain = pixels[20 * SIZE + 40];
    assert_in_range(dimmed >> 24, 127, 128);
    assert_in_range(plain >> 24, 127, 128);
    assert_in_range(dimmed & 0xFF, 75, 78);         /* 0.6 of white, half of it there */
    assert_in_range(dimmed >> 16 & 0xFF, 115, 118); /* 0.4 * 100 + 0.6 * 127.5 */
    assert_in_range(plain >> 16 & 0xFF, 99, 101);
    assert_int_equal(pixels[60 * SIZE + 20], 0); /* nothing there: nothing dimmed */
    release();
}

static void draw_lines(int64_t dx, int64_t dy)
{
    const struct ink ink = ink_of(0, 0, 0, 0.8);
    seed = 77;
    for (int i = 0; i < 40; i++) {
        struct fixed points[6];
        for (int k = 0; k < 6; k++)
            points[k] = (struct fixed){(int64_t)random_below(140 * 256) - 1000 + dx,
                                       (int64_t)random_below(140 * 256) - 1000 + dy};
        thin_line(&under.thin, points, 6, i % 2, 0.5 + i % 5 * 0.5);
        under_thin(&under, &ink);
        raster_ring(&raster, points, 6);
        under_shape(&under, &raster, &ink);
        under_layer(&under);
    }
}

static void test_a_tile_is_the_crop_of_a_larger_picture(void **state)
{
    (void)state;
    static uint32_t large[4 * SIZE * SIZE], small[SIZE * SIZE];
    begin(2 * SIZE);
    draw_lines(0, 0);
    under_pixels(&under, large);
    for (int tile = 0; tile < 4; tile++) {
        int x = tile % 2 * SIZE, y = tile / 2 * SIZE;
        begin(SIZE);
        draw_lines(-x * 256, -y * 256);
        under_pixels(&under, small);
        for (int row = 0; row < SIZE; row++)
            assert_memory_equal(small + row * SIZE, large + (y + row) * 2 * SIZE + x,
                                SIZE * sizeof *small);
    }
    release();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_top_down_is_bottom_up),
        cmocka_unit_test(test_shapes_of_a_layer_that_share_edges_leave_no_seam),
        cmocka_unit_test(test_what_is_hidden_is_known_and_changes_nothing),
        cmocka_unit_test(test_a_picture_begins_empty_after_one_that_was_left_and_at_another_size),
        cmocka_unit_test(test_dimming_mixes_what_lies_below_and_leaves_its_transparency),
        cmocka_unit_test(test_a_tile_is_the_crop_of_a_larger_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
