/*
 * store_edit_internal.h - how an edit is written (store_edit_write.c) and read (store_edit.c).
 *
 * Numbers are written seven bits a byte, the lowest first. Rows of one plant mostly say the same,
 * or nearly: a record is how it is put, a bit for each field that is not as in the record before
 * it, those fields, and its shape; before the first stands one that is empty. A text is 0, being
 * none; or its length and two, its bytes and a zero; or LIKE, how many bytes of the beginning and
 * of the end of the one before it has, how many stand between them, and those. A shape is the same
 * of its well-known binary, without a zero. Other ways need another EDIT_VERSION (store_log.c).
 */
#ifndef SISETU_DATA_STORE_EDIT_INTERNAL_H
#define SISETU_DATA_STORE_EDIT_INTERNAL_H

#include "data/store_log.h"

#include <assert.h>
#include <limits.h>

enum { EDIT_NONE, EDIT_LIKE, EDIT_WHOLE };

/* LIKE is of short texts only: what is read stays within some hundred times its bytes, whoever
 * wrote them. */
enum { EDIT_MOST_LIKE = 1024 };

/* Beside how a record is put. */
enum { EDIT_HAS_ENDING = 0x80 };

enum { EDIT_MOST_FIELDS = 64 };

static inline size_t edit_mask_bytes(const struct layer_binding *binding)
{
    assert(binding->n_fields <= EDIT_MOST_FIELDS);
    return (binding->n_fields + CHAR_BIT - 1) / CHAR_BIT;
}

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

#endif
