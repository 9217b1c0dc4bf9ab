#include "geo/risk/risk_individual.h"

#include "data/base/text.h"
#include "geo/measure/distance.h"
#include "geo/verdict/red_line.h"

#include <stdlib.h>

/* ---- the source ---- */

/* The rings of a polygon as lines. Shares the coordinates. */
static const struct geom *border_of(const struct geom *polygon, struct arena *arena)
{
    struct geom *border = arena_new(arena, struct geom, 1);
    if (!border)
        return NULL;
    *border = *polygon;
    border->kind = GEOM_LINE;
    border->n_parts = 0;
    border->part_ends = NULL;
    return border;
}

/* Rings growing; room for as many as there are rows to look at. */
static enum err_code add_ring(struct risk_source *source, struct risk_ring ring,
                              struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *border = border_of(ring.geom, arena);
    if (!border)
        return err_nomem(err);
    TRY(edges_build(border, arena, &ring.border, err));
    source->rings[source->n_rings++] = ring;
    source->box = box_union(source->box, ring.geom->box);
    source->error_m = fmax(source->error_m, ring.error_m);
done:
    return code;
}

static bool is_contour(const struct zone *zone)
{
    return zone->head.geom.kind == GEOM_POLYGON && !text_equal(zone->standing, "indicative") &&
           !isnan(zone_risk_per_year(zone));
}

static enum err_code add_contours(const struct world *world, const uint32_t *rows, size_t n,
                                  struct risk_source *source, struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < n; i++) {
        const struct zone *zone = world_zone(world, rows[i]);
        if (!is_contour(zone))
            continue;
        TRY(add_ring(
            source,
            (struct risk_ring){.layer = LAYER_ZONES,
                               .row = rows[i],
                               .geom = &zone->head.geom,
                               .per_year = zone_risk_per_year(zone),
                               .error_m = rules_accuracy_m(world->rules, LAYER_ZONES, &zone->head)},
            arena, err));
    }
    source->by_contours = source->n_rings > 0;
done:
    return code;
}

static enum err_code add_scenarios(const struct world *world, const uint32_t *rows, size_t n,
                                   struct risk_source *source, struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < n; i++) {
        const struct scenario *scenario = world_record(world, LAYER_SCENARIOS, rows[i]);
        double lethality = isnan(scenario->lethality) ? 1 : scenario->lethality;
        double per_year = scenario->freq_per_year * lethality;
        if (!(per_year > 0))
            continue;
        if (scenario->head.geom.kind != GEOM_POLYGON) {
            source->unplaced_per_year += per_year;
            source->unplaced_row = source->unplaced_row < 0 ? rows[i] : source->unplaced_row;
            continue;
        }
        TRY(add_ring(source,
                     (struct risk_ring){.layer = LAYER_SCENARIOS,
                                        .row = rows[i],
                                        .geom = &scenario->head.geom,
                                        .per_year = per_year,
                                        .error_m = rules_accuracy_m(world->rules, LAYER_SCENARIOS,
                                                                    &scenario->head)},
                     arena, err));
    }
done:
    return code;
}

/* By frequency, then row. */
static int compare_rings(const void *a, const void *b)
{
    const struct risk_ring *i = a;
    const struct risk_ring *j = b;
    if (i->per_year < j->per_year || i->per_year > j->per_year)
        return i->per_year < j->per_year ? -1 : 1;
    return (i->row > j->row) - (i->row < j->row);
}

/* Contours without a plant in the store, of one file, that meet a box: one calculation. */
static enum err_code companions_of(const struct world *world, const struct zone *zone,
                                   struct arena *arena, uint32_t **out, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t kept = 0;
    TRY(world_search(world, LAYER_ZONES, zone->head.geom.box, arena, &rows, n, err));
    for (size_t i = 0; i < *n; i++) {
        const struct zone *other = world_zone(world, rows[i]);
        if (text_equal(other->head.source, zone->head.source) &&
            world_find(world, LAYER_ENTERPRISES, other->enterprise_id) < 0)
            rows[kept++] = rows[i];
    }
    *out = rows;
    *n = kept;
done:
    return code;
}

static enum err_code source_of_enterprise(const struct world *world, struct arena *arena,
                                          struct risk_source *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const uint32_t *zones = NULL;
    const uint32_t *scenarios = NULL;
    size_t n_zones = 0;
    size_t n_scenarios = 0;
    out->enterprise = world_enterprise(world, out->row);
    if (!enterprise_counts(out->enterprise))
        return ERR_OK;
    out->age = risk_plant_age(out->enterprise);
    world_of_enterprise(world, LAYER_ZONES, out->enterprise->head.id, &zones, &n_zones);
    world_of_enterprise(world, LAYER_SCENARIOS, out->enterprise->head.id, &scenarios, &n_scenarios);
    if (n_zones + n_scenarios == 0)
        return ERR_OK;
    out->rings = arena_new(arena, struct risk_ring, n_zones > n_scenarios ? n_zones : n_scenarios);
    if (!out->rings)
        return err_nomem(err);
    TRY(add_contours(world, zones, n_zones, out, arena, err));
    if (!out->by_contours)
        TRY(add_scenarios(world, scenarios, n_scenarios, out, arena, err));
done:
    return code;
}

enum err_code risk_source_of(const struct world *world, enum layer_id layer, uint32_t row,
                             struct arena *arena, struct risk_source *out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct risk_source){
        .layer = layer, .row = row, .age = PLANT_UNKNOWN, .unplaced_row = -1, .box = box_empty()};
    if (layer == LAYER_ENTERPRISES) {
        TRY(source_of_enterprise(world, arena, out, err));
    } else {
        const struct zone *zone = world_zone(world, row);
        uint32_t *rows = NULL;
        size_t n = 0;
        if (!is_contour(zone) || world_find(world, LAYER_ENTERPRISES, zone->enterprise_id) >= 0)
            return ERR_OK;
        TRY(companions_of(world, zone, arena, &rows, &n, err));
        out->rings = arena_new(arena, struct risk_ring, n);
        if (!out->rings)
            return err_nomem(err);
        TRY(add_contours(world, rows, n, out, arena, err));
    }
    if (out->n_rings > 0 && out->by_contours)
        qsort(out->rings, out->n_rings, sizeof *out->rings, compare_rings);
done:
    return code;
}

/* ---- the risk at a place ---- */

/* How a place stands to one ring. */
struct standing {
    enum verdict surely; /* conflict: inside, clear: outside */
    enum verdict exactly;
    double gap_m; /* 0 inside */
    double depth_m;
    struct lonlat at;
};

static enum err_code measure(const struct risk_ring *ring, struct worker *worker,
                             const struct risk_place *place, struct arena *scratch,
                             struct standing *out, struct err *err)
{
    enum err_code code = ERR_OK;
    if (place->geom->kind == GEOM_POINT && place->geom->n_points == 1) {
        struct closest closest;
        struct lonlat point = place->geom->points[0];
        bool inside = distance_contains_point(ring->geom, point);
        distance_to_point(&ring->border, point, INFINITY, &closest);
        out->gap_m = inside ? 0 : closest.distance_m;
        out->depth_m = inside ? closest.distance_m : 0;
        out->at = point;
    } else {
        const struct red_line_pair pair = {.worker = worker,
                                           .plant = place->geom,
                                           .error_m = place->error_m + ring->error_m,
                                           .area = ring->geom,
                                           .scratch = scratch};
        struct red_line line;
        TRY(red_line_of(&pair, &line, err));
        out->gap_m = line.gap_m;
        out->depth_m = line.depth_in_m;
        out->at = line.at;
    }
done:
    return code;
}

static enum err_code stand(const struct risk_ring *ring, struct worker *worker,
                           const struct risk_place *place, struct arena *scratch,
                           struct standing *out, struct err *err)
{
    enum err_code code = ERR_OK;
    double error_m = place->error_m + ring->error_m;
    *out = (struct standing){.surely = VERDICT_CLEAR, .exactly = VERDICT_CLEAR, .gap_m = INFINITY};
    if (rtree_box_distance_m(ring->geom->box, place->geom->box) > error_m + VERDICT_METRES)
        return ERR_OK;
    TRY(measure(ring, worker, place, scratch, out, err));
    const struct side side = {.gap_m = out->gap_m, .depth_m = out->depth_m, .error_m = error_m};
    struct side exact = side;
    exact.error_m = 0;
    out->surely = verdict_of_side(&side, CONFIDENCE_SURE, false).verdict;
    out->exactly = verdict_of_side(&exact, CONFIDENCE_SURE, false).verdict;
done:
    return code;
}

/* What the contours of one frequency say together: inside one of them, outside of all. */
struct level {
    double per_year;
    enum verdict surely;
    enum verdict exactly;
};

static enum verdict join_sides(enum verdict a, enum verdict b)
{
    if (a == VERDICT_CONFLICT || b == VERDICT_CONFLICT)
        return VERDICT_CONFLICT;
    return a == VERDICT_CLEAR ? b : a;
}

/* Levels rise: the highest that holds the place is low; the lowest above it that does not is
 * high. */
static void take_level(enum verdict side, double per_year, struct quantity *risk)
{
    if (side == VERDICT_CONFLICT) {
        risk->low = per_year;
        risk->high = INFINITY;
        risk->above_low = true;
    } else if (side == VERDICT_CLEAR && isinf(risk->high)) {
        risk->high = per_year;
    }
}

static void take_sum(enum verdict side, double per_year, struct quantity *risk)
{
    risk->low += side == VERDICT_CONFLICT ? per_year : 0;
    risk->high += side == VERDICT_CLEAR ? 0 : per_year;
}

/* Keeps what words need: the greatest ring that holds the place, and the greatest open one. */
static void note_ring(const struct risk_ring *ring, const struct standing *stand,
                      const struct risk_place *place, struct risk_at *out)
{
    bool open = stand->surely == VERDICT_UNDECIDED;
    if (stand->surely == VERDICT_CONFLICT &&
        (!out->inside || ring->per_year >= out->inside->per_year)) {
        out->inside = ring;
        out->depth_m = stand->depth_m;
    } else if (open && (!out->open || ring->per_year >= out->open->per_year)) {
        out->open = ring;
        out->gap_m = stand->depth_m > 0 ? -stand->depth_m : stand->gap_m;
    } else {
        return;
    }
    if (open || !out->open) {
        out->error_m = place->error_m + ring->error_m;
        out->at = stand->at;
    }
}

bool risk_leads(const struct risk_source *source, const struct risk_at *at)
{
    const struct risk_ring *lead = at->inside;
    if (at->open && (!lead || at->open->per_year > lead->per_year))
        lead = at->open;
    return lead && (source->layer != LAYER_ZONES || lead->row == source->row);
}

static bool has_extent(const struct geom *geom)
{
    return geom->kind != GEOM_POINT || geom->n_points > 1;
}

enum err_code risk_at_place(const struct risk_source *source, struct worker *worker,
                            const struct risk_place *place, struct arena *scratch,
                            struct risk_at *out, struct err *err)
{
    enum err_code code = ERR_OK;
    double top = source->by_contours ? (double)INFINITY : 0;
    double greatest[2] = {0, 0};
    struct level level = {.per_year = 0};
    *out = (struct risk_at){.risk = {.high = top}, .exact = {.high = top}};
    for (size_t i = 0; i < source->n_rings; i++) {
        const struct risk_ring *ring = &source->rings[i];
        struct standing standing;
        TRY(stand(ring, worker, place, scratch, &standing, err));
        note_ring(ring, &standing, place, out);
        if (!source->by_contours) {
            take_sum(standing.surely, ring->per_year, &out->risk);
            take_sum(standing.exactly, ring->per_year, &out->exact);
            if (standing.surely == VERDICT_CONFLICT)
                greatest[0] = fmax(greatest[0], ring->per_year);
            if (standing.exactly == VERDICT_CONFLICT)
                greatest[1] = fmax(greatest[1], ring->per_year);
            continue;
        }
        bool same = i > 0 && !(ring->per_year > level.per_year);
        level.surely = same ? join_sides(level.surely, standing.surely) : standing.surely;
        level.exactly = same ? join_sides(level.exactly, standing.exactly) : standing.exactly;
        level.per_year = ring->per_year;
        if (i + 1 == source->n_rings || source->rings[i + 1].per_year > level.per_year) {
            take_level(level.surely, level.per_year, &out->risk);
            take_level(level.exactly, level.per_year, &out->exact);
        }
    }
    /* Areas that a target of some extent meets need not meet each other inside it: its worst
     * place has at least the greatest of them. */
    if (!source->by_contours && has_extent(place->geom)) {
        out->risk.low = greatest[0];
        out->exact.low = greatest[1];
    }
    if (!source->by_contours) {
        out->risk.high += source->unplaced_per_year;
        out->exact.high += source->unplaced_per_year;
    }
done:
    return code;
}
