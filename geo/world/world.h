/*
 * world.h - one immutable picture of the store.
 *
 * Per layer the records, their shapes in packed coordinates, a Hilbert-packed R-tree and a
 * map from id to row; the population grid; the rules as of a date; the grades and conflicts.
 * Every tile, answer and report comes off one world and names its generation.
 *
 * Life:    world_load builds one aside; whoever publishes it swaps a pointer (tiler/serve/watch.h);
 *          readers hold it by world_acquire ... world_release; the last one frees it.
 * Layers:  a layer is immutable and shared between worlds by reference count. Rows are
 *          numbered 0 .. count-1, ordered by id; only records that hold on as_of are there.
 *          Go through the functions below: a layer may be a base with a delta laid over it.
 * Slots:   an edit shifts rows, but never slots. The slot of a record is its number in this
 *          process for as long as it stays as it is: whatever derives from records and
 *          outlives an edit names them by slot. A put takes a new slot, also where it
 *          replaces a record; a deleted or replaced slot is dead for good. In a world that
 *          nobody edited slots are rows.
 * Threads: a world never changes: any number of readers, no locks.
 * Space:   longitude and latitude in degrees, EPSG:4490. No GEOS, GDAL or PROJ object lives
 *          in here.
 */
#ifndef SISETU_GEO_WORLD_H
#define SISETU_GEO_WORLD_H

#include "data/base/map.h"
#include "data/grid.h"
#include "data/records.h"
#include "data/rules.h"
#include "data/store.h"
#include "geo/measure/rtree.h"

struct world_layer;
struct findings;

struct world {
    uint64_t generation;
    struct store_stamp origin; /* of the store that it was loaded from; all 0: of none. Edits keep
                                * it: their generation is the world's */
    int32_t as_of;             /* yyyymmdd: the date whose rules hold */
    const struct schema *schema;
    const struct rules *rules;
    struct grid population; /* n_columns 0: none */
    const struct world_layer *layers[LAYER_COUNT];
    struct findings *findings; /* finding.h: what stands for the rows of layer conflicts; NULL:
                                * none */
    size_t n_findings_dropped; /* rows of the store that name what the world does not have */
    struct world_private *private;
};

/* Loads everything that the store has committed. rules_directory NULL: the rules that the
 * last assessment kept in the store, else those installed. as_of INT_ABSENT: the date of the
 * last assessment, else today. */
enum err_code world_load(const char *store_path, const char *rules_directory, int32_t as_of,
                         struct world **out, struct err *err);
/* The same without findings and grades: for whoever works them out. Grade rows of a loaded world
 * have no reasons; grade_reasons (grade_reasons.h) makes them. */
enum err_code world_load_facts(const char *store_path, const char *rules_directory, int32_t as_of,
                               struct world **out, struct err *err);
struct world *world_acquire(struct world *world);
void world_release(struct world *world);

/* Gives a world its findings, before anybody else sees it; takes the reference, and releases
 * those that it had. */
void world_set_findings(struct world *world, struct findings *findings);

/* Rows of a layer. Of layer conflicts there is the count alone: finding.h has the rest. */
size_t world_count(const struct world *world, enum layer_id layer);
const void *world_record(const struct world *world, enum layer_id layer, size_t row);
const struct geom *world_geom(const struct world *world, enum layer_id layer, size_t row);
int64_t world_find(const struct world *world, enum layer_id layer, const char *id);    /* or -1 */
size_t world_row_from(const struct world *world, enum layer_id layer, const char *id); /* the first
                                                                      whose id is not before it */
struct box world_extent(const struct world *world); /* of admin, else of everything */
struct box world_bounds(const struct world *world); /* of everything */

/* Rows whose box touches `box`, ascending. */
enum err_code world_search(const struct world *world, enum layer_id layer, struct box box,
                           struct arena *arena, uint32_t **rows, size_t *n, struct err *err);

/* The same of long lines (pipelines): of most of those whose edges are not near, `box` touches no
 * stretch, and they are left out. Who touches it with an edge is there. */
enum err_code world_search_lines(const struct world *world, enum layer_id layer, struct box box,
                                 struct arena *arena, uint32_t **rows, size_t *n, struct err *err);

/* Calls visit for each row whose box touches `box`, in no order; false ends it. */
void world_visit(const struct world *world, enum layer_id layer, struct box box, void *context,
                 bool (*visit)(void *context, uint32_t row));

/* Rows by rising lower bound of distance, as rtree_nearest. */
enum err_code world_nearest(const struct world *world, enum layer_id layer, struct box from,
                            struct arena *scratch, void *context,
                            bool (*visit)(void *context, uint32_t row, double at_least_m),
                            struct err *err);

/* Rows of a layer that name this enterprise (facilities, inventory, zones, pipelines,
 * hidden_dangers, conflicts); ascending; *n 0 if none. Built with the world. */
void world_of_enterprise(const struct world *world, enum layer_id layer, const char *enterprise_id,
                         const uint32_t **rows, size_t *n);

/* The grade row of a subject by a method (NULL: the subject's default), or NULL.
 * subject: "enterprise", "hazard_unit", "cell", "township", "county", "city", "region". */
const struct grade_row *world_grade(const struct world *world, const char *subject,
                                    const char *subject_id, const char *method);

/* Admin units of a level, ordered by code; the unit with that code; the smallest unit of
 * that level that holds a point (-1: none). */
void world_units(const struct world *world, int32_t level, const uint32_t **rows, size_t *n);
int64_t world_unit(const struct world *world, const char *code);
int64_t world_unit_at(const struct world *world, int32_t level, struct lonlat point);

/* Typed views. */
static inline const struct admin_unit *world_admin(const struct world *world, size_t row)
{
    return world_record(world, LAYER_ADMIN, row);
}
static inline const struct enterprise *world_enterprise(const struct world *world, size_t row)
{
    return world_record(world, LAYER_ENTERPRISES, row);
}
/* Whether rules speak of a plant: it is not closed. */
bool enterprise_counts(const struct enterprise *enterprise);
static inline const struct facility *world_facility(const struct world *world, size_t row)
{
    return world_record(world, LAYER_FACILITIES, row);
}
static inline const struct inventory_item *world_inventory(const struct world *world, size_t row)
{
    return world_record(world, LAYER_INVENTORY, row);
}
static inline const struct zone *world_zone(const struct world *world, size_t row)
{
    return world_record(world, LAYER_ZONES, row);
}
/* The frequency that a contour bounds, per year; NAN: it is no contour of individual risk.
 * freq_per_year of a contour of kind individual_risk or of none said, else its value. */
double zone_risk_per_year(const struct zone *zone);
/* Whether it is one: of a zone that was loaded without a look at it. */
bool world_is_contour(const struct world *world, size_t row);
static inline const struct pipeline *world_pipeline(const struct world *world, size_t row)
{
    return world_record(world, LAYER_PIPELINES, row);
}
static inline const struct protected_target *world_protected(const struct world *world, size_t row)
{
    return world_record(world, LAYER_PROTECTED, row);
}
static inline const struct area *world_area(const struct world *world, size_t row)
{
    return world_record(world, LAYER_AREAS, row);
}
static inline const struct infrastructure *world_infrastructure(const struct world *world,
                                                                size_t row)
{
    return world_record(world, LAYER_INFRASTRUCTURE, row);
}
static inline const struct hidden_danger *world_hidden_danger(const struct world *world, size_t row)
{
    return world_record(world, LAYER_HIDDEN_DANGERS, row);
}
static inline const struct resource *world_resource(const struct world *world, size_t row)
{
    return world_record(world, LAYER_RESOURCES, row);
}

/* Slots of a layer: below world_slots, dead ones included. The slot of a row; the row of a slot,
 * or -1 if it is dead in this world. */
#define WORLD_NO_SLOT UINT32_MAX
size_t world_slots(const struct world *world, enum layer_id layer);
uint32_t world_slot(const struct world *world, enum layer_id layer, size_t row);
int64_t world_row(const struct world *world, enum layer_id layer, uint32_t slot);
/* -1, 0, 1 as the rows of two records that stand: of those that were loaded without a look at
 * them, since their slots are in the same order. */
int world_compare_slots(const struct world *world, enum layer_id layer, uint32_t a, uint32_t b);
const void *world_record_of_slot(const struct world *world, enum layer_id layer,
                                 uint32_t slot); /* which is alive; nothing is looked up by row */

/* What one edit did: a record put anew has no old slot, a deleted one no new slot. */
struct world_edit {
    enum layer_id layer;
    uint32_t old_slot; /* alive in the old world, dead in the new; or WORLD_NO_SLOT */
    uint32_t new_slot; /* alive in the new world, not in the old; or WORLD_NO_SLOT */
};

/* How much nearer than its shape a record of that layer may be, at most: the largest accuracy
 * with the largest assumed radius (enterprises) or half width (infrastructure), m. What a
 * search must reach farther, so that nothing undecided is missed. Kept of enterprises,
 * facilities, pipelines, protected, areas, infrastructure, zones and scenarios. */
double world_slack_m(const struct world *world, enum layer_id layer);
double world_record_slack_m(const struct world *world, enum layer_id layer,
                            const struct record_head *head); /* of one, in the world or not */

#endif
