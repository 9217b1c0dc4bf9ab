#include "geo/query/site_areas.h"

#include "data/base/text.h"
#include "geo/findings/conflicts.h"
#include "geo/measure/ellipsoid.h"

#include <string.h>

/* As far as query_site looks for what is clear. */
static const double CLEAR_SEARCH_M = 10000;

struct judging {
    const struct world *world;
    struct worker *worker;
    const struct geom *site;
    double radius_m;
    double error_m;
    const struct area_rule *rule;
    const char *missing; /* attribute of the plant that leaves open whether the rule speaks */
};

/* One area under one rule. */
struct judged {
    bool found;
    uint32_t row;
    enum verdict verdict;
    const char *missing;
    struct red_line line;
    double error_m;
};

static enum err_code judge_one(const struct judging *on, uint32_t row, struct judged *out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct area *area = world_area(on->world, row);
    *out = (struct judged){.row = row, .verdict = VERDICT_CLEAR};
    enum truth meant = predicate_eval(on->rule->area, area, &out->missing);
    if (meant == TRUTH_NO)
        return ERR_OK;
    out->found = true;
    out->error_m = on->error_m + rules_accuracy_m(on->world->rules, LAYER_AREAS, &area->head);
    const struct red_line_pair pair = {.worker = on->worker,
                                       .plant = on->site,
                                       .radius_m = on->radius_m,
                                       .error_m = out->error_m,
                                       .area = &area->head.geom,
                                       .scratch = &on->worker->arena};
    TRY(red_line_of(&pair, &out->line, err));
    bool inside = on->rule->relation == AREA_INSIDE;
    out->verdict = inside ? out->line.inside : out->line.outside;
    if (meant == TRUTH_UNKNOWN && out->verdict == VERDICT_CONFLICT && inside)
        out->verdict = VERDICT_UNDECIDED;
    /* To stand in what may be no such area settles nothing. */
    if (meant == TRUTH_UNKNOWN && out->verdict == VERDICT_CLEAR && !inside)
        out->verdict = VERDICT_UNDECIDED;
    if (meant == TRUTH_YES)
        out->missing = NULL;
done:
    return code;
}

static int badness(enum verdict verdict)
{
    return verdict == VERDICT_CONFLICT ? 2 : verdict == VERDICT_UNDECIDED ? 1 : 0;
}

/* Of areas that must not hold the site the worst counts, of areas one of which must hold it
 * the best; of equals the nearer, then the first. */
static bool replaces(const struct judging *on, const struct judged *next, const struct judged *best)
{
    if (!best->found)
        return true;
    int a = badness(next->verdict);
    int b = badness(best->verdict);
    if (a != b)
        return on->rule->relation == AREA_INSIDE ? a > b : a < b;
    return next->line.gap_m < best->line.gap_m;
}

static enum err_code judge_all(const struct judging *on, struct judged *best, size_t *n_areas,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    *best = (struct judged){.verdict = VERDICT_CLEAR};
    *n_areas = 0;
    for (size_t i = 0; i < world_count(on->world, LAYER_AREAS); i++)
        *n_areas += predicate_eval(on->rule->area, world_area(on->world, i), NULL) != TRUTH_NO;
    TRY(world_search(on->world, LAYER_AREAS, ellipsoid_expand(on->site->box, CLEAR_SEARCH_M),
                     &on->worker->arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        struct judged one;
        TRY(judge_one(on, rows[i], &one, err));
        if (one.found && replaces(on, &one, best))
            *best = one;
    }
    if (!best->found && on->rule->relation == AREA_OUTSIDE)
        best->verdict = *n_areas > 0 ? VERDICT_CONFLICT : VERDICT_UNDECIDED;
done:
    return code;
}

/* Two sentences: how the site stands to the area, and what the rule says. */
static void say(const struct judging *on, const struct judged *best, size_t n_areas,
                struct site_finding *out)
{
    struct arena *arena = &on->worker->arena;
    const struct area_rule *rule = on->rule;
    const char *clause = reasons_clause(&rule->source, arena);
    const char *name = best->found ? reasons_name(&world_area(on->world, best->row)->head) : "";
    const char *where = NULL;
    const char *where_zh = NULL;
    if (!best->found) {
        where = n_areas ? "No area that the rule asks for lies within 10 km"
                        : "The store holds no area that the rule asks for";
        where_zh = n_areas ? "10 km 内没有规则要求的区域" : "数据中没有规则要求的区域";
    } else if (best->line.gap_m > 0) {
        where =
            arena_printf(arena, "The proposed site lies %.1f m outside %s", best->line.gap_m, name);
        where_zh = arena_printf(arena, "拟建场址在 %s 之外 %.1f m", name, best->line.gap_m);
    } else if (best->line.outside == VERDICT_CLEAR) {
        where = arena_printf(arena, "The proposed site lies inside %s", name);
        where_zh = arena_printf(arena, "拟建场址位于 %s 内", name);
    } else {
        where = arena_printf(arena, "The proposed site meets the edge of %s", name);
        where_zh = arena_printf(arena, "拟建场址与 %s 边界相交", name);
    }
    const char *end = out->answer.verdict == VERDICT_UNDECIDED ? " Undecided."
                      : out->answer.verdict == VERDICT_CLEAR   ? " Kept."
                                                               : " Broken.";
    const char *end_zh = out->answer.verdict == VERDICT_UNDECIDED ? "（尚不能判定）"
                         : out->answer.verdict == VERDICT_CLEAR   ? "（符合）"
                                                                  : "（不符合）";
    out->reason = arena_printf(arena, "%s; %s: %s%s", where, clause, rule->text_en, end);
    out->reason_zh = arena_printf(arena, "%s；%s：%s%s", where_zh, clause, rule->text_zh, end_zh);
    const char *missing = on->missing ? on->missing : best->missing;
    switch (out->answer.by) {
    case DECIDED:
        break;
    case UNDECIDED_ATTRIBUTE:
        out->decides =
            on->missing ? arena_printf(arena, "the missing attribute \"%s\" of the plant", missing)
            : missing   ? arena_printf(arena, "the missing attribute \"%s\" of the area", missing)
                        : "areas of this kind in the store";
        break;
    case UNDECIDED_CONFIDENCE:
        out->decides = "the printed text of the rule";
        break;
    case UNDECIDED_RADIUS:
        out->decides = "the outline of the plant that is known by a point only";
        break;
    case UNDECIDED_POSITION:
    case UNDECIDED_OUTLINE:
    case UNDECIDED_INTERVAL:
        out->decides = "better positions of the site and of the area's boundary";
        break;
    }
}

static void conclude(const struct judging *on, const struct judged *best, size_t n_areas,
                     struct site_finding *out)
{
    struct verdict_answer *answer = &out->answer;
    /* Areas of that kind may stand that the store does not hold. */
    bool open =
        on->missing || best->missing || (!best->found && best->verdict == VERDICT_UNDECIDED);
    struct judgement judged =
        verdict_weigh(best->verdict, on->radius_m > 0.0 ? UNDECIDED_RADIUS : UNDECIDED_POSITION,
                      on->rule->source.confidence, open);
    *answer = (struct verdict_answer){.verdict = judged.verdict,
                                      .by = judged.by,
                                      .low_m = (double)NAN,
                                      .high_m = (double)NAN,
                                      .margin_m = (double)NAN,
                                      .decides_below_m = (double)NAN};
    out->has_target = best->found;
    out->target_layer = LAYER_AREAS;
    out->target_row = best->row;
    out->closest.distance_m = (double)NAN;
    out->error_m = best->found ? best->error_m : on->error_m;
    if (best->found) {
        out->closest = (struct closest){best->line.gap_m, best->line.at, best->line.at};
        bool inside = on->rule->relation == AREA_INSIDE;
        /* How far off, or how deep in; nothing is to spare in an area that it must stand in. */
        if (inside)
            answer->margin_m = best->line.gap_m > 0 ? best->line.gap_m : -best->line.depth_in_m;
    }
    say(on, best, n_areas, out);
}

static enum err_code judge_rule(struct judging *on, struct site_areas *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct judged best;
    size_t n_areas = 0;
    TRY(judge_all(on, &best, &n_areas, err));
    out->n_rules++;
    if (!best.found && on->rule->relation == AREA_INSIDE) {
        size_t most = sizeof out->notes / sizeof out->notes[0];
        if (n_areas == 0 && out->n_notes < most)
            out->notes[out->n_notes++] = on->rule->source.id;
        goto done;
    }
    struct site_finding *finding = &out->findings[out->n++];
    *finding = (struct site_finding){.kind = "area", .rule = &on->rule->source, .area = on->rule};
    conclude(on, &best, n_areas, finding);
    if (!finding->reason || !finding->reason_zh)
        code = err_nomem(err);
done:
    return code;
}

enum err_code site_areas_judge(const struct world *world, struct worker *worker,
                               const struct site_question *question, double radius_m,
                               double error_m, struct site_areas *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct enterprise nothing;
    record_clear(LAYER_ENTERPRISES, &nothing);
    const struct enterprise *plant = question->plant ? question->plant : &nothing;
    struct judging on = {.world = world,
                         .worker = worker,
                         .site = &question->geom,
                         .radius_m = radius_m,
                         .error_m = error_m};
    const struct rules *rules = world->rules;
    *out = (struct site_areas){0};
    out->findings = arena_new(&worker->arena, struct site_finding, rules->n_area_rules);
    if (!out->findings)
        return err_nomem(err);
    for (size_t i = 0; i < rules->n_area_rules; i++) {
        on.rule = &rules->area_rules[i];
        on.missing = NULL;
        if (!rule_holds(&on.rule->source, world->as_of))
            continue;
        enum truth speaks = predicate_eval(on.rule->enterprise, plant, &on.missing);
        if (speaks == TRUTH_NO)
            continue;
        if (speaks == TRUTH_YES)
            on.missing = NULL;
        TRY(judge_rule(&on, out, err));
    }
done:
    return code;
}
