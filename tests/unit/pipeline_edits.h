/*
 * pipeline_edits.h - for tests of edits along pipelines: streets with dwellings, a pipeline cut
 * anew, and the seeds.
 */
#ifndef SISETU_TESTS_PIPELINE_EDITS_H
#define SISETU_TESTS_PIPELINE_EDITS_H

#include "tests/unit/region_fixture.h"

#include "geo/assess/edit_rows.h"
#include "geo/pipeline_edits/pipeline_recount.h"
#include "geo/pipelines/pipeline_sites.h"
#include "geo/world/parallel.h"
#include "geo/world/world_edit.h"

static inline const struct record_head *side(const struct world *world, enum layer_id layer,
                                             uint32_t slot)
{
    return slot == WORLD_NO_SLOT
               ? NULL
               : world_record(world, layer, (size_t)world_row(world, layer, slot));
}

/* One edit, as what follows along pipelines is asked about it. */
static inline struct pipeline_edited edited_of(const struct world *old,
                                               const struct world_edited *edited,
                                               const struct pipeline_sites *sites,
                                               struct pipeline_kept *kept)
{
    const struct world_edit *edit = &edited->edits[0];
    return (struct pipeline_edited){.world = edited->world,
                                    .old = old,
                                    .layer = edit->layer,
                                    .before = side(old, edit->layer, edit->old_slot),
                                    .after = side(edited->world, edit->layer, edit->new_slot),
                                    .sites = sites,
                                    .kept = kept};
}

static inline bool is_dwelling(const struct record_head *head, enum layer_id layer)
{
    return head && layer == LAYER_PROTECTED && pipeline_is_dwelling((const void *)head);
}

/* The segments of a pipeline, as those that a world keeps. */
struct cut_segments {
    const struct segment **rows;
    size_t n;
};

static inline struct cut_segments cut_anew(struct region *r, struct crew *crew,
                                           const struct world *world,
                                           const struct pipeline_sites *sites, uint32_t row)
{
    struct fixture *f = r->f;
    struct segment *rows = NULL;
    struct cut_segments cut = {NULL, 0};
    struct pipeline_question question = {.world = world, .row = row, .sites = sites};
    assert_ok(f, crew_fit(crew, world, &f->err));
    assert_ok(
        f, pipeline_segments_of(&question, &crew->workers[0], &f->arena, &rows, &cut.n, &f->err));
    cut.rows = arena_new(&f->arena, const struct segment *, cut.n);
    for (size_t i = 0; i < cut.n; i++)
        cut.rows[i] = &rows[i];
    return cut;
}

static inline bool same_segments(struct fixture *f, const struct cut_segments *a,
                                 const struct cut_segments *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++)
        assert_ok(f, rows_same(LAYER_SEGMENTS, a->rows[i], b->rows[i], &f->arena, &same, &f->err));
    return same;
}

static inline int by_segment_id(const void *a, const void *b)
{
    return strcmp((*(const struct segment *const *)a)->head.id,
                  (*(const struct segment *const *)b)->head.id);
}

/* The old rows with what is told of them. */
static inline struct cut_segments with_told(struct region *r, const struct pipeline_recounted *told,
                                            const struct cut_segments *old)
{
    struct cut_segments with = {arena_new(&r->f->arena, const struct segment *, old->n + told->n),
                                0};
    for (size_t i = 0; i < old->n; i++) {
        const struct segment *row = old->rows[i];
        for (size_t k = 0; k < told->n; k++)
            if (told->rows[k].before == old->rows[i])
                row = told->rows[k].after;
        if (row)
            with.rows[with.n++] = row;
    }
    for (size_t k = 0; k < told->n; k++)
        if (!told->rows[k].before)
            with.rows[with.n++] = told->rows[k].after;
    if (with.n > 0)
        qsort(with.rows, with.n, sizeof *with.rows, by_segment_id);
    return with;
}

/* The seeds of a test: its own, or SISETU_SEEDS=FROM:TO. */
struct seeds {
    unsigned at, to;
};

static inline struct seeds seeds_of_test(unsigned to)
{
    struct seeds seeds = {1, to};
    const char *text = getenv("SISETU_SEEDS");
    if (text && sscanf(text, "%u:%u", &seeds.at, &seeds.to) != 2)
        fail_msg("SISETU_SEEDS=%s should be FROM:TO", text);
    return seeds;
}

/* A fresh fixture for the next seed; false: that was the last one. */
static inline bool next_seed(struct seeds *seeds, void **state)
{
    if (seeds->at >= seeds->to)
        return false;
    seeds->at++;
    tear_down(state);
    set_up(state);
    return true;
}

/* ---- streets ---- */

enum { STREET_LINES = 3 };

/* Gas pipelines along streets; the second goes to and fro, so that a dwelling may be beside it
 * twice. Their vertices lie so close that a window holds many. */
static inline void put_streets(struct region *r, struct store *store)
{
    enum { POINTS = 120 };
    struct fixture *f = r->f;
    for (int i = 0; i < STREET_LINES; i++) {
        struct pipeline *line =
            region_record(r, LAYER_PIPELINES, arena_printf(&f->arena, "street-%d", i));
        struct lonlat *points = arena_new(&f->arena, struct lonlat, POINTS);
        uint32_t *ends = arena_new(&f->arena, uint32_t, 1);
        ends[0] = POINTS;
        for (int k = 0; k < POINTS; k++) {
            bool back = i == 1 && k >= POINTS / 2;
            int at = back ? POINTS - k : k;
            points[k] = (struct lonlat){REGION_WEST_DEG - 0.02 + at * 0.0012,
                                        REGION_SOUTH_DEG + REGION_HIGH_DEG * (0.3 + 0.2 * i) +
                                            (back ? 0.0035 : 0) + 0.0004 * region_share(r)};
        }
        line->head.geom = (struct geom){.kind = GEOM_LINE,
                                        .n_points = POINTS,
                                        .n_rings = 1,
                                        .points = points,
                                        .ring_ends = ends,
                                        .box = box_of_points(points, POINTS)};
        line->medium = "natural_gas";
        line->pipe_class = "transmission";
        line->status = line->enterprise_id = NULL;
        line->diameter_mm = 508;
        line->pressure_mpa = 4;
        line->head.accuracy_m = 1;
        line->head.valid_to = INT_ABSENT;
        assert_ok(f, store_insert(store, LAYER_PIPELINES, line, 1, &f->err));
    }
}

/* Beside a street, in clumps with gaps between them. */
static inline struct geom home_shape(struct region *r)
{
    uint32_t street = region_draw(r, STREET_LINES);
    double along = (region_draw(r, 6) + 0.6 * region_share(r)) / 6;
    struct lonlat *at = arena_new(&r->f->arena, struct lonlat, 1);
    *at = (struct lonlat){REGION_WEST_DEG - 0.02 + along * 0.14,
                          REGION_SOUTH_DEG + REGION_HIGH_DEG * (0.3 + 0.2 * street) +
                              0.003 * (region_share(r) - 0.3) * (region_draw(r, 8) ? 1 : 0.1)};
    return (struct geom){.kind = GEOM_POINT,
                         .n_points = 1,
                         .n_rings = 1,
                         .points = at,
                         .ring_ends = arena_memdup(&r->f->arena, &(uint32_t){1}, sizeof(uint32_t)),
                         .box = box_of_points(at, 1)};
}

/* Few different numbers: windows tie. */
static inline int32_t home_households(struct region *r)
{
    return region_draw(r, 40) == 0 ? INT_ABSENT : 10 * (1 + (int32_t)region_draw(r, 4));
}

static inline struct protected_target *home(struct region *r, const char *id)
{
    struct protected_target *made = region_record(r, LAYER_PROTECTED, id);
    made->use = region_draw(r, 30) ? "residential" : "school";
    made->head.valid_from = made->head.valid_to = INT_ABSENT;
    made->head.accuracy_m = region_draw(r, 25) ? 1 : 2;
    made->storeys = INT_ABSENT;
    made->households = home_households(r);
    made->persons = INT_ABSENT;
    made->head.geom = home_shape(r);
    return made;
}

/* Without what a region has of its own that is tall or known badly, which makes recounts rare. */
static inline struct world *load_streets(struct region *r, uint64_t seed, uint32_t n_homes)
{
    struct fixture *f = r->f;
    struct store *store = NULL;
    struct world *world = NULL;
    struct world_edited plain;
    region_init(r, f, seed);
    region_store(r, REGION_GRID);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    put_streets(r, store);
    for (uint32_t i = 0; i < n_homes; i++) {
        struct protected_target *made = home(r, arena_printf(&f->arena, "home-%u", i));
        assert_ok(f, store_insert(store, LAYER_PROTECTED, made, 1, &f->err));
    }
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    assert_ok(f, world_load(f->path, NULL, 20261101, &world, &f->err));
    size_t n = 0;
    struct world_change *gone =
        arena_new(&f->arena, struct world_change, world_count(world, LAYER_PROTECTED));
    for (size_t row = 0; row < world_count(world, LAYER_PROTECTED); row++) {
        const char *id = world_protected(world, row)->head.id;
        if (strncmp(id, "home-", 5) != 0)
            gone[n++] = (struct world_change){LAYER_PROTECTED, arena_strdup(&f->arena, id), NULL};
    }
    assert_ok(f, world_edit_new(world, gone, n, &f->arena, &plain, &f->err));
    world_release(world);
    return plain.world;
}

#endif
