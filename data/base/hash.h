/*
 * hash.h - SHA-256 for evidence and for content tags. The only file pair that knows nettle.
 *
 * Threads: pure; no memory.
 * Source:  FIPS 180-4. Text form is lower-case hexadecimal.
 */
#ifndef SISETU_DATA_BASE_HASH_H
#define SISETU_DATA_BASE_HASH_H

#include <stddef.h>

enum { HASH_BYTES = 32, HASH_TEXT_BYTES = 2 * HASH_BYTES + 1 };

void hash_bytes(const void *bytes, size_t n, unsigned char out[HASH_BYTES]);
void hash_text(const void *bytes, size_t n, char out[HASH_TEXT_BYTES]);

#endif
