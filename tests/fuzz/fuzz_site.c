/* fuzz_site.c - the body of POST /v1/check: JSON, qualifiers, and the shape in it. */
#include "tiler/answers/site_request.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct site_request request;
    struct err err;
    arena_init(&arena, 16 << 20);
    if (site_request_read((const char *)data, size, &arena, &request, &err) == ERR_OK) {
        const struct geom *geom = &request.question.geom;
        if (geom->kind == GEOM_NONE || box_is_empty(geom->box) || !request.question.facility_type)
            abort();
        for (uint32_t i = 0; i < geom->n_points; i++)
            if (!(geom->points[i].lon_deg >= -180 && geom->points[i].lon_deg <= 180 &&
                  geom->points[i].lat_deg >= -90 && geom->points[i].lat_deg <= 90))
                abort();
    }
    arena_release(&arena);
    return 0;
}
