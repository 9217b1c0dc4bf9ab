/*
 * point_memo.h - the innermost points of areas, kept from one zoom and one world to the next.
 *
 * Finding one takes up to a millisecond, and every zoom and every edit asks for all again. An area
 * is known by a hash of its vertices in the plane, so that it is found wherever it came from; the
 * chance that two areas have the same is one in 2^64 a pair.
 *
 * Life:    point_memo_new; acquire and release; the last one to release frees it.
 * Threads: safe.
 * Cost:    32 bytes an area, and 1 ns a vertex; at POINT_MEMO_MOST no more are kept.
 */
#ifndef SISETU_TILER_POINT_MEMO_H
#define SISETU_TILER_POINT_MEMO_H

#include "data/base/err.h"
#include "tiler/grid/plane.h"

#include <stddef.h>

enum { POINT_MEMO_MOST = 1 << 20 };

struct point_memo;

enum err_code point_memo_new(struct point_memo **out, struct err *err);
struct point_memo *point_memo_acquire(struct point_memo *memo);
void point_memo_release(struct point_memo *memo); /* NULL is legal */

/* The key of an area, ring by ring: begins with 0 and goes on from what the ring before gave. */
uint64_t point_memo_key(uint64_t key, const struct plane_point *points, size_t n);

bool point_memo_find(struct point_memo *memo, uint64_t key, struct plane_point *out);

/* Where there is no memory it is not kept. */
void point_memo_keep(struct point_memo *memo, uint64_t key, struct plane_point point);

#endif
