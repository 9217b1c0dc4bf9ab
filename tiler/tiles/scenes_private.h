/*
 * scenes_private.h - what scenes are made of; for scenes*.c only.
 */
#ifndef SISETU_TILER_SCENES_PRIVATE_H
#define SISETU_TILER_SCENES_PRIVATE_H

#include "tiler/tiles/scenes.h"

enum { ZOOMS = TILE_ZOOM_MAX + 1 };

struct scenes {
    struct world *world;
    struct style *style;
    enum plane plane;
    struct scenes *base; /* of another style: made there and shared is what no style changes */
    struct point_memo *memo;
    struct lazy_lock lock; /* of the lazies, and of n_references */
    unsigned n_references;
    struct lazy sources[SOURCE_COUNT];
    struct lazy details[SOURCE_COUNT][DETAIL_COUNT];
    struct lazy sounds[SOURCE_COUNT][ZOOMS];
    struct lazy attributes[SOURCE_COUNT];
    struct lazy labels[MAP_COUNT][ZOOMS];
    struct scenes *others[PLANE_COUNT]; /* the same in other planes; NULL: not asked for yet */
    struct placement *earlier[MAP_COUNT][ZOOMS]; /* to start from; NULL: none, or done with */
    /* Of sources that were taken over or are shared: the same in this world. */
    struct source views[SOURCE_COUNT];
    struct lazy last_conflicts; /* the last source of conflicts that was made before, until one */
                                /* is made here; and hashes of the ids that changed since */
    struct source last_conflicts_view; /* its value: a copy, for the scenes that had it may go */
    uint64_t *changed_conflicts;
    size_t n_changed_conflicts;
    bool lost_conflicts; /* there were some, but no memory to keep track */
    struct lazy *looks;  /* n_layers x ZOOMS; layers that do not look at the zoom use the first */
};

/* The source of a request's unit is the units. */
static inline enum style_source scenes_source_id(enum style_source id)
{
    return id == SOURCE_SELECTED || id == SOURCE_OUTSIDE ? SOURCE_UNITS : id;
}

/* scenes_follow.c: the last placement that was made in these scenes or before them, held; NULL:
 * none. Whether the labels of a map and zoom are the same after the edit (NULL: unknown). */
struct scene_edit;
struct placement *scenes_last_labels(struct scenes *scenes, enum map_id map, uint32_t z);
bool scenes_labels_stay(const struct scene_edit *edit, const struct style *style, enum map_id map,
                        uint32_t z);

#endif
