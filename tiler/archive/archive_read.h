/*
 * archive_read.h - tiles out of a PMTiles or MBTiles archive, whoever wrote it.
 *
 * Life:    archive_reader_open, any number of archive_read, archive_reader_close.
 * Threads: one.
 * Cost:    a PMTiles tile one or two directories (inflated each time) and its bytes.
 * Errors:  trusts nothing: ERR_INPUT for a file that is broken or neither of both, ERR_VERSION for
 *          another version of PMTiles.
 */
#ifndef SISETU_TILER_ARCHIVE_READ_H
#define SISETU_TILER_ARCHIVE_READ_H

#include "tiler/archive/archive_directory.h"

struct archive_reader;

enum err_code archive_reader_open(const char *path, struct archive_reader **out, struct err *err);
void archive_reader_close(struct archive_reader *reader); /* NULL is fine */

/* NULL for MBTiles. */
const struct pmtiles_header *archive_reader_header(const struct archive_reader *reader);

/* Appends the tile's bytes as they are stored; *found false: the archive has none there. */
enum err_code archive_read(struct archive_reader *reader, struct archive_tile tile, struct buf *out,
                           bool *found, struct err *err);

/* Appends the metadata of a PMTiles archive, JSON; nothing for MBTiles. */
enum err_code archive_read_metadata(struct archive_reader *reader, struct buf *out,
                                    struct err *err);

#endif
