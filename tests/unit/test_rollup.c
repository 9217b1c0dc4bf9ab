/* test_rollup.c - cells and units from enterprises, against plain recomputation. */
#include "tests/unit/world_fixture.h"

#include "data/base/text.h"
#include "geo/distance.h"
#include "geo/exposure.h"
#include "geo/overlay.h"
#include "geo/reach.h"
#include "geo/rollup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int32_t DAY = 20260601;

static double next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 33) / (double)(1u << 31);
}

static void test_cell_is_named_by_its_south_west_corner(void **state)
{
    (void)state;
    static const struct {
        double lon, lat;
        const char *id;
    } points[] = {
        {106.2, 38.48, "10620_3848"},       {106.2099999, 38.4899999, "10620_3848"},
        {106.21, 38.49, "10621_3849"},      {106.29, 38.57, "10629_3857"},
        {105.5 - 1e-7, 37.0, "10549_3700"}, {-0.001, -0.01, "-1_-1"},
    };
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        int64_t column, row;
        char id[ROLLUP_CELL_ID_BYTES];
        rollup_cell_of(0.01, (struct lonlat){points[i].lon, points[i].lat}, &column, &row);
        rollup_cell_id(column, row, id);
        assert_string_equal(id, points[i].id);
    }
    struct box box = rollup_cell_box(0.01, 10620, 3848);
    assert_close(box.west_deg, 106.20, 1e-9);
    assert_close(box.north_deg, 38.49, 1e-9);
}

static void test_share_takes_the_worst_grade_whose_threshold_is_reached(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    const struct parameters *p = &f.rules->parameters;
    static const uint32_t none[5] = {0, 0, 0, 0, 0};
    static const uint32_t blue[5] = {0, 0, 0, 0, 1};
    static const uint32_t red[5] = {0, 1, 0, 0, 0};
    static const uint32_t grey[5] = {3, 0, 0, 0, 0};
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 0.01, 0.01, 0.01}, none, 100), 1);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 0.0099, 0.02, 0.02}, none, 100), 2);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 0.0099, 0.0199, 0.05}, none, 100), 3);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 0.0099, 0.0199, 0.0499}, blue, 100), 4);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 0.0099, 0.0199, 0.0499}, red, 100), 3);
    assert_int_equal(rollup_share_grade(p, (double[5]){0}, grey, 100), 0);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 1, 1, 1}, red, 0), 0);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 1, 1, 1}, red, (double)NAN), 0);
    arena_release(&f.parts.arena);
}

static void test_index_is_the_weighted_count(void **state)
{
    (void)state;
    struct fixture f;
    double index;
    fixture_init(&f);
    const struct parameters *p = &f.rules->parameters;
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){9, 1, 2, 3, 4}, &index), 2);
    assert_close(index, 1234, 1e-9);
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){0, 3, 0, 0, 0}, &index), 1);
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){0, 2, 9, 9, 9}, &index), 2);
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){0, 0, 9, 9, 9}, &index), 3);
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){0, 0, 0, 9, 9}, &index), 4);
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){7, 0, 0, 0, 0}, &index), 0);
    assert_close(index, 0, 0);
    arena_release(&f.parts.arena);
}

/* A region of graded plants, some with zones, over a grid of random persons. */
struct bench {
    struct fixture f;
    struct fixture side; /* for shapes made after the world took f's memory */
    struct world *world;
    struct worker worker;
    struct arena arena;
    struct rollup_source *sources;
    size_t n;
};

static void bench_init(struct bench *b)
{
    uint64_t seed = 11;
    struct err err;
    fixture_init(&b->f);
    arena_init(&b->side.parts.arena, 0);
    fixture_grid(&b->f, 106.0, 38.6, 0.002, 150, 100, 0);
    for (uint32_t row = 0; row < 100; row++) {
        for (uint32_t column = 0; column < 150; column++)
            fixture_cell(&b->f, column, row, (float)(20 * next_random(&seed)));
    }
    for (int i = 0; i < 24; i++) {
        char id[16];
        snprintf(id, sizeof id, "E%02d", i);
        struct enterprise *e = fixture_add(&b->f, LAYER_ENTERPRISES, id);
        double lon = 106.01 + 0.27 * next_random(&seed);
        double lat = 38.41 + 0.17 * next_random(&seed);
        e->head.geom = i % 3 ? fixture_point(&b->f, lon, lat)
                             : fixture_box(&b->f, lon, lat, lon + 0.002, lat + 0.002);
        if (i % 5 == 0) {
            snprintf(id, sizeof id, "Z%02d", i);
            struct zone *zone = fixture_add(&b->f, LAYER_ZONES, id);
            zone->enterprise_id = e->head.id;
            zone->class = 1;
            zone->head.geom =
                fixture_box(&b->f, lon - 0.011, lat - 0.007, lon + 0.012, lat + 0.009);
        }
    }
    b->world = fixture_world(&b->f, DAY);
    arena_init(&b->arena, 0);
    fixture_check(worker_init(&b->worker, 0, &err), &err);
    fixture_check(worker_fit(&b->worker, b->world, &err), &err);
    b->n = world_count(b->world, LAYER_ENTERPRISES);
    struct grade_row *grades = arena_new(&b->arena, struct grade_row, b->n);
    struct grading_lead *leads = arena_new(&b->arena, struct grading_lead, b->n);
    for (size_t i = 0; i < b->n; i++) {
        grades[i].grade = (int32_t)(i % 5);
        grades[i].could_be = i % 4 == 0 ? 1 : grades[i].grade;
        leads[i] = (struct grading_lead){"Because.", "因为。"};
    }
    fixture_check(rollup_sources(b->world, grades, leads, &b->arena, &b->sources, &err), &err);
}

static void bench_release(struct bench *b)
{
    worker_release(&b->worker);
    arena_release(&b->side.parts.arena);
    arena_release(&b->arena);
    world_release(b->world);
}

/* Persons in a unit and in reach of sources graded g or worse: everything joined, cut once. */
static double plain_share(struct bench *b, const struct geom *unit, int32_t grade, bool could_be)
{
    const struct geom *shapes[128];
    struct geom circles[64];
    struct geom all, part;
    struct exposure exposure, whole;
    struct err err;
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct rollup_source *source = &b->sources[i];
        int32_t its = could_be ? source->could_be : source->grade;
        if (its == 0 || its > grade)
            continue;
        for (size_t z = 0; z < source->n_zones; z++)
            shapes[n++] = source->zones[z];
        if (source->n_zones == 0) {
            fixture_check(overlay_buffer(b->worker.overlay,
                                         world_geom(b->world, LAYER_ENTERPRISES, source->row),
                                         b->world->rules->parameters.reach_m[its], 0.5, &b->arena,
                                         &circles[i], &err),
                          &err);
            shapes[n++] = &circles[i];
        }
    }
    fixture_check(overlay_union(b->worker.overlay, shapes, n, &b->arena, &all, &err), &err);
    fixture_check(overlay_intersection(b->worker.overlay, unit, &all, &b->arena, &part, &err),
                  &err);
    fixture_check(exposure_of(&b->world->population, NULL, unit, &b->arena, &whole, &err), &err);
    fixture_check(exposure_of(&b->world->population, NULL, &part, &b->arena, &exposure, &err),
                  &err);
    return exposure.persons / whole.persons;
}

static void test_shares_by_pieces_are_those_of_one_cut(void **state)
{
    (void)state;
    struct bench b;
    struct err err;
    struct reach *reach;
    bench_init(&b);
    struct geom units[3] = {fixture_box(&b.side, 106.0, 38.4, 106.3, 38.6),
                            fixture_box(&b.side, 106.05, 38.45, 106.17, 38.53),
                            fixture_box(&b.side, 106.03, 38.4, 106.0303, 38.6)};
    fixture_check(reach_new(b.world, &b.worker, b.sources, b.n, &b.arena, &reach, &err), &err);
    for (size_t u = 0; u < 3; u++) {
        struct reach_shares shares;
        fixture_check(reach_in_unit(reach, &units[u], &shares, &err), &err);
        for (int32_t g = 1; g <= 3; g++) {
            assert_close(shares.share[g], plain_share(&b, &units[u], g, false), 1e-9);
            assert_close(shares.share_could_be[g], plain_share(&b, &units[u], g, true), 1e-9);
            assert_true(shares.share_could_be[g] >= shares.share[g] - 1e-12);
        }
        assert_true(shares.share[3] > 0.001);
    }
    bench_release(&b);
}

static bool touches(struct bench *b, const struct rollup_source *source, int64_t column,
                    int64_t row, double radius_m)
{
    struct box box = rollup_cell_box(0.01, column, row);
    struct geom cell =
        fixture_box(&b->side, box.west_deg, box.south_deg, box.east_deg, box.north_deg);
    struct closest closest;
    struct err err;
    bool touched = false;
    for (size_t z = 0; z < source->n_zones; z++) {
        fixture_check(
            distance_shapes(&cell, source->zones[z], (double)INFINITY, &b->arena, &closest, &err),
            &err);
        touched |= closest.distance_m <= 0;
    }
    if (source->n_zones == 0) {
        fixture_check(distance_shapes(&cell, world_geom(b->world, LAYER_ENTERPRISES, source->row),
                                      (double)INFINITY, &b->arena, &closest, &err),
                      &err);
        touched = closest.distance_m <= radius_m;
    }
    return touched;
}

static void test_cells_are_the_worst_source_that_touches_them(void **state)
{
    (void)state;
    struct bench b;
    struct err err;
    bench_init(&b);
    struct grade_set set = {.arena = &b.arena};
    fixture_check(rollup_cells(b.world, b.sources, b.n, &set, &err), &err);
    const double *reach_m = b.world->rules->parameters.reach_m;
    size_t n = 0;
    for (int64_t row = 3835; row < 3865; row++) {
        for (int64_t column = 10595; column < 10635; column++) {
            int32_t grade = 0;
            int32_t could_be = 0;
            for (size_t i = 0; i < b.n; i++) {
                const struct rollup_source *source = &b.sources[i];
                if (source->grade && touches(&b, source, column, row, reach_m[source->grade]))
                    grade = grading_worse(grade, source->grade);
                if (source->could_be && touches(&b, source, column, row, reach_m[source->could_be]))
                    could_be = grading_worse(could_be, source->could_be);
            }
            char id[ROLLUP_CELL_ID_BYTES];
            rollup_cell_id(column, row, id);
            const struct grade_row *found = NULL;
            for (size_t k = 0; k < set.n; k++) {
                if (text_equal(set.rows[k].subject_id, id))
                    found = &set.rows[k];
            }
            assert_int_equal(found != NULL, could_be != 0);
            if (found) {
                assert_int_equal(found->grade, grade);
                assert_int_equal(found->could_be, could_be);
                n++;
            }
        }
    }
    assert_int_equal(n, set.n);
    assert_true(n > 40);
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cell_is_named_by_its_south_west_corner),
        cmocka_unit_test(test_share_takes_the_worst_grade_whose_threshold_is_reached),
        cmocka_unit_test(test_index_is_the_weighted_count),
        cmocka_unit_test(test_shares_by_pieces_are_those_of_one_cut),
        cmocka_unit_test(test_cells_are_the_worst_source_that_touches_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
