/* fuzz_wkb.c - any bytes as well-known binary: read, written and read again the same. */
#include "data/geom.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena arena;
    struct geom geom;
    struct geom back;
    const void *written;
    size_t n_written;
    arena_init(&arena, (size_t)64 << 20);
    if (geom_from_wkb(bytes, n, &arena, &geom, NULL) == ERR_OK) {
        if (geom_to_wkb(&geom, &arena, &written, &n_written, NULL) != ERR_OK ||
            geom_from_wkb(written, n_written, &arena, &back, NULL) != ERR_OK ||
            !geom_equal(&geom, &back))
            abort();
    }
    arena_release(&arena);
    return 0;
}
