/* fuzz_exposure.c - the body of POST /v1/exposure: GeoJSON of any number of shapes. */
#include "data/base/limits.h"
#include "geo/measure/overlay.h"
#include "tiler/answers/exposure_request.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct exposure_request request;
    struct overlay *overlay;
    struct err err;
    arena_init(&arena, 16 << 20);
    if (overlay_new(&overlay, &err) != ERR_OK)
        abort();
    if (exposure_request_read((const char *)data, size, overlay, &arena, &request, &err) ==
        ERR_OK) {
        if (request.n == 0 || !(request.within_m >= 0 && request.within_m <= LIMIT_RADIUS_M))
            abort();
        for (size_t i = 0; i < request.n; i++) {
            const struct geom *geom = &request.shapes[i].geom;
            if (!request.shapes[i].id || box_is_empty(geom->box) ||
                (request.within_m == 0 && geom->kind != GEOM_POLYGON))
                abort();
        }
    }
    overlay_free(overlay);
    arena_release(&arena);
    return 0;
}
