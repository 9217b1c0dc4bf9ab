/* The rasteriser and the stroker: exact coverage, no seams, tiles equal crops. */
#include "tiler/draw/raster.h"
#include "tiler/draw/stroke.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 64 };

struct picture {
    int32_t width, height;
    uint16_t *at;
};

static struct picture resolve(struct raster *raster)
{
    struct picture picture = {raster->width_px, raster->height_px, NULL};
    picture.at = calloc((size_t)picture.width * (size_t)picture.height, sizeof *picture.at);
    for (int32_t y = raster->top; y <= raster->bottom; y++) {
        size_t n = raster_row(raster, y);
        int32_t end = 0;
        for (size_t i = 0; i < n; i++) {
            const struct span *span = &raster->spans[i];
            assert_true(span->first >= end && span->end > span->first);
            assert_in_range(span->coverage, 1, 256);
            end = span->end;
            for (int32_t x = span->first; x < end; x++)
                picture.at[y * picture.width + x] = (uint16_t)span->coverage;
        }
        assert_true(end <= picture.width);
    }
    raster_clean(raster);
    return picture;
}

static struct raster new_raster(int32_t width, int32_t height)
{
    struct raster raster = {.width_px = 0};
    struct err err;
    assert_int_equal(raster_begin(&raster, width, height, &err), ERR_OK);
    return raster;
}

static void add_rectangle(struct raster *raster, double x0, double y0, double x1, double y1)
{
    struct fixed ring[] = {{llround(x0 * 256), llround(y0 * 256)},
                           {llround(x1 * 256), llround(y0 * 256)},
                           {llround(x1 * 256), llround(y1 * 256)},
                           {llround(x0 * 256), llround(y1 * 256)}};
    raster_ring(raster, ring, 4);
}

static uint32_t seed = 1;
static int32_t random_below(int32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (int32_t)((seed >> 8) % (uint32_t)n);
}

static void test_a_rectangle_covers_its_pixels_by_their_share(void **state)
{
    (void)state;
    struct raster raster = new_raster(SIZE, SIZE);
    add_rectangle(&raster, 2.25, 3.5, 5, 6);
    struct picture p = resolve(&raster);
    assert_int_equal(p.at[3 * SIZE + 2], 96);  /* 0.75 x 0.5 */
    assert_int_equal(p.at[4 * SIZE + 2], 192); /* 0.75 */
    assert_int_equal(p.at[3 * SIZE + 4], 128); /* 0.5 */
    assert_int_equal(p.at[4 * SIZE + 4], 256);
    assert_int_equal(p.at[4 * SIZE + 5], 0);
    assert_int_equal(p.at[6 * SIZE + 4], 0);
    free(p.at);
    raster_release(&raster);
}

static void test_coverage_sums_to_the_area(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct raster raster = new_raster(SIZE, SIZE);
        struct fixed t[3];
        for (int i = 0; i < 3; i++)
            t[i] = (struct fixed){random_below(SIZE * 256), random_below(SIZE * 256)};
        raster_ring(&raster, t, 3);
        struct picture p = resolve(&raster);
        double sum = 0;
        for (int i = 0; i < SIZE * SIZE; i++)
            sum += p.at[i] / 256.0;
        double area = fabs((double)(t[1].x - t[0].x) * (double)(t[2].y - t[0].y) -
                           (double)(t[2].x - t[0].x) * (double)(t[1].y - t[0].y)) /
                      2 / 65536;
        /* Rounding down to 1/256 in each of the pixels that the edges cross. */
        assert_true(fabs(sum - area) < 1.0);
        free(p.at);
        raster_release(&raster);
    }
}

static void test_neighbours_that_share_an_edge_leave_no_seam(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct raster raster = new_raster(SIZE, SIZE);
        struct fixed corner[] = {
            {0, 0}, {SIZE * 256, 0}, {SIZE * 256, SIZE * 256}, {0, SIZE * 256}};
        struct fixed middle = {random_below(SIZE * 256), random_below(SIZE * 256)};
        for (int i = 0; i < 4; i++) {
            struct fixed t[] = {corner[i], corner[(i + 1) % 4], middle};
            raster_ring(&raster, t, 3);
        }
        struct picture p = resolve(&raster);
        for (int i = 0; i < SIZE * SIZE; i++)
            assert_int_equal(p.at[i], 256);
        free(p.at);
        raster_release(&raster);
    }
}

static void test_shapes_on_one_place_cover_it_once(void **state)
{
    (void)state;
    struct raster raster = new_raster(SIZE, SIZE);
    for (int i = 0; i < 3; i++)
        add_rectangle(&raster, 10, 10, 20 + i, 20);
    struct picture p = resolve(&raster);
    assert_int_equal(p.at[15 * SIZE + 15], 256);
    assert_int_equal(p.at[15 * SIZE + 20], 256);
    assert_int_equal(p.at[15 * SIZE + 21], 256);
    assert_int_equal(p.at[15 * SIZE + 22], 0);
    free(p.at);
    raster_release(&raster);
}

static void test_a_hole_turns_the_other_way(void **state)
{
    (void)state;
    struct raster raster = new_raster(SIZE, SIZE);
    struct fixed hole[] = {{5120, 5120}, {5120, 7680}, {7680, 7680}, {7680, 5120}};
    add_rectangle(&raster, 10, 10, 40, 40);
    raster_ring(&raster, hole, 4);
    struct picture p = resolve(&raster);
    assert_int_equal(p.at[25 * SIZE + 25], 0);
    assert_int_equal(p.at[15 * SIZE + 15], 256);
    free(p.at);
    raster_release(&raster);
}

static void test_the_buffer_is_clean_after_reading(void **state)
{
    (void)state;
    struct raster raster = new_raster(SIZE, SIZE);
    add_rectangle(&raster, -10, -10, 100, 100);
    raster_mark(&raster, (struct fixed){1000, 1000});
    free(resolve(&raster).at);
    struct picture p = resolve(&raster);
    for (int i = 0; i < SIZE * SIZE; i++)
        assert_int_equal(p.at[i], 0);
    free(p.at);
    raster_release(&raster);
}

static void test_a_mark_covers_its_pixel_wholly_and_once(void **state)
{
    (void)state;
    struct raster raster = new_raster(SIZE, SIZE);
    for (int i = 0; i < 5; i++)
        raster_mark(&raster, (struct fixed){7 * 256 + i, 9 * 256 + 255});
    add_rectangle(&raster, 7.5, 9, 7.75, 10);
    struct picture p = resolve(&raster);
    assert_int_equal(p.at[9 * SIZE + 7], 256);
    assert_int_equal(p.at[9 * SIZE + 8], 0);
    free(p.at);
    raster_release(&raster);
}

/* Draws random shapes and lines into a raster whose corner lies at (left, top) pixels. */
static void draw_scene(struct raster *raster, uint32_t from_seed, int64_t left, int64_t top)
{
    struct stroker stroker;
    stroker_init(&stroker);
    seed = from_seed;
    struct stroke_style style = {.width_px = 1 + random_below(60) / 10.0,
                                 .cap = (enum line_cap)random_below(3),
                                 .join = (enum line_join)random_below(3)};
    if (random_below(2)) {
        style.n_dashes = 2;
        style.dashes_px[0] = 3;
        style.dashes_px[1] = 2.5;
    }
    if (random_below(4) == 0)
        style.gap_px = random_below(80) / 10.0;
    if (random_below(4) == 0)
        style.offset_px = random_below(200) / 10.0 - 10;
    struct fixed ring[8];
    int n = 3 + random_below(6);
    for (int i = 0; i < n; i++)
        ring[i] = (struct fixed){random_below(4 * SIZE * 256) - SIZE * 256 - left * 256,
                                 random_below(4 * SIZE * 256) - SIZE * 256 - top * 256};
    if (random_below(2))
        raster_ring(raster, ring, (size_t)n);
    else
        stroke_line(&stroker, raster, ring, (size_t)n, random_below(2) == 0, &style);
    assert_false(stroker.failed);
    stroker_release(&stroker);
}

static void test_a_tile_is_the_crop_of_a_larger_picture(void **state)
{
    (void)state;
    struct raster large = new_raster(2 * SIZE, 2 * SIZE), small = new_raster(SIZE, SIZE);
    for (uint32_t scene = 1; scene <= 600; scene++) {
        draw_scene(&large, scene, 0, 0);
        struct picture whole = resolve(&large);
        for (int tile = 0; tile < 4; tile++) {
            int32_t left = tile % 2 * SIZE, top = tile / 2 * SIZE;
            draw_scene(&small, scene, left, top);
            struct picture part = resolve(&small);
            for (int32_t y = 0; y < SIZE; y++)
                for (int32_t x = 0; x < SIZE; x++)
                    if (part.at[y * SIZE + x] != whole.at[(top + y) * 2 * SIZE + left + x])
                        fail_msg("scene %u, tile %d, pixel %d %d: %d in the tile, %d in the whole",
                                 scene, tile, x, y, part.at[y * SIZE + x],
                                 whole.at[(top + y) * 2 * SIZE + left + x]);
            free(part.at);
        }
        free(whole.at);
    }
    raster_release(&large);
    raster_release(&small);
}

static void test_an_edge_across_the_world_at_zoom_20_is_exact(void **state)
{
    (void)state;
    struct raster raster = new_raster(SIZE, SIZE);
    int64_t far = INT64_C(1) << 36;
    /* A half plane whose edge is the diagonal of the picture. */
    struct fixed ring[] = {{-far, -far}, {far, far}, {-far, far}};
    raster_ring(&raster, ring, 3);
    struct picture p = resolve(&raster);
    assert_int_equal(p.at[30 * SIZE + 29], 256);
    assert_int_equal(p.at[30 * SIZE + 30], 128);
    assert_int_equal(p.at[30 * SIZE + 31], 0);
    free(p.at);
    raster_release(&raster);
}

static double covered_px(const struct picture *p)
{
    double sum = 0;
    for (int32_t i = 0; i < p->width * p->height; i++)
        sum += p->at[i] > 256 ? 1 : p->at[i] / 256.0;
    return sum;
}

static struct picture stroke(const struct fixed *points, size_t n, bool closed,
                             const struct stroke_style *style)
{
    struct raster raster = new_raster(SIZE, SIZE);
    struct stroker stroker;
    stroker_init(&stroker);
    stroke_line(&stroker, &raster, points, n, closed, style);
    struct picture p = resolve(&raster);
    stroker_release(&stroker);
    raster_release(&raster);
    return p;
}

static void test_caps_add_what_they_should(void **state)
{
    (void)state;
    struct fixed line[] = {{20 * 256, 32 * 256}, {40 * 256, 32 * 256}};
    static const double added[] = {0, M_PI * 4, 16};
    for (int cap = CAP_BUTT; cap <= CAP_SQUARE; cap++) {
        struct stroke_style style = {.width_px = 4, .cap = (enum line_cap)cap};
        struct picture p = stroke(line, 2, false, &style);
        assert_true(fabs(covered_px(&p) - (80 + added[cap])) < 0.5);
        free(p.at);
    }
}

static void test_joins_add_what_they_should(void **state)
{
    (void)state;
    /* A right angle with arms of 20 px, 4 wide: 2 x 80 less the square they share (4), and
     * at the corner a square of 4, a quarter disc, or half the square. */
    struct fixed line[] = {{20 * 256, 20 * 256}, {40 * 256, 20 * 256}, {40 * 256, 40 * 256}};
    static const double corner[] = {4, M_PI, 2};
    for (int join = JOIN_MITER; join <= JOIN_BEVEL; join++) {
        struct stroke_style style = {.width_px = 4, .join = (enum line_join)join};
        struct picture p = stroke(line, 3, false, &style);
        assert_true(fabs(covered_px(&p) - (156 + corner[join])) < 0.3);
        free(p.at);
    }
}

static void test_no_pixel_of_a_bent_line_is_inked_twice(void **state)
{
    (void)state;
    struct fixed bend[64];
    for (int i = 0; i < 64; i++)
        bend[i] = (struct fixed){llround((32 + 20 * cos(i * 0.09)) * 256),
                                 llround((32 + 20 * sin(i * 0.09)) * 256)};
    struct stroke_style style = {.width_px = 1.5, .join = JOIN_ROUND};
    struct picture p = stroke(bend, 64, false, &style);
    for (int i = 0; i < SIZE * SIZE; i++)
        assert_true(p.at[i] <= 258);
    free(p.at);
}

static void test_dashes_cover_their_share_of_the_line(void **state)
{
    (void)state;
    struct fixed line[] = {{2 * 256, 32 * 256}, {62 * 256, 32 * 256}};
    struct stroke_style style = {.width_px = 2, .n_dashes = 2, .dashes_px = {6, 4}};
    struct picture p = stroke(line, 2, false, &style);
    assert_true(fabs(covered_px(&p) - 72) < 0.1); /* 6 dashes of 6 x 2 */
    assert_int_equal(p.at[32 * SIZE + 3], 256);
    assert_int_equal(p.at[32 * SIZE + 9], 0);
    assert_int_equal(p.at[32 * SIZE + 13], 256);
    free(p.at);
}

static void test_a_gap_leaves_two_lines_of_the_width(void **state)
{
    (void)state;
    struct fixed line[] = {{20 * 256, 32 * 256}, {40 * 256, 32 * 256}};
    struct stroke_style style = {.width_px = 3, .gap_px = 4};
    struct picture p = stroke(line, 2, false, &style);
    assert_true(fabs(covered_px(&p) - 2 * 3 * 20) < 0.1);
    for (int y = 32 - 7; y < 32 + 7; y++) {
        bool inked = (y >= 27 && y < 30) || (y >= 34 && y < 37);
        assert_int_equal(p.at[y * SIZE + 30], inked ? 256 : 0);
    }
    free(p.at);
    /* Round caps go round the end: half a ring of 5 and 2 px at either. */
    style.cap = CAP_ROUND;
    p = stroke(line, 2, false, &style);
    assert_true(fabs(covered_px(&p) - (120 + M_PI * (25 - 4))) < 1);
    assert_int_equal(p.at[32 * SIZE + 40], 0);
    assert_int_equal(p.at[32 * SIZE + 43], 256);
    free(p.at);
    style.cap = CAP_SQUARE; /* 5 px longer at either end */
    p = stroke(line, 2, false, &style);
    assert_true(fabs(covered_px(&p) - 2 * 3 * 30) < 0.1);
    free(p.at);
    struct fixed point[] = {{32 * 256, 32 * 256}, {32 * 256, 32 * 256}};
    style.cap = CAP_ROUND;
    p = stroke(point, 2, false, &style);
    assert_true(fabs(covered_px(&p) - M_PI * (25 - 4)) < 1);
    free(p.at);
    struct fixed square[] = {
        {20 * 256, 20 * 256}, {44 * 256, 20 * 256}, {44 * 256, 44 * 256}, {20 * 256, 44 * 256}};
    p = stroke(square, 4, true, &style); /* mitres: (34^2 - 28^2) + (20^2 - 14^2) */
    assert_true(fabs(covered_px(&p) - (1156 - 784 + 400 - 196)) < 0.5);
    free(p.at);
    struct stroke_style dashed = {.width_px = 2, .gap_px = 2, .n_dashes = 2, .dashes_px = {6, 4}};
    p = stroke(line, 2, false, &dashed);
    assert_true(fabs(covered_px(&p) - 2 * 2 * 12) < 0.1);
    free(p.at);
}

static void test_an_offset_moves_to_the_right_of_the_way(void **state)
{
    (void)state;
    struct fixed east[] = {{20 * 256, 32 * 256}, {40 * 256, 32 * 256}};
    struct fixed west[] = {{40 * 256, 32 * 256}, {20 * 256, 32 * 256}};
    struct stroke_style style = {.width_px = 2, .offset_px = 5};
    struct picture p = stroke(east, 2, false, &style);
    assert_true(fabs(covered_px(&p) - 40) < 0.1);
    assert_int_equal(p.at[36 * SIZE + 30], 256); /* south */
    free(p.at);
    p = stroke(west, 2, false, &style);
    assert_int_equal(p.at[27 * SIZE + 30], 256); /* north */
    free(p.at);
    style.offset_px = -5;
    p = stroke(east, 2, false, &style);
    assert_int_equal(p.at[27 * SIZE + 30], 256);
    free(p.at);
    /* A square that goes clockwise to the eye has its inside to the right. */
    struct fixed square[] = {
        {20 * 256, 20 * 256}, {44 * 256, 20 * 256}, {44 * 256, 44 * 256}, {20 * 256, 44 * 256}};
    style.offset_px = 4;
    p = stroke(square, 4, true, &style);
    assert_true(fabs(covered_px(&p) - (18 * 18 - 14 * 14)) < 0.5);
    free(p.at);
    style.offset_px = -4;
    p = stroke(square, 4, true, &style);
    assert_true(fabs(covered_px(&p) - (34 * 34 - 30 * 30)) < 0.5);
    free(p.at);
    style.join = JOIN_ROUND; /* corners on a quarter of a circle of 4 px */
    p = stroke(square, 4, true, &style);
    assert_true(fabs(covered_px(&p) - (2 * 4 * 24 + M_PI * (25 - 9))) < 1);
    free(p.at);
}

static void test_a_line_of_no_length_shows_its_cap(void **state)
{
    (void)state;
    struct fixed point[] = {{32 * 256, 32 * 256}, {32 * 256, 32 * 256}};
    struct stroke_style style = {.width_px = 6, .cap = CAP_ROUND};
    struct picture p = stroke(point, 2, false, &style);
    assert_true(fabs(covered_px(&p) - M_PI * 9) < 0.6);
    free(p.at);
    style.cap = CAP_BUTT;
    p = stroke(point, 2, false, &style);
    assert_true(covered_px(&p) == 0);
    free(p.at);
}

static void test_huge_dash_counts_cost_only_what_is_seen(void **state)
{
    (void)state;
    int64_t far = INT64_C(1) << 40;
    struct fixed line[] = {{-far, 32 * 256}, {far, 32 * 256}};
    struct stroke_style style = {.width_px = 2, .n_dashes = 2, .dashes_px = {0.05, 0.05}};
    struct picture p = stroke(line, 2, false, &style);
    assert_true(covered_px(&p) > 32 && covered_px(&p) < 128);
    free(p.at);
}

static void add_random(struct raster *raster, int32_t size, int shapes)
{
    for (int k = 0; k < shapes; k++) {
        struct fixed ring[7];
        for (int i = 0; i < 7; i++)
            ring[i] = (struct fixed){random_below(2 * size * 256) - size * 128,
                                     random_below(2 * size * 256) - size * 128};
        raster_ring(raster, ring, 7);
        raster_mark(raster, ring[0]);
    }
}

/* The rows that were read, each pixel from one entry of the lists. */
static void put_cells(const struct raster *raster, uint16_t *got)
{
    size_t width = (size_t)raster->width_px;
    for (size_t i = 0; i < raster->n_pieces; i++) {
        const struct piece *piece = &raster->pieces[i];
        assert_true(piece->end > piece->first && piece->coverage > 0);
        for (size_t x = (size_t)piece->first * 8; x < (size_t)piece->end * 8; x++) {
            assert_int_equal(got[piece->y * width + x], 0);
            got[piece->y * width + x] = (uint16_t)piece->coverage;
        }
    }
    for (size_t i = 0; i < raster->n_edges * 8; i++) {
        size_t at = raster->edges[i / 8].y * width + (size_t)raster->edges[i / 8].cell * 8 + i % 8;
        assert_int_equal(got[at], 0);
        got[at] = raster->shares[i];
    }
}

static void test_cells_say_what_spans_say(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        int32_t size = 8 * (1 + random_below(40));
        uint32_t kept = seed;
        struct raster raster = new_raster(size, size);
        add_random(&raster, size, 1 + round % 3);
        struct picture spans = resolve(&raster);
        seed = kept;
        for (int again = 0; again < 2; again++) { /* the second time it must be empty before */
            seed = kept;
            add_random(&raster, size, 1 + round % 3);
            uint16_t *got = calloc((size_t)size * (size_t)size, sizeof *got);
            for (int32_t y = raster.top, last; y <= raster.bottom; y = last + 1) {
                last = y + random_below(RASTER_ROWS);
                last = last < raster.bottom ? last : raster.bottom;
                raster_cells(&raster, y, last);
                put_cells(&raster, got);
            }
            assert_memory_equal(got, spans.at, (size_t)size * (size_t)size * sizeof *got);
            free(got);
            raster_clean(&raster);
        }
        free(spans.at);
        raster_release(&raster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_rectangle_covers_its_pixels_by_their_share),
        cmocka_unit_test(test_coverage_sums_to_the_area),
        cmocka_unit_test(test_neighbours_that_share_an_edge_leave_no_seam),
        cmocka_unit_test(test_shapes_on_one_place_cover_it_once),
        cmocka_unit_test(test_cells_say_what_spans_say),
        cmocka_unit_test(test_a_hole_turns_the_other_way),
        cmocka_unit_test(test_the_buffer_is_clean_after_reading),
        cmocka_unit_test(test_a_mark_covers_its_pixel_wholly_and_once),
        cmocka_unit_test(test_a_tile_is_the_crop_of_a_larger_picture),
        cmocka_unit_test(test_an_edge_across_the_world_at_zoom_20_is_exact),
        cmocka_unit_test(test_caps_add_what_they_should),
        cmocka_unit_test(test_joins_add_what_they_should),
        cmocka_unit_test(test_no_pixel_of_a_bent_line_is_inked_twice),
        cmocka_unit_test(test_dashes_cover_their_share_of_the_line),
        cmocka_unit_test(test_a_gap_leaves_two_lines_of_the_width),
        cmocka_unit_test(test_an_offset_moves_to_the_right_of_the_way),
        cmocka_unit_test(test_a_line_of_no_length_shows_its_cap),
        cmocka_unit_test(test_huge_dash_counts_cost_only_what_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
