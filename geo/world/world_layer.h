/*
 * world_layer.h - one layer of a world: records, R-tree, ids, and who belongs to whom.
 *
 * Behind world.h; only geo/world/world*.c and tests that build worlds by hand include it.
 *
 * A layer is a base (world_layer_new), or a base with a delta that edits laid over it
 * (world_edit.h). Rows number the records that stand, by id. A place is where a record is kept:
 * below base->n in the base's array, from there on among the put records. A slot is the number
 * by which others may name a record (world.h): that of its place, until a fold makes a new base,
 * which keeps the slots and has other places.
 *
 * Life:    world_layer_new once; shared between worlds by reference count; the last
 *          world_layer_release frees it. Never changes.
 * Owner:   takes the arena that holds the records; everything dies with it.
 * Threads: any number of readers; the count has a mutex.
 * Cost:    O(n log n) to build; about 60 bytes a record beside the record, of pipelines 3 more a
 *          vertex.
 */
#ifndef SISETU_GEO_WORLD_LAYER_H
#define SISETU_GEO_WORLD_LAYER_H

#include "geo/world/world.h"
#include "geo/world/world_groups.h"

#include <pthread.h>

#define WORLD_NO_ROW UINT32_MAX

struct world_block {
    uint32_t *numbers;
    size_t bytes;
};

/* How many worlds hold a layer: the one part of it that changes. */
struct world_share {
    pthread_mutex_t mutex;
    unsigned n_references;
    struct world_layer *layer;
};

/* What the layers over one base have in common: texts and shapes of put records, only added to
 * until the last of those layers goes; and memory for the numbers of rows and places, megabytes
 * with every edit, which is handed on from a layer that is gone to the next: new memory would come
 * from the system a page at a time, which takes longer than all else. */
struct world_pool {
    pthread_mutex_t mutex;
    unsigned n_references;
    struct arena arena;
    struct world_block spare[2]; /* bytes 0: none */
};

/* What edits laid over a base. */
struct world_delta {
    const struct world_layer *base; /* has no delta */
    struct world_pool *pool;
    const void **put; /* every record put since, replaced and deleted ones too */
    uint32_t n_put;
    struct world_block block; /* of the pool: order and rank */
    uint32_t *order;          /* row to place */
    uint32_t *rank;           /* place to row, or WORLD_NO_ROW */
    uint32_t *live;           /* places of the put records that stand, by row */
    uint32_t n_live;
    struct rtree tree; /* of those: item i is live[i] */
};

struct world_layer {
    struct world_share *share;
    struct arena arena;
    enum layer_id layer;
    size_t record_bytes;
    size_t n;                     /* rows */
    struct world_groups children; /* by enterprise_id */
    struct world_groups subjects; /* grades: by subject_id */
    struct map codes;             /* admin: code to row */
    uint32_t *units[5];           /* admin: rows of a level, by code; [0] unused */
    size_t n_units[5];
    double *area_m2; /* admin: by row */

    struct world_delta *delta; /* NULL: a base, with what follows; its rows are its places */
    const char *records;       /* ordered by id; only those that hold on the day */
    struct rtree tree;
    struct rtree stretches;         /* pipelines: of some edges each, item i is of ... */
    const uint32_t *stretch_places; /* ... the line at this place, ascending; NULL: none */
    const bool *contours;           /* zones: by place, whether it bounds risk */
    struct map ids;
    size_t n_slots;
    const uint32_t *slot_of;          /* by place; NULL: a slot is its place */
    const uint32_t *place_of;         /* by slot, WORLD_NO_ROW if dead; NULL likewise */
    const struct world_layer *origin; /* of a fold: keeps the texts and shapes that are not own */
    const bool *own;                  /* by place */
};

/* Takes the arena over (also on failure) and the records in it, ordered by id; keeps those
 * that hold on as_of. */
enum err_code world_layer_new(enum layer_id layer, void *records, size_t n, int32_t as_of,
                              struct arena *arena, const struct world_layer **out, struct err *err);
const struct world_layer *world_layer_acquire(const struct world_layer *layer);
void world_layer_release(const struct world_layer *layer); /* NULL is legal */

/* The steps of world_layer_new, for whoever makes a layer otherwise: one of no rows with its
 * share (the arena is taken over, also on failure); R-tree, ids, groups and units of a base;
 * units alone, known_m2 (by row, NAN: not known; may be NULL) sparing the measuring. */
enum err_code world_layer_begin(enum layer_id layer, struct arena *arena, struct world_layer **out,
                                struct err *err);
enum err_code world_layer_index(struct world_layer *layer, struct err *err);
enum err_code world_layer_index_units(struct world_layer *layer, const double *known_m2,
                                      struct err *err);

/* Lines of a base by stretches (world_lines.c); places of those that the box touches one of,
 * ascending. */
enum err_code world_layer_index_lines(struct world_layer *layer, struct err *err);
enum err_code world_layer_search_lines(const struct world_layer *layer, struct box box,
                                       struct arena *arena, uint32_t **places, size_t *n,
                                       struct err *err);

/* Of a layer over a base: the index of the put records that stand; a pool for them; room for the
 * numbers of so many rows and places, which are not set. */
enum err_code world_delta_index(struct world_layer *layer, struct err *err);
struct world_pool *world_pool_new(void); /* NULL without memory */
enum err_code world_delta_room(struct world_delta *delta, size_t n_rows, size_t n_places,
                               struct err *err);

/* ---- world_fold.c ---- */

/* Whether a layer's delta is so large that a fold pays; a base in place of base and delta. */
bool world_layer_fold_due(const struct world *world, enum layer_id layer);
enum err_code world_layer_fold(const struct world_layer *from, const struct world_layer **out,
                               struct err *err);

static inline const void *world_layer_at(const struct world_layer *layer, uint32_t place)
{
    const struct world_delta *delta = layer->delta;
    const struct world_layer *base = delta ? delta->base : layer;
    return place < base->n ? (const void *)(base->records + place * base->record_bytes)
                           : delta->put[place - base->n];
}

static inline const void *world_layer_record(const struct world_layer *layer, size_t row)
{
    return layer->delta ? world_layer_at(layer, layer->delta->order[row])
                        : (const void *)(layer->records + row * layer->record_bytes);
}

/* ---- world_delta.c: what is asked of a layer with a delta; as world.h says ---- */

int64_t world_delta_find(const struct world_layer *layer, const char *id);
/* lines: as world_search_lines. */
enum err_code world_delta_search(const struct world_layer *layer, struct box box, bool lines,
                                 struct arena *arena, uint32_t **rows, size_t *n, struct err *err);
enum err_code world_delta_nearest(const struct world_layer *layer, struct box from,
                                  struct arena *scratch, void *context,
                                  bool (*visit)(void *context, uint32_t row, double at_least_m),
                                  struct err *err);
/* Calls visit for the rows whose box touches, in no order, until it answers false. */
void world_delta_touch(const struct world_layer *layer, struct box box, void *context,
                       bool (*visit)(void *context, uint32_t row));
size_t world_layer_row_from(const struct world_layer *layer, const char *id);
size_t world_layer_slots(const struct world_layer *layer);
uint32_t world_layer_slot(const struct world_layer *layer, size_t row);
int64_t world_layer_row(const struct world_layer *layer, uint32_t slot);

/* ---- world.c ---- */

/* What a world is made of. layers[i] NULL: an empty layer. The world takes the references to
 * the layers and the arena that holds grid, schema and rules, also on failure. */
struct world_parts {
    uint64_t generation;
    struct store_stamp origin;
    int32_t as_of;
    struct arena arena;
    const struct schema *schema;
    const struct rules *rules;
    struct grid population;
    const struct world_layer *layers[LAYER_COUNT];
};
enum err_code world_new(struct world_parts *parts, struct world **out, struct err *err);

/* The old world with other layers, generation one higher. Takes the references to the layers,
 * also on failure; edits are what made them other. */
enum err_code world_derive(const struct world *old,
                           const struct world_layer *const layers[LAYER_COUNT],
                           const struct world_edit *edits, size_t n, struct world **out,
                           struct err *err);

#endif
