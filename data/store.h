/*
 * store.h - facts kept: one GeoPackage with every layer of schema.csv.
 *
 * Written in one transaction of one writer, or not at all: a process that is killed, or
 * that runs out of disk, leaves the store as it was. Readers load what they need in one
 * short transaction and close. Every commit that changed something raises the generation.
 *
 * Tables beside the layers (plain, listed in gpkg_contents as attributes):
 *   sisetu_meta(key, value): schema_version, generation, as_of, rules_hash, assessed (the
 *     generation up to which conflicts and grades follow from the facts), the grid's columns,
 *     rows, west, north, cell size and CRS, tokens (store_tokens.h)
 *   sisetu_rules(file, text): the rule tables of the last assessment
 *
 * After a write that failed nothing of the transaction can be kept: store_commit refuses.
 * Up to 256 MiB of changed pages stay in memory until the commit, so that readers are not
 * disturbed; beyond that they wait. Whoever waits for a lock does so for ten seconds, or for as
 * long as the environment variable SISETU_STORE_WAIT_MS says, and then gives up with ERR_BUSY.
 *
 * Life:    store_create, or store_open -> work -> store_close (rolls back if not committed).
 * Owner:   records go into the caller's arena.
 * Threads: a store belongs to one thread. Readers and peeks of a process do not disturb each
 *          other or a writer. While a process holds a store open for writing it must neither
 *          open the file a second time for writing nor read it by other means (such as GDAL's
 *          import): closing any descriptor of a file drops the process's POSIX locks on it.
 * A store whose file was replaced by another, or deleted, while it was open refuses to commit
 * (ERR_BUSY): nobody would find what it wrote.
 *
 * Errors:  ERR_NOT_FOUND no such file; ERR_INPUT not a store, or damaged; ERR_VERSION another
 *          schema; ERR_BUSY a lock was held for too long; ERR_DENIED, ERR_NO_SPACE.
 * Source:  OGC 12-128r18 GeoPackage 1.3; written and read through OGR.
 */
#ifndef SISETU_DATA_STORE_H
#define SISETU_DATA_STORE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/grid.h"
#include "data/records.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

enum store_mode { STORE_READ, STORE_WRITE };

/* Makes an empty store; refuses a path that exists (ERR_CONFLICT). Built aside, renamed. */
enum err_code store_create(const char *path, struct err *err);

/* STORE_WRITE takes the writer's lock at once (BEGIN IMMEDIATE). */
enum err_code store_open(const char *path, enum store_mode mode, struct store **out,
                         struct err *err);
void store_close(struct store *store);

/* Brings an older schema up to SCHEMA_VERSION; *changed says whether there was need. */
enum err_code store_upgrade(const char *path, bool *changed, struct err *err);

uint64_t store_generation(const struct store *store);

/* The generation of a store that may be replaced or written at any time, and which store it is:
 * differs as well when the file was replaced by another store, or by a copy, that happens to have
 * the same generation. Cheap, for a server's look once a second; does not disturb other
 * connections of this process. */
struct store_stamp {
    uint64_t generation;
    uint64_t identity; /* random, given by store_create */
    uint64_t device;   /* of the file */
    uint64_t inode;
};
enum err_code store_stamp(const char *path, struct store_stamp *out, struct err *err);

/* Whether they are of one store at one path, whatever their generations. */
static inline bool store_stamp_same_file(struct store_stamp a, struct store_stamp b)
{
    return a.identity == b.identity && a.device == b.device && a.inode == b.inode;
}

static inline bool store_stamp_equal(struct store_stamp a, struct store_stamp b)
{
    return a.generation == b.generation && store_stamp_same_file(a, b);
}

/* The same of a store that is open, as of when its transaction began or was committed. */
struct store_stamp store_stamp_of(const struct store *store);

/* Meta values; *out is NULL if absent. Setting NULL removes; setting the same value again is
 * no change. */
enum err_code store_get(struct store *store, const char *key, struct arena *arena, const char **out,
                        struct err *err);
enum err_code store_set(struct store *store, const char *key, const char *value, struct err *err);

/* How many records a layer holds. */
enum err_code store_count(struct store *store, enum layer_id layer, size_t *out, struct err *err);

/* Whether a layer has a record with that id. */
enum err_code store_has(struct store *store, enum layer_id layer, const char *id, bool *out,
                        struct err *err);

/* All records of a layer, ordered by id: *records is an array of the layer's struct. */
enum err_code store_read(struct store *store, enum layer_id layer, struct arena *arena,
                         void **records, size_t *n, struct err *err);

/* Records of a layer one after another, in no order, for a layer too large to be held: calls
 * visit with each, in memory that the next one takes again. Stops at the first error. */
struct store_each {
    enum layer_id layer;
    const char *const *fields; /* the others stay absent; NULL: all */
    size_t n_fields;
    bool shapes;
    void *context;
    enum err_code (*visit)(void *context, const void *record, struct err *err);
};
enum err_code store_each(struct store *store, const struct store_each *each, struct err *err);

/* Adds n records. Ids must be new to the layer (ERR_CONFLICT names the first that is not);
 * a record without a required field, with a shape of a kind that its layer does not hold, or
 * with text that is not UTF-8, is refused with ERR_INPUT. Codes and ranges are the import's to
 * check. Ids that store_delete does not find are no error. */
enum err_code store_insert(struct store *store, enum layer_id layer, const void *records, size_t n,
                           struct err *err);
enum err_code store_delete(struct store *store, enum layer_id layer, const char *const *ids,
                           size_t n, struct err *err);
enum err_code store_delete_all(struct store *store, enum layer_id layer, struct err *err);

/* Few rows, and soon: puts records in place of those with their ids, which keep their rows in the
 * table, or beside the others, and deletes others. What is refused, and the errors, are those of
 * store_insert. */
struct store_put {
    const void *record; /* of the layer's struct */
    enum store_put_how {
        STORE_PUT_ANY,
        STORE_PUT_NEW,        /* nothing has its id: ERR_CONFLICT otherwise */
        STORE_PUT_SAME_SHAPE, /* one has, with that very shape */
    } how;
    const struct store_ending *ending; /* or NULL */
};

/* A long text that stays as the table has it, but for its end: whatever the record says there. A
 * text that does not end as it should is taken out. */
struct store_ending {
    const char *field;
    const char *before;
    const char *after;
};
struct store_change {
    enum layer_id layer;
    const char *const *deleted; /* ids; those that are not there are no error */
    size_t n_deleted;
    const struct store_put *put; /* after the deletions */
    size_t n_put;
};
enum err_code store_change(struct store *store, const struct store_change *change, struct err *err);

/* Population: the whole grid replaces what was there; grid->n_columns is 0 if none. */
enum err_code store_read_grid(struct store *store, struct arena *arena, struct grid *out,
                              struct err *err);
enum err_code store_write_grid(struct store *store, const struct grid *grid, struct err *err);

/* Rule tables kept by the last assessment, sorted by file name; *n is 0 before the first. */
struct store_text {
    const char *name;
    const char *text;
};

/* Writing the same tables again is no change. */
enum err_code store_read_rules(struct store *store, struct arena *arena, struct store_text **files,
                               size_t *n, struct err *err);
enum err_code store_write_rules(struct store *store, const struct store_text *files, size_t n,
                                struct err *err);

/* Makes everything since store_open durable and visible at once, and raises the generation
 * if anything was written. The store stays open; a new transaction begins. */
enum err_code store_commit(struct store *store, struct err *err);

/* The same for a transaction that holds several edits: the generation is that of the last. */
enum err_code store_commit_as(struct store *store, uint64_t generation, struct err *err);

/* For a writer of many small transactions: keeps the file open between them, which spares 4 ms
 * each. store_rest gives up whatever was not committed, a failed write too, and the writer's
 * lock; the next call begins anew, on another handle if something was given up, others wrote
 * meanwhile or another file stands at the path. A store that rests holds no lock. */
void store_keep(struct store *store);
void store_rest(struct store *store);
enum err_code store_wake(struct store *store, struct err *err); /* begins now; store_generation */

/* Writes a layer to a file in a format that the extension names: .geojson .gpkg .shp .csv .kml,
 * population .tif. Written aside, looked at, and moved into place whole; nothing is overwritten
 * unless `replace` (ERR_CONFLICT), and the store itself never. Coordinates are EPSG:4490 (KML
 * calls them WGS 84) and keep every digit in .gpkg, .shp, .csv and .kml, 15 in .geojson.
 *   .csv  begins with a byte order mark; points as X and Y, other shapes as WKT
 *   .shp  is UTF-8 (.cpg); OGR shortens field names to 10 bytes; refused for a layer of several
 *         kinds of geometry or none (ERR_INPUT) and for texts over 254 bytes (ERR_LIMIT)
 * Errors: ERR_USAGE another extension; ERR_NOT_FOUND no population, or no such directory. */
enum err_code store_export(struct store *store, enum layer_id layer, const char *path, bool replace,
                           struct err *err);

#endif
