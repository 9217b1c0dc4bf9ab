/*
 * pipeline_windows.h - windows that slide over the dwellings of a strip, as they are kept: those
 * that may hold an edited one, without it and with it as either side of the edit sees it.
 *
 * What pipeline_sweep.h finds of any items is found here of those that lie in order, in one go and
 * without making hits of them.
 *
 * Threads: pure. Memory from the arena.
 * Cost:    some nanoseconds a dwelling in the windows.
 */
#ifndef SISETU_GEO_PIPELINE_WINDOWS_H
#define SISETU_GEO_PIPELINE_WINDOWS_H

#include "geo/pipeline_edits/pipeline_strip.h"

/* Side 0 is before the edit, side 1 after it. */
struct windows_question {
    const struct pipeline_strip *strip;
    const uint32_t *without; /* slots that are not counted */
    size_t n_without;
    double window_m;
    struct span starts; /* of windows */
    int64_t least;      /* so many others have to be in each at least; above 0 */
    const struct span_list
        *spans[2]; /* of the dwelling, by what is known; NULL: it counts nothing */
    int64_t counts[2];
};

/* The greatest of some windows, and where the first of them begins. */
struct greatest_window {
    int64_t count;
    double at_m;
};

struct strip_windows {
    bool told; /* else somebody's number is not known, or they do not lie in order */
    bool full; /* the others alone are enough in each window */
    struct greatest_window greatest[2]; /* as measured, with the dwelling as each side sees it */
};

enum err_code pipeline_strip_windows(const struct windows_question *question, struct arena *arena,
                                     struct strip_windows *out, struct err *err);

#endif
