/*
 * mvt.h - writes Mapbox Vector Tiles: layers of features with geometry and attributes.
 *
 *     mvt_layer(m, "zones");
 *       mvt_feature(m, id);
 *         mvt_tag(m, mvt_key(m, "class"), &value) ...
 *         mvt_ring(m, points, n) ...          or mvt_points, mvt_line
 *       mvt_feature_end(m);
 *     mvt_layer_end(m);
 *     mvt_take(m, out, err);
 *
 * Keys and values stand once in a layer, in the order of their first use, so that the same calls
 * give the same bytes. A feature without geometry is left out, and so is a layer without features.
 *
 * Space:   the tile's square is MVT_EXTENT units on each side, (0, 0) its north-west corner, y
 *          down. Coordinates may lie outside of it.
 * Life:    mvt_new; any number of tiles; mvt_free.
 * Threads: a writer is not shared.
 * Cost:    5 ns a vertex, 10 ns a tag; memory is kept from tile to tile.
 * Errors:  ERR_MEMORY only, told by mvt_take.
 * Source:  Mapbox Vector Tile Specification 2.1; Protocol Buffers Encoding.
 */
#ifndef SISETU_TILER_MVT_H
#define SISETU_TILER_MVT_H

#include "data/base/buf.h"
#include "data/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MVT_EXTENT = 4096 };

struct mvt_point {
    int32_t x, y;
};

/* A value as it stands in a tile (a message Tile.Value), and a hash of it. Made once, used often.
 */
struct mvt_value {
    const uint8_t *bytes;
    uint32_t n_bytes;
    uint32_t hash;
};

/* The encoded value, appended to out; mvt_value_of reads what was appended. A number that is whole
 * and fits into 53 bits is written as an integer, else as a double. */
void mvt_encode_string(struct buf *out, const char *text);
void mvt_encode_number(struct buf *out, double number);
void mvt_encode_bool(struct buf *out, bool boolean);
struct mvt_value mvt_value_of(const void *bytes, size_t n);

struct mvt;

enum err_code mvt_new(struct mvt **out, struct err *err);
void mvt_free(struct mvt *mvt); /* NULL is fine */

/* The name must be that of no other layer of the tile. */
void mvt_layer(struct mvt *mvt, const char *name);
void mvt_layer_end(struct mvt *mvt);

/* id: below 2^53, so that every client can hold it; MVT_NO_ID: none. */
#define MVT_NO_ID UINT64_MAX
void mvt_feature(struct mvt *mvt, uint64_t id);
void mvt_feature_end(struct mvt *mvt);

/* The index of a key in the layer. `name` must live until mvt_layer_end. */
uint32_t mvt_key(struct mvt *mvt, const char *name);

/* The value's bytes must live until mvt_layer_end. */
void mvt_tag(struct mvt *mvt, uint32_t key, const struct mvt_value *value);

/* Geometry; one kind a feature. Points: all of a feature at once. A line has at least 2 points, a
 * ring at least 3, its first not repeated at its end. The outer ring of a polygon turns clockwise
 * as it is seen (area positive in the surveyor's formula, y down); its holes follow, turning back.
 */
void mvt_points(struct mvt *mvt, const struct mvt_point *points, size_t n);
void mvt_line(struct mvt *mvt, const struct mvt_point *points, size_t n);
void mvt_ring(struct mvt *mvt, const struct mvt_point *points, size_t n);

/* Whether the feature has any geometry yet. */
bool mvt_has_geometry(const struct mvt *mvt);

/* Appends the tile, nothing if it has no layer, and makes the writer empty; also after a failure.
 */
enum err_code mvt_take(struct mvt *mvt, struct buf *out, struct err *err);

#endif
