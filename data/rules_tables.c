#include "data/rules_cells.h"

#include "data/base/text.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* No rule speaks of more: t, m, persons, m3 or kg. */
static const double AMOUNT_MOST = 1e9;

/* The least number that is more than nothing: a length, a mass or a radius of 0 is an error. */
static const double MORE_THAN_ZERO = 1e-9;

/* "7664-41-7": up to seven digits, two, and a check digit: the sum of the digits before it,
 * each times its place from the right, modulo 10. */
static bool is_cas(const char *text, size_t n)
{
    if (n < 7 || n > 12 || text[n - 2] != '-' || text[n - 5] != '-')
        return false;
    unsigned sum = 0, place = 1;
    for (size_t i = n - 2; i-- > 0;) {
        if (i == n - 5)
            continue;
        if (text[i] < '0' || text[i] > '9')
            return false;
        sum += place++ * (unsigned)(text[i] - '0');
    }
    return text[n - 1] == (char)('0' + sum % 10);
}

static void check_cas(const struct cells *cells)
{
    for (const char *at = cells_text(cells, "cas"); *at;) {
        size_t n = strcspn(at, ";");
        if (!is_cas(at, n))
            cells_error(cells, "cas", "is not a CAS number: its check digit does not fit");
        at += n + (at[n] == ';');
    }
}

static void read_substance(const struct cells *cells, void *row)
{
    struct substance *out = row;
    *out = (struct substance){
        .source = cells_source(cells, "no"),
        .name_zh = cells_required(cells, "name_zh"),
        .name_en = cells_required(cells, "name_en"),
        .aliases = cells_text(cells, "aliases"),
        .cas = cells_text(cells, "cas"),
        .critical_t = cells_number(cells, "critical_t", MORE_THAN_ZERO, AMOUNT_MOST),
        .category = cells_text(cells, "category"),
        .category_confidence = CONFIDENCE_UNVERIFIED,
        .beta = cells_number_or(cells, "beta", NAN, MORE_THAN_ZERO, 1000.0),
    };
    check_cas(cells);
    if (*out->category)
        out->category_confidence = cells_confidence(cells, "category_confidence");
    else if (!cells_is_empty(cells, "category_confidence"))
        cells_error(cells, "category_confidence", "should be empty where category is");
}

static void read_category(const struct cells *cells, void *row)
{
    struct category *out = row;
    *out = (struct category){
        .source = cells_source(cells, "symbol"),
        .name_zh = cells_required(cells, "name_zh"),
        .definition = cells_required(cells, "definition"),
        .critical_t = cells_number(cells, "critical_t", MORE_THAN_ZERO, AMOUNT_MOST),
        .beta = cells_number(cells, "beta", MORE_THAN_ZERO, 1000.0),
    };
}

static void read_step(const struct cells *cells, struct step *out, const char *value, double min,
                      double max)
{
    *out = (struct step){
        .source = cells_source(cells, "id"),
        .from = cells_number(cells, "from", 0.0, AMOUNT_MOST),
        .from_included = cells_flag(cells, "from_included"),
        .value = cells_number(cells, value, min, max),
    };
}

static void read_alpha(const struct cells *cells, void *row)
{
    read_step(cells, row, "alpha", 0.0, 100.0);
}

static void read_hazard_level(const struct cells *cells, void *row)
{
    struct step *out = row;
    read_step(cells, out, "level", 1.0, 4.0);
    if (out->value != floor(out->value))
        cells_error(cells, "level", "should be a whole number from 1 to 4");
}

static void read_measure(const struct cells *cells, void *row)
{
    struct measure *out = row;
    *out = (struct measure){
        .source = cells_source(cells, "code"),
        .name_zh = cells_required(cells, "name_zh"),
        .name_en = cells_required(cells, "name_en"),
        .inside = cells_flag(cells, "inside"),
        .edge = cells_flag(cells, "edge"),
    };
}

static void read_facility_type(const struct cells *cells, void *row)
{
    static const enum layer_id layers[] = {LAYER_FACILITIES, LAYER_ENTERPRISES, LAYER_PIPELINES};
    struct facility_type *out = row;
    *out = (struct facility_type){
        .source = cells_source(cells, "code"),
        .name_zh = cells_required(cells, "name_zh"),
        .name_en = cells_required(cells, "name_en"),
        .layer = cells_layer(cells, "layer", layers, 3),
        .group = cells_required(cells, "group"),
        .plant_kind = "",
        .plant_industry = cells_text(cells, "plant_industry"),
    };
    if (!cells_is_empty(cells, "plant_kind"))
        out->plant_kind = cells_code(cells, "plant_kind", LAYER_ENTERPRISES, "kind");
    if (*out->plant_industry && !*out->plant_kind)
        cells_error(cells, "plant_industry", "is given without a plant_kind");
    out->predicate = cells_predicate(cells, "predicate", out->layer);
}

static void read_target_class(const struct cells *cells, void *row)
{
    static const enum layer_id layers[] = {LAYER_PROTECTED,      LAYER_AREAS,
                                           LAYER_INFRASTRUCTURE, LAYER_ENTERPRISES,
                                           LAYER_FACILITIES,     LAYER_PIPELINES};
    struct target_class *out = row;
    *out = (struct target_class){
        .source = cells_source(cells, "code"),
        .name_zh = cells_required(cells, "name_zh"),
        .name_en = cells_required(cells, "name_en"),
        .layer = cells_layer(cells, "layer", layers, 6),
        .grave = cells_flag(cells, "grave"),
    };
    out->predicate = cells_predicate(cells, "predicate", out->layer);
}

/* The facility's rows are read before; the first says the layer. */
static void read_facility_of(const struct cells *cells, struct spacing_rule *out)
{
    const struct rules *rules = cells->loader->rules;
    const struct facility_type *type = NULL;
    bool facilities_only = true;
    for (size_t i = 0; i < rules->n_facility_types; i++) {
        const struct facility_type *row = &rules->facility_types[i];
        if (strcmp(row->source.id, out->facility) != 0)
            continue;
        type = row;
        facilities_only = facilities_only && row->layer == LAYER_FACILITIES;
    }
    if (!type)
        return; /* reported with the references, which know what is near */
    const char *field = cells_text(cells, "qual_field");
    if ((*field || !cells_is_empty(cells, "when")) && !facilities_only) {
        cells_error(cells, "facility",
                    "has rows in another layer than facilities, so that "
                    "qual_field and when must be empty");
        return;
    }
    if (!cells_is_empty(cells, "when"))
        out->when = cells_predicate(cells, "when", LAYER_FACILITIES);
    if (!*field)
        return;
    out->qualifier = records_field(LAYER_FACILITIES, field);
    if (!out->qualifier ||
        (out->qualifier->type != FIELD_REAL && out->qualifier->type != FIELD_INTEGER)) {
        static const char *const likely[] = {"total_m3",  "single_m3", "store_t",
                                             "charge_kg", "wind_m_s",  "grade"};
        cells_error(cells, "qual_field", "is not a number among the fields of layer facilities%s",
                    rules_near(cells->loader, field, likely, 6));
        out->qualifier = NULL;
    }
}

/* One end of the range: a number with its flag, or both empty. */
static double read_end(const struct cells *cells, const char *column, const char *flag, double open,
                       bool *included)
{
    *included = true;
    if (!cells_is_empty(cells, column)) {
        *included = cells_flag(cells, flag);
        return cells_number(cells, column, 0.0, AMOUNT_MOST);
    }
    if (!cells_is_empty(cells, flag))
        cells_error(cells, flag, "should be empty where %s is", column);
    return open;
}

static const struct measure *read_measure_of(const struct cells *cells, const char *column)
{
    const struct rules *rules = cells->loader->rules;
    const char **codes = arena_new(cells->loader->arena, const char *, rules->n_measures + 1);
    if (!codes) {
        cells->loader->no_memory = true;
        return NULL;
    }
    for (size_t i = 0; i < rules->n_measures; i++)
        codes[i] = rules->measures[i].source.id;
    size_t at = cells_choice(cells, column, codes, rules->n_measures);
    return rules->n_measures ? &rules->measures[at] : NULL;
}

/* "40", in metres; or "2000 Pa", by the charge of the facility. */
static void read_required(const struct cells *cells, struct spacing_rule *out)
{
    static const char UNIT[] = " Pa";
    char number[32];
    const char *text = cells_text(cells, "value_m");
    size_t n = strlen(text);
    size_t end = n - strlen(UNIT);
    if (n <= strlen(UNIT) || end >= sizeof number || strcmp(text + end, UNIT) != 0) {
        out->value_m = cells_number(cells, "value_m", MORE_THAN_ZERO, 100000.0);
        return;
    }
    memcpy(number, text, end);
    number[end] = '\0';
    if (!text_to_double(number, &out->overpressure_pa) ||
        !(out->overpressure_pa >= 100 && out->overpressure_pa <= 1e7))
        cells_error(cells, "value_m", "should be metres, or from 100 Pa to 10000000 Pa");
    else if (!out->qualifier || strcmp(out->qualifier->name, "charge_kg") != 0 ||
             !isfinite(out->qualifier_max))
        cells_error(cells, "value_m", "in Pa needs qual_field charge_kg with a qmax");
    else
        out->value_m = rules_blast_m(out->overpressure_pa, out->qualifier_max);
}

static void read_spacing(const struct cells *cells, void *row)
{
    static const char *const kinds[] = {"fire",    "external",    "sanitary", "strip",
                                        "consent", "zone_buffer", "path"};
    struct spacing_rule *out = row;
    *out = (struct spacing_rule){
        .source = cells_source(cells, "id"),
        .facility = cells_required(cells, "facility"),
        .target = cells_required(cells, "target"),
        .kind = (enum spacing_kind)cells_choice(cells, "kind", kinds, 7),
        .overpressure_pa = NAN,
        .from = read_measure_of(cells, "from"),
        .to = read_measure_of(cells, "to"),
    };
    out->qualifier_min = read_end(cells, "qmin", "qmin_included", -INFINITY, &out->min_inclusive);
    out->qualifier_max = read_end(cells, "qmax", "qmax_included", INFINITY, &out->max_inclusive);
    read_facility_of(cells, out);
    read_required(cells, out);
    if (cells_is_empty(cells, "qual_field") &&
        !(cells_is_empty(cells, "qmin") && cells_is_empty(cells, "qmax")))
        cells_error(cells, "qual_field", "is empty, but qmin or qmax is not");
    if (out->qualifier_min > out->qualifier_max)
        cells_error(cells, "qmin", "is above qmax \"%s\"", cells_text(cells, "qmax"));
    if (out->qualifier_min == out->qualifier_max && !(out->min_inclusive && out->max_inclusive))
        cells_error(cells, "qmin", "equals qmax, so that both must be included (1)");
}

static void read_area_rule(const struct cells *cells, void *row)
{
    static const char *const relations[] = {"inside", "outside"};
    static const char *const effects[] = {"veto", "restrict", "relocate"};
    struct area_rule *out = row;
    *out = (struct area_rule){
        .source = cells_source(cells, "id"),
        .enterprise = cells_predicate(cells, "enterprise", LAYER_ENTERPRISES),
        .relation = (enum area_relation)cells_choice(cells, "relation", relations, 2),
        .area = cells_predicate(cells, "area", LAYER_AREAS),
        .effect = (enum area_effect)cells_choice(cells, "effect", effects, 3),
        .existing = cells_flag(cells, "existing"),
        .text_zh = cells_required(cells, "text_zh"),
        .text_en = cells_required(cells, "text_en"),
    };
}

static void read_relocation(const struct cells *cells, void *row)
{
    struct relocation_rule *out = row;
    *out = (struct relocation_rule){
        .source = cells_source(cells, "id"),
        .enterprise = cells_predicate(cells, "enterprise", LAYER_ENTERPRISES),
        .area = cells_predicate(cells, "area", LAYER_AREAS),
        .major_only = cells_flag(cells, "major_only"),
        .start_by = cells_date(cells, "start_by"),
        .finish_by = cells_date(cells, "finish_by"),
        .text_zh = cells_required(cells, "text_zh"),
        .text_en = cells_required(cells, "text_en"),
    };
}

static void read_protected_class(const struct cells *cells, void *row)
{
    struct protected_class *out = row;
    *out = (struct protected_class){
        .source = cells_source(cells, "id"),
        .target_class = cells_code(cells, "target_class", LAYER_PROTECTED, "target_class"),
        .predicate = cells_predicate(cells, "predicate", LAYER_PROTECTED),
    };
}

static void read_direct_red(const struct cells *cells, void *row)
{
    struct direct_red *out = row;
    *out = (struct direct_red){
        .source = cells_source(cells, "id"),
        .text_zh = cells_required(cells, "text_zh"),
        .text_en = cells_required(cells, "text_en"),
    };
    if (out->source.active || !cells_is_empty(cells, "predicate"))
        out->predicate = cells_predicate(cells, "predicate", LAYER_ENTERPRISES);
}

static void read_industry(const struct cells *cells, void *row)
{
    struct industry *out = row;
    *out = (struct industry){
        .source = cells_source(cells, "code"),
        .name_zh = cells_required(cells, "name_zh"),
        .name_en = cells_required(cells, "name_en"),
        .gbt4754 = cells_text(cells, "gbt4754"),
        .gbt4754_confidence = CONFIDENCE_UNVERIFIED,
        .radius_m = cells_number(cells, "radius_m", 0.1, 20000.0),
    };
    if (*out->gbt4754)
        out->gbt4754_confidence = cells_confidence(cells, "gbt4754_confidence");
}

static void read_admin_code(const struct cells *cells, void *row)
{
    struct admin_code *out = row;
    double level = cells_number(cells, "level", 1.0, 4.0);
    *out = (struct admin_code){
        .source = cells_source(cells, "code"),
        .name_zh = cells_required(cells, "name_zh"),
        .name_en = cells_required(cells, "name_en"),
        .level = (int32_t)level,
    };
    const char *code = out->source.id;
    size_t n = strlen(code);
    if (strspn(code, "0123456789") != n || n != (out->level == 4 ? 9 : 6))
        cells_error(cells, "code", "should have %d digits at level %s", out->level == 4 ? 9 : 6,
                    cells_text(cells, "level"));
    else if (level != floor(level) || (out->level == 1) != (strcmp(code + 2, "0000") == 0) ||
             (out->level <= 2 && strcmp(code + 4, "00") != 0))
        cells_error(cells, "level", "does not fit code %s: 1 ends in 0000, 2 in 00", code);
}

static void read_accuracy(const struct cells *cells, void *row)
{
    struct accuracy_default *out = row;
    const char *layer = cells_required(cells, "layer");
    enum layer_id id;
    *out = (struct accuracy_default){
        .source = cells_source(cells, "id"),
        .layer = layer,
        .pattern = cells_required(cells, "pattern"),
        .accuracy_m = cells_number(cells, "accuracy_m", 0.0001, 1000000.0),
    };
    if (*layer && strcmp(layer, "*") != 0 && !layer_by_name(layer, &id))
        cells_error(cells, "layer", "is no layer of data/schema.csv; * stands for all");
}

/* Where a parameter goes, and what it may be. */
struct parameter_place {
    const char *name;
    size_t offset;
    double min;
    double max;
};

#define PLACE(member, min, max)                                                                    \
    {                                                                                              \
#member, offsetof(struct parameters, member), min, max                                     \
    }
#define PLACE_OF(member, grade, min, max)                                                          \
    {                                                                                              \
#member "_" #grade, offsetof(struct parameters, member) + (grade) * sizeof(double), min,   \
            max                                                                                    \
    }
#define PLACES_1_3(member, min, max)                                                               \
    PLACE_OF(member, 1, min, max), PLACE_OF(member, 2, min, max), PLACE_OF(member, 3, min, max)

static const struct parameter_place places[] = {
    PLACE(alpha_radius_m, 1.0, 100000.0),
    PLACE(dense_persons_min, 0.0, 1e6),
    PLACE(density_red_persons, 0.0, 1e9),
    PLACE(density_orange_persons, 0.0, 1e9),
    PLACE(score_blue_from, 0.0, 200.0),
    PLACE(score_yellow_from, 0.0, 200.0),
    PLACE(score_orange_from, 0.0, 200.0),
    PLACES_1_3(reach_m, 0.1, 100000.0),
    PLACE_OF(reach_m, 4, 0.1, 100000.0),
    PLACES_1_3(share_threshold, 0.000001, 1.0),
    PLACES_1_3(index_weight, 0.0, 1e9),
    PLACE_OF(index_weight, 4, 0.0, 1e9),
    PLACES_1_3(index_from, 0.0, 1e12),
    PLACE_OF(index_from, 4, 0.0, 1e12),
    PLACE(cell_deg, 0.0001, 1.0),
    PLACE(default_radius_m, 0.1, 20000.0),
    PLACE(default_accuracy_m, 0.0001, 1000000.0),
    PLACE(coarse_cell_ratio, 0.0001, 1000.0),
    PLACE(site_population_radius_m, 1.0, 100000.0),
    PLACE(rail_width_m, 0.0, 2000.0),
    PLACE(road_width_m, 0.0, 2000.0),
    PLACE(pipeline_failures_per_km_year, 0.0, 1.0),
    PLACE(persons_per_household, 0.1, 100.0),
    PLACE(households_reach_m, 1.0, 100000.0),
    PLACE(households_piece_m, 1.0, 10000.0),
    PLACE(pir_unknown_m, 0.0, 100000.0),
};

enum { N_PLACES = sizeof places / sizeof places[0] };
_Static_assert(N_PLACES <= 64, "parameters_seen has a bit for each");

static void read_parameter(const struct cells *cells, void *row)
{
    struct rule_source *source = row;
    struct rules_loader *loader = cells->loader;
    const char *names[N_PLACES];
    const char *name = cells_text(cells, "name");
    *source = cells_source(cells, "name");
    if (!source->active)
        cells_error(cells, "active", "should be 1: the program cannot do without a parameter");
    for (size_t i = 0; i < N_PLACES; i++) {
        names[i] = places[i].name;
        if (strcmp(name, places[i].name) != 0)
            continue;
        if (loader->parameters_seen >> i & 1)
            cells_error(cells, "name", "stands twice");
        loader->parameters_seen |= UINT64_C(1) << i;
        double value = cells_number(cells, "value", places[i].min, places[i].max);
        memcpy((char *)&loader->rules->parameters + places[i].offset, &value, sizeof value);
        return;
    }
    cells_error(cells, "name", "is no parameter%s", rules_near(loader, name, names, N_PLACES));
}

void rules_check_parameters(struct rules_loader *loader)
{
    for (size_t i = 0; i < N_PLACES; i++)
        if (!(loader->parameters_seen >> i & 1))
            rules_error(loader, "parameters.csv", 1, "parameter %s is missing", places[i].name);
}

#define TABLE(file, columns, read, member, editions)                                               \
    {                                                                                              \
        file, columns, sizeof *((struct rules *)0)->member, read, offsetof(struct rules, member),  \
            offsetof(struct rules, n_##member), editions                                           \
    }

const struct rules_table_spec rules_table_specs[RULES_TABLES] = {
    TABLE("substances.csv",
          "no name_zh name_en aliases cas critical_t category category_confidence beta",
          read_substance, substances, false),
    TABLE("categories.csv", "symbol name_zh definition critical_t beta", read_category, categories,
          false),
    TABLE("alpha.csv", "id from from_included alpha", read_alpha, alpha, false),
    TABLE("hazard_levels.csv", "id from from_included level", read_hazard_level, hazard_levels,
          false),
    TABLE("measures.csv", "code name_zh name_en inside edge", read_measure, measures, false),
    TABLE("facility_types.csv",
          "code name_zh name_en group layer predicate plant_kind plant_industry",
          read_facility_type, facility_types, true),
    TABLE("target_classes.csv", "code name_zh name_en layer predicate grave", read_target_class,
          target_classes, true),
    TABLE("area_rules.csv", "id enterprise relation area effect existing text_zh text_en",
          read_area_rule, area_rules, true),
    TABLE("relocation.csv", "id enterprise area major_only start_by finish_by text_zh text_en",
          read_relocation, relocation, true),
    TABLE("risk_criteria.csv", "id target_class new_per_year existing_per_year",
          rules_read_risk_criterion, risk_criteria, false),
    TABLE("societal_risk.csv", "id region n_from n_from_included n_to f_from f_to",
          rules_read_societal_line, societal_lines, false),
    TABLE("zone_classes.csv", "id kind unit at_least class dense_above", rules_read_zone_class,
          zone_classes, false),
    TABLE("protected_classes.csv", "id target_class predicate", read_protected_class,
          protected_classes, false),
    TABLE("direct_red.csv", "id predicate text_zh text_en", read_direct_red, direct_red, true),
    TABLE("industries.csv", "code name_zh name_en gbt4754 gbt4754_confidence radius_m",
          read_industry, industries, false),
    TABLE("admin_codes.csv", "code name_zh name_en level", read_admin_code, admin_codes, false),
    TABLE("pipeline_methods.csv",
          "id kind name_zh name_en when assessed pir_factor pir_units merge_m contiguous",
          rules_read_pipeline_method, pipeline_methods, false),
    TABLE("pipeline_classes.csv",
          "id method class of counts target from from_included share window_m strip_m ends end_m "
          "when",
          rules_read_pipeline_class, pipeline_classes, true),
    TABLE("pipeline_places.csv",
          "id method kind class when target counts at_least within_m pir_above_m prorated_m axial "
          "text_zh "
          "text_en",
          rules_read_pipeline_place, pipeline_places, true),
    TABLE("accuracies.csv", "id layer pattern accuracy_m", read_accuracy, accuracies, false),
    TABLE("parameters.csv", "name value unit", read_parameter, parameter_sources, false),
    TABLE("spacing.csv",
          "id facility qual_field qmin qmin_included qmax qmax_included when target kind value_m "
          "from to",
          read_spacing, spacing, true),
};
