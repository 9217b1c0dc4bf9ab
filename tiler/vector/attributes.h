/*
 * attributes.h - what vector tiles say of features: the properties of a source, encoded once.
 *
 * The attributes of a source are its id, its name, what is made for maps (grade, worse ...) and the
 * fields of its layer in data/schema.csv; of boundaries only the level (styles/README.md). They do
 * not depend on the style. What is absent in a record is absent in the tile.
 *
 * Life:    attributes_build once; never changes; lives in the arena given.
 * Owner:   the source must outlive it.
 * Threads: building one thread; reading safe without locks.
 * Cost:    1 us a feature; 8 bytes an attribute that is there, and every value once.
 */
#ifndef SISETU_TILER_ATTRIBUTES_H
#define SISETU_TILER_ATTRIBUTES_H

#include "tiler/draw/mvt.h"
#include "tiler/features/source.h"

struct attribute {
    uint32_t field, value; /* of the tables below */
};

struct attributes {
    size_t n_fields;
    const char *const *fields;
    const struct mvt_value *values;
    const struct attribute *items; /* of all features, */
    const uint32_t *ends;          /* where those of each end */
    const uint64_t *ids; /* of each feature: 53 bits of a hash of its id; MVT_NO_ID: it has none */
};

enum { ATTRIBUTE_FIELDS = 64 };

/* The names of a source's attributes, at most ATTRIBUTE_FIELDS, in the order of the tiles. */
size_t attribute_fields(enum style_source id, const char *fields[ATTRIBUTE_FIELDS]);

/* What an attribute that is made for maps means; NULL: it is a field of the layer. */
const char *attribute_meaning(const char *field);

/* The layer of the store whose fields a source has. */
enum layer_id attribute_layer(enum style_source id);

enum err_code attributes_build(const struct source *source, struct arena *arena,
                               struct attributes *out, struct err *err);

#endif
