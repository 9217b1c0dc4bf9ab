/*
 * blob.h - finished bytes that several threads send at once: a tile, an answer.
 *
 * Who sends a blob often may leave with it what is made ready once (a response with its
 * headers): it goes when the last holder of the blob does. What is ready may itself need the
 * bytes longer than that, while a slow client takes them: it keeps them.
 *
 * Life:    blob_new takes over what a buffer holds; blob_acquire ... blob_release, the last
 *          of which frees what is ready, and the bytes unless they are kept (blob_keep ...
 *          blob_let). Never changes but for `ready`.
 * Threads: safe to share; `ready` is guarded by whoever fills it.
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

/* Embedded in what is ready. */
struct blob_ready {
    void (*free)(struct blob_ready *ready);
};

struct blob {
    atomic_uint holders;
    atomic_uint keepers; /* the holders together are one of them */
    size_t n_bytes;
    char *bytes;
    char tag[BLOB_TAG_BYTES];
    struct blob_ready *ready; /* or NULL */
};

/* The bytes move: buf is empty afterwards. */
enum err_code blob_new(struct buf *buf, struct blob **out, struct err *err);
struct blob *blob_acquire(struct blob *blob);
void blob_release(struct blob *blob); /* NULL is fine */

/* Of a blob that one holds: keeps bytes and tag, nothing else. */
struct blob *blob_keep(struct blob *blob);
void blob_let(struct blob *blob);

#endif
