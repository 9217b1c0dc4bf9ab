/* test_editor_town.c - dwellings edited in a town along a gas pipeline, whose numbers are told anew
 * without cutting it, and plants, of which the pipeline tells one: the store holds what a full
 * assessment gives. */
#include "tests/unit/one_thread.h"

#include "tests/unit/editor_fixture.h"

/* Of the region's own some are tall, and a few windows would have to be looked at for that. */
static void clear_targets(struct fixture *f, struct editor *editor)
{
    const struct world *world = editor_world(editor);
    size_t n = world_count(world, LAYER_PROTECTED);
    struct edit_result result;
    const char **ids = arena_new(&f->arena, const char *, n);
    for (size_t i = 0; i < n; i++)
        ids[i] = arena_strdup(&f->arena, world_protected(world, i)->head.id);
    const struct edit_request request = {.layer = LAYER_PROTECTED, .deleted = ids, .n_deleted = n};
    assert_ok(f, editor_apply(editor, &request, &f->arena, &result, &f->err));
    edit_result_release(&result);
}

/* Dwellings beside a line of some kilometres from west to east, of few different sizes. */
static void put_street(struct region *r, struct editor *editor, uint32_t n_homes)
{
    struct fixture *f = r->f;
    static const struct lonlat ends[] = {
        {REGION_WEST_DEG, REGION_SOUTH_DEG + REGION_HIGH_DEG / 2},
        {REGION_WEST_DEG + 0.09, REGION_SOUTH_DEG + REGION_HIGH_DEG / 2}};
    struct pipeline *line = region_record(r, LAYER_PIPELINES, "street");
    line->head.geom = (struct geom){.kind = GEOM_LINE,
                                    .n_points = 2,
                                    .n_rings = 1,
                                    .points = ends,
                                    .ring_ends = &(const uint32_t){2},
                                    .box = box_of_points(ends, 2)};
    line->medium = "natural_gas";
    line->pipe_class = "transmission";
    line->status = line->enterprise_id = NULL;
    line->diameter_mm = 508;
    line->pressure_mpa = 4;
    line->head.accuracy_m = 1;
    line->head.valid_from = line->head.valid_to = INT_ABSENT;
    struct protected_target *homes = arena_new(&f->arena, struct protected_target, n_homes);
    for (uint32_t i = 0; i < n_homes; i++) {
        struct lonlat *at = arena_new(&f->arena, struct lonlat, 1);
        *at = (struct lonlat){ends[0].lon_deg + 0.09 * region_share(r),
                              ends[0].lat_deg + 0.0024 * (region_share(r) - 0.5)};
        homes[i] = *(struct protected_target *)region_record(
            r, LAYER_PROTECTED, arena_printf(&f->arena, "street-%u", i));
        homes[i].use = "residential";
        homes[i].storeys = homes[i].persons = INT_ABSENT;
        homes[i].households = 20 * (1 + (int32_t)region_draw(r, 3));
        homes[i].head.accuracy_m = 1;
        homes[i].head.valid_from = homes[i].head.valid_to = INT_ABSENT;
        homes[i].head.geom = (struct geom){.kind = GEOM_POINT,
                                           .n_points = 1,
                                           .n_rings = 1,
                                           .points = at,
                                           .ring_ends = &(const uint32_t){1},
                                           .box = box_of_points(at, 1)};
    }
    const struct edit_request requests[] = {
        {.layer = LAYER_PIPELINES, .records = line, .n_records = 1},
        {.layer = LAYER_PROTECTED, .records = homes, .n_records = n_homes}};
    for (int i = 0; i < 2; i++) {
        struct edit_result result;
        assert_ok(f, editor_apply(editor, &requests[i], &f->arena, &result, &f->err));
        edit_result_release(&result);
    }
}

static void test_a_dwelling_of_many_along_a_pipeline_is_counted_anew(void **state)
{
    enum { HOMES = 120, EDITS = 24 };
    struct fixture *f = *state;
    struct region r;
    struct editor *editor = open_region(f, &r, 31);
    size_t n_told = 0;
    clear_targets(f, editor);
    editor_free(editor);
    editor = reopen(f); /* nothing tall is remembered */
    put_street(&r, editor, HOMES);
    for (uint32_t i = 1; i <= EDITS; i++) {
        struct edit_result result;
        const char *id = arena_printf(&f->arena, "street-%u", region_draw(&r, HOMES));
        int64_t row = world_find(editor_world(editor), LAYER_PROTECTED, id);
        struct protected_target home =
            *world_protected(editor_world(editor), row < 0 ? 0 : (size_t)row);
        struct edit_request request = {.layer = LAYER_PROTECTED, .missing_is_fine = true};
        home.households = 20 * (1 + (int32_t)region_draw(&r, 4));
        if (row >= 0 && i % 3) {
            request.records = &home;
            request.n_records = 1;
        } else {
            request.deleted = &id;
            request.n_deleted = 1;
        }
        assert_ok(f, editor_apply(editor, &request, &f->arena, &result, &f->err));
        for (size_t k = 0; k < result.segments.n; k++) {
            const struct segment *after = result.segments.items[k].after;
            n_told += after && result.segments.items[k].before && !isnan(after->households);
        }
        edit_result_release(&result);
        if (i % 6 == 0)
            assert_as_assessed(f);
    }
    assert_true(n_told > 5);
    editor_free(editor);
}

/* Beside the street; of every other one it is not known whether it is a flammable site. */
static void draw_plant(struct region *r, uint32_t number, struct enterprise *out)
{
    struct fixture *f = r->f;
    struct lonlat *at = arena_new(&f->arena, struct lonlat, 1);
    *at = (struct lonlat){REGION_WEST_DEG + 0.09 * region_share(r),
                          REGION_SOUTH_DEG + REGION_HIGH_DEG / 2 + 0.002 * region_share(r)};
    *out = *(struct enterprise *)region_record(r, LAYER_ENTERPRISES,
                                               arena_printf(&f->arena, "plant-%02u", number));
    out->kind = region_draw(r, 2) ? "production" : NULL;
    out->status = NULL;
    out->head.accuracy_m = 1;
    out->head.valid_from = out->head.valid_to = INT_ABSENT;
    out->head.geom =
        (struct geom){.kind = GEOM_POINT,
                      .n_points = 1,
                      .n_rings = 1,
                      .points = at,
                      .ring_ends = arena_memdup(&f->arena, &(uint32_t){1}, sizeof(uint32_t)),
                      .box = box_of_points(at, 1)};
}

static void test_a_plant_of_many_along_a_pipeline_is_told_as_assessed(void **state)
{
    enum { HOMES = 3, PLANTS = 70, FIRST = 6, EDITS = 32 };
    struct fixture *f = *state;
    struct region r;
    struct enterprise plants[PLANTS];
    struct edit_result result;
    struct editor *editor = open_region(f, &r, 32);
    size_t n_told = 0;
    clear_targets(f, editor);
    editor_free(editor);
    editor = reopen(f);
    put_street(&r, editor, HOMES);
    for (uint32_t i = 0; i < PLANTS; i++)
        draw_plant(&r, i, &plants[i]);
    struct edit_request all = {.layer = LAYER_ENTERPRISES, .records = plants, .n_records = PLANTS};
    assert_ok(f, editor_apply(editor, &all, &f->arena, &result, &f->err));
    edit_result_release(&result);
    for (uint32_t i = 1; i <= EDITS; i++) {
        struct enterprise plant;
        struct edit_request request = {.layer = LAYER_ENTERPRISES, .missing_is_fine = true};
        /* Every other time one that may be told. */
        draw_plant(&r, region_draw(&r, i % 2 ? PLANTS : FIRST), &plant);
        const char *id = plant.head.id;
        if (i % 3) {
            request.records = &plant;
            request.n_records = 1;
        } else {
            request.deleted = &id;
            request.n_deleted = 1;
        }
        assert_ok(f, editor_apply(editor, &request, &f->arena, &result, &f->err));
        n_told += result.segments.n > 0;
        edit_result_release(&result);
        if (i % 4 == 0)
            assert_as_assessed(f);
    }
    assert_true(n_told > 2 && n_told < EDITS);
    editor_free(editor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_dwelling_of_many_along_a_pipeline_is_counted_anew,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_plant_of_many_along_a_pipeline_is_told_as_assessed,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
