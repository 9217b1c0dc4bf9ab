/*
 * deflate.h - gzip of whole buffers, and the check sums that go with deflate; with image.h, which
 * writes pictures of one colour, all that knows libdeflate. Rows of pictures: row_deflate.h.
 *
 * Threads: a deflater is not shared; everything else is pure.
 * Cost:    100 MB/s at level 6; the check sums 10 GB/s where the processor multiplies polynomials.
 * Source:  RFC 1950 to 1952. The same bytes in give the same bytes out: no time, no name.
 */
#ifndef SISETU_TILER_DEFLATE_H
#define SISETU_TILER_DEFLATE_H

#include "data/base/buf.h"
#include "data/base/err.h"

#include <stdint.h>

struct deflater;

/* level 1 (fast) to 12 (small). */
enum err_code deflater_new(int level, struct deflater **out, struct err *err);
void deflater_free(struct deflater *deflater); /* NULL is fine */

/* Appends n bytes as one gzip member. */
enum err_code deflate_gzip(struct deflater *deflater, const void *bytes, size_t n, struct buf *out,
                           struct err *err);

/* Appends what one gzip member of exactly n bytes holds. ERR_INPUT: it is none, or broken;
 * ERR_LIMIT: it holds more than limit_bytes. */
enum err_code inflate_gzip(const void *bytes, size_t n, size_t limit_bytes, struct buf *out,
                           struct err *err);

/* CRC-32 of RFC 1952; `before` is that of the bytes before these, 0 at the start. */
uint32_t crc32_of(uint32_t before, const void *bytes, size_t n);

/* Adler-32 of RFC 1950. */
uint32_t adler32_of(const void *bytes, size_t n);

#endif
