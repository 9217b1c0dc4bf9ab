#include "tiler/archive/archive.h"

#include "data/base/file.h"
#include "data/base/limits.h"
#include "data/base/text.h"
#include "tiler/draw/deflate.h"
#include "tiler/archive/archive_parts.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what the output is to be, and whether it may ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n > n_end && strcasecmp(text + n - n_end, end) == 0;
}

/* Whether a name looks like a file's: a dot, then two to seven letters or digits. */
static bool has_ending(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name)
        return false;
    size_t n = 0;
    while (isalnum((unsigned char)dot[1 + n]))
        n++;
    return dot[1 + n] == '\0' && n >= 2 && n <= 7;
}

static enum err_code pick_form(struct archive *archive, const char *path, struct err *err)
{
    size_t n = strlen(path);
    bool slash = n > 0 && path[n - 1] == '/';
    while (n > 1 && path[n - 1] == '/')
        n--;
    if (n == 0 || (n == 1 && *path == '/'))
        return err_set(err, ERR_USAGE, "\"%s\" is no name for an archive", path);
    archive->path = arena_strndup(&archive->arena, path, n);
    archive->spool_path = arena_printf(&archive->arena, "%.*s.part", (int)n, path);
    archive->aside_path = arena_printf(&archive->arena, "%.*s.part.whole", (int)n, path);
    if (!archive->path || !archive->spool_path || !archive->aside_path)
        return err_nomem(err);
    archive->form = ARCHIVE_FOLDER;
    if (slash || file_is_directory(path))
        return ERR_OK;
    if (ends_with(path, ".pmtiles"))
        archive->form = ARCHIVE_PMTILES;
    else if (ends_with(path, ".mbtiles"))
        archive->form = ARCHIVE_MBTILES;
    else if (has_ending(path))
        return err_set(err, ERR_USAGE,
                       "%s: an archive is FILE.pmtiles, FILE.mbtiles or a directory (%s/)", path,
                       path);
    const struct tile_grid *grid = archive->options.grid;
    if (archive->form != ARCHIVE_FOLDER && grid && grid->plane != PLANE_MERCATOR)
        return err_set(err, ERR_USAGE,
                       "%s: PMTiles and MBTiles hold Web Mercator alone; write tiles of %s into a "
                       "directory",
                       path, grid->name);
    return ERR_OK;
}

static bool is_empty_directory(const char *path)
{
    DIR *directory = opendir(path);
    bool empty = directory != NULL;
    for (struct dirent *entry; empty && (entry = readdir(directory));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (directory)
        closedir(directory);
    return empty;
}

/* What stands in the output's place must be nothing, or what may be replaced. */
static enum err_code check_place(const struct archive *archive, struct err *err)
{
    struct stat status;
    const char *path = archive->path;
    if (lstat(path, &status) != 0)
        return errno == ENOENT ? ERR_OK : err_errno(err, errno, "%s", path);
    if (archive->form == ARCHIVE_FOLDER) {
        if (!S_ISDIR(status.st_mode))
            return err_set(err, ERR_CONFLICT, "%s: exists and is not a directory", path);
        if (!is_empty_directory(path))
            return err_set(err, ERR_CONFLICT,
                           "%s: has something in it; give another directory, or empty it", path);
        return ERR_OK;
    }
    if (!S_ISREG(status.st_mode))
        return err_set(err, ERR_CONFLICT, "%s: exists and is not an ordinary file", path);
    if (!archive->options.replace)
        return err_set(err, ERR_CONFLICT, "%s: exists; remove it, or say --replace", path);
    return ERR_OK;
}

/* ---- life ---- */

static enum err_code keep_options(struct archive *archive, const struct archive_options *given,
                                  struct err *err)
{
    struct archive_options *options = &archive->options;
    const char **const texts[] = {&options->name, &options->description, &options->attribution,
                                  &options->vector_layers, &options->identity};
    *options = *given;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (*texts[i] && !(*texts[i] = arena_strdup(&archive->arena, *texts[i])))
            return err_nomem(err);
    }
    if (given->min_zoom > given->max_zoom || given->max_zoom >= HILBERT_ZOOM_MAX)
        return err_set(err, ERR_USAGE, "zoom %u-%u: from 0 to %d, the lower first", given->min_zoom,
                       given->max_zoom, HILBERT_ZOOM_MAX - 1);
    return ERR_OK;
}

/* All that an unfinished archive must agree in. */
static const char *head_of(struct archive *archive)
{
    const struct archive_options *options = &archive->options;
    return arena_printf(&archive->arena, "format=%s\nzoom=%u-%u\nbounds=%.7f,%.7f,%.7f,%.7f\n%s",
                        archive_extension(archive), options->min_zoom, options->max_zoom,
                        options->west_deg, options->south_deg, options->east_deg,
                        options->north_deg, options->identity ? options->identity : "");
}

static int by_id(const void *a, const void *b)
{
    const struct archive_entry *p = a, *q = b;
    return p->id < q->id ? -1 : p->id > q->id;
}

/* Tiles mostly come in order. */
static void sort_entries(struct archive *archive)
{
    bool sorted = true;
    for (size_t i = 1; i < archive->n_entries && sorted; i++)
        sorted = archive->entries[i - 1].id < archive->entries[i].id;
    if (!sorted)
        qsort(archive->entries, archive->n_entries, sizeof *archive->entries, by_id);
}

static enum err_code remove_aside(const struct archive *archive, struct err *err)
{
    struct stat status;
    if (lstat(archive->aside_path, &status) != 0)
        return ERR_OK;
    if (S_ISDIR(status.st_mode))
        return folder_remove(archive->aside_path, err);
    if (unlink(archive->aside_path) != 0)
        return err_errno(err, errno, "%s", archive->aside_path);
    return ERR_OK;
}

enum err_code archive_open(const char *path, const struct archive_options *options,
                           struct archive **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct archive *archive = calloc(1, sizeof *archive);
    *out = NULL;
    if (!archive)
        return err_nomem(err);
    archive->spool = -1;
    arena_init(&archive->arena, 0);
    buf_init(&archive->scratch);
    if (pthread_mutex_init(&archive->lock, NULL) != 0) {
        free(archive);
        return err_nomem(err);
    }
    TRY(keep_options(archive, options, err));
    TRY(pick_form(archive, path, err));
    TRY(check_place(archive, err));
    const char *head = head_of(archive);
    if (!head) {
        code = err_nomem(err);
        goto done;
    }
    TRY(spool_open(archive, head, err));
    TRY(remove_aside(archive, err));
    sort_entries(archive);
    archive->n_resumed = archive->n_entries;
    *out = archive;
done:
    if (code != ERR_OK)
        archive_close(archive);
    return code;
}

void archive_close(struct archive *archive)
{
    if (!archive)
        return;
    if (archive->spool >= 0)
        close(archive->spool);
    contents_release(&archive->contents);
    free(archive->entries);
    buf_release(&archive->scratch);
    arena_release(&archive->arena);
    pthread_mutex_destroy(&archive->lock);
    free(archive);
}

/* ---- tiles ---- */

bool archive_has(struct archive *archive, struct archive_tile tile)
{
    struct archive_entry key = {.id = hilbert_of(tile)};
    pthread_mutex_lock(&archive->lock);
    bool has = archive->n_resumed > 0 && bsearch(&key, archive->entries, archive->n_resumed,
                                                 sizeof *archive->entries, by_id) != NULL;
    pthread_mutex_unlock(&archive->lock);
    return has;
}

uint64_t archive_count(const struct archive *archive)
{
    return archive->n_resumed;
}

enum err_code archive_room(struct archive *archive, struct err *err)
{
    if (archive->n_entries >= LIMIT_ARCHIVE_TILES)
        return err_set(err, ERR_LIMIT, "more than %d tiles; take fewer zooms or a smaller area",
                       LIMIT_ARCHIVE_TILES);
    if (archive->n_entries == archive->capacity) {
        size_t capacity = archive->capacity ? archive->capacity + archive->capacity / 2 : 1024;
        struct archive_entry *entries =
            realloc(archive->entries, capacity * sizeof *archive->entries);
        if (!entries)
            return err_nomem(err);
        archive->entries = entries;
        archive->capacity = capacity;
    }
    return contents_room(&archive->contents, err);
}

static enum err_code put_locked(struct archive *archive, struct spool_record *record,
                                const void *bytes, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(archive_room(archive, err));
    record->content = CONTENT_NONE;
    if (record->n_bytes > 0) {
        TRY(contents_find(archive, bytes, record->n_bytes, record->crc, &record->content, err));
        if (record->content == CONTENT_NONE) {
            record->content = (uint32_t)archive->contents.n;
            record->bytes = bytes;
        }
    }
    TRY(spool_add(archive, record, err));
done:
    return code;
}

enum err_code archive_put(struct archive *archive, struct archive_tile tile, const void *bytes,
                          size_t n, struct err *err)
{
    const struct archive_options *options = &archive->options;
    if (tile.z < options->min_zoom || tile.z > options->max_zoom || tile.x >> tile.z ||
        tile.y >> tile.z)
        return err_set(err, ERR_INTERNAL, "tile %u/%u/%u is none of zoom %u-%u", tile.z, tile.x,
                       tile.y, options->min_zoom, options->max_zoom);
    if (n > LIMIT_TILE_BYTES)
        return err_set(err, ERR_LIMIT, "tile %u/%u/%u has %zu bytes, more than %d", tile.z, tile.x,
                       tile.y, n, LIMIT_TILE_BYTES);
    struct spool_record record = {
        .id = hilbert_of(tile), .n_bytes = (uint32_t)n, .crc = crc32_of(0, bytes, n)};
    pthread_mutex_lock(&archive->lock);
    enum err_code code = put_locked(archive, &record, bytes, err);
    pthread_mutex_unlock(&archive->lock);
    return code;
}

/* ---- finishing ---- */

const char *archive_extension(const struct archive *archive)
{
    return archive->options.format == TILE_FORMAT_MVT ? "mvt" : "png";
}

const char *archive_vector_layers(const struct archive *archive)
{
    return archive->options.vector_layers ? archive->options.vector_layers : "[]";
}

void archive_write_about(const struct archive *archive, struct jw *jw)
{
    const struct archive_options *options = &archive->options;
    jw_kv_string(jw, "name", options->name ? options->name : "sisetu");
    if (options->description)
        jw_kv_string(jw, "description", options->description);
    if (options->attribution)
        jw_kv_string(jw, "attribution", options->attribution);
    jw_kv_string(jw, "type", "overlay");
    jw_kv_string(jw, "version", "1");
    jw_kv_string(jw, "format", archive->options.format == TILE_FORMAT_MVT ? "pbf" : "png");
}

struct archive_view archive_view_of(const struct archive *archive)
{
    const struct archive_options *options = &archive->options;
    struct archive_view view = {
        .min_zoom = hilbert_tile(archive->entries[0].id).z,
        .max_zoom = hilbert_tile(archive->entries[archive->n_entries - 1].id).z,
        .centre_lon_deg = (options->west_deg + options->east_deg) / 2,
        .centre_lat_deg = (options->south_deg + options->north_deg) / 2,
    };
    /* The zoom at which the bounds are one to two tiles wide: they fit on any screen. */
    double width_deg = options->east_deg - options->west_deg;
    double zoom = width_deg > 0 ? floor(log2(720 / width_deg)) : view.max_zoom;
    view.centre_zoom = zoom <= view.min_zoom   ? view.min_zoom
                       : zoom >= view.max_zoom ? view.max_zoom
                                               : (uint32_t)zoom;
    return view;
}

/* Sorted, each once, without those that have nothing. */
static enum err_code settle_entries(struct archive *archive, struct err *err)
{
    sort_entries(archive);
    size_t n = 0;
    for (size_t i = 0; i < archive->n_entries; i++) {
        if (i > 0 && archive->entries[i].id == archive->entries[i - 1].id) {
            struct archive_tile tile = hilbert_tile(archive->entries[i].id);
            return err_set(err, ERR_INTERNAL, "%s: tile %u/%u/%u stands there twice",
                           archive->spool_path, tile.z, tile.x, tile.y);
        }
        n += archive->entries[i].content != CONTENT_NONE;
    }
    if (n == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "%s: no tile has anything in it, so that there is nothing to write",
                       archive->path);
    n = 0;
    for (size_t i = 0; i < archive->n_entries; i++)
        if (archive->entries[i].content != CONTENT_NONE)
            archive->entries[n++] = archive->entries[i];
    archive->n_entries = n;
    archive->n_resumed = n;
    return ERR_OK;
}

static enum err_code sync_aside(const struct archive *archive, struct err *err)
{
    int fd = open(archive->aside_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", archive->aside_path);
    /* Of a directory of a hundred thousand files, its whole file system at once. */
    bool synced = archive->form == ARCHIVE_FOLDER ? syncfs(fd) == 0 : fsync(fd) == 0;
    enum err_code code = synced ? ERR_OK : err_errno(err, errno, "%s", archive->path);
    close(fd);
    return code;
}

enum err_code archive_finish(struct archive *archive, struct archive_stats *stats, struct err *err)
{
    enum err_code code = ERR_OK;
    bool begun = false;
    *stats = (struct archive_stats){0};
    TRY(settle_entries(archive, err));
    stats->n_tiles = archive->n_entries;
    stats->n_contents = archive->contents.n;
    begun = true;
    switch (archive->form) {
    case ARCHIVE_PMTILES:
        TRY(pmtiles_write(archive, stats, err));
        break;
    case ARCHIVE_MBTILES:
        TRY(mbtiles_write(archive, stats, err));
        break;
    case ARCHIVE_FOLDER:
        TRY(folder_write(archive, stats, err));
        break;
    }
    TRY(sync_aside(archive, err));
    TRY(check_place(archive, err)); /* hours may have passed */
    if (rename(archive->aside_path, archive->path) != 0) {
        code = err_errno(err, errno, "%s", archive->path);
        goto done;
    }
    begun = false;
    file_sync_directory_of(archive->path);
    if (unlink(archive->spool_path) != 0)
        code = err_errno(err, errno, "%s", archive->spool_path);
done:
    if (begun)
        (void)!remove_aside(archive, NULL);
    return code;
}
