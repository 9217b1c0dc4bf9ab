#include "geo/world/pairs.h"

#include "geo/world/edge_index.h"

#include <stdlib.h>

/* What rounding to 0.1 mm may let in, m. */
static const double ROUNDING_M = 1e-4;

struct found {
    uint32_t row;
    struct closest closest;
};

struct join {
    const struct pairs_question *question;
    struct edge_index index;
    struct arena *arena;

    /* The record of a at hand. */
    uint32_t row;
    const struct geom *geom;
    bool is_point;
    struct ecef place; /* of a single point */
    double limit_m;
    double longest_chord_m;

    uint32_t *candidates; /* rows of b that need a closer look; may stand there twice */
    size_t n_candidates;
    size_t candidates_room;
    struct found *found;
    size_t n_found;
    size_t found_room;
    bool no_memory;
};

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a;
    const struct found *y = b;
    return (x->row > y->row) - (x->row < y->row);
}

/* By row. Most records have few neighbours: those are sorted without calls. */
static void sort_found(struct found *found, size_t n)
{
    enum { SHORT = 32 };
    if (n > SHORT) {
        qsort(found, n, sizeof *found, compare_found);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct found one = found[i];
        size_t at = i;
        for (; at > 0 && found[at - 1].row > one.row; at--)
            found[at] = found[at - 1];
        found[at] = one;
    }
}

static bool is_self(const struct join *join, uint32_t row)
{
    return join->question->a == join->question->b && row == join->row;
}

/* The memory of both lists stays from record to record. */
static bool add_found(struct join *join, uint32_t row, const struct closest *closest)
{
    struct found *room =
        arena_grow(join->arena, join->found, &join->found_room, join->n_found + 1, sizeof *room);
    if (!room)
        return false;
    join->found = room;
    join->found[join->n_found++] = (struct found){row, *closest};
    return true;
}

static bool add_candidate(struct join *join, uint32_t row)
{
    if (join->n_candidates > 0 && join->candidates[join->n_candidates - 1] == row)
        return true;
    uint32_t *room = arena_grow(join->arena, join->candidates, &join->candidates_room,
                                join->n_candidates + 1, sizeof *room);
    if (!room)
        return false;
    join->candidates = room;
    join->candidates[join->n_candidates++] = row;
    return true;
}

/* By the chord first, then to the last digit. */
static bool visit_point(struct join *join, const struct edge_item *item)
{
    double dx = item->ecef.x - join->place.x;
    double dy = item->ecef.y - join->place.y;
    double dz = item->ecef.z - join->place.z;
    if (dx * dx + dy * dy + dz * dz > join->longest_chord_m * join->longest_chord_m)
        return true;
    struct closest closest = {0, join->geom->points[0], item->place};
    closest.distance_m = ellipsoid_between_m(closest.a, join->place, closest.b, item->ecef);
    if (!distance_within(closest.distance_m, join->limit_m))
        return true;
    join->no_memory = !add_found(join, item->row, &closest);
    return !join->no_memory;
}

/* Two points are judged at once; all else is looked at later. */
static bool visit_item(void *context, const struct edge_item *item)
{
    struct join *join = context;
    if (is_self(join, item->row))
        return true;
    if (join->is_point && item->first == EDGE_ITEM_POINT)
        return visit_point(join, item);
    join->no_memory = !add_candidate(join, item->row);
    return !join->no_memory;
}

/* Insides have no edges: a polygon may hold the other shape far from its own edges. */
static enum err_code add_overlapping(struct join *join, struct arena *scratch, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    if (join->geom->kind != GEOM_POLYGON && !join->index.has_polygons)
        return ERR_OK;
    TRY(near_candidates(join->question->world, join->question->b, join->geom->box, 0, scratch,
                        &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        const struct geom *geom = world_geom(join->question->world, join->question->b, rows[i]);
        bool judged = join->is_point && edge_index_is_point(geom);
        if (!judged && !is_self(join, rows[i]) && !add_candidate(join, rows[i]))
            return err_nomem(err);
    }
done:
    return code;
}

static enum err_code look_closer(struct join *join, const struct edges *edges,
                                 struct arena *scratch, struct err *err)
{
    enum err_code code = ERR_OK;
    if (join->n_candidates > 1)
        qsort(join->candidates, join->n_candidates, sizeof *join->candidates, compare_u32);
    for (size_t i = 0; i < join->n_candidates; i++) {
        uint32_t row = join->candidates[i];
        if (i > 0 && row == join->candidates[i - 1])
            continue;
        struct arena_mark mark = arena_mark(scratch);
        struct edges other;
        struct closest closest;
        TRY(edges_build(world_geom(join->question->world, join->question->b, row), scratch, &other,
                        err));
        distance_edges(edges, &other, join->limit_m + ROUNDING_M, &closest);
        arena_rewind(scratch, mark);
        if (closest.distance_m < (double)INFINITY &&
            distance_within(closest.distance_m, join->limit_m) && !add_found(join, row, &closest))
            return err_nomem(err);
    }
done:
    return code;
}

/* All within the limit, into join->found by row. */
static enum err_code find_within(struct join *join, struct arena *scratch, struct err *err)
{
    enum err_code code = ERR_OK;
    if (join->is_point) {
        join->place = ellipsoid_ecef(join->geom->points[0]);
        struct space_box box = space_box_of(join->place, join->place);
        edge_index_search(&join->index, &box, join->longest_chord_m, join, visit_item);
    } else {
        struct edges_origin origin = edges_origin_at(join->geom->points[0]);
        for (uint32_t first = 0; first < join->geom->n_points && !join->no_memory;
             first += EDGES_GROUP) {
            struct edge_group group;
            edges_group(join->geom, &origin, first, &group);
            struct space_box box = edges_group_box(&group);
            edge_index_search(&join->index, &box, join->longest_chord_m, join, visit_item);
        }
    }
    if (join->no_memory)
        return err_nomem(err);
    TRY(add_overlapping(join, scratch, err));
    if (join->n_candidates > 0) {
        struct edges edges;
        TRY(edges_build(join->geom, scratch, &edges, err));
        TRY(look_closer(join, &edges, scratch, err));
    }
    sort_found(join->found, join->n_found);
done:
    return code;
}

/* near_nearest asks by row alone. */
static bool is_not_self(void *context, uint32_t row)
{
    return !is_self(context, row);
}

/* The nearest, into join->found by distance. */
static enum err_code find_nearest(struct join *join, struct arena *scratch, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pairs_question *question = join->question;
    size_t n = 0;
    size_t most = question->nearest;
    struct near_row *rows = arena_new(scratch, struct near_row, most);
    if (!rows)
        return err_nomem(err);
    if (join->is_point) {
        const struct nearest_question nearest = {.point = join->geom->points[0],
                                                 .within_m = join->limit_m,
                                                 .but_row = question->a == question->b ? join->row
                                                                                       : UINT32_MAX,
                                                 .most = most};
        TRY(edge_index_nearest(&join->index, &nearest, scratch, rows, &n, err));
    } else {
        const struct near_question near = {.world = question->world,
                                           .layer = question->b,
                                           .shape = join->geom,
                                           .within_m = join->limit_m,
                                           .fits = is_not_self,
                                           .context = join};
        TRY(near_nearest(&near, most, scratch, rows, &n, err));
    }
    for (size_t i = 0; i < n; i++)
        if (!add_found(join, rows[i].row, &rows[i].closest))
            return err_nomem(err);
done:
    return code;
}

static enum err_code join_row(struct join *join, uint32_t row, struct arena *scratch, void *context,
                              enum err_code (*visit)(void *, const struct pair *, struct err *),
                              struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pairs_question *question = join->question;
    join->row = row;
    join->geom = world_geom(question->world, question->a, row);
    join->is_point = edge_index_is_point(join->geom);
    join->limit_m = question->within_m[row];
    join->longest_chord_m = ellipsoid_longest_chord_m(join->limit_m + ROUNDING_M);
    join->n_candidates = 0;
    join->n_found = 0;
    if (isnan(join->limit_m) || join->geom->n_points == 0)
        return ERR_OK;
    TRY(edges_check(join->geom, err));
    TRY(question->nearest > 0 ? find_nearest(join, scratch, err) : find_within(join, scratch, err));
    for (size_t i = 0; i < join->n_found; i++) {
        struct pair pair = {row, join->found[i].row, join->found[i].closest};
        TRY(visit(context, &pair, err));
    }
done:
    return code;
}

enum err_code pairs_each(const struct pairs_question *question, struct arena *arena, void *context,
                         enum err_code (*visit)(void *context, const struct pair *pair,
                                                struct err *err),
                         struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena_mark mark = arena_mark(arena);
    struct arena scratch;
    struct join join = {.question = question, .arena = arena};
    size_t n_rows = world_count(question->world, question->a);
    arena_init(&scratch, arena->limit_bytes);
    TRY(edge_index_build(question->world, question->b, arena, &join.index, err));
    for (size_t row = 0; row < n_rows; row++) {
        TRY(join_row(&join, (uint32_t)row, &scratch, context, visit, err));
        arena_reset(&scratch);
    }
done:
    arena_release(&scratch);
    arena_rewind(arena, mark);
    return code;
}
