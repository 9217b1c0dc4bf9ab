#include "tiler/tiles/lazy.h"

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
    arena_init(&lazy->arena, 0);
}

void lazy_release(struct lazy *lazy)
{
    arena_release(&lazy->arena);
    *lazy = (struct lazy){.state = LAZY_NONE};
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
    enum err_code code = make(context, &lazy->arena, &made, err);

    pthread_mutex_lock(&lock->mutex);
    if (code == ERR_OK) {
        lazy->value = made;
        lazy->state = LAZY_READY;
    } else {
        arena_release(&lazy->arena);
        lazy->state = LAZY_NONE;
    }
    pthread_cond_broadcast(&lock->made);
    pthread_mutex_unlock(&lock->mutex);
    *value = made;
    return code;
}
