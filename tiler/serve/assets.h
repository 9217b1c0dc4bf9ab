/*
 * assets.h - the files of the viewer, read once at start: one table of names, so that no
 * path is ever taken from a request.
 *
 * Life:    assets_load once; never changes.
 * Threads: safe to share once loaded.
 */
#ifndef SISETU_TILER_ASSETS_H
#define SISETU_TILER_ASSETS_H

#include "data/base/err.h"
#include "tiler/cache/blob.h"

struct asset {
    const char *name; /* "app.js" */
    const char *content_type;
    struct blob *body; /* NULL: not there */
};

enum { ASSETS_MOST = 24 };

struct assets {
    struct asset items[ASSETS_MOST];
    size_t n;
};

/* Reads what is there of tiler/viewer. The page itself missing is ERR_NOT_FOUND; of the rest
 * *missing (may be NULL) gets the first name that is not there, else NULL. */
enum err_code assets_load(struct assets *out, const char **missing, struct err *err);
void assets_release(struct assets *assets);

/* NULL if there is no such file. */
const struct asset *assets_find(const struct assets *assets, const char *name);

#endif
