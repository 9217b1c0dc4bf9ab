/* red_lines.c - area rules: plants that stand inside what they must stay out of, or outside of
 * what they must stay in. */
#include "geo/findings/finding_view.h"

#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"
#include "geo/findings/judging.h"
#include "geo/measure/overlay.h"

#include <string.h>

/* One enterprise and one rule. */
struct red_line_question {
    const struct world *world;
    struct worker *worker;
    struct arena *scratch;
    const struct spacing_source *source;
    const struct area_rule *rule;
    const uint32_t *rows; /* of the areas near */
    size_t n_rows;
};

/* How it stands to one area, or to all that are meant and near. */
struct red_line_answer {
    const struct area *area; /* the first of them; NULL: none is near */
    bool measured;           /* false: the store holds no such area */
    struct red_line line;
    const char *missing; /* the attribute that leaves open whether the rule means it, or NULL */
};

static bool is_undecided(const struct area_rule *rule, const struct red_line_answer *answer)
{
    enum verdict verdict = !answer->measured               ? VERDICT_UNDECIDED
                           : rule->relation == AREA_INSIDE ? answer->line.inside
                                                           : answer->line.outside;
    return verdict_weigh(verdict, UNDECIDED_POSITION, rule->source.confidence,
                         answer->missing != NULL)
               .verdict != VERDICT_CONFLICT;
}

/* Metres to what would be right; NAN: not measured. */
static double margin_of(const struct area_rule *rule, const struct red_line_answer *answer)
{
    if (!answer->measured)
        return (double)NAN;
    return rule->relation == AREA_INSIDE ? answer->line.gap_m - answer->line.depth_in_m
                                         : -answer->line.depth_out_m;
}

static double accuracy_of(const struct red_line_question *question, const struct area *area)
{
    return rules_accuracy_m(question->world->rules, LAYER_AREAS, &area->head);
}

/* Areas whose box comes within both accuracies and the radius of the plant: what lies farther
 * off is no neighbour, whatever else the layer holds. */
static enum err_code find_areas(struct red_line_question *question, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = question->world;
    const struct spacing_source *source = question->source;
    double own_m = source->error_m + source->radius_m;
    struct box widest =
        ellipsoid_expand(source->geom->box, own_m + world_slack_m(world, LAYER_AREAS));
    uint32_t *rows = NULL;
    size_t n = 0;
    TRY(world_search(world, LAYER_AREAS, widest, question->scratch, &rows, &n, err));
    question->rows = rows;
    question->n_rows = 0;
    for (size_t i = 0; i < n; i++) {
        const struct area *area = world_area(world, rows[i]);
        struct box reach = ellipsoid_expand(source->geom->box, own_m + accuracy_of(question, area));
        if (box_intersects(reach, area->head.geom.box))
            rows[question->n_rows++] = rows[i];
    }
done:
    return code;
}

static struct red_line_pair pair_of(const struct red_line_question *question,
                                    const struct geom *area, double error_m)
{
    return (struct red_line_pair){.worker = question->worker,
                                  .plant = question->source->geom,
                                  .radius_m = question->source->radius_m,
                                  .error_m = question->source->error_m + error_m,
                                  .area = area,
                                  .scratch = question->scratch};
}

/* AREA_INSIDE: each area that holds a part of the plant is a breach of its own. */
static enum err_code judge_inside(const struct red_line_question *question, const struct area *area,
                                  const char *missing, struct red_line_answer *out, struct err *err)
{
    const struct red_line_pair pair =
        pair_of(question, &area->head.geom, accuracy_of(question, area));
    *out = (struct red_line_answer){.area = area, .measured = true, .missing = missing};
    return red_line_of(&pair, &out->line, err);
}

/* AREA_OUTSIDE: the areas near are one, so that a plant across two adjoining parks is inside. */
static enum err_code judge_outside(const struct red_line_question *question, const char *missing,
                                   struct red_line_answer *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom **shapes =
        arena_new(question->scratch, const struct geom *, question->n_rows);
    double error_m = 0;
    size_t n_shapes = 0;
    if (!shapes)
        return err_nomem(err);
    *out = (struct red_line_answer){
        .measured = true,
        .missing = missing,
        .line = {.outside = VERDICT_CONFLICT, .at = question->source->geom->points[0]}};
    for (size_t i = 0; i < question->n_rows; i++) {
        const struct area *area = world_area(question->world, question->rows[i]);
        const char *absent = NULL;
        enum truth meant = predicate_eval(question->rule->area, area, &absent);
        if (meant == TRUTH_NO)
            continue;
        if (meant == TRUTH_UNKNOWN)
            out->missing = out->missing ? out->missing : absent;
        shapes[n_shapes++] = &area->head.geom;
        error_m = fmax(error_m, accuracy_of(question, area));
        out->area = out->area ? out->area : area;
    }
    if (out->area) {
        struct geom all = out->area->head.geom;
        if (n_shapes > 1)
            TRY(overlay_union(question->worker->overlay, shapes, n_shapes, question->scratch, &all,
                              err));
        const struct red_line_pair pair = pair_of(question, &all, error_m);
        TRY(red_line_of(&pair, &out->line, err));
    }
done:
    return code;
}

/* ---- findings ---- */

static enum err_code add_red_line(const struct red_line_question *question,
                                  const struct red_line_answer *answer, int64_t area_row,
                                  struct finding_bag *bag, struct err *err)
{
    const struct area_rule *rule = question->rule;
    int32_t grade = conflicts_step(2, rule->source.confidence);
    const struct finding finding = {
        .kind = FINDING_AREA,
        .target_layer = LAYER_AREAS,
        .target_slot = area_row < 0 ? FINDING_NO_TARGET
                                    : world_slot(question->world, LAYER_AREAS, (size_t)area_row),
        .target_class = FINDING_NO_CLASS,
        .rule = (uint32_t)(rule - question->world->rules->area_rules),
        .verdict = is_undecided(rule, answer) ? VERDICT_UNDECIDED : VERDICT_CONFLICT,
        .grade = (uint8_t)grade,
        .could_be = (uint8_t)grade,
        .shortfall = answer->measured ? -margin_of(rule, answer) : (double)NAN,
    };
    return finding_bag_add(bag, &finding, err);
}

static enum err_code find_inside(const struct red_line_question *question, const char *missing,
                                 struct finding_bag *bag, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < question->n_rows; i++) {
        const struct area *area = world_area(question->world, question->rows[i]);
        const char *absent = NULL;
        struct red_line_answer answer;
        if (predicate_eval(question->rule->area, area, &absent) == TRUTH_NO)
            continue;
        TRY(judge_inside(question, area, missing ? missing : absent, &answer, err));
        if (answer.line.inside != VERDICT_CLEAR)
            TRY(add_red_line(question, &answer, question->rows[i], bag, err));
    }
done:
    return code;
}

static enum err_code find_outside(const struct red_line_question *question, bool has_areas,
                                  const char *missing, struct finding_bag *bag, struct err *err)
{
    enum err_code code = ERR_OK;
    struct red_line_answer answer = {.missing = missing};
    int64_t row = -1;
    if (has_areas)
        TRY(judge_outside(question, missing, &answer, err));
    if (answer.area)
        row = world_find(question->world, LAYER_AREAS, answer.area->head.id);
    if (!has_areas || answer.line.outside != VERDICT_CLEAR)
        TRY(add_red_line(question, &answer, row, bag, err));
done:
    return code;
}

/* Rules for new plants speak of those planned or under construction. */
static bool speaks_now(const struct area_rule *rule, const struct enterprise *enterprise)
{
    return rule->existing || text_equal(enterprise->status, "planned") ||
           text_equal(enterprise->status, "construction");
}

enum err_code red_lines_find(const struct judging *judging, struct worker *worker, size_t row,
                             struct finding_bag *bag, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = judging->world;
    const struct enterprise *enterprise = world_enterprise(world, row);
    struct spacing_source source = spacing_source_of(world, LAYER_ENTERPRISES, row);
    struct red_line_question question = {
        .world = world, .worker = worker, .scratch = bag->arena, .source = &source};
    if (!enterprise_counts(enterprise) || source.geom->kind == GEOM_NONE)
        return ERR_OK;
    TRY(find_areas(&question, err));
    for (size_t i = 0; i < world->rules->n_area_rules; i++) {
        const struct area_rule *rule = &world->rules->area_rules[i];
        const char *missing = NULL;
        question.rule = rule;
        if (!rule_holds(&rule->source, world->as_of) || !speaks_now(rule, enterprise))
            continue;
        enum truth speaks = predicate_eval(rule->enterprise, enterprise, &missing);
        if (speaks == TRUTH_NO)
            continue;
        bag->n_judged += speaks == TRUTH_YES && judging->has_areas[i] &&
                         confidence_decides(rule->source.confidence);
        if (rule->relation == AREA_INSIDE)
            TRY(find_inside(&question, missing, bag, err));
        else
            TRY(find_outside(&question, judging->has_areas[i], missing, bag, err));
    }
done:
    return code == ERR_OK ? code : err_wrap(err, "enterprise \"%s\"", enterprise->head.id);
}

/* ---- in full ---- */

static const char *what_decides(const struct area_rule *rule, const struct red_line_answer *answer,
                                struct arena *arena)
{
    enum verdict verdict =
        rule->relation == AREA_INSIDE ? answer->line.inside : answer->line.outside;
    if (answer->missing)
        return arena_printf(arena, "the missing attribute \"%s\"", answer->missing);
    if (!answer->measured)
        return "areas of that kind; the store holds none";
    if (verdict == VERDICT_UNDECIDED)
        return "better positions of plant and area";
    return is_undecided(rule, answer) ? "the printed text of the standard" : NULL;
}

static enum err_code say_red_line(const struct red_line_question *question,
                                  const struct red_line_answer *answer, struct arena *arena,
                                  struct conflict_view *out, struct err *err)
{
    const struct area_rule *rule = question->rule;
    const char *name = reasons_name(question->source->record);
    const char *decides = what_decides(rule, answer, arena);
    const char *en = reasons_without_stop(rule->text_en, arena);
    const char *zh = reasons_without_stop(rule->text_zh, arena);
    if (!en || !zh)
        return err_nomem(err);
    out->row.decides = decides;
    out->row.reason =
        arena_printf(arena, "%s (%s): %s%s%s.", name,
                     answer->area ? reasons_name(&answer->area->head) : "no such area is near", en,
                     decides ? "; undecided without " : "", decides ? decides : "");
    out->zh = arena_printf(arena, "%s（%s）：%s%s。", name,
                           answer->area ? reasons_name(&answer->area->head) : "附近没有此类区域",
                           zh, decides ? "，尚不能判定" : "");
    return out->row.reason && out->zh ? ERR_OK : err_nomem(err);
}

/* The answer that a finding stands for. */
static enum err_code judge_again(struct red_line_question *question, const struct finding *finding,
                                 struct red_line_answer *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = question->world;
    const char *missing = NULL;
    const char *absent = NULL;
    int64_t row = finding_target_row(world, finding);
    predicate_eval(question->rule->enterprise, question->source->record, &missing);
    *out = (struct red_line_answer){.missing = missing};
    if (question->rule->relation == AREA_INSIDE && row >= 0) {
        const struct area *area = world_area(world, (size_t)row);
        predicate_eval(question->rule->area, area, &absent);
        TRY(judge_inside(question, area, missing ? missing : absent, out, err));
    } else if (question->rule->relation == AREA_OUTSIDE && !isnan(finding->shortfall)) {
        TRY(find_areas(question, err));
        TRY(judge_outside(question, missing, out, err));
    }
done:
    return code;
}

enum err_code red_line_view(const struct world *world, struct worker *worker,
                            const struct finding *finding, struct arena *arena,
                            struct conflict_view *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct area_rule *rule = &world->rules->area_rules[finding->rule];
    struct red_line_question question = {
        .world = world, .worker = worker, .scratch = arena, .source = &out->source, .rule = rule};
    struct red_line_answer answer;
    TRY(judge_again(&question, finding, &answer, err));
    out->area_rule = rule;
    out->row.target_class = answer.area ? answer.area->kind : NULL;
    if (answer.measured) {
        out->red_line = answer.line;
        out->row.distance_m = rule->relation == AREA_INSIDE ? answer.line.gap_m : 0;
        out->row.margin_m = margin_of(rule, &answer);
        out->row.error_m = out->source.error_m;
        if (answer.area)
            out->row.error_m += accuracy_of(&question, answer.area);
        TRY(geom_of_point(answer.line.at, arena, &out->row.head.geom, err));
    }
    TRY(say_red_line(&question, &answer, arena, out, err));
done:
    return code;
}
