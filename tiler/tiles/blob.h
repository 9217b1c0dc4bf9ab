/*
 * blob.h - finished bytes that several threads send at once: a tile, an answer.
 *
 * Life:    blob_new takes over what a buffer holds; blob_acquire ... blob_release, the last
 *          of which frees it. Never changes.
 * Threads: safe to share.
 */
#ifndef SISETU_TILER_BLOB_H
#define SISETU_TILER_BLOB_H

#include "data/base/buf.h"
#include "data/base/err.h"

#include <stdatomic.h>
#include <stddef.h>

/* A strong entity tag: 32 hexadecimal digits of SHA-256 in quotes. Equal bytes have equal
 * tags on every server, so that shared caches stay right. */
enum { BLOB_TAG_BYTES = 35 };

struct blob {
    atomic_uint holders;
    size_t n_bytes;
    char *bytes;
    char tag[BLOB_TAG_BYTES];
};

/* The bytes move: buf is empty afterwards. */
enum err_code blob_new(struct buf *buf, struct blob **out, struct err *err);
struct blob *blob_acquire(struct blob *blob);
void blob_release(struct blob *blob); /* NULL is fine */

#endif
