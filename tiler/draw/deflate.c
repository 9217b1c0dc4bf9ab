#include "tiler/draw/deflate.h"

#include <libdeflate.h>
#include <stdlib.h>

struct deflater {
    struct libdeflate_compressor *compressor;
};

enum err_code deflater_new(int level, struct deflater **out, struct err *err)
{
    struct deflater *deflater = calloc(1, sizeof *deflater);
    *out = NULL;
    if (!deflater)
        return err_nomem(err);
    deflater->compressor = libdeflate_alloc_compressor(level);
    if (!deflater->compressor) {
        free(deflater);
        return err_nomem(err);
    }
    *out = deflater;
    return ERR_OK;
}

void deflater_free(struct deflater *deflater)
{
    if (!deflater)
        return;
    libdeflate_free_compressor(deflater->compressor);
    free(deflater);
}

enum err_code deflate_gzip(struct deflater *deflater, const void *bytes, size_t n, struct buf *out,
                           struct err *err)
{
    size_t bound = libdeflate_gzip_compress_bound(deflater->compressor, n);
    char *room = buf_reserve(out, bound);
    size_t done = room ? libdeflate_gzip_compress(deflater->compressor, bytes, n, room, bound) : 0;
    if (done == 0)
        return err_nomem(err);
    out->n_bytes += done;
    out->bytes[out->n_bytes] = '\0';
    return ERR_OK;
}

enum err_code inflate_gzip(const void *bytes, size_t n, size_t limit_bytes, struct buf *out,
                           struct err *err)
{
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    if (!inflater)
        return err_nomem(err);
    enum libdeflate_result result = LIBDEFLATE_INSUFFICIENT_SPACE;
    enum err_code code = ERR_OK;
    /* Most streams shrink to a quarter; the room doubles until it is enough. */
    size_t room_bytes = n < limit_bytes / 4 ? 4 * n + 256 : limit_bytes;
    for (;;) {
        size_t took = 0, gave = 0;
        if (room_bytes > limit_bytes)
            room_bytes = limit_bytes;
        char *room = buf_reserve(out, room_bytes);
        if (!room) {
            code = err_nomem(err);
            break;
        }
        result = libdeflate_gzip_decompress_ex(inflater, bytes, n, room, room_bytes, &took, &gave);
        if (result == LIBDEFLATE_SUCCESS && took == n) {
            out->n_bytes += gave;
            out->bytes[out->n_bytes] = '\0';
            break;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
            code = err_set(err, ERR_INPUT, "not a whole gzip stream");
        else if (room_bytes == limit_bytes)
            code = err_set(err, ERR_LIMIT, "a gzip stream of more than %zu bytes", limit_bytes);
        if (code != ERR_OK)
            break;
        room_bytes *= 2;
    }
    libdeflate_free_decompressor(inflater);
    return code;
}

uint32_t crc32_of(uint32_t before, const void *bytes, size_t n)
{
    /* libdeflate answers 0 for NULL whatever came before. */
    return n > 0 ? libdeflate_crc32(before, bytes, n) : before;
}

uint32_t adler32_of(const void *bytes, size_t n)
{
    return libdeflate_adler32(1, bytes, n);
}
