#include "geo/pipelines/pipeline_stretches.h"

#include <stdlib.h>

/* Lines that are looked at one by one before the index is made anew. */
enum { MOST_LATER = 512 };

void pipeline_stretches_free(struct pipeline_stretches *stretches)
{
    arena_release(&stretches->arena);
    free(stretches->later);
}

bool pipeline_stretches_is_due(const struct pipeline_stretches *stretches)
{
    return stretches->n_later > MOST_LATER;
}

/* A walk along all stretches: at each `boxes` and `slots` grow by one, if they are there. */
static size_t list(const struct pipeline_line *const *lines, size_t n_slots, struct box *boxes,
                   uint32_t *slots)
{
    size_t n = 0;
    for (size_t slot = 0; slot < n_slots; slot++) {
        const struct pipeline_line *line = lines[slot];
        for (uint32_t part = 0; line && part < line->n_parts; part++) {
            uint32_t first = pipeline_part_start(line, part);
            for (; first + 1 < line->part_ends[part]; first += PIPELINE_STRETCH_EDGES, n++) {
                if (!boxes)
                    continue;
                boxes[n] = line->boxes[pipeline_stretch_number(line, part, first)];
                slots[n] = (uint32_t)slot;
            }
        }
    }
    return n;
}

enum err_code pipeline_stretches_build(struct pipeline_stretches *stretches,
                                       const struct pipeline_line *const *lines, size_t n_slots,
                                       struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    size_t n = list(lines, n_slots, NULL, NULL);
    arena_init(&scratch, 0);
    arena_release(&stretches->arena);
    arena_init(&stretches->arena, 0);
    stretches->tree = (struct rtree){.n_items = 0};
    stretches->n_later = 0;
    struct box *boxes = arena_new(&scratch, struct box, n);
    uint32_t *slots = arena_new(&stretches->arena, uint32_t, n);
    TRY(boxes && slots && n <= UINT32_MAX ? ERR_OK : err_nomem(err));
    list(lines, n_slots, boxes, slots);
    stretches->slots = slots;
    TRY(rtree_build(boxes, (uint32_t)n, &stretches->arena, &stretches->tree, err));
done:
    arena_release(&scratch);
    return code;
}

enum err_code pipeline_stretches_add(struct pipeline_stretches *stretches, uint32_t slot,
                                     struct err *err)
{
    if (stretches->n_later == stretches->capacity) {
        size_t capacity = 2 * stretches->capacity + 8;
        uint32_t *later = realloc(stretches->later, capacity * sizeof *later);
        if (!later)
            return err_nomem(err);
        stretches->later = later;
        stretches->capacity = capacity;
    }
    stretches->later[stretches->n_later++] = slot;
    return ERR_OK;
}

bool pipeline_stretches_touch(const struct pipeline_line *line, struct box box)
{
    bool touched = false;
    for (uint32_t part = 0; part < line->n_parts && !touched; part++) {
        uint32_t first = pipeline_part_start(line, part);
        for (; first + 1 < line->part_ends[part] && !touched; first += PIPELINE_STRETCH_EDGES)
            touched = box_intersects(line->boxes[pipeline_stretch_number(line, part, first)], box);
    }
    return touched;
}

enum err_code pipeline_stretches_find(const struct pipeline_stretches *stretches, struct box box,
                                      struct arena *arena, uint32_t **slots, size_t *n,
                                      struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n_found = 0;
    TRY(rtree_collect(&stretches->tree, box, arena, slots, n, err));
    for (size_t i = 0; i < *n; i++) {
        uint32_t slot = stretches->slots[(*slots)[i]];
        if (n_found == 0 || (*slots)[n_found - 1] != slot)
            (*slots)[n_found++] = slot;
    }
    *n = n_found;
done:
    return code;
}
