/* fuzz_row_deflate.c - any rows of any length, deflated: zlib reads them back, in no more bytes
 * than were promised. The first byte is how many pixels a row has, the rest are the rows; a byte
 * below 32 after another stands for as many of that one, so that there are areas.
 */
#include "tiler/draw/row_deflate.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct row_deflater *deflater;
    if (!deflater)
        deflater = row_deflater_new();
    if (!deflater || n < 2)
        return 0;
    size_t n_rows = 0;
    uint8_t *rows = malloc(31 * n);
    for (size_t i = 1; rows && i < n; i++) {
        if (bytes[i] < 32 && i > 1) {
            memset(rows + n_rows, bytes[i - 1], bytes[i]);
            n_rows += bytes[i];
        } else {
            rows[n_rows++] = bytes[i];
        }
    }
    uint8_t *exact = realloc(rows, n_rows), *back = malloc(n_rows);
    uint8_t *out = malloc(row_deflate_bound(n_rows));
    if (!exact || !back || !out)
        abort();
    for (uint32_t pixel_bytes = 1; pixel_bytes <= 4; pixel_bytes += pixel_bytes == 1 ? 2 : 1) {
        uint32_t row_bytes = 1 + bytes[0] * pixel_bytes + (bytes[0] == 0) * pixel_bytes;
        size_t n_whole = pixel_bytes == 1 ? n_rows : n_rows - n_rows % row_bytes;
        if (n_whole == 0)
            continue;
        const struct rows given = {exact, n_whole, row_bytes, pixel_bytes};
        uLongf n_back = n_rows;
        size_t n_out = row_deflate(deflater, &given, out);
        if (n_out == 0 || n_out > row_deflate_bound(n_whole) ||
            uncompress(back, &n_back, out, n_out) != Z_OK || n_back != n_whole ||
            memcmp(back, exact, n_whole) != 0)
            abort();
    }
    free(exact);
    free(back);
    free(out);
    return 0;
}
