/*
 * touched.h - which tiles an edit may have changed, and which it has not.
 *
 * The old and the new box of every feature that is drawn otherwise, those whose simplified edges
 * run through a vertex of one of them, and the boxes of labels that were placed otherwise, each
 * with the maps and zooms where it is seen. A tile that meets none of them is byte by byte the same
 * after the edit: what is drawn in a tile depends on what is near it alone.
 *
 * After an edit of boundaries the units and borders of both worlds are held against each other: one
 * that has the same vertices, thinned alike, is the same. After one of a census the zones that its
 * areas are cut with count as changed. A unit that is gone touches all tiles of units, too, another
 * population grid all there are.
 *
 * Life:    touched_find, any number of touched_tile; lives in the arena given.
 * Threads: finding one thread; asking any.
 * Space:   units of the plane (plane.h).
 * Cost:    about 0.2 ms a feature that changed; asking, 2 ns a box.
 */
#ifndef SISETU_TILER_TOUCHED_H
#define SISETU_TILER_TOUCHED_H

#include "tiler/cache/cache.h"
#include "tiler/tiles/scene_edit.h"
#include "tiler/tiles/scenes.h"

struct touched_item {
    struct plane_box box;
    double reach_px; /* beyond the box, of pictures */
    uint32_t maps;   /* bits of 1 << map_id */
    uint32_t zooms;  /* bits of 1 << z: of pictures */
    uint32_t vector_zooms;
};

struct touched {
    bool all;      /* there is no telling: any tile */
    bool of_units; /* any tile that names a unit with ?unit=: a code may be gone */
    uint32_t maps; /* those that may have changed at any zoom, whether or not it is kept */
    struct touched_item *items;
    size_t n, capacity;
    struct arena *arena;
};

/* Zooms of which tiles are kept, by map: what others would cost to find is spared. */
struct touched_zooms {
    uint32_t pictures[MAP_COUNT], vectors[MAP_COUNT];
};

/* scenes follow `before` (scenes_follow) after the edit; NULL: unknown. Places labels of the zooms
 * that are kept. */
struct touched_wanted {
    struct scenes *before, *scenes;
    const struct scene_edit *edit;
    const struct touched_zooms *kept;
    bool foreign; /* tiles may be kept that were not drawn from `before` or what it followed */
    struct canvas *canvas; /* for its fonts; of the style */
    struct worker *worker;
};
enum err_code touched_find(const struct touched_wanted *wanted, struct arena *arena,
                           struct touched *out, struct err *err);

/* Maps that may have changed, at a glance: bits of 1 << map_id. */
uint32_t touched_maps(const struct style *style, const struct scene_edit *edit);

/* Whether the tile may have changed. Style and plane are those of the scenes. */
bool touched_tile(const struct touched *touched, const struct cache_place *place);

#endif
