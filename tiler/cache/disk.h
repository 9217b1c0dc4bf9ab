/*
 * disk.h - finished tiles in one file, so that they outlive the server.
 *
 * Each tile is kept under its address and the version of its map (watch.h): one of another version
 * is never found. After an edit tiles that stay the same are brought to the new version. Each
 * carries a seal over address, version and bytes; what does not fit its seal is no tile.
 *
 * The file is no promise, and never in the way: where it is damaged it is made anew, once; where it
 * is locked, full, not writable or somebody else's, it is left alone. One line in the log says so.
 * Only a file that carries our mark, or an empty one, is written to.
 *
 * Beyond the budget the tiles that were written first go.
 *
 * Life:    disk_open, any number of the others, disk_close: writes what waits.
 * Threads: safe. Writing is a thread of its own; what it cannot take in time is not kept.
 * Cost:    finding 50 us. Writing 50 us, elsewhere.
 * Library: SQLite: an index, pages that are used again, and rollback after a kill.
 */
#ifndef SISETU_TILER_DISK_H
#define SISETU_TILER_DISK_H

#include "tiler/cache/cache.h"

struct disk;

/* Whatever the file is, there is a disk, perhaps one that keeps nothing. */
enum err_code disk_open(const char *path, size_t budget_bytes, struct disk **out, struct err *err);
void disk_close(struct disk *disk); /* NULL is fine */

/* The tile of that version; release it. NULL: it is not there. */
struct blob *disk_find(struct disk *disk, const struct cache_key *key, uint64_t version);

/* Keeps a tile, later. */
void disk_keep(struct disk *disk, const struct cache_key *key, uint64_t version, struct blob *blob);

/* What is published from now on: `state` stands for all that the versions follow from. */
struct disk_turn {
    uint64_t state;
    uint64_t old[CACHE_MAPS], new[CACHE_MAPS];
    bool same;     /* `new` is what was published before: every tile stays */
    void *context; /* for what follows; freed when it is done with; NULL: no tile stays */
    bool (*stays)(void *context, const struct cache_place *place);
    void (*free)(void *context);
};

/* Brings the tiles that stay to their new versions, later. */
void disk_turn(struct disk *disk, const struct disk_turn *turn);

/* The versions that were last published for that state: after a restart they are still good. */
bool disk_versions(struct disk *disk, uint64_t state, uint64_t versions[CACHE_MAPS]);

struct disk_counts {
    size_t bytes;
    uint64_t hits, misses;
};
struct disk_counts disk_counts(struct disk *disk); /* NULL: all 0 */

#endif
