/*
 * carry.h - takes the kept tiles that an edit did not touch into the next epoch.
 *
 * Life:    carry_new, any number of carry_on, carry_free.
 * Threads: one.
 */
#ifndef SISETU_TILER_CARRY_H
#define SISETU_TILER_CARRY_H

#include "styles/style_set.h"
#include "tiler/cache/cache.h"
#include "tiler/cache/disk.h"
#include "tiler/tiles/scene_edit.h"
#include "tiler/tiles/tile.h"

struct carry;

enum err_code carry_new(const struct style *style, struct carry **out, struct err *err);
void carry_free(struct carry *carry); /* NULL is fine */

struct carry_step {
    struct cache *cache;
    struct disk *disk; /* or NULL */
    uint64_t state;    /* for disk_turn */
    const struct style_set *styles;
    struct scenes *const *before; /* under each style, in the plane of Web Mercator */
    struct scenes *const *scenes; /* that follow them (scenes_follow) */
    const struct scene_edit *edit;
    struct cache_epoch *epoch;      /* the next one: has edition and generation, */
    const struct cache_epoch *last; /* and gets the versions of this for maps that are the same, */
    const uint64_t *versions;       /* of these for others */
};

/* Turns the cache, and the disk, to the step's epoch. What goes wrong costs tiles, not truth: then
 * all go. */
void carry_on(struct carry *carry, const struct carry_step *step);

#endif
