/* world_lines.c - which lines come near: by boxes of a few edges each, since the box of a whole
 * pipeline says little of where it runs. */
#include "geo/world/world_layer.h"

#include <string.h>

/* Edges of a box: as many as distance_line_touches looks at in one. */
enum { STRETCH_EDGES = 16 };

struct stretches {
    struct box *boxes; /* NULL: they are counted */
    uint32_t *places;
    size_t n;
};

static void add_stretch(struct stretches *out, size_t place, struct box box)
{
    if (out->boxes) {
        out->boxes[out->n] = box;
        out->places[out->n] = (uint32_t)place;
    }
    out->n++;
}

static void add_line(struct stretches *out, size_t place, const struct geom *line)
{
    for (uint32_t ring = 0; ring < line->n_rings; ring++) {
        uint32_t end = line->ring_ends[ring];
        for (uint32_t at = geom_ring_start(line, ring); at + 1 < end; at += STRETCH_EDGES) {
            uint32_t n = end - at < STRETCH_EDGES + 1 ? end - at : STRETCH_EDGES + 1;
            add_stretch(out, place, box_of_points(line->points + at, n));
        }
    }
}

/* By place. What is short, and what is no line, is one stretch. */
static void add_all(struct stretches *out, const struct world_layer *layer)
{
    out->n = 0;
    for (size_t place = 0; place < layer->n; place++) {
        const struct record_head *head = world_layer_record(layer, place);
        const struct geom *geom = &head->geom;
        if (geom->kind == GEOM_LINE && geom->n_points > STRETCH_EDGES + 1)
            add_line(out, place, geom);
        else if (geom->kind != GEOM_NONE)
            add_stretch(out, place, geom->box);
    }
}

enum err_code world_layer_index_lines(struct world_layer *layer, struct err *err)
{
    enum err_code code = ERR_OK;
    struct stretches all = {.boxes = NULL};
    struct arena scratch;
    arena_init(&scratch, 0);
    add_all(&all, layer);
    if (all.n > UINT32_MAX - 1)
        TRY(err_nomem(err));
    all.places = arena_new(&layer->arena, uint32_t, all.n);
    all.boxes = arena_new(&scratch, struct box, all.n);
    TRY(all.boxes && all.places ? ERR_OK : err_nomem(err));
    add_all(&all, layer);
    TRY(rtree_build(all.boxes, (uint32_t)all.n, &layer->arena, &layer->stretches, err));
    layer->stretch_places = all.places;
done:
    arena_release(&scratch);
    return code;
}

enum err_code world_layer_search_lines(const struct world_layer *layer, struct box box,
                                       struct arena *arena, uint32_t **places, size_t *n,
                                       struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(rtree_collect(&layer->stretches, box, arena, places, n, err));
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        uint32_t place = layer->stretch_places[(*places)[i]];
        if (kept == 0 || (*places)[kept - 1] != place)
            (*places)[kept++] = place;
    }
    *n = kept;
done:
    return code;
}
