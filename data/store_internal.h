/*
 * store_internal.h - what the files of the store share. Nobody else includes it.
 *
 * A store is read through an empty in-memory SQLite database of OGR's that has the file
 * attached, and written through OGR's GeoPackage driver. The driver opens and closes the
 * file once beside SQLite, which drops the process's POSIX locks on it; attaching does not,
 * so that a server may peek and read at any time.
 *
 * Handles of GDAL are void pointers here, so that this header needs none of its own.
 */
#ifndef SISETU_DATA_STORE_INTERNAL_H
#define SISETU_DATA_STORE_INTERNAL_H

#include "data/base/buf.h"
#include "data/gdal_session.h"
#include "data/schema.h"
#include "data/store.h"

#include <limits.h>

#define STORE_GEOMETRY "geom" /* the column of every layer that has one */
enum { STORE_EPSG = 4490 };

/* What a transaction did to a layer: for its entries in the contents of the GeoPackage. */
struct store_touch {
    bool touched;
    bool whole;        /* too much to keep count of: look at the whole layer */
    int64_t n_before;  /* features */
    int64_t n_written; /* those inserted, and those put in place of others */
    int64_t n_inserted;
    int64_t n_deleted;
    struct box grown; /* around the shapes that were written */
};

/* Of store_triggers.c: what the handle that is open knows of the file's triggers. */
struct store_triggers {
    bool looked;
    bool known;              /* what each of them does */
    bool strict;             /* something beside them may refuse a row */
    bool off;                /* for this handle */
    bool index[LAYER_COUNT]; /* the layer has those of an index of shapes */
};

/* Of store_statement.c. */
struct store_kept;
enum { STORE_ROW_STATEMENTS = 7 };

struct store {
    struct gdal_session gdal; /* pushed by each public function while it runs */
    enum store_mode mode;
    int wait_ms; /* for a lock, of a handle that is opened */
    const char *path;
    void *dataset; /* NULL after a commit, until the next call needs it */
    uint64_t generation;
    bool changed; /* something was written since the transaction began */
    bool broken;  /* a write failed: nothing of this transaction may be kept */
    struct store_touch touches[LAYER_COUNT];
    struct store_kept *statements;                           /* of the handle; NULL: none yet */
    void *row_statements[LAYER_COUNT][STORE_ROW_STATEMENTS]; /* store_change.c; some of them */
    struct store_triggers triggers;
    bool aside[LAYER_COUNT]; /* written past OGR since the handle was opened, of which it knows
                              * nothing */
    bool kept;               /* open between transactions, */
    bool resting;            /* and now is between two */
    bool keeps_journal;      /* beside the file, with nothing in it while resting */
    int64_t data_version;    /* of SQLite: another one when others wrote */
    uint64_t identity;
    uint64_t device; /* of the file that is open */
    uint64_t inode;
    struct arena arena; /* path and schema */
    struct schema schema;
};

/* --- store.c --- */

/* How long a lock is waited for, and the clock that tells. */
int store_wait_ms(void);
int64_t store_now_ms(void);

/* What stat can say of a path: exists, a file, not empty, permitted. */
enum err_code store_check_path(const char *path, enum store_mode mode, struct err *err);

/* Every public function on a store: begin -> work -> end. Begin opens the handle if a commit
 * closed it, and refuses (ERR_USAGE) a write in STORE_READ or after a failed write. */
enum err_code store_begin(struct store *store, enum store_mode need, struct err *err);

/* Marks the store broken if a write failed with `code`, which it returns. */
enum err_code store_end(struct store *store, enum store_mode did, enum err_code code);

/* A handle on the file for writing, in a transaction that holds the writer's lock. Checks no
 * version. On failure nothing stays open. The session must have begun. */
enum err_code store_connect_write(struct store *store, struct err *err);

/* How long it waits for locks from now on. */
enum err_code store_wait_at_most(struct store *store, int ms, struct err *err);

/* Commits or rolls back what is open and closes the handle. */
enum err_code store_disconnect(struct store *store, bool commit, struct err *err);

/* Makes a struct store with path and schema, nothing open; freed by store_close. */
enum err_code store_new(const char *path, enum store_mode mode, struct store **out,
                        struct err *err);

/* --- store_open.c --- */

/* store_open for writing, by whoever would rather do without than wait for longer. */
enum err_code store_open_soon(const char *path, int wait_ms, struct store **out, struct err *err);

/* --- store_contents.c --- */

/* Before a layer is written: notes how many features it has, and switches the triggers on. */
enum err_code store_touch(struct store *store, enum layer_id layer, struct err *err);

/* The same for a writer that leaves the triggers as they are. */
enum err_code store_touch_aside(struct store *store, enum layer_id layer, struct err *err);

/* Before the commit: brings the entry of a layer that was written up to date. */
enum err_code store_note_contents(struct store *store, enum layer_id layer, struct err *err);

/* --- store_sql.c --- */

/* A statement without result rows. */
enum err_code store_sql(struct store *store, struct err *err, const char *sql);
enum err_code store_sqlf(struct store *store, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The rows of a SELECT, one at a time. After the last, and on an error, *feature is NULL.
 * store_rows_end is due in every case. */
struct store_rows {
    struct store *store;
    void *layer;
    void *feature; /* the row at hand; belongs to the rows */
};
enum err_code store_rows_begin(struct store *store, const char *sql, struct store_rows *out,
                               struct err *err);
enum err_code store_rows_next(struct store_rows *rows, void **feature, struct err *err);
void store_rows_end(struct store_rows *rows);

/* First column of the first row as text in the arena; NULL without a row or value. */
enum err_code store_sql_text(struct store *store, const char *sql, struct arena *arena,
                             const char **out, struct err *err);

/* First column of the first row as a number; 0 without a row. */
enum err_code store_sql_number(struct store *store, const char *sql, int64_t *out, struct err *err);

/* 'text' with quotes doubled. */
void store_quote(struct buf *sql, const char *text);

/* What GDAL or SQLite said, as our code and a message that begins with the path. */
enum err_code store_fault(const struct store *store, struct err *err);
enum err_code store_fault_at(const struct gdal_session *gdal, const char *path, struct err *err);
enum err_code store_fault_said(const char *said, const char *path, struct err *err);

/* --- store_statement.c: statements on the handle that is open, prepared once and kept with it ---
 */

/* The statement of that text, which belongs to the store. Bind (from 1 on; what is bound stays
 * where it is until the end), step, end. */
enum err_code store_statement(struct store *store, const char *sql, void **out, struct err *err);
void store_bind_text(void *statement, int at, const char *text); /* NULL: no value */
void store_bind_blob(void *statement, int at, const void *bytes, size_t n);
void store_bind_integer(void *statement, int at, int64_t number);
void store_bind_real(void *statement, int at, double number);

/* *row: there is one, whose columns count from 0; row is NULL where none is due. */
enum err_code store_step(struct store *store, void *statement, bool *row, struct err *err);
int64_t store_column_integer(void *statement, int at);
const char *store_column_text(void *statement, int at); /* until the next step; NULL: no value */
void store_statement_end(void *statement);

/* Steps and ends: the text in the first column, in the arena; NULL: no row, or no value. */
enum err_code store_step_text(struct store *store, void *statement, struct arena *arena,
                              const char **out, struct err *err);
int64_t store_changes(const struct store *store);  /* rows of the last INSERT, UPDATE, DELETE */
int64_t store_last_row(const struct store *store); /* key of the last row inserted */

/* Whether statements of this handle fire the triggers of the file. */
enum err_code store_fire_triggers(struct store *store, bool fire, struct err *err);

/* Of the handle that is open: SQLite gives a transaction up by itself, and the lock with it, where
 * the disk or memory fails, of whatever statement. */
bool store_is_in_transaction(const struct store *store);

/* Before the handle is closed. */
void store_statements_drop(struct store *store);

/* --- store_change.c --- */

/* What no column takes, of one field of a record: ERR_INPUT. */
enum err_code store_check_field(const struct field_binding *field, const void *record,
                                struct err *err);

/* Whether such changes, which store_edit_write lets pass, are not refused later for what the file
 * is: somebody's trigger or condition, a column that is gone. */
bool store_takes_changes(struct store *store, const struct store_change *changes, size_t n);

/* --- store_triggers.c --- */

/* Whether nothing but what is known happens when rows are changed. */
bool store_knows_triggers(struct store *store);

/* Switches them off where they do what is known. *index: whoever writes the layer now has to keep
 * its entries in the index of shapes. */
enum err_code store_triggers_off(struct store *store, enum layer_id layer, bool *index,
                                 struct err *err);
enum err_code store_triggers_on(struct store *store, struct err *err);

/* --- store_meta.c --- */

enum err_code store_meta_get(struct store *store, const char *key, struct arena *arena,
                             const char **out, struct err *err);
enum err_code store_meta_set(struct store *store, const char *key, const char *value,
                             struct err *err);

/* generation of the store; ERR_VERSION unless its schema_version is SCHEMA_VERSION. */
enum err_code store_meta_check(struct store *store, uint64_t *generation, struct err *err);
enum err_code store_meta_identity(struct store *store, uint64_t *identity, struct err *err);
enum err_code store_meta_version(struct store *store, int64_t *version, struct err *err);

/* --- store_feature.c: a record as a feature of OGR and back --- */

/* Where in a table of OGR the fields of the layer's binding are: indices[i] for fields[i]. */
enum err_code store_feature_indices(void *defn, enum layer_id layer, struct arena *arena,
                                    int **indices, struct err *err);

/* "2026-11-21T10:11:12Z" or with decimals of a second: what is stored without loss. */
bool store_is_datetime(const char *text);

/* Sets all fields of a feature, and its geometry: multi where its column is of that kind, a
 * date as text where the field is a text. */
enum err_code store_feature_fill(void *feature, const int *indices, enum layer_id layer,
                                 const void *record, struct arena *scratch, struct err *err);

/* Reads a row of store_feature_select into a cleared record. */
enum err_code store_feature_read(void *feature, enum layer_id layer, struct arena *arena,
                                 void *record, struct err *err);

/* One field of a row, or the geometry from that column on, into a cleared record; what the
 * columns of a SELECT must be for them. */
enum err_code store_feature_field(void *feature, int index, const struct field_binding *field,
                                  struct arena *arena, void *record, struct err *err);
enum err_code store_feature_geometry(void *feature, int index, struct arena *arena,
                                     struct geom *out, struct err *err);
void store_feature_column(struct buf *sql, const struct field_binding *field);
void store_feature_geometry_column(struct buf *sql); /* with the comma before it */

/* The SELECT that store_feature_read understands, ordered by id. */
void store_feature_select(struct buf *sql, enum layer_id layer, bool has_geometry);

/* The shape in a GeoPackage blob: behind "GP", version, flags, CRS and, by the flags, an envelope
 * lies well-known binary (OGC 12-128r18, 2.1.3.1.1). No bytes are no shape. */
enum err_code store_geometry_of_blob(const unsigned char *blob, size_t n, struct arena *arena,
                                     struct geom *out, struct err *err);

/* Field types and geometry types of OGR. */
int store_field_type(enum field_type type);
int store_geometry_type(const struct schema_layer *layer);

/* --- store_create.c --- */

/* CGCS2000 with longitude first; free with OSRRelease. */
void *store_crs(void);

/* Creates the table of a layer; what its fields mean is noted by store_describe_field. */
enum err_code store_create_layer(struct store *store, const struct schema_layer *layer,
                                 struct err *err);

/* Creates the column of a field, with its codes or range. */
enum err_code store_create_field(struct store *store, void *ogr_layer,
                                 const struct schema_layer *layer, const struct schema_field *field,
                                 struct err *err);

/* Notes the meaning of a field in the store: once its table exists. */
enum err_code store_describe_field(struct store *store, const char *table,
                                   const struct schema_field *field, struct err *err);

/* Gives the store its identity. */
enum err_code store_set_identity(struct store *store, struct err *err);

/* --- store_layers.c --- */

enum err_code store_refuse_population(enum layer_id layer, struct err *err);

/* What the columns of the table would refuse, in words that name the record. */
enum err_code store_check_record(const struct schema_layer *layer, const void *record,
                                 struct err *err);

/* store_read without beginning and ending. */
enum err_code store_read_records(struct store *store, enum layer_id layer, struct arena *arena,
                                 void **records, size_t *n, struct err *err);

/* --- store_grid.c --- */

enum err_code store_read_grid_blocks(struct store *store, struct arena *arena, struct grid *out,
                                     struct err *err);

/* --- store_export_raster.c --- */

/* The grid as a GeoTIFF at file. */
enum err_code store_export_grid(struct store *store, const char *file, struct err *err);

/* --- store_aside.c: files made aside and moved into place whole --- */

struct store_aside {
    const char *path;         /* where it shall be */
    char directory[PATH_MAX]; /* of our own, beside it */
    char file[PATH_MAX];      /* what to write: same base name, in that directory */
};

/* Whether SQLite's journal beside path has anything to undo. One that was left by a store that was
 * kept open begins with a zero, as one that is empty. */
bool store_journal_is_hot(const char *path);

/* ERR_CONFLICT if SQLite's journal of an earlier file lies beside path: it would be played
 * into a new one. */
enum err_code store_aside_check_journal(const char *path, struct err *err);

enum err_code store_aside_begin(const char *path, struct store_aside *out, struct err *err);

/* Moves every file of the directory beside `path`. Without replace a path that exists by then
 * is left alone (ERR_CONFLICT). Ends the aside in either case. */
enum err_code store_aside_commit(struct store_aside *aside, bool replace, struct err *err);

/* Removes what was written. Does nothing after store_aside_commit. */
void store_aside_abort(struct store_aside *aside);

#endif
