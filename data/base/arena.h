/*
 * arena.h - memory that is freed all at once.
 *
 * Three lifetimes exist: the process, a world, a request. Each has an arena; a
 * function that allocates takes one. Nothing is freed singly.
 *
 * Life:    arena_init, any number of allocations, arena_reset to start again
 *          (keeps the first chunk), arena_release at the end.
 * Owner:   whoever holds the struct arena; memory dies with it.
 * Threads: one thread at a time.
 * Cost:    an allocation is a few instructions; chunks double from 64 KiB to 8 MiB, and those of
 *          8 MiB and more lie in pages of 2 MiB where the kernel has them.
 * Errors:  an allocation that fails or would pass the byte limit returns NULL; callers
 *          answer with err_nomem. Tests lower the limit to walk every such path.
 */
#ifndef SISETU_DATA_BASE_ARENA_H
#define SISETU_DATA_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *head;
    size_t used_bytes;  /* handed out, padding included */
    size_t limit_bytes; /* 0: none */
};

void arena_init(struct arena *arena, size_t limit_bytes);
void arena_reset(struct arena *arena);

/* Makes the first chunk of an arena that has none so large: for whoever resets it again and again
 * after more than the usual 64 KiB. Pages that are never used cost nothing. Where there is no such
 * memory, nothing happens. */
void arena_reserve(struct arena *arena, size_t bytes);
void arena_release(struct arena *arena);

/* Moves what `from` holds to an arena that lives longer, as of work that another thread did; `from`
 * is empty then. A rewind leaves it there. */
void arena_adopt(struct arena *arena, struct arena *from);

/* Scratch inside a longer life: everything allocated after the mark goes at the rewind, the
 * rest stays. Marks nest; a reset or an earlier rewind makes a mark worthless. */
struct arena_mark {
    struct arena_chunk *head;
    size_t head_used_bytes;
    size_t used_bytes;
};
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* count * size zeroed bytes, aligned to 16; NULL on overflow, limit or no memory.
 * A count of 0 returns a valid pointer to nothing. */
void *arena_alloc(struct arena *arena, size_t count, size_t size)
    __attribute__((warn_unused_result));

/* The same, not zeroed: for what is written whole at once. */
void *arena_alloc_raw(struct arena *arena, size_t count, size_t size)
    __attribute__((warn_unused_result));

/* A copy of items with room for at least `need` of them: returns `items` itself while
 * *capacity suffices, else a doubled copy (the old one stays until the arena goes). */
void *arena_grow(struct arena *arena, void *items, size_t *capacity, size_t need, size_t size)
    __attribute__((warn_unused_result));

/* n texts one behind the other. */
char *arena_texts(struct arena *arena, const char *const *texts, size_t n)
    __attribute__((warn_unused_result));

/* The first n_head bytes of a text, and another text behind them. */
char *arena_join(struct arena *arena, const char *head, size_t n_head, const char *tail)
    __attribute__((warn_unused_result));
char *arena_strdup(struct arena *arena, const char *text) __attribute__((warn_unused_result));
char *arena_strndup(struct arena *arena, const char *text, size_t n)
    __attribute__((warn_unused_result));
void *arena_memdup(struct arena *arena, const void *bytes, size_t n)
    __attribute__((warn_unused_result));
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

/* `struct thing *t = arena_new(arena, struct thing, n);` */
#define arena_new(arena, type, count) ((type *)arena_alloc((arena), (count), sizeof(type)))

#endif
