#include "tiler/draw/image.h"

#include "tiler/draw/quantise.h"
#include "tiler/draw/row_deflate.h"

#include <libdeflate.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

/* A picture of one colour is worth the most thorough level of libdeflate. */
enum { LEVEL_SOLID = 12 };

struct image_writer {
    struct quantiser *quantiser;
    struct row_deflater *deflater;
    struct libdeflate_compressor *solid;
    struct palette palette;
    struct palette_error error;
    uint8_t *indices;
    uint32_t *straight; /* colours, where all are kept */
    uint8_t *rows;      /* filter byte and packed indices, row by row */
    uint8_t *deflated;
    size_t n_pixels; /* room in indices */
    /* The stream of the last picture of one colour: those of one size are the same, and many. */
    uint32_t solid_width, solid_height;
    uint8_t *solid_stream;
    size_t solid_bytes;
    size_t deflated_bytes;
};

enum err_code image_writer_new(struct image_writer **out, struct err *err)
{
    struct image_writer *writer = calloc(1, sizeof *writer);
    *out = writer;
    if (!writer)
        return err_nomem(err);
    writer->quantiser = quantiser_new();
    writer->deflater = row_deflater_new();
    writer->solid = libdeflate_alloc_compressor(LEVEL_SOLID);
    if (writer->quantiser && writer->deflater && writer->solid)
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
    row_deflater_free(writer->deflater);
    if (writer->solid)
        libdeflate_free_compressor(writer->solid);
    free(writer->indices);
    free(writer->straight);
    free(writer->rows);
    free(writer->deflated);
    free(writer->solid_stream);
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
    free(writer->straight);
    free(writer->rows);
    free(writer->deflated);
    writer->n_pixels = 0;
    writer->deflated_bytes = libdeflate_zlib_compress_bound(writer->solid, rows);
    if (writer->deflated_bytes < row_deflate_bound(rows))
        writer->deflated_bytes = row_deflate_bound(rows);
    writer->indices = malloc(n);
    writer->straight = malloc(n * sizeof *writer->straight);
    writer->rows = malloc(rows);
    writer->deflated = malloc(writer->deflated_bytes);
    if (!writer->indices || !writer->straight || !writer->rows || !writer->deflated)
        return err_nomem(err);
    writer->n_pixels = n;
    return ERR_OK;
}

/* Indices of one byte, from the high bits down; of fewer, the rest is 0. */
static inline uint8_t pack_byte(const uint8_t *indices, uint32_t n, uint32_t depth)
{
    uint32_t byte = 0;
    for (uint32_t k = 0; k < n; k++)
        byte |= (uint32_t)indices[k] << (8 - depth * (k + 1));
    return (uint8_t)byte;
}

static inline void pack_row(const uint8_t *in, uint32_t width, uint32_t depth, uint8_t *out)
{
    uint32_t per_byte = 8 / depth, x = 0;
    for (; x + per_byte <= width; x += per_byte)
        *out++ = pack_byte(in + x, per_byte, depth);
    if (x < width)
        *out = pack_byte(in + x, width - x, depth);
}

/* Rows as PNG wants them: filter None (palette indices do not predict each other), indices
 * packed. */
static size_t pack_rows(struct image_writer *writer, uint32_t width, uint32_t height,
                        uint32_t depth)
{
    uint8_t *out = writer->rows;
    const uint8_t *in = writer->indices;
    size_t row_bytes = ((size_t)width * depth + 7) / 8;
    for (uint32_t y = 0; y < height; y++, in += width, out += row_bytes) {
        *out++ = 0;
        if (depth == 8)
            memcpy(out, in, width);
        else if (depth == 4) /* each with its own constants */
            pack_row(in, width, 4, out);
        else if (depth == 2)
            pack_row(in, width, 2, out);
        else
            pack_row(in, width, 1, out);
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

/* Straight colours of premultiplied ones; pixels beside each other are often equal. */
static void make_straight(const struct image *image, uint32_t *straight)
{
    size_t n = (size_t)image->width * image->height;
    for (size_t i = 0; i < n; i++) {
        uint32_t pixel = image->pixels[i], alpha = pixel >> 24, colour = pixel & 0xFF000000;
        if (i > 0 && pixel == image->pixels[i - 1]) {
            straight[i] = straight[i - 1];
            continue;
        }
        for (uint32_t shift = 0; shift < 24 && alpha; shift += 8) {
            uint32_t value = ((pixel >> shift & 0xFF) * 255 + alpha / 2) / alpha;
            colour |= (value > 255 ? 255 : value) << shift;
        }
        straight[i] = colour;
    }
}

/* Rows with the filter None: on maps, colours come again, but what they differ by does not. */
static size_t true_rows(struct image_writer *writer, const struct image *image, bool opaque)
{
    const uint32_t *in = writer->straight;
    uint8_t *out = writer->rows;
    for (uint32_t y = 0; y < image->height; y++, in += image->width) {
        *out++ = PNG_FILTER_VALUE_NONE;
        if (!opaque) {
            memcpy(out, in, sizeof *in * image->width);
            out += sizeof *in * image->width;
            continue;
        }
        for (uint32_t x = 0; x < image->width; x++, out += 3) {
            out[0] = (uint8_t)in[x];
            out[1] = (uint8_t)(in[x] >> 8);
            out[2] = (uint8_t)(in[x] >> 16);
        }
    }
    return (size_t)(out - writer->rows);
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

/* Finds a palette and indices, where the form asks for one and there is one. */
static bool find_palette(struct image_writer *writer, enum image_form form)
{
    static const struct palette_error most = {IMAGE_MEAN_ERROR, IMAGE_SHARE_OVER, 255};
    if (form == IMAGE_AUTO)
        return quantise_near(writer->quantiser, &most, &writer->palette, writer->indices,
                             &writer->error);
    if (form == IMAGE_PALETTE)
        quantise_groups(writer->quantiser, &writer->palette, writer->indices, &writer->error);
    return form == IMAGE_PALETTE;
}

/* The stream of a picture of one colour into writer->deflated. */
static size_t deflate_solid(struct image_writer *writer, const struct image *image, size_t n_rows)
{
    if (writer->solid_bytes > 0 && writer->solid_width == image->width &&
        writer->solid_height == image->height) {
        memcpy(writer->deflated, writer->solid_stream, writer->solid_bytes);
        return writer->solid_bytes;
    }
    size_t n = libdeflate_zlib_compress(writer->solid, writer->rows, n_rows, writer->deflated,
                                        writer->deflated_bytes);
    free(writer->solid_stream);
    writer->solid_stream = malloc(n);
    writer->solid_bytes = writer->solid_stream ? n : 0;
    if (writer->solid_bytes > 0)
        memcpy(writer->solid_stream, writer->deflated, n);
    writer->solid_width = image->width;
    writer->solid_height = image->height;
    return n;
}

/* Rows of indices; answers how many bytes they deflate to, 0: no memory. */
static size_t deflate_indices(struct image_writer *writer, const struct image *image,
                              struct chunks *chunks)
{
    uint32_t n = writer->palette.n;
    chunks->type = PNG_COLOR_TYPE_PALETTE;
    chunks->depth = n <= 2 ? 1 : n <= 4 ? 2 : n <= 16 ? 4 : 8;
    size_t n_rows = pack_rows(writer, image->width, image->height, chunks->depth);
    const struct rows rows = {writer->rows, n_rows, (uint32_t)(n_rows / image->height), 1};
    return n > 1 ? row_deflate(writer->deflater, &rows, writer->deflated)
                 : deflate_solid(writer, image, n_rows);
}

/* Rows of colours. */
static size_t deflate_colours(struct image_writer *writer, const struct image *image,
                              struct chunks *chunks)
{
    bool opaque = is_opaque(image);
    if (image->form == IMAGE_TRUE)
        make_straight(image, writer->straight);
    else
        quantise_round(writer->quantiser, IMAGE_MEAN_ERROR, writer->straight, &writer->error);
    chunks->type = opaque ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGB_ALPHA;
    chunks->depth = 8;
    size_t n_rows = true_rows(writer, image, opaque);
    const struct rows rows = {writer->rows, n_rows, (uint32_t)(n_rows / image->height),
                              opaque ? 3 : 4};
    return row_deflate(writer->deflater, &rows, writer->deflated);
}

enum err_code image_write_png(struct image_writer *writer, const struct image *image,
                              struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n_pixels = (size_t)image->width * image->height;
    struct chunks chunks;
    TRY(make_room(writer, image->width, image->height, err));
    writer->error = (struct palette_error){.largest = 0};
    if (image->form != IMAGE_TRUE && !quantise_take(writer->quantiser, image->pixels, n_pixels))
        return err_nomem(err);
    chunks.n_deflated = find_palette(writer, image->form) ? deflate_indices(writer, image, &chunks)
                                                          : deflate_colours(writer, image, &chunks);
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
