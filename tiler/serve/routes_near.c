/* routes_near.c - GET /v1/near: what of a layer is near one record. */
#include "data/base/limits.h"
#include "geo/world/near.h"
#include "tiler/answers/answers.h"
#include "tiler/serve/ask.h"

#include <string.h>

/* "enterprises/E1"; ids may hold slashes. */
static enum err_code read_record(struct ask *ask, struct near_facts *facts, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *text = params_text(&ask->params, "a");
    const char *slash = text ? strchr(text, '/') : NULL;
    if (!slash || slash == text || !slash[1])
        return err_set(err, ERR_USAGE,
                       "parameter a%s%s%s should be a layer and an id: a=enterprises/E1",
                       text ? " \"" : "", text ? text : "", text ? "\"" : " is missing, and");
    const char *layer = arena_strndup(ask->arena, text, (size_t)(slash - text));
    if (!layer)
        return err_nomem(err);
    TRY(near_layer(ask->world, layer, &facts->a_layer, err));
    int64_t row = world_find(ask->world, facts->a_layer, slash + 1);
    if (row < 0)
        return err_set(err, ERR_NOT_FOUND, "no record \"%s\" in %s", slash + 1, layer);
    facts->a_row = (uint32_t)row;
done:
    return code;
}

struct but_self {
    bool same_layer;
    uint32_t row;
};

static bool is_not_self(void *context, uint32_t row)
{
    const struct but_self *self = context;
    return !(self->same_layer && row == self->row);
}

enum err_code ask_near(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct near_facts facts = {.within_m = INFINITY};
    int64_t nearest = 0;
    const char *layer = params_text(&ask->params, "layer");
    if (!layer)
        return err_set(err, ERR_USAGE, "parameter layer is missing: what is looked for");
    TRY(read_record(ask, &facts, err));
    TRY(near_layer(ask->world, layer, &facts.b_layer, err));
    TRY(params_real(&ask->params, "within_m", false, LIMIT_LEAST_DISTANCE_MM / 1e3, LIMIT_RADIUS_M,
                    &facts.within_m, err));
    TRY(params_integer(&ask->params, "nearest", 1, LIMIT_PAGE_ITEMS, &nearest, err));
    if (nearest == 0 && facts.within_m == (double)INFINITY)
        return err_set(err, ERR_USAGE, "give within_m, nearest or both");
    struct but_self self = {facts.a_layer == facts.b_layer, facts.a_row};
    const struct near_question question = {.world = ask->world,
                                           .layer = facts.b_layer,
                                           .shape =
                                               world_geom(ask->world, facts.a_layer, facts.a_row),
                                           .within_m = facts.within_m,
                                           .fits = is_not_self,
                                           .context = &self};
    if (nearest == 0) {
        TRY(near_within(&question, ask->arena, &facts.rows, &facts.n, err));
    } else {
        facts.rows = arena_new(ask->arena, struct near_row, (size_t)nearest);
        if (!facts.rows)
            return err_nomem(err);
        TRY(near_nearest(&question, (size_t)nearest, ask->arena, facts.rows, &facts.n, err));
    }
    if (facts.n > LIMIT_PAGE_ITEMS)
        return err_set(err, ERR_LIMIT,
                       "%zu records are so near; at most %d are answered: ask a smaller within_m, "
                       "or nearest",
                       facts.n, (int)LIMIT_PAGE_ITEMS);
    answer_near(&ask->jw, ask->world, &facts);
done:
    return code;
}
