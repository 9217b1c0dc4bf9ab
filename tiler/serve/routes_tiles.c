/* routes_tiles.c - /tiles/{map}/{z}/{x}/{y}.png, {y}@2x.png and {y}.mvt; the same of another grid
 * than Web Mercator: /tiles/{map}/{grid}/{z}/{x}/{y}.png. */
#include "data/base/text.h"
#include "geo/world/world.h"
#include "tiler/serve/ask.h"
#include "tiler/tiles/scenes.h"
#include "tiler/tiles/tile_grid.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum err_code read_number(const char *text, const char *name, int64_t *out, struct err *err)
{
    /* Digits alone: "+3", "03" or " 3" would give one tile several addresses. */
    bool plain = *text && strspn(text, "0123456789") == strlen(text) && strlen(text) <= 9 &&
                 (text[0] != '0' || text[1] == '\0');
    if (!plain || !text_to_int(text, out))
        return err_set(err, ERR_USAGE,
                       "%s \"%s\" is not a whole number; a tile is /tiles/{map}/{z}/{x}/{y}.png",
                       name, text);
    return ERR_OK;
}

/* A tile that was asked for. */
struct wanted {
    const struct tile_grid *grid;
    struct tile_key key; /* of the grid's plane */
    bool vector;
    bool gzip; /* of a vector tile */
};

/* "12.png", "12@2x.png" or "12.mvt": cuts the number off. */
static enum err_code read_last(const char *text, char number[32], struct wanted *out,
                               struct err *err)
{
    size_t n = strcspn(text, "@.");
    out->key.scale = 1;
    if (strcmp(text + n, "@2x.png") == 0)
        out->key.scale = 2;
    else if (strcmp(text + n, ".mvt") == 0)
        out->vector = true;
    else if (strcmp(text + n, ".png") != 0)
        return err_set(err, ERR_USAGE, "\"%s\" should end in .png, @2x.png or .mvt", text);
    snprintf(number, 32, "%.*s", (int)(n < 31 ? n : 31), text);
    return ERR_OK;
}

/* Whether an Accept-Encoding names gzip, or anything, and not with a weight of 0 (RFC 9110,
 * 12.5.3). */
static bool takes_gzip(const char *list)
{
    while (list && *list) {
        size_t n = strcspn(list, ","), lead = strspn(list, " \t");
        const char *name = list + (lead < n ? lead : n);
        size_t n_name = strcspn(name, " \t;,");
        if ((n_name == 4 && strncasecmp(name, "gzip", 4) == 0) || (n_name == 1 && *name == '*')) {
            const char *weight = memmem(name, (size_t)(list + n - name), "q=", 2);
            return !weight || strtod(weight + 2, NULL) > 0;
        }
        list += n + (list[n] == ',');
    }
    return false;
}

enum err_code ask_read_map(const char *name, enum map_id *out, struct err *err)
{
    if (map_by_name(name, out))
        return ERR_OK;
    const char *names[MAP_COUNT + 1] = {0};
    char list[128] = "";
    for (int i = 0; i < MAP_COUNT; i++) {
        names[i] = map_name((enum map_id)i);
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = text_nearest(name, names);
    return err_set(err, ERR_NOT_FOUND, "no map \"%s\"%s%s%s; maps are %s", name,
                   near ? ", did you mean " : "", near ? near : "", near ? "?" : "", list);
}

/* ?png=8: a palette whatever it costs in colours; 32: all colours. */
static enum err_code read_form(const struct ask *ask, enum image_form *out, struct err *err)
{
    const char *bits = params_text(&ask->params, "png");
    *out = IMAGE_AUTO;
    if (!bits)
        return ERR_OK;
    if (strcmp(bits, "8") != 0 && strcmp(bits, "32") != 0)
        return err_set(err, ERR_USAGE, "png is 8 or 32, bits a pixel, not \"%s\"", bits);
    *out = bits[0] == '8' ? IMAGE_PALETTE : IMAGE_TRUE;
    return ERR_OK;
}

static enum err_code read_wanted(const struct ask *ask, struct wanted *out, struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t z = 0, x = 0, y = 0;
    char last[32] = "";
    struct tile_key *key = &out->key;
    *out = (struct wanted){.grid = tile_grid_of(GRID_WEB_MERCATOR),
                           .gzip = takes_gzip(ask->request->accept_encoding)};
    TRY(ask_read_map(ask_segment(ask, 1), &key->map, err));
    size_t at = ask->path.n - 3; /* of z */
    if (at == 3)
        TRY(tile_grid_read(ask_segment(ask, 2), &out->grid, err));
    TRY(read_number(ask_segment(ask, at), "z", &z, err));
    TRY(read_number(ask_segment(ask, at + 1), "x", &x, err));
    TRY(read_last(ask_segment(ask, at + 2), last, out, err));
    TRY(read_number(last, "y", &y, err));
    TRY(tile_grid_key(out->grid, z, x, y, key, err));
    if (out->vector && ask->params.n > (params_text(&ask->params, "style") ? 1 : 0))
        return err_set(err, ERR_USAGE, "a vector tile takes no parameter but style");
    TRY(read_form(ask, &key->form, err));
    key->unit = params_text(&ask->params, "unit");
    if (key->unit && world_unit(ask->world, key->unit) < 0)
        return err_set(err, ERR_NOT_FOUND, "no unit has the code \"%s\"", key->unit);
done:
    return code;
}

/* A unit's code is checked to exist, so that the text fits: codes have at most 12 digits. */
static bool cache_key_of(const struct ask *ask, const struct wanted *wanted, struct cache_key *out)
{
    const struct tile_key *key = &wanted->key;
    uint64_t style = style_version(scenes_style(ask->scenes));
    out->edition = ask->edition;
    if (wanted->vector)
        return snprintf(out->text, sizeof out->text, "%016" PRIx64 "/%d/%d/%u/%u/%u/%s", style,
                        (int)wanted->grid->plane, (int)key->map, key->z, key->x, key->y,
                        wanted->gzip ? "mvt.gz" : "mvt") > 0;
    int n = snprintf(out->text, sizeof out->text, "%016" PRIx64 "/%d/%d/%u/%u/%u/%u/%d/%s", style,
                     (int)wanted->grid->plane, (int)key->map, key->z, key->x, key->y, key->scale,
                     (int)key->form, key->unit ? key->unit : "");
    return n > 0 && (size_t)n < sizeof out->text;
}

/* What goes with the bytes of a tile. */
static void describe(struct http_response *response, const struct wanted *wanted)
{
    if (!wanted->vector)
        return;
    response->content_type = "application/vnd.mapbox-vector-tile";
    response->varies = true;
    if (response->body->n_bytes == 0)
        response->status = 204;
    else if (wanted->gzip)
        response->encoding = "gzip";
}

enum err_code ask_tile_quick(struct ask *ask, bool *done, struct err *err)
{
    enum err_code code = ERR_OK;
    struct wanted wanted;
    struct cache_key cached;
    *done = false;
    TRY(read_wanted(ask, &wanted, err));
    if (cache_key_of(ask, &wanted, &cached))
        ask->response->body = cache_look(ask->settings->cache, &cached);
    *done = ask->response->body != NULL;
    if (*done)
        describe(ask->response, &wanted);
done:
    return code;
}

static enum err_code draw_vector(struct ask *ask, struct scenes *scenes,
                                 const struct wanted *wanted, struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf plain;
    buf_init(&plain);
    TRY(vector_tile_draw(scenes, ask->state->vector, &ask->state->worker, &wanted->key,
                         wanted->gzip ? &plain : &ask->out, err));
    if (plain.n_bytes > 0)
        TRY(deflate_gzip(ask->state->deflater, plain.bytes, plain.n_bytes, &ask->out, err));
done:
    buf_release(&plain);
    return code;
}

static enum err_code draw(struct ask *ask, const struct wanted *wanted, struct blob **out,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    struct scenes *scenes;
    TRY(scenes_in_plane(ask->scenes, wanted->grid->plane, &scenes, err));
    if (wanted->vector)
        TRY(draw_vector(ask, scenes, wanted, err));
    else
        TRY(tile_draw(scenes, ask->state->canvas, &ask->state->worker, &wanted->key, &ask->out,
                      err));
    TRY(blob_new(&ask->out, out, err));
done:
    return code;
}

enum err_code ask_tile(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct wanted wanted;
    struct cache_key cached;
    struct blob *blob = NULL;
    TRY(read_wanted(ask, &wanted, err));
    bool kept = cache_key_of(ask, &wanted, &cached);
    if (kept)
        blob = cache_take(ask->settings->cache, &cached);
    if (!blob) {
        code = draw(ask, &wanted, &blob, err);
        if (kept)
            cache_give(ask->settings->cache, &cached, blob);
        TRY(code);
    }
    ask->response->body = blob;
    describe(ask->response, &wanted);
done:
    return code;
}
