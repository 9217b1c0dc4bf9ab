#include "geo/grading.h"

#include "data/base/text.h"
#include "geo/finding_view.h"

#include <stdlib.h>
#include <string.h>

int32_t grading_worse(int32_t a, int32_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

enum err_code grade_set_add(struct grade_set *set, const char *subject, const char *subject_id,
                            const char *method, struct grade_row **out, struct err *err)
{
    set->rows = arena_grow(set->arena, set->rows, &set->capacity, set->n + 1, sizeof *set->rows);
    if (!set->rows) {
        err_nomem(err);
        return ERR_MEMORY;
    }
    struct grade_row *row = &set->rows[set->n++];
    record_clear(LAYER_GRADES, row);
    row->subject = subject;
    row->subject_id = subject_id;
    row->method = method;
    row->grade = 0;
    row->could_be = 0;
    row->undecided = 0;
    row->head.id = arena_printf(set->arena, "%s/%s/%s", subject, subject_id, method);
    *out = row;
    return row->head.id ? ERR_OK : err_nomem(err);
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const struct grade_row *)a)->head.id, ((const struct grade_row *)b)->head.id);
}

void grade_set_sort(struct grade_set *set)
{
    if (set->n > 0)
        qsort(set->rows, set->n, sizeof *set->rows, compare_rows);
}

/* An enterprise while its findings are gathered. */
struct grading {
    const struct world *world;
    const struct enterprise *enterprise;
    const struct hazard *hazard;
    struct arena *arena;
    struct reason *reasons;
    size_t n_reasons;
    size_t capacity;
    int32_t grade;
    int32_t could_be;
    int32_t undecided;
};

/* Every finding adds a reason; grade 0 gives none. */
static enum err_code add_reason(struct grading *grading, const struct reason *reason,
                                struct err *err)
{
    grading->reasons = arena_grow(grading->arena, grading->reasons, &grading->capacity,
                                  grading->n_reasons + 1, sizeof *reason);
    if (!grading->reasons || !reason->text || !reason->zh)
        return err_nomem(err);
    grading->reasons[grading->n_reasons++] = *reason;
    return ERR_OK;
}

static enum err_code add_grade(struct grading *grading, int32_t grade, const char *text,
                               const char *zh, const struct rule_source *rule, struct err *err)
{
    struct reason reason = {.text = text, .zh = zh, .grade = grade, .rule = rule};
    grading->grade = grading_worse(grading->grade, grade);
    return add_reason(grading, &reason, err);
}

static enum err_code grade_declared(struct grading *grading, struct err *err)
{
    int32_t grade = grading->enterprise->declared_grade;
    if (grade < 1 || grade > 4)
        return ERR_OK;
    return add_grade(
        grading, grade,
        arena_printf(grading->arena, "The enterprise declared %s.", reasons_grade_en(grade)),
        arena_printf(grading->arena, "企业自报等级：%s。", reasons_grade_zh(grade)), NULL, err);
}

static enum err_code grade_hazard(struct grading *grading, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct hazard *hazard = grading->hazard;
    bool blue_open = hazard->level == 4 && hazard->at_least;
    if (!blue_open)
        grading->grade = grading_worse(grading->grade, hazard->level);
    grading->could_be = grading_worse(grading->could_be, hazard->could_be);
    bool sum_open = hazard->n_undecided == 0 && hazard->could_be != hazard->level;
    grading->undecided += (int32_t)hazard->n_undecided + sum_open;
    for (size_t i = 0; i < hazard->n_units; i++) {
        const struct hazard_unit *unit = &hazard->units[i];
        struct reason reason;
        if (unit->level == 0 && !unit->undecided)
            continue;
        TRY(hazard_reason(grading->world, hazard, unit, grading->arena, &reason, err));
        if (blue_open)
            reason.grade = 0;
        TRY(add_reason(grading, &reason, err));
    }
done:
    return code;
}

static enum err_code grade_score(struct grading *grading, struct err *err)
{
    const struct parameters *parameters = &grading->world->rules->parameters;
    double score = grading->enterprise->score_19;
    if (isnan(score))
        return ERR_OK;
    int32_t grade = score >= parameters->score_blue_from     ? 4
                    : score >= parameters->score_yellow_from ? 3
                    : score >= parameters->score_orange_from ? 2
                                                             : 1;
    return add_grade(grading, grade,
                     arena_printf(grading->arena,
                                  "Score %g of the diagnosis and grading guide: %s.", score,
                                  reasons_grade_en(grade)),
                     arena_printf(grading->arena, "诊断分级指南（应急〔2018〕19号）得分 %g：%s。",
                                  score, reasons_grade_zh(grade)),
                     NULL, err);
}

static enum err_code grade_direct_red(struct grading *grading, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = grading->world->rules;
    for (size_t i = 0; i < rules->n_direct_red; i++) {
        const struct direct_red *row = &rules->direct_red[i];
        if (!row->predicate || !rule_holds(&row->source, grading->world->as_of) ||
            predicate_eval(row->predicate, grading->enterprise, NULL) != TRUTH_YES)
            continue;
        TRY(add_grade(
            grading, conflicts_step(1, row->source.confidence),
            arena_printf(grading->arena, "Direct red %s: %s.", row->source.id, row->text_en),
            arena_printf(grading->arena, "直接判红 %s：%s。", row->source.id, row->text_zh),
            &row->source, err));
    }
done:
    return code;
}

static enum err_code grade_conflict(struct grading *grading, const struct conflict_view *item,
                                    struct err *err)
{
    const struct conflict *row = &item->row;
    bool decided = text_equal(row->verdict, "conflict");
    if (decided)
        grading->grade = grading_worse(grading->grade, row->grade);
    grading->could_be = grading_worse(grading->could_be, item->could_be);
    grading->undecided += !decided;
    struct reason reason = {
        .text = row->reason,
        .zh = item->zh,
        .grade = decided ? row->grade : 0,
        .rule = item->rule,
        .source = arena_printf(grading->arena, "%s/%s", row->source_layer, row->source_id),
        .target = row->target_id
                      ? arena_printf(grading->arena, "%s/%s", row->target_layer, row->target_id)
                      : NULL,
        .numbers = {{"distance_m", row->distance_m},
                    {"required_m", row->required_m},
                    {"margin_m", row->margin_m},
                    {"error_m", row->error_m},
                    {"persons", row->persons}},
    };
    return reason.source ? add_reason(grading, &reason, err) : err_nomem(err);
}

/* Blue, or not assessed, where nothing gave a grade. */
static enum err_code grade_rest(struct grading *grading, uint32_t n_judged, struct err *err)
{
    if (grading->grade != 0)
        return ERR_OK;
    if (grading->hazard->n_units > 0 && grading->undecided == 0)
        return add_grade(
            grading, 4,
            arena_printf(grading->arena,
                         "No major hazard, and all of %u rules that speak of it are kept.",
                         n_judged),
            arena_printf(grading->arena, "不构成重大危险源，适用的 %u 条规则均符合。", n_judged),
            NULL, err);
    if (grading->undecided > 0)
        return add_grade(grading, 0, "What is known does not decide a grade.",
                         "现有数据不足以判定等级。", NULL, err);
    return add_grade(grading, 0, "Not assessed: there is no inventory to judge by.",
                     "未评估：缺少危险化学品存量数据。", NULL, err);
}

/* Reasons that grade come first, worst first; the order is otherwise kept. */
static size_t order_reasons(const struct grading *grading, struct reason *out)
{
    static const int32_t order[] = {1, 2, 3, 4, 0};
    size_t n = 0;
    for (size_t g = 0; g < 5; g++) {
        for (size_t i = 0; i < grading->n_reasons; i++) {
            if (grading->reasons[i].grade == order[g])
                out[n++] = grading->reasons[i];
        }
    }
    return n;
}

static enum err_code write_row(struct grading *grading, struct arena *arena, struct grade_row *row,
                               struct grading_lead *lead, struct err *err)
{
    struct reason *ordered = arena_new(grading->arena, struct reason, grading->n_reasons + 1);
    if (!ordered)
        return err_nomem(err);
    size_t n = order_reasons(grading, ordered);
    if (n > GRADING_REASONS) {
        ordered[GRADING_REASONS] = (struct reason){
            .text = arena_printf(grading->arena, "And %zu more findings.", n - GRADING_REASONS),
            .zh = arena_printf(grading->arena, "另有 %zu 项。", n - GRADING_REASONS)};
        n = GRADING_REASONS + 1;
    }
    row->grade = grading->grade;
    row->could_be = grading_worse(grading->grade, grading->could_be);
    row->undecided = grading->undecided;
    row->persons = grading->hazard->around.persons;
    lead->text = n > 0 ? arena_strdup(arena, ordered[0].text) : "";
    lead->zh = n > 0 ? arena_strdup(arena, ordered[0].zh) : "";
    if (!lead->text || !lead->zh)
        return err_nomem(err);
    return reasons_write(ordered, n, arena, &row->reasons, err);
}

/* The findings of an enterprise and of what belongs to it. */
static enum err_code grade_findings(struct grading *grading, struct worker *worker,
                                    uint32_t *n_judged, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = grading->world;
    struct finding_ref *refs = NULL;
    size_t n = 0;
    TRY(findings_of_enterprise(world, grading->enterprise->head.id, grading->arena, &refs, &n,
                               err));
    for (size_t i = 0; i < n; i++) {
        struct conflict_view view;
        TRY(finding_view(world, worker, refs[i], grading->arena, &view, err));
        TRY(grade_conflict(grading, &view, err));
    }
    *n_judged = findings_judged(world, grading->enterprise->head.id);
done:
    return code;
}

static enum err_code grade_enterprise(struct grading *grading, struct worker *worker,
                                      struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t n_judged = 0;
    if (!conflicts_counts(grading->enterprise)) {
        TRY(add_grade(grading, 0, "Not assessed: the enterprise is closed.", "未评估：企业已关闭。",
                      NULL, err));
        goto done;
    }
    TRY(grade_declared(grading, err));
    TRY(grade_hazard(grading, err));
    TRY(grade_score(grading, err));
    TRY(grade_direct_red(grading, err));
    TRY(grade_findings(grading, worker, &n_judged, err));
    TRY(grade_rest(grading, n_judged, err));
done:
    return code;
}

enum err_code grading_enterprises(const struct world *world, struct worker *worker,
                                  const struct hazard *hazards, struct grade_set *set,
                                  struct grading_lead *leads, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    for (size_t i = 0; i < world_count(world, LAYER_ENTERPRISES); i++) {
        struct grading grading = {.world = world,
                                  .enterprise = world_enterprise(world, i),
                                  .hazard = &hazards[i],
                                  .arena = &scratch};
        struct grade_row *row = NULL;
        TRY(grade_set_add(set, "enterprise", grading.enterprise->head.id, "enterprise", &row, err));
        TRY(grade_enterprise(&grading, worker, err));
        TRY(write_row(&grading, set->arena, row, &leads[i], err));
        arena_reset(&scratch);
    }
done:
    arena_release(&scratch);
    return code;
}

enum err_code grading_units(const struct world *world, const struct hazard *hazards,
                            struct grade_set *set, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < world_count(world, LAYER_ENTERPRISES); i++) {
        const struct hazard *hazard = &hazards[i];
        for (size_t u = 0; u < hazard->n_units; u++) {
            const struct hazard_unit *unit = &hazard->units[u];
            struct grade_row *row = NULL;
            struct reason reason;
            const char *id =
                arena_printf(set->arena, "%s/%s", world_enterprise(world, i)->head.id, unit->unit);
            if (!id) {
                code = err_nomem(err);
                goto done;
            }
            TRY(grade_set_add(set, "hazard_unit", id, "gb18218", &row, err));
            TRY(hazard_reason(world, hazard, unit, set->arena, &reason, err));
            row->grade = unit->level;
            row->could_be = unit->could_be;
            row->undecided = unit->undecided;
            row->persons = hazard->around.persons;
            row->value = unit->r;
            TRY(reasons_write(&reason, 1, set->arena, &row->reasons, err));
        }
    }
done:
    return code;
}
