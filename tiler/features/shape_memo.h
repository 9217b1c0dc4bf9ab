/*
 * shape_memo.h - shapes that are costly to cut, kept from one source and one world to the next.
 *
 * The part of a zone in conflict takes half a millisecond, and every square of the map and every
 * edit asks for some of them again. A shape is known by a hash of all that it follows from: what
 * else it follows from (the population, the rules) must be the same as long as a memo lives.
 *
 * Life:    shape_memo_new; acquire and release; the last one to release frees it.
 * Owner:   what is found belongs to the memo.
 * Threads: safe.
 * Cost:    the shapes, and 32 bytes each; at SHAPE_MEMO_BYTES no more are kept.
 */
#ifndef SISETU_TILER_SHAPE_MEMO_H
#define SISETU_TILER_SHAPE_MEMO_H

#include "data/base/err.h"
#include "data/geom.h"

enum { SHAPE_MEMO_BYTES = 96 << 20 };

struct shape_memo;

enum err_code shape_memo_new(struct shape_memo **out, struct err *err);
struct shape_memo *shape_memo_acquire(struct shape_memo *memo);
void shape_memo_release(struct shape_memo *memo); /* NULL is legal */

/* The key of what follows from a shape and a number. */
uint64_t shape_memo_key(const struct geom *geom, uint32_t number);

/* NULL: it is not known. */
const struct geom *shape_memo_find(struct shape_memo *memo, uint64_t key);

/* Where there is no memory it is not kept. */
void shape_memo_keep(struct shape_memo *memo, uint64_t key, const struct geom *geom);

#endif
