/* test_pipeline_spans.c - stationing, spans and sweeps against brute force. */
#include "tests/unit/pipeline_bench.h"

#include "geo/measure/distance.h"
#include "geo/pipelines/pipeline_line.h"
#include "geo/pipelines/pipeline_spans.h"
#include "geo/pipelines/pipeline_sweep.h"
#include "geo/pipelines/pipeline_targets.h"

/* ---- sweeps ---- */

/* The count of a window at x, by looking at every item. */
static int64_t count_at(const struct sweep_item *items, size_t n, double x, double length_m)
{
    int64_t count = 0;
    for (size_t i = 0; i < n; i++) {
        bool touched = false;
        for (uint32_t k = 0; k < items[i].n_spans; k++)
            touched = touched ||
                      (items[i].spans[k].from_m <= x + length_m && items[i].spans[k].to_m >= x);
        count += touched ? items[i].count : 0;
    }
    return count;
}

static void test_windows_slid_in_steps_of_a_metre_find_no_more_and_no_less(void **state)
{
    (void)state;
    enum { ITEMS = 40, TRIES = 200 };
    struct arena arena;
    struct err err;
    arena_init(&arena, 0);
    for (int round = 0; round < TRIES; round++) {
        struct sweep_item items[ITEMS];
        struct span spans[ITEMS][3];
        for (size_t i = 0; i < ITEMS; i++) {
            size_t n = 1 + (size_t)draw(0, 2.99);
            for (size_t k = 0; k < n; k++) {
                double from = floor(draw(0, 4000));
                spans[i][k] =
                    (struct span){from, from + (draw(0, 1) < 0.5 ? 0 : floor(draw(0, 300)))};
            }
            spans_settle(spans[i], &n, 0);
            items[i] =
                (struct sweep_item){spans[i], (uint32_t)n, COUNT_UNIT * (int64_t)draw(1, 20), 0};
        }
        double length_m = floor(draw(0, 2000));
        struct sweep_question question = {items, ITEMS, {0, 4000 - length_m}, length_m};
        struct sweep_limit limit = {COUNT_UNIT * (int64_t)draw(1, 200), draw(0, 1) < 0.5, false, 0};
        struct sweep sweep;
        struct sweep_run *runs = NULL;
        size_t n = 0;
        pipeline_sweep(&question, &sweep);
        fixture_check(pipeline_sweep_runs(&sweep, &limit, &arena, &runs, &n, &err), &err);
        /* Half metres too: between whole ones nothing changes but at ends, which are whole. */
        for (double x = 0; x <= 4000 - length_m; x += 0.5) {
            int64_t count = count_at(items, ITEMS, x, length_m);
            bool reached = limit.included ? count >= limit.from : count > limit.from;
            bool found = false;
            for (size_t i = 0; i < n; i++)
                if (runs[i].starts.from_m <= x && x <= runs[i].starts.to_m) {
                    found = true;
                    assert_true(runs[i].most >= count);
                    assert_int_equal(count_at(items, ITEMS, runs[i].most_at_m, length_m),
                                     runs[i].most);
                }
            assert_int_equal(found, reached);
        }
        arena_reset(&arena);
    }
    arena_release(&arena);
}

/* ---- lines and spans ---- */

static struct geom random_polygon(struct arena *arena, struct lonlat at, double size_m)
{
    struct lonlat ring[9];
    struct geom geom;
    struct err err;
    for (int i = 0; i < 9; i++)
        ring[i] = ellipsoid_direct(at, -40.0 * i, size_m * draw(0.3, 1));
    fixture_check(geom_of_ring(ring, 9, arena, &geom, &err), &err);
    return geom;
}

static bool in_spans(const struct span_list *list, double at_m, double slack_m)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].from_m - slack_m <= at_m && at_m <= list->items[i].to_m + slack_m)
            return true;
    return false;
}

/* Points are measured by shorter formulas than shapes: to the last bit with the same result. */
static void test_a_point_has_the_spans_of_a_shape_of_one_point(void **state)
{
    (void)state;
    struct arena arena;
    struct err err;
    arena_init(&arena, 0);
    size_t n_spans = 0;
    for (int round = 0; round < 400; round++) {
        struct pipeline_line line;
        struct lonlat at = {draw(-180, 180), draw(-75, 75)};
        struct geom shape = random_line(&arena, 6, at);
        fixture_check(pipeline_line_build(&shape, 0, &arena, &line, &err), &err);
        struct lonlat near =
            ellipsoid_direct(pipeline_line_point(&line, 0, draw(0, line.at_m[line.n - 1])),
                             draw(0, 360), draw(0, 400));
        struct geom target;
        fixture_check(geom_of_point(near, &arena, &target, &err), &err);
        struct span_list by_shape[REACHES] = {{0}};
        struct span_list by_point[REACHES] = {{0}};
        double shape_m = INFINITY;
        double point_m = INFINITY;
        struct span_question question = {.line = &line,
                                         .part = 0,
                                         .first = 0,
                                         .end = line.n - 1,
                                         .target = &target,
                                         .beside = round % 2,
                                         .reach_m = {draw(-1, 100), 200, 350},
                                         .margin = {0.05, 0.05}};
        fixture_check(pipeline_spans(&question, &arena, by_shape, &shape_m, &err), &err);
        for (uint32_t edge = 0; edge + 1 < line.n; edge++) {
            struct point_near found;
            pipeline_point_near(&question, edge, near, &found);
            fixture_check(
                pipeline_point_spans(&question, edge, &found, &arena, by_point, &point_m, &err),
                &err);
        }
        assert_true(shape_m == point_m);
        for (int k = 0; k < REACHES; k++) {
            assert_int_equal(by_shape[k].n, by_point[k].n);
            for (size_t i = 0; i < by_shape[k].n; i++)
                assert_true(by_shape[k].items[i].from_m == by_point[k].items[i].from_m &&
                            by_shape[k].items[i].to_m == by_point[k].items[i].to_m);
            n_spans += by_shape[k].n;
        }
        arena_reset(&arena);
    }
    assert_true(n_spans > 400);
    arena_release(&arena);
}

/* Every metre of random lines against random targets: within reach by the exact distance of
 * distance.h, or not. */
static void test_near_spans_are_those_of_exact_distances_metre_by_metre(void **state)
{
    (void)state;
    struct arena arena;
    struct err err;
    arena_init(&arena, 0);
    for (int round = 0; round < 60; round++) {
        struct pipeline_line line;
        struct lonlat at = {draw(100, 110), draw(-60, 60)};
        struct geom shape = random_line(&arena, 6, at);
        fixture_check(pipeline_line_build(&shape, 0, &arena, &line, &err), &err);
        struct lonlat near =
            ellipsoid_direct(pipeline_line_point(&line, 0, draw(0, line.at_m[line.n - 1])),
                             draw(0, 360), draw(0, 400));
        struct geom target;
        if (round % 2)
            target = random_polygon(&arena, near, draw(20, 500));
        else
            fixture_check(geom_of_point(near, &arena, &target, &err), &err);
        struct span_list spans[REACHES] = {{0}};
        double nearest_m = INFINITY;
        struct span_question question = {.line = &line,
                                         .part = 0,
                                         .first = 0,
                                         .end = line.n - 1,
                                         .target = &target,
                                         .reach_m = {100, 200, 350},
                                         .margin = {0.05, 0.05}};
        fixture_check(pipeline_spans(&question, &arena, spans, &nearest_m, &err), &err);
        struct edges edges;
        struct closest closest;
        fixture_check(edges_build(&target, &arena, &edges, &err), &err);
        for (double m = 0; m < line.at_m[line.n - 1]; m += 1) {
            distance_to_point(&edges, pipeline_line_point(&line, 0, m), INFINITY, &closest);
            for (int k = 0; k < REACHES; k++) {
                double beyond_m = closest.distance_m - question.reach_m[k];
                if (fabs(beyond_m) > 0.02)
                    assert_int_equal(in_spans(&spans[k], m, 0), beyond_m < 0);
            }
        }
        fixture_check(distance_shapes(&shape, &target, INFINITY, &arena, &closest, &err), &err);
        if (closest.distance_m < 350)
            assert_close(nearest_m, closest.distance_m, 1e-4);
        arena_reset(&arena);
    }
    arena_release(&arena);
}

/* A point lies beside the stations at which the distance to it is least in a neighbourhood. */
static void test_beside_spans_are_the_feet_of_the_perpendiculars(void **state)
{
    (void)state;
    struct arena arena;
    struct err err;
    size_t n_feet = 0;
    arena_init(&arena, 0);
    for (int round = 0; round < 80; round++) {
        struct pipeline_line line;
        struct geom shape = random_line(&arena, 6, (struct lonlat){106, draw(0, 60)});
        fixture_check(pipeline_line_build(&shape, 0, &arena, &line, &err), &err);
        struct lonlat p =
            ellipsoid_direct(pipeline_line_point(&line, 0, draw(0, line.at_m[line.n - 1])),
                             draw(0, 360), draw(0, 300));
        struct geom target;
        fixture_check(geom_of_point(p, &arena, &target, &err), &err);
        struct span_list spans[REACHES] = {{0}};
        double nearest_m = INFINITY;
        struct span_question question = {.line = &line,
                                         .part = 0,
                                         .first = 0,
                                         .end = line.n - 1,
                                         .target = &target,
                                         .beside = true,
                                         .reach_m = {100, 200, 350},
                                         .margin = {0.05, 0.05}};
        fixture_check(pipeline_spans(&question, &arena, spans, &nearest_m, &err), &err);
        double end_m = line.at_m[line.n - 1];
        double before = INFINITY;
        double here = ellipsoid_distance_m(p, pipeline_line_point(&line, 0, 0));
        for (double m = 0; m <= end_m; m += 1) {
            double after = m + 1 <= end_m
                               ? ellipsoid_distance_m(p, pipeline_line_point(&line, 0, m + 1))
                               : (double)INFINITY;
            if (here <= before && here < after && here < 199) {
                assert_true(in_spans(&spans[MEASURED], m, 1.5));
                n_feet++;
            }
            before = here;
            here = after;
        }
        for (size_t i = 0; i < spans[MEASURED].n; i++) {
            double m = spans[MEASURED].items[i].from_m;
            double d = ellipsoid_distance_m(p, pipeline_line_point(&line, 0, m));
            assert_true(d <= 200.001);
            if (m > 0.01)
                assert_true(d <= ellipsoid_distance_m(p, pipeline_line_point(&line, 0, m - 0.01)) +
                                     1e-6);
            if (m < end_m - 0.01)
                assert_true(d <= ellipsoid_distance_m(p, pipeline_line_point(&line, 0, m + 0.01)) +
                                     1e-6);
        }
        arena_reset(&arena);
    }
    assert_true(n_feet > 40);
    arena_release(&arena);
}

static void test_stations_are_written_in_kilometres_and_metres(void **state)
{
    (void)state;
    static const struct {
        double m;
        const char *text;
    } rows[] = {{0, "K0+000"},
                {12345.4, "K12+345"},
                {999.6, "K1+000"},
                {-12.2, "-K0+012"},
                {1000000, "K1000+000"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[STATION_TEXT_BYTES];
        pipeline_station_text(rows[i].m, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void test_a_slice_has_the_length_of_its_stations(void **state)
{
    (void)state;
    struct arena arena;
    struct err err;
    arena_init(&arena, 0);
    for (int round = 0; round < 100; round++) {
        struct pipeline_line line;
        struct geom slice;
        struct geom shape =
            random_line(&arena, 12, (struct lonlat){draw(-180, 180), draw(-70, 70)});
        fixture_check(pipeline_line_build(&shape, -500, &arena, &line, &err), &err);
        assert_close(line.at_m[line.n - 1] + 500, ellipsoid_length_m(&shape), 1e-4);
        double from = draw(-500, line.at_m[line.n - 1]);
        double to = draw(from, line.at_m[line.n - 1]);
        fixture_check(pipeline_line_slice(&line, 0, (struct span){from, to}, &arena, &slice, &err),
                      &err);
        assert_close(ellipsoid_length_m(&slice), to - from, 0.05);
        arena_reset(&arena);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows_slid_in_steps_of_a_metre_find_no_more_and_no_less),
        cmocka_unit_test(test_a_point_has_the_spans_of_a_shape_of_one_point),
        cmocka_unit_test(test_near_spans_are_those_of_exact_distances_metre_by_metre),
        cmocka_unit_test(test_beside_spans_are_the_feet_of_the_perpendiculars),
        cmocka_unit_test(test_stations_are_written_in_kilometres_and_metres),
        cmocka_unit_test(test_a_slice_has_the_length_of_its_stations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
