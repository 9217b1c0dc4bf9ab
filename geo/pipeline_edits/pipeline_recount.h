/*
 * pipeline_recount.h - what the edit of a dwelling among many changes of a pipeline's segments:
 * nothing but the numbers that some of them tell, of the greatest window of their run.
 *
 * Where the windows that may hold the dwelling are full enough without it, by what is there at
 * least, they belong to the same runs before and after; and where others stand to either side of
 * it in those windows, the runs begin and end where they did. All stretches stay as they are. What
 * changes is the greatest window of a run, if that holds the dwelling or is outdone by one that
 * does: the households along a few kilometres tell. Only where the greatest window has lost some
 * are the households along its whole run counted anew, to find the next one.
 *
 * What the law on the strips says of the record depends on nothing else and is told anew.
 *
 * Any doubt is told as such: then the pipeline is to be cut anew (pipeline_segments.h).
 *
 * Owner:   rows and texts belong to the arena, what they have in common with the old rows to those.
 * Threads: pure but for the caller's worker.
 * Cost:    what stands in a strip of a few kilometres, some 50 us in a town; where runs are looked
 *          at, some 20 us more.
 */
#ifndef SISETU_GEO_PIPELINE_RECOUNT_H
#define SISETU_GEO_PIPELINE_RECOUNT_H

#include "geo/pipeline_edits/pipeline_outdone.h"

struct pipeline_recount {
    const struct pipeline_edited *edited;       /* may be a dwelling; with sites */
    const struct pipeline_dwellings *dwellings; /* about it, before and after */
    size_t n_dwellings;
    const struct segment *const *old; /* all of the pipeline in the world before the edit */
    size_t n_old;
};

struct pipeline_recounted {
    bool sure; /* else nothing is told */
    struct recounted_row {
        const struct segment *before; /* NULL: it is new */
        const struct segment *after;  /* NULL: it is gone */
    } * rows; /* that tell another number or window, or what the law says of the record itself; all
               * others stay as they are */
    size_t n;
};

/* row: of the pipeline in the world after the edit. */
enum err_code pipeline_recount(const struct pipeline_recount *question, uint32_t row,
                               struct worker *worker, struct arena *arena,
                               struct pipeline_recounted *out, struct err *err);

#endif
