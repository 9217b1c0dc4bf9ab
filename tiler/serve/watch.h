/*
 * watch.h - the world that is served, and the thread that keeps it up with the store.
 *
 * Once a second the thread looks whether the store's generation moved, or whether another
 * file stands at its path. If so it loads a new world aside and publishes it; requests
 * under way keep the world that they began with. A store that vanished or cannot be read
 * leaves the old world standing; that is logged once, until it changes.
 *
 * The files of styles are looked at as often. Where one has changed, all are read, and if all are
 * good they are put in the place of the old ones together; if one is wrong the old ones stay, and
 * that is logged once. A style that stayed the same keeps what was made of it.
 *
 * Who edits the store in this process holds the watch meanwhile, so that it does not look at a
 * file that is being written, and hands over the world that the edit made: that one is not
 * loaded again.
 *
 * Life:    watch_start loads the first world; watch_stop ends the thread, watch_free the rest.
 * Owner:   watch_acquire gives a reference to scenes, which hold their world; release it.
 * Threads: safe.
 */
#ifndef SISETU_TILER_WATCH_H
#define SISETU_TILER_WATCH_H

#include "data/store_tokens.h"
#include "geo/world/world.h"
#include "styles/style_set.h"
#include "tiler/cache/cache.h"
#include "tiler/tiles/tile.h"

#include <stdint.h>

struct scene_edit;
struct watch;

struct watch_settings {
    const char *store_path;
    const char *rules_directory; /* NULL: those that the store keeps */
    struct style_set *styles;    /* the watch holds a reference of its own */
    struct cache *cache;         /* brought to each epoch before anybody sees it */
    struct disk *disk;           /* the same; or NULL */
};

enum err_code watch_start(const struct watch_settings *settings, struct watch **out,
                          struct err *err);

/* The scenes that are published now under a style (NULL: the first), NULL if there is none of
 * that name; and their epoch, whose edition grows with each publication, and whose version of a map
 * is another one whenever the map may have changed, in this process or another. Release with
 * scenes_release. */
struct scenes *watch_acquire(struct watch *watch, const char *style, struct cache_epoch *epoch);

/* The styles that are published; release them. */
struct style_set *watch_styles(struct watch *watch);

/* Keeps the thread from looking; false if it is still loading after so long. */
bool watch_hold(struct watch *watch, int wait_ms);
void watch_let(struct watch *watch);

/* While it is held: publishes what an edit that is durable made, of the world that was published
 * (edit NULL: unknown how), so that tiles that it did not touch stay; or looks now, after others
 * wrote. settled: the tables of the store have the edit; else it is on its way there, and until
 * watch_settled says that it came, nobody looks. */
enum err_code watch_publish(struct watch *watch, struct world *world, const struct scene_edit *edit,
                            bool settled, struct err *err);
void watch_look(struct watch *watch);

/* The tables have the edits up to that generation, which the file has been written for; ERR_CHANGED
 * they never will: another store stands there. */
void watch_settled(struct watch *watch, uint64_t generation, enum err_code code);

/* The world that is published; release it. */
struct world *watch_world(struct watch *watch);

/* Whether the store has any token of that scope; whether `text` is one, and then its name.
 * Tokens are those of the last time that the store changed. */
bool watch_has_token(struct watch *watch, enum token_scope scope);
enum token_scope watch_token(struct watch *watch, const char *text, char name[TOKEN_NAME_BYTES]);

/* Ends the thread, releases the last world, frees. NULL is fine. */
void watch_free(struct watch *watch);

#endif
