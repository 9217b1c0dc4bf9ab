#include "geo/reach.h"

#include "geo/distance.h"
#include "geo/overlay.h"
#include "geo/population.h"

#include <string.h>

/* Circles of reach are cut to within this, m: radii of 100 m and more that are themselves
 * conventions. */
static const double REACH_TOLERANCE_M = 0.5;

/* The reaches up to a grade as one shape, in pieces. */
struct reach_level {
    struct geom *pieces; /* one polygon each */
    double *persons;
    size_t n;
};

struct reach {
    const struct world *world;
    struct worker *worker;
    struct arena *arena;
    struct reach_level by_grade[4]; /* [1]-[3] */
    struct reach_level by_could_be[4];
};

/* Polygon i of a shape as a shape of its own; shares the coordinates. */
static enum err_code piece_of(const struct geom *geom, uint32_t part, struct arena *arena,
                              struct geom *out, struct err *err)
{
    uint32_t first_ring = geom_part_start(geom, part);
    uint32_t n_rings = geom->part_ends[part] - first_ring;
    uint32_t first_point = geom_ring_start(geom, first_ring);
    uint32_t n_points = geom->ring_ends[first_ring + n_rings - 1] - first_point;
    uint32_t *ring_ends = arena_new(arena, uint32_t, n_rings);
    uint32_t *part_ends = arena_new(arena, uint32_t, 1);
    if (!ring_ends || !part_ends)
        return err_nomem(err);
    for (uint32_t i = 0; i < n_rings; i++)
        ring_ends[i] = geom->ring_ends[first_ring + i] - first_point;
    part_ends[0] = n_rings;
    *out = (struct geom){.kind = GEOM_POLYGON,
                         .n_points = n_points,
                         .n_rings = n_rings,
                         .n_parts = 1,
                         .points = geom->points + first_point,
                         .ring_ends = ring_ends,
                         .part_ends = part_ends,
                         .box = box_of_points(geom->points + first_point, n_points)};
    return ERR_OK;
}

static enum err_code persons_of(const struct reach *reach, const struct geom *shape,
                                struct arena *scratch, double *out, struct err *err)
{
    struct exposure exposure = {.persons = 0};
    enum err_code code =
        population_within(reach->world, reach->worker, shape, scratch, &exposure, err);
    *out = exposure.persons;
    return code;
}

static enum err_code split_level(struct reach *reach, const struct geom *all,
                                 struct reach_level *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    out->pieces = arena_new(reach->arena, struct geom, all->n_parts);
    out->persons = arena_new(reach->arena, double, all->n_parts);
    if (!out->pieces || !out->persons) {
        code = err_nomem(err);
        goto done;
    }
    for (uint32_t i = 0; i < all->n_parts; i++) {
        TRY(piece_of(all, i, reach->arena, &out->pieces[i], err));
        TRY(persons_of(reach, &out->pieces[i], &scratch, &out->persons[i], err));
        arena_reset(&scratch);
    }
    out->n = all->n_parts;
done:
    arena_release(&scratch);
    return code;
}

/* The sources, by their grade or by the worst that it may be. */
struct graded {
    const struct rollup_source *sources;
    size_t n;
    bool could_be;
};

/* Adds the shapes of sources of exactly that grade to what is there of worse ones. */
static enum err_code add_shapes(struct reach *reach, const struct graded *by, int32_t grade,
                                const struct geom **shapes, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    double radius_m = reach->world->rules->parameters.reach_m[grade];
    for (size_t i = 0; i < by->n; i++) {
        const struct rollup_source *source = &by->sources[i];
        if ((by->could_be ? source->could_be : source->grade) != grade)
            continue;
        for (size_t z = 0; z < source->n_zones; z++)
            shapes[(*n)++] = source->zones[z];
        if (source->n_zones > 0)
            continue;
        struct geom *circle = arena_new(reach->arena, struct geom, 1);
        if (!circle)
            return err_nomem(err);
        TRY(overlay_buffer(reach->worker->overlay,
                           world_geom(reach->world, LAYER_ENTERPRISES, source->row), radius_m,
                           REACH_TOLERANCE_M, reach->arena, circle, err));
        shapes[(*n)++] = circle;
    }
done:
    return code;
}

static enum err_code build_levels(struct reach *reach, const struct graded *by,
                                  struct reach_level levels[4], struct err *err)
{
    enum err_code code = ERR_OK;
    size_t most = 1;
    struct geom all = {.kind = GEOM_NONE};
    for (size_t i = 0; i < by->n; i++)
        most += by->sources[i].n_zones + 1;
    const struct geom **shapes = arena_new(reach->arena, const struct geom *, most);
    if (!shapes)
        return err_nomem(err);
    for (int32_t grade = 1; grade <= 3; grade++) {
        size_t n = 0;
        if (all.kind == GEOM_POLYGON)
            shapes[n++] = &all;
        size_t before = n;
        TRY(add_shapes(reach, by, grade, shapes, &n, err));
        if (n == before) {
            levels[grade] = levels[grade - 1];
            continue;
        }
        struct geom joined;
        TRY(overlay_union(reach->worker->overlay, shapes, n, reach->arena, &joined, err));
        all = joined;
        TRY(split_level(reach, &all, &levels[grade], err));
    }
done:
    return code;
}

static bool any_open(const struct rollup_source *sources, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (sources[i].could_be != sources[i].grade)
            return true;
    }
    return false;
}

enum err_code reach_new(const struct world *world, struct worker *worker,
                        const struct rollup_source *sources, size_t n_sources, struct arena *arena,
                        struct reach **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct reach *reach = arena_new(arena, struct reach, 1);
    if (!reach)
        return err_nomem(err);
    *reach = (struct reach){.world = world, .worker = worker, .arena = arena};
    if (population_known(world)) {
        struct graded by = {sources, n_sources, false};
        TRY(build_levels(reach, &by, reach->by_grade, err));
        by.could_be = true;
        if (any_open(sources, n_sources))
            TRY(build_levels(reach, &by, reach->by_could_be, err));
        else
            memcpy(reach->by_could_be, reach->by_grade, sizeof reach->by_grade);
    }
    *out = reach;
done:
    return code;
}

/* The edges of a unit's border, to see which pieces they cross. */
static enum err_code index_border(const struct geom *unit, struct arena *arena, struct rtree *out,
                                  struct err *err)
{
    struct box *boxes = arena_new(arena, struct box, unit->n_points);
    uint32_t n = 0;
    if (!boxes)
        return err_nomem(err);
    for (uint32_t ring = 0; ring < unit->n_rings; ring++) {
        for (uint32_t i = geom_ring_start(unit, ring); i + 1 < unit->ring_ends[ring]; i++)
            boxes[n++] = box_of_points(unit->points + i, 2);
    }
    return rtree_build(boxes, n, arena, out, err);
}

/* A unit on its way to its shares. */
struct unit_cut {
    struct reach *reach;
    const struct geom *unit;
    struct rtree border; /* of its edges */
    double residents;
    struct arena scratch;
};

static bool stop_at_first(void *context, uint32_t item)
{
    (void)item;
    *(bool *)context = true;
    return false;
}

static enum err_code persons_in_unit(struct unit_cut *cut, const struct reach_level *level,
                                     double *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *unit = cut->unit;
    *out = 0;
    for (size_t i = 0; i < level->n; i++) {
        const struct geom *piece = &level->pieces[i];
        bool crossed = false;
        if (!box_intersects(piece->box, unit->box))
            continue;
        rtree_search(&cut->border, piece->box, &crossed, stop_at_first);
        if (!crossed) {
            if (distance_contains_point(unit, piece->points[0]))
                *out += level->persons[i];
            continue;
        }
        struct geom part;
        double persons = 0;
        TRY(overlay_intersection(cut->reach->worker->overlay, unit, piece, &cut->scratch, &part,
                                 err));
        if (part.kind == GEOM_POLYGON)
            TRY(persons_of(cut->reach, &part, &cut->scratch, &persons, err));
        *out += persons;
    }
done:
    return code;
}

static enum err_code shares_of(struct unit_cut *cut, const struct reach_level levels[4],
                               double share[5], struct err *err)
{
    enum err_code code = ERR_OK;
    double persons = 0;
    for (int grade = 1; grade <= 3; grade++) {
        if (levels[grade].pieces != levels[grade - 1].pieces)
            TRY(persons_in_unit(cut, &levels[grade], &persons, err));
        share[grade] = cut->residents > 0 ? persons / cut->residents : 0;
    }
done:
    return code;
}

enum err_code reach_in_unit(struct reach *reach, const struct geom *unit, struct reach_shares *out,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    struct unit_cut cut = {.reach = reach, .unit = unit};
    *out = (struct reach_shares){.residents = NAN};
    if (!population_known(reach->world) || unit->kind != GEOM_POLYGON)
        return ERR_OK;
    arena_init(&cut.scratch, 0);
    TRY(persons_of(reach, unit, &cut.scratch, &out->residents, err));
    cut.residents = out->residents;
    TRY(index_border(unit, &cut.scratch, &cut.border, err));
    TRY(shares_of(&cut, reach->by_grade, out->share, err));
    bool same = reach->by_could_be[1].pieces == reach->by_grade[1].pieces &&
                reach->by_could_be[2].pieces == reach->by_grade[2].pieces &&
                reach->by_could_be[3].pieces == reach->by_grade[3].pieces;
    if (same)
        memcpy(out->share_could_be, out->share, sizeof out->share);
    else
        TRY(shares_of(&cut, reach->by_could_be, out->share_could_be, err));
done:
    arena_release(&cut.scratch);
    return code;
}
