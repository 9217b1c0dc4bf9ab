/* finding_builder.c - findings from the rows of layer conflicts, as a store keeps them. */
#include "geo/findings/finding_pages.h"

#include "data/base/map.h"
#include "data/base/text.h"
#include "geo/findings/density.h"
#include "geo/findings/spacing.h"
#include "geo/verdict/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct findings_builder {
    const struct world *world;
    struct findings *findings;
    struct finding_shelf *shelf; /* of its lists */
    struct arena arena;
    struct map spacing; /* id to row of the table */
    struct map area_rules;
    struct map zone_classes;
    size_t n_dropped;
    /* Findings of the source at hand: rows come together. */
    struct finding_ref source;
    struct finding *items;
    size_t n;
    size_t capacity;
};

static bool put_id(struct map *map, const struct rule_source *rule, size_t i)
{
    return map_put(map, rule->id, (int64_t)i, NULL);
}

static enum err_code map_rules(struct findings_builder *builder, struct err *err)
{
    const struct rules *rules = builder->world->rules;
    bool kept = true;
    map_init(&builder->spacing, &builder->arena);
    map_init(&builder->area_rules, &builder->arena);
    map_init(&builder->zone_classes, &builder->arena);
    for (size_t i = 0; i < rules->n_spacing; i++)
        kept = kept && put_id(&builder->spacing, &rules->spacing[i].source, i);
    for (size_t i = 0; i < rules->n_area_rules; i++)
        kept = kept && put_id(&builder->area_rules, &rules->area_rules[i].source, i);
    for (size_t i = 0; i < rules->n_zone_classes; i++)
        kept = kept && put_id(&builder->zone_classes, &rules->zone_classes[i].source, i);
    return kept ? ERR_OK : err_nomem(err);
}

enum err_code findings_builder_new(const struct world *world, struct findings_builder **out,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n_slots[FINDING_LAYERS];
    struct findings_builder *builder = calloc(1, sizeof *builder);
    if (!builder)
        return err_nomem(err);
    builder->world = world;
    builder->source.layer = LAYER_COUNT;
    arena_init(&builder->arena, 0);
    for (size_t l = 0; l < FINDING_LAYERS; l++)
        n_slots[l] = world_slots(world, finding_layers[l]);
    TRY(findings_new(n_slots, false, &builder->findings, err));
    builder->shelf = finding_shelf_new();
    TRY(builder->shelf ? ERR_OK : err_nomem(err));
    TRY(map_rules(builder, err));
    *out = builder;
    builder = NULL;
done:
    findings_builder_free(builder);
    return code;
}

void findings_builder_free(struct findings_builder *builder)
{
    if (!builder)
        return;
    findings_release(builder->findings);
    finding_shelf_release(builder->shelf);
    arena_release(&builder->arena);
    free(builder->items);
    free(builder);
}

static enum err_code reserve(struct findings_builder *builder, size_t n, struct err *err)
{
    size_t capacity = builder->capacity ? builder->capacity : 256;
    if (n <= builder->capacity)
        return ERR_OK;
    while (capacity < n)
        capacity *= 2;
    struct finding *grown = realloc(builder->items, capacity * sizeof *grown);
    if (!grown)
        return err_nomem(err);
    builder->items = grown;
    builder->capacity = capacity;
    return ERR_OK;
}

/* The findings at hand become a list, or lengthen the one that the source has: that is made in
 * memory of its own, since rows of edits come one by one behind all others. */
static enum err_code end_source(struct findings_builder *builder, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = builder->world;
    if (builder->n == 0)
        return ERR_OK;
    int index = finding_layer_index(builder->source.layer);
    uint32_t slot = world_slot(world, builder->source.layer, builder->source.row);
    const struct finding_list *before = findings_get(builder->findings, index, slot);
    if (before) {
        TRY(reserve(builder, builder->n + before->n, err));
        finding_list_copy(before, builder->items + builder->n);
        builder->n += before->n;
    }
    finding_sort(world, builder->items, builder->n);
    struct finding_list *list =
        finding_list_new_on(before ? NULL : builder->shelf, builder->items, builder->n);
    if (!list)
        return err_nomem(err);
    /* A row says nothing of how far its source's rules reach: all of them may. */
    list->reach_m = INFINITY;
    for (int t = 0; t < FINDING_TARGETS; t++)
        list->target_reach_m[t] = INFINITY;
    builder->n = 0;
    TRY(findings_put(builder->findings, index, slot, list, err));
done:
    return code;
}

/* The class row of that code and layer that the target is for sure, else that it may be, else
 * the first. */
static bool find_class(const struct world *world, const char *code, struct finding *finding,
                       uint32_t row)
{
    const struct rules *rules = world->rules;
    enum truth best = TRUTH_NO;
    bool any = false;
    for (size_t i = 0; i < rules->n_target_classes && best != TRUTH_YES; i++) {
        const struct target_class *class = &rules->target_classes[i];
        if (class->layer != (enum layer_id)finding->target_layer ||
            !text_equal(class->source.id, code) || !rule_holds(&class->source, world->as_of))
            continue;
        enum truth truth =
            predicate_eval(class->predicate, world_record(world, class->layer, row), NULL);
        if (!any || truth == TRUTH_YES || (truth == TRUTH_UNKNOWN && best == TRUTH_NO)) {
            finding->target_class = (uint16_t)i;
            best = truth;
        }
        any = true;
    }
    return any;
}

/* What a decided distance could be: red where the target's class cannot be told. */
static uint8_t could_be_of(const struct world *world, const struct finding *finding, uint32_t row)
{
    enum layer_id layer = (enum layer_id)finding->target_layer;
    struct spacing_facts facts = spacing_facts_of(world, layer, row);
    bool grave = world->rules->target_classes[finding->target_class].grave || facts.grave ||
                 facts.may_be_grave;
    return (uint8_t)conflicts_step(grave ? 1 : 2,
                                   world->rules->spacing[finding->rule].source.confidence);
}

/* By the kind of the row; false: the world lacks what it names. */
static bool fill_distance(const struct findings_builder *builder, const struct conflict *row,
                          struct finding *finding)
{
    const struct world *world = builder->world;
    enum layer_id layer;
    int64_t rule = map_get(&builder->spacing, row->rule_id);
    finding->rule = (uint32_t)rule;
    finding->shortfall = isnan(row->margin_m) ? (double)NAN : -row->margin_m;
    if (rule < 0)
        return false;
    if (!row->target_layer) {
        finding->kind = FINDING_BEYOND;
        finding->target_layer = LAYER_COUNT;
        return true;
    }
    finding->kind = FINDING_DISTANCE;
    if (!layer_by_name(row->target_layer, &layer))
        return false;
    int64_t target = world_find(world, layer, row->target_id);
    if (target < 0)
        return false;
    finding->target_layer = (uint8_t)layer;
    finding->target_slot = world_slot(world, layer, (size_t)target);
    if (!find_class(world, row->target_class, finding, (uint32_t)target))
        return false;
    if (finding->verdict == VERDICT_CONFLICT)
        finding->could_be = could_be_of(world, finding, (uint32_t)target);
    return true;
}

static bool fill_area(const struct findings_builder *builder, const struct conflict *row,
                      struct finding *finding)
{
    const struct world *world = builder->world;
    int64_t rule = map_get(&builder->area_rules, row->rule_id);
    int64_t target = world_find(world, LAYER_AREAS, row->target_id);
    finding->kind = FINDING_AREA;
    finding->target_layer = LAYER_AREAS;
    finding->rule = (uint32_t)rule;
    finding->shortfall = isnan(row->margin_m) ? (double)NAN : -row->margin_m;
    if (target >= 0)
        finding->target_slot = world_slot(world, LAYER_AREAS, (size_t)target);
    return rule >= 0 && (target >= 0 || !row->target_id);
}

static bool fill_density(const struct findings_builder *builder, const struct conflict *row,
                         struct finding *finding)
{
    int64_t rule = map_get(&builder->zone_classes, row->rule_id);
    finding->kind = FINDING_DENSITY;
    finding->target_layer = LAYER_POPULATION;
    finding->rule = rule < 0 ? FINDING_NO_RULE : (uint32_t)rule;
    finding->shortfall = isnan(row->persons) ? (double)NAN : row->persons;
    if (finding->verdict == VERDICT_CONFLICT)
        finding->could_be =
            (uint8_t)density_grade(&builder->world->rules->parameters, row->persons_high);
    return rule >= 0 || text_equal(row->rule_id, "zone_classes");
}

static bool fill(const struct findings_builder *builder, const struct conflict *row,
                 struct finding *finding)
{
    bool decided = text_equal(row->verdict, "conflict");
    bool graded = row->grade >= 1 && row->grade <= 4;
    *finding = (struct finding){
        .target_slot = FINDING_NO_TARGET,
        .target_class = FINDING_NO_CLASS,
        .verdict = decided ? VERDICT_CONFLICT : VERDICT_UNDECIDED,
        .grade = (uint8_t)(graded ? row->grade : 1),
        .could_be = (uint8_t)(graded ? row->grade : 1),
    };
    if (text_equal(row->kind, "distance"))
        return fill_distance(builder, row, finding);
    if (text_equal(row->kind, "area"))
        return fill_area(builder, row, finding);
    if (text_equal(row->kind, "risk"))
        return risk_fill(builder->world, row, finding);
    return text_equal(row->kind, "density") && fill_density(builder, row, finding);
}

enum err_code findings_builder_add(struct findings_builder *builder, const struct conflict *row,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    enum layer_id layer;
    struct finding finding;
    if (!row->source_layer || !layer_by_name(row->source_layer, &layer) ||
        finding_layer_index(layer) < 0) {
        builder->n_dropped++;
        return ERR_OK;
    }
    int64_t source = world_find(builder->world, layer, row->source_id);
    if (source < 0 || !fill(builder, row, &finding)) {
        builder->n_dropped++;
        return ERR_OK;
    }
    if (builder->source.layer != layer || builder->source.row != (uint32_t)source)
        TRY(end_source(builder, err));
    builder->source = (struct finding_ref){layer, (uint32_t)source, 0};
    TRY(reserve(builder, builder->n + 1, err));
    builder->items[builder->n++] = finding;
done:
    return code;
}

enum err_code findings_builder_end(struct findings_builder *builder, struct findings **out,
                                   size_t *n_dropped, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(end_source(builder, err));
    findings_settle(builder->findings);
    *out = builder->findings;
    builder->findings = NULL;
    if (n_dropped)
        *n_dropped = builder->n_dropped;
done:
    findings_builder_free(builder);
    return code;
}
