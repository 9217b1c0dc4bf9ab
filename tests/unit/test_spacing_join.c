/* test_spacing_join.c - a source meets by the index whom it meets when it is asked about each. */
#define FIXTURE_RECORDS 1500
#include "tests/unit/world_fixture.h"

#include "geo/findings/judging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { VERTICES = 120, SCHOOLS = FIXTURE_RECORDS };

static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(*seed >> 33) / (double)(UINT64_C(1) << 31);
}

/* A line that goes far in long and in short edges, straight on and back, and schools near it. */
static struct world *make_region(struct fixture *f, uint64_t *seed)
{
    fixture_init(f);
    struct lonlat *points = arena_new(&f->parts.arena, struct lonlat, VERTICES);
    uint32_t *ends = arena_new(&f->parts.arena, uint32_t, 2);
    struct lonlat at = {106.2, 38.4};
    for (int i = 0; i < VERTICES; i++) {
        double step_deg = i % 40 < 10 ? 1e-5 : i % 40 < 20 ? 1e-3 : 2e-2;
        at.lon_deg += step_deg * (uniform(seed) - 0.2);
        at.lat_deg += step_deg * (uniform(seed) - 0.3);
        points[i] = at;
    }
    ends[0] = VERTICES / 3;
    ends[1] = VERTICES;
    struct pipeline *line = fixture_add(f, LAYER_PIPELINES, "L");
    line->medium = "natural_gas";
    line->pipe_class = "transmission";
    line->status = "operating";
    line->diameter_mm = 508;
    line->head.accuracy_m = 1;
    line->head.geom = (struct geom){.kind = GEOM_LINE,
                                    .n_points = VERTICES,
                                    .n_rings = 2,
                                    .points = points,
                                    .ring_ends = ends,
                                    .box = box_of_points(points, VERTICES)};
    for (int i = 0; i < SCHOOLS; i++) {
        int k = (int)(uniform(seed) * (VERTICES - 1));
        double along = uniform(seed);
        struct protected_target *p =
            fixture_add(f, LAYER_PROTECTED, arena_printf(&f->parts.arena, "P%04d", i));
        p->use = "school";
        p->head.accuracy_m = 0.5 + uniform(seed);
        p->head.geom =
            fixture_point(f,
                          points[k].lon_deg + along * (points[k + 1].lon_deg - points[k].lon_deg) +
                              1e-3 * (uniform(seed) - 0.5),
                          points[k].lat_deg + along * (points[k + 1].lat_deg - points[k].lat_deg) +
                              1e-3 * (uniform(seed) - 0.5));
    }
    return fixture_world(f, 20260601);
}

static void test_a_line_meets_by_its_stretches_whom_it_meets_one_by_one(void **state)
{
    (void)state;
    size_t n_met = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        uint64_t drawn = seed;
        struct fixture f;
        struct arena arena;
        struct err err;
        struct judging *judging = NULL;
        struct world *world = make_region(&f, &drawn);
        arena_init(&arena, 0);
        struct finding_bag all = {.arena = &arena}, each = all;
        fixture_check(judging_new(world, &judging, &err), &err);
        fixture_check(distances_find(judging, LAYER_PIPELINES, 0, &all, &err), &err);
        struct spacing_source source = spacing_source_of(world, LAYER_PIPELINES, 0);
        for (uint32_t row = 0; row < SCHOOLS; row++)
            fixture_check(distances_find_one(judging, &source, LAYER_PROTECTED, row, &each, &err),
                          &err);
        assert_int_equal(all.n, each.n);
        for (size_t i = 0; i < all.n; i++)
            assert_memory_equal(&all.items[i], &each.items[i], sizeof *all.items);
        n_met += all.n;
        judging_free(judging);
        arena_release(&arena);
        world_release(world);
    }
    assert_true(n_met > 100 && n_met < (size_t)12 * SCHOOLS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_meets_by_its_stretches_whom_it_meets_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
