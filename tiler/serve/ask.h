/*
 * ask.h - one request on its way through the routes; for the routes*.c files only.
 *
 * Life:    made by routes.c for each request; a handler fills `out` and the response.
 * Owner:   `arena` lives as long as the request; the scenes are held until its end.
 */
#ifndef SISETU_TILER_ASK_H
#define SISETU_TILER_ASK_H

#include "data/base/json.h"
#include "geo/world/worker.h"
#include "tiler/answers/params.h"
#include "tiler/draw/deflate.h"
#include "tiler/serve/routes.h"
#include "tiler/tiles/vector_tile.h"

/* What one pool thread has for itself. */
struct route_state {
    struct worker worker;
    struct canvas *canvas;
    struct vector_room *vector;
    struct deflater *deflater;
};

struct ask {
    const struct routes_settings *settings;
    const struct http_request *request;
    struct http_response *response;
    struct arena *arena;
    struct path path;
    struct params params;
    struct route_state *state; /* NULL on a connection's own thread */
    struct scenes *scenes;     /* under ?style=; NULL where the route needs no world */
    uint64_t edition;
    const struct world *world;
    char token[TOKEN_NAME_BYTES]; /* name of the one that came with the request, or "" */
    struct buf out;               /* the body of the answer, */
    struct jw jw;                 /* through this if it is JSON */
};

typedef enum err_code ask_handler(struct ask *ask, struct err *err);

/* ERR_NOT_FOUND for a style that there is not, with the names of those that there are. (routes.c)
 */
enum err_code ask_no_style(const struct style_set *styles, const char *name, struct err *err);

/* The last segment or the n-th (from 0), decoded. */
const char *ask_segment(const struct ask *ask, size_t n);

/* "explain=1": the proof itself is the answer, so that it can be kept and verified as it came.
 * *done tells whether it was asked for. (routes_api.c) */
struct proof_question;
enum err_code ask_explain(struct ask *ask, const struct proof_question *question, bool *done,
                          struct err *err);

/* routes_api.c */
ask_handler ask_status, ask_at, ask_units, ask_unit, ask_enterprises, ask_enterprise, ask_conflicts,
    ask_legend, ask_incident, ask_risk, ask_facility_types, ask_check, ask_exposure;

/* routes_near.c */
ask_handler ask_near;

/* routes_vector.c */
ask_handler ask_tilejson, ask_style;

/* routes_edit.c */
ask_handler ask_put, ask_delete;

/* routes_pipeline.c */
ask_handler ask_pipeline;

/* routes_tiles.c: ask_tile_quick answers from the cache alone; *done tells whether it did. */
ask_handler ask_tile;
enum err_code ask_read_map(const char *name, enum map_id *out, struct err *err);
enum err_code ask_tile_quick(struct ask *ask, bool *done, struct err *err);

#endif
