#include "geo/findings/judging.h"

#include "data/base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* All rows on one facility code, for sources of one layer. */
struct row_group {
    enum layer_id layer;
    const struct facility_type **types; /* that hold */
    size_t n_types;
    size_t types_room;
    const struct spacing_rule **rules; /* in the order of the table */
    size_t n_rules;
    size_t rules_room;
    int64_t same_code; /* the next on sources of another layer; MAP_NONE: the last */
};

/* A set as it is kept, in a chain of its hash. */
struct kept_set {
    struct spacing_set set;
    uint64_t hash;
    struct kept_set *next;
};

enum { SET_CHAINS = 1024 };

struct judging_private {
    struct arena arena; /* guarded by the mutex once threads ask */
    struct row_group *groups;
    size_t n_groups;
    struct map codes; /* to the first group of a code */
    pthread_mutex_t mutex;
    struct kept_set *sets[SET_CHAINS];
    uint8_t **truths[LAYER_COUNT]; /* while preparing: by class */
    struct spacing_facts *facts[LAYER_COUNT];
};

/* ---- rows by what they speak of ---- */

static bool speaks(const struct world *world, const struct spacing_rule *rule)
{
    return rule->kind != SPACING_CONSENT && rule_holds(&rule->source, world->as_of);
}

/* The group of a code and layer, made when it is not there; NULL without memory. */
static struct row_group *group_of(struct judging_private *own, const struct facility_type *type)
{
    int64_t last = MAP_NONE;
    for (int64_t g = map_get(&own->codes, type->source.id); g != MAP_NONE;
         g = own->groups[g].same_code) {
        if (own->groups[g].layer == type->layer)
            return &own->groups[g];
        last = g;
    }
    int64_t made = (int64_t)own->n_groups++;
    own->groups[made].layer = type->layer;
    own->groups[made].same_code = MAP_NONE;
    if (last != MAP_NONE)
        own->groups[last].same_code = made;
    else if (!map_put(&own->codes, type->source.id, made, NULL))
        return NULL;
    return &own->groups[made];
}

static enum err_code add_rule(struct judging_private *own, struct row_group *group,
                              const struct spacing_rule *rule, struct err *err)
{
    group->rules = arena_grow(&own->arena, group->rules, &group->rules_room, group->n_rules + 1,
                              sizeof *group->rules);
    if (!group->rules)
        return err_nomem(err);
    group->rules[group->n_rules++] = rule;
    return ERR_OK;
}

/* Rows on one facility stand together in the table: its groups are looked for once. */
static enum err_code add_rules(struct judging_private *own, const struct world *world,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = world->rules;
    int64_t first = MAP_NONE;
    for (size_t i = 0; i < rules->n_spacing; i++) {
        const struct spacing_rule *rule = &rules->spacing[i];
        if (i == 0 || !text_equal(rule->facility, rules->spacing[i - 1].facility))
            first = map_get(&own->codes, rule->facility);
        for (int64_t g = first; g != MAP_NONE; g = own->groups[g].same_code)
            if (speaks(world, rule))
                TRY(add_rule(own, &own->groups[g], rule, err));
    }
done:
    return code;
}

static enum err_code find_groups(struct judging *judging, struct err *err)
{
    struct judging_private *own = judging->private;
    const struct world *world = judging->world;
    const struct rules *rules = world->rules;
    own->groups = arena_new(&own->arena, struct row_group, rules->n_facility_types);
    map_init(&own->codes, &own->arena);
    if (!own->groups)
        return err_nomem(err);
    for (size_t i = 0; i < rules->n_facility_types; i++) {
        const struct facility_type *type = &rules->facility_types[i];
        if (!rule_holds(&type->source, world->as_of))
            continue;
        struct row_group *group = group_of(own, type);
        if (!group)
            return err_nomem(err);
        group->types = arena_grow(&own->arena, group->types, &group->types_room, group->n_types + 1,
                                  sizeof *group->types);
        if (!group->types)
            return err_nomem(err);
        group->types[group->n_types++] = type;
    }
    return add_rules(own, world, err);
}

static bool any_area(const struct world *world, const struct area_rule *rule)
{
    for (size_t i = 0; i < world_count(world, LAYER_AREAS); i++) {
        if (predicate_eval(rule->area, world_area(world, i), NULL) != TRUTH_NO)
            return true;
    }
    return false;
}

enum err_code judging_new(const struct world *world, struct judging **out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = world->rules;
    struct judging *judging = calloc(1, sizeof *judging);
    struct judging_private *own = calloc(1, sizeof *own);
    if (!judging || !own) {
        free(judging);
        free(own);
        return err_nomem(err);
    }
    judging->world = world;
    judging->private = own;
    arena_init(&own->arena, 0);
    pthread_mutex_init(&own->mutex, NULL);
    bool *has_areas = arena_new(&own->arena, bool, rules->n_area_rules);
    TRY(has_areas ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < rules->n_area_rules; i++)
        has_areas[i] = any_area(world, &rules->area_rules[i]);
    judging->has_areas = has_areas;
    TRY(find_groups(judging, err));
    *out = judging;
    judging = NULL;
done:
    judging_free(judging);
    return code;
}

void judging_free(struct judging *judging)
{
    if (!judging)
        return;
    struct judging_private *own = judging->private;
    for (size_t l = 0; l < LAYER_COUNT; l++) {
        for (size_t c = 0; own->truths[l] && c < judging->world->rules->n_target_classes; c++)
            free(own->truths[l][c]);
        free(own->facts[l]);
    }
    pthread_mutex_destroy(&own->mutex);
    arena_release(&own->arena);
    free(own);
    free(judging);
}

static bool means_layer(const struct world *world, const struct row_group *group,
                        const struct target_class *class)
{
    for (size_t i = 0; i < group->n_rules; i++)
        if (text_equal(group->rules[i]->target, class->source.id))
            return rule_holds(&class->source, world->as_of);
    return false;
}

bool judging_may_meet(const struct judging *judging, enum layer_id sources, enum layer_id targets)
{
    const struct judging_private *own = judging->private;
    const struct rules *rules = judging->world->rules;
    for (size_t c = 0; c < rules->n_target_classes; c++)
        for (size_t g = 0; rules->target_classes[c].layer == targets && g < own->n_groups; g++)
            if (own->groups[g].layer == sources &&
                means_layer(judging->world, &own->groups[g], &rules->target_classes[c]))
                return true;
    return false;
}

/* ---- the set of a source ---- */

static enum truth is_of_group(const struct row_group *group, const void *record,
                              const char **missing)
{
    enum truth truth = TRUTH_NO;
    for (size_t i = 0; i < group->n_types; i++) {
        const char *absent = NULL;
        enum truth one = predicate_eval(group->types[i]->predicate, record, &absent);
        if (one == TRUTH_YES)
            return TRUTH_YES;
        if (one == TRUTH_UNKNOWN && truth == TRUTH_NO) {
            truth = TRUTH_UNKNOWN;
            *missing = absent ? absent : "an attribute";
        }
    }
    return truth;
}

static int compare_matches(const void *a, const void *b)
{
    const struct spacing_rule *x = ((const struct spacing_match *)a)->rule;
    const struct spacing_rule *y = ((const struct spacing_match *)b)->rule;
    return (x > y) - (x < y);
}

/* As spacing_matches, by groups. */
static enum err_code find_matches(const struct judging *judging,
                                  const struct spacing_source *source, struct arena *arena,
                                  struct spacing_match **out, size_t *n, struct err *err)
{
    const struct judging_private *own = judging->private;
    struct spacing_match *matches = NULL;
    size_t capacity = 0;
    bool sorted = true;
    *n = 0;
    for (size_t g = 0; g < own->n_groups; g++) {
        const struct row_group *group = &own->groups[g];
        const char *type_missing = NULL;
        if (group->layer != source->layer || group->n_rules == 0 ||
            is_of_group(group, source->record, &type_missing) == TRUTH_NO)
            continue;
        for (size_t i = 0; i < group->n_rules; i++) {
            const char *missing = NULL;
            if (spacing_qualifies(group->rules[i], source, &missing) == TRUTH_NO)
                continue;
            matches = arena_grow(arena, matches, &capacity, *n + 1, sizeof *matches);
            if (!matches)
                return err_nomem(err);
            sorted = sorted && (*n == 0 || matches[*n - 1].rule < group->rules[i]);
            matches[(*n)++] =
                (struct spacing_match){group->rules[i], type_missing ? type_missing : missing};
        }
    }
    if (!sorted)
        qsort(matches, *n, sizeof *matches, compare_matches);
    *out = matches;
    return ERR_OK;
}

/* Names of fields and texts of rules are the same pointers for all sources of a kind. */
static uint64_t hash_of(const struct spacing_match *matches, size_t n)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a, by words */
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ (uint64_t)(uintptr_t)matches[i].rule) * UINT64_C(1099511628211);
        hash = (hash ^ (uint64_t)(uintptr_t)matches[i].missing) * UINT64_C(1099511628211);
    }
    return hash ^ (hash >> 29);
}

static bool same_matches(const struct spacing_set *set, const struct spacing_match *matches,
                         size_t n)
{
    if (set->n != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (set->matches[i].rule != matches[i].rule ||
            set->matches[i].missing != matches[i].missing)
            return false;
    }
    return true;
}

static enum err_code keep_set(const struct judging *judging, const struct spacing_match *matches,
                              size_t n, uint64_t hash, const struct spacing_set **out,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct judging_private *own = judging->private;
    struct kept_set *kept = arena_new(&own->arena, struct kept_set, 1);
    struct spacing_match *copy = arena_new(&own->arena, struct spacing_match, n);
    if (!kept || !copy)
        return err_nomem(err);
    if (n > 0)
        memcpy(copy, matches, n * sizeof *copy);
    TRY(spacing_set_of(judging->world, copy, n, &own->arena, &kept->set, err));
    kept->hash = hash;
    kept->next = own->sets[hash % SET_CHAINS];
    own->sets[hash % SET_CHAINS] = kept;
    *out = &kept->set;
done:
    return code;
}

enum err_code judging_set(const struct judging *judging, const struct spacing_source *source,
                          struct arena *scratch, const struct spacing_set **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct judging_private *own = judging->private;
    struct spacing_match *matches = NULL;
    size_t n = 0;
    TRY(find_matches(judging, source, scratch, &matches, &n, err));
    uint64_t hash = hash_of(matches, n);
    *out = NULL;
    pthread_mutex_lock(&own->mutex);
    for (const struct kept_set *kept = own->sets[hash % SET_CHAINS]; kept && !*out;
         kept = kept->next) {
        if (kept->hash == hash && same_matches(&kept->set, matches, n))
            *out = &kept->set;
    }
    if (!*out)
        code = keep_set(judging, matches, n, hash, out, err);
    pthread_mutex_unlock(&own->mutex);
done:
    return code;
}

/* ---- facts of targets, once each ---- */

static const enum layer_id spacing_layers[] = {LAYER_ENTERPRISES, LAYER_FACILITIES,
                                               LAYER_PIPELINES};

struct preparing {
    struct judging *judging;
    enum layer_id layer;
};

static enum err_code prepare_sources(void *context, struct worker *worker, size_t first, size_t end,
                                     struct err *err)
{
    enum err_code code = ERR_OK;
    const struct preparing *preparing = context;
    const struct judging *judging = preparing->judging;
    struct arena_mark mark = arena_mark(&worker->arena);
    for (size_t row = first; row < end; row++) {
        struct spacing_source source = spacing_source_of(judging->world, preparing->layer, row);
        const struct spacing_set *set = NULL;
        TRY(judging_set(judging, &source, &worker->arena, &set, err));
        arena_rewind(&worker->arena, mark);
    }
done:
    return code;
}

static enum err_code prepare_targets(void *context, struct worker *worker, size_t first, size_t end,
                                     struct err *err)
{
    const struct preparing *preparing = context;
    const struct world *world = preparing->judging->world;
    struct judging_private *own = preparing->judging->private;
    const enum layer_id layer = preparing->layer;
    (void)worker;
    (void)err;
    for (size_t row = first; row < end; row++)
        own->facts[layer][row] = spacing_facts_of(world, layer, (uint32_t)row);
    for (size_t c = 0; c < world->rules->n_target_classes; c++) {
        uint8_t *truths = own->truths[layer][c];
        for (size_t row = first; truths && row < end; row++)
            truths[row] = (uint8_t)predicate_eval(world->rules->target_classes[c].predicate,
                                                  world_record(world, layer, row), NULL);
    }
    return ERR_OK;
}

/* Room for the truths of the classes that any set means; *met says whether there are any. */
static enum err_code room_for_layer(struct judging *judging, enum layer_id layer, bool *met,
                                    struct err *err)
{
    struct judging_private *own = judging->private;
    size_t n_rows = world_count(judging->world, layer);
    *met = false;
    own->truths[layer] = arena_new(&own->arena, uint8_t *, judging->world->rules->n_target_classes);
    if (!own->truths[layer])
        return err_nomem(err);
    for (size_t chain = 0; chain < SET_CHAINS; chain++) {
        for (const struct kept_set *kept = own->sets[chain]; kept; kept = kept->next) {
            for (size_t i = 0; i < kept->set.n_steps[layer]; i++) {
                uint8_t **truths = &own->truths[layer][kept->set.steps[layer][i].class_index];
                *truths = *truths ? *truths : malloc(n_rows ? n_rows : 1);
                if (!*truths)
                    return err_nomem(err);
                *met = true;
            }
        }
    }
    if (*met)
        own->facts[layer] = calloc(n_rows ? n_rows : 1, sizeof *own->facts[layer]);
    return !*met || own->facts[layer] ? ERR_OK : err_nomem(err);
}

enum err_code judging_prepare(struct judging *judging, const struct crew *crew, struct err *err)
{
    enum err_code code = ERR_OK;
    struct judging_private *own = judging->private;
    struct preparing preparing = {.judging = judging};
    struct parallel work = {.crew = crew, .chunk = 256, .context = &preparing};
    struct spacing_targets *targets = arena_new(&own->arena, struct spacing_targets, LAYER_COUNT);
    TRY(targets ? ERR_OK : err_nomem(err));
    work.run = prepare_sources;
    for (size_t l = 0; l < sizeof spacing_layers / sizeof spacing_layers[0]; l++) {
        preparing.layer = spacing_layers[l];
        work.n_items = world_count(judging->world, preparing.layer);
        TRY(parallel_for(&work, err));
    }
    work.run = prepare_targets;
    for (size_t l = 0; l < LAYER_COUNT; l++) {
        bool met = false;
        preparing.layer = (enum layer_id)l;
        TRY(room_for_layer(judging, preparing.layer, &met, err));
        work.n_items = met ? world_count(judging->world, preparing.layer) : 0;
        TRY(parallel_for(&work, err));
        targets[l] =
            (struct spacing_targets){own->facts[l], (const uint8_t *const *)own->truths[l]};
    }
    judging->targets = targets;
done:
    return code;
}
