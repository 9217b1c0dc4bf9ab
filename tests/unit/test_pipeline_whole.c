/* test_pipeline_whole.c - a run over all pipelines: the same rows for any number of threads, and as
 * each pipeline has alone. */
#include "tests/unit/pipeline_bench.h"

static void assert_same_segment(const struct segment *a, const struct segment *b)
{
    const struct layer_binding *binding = records_binding(LAYER_SEGMENTS);
    for (size_t i = 0; i < binding->n_fields; i++) {
        const struct field_binding *field = &binding->fields[i];
        assert_int_equal(record_is_absent(a, field), record_is_absent(b, field));
        if (record_is_absent(a, field))
            continue;
        if (field->type == FIELD_TEXT || field->type == FIELD_DATETIME)
            assert_string_equal(record_text(a, field), record_text(b, field));
        else
            assert_true(record_real(a, field) == record_real(b, field));
    }
    assert_true(geom_equal(&a->head.geom, &b->head.geom));
}

/* Ids of which one begins with another, and a bar: their rows lie among each other. */
static const char *awkward_id(int i, char room[16])
{
    static const char *const ids[] = {"M", "M|gb32167|a", "M1", "M|"};
    if (i < 4)
        return ids[i];
    snprintf(room, 16, "M%02d", i);
    return room;
}

/* Points and outlines, what is known of them and what is not. */
static void place_anything(struct bench *b)
{
    static const char *const uses[] = {"village", "school", "residential", "market", "factory"};
    for (int i = 0; i < 160; i++) {
        double at_m = draw(-3000, 8000);
        double off_m = draw(-3000, 3000);
        struct protected_target *target = bench_target(b, uses[i % 5], at_m, off_m);
        if (i % 2)
            target->households = (int)draw(0, 30);
        else if (i % 3)
            target->persons = (int)draw(0, 300);
        if (i % 4 == 0)
            target->storeys = (int)draw(1, 8);
        if (i % 6 == 0)
            target->use = NULL;
        if (i % 9 == 0) {
            struct lonlat low = bench_at(b, at_m, off_m);
            struct lonlat high = bench_at(b, at_m + draw(10, 400), off_m + draw(10, 200));
            target->head.geom =
                fixture_box(&b->f, low.lon_deg, low.lat_deg, high.lon_deg, high.lat_deg);
        }
    }
    for (int i = 0; i < 60; i++) {
        char id[16];
        snprintf(id, sizeof id, "X%02d", i);
        struct enterprise *plant = fixture_add(&b->f, LAYER_ENTERPRISES, id);
        struct lonlat at = bench_at(b, draw(-3000, 8000), draw(-3000, 3000));
        plant->head.geom = fixture_point(&b->f, at.lon_deg, at.lat_deg);
        plant->kind = i % 3 == 0 ? "production" : i % 3 == 1 ? "use" : NULL;
        plant->status = i % 4 == 0 ? "closed" : NULL;
        plant->radius_m = i % 2 ? draw(1, 300) : (double)NAN;
    }
}

static void test_one_thread_and_many_give_the_same_rows_as_each_pipeline_alone(void **state)
{
    (void)state;
    enum { MORE = 16 };
    struct bench b;
    struct err err;
    bench_begin(&b, 0, 5000);
    for (int i = 0; i < MORE; i++) {
        char room[16];
        struct pipeline *pipeline = fixture_add(&b.f, LAYER_PIPELINES, awkward_id(i, room));
        struct lonlat at = bench_at(&b, draw(0, 5000), draw(-500, 500));
        pipeline->head.geom = random_line(&b.f.parts.arena, 10, at);
        pipeline->medium = i % 3 ? "natural_gas" : "crude_oil";
        pipeline->diameter_mm = draw(200, 1200);
        pipeline->pressure_mpa = draw(1, 10);
        pipeline->head.accuracy_m = draw(0, 20);
    }
    place_anything(&b);
    b.world = fixture_world(&b.f, 20260601);
    struct segment *rows[2];
    size_t n[2];
    struct crew crews[2];
    for (size_t k = 0; k < 2; k++) {
        fixture_check(crew_init(&crews[k], k ? 3 : 1, &err), &err);
        fixture_check(pipeline_segments(b.world, &crews[k], &b.arena, &rows[k], &n[k], &err), &err);
    }
    assert_in_range(n[0], 30, 10000);
    assert_int_equal(n[0], n[1]);
    for (size_t i = 0; i < n[0]; i++) {
        assert_true(i == 0 || strcmp(rows[0][i - 1].head.id, rows[0][i].head.id) < 0);
        assert_same_segment(&rows[0][i], &rows[1][i]);
    }
    size_t n_alone = 0;
    for (uint32_t row = 0; row < MORE + 1; row++) {
        struct pipeline_question question = {.world = b.world, .row = row};
        struct segment *alone = NULL;
        size_t n_one = 0;
        fixture_check(pipeline_segments_of(&question, &b.worker, &b.arena, &alone, &n_one, &err),
                      &err);
        for (size_t i = 0, at = 0; i < n_one; i++, at++) {
            while (at < n[0] && strcmp(rows[0][at].head.id, alone[i].head.id) != 0)
                at++;
            assert_true(at < n[0]);
            assert_same_segment(&rows[0][at], &alone[i]);
        }
        n_alone += n_one;
    }
    assert_int_equal(n[0], n_alone);
    crew_release(&crews[0]);
    crew_release(&crews[1]);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_thread_and_many_give_the_same_rows_as_each_pipeline_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
