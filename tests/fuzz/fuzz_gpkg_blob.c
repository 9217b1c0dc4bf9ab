/* fuzz_gpkg_blob.c - any bytes as the geometry column of a store. */
#include "data/store_internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena arena;
    struct geom geom = {0};
    arena_init(&arena, (size_t)64 << 20);
    if (store_geometry_of_blob(bytes, n, &arena, &geom, NULL) == ERR_OK)
        for (uint32_t i = 0; i < geom.n_points; i++)
            if (!isfinite(geom.points[i].lon_deg) || !isfinite(geom.points[i].lat_deg))
                abort();
    arena_release(&arena);
    return 0;
}
