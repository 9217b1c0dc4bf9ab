#include "data/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Under AddressSanitizer what an arena does not hold is poison: what was rewound and is still
 * read shows as a use after free would. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define POISON(memory, n) ASAN_POISON_MEMORY_REGION(memory, n)
#define UNPOISON(memory, n) ASAN_UNPOISON_MEMORY_REGION(memory, n)
#else
#define POISON(memory, n) ((void)(memory), (void)(n))
#define UNPOISON(memory, n) ((void)(memory), (void)(n))
#endif

enum {
    ALIGNMENT = 16,
    FIRST_CHUNK_BYTES = 64 << 10,
    LARGEST_CHUNK_BYTES = 8 << 20, /* with its head; larger requests get a chunk of their size */
    HUGE_PAGE_BYTES = 2 << 20,
};

/* Read by jemalloc when a program starts: what was freed and is not asked for again soon
 * goes back to the system by a thread of its own, not in the middle of an edit or of a tile.
 * Large pieces too come from memory that was used before, which the system need not clear. */
extern const char *malloc_conf;
const char *malloc_conf =
    "background_thread:true,narenas:2,dirty_decay_ms:200,oversize_threshold:0";

struct arena_chunk {
    struct arena_chunk *next;
    size_t size_bytes; /* of data */
    size_t used_bytes;
    alignas(ALIGNMENT) unsigned char data[];
};

void arena_init(struct arena *arena, size_t limit_bytes)
{
    *arena = (struct arena){.limit_bytes = limit_bytes};
}

static struct arena_chunk *free_chunk(struct arena_chunk *chunk)
{
    struct arena_chunk *next = chunk->next;
    UNPOISON(chunk->data, chunk->size_bytes);
    free(chunk);
    return next;
}

static void cut_chunk(struct arena_chunk *chunk, size_t used_bytes)
{
    POISON(chunk->data + used_bytes, chunk->size_bytes - used_bytes);
    chunk->used_bytes = used_bytes;
}

void arena_reset(struct arena *arena)
{
    if (!arena->head)
        return;
    struct arena_chunk *first = arena->head;
    while (first->next)
        first = free_chunk(first);
    cut_chunk(first, 0);
    arena->head = first;
    arena->used_bytes = 0;
}

void arena_release(struct arena *arena)
{
    while (arena->head)
        arena->head = free_chunk(arena->head);
    arena->used_bytes = 0;
}

/* Behind the chunk that is being filled. */
void arena_adopt(struct arena *arena, struct arena *from)
{
    struct arena_chunk *last = from->head;
    while (last && last->next)
        last = last->next;
    if (last && arena->head) {
        last->next = arena->head->next;
        arena->head->next = from->head;
    } else if (last) {
        arena->head = from->head;
    }
    arena->used_bytes += from->used_bytes;
    from->head = NULL;
    from->used_bytes = 0;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->head, arena->head ? arena->head->used_bytes : 0,
                               arena->used_bytes};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    /* An arena that was empty at the mark keeps its first chunk, for the next round. */
    while (arena->head && arena->head != mark.head && (mark.head || arena->head->next))
        arena->head = free_chunk(arena->head);
    if (arena->head)
        cut_chunk(arena->head, mark.head_used_bytes);
    arena->used_bytes = mark.used_bytes;
}

/* What is as large as that is the world, or a large part of it, which is read here and there: in
 * pages of 2 MB the processor finds its way with half of the looks. */
static void *take_chunk(size_t *bytes)
{
    if (*bytes < LARGEST_CHUNK_BYTES)
        return malloc(*bytes);
    *bytes = (*bytes + HUGE_PAGE_BYTES - 1) & ~(size_t)(HUGE_PAGE_BYTES - 1);
    void *memory = aligned_alloc(HUGE_PAGE_BYTES, *bytes);
    if (memory)
        (void)madvise(memory, *bytes, MADV_HUGEPAGE); /* a kernel may have none */
    return memory;
}

static struct arena_chunk *add_chunk(struct arena *arena, size_t need)
{
    size_t size = arena->head ? arena->head->size_bytes * 2 : FIRST_CHUNK_BYTES;
    if (size > LARGEST_CHUNK_BYTES - sizeof(struct arena_chunk))
        size = LARGEST_CHUNK_BYTES - sizeof(struct arena_chunk); /* whole pages */
    if (size < need)
        size = need;
    size_t bytes = sizeof(struct arena_chunk) + size;
    struct arena_chunk *chunk = take_chunk(&bytes);
    if (!chunk)
        return NULL;
    chunk->next = arena->head;
    chunk->size_bytes = bytes - sizeof *chunk;
    cut_chunk(chunk, 0);
    arena->head = chunk;
    return chunk;
}

void arena_reserve(struct arena *arena, size_t bytes)
{
    if (!arena->head)
        add_chunk(arena, bytes);
}

/* Memory with its last bytes zeroed, from `known` on (beyond the end: none): what comes before is
 * about to be written. */
static void *take(struct arena *arena, size_t count, size_t size, size_t known)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (arena->limit_bytes &&
        (bytes > arena->limit_bytes || arena->used_bytes > arena->limit_bytes - bytes))
        return NULL;
    struct arena_chunk *chunk = arena->head;
    if (!chunk || chunk->size_bytes - chunk->used_bytes < bytes)
        chunk = add_chunk(arena, bytes);
    if (!chunk)
        return NULL;
    unsigned char *memory = chunk->data + chunk->used_bytes;
    UNPOISON(memory, bytes);
    chunk->used_bytes += bytes;
    arena->used_bytes += bytes;
    if (known < bytes)
        memset(memory + known, 0, bytes - known);
    return memory;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    return take(arena, count, size, 0);
}

void *arena_alloc_raw(struct arena *arena, size_t count, size_t size)
{
    return take(arena, count, size, SIZE_MAX);
}

void *arena_grow(struct arena *arena, void *items, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity && items)
        return items;
    size_t wanted = *capacity < 8 ? 8 : *capacity * 2;
    if (wanted < need)
        wanted = need;
    size_t known = items ? *capacity * size : 0;
    void *copy = take(arena, wanted, size, known);
    if (!copy)
        return NULL;
    if (known)
        memcpy(copy, items, known);
    *capacity = wanted;
    return copy;
}

void *arena_memdup(struct arena *arena, const void *bytes, size_t n)
{
    void *copy = take(arena, n, 1, n);
    return copy && n ? memcpy(copy, bytes, n) : copy;
}

char *arena_strndup(struct arena *arena, const char *text, size_t n)
{
    n = strnlen(text, n);
    char *copy = arena_alloc(arena, n + 1, 1);
    return copy ? memcpy(copy, text, n) : NULL;
}

char *arena_texts(struct arena *arena, const char *const *texts, size_t n)
{
    size_t n_bytes = 1;
    for (size_t i = 0; i < n; i++)
        n_bytes += strlen(texts[i]);
    char *text = take(arena, n_bytes, 1, n_bytes), *end = text;
    for (size_t i = 0; text && i < n; i++)
        end = stpcpy(end, texts[i]);
    if (text)
        *end = '\0';
    return text;
}

char *arena_join(struct arena *arena, const char *head, size_t n_head, const char *tail)
{
    size_t n_tail = strlen(tail) + 1;
    char *text = n_head < SIZE_MAX - n_tail ? take(arena, n_head + n_tail, 1, n_head) : NULL;
    if (!text)
        return NULL;
    memcpy(text, head, n_head);
    memcpy(text + n_head, tail, n_tail);
    return text;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    char room[256]; /* most texts are shorter: written once */
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = vsnprintf(room, sizeof room, format, arguments);
    va_end(arguments);
    char *text = n < 0 ? NULL : arena_alloc(arena, (size_t)n + 1, 1);
    if (text && (size_t)n < sizeof room)
        memcpy(text, room, (size_t)n + 1);
    else if (text)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}
