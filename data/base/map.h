/*
 * map.h - text key to a 32-bit number: ids to rows, codes to indices.
 *
 * Life:    map_init, map_put while building, then any number of readers.
 * Owner:   table memory belongs to the arena; keys are borrowed and must outlive the map.
 * Threads: writing one thread; reading safe without locks once built.
 * Cost:    open addressing, at most 3/4 full; 16 bytes a slot.
 */
#ifndef SISETU_DATA_BASE_MAP_H
#define SISETU_DATA_BASE_MAP_H

#include "data/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot;

struct map {
    struct arena *arena;
    struct map_slot *slots;
    size_t n_slots; /* a power of two, or 0 */
    size_t count;
};

enum { MAP_NONE = -1 };

void map_init(struct map *map, struct arena *arena);

/* Sets key to value; *previous (may be NULL) gets the old value or MAP_NONE. False if
 * there was no memory. */
bool map_put(struct map *map, const char *key, int64_t value, int64_t *previous);

/* The value, or MAP_NONE. NULL asks for nothing and finds nothing. */
int64_t map_get(const struct map *map, const char *key);

#endif
