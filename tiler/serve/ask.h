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
    struct wmts_ask *wmts;     /* of a request that came as one to the WMTS; else NULL */
    struct route_state *state; /* NULL on a connection's own thread */
    struct scenes *scenes;     /* under ?style=; NULL where the route needs no world */
    struct cache_epoch epoch;  /* of the scenes */
    const struct world *world;
    char token[TOKEN_NAME_BYTES]; /* name of the one that came with the request, or "" */
    struct buf out;               /* the body of the answer, */
    struct jw jw;                 /* through this if it is JSON */
    bool later;                   /* the request's waiter will be called */
};

typedef enum err_code ask_handler(struct ask *ask, struct err *err);

/* routes.c: whether it is the style that is drawn where none is named; ERR_NOT_FOUND for one that
 * there is not, with the names of those that there are. */
bool ask_is_first_style(const struct ask *ask, const struct style *style);
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

/* routes_metrics.c */
ask_handler ask_metrics;

/* routes_near.c */
ask_handler ask_near;

/* routes_vector.c */
ask_handler ask_tilejson, ask_style, ask_unit_shape;

/* routes_fonts.c */
ask_handler ask_font;

/* "http://host:port" as the client named it; "" if it did not, so that addresses are relative.
 * (routes_vector.c) */
const char *ask_base(const struct ask *ask);

/* routes_wmts.c: ask_wmts_read turns a request to the WMTS into the one that it stands for, by path
 * and parameters; ask_wmts_refuse turns the answer to a failed one into an exception report. */
ask_handler ask_wmts;
enum err_code ask_wmts_read(struct ask *ask, const char *query, struct err *err);
void ask_wmts_refuse(const struct ask *ask, const struct err *err, struct http_response *response);

/* routes_sprite.c */
ask_handler ask_sprite;

/* routes_edit.c */
ask_handler ask_put, ask_delete;

/* routes_pipeline.c */
ask_handler ask_pipeline;

/* routes_tiles.c: ask_tile_quick answers from the cache alone; *done tells whether it did.
 * tile_hit does so for addresses as they are usually written, before anything is parsed. */
ask_handler ask_tile;
enum err_code ask_read_map(const char *name, enum map_id *out, struct err *err);
enum err_code ask_tile_quick(struct ask *ask, bool *done, struct err *err);
bool tile_hit(const struct routes_settings *settings, const struct http_request *request,
              struct http_response *response);

/* routes.c: Cache-Control of what may change at any time: keep it, but ask each time. */
extern const char CACHE_REVALIDATE[];

/* routes.c: 304 if the client has the body. */
void respond_unless_known(const struct http_request *request, struct http_response *response);

#endif
