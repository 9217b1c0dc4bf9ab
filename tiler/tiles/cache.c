#include "tiler/tiles/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Slots of the hash table: ten thousand tiles fill it to a third. */
enum { SLOTS = 1 << 15 };

struct entry {
    struct cache_key key;
    struct blob *blob; /* NULL: being drawn */
    struct entry *next_in_slot;
    struct entry *newer; /* the list by use; entries being drawn are not in it */
    struct entry *older;
};

struct cache {
    pthread_mutex_t mutex;
    pthread_cond_t drawn;
    size_t budget_bytes;
    size_t used_bytes;
    struct entry *newest;
    struct entry *oldest;
    struct entry *slots[SLOTS];
};

enum err_code cache_new(size_t budget_bytes, struct cache **out, struct err *err)
{
    struct cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return err_nomem(err);
    pthread_mutex_init(&cache->mutex, NULL);
    pthread_cond_init(&cache->drawn, NULL);
    cache->budget_bytes = budget_bytes;
    *out = cache;
    return ERR_OK;
}

/* FNV-1a, 32 bits. */
static struct entry **slot_of(struct cache *cache, const struct cache_key *key)
{
    uint32_t hash = 2166136261u;
    for (const char *c = key->text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    hash ^= (uint32_t)key->edition * 2654435761u;
    return &cache->slots[(hash ^ hash >> 15) % SLOTS];
}

static struct entry *find(struct cache *cache, const struct cache_key *key)
{
    for (struct entry *entry = *slot_of(cache, key); entry; entry = entry->next_in_slot)
        if (entry->key.edition == key->edition && strcmp(entry->key.text, key->text) == 0)
            return entry;
    return NULL;
}

static void unlink_use(struct cache *cache, struct entry *entry)
{
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        cache->newest = entry->older;
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        cache->oldest = entry->newer;
    entry->newer = entry->older = NULL;
}

static void link_newest(struct cache *cache, struct entry *entry)
{
    entry->older = cache->newest;
    entry->newer = NULL;
    if (cache->newest)
        cache->newest->newer = entry;
    else
        cache->oldest = entry;
    cache->newest = entry;
}

static size_t cost_of(const struct entry *entry)
{
    return sizeof *entry + sizeof *entry->blob + entry->blob->n_bytes;
}

static void remove_from_slot(struct cache *cache, struct entry *entry)
{
    struct entry **at = slot_of(cache, &entry->key);
    while (*at != entry)
        at = &(*at)->next_in_slot;
    *at = entry->next_in_slot;
}

/* Of an entry that is drawn and in the list. */
static void drop(struct cache *cache, struct entry *entry)
{
    cache->used_bytes -= cost_of(entry);
    unlink_use(cache, entry);
    remove_from_slot(cache, entry);
    blob_release(entry->blob);
    free(entry);
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    while (cache->oldest)
        drop(cache, cache->oldest);
    pthread_cond_destroy(&cache->drawn);
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
}

static struct blob *use(struct cache *cache, struct entry *entry)
{
    unlink_use(cache, entry);
    link_newest(cache, entry);
    return blob_acquire(entry->blob);
}

struct blob *cache_look(struct cache *cache, const struct cache_key *key)
{
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = find(cache, key);
    struct blob *blob = entry && entry->blob ? use(cache, entry) : NULL;
    pthread_mutex_unlock(&cache->mutex);
    return blob;
}

struct blob *cache_take(struct cache *cache, const struct cache_key *key)
{
    struct blob *blob = NULL;
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry;
    while ((entry = find(cache, key)) && !entry->blob)
        pthread_cond_wait(&cache->drawn, &cache->mutex);
    if (entry) {
        blob = use(cache, entry);
    } else if ((entry = calloc(1, sizeof *entry))) {
        entry->key = *key;
        struct entry **slot = slot_of(cache, key);
        entry->next_in_slot = *slot;
        *slot = entry;
    }
    pthread_mutex_unlock(&cache->mutex);
    return blob;
}

void cache_give(struct cache *cache, const struct cache_key *key, struct blob *blob)
{
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = find(cache, key);
    /* No entry: cache_take had no memory for one. One that is drawn: then neither. */
    if (entry && !entry->blob) {
        if (blob) {
            entry->blob = blob_acquire(blob);
            cache->used_bytes += cost_of(entry);
            link_newest(cache, entry);
        } else {
            remove_from_slot(cache, entry);
            free(entry);
        }
    }
    while (cache->used_bytes > cache->budget_bytes && cache->oldest)
        drop(cache, cache->oldest);
    pthread_cond_broadcast(&cache->drawn);
    pthread_mutex_unlock(&cache->mutex);
}

void cache_forget_before(struct cache *cache, uint64_t edition)
{
    pthread_mutex_lock(&cache->mutex);
    for (struct entry *entry = cache->oldest; entry;) {
        struct entry *next = entry->newer;
        if (entry->key.edition < edition)
            drop(cache, entry);
        entry = next;
    }
    pthread_mutex_unlock(&cache->mutex);
}

size_t cache_bytes(struct cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    size_t used_bytes = cache->used_bytes;
    pthread_mutex_unlock(&cache->mutex);
    return used_bytes;
}
