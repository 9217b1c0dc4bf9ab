/*
 * buf.h - a string of bytes that grows.
 *
 * Always NUL-terminated after its last byte, so that `bytes` of a text is a C string.
 * A failed allocation is remembered, not reported at each call: write as much as you
 * like, then ask buf_ok once (jw_ok does so for JSON).
 *
 * Owner: the holder frees with buf_release. Threads: one at a time.
 */
#ifndef SISETU_DATA_BASE_BUF_H
#define SISETU_DATA_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *bytes; /* NULL while nothing was written */
    size_t n_bytes;
    size_t capacity_bytes;
    bool failed;
};

void buf_init(struct buf *buf);
void buf_release(struct buf *buf);
void buf_clear(struct buf *buf);
bool buf_ok(const struct buf *buf);

/* Never NULL: "" for an empty buffer. */
const char *buf_text(const struct buf *buf);

void buf_add(struct buf *buf, const void *bytes, size_t n);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, int byte);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text that stays on its line: what text_control finds is shown as \n, \r, \t or \u{1B}. */
void buf_add_shown(struct buf *buf, const char *text);

/* As buf_printf, for people: a line, or a part of one. Whatever its arguments hold, the only line
 * break is the one that ends the format. */
void buf_say(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes room for n more bytes and returns where they go, NULL if there is no memory;
 * the caller adds to n_bytes what it wrote. */
char *buf_reserve(struct buf *buf, size_t n);

#endif
