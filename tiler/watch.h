/*
 * watch.h - the world that is served, and the thread that keeps it up with the store.
 *
 * Once a second the thread looks whether the store's generation moved, or whether another
 * file stands at its path. If so it loads a new world aside and publishes it; requests
 * under way keep the world that they began with. A store that vanished or cannot be read
 * leaves the old world standing; that is logged once, until it changes.
 *
 * Life:    watch_start loads the first world; watch_stop ends the thread, watch_free the rest.
 * Owner:   watch_acquire gives a reference to scenes, which hold their world; release it.
 * Threads: safe.
 */
#ifndef SISETU_TILER_WATCH_H
#define SISETU_TILER_WATCH_H

#include "data/base/err.h"
#include "tiler/cache.h"
#include "tiler/tile.h"

#include <stdint.h>

struct style;
struct watch;

struct watch_settings {
    const char *store_path;
    const char *rules_directory; /* NULL: those that the store keeps */
    const struct style *style;
    struct cache *cache; /* told to forget older editions */
};

enum err_code watch_start(const struct watch_settings *settings, struct watch **out,
                          struct err *err);

/* The scenes that are published now; *edition grows with each publication. Release with
 * scenes_release. */
struct scenes *watch_acquire(struct watch *watch, uint64_t *edition);

/* Ends the thread, releases the last world, frees. NULL is fine. */
void watch_free(struct watch *watch);

#endif
