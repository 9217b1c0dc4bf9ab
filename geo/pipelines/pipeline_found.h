/*
 * pipeline_found.h - where along a pipeline each rule row holds: windows and places.
 *
 * A row that counts (pipeline_classes.csv) holds in every window of its length that reaches
 * its number, wherever the window lies; a row of places (pipeline_places.csv) holds where
 * enough targets are in reach of one point of the line. Each is found three times: with what
 * is there at least, as measured, and at most (pipeline_targets.h).
 *
 * Reading of the standards: the buildings of all windows of one run that reach the number are
 * one cluster, and the class ends by the row's `ends` beyond its outermost buildings.
 *
 * Owner: everything belongs to the job's scratch arena.
 */
#ifndef SISETU_GEO_PIPELINE_FOUND_H
#define SISETU_GEO_PIPELINE_FOUND_H

#include "geo/pipelines/pipeline_targets.h"

/* What is missing of a finding where the population stands in for dwellings, or where neither is
 * known and so no place that people visit either. */
extern const char *const PIPELINE_MISSING_DWELLINGS;
extern const char *const PIPELINE_MISSING_PLACES;

/* One stretch on which a row holds. */
struct pipeline_found {
    enum known known;
    uint32_t part;
    struct span span;
    int rank; /* of the class, 1 mildest */
    const char *class;
    const struct rule_source *source;
    const struct pipeline_class *window; /* the row that counted, or NULL */
    const struct pipeline_place *place;  /* the row of places, or NULL */
    const struct pipeline_hit *hit;      /* its one target, or the first of several */
    int64_t count;                       /* the most in one window */
    double count_at_m;                   /* where that window begins */
    const char *missing;                 /* what leaves it open, or NULL */
    double margin_m; /* accuracy (sum of both) with which positions would settle it; INFINITY */
    bool estimate;
};

struct pipeline_founds {
    struct pipeline_found *items;
    size_t n;
    size_t capacity;
};

/* Whether it is told rather than another of the same method and place: it is graver; or as grave,
 * and says a number where the other does not, or a higher one. Of equals the first is told: how
 * many places make one is said nowhere. */
bool pipeline_outranks(const struct pipeline_found *a, const struct pipeline_found *b);

/* A number of households or buildings; else that a place is there. */
bool pipeline_says_number(const struct pipeline_found *found);

/* 1 for "1-1", "1" and "I", and so on; 1 for "". */
int pipeline_class_rank(const char *class);

/* Whether the method is assessed and speaks of the pipeline for sure; whether a row of one that
 * does takes over that class of another method. */
bool pipeline_has_say(const struct pipeline_job *job, const char *method_id);
bool pipeline_is_taken_over(const struct pipeline_job *job, const char *method, const char *class);

/* The question of a row that counts in windows. */
struct pipeline_ask pipeline_ask_of_class(const struct pipeline_class *row);

/* The questions of a method's rows, and of the rows that they point to. */
enum err_code pipeline_ask_method(struct pipeline_job *job, const struct pipeline_method *method,
                                  struct err *err);

/* After pipeline_gather: what the method's rows found; none of occupation and crossings. */
enum err_code pipeline_find(struct pipeline_job *job, const struct pipeline_method *method,
                            struct pipeline_founds *out, struct err *err);

/* Where its rows of kind design_factor hold. */
enum err_code pipeline_find_factors(struct pipeline_job *job, const struct pipeline_method *method,
                                    struct pipeline_founds *out, struct err *err);

/* Where one row of places holds, of a method that speaks of the pipeline; added to the others. */
enum err_code pipeline_find_place(struct pipeline_job *job, const struct pipeline_place *row,
                                  struct pipeline_founds *out, struct err *err);

/* Likewise one row that counts in windows, if it speaks of the pipeline. */
enum err_code pipeline_find_window(struct pipeline_job *job, const struct pipeline_class *row,
                                   struct pipeline_founds *out, struct err *err);

/* A copy of `like` at the end. */
enum err_code pipeline_add_found(struct pipeline_job *job, struct pipeline_founds *to,
                                 const struct pipeline_found *like, struct err *err);

/* The question of a row of places. What is built over a line is judged by outlines: a plant known
 * by a point alone says nothing of the strip. */
struct pipeline_ask pipeline_ask_of_place(const struct pipeline_job *job,
                                          const struct pipeline_place *row);

/* The reach of a row of places at this pipeline: within_m, or the potential impact radius (its
 * prorated part), NAN where diameter or pressure is missing. */
double pipeline_reach_of(const struct pipeline_job *job, const struct pipeline_place *row);

/* Whether a row speaks of the pipeline on the world's date. */
enum truth pipeline_speaks(const struct pipeline_job *job, const struct rule_source *source,
                           const struct predicate *when, const char **missing);

#endif
