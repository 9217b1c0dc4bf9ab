/* pipeline_law_rows.c - what is built over a pipeline, and what it crosses. */
#include "geo/pipelines/pipeline_rows.h"

#include "data/base/text.h"
#include "geo/verdict/verdict.h"
#include "geo/measure/ellipsoid.h"

#define RAD (M_PI / 180)

/* ---- occupation ---- */

/* One target that may stand in the strip. */
struct occupation {
    const struct pipeline_place *place;
    const struct pipeline_hit *hit;
    const char *missing; /* the attribute without which it is not sure that the row speaks */
};

/* What would decide; NULL: nothing is open. */
static const char *occupation_decides(const struct pipeline_job *job,
                                      const struct occupation *occupation,
                                      const struct judgement *judged)
{
    const struct rule_source *source = &occupation->place->source;
    if (judged->by == DECIDED)
        return NULL;
    if (judged->by == UNDECIDED_ATTRIBUTE)
        return occupation->missing;
    if (judged->by == UNDECIDED_CONFIDENCE)
        return arena_printf(job->arena, "a rule that is sure: %s is %s", source->id,
                            confidence_name(source->confidence));
    return pipeline_positions_decide(
        job, fabs(occupation->hit->nearest_m - occupation->place->within_m));
}

static struct judgement judge_occupation(const struct occupation *occupation)
{
    const struct pipeline_hit *hit = occupation->hit;
    const struct pipeline_place *place = occupation->place;
    const struct quantity distance = {
        .low = hit->nearest_m, .high = hit->nearest_m, .error = hit->error_m};
    const struct limit limit = {.must_be = MUST_BE_AT_LEAST,
                                .mildest = place->within_m,
                                .strictest = place->within_m,
                                .resolution = VERDICT_METRES,
                                .confidence = place->source.confidence,
                                .attribute_missing = occupation->missing != NULL};
    return verdict_judge(&distance, &limit);
}

static enum err_code add_occupation(struct pipeline_job *job, const struct occupation *occupation,
                                    struct pipeline_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_place *place = occupation->place;
    const struct pipeline_hit *hit = occupation->hit;
    const struct judgement judged = judge_occupation(occupation);
    const struct span_list *spans = &hit->spans[hit->spans[MEASURED].n > 0 ? MEASURED : AT_MOST];
    for (size_t i = 0; i < spans->n && judged.verdict != VERDICT_CLEAR; i++) {
        struct pipeline_stretch_of where = {place->method,   place->kind, hit->part,
                                            spans->items[i], hit,         0};
        struct segment *row = NULL;
        TRY(pipeline_add_row(job, rows, &where, &place->source, &row, err));
        pipeline_set_target(job, row, hit);
        row->verdict = verdict_name(judged.verdict);
        row->reason = pipeline_why_target(job, place, hit);
        row->decides = occupation_decides(job, occupation, &judged);
        TRY(row->reason && (judged.by == DECIDED || row->decides) ? ERR_OK : err_nomem(err));
    }
done:
    return code;
}

/* ---- crossings ---- */

/* A crossing of the line's edge with one of the target's. */
struct crossing {
    double t; /* on the line's edge, 0 to 1 */
    double angle_deg;
};

/* Touching at an end counts for the edge that begins there, so that a crossing at a vertex is
 * found once; the line's last point belongs to its last edge. */
static bool cross_at(const struct lonlat *line, bool last, const struct lonlat *edge,
                     struct crossing *out)
{
    double lon_m;
    double lat_m;
    ellipsoid_degree_m((line[0].lat_deg + line[1].lat_deg) / 2, &lon_m, &lat_m);
    double ux = (line[1].lon_deg - line[0].lon_deg) * lon_m;
    double uy = (line[1].lat_deg - line[0].lat_deg) * lat_m;
    double vx = (edge[1].lon_deg - edge[0].lon_deg) * lon_m;
    double vy = (edge[1].lat_deg - edge[0].lat_deg) * lat_m;
    double wx = (edge[0].lon_deg - line[0].lon_deg) * lon_m;
    double wy = (edge[0].lat_deg - line[0].lat_deg) * lat_m;
    double across = ux * vy - uy * vx;
    if (across == 0)
        return false; /* along each other: no crossing */
    double t = (wx * vy - wy * vx) / across;
    double s = (wx * uy - wy * ux) / across;
    if (!(t >= 0 && (last ? t <= 1 : t < 1) && s >= 0 && s <= 1))
        return false;
    double angle = fabs(atan2(across, ux * vx + uy * vy)) / RAD;
    *out = (struct crossing){t, angle > 90 ? 180 - angle : angle};
    return true;
}

static enum err_code add_crossing(struct pipeline_job *job, const struct pipeline_place *place,
                                  const struct pipeline_hit *hit, struct span span,
                                  double angle_deg, struct pipeline_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    char at[STATION_TEXT_BYTES];
    struct pipeline_stretch_of where = {place->method, place->kind, hit->part, span, hit, 0};
    struct segment *row = NULL;
    TRY(pipeline_add_row(job, rows, &where, &place->source, &row, err));
    pipeline_set_target(job, row, hit);
    row->distance_m = 0;
    row->angle_deg = angle_deg;
    row->verdict = "decided";
    pipeline_station_text(span.from_m, at);
    row->reason = isnan(angle_deg)
                      ? arena_printf(job->arena, "%s: %s/%s from %s for %.0f m", place->text_en,
                                     row->target_layer, row->target_id, at, span.to_m - span.from_m)
                      : arena_printf(job->arena, "%s: %s/%s at %s, at %.0f degrees", place->text_en,
                                     row->target_layer, row->target_id, at, angle_deg);
    TRY(row->reason ? ERR_OK : err_nomem(err));
done:
    return code;
}

/* Crossings closer than this are one: a vertex of the road on the line is met by two edges, and a
 * line that enters a river may touch its bank a rounding before. */
static const double SAME_CROSSING_M = 0.01;

static enum err_code cross_edge(struct pipeline_job *job, const struct pipeline_place *place,
                                const struct pipeline_hit *hit, uint32_t edge,
                                struct pipeline_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_line *line = &job->line;
    const struct geom *target = world_geom(job->world, hit->layer, hit->row);
    bool last = edge + 2 == line->part_ends[hit->part];
    double last_m = NAN;
    for (uint32_t ring = 0; ring < target->n_rings; ring++) {
        for (uint32_t i = geom_ring_start(target, ring); i + 1 < target->ring_ends[ring]; i++) {
            struct crossing crossing;
            if (!box_intersects(box_of_points(line->points + edge, 2),
                                box_of_points(target->points + i, 2)) ||
                !cross_at(line->points + edge, last, target->points + i, &crossing))
                continue;
            double at_m = line->at_m[edge] + crossing.t * (line->at_m[edge + 1] - line->at_m[edge]);
            if (fabs(at_m - last_m) < SAME_CROSSING_M)
                continue;
            last_m = at_m;
            TRY(add_crossing(job, place, hit, (struct span){at_m, at_m}, crossing.angle_deg, rows,
                             err));
        }
    }
done:
    return code;
}

/* A line is crossed at points; a river with banks along a stretch. */
static enum err_code add_crossings(struct pipeline_job *job, const struct pipeline_place *place,
                                   const struct pipeline_hit *hit, struct pipeline_rows *rows,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_line *line = &job->line;
    const struct geom *target = world_geom(job->world, hit->layer, hit->row);
    const struct span_list *spans = &hit->spans[AT_MOST];
    if (hit->nearest_m > 0 && target->kind == GEOM_POLYGON)
        return ERR_OK;
    if (target->kind == GEOM_POLYGON) {
        const struct span_list *inside = &hit->spans[MEASURED];
        for (size_t i = 0, next; i < inside->n; i = next) {
            struct span span = inside->items[i];
            for (next = i + 1;
                 next < inside->n && inside->items[next].from_m - span.to_m < SAME_CROSSING_M;
                 next++)
                span.to_m = fmax(span.to_m, inside->items[next].to_m);
            TRY(add_crossing(job, place, hit, span, NAN, rows, err));
        }
        return ERR_OK;
    }
    for (uint32_t edge = pipeline_part_start(line, hit->part);
         edge + 1 < line->part_ends[hit->part]; edge++) {
        bool near = false;
        for (size_t i = 0; i < spans->n; i++)
            near = near || (spans->items[i].from_m <= line->at_m[edge + 1] &&
                            spans->items[i].to_m >= line->at_m[edge]);
        if (near && target->kind == GEOM_LINE)
            TRY(cross_edge(job, place, hit, edge, rows, err));
    }
done:
    return code;
}

static enum err_code law_row(struct pipeline_job *job, const struct pipeline_place *place,
                             struct pipeline_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *missing = NULL;
    enum truth speaks = pipeline_speaks(job, &place->source, place->when, &missing);
    if (speaks == TRUTH_NO)
        return ERR_OK;
    if (speaks == TRUTH_YES)
        missing = NULL;
    else if (!missing)
        missing = "an attribute of the pipeline";
    struct pipeline_ask ask = pipeline_ask_of_place(job, place);
    size_t at = 0;
    TRY(pipeline_ask(job, &ask, &at, err));
    for (size_t i = 0; i < job->asks[at].n_hits; i++) {
        const struct pipeline_hit *hit = &job->hits[job->asks[at].first_hit + i];
        const struct occupation occupation = {place, hit, hit->missing ? hit->missing : missing};
        if (text_equal(place->kind, "crossing"))
            TRY(add_crossings(job, place, hit, rows, err));
        else
            TRY(add_occupation(job, &occupation, rows, err));
    }
done:
    return code;
}

enum err_code pipeline_law_rows(struct pipeline_job *job, const struct pipeline_method *method,
                                struct pipeline_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = job->world->rules;
    for (size_t i = 0; i < rules->n_pipeline_places; i++)
        if (text_equal(rules->pipeline_places[i].method, method->source.id))
            TRY(law_row(job, &rules->pipeline_places[i], rows, err));
done:
    return code;
}
