/*
 * import_private.h - what the files of the import share. Nobody else includes it.
 *
 *   import.c          orchestration: options, source, records, store
 *   import_plan.c     which column or constant gives which field
 *   import_source.c   the file: opening, its layer, its columns, its text encoding
 *   import_csv.c      the look at a CSV's quotes before OGR reads it
 *   import_value.c    text to a number, a code, a date
 *   import_record.c   a feature to a record, and what must hold for it
 *   import_shape.c    a geometry to a shape: kind, vertices, validity, repair
 *   import_crs.c      coordinates to EPSG:4490, densified
 *   import_shift.c    evidence of GCJ-02, BD-09
 *   import_raster.c   population
 *   import_join.c     fields of existing records
 *   import_report.c   counts, rejects, warnings
 *   import_shapes.c   shapes of a file that nobody keeps (import_shapes.h)
 *   import_read.c     the same reading and checking for edits, without the store
 *
 * A record that is refused is an answer, not an error: a check fills a struct import_fault
 * and returns ERR_OK; what it returns else ends the import.
 */
#ifndef SISETU_DATA_IMPORT_PRIVATE_H
#define SISETU_DATA_IMPORT_PRIVATE_H

#include "data/base/limits.h"
#include "data/base/map.h"
#include "data/gdal_session.h"
#include "data/import.h"
#include "data/schema.h"
#include "data/store.h"

#include <iconv.h>
#include <stdio.h>

#include <gdal.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>

/* One row a reason: constant, and the short text under which it is counted. */
#define IMPORT_REASONS(X)                                                                          \
    X(ACCEPTED, "")                                                                                \
    X(REFUSED_UNREADABLE, "cannot be read")                                                        \
    X(REFUSED_NO_SHAPE, "no geometry")                                                             \
    X(REFUSED_SHAPE_KIND, "wrong kind of geometry")                                                \
    X(REFUSED_SHAPE, "broken geometry")                                                            \
    X(REFUSED_NOT_FINITE, "coordinate is not a number")                                            \
    X(REFUSED_OUTSIDE_WORLD, "outside the world")                                                  \
    X(REFUSED_OUTSIDE_CRS, "outside the area of the CRS")                                          \
    X(REFUSED_SWAPPED, "latitude and longitude swapped")                                           \
    X(REFUSED_VERTICES, "too many vertices")                                                       \
    X(REFUSED_REQUIRED, "required field is absent")                                                \
    X(REFUSED_NUMBER, "not a number")                                                              \
    X(REFUSED_RANGE, "out of range")                                                               \
    X(REFUSED_CODE, "unknown code")                                                                \
    X(REFUSED_DATE, "not a date")                                                                  \
    X(REFUSED_ENCODING, "text cannot be decoded")                                                  \
    X(REFUSED_LENGTH, "text is too long")                                                          \
    X(REFUSED_CONTROL, "control character in the id")                                              \
    X(REFUSED_DUPLICATE, "duplicate id")                                                           \
    X(REFUSED_UNMATCHED, "no record to join")                                                      \
    X(REFUSED_CELL, "impossible number of persons")

enum import_reason {
#define IMPORT_REASON_ENUM(constant, text) constant,
    IMPORT_REASONS(IMPORT_REASON_ENUM)
#undef IMPORT_REASON_ENUM
        IMPORT_REASON_COUNT
};

enum { FAULT_VALUE_BYTES = 80, FAULT_TEXT_BYTES = 400 };

struct import_fault {
    enum import_reason reason; /* ACCEPTED: there is none */
    char field[64];
    char value[FAULT_VALUE_BYTES]; /* shortened, whole characters */
    char text[FAULT_TEXT_BYTES];
};

/* ---- import_report.c ---- */

struct import_report {
    struct arena *arena;
    struct import_summary *summary;
    const char *rejects_path;
    FILE *rejects;
    bool strict;
    bool edit; /* of import_read: strict by itself */
    size_t counts[IMPORT_REASON_COUNT];
    size_t warnings_capacity;
};

struct import;

enum err_code import_report_open(struct import_report *report, const struct import *import,
                                 struct import_summary *summary, struct err *err);

/* Before a commit: rejects that cannot be written fail the import while nothing is changed. */
enum err_code import_report_flush(struct import_report *report, struct err *err);

/* Sums up the reasons, closes the rejects. */
enum err_code import_report_close(struct import_report *report, struct err *err);

void import_fault_set(struct import_fault *fault, enum import_reason reason, const char *field,
                      const char *value, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Counts, lists; ERR_INPUT if strict. */
enum err_code import_refuse(struct import_report *report, size_t row,
                            const struct import_fault *fault, struct err *err);
enum err_code import_repaired(struct import_report *report, size_t row, const char *what,
                              struct err *err);
enum err_code import_warn(struct import_report *report, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ERR_INPUT: every record was refused, and mostly for which reason. */
enum err_code import_all_refused(const struct import_report *report, struct err *err);

/* ---- import_crs.c ---- */

enum import_datum { DATUM_PLAIN, DATUM_TRANSFORMED, DATUM_GCJ02, DATUM_BD09 };

struct import_crs {
    enum import_datum datum;
    const char *name; /* "EPSG:4545", "gcj02" */
    const char *text; /* with its title */
    bool geographic;
    OGRSpatialReferenceH srs;               /* NULL for gcj02, bd09 */
    OGRCoordinateTransformationH to_lonlat; /* DATUM_TRANSFORMED only */
    struct box area;                        /* of use, widened; the world if unknown */
    double edge_m_per_unit;                 /* metres a unit of a projected CRS; degrees: 0 */
};

struct import_xy {
    double x;
    double y;
};

/* Rings of a geometry in the file's own coordinates. */
struct import_rings {
    enum geom_kind kind;
    struct import_xy *points;
    size_t n_points;
    size_t points_capacity;
    uint32_t *ring_ends;
    size_t n_rings;
    size_t rings_capacity;
    uint32_t *part_ends;
    size_t n_parts;
    size_t parts_capacity;
};

enum err_code import_crs_open(const char *name, struct arena *arena, struct import_crs *out,
                              struct err *err);
void import_crs_close(struct import_crs *crs);

/* Whether coordinates on this reference system are those of EPSG:4490 but for a projection:
 * the WGS 84 and CGCS2000 families. */
bool import_crs_is_plain(OGRSpatialReferenceH srs);

/* ERR_INPUT if the file's own reference system puts the point (x, y) elsewhere. */
enum err_code import_crs_contradicts(const struct import_crs *crs, OGRSpatialReferenceH claim,
                                     struct import_xy at, struct err *err);

/* Where a layer may be expected to lie: around the loaded boundaries, or without any in China. */
struct import_reference {
    struct box box;
    bool china;
};

/* Rings to a shape in the arena; edges densified. `reference` is for the look at swapped
 * coordinates: the place lies outside of it, and inside when read the other way. Not yet checked
 * for validity. */
enum err_code import_crs_apply(const struct import_crs *crs, const struct import_rings *rings,
                               const struct import_reference *reference, struct arena *arena,
                               struct geom *out, struct import_fault *fault, struct err *err);

/* ---- import_source.c ---- */

struct import_source {
    GDALDatasetH dataset;
    OGRLayerH layer;
    const char *driver;
    bool is_csv;
    const char *encoding; /* of texts; NULL: UTF-8 */
    iconv_t decoder;      /* (iconv_t)-1 if none is needed */
    const char **columns; /* n_columns names in UTF-8 */
    size_t n_columns;
    size_t n_expected; /* features; 0 if unknown */
    int x_column;      /* -1 if none */
    int y_column;
    int wkt_column;
    int64_t *wanted; /* with --where: the chosen feature ids, sorted */
    size_t n_wanted;
    bool filtered;
};

/* The dataset, with the drivers that its extension promises only; NULL, and err filled. kind
 * is GDAL_OF_VECTOR or GDAL_OF_RASTER. */
GDALDatasetH import_source_dataset(struct import *import, unsigned kind, struct err *err);

enum err_code import_source_open(struct import *import, struct err *err);
void import_source_close(struct import_source *source);

/* Index of a column by name, whatever the case; -1 if there is none. */
int import_source_column(const struct import_source *source, const char *name);

/* ERR_INPUT for the first column that gives no field, with the field whose name is near. */
enum err_code import_plan_refuse_unknown(const struct import *import, struct err *err);

/* "adcode, name, ..." for messages. */
const char *import_source_columns(const struct import_source *source, struct arena *arena);

/* Text of the file in UTF-8, trimmed; NULL if absent. A text that cannot be decoded is a
 * fault. */
enum err_code import_source_decode(const struct import_source *source, const char *raw,
                                   struct arena *arena, const char **out,
                                   struct import_fault *fault, struct err *err);

/* One value as text; dates as YYYY-MM-DD, whole numbers without a point. */
enum err_code import_source_text(const struct import_source *source, OGRFeatureH feature,
                                 int column, struct arena *arena, const char **out,
                                 struct import_fault *fault, struct err *err);

/* Calls `each` for every feature that --where lets through; row counts from 1 over all. */
enum err_code import_source_each(struct import *import, struct err *err,
                                 enum err_code (*each)(struct import *import, OGRFeatureH feature,
                                                       size_t row, struct err *err));

/* The file itself is named wrongly, empty, or not what its extension says. */
enum err_code import_source_check_file(const char *path, struct err *err);

/* ---- import_csv.c ---- */

/* Looks through a CSV of any size for a quote that is opened and never closed, text after a
 * closing quote, or a quote inside an unquoted cell: OGR would swallow rows there. */
struct import_csv_check {
    size_t line;
    size_t opened; /* line of the quote that is open */
    int state;
};
void import_csv_begin(struct import_csv_check *check);
enum err_code import_csv_feed(struct import_csv_check *check, const char *name, const char *bytes,
                              size_t n, struct err *err);
enum err_code import_csv_end(const struct import_csv_check *check, const char *name,
                             struct err *err);
enum err_code import_csv_check_file(const char *path, const char *name, struct err *err);

/* ---- import_value.c ---- */

/* Sets a field of a record from text (NULL or "": absent). The text is copied into arena. */
enum err_code import_value_set(void *record, const struct field_binding *binding,
                               const struct schema_field *schema, const char *text,
                               struct arena *arena, struct import_fault *fault, struct err *err);

/* "2026-05-01", "2026/5/1", "2026.5.1", "20260501", with or without a time after it, and
 * the Chinese form with year, month and day signs. */
bool import_value_date(const char *text, int32_t *yyyymmdd);

/* The nearest of n words, or NULL if none is near. */
const char *import_value_nearest(const char *word, const char *const *words, size_t n);

/* ---- import_plan.c ---- */

struct import_column {
    const struct field_binding *binding;
    const struct schema_field *schema;
    int column; /* of the file */
};

struct import_plan {
    struct import_column *columns;
    size_t n_columns;
    void *constants;                 /* a record: what --constant and --accuracy say, else absent */
    const struct import_column *key; /* of --join */
    bool has_id;
};

/* Before the file is opened: names and constants. */
enum err_code import_plan_options(struct import *import, struct err *err);
/* With the file's columns at hand. */
enum err_code import_plan_columns(struct import *import, struct err *err);

/* ---- the whole ---- */

struct join;

struct import {
    const struct import_options *options;
    const char *store_path;
    struct arena *arena;  /* records and summary */
    struct arena scratch; /* one record; reset after each */
    struct gdal_session gdal;
    struct schema schema;
    const struct schema_layer *layer;
    const struct layer_binding *binding;
    struct import_report report;
    struct import_crs crs;
    struct import_source source;
    struct import_plan plan;
    struct import_reference reference; /* where records are expected */
    const char *imported;              /* now, RFC 3339 */
    unsigned char *records;
    size_t n_records;
    size_t records_capacity;
    struct map ids;                 /* of this file's accepted records: id to row */
    struct join *join;              /* import_join.c */
    const struct admin_unit *admin; /* loaded boundaries */
    size_t n_admin;
    double progress_told;           /* last share given to the callback */
    bool claim_checked;             /* --crs held against what the file says of itself */
    const struct import_edit *edit; /* import_read; NULL: import_run */
};

/* ---- import.c: steps that import_run and import_read share ---- */

/* Time stamp, and where records are expected by the boundaries at hand. */
enum err_code import_begin(struct import *import, struct err *err);
/* After import_plan_options: file, CRS, columns. */
enum err_code import_open_file(struct import *import, struct err *err);
/* Reads and checks every record. ERR_INPUT if none is left. */
enum err_code import_take_records(struct import *import, struct err *err);

/* Reads a feature into a cleared record: fields, then shape, then what must hold. The texts
 * and the shape go into import->arena. */
enum err_code import_record_read(struct import *import, OGRFeatureH feature, size_t row,
                                 void *record, struct import_fault *fault, const char **repaired,
                                 struct err *err);

/* Fields only, of the plan's columns; constants first. */
enum err_code import_record_fields(struct import *import, OGRFeatureH feature, void *record,
                                   struct import_fault *fault, struct err *err);

/* admin: code, level and parent agree, or are derived. */
void import_record_admin(struct admin_unit *unit, struct arena *arena, struct import_fault *fault);

/* *repaired: what was wrong and where, or NULL. */
enum err_code import_shape_read(struct import *import, OGRGeometryH geometry, struct geom *out,
                                struct import_fault *fault, const char **repaired, struct err *err);

/* ERR_INPUT if the layer fits the loaded boundaries better under another datum. */
enum err_code import_shift_check(struct import *import, struct err *err);

enum err_code import_population(struct import *import, struct err *err);
enum err_code import_join(struct import *import, struct err *err);

/* ---- import.c ---- */

/* Where data may lie without suspicion: around the boundaries, else in China. */
struct import_reference import_expected(struct box boundaries);

/* --crs, which is required where there are coordinates; claim is what the file says, or NULL. */
enum err_code import_open_crs(struct import *import, OGRSpatialReferenceH claim, struct err *err);

/* Tells the callback, about every percent. */
void import_progress(struct import *import, double share);

#endif
