/* test_relocation.c - who must move: on what evidence, by when, and what might be done. */
#include "tests/unit/query_bench.h"

#include "data/base/text.h"
#include "geo/query/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void add_area(struct bench *b, const char *id, const char *kind, double half_deg)
{
    struct area *area = fixture_add(&b->f, LAYER_AREAS, id);
    area->kind = kind;
    area->head.geom =
        fixture_box(&b->f, LON - half_deg, LAT - half_deg, LON + half_deg, LAT + half_deg);
}

static const char *spacing_of(const struct bench *b, enum confidence confidence)
{
    const struct rules *rules = b->f.rules;
    for (size_t i = 0; i < rules->n_spacing; i++)
        if (rules->spacing[i].source.confidence == confidence)
            return rules->spacing[i].source.id;
    fail_msg("no row of that confidence");
    return NULL;
}

/* A finding of a plant, by a row of that confidence; without a target where none is named. */
static struct conflict *add_conflict(struct bench *b, const char *plant, const char *kind,
                                     const char *verdict, enum confidence confidence)
{
    struct conflict *c = fixture_add(&b->f, LAYER_CONFLICTS, plant);
    c->kind = kind;
    c->verdict = verdict;
    c->rule_id = strcmp(kind, "area") == 0      ? "Z05a"
                 : strcmp(kind, "density") == 0 ? "individual_risk-1"
                                                : spacing_of(b, confidence);
    c->source_layer = "enterprises";
    c->source_id = plant;
    c->grade = 2;
    c->margin_m = -5;
    return c;
}

static struct enterprise *add_plant(struct bench *b, const char *id, const char *kind)
{
    struct enterprise *e = fixture_add(&b->f, LAYER_ENTERPRISES, id);
    e->kind = kind;
    e->industry = "chemical";
    e->size = "small";
    e->head.geom = fixture_box(&b->f, LON, LAT, LON + 0.002, LAT + 0.002);
    return e;
}

static const struct relocation_row *row_of(const struct bench *b,
                                           const struct relocation_answer *answer, const char *id)
{
    for (size_t i = 0; i < answer->n_rows; i++)
        if (strcmp(world_enterprise(b->world, answer->rows[i].enterprise_row)->head.id, id) == 0)
            return &answer->rows[i];
    return NULL;
}

static void test_relocation_rests_on_what_was_read_and_lists_the_rest_apart(void **state)
{
    struct bench *b = *state;
    struct relocation_answer answer;
    add_plant(b, "SURE", "production");
    add_plant(b, "LIKELY", "production");
    add_plant(b, "OPEN", "storage");
    add_plant(b, "NOTHING", "production");
    add_plant(b, "MINE", "mine");
    add_plant(b, "DENSITY", "production");
    add_conflict(b, "SURE", "distance", "conflict", CONFIDENCE_SURE_V);
    add_conflict(b, "LIKELY", "distance", "conflict", CONFIDENCE_LIKELY);
    add_conflict(b, "OPEN", "distance", "undecided", CONFIDENCE_SURE);
    add_conflict(b, "MINE", "distance", "conflict", CONFIDENCE_SURE_V);
    struct zone *zone = fixture_add(&b->f, LAYER_ZONES, "Z");
    zone->enterprise_id = "DENSITY";
    struct conflict *density = add_conflict(b, "DENSITY", "density", "conflict", CONFIDENCE_SURE);
    density->source_layer = "zones";
    density->source_id = "Z";
    build(b);
    fixture_check(query_relocation(b->world, &b->worker, NULL, &answer, &b->err), &b->err);
    assert_int_equal(answer.n_rows, 3);
    assert_int_equal(row_of(b, &answer, "SURE")->state, RELOCATE);
    assert_int_equal(row_of(b, &answer, "LIKELY")->state, RELOCATE_UNDECIDED);
    assert_int_equal(row_of(b, &answer, "OPEN")->state, RELOCATE_UNDECIDED);
    assert_string_equal(world_enterprise(b->world, answer.rows[0].enterprise_row)->head.id, "SURE");
}

static void test_relocation_gives_the_deadline_of_the_size(void **state)
{
    struct bench *b = *state;
    struct relocation_answer answer;
    add_area(b, "CITY", "dense_urban", 0.05);
    static const struct {
        const char *id;
        const char *size;
        int32_t finish_by;
        bool overdue;
    } cases[] = {{"SMALL", "small", 20201231, true},
                 {"LARGE", "large", 20251231, true},
                 {"UNSIZED", NULL, INT_ABSENT, false}};
    for (size_t i = 0; i < 3; i++) {
        add_plant(b, cases[i].id, "production")->size = cases[i].size;
        struct conflict *c = add_conflict(b, cases[i].id, "area", "conflict", CONFIDENCE_SURE);
        c->target_layer = "areas";
        c->target_id = "CITY";
    }
    build(b);
    fixture_check(query_relocation(b->world, &b->worker, NULL, &answer, &b->err), &b->err);
    for (size_t i = 0; i < 3; i++) {
        const struct relocation_row *row = row_of(b, &answer, cases[i].id);
        assert_string_equal(row->inside->head.id, "CITY");
        assert_int_equal(row->proposal, PROPOSE_MOVE);
        assert_int_equal(row->deadline ? row->deadline->finish_by : INT_ABSENT, cases[i].finish_by);
        assert_int_equal(row->overdue, cases[i].overdue);
    }
}

static void test_relocation_proposes_to_improve_where_the_site_has_room(void **state)
{
    struct bench *b = *state;
    struct relocation_answer answer;
    add_plant(b, "ROOM", "production");
    struct protected_target *near = fixture_add(&b->f, LAYER_PROTECTED, "P");
    near->head.geom = fixture_point(&b->f, LON - 0.0001, LAT);
    struct facility *workshop = fixture_add(&b->f, LAYER_FACILITIES, "T");
    workshop->enterprise_id = "ROOM";
    struct conflict *c = add_conflict(b, "ROOM", "distance", "conflict", CONFIDENCE_SURE_V);
    c->rule_id = "F09a"; /* 25 m */
    c->source_layer = "facilities";
    c->source_id = "T";
    c->target_layer = "protected";
    c->target_id = "P";
    c->target_class = "CIVIL_LOW";
    build(b);
    fixture_check(query_relocation(b->world, &b->worker, NULL, &answer, &b->err), &b->err);
    assert_int_equal(answer.rows[0].proposal, PROPOSE_IMPROVE);
    assert_int_equal(answer.rows[0].worst_distance, 0);
}

static void test_relocation_of_a_unit_leaves_out_the_others(void **state)
{
    struct bench *b = *state;
    struct relocation_answer answer;
    add_units(b);
    add_plant(b, "HERE", "production");
    struct enterprise *there = add_plant(b, "THERE", "production");
    there->head.geom = fixture_box(&b->f, 106.7, 38.4, 106.701, 38.401);
    add_conflict(b, "HERE", "distance", "conflict", CONFIDENCE_SURE_V);
    add_conflict(b, "THERE", "distance", "conflict", CONFIDENCE_SURE_V);
    build(b);
    fixture_check(query_relocation(b->world, &b->worker, "640100", &answer, &b->err), &b->err);
    assert_int_equal(answer.n_rows, 1);
    assert_string_equal(answer.rows[0].unit_code, "640105");
    assert_int_equal(query_relocation(b->world, &b->worker, "9", &answer, &b->err), ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_relocation_rests_on_what_was_read_and_lists_the_rest_apart),
        TEST(test_relocation_gives_the_deadline_of_the_size),
        TEST(test_relocation_proposes_to_improve_where_the_site_has_room),
        TEST(test_relocation_of_a_unit_leaves_out_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
