/* test_pairs.c - joins of layers by distance against all pairs, one by one. */
#include "geo/world/pairs.h"

#include "geo/world/edge_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/one_thread.h"
#include "tests/unit/world_fixture.h"

static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*seed >> 11) / 9007199254740992.0;
}

enum { RECORDS = 120 };

/* Longitudes in stores stand between -180 and 180. */
static struct lonlat somewhere(struct lonlat centre, double within_m, uint64_t *seed)
{
    struct lonlat at =
        ellipsoid_direct(centre, uniform(seed) * 360, within_m * sqrt(uniform(seed)));
    at.lon_deg = remainder(at.lon_deg, 360);
    return at;
}

/* No edge the long way round: a shape that would lie over the antimeridian stands beside it. */
static struct lonlat beside(struct lonlat centre, double size_m)
{
    double lon_m;
    double lat_m;
    ellipsoid_degree_m(centre.lat_deg, &lon_m, &lat_m);
    double most_deg = 180 - 1.1 * size_m / lon_m;
    centre.lon_deg = fmax(-most_deg, fmin(most_deg, centre.lon_deg));
    return centre;
}

static struct geom polygon(struct fixture *f, struct lonlat centre, double size_m, uint64_t *seed)
{
    struct lonlat ring[12];
    struct err err;
    struct geom geom;
    centre = beside(centre, size_m);
    for (int i = 0; i < 12; i++)
        ring[i] = ellipsoid_direct(centre, -30.0 * i, size_m * (0.5 + 0.5 * uniform(seed)));
    fixture_check(geom_of_ring(ring, 12, &f->parts.arena, &geom, &err), &err);
    return geom;
}

static struct geom walk(struct fixture *f, struct lonlat from, double step_m, uint64_t *seed)
{
    enum { STEPS = 40 };
    struct lonlat *points = arena_new(&f->parts.arena, struct lonlat, STEPS);
    uint32_t *ends = arena_new(&f->parts.arena, uint32_t, 1);
    double azimuth_deg = uniform(seed) * 360;
    for (int i = 0; i < STEPS; i++) {
        points[i] = from;
        azimuth_deg += 30 * (uniform(seed) - 0.5);
        struct lonlat next = ellipsoid_direct(from, azimuth_deg, step_m);
        from = fabs(next.lon_deg) < 180 ? next : from; /* it ends at the antimeridian */
    }
    *ends = STEPS;
    return (struct geom){.kind = GEOM_LINE,
                         .n_points = STEPS,
                         .n_rings = 1,
                         .points = points,
                         .ring_ends = ends,
                         .box = box_of_points(points, STEPS)};
}

/* Plants and targets are points and polygons, pipelines lines; some have no shape. */
static struct world *make_world(struct lonlat centre, uint64_t *seed)
{
    struct fixture f;
    char id[16];
    fixture_init(&f);
    for (int i = 0; i < RECORDS; i++) {
        struct lonlat at = somewhere(centre, 5000, seed);
        snprintf(id, sizeof id, "E%d", i);
        struct enterprise *plant = fixture_add(&f, LAYER_ENTERPRISES, id);
        plant->declared_grade = i % 5 ? i % 5 : INT_ABSENT;
        plant->head.geom = i % 7 == 0   ? (struct geom){.kind = GEOM_NONE, .box = box_empty()}
                           : i % 3 == 0 ? polygon(&f, at, 400, seed)
                                        : fixture_point(&f, at.lon_deg, at.lat_deg);
        at = somewhere(centre, 5000, seed);
        snprintf(id, sizeof id, "P%d", i);
        struct protected_target *target = fixture_add(&f, LAYER_PROTECTED, id);
        target->head.geom = i % 4 == 0 ? polygon(&f, at, i % 8 ? 50 : 1500, seed)
                                       : fixture_point(&f, at.lon_deg, at.lat_deg);
        if (i % 4)
            continue;
        snprintf(id, sizeof id, "L%d", i);
        struct pipeline *pipeline = fixture_add(&f, LAYER_PIPELINES, id);
        pipeline->head.geom = walk(&f, somewhere(centre, 5000, seed), 150, seed);
    }
    return fixture_world(&f, 20260601);
}

struct collected {
    struct pair items[RECORDS * RECORDS];
    size_t n;
};

static enum err_code collect(void *context, const struct pair *pair, struct err *err)
{
    (void)err;
    struct collected *collected = context;
    collected->items[collected->n++] = *pair;
    return ERR_OK;
}

static double apart_m(const struct world *world, enum layer_id a, size_t i, enum layer_id b,
                      size_t j, struct arena *arena)
{
    struct closest closest;
    assert_int_equal(distance_shapes(world_geom(world, a, i), world_geom(world, b, j), INFINITY,
                                     arena, &closest, NULL),
                     ERR_OK);
    return closest.distance_m;
}

static struct collected *join(const struct pairs_question *question, struct arena *arena)
{
    struct err err = {0};
    struct collected *out = arena_new(arena, struct collected, 1);
    if (pairs_each(question, arena, out, collect, &err) != ERR_OK)
        fail_msg("%s", err.message);
    return out;
}

static void compare_within(const struct pairs_question *question, struct arena *arena)
{
    const struct world *world = question->world;
    const struct collected *found = join(question, arena);
    size_t at = 0;
    for (size_t i = 0; i < world_count(world, question->a); i++)
        for (size_t j = 0; j < world_count(world, question->b); j++) {
            double distance_m = apart_m(world, question->a, i, question->b, j, arena);
            bool self = question->a == question->b && i == j;
            if (self || isinf(distance_m) || isnan(question->within_m[i]) ||
                !distance_within(distance_m, question->within_m[i]))
                continue;
            assert_true(at < found->n);
            assert_int_equal(found->items[at].a, i);
            assert_int_equal(found->items[at].b, j);
            assert_close(found->items[at].closest.distance_m, distance_m, 1e-6);
            at++;
        }
    assert_int_equal(at, found->n);
}

static const struct lonlat centres[] = {
    {106.2, 38.4}, {179.99, 51.5}, {-179.999, -70}, {20, 89.98}, {0, 0},
};

static void test_pairs_within_are_all_pairs_by_id(void **state)
{
    (void)state;
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_PROTECTED, LAYER_PIPELINES};
    uint64_t seed = 1;
    struct arena arena;
    double within_m[RECORDS];
    arena_init(&arena, 0);
    for (size_t c = 0; c < sizeof centres / sizeof centres[0]; c++) {
        struct world *world = make_world(centres[c], &seed);
        for (size_t i = 0; i < RECORDS; i++)
            within_m[i] = i % 6 == 0 ? (double)NAN : 300.0 * (double)(i % 6);
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++) {
                const struct pairs_question question = {
                    .world = world, .a = layers[a], .b = layers[b], .within_m = within_m};
                compare_within(&question, &arena);
                arena_reset(&arena);
            }
        world_release(world);
    }
    arena_release(&arena);
}

static int by_distance(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

static void compare_nearest(const struct pairs_question *question, struct arena *arena)
{
    const struct world *world = question->world;
    const struct collected *found = join(question, arena);
    size_t at = 0;
    for (size_t i = 0; i < world_count(world, question->a); i++) {
        double all_m[RECORDS];
        size_t n = 0;
        for (size_t j = 0; j < world_count(world, question->b); j++) {
            double distance_m = apart_m(world, question->a, i, question->b, j, arena);
            bool self = question->a == question->b && i == j;
            if (!self && distance_m < 1e9 && distance_within(distance_m, question->within_m[i]))
                all_m[n++] = distance_m;
        }
        qsort(all_m, n, sizeof *all_m, by_distance);
        for (size_t k = 0; k < n && k < question->nearest; k++, at++) {
            assert_true(at < found->n);
            const struct pair *pair = &found->items[at];
            assert_int_equal(pair->a, i);
            assert_close(pair->closest.distance_m, all_m[k], 1e-6);
            assert_close(pair->closest.distance_m,
                         apart_m(world, question->a, i, question->b, pair->b, arena), 1e-6);
            if (k > 0 && pair[-1].closest.distance_m == pair->closest.distance_m)
                assert_true(pair[-1].b < pair->b);
        }
    }
    assert_int_equal(at, found->n);
}

static void test_nearest_are_the_least_of_all(void **state)
{
    (void)state;
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_PROTECTED, LAYER_PIPELINES};
    uint64_t seed = 2;
    struct arena arena;
    double within_m[RECORDS];
    arena_init(&arena, 0);
    for (size_t c = 0; c < sizeof centres / sizeof centres[0]; c++) {
        struct world *world = make_world(centres[c], &seed);
        for (size_t i = 0; i < RECORDS; i++)
            within_m[i] = c % 2 ? INFINITY : 1500;
        for (int k = 0; k < 9; k++) {
            const struct pairs_question question = {.world = world,
                                                    .a = layers[k % 3],
                                                    .b = layers[k / 3],
                                                    .within_m = within_m,
                                                    .nearest = k % 2 ? 1 : 4};
            compare_nearest(&question, &arena);
            arena_reset(&arena);
        }
        world_release(world);
    }
    arena_release(&arena);
}

/* T-73: 501.1406 m is outside 500 m, 499.6478 m inside; the limit itself is within. */
static void test_the_limit_is_within_and_a_tenth_of_a_millimetre_more_is_not(void **state)
{
    (void)state;
    struct fixture f;
    struct arena arena;
    fixture_init(&f);
    arena_init(&arena, 0);
    struct enterprise *plant = fixture_add(&f, LAYER_ENTERPRISES, "E");
    plant->head.geom = fixture_point(&f, 121.4737, 31.2304);
    struct protected_target *target = fixture_add(&f, LAYER_PROTECTED, "P");
    target->head.geom = fixture_point(&f, 121.4737 + 0.00526, 31.2304);
    struct world *world = fixture_world(&f, 20260601);
    static const struct {
        double within_m;
        size_t n;
    } cases[] = {{500, 0}, {501.1406, 1}, {501.1405, 0}, {501.1407, 1}, {NAN, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct pairs_question question = {.world = world,
                                                .a = LAYER_ENTERPRISES,
                                                .b = LAYER_PROTECTED,
                                                .within_m = &cases[i].within_m};
        assert_int_equal(join(&question, &arena)->n, cases[i].n);
    }
    world_release(world);
    arena_release(&arena);
}

static enum err_code stop_at_second(void *context, const struct pair *pair, struct err *err)
{
    int *n = context;
    (void)pair;
    return ++*n == 2 ? err_set(err, ERR_IO, "no more") : ERR_OK;
}

static void test_pairs_stop_where_the_visitor_stops_and_tell_of_bad_records(void **state)
{
    (void)state;
    uint64_t seed = 3;
    struct arena arena;
    struct err err;
    int n = 0;
    double within_m[RECORDS];
    arena_init(&arena, 0);
    for (size_t i = 0; i < RECORDS; i++)
        within_m[i] = 5000;
    struct world *world = make_world(centres[0], &seed);
    struct pairs_question question = {
        .world = world, .a = LAYER_ENTERPRISES, .b = LAYER_PROTECTED, .within_m = within_m};
    assert_int_equal(pairs_each(&question, &arena, &n, stop_at_second, &err), ERR_IO);
    assert_int_equal(n, 2);
    assert_int_equal(arena.used_bytes, 0);
    world_release(world);

    struct fixture f;
    fixture_init(&f);
    struct enterprise *plant = fixture_add(&f, LAYER_ENTERPRISES, "E");
    plant->head.geom = fixture_point(&f, 106, 38);
    struct protected_target *target = fixture_add(&f, LAYER_PROTECTED, "P");
    target->head.geom = fixture_point(&f, 1e9, 38);
    world = fixture_world(&f, 20260601);
    question.world = world;
    assert_int_equal(pairs_each(&question, &arena, &n, stop_at_second, &err), ERR_INPUT);
    assert_non_null(strstr(err.message, "layer protected"));
    assert_non_null(strstr(err.message, "no longitude and latitude"));
    world_release(world);
    arena_release(&arena);
}

/* Every size of the arena: an answer or ERR_MEMORY, never anything else. */
static void test_pairs_report_memory_that_runs_out(void **state)
{
    (void)state;
    uint64_t seed = 4;
    double within_m[RECORDS];
    for (size_t i = 0; i < RECORDS; i++)
        within_m[i] = 1000;
    struct world *world = make_world(centres[0], &seed);
    const struct pairs_question question = {
        .world = world, .a = LAYER_PROTECTED, .b = LAYER_PIPELINES, .within_m = within_m};
    enum err_code code = ERR_MEMORY;
    int refused = 0;
    static struct collected found;
    for (size_t limit = 64; code != ERR_OK; limit += limit / 2) {
        struct arena arena;
        struct err err;
        arena_init(&arena, limit);
        found.n = 0;
        code = pairs_each(&question, &arena, &found, collect, &err);
        assert_true(code == ERR_OK || code == ERR_MEMORY);
        refused += code == ERR_MEMORY;
        arena_release(&arena);
    }
    assert_true(refused > 3);
    assert_true(found.n > 10);
    world_release(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_within_are_all_pairs_by_id),
        cmocka_unit_test(test_nearest_are_the_least_of_all),
        cmocka_unit_test(test_the_limit_is_within_and_a_tenth_of_a_millimetre_more_is_not),
        cmocka_unit_test(test_pairs_stop_where_the_visitor_stops_and_tell_of_bad_records),
        cmocka_unit_test(test_pairs_report_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
