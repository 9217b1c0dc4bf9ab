#include "tiler/draw/image.h"

#include "tiler/draw/quantise.h"

#include <libdeflate.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

/* Level 7 of libdeflate is within 2 % of the smallest on palette rows and takes under half a
 * millisecond a tile; one of a single colour is worth the most thorough level. */
enum { LEVEL_TILE = 2, LEVEL_SOLID = 12 };

struct image_writer {
    struct quantiser *quantiser;
    struct libdeflate_compressor *tile, *solid;
    struct palette palette;
    struct palette_error error;
    uint8_t *indices;
    uint8_t *rows; /* filter byte and packed indices, row by row */
    uint8_t *deflated;
    size_t n_pixels; /* room in indices */
    size_t deflated_bytes;
};

enum err_code image_writer_new(struct image_writer **out, struct err *err)
{
    struct image_writer *writer = calloc(1, sizeof *writer);
    *out = writer;
    if (!writer)
        return err_nomem(err);
    writer->quantiser = quantiser_new();
    writer->tile = libdeflate_alloc_compressor(LEVEL_TILE);
    writer->solid = libdeflate_alloc_compressor(LEVEL_SOLID);
    if (writer->quantiser && writer->tile && writer->solid)
        return ERR_OK;
    image_writer_free(writer);
    *out = NULL;
    return err_nomem(err);
}

void image_writer_free(struct image_writer *writer)
{
    if (!writer)
        return;
    quantiser_free(writer->quantiser);
    if (writer->tile)
        libdeflate_free_compressor(writer->tile);
    if (writer->solid)
        libdeflate_free_compressor(writer->solid);
    free(writer->indices);
    free(writer->rows);
    free(writer->deflated);
    free(writer);
}

static enum err_code make_room(struct image_writer *writer, uint32_t width, uint32_t height,
                               struct err *err)
{
    size_t n = (size_t)width * height;
    if (n <= writer->n_pixels)
        return ERR_OK;
    size_t rows = n + height;
    free(writer->indices);
    free(writer->rows);
    free(writer->deflated);
    writer->n_pixels = 0;
    writer->deflated_bytes = libdeflate_zlib_compress_bound(writer->tile, rows);
    writer->indices = malloc(n);
    writer->rows = malloc(rows);
    writer->deflated = malloc(writer->deflated_bytes);
    if (!writer->indices || !writer->rows || !writer->deflated)
        return err_nomem(err);
    writer->n_pixels = n;
    return ERR_OK;
}

/* Rows as PNG wants them: filter None (palette indices do not predict each other), indices
 * packed from the high bits. */
static size_t pack_rows(struct image_writer *writer, uint32_t width, uint32_t height,
                        uint32_t depth)
{
    uint8_t *out = writer->rows;
    const uint8_t *in = writer->indices;
    for (uint32_t y = 0; y < height; y++) {
        *out++ = 0;
        if (depth == 8) {
            memcpy(out, in, width);
            out += width;
            in += width;
            continue;
        }
        uint32_t per_byte = 8 / depth;
        for (uint32_t x = 0; x < width; x += per_byte) {
            uint32_t byte = 0;
            for (uint32_t k = 0; k < per_byte; k++)
                byte = byte << depth | (x + k < width ? *in++ : 0u);
            *out++ = (uint8_t)byte;
        }
    }
    return (size_t)(out - writer->rows);
}

static void write_bytes(png_structp png, png_bytep bytes, size_t n)
{
    buf_add(png_get_io_ptr(png), bytes, n);
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

/* libpng reports by longjmp; nothing between setjmp and the calls below owns memory. */
static bool write_chunks(struct image_writer *writer, uint32_t width, uint32_t height,
                         uint32_t depth, size_t n_deflated, struct buf *out)
{
    png_color colours[PALETTE_COLOURS];
    png_byte alphas[PALETTE_COLOURS];
    const struct palette *palette = &writer->palette;
    for (uint32_t i = 0; i < palette->n; i++) {
        colours[i] = (png_color){palette->rgba[i][0], palette->rgba[i][1], palette->rgba[i][2]};
        alphas[i] = palette->rgba[i][3];
    }
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return false;
    }
    png_set_write_fn(png, out, write_bytes, flush_nothing);
    png_set_IHDR(png, info, width, height, (int)depth, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_PLTE(png, info, colours, (int)palette->n);
    if (palette->n_transparent)
        png_set_tRNS(png, info, alphas, (int)palette->n_transparent, NULL);
    png_write_info(png, info);
    png_write_chunk(png, (png_const_bytep) "IDAT", writer->deflated, n_deflated);
    png_write_chunk(png, (png_const_bytep) "IEND", NULL, 0);
    png_destroy_write_struct(&png, &info);
    return true;
}

enum err_code image_write_png(struct image_writer *writer, const uint32_t *pixels, uint32_t width,
                              uint32_t height, struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(make_room(writer, width, height, err));
    if (!quantise(writer->quantiser, pixels, (size_t)width * height, &writer->palette,
                  writer->indices, &writer->error))
        return err_nomem(err);
    uint32_t n = writer->palette.n;
    uint32_t depth = n <= 2 ? 1 : n <= 4 ? 2 : n <= 16 ? 4 : 8;
    size_t n_rows = pack_rows(writer, width, height, depth);
    size_t deflated = libdeflate_zlib_compress(n == 1 ? writer->solid : writer->tile, writer->rows,
                                               n_rows, writer->deflated, writer->deflated_bytes);
    if (deflated == 0 || !write_chunks(writer, width, height, depth, deflated, out) || !buf_ok(out))
        code = err_nomem(err);
done:
    return code;
}

enum err_code image_read_png(const void *bytes, size_t n, uint32_t **pixels, uint32_t *width,
                             uint32_t *height, struct err *err)
{
    *pixels = NULL;
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, bytes, n))
        return err_set(err, ERR_INPUT, "not a PNG: %s", image.message);
    image.format = PNG_FORMAT_RGBA;
    size_t count = (size_t)image.width * image.height;
    uint8_t *rgba = malloc(4 * count);
    uint32_t *out = malloc(count * sizeof *out);
    if (!rgba || !out || !png_image_finish_read(&image, NULL, rgba, 0, NULL)) {
        bool broken = rgba && out;
        free(rgba);
        free(out);
        png_image_free(&image);
        return broken ? err_set(err, ERR_INPUT, "broken PNG: %s", image.message) : err_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t a = rgba[i * 4 + 3];
        out[i] = a << 24;
        for (int axis = 0; axis < 3; axis++)
            out[i] |= (rgba[i * 4 + (size_t)axis] * a + 127) / 255 << (8 * axis);
    }
    free(rgba);
    *pixels = out;
    *width = image.width;
    *height = image.height;
    return ERR_OK;
}
