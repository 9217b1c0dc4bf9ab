#include "tiler/serve/glyph_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_STACKS = 8,
    MOST_BYTES = 64 << 20, /* every ideograph of one stack is 15 MB */
};

struct kept_stack {
    char *name;
    struct blob *packs[GLYPH_RANGES];
};

struct glyph_cache {
    pthread_mutex_t mutex;
    struct kept_stack stacks[MOST_STACKS];
    size_t n_stacks, n_bytes;
};

enum err_code glyph_cache_new(struct glyph_cache **out, struct err *err)
{
    struct glyph_cache *cache = calloc(1, sizeof *cache);
    *out = NULL;
    if (!cache)
        return err_nomem(err);
    int number = pthread_mutex_init(&cache->mutex, NULL);
    if (number != 0) {
        free(cache);
        return err_errno(err, number, "mutex");
    }
    *out = cache;
    return ERR_OK;
}

static void forget(struct glyph_cache *cache)
{
    for (size_t i = 0; i < cache->n_stacks; i++) {
        for (size_t k = 0; k < GLYPH_RANGES; k++)
            blob_release(cache->stacks[i].packs[k]);
        free(cache->stacks[i].name);
        cache->stacks[i] = (struct kept_stack){0};
    }
    cache->n_stacks = cache->n_bytes = 0;
}

void glyph_cache_free(struct glyph_cache *cache)
{
    if (!cache)
        return;
    forget(cache);
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
}

/* Where a pack is kept; NULL: there is no place for it. */
static struct blob **place_of(struct glyph_cache *cache, const char *name, uint32_t range, bool add)
{
    for (size_t i = 0; i < cache->n_stacks; i++)
        if (strcmp(cache->stacks[i].name, name) == 0)
            return &cache->stacks[i].packs[range];
    if (!add)
        return NULL;
    if (cache->n_stacks == MOST_STACKS)
        forget(cache);
    struct kept_stack *stack = &cache->stacks[cache->n_stacks];
    stack->name = strdup(name);
    cache->n_stacks += stack->name != NULL;
    return stack->name ? &stack->packs[range] : NULL;
}

static void keep(struct glyph_cache *cache, const char *name, uint32_t range, struct blob *pack)
{
    if (cache->n_bytes + pack->n_bytes > MOST_BYTES)
        forget(cache);
    struct blob **place = place_of(cache, name, range, true);
    if (!place || *place)
        return;
    *place = blob_acquire(pack);
    cache->n_bytes += pack->n_bytes;
}

enum err_code glyph_cache_get(struct glyph_cache *cache, const struct font_stack *stack,
                              const char *name, uint32_t range, struct blob **out, struct err *err)
{
    struct buf bytes;
    buf_init(&bytes);
    pthread_mutex_lock(&cache->mutex);
    struct blob **place = place_of(cache, name, range, false);
    *out = place && *place ? blob_acquire(*place) : NULL;
    pthread_mutex_unlock(&cache->mutex);
    if (*out)
        return ERR_OK;
    enum err_code code = glyph_range_write(stack, name, range, &bytes, err);
    if (code == ERR_OK)
        code = blob_new(&bytes, out, err);
    buf_release(&bytes);
    if (code != ERR_OK)
        return code;
    pthread_mutex_lock(&cache->mutex);
    keep(cache, name, range, *out);
    pthread_mutex_unlock(&cache->mutex);
    return ERR_OK;
}
