/*
 * findings_update.h - an update of findings while it runs.
 *
 * Behind findings.h; findings_update.c has the whole, findings_retarget.c what an edited target
 * changes in the lists of the sources near it.
 */
#ifndef SISETU_GEO_FINDINGS_UPDATE_H
#define SISETU_GEO_FINDINGS_UPDATE_H

#include "geo/findings/finding_pages.h"
#include "geo/findings/findings.h"
#include "geo/findings/judging.h"

/* Sources by layer (index in finding_layers) and slot, each once after they are settled. */
struct touched {
    struct touched_source {
        int layer;
        uint32_t slot;
        struct finding_splice splice;
    } * items;
    size_t n;
    size_t capacity;
};

struct updating {
    const struct findings_change *change;
    struct judging *judging; /* of the new world */
    struct arena *arena;
    struct findings *made;
    struct touched redo;    /* to be judged anew as a whole; rows of the new world */
    struct touched touched; /* whose list may be another one */
};

enum err_code touch(struct arena *arena, struct touched *list, struct touched_source source,
                    struct err *err);

/* Of a settled list. */
bool touched_has(const struct touched *list, int layer, uint32_t slot);

/* NULL where the world has none of that slot. */
const struct record_head *record_of_slot(const struct world *world, enum layer_id layer,
                                         uint32_t slot);

/* The findings on one edited record in the lists of all sources but those to be judged anew. */
enum err_code findings_retarget(struct updating *on, const struct world_edit *edit,
                                struct err *err);

#endif
