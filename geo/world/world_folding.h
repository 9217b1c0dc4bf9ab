/*
 * world_folding.h - folds large deltas beside the edits: whoever edits waits for none of it.
 *
 *     TRY(world_folding_new(&folding, err));
 *     TRY(world_folding_step(folding, committed, edited, false, &folded, err));     each edit
 *     if (folded) go on with that world in place of `edited`
 *
 * A layer with a large delta (world_layer.h) is folded on a thread of its own, one at a time, while
 * edits go on over the old base. When the new base is ready, the next edit's world gets it,
 * with what was put since as its delta; rows and slots stay. A base that does not fit the world at
 * hand, since another was loaded meanwhile, is dropped. What has served is freed on the thread too.
 *
 * Life:    one an editor; world_folding_free waits for the thread.
 * Owner:   holds the layer that is folded, and the new base until a committed world stands on it.
 * Threads: one caller at a time; its own thread reads what never changes, at a lower priority than
 *          those who edit.
 * Errors:  a fold that runs out of memory is given up, and begun again by a later step.
 * Cost:    a step that gets a new base 8 bytes a record of the layer and the index of the few
 *          records that were put since: milliseconds; any other step nothing. While a fold is under
 *          way, and as long as the old base is read, memory of two bases.
 */
#ifndef SISETU_GEO_WORLD_FOLDING_H
#define SISETU_GEO_WORLD_FOLDING_H

#include "geo/world/world.h"

struct world_folding;

enum err_code world_folding_new(struct world_folding **out, struct err *err);
void world_folding_free(struct world_folding *folding); /* NULL is legal */

/* committed: the world that will not be given up, of which `edited` is the next or the same. Begins
 * a fold if one is due there (all: if there is any delta) and none is under way. *folded NULL:
 * nothing is ready; else `edited` with a new base of a layer, generation included. */
enum err_code world_folding_step(struct world_folding *folding, const struct world *committed,
                                 const struct world *edited, bool all, struct world **folded,
                                 struct err *err);

/* Waits until what is under way is ready, for the next step to give. */
void world_folding_wait(struct world_folding *folding);

#endif
