#include "geo/world/world_folding.h"

#include "geo/world/world_layer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct world_folding {
    const struct world_layer *from; /* is folded, or was; NULL: nothing is under way */
    pthread_t thread;
    void (*work)(struct world_folding *folding); /* of the thread */
    bool running;                                /* until it is joined */
    bool served;                                 /* it lets go of both layers */
    pthread_mutex_t mutex;
    bool done;                      /* guarded by the mutex, as what follows is until then */
    const struct world_layer *base; /* NULL: it failed */
};

enum err_code world_folding_new(struct world_folding **out, struct err *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return err_nomem(err);
    pthread_mutex_init(&(*out)->mutex, NULL);
    return ERR_OK;
}

void world_folding_wait(struct world_folding *folding)
{
    if (folding->running)
        pthread_join(folding->thread, NULL);
    folding->running = false;
}

void world_folding_free(struct world_folding *folding)
{
    if (!folding)
        return;
    world_folding_wait(folding);
    if (!folding->served) {
        world_layer_release(folding->from);
        world_layer_release(folding->base);
    }
    pthread_mutex_destroy(&folding->mutex);
    free(folding);
}

/* ---- the thread ---- */

static void set_done(struct world_folding *folding)
{
    pthread_mutex_lock(&folding->mutex);
    folding->done = true;
    pthread_mutex_unlock(&folding->mutex);
}

static bool is_done(struct world_folding *folding)
{
    pthread_mutex_lock(&folding->mutex);
    bool done = folding->done;
    pthread_mutex_unlock(&folding->mutex);
    return done;
}

/* Nobody waits for a fold, but those who edit and read share the processors with it: it gives way.
 * On Linux the priority is the thread's own, though the call says process. */
static void *work_aside(void *context)
{
    enum { GIVES_WAY = 10 };
    struct world_folding *folding = context;
    (void)setpriority(PRIO_PROCESS, 0, GIVES_WAY);
    folding->work(folding);
    set_done(folding);
    return NULL;
}

/* Without a thread it is done at once. */
static void start(struct world_folding *folding, void (*work)(struct world_folding *folding))
{
    world_folding_wait(folding);
    folding->done = false;
    folding->work = work;
    folding->running = pthread_create(&folding->thread, NULL, work_aside, folding) == 0;
    if (folding->running)
        return;
    work(folding);
    set_done(folding);
}

/* ---- a fold ---- */

static void fold(struct world_folding *folding)
{
    struct err err;
    if (world_layer_fold(folding->from, &folding->base, &err) != ERR_OK)
        folding->base = NULL;
}

static void begin(struct world_folding *folding, const struct world *committed, bool all)
{
    for (size_t i = 0; i < LAYER_COUNT && !folding->from; i++) {
        const struct world_layer *layer = committed->layers[i];
        if (layer && layer->delta && (all || world_layer_fold_due(committed, (enum layer_id)i)))
            folding->from = world_layer_acquire(layer);
    }
    if (folding->from)
        start(folding, fold);
}

/* Nobody else may hold the old base any more: hundreds of megabytes to free. */
static void let_go(struct world_folding *folding)
{
    world_layer_release(folding->from);
    world_layer_release(folding->base);
}

static void settle(struct world_folding *folding)
{
    if (!folding->served || !is_done(folding))
        return;
    world_folding_wait(folding);
    folding->from = folding->base = NULL;
    folding->served = false;
}

/* ---- a layer over the new base ---- */

/* Whether a layer came of the one that is folded, by edits alone. */
static bool grew_out_of(const struct world_layer *layer, const struct world_layer *from)
{
    const struct world_delta *now = layer ? layer->delta : NULL;
    const struct world_delta *then = from->delta;
    return now && now->base == then->base && now->pool == then->pool && now->n_put >= then->n_put &&
           memcmp(now->put, then->put, then->n_put * sizeof *now->put) == 0;
}

/* What was put after the fold began, with texts and shapes of its own. */
static enum err_code copy_put(const struct world_layer *layer, uint32_t n_folded,
                              struct world_layer *made, struct err *err)
{
    enum err_code code = ERR_OK;
    struct world_delta *delta = made->delta;
    uint32_t n_put = layer->delta->n_put - n_folded;
    delta->pool = world_pool_new();
    delta->put = arena_new(&made->arena, const void *, n_put);
    if (!delta->pool || !delta->put)
        return err_nomem(err);
    for (uint32_t i = 0; i < n_put; i++) {
        void *copy = arena_alloc(&delta->pool->arena, 1, made->record_bytes);
        if (!copy)
            return err_nomem(err);
        TRY(record_copy(made->layer, layer->delta->put[n_folded + i], &delta->pool->arena, copy,
                        err));
        delta->put[delta->n_put++] = copy;
    }
done:
    return code;
}

/* Rows stay; they have other places. */
static enum err_code place_rows(const struct world_layer *layer, struct world_layer *made,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct world_delta *delta = made->delta;
    const struct world_layer *base = delta->base;
    size_t n_places = base->n + delta->n_put;
    made->n = layer->n;
    delta->live = arena_new(&made->arena, uint32_t, delta->n_put);
    TRY(delta->live ? ERR_OK : err_nomem(err));
    TRY(world_delta_room(delta, made->n, n_places, err));
    memset(delta->rank, 0xff, n_places * sizeof *delta->rank); /* WORLD_NO_ROW */
    for (size_t row = 0; row < made->n; row++) {
        uint32_t slot = world_layer_slot(layer, row);
        uint32_t place = slot < base->n_slots ? base->place_of[slot]
                                              : (uint32_t)(base->n + (slot - base->n_slots));
        delta->order[row] = place;
        delta->rank[place] = (uint32_t)row;
        if (place >= base->n)
            delta->live[delta->n_live++] = place;
    }
done:
    return code;
}

/* The same layer over the new base. */
static enum err_code rebase(const struct world_layer *layer, const struct world_layer *base,
                            uint32_t n_folded, const struct world_layer **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct world_layer *made = NULL;
    struct arena arena;
    arena_init(&arena, 0);
    TRY(world_layer_begin(layer->layer, &arena, &made, err));
    made->delta = arena_new(&made->arena, struct world_delta, 1);
    TRY(made->delta ? ERR_OK : err_nomem(err));
    made->delta->base = world_layer_acquire(base);
    TRY(copy_put(layer, n_folded, made, err));
    TRY(place_rows(layer, made, err));
    TRY(world_delta_index(made, err));
    if (base->children.field)
        TRY(world_groups_extend(made, &base->children, 0, &made->arena, &made->children, err));
    if (base->subjects.field)
        TRY(world_groups_extend(made, &base->subjects, 0, &made->arena, &made->subjects, err));
    if (made->layer == LAYER_ADMIN)
        TRY(world_layer_index_units(made, layer->area_m2, err));
    *out = made;
    made = NULL;
done:
    world_layer_release(made);
    return code;
}

static enum err_code give(const struct world_folding *folding, const struct world *edited,
                          struct world **folded, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world_layer *layers[LAYER_COUNT] = {NULL};
    enum layer_id id = folding->from->layer;
    const struct world_layer *layer = edited->layers[id];
    const struct world_layer *made = NULL;
    uint32_t n_folded = folding->from->delta->n_put;
    if (layer->delta->n_put == n_folded && layer->n == folding->base->n)
        made = world_layer_acquire(folding->base); /* nothing was put or deleted since */
    else
        TRY(rebase(layer, folding->base, n_folded, &made, err));
    for (size_t i = 0; i < LAYER_COUNT; i++)
        if (edited->layers[i] && i != id)
            layers[i] = world_layer_acquire(edited->layers[i]);
    layers[id] = made;
    TRY(world_derive(edited, layers, NULL, 0, folded, err));
    (*folded)->generation = edited->generation;
done:
    return code;
}

enum err_code world_folding_step(struct world_folding *folding, const struct world *committed,
                                 const struct world *edited, bool all, struct world **folded,
                                 struct err *err)
{
    *folded = NULL;
    settle(folding);
    if (!folding->from)
        begin(folding, committed, all);
    if (!folding->from || folding->served || !is_done(folding))
        return ERR_OK;
    /* Once the committed world stands on it, or on something else altogether, it has served. */
    const struct world_layer *from = folding->from;
    if (!folding->base || !grew_out_of(committed->layers[from->layer], from) ||
        !grew_out_of(edited->layers[from->layer], from)) {
        folding->served = true;
        start(folding, let_go);
        return ERR_OK;
    }
    return give(folding, edited, folded, err);
}
