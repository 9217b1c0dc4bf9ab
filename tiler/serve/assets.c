#include "tiler/serve/assets.h"

#include "data/base/file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define JAVASCRIPT "text/javascript; charset=utf-8"
#define STYLESHEET "text/css; charset=utf-8"

static const struct asset table[] = {
    {"index.html", "text/html; charset=utf-8", NULL},
    {"viewer.css", STYLESHEET, NULL},
    {"ol.css", STYLESHEET, NULL},
    {"ol.js", JAVASCRIPT, NULL},
    {"app.js", JAVASCRIPT, NULL},
    {"access.js", JAVASCRIPT, NULL},
    {"api.js", JAVASCRIPT, NULL},
    {"answers.js", JAVASCRIPT, NULL},
    {"fn.js", JAVASCRIPT, NULL},
    {"dom.js", JAVASCRIPT, NULL},
    {"look.js", JAVASCRIPT, NULL},
    {"map.js", JAVASCRIPT, NULL},
    {"words.js", JAVASCRIPT, NULL},
    {"vector.js", JAVASCRIPT, NULL},
    {"maplibre-gl.js", JAVASCRIPT, NULL},
    {"maplibre-gl-worker.js", JAVASCRIPT, NULL},
};

_Static_assert(sizeof table / sizeof table[0] <= ASSETS_MOST, "ASSETS_MOST is too small");

/* The OpenLayers bundle is 1 MB; nothing of the viewer is larger than a few times that. */
enum { ASSET_MOST_BYTES = 8 << 20 };

static enum err_code load_one(const char *name, struct blob **out, struct err *err)
{
    enum err_code code = ERR_OK;
    char relative[64], path[PATH_MAX];
    struct buf bytes;
    buf_init(&bytes);
    snprintf(relative, sizeof relative, "tiler/viewer/%s", name);
    TRY(file_asset(relative, path, sizeof path, err));
    TRY(file_read(path, ASSET_MOST_BYTES, &bytes, err));
    TRY(blob_new(&bytes, out, err));
done:
    buf_release(&bytes);
    return code;
}

enum err_code assets_load(struct assets *out, const char **missing, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *absent = NULL;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct asset *asset = &out->items[out->n++];
        *asset = table[i];
        code = load_one(asset->name, &asset->body, err);
        if (code == ERR_NOT_FOUND && i > 0) {
            if (!absent)
                absent = asset->name;
            code = ERR_OK;
        }
        if (code != ERR_OK) {
            assets_release(out);
            break;
        }
    }
    if (missing)
        *missing = absent;
    return code;
}

void assets_release(struct assets *assets)
{
    for (size_t i = 0; i < assets->n; i++)
        blob_release(assets->items[i].body);
    assets->n = 0;
}

const struct asset *assets_find(const struct assets *assets, const char *name)
{
    for (size_t i = 0; i < assets->n; i++)
        if (assets->items[i].body && strcmp(assets->items[i].name, name) == 0)
            return &assets->items[i];
    return NULL;
}
