/*
 * archive_parts.h - what the files of an archive share: behind archive.h.
 *
 *   archive.c            open, put, finish
 *   archive_spool.c      what is kept until then: PATH.part
 *   archive_contents.c   which contents are known: equal ones are found
 *   archive_pmtiles.c, archive_mbtiles.c, archive_folder.c   one each writes the output
 *   archive_directory.h  the numbers and tables of PMTiles
 */
#ifndef SISETU_TILER_ARCHIVE_PARTS_H
#define SISETU_TILER_ARCHIVE_PARTS_H

#include "data/base/arena.h"
#include "data/base/buf.h"
#include "data/base/json.h"
#include "tiler/archive/archive.h"
#include "tiler/archive/archive_directory.h"

#include <pthread.h>

/* A tile without anything. */
#define CONTENT_NONE UINT32_MAX

struct archive_entry {
    uint64_t id; /* Hilbert number */
    uint32_t content;
};

struct content {
    uint64_t offset; /* in the spool */
    uint32_t n_bytes;
    uint32_t crc; /* CRC-32: finds those that may be equal */
};

/* Contents by number, in the order they came; slots find them by check sum. */
struct contents {
    struct content *items;
    size_t n, capacity;
    uint32_t *slots; /* number + 1; 0: free */
    size_t n_slots;  /* a power of two, or 0 */
};

enum archive_form { ARCHIVE_PMTILES, ARCHIVE_MBTILES, ARCHIVE_FOLDER };

struct archive {
    struct arena arena; /* of the texts */
    enum archive_form form;
    struct archive_options options;
    const char *path;       /* of the output */
    const char *spool_path; /* path.part */
    const char *aside_path; /* path.part.whole: the output while it is written */
    pthread_mutex_t lock;   /* of what follows */
    int spool;              /* descriptor; -1 before it is open */
    uint64_t spool_end;     /* where the next record goes */
    struct contents contents;
    struct archive_entry *entries;
    size_t n_entries, capacity;
    size_t n_resumed; /* of the entries, sorted by id: what archive_has looks at */
    struct buf scratch;
};

/* ---- archive_contents.c ---- */

/* Number of the content with these bytes, or CONTENT_NONE; equal is what is equal byte by byte in
 * the spool. */
enum err_code contents_find(struct archive *archive, const void *bytes, size_t n, uint32_t crc,
                            uint32_t *out, struct err *err);
/* Sees to room for one more; adds it. */
enum err_code contents_room(struct contents *contents, struct err *err);
void contents_add(struct contents *contents, struct content content);
void contents_release(struct contents *contents);

/* ---- archive_spool.c ---- */

/* Opens the spool, locks it, and takes over the records that are whole; what follows them is cut
 * off. `head` is the text that an unfinished spool must begin with to be ours. */
enum err_code spool_open(struct archive *archive, const char *head, struct err *err);

/* The same from a descriptor that is open and locked. */
enum err_code spool_take_over(struct archive *archive, const char *head, struct err *err);

/* Appends a record, a new content with its bytes, a known one, or nothing; and keeps it in entries
 * and contents, where archive_room saw to room. */
struct spool_record {
    uint64_t id;
    uint32_t content;  /* its number; CONTENT_NONE: nothing */
    uint32_t n_bytes;  /* of the content; 0: nothing */
    uint32_t crc;      /* of the content */
    const void *bytes; /* NULL: the content is known */
};
enum err_code spool_add(struct archive *archive, const struct spool_record *record,
                        struct err *err);

/* Adds the content's bytes to `out`. */
enum err_code spool_read(const struct archive *archive, const struct content *content,
                         struct buf *out, struct err *err);

/* ---- archive.c ---- */

/* Room for one more entry and one more content. */
enum err_code archive_room(struct archive *archive, struct err *err);

/* ---- the writers: aside_path from entries that are sorted, each with a content ---- */

/* Bounds, zooms as far as there are tiles, and a view to begin with. */
struct archive_view {
    uint32_t min_zoom, max_zoom, centre_zoom;
    double centre_lon_deg, centre_lat_deg;
};
struct archive_view archive_view_of(const struct archive *archive);

/* Name, description, attribution, format as members of an object that is open. */
void archive_write_about(const struct archive *archive, struct jw *jw);
const char *archive_vector_layers(const struct archive *archive);
const char *archive_extension(const struct archive *archive); /* "png" or "mvt" */

enum err_code pmtiles_write(struct archive *archive, struct archive_stats *stats, struct err *err);
enum err_code mbtiles_write(struct archive *archive, struct archive_stats *stats, struct err *err);
enum err_code folder_write(struct archive *archive, struct archive_stats *stats, struct err *err);

/* Removes a directory of tiles that was never finished. */
enum err_code folder_remove(const char *path, struct err *err);

#endif
