/* test_records.c - the record structs and how their fields are reached by name. */
#include "data/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_layers_are_found_by_their_names_and_no_others(void **state)
{
    (void)state;
    for (int i = 0; i < LAYER_COUNT; i++) {
        enum layer_id layer = LAYER_COUNT;
        assert_true(layer_by_name(layer_name((enum layer_id)i), &layer));
        assert_int_equal(layer, i);
    }
    enum layer_id layer;
    assert_false(layer_by_name("enterprise", &layer));
    assert_false(layer_by_name("", &layer));
    assert_false(layer_by_name("ADMIN", &layer));
}

static void test_fields_begin_with_the_head_and_stay_inside_their_record(void **state)
{
    (void)state;
    for (int i = 0; i < LAYER_COUNT; i++) {
        const struct layer_binding *binding = records_binding((enum layer_id)i);
        if (binding->record_bytes == 0)
            continue;
        assert_string_equal(binding->fields[0].name, "id");
        assert_int_equal(binding->fields[0].offset, 0);
        for (size_t f = 0; f < binding->n_fields; f++) {
            assert_true(binding->fields[f].offset + sizeof(int32_t) <= binding->record_bytes);
            for (size_t other = 0; other < f; other++)
                assert_int_not_equal(binding->fields[f].offset, binding->fields[other].offset);
        }
    }
}

static void test_a_cleared_record_has_every_field_absent(void **state)
{
    (void)state;
    for (int i = 0; i < LAYER_COUNT; i++) {
        const struct layer_binding *binding = records_binding((enum layer_id)i);
        if (binding->record_bytes == 0)
            continue;
        void *record = malloc(binding->record_bytes);
        memset(record, 0x5A, binding->record_bytes);
        record_clear((enum layer_id)i, record);
        for (size_t f = 0; f < binding->n_fields; f++)
            assert_true(record_is_absent(record, &binding->fields[f]));
        assert_int_equal(((const struct record_head *)record)->geom.kind, GEOM_NONE);
        assert_true(box_is_empty(((const struct record_head *)record)->geom.box));
        free(record);
    }
}

static void test_fields_are_read_through_their_bindings(void **state)
{
    (void)state;
    struct pipeline pipe;
    record_clear(LAYER_PIPELINES, &pipe);
    pipe.head.id = "P-1";
    pipe.head.valid_from = 20260501;
    pipe.medium = "natural_gas";
    pipe.pressure_mpa = 6.3;
    pipe.buried = 1;
    assert_string_equal(record_text(&pipe, records_field(LAYER_PIPELINES, "id")), "P-1");
    assert_string_equal(record_text(&pipe, records_field(LAYER_PIPELINES, "medium")),
                        "natural_gas");
    assert_true(record_real(&pipe, records_field(LAYER_PIPELINES, "pressure_mpa")) == 6.3);
    assert_true(record_real(&pipe, records_field(LAYER_PIPELINES, "buried")) == 1);
    assert_int_equal(record_integer(&pipe, records_field(LAYER_PIPELINES, "valid_from")), 20260501);
    const struct field_binding *absent = records_field(LAYER_PIPELINES, "diameter_mm");
    assert_true(record_is_absent(&pipe, absent));
    assert_true(isnan(record_real(&pipe, absent)));
    assert_int_equal(record_integer(&pipe, absent), INT_ABSENT);
    assert_null(record_text(&pipe, absent));
    assert_true(isnan(record_real(&pipe, records_field(LAYER_PIPELINES, "source_row"))));
    assert_null(records_field(LAYER_PIPELINES, "geom"));
    assert_null(records_field(LAYER_PIPELINES, "beds"));
}

static void test_record_at_steps_by_the_record_of_its_layer(void **state)
{
    (void)state;
    struct area areas[3] = {{.head.id = "a"}, {.head.id = "b"}, {.head.id = "c"}};
    assert_string_equal(record_at(LAYER_AREAS, areas, 0)->id, "a");
    assert_string_equal(record_at(LAYER_AREAS, areas, 2)->id, "c");
}

static void test_a_record_holds_from_its_first_to_its_last_day(void **state)
{
    (void)state;
    struct record_head head = {.valid_from = 20260501, .valid_to = 20261231};
    assert_false(record_holds(&head, 20260430));
    assert_true(record_holds(&head, 20260501));
    assert_true(record_holds(&head, 20261231));
    assert_false(record_holds(&head, 20270101));
    head.valid_to = INT_ABSENT;
    assert_true(record_holds(&head, 20990101));
    head.valid_from = INT_ABSENT;
    assert_true(record_holds(&head, 19490101));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_are_found_by_their_names_and_no_others),
        cmocka_unit_test(test_fields_begin_with_the_head_and_stay_inside_their_record),
        cmocka_unit_test(test_a_cleared_record_has_every_field_absent),
        cmocka_unit_test(test_fields_are_read_through_their_bindings),
        cmocka_unit_test(test_record_at_steps_by_the_record_of_its_layer),
        cmocka_unit_test(test_a_record_holds_from_its_first_to_its_last_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
