/* routes_pipeline.c - GET /v1/pipelines/{id}. */
#include "geo/pipelines/pipeline_segments.h"
#include "geo/proof/proof.h"
#include "tiler/answers/answers.h"
#include "tiler/serve/ask.h"

enum err_code ask_pipeline(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct segment *segments = NULL;
    size_t n = 0;
    const char *id = ask_segment(ask, 2);
    int64_t row = world_find(ask->world, LAYER_PIPELINES, id);
    if (row < 0)
        return err_set(err, ERR_NOT_FOUND, "no pipeline \"%s\"", id);
    const struct proof_question proof = {
        .kind = PROOF_PIPELINE, .id = id, .method = params_text(&ask->params, "method")};
    bool explained = false;
    TRY(ask_explain(ask, &proof, &explained, err));
    if (explained)
        goto done;
    struct pipeline_question question = {
        .world = ask->world, .row = (uint32_t)row, .method = params_text(&ask->params, "method")};
    TRY(pipeline_segments_of(&question, &ask->state->worker, &ask->state->worker.arena, &segments,
                             &n, err));
    answer_pipeline(&ask->jw, world_pipeline(ask->world, (size_t)row), segments, n);
done:
    return code;
}
