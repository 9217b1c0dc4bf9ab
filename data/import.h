/*
 * import.h - reads a file of anybody's into a layer of the store, and checks every record.
 *
 * Anything that OGR reads, and any GDAL raster for `population`. Each record is checked:
 * its shape (repaired where it can be, and said so), inside the world, required fields,
 * ranges, codes, dates, UTF-8, ids that are unique. What is refused is counted by reason and
 * listed; what is accepted is written in one transaction: on any failure the store is as it
 * was. If every record is refused nothing is written and the import fails.
 *
 * Space:   --crs names the CRS of the file's coordinates, always, since GeoJSON and KML
 *          claim WGS 84 whatever is inside: "EPSG:n" (or "ESRI:n"), "gcj02" or "bd09".
 *          Stored as longitude and latitude in degrees, EPSG:4490. WGS 84 and CGCS2000 pass
 *          as equal. A transformation that PROJ can do only as a "ballpark" is refused.
 *          Edges from another CRS are densified until they stay within 1 mm of the originals.
 *          A population raster stays in its own CRS and is not resampled.
 * Life:    one call. Summary texts belong to the arena.
 * Threads: any; one import at a time into one store (the second waits, then ERR_BUSY).
 * Errors:  ERR_USAGE unknown layer, field or CRS name, contradicting options; ERR_INPUT the
 *          file, or all of its records, or (strict) one of them, is bad, or it looks shifted
 *          or swapped; ERR_CONFLICT the layer is not empty and no mode was given;
 *          ERR_NOT_FOUND no such file; and those of store.h. The summary is filled as far
 *          as the import came, also on failure, so that the first rejects can be shown.
 * Cost:    a few microseconds a vertex; memory about 50 bytes a vertex while it runs.
 */
#ifndef SISETU_DATA_IMPORT_H
#define SISETU_DATA_IMPORT_H

#include "data/base/arena.h"
#include "data/base/err.h"

#include "data/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum import_mode {
    IMPORT_INTO_EMPTY, /* neither --replace nor --append: the layer must be empty */
    IMPORT_REPLACE,    /* what the layer holds is deleted in the same transaction */
    IMPORT_APPEND,     /* ids that the layer holds already are refused, row by row */
};

/* --field ours=theirs, --constant ours=value. */
struct import_pair {
    const char *ours; /* a field of schema.csv; x, y or wkt name the columns of a geometry */
    const char *value;
};

struct import_options {
    const char *layer; /* "admin", "enterprises" ... "population" */
    const char *path;
    const char *source_layer; /* --from: which layer of a file that has several; NULL: the one */
    const char *crs;          /* NULL: refused, with what the file itself claims */
    const struct import_pair *fields; /* n_fields: ours = their column */
    size_t n_fields;
    const struct import_pair *constants; /* n_constants: ours = one value for all */
    size_t n_constants;
    const char *join;         /* field to match existing records on; NULL: new records */
    double accuracy_m;        /* for every record; NAN: the column, or absent */
    const char *where;        /* OGR attribute filter on their columns; NULL: all */
    enum import_mode mode;    /* not looked at with join */
    const char *encoding;     /* of text without one of its own: "GBK", "GB18030"; NULL: as the
                                 file says, else UTF-8 */
    const char *rejects_path; /* CSV of what was refused; NULL: none; replaced if it exists */
    bool accept_shift;        /* take crs at its word although the evidence is against it */
    bool strict;              /* the first refused record refuses the file */
    void (*progress)(void *context, double share); /* 0..1, about every percent; may be NULL */
    void *progress_context;
};

/* One thing refused or repaired. */
struct import_reject {
    size_t row;         /* from 1, in the file's order; of a raster: the row of the cell */
    const char *field;  /* ours, or "geom"; of a raster "column n" */
    const char *value;  /* as it was in the file, shortened; "" if absent */
    const char *reason; /* one sentence with what would be right */
};

struct import_count {
    const char *reason; /* short and stable: "duplicate id", "outside the world" ... */
    size_t count;
};

enum { IMPORT_FIRST = 10 };

struct import_summary {
    const char *layer;
    const char *source; /* base name of the file */
    const char *crs;    /* as understood: "EPSG:4545 (CGCS2000 / 3-degree ... CM 108E)" */
    size_t read;        /* records (raster: cells) that the file gave */
    size_t accepted;    /* written; with join: existing records that a row matched */
    size_t repaired;    /* whose shape had to be repaired */
    size_t refused;
    size_t changed;               /* with join: records whose fields are different now */
    size_t unmatched;             /* with join: existing records that no row matched */
    size_t no_data;               /* raster: cells without data */
    double persons;               /* raster: sum of all cells; else NAN */
    struct import_count *reasons; /* of refused, most frequent first */
    size_t n_reasons;
    struct import_reject first_refused[IMPORT_FIRST];
    size_t n_first_refused;
    struct import_reject first_repaired[IMPORT_FIRST]; /* reason: what was wrong and where */
    size_t n_first_repaired;
    const char **warnings;
    size_t n_warnings;
    uint64_t generation; /* of the store afterwards; 0 if nothing was written */
};

/* The layer of the store at store_path takes in the file. */
enum err_code import_run(const char *store_path, const struct import_options *options,
                         struct arena *arena, struct import_summary *summary, struct err *err);

/* ---- for edits: the same reading and checking, without the store ---- */

/* Where records are put, and what they may be held against. All belongs to the caller. */
struct import_edit {
    const struct schema *schema;
    const struct admin_unit *admin; /* loaded boundaries: an array, or NULL */
    size_t n_admin;
    const char *text; /* the file itself: a GeoJSON Feature; options->path is its name then */
    size_t n_text;
    const char *id; /* of the one record, where its address names it; else NULL */
};

/* *records in the arena: an array of the layer's struct, in the order of the file, every one with
 * an id. One bad record refuses all, and so does a field that the layer has not (ERR_INPUT).
 * join, where, mode, rejects_path, strict, progress are not looked at. */
enum err_code import_read(const struct import_options *options, const struct import_edit *edit,
                          struct arena *arena, struct import_summary *summary, void **records,
                          struct err *err);

#endif
