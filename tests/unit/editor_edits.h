/*
 * editor_edits.h - random edits of a region, after which the store is as assessed from scratch.
 */
#ifndef SISETU_TESTS_EDITOR_EDITS_H
#define SISETU_TESTS_EDITOR_EDITS_H

#include "tests/unit/editor_fixture.h"

static inline enum layer_id draw_layer(struct region *r)
{
    return region_layers[region_draw(r, REGION_LAYERS)].layer;
}

/* A record that is there with a few fields or its place drawn anew. */
static inline void *changed_record(struct region *r, const struct world *world, enum layer_id layer)
{
    size_t n = world_count(world, layer);
    if (n == 0)
        return region_record(r, layer, region_id(r, layer));
    const struct record_head *old = world_record(world, layer, region_draw(r, (uint32_t)n));
    void *record = arena_alloc(&r->f->arena, 1, records_binding(layer)->record_bytes);
    assert_ok(r->f, record_copy(layer, old, &r->f->arena, record, &r->f->err));
    struct record_head *head = record;
    uint32_t kind = region_draw(r, 4);
    if (kind == 0)
        head->name = arena_printf(&r->f->arena, "改名 %u", region_draw(r, 1000));
    else if (kind == 1 && layer != LAYER_ADMIN)
        region_fill(r, layer, record);
    else
        head->geom = region_shape(r, layer);
    return record;
}

static inline void *drawn_record(struct region *r, const struct world *world, enum layer_id layer)
{
    return region_draw(r, 3) ? changed_record(r, world, layer)
                             : region_record(r, layer, region_id(r, layer));
}

/* Draws a request of one to three records of a layer. */
static inline struct edit_request draw_request(struct region *r, const struct world *world)
{
    enum { MOST = 3 };
    struct arena *arena = &r->f->arena;
    struct edit_request request = {.layer = draw_layer(r), .missing_is_fine = true};
    size_t bytes = records_binding(request.layer)->record_bytes;
    size_t n = region_draw(r, 4) ? 1 : MOST;
    char *records = arena_alloc(arena, MOST, bytes);
    const char **deleted = arena_new(arena, const char *, MOST);
    for (size_t i = 0; i < n; i++) {
        struct record_head *record = drawn_record(r, world, request.layer);
        bool twice = false;
        for (size_t k = 0; k < request.n_records; k++)
            twice = twice || strcmp(record_at(request.layer, records, k)->id, record->id) == 0;
        for (size_t k = 0; k < request.n_deleted; k++)
            twice = twice || strcmp(deleted[k], record->id) == 0;
        if (twice)
            continue;
        if (region_draw(r, 4) == 0)
            deleted[request.n_deleted++] = record->id;
        else
            memcpy(records + request.n_records++ * bytes, record, bytes);
    }
    request.records = records;
    request.deleted = deleted;
    return request;
}

static inline void settled(void *context, uint64_t generation, enum err_code code,
                           const struct err *err)
{
    (void)context;
    (void)generation;
    if (code != ERR_OK)
        print_message("%s\n", err->message);
}

enum saving { AT_ONCE, BY_LOG };

static inline void edit_many(struct fixture *f, uint64_t seed, enum region_people people,
                             int n_edits, int each, enum saving saving)
{
    struct region r;
    struct arena arena;
    struct editor *editor = open_region_of(f, &r, seed, people);
    size_t n_verdicts = 0, n_grades = 0;
    uint64_t generation = generation_of(f);
    arena_init(&arena, 0);
    if (saving == BY_LOG)
        assert_ok(f, editor_keep_log(editor, &(struct store_settled){.call = settled}, &f->err));
    for (int i = 1; i <= n_edits; i++) {
        struct edit_result result;
        struct edit_request request = draw_request(&r, editor_world(editor));
        assert_ok(f, editor_apply(editor, &request, &arena, &result, &f->err));
        generation += result.changed ? 1 : 0;
        assert_int_equal(result.generation, generation);
        if (saving == AT_ONCE || i % each == 0)
            assert_int_equal(generation_of(f), generation);
        if (result.changed)
            assert_int_equal(result.settled, saving == AT_ONCE);
        assert_ptr_equal(result.world, editor_world(editor));
        n_verdicts += result.conflicts.n;
        n_grades += result.grades.n;
        edit_result_release(&result);
        arena_reset(&arena);
        if (i % each == 0) {
            assert_as_assessed(f);
            assert_as_loaded(f, editor_world(editor));
        }
    }
    print_message("seed %u: %d edits changed %zu verdicts and %zu grades\n", (unsigned)seed,
                  n_edits, n_verdicts, n_grades);
    assert_true(n_verdicts > 20 && n_grades > 40);
    arena_release(&arena);
    editor_free(editor);
}

#endif
