/*
 * cache.h - finished tiles, kept whole, the least recently used thrown out first.
 *
 * One tile is drawn by one thread at a time: whoever asks for a key that is being drawn
 * waits for that thread's tile.
 *
 *     switch (cache_take(cache, key, &blob)) ... CACHE_YOURS: draw, then cache_give
 *
 * Life:    cache_new; cache_free when no thread is inside any more.
 * Threads: safe; one mutex, held for a hash look-up.
 * Cost:    the bytes of the tiles plus about 200 a tile, bounded by budget_bytes.
 */
#ifndef SISETU_TILER_CACHE_H
#define SISETU_TILER_CACHE_H

#include "data/base/err.h"
#include "tiler/tiles/blob.h"

#include <stdint.h>

struct cache;

/* A tile of one edition of the world: equal texts are equal tiles. */
enum { CACHE_KEY_BYTES = 96 };
struct cache_key {
    uint64_t edition; /* grows with every world that is published */
    char text[CACHE_KEY_BYTES];
};

enum err_code cache_new(size_t budget_bytes, struct cache **out, struct err *err);
void cache_free(struct cache *cache); /* NULL is fine */

/* The tile if it is there, else NULL; never waits. Release the blob after use. */
struct blob *cache_look(struct cache *cache, const struct cache_key *key);

/* The tile, waiting for whoever draws it; or NULL: the caller is to draw it, and must then
 * call cache_give whatever happens. */
struct blob *cache_take(struct cache *cache, const struct cache_key *key);

/* Keeps the tile (its own reference); NULL when drawing failed: whoever waits tries itself. */
void cache_give(struct cache *cache, const struct cache_key *key, struct blob *blob);

/* Throws out what belongs to older editions. */
void cache_forget_before(struct cache *cache, uint64_t edition);

size_t cache_bytes(struct cache *cache);

#endif
