/*
 * routes.h - every address that is served, in one table, and what answers it.
 *
 * A request is read (path, query, method), its route found, its parameters checked, its
 * world held, its answer written: a pure function of (world, request), testable without a
 * socket. Nothing in a request names a file or a URL that is opened.
 *
 * Life:    routes_new once; routes_app gives it to http.h; routes_free.
 * Threads: all functions are safe; a struct route_state belongs to one thread at a time.
 */
#ifndef SISETU_TILER_ROUTES_H
#define SISETU_TILER_ROUTES_H

#include "tiler/serve/assets.h"
#include "tiler/cache/cache.h"
#include "tiler/cache/disk.h"
#include "tiler/http/http.h"
#include "tiler/http/metrics.h"
#include "tiler/http/request_log.h"
#include "tiler/serve/watch.h"

struct editing;
struct glyph_cache;
struct routes;

/* What is served beside the world. All belong to the caller and outlive the routes. */
struct routes_settings {
    struct watch *watch;
    struct cache *cache;
    struct disk *disk;          /* NULL: tiles are kept in memory alone */
    struct glyph_cache *glyphs; /* routes_new makes it */
    struct editing *editing;    /* NULL: nothing can be changed */
    bool reading_needs_token;
    /* Cache-Control of a map's tiles under an address without the version that is current: by map;
     * NULL: the browser asks each time whether the tile is still the same. */
    const char *cache_controls[CACHE_MAPS];
    const struct assets *assets;
    const char *store_name;    /* base name */
    const char *basemap;       /* JSON for /v1/status: an object or "null" */
    const char *image_sources; /* where else a page may load images from: for its policy; "" */
    struct request_log *log;   /* NULL: requests are counted, not logged */
    struct http_server *const *server; /* where http_start leaves it; NULL: nothing to tell of it */
    struct metrics *metrics;           /* made by routes_new */
};

enum err_code routes_new(const struct routes_settings *settings, struct routes **out,
                         struct err *err);
void routes_free(struct routes *routes);

/* Points into routes. */
struct http_app routes_app(struct routes *routes);

#endif
