#include "data/base/map.h"

#include <string.h>

struct map_slot {
    const char *key; /* NULL: free */
    int64_t value;
};

enum { FIRST_SLOTS = 16 };

void map_init(struct map *map, struct arena *arena)
{
    *map = (struct map){.arena = arena};
}

/* FNV-1a, 64 bits: short keys, no hostile input decides its cost beyond a layer's size. */
static uint64_t hash_of(const char *key)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(1099511628211);
    return hash ^ hash >> 32;
}

static struct map_slot *find(struct map_slot *slots, size_t n_slots, const char *key)
{
    size_t i = (size_t)hash_of(key) & (n_slots - 1);
    while (slots[i].key && strcmp(slots[i].key, key) != 0)
        i = (i + 1) & (n_slots - 1);
    return &slots[i];
}

static bool enlarge(struct map *map)
{
    size_t n_slots = map->n_slots ? map->n_slots * 2 : FIRST_SLOTS;
    struct map_slot *slots = arena_new(map->arena, struct map_slot, n_slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < map->n_slots; i++)
        if (map->slots[i].key)
            *find(slots, n_slots, map->slots[i].key) = map->slots[i];
    map->slots = slots;
    map->n_slots = n_slots;
    return true;
}

bool map_put(struct map *map, const char *key, int64_t value, int64_t *previous)
{
    if ((map->count + 1) * 4 > map->n_slots * 3 && !enlarge(map))
        return false;
    struct map_slot *slot = find(map->slots, map->n_slots, key);
    if (previous)
        *previous = slot->key ? slot->value : MAP_NONE;
    map->count += slot->key == NULL;
    *slot = (struct map_slot){key, value};
    return true;
}

int64_t map_get(const struct map *map, const char *key)
{
    if (!key || map->n_slots == 0)
        return MAP_NONE;
    const struct map_slot *slot = find(map->slots, map->n_slots, key);
    return slot->key ? slot->value : MAP_NONE;
}
