/*
 * tile.h - one tile, drawn from a world alone.
 *
 * A tile is a pure function of (world, style, plane, map, z, x, y, scale, dimmed unit): the same
 * bytes on every machine with the same packages and fonts, for every thread count.
 *
 * Life:    canvas_new (canvas.h) one a thread; tile_draw as often as you like; canvas_free.
 * Threads: worlds, styles and label placements are shared; a canvas and a worker are not.
 * Space:   z, x, y of the plane (plane.h), 256 px, which are those of XYZ in Web Mercator; a tile
 *          of z is drawn at style zoom z - 1 (styles/README.md).
 */
#ifndef SISETU_TILER_TILE_H
#define SISETU_TILER_TILE_H

#include "data/base/buf.h"
#include "geo/world/worker.h"
#include "geo/world/world.h"
#include "styles/style.h"
#include "tiler/draw/canvas.h"
#include "tiler/grid/plane.h"

struct scenes; /* what a world looks like under a style: projected shapes, placed labels */

/* What of a map a picture shows. */
enum tile_part {
    TILE_WHOLE,
    TILE_OVERLAY, /* to lie on another map: without background, units and borders */
    TILE_NAMES,   /* its names alone, to lie on what is laid on the map */
};

struct tile_key {
    enum map_id map;
    uint32_t z, x, y;
    uint32_t scale; /* 1, or 2 for @2x */
    enum image_form form;
    const char *unit; /* dim all outside it; NULL: nothing */
    enum tile_part part;
};

/* Made once for (world, style, plane), shared by all threads, filled lazily under its own locks.
 * Holds a reference to both. */
enum err_code scenes_new(struct world *world, struct style *style, enum plane plane,
                         struct scenes **out, struct err *err);

/* Of another world, under the style and in the plane of those, which spares looking through it. */
enum err_code scenes_new_like(const struct scenes *like, struct world *world, struct scenes **out,
                              struct err *err);

/* Before anybody else sees `scenes`: they never draw from parts of sources (scenes_near): for
 * whoever draws all tiles. */
void scenes_keep_whole(struct scenes *scenes);

/* Before anybody else sees `scenes`: what does not depend on the style is made in `base`, which is
 * of the same world in another style, and shared. */
void scenes_share(struct scenes *scenes, struct scenes *base);

/* The same in another plane, made when it is first asked for; it belongs to `scenes`. */
enum err_code scenes_in_plane(struct scenes *scenes, enum plane plane, struct scenes **out,
                              struct err *err);

/* Before anybody else sees `scenes`: what is the same as in `before` is taken over, in every plane;
 * labels are placed as they were, but for the neighbourhood of what differs: the same result,
 * sooner. edit: what made the world of that of `before` (scene_edit.h); NULL: unknown, then only
 * labels are followed. Where the style is another nothing happens. */
struct scene_edit;
enum err_code scenes_follow(struct scenes *scenes, struct scenes *before,
                            const struct scene_edit *edit, struct err *err);

struct scenes *scenes_acquire(struct scenes *scenes);
void scenes_release(struct scenes *scenes);
struct world *scenes_world(struct scenes *scenes);

/* Draws a tile as PNG into out. ERR_NOT_FOUND: z, x, y outside the plane, or no such unit. */
enum err_code tile_draw(struct scenes *scenes, struct canvas *canvas, struct worker *worker,
                        const struct tile_key *key, struct buf *out, struct err *err);

/* Draws a square of tiles x tiles tiles, key being the north-west one. canvas_pixels are the
 * pixels (image.h): 256 * scale * tiles on each side, row by row, until the canvas draws again. Cut
 * into tiles it is what tile_draw gives for each, before its colours are reduced to 256. */
enum { TILE_BLOCK_MAX = 16 };
enum err_code tile_draw_block(struct scenes *scenes, struct canvas *canvas, struct worker *worker,
                              const struct tile_key *key, uint32_t tiles, struct err *err);
const uint32_t *canvas_pixels(const struct canvas *canvas);

#endif
