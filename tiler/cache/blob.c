#include "tiler/cache/blob.h"

#include "data/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

enum err_code blob_new(struct buf *buf, struct blob **out, struct err *err)
{
    *out = NULL;
    if (!buf_ok(buf))
        return err_nomem(err);
    struct blob *blob = calloc(1, sizeof *blob);
    if (!blob)
        return err_nomem(err);
    char hash[HASH_TEXT_BYTES];
    hash_text(buf_text(buf), buf->n_bytes, hash);
    snprintf(blob->tag, sizeof blob->tag, "\"%.32s\"", hash);
    atomic_init(&blob->holders, 1);
    atomic_init(&blob->keepers, 1);
    blob->n_bytes = buf->n_bytes;
    blob->bytes = buf->bytes;
    buf_init(buf);
    *out = blob;
    return ERR_OK;
}

struct blob *blob_acquire(struct blob *blob)
{
    atomic_fetch_add(&blob->holders, 1);
    return blob;
}

struct blob *blob_keep(struct blob *blob)
{
    atomic_fetch_add(&blob->keepers, 1);
    return blob;
}

void blob_let(struct blob *blob)
{
    if (atomic_fetch_sub(&blob->keepers, 1) != 1)
        return;
    free(blob->bytes);
    free(blob);
}

void blob_release(struct blob *blob)
{
    if (!blob || atomic_fetch_sub(&blob->holders, 1) != 1)
        return;
    if (blob->ready)
        blob->ready->free(blob->ready);
    blob_let(blob);
}
