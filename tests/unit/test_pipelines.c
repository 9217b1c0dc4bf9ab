/* test_pipelines.c - GB 50251, GB 32167, what is built over a pipeline and what it crosses; class
 * location against windows slid by a metre. */
#include "tests/unit/one_thread.h"
#include "tests/unit/pipeline_bench.h"

/* ---- GB 50251 ---- */

static void dwellings(struct bench *b, int households, double at_m, double offset_m)
{
    bench_target(b, "village", at_m, offset_m)->households = households;
}

static const char *worst_class(const struct bench *b)
{
    static const char *const classes[] = {"1-1", "1-2", "2", "3", "4"};
    const char *worst = NULL;
    for (size_t c = 0; c < 5; c++)
        for (size_t i = 0; i < b->n; i++)
            if (b->segments[i].class && strcmp(b->segments[i].kind, "class_location") == 0 &&
                strcmp(b->segments[i].class, classes[c]) == 0)
                worst = classes[c];
    return worst;
}

static void test_gb50251_steps_at_15_and_100_households(void **state)
{
    (void)state;
    static const struct {
        int households;
        const char *class;
    } rows[] = {{0, "1-1"}, {1, "1-2"}, {15, "1-2"}, {16, "2"}, {99, "2"}, {100, "3"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_begin(&b, 3000, 3000);
        dwellings(&b, rows[i].households, 0, 199);
        dwellings(&b, 500, 0, 200.5); /* beyond the strip */
        bench_ask(&b, "gb50251");
        assert_string_equal(worst_class(&b), rows[i].class);
        bench_end(&b);
    }
}

static void test_gb50251_windows_are_2_km_and_ends_200_m_from_the_last_house(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bench b;
        bench_begin(&b, 3000, 6000);
        dwellings(&b, 50, 0, 30);
        dwellings(&b, 50, i ? 2000.1 : 1999.9, -150);
        bench_ask(&b, "gb50251");
        const struct segment *s = bench_segment(&b, "class_location", "3", 0);
        if (i == 0) {
            assert_non_null(s);
            assert_close(s->from_m, -200, 0.01);
            assert_close(s->to_m, 2199.9, 0.01);
            assert_close(s->households, 100, 1e-9);
            assert_string_equal(s->verdict, "decided");
            assert_string_equal(s->head.name, "-K0+200 - K2+200");
        } else {
            assert_null(s);
            assert_non_null(bench_segment(&b, "class_location", "2", 0));
        }
        bench_end(&b);
    }
}

/* Segments of class location and their geometry cover the line without gap or overlap. */
/* GB 50251-2015 4.2.2: 150 m off the line, 132.288 m along it lie within 200 m. */
static void test_a_school_in_a_class_1_or_2_area_asks_for_the_design_factor_of_class_3(void **state)
{
    (void)state;
    static const struct {
        double offset_m;
        int households; /* at station 1000: class 3 from 800 on */
        double from_m, to_m;
    } rows[] = {{150, 1, 867.712, 1132.288}, {200.001, 1, 0, 0}, {150, 100, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_begin(&b, 3000, 3000);
        dwellings(&b, rows[i].households, 1000, 100);
        bench_target(&b, "school", 1000, rows[i].offset_m);
        bench_ask(&b, "gb50251");
        const struct segment *s = bench_segment(&b, "design_factor", NULL, 0);
        if (rows[i].to_m > 0) {
            assert_non_null(s);
            assert_close(s->from_m, rows[i].from_m, 0.01);
            assert_close(s->to_m, rows[i].to_m, 0.01);
            assert_string_equal(s->class, "3");
            assert_string_equal(s->verdict, "decided");
            assert_string_equal(s->clause, "4.2.2");
            assert_string_equal(worst_class(&b), "1-2");
        } else {
            assert_null(s);
        }
        bench_end(&b);
    }
}

static void test_the_design_factor_of_a_school_ends_where_a_graver_class_begins(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, 5000, 5000);
    dwellings(&b, 100, 1000, 100); /* class 3 from 800 to 1200 */
    bench_target(&b, "school", 700, 0);
    bench_ask(&b, "gb50251");
    const struct segment *s = bench_segment(&b, "design_factor", NULL, 0);
    assert_non_null(s);
    assert_close(s->from_m, 500, 0.01);
    assert_close(s->to_m, 800, 0.01);
    assert_null(bench_segment(&b, "design_factor", NULL, 1));
    bench_end(&b);
}

static void test_classes_cover_the_whole_line_once(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        struct bench b;
        bench_begin(&b, 2000, 9000);
        for (int i = 0; i < 25; i++)
            dwellings(&b, (int)draw(0, 40), draw(-2500, 9500), draw(-260, 260));
        bench_ask(&b, "gb50251");
        double at_m = -2000;
        for (size_t i = 0; bench_segment(&b, "class_location", NULL, i); i++) {
            const struct segment *s = bench_segment(&b, "class_location", NULL, i);
            assert_close(s->from_m, at_m, 1e-9);
            assert_true(s->to_m > s->from_m);
            assert_close(ellipsoid_length_m(&s->head.geom), s->to_m - s->from_m, 0.05);
            at_m = s->to_m;
        }
        assert_close(at_m, 9000, 0.001);
        bench_end(&b);
    }
}

struct house {
    double at_m, offset_m;
    int households;
};

static int rank_at(const struct bench *b, double at_m)
{
    static const char *const classes[] = {"1-1", "1-2", "2", "3", "4"};
    for (size_t i = 0; i < b->n; i++) {
        const struct segment *s = &b->segments[i];
        if (strcmp(s->kind, "class_location") != 0 || s->from_m > at_m || s->to_m < at_m)
            continue;
        for (int c = 0; c < 5; c++)
            if (strcmp(s->class, classes[c]) == 0)
                return c;
    }
    return -1;
}

static void ask_houses(struct bench *b, const struct house *houses, size_t n, bool reversed)
{
    bench_begin(b, 0, 8000);
    if (reversed) {
        const struct lonlat *points = b->pipeline->head.geom.points;
        b->pipeline->head.geom = fixture_line(&b->f, points[1], points[0]);
    }
    for (size_t i = 0; i < n; i++)
        dwellings(b, houses[i].households, houses[i].at_m, houses[i].offset_m);
    bench_ask(b, "gb50251");
}

static void test_a_reversed_line_mirrors_its_classes_and_a_house_more_never_lowers_one(void **state)
{
    (void)state;
    enum { HOUSES = 30 };
    for (int round = 0; round < 20; round++) {
        struct house houses[HOUSES];
        for (int i = 0; i < HOUSES; i++)
            houses[i] = (struct house){draw(0, 8000), draw(-220, 220), 1 + (int)draw(0, 25)};
        struct bench fewer, all, back;
        ask_houses(&fewer, houses, HOUSES - 1, false);
        ask_houses(&all, houses, HOUSES, false);
        ask_houses(&back, houses, HOUSES, true);
        for (double m = 0.5; m < 8000; m += 7) {
            assert_true(rank_at(&all, m) >= rank_at(&fewer, m));
            double mirrored = 8000 - m;
            if (rank_at(&all, m - 0.01) == rank_at(&all, m + 0.01))
                assert_int_equal(rank_at(&all, m), rank_at(&back, mirrored));
        }
        bench_end(&fewer);
        bench_end(&all);
        bench_end(&back);
    }
}

/* Classes by a window of 2 km that is slid metre by metre; the cluster's ends are checked by the
 * tests above, here that a metre is in a class only if some window round it reaches it. */
static void test_no_class_without_a_window_and_none_missed_by_steps_of_a_metre(void **state)
{
    (void)state;
    enum { HOUSES = 30 };
    for (int round = 0; round < 10; round++) {
        struct house houses[HOUSES];
        for (int i = 0; i < HOUSES; i++)
            houses[i] = (struct house){floor(draw(0, 8000)), draw(-199, 199), 1 + (int)draw(0, 20)};
        struct bench b;
        ask_houses(&b, houses, HOUSES, false);
        static const int least[] = {0, 1, 16, 100};
        int ranks[8001] = {0};
        for (int x = 0; x + 2000 <= 8000; x++) {
            int count = 0;
            double first = INFINITY, last = -INFINITY;
            for (int i = 0; i < HOUSES; i++) {
                if (houses[i].at_m < x - 0.01 || houses[i].at_m > x + 2000.01)
                    continue;
                count += houses[i].households;
                first = fmin(first, houses[i].at_m);
                last = fmax(last, houses[i].at_m);
            }
            int rank = count >= least[3] ? 3 : count >= least[2] ? 2 : count >= least[1] ? 1 : 0;
            for (int m = (int)fmax(0, ceil(first - 200)); rank > 0 && m <= fmin(8000, last + 200);
                 m++)
                ranks[m] = ranks[m] > rank ? ranks[m] : rank;
        }
        for (int m = 1; m < 8000; m++)
            if (ranks[m - 1] == ranks[m] && ranks[m] == ranks[m + 1])
                assert_int_equal(rank_at(&b, m), ranks[m]);
        bench_end(&b);
    }
}

static void test_positions_and_missing_households_leave_a_class_undecided(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, 3000, 3000);
    dwellings(&b, 60, 0, 30);
    struct protected_target *far = bench_target(&b, "village", 100, 203);
    far->households = 60;
    far->head.accuracy_m = 5;
    bench_ask(&b, "gb50251");
    const struct segment *s = bench_segment(&b, "class_location", "2", 0);
    assert_non_null(s);
    assert_string_equal(s->verdict, "undecided");
    assert_string_equal(s->could_be, "3");
    assert_non_null(strstr(s->decides, "good to 3 m"));
    bench_end(&b);

    bench_begin(&b, 3000, 3000);
    dwellings(&b, 60, 0, 30);
    bench_target(&b, "village", 100, 50);
    bench_ask(&b, "gb50251");
    s = bench_segment(&b, "class_location", "2", 0);
    assert_non_null(s);
    assert_string_equal(s->verdict, "undecided");
    assert_string_equal(s->could_be, "3");
    assert_string_equal(s->decides, "households (protected/P0001)");
    bench_end(&b);
}

static void test_households_come_from_the_population_where_no_dwelling_is_known(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, 3000, 3000);
    /* 64 cells of 0.002 degree with 20 persons: 20 / (175 m x 222 m) x 0.8 km2 / 2.61 = 158 */
    fixture_grid(&b.f, 106.13, 38.37, 0.002, 70, 70, 20);
    bench_ask(&b, "gb50251");
    const struct segment *s = bench_segment(&b, "class_location", "3", 0);
    assert_non_null(s);
    assert_int_equal(s->estimate, 1);
    assert_string_equal(s->verdict, "undecided");
    assert_close(s->households, 158, 16);
    assert_non_null(strstr(s->decides, "dwellings"));
    bench_end(&b);

    bench_begin(&b, 3000, 3000); /* neither: nothing is known */
    bench_ask(&b, "gb50251");
    s = bench_segment(&b, "class_location", NULL, 0);
    assert_string_equal(s->verdict, "undecided");
    assert_string_equal(s->could_be, "3");
    bench_end(&b);

    bench_begin(&b, 3000, 3000); /* a dwelling within 2 km: they are known */
    dwellings(&b, 1, 0, 1000);
    bench_ask(&b, "gb50251");
    s = bench_segment(&b, "class_location", NULL, 0);
    assert_string_equal(s->class, "1-1");
    assert_string_equal(s->verdict, "decided");
    bench_end(&b);
}

/* ---- GB 32167 ---- */

static void test_gb32167_radii_of_the_reference(void **state)
{
    (void)state;
    static const double rows[][3] = {{1016, 10, 318.1},  {711, 10, 222.6},  {508, 6.3, 126.2},
                                     {323.9, 6.3, 80.5}, {762, 6.9, 198.2}, {273, 4, 54.1}};
    struct bench b;
    bench_begin(&b, 100, 100);
    const struct pipeline_method *method = rules_pipeline_method(b.f.rules, "gb32167");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        b.pipeline->diameter_mm = rows[i][0];
        b.pipeline->pressure_mpa = rows[i][1];
        assert_close(rules_pir_m(method, b.pipeline), rows[i][2], 0.06);
    }
    b.pipeline->pressure_mpa = NAN;
    assert_true(isnan(rules_pir_m(method, b.pipeline)));
    b.world = fixture_world(&b.f, 20260601);
    bench_end(&b);
}

static void test_gb32167_places_by_size_of_the_pipe(void **state)
{
    (void)state;
    static const struct {
        double d, p, offset;
        const char *rule; /* NULL: none */
    } rows[] = {{1016, 10, 318, "GB32167-gas-c"}, {1016, 10, 319, NULL},
                {219, 1.5, 26, "GB32167-gas-d"},  {219, 1.5, 27, NULL},
                {508, 6.3, 199, "GB32167-gas-e"}, {508, 6.3, 201, NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_begin(&b, 3000, 3000);
        b.pipeline->diameter_mm = rows[i].d;
        b.pipeline->pressure_mpa = rows[i].p;
        bench_target(&b, "school", 0, rows[i].offset);
        dwellings(&b, 1, 0, 900);
        bench_ask(&b, "gb32167");
        const struct segment *s = bench_segment(&b, "hca", NULL, 0);
        if (rows[i].rule) {
            assert_non_null(s);
            assert_string_equal(s->rule_id, rows[i].rule);
            assert_string_equal(s->verdict, "decided");
            assert_string_equal(s->target_id, "P0000");
        } else {
            assert_null(s);
        }
        bench_end(&b);
    }
}

static void test_gb32167_without_diameter_or_pressure_is_undecided_and_names_them(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, 3000, 3000);
    bench_target(&b, "school", 0, 300);
    dwellings(&b, 1, 0, 900);
    bench_ask(&b, "gb32167");
    const struct segment *s = bench_segment(&b, "hca", NULL, 0);
    assert_non_null(s);
    assert_string_equal(s->verdict, "undecided");
    assert_string_equal(s->could_be, "II");
    assert_non_null(strstr(s->decides, "diameter_mm"));
    s = bench_segment(&b, "pir", NULL, 0);
    assert_string_equal(s->verdict, "undecided");
    assert_string_equal(s->decides, "diameter_mm");
    bench_end(&b);
}

static void test_gb32167_joins_stretches_50_m_apart_with_the_gravest_grade(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bench b;
        bench_begin(&b, 3000, 3000);
        b.pipeline->diameter_mm = 508;
        b.pipeline->pressure_mpa = 6.3;
        bench_target(&b, "school", 0, 0);
        bench_target(&b, "filling_station", i ? 450.5 : 449.5, 0);
        dwellings(&b, 1, 0, 900);
        bench_ask(&b, "gb32167");
        const struct segment *s = bench_segment(&b, "hca", NULL, 0);
        assert_non_null(s);
        assert_close(s->from_m, -200, 0.01);
        assert_close(s->to_m, i ? 200 : 649.5, 0.01);
        assert_string_equal(s->class, i ? "I" : "II");
        bench_end(&b);
    }
}

static void test_gb32167_oil_lines_meet_roads_rivers_and_villages(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, 3000, 3000);
    b.pipeline->medium = "crude_oil";
    struct infrastructure *river = fixture_add(&b.f, LAYER_INFRASTRUCTURE, "R1");
    river->kind = "river";
    river->head.geom = fixture_line(&b.f, bench_at(&b, 0, -1000), bench_at(&b, 0, 1000));
    struct infrastructure *road = fixture_add(&b.f, LAYER_INFRASTRUCTURE, "W1");
    road->kind = "expressway";
    road->head.geom = fixture_line(&b.f, bench_at(&b, 1500, -1000), bench_at(&b, 1500, 1000));
    dwellings(&b, 50, -1500, 100);
    bench_ask(&b, NULL);
    const struct segment *s = bench_segment(&b, "hca", "III", 0);
    assert_close(s->from_m, -200, 0.1);
    assert_close(s->to_m, 200, 0.1);
    s = bench_segment(&b, "hca", "I", 0);
    assert_close(s->from_m, 1450, 0.1);
    assert_close(s->to_m, 1550, 0.1);
    s = bench_segment(&b, "hca", "II", 0);
    assert_close((s->from_m + s->to_m) / 2, -1500, 0.1);
    assert_close(s->to_m - s->from_m, 2 * sqrt(200.0 * 200 - 100 * 100), 0.1);
    assert_null(bench_segment(&b, "class_location", NULL, 0)); /* GB 50251 is on gas */
    s = bench_segment(&b, "crossing", NULL, 0);
    assert_close(s->from_m, 0, 0.1);
    assert_close(s->angle_deg, 90, 0.1);
    assert_string_equal(s->target_id, "R1");
    assert_string_equal(bench_segment(&b, "crossing", NULL, 1)->target_id, "W1");
    assert_null(bench_segment(&b, "crossing", NULL, 2));
    bench_end(&b);
}

/* ---- occupation ---- */

static void test_what_stands_within_5_m_occupies_the_line(void **state)
{
    (void)state;
    static const struct {
        double offset, accuracy;
        const char *verdict; /* NULL: no row */
    } rows[] = {{4.999, 1e-6, "conflict"},   {5.001, 1e-6, NULL},  {4.5, 1, "undecided"},
                {5.5, 1, "undecided"},       {6.1, 1, NULL},       {3.9, 1, "conflict"},
                {4.99993, 1e-6, "conflict"}, {4.99997, 1e-6, NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_begin(&b, 500, 500);
        bench_target(&b, "factory", 100, rows[i].offset)->head.accuracy_m = rows[i].accuracy;
        bench_ask(&b, "law");
        const struct segment *s = bench_segment(&b, "occupation", NULL, 0);
        if (rows[i].verdict) {
            assert_non_null(s);
            assert_string_equal(s->verdict, rows[i].verdict);
            assert_close(s->distance_m, rows[i].offset, 1e-4);
        } else {
            assert_null(s);
        }
        bench_end(&b);
    }
}

static void test_whether_the_law_speaks_of_a_pipe_of_unknown_medium_is_undecided(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, 500, 500);
    b.pipeline->medium = NULL;
    bench_target(&b, "factory", 100, 2);
    bench_target(&b, "factory", 200, 5.001);
    bench_ask(&b, "law");
    assert_int_equal(b.n, 2); /* articles 30 and 21 */
    for (size_t i = 0; i < b.n; i++) {
        assert_string_equal(b.segments[i].verdict, "undecided");
        assert_string_equal(b.segments[i].decides, "medium");
    }
    bench_end(&b);
}

static void test_the_strip_ends_at_200_m_to_the_tenth_of_a_millimetre(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bench b;
        bench_begin(&b, 3000, 3000);
        dwellings(&b, 16, 0, i ? 200.00007 : 200.00003);
        bench_ask(&b, "gb50251");
        assert_string_equal(worst_class(&b), i ? "1-1" : "2");
        for (size_t k = 0; k < b.n; k++)
            assert_string_equal(b.segments[k].verdict, "decided");
        bench_end(&b);
    }
}

static void test_a_building_over_the_line_occupies_the_stretch_with_5_m_more(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, 500, 500);
    struct facility *shed = fixture_add(&b.f, LAYER_FACILITIES, "F1");
    struct lonlat low = bench_at(&b, 100, -10);
    struct lonlat high = bench_at(&b, 140, 10);
    shed->enterprise_id = "E1";
    shed->facility_type = "WORKSHOP_JIA";
    shed->head.geom = fixture_box(&b.f, low.lon_deg, low.lat_deg, high.lon_deg, high.lat_deg);
    bench_ask(&b, "law");
    const struct segment *s = bench_segment(&b, "occupation", NULL, 0);
    assert_close(s->from_m, 95, 0.01);
    assert_close(s->to_m, 145, 0.01);
    assert_close(s->distance_m, 0, 1e-9);
    assert_string_equal(s->target_layer, "facilities");
    bench_end(&b);
}

/* Two points of one target on the line, just over 10 m apart. */
static void test_stretches_less_than_a_millimetre_apart_are_one(void **state)
{
    (void)state;
    static const double gaps_m[] = {0.0004, 0.0014};
    for (int i = 0; i < 2; i++) {
        struct bench b;
        bench_begin(&b, 500, 500);
        struct record_head *head = &bench_target(&b, "factory", 100, 0)->head;
        struct lonlat points[] = {bench_at(&b, 100, 0), bench_at(&b, 110 + gaps_m[i], 0)};
        head->accuracy_m = 1e-6;
        head->geom.n_points = 2;
        head->geom.points = points;
        head->geom.box.south_deg = points[0].lat_deg;
        head->geom.box.north_deg = points[1].lat_deg;
        bench_ask(&b, "law");
        const struct segment *first = bench_segment(&b, "occupation", NULL, 0);
        const struct segment *second = bench_segment(&b, "occupation", NULL, 1);
        assert_non_null(first);
        assert_close(first->from_m, 95, 2e-4);
        assert_close(first->to_m, i ? 105 : 115 + gaps_m[i], 2e-4);
        assert_int_equal(second != NULL, i);
        if (second)
            assert_close(second->from_m, 105 + gaps_m[i], 2e-4);
        bench_end(&b);
    }
}

static void test_a_closed_line_has_no_segments_and_an_unknown_medium_says_so(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, 500, 500);
    b.pipeline->status = "closed";
    bench_ask(&b, NULL);
    assert_int_equal(b.n, 0);
    bench_end(&b);
    bench_begin(&b, 500, 500);
    b.pipeline->medium = NULL;
    bench_ask(&b, "gb50251");
    assert_int_equal(b.n, 1);
    assert_string_equal(b.segments[0].verdict, "undecided");
    assert_string_equal(b.segments[0].decides, "medium");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gb50251_steps_at_15_and_100_households),
        cmocka_unit_test(test_gb50251_windows_are_2_km_and_ends_200_m_from_the_last_house),
        cmocka_unit_test(
            test_a_school_in_a_class_1_or_2_area_asks_for_the_design_factor_of_class_3),
        cmocka_unit_test(test_the_design_factor_of_a_school_ends_where_a_graver_class_begins),
        cmocka_unit_test(test_classes_cover_the_whole_line_once),
        cmocka_unit_test(
            test_a_reversed_line_mirrors_its_classes_and_a_house_more_never_lowers_one),
        cmocka_unit_test(test_no_class_without_a_window_and_none_missed_by_steps_of_a_metre),
        cmocka_unit_test(test_positions_and_missing_households_leave_a_class_undecided),
        cmocka_unit_test(test_households_come_from_the_population_where_no_dwelling_is_known),
        cmocka_unit_test(test_gb32167_radii_of_the_reference),
        cmocka_unit_test(test_gb32167_places_by_size_of_the_pipe),
        cmocka_unit_test(test_gb32167_without_diameter_or_pressure_is_undecided_and_names_them),
        cmocka_unit_test(test_gb32167_joins_stretches_50_m_apart_with_the_gravest_grade),
        cmocka_unit_test(test_gb32167_oil_lines_meet_roads_rivers_and_villages),
        cmocka_unit_test(test_what_stands_within_5_m_occupies_the_line),
        cmocka_unit_test(test_whether_the_law_speaks_of_a_pipe_of_unknown_medium_is_undecided),
        cmocka_unit_test(test_the_strip_ends_at_200_m_to_the_tenth_of_a_millimetre),
        cmocka_unit_test(test_a_building_over_the_line_occupies_the_stretch_with_5_m_more),
        cmocka_unit_test(test_stretches_less_than_a_millimetre_apart_are_one),
        cmocka_unit_test(test_a_closed_line_has_no_segments_and_an_unknown_medium_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
