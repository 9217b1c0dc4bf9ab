#include "geo/pipelines/pipeline_sites.h"

#include "data/base/text.h"
#include "geo/pipelines/pipeline_segments.h"
#include "geo/pipelines/pipeline_targets.h"

enum {
    MOST_CODES = 32,     /* whose truths fit */
    SPARE_SITES = 16384, /* for edits, so that not the first of them has all moved */
};

static double accuracy_of(const struct world *world, enum layer_id layer,
                          const struct record_head *head, struct pipeline_site_memo *memo)
{
    if (!isnan(head->accuracy_m))
        return rules_accuracy_m(world->rules, layer, head);
    if (!memo->knows_accuracy || !text_equal(memo->source, head->source)) {
        memo->knows_accuracy = true;
        memo->source = head->source;
        memo->accuracy_m = rules_accuracy_m(world->rules, layer, head);
    }
    return memo->accuracy_m;
}

static double radius_of(const struct world *world, const struct enterprise *plant,
                        struct pipeline_site_memo *memo)
{
    if (!isnan(plant->radius_m))
        return rules_radius_m(world->rules, plant);
    if (!memo->knows_radius || !text_equal(memo->industry, plant->industry)) {
        memo->knows_radius = true;
        memo->industry = plant->industry;
        memo->radius_m = rules_radius_m(world->rules, plant);
    }
    return memo->radius_m;
}

void pipeline_site_make(const struct world *world, enum layer_id layer,
                        const struct record_head *head, struct pipeline_site_memo *memo,
                        struct pipeline_site *out)
{
    bool is_plant = layer == LAYER_ENTERPRISES && head->geom.kind == GEOM_POINT;
    out->at = (struct lonlat){head->geom.box.west_deg, head->geom.box.south_deg};
    out->accuracy_m = accuracy_of(world, layer, head, memo);
    out->radius_m = is_plant ? radius_of(world, (const void *)head, memo) : 0;
    out->is_point = pipeline_is_point(&head->geom);
    out->slot = WORLD_NO_SLOT;
    out->households = -1;
    out->is_dwelling = out->is_tall = false;
    if (layer == LAYER_PROTECTED) {
        const struct protected_target *target = (const void *)head;
        out->households = pipeline_known_households(world, target);
        out->is_dwelling = pipeline_is_dwelling(target);
        out->is_tall = pipeline_is_tall(target);
    }
    atomic_init(&out->truths, 0);
    atomic_init(&out->misses, 0);
}

/* The number of a text among those that are kept, from 1; 0: there is no room. Once a text has a
 * place it stays there, so that all threads find the same. */
static unsigned number_of(const struct pipeline_sites *sites, const char *missing)
{
    for (unsigned i = 0; i < SITE_MISSES; i++) {
        const char *there = NULL;
        if (atomic_compare_exchange_strong(&sites->misses[i], &there, missing) || there == missing)
            return i + 1;
    }
    return 0;
}

void pipeline_site_keep(const struct pipeline_sites *sites, struct pipeline_site *site, int code,
                        enum truth truth, const char *missing)
{
    if (code < 0)
        return;
    if (truth == TRUTH_UNKNOWN && code < SITE_MISS_CODES)
        atomic_fetch_or_explicit(&site->misses, (uint64_t)number_of(sites, missing) << (4 * code),
                                 memory_order_release);
    atomic_fetch_or_explicit(&site->truths, ((uint64_t)truth + 1) << (2 * code),
                             memory_order_release);
}

enum truth pipeline_is_target(const struct target_class *const *classes, size_t n,
                              enum layer_id layer, const void *record, const char **missing)
{
    enum truth truth = TRUTH_NO;
    for (size_t i = 0; i < n; i++) {
        const char *absent = NULL;
        if (classes[i]->layer != layer)
            continue;
        enum truth one = predicate_eval(classes[i]->predicate, record, &absent);
        if (one == TRUTH_YES)
            return TRUTH_YES;
        if (one == TRUTH_UNKNOWN) {
            truth = TRUTH_UNKNOWN;
            *missing = absent ? absent : "an attribute";
        }
    }
    return truth;
}

/* ---- of a whole world ---- */

static void add_code(struct pipeline_sites *sites, const char *code)
{
    if (!code || !*code || pipeline_sites_code(sites, code) >= 0 || sites->n_codes == MOST_CODES)
        return;
    sites->codes[sites->n_codes++] = code;
}

int pipeline_sites_code(const struct pipeline_sites *sites, const char *code)
{
    for (size_t i = 0; sites && i < sites->n_codes; i++)
        if (text_equal(sites->codes[i], code))
            return (int)i;
    return -1;
}

struct numbering {
    const struct world *world;
    enum layer_id layer;
    struct pipeline_layer_sites *sites;
};

static bool number(void *context, uint32_t row)
{
    struct numbering *numbering = context;
    struct pipeline_layer_sites *sites = numbering->sites;
    sites->places[world_slot(numbering->world, numbering->layer, row)] = (uint32_t)sites->n++;
    return true;
}

/* Room for one item more and n_slots slots; new ones have no item. */
static enum err_code make_room(struct pipeline_layer_sites *sites, struct arena *arena,
                               size_t n_items, size_t n_slots, struct err *err)
{
    struct pipeline_site *items =
        arena_grow(arena, sites->items, &sites->capacity, n_items, sizeof *items);
    uint32_t *places =
        arena_grow(arena, sites->places, &sites->slots_capacity, n_slots, sizeof *places);
    if (!items || !places)
        return err_nomem(err);
    sites->items = items;
    sites->places = places;
    for (; sites->n_slots < n_slots; sites->n_slots++)
        places[sites->n_slots] = WORLD_NO_SLOT;
    return ERR_OK;
}

/* The rows of each code that hold. */
struct code_classes {
    const struct target_class **items;
    size_t n;
    bool on_layer; /* any of them */
};

static enum err_code list_classes(const struct pipeline_sites *sites, const struct world *world,
                                  enum layer_id layer, struct arena *arena,
                                  struct code_classes **out, struct err *err)
{
    const struct rules *rules = world->rules;
    struct code_classes *lists = arena_new(arena, struct code_classes, sites->n_codes);
    if (!lists)
        return err_nomem(err);
    for (size_t code = 0; code < sites->n_codes; code++) {
        struct code_classes *list = &lists[code];
        list->items = arena_new(arena, const struct target_class *, rules->n_target_classes);
        if (!list->items)
            return err_nomem(err);
        for (size_t i = 0; i < rules->n_target_classes; i++) {
            const struct target_class *class = &rules->target_classes[i];
            if (!text_equal(class->source.id, sites->codes[code]) ||
                !rule_holds(&class->source, world->as_of))
                continue;
            list->items[list->n++] = class;
            list->on_layer = list->on_layer || class->layer == layer;
        }
    }
    *out = lists;
    return ERR_OK;
}

/* All truths, while the record is at hand. */
static void judge_codes(const struct pipeline_sites *sites, const struct code_classes *lists,
                        enum layer_id layer, const void *record, struct pipeline_site *site)
{
    for (size_t code = 0; code < sites->n_codes; code++) {
        const char *missing = NULL;
        if (!lists[code].on_layer)
            continue;
        enum truth truth =
            pipeline_is_target(lists[code].items, lists[code].n, layer, record, &missing);
        pipeline_site_keep(sites, site, (int)code, truth, missing);
    }
}

static void note_worst(struct pipeline_sites *sites, const struct pipeline_site *site)
{
    sites->any_tall = sites->any_tall || site->is_tall;
    sites->farthest_off_m = fmax(sites->farthest_off_m, site->accuracy_m);
}

static enum err_code build_layer(struct pipeline_sites *sites, const struct world *world,
                                 enum layer_id layer, struct err *err)
{
    static const struct box everywhere = {-1e6, -1e6, 1e6, 1e6}; /* degrees, and some */
    enum err_code code = ERR_OK;
    struct pipeline_layer_sites *of = &sites->layers[layer];
    struct numbering numbering = {world, layer, of};
    struct pipeline_site_memo memo = {.source = NULL};
    struct code_classes *lists = NULL;
    struct arena scratch;
    arena_init(&scratch, 0);
    size_t n = world_count(world, layer);
    of->matters = true;
    TRY(list_classes(sites, world, layer, &scratch, &lists, err));
    TRY(make_room(of, sites->arena, n + SPARE_SITES, world_slots(world, layer) + SPARE_SITES, err));
    /* What has no shape, or one beyond everywhere, has no site. */
    world_visit(world, layer, everywhere, &numbering, number);
    for (size_t row = 0; row < n; row++) {
        struct pipeline_site *site = pipeline_sites_of(sites, world, layer, row);
        if (!site)
            continue;
        pipeline_site_make(world, layer, world_record(world, layer, row), &memo, site);
        judge_codes(sites, lists, layer, world_record(world, layer, row), site);
        site->slot = world_slot(world, layer, row);
        note_worst(sites, site);
    }
done:
    arena_release(&scratch);
    return code;
}

static bool asks_for(const struct pipeline_sites *sites, const struct rules *rules,
                     enum layer_id layer)
{
    for (size_t i = 0; i < rules->n_target_classes; i++)
        if (rules->target_classes[i].layer == layer &&
            pipeline_sites_code(sites, rules->target_classes[i].source.id) >= 0)
            return true;
    return false;
}

enum err_code pipeline_sites_build(const struct world *world, struct arena *arena,
                                   struct pipeline_sites *out, struct err *err)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_FACILITIES,
                                           LAYER_PIPELINES,   LAYER_PROTECTED,
                                           LAYER_AREAS,       LAYER_INFRASTRUCTURE};
    enum err_code code = ERR_OK;
    const struct rules *rules = world->rules;
    *out = (struct pipeline_sites){.arena = arena,
                                   .codes = arena_new(arena, const char *, MOST_CODES),
                                   .misses = arena_alloc(arena, SITE_MISSES, sizeof *out->misses)};
    if (!out->codes || !out->misses)
        return err_nomem(err);
    for (size_t i = 0; i < rules->n_pipeline_classes; i++)
        add_code(out, rules->pipeline_classes[i].target);
    for (size_t i = 0; i < rules->n_pipeline_places; i++)
        add_code(out, rules->pipeline_places[i].target);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        if (asks_for(out, rules, layers[i]))
            TRY(build_layer(out, world, layers[i], err));
done:
    return code;
}

/* ---- where they are ---- */

/* Empty: of a shape that the world does not hold. */
static struct box box_of(const struct pipeline_site *site, const struct world *world,
                         enum layer_id layer)
{
    int64_t row = site->is_point ? -1 : world_row(world, layer, site->slot);
    if (site->is_point)
        return (struct box){site->at.lon_deg, site->at.lat_deg, site->at.lon_deg, site->at.lat_deg};
    return row < 0 ? box_empty() : world_geom(world, layer, (size_t)row)->box;
}

static enum err_code index_layer(struct pipeline_sites *sites, const struct world *world,
                                 enum layer_id layer, struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_layer_sites *of = &sites->layers[layer];
    struct arena scratch;
    arena_init(&scratch, 0);
    struct box *boxes = arena_new(&scratch, struct box, of->n);
    TRY(boxes ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < of->n; i++)
        boxes[i] = box_of(&of->items[i], world, layer);
    TRY(rtree_build(boxes, (uint32_t)of->n, arena, &of->index, err));
    of->n_indexed = of->n;
done:
    arena_release(&scratch);
    return code;
}

enum err_code pipeline_sites_index(struct pipeline_sites *sites, const struct world *world,
                                   struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    sites->is_indexed = false;
    sites->index_arena = arena;
    for (enum layer_id layer = 0; layer < LAYER_COUNT; layer++)
        if (sites->layers[layer].matters)
            TRY(index_layer(sites, world, layer, arena, err));
    sites->is_indexed = true;
done:
    return code;
}

struct finding_sites {
    struct pipeline_site *items;
    void *context;
    bool (*visit)(void *context, struct pipeline_site *site);
    bool stopped;
};

static bool visit_item(void *context, uint32_t item)
{
    struct finding_sites *finding = context;
    finding->stopped = !finding->visit(finding->context, &finding->items[item]);
    return !finding->stopped;
}

void pipeline_sites_search(const struct pipeline_sites *sites, const struct world *world,
                           enum layer_id layer, struct box box, void *context,
                           bool (*visit)(void *context, struct pipeline_site *site))
{
    const struct pipeline_layer_sites *of = &sites->layers[layer];
    struct finding_sites finding = {of->items, context, visit, false};
    if (!of->matters)
        return;
    rtree_search(&of->index, box, &finding, visit_item);
    for (size_t i = of->n_indexed; i < of->n && !finding.stopped; i++)
        if (box_intersects(box, box_of(&of->items[i], world, layer)))
            visit_item(&finding, (uint32_t)i);
}

/* ---- from world to world ---- */

/* Edited records that are looked at one by one before the index is made anew. */
enum { MOST_LATER = 2048 };

static bool is_index_due(const struct pipeline_sites *sites)
{
    bool due = false;
    for (enum layer_id layer = 0; layer < LAYER_COUNT && sites->is_indexed; layer++)
        due = due || sites->layers[layer].n - sites->layers[layer].n_indexed > MOST_LATER;
    return due;
}

enum err_code pipeline_sites_follow(struct pipeline_sites *sites, const struct world *old,
                                    const struct world *now, const struct world_edit *edits,
                                    size_t n_edits, struct err *err)
{
    enum err_code code = ERR_OK;
    if (is_index_due(sites)) {
        arena_reset(sites->index_arena);
        TRY(pipeline_sites_index(sites, old, sites->index_arena, err));
    }
    for (size_t i = 0; i < n_edits; i++) {
        const struct world_edit *edit = &edits[i];
        struct pipeline_layer_sites *of = &sites->layers[edit->layer];
        struct pipeline_site_memo memo = {.source = NULL};
        if (!of->matters || edit->new_slot == WORLD_NO_SLOT)
            continue;
        size_t row = (size_t)world_row(now, edit->layer, edit->new_slot);
        TRY(make_room(of, sites->arena, of->n + 1, world_slots(now, edit->layer), err));
        /* An edit that was not kept has left its site, but nothing else. */
        uint32_t *place = &of->places[edit->new_slot];
        if (*place != WORLD_NO_SLOT)
            of->items[*place].slot = WORLD_NO_SLOT;
        *place = (uint32_t)of->n++;
        struct pipeline_site *site = &of->items[*place];
        pipeline_site_make(now, edit->layer, world_record(now, edit->layer, row), &memo, site);
        site->slot = edit->new_slot;
        note_worst(sites, site);
    }
done:
    return code;
}
