/* test_pipeline_spans.c - stationing, spans and sweeps against brute force. */
#include "tests/unit/pipeline_bench.h"

#include "geo/measure/distance.h"
#include "geo/pipelines/pipeline_line.h"
#include "geo/pipelines/pipeline_sight.h"
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
            struct point_near found[PIPELINE_STRETCH_EDGES];
            question.first = edge;
            pipeline_point_near(&question, 1, near, found);
            fixture_check(
                pipeline_point_spans(&question, 1, found, &arena, by_point, &point_m, &err), &err);
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

/* Spans of a point from edges of a line. */
struct seen {
    struct span_list spans[REACHES];
    double nearest_m;
};

static void measure(const struct span_question *question, uint32_t edges, struct lonlat at,
                    struct arena *arena, struct seen *seen)
{
    struct err err;
    struct point_near near[PIPELINE_STRETCH_EDGES];
    pipeline_point_near(question, edges, at, near);
    fixture_check(
        pipeline_point_spans(question, edges, near, arena, seen->spans, &seen->nearest_m, &err),
        &err);
}

/* Of some fours of edges only those that are to be measured, and as they are those inside. Returns
 * how many those are. */
static size_t measure_sighted(const struct span_question *question, const struct flat_stretch *flat,
                              uint32_t among, struct lonlat at, struct arena *arena,
                              struct seen *seen)
{
    struct sight sight;
    pipeline_see(flat, among, at, &sight);
    struct sighted sighted =
        pipeline_sight_edges(flat, &sight, question->beside, question->reach_m);
    assert_int_equal(sighted.measured & sighted.inside, 0);
    measure(question, sighted.measured, at, arena, seen);
    for (uint32_t i = 0; i < flat->n_edges; i++) {
        for (int k = 0; k < REACHES && (sighted.inside >> i & 1); k++) {
            struct span_list *list = &seen->spans[k];
            if (question->reach_m[k] < 0)
                continue;
            assert_true(pipeline_span_room(list, list->n + 1, arena));
            list->items[list->n++] =
                (struct span){question->line->at_m[i], question->line->at_m[i + 1]};
        }
    }
    return (size_t)__builtin_popcount(sighted.measured);
}

static void assert_same_seen(struct seen *a, struct seen *b)
{
    assert_true(a->nearest_m == b->nearest_m);
    for (int k = 0; k < REACHES; k++) {
        spans_settle(a->spans[k].items, &a->spans[k].n, 0);
        spans_settle(b->spans[k].items, &b->spans[k].n, 0);
        assert_int_equal(a->spans[k].n, b->spans[k].n);
        for (size_t i = 0; i < a->spans[k].n; i++)
            assert_true(a->spans[k].items[i].from_m == b->spans[k].items[i].from_m &&
                        a->spans[k].items[i].to_m == b->spans[k].items[i].to_m);
    }
}

/* Lines that bend to and fro in edges of a few metres or hundreds, up to high latitudes and over
 * the antimeridian: to the last bit the spans and the distance that all edges give together. */
static void test_edges_that_are_not_measured_would_tell_nothing_else(void **state)
{
    (void)state;
    enum { EDGES = PIPELINE_STRETCH_EDGES, ROUNDS = 4000 };
    struct arena arena;
    struct err err;
    size_t n_spans = 0, n_spared = 0;
    arena_init(&arena, 0);
    for (int round = 0; round < ROUNDS; round++) {
        struct lonlat points[EDGES + 1] = {{draw(179, 181), draw(-84, 84)}};
        double longest_m = draw(0, 1) < 0.5 ? 60 : 500;
        double azimuth = draw(0, 360);
        struct pipeline_line line;
        struct flat_stretch flat;
        uint32_t n = 1 + (uint32_t)draw(0, EDGES);
        struct lonlat aside = points[0]; /* at a right angle to the start of an edge */
        for (uint32_t i = 1; i <= n; i++) {
            azimuth += draw(-120, 120);
            points[i] = ellipsoid_direct(points[i - 1], azimuth, draw(1, longest_m));
            if (draw(0, 1) < 0.2)
                aside = ellipsoid_direct(points[i - 1], azimuth + 90, draw(-202, 202));
        }
        uint32_t n_points = n + 1;
        const struct geom shape = {.kind = GEOM_LINE,
                                   .n_points = n_points,
                                   .n_rings = 1,
                                   .points = points,
                                   .ring_ends = &n_points};
        fixture_check(pipeline_line_build(&shape, 0, &arena, &line, &err), &err);
        assert_int_equal(line.n, n_points);
        struct lonlat at =
            round % 4 < 2
                ? aside
                : ellipsoid_direct(pipeline_line_point(&line, 0, draw(0, line.at_m[line.n - 1])),
                                   draw(0, 360), draw(0, 300));
        double least_m = draw(-1, 200);
        struct span_question question = {.line = &line,
                                         .end = n,
                                         .beside = round % 2,
                                         .reach_m = {least_m, max_of(least_m, 0) + 1, 202}};
        pipeline_lay_flat(points, n, ellipsoid_expand(box_of_points(points, n_points), 202), 202,
                          &flat);
        assert_true(isfinite(flat.loose));
        question.scale_m = flat.scale_m;
        struct seen all = {.nearest_m = INFINITY};
        struct seen whole = {.nearest_m = INFINITY};
        struct seen parts = {.nearest_m = INFINITY};
        measure(&question, (1U << n) - 1, at, &arena, &all);
        n_spared += n - measure_sighted(&question, &flat, SIGHT_ALL, at, &arena, &whole);
        for (uint32_t four = 0; four < SIGHT_FOURS; four++)
            measure_sighted(&question, &flat, 1U << four, at, &arena, &parts);
        assert_same_seen(&all, &whole);
        assert_same_seen(&all, &parts);
        for (int k = 0; k < REACHES; k++)
            n_spans += all.spans[k].n;
        arena_reset(&arena);
    }
    assert_true(n_spans > ROUNDS && n_spared > 4 * ROUNDS);
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
        cmocka_unit_test(test_edges_that_are_not_measured_would_tell_nothing_else),
        cmocka_unit_test(test_near_spans_are_those_of_exact_distances_metre_by_metre),
        cmocka_unit_test(test_beside_spans_are_the_feet_of_the_perpendiculars),
        cmocka_unit_test(test_stations_are_written_in_kilometres_and_metres),
        cmocka_unit_test(test_a_slice_has_the_length_of_its_stations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
