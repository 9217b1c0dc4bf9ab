/*
 * editing.h - edits in a server: one at a time, each on the world that is published.
 *
 * What updates need to know of a world is computed by a thread of its own after the world was
 * published, so that serving starts at once; an edit that comes earlier waits a little and then
 * gets ERR_BUSY (503, Retry-After). After edits of this process it follows along; after a foreign
 * import or edit it is computed anew.
 *
 * Life:    editing_start after watch_start; editing_free before watch_free.
 * Threads: editing_apply from any number of threads.
 */
#ifndef SISETU_TILER_EDITING_H
#define SISETU_TILER_EDITING_H

#include "geo/assess/editor.h"
#include "tiler/serve/watch.h"

struct editing;

enum err_code editing_start(const char *store_path, struct watch *watch, struct editing **out,
                            struct err *err);
void editing_free(struct editing *editing); /* NULL is legal */

/* The edit is durable in the store's log (store_log.h), or in its tables, and published when this
 * returns. If the store was changed by others
 * meanwhile, their world is loaded first. result->stale is never set. */
enum err_code editing_apply(struct editing *editing, const struct edit_request *request,
                            struct arena *arena, struct edit_result *result, struct err *err);

#endif
