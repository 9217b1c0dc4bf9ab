/* routes_edit.c - PUT and DELETE of a record: durable and published when answered. */
#include "data/base/log.h"
#include "data/base/text.h"
#include "tiler/answers/answers_edit.h"
#include "tiler/serve/ask.h"
#include "tiler/answers/edit_request.h"
#include "tiler/serve/editing.h"

#include <inttypes.h>
#include <string.h>

/* If-Match: "17": the generation that the client looked at; or *: the record must exist.
 * If-None-Match: *: it must not. */
static enum err_code read_conditions(const struct ask *ask, struct edit_request *out,
                                     struct err *err)
{
    const char *match = ask->request->if_match;
    const char *none = ask->request->if_none_match;
    char digits[24] = "";
    int64_t generation = -1;
    if (none && strcmp(none, "*") != 0)
        return err_set(err, ERR_USAGE, "If-None-Match should be * here: only if there is none yet");
    if (none)
        out->presence = EDIT_MUST_BE_NEW;
    if (!match)
        return ERR_OK;
    if (strcmp(match, "*") == 0) {
        out->presence = EDIT_MUST_EXIST;
        return ERR_OK;
    }
    size_t n = strlen(match);
    if (n > 2 && n < sizeof digits + 2 && match[0] == '"' && match[n - 1] == '"')
        memcpy(digits, match + 1, n - 2);
    if (!text_to_int(digits, &generation) || generation < 0)
        return err_set(err, ERR_USAGE,
                       "If-Match should be a generation in quotes (X-Sisetu-Generation), or *");
    out->has_generation = true;
    out->generation = (uint64_t)generation;
    return ERR_OK;
}

static enum err_code apply(struct ask *ask, const struct edit_request *request, struct err *err)
{
    enum err_code code = ERR_OK;
    struct edit_result result = {.stale = false};
    if (!ask->settings->editing)
        return err_set(err, ERR_DENIED, "this server takes no changes");
    TRY(editing_apply(ask->settings->editing, request, ask->arena, &result, err));
    answer_edit(&ask->jw, &result);
    ask->response->generation = result.generation;
    bool added = result.facts.n == 1 && request->n_records == 1 && !result.facts.items[0].before;
    ask->response->status = added ? 201 : 200;
    if (result.changed)
        log_line("edit", "token=%s layer=%s id=%s generation=%" PRIu64 " verdicts=%zu grades=%zu",
                 ask->token, layer_name(request->layer), ask_segment(ask, 2), result.generation,
                 result.conflicts.n, result.grades.n);
done:
    edit_result_release(&result);
    return code;
}

enum err_code ask_put(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct edit_request request = {.n_deleted = 0};
    struct import_summary summary;
    const char *crs = params_text(&ask->params, "crs");
    struct import_options options = {.layer = ask_segment(ask, 1),
                                     .path = "the body",
                                     .crs = crs ? crs : "EPSG:4490",
                                     .accuracy_m = (double)NAN};
    struct edit_source source = {.options = &options,
                                 .text = ask->request->body,
                                 .n_text = ask->request->n_body,
                                 .id = ask_segment(ask, 2)};
    TRY(edit_request_layer(options.layer, &request.layer, err));
    TRY(read_conditions(ask, &request, err));
    if (source.n_text == 0)
        return err_set(err, ERR_INPUT, "the body is empty; it should be a GeoJSON Feature");
    TRY(edit_request_read(&source, ask->world, ask->arena, &request, &summary, err));
    TRY(apply(ask, &request, err));
done:
    return code;
}

enum err_code ask_delete(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *id = ask_segment(ask, 2);
    struct edit_request request = {.deleted = &id, .n_deleted = 1};
    TRY(edit_request_layer(ask_segment(ask, 1), &request.layer, err));
    TRY(read_conditions(ask, &request, err));
    TRY(apply(ask, &request, err));
done:
    return code;
}
