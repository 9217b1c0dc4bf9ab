/*
 * finding.h - what an assessment found, kept small: 24 bytes a finding, no words.
 *
 * A finding is one (source, target, rule) that is in conflict or undecided. What it stands for
 * in full - distance, closest points, interval, sentences, persons, the part of a zone - is a
 * pure function of the world, its source and the finding, and is made when somebody asks:
 * finding_view gives the row of layer conflicts as the store keeps it.
 *
 *   distance  facilities, enterprises, pipelines by the spacing rows (spacing.h)
 *   beyond    a facility of a size of which no row speaks: undecided, without a target
 *   area      enterprises inside or outside areas by the area rules (red_lines.c)
 *   density   too many people in a hazard zone (density.h)
 *   risk      a target that bears more individual risk than its class may (risk_findings.h);
 *             what nothing tells of it, and societal risk, without a target
 *
 * Findings of one source are a list; lists are shared between worlds. A list names its targets
 * by slot (world.h), so that it stays true while others are edited. A place in a list of one
 * world is a finding_ref. Everything that runs through all findings goes by source layer in the
 * order of finding_layers, then by row of the source, then by place in the list: kind, target
 * layer, row of the target (findings without one last), rule.
 *
 * The id of a conflict is the text "rule|source_layer/source_id|target_layer/target_id"; it
 * stays the same from run to run.
 *
 * Life:    findings_all (findings.h) or findings_builder make them; world_new takes them over.
 * Owner:   a world holds its findings by reference count, findings their lists.
 * Threads: immutable once made; counts are atomic.
 * Cost:    24 bytes a finding, 96 and a malloc a source that any rule speaks of. A list that an
 *          edit changed in one place is some pieces of the one before it, which it keeps alive: up
 *          to 5 KB in place of tens. A view costs what judging the pair costs (microseconds; a
 *          density view a GEOS overlay).
 */
#ifndef SISETU_GEO_FINDING_H
#define SISETU_GEO_FINDING_H

#include "geo/world/world.h"

#include <stdatomic.h>

enum finding_kind {
    FINDING_DISTANCE,
    FINDING_BEYOND,
    FINDING_AREA,
    FINDING_DENSITY,
    FINDING_RISK,
    FINDING_RISK_UNKNOWN,
    FINDING_SOCIETAL,
    FINDING_KINDS,
};

#define FINDING_NO_TARGET UINT32_MAX
#define FINDING_NO_RULE UINT32_MAX
#define FINDING_NO_CLASS UINT16_MAX

struct finding {
    double shortfall;      /* metres that lack (less than 0: none), or persons; NAN: neither */
    uint32_t target_slot;  /* FINDING_NO_TARGET */
    uint32_t rule;         /* row in the table of its kind: spacing, area_rules, zone_classes,
                              risk_criteria, societal_risk */
    uint16_t target_class; /* distance: row in target_classes; else FINDING_NO_CLASS */
    uint8_t kind;          /* enum finding_kind */
    uint8_t target_layer;  /* enum layer_id; areas, population where there is no target record */
    uint8_t verdict;       /* enum verdict (verdict.h): conflict or undecided */
    uint8_t grade;         /* 1-4; of an undecided one: what it would give */
    uint8_t could_be;      /* 1-4: the worst that it may give */
    uint8_t zero;          /* so that equal findings are equal bytes */
};

/* The layers in which targets of distances are, in order. */
enum { FINDING_TARGETS = 6 };
extern const enum layer_id finding_targets[FINDING_TARGETS];

/* Findings of a list that lie in a row, from place `first` to where the next piece begins. */
struct finding_piece {
    const struct finding *items;
    uint32_t first;
};

/* All of one source, in order. Also says what has to be known to bring it up to date. */
struct finding_list {
    atomic_uint n_references;
    uint32_t n;
    uint32_t n_undecided; /* of them */
    uint32_t n_judged;    /* rules that speak of it for sure and that there are data to decide */
    uint32_t n_pieces;    /* 0: all are items, in order */
    uint32_t n_own;       /* of items */
    float reach_m;        /* no target farther from its shape matters to it, rounded up; the
                             targets' own slack (world_slack_m) apart; -1: no rule of it */
    float target_reach_m[FINDING_TARGETS]; /* the same of its distances to one layer */
    double coarse_radius_m; /* a zone too small for the cells of the population: radius of the
                               circle as large, and width of those cells; else 0 */
    double coarse_cell_m;
    struct finding_list *base;   /* has no pieces: whose items they are, or its own; NULL: none */
    struct finding_shelf *shelf; /* whose memory it lies in; NULL: its own */
    const struct finding_piece *pieces;
    struct finding items[];
};

/* The findings from place k on that lie in a row, *n of them: for whoever walks a list. k < n. */
const struct finding *finding_list_run(const struct finding_list *list, uint32_t k, uint32_t *n);

static inline const struct finding *finding_list_at(const struct finding_list *list, uint32_t k)
{
    uint32_t n;
    return list->n_pieces == 0 ? &list->items[k] : finding_list_run(list, k, &n);
}

/* One of the findings of a world. */
struct finding_ref {
    enum layer_id layer; /* of the source */
    uint32_t row;        /* of the source */
    uint32_t k;          /* in its list */
};

/* A source by slot: what a change names. */
struct finding_source {
    enum layer_id layer;
    uint32_t slot;
};

/* The layers that are sources, in order. */
enum { FINDING_LAYERS = 4 };
extern const enum layer_id finding_layers[FINDING_LAYERS];

struct findings;

/* Sums over all, or over the lists of a few sources. */
struct finding_sums {
    size_t n; /* conflicts and undecided ones */
    size_t n_undecided;
    size_t n_coarse; /* zones, the smallest of them, the widest cell */
    double coarse_radius_m;
    double coarse_cell_m;
};
struct finding_sums findings_sums(const struct findings *findings); /* NULL: none */

/* The list of a source, or NULL: no rule speaks of it. */
const struct finding_list *findings_of(const struct world *world, enum layer_id layer, size_t row);

/* *ref is the next after it, or the first of the world where ref->layer is LAYER_COUNT; false
 * at the end. A source that is passed costs nothing but its list. */
bool findings_next(const struct world *world, struct finding_ref *ref);
const struct finding *finding_at(const struct world *world, struct finding_ref ref);

/* In the order of all: -1, 0, 1. */
int finding_ref_compare(struct finding_ref a, struct finding_ref b);

/* All that belong to an enterprise: its own, and those of what names it; also for an id that no
 * enterprise has. In order. */
enum err_code findings_of_enterprise(const struct world *world, const char *enterprise_id,
                                     struct arena *arena, struct finding_ref **refs, size_t *n,
                                     struct err *err);

/* How many rules speak for sure of it and what belongs to it, with data to decide them. */
uint32_t findings_judged(const struct world *world, const char *enterprise_id);

/* Those whose shape (finding_view's row.head.geom) touches the box, in order. */
struct worker;
enum err_code findings_search(const struct world *world, struct worker *worker, struct box box,
                              struct arena *arena, struct finding_ref **refs, size_t *n,
                              struct err *err);

/* A box that holds the shape of a finding, of which nothing is made: that of its source and its
 * target. Those whose box touches a box, in order: microseconds a source nearby. */
struct box finding_box(const struct world *world, struct finding_ref ref);
enum err_code findings_near(const struct world *world, struct box box, struct arena *arena,
                            struct finding_ref **refs, size_t *n, struct err *err);

/* The finding with the id of a conflict; false if there is none. */
bool findings_find(const struct world *world, const char *id, struct finding_ref *out);

/* For lists in pages: where the finding with that id stands or would stand, so that findings_next
 * gives what comes after it, also when it is gone by now. False: no text of that form. */
bool findings_after(const struct world *world, const char *id, struct finding_ref *out);

/* The enterprise that a finding belongs to: row, or -1; and its id, or NULL. */
int64_t finding_enterprise(const struct world *world, struct finding_ref ref);
const char *finding_enterprise_id(const struct world *world, struct finding_ref ref);

/* The id, in the arena; NULL without memory. */
const char *finding_id(const struct world *world, struct finding_ref ref, struct arena *arena);
const struct rule_source *finding_rule(const struct world *world, const struct finding *finding);
int64_t finding_target_row(const struct world *world, const struct finding *finding); /* or -1 */
const char *finding_kind_name(enum finding_kind kind); /* as in field kind of layer conflicts */

/* ---- from rows, as a store keeps them ---- */

/* Takes rows in any order; they come quickest together by source. */
struct findings_builder;
enum err_code findings_builder_new(const struct world *world, struct findings_builder **out,
                                   struct err *err);
/* A row whose source, target or rule the world does not have is dropped and counted. */
enum err_code findings_builder_add(struct findings_builder *builder, const struct conflict *row,
                                   struct err *err);
/* Frees the builder; *n_dropped may be NULL. */
enum err_code findings_builder_end(struct findings_builder *builder, struct findings **out,
                                   size_t *n_dropped, struct err *err);
void findings_builder_free(struct findings_builder *builder);

/* ---- lists and references ---- */

struct findings *findings_acquire(struct findings *findings);
void findings_release(struct findings *findings); /* NULL is legal */

#endif
