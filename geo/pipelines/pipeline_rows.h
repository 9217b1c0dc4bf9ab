/*
 * pipeline_rows.h - what was found, as rows of layer segments.
 *
 * Owner: rows belong to the job's scratch arena, their texts and shapes to its arena.
 */
#ifndef SISETU_GEO_PIPELINE_ROWS_H
#define SISETU_GEO_PIPELINE_ROWS_H

#include "geo/pipelines/pipeline_found.h"

struct pipeline_rows {
    struct segment *items;
    size_t n;
    size_t capacity;
};

/* Where a row lies. */
struct pipeline_stretch_of {
    const char *method; /* its code */
    const char *kind;
    uint32_t part;
    struct span span;
    const struct pipeline_hit *target; /* whose id is part of the row's; or NULL */
    double wider_m; /* so much does the stretch begin before the station that its id tells: areas
                     * that are made longer may begin where another does, at the line's end */
};

/* A row with id, name, pipeline, stationing and shape; all else absent. */
enum err_code pipeline_add_row(struct pipeline_job *job, struct pipeline_rows *rows,
                               const struct pipeline_stretch_of *where,
                               const struct rule_source *source, struct segment **out,
                               struct err *err);

void pipeline_set_source(struct segment *row, const struct rule_source *source);
void pipeline_set_target(const struct pipeline_job *job, struct segment *row,
                         const struct pipeline_hit *hit);

/* The count of a finding, as households or buildings. */
void pipeline_set_count(struct segment *row, const struct pipeline_found *found);

/* Why, of what a row found: "112 households in the 2000 m from K3+200". */
const char *pipeline_why(const struct pipeline_job *job, const struct pipeline_found *found);

/* Why, of a target that a row of places names: "a school: protected/P-7, 31.2 m from the centre
 * line". */
const char *pipeline_why_target(const struct pipeline_job *job, const struct pipeline_place *place,
                                const struct pipeline_hit *hit);

/* What would decide between a finding and one that may be (most); never NULL. */
const char *pipeline_decides(const struct pipeline_job *job, const struct pipeline_found *most);

/* That positions decide, where the limit is margin_m away. */
const char *pipeline_positions_decide(const struct pipeline_job *job, double margin_m);

/* What founds of rows of places join to on one part, as rows of a kind that stand for themselves.
 */
enum err_code pipeline_join_rows(struct pipeline_job *job, const struct pipeline_method *method,
                                 const struct pipeline_founds *founds, const char *kind,
                                 struct pipeline_rows *rows, struct err *err);

/* Rows of one method. */
enum err_code pipeline_class_rows(struct pipeline_job *job, const struct pipeline_method *method,
                                  struct pipeline_rows *rows, struct err *err);

/* Where along the first part the classes of a method are milder than a rank, by what is known. */
enum err_code pipeline_class_milder(struct pipeline_job *job, const struct pipeline_method *method,
                                    int rank, struct span_list out[REACHES], struct err *err);
enum err_code pipeline_hca_rows(struct pipeline_job *job, const struct pipeline_method *method,
                                struct pipeline_rows *rows, struct err *err);
enum err_code pipeline_law_rows(struct pipeline_job *job, const struct pipeline_method *method,
                                struct pipeline_rows *rows, struct err *err);

#endif
