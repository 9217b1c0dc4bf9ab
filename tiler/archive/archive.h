/*
 * archive.h - many tiles in one file or directory, to copy, to serve from anywhere, to open in a
 * GIS.
 *
 *   FILE.pmtiles   PMTiles 3: clustered along the Hilbert curve, runs of equal tiles one entry
 *   FILE.mbtiles   MBTiles 1.3 (SQLite): a view `tiles` over `map` and `images`
 *   DIR            DIR/{z}/{x}/{y}.png or .mvt, and metadata.json; equal tiles are hard links
 *
 * In each a content is stored once however many tiles have it, and a tile that has nothing is not
 * there. The same tiles give the same bytes, whatever the order and the threads they came by.
 *
 *     TRY(archive_open(path, &options, &archive, err));
 *     if (!archive_has(archive, tile)) TRY(archive_put(archive, tile, bytes, n, err));
 *     TRY(archive_finish(archive, &stats, err));
 *
 * Tiles go into a spool beside the output, PATH.part: appended, each with a check sum. Whoever
 * opens the same output again with the same options, after a kill or a full disk, goes on with what
 * is whole of it. PATH itself appears when it is finished, by a rename: nobody ever sees half of
 * it.
 *
 * Life:    archive_open, archive_put ..., archive_finish, archive_close. Closed without being
 *          finished, the spool stays.
 * Threads: archive_has and archive_put from any thread; the others one thread.
 * Cost:    memory: 16 bytes a tile, 22 to 27 a content, 8 more a content while finishing: 450 MB
 *          for ten million tiles that all differ, 530 if they come out of order. A microsecond a
 *          tile, two for MBTiles, and its bytes written twice and read once.
 * Errors:  ERR_CONFLICT: something else is there. ERR_BUSY: another process writes the same
 *          output. ERR_NO_SPACE, ERR_IO: what was put before is kept. ERR_LIMIT: more than
 *          LIMIT_ARCHIVE_TILES tiles, or a tile of more than LIMIT_TILE_BYTES.
 * Source:  PMTiles version 3 specification (protomaps/PMTiles, spec/v3); MBTiles 1.3
 *          (mapbox/mbtiles-spec).
 */
#ifndef SISETU_TILER_ARCHIVE_H
#define SISETU_TILER_ARCHIVE_H

#include "data/base/err.h"
#include "tiler/grid/tile_grid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct archive;

enum tile_format { TILE_FORMAT_PNG, TILE_FORMAT_MVT };

/* XYZ of the plane: y from the north. */
struct archive_tile {
    uint32_t z, x, y;
};

struct archive_options {
    enum tile_format format;
    const struct tile_grid *grid; /* whose levels name the tiles of a directory; NULL:
                                   * WebMercatorQuad. One file holds Web Mercator alone */
    uint32_t min_zoom, max_zoom;  /* every tile lies in these */
    double west_deg, south_deg, east_deg, north_deg;
    const char *name;
    const char *description;   /* NULL: none */
    const char *attribution;   /* NULL: none */
    const char *vector_layers; /* of mvt: a JSON array as in TileJSON 3.0; NULL: [] */
    const char *identity;      /* lines "word=value": all that decides what the tiles look like; an
                                * unfinished output with another identity is refused. NULL: none */
    bool replace;              /* a finished file that is there is replaced by the new one */
};

/* What is finished. */
struct archive_stats {
    uint64_t n_tiles;    /* that have something */
    uint64_t n_contents; /* that differ */
    uint64_t n_bytes;    /* of the file, or of the files */
};

/* The ending of path says what it is to be: .pmtiles, .mbtiles, else a directory; a name with any
 * other ending ("tiles.zip") is ERR_USAGE, and so is a file for tiles in another plane; one with a
 * slash at its end is a directory. A directory that is there must be empty: none is ever replaced.
 */
enum err_code archive_open(const char *path, const struct archive_options *options,
                           struct archive **out, struct err *err);

/* Whether the tile had been put when the archive was opened; how many had. */
bool archive_has(struct archive *archive, struct archive_tile tile);
uint64_t archive_count(const struct archive *archive);

/* Keeps a tile, each once: n bytes of PNG, or of MVT that is gzipped already. n 0: it has nothing,
 * and that is known from now on. */
enum err_code archive_put(struct archive *archive, struct archive_tile tile, const void *bytes,
                          size_t n, struct err *err);

/* Makes the output whole under its name and removes the spool. ERR_NOT_FOUND: no tile has
 * anything, so that there is nothing to write. After an error the spool is as before: it may be
 * tried again. */
enum err_code archive_finish(struct archive *archive, struct archive_stats *stats, struct err *err);

void archive_close(struct archive *archive); /* NULL is fine */

#endif
