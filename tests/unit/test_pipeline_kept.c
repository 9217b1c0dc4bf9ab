/* test_pipeline_kept.c - what is kept of pipelines while records are edited is what is found
 * without it: random edits of dwellings and pipelines, some of which are given up half way. */
#include "tests/unit/pipeline_edits.h"

#include "geo/pipelines/pipeline_found.h"
#include "geo/pipeline_edits/pipeline_crowd.h"
#include "geo/pipeline_edits/pipeline_kept.h"

#include "data/base/text.h"

enum { HOMES = 500 };

struct keeping {
    struct region *r;
    struct crew crew;
    struct arena index;
    struct pipeline_sites sites;
    struct pipeline_kept *kept;
    size_t n_hits;
    size_t n_odd; /* seen from several stretches */
    size_t n_given_up;
    size_t n_bare;
    size_t n_within;      /* lines in reach of a place */
    size_t n_passed_over; /* whose box is, and no stretch */
};

static struct pipeline_job job_of(struct keeping *k, const struct world *world, uint32_t row)
{
    struct fixture *f = k->r->f;
    const struct pipeline *pipeline = world_pipeline(world, row);
    struct pipeline_job job = {
        .world = world,
        .sites = &k->sites,
        .worker = &k->crew.workers[0],
        .arena = &f->arena,
        .scratch = &f->arena,
        .pipeline = pipeline,
        .row = row,
        .error_m = rules_accuracy_m(world->rules, LAYER_PIPELINES, &pipeline->head)};
    double start_m = pipeline->start_m;
    assert_ok(f, crew_fit(&k->crew, world, &f->err));
    assert_ok(f, pipeline_line_build(&pipeline->head.geom, isnan(start_m) ? 0 : start_m, &f->arena,
                                     &job.line, &f->err));
    return job;
}

static size_t ask_households(struct keeping *k, struct pipeline_job *job)
{
    struct fixture *f = k->r->f;
    const struct rules *rules = job->world->rules;
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < rules->n_pipeline_classes && at == SIZE_MAX; i++)
        if (rules->pipeline_classes[i].counts == PIPELINE_COUNTS_HOUSEHOLD) {
            struct pipeline_ask ask = pipeline_ask_of_class(&rules->pipeline_classes[i]);
            assert_ok(f, pipeline_ask(job, &ask, &at, &f->err));
        }
    assert_int_equal(at, 0);
    return at;
}

static int by_row(const void *a, const void *b)
{
    uint32_t x = ((const struct pipeline_hit *)a)->row;
    uint32_t y = ((const struct pipeline_hit *)b)->row;
    return (x > y) - (x < y);
}

static void assert_same_hit(struct keeping *k, const struct pipeline_hit *a,
                            const struct pipeline_hit *b)
{
    assert_int_equal(a->row, b->row);
    assert_int_equal(a->layer, b->layer);
    assert_int_equal(a->part, b->part);
    assert_ptr_equal(a->missing, b->missing);
    assert_ptr_equal(a->site, b->site);
    assert_true(a->error_m == b->error_m && a->nearest_m == b->nearest_m);
    for (int known = 0; known < REACHES; known++) {
        const struct span_list *x = &a->spans[known];
        const struct span_list *y = &b->spans[known];
        assert_int_equal(x->n, y->n);
        for (size_t i = 0; i < x->n; i++)
            assert_true(x->items[i].from_m == y->items[i].from_m &&
                        x->items[i].to_m == y->items[i].to_m);
        k->n_odd += x->n > 1;
    }
}

static void assert_same_line(const struct pipeline_line *a, const struct pipeline_line *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->n_parts, b->n_parts);
    assert_memory_equal(a->points, b->points, a->n * sizeof *a->points);
    assert_memory_equal(a->at_m, b->at_m, a->n * sizeof *a->at_m);
    assert_memory_equal(a->part_ends, b->part_ends, a->n_parts * sizeof *a->part_ends);
}

/* What is told bare is told in the same order with the same numbers, and is what weighs so much. */
static void check_bare(struct keeping *k, struct pipeline_job *job, size_t ask,
                       const struct span *some)
{
    struct fixture *f = k->r->f;
    size_t n = job->n_hits;
    const struct pipeline_hit *full = job->hits;
    bool is_kept = false;
    assert_ok(f, pipeline_kept_bare_hits(k->kept, job, ask, some, &is_kept, &f->err));
    assert_int_equal(job->n_hits, n);
    for (size_t i = 0; i < n; i++) {
        struct pipeline_hit *bare = &job->hits[i];
        struct pipeline_weight a, b;
        assert_int_equal(bare->slot, full[i].slot);
        assert_int_equal(bare->slot, world_slot(job->world, LAYER_PROTECTED, full[i].row));
        assert_ok(f, pipeline_weigh(job, &full[i], PIPELINE_COUNTS_HOUSEHOLD, &a, &f->err));
        assert_ok(f, pipeline_weigh(job, bare, PIPELINE_COUNTS_HOUSEHOLD, &b, &f->err));
        assert_ptr_equal(a.missing, b.missing);
        assert_true(a.estimate == b.estimate);
        for (int known = 0; known < REACHES; known++) {
            assert_true(a.count[known] == b.count[known] && a.tall[known] == b.tall[known]);
            assert_int_equal(bare->spans[known].n, full[i].spans[known].n);
        }
        k->n_bare += bare->households > 0;
        if (!(bare->households > 0))
            assert_same_hit(k, &full[i], bare);
    }
}

/* Which pipelines have a stretch in a box: all that have a point there, and none whose own box is
 * elsewhere. How far the box's middle is from each is the same by what is kept. */
static void check_near(struct keeping *k, const struct world *world)
{
    struct fixture *f = k->r->f;
    const struct lonlat at = {REGION_WEST_DEG + 0.1 * (region_share(k->r) - 0.2),
                              REGION_SOUTH_DEG + REGION_HIGH_DEG * region_share(k->r)};
    double far_deg = region_draw(k->r, 2) ? 0.0003 : 0.002 + 0.01 * region_share(k->r);
    const struct box box = {at.lon_deg - far_deg, at.lat_deg - far_deg, at.lon_deg + far_deg,
                            at.lat_deg + far_deg};
    uint32_t *rows = NULL;
    size_t n = 0, next = 0;
    assert_ok(f, world_search_lines(world, LAYER_PIPELINES, box, &f->arena, &rows, &n, &f->err));
    for (uint32_t row = 0; row < world_count(world, LAYER_PIPELINES); row++) {
        const struct geom *geom = world_geom(world, LAYER_PIPELINES, row);
        const struct pipeline_line *line = pipeline_kept_line(k->kept, world, row);
        bool found = next < n && rows[next] == row;
        bool touched = false;
        for (uint32_t i = 0; i < line->n && !touched; i++)
            touched = box_intersects(box_of_points(&line->points[i], 1), box);
        assert_true(found || !touched);
        assert_true(!found || box_intersects(geom->box, box));
        next += found;
        k->n_passed_over += !found && box_intersects(geom->box, box);
        double off_m = pipeline_off_m(geom, NULL, at, 1000);
        double kept_m = pipeline_off_m(geom, line, at, 1000);
        assert_true(isinf(off_m) == isinf(kept_m));
        assert_true(isinf(off_m) || fabs(off_m - kept_m) < 0.2 + 2e-3 * off_m);
        k->n_within += !isinf(off_m);
    }
    assert_int_equal(next, n); /* ascending, each once */
}

/* One pipeline: its line, all its dwellings, and those along a stretch of it. */
static void check_pipeline(struct keeping *k, const struct world *world, uint32_t row)
{
    struct fixture *f = k->r->f;
    struct pipeline_job found = job_of(k, world, row);
    struct pipeline_job kept = job_of(k, world, row);
    struct span whole = pipeline_part_span(&found.line, 0);
    double from_m = whole.from_m + (whole.to_m - whole.from_m) * region_share(k->r);
    struct span some = {from_m, from_m + 1500};
    size_t ask = ask_households(k, &kept);
    size_t n_some = 0;
    bool is_kept = false;
    assert_same_line(pipeline_kept_line(k->kept, world, row), &found.line);
    ask_households(k, &found);
    assert_ok(f, pipeline_gather(&found, &f->err));
    assert_ok(f, pipeline_kept_hits(k->kept, &kept, ask, NULL, &is_kept, &f->err));
    bool counted =
        pipeline_has_say(&found, "gb50251") ||
        (pipeline_has_say(&found, "gb32167") && !text_equal(found.pipeline->medium, "natural_gas"));
    if (found.line.n_parts > 1 || !counted) {
        assert_false(is_kept);
        return;
    }
    assert_true(is_kept);
    assert_int_equal(found.n_hits, kept.n_hits);
    assert_int_equal(kept.asks[ask].n_hits, kept.n_hits);
    if (kept.n_hits > 0)
        qsort(kept.hits, kept.n_hits, sizeof *kept.hits, by_row);
    for (size_t i = 0; i < found.n_hits; i++) {
        const struct span_list *most = &found.hits[i].spans[AT_MOST];
        assert_same_hit(k, &found.hits[i], &kept.hits[i]);
        n_some +=
            most->items[0].from_m <= some.to_m && most->items[most->n - 1].to_m >= some.from_m;
    }
    k->n_hits += found.n_hits;
    assert_ok(f, pipeline_kept_hits(k->kept, &kept, ask, &some, &is_kept, &f->err));
    assert_int_equal(kept.n_hits, n_some);
    check_bare(k, &kept, ask, &some);
}

/* Some dwellings and perhaps a pipeline: moved, told otherwise, new, or gone. */
static size_t draw_changes(struct region *r, const struct world *world, uint32_t number,
                           struct world_change *out)
{
    struct fixture *f = r->f;
    size_t n = 0;
    size_t n_homes = 1 + region_draw(r, 3);
    size_t first = region_draw(r, (uint32_t)(world_count(world, LAYER_PROTECTED) - n_homes));
    for (size_t i = 0; i < n_homes; i++) {
        const char *id = world_protected(world, first + i)->head.id;
        if (region_draw(r, 4) == 0)
            id = arena_printf(&f->arena, "home-new-%u-%zu", number, i);
        out[n++] =
            (struct world_change){LAYER_PROTECTED, id, region_draw(r, 5) ? home(r, id) : NULL};
    }
    if (region_draw(r, 3) > 0)
        return n;
    size_t row = region_draw(r, (uint32_t)world_count(world, LAYER_PIPELINES));
    struct pipeline *made = arena_new(&f->arena, struct pipeline, 1);
    assert_ok(f,
              record_copy(LAYER_PIPELINES, world_pipeline(world, row), &f->arena, made, &f->err));
    if (region_draw(r, 2))
        made->start_m = 1000 * region_share(r);
    if (region_draw(r, 3) == 0)
        made->head.id = arena_printf(&f->arena, "%s-new-%u", made->head.id, number);
    if (region_draw(r, 4) == 0)
        made->head.accuracy_m = 1 + 3 * region_share(r);
    out[n++] =
        (struct world_change){LAYER_PIPELINES, made->head.id, region_draw(r, 6) ? made : NULL};
    return n;
}

static struct world *edit_once(struct keeping *k, struct world *world, uint32_t number)
{
    enum { MOST_CHANGES = 4 };
    struct fixture *f = k->r->f;
    struct world_change changes[MOST_CHANGES];
    struct world_edited edited;
    size_t n = draw_changes(k->r, world, number, changes);
    assert_ok(f, world_edit_new(world, changes, n, &f->arena, &edited, &f->err));
    assert_ok(f, pipeline_sites_follow(&k->sites, world, edited.world, edited.edits, edited.n_edits,
                                       &f->err));
    assert_ok(f, pipeline_kept_follow(k->kept, world, edited.world, &k->sites, edited.edits,
                                      edited.n_edits, &k->crew.workers[0], &f->err));
    for (uint32_t row = 0; row < world_count(edited.world, LAYER_PIPELINES); row++)
        check_pipeline(k, edited.world, row);
    for (int i = 0; i < 20; i++)
        check_near(k, edited.world);
    crew_reset(&k->crew);
    if (region_draw(k->r, 3) == 0) { /* the store was full, say */
        k->n_given_up++;
        world_release(edited.world);
        return world;
    }
    pipeline_kept_commit(k->kept);
    world_release(world);
    return edited.world;
}

static void test_what_is_kept_is_what_is_found(void **state)
{
    struct fixture *f = *state;
    struct seeds seeds = seeds_of_test(2);
    do {
        struct region r = {.f = f = *state};
        struct keeping k = {.r = &r};
        struct world *world = load_streets(&r, seeds.at, HOMES);
        arena_init(&k.index, 0);
        assert_ok(f, crew_init(&k.crew, 2, &f->err));
        assert_ok(f, pipeline_sites_build(world, &f->arena, &k.sites, &f->err));
        assert_ok(f, pipeline_sites_index(&k.sites, world, &k.index, &f->err));
        assert_ok(f, pipeline_kept_new(world, &k.sites, &k.crew, &k.kept, &f->err));
        for (uint32_t i = 0; i < 60; i++)
            world = edit_once(&k, world, i);
        print_message("%zu hits the same, %zu bare, %zu lists of several spans, %zu edits given "
                      "up; %zu lines in reach, %zu passed over\n",
                      k.n_hits, k.n_bare, k.n_odd, k.n_given_up, k.n_within, k.n_passed_over);
        assert_true(k.n_hits > 1000 && k.n_odd > 10 && k.n_given_up > 5);
        assert_true(k.n_bare > 1000 && k.n_within > 20 && k.n_passed_over > 10);
        world_release(world);
        pipeline_kept_free(k.kept);
        arena_release(&k.index);
        crew_release(&k.crew);
    } while (next_seed(&seeds, state));
}

/* The index of sites with edits beside it finds what a world finds. */
static void test_indexed_sites_cut_as_the_world_does(void **state)
{
    struct fixture *f = *state;
    struct region r = {.f = f};
    struct keeping k = {.r = &r};
    struct world *world = load_streets(&r, 7, HOMES);
    arena_init(&k.index, 0);
    assert_ok(f, crew_init(&k.crew, 1, &f->err));
    assert_ok(f, pipeline_sites_build(world, &f->arena, &k.sites, &f->err));
    assert_ok(f, pipeline_sites_index(&k.sites, world, &k.index, &f->err));
    assert_ok(f, pipeline_kept_new(world, &k.sites, &k.crew, &k.kept, &f->err));
    for (uint32_t i = 0; i < 25; i++) {
        world = edit_once(&k, world, i);
        if (i == 12) /* as when many were edited */
            assert_ok(f, pipeline_sites_index(&k.sites, world, &k.index, &f->err));
        for (uint32_t row = 0; row < world_count(world, LAYER_PIPELINES); row++) {
            struct cut_segments with = cut_anew(&r, &k.crew, world, &k.sites, row);
            struct cut_segments without = cut_anew(&r, &k.crew, world, NULL, row);
            assert_true(same_segments(f, &with, &without));
        }
        crew_reset(&k.crew);
    }
    world_release(world);
    pipeline_kept_free(k.kept);
    arena_release(&k.index);
    crew_release(&k.crew);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_kept_is_what_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_indexed_sites_cut_as_the_world_does, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
