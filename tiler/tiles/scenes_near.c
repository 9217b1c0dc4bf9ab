/* scenes_near.c - scenes of parts of the map: the sources of what is near a square alone. */
#include "tiler/tiles/scenes_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FINE_ZOOM =
        13, /* from here on the squares are tiles of this zoom, before of SCENES_NEAR_ZOOM */
    MARGIN_PX = 64, /* of a tile of that zoom: how far beyond a square its tiles may see */
};

/* ---- which sources ---- */

static void note_number(void *context, struct value value)
{
    double *most = context;
    if (value.type == VALUE_NUMBER)
        *most = fmax(*most, fabs(value.as.number));
}

/* A bound of a size, pixels: the largest of its constants; none where a feature tells it. */
static double size_bound(const struct style_layer *layer, enum style_property property)
{
    const struct expr *expr = layer->properties[property];
    const struct eval nothing = {.zoom = 0};
    double most = fabs(style_number(layer, property, &nothing)); /* the default, at least */
    if (!expr)
        return most;
    if (expr_gives_more(expr))
        return (double)INFINITY;
    expr_outputs(expr, &most, note_number);
    return most;
}

/* How far beyond its box a feature of the layer may be drawn: paint_reach of the largest sizes. */
static double reach_bound(const struct style_layer *layer)
{
    double half = size_bound(layer, PROP_LINE_WIDTH) + size_bound(layer, PROP_LINE_GAP_WIDTH) +
                  size_bound(layer, PROP_LINE_OFFSET);
    double circle =
        size_bound(layer, PROP_CIRCLE_RADIUS) + size_bound(layer, PROP_CIRCLE_STROKE_WIDTH);
    return fmax(half * 4 + 1, circle) + 2;
}

/* Records with shapes of their own, which are many. What is few, or has no box of its own in the
 * world, is made of all. */
static bool has_parts(enum style_source id)
{
    return id != SOURCE_UNITS && id != SOURCE_BOUNDARIES && id != SOURCE_CELLS &&
           id != SOURCE_SELECTED && id != SOURCE_OUTSIDE;
}

uint32_t scenes_near_sources(const struct style *style)
{
    uint32_t sources = 0;
    for (int id = 0; id < SOURCE_COUNT; id++)
        sources |= (uint32_t)has_parts((enum style_source)id) << id;
    for (size_t i = 0; i < style_layer_count(style); i++) {
        const struct style_layer *layer = style_layer(style, i);
        bool drawn = layer->type == LAYER_LINE || layer->type == LAYER_CIRCLE;
        if (drawn && !(reach_bound(layer) < MARGIN_PX - 4))
            sources &= ~(UINT32_C(1) << layer->source);
    }
    return sources;
}

/* Whether the source of all is made: then no part needs one of its own. */
static bool is_made(struct scenes *scenes, enum style_source id)
{
    void *value;
    return lazy_peek(&scenes->sources[id], &scenes->lock, &value) ||
           (scenes->base && lazy_peek(&scenes->base->sources[id], &scenes->base->lock, &value) &&
            scenes_only_fill(scenes->style, id) == scenes_only_fill(scenes->base->style, id));
}

struct scenes *scenes_home(struct scenes *scenes, enum style_source id)
{
    struct scenes *parent = scenes->parent;
    if (!parent)
        return scenes;
    bool of_all = !(parent->near_sources & UINT32_C(1) << id);
    pthread_mutex_lock(&scenes->lock.mutex);
    enum scenes_home home = scenes->homes[id];
    pthread_mutex_unlock(&scenes->lock.mutex);
    if (home == HOME_UNKNOWN) { /* parents are locked before their parts */
        of_all = of_all || is_made(parent, id);
        pthread_mutex_lock(&scenes->lock.mutex);
        if (scenes->homes[id] == HOME_UNKNOWN)
            scenes->homes[id] = of_all ? HOME_PARENT : HOME_PART;
        home = scenes->homes[id];
        pthread_mutex_unlock(&scenes->lock.mutex);
    }
    return home == HOME_PARENT ? parent : scenes;
}

/* ---- parts ---- */

struct scenes_part *scenes_find_part(struct scenes *scenes, struct plane_tile square)
{
    for (int i = 0; scenes->parts && i < SCENES_PARTS; i++) {
        struct scenes_part *part = &scenes->parts[i];
        if (part->scenes && part->square.z == square.z && part->square.x == square.x &&
            part->square.y == square.y)
            return part;
    }
    return NULL;
}

void scenes_drop_parts(struct scenes *scenes)
{
    for (int i = 0; scenes->parts && i < SCENES_PARTS; i++)
        scenes_release(scenes->parts[i].scenes);
    free(scenes->parts);
    scenes->parts = NULL;
}

/* Where a new part goes: the place of the one that nobody asked for longest. */
static struct scenes_part *free_place(struct scenes *scenes)
{
    struct scenes_part *oldest = &scenes->parts[0];
    for (int i = 0; i < SCENES_PARTS; i++) {
        struct scenes_part *part = &scenes->parts[i];
        if (!part->scenes)
            return part;
        if (part->asked < oldest->asked)
            oldest = part;
    }
    return oldest;
}

struct scenes *scenes_add_part(struct scenes *scenes, struct plane_tile square, struct err *err)
{
    struct scenes *part;
    int64_t margin = MARGIN_PX * plane_units_of_px(square.z);
    if (!scenes->parts)
        scenes->parts = calloc(SCENES_PARTS, sizeof *scenes->parts);
    if (!scenes->parts) {
        (void)err_nomem(err);
        return NULL;
    }
    if (scenes_new_like(scenes, scenes->world, &part, err) != ERR_OK)
        return NULL;
    part->parent = scenes;
    part->area = tile_square(square.z, square.x, square.y);
    part->area.west -= margin;
    part->area.north -= margin;
    part->area.east += margin;
    part->area.south += margin;
    point_memo_release(part->memo);
    part->memo = point_memo_acquire(scenes->memo);
    shape_memo_release(part->shapes);
    part->shapes = shape_memo_acquire(scenes->shapes);
    struct scenes_part *place = free_place(scenes);
    scenes_release(place->scenes); /* who draws from it holds it */
    *place = (struct scenes_part){.square = square, .asked = scenes->n_asked, .scenes = part};
    return part;
}

/* Whether some source that a part could have is still to be made of all. */
static bool has_use(struct scenes *scenes)
{
    for (size_t i = 0; i < style_layer_count(scenes->style); i++) {
        enum style_source id = style_layer(scenes->style, i)->source;
        if (id != SOURCE_NONE && (scenes->near_sources & UINT32_C(1) << id) && !is_made(scenes, id))
            return true;
    }
    return false;
}

static struct plane_tile square_of(struct plane_tile tile)
{
    uint32_t z = tile.z < FINE_ZOOM ? (uint32_t)SCENES_NEAR_ZOOM : (uint32_t)FINE_ZOOM;
    return (struct plane_tile){z, tile.x >> (tile.z - z), tile.y >> (tile.z - z)};
}

enum err_code scenes_near(struct scenes *scenes, struct plane_tile tile, uint32_t tiles,
                          struct scenes **out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct plane_tile last = {tile.z, tile.x + tiles - 1, tile.y + tiles - 1};
    struct scenes *base = NULL;
    *out = NULL;
    bool fits = tile.z >= SCENES_NEAR_ZOOM && !scenes->whole && !scenes->parent;
    struct plane_tile square = fits ? square_of(tile) : tile;
    fits = fits && square_of(last).x == square.x && square_of(last).y == square.y;
    if (!fits || !has_use(scenes)) {
        *out = scenes_acquire(scenes);
        return ERR_OK;
    }
    if (scenes->base)
        TRY(scenes_near(scenes->base, tile, tiles, &base, err));
    pthread_mutex_lock(&scenes->lock.mutex);
    struct scenes_part *part = scenes_find_part(scenes, square);
    struct scenes *near = part ? part->scenes : NULL;
    scenes->n_asked++;
    if (part)
        part->asked = scenes->n_asked;
    else
        near = scenes_add_part(scenes, square, err);
    if (near && !part && base)
        scenes_share(near, base);
    if (near)
        *out = scenes_acquire(near);
    pthread_mutex_unlock(&scenes->lock.mutex);
    code = near ? ERR_OK : err ? err->code : ERR_MEMORY;
done:
    scenes_release(base);
    return code;
}
