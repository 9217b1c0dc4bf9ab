/* conflicts.c - distances that are not kept, or may not be. */
#include "geo/findings/conflicts.h"

#include "data/base/text.h"
#include "geo/findings/judging.h"

int32_t conflicts_step(int32_t grade, enum confidence confidence)
{
    return confidence == CONFIDENCE_LIKELY && grade < 4 ? grade + 1 : grade;
}

bool judging_counts(const struct world *world, const struct spacing_source *source)
{
    if (source->layer == LAYER_PIPELINES &&
        text_equal(((const struct pipeline *)source->record)->status, "closed"))
        return false;
    if (source->layer == LAYER_ENTERPRISES)
        return enterprise_counts(source->record);
    int64_t owner = world_find(world, LAYER_ENTERPRISES, source->enterprise_id);
    return owner < 0 || enterprise_counts(world_enterprise(world, (size_t)owner));
}

enum err_code finding_bag_add(struct finding_bag *bag, const struct finding *finding,
                              struct err *err)
{
    bag->items = arena_grow(bag->arena, bag->items, &bag->capacity, bag->n + 1, sizeof *finding);
    if (!bag->items)
        return err_nomem(err);
    bag->items[bag->n++] = *finding;
    return ERR_OK;
}

/* A source while its distances are judged. */
struct distances {
    const struct judging *judging;
    struct finding_bag *bag;
};

/* A distance is red where the target is high-sensitive, important or class 1, else orange. */
static enum err_code add_distance(void *context, const struct spacing_finding *found,
                                  struct err *err)
{
    const struct distances *distances = context;
    const struct world *world = distances->judging->world;
    const struct rules *rules = world->rules;
    enum confidence confidence = found->rule->source.confidence;
    int32_t could_be = conflicts_step(found->grave || found->may_be_grave ? 1 : 2, confidence);
    int32_t grade = found->answer.verdict == VERDICT_CONFLICT
                        ? conflicts_step(found->grave ? 1 : 2, confidence)
                        : could_be;
    const struct finding finding = {
        .kind = FINDING_DISTANCE,
        .target_layer = (uint8_t)found->layer,
        .target_slot = world_slot(world, found->layer, found->row),
        .target_class = (uint16_t)(found->target_class - rules->target_classes),
        .rule = (uint32_t)(found->rule - rules->spacing),
        .verdict = (uint8_t)found->answer.verdict,
        .grade = (uint8_t)grade,
        .could_be = (uint8_t)could_be,
        .shortfall = -found->answer.margin_m,
    };
    return finding_bag_add(distances->bag, &finding, err);
}

/* A facility of a size of which no row speaks is judged by none: undecided, without a target. */
static enum err_code add_beyond(const struct world *world, const struct facility *facility,
                                struct finding_bag *bag, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct spacing_rule *rule;
    size_t i = 0;
    while ((rule = spacing_beyond(world, facility->facility_type, facility, &i))) {
        const struct finding finding = {
            .kind = FINDING_BEYOND,
            .target_layer = LAYER_COUNT,
            .target_slot = FINDING_NO_TARGET,
            .target_class = FINDING_NO_CLASS,
            .rule = (uint32_t)(rule - world->rules->spacing),
            .verdict = VERDICT_UNDECIDED,
            .grade = 1,
            .could_be = 1,
            .shortfall = (double)NAN,
        };
        TRY(finding_bag_add(bag, &finding, err));
    }
done:
    return code;
}

static enum err_code wrap(enum err_code code, const struct spacing_source *source, struct err *err)
{
    if (code == ERR_OK)
        return ERR_OK;
    return err_wrap(err, "%s \"%s\"", layer_name(source->layer),
                    ((const struct record_head *)source->record)->id);
}

static bool same_real(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a >= b && a <= b);
}

/* Whether all that a pair is measured by is the same, but for what the rows require. */
static bool same_measures(const struct spacing_source *a, const struct spacing_source *b)
{
    return a->by == b->by && same_real(a->radius_m, b->radius_m) &&
           same_real(a->error_m, b->error_m) &&
           same_real(spacing_half_diameter_m(a), spacing_half_diameter_m(b)) &&
           text_equal(a->enterprise_id, b->enterprise_id) && geom_equal(a->geom, b->geom);
}

static bool same_requirements(const struct spacing_set *set, const struct spacing_source *a,
                              const struct spacing_source *b)
{
    for (size_t i = 0; i < set->n; i++)
        if (!same_real(rules_required_m(set->matches[i].rule, a->record),
                       rules_required_m(set->matches[i].rule, b->record)))
            return false;
    return true;
}

/* Whether its list before has the distances of a source: a plant that got another name has
 * thousands of them. Not where it is a target of itself, whose slot is another one. */
static enum err_code is_as_before(const struct judging *judging,
                                  const struct spacing_source *source,
                                  const struct spacing_set *set, struct arena *scratch, bool *out,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    const struct judging_before *before = judging->before;
    const struct spacing_set *was = NULL;
    *out = false;
    if (!same_measures(&before->was, source) || !same_requirements(set, &before->was, source))
        return ERR_OK;
    TRY(judging_set(judging, &before->was, scratch, &was, err));
    *out = was == set;
    for (uint32_t k = 0; *out && k < before->list->n; k++) {
        const struct finding *one = finding_list_at(before->list, k);
        *out = one->target_layer != before->layer || one->target_slot != before->slot;
    }
done:
    return code;
}

static enum err_code add_before(const struct finding_list *list, struct finding_bag *bag,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t k = 0; k < list->n; k++) {
        const struct finding *one = finding_list_at(list, k);
        if (one->kind == FINDING_DISTANCE)
            TRY(finding_bag_add(bag, one, err));
    }
done:
    return code;
}

enum err_code distances_find(const struct judging *judging, enum layer_id layer, size_t row,
                             struct finding_bag *bag, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = judging->world;
    struct spacing_source source = spacing_source_of(world, layer, row);
    struct distances distances = {judging, bag};
    struct spacing_join join = {.world = world,
                                .source = &source,
                                .targets = judging->targets,
                                .scratch = bag->arena,
                                .context = &distances,
                                .found = add_distance};
    const struct judging_before *before = judging->before;
    bool known = false;
    if (!judging_counts(world, &source))
        return ERR_OK;
    TRY(judging_set(judging, &source, bag->arena, &join.set, err));
    if (before && before->layer == layer && before->row == row)
        TRY(is_as_before(judging, &source, join.set, bag->arena, &known, err));
    bag->reach_m = spacing_reach_m(&source, join.set);
    for (int t = 0; t < FINDING_TARGETS; t++)
        bag->target_reach_m[t] = spacing_reach_to_m(&source, join.set, finding_targets[t]);
    bag->n_judged += join.set->n_judged;
    TRY(known ? add_before(before->list, bag, err) : spacing_join_all(&join, err));
    if (layer == LAYER_FACILITIES)
        TRY(add_beyond(world, source.record, bag, err));
done:
    return wrap(code, &source, err);
}

enum err_code distances_find_one(const struct judging *judging, const struct spacing_source *source,
                                 enum layer_id target_layer, uint32_t target_row,
                                 struct finding_bag *bag, struct err *err)
{
    enum err_code code = ERR_OK;
    struct distances distances = {judging, bag};
    struct spacing_join join = {.world = judging->world,
                                .source = source,
                                .targets = judging->targets,
                                .scratch = bag->arena,
                                .context = &distances,
                                .found = add_distance};
    if (!judging_counts(judging->world, source))
        return ERR_OK;
    TRY(judging_set(judging, source, bag->arena, &join.set, err));
    TRY(spacing_join_one(&join, target_layer, target_row, err));
done:
    return wrap(code, source, err);
}
