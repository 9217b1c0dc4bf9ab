#include "tiler/tiles/ranked.h"

#include <string.h>

enum { FEW = 32 };

static void sort_few(struct ranked *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct ranked item = items[i];
        size_t at = i;
        for (; at > 0 && items[at - 1].rank > item.rank; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

static void sort_by_byte(const struct ranked *from, struct ranked *to, size_t n, int byte)
{
    uint32_t starts[257] = {0};
    for (size_t i = 0; i < n; i++)
        starts[(from[i].rank >> 8 * byte & 0xFF) + 1]++;
    for (int value = 0; value < 256; value++)
        starts[value + 1] += starts[value];
    for (size_t i = 0; i < n; i++)
        to[starts[from[i].rank >> 8 * byte & 0xFF]++] = from[i];
}

enum err_code ranked_sort(struct ranked *items, size_t n, struct arena *arena, struct err *err)
{
    uint32_t differs = 0;
    if (n <= FEW) {
        sort_few(items, n);
        return ERR_OK;
    }
    struct arena_mark mark = arena_mark(arena);
    struct ranked *from = items, *to = arena_new(arena, struct ranked, n);
    if (!to)
        return err_nomem(err);
    for (size_t i = 1; i < n; i++)
        differs |= items[i].rank ^ items[0].rank;
    for (int byte = 0; byte < 4; byte++) {
        if ((differs >> 8 * byte & 0xFF) == 0)
            continue;
        sort_by_byte(from, to, n, byte);
        struct ranked *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != items)
        memcpy(items, from, n * sizeof *items);
    arena_rewind(arena, mark);
    return ERR_OK;
}
