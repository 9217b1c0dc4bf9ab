/*
 * scenes_private.h - what scenes are made of; for scenes*.c only.
 */
#ifndef SISETU_TILER_SCENES_PRIVATE_H
#define SISETU_TILER_SCENES_PRIVATE_H

#include "tiler/tiles/scenes.h"

enum { ZOOMS = TILE_ZOOM_MAX + 1 };

/* Where a part has a source from, once it is asked for it. */
enum scenes_home { HOME_UNKNOWN, HOME_PART, HOME_PARENT };

/* So many parts are kept: those that were asked for last. */
enum { SCENES_PARTS = 128 };

struct scenes_part {
    struct plane_tile square;
    uint64_t asked;
    struct scenes *scenes; /* NULL: free */
};

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
    bool last[MAP_COUNT][ZOOMS]; /* whether that is how the scenes right before these look */
    struct label_changes changes[SOURCE_COUNT]; /* from those to these */
    bool is_known[SOURCE_COUNT];                /* whether they are */
    struct arena changed;                       /* their ids */
    /* Of sources that were taken over or are shared: the same in this world. */
    struct source views[SOURCE_COUNT];
    struct shape_memo *shapes;            /* of conflicts */
    struct scenes *parent;                /* of a part of the map; NULL: of all of it */
    struct plane_box area;                /* of a part */
    enum scenes_home homes[SOURCE_COUNT]; /* of a part */
    struct arena rows; /* of a part: those of sources that were taken over, where they shifted */
    bool has_rows[SOURCE_COUNT]; /* of a part: its rows are in there, or in that of its base */
    uint32_t near_sources;       /* bits of 1 << style_source: that parts may have */
    bool whole;                  /* has no parts */
    struct scenes_part *parts;   /* SCENES_PARTS; NULL: none yet */
    uint64_t n_asked;
    struct lazy *looks; /* n_layers x ZOOMS; layers that do not look at the zoom use the first */
};

/* The source of a request's unit is the units. */
static inline enum style_source scenes_source_id(enum style_source id)
{
    return id == SOURCE_SELECTED || id == SOURCE_OUTSIDE ? SOURCE_UNITS : id;
}

/* scenes_near.c: the scenes that have a source: of a part, itself or the scenes of all. The sources
 * that parts may have under a style. Frees the parts. A new part, belonging to `scenes`, which
 * nobody else sees or whose lock is held; NULL: no memory. */
struct scenes *scenes_home(struct scenes *scenes, enum style_source id);
uint32_t scenes_near_sources(const struct style *style);
void scenes_drop_parts(struct scenes *scenes);
struct scenes *scenes_add_part(struct scenes *scenes, struct plane_tile square, struct err *err);

/* Under scenes->lock: the part of that square, or NULL. */
struct scenes_part *scenes_find_part(struct scenes *scenes, struct plane_tile square);

/* Whether the style does nothing but fill the features of a source. */
bool scenes_only_fill(const struct style *style, enum style_source id);

/* scenes_follow.c: the last placement that was made in these scenes or before them, held; NULL:
 * none. Whether the labels of a map and zoom are the same after the edit (NULL: unknown). */
struct scene_edit;
struct placement *scenes_last_labels(struct scenes *scenes, enum map_id map, uint32_t z);

/* scenes_changes.c: which records of each source an edit changed, for labels: scenes->changes. */
enum err_code scenes_note_changes(struct scenes *scenes, const struct scene_edit *edit,
                                  struct err *err);
bool scenes_labels_stay(const struct scene_edit *edit, const struct style *style, enum map_id map,
                        uint32_t z);

#endif
