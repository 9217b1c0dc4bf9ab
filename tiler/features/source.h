/*
 * source.h - which features of a world a map can show: their shapes in map units, and their
 * properties for the style's expressions.
 *
 * A source (style.h lists them) is a layer of the world, or what is made of layers: borders
 * where each stretch stands once with the highest level that it bounds, graded cells, the
 * units with their grades. styles/README.md documents sources and properties.
 *
 * Shapes come at several levels of detail: at a lower zoom without the vertices that it does not
 * need (simplify.h), so that borders that two shapes share stay shared.
 *
 * Life:    source_build, source_detail once each; never change; live in the arena given.
 * Owner:   the world must outlive them.
 * Threads: building one thread; reading safe without locks.
 * Space:   plane units (plane.h).
 */
#ifndef SISETU_TILER_SOURCE_H
#define SISETU_TILER_SOURCE_H

#include "geo/findings/finding.h"
#include "geo/measure/rtree.h"
#include "geo/world/world.h"
#include "styles/style.h"
#include "tiler/features/shape_memo.h"
#include "tiler/grid/plane.h"
#include "tiler/grid/point_memo.h"

struct shape {
    uint32_t first_ring, n_rings; /* of the source; a point feature has one ring of its points */
    struct plane_box box;
    uint8_t kind;      /* enum geom_kind */
    int64_t thickness; /* polygons: 2 x area / length of edge: how thick it is at all */
};

/* Where DETAIL_STRETCH points, and the one after them, lie: what is out of a picture is passed
 * over by stretches. */
enum { DETAIL_STRETCH = 16 };
struct detail_stretch {
    int32_t west, north, east, south;
};

/* Coordinates of all rings of a source at one level of detail. */
struct detail {
    const struct plane_point *points;
    const uint32_t *ring_ends;
    const struct detail_stretch *stretches; /* the first begins with point 0, whatever the rings */
};

struct source {
    const struct world *world;
    enum style_source id;
    enum plane plane;
    enum layer_id layer; /* that rows belong to */
    uint32_t n;
    /* Features are numbered as they lie on the map, so that what a tile needs lies together in
     * memory. `places` tells the order of the layer, in which they are drawn; NULL: the same. */
    const uint32_t *places;
    const uint32_t *rows;           /* of each feature; NULL for conflicts, which are no records */
    const struct finding_ref *refs; /* conflicts: of each feature, with its shape and id */
    const struct geom *geoms;
    const char **ids;
    const uint8_t *levels; /* boundaries: 1 region ... 4 township; else NULL */
    const struct shape *shapes;
    uint32_t n_rings;
    struct detail full;
    const uint8_t *zooms; /* of each point of full: from which zoom on it is needed */
    struct point_memo *memo;
    struct rtree tree;     /* over the boxes, plane units as if they were degrees, y north */
    struct plane_box held; /* of a part: what is in the source is told by what lies in here */
};

struct source_wanted {
    const struct world *world;
    enum style_source id;
    enum plane plane;
    bool polygons_only;      /* other conflicts are left out, since nobody draws them */
    struct point_memo *memo; /* of points in areas, which outlives the source; NULL: none */
    const uint32_t *rows; /* only these, in this order; NULL: all. Not of boundaries, conflicts */
    size_t n_rows;
    const struct finding_ref *refs; /* of conflicts: only these; NULL: all */
    size_t n_refs;
    /* Only what pictures there show (source_near.h), and what those are drawn by; NULL: all. Not of
     * boundaries, cells. Each feature that touches it is as in a source of all. */
    const struct plane_box *near;
    struct shape_memo *shapes; /* of conflicts, which outlives the building; NULL: none */
};

/* The place of a feature in the order of the layer: unique, not without gaps. */
static inline uint32_t source_place(const struct source *source, uint32_t feature)
{
    return source->places ? source->places[feature] : feature;
}

enum err_code source_build(const struct source_wanted *wanted, struct arena *arena,
                           struct source *out, struct err *err);

/* source_conflicts.c: the features of conflicts, and what a style may ask of one. */
struct shape_builder;
enum err_code source_add_conflicts(struct shape_builder *builder,
                                   const struct source_wanted *wanted, struct source *out,
                                   struct err *err);
struct value source_conflict_property(const struct source *source, uint32_t index,
                                      const char *property);

/* Levels of detail are zooms; DETAIL_FULL serves those that are higher. */
enum { DETAIL_FULL = 16, DETAIL_COUNT = 17 };
uint32_t detail_of_zoom(uint32_t z);

/* The source's rings at that level, closed ones closed; `level` below DETAIL_FULL. */
enum err_code source_detail(const struct source *source, uint32_t level, struct arena *arena,
                            struct detail *out, struct err *err);

/* Features whose box touches `box`, ascending. */
enum err_code source_search(const struct source *source, struct plane_box box, struct arena *arena,
                            uint32_t **features, size_t *n, struct err *err);

/* Where a symbol of the feature stands: the point; the middle of the line; the place inside
 * the polygon's largest part that is farthest from its edge. */
enum err_code source_point(const struct source *source, uint32_t feature, struct arena *scratch,
                           struct plane_point *out, struct err *err);

/* Id that breaks ties. */
const char *source_feature_id(const struct source *source, uint32_t feature);

/* For struct eval: `feature` is a struct source_feature. */
struct source_feature {
    const struct source *source;
    uint32_t index;
};
struct value source_property(const void *feature, const char *property);

#endif
