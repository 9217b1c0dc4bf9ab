#include "tiler/tiles/vector_tile.h"

#include "tiler/tiles/ranked.h"
#include "tiler/tiles/scenes.h"
#include "tiler/vector/vector_shape.h"

#include <stdlib.h>
#include <string.h>

/* What of a detail of 256-px tiles is 3/8 of a pixel is one and a half units here, two zooms
 * lower. */
enum { DETAIL_BEYOND = 2 };

/* How often a layer is drawn again because shapes were mended whose neighbours have to follow. */
enum { MOST_ROUNDS = 4 };

struct vector_room {
    struct mvt *mvt;
    struct clip clip;
    struct vector_points points;
};

enum err_code vector_room_new(struct vector_room **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct vector_room *room = calloc(1, sizeof *room);
    *out = NULL;
    if (!room)
        return err_nomem(err);
    TRY(mvt_new(&room->mvt, err));
    TRY(clip_init(&room->clip, -VECTOR_BUFFER, MVT_EXTENT + VECTOR_BUFFER, err));
    *out = room;
    room = NULL;
done:
    vector_room_free(room);
    return code;
}

void vector_room_free(struct vector_room *room)
{
    if (!room)
        return;
    mvt_free(room->mvt);
    clip_release(&room->clip);
    free(room->points.items);
    free(room->points.ready);
    free(room);
}

/* ---- which layers ---- */

/* Drawn at a style zoom from z up to z + 1; from the last zoom on, at any. */
bool vector_layer_shows(const struct style_layer *layer, enum map_id map, uint32_t z)
{
    return layer->visible && layer->source != SOURCE_NONE && layer->source != SOURCE_SELECTED &&
           layer->source != SOURCE_OUTSIDE && layer->zooms[map].beyond > (double)z &&
           (z == TILE_ZOOM_MAX || layer->zooms[map].least < (double)z + 1);
}

static void note_places(const struct style_layer *layer, uint32_t z, struct vector_source *out)
{
    if (!vector_layer_has_places(layer, z))
        return;
    if (!out->has_places || z < out->places_min_zoom)
        out->places_min_zoom = z;
    if (!out->has_places || z > out->places_max_zoom)
        out->places_max_zoom = z;
    out->has_places = true;
}

size_t vector_sources(const struct style *style, enum map_id map,
                      struct vector_source out[SOURCE_COUNT])
{
    size_t n = 0;
    for (size_t i = 0; i < style_layer_count(style); i++) {
        const struct style_layer *layer = style_layer(style, i);
        for (uint32_t z = 0; z <= TILE_ZOOM_MAX; z++) {
            size_t at = 0;
            if (!vector_layer_shows(layer, map, z))
                continue;
            while (at < n && out[at].id != layer->source)
                at++;
            if (at == n)
                out[n++] =
                    (struct vector_source){.id = layer->source, .min_zoom = z, .max_zoom = z};
            note_places(layer, z, &out[at]);
            out[at].min_zoom = z < out[at].min_zoom ? z : out[at].min_zoom;
            out[at].max_zoom = z > out[at].max_zoom ? z : out[at].max_zoom;
        }
    }
    return n;
}

/* ---- one source ---- */

struct making {
    struct scenes *scenes; /* those of scenes_near */
    struct vector_room *room;
    struct arena *arena;
    const struct tile_key *key;
    struct vector_frame frame;
    struct err *err;
};

/* The features that any of the looks draws. */
struct wanted_features {
    const struct look **looks;
    size_t n_looks;
    const uint32_t *rank; /* or NULL: by their places in the source */
};

static bool has_sort_key(const struct style_layer *layer)
{
    return layer->properties[PROP_FILL_SORT_KEY] || layer->properties[PROP_LINE_SORT_KEY] ||
           layer->properties[PROP_CIRCLE_SORT_KEY] || layer->properties[PROP_SYMBOL_SORT_KEY];
}

/* The looks of the layers that draw the source here (places: of those that do at places), and the
 * order of the lowest layer that says one: by the style alone, so that no feature elsewhere changes
 * it. */
static enum err_code find_looks(const struct making *m, enum style_source id, bool places,
                                struct wanted_features *out)
{
    enum err_code code = ERR_OK;
    const struct style *style = scenes_style(m->scenes);
    size_t n_layers = style_layer_count(style);
    const struct look **looks = arena_new(m->arena, const struct look *, n_layers);
    bool ordered = false;
    *out = (struct wanted_features){.looks = looks};
    TRY(looks ? ERR_OK : err_nomem(m->err));
    for (size_t i = 0; i < n_layers; i++) {
        const struct style_layer *layer = style_layer(style, i);
        const struct look *look;
        if (layer->source != id || !vector_layer_shows(layer, m->key->map, m->key->z) ||
            (places && !vector_layer_has_places(layer, m->key->z)))
            continue;
        TRY(scenes_look(m->scenes, i, vector_look_zoom(m->key->z), &look, m->err));
        if (!ordered && has_sort_key(layer)) {
            out->rank = look->rank;
            ordered = true;
        }
        if (look->n_paints > 0)
            looks[out->n_looks++] = look;
    }
done:
    return code;
}

static enum err_code collect(const struct making *m, const struct source *source,
                             const struct wanted_features *wanted, struct ranked **out, size_t *n)
{
    enum err_code code = ERR_OK;
    uint32_t *found;
    size_t n_found;
    const uint32_t *rank = wanted->rank ? wanted->rank : source->places;
    *n = 0;
    TRY(source_search(source, m->frame.reach, m->arena, &found, &n_found, m->err));
    *out = arena_new(m->arena, struct ranked, n_found);
    TRY(*out ? ERR_OK : err_nomem(m->err));
    for (size_t i = 0; i < n_found; i++) {
        uint32_t feature = found[i];
        bool drawn = false;
        for (size_t k = 0; k < wanted->n_looks && !drawn; k++)
            drawn = wanted->looks[k]->paint_of[feature] != LOOK_NONE;
        if (drawn)
            (*out)[(*n)++] = (struct ranked){rank ? rank[feature] : feature, feature};
    }
    if (rank)
        TRY(ranked_sort(*out, *n, m->arena, m->err));
done:
    return code;
}

static void add_tags(struct mvt *mvt, const struct attributes *attributes, uint32_t feature,
                     uint32_t keys[ATTRIBUTE_FIELDS])
{
    uint32_t start = feature ? attributes->ends[feature - 1] : 0;
    for (uint32_t i = start; i < attributes->ends[feature]; i++) {
        struct attribute item = attributes->items[i];
        if (keys[item.field] == UINT32_MAX)
            keys[item.field] = mvt_key(mvt, attributes->fields[item.field]);
        mvt_tag(mvt, keys[item.field], &attributes->values[item.value]);
    }
}

/* What features of a layer are made from. */
struct ingredients {
    const struct source *source;
    const struct attributes *attributes;
    const struct detail *detail;
    const uint8_t *sound; /* of each feature */
};

static enum err_code add_features(const struct making *m, const struct ingredients *from,
                                  const struct ranked *features, size_t n)
{
    enum err_code code = ERR_OK;
    uint32_t keys[ATTRIBUTE_FIELDS];
    struct mvt *mvt = m->room->mvt;
    memset(keys, 0xFF, sizeof keys);
    for (size_t i = 0; i < n; i++) {
        uint32_t feature = features[i].feature;
        const struct vector_shape what = {from->detail, &from->source->shapes[feature],
                                          from->sound[feature]};
        mvt_feature(mvt, from->attributes->ids[feature]);
        TRY(vector_shape_add(&m->frame, &what, &m->room->points, &m->room->clip, mvt, m->err));
        if (mvt_has_geometry(mvt))
            add_tags(mvt, from->attributes, feature, keys);
        mvt_feature_end(mvt);
    }
done:
    return code;
}

static enum err_code add_layer(const struct making *m, enum style_source id, const char *name)
{
    enum err_code code = ERR_OK;
    struct ingredients from;
    struct wanted_features wanted;
    struct ranked *features;
    size_t n;
    TRY(find_looks(m, id, false, &wanted));
    if (wanted.n_looks == 0)
        return ERR_OK;
    TRY(scenes_source(m->scenes, id, &from.source, m->err));
    TRY(collect(m, from.source, &wanted, &features, &n));
    if (n == 0)
        return ERR_OK;
    TRY(scenes_detail(m->scenes, from.source, m->key->z + DETAIL_BEYOND, &from.detail, m->err));
    TRY(scenes_sound(m->scenes, from.source, from.detail, m->key->z, &from.sound, m->err));
    TRY(scenes_attributes(m->scenes, from.source, &from.attributes, m->err));
    for (int round = 0; round < MOST_ROUNDS; round++) {
        mvt_layer(m->room->mvt, name);
        TRY(add_features(m, &from, features, n));
        if (!clip_learn(&m->room->clip))
            break;
    }
    mvt_layer_end(m->room->mvt);
done:
    return code == ERR_OK ? code : err_wrap(m->err, "layer %s", name);
}

/* A place belongs to the tile whose square it lies in. */
static bool place_in_tile(const struct vector_frame *frame, struct plane_point at,
                          struct mvt_point *out)
{
    if (at.x < frame->square.west || at.x >= frame->square.east || at.y < frame->square.north ||
        at.y >= frame->square.south)
        return false;
    *out = (struct mvt_point){(int32_t)((at.x - frame->square.west) >> frame->shift),
                              (int32_t)((at.y - frame->square.north) >> frame->shift)};
    return true;
}

static enum err_code add_places(const struct making *m, enum style_source id)
{
    enum err_code code = ERR_OK;
    const struct source *source;
    const struct attributes *attributes;
    struct wanted_features wanted;
    struct ranked *features;
    size_t n;
    uint32_t keys[ATTRIBUTE_FIELDS];
    struct mvt *mvt = m->room->mvt;
    TRY(find_looks(m, id, true, &wanted));
    if (wanted.n_looks == 0)
        return ERR_OK;
    TRY(scenes_source(m->scenes, id, &source, m->err));
    TRY(collect(m, source, &wanted, &features, &n));
    TRY(scenes_attributes(m->scenes, source, &attributes, m->err));
    memset(keys, 0xFF, sizeof keys);
    mvt_layer(mvt, vector_places_name(id));
    for (size_t i = 0; i < n; i++) {
        uint32_t feature = features[i].feature;
        struct plane_point at;
        struct mvt_point point;
        TRY(source_point(source, feature, m->arena, &at, m->err));
        if (!place_in_tile(&m->frame, at, &point))
            continue;
        mvt_feature(mvt, attributes->ids[feature]);
        mvt_points(mvt, &point, 1);
        add_tags(mvt, attributes, feature, keys);
        mvt_feature_end(mvt);
    }
    mvt_layer_end(mvt);
done:
    return code == ERR_OK ? code : err_wrap(m->err, "layer %s", vector_places_name(id));
}

/* ---- the tile ---- */

static struct vector_frame frame_of(const struct tile_key *key)
{
    struct vector_frame frame = {.square = tile_square(key->z, key->x, key->y),
                                 .shift = vector_shift(key->z)};
    int64_t reach = (int64_t)VECTOR_BUFFER << frame.shift;
    frame.reach = (struct plane_box){frame.square.west - reach, frame.square.north - reach,
                                     frame.square.east + reach, frame.square.south + reach};
    return frame;
}

static enum err_code add_all(const struct making *m)
{
    enum err_code code = ERR_OK;
    const struct style *style = scenes_style(m->scenes);
    bool done_with[SOURCE_COUNT] = {false};
    for (size_t i = 0; i < style_layer_count(style); i++) {
        const struct style_layer *layer = style_layer(style, i);
        if (!vector_layer_shows(layer, m->key->map, m->key->z) || done_with[layer->source])
            continue;
        done_with[layer->source] = true;
        TRY(add_layer(m, layer->source, style_source_name(layer->source)));
        TRY(add_places(m, layer->source));
    }
done:
    return code;
}

enum err_code vector_tile_draw(struct scenes *scenes, struct vector_room *room,
                               struct worker *worker, const struct tile_key *key, struct buf *out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    struct scenes *near = NULL;
    if (!plane_has_tile(scenes_plane(scenes), key->z, key->x, key->y))
        return err_set(err, ERR_NOT_FOUND,
                       "there is no tile %u/%u/%u: z goes from 0 to %d, x and y from 0 to 2^z - 1",
                       key->z, key->x, key->y, TILE_ZOOM_MAX);
    TRY(scenes_near(scenes, (struct plane_tile){key->z, key->x, key->y}, 1, &near, err));
    const struct making making = {.scenes = near,
                                  .room = room,
                                  .arena = &worker->arena,
                                  .key = key,
                                  .frame = frame_of(key),
                                  .err = err};
    clip_forget(&room->clip);
    code = add_all(&making);
    if (code == ERR_OK) {
        code = mvt_take(room->mvt, out, err);
    } else {
        struct buf left_over; /* what there is goes */
        buf_init(&left_over);
        (void)mvt_take(room->mvt, &left_over, &(struct err){0});
        buf_release(&left_over);
    }
done:
    scenes_release(near);
    return code;
}
