/*
 * risk_findings.h - who bears more individual risk than GB 36894 allows, and whose societal
 * risk is unacceptable.
 *
 * All findings of one source come from one pure call: of an enterprise (its contours, else its
 * scenarios, on every protected target that they may reach; its F-N curve), or of a contour
 * whose enterprise is not in the store. What is clear is not told.
 *
 *   individual   a target whose criterion the risk exceeds (conflict) or may exceed. By
 *                contours, a target must lie outside the contour of its class (GB/T 37243):
 *                inside one of exactly the criterion is a conflict, on its line is not; by
 *                scenarios the sum must be at most the criterion.
 *   unknown      no target: nothing tells the risk beyond the outermost contour, which is above
 *                a criterion, or where a scenario without an area kills. Undecided.
 *   societal     no target: the curve is (conflict) or may be in the unacceptable region.
 *                ALARP is no conflict.
 *
 * Depends on: the source; its zones and scenarios (and the contours of companions, see
 * risk_individual.h); targets within risk_reach of their boxes; population in fatal areas.
 *
 * Threads: pure but for the caller's worker.
 */
#ifndef SISETU_GEO_RISK_FINDINGS_H
#define SISETU_GEO_RISK_FINDINGS_H

#include "geo/risk/risk_individual.h"
#include "geo/risk/risk_societal.h"

enum risk_kind { RISK_INDIVIDUAL, RISK_UNKNOWN, RISK_SOCIETAL };

struct risk_finding {
    enum risk_kind kind;
    int64_t target_row;         /* of protected; -1: none */
    uint32_t rule;              /* row of risk_criteria; societal: of societal_risk */
    enum confidence confidence; /* of the weakest row that it rests on */
    enum verdict verdict;       /* conflict or undecided */
    enum undecided_by by;
    int32_t grade;    /* 1-4; of an undecided one: what it would give */
    int32_t could_be; /* the worst that it may give */
};

struct risk_findings {
    struct risk_finding *items; /* individual by row of the target, then unknown, then societal */
    size_t n;
    uint32_t n_judged; /* rules that speak of it for sure and that there are data to decide */
};

/* layer: enterprises or zones. worker_fit first. Results in `arena`, which also serves as
 * scratch. */
enum err_code risk_findings(const struct world *world, struct worker *worker, enum layer_id layer,
                            uint32_t row, struct arena *arena, struct risk_findings *out,
                            struct err *err);

/* Whether any finding may come of it: false, soon, for most. */
bool risk_speaks(const struct world *world, enum layer_id layer, uint32_t row);

/* Sources that an edit of this record may touch: of a protected target those whose contours or
 * areas are near it, of a zone or scenario its own (before and after: ask twice). Ascending by
 * layer and row. */
struct risk_touched {
    enum layer_id layer;
    uint32_t row;
};
enum err_code risk_touched_by(const struct world *world, enum layer_id layer, const void *record,
                              struct arena *arena, struct risk_touched **out, size_t *n,
                              struct err *err);

/* ---- one finding in full ---- */

struct risk_view {
    struct risk_source source;
    struct risk_limit limit; /* individual */
    struct risk_at at;       /* individual */
    struct judgement answer;
    struct societal societal;            /* societal */
    const struct societal_against *line; /* societal: the line of the finding */
    const struct rule_source *rule;
    enum confidence confidence; /* of the weakest row that it rests on */
    bool stale;         /* the facts have changed since it was found: no judgement comes of it */
    const char *reason; /* one sentence in English and in Chinese */
    const char *reason_zh;
    const char *decides; /* what would decide it; NULL: decided */
    const char *decides_zh;
    struct geom shape; /* the place of the target, the contour, or the plant */
};

/* The same judgement again, with all that it rests on; of the finding kind, target_row and rule
 * are enough. */
enum err_code risk_view_of(const struct world *world, struct worker *worker, enum layer_id layer,
                           uint32_t row, const struct risk_finding *finding, struct arena *arena,
                           struct risk_view *out, struct err *err);

/* One source against one target, also where it is clear: false where no criterion speaks. */
enum err_code risk_judge(const struct world *world, struct worker *worker,
                         const struct risk_source *source, uint32_t target_row,
                         struct arena *scratch, struct risk_view *out, bool *speaks,
                         struct err *err);

#endif
