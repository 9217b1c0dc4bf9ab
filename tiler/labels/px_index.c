#include "tiler/labels/px_index.h"

enum { FINEST_BITS = 5, LEAST_HEADS = 256 };

static const uint32_t NONE = UINT32_MAX;
static const size_t MOST_ENTRIES = UINT32_MAX / 8;

struct px_entry {
    struct px_box box;
    uint32_t tag;
    uint32_t before; /* of its level */
};

struct px_link {
    uint32_t entry, next, hash;
};

/* The cells that a box touches at a level. */
struct cells {
    int32_t left, top, right, bottom; /* ends included */
};

static struct cells cells_of(struct px_box box, uint32_t level)
{
    uint32_t bits = FINEST_BITS + level;
    return (struct cells){box.left >> bits, box.top >> bits, (box.right - 1) >> bits,
                          (box.bottom - 1) >> bits};
}

/* The finest level whose cells are as large as the box. */
static uint32_t level_of(struct px_box box)
{
    int64_t width = (int64_t)box.right - box.left, height = (int64_t)box.bottom - box.top;
    int64_t size = width > height ? width : height;
    uint32_t level = 0;
    while (level + 1 < PX_INDEX_LEVELS && INT64_C(1) << (FINEST_BITS + level) < size)
        level++;
    return level;
}

static uint32_t cell_hash(uint32_t level, int32_t column, int32_t row)
{
    uint64_t hash = ((uint64_t)(uint32_t)column << 32 | (uint32_t)row) + level;
    hash = (hash ^ hash >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    hash = (hash ^ hash >> 32) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(hash >> 32);
}

static uint32_t *head_of(const struct px_index *index, uint32_t hash)
{
    return &index->heads[hash & (index->n_heads - 1)];
}

/* Chains anew, in so many heads. */
static enum err_code chain(struct px_index *index, size_t n_heads, struct err *err)
{
    index->heads = arena_new(index->arena, uint32_t, n_heads);
    if (!index->heads)
        return err_nomem(err);
    index->n_heads = n_heads;
    for (size_t i = 0; i < n_heads; i++)
        index->heads[i] = NONE;
    for (size_t i = 0; i < index->n_links; i++) {
        uint32_t *head = head_of(index, index->links[i].hash);
        index->links[i].next = *head;
        *head = (uint32_t)i;
    }
    return ERR_OK;
}

enum err_code px_index_init(struct px_index *index, struct arena *arena, struct err *err)
{
    *index = (struct px_index){.arena = arena};
    for (size_t i = 0; i < PX_INDEX_LEVELS; i++)
        index->levels[i].last = NONE;
    return chain(index, LEAST_HEADS, err);
}

enum err_code px_index_add(struct px_index *index, struct px_box box, uint32_t tag, struct err *err)
{
    if (box.left >= box.right || box.top >= box.bottom)
        return ERR_OK;
    if (index->n_entries >= MOST_ENTRIES)
        return err_set(err, ERR_LIMIT, "more than %zu boxes", MOST_ENTRIES);
    uint32_t level = level_of(box);
    struct cells cells = cells_of(box, level);
    index->entries = arena_grow(index->arena, index->entries, &index->entries_capacity,
                                index->n_entries + 1, sizeof *index->entries);
    index->links = arena_grow(index->arena, index->links, &index->links_capacity,
                              index->n_links + 4, sizeof *index->links);
    if (!index->entries || !index->links)
        return err_nomem(err);
    if (index->n_links >= index->n_heads && chain(index, 4 * index->n_heads, err) != ERR_OK)
        return ERR_MEMORY;
    uint32_t entry = (uint32_t)index->n_entries++;
    index->entries[entry] = (struct px_entry){box, tag, index->levels[level].last};
    index->levels[level].last = entry;
    index->levels[level].n++;
    for (int32_t row = cells.top; row <= cells.bottom; row++) {
        for (int32_t column = cells.left; column <= cells.right; column++) {
            uint32_t hash = cell_hash(level, column, row), *head = head_of(index, hash);
            index->links[index->n_links] = (struct px_link){entry, *head, hash};
            *head = (uint32_t)index->n_links++;
        }
    }
    return ERR_OK;
}

struct visiting {
    const struct px_index *index;
    struct px_box box;
    void *context;
    bool (*visit)(void *context, uint32_t tag);
};

static bool visit_entry(const struct visiting *v, uint32_t entry)
{
    const struct px_entry *at = &v->index->entries[entry];
    return !px_box_overlaps(at->box, v->box) || v->visit(v->context, at->tag);
}

static bool visit_level(const struct visiting *v, uint32_t level)
{
    const struct px_index *index = v->index;
    struct cells cells = cells_of(v->box, level);
    int64_t columns = (int64_t)cells.right - cells.left + 1;
    int64_t rows = (int64_t)cells.bottom - cells.top + 1;
    /* A box over many cells looks at all there is instead. */
    if (columns * rows > index->levels[level].n) {
        for (uint32_t at = index->levels[level].last; at != NONE; at = index->entries[at].before)
            if (!visit_entry(v, at))
                return false;
        return true;
    }
    for (int32_t row = cells.top; row <= cells.bottom; row++)
        for (int32_t column = cells.left; column <= cells.right; column++)
            for (uint32_t at = *head_of(index, cell_hash(level, column, row)); at != NONE;
                 at = index->links[at].next)
                if (!visit_entry(v, index->links[at].entry))
                    return false;
    return true;
}

void px_index_visit(const struct px_index *index, struct px_box box, void *context,
                    bool (*visit)(void *context, uint32_t tag))
{
    const struct visiting v = {index, box, context, visit};
    if (box.left >= box.right || box.top >= box.bottom)
        return;
    for (uint32_t level = 0; level < PX_INDEX_LEVELS; level++)
        if (index->levels[level].n > 0 && !visit_level(&v, level))
            return;
}
