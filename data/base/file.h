/*
 * file.h - whole files in and out, and where our own assets lie.
 *
 * Threads: safe; nothing is kept between calls.
 * Errors:  the path and the system's reason, under the codes of err_errno; a file over its
 *          limit is ERR_LIMIT.
 */
#ifndef SISETU_DATA_BASE_FILE_H
#define SISETU_DATA_BASE_FILE_H

#include "data/base/buf.h"
#include "data/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads a file of at most limit_bytes into buf (cleared first). */
enum err_code file_read(const char *path, size_t limit_bytes, struct buf *out, struct err *err);

/* Writes aside, syncs, and renames over path: a reader sees the old file or the new
 * one whole, also after a power cut. On failure the old file is untouched. What exists and is
 * no ordinary file (/dev/stdout, a pipe) is written to as it is. */
enum err_code file_write_atomic(const char *path, const void *bytes, size_t n, struct err *err);

/* Makes a finished rename to path durable, or what was removed beside it, of a link beside the file
 * that it leads to; a file system that cannot sync a directory is fine. */
void file_sync_directory_of(const char *path);

bool file_exists(const char *path);
bool file_is_directory(const char *path);

/* Whether both name one file that exists, by whatever path. */
bool file_is_same(const char *a, const char *b);

/* Makes the directory and its parents; one that exists is fine. */
enum err_code file_make_directory(const char *path, struct err *err);

/*
 * The path of an installed asset such as "data/rules", "styles" or "tiler/viewer".
 * SISETU_SHARE wins; else PREFIX/share/sisetu beside the binary when it lies in a bin
 * directory; else the source tree that holds build/<mode>/sisetu. `out` gets a
 * NUL-terminated path of at most n bytes.
 */
enum err_code file_asset(const char *name, char *out, size_t n, struct err *err);

#endif
