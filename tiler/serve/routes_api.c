/* routes_api.c - the questions of the API: parameters in, queries asked, answers written. */
#include "data/base/limits.h"
#include "data/base/text.h"
#include "geo/world/near.h"
#include "geo/proof/proof.h"
#include "tiler/answers/answers.h"
#include "tiler/serve/ask.h"
#include "tiler/draw/legend_picture.h"
#include "tiler/tiles/scenes.h"
#include "tiler/answers/exposure_request.h"
#include "tiler/answers/site_request.h"

#include <string.h>

static const double RADIUS_DEFAULT_M = 1000;
static const double RADIUS_LEAST_M = 1;
enum { PAGE_DEFAULT = 100 };

enum err_code ask_explain(struct ask *ask, const struct proof_question *question, bool *done,
                          struct err *err)
{
    const char *value = params_text(&ask->params, "explain");
    *done = value && !text_equal(value, "0");
    if (!*done)
        return ERR_OK;
    if (!text_equal(value, "1"))
        return err_set(err, ERR_USAGE, "parameter explain \"%s\" should be 1 or 0", value);
    ask->response->content_type = "application/json; charset=utf-8";
    return proof_write(ask->world, &ask->state->worker, question, &ask->out, err);
}

enum err_code ask_status(struct ask *ask, struct err *err)
{
    (void)err;
    struct style_set *styles = watch_styles(ask->settings->watch);
    struct status_facts facts = {.store_name = ask->settings->store_name,
                                 .styles = styles,
                                 .basemap = ask->settings->basemap,
                                 .tile_versions = ask->epoch.versions};
    answer_status(&ask->jw, ask->world, &facts);
    style_set_release(styles);
    return ERR_OK;
}

enum err_code ask_at(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct lonlat point;
    double radius_m = RADIUS_DEFAULT_M;
    struct at_answer at;
    TRY(params_point(&ask->params, &point, err));
    TRY(params_real(&ask->params, "radius_m", false, RADIUS_LEAST_M, LIMIT_RADIUS_M, &radius_m,
                    err));
    TRY(query_at(ask->world, &ask->state->worker, point, radius_m, &at, err));
    answer_at(&ask->jw, ask->world, &ask->state->worker, &at);
done:
    return code;
}

enum err_code ask_units(struct ask *ask, struct err *err)
{
    (void)err;
    answer_units(&ask->jw, ask->world);
    return ERR_OK;
}

enum err_code ask_unit(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct unit_answer unit;
    const struct proof_question proof = {.kind = PROOF_UNIT,
                                         .id = ask_segment(ask, 2),
                                         .method = params_text(&ask->params, "method")};
    bool explained = false;
    TRY(ask_explain(ask, &proof, &explained, err));
    if (explained)
        goto done;
    TRY(query_unit(ask->world, &ask->state->worker, ask_segment(ask, 2), &unit, err));
    answer_unit(&ask->jw, ask->world, &ask->state->worker, &unit);
done:
    return code;
}

static enum err_code read_page(const struct ask *ask, struct list_question *question,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t limit = PAGE_DEFAULT;
    *question = (struct list_question){.unit = params_text(&ask->params, "unit"),
                                       .verdict = params_text(&ask->params, "verdict"),
                                       .after = params_text(&ask->params, "after")};
    TRY(params_grades(&ask->params, question->grades, err));
    TRY(params_integer(&ask->params, "limit", 1, LIMIT_PAGE_ITEMS, &limit, err));
    TRY(params_bbox(&ask->params, &question->has_box, &question->box, err));
    question->limit = (size_t)limit;
    if (question->verdict && !text_equal(question->verdict, "conflict") &&
        !text_equal(question->verdict, "undecided"))
        return err_set(err, ERR_USAGE, "parameter verdict \"%s\" should be conflict or undecided",
                       question->verdict);
done:
    return code;
}

enum err_code ask_enterprises(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct list_question question;
    TRY(read_page(ask, &question, err));
    TRY(answer_enterprises(&ask->jw, ask->world, &ask->state->worker, &question, err));
done:
    return code;
}

enum err_code ask_enterprise(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct enterprise_answer answer;
    const struct proof_question proof = {.kind = PROOF_ENTERPRISE, .id = ask_segment(ask, 2)};
    bool explained = false;
    TRY(ask_explain(ask, &proof, &explained, err));
    if (explained)
        goto done;
    TRY(query_enterprise(ask->world, &ask->state->worker, ask_segment(ask, 2), &answer, err));
    answer_enterprise(&ask->jw, ask->world, &ask->state->worker, &answer);
done:
    return code;
}

enum err_code ask_conflicts(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct list_question question;
    const struct proof_question proof = {.kind = PROOF_CONFLICT,
                                         .id = params_text(&ask->params, "id")};
    bool explained = false;
    if (!proof.id != !params_text(&ask->params, "explain"))
        return err_set(
            err, ERR_USAGE,
            "parameters id and explain go together: ?id=RULE|LAYER/ID|LAYER/ID&explain=1 "
            "gives the proof of one conflict");
    if (proof.id)
        TRY(ask_explain(ask, &proof, &explained, err));
    if (explained)
        goto done;
    TRY(read_page(ask, &question, err));
    TRY(answer_conflicts(&ask->jw, ask->world, &ask->state->worker, &question, err));
done:
    return code;
}

/* {map}.png: for GIS clients. */
static enum err_code draw_legend(struct ask *ask, enum map_id map, struct err *err)
{
    const char *language = params_text(&ask->params, "lang");
    if (language && strcmp(language, "zh") != 0 && strcmp(language, "en") != 0)
        return err_set(err, ERR_USAGE, "lang is zh or en, not \"%s\"", language);
    ask->response->content_type = "image/png";
    return legend_picture(scenes_style(ask->scenes), map, language && language[0] == 'e', &ask->out,
                          err);
}

enum err_code ask_legend(struct ask *ask, struct err *err)
{
    const char *name = ask_segment(ask, 2);
    enum map_id map;
    size_t n = strlen(name);
    bool drawn = n > 4 && strcmp(name + n - 4, ".png") == 0;
    if (drawn)
        name = arena_strndup(ask->arena, name, n - 4);
    if (!name)
        return err_nomem(err);
    if (!map_by_name(name, &map))
        return err_set(err, ERR_NOT_FOUND, "no map \"%s\"", name);
    if (drawn)
        return draw_legend(ask, map, err);
    answer_legend(&ask->jw, ask->world, scenes_style(ask->scenes), name);
    return ERR_OK;
}

enum err_code ask_incident(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct lonlat point;
    double radius_m = 0;
    struct incident_answer incident;
    TRY(params_point(&ask->params, &point, err));
    TRY(params_real(&ask->params, "radius_m", true, RADIUS_LEAST_M, LIMIT_RADIUS_M, &radius_m,
                    err));
    TRY(query_incident(ask->world, &ask->state->worker, point, radius_m, &incident, err));
    answer_incident(&ask->jw, ask->world, &incident);
done:
    return code;
}

enum err_code ask_risk(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct risk_answer risk;
    struct risk_question question = {.scope = RISK_AT_POINT};
    const char *enterprise = params_text(&ask->params, "enterprise");
    const char *unit = params_text(&ask->params, "unit");
    bool at = params_text(&ask->params, "lon") || params_text(&ask->params, "lat");
    if ((enterprise != NULL) + (unit != NULL) + at != 1)
        return err_set(err, ERR_USAGE, "give one of enterprise=ID, unit=CODE, and lon= with lat=");
    if (at)
        TRY(params_point(&ask->params, &question.point, err));
    else
        question = (struct risk_question){.scope = unit ? RISK_OF_UNIT : RISK_OF_ENTERPRISE,
                                          .id = unit ? unit : enterprise};
    TRY(query_risk(ask->world, &ask->state->worker, &question, &risk, err));
    answer_risk(&ask->jw, ask->world, &risk);
done:
    return code;
}

enum err_code ask_facility_types(struct ask *ask, struct err *err)
{
    (void)err;
    answer_facility_types(&ask->jw, ask->world);
    return ERR_OK;
}

enum err_code ask_check(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct site_request site;
    struct site_answer answer;
    TRY(site_request_read(ask->request->body, ask->request->n_body, ask->arena, &site, err));
    const struct proof_question proof = {.kind = PROOF_SITE, .site = &site.question};
    bool explained = false;
    TRY(ask_explain(ask, &proof, &explained, err));
    if (explained)
        goto done;
    TRY(query_site(ask->world, &ask->state->worker, &site.question, &answer, err));
    answer_site(&ask->jw, ask->world, &ask->state->worker, &answer);
done:
    return code;
}

enum err_code ask_exposure(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct exposure_request request;
    struct worker *worker = &ask->state->worker;
    struct jw *jw = &ask->jw;
    TRY(exposure_request_read(ask->request->body, ask->request->n_body, worker->overlay, ask->arena,
                              &request, err));
    jw_object(jw);
    jw_key(jw, "exposures");
    jw_array(jw);
    for (size_t i = 0; i < request.n; i++) {
        struct exposure exposure;
        struct arena_mark mark = arena_mark(&worker->arena);
        code = near_exposure(ask->world, worker, &request.shapes[i].geom, request.within_m,
                             &exposure, err);
        arena_rewind(&worker->arena, mark);
        if (code != ERR_OK) {
            err_wrap(err, "feature %zu", i + 1);
            goto done;
        }
        exposure_write(jw, request.shapes[i].id, &exposure, NULL);
    }
    jw_end_array(jw);
    jw_end_object(jw);
done:
    return code;
}
