/* test_conflicts.c - distances: what is found, under which row, and nothing else. */
#include "tests/unit/world_fixture.h"

#include "data/base/text.h"
#include "geo/findings/finding_view.h"
#include "geo/findings/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int32_t DAY = 20260601;

/* Everything found, in full, in the order of all. */
struct found {
    struct conflict_view *items;
    size_t n;
};

static struct found gather(struct world *world, struct arena *arena)
{
    struct crew crew;
    struct findings *findings;
    struct finding_ref ref = {.layer = LAYER_COUNT};
    struct found found = {.n = 0};
    struct err err;
    fixture_check(crew_init(&crew, 2, &err), &err);
    fixture_check(findings_all(world, &crew, &findings, &err), &err);
    world_set_findings(world, findings);
    found.items = arena_new(arena, struct conflict_view, findings_sums(findings).n);
    while (findings_next(world, &ref))
        fixture_check(
            finding_view(world, &crew.workers[0], ref, arena, &found.items[found.n++], &err), &err);
    crew_release(&crew);
    return found;
}

/* Numbers that look random and are the same everywhere. */
static double next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 33) / (double)(1u << 31);
}

static void scatter(struct fixture *f, uint64_t *seed)
{
    static const char *const types[] = {"LIQ_TANK_AB",    "LPG_TANK_PRESSURE",
                                        "PETRO_LH_TANKS", "GASOLINE_STATION_TANK",
                                        "DRILL_WELL",     "WORKSHOP_JIA"};
    static const char *const uses[] = {"village",    "school",   "factory",
                                       "open_flame", "hospital", "residential"};
    for (int i = 0; i < 60; i++) {
        char id[16];
        snprintf(id, sizeof id, "T%02d", i);
        struct facility *t = fixture_add(f, LAYER_FACILITIES, id);
        t->facility_type = types[i % 6];
        t->total_m3 = i % 7 == 0 ? (double)NAN : 10 + 300 * next_random(seed);
        t->single_m3 = 10 + 60 * next_random(seed);
        t->grade = i % 4 == 0 ? INT_ABSENT : 1 + i % 3;
        t->underground = 0;
        t->enterprise_id = i % 2 ? "E01" : "E02";
        t->head.accuracy_m = 3 * next_random(seed);
        t->head.geom =
            fixture_point(f, 106.2 + 0.02 * next_random(seed), 38.4 + 0.02 * next_random(seed));
    }
    for (int i = 0; i < 120; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%03d", i);
        struct protected_target *p = fixture_add(f, LAYER_PROTECTED, id);
        p->use = uses[i % 6];
        p->persons = i % 5 == 0 ? INT_ABSENT : (int32_t)(600 * next_random(seed));
        p->households = i % 5 == 1 ? INT_ABSENT : 20;
        p->fire_rating = i % 3 == 0 ? INT_ABSENT : 1 + i % 4;
        p->storeys = i % 9 == 0 ? INT_ABSENT : 2;
        p->head.accuracy_m = 3 * next_random(seed);
        double lon = 106.2 + 0.02 * next_random(seed);
        double lat = 38.4 + 0.02 * next_random(seed);
        p->head.geom = i % 2 ? fixture_point(f, lon, lat)
                             : fixture_box(f, lon, lat, lon + 0.0005, lat + 0.0004);
    }
}

/* All pairs of source and target under all rows, without index, reach or grouping. */
static size_t all_pairs(const struct world *world, const struct found *set)
{
    size_t n = 0;
    struct arena arena;
    struct err err;
    arena_init(&arena, 0);
    for (size_t s = 0; s < world_count(world, LAYER_FACILITIES); s++) {
        struct spacing_source source = spacing_source_of(world, LAYER_FACILITIES, s);
        struct spacing_match *matches;
        size_t n_matches;
        fixture_check(spacing_matches(world, &source, &arena, &matches, &n_matches, &err), &err);
        for (uint32_t t = 0; t < world_count(world, LAYER_PROTECTED); t++) {
            struct closest closest;
            fixture_check(distance_shapes(source.geom, world_geom(world, LAYER_PROTECTED, t),
                                          (double)INFINITY, &arena, &closest, &err),
                          &err);
            for (size_t m = 0; m < n_matches; m++) {
                size_t i = 0;
                const struct target_class *class;
                while ((class = spacing_target(world, matches[m].rule, &i))) {
                    const char *missing = NULL;
                    struct spacing_finding finding;
                    if (class->layer != LAYER_PROTECTED || matches[m].missing ||
                        spacing_is_target(world, &source, class, t, &missing) != TRUTH_YES)
                        continue;
                    spacing_judge(world, &source, &matches[m], class, t, &closest, &finding);
                    if (finding.answer.verdict == VERDICT_CLEAR)
                        continue;
                    const struct record_head *from = source.record;
                    char *id = arena_printf(&arena, "%s|facilities/%s|protected/%s",
                                            matches[m].rule->source.id, from->id,
                                            world_protected(world, t)->head.id);
                    bool found = false;
                    for (size_t k = 0; k < set->n; k++)
                        found |= text_equal(set->items[k].row.head.id, id) &&
                                 text_equal(set->items[k].row.verdict,
                                            verdict_name(finding.answer.verdict));
                    if (!found)
                        print_error("not found: %s\n", id);
                    assert_true(found);
                    n++;
                }
            }
        }
    }
    arena_release(&arena);
    return n;
}

static void test_index_join_finds_what_all_pairs_find(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct fixture f;
    struct arena arena;
    fixture_init(&f);
    scatter(&f, &seed);
    struct world *world = fixture_world(&f, DAY);
    arena_init(&arena, 0);
    struct found set = gather(world, &arena);
    size_t by_attribute = 0;
    for (size_t i = 0; i < set.n; i++)
        by_attribute += set.items[i].row.decides &&
                        strstr(set.items[i].row.decides, "missing attribute") != NULL;
    size_t n = all_pairs(world, &set);
    assert_true(n > 30);
    assert_true(by_attribute > 5);
    assert_int_equal(set.n, n + by_attribute);
    arena_release(&arena);
    world_release(world);
}

static void test_findings_come_by_source_and_target_and_the_same_each_time(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    uint64_t seed = 7;
    struct fixture f;
    fixture_init(&f);
    scatter(&f, &seed);
    struct world *world = fixture_world(&f, DAY);
    struct found first = gather(world, &arena);
    struct found second = gather(world, &arena);
    assert_int_equal(first.n, second.n);
    for (size_t i = 0; i < first.n; i++) {
        assert_string_equal(first.items[i].row.head.id, second.items[i].row.head.id);
        assert_string_equal(first.items[i].row.reason, second.items[i].row.reason);
        const struct conflict *row = &first.items[i].row;
        const struct conflict *before = i > 0 ? &first.items[i - 1].row : NULL;
        int by_source = before ? strcmp(before->source_id, row->source_id) : -1;
        int by_target = before && before->target_id && row->target_id
                            ? strcmp(before->target_id, row->target_id)
                            : -1;
        assert_true(by_source < 0 || (by_source == 0 && by_target <= 0));
    }
    world_release(world);
    arena_release(&arena);
}

/* Each row of the table, as it stands: nearer than its value by a millimetre is no clear, its
 * value is. */
static void test_every_spacing_row_decides_at_its_value(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct facility *facility = fixture_add(&f, LAYER_FACILITIES, "T1");
    facility->head.geom = fixture_point(&f, 106.2, 38.4);
    struct protected_target *target = fixture_add(&f, LAYER_PROTECTED, "P1");
    target->use = "village";
    target->head.geom = fixture_point(&f, 106.21, 38.4);
    struct world *world = fixture_world(&f, DAY);
    struct spacing_source source = spacing_source_of(world, LAYER_FACILITIES, 0);
    struct target_class class = {.layer = LAYER_PROTECTED, .source = {.id = "any"}};
    size_t n_decided = 0;
    for (size_t i = 0; i < world->rules->n_spacing; i++) {
        const struct spacing_rule *rule = &world->rules->spacing[i];
        struct spacing_match match = {rule, NULL};
        struct spacing_finding finding;
        struct closest closest = {.distance_m = rule->value_m - 0.001};
        spacing_judge(world, &source, &match, &class, 0, &closest, &finding);
        bool decides = confidence_decides(rule->source.confidence) && rule->kind != SPACING_PATH;
        assert_int_equal(finding.answer.verdict, decides ? VERDICT_CONFLICT : VERDICT_UNDECIDED);
        n_decided += decides;
        closest.distance_m = rule->value_m + 0.001;
        spacing_judge(world, &source, &match, &class, 0, &closest, &finding);
        assert_int_equal(finding.answer.verdict, VERDICT_CLEAR);
    }
    assert_true(n_decided > 150);
    world_release(world);
}

static void test_conflict_carries_its_evidence(void **state)
{
    (void)state;
    struct fixture f;
    struct arena arena;
    fixture_init(&f);
    struct enterprise *plant = fixture_add(&f, LAYER_ENTERPRISES, "E1");
    plant->head.geom = fixture_point(&f, 106.3, 38.4);
    plant->kind = "metallurgy";
    struct facility *tank = fixture_add(&f, LAYER_FACILITIES, "T1");
    tank->head.name = "储罐一";
    tank->head.geom = fixture_point(&f, 106.2, 38.4);
    tank->facility_type = "LIQ_TANK_AB";
    tank->total_m3 = 50;
    tank->fixed_roof = 0;
    tank->enterprise_id = "E1";
    struct protected_target *school = fixture_add(&f, LAYER_PROTECTED, "P1");
    struct lonlat at = ellipsoid_direct((struct lonlat){106.2, 38.4}, 90, 12.5);
    school->head.geom = fixture_point(&f, at.lon_deg, at.lat_deg);
    school->head.name = "示例小学";
    school->use = "school";
    school->persons = 100;
    school->fire_rating = 1;
    school->storeys = 1;
    struct world *world = fixture_world(&f, DAY);
    arena_init(&arena, 0);
    struct found set = gather(world, &arena);
    assert_int_equal(set.n, 1);
    const struct conflict *row = &set.items[0].row;
    assert_string_equal(row->head.id, "F02-BLDG_I_II|facilities/T1|protected/P1");
    assert_string_equal(row->verdict, "conflict");
    assert_string_equal(row->enterprise_id, "E1");
    assert_string_equal(row->confidence, "sure_v");
    assert_non_null(strstr(row->standard, "GB 50016"));
    assert_non_null(strstr(row->clause, "4.2.1"));
    assert_int_equal(row->grade, 1);
    assert_close(row->distance_m, 12.5, 1e-6);
    assert_close(row->margin_m, -2.5, 1e-6);
    assert_int_equal(row->head.geom.kind, GEOM_LINE);
    assert_close(row->head.geom.points[1].lon_deg, at.lon_deg, 1e-9);
    assert_non_null(strstr(row->reason, "储罐一"));
    assert_non_null(strstr(row->reason, "2.50 m short of the 15 m"));
    assert_non_null(strstr(set.items[0].zh, "示例小学"));
    assert_null(row->decides);
    assert_non_null(strstr(set.items[0].zh, "12.50 m"));
    assert_non_null(strstr(set.items[0].zh, "储罐一"));
    arena_release(&arena);
    world_release(world);
}

/* Points and a line whose reach goes over the antimeridian, from either side. */
static void test_conflicts_are_found_over_the_antimeridian(void **state)
{
    (void)state;
    static const double sides[] = {1, -1};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        struct arena arena;
        fixture_init(&f);
        struct facility *tank = fixture_add(&f, LAYER_FACILITIES, "T1");
        tank->head.geom = fixture_point(&f, sides[i] * 179.99995, 38.4);
        tank->facility_type = "LIQ_TANK_AB";
        tank->total_m3 = 50;
        tank->fixed_roof = 0;
        struct protected_target *school = fixture_add(&f, LAYER_PROTECTED, "P1");
        struct lonlat at =
            ellipsoid_direct((struct lonlat){sides[i] * 179.99995, 38.4}, sides[i] * 90, 12.5);
        school->head.geom = fixture_point(&f, remainder(at.lon_deg, 360), at.lat_deg);
        school->use = "school";
        school->fire_rating = 2;
        school->storeys = 2;
        school->persons = 100;
        assert_true(school->head.geom.points[0].lon_deg * sides[i] < -179.9);
        struct world *world = fixture_world(&f, DAY);
        arena_init(&arena, 0);
        struct found found = gather(world, &arena);
        size_t n = 0;
        for (size_t k = 0; k < found.n; k++)
            if (found.items[k].row.target_id && strcmp(found.items[k].row.target_id, "P1") == 0 &&
                fabs(found.items[k].row.distance_m - 12.5) < 1e-6)
                n++;
        assert_true(n > 0);
        arena_release(&arena);
        world_release(world);
    }
}

static void test_closed_plant_and_what_is_its_own_harm_nobody(void **state)
{
    (void)state;
    struct fixture f;
    struct arena arena;
    fixture_init(&f);
    struct enterprise *plant = fixture_add(&f, LAYER_ENTERPRISES, "E1");
    plant->head.geom = fixture_point(&f, 106.2, 38.4);
    plant->kind = "production";
    plant->status = "closed";
    struct facility *tank = fixture_add(&f, LAYER_FACILITIES, "T1");
    tank->head.geom = fixture_point(&f, 106.2, 38.4);
    tank->facility_type = "WORKSHOP_JIA";
    tank->enterprise_id = "E1";
    struct protected_target *house = fixture_add(&f, LAYER_PROTECTED, "P1");
    house->head.geom = fixture_point(&f, 106.2, 38.40001);
    house->use = "village";
    struct infrastructure *road = fixture_add(&f, LAYER_INFRASTRUCTURE, "R1");
    road->head.geom = fixture_point(&f, 106.2, 38.4001);
    road->kind = "road";
    struct world *world = fixture_world(&f, DAY);
    arena_init(&arena, 0);
    assert_int_equal(gather(world, &arena).n, 0);
    arena_release(&arena);
    world_release(world);
}

static void test_likely_rows_grade_one_step_milder(void **state)
{
    (void)state;
    assert_int_equal(conflicts_step(1, CONFIDENCE_SURE), 1);
    assert_int_equal(conflicts_step(1, CONFIDENCE_LIKELY), 2);
    assert_int_equal(conflicts_step(4, CONFIDENCE_LIKELY), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index_join_finds_what_all_pairs_find),
        cmocka_unit_test(test_findings_come_by_source_and_target_and_the_same_each_time),
        cmocka_unit_test(test_every_spacing_row_decides_at_its_value),
        cmocka_unit_test(test_conflict_carries_its_evidence),
        cmocka_unit_test(test_conflicts_are_found_over_the_antimeridian),
        cmocka_unit_test(test_closed_plant_and_what_is_its_own_harm_nobody),
        cmocka_unit_test(test_likely_rows_grade_one_step_milder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
