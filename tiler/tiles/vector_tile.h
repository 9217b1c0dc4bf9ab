/*
 * vector_tile.h - one vector tile (Mapbox Vector Tile 2.1), from a world alone.
 *
 * A layer for each source that the style draws on the map from style zoom z up to z + 1, lowest
 * first, named as in styles/README.md; in it the features that a layer of the style draws, in the
 * order of the lowest one. The unit of ?unit= is left to the client.
 *
 * Behind a source whose symbols stand in areas or on lines comes a layer of the points where they
 * do (units_places behind units), each in the one tile that it lies in, so that clients need not
 * look for a place in each tile anew: names stand once.
 *
 * Shapes keep the vertices that 3/8 of a pixel of a map at twice the resolution ask for
 * (simplify.h), rounded to the tile's units, which are the same for all tiles of a zoom: borders
 * that two shapes share stay shared, over the edges of tiles too. They reach 64 units beyond the
 * tile. Every polygon is valid: one that rounding made cross itself is mended, and its neighbours
 * follow (clip.h). What is under a pixel across is drawn as the pixel that it lies in, what is long
 * but under half a pixel thick is drawn a pixel thick.
 *
 * The same bytes on every machine, for every thread count. Nothing there: no bytes.
 *
 * Life:    vector_room_new one a thread; vector_tile_draw as often as you like; vector_room_free.
 * Threads: scenes are shared; a room and a worker are not.
 * Space:   z, x, y of the plane (plane.h), 512-px tiles: a tile of z is drawn at style zoom z.
 */
#ifndef SISETU_TILER_VECTOR_TILE_H
#define SISETU_TILER_VECTOR_TILE_H

#include "tiler/tiles/tile.h"

enum { VECTOR_BUFFER = 64 }; /* units beyond the tile */

struct vector_room;

enum err_code vector_room_new(struct vector_room **out, struct err *err);
void vector_room_free(struct vector_room *room); /* NULL is fine */

/* Appends the tile to out; scale and unit of the key are of no account. ERR_NOT_FOUND: z, x, y
 * outside the plane. */
enum err_code vector_tile_draw(struct scenes *scenes, struct vector_room *room,
                               struct worker *worker, const struct tile_key *key, struct buf *out,
                               struct err *err);

/* The sources that vector tiles of a map may hold: those that layers of the style draw on it,
 * lowest first, each with the zooms from which and up to which a layer does. */
struct vector_source {
    enum style_source id;
    uint32_t min_zoom, max_zoom;
    bool has_places;
    uint32_t places_min_zoom, places_max_zoom;
};
size_t vector_sources(const struct style *style, enum map_id map,
                      struct vector_source out[SOURCE_COUNT]);

/* vector_layers.c: the layer of a source's places; NULL: it has none, its features being points
 * already. Whether the layer draws symbols at such places at zoom z. */
const char *vector_places_name(enum style_source id);
bool vector_layer_has_places(const struct style_layer *layer, uint32_t z);

/* Whether tiles of zoom z hold what the layer draws on the map. */
bool vector_layer_shows(const struct style_layer *layer, enum map_id map, uint32_t z);

/* The tile zoom whose look decides that (scenes_look): a 256-px tile of z + 1 is drawn at style
 * zoom z. */
static inline uint32_t vector_look_zoom(uint32_t z)
{
    return z < TILE_ZOOM_MAX ? z + 1 : TILE_ZOOM_MAX;
}

/* vector_layers.c: "vector_layers" of TileJSON 3.0, an array. schema NULL: without meanings. */
struct jw;
struct schema;
void vector_layers_write(const struct style *style, enum map_id map, const struct schema *schema,
                         struct jw *jw);

#endif
