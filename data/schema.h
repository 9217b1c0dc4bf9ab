/*
 * schema.h - schema.csv as data: what fields a layer has, which values they take.
 *
 * Life:    schema_load once; never changes. Belongs to the arena.
 * Source:  data/schema.csv, documented there.
 */
#ifndef SISETU_DATA_SCHEMA_H
#define SISETU_DATA_SCHEMA_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/records.h"

#include <stdbool.h>

/* Grows by one whenever schema.csv changes what a store holds; `sisetu upgrade` brings an
 * older store here, a newer one is refused. */
enum { SCHEMA_VERSION = 3 };

struct schema_field {
    const char *name;
    enum field_type type;
    const char *unit; /* "" if none */
    bool required;
    const char **codes; /* n_codes allowed texts; NULL: any */
    size_t n_codes;
    double min; /* numbers: -INFINITY and INFINITY where open */
    double max;
    const char *meaning;
};

struct schema_layer {
    enum layer_id id;
    const char *name;
    struct schema_field *fields; /* common ones first; geometry and blob not among them */
    size_t n_fields;
    bool has_geometry;
    bool geometry_required;
    bool may_be_point;
    bool may_be_line;
    bool may_be_polygon;
    bool derived; /* conflicts, segments, grades, runs: written by assess, not imported */
};

struct schema {
    struct schema_layer layers[LAYER_COUNT];
};

/* Reads schema.csv beside the program and checks it against records.h. */
enum err_code schema_load(struct arena *arena, struct schema *out, struct err *err);

/* The same from a text; `name` is for messages. Errors: ERR_INPUT with name:line; ERR_VERSION
 * if the text and records.h differ. */
enum err_code schema_load_text(const char *name, const char *text, size_t n, struct arena *arena,
                               struct schema *out, struct err *err);

/* NULL if the layer has no such field. */
const struct schema_field *schema_field(const struct schema_layer *layer, const char *name);

#endif
