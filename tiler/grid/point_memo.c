#include "tiler/grid/point_memo.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct memo_slot {
    uint64_t key; /* 0: free */
    struct plane_point point;
};

struct point_memo {
    pthread_mutex_t mutex;
    unsigned n_references;
    struct memo_slot *slots; /* at most half of them are used */
    size_t n_slots, n;
};

enum { FIRST_SLOTS = 256 };

enum err_code point_memo_new(struct point_memo **out, struct err *err)
{
    struct point_memo *memo = calloc(1, sizeof *memo);
    *out = NULL;
    if (!memo)
        return err_nomem(err);
    int failure = pthread_mutex_init(&memo->mutex, NULL);
    if (failure != 0) {
        free(memo);
        return err_errno(err, failure, "mutex");
    }
    memo->n_references = 1;
    *out = memo;
    return ERR_OK;
}

struct point_memo *point_memo_acquire(struct point_memo *memo)
{
    pthread_mutex_lock(&memo->mutex);
    memo->n_references++;
    pthread_mutex_unlock(&memo->mutex);
    return memo;
}

void point_memo_release(struct point_memo *memo)
{
    if (!memo)
        return;
    pthread_mutex_lock(&memo->mutex);
    unsigned left = --memo->n_references;
    pthread_mutex_unlock(&memo->mutex);
    if (left > 0)
        return;
    pthread_mutex_destroy(&memo->mutex);
    free(memo->slots);
    free(memo);
}

uint64_t point_memo_key(uint64_t key, const struct plane_point *points, size_t n)
{
    key += n;
    for (size_t i = 0; i < n; i++) {
        key ^= (uint64_t)(uint32_t)points[i].x << 32 | (uint32_t)points[i].y;
        key = (key ^ key >> 29) * UINT64_C(0xBF58476D1CE4E5B9); /* of splitmix64 */
        key ^= key >> 32;
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

bool point_memo_find(struct point_memo *memo, uint64_t key, struct plane_point *out)
{
    bool found = false;
    pthread_mutex_lock(&memo->mutex);
    if (memo->n > 0) {
        const struct memo_slot *slot = slot_of(memo->slots, memo->n_slots, key);
        found = slot->key != 0;
        if (found)
            *out = slot->point;
    }
    pthread_mutex_unlock(&memo->mutex);
    return found;
}

static bool grow(struct point_memo *memo)
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

void point_memo_keep(struct point_memo *memo, uint64_t key, struct plane_point point)
{
    pthread_mutex_lock(&memo->mutex);
    if (memo->n < POINT_MEMO_MOST && (2 * memo->n < memo->n_slots || grow(memo))) {
        struct memo_slot *slot = slot_of(memo->slots, memo->n_slots, key);
        memo->n += slot->key == 0;
        *slot = (struct memo_slot){key, point};
    }
    pthread_mutex_unlock(&memo->mutex);
}
