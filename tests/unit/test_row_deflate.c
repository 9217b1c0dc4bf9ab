/* Deflate of rows: zlib reads back what was written, in few bytes, and never in many. */
#include "tiler/draw/deflate_block.h"
#include "tiler/draw/prefix_code.h"
#include "tiler/draw/row_deflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

static struct row_deflater *deflater;

static int set_up(void **state)
{
    (void)state;
    deflater = row_deflater_new();
    return deflater ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    row_deflater_free(deflater);
    return 0;
}

static uint32_t seed = 1;

static uint32_t draw_lot(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)seed * below >> 32);
}

/* Deflates, lets zlib read it back, and answers how many bytes it took. */
static size_t take_round_of(const uint8_t *bytes, size_t n, uint32_t row_bytes,
                            uint32_t pixel_bytes)
{
    /* Memory of just these sizes: a byte read or written outside is seen by the sanitizer. */
    uint8_t *exact = malloc(n), *out = malloc(row_deflate_bound(n)), *back = malloc(n);
    memcpy(exact, bytes, n);
    const struct rows rows = {exact, n, row_bytes, pixel_bytes};
    size_t n_out = row_deflate(deflater, &rows, out);
    assert_true(n_out > 0 && n_out <= row_deflate_bound(n));
    uLongf n_back = n;
    assert_int_equal(uncompress(back, &n_back, out, n_out), Z_OK);
    assert_int_equal(n_back, n);
    assert_memory_equal(back, bytes, n);
    free(exact);
    free(out);
    free(back);
    return n_out;
}

static size_t take_round(const uint8_t *bytes, size_t n, uint32_t row_bytes)
{
    return take_round_of(bytes, n, row_bytes, 1);
}

/* Rows as of a map: a filter byte of 0 each, boxes of one value on top of each other, and noise in
 * one byte of `noise`. */
static uint8_t *make_map(uint32_t row_bytes, uint32_t n_rows, uint32_t n_boxes, uint32_t noise)
{
    uint8_t *bytes = calloc(n_rows, row_bytes);
    for (uint32_t i = 0; i < n_boxes; i++) {
        uint32_t left = 1 + draw_lot(row_bytes - 1), top = draw_lot(n_rows);
        uint32_t right = left + draw_lot(row_bytes - left), bottom = top + draw_lot(n_rows - top);
        uint8_t value = (uint8_t)draw_lot(256);
        for (uint32_t y = top; y < bottom; y++)
            memset(bytes + (size_t)y * row_bytes + left, value, right - left);
    }
    for (size_t i = 0; noise > 0 && i < (size_t)row_bytes * n_rows; i++)
        if (i % row_bytes && draw_lot(noise) == 0)
            bytes[i] = (uint8_t)draw_lot(256);
    return bytes;
}

static void test_maps_of_every_size_and_roughness_come_back(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++) {
        uint32_t row_bytes = 2 + draw_lot(round % 8 ? 300 : 1200), n_rows = 1 + draw_lot(300);
        uint8_t *map = make_map(row_bytes, n_rows, draw_lot(60), draw_lot(4) * draw_lot(40));
        take_round(map, (size_t)row_bytes * n_rows, row_bytes);
        free(map);
    }
}

/* The same map with three or four bytes for each one: its colour by a table. */
static uint8_t *make_colours(const uint8_t *map, uint32_t row_bytes, uint32_t n_rows, uint32_t unit)
{
    size_t wide = 1 + (size_t)(row_bytes - 1) * unit;
    uint8_t *bytes = calloc(n_rows, wide), colours[256][4];
    for (int i = 0; i < 256; i++)
        for (int axis = 0; axis < 4; axis++)
            colours[i][axis] = (uint8_t)draw_lot(256);
    for (uint32_t y = 0; y < n_rows; y++)
        for (uint32_t x = 1; x < row_bytes; x++)
            memcpy(bytes + y * wide + 1 + (size_t)(x - 1) * unit,
                   colours[map[(size_t)y * row_bytes + x]], unit);
    return bytes;
}

static void test_maps_of_pixels_of_three_and_four_bytes_come_back(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        uint32_t row_bytes = 2 + draw_lot(round % 8 ? 200 : 9000), unit = 3 + draw_lot(2);
        uint32_t n_rows = 1 + draw_lot(row_bytes > 300 ? 10 : 200);
        uint8_t *map = make_map(row_bytes, n_rows, draw_lot(60), draw_lot(4) * draw_lot(40));
        uint8_t *colours = make_colours(map, row_bytes, n_rows, unit);
        uint32_t wide = 1 + (row_bytes - 1) * unit;
        take_round_of(colours, (size_t)wide * n_rows, wide, unit);
        free(map);
        free(colours);
    }
}

static void test_few_bytes_of_any_kind_come_back(void **state)
{
    (void)state;
    uint8_t bytes[64];
    for (size_t n = 1; n <= sizeof bytes; n++) {
        for (uint32_t values = 1; values < 5; values++) {
            for (size_t i = 0; i < n; i++)
                bytes[i] = (uint8_t)draw_lot(values);
            take_round(bytes, n, 1 + draw_lot(20));
            take_round(bytes, n, (uint32_t)n);
        }
    }
}

static void test_noise_takes_no_more_than_its_bytes_and_heads(void **state)
{
    (void)state;
    for (uint32_t n = 1; n < 300000; n = n * 3 + 1) {
        uint8_t *bytes = malloc(n);
        for (uint32_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)draw_lot(256);
        assert_true(take_round(bytes, n, 257) <= n + 6 + 5 * (n / 6144 + 1));
        free(bytes);
    }
}

/* What follows a full block goes into it or into another by how much it is: noise that is worth
 * codes, of hardly a match, makes a token of each byte. */
static void test_what_is_left_after_a_full_block_comes_back(void **state)
{
    const uint32_t most = BLOCK_TOKENS + BLOCK_REST;
    size_t before = 0;
    int n_steps = 0;
    (void)state;
    for (uint32_t n = most - BLOCK_OVER; n <= most + BLOCK_OVER; n++) {
        uint8_t *bytes = malloc(n);
        seed = 9;
        for (uint32_t i = 0; i < n; i++)
            bytes[i] = i < n - 60 ? (uint8_t)draw_lot(64) : 7;
        size_t took = take_round(bytes, n, 257);
        assert_true(took < n * 7 / 8);
        n_steps += before > 0 && took > before + 10; /* a second head of codes */
        before = took;
        take_round_of(bytes, n - n % 7, 7, 3);
        take_round_of(bytes, n - n % 9, 9, 4);
        free(bytes);
    }
    assert_int_equal(n_steps, 1);
}

static void test_rows_above_are_found_up_to_the_edge_of_the_window_and_no_further(void **state)
{
    (void)state;
    for (uint32_t row_bytes = 32767; row_bytes <= 32769; row_bytes++) {
        uint8_t *bytes = malloc(4 * (size_t)row_bytes);
        for (uint32_t i = 0; i < row_bytes; i++)
            bytes[i] = (uint8_t)draw_lot(256);
        for (uint32_t row = 1; row < 4; row++)
            memcpy(bytes + (size_t)row * row_bytes, bytes, row_bytes);
        size_t n = take_round(bytes, 4 * (size_t)row_bytes, row_bytes);
        if (row_bytes <= 32768)
            assert_true(n < row_bytes + row_bytes / 10);
        else
            assert_true(n > 3 * (size_t)row_bytes);
        free(bytes);
    }
}

static void test_areas_take_fewer_bytes_than_with_zlib_at_its_fastest(void **state)
{
    (void)state;
    size_t ours = 0, theirs = 0, ours_wide = 0, theirs_wide = 0;
    for (int round = 0; round < 50; round++) {
        uint8_t *map = make_map(257, 256, 40, 0), *out = malloc(compressBound(257 * 256));
        uLongf n_out = compressBound(257 * 256);
        assert_int_equal(compress2(out, &n_out, map, 257 * 256, 1), Z_OK);
        theirs += n_out;
        ours += take_round(map, 257 * 256, 257);
        free(out);
        uint8_t *colours = make_colours(map, 257, 256, 4);
        out = malloc(compressBound(1025 * 256));
        n_out = compressBound(1025 * 256);
        assert_int_equal(compress2(out, &n_out, colours, 1025 * 256, 1), Z_OK);
        theirs_wide += n_out;
        ours_wide += take_round_of(colours, 1025 * 256, 1025, 4);
        free(colours);
        free(map);
        free(out);
    }
    assert_true(ours < theirs);
    assert_true(ours_wide < theirs_wide);
}

static void test_the_same_rows_give_the_same_bytes_whatever_came_before(void **state)
{
    (void)state;
    enum { N = 257 * 256 };
    uint8_t *map = make_map(257, 256, 40, 30), *other = make_map(300, 400, 90, 10);
    uint8_t *first = malloc(row_deflate_bound(N)), *again = malloc(row_deflate_bound(N));
    const struct rows rows = {map, N, 257, 1};
    size_t n_first = row_deflate(deflater, &rows, first);
    take_round(other, 300 * 400, 300);
    size_t n_again = row_deflate(deflater, &rows, again);
    assert_int_equal(n_first, n_again);
    assert_memory_equal(first, again, n_first);
    free(map);
    free(other);
    free(first);
    free(again);
}

/* ---- prefix codes ---- */

/* Bits of the best code without a limit: the sum of all inner nodes of a Huffman tree. */
static uint64_t least_bits(const uint32_t *counts, uint32_t n)
{
    uint64_t weights[LITERAL_SYMBOLS], bits = 0;
    uint32_t used = 0;
    for (uint32_t i = 0; i < n; i++)
        if (counts[i] > 0)
            weights[used++] = counts[i];
    while (used > 1) {
        for (uint32_t k = 0; k < 2; k++) /* the two least to the end */
            for (uint32_t i = 0; i + k + 1 < used; i++)
                if (weights[i] < weights[used - 1 - k]) {
                    uint64_t swap = weights[i];
                    weights[i] = weights[used - 1 - k];
                    weights[used - 1 - k] = swap;
                }
        weights[used - 2] += weights[used - 1];
        bits += weights[--used - 1];
    }
    return bits;
}

/* Each code is the first of no other, and together they leave no gap. */
static void assert_whole(const struct prefix_code *code, uint32_t n, uint32_t longest)
{
    uint64_t space = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t length = code->lengths[i];
        assert_true(length <= longest);
        space += length > 0 ? UINT64_C(1) << (longest - length) : 0;
        for (uint32_t k = 0; k < i && length > 0; k++) {
            uint32_t both = code->lengths[k] < length ? code->lengths[k] : length;
            assert_true(both == 0 || (code->codes[i] ^ code->codes[k]) & ((1U << both) - 1));
        }
    }
    assert_int_equal(space, UINT64_C(1) << longest);
}

static void test_codes_are_whole_and_as_short_as_huffman_s(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        uint32_t counts[LITERAL_SYMBOLS] = {0}, n = 2 + draw_lot(LITERAL_SYMBOLS - 2);
        uint32_t most = round % 2 ? 5 : 4000;
        for (uint32_t i = 0; i < n; i++)
            counts[i] = draw_lot(3) ? draw_lot(1 + draw_lot(most)) : 0;
        counts[0] = counts[1] = 1;
        struct prefix_code code;
        prefix_code_make(&code, counts, n, LONGEST_CODE);
        assert_whole(&code, n, LONGEST_CODE);
        uint64_t bits = 0;
        bool is_limited = false;
        for (uint32_t i = 0; i < n; i++) {
            bits += (uint64_t)counts[i] * code.lengths[i];
            is_limited |= code.lengths[i] == LONGEST_CODE;
        }
        assert_true(bits == least_bits(counts, n) || is_limited);
    }
}

static void test_no_code_is_longer_than_allowed(void **state)
{
    (void)state;
    /* Of Fibonacci's numbers each code is one longer than the next. */
    uint32_t counts[22] = {1, 1};
    for (int i = 2; i < 22; i++)
        counts[i] = counts[i - 1] + counts[i - 2];
    for (uint32_t longest = 5; longest <= LONGEST_CODE; longest++) {
        struct prefix_code code;
        prefix_code_make(&code, counts, 22, longest);
        assert_whole(&code, 22, longest);
        assert_int_equal(code.lengths[0], longest);
    }
}

static void test_of_one_symbol_or_none_two_have_a_code(void **state)
{
    (void)state;
    for (uint32_t used = 0; used <= DISTANCE_SYMBOLS; used++) {
        uint32_t counts[DISTANCE_SYMBOLS] = {0};
        if (used < DISTANCE_SYMBOLS)
            counts[used] = 7;
        struct prefix_code code;
        prefix_code_make(&code, counts, DISTANCE_SYMBOLS, LONGEST_CODE);
        assert_whole(&code, DISTANCE_SYMBOLS, LONGEST_CODE);
        assert_true(used == DISTANCE_SYMBOLS || code.lengths[used] == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps_of_every_size_and_roughness_come_back),
        cmocka_unit_test(test_maps_of_pixels_of_three_and_four_bytes_come_back),
        cmocka_unit_test(test_few_bytes_of_any_kind_come_back),
        cmocka_unit_test(test_noise_takes_no_more_than_its_bytes_and_heads),
        cmocka_unit_test(test_what_is_left_after_a_full_block_comes_back),
        cmocka_unit_test(test_rows_above_are_found_up_to_the_edge_of_the_window_and_no_further),
        cmocka_unit_test(test_areas_take_fewer_bytes_than_with_zlib_at_its_fastest),
        cmocka_unit_test(test_the_same_rows_give_the_same_bytes_whatever_came_before),
        cmocka_unit_test(test_codes_are_whole_and_as_short_as_huffman_s),
        cmocka_unit_test(test_no_code_is_longer_than_allowed),
        cmocka_unit_test(test_of_one_symbol_or_none_two_have_a_code),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
