#include "tiler/command/columns.h"

#include "data/base/text.h"

#include <string.h>

static bool is_wide(uint32_t point)
{
    static const struct {
        uint32_t from, to;
    } wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},  {0x3041, 0x33FF}, {0x3400, 0x4DBF},
                {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},  {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},
                {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},  {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
                {0x20000, 0x2FFFD}, {0x30000, 0x3FFFD}};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (point >= wide[i].from && point <= wide[i].to)
            return true;
    return false;
}

size_t columns_width(const char *utf8)
{
    size_t width = 0;
    for (uint32_t point; (point = text_next(&utf8));)
        width += is_wide(point) ? 2 : 1;
    return width;
}

void columns_begin(struct columns *columns, struct arena *arena, size_t n_columns)
{
    *columns = (struct columns){.arena = arena, .n_columns = n_columns};
}

/* A cell that holds a line break would break its row. */
static const char *shown(const struct columns *columns, const char *cell)
{
    if (!text_control(cell))
        return cell;
    struct buf buf;
    buf_init(&buf);
    buf_add_shown(&buf, cell);
    const char *copy = buf_ok(&buf) ? arena_strdup(columns->arena, buf_text(&buf)) : NULL;
    buf_release(&buf);
    return copy;
}

void columns_row(struct columns *columns, const char *const *cells)
{
    size_t at = columns->n_rows * columns->n_columns;
    columns->cells = arena_grow(columns->arena, columns->cells, &columns->capacity,
                                at + columns->n_columns, sizeof *columns->cells);
    if (!columns->cells)
        return;
    for (size_t i = 0; i < columns->n_columns; i++)
        columns->cells[at + i] = cells[i] && *cells[i] ? shown(columns, cells[i]) : "-";
    columns->n_rows++;
}

void columns_end(struct columns *columns, const char *indent, struct buf *out)
{
    size_t widest[COLUMNS_MOST] = {0};
    size_t n = columns->n_columns;
    if (columns->n_rows > 0 && !columns->cells) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < columns->n_rows * n; i++) {
        if (!columns->cells[i]) {
            out->failed = true;
            return;
        }
        size_t width = columns_width(columns->cells[i]);
        if (width > widest[i % n])
            widest[i % n] = width;
    }
    for (size_t i = 0; i < columns->n_rows * n; i++) {
        bool last = i % n == n - 1;
        if (i % n == 0)
            buf_add_text(out, indent);
        buf_add_text(out, columns->cells[i]);
        size_t pad = last ? 0 : widest[i % n] - columns_width(columns->cells[i]) + 2;
        for (; pad > 0; pad--)
            buf_add_byte(out, ' ');
        if (last)
            buf_add_byte(out, '\n');
    }
}
