/* proof_needs.c - what a question rests on. Too much would only make a proof longer; too little
 * is noticed, since the claim is taken from the needs alone and compared with the world. */
#include "geo/findings/finding_view.h"
#include "geo/proof/proof_private.h"

#include "data/base/limits.h"
#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/exposure.h"
#include "geo/measure/overlay.h"
#include "geo/world/population.h"

#include <stdlib.h>
#include <string.h>

/* Circles about plants and sites reach a little beyond what the answers cut out of them. */
static const double CIRCLE_TOLERANCE_M = 0.5;

enum err_code proof_needs_init(struct proof_needs *needs, const struct world *world,
                               struct worker *worker, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = world->rules;
    *needs = (struct proof_needs){.world = world, .worker = worker, .arena = &worker->arena};
    TRY(worker_fit(worker, world, err));
    needs->tables = arena_new(needs->arena, struct proof_table, rules->n_files);
    if (!needs->tables)
        return err_nomem(err);
    for (size_t i = 0; i < rules->n_files; i++) {
        struct proof_table *table = &needs->tables[needs->n_tables++];
        const char *text = rules->files[i].text;
        TRY(csv_parse(rules->files[i].name, text, strlen(text), needs->arena, &table->csv, err));
        table->wanted = arena_new(needs->arena, bool, table->csv.n_rows);
        if (!table->wanted)
            return err_nomem(err);
    }
    proof_need_rules(needs, "parameters.csv", NULL);
done:
    return code;
}

void proof_need_rules(struct proof_needs *needs, const char *file, const char *key)
{
    for (size_t t = 0; t < needs->n_tables; t++) {
        struct proof_table *table = &needs->tables[t];
        if (strcmp(table->csv.name, file) != 0)
            continue;
        for (size_t i = 0; i < table->csv.n_rows; i++) {
            bool meant = !key || text_equal(table->csv.rows[i].cells[0], key);
            table->n_wanted += meant && !table->wanted[i];
            table->wanted[i] = table->wanted[i] || meant;
        }
    }
}

/* ---- records ---- */

/* Defaults that stand in for what a record does not say. */
static void need_defaults(struct proof_needs *needs, enum layer_id layer,
                          const struct record_head *head)
{
    const struct rules *rules = needs->world->rules;
    for (size_t i = 0; !(head->accuracy_m > 0) && i < rules->n_accuracies; i++) {
        const struct accuracy_default *row = &rules->accuracies[i];
        if (text_equal(row->layer, "*") || text_equal(row->layer, layer_name(layer)))
            proof_need_rules(needs, "accuracies.csv", row->source.id);
    }
    if (layer == LAYER_ENTERPRISES) {
        const struct enterprise *plant = (const void *)head;
        if (plant->industry)
            proof_need_rules(needs, "industries.csv", plant->industry);
    }
    if (layer == LAYER_PROTECTED && !((const struct protected_target *)head)->target_class)
        proof_need_rules(needs, "protected_classes.csv", NULL);
}

enum err_code proof_need_record(struct proof_needs *needs, enum layer_id layer, size_t row,
                                struct err *err)
{
    needs->records = arena_grow(needs->arena, needs->records, &needs->records_capacity,
                                needs->n_records + 1, sizeof *needs->records);
    if (!needs->records)
        return err_nomem(err);
    needs->records[needs->n_records++] = (struct proof_record){layer, (uint32_t)row};
    need_defaults(needs, layer, world_record(needs->world, layer, row));
    return ERR_OK;
}

/* By id; nothing for one that is not there. */
static enum err_code need_id(struct proof_needs *needs, enum layer_id layer, const char *id,
                             struct err *err)
{
    int64_t row = world_find(needs->world, layer, id);
    return row < 0 ? ERR_OK : proof_need_record(needs, layer, (size_t)row, err);
}

static bool has_record(const struct proof_needs *needs, enum layer_id layer)
{
    for (size_t i = 0; i < needs->n_records; i++)
        if (needs->records[i].layer == layer)
            return true;
    return false;
}

/* The simplest record of a layer (that an area rule asks for): it shows that there are some,
 * wherever it lies. */
static enum err_code need_witness(struct proof_needs *needs, enum layer_id layer,
                                  const struct area_rule *rule, struct err *err)
{
    const struct world *world = needs->world;
    int64_t simplest = -1;
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < world_count(world, layer); i++) {
        if (rule && predicate_eval(rule->area, world_area(world, i), NULL) == TRUTH_NO)
            continue;
        uint32_t n = world_geom(world, layer, i)->n_points;
        if (simplest < 0 || n < least) {
            simplest = (int64_t)i;
            least = n;
        }
    }
    return simplest < 0 ? ERR_OK : proof_need_record(needs, layer, (size_t)simplest, err);
}

/* ---- population ---- */

/* Where there is no grid, the areas of the census that the box meets, or one that shows that
 * there is a census. */
static enum err_code need_census(struct proof_needs *needs, const struct geom *polygon,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    TRY(world_search(needs->world, LAYER_CENSUS, polygon->box, needs->arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(proof_need_record(needs, LAYER_CENSUS, rows[i], err));
    if (n == 0)
        TRY(need_witness(needs, LAYER_CENSUS, NULL, err));
done:
    return code;
}

enum err_code proof_need_cells(struct proof_needs *needs, const struct geom *polygon,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    struct exposure_cell *touched = NULL;
    size_t n = 0;
    if (polygon->kind != GEOM_POLYGON)
        return ERR_OK;
    if (needs->world->population.n_columns == 0)
        return need_census(needs, polygon, err);
    TRY(exposure_cells(&needs->world->population, needs->worker->to_grid, polygon, needs->arena,
                       &touched, &n, err));
    needs->cells = arena_grow(needs->arena, needs->cells, &needs->cells_capacity,
                              needs->n_cells + n, sizeof *needs->cells);
    if (!needs->cells && n > 0)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        needs->cells[needs->n_cells++] = (struct proof_cell){touched[i].row, touched[i].column};
done:
    return code;
}

static enum err_code need_cells_within(struct proof_needs *needs, const struct geom *shape,
                                       double radius_m, struct err *err)
{
    enum err_code code = ERR_OK;
    struct geom around;
    if (!population_known(needs->world) || shape->kind == GEOM_NONE)
        return ERR_OK;
    TRY(overlay_buffer(needs->worker->overlay, shape, radius_m + CIRCLE_TOLERANCE_M,
                       CIRCLE_TOLERANCE_M / 2, needs->arena, &around, err));
    TRY(proof_need_cells(needs, &around, err));
done:
    return code;
}

/* ---- conflicts ---- */

static void need_spacing(struct proof_needs *needs, const struct spacing_rule *rule)
{
    proof_need_rules(needs, "spacing.csv", rule->source.id);
    proof_need_rules(needs, "facility_types.csv", rule->facility);
    proof_need_rules(needs, "target_classes.csv", rule->target);
    proof_need_rules(needs, "measures.csv", rule->from->source.id);
    proof_need_rules(needs, "measures.csv", rule->to->source.id);
}

/* A facility of a size of which no row speaks rests on all rows of its code. */
static void need_distance(struct proof_needs *needs, const struct conflict *conflict)
{
    const struct rules *rules = needs->world->rules;
    const char *facility = NULL;
    for (size_t i = 0; i < rules->n_spacing; i++) {
        if (!text_equal(rules->spacing[i].source.id, conflict->rule_id))
            continue;
        facility = rules->spacing[i].facility;
        need_spacing(needs, &rules->spacing[i]);
    }
    for (size_t i = 0; !conflict->target_id && facility && i < rules->n_spacing; i++)
        if (text_equal(rules->spacing[i].facility, facility))
            need_spacing(needs, &rules->spacing[i]);
}

/* The area that may lie farthest from where it is drawn: it bounds how far areas are looked
 * for, and so which is named first. */
static enum err_code need_least_accurate_area(struct proof_needs *needs, struct err *err)
{
    const struct world *world = needs->world;
    double worst_m = -1;
    size_t worst = 0;
    for (size_t i = 0; i < world_count(world, LAYER_AREAS); i++) {
        double error_m = rules_accuracy_m(world->rules, LAYER_AREAS, &world_area(world, i)->head);
        if (error_m > worst_m) {
            worst_m = error_m;
            worst = i;
        }
    }
    return worst_m < 0 ? ERR_OK : proof_need_record(needs, LAYER_AREAS, worst, err);
}

/* A rule to stand inside rests on all areas near that it asks for, or on one far away. */
static enum err_code need_areas_near(struct proof_needs *needs, const struct area_rule *rule,
                                     const struct geom *shape, double reach_m, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = needs->world;
    uint32_t *rows = NULL;
    size_t n = 0;
    bool any = false;
    TRY(world_search(world, LAYER_AREAS, ellipsoid_expand(shape->box, reach_m), needs->arena, &rows,
                     &n, err));
    for (size_t i = 0; i < n; i++) {
        if (predicate_eval(rule->area, world_area(world, rows[i]), NULL) == TRUTH_NO)
            continue;
        any = true;
        TRY(proof_need_record(needs, LAYER_AREAS, rows[i], err));
    }
    if (!any)
        TRY(need_witness(needs, LAYER_AREAS, rule, err));
done:
    return code;
}

static enum err_code need_red_line(struct proof_needs *needs, const struct conflict *conflict,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = needs->world;
    const struct rules *rules = world->rules;
    int64_t plant = world_find(world, LAYER_ENTERPRISES, conflict->source_id);
    proof_need_rules(needs, "area_rules.csv", conflict->rule_id);
    for (size_t i = 0; plant >= 0 && i < rules->n_area_rules; i++) {
        const struct area_rule *rule = &rules->area_rules[i];
        const struct enterprise *enterprise = world_enterprise(world, (size_t)plant);
        if (!text_equal(rule->source.id, conflict->rule_id) || rule->relation != AREA_OUTSIDE)
            continue;
        double reach_m = rules_accuracy_m(rules, LAYER_ENTERPRISES, &enterprise->head) +
                         rules_radius_m(rules, enterprise) + world_slack_m(world, LAYER_AREAS);
        TRY(need_areas_near(needs, rule, &enterprise->head.geom, reach_m, err));
        TRY(need_least_accurate_area(needs, err));
    }
done:
    return code;
}

static enum err_code need_conflict(struct proof_needs *needs, const struct conflict *conflict,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = needs->world;
    enum layer_id layer;
    if (layer_by_name(conflict->source_layer, &layer)) {
        int64_t row = world_find(world, layer, conflict->source_id);
        TRY(need_id(needs, layer, conflict->source_id, err));
        if (layer == LAYER_ZONES && row >= 0)
            TRY(proof_need_cells(needs, world_geom(world, layer, (size_t)row), err));
        if (text_equal(conflict->kind, "risk") && row >= 0)
            TRY(proof_need_risk(needs, layer, (size_t)row, err));
    }
    TRY(need_id(needs, LAYER_ENTERPRISES, conflict->enterprise_id, err));
    if (conflict->target_id && layer_by_name(conflict->target_layer, &layer))
        TRY(need_id(needs, layer, conflict->target_id, err));
    if (text_equal(conflict->kind, "distance"))
        need_distance(needs, conflict);
    else if (text_equal(conflict->kind, "area"))
        TRY(need_red_line(needs, conflict, err));
    else if (text_equal(conflict->kind, "density"))
        proof_need_rules(needs, "zone_classes.csv", NULL);
done:
    return code;
}

/* ---- plants ---- */

static void need_substance(struct proof_needs *needs, const struct inventory_item *item)
{
    const struct rules *rules = needs->world->rules;
    const struct substance *substance =
        item->substance ? rules_substance(rules, item->substance) : NULL;
    const char *symbol = item->category;
    if (substance)
        proof_need_rules(needs, "substances.csv", substance->source.id);
    if (substance && *substance->category)
        symbol = substance->category;
    bool open = !symbol || !*symbol || (substance && isnan(substance->beta));
    /* Where the category is not known, all of them bound what it may be. */
    proof_need_rules(needs, "categories.csv", open ? NULL : symbol);
    if (item->category && *item->category)
        proof_need_rules(needs, "categories.csv", item->category);
}

static enum err_code need_hazard(struct proof_needs *needs, size_t plant, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = needs->world;
    const struct enterprise *enterprise = world_enterprise(world, plant);
    const uint32_t *rows = NULL;
    size_t n = 0;
    double radius_m = world->rules->parameters.alpha_radius_m;
    if (enterprise->head.geom.kind == GEOM_POINT)
        radius_m += rules_radius_m(world->rules, enterprise);
    TRY(proof_need_record(needs, LAYER_ENTERPRISES, plant, err));
    TRY(need_cells_within(needs, &enterprise->head.geom, radius_m, err));
    world_of_enterprise(world, LAYER_INVENTORY, enterprise->head.id, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        TRY(proof_need_record(needs, LAYER_INVENTORY, rows[i], err));
        need_substance(needs, world_inventory(world, rows[i]));
    }
    proof_need_rules(needs, "alpha.csv", NULL);
    proof_need_rules(needs, "hazard_levels.csv", NULL);
done:
    return code;
}

enum err_code proof_conflicts_of(const struct world *world, const char *enterprise_id,
                                 struct arena *arena, struct finding_ref **refs, size_t *n,
                                 size_t *n_all, struct err *err)
{
    enum err_code code = findings_of_enterprise(world, enterprise_id, arena, refs, n_all, err);
    if (code != ERR_OK)
        return code;
    query_sort_conflicts(world, *refs, *n_all);
    *n = *n_all < LIMIT_PROOF_FINDINGS ? *n_all : LIMIT_PROOF_FINDINGS;
    return ERR_OK;
}

/* What a finding of the world rests on. */
static enum err_code need_finding(struct proof_needs *needs, struct finding_ref ref,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct conflict_view view;
    TRY(worker_fit(needs->worker, needs->world, err));
    TRY(finding_view(needs->world, needs->worker, ref, needs->arena, &view, err));
    TRY(need_conflict(needs, &view.row, err));
done:
    return code;
}

static enum err_code need_plant(struct proof_needs *needs, size_t plant, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = needs->world;
    struct finding_ref *refs = NULL;
    size_t n = 0;
    size_t n_all = 0;
    TRY(need_hazard(needs, plant, err));
    TRY(proof_conflicts_of(world, world_enterprise(world, plant)->head.id, needs->arena, &refs, &n,
                           &n_all, err));
    for (size_t i = 0; i < n; i++)
        TRY(need_finding(needs, refs[i], err));
    /* Kept or not, its risk is judged as a whole. */
    TRY(proof_need_risk(needs, LAYER_ENTERPRISES, plant, err));
    proof_need_rules(needs, "direct_red.csv", NULL);
done:
    return code;
}

/* ---- a proposed site ---- */

static enum err_code need_site(struct proof_needs *needs, const struct site_question *site,
                               struct err *err)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_PROTECTED, LAYER_AREAS,
                                           LAYER_INFRASTRUCTURE};
    enum err_code code = ERR_OK;
    const struct world *world = needs->world;
    const struct rules *rules = world->rules;
    const struct spacing_rule **matched = NULL;
    size_t n = 0;
    struct site_answer answer;
    proof_need_rules(needs, "facility_types.csv", site->facility_type);
    TRY(query_site_rules(world, site, needs->arena, &matched, &n, err));
    for (size_t i = 0; i < n; i++)
        need_spacing(needs, matched[i]);
    TRY(query_site(world, needs->worker, site, &answer, err));
    for (size_t i = 0; i < answer.n_findings; i++) {
        const struct site_finding *finding = &answer.findings[i];
        if (finding->has_target)
            TRY(proof_need_record(needs, finding->target_layer, finding->target_row, err));
    }
    /* One record of each layer shows that the rules could meet something. */
    for (size_t l = 0; l < sizeof layers / sizeof layers[0]; l++)
        if (!has_record(needs, layers[l]))
            TRY(need_witness(needs, layers[l], NULL, err));
    for (size_t i = 0; i < rules->n_area_rules; i++) {
        proof_need_rules(needs, "area_rules.csv", rules->area_rules[i].source.id);
        TRY(need_witness(needs, LAYER_AREAS, &rules->area_rules[i], err));
    }
    need_defaults(needs, LAYER_ENTERPRISES, &site->plant->head);
    for (size_t i = 0; i < rules->n_facility_types; i++)
        if (text_equal(rules->facility_types[i].source.id, site->facility_type))
            proof_need_rules(needs, "industries.csv", rules->facility_types[i].plant_industry);
    TRY(need_cells_within(needs, &site->geom, rules->parameters.site_population_radius_m, err));
done:
    return code;
}

/* ---- the question ---- */

static int compare_records(const void *a, const void *b)
{
    const struct proof_record *x = a;
    const struct proof_record *y = b;
    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int compare_cells(const void *a, const void *b)
{
    const struct proof_cell *x = a;
    const struct proof_cell *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

/* Each once, in order. */
static void settle(struct proof_needs *needs)
{
    size_t kept = 0;
    if (needs->n_records > 1)
        qsort(needs->records, needs->n_records, sizeof *needs->records, compare_records);
    for (size_t i = 0; i < needs->n_records; i++)
        if (kept == 0 || compare_records(&needs->records[kept - 1], &needs->records[i]) != 0)
            needs->records[kept++] = needs->records[i];
    needs->n_records = kept;
    kept = 0;
    if (needs->n_cells > 1)
        qsort(needs->cells, needs->n_cells, sizeof *needs->cells, compare_cells);
    for (size_t i = 0; i < needs->n_cells; i++)
        if (kept == 0 || compare_cells(&needs->cells[kept - 1], &needs->cells[i]) != 0)
            needs->cells[kept++] = needs->cells[i];
    needs->n_cells = kept;
}

static enum err_code find_row(const struct world *world, enum layer_id layer, const char *what,
                              const char *id, size_t *row, struct err *err)
{
    int64_t found = world_find(world, layer, id);
    if (found < 0)
        return err_set(err, ERR_NOT_FOUND, "no %s \"%s\"", what, id ? id : "");
    *row = (size_t)found;
    return ERR_OK;
}

enum err_code proof_needs_of(struct proof_needs *needs, const struct proof_question *question,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = needs->world;
    size_t row = 0;
    struct finding_ref ref;
    switch (question->kind) {
    case PROOF_CONFLICT:
        if (!findings_find(world, question->id, &ref))
            return err_set(err, ERR_NOT_FOUND, "no conflict \"%s\"", question->id);
        TRY(need_finding(needs, ref, err));
        break;
    case PROOF_HAZARD:
        TRY(find_row(world, LAYER_ENTERPRISES, "enterprise", question->id, &row, err));
        TRY(need_hazard(needs, row, err));
        break;
    case PROOF_ENTERPRISE:
        TRY(find_row(world, LAYER_ENTERPRISES, "enterprise", question->id, &row, err));
        TRY(need_plant(needs, row, err));
        break;
    case PROOF_SITE:
        TRY(need_site(needs, question->site, err));
        break;
    case PROOF_EXPOSURE:
        TRY(proof_need_cells(needs, question->shape, err));
        break;
    case PROOF_UNIT:
        TRY(proof_need_unit(needs, question, err));
        break;
    case PROOF_PIPELINE:
        TRY(find_row(world, LAYER_PIPELINES, "pipeline", question->id, &row, err));
        TRY(proof_need_pipeline(needs, row, err));
        break;
    case PROOF_SEGMENT:
        if (proof_pipeline_of(world, question->id) < 0)
            return err_set(err, ERR_NOT_FOUND, "no segment \"%s\"", question->id);
        TRY(proof_need_pipeline(needs, (size_t)proof_pipeline_of(world, question->id), err));
        break;
    case PROOF_KINDS:
        code = err_set(err, ERR_INTERNAL, "no proof of that kind");
    }
    settle(needs);
done:
    return code;
}
