/*
 * world_layer.h - one layer of a world: records, R-tree, ids, and who belongs to whom.
 *
 * Behind world.h; only geo/world*.c and tests that build worlds by hand include it.
 *
 * Life:    world_layer_new once; shared between worlds by reference count; the last
 *          world_layer_release frees it. Never changes.
 * Owner:   takes the arena that holds the records; everything dies with it.
 * Threads: any number of readers; the count has a mutex.
 * Cost:    O(n log n) to build; about 60 bytes a record beside the record.
 */
#ifndef SISETU_GEO_WORLD_LAYER_H
#define SISETU_GEO_WORLD_LAYER_H

#include "geo/world.h"

#include <pthread.h>

/* Rows that share a key, ascending: rows[starts[i]] ... rows[starts[i + 1] - 1]. */
struct world_groups {
    struct map keys; /* text to i */
    uint32_t *starts;
    uint32_t *rows;
};

/* How many worlds hold a layer: the one part of it that changes. */
struct world_share {
    pthread_mutex_t mutex;
    unsigned n_references;
    struct world_layer *layer;
};

struct world_layer {
    struct world_share *share;
    struct arena arena;
    enum layer_id layer;
    size_t record_bytes;
    const char *records; /* ordered by id; only those that hold on the day */
    size_t n;
    struct rtree tree;
    struct map ids;
    struct world_groups children; /* by enterprise_id, where the layer has one */
    struct world_groups subjects; /* grades: by subject_id */
    struct map codes;             /* admin: code to row */
    uint32_t *units[5];           /* admin: rows of a level, by code; [0] unused */
    size_t n_units[5];
    double *area_m2; /* admin: of each row */
};

/* Takes the arena over (also on failure) and the records in it, ordered by id; keeps those
 * that hold on as_of. */
enum err_code world_layer_new(enum layer_id layer, void *records, size_t n, int32_t as_of,
                              struct arena *arena, const struct world_layer **out, struct err *err);
const struct world_layer *world_layer_acquire(const struct world_layer *layer);
void world_layer_release(const struct world_layer *layer); /* NULL is legal */

/* What a world is made of. layers[i] NULL: an empty layer. The world takes the references to
 * the layers and the arena that holds grid, schema and rules, also on failure. */
struct world_parts {
    uint64_t generation;
    int32_t as_of;
    struct arena arena;
    const struct schema *schema;
    const struct rules *rules;
    struct grid population;
    const struct world_layer *layers[LAYER_COUNT];
};
enum err_code world_new(struct world_parts *parts, struct world **out, struct err *err);

#endif
