#include "tiler/serve/routes.h"

#include "data/base/limits.h"
#include "data/base/log.h"
#include "data/base/text.h"
#include "tiler/serve/access.h"
#include "tiler/serve/ask.h"
#include "tiler/serve/glyph_cache.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char JSON_TYPE[] = "application/json; charset=utf-8";
static const char XML_TYPE[] = "application/xml; charset=utf-8";
static const char GEOJSON_TYPE[] = "application/geo+json; charset=utf-8";
const char CACHE_REVALIDATE[] = "public, max-age=0, must-revalidate";
/* Overload passes within a tile or two. */
enum { RETRY_AFTER_S = 1 };
/* Of vector tiles: a tenth larger than at 9, in a third of the time. */
enum { GZIP_LEVEL = 6 };

struct routes {
    struct routes_settings settings;
    const char **patterns; /* of the table */
    size_t tile_number;
    char *policy; /* Content-Security-Policy of the page */
};

/* ---- answers that need no world ---- */

static enum err_code ask_health(struct ask *ask, struct err *err)
{
    (void)err;
    jw_object(&ask->jw);
    jw_kv_string(&ask->jw, "status", "ok");
    jw_end_object(&ask->jw);
    return ERR_OK;
}

static enum err_code ask_asset(struct ask *ask, struct err *err)
{
    const char *name = ask->path.n == 0 ? "index.html" : ask_segment(ask, 1);
    const struct asset *asset = assets_find(ask->settings->assets, name);
    if (!asset)
        return err_set(err, ERR_NOT_FOUND, "the viewer has no file \"%s\"", name);
    ask->response->content_type = asset->content_type;
    ask->response->body = blob_acquire(asset->body);
    return ERR_OK;
}

/* ---- the table ---- */

enum needs {
    NEEDS_NOTHING, /* answered on the connection's thread */
    NEEDS_WORLD,   /* answered on a pool thread */
    NEEDS_TILE,    /* from the cache on the connection's thread, else on a pool thread */
};

struct route {
    const char *pattern;     /* segments; * is any one, @ the name of a layer */
    enum http_method method; /* HTTP_GET includes HEAD */
    enum needs needs;
    ask_handler *handle;
    const char *const *params; /* known ones, up to NULL */
    const char *content_type;
};

#define PARAMS(...)                                                                                \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
static const char *const NO_PARAMS[] = {NULL};

static const struct route table[] = {
    {"/", HTTP_GET, NEEDS_NOTHING, ask_asset, NO_PARAMS, NULL},
    {"/viewer/*", HTTP_GET, NEEDS_NOTHING, ask_asset, NO_PARAMS, NULL},
    {"/healthz", HTTP_GET, NEEDS_NOTHING, ask_health, NO_PARAMS, JSON_TYPE},
    {"/metrics", HTTP_GET, NEEDS_NOTHING, ask_metrics, NO_PARAMS,
     "text/plain; version=0.0.4; charset=utf-8"},
    /* map and unit: OpenLayers hands them on from the style's address to all that it leads to */
    {"/tiles/*", HTTP_GET, NEEDS_WORLD, ask_tilejson, PARAMS("style", "map", "unit"), JSON_TYPE},
    {"/styles/*", HTTP_GET, NEEDS_WORLD, ask_style, PARAMS("map", "unit"), JSON_TYPE},
    {"/styles/*/*", HTTP_GET, NEEDS_WORLD, ask_sprite, NO_PARAMS, JSON_TYPE},
    {"/tiles/*/*/*/*", HTTP_GET, NEEDS_TILE, ask_tile,
     PARAMS("style", "map", "unit", "overlay", "png", "v"), "image/png"},
    {"/tiles/*/*/*/*/*", HTTP_GET, NEEDS_TILE, ask_tile,
     PARAMS("style", "map", "unit", "overlay", "png", "v"), "image/png"},
    {"/fonts/*/*", HTTP_GET, NEEDS_WORLD, ask_font, NO_PARAMS, NULL},
    {"/v1/status", HTTP_GET, NEEDS_WORLD, ask_status, NO_PARAMS, JSON_TYPE},
    {"/v1/at", HTTP_GET, NEEDS_WORLD, ask_at, PARAMS("lon", "lat", "radius_m"), JSON_TYPE},
    {"/v1/units", HTTP_GET, NEEDS_WORLD, ask_units, NO_PARAMS, JSON_TYPE},
    {"/v1/units/*", HTTP_GET, NEEDS_WORLD, ask_unit, PARAMS("explain", "method"), JSON_TYPE},
    {"/v1/units/*/*", HTTP_GET, NEEDS_WORLD, ask_unit_shape, PARAMS("map", "unit"), GEOJSON_TYPE},
    {"/v1/enterprises", HTTP_GET, NEEDS_WORLD, ask_enterprises,
     PARAMS("grade", "unit", "limit", "after"), JSON_TYPE},
    {"/v1/enterprises/*", HTTP_GET, NEEDS_WORLD, ask_enterprise, PARAMS("explain"), JSON_TYPE},
    {"/v1/conflicts", HTTP_GET, NEEDS_WORLD, ask_conflicts,
     PARAMS("bbox", "grade", "verdict", "unit", "limit", "after", "id", "explain"), GEOJSON_TYPE},
    {"/v1/legend/*", HTTP_GET, NEEDS_WORLD, ask_legend, PARAMS("style", "lang"), JSON_TYPE},
    {"/v1/incident", HTTP_GET, NEEDS_WORLD, ask_incident, PARAMS("lon", "lat", "radius_m"),
     JSON_TYPE},
    {"/v1/near", HTTP_GET, NEEDS_WORLD, ask_near, PARAMS("a", "layer", "within_m", "nearest"),
     JSON_TYPE},
    {"/v1/risk", HTTP_GET, NEEDS_WORLD, ask_risk, PARAMS("enterprise", "unit", "lon", "lat"),
     JSON_TYPE},
    {"/v1/pipelines/*", HTTP_GET, NEEDS_WORLD, ask_pipeline, PARAMS("method", "explain"),
     JSON_TYPE},
    {"/v1/facility_types", HTTP_GET, NEEDS_WORLD, ask_facility_types, NO_PARAMS, JSON_TYPE},
    {"/v1/check", HTTP_POST, NEEDS_WORLD, ask_check, PARAMS("explain"), JSON_TYPE},
    {"/v1/exposure", HTTP_POST, NEEDS_WORLD, ask_exposure, NO_PARAMS, JSON_TYPE},
    {"/v1/@/*", HTTP_PUT, NEEDS_WORLD, ask_put, PARAMS("crs"), JSON_TYPE},
    {"/v1/@/*", HTTP_DELETE, NEEDS_WORLD, ask_delete, NO_PARAMS, JSON_TYPE},
    /* read as a whole by ask_wmts_read */
    {"/wmts", HTTP_GET, NEEDS_WORLD, ask_wmts, NO_PARAMS, XML_TYPE},
    {"/wmts/*/*", HTTP_GET, NEEDS_WORLD, ask_wmts, NO_PARAMS, XML_TYPE},
    {"/wmts/*/*/*/*/*/*/*", HTTP_GET, NEEDS_WORLD, ask_wmts, NO_PARAMS, XML_TYPE},
    {"/*/wmts", HTTP_GET, NEEDS_WORLD, ask_wmts, NO_PARAMS, XML_TYPE},
};

enum { N_ROUTES = sizeof table / sizeof table[0] };

static bool matches(const char *pattern, const struct path *path)
{
    size_t at = 0;
    for (pattern++; *pattern; at++) {
        size_t n = strcspn(pattern, "/");
        if (at == path->n)
            return false;
        const char *segment = path->segments[at];
        enum layer_id layer;
        bool any =
            n == 1 && (*pattern == '*' || (*pattern == '@' && layer_by_name(segment, &layer)));
        if (!any && (strlen(segment) != n || memcmp(segment, pattern, n) != 0))
            return false;
        pattern += n + (pattern[n] == '/');
    }
    return at == path->n;
}

/* The route of a path for a method; *allowed, in the arena, lists the methods of the path, NULL if
 * nothing is served there. */
static const struct route *find_route(const struct path *path, enum http_method method,
                                      struct arena *arena, const char **allowed)
{
    static const char *const names[] = {[HTTP_GET] = "GET, HEAD",
                                        [HTTP_POST] = "POST",
                                        [HTTP_PUT] = "PUT",
                                        [HTTP_DELETE] = "DELETE"};
    const struct route *found = NULL;
    const char *list = NULL;
    for (size_t i = 0; i < N_ROUTES; i++) {
        if (!matches(table[i].pattern, path))
            continue;
        if (!found && table[i].method == method)
            found = &table[i];
        const char *name = names[table[i].method];
        list = list ? arena_printf(arena, "%s, %s", list, name) : name;
    }
    *allowed = list ? arena_printf(arena, "%s, OPTIONS", list) : NULL;
    return found;
}

/* What is counted under the route's pattern (http_response.route). */
static size_t number_of(const struct route *route)
{
    return (size_t)(route - table) + 1;
}

static size_t number_of_tiles(void)
{
    for (size_t i = 0; i < N_ROUTES; i++)
        if (table[i].handle == ask_tile)
            return i + 1;
    return 0;
}

const char *ask_segment(const struct ask *ask, size_t n)
{
    return n < ask->path.n ? ask->path.segments[n] : "";
}

/* ---- errors ---- */

/* ERR_NOT_FOUND to "not_found". */
static void write_error(struct jw *jw, const struct err *err)
{
    char code[64];
    snprintf(code, sizeof code, "%s", err_code_name(err->code) + strlen("ERR_"));
    for (char *c = code; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    jw_object(jw);
    jw_key(jw, "error");
    jw_object(jw);
    jw_kv_string(jw, "code", code);
    jw_kv_string(jw, "message", err->message);
    jw_end_object(jw);
    jw_end_object(jw);
}

static void respond_error(const struct err *err, struct http_response *response)
{
    struct buf out;
    struct jw jw;
    buf_init(&out);
    jw_init(&jw, &out);
    write_error(&jw, err);
    blob_release(response->body);
    response->body = NULL;
    response->status = err_http_status(err->code);
    response->content_type = JSON_TYPE;
    response->cache_control = "no-store";
    response->policy = NULL;
    response->encoding = NULL;
    response->kept = false;
    response->tagged = false;
    if (response->status == 503)
        response->retry_after_s = RETRY_AFTER_S;
    (void)blob_new(&out, &response->body, NULL); /* without memory: the bare status */
    buf_release(&out);
    /* What we did wrong ourselves is for the operator; what a client did wrong is not. */
    if (response->status == 500 || response->status == 507)
        log_line("request", "error=%s message=\"%s\"", err_code_name(err->code), err->message);
}

static void refuse(void *context, const struct err *err, struct http_response *response)
{
    (void)context;
    respond_error(err, response);
}

/* ---- a request ---- */

/* A token where one is needed. The page itself says nothing of the store, and asks with one. */
static enum err_code check_access(struct ask *ask, const struct route *route, struct err *err)
{
    bool changes = route->method == HTTP_PUT || route->method == HTTP_DELETE;
    bool tells = route->needs != NEEDS_NOTHING || route->handle == ask_metrics;
    if (!changes && !(ask->settings->reading_needs_token && tells))
        return ERR_OK;
    const char *challenge = NULL;
    enum err_code code = access_check(ask->settings->watch, changes ? TOKEN_WRITE : TOKEN_READ,
                                      ask->request->authorization, ask->token, &challenge, err);
    if (code != ERR_OK)
        ask->response->authenticate = challenge;
    snprintf(ask->response->user, sizeof ask->response->user, "%s", ask->token);
    return code;
}

/* Clients hand the parameters of a style's address on to its tiles (ol-mapbox-style): ?map= says
 * again what the path says. */
static enum err_code check_map(const struct ask *ask, struct err *err)
{
    const char *map = params_text(&ask->params, "map"), *named = ask_segment(ask, 1);
    if (!map || strcmp(ask_segment(ask, 0), "tiles") != 0)
        return ERR_OK;
    size_t n = strlen(map);
    if (strncmp(named, map, n) == 0 && (named[n] == '\0' || strcmp(named + n, ".json") == 0))
        return ERR_OK;
    return err_set(err, ERR_USAGE, "the path is of %s, the parameter map of \"%.64s\"", named, map);
}

/* Splits the target, finds the route, checks method, token and parameters. *route stays NULL when
 * the response is complete already (OPTIONS). */
static enum err_code read_target(struct ask *ask, const struct route **out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = NULL;
    const char *target = ask->request->target;
    size_t n = strcspn(target, "?");
    const char *raw_path = arena_strndup(ask->arena, target, n);
    if (!raw_path)
        return err_nomem(err);
    TRY(path_parse(raw_path, ask->arena, &ask->path, err));
    enum http_method method = ask->request->method == HTTP_HEAD ? HTTP_GET : ask->request->method;
    const char *allowed = NULL;
    const struct route *route = find_route(&ask->path, method, ask->arena, &allowed);
    if (!allowed)
        return err_set(err, ERR_NOT_FOUND, "nothing is served at %.200s", raw_path);
    if (method == HTTP_OPTIONS || !route)
        snprintf(ask->response->allow, sizeof ask->response->allow, "%s", allowed);
    if (method == HTTP_OPTIONS) {
        ask->response->status = 204;
        return ERR_OK;
    }
    if (!route)
        return err_set(err, ERR_METHOD, "this address answers %s", allowed);
    ask->response->route = number_of(route);
    TRY(check_access(ask, route, err));
    const char *query = target[n] == '?' ? target + n + 1 : NULL;
    *out = route;
    if (route->handle == ask_wmts) {
        TRY(ask_wmts_read(ask, query, err));
        *out = find_route(&ask->path, method, ask->arena, &allowed);
        return ERR_OK; /* it counts as what came */
    }
    TRY(params_parse(query, ask->arena, &ask->params, err));
    TRY(params_known(&ask->params, route->params, err));
    TRY(check_map(ask, err));
done:
    return code;
}

/* Whether If-None-Match names the tag: "*" or a list of tags, weak or strong. */
static bool names_tag(const char *list, const char *tag)
{
    if (!list)
        return false;
    if (strcmp(list, "*") == 0)
        return true;
    size_t n = strlen(tag);
    for (const char *at = strstr(list, tag); at; at = strstr(at + 1, tag))
        if (at[n] == '\0' || at[n] == ',' || at[n] == ' ')
            return true;
    return false;
}

void respond_unless_known(const struct http_request *request, struct http_response *response)
{
    response->tagged = true;
    if (names_tag(request->if_none_match, response->body->tag))
        response->status = 304;
}

/* The written answer becomes the response's body, with its tag; unchanged becomes 304. */
static enum err_code finish(struct ask *ask, const struct route *route, struct err *err)
{
    enum err_code code = ERR_OK;
    struct http_response *response = ask->response;
    if (response->status == 0)
        response->status = 200;
    if (!response->body)
        TRY(blob_new(&ask->out, &response->body, err));
    if (!response->content_type)
        response->content_type = route->content_type;
    if (!response->cache_control)
        response->cache_control = CACHE_REVALIDATE;
    bool read = ask->request->method == HTTP_GET || ask->request->method == HTTP_HEAD;
    if (!read || ask->settings->reading_needs_token) /* a shared cache asks for no token */
        response->cache_control = read ? "private, max-age=0, must-revalidate" : "no-store";
    if (read)
        respond_unless_known(ask->request, response);
    if (ask->world && response->generation == 0)
        response->generation = ask->world->generation;
done:
    return code;
}

enum err_code ask_no_style(const struct style_set *styles, const char *name, struct err *err)
{
    const char *names[STYLE_SET_MOST + 1] = {0};
    char list[256] = "";
    for (size_t i = 0; i < style_set_count(styles); i++) {
        names[i] = style_name(style_set_at(styles, i));
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = text_nearest(name, names);
    return err_set(err, ERR_NOT_FOUND, "no style \"%s\"%s%s%s; styles are %s", name,
                   near ? ", did you mean " : "", near ? near : "", near ? "?" : "", list);
}

bool ask_is_first_style(const struct ask *ask, const struct style *style)
{
    struct style_set *styles = watch_styles(ask->settings->watch);
    bool is_first = text_equal(style_name(style_set_at(styles, 0)), style_name(style));
    style_set_release(styles);
    return is_first;
}

static enum err_code hold_world(struct ask *ask, struct err *err)
{
    const char *style = params_text(&ask->params, "style");
    ask->scenes = watch_acquire(ask->settings->watch, style, &ask->epoch);
    if (!ask->scenes) {
        struct style_set *styles = watch_styles(ask->settings->watch);
        enum err_code code = ask_no_style(styles, style, err);
        style_set_release(styles);
        return code;
    }
    ask->world = scenes_world(ask->scenes);
    return ERR_OK;
}

static void begin(struct ask *ask, struct routes *routes, const struct http_request *request,
                  struct http_response *response, struct arena *arena)
{
    *ask = (struct ask){
        .settings = &routes->settings, .request = request, .response = response, .arena = arena};
    buf_init(&ask->out);
    jw_init(&ask->jw, &ask->out);
}

static void end(struct ask *ask)
{
    if (ask->scenes)
        scenes_release(ask->scenes);
    buf_release(&ask->out);
}

/* On the connection's thread: mistakes, what needs no world, and cached tiles. */
static bool quick(void *context, const struct http_request *request, struct http_response *response)
{
    struct routes *routes = context;
    struct arena arena;
    struct ask ask;
    struct err err = {0};
    const struct route *route = NULL;
    bool done = true;
    if (tile_hit(&routes->settings, request, response)) {
        response->route = routes->tile_number;
        return true;
    }
    arena_init(&arena, LIMIT_REQUEST_BYTES);
    begin(&ask, routes, request, response, &arena);
    enum err_code code = read_target(&ask, &route, &err);
    if (code == ERR_OK && route) {
        done = route->needs == NEEDS_NOTHING;
        response->is_long = route->needs == NEEDS_WORLD;
        if (done)
            code = route->handle(&ask, &err);
        if (route->needs == NEEDS_TILE) {
            code = hold_world(&ask, &err);
            if (code == ERR_OK)
                code = ask_tile_quick(&ask, &done, &err);
        }
        if (code == ERR_OK && done)
            code = finish(&ask, route, &err);
        if (code == ERR_OK && done && ask.path.n == 0)
            response->policy = routes->policy;
    }
    if (code != ERR_OK) {
        respond_error(&err, response);
        ask_wmts_refuse(&ask, &err, response);
        done = true;
    }
    end(&ask);
    arena_release(&arena);
    return done;
}

/* On a pool thread: everything else. */
static bool answer(void *context, void *state_pointer, const struct http_request *request,
                   struct http_response *response)
{
    struct routes *routes = context;
    struct route_state *state = state_pointer;
    struct ask ask;
    struct err err = {0};
    const struct route *route = NULL;
    begin(&ask, routes, request, response, &state->worker.arena);
    ask.state = state;
    enum err_code code = read_target(&ask, &route, &err);
    if (code == ERR_OK && route) {
        code = hold_world(&ask, &err);
        if (code == ERR_OK)
            code = route->handle(&ask, &err);
    }
    if (code == ERR_OK && route && !ask.later)
        code = finish(&ask, route, &err);
    if (code != ERR_OK) {
        respond_error(&err, response);
        ask_wmts_refuse(&ask, &err, response);
    }
    end(&ask);
    worker_reset(&state->worker);
    return !ask.later;
}

/* ---- the whole ---- */

static void state_free(void *context, void *pointer)
{
    (void)context;
    struct route_state *state = pointer;
    if (!state)
        return;
    canvas_free(state->canvas);
    vector_room_free(state->vector);
    deflater_free(state->deflater);
    worker_release(&state->worker);
    free(state);
}

static enum err_code state_new(void *context, void **out, struct err *err)
{
    struct routes *routes = context;
    enum err_code code = ERR_OK;
    struct route_state *state = calloc(1, sizeof *state);
    if (!state)
        return err_nomem(err);
    code = worker_init(&state->worker, LIMIT_REQUEST_BYTES, err);
    if (code == ERR_OK) {
        struct style_set *styles = watch_styles(routes->settings.watch);
        code = canvas_new(style_set_at(styles, 0), &state->canvas, err);
        style_set_release(styles);
        if (code == ERR_OK)
            code = vector_room_new(&state->vector, err);
        if (code == ERR_OK)
            code = deflater_new(GZIP_LEVEL, &state->deflater, err);
        if (code != ERR_OK)
            state_free(context, state);
    } else {
        free(state);
    }
    *out = code == ERR_OK ? state : NULL;
    return code;
}

/* A request is over: it is counted and, if they are logged, written down. */
static void ended(void *context, const struct http_ended *ended)
{
    struct routes *routes = context;
    const struct http_response *response = ended->response;
    size_t route = response->route ? response->route - 1 : N_ROUTES;
    struct metrics_request counted = {.route = route,
                                      .method = ended->request->method,
                                      .status = ended->status,
                                      .n_bytes = ended->n_bytes,
                                      .seconds = ended->seconds};
    metrics_count(routes->settings.metrics, &counted);
    if (!routes->settings.log)
        return;
    struct request_line line = {.id = ended->request->id,
                                .from = ended->client,
                                .token = response->user,
                                .method = ended->method,
                                .target = ended->request->target,
                                .status = ended->status,
                                .n_bytes = ended->n_bytes,
                                .seconds = ended->seconds};
    request_log_write(routes->settings.log, &line);
}

enum err_code routes_new(const struct routes_settings *settings, struct routes **out,
                         struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf policy;
    buf_init(&policy);
    /* Only our own scripts run; styles are set by OpenLayers on its elements. */
    buf_printf(&policy,
               "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
               "img-src 'self' data: blob:%s%s; object-src 'none'; base-uri 'none'; "
               "form-action 'self'",
               *settings->image_sources ? " " : "", settings->image_sources);
    struct routes *routes = calloc(1, sizeof *routes);
    TRY(routes && buf_ok(&policy) ? ERR_OK : err_nomem(err));
    routes->settings = *settings;
    routes->tile_number = number_of_tiles();
    routes->patterns = calloc(N_ROUTES, sizeof *routes->patterns);
    TRY(routes->patterns ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < N_ROUTES; i++)
        routes->patterns[i] = table[i].pattern;
    TRY(metrics_new(routes->patterns, N_ROUTES, &routes->settings.metrics, err));
    TRY(glyph_cache_new(&routes->settings.glyphs, err));
    routes->policy = policy.bytes;
    buf_init(&policy);
    *out = routes;
    routes = NULL;
done:
    buf_release(&policy);
    routes_free(routes);
    return code;
}

void routes_free(struct routes *routes)
{
    if (!routes)
        return;
    metrics_free(routes->settings.metrics);
    glyph_cache_free(routes->settings.glyphs);
    free(routes->patterns);
    free(routes->policy);
    free(routes);
}

struct http_app routes_app(struct routes *routes)
{
    return (struct http_app){.context = routes,
                             .quick = quick,
                             .answer = answer,
                             .refuse = refuse,
                             .state_new = state_new,
                             .state_free = state_free,
                             .ended = ended,
                             .names_clients = routes->settings.log != NULL};
}
