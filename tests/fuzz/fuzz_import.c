/* fuzz_import.c - what the import reads itself: the quotes of a CSV, and dates. */
#include "data/import_private.h"

#include "data/base/text.h"

#include <stdlib.h>
#include <string.h>

/* The verdict must not depend on how the file comes in pieces. */
static enum err_code look(const char *bytes, size_t n, size_t piece, size_t *line)
{
    struct import_csv_check check;
    struct err err;
    import_csv_begin(&check);
    enum err_code code = ERR_OK;
    for (size_t at = 0; at < n && code == ERR_OK; at += piece)
        code = import_csv_feed(&check, "f", bytes + at, n - at < piece ? n - at : piece, &err);
    *line = check.line;
    return code == ERR_OK ? import_csv_end(&check, "f", &err) : code;
}

static size_t count(const char *bytes, size_t n, char wanted)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += bytes[i] == wanted;
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *bytes = (const char *)data;
    size_t line, other_line;
    enum err_code whole = look(bytes, n, n + 1, &line);
    enum err_code single = look(bytes, n, 1, &other_line);
    if (whole != single || (whole == ERR_OK && line != other_line))
        abort();
    if (whole == ERR_OK && count(bytes, n, '"') % 2 != 0)
        abort(); /* an odd quote has no partner */
    if (whole == ERR_OK && line != count(bytes, n, '\n') + 1)
        abort();

    char text[64];
    size_t length = n < sizeof text - 1 ? n : sizeof text - 1;
    memcpy(text, bytes, length);
    text[length] = '\0';
    int32_t date, back;
    char iso[TEXT_DATE_BYTES];
    if (import_value_date(text, &date)) {
        text_from_date(date, iso);
        if (!text_to_date(iso, &back) || back != date)
            abort();
    }
    return 0;
}
