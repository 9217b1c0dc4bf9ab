/*
 * pipeline_near.h - which records stand near a stretch of a pipeline.
 *
 * The index gives what lies in the box of a stretch and its surroundings, most of which is far
 * from the line. What a plane about the stretch shows to be far is passed over; the rest is
 * measured by pipeline_spans.h, from the edges that pipeline_sight.h picks.
 *
 * Owner:   memory in the job's scratch arena.
 * Threads: pure.
 * Cost:    about 30 ns a record in the box.
 */
#ifndef SISETU_GEO_PIPELINE_NEAR_H
#define SISETU_GEO_PIPELINE_NEAR_H

#include "geo/pipelines/pipeline_sight.h"
#include "geo/pipelines/pipeline_targets.h"

/* A stretch with what measuring from it needs, see span_question. */
struct pipeline_vicinity {
    uint32_t first; /* edges first .. end - 1 */
    uint32_t end;
    const struct flat_stretch *flat; /* NULL: no plane holds it and its surroundings */
    struct lonlat scale_m;           /* likewise 0 */
    struct lonlat margin;
};

/* A record near a stretch. */
struct pipeline_meet {
    uint32_t row;
    uint32_t vicinity;
    uint32_t fours;  /* of a point which of the stretch it is to be seen from; 0: ask all edges */
    double beyond_m; /* it surely is farther than that from the stretch */
    struct pipeline_site *site; /* of the job's; NULL: it has none of that record */
};

/* All of one layer along one part; kept to be filled again. */
struct pipeline_meets {
    struct pipeline_vicinity *vicinities;
    size_t n_vicinities;
    size_t vicinities_capacity;
    struct pipeline_meet *items;
    size_t n;
    size_t capacity;
    struct pipeline_meet *sorted; /* by row, those of one row in the order in which they came */
    size_t sorted_capacity;
    uint64_t *keys; /* to sort by */
    size_t keys_capacity;
};

struct pipeline_near {
    const struct pipeline_job *job;
    enum layer_id layer;
    double farthest_m;     /* how far from the line a record may matter */
    const uint32_t *asked; /* the questions that ask for the layer, the farthest first */
    size_t n_asked;
    const struct record_head *one; /* the only record that counts, told as row 0; or NULL */
};

/* Adds what is near a stretch. */
enum err_code pipeline_meet_stretch(const struct pipeline_near *near,
                                    const struct pipeline_stretch *stretch,
                                    struct pipeline_meets *meets, struct err *err);

/* Makes `sorted` of the items. */
enum err_code pipeline_sort_meets(struct pipeline_meets *meets, struct arena *arena,
                                  struct err *err);

#endif
