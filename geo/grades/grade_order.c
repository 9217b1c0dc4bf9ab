#include "geo/grades/grade_order.h"

#include <stdlib.h>
#include <string.h>

/* Compares two texts as if `end` followed each. */
static int compare_until(const char *a, const char *b, char end)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    unsigned char x = (unsigned char)(*a ? *a : end);
    unsigned char y = (unsigned char)(*b ? *b : end);
    return (x > y) - (x < y);
}

/* ---- rules ---- */

static const char *id_of(const struct rules *rules, uint32_t row)
{
    return rules->spacing[row].source.id;
}

static int compare_rules(const void *a, const void *b, void *rules)
{
    return compare_until(id_of(rules, *(const uint32_t *)a), id_of(rules, *(const uint32_t *)b),
                         '|');
}

enum err_code grade_rules_sort(const struct rules *rules, struct arena *arena,
                               struct grade_rules *out, struct err *err)
{
    size_t n = rules->n_spacing;
    uint32_t *sorted = arena_new(arena, uint32_t, n);
    uint32_t *places = arena_new(arena, uint32_t, n);
    *out = (struct grade_rules){rules, places};
    if (!sorted || !places)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        sorted[i] = (uint32_t)i;
    if (n > 1)
        qsort_r(sorted, n, sizeof *sorted, compare_rules, (void *)(uintptr_t)rules);
    for (size_t i = 1; i < n; i++) {
        bool same = compare_rules(&sorted[i - 1], &sorted[i], (void *)(uintptr_t)rules) == 0;
        places[sorted[i]] = places[sorted[i - 1]] + !same;
    }
    return ERR_OK;
}

static int compare_rules_of(const struct grade_rules *known, const struct grade_place *a,
                            const struct grade_place *b)
{
    uint32_t place_a, place_b;
    if (grade_rule_place(known, a->world->rules, a->found, &place_a) &&
        grade_rule_place(known, b->world->rules, b->found, &place_b))
        return (place_a > place_b) - (place_a < place_b);
    const struct rule_source *x = finding_rule(a->world, a->found);
    const struct rule_source *y = finding_rule(b->world, b->found);
    return x == y ? 0 : compare_until(x ? x->id : "", y ? y->id : "", '|');
}

/* ---- findings ---- */

static const char *name_of(uint8_t layer)
{
    return layer == LAYER_COUNT ? "" : layer_name((enum layer_id)layer);
}

static const char *id_in(const struct world *world, enum layer_id layer, int64_t row)
{
    return row < 0 ? "" : ((const struct record_head *)world_record(world, layer, (size_t)row))->id;
}

static const char *source_of(const struct grade_place *place)
{
    return id_in(place->world, place->at.layer, place->at.row);
}

static const char *target_of(const struct grade_place *place)
{
    return id_in(place->world, (enum layer_id)place->found->target_layer,
                 finding_target_row(place->world, place->found));
}

/* As the ids of the conflicts compare, "rule|source_layer/source_id|target_layer/target_id",
 * which nobody has to write for that. */
int grade_order(const struct grade_rules *known, const struct grade_place *a,
                const struct grade_place *b)
{
    const struct finding *x = a->found;
    const struct finding *y = b->found;
    bool same_world = a->world == b->world;
    bool same_source = same_world && a->at.layer == b->at.layer && a->at.row == b->at.row;
    /* Of one source, by one rule: a list has them by the row of the target, and rows are by id. */
    if (same_source && x->kind == y->kind && x->rule == y->rule &&
        x->target_layer == y->target_layer && x->target_slot != FINDING_NO_TARGET &&
        y->target_slot != FINDING_NO_TARGET && x->target_slot != y->target_slot)
        return a->at.k < b->at.k ? -1 : 1;
    int order = compare_rules_of(known, a, b);
    if (order == 0 && a->at.layer != b->at.layer)
        order = compare_until(layer_name(a->at.layer), layer_name(b->at.layer), '/');
    if (order == 0 && !same_source)
        order = compare_until(source_of(a), source_of(b), '|');
    if (order == 0 && x->target_layer != y->target_layer)
        order = compare_until(name_of(x->target_layer), name_of(y->target_layer), '/');
    if (order == 0)
        order = strcmp(target_of(a), target_of(b));
    return order;
}
