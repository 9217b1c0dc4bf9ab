/* PNG: what is written reads back, in the fewest bytes, and few colours stay exact. */
#include "tiler/draw/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct image_writer *writer;

static int set_up(void **state)
{
    struct err err;
    (void)state;
    return image_writer_new(&writer, &err) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    image_writer_free(writer);
    return 0;
}

static struct buf encode_as(const struct image *image)
{
    struct buf out;
    struct err err;
    buf_init(&out);
    assert_int_equal(image_write_png(writer, image, &out, &err), ERR_OK);
    return out;
}

static struct buf encode(const uint32_t *pixels, uint32_t width, uint32_t height)
{
    const struct image image = {pixels, width, height, IMAGE_PALETTE};
    return encode_as(&image);
}

static uint32_t *decode(const struct buf *png, uint32_t width, uint32_t height)
{
    uint32_t *pixels, w, h;
    struct err err;
    assert_int_equal(image_read_png(png->bytes, png->n_bytes, &pixels, &w, &h, &err), ERR_OK);
    assert_int_equal(w, width);
    assert_int_equal(h, height);
    return pixels;
}

static int depth_of(const struct buf *png)
{
    return png->bytes[24];
}

static void assert_round_trip(const uint32_t *pixels, uint32_t width, uint32_t height, int depth)
{
    struct buf png = encode(pixels, width, height);
    uint32_t *back = decode(&png, width, height);
    assert_int_equal(depth_of(&png), depth);
    assert_memory_equal(back, pixels, (size_t)width * height * sizeof *pixels);
    free(back);
    buf_release(&png);
}

static void test_an_empty_tile_is_116_bytes_and_139_at_twice_the_size(void **state)
{
    (void)state;
    uint32_t *pixels = calloc(512 * 512, sizeof *pixels);
    struct buf png = encode(pixels, 256, 256);
    assert_int_equal(png.n_bytes, 116);
    assert_int_equal(depth_of(&png), 1);
    buf_release(&png);
    png = encode(pixels, 512, 512);
    assert_int_equal(png.n_bytes, 139);
    uint32_t *back = decode(&png, 512, 512);
    for (int i = 0; i < 512 * 512; i++)
        assert_int_equal(back[i], 0);
    free(back);
    buf_release(&png);
    free(pixels);
}

static void test_a_solid_opaque_tile_is_103_bytes(void **state)
{
    (void)state;
    uint32_t *pixels = malloc(256 * 256 * sizeof *pixels);
    for (int i = 0; i < 256 * 256; i++)
        pixels[i] = 0xFF0000FF;
    struct buf png = encode(pixels, 256, 256);
    assert_int_equal(png.n_bytes, 103);
    buf_release(&png);
    free(pixels);
}

static void test_up_to_256_colours_come_back_exact_at_the_least_depth(void **state)
{
    (void)state;
    enum { W = 64, H = 64 };
    uint32_t pixels[W * H];
    static const struct {
        int colours, depth;
    } cases[] = {{2, 1}, {3, 2}, {4, 2}, {5, 4}, {16, 4}, {17, 8}, {256, 8}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        for (int i = 0; i < W * H; i++) {
            uint32_t k = (uint32_t)(i * 7 % cases[c].colours);
            pixels[i] = k == 0 ? 0 : 0xFF000000 | k * 0x010307;
        }
        assert_round_trip(pixels, W, H, cases[c].depth);
    }
}

static void test_odd_widths_are_packed_right(void **state)
{
    (void)state;
    uint32_t pixels[13 * 3];
    for (uint32_t i = 0; i < 39; i++)
        pixels[i] = 0xFF000000 | i % 3 * 100;
    assert_round_trip(pixels, 13, 3, 2);
}

static void test_translucent_colours_come_back_within_rounding(void **state)
{
    (void)state;
    uint32_t pixels[256];
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t a = i, red = a; /* full red at alpha a, premultiplied */
        pixels[i] = a << 24 | red;
    }
    struct buf png = encode(pixels, 16, 16);
    uint32_t *back = decode(&png, 16, 16);
    assert_memory_equal(back, pixels, sizeof pixels);
    free(back);
    buf_release(&png);
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

/* Blends of the map's colours with white, borders and text: some thousands of colours. */
static void test_more_than_256_colours_lose_little(void **state)
{
    (void)state;
    enum { N = 256 * 256 };
    static const uint32_t inks[] = {0xFF8080FF, 0xFF80D2FF, 0xFF80FFFF, 0xFFFF8080, 0xFF404040};
    uint32_t *pixels = malloc(N * sizeof *pixels);
    uint32_t seed = 7;
    for (int i = 0; i < N; i++) {
        int x = i % 256, y = i / 256;
        uint32_t ink = inks[(x / 64 + y / 64) % 5], out = 0xFF000000;
        seed = seed * 1664525u + 1013904223u;
        uint32_t share = x % 16 == 0 || y % 16 == 0 ? seed >> 24 : 255;
        uint32_t other = inks[seed >> 16 & 3];
        for (int shift = 0; shift < 24; shift += 8)
            out |= ((ink >> shift & 0xFF) * share + (other >> shift & 0xFF) * (255 - share)) / 255
                   << shift;
        pixels[i] = out;
    }
    struct buf png = encode(pixels, 256, 256);
    uint32_t *back = decode(&png, 256, 256);
    double sum = 0;
    int largest = 0, over_8 = 0;
    for (int i = 0; i < N; i++) {
        int d = difference(pixels[i], back[i]);
        sum += d;
        largest = d > largest ? d : largest;
        over_8 += d > 8;
    }
    assert_int_equal(png.bytes[25], 3); /* palette */
    assert_true(sum / N <= 2);
    assert_true(over_8 <= N / 1000);
    assert_true(largest <= 24);
    /* What fills the picture is exact. */
    assert_int_equal(back[8 * 256 + 8], pixels[8 * 256 + 8]);
    free(back);
    free(pixels);
    buf_release(&png);
}

static void test_as_many_colours_as_pixels_are_still_written(void **state)
{
    (void)state;
    enum { EDGE = 512 };
    uint32_t *pixels = malloc(EDGE * EDGE * sizeof *pixels);
    for (uint32_t i = 0; i < EDGE * EDGE; i++)
        pixels[i] = 0xFF000000 | (i * 2654435761u) >> 8;
    struct buf png = encode(pixels, EDGE, EDGE);
    uint32_t *back = decode(&png, EDGE, EDGE);
    double sum = 0;
    for (int i = 0; i < EDGE * EDGE; i++)
        sum += difference(pixels[i], back[i]);
    assert_true(sum / (EDGE * EDGE) < 40);
    free(back);
    free(pixels);
    buf_release(&png);
}

/* 4,096 colours far apart. */
static void fill_wild(uint32_t *pixels, uint32_t n, uint32_t alpha)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t mixed = i * UINT32_C(2654435761) >> 20;
        uint32_t r = mixed & 15, g = mixed >> 4 & 15, b = mixed >> 8;
        pixels[i] = alpha << 24 | b * alpha / 15 << 16 | g * alpha / 15 << 8 | r * alpha / 15;
    }
}

static void test_a_palette_that_shows_gives_way_to_all_colours(void **state)
{
    (void)state;
    enum { N = 128 };
    static uint32_t wild[N * N];
    for (uint32_t alpha = 255; alpha >= 128; alpha -= 127) {
        struct image image = {wild, N, N, IMAGE_PALETTE};
        fill_wild(wild, N * N, alpha);
        struct buf palette = encode_as(&image);
        assert_int_equal(palette.bytes[25], 3); /* the colour type in IHDR */
        struct palette_error error = image_error(writer);
        assert_true(error.share_over > IMAGE_SHARE_OVER && error.largest > PALETTE_VISIBLE);
        image.form = IMAGE_AUTO;
        struct buf automatic = encode_as(&image);
        assert_int_equal(automatic.bytes[25], alpha == 255 ? 2 : 6);
        assert_int_equal(image_error(writer).largest, 0);
        image.form = IMAGE_TRUE;
        struct buf all = encode_as(&image);
        assert_int_equal(all.n_bytes, automatic.n_bytes);
        assert_memory_equal(all.bytes, automatic.bytes, all.n_bytes);
        uint32_t *back = decode(&all, N, N);
        for (uint32_t i = 0; i < N * N; i++)
            for (int shift = 0; shift < 32; shift += 8)
                assert_true(abs((int)(back[i] >> shift & 255) - (int)(wild[i] >> shift & 255)) <=
                            (alpha == 255 ? 0 : 1));
        free(back);
        buf_release(&palette);
        buf_release(&automatic);
        buf_release(&all);
    }
}

static void test_a_palette_whose_error_is_not_seen_is_kept(void **state)
{
    (void)state;
    enum { N = 128 };
    static uint32_t near[N * N];
    for (uint32_t i = 0; i < N * N; i++) /* 1,000 colours in a narrow range */
        near[i] = 0xFF000000 | (100 + i % 10) << 16 | (50 + i / 10 % 10) << 8 | (20 + i / 100 % 10);
    const struct image image = {near, N, N, IMAGE_AUTO};
    struct buf png = encode_as(&image);
    assert_int_equal(png.bytes[25], 3);
    struct palette_error error = image_error(writer);
    assert_true(error.mean > 0 && error.mean <= IMAGE_MEAN_ERROR);
    assert_true(error.share_over <= IMAGE_SHARE_OVER);
    buf_release(&png);
}

/* Needs some hundreds of colours to be near: none is off by more than what is seen, those of many
 * pixels are exact; and all are, where rounding would change the whole picture. */
static void test_all_colours_are_rounded_where_few_pixels_have_them(void **state)
{
    (void)state;
    enum { N = 256 };
    static uint32_t pixels[N * N];
    for (uint32_t share = 4; share > 0; share = share == 4 ? 1 : 0) { /* of the pixels */
        uint32_t seed = 5, rare = 0;
        for (uint32_t i = 0; i < N * N; i++) {
            seed = seed * 1664525u + 1013904223u;
            uint32_t mixed = seed >> 8, colour = 0xFF000000 | mixed % 15 * 12 << 16 |
                                                 mixed / 15 % 15 * 12 << 8 | mixed / 225 % 15 * 12;
            bool is_rare = i % N < N / share;
            pixels[i] = is_rare ? colour : 0xFF0A141E + i % 7;
            rare += is_rare;
        }
        struct image image = {pixels, N, N, IMAGE_AUTO};
        struct buf png = encode_as(&image);
        uint32_t *back = decode(&png, N, N), changed = 0;
        int largest = 0;
        for (uint32_t i = 0; i < N * N; i++) {
            int d = difference(back[i], pixels[i]);
            largest = d > largest ? d : largest;
            changed += d > 0;
            if (i % N >= N / share)
                assert_int_equal(d, 0);
        }
        assert_int_equal(png.bytes[25], 2);
        assert_int_equal(largest, image_error(writer).largest);
        if (share > 1)
            assert_true(changed > rare / 2 && largest > 0 && largest <= PALETTE_VISIBLE);
        else
            assert_int_equal(changed, 0);
        assert_true(image_error(writer).mean <= IMAGE_MEAN_ERROR);
        image.form = IMAGE_TRUE;
        struct buf all = encode_as(&image);
        assert_true(share > 1 || all.n_bytes == png.n_bytes);
        free(back);
        buf_release(&png);
        buf_release(&all);
    }
}

/* Some areas of many near colours, and pixels of colours that are far from them and rare: groups
 * of what is most would put these with others. */
static void test_rare_colours_get_entries_before_all_colours_are_kept(void **state)
{
    (void)state;
    enum { N = 256 };
    static uint32_t pixels[N * N];
    uint32_t seed = 3;
    for (uint32_t i = 0; i < N * N; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t near =
            0xFF000000 | (40 + (seed >> 8) % 60 * 2) << 16 | (40 + (seed >> 16) % 60 * 2) << 8;
        uint32_t far = 0xFF0000FF | (seed >> 8) % 10 * 20 << 16 | (seed >> 16) % 10 * 20 << 8;
        pixels[i] = i % 400 ? near : far; /* 0.25 % of the pixels */
    }
    struct image image = {pixels, N, N, IMAGE_PALETTE};
    struct buf close = encode_as(&image);
    assert_true(image_error(writer).share_over > IMAGE_SHARE_OVER); /* else this shows nothing */
    image.form = IMAGE_AUTO;
    struct buf png = encode_as(&image);
    assert_int_equal(png.bytes[25], 3);
    struct palette_error error = image_error(writer);
    assert_true(error.share_over <= IMAGE_SHARE_OVER && error.mean <= IMAGE_MEAN_ERROR);
    uint32_t *back = decode(&png, N, N), over = 0;
    for (uint32_t i = 0; i < N * N; i++)
        over += difference(back[i], pixels[i]) > PALETTE_VISIBLE;
    assert_true(over <= N * N * IMAGE_SHARE_OVER);
    free(back);
    buf_release(&close);
    buf_release(&png);
}

static void test_the_same_picture_gives_the_same_bytes_whatever_came_before(void **state)
{
    (void)state;
    uint32_t a[64 * 64], b[64 * 64];
    for (uint32_t i = 0; i < 64 * 64; i++) {
        a[i] = 0xFF000000 | i * 977;
        b[i] = 0xFF000000 | i % 40 * 5;
    }
    struct buf first = encode(a, 64, 64), other = encode(b, 64, 64), again = encode(a, 64, 64);
    assert_int_equal(first.n_bytes, again.n_bytes);
    assert_memory_equal(first.bytes, again.bytes, first.n_bytes);
    buf_release(&first);
    buf_release(&other);
    buf_release(&again);
}

static void test_what_is_no_png_is_refused(void **state)
{
    (void)state;
    uint32_t *pixels, w, h;
    struct err err;
    assert_int_equal(image_read_png("GIF89a", 6, &pixels, &w, &h, &err), ERR_INPUT);
    assert_null(pixels);
    uint32_t one = 0xFF0000FF;
    struct buf png = encode(&one, 1, 1);
    assert_int_equal(image_read_png(png.bytes, png.n_bytes - 20, &pixels, &w, &h, &err), ERR_INPUT);
    buf_release(&png);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_tile_is_116_bytes_and_139_at_twice_the_size),
        cmocka_unit_test(test_a_solid_opaque_tile_is_103_bytes),
        cmocka_unit_test(test_up_to_256_colours_come_back_exact_at_the_least_depth),
        cmocka_unit_test(test_odd_widths_are_packed_right),
        cmocka_unit_test(test_translucent_colours_come_back_within_rounding),
        cmocka_unit_test(test_more_than_256_colours_lose_little),
        cmocka_unit_test(test_as_many_colours_as_pixels_are_still_written),
        cmocka_unit_test(test_a_palette_that_shows_gives_way_to_all_colours),
        cmocka_unit_test(test_a_palette_whose_error_is_not_seen_is_kept),
        cmocka_unit_test(test_all_colours_are_rounded_where_few_pixels_have_them),
        cmocka_unit_test(test_rare_colours_get_entries_before_all_colours_are_kept),
        cmocka_unit_test(test_the_same_picture_gives_the_same_bytes_whatever_came_before),
        cmocka_unit_test(test_what_is_no_png_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
