/*
 * world_groups.h - which rows of a layer share a key: what belongs to an enterprise, what
 * grades a subject.
 *
 * Behind world.h. The keys of a base are a map; those that edits brought are a short list
 * ordered by text, and keep their number as long as the base stands. Rows are placed anew with
 * every edit that shifts them or gives one another key.
 *
 * Owner:   memory of the layer that it was built for; keys, and what the base knows of its own
 *          records, stay with the base; rows with the layer for which they were placed.
 * Cost:    build O(n) of the layer; find O(1), or a binary search of the keys that edits brought.
 */
#ifndef SISETU_GEO_WORLD_GROUPS_H
#define SISETU_GEO_WORLD_GROUPS_H

#include "data/base/map.h"
#include "data/records.h"

struct world_layer;

#define WORLD_NO_GROUP UINT32_MAX

struct world_key {
    const char *text;
    uint32_t group;
};

struct world_groups {
    const struct field_binding *field; /* of the key; NULL: no groups */
    const struct map *keys;            /* of the base: text to group */
    const uint32_t *group_of;          /* by place in the base, or WORLD_NO_GROUP */
    const struct world_key *extra;     /* keys that edits brought, ordered by text */
    uint32_t n_extra;
    const uint32_t *group_of_put;     /* by put record, or WORLD_NO_GROUP */
    uint32_t n;                       /* groups, those of no row included */
    const struct world_layer *holder; /* whose rows these are, kept; NULL: those of the layer */
    uint32_t *starts;                 /* group g is rows[starts[g]] ... rows[starts[g + 1] - 1] */
    uint32_t *rows;
};

/* Of a base, by a field of text. */
enum err_code world_groups_build(const struct world_layer *layer, const struct field_binding *field,
                                 struct arena *arena, struct world_groups *out, struct err *err);

/* Of a layer with a delta, whose order stands already: the groups of the layer before the edit
 * with the records from put[n_before] on. */
enum err_code world_groups_extend(const struct world_layer *layer,
                                  const struct world_groups *before, uint32_t n_before,
                                  struct arena *arena, struct world_groups *out, struct err *err);

/* The first half of it: the group of each record; the rows are those before. */
enum err_code world_groups_name(const struct world_layer *layer, const struct world_groups *before,
                                uint32_t n_before, struct arena *arena, struct world_groups *out,
                                struct err *err);

/* Of an edit that put records in place of others and nothing else: whether each has the key of the
 * one before it, so that all rows stay in their groups. */
bool world_groups_stay(const struct world_layer *old, const struct world_layer *layer,
                       uint32_t n_before, const struct world_groups *groups);

/* The other half: the rows of the layer, by group. */
enum err_code world_groups_place(const struct world_layer *layer, struct arena *arena,
                                 struct world_groups *groups, struct err *err);

/* Rows ascending; *n 0 if there are none. */
void world_groups_find(const struct world_groups *groups, const char *key, const uint32_t **rows,
                       size_t *n);

#endif
