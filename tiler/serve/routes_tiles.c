/* routes_tiles.c - /tiles/{map}/{z}/{x}/{y}.png, {y}@2x.png and {y}.mvt; the same of another grid
 * than Web Mercator: /tiles/{map}/{grid}/{z}/{x}/{y}.png. */
#include "data/base/limits.h"
#include "data/base/text.h"
#include "geo/world/world.h"
#include "tiler/serve/ask.h"
#include "tiler/tiles/scenes.h"
#include "tiler/grid/tile_grid.h"
#include "tiler/tiles/tile.h"

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

static enum err_code read_part(const struct ask *ask, enum tile_part *out, struct err *err)
{
    const char *overlay = params_text(&ask->params, "overlay");
    if (overlay && strcmp(overlay, "1") != 0 && strcmp(overlay, "names") != 0)
        return err_set(err, ERR_USAGE, "overlay is 1, names, or left out, not \"%s\"", overlay);
    *out = !overlay ? TILE_WHOLE : *overlay == '1' ? TILE_OVERLAY : TILE_NAMES;
    return ERR_OK;
}

static enum err_code read_wanted(const struct ask *ask, struct wanted *out, struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t z = 0, x = 0, y = 0;
    char last[32] = "";
    struct tile_key *key = &out->key;
    struct plane_tile tile;
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
    TRY(tile_grid_tile(out->grid, z, x, y, &tile, err));
    key->z = tile.z, key->x = tile.x, key->y = tile.y;
    size_t n_allowed = (size_t)(params_text(&ask->params, "style") != NULL) +
                       (size_t)(params_text(&ask->params, "map") != NULL) +
                       (size_t)(params_text(&ask->params, "unit") != NULL) +
                       (size_t)(params_text(&ask->params, "v") != NULL);
    if (out->vector && ask->params.n > n_allowed)
        return err_set(err, ERR_USAGE,
                       "a vector tile takes no parameters but style, map, unit and v");
    TRY(read_form(ask, &key->form, err));
    key->unit = params_text(&ask->params, "unit");
    if (key->unit && world_unit(ask->world, key->unit) < 0)
        return err_set(err, ERR_NOT_FOUND, "no unit has the code \"%s\"", key->unit);
    if (out->vector) /* the client draws it, from a source of its own */
        key->unit = NULL;
    TRY(read_part(ask, &key->part, err));
done:
    return code;
}

/* ---- the cache ---- */

static const char ENDS_IN_GZIP[] = " gz"; /* no address has a space in it */

/* "?style=dark&png=8&unit=640100&overlay=1", what is usual left out; the first style by no name,
 * one that is no plain word by its version, under an address that nobody can ask for. A unit's code
 * is checked to exist: codes have at most 12 digits. */
static void write_query(const struct ask *ask, const struct tile_key *key, struct buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const struct style *style = scenes_style(ask->scenes);
    const char *name = style_name(style);
    char mark = '?';
    if (params_text(&ask->params, "style") && !ask_is_first_style(ask, style)) {
        if (strlen(name) <= 24 && strspn(name, plain) == strlen(name))
            buf_printf(out, "%cstyle=%s", mark, name);
        else
            buf_printf(out, "%cstyle= %016" PRIx64, mark, style_version(style));
        mark = '&';
    }
    if (key->form != IMAGE_AUTO) {
        buf_printf(out, "%cpng=%d", mark, key->form == IMAGE_PALETTE ? 8 : 32);
        mark = '&';
    }
    if (key->unit) {
        buf_printf(out, "%cunit=%s", mark, key->unit);
        mark = '&';
    }
    if (key->part != TILE_WHOLE)
        buf_printf(out, "%coverlay=%s", mark, key->part == TILE_OVERLAY ? "1" : "names");
}

/* The text is the address of the tile in one spelling, without "/tiles/" and version: grids that
 * share their tiles go by the name of one. What goes over the wire as gzip is another text. */
static bool cache_key_of(const struct ask *ask, const struct wanted *wanted, bool gzip,
                         struct cache_key *out)
{
    const struct tile_key *key = &wanted->key;
    bool mercator = wanted->grid->plane == PLANE_MERCATOR;
    const struct tile_grid *grid = tile_grid_of(mercator ? GRID_WEB_MERCATOR : GRID_CGCS2000);
    struct buf text;
    *out = (struct cache_key){.edition = ask->epoch.edition,
                              .place = {.style = style_version(scenes_style(ask->scenes)),
                                        .map = (uint8_t)key->map,
                                        .plane = (uint8_t)wanted->grid->plane,
                                        .z = (uint8_t)key->z,
                                        .vector = wanted->vector,
                                        .of_unit = key->unit != NULL,
                                        .x = key->x,
                                        .y = key->y}};
    buf_init(&text);
    buf_printf(&text, "%s/%s%s%u/%u/%u%s", map_name(key->map), mercator ? "" : grid->name,
               mercator ? "" : "/", key->z - grid->plane_zoom, key->x, key->y,
               wanted->vector    ? ".mvt"
               : key->scale == 2 ? "@2x.png"
                                 : ".png");
    write_query(ask, key, &text);
    if (gzip)
        buf_add_text(&text, ENDS_IN_GZIP);
    bool fits = buf_ok(&text) && text.n_bytes < sizeof out->text;
    if (fits)
        memcpy(out->text, buf_text(&text), text.n_bytes + 1);
    buf_release(&text);
    return fits;
}

/* Takes "v=..." out of an address; false if it is not in its usual spelling. */
static bool read_plain(const char *address, char text[CACHE_KEY_BYTES], char v[32])
{
    static const char usual[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@?=&";
    size_t n = strlen(address);
    *v = '\0';
    if (n + sizeof ENDS_IN_GZIP > CACHE_KEY_BYTES || strspn(address, usual) != n)
        return false;
    memcpy(text, address, n + 1);
    char *at = strstr(text, "?v=");
    if (!at)
        at = strstr(text, "&v=");
    if (!at)
        return true;
    size_t n_v = strcspn(at + 3, "&");
    if (n_v >= 32)
        return false;
    memcpy(v, at + 3, n_v);
    v[n_v] = '\0';
    const char *rest = at + 3 + n_v; /* "" or "&..." */
    char mark = *at;
    memmove(at, rest, strlen(rest) + 1);
    if (*at)
        *at = mark;
    return true;
}

/* An address with the version that is current is good for ever: another content is another
 * address. */
static const char *cache_control_of(const struct routes_settings *settings, enum map_id map,
                                    const char *v, const struct cache_epoch *epoch)
{
    static const char IMMUTABLE[] = "public, max-age=31536000, immutable";
    char current[32];
    snprintf(current, sizeof current, "%016" PRIx64, epoch->versions[map]);
    return v && strcmp(v, current) == 0 ? IMMUTABLE : settings->cache_controls[map];
}

/* What goes with the bytes of a tile. */
static void describe(struct http_response *response, bool vector, bool gzip)
{
    response->kept = true;
    response->status = 200;
    response->content_type = vector ? "application/vnd.mapbox-vector-tile" : "image/png";
    response->varies = vector;
    if (!vector)
        return;
    if (response->body->n_bytes == 0)
        response->status = 204;
    else if (gzip)
        response->encoding = "gzip";
}

bool tile_hit(const struct routes_settings *settings, const struct http_request *request,
              struct http_response *response)
{
    static const char prefix[] = "/tiles/";
    char text[CACHE_KEY_BYTES], v[32];
    struct cache_found found;
    if ((request->method != HTTP_GET && request->method != HTTP_HEAD) ||
        settings->reading_needs_token || !text_starts(request->target, prefix) ||
        !read_plain(request->target + strlen(prefix), text, v))
        return false;
    size_t n = strlen(text), n_path = strcspn(text, "?");
    bool gzip = n_path > 4 && memcmp(text + n_path - 4, ".mvt", 4) == 0 &&
                takes_gzip(request->accept_encoding);
    if (gzip)
        memcpy(text + n, ENDS_IN_GZIP, sizeof ENDS_IN_GZIP);
    if (!cache_look(settings->cache, text, &found))
        return false;
    response->body = found.blob;
    response->generation = found.epoch.generation;
    response->cache_control =
        cache_control_of(settings, (enum map_id)found.place.map, v, &found.epoch);
    if (!response->cache_control)
        response->cache_control = CACHE_REVALIDATE;
    describe(response, found.place.vector, gzip);
    respond_unless_known(request, response);
    return true;
}

/* The response of a tile that was found or drawn. */
static void respond(struct ask *ask, const struct wanted *wanted, struct blob *blob,
                    const struct cache_epoch *epoch)
{
    struct http_response *response = ask->response;
    response->body = blob;
    response->generation = epoch->generation;
    response->cache_control =
        cache_control_of(ask->settings, wanted->key.map, params_text(&ask->params, "v"), epoch);
    describe(response, wanted->vector, wanted->gzip);
}

enum err_code ask_tile_quick(struct ask *ask, bool *done, struct err *err)
{
    enum err_code code = ERR_OK;
    struct wanted wanted;
    struct cache_key key;
    struct cache_found found;
    *done = false;
    TRY(read_wanted(ask, &wanted, err));
    *done = cache_key_of(ask, &wanted, wanted.vector && wanted.gzip, &key) &&
            cache_look(ask->settings->cache, key.text, &found);
    if (*done)
        respond(ask, &wanted, found.blob, &found.epoch);
done:
    return code;
}

/* ---- drawing ---- */

static enum err_code draw_vector(struct ask *ask, struct scenes *scenes,
                                 const struct wanted *wanted, struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf plain;
    buf_init(&plain);
    TRY(vector_tile_draw(scenes, ask->state->vector, &ask->state->worker, &wanted->key, &plain,
                         err));
    if (plain.n_bytes > 0)
        TRY(deflate_gzip(ask->state->deflater, plain.bytes, plain.n_bytes, &ask->out, err));
done:
    buf_release(&plain);
    return code;
}

/* A vector tile as gzip. */
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

static enum err_code load_or_draw(struct ask *ask, const struct wanted *wanted,
                                  const struct cache_key *key, struct blob **out, struct err *err)
{
    struct disk *disk = ask->settings->disk;
    uint64_t version = ask->epoch.versions[key->place.map];
    *out = disk_find(disk, key, version);
    if (*out)
        return ERR_OK;
    enum err_code code = draw(ask, wanted, out, err);
    if (code == ERR_OK)
        disk_keep(disk, key, version, *out);
    return code;
}

/* The tile as it is drawn, by whomever; ask->later if that will be somebody else. */
static enum err_code find_or_draw(struct ask *ask, const struct wanted *wanted,
                                  struct cache_found *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cache *cache = ask->settings->cache;
    struct cache_key key;
    *out = (struct cache_found){.epoch = ask->epoch};
    if (!cache_key_of(ask, wanted, wanted->vector, &key))
        return draw(ask, wanted, &out->blob, err);
    switch (cache_take(cache, &key, ask->request->waiter, out)) {
    case CACHE_HIT:
        break;
    case CACHE_LATER:
        ask->later = true;
        break;
    case CACHE_YOURS:
        code = load_or_draw(ask, wanted, &key, &out->blob, err);
        cache_give(cache, &key, out->blob);
        break;
    }
    return code;
}

/* For those who do not take gzip: unpacked, and kept so. */
static enum err_code unpack(struct ask *ask, const struct wanted *wanted, struct cache_found *found,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    struct cache_key key;
    struct blob *plain = NULL;
    if (found->blob->n_bytes > 0)
        TRY(inflate_gzip(found->blob->bytes, found->blob->n_bytes, LIMIT_REQUEST_BYTES, &ask->out,
                         err));
    TRY(blob_new(&ask->out, &plain, err));
    if (cache_key_of(ask, wanted, false, &key)) {
        key.edition = found->epoch.edition;
        cache_put(ask->settings->cache, &key, plain);
    }
    blob_release(found->blob);
    found->blob = plain;
done:
    return code;
}

enum err_code ask_tile(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct wanted wanted;
    struct cache_found found = {0};
    TRY(read_wanted(ask, &wanted, err));
    TRY(find_or_draw(ask, &wanted, &found, err));
    if (ask->later)
        return ERR_OK;
    if (wanted.vector && !wanted.gzip)
        TRY(unpack(ask, &wanted, &found, err));
    respond(ask, &wanted, found.blob, &found.epoch);
    found.blob = NULL;
done:
    blob_release(found.blob);
    return code;
}
