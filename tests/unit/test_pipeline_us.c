/* test_pipeline_us.c - T-30 to T-44 of the worked examples: 49 CFR 192.903 and 192.5, in feet. */
#include "tests/unit/one_thread.h"
#include "tests/unit/pipeline_bench.h"

/* 24 in, 1,000 psi: R = 523.673 ft. */
static void begin_24(struct bench *b)
{
    bench_begin(b, 8000 * FOOT_M, 8000 * FOOT_M);
    b->pipeline->diameter_mm = 24 * INCH_MM;
    b->pipeline->pressure_mpa = 1000 * PSI_MPA;
}

static void assert_feet(const struct segment *s, double from_ft, double to_ft)
{
    assert_non_null(s);
    if (fabs(s->from_m / FOOT_M - from_ft) > 0.01 || fabs(s->to_m / FOOT_M - to_ft) > 0.01)
        fail_msg("%.4f to %.4f ft, not %.4f to %.4f", s->from_m / FOOT_M, s->to_m / FOOT_M, from_ft,
                 to_ft);
}

static void test_t30_radii_of_nine_pipes(void **state)
{
    (void)state;
    static const double rows[][4] = {
        {6, 300, 71.7, 21.9},     {8, 720, 148.1, 45.1},     {12, 800, 234.2, 71.4},
        {16, 900, 331.2, 100.9},  {24, 1000, 523.7, 159.6},  {30, 1000, 654.6, 199.5},
        {36, 1000, 785.5, 239.4}, {42, 1440, 1099.7, 335.2}, {48, 1480, 1274.2, 388.4}};
    struct bench b;
    bench_begin(&b, 100, 100);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct pipeline_method *method = rules_pipeline_method(b.f.rules, "phmsa_1");
        b.pipeline->diameter_mm = rows[i][0] * INCH_MM;
        b.pipeline->pressure_mpa = rows[i][1] * PSI_MPA;
        double radius_m = rules_pir_m(method, b.pipeline);
        assert_close(radius_m / FOOT_M, rows[i][2], 0.05);
        assert_close(radius_m, rows[i][3], 0.05);
    }
    /* Hydrogen has 0.47 where natural gas has 0.69: by the ratio of the factors. */
    b.pipeline->gas_factor = 0.099 * 0.47 / 0.69;
    assert_close(rules_pir_m(rules_pipeline_method(b.f.rules, "phmsa_1"), b.pipeline) / FOOT_M,
                 0.47 * 48 * sqrt(1480), 1e-6);
    b.world = fixture_world(&b.f, 20260601);
    bench_end(&b);
}

static void test_the_radius_of_another_gas_tells_the_factor_that_gives_it(void **state)
{
    (void)state;
    struct bench b;
    begin_24(&b);
    b.pipeline->gas_factor = 0.2;
    bench_ask(&b, "gb32167");
    const struct segment *s = bench_segment(&b, "pir", NULL, 0);
    assert_non_null(s);
    assert_close(s->radius_m, 0.2 * 24 * INCH_MM * sqrt(1000 * PSI_MPA), 1e-6);
    assert_non_null(strstr(s->reason, "factor 0.2"));
    bench_end(&b);
}

static void buildings(struct bench *b, int n, double at_ft, double offset_ft)
{
    for (int i = 0; i < n; i++)
        bench_target(b, "residential", at_ft * FOOT_M, offset_ft * FOOT_M)->households = 1;
}

/* The dwellings hereabouts are known: one stands, out of reach of anything. */
static void know_dwellings(struct bench *b)
{
    buildings(b, 1, 0, 3000);
}

static void test_t31_twenty_buildings_make_a_high_consequence_area_and_nineteen_none(void **state)
{
    (void)state;
    for (int n = 19; n <= 20; n++) {
        struct bench b;
        begin_24(&b);
        buildings(&b, n, 0, 300);
        bench_ask(&b, "phmsa_2");
        const struct segment *s = bench_segment(&b, "hca", NULL, 0);
        if (n == 20) {
            assert_feet(s, -952.90, 952.90);
            assert_string_equal(s->verdict, "decided");
            assert_close(s->buildings, 20, 1e-9);
            assert_close(s->radius_m / FOOT_M, 523.673, 0.001);
        } else {
            assert_null(s);
        }
        bench_end(&b);
    }
}

static void test_t32_an_identified_site_at_rising_offsets(void **state)
{
    (void)state;
    static const double rows[][2] = {{0, 2094.69},   {100, 2075.42},   {500, 1358.69},
                                     {523, 1100.43}, {523.6, 1064.86}, {524, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        begin_24(&b);
        know_dwellings(&b);
        bench_target(&b, "school", 0, rows[i][0] * FOOT_M);
        bench_ask(&b, "phmsa_2");
        const struct segment *s = bench_segment(&b, "hca", NULL, 0);
        if (rows[i][1] > 0)
            assert_feet(s, -rows[i][1] / 2, rows[i][1] / 2);
        else
            assert_null(s);
        bench_end(&b);
    }
}

static size_t count_areas(struct bench *b)
{
    size_t n = 0;
    while (bench_segment(b, "hca", NULL, n))
        n++;
    return n;
}

/* The areas of two sites beside the first metres of a line are both longer than there is line. */
static void test_two_areas_that_begin_where_the_line_does_have_ids_of_their_own(void **state)
{
    (void)state;
    struct bench b;
    begin_24(&b);
    know_dwellings(&b);
    bench_target(&b, "school", -7900 * FOOT_M, 520 * FOOT_M);
    bench_target(&b, "school", -7700 * FOOT_M, 520 * FOOT_M);
    bench_ask(&b, "phmsa_1");
    assert_int_equal(count_areas(&b), 2);
    const struct segment *first = bench_segment(&b, "hca", NULL, 0);
    const struct segment *second = bench_segment(&b, "hca", NULL, 1);
    assert_close(first->from_m, -8000 * FOOT_M, 1e-3);
    assert_close(second->from_m, -8000 * FOOT_M, 1e-3);
    assert_string_not_equal(first->head.id, second->head.id);
    bench_end(&b);
}

static void test_t33_two_sites_are_one_area_where_their_circles_are_contiguous(void **state)
{
    (void)state;
    static const struct {
        double apart_ft;
        bool circles;
        size_t n;
    } rows[] = {{3000, false, 2},  {1000, false, 1},  {1047.3, false, 1}, {1047.4, false, 2},
                {2094.6, true, 1}, {2094.8, true, 2}, {1500, true, 1},    {1500, false, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        begin_24(&b);
        for (size_t m = 0; m < b.f.rules->n_pipeline_methods; m++)
            b.f.rules->pipeline_methods[m].circles = rows[i].circles;
        know_dwellings(&b);
        bench_target(&b, "school", 0, 0);
        bench_target(&b, "school", rows[i].apart_ft * FOOT_M, 0);
        bench_ask(&b, "phmsa_2");
        assert_int_equal(count_areas(&b), rows[i].n);
        if (rows[i].apart_ft == 1000)
            assert_feet(bench_segment(&b, "hca", NULL, 0), -1047.346, 2047.346);
        if (rows[i].apart_ft == 3000) {
            assert_feet(bench_segment(&b, "hca", NULL, 0), -1047.346, 1047.346);
            assert_feet(bench_segment(&b, "hca", NULL, 1), 3000 - 1047.346, 3000 + 1047.346);
        }
        bench_end(&b);
    }
}

/* Until 17 December 2006: 20 (660 / PIR)^2 buildings within 660 feet: of PIR 900, 10.76. */
static void test_t34_prorated_counts_of_historic_audits(void **state)
{
    (void)state;
    static const struct {
        double pir_ft;
        int n;
        bool area;
    } rows[] = {{700, 17, false}, {700, 18, true}, {750, 15, false}, {750, 16, true},
                {900, 10, false}, {900, 11, true}, {1000, 8, false}, {1000, 9, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int day = 0; day < 2; day++) {
            struct bench b;
            bench_begin(&b, 8000 * FOOT_M, 8000 * FOOT_M);
            b.pipeline->pressure_mpa = 1000 * PSI_MPA;
            b.pipeline->diameter_mm = rows[i].pir_ft / (0.69 * sqrt(1000)) * INCH_MM;
            buildings(&b, rows[i].n, 0, 659);
            b.world = fixture_world(&b.f, day ? 20061218 : 20061217);
            bench_ask(&b, "phmsa_2");
            assert_int_equal(count_areas(&b) > 0, rows[i].area && !day);
            bench_end(&b);
        }
    }
}

static void test_t35_method_1_asks_for_a_radius_above_660_feet(void **state)
{
    (void)state;
    static const struct {
        double inches;
        const char *method;
        bool area;
    } rows[] = {{30, "phmsa_1", false},
                {30, "phmsa_2", true},
                {36, "phmsa_1", true},
                {36, "phmsa_2", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        begin_24(&b);
        b.pipeline->diameter_mm = rows[i].inches * INCH_MM;
        buildings(&b, 25, 0, 300);
        bench_ask(&b, rows[i].method);
        assert_int_equal(count_areas(&b) > 0, rows[i].area);
        bench_end(&b);
    }
}

static void test_t30_a_pipe_of_30_inches_crosses_660_feet_at_1016_6_psi(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bench b;
        begin_24(&b);
        b.pipeline->diameter_mm = 30 * INCH_MM;
        b.pipeline->pressure_mpa = (i ? 1016.7 : 1016.5) * PSI_MPA;
        buildings(&b, 25, 0, 300);
        bench_ask(&b, "phmsa_1");
        assert_int_equal(count_areas(&b), i);
        bench_end(&b);
    }
}

static void test_t36_a_line_known_to_500_feet_leaves_a_school_at_600_undecided(void **state)
{
    (void)state;
    static const struct {
        double accuracy_ft;
        bool undecided;
    } rows[] = {{500, true}, {76.4, true}, {76.2, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        begin_24(&b);
        b.pipeline->head.accuracy_m = rows[i].accuracy_ft * FOOT_M;
        know_dwellings(&b);
        bench_target(&b, "school", 0, 600 * FOOT_M);
        bench_ask(&b, "phmsa_2");
        const struct segment *s = bench_segment(&b, "hca", NULL, 0);
        if (rows[i].undecided) {
            assert_non_null(s);
            assert_string_equal(s->verdict, "undecided");
            assert_non_null(strstr(s->decides, "good to 23.26")); /* 76.3 ft */
        } else {
            assert_null(s);
        }
        bench_end(&b);
    }
}

/* ---- what nobody knows ---- */

static void
test_where_no_dwelling_and_no_population_is_known_either_method_is_undecided(void **state)
{
    (void)state;
    static const char *const methods[] = {"phmsa_1", "phmsa_2"};
    for (int i = 0; i < 4; i++) {
        struct bench b;
        begin_24(&b);
        b.pipeline->diameter_mm = 36 * INCH_MM; /* above 660 ft, so that method 1 counts, too */
        if (i >= 2)
            know_dwellings(&b);
        bench_ask(&b, methods[i % 2]);
        assert_int_equal(count_areas(&b), i >= 2 ? 0 : i == 0 ? 3 : 2);
        bool dwellings = false;
        bool places = false;
        for (size_t k = 0; k < count_areas(&b); k++) {
            const struct segment *s = bench_segment(&b, "hca", NULL, k);
            assert_string_equal(s->verdict, "undecided");
            assert_feet(s, -8000, 8000);
            dwellings = dwellings || strstr(s->decides, "the dwellings along it");
            places = places || strstr(s->decides, "the buildings and places along it");
        }
        assert_int_equal(dwellings, i < 2);
        assert_int_equal(places, i < 2);
        bench_end(&b);
    }
}

/* Circles of 523.673 ft hold 8.00 ha: 20 households of 2.61 are 52.2 persons in one, 6.52 a ha. A
 * cell of 0.001 degree has 97.06 ares at 38.3 N: 6.33 persons. */
static void test_where_only_the_population_is_known_it_stands_for_the_buildings(void **state)
{
    (void)state;
    static const float persons[] = {0, 5, 8};
    for (size_t i = 0; i < sizeof persons / sizeof persons[0]; i++) {
        struct bench b;
        begin_24(&b);
        fixture_grid(&b.f, 106.1, 38.4, 0.001, 200, 200, persons[i]);
        bench_ask(&b, "phmsa_2");
        assert_int_equal(count_areas(&b), i == 2);
        if (i == 2) {
            const struct segment *s = bench_segment(&b, "hca", NULL, 0);
            assert_string_equal(s->verdict, "undecided");
            assert_true(s->estimate);
            assert_non_null(strstr(s->decides, "the dwellings along it"));
            assert_close(s->buildings, 8 / 0.9706 * 8.004 / 2.61, 1);
            assert_feet(s, -8000, 8000);
        }
        bench_end(&b);
    }
}

/* ---- class location ---- */

static void test_t40_a_mile_holds_both_clusters_a_foot_more_does_not(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bench b;
        begin_24(&b);
        buildings(&b, 23, 0, 200);
        buildings(&b, 23, i ? 5281 : 5280, 300);
        bench_ask(&b, "cfr192");
        assert_int_equal(bench_segment(&b, "class_location", "3", 0) != NULL, i == 0);
        assert_int_equal(bench_segment(&b, "class_location", "2", 0) != NULL, i == 1);
        if (i == 0)
            assert_feet(bench_segment(&b, "class_location", "3", 0), -660, 5940);
        else
            assert_close(bench_segment(&b, "class_location", "2", 0)->buildings, 23, 1e-9);
        bench_end(&b);
    }
}

static void test_t41_the_strip_ends_at_660_feet(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bench b;
        begin_24(&b);
        buildings(&b, 10, 0, 100);
        buildings(&b, 1, 10, i ? 660.1 : 659.9);
        bench_ask(&b, "cfr192");
        assert_int_equal(bench_segment(&b, "class_location", "2", 0) != NULL, i == 0);
        bench_end(&b);
    }
}

static void test_t42_a_block_of_46_flats_is_class_3(void **state)
{
    (void)state;
    struct bench b;
    begin_24(&b);
    bench_target(&b, "residential", 0, 300 * FOOT_M)->households = 46;
    bench_ask(&b, "cfr192");
    assert_feet(bench_segment(&b, "class_location", "3", 0), -660, 660);
    bench_end(&b);
}

/* 475.0242 is 1000 less the root of 660 squared less 400 squared. */
static void test_t43_a_class_ends_220_yards_from_the_cluster_by_either_reading(void **state)
{
    (void)state;
    static const struct {
        double offset_ft;
        enum pipeline_ends ends;
        double from_ft, to_ft;
    } rows[] = {{0, PIPELINE_ENDS_CLUSTER, 340, 3660},
                {400, PIPELINE_ENDS_CLUSTER, 340, 3660},
                {0, PIPELINE_ENDS_ARC, 340, 3660},
                {400, PIPELINE_ENDS_ARC, 475.0242, 3524.9758}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        begin_24(&b);
        for (size_t c = 0; c < b.f.rules->n_pipeline_classes; c++)
            b.f.rules->pipeline_classes[c].ends = rows[i].ends;
        for (int k = 0; k < 51; k++)
            buildings(&b, 1, 1000 + 40 * k, rows[i].offset_ft);
        bench_ask(&b, "cfr192");
        assert_feet(bench_segment(&b, "class_location", "3", 0), rows[i].from_ft, rows[i].to_ft);
        assert_null(bench_segment(&b, "class_location", "3", 1));
        bench_end(&b);
    }
}

static void test_t44_ten_buildings_are_class_1_eleven_and_45_class_2_46_class_3(void **state)
{
    (void)state;
    static const struct {
        int n;
        const char *class;
    } rows[] = {{10, "1"}, {11, "2"}, {45, "2"}, {46, "3"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        begin_24(&b);
        buildings(&b, rows[i].n, 0, 300);
        bench_ask(&b, "cfr192");
        const struct segment *worst = NULL;
        for (size_t k = 0; k < b.n; k++)
            if (b.segments[k].class && (!worst || strcmp(b.segments[k].class, worst->class) > 0))
                worst = &b.segments[k];
        assert_non_null(worst);
        assert_string_equal(worst->class, rows[i].class);
        bench_end(&b);
    }
}

static void test_a_school_within_100_yards_makes_class_3_of_the_line_beside_it(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bench b;
        begin_24(&b);
        bench_target(&b, "school", 0, (i ? 300.1 : 240) * FOOT_M);
        bench_ask(&b, "cfr192");
        const struct segment *s = bench_segment(&b, "class_location", "3", 0);
        if (i == 0)
            assert_feet(s, -180, 180);
        else
            assert_null(s);
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_t30_radii_of_nine_pipes),
        cmocka_unit_test(test_the_radius_of_another_gas_tells_the_factor_that_gives_it),
        cmocka_unit_test(test_t30_a_pipe_of_30_inches_crosses_660_feet_at_1016_6_psi),
        cmocka_unit_test(test_t31_twenty_buildings_make_a_high_consequence_area_and_nineteen_none),
        cmocka_unit_test(test_t32_an_identified_site_at_rising_offsets),
        cmocka_unit_test(test_two_areas_that_begin_where_the_line_does_have_ids_of_their_own),
        cmocka_unit_test(test_t33_two_sites_are_one_area_where_their_circles_are_contiguous),
        cmocka_unit_test(test_t34_prorated_counts_of_historic_audits),
        cmocka_unit_test(test_t35_method_1_asks_for_a_radius_above_660_feet),
        cmocka_unit_test(test_t36_a_line_known_to_500_feet_leaves_a_school_at_600_undecided),
        cmocka_unit_test(
            test_where_no_dwelling_and_no_population_is_known_either_method_is_undecided),
        cmocka_unit_test(test_where_only_the_population_is_known_it_stands_for_the_buildings),
        cmocka_unit_test(test_t40_a_mile_holds_both_clusters_a_foot_more_does_not),
        cmocka_unit_test(test_t41_the_strip_ends_at_660_feet),
        cmocka_unit_test(test_t42_a_block_of_46_flats_is_class_3),
        cmocka_unit_test(test_t43_a_class_ends_220_yards_from_the_cluster_by_either_reading),
        cmocka_unit_test(test_t44_ten_buildings_are_class_1_eleven_and_45_class_2_46_class_3),
        cmocka_unit_test(test_a_school_within_100_yards_makes_class_3_of_the_line_beside_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
