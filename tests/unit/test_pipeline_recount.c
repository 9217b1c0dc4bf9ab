/* test_pipeline_recount.c - what is recounted is what cutting anew tells: random edits of dwellings
 * along streets with gas pipelines, each cut anew after them. */
#include "tests/unit/one_thread.h"
#include "tests/unit/pipeline_edits.h"

#include "geo/pipeline_edits/pipeline_kept.h"
#include "geo/pipeline_edits/pipeline_recut.h"

enum { HOMES = 900, FEW_HOMES = 90 };

/* What the recounts of a test came to. */
struct recount_tally {
    size_t n_sure;
    size_t n_same;  /* of those, nothing tells another number */
    size_t n_told;  /* rows that do */
    size_t n_law;   /* of those, what is built over the line */
    size_t n_other; /* cut anew */
};

/* A dwelling moved, told otherwise, gone or new. */
static struct world_change draw_home(struct region *r, const struct world *world, uint32_t number)
{
    struct fixture *f = r->f;
    size_t row = region_draw(r, (uint32_t)world_count(world, LAYER_PROTECTED));
    struct protected_target *made = arena_new(&f->arena, struct protected_target, 1);
    assert_ok(f,
              record_copy(LAYER_PROTECTED, world_protected(world, row), &f->arena, made, &f->err));
    switch (region_draw(r, 5)) {
    case 0:
        return (struct world_change){LAYER_PROTECTED, made->head.id, NULL};
    case 1:
        made = home(r, arena_printf(&f->arena, "home-new-%u", number));
        break;
    case 2:
        made->households = home_households(r);
        break;
    case 3:
        if (region_draw(r, 4) == 0)
            made->use = "school";
        made->head.geom = home_shape(r);
        break;
    default: { /* a little along the street: what stood at the windows' ends does no more */
        struct lonlat *at = arena_memdup(&f->arena, made->head.geom.points, sizeof *at);
        at->lon_deg += 0.004 * (region_share(r) - 0.5);
        made->head.geom.points = at;
        made->head.geom.box = box_of_points(at, 1);
    }
    }
    return (struct world_change){LAYER_PROTECTED, made->head.id, made};
}

static void assert_told(struct region *r, const struct pipeline_recounted *told,
                        const struct cut_segments *old, const struct cut_segments *now)
{
    struct fixture *f = r->f;
    struct cut_segments with = with_told(r, told, old);
    assert_int_equal(with.n, now->n);
    for (size_t i = 0; i < now->n; i++) {
        const struct segment *row = with.rows[i];
        bool same = false;
        assert_ok(f, rows_same(LAYER_SEGMENTS, row, now->rows[i], &f->arena, &same, &f->err));
        if (!same)
            fail_msg("%s is told as \"%s\" (%s; %.9g; %s), not \"%s\" (%s; %.9g; %s)", row->head.id,
                     row->reason, row->verdict, row->households, row->decides, now->rows[i]->reason,
                     now->rows[i]->verdict, now->rows[i]->households, now->rows[i]->decides);
    }
}

struct recount_run {
    uint64_t seed;
    uint32_t n_edits;
    uint32_t n_homes;
    bool keeps;   /* what is kept of pipelines is followed and asked */
    bool has_gap; /* in the streets */
    bool recuts;  /* classes are cut anew instead */
};

static void recount_edit(struct region *r, struct crew *crew, const struct recount_run *run,
                         const struct world *old, const struct world_edited *edited,
                         struct pipeline_sites *sites, struct pipeline_kept *kept,
                         struct recount_tally *tally)
{
    struct fixture *f = r->f;
    const struct pipeline_edited it = edited_of(old, edited, sites, kept);
    const struct record_head *sides[] = {it.before, it.after};
    struct pipeline_dwellings dwellings[2];
    size_t n = 0;
    for (int i = 0; i < 2; i++)
        if (is_dwelling(sides[i], it.layer))
            assert_ok(f, pipeline_dwellings_near(old, edited->world, sides[i]->geom.box, &f->arena,
                                                 &dwellings[n++], &f->err));
    assert_ok(f, pipeline_sites_follow(sites, old, edited->world, edited->edits, 1, &f->err));
    if (kept)
        assert_ok(f, pipeline_kept_follow(kept, old, edited->world, sites, edited->edits, 1,
                                          &crew->workers[0], &f->err));
    for (uint32_t row = 0; row < world_count(edited->world, LAYER_PIPELINES); row++) {
        struct pipeline_recounted told;
        struct cut_segments was = cut_anew(r, crew, old, sites, row);
        const struct pipeline_recount question = {.edited = &it,
                                                  .dwellings = dwellings,
                                                  .n_dwellings = n,
                                                  .old = was.rows,
                                                  .n_old = was.n};
        assert_ok(f, crew_fit(crew, edited->world, &f->err));
        assert_ok(f, (run->recuts ? pipeline_recut : pipeline_recount)(
                         &question, row, &crew->workers[0], &f->arena, &told, &f->err));
        tally->n_sure += told.sure;
        tally->n_same += told.sure && told.n == 0;
        tally->n_other += !told.sure;
        tally->n_told += told.sure ? told.n : 0;
        for (size_t k = 0; k < told.n && told.sure; k++)
            tally->n_law += !told.rows[k].before || !told.rows[k].after;
        if (!told.sure)
            continue;
        struct cut_segments is = cut_anew(r, crew, edited->world, sites, row);
        assert_told(r, &told, &was, &is);
    }
}

/* Towns at both ends of the streets, and nobody in between: runs end on the line, some kilometres
 * from where the line does. */
static struct world *leave_gap(struct region *r, struct world *world)
{
    static const struct span gap = {REGION_WEST_DEG + 0.024, REGION_WEST_DEG + 0.084};
    struct fixture *f = r->f;
    struct world_edited left;
    size_t n = 0;
    struct world_change *gone =
        arena_new(&f->arena, struct world_change, world_count(world, LAYER_PROTECTED));
    for (size_t row = 0; row < world_count(world, LAYER_PROTECTED); row++) {
        const struct record_head *head = &world_protected(world, row)->head;
        double at_deg = head->geom.points[0].lon_deg;
        if (at_deg > gap.from_m && at_deg < gap.to_m)
            gone[n++] =
                (struct world_change){LAYER_PROTECTED, arena_strdup(&f->arena, head->id), NULL};
    }
    assert_ok(f, world_edit_new(world, gone, n, &f->arena, &left, &f->err));
    world_release(world);
    return left.world;
}

static void edit_streets(struct fixture *f, const struct recount_run *run,
                         struct recount_tally *tally)
{
    struct region r = {.f = f};
    struct crew crew;
    struct pipeline_sites sites;
    struct pipeline_kept *kept = NULL;
    struct world *world = load_streets(&r, run->seed, run->n_homes);
    if (run->has_gap)
        world = leave_gap(&r, world);
    assert_ok(f, crew_init(&crew, 1, &f->err));
    assert_ok(f, pipeline_sites_build(world, &f->arena, &sites, &f->err));
    if (run->keeps)
        assert_ok(f, pipeline_kept_new(world, &sites, &crew, &kept, &f->err));
    for (uint32_t i = 0; i < run->n_edits; i++) {
        struct world_edited edited;
        struct world_change change = draw_home(&r, world, i);
        assert_ok(f, world_edit_new(world, &change, 1, &f->arena, &edited, &f->err));
        if (edited.n_edits == 1)
            recount_edit(&r, &crew, run, world, &edited, &sites, kept, tally);
        if (kept)
            pipeline_kept_commit(kept);
        crew_reset(&crew);
        world_release(world);
        world = edited.world;
    }
    world_release(world);
    pipeline_kept_free(kept);
    crew_release(&crew);
}

static void recount_streets(void **state, struct recount_run run)
{
    struct seeds seeds = seeds_of_test(2);
    struct recount_tally tally = {.n_sure = 0};
    run.n_edits = 80;
    do {
        run.seed = seeds.at;
        edit_streets(*state, &run, &tally);
    } while (next_seed(&seeds, state));
    print_message("recounted %zu (%zu the same), %zu rows told anew (%zu of the law); cut %zu\n",
                  tally.n_sure, tally.n_same, tally.n_told, tally.n_law, tally.n_other);
    assert_true(tally.n_sure > 100);
    assert_true(tally.n_told > 40);
    assert_true(tally.n_law > 0);
}

static void test_what_is_recounted_is_what_cutting_anew_tells(void **state)
{
    recount_streets(state, (struct recount_run){.n_homes = HOMES});
}

static void test_so_it_is_by_what_is_kept_of_pipelines(void **state)
{
    recount_streets(state, (struct recount_run){.n_homes = HOMES, .keeps = true});
}

static void test_so_it_is_where_a_town_ends(void **state)
{
    recount_streets(state, (struct recount_run){.n_homes = HOMES, .keeps = true, .has_gap = true});
}

static void test_classes_cut_alone_are_those_of_the_whole_pipeline(void **state)
{
    recount_streets(state,
                    (struct recount_run){.n_homes = FEW_HOMES, .keeps = true, .recuts = true});
}

static void test_so_they_are_where_a_town_ends(void **state)
{
    recount_streets(state, (struct recount_run){
                               .n_homes = HOMES, .keeps = true, .has_gap = true, .recuts = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_recounted_is_what_cutting_anew_tells, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_so_it_is_by_what_is_kept_of_pipelines, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_so_it_is_where_a_town_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_classes_cut_alone_are_those_of_the_whole_pipeline,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_so_they_are_where_a_town_ends, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
