/* The writer of vector tiles: the examples of the specification, byte by byte. */
#include "tests/unit/mvt_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct mvt *mvt;

static int set_up(void **state)
{
    struct err err;
    (void)state;
    return mvt_new(&mvt, &err) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    mvt_free(mvt);
    return 0;
}

static struct buf take(void)
{
    struct buf out;
    struct err err;
    buf_init(&out);
    assert_int_equal(mvt_take(mvt, &out, &err), ERR_OK);
    return out;
}

#define POINTS(...)                                                                                \
    (const struct mvt_point[]){__VA_ARGS__},                                                       \
        sizeof((const struct mvt_point[]){__VA_ARGS__}) / sizeof(struct mvt_point)

/* The commands and parameters of the only feature of the tile. */
static void expect_geometry(uint32_t type, const uint32_t *wanted, size_t n)
{
    mvt_feature_end(mvt);
    mvt_layer_end(mvt);
    struct buf bytes = take();
    struct mvt_read_tile *tile = mvt_read(&bytes);
    assert_int_equal(tile->n_layers, 1);
    assert_int_equal(tile->layers[0].n_features, 1);
    struct mvt_read_feature *feature = &tile->layers[0].features[0];
    assert_int_equal(feature->type, type);
    for (size_t i = 0; i < n; i++) {
        assert_true(feature->geometry.at < feature->geometry.end);
        assert_int_equal(mvt_varint(&feature->geometry), wanted[i]);
    }
    assert_ptr_equal(feature->geometry.at, feature->geometry.end);
    mvt_read_free(tile);
    buf_release(&bytes);
}

#define GEOMETRY(type, ...)                                                                        \
    expect_geometry(type, (const uint32_t[]){__VA_ARGS__},                                         \
                    sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void begin(void)
{
    mvt_layer(mvt, "a");
    mvt_feature(mvt, MVT_NO_ID);
}

static void test_points_are_those_of_the_specification(void **state)
{
    (void)state;
    begin();
    mvt_points(mvt, POINTS({25, 17}));
    GEOMETRY(1, 9, 50, 34);
    begin();
    mvt_points(mvt, POINTS({5, 7}, {3, 2}));
    GEOMETRY(1, 17, 10, 14, 3, 9);
}

static void test_lines_are_those_of_the_specification(void **state)
{
    (void)state;
    begin();
    mvt_line(mvt, POINTS({2, 2}, {2, 10}, {10, 10}));
    GEOMETRY(2, 9, 4, 4, 18, 0, 16, 16, 0);
    begin();
    mvt_line(mvt, POINTS({2, 2}, {2, 10}, {10, 10}));
    mvt_line(mvt, POINTS({1, 1}, {3, 5}));
    GEOMETRY(2, 9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8);
}

static void test_polygons_are_those_of_the_specification(void **state)
{
    (void)state;
    begin();
    mvt_ring(mvt, POINTS({3, 6}, {8, 12}, {20, 34}));
    GEOMETRY(3, 9, 6, 12, 18, 10, 12, 24, 44, 15);
    begin();
    mvt_ring(mvt, POINTS({0, 0}, {10, 0}, {10, 10}, {0, 10}));
    mvt_ring(mvt, POINTS({11, 11}, {20, 11}, {20, 20}, {11, 20}));
    mvt_ring(mvt, POINTS({13, 13}, {13, 17}, {17, 17}, {17, 13}));
    GEOMETRY(3, 9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15, 9, 4,
             13, 26, 0, 8, 8, 0, 0, 7, 15);
}

/* The whole of a tile, written out by hand after vector_tile.proto. */
static void test_a_whole_tile_is_these_bytes(void **state)
{
    (void)state;
    struct buf values;
    buf_init(&values);
    mvt_encode_string(&values, "world");
    size_t n = values.n_bytes;
    mvt_encode_number(&values, -3);
    struct mvt_value text = mvt_value_of(values.bytes, n);
    struct mvt_value number = mvt_value_of(values.bytes + n, values.n_bytes - n);
    mvt_layer(mvt, "points");
    for (uint64_t id = 1; id <= 2; id++) {
        mvt_feature(mvt, id);
        mvt_tag(mvt, mvt_key(mvt, "hello"), &text);
        if (id == 2)
            mvt_tag(mvt, mvt_key(mvt, "n"), &number);
        mvt_points(mvt, POINTS({25, 17}));
        mvt_feature_end(mvt);
    }
    mvt_layer_end(mvt);
    struct buf out = take();
    static const uint8_t wanted[] = {0x1A, 68,   0x78, 2, /* a layer, version 2 */
                                     0x0A, 6,    'p',  'o',  'i',  'n', 't',  's', /* name */
                                     0x12, 13,   0x08, 1,    0x12, 2,   0,    0,   0x18,
                                     1,    0x22, 3,    9,    50,   34, /* a feature */
                                     0x12, 15,   0x08, 2,    0x12, 4,   0,    0,   1,
                                     1,    0x18, 1,    0x22, 3,    9,   50,   34,  0x1A,
                                     5,    'h',  'e',  'l',  'l',  'o', 0x1A, 1,   'n', /* keys */
                                     0x22, 7,    0x0A, 5,    'w',  'o', 'r',  'l', 'd',
                                     0x22, 2,    0x30, 5, /* values */
                                     0x28, 0x80, 0x20};   /* extent 4,096 */
    assert_int_equal(wanted[1], sizeof wanted - 2);
    assert_int_equal(out.n_bytes, sizeof wanted);
    assert_memory_equal(out.bytes, wanted, sizeof wanted);
    buf_release(&out);
    buf_release(&values);
}

static void test_values_stand_once_a_layer(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct buf values;
    size_t ends[N + 1] = {0};
    buf_init(&values);
    for (int i = 0; i < N; i++) {
        if (i % 4 == 0)
            mvt_encode_number(&values, i * 0.5);
        else
            mvt_encode_number(&values, i);
        ends[i + 1] = values.n_bytes;
    }
    for (int layer = 0; layer < 2; layer++) {
        mvt_layer(mvt, layer ? "b" : "a");
        for (int i = 0; i < 2 * N; i++) {
            size_t k = (size_t)(i % (layer ? 5 : N));
            struct mvt_value value = mvt_value_of(values.bytes + ends[k], ends[k + 1] - ends[k]);
            mvt_feature(mvt, (uint64_t)i);
            mvt_tag(mvt, mvt_key(mvt, "v"), &value);
            mvt_points(mvt, POINTS({0, 0}));
            mvt_feature_end(mvt);
        }
        mvt_layer_end(mvt);
    }
    struct buf out = take();
    struct mvt_read_tile *tile = mvt_read(&out);
    assert_int_equal(tile->n_layers, 2);
    assert_int_equal(tile->layers[0].n_features, 2 * N);
    assert_true(tile->layers[0].n_values < N);     /* some halves are whole, and known */
    assert_int_equal(tile->layers[1].n_values, 4); /* 4 times a half is 2 */
    assert_int_equal(tile->layers[1].n_keys, 1);
    for (int i = 0; i < 2 * N; i++) {
        struct mvt_reader value = mvt_read_tag(&tile->layers[0], &tile->layers[0].features[i], "v");
        size_t k = (size_t)(i % N);
        assert_int_equal(value.end - value.at, ends[k + 1] - ends[k]);
        assert_memory_equal(value.at, values.bytes + ends[k], ends[k + 1] - ends[k]);
    }
    mvt_read_free(tile);
    buf_release(&out);
    buf_release(&values);
}

static void test_numbers_keep_every_digit(void **state)
{
    (void)state;
    static const double numbers[] = {
        0, 1, -1, 0.1, 1e-300, 9007199254740992.0, -9007199254740992.0, 1e300, 3.5e-6};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct buf out;
        buf_init(&out);
        mvt_encode_number(&out, numbers[i]);
        struct mvt_reader r = {(const uint8_t *)out.bytes,
                               (const uint8_t *)out.bytes + out.n_bytes};
        uint64_t key = mvt_varint(&r), bits = 0;
        double got = 0;
        if (key == (4 << 3)) {
            got = (double)mvt_varint(&r);
        } else if (key == (6 << 3)) {
            uint64_t value = mvt_varint(&r);
            got = -(double)(value / 2 + 1);
            assert_int_equal(value % 2, 1);
        } else {
            assert_int_equal(key, 3 << 3 | 1);
            for (int k = 0; k < 8; k++)
                bits |= (uint64_t)*r.at++ << (8 * k);
            memcpy(&got, &bits, sizeof got);
        }
        assert_true(got == numbers[i]);
        assert_ptr_equal(r.at, r.end);
        buf_release(&out);
    }
}

static void test_what_has_no_geometry_is_left_out(void **state)
{
    (void)state;
    mvt_layer(mvt, "empty");
    mvt_feature(mvt, 7);
    assert_false(mvt_has_geometry(mvt));
    mvt_feature_end(mvt);
    mvt_layer_end(mvt);
    struct buf out = take();
    assert_int_equal(out.n_bytes, 0);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_are_those_of_the_specification),
        cmocka_unit_test(test_lines_are_those_of_the_specification),
        cmocka_unit_test(test_polygons_are_those_of_the_specification),
        cmocka_unit_test(test_a_whole_tile_is_these_bytes),
        cmocka_unit_test(test_values_stand_once_a_layer),
        cmocka_unit_test(test_numbers_keep_every_digit),
        cmocka_unit_test(test_what_has_no_geometry_is_left_out),
    };
    return cmocka_run_group_tests_name("mvt", tests, set_up, tear_down);
}
