/*
 * import_shapes.h - the shapes of a file as questions: read as an import reads them, kept nowhere.
 *
 * Anything that OGR reads, or a text of GeoJSON. The CRS is named by the caller, always, as
 * for an import (import.h: the same names, the same refusals of a "ballpark", of degrees that
 * count as metres, of swapped coordinates, of a file that says otherwise of itself), and edges
 * of another CRS are densified to stay within 1 mm. Polygons that cross themselves are made
 * valid as an import does, and `repaired` says so.
 *
 * Space:   longitude and latitude in degrees, EPSG:4490. An edge of more than half a turn that
 *          is no whole one is refused: it would cross the antimeridian the other way (RFC 7946,
 *          3.1.9: cut the shape there).
 * Owner:   everything belongs to the arena.
 * Errors:  the first feature that cannot be taken refuses the file, by name; ERR_USAGE no or
 *          an unknown CRS; ERR_NOT_FOUND no such file; ERR_INPUT anything else in it.
 * Cost:    about 1 us a vertex, mostly GEOS looking for self-crossings.
 */
#ifndef SISETU_DATA_IMPORT_SHAPES_H
#define SISETU_DATA_IMPORT_SHAPES_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"

#include <stdbool.h>
#include <stddef.h>

struct shapes_question {
    const char *path;
    const char *text; /* GeoJSON of n_text bytes, read instead of path; NULL: the file */
    size_t n_text;
    const char *source_layer; /* of a file that has several; NULL: the one */
    const char *crs;          /* NULL is ERR_USAGE, with what the file itself claims */
    const char *id_column;    /* NULL: "id" if there is one, else the feature's number from 1 */
    bool accept_shift;        /* take crs at its word although the file says otherwise */
    bool polygons_only;       /* points and lines refuse the file */
    const char *asker;        /* what takes them, for messages: "exposure without --within" */
    struct box expected;      /* where they may lie without suspicion; empty: China */
};

struct shape {
    const char *id;
    size_t row; /* from 1, in the file's order */
    struct geom geom;
    const char *repaired; /* what was wrong and where, or NULL */
};

enum err_code shapes_read(const struct shapes_question *question, struct arena *arena,
                          struct shape **out, size_t *n, struct err *err);

#endif
