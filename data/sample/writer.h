/*
 * writer.h - writes one layer as GeoJSON or CSV, feature by feature.
 *
 * Coordinates have 7 decimals (1 cm), so that they are the same bytes everywhere. A
 * failed write is remembered and told by writer_close.
 *
 *     writer_begin(w, "E", 12);            one feature, id E-00012
 *     jw_kv_string(&w->json, "kind", "trading");
 *     writer_point(w, p);                  ends it
 */
#ifndef SISETU_DATA_SAMPLE_WRITER_H
#define SISETU_DATA_SAMPLE_WRITER_H

#include "data/base/buf.h"
#include "data/base/err.h"
#include "data/base/json.h"
#include "data/geom.h"

#include <stdio.h>

enum { WRITER_ID_BYTES = 32, WRITER_PATH_BYTES = 4096 };

struct writer {
    FILE *file;
    char path[WRITER_PATH_BYTES];
    struct buf buf;
    struct jw json;
    size_t n;    /* features begun */
    int problem; /* errno of the first failed write, or 0 */
};

/* Opens directory/name; a name ending in .geojson gets the head of a collection. */
enum err_code writer_open(struct writer *writer, const char *directory, const char *name,
                          struct err *err);
enum err_code writer_close(struct writer *writer, struct err *err);

/* "E-00012": what ids look like in the sample. */
void writer_id(char out[WRITER_ID_BYTES], const char *letter, uint64_t number);

/* Begins a feature and its properties, with its id. */
void writer_begin(struct writer *writer, const char *letter, uint64_t number);

/* "示例化工 012" as property name. */
void writer_name(struct writer *writer, const char *kind, uint64_t number);

/* A property that is another record's id. */
void writer_reference(struct writer *writer, const char *key, const char *letter, uint64_t number);

/* Each writes the geometry and ends the feature. A ring is given open. */
void writer_point(struct writer *writer, struct lonlat p);
void writer_line(struct writer *writer, const struct lonlat *points, size_t n);
void writer_polygon(struct writer *writer, const struct lonlat *ring, size_t n);

/* One line of a CSV. */
void writer_text(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
