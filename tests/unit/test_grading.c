/* test_grading.c - grades of enterprises and their reasons; the figures stand in tests/cases. */
#include "tests/unit/world_fixture.h"

#include "data/base/json.h"
#include "data/base/text.h"
#include "geo/assess/assess.h"
#include "geo/grades/grading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int32_t DAY = 20260601;

struct bench {
    struct fixture f;
    struct world *world;
    struct crew crew;
    struct arena arena;
    struct assessment all;
};

static void bench_run(struct bench *b)
{
    struct err err;
    b->world = fixture_world(&b->f, DAY);
    arena_init(&b->arena, 0);
    fixture_check(crew_init(&b->crew, 2, &err), &err);
    fixture_check(assess_world(b->world, &b->crew, &b->arena, &b->all, &err), &err);
    fixture_check(assess_reasons(b->world, &b->crew.workers[0], &b->all, &b->arena, &err), &err);
}

static void bench_release(struct bench *b)
{
    assessment_release(&b->all);
    crew_release(&b->crew);
    arena_release(&b->arena);
    world_release(b->world);
}

static const struct grade_row *grade_of(const struct bench *b, const char *subject, const char *id)
{
    for (size_t i = 0; i < b->all.n_grades; i++) {
        const struct grade_row *row = &b->all.grades[i];
        if (text_equal(row->subject, subject) && text_equal(row->subject_id, id))
            return row;
    }
    return NULL;
}

static void test_worse_of_two_grades_ignores_grey(void **state)
{
    (void)state;
    assert_int_equal(grading_worse(1, 3), 1);
    assert_int_equal(grading_worse(4, 0), 4);
    assert_int_equal(grading_worse(0, 2), 2);
    assert_int_equal(grading_worse(0, 0), 0);
}

static void add_houses(struct fixture *f, int n)
{
    for (int i = 0; i < n; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%03d", i);
        struct protected_target *p = fixture_add(f, LAYER_PROTECTED, id);
        struct lonlat at = ellipsoid_direct((struct lonlat){106.2, 38.4}, i, 5 + 0.1 * i);
        p->head.geom = fixture_point(f, at.lon_deg, at.lat_deg);
        p->use = i == 40 ? "school" : "village";
        p->persons = 5;
        p->households = 2;
        p->storeys = 1;
    }
}

static void test_reasons_come_worst_first_and_say_how_many_more(void **state)
{
    (void)state;
    struct bench b;
    struct err err;
    fixture_init(&b.f);
    struct enterprise *e = fixture_add(&b.f, LAYER_ENTERPRISES, "E1");
    e->head.geom = fixture_point(&b.f, 106.3, 38.4);
    e->declared_grade = 3;
    e->score_19 = 95;
    struct facility *t = fixture_add(&b.f, LAYER_FACILITIES, "T1");
    t->head.geom = fixture_point(&b.f, 106.2, 38.4);
    t->facility_type = "WORKSHOP_JIA";
    t->enterprise_id = "E1";
    add_houses(&b.f, 50);
    bench_run(&b);
    const struct grade_row *row = grade_of(&b, "enterprise", "E1");
    assert_int_equal(row->grade, 1);
    struct json *root = NULL;
    fixture_check(jr_parse(row->reasons, strlen(row->reasons), &root, &err), &err);
    assert_int_equal(jr_count(root), GRADING_REASONS + 1);
    int64_t last = 0;
    for (size_t i = 0; i < GRADING_REASONS; i++) {
        const struct json *reason = jr_item(root, i);
        int64_t grade = jr_integer(jr_get(reason, "grade"), 5);
        assert_true(grade >= last);
        last = grade;
        assert_non_null(jr_text(jr_get(reason, "text")));
        assert_non_null(jr_text(jr_get(reason, "zh")));
    }
    const struct json *first = jr_item(root, 0);
    assert_string_equal(jr_text(jr_get(first, "target")), "protected/P040");
    assert_string_equal(jr_text(jr_get(first, "source")), "facilities/T1");
    assert_string_equal(jr_text(jr_get(first, "rule")), "F09a");
    assert_non_null(strstr(jr_text(jr_get(jr_item(root, GRADING_REASONS), "text")), "32 more"));
    jr_free(root);
    bench_release(&b);
}

static void test_undecided_findings_are_counted_and_told_but_do_not_grade(void **state)
{
    (void)state;
    struct bench b;
    fixture_init(&b.f);
    struct enterprise *e = fixture_add(&b.f, LAYER_ENTERPRISES, "E1");
    e->head.geom = fixture_point(&b.f, 106.3, 38.4);
    e->declared_grade = 4;
    struct facility *t = fixture_add(&b.f, LAYER_FACILITIES, "T1");
    t->head.geom = fixture_point(&b.f, 106.2, 38.4);
    t->head.accuracy_m = 30;
    t->facility_type = "WORKSHOP_JIA";
    t->enterprise_id = "E1";
    add_houses(&b.f, 3);
    bench_run(&b);
    const struct grade_row *row = grade_of(&b, "enterprise", "E1");
    assert_int_equal(row->grade, 4);
    assert_int_equal(row->could_be, 2);
    assert_int_equal(row->undecided, 3);
    assert_non_null(strstr(row->reasons, "undecided without positions good to"));
    bench_release(&b);
}

static void test_facility_of_no_known_enterprise_grades_nobody_and_is_warned_of(void **state)
{
    (void)state;
    struct bench b;
    fixture_init(&b.f);
    struct enterprise *e = fixture_add(&b.f, LAYER_ENTERPRISES, "E1");
    e->head.geom = fixture_point(&b.f, 106.3, 38.4);
    struct facility *t = fixture_add(&b.f, LAYER_FACILITIES, "T1");
    t->head.geom = fixture_point(&b.f, 106.2, 38.4);
    t->facility_type = "WORKSHOP_JIA";
    t->enterprise_id = "E9";
    add_houses(&b.f, 2);
    bench_run(&b);
    assert_int_equal(world_count(b.world, LAYER_CONFLICTS), 2);
    assert_int_equal(grade_of(&b, "enterprise", "E1")->grade, 0);
    bool warned = false;
    for (size_t i = 0; i < b.all.n_warnings; i++)
        warned |= strstr(b.all.warnings[i], "\"T1\"") != NULL;
    assert_true(warned);
    bench_release(&b);
}

static void test_each_unit_of_the_inventory_has_a_row_with_r(void **state)
{
    (void)state;
    struct bench b;
    fixture_init(&b.f);
    fixture_grid(&b.f, 106.18, 38.42, 0.001, 40, 40, 0);
    struct enterprise *e = fixture_add(&b.f, LAYER_ENTERPRISES, "E1");
    e->head.geom = fixture_point(&b.f, 106.2, 38.4);
    e->radius_m = 100;
    struct inventory_item *item = fixture_add(&b.f, LAYER_INVENTORY, "I1");
    item->enterprise_id = "E1";
    item->unit = "罐区";
    item->substance = "氯";
    item->q_t = 25;
    bench_run(&b);
    const struct grade_row *row = grade_of(&b, "hazard_unit", "E1/罐区");
    assert_non_null(row);
    assert_string_equal(row->head.id, "hazard_unit/E1/罐区/gb18218");
    assert_int_equal(row->grade, 3);
    assert_close(row->value, 10, 1e-9);
    assert_non_null(strstr(row->reasons, "\"S\":5"));
    bench_release(&b);
}

static void test_assessment_without_memory_says_so_and_leaks_nothing(void **state)
{
    (void)state;
    for (size_t limit = 1000; limit < 400000; limit = limit * 5 / 4) {
        struct fixture f;
        struct crew crew;
        struct arena arena;
        struct assessment all;
        struct err err;
        fixture_init(&f);
        struct enterprise *e = fixture_add(&f, LAYER_ENTERPRISES, "E1");
        e->head.geom = fixture_point(&f, 106.2, 38.4);
        struct facility *t = fixture_add(&f, LAYER_FACILITIES, "T1");
        t->head.geom = fixture_point(&f, 106.2, 38.4);
        t->facility_type = "WORKSHOP_JIA";
        t->enterprise_id = "E1";
        add_houses(&f, 30);
        struct world *world = fixture_world(&f, DAY);
        fixture_check(crew_init(&crew, 1, &err), &err);
        arena_init(&arena, limit);
        enum err_code code = assess_world(world, &crew, &arena, &all, &err);
        assessment_release(&all);
        assert_true(code == ERR_OK || code == ERR_MEMORY);
        arena_release(&arena);
        crew_release(&crew);
        world_release(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worse_of_two_grades_ignores_grey),
        cmocka_unit_test(test_reasons_come_worst_first_and_say_how_many_more),
        cmocka_unit_test(test_undecided_findings_are_counted_and_told_but_do_not_grade),
        cmocka_unit_test(test_facility_of_no_known_enterprise_grades_nobody_and_is_warned_of),
        cmocka_unit_test(test_each_unit_of_the_inventory_has_a_row_with_r),
        cmocka_unit_test(test_assessment_without_memory_says_so_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
