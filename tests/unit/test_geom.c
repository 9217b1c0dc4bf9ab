/* test_geom.c - shapes: making, copying, and well-known binary both ways. */
#include "data/geom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Bytes as OGR and PostGIS write them, from hexadecimal. */
static size_t unhex(const char *hex, unsigned char *out)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (unsigned char)byte;
    }
    return n;
}

static enum err_code from_hex(const char *hex, struct arena *arena, struct geom *out,
                              struct err *err)
{
    static unsigned char bytes[4096];
    assert_true(strlen(hex) / 2 <= sizeof bytes);
    size_t n = unhex(hex, bytes);
    return geom_from_wkb(bytes, n, arena, out, err);
}

#define LE_1 "000000000000F03F"
#define LE_2 "0000000000000040"
#define LE_3 "0000000000000840"
#define LE_NAN "000000000000F87F"
#define LE_INF "000000000000F07F"
#define BE_1 "3FF0000000000000"
#define BE_2 "4000000000000000"

static void test_wkb_point_is_read_in_either_byte_order_and_with_z_m_or_srid(void **state)
{
    (void)state;
    static const char *const same[] = {
        "0101000000" LE_1 LE_2,           /* little-endian */
        "0000000001" BE_1 BE_2,           /* big-endian */
        "01E9030000" LE_1 LE_2 LE_3,      /* ISO Z */
        "01D1070000" LE_1 LE_2 LE_3,      /* ISO M */
        "01B90B0000" LE_1 LE_2 LE_3 LE_3, /* ISO ZM */
        "0101000080" LE_1 LE_2 LE_3,      /* 2.5D of OGR and PostGIS */
        "01010000208A110000" LE_1 LE_2,   /* with SRID 4490 */
        "010400000001000000"
        "0000000001" BE_1 BE_2, /* multi of one, mixed order */
        "010700000001000000"
        "0101000000" LE_1 LE_2, /* collection of one */
    };
    struct arena arena;
    struct err err;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct geom geom;
        assert_int_equal(from_hex(same[i], &arena, &geom, &err), ERR_OK);
        assert_int_equal(geom.kind, GEOM_POINT);
        assert_int_equal(geom.n_points, 1);
        assert_true(geom.points[0].lon_deg == 1 && geom.points[0].lat_deg == 2);
        assert_true(geom.box.west_deg == 1 && geom.box.north_deg == 2);
    }
    arena_release(&arena);
}

static void test_wkb_empty_shapes_are_none(void **state)
{
    (void)state;
    static const char *const empty[] = {
        "0101000000" LE_NAN LE_NAN,   "010200000000000000", "010300000000000000",
        "01030000000100000000000000", "010600000000000000", "010700000000000000",
    };
    struct arena arena;
    struct err err;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        struct geom geom;
        assert_int_equal(from_hex(empty[i], &arena, &geom, &err), ERR_OK);
        assert_int_equal(geom.kind, GEOM_NONE);
        assert_true(box_is_empty(geom.box));
    }
    arena_release(&arena);
}

static void test_wkb_bad_bytes_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        const char *says;
    } bad[] = {
        {"", "ends early"},
        {"0101000000" LE_1, "ends early"},
        {"0102000000FFFFFFFF" LE_1 LE_2, "ends early"},
        {"0103000000FFFFFFFF", "ends early"},
        {"0107000000FFFFFFFF", "ends early"},
        {"0201000000" LE_1 LE_2, "byte order"},
        {"0101000000" LE_1 LE_2 "00", "1 bytes follow"},
        {"0101000000" LE_1 LE_NAN, "not finite"},
        {"0101000000" LE_INF LE_1, "not finite"},
        {"010200000001000000" LE_1 LE_2, "a line needs 2"},
        {"01030000000100000003000000" LE_1 LE_1 LE_2 LE_1 LE_1 LE_1, "this one has 3"},
        {"010300000002000000"
         "00000000"
         "04000000" LE_1 LE_1 LE_2 LE_1 LE_2 LE_2 LE_1 LE_1,
         "outer ring is empty"},
        {"0108000000"
         "00000000",
         "type 8"},
        {"010700000002000000"
         "0101000000" LE_1 LE_2 "010200000002000000" LE_1 LE_2 LE_2 LE_2,
         "mixes"},
        {"010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "010700000001000000"
         "0101000000" LE_1 LE_2,
         "deep"},
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct geom geom;
        struct err err = {0};
        assert_int_equal(from_hex(bad[i].hex, &arena, &geom, &err), ERR_INPUT);
        assert_non_null(strstr(err.message, bad[i].says));
        assert_int_equal(geom.kind, GEOM_NONE);
    }
    arena_release(&arena);
}

static void test_wkb_rings_are_closed_and_turned(void **state)
{
    (void)state;
    /* Outer ring clockwise and open; the hole counter-clockwise. */
    static const struct lonlat outer[] = {{0, 0}, {0, 9}, {9, 9}, {9, 0}};
    static const struct lonlat hole[] = {{1, 1}, {2, 1}, {2, 2}, {1, 1}};
    unsigned char bytes[256];
    size_t at = unhex("010300000002000000"
                      "04000000",
                      bytes);
    memcpy(bytes + at, outer, sizeof outer);
    at += sizeof outer;
    at += unhex("04000000", bytes + at);
    memcpy(bytes + at, hole, sizeof hole);
    at += sizeof hole;
    struct arena arena;
    struct err err;
    struct geom geom;
    arena_init(&arena, 0);
    assert_int_equal(geom_from_wkb(bytes, at, &arena, &geom, &err), ERR_OK);
    assert_int_equal(geom.kind, GEOM_POLYGON);
    assert_int_equal(geom.n_rings, 2);
    assert_int_equal(geom.n_parts, 1);
    assert_int_equal(geom.part_ends[0], 2);
    assert_int_equal(geom.ring_ends[0], 5);
    static const struct lonlat expected[] = {{0, 0}, {9, 0}, {9, 9}, {0, 9}, {0, 0},
                                             {1, 1}, {2, 2}, {2, 1}, {1, 1}};
    assert_int_equal(geom.n_points, 9);
    assert_memory_equal(geom.points, expected, sizeof expected);
    arena_release(&arena);
}

static struct geom sample(enum geom_kind kind, uint32_t members, struct arena *arena)
{
    /* Members side by side; each polygon has a hole. */
    static const struct lonlat square[] = {{0, 0}, {9, 0}, {9, 9}, {0, 9}, {0, 0},
                                           {1, 1}, {1, 2}, {2, 2}, {2, 1}, {1, 1}};
    uint32_t each = kind == GEOM_POINT ? 1 : 10;
    struct lonlat *points = arena_new(arena, struct lonlat, (size_t)each * members);
    uint32_t *rings = arena_new(arena, uint32_t, 2 * (size_t)members);
    uint32_t *parts = arena_new(arena, uint32_t, members);
    struct geom geom = {.kind = kind, .n_points = each * members, .points = points};
    for (uint32_t m = 0; m < members; m++) {
        for (uint32_t i = 0; i < each; i++)
            points[m * each + i] = (struct lonlat){square[i].lon_deg + 10 * m, square[i].lat_deg};
        rings[2 * m] = 10 * m + 5;
        rings[2 * m + 1] = 10 * m + 10;
        parts[m] = 2 * m + 2;
    }
    if (kind != GEOM_POINT) {
        geom.n_rings = 2 * members;
        geom.ring_ends = rings;
    }
    if (kind == GEOM_POLYGON) {
        geom.n_parts = members;
        geom.part_ends = parts;
    }
    geom.box = box_of_points(points, geom.n_points);
    return geom;
}

static void test_wkb_written_reads_back_bit_for_bit(void **state)
{
    (void)state;
    struct arena arena;
    struct err err;
    arena_init(&arena, 0);
    for (int kind = GEOM_POINT; kind <= GEOM_POLYGON; kind++) {
        for (uint32_t members = 1; members <= 3; members++) {
            struct geom geom = sample((enum geom_kind)kind, members, &arena);
            struct geom back;
            struct geom copy;
            const void *bytes;
            size_t n;
            assert_int_equal(geom_to_wkb(&geom, &arena, &bytes, &n, &err), ERR_OK);
            assert_int_equal(geom_from_wkb(bytes, n, &arena, &back, &err), ERR_OK);
            assert_true(geom_equal(&geom, &back));
            assert_memory_equal(&geom.box, &back.box, sizeof geom.box);
            assert_int_equal(geom_copy(&geom, &arena, &copy, &err), ERR_OK);
            assert_true(geom_equal(&geom, &copy));
            assert_ptr_not_equal(geom.points, copy.points);
            /* Every shorter piece is refused, none is read past its end. */
            for (size_t cut = 0; cut < n; cut++)
                assert_int_equal(geom_from_wkb(bytes, cut, &arena, &back, &err), ERR_INPUT);
        }
    }
    arena_release(&arena);
}

static void test_wkb_nothing_is_written_as_an_empty_collection(void **state)
{
    (void)state;
    struct arena arena;
    struct err err;
    struct geom none = {.kind = GEOM_NONE, .box = box_empty()};
    struct geom back;
    const void *bytes;
    size_t n;
    arena_init(&arena, 0);
    assert_int_equal(geom_to_wkb(&none, &arena, &bytes, &n, &err), ERR_OK);
    assert_int_equal(geom_from_wkb(bytes, n, &arena, &back, &err), ERR_OK);
    assert_int_equal(back.kind, GEOM_NONE);
    arena_release(&arena);
}

static void test_geom_of_ring_closes_turns_and_refuses_what_has_no_area(void **state)
{
    (void)state;
    struct arena arena;
    struct err err;
    struct geom geom;
    arena_init(&arena, 0);
    static const struct lonlat clockwise[] = {{0, 0}, {0, 1}, {1, 1}};
    assert_int_equal(geom_of_ring(clockwise, 3, &arena, &geom, &err), ERR_OK);
    assert_int_equal(geom.n_points, 4);
    assert_true(geom.points[1].lon_deg == 1 && geom.points[1].lat_deg == 1);
    assert_true(geom.points[3].lon_deg == 0 && geom.points[3].lat_deg == 0);
    static const struct lonlat two[] = {{0, 0}, {0, 1}, {0, 0}};
    assert_int_equal(geom_of_ring(two, 3, &arena, &geom, &err), ERR_INPUT);
    assert_int_equal(geom_of_ring(two, 0, &arena, &geom, &err), ERR_INPUT);
    static const struct lonlat lost[] = {{0, 0}, {NAN, 1}, {1, 0}};
    assert_int_equal(geom_of_ring(lost, 3, &arena, &geom, &err), ERR_INPUT);
    assert_int_equal(geom_of_point(lost[1], &arena, &geom, &err), ERR_INPUT);
    arena_release(&arena);
}

static void test_geom_equal_tells_one_bit_apart(void **state)
{
    (void)state;
    struct arena arena;
    struct err err;
    struct geom geom;
    struct geom other;
    arena_init(&arena, 0);
    static const struct lonlat ring[] = {{0, 0}, {1, 0}, {1, 1}};
    static const struct lonlat near[] = {{0, 0}, {1.0000000000000002, 0}, {1, 1}};
    assert_int_equal(geom_of_ring(ring, 3, &arena, &geom, &err), ERR_OK);
    assert_int_equal(geom_of_ring(near, 3, &arena, &other, &err), ERR_OK);
    assert_false(geom_equal(&geom, &other));
    arena_release(&arena);
}

static void test_geom_reports_memory_that_runs_out(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct geom geom = sample(GEOM_POLYGON, 3, &arena);
    const void *bytes;
    size_t n;
    struct err err;
    assert_int_equal(geom_to_wkb(&geom, &arena, &bytes, &n, &err), ERR_OK);
    int refused = 0;
    for (size_t limit = 16; limit < 1024; limit += 16) {
        struct arena small;
        struct geom back;
        arena_init(&small, limit);
        enum err_code code = geom_from_wkb(bytes, n, &small, &back, &err);
        assert_true(code == ERR_OK || code == ERR_MEMORY);
        refused += code == ERR_MEMORY;
        arena_release(&small);
    }
    assert_true(refused > 0 && refused < 63);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wkb_point_is_read_in_either_byte_order_and_with_z_m_or_srid),
        cmocka_unit_test(test_wkb_empty_shapes_are_none),
        cmocka_unit_test(test_wkb_bad_bytes_are_refused_with_a_reason),
        cmocka_unit_test(test_wkb_rings_are_closed_and_turned),
        cmocka_unit_test(test_wkb_written_reads_back_bit_for_bit),
        cmocka_unit_test(test_wkb_nothing_is_written_as_an_empty_collection),
        cmocka_unit_test(test_geom_of_ring_closes_turns_and_refuses_what_has_no_area),
        cmocka_unit_test(test_geom_equal_tells_one_bit_apart),
        cmocka_unit_test(test_geom_reports_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
