/* pipeline_people.c - how many households and buildings a target counts for, and the households
 * that the population gives where no dwelling is known. */
#include "geo/pipelines/pipeline_segments.h"
#include "geo/pipelines/pipeline_targets.h"

#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"
#include "geo/world/population.h"

/* Four storeys and more (GB 50251-2015 4.2.2; 49 CFR 192.5). */
enum { TALL_STOREYS = 4 };

static int64_t in_units(double number)
{
    if (!(number < 1e9))
        return COUNT_UNKNOWN;
    return llround(number * (double)COUNT_UNIT);
}

static void weigh_as(struct pipeline_weight *weight, int64_t least, int64_t measured, int64_t most)
{
    weight->count[AT_LEAST] = least;
    weight->count[MEASURED] = measured;
    weight->count[AT_MOST] = most;
}

/* Households that are not told: of an outline, from the people inside; else one at least. A point
 * may be a cottage as well as a block of flats or a hamlet. */
static enum err_code guess_households(struct pipeline_job *job,
                                      const struct protected_target *target, double pph,
                                      struct pipeline_weight *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = job->world;
    out->missing = "households";
    weigh_as(out, COUNT_UNIT, COUNT_UNIT, COUNT_UNKNOWN);
    if (target->head.geom.kind == GEOM_POLYGON && population_known(world)) {
        struct exposure inside;
        TRY(population_within(world, job->worker, &target->head.geom, job->scratch, &inside, err));
        out->estimate = true;
        int64_t guess = in_units(fmax(1, inside.persons / pph));
        weigh_as(out, COUNT_UNIT, guess, in_units(fmax(1, inside.high / pph)));
    }
done:
    return code;
}

int64_t pipeline_known_households(const struct world *world, const struct protected_target *target)
{
    if (target->households != INT_ABSENT)
        return in_units(target->households);
    if (target->persons != INT_ABSENT)
        return in_units(target->persons / world->rules->parameters.persons_per_household);
    return -1;
}

static enum err_code weigh_households(struct pipeline_job *job, const struct pipeline_hit *hit,
                                      struct pipeline_weight *out, struct err *err)
{
    const struct world *world = job->world;
    int64_t known = hit->site ? hit->site->households
                              : pipeline_known_households(world, world_protected(world, hit->row));
    if (known < 0)
        return guess_households(job, world_protected(world, hit->row),
                                world->rules->parameters.persons_per_household, out, err);
    weigh_as(out, known, known, known);
    return ERR_OK;
}

static bool is_dwelling(const struct protected_target *target, bool villages_only)
{
    return text_equal(target->use, "village") ||
           (!villages_only && text_equal(target->use, "residential"));
}

bool pipeline_is_tall(const struct protected_target *target)
{
    return target->storeys != INT_ABSENT && target->storeys >= TALL_STOREYS;
}

enum err_code pipeline_weigh(struct pipeline_job *job, const struct pipeline_hit *hit,
                             enum pipeline_counts counts, struct pipeline_weight *out,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct pipeline_weight){.missing = NULL};
    weigh_as(out, COUNT_UNIT, COUNT_UNIT, COUNT_UNIT);
    if (hit->households > 0 && counts == PIPELINE_COUNTS_HOUSEHOLD) {
        weigh_as(out, hit->households, hit->households, hit->households);
        return ERR_OK;
    }
    if (counts != PIPELINE_COUNTS_PLACE) {
        bool households =
            counts == PIPELINE_COUNTS_HOUSEHOLD ||
            (counts != PIPELINE_COUNTS_STOREYS && is_dwelling(world_protected(job->world, hit->row),
                                                              counts == PIPELINE_COUNTS_BUILDING));
        if (households)
            TRY(weigh_households(job, hit, out, err));
        bool tall = hit->site ? hit->site->is_tall
                              : pipeline_is_tall(world_protected(job->world, hit->row));
        for (int k = 0; k < REACHES; k++)
            out->tall[k] = tall ? out->count[k] : 0;
    }
    if (hit->missing) {
        out->missing = hit->missing;
        out->count[AT_LEAST] = out->count[MEASURED] = 0;
        out->tall[AT_LEAST] = out->tall[MEASURED] = 0;
    }
done:
    return code;
}

/* ---- the population where no dwelling is known ---- */

struct estimating {
    struct pipeline_job *job;
    const struct pipeline_guess *guess;
    const struct target_class *class; /* of the dwellings; NULL: any */
    struct pipeline_piece *items;
    size_t n;
    size_t capacity;
};

static enum err_code add_piece(struct estimating *estimating, uint32_t part, struct span span,
                               int64_t count, struct err *err)
{
    estimating->items =
        arena_grow(estimating->job->scratch, estimating->items, &estimating->capacity,
                   estimating->n + 1, sizeof *estimating->items);
    if (!estimating->items)
        return err_nomem(err);
    estimating->items[estimating->n++] = (struct pipeline_piece){part, span, count};
    return ERR_OK;
}

/* A rectangle round a stretch that is as good as straight: for counting people, who are known
 * by cells of a hundred metres, not for deciding. */
static enum err_code strip_around(const struct pipeline_job *job, uint32_t part, struct span span,
                                  double strip_m, struct geom *out, struct err *err)
{
    struct lonlat a = pipeline_line_point(&job->line, part, span.from_m);
    struct lonlat b = pipeline_line_point(&job->line, part, span.to_m);
    double lon_m;
    double lat_m;
    ellipsoid_degree_m((a.lat_deg + b.lat_deg) / 2, &lon_m, &lat_m);
    double dx = (b.lon_deg - a.lon_deg) * lon_m;
    double dy = (b.lat_deg - a.lat_deg) * lat_m;
    double length = hypot(dx, dy);
    double lon = length > 0 ? -dy / length * strip_m / lon_m : 0;
    double lat = length > 0 ? dx / length * strip_m / lat_m : 0;
    struct lonlat ring[4] = {{a.lon_deg - lon, a.lat_deg - lat},
                             {b.lon_deg - lon, b.lat_deg - lat},
                             {b.lon_deg + lon, b.lat_deg + lat},
                             {a.lon_deg + lon, a.lat_deg + lat}};
    return geom_of_ring(ring, 4, job->scratch, out, err);
}

static enum err_code estimate_piece(struct estimating *estimating, uint32_t part, struct span span,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = estimating->job;
    const struct world *world = job->world;
    struct geom strip;
    struct exposure inside;
    TRY(strip_around(job, part, span, estimating->guess->strip_m, &strip, err));
    TRY(population_within(world, job->worker, &strip, job->scratch, &inside, err));
    if (inside.persons > 0) {
        double middle_m = (span.from_m + span.to_m) / 2;
        double households = inside.persons / world->rules->parameters.persons_per_household;
        TRY(add_piece(estimating, part, (struct span){middle_m, middle_m}, in_units(households),
                      err));
    }
done:
    return code;
}

/* The search for one dwelling near a stretch. */
struct looking {
    const struct world *world;
    const struct target_class *class; /* NULL: any dwelling */
    struct box box;                   /* of the stretch */
    bool found;
};

static bool look(void *context, uint32_t row)
{
    struct looking *looking = context;
    const struct world *world = looking->world;
    const struct protected_target *target = world_protected(world, row);
    looking->found =
        is_dwelling(target, false) &&
        rtree_box_distance_m(looking->box, target->head.geom.box) <=
            world->rules->parameters.households_reach_m &&
        (!looking->class || predicate_eval(looking->class->predicate, target, NULL) != TRUTH_NO);
    return !looking->found;
}

/* Within households_reach_m by the bound of rtree.h, which lies below the distance: so much wider
 * is searched. */
static const double WIDER = 1.05;

/* Whether a dwelling of the class stands within households_reach_m of the box. */
static bool dwells_near(const struct world *world, const struct target_class *class, struct box box)
{
    struct looking looking = {world, class, box, false};
    double reach_m = world->rules->parameters.households_reach_m;
    struct box wide = ellipsoid_expand(box, WIDER * reach_m + 1);
    for (int turn = -1; turn <= 1 && !looking.found; turn++) {
        struct box at = wide;
        at.west_deg += 360.0 * turn;
        at.east_deg += 360.0 * turn;
        if (turn == 0 || (at.west_deg <= 180 && at.east_deg >= -180)) /* over the antimeridian */
            world_visit(world, LAYER_PROTECTED, at, &looking, look);
    }
    return looking.found;
}

/* Whether a dwelling was met beside the stretch: then there is no need to search for one. */
static bool meets_dwelling(const struct estimating *estimating, uint32_t part,
                           const struct pipeline_stretch *stretch)
{
    const struct pipeline_job *job = estimating->job;
    double from_m = job->line.at_m[stretch->first];
    double to_m = job->line.at_m[stretch->end];
    for (size_t i = 0; i < job->n_asks; i++) {
        const struct pipeline_ask *ask = &job->asks[i];
        if (!ask->beside || !text_equal(ask->target, estimating->guess->target))
            continue;
        for (size_t k = 0; k < ask->n_hits; k++) {
            const struct pipeline_hit *hit = &job->hits[ask->first_hit + k];
            const struct span_list *spans = &hit->spans[AT_MOST];
            if (hit->part == part && spans->items[0].from_m <= to_m &&
                spans->items[spans->n - 1].to_m >= from_m &&
                (hit->households > 0 || hit->site
                     ? hit->households > 0 || hit->site->is_dwelling
                     : is_dwelling(world_protected(job->world, hit->row), false)))
                return true;
        }
    }
    return false;
}

/* Whether any dwelling stands near the stretch, so that those along it may be taken as known. */
static bool has_dwellings(const struct estimating *estimating, uint32_t part,
                          const struct pipeline_stretch *stretch)
{
    const struct world *world = estimating->job->world;
    return meets_dwelling(estimating, part, stretch) ||
           dwells_near(world, estimating->class, stretch->box);
}

static enum err_code estimate_stretch(struct estimating *estimating, uint32_t part,
                                      const struct pipeline_stretch *stretch, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = estimating->job;
    const struct world *world = job->world;
    struct span whole = {job->line.at_m[stretch->first], job->line.at_m[stretch->end]};
    double length_m = whole.to_m - whole.from_m;
    if (has_dwellings(estimating, part, stretch))
        return ERR_OK;
    if (!population_known(world))
        return add_piece(estimating, part, whole, COUNT_UNKNOWN, err);
    double pieces = ceil(length_m / estimating->guess->piece_m);
    for (uint32_t i = 0; i < (uint32_t)pieces; i++) {
        struct span span = {whole.from_m + length_m * i / pieces,
                            whole.from_m + length_m * (i + 1.0) / pieces};
        TRY(estimate_piece(estimating, part, span, err));
    }
done:
    return code;
}

static bool same_guess(const struct pipeline_guess *a, const struct pipeline_guess *b)
{
    return a->strip_m == b->strip_m && a->piece_m == b->piece_m &&
           (a->target ? text_equal(a->target, b->target) : !b->target);
}

enum err_code pipeline_estimate(struct pipeline_job *job, const struct pipeline_guess *guess,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = job->world->rules;
    struct estimating estimating = {.job = job, .guess = guess};
    if (job->pieces.known && same_guess(&job->pieces.guess, guess))
        return ERR_OK;
    for (size_t i = 0; i < rules->n_target_classes && guess->target; i++)
        if (rules->target_classes[i].layer == LAYER_PROTECTED &&
            text_equal(rules->target_classes[i].source.id, guess->target) &&
            rule_holds(&rules->target_classes[i].source, job->world->as_of))
            estimating.class = &rules->target_classes[i];
    bool asks = estimating.class || !guess->target;
    for (uint32_t part = 0; asks && part < job->line.n_parts; part++) {
        uint32_t first = pipeline_part_start(&job->line, part);
        struct pipeline_stretch stretch;
        while (pipeline_next_stretch(&job->line, part, &first, &stretch))
            if (pipeline_keeps_to(job, part, &stretch))
                TRY(estimate_stretch(&estimating, part, &stretch, err));
    }
    job->pieces = (struct pipeline_pieces){true, *guess, estimating.items, estimating.n};
done:
    return code;
}

/* ---- for edits ---- */

bool pipeline_is_dwelling(const struct protected_target *target)
{
    return is_dwelling(target, false);
}

/* Whether the households of this class are estimated where no dwelling is known. */
static bool counts_people(const struct rules *rules, const struct target_class *class)
{
    bool counted = false;
    for (size_t i = 0; i < rules->n_pipeline_classes && !counted; i++)
        counted = rules->pipeline_classes[i].counts != PIPELINE_COUNTS_STOREYS &&
                  text_equal(rules->pipeline_classes[i].target, class->source.id);
    for (size_t i = 0; i < rules->n_pipeline_places && !counted; i++)
        counted = rules->pipeline_places[i].counts != PIPELINE_COUNTS_PLACE &&
                  text_equal(rules->pipeline_places[i].target, class->source.id);
    return counted && class->layer == LAYER_PROTECTED;
}

/* Whether it is a dwelling by all classes alike. */
static bool is_witness(const struct rules *rules, const struct protected_target *target)
{
    bool yes = is_dwelling(target, false);
    for (size_t i = 0; i < rules->n_target_classes && yes; i++) {
        const struct target_class *class = &rules->target_classes[i];
        yes = class->layer != LAYER_PROTECTED ||
              predicate_eval(class->predicate, target, NULL) != TRUTH_NO ||
              !counts_people(rules, class);
    }
    return yes;
}

static bool add_witness(void *context, uint32_t row, double at_least_m)
{
    struct pipeline_dwellings *dwellings = context;
    enum { MOST = sizeof dwellings->witnesses / sizeof dwellings->witnesses[0] };
    const struct world *world = dwellings->b;
    const struct protected_target *target = world_protected(world, row);
    bool in_both =
        world_row(dwellings->a, LAYER_PROTECTED, world_slot(world, LAYER_PROTECTED, row)) >= 0;
    if (at_least_m > world->rules->parameters.households_reach_m)
        return false;
    if (in_both && is_witness(world->rules, target))
        dwellings->witnesses[dwellings->n_witnesses++] = target->head.geom.box;
    return dwellings->n_witnesses < MOST;
}

enum err_code pipeline_dwellings_near(const struct world *a, const struct world *b, struct box near,
                                      struct arena *scratch, struct pipeline_dwellings *out,
                                      struct err *err)
{
    double reach_m = b->rules->parameters.households_reach_m;
    *out = (struct pipeline_dwellings){
        .a = a, .b = b, .near = near, .wide = ellipsoid_expand(near, WIDER * reach_m + 1)};
    return world_nearest(b, LAYER_PROTECTED, near, scratch, out, add_witness, err);
}

/* Whether both worlds hold a dwelling of the class near the stretch, or neither does. */
static bool same_of_class(const struct pipeline_dwellings *dwellings,
                          const struct pipeline_stretch *stretch, const struct target_class *class)
{
    return dwells_near(dwellings->a, class, stretch->box) ==
           dwells_near(dwellings->b, class, stretch->box);
}

/* Whether the stretch is too far for any of that; not told beyond the antimeridian. */
static bool is_far(const struct pipeline_dwellings *dwellings, struct box stretch)
{
    const struct box *wide = &dwellings->wide;
    return !box_intersects(*wide, stretch) && wide->west_deg >= -180 && wide->east_deg <= 180 &&
           stretch.west_deg >= -180 && stretch.east_deg <= 180;
}

static bool same_along(const struct pipeline_dwellings *dwellings,
                       const struct pipeline_stretch *stretch)
{
    const struct rules *rules = dwellings->a->rules;
    double reach_m = rules->parameters.households_reach_m;
    bool same = true;
    for (size_t i = 0; i < dwellings->n_witnesses; i++)
        if (rtree_box_distance_m(stretch->box, dwellings->witnesses[i]) <= reach_m)
            return true;
    for (size_t i = 0; i < rules->n_target_classes && same; i++) {
        const struct target_class *class = &rules->target_classes[i];
        same = !counts_people(rules, class) || same_of_class(dwellings, stretch, class);
    }
    return same && same_of_class(dwellings, stretch, NULL);
}

bool pipeline_same_dwellings_along(const struct pipeline_dwellings *dwellings,
                                   const struct pipeline_line *line)
{
    double reach_m = dwellings->b->rules->parameters.households_reach_m;
    bool same = true;
    for (uint32_t part = 0; part < line->n_parts && same; part++) {
        uint32_t first = pipeline_part_start(line, part);
        struct pipeline_stretch stretch;
        while (same && pipeline_next_stretch(line, part, &first, &stretch))
            if (!is_far(dwellings, stretch.box) &&
                rtree_box_distance_m(stretch.box, dwellings->near) <= reach_m)
                same = same_along(dwellings, &stretch);
    }
    return same;
}

enum err_code pipeline_same_dwellings(const struct pipeline_dwellings *dwellings, uint32_t row,
                                      struct arena *scratch, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_line line;
    TRY(pipeline_line_outline(world_geom(dwellings->b, LAYER_PIPELINES, row), scratch, &line, err));
    *out = pipeline_same_dwellings_along(dwellings, &line);
done:
    return code;
}
