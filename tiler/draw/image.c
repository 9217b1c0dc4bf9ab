#include "tiler/draw/image.h"

#include "tiler/draw/quantise.h"

#include <libdeflate.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

/* Level 1 of libdeflate is within 7 % of the smallest on palette rows and takes half the time of
 * level 5; one of a single colour is worth the most thorough level. */
enum { LEVEL_TILE = 1, LEVEL_SOLID = 12 };

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
    size_t rows = 4 * n + height;
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

/* ---- all colours ---- */

static bool is_opaque(const struct image *image)
{
    size_t n = (size_t)image->width * image->height;
    uint32_t all = UINT32_MAX;
    for (size_t i = 0; i < n; i++)
        all &= image->pixels[i];
    return all >> 24 == 0xFF;
}

/* One row of straight colours. */
static void straight_row(const uint32_t *pixels, uint32_t width, uint32_t channels, uint8_t *out)
{
    for (uint32_t x = 0; x < width; x++, out += channels) {
        uint32_t alpha = pixels[x] >> 24;
        for (uint32_t axis = 0; axis < 3; axis++) {
            uint32_t value = pixels[x] >> (8 * axis) & 0xFF;
            if (alpha && alpha < 255)
                value = (value * 255 + alpha / 2) / alpha;
            out[axis] = (uint8_t)(value > 255 ? 255 : value);
        }
        if (channels == 4)
            out[3] = (uint8_t)alpha;
    }
}

/* Rows with the filter Up: what repeats from row to row becomes zeros. The first row is as it
 * is, since there is none above it. */
static size_t true_rows(struct image_writer *writer, const struct image *image, uint32_t channels)
{
    size_t row_bytes = (size_t)image->width * channels;
    uint8_t *end = writer->rows + (row_bytes + 1) * image->height;
    for (uint32_t y = image->height; y-- > 0;) {
        uint8_t *row = writer->rows + (row_bytes + 1) * y;
        row[0] = y > 0 ? PNG_FILTER_VALUE_UP : PNG_FILTER_VALUE_NONE;
        straight_row(image->pixels + (size_t)y * image->width, image->width, channels, row + 1);
        uint8_t *below = row + row_bytes + 2; /* was written before this row */
        for (size_t i = 0; y + 1 < image->height && i < row_bytes; i++)
            below[i] = (uint8_t)(below[i] - row[1 + i]);
    }
    return (size_t)(end - writer->rows);
}

/* ---- chunks ---- */

struct chunks {
    uint32_t depth;
    int type; /* PNG_COLOR_TYPE_x */
    size_t n_deflated;
};

/* libpng reports by longjmp; nothing between setjmp and the calls below owns memory. */
static bool write_chunks(struct image_writer *writer, const struct image *image,
                         const struct chunks *chunks, struct buf *out)
{
    png_color colours[PALETTE_COLOURS];
    png_byte alphas[PALETTE_COLOURS];
    const struct palette *palette = &writer->palette;
    bool has_palette = chunks->type == PNG_COLOR_TYPE_PALETTE;
    for (uint32_t i = 0; has_palette && i < palette->n; i++) {
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
    png_set_IHDR(png, info, image->width, image->height, (int)chunks->depth, chunks->type,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (has_palette)
        png_set_PLTE(png, info, colours, (int)palette->n);
    if (has_palette && palette->n_transparent)
        png_set_tRNS(png, info, alphas, (int)palette->n_transparent, NULL);
    png_write_info(png, info);
    png_write_chunk(png, (png_const_bytep) "IDAT", writer->deflated, chunks->n_deflated);
    png_write_chunk(png, (png_const_bytep) "IEND", NULL, 0);
    png_destroy_write_struct(&png, &info);
    return true;
}

static bool shows(const struct palette_error *error)
{
    return error->mean > IMAGE_MEAN_ERROR || error->share_over > IMAGE_SHARE_OVER;
}

enum err_code image_write_png(struct image_writer *writer, const struct image *image,
                              struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n_pixels = (size_t)image->width * image->height, n_rows;
    struct chunks chunks = {.depth = 8, .type = PNG_COLOR_TYPE_PALETTE};
    struct libdeflate_compressor *compressor = writer->tile;
    TRY(make_room(writer, image->width, image->height, err));
    writer->error = (struct palette_error){.largest = 0};
    if (image->form != IMAGE_TRUE && !quantise(writer->quantiser, image->pixels, n_pixels,
                                               &writer->palette, writer->indices, &writer->error))
        return err_nomem(err);
    if (image->form == IMAGE_AUTO && shows(&writer->error))
        quantise_near(writer->quantiser, n_pixels, IMAGE_SHARE_OVER, &writer->palette,
                      writer->indices, &writer->error);
    if (image->form == IMAGE_TRUE || (image->form == IMAGE_AUTO && shows(&writer->error))) {
        writer->error = (struct palette_error){.largest = 0};
        bool opaque = is_opaque(image);
        chunks.type = opaque ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGB_ALPHA;
        n_rows = true_rows(writer, image, opaque ? 3 : 4);
    } else {
        uint32_t n = writer->palette.n;
        chunks.depth = n <= 2 ? 1 : n <= 4 ? 2 : n <= 16 ? 4 : 8;
        n_rows = pack_rows(writer, image->width, image->height, chunks.depth);
        compressor = n == 1 ? writer->solid : writer->tile;
    }
    chunks.n_deflated = libdeflate_zlib_compress(compressor, writer->rows, n_rows, writer->deflated,
                                                 writer->deflated_bytes);
    if (chunks.n_deflated == 0 || !write_chunks(writer, image, &chunks, out) || !buf_ok(out))
        code = err_nomem(err);
done:
    return code;
}

struct palette_error image_error(const struct image_writer *writer)
{
    return writer->error;
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
