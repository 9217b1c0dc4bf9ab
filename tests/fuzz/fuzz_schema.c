/* fuzz_schema.c - any text as schema.csv: refused in words, or a schema that records.h agrees to.
 */
#include "data/schema.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena arena;
    struct schema schema;
    struct err err = {.code = ERR_OK};
    arena_init(&arena, (size_t)64 << 20);
    enum err_code code =
        schema_load_text("fuzz.csv", (const char *)bytes, n, &arena, &schema, &err);
    if (code != ERR_OK && (err.code != code || !err.message[0]))
        abort();
    for (int i = 0; code == ERR_OK && i < LAYER_COUNT; i++)
        for (size_t f = 0; f < schema.layers[i].n_fields; f++)
            if (schema_field(&schema.layers[i], schema.layers[i].fields[f].name) !=
                &schema.layers[i].fields[f])
                abort();
    arena_release(&arena);
    return 0;
}
