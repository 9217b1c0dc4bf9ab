#include "tiler/cache/lazy.h"

#include <stdatomic.h>
#include <stdlib.h>

struct lazy_block {
    atomic_uint holders;
    struct arena arena;
};

static void release_block(struct lazy_block *block)
{
    if (!block || atomic_fetch_sub(&block->holders, 1) != 1)
        return;
    arena_release(&block->arena);
    free(block);
}

static struct lazy_block *new_block(void)
{
    struct lazy_block *block = calloc(1, sizeof *block);
    if (!block)
        return NULL;
    atomic_init(&block->holders, 1);
    arena_init(&block->arena, 0);
    return block;
}

enum err_code lazy_lock_init(struct lazy_lock *lock, struct err *err)
{
    int number = pthread_mutex_init(&lock->mutex, NULL);
    if (number != 0)
        return err_errno(err, number, "mutex");
    number = pthread_cond_init(&lock->made, NULL);
    if (number == 0)
        return ERR_OK;
    pthread_mutex_destroy(&lock->mutex);
    return err_errno(err, number, "condition");
}

void lazy_lock_release(struct lazy_lock *lock)
{
    pthread_cond_destroy(&lock->made);
    pthread_mutex_destroy(&lock->mutex);
}

void lazy_init(struct lazy *lazy)
{
    *lazy = (struct lazy){.state = LAZY_NONE};
}

void lazy_release(struct lazy *lazy)
{
    release_block(lazy->block);
    *lazy = (struct lazy){.state = LAZY_NONE};
}

bool lazy_peek(const struct lazy *lazy, struct lazy_lock *lock, void **value)
{
    pthread_mutex_lock(&lock->mutex);
    bool made = lazy->state == LAZY_READY;
    *value = made ? lazy->value : NULL;
    pthread_mutex_unlock(&lock->mutex);
    return made;
}

static bool take(struct lazy *to, const struct lazy *from)
{
    if (from->state != LAZY_READY)
        return false;
    *to = *from;
    if (to->block)
        atomic_fetch_add(&to->block->holders, 1);
    return true;
}

bool lazy_share(struct lazy *to, const struct lazy *from, struct lazy_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
    bool made = take(to, from);
    pthread_mutex_unlock(&lock->mutex);
    return made;
}

void lazy_share_all(struct lazy *to, const struct lazy *from, size_t n, struct lazy_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
    for (size_t i = 0; i < n; i++)
        (void)take(&to[i], &from[i]);
    pthread_mutex_unlock(&lock->mutex);
}

enum err_code lazy_get(struct lazy *lazy, struct lazy_lock *lock, lazy_make *make, void *context,
                       void **value, struct err *err)
{
    pthread_mutex_lock(&lock->mutex);
    while (lazy->state == LAZY_MAKING)
        pthread_cond_wait(&lock->made, &lock->mutex);
    if (lazy->state == LAZY_READY) {
        *value = lazy->value;
        pthread_mutex_unlock(&lock->mutex);
        return ERR_OK;
    }
    lazy->state = LAZY_MAKING;
    pthread_mutex_unlock(&lock->mutex);

    void *made = NULL;
    struct lazy_block *block = new_block();
    enum err_code code = block ? make(context, &block->arena, &made, err) : err_nomem(err);

    pthread_mutex_lock(&lock->mutex);
    if (code == ERR_OK) {
        lazy->value = made;
        lazy->block = block;
        lazy->state = LAZY_READY;
    } else {
        release_block(block);
        lazy->state = LAZY_NONE;
    }
    pthread_cond_broadcast(&lock->made);
    pthread_mutex_unlock(&lock->mutex);
    *value = made;
    return code;
}
