#include "tiler/tiles/touched_private.h"

#include "tiler/vector/attributes.h"
#include "tiler/tiles/look.h"
#include "tiler/tiles/vector_tile.h"

#include <stdlib.h>
#include <string.h>

enum { ALL_MAPS = (1 << MAP_COUNT) - 1 };

static enum err_code add_item(struct hunt *h, const struct touched_item *item)
{
    struct touched *out = h->out;
    bool kept = false;
    out->maps |= item->maps;
    for (int map = 0; map < MAP_COUNT; map++)
        kept |= (item->maps & 1U << map) && ((item->zooms & h->wanted->kept->pictures[map]) ||
                                             (item->vector_zooms & h->wanted->kept->vectors[map]));
    if (!kept)
        return ERR_OK;
    out->items = arena_grow(out->arena, out->items, &out->capacity, out->n + 1, sizeof *item);
    if (!out->items)
        return err_nomem(h->err);
    out->items[out->n++] = *item;
    return ERR_OK;
}

static enum err_code touch_all(struct touched *out)
{
    out->all = true;
    out->maps = ALL_MAPS;
    return ERR_OK;
}

void touched_of_units(struct touched *out)
{
    out->of_units = true;
    out->maps = ALL_MAPS;
}

/* ---- neighbours: who shares a vertex is simplified anew ---- */

static int by_place(const void *a, const void *b)
{
    const struct plane_point *p = a, *q = b;
    if (p->x != q->x)
        return p->x < q->x ? -1 : 1;
    return p->y < q->y ? -1 : p->y > q->y;
}

static bool has_vertex(const struct hunt *h, struct plane_point at)
{
    return h->n_vertices > 0 &&
           bsearch(&at, h->vertices, h->n_vertices, sizeof at, by_place) != NULL;
}

static enum err_code keep_vertices(struct hunt *h, const struct source *source)
{
    uint32_t n = source->n_rings ? source->full.ring_ends[source->n_rings - 1] : 0;
    if (n == 0)
        return ERR_OK;
    h->vertices = arena_grow(h->arena, h->vertices, &h->vertices_room, h->n_vertices + n,
                             sizeof *h->vertices);
    if (!h->vertices)
        return err_nomem(h->err);
    memcpy(h->vertices + h->n_vertices, source->full.points, n * sizeof *h->vertices);
    h->n_vertices += n;
    return ERR_OK;
}

static bool shares_vertex(const struct hunt *h, const struct geom *geom)
{
    enum plane plane = scenes_plane(h->wanted->scenes);
    for (uint32_t i = 0; i < geom->n_points; i++)
        if (has_vertex(h, plane_of(plane, geom->points[i])))
            return true;
    return false;
}

static enum err_code pick_neighbours(struct hunt *h, const struct world *world,
                                     const struct picked *picked, size_t n_picked)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < n_picked; i++) {
        const struct geom *geom = world_geom(world, h->layer, picked->rows[i]);
        uint32_t *rows;
        size_t n;
        if (!geom || geom->kind == GEOM_NONE || geom->kind == GEOM_POINT)
            continue;
        TRY(world_search(h->old, h->layer, geom->box, h->arena, &rows, &n, h->err));
        for (size_t k = 0; k < n; k++) {
            const struct geom *other = world_geom(h->old, h->layer, rows[k]);
            if (other->kind != GEOM_POINT && other->kind != GEOM_NONE && shares_vertex(h, other))
                TRY(touched_pick_row(h, &h->gone, rows[k]));
        }
    }
done:
    return code;
}

/* ---- where they are seen ---- */

/* Bits of 1 << z: where the layer draws one, and how far it reaches. */
struct sight {
    uint32_t looks; /* by the zoom of looks */
    double reach_px;
    struct paint paints[TILE_ZOOM_MAX + 1];
};

static void find_sight(struct hunt *h, const struct style_layer *layer, uint32_t looks,
                       const struct source *source, uint32_t feature, struct sight *out)
{
    struct source_feature subject = {source, feature};
    out->looks = 0;
    out->reach_px = 0;
    for (uint32_t z = 0; z <= TILE_ZOOM_MAX; z++) {
        struct eval eval = {
            .zoom = style_zoom(z), .feature = &subject, .get = source_property, .arena = h->arena};
        bool by_zoom = layer->depends & EXPR_ZOOM;
        if (by_zoom && !(looks & 1U << z))
            continue;
        if (z > 0 && !by_zoom) {
            out->looks |= (out->looks & 1) << z;
            out->paints[z] = out->paints[0];
        } else if (style_filter(layer, &eval)) {
            out->looks |= 1U << z;
            paint_evaluate(layer, &eval, &out->paints[z]);
            double reach_px = paint_reach(&out->paints[z]);
            out->reach_px = reach_px > out->reach_px ? reach_px : out->reach_px;
        }
    }
}

/* Where pictures and vector tiles of a map show it: bits of 1 << z. */
static void find_zooms(const struct style_layer *layer, enum map_id map, uint32_t pictures,
                       uint32_t vectors, struct touched_item *out)
{
    out->zooms = out->vector_zooms = 0;
    for (uint32_t z = 0; z <= TILE_ZOOM_MAX; z++) {
        if ((pictures & 1U << z) && layer->type != LAYER_SYMBOL &&
            style_layer_shows(layer, map, style_zoom(z)))
            out->zooms |= 1U << z;
        if ((vectors & 1U << vector_look_zoom(z)) && vector_layer_shows(layer, map, z))
            out->vector_zooms |= 1U << z;
    }
}

/* pictures, vectors: zooms of looks at which they differ. Labels are looked at apart. */
static enum err_code add_seen(struct hunt *h, const struct style_layer *layer, struct plane_box box,
                              uint32_t pictures, uint32_t vectors, double reach_px)
{
    enum err_code code = ERR_OK;
    struct touched_item item = {.box = box, .reach_px = reach_px};
    if (h->id == SOURCE_CELLS) { /* those beside it share its corners */
        int64_t wide = box.east - box.west + 2, high = box.south - box.north + 2;
        item.box = (struct plane_box){box.west - wide, box.north - high, box.east + wide,
                                      box.south + high};
    }
    for (int map = 0; map < MAP_COUNT; map++) {
        item.maps = 1U << map;
        find_zooms(layer, (enum map_id)map, pictures, vectors, &item);
        if (item.zooms || item.vector_zooms)
            TRY(add_item(h, &item));
    }
done:
    return code;
}

/* The zooms of looks that matter: all, until it is known of each map that it changed; then those of
 * tiles that are kept. */
static uint32_t find_looks(const struct hunt *h, const struct style_layer *layer)
{
    uint32_t looks = 0;
    for (int map = 0; map < MAP_COUNT; map++) {
        struct touched_item shown;
        find_zooms(layer, (enum map_id)map, UINT32_MAX, UINT32_MAX, &shown);
        if ((shown.zooms || shown.vector_zooms) && !(h->out->maps & 1U << map))
            return UINT32_MAX;
    }
    for (int map = 0; map < MAP_COUNT; map++)
        looks |= h->wanted->kept->pictures[map] | h->wanted->kept->vectors[map] << 1;
    return looks | (looks & 1U << (TILE_ZOOM_MAX + 1)) >> 1;
}

enum err_code touched_see_feature(struct hunt *h, const struct source *source, uint32_t feature,
                                  struct plane_box box)
{
    enum err_code code = ERR_OK;
    const struct style *style = scenes_style(h->wanted->scenes);
    for (size_t k = 0; k < style_layer_count(style); k++) {
        const struct style_layer *layer = style_layer(style, k);
        struct sight sight;
        if (layer->source == SOURCE_NONE || scenes_source_id(layer->source) != h->id)
            continue;
        find_sight(h, layer, find_looks(h, layer), source, feature, &sight);
        TRY(add_seen(h, layer, box, sight.looks, sight.looks, sight.reach_px));
    }
done:
    return code;
}

/* All of a source that are gone, or come. */
static enum err_code see(struct hunt *h, const struct source *source)
{
    enum err_code code = ERR_OK;
    const struct style *style = scenes_style(h->wanted->scenes);
    uint32_t looks = 0, maps = 0;
    for (size_t k = 0; k < style_layer_count(style); k++) {
        const struct style_layer *layer = style_layer(style, k);
        if (layer->source != h->id)
            continue;
        for (uint32_t i = 0; i < source->n; i++) {
            struct sight sight;
            if (i == 0 || h->out->maps != maps)
                looks = find_looks(h, layer);
            maps = h->out->maps;
            find_sight(h, layer, looks, source, i, &sight);
            TRY(add_seen(h, layer, source->shapes[i].box, sight.looks, sight.looks,
                         sight.reach_px));
        }
    }
done:
    return code;
}

bool touched_asks_grade(const struct style_layer *layer)
{
    static const char *const own[] = {"grade", "could_be", "undecided", "worse"};
    bool asks = style_layer_asks(layer, "enterprise_grade");
    /* Of all others these are fields of their own, which no grade row changes. */
    bool graded = layer->source == SOURCE_UNITS || layer->source == SOURCE_CELLS ||
                  layer->source == SOURCE_ENTERPRISES ||
                  layer->source == SOURCE_ENTERPRISE_OUTLINES;
    for (size_t i = 0; graded && i < sizeof own / sizeof *own; i++)
        asks = asks || style_layer_asks(layer, own[i]);
    return asks;
}

static bool same_paint(const struct paint *a, const struct paint *b)
{
    /* Paints are made in zeroed memory: equal ones are equal bytes.
     * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
    return memcmp(a, b, sizeof *a) == 0;
}

/* Which zooms' looks differ. */
static uint32_t compare_sights(const struct sight *old, const struct sight *now)
{
    uint32_t other = old->looks ^ now->looks;
    for (uint32_t z = 0; z <= TILE_ZOOM_MAX; z++)
        if ((old->looks & now->looks & 1U << z) && !same_paint(&old->paints[z], &now->paints[z]))
            other |= 1U << z;
    return other;
}

/* A layer that asks for no grade: pictures are the same, vector tiles tell the grade. */
static enum err_code see_told(struct hunt *h, const struct style_layer *layer,
                              const struct source *source)
{
    enum err_code code = ERR_OK;
    uint32_t kept = 0;
    for (int map = 0; map < MAP_COUNT; map++) {
        struct touched_item shown;
        find_zooms(layer, (enum map_id)map, 0, UINT32_MAX, &shown);
        if (source->n > 0 && shown.vector_zooms)
            h->out->maps |= 1U << map;
        kept |= shown.vector_zooms & h->wanted->kept->vectors[map];
    }
    for (uint32_t i = 0; kept && i < source->n; i++)
        TRY(add_seen(h, layer, source->shapes[i].box, 0, UINT32_MAX, 0));
done:
    return code;
}

/* The same features, that say something else: pictures differ where they are painted otherwise. */
static enum err_code see_pairs(struct hunt *h, const struct style_layer *layer,
                               const struct source *before, const struct source *after)
{
    enum err_code code = ERR_OK;
    uint32_t looks = 0, maps = 0;
    if (!touched_asks_grade(layer))
        return see_told(h, layer, after);
    for (uint32_t i = 0; i < before->n && i < after->n; i++) {
        struct sight old, now;
        if (i == 0 || h->out->maps != maps)
            looks = find_looks(h, layer);
        maps = h->out->maps;
        find_sight(h, layer, looks, before, i, &old);
        find_sight(h, layer, looks, after, i, &now);
        TRY(add_seen(h, layer, after->shapes[i].box, compare_sights(&old, &now),
                     old.looks | now.looks,
                     old.reach_px > now.reach_px ? old.reach_px : now.reach_px));
    }
done:
    return code;
}

static enum err_code see_all_pairs(struct hunt *h, const struct source *before,
                                   const struct source *after)
{
    enum err_code code = ERR_OK;
    const struct style *style = scenes_style(h->wanted->scenes);
    for (size_t k = 0; k < style_layer_count(style); k++) {
        const struct style_layer *layer = style_layer(style, k);
        if (layer->source == SOURCE_NONE || scenes_source_id(layer->source) != h->id)
            continue;
        if (layer->source == h->id)
            TRY(see_pairs(h, layer, before, after));
        else if (before->n > 0 && (layer->depends & EXPR_FEATURE)) /* of ?unit= */
            touched_of_units(h->out);
    }
done:
    return code;
}

/* One that may be drawn otherwise, by every layer of its source. */
static enum err_code see_shape(struct hunt *h, struct plane_box box)
{
    enum err_code code = ERR_OK;
    const struct style *style = scenes_style(h->wanted->scenes);
    for (size_t k = 0; k < style_layer_count(style); k++)
        if (style_layer(style, k)->source == h->id)
            TRY(add_seen(h, style_layer(style, k), box, UINT32_MAX, UINT32_MAX, 16));
done:
    return code;
}

/* ---- a source ---- */

/* A box that holds a record, without its shape. */
static void add_record_box(enum plane plane, const struct geom *geom, struct plane_box *out)
{
    if (!geom || geom->kind == GEOM_NONE)
        return;
    struct lonlat low = {geom->box.west_deg, geom->box.south_deg};
    struct lonlat high = {geom->box.east_deg, geom->box.north_deg};
    plane_box_add(out, plane_of(plane, low));
    plane_box_add(out, plane_of(plane, high));
}

/* Conflicts without their shapes, which are costly: a box that holds what each is about. */
static enum err_code build_boxes(struct hunt *h, const struct world *world,
                                 const struct picked *picked, struct source *out)
{
    enum plane plane = scenes_plane(h->wanted->scenes);
    struct shape *shapes = arena_new(h->arena, struct shape, picked->n_refs);
    const char **ids = arena_new(h->arena, const char *, picked->n_refs);
    if (!shapes || !ids)
        return err_nomem(h->err);
    *out = (struct source){.world = world,
                           .id = h->id,
                           .plane = plane,
                           .layer = h->layer,
                           .n = (uint32_t)picked->n_refs,
                           .refs = picked->refs,
                           .ids = ids,
                           .shapes = shapes};
    for (size_t i = 0; i < picked->n_refs; i++) {
        struct finding_ref ref = picked->refs[i];
        const struct finding *finding = finding_at(world, ref);
        int64_t target = finding_target_row(world, finding);
        ids[i] = finding_id(world, ref, h->arena);
        if (!ids[i])
            return err_nomem(h->err);
        shapes[i].box = plane_box_empty();
        add_record_box(plane, world_geom(world, ref.layer, ref.row), &shapes[i].box);
        if (target >= 0)
            add_record_box(plane,
                           world_geom(world, (enum layer_id)finding->target_layer, (size_t)target),
                           &shapes[i].box);
    }
    return ERR_OK;
}

static enum err_code build(struct hunt *h, const struct world *world, const struct picked *picked,
                           struct source *out)
{
    static const uint32_t no_row;
    static const struct finding_ref no_ref;
    const struct source_wanted wanted = {.world = world,
                                         .id = h->id,
                                         .plane = scenes_plane(h->wanted->scenes),
                                         .rows = picked->rows ? picked->rows : &no_row,
                                         .n_rows = picked->n_rows,
                                         .refs = picked->refs ? picked->refs : &no_ref,
                                         .n_refs = picked->n_refs,
                                         .shapes = world == h->now ? h->wanted->scenes->shapes
                                                                   : h->wanted->before->shapes};
    return source_build(&wanted, h->arena, out, h->err);
}

static bool is_area(const struct world *world, struct finding_ref ref)
{
    return finding_at(world, ref)->kind != FINDING_DISTANCE;
}

static bool is_beside(const struct world *world, const struct picked *picked, struct box box)
{
    for (size_t i = 0; i < picked->n_refs; i++)
        if (is_area(world, picked->refs[i]) &&
            box_intersects(finding_box(world, picked->refs[i]), box))
            return true;
    return false;
}

/* The areas among all findings that share a vertex with one that is gone, or comes. */
static enum err_code see_near_conflicts(struct hunt *h, const struct world *world,
                                        const struct picked *picked)
{
    enum err_code code = ERR_OK;
    struct picked near = {0};
    struct source areas;
    struct finding_ref *refs;
    struct box around = box_empty();
    size_t n = 0;
    for (size_t i = 0; i < picked->n_refs; i++)
        if (is_area(world, picked->refs[i]))
            around = box_union(around, finding_box(world, picked->refs[i]));
    if (box_is_empty(around))
        return ERR_OK;
    TRY(findings_near(h->old, around, h->arena, &refs, &n, h->err));
    for (size_t i = 0; i < n; i++)
        if (is_area(h->old, refs[i]) && is_beside(world, picked, finding_box(h->old, refs[i])))
            TRY(touched_pick_finding(h, &near, refs[i]));
    TRY(build(h, h->old, &near, &areas));
    for (uint32_t i = 0; i < areas.n; i++) {
        const struct shape *shape = &areas.shapes[i];
        uint32_t first = shape->first_ring, end = first + shape->n_rings;
        uint32_t at = first ? areas.full.ring_ends[first - 1] : 0;
        bool shares = false;
        for (; shape->kind == GEOM_POLYGON && at < areas.full.ring_ends[end - 1] && !shares; at++)
            shares = has_vertex(h, areas.full.points[at]);
        if (shares)
            TRY(see_shape(h, shape->box));
    }
done:
    return code;
}

static enum err_code hunt_source(struct hunt *h)
{
    enum err_code code = ERR_OK;
    struct source gone, come, before, after;
    TRY(touched_pick(h));
    TRY(build(h, h->old, &h->gone, &gone));
    TRY(build(h, h->now, &h->come, &come));
    TRY(keep_vertices(h, &gone));
    TRY(keep_vertices(h, &come));
    if (h->n_vertices > 0)
        qsort(h->vertices, h->n_vertices, sizeof *h->vertices, by_place);
    if (h->id == SOURCE_CONFLICTS) {
        TRY(see_near_conflicts(h, h->old, &h->gone));
        TRY(see_near_conflicts(h, h->now, &h->come));
    } else if (h->id != SOURCE_CELLS && h->id != SOURCE_ENTERPRISES) {
        size_t n_gone = h->gone.n_rows;
        TRY(pick_neighbours(h, h->old, &h->gone, n_gone));
        TRY(pick_neighbours(h, h->now, &h->come, h->come.n_rows));
        if (h->gone.n_rows > n_gone)
            TRY(build(h, h->old, &h->gone, &gone));
    }
    TRY(see(h, &gone));
    TRY(see(h, &come));
    bool conflicts = h->id == SOURCE_CONFLICTS;
    TRY((conflicts ? build_boxes : build)(h, h->old, &h->before, &before));
    TRY((conflicts ? build_boxes : build)(h, h->now, &h->after, &after));
    TRY(see_all_pairs(h, &before, &after));
done:
    return code;
}

/* ---- labels ---- */

/* Whether it is known where they stood. */
static bool has_labels(struct scenes *scenes, enum map_id map, uint32_t z)
{
    struct placement *last = scenes_last_labels(scenes, map, z);
    placement_release(last);
    return last != NULL;
}

static enum err_code hunt_labels(struct hunt *h, enum map_id map, uint32_t z)
{
    enum err_code code = ERR_OK;
    const struct touched_wanted *wanted = h->wanted;
    const struct label_view view = {map, z, wanted->canvas->fonts};
    struct px_box *boxes;
    size_t n;
    h->out->maps |= 1U << map; /* as far as one knows without placing them */
    if (!(wanted->kept->pictures[map] & 1U << z))
        return ERR_OK;
    if (wanted->foreign && !has_labels(wanted->before, map, z)) {
        const struct touched_item item = {
            .box = plane_whole(scenes_plane(wanted->scenes)), .maps = 1U << map, .zooms = 1U << z};
        return add_item(h, &item);
    }
    TRY(scenes_label_changes(wanted->before, wanted->scenes, &view, h->arena, &boxes, &n, h->err));
    double unit = (double)plane_units_of_px(z);
    for (size_t i = 0; i < n; i++) {
        const int64_t corner = INT64_C(1) << 31;
        struct touched_item item = {.maps = 1U << map, .zooms = 1U << z, .reach_px = 1};
        item.box = (struct plane_box){
            (int64_t)(boxes[i].left * unit) - corner, (int64_t)(boxes[i].top * unit) - corner,
            (int64_t)(boxes[i].right * unit) - corner, (int64_t)(boxes[i].bottom * unit) - corner};
        TRY(add_item(h, &item));
    }
done:
    return code;
}

/* ---- all of it ---- */

enum err_code touched_find(const struct touched_wanted *wanted, struct arena *arena,
                           struct touched *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct scenes *scenes = wanted->scenes;
    *out = (struct touched){.arena = arena};
    if (!wanted->edit || scene_edit_is_wide(wanted->edit))
        return touch_all(out);
    struct hunt hunt = {.wanted = wanted,
                        .out = out,
                        .arena = &wanted->worker->arena,
                        .old = scenes_world(wanted->before),
                        .now = scenes_world(scenes),
                        .err = err};
    for (int id = 0; id < SOURCE_COUNT && !out->all; id++) {
        struct hunt one = hunt;
        one.id = (enum style_source)id;
        one.layer = attribute_layer(one.id);
        if (scenes_source_id(one.id) != one.id ||
            scene_edit_fate(wanted->edit, one.id) == FATE_SAME)
            continue;
        if (one.layer == LAYER_ADMIN && scene_edit_of(wanted->edit, LAYER_ADMIN))
            TRY(touched_units(&one));
        if (one.id != SOURCE_BOUNDARIES)
            TRY(hunt_source(&one));
    }
    TRY(canvas_use_fonts(wanted->canvas, scenes_style(scenes), err));
    for (int map = 0; map < MAP_COUNT && !out->all; map++)
        for (uint32_t z = 0; z <= TILE_ZOOM_MAX; z++)
            if (!scenes_labels_stay(wanted->edit, scenes_style(scenes), (enum map_id)map, z))
                TRY(hunt_labels(&hunt, (enum map_id)map, z));
done:
    worker_reset(wanted->worker);
    return code;
}

uint32_t touched_maps(const struct style *style, const struct scene_edit *edit)
{
    uint32_t maps = 0;
    for (size_t i = 0; i < style_layer_count(style); i++) {
        const struct style_layer *layer = style_layer(style, i);
        if (layer->source == SOURCE_NONE ||
            scene_edit_fate(edit, scenes_source_id(layer->source)) == FATE_SAME)
            continue;
        for (int map = 0; map < MAP_COUNT; map++) {
            struct touched_item shown;
            find_zooms(layer, (enum map_id)map, UINT32_MAX, UINT32_MAX, &shown);
            if (shown.zooms || shown.vector_zooms || layer->type == LAYER_SYMBOL)
                maps |= 1U << map;
        }
    }
    return maps;
}

bool touched_tile(const struct touched *touched, const struct cache_place *place)
{
    uint32_t map = 1U << place->map, zoom = 1U << place->z;
    struct plane_box square = tile_square(place->z, place->x, place->y);
    int64_t px = plane_units_of_px(place->z);
    if (touched->all || (touched->of_units && place->of_unit))
        return true;
    for (size_t i = 0; i < touched->n; i++) {
        const struct touched_item *item = &touched->items[i];
        if (!(item->maps & map) || !((place->vector ? item->vector_zooms : item->zooms) & zoom))
            continue;
        /* A vector tile reaches a 64th beyond its edge, and what is small is drawn a pixel wide. */
        int64_t reach = place->vector ? 8 * px : (int64_t)((item->reach_px + 2) * (double)px);
        struct plane_box box = {item->box.west - reach, item->box.north - reach,
                                item->box.east + reach, item->box.south + reach};
        if (plane_box_touches(box, square))
            return true;
    }
    return false;
}
