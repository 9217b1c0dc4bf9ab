/* Levels of detail of a source: rings stay closed, stretches hold their points. */
#include "tiler/features/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { N_RINGS = 4, RING = 41, N = N_RINGS * RING };

/* Rings of random points of which each level needs some; the last "ring" is a line. */
static void fill(struct plane_point *points, uint8_t *zooms, uint32_t *ends)
{
    uint32_t seed = 5;
    for (uint32_t i = 0; i < N; i++) {
        seed = seed * 1664525u + 1013904223u;
        points[i] = (struct plane_point){(int32_t)(seed >> 4), (int32_t)(seed * 7 >> 4)};
        zooms[i] = (uint8_t)(seed >> 9 & 15);
    }
    for (uint32_t ring = 0; ring < N_RINGS; ring++) {
        uint32_t start = ring * RING, last = start + RING - 1;
        ends[ring] = last + 1;
        zooms[start + 9] = 0;
        if (ring + 1 < N_RINGS) {
            points[last] = points[start];
            zooms[last] = zooms[start] = (uint8_t)(5 * ring);
        } else {
            zooms[start] = zooms[last] = 0;
        }
    }
}

static void test_rings_are_closed_at_every_level_and_stretches_hold_their_points(void **state)
{
    (void)state;
    static struct plane_point points[N];
    static uint8_t zooms[N];
    uint32_t ends[N_RINGS];
    struct err err;
    fill(points, zooms, ends);
    const struct source source = {
        .n_rings = N_RINGS, .full = {.points = points, .ring_ends = ends}, .zooms = zooms};
    for (uint32_t level = 0; level < DETAIL_FULL; level++) {
        struct arena arena;
        struct detail detail;
        arena_init(&arena, 0);
        assert_int_equal(source_detail(&source, level, &arena, &detail, &err), ERR_OK);
        for (uint32_t ring = 0, at = 0; ring < N_RINGS; ring++) {
            uint32_t start = at, end = detail.ring_ends[ring];
            for (uint32_t i = ring * RING; i < ends[ring]; i++) {
                if (zooms[i] > level)
                    continue;
                assert_memory_equal(&detail.points[at], &points[i], sizeof *points);
                at++;
            }
            if (ring + 1 < N_RINGS && zooms[(size_t)ring * RING] > level && at > start + 1)
                at++; /* the point that closes it */
            assert_int_equal(at, end);
            if (ring + 1 < N_RINGS && end > start)
                assert_memory_equal(&detail.points[start], &detail.points[end - 1], sizeof *points);
        }
        uint32_t n = detail.ring_ends[N_RINGS - 1];
        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t k = i; k <= i + 1 && k < n; k++) { /* a segment is in its first's box */
                const struct detail_stretch *box = &detail.stretches[i / DETAIL_STRETCH];
                assert_in_range(detail.points[k].x, box->west, box->east);
                assert_in_range(detail.points[k].y, box->north, box->south);
            }
        }
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rings_are_closed_at_every_level_and_stretches_hold_their_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
