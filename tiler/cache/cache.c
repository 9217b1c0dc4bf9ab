#include "tiler/cache/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARTS_MOST = 16,
    PART_BYTES = 4 << 20, /* a part is no smaller, so that large tiles have room */
    SLOTS = 1 << 12,      /* of a part's table */
    GHOSTS = 1 << 12,     /* keys that a part remembers */
    USES_MOST = 3,
};

/* The first queue gets this share of the budget: 10 %, as in the source. */
enum { FIRST_PERCENT = 10 };

struct entry {
    struct cache_key key;
    uint64_t hash;
    struct blob *blob; /* NULL: being drawn */
    struct cache_waiter *waiters;
    struct entry *next_in_slot;
    struct entry *newer, *older; /* in its queue; entries being drawn are in none */
    uint8_t uses;
    bool proven; /* in the second queue */
};

struct queue {
    struct entry *newest, *oldest;
    size_t bytes;
};

struct part {
    pthread_mutex_t mutex;
    pthread_cond_t drawn;
    struct cache_epoch epoch;
    size_t budget_bytes;
    struct queue first, proven;
    struct cache_counts counts;
    struct entry *slots[SLOTS];
    uint64_t ghosts[GHOSTS]; /* hashes of keys, each where its low bits say */
};

struct cache {
    size_t n_parts;
    struct part *parts;
};

enum err_code cache_new(size_t budget_bytes, struct cache **out, struct err *err)
{
    struct cache *cache = calloc(1, sizeof *cache);
    *out = NULL;
    if (!cache)
        return err_nomem(err);
    cache->n_parts = budget_bytes / PART_BYTES;
    if (cache->n_parts > PARTS_MOST)
        cache->n_parts = PARTS_MOST;
    if (cache->n_parts == 0)
        cache->n_parts = 1;
    cache->parts = calloc(cache->n_parts, sizeof *cache->parts);
    if (!cache->parts) {
        free(cache);
        return err_nomem(err);
    }
    for (size_t i = 0; i < cache->n_parts; i++) {
        pthread_mutex_init(&cache->parts[i].mutex, NULL);
        pthread_cond_init(&cache->parts[i].drawn, NULL);
        cache->parts[i].budget_bytes = budget_bytes / cache->n_parts;
    }
    *out = cache;
    return ERR_OK;
}

/* FNV-1a, 64 bits; its high bits are good. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (const char *c = text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001B3);
    return hash ^ hash >> 32;
}

static struct part *part_of(struct cache *cache, uint64_t hash)
{
    return &cache->parts[(hash >> 24) % cache->n_parts];
}

static struct entry **slot_of(struct part *part, uint64_t hash)
{
    return &part->slots[hash % SLOTS];
}

/* A finished one of that edition or a later one, or one that is drawn for that edition. */
static struct entry *find(struct part *part, uint64_t hash, const char *text, uint64_t edition)
{
    for (struct entry *entry = *slot_of(part, hash); entry; entry = entry->next_in_slot)
        if (entry->hash == hash && strcmp(entry->key.text, text) == 0 &&
            (entry->blob ? entry->key.edition >= edition : entry->key.edition == edition))
            return entry;
    return NULL;
}

/* ---- queues ---- */

static size_t cost_of(const struct entry *entry)
{
    return sizeof *entry + sizeof *entry->blob + entry->blob->n_bytes;
}

static struct queue *queue_of(struct part *part, const struct entry *entry)
{
    return entry->proven ? &part->proven : &part->first;
}

static void leave_queue(struct part *part, struct entry *entry)
{
    struct queue *queue = queue_of(part, entry);
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        queue->newest = entry->older;
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        queue->oldest = entry->newer;
    entry->newer = entry->older = NULL;
    queue->bytes -= cost_of(entry);
}

static void enter_queue(struct part *part, struct entry *entry)
{
    struct queue *queue = queue_of(part, entry);
    entry->older = queue->newest;
    entry->newer = NULL;
    if (queue->newest)
        queue->newest->newer = entry;
    else
        queue->oldest = entry;
    queue->newest = entry;
    queue->bytes += cost_of(entry);
}

static void leave_slot(struct part *part, struct entry *entry)
{
    struct entry **at = slot_of(part, entry->hash);
    while (*at != entry)
        at = &(*at)->next_in_slot;
    *at = entry->next_in_slot;
}

/* Of an entry that is drawn. */
static void drop(struct part *part, struct entry *entry)
{
    leave_queue(part, entry);
    leave_slot(part, entry);
    part->counts.n--;
    blob_release(entry->blob);
    free(entry);
}

/* The oldest of the first queue goes, or moves on if it was asked for again. */
static void pass_first(struct part *part)
{
    struct entry *entry = part->first.oldest;
    if (entry->uses == 0) {
        part->ghosts[entry->hash % GHOSTS] = entry->hash;
        part->counts.evictions++;
        drop(part, entry);
        return;
    }
    leave_queue(part, entry);
    entry->proven = true;
    entry->uses = 0;
    enter_queue(part, entry);
}

/* The oldest of the second queue goes, or begins again with a use less. */
static void pass_proven(struct part *part)
{
    struct entry *entry = part->proven.oldest;
    if (entry->uses == 0) {
        part->counts.evictions++;
        drop(part, entry);
        return;
    }
    leave_queue(part, entry);
    entry->uses--;
    enter_queue(part, entry);
}

static void make_room(struct part *part)
{
    size_t first_bytes = part->budget_bytes / 100 * FIRST_PERCENT;
    while (part->first.bytes + part->proven.bytes > part->budget_bytes) {
        if (part->first.oldest && (part->first.bytes > first_bytes || !part->proven.oldest))
            pass_first(part);
        else
            pass_proven(part);
    }
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < cache->n_parts; i++) {
        struct part *part = &cache->parts[i];
        while (part->first.oldest)
            drop(part, part->first.oldest);
        while (part->proven.oldest)
            drop(part, part->proven.oldest);
        pthread_cond_destroy(&part->drawn);
        pthread_mutex_destroy(&part->mutex);
    }
    free(cache->parts);
    free(cache);
}

/* ---- asking ---- */

static void hit(struct part *part, struct entry *entry, struct cache_found *found)
{
    if (entry->uses < USES_MOST)
        entry->uses++;
    part->counts.hits++;
    found->blob = blob_acquire(entry->blob);
    found->place = entry->key.place;
    found->epoch = part->epoch;
}

bool cache_look(struct cache *cache, const char *text, struct cache_found *found)
{
    uint64_t hash = hash_of(text);
    struct part *part = part_of(cache, hash);
    pthread_mutex_lock(&part->mutex);
    struct entry *entry = find(part, hash, text, part->epoch.edition);
    bool there = entry && entry->blob;
    if (there)
        hit(part, entry, found);
    pthread_mutex_unlock(&part->mutex);
    return there;
}

/* An entry that is to be drawn; without memory for it the tile is drawn and not kept. */
static void begin_entry(struct part *part, uint64_t hash, const struct cache_key *key)
{
    struct entry *entry = calloc(1, sizeof *entry);
    part->counts.misses++;
    if (!entry)
        return;
    entry->key = *key;
    entry->hash = hash;
    struct entry **slot = slot_of(part, hash);
    entry->next_in_slot = *slot;
    *slot = entry;
}

enum cache_answer cache_take(struct cache *cache, const struct cache_key *key,
                             struct cache_waiter *waiter, struct cache_found *found)
{
    enum cache_answer answer = CACHE_YOURS;
    uint64_t hash = hash_of(key->text);
    struct part *part = part_of(cache, hash);
    struct entry *entry;
    pthread_mutex_lock(&part->mutex);
    while ((entry = find(part, hash, key->text, key->edition)) && !entry->blob && !waiter)
        pthread_cond_wait(&part->drawn, &part->mutex);
    if (entry && entry->blob) {
        hit(part, entry, found);
        answer = CACHE_HIT;
    } else if (entry) {
        waiter->next = entry->waiters;
        entry->waiters = waiter;
        answer = CACHE_LATER;
    } else {
        begin_entry(part, hash, key);
    }
    pthread_mutex_unlock(&part->mutex);
    return answer;
}

/* The one that is drawn for exactly that key, or NULL: there was no memory for it. */
static struct entry *find_begun(struct part *part, uint64_t hash, const struct cache_key *key)
{
    for (struct entry *entry = *slot_of(part, hash); entry; entry = entry->next_in_slot)
        if (!entry->blob && entry->hash == hash && entry->key.edition == key->edition &&
            strcmp(entry->key.text, key->text) == 0)
            return entry;
    return NULL;
}

void cache_give(struct cache *cache, const struct cache_key *key, struct blob *blob)
{
    struct cache_waiter *waiters = NULL;
    uint64_t hash = hash_of(key->text);
    struct part *part = part_of(cache, hash);
    pthread_mutex_lock(&part->mutex);
    struct entry *entry = find_begun(part, hash, key);
    if (entry) {
        waiters = entry->waiters;
        entry->waiters = NULL;
    }
    /* What was drawn for an edition that has passed nobody asks for any more. */
    if (entry && blob && key->edition >= part->epoch.edition) {
        uint64_t *ghost = &part->ghosts[hash % GHOSTS];
        entry->proven = *ghost == hash;
        *ghost = entry->proven ? 0 : *ghost;
        entry->blob = blob_acquire(blob);
        part->counts.n++;
        enter_queue(part, entry);
        make_room(part);
    } else if (entry) {
        leave_slot(part, entry);
        free(entry);
    }
    pthread_cond_broadcast(&part->drawn);
    pthread_mutex_unlock(&part->mutex);
    while (waiters) {
        struct cache_waiter *next = waiters->next;
        waiters->again(waiters);
        waiters = next;
    }
}

void cache_put(struct cache *cache, const struct cache_key *key, struct blob *blob)
{
    uint64_t hash = hash_of(key->text);
    struct part *part = part_of(cache, hash);
    pthread_mutex_lock(&part->mutex);
    bool there = find(part, hash, key->text, key->edition) != NULL;
    if (!there)
        begin_entry(part, hash, key);
    pthread_mutex_unlock(&part->mutex);
    if (!there)
        cache_give(cache, key, blob);
}

/* ---- the next epoch ---- */

static void turn_queue(struct part *part, struct queue *queue, void *context,
                       bool (*stays)(void *context, const struct cache_place *place))
{
    for (struct entry *entry = queue->oldest, *next; entry; entry = next) {
        next = entry->newer;
        if (stays && stays(context, &entry->key.place))
            entry->key.edition = part->epoch.edition;
        else
            drop(part, entry);
    }
}

void cache_turn(struct cache *cache, const struct cache_epoch *epoch, void *context,
                bool (*stays)(void *context, const struct cache_place *place))
{
    for (size_t i = 0; i < cache->n_parts; i++) {
        struct part *part = &cache->parts[i];
        pthread_mutex_lock(&part->mutex);
        part->epoch = *epoch;
        turn_queue(part, &part->first, context, stays);
        turn_queue(part, &part->proven, context, stays);
        pthread_mutex_unlock(&part->mutex);
    }
}

static void visit_queue(const struct queue *queue, void *context,
                        void (*visit)(void *context, const struct cache_place *place))
{
    for (const struct entry *entry = queue->oldest; entry; entry = entry->newer)
        visit(context, &entry->key.place);
}

void cache_visit(struct cache *cache, void *context,
                 void (*visit)(void *context, const struct cache_place *place))
{
    for (size_t i = 0; i < cache->n_parts; i++) {
        struct part *part = &cache->parts[i];
        pthread_mutex_lock(&part->mutex);
        visit_queue(&part->first, context, visit);
        visit_queue(&part->proven, context, visit);
        pthread_mutex_unlock(&part->mutex);
    }
}

struct cache_counts cache_counts(struct cache *cache)
{
    struct cache_counts sum = {0};
    for (size_t i = 0; i < cache->n_parts; i++) {
        struct part *part = &cache->parts[i];
        pthread_mutex_lock(&part->mutex);
        sum.n += part->counts.n;
        sum.bytes += part->first.bytes + part->proven.bytes;
        sum.hits += part->counts.hits;
        sum.misses += part->counts.misses;
        sum.evictions += part->counts.evictions;
        pthread_mutex_unlock(&part->mutex);
    }
    return sum;
}
