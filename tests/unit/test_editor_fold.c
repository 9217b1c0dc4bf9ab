/* test_editor_fold.c - edits go on while what they put gets a new base. */
#include "tests/unit/editor_fixture.h"

#include "geo/findings/findings.h"
#include "geo/world/world_layer.h"

#include <time.h>

static void put(struct fixture *f, struct editor *editor, enum layer_id layer, const void *record)
{
    struct edit_result result;
    struct edit_request request = {.layer = layer, .records = record, .n_records = 1};
    assert_ok(f, editor_apply(editor, &request, &f->arena, &result, &f->err));
    edit_result_release(&result);
}

/* One edit of more records than a delta should hold: edits go on, and after some of them these have
 * a new base. */
static void test_a_large_delta_becomes_a_new_base(void **state)
{
    enum { MANY = 6000 }; /* some do not hold on the day */
    struct fixture *f = *state;
    struct region r;
    struct edit_result result;
    struct editor *editor = open_region_of(f, &r, 11, REGION_GRID);
    size_t bytes = records_binding(LAYER_RESOURCES)->record_bytes;
    char *records = arena_alloc(&f->arena, MANY, bytes);
    for (int i = 0; i < MANY; i++)
        memcpy(records + (size_t)i * bytes,
               region_record(&r, LAYER_RESOURCES, arena_printf(&f->arena, "many-%04d", i)), bytes);
    for (int i = 0; i < 4; i++) /* those that are put twice do */
        ((struct record_head *)(records + (size_t)i * bytes))->valid_to = INT_ABSENT;
    for (int n = 4; n <= MANY; n += MANY - 4) {
        struct edit_request request = {
            .layer = LAYER_RESOURCES, .records = records, .n_records = (size_t)n};
        assert_ok(f, editor_apply(editor, &request, &f->arena, &result, &f->err));
        assert_int_equal(result.facts.n, n == MANY ? MANY - 4 : 4);
        edit_result_release(&result);
    }
    const struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0, after = 0; after < 3; i++) { /* three more when it is there */
        put(f, editor, LAYER_RESOURCES,
            region_record(&r, LAYER_RESOURCES, arena_printf(&f->arena, "many-%04d", i * 7 % MANY)));
        put(f, editor, LAYER_PROTECTED,
            region_record(&r, LAYER_PROTECTED, region_id(&r, LAYER_PROTECTED)));
        const struct world_delta *delta = editor_world(editor)->layers[LAYER_RESOURCES]->delta;
        after += delta->base->n > MANY / 2;
        assert_true(i < 2000);
        if (!after)
            nanosleep(&pause, NULL);
    }
    assert_as_loaded(f, editor_world(editor));
    assert_as_assessed(f);
    editor_free(editor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_large_delta_becomes_a_new_base, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
