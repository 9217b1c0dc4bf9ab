#include "data/base/buf.h"

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

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *room = n < 0 ? NULL : buf_reserve(buf, (size_t)n);
    if (room) {
        vsnprintf(room, (size_t)n + 1, format, again);
        buf->n_bytes += (size_t)n;
    }
    va_end(again);
}
