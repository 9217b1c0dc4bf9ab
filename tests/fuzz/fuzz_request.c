/* fuzz_request.c - the target of a request: path, query, and every getter of a parameter. */
#include "tiler/answers/params.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const known[] = {"lon", "lat", "radius_m", "bbox", "grade", "limit", NULL};
    struct arena arena;
    struct path path;
    struct params params;
    struct err err;
    struct lonlat point;
    struct box box;
    double real = 0;
    int64_t integer = 0;
    bool given, grades[5];
    char *target = malloc(size + 1);
    if (!target)
        return 0;
    memcpy(target, data, size);
    target[size] = '\0';
    arena_init(&arena, 1 << 20);
    char *query = strchr(target, '?');
    if (query)
        *query++ = '\0';
    if (path_parse(target, &arena, &path, &err) == ERR_OK && path.n > PATH_MOST)
        abort();
    if (params_parse(query, &arena, &params, &err) == ERR_OK) {
        (void)params_known(&params, known, &err);
        if (params_point(&params, &point, &err) == ERR_OK &&
            !(point.lon_deg >= -180 && point.lon_deg <= 180 && point.lat_deg >= -90 &&
              point.lat_deg <= 90))
            abort();
        if (params_real(&params, "radius_m", true, 1, 5, &real, &err) == ERR_OK &&
            !(real >= 1 && real <= 5))
            abort();
        if (params_bbox(&params, &given, &box, &err) == ERR_OK && given && box_is_empty(box))
            abort();
        (void)params_integer(&params, "limit", 1, 10, &integer, &err);
        (void)params_grades(&params, grades, &err);
    }
    arena_release(&arena);
    free(target);
    return 0;
}
