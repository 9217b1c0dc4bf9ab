/* risk_list.c - findings of risk in the lists of a world, and in full. */
#include "geo/findings/conflicts.h"
#include "geo/findings/finding_pages.h"
#include "geo/findings/finding_view.h"
#include "geo/findings/judging.h"

#include "data/base/text.h"

#include <string.h>

static const enum finding_kind KINDS[] = {
    [RISK_INDIVIDUAL] = FINDING_RISK,
    [RISK_UNKNOWN] = FINDING_RISK_UNKNOWN,
    [RISK_SOCIETAL] = FINDING_SOCIETAL,
};

/* How far a target may stand from the source's shape and still matter. */
static double reach_of(const struct world *world, const struct risk_source *source)
{
    const struct box from = world_geom(world, source->layer, source->row)->box;
    const struct box both = box_union(from, source->box);
    const struct lonlat south_west = {both.west_deg, both.south_deg};
    const struct lonlat north_east = {both.east_deg, both.north_deg};
    const struct lonlat south_east = {both.east_deg, both.south_deg};
    const struct lonlat north_west = {both.west_deg, both.north_deg};
    return fmax(ellipsoid_distance_m(south_west, north_east),
                ellipsoid_distance_m(south_east, north_west)) +
           source->error_m;
}

enum err_code risk_find(const struct judging *judging, struct worker *worker, enum layer_id layer,
                        size_t row, struct finding_bag *bag, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = judging->world;
    struct risk_findings found;
    struct risk_source source;
    if (!risk_speaks(world, layer, (uint32_t)row))
        return ERR_OK;
    TRY(risk_findings(world, worker, layer, (uint32_t)row, bag->arena, &found, err));
    TRY(risk_source_of(world, layer, (uint32_t)row, bag->arena, &source, err));
    if (source.n_rings > 0)
        bag->reach_m = fmax(bag->reach_m, reach_of(world, &source));
    bag->n_judged += found.n_judged;
    for (size_t i = 0; i < found.n; i++) {
        const struct risk_finding *risk = &found.items[i];
        bool aims = risk->target_row >= 0;
        struct finding finding = {
            .kind = (uint8_t)KINDS[risk->kind],
            .target_layer = aims ? LAYER_PROTECTED : LAYER_COUNT,
            .target_slot = FINDING_NO_TARGET,
            .target_class = FINDING_NO_CLASS,
            .rule = risk->rule,
            .verdict = (uint8_t)risk->verdict,
            .grade = (uint8_t)risk->grade,
            .could_be = (uint8_t)risk->could_be,
            .shortfall = (double)NAN,
        };
        if (aims)
            finding.target_slot = world_slot(world, LAYER_PROTECTED, (size_t)risk->target_row);
        TRY(finding_bag_add(bag, &finding, err));
    }
done:
    return code;
}

int64_t risk_rule_row(const struct rules *rules, const char *id, enum finding_kind *kind)
{
    for (size_t i = 0; i < rules->n_risk_criteria; i++) {
        if (text_equal(rules->risk_criteria[i].source.id, id)) {
            *kind = FINDING_RISK;
            return (int64_t)i;
        }
    }
    for (size_t i = 0; i < rules->n_societal_lines; i++) {
        if (text_equal(rules->societal_lines[i].source.id, id)) {
            *kind = FINDING_SOCIETAL;
            return (int64_t)i;
        }
    }
    return -1;
}

/* What a decided one could be, which no row keeps: as risk_findings says it. */
static uint8_t could_be_of(const struct world *world, const struct conflict *row, int64_t target)
{
    enum plant_age age = PLANT_UNKNOWN;
    struct risk_limit limit;
    int64_t plant = world_find(world, LAYER_ENTERPRISES, row->enterprise_id);
    if (plant >= 0)
        age = risk_plant_age(world_enterprise(world, (size_t)plant));
    if (!risk_limit_of(world, age, world_protected(world, (size_t)target), &limit))
        return (uint8_t)row->grade;
    return (uint8_t)conflicts_step(limit.may_be_grave ? 1 : 2, limit.confidence);
}

bool risk_fill(const struct world *world, const struct conflict *row, struct finding *out)
{
    enum finding_kind kind;
    int64_t rule = risk_rule_row(world->rules, row->rule_id, &kind);
    if (rule < 0)
        return false;
    out->rule = (uint32_t)rule;
    out->shortfall = (double)NAN;
    out->target_layer = LAYER_COUNT;
    if (!row->target_id) {
        out->kind = (uint8_t)(kind == FINDING_RISK ? FINDING_RISK_UNKNOWN : kind);
        return true;
    }
    int64_t target = world_find(world, LAYER_PROTECTED, row->target_id);
    if (target < 0 || kind != FINDING_RISK)
        return false;
    out->kind = FINDING_RISK;
    out->target_layer = LAYER_PROTECTED;
    out->target_slot = world_slot(world, LAYER_PROTECTED, (size_t)target);
    if (out->verdict == VERDICT_CONFLICT)
        out->could_be = could_be_of(world, row, target);
    return true;
}

static enum risk_kind risk_kind_of(enum finding_kind kind)
{
    return kind == FINDING_RISK           ? RISK_INDIVIDUAL
           : kind == FINDING_RISK_UNKNOWN ? RISK_UNKNOWN
                                          : RISK_SOCIETAL;
}

enum err_code risk_finding_view(const struct world *world, struct worker *worker,
                                struct finding_ref ref, struct arena *arena,
                                struct conflict_view *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct finding *finding = finding_at(world, ref);
    struct risk_view *risk = &out->risk;
    struct conflict *row = &out->row;
    const struct risk_finding like = {.kind = risk_kind_of(out->kind),
                                      .target_row = finding_target_row(world, finding),
                                      .rule = finding->rule};
    TRY(risk_view_of(world, worker, ref.layer, ref.row, &like, arena, risk, err));
    out->stale = risk->stale || risk->answer.verdict != (enum verdict)finding->verdict;
    row->confidence = confidence_name(risk->confidence);
    row->target_class = risk->limit.class;
    row->reason = risk->reason;
    row->decides = finding->verdict == VERDICT_UNDECIDED ? risk->decides : NULL;
    out->zh = risk->reason_zh;
    row->head.geom = risk->shape;
    if (like.kind == RISK_INDIVIDUAL && (risk->at.inside || risk->at.open)) {
        /* How deep inside its contour, or how far from the one that is open. */
        row->error_m = risk->at.error_m;
        row->distance_m = risk->at.open ? fmax(0, risk->at.gap_m) : 0;
    }
done:
    return code;
}
