/* store_records.h - records of every layer, with a value in every field and every kind of shape. */
#ifndef SISETU_TESTS_UNIT_STORE_RECORDS_H
#define SISETU_TESTS_UNIT_STORE_RECORDS_H

#include "tests/unit/store_fixture.h"

#include "data/schema.h"

/* A value of the field's type that no other field of the record has. */
static inline void fill_record(struct fixture *f, enum layer_id layer, void *record, size_t number)
{
    const struct layer_binding *binding = records_binding(layer);
    record_clear(layer, record);
    for (size_t i = 0; i < binding->n_fields; i++) {
        const struct field_binding *field = &binding->fields[i];
        char *member = (char *)record + field->offset;
        const char *text = arena_printf(&f->arena, "%s '%zu' \"图\"\n%%", field->name, number);
        int32_t integer = -1000000 + (int32_t)(i * 1000 + number);
        int32_t day = 20260100 + (int32_t)(i % 28) + 1;
        double real = (double)(i + 1) / 3 * pow(10, (double)number - 5);
        if (field->type == FIELD_DATETIME)
            text = number % 2 ? "2026-11-21T10:11:12Z" : "1999-12-31T23:59:59.125Z";
        if (field->type == FIELD_TEXT || field->type == FIELD_DATETIME)
            memcpy(member, &text, sizeof text);
        else if (field->type == FIELD_INTEGER)
            memcpy(member, &integer, sizeof integer);
        else if (field->type == FIELD_DATE)
            memcpy(member, &day, sizeof day);
        else
            memcpy(member, &real, sizeof real);
    }
    ((struct record_head *)record)->id = arena_printf(&f->arena, "id-%03zu", number);
}

static inline void assert_same_record(enum layer_id layer, const void *a, const void *b)
{
    const struct layer_binding *binding = records_binding(layer);
    for (size_t i = 0; i < binding->n_fields; i++) {
        const struct field_binding *field = &binding->fields[i];
        bool absent = record_is_absent(a, field);
        if (absent != record_is_absent(b, field))
            fail_msg("%s.%s came or went", binding->name, field->name);
        if (absent)
            continue;
        if (field->type == FIELD_TEXT || field->type == FIELD_DATETIME)
            assert_string_equal(record_text(a, field), record_text(b, field));
        else if (record_real(a, field) != record_real(b, field))
            fail_msg("%s.%s: %.17g became %.17g", binding->name, field->name, record_real(a, field),
                     record_real(b, field));
    }
    const struct record_head *left = a, *right = b;
    if (!geom_equal(&left->geom, &right->geom))
        fail_msg("%s %s: the shape changed", binding->name, left->id);
}

enum { VARIANTS = 7 };

/* Records of every layer: full, sparse, and with each kind of shape that it may hold. */
static inline char *variants(struct fixture *f, const struct schema_layer *layer, size_t *n)
{
    size_t bytes = records_binding(layer->id)->record_bytes;
    char *records = arena_alloc(&f->arena, VARIANTS, bytes);
    *n = 0;
    for (int kind = GEOM_NONE; kind <= GEOM_POLYGON; kind++) {
        bool may[] = {!layer->geometry_required, layer->may_be_point, layer->may_be_line,
                      layer->may_be_polygon};
        for (int multi = 0; multi < (kind == GEOM_NONE ? 1 : 2) && may[kind]; multi++) {
            void *record = records + (*n) * bytes;
            fill_record(f, layer->id, record, *n);
            if (kind != GEOM_NONE)
                shape(f, (enum geom_kind)kind, multi, &((struct record_head *)record)->geom);
            ++*n;
        }
    }
    return records;
}

/* All optional fields absent in the first record, which is read first: OGR guesses types there. */
static inline void thin_out(const struct schema_layer *layer, void *record)
{
    const struct layer_binding *binding = records_binding(layer->id);
    struct record_head keep = *(struct record_head *)record;
    char *full = malloc(binding->record_bytes);
    memcpy(full, record, binding->record_bytes);
    record_clear(layer->id, record);
    for (size_t i = 0; i < binding->n_fields; i++) {
        const struct field_binding *field = &binding->fields[i];
        size_t width = field->type == FIELD_INTEGER || field->type == FIELD_DATE ? 4 : 8;
        if (layer->fields[i].required)
            memcpy((char *)record + field->offset, full + field->offset, width);
    }
    ((struct record_head *)record)->geom = keep.geom;
    free(full);
}

static inline void assert_same_layers(struct fixture *f, struct store *store, char *const put[],
                                      const size_t n[])
{
    for (int i = 0; i < LAYER_COUNT; i++) {
        void *got = NULL;
        size_t found = 0;
        if (i == LAYER_POPULATION)
            continue;
        assert_ok(f, store_read(store, (enum layer_id)i, &f->arena, &got, &found, &f->err));
        assert_int_equal(found, n[i]);
        for (size_t k = 0; k < found; k++)
            assert_same_record((enum layer_id)i, record_at((enum layer_id)i, put[i], k),
                               record_at((enum layer_id)i, got, k));
    }
}

#endif
