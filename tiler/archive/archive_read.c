#include "tiler/archive/archive_read.h"

#include "tiler/draw/deflate.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LEVELS_MAX = 4,                 /* directories below each other: root and leaves are two */
    DIRECTORY_BYTES_MAX = 64 << 20, /* inflated */
};

struct archive_reader {
    int fd; /* PMTiles; else -1 */
    struct pmtiles_header header;
    sqlite3 *db; /* MBTiles; else NULL */
    sqlite3_stmt *find;
};

/* Appends exactly n bytes. */
static enum err_code read_part(int fd, uint64_t offset, uint64_t n, struct buf *out,
                               struct err *err)
{
    size_t done = 0;
    if (n > DIRECTORY_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a part of more than %d bytes", DIRECTORY_BYTES_MAX);
    char *room = buf_reserve(out, n);
    if (!room)
        return err_nomem(err);
    while (done < n) {
        ssize_t got = pread(fd, room + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, errno, "read");
        if (got == 0)
            return err_set(err, ERR_INPUT, "the archive is cut off");
        done += (size_t)got;
    }
    out->n_bytes += n;
    return ERR_OK;
}

static enum err_code open_mbtiles(const char *path, struct archive_reader *reader, struct err *err)
{
    if (sqlite3_open_v2(path, &reader->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v2(reader->db,
                           "SELECT tile_data FROM tiles"
                           " WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
                           -1, &reader->find, NULL) != SQLITE_OK)
        return err_set(err, ERR_INPUT, "no MBTiles: %s",
                       reader->db ? sqlite3_errmsg(reader->db) : "out of memory");
    return ERR_OK;
}

enum err_code archive_reader_open(const char *path, struct archive_reader **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct stat status;
    struct buf head;
    buf_init(&head);
    struct archive_reader *reader = calloc(1, sizeof *reader);
    *out = NULL;
    if (!reader)
        return err_nomem(err);
    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0 || fstat(reader->fd, &status) != 0) {
        code = err_errno(err, errno, "%s", path);
        goto done;
    }
    uint64_t n_file = (uint64_t)status.st_size;
    if (n_file < PMTILES_HEADER_BYTES) {
        code = err_set(err, ERR_INPUT, "%s: neither PMTiles nor MBTiles", path);
        goto done;
    }
    TRY(read_part(reader->fd, 0, PMTILES_HEADER_BYTES, &head, err));
    if (memcmp(head.bytes, "SQLite format 3", 16) == 0) {
        close(reader->fd);
        reader->fd = -1;
        code = open_mbtiles(path, reader, err);
    } else {
        code = pmtiles_header_read((const uint8_t *)head.bytes, head.n_bytes, n_file,
                                   &reader->header, err);
    }
    if (code != ERR_OK)
        err_wrap(err, "%s", path);
done:
    buf_release(&head);
    if (code == ERR_OK)
        *out = reader;
    else
        archive_reader_close(reader);
    return code;
}

void archive_reader_close(struct archive_reader *reader)
{
    if (!reader)
        return;
    if (reader->fd >= 0)
        close(reader->fd);
    sqlite3_finalize(reader->find);
    sqlite3_close(reader->db);
    free(reader);
}

const struct pmtiles_header *archive_reader_header(const struct archive_reader *reader)
{
    return reader->fd >= 0 ? &reader->header : NULL;
}

/* Appends a part that may be compressed, as it was before. */
static enum err_code read_inner(const struct archive_reader *reader, uint64_t offset, uint64_t n,
                                struct buf *out, struct err *err)
{
    if (reader->header.inner_compression == PMTILES_NONE)
        return read_part(reader->fd, offset, n, out, err);
    enum err_code code = ERR_OK;
    struct buf packed;
    buf_init(&packed);
    TRY(read_part(reader->fd, offset, n, &packed, err));
    TRY(inflate_gzip(packed.bytes, packed.n_bytes, DIRECTORY_BYTES_MAX, out, err));
done:
    buf_release(&packed);
    return code;
}

/* The entry of the directory there that leads to the tile; *found false: none does. */
static enum err_code look_up(const struct archive_reader *reader, uint64_t offset, uint64_t n,
                             uint64_t id, struct directory_entry *out, bool *found, struct err *err)
{
    enum err_code code = ERR_OK;
    struct directory_entry *entries = NULL;
    size_t n_entries = 0;
    struct buf plain;
    buf_init(&plain);
    TRY(read_inner(reader, offset, n, &plain, err));
    TRY(directory_read(plain.bytes, plain.n_bytes, &entries, &n_entries, err));
    const struct directory_entry *entry = directory_find(entries, n_entries, id);
    *found = entry != NULL;
    if (entry)
        *out = *entry;
done:
    free(entries);
    buf_release(&plain);
    return code;
}

/* Whether a part lies in a section of the file. */
static bool lies_in(const struct directory_entry *entry, uint64_t section_bytes)
{
    return entry->offset <= section_bytes && entry->n_bytes <= section_bytes - entry->offset;
}

static enum err_code read_pmtiles(struct archive_reader *reader, uint64_t id, struct buf *out,
                                  bool *found, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pmtiles_header *header = &reader->header;
    uint64_t offset = header->root_offset, n = header->root_bytes;
    for (int level = 0; level < LEVELS_MAX; level++) {
        struct directory_entry entry = {0};
        TRY(look_up(reader, offset, n, id, &entry, found, err));
        if (!*found)
            return ERR_OK;
        if (!lies_in(&entry, entry.run ? header->data_bytes : header->leaves_bytes))
            return err_set(err, ERR_INPUT, "an entry points beyond the end of the archive");
        if (entry.run)
            return read_part(reader->fd, header->data_offset + entry.offset, entry.n_bytes, out,
                             err);
        offset = header->leaves_offset + entry.offset;
        n = entry.n_bytes;
    }
    code = err_set(err, ERR_INPUT, "directories more than %d deep", LEVELS_MAX);
done:
    return code;
}

enum err_code archive_read(struct archive_reader *reader, struct archive_tile tile, struct buf *out,
                           bool *found, struct err *err)
{
    *found = false;
    if (tile.z > HILBERT_ZOOM_MAX || (uint64_t)tile.x >> tile.z || (uint64_t)tile.y >> tile.z)
        return ERR_OK;
    if (reader->fd >= 0)
        return read_pmtiles(reader, hilbert_of(tile), out, found, err);
    enum err_code code = ERR_OK;
    sqlite3_bind_int64(reader->find, 1, tile.z);
    sqlite3_bind_int64(reader->find, 2, tile.x);
    sqlite3_bind_int64(reader->find, 3, ((sqlite3_int64)1 << tile.z) - 1 - tile.y);
    int result = sqlite3_step(reader->find);
    *found = result == SQLITE_ROW;
    if (*found)
        buf_add(out, sqlite3_column_blob(reader->find, 0),
                (size_t)sqlite3_column_bytes(reader->find, 0));
    else if (result != SQLITE_DONE)
        code = err_set(err, ERR_INPUT, "%s", sqlite3_errmsg(reader->db));
    sqlite3_reset(reader->find);
    if (code == ERR_OK && !buf_ok(out))
        code = err_nomem(err);
    return code;
}

enum err_code archive_read_metadata(struct archive_reader *reader, struct buf *out, struct err *err)
{
    if (reader->fd < 0)
        return ERR_OK;
    return read_inner(reader, reader->header.metadata_offset, reader->header.metadata_bytes, out,
                      err);
}
