#include "geo/grades/grading.h"

#include "geo/verdict/verdict.h"

#include <math.h>

int32_t grading_worse(int32_t a, int32_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

/* An enterprise while its parts are visited. */
struct parts {
    const struct world *world;
    const struct enterprise *enterprise;
    void *context;
    grading_visit *visit;
    struct grading_sum *sum;
    bool graded; /* lists need not be looked into */
};

static enum err_code add(const struct parts *parts, const struct grading_part *part,
                         struct err *err)
{
    struct grading_sum *sum = parts->sum;
    sum->grade = grading_worse(sum->grade, part->grade);
    sum->could_be = grading_worse(sum->could_be, part->could_be);
    sum->undecided += part->undecided;
    return parts->visit ? parts->visit(parts->context, part, err) : ERR_OK;
}

static enum err_code add_grade(const struct parts *parts, enum grading_kind kind, int32_t grade,
                               struct err *err)
{
    struct grading_part part = {.kind = kind, .grade = grade};
    return add(parts, &part, err);
}

static enum err_code add_declared(const struct parts *parts, struct err *err)
{
    int32_t grade = parts->enterprise->declared_grade;
    return grade >= 1 && grade <= 4 ? add_grade(parts, GRADING_DECLARED, grade, err) : ERR_OK;
}

/* A level 4 that is a lower bound only gives no blue. */
static enum err_code add_hazard(const struct parts *parts, const struct hazard *hazard,
                                struct err *err)
{
    bool blue_open = hazard->level == 4 && hazard->at_least;
    bool sum_open = hazard->n_undecided == 0 && hazard->could_be != hazard->level;
    struct grading_part part = {.kind = GRADING_HAZARD,
                                .grade = blue_open ? 0 : hazard->level,
                                .could_be = hazard->could_be,
                                .undecided = (int32_t)hazard->n_undecided + sum_open};
    return hazard->n_units > 0 ? add(parts, &part, err) : ERR_OK;
}

static enum err_code add_score(const struct parts *parts, struct err *err)
{
    const struct parameters *parameters = &parts->world->rules->parameters;
    double score = parts->enterprise->score_19;
    if (isnan(score))
        return ERR_OK;
    int32_t grade = score >= parameters->score_blue_from     ? 4
                    : score >= parameters->score_yellow_from ? 3
                    : score >= parameters->score_orange_from ? 2
                                                             : 1;
    return add_grade(parts, GRADING_SCORE, grade, err);
}

static enum err_code add_direct_red(const struct parts *parts, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = parts->world->rules;
    for (size_t i = 0; i < rules->n_direct_red; i++) {
        const struct direct_red *row = &rules->direct_red[i];
        if (!row->predicate || !rule_holds(&row->source, parts->world->as_of) ||
            predicate_eval(row->predicate, parts->enterprise, NULL) != TRUTH_YES)
            continue;
        struct grading_part part = {.kind = GRADING_DIRECT_RED,
                                    .grade = conflicts_step(1, row->source.confidence),
                                    .index = i};
        TRY(add(parts, &part, err));
    }
done:
    return code;
}

/* A list as a whole: a plant in a town has hundreds of findings. Of grades less one, as unsigned
 * numbers, the least is the worst and none is the greatest. */
static enum err_code add_findings(const struct parts *parts, enum layer_id layer, size_t row,
                                  struct err *err)
{
    const struct finding_list *list = findings_of(parts->world, layer, row);
    uint8_t grade = UINT8_MAX, could_be = UINT8_MAX;
    int32_t undecided = 0;
    if (!list || list->n == 0)
        return ERR_OK;
    for (uint32_t k = 0, n; !parts->graded && k < list->n; k += n) {
        const struct finding *run = finding_list_run(list, k, &n);
        for (uint32_t i = 0; i < n; i++) {
            bool decided = run[i].verdict == VERDICT_CONFLICT;
            uint8_t gives = decided ? (uint8_t)(run[i].grade - 1) : UINT8_MAX;
            uint8_t may_give = (uint8_t)(run[i].could_be - 1);
            grade = gives < grade ? gives : grade;
            could_be = may_give < could_be ? may_give : could_be;
            undecided += !decided;
        }
    }
    struct grading_part part = {.kind = GRADING_FINDINGS,
                                .grade = (uint8_t)(grade + 1),
                                .could_be = (uint8_t)(could_be + 1),
                                .undecided = undecided,
                                .list = list,
                                .layer = layer,
                                .row = (uint32_t)row};
    return add(parts, &part, err);
}

/* Its own, and those of what names it. */
static enum err_code add_all_findings(const struct parts *parts, size_t row, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < FINDING_LAYERS; i++) {
        enum layer_id layer = finding_layers[i];
        const uint32_t *rows = NULL;
        size_t n = 0;
        if (layer == LAYER_ENTERPRISES)
            TRY(add_findings(parts, layer, row, err));
        else
            world_of_enterprise(parts->world, layer, parts->enterprise->head.id, &rows, &n);
        for (size_t k = 0; k < n; k++)
            TRY(add_findings(parts, layer, rows[k], err));
    }
done:
    return code;
}

/* All but the last word. */
static enum err_code add_parts(const struct parts *parts, size_t row, const struct hazard *hazard,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(add_declared(parts, err));
    TRY(add_hazard(parts, hazard, err));
    TRY(add_score(parts, err));
    TRY(add_direct_red(parts, err));
    if (parts->world->findings)
        TRY(add_all_findings(parts, row, err));
done:
    return code;
}

enum err_code grading_parts(const struct world *world, size_t row, const struct hazard *hazard,
                            void *context, grading_visit *visit, struct grading_sum *out,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    const struct parts parts = {world, world_enterprise(world, row), context, visit, out, false};
    *out = (struct grading_sum){0, 0, 0};
    if (!enterprise_counts(parts.enterprise)) {
        TRY(add_grade(&parts, GRADING_CLOSED, 0, err));
        goto done;
    }
    TRY(add_parts(&parts, row, hazard, err));
    if (out->grade == 0) {
        bool clear = hazard->n_units > 0 && out->undecided == 0;
        TRY(add_grade(&parts,
                      clear                ? GRADING_CLEAR
                      : out->undecided > 0 ? GRADING_OPEN
                                           : GRADING_NOTHING,
                      clear ? 4 : 0, err));
    }
done:
    out->could_be = grading_worse(out->grade, out->could_be);
    return code;
}

size_t grading_part_reasons(const struct grading_part *part, const struct hazard *hazard)
{
    size_t n = 0;
    if (part->kind == GRADING_FINDINGS)
        return part->list->n;
    if (part->kind != GRADING_HAZARD)
        return 1;
    for (size_t i = 0; i < hazard->n_units; i++)
        n += grading_unit_tells(&hazard->units[i]);
    return n;
}

enum err_code grading_parts_graded(const struct world *world, size_t row,
                                   const struct hazard *hazard, void *context, grading_visit *visit,
                                   struct err *err)
{
    struct grading_sum unused = {0, 0, 0};
    const struct parts parts = {world, world_enterprise(world, row), context, visit, &unused, true};
    return add_parts(&parts, row, hazard, err);
}
