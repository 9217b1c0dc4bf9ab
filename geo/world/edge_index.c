#include "geo/world/edge_index.h"

#include "geo/measure/edge_near.h"
#include "geo/measure/hilbert.h"

/* ---- building ---- */

static uint32_t items_of(const struct geom *geom)
{
    return geom->n_points == 0 ? 0 : (geom->n_points - 1) / EDGES_GROUP + 1;
}

static enum err_code count_items(const struct edge_index *index, size_t n_rows, uint32_t *out,
                                 struct err *err)
{
    uint64_t n = 0;
    for (size_t row = 0; row < n_rows; row++)
        n += items_of(world_geom(index->world, index->layer, row));
    if (n > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "layer %s has too many vertices to index",
                       layer_name(index->layer));
    *out = (uint32_t)n;
    return ERR_OK;
}

/* What is listed in the order of rows before it is packed. */
struct listing {
    struct edge_item *items;
    struct lonlat *places;
};

static enum err_code list_items(struct edge_index *index, size_t n_rows, struct listing *listing,
                                struct err *err)
{
    uint32_t n = 0;
    for (size_t row = 0; row < n_rows; row++) {
        const struct geom *geom = world_geom(index->world, index->layer, row);
        enum err_code code = edges_check(geom, err);
        if (code != ERR_OK)
            return err_wrap(err, "layer %s", layer_name(index->layer));
        bool point = edge_index_is_point(geom);
        index->has_polygons = index->has_polygons || geom->kind == GEOM_POLYGON;
        for (uint32_t first = 0; first < geom->n_points; first += EDGES_GROUP) {
            listing->items[n] = (struct edge_item){.row = (uint32_t)row,
                                                   .first = point ? EDGE_ITEM_POINT : first,
                                                   .place = geom->points[first]};
            listing->places[n++] = geom->points[first];
        }
    }
    return ERR_OK;
}

/* Items near each other in the list lie near each other on the ground, so that one origin
 * serves many. */
static void fill_items(const struct edge_index *index, const struct listing *listing,
                       const uint32_t *order, struct edge_item *items, struct space_box *boxes)
{
    enum { SAME_ORIGIN = 64 };
    struct edges_origin origin = {0};
    for (uint32_t i = 0; i < index->tree.n_items; i++) {
        items[i] = listing->items[order[i]];
        items[i].ecef = ellipsoid_ecef(items[i].place);
        if (items[i].first == EDGE_ITEM_POINT) {
            boxes[i] = space_box_of(items[i].ecef, items[i].ecef);
            continue;
        }
        if (i % SAME_ORIGIN == 0 || origin.cos_lat == 0)
            origin = edges_origin_at(items[i].place);
        struct edge_group group;
        edges_group(world_geom(index->world, index->layer, items[i].row), &origin, items[i].first,
                    &group);
        boxes[i] = edges_group_box(&group);
    }
}

enum err_code edge_index_build(const struct world *world, enum layer_id layer, struct arena *arena,
                               struct edge_index *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    uint32_t *order = NULL;
    uint32_t n = 0;
    uint32_t n_order = 0;
    size_t n_rows = world_count(world, layer);
    *out = (struct edge_index){.world = world, .layer = layer, .tree.box = space_box_empty()};
    arena_init(&scratch, 0);
    TRY(count_items(out, n_rows, &n, err));
    struct listing listing = {arena_new(&scratch, struct edge_item, n),
                              arena_new(&scratch, struct lonlat, n)};
    struct space_box *boxes = arena_new(&scratch, struct space_box, n);
    struct edge_item *items = arena_new(arena, struct edge_item, n);
    if (!listing.items || !listing.places || !boxes || !items) {
        code = err_nomem(err);
        goto done;
    }
    TRY(list_items(out, n_rows, &listing, err));
    TRY(hilbert_order(listing.places, n, &scratch, &order, &n_order, err));
    out->tree.n_items = n_order;
    out->items = items;
    fill_items(out, &listing, order, items, boxes);
    TRY(space_tree_build(boxes, n_order, arena, &out->tree, err));
done:
    arena_release(&scratch);
    return code;
}

/* ---- searching ---- */

void edge_index_search(const struct edge_index *index, const struct space_box *box, double within_m,
                       void *context, bool (*visit)(void *context, const struct edge_item *item))
{
    const struct space_tree *tree = &index->tree;
    const float within2 = space_within2(within_m);
    struct space_branch waiting[SPACE_HEIGHT * SPACE_FANOUT];
    int n = 0;
    if (tree->n_items > 0 && space_gap2(&tree->box, box) <= within2)
        waiting[n++] = space_tree_root(tree);
    while (n > 0) {
        struct space_branch branch = waiting[--n];
        if (branch.level == 0) {
            if (!visit(context, &index->items[branch.index]))
                return;
            continue;
        }
        const struct space_node *node = &tree->levels[branch.level - 1][branch.index];
        LANES_ALIGNED float gaps2[SPACE_FANOUT];
        space_gaps2(node, box, gaps2);
        for (uint32_t i = SPACE_FANOUT; i-- > 0;)
            if (gaps2[i] <= within2)
                waiting[n++] =
                    (struct space_branch){branch.level - 1, branch.index * SPACE_FANOUT + i};
    }
}

/* ---- nearest ---- */

struct nearest {
    const struct edge_index *index;
    const struct nearest_question *question;
    struct edges_origin origin;
    struct ecef ecef;
    double within_m; /* chord beyond which nothing counts any more */
    struct near_row *out;
    size_t n;
};

static bool goes_before(double a_m, uint32_t a_row, const struct near_row *b)
{
    return a_m < b->closest.distance_m || (a_m == b->closest.distance_m && a_row < b->row);
}

/* Keeps the best point of each of the best records. */
static void offer(struct nearest *nearest, uint32_t row, double distance_m, struct lonlat at)
{
    const struct nearest_question *question = nearest->question;
    struct near_row *out = nearest->out;
    if (!distance_within(distance_m, question->within_m))
        return;
    size_t place = 0;
    while (place < nearest->n && out[place].row != row)
        place++;
    if (place < nearest->n) {
        if (!(distance_m < out[place].closest.distance_m))
            return;
    } else if (nearest->n < question->most) {
        nearest->n++;
    } else {
        place--;
        if (!goes_before(distance_m, row, &out[place]))
            return;
    }
    for (; place > 0 && goes_before(distance_m, row, &out[place - 1]); place--)
        out[place] = out[place - 1];
    out[place] = (struct near_row){nearest->index->layer, row, {distance_m, question->point, at}};
    if (nearest->n == question->most)
        nearest->within_m = min_of(
            nearest->within_m, ellipsoid_longest_chord_m(out[nearest->n - 1].closest.distance_m));
}

static uint32_t least_of(const double gaps2[EDGES_GROUP])
{
    uint32_t least = 0;
    for (uint32_t i = 1; i < EDGES_GROUP; i++)
        least = gaps2[i] < gaps2[least] ? i : least;
    return least;
}

/* The edge whose chord is nearest first: after it few others are worth their exact distance. */
static void try_edges(struct nearest *nearest, const struct geom *geom,
                      const struct edge_item *item)
{
    struct edge_group group;
    LANES_ALIGNED double gaps2[EDGES_GROUP];
    edges_group(geom, &nearest->origin, item->first, &group);
    edges_gaps2(&group, nearest->ecef, gaps2);
    uint32_t likely = least_of(gaps2);
    double best_m = INFINITY;
    double within_m = nearest->within_m;
    struct lonlat best = nearest->question->point;
    for (uint32_t k = 0; k <= group.n; k++) {
        uint32_t i = k == 0 ? likely : k - 1;
        double reach_m = within_m + group.bulge_m[i];
        if (!(gaps2[i] <= reach_m * reach_m) || (k > 0 && i == likely))
            continue;
        struct lonlat at;
        struct edge_of edge = {geom, &group, i};
        double distance_m =
            edge_near_point(edge, nearest->question->point, nearest->ecef, within_m, &at);
        if (distance_m < best_m) {
            best_m = distance_m;
            best = at;
            within_m = min_of(within_m, ellipsoid_longest_chord_m(distance_m));
        }
    }
    if (best_m < (double)INFINITY)
        offer(nearest, item->row, distance_touching(best_m), best);
}

static void try_item(struct nearest *nearest, uint32_t i)
{
    const struct edge_index *index = nearest->index;
    const struct edge_item *item = &index->items[i];
    if (item->row == nearest->question->but_row)
        return;
    if (item->first == EDGE_ITEM_POINT)
        offer(nearest, item->row,
              ellipsoid_between_m(nearest->question->point, nearest->ecef, item->place, item->ecef),
              item->place);
    else
        try_edges(nearest, world_geom(index->world, index->layer, item->row), item);
}

struct waiting {
    float gap2;
    struct space_branch branch;
};

static void search_nearest(struct nearest *nearest)
{
    const struct space_tree *tree = &nearest->index->tree;
    struct space_box box = space_box_of(nearest->ecef, nearest->ecef);
    struct waiting waiting[SPACE_HEIGHT * SPACE_FANOUT];
    int n = 0;
    if (tree->n_items > 0)
        waiting[n++] = (struct waiting){0, space_tree_root(tree)};
    while (n > 0) {
        struct waiting one = waiting[--n];
        float within2 = space_within2(nearest->within_m);
        if (!(one.gap2 <= within2))
            continue;
        if (one.branch.level == 0) {
            try_item(nearest, one.branch.index);
            continue;
        }
        LANES_ALIGNED float gaps2[SPACE_FANOUT];
        space_gaps2(&tree->levels[one.branch.level - 1][one.branch.index], &box, gaps2);
        int bottom = n;
        for (uint32_t i = 0; i < SPACE_FANOUT; i++) {
            if (!(gaps2[i] <= within2))
                continue;
            int at = n++;
            for (; at > bottom && waiting[at - 1].gap2 <= gaps2[i]; at--)
                waiting[at] = waiting[at - 1];
            waiting[at] = (struct waiting){
                gaps2[i], {one.branch.level - 1, one.branch.index * SPACE_FANOUT + i}};
        }
    }
}

enum err_code edge_index_nearest(const struct edge_index *index,
                                 const struct nearest_question *question, struct arena *scratch,
                                 struct near_row *out, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct lonlat point = question->point;
    struct nearest nearest = {.index = index,
                              .question = question,
                              .origin = edges_origin_at(point),
                              .ecef = ellipsoid_ecef(point),
                              .within_m = ellipsoid_longest_chord_m(question->within_m + 1e-3),
                              .out = out};
    *n = 0;
    if (question->most == 0)
        return ERR_OK;
    if (index->has_polygons) {
        uint32_t *rows = NULL;
        size_t n_rows = 0;
        TRY(near_holding(index->world, index->layer, point, scratch, &rows, &n_rows, err));
        for (size_t i = 0; i < n_rows; i++)
            if (rows[i] != question->but_row)
                offer(&nearest, rows[i], 0, point);
    }
    search_nearest(&nearest);
    *n = nearest.n;
done:
    return code;
}
