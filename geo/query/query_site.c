/* query_site.c - may this be built here? Spacing rows, red lines, and who lives around. */
#include "data/base/buf.h"
#include "data/base/text.h"
#include "geo/query/query.h"
#include "geo/findings/reasons.h"
#include "geo/query/site_areas.h"
#include "geo/query/site_question.h"
#include "geo/findings/spacing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far to look for the nearest target that is clear, m: what stands farther away than the
 * largest distance that any row requires, several times over, interests nobody. */
static const double CLEAR_SEARCH_M = 10000;

/* What is judged by distance: the facility itself, and the plant that it makes. */
struct part {
    struct spacing_source source;
    struct spacing_match *matches;
    size_t n_matches;
};

struct site {
    const struct world *world;
    struct worker *worker;
    struct site_question question; /* with the plant that its type implies */
    struct facility facility;      /* the question's, with its type set */
    struct enterprise plant;       /* the question's, with what its type implies */
    struct part parts[2];
    size_t n_parts;
    struct site_answer *out;
    size_t findings_room;
    size_t notes_room;
};

static enum err_code add_note(struct site *site, const char *note, struct err *err)
{
    struct site_answer *out = site->out;
    struct arena *arena = &site->worker->arena;
    out->notes =
        arena_grow(arena, out->notes, &site->notes_room, out->n_notes + 1, sizeof *out->notes);
    if (!out->notes || !note)
        return err_nomem(err);
    out->notes[out->n_notes++] = note;
    return ERR_OK;
}

static enum err_code add_finding(struct site *site, const struct site_finding *finding,
                                 struct err *err)
{
    struct site_answer *out = site->out;
    out->findings = arena_grow(&site->worker->arena, out->findings, &site->findings_room,
                               out->n_findings + 1, sizeof *out->findings);
    if (!out->findings)
        return err_nomem(err);
    out->findings[out->n_findings++] = *finding;
    return ERR_OK;
}

/* ---- distances ---- */

static enum err_code add_spacing(struct site *site, const struct spacing_finding *from,
                                 struct err *err)
{
    struct reason_words words = reasons_of_spacing(site->world, from, NULL, &site->worker->arena);
    struct site_finding finding = {
        .kind = "distance",
        .rule = &from->rule->source,
        .spacing = from->rule,
        .has_target = true,
        .target_layer = from->layer,
        .target_row = from->row,
        .target_class = from->target_class->source.id,
        .closest = from->closest,
        .error_m = from->measured.error_m,
        .answer = from->answer,
        .reason = words.text,
        .reason_zh = words.zh,
        .decides = words.decides,
    };
    return add_finding(site, &finding, err);
}

/* Whether a rule has a finding already, so that its nearest clear target need not be told. */
static bool has_finding(const struct site *site, const struct spacing_rule *rule)
{
    for (size_t i = 0; i < site->out->n_findings; i++)
        if (site->out->findings[i].spacing == rule)
            return true;
    return false;
}

struct target_filter {
    const struct site *site;
    const struct part *part;
    const struct target_class *target_class;
};

static bool may_be_target(void *context, uint32_t row)
{
    const struct target_filter *filter = context;
    const char *missing;
    return spacing_is_target(filter->site->world, &filter->part->source, filter->target_class, row,
                             &missing) != TRUTH_NO;
}

/* Where an attribute is missing several rows may apply; of those that meet the same targets
 * the one that requires most is told. */
static bool is_outdone(const struct part *part, const struct spacing_match *match)
{
    if (!match->missing)
        return false;
    for (size_t m = 0; m < part->n_matches; m++) {
        const struct spacing_match *other = &part->matches[m];
        bool alike = other->missing && strcmp(other->missing, match->missing) == 0 &&
                     strcmp(other->rule->target, match->rule->target) == 0;
        if (alike && (other->rule->value_m > match->rule->value_m ||
                      (other->rule->value_m >= match->rule->value_m && other < match)))
            return true;
    }
    return false;
}

/* The nearest target of a rule that nothing speaks against: told with its margin. A row that
 * is not sure enough decides nothing here, not even that a site is clear (Truth 9): the true
 * limit may be larger. */
static enum err_code add_clear(struct site *site, const struct part *part,
                               const struct spacing_match *match, struct err *err)
{
    enum err_code code = ERR_OK;
    struct spacing_finding best;
    bool found = false;
    size_t i = 0;
    const struct target_class *class;
    while ((class = spacing_target(site->world, match->rule, &i))) {
        struct target_filter filter = {site, part, class};
        struct near_row near;
        size_t n = 0;
        const struct near_question question = {.world = site->world,
                                               .layer = class->layer,
                                               .shape = part->source.geom,
                                               .within_m = CLEAR_SEARCH_M,
                                               .fits = may_be_target,
                                               .context = &filter};
        TRY(near_nearest(&question, 1, &site->worker->arena, &near, &n, err));
        if (n == 0 || (found && near.closest.distance_m >= best.closest.distance_m))
            continue;
        spacing_judge(site->world, &part->source, match, class, near.row, &near.closest, &best);
        found = true;
    }
    if (!found || best.answer.verdict != VERDICT_CLEAR)
        goto done;
    if (!confidence_decides(match->rule->source.confidence)) {
        best.answer.verdict = VERDICT_UNDECIDED;
        best.answer.by = UNDECIDED_CONFIDENCE;
    }
    TRY(add_spacing(site, &best, err));
done:
    return code;
}

/* One note for all rules whose targets no record of the store can be. */
static enum err_code note_without_data(struct site *site, bool *all_judged, struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf list;
    buf_init(&list);
    for (size_t p = 0; p < site->n_parts; p++) {
        for (size_t m = 0; m < site->parts[p].n_matches; m++) {
            const struct spacing_rule *rule = site->parts[p].matches[m].rule;
            if (spacing_has_data(site->world, rule))
                continue;
            bool never = rules_target_is_never(site->world->rules, rule->target);
            *all_judged = *all_judged && never;
            buf_printf(&list, "%s%s (%s)", list.n_bytes ? ", " : "", rule->source.id, rule->target);
        }
    }
    if (list.n_bytes > 0)
        TRY(add_note(site,
                     arena_printf(&site->worker->arena,
                                  "The store holds nothing that these rules could meet, so they "
                                  "were not judged: %s.",
                                  buf_text(&list)),
                     err));
done:
    buf_release(&list);
    return code;
}

/* A tank of 6,000 m3 under a table that ends at 5,000 m3 is not clear: nothing was judged. */
static enum err_code note_beyond_tables(struct site *site, bool *all_judged, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *type = site->question.facility_type;
    const struct spacing_rule *rule;
    size_t i = 0;
    while ((rule = spacing_beyond(site->world, type, &site->facility, &i))) {
        *all_judged = false;
        TRY(add_note(site,
                     arena_printf(&site->worker->arena,
                                  "No distance of the tables for %s speaks of %s = %g, so the site "
                                  "cannot be clear by them.",
                                  type, rule->qualifier->name,
                                  record_real(&site->facility, rule->qualifier)),
                     err));
    }
done:
    return code;
}

static enum err_code judge_part(struct site *site, const struct part *part, struct err *err)
{
    enum err_code code = ERR_OK;
    struct spacing_finding *found = NULL;
    size_t n = 0;
    site->out->n_rules += part->n_matches;
    TRY(spacing_findings(site->world, &part->source, part->matches, part->n_matches,
                         &site->worker->arena, &found, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(add_spacing(site, &found[i], err));
    for (size_t m = 0; m < part->n_matches; m++)
        if (!has_finding(site, part->matches[m].rule) && !is_outdone(part, &part->matches[m]))
            TRY(add_clear(site, part, &part->matches[m], err));
done:
    return code;
}

/* Rules on a plant that certainly are met, or would be if its kind were known. That its
 * industry is not told does not make a tank farm a tailings pond. */
static void keep_plant_rules(const struct site *site, struct part *part)
{
    size_t kept = 0;
    for (size_t m = 0; m < part->n_matches; m++) {
        const struct spacing_match *match = &part->matches[m];
        if (!text_equal(match->rule->facility, site->question.facility_type) &&
            (!match->missing || strcmp(match->missing, "kind") == 0))
            part->matches[kept++] = *match;
    }
    part->n_matches = kept;
}

static enum err_code match_parts(struct site *site, struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    struct part *facility = &site->parts[0];
    struct part *plant = &site->parts[1];
    TRY(spacing_matches_of(site->world, site->question.facility_type, &facility->source, arena,
                           &facility->matches, &facility->n_matches, err));
    if (site->n_parts > 1) {
        TRY(spacing_matches(site->world, &plant->source, arena, &plant->matches, &plant->n_matches,
                            err));
        keep_plant_rules(site, plant);
    }
done:
    return code;
}

static enum err_code judge_distances(struct site *site, bool *all_judged, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(match_parts(site, &site->worker->arena, err));
    for (size_t p = 0; p < site->n_parts; p++)
        TRY(judge_part(site, &site->parts[p], err));
    TRY(note_without_data(site, all_judged, err));
    TRY(note_beyond_tables(site, all_judged, err));
done:
    return code;
}

/* ---- red lines ---- */

/* A store without any area was never given them; one with areas knows of none of that kind. */
static enum err_code judge_areas(struct site *site, bool *all_judged, struct err *err)
{
    enum err_code code = ERR_OK;
    struct site_areas areas;
    struct buf list;
    buf_init(&list);
    const struct spacing_source *source = &site->parts[0].source;
    TRY(site_areas_judge(site->world, site->worker, &site->question, source->radius_m,
                         source->error_m, &areas, err));
    site->out->n_rules += areas.n_rules;
    if (areas.n_rules > 0 && world_count(site->world, LAYER_AREAS) == 0)
        *all_judged = false;
    for (size_t i = 0; i < areas.n; i++)
        TRY(add_finding(site, &areas.findings[i], err));
    for (size_t i = 0; i < areas.n_notes; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", areas.notes[i]);
    if (areas.n_notes > 0)
        TRY(add_note(site,
                     arena_printf(&site->worker->arena,
                                  "The store holds no area of which these rules speak, so they "
                                  "were not judged: %s.",
                                  buf_text(&list)),
                     err));
done:
    buf_release(&list);
    return code;
}

/* ---- the whole ---- */

static int verdict_rank(enum verdict verdict)
{
    return verdict == VERDICT_CONFLICT ? 0 : verdict == VERDICT_UNDECIDED ? 1 : 2;
}

static int compare_findings(const void *a, const void *b)
{
    const struct site_finding *x = a;
    const struct site_finding *y = b;
    int i = verdict_rank(x->answer.verdict);
    int j = verdict_rank(y->answer.verdict);
    if (i != j)
        return i - j;
    /* Smallest margin first; what has none (a red line) before what is measured. */
    double p = x->answer.margin_m;
    double q = y->answer.margin_m;
    if (isnan(p) != isnan(q))
        return isnan(p) ? -1 : 1;
    if (p < q || p > q)
        return p < q ? -1 : 1;
    int ids = strcmp(x->rule->id, y->rule->id);
    return ids ? ids : (x->target_row > y->target_row) - (x->target_row < y->target_row);
}

static enum err_code find_type(const struct world *world, const char *code,
                               const struct facility_type **out, struct arena *arena,
                               struct err *err)
{
    const struct rules *rules = world->rules;
    *out = rules_facility_type(rules, code);
    if (*out)
        return ERR_OK;
    const char **codes = arena_new(arena, const char *, rules->n_facility_types + 1);
    if (!codes)
        return err_nomem(err);
    for (size_t i = 0; i < rules->n_facility_types; i++)
        codes[i] = rules->facility_types[i].source.id;
    const char *near = text_nearest(code, codes);
    return err_set(err, ERR_USAGE, "unknown facility type \"%s\"%s%s%s", code,
                   near ? "; did you mean " : "; see facility_types.csv", near ? near : "",
                   near ? "?" : "");
}

/* What the question says of the plant, else what its type implies: a filling station trades.
 * The industry follows only from the kind that goes with it. */
static void set_plant(struct site *site, const struct facility_type *type)
{
    record_clear(LAYER_ENTERPRISES, &site->plant);
    if (site->question.plant)
        site->plant = *site->question.plant;
    if (!site->plant.kind && *type->plant_kind)
        site->plant.kind = type->plant_kind;
    if (!site->plant.industry && *type->plant_industry &&
        text_equal(site->plant.kind, type->plant_kind))
        site->plant.industry = type->plant_industry;
    site->question.plant = &site->plant;
}

/* A proposed facility is known by its own shape. A proposed plant that is a point has the
 * radius of a plant of its kind. Rules on whole plants (the 100 m to a highway) speak of a
 * facility's plant too, whose fence lies within that radius of the facility. */
static void set_parts(struct site *site, enum layer_id layer)
{
    const struct rules *rules = site->world->rules;
    const struct site_question *question = &site->question;
    struct spacing_source *source = &site->parts[0].source;
    struct spacing_source *plant = &site->parts[1].source;
    double radius_m = rules_radius_m(rules, &site->plant);
    site->facility = *question->qualifiers;
    site->facility.facility_type = question->facility_type;
    *source = (struct spacing_source){
        .layer = LAYER_FACILITIES,
        .record = &site->facility,
        .geom = &question->geom,
        .by = KNOWN_FACILITY,
        .error_m = question->accuracy_m,
    };
    if (isnan(question->accuracy_m))
        source->error_m = rules->parameters.default_accuracy_m;
    if (layer == LAYER_ENTERPRISES) {
        bool point = question->geom.kind == GEOM_POINT;
        source->by = point ? KNOWN_POINT : KNOWN_OUTLINE;
        source->radius_m = point ? radius_m : 0;
    }
    *plant = *source;
    plant->layer = LAYER_ENTERPRISES;
    plant->record = &site->plant;
    if (layer == LAYER_FACILITIES) {
        plant->by = KNOWN_POINT;
        plant->radius_m = radius_m;
    }
    site->n_parts = layer == LAYER_PIPELINES ? 1 : 2;
}

enum err_code query_site_rules(const struct world *world, const struct site_question *question,
                               struct arena *arena, const struct spacing_rule ***out, size_t *n,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    struct site site = {.world = world, .question = *question};
    const struct facility_type *type = NULL;
    *n = 0;
    TRY(find_type(world, question->facility_type, &type, arena, err));
    set_plant(&site, type);
    set_parts(&site, type->layer);
    TRY(match_parts(&site, arena, err));
    *out = arena_new(arena, const struct spacing_rule *,
                     site.parts[0].n_matches + site.parts[1].n_matches);
    if (!*out)
        return err_nomem(err);
    for (size_t p = 0; p < site.n_parts; p++)
        for (size_t m = 0; m < site.parts[p].n_matches; m++)
            (*out)[(*n)++] = site.parts[p].matches[m].rule;
done:
    return code;
}

enum err_code query_site(const struct world *world, struct worker *worker,
                         const struct site_question *question, struct site_answer *out,
                         struct err *err)
{
    enum err_code code = ERR_OK;
    struct site site = {.world = world, .worker = worker, .question = *question, .out = out};
    const struct facility_type *type = NULL;
    bool all_judged = true;
    *out = (struct site_answer){0};
    TRY(find_type(world, question->facility_type, &type, &worker->arena, err));
    TRY(site_question_check(world, worker, question, err));
    set_plant(&site, type);
    set_parts(&site, type->layer);
    TRY(judge_distances(&site, &all_judged, err));
    TRY(judge_areas(&site, &all_judged, err));
    if (out->n_findings > 1)
        qsort(out->findings, out->n_findings, sizeof *out->findings, compare_findings);
    /* Clear is only what something was judged to be; absence of data is not clear. */
    out->verdict = out->n_findings > 0 ? out->findings[0].answer.verdict : VERDICT_UNDECIDED;
    if (out->verdict == VERDICT_CLEAR && !all_judged)
        out->verdict = VERDICT_UNDECIDED;
    if (out->n_findings == 0)
        TRY(add_note(&site,
                     "No rule could be judged: nothing that they speak of stands within 10 km.",
                     err));
    out->population_radius_m = world->rules->parameters.site_population_radius_m;
    TRY(near_exposure(world, worker, &question->geom, out->population_radius_m, &out->within, err));
done:
    return code;
}
