/*
 * placement.h - what a placement keeps for the one after it: behind labels.h.
 */
#ifndef SISETU_TILER_PLACEMENT_H
#define SISETU_TILER_PLACEMENT_H

#include "tiler/labels/labels.h"

#include <pthread.h>

/* Ten times the names of a province. */
enum { MOST_CANDIDATES = 2 * 1000 * 1000 };

/* It is that of its id: label_feature finds it. */
#define FEATURE_BY_ID UINT32_MAX

enum label_part { PART_ICON = 1, PART_TEXT = 2 };

struct line_task; /* what the labels on one line share */

/* A label that wants a place. */
struct candidate {
    double sort_key;
    const char *id;
    uint32_t layer;     /* of the style */
    uint32_t feature;   /* of the source that it was made from, or FEATURE_BY_ID; of no use later */
    uint32_t repeat;    /* along a line: the how-manieth */
    int32_t x_px, y_px; /* at a point */
    uint8_t placed;     /* bits of enum label_part */
    uint8_t may_overlap; /* likewise: parts that never give way */
    uint16_t n_icon, n_text;
    uint64_t content; /* a hash of all that look and box follow from */
    /* Of the parts that had to be looked at to know its lot: n_icon of the symbol, then n_text. Of
     * a text that had no place perhaps just a piece, which was taken already. */
    const struct px_box *boxes;
    struct placed *label; /* NULL: not placed */
    /* While placements are made: the line that it stands on, and where; NULL: at a point. */
    const struct line_task *line;
    double along_px;
};

struct placement_private {
    struct arena arena;
    pthread_mutex_t mutex; /* of n_references */
    unsigned n_references;
    size_t n;
    struct candidate *candidates; /* in the order of priority */
    size_t n_looked_at;
};

/* An empty one, which its maker holds. */
enum err_code placement_make(struct placement **out, struct err *err);

bool label_look_same(const struct label_look *a, const struct label_look *b);

/* Which of two goes first: below 0 the first. The order in the source does not count. */
int candidate_order(const struct candidate *p, const struct candidate *q);

/* Everything that wants a place, in the order of priority, in the arena; the ids are the world's,
 * or those of `before` (NULL: none). Of more than MOST_CANDIDATES the least important are left
 * out. */
enum err_code label_gather(const struct label_input *input, const struct placement_private *before,
                           struct arena *arena, struct candidate **out, size_t *n, struct err *err);

/* The feature of a source of records with that id, or FEATURE_BY_ID if there is none. */
uint32_t label_feature(const struct source *source, const char *id);

/* A label on a line, laid out. */
struct line_attempt {
    uint16_t n_icon, n_text;
    uint8_t may_overlap; /* as of a candidate */
    bool text_optional;
    struct px_box *boxes; /* n_icon, then n_text */
    struct placed label;
};

/* *fits false: there is no room for it on the line, or it would leave the world. */
enum err_code label_line_attempt(const struct label_input *input, const struct candidate *candidate,
                                 struct arena *arena, struct line_attempt *out, bool *fits,
                                 struct err *err);

/* Whether a box lies in the world: at its edge there is no next tile to carry the rest of a name.
 */
bool label_inside(struct px_box box, const struct label_input *input);

#endif
