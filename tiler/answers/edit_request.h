/*
 * edit_request.h - what is to be put, read from a file or from the body of a request and checked
 * as an import does it. One for the command line and for HTTP.
 *
 * Owner:   records belong to the arena.
 * Threads: safe.
 * Errors:  those of import_read (data/import.h).
 */
#ifndef SISETU_TILER_EDIT_REQUEST_H
#define SISETU_TILER_EDIT_REQUEST_H

#include "data/import.h"
#include "geo/assess/editor.h"

struct edit_source {
    const struct import_options *options; /* layer, path, crs ... */
    const char *text; /* GeoJSON of n_text bytes, read in place of the path; NULL: the file */
    size_t n_text;
    const char *id; /* of the one record that it holds; NULL: any number with ids of their own */
};

/* Fills records and n_records of the request. The world tells schema and boundaries. */
enum err_code edit_request_read(const struct edit_source *source, const struct world *world,
                                struct arena *arena, struct edit_request *out,
                                struct import_summary *summary, struct err *err);

/* The layer by its name; ERR_USAGE with the name that is near. */
enum err_code edit_request_layer(const char *name, enum layer_id *out, struct err *err);

#endif
