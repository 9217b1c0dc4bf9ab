#include "tiler/features/shape_memo.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct memo_slot {
    uint64_t key; /* 0: free */
    const struct geom *geom;
};

struct shape_memo {
    pthread_mutex_t mutex;
    unsigned n_references;
    struct memo_slot *slots; /* at most half of them are used */
    size_t n_slots, n;
    struct arena arena;
};

enum { FIRST_SLOTS = 256 };

enum err_code shape_memo_new(struct shape_memo **out, struct err *err)
{
    struct shape_memo *memo = calloc(1, sizeof *memo);
    *out = NULL;
    if (!memo)
        return err_nomem(err);
    int failure = pthread_mutex_init(&memo->mutex, NULL);
    if (failure != 0) {
        free(memo);
        return err_errno(err, failure, "mutex");
    }
    arena_init(&memo->arena, SHAPE_MEMO_BYTES);
    memo->n_references = 1;
    *out = memo;
    return ERR_OK;
}

struct shape_memo *shape_memo_acquire(struct shape_memo *memo)
{
    pthread_mutex_lock(&memo->mutex);
    memo->n_references++;
    pthread_mutex_unlock(&memo->mutex);
    return memo;
}

void shape_memo_release(struct shape_memo *memo)
{
    if (!memo)
        return;
    pthread_mutex_lock(&memo->mutex);
    unsigned left = --memo->n_references;
    pthread_mutex_unlock(&memo->mutex);
    if (left > 0)
        return;
    pthread_mutex_destroy(&memo->mutex);
    arena_release(&memo->arena);
    free(memo->slots);
    free(memo);
}

static uint64_t mix(uint64_t key, uint64_t bits)
{
    key = (key ^ bits ^ key >> 29) * UINT64_C(0xBF58476D1CE4E5B9); /* of splitmix64 */
    return key ^ key >> 32;
}

uint64_t shape_memo_key(const struct geom *geom, uint32_t number)
{
    uint64_t key = mix(number, geom->n_points);
    for (uint32_t i = 0; i < geom->n_rings; i++)
        key = mix(key, geom->ring_ends[i]);
    for (uint32_t i = 0; i < geom->n_points; i++) {
        uint64_t bits[2];
        memcpy(bits, &geom->points[i], sizeof bits);
        key = mix(mix(key, bits[0]), bits[1] * UINT64_C(0x94D049BB133111EB));
    }
    return key ? key : 1;
}

/* The slot of a key, or the free one where it would stand. */
static struct memo_slot *slot_of(struct memo_slot *slots, size_t n_slots, uint64_t key)
{
    size_t at = (size_t)key & (n_slots - 1);
    while (slots[at].key != 0 && slots[at].key != key)
        at = (at + 1) & (n_slots - 1);
    return &slots[at];
}

const struct geom *shape_memo_find(struct shape_memo *memo, uint64_t key)
{
    pthread_mutex_lock(&memo->mutex);
    const struct geom *geom = memo->n > 0 ? slot_of(memo->slots, memo->n_slots, key)->geom : NULL;
    pthread_mutex_unlock(&memo->mutex);
    return geom;
}

static bool grow(struct shape_memo *memo)
{
    size_t n_slots = memo->n_slots ? 2 * memo->n_slots : FIRST_SLOTS;
    struct memo_slot *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < memo->n_slots; i++)
        if (memo->slots[i].key != 0)
            *slot_of(slots, n_slots, memo->slots[i].key) = memo->slots[i];
    free(memo->slots);
    memo->slots = slots;
    memo->n_slots = n_slots;
    return true;
}

/* A copy; NULL: no more are kept. */
static struct geom *copy(struct shape_memo *memo, const struct geom *geom)
{
    struct err none = {0};
    struct geom *kept = arena_new(&memo->arena, struct geom, 1);
    return kept && geom_copy(geom, &memo->arena, kept, &none) == ERR_OK ? kept : NULL;
}

void shape_memo_keep(struct shape_memo *memo, uint64_t key, const struct geom *geom)
{
    pthread_mutex_lock(&memo->mutex);
    if (2 * memo->n < memo->n_slots || grow(memo)) {
        struct memo_slot *slot = slot_of(memo->slots, memo->n_slots, key);
        struct geom *kept = slot->key == 0 ? copy(memo, geom) : NULL;
        if (kept) {
            *slot = (struct memo_slot){key, kept};
            memo->n++;
        }
    }
    pthread_mutex_unlock(&memo->mutex);
}
