/*
 * editor_fixture.h - an assessed region, its editor, and whether the store is as assessed.
 */
#ifndef SISETU_TESTS_EDITOR_FIXTURE_H
#define SISETU_TESTS_EDITOR_FIXTURE_H

#include "tests/unit/region_fixture.h"

#include "geo/assess/assess.h"
#include "geo/assess/editor.h"
#include "geo/findings/finding.h"

static inline struct world *load(struct fixture *f)
{
    struct world *world = NULL;
    assert_ok(f, world_load(f->path, NULL, INT_ABSENT, &world, &f->err));
    return world;
}

static inline struct assess_summary assess(struct fixture *f, const char *path)
{
    struct assess_options options = {.as_of = 20261101, .n_threads = 1};
    struct assess_summary summary;
    assert_ok(f, assess_store(path, &options, &f->arena, &summary, &f->err));
    return summary;
}

/* Of an editor; one_thread.h comes first. */
#ifdef SISETU_TESTS_ONE_THREAD_H
enum { EDITOR_THREADS = 1 };
#else
enum { EDITOR_THREADS = 2 };
#endif

/* An editor of the store as it stands. */
static inline struct editor *reopen(struct fixture *f)
{
    struct editor *editor = NULL;
    struct world *world = load(f);
    assert_ok(f, editor_new(f->path, world, EDITOR_THREADS, &editor, &f->err));
    world_release(world);
    return editor;
}

/* An assessed region and its editor. */
static inline struct editor *open_region_of(struct fixture *f, struct region *r, uint64_t seed,
                                            enum region_people people)
{
    region_init(r, f, seed);
    region_store(r, people);
    assess(f, f->path);
    return reopen(f);
}

static inline struct editor *open_region(struct fixture *f, struct region *r, uint64_t seed)
{
    return open_region_of(f, r, seed, REGION_GRID);
}

/* A full assessment finds nothing to write: every row of conflicts, grades and segments is as
 * it would make it. */
static inline void assert_as_assessed(struct fixture *f)
{
    const char *copy = in(f, "copy.gpkg");
    char command[256];
    struct store *reader = NULL;
    assert_ok(f,
              store_open(f->path, STORE_READ, &reader, &f->err)); /* waits for edits on their way */
    store_close(reader);
    snprintf(command, sizeof command, "cp '%s' '%s'", f->path, copy);
    assert_int_equal(system(command), 0);
    struct assess_summary summary = assess(f, copy);
    if (summary.inserted + summary.deleted > 0)
        print_message("%s",
                      printed(f,
                              "cd %s && for t in conflicts grades segments; do sqlite3 store.gpkg "
                              "\"ATTACH 'copy.gpkg' AS c; SELECT '$t', s.id, s.* FROM main.$t s "
                              "LEFT JOIN c.$t x ON x.id = s.id WHERE x.id IS NULL OR x.generation "
                              "<> s.generation LIMIT 3; SELECT 'full $t', s.* FROM c.$t s LEFT "
                              "JOIN main.$t x ON x.id = s.id WHERE x.id IS NULL OR x.generation <> "
                              "s.generation LIMIT 3\"; done 2>&1 | tr -d '\\000' | head -c 6000",
                              f->directory));
    assert_int_equal(summary.inserted, 0);
    assert_int_equal(summary.deleted, 0);
}

/* The world in memory and one loaded from the store say the same. */
static inline void assert_as_loaded(struct fixture *f, const struct world *world)
{
    struct world *loaded = load(f);
    assert_int_equal(loaded->generation, world->generation);
    for (int layer = 0; layer < LAYER_CONFLICTS; layer++) {
        size_t n = world_count(world, (enum layer_id)layer);
        assert_int_equal(n, world_count(loaded, (enum layer_id)layer));
        for (size_t row = 0; row < n; row++) {
            bool same = false;
            assert_ok(f, rows_same((enum layer_id)layer,
                                   world_record(world, (enum layer_id)layer, row),
                                   world_record(loaded, (enum layer_id)layer, row), &f->arena,
                                   &same, &f->err));
            assert_true(same);
        }
    }
    struct finding_ref a = {LAYER_COUNT, 0, 0}, b = {LAYER_COUNT, 0, 0};
    while (findings_next(world, &a)) {
        assert_true(findings_next(loaded, &b));
        assert_string_equal(finding_id(world, a, &f->arena), finding_id(loaded, b, &f->arena));
    }
    assert_false(findings_next(loaded, &b));
    assert_int_equal(world_count(world, LAYER_GRADES), world_count(loaded, LAYER_GRADES));
    assert_int_equal(world_count(world, LAYER_SEGMENTS), world_count(loaded, LAYER_SEGMENTS));
    for (size_t row = 0; row < world_count(world, LAYER_GRADES); row++) {
        const struct grade_row *x = world_record(world, LAYER_GRADES, row);
        const struct grade_row *y = world_record(loaded, LAYER_GRADES, row);
        assert_string_equal(x->head.id, y->head.id);
        assert_int_equal(x->grade, y->grade);
        assert_int_equal(x->could_be, y->could_be);
    }
    world_release(loaded);
}

#endif
