/*
 * archive_directory.h - the numbers and tables of PMTiles 3: Hilbert numbers of tiles, the header,
 * a directory as bytes.
 *
 * Threads: pure.
 * Errors:  reading trusts nothing: ERR_INPUT for whatever a writer could not have written.
 * Source:  PMTiles version 3 specification; its Hilbert curve is that of every reader: zoom by
 *          zoom, x and y from the north-west.
 */
#ifndef SISETU_TILER_ARCHIVE_DIRECTORY_H
#define SISETU_TILER_ARCHIVE_DIRECTORY_H

#include "data/base/buf.h"
#include "data/base/err.h"
#include "tiler/archive/archive.h"

/* The largest zoom whose numbers fit 64 bits. */
enum { HILBERT_ZOOM_MAX = 31 };

/* Numbers of all zooms below z: 0, 1, 5, 21 ... */
uint64_t hilbert_first(uint32_t z);
uint64_t hilbert_of(struct archive_tile tile); /* z at most HILBERT_ZOOM_MAX, x and y in its grid */
struct archive_tile hilbert_tile(uint64_t id); /* of z up to HILBERT_ZOOM_MAX */

enum { PMTILES_HEADER_BYTES = 127, PMTILES_ROOT_END = 16384 };
enum { PMTILES_NONE = 1, PMTILES_GZIP = 2 };         /* compression */
enum { PMTILES_TYPE_MVT = 1, PMTILES_TYPE_PNG = 2 }; /* of tiles */

struct pmtiles_header {
    uint64_t root_offset, root_bytes;
    uint64_t metadata_offset, metadata_bytes;
    uint64_t leaves_offset, leaves_bytes;
    uint64_t data_offset, data_bytes;
    uint64_t n_tiles, n_entries, n_contents;
    bool clustered;
    uint8_t inner_compression, tile_compression, tile_type;
    uint8_t min_zoom, max_zoom, centre_zoom;
    int32_t west_e7, south_e7, east_e7, north_e7; /* degrees * 10^7 */
    int32_t centre_lon_e7, centre_lat_e7;
};

void pmtiles_header_write(const struct pmtiles_header *header, uint8_t out[PMTILES_HEADER_BYTES]);

/* n_file bytes is the whole file: parts that lie beyond its end are refused. */
enum err_code pmtiles_header_read(const uint8_t *bytes, size_t n, uint64_t n_file,
                                  struct pmtiles_header *out, struct err *err);

struct directory_entry {
    uint64_t id, offset;
    uint32_t n_bytes;
    uint32_t run; /* tiles; 0: a leaf directory */
};

/* Appends n entries (at least 1), rising by id, not yet compressed. */
void directory_write(const struct directory_entry *entries, size_t n, struct buf *out);

/* The entries of a directory that is inflated, malloc: the caller frees. */
enum err_code directory_read(const void *bytes, size_t n, struct directory_entry **out,
                             size_t *n_out, struct err *err);

/* The entry that holds the tile, or the leaf to look in; NULL if neither. */
const struct directory_entry *directory_find(const struct directory_entry *entries, size_t n,
                                             uint64_t id);

#endif
