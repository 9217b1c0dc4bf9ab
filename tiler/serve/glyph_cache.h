/*
 * glyph_cache.h - packs of letters (styles/glyph_range.h) that were asked for, kept.
 *
 * There are at most 256 to a stack of fonts, so that nothing is thrown out until all together are
 * too many; then all are.
 *
 * Life:    glyph_cache_new, any number of gets, glyph_cache_free.
 * Owner:   a pack belongs to whoever got it, too: blob_release.
 * Threads: safe to share. Two that ask for the same new pack at once both make it.
 */
#ifndef SISETU_TILER_GLYPH_CACHE_H
#define SISETU_TILER_GLYPH_CACHE_H

#include "styles/glyph_range.h"
#include "tiler/cache/blob.h"

struct glyph_cache;

enum err_code glyph_cache_new(struct glyph_cache **out, struct err *err);
void glyph_cache_free(struct glyph_cache *cache); /* NULL is fine */

enum err_code glyph_cache_get(struct glyph_cache *cache, const struct font_stack *stack,
                              const char *name, uint32_t range, struct blob **out, struct err *err);

#endif
