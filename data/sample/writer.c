#include "data/sample/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum { FLUSH_BYTES = 1 << 16, DECIMALS = 7 };

static bool is_geojson(const struct writer *writer)
{
    const char *dot = strrchr(writer->path, '.');
    return dot && strcmp(dot, ".geojson") == 0;
}

static void flush(struct writer *writer)
{
    if (writer->buf.n_bytes &&
        fwrite(writer->buf.bytes, 1, writer->buf.n_bytes, writer->file) != writer->buf.n_bytes &&
        !writer->problem)
        writer->problem = errno;
    buf_clear(&writer->buf);
}

enum err_code writer_open(struct writer *writer, const char *directory, const char *name,
                          struct err *err)
{
    *writer = (struct writer){0};
    int n = snprintf(writer->path, sizeof writer->path, "%s/%s", directory, name);
    if (n < 0 || (size_t)n >= sizeof writer->path)
        return err_set(err, ERR_USAGE, "%s: the path is too long", directory);
    writer->file = fopen(writer->path, "wbe");
    if (!writer->file)
        return err_errno(err, errno, "%s", writer->path);
    buf_init(&writer->buf);
    if (is_geojson(writer))
        buf_add_text(&writer->buf, "{\"type\":\"FeatureCollection\",\"features\":[\n");
    return ERR_OK;
}

enum err_code writer_close(struct writer *writer, struct err *err)
{
    if (!writer->file)
        return ERR_OK;
    if (is_geojson(writer))
        buf_add_text(&writer->buf, "\n]}\n");
    bool whole = buf_ok(&writer->buf);
    flush(writer);
    if (fclose(writer->file) != 0 && !writer->problem)
        writer->problem = errno;
    writer->file = NULL;
    buf_release(&writer->buf);
    if (!whole)
        return err_nomem(err);
    if (writer->problem)
        return err_errno(err, writer->problem, "%s", writer->path);
    return ERR_OK;
}

void writer_id(char out[WRITER_ID_BYTES], const char *letter, uint64_t number)
{
    snprintf(out, WRITER_ID_BYTES, "%s-%05" PRIu64, letter, number);
}

void writer_begin(struct writer *writer, const char *letter, uint64_t number)
{
    if (writer->n++)
        buf_add_text(&writer->buf, ",\n");
    if (writer->buf.n_bytes > FLUSH_BYTES)
        flush(writer);
    jw_init(&writer->json, &writer->buf);
    jw_object(&writer->json);
    jw_kv_string(&writer->json, "type", "Feature");
    jw_key(&writer->json, "properties");
    jw_object(&writer->json);
    writer_reference(writer, "id", letter, number);
}

void writer_name(struct writer *writer, const char *kind, uint64_t number)
{
    char text[128];
    snprintf(text, sizeof text, "%s %03" PRIu64, kind, number);
    jw_kv_string(&writer->json, "name", text);
}

void writer_reference(struct writer *writer, const char *key, const char *letter, uint64_t number)
{
    char id[WRITER_ID_BYTES];
    writer_id(id, letter, number);
    jw_kv_string(&writer->json, key, id);
}

static void position(struct jw *json, struct lonlat p)
{
    jw_array(json);
    jw_fixed(json, p.lon_deg, DECIMALS);
    jw_fixed(json, p.lat_deg, DECIMALS);
    jw_end_array(json);
}

static void begin_geometry(struct writer *writer, const char *type)
{
    jw_end_object(&writer->json);
    jw_key(&writer->json, "geometry");
    jw_object(&writer->json);
    jw_kv_string(&writer->json, "type", type);
    jw_key(&writer->json, "coordinates");
}

static void end_feature(struct writer *writer)
{
    jw_end_object(&writer->json);
    jw_end_object(&writer->json);
}

void writer_point(struct writer *writer, struct lonlat p)
{
    begin_geometry(writer, "Point");
    position(&writer->json, p);
    end_feature(writer);
}

void writer_line(struct writer *writer, const struct lonlat *points, size_t n)
{
    begin_geometry(writer, "LineString");
    jw_array(&writer->json);
    for (size_t i = 0; i < n; i++)
        position(&writer->json, points[i]);
    jw_end_array(&writer->json);
    end_feature(writer);
}

void writer_polygon(struct writer *writer, const struct lonlat *ring, size_t n)
{
    begin_geometry(writer, "Polygon");
    jw_array(&writer->json);
    jw_array(&writer->json);
    for (size_t i = 0; i <= n; i++)
        position(&writer->json, ring[i % n]);
    jw_end_array(&writer->json);
    jw_end_array(&writer->json);
    end_feature(writer);
}

void writer_text(struct writer *writer, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    buf_add_text(&writer->buf, text);
    writer->n++;
    if (writer->buf.n_bytes > FLUSH_BYTES)
        flush(writer);
}
