/* world_fold.c - a new base in place of a base with a large delta. */
#include "geo/world/world_layer.h"

#include <string.h>

enum {
    /* An R-tree over so many records is built anew with every edit, in half a millisecond. */
    FOLD_RECORDS = 4096,
    /* Layers without shapes have none: there a delta may be a quarter of the base. */
    FOLD_SHARE = 4,
    /* Records that were replaced stay until the fold. */
    FOLD_BYTES = 64 << 20,
};

bool world_layer_fold_due(const struct world *world, enum layer_id layer)
{
    const struct world_layer *from = world->layers[layer];
    if (!from || !from->delta)
        return false;
    size_t most = FOLD_RECORDS;
    if (!world->schema->layers[layer].has_geometry && from->delta->base->n / FOLD_SHARE > most)
        most = from->delta->base->n / FOLD_SHARE;
    return from->delta->n_put > most || from->delta->pool->arena.used_bytes > FOLD_BYTES;
}

/* Records of the first base keep their texts and shapes there; those that were put since get
 * their own copies, so that what was replaced goes with the old base. */
static enum err_code copy_records(const struct world_layer *from, struct world_layer *made,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world_layer *base = from->delta->base;
    size_t bytes = from->record_bytes;
    char *records = arena_alloc(&made->arena, from->n, bytes);
    bool *own = arena_new(&made->arena, bool, from->n);
    if (!records || !own)
        return err_nomem(err);
    for (size_t row = 0; row < from->n; row++) {
        uint32_t place = from->delta->order[row];
        own[row] = place >= base->n || (base->own && base->own[place]);
        const void *record = world_layer_at(from, place);
        if (own[row])
            TRY(record_copy(from->layer, record, &made->arena, records + row * bytes, err));
        else
            memcpy(records + row * bytes, record, bytes);
    }
    made->n = from->n;
    made->records = records;
    made->own = own;
done:
    return code;
}

static enum err_code keep_slots(const struct world_layer *from, struct world_layer *made,
                                struct err *err)
{
    size_t n_slots = world_layer_slots(from);
    uint32_t *slot_of = arena_new(&made->arena, uint32_t, from->n);
    uint32_t *place_of = arena_new(&made->arena, uint32_t, n_slots);
    if (!slot_of || !place_of)
        return err_nomem(err);
    memset(place_of, 0xff, n_slots * sizeof *place_of); /* WORLD_NO_ROW */
    for (size_t row = 0; row < from->n; row++) {
        slot_of[row] = world_layer_slot(from, row);
        place_of[slot_of[row]] = (uint32_t)row;
    }
    made->n_slots = n_slots;
    made->slot_of = slot_of;
    made->place_of = place_of;
    return ERR_OK;
}

enum err_code world_layer_fold(const struct world_layer *from, const struct world_layer **out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    struct world_layer *made = NULL;
    struct arena arena;
    const struct world_layer *base = from->delta->base;
    arena_init(&arena, 0);
    TRY(world_layer_begin(from->layer, &arena, &made, err));
    made->origin = world_layer_acquire(base->origin ? base->origin : base);
    TRY(copy_records(from, made, err));
    TRY(world_layer_index(made, err));
    TRY(keep_slots(from, made, err));
    *out = made;
    made = NULL;
done:
    world_layer_release(made);
    return code;
}
