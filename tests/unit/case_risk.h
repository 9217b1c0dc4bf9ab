/* case_risk.h - what cases ask of risk: a target under a source, an F-N curve, a point. */
#ifndef SISETU_TESTS_CASE_RISK_H
#define SISETU_TESTS_CASE_RISK_H

#include "tests/unit/case_fixture.h"

#include "data/base/text.h"
#include "geo/query/query_risk.h"

/* Frequencies are told in 1e-7 a year, so that figures and tolerances can be read. */
static const double CASE_RISK_UNIT = 1e-7;

/* ask risk SOURCE TARGET: SOURCE is an enterprise, or a contour without one. row: the kept
 * conflict, or NULL. */
static inline void expect_risk(struct one_case *c, const struct line *ask,
                               const struct line *expect, const struct conflict *row,
                               const struct world *world, struct worker *worker)
{
    struct risk_source source;
    struct risk_view view = {.reason = NULL};
    struct err err;
    bool speaks = false;
    int64_t plant = world_find(world, LAYER_ENTERPRISES, ask->words[2]);
    int64_t zone = world_find(world, LAYER_ZONES, ask->words[2]);
    int64_t target = world_find(world, LAYER_PROTECTED, ask->words[3]);
    if ((plant < 0 && zone < 0) || target < 0) {
        fail_case(c, ask->number, "there is no such source or target");
        return;
    }
    enum layer_id layer = plant >= 0 ? LAYER_ENTERPRISES : LAYER_ZONES;
    fixture_check(risk_source_of(world, layer, (uint32_t)(plant >= 0 ? plant : zone),
                                 &worker->arena, &source, &err),
                  &err);
    fixture_check(
        risk_judge(world, worker, &source, (uint32_t)target, &worker->arena, &view, &speaks, &err),
        &err);
    const char *got = speaks ? verdict_name(view.answer.verdict) : "silent";
    const char *wanted = expect->n > 1 ? expect->words[1] : "";
    if (strcmp(got, wanted) != 0) {
        fail_case(c, expect->number, "the answer is %s, not %s", got, wanted);
        return;
    }
    if (row && strcmp(row->verdict, got) != 0)
        fail_case(c, expect->number, "the assessment says %s, the judgement %s: %s", row->verdict,
                  got, row->head.id);
    if (!row && strcmp(got, "conflict") == 0)
        fail_case(c, expect->number, "the assessment keeps no such conflict");
    const struct figure figures[] = {{"low", view.at.risk.low / CASE_RISK_UNIT},
                                     {"high", view.at.risk.high / CASE_RISK_UNIT},
                                     {"criterion", view.limit.strictest / CASE_RISK_UNIT},
                                     {"grade", row ? row->grade : 0}};
    int word = 2;
    if (expect->n > 3 && strcmp(expect->words[2], "decides") == 0) {
        if (!row || !row->decides || !strstr(row->decides, expect->words[3]))
            fail_case(c, expect->number, "what decides is \"%s\"",
                      row && row->decides ? row->decides : "nothing");
        word = 4;
    }
    compare_figures(c, expect, word, figures, 4);
}

/* ask societal ENTERPRISE, or all */
static inline void expect_societal(struct one_case *c, const struct line *ask,
                                   const struct line *expect, const struct world *world,
                                   struct worker *worker)
{
    bool all = strcmp(ask->words[2], "all") == 0;
    const struct risk_question question = {.scope = all ? RISK_OF_ALL : RISK_OF_ENTERPRISE,
                                           .id = all ? NULL : ask->words[2]};
    struct risk_answer answer;
    struct err err;
    fixture_check(query_risk(world, worker, &question, &answer, &err), &err);
    const struct societal *societal = &answer.societal;
    const char *got = societal->region == societal->could_be
                          ? societal_region_name(societal->region)
                          : "undecided";
    const char *wanted = expect->n > 1 ? expect->words[1] : "";
    if (strcmp(got, wanted) != 0) {
        fail_case(c, expect->number, "the societal risk is %s (%s, could be %s), not %s", got,
                  societal_region_name(societal->region), societal_region_name(societal->could_be),
                  wanted);
        return;
    }
    const struct figure figures[] = {{"factor", societal->governs ? societal->governs->factor : 0},
                                     {"at_n", societal->governs ? societal->governs->at_n : 0},
                                     {"n", societal->n_events > 0 ? societal->events[0].n : 0},
                                     {"pll", societal->pll / CASE_RISK_UNIT}};
    compare_figures(c, expect, 2, figures, 4);
}

/* ask risk_at ID: at the first vertex of a record. */
static inline void expect_risk_at(struct one_case *c, const struct line *ask,
                                  const struct line *expect, const struct world *world,
                                  struct worker *worker)
{
    const struct record_head *at = find_given(c, ask->words[2]);
    struct risk_question question = {.scope = RISK_AT_POINT};
    struct risk_answer answer;
    struct err err;
    if (!at || at->geom.n_points == 0) {
        fail_case(c, ask->number, "there is no \"%s\" to stand at", ask->words[2]);
        return;
    }
    question.point = at->geom.points[0];
    fixture_check(query_risk(world, worker, &question, &answer, &err), &err);
    const struct figure figures[] = {{"low", answer.total.low / CASE_RISK_UNIT},
                                     {"high", answer.total.high / CASE_RISK_UNIT},
                                     {"pipelines", answer.pipelines.per_year / CASE_RISK_UNIT}};
    compare_figures(c, expect, 1, figures, 3);
}

#endif
