/* fuzz_wmts.c - any address as one of the WMTS: refused with a code, or a tile that its grid has,
 * and capabilities or an exception whose every bracket is markup. */
#include "tiler/serve/wmts_capabilities.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char STYLE[] = "{\"version\":8,\"name\":\"a&b<c>\\\"\",\"sources\":{\"s\":{\"type\":"
                            "\"vector\"}},\"layers\":[{\"id\":\"b\",\"type\":\"background\"}]}";

static struct style_set *one_style(void)
{
    static struct style_set *styles;
    struct style *style;
    struct err err;
    if (!styles && (style_parse("a", STYLE, strlen(STYLE), &style, &err) != ERR_OK ||
                    style_set_of(style, &styles, &err) != ERR_OK))
        abort();
    return styles;
}

/* Brackets in turn, quotes in pairs inside of them. */
static void check_markup(const struct buf *out)
{
    bool tag = false, quoted = false;
    for (size_t i = 0; i < out->n_bytes; i++) {
        char c = out->bytes[i];
        if ((unsigned char)c < 0x20 && c != '\n' && c != '\t')
            abort();
        if (tag && c == '"')
            quoted = !quoted;
        if (c == '<' && (tag || quoted))
            abort();
        if (c == '>' && (!tag || quoted))
            abort();
        if (c == '<' || c == '>')
            tag = c == '<';
    }
    if (tag)
        abort();
}

static void check_request(const struct wmts_request *request)
{
    struct plane_tile tile;
    struct err err;
    struct buf out;
    const struct wmts_service service = {"http://a", one_style(), {104, 35, 108, 40}};
    if (request->operation == WMTS_TILE &&
        (!request->has_map || !request->grid ||
         tile_grid_tile(request->grid, request->level, request->column, request->row, &tile,
                        &err) != ERR_OK))
        abort();
    if (request->operation != WMTS_CAPABILITIES)
        return;
    buf_init(&out);
    wmts_write_capabilities(&service, request, &out);
    check_markup(&out);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct path path;
    struct wmts_request request;
    struct wmts_fault fault;
    struct err err;
    char *target = malloc(size + 1);
    if (!target)
        return 0;
    memcpy(target, data, size);
    target[size] = '\0';
    arena_init(&arena, 1 << 20);
    char *query = strchr(target, '?');
    if (query)
        *query++ = '\0';
    if (path_parse(target, &arena, &path, &err) == ERR_OK && wmts_is(&path)) {
        const struct wmts_address address = {&path, query, one_style()};
        if (wmts_read(&address, &arena, &request, &fault, &err) == ERR_OK) {
            check_request(&request);
        } else {
            struct buf out;
            buf_init(&out);
            wmts_write_fault(&fault, err.message, &out);
            check_markup(&out);
            buf_release(&out);
            if (!fault.code)
                abort();
        }
    }
    arena_release(&arena);
    free(target);
    return 0;
}
