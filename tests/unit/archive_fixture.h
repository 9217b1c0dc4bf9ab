/*
 * archive_fixture.h - a folder to write archives in, and tiles to put there, for tests.
 *
 * The tile with number i of a set has a content of its own, or shares one, or is empty: what
 * tile_bytes says. What an archive holds is compared with that.
 */
#ifndef SISETU_TESTS_ARCHIVE_FIXTURE_H
#define SISETU_TESTS_ARCHIVE_FIXTURE_H

#include "data/base/arena.h"
#include "data/base/file.h"
#include "tiler/archive/archive.h"
#include "tiler/archive/archive_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct folder {
    char path[64];
    struct arena arena;
};

/* In memory where there is such a place: an archive syncs, and some tests finish a thousand. */
static inline void folder_make(struct folder *folder)
{
    snprintf(folder->path, sizeof folder->path, "%s/sisetu-archive.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder->path));
    arena_init(&folder->arena, 0);
}

static inline void folder_end(struct folder *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder->path);
    assert_int_equal(system(command), 0);
    arena_release(&folder->arena);
}

static inline const char *in(struct folder *folder, const char *name)
{
    const char *path = arena_printf(&folder->arena, "%s/%s", folder->path, name);
    assert_non_null(path);
    return path;
}

static inline void check(enum err_code code, const struct err *err)
{
    if (code != ERR_OK)
        fail_msg("%s: %s", err_code_name(code), err->message);
}

static inline struct archive_options some_options(uint32_t min_zoom, uint32_t max_zoom)
{
    return (struct archive_options){.format = TILE_FORMAT_PNG,
                                    .min_zoom = min_zoom,
                                    .max_zoom = max_zoom,
                                    .west_deg = 104.25,
                                    .south_deg = 35.25,
                                    .east_deg = 107.75,
                                    .north_deg = 39.5,
                                    .name = "四色图 \"city\"",
                                    .identity = "map=city\ngeneration=7\n"};
}

static inline struct archive *open_archive(const char *path, const struct archive_options *options)
{
    struct err err;
    struct archive *archive;
    check(archive_open(path, options, &archive, &err), &err);
    return archive;
}

static inline void put(struct archive *archive, struct archive_tile tile, const void *bytes,
                       size_t n)
{
    struct err err;
    check(archive_put(archive, tile, bytes, n, &err), &err);
}

static inline struct archive_stats finish(struct archive *archive)
{
    struct err err;
    struct archive_stats stats;
    check(archive_finish(archive, &stats, &err), &err);
    archive_close(archive);
    return stats;
}

/* Content i as text: i / share of a tile, so that `share` tiles in a row have the same; every
 * `hole`-th tile has nothing (0: none). */
struct tile_set {
    uint64_t first, n; /* numbers along the curve */
    uint64_t share, hole;
    size_t pad_bytes;
};

static inline size_t tile_bytes(const struct tile_set *set, uint64_t i, char *out)
{
    if (set->hole && i % set->hole == set->hole - 1)
        return 0;
    size_t n = (size_t)sprintf(out, "tile %llu ", (unsigned long long)(i / set->share));
    memset(out + n, '.', set->pad_bytes);
    return n + set->pad_bytes;
}

enum { TILE_ROOM = 1 << 15 };

static inline void put_one(struct archive *archive, const struct tile_set *set, uint64_t i)
{
    char bytes[TILE_ROOM];
    size_t n = tile_bytes(set, i, bytes);
    put(archive, hilbert_tile(set->first + i), bytes, n);
}

static inline void put_all(struct archive *archive, const struct tile_set *set)
{
    for (uint64_t i = 0; i < set->n; i++)
        put_one(archive, set, i);
}

/* Every `step`-th tile is read back, and one before and one after the set is not there. */
static inline void assert_holds(const char *path, const struct tile_set *set, uint64_t step)
{
    struct err err;
    struct archive_reader *reader;
    struct buf bytes;
    char expected[TILE_ROOM];
    bool found;
    buf_init(&bytes);
    check(archive_reader_open(path, &reader, &err), &err);
    for (uint64_t i = 0; i < set->n; i += step) {
        size_t n = tile_bytes(set, i, expected);
        buf_clear(&bytes);
        check(archive_read(reader, hilbert_tile(set->first + i), &bytes, &found, &err), &err);
        assert_int_equal(found, n > 0);
        assert_int_equal(bytes.n_bytes, n);
        if (n > 0)
            assert_memory_equal(bytes.bytes, expected, n);
    }
    check(archive_read(reader, hilbert_tile(set->first + set->n), &bytes, &found, &err), &err);
    assert_false(found);
    if (set->first > 0) {
        check(archive_read(reader, hilbert_tile(set->first - 1), &bytes, &found, &err), &err);
        assert_false(found);
    }
    archive_reader_close(reader);
    buf_release(&bytes);
}

static inline struct buf read_whole(const char *path)
{
    struct err err;
    struct buf bytes;
    buf_init(&bytes);
    check(file_read(path, (size_t)1 << 30, &bytes, &err), &err);
    return bytes;
}

static inline void write_whole(const char *path, const void *bytes, size_t n)
{
    struct err err;
    check(file_write_atomic(path, bytes, n, &err), &err);
}

static inline void assert_same_files(const char *a, const char *b)
{
    struct buf one = read_whole(a), other = read_whole(b);
    assert_int_equal(one.n_bytes, other.n_bytes);
    assert_memory_equal(one.bytes, other.bytes, one.n_bytes);
    buf_release(&one);
    buf_release(&other);
}

/* What a command prints, its last newline cut off; in the folder's arena. */
__attribute__((format(printf, 2, 3))) static inline const char *printed(struct folder *folder,
                                                                        const char *format, ...)
{
    char command[2048], text[4096];
    va_list arguments;
    va_start(arguments, format);
    int n_command = vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    assert_in_range(n_command, 1, sizeof command - 1);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t n = fread(text, 1, sizeof text - 1, pipe);
    assert_int_equal(pclose(pipe), 0);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    text[n] = '\0';
    return arena_strdup(&folder->arena, text);
}

#endif
