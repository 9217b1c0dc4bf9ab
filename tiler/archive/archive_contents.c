/* archive_contents.c - which contents an archive has: equal ones are stored once. */
#include "data/base/limits.h"
#include "tiler/archive/archive_parts.h"

#include <stdlib.h>
#include <string.h>

/* Contents a slot at most: 3 of 4. */
static bool is_full(const struct contents *contents)
{
    return (contents->n + 1) * 4 > contents->n_slots * 3;
}

static void place(struct contents *contents, uint32_t number)
{
    size_t mask = contents->n_slots - 1;
    size_t slot = contents->items[number].crc & mask;
    while (contents->slots[slot])
        slot = (slot + 1) & mask;
    contents->slots[slot] = number + 1;
}

static enum err_code grow_slots(struct contents *contents, struct err *err)
{
    size_t n_slots = contents->n_slots ? contents->n_slots * 2 : 1024;
    uint32_t *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return err_nomem(err);
    free(contents->slots);
    contents->slots = slots;
    contents->n_slots = n_slots;
    for (size_t i = 0; i < contents->n; i++)
        place(contents, (uint32_t)i);
    return ERR_OK;
}

enum err_code contents_find(struct archive *archive, const void *bytes, size_t n, uint32_t crc,
                            uint32_t *out, struct err *err)
{
    const struct contents *contents = &archive->contents;
    *out = CONTENT_NONE;
    if (contents->n == 0)
        return ERR_OK;
    size_t mask = contents->n_slots - 1;
    for (size_t slot = crc & mask; contents->slots[slot]; slot = (slot + 1) & mask) {
        uint32_t number = contents->slots[slot] - 1;
        const struct content *content = &contents->items[number];
        if (content->crc != crc || content->n_bytes != n)
            continue;
        buf_clear(&archive->scratch);
        enum err_code code = spool_read(archive, content, &archive->scratch, err);
        if (code != ERR_OK)
            return code;
        if (memcmp(archive->scratch.bytes, bytes, n) == 0) {
            *out = number;
            break;
        }
    }
    return ERR_OK;
}

enum err_code contents_room(struct contents *contents, struct err *err)
{
    if (contents->n == contents->capacity) {
        size_t capacity = contents->capacity ? contents->capacity + contents->capacity / 2 : 1024;
        struct content *items = realloc(contents->items, capacity * sizeof *items);
        if (!items)
            return err_nomem(err);
        contents->items = items;
        contents->capacity = capacity;
    }
    return is_full(contents) ? grow_slots(contents, err) : ERR_OK;
}

void contents_add(struct contents *contents, struct content content)
{
    contents->items[contents->n] = content;
    place(contents, (uint32_t)contents->n++);
}

void contents_release(struct contents *contents)
{
    free(contents->items);
    free(contents->slots);
    *contents = (struct contents){0};
}
