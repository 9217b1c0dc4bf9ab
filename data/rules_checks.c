#include "data/rules_cells.h"

#include <stdio.h>
#include <string.h>

/* A table seen only as its sources: each row struct begins with one. */
struct rows {
    const char *bytes;
    size_t n;
    size_t row_bytes;
};

static const struct rule_source *row_source(const struct rows *rows, size_t i)
{
    return (const void *)(rows->bytes + i * rows->row_bytes);
}

static bool days_overlap(const struct rule_source *a, const struct rule_source *b)
{
    return a->active && b->active &&
           (a->valid_from == INT_ABSENT || b->valid_to == INT_ABSENT ||
            a->valid_from <= b->valid_to) &&
           (b->valid_from == INT_ABSENT || a->valid_to == INT_ABSENT ||
            b->valid_from <= a->valid_to);
}

static void source_error(struct rules_loader *loader, const struct rule_source *source,
                         const char *column, const char *value, const char *what, const char *right)
{
    rules_error(loader, source->file, source->line, "%s \"%.200s\" %s%s", column, value, what,
                right);
}

/* ---- ids ---- */

/* The layer of a row whose code may stand once in each layer; else 0. */
static int layer_of(const struct rules_table_spec *spec, const void *row)
{
    if (strcmp(spec->file, "facility_types.csv") == 0)
        return (int)((const struct facility_type *)row)->layer;
    if (strcmp(spec->file, "target_classes.csv") == 0)
        return (int)((const struct target_class *)row)->layer;
    return 0;
}

static void check_id(struct rules_loader *loader, const struct rules_table_spec *spec,
                     const struct rows *rows, size_t i, const char *key)
{
    const struct rule_source *source = row_source(rows, i);
    for (size_t j = 0; j < i; j++) {
        const struct rule_source *other = row_source(rows, j);
        if (strcmp(source->id, other->id) != 0 || layer_of(spec, source) != layer_of(spec, other))
            continue;
        if (!spec->editions)
            rules_error(loader, source->file, source->line,
                        "%s \"%.200s\" stands already in line %zu", key, source->id, other->line);
        else if (days_overlap(source, other))
            rules_error(loader, source->file, source->line,
                        "%s \"%.200s\" stands already in line %zu and holds on the same days; "
                        "end one with valid_to or set active to 0",
                        key, source->id, other->line);
    }
}

/* The column that names a row is the first of its table. */
void rules_check_ids(struct rules_loader *loader, const struct rules_table_spec *spec)
{
    struct rows rows = {.row_bytes = spec->row_bytes};
    char key[64] = "";
    memcpy(&rows.bytes, (const char *)loader->rules + spec->rows_offset, sizeof rows.bytes);
    memcpy(&rows.n, (const char *)loader->rules + spec->count_offset, sizeof rows.n);
    size_t n = strcspn(spec->columns, " ");
    memcpy(key, spec->columns, n < sizeof key ? n : sizeof key - 1);
    for (size_t i = 1; i < rows.n; i++)
        check_id(loader, spec, &rows, i, key);
}

/* ---- codes of other tables ---- */

struct codes {
    const char **items;
    size_t n;
};

static bool knows(const void *context, const char *value)
{
    const struct rows *rows = context;
    for (size_t i = 0; i < rows->n; i++)
        if (strcmp(row_source(rows, i)->id, value) == 0)
            return true;
    return false;
}

static struct codes codes_of(struct rules_loader *loader, const struct rows *rows)
{
    struct codes codes = {arena_new(loader->arena, const char *, rows->n), rows->n};
    if (!codes.items) {
        loader->no_memory = true;
        codes.n = 0;
    }
    for (size_t i = 0; i < codes.n; i++)
        codes.items[i] = row_source(rows, i)->id;
    return codes;
}

/* Codes that a predicate compares with fields whose values stand in another table. */
void rules_check_predicate(struct rules_loader *loader, const struct rule_source *source,
                           const struct predicate *predicate)
{
    const struct rules *rules = loader->rules;
    const struct {
        const char *field;
        const void *table;
        size_t n;
        size_t row_bytes;
        const char *what;
    } fields[] = {{"industry", rules->industries, rules->n_industries, sizeof *rules->industries,
                   "is not in industries.csv"},
                  {"facility_type", rules->facility_types, rules->n_facility_types,
                   sizeof *rules->facility_types, "is not in facility_types.csv"}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct rows rows = {fields[i].table, fields[i].n, fields[i].row_bytes};
        const char *stranger = predicate_stranger(predicate, fields[i].field, knows, &rows);
        if (!stranger)
            continue;
        struct codes codes = codes_of(loader, &rows);
        source_error(loader, source, fields[i].field, stranger, fields[i].what,
                     rules_near(loader, stranger, codes.items, codes.n));
    }
}

static void check_predicates(struct rules_loader *loader)
{
    const struct rules *rules = loader->rules;
    for (size_t i = 0; i < rules->n_facility_types; i++)
        rules_check_predicate(loader, &rules->facility_types[i].source,
                              rules->facility_types[i].predicate);
    for (size_t i = 0; i < rules->n_target_classes; i++)
        rules_check_predicate(loader, &rules->target_classes[i].source,
                              rules->target_classes[i].predicate);
    for (size_t i = 0; i < rules->n_area_rules; i++)
        rules_check_predicate(loader, &rules->area_rules[i].source,
                              rules->area_rules[i].enterprise);
    for (size_t i = 0; i < rules->n_relocation; i++)
        rules_check_predicate(loader, &rules->relocation[i].source,
                              rules->relocation[i].enterprise);
    for (size_t i = 0; i < rules->n_direct_red; i++)
        rules_check_predicate(loader, &rules->direct_red[i].source, rules->direct_red[i].predicate);
}

static void check_substances(struct rules_loader *loader)
{
    const struct rules *rules = loader->rules;
    const struct rows rows = {(const void *)rules->categories, rules->n_categories,
                              sizeof *rules->categories};
    struct codes symbols = codes_of(loader, &rows);
    for (size_t i = 0; i < rules->n_substances; i++) {
        const struct substance *substance = &rules->substances[i];
        if (*substance->category && !knows(&rows, substance->category))
            source_error(loader, &substance->source, "category", substance->category,
                         "is not in categories.csv",
                         rules_near(loader, substance->category, symbols.items, symbols.n));
    }
}

/* ---- tables that must be in order or whole ---- */

static void check_steps(struct rules_loader *loader, const struct step *steps, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        bool falls = steps[i].from < steps[i - 1].from ||
                     (steps[i].from == steps[i - 1].from && !steps[i - 1].from_included &&
                      steps[i].from_included);
        if (!falls)
            rules_error(loader, steps[i].source.file, steps[i].source.line,
                        "from \"%g\" is not below the row before, %g; steps fall from the top",
                        steps[i].from, steps[i - 1].from);
    }
    const struct step *last = &steps[n - 1];
    if (last->from != 0.0 || !last->from_included)
        rules_error(loader, last->source.file, last->source.line,
                    "from \"%g\": the last step should begin at 0, included", last->from);
}

static void check_risk_criteria(struct rules_loader *loader)
{
    const struct rules *rules = loader->rules;
    const struct schema_field *field =
        schema_field(&loader->schema->layers[LAYER_PROTECTED], "target_class");
    for (size_t c = 0; field && c < field->n_codes; c++) {
        size_t n = 0;
        for (size_t i = 0; i < rules->n_risk_criteria; i++)
            n += strcmp(rules->risk_criteria[i].target_class, field->codes[c]) == 0 &&
                 rules->risk_criteria[i].source.active;
        if (n != 1)
            rules_error(loader, "risk_criteria.csv", 1,
                        "target_class %s has %zu active rows; it should have one", field->codes[c],
                        n);
    }
}

/* Class 1 bounds the gravest effect: a higher value, and fewer persons count as dense. */
static void check_zone_classes(struct rules_loader *loader)
{
    const struct rules *rules = loader->rules;
    for (size_t i = 0; i < rules->n_zone_classes; i++) {
        const struct zone_class *row = &rules->zone_classes[i];
        for (size_t j = 0; j < rules->n_zone_classes; j++) {
            const struct zone_class *other = &rules->zone_classes[j];
            if (i == j || strcmp(row->kind, other->kind) != 0 ||
                strcmp(row->unit, other->unit) != 0)
                continue;
            if (row->class == other->class && j < i)
                rules_error(loader, row->source.file, row->source.line,
                            "class \"%d\" of %s stands already in line %zu", row->class, row->kind,
                            other->source.line);
            if (row->class < other->class && row->at_least <= other->at_least)
                rules_error(loader, row->source.file, row->source.line,
                            "at_least \"%g\" of class %d is not above that of class %d, %g",
                            row->at_least, row->class, other->class, other->at_least);
            if (row->class < other->class && row->dense_above > other->dense_above)
                rules_error(loader, row->source.file, row->source.line,
                            "dense_above \"%g\" of class %d is above that of class %d, %g",
                            row->dense_above, row->class, other->class, other->dense_above);
        }
    }
}

static void check_order(struct rules_loader *loader, const char *greater, double more,
                        const char *lesser, double less)
{
    if (!(more >= less))
        rules_error(loader, "parameters.csv", 1, "%s (%g) should not be below %s (%g)", greater,
                    more, lesser, less);
}

static void check_parameter_order(struct rules_loader *loader)
{
    const struct parameters *p = &loader->rules->parameters;
    check_order(loader, "score_blue_from", p->score_blue_from, "score_yellow_from",
                p->score_yellow_from);
    check_order(loader, "score_yellow_from", p->score_yellow_from, "score_orange_from",
                p->score_orange_from);
    check_order(loader, "density_red_persons", p->density_red_persons, "density_orange_persons",
                p->density_orange_persons);
    for (int g = 1; g < 4; g++) {
        char more[32], less[32];
        snprintf(more, sizeof more, "reach_m_%d", g);
        snprintf(less, sizeof less, "reach_m_%d", g + 1);
        check_order(loader, more, p->reach_m[g], less, p->reach_m[g + 1]);
        snprintf(more, sizeof more, "index_from_%d", g);
        snprintf(less, sizeof less, "index_from_%d", g + 1);
        check_order(loader, more, p->index_from[g], less, p->index_from[g + 1]);
    }
    check_order(loader, "share_threshold_2", p->share_threshold[2], "share_threshold_1",
                p->share_threshold[1]);
    check_order(loader, "share_threshold_3", p->share_threshold[3], "share_threshold_2",
                p->share_threshold[2]);
}

void rules_check_references(struct rules_loader *loader)
{
    const struct rules *rules = loader->rules;
    for (size_t i = 0; i + 1 < RULES_TABLES; i++)
        rules_check_ids(loader, &rules_table_specs[i]);
    check_substances(loader);
    check_steps(loader, rules->alpha, rules->n_alpha);
    check_steps(loader, rules->hazard_levels, rules->n_hazard_levels);
    check_risk_criteria(loader);
    check_zone_classes(loader);
    check_parameter_order(loader);
    rules_check_pipelines(loader);
    check_predicates(loader);
}
