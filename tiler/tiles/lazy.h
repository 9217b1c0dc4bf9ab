/*
 * lazy.h - a value that the first who needs it makes, and all others share.
 *
 * While one thread makes the value the others that need it wait; threads that need other
 * values do not. A failure is handed to the one who tried; the next one tries again.
 *
 * Life:    lazy_init, any number of lazy_get, lazy_release.
 * Owner:   the value lives in the lazy's own arena.
 * Threads: lazy_get from any; init and release from one.
 */
#ifndef SISETU_TILER_LAZY_H
#define SISETU_TILER_LAZY_H

#include "data/base/arena.h"
#include "data/base/err.h"

#include <pthread.h>

enum lazy_state { LAZY_NONE, LAZY_MAKING, LAZY_READY };

struct lazy {
    enum lazy_state state;
    void *value;
    struct arena arena;
};

/* Guards any number of lazies. */
struct lazy_lock {
    pthread_mutex_t mutex;
    pthread_cond_t made;
};

enum err_code lazy_lock_init(struct lazy_lock *lock, struct err *err);
void lazy_lock_release(struct lazy_lock *lock);

void lazy_init(struct lazy *lazy);
void lazy_release(struct lazy *lazy);

/* Makes a value in the arena. */
typedef enum err_code lazy_make(void *context, struct arena *arena, void **value, struct err *err);

enum err_code lazy_get(struct lazy *lazy, struct lazy_lock *lock, lazy_make *make, void *context,
                       void **value, struct err *err);

#endif
