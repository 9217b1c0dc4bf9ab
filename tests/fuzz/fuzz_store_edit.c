/* fuzz_store_edit.c - any bytes as an edit of the log: an edit that is written and read again the
 * same, or none. */
#include "data/store_log.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena arena;
    struct store_edit edit, back;
    struct buf once, twice;
    arena_init(&arena, (size_t)64 << 20);
    buf_init(&once);
    buf_init(&twice);
    if (store_edit_read(bytes, n, &arena, &edit, NULL) == ERR_OK) {
        if (store_edit_write(&edit, NULL, &once, NULL) != ERR_OK ||
            store_edit_read(once.bytes, once.n_bytes, &arena, &back, NULL) != ERR_OK ||
            store_edit_write(&back, NULL, &twice, NULL) != ERR_OK ||
            once.n_bytes != twice.n_bytes || memcmp(once.bytes, twice.bytes, once.n_bytes) != 0)
            abort();
    }
    buf_release(&twice);
    buf_release(&once);
    arena_release(&arena);
    return 0;
}
