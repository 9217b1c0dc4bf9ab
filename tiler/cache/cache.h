/*
 * cache.h - finished tiles, kept whole under a budget of bytes.
 *
 * One tile is drawn by one thread at a time: whoever asks for a key that is being drawn gets
 * that thread's tile, waiting for it or, where a thread may not wait, called when it is there.
 *
 *     switch (cache_take(cache, &key, waiter, &found))
 *     CACHE_HIT: send found.blob    CACHE_YOURS: draw, then cache_give    CACHE_LATER: leave
 *
 * What is thrown out: a tile that nobody asked for again while it passed through the first tenth
 * of the budget, before one that somebody did. So a client that walks over the whole map once does
 * not push out what all others look at. Keys that went that way are remembered for a while; one
 * that comes again is kept at once.
 *
 * A cache belongs to one epoch at a time: the edition that is published. cache_turn brings it to
 * the next one, keeping those tiles that are the same there.
 *
 * Life:    cache_new; cache_free when no thread is inside any more.
 * Threads: safe. Parts by hash, each with a mutex that is held for a look-up, or for the part's
 *          share of a turn.
 * Cost:    the bytes of the tiles plus about 250 a tile, bounded by budget_bytes.
 * Source:  Yang, Zhang, Qiu, Yue and Vinayak, "FIFO queues are all you need for cache eviction",
 *          SOSP 2023 (S3-FIFO).
 */
#ifndef SISETU_TILER_CACHE_H
#define SISETU_TILER_CACHE_H

#include "data/base/err.h"
#include "tiler/cache/blob.h"

#include <stdint.h>

struct cache;

/* What is published: its edition grows with each publication. Versions tell, map by map, one
 * content from all others (watch.h). */
enum { CACHE_MAPS = 8 };
struct cache_epoch {
    uint64_t edition;
    uint64_t generation;
    uint64_t versions[CACHE_MAPS];
};

/* Which square of which map a tile shows, in which style (its version). */
struct cache_place {
    uint64_t style;
    uint8_t map, plane, z;
    bool vector;
    bool of_unit; /* of a unit by its code, which may go */
    uint32_t x, y;
};

/* A tile of one edition: equal texts are equal tiles. */
enum { CACHE_KEY_BYTES = 96 };
struct cache_key {
    uint64_t edition;
    struct cache_place place;
    char text[CACHE_KEY_BYTES];
};

struct cache_found {
    struct blob *blob; /* release it */
    struct cache_place place;
    struct cache_epoch epoch; /* in which it holds: the asker's or a later one */
};

/* Who cannot wait: `again` is called once, by another thread, when asking again makes sense. */
struct cache_waiter {
    struct cache_waiter *next;
    void (*again)(struct cache_waiter *waiter);
};

enum err_code cache_new(size_t budget_bytes, struct cache **out, struct err *err);
void cache_free(struct cache *cache); /* NULL is fine */

/* The tile with that text as it is published now, if it is there; never waits. */
bool cache_look(struct cache *cache, const char *text, struct cache_found *found);

enum cache_answer {
    CACHE_HIT,
    CACHE_YOURS, /* the caller is to draw it, and must then call cache_give whatever happens */
    CACHE_LATER, /* somebody draws it: the waiter will be called */
};

/* waiter NULL: waits for whoever draws it. */
enum cache_answer cache_take(struct cache *cache, const struct cache_key *key,
                             struct cache_waiter *waiter, struct cache_found *found);

/* Keeps the tile (its own reference); NULL when drawing failed: whoever waits tries itself. */
void cache_give(struct cache *cache, const struct cache_key *key, struct blob *blob);

/* Keeps a tile that was not taken first, unless it is there or is being drawn. */
void cache_put(struct cache *cache, const struct cache_key *key, struct blob *blob);

/* To the next epoch, with the tiles that `stays` says are the same there (NULL: none). Once it
 * returns nobody gets another. */
void cache_turn(struct cache *cache, const struct cache_epoch *epoch, void *context,
                bool (*stays)(void *context, const struct cache_place *place));

/* Calls visit for the place of each tile that is kept, under the lock of its part. */
void cache_visit(struct cache *cache, void *context,
                 void (*visit)(void *context, const struct cache_place *place));

struct cache_counts {
    size_t n, bytes; /* of the tiles */
    uint64_t hits, misses, evictions;
};
struct cache_counts cache_counts(struct cache *cache);

#endif
