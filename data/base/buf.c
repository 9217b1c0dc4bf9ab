#include "data/base/buf.h"

#include "data/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *buf)
{
    *buf = (struct buf){0};
}

void buf_release(struct buf *buf)
{
    free(buf->bytes);
    buf_init(buf);
}

void buf_clear(struct buf *buf)
{
    buf->n_bytes = 0;
    buf->failed = false;
    if (buf->bytes)
        buf->bytes[0] = '\0';
}

bool buf_ok(const struct buf *buf)
{
    return !buf->failed;
}

const char *buf_text(const struct buf *buf)
{
    return buf->bytes ? buf->bytes : "";
}

char *buf_reserve(struct buf *buf, size_t n)
{
    size_t need;
    if (buf->failed || __builtin_add_overflow(buf->n_bytes, n, &need) || need >= SIZE_MAX / 2) {
        buf->failed = true;
        return NULL;
    }
    need++; /* the NUL */
    if (need > buf->capacity_bytes) {
        size_t capacity = buf->capacity_bytes < 128 ? 128 : buf->capacity_bytes * 2;
        if (capacity < need)
            capacity = need;
        char *bytes = realloc(buf->bytes, capacity);
        if (!bytes) {
            buf->failed = true;
            return NULL;
        }
        buf->bytes = bytes;
        buf->capacity_bytes = capacity;
    }
    return buf->bytes + buf->n_bytes;
}

void buf_add(struct buf *buf, const void *bytes, size_t n)
{
    char *room = buf_reserve(buf, n);
    if (!room)
        return;
    if (n)
        memcpy(room, bytes, n);
    buf->n_bytes += n;
    buf->bytes[buf->n_bytes] = '\0';
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_byte(struct buf *buf, int byte)
{
    char c = (char)byte;
    buf_add(buf, &c, 1);
}

__attribute__((format(printf, 2, 0))) static void add_formatted(struct buf *buf, const char *format,
                                                                va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    char *room = n < 0 ? NULL : buf_reserve(buf, (size_t)n);
    if (room) {
        vsnprintf(room, (size_t)n + 1, format, again);
        buf->n_bytes += (size_t)n;
    }
    va_end(again);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_formatted(buf, format, arguments);
    va_end(arguments);
}

void buf_add_shown(struct buf *buf, const char *text)
{
    for (const char *control; (control = text_control(text));) {
        buf_add(buf, text, (size_t)(control - text));
        text = control;
        uint32_t point = text_next(&text);
        if (point == '\n' || point == '\r' || point == '\t')
            buf_add_text(buf, point == '\n' ? "\\n" : point == '\r' ? "\\r" : "\\t");
        else
            buf_printf(buf, "\\u{%X}", (unsigned)point);
    }
    buf_add_text(buf, text);
}

void buf_say(struct buf *buf, const char *format, ...)
{
    size_t from = buf->n_bytes;
    va_list arguments;
    va_start(arguments, format);
    add_formatted(buf, format, arguments);
    va_end(arguments);
    size_t n_format = strlen(format);
    bool ends = n_format > 0 && format[n_format - 1] == '\n';
    if (buf->failed || buf->n_bytes == from)
        return;
    if (ends)
        buf->bytes[--buf->n_bytes] = '\0';
    if (text_control(buf->bytes + from)) {
        char *said = strdup(buf->bytes + from);
        buf->n_bytes = from;
        buf->failed = !said;
        buf_add_shown(buf, said ? said : "");
        free(said);
    }
    if (ends)
        buf_add_byte(buf, '\n');
}
