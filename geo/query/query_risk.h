/*
 * query_risk.h - what is the risk here, of this plant, of this unit?
 *
 *   of a plant   its F-N curve, and every target whose criterion it exceeds or may exceed
 *   of a unit    the F-N curve of all scenarios of its plants together, and each plant's
 *   at a point   the individual risk of every source that reaches it, their sum, and the
 *                classes of targets that could stand there; beyond its outermost contour a
 *                source counts for nothing
 *
 * Life:    an answer points into the world and the worker's arena.
 * Threads: a world is shared, a worker is not.
 */
#ifndef SISETU_GEO_QUERY_RISK_H
#define SISETU_GEO_QUERY_RISK_H

#include "geo/findings/risk_findings.h"
#include "geo/risk/risk_pipeline.h"

enum risk_scope { RISK_OF_ALL, RISK_OF_UNIT, RISK_OF_ENTERPRISE, RISK_AT_POINT };

struct risk_question {
    enum risk_scope scope;
    const char *id; /* of the enterprise, or code of the unit */
    struct lonlat point;
};

struct risk_plant {
    uint32_t row; /* of enterprises */
    enum societal_region region;
    enum societal_region could_be;
    size_t n_scenarios;
    double pll;
    double factor;      /* over the line that governs */
    size_t n_conflicts; /* findings of risk */
    size_t n_undecided;
};

/* The individual risk that one source puts on the point. */
struct risk_share {
    enum layer_id layer; /* enterprises, zones; scenarios: all of those without an enterprise */
    uint32_t row;
    bool by_contours;
    struct quantity risk;
};

/* A class of targets at the point: whether it could stand there. */
struct risk_allowed {
    const struct risk_criterion *criterion;
    struct judgement by_new; /* as if all sources were new plants, or existing ones */
    struct judgement by_existing;
};

struct risk_answer {
    struct risk_question question;
    uint32_t *scenarios; /* of the plant or unit, ascending */
    size_t n_scenarios;
    struct societal societal;
    struct risk_plant *plants; /* of a unit: those with contours or scenarios, worst first */
    size_t n_plants;
    struct risk_findings findings; /* of a plant, conflicts first */
    struct risk_view *views;       /* of each finding */
    struct risk_share *shares;     /* at a point: enterprises, then contours, by row */
    size_t n_shares;
    struct quantity total; /* of all shares, pipelines apart */
    struct risk_pipelines pipelines;
    struct risk_allowed *allowed;
    size_t n_allowed;
};

/* ERR_NOT_FOUND for an unknown enterprise or unit. */
enum err_code query_risk(const struct world *world, struct worker *worker,
                         const struct risk_question *question, struct risk_answer *out,
                         struct err *err);

#endif
