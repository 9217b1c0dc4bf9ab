/* test_store_edit.c - an edit as bytes and back; what the tables would refuse is refused before it
 * is bytes. */
#include "tests/unit/store_records.h"

#include "data/base/text.h"
#include "data/store_log.h"

static void test_an_edit_comes_back_from_its_bytes_whatever_the_layer(void **state)
{
    struct fixture *f = *state;
    struct schema schema;
    struct store_change changes[LAYER_COUNT + 1];
    struct store_edit edit = {77, true, changes, 0}, back;
    struct buf bytes;
    static const char *const gone[] = {"gone-1", "走了"};
    static const struct store_ending ending = {"reasons", "]", ",1]"};
    buf_init(&bytes);
    assert_ok(f, schema_load(&f->arena, &schema, &f->err));
    for (int i = 0; i < LAYER_COUNT; i++) {
        if (i == LAYER_POPULATION)
            continue;
        size_t n = 0, size = records_binding((enum layer_id)i)->record_bytes;
        char *records = variants(f, &schema.layers[i], &n);
        thin_out(&schema.layers[i], records);
        struct store_put *put = arena_new(&f->arena, struct store_put, n);
        for (size_t k = 0; k < n; k++)
            put[k] =
                (struct store_put){records + k * size, k % 2 ? STORE_PUT_SAME_SHAPE : STORE_PUT_ANY,
                                   i == LAYER_GRADES ? &ending : NULL};
        changes[edit.n_changes++] =
            (struct store_change){(enum layer_id)i, gone, (size_t)(i % 3), put, n};
    }
    /* Texts that are those of the record before, that begin or end as those, and that do not. */
    enum { SHORT = 7, LONG = 1024 }; /* shared bytes below the least; the longest that is shared */
    char *too_long = arena_printf(&f->arena, "%0*d", LONG + 1, 0);
    const char *names[] = {"other",
                           "other",
                           NULL,
                           "",
                           "",
                           "seven 1 of it",
                           "seven 2 of it",
                           "seven 2 and more of it",
                           "of it",
                           "aaaaaaaaaaaaaaaaaaaaaaaa",
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                           "储罐区甲至医院一 的距离",
                           "储罐区甲至医院七 的距离",
                           "储罐区甲至医院七 的距离 ",
                           too_long + 2,
                           too_long + 1,
                           too_long,
                           too_long + 1,
                           too_long + LONG + 1 - SHORT,
                           too_long + LONG - SHORT};
    enum { ALIKE = sizeof names / sizeof *names };
    struct zone *alike = some_zones(f, ALIKE, 8, "alike");
    struct store_put put[ALIKE];
    for (size_t k = 0; k < ALIKE; k++) {
        alike[k].head.name = names[k];
        put[k] = (struct store_put){&alike[k], STORE_PUT_ANY, NULL};
    }
    changes[edit.n_changes++] =
        (struct store_change){.layer = LAYER_ZONES, .put = put, .n_put = ALIKE};
    assert_ok(f, store_edit_write(&edit, NULL, &bytes, &f->err));
    assert_ok(f, store_edit_read(bytes.bytes, bytes.n_bytes, &f->arena, &back, &f->err));
    assert_int_equal(back.generation, 77);
    assert_true(back.assessed);
    assert_int_equal(back.n_changes, edit.n_changes);
    for (size_t i = 0; i < edit.n_changes; i++) {
        const struct store_change *one = &edit.changes[i], *other = &back.changes[i];
        assert_int_equal(one->layer, other->layer);
        assert_int_equal(one->n_deleted, other->n_deleted);
        assert_int_equal(one->n_put, other->n_put);
        for (size_t k = 0; k < one->n_deleted; k++)
            assert_string_equal(one->deleted[k], other->deleted[k]);
        for (size_t k = 0; k < one->n_put; k++) {
            assert_int_equal(one->put[k].how, other->put[k].how);
            assert_int_equal(one->put[k].ending != NULL, other->put[k].ending != NULL);
            if (other->put[k].ending) {
                assert_string_equal(other->put[k].ending->field, "reasons");
                assert_string_equal(other->put[k].ending->before, "]");
                assert_string_equal(other->put[k].ending->after, ",1]");
            }
            assert_same_record(one->layer, one->put[k].record, other->put[k].record);
        }
    }
    /* Rows that say nearly the same take little room. */
    const struct store_edit no_alike = {77, true, changes, edit.n_changes - 1};
    size_t n_all = bytes.n_bytes;
    bytes.n_bytes = 0;
    assert_ok(f, store_edit_write(&no_alike, NULL, &bytes, &f->err));
    enum { REST = 200 }; /* of a record, with its outline */
    assert_in_range(n_all - bytes.n_bytes, 2 * LONG, 2 * LONG + ALIKE * REST); /* two whole */
    bytes.n_bytes = 0;
    assert_ok(f, store_edit_write(&edit, NULL, &bytes, &f->err));
    /* Cut anywhere it is none. */
    for (size_t n = 0; n < bytes.n_bytes; n += n < 400 ? 1 : 97) {
        struct arena_mark mark = arena_mark(&f->arena);
        assert_fails(f, store_edit_read(bytes.bytes, n, &f->arena, &back, &f->err), ERR_INPUT, "");
        arena_rewind(&f->arena, mark);
    }
    buf_release(&bytes);
}

/* Three zones, one of which is this. */
static enum err_code write_beside(struct fixture *f, const struct schema *schema,
                                  const struct zone *zone, size_t at)
{
    struct buf bytes;
    struct zone *zones = some_zones(f, 3, 8, "before it");
    struct store_put put[3];
    for (size_t i = 0; i < 3; i++)
        put[i] = (struct store_put){i == at ? zone : &zones[i], STORE_PUT_ANY, NULL};
    const struct store_change change = {.layer = LAYER_ZONES, .put = put, .n_put = 3};
    const struct store_edit edit = {1, false, &change, 1};
    buf_init(&bytes);
    enum err_code code = store_edit_write(&edit, schema, &bytes, &f->err);
    buf_release(&bytes);
    return code;
}

static void test_what_the_tables_would_refuse_is_not_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct schema schema;
    assert_ok(f, schema_load(&f->arena, &schema, &f->err));
    struct zone *zones = some_zones(f, 3, 8, "before it"), wrong[6];
    static const char *const says[] = {"is not UTF-8",
                                       "is not a finite number",
                                       "should be like 2026-11-21T10:11:12Z",
                                       "has a point",
                                       "has no id",
                                       "has no id"};
    for (size_t at = 0; at < 3; at++) {
        for (size_t i = 0; i < 6; i++)
            wrong[i] = zones[at];
        assert_ok(f, write_beside(f, &schema, &wrong[0], at));
        wrong[0].head.name = "before \xe4\xb8 it";
        wrong[1].value = INFINITY;
        wrong[2].head.imported = "yesterday";
        assert_ok(f,
                  geom_of_point((struct lonlat){106, 38}, &f->arena, &wrong[3].head.geom, &f->err));
        wrong[4].head.id = "";
        wrong[5].head.id = NULL;
        for (size_t i = 0; i < 6; i++)
            assert_fails(f, write_beside(f, &schema, &wrong[i], at), ERR_INPUT, says[i]);
    }
    const struct store_change people = {.layer = LAYER_POPULATION};
    const struct store_edit edit = {1, false, &people, 1};
    struct buf bytes;
    buf_init(&bytes);
    assert_int_equal(store_edit_write(&edit, &schema, &bytes, &f->err), ERR_USAGE);
    buf_release(&bytes);
}

static void test_a_row_that_lacks_what_the_one_before_it_has_is_not_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct schema schema;
    struct conflict rows[2];
    struct store_put put[] = {{&rows[0], STORE_PUT_NEW, NULL}, {&rows[1], STORE_PUT_NEW, NULL}};
    const struct store_change change = {.layer = LAYER_CONFLICTS, .put = put, .n_put = 2};
    const struct store_edit edit = {1, true, &change, 1};
    struct buf bytes;
    buf_init(&bytes);
    assert_ok(f, schema_load(&f->arena, &schema, &f->err));
    for (int i = 0; i < 2; i++)
        fill_record(f, LAYER_CONFLICTS, &rows[i], (size_t)i);
    assert_ok(f, store_edit_write(&edit, &schema, &bytes, &f->err));
    rows[1].rule_id = NULL;
    assert_fails(f, store_edit_write(&edit, &schema, &bytes, &f->err), ERR_INPUT,
                 "rule_id is missing");
    rows[0].rule_id = NULL;
    assert_fails(f, store_edit_write(&edit, &schema, &bytes, &f->err), ERR_INPUT,
                 "rule_id is missing");
    buf_release(&bytes);
}

/* Whatever a text shares with the one before it, and wherever that cuts its characters. */
static void test_a_text_that_is_no_utf8_is_found_beside_one_that_is(void **state)
{
    struct fixture *f = *state;
    static const char *const before[] = {"储罐区甲 to 医院一, 距离 12 m", "ß", "😀 a 😀 b 😀", ""};
    static const char *const bytes[] = {"", "\x80", "\xe4", "\xe4\xb8\xad", "a", "\xff"};
    struct schema schema;
    assert_ok(f, schema_load(&f->arena, &schema, &f->err));
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        for (size_t k = 0; k < sizeof bytes / sizeof *bytes; k++)
            for (size_t from = 0, n = strlen(before[i]); from <= n; from++)
                for (size_t to = from; to <= n && to <= from + 4; to++) {
                    struct zone *zones = some_zones(f, 2, 8, "alike");
                    struct store_put put[] = {{&zones[0], STORE_PUT_ANY, NULL},
                                              {&zones[1], STORE_PUT_ANY, NULL}};
                    const struct store_change change = {
                        .layer = LAYER_ZONES, .put = put, .n_put = 2};
                    const struct store_edit edit = {1, false, &change, 1};
                    struct buf out;
                    zones[0].head.name = before[i];
                    zones[1].head.name = arena_printf(&f->arena, "%.*s%s%s", (int)from, before[i],
                                                      bytes[k], before[i] + to);
                    bool good = text_is_utf8(zones[1].head.name, strlen(zones[1].head.name));
                    buf_init(&out);
                    enum err_code code = store_edit_write(&edit, &schema, &out, &f->err);
                    assert_int_equal(code, good ? ERR_OK : ERR_INPUT);
                    buf_release(&out);
                }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_edit_comes_back_from_its_bytes_whatever_the_layer),
        TEST(test_what_the_tables_would_refuse_is_not_acknowledged),
        TEST(test_a_row_that_lacks_what_the_one_before_it_has_is_not_acknowledged),
        TEST(test_a_text_that_is_no_utf8_is_found_beside_one_that_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
