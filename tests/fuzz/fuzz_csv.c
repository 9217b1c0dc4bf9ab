/* fuzz_csv.c - any bytes as a table: refused with a message, or rows as wide as the header. */
#include "data/base/csv.h"
#include "data/base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena arena;
    struct err err = {0};
    struct csv csv;
    arena_init(&arena, (size_t)256 << 20);
    enum err_code code = csv_parse("fuzz.csv", (const char *)bytes, n, &arena, &csv, &err);
    if (code != ERR_OK && !*err.message)
        abort();
    for (size_t i = 0; code == ERR_OK && i < csv.n_rows; i++)
        for (size_t j = 0; j < csv.n_columns; j++)
            if (!text_is_utf8(csv.rows[i].cells[j], strlen(csv.rows[i].cells[j])))
                abort();
    if (code == ERR_OK && csv_column(&csv, csv.header[csv.n_columns - 1]) < 0)
        abort();
    arena_release(&arena);
    return 0;
}
