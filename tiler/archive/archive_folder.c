/* archive_folder.c - writes DIR/{z}/{x}/{y}.png and DIR/metadata.json; equal tiles are hard links.
 */
#include "data/base/file.h"
#include "tiler/archive/archive_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

enum err_code folder_remove(const char *path, struct err *err)
{
    enum { OPEN_AT_ONCE = 8 };
    if (nftw(path, remove_one, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
        return err_errno(err, errno, "%s", path);
    return ERR_OK;
}

/* How much less levels of the grid are than zooms of the plane. */
static uint32_t level_shift(const struct archive *archive)
{
    return archive->options.grid ? archive->options.grid->plane_zoom : 0;
}

/* Where the tile lies, its directory being there. */
static enum err_code tile_path(const struct archive *archive, uint64_t id, bool make,
                               char out[PATH_MAX], struct err *err)
{
    struct archive_tile tile = hilbert_tile(id);
    char directory[PATH_MAX];
    int n = snprintf(directory, sizeof directory, "%s/%u/%u", archive->aside_path,
                     tile.z - level_shift(archive), tile.x);
    int n_path = n < (int)sizeof directory ? snprintf(out, PATH_MAX, "%s/%u.%s", directory, tile.y,
                                                      archive_extension(archive))
                                           : PATH_MAX;
    if (n_path >= PATH_MAX)
        return err_set(err, ERR_USAGE, "%s: path too long", archive->path);
    /* Mostly its directory is there: along the curve the neighbours come first. */
    if (make && mkdir(directory, 0755) != 0 && errno != EEXIST)
        return errno == ENOENT ? file_make_directory(directory, err)
                               : err_errno(err, errno, "%s", directory);
    return ERR_OK;
}

static enum err_code write_file(const char *path, const struct buf *bytes, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    enum err_code code = ERR_OK;
    for (size_t done = 0; done < bytes->n_bytes && code == ERR_OK;) {
        ssize_t n = write(fd, bytes->bytes + done, bytes->n_bytes - done);
        if (n < 0 && errno != EINTR)
            code = err_errno(err, errno, "%s", path);
        else if (n > 0)
            done += (size_t)n;
    }
    if (close(fd) != 0 && code == ERR_OK)
        code = err_errno(err, errno, "%s", path);
    return code;
}

/* Links the tile to the one that has its content already; false where the file system cannot, or
 * that file has as many links as it may. */
static bool link_tile(const struct archive *archive, uint64_t holder, const char *path)
{
    char old[PATH_MAX];
    return holder != UINT64_MAX && tile_path(archive, holder, false, old, NULL) == ERR_OK &&
           link(old, path) == 0;
}

static enum err_code write_tiles(struct archive *archive, uint64_t *holders,
                                 struct archive_stats *stats, struct err *err)
{
    enum err_code code = ERR_OK;
    char path[PATH_MAX];
    for (size_t i = 0; i < archive->n_entries; i++) {
        uint32_t content = archive->entries[i].content;
        TRY(tile_path(archive, archive->entries[i].id, true, path, err));
        if (link_tile(archive, holders[content], path))
            continue;
        buf_clear(&archive->scratch);
        TRY(spool_read(archive, &archive->contents.items[content], &archive->scratch, err));
        TRY(write_file(path, &archive->scratch, err));
        holders[content] = archive->entries[i].id;
        stats->n_bytes += archive->scratch.n_bytes;
    }
done:
    return code;
}

static enum err_code write_metadata(const struct archive *archive, struct archive_stats *stats,
                                    struct err *err)
{
    const struct archive_options *options = &archive->options;
    struct archive_view view = archive_view_of(archive);
    char path[PATH_MAX];
    struct buf text;
    struct jw jw;
    buf_init(&text);
    jw_init(&jw, &text);
    jw_object(&jw);
    archive_write_about(archive, &jw);
    uint32_t shift = level_shift(archive);
    if (options->grid) {
        jw_kv_string(&jw, "tileMatrixSet", options->grid->name);
        jw_kv_string(&jw, "crs", options->grid->crs);
    }
    jw_kv_integer(&jw, "minzoom", view.min_zoom - shift);
    jw_kv_integer(&jw, "maxzoom", view.max_zoom - shift);
    jw_key(&jw, "bounds");
    jw_array(&jw);
    const double bounds[] = {options->west_deg, options->south_deg, options->east_deg,
                             options->north_deg};
    for (size_t i = 0; i < 4; i++)
        jw_fixed(&jw, bounds[i], 7);
    jw_end_array(&jw);
    jw_key(&jw, "center");
    jw_array(&jw);
    jw_fixed(&jw, view.centre_lon_deg, 7);
    jw_fixed(&jw, view.centre_lat_deg, 7);
    jw_integer(&jw, view.centre_zoom - shift);
    jw_end_array(&jw);
    if (options->format == TILE_FORMAT_MVT) {
        jw_key(&jw, "vector_layers");
        jw_raw(&jw, archive_vector_layers(archive));
    }
    jw_end_object(&jw);
    buf_add_byte(&text, '\n');
    enum err_code code = ERR_OK;
    if (!buf_ok(&text))
        code = err_nomem(err);
    else if (snprintf(path, sizeof path, "%s/metadata.json", archive->aside_path) >=
             (int)sizeof path)
        code = err_set(err, ERR_USAGE, "%s: path too long", archive->path);
    else
        code = write_file(path, &text, err);
    stats->n_bytes += text.n_bytes;
    buf_release(&text);
    return code;
}

enum err_code folder_write(struct archive *archive, struct archive_stats *stats, struct err *err)
{
    enum err_code code = ERR_OK;
    /* The tile whose file a content lies in. */
    uint64_t *holders = malloc(archive->contents.n * sizeof *holders);
    if (!holders)
        return err_nomem(err);
    for (size_t i = 0; i < archive->contents.n; i++)
        holders[i] = UINT64_MAX;
    if (mkdir(archive->aside_path, 0755) != 0) {
        code = err_errno(err, errno, "%s", archive->aside_path);
        goto done;
    }
    TRY(write_tiles(archive, holders, stats, err));
    TRY(write_metadata(archive, stats, err));
done:
    free(holders);
    return code;
}
