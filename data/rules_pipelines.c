/* rules_pipelines.c - the tables on pipelines: methods, classes by counting, places by distance. */
#include "data/rules_cells.h"

#include "data/base/text.h"

#include <math.h>

/* No rule reaches farther along or beside a pipeline. */
static const double LONGEST_M = 100000;

static const struct predicate *read_when(const struct cells *cells)
{
    return cells_is_empty(cells, "when") ? NULL : cells_predicate(cells, "when", LAYER_PIPELINES);
}

void rules_read_pipeline_method(const struct cells *cells, void *row)
{
    static const char *const kinds[] = {"class_location", "hca", "law"};
    static const char *const units[] = {"mm_mpa", "in_psi"};
    static const char *const contiguous[] = {"centres", "circles"};
    struct pipeline_method *out = row;
    *out = (struct pipeline_method){
        .source = cells_source(cells, "id"),
        .kind = (enum pipeline_kind)cells_choice(cells, "kind", kinds, 3),
        .name_zh = cells_required(cells, "name_zh"),
        .name_en = cells_required(cells, "name_en"),
        .when = cells_predicate(cells, "when", LAYER_PIPELINES),
        .assessed = cells_flag(cells, "assessed"),
        .pir_factor = cells_number_or(cells, "pir_factor", NAN, 1e-6, 1000.0),
        .merge_m = cells_number_or(cells, "merge_m", NAN, 0.0, LONGEST_M),
    };
    cells_code(cells, "id", LAYER_SEGMENTS, "method");
    if (!isnan(out->pir_factor))
        out->pir_units = (enum pir_units)cells_choice(cells, "pir_units", units, 2);
    if (!cells_is_empty(cells, "contiguous"))
        out->circles = cells_choice(cells, "contiguous", contiguous, 2) == 1;
}

static enum pipeline_counts read_counts(const struct cells *cells, size_t n)
{
    static const char *const names[] = {"household", "dwelling", "building",
                                        "place",     "storeys",  "class"};
    return (enum pipeline_counts)cells_choice(cells, "counts", names, n);
}

static void read_window(const struct cells *cells, struct pipeline_class *out)
{
    static const char *const ends[] = {"cluster", "cluster_arc", "window"};
    out->target = cells_required(cells, "target");
    out->from = cells_number(cells, "from", 0.0, 1e9);
    out->from_included = cells_flag(cells, "from_included");
    out->share = cells_number_or(cells, "share", 0.0, 0.0, 1.0);
    out->window_m = cells_number(cells, "window_m", 1.0, LONGEST_M);
    out->strip_m = cells_number(cells, "strip_m", 0.1, LONGEST_M);
    out->ends = (enum pipeline_ends)cells_choice(cells, "ends", ends, 3);
    out->end_m = cells_number(cells, "end_m", 0.0, LONGEST_M);
}

/* A class of segments, or nothing where a method knows none. */
static const char *read_class(const struct cells *cells)
{
    static const char *const classes[] = {"1-1", "1-2", "1", "2", "3", "4", "I", "II", "III"};
    if (cells_is_empty(cells, "class"))
        return "";
    return classes[cells_choice(cells, "class", classes, 9)];
}

void rules_read_pipeline_class(const struct cells *cells, void *row)
{
    static const char *const window[] = {"target",   "from",    "from_included", "share",
                                         "window_m", "strip_m", "ends",          "end_m"};
    struct pipeline_class *out = row;
    *out = (struct pipeline_class){
        .source = cells_source(cells, "id"),
        .method = cells_required(cells, "method"),
        .class = read_class(cells),
        .of = cells_text(cells, "of"),
        .counts = read_counts(cells, 6),
        .target = "",
        .when = read_when(cells),
    };
    if (out->counts != PIPELINE_COUNTS_CLASS) {
        read_window(cells, out);
        if (*out->of)
            cells_error(cells, "of", "should be empty unless counts is class");
        return;
    }
    for (size_t i = 0; i < sizeof window / sizeof window[0]; i++)
        if (!cells_is_empty(cells, window[i]))
            cells_error(cells, window[i], "should be empty where counts is class");
}

void rules_read_pipeline_place(const struct cells *cells, void *row)
{
    enum { KINDS = 5 };
    static const char *const kinds[KINDS] = {"class_location", "hca", "design_factor", "occupation",
                                             "crossing"};
    struct pipeline_place *out = row;
    *out = (struct pipeline_place){
        .source = cells_source(cells, "id"),
        .method = cells_required(cells, "method"),
        .kind = kinds[cells_choice(cells, "kind", kinds, KINDS)],
        .class = read_class(cells),
        .target = cells_required(cells, "target"),
        .counts = read_counts(cells, 4),
        .at_least = cells_number(cells, "at_least", 1.0, 1e6),
        .within_m = cells_number_or(cells, "within_m", NAN, 0.0, LONGEST_M),
        .pir_above_m = cells_number_or(cells, "pir_above_m", 0.0, 0.0, LONGEST_M),
        .prorated_m = cells_number_or(cells, "prorated_m", NAN, 1.0, LONGEST_M),
        .axial = cells_flag(cells, "axial"),
        .text_zh = cells_required(cells, "text_zh"),
        .text_en = cells_required(cells, "text_en"),
        .when = read_when(cells),
    };
}

/* ---- what the rows say of each other ---- */

const struct pipeline_method *rules_pipeline_method(const struct rules *rules, const char *id)
{
    for (size_t i = 0; i < rules->n_pipeline_methods; i++)
        if (text_equal(rules->pipeline_methods[i].source.id, id))
            return &rules->pipeline_methods[i];
    return NULL;
}

const struct pipeline_class *rules_pipeline_class(const struct rules *rules, const char *id)
{
    for (size_t i = 0; i < rules->n_pipeline_classes; i++)
        if (text_equal(rules->pipeline_classes[i].source.id, id))
            return &rules->pipeline_classes[i];
    return NULL;
}

static void check_word(struct rules_loader *loader, const struct rule_source *source,
                       const char *column, const char *value, const char *file, bool known)
{
    if (!known)
        rules_error(loader, source->file, source->line, "%s \"%.200s\" is not in %s", column, value,
                    file);
}

static bool is_target(const struct rules *rules, const char *code)
{
    for (size_t i = 0; i < rules->n_target_classes; i++)
        if (text_equal(rules->target_classes[i].source.id, code))
            return true;
    return false;
}

/* Households, dwellings and storeys are fields of protected targets. */
static void check_countable(struct rules_loader *loader, const struct rule_source *source,
                            const char *code)
{
    const struct rules *rules = loader->rules;
    for (size_t i = 0; i < rules->n_target_classes; i++)
        if (text_equal(rules->target_classes[i].source.id, code) &&
            rules->target_classes[i].layer != LAYER_PROTECTED)
            rules_error(loader, source->file, source->line,
                        "target \"%.200s\" has rows in another layer than protected, so that "
                        "counts should be place",
                        code);
}

static void check_class(struct rules_loader *loader, const struct pipeline_class *row)
{
    const struct rules *rules = loader->rules;
    check_word(loader, &row->source, "method", row->method, "pipeline_methods.csv",
               rules_pipeline_method(rules, row->method));
    if (row->counts == PIPELINE_COUNTS_CLASS) {
        const struct pipeline_class *of = rules_pipeline_class(rules, row->of);
        check_word(loader, &row->source, "of", row->of, "pipeline_classes.csv", of);
        if (of && of->counts == PIPELINE_COUNTS_CLASS)
            rules_error(loader, row->source.file, row->source.line,
                        "of \"%.200s\" should be a row that counts", row->of);
        return;
    }
    check_word(loader, &row->source, "target", row->target, "target_classes.csv",
               is_target(rules, row->target));
    check_countable(loader, &row->source, row->target);
}

static void check_place(struct rules_loader *loader, const struct pipeline_place *row)
{
    const struct rules *rules = loader->rules;
    const struct pipeline_method *method = rules_pipeline_method(rules, row->method);
    check_word(loader, &row->source, "method", row->method, "pipeline_methods.csv", method);
    check_word(loader, &row->source, "target", row->target, "target_classes.csv",
               is_target(rules, row->target));
    if (row->counts != PIPELINE_COUNTS_PLACE)
        check_countable(loader, &row->source, row->target);
    if (method && isnan(method->pir_factor) &&
        (isnan(row->within_m) || row->axial || row->pir_above_m > 0))
        rules_error(loader, row->source.file, row->source.line,
                    "within_m is empty, or axial or pir_above_m is set, but method %s has no "
                    "pir_factor",
                    row->method);
}

void rules_check_pipelines(struct rules_loader *loader)
{
    const struct rules *rules = loader->rules;
    for (size_t i = 0; i < rules->n_pipeline_classes; i++)
        check_class(loader, &rules->pipeline_classes[i]);
    for (size_t i = 0; i < rules->n_pipeline_places; i++)
        check_place(loader, &rules->pipeline_places[i]);
}

/* ---- the potential impact radius ---- */

double rules_pir_factor(const struct pipeline_method *method, const struct pipeline *pipeline)
{
    static const double NATURAL_GAS = 0.099; /* of schema.csv pipelines.gas_factor */
    bool other = !isnan(pipeline->gas_factor) && pipeline->gas_factor != NATURAL_GAS;
    return other ? method->pir_factor * (pipeline->gas_factor / NATURAL_GAS) : method->pir_factor;
}

double rules_pir_m(const struct pipeline_method *method, const struct pipeline *pipeline)
{
    static const double MM_AN_INCH = 25.4;
    static const double MPA_A_PSI = 0.006894757293168361; /* 4.4482216152605 N / (25.4 mm)^2 */
    static const double M_A_FOOT = 0.3048;
    double factor = rules_pir_factor(method, pipeline);
    double d = pipeline->diameter_mm;
    double p = pipeline->pressure_mpa;
    if (method->pir_units == PIR_MM_MPA)
        return factor * d * sqrt(p);
    return factor * (d / MM_AN_INCH) * sqrt(p / MPA_A_PSI) * M_A_FOOT;
}
