/* routes_wmts.c - the Web Map Tile Service: another spelling of /tiles/ and /v1/legend/, and the
 * capabilities that tell clients of it. */
#include "tiler/serve/ask.h"
#include "tiler/serve/wmts_capabilities.h"

#include <inttypes.h>

static const char XML_TYPE[] = "application/xml; charset=utf-8";

/* What the request is, and what is wrong with it. */
struct wmts_ask {
    struct wmts_request request;
    struct wmts_fault fault;
};

/* The address becomes /tiles/{map}/{grid}/{z}/{x}/{y}.png. */
static enum err_code become_tile(struct ask *ask, const struct wmts_request *tile, struct err *err)
{
    const char *z = arena_printf(ask->arena, "%" PRId64, tile->level);
    const char *x = arena_printf(ask->arena, "%" PRId64, tile->column);
    const char *y =
        arena_printf(ask->arena, "%" PRId64 ".%s", tile->row, tile->vector ? "mvt" : "png");
    if (!z || !x || !y)
        return err_nomem(err);
    ask->path = (struct path){{"tiles", map_name(tile->map), tile->grid->name, z, x, y}, 6};
    return ERR_OK;
}

static enum err_code become(struct ask *ask, const struct wmts_request *request, struct err *err)
{
    ask->params.n = 0;
    if (request->style) {
        /* The set that holds the name may be gone before the request ends. */
        const char *style = arena_strdup(ask->arena, request->style);
        if (!style)
            return err_nomem(err);
        ask->params.items[ask->params.n++] = (struct param){"style", style};
    }
    if (request->bits)
        ask->params.items[ask->params.n++] = (struct param){"png", request->bits};
    if (request->operation == WMTS_TILE)
        return become_tile(ask, request, err);
    if (request->operation == WMTS_LEGEND) {
        const char *name = arena_printf(ask->arena, "%s.png", map_name(request->map));
        if (!name)
            return err_nomem(err);
        ask->path = (struct path){{"v1", "legend", name}, 3};
    }
    return ERR_OK;
}

enum err_code ask_wmts_read(struct ask *ask, const char *query, struct err *err)
{
    enum err_code code = ERR_OK;
    struct style_set *styles = watch_styles(ask->settings->watch);
    const struct wmts_address address = {&ask->path, query, styles};
    ask->wmts = arena_new(ask->arena, struct wmts_ask, 1);
    TRY(ask->wmts ? ERR_OK : err_nomem(err));
    TRY(wmts_read(&address, ask->arena, &ask->wmts->request, &ask->wmts->fault, err));
    ask->wmts->fault = (struct wmts_fault){NULL, NULL, false};
    TRY(become(ask, &ask->wmts->request, err));
done:
    style_set_release(styles);
    return code;
}

void ask_wmts_refuse(const struct ask *ask, const struct err *err, struct http_response *response)
{
    struct buf out;
    struct blob *body = NULL;
    if (!ask->wmts)
        return;
    struct wmts_fault fault = ask->wmts->fault;
    if (err->code != ERR_USAGE && err->code != ERR_NOT_FOUND)
        fault.code = NULL;
    buf_init(&out);
    wmts_write_fault(&fault, err->message, &out);
    if (blob_new(&out, &body, NULL) == ERR_OK) {
        blob_release(response->body);
        response->body = body;
        response->content_type = XML_TYPE;
    }
    buf_release(&out);
    if (fault.not_implemented)
        response->status = 501;
}

enum err_code ask_wmts(struct ask *ask, struct err *err)
{
    struct style_set *styles = watch_styles(ask->settings->watch);
    const struct wmts_service service = {ask_base(ask), styles, world_bounds(ask->world)};
    wmts_write_capabilities(&service, &ask->wmts->request, &ask->out);
    style_set_release(styles);
    return buf_ok(&ask->out) ? ERR_OK : err_nomem(err);
}
