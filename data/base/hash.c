#include "data/base/hash.h"

#include <nettle/sha2.h>
#include <stdio.h>

void hash_bytes(const void *bytes, size_t n, unsigned char out[HASH_BYTES])
{
    struct sha256_ctx state;
    sha256_init(&state);
    sha256_update(&state, n, bytes);
    sha256_digest(&state, HASH_BYTES, out);
}

void hash_text(const void *bytes, size_t n, char out[HASH_TEXT_BYTES])
{
    unsigned char digest[HASH_BYTES];
    hash_bytes(bytes, n, digest);
    for (size_t i = 0; i < HASH_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
