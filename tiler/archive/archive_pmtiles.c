/*
 * archive_pmtiles.c - writes a PMTiles archive: header, root directory, metadata, leaf directories,
 * contents in the order in which the Hilbert curve first meets them.
 */
#include "tiler/draw/deflate.h"
#include "tiler/archive/archive_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    /* Directories are a few per mille of the file: the level that is still quick. */
    LEVEL_DIRECTORY = 9,
    /* Entries of a root without leaves: at a byte or two each more would not fit. */
    MOST_ROOT_ENTRIES = 16384,
    /* A leaf of so many is 10 to 20 kB, what one request of a viewer should cost. */
    LEAF_ENTRIES = 4096,
    OUT_STEP_BYTES = 1 << 20,
};

/* Where each content goes; UINT64_MAX: not known yet. */
struct places {
    uint64_t *offsets;
    uint64_t n_bytes;   /* of all */
    uint64_t n_entries; /* runs */
};

/* The next run of tiles that lie one after the other and have one content. */
static bool next_run(const struct archive *archive, const struct places *places, size_t *at,
                     struct directory_entry *out)
{
    const struct archive_entry *entries = archive->entries;
    size_t first = *at, i = first + 1;
    if (first == archive->n_entries)
        return false;
    while (i < archive->n_entries && entries[i].id == entries[i - 1].id + 1 &&
           entries[i].content == entries[first].content && i - first < UINT32_MAX)
        i++;
    *out =
        (struct directory_entry){.id = entries[first].id,
                                 .offset = places->offsets[entries[first].content],
                                 .n_bytes = archive->contents.items[entries[first].content].n_bytes,
                                 .run = (uint32_t)(i - first)};
    *at = i;
    return true;
}

static enum err_code find_places(const struct archive *archive, struct places *places,
                                 struct err *err)
{
    size_t n = archive->contents.n;
    *places = (struct places){.offsets = malloc(n * sizeof *places->offsets)};
    if (!places->offsets)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        places->offsets[i] = UINT64_MAX;
    for (size_t i = 0; i < archive->n_entries; i++) {
        uint32_t content = archive->entries[i].content;
        if (places->offsets[content] != UINT64_MAX)
            continue;
        places->offsets[content] = places->n_bytes;
        places->n_bytes += archive->contents.items[content].n_bytes;
    }
    struct directory_entry run;
    for (size_t at = 0; next_run(archive, places, &at, &run);)
        places->n_entries++;
    return ERR_OK;
}

/* ---- directories ---- */

struct directories {
    struct deflater *deflater;
    struct buf plain; /* scratch */
    struct buf root, leaves;
};

static enum err_code pack(struct directories *to, const struct directory_entry *entries, size_t n,
                          struct buf *out, struct err *err)
{
    buf_clear(&to->plain);
    directory_write(entries, n, &to->plain);
    if (!buf_ok(&to->plain))
        return err_nomem(err);
    return deflate_gzip(to->deflater, to->plain.bytes, to->plain.n_bytes, out, err);
}

/* leaf_entries 0: one directory for all, at most MOST_ROOT_ENTRIES. The root begins with the first
 * entry of each leaf. */
static enum err_code make_directories(const struct archive *archive, const struct places *places,
                                      size_t leaf_entries, struct directories *to, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n_leaf = leaf_entries ? leaf_entries : MOST_ROOT_ENTRIES;
    size_t n_leaves = 0, at = 0;
    struct directory_entry *leaf = malloc(n_leaf * sizeof *leaf);
    struct directory_entry *root = malloc((places->n_entries / n_leaf + 1) * sizeof *root);
    if (!leaf || !root) {
        code = err_nomem(err);
        goto done;
    }
    buf_clear(&to->root);
    buf_clear(&to->leaves);
    while (at < archive->n_entries) {
        size_t n = 0, start = to->leaves.n_bytes;
        while (n < n_leaf && next_run(archive, places, &at, &leaf[n]))
            n++;
        TRY(pack(to, leaf, n, leaf_entries ? &to->leaves : &to->root, err));
        root[n_leaves++] = (struct directory_entry){
            .id = leaf[0].id, .offset = start, .n_bytes = (uint32_t)(to->leaves.n_bytes - start)};
    }
    if (leaf_entries)
        TRY(pack(to, root, n_leaves, &to->root, err));
done:
    free(leaf);
    free(root);
    return code;
}

static enum err_code fit_directories(const struct archive *archive, const struct places *places,
                                     struct directories *to, struct err *err)
{
    enum err_code code = ERR_OK;
    const size_t most = PMTILES_ROOT_END - PMTILES_HEADER_BYTES;
    if (places->n_entries <= MOST_ROOT_ENTRIES) {
        TRY(make_directories(archive, places, 0, to, err));
        if (to->root.n_bytes < most)
            goto done;
    }
    for (size_t n_leaf = LEAF_ENTRIES;; n_leaf *= 2) {
        TRY(make_directories(archive, places, n_leaf, to, err));
        if (to->root.n_bytes < most)
            break;
    }
done:
    return code;
}

/* ---- the file ---- */

struct out_file {
    int fd;
    const char *path;
    struct buf pending;
};

static enum err_code flush(struct out_file *file, struct err *err)
{
    if (!buf_ok(&file->pending))
        return err_nomem(err);
    for (size_t done = 0; done < file->pending.n_bytes;) {
        ssize_t n = write(file->fd, file->pending.bytes + done, file->pending.n_bytes - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, errno, "%s", file->path);
        done += (size_t)n;
    }
    buf_clear(&file->pending);
    return ERR_OK;
}

static enum err_code write_contents(const struct archive *archive, const struct places *places,
                                    struct out_file *file, struct err *err)
{
    enum err_code code = ERR_OK;
    uint64_t next = 0;
    for (size_t i = 0; i < archive->n_entries; i++) {
        uint32_t content = archive->entries[i].content;
        if (places->offsets[content] != next)
            continue; /* stands before */
        next += archive->contents.items[content].n_bytes;
        TRY(spool_read(archive, &archive->contents.items[content], &file->pending, err));
        if (file->pending.n_bytes >= OUT_STEP_BYTES)
            TRY(flush(file, err));
    }
    TRY(flush(file, err));
done:
    return code;
}

static enum err_code write_metadata(const struct archive *archive, struct directories *with,
                                    struct buf *out, struct err *err)
{
    struct jw jw;
    buf_clear(&with->plain);
    jw_init(&jw, &with->plain);
    jw_object(&jw);
    archive_write_about(archive, &jw);
    if (archive->options.format == TILE_FORMAT_MVT) {
        jw_key(&jw, "vector_layers");
        jw_raw(&jw, archive_vector_layers(archive));
    }
    jw_end_object(&jw);
    if (!buf_ok(&with->plain))
        return err_nomem(err);
    return deflate_gzip(with->deflater, with->plain.bytes, with->plain.n_bytes, out, err);
}

static int32_t e7(double degrees)
{
    return (int32_t)lround(fmax(-180, fmin(180, degrees)) * 1e7);
}

static struct pmtiles_header make_header(const struct archive *archive, const struct places *places,
                                         const struct directories *directories, size_t n_metadata)
{
    const struct archive_options *options = &archive->options;
    struct archive_view view = archive_view_of(archive);
    bool mvt = options->format == TILE_FORMAT_MVT;
    struct pmtiles_header h = {
        .root_offset = PMTILES_HEADER_BYTES,
        .root_bytes = directories->root.n_bytes,
        .metadata_bytes = n_metadata,
        .leaves_bytes = directories->leaves.n_bytes,
        .data_bytes = places->n_bytes,
        .n_tiles = archive->n_entries,
        .n_entries = places->n_entries,
        .n_contents = archive->contents.n,
        .clustered = true,
        .inner_compression = PMTILES_GZIP,
        .tile_compression = mvt ? PMTILES_GZIP : PMTILES_NONE,
        .tile_type = mvt ? PMTILES_TYPE_MVT : PMTILES_TYPE_PNG,
        .min_zoom = (uint8_t)view.min_zoom,
        .max_zoom = (uint8_t)view.max_zoom,
        .centre_zoom = (uint8_t)view.centre_zoom,
        .west_e7 = e7(options->west_deg),
        .south_e7 = e7(options->south_deg),
        .east_e7 = e7(options->east_deg),
        .north_e7 = e7(options->north_deg),
        .centre_lon_e7 = e7(view.centre_lon_deg),
        .centre_lat_e7 = e7(view.centre_lat_deg),
    };
    h.metadata_offset = h.root_offset + h.root_bytes;
    h.leaves_offset = h.metadata_offset + h.metadata_bytes;
    h.data_offset = h.leaves_offset + h.leaves_bytes;
    return h;
}

enum err_code pmtiles_write(struct archive *archive, struct archive_stats *stats, struct err *err)
{
    enum err_code code = ERR_OK;
    struct places places = {0};
    struct directories directories = {0};
    struct out_file file = {.fd = -1, .path = archive->aside_path};
    struct buf metadata;
    buf_init(&metadata);
    uint8_t header[PMTILES_HEADER_BYTES];
    TRY(find_places(archive, &places, err));
    TRY(deflater_new(LEVEL_DIRECTORY, &directories.deflater, err));
    TRY(fit_directories(archive, &places, &directories, err));
    TRY(write_metadata(archive, &directories, &metadata, err));
    struct pmtiles_header h = make_header(archive, &places, &directories, metadata.n_bytes);
    pmtiles_header_write(&h, header);
    file.fd = open(archive->aside_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file.fd < 0) {
        code = err_errno(err, errno, "%s", archive->aside_path);
        goto done;
    }
    buf_add(&file.pending, header, sizeof header);
    buf_add(&file.pending, directories.root.bytes, directories.root.n_bytes);
    buf_add(&file.pending, metadata.bytes, metadata.n_bytes);
    buf_add(&file.pending, directories.leaves.bytes, directories.leaves.n_bytes);
    TRY(flush(&file, err));
    TRY(write_contents(archive, &places, &file, err));
    stats->n_bytes = h.data_offset + h.data_bytes;
done:
    if (file.fd >= 0)
        close(file.fd);
    buf_release(&file.pending);
    buf_release(&metadata);
    buf_release(&directories.plain);
    buf_release(&directories.root);
    buf_release(&directories.leaves);
    deflater_free(directories.deflater);
    free(places.offsets);
    return code;
}
