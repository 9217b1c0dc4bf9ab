/*
 * world_model.h - worlds under random edits, beside a plain list of the records that they should
 * hold: for tests of what edits and folds leave.
 *
 *     static struct model model;
 *     model_init(&model, seed, 60);
 *     struct world *world = world_of(&model);
 *     world = edit_randomly(&model, world);
 *     assert_same_world(&model, world);
 */
#ifndef SISETU_TESTS_WORLD_MODEL_H
#define SISETU_TESTS_WORLD_MODEL_H

#include "tests/unit/world_fixture.h"

#include "geo/measure/distance.h"
#include "geo/world/world_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int32_t DAY = 20260601;

enum { MOST = 400, N_OWNERS = 24, N_CODES = 40 };

static const enum layer_id layers[] = {LAYER_ADMIN,     LAYER_ENTERPRISES,    LAYER_FACILITIES,
                                       LAYER_PROTECTED, LAYER_INFRASTRUCTURE, LAYER_GRADES,
                                       LAYER_PIPELINES, LAYER_ZONES};
enum { N_LAYERS = sizeof layers / sizeof layers[0] };

/* What the worlds should hold: any number of records a layer, in no order. */
struct model {
    uint64_t random;
    struct arena arena;
    void *records[LAYER_COUNT][MOST];
    size_t n[LAYER_COUNT];
    size_t n_left_out; /* of searches for lines: whose box alone is near */
};

static inline uint32_t draw(struct model *model, uint32_t below)
{
    model->random = model->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(model->random >> 33) % below;
}

static inline double draw_deg(struct model *model, double west, double wide)
{
    return west + wide * draw(model, 1000) / 1000;
}

/* "E07" for prefix E and two digits. */
static inline const char *draw_text(struct model *model, const char *prefix, int digits,
                                    uint32_t below)
{
    return arena_printf(&model->arena, "%s%0*u", prefix, digits, draw(model, below));
}

static inline struct geom draw_box(struct model *model)
{
    struct err err;
    struct geom geom;
    double west = draw_deg(model, 106, 1), south = draw_deg(model, 38, 1);
    double wide = 0.001 + 0.0003 * draw(model, 1000);
    struct lonlat ring[4] = {
        {west, south}, {west + wide, south}, {west + wide, south + wide}, {west, south + wide}};
    fixture_check(geom_of_ring(ring, 4, &model->arena, &geom, &err), &err);
    return geom;
}

static inline struct geom draw_geom(struct model *model)
{
    struct err err;
    struct geom geom = {.kind = GEOM_NONE, .box = box_empty()};
    struct lonlat at = {draw_deg(model, 106, 1), draw_deg(model, 38, 1)};
    uint32_t kind = draw(model, 10);
    if (kind == 0)
        return geom;
    if (kind < 4)
        return draw_box(model);
    fixture_check(geom_of_point(at, &model->arena, &geom, &err), &err);
    return geom;
}

/* In two parts; some are longer than what is looked at in one box. */
static inline struct geom draw_line(struct model *model)
{
    uint32_t n = 4 + draw(model, 80);
    struct lonlat *points = arena_new(&model->arena, struct lonlat, n);
    uint32_t *ends = arena_new(&model->arena, uint32_t, 2);
    points[0] = (struct lonlat){draw_deg(model, 106, 1), draw_deg(model, 38, 1)};
    for (uint32_t i = 1; i < n; i++)
        points[i] = (struct lonlat){points[i - 1].lon_deg + draw_deg(model, -0.01, 0.03),
                                    points[i - 1].lat_deg + draw_deg(model, -0.02, 0.03)};
    ends[0] = 2 + draw(model, n - 3);
    ends[1] = n;
    return (struct geom){.kind = GEOM_LINE,
                         .n_points = n,
                         .n_rings = 2,
                         .points = points,
                         .ring_ends = ends,
                         .box = box_of_points(points, n)};
}

static inline bool code_is_free(const struct model *model, const char *code, const char *id)
{
    for (size_t i = 0; i < model->n[LAYER_ADMIN]; i++) {
        const struct admin_unit *unit = model->records[LAYER_ADMIN][i];
        if (strcmp(unit->code, code) == 0 && strcmp(unit->head.id, id) != 0)
            return false;
    }
    return true;
}

static inline void draw_fields(struct model *model, enum layer_id layer, void *record)
{
    struct record_head *head = record;
    if (layer == LAYER_ADMIN) {
        struct admin_unit *unit = record;
        unit->level = 1 + (int32_t)draw(model, 4);
        do
            unit->code = draw_text(model, "64", 4, N_CODES * 10);
        while (!code_is_free(model, unit->code, head->id));
        head->geom = draw_box(model);
    }
    if (layer == LAYER_ENTERPRISES)
        ((struct enterprise *)record)->radius_m = 50 + draw(model, 4) * 100;
    if (layer == LAYER_INFRASTRUCTURE)
        ((struct infrastructure *)record)->width_m = draw(model, 50);
    if (layer == LAYER_FACILITIES)
        ((struct facility *)record)->enterprise_id =
            draw(model, 9) ? draw_text(model, "E", 2, N_OWNERS) : NULL;
    if (layer == LAYER_PIPELINES && draw(model, 8))
        head->geom = draw_line(model);
    if (layer == LAYER_ZONES) {
        static const char *const kinds[] = {"individual_risk", "other", "blast", NULL};
        struct zone *zone = record;
        zone->kind = kinds[draw(model, 4)];
        zone->freq_per_year = draw(model, 2) ? 1e-6 * draw(model, 3) : (double)NAN;
        zone->value = draw(model, 2) ? 1e-5 : (double)NAN;
    }
    if (layer == LAYER_GRADES) {
        struct grade_row *row = record;
        row->subject = draw(model, 2) ? "county" : "enterprise";
        row->method = draw(model, 2) ? "share" : "enterprise";
        row->subject_id = draw_text(model, "E", 2, N_OWNERS);
        row->grade = (int32_t)draw(model, 5);
        head->geom = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
    }
}

static inline void *draw_record(struct model *model, enum layer_id layer, const char *id)
{
    void *record = arena_alloc(&model->arena, 1, records_binding(layer)->record_bytes);
    struct record_head *head = record;
    record_clear(layer, record);
    head->id = id;
    head->name = draw_text(model, "name ", 1, 1000000);
    head->accuracy_m = 1 + draw(model, 5);
    head->geom = draw_geom(model);
    if (draw(model, 12) == 0)
        head->valid_to = DAY - 1;
    draw_fields(model, layer, record);
    return record;
}

static inline size_t model_find(const struct model *model, enum layer_id layer, const char *id)
{
    size_t i = 0;
    while (i < model->n[layer] &&
           strcmp(((struct record_head *)model->records[layer][i])->id, id) != 0)
        i++;
    return i;
}

static inline void model_apply(struct model *model, enum layer_id layer, const char *id,
                               void *record)
{
    size_t at = model_find(model, layer, id);
    if (record) {
        model->records[layer][at] = record;
        model->n[layer] += at == model->n[layer];
        assert_true(model->n[layer] < MOST);
    } else if (at < model->n[layer]) {
        model->records[layer][at] = model->records[layer][--model->n[layer]];
    }
}

/* A world of what the model holds, from scratch. */
static inline struct world *world_of(const struct model *model)
{
    struct fixture f;
    struct err err;
    fixture_init(&f);
    for (size_t i = 0; i < N_LAYERS; i++) {
        enum layer_id layer = layers[i];
        size_t bytes = records_binding(layer)->record_bytes;
        arena_init(&f.arenas[layer], 0);
        f.n[layer] = model->n[layer];
        f.records[layer] = arena_alloc(&f.arenas[layer], f.n[layer], bytes);
        for (size_t j = 0; j < f.n[layer]; j++)
            fixture_check(record_copy(layer, model->records[layer][j], &f.arenas[layer],
                                      f.records[layer] + j * bytes, &err),
                          &err);
    }
    return fixture_world(&f, DAY);
}

/* ---- equality ---- */

static inline void assert_same_record(enum layer_id layer, const void *a, const void *b)
{
    const struct layer_binding *binding = records_binding(layer);
    for (size_t i = 0; i < binding->n_fields; i++) {
        const struct field_binding *field = &binding->fields[i];
        assert_int_equal(record_is_absent(a, field), record_is_absent(b, field));
        if (record_is_absent(a, field))
            continue;
        if (field->type == FIELD_TEXT || field->type == FIELD_DATETIME)
            assert_string_equal(record_text(a, field), record_text(b, field));
        else
            assert_close(record_real(a, field), record_real(b, field), 0);
    }
    assert_true(
        geom_equal(&((const struct record_head *)a)->geom, &((const struct record_head *)b)->geom));
}

static inline void assert_same_rows(const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b)
{
    assert_int_equal(n_a, n_b);
    for (size_t i = 0; i < n_a; i++)
        assert_int_equal(a[i], b[i]);
}

struct nearest {
    uint32_t rows[MOST];
    double at_least_m[MOST];
    size_t n;
    size_t most;
};

static inline bool note(void *context, uint32_t row, double at_least_m)
{
    struct nearest *nearest = context;
    nearest->rows[nearest->n] = row;
    nearest->at_least_m[nearest->n++] = at_least_m;
    return nearest->n < nearest->most;
}

static inline void assert_same_nearest(struct model *model, const struct world *a,
                                       const struct world *b, enum layer_id layer, struct box from)
{
    static struct nearest of_a, of_b;
    struct arena scratch;
    struct err err;
    arena_init(&scratch, 0);
    of_a.n = of_b.n = 0;
    of_a.most = of_b.most = 1 + draw(model, MOST - 1);
    assert_int_equal(world_nearest(a, layer, from, &scratch, &of_a, note, &err), ERR_OK);
    assert_int_equal(world_nearest(b, layer, from, &scratch, &of_b, note, &err), ERR_OK);
    assert_int_equal(of_a.n, of_b.n);
    /* The bound of a node may lift that of a record by the last digit, and which records share a
     * node differs: rows change places only where their bounds are all but equal. */
    for (size_t i = 0; i < of_a.n; i++) {
        assert_close(of_a.at_least_m[i], of_b.at_least_m[i], 1e-6);
        if (i > 0)
            assert_true(of_a.at_least_m[i] >= of_a.at_least_m[i - 1]);
        if (of_a.rows[i] != of_b.rows[i])
            assert_true((i > 0 && of_a.at_least_m[i] - of_a.at_least_m[i - 1] < 1e-6) ||
                        (i + 1 < of_a.n && of_a.at_least_m[i + 1] - of_a.at_least_m[i] < 1e-6));
    }
    arena_release(&scratch);
}

/* No line that touches a box with an edge is left out, and none is there whose box does not. */
static inline void assert_lines_found(const struct world *world, enum layer_id layer,
                                      struct box box, size_t *n_left_out)
{
    struct arena arena;
    struct err err;
    uint32_t *all, *lines;
    size_t n_all, n_lines, k = 0;
    arena_init(&arena, 0);
    assert_int_equal(world_search(world, layer, box, &arena, &all, &n_all, &err), ERR_OK);
    assert_int_equal(world_search_lines(world, layer, box, &arena, &lines, &n_lines, &err), ERR_OK);
    for (size_t i = 0; i < n_all; i++) {
        bool found = k < n_lines && lines[k] == all[i];
        assert_true(found || !distance_line_touches(world_geom(world, layer, all[i]), box));
        k += found;
    }
    assert_int_equal(k, n_lines);
    *n_left_out += n_all - n_lines;
    arena_release(&arena);
}

static inline void assert_slots_compare(struct model *model, const struct world *world,
                                        enum layer_id layer)
{
    uint32_t n = (uint32_t)world_count(world, layer);
    for (int i = 0; i < 100 && n > 0; i++) {
        uint32_t a = draw(model, n), b = draw(model, n);
        assert_int_equal(world_compare_slots(world, layer, world_slot(world, layer, a),
                                             world_slot(world, layer, b)),
                         (a > b) - (a < b));
    }
}

static inline void assert_same_layer(struct model *model, const struct world *a,
                                     const struct world *b, enum layer_id layer)
{
    struct arena arena;
    struct err err;
    const uint32_t *group_a, *group_b;
    uint32_t *rows_a, *rows_b;
    size_t n_a, n_b;
    arena_init(&arena, 0);
    assert_int_equal(world_count(a, layer), world_count(b, layer));
    for (size_t row = 0; row < world_count(a, layer); row++) {
        const struct record_head *head = world_record(a, layer, row);
        assert_same_record(layer, head, world_record(b, layer, row));
        assert_ptr_equal(world_geom(a, layer, row), &head->geom);
        assert_int_equal(world_row(a, layer, world_slot(a, layer, row)), row);
        assert_true(world_slot(a, layer, row) < world_slots(a, layer));
    }
    for (int i = 0; i < MOST; i++) {
        char id[16];
        snprintf(id, sizeof id, "R%03d", i);
        assert_int_equal(world_find(a, layer, id), world_find(b, layer, id));
    }
    for (int i = 0; i < 8; i++) {
        struct box box = draw_box(model).box;
        assert_int_equal(world_search(a, layer, box, &arena, &rows_a, &n_a, &err), ERR_OK);
        assert_int_equal(world_search(b, layer, box, &arena, &rows_b, &n_b, &err), ERR_OK);
        assert_same_rows(rows_a, n_a, rows_b, n_b);
        assert_same_nearest(model, a, b, layer, box);
        assert_lines_found(a, layer, box, &model->n_left_out);
    }
    assert_slots_compare(model, a, layer);
    for (size_t row = 0; layer == LAYER_ZONES && row < world_count(a, layer); row++)
        assert_int_equal(world_is_contour(a, row), !isnan(zone_risk_per_year(world_zone(a, row))));
    for (int i = 0; i < N_OWNERS; i++) {
        char owner[16];
        snprintf(owner, sizeof owner, "E%02d", i);
        world_of_enterprise(a, layer, owner, &group_a, &n_a);
        world_of_enterprise(b, layer, owner, &group_b, &n_b);
        assert_same_rows(group_a, n_a, group_b, n_b);
    }
    assert_close(world_slack_m(a, layer), world_slack_m(b, layer), 0);
    arena_release(&arena);
}

static inline void assert_same_units(struct model *model, const struct world *a,
                                     const struct world *b)
{
    const uint32_t *rows_a, *rows_b;
    size_t n_a, n_b;
    for (int32_t level = 0; level < 6; level++) {
        world_units(a, level, &rows_a, &n_a);
        world_units(b, level, &rows_b, &n_b);
        assert_same_rows(rows_a, n_a, rows_b, n_b);
        for (int i = 0; i < 8; i++) {
            struct lonlat at = {draw_deg(model, 106, 1), draw_deg(model, 38, 1)};
            assert_int_equal(world_unit_at(a, level, at), world_unit_at(b, level, at));
        }
    }
    for (int i = 0; i < N_CODES * 10; i++) {
        char code[16];
        snprintf(code, sizeof code, "64%04d", i);
        assert_int_equal(world_unit(a, code), world_unit(b, code));
    }
    struct box x = world_extent(a), y = world_extent(b);
    assert_memory_equal(&x, &y, sizeof x);
}

static inline void assert_same_grades(const struct world *a, const struct world *b)
{
    static const char *const subjects[] = {"county", "enterprise"};
    static const char *const methods[] = {"share", "enterprise", NULL};
    for (int i = 0; i < N_OWNERS; i++) {
        for (int s = 0; s < 2; s++)
            for (int m = 0; m < 3; m++) {
                char id[16];
                snprintf(id, sizeof id, "E%02d", i);
                const struct grade_row *x = world_grade(a, subjects[s], id, methods[m]);
                const struct grade_row *y = world_grade(b, subjects[s], id, methods[m]);
                assert_int_equal(x == NULL, y == NULL);
                if (x)
                    assert_same_record(LAYER_GRADES, x, y);
            }
    }
}

static inline void assert_same_world(struct model *model, const struct world *a)
{
    struct world *b = world_of(model);
    for (size_t i = 0; i < N_LAYERS; i++)
        assert_same_layer(model, a, b, layers[i]);
    assert_same_units(model, a, b);
    assert_same_grades(a, b);
    world_release(b);
}

/* ---- editing ---- */

/* Records that an edit does not name keep their slot; those that it names lose it. */
static inline void assert_slots_follow(const struct world *old, const struct world_edited *edited)
{
    const struct world *new = edited->world;
    for (size_t i = 0; i < edited->n_edits; i++) {
        const struct world_edit *edit = &edited->edits[i];
        if (edit->old_slot != WORLD_NO_SLOT) {
            assert_true(world_row(old, edit->layer, edit->old_slot) >= 0);
            assert_int_equal(world_row(new, edit->layer, edit->old_slot), -1);
        }
        if (edit->new_slot != WORLD_NO_SLOT) {
            assert_int_equal(world_row(old, edit->layer, edit->new_slot), -1);
            assert_true(world_row(new, edit->layer, edit->new_slot) >= 0);
        }
    }
    for (size_t l = 0; l < N_LAYERS; l++) {
        size_t n_same = 0, n_gone = 0;
        for (size_t row = 0; row < world_count(old, layers[l]); row++) {
            uint32_t slot = world_slot(old, layers[l], row);
            int64_t now = world_row(new, layers[l], slot);
            n_gone += now < 0;
            if (now < 0)
                continue;
            n_same++;
            const struct record_head *was = world_record(old, layers[l], row);
            const struct record_head *is = world_record(new, layers[l], (size_t)now);
            assert_string_equal(was->id, is->id);
            assert_string_equal(was->name, is->name);
        }
        size_t named = 0;
        for (size_t i = 0; i < edited->n_edits; i++)
            named +=
                edited->edits[i].layer == layers[l] && edited->edits[i].old_slot != WORLD_NO_SLOT;
        assert_int_equal(n_gone, named);
    }
}

static inline struct world *edit_randomly(struct model *model, struct world *old)
{
    struct world_change changes[6];
    struct world_edited edited;
    struct arena arena;
    struct err err;
    size_t n = 1 + draw(model, 5), made = 0;
    arena_init(&arena, 0);
    while (made < n) {
        enum layer_id layer = layers[draw(model, N_LAYERS)];
        const char *id = draw_text(model, "R", 3, MOST / 2);
        bool twice = false;
        for (size_t i = 0; i < made; i++)
            twice = twice || (changes[i].layer == layer && strcmp(changes[i].id, id) == 0);
        if (twice)
            continue;
        void *record = draw(model, 5) < 3 ? draw_record(model, layer, id) : NULL;
        changes[made++] = (struct world_change){layer, id, record};
        model_apply(model, layer, id, record);
    }
    fixture_check(world_edit_new(old, changes, n, &arena, &edited, &err), &err);
    assert_int_equal(edited.world->generation, old->generation + 1);
    assert_slots_follow(old, &edited);
    arena_release(&arena);
    world_release(old);
    return edited.world;
}

static inline void model_init(struct model *model, uint64_t seed, size_t n)
{
    memset(model, 0, sizeof *model);
    model->random = seed;
    arena_init(&model->arena, 0);
    for (size_t l = 0; l < N_LAYERS; l++)
        for (size_t i = 0; i < n; i++) {
            const char *id = draw_text(model, "R", 3, MOST / 2);
            model_apply(model, layers[l], id, draw_record(model, layers[l], id));
        }
}

static inline void assert_same_slots(const struct world *a, const struct world *b)
{
    for (size_t l = 0; l < N_LAYERS; l++) {
        assert_int_equal(world_slots(a, layers[l]), world_slots(b, layers[l]));
        for (uint32_t slot = 0; slot < world_slots(a, layers[l]) + 2; slot++)
            assert_int_equal(world_row(a, layers[l], slot), world_row(b, layers[l], slot));
    }
}

#endif
