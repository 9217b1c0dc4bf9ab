/* world_slot.c - the published world: a pointer under a mutex. */
#include "geo/world.h"

#include <pthread.h>
#include <stdlib.h>

struct world_slot {
    pthread_mutex_t mutex;
    struct world *world;
};

enum err_code world_slot_new(struct world *first, struct world_slot **out, struct err *err)
{
    struct world_slot *slot = calloc(1, sizeof *slot);
    if (!slot)
        return err_nomem(err);
    pthread_mutex_init(&slot->mutex, NULL);
    slot->world = first;
    *out = slot;
    return ERR_OK;
}

void world_slot_free(struct world_slot *slot)
{
    if (!slot)
        return;
    world_release(slot->world);
    pthread_mutex_destroy(&slot->mutex);
    free(slot);
}

struct world *world_slot_acquire(struct world_slot *slot)
{
    pthread_mutex_lock(&slot->mutex);
    struct world *world = world_acquire(slot->world);
    pthread_mutex_unlock(&slot->mutex);
    return world;
}

/* The old world is released outside the lock: freeing a large one takes a while. */
void world_slot_swap(struct world_slot *slot, struct world *next)
{
    pthread_mutex_lock(&slot->mutex);
    struct world *old = slot->world;
    slot->world = next;
    pthread_mutex_unlock(&slot->mutex);
    world_release(old);
}
