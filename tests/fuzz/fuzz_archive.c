/*
 * fuzz_archive.c - any bytes as an archive: as PMTiles, as a spool that was left behind, else as a
 * directory of PMTiles. Refused, or read without harm; what is taken over is taken over alike
 * twice.
 */
#include "tiler/archive/archive_parts.h"
#include "tiler/archive/archive_read.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool truth)
{
    if (!truth)
        abort();
}

/* The bytes as a file. */
static int file_of(const uint8_t *bytes, size_t n)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    return fd;
}

static void try_pmtiles(const uint8_t *bytes, size_t n)
{
    struct err err = {0};
    struct archive_reader *reader;
    struct buf out;
    char path[64];
    buf_init(&out);
    int fd = file_of(bytes, n);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum err_code code = archive_reader_open(path, &reader, &err);
    require(code == ERR_OK || *err.message);
    if (code == ERR_OK) {
        for (uint64_t id = 0; id < 100; id++) {
            bool found = false;
            buf_clear(&out);
            code = archive_read(reader, hilbert_tile(id), &out, &found, &err);
            require(code != ERR_OK || found == (out.n_bytes > 0));
        }
        buf_clear(&out);
        (void)!archive_read_metadata(reader, &out, &err);
        archive_reader_close(reader);
    }
    close(fd);
    buf_release(&out);
}

/* Number of tiles that a spool gives; SIZE_MAX: refused. */
static size_t take_over(int fd)
{
    struct err err = {0};
    struct archive *archive = calloc(1, sizeof *archive);
    require(archive && pthread_mutex_init(&archive->lock, NULL) == 0);
    arena_init(&archive->arena, 0);
    archive->options.max_zoom = 20;
    archive->path = "fuzz";
    archive->spool_path = "fuzz.part";
    archive->spool = dup(fd);
    enum err_code code = spool_take_over(archive, "fuzz\n", &err);
    require(code == ERR_OK || *err.message);
    size_t n = code == ERR_OK ? archive->n_entries : SIZE_MAX;
    for (size_t i = 0; i < archive->n_entries; i++)
        require(archive->entries[i].content == CONTENT_NONE ||
                archive->entries[i].content < archive->contents.n);
    archive_close(archive);
    return n;
}

static void try_directory(const uint8_t *bytes, size_t n)
{
    struct err err = {0};
    struct directory_entry *entries, *again;
    size_t n_entries, n_again;
    struct buf out;
    buf_init(&out);
    if (directory_read(bytes, n, &entries, &n_entries, &err) != ERR_OK) {
        require(*err.message);
        return;
    }
    directory_write(entries, n_entries, &out);
    require(directory_read(out.bytes, out.n_bytes, &again, &n_again, &err) == ERR_OK);
    require(n_again == n_entries);
    for (size_t i = 0; i < n_entries; i++) {
        const struct directory_entry *found = directory_find(entries, n_entries, entries[i].id);
        struct archive_tile tile = hilbert_tile(entries[i].id);
        require(found == &entries[i] && hilbert_of(tile) == entries[i].id);
        require(memcmp(&entries[i], &again[i], sizeof *entries) == 0);
    }
    free(entries);
    free(again);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n > 7 && memcmp(bytes, "PMTiles", 7) == 0) {
        try_pmtiles(bytes, n);
    } else if (n > 6 && memcmp(bytes, "sisetu", 6) == 0) {
        int fd = file_of(bytes, n);
        size_t first = take_over(fd);
        require(take_over(fd) == first);
        close(fd);
    } else {
        try_directory(bytes, n);
    }
    return 0;
}
