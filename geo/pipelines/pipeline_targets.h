/*
 * pipeline_targets.h - what stands beside a pipeline or near it, and how many live there.
 *
 * The rule rows ask first (pipeline_ask: which targets, beside or near, how far); one walk
 * along the line then finds all of them (pipeline_gather).
 *
 * Three answers to each question, since positions and attributes are known only so well
 * (README.md, Truth 7 and 8):
 *
 *   AT_LEAST  what is in reach even if both positions are wrong by their accuracy
 *   MEASURED  by the positions as they are
 *   AT_MOST   what may be in reach, or may be such a target at all
 *
 * Owner:   everything belongs to the job's scratch arena.
 * Threads: pure but for the job's worker and arenas.
 */
#ifndef SISETU_GEO_PIPELINE_TARGETS_H
#define SISETU_GEO_PIPELINE_TARGETS_H

#include "geo/pipelines/pipeline_sites.h"
#include "geo/pipelines/pipeline_spans.h"
#include "geo/pipelines/pipeline_sweep.h"
#include "geo/world/worker.h"
#include "geo/world/world.h"

enum known { AT_LEAST, MEASURED, AT_MOST };
_Static_assert(AT_MOST + 1 == REACHES, "a reach for each");

/* Which targets a rule row wants. */
struct pipeline_ask {
    const char *target;                  /* code in target_classes.csv */
    bool beside;                         /* else near */
    double reach_m;                      /* NAN: not known, at most pir_unknown_m */
    bool outlines;                       /* a plant known by a point only is none */
    bool idle;                           /* not gathered for now */
    const struct target_class **classes; /* rows of that code that hold, n_classes of them */
    size_t n_classes;
    int code;         /* of the sites; -1: not kept there */
    size_t first_hit; /* after gathering: its hits in the job */
    size_t n_hits;
};

/* One target of one question along one part of the line. */
struct pipeline_hit {
    uint32_t ask;
    uint32_t part;
    enum layer_id layer;
    uint32_t row;
    const char *missing; /* the absent attribute that leaves open whether it is one, or NULL */
    double error_m;      /* sum of both accuracies */
    double nearest_m;
    const struct span_list *spans; /* of each of REACHES, by from_m, none touching; questions that
                                    * ask the same of a target share them */
    const struct pipeline_site *site; /* of the job's sites; NULL where it has none */
    uint32_t slot;                    /* of hits that were kept (pipeline_kept.h) */
    int64_t households; /* of a bare hit, COUNT_UNIT: it has neither row, error nor site, and
                         * nothing of the dwelling matters but this; else 0 */
};

/* A part of the strip of which only the population tells the households. */
struct pipeline_piece {
    uint32_t part;
    struct span span; /* no length: an estimate at that station */
    int64_t count;    /* or COUNT_UNKNOWN */
};

/* What is asked of the population where no dwelling is known. */
struct pipeline_guess {
    const char *target; /* the dwellings, as a code of target_classes.csv; NULL: any dwelling */
    double strip_m;
    double piece_m; /* length of the pieces */
};

struct pipeline_pieces {
    bool known;
    struct pipeline_guess guess;
    struct pipeline_piece *items;
    size_t n;
};

/* A stretch to which a job keeps: hits have only their spans along it, windows begin and end in
 * it, and what is found is there at least. For proofs, not for rows. */
struct pipeline_some {
    uint32_t part;
    uint32_t first; /* edges first .. end - 1 */
    uint32_t end;
    struct span span;
};

/* A job that has not gathered all that its line meets: how far off any of it may be, and whether
 * that would make a difference to what was cut. */
struct pipeline_fringe {
    double error_m;
    bool doubted;
};

struct pipeline_job {
    const struct world *world;
    const struct pipeline_sites *sites; /* of a run over many pipelines, or NULL */
    struct worker *worker;
    struct arena *arena;   /* of the results */
    struct arena *scratch; /* of this pipeline */
    const struct pipeline *pipeline;
    uint32_t row;
    double error_m; /* accuracy of the line */
    struct pipeline_line line;
    const struct pipeline_some *some; /* NULL: the whole line */
    struct pipeline_ask *asks;
    size_t n_asks;
    size_t asks_capacity;
    struct pipeline_hit *hits; /* by ask, part, layer, row */
    size_t n_hits;
    struct pipeline_pieces pieces;
    struct pipeline_fringe *fringe; /* NULL: it has all hits */
    const struct span *beyond; /* two: measured areas go so far beyond where it has hits; NULL: it
                                * has all */
    unsigned idle_known;       /* a bit for each of enum known by which no windows are asked for */
    struct pipeline_counted *counted; /* pipeline_runs.c: what rows that ask the same share */
    struct pipeline_found_before *found_before; /* pipeline_found.c */
};

/* The number of a question, the same for the same; target, beside, reach_m and outlines ask. */
enum err_code pipeline_ask(struct pipeline_job *job, const struct pipeline_ask *ask, size_t *out,
                           struct err *err);

/* In pipeline_gather.c. */
enum err_code pipeline_gather(struct pipeline_job *job, struct err *err);

/* The hits of one record alone, in place of others. It need not be of the job's world, which has
 * some of that layer; its row is told as 0. */
enum err_code pipeline_gather_one(struct pipeline_job *job, enum layer_id layer,
                                  const struct record_head *record, struct err *err);
void pipeline_forget_hits(struct pipeline_job *job);

/* How far a question reaches, m, whatever is known of the pipeline; whether it asks of a layer. */
static inline double pipeline_reach_asked(const struct pipeline_job *job,
                                          const struct pipeline_ask *ask)
{
    return isnan(ask->reach_m) ? job->world->rules->parameters.pir_unknown_m : ask->reach_m;
}
bool pipeline_asks_layer(const struct pipeline_ask *ask, enum layer_id layer);

/* As they are told, or by the persons, in COUNT_UNIT; negative: neither is known. */
int64_t pipeline_known_households(const struct world *world, const struct protected_target *target);

/* Four storeys and more. */
bool pipeline_is_tall(const struct protected_target *target);

/* What a hit counts for, by what is known, in COUNT_UNIT. */
struct pipeline_weight {
    int64_t count[REACHES];
    int64_t tall[REACHES];
    const char *missing; /* the absent attribute that leaves the number open, or NULL */
    bool estimate;       /* from the population inside the target's outline */
};
enum err_code pipeline_weigh(struct pipeline_job *job, const struct pipeline_hit *hit,
                             enum pipeline_counts counts, struct pipeline_weight *out,
                             struct err *err);

/* Where the dwellings along a part are not known: pieces of the strip with the households
 * that the population gives, at their middle; without a grid, their stretch with a number
 * that nobody knows. Into job->pieces, once for the same guess. */
enum err_code pipeline_estimate(struct pipeline_job *job, const struct pipeline_guess *guess,
                                struct err *err);

/* Walk with *first at the part's start until false. */
struct pipeline_stretch {
    uint32_t first; /* edges first .. end - 1 */
    uint32_t end;
    struct box box;
};
bool pipeline_next_stretch(const struct pipeline_line *line, uint32_t part, uint32_t *first,
                           struct pipeline_stretch *out);

/* Whether the stretch lies in what the job keeps to, whole. */
bool pipeline_keeps_to(const struct pipeline_job *job, uint32_t part,
                       const struct pipeline_stretch *stretch);

#endif
