/*
 * lazy.h - a value that the first who needs it makes, and all others share.
 *
 * While one thread makes the value the others that need it wait; threads that need other
 * values do not. A failure is handed to the one who tried; the next one tries again.
 *
 * A value that is made may be shared with other lazies, under other locks: it never changes again.
 *
 * Life:    lazy_init, any number of lazy_get, lazy_release.
 * Owner:   the value lives in an arena of its own, until the last lazy that has it is released.
 * Threads: lazy_get from any; init and release from one.
 */
#ifndef SISETU_TILER_LAZY_H
#define SISETU_TILER_LAZY_H

#include "data/base/arena.h"
#include "data/base/err.h"

#include <pthread.h>
#include <stdbool.h>

enum lazy_state { LAZY_NONE, LAZY_MAKING, LAZY_READY };

struct lazy_block;

struct lazy {
    enum lazy_state state;
    void *value;
    struct lazy_block *block; /* of whoever shares the value; NULL: none yet */
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

/* The value, if it is made. */
bool lazy_peek(const struct lazy *lazy, struct lazy_lock *lock, void **value);

/* `to`, which is none yet, gets what `from` has, if it is made: true. lock: of `from`. */
bool lazy_share(struct lazy *to, const struct lazy *from, struct lazy_lock *lock);
void lazy_share_all(struct lazy *to, const struct lazy *from, size_t n, struct lazy_lock *lock);

#endif
