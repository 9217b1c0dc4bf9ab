/* test_pipeline_outdone.c - what is said to be outdone leaves every segment as it is, and what is
 * recounted is what cutting anew tells: random edits along pipelines through a town and out of it,
 * each cut anew before and after. */
#include "tests/unit/one_thread.h"
#include "tests/unit/region_fixture.h"

#include "geo/assess/edit_rows.h"
#include "geo/pipelines/pipeline_recount.h"
#include "geo/pipelines/pipeline_sites.h"
#include "geo/world/parallel.h"
#include "geo/world/world_edit.h"

enum { LINE_POINTS = 60, LINES = 4 };

/* Through the region from far west to far east, natural gas and oil. */
static void put_lines(struct region *r, struct store *store)
{
    struct fixture *f = r->f;
    for (int i = 0; i < LINES; i++) {
        struct pipeline *line =
            region_record(r, LAYER_PIPELINES, arena_printf(&f->arena, "line-%d", i));
        struct lonlat *points = arena_new(&f->arena, struct lonlat, LINE_POINTS);
        uint32_t *ends = arena_new(&f->arena, uint32_t, 1);
        ends[0] = LINE_POINTS;
        for (int k = 0; k < LINE_POINTS; k++)
            points[k] = (struct lonlat){REGION_WEST_DEG - 0.07 + k * 0.0034,
                                        REGION_SOUTH_DEG + REGION_HIGH_DEG * (0.2 + 0.2 * i) +
                                            0.0015 * region_share(r)};
        line->head.geom = (struct geom){.kind = GEOM_LINE,
                                        .n_points = LINE_POINTS,
                                        .n_rings = 1,
                                        .points = points,
                                        .ring_ends = ends,
                                        .box = box_of_points(points, LINE_POINTS)};
        line->medium = i == 3 ? "oil_product" : "natural_gas";
        line->pipe_class = "transmission";
        line->status = NULL;
        line->enterprise_id = i == 2 ? "en-003" : NULL;
        line->diameter_mm = i == 1 ? 813 : 508;
        line->pressure_mpa = i == 1 ? 10 : 4;
        line->head.accuracy_m = i == 2 ? (double)NAN : 1.0 + i;
        line->head.valid_to = INT_ABSENT;
        assert_ok(f, store_insert(store, LAYER_PIPELINES, line, 1, &f->err));
    }
}

/* The middle is a town, what lies west and east of it is not. */
static void put_town(struct region *r, struct store *store, uint32_t n)
{
    struct fixture *f = r->f;
    for (uint32_t i = 0; i < n; i++) {
        struct protected_target *home =
            region_record(r, LAYER_PROTECTED, arena_printf(&f->arena, "home-%u", i));
        home->use = i % 3 ? "residential" : "shop";
        home->head.valid_to = INT_ABSENT;
        home->head.accuracy_m = region_draw(r, 3) ? 2 : 9;
        home->storeys = region_draw(r, 30) ? INT_ABSENT : 6;
        if (region_draw(r, 8) > 0)
            home->households = 20 + (int32_t)region_draw(r, 60);
        assert_ok(f, store_insert(store, LAYER_PROTECTED, home, 1, &f->err));
    }
}

static struct world *load_town(struct region *r, uint64_t seed, enum region_people people)
{
    struct fixture *f = r->f;
    struct store *store = NULL;
    struct world *world = NULL;
    region_init(r, f, seed);
    region_store(r, people);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    put_lines(r, store);
    put_town(r, store, 40 + 120 * (uint32_t)(seed % 3));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    assert_ok(f, world_load(f->path, NULL, 20261101, &world, &f->err));
    return world;
}

/* A plant, a place or whatever else rules may meet, near where it was, as it was or drawn anew. */
static struct world_change draw_change(struct region *r, const struct world *world)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES,   LAYER_ENTERPRISES, LAYER_PROTECTED,
                                           LAYER_PROTECTED,     LAYER_FACILITIES,  LAYER_AREAS,
                                           LAYER_INFRASTRUCTURE};
    enum layer_id layer = layers[region_draw(r, 7)];
    struct arena *arena = &r->f->arena;
    size_t n = world_count(world, layer);
    if (n == 0 || region_draw(r, 5) == 0) {
        const char *id = region_id(r, layer);
        return (struct world_change){layer, id, region_record(r, layer, id)};
    }
    const struct record_head *old = world_record(world, layer, region_draw(r, (uint32_t)n));
    const char *id = arena_strdup(arena, old->id);
    if (region_draw(r, 6) == 0)
        return (struct world_change){layer, id, NULL};
    struct record_head *head = arena_alloc(arena, 1, records_binding(layer)->record_bytes);
    assert_ok(r->f, record_copy(layer, old, arena, head, &r->f->err));
    if (region_draw(r, 3) == 0)
        region_fill(r, layer, head);
    else
        head->geom = region_shape(r, layer);
    if (layer == LAYER_PROTECTED && region_draw(r, 3) == 0)
        ((struct protected_target *)(void *)head)->use = "school";
    return (struct world_change){layer, id, head};
}

static const struct record_head *side(const struct world *world, enum layer_id layer, uint32_t slot)
{
    return slot == WORLD_NO_SLOT
               ? NULL
               : world_record(world, layer, (size_t)world_row(world, layer, slot));
}

static bool is_dwelling(const struct record_head *head, enum layer_id layer)
{
    return head && layer == LAYER_PROTECTED && pipeline_is_dwelling((const void *)head);
}

/* The segments of a pipeline, as those that a world keeps. */
struct cut_segments {
    const struct segment **rows;
    size_t n;
};

static struct cut_segments cut_anew(struct region *r, struct crew *crew, const struct world *world,
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

static bool same_segments(struct fixture *f, const struct cut_segments *a,
                          const struct cut_segments *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++)
        assert_ok(f, rows_same(LAYER_SEGMENTS, a->rows[i], b->rows[i], &f->arena, &same, &f->err));
    return same;
}

struct tally {
    size_t n_outdone;
    size_t n_same; /* of the others, cut for nothing */
    size_t n_other;
};

static void judge_edit(struct region *r, struct crew *crew, const struct world *old,
                       const struct world_edited *edited, struct tally *tally)
{
    struct fixture *f = r->f;
    const struct world_edit *edit = &edited->edits[0];
    struct pipeline_edited it = {.world = edited->world,
                                 .layer = edit->layer,
                                 .before = side(old, edit->layer, edit->old_slot),
                                 .after = side(edited->world, edit->layer, edit->new_slot)};
    if (is_dwelling(it.before, it.layer) || is_dwelling(it.after, it.layer))
        return;
    assert_ok(f, pipeline_find_witnesses(&it, &f->arena, &f->err));
    for (uint32_t row = 0; row < world_count(edited->world, LAYER_PIPELINES); row++) {
        bool outdone = false;
        struct cut_segments before = cut_anew(r, crew, old, NULL, row);
        struct cut_segments after = cut_anew(r, crew, edited->world, NULL, row);
        const struct pipeline_was was = {&it, before.rows, before.n};
        assert_ok(f, crew_fit(crew, edited->world, &f->err));
        assert_ok(f, pipeline_is_outdone(&was, row, &crew->workers[0], &outdone, &f->err));
        bool same = same_segments(f, &before, &after);
        if (outdone && !same)
            fail_msg("%s/%s is not outdone at pipeline %s", layer_name(it.layer),
                     (it.after ? it.after : it.before)->id,
                     world_pipeline(edited->world, row)->head.id);
        tally->n_outdone += outdone;
        tally->n_same += !outdone && same;
        tally->n_other += !same;
    }
}

static void edit_town(struct fixture *f, uint64_t seed, enum region_people people, int n_edits,
                      struct tally *tally)
{
    struct region r = {.f = f};
    struct crew crew;
    struct world *world = load_town(&r, seed, people);
    assert_ok(f, crew_init(&crew, 1, &f->err));
    for (int i = 0; i < n_edits; i++) {
        struct world_edited edited;
        struct world_change change = draw_change(&r, world);
        assert_ok(f, world_edit_new(world, &change, 1, &f->arena, &edited, &f->err));
        if (edited.n_edits == 1)
            judge_edit(&r, &crew, world, &edited, tally);
        crew_reset(&crew);
        world_release(world);
        world = edited.world;
    }
    world_release(world);
    crew_release(&crew);
}

/* The seeds of a test: its own, or SISETU_SEEDS=FROM:TO. */
struct seeds {
    unsigned at, to;
};

static struct seeds seeds_of_test(unsigned to)
{
    struct seeds seeds = {1, to};
    const char *text = getenv("SISETU_SEEDS");
    if (text && sscanf(text, "%u:%u", &seeds.at, &seeds.to) != 2)
        fail_msg("SISETU_SEEDS=%s should be FROM:TO", text);
    return seeds;
}

/* A fresh fixture for the next seed; false: that was the last one. */
static bool next_seed(struct seeds *seeds, void **state)
{
    if (seeds->at >= seeds->to)
        return false;
    seeds->at++;
    tear_down(state);
    set_up(state);
    return true;
}

static void test_what_is_outdone_changes_no_segment(void **state)
{
    struct seeds seeds = seeds_of_test(3);
    struct tally tally = {0, 0, 0};
    do {
        edit_town(*state, seeds.at, seeds.at % 4 == 3 ? REGION_NOBODY : REGION_GRID, 60, &tally);
    } while (next_seed(&seeds, state));
    print_message("outdone %zu, cut for nothing %zu, changed %zu\n", tally.n_outdone, tally.n_same,
                  tally.n_other);
    assert_true(tally.n_outdone > 100);
    assert_true(tally.n_other > 20);
}

/* ---- numbers told anew ---- */

enum { HOMES = 900, STREET_LINES = 3 };

/* What the recounts of a test came to. */
struct recount_tally {
    size_t n_sure;
    size_t n_same;  /* of those, nothing tells another number */
    size_t n_told;  /* rows that do */
    size_t n_law;   /* of those, what is built over the line */
    size_t n_other; /* cut anew */
};

/* Gas pipelines along streets; the second goes to and fro, so that a dwelling may be beside it
 * twice. Their vertices lie so close that a window holds many. */
static void put_streets(struct region *r, struct store *store)
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
static struct geom home_shape(struct region *r)
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
static int32_t home_households(struct region *r)
{
    return region_draw(r, 40) == 0 ? INT_ABSENT : 10 * (1 + (int32_t)region_draw(r, 4));
}

static struct protected_target *home(struct region *r, const char *id)
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
static struct world *load_streets(struct region *r, uint64_t seed, uint32_t n_homes)
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

static int by_segment_id(const void *a, const void *b)
{
    return strcmp((*(const struct segment *const *)a)->head.id,
                  (*(const struct segment *const *)b)->head.id);
}

/* The old rows with what is told of them. */
static struct cut_segments with_told(struct region *r, const struct pipeline_recounted *told,
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

static void recount_edit(struct region *r, struct crew *crew, const struct world *old,
                         const struct world_edited *edited, struct pipeline_sites *sites,
                         struct recount_tally *tally)
{
    struct fixture *f = r->f;
    const struct world_edit *edit = &edited->edits[0];
    const struct pipeline_edited it = {.world = edited->world,
                                       .layer = edit->layer,
                                       .before = side(old, edit->layer, edit->old_slot),
                                       .after = side(edited->world, edit->layer, edit->new_slot),
                                       .sites = sites};
    const struct record_head *sides[] = {it.before, it.after};
    struct pipeline_dwellings dwellings[2];
    size_t n = 0;
    for (int i = 0; i < 2; i++)
        if (is_dwelling(sides[i], it.layer))
            assert_ok(f, pipeline_dwellings_near(old, edited->world, sides[i]->geom.box, &f->arena,
                                                 &dwellings[n++], &f->err));
    assert_ok(f, pipeline_sites_follow(sites, edited->world, edited->edits, 1, &f->err));
    for (uint32_t row = 0; row < world_count(edited->world, LAYER_PIPELINES); row++) {
        struct pipeline_recounted told;
        struct cut_segments was = cut_anew(r, crew, old, sites, row);
        const struct pipeline_recount question = {.edited = &it,
                                                  .dwellings = dwellings,
                                                  .n_dwellings = n,
                                                  .old = was.rows,
                                                  .n_old = was.n};
        assert_ok(f, crew_fit(crew, edited->world, &f->err));
        assert_ok(f,
                  pipeline_recount(&question, row, &crew->workers[0], &f->arena, &told, &f->err));
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

static void edit_streets(struct fixture *f, uint64_t seed, uint32_t n_edits,
                         struct recount_tally *tally)
{
    struct region r = {.f = f};
    struct crew crew;
    struct pipeline_sites sites;
    struct world *world = load_streets(&r, seed, HOMES);
    assert_ok(f, crew_init(&crew, 1, &f->err));
    assert_ok(f, pipeline_sites_build(world, &f->arena, &sites, &f->err));
    for (uint32_t i = 0; i < n_edits; i++) {
        struct world_edited edited;
        struct world_change change = draw_home(&r, world, i);
        assert_ok(f, world_edit_new(world, &change, 1, &f->arena, &edited, &f->err));
        if (edited.n_edits == 1)
            recount_edit(&r, &crew, world, &edited, &sites, tally);
        crew_reset(&crew);
        world_release(world);
        world = edited.world;
    }
    world_release(world);
    crew_release(&crew);
}

static void test_what_is_recounted_is_what_cutting_anew_tells(void **state)
{
    struct seeds seeds = seeds_of_test(2);
    struct recount_tally tally = {.n_sure = 0};
    do {
        edit_streets(*state, seeds.at, 80, &tally);
    } while (next_seed(&seeds, state));
    print_message("recounted %zu (%zu the same), %zu rows told anew (%zu of the law); cut %zu\n",
                  tally.n_sure, tally.n_same, tally.n_told, tally.n_law, tally.n_other);
    assert_true(tally.n_sure > 100);
    assert_true(tally.n_told > 40);
    assert_true(tally.n_law > 0);
}

/* ---- places along streets ---- */

/* Whether it is a flammable site is not known. */
static struct enterprise *plant(struct region *r, const char *id)
{
    struct enterprise *made = region_record(r, LAYER_ENTERPRISES, id);
    made->kind = NULL;
    made->head.valid_from = made->head.valid_to = INT_ABSENT;
    made->head.accuracy_m = 1;
    made->head.geom = home_shape(r);
    return made;
}

static void move_plants(struct fixture *f, uint64_t seed, struct tally *tally)
{
    enum { FEW_HOMES = 45, SCHOOLS = 40, PLANTS = 150, MOVES = 60 };
    struct region r = {.f = f};
    struct crew crew;
    struct world_edited edited;
    struct world_change changes[PLANTS + SCHOOLS];
    struct world *world = load_streets(&r, seed, FEW_HOMES);
    for (uint32_t i = 0; i < PLANTS; i++) {
        const char *id = arena_printf(&f->arena, "plant-%u", i);
        changes[i] = (struct world_change){LAYER_ENTERPRISES, id, plant(&r, id)};
    }
    for (uint32_t i = 0; i < SCHOOLS; i++) {
        const char *id = arena_printf(&f->arena, "school-%u", i);
        struct protected_target *school = home(&r, id);
        school->use = "school";
        changes[PLANTS + i] = (struct world_change){LAYER_PROTECTED, id, school};
    }
    assert_ok(f, world_edit_new(world, changes, PLANTS + SCHOOLS, &f->arena, &edited, &f->err));
    world_release(world);
    world = edited.world;
    assert_ok(f, crew_init(&crew, 1, &f->err));
    for (int i = 0; i < MOVES; i++) {
        bool moves_school = i % 4 == 0;
        const char *id =
            changes[moves_school ? PLANTS + region_draw(&r, SCHOOLS) : region_draw(&r, PLANTS)].id;
        struct world_change change = {LAYER_ENTERPRISES, id, moves_school ? NULL : plant(&r, id)};
        if (moves_school) {
            struct protected_target *school = home(&r, id);
            school->use = region_draw(&r, 2) ? "school" : "market";
            change = (struct world_change){LAYER_PROTECTED, id, school};
        }
        assert_ok(f, world_edit_new(world, &change, 1, &f->arena, &edited, &f->err));
        judge_edit(&r, &crew, world, &edited, tally);
        crew_reset(&crew);
        world_release(world);
        world = edited.world;
    }
    world_release(world);
    crew_release(&crew);
}

/* A run tells of one of all that it meets, which another record may become; and one more plant
 * among plants, or school among schools, mostly changes nothing. */
static void test_a_run_that_tells_of_another_record_is_cut_anew(void **state)
{
    struct seeds seeds = seeds_of_test(8);
    struct tally tally = {0, 0, 0};
    do {
        move_plants(*state, seeds.at, &tally);
    } while (next_seed(&seeds, state));
    print_message("outdone %zu, cut for nothing %zu, changed %zu\n", tally.n_outdone, tally.n_same,
                  tally.n_other);
    assert_true(tally.n_outdone > 20);
    assert_true(tally.n_other > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_outdone_changes_no_segment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_run_that_tells_of_another_record_is_cut_anew, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_recounted_is_what_cutting_anew_tells, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
