/* risk_view.c - findings of risk in full and in words. */
#include "geo/findings/risk_findings.h"

#include "data/base/text.h"
#include "geo/world/near.h"
#include "geo/findings/reasons.h"

/* What a sentence is made of. */
struct words {
    const struct world *world;
    struct arena *arena;
    struct risk_view *view;
    const struct risk_finding *finding;
    const char *source; /* name of the plant or contour */
    const char *clause;
    const char *check_en; /* a row that is only likely */
    const char *check_zh;
};

static const char *class_zh(const char *class)
{
    static const char *const names[][2] = {{"high_sensitive", "高敏感防护目标"},
                                           {"important", "重要防护目标"},
                                           {"class_1", "一般防护目标一类"},
                                           {"class_2", "一般防护目标二类"},
                                           {"class_3", "一般防护目标三类"}};
    for (size_t i = 0; class && i < sizeof names / sizeof names[0]; i++) {
        if (text_equal(names[i][0], class))
            return names[i][1];
    }
    return "类别不明";
}

/* "above 3e-06", "from 3e-07 to 3e-06", "at most 3e-07" a year. */
static const char *interval_en(const struct quantity *risk, struct arena *arena)
{
    const char *low = risk->above_low ? "above" : "at least";
    if (isinf(risk->high))
        return arena_printf(arena, "%s %.3g a year", low, risk->low);
    if (!(risk->low > 0))
        return arena_printf(arena, "at most %.3g a year", risk->high);
    if (!(risk->high > risk->low))
        return arena_printf(arena, "%.3g a year", risk->low);
    return arena_printf(arena, "from %.3g to %.3g a year", risk->low, risk->high);
}

static const char *interval_zh(const struct quantity *risk, struct arena *arena)
{
    if (isinf(risk->high))
        return arena_printf(arena, "%s %.3g /年", risk->above_low ? "大于" : "不小于", risk->low);
    if (!(risk->low > 0))
        return arena_printf(arena, "不大于 %.3g /年", risk->high);
    if (!(risk->high > risk->low))
        return arena_printf(arena, "%.3g /年", risk->low);
    return arena_printf(arena, "介于 %.3g 与 %.3g /年之间", risk->low, risk->high);
}

/* "3e-07 a year for new plants", or both where a class or age is not known. */
static const char *criterion(const struct words *on, bool zh)
{
    const struct risk_limit *limit = &on->view->limit;
    enum plant_age age = on->view->source.age;
    const char *whose = zh ? (age == PLANT_NEW        ? "（新建）"
                              : age == PLANT_EXISTING ? "（在役）"
                                                      : "")
                           : (age == PLANT_NEW        ? " for a new plant"
                              : age == PLANT_EXISTING ? " for an existing plant"
                                                      : "");
    if (limit->mildest > limit->strictest)
        return arena_printf(on->arena, zh ? "%.3g 或 %.3g /年%s" : "%.3g or %.3g a year%s",
                            limit->strictest, limit->mildest, whose);
    return arena_printf(on->arena, zh ? "%.3g /年%s" : "%.3g a year%s", limit->strictest, whose);
}

static void say_what_decides(const struct words *on)
{
    struct risk_view *view = on->view;
    const struct risk_at *at = &view->at;
    double per_year;
    switch (view->answer.by) {
    case DECIDED:
        break;
    case UNDECIDED_ATTRIBUTE:
        view->decides =
            arena_printf(on->arena, "the missing attribute \"%s\"", view->limit.missing);
        view->decides_zh = arena_printf(on->arena, "缺少的属性“%s”", view->limit.missing);
        break;
    case UNDECIDED_CONFIDENCE:
        view->decides = "the printed text of the standard";
        view->decides_zh = "核对标准原文";
        break;
    case UNDECIDED_POSITION:
        view->decides = "better positions of the target and of the line";
        view->decides_zh = "目标和风险等值线更精确的位置";
        if (!isnan(view->answer.decides_below)) {
            const char *below = reason_metres(view->answer.decides_below, on->arena);
            const char *now = reason_metres(at->error_m, on->arena);
            view->decides =
                arena_printf(on->arena, "positions good to %s m together (now %s m)", below, now);
            view->decides_zh =
                arena_printf(on->arena, "位置误差之和小于 %s m（现为 %s m）", below, now);
        }
        break;
    case UNDECIDED_OUTLINE:
    case UNDECIDED_RADIUS:
    case UNDECIDED_INTERVAL:
        /* Above the strictest already: the mildest is open. */
        per_year =
            at->risk.low >= view->limit.strictest ? view->limit.mildest : view->limit.strictest;
        view->decides = arena_printf(on->arena, "a contour of %.3g a year", per_year);
        view->decides_zh = arena_printf(on->arena, "%.3g /年的风险等值线", per_year);
        if (!view->source.by_contours) {
            view->decides = "the fatal areas of all scenarios, and the extent of the target";
            view->decides_zh = "全部事故情景的致死范围和目标的范围";
        }
        break;
    }
}

static void say_individual(const struct words *on, const struct protected_target *target)
{
    struct risk_view *view = on->view;
    struct arena *arena = on->arena;
    bool conflict = view->answer.verdict == VERDICT_CONFLICT;
    const char *name = reasons_name(&target->head);
    const char *class =
        view->limit.class ? view->limit.class : risk_classes(on->world, view->limit.classes, arena);
    const char *verb = conflict                                ? "more than the"
                       : view->answer.verdict == VERDICT_CLEAR ? "within the"
                                                               : "where the limit is";
    const char *end = conflict                                ? on->check_en
                      : view->answer.verdict == VERDICT_CLEAR ? ""
                                                              : "; undecided without ";
    view->reason = arena_printf(
        arena, "The individual risk of %s at %s (%s) is %s, %s %s of %s%s%s.", on->source, name,
        class, interval_en(&view->at.risk, arena), verb, criterion(on, false), on->clause, end,
        view->answer.verdict == VERDICT_UNDECIDED ? view->decides : "");
    view->reason_zh =
        arena_printf(arena, "%s 对 %s（%s）的个人风险%s，%s规定的基准为 %s%s%s。", on->source, name,
                     class_zh(view->limit.class), interval_zh(&view->at.risk, arena), on->clause,
                     criterion(on, true),
                     conflict                                ? "，超过基准"
                     : view->answer.verdict == VERDICT_CLEAR ? "，符合"
                                                             : "，尚不能判定",
                     conflict ? on->check_zh : "");
}

static void say_unknown(const struct words *on)
{
    struct risk_view *view = on->view;
    const struct risk_source *source = &view->source;
    struct arena *arena = on->arena;
    double strictest = 0;
    risk_strictest(on->world, source->age, &strictest);
    if (source->by_contours) {
        view->decides = arena_printf(arena, "a contour of %.3g a year", strictest);
        view->decides_zh = arena_printf(arena, "%.3g /年的风险等值线", strictest);
        view->reason = arena_printf(arena,
                                    "The outermost contour of %s is %.3g a year: beyond it nothing "
                                    "tells of the %.3g of %s.",
                                    on->source, source->rings[0].per_year, strictest, on->clause);
        view->reason_zh =
            arena_printf(arena, "%s 最外侧的风险等值线为 %.3g /年，其外无法判定 %s 的 %.3g /年。",
                         on->source, source->rings[0].per_year, on->clause, strictest);
        return;
    }
    const struct record_head *scenario =
        world_record(on->world, LAYER_SCENARIOS, (size_t)source->unplaced_row);
    view->decides = arena_printf(arena, "the fatal area of scenario %s", reasons_name(scenario));
    view->decides_zh = arena_printf(arena, "事故情景 %s 的致死范围", reasons_name(scenario));
    view->reason = arena_printf(
        arena, "Scenarios of %s without a fatal area kill %.3g times a year, where %s allows %.3g.",
        on->source, source->unplaced_per_year, on->clause, strictest);
    view->reason_zh =
        arena_printf(arena, "%s 的事故情景缺少致死范围，频率 %.3g /年，%s 的基准为 %.3g。",
                     on->source, source->unplaced_per_year, on->clause, strictest);
}

static const char *unknown_scenario(const struct words *on)
{
    return reasons_name(
        world_record(on->world, LAYER_SCENARIOS, (size_t)on->view->societal.unknown_row));
}

static void say_societal(const struct words *on)
{
    struct risk_view *view = on->view;
    struct arena *arena = on->arena;
    const struct societal_against *line = view->line;
    if (view->answer.by == UNDECIDED_CONFIDENCE) {
        view->decides = "the printed text of the standard";
        view->decides_zh = "核对标准原文";
    } else if (view->answer.verdict == VERDICT_UNDECIDED && view->societal.unknown_row >= 0) {
        view->decides = arena_printf(arena, "the fatalities of scenario %s", unknown_scenario(on));
        view->decides_zh = arena_printf(arena, "事故情景 %s 的死亡人数", unknown_scenario(on));
    } else if (view->answer.verdict == VERDICT_UNDECIDED) {
        view->decides = "finer population data, or the fatalities of the scenarios";
        view->decides_zh = "更细的人口数据或各情景的死亡人数";
    }
    const char *end =
        view->answer.verdict == VERDICT_CONFLICT ? on->check_en : "; undecided without ";
    bool open = view->answer.verdict != VERDICT_CONFLICT;
    if (isnan(line->at_n) || isinf(line->at_n)) {
        view->reason = arena_printf(
            arena,
            "The societal risk of %s may be unacceptable by %s: the number of deaths is open%s%s.",
            on->source, on->clause, open ? end : "", open ? view->decides : "");
        view->reason_zh = arena_printf(arena, "%s 的社会风险按 %s 可能不可接受：死亡人数不明。",
                                       on->source, on->clause);
        return;
    }
    view->reason = arena_printf(arena,
                                "Accidents of %s with %.4g or more deaths come %.3g times a year, "
                                "where %s allows %.3g%s%s.",
                                on->source, line->at_n, line->per_year, on->clause,
                                line->line_per_year, end, open ? view->decides : "");
    view->reason_zh = arena_printf(
        arena, "%s 致 %.4g 人及以上死亡的事故频率为 %.3g /年，%s 的上限为 %.3g /年%s%s。",
        on->source, line->at_n, line->per_year, on->clause, line->line_per_year,
        open ? "，尚不能判定" : "，社会风险不可接受", open ? "" : on->check_zh);
}

/* Facts that were changed after the assessment: nothing is judged by them before the next. */
static enum err_code say_stale(const struct words *on)
{
    struct risk_view *view = on->view;
    view->stale = true;
    view->answer = verdict_weigh(VERDICT_UNDECIDED, UNDECIDED_ATTRIBUTE, CONFIDENCE_SURE, false);
    view->decides = "a new assessment";
    view->decides_zh = "重新评估";
    view->reason =
        arena_printf(on->arena, "Risk of %s by %s: the facts have changed since it was found.",
                     on->source, on->clause);
    view->reason_zh =
        arena_printf(on->arena, "%s 的风险（%s）：判定后数据已变更。", on->source, on->clause);
    return ERR_OK;
}

/* "check the printed standard", for a row that is only likely. */
static void weigh_confidence(struct words *on, enum confidence confidence)
{
    bool likely = confidence == CONFIDENCE_LIKELY;
    on->view->confidence = confidence;
    on->check_en = likely ? "; check the printed standard" : "";
    on->check_zh = likely ? "；请核对标准原文" : "";
}

static enum err_code view_individual(struct words *on, struct worker *worker, struct err *err)
{
    enum err_code code = ERR_OK;
    bool speaks = false;
    uint32_t row = (uint32_t)on->finding->target_row;
    struct risk_view *view = on->view;
    TRY(risk_judge(on->world, worker, &view->source, row, on->arena, view, &speaks, err));
    if (!speaks)
        return say_stale(on);
    weigh_confidence(on, view->limit.confidence);
    say_what_decides(on);
    say_individual(on, world_protected(on->world, row));
    TRY(geom_of_point(view->at.at, on->arena, &view->shape, err));
done:
    return code;
}

static enum err_code view_societal(struct words *on, struct worker *worker, struct err *err)
{
    enum err_code code = ERR_OK;
    const uint32_t *rows = NULL;
    size_t n = 0;
    struct risk_view *view = on->view;
    const struct enterprise *enterprise = view->source.enterprise;
    if (!enterprise)
        return say_stale(on);
    world_of_enterprise(on->world, LAYER_SCENARIOS, enterprise->head.id, &rows, &n);
    TRY(societal_of(on->world, worker, rows, n, on->arena, &view->societal, err));
    for (size_t i = 0; i < view->societal.n_lines; i++) {
        const struct societal_against *line = &view->societal.lines[i];
        if (line->line == &on->world->rules->societal_lines[on->finding->rule])
            view->line = line;
    }
    if (!view->line || view->line->answer.verdict == VERDICT_CLEAR)
        return say_stale(on);
    view->answer = view->line->answer;
    say_societal(on);
    TRY(geom_of_point(near_place(&enterprise->head.geom), on->arena, &view->shape, err));
done:
    return code;
}

static enum err_code view_unknown(struct words *on, struct err *err)
{
    struct risk_view *view = on->view;
    if (view->source.n_rings == 0 && view->source.unplaced_row < 0)
        return say_stale(on);
    view->answer = (struct judgement){.verdict = VERDICT_UNDECIDED,
                                      .by = UNDECIDED_INTERVAL,
                                      .best = VERDICT_CLEAR,
                                      .worst = VERDICT_CONFLICT,
                                      .decides_below = (double)NAN};
    say_unknown(on);
    const struct record_head *head = world_record(on->world, view->source.layer, view->source.row);
    return geom_of_point(near_place(&head->geom), on->arena, &view->shape, err);
}

enum err_code risk_view_of(const struct world *world, struct worker *worker, enum layer_id layer,
                           uint32_t row, const struct risk_finding *finding, struct arena *arena,
                           struct risk_view *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = world->rules;
    struct words on = {.world = world,
                       .arena = arena,
                       .view = out,
                       .finding = finding,
                       .source = reasons_name(world_record(world, layer, row))};
    *out = (struct risk_view){.decides = NULL};
    TRY(risk_source_of(world, layer, row, arena, &out->source, err));
    out->rule = finding->kind == RISK_SOCIETAL ? &rules->societal_lines[finding->rule].source
                                               : &rules->risk_criteria[finding->rule].source;
    on.clause = reasons_clause(out->rule, arena);
    weigh_confidence(&on, out->rule->confidence);
    if (finding->kind == RISK_INDIVIDUAL)
        TRY(view_individual(&on, worker, err));
    else if (finding->kind == RISK_UNKNOWN)
        TRY(view_unknown(&on, err));
    else
        TRY(view_societal(&on, worker, err));
    if (!out->reason || !out->reason_zh)
        code = err_nomem(err);
done:
    return code;
}
