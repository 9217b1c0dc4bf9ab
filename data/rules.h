/*
 * rules.h - the law as tables: every .csv in data/rules/, with types.
 *
 * A row of a table is a rule; nothing that the law fixes stands in C. Editing a CSV changes
 * the answer; a broken row is refused with file, line, column and what would be right.
 *
 * Life:    rules_load once (from a directory, or from the texts that a store kept); never
 *          changes. Everything belongs to the arena.
 * Threads: safe to share once loaded.
 * Errors:  ERR_INPUT "spacing.csv:14: value_m \"5O\" is not a number". A table that is not
 *          there: ERR_NOT_FOUND with its name. Files that are no table are left alone.
 * Source:  each row carries its standard, edition and clause; see data/rules/README.md.
 */
#ifndef SISETU_DATA_RULES_H
#define SISETU_DATA_RULES_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/base/hash.h"
#include "data/base/map.h"
#include "data/predicate.h"
#include "data/store.h"

#include <stdbool.h>

/* How sure we are of a row (README.md, Truth 9). */
enum confidence {
    CONFIDENCE_SURE_V,     /* read in a copy of the text: a conflict counts */
    CONFIDENCE_SURE,       /* well known: a conflict counts */
    CONFIDENCE_LIKELY,     /* stands, marked "check the printed standard", one step milder */
    CONFIDENCE_UNVERIFIED, /* this and the rest: undecided */
    CONFIDENCE_DESIGN,
    CONFIDENCE_PRACTICE,
    CONFIDENCE_COUNT,
};

const char *confidence_name(enum confidence confidence);
bool confidence_decides(enum confidence confidence); /* sure_v, sure or likely */

/* What every rule row carries into every answer. */
struct rule_source {
    const char *id;
    const char *standard;
    const char *edition;
    const char *clause;
    enum confidence confidence;
    int32_t valid_from; /* yyyymmdd; INT_ABSENT: open */
    int32_t valid_to;
    bool active;
    const char *file;
    size_t line;
};

/* Active, and in force on that day. */
bool rule_holds(const struct rule_source *source, int32_t as_of);

/* substances.csv: GB 18218-2018 table 1, with beta of table 3. */
struct substance {
    struct rule_source source; /* id: the number in the table */
    const char *name_zh;
    const char *name_en;
    const char *aliases;  /* other names, separated by ';', or "" */
    const char *cas;      /* several separated by ';', or "" */
    double critical_t;    /* Q */
    const char *category; /* symbol for beta where table 3 has none; "" cannot be told */
    enum confidence category_confidence; /* of that assignment, which the standard leaves open */
    double beta;                         /* of table 3, or NAN: then the category's */
};

/* categories.csv: GB 18218-2018 tables 2 and 4. */
struct category {
    struct rule_source source; /* id: the symbol, such as W5.3 */
    const char *name_zh;
    const char *definition;
    double critical_t;
    double beta;
};

/* alpha.csv: table 5, and hazard_levels.csv: 4.3. Steps fall from the top: the first row
 * whose `from` is reached holds. Use rules_step. */
struct step {
    struct rule_source source;
    double from;        /* persons, or R */
    bool from_included; /* false: more than `from` is needed (alpha 1.0: more than 0 persons) */
    double value;       /* alpha, or the level */
};

/* measures.csv: where a distance begins or ends (data/rules/README.md). */
struct measure {
    struct rule_source source; /* id: the code */
    const char *name_zh;
    const char *name_en;
    bool inside; /* lies inside the plant's outline, which alone cannot decide then */
    bool edge;   /* of a line: its edge, so that half its width goes off a centre line */
};

/* facility_types.csv: which records of which layer are a facility of that code. A record may
 * be of several codes (a WAREHOUSE_JIA_34 is a WAREHOUSE_JIA too): for a proposed site of
 * code C, set facility_type = C in a struct facility; every code whose predicate on layer
 * facilities holds applies, and C itself whatever its layer. */
struct facility_type {
    struct rule_source source; /* id: the code; several rows may share one */
    const char *name_zh;
    const char *name_en;
    enum layer_id layer; /* facilities, enterprises or pipelines */
    const struct predicate *predicate;
    const char *group;      /* for menus: tank, warehouse, station, petrochemical, pipeline ... */
    const char *plant_kind; /* of the plant that such a proposed facility makes: what area rules
                             * ask; "" not implied */
    const char *plant_industry;              /* implied along with that kind; or "" */
    const struct field_binding **qualifiers; /* fields of the layer that its spacing rules ask */
    size_t n_qualifiers;
};

/* target_classes.csv: which records of which layer are a target of that code. The predicate
 * `false` (predicate_is_never) says that no stored record can be one: works, for example,
 * which only a planner's question can name. Where one code means less than another (a
 * building of unknown fire rating is held to the smallest distance at least), the predicate
 * of the lesser takes in the records whose attribute is absent. */
struct target_class {
    struct rule_source source; /* id: the code; one row a layer */
    const char *name_zh;
    const char *name_en;
    enum layer_id layer; /* protected, areas, infrastructure, enterprises, facilities, pipelines */
    const struct predicate *predicate;
    bool grave; /* every target of this code is high-sensitive, important or class 1, so that a
                 * conflict is red (Truth 12); else the record's own class says so */
};

enum spacing_kind {
    SPACING_FIRE,        /* 防火间距 */
    SPACING_EXTERNAL,    /* 外部安全防护距离 */
    SPACING_SANITARY,    /* 卫生防护距离 */
    SPACING_STRIP,       /* statutory strip: nothing may stand there */
    SPACING_CONSENT,     /* strip in which works need consent: reported for works only */
    SPACING_ZONE_BUFFER, /* around a public object */
    SPACING_PATH,        /* along a flow path: undecided without one */
};

/* spacing.csv. Only a facility type of layer facilities alone has a qualifier or a `when`. */
struct spacing_rule {
    struct rule_source source;
    const char *facility;         /* code in facility_types.csv */
    const struct predicate *when; /* on the facility's record; NULL: always. UNKNOWN: undecided */
    const struct field_binding *qualifier; /* NULL: none; a field of the facility's layer */
    double qualifier_min;                  /* -INFINITY, INFINITY where open */
    double qualifier_max;
    bool min_inclusive;
    bool max_inclusive;
    const char *target; /* code in target_classes.csv */
    enum spacing_kind kind;
    double value_m; /* of a row by overpressure, at qualifier_max: the most that it asks for */
    double overpressure_pa; /* NAN: value_m is asked for; else rules_required_m */
    const struct measure *from;
    const struct measure *to;
};

/* What the row asks for at a facility's record, m: value_m, or the distance at which a blast of its
 * charge falls to overpressure_pa; of an unknown charge that of the largest. */
double rules_required_m(const struct spacing_rule *rule, const void *record);

/* Where the side-on overpressure of so many kg of TNT on flat ground falls to that, m (GB 6722-2014
 * 13.3.2 eq. 3): dp = 14 Q/R^3 + 4.3 Q^(2/3)/R^2 + 1.1 Q^(1/3)/R, dp in 1e5 Pa. */
double rules_blast_m(double overpressure_pa, double tnt_kg);

/* area_rules.csv: red lines without a metre value (such as: not outside a park). */
enum area_relation {
    AREA_INSIDE,
    AREA_OUTSIDE
}; /* the breach: standing inside, or outside
    * (undecided if the store holds no such area) */
enum area_effect { AREA_VETO, AREA_RESTRICT, AREA_RELOCATE };

struct area_rule {
    struct rule_source source;
    const struct predicate *enterprise; /* to which enterprises it speaks */
    enum area_relation relation;
    const struct predicate *area; /* which areas */
    enum area_effect effect;
    bool existing; /* also for plants that stand; else for new ones only */
    const char *text_zh;
    const char *text_en;
};

/* relocation.csv: which plants are screened for moving (those of which any row speaks), and by
 * when one that must move has to begin and to end (the first row with a date that fits). */
struct relocation_rule {
    struct rule_source source;
    const struct predicate *enterprise;
    const struct predicate *area; /* in which areas it stands */
    bool major_only;              /* of major risk or with a major hidden danger */
    int32_t start_by;             /* INT_ABSENT: none set */
    int32_t finish_by;
    const char *text_zh;
    const char *text_en;
};

/* risk_criteria.csv: GB 36894-2018 table 2. */
struct risk_criterion {
    struct rule_source source;
    const char *target_class; /* code of schema.csv protected.target_class */
    double new_per_year;
    double existing_per_year;
};

/* societal_risk.csv: lines of the F-N diagram. Above a line the societal risk is in its region.
 * F is the frequency of n or more deaths; between its ends a line is straight in logarithms,
 * and n_from = n_to is a point: that many or more deaths at most that often. */
enum societal_region { SOCIETAL_ACCEPTABLE, SOCIETAL_ALARP, SOCIETAL_UNACCEPTABLE };

struct societal_line {
    struct rule_source source;
    enum societal_region region;
    double n_from;
    bool n_from_included; /* false: speaks of more deaths than n_from only */
    double n_to;          /* INFINITY: open, and the line is level */
    double f_from;        /* per year; 0: whatever happens so often is in the region */
    double f_to;
};

/* zone_classes.csv: value of a contour to class 1-3 (Truth 11). */
struct zone_class {
    struct rule_source source;
    const char *kind;
    const char *unit;
    double at_least; /* the contour's value reaches this */
    int32_t class;
    double dense_above; /* persons/km2 above which a cell is dense for this class */
};

/* protected_classes.csv: class of GB 36894 from use and size, first match in file order. */
struct protected_class {
    struct rule_source source;
    const char *target_class;
    const struct predicate *predicate;
};

/* direct_red.csv: predicates A1-A10 on enterprises. */
struct direct_red {
    struct rule_source source;
    const struct predicate *predicate; /* NULL for those that need more than a record */
    const char *text_zh;
    const char *text_en;
};

/* industries.csv, admin_codes.csv */
struct industry {
    struct rule_source source; /* id: the code */
    const char *name_zh;
    const char *name_en;
    const char *gbt4754; /* code of GB/T 4754-2017, or "" */
    enum confidence gbt4754_confidence;
    double radius_m; /* assumed radius of a plant known by a point only */
};

struct admin_code {
    struct rule_source source; /* id: the code */
    const char *name_zh;
    const char *name_en;
    int32_t level;
};

/* accuracies.csv: default accuracy by kind of source, first match on layer and source text. */
struct accuracy_default {
    struct rule_source source;
    const char *layer;   /* or "*" */
    const char *pattern; /* shell pattern on the record's source, or "*" */
    double accuracy_m;
};

/* pipeline_methods.csv: by which standards pipelines are cut into segments. */
enum pipeline_kind { PIPELINE_CLASS_LOCATION, PIPELINE_HCA, PIPELINE_LAW };
enum pir_units { PIR_MM_MPA, PIR_IN_PSI }; /* of the formula: mm, MPa, m; or inch, psi, foot */

struct pipeline_method {
    struct rule_source source; /* id: code of schema.csv segments.method */
    enum pipeline_kind kind;
    const char *name_zh;
    const char *name_en;
    const struct predicate *when; /* of which pipelines it speaks */
    bool assessed;                /* else it is only computed when asked for */
    double pir_factor;            /* potential impact radius = factor d sqrt(p); NAN: has none */
    enum pir_units pir_units;
    double merge_m; /* segments this far apart are one; NAN: each stands for itself */
    bool circles;   /* impact circles are contiguous where they touch; else where their centres
                     * join */
};

/* What a count adds up; each unit of pipeline_classes.csv and pipeline_places.csv. */
enum pipeline_counts {
    PIPELINE_COUNTS_HOUSEHOLD, /* households of dwellings */
    PIPELINE_COUNTS_DWELLING,  /* the same, and each other building as one */
    PIPELINE_COUNTS_BUILDING,  /* each building as one; a village has as many as households */
    PIPELINE_COUNTS_PLACE,     /* each record as one */
    PIPELINE_COUNTS_STOREYS,   /* buildings of four storeys and more */
    PIPELINE_COUNTS_CLASS,     /* wherever row `of` holds */
};

/* Where a class ends: end_m beyond the outermost building of the windows that reach it, along
 * the line; or where the line leaves the circle of end_m round it; or with the windows. */
enum pipeline_ends { PIPELINE_ENDS_CLUSTER, PIPELINE_ENDS_ARC, PIPELINE_ENDS_WINDOW };

/* pipeline_classes.csv: class or grade by what stands in a strip, in a window of its length
 * wherever it holds most. From mild to grave within a method. */
struct pipeline_class {
    struct rule_source source;
    const char *method;
    const char *class; /* "" where the method knows none */
    const char *of;    /* id of another row, for PIPELINE_COUNTS_CLASS */
    enum pipeline_counts counts;
    const char *target; /* code in target_classes.csv */
    double from;        /* the count reaches this (or passes it, unless from_included) */
    bool from_included;
    double share;    /* storeys: and is more than this share of all buildings */
    double window_m; /* along the line */
    double strip_m;  /* to each side */
    enum pipeline_ends ends;
    double end_m;
    const struct predicate *when; /* of which pipelines; NULL: all of the method */
};

/* pipeline_places.csv: what is decided by the distance from the centre line. */
struct pipeline_place {
    struct rule_source source;
    const char *method;
    const char *kind; /* code of schema.csv segments.kind */
    const char *class;
    const struct predicate *when;
    const char *target;
    enum pipeline_counts counts;
    double at_least;    /* so many within reach of one point of the line */
    double within_m;    /* NAN: the potential impact radius; 0: it crosses */
    double pir_above_m; /* only where the potential impact radius is larger */
    double prorated_m;  /* where the radius is larger: only so far, and at_least falls by the square
                         * of the two lengths; NAN: never */
    bool axial;         /* reaches to the outermost edges of the impact circles */
    const char *text_zh;
    const char *text_en;
};

/* parameters.csv: single numbers that are rules or declared choices, by name. */
struct parameters {
    double alpha_radius_m;         /* 500 */
    double dense_persons_min;      /* 1: fewer persons in the part are no conflict */
    double density_red_persons;    /* 100 */
    double density_orange_persons; /* 30 */
    double score_blue_from;        /* 90 */
    double score_yellow_from;      /* 75 */
    double score_orange_from;      /* 60; below it red */
    double reach_m[5];             /* by grade 1-4; [0] unused: 1000, 500, 300, 100 */
    double share_threshold[5];     /* by grade 1-3: 0.01, 0.02, 0.05 */
    double index_weight[5];        /* 1000, 100, 10, 1 */
    double index_from[5];          /* by grade 1-4: grade g if the index reaches this */
    double cell_deg;               /* 0.01 */
    double default_radius_m;       /* plant of unknown industry */
    double default_accuracy_m;
    double coarse_cell_ratio;        /* warn where a cell is wider than this share of a radius */
    double site_population_radius_m; /* 500 */
    double rail_width_m;             /* assumed widths where only a centre line is known */
    double road_width_m;
    double pipeline_failures_per_km_year; /* that could kill within the potential impact radius */
    double persons_per_household;         /* 2.61 */
    double households_reach_m; /* 2000: without a dwelling so near, a pipeline's households
                                * come from the population */
    double households_piece_m; /* 200: length of the pieces of its strip */
    double pir_unknown_m;      /* 500: reach of a pipeline of unknown diameter or pressure */
};

/* One row a file, in the order of the names: for `sisetu rules check`. */
struct rules_table {
    const char *file;
    size_t n_rows;
    size_t n_inactive;
    size_t by_confidence[CONFIDENCE_COUNT];
};

struct rules {
    struct rules_table *tables;
    size_t n_tables;
    struct substance *substances;
    size_t n_substances;
    struct category *categories;
    size_t n_categories;
    struct step *alpha;
    size_t n_alpha;
    struct step *hazard_levels;
    size_t n_hazard_levels;
    struct measure *measures;
    size_t n_measures;
    struct facility_type *facility_types;
    size_t n_facility_types;
    struct target_class *target_classes;
    size_t n_target_classes;
    struct spacing_rule *spacing;
    size_t n_spacing;
    struct area_rule *area_rules;
    size_t n_area_rules;
    struct relocation_rule *relocation;
    size_t n_relocation;
    struct risk_criterion *risk_criteria;
    size_t n_risk_criteria;
    struct societal_line *societal_lines;
    size_t n_societal_lines;
    struct zone_class *zone_classes;
    size_t n_zone_classes;
    struct protected_class *protected_classes;
    size_t n_protected_classes;
    struct direct_red *direct_red;
    size_t n_direct_red;
    struct industry *industries;
    size_t n_industries;
    struct admin_code *admin_codes;
    size_t n_admin_codes;
    struct pipeline_method *pipeline_methods;
    size_t n_pipeline_methods;
    struct pipeline_class *pipeline_classes;
    size_t n_pipeline_classes;
    struct pipeline_place *pipeline_places;
    size_t n_pipeline_places;
    struct accuracy_default *accuracies;
    size_t n_accuracies;
    struct parameters parameters;
    struct rule_source *parameter_sources; /* id: the name in parameters.csv */
    size_t n_parameter_sources;
    struct store_text *files; /* the tables as read: what a store keeps */
    size_t n_files;
    char hash[HASH_TEXT_BYTES]; /* over names and texts of all files */
};

/* directory NULL: the one installed beside the program. */
enum err_code rules_load(const char *directory, const struct schema *schema, struct arena *arena,
                         struct rules *out, struct err *err);
enum err_code rules_load_texts(const struct store_text *files, size_t n,
                               const struct schema *schema, struct arena *arena, struct rules *out,
                               struct err *err);

/* Some rows of some tables, as a proof carries them (geo/proof/proof.h): a table may be absent or
 * empty, and what the tables say of each other is not checked, since rows that nothing asks are
 * not there. All parameters must be. */
enum err_code rules_load_extract(const struct store_text *files, size_t n,
                                 const struct schema *schema, struct arena *arena,
                                 struct rules *out, struct err *err);

/* What a look over the tables found, all of it: for whoever edits them. */
struct rules_findings {
    const char **errors; /* each as rules_load would say it */
    size_t n_errors;
    const char **notes; /* not wrong, but good to know: files left alone, rules that no stored
                         * record can meet */
    size_t n_notes;
};

/* As rules_load, and tells everything. err gets the first error and how many follow. */
enum err_code rules_check(const char *directory, const struct schema *schema, struct arena *arena,
                          struct rules *out, struct rules_findings *findings, struct err *err);

/* The step that holds for x, or NULL below the last (or for NAN). */
const struct step *rules_step(const struct step *steps, size_t n, double x);

/* By name or alias in Chinese or English (any case), CAS number, or number in the table.
 * NULL: none, or a CAS number that several rows share (nitrocellulose, ammonium nitrate). */
const struct substance *rules_substance(const struct rules *rules, const char *name);
const struct category *rules_category(const struct rules *rules, const char *symbol);
const struct industry *rules_industry(const struct rules *rules, const char *code);
const struct facility_type *rules_facility_type(const struct rules *rules, const char *code);

const struct pipeline_method *rules_pipeline_method(const struct rules *rules, const char *id);
const struct pipeline_class *rules_pipeline_class(const struct rules *rules, const char *id);

/* Potential impact radius, m, by the formula of a method (GB 32167-2015 6.1; 49 CFR 192.903):
 * factor d sqrt(p). A gas_factor of the pipeline counts by its ratio to natural gas (0.099). NAN
 * without diameter, pressure or formula. */
double rules_pir_m(const struct pipeline_method *method, const struct pipeline *pipeline);
double rules_pir_factor(const struct pipeline_method *method, const struct pipeline *pipeline);

/* The radius that a point plant gets, and the accuracy of a record without one. Never 0. */
double rules_radius_m(const struct rules *rules, const struct enterprise *enterprise);
double rules_accuracy_m(const struct rules *rules, enum layer_id layer,
                        const struct record_head *head);

/* Class of GB 36894 of a target: its own, or by its use and size. NULL: cannot be told;
 * *missing then names the attribute that would tell (or NULL: no row speaks of it). */
const char *rules_protected_class(const struct rules *rules, const struct protected_target *target,
                                  const char **missing);

/* Class 1-3 of a contour: its own, or by its kind and value (an individual risk may stand in
 * freq_per_year; an absent unit is the table's). 0: cannot be told, or milder than class 3. */
int32_t rules_zone_class(const struct rules *rules, const struct zone *zone);

/* Persons/km2 above which a cell is dense for a contour of that kind (NULL: any) and class;
 * NAN for a class that the table does not have. */
double rules_dense_above(const struct rules *rules, const char *kind, int32_t class);

/* Whether every row of that code has the predicate `false`: no stored record is one. */
bool rules_target_is_never(const struct rules *rules, const char *code);

#endif
